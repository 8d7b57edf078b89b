"""The volume of every item by the method of its provision, as an exact fraction."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from billing.columns import EXACT, Schema
from billing.formulas import common_use, distribution, heating, normative, water
from billing.formulas.exact import exact
from billing.kinds import GAS, HEAT, HOT_WATER, By, How, Kind, Mode
from billing.pipeline import balances
from billing.pipeline.facts import WATERS, Facts, Frame

# Columns that every item brings along.
ITEM = (
    "account_id", "house_id", "premises_id", "contract_id", "service_id", "term", "segment", "days",
    "person_days", "area_days", "components", "unit", "heat_per_m3",
)  # fmt: skip
READ = (int(By.METER), int(By.AVERAGE))
NOTHING = pl.lit(None, EXACT)
# Added to the segment: further lines of one item; a month has 31 segments at most.
STARTED, PLOTS, GAS_FOR_HEATING = 40, 50, 60
ONE = exact(pl.lit(1))


@dataclass
class Sheet:
    """Items of a block, the volumes found so far, and what could not be found."""

    items: Frame
    used: Frame
    size: int  # days of the month
    facts: Facts
    parts: list[Frame] = field(default_factory=list)
    problems: list[Frame] = field(default_factory=list)
    read: list[Frame] = field(default_factory=list)  # heat by the meters of premises: `OfHouses.read`
    hot: list[Frame] = field(default_factory=list)  # heat that went into hot water: `OfHouses.hot`

    @property
    def month(self) -> pl.Expr:
        return exact(pl.lit(self.size))

    def of(self, *methods: How) -> Frame:
        return self.items.filter(pl.col("method").is_in([int(method) for method in methods]))

    def fit(self, rows: Frame, condition: pl.Expr, problem: str) -> Frame:
        """Rows that can be charged; the others are told of."""
        fits = condition.fill_null(False)
        bad = rows.filter(~fits)
        if not bad.height:
            return rows
        self.tell(bad, problem)
        return rows.filter(fits)

    def tell(self, rows: Frame, problem: str) -> None:
        if rows.height:
            self.problems.append(rows.select("account_id", "service_id", pl.lit(problem).alias("problem")))

    def take(
        self,
        rows: Frame,
        by: By | pl.Expr,
        numer: pl.Expr,
        over: pl.Expr,
        *,
        kind: Kind = Kind.CHARGE,
        zone: pl.Expr | None = None,
        norm: pl.Expr = NOTHING,
        multiplier: pl.Expr = NOTHING,
        persons: pl.Expr | bool = False,
        area: pl.Expr | bool = False,
        lines_from: int = 0,
    ) -> None:
        """Volume = numer / over, by formula `by`. persons, area: does the line show them? lines_from: added to the
        number of the segment, where one item makes several lines."""
        if area is True:  # premises without an area are not charged by it: nought roubles would be a guess
            rows = self.fit(rows, pl.col("area_days") > 0, "нет площади")
        if not rows.height:
            return
        self.parts.append(
            rows.select(
                *ITEM,
                pl.lit(int(kind), pl.Int16).alias("kind"),
                (by if isinstance(by, pl.Expr) else pl.lit(int(by))).cast(pl.Int16).alias("by"),
                (pl.lit(0) if zone is None else zone).cast(pl.Int16).alias("zone"),
                numer.cast(EXACT).alias("numer"),
                over.cast(EXACT).alias("over"),
                norm.alias("norm"),
                multiplier.alias("multiplier"),
                (persons if isinstance(persons, pl.Expr) else pl.lit(persons)).alias("shows_persons"),
                (area if isinstance(area, pl.Expr) else pl.lit(area)).alias("shows_area"),
                NOTHING.alias("lowered"),
            ).with_columns(pl.col("segment") + lines_from if lines_from else pl.col("segment"))
        )


@dataclass(frozen=True)
class OfHouses:
    """What the volumes of premises came from in houses that share something: for the trace and for the next months."""

    common: Frame  # balances.house_balances
    read: Frame  # house_id, service_id, read_gcal, read_area_days: premises with heat meters
    hot: Frame  # house_id, service_id, hot_gcal: what a meter of both counted for hot water


READ_HEAT: Schema = {"house_id": pl.Int64, "service_id": pl.Int16, "read_gcal": EXACT, "read_area_days": EXACT}

HOT_HEAT: Schema = {"house_id": pl.Int64, "service_id": pl.Int16, "hot_gcal": EXACT}


def volume(facts: Facts, items: Frame, used: Frame) -> tuple[Frame, Frame, OfHouses]:
    """Volume of every item as numer / over; what could not be found, and why; what the houses had in common."""
    sheet = Sheet(items, used, facts.month.days, facts)
    for step in (metered, normed, containers, housing, common_property, heat):
        step(sheet)
    made = balances.house_balances(facts, items, sheet.parts)
    common_by_balance(sheet, made)
    if made.height:
        sheet.parts = balances.lowered(facts, items, sheet.parts, made)
    wastewater(sheet)
    if not sheet.parts:
        sheet.parts.append(_empty(items.clear()))
    nothing = pl.DataFrame(schema={"account_id": pl.Int64, "service_id": pl.Int16, "problem": pl.String})
    hot = [pl.DataFrame(schema=HOT_HEAT), *(rows.cast(HOT_HEAT) for rows in sheet.hot)]  # type: ignore[arg-type]
    of_houses = OfHouses(made, pl.concat([pl.DataFrame(schema=READ_HEAT), *sheet.read]), pl.concat(hot))
    return pl.concat(sheet.parts), pl.concat([nothing, *sheet.problems]), of_houses


def _empty(items: Frame) -> Frame:
    more: Schema = {"kind": pl.Int16, "by": pl.Int16, "zone": pl.Int16, "numer": EXACT, "over": EXACT, "norm": EXACT}
    rest: Schema = {"multiplier": EXACT, "shows_persons": pl.Boolean, "shows_area": pl.Boolean, "lowered": EXACT}
    return items.select(*ITEM, *(pl.lit(None, dtype).alias(name) for name, dtype in (more | rest).items()))


def metered(sheet: Sheet) -> None:
    """By the meter, by its average, else by the norm of persons, with the multiplier where a meter could be.

    Source: charges.md 2; п. 42, 59, 60 Правил № 354.
    """
    rows = sheet.of(How.METERED, How.HOT_WATER_IN_HOUSE)
    if not rows.height:
        return
    first_part = len(sheet.parts)
    rows = rows.join(sheet.used, on=["premises_id", "resource"], how="left")
    seen = rows.filter(pl.col("by").is_in(READ))
    days = exact(pl.col("days"))
    plain = seen.filter(pl.col("norm_gap_days") == 0)
    if (plain["segment"] != plain["run"]).any():
        plain = _one_price(plain)
    sheet.take(plain, pl.col("by"), pl.col("used_numer") * days, pl.col("used_over") * sheet.month, zone=pl.col("zone"))
    # a replacement without an average: its days go by the norm
    mended = seen.filter((pl.col("norm_gap_days") > 0) & ~pl.col("begins"))
    if (mended["segment"] != mended["run"]).any():
        mended = _one_price(mended, pl.col("person_norm"))
    mended = sheet.fit(mended, pl.col("person_norm").is_not_null(), "нет норматива")
    # the norm of those days is one for all zones: the first has it
    is_first = pl.col("zone") == pl.col("zone").min().over("account_id", "service_id")
    mended = mended.with_columns(gap=pl.when(is_first).then(pl.col("norm_gap_days")).otherwise(0))
    numer, over = _with_gap("used_numer", "used_over", "gap", "person_norm", "person_over", sheet.month)
    sheet.take(mended, pl.col("by"), numer, over, zone=pl.col("zone"), persons=True)

    without = rows.filter((pl.col("by").is_null() | (pl.col("by") == By.NORM)) & (pl.col("person_days") > 0))
    without = sheet.fit(without, pl.col("person_norm").is_not_null(), "нет норматива")
    bit = pl.lit(2).pow(pl.col("resource")).cast(pl.Int32)
    is_possible = (pl.col("meter_impossible") // bit) % 2 == 0
    rises = (pl.col("by").is_null() & is_possible) | pl.col("is_uplifted").fill_null(False)
    k = pl.when(rises & (pl.col("multiplier") > 1)).then(pl.col("multiplier"))
    by_persons(sheet, without, multiplier=k)
    begun = seen.filter(pl.col("begins"))
    if begun.height:
        of_new_meters(sheet, begun, pl.when(is_possible & (pl.col("multiplier") > 1)).then(pl.col("multiplier")))
    gas_for_heating(sheet, rows)
    plots(sheet, rows)
    heat_of_house(sheet, first_part)


def of_new_meters(sheet: Sheet, rows: Frame, multiplier: pl.Expr) -> None:
    """The month of a first meter, where it counts from the day after commissioning (`meter_start` = 1; п. 81).

    The days up to commissioning keep the norm, with the multiplier where a meter could have been; the rest is what the
    meter shows. By default (charges.md 12.1) such a meter is not counted until the next month.
    """
    if (rows["segment"] != rows["run"]).any():
        rows = _one_price(rows, pl.col("person_norm"), pl.col("multiplier"))
    whole, gap = pl.col("days"), pl.col("norm_gap_days").cast(pl.Int32)
    before = (whole * gap / sheet.size).round(mode="half_away_from_zero").cast(pl.Int32)
    rows = rows.with_columns(all_days=exact(whole), all_person_days="person_days", days_before=before)
    after = rows.with_columns(days=pl.max_horizontal(whole - pl.col("days_before"), pl.lit(1)).cast(pl.Int32))
    sheet.take(
        after, By.METER, pl.col("used_numer") * pl.col("all_days"), pl.col("used_over") * sheet.month,
        zone=pl.col("zone"),
    )  # fmt: skip
    is_first = pl.col("zone") == pl.col("zone").min().over("account_id", "service_id")
    earlier = sheet.fit(
        rows.filter(is_first & (pl.col("person_days") > 0)), pl.col("person_norm").is_not_null(), "нет норматива"
    )
    earlier = earlier.with_columns(
        days=pl.max_horizontal("days_before", pl.lit(1)).cast(pl.Int32),
        person_days=pl.col("person_days") * pl.col("norm_gap_days") / sheet.month,
    )
    sheet.take(
        earlier, By.NORM,
        normative.by_persons(pl.col("all_person_days"), pl.col("person_norm")) * pl.col("norm_gap_days"),
        sheet.month * sheet.month * exact(pl.col("person_over")),
        norm=pl.col("person_norm"), multiplier=multiplier, persons=True, lines_from=STARTED,
    )  # fmt: skip
    of_metres = rows.filter(is_first & (pl.col("resource") == GAS) & pl.col("m2_norm").is_not_null()).with_columns(
        days=pl.max_horizontal("days_before", pl.lit(1)).cast(pl.Int32), all_area_days="area_days",
        area_days=pl.col("area_days") * pl.col("norm_gap_days") / sheet.month,
    )  # fmt: skip
    sheet.take(
        of_metres, By.NORM, normative.by_area(pl.col("all_area_days"), pl.col("m2_norm")) * pl.col("norm_gap_days"),
        _m2_over(sheet) * sheet.month, norm=pl.col("m2_norm"), area=True, lines_from=GAS_FOR_HEATING,
    )  # fmt: skip


def gas_for_heating(sheet: Sheet, rows: Frame) -> None:
    """Gas without a meter: beside the norm per person, a line by the norm per m² of the month (charges.md 8)."""
    is_unmetered = pl.col("by").is_null() | (pl.col("by") == By.NORM)
    rows = rows.filter((pl.col("resource") == GAS) & is_unmetered & pl.col("m2_norm").is_not_null())
    sheet.take(
        rows, By.NORM, normative.by_area(pl.col("area_days"), pl.col("m2_norm")), _m2_over(sheet),
        norm=pl.col("m2_norm"), area=True, lines_from=GAS_FOR_HEATING,
    )  # fmt: skip


def plots(sheet: Sheet, rows: Frame) -> None:
    """Watering and livestock of private houses without a meter: Σ N · units, in the season of each norm (п. 49)."""
    if not sheet.facts.plots.height:
        return
    rows = rows.filter(pl.col("by").is_null() | (pl.col("by") == By.NORM)).join(
        balances.plot_volumes(sheet.facts), on=["premises_id", "service_id"]
    )
    # norms cut the month into segments; each has its days' part of the month's volume
    sheet.take(rows, By.NORM, pl.col("plot_numer") * exact(pl.col("days")), sheet.month * sheet.month, lines_from=PLOTS)


def heat_of_house(sheet: Sheet, first_part: int) -> None:
    """Hot water made in the house: its second component is the heat of the house by the water of the premises."""
    terms = sheet.of(How.HOT_WATER_IN_HOUSE).select("term", "house_id", "service_id").unique()
    if not terms.height or len(sheet.parts) == first_part:
        return
    made = pl.concat(sheet.parts[first_part:])
    mine = made.join(terms.select("term"), on="term", how="semi")
    place = ["house_id", "service_id"]
    water_m3 = mine.group_by(place).agg(water=(pl.col("numer") / pl.col("over")).sum()).filter(pl.col("water") > 0)
    heat_gcal = balances.volumes_of_month(sheet.facts).select(*place, heat="volume")
    q = water_m3.join(heat_gcal, on=place).select(
        *place, q=distribution.heat_of_cubic_metre(pl.col("heat"), pl.col("water"))
    )
    mine = mine.join(q, on=place, how="left").with_columns(heat_per_m3="q").select(made.columns)
    sheet.tell(mine.filter(pl.col("heat_per_m3").is_null()), "нет объёма по дому")
    mine = mine.filter(pl.col("heat_per_m3").is_not_null())
    sheet.parts[first_part:] = [made.join(terms.select("term"), on="term", how="anti"), mine]


def containers(sheet: Sheet) -> None:
    """Waste by what was removed from the house in the month, on residents or on m² (ф. 9(3), 9(4))."""
    for method, key in ((How.CONTAINERS_PERSON, "person_days"), (How.CONTAINERS_AREA, "area_days")):
        rows = sheet.of(method)
        if not rows.height:
            continue
        place = ["house_id", "service_id"]
        rows = rows.join(
            balances.volumes_of_month(sheet.facts).select(*place, removed="volume"), on=place, how="left"
        ).with_columns(all_keys=pl.sum(key).over(place))
        rows = sheet.fit(rows, pl.col("removed").is_not_null(), "нет объёма по дому").filter(pl.col("all_keys") > 0)
        sheet.take(
            rows, By.HOUSE_SHARE, distribution.of_removed(pl.col("removed"), pl.col(key)), pl.col("all_keys"),
            persons=key == "person_days", area=key == "area_days",
        )  # fmt: skip


def common_by_balance(sheet: Sheet, made: Frame) -> None:
    """Common needs by what the building meter shows beyond the premises, or by the average of it; else by the norm."""
    rows = sheet.of(How.COMMON_BALANCE, How.COMMON_ACTUAL, How.COMMON_AVERAGE)
    if not rows.height:
        return
    rows = sheet.fit(rows, pl.col("house_area") > 0, "нет паспорта дома")
    rows = rows.join(
        made.select("house_id", "service_id", "net", "net_over"), on=["house_id", "service_id"], how="left"
    )
    known = rows.filter(pl.col("net").is_not_null())
    cap = pl.col("common_norm") * pl.col("common_area") * pl.col("net_over")
    net = pl.when(balances.is_capped(sheet.facts) & (pl.col("net") > cap)).then(cap).otherwise(pl.col("net"))
    sheet.take(
        known, By.HOUSE_BALANCE, distribution.by_area(net, pl.col("area_days")),
        pl.col("net_over") * pl.col("house_area") * sheet.month, kind=Kind.COMMON_USE, area=True,
    )  # fmt: skip
    unknown = rows.filter(pl.col("net").is_null())
    sheet.tell(unknown, "нет объёма по дому")
    _common_by_norm(sheet, unknown)


def by_persons(sheet: Sheet, rows: Frame, multiplier: pl.Expr = NOTHING) -> None:
    """n · N of the month. Rows have a norm."""
    sheet.take(
        rows, By.NORM,
        normative.by_persons(pl.col("person_days"), pl.col("person_norm")),
        sheet.month * exact(pl.col("person_over")),
        norm=pl.col("person_norm"), multiplier=multiplier, persons=True,
    )  # fmt: skip


def _with_gap(numer: str, over: str, gap: str, norm: str, norm_over: str, month: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Used volume and the norm of the days without a meter, as one fraction of the item's days."""
    used, used_over, gap_days = pl.col(numer), pl.col(over), pl.col(gap)
    normed_days = normative.by_persons(pl.col("person_days"), pl.col(norm)) * gap_days
    whole = month * exact(pl.col(norm_over))
    return used * exact(pl.col("days")) * whole + normed_days * used_over, used_over * month * whole


