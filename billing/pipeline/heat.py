"""The heat of a house in a month, and whether the month belongs to the heating period."""

from __future__ import annotations

import polars as pl

from accounts.calendar import Month
from billing.columns import EXACT
from billing.formulas import heating, metered
from billing.formulas.exact import exact
from billing.kinds import HEAT, By, Mode
from billing.pipeline.facts import Facts, Frame, in_month, index_of, months_of


def in_season(laws: Frame, month: Month) -> bool:
    """Is the month one of the heating period? A started month counts as whole; by default October to April."""
    rows = laws.filter(pl.col("code") == "heating_season")
    if rows.height:
        return bool((rows["value"] > 0).any())
    return month.first.month in heating.SEASON


def house_heat(facts: Facts) -> Frame:
    """Heat of a house in the month as a fraction: heat_sum / heat_over, Gcal, and how it was found.

    Season mode: the building meter's volume of the month; without it, for three periods of the heating period, the
    average over the heating months of the last year (≥ 3 of them); then nothing, and the norm follows (charges.md 7.5).
    Even mode (п. 42(1)): the twelfth of the previous year, if it was metered; else nothing.
    """
    month = facts.month
    this, laws = index_of(month.first), facts.reference.laws
    of_heat = facts.reference.services.filter(pl.col("resource") == HEAT).select("service_id")
    rows = facts.house_volumes.join(of_heat, on="service_id", how="semi").with_columns(index=months_of("month"))
    modes = (
        in_month(facts.passports, month)
        .sort("start")
        .unique("house_id", keep="first")
        .select("house_id", "heating_mode")
    )
    rows = rows.join(modes, on="house_id", how="left")
    keys = ["house_id", "service_id"]
    even = (
        rows.filter((pl.col("heating_mode") == Mode.EVEN) & (pl.col("month").dt.year() == month.first.year - 1))
        .group_by(keys)
        .agg(heat_sum=pl.sum("volume"), months=pl.len())
        .filter(pl.col("months") >= len(heating.SEASON))
        .select(*keys, "heat_sum", heat_over=pl.lit(12).cast(EXACT), heat_by=pl.lit(By.BUILDING_METER, pl.Int16))
    )
    season = rows.filter(pl.col("heating_mode").fill_null(int(Mode.SEASON)) != Mode.EVEN)  # no passport: told of later
    metered_now = season.filter(pl.col("index") == this).select(
        *keys, heat_sum="volume", heat_over=pl.lit(1).cast(EXACT), heat_by=pl.lit(By.BUILDING_METER, pl.Int16)
    )
    heated = [
        step for step in range(1, 13) if in_season(in_month(laws, month + -step), month + -step)
    ]  # months back that belong to a heating period
    past = season.filter(pl.col("index").is_in([this - step for step in heated]))
    silent = sum((pl.col("last") < this - step).cast(pl.Int8) for step in heated) if heated else pl.lit(0)
    average = (
        past.join(metered_now, on=keys, how="anti")
        .group_by(keys)
        .agg(heat_sum=pl.sum("volume"), months=pl.len(), last=pl.max("index"))
        .filter((pl.col("months") >= metered.SHORTEST_HISTORY) & (silent < metered.AVERAGE_PERIODS))
        .select(*keys, "heat_sum", heat_over=exact(pl.col("months")), heat_by=pl.lit(By.AVERAGE, pl.Int16))
    )
    return pl.concat([even, metered_now, average])
