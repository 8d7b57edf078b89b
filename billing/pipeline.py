"""The run as named steps over columns: facts → days → terms → items → volumes → lines. No Django, no account by name.

One code serves one account in a cabinet and a block of houses at night. Every step takes frames and hands frames on;
`calculate` strings them together and keeps what `explain` shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.columns import EXACT
from billing.formulas import common_use, heating, metered, normative, ranges, water
from billing.formulas.exact import exact, roubles, shown
from billing.kinds import COLD_WATER, GCAL, HOT_WATER, Basis, By, How, Kind, Mode

Frame = pl.DataFrame
WATERS = (("cold", COLD_WATER), ("hot", HOT_WATER))


@dataclass(frozen=True)
class Reference:
    """Facts of the whole installation that touch a month: small, loaded once a run."""

    services: Frame
    tariffs: Frame
    norms: Frame
    laws: Frame


@dataclass(frozen=True)
class Facts:
    """Everything the lines of a block of houses depend on, for one month."""

    month: Month
    reference: Reference
    accounts: Frame
    areas: Frame
    residents: Frame
    owners: Frame
    provisions: Frame
    exceptions: Frame = field(default_factory=lambda: columns.empty(columns.EXCEPTIONS))
    passports: Frame = field(default_factory=lambda: columns.empty(columns.PASSPORTS))
    own_heating: Frame = field(default_factory=lambda: columns.empty(columns.OWN_HEATING))
    house_volumes: Frame = field(default_factory=lambda: columns.empty(columns.HOUSE_VOLUMES))
    meters: Frame = field(default_factory=lambda: columns.empty(columns.METERS))
    readings: Frame = field(default_factory=lambda: columns.empty(columns.READINGS))
    charged: Frame = field(default_factory=lambda: columns.empty(columns.CHARGED))


@dataclass(frozen=True)
class Calculation:
    """The lines to be stored, and the columns they came from."""

    lines: Frame  # columns.CHARGES
    traced: Frame  # the same lines with their fractions
    dials: Frame  # one row per meter and zone: opening, closing, usage, days by the average
    days: Frame  # persons and area by segments of days
    terms: Frame  # what each house gets, how and at what norm
    problems: Frame  # account_id, service_id, problem: what could not be charged, and why


def calculate(facts: Facts) -> Calculation:
    """All lines of the month for the accounts in `facts`."""
    days = segments(facts)
    agreed, prices = terms(facts)
    items = basis(facts, days, agreed)
    dials = read_dials(facts)
    volumes, unfit = volume(facts, items, metered_usage(facts, dials))
    traced, unpriced = amounts(facts, volumes, prices)
    problems = pl.concat([unfit, unpriced]).unique(maintain_order=True)
    return Calculation(
        lines=stored(facts.month, traced), traced=traced, dials=dials, days=days, terms=agreed, problems=problems
    )


# --- days ------------------------------------------------------------------------------------------------------------


def in_month(frame: Frame, month: Month, since: str = "valid_from", until: str = "valid_to") -> Frame:
    """Rows that hold on some day of the month, with `start` and `stop` as day numbers, 0 … days of the month."""
    start = (pl.col(since) - pl.lit(month.first)).dt.total_days().clip(0, month.days)
    stop = (pl.col(until) - pl.lit(month.first)).dt.total_days().clip(0, month.days).fill_null(month.days)
    return frame.with_columns(start=start.cast(pl.Int16), stop=stop.cast(pl.Int16)).filter(
        pl.col("start") < pl.col("stop")
    )


def cut(points: Frame, keys: Sequence[str], days: int) -> Frame:
    """Segments [start, stop) between the `point`s of each key."""
    inside = points.filter(pl.col("point") < days).unique()
    ordered = inside.sort(*keys, "point")
    stop = pl.col("point").shift(-1).over(keys).fill_null(days).cast(pl.Int16)
    return ordered.with_columns(stop=stop).rename({"point": "start"})


def segments(facts: Facts) -> Frame:
    """Persons and area of every account by segments of days: cut once, for all services.

    account_id, house_id, premises_id, meter_impossible, start, stop, persons (owners where nobody lives: п. 56(2)),
    area (m²), own_heating (0 or 1).
    """
    month, size = facts.month, facts.month.days
    accounts = in_month(facts.accounts, month, "opened_on", "closed_on")
    areas = in_month(facts.areas, month)
    residents = in_month(facts.residents, month)
    owners = in_month(facts.owners, month)
    whole = (pl.col("start") == 0) & (pl.col("stop") == size)
    changing = pl.concat(
        [
            accounts.filter(~whole).select("premises_id"),
            *(rows.filter(~whole).select("premises_id") for rows in (areas, residents, owners)),
        ]
    ).unique()
    still = accounts.join(changing, on="premises_id", how="anti")
    moving = accounts.join(changing, on="premises_id", how="semi")
    parts = [_measure(still, areas, residents, owners)]
    if moving.height:
        points = [moving.select("account_id", point="start"), moving.select("account_id", point="stop")]
        spans = moving.select("account_id", "premises_id", open="start", close="stop")
        for rows in (areas, residents, owners):
            near = spans.join(rows.select("premises_id", "start", "stop"), on="premises_id")
            for edge in ("start", "stop"):
                inside = (pl.col(edge) > pl.col("open")) & (pl.col(edge) < pl.col("close"))
                points.append(near.filter(inside).select("account_id", point=edge))
        pieces = cut(pl.concat(points), ["account_id"], size)
        opened = moving.select("account_id", "house_id", "premises_id", "meter_impossible", open="start", close="stop")
        pieces = pieces.join(opened, on="account_id").filter(
            (pl.col("start") >= pl.col("open")) & (pl.col("start") < pl.col("close"))
        )
        # The last cut of an account closed inside the month ends with the account, not with the month.
        pieces = pieces.with_columns(stop=pl.min_horizontal("stop", "close"))
        parts.append(_measure(pieces, areas, residents, owners))
    return pl.concat(parts)


def _measure(pieces: Frame, areas: Frame, residents: Frame, owners: Frame) -> Frame:
    """Adds to segments what holds on their first day, which is what holds on all of their days."""
    spot = pieces.select("account_id", "premises_id", at="start")
    holds = (pl.col("start") <= pl.col("at")) & (pl.col("at") < pl.col("stop"))

    def count(rows: Frame, name: str) -> Frame:
        return (
            spot.join(rows, on="premises_id")
            .filter(holds)
            .group_by("account_id", "at")
            .agg(pl.sum("persons").alias(name))
        )

    area = spot.join(areas, on="premises_id").filter(holds).select("account_id", "at", "area", "own_heating")
    keys = {"left_on": ["account_id", "start"], "right_on": ["account_id", "at"], "how": "left"}
    joined = pieces.select("account_id", "house_id", "premises_id", "meter_impossible", "start", "stop")
    for frame in (area, count(residents, "living"), count(owners, "owning")):
        joined = joined.join(frame, **keys)  # type: ignore[arg-type]
    living = pl.col("living").fill_null(0)
    return joined.select(
        "account_id", "house_id", "premises_id", "meter_impossible", "start", "stop",
        pl.when(living > 0).then(living).otherwise(pl.col("owning").fill_null(0)).cast(pl.Int32).alias("persons"),
        pl.col("area").fill_null(0),
        pl.col("own_heating").fill_null(0),
    )  # fmt: skip


# --- terms -----------------------------------------------------------------------------------------------------------


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
    by_days = _law(laws, "uplift_by_days", 0) == 1

    key = ["group", "service_id"]
    whole = provided.select(key).unique()
    points = [whole.with_columns(point=pl.lit(0, pl.Int16)), *_edges(provided, key), *_edges(exceptions, key)]
    served = provided.select("group", "service_id", "contract_id").unique()
    for rows, on in ((passports, ["group"]), (tariffs, ["contract_id", "service_id"]), (norms, ["service_id"])):
        points += [served.join(edge, on=on).select(*key, "point") for edge in _edges(rows, on)]
    waters = _waters(ref.services)
    followers = provided.filter(pl.col("method") == How.WASTEWATER).select(key).unique()
    if followers.height:
        of_water = provided.join(waters, on="service_id")
        points += [followers.join(edge, on="group") for edge in _edges(of_water, ["group"])]
        points += [followers.join(edge, how="cross") for edge in _edges(norms.join(waters, on="service_id"), [])]
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
            "term", pl.col("person_norm").alias(f"{name}_norm"), pl.col("person_over").alias(f"{name}_over")
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
    prices = _prices(found, tariffs)
    found, prices = _merged(found, prices, key)
    return found.with_columns(in_season=pl.lit(in_season(laws, month))), prices


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
    )


def _with_norms(found: Frame, norms: Frame, asked: Frame) -> Frame:
    return found.join(_norms_on(asked, norms), on="term", how="left").with_columns(
        pl.col("person_over", "m2_over").fill_null(1), pl.col("season_months").fill_null(12)
    )


def _law(laws: Frame, code: str, default: int) -> int:
    rows = laws.filter((pl.col("code") == code) & (pl.col("start") == 0))
    return int(rows["value"][0]) if rows.height else default


def in_season(laws: Frame, month: Month) -> bool:
    """Is the month one of the heating period? A started month counts as whole; by default October to April."""
    rows = laws.filter(pl.col("code") == "heating_season")
    if rows.height:
        return bool((rows["value"] > 0).any())
    return month.first.month in heating.SEASON


def _own_heating(facts: Facts, found: Frame) -> Frame:
    """m² of premises with lawful own heating in the house on the segment's first day."""
    rows = in_month(facts.own_heating, facts.month).select("house_id", "area", *_EDGE)
    near = found.select("term", "house_id", "start").join(rows, on="house_id").filter(
        (pl.col("since") <= pl.col("start")) & (pl.col("start") < pl.col("until"))
    )  # fmt: skip
    return near.group_by("term").agg(without_area=pl.sum("area"))


