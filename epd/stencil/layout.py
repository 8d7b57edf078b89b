"""What WeasyPrint made of a page: where its texts, boxes and pictures stand, and its paint without them.

The box tree is private to WeasyPrint: its version is pinned, and every stencil is checked against the page that it was
made from. All lengths here are CSS pixels from the page's top left corner; those of the form are points.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import weasyprint
from weasyprint import DEFAULT_OPTIONS
from weasyprint.css.counters import CounterStyle
from weasyprint.document import Document, DocumentMetadata, Page
from weasyprint.formatting_structure import boxes
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.html import get_html_metadata
from weasyprint.layout import layout_document
from weasyprint.pdf.stream import Stream
from weasyprint.text.fonts import FontConfiguration

BLANK = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
OPAQUE = re.compile(rb"/[aA]1(?:\.0)? gs\n?")
RESOURCE = re.compile(rb"(?:^|\n| )/\S+ (?:gs|Do|scn|SCN|sh)\b")
LONG = re.compile(rb"-?\d+\.\d{5,}")


class StencilRefused(Exception):
    """The page has something that cannot be set quickly; the message says what. Its documents go the direct way."""


class TextRefused(StencilRefused):
    """A text of this very document cannot be set quickly; others of its shape may be."""


@dataclass(slots=True)
class Word:
    """A text box."""

    page: int
    box: Any
    line: Any
    parent: Any


@dataclass(slots=True)
class Laid:
    """A page as laid out. boxes: number of a tag → (page, box); words: number of a tag → its texts in their order."""

    document: Document
    style_for: Any
    elements: dict[int, Any]
    boxes: dict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    words: dict[int, list[Word]] = field(default_factory=lambda: defaultdict(list))
    margins: list[list[Word]] = field(default_factory=list)  # lines of the boxes in the page's margins
    parents: dict[int, Any] = field(default_factory=dict)  # id of a box → the box it stands in
    marks: dict[int, tuple[int, float, float]] = field(default_factory=dict)  # data-m → page, top, bottom

    def style(self, number: int) -> Any:
        """Computed style of a tag."""
        return self.style_for(self.elements[number])


def lay_out(html: str, css: weasyprint.CSS, fonts: FontConfiguration) -> Laid:
    """Lay out a page whose tags are numbered."""
    page = weasyprint.HTML(string=html)
    options = {**DEFAULT_OPTIONS, "stylesheets": [css]}
    counters = CounterStyle()
    context = Document._build_layout_context(page, fonts, counters, {}, options)
    root = build_formatting_structure(
        page.etree_element, context.style_for, context.get_image_from_uri, page.base_url, context.target_collector,
        counters, context.footnotes,
    )  # fmt: skip
    pages = list(layout_document(page, root, context))
    document = Document(
        [Page(box) for box in pages], DocumentMetadata(**get_html_metadata(page)), page.url_fetcher, fonts, {}, None
    )
    document._html = page
    elements = {int(one.get("data-n")): one for one in page.etree_element.iter() if one.get("data-n") is not None}
    laid = Laid(document, context.style_for, elements)
    for number, box in enumerate(pages):
        _collect(laid, number, box)
    return laid


def number_of(box: Any, name: str = "data-n") -> int:
    """Number of the tag a box was made of; -1: of none."""
    element = getattr(box, "element", None)
    told = element.get(name) if element is not None and hasattr(element, "get") else None
    return int(told) if told is not None else -1


def children(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        yield child.__dict__.get("_box", child)  # an absolutely placed box stands behind a placeholder


def _collect(laid: Laid, page: int, root: Any) -> None:
    def walk(box: Any, line: Any, in_margin: bool) -> None:
        if isinstance(box, boxes.LineBox):
            line = box
            if in_margin:
                laid.margins.append([])
        if isinstance(box, boxes.TextBox):
            number = number_of(box)
            if number >= 0:
                laid.words[number].append(Word(page, box, line, laid.parents[id(box)]))
            elif in_margin:
                laid.margins[-1].append(Word(page, box, line, laid.parents[id(box)]))
            return
        number = number_of(box)
        if number >= 0 and not isinstance(box, boxes.LineBox):
            laid.boxes[number].append((page, box))
            in_margin = False
        mark = number_of(box, "data-m")
        if mark >= 0 and mark not in laid.marks and not isinstance(box, boxes.LineBox):
            top = box.border_box_y()
            laid.marks[mark] = (page, top, top + box.border_height())
        for child in children(box):
            laid.parents[id(child)] = box
            walk(child, line, in_margin or isinstance(child, boxes.MarginBox))

    walk(root, None, False)


def drop(laid: Laid, box: Any) -> None:
    """Take a box out of the page before it is painted."""
    parent = laid.parents[id(box)]
    parent.children = [child for child in parent.children if child.__dict__.get("_box", child) is not box]


def paint(laid: Laid) -> tuple[list[tuple[float, float, bytes]], dict[str, Any]]:
    """(width and height in points, content stream) of every page; name in the streams → font.

    Raises StencilRefused when the form uses more than lines, fills and texts.
    """
    streams: list[bytes] = []

    def keep(_document: Any, pdf: Any) -> None:
        streams.extend(
            b"\n".join(_bytes(part) for part in one.stream) for one in pdf.objects if isinstance(one, Stream)
        )

    laid.document.write_pdf(finisher=keep, uncompressed_pdf=True)
    if len(streams) != len(laid.document.pages):
        raise StencilRefused("the form has groups or patterns")
    found = []
    for page, stream in zip(laid.document.pages, streams, strict=True):
        stream = LONG.sub(lambda match: _short(match[0]), stream)
        stream = OPAQUE.sub(b"", stream)
        other = RESOURCE.search(stream)
        if other:
            raise StencilRefused(f"the form has a picture, a pattern or transparency: {other[0].decode().strip()}")
        found.append((page.width * 0.75, page.height * 0.75, stream))
    return found, {font.hash: font for font in laid.document.fonts.values()}


def _short(number: bytes) -> bytes:
    """At most four decimals."""
    return (b"%.4f" % Decimal(number.decode())).rstrip(b"0").rstrip(b".") or b"0"


def _bytes(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    data = getattr(part, "data", None)
    return data if isinstance(data, bytes) else str(part).encode()
