"""Subsidy for housing and utilities (ст. 159 ЖК РФ), as social protection computes it: for its checks and reports."""

from __future__ import annotations

import polars as pl

from billing.formulas.exact import rounded


def is_poor(income: pl.Expr, people: pl.Expr, minimum: pl.Expr) -> pl.Expr:
    """Is the income per head below the subsistence minimum? income: roubles of the family a month; null minimum: no."""
    return (income < minimum * people).fill_null(False)


def correction(income: pl.Expr, people: pl.Expr, minimum: pl.Expr) -> pl.Expr:
    """K = (Д / n) / ПМ of a family below the subsistence minimum, else 1; to twelve places, for show only.

    Source: ПП РФ от 14.12.2005 № 761, п. 23.
    """
    one = pl.lit(1).cast(pl.Decimal(38, 12))
    return pl.when(is_poor(income, people, minimum)).then(income / (people * minimum)).otherwise(one)


def subsidy(standard: pl.Expr, people: pl.Expr, share: pl.Expr, income: pl.Expr, minimum: pl.Expr) -> pl.Expr:
    """Roubles a month: ССЖКУ·n − МДД/100·Д, with МДД·K below the subsistence minimum; rounded once, never below zero.

    standard: roubles per head of the regional standard (ССЖКУ); people: n > 0; share: МДД, percent; income: Д, roubles
    of the family a month; minimum: ПМ, roubles, null where it does not matter. Not capped by the month's charges here:
    the caller knows them. Source: ст. 159 ЖК РФ; ПП РФ от 14.12.2005 № 761, п. 23.
    """
    whole = people * minimum * 100
    plain = rounded(standard * people * 100 - share * income, pl.lit(100).cast(pl.Decimal(38, 12)), 2)
    poor = rounded(standard * people * whole - share * income * income, whole, 2)
    found = pl.when(is_poor(income, people, minimum)).then(poor).otherwise(plain)
    return pl.max_horizontal(found, pl.lit(0).cast(pl.Decimal(38, 12)))
