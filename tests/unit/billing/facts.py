"""One flat as columns: what the pipeline takes, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.columns import Schema
from billing.kinds import Mode
from billing.pipeline import Facts, Reference

LONG_AGO = date(2020, 1, 1)
HOUSE, PREMISES, ACCOUNT, CONTRACT = 10, 20, 30, 40
D = Decimal
Rows = Sequence[tuple[Any, ...]]
SERVICES = [
    (1, "electricity", 2, 3), (2, "cold_water", 1, 1), (3, "hot_water", 1, 2), (4, "wastewater", 1, 8),
    (5, "heating", 3, 5), (6, "gas", 1, 4),
    (7, "waste", 1, 0), (8, "maintenance", 4, 0), (16, "common_electricity", 2, 3),
]  # fmt: skip


def frame(schema: Schema, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row") if rows else columns.empty(schema)


def always(*facts: Any) -> tuple[Any, ...]:
    """A row that has held since long ago."""
    return (*facts, LONG_AGO, None)


def reference(tariffs: Rows = (), norms: Rows = (), laws: Rows = ()) -> Reference:
    """tariffs: service, component, zone, price, from, to. norms: service, basis, value, months, from, to."""
    return Reference(
        services=frame(columns.SERVICES, SERVICES),
        tariffs=frame(
            columns.TARIFFS,
            [(CONTRACT, service, 0, part, zone, 0, None, D(price), since, until)
             for service, part, zone, price, since, until in tariffs],
        ),
        norms=frame(
            columns.NORMS,
            [(service, 0, basis, D(value), months, since, until)
             for service, basis, value, months, since, until in norms],
        ),
        laws=frame(columns.LAWS, [(code, D(value), since, until) for code, value, since, until in laws]),
    )  # fmt: skip


def flat(
    month: Month,
    known: Reference,
    provisions: list[tuple[Any, ...]],
    *,
    residents: Rows = (),
    owners: Rows = (),
    areas: Rows = (),
    house_area: str = "3000",
    common_area: str = "300",
    mode: Mode = Mode.SEASON,
    opened_on: date = LONG_AGO,
    closed_on: date | None = None,
    meter_impossible: int = 0,
    **more: pl.DataFrame,
) -> Facts:
    """residents, owners: persons, from, to. areas: m², own heating, from, to. provisions: service, method, components,
    from, to."""
    facts = Facts(
        month=month,
        reference=known,
        accounts=frame(columns.ACCOUNTS, [(ACCOUNT, HOUSE, PREMISES, opened_on, closed_on, meter_impossible)]),
        areas=frame(columns.AREAS, [(PREMISES, since, until, D(area), own) for area, own, since, until in areas]),
        residents=frame(columns.RESIDENTS, [(PREMISES, since, until, count) for count, since, until in residents]),
        owners=frame(columns.OWNERS, [(PREMISES, since, until, count) for count, since, until in owners]),
        provisions=frame(
            columns.PROVISIONS,
            [(HOUSE, service, CONTRACT, method, parts, since, until)
             for service, method, parts, since, until in provisions],
        ),
        passports=frame(
            columns.PASSPORTS, [(HOUSE, LONG_AGO, None, D(house_area), D(common_area), int(mode), 0, 0)]
        ),
    )  # fmt: skip
    return replace(facts, **more)


def meters(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "meter_id": 1, "premises_id": PREMISES, "resource": 1, "zones": 1, "digits": 5, "ratio": D(1),
        "commissioned_on": LONG_AGO, "removed_on": None, "verified_until": None, "replaces_id": None,
    }  # fmt: skip
    return frame(columns.METERS, [tuple({**usual, **row}.values()) for row in rows])


def readings(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """meter, zone, day, value; the month is the day's, the reading counts."""
    return frame(
        columns.READINGS,
        [(meter, zone, day, day.replace(day=1), D(value), 0, 1) for meter, zone, day, value in rows],
    )