def _one_price(rows: Frame, *norms: pl.Expr) -> Frame:
    """A meter knows no norm: neighbouring segments of one price (and of equal `norms`) are one line again.

    Without norms the line has the number of its run, else that of its first segment.
    """
    line = ["account_id", "contract_id", "service_id", "zone"]
    rows = rows.sort(*line, "segment")
    if norms:
        changed = [value.ne_missing(value.shift(1)).over(line) for value in (pl.col("run"), *norms)]
        rows = rows.with_columns(part=pl.any_horizontal(changed).cast(pl.Int16).cum_sum().over(line))
    else:
        rows = rows.with_columns(part="run")
    sums = ["days", "person_days", "area_days", "own_area_days"]
    rest = [pl.col(name).first() for name in rows.columns if name not in {*line, *sums, "part"}]
    merged = rows.group_by(*line, "part", maintain_order=True).agg(*(pl.sum(name) for name in sums), *rest)
    if not norms:
        merged = merged.with_columns(segment="part")
    return merged.select(rows.columns).drop("part")


def normed(sheet: Sheet) -> None:
    """By the norm per person (waste, ф. 9(1)) or per square metre (waste, ф. 9(2); gas for heating)."""
    rows = sheet.of(How.NORM_PERSON).filter(pl.col("person_days") > 0)
    by_persons(sheet, sheet.fit(rows, pl.col("person_norm").is_not_null(), "нет норматива"))
    rows = sheet.fit(sheet.of(How.NORM_AREA), pl.col("m2_norm").is_not_null(), "нет норматива")
    sheet.take(
        rows, By.NORM, normative.by_area(pl.col("area_days"), pl.col("m2_norm")), _m2_over(sheet),
        norm=pl.col("m2_norm"), area=True,
    )  # fmt: skip


