"""What a house gets, from whom, how, at what norm and price, by segments of the month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from billing.formulas.exact import exact
from billing.kinds import BUSINESS, COLD_WATER, HOT_WATER, Basis, How, Mode
from billing.pipeline.facts import WATERS, Facts, Frame, cut, in_month, switch
from billing.pipeline.heat import house_heat, in_season


def group_of() -> pl.Expr:
    """Whose terms an account goes by: its house's, or its own where an exception is written for it."""
    return pl.when(pl.col("excepted")).then(-pl.col("account_id")).otherwise(pl.col("house_id"))


def _excepted(facts: Facts) -> Frame:
    return in_month(facts.exceptions, facts.month).select("account_id").unique().with_columns(excepted=pl.lit(True))


def terms(facts: Facts) -> tuple[Frame, Frame]:
    """What each house gets, from whom, how and at what norm, by segments of the month; and the prices of each.

    A new tariff, norm, method or multiplier inside the month makes a new segment, and so a new line.
    """
    month, size, ref = facts.month, facts.month.days, facts.reference
    excepted = _excepted(facts)
    houses = facts.accounts.select("house_id").unique().with_columns(group=pl.col("house_id"))
    alone = (
        facts.accounts.join(excepted, on="account_id")
        .select("house_id", (-pl.col("account_id")).alias("group"))
        .unique()
    )
    groups = pl.concat([houses, alone])
    provided = in_month(facts.provisions, month).join(groups, on="house_id")
    passports = in_month(facts.passports, month).join(groups.select("house_id", "group"), on="house_id")
    tariffs, norms = in_month(ref.tariffs, month), in_month(ref.norms, month)
    laws = in_month(ref.laws, month)
    exceptions = in_month(facts.exceptions, month).with_columns(group=-pl.col("account_id"))
    by_days = switch(facts, "uplift_by_days") == 1
    season = laws.filter((pl.col("code") == "heating_season") & (pl.col("value") > 0))
    is_partial = switch(facts, "norm_partial_month") == 1 and season.height > 0

    key = ["group", "service_id"]
    whole = provided.select(key).unique()
    points = [whole.with_columns(point=pl.lit(0, pl.Int16)), *_edges(provided, key), *_edges(exceptions, key)]
    served = provided.select("group", "service_id", "contract_id").unique()
    for rows, on in ((passports, ["group"]), (tariffs, ["contract_id", "service_id"]), (norms, ["service_id"])):
        points += [served.join(edge, on=on).select(*key, "point") for edge in _edges(rows, on)]
    away = in_month(facts.own_heating, month).join(groups, on="house_id")
    if away.height:  # ф. 3 shares the heat by what is heated that day
        heated = provided.filter(pl.col("method").is_in(_OF_HEAT)).select(key).unique()
        points += [heated.join(edge, on="group") for edge in _edges(away, ["group"])]
    waters = _waters(ref.services)
    followers = provided.filter(pl.col("method") == How.WASTEWATER).select(key).unique()
    if followers.height:
        of_water = provided.join(waters, on="service_id")
        points += [followers.join(edge, on="group") for edge in _edges(of_water, ["group"])]
        points += [followers.join(edge, how="cross") for edge in _edges(norms.join(waters, on="service_id"), [])]
    if is_partial:  # the norm of heat is paid for the days of the heating period
        warm = provided.filter(pl.col("method").is_in([int(How.HEATING_NORM), *_OF_HEAT])).select(key).unique()
        points += [warm.join(edge, how="cross") for edge in _edges(season, [])]
    if by_days:
        points += [
            whole.join(edge, how="cross") for edge in _edges(laws.filter(pl.col("code").str.starts_with("uplift.")), [])
        ]
    pieces = cut(pl.concat([p.select(*key, pl.col("point").cast(pl.Int16)) for p in points]), key, size)

    at = pl.col("start")
    found = _holding(
        pieces, provided.select(*key, "house_id", "contract_id", "method", "components", *_EDGE), key, how="inner"
    )
    if exceptions.height:
        special = exceptions.select(*key, pl.col("method").alias("instead"), *_EDGE).with_columns(
            is_special=pl.lit(True)
        )
        found = _holding(found, special, key)
        found = found.with_columns(
            method=pl.when(pl.col("is_special")).then(pl.col("instead")).otherwise(pl.col("method"))
        ).filter(pl.col("method").is_not_null())
    found = _holding(
        found,
        passports.select("group", "house_area", "common_area", "heating_mode", "norm_scope", "tariff_category", *_EDGE),
        ["group"],
    ).with_columns(pl.col("norm_scope", "tariff_category").fill_null(0), pl.col("heating_mode").fill_null(Mode.SEASON))
    found = found.sort(*key, "start").with_row_index("term")
    found = _with_norms(found, norms, found.select("term", "service_id", "norm_scope", at))
    for name, resource in WATERS:
        own = waters.filter(pl.col("resource") == resource).select("service_id")
        served_water = (
            provided.join(own, on="service_id").select("group", *_EDGE).with_columns(pl.lit(True).alias(f"has_{name}"))
        )
        found = _holding(found, served_water.unique(), ["group"]).with_columns(pl.col(f"has_{name}").fill_null(False))
        asked = found.filter(pl.col("method") == How.WASTEWATER).select("term", "norm_scope", "start")
        values = _norms_on(asked.join(own, how="cross"), norms).select(
            "term", pl.col("person_norm").alias(f"{name}_norm"), pl.col("person_over").alias(f"{name}_norm_over")
        )
        found = found.join(values, on="term", how="left")
    found = found.join(ref.services, on="service_id", how="left")
    multipliers = laws.filter(pl.col("code").str.starts_with("uplift.")).select(
        pl.col("code").str.strip_prefix("uplift."), pl.col("value").alias("multiplier"), *_EDGE
    )
    moment = at if by_days else pl.lit(0, pl.Int16)  # December 2025: the version of the 1st, unless the switch is set
    found = _holding(found.with_columns(moment=moment), multipliers, ["code"], at="moment").drop("moment")
    own_heating = _own_heating(facts, found)
    found = found.join(own_heating, on="term", how="left").with_columns(pl.col("without_area").fill_null(0))
    found = found.join(house_heat(facts), on=["house_id", "service_id"], how="left")
    found = found.with_columns(is_heated=_heated(season) if is_partial else pl.lit(in_season(laws, month)))
    prices = _prices(found, tariffs)
    found, prices = _merged(found, prices, key)
    return found.with_columns(in_season=pl.lit(in_season(laws, month))), prices


