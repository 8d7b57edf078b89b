"""Volume by the norm (норматив), and the multiplier for a meter that could be there and is not."""

from __future__ import annotations

import polars as pl


def by_persons(person_days: pl.Expr, norm: pl.Expr) -> pl.Expr:
    """n · N of a month, over days of the month (and over 12 for a yearly norm).

    person_days: Σ over days of persons living there, owners where nobody does (п. 56(2)). norm: units per person.
    Source: Правила № 354, п. 42, ф. 4; persons by days, п. 57.
    """
    return person_days * norm


def by_area(area_days: pl.Expr, norm: pl.Expr) -> pl.Expr:
    """S · N of a month, over days of the month (and over 12 for a yearly norm). area_days: m² × days."""
    return area_days * norm


def uplift(numer: pl.Expr, multiplier: pl.Expr) -> pl.Expr:
    """What the multiplier (повышающий коэффициент) adds: V · (K − 1), a line of its own, rounded on its own.

    Source: charges.md 2.3; the separate line is п. 69 Правил № 354.
    """
    return numer * (multiplier - 1)


def heat_of_water(numer: pl.Expr, heat_per_m3: pl.Expr) -> pl.Expr:
    """Heat in hot water, Gcal: V · q, q the approved norm of heat for heating a cubic metre, Gcal/m³.

    The multiplier never applies to it. Source: прил. 2 к Правилам № 354, ф. 23.
    """
    return numer * heat_per_m3