def _m2_over(sheet: Sheet) -> pl.Expr:
    return sheet.month * exact(pl.col("m2_over"))


def housing(sheet: Sheet) -> None:
    """By a rate per square metre, or a sum from the account (charges.md 10)."""
    sheet.take(sheet.of(How.PER_M2), By.AREA, pl.col("area_days"), sheet.month, area=True)
    sheet.take(sheet.of(How.PER_ACCOUNT), By.FLAT_RATE, exact(pl.col("days")), sheet.month)


def common_property(sheet: Sheet) -> None:
    """Resources for the common property by their norm."""
    _common_by_norm(sheet, sheet.of(How.COMMON_NORM))


def _common_by_norm(sheet: Sheet, rows: Frame) -> None:
    rows = sheet.fit(rows, pl.col("common_norm").is_not_null(), "нет норматива")
    rows = sheet.fit(rows, pl.col("house_area") > 0, "нет паспорта дома")
    sheet.take(
        rows, By.NORM, common_use.by_norm(pl.col("area_days"), pl.col("common_norm"), pl.col("common_area")),
        pl.col("house_area") * sheet.month, norm=pl.col("common_norm"), kind=Kind.COMMON_USE, area=True,
    )  # fmt: skip


def heat(sheet: Sheet) -> None:
    """By the building meter (formulas 3, 3(1), 3(3)) or by the norm, in the season or evenly (formulas 2 and 2(1))."""
    rows = sheet.of(How.HEATING_BUILDING, How.HEATING_NORM, How.HEATING_IN_HOUSE)
    rows = rows.filter(pl.col("heating_mode") != Mode.NONE)
    is_even = pl.col("heating_mode") == Mode.EVEN
    is_measured = (pl.col("method") != How.HEATING_NORM) & pl.col("heat_sum").is_not_null()
    # out of season only what the building meter did count is charged: an average of heating months is not
    counted = is_measured & (pl.col("heat_by") == By.BUILDING_METER)
    rows = rows.filter(is_even | pl.col("in_season") | counted)
    if not rows.height:
        return
    if sheet.facts.cold_halls.height:
        rows = _of_cold_halls(sheet, rows)
    if sheet.facts.joint_heat.height:
        rows = _less_hot_water(sheet, rows)
    if sheet.facts.joint_year.height:
        rows = _less_hot_water_of_year(sheet, rows)
    measured = sheet.fit(rows.filter(is_measured), pl.col("house_area") > 0, "нет паспорта дома")
    house, common, own = pl.col("house_area"), pl.col("common_area"), pl.col("own_area_days")
    heat_over = pl.col("heat_over") * sheet.month
    measured = _by_individual(sheet, measured)
    sheet.take(
        measured.filter(pl.col("without_area") == 0), pl.col("heat_by"),
        pl.col("heat_sum") * pl.col("area_days"), house * heat_over, area=True,
    )  # fmt: skip
    heated = pl.col("area_days") - own
    sheet.take(
        measured.filter(pl.col("without_area") > 0), pl.col("heat_by"),
        heating.by_building_meter(heated, own, pl.col("heat_sum"), house, common),
        heating.building_over(house, common, pl.col("without_area")) * heat_over, area=True,
    )  # fmt: skip
    normed_rows = rows.filter(~is_measured & (is_even | pl.col("is_heated")))
    sheet.tell(normed_rows.filter(pl.col("method") != How.HEATING_NORM), "нет объёма по дому")
    normed_rows = sheet.fit(normed_rows, pl.col("m2_norm").is_not_null(), "нет норматива").filter(heated > 0)
    norm, months = pl.col("m2_norm"), exact(pl.col("season_months"))
    sheet.take(
        normed_rows.filter(is_even), By.NORM,
        heating.by_norm_evenly(heated, norm, months), _m2_over(sheet) * 12, norm=norm, area=True,
    )  # fmt: skip
    sheet.take(
        normed_rows.filter(~is_even), By.NORM,
        heating.by_norm_in_season(heated, norm), _m2_over(sheet), norm=norm, area=True,
    )  # fmt: skip


