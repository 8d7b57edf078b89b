"""Codes on a page, before anybody draws them: the direct way asks for an address, the quick one for a path."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

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

    def path(self) -> tuple[int, int, str]:
        """(width, height, PDF operators) that fill the dark modules, quiet zone inside; the unit is a module."""
        if self.kind == QR:
            symbol = qr.qr(self.content.encode(), self.level)
            side = symbol.size + 2 * qr.QUIET
            return side, side, qr.qr_path(symbol)
        width, path = qr.code128_path(self.content)
        return width, 1, path

    def address(self) -> str:
        """A `data:` address of the code as SVG: the same modules."""
        if not self.content:
            return ""
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
