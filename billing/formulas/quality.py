"""Breaks and bad quality (прил. 1, п. 98–101 Правил № 354; charges.md 14). Rates and limits are dated rows."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from billing.formulas.exact import exact

NIGHT = 5  # 0:00–5:00 local time
HOUR = timedelta(hours=1)


def hours_between(start: datetime, end: datetime) -> tuple[int, int]:
    """Whole hours from start to end (local time), and those of them that began at night. A part of an hour is none."""
    count = (end - start) // HOUR
    return count, sum((start + HOUR * number).hour < NIGHT for number in range(count))


def excess_hours(total: pl.Expr, allowed: pl.Expr, over_at_once: pl.Expr) -> pl.Expr:
    """Hours beyond what is allowed in the month or, if that is more, beyond what is allowed at once."""
    return pl.max_horizontal(total - allowed, over_at_once, pl.lit(0))


def percent_of_break(excess: pl.Expr, percent: pl.Expr, per_hours: pl.Expr) -> pl.Expr:
    """Percent of the month's charge: for each full `per_hours` beyond the allowed."""
    return exact(excess // per_hours) * percent


def steps_off(
    normative: pl.Expr, actual: pl.Expr, below: pl.Expr, above: pl.Expr, step: pl.Expr, highest: pl.Expr
) -> pl.Expr:
    """Full steps of degrees beyond the tolerance, down or (where a limit is set) up.

    highest: where the norm is a range (hot water of 60–75 °C), its upper end, with the tolerance `below` on both sides.
    """
    down, up = normative - below - actual, (actual - normative - above).fill_null(0)
    ceiling = pl.max_horizontal(highest, normative) + below
    too_hot = pl.when(highest.is_not_null()).then(actual - ceiling).otherwise(exact(pl.lit(0)))
    return (pl.max_horizontal(down, up, too_hot, exact(pl.lit(0))) / exact(step)).floor()


def reduction(charge: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """Numerator over 100 of what comes off the month's charge, roubles: never more than all of it."""
    return charge * pl.min_horizontal(percent, exact(pl.lit(100)))


def not_supplied(numer: pl.Expr, hours: pl.Expr) -> pl.Expr:
    """Volume not supplied, over (over × hours of the month); for charges by norm or average alone (п. 98)."""
    return numer * hours


def cold_price_off(price: pl.Expr, cold_price: pl.Expr) -> pl.Expr:
    """What a cubic metre colder than 40 °C costs less: it is paid as cold water (прил. 1, п. 5)."""
    return pl.max_horizontal(price - cold_price, exact(pl.lit(0)))
