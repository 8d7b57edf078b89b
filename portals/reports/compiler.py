"""A definition becomes one SQL statement: each fact is grouped by ids, the facts are laid together, names come last.

Nothing is read but the partitions of the months asked for (and, where a balance is asked for, those since the last
closed month before them). Whose rows they are is an argument that nothing leaves out: every fact stands under it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts.calendar import ONE_DAY, Month
from portals.reports.definitions import Definition, facts_of, values_of, whole
from portals.reports.vocabulary import BEGINNING, DIMENSIONS, MEASURES, OF_HOUSE, STOCKS, Dimension, Fact, Measure

MOST_COLUMNS = 60
BEFORE_ALL = Month.parse("1900-01")


@dataclass(frozen=True, slots=True)
class Sums:
    """What may be read summed by house: balances of these months, ink up to this month, allocations up to this day.

    Charges and allocations are summed without a gap from the first month that is read; None: not at all.
    """

    balances: frozenset[date] = frozenset()
    charges: date | None = None
    allocations: date | None = None


NO_SUMS = Sums()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows may be read: those of these contracts; None is everybody's, for staff with the right alone."""

    contracts: frozenset[int] | None

    @classmethod
    def of(cls, contracts: Collection[int]) -> Scope:
        return cls(frozenset(contracts))

    @classmethod
    def everything(cls) -> Scope:
        return cls(None)

    def condition(self, sql: str) -> str:
        """`sql` with its contracts, or true where everything may be read."""
        return "true" if self.contracts is None else sql.format(contracts="%(contracts)s::bigint[]")

    @property
    def params(self) -> dict[str, Any]:
        return {} if self.contracts is None else {"contracts": sorted(self.contracts)}


@dataclass(frozen=True, slots=True)
class Books:
    """What bounds the reading: the last month closed before the period, and what is summed by house."""

    before: Month = BEFORE_ALL
    sums: Sums = NO_SUMS


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named parameters."""

    sql: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """A definition under a scope, ready to be asked for a page, for its totals, or for all its rows."""

    definition: Definition
    scope: Scope
    books: Books = Books()
    only_accounts: tuple[int, ...] | None = None  # a page of accounts, chosen before
    debts: Mapping[str, str] = field(default_factory=dict)  # columns of debts by age, where they are asked for

    @property
    def rows(self) -> list[Dimension]:
        return [DIMENSIONS[code] for code in self.definition.rows]

    @property
    def pivot(self) -> Dimension | None:
        return DIMENSIONS[self.definition.columns] if self.definition.columns else None

    @property
    def dimensions(self) -> list[Dimension]:
        return [DIMENSIONS[code] for code in self.definition.dimensions]

    @property
    def measures(self) -> list[Measure]:
        """What is summed: shown measures, and those that a ratio is of."""
        return whole(self.definition.measures)

    @property
    def has_stocks(self) -> bool:
        return any(measure.how in STOCKS for measure in self.measures)

    @property
    def params(self) -> dict[str, Any]:
        asked = self.definition
        found: dict[str, Any] = {
            "first": asked.first.first, "last": asked.last.first, "next": asked.last.next.first,
            "mark": self.books.before.first, "after": self.books.before.next.first,
            "months": [month.first for month in (asked.months if asked.by_month else [asked.last])],
            **self.scope.params, **self.debts,
        }  # fmt: skip
        for code, values in asked.filters.items():
            found[f"f_{code}"] = values_of(DIMENSIONS[code], values)
        if self.only_accounts is not None:
            found["only_accounts"] = list(self.only_accounts)
        return found

    def limits_of_accounts(self) -> list[str]:
        """Conditions on accounts (`c`): of the houses of the scope, and the filters that an account itself answers."""
        columns = {"account": "c.id", "house": "c.house_id", "street": "c.house_id", "premises_kind": "c.id",
                   "payer_kind": "c.id"}  # fmt: skip
        limits = [self.scope.condition(OF_HOUSE)]
        for code in self.definition.filters:
            if code in columns:
                dimension = DIMENSIONS[code]
                limits.append(dimension.where.format(column=columns[code], values=f"%(f_{code})s::{dimension.type}[]"))
        return limits

    # --- facts by ids ---

    def facts(self) -> list[Fact]:
        """Facts that any of the measures lies in."""
        found: dict[str, Fact] = {}
        for measure in self.measures:
            found.update((fact.code, fact) for fact in facts_of(measure))
        return list(found.values())

    def ids(self) -> list[str]:
        """Columns the facts are grouped by."""
        columns = [one.column for one in self.dimensions if one.code != "month"]
        columns += [measure.distinct for measure in self.measures if measure.distinct]
        return list(dict.fromkeys(columns))

    def needed(self) -> list[str]:
        """Columns the facts are grouped or filtered by."""
        return [*self.ids(), *(DIMENSIONS[code].column for code in self.definition.filters if code != "month")]

    def summed_to(self, fact: Fact) -> date | None:
        """Up to which day the fact's sums may be read in its stead; None where they may not, or are too coarse."""
        sums = self.books.sums
        if fact.summed is None or self.only_accounts is not None:
            return None
        needed = self.needed()
        shown = [measure.code for measure in self.measures if measure.code in fact.measures]
        if not set(needed) <= set(fact.summed.columns) or not set(shown) <= set(fact.summed.measures):
            return None
        if fact.is_stock:
            return self.books.before.first if self.books.before.first in sums.balances else None
        return sums.charges if fact.code == "charge" else sums.allocations

    def parts(self, fact: Fact) -> list[str]:
        """The statements of a fact: its rows, its sums by house, or sums and the rows that came after them."""
        summed = self.summed_to(fact)
        if summed is None or fact.summed is None:
            return [self.fact(fact)]
        parts = [self.fact(fact.summed, summed=summed)]
        if not fact.is_stock:
            after = Month.of(summed).next.first if fact.code == "charge" else summed + ONE_DAY
            if after < self.definition.last.next.first:
                parts.append(self.fact(fact, after=after))
        return parts

    def fact(self, fact: Fact, *, summed: date | None = None, after: date | None = None) -> str:
        """One fact, grouped by the ids. The scope stands inside its WHERE: `Fact` has no source without one.

        summed: up to where the sums reach that are read. after: rows from this day on only.
        """
        ids, needed, first = self.ids(), self.needed(), "%(first)s::date"
        shown = [measure for measure in self.measures if measure.code in fact.measures]
        joins = [fact.extra[column] for column in needed if column in fact.extra]
        joins += [fact.per_measure[measure.code] for measure in shown if measure.code in fact.per_measure]
        since = "%(after)s::date" if self.has_stocks and (fact.delta or fact.is_stock) else first
        own = self.scope.condition("own.contract_id = ANY({contracts})")
        days = {
            "first": first, "last": "%(last)s::date", "next": "%(next)s::date", "mark": "%(mark)s::date",
            "after": "%(after)s::date",
            "months": "%(months)s::date[]", "since": since,
            "rows_since": f"DATE '{after}'" if after else since,
            "summed": f"DATE '{summed}'" if summed else "NULL",
            "waiting_since": "true" if self.has_stocks else f"c.day >= {first}",
            "own_scope": own,
            "served_contract": "own.contract_id" if "contract_id" in needed else "NULL::bigint",
            "served_service": "own.service_id" if "service_id" in needed else "NULL::smallint",
        }  # fmt: skip
        scope = self.scope.condition(fact.scope)
        extra = " ".join(dict.fromkeys(joins)).format(**days)
        source = fact.source.format(extra=extra, scope=scope, **days)
        effect = fact.effect.format(**days)
        within = f"{effect} >= {first}" if since != first else ""

        def added(value: str, only: str = "") -> str:
            """The value of all rows of a group; sums by house are few enough to be grouped once, with the others."""
            if summed is None:
                return f"sum({value})" + (f" FILTER (WHERE {only})" if only else "")
            return f"CASE WHEN {only} THEN {value} END" if only else value

        parts = [f"{fact.columns.get(column, 'NULL::bigint')} AS {column}" for column in ids]
        if not self.definition.by_month:
            moved = f"CASE WHEN {effect} < {first} THEN {BEGINNING} ELSE {first} END" if self.has_stocks else first
        else:
            moved = f"CASE WHEN {effect} < {first} THEN {BEGINNING} ELSE {effect} END" if self.has_stocks else effect
        parts.append(f"{BEGINNING if fact.is_stock else moved} AS effect")
        for measure in self.measures:
            if measure.how in STOCKS:
                continue
            known = fact.measures.get(measure.code)
            parts.append(f"{added(known, within)} AS {measure.code}" if known else f"NULL::numeric AS {measure.code}")
        for delta in ("delta", "penalty_delta"):
            if any(measure.delta == delta for measure in self.measures):
                changed = getattr(fact, delta)
                parts.append(f"{added(changed)} AS {delta}" if changed else f"NULL::numeric AS {delta}")
        limits = [self._filter(code, fact) for code in self.definition.filters]
        if self.only_accounts is not None:
            limits.append(f"{fact.columns['account_id']} = ANY(%(only_accounts)s::bigint[])")
        if fact.code == "accounts" and "contract_id" in needed:  # a neighbour's service in the same house is not ours
            limits.append(self.scope.condition("served.contract_id = ANY({contracts})"))
        grouped = ", ".join(str(place + 1) for place in range(len(ids) + 1))
        rows = f"SELECT {', '.join(parts)} {' AND '.join([source, *limits])}"
        return rows if summed is not None else f"{rows} GROUP BY {grouped}"

    def _filter(self, code: str, fact: Fact) -> str:
        dimension = DIMENSIONS[code]
        column = fact.effect.format(last="%(last)s::date") if code == "month" else fact.columns[dimension.column]
        return dimension.where.format(column=column, values=f"%(f_{code})s::{dimension.type}[]")

    # --- the grouping ---

    def grouped(self) -> str:
        """WITH f (facts by ids) and g (by the dimensions); g has the keys d0, d1 …, and the measures by their codes."""
        asked = self.definition
        keys, joins = [], []
        for dimension in self.dimensions:
            keys.append("at.month" if dimension.code == "month" else dimension.grouping)
            joins.append(dimension.joins)
        if asked.by_month:
            joins.append(
                f"JOIN unnest(%(months)s::date[]) AS at (month) ON f.effect {'<=' if self.has_stocks else '='} at.month"
            )
        parts = [f"{key} AS d{place}" for place, key in enumerate(keys)]
        sums = {measure.code: self._sum(measure) for measure in self.measures}
        parts += [f"{value} AS {code}" for code, value in sums.items()]
        facts = " UNION ALL ".join(f"({part})" for fact in self.facts() for part in self.parts(fact))
        moved = " OR ".join(f"{value} <> 0" for value in sums.values())
        grouped = ", ".join(str(place + 1) for place in range(len(keys)))
        return (
            f"WITH f AS ({facts}), g AS MATERIALIZED (SELECT {', '.join(parts)} FROM f {' '.join(dict.fromkeys(joins))}"
            f" GROUP BY {grouped} HAVING {moved})"
        )

    def _sum(self, measure: Measure) -> str:
        now = "f.effect = at.month" if self.definition.by_month else ""
        before = "f.effect < at.month" if self.definition.by_month else "f.effect < %(first)s::date"
        if measure.how == "opening":
            value = f"sum(f.{measure.delta}) FILTER (WHERE {before})"
        elif measure.how == "closing":
            value = f"sum(f.{measure.delta})"
        elif measure.distinct:
            moved = " AND ".join(filter(None, [f"f.{measure.code} <> 0", now]))
            value = f"count(DISTINCT f.{measure.distinct}) FILTER (WHERE {moved})"
        else:
            value = f"sum(f.{measure.code})" + (f" FILTER (WHERE {now})" if now and self.has_stocks else "")
        return f"coalesce({value}, 0)"

    def _named(self, *, sort: bool = True) -> tuple[str, str, str]:
        """Columns (keys, labels, measures), joins of the names, and the order of rows."""
        labels, names, order = [], [], []
        for place, dimension in enumerate(self.dimensions):
            key = f"g.d{place}"
            labels.append(f"g.d{place}")
            labels.append(f"({'NULL' if dimension.words else dimension.label.format(key=key)})::text AS l{place}")
            names.append(dimension.names.format(key=key))
            if place < len(self.rows):
                order.append(dimension.order.format(key=key))
        labels += [f"g.{measure.code}" for measure in self.measures]
        if sort and self.definition.sort:
            code = self.definition.sort.lstrip("-")
            measure, way = MEASURES[code], "DESC" if self.definition.sort.startswith("-") else "ASC"
            value = f"g.{code}" if measure.of is None else f"g.{measure.of[0]} / nullif(g.{measure.of[1]}, 0)"
            if self.pivot:
                keys = ", ".join(f"g.d{place}" for place in range(len(self.rows)))
                value = f"sum({value}) OVER (PARTITION BY {keys})"
            order.insert(0, f"{value} {way} NULLS LAST")
        return ", ".join(labels), " ".join(names), ", ".join(order)

    # --- statements ---

    def page(self, *, limit: int, offset: int = 0, totals: bool = True) -> Statement:
        """A page of rows and, in the same statement, the totals of all of them (`is_total`, and how many: `n`)."""
        columns, names, order = self._named()
        if self.pivot:
            keys = ", ".join(f"g.d{place}" for place in range(len(self.rows)))
            last = self.pivot.order.format(key=f"g.d{len(self.rows)}")
            inner = (
                f"SELECT {columns}, dense_rank() OVER (ORDER BY {order}, {keys}) AS place,"
                f" row_number() OVER (ORDER BY {last}) AS spread FROM g {names}"
            )
            shown = self._shown("ranked")
            rows = (
                f"SELECT false AS is_total, {shown}, NULL::bigint AS n FROM ({inner}) AS ranked"
                f" WHERE place > %(offset)s AND place <= %(offset)s + %(limit)s ORDER BY place, spread"
            )
        else:
            rows = (
                f"SELECT false AS is_total, {columns}, NULL::bigint AS n FROM g {names} ORDER BY {order}"
                " LIMIT %(limit)s OFFSET %(offset)s"
            )
        sql = f"{self.grouped()} ({rows})"
        if totals:
            sql += f" UNION ALL ({self._totals()})"
        return Statement(sql, {**self.params, "limit": limit, "offset": offset})

    def _shown(self, alias: str) -> str:
        parts = [f"{alias}.d{place}, {alias}.l{place}" for place in range(len(self.dimensions))]
        return ", ".join([*parts, *(f"{alias}.{measure.code}" for measure in self.measures)])

    def _totals(self) -> str:
        """Totals of the report: one row, or one for each value of the columns, in their order."""
        sums = [f"{self._total(measure)} AS {measure.code}" for measure in self.measures]
        keys = ", ".join(f"g.d{place}" for place in range(len(self.rows)))
        if self.pivot is None:
            nothing = ["NULL, NULL" for _ in self.dimensions]
            return f"SELECT true, {', '.join([*nothing, *sums])}, count(*) FROM g"
        place, pivot = len(self.rows), self.pivot
        key = f"g.d{place}"
        label = "NULL" if pivot.words else pivot.label.format(key=key)
        parts = ["NULL, NULL" for _ in self.rows] + [f"{key}, ({label})::text"]
        parts += [f"g.{measure.code}" for measure in self.measures]
        return (
            f"SELECT true, {', '.join(parts)}, (SELECT count(*) FROM (SELECT DISTINCT {keys} FROM g) AS every)"
            f" FROM (SELECT {key}, {', '.join(sums)} FROM g GROUP BY {key}) AS g {pivot.names.format(key=key)}"
            f" ORDER BY {pivot.order.format(key=key)}"
        )

    def _total(self, measure: Measure) -> str:
        if measure.distinct:
            return "NULL::bigint"
        month = next((place for place, one in enumerate(self.dimensions) if one.code == "month"), None)
        only = ""
        if month is not None and self.pivot is not self.dimensions[month]:
            if measure.how == "opening":
                only = f" FILTER (WHERE g.d{month} = %(first)s::date)"
            elif measure.how in ("closing", "level"):
                only = f" FILTER (WHERE g.d{month} = %(last)s::date)"
        return f"coalesce(sum(g.{measure.code}){only}, 0)"

    def every(self) -> Statement:
        """All rows in their order, keys and labels before the measures; with columns, a row for each value of them."""
        columns, names, order = self._named()
        if self.pivot:
            order += ", " + ", ".join(f"g.d{place}" for place in range(len(self.rows)))
        return Statement(f"{self.grouped()} SELECT {columns} FROM g {names} ORDER BY {order}", self.params)

    def totals(self) -> Statement:
        """The totals alone."""
        return Statement(f"{self.grouped()} {self._totals()}", self.params)
