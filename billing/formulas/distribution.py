"""What a house has in common, shared among its premises."""

from __future__ import annotations

import polars as pl


def by_area(house: pl.Expr, area_days: pl.Expr) -> pl.Expr:
    """V_house · S_i, over S_об and days of the month. house: units of the month; area_days: m² × days.

    Source: прил. 2 к Правилам № 354, ф. 11–12; ст. 156 ч. 9.2–9.3 ЖК РФ for managed houses.
    """
    return house * area_days


def balance(building: pl.Expr, premises: pl.Expr) -> pl.Expr:
    """V_Д − Σ of all premises, metered, averaged or normed (without the multiplier); may be below zero.

    Source: прил. 2 к Правилам № 354, ф. 11–12.
    """
    return building - premises


def lowered(
    numer: pl.Expr, over: pl.Expr, total: pl.Expr, excess: pl.Expr, key: pl.Expr, all_keys: pl.Expr
) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """A volume less its share of a negative balance: the new fraction, and what was taken off (units).

    numer / over: the volume (of one zone); total: Σ over the zones of the premises, units; excess: |balance| of the
    house, units; key, all_keys: residents × days (or m² × days) of the premises and of all dwellings of the house.
    A premises loses excess · key / all_keys, never more than it used; zones lose in proportion.
    Source: п. 47 Правил № 354; the key is a switch (charges.md 11.5).
    """
    volume = numer / over
    alone = volume == total
    is_whole = excess * key >= total * all_keys
    taken = pl.when(alone).then(numer * all_keys - excess * key * over).otherwise(
        numer * (total * all_keys - excess * key)
    )  # fmt: skip
    under = pl.when(alone).then(over * all_keys).otherwise(over * all_keys * total)
    off = pl.when(is_whole).then(volume).when(alone).then(excess * key / all_keys).otherwise(
        excess * key * volume / (all_keys * total)
    )  # fmt: skip
    return pl.when(is_whole).then(0).otherwise(taken), under, off


def heat_of_cubic_metre(heat: pl.Expr, water: pl.Expr) -> pl.Expr:
    """Heat spent on a cubic metre of hot water made in the house: V_res / ΣV, Gcal/m³ (to twelve places).

    heat: Gcal (or units of the fuel) spent on hot water; water: m³ of all premises, > 0.
    Source: прил. 2 к Правилам № 354, ф. 20 (п. 54).
    """
    return heat / water


def of_removed(house_m3: pl.Expr, key_days: pl.Expr) -> pl.Expr:
    """Waste removed from the house by containers × its share by residents or by m², over Σ of the key of the house.

    Source: прил. 2 к Правилам № 354, ф. 9(3), 9(4).
    """
    return house_m3 * key_days
