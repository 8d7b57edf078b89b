"""Fractions of columns and their one rounding, half away from zero."""

from __future__ import annotations

from decimal import Decimal
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
    # One pass over whole columns: as an expression, every mention of the quotient would divide again.
    return pl.map_batches(
        [numer, over], lambda given: _rounded(given[0], given[1], places), return_dtype=EXACT, is_elementwise=True
    )


def _rounded(numer: pl.Series, over: pl.Series, places: int) -> pl.Series:
    quotient = numer / over
    near = quotient.round(places, mode=HALF_UP)
    half = Decimal(5).scaleb(-places - 1)
    is_tie = (near - quotient).abs() == half
    if not is_tie.any():
        return near
    falls_short = is_tie & (numer.abs() < quotient.abs() * over)
    if not falls_short.any():
        return near
    back = pl.when(numer >= 0).then(-2 * half).otherwise(2 * half)
    return pl.select(near + pl.when(falls_short).then(back).otherwise(Decimal(0))).to_series().cast(EXACT)


def shown(numer: pl.Expr, over: pl.Expr) -> pl.Expr:
    """A quantity as it is stored beside its line: to six places. No amount is computed from it."""
    return (numer / over).round(6, mode=HALF_UP)


def roubles(numer: pl.Expr, over: pl.Expr, price: pl.Expr) -> pl.Expr:
    """Amount of one line: numer / over × price, multiplied first, divided once, rounded once (charges.md 1.4).

    numer: units × days or the like; price: roubles per unit. Exact when numer and price together have at most
    12 decimal places; else the product is off by at most 5·10⁻¹³ before it is divided.
    """
    return rounded(numer * price, over, 2)