def house_heat(facts: Facts) -> Frame:
    """Heat of a house in the month as a fraction: heat_sum / heat_over, Gcal, and how it was found.

    Season mode: the building meter's volume of the month; without it, for three periods of the heating period, the
    average over the heating months of the last year (≥ 3 of them); then nothing, and the norm follows (charges.md 7.5).
    Even mode (п. 42(1)): the twelfth of the previous year, if it was metered; else nothing.
    """
    month = facts.month
    index, this = _index("month"), _index_of(month.first)
    laws = facts.reference.laws
    rows = facts.house_volumes.with_columns(index=index)
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
    season = rows.filter(pl.col("heating_mode") != Mode.EVEN)
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


def _prices(found: Frame, tariffs: Frame) -> Frame:
    """Prices of each term: component, zone and range; the house's own category before the general one."""
    near = found.select("term", "contract_id", "service_id", "tariff_category", at="start").join(
        tariffs, on=["contract_id", "service_id"]
    )
    near = near.filter(
        (pl.col("start") <= pl.col("at"))
        & (pl.col("at") < pl.col("stop"))
        & ((pl.col("category") == 0) | (pl.col("category") == pl.col("tariff_category")))
    )
    key = ["term", "component", "zone", "range"]
    chosen = near.sort(*key, "category", descending=[False] * 4 + [True]).unique(key, keep="first", maintain_order=True)
    return chosen.select(*key, "range_up_to", "price")


