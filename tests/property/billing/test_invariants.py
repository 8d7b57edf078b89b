"""What may never change a kopeck: cuts where nothing differs, names, neighbours; and shares make the house."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.calendar import Month
from billing import pipeline
from billing.kinds import How, Mode
from billing.pipeline import Facts
from tests.property.billing.houses import FIRST, HEATING, LONG_AGO, Flat, Price, World, columns_of, worlds

D = Decimal
KEEP = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
JANUARY = Month(date(2026, 1, 1))


def lines(facts: Facts) -> list[tuple[Any, ...]]:
    return sorted(pipeline.calculate(facts).lines.rows(), key=lambda row: tuple(map(str, row)))


def cut(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """Every dated row that holds on both sides of `day` as two rows that differ in nothing."""
    spans = pl.col("valid_to").is_null() | (pl.col("valid_to") > day)
    long = rows.filter((pl.col("valid_from") < day) & spans)
    halves = [long.with_columns(valid_to=pl.lit(day)), long.with_columns(valid_from=pl.lit(day))]
    return pl.concat([rows.filter(~((pl.col("valid_from") < day) & spans)), *halves])


@KEEP
@given(worlds(), st.integers(0, 30))
def test_a_cut_where_nothing_differs_changes_nothing(world: World, number: int) -> None:
    facts = columns_of(world)
    day = facts.month.first + timedelta(days=number % facts.month.days)
    whole = ("areas", "residents", "owners", "provisions", "passports", "own_heating", "exceptions", "plots")
    some = {name: cut(getattr(facts, name), day) for name in whole}
    known = facts.reference
    known = replace(known, tariffs=cut(known.tariffs, day), norms=cut(known.norms, day), laws=cut(known.laws, day))
    assert lines(replace(facts, reference=known, **some)) == lines(facts)


@KEEP
@given(worlds(), st.integers(1, 1000))
def test_other_names_of_premises_and_accounts_change_nothing(world: World, number: int) -> None:
    facts = columns_of(world)

    def renamed(rows: pl.DataFrame) -> pl.DataFrame:
        """Ids in another order: the largest become the smallest."""
        names = [name for name in ("premises_id", "parent_id", "account_id", "meter_id") if name in rows.columns]
        if "replaces_id" in rows.columns:
            names.append("replaces_id")
        return rows.with_columns((100_000 + number - pl.col(name)).alias(name) for name in names)

    other = {
        one.name: renamed(value)
        for one in fields(facts)
        if isinstance(value := getattr(facts, one.name), pl.DataFrame)
    }  # fmt: skip
    back = renamed(pipeline.calculate(replace(facts, **other)).lines)
    assert sorted(back.rows(), key=lambda row: tuple(map(str, row))) == lines(facts)


@settings(KEEP, max_examples=12)
@given(worlds(), worlds())
def test_houses_computed_together_are_as_apart(world: World, other: World) -> None:
    """The block of a house says nothing about its lines: houses of one month and one reference, in any company."""
    first = columns_of(world)
    shared = {"month": first.month, "reference": first.reference}
    guest = {**vars(columns_of(other)), **shared}

    def moved(rows: pl.DataFrame) -> pl.DataFrame:
        names = [name for name in rows.columns if name.endswith("_id") and name not in ("service_id", "contract_id")]
        return rows.with_columns((pl.col(name) + 50_000).alias(name) for name in names)

    frames = {name: moved(value) for name, value in guest.items() if isinstance(value, pl.DataFrame)}
    second = replace(Facts(**guest), **frames)
    both = {name: pl.concat([value, getattr(first, name)]) for name, value in frames.items()}
    together = lines(replace(first, **both))
    apart = sorted([*lines(first), *lines(second)], key=lambda row: tuple(map(str, row)))
    assert together == apart


areas = st.lists(st.tuples(st.integers(800, 15_000), st.booleans()), min_size=1, max_size=12)


@KEEP
@given(areas, st.integers(1, 500_000), st.integers(0, 90_000), st.booleans())
def test_the_shares_of_heat_make_the_house(rows: list[tuple[int, bool]], gcal: int, common: int, own: bool) -> None:
    """Σ flats = house to the last place of a volume, and to a kopeck a flat in money (charges.md 1.4)."""
    flats = [
        Flat(number, [(number, LONG_AGO, None)], [(D(area) / 100, is_own and own, LONG_AGO, None)], [], [])
        for number, (area, is_own) in enumerate(rows, 1)
    ]
    whole = sum((flat.areas[0][0] for flat in flats), D(0))
    price = Price((FIRST, HEATING, 0, 0, 0, 0), None, D("2371.72"), (LONG_AGO, None))
    world = World(
        JANUARY, flats, [(whole, D(common) / 100 + 1, LONG_AGO, None)], Mode.SEASON,
        [(HEATING, FIRST, How.HEATING_BUILDING, 1, LONG_AGO, None)], [price], [], [],
        volumes={(HEATING, JANUARY): D(gcal) / 1000},
    )  # fmt: skip
    made = pipeline.calculate(columns_of(world))
    volume = sum(row["numer"] / row["over"] for row in made.traced.iter_rows(named=True))
    assert abs(volume - D(gcal) / 1000) < D("0.000001") * len(flats)
    amount = sum(made.lines["amount"].to_list(), D(0))
    assert abs(amount - D(gcal) / 1000 * D("2371.72")) <= D("0.01") * len(flats)


@KEEP
@given(areas, st.integers(0, 900_000), st.sampled_from([How.COMMON_ACTUAL, How.COMMON_BALANCE]))
def test_the_shares_of_common_needs_make_the_house(rows: list[tuple[int, bool]], litres: int, how: How) -> None:
    flats = [
        Flat(number, [(number, LONG_AGO, None)], [(D(area) / 100, False, LONG_AGO, None)], [], [])
        for number, (area, _) in enumerate(rows, 1)
    ]
    whole = sum((flat.areas[0][0] for flat in flats), D(0))
    common, price = 14, Price((FIRST, 14, 0, 0, 0, 0), None, D("34.56"), (LONG_AGO, None))
    world = World(
        JANUARY, flats, [(whole, D(10), LONG_AGO, None)], Mode.SEASON, [(common, FIRST, how, 1, LONG_AGO, None)],
        [price], [], [], volumes={(common, JANUARY): D(litres) / 1000},
    )  # fmt: skip
    made = pipeline.calculate(columns_of(world))
    assert abs(sum(made.lines["volume"].to_list(), D(0)) - D(litres) / 1000) <= D("0.000001") * len(flats)
    amount = sum(made.lines["amount"].to_list(), D(0))
    assert abs(amount - D(litres) / 1000 * D("34.56")) <= D("0.01") * len(flats)
