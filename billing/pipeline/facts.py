"""What the lines of a block depend on, for one month; and how a month cuts what is dated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.kinds import COLD_WATER, HOT_WATER

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
    cold_halls: Frame = field(default_factory=lambda: columns.empty(columns.COLD_HALLS))
    joint_heat: Frame = field(default_factory=lambda: columns.empty(columns.JOINT_HEAT))
    joint_year: Frame = field(default_factory=lambda: columns.empty(columns.JOINT_YEAR))
    meters: Frame = field(default_factory=lambda: columns.empty(columns.METERS))
    readings: Frame = field(default_factory=lambda: columns.empty(columns.READINGS))
    charged: Frame = field(default_factory=lambda: columns.empty(columns.CHARGED))
    rooms: Frame = field(default_factory=lambda: columns.empty(columns.ROOMS))
    businesses: Frame = field(default_factory=lambda: columns.empty(columns.BUSINESSES))
    year_heat: Frame = field(default_factory=lambda: columns.empty(columns.YEAR_HEAT))
    faults: Frame = field(default_factory=lambda: columns.empty(columns.FAULTS))
    balances: Frame = field(default_factory=lambda: columns.empty(columns.BALANCES))
    plots: Frame = field(default_factory=lambda: columns.empty(columns.PLOTS))
    absences: Frame = field(default_factory=lambda: columns.empty(columns.ABSENCES))
    # Absences of everybody for an event nobody could resist: a meter that could be is no hindrance (п. 86).
    force_majeure: Frame = field(default_factory=lambda: columns.empty(columns.ABSENCES))
    breaches: Frame = field(default_factory=lambda: columns.empty(columns.BREACHES))
    benefits: Frame = field(default_factory=lambda: columns.empty(columns.BENEFITS))
    # Accounts whose lines are asked for; the others are loaded for what the house shares. None: all of them.
    wanted: tuple[int, ...] | None = None

    def asked(self, rows: Frame) -> Frame:
        """Rows of the accounts that are asked for."""
        return rows if self.wanted is None else rows.filter(pl.col("account_id").is_in(self.wanted))


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


def switch(facts: Facts, code: str) -> int:
    """A choice that the law leaves to the installation (charges.md 20): its value on the month's first day, else 0."""
    laws = in_month(facts.reference.laws.filter(pl.col("code") == code), facts.month).filter(pl.col("start") == 0)
    return int(laws["value"][0]) if laws.height else 0


def months_of(column: str) -> pl.Expr:
    """Months since year 0."""
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month() - 1


def index_of(day: date) -> int:
    return day.year * 12 + day.month - 1