def _merged(found: Frame, prices: Frame, key: Sequence[str]) -> tuple[Frame, Frame]:
    """Joins neighbouring segments that differ in nothing, numbers them, and marks runs of one price.

    `segment` is the number of the line's segment; `run` groups segments of one price, method and contract: a meter
    does not care for a new norm.
    """
    many = found.group_by(key).len().filter(pl.col("len") > 1).select(key)
    if not many.height:
        return found.with_columns(segment=pl.lit(1, pl.Int16), run=pl.lit(1, pl.Int16)), prices
    sheet = prices.sort("term", "component", "zone", "range").group_by("term", maintain_order=True).agg(
        sheet=pl.concat_str("component", "zone", "range", pl.col("range_up_to").cast(pl.String).fill_null("∞"), "price", separator=":").str.join("|")
    )  # fmt: skip
    found = found.join(sheet, on="term", how="left").sort(*key, "start")
    varying = [name for name in found.columns if name not in {"term", "start", "stop", *key}]
    adjacent = pl.col("start") != pl.col("stop").shift(1).over(key)
    same_all = pl.struct(varying)
    same_price = pl.struct("contract_id", "method", "components", "sheet")

    def runs(what: pl.Expr) -> pl.Expr:
        changed = (what != what.shift(1).over(key)) | adjacent
        return changed.fill_null(True).cast(pl.Int16).cum_sum().over(key)

    found = found.with_columns(segment=runs(same_all), run=runs(same_price))
    first = [pl.col("term").first(), pl.col("start").first(), pl.col("stop").last()]
    rest = [pl.col(name).first() for name in [*varying, "run"]]
    merged = found.group_by(*key, "segment", maintain_order=True).agg(*first, *rest).drop("sheet")
    # Every segment of a run has the run's prices, so the kept term's prices serve.
    return merged.select([name for name in found.columns if name != "sheet"]), prices


# --- items -----------------------------------------------------------------------------------------------------------


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


# --- meters ----------------------------------------------------------------------------------------------------------


def _index(column: str) -> pl.Expr:
    """Months since year 0."""
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month() - 1


def _index_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def unread(meters: Frame, readings: Frame, month: Month) -> list[int]:
    """Meters that two months of readings do not settle: they need their history (and that of those they replace)."""
    ends = readings.filter(pl.col("counts") == 1).group_by("meter_id").agg(
        now=(pl.col("month") == month.first).sum(), before=(pl.col("month") < month.first).sum()
    )  # fmt: skip
    found = meters.join(ends, on="meter_id", how="left")
    expired = pl.col("verified_until").is_not_null() & (pl.col("verified_until") < month.last)
    moved = (pl.col("commissioned_on") >= month.previous.first) | pl.col("removed_on").is_not_null()
    lacking = (pl.col("now").fill_null(0) < pl.col("zones")) | (pl.col("before").fill_null(0) < pl.col("zones"))
    rows = found.filter(lacking | expired | moved)
    return sorted({*rows["meter_id"].to_list(), *rows["replaces_id"].drop_nulls().to_list()})


def is_initial() -> pl.Expr:
    """The value written into the act of commissioning: where a meter begins."""
    return (pl.col("is_act") == 1) & (pl.col("day") <= pl.col("commissioned_on"))


def best_readings(readings: Frame) -> Frame:
    """The one reading of each dial and month. It is the one that counts; but in the month of commissioning the act's
    value counts, and is a beginning only: a later reading of that month, if there is one, ends it."""
    at_start = (_index("commissioned_on") == pl.col("index")) & ~is_initial()
    usable = readings.filter((pl.col("counts") == 1) | at_start)
    return usable.sort("day", "counts").unique(["meter_id", "zone", "index"], keep="last", maintain_order=True)


