"""Wastewater follows the water (п. 42 Правил № 354)."""

from __future__ import annotations

import polars as pl


def sum_of_two(numer: pl.Expr, over: pl.Expr, other_numer: pl.Expr, other_over: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """a/b + c/d as one fraction: volumes of cold and of hot water, m³, without any multiplier."""
    return numer * other_over + other_numer * over, over * other_over
