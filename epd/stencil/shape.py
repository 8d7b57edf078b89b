"""What a page is before layout: its skeleton of blocks, and the texts that flow in them.

Two documents with one skeleton differ by texts alone. A flow is what one block prints between its inner blocks: a row
of runs, each with the chain of inline tags it stands in. A flow without a text of the document belongs to the form;
the others are filled in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from epd.pictures import Picture
from epd.stencil.template import CUT, Height, Piece, Text

INLINE = frozenset(
    ("a", "abbr", "b", "code", "em", "i", "label", "mark", "s", "small", "span", "strong", "sub", "sup", "time", "u")
)
VOID = frozenset(("img", "br", "hr", "col", "meta", "link", "input"))
SPACES = re.compile(r"[ \t\n\r\f]+")
TAG = re.compile(r"<!--.*?-->|<!doctype[^>]*>|<(/?)([a-z][a-z0-9-]*)([^>]*)>", re.S | re.I)
PICTURE = "\ue000"  # stands for the address of a picture in the markup
SHAPES = 5_000  # kept at most
HEIGHT = "\ue001"  # stands for the height of a bar

Chain = tuple[str, ...]
Run = tuple[Chain, str]
Told = tuple[Chain, "str | int"]  # a text of the template, or the number of a text of the document


@dataclass(slots=True)
class Flow:
    """Texts of one block; `place` is where it stands in the skeleton, `tags` the number of the tag of each run.

    only: the one run, where nothing but spaces stands round it.
    """

    place: int
    runs: list[Told]
    tags: list[int]
    block: int  # number of the block's tag
    only: tuple[Chain, int] | None = None


@dataclass(slots=True)
class Shape:
    """The skeleton; the flows that are filled in, and those that are not; tags of pictures and of bars."""

    key: tuple[Any, ...]
    flows: list[Flow]
    others: list[Flow]
    boxes: list[int]
    bars: list[int]
    blocks: int  # how many tags were known as blocks when this was read
    stencils: dict[str, Any] = field(default_factory=dict)  # the press's, by what opens the page: the key is long


@dataclass(slots=True)
class Reading:
    """A page: its shape, and what is the document's own, in the order of the page."""

    shape: Shape
    texts: list[str]
    pictures: list[Picture]
    heights: list[str]

    def runs(self, flow: Flow) -> list[Run]:
        """The texts of a flow."""
        texts = self.texts
        return [(chain, texts[told] if type(told) is int else told) for chain, told in flow.runs]  # type: ignore[misc,index]


TEXT, OPEN, CLOSE, BLOCK, END = range(5)
Token = tuple[int, str, str]


