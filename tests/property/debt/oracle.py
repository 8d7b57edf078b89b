"""Penalties day by day in exact fractions, written from domain/penalties.md alone: slow, plain, shares no code."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

DAY = timedelta(days=1)
BANDS = {  # scale → day of delay → fraction, from that day on
    "housing": {31: Fraction(1, 300), 91: Fraction(1, 130)},
    "capital_repair": {31: Fraction(1, 300)},
    "managing": {1: Fraction(1, 300), 61: Fraction(1, 170), 91: Fraction(1, 130)},
    "energy": {1: Fraction(1, 130)},
}


def fraction_of(scale: str, number: int) -> Fraction:
    share = Fraction(0)
    for first, value in sorted(BANDS[scale].items()):
        if number >= first:
            share = value
    return share


def half_up(value: Fraction) -> Decimal:
    return Decimal(int(value * 100 + Fraction(1, 2))) / 100


def penalty(
    *,
    charged: Decimal,
    due_on: date,
    payments: list[tuple[date, Decimal]],
    until: date,
    scale: str,
    key_rates: dict[date, Decimal],
    cap: tuple[Decimal, date, date] | None = None,
    moratoria: list[tuple[date, date]] = (),
) -> Decimal:
    """Σ of segments, each rounded half up. key_rates: first day → percent. cap and moratoria: inclusive days."""

    def key_rate(day: date) -> Decimal:
        return key_rates[max(first for first in key_rates if first <= day)]

    def rate(paid_on: date, day: date) -> Decimal:
        mine = key_rate(paid_on)
        if cap is not None and cap[1] <= day <= cap[2]:
            return min(cap[0], mine)
        return mine

    # What was paid on a day takes the rate of that day for the whole delay; the rest that of the calculation.
    parts: list[tuple[date, Decimal]] = []
    rest = charged
    for paid_on, amount in sorted(payments):
        if paid_on <= until:
            part = min(rest, amount)
            parts.append((paid_on, part))
            rest -= part
    parts.append((until, rest))

    segments: dict[tuple[Decimal, Fraction, Decimal], list[list[date]]] = defaultdict(list)
    day = due_on + DAY
    while day <= until:
        share = fraction_of(scale, (day - due_on).days)
        if share and not any(first <= day <= last for first, last in moratoria):
            balances: dict[Decimal, Decimal] = defaultdict(Decimal)
            for paid_on, amount in parts:
                if paid_on >= day:  # the day of payment accrues, too
                    balances[rate(paid_on, day)] += amount
            for percent, balance in balances.items():
                runs = segments[balance, share, percent]
                if runs and runs[-1][-1] + DAY == day:
                    runs[-1].append(day)
                else:
                    runs.append([day])
        day += DAY
    return sum(
        (
            half_up(Fraction(balance) * Fraction(percent) / 100 * share * len(run))
            for (balance, share, percent), runs in segments.items()
            for run in runs
        ),
        Decimal("0.00"),
    )