def _of_cold_halls(sheet: Sheet, rows: Frame) -> Frame:
    """Where common areas have no heating, premises with lawful own heating pay nothing: the others share the heat.

    КС РФ 16-П от 27.04.2021; a switch of the house (charges.md 20.16), the month's first day says.
    """
    first = sheet.facts.month.first
    holds = (pl.col("valid_from") <= first) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > first))
    cold = sheet.facts.cold_halls.filter(holds).select("house_id").unique().with_columns(is_cold=pl.lit(True))
    rows = rows.join(cold, on="house_id", how="left", maintain_order="left")
    is_cold = pl.col("is_cold").fill_null(False)

    def less(name: str, other: str) -> pl.Expr:
        return pl.when(is_cold).then(pl.col(name) - pl.col(other)).otherwise(pl.col(name)).alias(name)

    rows = rows.with_columns(less("house_area", "without_area"), less("area_days", "own_area_days"))
    names = ("without_area", "own_area_days")
    zero = [pl.when(is_cold).then(pl.col(name) * 0).otherwise(name).alias(name) for name in names]
    return rows.with_columns(zero).filter(~is_cold | (pl.col("area_days") > 0)).drop("is_cold")


def _less_hot_water(sheet: Sheet, rows: Frame) -> Frame:
    """V_Д of heating where one meter counts both: less Σ V · q of the hot water of the premises (charges.md 7.3)."""
    waters = sheet.facts.reference.services.filter(
        (pl.col("resource") == HOT_WATER) & ~pl.col("code").str.starts_with("common_")
    )
    made = pl.concat(sheet.parts).filter(pl.col("kind") == Kind.CHARGE) if sheet.parts else _empty(rows.clear())
    hot = (
        made.join(waters.select("service_id"), on="service_id", how="semi").group_by("house_id")
        .agg(
            hot_gcal=(pl.col("numer") / pl.col("over") * pl.col("heat_per_m3")).sum(),
            has_q=pl.col("heat_per_m3").is_not_null().all(),
        )
    )  # fmt: skip
    joint = sheet.facts.joint_heat.join(hot, on="house_id", how="left").with_columns(
        pl.col("hot_gcal").fill_null(0), pl.col("has_q").fill_null(True), is_joint=pl.lit(True)
    )
    sheet.hot.append(joint.select("house_id", "service_id", "hot_gcal"))
    rows = rows.join(joint, on=["house_id", "service_id"], how="left", maintain_order="left")
    is_joint = pl.col("is_joint").fill_null(False) & (pl.col("heat_by") == By.BUILDING_METER)
    is_joint = is_joint & (pl.col("heating_mode") != Mode.EVEN)
    rows = sheet.fit(rows, ~is_joint | pl.col("has_q"), "нет норматива подогрева")
    left = pl.max_horizontal(pl.col("heat_sum") - pl.col("hot_gcal"), pl.col("heat_sum") * 0)
    rows = rows.with_columns(heat_sum=pl.when(is_joint).then(left).otherwise(pl.col("heat_sum")))
    return rows.drop("hot_gcal", "has_q", "is_joint")


