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
    is_path: bool = False  # an elder drawing shows its QR as a path: it is printed as it was

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
        """A `data:` address of the code: a QR as a picture of the same samples, bars as a path."""
        if not self.content:
            return ""
        if self.kind == QR and not self.is_path:
            side, samples = self.samples()
            file = io.BytesIO()
            Image.frombytes("1", (side, side), samples).convert("L").point(lambda level: 255 - level).save(file, "PNG")
            return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        if self.kind == QR:
            symbol = qr.qr(self.content.encode(), self.level)
            width = height = symbol.size + 2 * qr.QUIET
            path = qr.qr_svg_path(symbol)
        else:
            modules = "0" * qr.QUIET_LINEAR + qr.code128(self.content)
            width, height = len(modules) + qr.QUIET_LINEAR, 1
            path = "".join(
                f"M{match.start()} 0h{len(match[0])}v1h-{len(match[0])}z" for match in re.finditer("1+", modules)
            )
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' preserveAspectRatio="none"><path d="{path}"/></svg>'
        )
        return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
