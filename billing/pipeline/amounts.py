"""Prices, ranges, roubles: the one rounding of each line, and the form in which it is stored."""

from __future__ import annotations

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.columns import EXACT
from billing.formulas import legal_entity, normative, ranges
from billing.formulas.exact import exact, roubles, shown
from billing.kinds import GCAL, Kind
from billing.pipeline.facts import Facts, Frame, in_month


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
    if (prices["consumer"] == 1).any():
        consumers = facts.businesses.select("account_id", consumer=pl.lit(1, pl.Int8))
        rows = rows.join(consumers, on="account_id", how="left").with_columns(pl.col("consumer").fill_null(0))
    else:
        rows = rows.with_columns(consumer=pl.lit(0, pl.Int8))
    priced = _with_prices(rows, prices)
    is_lacking = priced["price"].is_null() | priced["numer"].is_null()
    bad = priced.filter(is_lacking) if is_lacking.any() else priced.clear()
    problem = pl.when(pl.col("price").is_null()).then(pl.lit("нет тарифа")).otherwise(pl.lit("нет норматива подогрева"))
    problems = bad.select("account_id", "service_id", problem.alias("problem"))
    if bad.height:
        priced = priced.filter(~is_lacking)
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
    net = base.filter("is_net")
    return (pl.concat([base, _vat(facts, net).select(base.columns)]) if net.height else base), problems


def _with_prices(rows: Frame, prices: Frame) -> Frame:
    """Every item beside its price, or its prices where ranges have several; nulls where there is none.

    The wide items are not joined: only one number of theirs is, that packs the four that name a price.
    """
    key = ("term", "component", "zone", "consumer")
    term, component, zone, consumer = (pl.col(name).cast(pl.Int64) for name in key)
    packed = (((term * 10 + component) * 10 + zone) * 10 + consumer).alias("price_key")
    asked = rows.select(packed)
    found = asked.with_row_index("item").join(
        prices.select(packed, pl.exclude(key)), on="price_key", how="left", maintain_order="left"
    )
    if found.height > rows.height:
        rows = rows[found["item"]]
    return rows.hstack(found.drop("item", "price_key"))


def _vat(facts: Facts, net: Frame) -> Frame:
    """VAT on top of the net lines of one number, a line of its own; the rate of the month's first day."""
    laws = in_month(facts.reference.laws, facts.month).filter((pl.col("code") == "vat") & (pl.col("start") == 0))
    percent = pl.lit(laws["value"][0] if laws.height else 0).cast(EXACT)
    line = ["account_id", "contract_id", "service_id", "component", "zone", "range", "segment"]
    first = net.unique(line, keep="first", maintain_order=True)
    sums = net.group_by(line).agg(net=pl.sum("amount"))
    nothing = pl.lit(None, EXACT)
    return first.join(sums, on=line).with_columns(
        kind=pl.lit(int(Kind.VAT), pl.Int16), amount=legal_entity.vat(pl.col("net"), percent), norm=nothing,
        multiplier=nothing, price=percent, numer=nothing,
        shows_persons=pl.lit(False), shows_area=pl.lit(False),
    ).drop("net")  # fmt: skip


def _by_ranges(rows: Frame, size: int) -> Frame:
    """Splits volumes at the limits of the ranges; zones share each range in proportion (a convention)."""
    line = ["account_id", "contract_id", "service_id", "kind", "segment", "component"]
    counted = pl.when("per_person").then(pl.col("person_days")).otherwise(exact(pl.col("days")))
    rows = rows.with_columns(limit=pl.col("range_up_to") * pl.col("over") * counted)  # of all that the row stands over
    total = pl.col("numer").filter(pl.col("range") == pl.col("range").min().over(*line, "zone")).sum().over(line)
    lower = pl.col("limit").shift(1).over(*line, "zone").fill_null(0)
    rows = rows.sort(*line, "zone", "range").with_columns(total=total, lower=lower)
    month_days = exact(pl.lit(size))
    # limits are of a month: a segment has its days' part of them
    part = ranges.part_of_range(
        pl.col("total") * month_days, pl.col("lower"), pl.col("limit"),
        pl.col("range") == pl.col("range").min().over(*line, "zone"),
    )  # fmt: skip
    alone, total = pl.col("total") == pl.col("numer"), pl.col("total")
    rows = rows.with_columns(part=part)
    is_first = pl.col("range") == pl.col("range").min().over(*line, "zone")
    # zones that make a credit, or nothing, together: each keeps its own volume in range one
    own = pl.when(is_first).then(pl.col("numer")).otherwise(0)
    rows = rows.with_columns(
        numer=pl.when(total <= 0).then(own).when(alone).then(pl.col("part"))
        .otherwise(pl.col("numer") * pl.col("part")),
        over=pl.when(total <= 0).then(pl.col("over")).when(alone).then(pl.col("over") * month_days)
        .otherwise(pl.col("over") * month_days * total),
    ).filter((pl.col("part") != 0) | is_first)  # fmt: skip
    return rows.drop("total", "lower", "limit", "part")


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
