"""A Django template compiled to a plain function: the same page in a fifth of the time, its texts apart from its tags.

The function gives pieces in the order of the page: str, a part of the markup as it stands (a value inside a tag is part
of it); Text, what the page prints; Picture, the address of a picture. What is not known here (a tag of a library)
raises NotCompiled, and such a template goes the direct way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.template.base import FilterExpression, Node, TextNode, Variable, VariableNode
from django.template.defaulttags import CommentNode, ForNode, IfNode, LoadNode, WithNode
from django.template.loader import get_template
from django.template.loader_tags import IncludeNode
from django.template.smartif import TokenBase
from django.utils.formats import localize
from django.utils.html import escape
from django.utils.safestring import SafeData, SafeString

from epd.pictures import Picture

__all__ = ["CUT", "Height", "NotCompiled", "Page", "Piece", "Text", "compiled"]


NAMED, NAMING = re.compile(r'\sdata-[sg]="[^"]*"'), re.compile(r'\sdata-[sg]="[^"]*$')


class NotCompiled(Exception):
    """The template has something that this room does not know; the message says what."""


class Text(tuple[str]):
    """One printed text, unescaped."""

    __slots__ = ()


class Height(tuple[str]):
    """The height of a bar of a chart in millimetres: the only value of a style that a document may have as its own."""

    __slots__ = ()


class Cut:
    """Between two children of the body: each is laid out by itself."""


CUT = Cut()
VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))
TAG = re.compile(r"<!--.*?-->|<!doctype[^>]*>|<(/?)([a-z][a-z0-9-]*)", re.S | re.I)

Piece = str | Text | Height | Picture | Cut
Page = Callable[[Mapping[str, Any]], list[Piece]]


@cache
def compiled(name: str) -> Page:
    """The function of the template. Raises NotCompiled."""
    maker = _Maker()
    maker.nodes(get_template(name).template.nodelist, {})  # type: ignore[attr-defined]
    source = "\n".join(
        ["def page(context):", "    out = []", "    add = out.append", *maker.hoisted(), *maker.lines, "    return out"]
    )
    room: dict[str, Any] = {
        "look": _look, "text": _text, "inside": _inside, "Loop": _Loop, "each": _each, "Height": Height, "CUT": CUT,
        **maker.constants,
    }  # fmt: skip
    exec(compile(source, f"<{name}>", "exec"), room)
    made: Page = room["page"]
    return made


class _Loop:
    """`forloop` of the template."""

    __slots__ = ("counter", "counter0", "first", "last", "parentloop", "revcounter", "revcounter0")

    def __init__(self, place: int, length: int, parent: Any) -> None:
        self.counter0, self.counter = place, place + 1
        self.revcounter0, self.revcounter = length - place - 1, length - place
        self.first, self.last = place == 0, place == length - 1
        self.parentloop = parent


def _each(values: Any) -> list[Any]:
    return [] if values is None or values == "" else list(values)


def _look(value: Any, name: str) -> Any:
    """`value.name` as a template means it: a key, an attribute, a place in a list; called when it can be."""
    if isinstance(value, dict):
        found = value[name] if name in value else getattr(value, name, "")
    elif name.isdecimal():
        try:
            found = value[int(name)]
        except (IndexError, TypeError, KeyError):
            found = ""
    else:
        found = getattr(value, name, "")
    return found() if callable(found) and not isinstance(found, type) else found


def _text(add: Callable[[Any], None], value: Any) -> None:
    """A value printed between the tags."""
    if isinstance(value, SafeString) and ("<" in value or "&" in value):
        add(str.__str__(value))
    elif type(value) is str:
        add(Text((value,)))
    elif type(value) is int:
        add(Text((str(value),)))
    elif isinstance(value, Picture):
        raise NotCompiled("a picture outside of an attribute")
    elif value is not None:
        add(Text((str(localize(value)),)))
    else:
        add(Text(("None",)))


def _inside(value: Any) -> Piece:
    """A value printed inside a tag."""
    if isinstance(value, Picture):
        return value
    if type(value) is int:
        return str(value)
    text = str(localize(value))
    return str.__str__(text if isinstance(value, SafeData) else escape(text))


class _Maker:
    """Nodes of a template to lines of Python."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.roots: dict[tuple[str, ...], str] = {}  # a name of the context, and what is asked of it → a local name
        self.depth = 1
        self.number = 0
        self.depth_of_tags, self.body, self.opens = 0, -1, False
        self.skips = False  # inside of an attribute that is left out
        self.told = ""  # the last markup written
        self.state = "text"  # where in the markup: text, tag, raw (title, style, script)

    def line(self, code: str) -> None:
        self.lines.append("    " * self.depth + code)

    def name(self, stem: str) -> str:
        self.number += 1
        return f"{stem}{self.number}"

    def constant(self, value: Any) -> str:
        name = self.name("c")
        self.constants[name] = value
        return name

    def nodes(self, nodes: Any, names: Mapping[str, str]) -> None:
        for node in nodes:
            self.node(node, names)

    def node(self, node: Node, names: Mapping[str, str]) -> None:
        if isinstance(node, TextNode):
            self.markup(node.s)
        elif isinstance(node, VariableNode):
            self.printed(self.filtered(node.filter_expression, names))
        elif isinstance(node, IfNode):
            self.branches(node, names)
        elif isinstance(node, ForNode):
            self.loop(node, names)
        elif isinstance(node, WithNode):
            own = dict(names)
            for key, value in node.extra_context.items():
                local = self.name("w")
                self.line(f"{local} = {self.filtered(value, names)}")
                own[key] = local
            self.nodes(node.nodelist, own)
        elif isinstance(node, IncludeNode):
            self.include(node, names)
        elif not isinstance(node, (CommentNode, LoadNode)):
            raise NotCompiled(f"tag {type(node).__name__}")

    def markup(self, text: str) -> None:
        text = str.__str__(text)
        if self.skips:  # the name of a slot is for people and tests
            _, self.skips, text = (*text.partition('"')[:1], '"' not in text, text.partition('"')[2])
        text = NAMED.sub("", text)
        if named := NAMING.search(text):
            text, self.skips = text[: named.start()], True
        for part in self.cut(text):
            if part is CUT:
                self.line("add(CUT)")
            elif part:
                self.line(f"add({self.constant(part)})")
        self.told = text
        self.state = _after(self.state, text)

    def cut(self, text: str) -> list[Any]:
        """The markup, cut after the opening of the body and after each of its children. A tag cut by a value is whole
        with its name: only names are counted."""
        parts: list[Any] = []
        place = 0
        for match in TAG.finditer(text):
            name = (match[2] or "").lower()
            if not name or name in VOID:
                continue
            self.depth_of_tags += -1 if match[1] else 1
            if name == "body":
                self.body = self.depth_of_tags if not match[1] else -1
                self.opens = not match[1]
            elif match[1] and self.depth_of_tags == self.body:
                end = text.find(">", match.end()) + 1
                parts += [text[place:end], CUT]
                place = end
                continue
            elif self.opens and not match[1]:
                parts += [text[place : match.start()], CUT]
                place = match.start()
                self.opens = False
        parts.append(text[place:])
        return parts

    def printed(self, code: str) -> None:
        if self.skips:
            return
        if self.state == "tag" and self.told.endswith('style="height:'):
            self.line(f"add(Height((str({code}),)))")
        elif self.state == "text":
            self.line(f"text(add, {code})")
        elif self.state == "tag":
            self.line(f"add(inside({code}))")

    def branches(self, node: IfNode, names: Mapping[str, str]) -> None:
        before, after, depth = self.state, None, self.depth_of_tags
        for place, (condition, nodes) in enumerate(node.conditions_nodelists):
            if condition is None:
                self.line("else:")
            else:
                self.line(f"{'elif' if place else 'if'} {self.condition(condition, names)}:")
            self.state = before
            self.depth += 1
            self.line("pass")
            self.nodes(nodes, names)
            self.depth -= 1
            if after not in (None, self.state) or self.depth_of_tags != depth:
                raise NotCompiled("branches of an if end in different places of the markup")
            after = self.state
        if after != before and node.conditions_nodelists[-1][0] is not None:
            raise NotCompiled("an if opens a tag that it does not close")

    def condition(self, token: TokenBase, names: Mapping[str, str]) -> str:
        kind = token.id
        if kind == "literal":
            return self.filtered(token.value, names)
        if kind == "not":
            return f"(not {self.condition(token.first, names)})"
        if kind in ("or", "and", "in", "not in", "==", "!=", "<", ">", "<=", ">=", "is", "is not"):
            return f"({self.condition(token.first, names)} {kind} {self.condition(token.second, names)})"
        raise NotCompiled(f"operator {kind}")

    def loop(self, node: ForNode, names: Mapping[str, str]) -> None:
        values, place = self.name("v"), self.name("i")
        self.line(f"{values} = each({self.filtered(node.sequence, names)})")
        if node.is_reversed:
            self.line(f"{values}.reverse()")
        own = dict(names)
        locals_ = []
        for variable in node.loopvars:
            local = self.name("x")
            own[variable] = local
            locals_.append(local)
        before = self.state
        target = f"({', '.join(locals_)})" if len(locals_) > 1 else locals_[0]
        self.line(f"for {place}, {target} in enumerate({values}):")
        self.depth += 1
        own["forloop"] = self.name("f")
        self.line(f"{own['forloop']} = Loop({place}, len({values}), {names.get('forloop', 'None')})")
        told = len(self.lines) - 1
        self.nodes(node.nodelist_loop, own)
        if not any(own["forloop"] in line for line in self.lines[told + 1 :]):
            self.lines[told] = "    " * self.depth + "pass"
        self.depth -= 1
        if self.state != before:
            raise NotCompiled("a loop ends in another place of the markup")
        if node.nodelist_empty:
            self.line(f"if not {values}:")
            self.depth += 1
            self.line("pass")
            self.nodes(node.nodelist_empty, names)
            self.depth -= 1

    def include(self, node: IncludeNode, names: Mapping[str, str]) -> None:
        template = node.template
        if not isinstance(template, FilterExpression) or not isinstance(template.var, str):
            raise NotCompiled("include of a template that is not named outright")
        own = {} if node.isolated_context else dict(names)
        for key, value in node.extra_context.items():
            local = self.name("w")
            self.line(f"{local} = {self.filtered(value, names)}")
            own[key] = local
        self.nodes(get_template(str(template.var)).template.nodelist, own)  # type: ignore[attr-defined]

    def filtered(self, expression: Any, names: Mapping[str, str]) -> str:
        code = self.variable(expression.var, names)
        for function, arguments in expression.filters:
            given = [
                self.variable(value, names) if is_variable else self.constant(value) for is_variable, value in arguments
            ]
            if getattr(function, "needs_autoescape", False):
                given.append("autoescape=True")
            code = f"{self.constant(function)}({', '.join([code, *given])})"
        return code

    def variable(self, variable: Any, names: Mapping[str, str]) -> str:
        if not isinstance(variable, Variable):
            return self.constant(variable)
        if variable.lookups is None:
            return self.constant(variable.literal)
        root, *rest = variable.lookups
        code = names.get(root) or {"True": "True", "False": "False", "None": "None"}.get(root, "")
        if not code:  # looked up once, whatever the page asks of it
            code = self.roots.setdefault((root, *rest[:1]), f"r{len(self.roots)}")
            rest = rest[1:]
        for part in rest:
            if code.isidentifier():
                code = f"({code}[{part!r}] if type({code}) is dict and {part!r} in {code} else look({code}, {part!r}))"
            else:
                code = f"look({code}, {part!r})"
        return code

    def hoisted(self) -> list[str]:
        """What the page asks of its context, before its first line."""
        lines = []
        for (root, *rest), local in self.roots.items():
            code = f"context.get({root!r}, '')"
            for part in rest:
                code = f"look({code}, {part!r})"
            lines.append(f"    {local} = {code}")
        return lines


def _after(state: str, text: str) -> str:
    """Where in the markup we are after `text`."""
    place, raw = 0, ""
    while place < len(text):
        if state == "text":
            place = text.find("<", place)
            if place < 0:
                break
            if text.startswith("<!--", place):
                place = text.index("-->", place) + 3
                continue
            raw = next((word for word in ("title", "style", "script") if text[place + 1 :].startswith(word)), "")
            state = "tag"
        elif state == "tag":
            place = text.find(">", place)
            if place < 0:
                break
            place += 1
            state, raw = ("raw" if raw else "text"), ""
        else:
            place = text.find("</", place)
            if place < 0:
                break
            state = "tag"
    return state