def read_dials(facts: Facts) -> Frame:
    """One row per dial of the month: opening and closing values, usage, and the days that only the average covers.

    `usage` (units × ratio) is of the days covered by readings; `gap_days` are the others: all days of a silent month,
    the days of a replacement, those after a removal. `average` is the average month in sixtieths (null: no history).
    `periods` counts the periods of the event of п. 59; `cause`: read, silent, expired, replaced.
    """
    month = facts.month
    first, this, size = month.first, _index_of(month.first), month.days
    meters = facts.meters
    live = meters.filter(
        (pl.col("commissioned_on") <= month.last) & (pl.col("removed_on").is_null() | (pl.col("removed_on") >= first))
    )
    replaced = live.filter(pl.col("removed_on").is_not_null()).select(
        replaces_id="meter_id", old_removed_on="removed_on"
    )
    live = live.join(replaced, on="replaces_id", how="left")
    is_new = pl.col("commissioned_on") >= first
    # п. 81: by a new meter one charges from the 1st of the next month, unless it stands for one that was counted.
    live = live.filter(~is_new | pl.col("old_removed_on").is_not_null())
    dials = live.with_columns(zone=pl.int_ranges(1, pl.col("zones") + 1, dtype=pl.Int16)).explode("zone")

    readings = facts.readings.with_columns(index=_index("month")).join(
        meters.select("meter_id", "commissioned_on"), on="meter_id"
    )
    dial = ["meter_id", "zone"]
    best = best_readings(readings)
    closing = best.filter((pl.col("index") == this) & ~is_initial()).select(*dial, closing="value", closed_on="day")
    last = (
        best.filter(pl.col("index") < this)
        .sort("index")
        .unique(dial, keep="last", maintain_order=True)
        .select(*dial, last="value", last_on="day", last_index="index")
    )
    initial = (
        readings.filter(is_initial())
        .sort("day")
        .unique(dial, keep="first", maintain_order=True)
        .select(*dial, initial="value", initial_on="day")
    )
    dials = dials.join(closing, on=dial, how="left").join(last, on=dial, how="left").join(initial, on=dial, how="left")
    started = pl.min_horizontal(_index("commissioned_on"), pl.lit(this - 1))
    dials = dials.with_columns(
        opening=pl.coalesce("last", "initial"),
        opened_on=pl.coalesce("last_on", "initial_on"),
        opening_index=pl.when(pl.col("last").is_not_null()).then("last_index").otherwise(started),
        ended=_index("verified_until")
        + (pl.col("verified_until").dt.month_end() == pl.col("verified_until")).cast(pl.Int32),
    )
    used = metered.usage(pl.col("opening"), pl.col("closing"), pl.col("digits"), pl.col("ratio"))
    dials = dials.with_columns(usage=used)
    is_read = pl.col("usage").is_not_null()
    is_expired = pl.col("ended").fill_null(this + 1) <= this
    removed_day = (pl.col("removed_on") - pl.lit(first)).dt.total_days() + 1  # day of the month, removal included
    new_day = (pl.col("commissioned_on") - pl.lit(first)).dt.total_days() + 1
    old_day = (pl.col("old_removed_on") - pl.lit(first)).dt.total_days() + 1
    is_removed = pl.col("removed_on").is_not_null() & (pl.col("removed_on") <= pl.lit(month.last))
    heirs = live.filter(pl.col("old_removed_on").is_not_null()).select(meter_id="replaces_id", has_heir=pl.lit(True))
    dials = dials.join(heirs.unique(), on="meter_id", how="left")
    gap = (
        pl.when(is_expired).then(size)
        .when(is_new).then(new_day - old_day + pl.when(is_read).then(0).otherwise(size - new_day))
        .when(is_removed).then(
            pl.when(is_read).then(0).otherwise(removed_day)
            + pl.when(pl.col("has_heir").fill_null(False)).then(0).otherwise(size - removed_day))
        .when(is_read).then(0)
        .otherwise(size)
    )  # fmt: skip
    dials = dials.with_columns(
        gap_days=gap.cast(pl.Int32),
        usage=pl.when(is_expired | ~is_read).then(0).otherwise(pl.col("usage")),
        cause=pl.when(is_expired).then(pl.lit("expired"))
        .when(is_new | is_removed).then(pl.lit("replaced"))
        .when(is_read).then(pl.lit("read"))
        .otherwise(pl.lit("silent")),
        periods=pl.when(is_expired).then(this - pl.col("ended") + 1)
        .when(is_new | is_removed).then(1)
        .when(is_read).then(0)
        .otherwise(this - pl.coalesce("opening_index", pl.lit(this - 1))).cast(pl.Int32),
        covered=pl.when(is_read & ~is_expired).then(this - pl.col("opening_index")).otherwise(0),
    )  # fmt: skip
    averages = _averages(dials, meters, best, this)
    return dials.join(averages, on=dial, how="left").with_columns(
        price_zone=metered.two_zone_price(pl.col("zones"), pl.col("zone")).cast(pl.Int16)
    )


def _averages(dials: Frame, meters: Frame, readings: Frame, this: int) -> Frame:
    """Average month of each dial that needs one, over the last 3 to 6 fully metered months of it and of its elder.

    Months charged by the norm or the average have no reading, so they are no metered months (charges.md 2.1).
    """
    needed = dials.filter(pl.col("gap_days") > 0).select("meter_id", "zone", "replaces_id", "ended")
    empty = pl.DataFrame(
        schema={"meter_id": pl.Int64, "zone": pl.Int16, "history": EXACT, "history_months": pl.Int32, "average": EXACT}
    )
    if not needed.height:
        return empty
    own = needed.select("meter_id", "zone", "ended", source="meter_id")
    elder = needed.filter(pl.col("replaces_id").is_not_null()).select("meter_id", "zone", "ended", source="replaces_id")
    sources = pl.concat([own, elder])
    rows = (
        readings.filter(pl.col("index") < this)
        .rename({"meter_id": "source"})
        .join(sources, on=["source", "zone"])
        .join(meters.select("meter_id", "digits", "ratio").rename({"meter_id": "source"}), on="source")
        .sort("meter_id", "source", "zone", "index")
    )
    key = ["meter_id", "source", "zone"]
    used = metered.usage(pl.col("value").shift(1).over(key), pl.col("value"), pl.col("digits"), pl.col("ratio"))
    whole = pl.col("index") - pl.col("index").shift(1).over(key) == 1
    fit = rows.with_columns(used=pl.when(whole).then(used)).filter(
        pl.col("used").is_not_null() & (pl.col("ended").is_null() | (pl.col("index") < pl.col("ended")))
    )
    latest = (
        fit.sort("index", descending=True)
        .group_by("meter_id", "zone", maintain_order=True)
        .head(metered.LONGEST_HISTORY)
    )
    summed = latest.group_by("meter_id", "zone").agg(history=pl.sum("used"), history_months=pl.len().cast(pl.Int32))
    return summed.with_columns(average=metered.average_numer(pl.col("history"), pl.col("history_months")))


