"""Shapes become stencils, documents become what is written over them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, cast

from weasyprint import CSS
from weasyprint.formatting_structure import boxes
from weasyprint.text.fonts import FontConfiguration
from weasyprint.text.line_break import get_log_attrs, strut

from epd.pictures import QR
from epd.stencil import faces, layout, shape
from epd.stencil.faces import CLOSES, OPENS, Face
from epd.stencil.layout import Laid, StencilRefused, TextRefused, Word
from epd.stencil.shape import Chain, Flow, Reading, Run, Shape, collapsed
from epd.stencil.template import NotCompiled, Text, compiled

MM_OF_INCH = Decimal("25.4")
POINTS = 0.75  # in a CSS pixel
WHOLE = 60.0  # a part lower than this has nowhere to be broken
CLOSE = 0.06  # pixels: places nearer than this are one
SKELETONS, VARIANTS, KNOWN = 20_000, 64, 256  # kept at most
SIMPLE = re.compile(r"</?(?:p|div|br|td|th)\b", re.I)
FACES = re.compile(rb"/([A-Z]{6})(?= [0-9.]+ Tf)|<([0-9a-f]*)>")
CELL = re.compile(r"<t[dh]\b", re.I)


@dataclass(frozen=True)
class Look:
    """Faces of a template by (family, is bold); its stylesheet is parsed when something is to be laid out."""

    parsed: Callable[[], tuple[CSS, FontConfiguration]]
    faces: Mapping[tuple[str, bool], Face]

    @property
    def css(self) -> CSS:
        return self.parsed()[0]

    @property
    def fonts(self) -> FontConfiguration:
        """Of the stylesheet: both must share one, or the fonts are lost."""
        return self.parsed()[1]


@dataclass(frozen=True, eq=False)
class Form:
    """The paint of one page without texts of the document, named by what it is; faces with their glyphs."""

    name: str
    width: float
    height: float
    stream: bytes
    faces: dict[Face, set[int]]


@dataclass(slots=True)
class Filled:
    """A document over its stencils, page by page: width and height in points, forms, the operators that draw them and
    write over them, QR codes as (samples of a side, samples), drawn as Q0, Q1, …; letters of every face."""

    sizes: list[tuple[float, float]]
    forms: list[list[Form]]
    written: list[bytes]
    pictures: list[list[tuple[int, bytes]]]
    letters: dict[Face, set[str]]


@dataclass(frozen=True, slots=True)
class Style:
    """How a run is set. size, spacing: pixels; above, below: of the line round the baseline; state: operators."""

    face: Face
    size: float
    spacing: float
    above: float
    below: float
    transform: str
    scale: float
    state: str


@dataclass(slots=True)
class Slot:
    """Where a flow is set. cell: number of the cell whose height it shares, else -1; is_free: its height is in no key
    of its own, since nothing stands below it."""

    x: float
    width: float
    align: str
    fits: float  # the widest line that is not broken
    above: float  # of the strut
    below: float
    styles: dict[Chain, Style]
    cell: int = -1
    is_free: bool = False
    limit: float = 0.0  # height of the block, where that is fixed
    top: float = 0.0
    singles: dict[Chain, Single] = field(default_factory=dict)

    def left(self, width: float) -> float:
        """Where a line of this width begins, pixels."""
        if self.align == "left":
            return self.x
        return self.x + (self.width - width if self.align == "right" else (self.width - width) / 2)


@dataclass(slots=True, eq=False)
class Single:
    """How a flow of one run that takes one line is set: most texts are such. height: of the line; told: in the key;
    short: so many letters never reach the end; at: operators of a line at the left; known: texts met of late."""

    slot: Slot
    style: Style
    above: float
    below: float
    height: float
    told: float
    short: int
    at: str
    known: dict[str, Entry] = field(default_factory=dict)

    def entry(self, text: str) -> Entry | None:
        """The text as it is set; None when it is not so simple."""
        style, slot = self.style, self.slot
        if not text or text[0] == " " or text[-1] == " " or "  " in text or "\n" in text or style.transform:
            return None
        at = self.at
        if not at or len(text) > self.short:
            width = _width(style, text)
            if width > slot.fits:
                return None
            at = at or f"1 0 0 1 {slot.left(width) * POINTS:.2f} "
        if len(self.known) >= KNOWN:
            self.known.clear()
        found = self.known[text] = (self, text, at)
        return found


Entry = tuple[Single, str, str]  # text; operators up to its height


@dataclass(slots=True)
class Box:
    """A picture or a bar: page, x, y, width, height; paint of a bar, the breadth of its border and paint of that."""

    page: int
    x: float
    y: float
    width: float
    height: float
    paint: str = ""
    edge: float = 0.0
    ink: str = ""


@dataclass(slots=True)
class Variant:
    """A skeleton at certain heights, laid out by itself: its form, and the tops of the lines of every flow.

    kind: flow; fixed (a place of its own on the first page); told (only repeated in the margins). holds: nothing comes
    between it and what follows; is_whole: it is never broken between pages; starts: on a new page.
    """

    form: Form | None
    tag: str
    kind: str
    top: float
    height: float
    holds: bool
    is_whole: bool
    starts: bool
    tops: list[list[float]]
    pictures: list[Box]
    bars: list[Box]
    ends: list[tuple[Single | None, str]] = field(default_factory=list)  # operators of the heights of single lines


@dataclass(slots=True)
class Skeleton:
    """What documents of one skeleton share, whatever their heights. cells: (row, what the cell has beside its flows);
    rows: the least height of each."""

    is_told: bool
    slots: list[Slot]
    cells: list[tuple[int, float]]
    rows: list[float]
    spans: list[int] = field(default_factory=list)  # row of each flow that stands in one with others, else -1
    variants: OrderedDict[tuple[float, ...], Variant] = field(default_factory=OrderedDict)


Echo = tuple[float, float, float, bool, Style]  # x, width, baseline, is at the right, style
Frame = tuple[tuple[Form, ...], list[list[Echo]]]
Line = tuple[float, float, float, list[tuple[Style, str, float]]]  # width, above, below, pieces with their widths


@dataclass(slots=True)
class Piece:
    """A part of a page set for a document: its stencil and its lines."""

    skeleton: Skeleton
    variant: Variant
    read: Reading
    lines: list[Entry | list[Line]]


@dataclass(slots=True)
class Geometry:
    """The pages: where their content begins and ends, in pixels; the last two stand for all after the first."""

    first_top: float
    first_bottom: float
    top: float
    bottom: float


class Press:
    """Stencils of one template. made: how many layouts by WeasyPrint they took.

    Every child of the body is laid out by itself, once a shape, and a page is put together of them as WeasyPrint would:
    one below another with the gaps that stand between such two, onto the next page when it does not fit. The first
    document of every order of parts is laid out whole, and our places are compared with those of WeasyPrint.
    """

    def __init__(self, template: str, look: Look) -> None:
        self.page = compiled(template)
        self.look = look
        self.reader = shape.Reader()
        self.skeletons: OrderedDict[tuple[Any, ...], Skeleton] = OrderedDict()
        self.frames: dict[tuple[Any, ...], Frame] = {}
        self.geometries: dict[str, Geometry] = {}
        self.gaps: dict[tuple[str, str, str], float] = {}
        self.proved: dict[tuple[Any, ...], str] = {}  # an order of parts → "", or why it is not ours to make
        self.made = 0
        self.saved = 0  # of them, on disk
        self.refused: dict[tuple[Any, ...], str] = {}
        self.more: Callable[[], bool] = lambda: False  # takes what other processes have laid out since; was there any?

    def fill(self, context: Mapping[str, Any], *, keep_letters: bool = False) -> Filled:
        """Set a document. Raises StencilRefused."""
        try:
            return self._composed(self.page(context), keep_letters)
        except NotCompiled as cause:
            raise StencilRefused(str(cause)) from cause
        except faces.NoGlyph as cause:
            raise TextRefused(str(cause)) from cause

    # --- one part ----------------------------------------------------------------------------------------------------

    def _part(self, head: str, tail: str, pieces: list[Any]) -> Piece:
        for _ in range(5):
            read = self.reader.read(pieces)
            skeleton = read.shape.stencils.get(head)
            if skeleton is None:
                key = (head, read.shape.key)
                why = self.refused.get(key)
                if why:
                    raise StencilRefused(why)
                skeleton = self.skeletons.get(key)
            if skeleton is not None:
                read.shape.stencils[head] = skeleton
                set_ = _set(skeleton, read)
                if set_ is not None:
                    variant = skeleton.variants.get(set_[0])
                    if variant is not None:
                        return Piece(skeleton, variant, read, set_[1])
            if not self.more():
                self._learn((head, read.shape.key), head, tail, pieces, read, skeleton)
        raise StencilRefused("the page is never the same twice")

    def _learn(
        self, key: tuple[Any, ...], head: str, tail: str, pieces: list[Any], read: Reading, skeleton: Skeleton | None
    ) -> None:
        """Lay the part out and keep its stencil; or learn that tags are blocks, and it is to be read anew."""
        laid = self._lay_out(head + shape.markup(pieces, layout.BLANK) + tail)
        try:
            blocks = _blocks(laid, read.shape)
            if blocks:
                self.reader.learn(blocks)
                return
            if skeleton is None:
                skeleton = _skeleton(laid, read, self.look)
            else:
                _more_styles(skeleton, laid, read.shape, self.look)
            set_ = _set(skeleton, read)
            assert set_ is not None
            variant = _variant(skeleton, laid, read, _whole(set_[1]), self.look)
        except TextRefused:
            raise
        except StencilRefused as cause:
            self.refused[key] = str(cause)
            raise
        skeleton.variants[set_[0]] = variant
        while len(skeleton.variants) > VARIANTS:
            skeleton.variants.popitem(last=False)
        self.skeletons[key] = skeleton
        while len(self.skeletons) > SKELETONS:
            self.skeletons.popitem(last=False)

    def _lay_out(self, html: str) -> Laid:
        self.made += 1
        return layout.lay_out(html, self.look.css, self.look.fonts)

    # --- the page ----------------------------------------------------------------------------------------------------

    def _composed(self, pieces: list[Any], keep_letters: bool) -> Filled:
        first, *middle, last = shape.parts_of(pieces)
        if not middle:
            raise StencilRefused("the page is not cut into parts")
        head, tail = "".join(map(str, first)), "".join(map(str, last))
        parts = [self._part(head, tail, part) for part in middle if _has_tag(part)]
        order = tuple(part.variant.tag for part in parts)
        if head not in self.geometries:
            self._measure(head, tail)
        for _ in range(2):
            try:
                placed, pages = self._placed(head, parts)
            except KeyError:
                self._learn_gaps(head, tail, pieces)
                continue
            key = (head, order, tuple(page for page, _ in placed))
            if key not in self.proved:
                self.proved[key] = self._difference(head, tail, pieces, parts, placed, pages)
            if self.proved[key]:
                raise StencilRefused(self.proved[key])
            frame = self._frame(head, tail, pages, parts)
            return _joined(frame, parts, placed, keep_letters)
        raise StencilRefused("gaps between the parts of the page are not known")

    def _placed(self, head: str, parts: list[Piece]) -> tuple[list[tuple[int, float]], int]:
        """(page, how far down from its own place) of every part; how many pages. KeyError: a gap is not known."""
        geometry = self.geometries[head]
        page, y, before, held = 0, geometry.first_top, "", None
        placed: list[tuple[int, float]] = []
        for number, part in enumerate(parts):
            variant = part.variant
            if variant.kind != "flow":
                placed.append((0, 0.0))
                continue
            top = y
            if not (variant.starts and before):
                top += self.gaps[head, before, variant.tag] if before else self.gaps[head, str(page > 0), variant.tag]
            bottom = geometry.bottom if page else geometry.first_bottom
            if before and (variant.starts or top + variant.height > bottom + CLOSE):
                if not variant.is_whole and not variant.starts:
                    raise TextRefused("a part that may be broken between pages")
                page, y, before = page + 1, geometry.top, ""
                if held is not None:  # a heading does not stay behind
                    one = parts[held].variant
                    top = y + self.gaps[head, str(True), one.tag]
                    placed[held] = (page, top - one.top)
                    y, before = top + one.height, one.tag
                top = y + self.gaps[head, before or str(True), variant.tag]
            placed.append((page, top - variant.top))
            y, before = top + variant.height, variant.tag
            held = number if variant.holds else None
        return placed, page + 1

    def _measure(self, head: str, tail: str) -> None:
        laid = self._lay_out(f'{head}<p>a</p><p style="break-before: page">b</p>{tail}')
        boxes_ = [page._page_box for page in laid.document.pages]
        spans = [(box.content_box_y(), box.content_box_y() + box.height) for box in boxes_]
        self.geometries[head] = Geometry(*spans[0], *spans[-1])

    def _learn_gaps(self, head: str, tail: str, pieces: list[Any]) -> None:
        """Gaps between the parts of this document, on a page that has no end; and at the tops of pages."""
        middle = [part for part in shape.parts_of(pieces)[1:-1] if _has_tag(part)]
        variants = [self._part(head, tail, part).variant for part in middle]
        flow = [(part, variant) for part, variant in zip(middle, variants, strict=True) if variant.kind == "flow"]
        endless = "<style>@page { size: 210mm 9000mm }</style>"
        marked = [_marked(part, number) for number, (part, _) in enumerate(flow)]
        laid = self._lay_out(head.replace("</head>", f"{endless}</head>") + "".join(marked) + tail)
        places = laid.marks
        for number in range(1, len(flow)):
            if places[number][0] == places[number - 1][0]:
                gap = places[number][1] - places[number - 1][2]
                self.gaps[head, flow[number - 1][1].tag, flow[number][1].tag] = gap
        for _, variant in flow:
            if (head, "False", variant.tag) not in self.gaps:
                self.gaps[head, "False", variant.tag] = variant.top - self.geometries[head].first_top
            self.gaps[head, "True", variant.tag] = 0.0  # margins are dropped at a break

    def _difference(
        self, head: str, tail: str, pieces: list[Any], parts: list[Piece], placed: list[tuple[int, float]], pages: int
    ) -> str:
        """Lay the document out whole: where WeasyPrint puts a part elsewhere than we do; "" for nowhere."""
        middle = [part for part in shape.parts_of(pieces)[1:-1] if _has_tag(part)]
        laid = self._lay_out(head + "".join(_marked(part, number) for number, part in enumerate(middle)) + tail)
        if len(laid.document.pages) != pages:
            return f"{pages} pages instead of {len(laid.document.pages)}"
        places = laid.marks
        for number, (part, (page, shift)) in enumerate(zip(parts, placed, strict=True)):
            if part.variant.kind == "flow":
                there, top, bottom = places[number]
                ours = part.variant.top + shift
                if there != page or abs(top - ours) > CLOSE or abs(bottom - top - part.variant.height) > CLOSE:
                    return (
                        f"«{part.variant.tag}» is at {there}, {top:.2f}–{bottom:.2f} instead of {page}, {ours:.2f}–"
                        f"{ours + part.variant.height:.2f}"
                    )
        return ""

    def _frame(self, head: str, tail: str, pages: int, parts: list[Piece]) -> Frame:
        """What stands in the margins of so many pages, but for the texts that repeat a flow (string-set)."""
        told = tuple((part.read.shape.key, part.skeleton.is_told) for part in parts if part.skeleton.is_told)
        key = (head, told, pages)
        if key not in self.frames:
            source = next((part for part in parts if part.skeleton.is_told), None)
            text = "\ue010" if source is None else shape.markup(_pieces_of(source), layout.BLANK)
            blanks = '<div style="break-before: page; height: 1px"></div>' * (pages - 1)
            laid = self._lay_out(f"{head}{text if source else ''}<p></p>{blanks}{tail}")
            echoes = _echoes(laid, source, self.look) if source else [[] for _ in range(pages)]
            self.frames[key] = (_forms(laid, self.look, in_body=False), echoes)
        return self.frames[key]


# --- setting ---------------------------------------------------------------------------------------------------------


def _set(skeleton: Skeleton, read: Reading) -> tuple[tuple[float, ...], list[Entry | list[Line]]] | None:
    """(heights, by which a variant is known; lines of every flow). None: a run stands in tags not met here yet."""
    heights = [extra for _, extra in skeleton.cells]
    key: list[float] = []
    found: list[Entry | list[Line]] = []
    add, texts = found.append, read.texts
    for slot, flow in zip(skeleton.slots, read.shape.flows, strict=True):
        if flow.only is not None:
            chain, place = flow.only
            single = slot.singles.get(chain)
            if single is None:
                style = slot.styles.get(chain)
                if style is None:
                    return None
                single = slot.singles[chain] = _single(slot, style)
            entry = single.known.get(texts[place]) or single.entry(texts[place])
            if entry is not None:
                add(entry)
                if not slot.is_free:
                    key.append(single.told)
                if slot.cell >= 0:
                    heights[slot.cell] += single.height
                continue
        runs = collapsed(read.runs(flow))
        if not runs:
            add([])
            if not slot.is_free:
                key.append(0.0)
            continue
        lines = _lines(slot, runs)
        if lines is None:
            return None
        add(lines)
        height = sum([line[1] + line[2] for line in lines])
        if not slot.is_free or (slot.limit and height > slot.limit + CLOSE and len(lines) > 1):
            key.append(round(height, 1))
        if slot.cell >= 0:
            heights[slot.cell] += height
    rows = skeleton.rows.copy()
    for (row, _), height in zip(skeleton.cells, heights, strict=True):
        if height > rows[row]:
            rows[row] = height
    key.extend([round(row, 1) for row in rows])
    return tuple(key), found


_SINGLES: dict[tuple[Any, ...], Single] = {}


def _single(slot: Slot, style: Style) -> Single:
    """One for all skeletons with such a place: their texts are known together, and are kept once."""
    above, below = max(style.above, slot.above), max(style.below, slot.below)
    key = (slot.x, slot.width, slot.align, slot.fits, above, below, style)
    found = _SINGLES.get(key)
    if found is None:
        is_left = slot.align == "left"
        short = int(slot.fits / style.size) - 1 if is_left else 0  # no letter is wider than the size
        at = f"1 0 0 1 {slot.x * POINTS:.2f} " if is_left else ""
        found = Single(slot, style, above, below, above + below, round(above + below, 1), short, at)
        _SINGLES[key] = found
    return found


def _whole(found: list[Entry | list[Line]]) -> list[list[Line]]:
    """Lines of every flow, the single ones like the others."""
    lines: list[list[Line]] = []
    for one in found:
        if isinstance(one, tuple):
            single, text, _ = one
            width = _width(single.style, text)
            lines.append([(width, single.above, single.below, [(single.style, text, width)])])
        else:
            lines.append(one)
    return lines


def _lines(slot: Slot, runs: list[Run]) -> list[Line] | None:
    pieces: list[tuple[Style, str]] = []
    for chain, text in runs:
        style = slot.styles.get(chain)
        if style is None:
            return None
        if style.transform:
            text = text.upper() if style.transform == "uppercase" else text.lower()
        pieces.append((style, text))
    line = _line(slot, pieces)
    if line[0] <= slot.fits:
        return [line]
    return [_line(slot, part) for part in _broken(slot, pieces)]


def _line(slot: Slot, pieces: list[tuple[Style, str]]) -> Line:
    above, below = slot.above, slot.below
    whole, told = 0.0, []
    for style, text in pieces:
        above, below = max(above, style.above), max(below, style.below)
        width = _width(style, text)
        whole += width
        told.append((style, text, width))
    return whole, above, below, told


def _width(style: Style, text: str) -> float:
    try:
        width = sum(map(style.face.advances.__getitem__, text)) * style.scale
    except KeyError as cause:
        raise TextRefused(f"no glyph for {cause}") from cause
    return width + style.spacing * len(text) if style.spacing else width


@lru_cache(maxsize=8192)
def _breaks(text: str) -> tuple[int, ...]:
    """Where Pango lets a line end: places of the letters that may begin the next one."""
    marks = get_log_attrs(text, "ru")
    return tuple(place for place in range(1, len(text)) if marks[place].is_line_break)


def _broken(slot: Slot, pieces: list[tuple[Style, str]]) -> list[list[tuple[Style, str]]]:
    """The pieces on lines, filled one after another; spaces at the ends of lines hang."""
    text = "".join(part for _, part in pieces)
    edges = [0.0]  # where each letter begins, were all on one line
    edge = 0.0
    for style, part in pieces:
        advances, size, spacing = style.face.advances, style.size / 1000, style.spacing
        for letter in part:
            edge += advances[letter] * size + spacing
            edges.append(edge)
    ends = (*_breaks(text), len(text))
    lines, start, last = [], 0, 0

    def width(end: int) -> float:
        while end > start and text[end - 1] == " ":
            end -= 1
        return edges[end] - edges[start]

    for end in ends:
        if width(end) > slot.fits:
            if last > start:
                lines.append((start, last))
                start = last
            if width(end) > slot.fits:
                raise TextRefused(f"a word is wider than its line: {text[start:end]}")
        last = end
    lines.append((start, len(text)))
    return [_cut(pieces, begin, begin + len(text[begin:end].rstrip(" "))) for begin, end in lines]


def _cut(pieces: list[tuple[Style, str]], start: int, end: int) -> list[tuple[Style, str]]:
    found, place = [], 0
    for style, part in pieces:
        piece = part[max(0, start - place) : max(0, end - place)]
        if piece:
            found.append((style, piece))
        place += len(part)
    return found


def _joined(frame: Frame, parts: list[Piece], placed: list[tuple[int, float]], keep_letters: bool) -> Filled:
    """The parts at their places on the pages of the frame."""
    around, echoes = frame
    sheet = _Sheet(around, keep_letters)
    flowing = sorted(zip(parts, placed, strict=True), key=lambda one: one[0].variant.kind != "flow")
    for part, (page, shift) in flowing:  # the slip at the foot is read after what stands above it
        if part.variant.kind == "told":
            for number, margin in enumerate(echoes):
                for echo in margin:
                    sheet.repeat(number, echo, _whole(part.lines))
            continue
        sheet.put(part, page, shift)
    return sheet.filled()


class _Sheet:
    """Operators of the pages of one document, growing."""

    def __init__(self, around: tuple[Form, ...], keep_letters: bool) -> None:
        pages = len(around)
        self.around = around
        self.forms: list[list[Form]] = [[form] for form in around]
        self.out: list[list[str]] = [[f"/{form.name} Do\n"] for form in around]
        self.pictures: list[list[tuple[int, bytes]]] = [[] for _ in range(pages)]
        self.letters: dict[Face, set[str]] = {}
        self.keep_letters = keep_letters

    def put(self, part: Piece, page: int, shift: float) -> None:
        """A part, `shift` pixels below where it was laid out: its form, bars, codes, then its texts."""
        variant = part.variant
        assert variant.form is not None
        height = variant.form.height
        self.forms[page].append(variant.form)
        out, opened = self.out[page], 0
        add = out.append
        add(f"q 1 0 0 1 0 {-shift * POINTS:.4f} cm /{variant.form.name} Do\n")
        if variant.bars or variant.pictures:
            self._codes(part, page, height)
        add("BT\n")
        ends, state = variant.ends, ""
        if not ends:
            ends.extend([(None, "")] * len(part.lines))
        spans, row = part.skeleton.spans, -1
        told: list[str] = []
        for number, flow in enumerate(part.lines):
            if not flow:
                continue
            if spans[number] != row:
                if told:
                    out[opened] = _span(told)
                    add("EMC\n")
                row, told, opened = spans[number], [], len(out)
                if row >= 0:
                    add("")
            if type(flow) is tuple:
                single, text, at = flow
                known, end = ends[number]
                if known is not single:
                    tops = variant.tops[number]
                    top = tops[0] if tops else part.skeleton.slots[number].top
                    end = f"{height - (top + single.above) * POINTS:.4f} Tm{OPENS}"
                    ends[number] = (single, end)
                if state != single.style.state:
                    state = single.style.state
                    add(state)
                add(f"{at}{end}{text}{CLOSES}Tj\n")
                if row >= 0:
                    told.append(text)
            else:
                slot, tops = part.skeleton.slots[number], variant.tops[number]
                top = slot.top
                lines = cast("list[Line]", flow)
                for place, (width, above, below, pieces) in enumerate(lines):
                    if place < len(tops):
                        top = tops[place]
                    x = slot.left(width)
                    if row >= 0:
                        told.extend([text for _, text, _ in pieces])
                    for style, text, wide in pieces:
                        if state != style.state:
                            state = style.state
                            add(state)
                        add(_written(x, height - (top + above) * POINTS, text))
                        x += wide
                    top += above + below
        if told:
            out[opened] = _span(told)
            add("EMC\n")
        add("ET\nQ\n")
        if self.keep_letters:
            for whole in _whole(part.lines):
                for line in whole:
                    for style, text, _ in line[3]:
                        self.letters.setdefault(style.face, set()).update(text)

    def _codes(self, part: Piece, page: int, height: float) -> None:
        add, pictures = self.out[page].append, self.pictures[page]
        for box, value in zip(part.variant.bars, part.read.heights, strict=True):
            y = height - (box.y + box.height) * POINTS
            x, wide, edge = box.x * POINTS, box.width * POINTS, box.edge * POINTS
            outline = Decimal(2 * edge)
            tall = max(Decimal(value) * 72 / MM_OF_INCH, outline)
            whole = f"{x:.2f} {y:.2f} {wide:.2f} {tall:.2f} re"
            add(f"{box.paint} {whole} f\n")
            if edge:
                inner = f"{x + edge:.2f} {y + edge:.2f} {wide - 2 * edge:.2f} {tall - outline:.2f} re"
                add(f"{box.ink} {whole} {inner} f*\n")
        for box, picture in zip(part.variant.pictures, part.read.pictures, strict=True):
            y = height - (box.y + box.height) * POINTS
            if picture.kind == QR:
                add(
                    f"q {box.width * POINTS:.3f} 0 0 {box.height * POINTS:.3f} {box.x * POINTS:.3f} {y:.3f} cm"
                    f" /Q{len(pictures)} Do Q\n"
                )
                pictures.append(picture.samples())
                continue
            across, path = picture.path()
            add(
                f"q 0 g {box.width * POINTS / across:.5f} 0 0 {box.height * POINTS:.5f} {box.x * POINTS:.3f}"
                f" {y:.3f} cm\n{path}Q\n"
            )

    def repeat(self, page: int, echo: Echo, lines: list[list[Line]]) -> None:
        """A flow again in the margin of a page."""
        x, wide, baseline, is_right, style = echo
        text = "".join(piece for flow in lines for line in flow for _, piece, _ in line[3])
        if is_right:
            x += wide - _width(style, text)
        y = self.around[page].height - baseline * POINTS
        self.out[page].append(f"BT\n{style.state}{_written(x, y, text)}ET\n")
        if self.keep_letters:
            self.letters.setdefault(style.face, set()).update(text)

    def filled(self) -> Filled:
        written = [faces.encoded("".join(out)) for out in self.out]
        sizes = [(form.width, form.height) for form in self.around]
        return Filled(sizes, self.forms, written, self.pictures, self.letters)


def _span(told: list[str]) -> str:
    """Opens what is drawn for a row of a table: a program that takes the text off the page is given it as one line,
    cell by cell, and need not guess columns."""
    return f"/Span<</ActualText{faces.string(told)}>>BDC\n"


def _written(x: float, y: float, text: str) -> str:
    """x in pixels, y in points from the bottom."""
    return f"1 0 0 1 {x * POINTS:.2f} {y:.4f} Tm{OPENS}{text}{CLOSES}Tj\n"


# --- learning --------------------------------------------------------------------------------------------------------


def _blocks(laid: Laid, read: Shape) -> set[str]:
    """Opening tags of chains that made other boxes than inline ones."""
    found = set()
    for flow in (*read.flows, *read.others):
        for (chain, _), number in zip(flow.runs, flow.tags, strict=True):
            if chain and any(not isinstance(box, boxes.InlineBox) for _, box in laid.boxes.get(number, ())):
                found.add(chain[-1])
    return found


def _style(laid: Laid, number: int, look: Look, *, told: Any = None) -> Style:
    """How texts right inside a tag are set. Raises StencilRefused for what only Pango can do."""
    style = told if told is not None else laid.style(number)
    bold = int(style["font_weight"]) >= 600
    family = next((name for name in style["font_family"] if (name, bold) in look.faces), None)
    if family is None or style["font_style"] != "normal":
        raise StencilRefused(f"unknown face: {style['font_family']} {style['font_weight']} {style['font_style']}")
    if style["font_kerning"] != "none" or style["font_variant_ligatures"] != "none":
        raise StencilRefused("texts must be set without kerning and ligatures")
    if style["text_decoration_line"] != "none" or style["word_spacing"] or style["text_indent"].value:
        raise StencilRefused("decorated, indented or spaced words")
    *rgb, alpha = style["color"].to("srgb")
    if alpha != 1:
        raise StencilRefused("transparent text")
    height, baseline = strut(style)
    spacing = style["letter_spacing"]
    face = look.faces[family, bold]
    transform = style["text_transform"]
    return Style(
        face=face,
        size=style["font_size"],
        spacing=0.0 if spacing == "normal" else spacing,
        above=baseline,
        below=height - baseline,
        transform="" if transform == "none" else str(transform),
        scale=style["font_size"] / 1000,
        state=f"/{face.name.replace('-', '')} {style['font_size'] * POINTS:.3f} Tf "
        + " ".join(f"{value:.4g}" for value in rgb)
        + f" rg {0 if spacing == 'normal' else spacing * POINTS:.4g} Tc\n",
    )


def _chain_style(laid: Laid, number: int, chain: Chain, look: Look) -> Style:
    found = _style(laid, number, look)
    for _, box in laid.boxes.get(number, ()):
        style = box.style
        if chain and (
            any(style[f"border_{side}_width"] for side in ("top", "bottom", "left", "right"))
            or any(getattr(box, f"{kind}_{side}") for kind in ("padding", "margin") for side in ("left", "right"))
            or style["background_color"].alpha
            or style["vertical_align"] != "baseline"
        ):
            raise StencilRefused(f"an inline box with borders or a background: {chain[-1]}")
    return found


def _styles(laid: Laid, flow: Flow, look: Look) -> dict[Chain, Style]:
    return {
        chain: _chain_style(laid, number, chain, look) for (chain, _), number in zip(flow.runs, flow.tags, strict=True)
    }


def _more_styles(skeleton: Skeleton, laid: Laid, read: Shape, look: Look) -> None:
    for slot, flow in zip(skeleton.slots, read.flows, strict=True):
        slot.styles.update(_styles(laid, flow, look))


def _skeleton(laid: Laid, reading: Reading, look: Look) -> Skeleton:
    read = reading.shape
    cells: list[tuple[int, float]] = []
    rows: list[float] = []
    row_of: dict[int, int] = {}
    cell_of: dict[int, int] = {}
    slots = []
    for flow in read.flows:
        places = laid.boxes.get(flow.block)
        if not places:
            raise StencilRefused(f"no box of a block: {read.key[flow.place - 1]}")
        _, box = places[0]
        style = box.style
        if style["white_space"] not in ("normal", "nowrap"):
            raise StencilRefused(f"white-space: {style['white_space']}")
        align = {"start": "left", "end": "right", "justify": "left"}.get(
            style["text_align_all"], style["text_align_all"]
        )
        if style["text_align_all"] == "justify":
            raise StencilRefused("justified text")
        height, baseline = strut(style)
        slot = Slot(
            x=box.content_box_x(),
            width=box.width,
            align=align,
            fits=box.width + CLOSE if style["white_space"] == "normal" else 1e9,
            above=baseline,
            below=height - baseline,
            styles=_styles(laid, flow, look),
        )
        slots.append(slot)
        if not isinstance(box, (boxes.BlockContainerBox,)):
            raise StencilRefused(f"a flow in a box that is not a block: {box}")
        only = read.key[flow.place - 1 : flow.place + 2]
        alone = len(only) == 3 and isinstance(only[0], str) and isinstance(only[2], str) and only[2].startswith("</")
        alone = alone and not only[0].startswith("</")
        if alone and style["height"] != "auto" and not isinstance(box, boxes.TableCellBox):
            slot.is_free, slot.limit, slot.top = True, box.height, box.content_box_y()
            continue
        cell = _cell(laid, read, flow, box)
        if cell is None or len(places) > 1:
            continue
        row = laid.parents[id(cell)]
        if id(row) not in row_of:
            row_of[id(row)] = len(rows)
            rows.append(_least(row))
        if id(cell) not in cell_of:
            cell_of[id(cell)] = len(cells)
            cells.append((row_of[id(row)], 0.0))
        slot.cell = cell_of[id(cell)]
        if alone and _is_last(read, flow):
            slot.is_free, slot.top = True, box.content_box_y()
    told = laid.style(0)["string_set"] != "none"
    spans = _spans(slots, cells)
    for number, flow in enumerate(read.flows):
        if spans[number] < 0 and (name := _row_of(laid, laid.boxes[flow.block][0][1])):
            spans[number] = len(rows) + int(name)
    skeleton = Skeleton(told, slots, cells, rows, spans)
    _measure_cells(skeleton, reading, {number: box for box, number in _by_number(laid, cell_of)}, row_of, laid)
    return skeleton


def _spans(slots: list[Slot], cells: list[tuple[int, float]]) -> list[int]:
    """Row of every flow; -1 for one outside of a table, and in a row where no other cell has a flow."""
    columns: dict[int, set[int]] = {}
    for slot in slots:
        if slot.cell >= 0:
            columns.setdefault(cells[slot.cell][0], set()).add(slot.cell)
    rows = [cells[slot.cell][0] if slot.cell >= 0 else -1 for slot in slots]
    return [row if row >= 0 and len(columns[row]) > 1 else -1 for row in rows]


def _row_of(laid: Laid, box: Any) -> str:
    """Number of the element round a box whose texts are told as one row (`data-row`): a chart; "": none."""
    while box is not None:
        element = getattr(box, "element", None)
        if element is not None and hasattr(element, "get") and (name := element.get("data-row")):
            return str(name)
        box = laid.parents.get(id(box))
    return ""


def _by_number(laid: Laid, cell_of: Mapping[int, int]) -> list[tuple[Any, int]]:
    return [(box, cell_of[id(box)]) for places in laid.boxes.values() for _, box in places if id(box) in cell_of]


def _least(row: Any) -> float:
    """The height below which a row never falls: its own, and those of its cells."""
    told = row.style["height"]
    least = told.value if told != "auto" and told.unit == "px" else 0.0
    for cell in row.children:
        told = cell.style["height"]
        if told != "auto" and told.unit == "px":
            least = max(least, told.value)
    return least


def _cell(laid: Laid, read: Shape, flow: Flow, box: Any) -> Any:
    """The table cell of a flow, when only paragraphs stand in it and it begins at its top; else None."""
    while box is not None and not isinstance(box, boxes.TableCellBox):
        box = laid.parents.get(id(box))
    if box is None or box.style["vertical_align"] != "top":
        return None
    start = flow.place
    while start > 0 and not (isinstance(read.key[start], str) and CELL.match(read.key[start])):
        start -= 1
    end = flow.place
    while end < len(read.key) and read.key[end] not in ("</td>", "</th>"):
        end += 1
    for token in read.key[start : end + 1]:
        if isinstance(token, str) and not SIMPLE.match(token):
            return None
    if any(child.style["position"] != "static" or child.style["float"] != "none" for child in layout.children(box)):
        return None
    return box


def _is_last(read: Shape, flow: Flow) -> bool:
    """Does nothing stand below the flow in its cell?"""
    for token in read.key[flow.place + 1 :]:
        if token in ("</td>", "</th>"):
            return True
        if token not in ("</p>", "</div>"):
            return False
    return False


def _measure_cells(
    skeleton: Skeleton, read: Reading, boxes_of: dict[int, Any], row_of: dict[int, int], laid: Laid
) -> None:
    """What every cell is high beside its flows; rows whose height we do not foresee keep their flows in the key."""
    set_ = _set(skeleton, read)
    assert set_ is not None
    own = [0.0] * len(skeleton.cells)
    for slot, lines in zip(skeleton.slots, _whole(set_[1]), strict=True):
        if slot.cell >= 0:
            own[slot.cell] += sum(line[1] + line[2] for line in lines)
    heights = list(skeleton.rows)
    for number, (row, _) in enumerate(skeleton.cells):
        cell = boxes_of[number]
        bottom = max(
            (child.position_y + child.margin_height() for child in cell.children), default=cell.content_box_y()
        )
        around = cell.border_top_width + cell.border_bottom_width + _padding(cell, "top") + _padding(cell, "bottom")
        extra = bottom - cell.content_box_y() - own[number] + around
        skeleton.cells[number] = (row, extra)
        heights[row] = max(heights[row], extra + own[number])
    actual = {row_of[id(laid.parents[id(cell)])]: laid.parents[id(cell)].height for cell in boxes_of.values()}
    for slot in skeleton.slots:
        if slot.cell >= 0:
            row = skeleton.cells[slot.cell][0]
            if abs(actual[row] - heights[row]) > CLOSE and heights[row] > skeleton.rows[row]:
                slot.is_free = False


def _padding(cell: Any, side: str) -> float:
    told = cell.style[f"padding_{side}"]
    value: float = told.value
    return value


def _variant(skeleton: Skeleton, laid: Laid, reading: Reading, lines: list[list[Line]], look: Look) -> Variant:
    """Places of the lines of this very document, checked against ours; then the form without them."""
    read = reading.shape
    spent: dict[int, int] = {}
    words: dict[int, list[Word]] = {}
    everything = [(flow.place, flow, number) for number, flow in enumerate(read.flows)]
    everything += [(flow.place, flow, -1) for flow in read.others]
    everything.sort(key=lambda one: one[0])
    for _, flow, number in everything:
        wanted: dict[int, int] = {}
        for (_, text), tag in zip(reading.runs(flow), flow.tags, strict=True):
            wanted[tag] = wanted.get(tag, 0) + len(re.sub(r"[ \t\n\r\f]", "", text))
        for tag, length in wanted.items():
            queue = laid.words.get(tag, [])
            while length > 0 and spent.get(tag, 0) < len(queue):
                word = queue[spent.get(tag, 0)]
                spent[tag] = spent.get(tag, 0) + 1
                length -= len(re.sub(r"[ \t\n\r\f]", "", word.box.text))
                if number >= 0:
                    words.setdefault(number, []).append(word)
            if length > 0 and number >= 0:
                raise StencilRefused(f"a text of the page is not in its layout: {reading.runs(flow)}")
    tops: list[list[float]] = []
    for number, slot in enumerate(skeleton.slots):
        told = _told(words.get(number, []))
        ours = lines[number]
        if len(told) != len(ours):
            raise TextRefused(f"{len(ours)} lines instead of {len(told)}: {_text(ours)}")
        places = []
        for (_, line, parts), (width, above, _, pieces) in zip(told, ours, strict=True):
            first = parts[0].box
            x = slot.x + {"right": slot.width - width, "center": (slot.width - width) / 2}.get(slot.align, 0.0)
            baseline = line.position_y + above
            there = "".join(part.box.text for part in parts).replace(" ", "")
            same = there == "".join(text for _, text, _ in pieces).replace(" ", "")
            if not same or abs(first.position_y + first.baseline - baseline) > CLOSE or abs(first.position_x - x) > 0.4:
                raise TextRefused(
                    f"«{_text(ours)}» at {x:.2f}, {baseline:.2f} instead of {first.position_x:.2f},"
                    f" {first.position_y + first.baseline:.2f}"
                )
            places.append(line.position_y)
        tops.append(places)
        for word in words.get(number, []):
            layout.drop(laid, word.box)
    style = laid.style(0)
    if style["string_set"] != "none":
        return Variant(None, read.key[0], "told", 0.0, 0.0, False, True, False, tops, [], [])
    kind = "flow" if style["position"] in ("static", "relative") else "fixed"
    if len(laid.document.pages) > 1:
        raise StencilRefused("a part longer than a page")
    if style["float"] != "none":
        raise StencilRefused("a floating part")
    pictures, bars = _pictures(laid, read)
    _, box = laid.boxes[0][0]
    top, height = box.border_box_y(), box.border_height()
    (form,) = _forms(laid, look, in_body=True)
    return Variant(
        form, read.key[0], kind, top, height, style["break_after"] == "avoid", style["break_inside"] == "avoid"
        or height < WHOLE, style["break_before"] == "page", tops, pictures, bars,
    )  # fmt: skip


def _forms(laid: Laid, look: Look, *, in_body: bool) -> tuple[Form, ...]:
    """The paint of what stands in the body (and of its parts that run in margins), or of the margins alone."""
    for page in laid.document.pages:
        box = page._page_box
        box.children = [
            child for child in box.children
            if isinstance(child, boxes.MarginBox) != in_body or (in_body and _has_numbers(child))
        ]  # fmt: skip
    painted, fonts = layout.paint(laid)
    named: dict[bytes, Face] = {}
    for name, font in fonts.items():
        face = look.faces.get((font.family, font.weight >= 600))
        if face is None:
            raise StencilRefused(f"the form is set in a font that is not ours: {font.family} {font.weight}")
        named[name.encode()] = face
    return tuple(_form(width, height, stream, named) for width, height, stream in painted)


def _has_numbers(box: Any) -> bool:
    return layout.number_of(box) >= 0 or any(_has_numbers(child) for child in layout.children(box))


def _form(width: float, height: float, stream: bytes, named: Mapping[bytes, Face]) -> Form:
    """The stream with our names of the faces and our bytes for their glyphs."""
    used: dict[Face, set[int]] = {}
    face: Face | None = None

    def ours(match: re.Match[bytes]) -> bytes:
        nonlocal face
        if match[1]:
            face = named[match[1]]
            return b"/" + face.name.replace("-", "").encode()
        assert face is not None
        glyphs = match[2].decode()
        used.setdefault(face, set()).update(int(glyphs[i : i + 4], 16) for i in range(0, len(glyphs), 4))
        return b"(" + faces.written(face, glyphs).encode("latin-1") + b")"

    try:
        ready = FACES.sub(ours, stream)
        return Form("P" + blake2b(ready, digest_size=6).hexdigest(), width, height, ready, used)
    except faces.NoGlyph as cause:
        raise StencilRefused(str(cause)) from cause


def _text(lines: list[Line]) -> str:
    return " / ".join("".join(text for _, text, _ in line[3]) for line in lines)


def _told(words: list[Word]) -> list[tuple[int, Any, list[Word]]]:
    """The words by their lines, empty ones left out, from top to bottom."""
    found: dict[int, tuple[int, Any, list[Word]]] = {}
    for word in words:
        if word.box.text.strip(" "):
            found.setdefault(id(word.line), (word.page, word.line, []))[2].append(word)
    lines = sorted(found.values(), key=lambda one: (one[0], one[1].position_y))
    for _, _, parts in lines:
        parts.sort(key=lambda word: word.box.position_x)
    return lines


def _echoes(laid: Laid, source: Piece, look: Look) -> list[list[Echo]]:
    """Where the margins of every page repeat the text of a part (string-set); it leaves the form."""
    found: list[list[Echo]] = [[] for _ in laid.document.pages]
    text = _text([line for flow in _whole(source.lines) for line in flow])
    for margin in laid.margins:
        if "".join(word.box.text for word in margin).strip() != text:
            continue
        word, block = margin[0], margin[0].line
        while not isinstance(block, boxes.BlockContainerBox):
            block = laid.parents[id(block)]
        style = _style(laid, -1, look, told=word.box.style)
        is_right = block.style["text_align_all"] in ("right", "end")
        baseline = word.box.position_y + word.box.baseline
        found[word.page].append((block.content_box_x(), block.width, baseline, is_right, style))
        for one in margin:
            layout.drop(laid, one.box)
    return found


def _has_tag(pieces: list[Any]) -> bool:
    return any(type(piece) is str and "<" in piece for piece in pieces)


def _marked(pieces: list[Any], number: int) -> str:
    """The part's HTML, its first tag marked."""
    return shape.markup(pieces, layout.BLANK).replace('data-n="0"', f'data-m="{number}"', 1).replace("data-n", "data-k")


