"""Non-residential premises and organisations: prices without VAT, VAT on top."""

from __future__ import annotations

import polars as pl

from billing.formulas.exact import exact, rounded


def vat(net: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """VAT of a net amount, roubles, rounded once. percent: the rate in force in the month. Source: charges.md 1.2."""
    return rounded(net * percent, exact(pl.lit(100)), 2)