def _less_hot_water_of_year(sheet: Sheet, rows: Frame) -> Frame:
    """The year before of a meter that counts both, where heat is paid for evenly: less what hot water was charged."""
    rows = rows.join(
        sheet.facts.joint_year.with_columns(is_joint=True), on=["house_id", "service_id"], how="left",
        maintain_order="left",
    )  # fmt: skip
    is_even = (pl.col("heating_mode") == Mode.EVEN) & (pl.col("heat_by") == By.BUILDING_METER)
    is_joint = (is_even & pl.col("is_joint")).fill_null(False)
    rows = sheet.fit(rows, ~is_joint | pl.col("year_gcal").is_not_null(), "нет начислений горячей воды за прошлый год")
    left = pl.max_horizontal(pl.col("heat_sum") - pl.col("year_gcal"), pl.col("heat_sum") * 0)
    rows = rows.with_columns(heat_sum=pl.when(is_joint).then(left).otherwise(pl.col("heat_sum")))
    return rows.drop("year_gcal", "is_joint")


def _by_individual(sheet: Sheet, rows: Frame) -> Frame:
    """Takes the houses in which some premises have heat meters of their own; hands back the others."""
    used = balances.heat_of_premises(sheet.facts, sheet.used.filter(pl.col("resource") == HEAT), READ)
    if not used.height or not rows.height:
        return rows
    found = rows.filter(pl.col("method") == How.HEATING_BUILDING).join(used, on=["premises_id", "heating_mode"])
    if not found.height:
        return rows
    place = ["house_id", "service_id"]
    read = (
        found.group_by(*place, "premises_id").agg(pl.sum("area_days"), read=pl.first("own_heat"))
        .group_by(place).agg(read_gcal=pl.sum("read"), read_area_days=pl.sum("area_days"))
        .filter(pl.col("read_area_days") > 0)
    )  # fmt: skip
    sheet.read.append(read.select(pl.col(name).cast(dtype) for name, dtype in READ_HEAT.items()))
    rest = rows.join(read, on=place, how="anti").select(rows.columns)
    rows = rows.join(read, on=place).join(used, on=["premises_id", "heating_mode"], how="left")
    days, size = exact(pl.col("days")), sheet.month

    def volumes(metered: tuple[pl.Expr, pl.Expr] | None, own_heating: bool = False) -> tuple[pl.Expr, pl.Expr]:
        return heating.by_individual_meters(
            metered, own_heating, pl.col("area_days"), days, size, (pl.col("heat_sum"), pl.col("heat_over")),
            pl.col("read_gcal"), pl.col("read_area_days"), pl.col("house_area"), pl.col("without_area"),
        )  # fmt: skip

    has_own = pl.col("own_numer").is_not_null()
    lives_off = (pl.col("own_area_days") > 0) & ~has_own
    mine = volumes((pl.col("own_numer"), pl.col("own_over")))
    sheet.take(rows.filter(has_own), pl.col("own_by"), *mine, area=True)
    sheet.take(rows.filter(lives_off), pl.col("heat_by"), *volumes(None, own_heating=True), area=True)
    sheet.take(rows.filter(~has_own & ~lives_off), pl.col("heat_by"), *volumes(None), area=True)
    return rest


