"""Wastewater follows the water (п. 42 Правил № 354)."""

from __future__ import annotations

import polars as pl

from billing.formulas.exact import exact, rounded


def sum_of_two(numer: pl.Expr, over: pl.Expr, other_numer: pl.Expr, other_over: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """a/b + c/d as one fraction: volumes of cold and of hot water, m³, without any multiplier."""
    return numer * other_over + other_numer * over, over * other_over


def one_component_price(cold: pl.Expr, heat_per_m3: pl.Expr, heat_price: pl.Expr) -> pl.Expr:
    """Price of a cubic metre of hot water from its two components: T_хв + q · T_т, roubles, rounded to the kopeck.

    cold: roubles per m³; heat_per_m3: Gcal; heat_price: roubles per Gcal, surcharges included.
    Source: charges.md 6; a price set by an act is used as published and never derived.
    """
    return rounded(cold + heat_per_m3 * heat_price, exact(pl.lit(1)), 2)
