"""Formulas of absence and quality, one value at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from billing import columns
from billing.formulas import absence, quality, unauthorised

D = Decimal


def one(formula: pl.Expr) -> object:
    return pl.DataFrame({"x": [0]}).select(formula.alias("value"))["value"][0]


def number(text: str) -> pl.Expr:
    return pl.lit(D(text)).cast(columns.EXACT)


@pytest.mark.parametrize(
    ("left", "back", "days", "counts"),
    [
        ("2026-04-01", "2026-04-07", 5, False),
        ("2026-07-05", "2026-07-22", 16, True),
        ("2026-04-01", "2026-04-02", 0, False),
    ],
)
def test_both_end_days_are_excluded(left: str, back: str, days: int, counts: bool) -> None:
    away = absence.full_days(pl.lit(date.fromisoformat(left)), pl.lit(date.fromisoformat(back)))
    assert one(away) == days
    assert one(absence.is_long_enough(away)) is counts


def test_overlapping_documents_are_one_and_touching_ones_are_two() -> None:
    rows = [(1, 7, date(2026, 4, 1), date(2026, 4, 10), 1, "а"), (1, 7, date(2026, 4, 5), date(2026, 4, 15), 1, "б"),
            (1, 7, date(2026, 4, 15), date(2026, 4, 30), 1, "в"),
            (1, 8, date(2026, 4, 2), date(2026, 4, 4), 1, "г")]  # fmt: skip
    absences = pl.DataFrame(rows, schema=columns.ABSENCES, orient="row")
    found = absence.united(absences, ["premises_id", "person_id"])
    assert found.select("person_id", "left_on", "back_on", "document").rows() == [
        (7, date(2026, 4, 1), date(2026, 4, 15), "а; б"),
        (7, date(2026, 4, 15), date(2026, 4, 30), "в"),
        (8, date(2026, 4, 2), date(2026, 4, 4), "г"),
    ]


def test_nobody_without_a_name_is_away_twice_on_a_day() -> None:
    """A paper about one, then one about three that shares days with it: one, then three, then nobody."""
    rows = [(1, 0, date(2026, 4, 1), date(2026, 4, 12), 1, "а"), (1, 0, date(2026, 4, 9), date(2026, 4, 20), 3, "б"),
            (1, 0, date(2026, 4, 20), date(2026, 4, 30), 2, "в")]  # fmt: skip
    absences = pl.DataFrame(rows, schema=columns.ABSENCES, orient="row")
    found = absence.united(absences, ["premises_id", "person_id"]).sort("left_on", "back_on")
    assert found.select("left_on", "back_on", "document").rows() == [
        (date(2026, 4, 1), date(2026, 4, 20), "а; б"),
        (date(2026, 4, 9), date(2026, 4, 20), "б"),
        (date(2026, 4, 9), date(2026, 4, 20), "б"),
        (date(2026, 4, 20), date(2026, 4, 30), "в"),
        (date(2026, 4, 20), date(2026, 4, 30), "в"),
    ]


@pytest.mark.parametrize(
    ("breach", "actual", "found"),
    [(8, "39.9", 9), (9, "40", 8), (8, "40", 8), (9, "12", 9), (9, None, 9), (23, "9", 23)],
)
def test_hot_water_is_what_its_degrees_say(breach: int, actual: str | None, found: int) -> None:
    assert quality.by_degrees(breach, D(actual) if actual else None) == found


def test_days_that_an_act_has_are_left_to_it() -> None:
    def day(number: int) -> date:
        return date(2026, 4, number)

    taken = [(day(20), day(25)), (day(5), day(10)), (day(8), day(12))]
    assert unauthorised.uncharged(day(1), day(30), taken) == [
        (day(1), day(5)), (day(12), day(20)), (day(25), day(30)),
    ]  # fmt: skip
    assert unauthorised.uncharged(day(6), day(11), taken) == []
    assert unauthorised.uncharged(day(1), day(4), taken) == [(day(1), day(4))]


def test_hours_are_whole_and_nights_are_told_apart() -> None:
    assert quality.hours_between(datetime(2026, 4, 1, 22, 30, tzinfo=UTC), datetime(2026, 4, 2, 7, 15, tzinfo=UTC)) == (
        8,
        5,
    )


@pytest.mark.parametrize(
    ("total", "at_once", "percent"), [(30, 0, "0.9"), (24, 0, "0"), (20, 4, "0.6"), (30, 10, "1.5")]
)
def test_a_break_costs_the_hours_beyond_the_allowed(total: int, at_once: int, percent: str) -> None:
    excess = quality.excess_hours(pl.lit(total), pl.lit(24), pl.lit(at_once))
    assert one(quality.percent_of_break(excess, number("0.15"), pl.lit(1))) == D(percent)


def test_waste_is_counted_by_full_days_of_delay() -> None:
    excess = quality.excess_hours(pl.lit(72 + 49), pl.lit(72), pl.lit(0))
    assert one(quality.percent_of_break(excess, number("3.3"), pl.lit(24))) == D("6.6")


@pytest.mark.parametrize(
    ("normative", "actual", "below", "above", "highest", "step", "steps"),
    [
        ("18", "16", "0", "4", None, 1, 2),
        ("18", "16", "3", "4", None, 1, 0),
        ("18", "24", "0", "4", None, 1, 2),
        ("60", "50", "3", None, None, 3, 2),
        ("60", "50", "3", None, "75", 3, 2),
        ("60", "75", "3", None, "75", 3, 0),
        ("60", "80.9", "3", None, "75", 3, 0),
        ("60", "81", "3", None, "75", 3, 1),
        ("75", "81", "3", None, "75", 3, 1),  # the act names the end that was passed
        ("60", "84", "5", None, "75", 3, 1),  # at night
    ],
)
def test_degrees_beyond_the_tolerance(
    normative: str, actual: str, below: str, above: str | None, highest: str | None, step: int, steps: int
) -> None:
    limits = [number(limit) if limit else pl.lit(None, columns.EXACT) for limit in (above, highest)]
    found = quality.steps_off(number(normative), number(actual), number(below), limits[0], pl.lit(step), limits[1])
    assert one(found) == steps


def test_a_reduction_is_never_more_than_the_charge() -> None:
    assert one(quality.reduction(number("3500"), number("0.9"))) == D("3150")
    assert one(quality.reduction(number("3500"), number("130"))) == D("350000")


def test_water_below_forty_degrees_costs_what_cold_costs() -> None:
    assert one(quality.cold_price_off(number("195.00"), number("34.56"))) == D("160.44")