def metered_usage(facts: Facts, dials: Frame) -> Frame:
    """Volume of premises × resource × zone of price: numer / over, units; and what the month is charged by.

    by: METER, AVERAGE, or NORM for the whole service (then `is_uplifted` says whether the multiplier applies:
    п. 60: after an expired verification it does, for readings not submitted it does not). norm_gap_days: days of a
    replacement that have no average and go by the norm.
    """
    size, this = facts.month.days, _index_of(facts.month.first)
    place = ["premises_id", "resource"]
    has_average = pl.col("average").is_not_null()
    in_time = pl.col("periods") <= metered.AVERAGE_PERIODS
    is_whole = pl.col("gap_days") == size
    falls = is_whole & (pl.col("cause") != "replaced") & (~has_average | ~in_time)
    dials = dials.with_columns(
        falls=falls,
        late=falls & (pl.col("cause") == "expired") & ~in_time,
        filled=pl.when(has_average & (pl.col("gap_days") > 0)).then(pl.col("gap_days")).otherwise(0),
        norm_gap=pl.when(~has_average & ~falls).then(pl.col("gap_days")).otherwise(0),
    )
    verdict = dials.group_by(place).agg(
        falls=pl.col("falls").any(),
        late=pl.col("late").any(),
        is_read=(pl.col("gap_days") < size).any(),
        is_averaged=((pl.col("filled") > 0) & is_whole).any(),
        has_gap=(pl.col("filled") > 0).any(),
        norm_gap_days=pl.max("norm_gap"),
        since=pl.col("opening_index").filter(pl.col("covered") > 1).min(),
    )
    zones = dials.group_by(*place, "price_zone", maintain_order=True).agg(
        used=pl.sum("usage"),
        filled=(metered.gap_numer(pl.col("average").fill_null(0), exact(pl.col("filled")))).sum(),
    )
    rows = zones.join(verdict, on=place)
    if facts.charged.height:
        rows = _less_charged(facts, rows, place, this)
    over = pl.when(pl.col("has_gap")).then(exact(pl.lit(metered.SIXTY * size))).otherwise(exact(pl.lit(1)))
    return rows.select(
        *place,
        pl.col("price_zone").alias("zone"),
        (pl.col("used") * pl.when(pl.col("has_gap")).then(metered.SIXTY * size).otherwise(1) + pl.col("filled")).alias("used_numer"),
        over.alias("used_over"),
        pl.when(pl.col("falls")).then(By.NORM)
        .when(pl.col("is_averaged")).then(By.AVERAGE)
        .otherwise(By.METER).cast(pl.Int16).alias("by"),
        pl.col("late").alias("is_uplifted"),
        exact(pl.col("norm_gap_days")).alias("norm_gap_days"),
    ).filter((pl.col("by") != By.NORM) | (pl.col("zone") == pl.col("zone").min().over(place)))  # fmt: skip


def _less_charged(facts: Facts, rows: Frame, place: Sequence[str], this: int) -> Frame:
    """A true-up: what was charged since the meter was last read comes off what it shows now (charges.md 2.1).

    A volume charged in a zone the meter has no price for (a month by norm) comes off its first zone.
    """
    homes = facts.accounts.select("account_id", "premises_id")
    resources = facts.reference.services.select("service_id", "resource")
    charged = (
        facts.charged.join(homes, on="account_id")
        .join(resources, on="service_id")
        .with_columns(index=_index("for_month"))
    )
    due = rows.filter(pl.col("since").is_not_null()).select(*place, "since", zone="price_zone")
    fits = due.select(*place, "zone", fits=pl.lit(True))
    first = due.group_by(place).agg(first_zone=pl.min("zone"), since=pl.first("since"))
    charged = (
        charged.join(first, on=place)
        .filter((pl.col("index") > pl.col("since")) & (pl.col("index") < this))
        .join(fits, on=[*place, "zone"], how="left")
        .with_columns(price_zone=pl.when(pl.col("fits")).then("zone").otherwise("first_zone"))
        .group_by(*place, "price_zone")
        .agg(before=pl.sum("volume"))
    )
    return rows.join(charged, on=[*place, "price_zone"], how="left").with_columns(
        used=pl.col("used") - pl.col("before").fill_null(0)
    )


# --- volumes ---------------------------------------------------------------------------------------------------------

ITEM = (
    "account_id", "house_id", "premises_id", "contract_id", "service_id", "term", "segment", "run", "days",
    "person_days", "area_days", "method", "components", "unit", "heat_per_m3",
)  # fmt: skip
VOLUME = (
    *ITEM, "kind", "by", "zone", "numer", "over", "norm", "multiplier", "shows_persons", "shows_area",
)  # fmt: skip


