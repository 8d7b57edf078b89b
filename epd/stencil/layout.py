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
SIDE = re.compile(  # one side of a box's border: a clip, and the whole border filled in it
    rb"q\n((?:-?[\d.]+ -?[\d.]+ [ml]\n){4})W\*\nn\n((?:-?[\d.]+ ){3}rg\n)"
    rb"((?:-?[\d.]+ ){4})re\n((?:-?[\d.]+ ){4})re\nf\*\nQ\n"
)
UP = 8.0  # pixels
NEAR = 0.02  # pixels: edges nearer than this are one


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
        stream = _ruled(stream)
        other = RESOURCE.search(stream)
        if other:
            raise StencilRefused(f"the form has a picture, a pattern or transparency: {other[0].decode().strip()}")
        found.append((page.width * 0.75, page.height * 0.75, stream))
    return found, {font.hash: font for font in laid.document.fonts.values()}


def _ruled(stream: bytes) -> bytes:
    """Straight sides of borders as rectangles, neighbours as one: the rules of a table are nine tenths of a form."""
    parts: list[bytes] = []
    place, colour = 0, b""
    last: list[float] = []  # x, y, width, height that wait for a neighbour

    def end() -> None:
        nonlocal last
        if last:
            x, y, width, height = last
            corners = ((x + width, y + height), (x, y + height), (x, y), (x + width, y))
            clip = b"\n".join(
                b"%b %b %b" % (_short(b"%.4f" % one), _short(b"%.4f" % other), b"l" if number else b"m")
                for number, (one, other) in enumerate(corners)
            )  # the clip stays: without it edges are drawn softer than WeasyPrint's own
            parts.append(b"q\n%b\nW*\nn\n%b" % (clip, colour))
            for tall in (UP, UP + height):  # what is between the two, as in the original: one rectangle is drawn bolder
                sides = (x, y - UP, width, tall)
                parts.append(b" ".join(_short(b"%.4f" % side) for side in sides) + b" re\n")
            parts.append(b"f*\nQ\n")
            last = []

    for match in SIDE.finditer(stream):
        found = _rule(match)
        if found is None:
            continue
        if match.start() > place or not (match[2] == colour and _follows(last, found)):
            end()
            parts.append(stream[place : match.start()])
            last, colour = found, match[2]
        else:
            last = [min(last[0], found[0]), last[1], last[2] + found[2], last[3]]
        place = match.end()
    end()
    return b"".join(parts) + stream[place:]


def _rule(match: re.Match[bytes]) -> list[float] | None:
    """The side as x, y, width, height where it is a rectangle that the clip holds whole; else None."""
    points = [tuple(map(float, line.split()[:2])) for line in match[1].splitlines()]
    xs, ys = sorted({x for x, _ in points}), sorted({y for _, y in points})
    if len(xs) != 2 or len(ys) != 2:
        return None
    inner, outer = (tuple(map(float, match[part].split())) for part in (3, 4))
    is_within = (
        outer[0] - NEAR <= xs[0] and xs[1] <= outer[0] + outer[2] + NEAR
        and outer[1] - NEAR <= ys[0] and ys[1] <= outer[1] + outer[3] + NEAR
    )  # fmt: skip
    is_beside = (
        xs[1] <= inner[0] + NEAR or inner[0] + inner[2] <= xs[0] + NEAR
        or ys[1] <= inner[1] + NEAR or inner[1] + inner[3] <= ys[0] + NEAR
    )  # fmt: skip
    return [xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]] if is_within and is_beside else None


def _follows(last: list[float], rule: list[float]) -> bool:
    """Does the rule go on where the last one ends, or end where it begins, at the same height?"""
    if not last or abs(last[1] - rule[1]) > NEAR or abs(last[3] - rule[3]) > NEAR:
        return False
    return abs(last[0] + last[2] - rule[0]) <= NEAR or abs(rule[0] + rule[2] - last[0]) <= NEAR


def _short(number: bytes) -> bytes:
    """At most four decimals."""
    return (b"%.4f" % Decimal(number.decode())).rstrip(b"0").rstrip(b".") or b"0"


def _bytes(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    data = getattr(part, "data", None)
    return data if isinstance(data, bytes) else str(part).encode()
