"""From a report to what a page or a file shows: titles, notes, typed cells. One place for groupings and lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.calendar import Month
from portals.reports import definitions, running, sheets
from portals.reports.compiler import Scope
from portals.reports.definitions import Definition
from portals.reports.lists import LISTS, ListReport
from portals.reports.running import Head, Key, Line
from portals.reports.sheets import Column, Table
from portals.reports.vocabulary import DAY, DIMENSIONS, MONEY, MONTH, QUANTITY, STOCKS, Dimension


@dataclass(frozen=True, slots=True)
class What:
    """Which report is meant: a definition, and the list it is of, if it is a list."""

    title: str
    definition: Definition
    listed: str = ""

    @property
    def list(self) -> ListReport | None:
        return LISTS[self.listed] if self.listed else None

    def stored(self) -> dict[str, Any]:
        return {**self.definition.stored(), "listed": self.listed}


def span(definition: Definition) -> str:
    """«октябрь 2026», «январь – октябрь 2026», «ноябрь 2025 – октябрь 2026»"""
    first, last = definition.first, definition.last
    if first == last:
        return first.title
    if first.first.year == last.first.year:
        return f"{first.title.rpartition(' ')[0]} – {last.title}"
    return f"{first.title} – {last.title}"


def filters(what: What, scope: Scope) -> list[str]:
    """The filters in words, «Дом: Оренбург, ул. Чкалова, д. 7»; many values are counted."""
    told = []
    for code, names in running.names_of(what.definition, scope).items():
        shown = ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} и ещё {len(names) - 2}"
        told.append(f"{DIMENSIONS[code].title}: {shown}")
    return told


def notes(what: What, scope: Scope, *, owner: str, made_on: date) -> tuple[str, ...]:
    """Lines under the title of a file: period, whose figures, filters."""
    told = [f"Период: {span(what.definition)}. {owner}. Составлен {made_on:%d.%m.%Y}."]
    return (*told, *filters(what, scope))


def typed(dimension: Dimension, key: Key) -> Any:
    """A key as a cell of a file: months and days are dates."""
    if dimension.kind == MONTH and key.value:
        return Month.parse(key.value).first
    if dimension.kind == DAY and key.value:
        return date.fromisoformat(key.value)
    return key.label


def _columns(definition: Definition, dimensions: Sequence[Dimension], heads: Sequence[Head]) -> list[Column]:
    found = [Column(one.title, one.kind, one.width) for one in dimensions]
    addresses = any(one.code == "account" for one in dimensions)
    if addresses:
        found.insert(_account(dimensions) + 1, Column("Адрес", width=48))
    base = len(found)
    months_in_rows = "month" in definition.rows
    for head in heads:
        measure = head.measure
        total, of = sheets.SUM, None
        if measure.of:
            spots = [
                base + place for part in measure.of for place, other in enumerate(heads)
                if other.measure.code == part and other.above == head.above
            ]  # fmt: skip
            total, of = (sheets.RATIO, (spots[0], spots[1])) if len(spots) == 2 else (sheets.NONE, None)
        elif measure.distinct or is_mixed(definition, head):
            total = sheets.NONE
        elif months_in_rows and measure.how not in ("flow",):
            total = sheets.NONE  # the states of several months are no sum
        width = 17 if measure.kind == MONEY else 14
        title, above = measure.title, head.above.label if head.above else ""
        if above and len(definition.measures) == 1:  # one measure: what it is spread over is heading enough
            title, above = above, ""
        found.append(Column(title, measure.kind, width, total, of, above))
    return found


def is_mixed(definition: Definition, head: Head) -> bool:
    """Do the rows of the column have different units, so that their sum says nothing?"""
    measure = head.measure
    if measure.kind != QUANTITY or not measure.needs or len(definition.filters.get(measure.needs, ())) == 1:
        return False
    return not (definition.columns == measure.needs and head.above is not None and head.above.value)


def _account(dimensions: Sequence[Dimension]) -> int:
    return [one.code for one in dimensions].index("account")


def _addressed(dimensions: Sequence[Dimension], lines: Iterator[Line]) -> Iterator[tuple[Any, ...]]:
    """Cells of lines; beside an account's number stands its address, looked up some thousands at a time."""
    place = _account(dimensions) if any(one.code == "account" for one in dimensions) else None
    portion: list[Line] = []
    for line in lines:
        portion.append(line)
        if len(portion) == running.CHUNK:
            yield from _cells(dimensions, portion, place)
            portion = []
    yield from _cells(dimensions, portion, place)


def _cells(dimensions: Sequence[Dimension], lines: Sequence[Line], place: int | None) -> Iterator[tuple[Any, ...]]:
    addresses = running.addresses([line.keys[place].value for line in lines]) if place is not None else {}
    for line in lines:
        keys = [typed(one, key) for one, key in zip(dimensions, line.keys, strict=True)]
        if place is not None:
            keys.insert(place + 1, addresses.get(line.keys[place].value, ""))
        yield (*keys, *line.cells)


def table(what: What, scope: Scope, *, owner: str, made_on: date) -> Table:
    """The whole report as a file is written from it; rows are read as they are written."""
    head = notes(what, scope, owner=owner, made_on=made_on)
    if what.list:
        columns = tuple(
            Column(one.title, one.kind, one.width, sheets.SUM if one.is_summed else sheets.NONE)
            for one in what.list.columns
        )
        rows = running.streamed(what.list.statement(what.definition, scope))
        return Table(what.title, what.title, head, columns, rows)
    found = running.stream(what.definition, scope)
    columns = tuple(_columns(what.definition, found.dimensions, found.heads))
    frozen = len(columns) - len(found.heads)
    totals: tuple[Any, ...] = ()
    if "month" in what.definition.rows and any(one.measure.how != "flow" for one in found.heads):
        sums = running.sheet(what.definition, scope, per_page=1).totals
        stays = [one.measure.how in (*STOCKS, "level") for one in found.heads]
        totals = (*[None] * frozen, *(sum_ if keep else None for sum_, keep in zip(sums, stays, strict=True)))
    return Table(what.title, what.title, head, columns, _addressed(found.dimensions, found.lines), frozen, totals)


def count(what: What, scope: Scope, *, patience: str | None = running.PATIENCE) -> int:
    """How many lines the file will have, for its progress; `patience` as of a page, None: as long as it takes."""
    if what.list:
        first = running.fetched(what.list.statement(what.definition, scope, limit=1), patience=patience)
        return int(first[0][len(what.list.columns)]) if first else 0
    return running.sheet(what.definition, scope, per_page=1, patience=patience).count


def of_stored(title: str, stored: dict[str, Any], *, today: date) -> What:
    """A kept report, its period as of today."""
    listed = stored.get("listed", "")
    if listed:
        found = Definition(
            rows=(), measures=(), first=Month.parse(stored["first"]), last=Month.parse(stored["last"]),
            filters={name: tuple(values) for name, values in stored.get("filters", {}).items()},
            period=stored.get("period", definitions.FIXED),
        )  # fmt: skip
        return What(title, definitions.checked_list(found.over(today)), listed if listed in LISTS else "")
    return What(title, definitions.read(stored, today=today))


__all__ = ["What", "count", "filters", "notes", "of_stored", "span", "table"]