class Reader:
    """Pieces to shapes. blocks: opening tags of what is named as inline but laid out as a block; it grows."""

    def __init__(self) -> None:
        self.blocks: set[str] = set()
        self.tokens = lru_cache(maxsize=20_000)(self._tokens)
        self.shapes: dict[tuple[str, ...], Shape] = {}

    def learn(self, tags: Iterable[str]) -> None:
        """These opening tags make blocks."""
        self.blocks.update(tags)
        self.shapes.clear()

    def _tokens(self, markup: str) -> tuple[Token, ...]:
        """Tags and texts of a piece of markup that begins and ends outside of a tag."""
        found: list[Token] = []
        place = 0
        for match in TAG.finditer(markup):
            if match.start() > place:
                found.append((TEXT, SPACES.sub(" ", html.unescape(markup[place : match.start()])), ""))
            place = match.end()
            name = (match[2] or "").lower()
            if not name:
                continue
            if name in INLINE:
                found.append((CLOSE, "", name) if match[1] else (OPEN, match[0], name))
            else:
                found.append((END if match[1] else BLOCK, match[0], name))
        if place < len(markup):
            found.append((TEXT, SPACES.sub(" ", html.unescape(markup[place:])), ""))
        return tuple(found)

    def read(self, pieces: Iterable[Piece]) -> Reading:
        """The page's shape, known by its markup, and its texts."""
        markups: list[str] = []
        texts: list[str] = []
        pictures: list[Picture] = []
        heights: list[str] = []
        parts: list[str] = []
        for piece in pieces:
            kind = type(piece)
            if kind is str:
                parts.append(piece)  # type: ignore[arg-type]
            elif kind is Text:
                markups.append("".join(parts))
                parts.clear()
                texts.append(piece[0])  # type: ignore[index]
            elif kind is Height:
                heights.append(piece[0])  # type: ignore[index]
                parts.append(HEIGHT)
            else:
                pictures.append(piece)  # type: ignore[arg-type]
                parts.append(PICTURE + piece.kind)  # type: ignore[union-attr]
        markups.append("".join(parts))
        known = tuple(markups)
        shape = self.shapes.get(known)
        if shape is None or shape.blocks != len(self.blocks):
            shape = self._shape(markups)
            if len(self.shapes) >= SHAPES:
                self.shapes.clear()
            self.shapes[known] = shape
        return Reading(shape, texts, pictures, heights)

    def _shape(self, markups: list[str]) -> Shape:
        key: list[Any] = []
        flows: list[Flow] = []
        others: list[Flow] = []
        boxes: list[int] = []
        bars: list[int] = []
        runs: list[Told] = []
        tags: list[int] = []
        chain: Chain = ()
        number = tag = block = -1  # the last tag opened; the one we are in; the block we are in
        within: list[tuple[str, int]] = []  # blocks that are open: name, number
        stack: list[tuple[Chain, bool, int, int]] = []  # chain outside, is a block, runs at its opening, tag outside
        blocks = self.blocks

        def end() -> None:
            nonlocal runs, tags
            if any(type(told) is int for _, told in runs):
                flows.append(Flow(len(key), runs, tags, block, _only(runs)))
                key.append(None)
            elif any(told != " " for _, told in runs):
                others.append(Flow(len(key), runs, tags, block))
                key.append(tuple(runs))
            if runs:
                runs, tags = [], []

        for place, markup in enumerate(markups):
            if place:
                runs.append((chain, place - 1))
                tags.append(tag)
            for kind, text, name in self.tokens(markup):
                if kind == TEXT:
                    runs.append((chain, text))
                    tags.append(tag)
                elif kind == BLOCK:
                    end()
                    key.append(text)
                    number += 1
                    if PICTURE in text:
                        boxes.append(number)
                    elif HEIGHT in text:
                        bars.append(number)
                    if name not in VOID:
                        within.append((name, number))
                        tag = block = number
                elif kind == END:
                    end()
                    key.append(text)
                    while within and within.pop()[0] != name:
                        pass
                    tag = block = within[-1][1] if within else -1
                elif kind == OPEN:
                    number += 1
                    if text in blocks:
                        end()
                        key.append(text)
                        stack.append((chain, True, 0, tag))
                        within.append(("", number))
                        block = number
                        chain = ()
                    else:
                        stack.append((chain, False, len(runs), tag))
                        chain = (*chain, text)
                    tag = number
                elif stack:
                    outside, is_block, before, tag_outside = stack.pop()
                    if is_block:
                        end()
                        key.append("</inline>")
                        while within and within.pop()[0]:
                            pass
                        block = within[-1][1] if within else -1
                    elif len(runs) == before:  # an empty one may still be a box
                        key.append(chain)
                    chain, tag = outside, tag_outside
        end()
        return Shape(tuple(key), flows, others, boxes, bars, len(blocks))


def _only(runs: list[Told]) -> tuple[Chain, int] | None:
    told = [(chain, text) for chain, text in runs if text != " "]
    if len(told) == 1 and type(told[0][1]) is int:
        return told[0]  # type: ignore[return-value]
    return None


def collapsed(runs: list[Run]) -> list[Run]:
    """The runs as they are set: one space for many, none at the ends, empty ones left out."""
    if len(runs) == 1:
        chain, text = runs[0]
        if "  " in text or "\n" in text or "\t" in text:
            text = SPACES.sub(" ", text)
        text = text.strip(" ")
        return [(chain, text)] if text else []
    found: list[Run] = []
    after_space = True
    for chain, text in runs:
        text = SPACES.sub(" ", text)
        if after_space:
            text = text.lstrip(" ")
        if not text:
            continue
        after_space = text[-1] == " "
        found.append((chain, text))
    while found:
        chain, text = found[-1]
        if text[-1] != " ":
            break
        text = text.rstrip(" ")
        if text:
            found[-1] = (chain, text)
            break
        found.pop()
    return found


def markup(pieces: Iterable[Piece], blank: str) -> str:
    """HTML of a part of the page with every tag numbered in its order (data-n) and `blank` for every picture."""
    parts = []
    for piece in pieces:
        kind = type(piece)
        if kind is Text:
            parts.append(html.escape(piece[0]))  # type: ignore[index]
        elif kind is Height:
            parts.append(piece[0])  # type: ignore[index]
        elif piece is not CUT:
            parts.append(blank if isinstance(piece, Picture) else str(piece))
    number = -1

    def numbered(match: re.Match[str]) -> str:
        nonlocal number
        if match[1] or not match[2]:
            return match[0]
        number += 1
        return f'<{match[2]} data-n="{number}"{match[3]}>'

    return TAG.sub(numbered, "".join(parts))


def parts_of(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces between the cuts: what opens the body, its children, what closes it."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece is CUT:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts
