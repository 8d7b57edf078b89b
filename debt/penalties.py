"""Penalty for late payment (пени): days late × rate × balance, in columns.

For each unpaid charge and each calendar day: balance at the start of the day × rate × fraction of the day's number,
unless the day is in a moratorium. A payment reduces the balance from the day after it. The key rate is that of the day
on which the part was paid; what is unpaid takes the rate of the day of the calculation. Amounts are rounded per segment
of the sheet, half away from zero: same balance, rate and fraction, no moratorium inside.
Source: ст. 155 ч. 14, 14.1 ЖК РФ; Обзор ВС РФ № 3 (2016), вопрос 3; domain/penalties.md.

Money is roubles, rates are percent a year, days are inclusive in what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Protocol

import polars as pl

from accounts.calendar import ONE_DAY, Month, working_day_on_or_after
from accounts.errors import Refusal
from accounts.money import ZERO, total
from billing.columns import EXACT, MONEY, Schema

KEY: Final = ("account_id", "contract_id", "service_id", "month")
PAIR: Final = ("account_id", "contract_id", "service_id")
_KEY: Final[Schema] = {"account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "month": pl.Date}

# One open item: what a document's month charged. A negative sum is the payer's credit.
ITEMS: Final[Schema] = {**_KEY, "charged": EXACT, "due_on": pl.Date, "scale": pl.Int16, "priority": pl.Int16}
# What was paid against an item, by value date; rows of one date may repeat, a reversed payment has left none.
PAYMENTS: Final[Schema] = {**_KEY, "paid_on": pl.Date, "amount": EXACT}
SEGMENTS: Final[Schema] = {
    **_KEY,
    "first": pl.Date,
    "last": pl.Date,  # inclusive
    "days": pl.Int32,
    "balance": EXACT,
    "divisor": pl.Int16,  # the fraction is 1 / divisor
    "rate": EXACT,  # percent
    "amount": MONEY,
}
ACCRUED: Final[Schema] = {**_KEY, "days": pl.Int32, "amount": MONEY}
_PAIR: Final[Schema] = {name: _KEY[name] for name in PAIR}
BY_DAY: Final[Schema] = {**_PAIR, "accrued": pl.List(pl.Int64)}  # whole kopecks, one number a day


class Scale(IntEnum):
    """Which fractions of the rate a debt runs through. A property of contract, service and kind of debtor."""

    NONE = 0
    HOUSING = 1
    CAPITAL_REPAIR = 2
    ASSOCIATION = 3
    MANAGING = 4
    ENERGY = 5
    CONTRACT = 6


class Rule(IntEnum):
    """Where the rate of a day comes from. By default it is the key rate on the day of payment."""

    AT_MOST = 1  # the smaller of the cap and the key rate on the day of payment
    FIXED = 2  # a rate that somebody set: a court, a contract, a worked case
    DAY_BY_DAY = 3  # the key rate of each day of delay


class LawMissing(Refusal):
    """No key rate, or no scale, is known for a day that needs it."""


@dataclass(frozen=True, slots=True)
class Band:
    """From day `first_day` of the delay 1 / divisor of the rate accrues (None: nothing), on days since … until."""

    scale: int
    first_day: int
    divisor: int | None
    since: date = date.min
    until: date | None = None  # exclusive
    act: str = ""


@dataclass(frozen=True, slots=True)
class KeyRate:
    percent: Decimal
    since: date
    until: date | None = None  # exclusive


@dataclass(frozen=True, slots=True)
class DueDay:
    day: int
    since: date
    until: date | None = None  # exclusive


@dataclass(frozen=True, slots=True)
class Policy:
    """On these days the debts of the scale (None: all) take their rate by `rule`. percent: the cap, or the rate."""

    rule: Rule
    percent: Decimal | None = None
    scale: int | None = None
    since: date = date.min
    until: date | None = None  # exclusive
    act: str = ""


@dataclass(frozen=True, slots=True)
class Moratorium:
    """No penalty accrues on these days; the days of delay are counted on.

    arose_before: only debts of months that began before it (ПП РФ № 497 touches old obligations alone). scale, contract
    and account None: everybody's.
    """

    since: date
    until: date | None  # exclusive
    scale: int | None = None
    arose_before: date | None = None
    contract_id: int | None = None
    account_id: int | None = None
    act: str = ""

    def touches(self, *, scale: int, month: date, contract_id: int, account_id: int) -> bool:
        return (
            self.scale in (None, scale)
            and (self.arose_before is None or month < self.arose_before)
            and self.contract_id in (None, contract_id)
            and self.account_id in (None, account_id)
        )


class Debtor(IntEnum):
    """Who pays an account, as far as the scale depends on it."""

    ANY = 0
    PERSON = 1
    ORGANISATION = 2
    MANAGING = 3
    ASSOCIATION = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """The scale of debts for months since … until; a contract, service or debtor that is None or ANY: every one.

    due_day: the contract's own day of payment, where the law leaves one to the contract.
    """

    scale: int
    contract_id: int | None = None
    service_id: int | None = None
    debtor: int = Debtor.ANY
    due_day: int | None = None
    since: date = date.min
    until: date | None = None  # exclusive
    act: str = ""

    def fits(self, *, contract_id: int, service_id: int, debtor: int, month: date) -> bool:
        return (
            self.contract_id in (None, contract_id)
            and self.service_id in (None, service_id)
            and self.debtor in (Debtor.ANY, debtor)
            and _holds(self, month)
        )

    @property
    def closeness(self) -> int:
        """The terms of a contract go before those of a service, these before those of a kind of debtor."""
        return 4 * (self.contract_id is not None) + 2 * (self.service_id is not None) + (self.debtor != Debtor.ANY)


@dataclass(frozen=True, slots=True)
class Law:
    """The dated rules: what one calculation may know. due_days: day of the month, by the month that is billed."""

    bands: Sequence[Band] = ()
    key_rates: Sequence[KeyRate] = ()
    policies: Sequence[Policy] = ()
    moratoria: Sequence[Moratorium] = ()
    terms: Sequence[Terms] = ()
    due_days: Sequence[DueDay] = ()
    calendar: dict[date, bool] = field(default_factory=dict)  # days that differ from the library's calendar
    by_account: frozenset[int] = field(init=False)
    by_contract: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        accounts = {row.account_id for row in self.moratoria if row.account_id is not None}
        contracts = {row.contract_id for row in self.moratoria if row.contract_id is not None}
        object.__setattr__(self, "by_account", frozenset(accounts))
        object.__setattr__(self, "by_contract", frozenset(contracts))

    def key_rate(self, day: date) -> Decimal | None:
        """Percent in force on the day, None where nobody knows."""
        return next((row.percent for row in self.key_rates if _holds(row, day)), None)

    def band(self, scale: int, number: int, day: date) -> Band | None:
        """The band of the `number`th day of delay, which is `day`; None: nothing accrues yet."""
        started = [
            row for row in self.bands if row.scale == scale and row.first_day <= number and _holds(row, day)
        ]  # fmt: skip
        return max(started, key=lambda row: row.first_day, default=None)

    def policy(self, scale: int, day: date) -> Policy | None:
        """A rule of this very scale goes before one for all."""
        found = [row for row in self.policies if row.scale in (None, scale) and _holds(row, day)]
        return next((row for row in found if row.scale is not None), found[0] if found else None)

    def terms_of(self, *, contract_id: int, service_id: int, debtor: int, month: date) -> Terms:
        """The closest terms in force for the month; where none are, nothing accrues."""
        found = [
            row for row in self.terms
            if row.fits(contract_id=contract_id, service_id=service_id, debtor=debtor, month=month)
        ]  # fmt: skip
        return max(found, key=lambda row: row.closeness, default=Terms(Scale.NONE))

    def known_by(self, day: date) -> tuple[object, ...]:
        """What bears on the days up to `day`: equal for laws that differ in what began later, or in one account's."""
        dated: Sequence[Any] = [*self.bands, *self.key_rates, *self.policies, *self.terms, *self.due_days]
        shared = [row for row in self.moratoria if row.account_id is None]
        return (
            *(
                replace(row, until=None) if row.until is not None and row.until > day else row
                for row in [*dated, *shared] if row.since <= day
            ),
            *sorted((one, works) for one, works in self.calendar.items() if one <= day),
        )  # fmt: skip

    def due_on(self, month: date, due_day: int | None = None, *, shift: bool = True) -> date:
        """Last day of payment in time of the month's charge; `due_day` of the contract goes before the law's."""
        day = due_day or next((row.day for row in self.due_days if _holds(row, month)), None)
        if day is None:
            raise LawMissing(
                f"На {month:%m.%Y} не задан срок внесения платы. Внесите его в «Значения по закону» с кодом due_day."
            )
        return due_date(Month(month), day, self.calendar, shift=shift)


class _Held(Protocol):
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...


def _holds(row: _Held, day: date) -> bool:
    return row.since <= day and (row.until is None or day < row.until)


def due_date(month: Month, due_day: int, overrides: dict[date, bool] | None = None, *, shift: bool = True) -> date:
    """Last day on which the month's charge is paid in time: `due_day` of the next month, or the next working day.

    Source: ст. 155 ч. 1 ЖК РФ (день включительно), ст. 193 ГК РФ (перенос; `shift` False leaves the day).
    """
    nominal = month.next.first + timedelta(days=due_day - 1)
    return working_day_on_or_after(nominal, overrides) if shift else nominal


def under_terms(items: pl.DataFrame, law: Law) -> pl.DataFrame:
    """Items with `scale` and `due_on` by the terms of their contract, service, debtor and month.

    items: ITEMS without these two, with `debtor` (Debtor). Few kinds of debts stand behind all the rows.
    """
    on = ["contract_id", "service_id", "debtor", "month"]
    rows = []
    for contract_id, service_id, debtor, month in items.select(on).unique().iter_rows():
        terms = law.terms_of(contract_id=contract_id, service_id=service_id, debtor=debtor, month=month)
        rows.append((contract_id, service_id, debtor, month, terms.scale, law.due_on(month, terms.due_day)))
    schema = {**{name: items.schema[name] for name in on}, "scale": ITEMS["scale"], "due_on": ITEMS["due_on"]}
    return items.join(pl.DataFrame(rows, schema=schema, orient="row"), on=on).select(list(ITEMS))


# --- the days of one delay --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days first … last (inclusive) with one fraction and one rule of the rate."""

    first: date
    last: date
    divisor: int
    cap: Decimal | None = None
    fixed: Decimal | None = None


def stretches(
    law: Law, *, scale: int, due_on: date, until: date, month: date, contract_id: int = 0, account_id: int = 0
) -> list[Stretch]:
    """The delay from the day after `due_on` to `until` inclusive, cut where the fraction or the rate's rule changes.

    Day 1 is the day after the due date; a moratorium takes days out and does not restart the count.
    """
    start, end = due_on + ONE_DAY, until + ONE_DAY
    idle = [
        row for row in law.moratoria
        if row.touches(scale=scale, month=month, contract_id=contract_id, account_id=account_id)
    ]  # fmt: skip
    cuts = {start, end}
    for band in law.bands:
        if band.scale == scale:
            cuts |= {due_on + timedelta(days=band.first_day), band.since, band.until or end}
    for rows in (idle, law.policies, law.key_rates):
        for row in rows:
            cuts |= {row.since, row.until or end}
    days = sorted(day for day in cuts if start <= day <= end)
    found: list[Stretch] = []
    for first, after in pairwise(days):
        band_now = law.band(scale, (first - due_on).days, first)
        if band_now is None or band_now.divisor is None or any(_holds(row, first) for row in idle):
            continue
        policy = law.policy(scale, first)
        made = Stretch(first, after - ONE_DAY, band_now.divisor, *_rate_rule(law, policy, first))
        if found and found[-1].last + ONE_DAY == first and _alike(found[-1], made):
            made = Stretch(found.pop().first, made.last, made.divisor, made.cap, made.fixed)
        found.append(made)
    return found


def accruing(law: Law, *, months: Sequence[Month], until: date) -> list[Terms]:
    """Terms under which a debt of one of the months accrues something to `until` inclusive.

    An agreement of one contract or account only takes days off: it is not looked at.
    """
    return [
        terms for terms in law.terms
        if any(
            _holds(terms, month.first) and stretches(
                law, scale=terms.scale, due_on=law.due_on(month.first, terms.due_day), until=until, month=month.first
            )
            for month in months
        )
    ]  # fmt: skip


def _rate_rule(law: Law, policy: Policy | None, day: date) -> tuple[Decimal | None, Decimal | None]:
    """(cap, fixed rate) of a day."""
    if policy is None:
        return None, None
    if policy.rule == Rule.DAY_BY_DAY:
        percent = law.key_rate(day)
        if percent is None:
            raise LawMissing(no_key_rate(day))
        return None, percent
    return (policy.percent, None) if policy.rule == Rule.AT_MOST else (None, policy.percent)


def _alike(one: Stretch, other: Stretch) -> bool:
    return (one.divisor, one.cap, one.fixed) == (other.divisor, other.cap, other.fixed)


def no_key_rate(day: date) -> str:
    return (
        f"На {day:%d.%m.%Y} не задана ключевая ставка. Внесите её в «Значения по закону» с кодом key_rate "
        "и датой начала действия."
    )


# --- credits ----------------------------------------------------------------------------------------------------------


def overpaid(items: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """account_id, contract_id that have a credit to lay: an item of theirs is paid beyond what it charges."""
    paid = payments.group_by(KEY).agg(paid=pl.col("amount").sum())
    return (
        items.join(paid, on=KEY, how="left", nulls_equal=True)
        .filter(pl.col("charged") < pl.col("paid").fill_null(ZERO))
        .select("account_id", "contract_id")
        .unique()
    )


def settled_by(items: pl.DataFrame, payments: pl.DataFrame, day: date, upto: date) -> pl.DataFrame:
    """PAIR and `open_from`: the first month whose item was not paid in full before `day`, at most `upto`.

    Pairs that have an item; an account's contract with a credit anywhere is left out, since a credit moves about.
    """
    paid = payments.group_by(KEY).agg(paid=pl.col("amount").sum(), last=pl.col("paid_on").max())
    is_open = (pl.col("charged") != pl.col("paid").fill_null(ZERO)) | (pl.col("last") >= day).fill_null(False)
    return (
        items.join(paid, on=KEY, how="left")
        .group_by(PAIR)
        .agg(open_from=pl.col("month").filter(is_open).min().fill_null(upto))
        .with_columns(open_from=pl.min_horizontal("open_from", pl.lit(upto)))
        .join(overpaid(items, payments), on=["account_id", "contract_id"], how="anti")
    )


def net_credits(items: pl.DataFrame, payments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same items and payments with every credit laid where it belongs, day by day.

    What is overpaid or taken off by a correction reduces, from the day it is there, first the oldest debts of the same
    service under the contract, then the contract's oldest debts; never another principal's. Afterwards no item is
    negative at any time. items: ITEMS, one row a key; payments: PAYMENTS. Both come back with the same columns.
    Source: domain/payments.md, 3.1; penalties.md, 2: «credits existing at the due date reduce it before day 1».
    """
    over = overpaid(items, payments)
    if not over.height:
        return items, payments
    own = ["account_id", "contract_id"]
    mine, theirs = items.join(over, on=own, how="semi"), payments.join(over, on=own, how="semi")
    days = pl.concat(
        [theirs.select(*own, "paid_on"), over.with_columns(paid_on=pl.lit(date.min))]
    ).unique()  # fmt: skip
    of_day = theirs.group_by(*KEY, "paid_on").agg(amount=pl.col("amount").sum())
    grid = (
        mine.join(days, on=own)
        .join(of_day, on=[*KEY, "paid_on"], how="left")
        .sort(*own, "month", "priority", "service_id", "paid_on")
        .with_columns(left=pl.col("charged") - pl.col("amount").fill_null(ZERO).cum_sum().over(*KEY))
    )
    grid = _covered(grid, credit=-_below_zero("left"), within=[*PAIR, "paid_on"])
    grid = _covered(grid, credit=pl.col("unused"), within=[*own, "paid_on"])
    opening = grid.filter(pl.col("paid_on") == date.min).select(*KEY, "left")
    netted = mine.drop("charged").join(opening.rename({"left": "charged"}), on=KEY).select(items.columns)
    steps = (
        grid.with_columns(amount=pl.col("left").shift(1).over(*KEY) - pl.col("left"))
        .filter((pl.col("paid_on") > date.min) & (pl.col("amount") > 0))
        .select(payments.columns)
    )
    return (
        pl.concat([items.join(over, on=own, how="anti"), netted]),
        pl.concat([payments.join(over, on=own, how="anti"), steps]),
    )


def _below_zero(name: str) -> pl.Expr:
    return pl.min_horizontal(pl.col(name), pl.lit(ZERO).cast(EXACT))


def _above_zero(value: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(value, pl.lit(ZERO).cast(EXACT))


def _covered(grid: pl.DataFrame, *, credit: pl.Expr, within: list[str]) -> pl.DataFrame:
    """Lay the credits of a group over its debts in the order of the rows; what is left over stays in `unused`."""
    made = grid.with_columns(credit=credit, debt=_above_zero(pl.col("left")))
    made = made.with_columns(
        whole=pl.col("credit").sum().over(within), before=pl.col("debt").cum_sum().over(within)
    ).with_columns(
        left=_above_zero(pl.min_horizontal(pl.col("debt"), pl.col("before") - pl.col("whole"))),
        spare=_above_zero(pl.col("whole") - pl.col("debt").sum().over(within)),
    )  # fmt: skip
    is_first = pl.int_range(pl.len()).over(within) == 0
    return made.with_columns(
        unused=pl.when(is_first).then(pl.col("spare")).otherwise(pl.lit(ZERO).cast(EXACT))
    ).drop("credit", "debt", "whole", "before", "spare")  # fmt: skip


# --- the sheet --------------------------------------------------------------------------------------------------------


def segments(items: pl.DataFrame, payments: pl.DataFrame, law: Law, until: date) -> pl.DataFrame:
    """The rows of the calculation sheet accrued to `until` inclusive: Σ amount of an item is its penalty.

    items: ITEMS, one row a key, charged ≥ 0 at all times (see net_credits); payments: PAYMENTS, those after `until` are
    not yet known. Returns SEGMENTS in the order of the key and the days. Raises LawMissing where a rate is wanting.
    Source: domain/penalties.md, 1–5.
    """
    late = _late(items, until)
    rows = _runs(late, payments, law, until).join(late.select("item", *KEY), on="item")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in SEGMENTS.items()).sort(*KEY, "first", "rate")


def accrued(items: pl.DataFrame, payments: pl.DataFrame, law: Law, until: date) -> pl.DataFrame:
    """Penalty of each item accrued to `until` inclusive, credits laid first; ACCRUED, only items that have one."""
    items, payments = net_credits(items, payments)
    late = _late(items, until)
    rows = _runs(late, payments, law, until).filter(pl.col("amount") > 0)
    sums = rows.group_by("item").agg(days=pl.col("days").sum(), amount=pl.col("amount").sum())
    found = late.select("item", *KEY).join(sums, on="item", maintain_order="left")
    return found.select(pl.col(name).cast(dtype) for name, dtype in ACCRUED.items())


def accrued_by_day(
    items: pl.DataFrame, payments: pl.DataFrame, law: Law, first: date, last: date, settled: pl.DataFrame | None = None
) -> pl.DataFrame:  # fmt: skip
    """Penalty of each account, contract and service accrued to each of the days first … last, credits laid first.

    settled: PAIR and `settled`, kopecks that are added to every day of the pair.

    Returns BY_DAY: pairs that have some, each number equal to the kopeck to what `accrued` sums up for that day. Within
    days of one key rate the sheet of the last day, cut at a day, is the sheet of that day; so the lists are what quiet
    debts grow by. A list ends early where no rate is known for the days after. Raises LawMissing as `segments` does.
    """
    items, payments = net_credits(items, payments)
    made: pl.DataFrame | None = None
    for start, end in _days_of_one_rate(law, first, last):
        try:
            span = _grown(items, payments, law, start, end)
        except LawMissing:
            if made is None:
                raise
            break
        made = span if made is None else made.join(span, on=PAIR, how="full", coalesce=True)
    assert made is not None
    days = [name for name in made.columns if name not in PAIR]
    if settled is not None:
        made = made.join(settled, on=PAIR, how="full", coalesce=True).with_columns(
            pl.col(days).fill_null(0) + pl.col("settled").fill_null(0)
        )
    return (
        made.with_columns(pl.col(days).fill_null(0))
        .filter(pl.any_horizontal(pl.col(days) != 0))
        .select(*PAIR, accrued=pl.concat_list(days))
    )  # fmt: skip


def _days_of_one_rate(law: Law, first: date, last: date) -> list[tuple[date, date]]:
    """first … last, cut where the key rate of the day of calculation changes; both ends inclusive."""
    moments = {moment for row in law.key_rates for moment in (row.since, row.until) if moment is not None}
    cuts = [first, *sorted(day for day in moments if first < day <= last), last + ONE_DAY]
    return [(start, after - ONE_DAY) for start, after in pairwise(cuts)]


def _grown(items: pl.DataFrame, payments: pl.DataFrame, law: Law, start: date, end: date) -> pl.DataFrame:
    """PAIR and a column a day, start … end: kopecks accrued to it. The key rate is one on all of these days."""
    late = _late(items, end).with_columns(pair=pl.struct(PAIR).rle_id())
    rows = _stretched(late, payments, law, end)
    rows = rows.with_columns(pair=late["pair"].gather(rows["item"]))
    before = (pl.col("last") - pl.col("first")).dt.total_days() + 1
    over = pl.col("last") < start
    ended = _priced(rows.filter(over)).with_columns(done=_kopecks(before)).group_by("pair").agg(pl.col("done").sum())
    begins = pl.lit(start).cast(pl.Date)
    live = _priced(rows.filter(~over)).with_columns(
        begun=(pl.col("first") - begins).dt.total_days(), ends=(pl.col("last") - begins).dt.total_days()
    )
    names = {f"{start + number * ONE_DAY}": number for number in range((end - start).days + 1)}
    passed = {name: (pl.min_horizontal("ends", pl.lit(number)) - pl.col("begun") + 1) for name, number in names.items()}
    grown = (
        live.select("pair", **{name: _kopecks(pl.max_horizontal(days, pl.lit(0))) for name, days in passed.items()})
        .group_by("pair")
        .agg(pl.col(list(names)).sum())
    )
    both = grown.join(ended, on="pair", how="full", coalesce=True).fill_null(0)
    keys = late.select("pair", *PAIR).unique("pair")
    sums = {name: (pl.col(name) + pl.col("done")).cast(pl.Int64) for name in names}
    return keys.join(both, on="pair").select(*PAIR, **sums)


def _late(items: pl.DataFrame, until: date) -> pl.DataFrame:
    """The items that may accrue, in the order of their keys, each with its number: one integer stands for the key."""
    return (
        items.filter((pl.col("due_on") < until) & (pl.col("charged") > 0) & (pl.col("scale") != int(Scale.NONE)))
        .sort(KEY)
        .with_row_index("item")
    )


def _runs(items: pl.DataFrame, payments: pl.DataFrame, law: Law, until: date) -> pl.DataFrame:
    """SEGMENTS with `item` instead of the key, in no order."""
    days = (pl.col("last") - pl.col("first")).dt.total_days() + 1
    rows = _priced(_stretched(items, payments, law, until))
    return rows.with_columns(
        days=days.cast(pl.Int32), amount=(_kopecks(days).cast(pl.Decimal(38, 2)) / 100).cast(MONEY)
    )


def _stretched(items: pl.DataFrame, payments: pl.DataFrame, law: Law, until: date) -> pl.DataFrame:
    """The rows of the sheet before their arithmetic: item, first, last, balance, divisor, rate."""
    timed, timelines = _timelines(items, law, until)
    parts = _parts(timed, payments, law, until)
    pieces = (
        parts.join(timelines, on="timeline")
        .filter(pl.col("first") <= pl.col("end"))
        .with_columns(
            last=pl.min_horizontal("last", "end"),
            rate=pl.coalesce("fixed", pl.min_horizontal("key_rate", "cap")),
        )
    )
    if pieces["rate"].null_count():
        raise LawMissing(no_key_rate(pieces.filter(pl.col("rate").is_null())["end"].min()))  # type: ignore[arg-type]
    # Most debts are of one part: nothing was paid since the first day that accrues.
    names = ["item", "first", "last", "balance", "divisor", "rate"]
    of_one = pieces.filter(~pl.col("is_many")).rename({"amount": "balance"})
    rows = pl.concat(
        [of_one.select(*names, "may_join"), _together(pieces.filter("is_many")).select(*names, "may_join")]
    )
    if rows["may_join"].any():
        rows = pl.concat(
            [rows.filter(~pl.col("may_join")).select(names), _joined(rows.filter("may_join")).select(names)]
        )
    return rows


def _priced(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `numer` (of one day) and `over`: kopecks × rate and what they are divided by, whole numbers.

    In integers nothing is lost before the one division, and it is ten times as quick as in decimals. Rates are counted
    in hundredths of a percent where they have no more places, and sums are 64 bits wide where ten thousand days of the
    greatest debt fit.
    """
    rates = rows["rate"].unique()
    parts = 100 if ((rates * 100) == (rates * 100).round(0)).all() else 1_000_000
    most = (rows["balance"].max() or ZERO, rates.max() or ZERO)
    whole = pl.Int64 if 2 * 10_000 * int(most[0] * 100) * int(most[1] * parts) < 2**62 else pl.Int128  # type: ignore
    return rows.with_columns(
        numer=(pl.col("balance") * 100).cast(whole) * (pl.col("rate") * parts).cast(whole),
        over=pl.col("divisor").cast(whole) * (100 * parts),
    )


def _kopecks(days: pl.Expr) -> pl.Expr:
    """balance × rate % × days / divisor of _priced rows in kopecks, rounded half up once."""
    return (2 * pl.col("numer") * days + pl.col("over")) // (2 * pl.col("over"))


def _timelines(items: pl.DataFrame, law: Law, until: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items with the number of their timeline, and the stretches of each: few timelines serve all debtors."""
    items = items.with_columns(
        whose=pl.when(pl.col("account_id").is_in(list(law.by_account))).then("account_id").otherwise(0),
        which=pl.when(pl.col("contract_id").is_in(list(law.by_contract))).then("contract_id").otherwise(0),
    )
    on = ["scale", "due_on", "month", "which", "whose"]
    kinds = items.select(on).unique().sort(on).with_row_index("timeline")
    rows = []
    for row in kinds.iter_rows(named=True):
        found = stretches(
            law, scale=row["scale"], due_on=row["due_on"], until=until, month=row["month"],
            contract_id=row["which"], account_id=row["whose"],
        )  # fmt: skip
        # Under another cap the rate may come out the same: only then can neighbours be one row of the sheet.
        may_join = any(
            one.last + ONE_DAY == other.first and one.divisor == other.divisor for one, other in pairwise(found)
        )
        rows += [(row["timeline"], may_join, *astuple(stretch)) for stretch in found]
    schema: Schema = {
        "timeline": pl.UInt32, "may_join": pl.Boolean, "first": pl.Date, "last": pl.Date, "divisor": pl.Int16,
        "cap": EXACT, "fixed": EXACT,
    }  # fmt: skip
    timelines = pl.DataFrame(rows, schema=schema, orient="row")
    started = timelines.group_by("timeline").agg(starts_on=pl.col("first").min())
    # A delay without a stretch (first thirty days, a moratorium throughout) accrues nothing: inner join.
    return items.join(kinds, on=on).join(started, on="timeline"), timelines


def _parts(items: pl.DataFrame, payments: pl.DataFrame, law: Law, until: date) -> pl.DataFrame:
    """An item as the parts it is paid in: amount, last day that accrues, key rate of that day.

    What was paid before the first day that accrues is gone; what is unpaid on `until` ends there.
    """
    known = payments.filter(pl.col("paid_on") <= until).join(
        items.select(*KEY, "item", "timeline", "starts_on"), on=KEY, how="inner"
    )
    soon = known.filter(pl.col("paid_on") < pl.col("starts_on")).group_by("item").agg(soon=pl.col("amount").sum())
    late = (
        known.filter(pl.col("paid_on") >= pl.col("starts_on"))
        .group_by("item", "timeline", "paid_on")
        .agg(amount=pl.col("amount").sum())
        .filter(pl.col("amount") != 0)
    )
    gone = late.group_by("item").agg(late=pl.col("amount").sum())
    names = ["item", "timeline", "amount", "end", "is_many"]
    rest = (
        items.join(soon, on="item", how="left")
        .join(gone, on="item", how="left")
        .with_columns(
            amount=pl.col("charged") - pl.col("soon").fill_null(ZERO) - pl.col("late").fill_null(ZERO),
            end=pl.lit(until),
            is_many=pl.col("late").is_not_null(),
        )
        .filter(pl.col("amount") != 0)
        .select(names)
    )
    paid = late.with_columns(end=pl.col("paid_on"), is_many=pl.lit(True)).select(names)
    parts = pl.concat([rest, paid])
    rates = pl.DataFrame(
        [(day, law.key_rate(day)) for day in parts["end"].unique().to_list()],
        schema={"end": pl.Date, "key_rate": EXACT},
        orient="row",
    )
    return parts.join(rates, on="end")


def _together(pieces: pl.DataFrame) -> pl.DataFrame:
    """Parts of one rate that run side by side make one balance, lower after every payment.

    pieces: one row a part and stretch, `first` of the stretch. Returns rows of constant balance.
    """
    run = ["item", "first", "rate"]
    ends = (
        pieces.group_by(*run, "divisor", "last", "may_join")
        .agg(amount=pl.col("amount").sum())
        .sort(*run, "last")
        .with_columns(starts=_changes(run), upto=pl.col("amount").cum_sum())
    )
    # A window per run would be a group per debt; sums over the whole column and a look at the neighbour do the same.
    is_last = pl.col("starts").shift(-1).fill_null(True)
    return ends.with_columns(
        balance=pl.when(is_last).then(pl.col("upto")).backward_fill() - pl.col("upto") + pl.col("amount"),
        first=pl.when("starts").then(pl.col("first")).otherwise(pl.col("last").shift(1) + pl.duration(days=1)),
    ).filter(pl.col("balance") != 0)


def _changes(names: list[str]) -> pl.Expr:
    """Is the row the first, or does one of the sorted columns differ from the row before?"""
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """Neighbouring rows that differ in nothing printed are one: a new act with the old rate cuts no segment."""
    alike = ["item", "balance", "divisor", "rate"]
    follows = (pl.col("first") == pl.col("last").shift(1) + pl.duration(days=1)) & pl.all_horizontal(
        pl.col(name) == pl.col(name).shift(1) for name in alike
    )
    return (
        rows.sort(*alike, "first")
        .with_columns(run=(~follows.fill_null(False)).cum_sum())
        .group_by("run")
        .agg(*(pl.col(name).first() for name in alike), first=pl.col("first").min(), last=pl.col("last").max())
    )


# --- one debt ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of the sheet: roubles, percent, days inclusive."""

    first: date
    last: date
    days: int
    balance: Decimal
    divisor: int
    rate: Decimal
    amount: Decimal


def read_segments(frame: pl.DataFrame) -> Iterator[Segment]:
    """SEGMENTS as rows with plain numbers."""
    for row in frame.iter_rows(named=True):
        yield Segment(
            row["first"], row["last"], row["days"], plain(row["balance"], 2), row["divisor"], plain(row["rate"]),
            row["amount"],
        )  # fmt: skip


def plain(value: Decimal, places: int = 0) -> Decimal:
    """12.500000000000 as 12.5; never fewer than `places` decimals."""
    short = value.normalize()
    exponent = short.as_tuple().exponent
    assert isinstance(exponent, int)
    return short.quantize(Decimal(1).scaleb(min(exponent, -places)))


def penalty(
    *,
    charged: Decimal,
    due_on: date,
    until: date,
    law: Law,
    scale: int = Scale.HOUSING,
    month: date | None = None,
    payments: Iterable[tuple[date, Decimal]] = (),
) -> list[Segment]:
    """The sheet of one debt: the same columns with one row. payments: (value date, roubles)."""
    about = month or due_on.replace(day=1)
    key = {"account_id": 0, "contract_id": 0, "service_id": 0, "month": about}
    items = [{**key, "charged": charged, "due_on": due_on, "scale": int(scale), "priority": 0}]
    paid = [{**key, "paid_on": day, "amount": amount} for day, amount in payments]
    made = segments(*net_credits(pl.DataFrame(items, schema=ITEMS), pl.DataFrame(paid, schema=PAYMENTS)), law, until)
    return list(read_segments(made))


def amount_of(rows: Iterable[Segment]) -> Decimal:
    """Σ segments, roubles."""
    return total(row.amount for row in rows)


def rounded_once(rows: Iterable[Segment]) -> Decimal:
    """Roubles if the whole were rounded once: what the segments differ from by less than a kopeck each."""
    exactly = sum(
        (Fraction(row.balance) * Fraction(row.rate) * row.days / (100 * row.divisor) for row in rows), Fraction(0)
    )
    return Decimal(int(exactly * 100 + Fraction(1, 2))).scaleb(-2)