def _heated(season: Frame) -> pl.Expr:
    """Does the segment, cut at the edges of the heating period, belong to it?"""
    spans = season.select("start", "stop").iter_rows()
    return pl.any_horizontal(*((pl.col("start") >= start) & (pl.col("start") < stop) for start, stop in spans))


_OF_HEAT = [int(How.HEATING_BUILDING), int(How.HEATING_IN_HOUSE)]
_EDGE = (pl.col("start").alias("since"), pl.col("stop").alias("until"))


def _edges(rows: Frame, key: Sequence[str]) -> list[Frame]:
    """Days inside the month on which a row begins or ends."""
    return [
        rows.filter(pl.col(edge) > 0).select(*key, pl.col(edge).alias("point")).unique() for edge in ("start", "stop")
    ]


def _holding(
    pieces: Frame, rows: Frame, on: Sequence[str], how: Literal["left", "inner"] = "left", at: str = "start"
) -> Frame:
    """Joins the row (one at most) that holds on the segment's first day."""
    pieces = pieces.with_row_index("_row")
    near = pieces.select("_row", *on, at).join(rows, on=list(on)).filter(
        (pl.col("since") <= pl.col(at)) & (pl.col(at) < pl.col("until"))
    )  # fmt: skip
    added = [name for name in rows.columns if name not in {*on, "since", "until"}]
    return pieces.join(near.select("_row", *added), on="_row", how=how).drop("_row")


def _waters(services: Frame) -> Frame:
    """Services of cold and hot water, one of each: those measured by meters of flats."""
    rows = services.filter(
        pl.col("resource").is_in([COLD_WATER, HOT_WATER]) & ~pl.col("code").str.starts_with("common_")
    )
    return rows.select("service_id", "resource")


def _norms_on(asked: Frame, norms: Frame) -> Frame:
    """Norms of term × service on a day, the house's own scope before the general one. asked: term, service_id, …"""
    near = asked.join(norms, on="service_id", suffix="_norm").filter(
        (pl.col("start_norm") <= pl.col("start")) & (pl.col("start") < pl.col("stop")) & pl.col("scope").is_in([0])
        | (pl.col("start_norm") <= pl.col("start"))
        & (pl.col("start") < pl.col("stop"))
        & (pl.col("scope") == pl.col("norm_scope"))
    )
    near = near.sort("scope", descending=True)

    def value(basis: Basis, column: str = "value") -> pl.Expr:
        return pl.col(column).filter(pl.col("basis") == basis).first()

    wide = near.group_by("term").agg(
        person_month=value(Basis.PERSON_MONTH),
        person_year=value(Basis.PERSON_YEAR),
        m2_month=value(Basis.M2_MONTH),
        m2_year=value(Basis.M2_YEAR),
        season_months=pl.coalesce(value(Basis.M2_MONTH, "months"), value(Basis.M2_YEAR, "months")),
        common_norm=value(Basis.COMMON_M2_MONTH),
        heat_per_m3=value(Basis.PER_M3),
        social_norm=value(Basis.SOCIAL_PERSON),
    )
    return wide.select(
        "term",
        pl.coalesce("person_month", "person_year").alias("person_norm"),
        pl.when(pl.col("person_month").is_null()).then(12).otherwise(1).alias("person_over"),
        pl.coalesce("m2_month", "m2_year").alias("m2_norm"),
        pl.when(pl.col("m2_month").is_null()).then(12).otherwise(1).alias("m2_over"),
        "season_months",
        "common_norm",
        "heat_per_m3",
        "social_norm",
    )


