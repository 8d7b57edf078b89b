"""Fractions of columns and their one rounding, half away from zero."""

from __future__ import annotations

import polars as pl

from billing.columns import EXACT

HALF_UP = "half_away_from_zero"


def exact(value: pl.Expr) -> pl.Expr:
    """An integer or decimal column as Decimal(38, 12): a quotient of two integers would be a binary fraction."""
    return value.cast(EXACT)


def rounded(numer: pl.Expr, over: pl.Expr, places: int) -> pl.Expr:
    """numer / over rounded once to `places`, half away from zero.

    numer, over: Decimal(38, 12), over > 0. The quotient is first cut to 12 places, which can make a tie of what is
    none; so the answer is checked against the exact remainder numer − answer × over, and moved by one unit if it is
    farther than half. Exact while answer × over needs no more than 12 places.
    """
    unit = pl.lit(1).cast(EXACT) / 10**places
    near = (numer / over).round(places, mode=HALF_UP)
    rest = (numer - near * over) * 2
    step = unit * over
    away = pl.when(numer >= 0).then(1).otherwise(-1)
    is_short = ((numer >= 0) & (rest >= step)) | ((numer < 0) & (rest <= -step))
    is_long = ((numer >= 0) & (rest < -step)) | ((numer < 0) & (rest > step))
    return near + unit * pl.when(is_short).then(away).when(is_long).then(-away).otherwise(0)


def roubles(numer: pl.Expr, over: pl.Expr, price: pl.Expr) -> pl.Expr:
    """Amount of one line: numer / over × price, multiplied first, divided once, rounded once (charges.md 1.4).

    numer: units × days or the like; price: roubles per unit. Exact when numer and price together have at most
    12 decimal places; else the product is off by at most 5·10⁻¹³ before it is divided.
    """
    return rounded(numer * price, over, 2)