def wastewater(sheet: Sheet) -> None:
    """V = V_cold + V_hot of the same premises, metered, normed or averaged, never with the multiplier (п. 42).

    Each part is the same fraction as in the water's own line. Without any water supply: the norm of wastewater.
    """
    rows = sheet.of(How.WASTEWATER)
    if not rows.height:
        return
    for name, resource in WATERS:
        volumes = sheet.used.filter(pl.col("resource") == resource).group_by("premises_id").agg(
            pl.sum("used_numer").alias(f"{name}_numer"), pl.first("used_over").alias(f"{name}_used_over"),
            pl.first("by").alias(f"{name}_by"), pl.first("norm_gap_days").alias(f"{name}_gap"),
        )  # fmt: skip
        rows = rows.join(volumes, on="premises_id", how="left")
    has_none = ~pl.col("has_cold") & ~pl.col("has_hot") & pl.col("cold_by").is_null() & pl.col("hot_by").is_null()
    well = rows.filter(has_none & (pl.col("person_days") > 0))
    by_persons(sheet, sheet.fit(well, pl.col("person_norm").is_not_null(), "нет норматива"))
    rows = rows.filter(~has_none)
    if (rows["segment"] != rows["run"]).any():
        rows = _of_water_as_it_counts(rows)
    for name, _ in WATERS:
        rows = _water(sheet, rows, name)
    numer, over = water.sum_of_two(pl.col("cold_numer"), pl.col("cold_over"), pl.col("hot_numer"), pl.col("hot_over"))
    is_read = pl.col("cold_seen") & (pl.col("hot_seen") | ~pl.col("has_hot"))
    rows = rows.filter(pl.col("cold_seen") | pl.col("hot_seen") | (pl.col("person_days") > 0))
    sheet.take(rows, By.FOLLOWS_WATER, numer, over, persons=~is_read)


