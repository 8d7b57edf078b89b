"""Codes on a page, before anybody draws them: the direct way asks for an address, the quick one for a path."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass

from PIL import Image

from epd import qr

QR, CODE128 = "qr", "code128"


@dataclass(frozen=True, slots=True)
class Picture:
    """A code: `kind` is QR or CODE128, `content` what it says; empty: there is none, and the page leaves it out."""

    kind: str
    content: str
    level: str = "M"  # correction of a QR: L, M

    def __bool__(self) -> bool:
        return bool(self.content)

    def __str__(self) -> str:
        return self.address()

    def __html__(self) -> str:
        return self.address()

    def samples(self) -> tuple[int, bytes]:
        """The QR as a picture: samples of a side, the samples, 1 is dark (qr.qr_picture)."""
        return qr.qr_picture(self.content.encode(), self.level)

    def path(self) -> tuple[int, str]:
        """The Code 128: (width in modules with its quiet zones, PDF operators that fill the bars, one unit high)."""
        return qr.code128_path(self.content)

    def address(self) -> str:
        """A `data:` address of the code as a picture of the same samples."""
        if not self.content:
            return ""
        if self.kind == QR:
            side, samples = self.samples()
            file = io.BytesIO()
            Image.frombytes("1", (side, side), samples).convert("L").point(lambda level: 255 - level).save(file, "PNG")
            return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        modules = "0" * qr.QUIET_LINEAR + qr.code128(self.content)
        width = len(modules) + qr.QUIET_LINEAR
        path = "".join(
            f"M{match.start()} 0h{len(match[0])}v1h-{len(match[0])}z" for match in re.finditer("1+", modules)
        )
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="1" viewBox="0 0 {width} 1"'
            f' preserveAspectRatio="none"><path d="{path}"/></svg>'
        )
        return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
