"""A report asked of the database: a page of rows with totals, all rows in a stream, values of filters. Only reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

import payments.queries
from accounts.calendar import Month
from portals.reports import debts, sums
from portals.reports.compiler import BEFORE_ALL, MOST_COLUMNS, Books, Report, Scope, Statement
from portals.reports.definitions import Definition
from portals.reports.vocabulary import (
    DAY,
    DIMENSIONS,
    MEASURES,
    MONTH,
    STOCKS,
    Dimension,
    Measure,
    ReportRefused,
    TooLarge,
)

PER_PAGE = 50
REMEMBERED = 300  # seconds that the values of filters are kept
MOST_OPTIONS = 2000  # values of a filter offered at once
PATIENCE = "30s"  # of a page; a job takes as long as it takes
MANY = 20_000  # accounts from which on a page of them is chosen before it is read
CHUNK = 5000  # rows fetched at once
HUNDRED = Decimal(100)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Key:
    """A value of a dimension: what it is called, and by what a filter finds it (empty: nothing to go into)."""

    label: str
    value: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its keys, and the cells in the order of the heads."""

    keys: tuple[Key, ...]
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A column of figures: its measure, and the value of the spreading dimension above it (None: over all of them)."""

    measure: Measure
    above: Key | None = None

    @property
    def title(self) -> str:
        return f"{self.above.label}: {self.measure.title}" if self.above else self.measure.title


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a report: its lines, the totals of all lines, and how many lines there are."""

    dimensions: tuple[Dimension, ...]
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    totals: tuple[Any, ...]
    count: int


def books_of(definition: Definition) -> Books:
    """The closed months that bound what is read."""
    closed = payments.queries.closed_months()
    before = [month for month in closed if month < definition.first]
    mark = max(before, default=BEFORE_ALL)
    has_stocks = any(MEASURES[code].how in STOCKS for code in definition.measures)
    since = mark.next if has_stocks else definition.first
    summed = sums.usable(since=since, last=definition.last, balance_of=mark)
    return Books(mark, summed)


def report(definition: Definition, scope: Scope, *, is_page: bool = False) -> Report:
    """The report upon its books. is_page: somebody waits for it, so that it may not read everything."""
    made = Report(definition, scope, books_of(definition))
    if not debts.asks(made):
        return made
    return replace(made, debts=debts.told(made, most=debts.MOST_ACCOUNTS if is_page else None))


def key_of(dimension: Dimension, key: Any, label: str | None) -> Key:
    if key is None:
        return Key(label or "не указано", "")
    if dimension.kind == MONTH:
        return Key(Month.of(key).title, str(Month.of(key)))
    if dimension.kind == DAY:
        return Key(f"{key:%d.%m.%Y}", f"{key:%Y-%m-%d}")
    if dimension.words:
        return Key(dimension.words.get(key, str(key)), str(key))
    if dimension.code == "account":
        return Key(label or "", label or "", key)
    return Key(label or "не указано", str(key))


def per_cent(part: Any, whole: Any) -> Decimal | None:
    """Per cent with one place after the comma; None of nothing."""
    return (part * HUNDRED / whole).quantize(TENTH) if part is not None and whole else None


def cells_of(shown: Sequence[Measure], found: dict[str, Any]) -> tuple[Any, ...]:
    """Figures in the order of the measures; `found`: sums by code."""
    return tuple(
        per_cent(found.get(one.of[0]), found.get(one.of[1])) if one.of else found.get(one.code) for one in shown
    )


class Shape:
    """How rows of the statement become lines: with a spreading dimension several rows make one."""

    def __init__(self, made: Report) -> None:
        self.report = made
        self.rows = made.rows
        self.summed = [measure.code for measure in made.measures]
        self.shown = [MEASURES[code] for code in made.definition.measures]
        self.values: list[Key] = []

    def heads(self) -> tuple[Head, ...]:
        """Figures of each value of the spreading dimension, then of all of them."""
        if not self.report.pivot:
            return tuple(Head(measure) for measure in self.shown)
        spread = [Head(measure, value) for value in self.values for measure in self.shown]
        return (*spread, *(Head(measure, Key("Всего", "")) for measure in self.shown))

    def keys(self, row: Sequence[Any]) -> tuple[Key, ...]:
        return tuple(key_of(one, row[2 * place], row[2 * place + 1]) for place, one in enumerate(self.rows))

    def value(self, row: Sequence[Any]) -> Key:
        assert self.report.pivot
        place = 2 * len(self.rows)
        return key_of(self.report.pivot, row[place], row[place + 1])

    def sums(self, row: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self.summed, row[2 * len(self.report.dimensions) :], strict=False))

    def spread(self, found: dict[Key, dict[str, Any]]) -> tuple[Any, ...]:
        """The cells of one line: value by value, then the whole. States of months are not added up: the last one is."""
        cells: list[Any] = []
        for value in self.values:
            cells += cells_of(self.shown, found.get(value, {}))
        whole: dict[str, Any] = {}
        is_month = self.report.pivot is not None and self.report.pivot.code == "month"
        for measure in self.report.measures:
            given = [found.get(value, {}).get(measure.code) for value in self.values]
            if measure.distinct:
                whole[measure.code] = None
            elif is_month and measure.how == "opening":
                whole[measure.code] = given[0] if given else None
            elif is_month and measure.how in ("closing", "level"):
                whole[measure.code] = given[-1] if given else None
            else:
                whole[measure.code] = sum((one for one in given if one is not None), Decimal(0))
        cells += cells_of(self.shown, whole)
        return tuple(cells)

    def lines(self, rows: Iterator[Sequence[Any]]) -> Iterator[Line]:
        """Lines of rows that stand in their order."""
        if not self.report.pivot:
            for row in rows:
                yield Line(self.keys(row), cells_of(self.shown, self.sums(row)))
            return
        keys: tuple[Key, ...] | None = None
        found: dict[Key, dict[str, Any]] = {}
        for row in rows:
            if keys is not None and self.keys(row) != keys:
                yield Line(keys, self.spread(found))
                found = {}
            keys = self.keys(row)
            found[self.value(row)] = self.sums(row)
        if keys is not None:
            yield Line(keys, self.spread(found))


