"""What the meters of flats say of a month, and what they leave to the average or the norm."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from accounts.calendar import Month
from billing.columns import EXACT
from billing.formulas import metered
from billing.formulas.exact import exact
from billing.kinds import HEAT, By
from billing.pipeline.facts import Facts, Frame, in_month, index_of, months_of, switch
from billing.pipeline.heat import in_season


def unread(meters: Frame, readings: Frame, month: Month, faulty: Sequence[int] = ()) -> list[int]:
    """Meters that two months of readings do not settle: they need their history (and that of those they replace)."""
    ends = readings.filter(pl.col("counts") == 1).group_by("meter_id").agg(
        now=(pl.col("month") == month.first).sum(), before=(pl.col("month") < month.first).sum()
    )  # fmt: skip
    found = meters.join(ends, on="meter_id", how="left")
    expired = pl.col("verified_until").is_not_null() & (pl.col("verified_until") < month.last)
    moved = (pl.col("commissioned_on") >= month.previous.first) | pl.col("removed_on").is_not_null()
    lacking = (pl.col("now").fill_null(0) < pl.col("zones")) | (pl.col("before").fill_null(0) < pl.col("zones"))
    rows = found.filter(lacking | expired | moved | pl.col("meter_id").is_in(list(faulty)))
    return sorted({*rows["meter_id"].to_list(), *rows["replaces_id"].drop_nulls().to_list()})


def is_initial() -> pl.Expr:
    """The value written into the act of commissioning: where a meter begins."""
    return (pl.col("is_act") == 1) & (pl.col("day") <= pl.col("commissioned_on"))


def best_readings(readings: Frame) -> Frame:
    """The one reading of each dial and month. It is the one that counts; but in the month of commissioning the act's
    value counts, and is a beginning only: a later reading of that month, if there is one, ends it."""
    at_start = (months_of("commissioned_on") == pl.col("index")) & ~is_initial()
    usable = readings.filter((pl.col("counts") == 1) | at_start)
    return usable.sort("day", "counts").unique(["meter_id", "zone", "index"], keep="last", maintain_order=True)


def read_dials(facts: Facts) -> Frame:
    """One row per dial of the month: opening and closing values, usage, and the days that only the average covers.

    `usage` (units × ratio) is of the days covered by readings; `gap_days` are the others: all days of a silent month,
    the days of a replacement, those after a removal. `average` is the average month in sixtieths (null: no history).
    `periods` counts the periods of the event of п. 59; `cause`: read, silent, expired, failed, refused (access),
    replaced, removed (in an earlier month, and none put in its place).
    """
    month = facts.month
    first, this, size = month.first, index_of(month.first), month.days
    meters = facts.meters
    # п. 59 «а»: a meter that was taken away and not replaced leaves three periods of its average.
    is_gone = (
        (pl.col("removed_on") < first)
        & (months_of("removed_on") > this - metered.AVERAGE_PERIODS)
        & ~pl.col("meter_id").is_in(meters["replaces_id"].drop_nulls().implode())
    )
    live = meters.filter(
        (pl.col("commissioned_on") <= month.last)
        & (pl.col("removed_on").is_null() | (pl.col("removed_on") >= first) | is_gone)
    )
    replaced = live.filter(pl.col("removed_on").is_not_null()).select(
        replaces_id="meter_id", old_removed_on="removed_on"
    )
    live = live.join(replaced, on="replaces_id", how="left")
    is_new = pl.col("commissioned_on") >= first
    # п. 81: by a new meter one charges from the 1st of the next month, unless it stands for one that was counted; by
    # `meter_start` = 1 from the day after commissioning, if it has been read since (heat is shared by whole months).
    is_first = is_new & pl.col("old_removed_on").is_null()
    begins = pl.lit(switch(facts, "meter_start") == 1) & is_first & (pl.col("resource") != HEAT)
    begins = begins & (pl.col("commissioned_on") < month.last)
    live = live.with_columns(begins=begins).filter(~is_first | begins)
    dials = live.with_columns(zone=pl.int_ranges(1, pl.col("zones") + 1, dtype=pl.Int16)).explode("zone")

    readings = facts.readings.with_columns(index=months_of("month")).join(
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
    started = pl.min_horizontal(months_of("commissioned_on"), pl.lit(this - 1))
    dials = dials.with_columns(
        opening=pl.coalesce("last", "initial"),
        opened_on=pl.coalesce("last_on", "initial_on"),
        opening_index=pl.when(pl.col("last").is_not_null()).then("last_index").otherwise(started),
        ended=months_of("verified_until")
        + (pl.col("verified_until").dt.month_end() == pl.col("verified_until")).cast(pl.Int32),
    )
    dials = _with_faults(facts, dials)
    used = metered.usage(pl.col("opening"), pl.col("closing"), pl.col("digits"), pl.col("ratio"))
    dials = dials.with_columns(usage=used).filter(~pl.col("begins") | pl.col("usage").is_not_null())
    is_read = pl.col("usage").is_not_null()
    is_expired = pl.col("ended").fill_null(this + 1) <= this
    removed_day = (pl.col("removed_on") - pl.lit(first)).dt.total_days() + 1  # day of the month, removal included
    new_day = (pl.col("commissioned_on") - pl.lit(first)).dt.total_days() + 1
    old_day = (pl.col("old_removed_on") - pl.lit(first)).dt.total_days() + 1
    is_removed = pl.col("removed_on").is_not_null() & (pl.col("removed_on") <= pl.lit(month.last))
    heirs = live.filter(pl.col("old_removed_on").is_not_null()).select(meter_id="replaces_id", has_heir=pl.lit(True))
    dials = dials.join(heirs.unique(), on="meter_id", how="left")
    is_gone = pl.col("removed_on").is_not_null() & (pl.col("removed_on") < first)
    gap = (
        pl.when(pl.col("begins")).then(0)
        .when(is_expired | is_gone).then(size)
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
        begun_days=pl.when(pl.col("begins")).then(new_day).otherwise(0).cast(pl.Int32),
        cause=pl.when(pl.col("begins")).then(pl.lit("read")).when(is_gone).then(pl.lit("removed"))
        .when(is_expired).then(pl.coalesce("fault", pl.lit("expired")))
        .when(is_new | is_removed).then(pl.lit("replaced"))
        .when(is_read).then(pl.lit("read"))
        .otherwise(pl.lit("silent")),
        periods=pl.when(is_gone).then(this - months_of("removed_on") + 1)
        .when(is_expired).then(this - pl.col("ended") + 1)
        .when(pl.col("begins")).then(0)
        .when(is_new | is_removed).then(1)
        .when(is_read).then(0)
        .otherwise(this - pl.coalesce("opening_index", pl.lit(this - 1))).cast(pl.Int32),
        covered=pl.when(is_read & ~is_expired).then(this - pl.col("opening_index")).otherwise(0),
    )  # fmt: skip
    averages = _averages(facts, dials, best, this)
    return dials.join(averages, on=dial, how="left").with_columns(
        price_zone=metered.two_zone_price(pl.col("zones"), pl.col("zone")).cast(pl.Int16)
    )


def _with_faults(facts: Facts, dials: Frame) -> Frame:
    """`ended`: the first month in which the meter does not count, by its verification or by an act; `fault`: which.

    A month in which the act holds on any day goes by the average as a whole.
    """
    if not facts.faults.height:
        return dials.with_columns(fault=pl.lit(None, pl.String))
    faults = in_month(facts.faults, facts.month).sort("valid_from").unique("meter_id", keep="first")
    faults = faults.select(
        "meter_id",
        failed=months_of("valid_from"),
        why=pl.when(pl.col("kind") == 1).then(pl.lit("failed")).otherwise(pl.lit("refused")),
    )
    dials = dials.join(faults, on="meter_id", how="left")
    is_first = pl.col("failed").is_not_null() & (pl.col("ended").is_null() | (pl.col("failed") <= pl.col("ended")))
    return dials.with_columns(
        fault=pl.when(is_first).then("why"), ended=pl.when(is_first).then("failed").otherwise("ended")
    ).drop("failed", "why")


def _averages(facts: Facts, dials: Frame, readings: Frame, this: int) -> Frame:
    """Average month of each dial that needs one, over the last 3 to 6 fully metered months of it and of its elder.

    Months charged by the norm or the average have no reading, so they are no metered months (charges.md 2.1); of heat
    only the months of the heating period count.
    """
    meters = facts.meters
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
        .join(meters.select("meter_id", "digits", "ratio", "resource").rename({"meter_id": "source"}), on="source")
        .sort("meter_id", "source", "zone", "index")
    )
    key = ["meter_id", "source", "zone"]
    used = metered.usage(pl.col("value").shift(1).over(key), pl.col("value"), pl.col("digits"), pl.col("ratio"))
    whole = pl.col("index") - pl.col("index").shift(1).over(key) == 1
    fit = rows.with_columns(used=pl.when(whole).then(used)).filter(
        pl.col("used").is_not_null() & (pl.col("ended").is_null() | (pl.col("index") < pl.col("ended")))
    )
    if (meters["resource"] == HEAT).any():
        laws = facts.reference.laws
        months = [facts.month + -step for step in range(1, 14)]
        heated = [index_of(month.first) for month in months if in_season(in_month(laws, month), month)]
        fit = fit.filter((pl.col("resource") != HEAT) | pl.col("index").is_in(heated))
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
    replacement that have no average and go by the norm; of a first meter (`begins`) those up to its commissioning.
    """
    size, this = facts.month.days, index_of(facts.month.first)
    place = ["premises_id", "resource"]
    has_average = pl.col("average").is_not_null()
    in_time = pl.col("periods") <= metered.AVERAGE_PERIODS
    if (facts.businesses["non_residential"] == 1).any():
        shops = facts.businesses.filter(pl.col("non_residential") == 1)["premises_id"].unique()
        longest = pl.when(pl.col("premises_id").is_in(shops.implode())).then(metered.AVERAGE_PERIODS_NON_RESIDENTIAL)
        in_time = pl.col("periods") <= longest.otherwise(metered.AVERAGE_PERIODS)
    is_whole = pl.col("gap_days") == size
    falls = is_whole & (pl.col("cause") != "replaced") & (~has_average | ~in_time)
    dials = dials.with_columns(
        falls=falls,
        late=falls & pl.col("cause").is_in(["expired", "failed", "refused"]) & ~in_time,
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
        begun_days=pl.min("begun_days"),  # beside a meter that counts already, the new one adds what it shows
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
        (pl.col("used") * over + pl.col("filled")).alias("used_numer"),
        over.alias("used_over"),
        pl.when(pl.col("falls")).then(By.NORM)
        .when(pl.col("is_averaged")).then(By.AVERAGE)
        .otherwise(By.METER).cast(pl.Int16).alias("by"),
        pl.col("late").alias("is_uplifted"),
        exact(pl.max_horizontal("norm_gap_days", "begun_days")).alias("norm_gap_days"),
        (pl.col("begun_days") > 0).alias("begins"),
    ).filter((pl.col("by") != By.NORM) | (pl.col("zone") == pl.col("zone").min().over(place)))  # fmt: skip


def _less_charged(facts: Facts, rows: Frame, place: Sequence[str], this: int) -> Frame:
    """A true-up: what was charged since the meter was last read comes off what it shows now (charges.md 2.1).

    A volume charged in a zone the meter has no price for (a month by norm) comes off its first zone.
    """
    homes = facts.accounts.select("account_id", "premises_id")
    if facts.rooms.height:  # the common meter of a communal flat answers for what its rooms were charged
        flats = homes.join(facts.rooms.select("premises_id", "parent_id"), on="premises_id")
        homes = pl.concat([homes, flats.select("account_id", premises_id="parent_id")])
    resources = facts.reference.services.select("service_id", "resource")
    charged = (
        facts.charged.join(homes, on="account_id")
        .join(resources, on="service_id")
        .with_columns(index=months_of("for_month"))
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
