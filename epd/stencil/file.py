"""Filled pages into a file: forms and faces under their names, once each."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import pikepdf

from epd.stencil.faces import REPERTOIRE, Face, encoded, glyphs_of, subset
from epd.stencil.press import Filled, Form
from epd.writer import QUICKLY, SMALL, Writer


class Sheets:
    """A PDF of documents. `letters`: with the letters of the documents alone (one document), else with all we have."""

    def __init__(self, file: BinaryIO, faces: Iterable[Face], *, title: str = "", whole: bool = True) -> None:
        self.writer = Writer(file, title=title, level=QUICKLY if whole else SMALL)
        self.faces = {face.name.replace("-", ""): face for face in faces}
        self.whole = whole
        self.glyphs: dict[Face, set[int]] = {face: set() for face in self.faces.values()}
        if whole:
            for face, glyphs in self.glyphs.items():
                glyphs.update(glyphs_of(face, REPERTOIRE))

    def add(self, filled: Filled, over: Sequence[str] = ()) -> int:
        """Write a document; returns how many pages. over: what is drawn on its pages besides (marks)."""
        for place, (width, height) in enumerate(filled.sizes):
            content, forms = filled.written[place], filled.forms[place]
            if self.whole:
                for form in forms:
                    self._known(form)
            else:
                content, forms = self._drawn(content, forms), []
            pictures = [self.writer.picture(samples, side) for side, samples in filled.pictures[place]]
            if place < len(over):
                content += encoded(over[place])
            self.writer.page(content, width, height, [form.name for form in forms], pictures)
        for face, letters in filled.letters.items():
            self.glyphs[face].update(glyphs_of(face, letters))
        return len(filled.sizes)

    def _drawn(self, content: bytes, forms: Iterable[Form]) -> bytes:
        """The operators with those of the forms in their places: one document draws each of them once."""
        for form in forms:
            content = content.replace(b"/%b Do\n" % form.name.encode(), b"q\n%b\nQ\n" % form.stream, 1)
            for face, glyphs in form.faces.items():
                self.glyphs[face].update(glyphs)
        return content

    def _known(self, form: Form) -> None:
        if form.name not in self.writer.forms:
            self.writer.form(form.name, form.stream, form.width, form.height)
            for face, glyphs in form.faces.items():
                self.glyphs[face].update(glyphs)

    def add_foreign(self, content: bytes, marks: Callable[[int], Sequence[str]] | None = None) -> int:
        """Write the pages of another PDF with all that they use; returns how many."""
        with pikepdf.open(io.BytesIO(content)) as pdf:
            known: dict[tuple[int, int], int] = {}
            over = marks(len(pdf.pages)) if marks else ()
            for place, page in enumerate(pdf.pages):
                form = page.as_form_xobject()
                name = f"F{len(self.writer.forms)}"
                self.writer.forms[name] = self._copied(form, known)
                width, height = (Decimal(str(side)) for side in list(page.mediabox)[2:])
                extra = over[place] if place < len(over) else ""
                self.writer.page(encoded(f"q /{name} Do Q\n{extra}"), width, height, [name])
            return len(pdf.pages)

    def _copied(self, thing: Any, known: dict[tuple[int, int], int]) -> int:
        """An object of another PDF written into ours; its number."""
        if thing.is_indirect and thing.objgen in known:
            return known[thing.objgen]
        number = self.writer.number()
        if thing.is_indirect:
            known[thing.objgen] = number
        if isinstance(thing, pikepdf.Stream):
            raw = thing.read_raw_bytes()
            entries = {key: value for key, value in thing.items() if key != "/Length"}
            self.writer.raw_stream(self._dictionary(entries, known)[2:-2], raw, number)
        else:
            self.writer.put(self._direct(thing, known), number)
        return number

    def _direct(self, thing: Any, known: dict[tuple[int, int], int]) -> bytes:
        if isinstance(thing, pikepdf.Dictionary):
            return self._dictionary(dict(thing.items()), known)
        if isinstance(thing, pikepdf.Array):
            return b"[" + b" ".join(self._referred(one, known) for one in thing) + b"]"
        return pikepdf.unparse_content_stream([([thing], pikepdf.Operator("x"))])[:-2].rstrip()

    def _dictionary(self, entries: Mapping[str, Any], known: dict[tuple[int, int], int]) -> bytes:
        return (
            b"<<"
            + b"".join(b"%b %b " % (key.encode(), self._referred(one, known)) for key, one in entries.items())
            + b">>"
        )

    def _referred(self, thing: Any, known: dict[tuple[int, int], int]) -> bytes:
        if isinstance(thing, pikepdf.Object) and thing.is_indirect:
            return b"%d 0 R" % self._copied(thing, known)
        return self._direct(thing, known)

    def sheet(self, content: str, width: float, height: float) -> None:
        """A page of ours without a form."""
        self.writer.page(encoded(content), width, height)

    def close(self, outline: Sequence[tuple[str, int]] = ()) -> None:
        """Fonts and what else is shared."""
        fonts: dict[str, int] = {}
        for name, face in self.faces.items():
            if self.glyphs[face]:
                fonts[name] = self.writer.font(
                    face.name, subset(face, frozenset(self.glyphs[face])), ascent=face.ascent, descent=face.descent,
                    is_bold="Bold" in face.name,
                )  # fmt: skip
        self.writer.close(fonts, outline)
