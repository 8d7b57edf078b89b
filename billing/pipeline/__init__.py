"""The run as named steps over columns: facts → days → terms → items → volumes → lines. No Django, no account by name.

One code serves one account in a cabinet and a block of houses at night. Every step takes frames and hands frames on;
`calculate` strings them together and keeps what `explain` shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from billing.pipeline.amounts import amounts, stored
from billing.pipeline.balances import kept
from billing.pipeline.days import segments
from billing.pipeline.difference import Difference, difference
from billing.pipeline.digest import fingerprints, only
from billing.pipeline.facts import Facts, Frame, Reference
from billing.pipeline.heat import in_season
from billing.pipeline.meters import metered_usage, read_dials, unread
from billing.pipeline.relief import relief, relief_lines
from billing.pipeline.rooms import by_living_area, shared_usage
from billing.pipeline.terms import basis, terms
from billing.pipeline.volumes import OfHouses, volume

__all__ = [
    "Calculation",
    "Difference",
    "Facts",
    "Reference",
    "by_own_month",
    "calculate",
    "difference",
    "fingerprints",
    "in_season",
    "only",
    "unread",
]


@dataclass(frozen=True)
class Calculation:
    """The lines to be stored, and the columns they came from."""

    lines: Frame  # columns.CHARGES
    traced: Frame  # the same lines with their fractions
    dials: Frame  # one row per meter and zone: opening, closing, usage, days by the average
    days: Frame  # persons and area by segments of days
    terms: Frame  # what each house gets, how and at what norm
    problems: Frame  # account_id, service_id, problem: what could not be charged, and why
    balances: Frame  # columns.BALANCES of houses whose building meter told of a resource for common needs
    houses: OfHouses  # what premises of one house share
    relief: Frame  # relief.OFF: what absence and bad quality take off, and on what ground


def by_own_month(facts: Facts, provisions: Frame, passports: Frame) -> Facts:
    """The same houses, charged only for `provisions` and as their `passports` say: another reading of the month."""
    return replace(facts, provisions=provisions, passports=passports)


def calculate(facts: Facts) -> Calculation:
    """All lines of the month for the accounts in `facts`."""
    days = segments(facts)
    agreed, prices = terms(facts)
    items = basis(facts, days, agreed)
    dials = read_dials(facts)
    used = metered_usage(facts, dials)
    if facts.rooms.height:
        used, items = shared_usage(facts, days, used), by_living_area(facts, items)
    volumes, unfit, houses = volume(facts, items, used)
    volumes, unfit = facts.asked(volumes), facts.asked(unfit)
    traced, unpriced = amounts(facts, volumes, prices)
    problems = pl.concat([unfit, unpriced]).unique(maintain_order=True)
    off = relief(facts, days, traced, agreed, prices)
    lines = stored(facts.month, traced)
    if off.height:
        lines = pl.concat([lines, relief_lines(facts, off)])
    return Calculation(
        lines=lines, traced=traced, dials=dials, days=days, terms=agreed, problems=problems,
        balances=kept(facts, houses.common),
        houses=houses,
        relief=off,
    )  # fmt: skip