def fetched(statement: Statement, *, patience: str | None = PATIENCE) -> list[tuple[Any, ...]]:
    """Rows of a page. A statement that nobody would wait for is stopped."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # jit: a page of many small groups takes longer to compile than to run
            cursor.execute(f"SET LOCAL statement_timeout = '{patience or 0}'; SET LOCAL jit = off")
            cursor.execute(statement.sql, dict(statement.params))
            return list(cursor.fetchall())
    except DatabaseError as fault:
        if getattr(fault.__cause__, "pgcode", "") == "57014":
            raise TooLarge(
                "Отчёт слишком велик, чтобы показать его сразу. Сузьте отбор или скачайте файл: он соберётся в фоне."
            ) from fault
        raise


def sheet(
    definition: Definition, scope: Scope, *, page: int = 1, per_page: int = PER_PAGE, patience: str | None = PATIENCE
) -> Sheet:
    """A page of the report. Two statements: the closed months, the report.

    Accounts by number, where there are many: the page's accounts are chosen first and read by their keys, the totals
    are grouped by contract; how many lines there are is then the number of accounts, those without movement too.
    """
    made = report(definition, scope, is_page=patience is not None)
    if definition.rows == ("account",) and not definition.sort and not made.pivot and are_many():
        return _page_of_accounts(made, page=page, per_page=per_page, patience=patience)
    rows = fetched(made.page(limit=per_page, offset=(page - 1) * per_page), patience=patience)
    return laid(made, [row[1:-1] for row in rows if not row[0]], [row[1:] for row in rows if row[0]])


def are_many() -> bool:
    """Are there so many accounts that a page of them is chosen before it is read? By the server's own estimate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'accounts_personalaccount'::regclass")
        return bool(cursor.fetchone()[0] > MANY)


def _page_of_accounts(made: Report, *, page: int, per_page: int, patience: str | None) -> Sheet:
    definition = made.definition
    chosen = (
        "FROM accounts_personalaccount AS c WHERE (c.closed_on IS NULL OR c.closed_on >= %(first)s)"
        f" AND c.opened_on < %(next)s AND {' AND '.join(made.limits_of_accounts())}"
    )
    params = {**made.params, "limit": per_page, "offset": (page - 1) * per_page}
    ids = fetched(Statement(f"SELECT c.id {chosen} ORDER BY c.number LIMIT %(limit)s OFFSET %(offset)s", params))
    ((count,),) = fetched(Statement(f"SELECT count(*) {chosen}", params))
    mine = replace(made, only_accounts=tuple(pk for (pk,) in ids))
    rows = fetched(mine.page(limit=per_page, totals=False), patience=patience) if ids else []
    totals = fetched(replace(made, definition=replace(definition, rows=("contract",))).totals(), patience=patience)
    return laid(made, [row[1:-1] for row in rows], [(*row[1:-1], count) for row in totals])


def laid(made: Report, rows: list[Sequence[Any]], totals: list[Sequence[Any]]) -> Sheet:
    """A sheet of the statement's rows: `totals` end with the number of lines."""
    shape = Shape(made)
    count = totals[0][-1] if totals else 0
    if made.pivot:
        shape.values = [shape.value(row) for row in totals]
        if len(shape.values) > MOST_COLUMNS:
            raise ReportRefused(
                f"В столбцах «{made.pivot.title}» получилось {len(shape.values)} значений, а помещается "
                f"{MOST_COLUMNS}. Перенесите это поле в строки или сузьте отбор."
            )
        cells = shape.spread({shape.value(row): shape.sums(row[:-1]) for row in totals})
    else:
        cells = cells_of(shape.shown, shape.sums(totals[0][:-1])) if totals else ()
    return Sheet(tuple(made.rows), shape.heads(), tuple(shape.lines(iter(rows))), cells, count)


