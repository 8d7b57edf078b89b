"""Filled pages into a file: forms and faces under their names, once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from epd.stencil.faces import REPERTOIRE, Face, glyphs_of, subset
from epd.stencil.press import Filled, Form
from epd.writer import QUICKLY, SMALL, Writer


class Sheets:
    """A PDF of documents. `letters`: with the letters of the documents alone (one document), else with all we have."""

    def __init__(self, file: BinaryIO, faces: Iterable[Face], *, title: str = "", whole: bool = True) -> None:
        self.writer = Writer(file, title=title, level=QUICKLY if whole else SMALL)
        self.names: dict[Form, str] = {}
        self.faces = {face.name.replace("-", ""): face for face in faces}
        self.glyphs: dict[Face, set[int]] = {face: set() for face in self.faces.values()}
        if whole:
            for face, glyphs in self.glyphs.items():
                glyphs.update(glyphs_of(face, REPERTOIRE))

    def add(self, filled: Filled, over: Sequence[str] = ()) -> int:
        """Write a document; returns how many pages. over: what is drawn on its pages besides (marks)."""
        for place, (form, written) in enumerate(zip(filled.forms, filled.written, strict=True)):
            name = self.names.get(form)
            if name is None:
                name = self.names[form] = f"P{len(self.names)}"
                self.writer.form(name, form.stream, form.width, form.height)
                for face, glyphs in form.faces.items():
                    self.glyphs[face].update(glyphs)
            extra = over[place] if place < len(over) else ""
            self.writer.page(f"q /{name} Do Q\n{written}{extra}".encode("latin-1"), form.width, form.height)
        for face, letters in filled.letters.items():
            self.glyphs[face].update(glyphs_of(face, letters))
        return len(filled.forms)

    def sheet(self, content: str, width: float, height: float) -> None:
        """A page of ours without a form."""
        self.writer.page(content.encode("latin-1"), width, height)

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
