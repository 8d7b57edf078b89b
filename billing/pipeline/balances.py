"""What the building meters say of a month, and what is left of it beside the premises."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from billing import columns
from billing.columns import EXACT, Schema
from billing.formulas import distribution
from billing.formulas.exact import exact
from billing.kinds import Basis, By, How, Kind, Mode
from billing.pipeline.facts import Facts, Frame, in_month
from billing.pipeline.heat import in_season

COMMON = (How.COMMON_NORM, How.COMMON_BALANCE, How.COMMON_ACTUAL, How.COMMON_AVERAGE)
PLACE = ["house_id", "service_id"]


def volumes_of_month(facts: Facts) -> Frame:
    """Volumes by the building meters for this very month: house_id, service_id, volume."""
    return facts.house_volumes.filter(pl.col("month") == facts.month.first).select(*PLACE, "volume")


def heat_of_premises(facts: Facts, used: Frame, read: Sequence[int]) -> Frame:
    """Gcal by the heat meters of premises: own_numer / own_over, own_heat (Gcal), own_by, for each mode of payment.

    Season: the month's. Even: the twelfth of the previous year (charges.md 7.4).
    """
    month = used.filter(pl.col("by").is_in(read)).select(
        "premises_id", pl.lit(int(Mode.SEASON), pl.Int16).alias("heating_mode"),
        own_numer="used_numer", own_over="used_over", own_by="by",
    )  # fmt: skip
    year = facts.year_heat.select(
        "premises_id", pl.lit(int(Mode.EVEN), pl.Int16).alias("heating_mode"), own_numer="volume",
        own_over=pl.lit(12).cast(EXACT), own_by=pl.lit(int(By.METER), pl.Int16),
    )  # fmt: skip
    if not in_season(in_month(facts.reference.laws, facts.month), facts.month):
        month = month.filter(pl.col("own_by") == By.METER)  # an average of heating months is no heat of summer
    both = pl.concat([month, year.select(month.columns)])
    return both.with_columns(own_heat=pl.col("own_numer") / pl.col("own_over"))


def house_balances(facts: Facts, items: Frame, parts: Sequence[Frame]) -> Frame:
    """Balance of every house × service of common needs: house_id, service_id, resource, method, volume, net / net_over.

    volume: V_Д − Σ of the premises, null where there is no building meter's volume. net: what is shared, never below
    zero: in a managed house less what was carried over; by the average, Σ of the previous year's balances over their
    number.
    """
    schema: Schema = {
        "house_id": pl.Int64, "service_id": pl.Int16, "resource": pl.Int16, "method": pl.Int16, "building": EXACT,
        "premises": EXACT, "volume": EXACT, "before": EXACT, "carried": EXACT, "net": EXACT, "net_over": EXACT,
    }  # fmt: skip
    common = items.filter(pl.col("method").is_in([int(method) for method in COMMON]))
    common = common.unique(PLACE, keep="first", maintain_order=True).select(*PLACE, "resource", "method")
    if not common.height or not (facts.house_volumes.height or facts.balances.height):
        return pl.DataFrame(schema=schema)
    is_common = pl.col("code").str.starts_with("common_")
    services = facts.reference.services.select("service_id", "resource", is_common=is_common)
    measured = volumes_of_month(facts).join(services, on="service_id")
    own = measured.filter("is_common").select(*PLACE, own="volume")
    of_resource = (
        measured.filter(~pl.col("is_common") & (pl.col("resource") > 0))
        .group_by("house_id", "resource").agg(shared=pl.first("volume"))
    )  # fmt: skip
    rows = common.join(own, on=PLACE, how="left").join(of_resource, on=["house_id", "resource"], how="left")
    rows = rows.with_columns(building=pl.coalesce("own", "shared"))
    told = rows.filter(pl.col("building").is_not_null()).select("house_id").unique()
    if not told.height and not facts.balances.height:
        return pl.DataFrame(schema=schema)
    if parts and told.height:
        used = (
            pl.concat(parts).filter(pl.col("kind") == Kind.CHARGE).join(told, on="house_id", how="semi")
            .join(services.filter(~pl.col("is_common")), on="service_id")
            .group_by("house_id", "resource").agg(premises=(pl.col("numer") / pl.col("over")).sum())
        )  # fmt: skip
        rows = rows.join(used, on=["house_id", "resource"], how="left")
    else:
        rows = rows.with_columns(premises=pl.lit(None, EXACT))
    volume = distribution.balance(pl.col("building"), pl.col("premises").fill_null(0))
    before = facts.balances.filter(pl.col("month") == facts.month.previous.first).select(*PLACE, before="carried")
    year = (
        facts.balances.filter(pl.col("month").dt.year() == facts.month.first.year - 1)
        .group_by(PLACE).agg(year_sum=pl.sum("volume"), year_months=pl.len())
    )  # fmt: skip
    rows = rows.join(before, on=PLACE, how="left").join(year, on=PLACE, how="left").with_columns(volume=volume)
    is_managed = pl.col("method") == How.COMMON_ACTUAL
    left = pl.col("volume") + pl.when(is_managed).then(pl.col("before").fill_null(0)).otherwise(0)
    zero = pl.lit(0).cast(EXACT)
    by_year = pl.col("method") == How.COMMON_AVERAGE
    return rows.with_columns(
        carried=pl.when(is_managed).then(pl.min_horizontal(left, zero)).otherwise(zero),
        net=pl.max_horizontal(
            pl.when(by_year).then(pl.col("year_sum")).otherwise(left), pl.when(left.is_not_null() | by_year).then(zero)
        ),
        net_over=pl.when(by_year).then(exact(pl.col("year_months"))).otherwise(exact(pl.lit(1))),
    ).with_columns(
        net=pl.when(by_year & pl.col("year_sum").is_null()).then(None)
        .when(~by_year & left.is_null()).then(None).otherwise(pl.col("net")),
    ).select(pl.col(name).cast(dtype) for name, dtype in schema.items())  # fmt: skip


def kept(facts: Facts, made: Frame) -> Frame:
    """What is written down of the balances, for the months to come and for the true-up of the year."""
    rows = made.filter(pl.col("volume").is_not_null()).with_columns(month=pl.lit(facts.month.first))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.BALANCES.items())


def is_capped(facts: Facts) -> pl.Expr:
    """Are common needs by the balance never above their norm? A switch (charges.md 20.5); not by default."""
    laws = in_month(facts.reference.laws, facts.month)
    rows = laws.filter((pl.col("code") == "common_cap") & (pl.col("start") == 0))
    return pl.lit(bool(rows.height and rows["value"][0] == 1))


def lowered(facts: Facts, items: Frame, parts: list[Frame], made: Frame) -> list[Frame]:
    """Direct management: a negative balance lowers what the dwellings used, by residents or by area (п. 47)."""
    negative = made.filter((pl.col("method") == How.COMMON_BALANCE) & (pl.col("volume") < 0))
    if not negative.height or not parts:
        return parts
    laws = in_month(facts.reference.laws, facts.month)
    by_area = laws.filter(pl.col("code").str.starts_with("negative_key.") & (pl.col("value") == 1))["code"]
    areas = [code.removeprefix("negative_key.") for code in by_area]
    services = facts.reference.services.filter(~pl.col("code").str.starts_with("common_"))
    resources = services.select("service_id", "resource", key_is_area=pl.col("code").is_in(areas))
    excess = negative.select("house_id", "resource", excess=pl.col("volume").abs())
    strangers = facts.businesses.filter(pl.col("non_residential") == 1).select("account_id")
    homes = (
        items.join(resources.select("service_id", "key_is_area"), on="service_id")
        .join(excess, on=["house_id", "resource"])
        .join(strangers, on="account_id", how="anti")
        .filter(pl.col("method").is_in([int(How.METERED), int(How.NORM_PERSON)]))
        .with_columns(key=pl.when(pl.col("key_is_area")).then(pl.col("area_days")).otherwise(pl.col("person_days")))
        .group_by("account_id", "house_id", "service_id", "resource", "excess").agg(pl.sum("key"))
        .with_columns(all_keys=pl.sum("key").over("house_id", "resource"))
        .filter(pl.col("all_keys") > 0)
        .select("account_id", "service_id", "excess", "key", "all_keys")
    )  # fmt: skip
    rows = pl.concat(parts).with_row_index("row")
    mine = rows.filter(pl.col("kind") == Kind.CHARGE).join(homes, on=["account_id", "service_id"])
    mine = mine.with_columns(total=(pl.col("numer") / pl.col("over")).sum().over("account_id", "service_id"))
    mine = mine.filter(pl.col("total") > 0)
    numer, over, off = distribution.lowered(*(pl.col(name) for name in (
        "numer", "over", "total", "excess", "key", "all_keys",
    )))  # fmt: skip
    mine = mine.with_columns(numer=numer, over=over, lowered=off).select(rows.columns)
    rest = rows.filter(~pl.col("row").is_in(mine["row"].implode()))
    return [pl.concat([rest, mine]).sort("row").drop("row")]


def plot_volumes(facts: Facts) -> Frame:
    """Σ over the uses of a plot of N · units · days in force: premises_id, service_id, plot_numer (over the month)."""
    norms = in_month(facts.reference.norms, facts.month).filter(pl.col("basis") == Basis.UNIT_MONTH)
    uses = in_month(facts.plots, facts.month).select("premises_id", "units", scope="kind", since="start", until="stop")
    both = uses.join(norms, on="scope").with_columns(
        days=pl.min_horizontal("stop", "until") - pl.max_horizontal("start", "since")
    )
    return (
        both.filter(pl.col("days") > 0)
        .group_by("premises_id", "service_id")
        .agg(plot_numer=(pl.col("units") * pl.col("value") * exact(pl.col("days"))).sum())
    )
