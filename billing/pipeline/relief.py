"""What comes off the month's charge: absence, breaks and bad quality. Lines of recalculation for the same month."""

from __future__ import annotations

import polars as pl

from billing import columns
from billing.columns import EXACT, QUANTITY
from billing.formulas import absence, benefits, quality
from billing.formulas.exact import exact, roubles, rounded, shown
from billing.kinds import COLD_WATER, HOT_WATER, By, How, Kind, Relief
from billing.pipeline.facts import WATERS, Facts, Frame, cut, in_month, switch

LINE = 100  # line = Relief × 100 + months back; the run's own month is none back
OFF: columns.Schema = {
    "account_id": pl.Int64, "house_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16,
    "relief": pl.Int16, "component": pl.Int16, "unit": pl.Int16, "price": EXACT, "volume": QUANTITY,
    "quantity": EXACT, "amount": columns.MONEY, "basis": pl.String,
}  # fmt: skip
KEY = ["account_id", "contract_id", "service_id"]


def relief(facts: Facts, days: Frame, traced: Frame, agreed: Frame, prices: Frame) -> Frame:
    """OFF: what comes off each line and why; `quantity` is person-days away, hours or percent. Amounts are positive."""
    nothing = columns.empty(OFF)
    charged = traced.filter(pl.col("kind") == Kind.CHARGE)
    away = facts.absences.height + facts.force_majeure.height
    if not charged.height or not (away or facts.breaches.height or facts.benefits.height):
        return nothing
    spans = agreed.select("term", "start", "stop", "method", "code", "resource")
    charged = charged.join(spans, on="term")
    parts = [nothing]
    if facts.absences.height:
        parts.append(_absence(facts, days, charged, traced, facts.absences))
    if facts.force_majeure.height:
        parts.append(_absence(facts, days, charged, traced, facts.force_majeure, is_forced=True))
    if facts.breaches.height:
        raised = traced.filter(pl.col("kind") == Kind.UPLIFT)
        parts.append(_quality(facts, charged, raised, agreed, prices))
    off = _capped(pl.concat(parts), traced)
    if facts.benefits.height:
        off = _capped(pl.concat([off, _benefits(facts, charged, agreed, off)]), traced)
    return off


def _capped(off: Frame, traced: Frame) -> Frame:
    """Never more comes off a service, or off its uplift, than was charged: what is found first stands first."""
    key = [*KEY, "is_raised"]
    charged = traced.filter(pl.col("kind").is_in([int(Kind.CHARGE), int(Kind.UPLIFT)]))
    whole = charged.group_by(*KEY, is_raised=pl.col("kind") == Kind.UPLIFT).agg(whole=pl.sum("amount"))
    is_benefit = pl.col("relief") == Relief.BENEFIT  # a benefit is of what is left
    rows = off.filter(pl.col("amount") > 0).with_columns(is_raised=pl.col("relief") == Relief.NOT_RAISED)
    rows = rows.sort(*KEY, is_benefit, "relief", "component", maintain_order=True).join(whole, on=key, how="left")
    before = pl.col("amount").cum_sum().over(key) - pl.col("amount")
    left = pl.max_horizontal(pl.col("whole") - before, pl.lit(0).cast(columns.MONEY))
    rows = rows.with_columns(amount=pl.min_horizontal("amount", left)).filter(pl.col("amount") > 0)
    return _off(rows)


def _off(rows: Frame) -> Frame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in OFF.items())


