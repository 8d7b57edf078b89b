"""Unauthorised connection and tampering (п. 62, 81(11) Правил № 354; charges.md 17)."""

from __future__ import annotations

import polars as pl

from billing.formulas.exact import exact

HOURS = 24


def by_capacity(capacity: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Volume of what was connected, running round the clock. capacity: units an hour (kW, m³/h of the pipe)."""
    return capacity * exact(days) * HOURS


def by_norm(person_days: pl.Expr, norm: pl.Expr, times: pl.Expr) -> pl.Expr:
    """n · N · `times` over days of the month (and 12, where the norm is of a year): the capacity cannot be found."""
    return person_days * norm * times