def _of_water_as_it_counts(rows: Frame) -> Frame:
    """One line again where what was cut does not count: a norm of water that a meter tells."""
    norms = []
    for name, _ in WATERS:
        by, gap = pl.col(f"{name}_by"), pl.col(f"{name}_gap").fill_null(0)
        is_seen = by.is_in(READ).fill_null(False)
        counts = (~is_seen & (pl.col(f"has_{name}") | by.is_not_null())) | (is_seen & (gap > 0))
        norms += [pl.when(counts).then(f"{name}_norm"), counts]
    return _one_price(rows.with_columns(zone=pl.lit(0, pl.Int16)), *norms).drop("zone")


def _water(sheet: Sheet, rows: Frame, name: str) -> Frame:
    """Adds one water's volume, the fraction {name}_numer / {name}_over, and whether a meter told it."""
    by, gap = pl.col(f"{name}_by"), pl.col(f"{name}_gap").fill_null(0)
    seen = by.is_in(READ).fill_null(False)
    due = ~seen & (pl.col(f"has_{name}") | by.is_not_null()) & (pl.col("person_days") > 0)
    needs_norm = due | (seen & (gap > 0))
    rows = sheet.fit(rows, ~needs_norm | pl.col(f"{name}_norm").is_not_null(), "нет норматива воды")
    rows = rows.with_columns(pl.col(f"{name}_norm_over").fill_null(1))
    names = f"{name}_numer", f"{name}_used_over", f"{name}_gap", f"{name}_norm", f"{name}_norm_over"
    with_gap, gap_over = _with_gap(*names, sheet.month)
    normed_volume = normative.by_persons(pl.col("person_days"), pl.col(f"{name}_norm"))
    used = pl.col(f"{name}_numer") * exact(pl.col("days"))
    used_over = pl.col(f"{name}_used_over") * sheet.month
    norm_over = sheet.month * exact(pl.col(f"{name}_norm_over"))
    numer = (
        pl.when(seen & (gap > 0)).then(with_gap).when(seen).then(used).when(due).then(normed_volume)
        .otherwise(exact(pl.lit(0)))
    )  # fmt: skip
    over = pl.when(seen & (gap > 0)).then(gap_over).when(seen).then(used_over).when(due).then(norm_over).otherwise(ONE)
    return rows.with_columns(numer.alias(f"{name}_numer"), over.alias(f"{name}_over"), seen.alias(f"{name}_seen"))