def _with_norms(found: Frame, norms: Frame, asked: Frame) -> Frame:
    return found.join(_norms_on(asked, norms), on="term", how="left").with_columns(
        pl.col("person_over", "m2_over").fill_null(1), pl.col("season_months").fill_null(12)
    )


def _own_heating(facts: Facts, found: Frame) -> Frame:
    """m² of premises with lawful own heating in the house on the segment's first day."""
    rows = in_month(facts.own_heating, facts.month).select("house_id", "area", *_EDGE)
    near = found.select("term", "house_id", "start").join(rows, on="house_id").filter(
        (pl.col("since") <= pl.col("start")) & (pl.col("start") < pl.col("until"))
    )  # fmt: skip
    return near.group_by("term").agg(without_area=pl.sum("area"))


def _prices(found: Frame, tariffs: Frame) -> Frame:
    """Prices of each term: component, zone and range; the house's own category before the general one.

    consumer 0: the population. consumer 1 (only where such tariffs exist): non-residential premises and organisations;
    is_net: their price, without VAT. per_person: the range ends at so many units a person (a social norm).
    """
    near = found.select("term", "contract_id", "service_id", "tariff_category", "social_norm", at="start").join(
        tariffs, on=["contract_id", "service_id"]
    )
    near = near.filter((pl.col("start") <= pl.col("at")) & (pl.col("at") < pl.col("stop")))
    general = near.filter((pl.col("category") == 0) | (pl.col("category") == pl.col("tariff_category")))
    key = ["term", "component", "zone", "range"]
    parts = [_chosen(general, key, 0)]
    of_business = near.filter(pl.col("category") == BUSINESS)
    if of_business.height:
        rest = general.join(of_business, on="term", how="anti")
        parts += [_chosen(of_business, key, 1), _chosen(rest, key, 1)]
    return pl.concat(parts)


def _chosen(near: Frame, key: Sequence[str], consumer: int) -> Frame:
    order = [*key, "category"]
    chosen = near.sort(order, descending=[False] * len(key) + [True]).unique(key, keep="first", maintain_order=True)
    is_social = (pl.col("range") == 1) & pl.col("social_norm").is_not_null()
    return chosen.select(
        *key,
        pl.when(is_social).then(pl.col("social_norm")).otherwise(pl.col("range_up_to")).alias("range_up_to"),
        "price",
        is_social.alias("per_person"),
        pl.lit(consumer, pl.Int8).alias("consumer"),
        ((pl.col("category") == BUSINESS) & (consumer == 1)).alias("is_net"),
    )


def _merged(found: Frame, prices: Frame, key: Sequence[str]) -> tuple[Frame, Frame]:
    """Joins neighbouring segments that differ in nothing, numbers them, and marks runs of one price.

    `segment` is the number of the line's segment; `run` groups segments of one price, method and contract: a meter
    does not care for a new norm.
    """
    many = found.group_by(key).len().filter(pl.col("len") > 1).select(key)
    if not many.height:
        return found.with_columns(segment=pl.lit(1, pl.Int16), run=pl.lit(1, pl.Int16)), prices
    upper = pl.col("range_up_to").cast(pl.String).fill_null("∞")
    told = pl.concat_str("consumer", "component", "zone", "range", upper, "price", separator=":").str.join("|")
    sheet = (
        prices.sort("term", "consumer", "component", "zone", "range")
        .group_by("term", maintain_order=True)
        .agg(sheet=told)
    )
    found = found.join(sheet, on="term", how="left").sort(*key, "start")
    varying = [name for name in found.columns if name not in {"term", "start", "stop", *key}]
    adjacent = pl.col("start") != pl.col("stop").shift(1).over(key)
    price = ["contract_id", "method", "components", "sheet"]
    heat = pl.when(pl.col("components") == 2).then("heat_per_m3").alias("heat")
    same_all = pl.struct(*price, heat, *_counting())
    same_price = pl.struct(*price, heat)

    def runs(what: pl.Expr) -> pl.Expr:
        changed = (what != what.shift(1).over(key)) | adjacent
        return changed.fill_null(True).cast(pl.Int16).cum_sum().over(key)

    found = found.with_columns(segment=runs(same_all), run=runs(same_price))
    first = [pl.col("term").first(), pl.col("start").first(), pl.col("stop").last()]
    rest = [pl.col(name).first() for name in [*varying, "run"]]
    merged = found.group_by(*key, "segment", maintain_order=True).agg(*first, *rest).drop("sheet")
    # Every segment of a run has the run's prices, so the kept term's prices serve.
    return merged.select([name for name in found.columns if name != "sheet"]), prices


