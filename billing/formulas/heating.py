"""Heat for heating, Gcal."""

from __future__ import annotations

import polars as pl

SEASON = (10, 11, 12, 1, 2, 3, 4)  # equal parts October–April where the region says nothing else


def by_norm_in_season(area_days: pl.Expr, norm: pl.Expr) -> pl.Expr:
    """S · N of a month of the heating period, over days of the month; the month is charged in full.

    Source: прил. 2 к Правилам № 354, ф. 2.
    """
    return area_days * norm


def by_norm_evenly(area_days: pl.Expr, norm: pl.Expr, months: pl.Expr) -> pl.Expr:
    """S · N · months of the heating period, over 12 and over days of the month. A started month counts as whole.

    Source: прил. 2 к Правилам № 354, ф. 2(1).
    """
    return area_days * norm * months


def by_building_meter(heated: pl.Expr, own: pl.Expr, house_gcal: pl.Expr, house: pl.Expr, common: pl.Expr) -> pl.Expr:
    """Volume of premises in a house with a building meter and no individual ones, over `building_over`.

    heated, own: m² × days of premises heated centrally and of those with lawful own heating (they pay for the common
    property only). house, common: m² of all premises and of common property. house_gcal: Gcal of the house, ≥ 0.
    Source: прил. 2 к Правилам № 354, ф. 3; V_i of heated premises is S_i · V_Д / (S_об − S_инд + S_ои).
    """
    return house_gcal * (heated * (house + common) + own * common)


def building_over(house: pl.Expr, common: pl.Expr, own_heating: pl.Expr) -> pl.Expr:
    """Denominator of `by_building_meter`: S_об · (S_об − S_инд + S_ои), m⁴. Source: as there."""
    return house * (house - own_heating + common)