def _absence(
    facts: Facts, days: Frame, charged: Frame, traced: Frame, absences: Frame, *, is_forced: bool = False
) -> Frame:
    """Norm-charged services of premises where no meter can be; waste per person; wastewater after its waters.

    A meter that failed and goes by its average for the time allowed counts as none: its part of those away comes off.
    is_forced: everybody was away by force majeure, wherever a meter could be (п. 86); only the plain norm comes off.
    """
    spans, size = _days_away(facts, days, absences), facts.month.days
    if not spans.height:
        return columns.empty(OFF)
    impossible = facts.accounts.select("account_id", "meter_impossible")
    rows = charged.join(impossible, on="account_id").join(spans, on="account_id", how="semi")
    raised = traced.filter(pl.col("kind") == Kind.UPLIFT).select("account_id", "service_id").unique()
    rows = rows if is_forced else rows.join(raised, on=["account_id", "service_id"], how="anti")
    broken = _broken(facts)
    rows = rows.join(broken, on=["premises_id", "resource"], how="left", maintain_order="left")
    bit = pl.lit(2).pow(pl.col("resource")).cast(pl.Int32)
    is_broken = pl.col("is_broken").fill_null(False)
    no_meter = ((pl.col("meter_impossible") // bit) % 2 == 1) | is_broken | pl.lit(is_forced)
    of_norm = (pl.col("by") == By.NORM) & pl.col("shows_persons")
    of_norm = of_norm | ((pl.col("by") == By.HOUSE_SHARE) & pl.col("shows_persons"))
    by_person = (of_norm | (is_broken & (pl.col("by") == By.AVERAGE))) & (pl.col("person_days") > 0)
    of_flat = (pl.col("method") == How.METERED) & no_meter
    # where a region recalculates waste by the year, absence counts then, by containers (п. 148(30))
    how = How.CONTAINERS_PERSON if switch(facts, "tko_year_recalc") == 1 else How.NORM_PERSON
    of_waste = (pl.col("method") == how) & (pl.col("code") == "waste")
    direct = rows.filter(by_person & (of_flat | of_waste | (pl.col("method") == How.WASTEWATER)))
    found = _away(direct, spans).with_columns(
        numer=absence.reduced(pl.col("numer"), pl.col("away")), over=pl.col("over") * pl.col("person_days")
    )
    waters = direct.filter(of_flat & pl.col("resource").is_in([1, 2]) & (pl.col("component") <= 1))
    waste = rows.filter((pl.col("by") == By.FOLLOWS_WATER) & (pl.col("method") == How.WASTEWATER))
    if waters.height and waste.height:
        found = pl.concat([found, _follows(waste, waters, spans, size).select(found.columns)])
    return _off(
        found.with_columns(
            relief=pl.lit(int(Relief.ABSENCE)),
            quantity=pl.col("away"),
            volume=shown(pl.col("numer"), pl.col("over")),
            amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")),
            basis=pl.col("document"),
        )
    )


def _days_away(facts: Facts, days: Frame, absences: Frame) -> Frame:
    """Who is away, day by day: account_id, since, until, persons (never more than live there that day), document."""
    spans = absence.united(absences, ["premises_id", "person_id"])
    full = absence.full_days(pl.col("left_on"), pl.col("back_on"))
    first, size = pl.lit(facts.month.first), facts.month.days
    spans = spans.filter(absence.is_long_enough(full)).select(
        "premises_id", "document",
        left=((pl.col("left_on") - first).dt.total_days() + 1).clip(0, size),
        back=(pl.col("back_on") - first).dt.total_days().clip(0, size),
    )  # fmt: skip
    near = days.select("account_id", "premises_id", "persons", "start", "stop").join(spans, on="premises_id").select(
        "account_id", "persons", "document",
        left=pl.max_horizontal("start", "left").cast(pl.Int16), back=pl.min_horizontal("stop", "back").cast(pl.Int16),
    ).filter(pl.col("left") < pl.col("back"))  # fmt: skip
    edges = pl.concat([near.select("account_id", point=edge) for edge in ("left", "back")])
    pieces = cut(edges, ["account_id"], size).rename({"start": "since", "stop": "until"})
    held = pieces.join(near, on="account_id").filter(
        (pl.col("left") <= pl.col("since")) & (pl.col("until") <= pl.col("back"))
    )  # fmt: skip
    return held.group_by("account_id", "since", "until", maintain_order=True).agg(
        pl.min_horizontal(pl.len(), pl.first("persons")).cast(pl.Int32).alias("persons"),
        pl.col("document").unique(maintain_order=True).str.join("; "),
    ).filter(pl.col("persons") > 0)  # fmt: skip


def _broken(facts: Facts) -> Frame:
    """Premises and resources whose meter is out of order in the month, by an act."""
    failed = in_month(facts.faults, facts.month).filter(pl.col("kind") == 1).select("meter_id")
    meters = facts.meters.join(failed, on="meter_id", how="semi")
    return meters.select("premises_id", "resource").unique().with_columns(is_broken=pl.lit(True))


def _away(rows: Frame, spans: Frame) -> Frame:
    """Adds person-days away within the line's segment, never more than were charged."""
    near = rows.with_row_index("row").drop("persons", strict=False).join(spans, on="account_id")
    days = pl.min_horizontal("stop", "until") - pl.max_horizontal("start", "since")
    near = near.with_columns(away=exact(days * pl.col("persons"))).filter(days > 0)
    sums = near.group_by("row", maintain_order=True).agg(
        pl.sum("away"), pl.col("document").unique(maintain_order=True).str.join("; ")
    )
    joined = rows.with_row_index("row").join(sums, on="row").drop("row")
    return joined.with_columns(away=pl.min_horizontal("away", "person_days"))


def _follows(waste: Frame, waters: Frame, spans: Frame, size: int) -> Frame:
    """Wastewater of the same days: the norms of the waters that came off (п. 87), over days of the month × 12."""
    norms = waters.select(
        "account_id", "norm", since_w="start", until_w="stop",
        monthly=exact(pl.lit(12 * size)) / pl.col("over"),  # 12 for a norm of a month, 1 for that of a year
        water_days="person_days",
    )  # fmt: skip
    both = waste.with_row_index("line_row").join(norms, on="account_id").with_columns(
        start=pl.max_horizontal("start", "since_w"), stop=pl.min_horizontal("stop", "until_w"),
        person_days=pl.min_horizontal("person_days", "water_days"),
    )  # fmt: skip
    away = _away(both.filter(pl.col("start") < pl.col("stop")), spans)
    taken = away.with_columns(taken=pl.col("away") * pl.col("norm_right") * pl.col("monthly"))
    sums = taken.group_by("line_row").agg(pl.sum("taken"), pl.max("away"), pl.first("document"))
    rows = waste.with_row_index("line_row").join(sums, on="line_row").drop("line_row")
    return rows.with_columns(numer=pl.col("taken"), over=exact(pl.lit(12 * size)))


def _quality(facts: Facts, charged: Frame, raised: Frame, agreed: Frame, prices: Frame) -> Frame:
    """The volume not supplied, the percent of the breach, and water too cold to be called hot, by service.

    raised: lines of uplift. The uplift is V · T · (K − 1) of the same V (charges.md 2.3), so what did not come takes
    its own uplift along.
    """
    places = facts.accounts.select("account_id", "house_id", "premises_id")
    acts = quality.united(facts.breaches)
    alone = acts.filter(pl.col("premises_id").is_not_null()).select("premises_id", "service_id").unique()
    events = places.join(acts.rename({"premises_id": "only"}), on="house_id")
    of_house = events.filter(pl.col("only").is_null()).join(alone, on=["premises_id", "service_id"], how="anti")
    events = pl.concat([of_house, events.filter(pl.col("only") == pl.col("premises_id"))])
    if not events.height:
        return columns.empty(OFF)
    key = ["account_id", "service_id"]
    hours, nights = pl.col("hours"), pl.col("night_hours")
    at_once = pl.when(pl.col("is_timed")).then(hours - pl.col("allowed_at_once")).clip(0).fill_null(0)
    steps = {
        name: quality.steps_off(
            pl.col("normative_c"), pl.col("actual_c"), exact(pl.col(f"tolerance_{name}_c")),
            exact(pl.col("tolerance_above_c")), pl.max_horizontal("step_c", pl.lit(1)), exact(pl.col("highest_c")),
        ) for name in ("day", "night")
    }  # fmt: skip
    by_degrees = (steps["day"] * exact(hours - nights) + steps["night"] * exact(nights)) * pl.col("percent")
    events = events.with_columns(
        over_at_once=at_once,
        degrees=pl.when(pl.col("step_c") > 0).then(by_degrees).otherwise(exact(pl.lit(0))).fill_null(0),
    )
    item = pl.col("breach").replace(quality.ITEMS).alias("item")
    sums = events.group_by(*key, item, maintain_order=True).agg(
        pl.sum("hours"), pl.sum("over_at_once"), pl.sum("degrees"), pl.sum("days"),
        pl.col("act").unique(maintain_order=True).str.join("; "),
        *(pl.first(name) for name in (
            "allowed_hours", "percent", "per_hours", "step_c", "whole_days", "not_supplied", "cold_price",
        )),
    )  # fmt: skip
    excess = quality.excess_hours(pl.col("hours"), pl.col("allowed_hours"), pl.col("over_at_once"))
    off = quality.percent_of_break(excess, pl.col("percent"), pl.col("per_hours"))
    daily = exact(pl.col("days")) * 100 / facts.month.days
    per_cent = pl.when(pl.col("whole_days")).then(daily).when(pl.col("step_c") > 0).then("degrees").otherwise(off)
    sums = sums.with_columns(per_cent=per_cent)
    zero = pl.lit(0, pl.Int64)
    sums = sums.group_by(key, maintain_order=True).agg(
        pl.sum("per_cent"),
        off_hours=pl.when(pl.col("not_supplied")).then("hours").otherwise(zero).sum(),
        cold_hours=pl.when(pl.col("cold_price")).then("hours").otherwise(zero).sum(),
        basis=pl.col("act").unique(maintain_order=True).str.join("; "),
    )
    rows = charged.join(sums, on=key)
    month_hours = facts.month.days * 24
    cold = (
        agreed.filter(pl.col("code") == "cold_water").join(prices.filter(pl.col("component") == 0), on="term")
        .group_by("house_id").agg(pl.first("price").alias("cold_water"))
    )  # fmt: skip
    whole = rows.group_by([*KEY, "house_id"], maintain_order=True).agg(
        charge=pl.sum("amount"), **{name: pl.first(name) for name in ("per_cent", "basis", "unit")}
    )
    hundred = exact(pl.lit(100))
    parts = [
        whole.filter(pl.col("per_cent") > 0).with_columns(
            relief=pl.lit(int(Relief.QUALITY)), component=0, price=pl.lit(None), volume=pl.lit(None),
            quantity=pl.min_horizontal("per_cent", hundred),
            amount=rounded(quality.reduction(exact(pl.col("charge")), pl.col("per_cent")), hundred, 2),
        )
    ]  # fmt: skip
    idle = rows.filter((pl.col("off_hours") > 0) & pl.col("by").is_in([int(By.NORM), int(By.AVERAGE)]))
    parts.append(_volume(idle, "off_hours", pl.col("price"), month_hours))
    idle_raised = raised.join(sums, on=key).filter(pl.col("off_hours") > 0)
    parts.append(
        _volume(idle_raised, "off_hours", pl.col("price"), month_hours).with_columns(
            relief=pl.lit(int(Relief.NOT_RAISED)), volume=pl.lit(None)
        )
    )
    waste = charged.filter((pl.col("by") == By.FOLLOWS_WATER) & (pl.col("method") == How.WASTEWATER))
    waters = idle.filter(pl.col("resource").is_in([COLD_WATER, HOT_WATER]) & (pl.col("component") <= 1))
    if waste.height and waters.height:
        parts.append(_not_discharged(waste, waters, month_hours))
    tepid = rows.filter(pl.col("cold_hours") > 0).join(cold, on="house_id", how="left")
    of_water = quality.cold_price_off(pl.col("price"), pl.coalesce("cold_water", "price"))
    less = pl.when(pl.col("component") == 2).then(pl.col("price")).otherwise(of_water)
    parts.append(_volume(tepid, "cold_hours", less, month_hours))
    return pl.concat([_off(part) for part in parts])


def _not_discharged(waste: Frame, waters: Frame, month_hours: int) -> Frame:
    """Wastewater of the water that did not come: its volume follows that of the waters (п. 42, 98)."""
    gone = waters.select(
        "account_id", "off_hours", "basis", since_w="start", until_w="stop",
        volume_w=quality.not_supplied(pl.col("numer"), exact(pl.col("off_hours"))) / (pl.col("over") * month_hours),
    )  # fmt: skip
    both = waste.with_row_index("line_row").join(gone, on="account_id")
    days = pl.min_horizontal("stop", "until_w") - pl.max_horizontal("start", "since_w")
    part = pl.col("volume_w") * exact(days) / exact(pl.col("until_w") - pl.col("since_w"))
    both = both.with_columns(numer=part).filter(days > 0)
    sums = both.group_by("line_row", maintain_order=True).agg(
        pl.sum("numer"), pl.max("off_hours"), pl.col("basis").unique(maintain_order=True).str.join("; ")
    )
    rows = waste.with_row_index("line_row").drop("numer", "over").join(sums, on="line_row").drop("line_row")
    rows = rows.with_columns(over=exact(pl.lit(1)))
    return rows.with_columns(
        relief=pl.lit(int(Relief.NOT_SUPPLIED)), quantity=pl.col("off_hours"),
        volume=shown(pl.col("numer"), pl.col("over")),
        amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")),
    )  # fmt: skip


def _volume(rows: Frame, hours: str, price: pl.Expr, month_hours: int) -> Frame:
    worth = rows.with_columns(price=price, numer=quality.not_supplied(pl.col("numer"), exact(pl.col(hours))))
    worth = worth.with_columns(over=pl.col("over") * exact(pl.lit(month_hours)))
    return worth.with_columns(
        relief=pl.lit(int(Relief.NOT_SUPPLIED)), quantity=pl.col(hours),
        volume=shown(pl.col("numer"), pl.col("over")),
        amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")),
    )  # fmt: skip


def _benefits(facts: Facts, charged: Frame, agreed: Frame, off: Frame) -> Frame:
    """The discount of every entitlement, of the charge that absence and bad quality have left."""
    rows = charged.with_row_index("row").join(_rights(facts), on=["account_id", "service_id"])
    entitled = pl.min_horizontal("stop", "until") - pl.max_horizontal("start", "since")
    once = ["row", "right", "before"]
    sums = rows.with_columns(entitled=exact(entitled)).filter(entitled > 0)
    of_right = sums.group_by(once).agg(pl.sum("entitled"))
    rows = (
        sums.drop("entitled").unique(once, keep="first", maintain_order=True)
        .join(of_right, on=once, maintain_order="left")
        .join(agreed.select("term", *_norm_of_a_person()), on="term")
    )  # fmt: skip
    if not rows.height:
        return columns.empty(OFF)
    whole = charged.group_by(KEY).agg(whole=exact(pl.sum("amount")))
    gone = off.filter(pl.col("relief") != Relief.NOT_RAISED).group_by(KEY).agg(gone=exact(pl.sum("amount")))
    rows = rows.join(whole, on=KEY).join(gone, on=KEY, how="left").filter(pl.col("whole") > 0)
    quantity = shown(pl.col("numer"), pl.col("over"))
    alike = [*KEY, "term", "component", "right", "before"]
    rows = rows.with_columns(
        left=pl.col("whole") - pl.col("gone").fill_null(0), used=exact(quantity),
        used_whole=exact(quantity.sum().over(alike)),
    )  # fmt: skip
    amount, percent, before = exact(pl.col("amount")), pl.col("percent"), pl.col("before")
    days, of_days = exact(pl.col("days")), exact(pl.col("stop") - pl.col("start"))
    lived_in = pl.col("person_days") > 0
    persons = pl.when(lived_in).then(pl.col("person_days")).otherwise(days)
    others = pl.max_horizontal(pl.col("person_days") / days - before, exact(pl.lit(0)))
    covered = pl.when(before > 0).then(pl.min_horizontal("covered", others)).otherwise(pl.col("covered"))
    cover = pl.when(lived_in | (before > 0)).then(covered).otherwise(exact(pl.lit(1)))
    share = benefits.of_covered(amount, cover, persons, days, pl.col("entitled"), percent)
    by_area = (pl.col("by") == By.AREA) | pl.col("shows_area")
    is_normed = (
        (pl.col("within_norm") == 1) & pl.col("person_norm").is_not_null() & ~by_area & (pl.col("used_whole") > 0)
    )
    heat = pl.when(pl.col("component") == 2).then(pl.col("heat_per_m3")).otherwise(exact(pl.lit(1)))
    norm = pl.col("person_norm") * heat
    limit = benefits.within_norm(norm, covered, pl.col("price"), pl.col("entitled"), percent) * pl.col("used")
    limit_over = exact(pl.col("person_over")) * facts.month.days * 100 * pl.col("used_whole")
    area = benefits.within_area(
        amount, pl.col("social_m2"), covered, pl.col("area_days"), days, pl.col("entitled"), percent
    )
    is_limited = by_area & pl.col("social_m2").is_not_null() & (pl.col("area_days") > 0)
    one = exact(pl.lit(1))
    rest, over_rest = pl.col("left"), pl.col("whole")

    def worth(numer: pl.Expr, over: pl.Expr, holds: pl.Expr) -> pl.Expr:
        safe = pl.when(holds).then(numer).otherwise(one), pl.when(holds).then(over).otherwise(one)
        return pl.when(holds).then(rounded(safe[0] * rest, safe[1] * over_rest, 2))

    found = rows.with_columns(
        relief=pl.lit(int(Relief.BENEFIT)), quantity=percent, volume=pl.lit(None), basis=pl.col("document"),
        amount=pl.min_horizontal(
            worth(share, persons * of_days * 100, pl.lit(True)), worth(limit, limit_over, is_normed),
            worth(area, pl.col("area_days") * of_days * 100, is_limited),
        ),
    )  # fmt: skip
    return _off(found)


def _norm_of_a_person() -> tuple[pl.Expr, pl.Expr]:
    """The norm within which a benefit counts, person_norm over person_over.

    Of wastewater its own, if the region has set one; else those of the waters that the house gets, whose volumes it
    follows (п. 42). Where one of these is not set, nothing limits it.
    """
    norms, overs = [], []
    for name, _ in WATERS:
        is_served = pl.col(f"has_{name}")
        norms.append(pl.when(is_served).then(f"{name}_norm").otherwise(exact(pl.lit(0))))
        overs.append(exact(pl.when(is_served).then(f"{name}_norm_over").fill_null(1)))
    is_waste = (pl.col("method") == How.WASTEWATER) & pl.col("person_norm").is_null()
    is_waste &= pl.any_horizontal(f"has_{name}" for name, _ in WATERS)
    of_waters = norms[0] * overs[1] + norms[1] * overs[0]
    return (
        pl.when(is_waste).then(of_waters).otherwise("person_norm").alias("person_norm"),
        pl.when(is_waste).then(overs[0] * overs[1]).otherwise(exact(pl.col("person_over"))).alias("person_over"),
    )


def _rights(facts: Facts) -> Frame:
    """Entitlements by days on which the same ones hold; `before`: persons whom better ones cover on these days.

    One person pays less on one ground at a time: the larger percent goes first (domain/benefits.md).
    """
    key = ["account_id", "service_id"]
    rights = in_month(facts.benefits, facts.month).with_row_index("right").drop("valid_from", "valid_to")
    edges = pl.concat([rights.select(*key, point=edge) for edge in ("start", "stop")])
    spans = cut(edges, key, facts.month.days).rename({"start": "since", "stop": "until"})
    held = spans.join(rights, on=key).filter(
        (pl.col("start") <= pl.col("since")) & (pl.col("until") <= pl.col("stop"))
    )  # fmt: skip
    held = held.sort(*key, "since", -pl.col("percent"), "right").drop("start", "stop")
    return held.with_columns(before=pl.col("covered").cum_sum().over(*key, "since") - pl.col("covered"))


def relief_lines(facts: Facts, off: Frame) -> Frame:
    """Lines of recalculation, one for each account, service and ground; volumes and amounts below zero."""
    of_quality = pl.col("relief").is_in([int(Relief.NOT_SUPPLIED), int(Relief.NOT_RAISED)])
    ground = pl.when(of_quality).then(int(Relief.QUALITY)).otherwise(pl.col("relief"))
    water = pl.when(pl.col("component") < 2).then(-pl.col("volume"))
    lines = off.with_columns(ground=ground).group_by(*KEY, "ground", maintain_order=True).agg(
        pl.first("house_id"), -pl.sum("amount"), volume=water.sum(), unit=pl.col("unit").min(),
    )  # fmt: skip
    first = pl.lit(facts.month.first)
    rows = lines.with_columns(
        kind=pl.when(pl.col("ground") == Relief.BENEFIT).then(int(Kind.BENEFIT)).otherwise(int(Kind.RECALCULATION)),
        line=pl.col("ground") * LINE, month=first, for_month=first,
        method=int(By.MANUAL), days=facts.month.days,
        **{name: pl.lit(None, QUANTITY) for name in ("tariff", "norm", "multiplier", "persons", "area")},
    )  # fmt: skip
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items())
