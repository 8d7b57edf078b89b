"""Who lives in how large a place, by segments of days."""

from __future__ import annotations

import polars as pl

from billing.pipeline.facts import Facts, Frame, cut, in_month


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
