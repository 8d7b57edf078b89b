"""Resources for the common property (КР на СОИ)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import polars as pl


def by_norm(area_days: pl.Expr, norm: pl.Expr, common_area: pl.Expr) -> pl.Expr:
    """N · S_ои · S_i, over S_об and days of the month.

    norm: units per m² of common property a month. area_days: m² × days. common_area: m².
    Source: charges.md 11.2; ст. 156 ч. 9.2 ЖК РФ.
    """
    return norm * common_area * area_days


def house_norm(parts: Iterable[Decimal]) -> Decimal:
    """The norm of a house as the sum of its components (lamps, pumps, lifts …), units per m² of common property.

    Source: charges.md 11.2; the act publishes the components, the house has those that it has.
    """
    return sum(parts, Decimal(0))
