"""What is printed for machines and carriers and not for the payer: marks of the inserter, separator sheets."""

from __future__ import annotations

from collections.abc import Sequence

from epd.stencil.faces import CLOSES, OPENS, Face

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
# Bars at the left edge, read while the sheet runs past the eye: the gate, the last sheet of an envelope, the number of
# the envelope in three bits (what was lost or taken twice), a bar that makes their count even.
LEFT_MM, WIDTH_MM, THICK_MM, FIRST_MM, STEP_MM = 2.2, 4.6, 0.5, 120.0, 4.233


def bars(*, sheet: int, sheets: int, envelope: int) -> tuple[bool, ...]:
    """Gate, last sheet, bits 4, 2, 1 of the envelope's number, parity. sheet: from 1."""
    told = (True, sheet == sheets, bool(envelope & 4), bool(envelope & 2), bool(envelope & 1))
    return (*told, sum(told) % 2 == 1)


def of_envelope(pages: int, envelope: int) -> tuple[str, ...]:
    """Operators for every page of a document: bars on the fronts of its sheets, nothing on the backs."""
    sheets = -(-pages // 2)
    return tuple(
        _drawn(bars(sheet=page // 2 + 1, sheets=sheets, envelope=envelope)) if page % 2 == 0 else ""
        for page in range(pages)
    )


def _drawn(marks: Sequence[bool]) -> str:
    out = ["0 g\n"]
    for place, is_there in enumerate(marks):
        if is_there:
            y = A4[1] - (FIRST_MM + place * STEP_MM) * MM
            out.append(f"{LEFT_MM * MM:.2f} {y:.2f} {WIDTH_MM * MM:.2f} {THICK_MM * MM:.2f} re\n")
    return "".join(out) + "f\n"


def separator(title: str, lines: Sequence[str], *, bold: Face, plain: Face) -> str:
    """A sheet between bundles: a black edge that is seen from the side of the pile, the title, what follows."""
    width, height = A4
    out = [f"0 g 0 {height - 14 * MM:.2f} {width:.2f} {14 * MM:.2f} re f\nBT\n"]
    top = height - 45 * MM
    for face, size, text in ((bold, 30.0, title), *((plain, 15.0, line) for line in lines)):
        text = "".join(letter if letter in face.advances else "?" for letter in text)
        wide = sum(face.advances[letter] for letter in text) * size / 1000
        size = min(size, size * (width - 36 * MM) / wide) if wide else size
        name = face.name.replace("-", "")
        out.append(f"/{name} {size:.2f} Tf 1 0 0 1 {20 * MM:.2f} {top:.2f} Tm{OPENS}{text}{CLOSES}Tj\n")
        top -= size * 1.6
    return "".join(out) + "ET\n"
