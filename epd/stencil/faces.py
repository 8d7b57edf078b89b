"""The faces a page is set in: advances of their glyphs, and their subsets for a PDF.

Only what is in REPERTOIRE is set by the quick way; another letter is a KeyError, and its document goes the direct way,
where Pango finds a fallback or shows what is missing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import uharfbuzz

REPERTOIRE = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
    + "\u00a0«»„“”‘’…–—−№₽§©°±²³·×½¼•→←↑↓≤≥≈■□▲▼✓"
)


@dataclass(frozen=True, eq=False)
class Face:
    """One font file. advances: letter → width in thousandths of the size; codes: letter number → glyph, four hex digits."""

    name: str
    content: bytes
    advances: dict[str, float]
    codes: dict[int, str]
    ascent: int
    descent: int
    box: tuple[int, int, int, int]


def face(path: Path, name: str) -> Face:
    """Read a font file. name: of letters and hyphens, as a PDF calls it."""
    content = path.read_bytes()
    font = uharfbuzz.Font(uharfbuzz.Face(content))
    thousand = 1000 / font.face.upem
    advances, codes = {}, {}
    for letter in REPERTOIRE:
        glyph = font.get_nominal_glyph(ord(letter))
        if glyph:
            advances[letter] = font.get_glyph_h_advance(glyph) * thousand
            codes[ord(letter)] = f"{glyph:04x}"
    extents = font.get_font_extents("ltr")
    ascent, descent = round(extents.ascender * thousand), round(extents.descender * thousand)
    return Face(name, content, advances, codes, ascent, descent, (-500, descent, 1500, ascent))


@dataclass(frozen=True, slots=True)
class Subset:
    """A face with some of its glyphs under their own numbers: what a PDF embeds. The streams are deflated."""

    program: bytes
    length: int
    widths: bytes
    to_unicode: bytes
    tag: str


@lru_cache(maxsize=64)
def subset(face: Face, glyphs: frozenset[int]) -> Subset:
    """The glyphs of a face, without hints (three quarters of the file)."""
    told = uharfbuzz.SubsetInput()
    told.sets(uharfbuzz.SubsetInputSets.GLYPH_INDEX).set(set(glyphs) | {0})
    told.flags = uharfbuzz.SubsetFlags.RETAIN_GIDS | uharfbuzz.SubsetFlags.NO_HINTING
    told.sets(uharfbuzz.SubsetInputSets.DROP_TABLE_TAG).update(
        int.from_bytes(tag.ljust(4).encode(), "big")
        for tag in ("GSUB", "GPOS", "GDEF", "kern", "name", "post", "DSIG", "meta", "VDMX", "LTSH", "hdmx")
    )
    program = bytes(uharfbuzz.subset(uharfbuzz.Face(face.content), told).blob.data)
    font = uharfbuzz.Font(uharfbuzz.Face(face.content))
    thousand = 1000 / font.face.upem
    ordered = sorted(glyphs)
    widths = "".join(f"{glyph}[{round(font.get_glyph_h_advance(glyph) * thousand, 2):g}]" for glyph in ordered)
    letters = {int(code, 16): letter for letter, code in face.codes.items()}
    letters |= {int(face.codes[ord(letter)], 16): ord(letter) for letter in ("-", " ") if ord(letter) in face.codes}
    pairs = [f"<{glyph:04x}><{letters[glyph]:04x}>" for glyph in ordered if glyph in letters]
    blocks = "".join(
        f"{len(pairs[i : i + 100])} beginbfchar\n{chr(10).join(pairs[i : i + 100])}\nendbfchar\n"
        for i in range(0, len(pairs), 100)
    )
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)"
        "/Supplement 0>> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        f"1 begincodespacerange <0000><ffff> endcodespacerange\n{blocks}endcmap CMapName currentdict /CMap"
        " defineresource pop end end"
    )
    number = zlib.crc32(face.name.encode() + repr(ordered).encode())
    tag = "".join(chr(65 + number // 26**i % 26) for i in range(6))
    return Subset(
        zlib.compress(program, 9), len(program), f"[{widths}]".encode(), zlib.compress(to_unicode.encode(), 9), tag
    )


def glyphs_of(face: Face, letters: Iterable[str]) -> frozenset[int]:
    """Glyphs of letters; what the face lacks is left out."""
    return frozenset(int(face.codes[ord(letter)], 16) for letter in letters if ord(letter) in face.codes)