def _pieces_of(part: Piece) -> list[Any]:
    """A part that is one element with one text."""
    (flow,) = part.read.shape.flows
    return [part.read.shape.key[0], Text((part.read.texts[0],)), "</p>"] if flow else []


def _pictures(laid: Laid, read: Shape) -> tuple[list[Box], list[Box]]:
    """Boxes of pictures and bars in the order of the markup; they leave the form."""
    pictures, bars = [], []
    for number in read.boxes:
        page, box = _only(laid, number)
        pictures.append(Box(page, box.content_box_x(), box.content_box_y(), box.width, box.height))
        layout.drop(laid, box)
    for number in read.bars:
        page, box = _only(laid, number)
        paint, ink = (_filled(box, name) for name in ("background_color", "border_top_color"))
        sides = [getattr(box, f"border_{side}_width") for side in ("top", "right", "bottom", "left")]
        if not paint or box.style["bottom"] == "auto" or len(set(sides)) > 1:
            raise StencilRefused("a bar must stand on its bottom and have a colour and one border")
        place = (box.border_box_x(), box.border_box_y(), box.border_width(), box.border_height())
        bars.append(Box(page, *place, paint, sides[0], ink))
        box.background = None
        box.border_top_width = box.border_right_width = box.border_bottom_width = box.border_left_width = 0
    return pictures, bars


def _filled(box: Any, name: str) -> str:
    """The operator that fills with a colour of the box; "": it is transparent."""
    *rgb, alpha = box.style[name].to("srgb")
    return " ".join(f"{value:.4g}" for value in rgb) + " rg" if alpha else ""


def _only(laid: Laid, number: int) -> tuple[int, Any]:
    places = laid.boxes.get(number, [])
    if len(places) != 1:
        raise StencilRefused("a picture that is not on the page, or is on it twice")
    return places[0]
