"""Random houses with random dated facts: the engine's lines against the law read day by day, equal to the kopeck."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import polars as pl
from hypothesis import HealthCheck, given, settings

from billing import pipeline
from billing.kinds import DRAFTED
from tests.property.billing.houses import World, columns_of, worlds
from tests.property.billing.law import Key, Law, agree

KEEP = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


def engine(world: World) -> dict[Key, list[Decimal]]:
    lines = pipeline.calculate(columns_of(world)).lines.filter(pl.col("kind").is_in([int(kind) for kind in DRAFTED]))
    found: dict[Key, list[Decimal]] = defaultdict(list)
    for row in lines.iter_rows(named=True):
        number = row["line"]
        place = (number // 10_000, number // 1000 % 10, number // 100 % 10)
        found[row["account_id"], row["contract_id"], row["service_id"], row["kind"], *place].append(row["amount"])
    return found


def disagreements(expected: dict[Key, list[Fraction]], found: dict[Key, list[Decimal]]) -> list[str]:
    """Lines that differ, lines of nothing left out: a reader wants the key and both sides."""
    told = []
    for key in sorted({*expected, *found}):
        mine = sorted(amount for amount in expected.get(key, []) if abs(amount) >= Fraction(1, 200))
        theirs = sorted(amount for amount in found.get(key, []) if amount)
        if len(mine) != len(theirs) or not all(agree(one, other) for one, other in zip(mine, theirs, strict=True)):
            told.append(f"{key}: {[round(float(amount), 4) for amount in mine]} ≠ {[str(amount) for amount in theirs]}")
    return told


@KEEP
@given(worlds())
def test_every_line_of_a_house(world: World) -> None:
    assert not disagreements(Law(world).lines(), engine(world))
