"""A report as it is asked for: rows, columns, measures, filters, period. It is data: kept, put into an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.http import QueryDict

from accounts.calendar import Month
from accounts.errors import Refusal
from portals.reports.vocabulary import (
    DAY,
    DIMENSIONS,
    FACTS,
    MEASURES,
    MONTH,
    STOCKS,
    Dimension,
    Fact,
    Measure,
    ReportRefused,
)

MOST_ROWS, MOST_MEASURES, MOST_MONTHS, MOST_VALUES = 4, 16, 240, 500
FIXED, THIS_MONTH, LAST_MONTH, THIS_YEAR = "fixed", "this_month", "last_month", "this_year"
PERIODS = {
    LAST_MONTH: "прошлый месяц", THIS_MONTH: "текущий месяц", THIS_YEAR: "с начала года", FIXED: "месяцы по выбору",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """A grouping. `columns` spreads the measures over the values of one more dimension; `sort` is «-closing» or empty.

    `period` other than fixed moves with the day the report is made on (`today`); first and last are the months it
    means now.
    """

    rows: tuple[str, ...]
    measures: tuple[str, ...]
    first: Month
    last: Month
    columns: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    period: str = FIXED
    today: date | None = field(default=None, compare=False)

    @property
    def day(self) -> date:
        """The day on which debts are late: the last one of the period, or today while that is yet to come."""
        return min(self.today or self.last.last, self.last.last)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return (*self.rows, *([self.columns] if self.columns else []))

    @property
    def months(self) -> list[Month]:
        return list(Month.range(self.first, self.last))

    @property
    def by_month(self) -> bool:
        return "month" in self.dimensions

    def over(self, today: date) -> Definition:
        """The same with the months that its period means today."""
        this = Month.of(today)
        spans = {THIS_MONTH: (this, this), LAST_MONTH: (this.previous, this.previous),
                 THIS_YEAR: (Month(today.replace(month=1, day=1)), this)}  # fmt: skip
        first, last = spans.get(self.period, (self.first, self.last))
        return replace(self, first=first, last=last, today=today)

    def filtered(self, code: str, value: str) -> Definition:
        """The same within one value of a dimension."""
        return replace(self, filters={**self.filters, code: (value,)})

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it; `read` is its inverse."""
        return {
            "rows": list(self.rows), "measures": list(self.measures), "columns": self.columns, "sort": self.sort,
            "filters": {name: list(values) for name, values in self.filters.items()}, "period": self.period,
            "first": str(self.first), "last": str(self.last),
        }  # fmt: skip

    def pairs(self) -> list[tuple[str, str]]:
        """As an address keeps it; `asked` is its inverse."""
        found = [("rows", code) for code in self.rows] + [("measures", code) for code in self.measures]
        if self.columns:
            found.append(("columns", self.columns))
        found.append(("period", self.period))
        if self.period == FIXED:
            found += [("first", str(self.first)), ("last", str(self.last))]
        found += [(f"f.{code}", value) for code, values in self.filters.items() for value in values]
        if self.sort:
            found.append(("sort", self.sort))
        return found


def read(stored: Mapping[str, Any], *, today: date) -> Definition:
    """A kept definition, its period as of today. Raises ReportRefused if it is no definition (any more)."""
    try:
        found = Definition(
            rows=tuple(stored["rows"]), measures=tuple(stored["measures"]), columns=stored.get("columns", ""),
            filters={name: tuple(values) for name, values in stored.get("filters", {}).items()},
            sort=stored.get("sort", ""), period=stored.get("period", FIXED),
            first=Month.parse(stored["first"]), last=Month.parse(stored["last"]),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError):
        raise ReportRefused("Сохранённый отчёт не читается. Соберите его заново.") from None
    return checked(found.over(today))


def asked(query: QueryDict, base: Definition, *, today: date) -> Definition:
    """The definition of an address, by default that of `base`. What cannot be meant is left out or refused.

    A base without groupings is a list: only its period and filters are asked for.
    """
    rows = tuple(dict.fromkeys(one for one in query.getlist("rows") if one)) or base.rows
    measures = tuple(dict.fromkeys(one for one in query.getlist("measures") if one)) or base.measures
    names = [name for name in query if name.startswith("f.") and any(query.getlist(name))]
    filters = {name[2:]: tuple(value for value in query.getlist(name) if value) for name in names}
    columns = query.get("columns", base.columns if not query.getlist("rows") else "")
    # an address that tells the rest of the report tells its filters, too: one without them has none
    if not filters and not any(name in query for name in ("rows", "period", "first")):
        filters = dict(base.filters)
    period = query.get("period") or base.period
    if period not in PERIODS:
        raise ReportRefused(f"Такого периода нет: {period[:40]}. Выберите из списка: {', '.join(PERIODS.values())}.")
    first, last = query.get("first", ""), query.get("last", "")
    if (first or last) and not query.get("period", ""):
        period = FIXED
    given = Definition(
        rows=rows, measures=measures, columns=columns, filters=filters,
        sort=query.get("sort", base.sort if not rows or rows == base.rows else ""),
        period=period,
        first=_month(first, base.first), last=_month(last or first, base.last),
    )  # fmt: skip
    moved = given.over(today)
    if (first or last) and (moved.first, moved.last) != (given.first, given.last):  # other months were chosen
        given = replace(given, period=FIXED)
    if not base.rows and not base.measures:
        return checked_list(replace(given, rows=(), measures=(), columns="", sort="").over(today))
    return checked(given.over(today))


