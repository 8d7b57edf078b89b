"""Documents into one PDF as they come: what is written over a form is a small stream, forms and fonts are shared.

Only places of objects are kept in memory, so that a file may hold any number of documents. Small objects stand packed
in object streams (PDF 1.5), the faces in one dictionary written last; a page names the forms and pictures it draws.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Protocol

KIDS = 64  # pages under one node of the tree
PACK = 128  # objects in one object stream
QUICKLY, SMALL = 4, 9  # levels of deflate


class Font(Protocol):
    """A face as a subset; see epd.stencil.faces.Subset."""

    @property
    def program(self) -> bytes: ...
    @property
    def length(self) -> int: ...
    @property
    def widths(self) -> bytes: ...
    @property
    def of_bytes(self) -> bytes: ...
    @property
    def to_unicode(self) -> bytes: ...
    @property
    def tag(self) -> str: ...


@dataclass(slots=True)
class Writer:
    """A PDF that grows. `page` adds one; `close` writes what all of them share. file: written from its start."""

    file: BinaryIO
    title: str = ""
    level: int = QUICKLY
    # Where each object stands: (kind, place, index): kind 1 at a byte of the file, 2 in an object stream of a number.
    places: list[tuple[int, int, int]] = field(default_factory=lambda: [(0, 0, 65535)])
    pages: list[int] = field(default_factory=list)
    at: int = 0
    forms: dict[str, int] = field(default_factory=dict)
    nodes: list[int] = field(default_factory=list)
    fonts: int = 0
    attached: list[tuple[str, int]] = field(default_factory=list)
    small: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._raw(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self.fonts = self.number()

    def _raw(self, content: bytes) -> None:
        self.file.write(content)
        self.at += len(content)

    def number(self) -> int:
        """The number of an object that is written later."""
        self.places.append((0, 0, 0))
        return len(self.places) - 1

    def put(self, content: bytes, number: int = 0) -> int:
        """Write a small object, not a stream; returns its number."""
        number = number or self.number()
        self.small.append((number, content))
        if len(self.small) >= PACK:
            self._pack()
        return number

    def _pack(self) -> None:
        """Write the small objects that wait as one stream."""
        if not self.small:
            return
        told, at = [], 0
        for _, content in self.small:
            told.append(at)
            at += len(content) + 1
        head = b" ".join(b"%d %d" % (number, place) for (number, _), place in zip(self.small, told, strict=True))
        body = b"\n".join([head, *(content for _, content in self.small)])
        facts = b"/Type/ObjStm/N %d/First %d" % (len(self.small), len(head) + 1)
        stream = self.stream(body, facts, level=SMALL)
        for index, (number, _) in enumerate(self.small):
            self.places[number] = (2, stream, index)
        self.small.clear()

    def stream(
        self, content: bytes, facts: bytes = b"", *, is_deflated: bool = False, level: int = 0, number: int = 0
    ) -> int:
        """Write a stream; returns its number. facts: entries of its dictionary."""
        if not is_deflated:
            content = zlib.compress(content, level or self.level)
        return self.raw_stream(b"%b/Filter/FlateDecode" % facts, content, number)

    def raw_stream(self, facts: bytes, content: bytes, number: int = 0) -> int:
        """Write a stream as it is; facts: entries of its dictionary but for the length."""
        number = number or self.number()
        self.places[number] = (1, self.at, 0)
        self._raw(b"%d 0 obj\n<<%b/Length %d>>stream\n%b\nendstream\nendobj\n" % (number, facts, len(content), content))
        return number

    def form(self, name: str, stream: bytes, width: float, height: float) -> None:
        """A form that pages may draw under this name; written once."""
        if name not in self.forms:
            facts = b"/Type/XObject/Subtype/Form/BBox[0 0 %.3f %.3f]/Resources<</Font %d 0 R>>" % (
                width, height, self.fonts,
            )  # fmt: skip
            self.forms[name] = self.stream(stream, facts, level=SMALL)

    def picture(self, samples: bytes, side: int) -> int:
        """A square picture of one bit a sample, 1 is black; returns its number. Rows begin at whole bytes."""
        facts = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]/Width %d/Height %d"
        return self.stream(samples, facts % (side, side))

    def page(
        self, content: bytes, width: float | Decimal, height: float | Decimal, forms: Iterable[str] = (),
        pictures: Iterable[int] = (),
    ) -> None:  # fmt: skip
        """A page of this content, points wide and high. forms: names that it draws; pictures: Q0, Q1, …"""
        if len(self.pages) % KIDS == 0:
            self.nodes.append(self.number())
        stream = self.stream(content)
        drawn = b"".join(
            [b"/%b %d 0 R" % (name.encode(), self.forms[name]) for name in dict.fromkeys(forms)]
            + [b"/Q%d %d 0 R" % (place, number) for place, number in enumerate(pictures)]
        )
        self.pages.append(
            self.put(
                b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.3f %.3f]/Resources<</Font %d 0 R/XObject<<%b>>>>"
                b"/Contents %d 0 R>>" % (self.nodes[-1], width, height, self.fonts, drawn, stream)
            )
        )

    def attach(self, name: str, content: bytes, kind: str, about: str = "") -> None:
        """A file inside the PDF. kind: its media type; about: what it is, for people."""
        facts = b"/Type/EmbeddedFile/Subtype/%b/Params<</Size %d>>" % (kind.replace("/", "#2F").encode(), len(content))
        stream = self.stream(content, facts, level=SMALL)
        told = _text(name)
        self.attached.append(
            (
                name,
                self.put(
                    b"<</Type/Filespec/F%b/UF%b/Desc%b/EF<</F %d 0 R/UF %d 0 R>>/AFRelationship/Data>>"
                    % (told, told, _text(about), stream, stream)
                ),
            )
        )

    def font(self, name: str, subset: Font, *, ascent: int, descent: int, is_bold: bool) -> int:
        """A subset, written with the bytes that it names; returns the number of the object."""
        called = f"{subset.tag}+{name}".encode()
        program = self.stream(subset.program, b"/Length1 %d" % subset.length, is_deflated=True)
        descriptor = self.put(
            b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[-500 %d 1500 %d]/ItalicAngle 0/Ascent %d/Descent %d"
            b"/CapHeight 700/StemV %d/FontFile2 %d 0 R>>"
            % (called, descent, ascent, ascent, descent, 140 if is_bold else 80, program)
        )
        descendant = self.put(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            b"/Supplement 0>>/FontDescriptor %d 0 R/DW 500/W %b/CIDToGIDMap/Identity>>"
            % (called, descriptor, subset.widths)
        )
        bytes_ = self.stream(
            subset.of_bytes,
            b"/Type/CMap/CMapName/Document-Bytes/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>",
            is_deflated=True,
        )
        letters = self.stream(subset.to_unicode, is_deflated=True)
        return self.put(
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding %d 0 R/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
            % (called, bytes_, descendant, letters)
        )

    def close(self, fonts: Mapping[str, int], outline: Sequence[tuple[str, int]] = ()) -> None:
        """Write what the pages share. fonts: names in the streams → objects; outline: title → index of a page."""
        faces = b"".join(b"/%b %d 0 R" % (name.encode(), number) for name, number in fonts.items())
        self.put(b"<<%b>>" % faces, self.fonts)
        root, catalog, info = self.number(), self.number(), self.number()
        for place, node in enumerate(self.nodes):
            kids = self.pages[place * KIDS : (place + 1) * KIDS]
            told = b" ".join(b"%d 0 R" % kid for kid in kids)
            self.put(b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % (root, len(kids), told), node)
        told = b" ".join(b"%d 0 R" % node for node in self.nodes)
        self.put(b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(self.pages), told), root)
        entries = self._outline(outline)
        if self.attached:
            names = b"".join(b"%b %d 0 R" % (_text(name), number) for name, number in sorted(self.attached))
            files = b" ".join(b"%d 0 R" % number for _, number in self.attached)
            entries += b"/Names<</EmbeddedFiles<</Names[%b]>>>>/AF[%b]" % (names, files)
        self.put(b"<</Type/Catalog/Pages %d 0 R/Lang(ru)%b>>" % (root, entries), catalog)
        self.put(b"<</Title%b/Producer(billing-centre)>>" % _text(self.title), info)
        self._pack()
        number, start = self.number(), self.at
        self.places[number] = (1, start, 0)
        table = b"".join(
            kind.to_bytes(1, "big") + place.to_bytes(5, "big") + index.to_bytes(2, "big")
            for kind, place, index in self.places
        )
        self.stream(
            table, b"/Type/XRef/Size %d/W[1 5 2]/Root %d 0 R/Info %d 0 R" % (len(self.places), catalog, info),
            level=SMALL, number=number,
        )  # fmt: skip
        self._raw(b"startxref\n%d\n%%%%EOF\n" % start)

    def _outline(self, entries: Sequence[tuple[str, int]]) -> bytes:
        if not entries:
            return b""
        root = self.number()
        numbers = [self.number() for _ in entries]
        for place, (title, page) in enumerate(entries):
            around = b"/Prev %d 0 R" % numbers[place - 1] if place else b""
            around += b"/Next %d 0 R" % numbers[place + 1] if place + 1 < len(entries) else b""
            self.put(
                b"<</Title%b/Parent %d 0 R/Dest[%d 0 R/Fit]%b>>" % (_text(title), root, self.pages[page], around),
                numbers[place],
            )
        self.put(
            b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (numbers[0], numbers[-1], len(numbers)), root
        )
        return b"/Outlines %d 0 R" % root


def _text(text: str) -> bytes:
    """A text string of a PDF."""
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"
