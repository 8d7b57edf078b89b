"""Why lines differ from other lines of the same accounts: the difference by cause, in columns.

Two months, or a month as it stands and as it comes out today. Facts are put into the earlier line one after another,
in a fixed order (price, norm, area, persons, days, multiplier, the rest of the volume); each cause is what the line
moved by at its step. The steps end at the later line, so the causes add up to the difference, kopeck for kopeck.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import reduce

import polars as pl

from billing import columns
from billing.columns import EXACT, MONEY
from billing.formulas.exact import HALF_UP, exact
from billing.kinds import DRAFTED, Kind


class Cause(IntEnum):
    """What made a line different. The order is that of the substitution."""

    TARIFF = 1
    NORM = 2
    AREA = 3
    PERSONS = 4
    DAYS = 5
    MULTIPLIER = 6
    VOLUME = 7
    RULE = 8
    NEW = 9
    GONE = 10
    MANUAL = 11
    BENEFIT = 12
    PENALTY = 13


WORDS = {
    Cause.TARIFF: "Изменился тариф",
    Cause.NORM: "Изменился норматив",
    Cause.AREA: "Изменилась площадь",
    Cause.PERSONS: "Изменилось число проживающих",
    Cause.DAYS: "Другое число дней",
    Cause.MULTIPLIER: "Изменился повышающий коэффициент",
    Cause.VOLUME: "Показания и объём",
    Cause.RULE: "Другой способ расчёта",
    Cause.NEW: "Начислено впервые",
    Cause.GONE: "Больше не начисляется",
    Cause.MANUAL: "Перерасчёты и исправления",
    Cause.BENEFIT: "Льготы",
    Cause.PENALTY: "Пени",
}
GROUP = ("account_id", "service_id", "kind", "component")
PART = ("zone", "range")
SHOWN = ("tariff", "norm", "area", "persons", "share", "multiplier")
CLOSE = "0.00002"  # units: what the six stored places of a volume can be off by
BY_CAUSE: columns.Schema = {
    "account_id": pl.Int64, "house_id": pl.Int64, "service_id": pl.Int16, "kind": pl.Int16, "component": pl.Int16,
    "cause": pl.Int8, "amount": MONEY,
}  # fmt: skip


def by_cause(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Differences `now` − `before` of two sets of lines (columns.CHARGES), as BY_CAUSE: one row per line and cause.

    Lines are matched by account, service, kind, component, zone and range, whoever the principal is. What differs
    by nothing is left out; Σ amount = Σ now − Σ before for every account, service and kind.
    """
    drafted = [int(kind) for kind in DRAFTED]
    computed = pl.col("kind").is_in(drafted)
    mine, theirs = _gathered(before.filter(computed)), _gathered(now.filter(computed))
    pairs = _paired(mine, theirs)
    lines = _substituted(pairs)
    return pl.concat([lines, _others(before.filter(~computed), now.filter(~computed))])


