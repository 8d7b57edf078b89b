"""Codes on a page, before anybody draws them: the direct way asks for an address, the quick one for a path."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from epd import qr

QR, CODE128 = "qr", "code128"


@dataclass(frozen=True, slots=True)
class Picture:
    """A code: `kind` is QR or CODE128, `content` what it says; empty: there is none, and the page leaves it out."""

    kind: str
    content: str

    def __bool__(self) -> bool:
        return bool(self.content)

    def __str__(self) -> str:
        return self.address()

    def __html__(self) -> str:
        return self.address()

    def path(self) -> tuple[int, int, str]:
        """(width, height, PDF operators) of the dark modules with their quiet zone; the unit is a module."""
        if self.kind == QR:
            symbol = qr.qr(self.content.encode())
            side = symbol.size + 2 * qr.QUIET
            return side, side, qr.qr_path(symbol)
        width, path = qr.code128_path(self.content)
        return width, 1, path

    def address(self) -> str:
        """A `data:` address of the code as SVG: the same rectangles."""
        if not self.content:
            return ""
        width, height, path = self.path()
        drawn = []
        for line in path.splitlines():
            x, y, across, down, _ = line.split()
            drawn.append(f"M{x} {height - int(y) - int(down)}h{across}v{down}h-{across}z")
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' preserveAspectRatio="none"><path d="{"".join(drawn)}"/></svg>'
        )
        return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
