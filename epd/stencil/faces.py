"""The faces a page is set in: advances of their glyphs, and their subsets for a PDF.

Only what is in REPERTOIRE is set by the quick way; another letter is a KeyError, and its document goes the direct way,
where Pango finds a fallback or shows what is missing.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import uharfbuzz

REPERTOIRE = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
    + "\u00a0«»„“”‘’…–—−№₽§©°±²³·×½¼•≤≥≈"
)
# Parentheses of a string of a PDF, and what escapes in it; those of a text are letters as all others.
OPENS, CLOSES, ESCAPES = "\ue00a", "\ue00b", "\ue00c"


class NoGlyph(ValueError):
    """A letter that the quick way does not set."""


def _bytes() -> dict[str, int]:
    """A byte for every letter of the repertoire; those that a string of a PDF must escape are nobody's."""
    plain = [code for code in (*range(0x20, 0x7F), *range(0x80, 0x100)) if code not in b"()\\"]
    own = {letter: ord(letter) for letter in REPERTOIRE if ord(letter) in plain and ord(letter) < 0x7F}
    free = [code for code in plain if code not in own.values()]
    return own | dict(zip((letter for letter in REPERTOIRE if letter not in own), free, strict=False))


BYTES = _bytes()


def _table() -> Any:
    """Letters → bytes in one call of the interpreter's codec: those of the repertoire, parentheses, ends of lines."""
    letters = ["\0"] + ["\ufffe"] * 255  # a table that does not begin with nought is a slow one
    signs = {chr(code): code for code in range(1, 0x20)} | {OPENS: ord("("), CLOSES: ord(")"), ESCAPES: ord("\\")}
    for letter, byte in {**BYTES, **signs}.items():
        letters[byte] = letter
    return codecs.charmap_build("".join(letters))


TABLE = _table()
# UTF-16 as bytes, each of which must come out of TABLE as itself.
ESCAPED = {code: f"{ESCAPES}{code:03o}" for code in (*b"()\\\r", 0x7F, *range(0x80, 0x100))}


BEGINS = "\u00fe\u00ff".translate(ESCAPED)  # of a string in UTF-16


@lru_cache(maxsize=16_384)  # names, units and tariffs are those of the next document, too
def _utf_16(text: str) -> str:
    return text.encode("utf-16-be").decode("latin-1").translate(ESCAPED)


def string(texts: Iterable[str]) -> str:
    """The texts with spaces between them as a string of a PDF in Unicode, ready for `encoded`: for marks, not for what
    is drawn."""
    return OPENS + BEGINS + "\0 ".join(map(_utf_16, texts)) + CLOSES


def encoded(stream: str) -> bytes:
    """Operators and texts as bytes of the file. Raises NoGlyph for a letter beyond the repertoire."""
    try:
        return codecs.charmap_encode(stream, "strict", TABLE)[0]
    except UnicodeEncodeError as cause:
        raise NoGlyph(f"no glyph for «{stream[cause.start]}»") from cause


@dataclass(frozen=True, eq=False)
class Face:
    """One font file. advances: letter → width in thousandths of the size; glyphs: letter → number of its glyph."""

    name: str
    content: bytes
    advances: dict[str, float]
    glyphs: dict[str, int]
    ascent: int
    descent: int


def face(path: Path, name: str) -> Face:
    """Read a font file. name: of letters and hyphens, as a PDF calls it."""
    content = path.read_bytes()
    font = uharfbuzz.Font(uharfbuzz.Face(content))
    thousand = 1000 / font.face.upem
    advances, glyphs = {}, {}
    for letter in REPERTOIRE:
        glyph = font.get_nominal_glyph(ord(letter))
        if not glyph:
            raise NoGlyph(f"{path.name} has no glyph for «{letter}»")
        advances[letter] = font.get_glyph_h_advance(glyph) * thousand
        glyphs[letter] = glyph
    extents = font.get_font_extents("ltr")
    ascent, descent = round(extents.ascender * thousand), round(extents.descender * thousand)
    return Face(name, content, advances, glyphs, ascent, descent)