def streamed(statement: Statement) -> Iterator[tuple[Any, ...]]:
    """All rows, some thousands at a time; the server keeps the rest.

    Outside a transaction the server's cursor holds its rows, so that progress is written while they are read.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement.sql, dict(statement.params))
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


@dataclass(frozen=True, slots=True)
class Stream:
    """All lines of a report, read as they are written."""

    dimensions: tuple[Dimension, ...]
    heads: tuple[Head, ...]
    lines: Iterator[Line]


def stream(definition: Definition, scope: Scope) -> Stream:
    """All lines of the report, one statement; where measures are spread, one more for what they are spread over."""
    made = report(definition, scope)
    shape = Shape(made)
    if made.pivot:
        totals = laid(made, [], [row[1:] for row in streamed(made.totals())])
        shape.values = list(dict.fromkeys(head.above for head in totals.heads if head.above))[:-1]
    return Stream(tuple(made.rows), shape.heads(), shape.lines(streamed(made.every())))


ADDRESSES = """
    SELECT a.number, h.town || ', ' || h.street || ', д. ' || h.number, up.number, p.kind, p.number
    FROM accounts_personalaccount AS a JOIN accounts_house AS h ON h.id = a.house_id
    JOIN accounts_premises AS p ON p.id = a.premises_id LEFT JOIN accounts_premises AS up ON up.id = p.parent_id
    WHERE a.number = ANY(%s)
"""
KINDS = {1: "кв.", 2: "ком.", 3: "пом.", 5: "м/м", 6: "блок"}


def addresses(numbers: Sequence[str]) -> dict[str, str]:
    """Number of an account → its address. One statement."""
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ADDRESSES, [list(numbers)])
        rows = cursor.fetchall()
    found = {}
    for number, house, flat, kind, own in rows:
        parts = [house, f"кв. {flat}" if flat else "", f"{KINDS.get(kind, '')} {own}".strip() if own else ""]
        found[number] = ", ".join(part for part in parts if part)
    return found


# --- filters ---------------------------------------------------------------------------------------------------------


def options(dimension: Dimension, scope: Scope, *, streets: Sequence[str] = ()) -> list[Key]:
    """Values that a filter offers: our own words, or what the contracts of the scope have to do with.

    streets: houses of these streets only. Kept for some minutes: a new house may wait so long for its place in a list.
    """
    if dimension.words:
        return [Key(label, str(value)) for value, label in dimension.words.items()]
    if not dimension.options:
        return []
    told = repr((dimension.code, sorted(scope.contracts) if scope.contracts is not None else None, list(streets)))
    place = f"report-options:{hashlib.sha256(told.encode()).hexdigest()[:32]}"
    found: list[Key] | None = cache.get(place)
    if found is None:
        found = _options(dimension, scope, streets)
        cache.set(place, found, timeout=REMEMBERED)
    return found


def _options(dimension: Dimension, scope: Scope, streets: Sequence[str]) -> list[Key]:
    of_streets = " AND h.town || ', ' || h.street = ANY(%(streets)s)" if streets else ""
    conditions = {
        "houses": scope.condition(
            "EXISTS (SELECT FROM billing_provision AS own WHERE own.house_id = h.id"
            " AND own.contract_id = ANY({contracts}))"
        ) + of_streets,
        "contracts": scope.condition("k.id = ANY({contracts})"),
        "services": scope.condition(
            "id IN (SELECT own.service_id FROM billing_provision AS own WHERE own.contract_id = ANY({contracts}))"
        ),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"{dimension.options.format(**conditions)} LIMIT {MOST_OPTIONS}", {**scope.params, "streets": list(streets)}
        )
        return [Key(str(label), str(value)) for value, label in cursor.fetchall()]


def names_of(definition: Definition, scope: Scope) -> dict[str, list[str]]:
    """What the values of the filters are called, dimension by dimension."""
    found: dict[str, list[str]] = {}
    for code, values in definition.filters.items():
        dimension = DIMENSIONS[code]
        if dimension.kind == MONTH:
            found[code] = [Month.parse(value).title for value in values]
        elif dimension.kind == DAY:
            found[code] = [f"{date.fromisoformat(value):%d.%m.%Y}" for value in values]
        else:
            found[code] = [label_of(dimension, value, scope) for value in values]
    return found


def label_of(dimension: Dimension, value: str, scope: Scope) -> str:
    """What one value of a filter is called, if the scope knows it."""
    for one in options(dimension, scope):
        if one.value == value:
            return one.label
    return value if dimension.type == "text" else f"№ {value}"
