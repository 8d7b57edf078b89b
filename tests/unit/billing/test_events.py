"""Events of п. 59 by acts, meters taken away, plots, gas by the norm, a social norm: one flat as columns."""

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


def history(until: int) -> pl.DataFrame:
    """Eight monthly readings, three units apart; the last stands `until` months before June."""
    days = [(JUNE + -(until + 7 - n)).first for n in range(8)]
    return build.readings(*[(1, 1, day, str(100 + 3 * n)) for n, day in enumerate(days)])


def lines(service: int = 2, norms: Any = None, tariffs: Any = None, **flat: Any) -> list[dict[str, Any]]:
    known = build.reference(
        tariffs or [build.always(service, 0, 0, "10")],
        norms or [build.always(service, Basis.PERSON_MONTH, "4.85", 12)], LAWS,
    )  # fmt: skip
    facts = build.flat(
        JUNE, known, [build.always(service, How.METERED, 1)], residents=[build.always(2)],
        areas=[build.always("50", 0)], **flat,
    )  # fmt: skip
    return list(pipeline.calculate(facts).lines.iter_rows(named=True))


def fault(kind: int, since: date, until: date | None = None) -> pl.DataFrame:
    return build.frame(columns.FAULTS, [(1, kind, since, until)])


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize(
    ("since", "made"),
    [
        (date(2026, 6, 20), [(Kind.CHARGE, By.AVERAGE, "3")]),
        (date(2026, 4, 5), [(Kind.CHARGE, By.AVERAGE, "3")]),
        (date(2026, 3, 31), [(Kind.CHARGE, By.NORM, "9.7"), (Kind.UPLIFT, By.NORM, "19.4")]),
    ],
)
def test_an_act_gives_three_periods_of_the_average_then_the_norm_with_the_multiplier(kind, since, made):
    found = lines(meters=build.meters({}), readings=history(0), faults=fault(kind, since))
    assert [(row["kind"], row["method"], row["volume"]) for row in found] == [(k, m, D(v)) for k, m, v in made]


def test_metering_resumed_counts_again():
    (row,) = lines(meters=build.meters({}), readings=history(0), faults=fault(1, date(2026, 4, 5), date(2026, 6, 1)))
    assert (row["method"], row["volume"]) == (By.METER, D("3"))


@pytest.mark.parametrize(
    ("removed", "until", "made"),
    [
        (date(2026, 5, 10), 1, [(By.AVERAGE, "3")]),
        (date(2026, 4, 10), 2, [(By.AVERAGE, "3")]),
        (date(2026, 3, 10), 3, [(By.NORM, "9.7"), (By.NORM, "19.4")]),
    ],
)
def test_a_meter_taken_away_leaves_three_periods_of_its_average(removed, until, made):
    found = lines(meters=build.meters({"removed_on": removed}), readings=history(until))
    assert [(row["method"], row["volume"]) for row in found] == [(method, D(volume)) for method, volume in made]


def test_plot_and_livestock_by_the_norm_in_their_season():
    """300 m² × 0.05 for 15 days of 30 of the season, 2 heads × 1.5 all month, beside the norm of persons."""
    known = build.reference([build.always(2, 0, 0, "10")], [build.always(2, Basis.PERSON_MONTH, "4.85", 12)], [])
    more = build.frame(
        columns.NORMS,
        [(2, 11, int(Basis.UNIT_MONTH), D("0.05"), 12, date(2026, 5, 1), date(2026, 6, 16)),
         (2, 12, int(Basis.UNIT_MONTH), D("1.5"), 12, build.LONG_AGO, None)],
    )  # fmt: skip
    known = pipeline.Reference(known.services, known.tariffs, pl.concat([known.norms, more]), known.laws)
    facts = build.flat(
        JUNE, known, [build.always(2, How.METERED, 1)], residents=[build.always(2)], areas=[build.always("50", 0)],
        plots=build.frame(
            columns.PLOTS,
            [(build.PREMISES, 11, D("300"), build.LONG_AGO, None), (build.PREMISES, 12, D("2"), build.LONG_AGO, None)],
        ),
    )  # fmt: skip
    found = list(pipeline.calculate(facts).lines.iter_rows(named=True))
    plots = [row for row in found if row["line"] > 50]
    assert sum(row["volume"] for row in plots) == D("10.5")
    assert sum(row["amount"] for row in plots) == D("105.00")
    assert sum(row["volume"] for row in found if row["line"] < 50) == D("9.7")


def test_gas_without_a_meter_is_cooking_by_persons_and_heating_by_area():
    norms = [build.always(6, Basis.PERSON_MONTH, "10", 12),
             (6, Basis.M2_MONTH, "11", 12, date(2026, 1, 1), date(2026, 5, 1)),
             (6, Basis.M2_MONTH, "1", 12, date(2026, 6, 1), date(2026, 9, 1))]  # fmt: skip
    found = lines(service=6, norms=norms, tariffs=[build.always(6, 0, 0, "7.60")])
    assert [(row["line"], row["volume"], row["amount"]) for row in found] == [
        (1, D("20"), D("152.00")), (61, D("50"), D("380.00")),
    ]  # fmt: skip


def test_social_norm_follows_the_number_of_residents():
    """EL-P01: 75 kWh a person, two residents, 190 kWh."""
    known = build.reference([], [build.always(1, Basis.SOCIAL_PERSON, "75", 12)], [])
    tariffs = build.frame(
        columns.TARIFFS,
        [(build.CONTRACT, 1, 0, 0, 0, number, D("1000") if number == 1 else None, D(price), build.LONG_AGO, None)
         for number, price in ((1, "2.80"), (2, "3.50"))],
    )  # fmt: skip
    known = pipeline.Reference(known.services, tariffs, known.norms, known.laws)
    meter = build.meters({"resource": 3})
    readings = build.readings((1, 1, date(2026, 5, 20), "0"), (1, 1, date(2026, 6, 20), "190"))
    facts = build.flat(
        JUNE, known, [build.always(1, How.METERED, 1)], residents=[build.always(2)], areas=[build.always("50", 0)],
        meters=meter, readings=readings,
    )  # fmt: skip
    found = list(pipeline.calculate(facts).lines.iter_rows(named=True))
    assert [(row["volume"], row["amount"]) for row in found] == [(D("150"), D("420.00")), (D("40"), D("140.00"))]
