"""In-bill discounts (domain/benefits.md): the covered persons' share of the charge, within norms, times the percent.

The uplift, penalties and charges for common needs are never in the base. Each function gives a numerator; what it is
over stands in its docstring.
"""

from __future__ import annotations

import polars as pl


def of_covered(
    amount: pl.Expr, covered: pl.Expr, person_days: pl.Expr, days: pl.Expr, entitled: pl.Expr, percent: pl.Expr
) -> pl.Expr:
    """The share of the persons covered, over (person_days × days of the segment × 100).

    amount: roubles of the line. covered: persons, never more than live there. entitled: days of the right.
    """
    return amount * pl.min_horizontal(covered * days, person_days) * entitled * percent


def within_norm(norm: pl.Expr, covered: pl.Expr, price: pl.Expr, entitled: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """The norm of the persons covered at the price, over (norm's months × days of the month × 100)."""
    return norm * covered * price * entitled * percent


def within_area(
    amount: pl.Expr, social_m2: pl.Expr, covered: pl.Expr, area_days: pl.Expr, days: pl.Expr, entitled: pl.Expr,
    percent: pl.Expr,
) -> pl.Expr:  # fmt: skip
    """The social norm of area of the persons covered, over (area_days × days of the segment × 100)."""
    return amount * pl.min_horizontal(social_m2 * covered * days, area_days) * entitled * percent
