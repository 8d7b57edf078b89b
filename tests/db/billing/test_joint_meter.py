"""One meter that counts heating and hot water, paid for evenly: the year before without its hot water (7.3, 7.4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.calendar import Month
from accounts.kinds import HeatingMode
from accounts.models import PersonalAccount
from billing import operations, queries
from billing.kinds import Kind
from billing.models import HouseVolume, NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
YEAR = list(Month.range(Month(date(2025, 1, 1)), Month(date(2025, 12, 1))))
JANUARY = Month(date(2026, 1, 1))


def house_of_both(components: int) -> tuple[Any, list[PersonalAccount]]:
    """100 m², 3 persons · 3 m³ · 0.06 Gcal: 0.54 Gcal of hot water a month, of 1 Gcal by the meter."""
    house = make.house(total_area_m2=D("100"), common_area_m2=D("0"), heating_mode=HeatingMode.EVEN)
    contract = make.contract()
    make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000", valid_from=date(2025, 1, 1))
    make.provision(house, 3, contract, components=components)
    for component, price in ((1, "50"), (2, "2000")) if components == 2 else ((0, "150"),):
        make.tariff(contract, 3, price, component=component, valid_from=date(2025, 1, 1))
    make.norm(3, "3")
    make.norm(3, "0.06", NormBasis.PER_M3)
    flats = [make.account(house=house, total_area_m2=D(area), persons=count) for area, count in (("60", 2), ("40", 1))]
    for month in YEAR:
        make.house_volume(house, 5, (month + -12).first, "0.5")
        make.house_volume(house, 5, month.first, "1")
    HouseVolume.objects.filter(month__gte=YEAR[0].first).update(with_hot_water=True)
    return house, flats


def heat(account: PersonalAccount, month: Month) -> list[tuple[Decimal, Decimal]]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return [(row.volume or D(0), row.amount) for row in rows if row.service_id == 5 and row.kind == Kind.CHARGE]


def posted_year() -> None:
    for month in YEAR:
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)


@pytest.mark.parametrize("components", [1, 2])
def test_the_twelfth_of_the_year_before_is_without_hot_water(components: int) -> None:
    _, (big, small) = house_of_both(components)
    posted_year()
    operations.run_billing(month=JANUARY)
    # (12 · 1 − 12 · 0.54) / 12 = 0.46 Gcal by area
    assert heat(big, JANUARY) == [(D("0.276"), D("552.00"))]
    assert heat(small, JANUARY) == [(D("0.184"), D("368.00"))]
    operations.run_billing(month=JANUARY, account_ids=[big.pk])
    assert heat(big, JANUARY) == [(D("0.276"), D("552.00"))]


def test_the_correction_of_the_year_takes_off_each_months_hot_water() -> None:
    _, (big, small) = house_of_both(2)
    posted_year()
    assert heat(big, YEAR[0]) == [(D("0.3"), D("600.00"))]  # 0.5 · 60 / 100, the year before
    operations.open_month(month=JANUARY)
    # actual 0.46 Gcal a month against 0.5 charged: −0.04 · 12 · 2000 by area
    assert operations.correct_heating(year=2025, into=JANUARY) == D("-960.00")
    corrected = [
        row.amount for account in (big, small)
        for row in queries.charges_of_account(account_id=account.pk, month=JANUARY)
        if row.kind == Kind.HEATING_CORRECTION
    ]  # fmt: skip
    assert corrected == [D("-576.00"), D("-384.00")]


def test_a_year_without_lines_of_hot_water_is_not_guessed() -> None:
    _, (big, _) = house_of_both(2)
    operations.run_billing(month=JANUARY)
    assert heat(big, JANUARY) == []
    assert [row.text for row in queries.anomalies(JANUARY) if row.account_id == big.pk] == [
        "Отопление: нет начислений горячей воды за прошлый год."
    ]