def volume(facts: Facts, items: Frame, used: Frame) -> tuple[Frame, Frame]:
    """Volume of every item as numer / over, by the method of its provision; and what could not be found."""
    size = facts.month.days
    month_days = exact(pl.lit(size))
    parts: list[Frame] = []
    problems: list[Frame] = []

    def take(
        rows: Frame, by: By | pl.Expr, numer: pl.Expr, over: pl.Expr, *, norm: pl.Expr | None = None,
        zone: pl.Expr | None = None, multiplier: pl.Expr | None = None, kind: Kind = Kind.CHARGE,
        persons: pl.Expr | bool = False, area: pl.Expr | bool = False,
    ) -> None:  # fmt: skip
        nothing = pl.lit(None, EXACT)
        parts.append(
            rows.select(
                *ITEM,
                pl.lit(int(kind), pl.Int16).alias("kind"),
                (pl.lit(int(by), pl.Int16) if isinstance(by, By) else by.cast(pl.Int16)).alias("by"),
                (pl.lit(0, pl.Int16) if zone is None else zone.cast(pl.Int16)).alias("zone"),
                numer.cast(EXACT).alias("numer"),
                over.cast(EXACT).alias("over"),
                (nothing if norm is None else norm).alias("norm"),
                (nothing if multiplier is None else multiplier).alias("multiplier"),
                (pl.lit(persons) if isinstance(persons, bool) else persons).alias("shows_persons"),
                (pl.lit(area) if isinstance(area, bool) else area).alias("shows_area"),
            )
        )

    def of(*methods: How) -> Frame:
        return items.filter(pl.col("method").is_in([int(m) for m in methods]))

    def fit(rows: Frame, condition: pl.Expr, problem: str) -> Frame:
        bad = rows.filter(~condition.fill_null(False))
        if bad.height:
            problems.append(bad.select("account_id", "service_id", pl.lit(problem).alias("problem")))
        return rows.filter(condition.fill_null(False))

    person_numer = normative.by_persons(pl.col("person_days"), pl.col("person_norm"))
    person_over = month_days * exact(pl.col("person_over"))

    # by meters, else by the norm of persons (charges.md 2)
    rows = of(How.METERED)
    if rows.height:
        by_zone = rows.join(used, on=["premises_id", "resource"], how="left")
        seen = by_zone.filter(pl.col("by").is_in([int(By.METER), int(By.AVERAGE)]))
        gap = pl.col("norm_gap_days").fill_null(0)
        with_gap = seen.filter(gap > 0)
        plain = seen.filter(gap == 0)
        if plain.height:
            if (plain["segment"] != plain["run"]).any():
                plain = _one_price(plain)
            take(
                plain,
                pl.col("by"),
                pl.col("used_numer") * pl.col("days"),
                pl.col("used_over") * month_days,
                zone=pl.col("zone"),
            )
        if with_gap.height:
            with_gap = fit(with_gap, pl.col("person_norm").is_not_null(), "нет норматива")
            days = exact(pl.col("days"))
            take(
                with_gap, pl.col("by"),
                pl.col("used_numer") * days * person_over
                + normative.by_persons(pl.col("person_days"), pl.col("person_norm")) * gap * pl.col("used_over"),
                pl.col("used_over") * month_days * person_over, zone=pl.col("zone"), persons=True,
            )  # fmt: skip
        without = by_zone.filter(pl.col("by").is_null() | (pl.col("by") == By.NORM))
        without = without.filter(pl.col("person_days") > 0)
        without = fit(without, pl.col("person_norm").is_not_null(), "нет норматива")
        if without.height:
            possible = ((pl.col("meter_impossible") // (pl.lit(2).pow(pl.col("resource")).cast(pl.Int32))) % 2) == 0
            rises = (pl.col("by").is_null() & possible) | pl.col("is_uplifted").fill_null(False)
            k = pl.when(rises & (pl.col("multiplier") > 1)).then(pl.col("multiplier"))
            take(without, By.NORM, person_numer, person_over, norm=pl.col("person_norm"), multiplier=k, persons=True)

    rows = of(How.NORM_PERSON).filter(pl.col("person_days") > 0)
    rows = fit(rows, pl.col("person_norm").is_not_null(), "нет норматива")
    take(rows, By.NORM, person_numer, person_over, norm=pl.col("person_norm"), persons=True)

    area_over = month_days * exact(pl.col("m2_over"))
    rows = fit(of(How.NORM_AREA), pl.col("m2_norm").is_not_null(), "нет норматива")
    take(
        rows,
        By.NORM,
        normative.by_area(pl.col("area_days"), pl.col("m2_norm")),
        area_over,
        norm=pl.col("m2_norm"),
        area=True,
    )

    take(of(How.PER_M2), By.AREA, pl.col("area_days"), month_days, area=True)
    take(of(How.PER_ACCOUNT), By.FLAT_RATE, exact(pl.col("days")), month_days)

    rows = of(How.COMMON_NORM)
    rows = fit(rows, pl.col("common_norm").is_not_null(), "нет норматива")
    rows = fit(rows, pl.col("house_area") > 0, "нет паспорта дома")
    take(
        rows, By.NORM, common_use.by_norm(pl.col("area_days"), pl.col("common_norm"), pl.col("common_area")),
        pl.col("house_area") * month_days, norm=pl.col("common_norm"), kind=Kind.COMMON_USE, area=True,
    )  # fmt: skip

    # heating: own meters of flats come with formulas 3(1) and 3(3)
    rows = of(How.HEATING_BUILDING, How.HEATING_NORM).filter(pl.col("heating_mode") != Mode.NONE)
    rows = rows.filter((pl.col("heating_mode") == Mode.EVEN) | pl.col("in_season") | pl.col("heat_sum").is_not_null())
    measured = rows.filter((pl.col("method") == How.HEATING_BUILDING) & pl.col("heat_sum").is_not_null())
    measured = fit(measured, pl.col("house_area") > 0, "нет паспорта дома")
    if measured.height:
        central = measured.filter(pl.col("without_area") == 0)
        take(
            central, pl.col("heat_by"), pl.col("heat_sum") * pl.col("area_days"),
            pl.col("house_area") * pl.col("heat_over") * month_days, area=True,
        )  # fmt: skip
        mixed = measured.filter(pl.col("without_area") > 0)
        house, common = pl.col("house_area"), pl.col("common_area")
        take(
            mixed, pl.col("heat_by"),
            heating.by_building_meter(
                pl.col("area_days") - pl.col("own_area_days"), pl.col("own_area_days"), pl.col("heat_sum"), house, common
            ),
            heating.building_over(house, common, pl.col("without_area")) * pl.col("heat_over") * month_days, area=True,
        )  # fmt: skip
    by_norm = rows.filter((pl.col("method") == How.HEATING_NORM) | pl.col("heat_sum").is_null())
    silent = by_norm.filter(pl.col("method") == How.HEATING_BUILDING)
    if silent.height:
        problems.append(silent.select("account_id", "service_id", pl.lit("нет объёма по дому").alias("problem")))
    by_norm = fit(by_norm, pl.col("m2_norm").is_not_null(), "нет норматива")
    heated = pl.col("area_days") - pl.col("own_area_days")
    by_norm = by_norm.filter(heated > 0)
    even = by_norm.filter(pl.col("heating_mode") == Mode.EVEN)
    months = exact(pl.col("season_months"))
    take(
        even,
        By.NORM,
        heating.by_norm_evenly(heated, pl.col("m2_norm"), months),
        area_over * 12,
        norm=pl.col("m2_norm"),
        area=True,
    )
    season = by_norm.filter(pl.col("heating_mode") != Mode.EVEN)
    take(
        season,
        By.NORM,
        heating.by_norm_in_season(heated, pl.col("m2_norm")),
        area_over,
        norm=pl.col("m2_norm"),
        area=True,
    )

    rows = of(How.WASTEWATER)
    if rows.height:
        _wastewater(rows, used, size, take, fit)

    nothing = pl.DataFrame(schema={"account_id": pl.Int64, "service_id": pl.Int16, "problem": pl.String})
    return pl.concat(parts), pl.concat([nothing, *problems])


def _one_price(rows: Frame) -> Frame:
    """A meter knows no norm: segments of one price are one line again."""
    key = ["account_id", "contract_id", "service_id", "run", "zone"]
    summed = [pl.sum("days"), pl.sum("person_days"), pl.sum("area_days"), pl.sum("own_area_days")]
    names = {"days", "person_days", "area_days", "own_area_days", *key}
    rest = [pl.col(name).first() for name in rows.columns if name not in names]
    return rows.sort(*key, "segment").group_by(key, maintain_order=True).agg(*summed, *rest).select(rows.columns)


def _wastewater(rows: Frame, used: Frame, size: int, take, fit) -> None:  # type: ignore[no-untyped-def]
    """V = V_cold + V_hot of the same premises, metered or normed or averaged, never with the multiplier (п. 42)."""
    month_days = exact(pl.lit(size))
    for name, resource in WATERS:
        volumes = used.filter(pl.col("resource") == resource).group_by("premises_id").agg(
            pl.sum("used_numer").alias(f"{name}_numer"), pl.first("used_over").alias(f"{name}_used_over"),
            pl.first("by").alias(f"{name}_by"), pl.first("norm_gap_days").alias(f"{name}_gap"),
        )  # fmt: skip
        rows = rows.join(volumes, on="premises_id", how="left")
    well = ~pl.col("has_cold") & ~pl.col("has_hot") & pl.col("cold_by").is_null() & pl.col("hot_by").is_null()
    own = rows.filter(well & (pl.col("person_days") > 0))
    own = fit(own, pl.col("person_norm").is_not_null(), "нет норматива")
    take(
        own, By.NORM, normative.by_persons(pl.col("person_days"), pl.col("person_norm")),
        month_days * exact(pl.col("person_over")), norm=pl.col("person_norm"), persons=True,
    )  # fmt: skip
    rows = rows.filter(~well)
    fractions = []
    for name, _ in WATERS:
        norm, norm_over = pl.col(f"{name}_norm"), exact(pl.col(f"{name}_over").fill_null(1))
        seen = pl.col(f"{name}_by").is_in([int(By.METER), int(By.AVERAGE)]).fill_null(False)
        due = ~seen & (pl.col(f"has_{name}") | pl.col(f"{name}_by").is_not_null()) & (pl.col("person_days") > 0)
        rows = fit(rows, ~due | norm.is_not_null(), "нет норматива воды")
        normed = normative.by_persons(pl.col("person_days"), norm)
        gap = pl.col(f"{name}_gap").fill_null(0)
        used_over = pl.col(f"{name}_used_over")
        days = exact(pl.col("days"))
        # the same fraction as the water's own line, days of a replacement by the norm included
        over = (
            pl.when(seen & (gap > 0)).then(used_over * month_days * month_days * norm_over)
            .when(seen).then(used_over * month_days)
            .when(due).then(month_days * norm_over)
            .otherwise(exact(pl.lit(1)))
        )  # fmt: skip
        numer = (
            pl.when(seen & (gap > 0)).then(
                pl.col(f"{name}_numer") * days * month_days * norm_over + normed.fill_null(0) * gap * used_over)
            .when(seen).then(pl.col(f"{name}_numer") * days)
            .when(due).then(normed)
            .otherwise(exact(pl.lit(0)))
        )  # fmt: skip
        rows = rows.with_columns(numer.alias(f"{name}_n"), over.alias(f"{name}_o"), seen.alias(f"{name}_seen"))
        fractions += [pl.col(f"{name}_n"), pl.col(f"{name}_o")]
    numer, over = water.sum_of_two(*fractions)
    rows = rows.filter(pl.col("cold_seen") | pl.col("hot_seen") | (pl.col("person_days") > 0))
    take(rows, By.FOLLOWS_WATER, numer, over, persons=~(pl.col("cold_seen") & pl.col("hot_seen")))


# --- amounts ---------------------------------------------------------------------------------------------------------


def amounts(facts: Facts, volumes: Frame, prices: Frame) -> tuple[Frame, Frame]:
    """Lines with their prices and roubles: each rounded once (charges.md 1.4). And the items that have no price."""
    two = pl.col("components") == 2
    single = volumes.filter(~two).with_columns(component=pl.lit(0, pl.Int16))
    twofold = volumes.filter(two)
    parts = [single]
    if twofold.height:
        parts.append(twofold.with_columns(component=pl.lit(1, pl.Int16)))
        heat = twofold.with_columns(
            component=pl.lit(2, pl.Int16),
            numer=normative.heat_of_water(pl.col("numer"), pl.col("heat_per_m3")),
            unit=pl.lit(GCAL, pl.Int16),
            multiplier=pl.lit(None, EXACT),
            norm=pl.col("heat_per_m3"),
        )
        parts.append(heat.select(parts[-1].columns))
    rows = pl.concat([part.select(parts[0].columns) for part in parts])
    priced = rows.join(prices, on=["term", "component", "zone"], how="left")
    bad = priced.filter(pl.col("price").is_null() | pl.col("numer").is_null())
    problem = pl.when(pl.col("price").is_null()).then(pl.lit("нет тарифа")).otherwise(pl.lit("нет норматива подогрева"))
    problems = bad.select("account_id", "service_id", problem.alias("problem"))
    priced = priced.filter(pl.col("price").is_not_null() & pl.col("numer").is_not_null())
    ranged = priced.filter(pl.col("range") > 0)
    if ranged.height:
        priced = pl.concat([priced.filter(pl.col("range") == 0), _by_ranges(ranged, facts.month.days)])
    base = priced.with_columns(amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")))
    raised = base.filter(pl.col("multiplier").is_not_null())
    if raised.height:
        added = raised.with_columns(
            kind=pl.lit(int(Kind.UPLIFT), pl.Int16), numer=normative.uplift(pl.col("numer"), pl.col("multiplier"))
        )
        added = added.with_columns(amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")))
        # The base line is the plain norm; K stands on the line that it makes.
        base = pl.concat([base.with_columns(multiplier=pl.lit(None, EXACT)), added])
    return base, problems


def _by_ranges(rows: Frame, size: int) -> Frame:
    """Splits volumes at the limits of the ranges; zones share each range in proportion (a convention)."""
    line = ["account_id", "contract_id", "service_id", "kind", "segment", "component"]
    total = pl.col("numer").filter(pl.col("range") == pl.col("range").min().over(*line, "zone")).sum().over(line)
    lower = pl.col("range_up_to").shift(1).over(*line, "zone").fill_null(0)
    rows = rows.sort(*line, "zone", "range").with_columns(total=total, lower=lower)
    share = pl.col("over") * pl.col("days")
    month_days = exact(pl.lit(size))
    # limits are of a month: a segment has its days' part of them
    part = ranges.part_of_range(
        pl.col("total") * month_days, pl.col("lower") * share, pl.col("range_up_to") * share,
        pl.col("range") == pl.col("range").min().over(*line, "zone"),
    )  # fmt: skip
    alone = pl.col("total") == pl.col("numer")
    rows = rows.with_columns(part=part)
    is_first = pl.col("lower") == 0
    rows = rows.with_columns(
        numer=pl.when(alone).then(pl.col("part")).otherwise(pl.col("numer") * pl.col("part")),
        over=pl.when(alone).then(pl.col("over") * month_days).otherwise(pl.col("over") * month_days * pl.col("total")),
    ).filter((pl.col("part") != 0) | is_first)
    return rows.drop("total", "lower", "part")


def stored(month: Month, traced: Frame) -> Frame:
    """The lines as the table keeps them: volume to 6 places, key in order."""
    line = pl.col("component") * 10000 + pl.col("zone") * 1000 + pl.col("range") * 100 + pl.col("segment")
    days = exact(pl.col("days"))
    lines = traced.select(
        "account_id", "contract_id", "service_id", "kind",
        line.cast(pl.Int16).alias("line"),
        pl.lit(month.first).alias("month"),
        "house_id",
        pl.lit(month.first).alias("for_month"),
        pl.col("by").alias("method"),
        shown(pl.col("numer"), pl.col("over")).alias("volume"),
        "unit",
        pl.col("price").alias("tariff"),
        "norm",
        "multiplier",
        pl.when("shows_persons").then(shown(pl.col("person_days"), days)).alias("persons"),
        pl.when("shows_area").then(shown(pl.col("area_days"), days)).alias("area"),
        "days",
        "amount",
    )  # fmt: skip
    return lines.select(pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items())


# --- what stands, and what differs -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """What must be written so that the table says what was computed."""

    inserted: Frame
    changed: Frame
    vanished: Frame

    @property
    def is_empty(self) -> bool:
        return not (self.inserted.height or self.changed.height or self.vanished.height)


def difference(lines: Frame, standing: Frame) -> Difference:
    """Compares by key, then by every other column."""
    key = list(columns.KEY)
    lines = lines.sort(key)  # neighbours in the key are neighbours on the disk
    if not standing.height:
        return Difference(lines, lines.clear(), lines.clear())
    if lines.equals(standing.sort(key)):
        return Difference(lines.clear(), lines.clear(), lines.clear())
    inserted = lines.join(standing, on=key, how="anti")
    vanished = standing.join(lines, on=key, how="anti")
    others = [name for name in lines.columns if name not in columns.KEY]
    both = lines.join(standing, on=key, suffix="_was")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_was")) for name in others)
    changed = both.filter(differs).select(lines.columns)
    return Difference(inserted, changed, vanished)