@dataclass(frozen=True, slots=True)
class Subset:
    """A face with some of its glyphs, numbered anew: what a PDF embeds. The streams are deflated.

    of_bytes: byte → glyph; to_unicode: byte → letter.
    """

    program: bytes
    length: int
    widths: bytes
    of_bytes: bytes
    to_unicode: bytes
    tag: str


@lru_cache(maxsize=64)
def subset(face: Face, glyphs: frozenset[int]) -> Subset:
    """The glyphs of a face, without hints (three quarters of the file)."""
    told = uharfbuzz.SubsetInput()
    told.sets(uharfbuzz.SubsetInputSets.GLYPH_INDEX).set(set(glyphs) | {0})
    told.flags = uharfbuzz.SubsetFlags.NO_HINTING
    told.sets(uharfbuzz.SubsetInputSets.DROP_TABLE_TAG).update(
        int.from_bytes(tag.ljust(4).encode(), "big")
        for tag in (
            "GSUB",
            "GPOS",
            "GDEF",
            "kern",
            "name",
            "post",
            "DSIG",
            "OS/2",
            "cmap",
            "gasp",
            "meta",
            "VDMX",
            "LTSH",
            "hdmx",
        )
    )
    plan = uharfbuzz.SubsetPlan(uharfbuzz.Face(face.content), told)
    program = bytes(plan.execute().blob.data)
    own = dict(plan.old_to_new_glyph_mapping)
    font = uharfbuzz.Font(uharfbuzz.Face(face.content))
    thousand = 1000 / font.face.upem
    ordered = sorted(own, key=own.__getitem__)
    widths = " ".join(f"{round(font.get_glyph_h_advance(glyph) * thousand, 2):g}" for glyph in ordered)
    used = [(letter, own[glyph]) for letter, glyph in face.glyphs.items() if glyph in glyphs]
    number = zlib.crc32(face.name.encode() + repr(ordered).encode())
    return Subset(
        program=zlib.compress(program, 9),
        length=len(program),
        widths=f"[0[{widths}]]".encode(),
        of_bytes=_cmap("Bytes", "cidchar", [f"<{BYTES[letter]:02x}> {glyph}" for letter, glyph in used]),
        to_unicode=_cmap("Unicode", "bfchar", [f"<{BYTES[letter]:02x}><{ord(letter):04x}>" for letter, _ in used]),
        tag="".join(chr(65 + number // 26**i % 26) for i in range(6)),
    )


def _cmap(name: str, kind: str, pairs: list[str]) -> bytes:
    """A character map, deflated."""
    blocks = "".join(
        f"{len(part)} begin{kind}\n" + "\n".join(part) + f"\nend{kind}\n"
        for part in (pairs[i : i + 100] for i in range(0, len(pairs), 100))
    )
    ordering = "UCS" if name == "Unicode" else "Identity"
    text = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        f"/CIDSystemInfo <</Registry(Adobe)/Ordering({ordering})/Supplement 0>> def\n"
        f"/CMapName /Document-{name} def /CMapType {2 if name == 'Unicode' else 1} def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{blocks}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    )
    return zlib.compress(text.encode(), 9)


def written(face: Face, glyphs: str) -> str:
    """Glyphs, four hex digits each, as the bytes of the repertoire. Raises NoGlyph for one that is not in it."""
    letters = _letters(face)
    try:
        return "".join(chr(BYTES[letters[int(glyphs[i : i + 4], 16)]]) for i in range(0, len(glyphs), 4))
    except KeyError as cause:
        raise NoGlyph(f"glyph {cause} of {face.name} is not in the repertoire") from cause


@lru_cache(maxsize=16)
def _letters(face: Face) -> dict[int, str]:
    found: dict[int, str] = {}
    for letter, glyph in face.glyphs.items():
        found.setdefault(glyph, letter)  # a plain space, not the no-break one of the same glyph
    return found


def glyphs_of(face: Face, letters: Iterable[str]) -> frozenset[int]:
    """Glyphs of letters; what the face lacks is left out."""
    return frozenset(face.glyphs[letter] for letter in letters if letter in face.glyphs)