def _gathered(lines: pl.DataFrame, part: Sequence[str] = PART) -> pl.DataFrame:
    """Segments of one line together: sums, and means by volume (price) or by days (what is not a sum)."""
    if "component" not in lines.columns:
        number = pl.col("line")
        lines = lines.with_columns(
            component=(number // 10_000).cast(pl.Int16), zone=(number // 1000 % 10).cast(pl.Int16),
            range=(number // 100 % 10).cast(pl.Int16),
            share=exact(pl.col("days")) / exact(pl.col("for_month").dt.month_end().dt.day()),
        )  # fmt: skip
    volume, price, days = exact(pl.col("volume")), exact(pl.col("tariff")), exact(pl.col("days"))
    known, whole = volume.sum(), days.sum()
    key = [*GROUP, *part]

    def mean(name: str) -> pl.Expr:
        value = exact(pl.col(name))
        average = (value * days).sum() / pl.when(whole == 0).then(None).otherwise(whole)
        alike = value.min() == value.max()
        there = value.is_not_null().all()
        return pl.when(there).then(pl.when(alike).then(value.min()).otherwise(average)).alias(name)

    weighed = (volume * price).sum() / pl.when(known == 0).then(None).otherwise(known)
    return lines.group_by(key).agg(
        pl.first("house_id"),
        pl.max("method"),
        pl.when(volume.is_not_null().all()).then(known).alias("volume"),
        pl.when(price.min() == price.max()).then(price.min()).otherwise(weighed).alias("tariff"),
        *(mean(name) for name in ("norm", "area", "persons", "multiplier")),
        (exact(pl.col("share")).sum() / exact(pl.struct(*PART).n_unique())).alias("share"),
        pl.sum("amount").cast(MONEY),
    )


def _paired(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Lines beside each other. Where zones or ranges of a service are not the same, its lines are taken together."""
    key = [*GROUP, *PART]
    told = [pl.struct(*PART).sort().alias("shape")]
    shapes = before.group_by(GROUP).agg(told).join(now.group_by(GROUP).agg(told), on=GROUP, suffix="_now")
    uneven = shapes.filter(pl.col("shape") != pl.col("shape_now")).select(GROUP)
    if uneven.height:
        before, now = _merged(before, uneven), _merged(now, uneven)
    both = before.with_columns(there=pl.lit(True)).join(
        now.with_columns(there=pl.lit(True)), on=key, how="full", suffix="_now", coalesce=True
    )
    served = [frame.select("account_id", "service_id").unique() for frame in (before, now)]
    both = both.join(served[0].with_columns(served=pl.lit(True)), on=["account_id", "service_id"], how="left")
    return both.join(served[1].with_columns(served_now=pl.lit(True)), on=["account_id", "service_id"], how="left")


def _merged(lines: pl.DataFrame, uneven: pl.DataFrame) -> pl.DataFrame:
    some = lines.join(uneven, on=GROUP, how="semi")
    known = pl.col("volume").sum()
    price = (pl.col("volume") * pl.col("tariff")).sum() / pl.when(known == 0).then(None).otherwise(known)
    one = some.group_by(GROUP).agg(
        pl.first("house_id"), pl.max("method"),
        pl.when(pl.col("volume").is_not_null().all()).then(known).alias("volume"), price.alias("tariff"),
        *(pl.max(name) for name in ("norm", "area", "persons", "multiplier", "share")), pl.sum("amount").cast(MONEY),
    )  # fmt: skip
    one = one.with_columns(zone=pl.lit(0, pl.Int16), range=pl.lit(0, pl.Int16)).select(lines.columns)
    return pl.concat([lines.join(uneven, on=GROUP, how="anti"), one])


def _substituted(pairs: pl.DataFrame) -> pl.DataFrame:
    was, became = pl.col("amount").fill_null(0), pl.col("amount_now").fill_null(0)
    matched = pl.col("there").is_not_null() & pl.col("there_now").is_not_null()
    alike = (pl.col("method") == pl.col("method_now")).fill_null(False)
    counted = (
        matched & pl.col("volume").is_not_null() & pl.col("volume_now").is_not_null()
        & pl.col("tariff").is_not_null() & pl.col("tariff_now").is_not_null()
    )  # fmt: skip

    def moved(name: str) -> pl.Expr:
        old, new = pl.col(name), pl.col(f"{name}_now")
        return (counted & (old != new)).fill_null(False)

    # What the volume and its price have come to after each step, and the roubles they make.
    frame = pairs.with_columns(v0=pl.col("volume"), a0=was)
    steps: list[tuple[Cause, pl.Expr, pl.Expr | None]] = [(Cause.TARIFF, moved("tariff"), None)]
    for cause, name in ((Cause.NORM, "norm"), (Cause.AREA, "area"), (Cause.PERSONS, "persons"), (Cause.DAYS, "share")):
        steps.append((cause, moved(name) & alike & (pl.col(name) > 0), pl.col(f"{name}_now") / pl.col(name)))
    over = pl.col("multiplier") - 1
    steps.append((
        Cause.MULTIPLIER, moved("multiplier") & alike & (over > 0), (pl.col("multiplier_now") - 1) / over,
    ))  # fmt: skip
    price = pl.coalesce("tariff_now", "tariff")
    for at, (_, happened, ratio) in enumerate(steps):
        volume = pl.col(f"v{at}") if ratio is None else pl.col(f"v{at}") * ratio
        frame = frame.with_columns(
            pl.when(happened).then(volume).otherwise(pl.col(f"v{at}")).alias(f"v{at + 1}"),
            happened.alias(f"h{at}"),
        )
        amount = (pl.col(f"v{at + 1}") * price).round(2, mode=HALF_UP)
        frame = frame.with_columns(pl.when(happened).then(amount).otherwise(pl.col(f"a{at}")).alias(f"a{at + 1}"))
    count = len(steps)
    rest = became - pl.col(f"a{count}")
    # Stored volumes are rounded: what the last digits make belongs to the last step, not to a cause of its own.
    near = counted & alike & ((pl.col(f"v{count}") - pl.col("volume_now")).abs() <= pl.lit(CLOSE).cast(EXACT))
    near = near.fill_null(False) & reduce(lambda a, b: a | b, [pl.col(f"h{at}") for at in range(count)])
    frame = frame.with_columns(near=near, rest=rest)
    parts: list[tuple[Cause, pl.Expr]] = []
    for at, (cause, _, _) in enumerate(steps):
        later = reduce(lambda a, b: a | b, [pl.col(f"h{after}") for after in range(at + 1, count)], pl.lit(False))
        is_last = pl.col("near") & pl.col(f"h{at}") & ~later
        part = pl.col(f"a{at + 1}") - pl.col(f"a{at}") + pl.when(is_last).then(pl.col("rest")).otherwise(0)
        parts.append((cause, part))
    left = pl.when(pl.col("near")).then(0).otherwise(pl.col("rest"))
    new, gone = pl.col("there").is_null(), pl.col("there_now").is_null()
    first_time, last_time = new & pl.col("served").is_null(), gone & pl.col("served_now").is_null()
    by_rule = (new & ~first_time) | (gone & ~last_time) | (matched & ~alike)
    by_volume = matched & alike
    parts += [
        (Cause.VOLUME, pl.when(by_volume).then(left).otherwise(0)),
        (Cause.RULE, pl.when(by_rule).then(left).otherwise(0)),
        (Cause.NEW, pl.when(first_time).then(left).otherwise(0)),
        (Cause.GONE, pl.when(last_time).then(left).otherwise(0)),
    ]
    house = pl.coalesce("house_id", "house_id_now").alias("house_id")
    rows = [
        frame.select("account_id", house, "service_id", "kind", "component", pl.lit(int(cause)).alias("cause"),
                     part.alias("amount")).filter(pl.col("amount") != 0)
        for cause, part in parts
    ]  # fmt: skip
    return pl.concat([_cast(one) for one in rows])


def _others(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Lines that no formula of the month makes: recalculations, benefits, penalties, as sums."""
    key = ["account_id", "house_id", "service_id", "kind"]
    signed = pl.concat([before.select(*key, -pl.col("amount")), now.select(*key, "amount")])
    sums = signed.group_by(key).agg(pl.sum("amount")).filter(pl.col("amount") != 0)
    cause = (
        pl.when(pl.col("kind") == Kind.BENEFIT).then(int(Cause.BENEFIT))
        .when(pl.col("kind") == Kind.PENALTY).then(int(Cause.PENALTY)).otherwise(int(Cause.MANUAL))
    )  # fmt: skip
    return _cast(sums.with_columns(cause=cause, component=pl.lit(0)))


def _cast(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in BY_CAUSE.items())
