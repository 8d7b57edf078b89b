"""What meters say, and what happens when they are silent (charges.md 2 and 12)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from accounts.calendar import Month
from billing import columns, pipeline
from billing.kinds import Basis, By, How, Kind
from tests.unit.billing import facts as build

D = Decimal
JUNE = Month(date(2026, 6, 1))
LAWS = [("uplift.cold_water", "3", build.LONG_AGO, None)]


def days_before(months: int) -> date:
    return (JUNE + -months).first


def run(
    meters: pl.DataFrame, readings: pl.DataFrame, *, service: int = 2, prices: Any = None, more: Any = (), **flat: Any
) -> list[dict[str, Any]]:
    tariffs = prices or [build.always(service, 0, 0, "10")]
    known = build.reference(tariffs, [build.always(service, Basis.PERSON_MONTH, "4.85", 12)], LAWS)
    facts = build.flat(
        JUNE, known, [build.always(service, How.METERED, 1), *more], residents=[build.always(2)],
        areas=[build.always("50", 0)], meters=meters, readings=readings, **flat,
    )  # fmt: skip
    return list(pipeline.calculate(facts).lines.iter_rows(named=True))


def only(*arguments: Any, **more: Any) -> dict[str, Any]:
    (line,) = run(*arguments, **more)
    return line


def monthly(*values: str, meter: int = 1, until: int = 1) -> list[tuple[Any, ...]]:
    """Readings of consecutive months; the last stands for `until` months before June."""
    return [(meter, 1, days_before(until + len(values) - 1 - n), value) for n, value in enumerate(values)]


def test_difference_of_readings():
    line = only(build.meters({}), build.readings(*monthly("100", "107.5", until=0)))
    assert (line["volume"], line["amount"], line["method"]) == (D("7.5"), D("75.00"), By.METER)


def test_dial_passes_zero():
    assert only(build.meters({}), build.readings(*monthly("99990", "12", until=0)))["volume"] == D("22")


def test_transformer_ratio():
    meter = build.meters({"ratio": D("40")})
    assert only(meter, build.readings(*monthly("1", "3.5", until=0)))["volume"] == D("100")


def test_fall_that_is_no_rollover_is_no_reading():
    line = only(build.meters({}), build.readings(*monthly("500", "400", until=0)))
    assert line["method"] == By.NORM
    assert line["volume"] == D("9.7")


def test_two_zones_have_two_prices():
    prices = [build.always(1, 0, 1, "5"), build.always(1, 0, 2, "3"), build.always(1, 0, 0, "4")]
    values = [(1, zone, day, value) for zone, (a, b) in {1: ("0", "180"), 2: ("0", "90")}.items()
              for day, value in ((days_before(1), a), (days_before(0), b))]  # fmt: skip
    lines = run(build.meters({"resource": 3, "zones": 2}), build.readings(*values), service=1, prices=prices)
    assert [(line["line"], line["amount"]) for line in lines] == [(1001, D("900.00")), (2001, D("270.00"))]


def test_several_meters_of_a_flat_sum_up():
    meters = build.meters({"meter_id": 1}, {"meter_id": 2})
    readings = build.readings(*monthly("1", "3", until=0), *monthly("10", "15", meter=2, until=0))
    assert only(meters, readings)["volume"] == D("7")


def test_one_of_two_meters_silent_goes_by_its_average():
    meters = build.meters({"meter_id": 1}, {"meter_id": 2})
    readings = build.readings(*monthly("1", "3", until=0), *monthly("10", "12", "16", "19", meter=2, until=1))
    line = only(meters, readings)
    assert (line["volume"], line["method"]) == (D("5"), By.AVERAGE)


@pytest.mark.parametrize(
    ("silent", "method", "volume"),
    [(1, By.AVERAGE, "3"), (2, By.AVERAGE, "3"), (3, By.AVERAGE, "3"), (4, By.NORM, "9.7")],
)
def test_average_not_longer_than_three_periods_then_norm_without_multiplier(silent, method, volume):
    lines = run(build.meters({}), build.readings(*monthly("10", "12", "16", "19", until=silent)))
    assert [(line["method"], line["volume"], line["kind"]) for line in lines] == [(method, D(volume), Kind.CHARGE)]


def test_average_needs_three_months():
    line = only(build.meters({}), build.readings(*monthly("10", "12", "16", until=1)))
    assert (line["method"], line["volume"]) == (By.NORM, D("9.7"))


def test_average_takes_the_last_six_metered_months():
    values = ("0", "100", "101", "103", "106", "110", "115", "121")  # 100, then 1 … 6
    line = only(build.meters({}), build.readings(*monthly(*values, until=1)))
    assert line["volume"] == D("3.5")


@pytest.mark.parametrize(
    ("until", "kinds", "method"),
    [
        (date(2026, 6, 30), [Kind.CHARGE], By.METER),  # valid through the last day of June
        (date(2026, 6, 29), [Kind.CHARGE], By.AVERAGE),  # period 1
        (date(2026, 3, 31), [Kind.CHARGE], By.AVERAGE),  # period 3
        (date(2026, 3, 30), [Kind.CHARGE, Kind.UPLIFT], By.NORM),  # period 4: with the multiplier
    ],
)
def test_expired_verification(until, kinds, method):
    history = monthly("1", "2", "3", "4", "5", "6", "7", "8", "9", until=0)
    lines = run(build.meters({"verified_until": until}), build.readings(*history))
    assert [line["kind"] for line in lines] == kinds
    assert lines[0]["method"] == method


def test_meter_counts_from_the_month_after_commissioning():
    meter = build.meters({"commissioned_on": date(2026, 6, 1)})
    lines = run(meter, build.readings((1, 1, date(2026, 6, 20), "5")))
    assert [(line["kind"], line["method"]) for line in lines] == [(Kind.CHARGE, By.NORM), (Kind.UPLIFT, By.NORM)]


def test_no_meter_and_none_possible_has_no_multiplier():
    none, nothing = columns.empty(columns.METERS), columns.empty(columns.READINGS)
    line = only(none, nothing, meter_impossible=1 << 1)
    assert (line["kind"], line["multiplier"], line["amount"]) == (Kind.CHARGE, None, D("97.00"))


def test_norm_comes_back_after_the_average_as_a_true_up():
    """Two silent months charged by 3 m³ each; the third reading shows 20 since: 14 are due."""
    history = monthly("10", "12", "16", "19", until=3)
    charged = build.frame(
        columns.CHARGED,
        [(build.ACCOUNT, 2, days_before(2), 0, D("3")), (build.ACCOUNT, 2, days_before(1), 0, D("3")),
         (build.ACCOUNT, 2, days_before(3), 0, D("100"))],  # before the last reading: not part of it
    )  # fmt: skip
    line = only(build.meters({}), build.readings(*history, (1, 1, days_before(0), "39")), charged=charged)
    assert (line["volume"], line["method"], line["amount"]) == (D("14"), By.METER, D("140.00"))


def test_true_up_may_be_a_credit():
    history = monthly("10", "12", "16", "19", until=2)
    charged = build.frame(columns.CHARGED, [(build.ACCOUNT, 2, days_before(1), 0, D("3"))])
    line = only(build.meters({}), build.readings(*history, (1, 1, days_before(0), "20")), charged=charged)
    assert (line["volume"], line["amount"]) == (D("-2"), D("-20.00"))


def test_wastewater_is_what_the_waters_were_charged():
    """Cold by the average, hot by the norm without its multiplier."""
    known = build.reference(
        [build.always(service, 0, 0, "10") for service in (2, 3, 4)],
        [build.always(2, Basis.PERSON_MONTH, "4.85", 12), build.always(3, Basis.PERSON_MONTH, "3.19", 12)],
        [("uplift.hot_water", "1.5", build.LONG_AGO, None)],
    )
    provisions = [build.always(2, How.METERED, 1), build.always(3, How.METERED, 1), build.always(4, How.WASTEWATER, 1)]
    facts = build.flat(
        JUNE, known, provisions, residents=[build.always(2)], areas=[build.always("50", 0)], meters=build.meters({}),
        readings=build.readings(*monthly("10", "12", "16", "20", until=1)),
    )  # fmt: skip
    made = pipeline.calculate(facts)
    found = {(row["service_id"], row["kind"]): row["amount"] for row in made.lines.iter_rows(named=True)}
    # 10/3 m³ cold by the average, 6.38 m³ hot
    assert found == {(2, 1): D("33.33"), (3, 1): D("63.80"), (3, 2): D("31.90"), (4, 1): D("97.13")}


def test_own_well_pays_the_norm_of_wastewater():
    known = build.reference([build.always(4, 0, 0, "10")], [build.always(4, Basis.PERSON_MONTH, "7", 12)])
    facts = build.flat(JUNE, known, [build.always(4, How.WASTEWATER, 1)], residents=[build.always(2)])
    (line,) = pipeline.calculate(facts).lines.iter_rows(named=True)
    assert (line["volume"], line["method"]) == (D("14"), By.NORM)


def test_what_cannot_be_charged_is_told():
    known = build.reference([build.always(2, 0, 0, "10")])
    facts = build.flat(
        JUNE, known, [build.always(2, How.METERED, 1), build.always(8, How.PER_M2, 1)], residents=[build.always(2)],
        areas=[build.always("50", 0)],
    )  # fmt: skip
    made = pipeline.calculate(facts)
    assert made.lines.height == 0
    told = {(row["service_id"], row["problem"]) for row in made.problems.iter_rows(named=True)}
    assert told == {(2, "нет норматива"), (8, "нет тарифа")}
