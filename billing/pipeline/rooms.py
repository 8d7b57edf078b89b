"""Communal flats: the flat's common meter and its area, shared among its rooms (п. 50 Правил № 354)."""

from __future__ import annotations

import polars as pl

from billing.formulas import communal
from billing.formulas.exact import exact
from billing.kinds import By, How
from billing.pipeline.facts import Facts, Frame

# Heat and resources for the common property go by the share of living area; housing services by the room's own area.
BY_SHARE = (
    How.HEATING_NORM, How.HEATING_BUILDING, How.HEATING_IN_HOUSE,
    How.COMMON_NORM, How.COMMON_BALANCE, How.COMMON_ACTUAL, How.COMMON_AVERAGE,
)  # fmt: skip


def shared_usage(facts: Facts, days: Frame, used: Frame) -> Frame:
    """Adds to the usage of premises what rooms get of their flat's common meter.

    A room without own meter: a share of the flat's volume by residents. With own meters in rooms: each its own, and
    the remainder by residents of all rooms. A flat whose meter fell to the norm leaves its rooms to the norm.
    """
    rooms = facts.rooms.select("premises_id", "parent_id")
    flats = used.join(rooms.select(parent_id=pl.col("parent_id").unique()), left_on="premises_id", right_on="parent_id")
    if not flats.height:
        return used
    key = ["parent_id", "resource", "zone"]
    shares = (
        rooms.join(
            days.group_by("premises_id").agg(
                room=exact((pl.col("persons") * (pl.col("stop") - pl.col("start")).cast(pl.Int32)).sum())
            ),
            on="premises_id",
        )
        .with_columns(flat=pl.sum("room").over("parent_id"))
        .filter(pl.col("flat") > 0)
    )
    own = used.join(rooms, on="premises_id").filter(pl.col("by") != By.NORM)
    own = own.with_columns(own=pl.col("used_numer") / pl.col("used_over"))
    total = own.group_by(key).agg(rooms_used=pl.sum("own"))
    common = flats.rename({"premises_id": "parent_id"}).join(total, on=key, how="left")
    made = (
        shares.join(common, on="parent_id")
        .join(own.select("premises_id", "resource", "zone", "own"), on=["premises_id", "resource", "zone"], how="left")
        .with_columns(pl.col("own", "rooms_used").fill_null(0))
    )
    numer, over = communal.share_of_flat(*(pl.col(name) for name in (
        "used_numer", "used_over", "rooms_used", "own", "room", "flat",
    )))  # fmt: skip
    made = made.with_columns(used_numer=numer, used_over=over).select(used.columns)
    rest = used.join(made.select("premises_id", "resource").unique(), on=["premises_id", "resource"], how="anti")
    return pl.concat([rest, made])


def by_living_area(facts: Facts, items: Frame) -> Frame:
    """Items of rooms: heat and common needs by the flat's area × living area of the room / of all its rooms."""
    known = facts.rooms.filter(
        pl.col("flat_area").is_not_null() & pl.col("living").is_not_null() & (pl.col("flat_living") > 0)
    ).select("premises_id", share_area=communal.share_of_area(
        pl.col("flat_area"), pl.col("living"), pl.col("flat_living")
    ))  # fmt: skip
    joined = items.join(known, on="premises_id", how="left", maintain_order="left")
    goes = pl.col("share_area").is_not_null() & pl.col("method").is_in([int(method) for method in BY_SHARE])
    area = pl.when(goes).then(pl.col("share_area") * pl.col("days")).otherwise(pl.col("area_days"))
    return joined.with_columns(area_days=area).drop("share_area")
