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


def by_individual_meters(
    metered: tuple[pl.Expr, pl.Expr] | None,
    own_heating: bool,
    area_days: pl.Expr,
    days: pl.Expr,
    size: pl.Expr,
    house_gcal: tuple[pl.Expr, pl.Expr],
    read_gcal: pl.Expr,
    read_area_days: pl.Expr,
    house: pl.Expr,
    without: pl.Expr,
) -> tuple[pl.Expr, pl.Expr]:
    """Volume of premises in a house with a building meter where at least one premises has its own, as a fraction.

    V_i + S_i · (V_Д − ΣV) / S_об. V_i: by the meter; without one S_i · ΣV_r / ΣS_r; with own heating 0. ΣV counts them
    all: ΣV_r · (S_об − S_инд) / ΣS_r, which no flat-by-flat sum needs. The bracket keeps its sign.
    metered: V_i as a fraction of Gcal, None where V_i is not read; area_days: m² × days; days of the item; size: days
    of the month; house_gcal: V_Д as a fraction; read_gcal: ΣV_r, Gcal; read_area_days: ΣS_r, m² × days, > 0; house,
    without: S_об and S_инд, m².
    Source: прил. 2 к Правилам № 354, ф. 3(1), 3(3); V_i of unmetered premises is ф. 3(7).
    """
    sum_gcal, sum_over = house_gcal
    all_read = read_gcal * size * sum_over  # ΣV_r, over size: the area it stands over is of days
    over = house * read_area_days * size * sum_over
    common = area_days * (sum_gcal * read_area_days - all_read * (house - without))
    if metered is not None:
        numer, numer_over = metered
        own = numer * days * read_area_days * house * sum_over
        return own + common * numer_over, over * numer_over
    if own_heating:
        return common, over
    return common + area_days * all_read * house, over