def _month(text: str, default: Month) -> Month:
    """The month of an address; `default` where it names none. Raises ReportRefused for what is no month."""
    if not text:
        return default
    try:
        found = Month.parse(text)
    except Refusal:
        found = None
    if found is None or not 2000 <= found.first.year <= 2099:
        raise ReportRefused(f"Месяц «{text[:40]}» не понят. Нужен вида 2026-10, с 2000 по 2099 год.")
    return found


def facts_of(measure: Measure) -> list[Fact]:
    """Where a measure lies: every fact that changes the balance, or every fact that knows it."""
    if measure.how in STOCKS:
        return [fact for fact in FACTS if getattr(fact, measure.delta)]
    return [fact for fact in FACTS if measure.code in fact.measures]


def whole(codes: Iterable[str]) -> list[Measure]:
    """The measures with what their ratios are of, in order, each once."""
    found: dict[str, Measure] = {}
    for code in codes:
        measure = MEASURES[code]
        for part in measure.of or (code,):
            found.setdefault(part, MEASURES[part])
    return list(found.values())


def is_known_by(fact: Fact, dimension: Dimension) -> bool:
    if dimension.code == "month":
        return fact.code != "debt"
    return dimension.column in fact.columns


def refuses(measure: Measure, codes: Iterable[str]) -> str:
    """The first of the dimensions that the measure cannot be told apart by; empty if there is none."""
    parts = whole([measure.code])
    for code in codes:
        if not all(is_known_by(fact, DIMENSIONS[code]) for part in parts for fact in facts_of(part)):
            return code
    return ""


def fitting(codes: Iterable[str]) -> list[Measure]:
    """Measures that can be told apart by all of these dimensions."""
    asked_for = list(codes)
    return [
        measure for measure in MEASURES.values()
        if not refuses(measure, asked_for) and (not measure.needs or measure.needs in asked_for)
    ]  # fmt: skip


def checked(definition: Definition) -> Definition:
    """The same definition, if it makes sense; raises ReportRefused that says what does not and what to do."""
    unknown = [code for code in (*definition.dimensions, *definition.filters) if code not in DIMENSIONS]
    unknown += [code for code in definition.measures if code not in MEASURES]
    if unknown:
        raise ReportRefused(f"Такого поля в отчётах нет: {unknown[0][:40]}. Выберите поля из списка.")
    if not definition.rows or not definition.measures:
        raise ReportRefused("Выберите хотя бы одну группировку и один показатель.")
    if len(definition.rows) > MOST_ROWS or len(definition.measures) > MOST_MEASURES:
        raise ReportRefused(f"В отчёте до {MOST_ROWS} группировок и до {MOST_MEASURES} показателей. Уберите лишние.")
    if definition.columns in definition.rows:
        title = DIMENSIONS[definition.columns].title
        raise ReportRefused(f"«{title}» стоит и в строках, и в столбцах. Оставьте что-то одно.")
    if definition.last < definition.first:
        raise ReportRefused("Первый месяц позже последнего. Поменяйте их местами.")
    if len(definition.months) > MOST_MONTHS:
        raise ReportRefused(f"В отчёте до {MOST_MONTHS} месяцев. Сократите период.")
    for code, values in definition.filters.items():
        _check_values(DIMENSIONS[code], values)
    for code in definition.measures:
        measure = MEASURES[code]
        refused = refuses(measure, (*definition.dimensions, *definition.filters))
        if refused:
            raise ReportRefused(
                f"«{measure.title}» нельзя разделить по полю «{DIMENSIONS[refused].title}»: в базе этого нет. "
                "Уберите одно из двух."
            )
        if measure.needs and measure.needs not in (*definition.dimensions, *definition.filters):
            raise ReportRefused(
                f"«{measure.title}» складывать по разным услугам нельзя: единицы разные. Добавьте группировку "
                f"«{DIMENSIONS[measure.needs].title}»."
            )
    if definition.sort and definition.sort.lstrip("-") not in definition.measures:
        return replace(definition, sort="")
    return definition


def checked_list(definition: Definition) -> Definition:
    """The same for a list, which has neither groupings nor measures: its filters and its period."""
    for code, values in definition.filters.items():
        if code not in DIMENSIONS:
            raise ReportRefused(f"Такого поля в отчётах нет: {code[:40]}. Выберите поля из списка.")
        _check_values(DIMENSIONS[code], values)
    if definition.last < definition.first:
        raise ReportRefused("Первый месяц позже последнего. Поменяйте их местами.")
    if len(definition.months) > MOST_MONTHS:
        raise ReportRefused(f"В отчёте до {MOST_MONTHS} месяцев. Сократите период.")
    return definition


def _check_values(dimension: Dimension, values: tuple[str, ...]) -> None:
    if len(values) > MOST_VALUES:
        raise ReportRefused(f"В отборе «{dimension.title}» до {MOST_VALUES} значений.")
    for value in values:
        refusal = ReportRefused(f"В отборе «{dimension.title}» нет значения «{value[:40]}». Выберите из списка.")
        if "\x00" in value:
            raise refusal
        if dimension.type == "bigint" and not (value.isascii() and value.isdecimal() and len(value) <= 18):
            raise refusal
        if dimension.kind == MONTH:
            try:
                Month.parse(value)
            except Refusal:
                raise refusal from None
        elif dimension.kind == DAY:
            try:
                date.fromisoformat(value)
            except ValueError:
                raise refusal from None


def values_of(dimension: Dimension, values: tuple[str, ...]) -> list[Any]:
    """Values of a filter as the database compares them."""
    if dimension.type == "bigint":
        return [int(value) for value in values]
    if dimension.kind == MONTH:
        return [Month.parse(value).first for value in values]
    if dimension.kind == DAY:
        return [date.fromisoformat(value) for value in values]
    return list(values)
