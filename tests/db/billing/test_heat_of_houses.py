"""Heat of houses with something of their own: cold common areas, a meter that counts hot water too, allocators."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import House, HousePassport, PersonalAccount
from billing import operations, queries
from billing.kinds import Kind
from billing.models import AllocatorShare, HouseVolume, NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
JANUARY = Month(date(2026, 1, 1))


def a_house(gcal: str = "10", **passport: object) -> House:
    contract = make.contract()
    house = make.house(total_area_m2=D("100"), common_area_m2=D("10"), **passport)
    make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000")
    make.house_volume(house, 5, JANUARY.first, gcal)
    return house


def flat(house: House, area: str, persons: int = 2, **facts: object) -> PersonalAccount:
    return make.account(premises=make.premises(house=house, total_area_m2=D(area), **facts), persons=persons)


def heat(account: PersonalAccount) -> list[tuple[Decimal | None, Decimal]]:
    rows = queries.charges_of_account(account_id=account.pk, month=JANUARY)
    return [(row.volume, row.amount) for row in rows if row.service_id == 5 and row.kind == Kind.CHARGE]


def told(account: PersonalAccount) -> str:
    (row,) = [row for row in queries.explain(account_id=account.pk, month=JANUARY) if row.service_id == 5]
    return row.text


def test_with_warm_halls_own_heating_pays_for_the_common_property() -> None:
    house = a_house()
    warm, own = flat(house, "60"), flat(house, "40", own_heating=True)
    operations.run_billing(month=JANUARY)
    # V of the warm flat: 60 × 10 / (100 − 40 + 10) = 8.571429; the rest of 10 Gcal by area
    assert heat(warm) == [(D("9.428571"), D("18857.14"))]
    assert heat(own) == [(D("0.571429"), D("1142.86"))]


def test_with_cold_halls_own_heating_pays_nothing() -> None:
    house = a_house(common_area_heated=False)
    warm, own = flat(house, "60"), flat(house, "40", own_heating=True)
    operations.run_billing(month=JANUARY)
    assert heat(warm) == [(D("10"), D("20000.00"))]
    assert heat(own) == []
    assert told(warm) == (
        "10 Гкал = 10 Гкал по общедомовому прибору × 60 / 60 м². В местах общего пользования отопления нет: помещения"
        " со своим отоплением не платят. 10 Гкал × 2000,00 ₽ = 20 000,00 ₽."
    )
    operations.run_billing(month=JANUARY, account_ids=[warm.pk])
    assert heat(warm) == [(D("10"), D("20000.00"))]


def test_cold_halls_are_a_fact_with_a_date() -> None:
    house = a_house()
    warm = flat(house, "60")
    flat(house, "40", own_heating=True)
    HousePassport.objects.filter(house=house).update(valid_to=date(2026, 2, 1))
    HousePassport.objects.create(
        house=house, total_area_m2=D("100"), common_area_m2=D("10"), common_area_heated=False,
        valid_from=date(2026, 2, 1),
    )  # fmt: skip
    operations.run_billing(month=JANUARY)
    assert heat(warm) == [(D("9.428571"), D("18857.14"))]


def test_heat_of_hot_water_comes_off_a_meter_of_both() -> None:
    house = a_house("12")
    contract = make.contract()
    make.provision(house, 3, contract, components=2)
    make.tariff(contract, 3, "50", component=1)
    make.tariff(contract, 3, "2000", component=2)
    make.norm(3, "3")
    make.norm(3, "0.06", NormBasis.PER_M3)
    big, small = flat(house, "60"), flat(house, "40", persons=1)
    HouseVolume.objects.update(with_hot_water=True)
    operations.run_billing(month=JANUARY)
    # hot water: 3 persons × 3 m³ × 0.06 = 0.54 Gcal; 12 − 0.54 = 11.46 Gcal by area
    assert heat(big) == [(D("6.876"), D("13752.00"))]
    assert heat(small) == [(D("4.584"), D("9168.00"))]
    assert told(big).startswith("6,876 Гкал = (12 − 0,54 на горячую воду) Гкал по общедомовому прибору × 60 / 100 м².")
    operations.run_billing(month=JANUARY, account_ids=[big.pk])  # alone it still knows its neighbours' water
    assert heat(big) == [(D("6.876"), D("13752.00"))]


def test_without_the_norm_of_heating_water_nothing_is_guessed() -> None:
    house = a_house("12")
    contract = make.contract()
    make.provision(house, 3, contract)
    make.tariff(contract, 3, "150")
    make.norm(3, "3")
    one = flat(house, "60")
    HouseVolume.objects.update(with_hot_water=True)
    operations.run_billing(month=JANUARY)
    assert heat(one) == []
    assert [row.text for row in queries.anomalies(JANUARY) if row.account_id == one.pk] == [
        "Отопление: нет норматива подогрева."
    ]


YEAR = Month(date(2027, 1, 1))


def allocated(*units: str, areas: tuple[str, ...] = ("60", "40")) -> list[PersonalAccount]:
    """January's heat of 10 Gcal at 2000 ₽ by area; the units that allocators of the flats counted in 2026."""
    house = a_house()
    flats = [flat(house, area) for area in areas]
    for account, count in zip(flats, units, strict=False):
        AllocatorShare.objects.create(premises=account.premises, year=2026, units=D(count), document="ведомость")
    operations.run_billing(month=JANUARY)
    operations.post_month(month=JANUARY, today=date(2026, 2, 1))
    operations.open_month(month=YEAR)
    return flats


def corrections(account: PersonalAccount) -> list[tuple[int, Decimal]]:
    rows = queries.charges_of_account(account_id=account.pk, month=YEAR)
    return [(row.line, row.amount) for row in rows if row.kind == Kind.HEATING_CORRECTION]


def test_allocators_split_the_heat_of_the_year_again() -> None:
    big, small = allocated("30", "70")
    for _ in range(2):  # repeating adds nothing
        operations.correct_by_allocators(year=2026, into=YEAR)
    # 12 000.00 + 8 000.00 charged by area; 30 % and 70 % by the allocators
    assert corrections(big) == [(126, D("-6000.00"))]
    assert corrections(small) == [(126, D("6000.00"))]


def test_the_coefficient_of_the_radiators_counts() -> None:
    big, small = allocated("30", "70")
    AllocatorShare.objects.filter(premises=big.premises).update(coefficient=D("2"))
    operations.correct_by_allocators(year=2026, into=YEAR)
    # 60 : 70 of 20 000.00 = 9230.77 and 10 769.23
    assert corrections(big) == [(126, D("-2769.23"))]
    assert corrections(small) == [(126, D("2769.23"))]


def test_half_of_the_area_or_less_changes_nothing() -> None:
    flats = allocated("10", areas=("50", "50"))
    assert operations.correct_by_allocators(year=2026, into=YEAR) == D("0.00")
    assert [corrections(account) for account in flats] == [[], []]


def test_those_without_allocators_keep_their_charge() -> None:
    first, second, third = allocated("10", "30", areas=("40", "30", "30"))
    operations.correct_by_allocators(year=2026, into=YEAR)
    # 8 000.00 + 6 000.00 of the two: a quarter and three quarters
    assert [corrections(one) for one in (first, second, third)] == [
        [(126, D("-4500.00"))], [(126, D("4500.00"))], [],
    ]  # fmt: skip
