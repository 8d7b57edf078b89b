"""The year that has ended: heat paid for evenly is corrected, common needs by the norm are trued up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.calendar import Month
from accounts.kinds import PremisesKind
from accounts.models import HeatingMode
from billing import operations, queries
from billing.kinds import BUSINESS, Kind
from billing.models import BenefitEntitlement, Charge, HouseBalance, HouseVolume, NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
JANUARY = Month(date(2026, 1, 1))
YEAR = list(Month.range(Month(date(2025, 1, 1)), Month(date(2025, 12, 1))))
ACTUAL = ["0.9", "0.8", "0.7", "0.4", "0", "0", "0", "0", "0", "0.4", "0.7", "0.9"]


def heated(**flat: Any) -> Any:
    """HT-D07: half a Gcal a month charged, prices of two halves of the year; the flat is the whole house."""
    house = make.house(total_area_m2=D("50"), common_area_m2=D("0"), heating_mode=HeatingMode.EVEN)
    contract = make.contract()
    account = make.account(house=house, total_area_m2=D("50"), **flat)
    make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000", valid_from=date(2025, 1, 1), valid_to=date(2025, 7, 1))
    make.tariff(contract, 5, "2100", valid_from=date(2025, 7, 1))
    for month, gcal in zip(YEAR, ACTUAL, strict=True):
        make.house_volume(house, 5, (month + -12).first, "0.5")
        make.house_volume(house, 5, month.first, gcal)
    return account


def post(months: Any) -> None:
    for month in months:
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)


def test_yearly_correction_of_heating():
    account = heated()
    post(YEAR)
    operations.open_month(month=JANUARY)
    assert operations.settle_year(into=JANUARY) == D("-2500.00")
    (row,) = [
        row for row in queries.charges_of_account(account_id=account.pk, month=JANUARY)
        if row.kind == Kind.HEATING_CORRECTION
    ]  # fmt: skip
    assert (row.amount, row.volume, row.for_month) == (D("-2500.00"), D("-1.2"), date(2025, 12, 1))
    assert operations.correct_heating(year=2025, into=JANUARY) == D("-2500.00")  # again: the same line
    assert Charge.objects.filter(kind=Kind.HEATING_CORRECTION).count() == 1
    (told,) = queries.explain(account_id=account.pk, month=JANUARY)
    assert "формула 3(4)" in told.text


def test_a_correction_in_ink_is_not_made_twice():
    heated()
    post(YEAR)
    operations.open_month(month=JANUARY)
    operations.correct_heating(year=2025, into=JANUARY)
    operations.post_month(month=JANUARY, today=JANUARY.next.first)
    operations.open_month(month=JANUARY.next)
    assert operations.correct_heating(year=2025, into=JANUARY.next) == D("0.00")


def test_seller_and_buyer_are_corrected_for_their_own_months():
    sold = date(2025, 7, 1)
    seller = heated(closed_on=sold)
    buyer = make.account(premises=seller.premises, opened_on=sold)
    post(YEAR)
    operations.open_month(month=JANUARY)
    assert operations.correct_heating(year=2025, into=JANUARY) == D("-2500.00")
    found = dict(Charge.objects.filter(kind=Kind.HEATING_CORRECTION).values_list("account_id", "amount"))
    # (0.9 + 0.8 + 0.7 + 0.4 − 3) · 2000 and (0.4 + 0.7 + 0.9 − 3) · 2100
    assert found == {seller.pk: D("-400.00"), buyer.pk: D("-2100.00")}


def test_a_benefit_is_of_the_corrected_heat_too():
    account = heated(persons=1)
    BenefitEntitlement.objects.create(
        account=account, service_id=5, category="ветеран", percent=D(50), within_norm=False,
        valid_from=date(2024, 1, 1), document="удостоверение",
    )  # fmt: skip
    post(YEAR)
    operations.open_month(month=JANUARY)
    assert operations.correct_heating(year=2025, into=JANUARY) == D("-1250.00")  # half of HT-D07


def test_a_year_that_goes_on_is_not_settled():
    heated()
    with pytest.raises(operations.YearNotOver, match="2025 год ещё идёт"):
        operations.correct_heating(year=2025, into=YEAR[3])
    assert not Charge.objects.filter(kind=Kind.HEATING_CORRECTION).exists()


def test_common_needs_by_the_norm_are_trued_up_in_twelve_parts():
    """ODN-D06: −1 200 kWh of the house, 54 of 3 000 m²: −106.49 ₽; of a shop of 54 m², with VAT of 2025: −127.79 ₽."""
    house, contract = make.house(total_area_m2=D("3000"), common_area_m2=D("500")), make.contract()
    account = make.account(house=house, total_area_m2=D("54"))
    shop = make.premises(house=house, total_area_m2=D("54"), kind=PremisesKind.NON_RESIDENTIAL)
    make.account(premises=shop)
    make.provision(house, 16, contract, ProvisionMethod.COMMON_NORM)
    make.norm(16, "2.7", NormBasis.COMMON_M2_MONTH)
    for category in (0, BUSINESS):
        make.tariff(contract, 16, "4.93", category=category)
    for month in YEAR:
        make.house_volume(house, 1, month.first, "1250")
    post(YEAR)
    assert HouseBalance.objects.filter(house=house, volume=D("1250")).count() == 12
    parts = []
    for month in Month.range(JANUARY, JANUARY + 11):
        operations.run_billing(month=month)
        parts.append(operations.settle_year(into=month))
        assert operations.settle_year(into=month) == parts[-1]
        operations.post_month(month=month, today=month.next.first)
    assert sum(parts) == D("-106.49") + D("-127.79")
    mine = Charge.objects.filter(account_id=account.pk, kind=Kind.RECALCULATION).values_list("amount", flat=True)
    assert sum(mine) == D("-106.49")
    assert {-D("8.87"), -D("8.88")} >= set(mine)
    (told,) = [one for one in queries.explain(account_id=account.pk, month=JANUARY) if one.kind == Kind.RECALCULATION]
    assert "за 2025 год" in told.text


REMOVED = ["3.1", "2.9", "3.4", "3", "3.3", "3.6", "4", "3.8", "3.2", "3", "2.7", "3.5"]


def removed_from_a_house(**law: Any) -> tuple[Any, Any]:
    """Two of forty residents; 2.196 m³ a year each by the norm, 641 ₽; what the lorries took away by months."""
    make.law_value("tko_year_recalc", "1", **law)
    house, contract = make.house(), make.contract()
    mine = make.account(house=house, persons=2, total_area_m2=D("50"))
    others = make.account(premises=make.premises(house=house), persons=38)
    make.provision(house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.norm(7, "2.196", NormBasis.PERSON_YEAR)
    make.tariff(contract, 7, "641", valid_from=date(2024, 1, 1))
    for month, volume in zip(YEAR, REMOVED, strict=True):
        make.house_volume(house, 7, month.first, volume)
    return mine, others


def of_waste(account: Any) -> list[tuple[date, D]]:
    rows = Charge.objects.filter(account_id=account.pk, kind=Kind.RECALCULATION, line__gte=queries.YEARLY_WASTE)
    return list(rows.order_by("month").values_list("month", "amount"))


def test_waste_of_a_year_is_recalculated_by_what_was_removed():
    mine, others = removed_from_a_house()
    post(YEAR)
    for month in (JANUARY, JANUARY + 1):
        operations.run_billing(month=month)
        assert operations.settle_year(into=month) == D("0.00")
        operations.post_month(month=month, today=month.next.first)
    march = JANUARY + 2
    operations.run_billing(month=march)
    # 2 × 0.183 × 641 = 234.61 and 38 × 0.183 × 641 = 4457.51 charged in each of twelve months; 39.5 m³ removed
    for _ in range(2):
        operations.settle_year(into=march)
        assert of_waste(mine) == [(march.first, D("-1549.32"))]
        assert of_waste(others) == [(march.first, D("-29436.57"))]
    (told,) = [one for one in queries.explain(account_id=mine.pk, month=march) if one.kind == Kind.RECALCULATION]
    assert "Перерасчёт платы за обращение с ТКО за 2025 год" in told.text
    operations.post_month(month=march, today=march.next.first)
    operations.open_month(month=march.next)
    assert operations.recalculate_waste(year=2025, into=march.next) == D("0.00")


def test_a_house_whose_volume_of_a_month_is_unknown_waits_for_it():
    mine, _ = removed_from_a_house()
    HouseVolume.objects.filter(month=YEAR[5].first).delete()
    post(YEAR)
    operations.open_month(month=JANUARY)
    assert operations.recalculate_waste(year=2025, into=JANUARY) == D("0.00")
    assert of_waste(mine) == []
    (row,) = [row for row in queries.anomalies(JANUARY + 2) if row.kind == queries.Oddity.NO_REMOVED]
    assert (row.house_id, row.text) == (
        mine.house_id, "Обращение с ТКО: за прошлый год не введён объём вывоза, месяцы: 06.2025.",
    )  # fmt: skip
    assert [row for row in queries.anomalies(JANUARY) if row.kind == queries.Oddity.NO_REMOVED] == []
    make.house_volume(mine.house, 7, YEAR[5].first, REMOVED[5])
    assert operations.recalculate_waste(year=2025, into=JANUARY) != D("0.00")


def test_only_months_of_the_switch_are_recalculated():
    mine, _ = removed_from_a_house(valid_from=date(2025, 12, 1))
    post(YEAR)
    operations.open_month(month=JANUARY)
    operations.recalculate_waste(year=2025, into=JANUARY)
    assert of_waste(mine) == [(JANUARY.first, D("112.18") - D("234.61"))]  # 3.5 × 2 / 40 × 641 = 112.175
    with pytest.raises(operations.YearNotOver, match="2025 год ещё идёт"):
        operations.recalculate_waste(year=2025, into=YEAR[3])
