"""Text measured and broken into lines before any layout engine sees it: both ways of printing break it alike."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from epd.assemble import widths

POINT_MM = 25.4 / 72
SLACK_MM = 0.1  # two engines round an advance differently
UNKNOWN = 1000  # a sign that the faces lack is taken for the widest


@cache
def _advances(face: str) -> dict[str, int]:
    return dict(zip(widths.CHARACTERS, getattr(widths, face.upper()), strict=True))


def width_mm(text: str, face: str, size_pt: int | float) -> float:
    """Length of one line, mm. face: sans, bold, narrow, narrow_bold."""
    advances = _advances(face)
    return sum(advances.get(sign, UNKNOWN) for sign in text) * size_pt * POINT_MM / 1000


def wrap(text: str, face: str, size_pt: int | float, room_mm: int | float) -> list[str]:
    """The text in lines no longer than room_mm, broken at spaces; a longer word is broken where it must be.

    No-break spaces hold. An empty text is no line.
    """
    return list(_wrapped(text, face, size_pt, room_mm))


@lru_cache(maxsize=8192)  # requisites, notes and titles are those of the next document, too
def _wrapped(text: str, face: str, size_pt: int | float, room_mm: int | float) -> tuple[str, ...]:
    advances = _advances(face)
    room = (room_mm - SLACK_MM) / POINT_MM * 1000 / size_pt
    space = advances[" "]
    lines: list[str] = []
    line, used = "", 0
    for word in re.findall(r"[^ \n\t]+", text):
        length = sum(advances.get(sign, UNKNOWN) for sign in word)
        if line and used + space + length <= room:
            line, used = f"{line} {word}", used + space + length
            continue
        if line:
            lines.append(line)
        while length > room:
            word, head = _torn(word, room, advances)
            lines.append(head)
            length = sum(advances.get(sign, UNKNOWN) for sign in word)
        line, used = word, length
    if line:
        lines.append(line)
    return tuple(lines)


def _torn(word: str, room: float, advances: dict[str, int]) -> tuple[str, str]:
    """What is left of a word too long for a line, and the part that fits: torn after a hyphen, where there is one."""
    used, place = 0, 0
    for place, sign in enumerate(word):  # noqa: B007  # where the loop stopped
        used += advances.get(sign, UNKNOWN)
        if used > room:
            break
    place = max(place, 1)
    after = max(word.rfind("-", 1, place), word.rfind("/", 1, place), word.rfind("\u00a0", 1, place)) + 1
    cut = after if after > 1 else place
    return word[cut:], word[:cut]