# What the formula of a method counts with, besides its price: a line is not cut by what it does not use.
_OF_PERSONS = ("person_norm", "person_over")
_OF_METRES = ("m2_norm", "m2_over")
_OF_HOUSE = ("house_area", "common_area")
_COUNTS_WITH: dict[How, tuple[str, ...]] = {
    How.METERED: (*_OF_PERSONS, *_OF_METRES, "multiplier"),
    How.HOT_WATER_IN_HOUSE: (*_OF_PERSONS, "multiplier"),
    How.WASTEWATER: (*_OF_PERSONS, "has_cold", "has_hot", "cold_norm", "cold_norm_over", "hot_norm", "hot_norm_over"),
    How.NORM_PERSON: _OF_PERSONS,
    How.NORM_AREA: _OF_METRES,
    **dict.fromkeys((How.HEATING_NORM, How.HEATING_BUILDING, How.HEATING_IN_HOUSE), (
        *_OF_METRES, "heating_mode", "season_months",
    )),
    **dict.fromkeys((How.COMMON_NORM, How.COMMON_BALANCE, How.COMMON_ACTUAL, How.COMMON_AVERAGE), (
        "common_norm", *_OF_HOUSE,
    )),
}  # fmt: skip


def _counting() -> list[pl.Expr]:
    """Each of these columns where the method counts with it, else nothing."""
    users: dict[str, list[int]] = {}
    for how, names in _COUNTS_WITH.items():
        for name in names:
            users.setdefault(name, []).append(int(how))
    used = [pl.when(pl.col("method").is_in(methods)).then(name).alias(name) for name, methods in users.items()]
    is_shared = pl.col("method").is_in(_OF_HEAT) & pl.col("heat_sum").is_not_null()  # else the norm of a square metre
    by_norm = pl.col("method").is_in([int(How.HEATING_NORM), *_OF_HEAT]) & ~is_shared
    of_season = pl.when(by_norm & (pl.col("heating_mode") != Mode.EVEN)).then("is_heated").alias("heated_by_norm")
    of_heat = [pl.when(is_shared).then(name).alias(f"heat_{name}") for name in (*_OF_HOUSE, "without_area")]
    return [*used, of_season, *of_heat]


def basis(facts: Facts, days: Frame, agreed: Frame) -> Frame:
    """Account × term: days, person-days and m²-days, exact sums over the days they share."""
    excepted = _excepted(facts)
    if excepted.height:
        days = days.join(excepted, on="account_id", how="left").with_columns(pl.col("excepted").fill_null(False))
        days = days.with_columns(group=group_of())
    else:
        days = days.with_columns(group=pl.col("house_id"))
    spans = agreed.select("group", "term", since="start", until="stop")
    joined = days.join(spans, on="group").with_columns(
        days=pl.min_horizontal("stop", "until") - pl.max_horizontal("start", "since")
    )
    joined = joined.filter(pl.col("days") > 0)
    area_days = pl.col("area") * pl.col("days")
    joined = joined.select(
        "account_id", "house_id", "premises_id", "meter_impossible", "term",
        pl.col("days").cast(pl.Int32),
        exact(pl.col("persons") * pl.col("days")).alias("person_days"),
        area_days.alias("area_days"),
        pl.when(pl.col("own_heating") == 1).then(area_days).otherwise(0).alias("own_area_days"),
    )  # fmt: skip
    split = days.group_by("account_id").len().filter(pl.col("len") > 1).select("account_id")
    if split.height:
        keys = ["account_id", "house_id", "premises_id", "meter_impossible", "term"]
        several = joined.join(split, on="account_id", how="semi")
        summed = several.group_by(keys, maintain_order=True).agg(
            pl.sum("days"), pl.sum("person_days"), pl.sum("area_days"), pl.sum("own_area_days")
        )
        joined = pl.concat([joined.join(split, on="account_id", how="anti"), summed.select(joined.columns)])
    return joined.join(agreed.drop("group", "house_id", "start", "stop"), on="term")
