"""Ranges of electricity consumption (диапазоны объёмов потребления)."""

from __future__ import annotations

import polars as pl


def part_of_range(total: pl.Expr, lower: pl.Expr, upper: pl.Expr, is_first: pl.Expr) -> pl.Expr:
    """What of `total` falls between the two limits; all three over one denominator. A credit stays in range one.

    upper null: no end. The price is marginal: each part at the price of its range (charges.md 3.3).
    """
    capped = pl.min_horizontal(total, pl.coalesce(upper, total))
    return pl.when((total < 0) & is_first).then(total).otherwise(pl.max_horizontal(capped - lower, pl.lit(0)))
