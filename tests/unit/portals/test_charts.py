"""Bars stand where their values are, under round levels."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from portals import charts
from portals.charts import Point

JANUARY = Month(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("highest", "step"), [("0", "1"), ("12417", "5000"), ("470", "200"), ("8", "2"), ("0.9", "0.25"), ("4", "1")]
)
def test_levels_are_round_and_few(highest, step):
    assert charts.step_of(Decimal(highest)) == Decimal(step)


def test_a_bar_reaches_its_value_and_last_year_has_its_mark():
    chart = charts.bars([Point(JANUARY, Decimal(100), None), Point(JANUARY.next, Decimal(50), Decimal(100), True)])
    first, second = chart.bars
    assert [level.value for level in chart.levels][-1] == Decimal(100)
    assert Decimal(first.height) == 2 * Decimal(second.height) == chart.base - charts.TOP
    assert first.was is None and second.was == first.y and second.is_draft
    assert [year.title for year in chart.years] == ["2026"]


def test_the_highest_bar_stays_in_the_picture():
    chart = charts.bars([Point(JANUARY, Decimal("12417"), None)])
    assert chart.levels[-1].value == Decimal(15000) and Decimal(chart.bars[0].y) > charts.TOP


def test_nothing_known_is_still_a_picture():
    chart = charts.bars([Point(JANUARY, None, None)], norm=Decimal("6.93"))
    assert Decimal(chart.bars[0].height) == 0 and chart.norm is not None and charts.bars([]).bars == []
