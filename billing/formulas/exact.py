"""Fractions of columns and their one rounding, half away from zero."""

from __future__ import annotations

from typing import Final

import polars as pl

from billing.columns import EXACT

HALF_UP: Final = "half_away_from_zero"


def exact(value: pl.Expr) -> pl.Expr:
    """An integer or decimal column as Decimal(38, 12): a quotient of two integers would be a binary fraction."""
    return value.cast(EXACT)


def rounded(numer: pl.Expr, over: pl.Expr, places: int) -> pl.Expr:
    """numer / over rounded once to `places`, half away from zero.

    numer, over: Decimal(38, 12), over > 0. The quotient is first cut to 12 places. That moves no value across a tie,
    since a tie has few places; but it can make a tie of what falls just short of one, so there the exact product
    quotient × over is asked. Exact while that product needs no more than 12 places.
    """
    quotient = numer / over
    near = quotient.round(places, mode=HALF_UP)
    half = pl.lit(5).cast(EXACT) / 10 ** (places + 1)
    is_tie = (near - quotient).abs() == half
    falls_short = numer.abs() < quotient.abs() * over
    back = pl.when(numer >= 0).then(-2).otherwise(2)
    return near + half * pl.when(is_tie & falls_short).then(back).otherwise(0)


def shown(numer: pl.Expr, over: pl.Expr) -> pl.Expr:
    """A quantity as it is stored beside its line: to six places. No amount is computed from it."""
    return (numer / over).round(6, mode=HALF_UP)


def roubles(numer: pl.Expr, over: pl.Expr, price: pl.Expr) -> pl.Expr:
    """Amount of one line: numer / over × price, multiplied first, divided once, rounded once (charges.md 1.4).

    numer: units × days or the like; price: roubles per unit. Exact when numer and price together have at most
    12 decimal places; else the product is off by at most 5·10⁻¹³ before it is divided.
    """
    return rounded(numer * price, over, 2)
