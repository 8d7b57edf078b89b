"""What premises of one house share: heat by some heat meters, common needs by the balance, communal flats, waste."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.calendar import Month
from accounts.models import HeatingMode, MeterKind, PremisesKind, ReadingSource, Resource
from billing import operations, queries
from billing.kinds import BUSINESS, By, Kind
from billing.models import HouseBalance, LawValue, MeterFault, MeterFaultKind, NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
JANUARY, JUNE = Month(date(2026, 1, 1)), Month(date(2026, 6, 1))


def metered(premises: Any, resource: int, used: str, month: Month, **facts: Any) -> Any:
    meter = make.meter(premises=premises, resource=resource, **facts)
    make.reading(meter, month.previous.first, "100")
    make.reading(meter, month.first, D("100") + D(used))
    return meter


def line(account: Any, service: int, month: Month, kind: int = Kind.CHARGE) -> queries.ChargeRow:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    (row,) = [row for row in rows if (row.service_id, row.kind) == (service, kind)]
    return row


def flats(house: Any, *areas: str, **facts: Any) -> list[Any]:
    return [make.account(house=house, total_area_m2=D(area), **facts) for area in areas]


class TestHeat:
    def test_some_premises_have_heat_meters(self):
        """ф. 3(1), 3(7): ΣV = 0.8 + 1.2 + 50 · 2 / 150; the rest of 3 Gcal goes by area."""
        house, contract = make.house(total_area_m2=D("200"), common_area_m2=D("0")), make.contract()
        first, second, third = flats(house, "50", "100", "50")
        metered(first.premises, Resource.HEAT, "0.8", JANUARY)
        metered(second.premises, Resource.HEAT, "1.2", JANUARY)
        make.house_volume(house, 5, JANUARY.first, "3")
        make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
        make.tariff(contract, 5, "2000")
        operations.run_billing(month=JANUARY)
        found = [line(account, 5, JANUARY) for account in (first, second, third)]
        assert [row.volume for row in found] == [D("0.883333"), D("1.366667"), D("0.75")]
        assert [row.amount for row in found] == [D("1766.67"), D("2733.33"), D("1500.00")]
        assert [row.method for row in found] == [By.METER, By.METER, By.BUILDING_METER]
        again = operations.run_billing(month=JANUARY, account_ids=[third.pk])  # alone, and yet by the whole house
        assert (again.accounts, again.lines, again.inserted, again.changed, again.removed) == (1, 1, 0, 0, 0)
        (told,) = queries.explain(account_id=third.pk, month=JANUARY)
        assert told.formula == "прил. 2 к Правилам № 354, формула 3(1)"
        assert "2 Гкал" in told.text and "150 м²" in told.text
        (told,) = queries.explain(account_id=first.pk, month=JANUARY)
        assert "0,8 Гкал" in told.text

    def test_all_premises_have_heat_meters(self):
        house, contract = make.house(total_area_m2=D("100"), common_area_m2=D("0")), make.contract()
        first, second = flats(house, "40", "60")
        metered(first.premises, Resource.HEAT, "1", JANUARY)
        metered(second.premises, Resource.HEAT, "0.5", JANUARY)
        make.house_volume(house, 5, JANUARY.first, "2")
        make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
        make.tariff(contract, 5, "2000")
        operations.run_billing(month=JANUARY)
        assert [line(account, 5, JANUARY).volume for account in (first, second)] == [D("1.2"), D("0.8")]

    def test_own_heating_beside_heat_meters_pays_for_the_common_property_only(self):
        house, contract = make.house(total_area_m2=D("200"), common_area_m2=D("0")), make.contract()
        first, second = flats(house, "100", "50")
        away = make.account(house=house, premises=make.premises(house=house, total_area_m2=D("50"), own_heating=True))
        metered(first.premises, Resource.HEAT, "2", JANUARY)
        make.house_volume(house, 5, JANUARY.first, "4")
        make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
        make.tariff(contract, 5, "2000")
        operations.run_billing(month=JANUARY)
        # ΣV = 2 + 1 + 0; the bracket is 1 Gcal
        assert [line(account, 5, JANUARY).volume for account in (first, second, away)] == [
            D("2.5"), D("1.25"), D("0.25"),
        ]  # fmt: skip

    def test_even_mode_takes_the_twelfth_of_the_meters_year(self):
        house = make.house(total_area_m2=D("100"), common_area_m2=D("0"), heating_mode=HeatingMode.EVEN)
        contract = make.contract()
        first, second = flats(house, "50", "50")
        meter = make.meter(premises=first.premises, resource=Resource.HEAT)
        make.reading(meter, date(2024, 12, 20), "10")
        make.reading(meter, date(2025, 12, 20), "16")
        for number in range(1, 13):
            make.house_volume(house, 5, date(2025, number, 1), "2")
        make.provision(house, 5, contract, ProvisionMethod.HEATING_BUILDING)
        make.tariff(contract, 5, "2000")
        operations.run_billing(month=JANUARY)
        # V_1 = 6 / 12; V_2 the same by area; the bracket 2 − 1 in halves
        assert [line(account, 5, JANUARY).volume for account in (first, second)] == [D("1"), D("1")]


class TestCommonNeeds:
    def stage(self, method: int, building: str, *used: str, persons: int = 2) -> tuple[Any, list[Any]]:
        house, contract = make.house(total_area_m2=D("200"), common_area_m2=D("50")), make.contract()
        accounts = flats(house, *["50"] * len(used), persons=persons)
        for account, kwh in zip(accounts, used, strict=True):
            metered(account.premises, Resource.ELECTRICITY, kwh, JUNE)
        make.provision(house, 1, contract)
        make.provision(house, 16, contract, method)
        make.tariff(contract, 1, "4.93")
        make.tariff(contract, 16, "4.93")
        make.house_volume(house, 1, JUNE.first, building)
        return house, accounts

    def test_balance_is_shared_by_area(self):
        house, (first, _) = self.stage(ProvisionMethod.COMMON_BALANCE, "300", "100", "120")
        operations.run_billing(month=JUNE)
        row = line(first, 16, JUNE, Kind.COMMON_USE)
        assert (row.volume, row.amount, row.method) == (D("20"), D("98.60"), By.HOUSE_BALANCE)
        balance = HouseBalance.objects.get(house=house)
        assert (balance.volume, balance.carried) == (D("80"), D("0"))
        told = queries.explain(account_id=first.pk, month=JUNE)
        (text,) = [one.text for one in told if one.kind == Kind.COMMON_USE]
        assert text.startswith("20 кВт·ч = 80 кВт·ч")

    def test_negative_balance_of_direct_management_lowers_what_was_used_by_residents(self):
        """ODN-D03 in small: a flat that used less than its share loses no more than it used."""
        _, (first, second) = self.stage(ProvisionMethod.COMMON_BALANCE, "100", "120", "5")
        operations.run_billing(month=JUNE)
        assert line(first, 1, JUNE).volume == D("107.5")
        assert line(second, 1, JUNE).volume == D("0")
        assert line(first, 16, JUNE, Kind.COMMON_USE).amount == D("0.00")
        (told,) = [one for one in queries.explain(account_id=first.pk, month=JUNE) if one.service_id == 1]
        assert "12,5 кВт·ч" in told.text

    def test_negative_balance_by_area_where_the_switch_says_so(self):
        make.law_value("negative_key.electricity", "1")
        _, (first, _) = self.stage(ProvisionMethod.COMMON_BALANCE, "100", "100", "20")
        operations.run_billing(month=JUNE)
        assert line(first, 1, JUNE).volume == D("90")

    def test_negative_month_of_a_managed_house_is_zero_and_lessens_the_next(self):
        """ODN-P02, charges.md 11.5."""
        house, (first, second) = self.stage(ProvisionMethod.COMMON_ACTUAL, "60", "50", "30")
        operations.run_billing(month=JUNE)
        assert line(first, 16, JUNE, Kind.COMMON_USE).volume == D("0")
        assert line(first, 1, JUNE).volume == D("50")
        assert HouseBalance.objects.get(house=house).carried == D("-20")
        for account in (first, second):
            meter = account.premises.meters.get()
            make.reading(meter, JUNE.next.first, D(meter.readings.order_by("-day").first().value) + 10)
        make.house_volume(house, 1, JUNE.next.first, "120")
        operations.run_billing(month=JUNE.next)
        assert line(first, 16, JUNE.next, Kind.COMMON_USE).volume == D("20")  # (120 − 20 − 20) · 50 / 200

    def test_norm_is_a_cap_where_the_switch_is_set(self):
        make.law_value("common_cap", "1")
        make.norm(16, "0.8", NormBasis.COMMON_M2_MONTH)
        _, (first, _) = self.stage(ProvisionMethod.COMMON_BALANCE, "300", "100", "120")
        operations.run_billing(month=JUNE)
        assert line(first, 16, JUNE, Kind.COMMON_USE).volume == D("10")  # 0.8 · 50 · 50 / 200, not 20

    def test_average_of_the_previous_year(self):
        house, (first, _) = self.stage(ProvisionMethod.COMMON_AVERAGE, "300", "100", "120")
        for number, volume in ((10, "70"), (11, "50"), (12, "0")):
            HouseBalance.objects.create(house=house, service_id=16, month=date(2025, number, 1), volume=D(volume))
        operations.run_billing(month=JUNE)
        assert line(first, 16, JUNE, Kind.COMMON_USE).volume == D("10")  # 40 · 50 / 200

    def test_without_the_building_meter_the_norm_and_a_word_about_it(self):
        make.norm(16, "0.8", NormBasis.COMMON_M2_MONTH)
        house, (first,) = self.stage(ProvisionMethod.COMMON_ACTUAL, "300", "100")
        house.volumes.all().delete()
        summary = operations.run_billing(month=JUNE)
        row = line(first, 16, JUNE, Kind.COMMON_USE)
        assert (row.method, row.volume) == (By.NORM, D("10"))
        assert summary.problems == {"нет объёма по дому": 1}


class TestCommunalFlat:
    def stage(self) -> tuple[Any, Any, list[Any]]:
        house, contract = make.house(total_area_m2=D("1000"), common_area_m2=D("0")), make.contract()
        flat = make.premises(house=house, total_area_m2=D("60"), living_area_m2=D("46"))
        rooms = [
            make.account(
                house=house, persons=persons,
                premises=make.premises(
                    house=house, parent=flat, kind=PremisesKind.ROOM, total_area_m2=D(area), living_area_m2=D(area)
                ),
            )
            for persons, area in ((1, "18.5"), (3, "27.5"))
        ]  # fmt: skip
        return contract, flat, rooms

    def test_flat_meter_is_shared_by_residents(self):
        contract, flat, (first, second) = self.stage()
        metered(flat, Resource.COLD_WATER, "10", JUNE, kind=MeterKind.SHARED_FLAT)
        make.provision(flat.house, 2, contract)
        make.tariff(contract, 2, "34.56")
        operations.run_billing(month=JUNE)
        assert [line(account, 2, JUNE).volume for account in (first, second)] == [D("2.5"), D("7.5")]
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert "1 из 4" in told.text
        again = operations.run_billing(month=JUNE, account_ids=[first.pk])
        assert (again.inserted, again.changed, again.removed) == (0, 0, 0)

    def test_rooms_with_own_meters_share_the_remainder(self):
        contract, flat, (first, second) = self.stage()
        metered(flat, Resource.ELECTRICITY, "100", JUNE, kind=MeterKind.SHARED_FLAT)
        metered(first.premises, Resource.ELECTRICITY, "20", JUNE, kind=MeterKind.ROOM)
        metered(second.premises, Resource.ELECTRICITY, "40", JUNE, kind=MeterKind.ROOM)
        make.provision(flat.house, 1, contract)
        make.tariff(contract, 1, "4.93")
        operations.run_billing(month=JUNE)
        assert [line(account, 1, JUNE).volume for account in (first, second)] == [D("30"), D("70")]
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert "30 кВт·ч: 20 кВт·ч по счётчику № " in told.text
        assert (
            "за вычетом своего счётчика комнаты и счётчиков других комнат: 100 − 20 − 40 = 40 кВт·ч): 1 из 4"
            in told.text
        )

    def test_a_room_beside_a_metered_one_is_told_the_remainder(self):
        contract, flat, (first, second) = self.stage()
        metered(flat, Resource.ELECTRICITY, "610", JUNE, kind=MeterKind.SHARED_FLAT)
        metered(second.premises, Resource.ELECTRICITY, "96", JUNE, kind=MeterKind.ROOM)
        make.provision(flat.house, 1, contract)
        make.tariff(contract, 1, "4.93")
        operations.run_billing(month=JUNE)
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert told.text.startswith("128,5 кВт·ч: доля комнаты в остатке квартиры (610 кВт·ч по общему счётчику № ")
        assert "за вычетом счётчиков других комнат: 610 − 96 = 514 кВт·ч): 1 из 4 проживающих квартиры." in told.text
        (told,) = queries.explain(account_id=second.pk, month=JUNE)
        assert told.text.startswith("481,5 кВт·ч: 96 кВт·ч по счётчику № ")
        assert "за вычетом своего счётчика комнаты: 610 − 96 = 514 кВт·ч): 3 из 4" in told.text

    def test_a_silent_common_meter_tells_its_average(self):
        contract, flat, (first, _) = self.stage()
        meter = make.meter(premises=flat, resource=Resource.COLD_WATER, kind=MeterKind.SHARED_FLAT)
        for back, value in ((5, "10"), (4, "20"), (3, "32"), (2, "40"), (1, "52")):
            make.reading(meter, (JUNE + -back).first, value)
        make.provision(flat.house, 2, contract)
        make.tariff(contract, 2, "34.56")
        operations.run_billing(month=JUNE)
        assert line(first, 2, JUNE).volume == D("2.625")
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert told.text.startswith(
            "2,625 м³: доля комнаты в 10,5 м³ = 42 / 4 по среднему за 4 мес. (нет показаний по общему счётчику № "
        )

    def test_a_common_meter_that_speaks_again_tells_what_was_charged_meanwhile(self):
        contract, flat, (first, second) = self.stage()
        meter = make.meter(premises=flat, resource=Resource.COLD_WATER, kind=MeterKind.SHARED_FLAT)
        for back, value in ((5, "10"), (4, "20"), (3, "32"), (2, "40")):
            make.reading(meter, (JUNE + -back).first, value)
        make.provision(flat.house, 2, contract)
        make.tariff(contract, 2, "34.56")
        operations.run_billing(month=JUNE.previous)
        assert [line(room, 2, JUNE.previous).volume for room in (first, second)] == [D("2.5"), D("7.5")]
        operations.post_month(month=JUNE.previous, today=JUNE.first)
        make.reading(meter, JUNE.first, "66")
        operations.run_billing(month=JUNE)
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert told.text.startswith("4 м³: доля комнаты в остатке квартиры (26 м³ по общему счётчику № ")
        assert "за вычетом начисленного комнатам в месяцы без показаний: 26 − 10 = 16 м³): 1 из 4" in told.text

    def test_a_broken_common_meter_is_named_in_its_own_case(self):
        contract, flat, (first, _) = self.stage()
        meter = make.meter(premises=flat, resource=Resource.COLD_WATER, kind=MeterKind.SHARED_FLAT)
        for back, value in ((5, "10"), (4, "20"), (3, "32"), (2, "40"), (1, "52")):
            make.reading(meter, (JUNE + -back).first, value)
        MeterFault.objects.create(
            meter=meter, kind=MeterFaultKind.FAILED, document="акт № 4", valid_from=date(2026, 6, 2)
        )
        make.provision(flat.house, 2, contract)
        make.tariff(contract, 2, "34.56")
        operations.run_billing(month=JUNE)
        (told,) = queries.explain(account_id=first.pk, month=JUNE)
        assert f"(общий счётчик № {meter.serial} неисправен, период 1)" in told.text

    def test_heat_goes_by_living_area(self):
        """COM-D01: 1.35 Gcal of the flat × 18.5 / 46."""
        contract, flat, (first, _) = self.stage()
        make.house_volume(flat.house, 5, JANUARY.first, "22.5")  # × 60 / 1000 = 1.35
        make.provision(flat.house, 5, contract, ProvisionMethod.HEATING_BUILDING)
        make.tariff(contract, 5, "2371.72")
        operations.run_billing(month=JANUARY)
        row = line(first, 5, JANUARY)
        assert (row.volume, row.amount) == (D("0.542935"), D("1287.69"))


class TestBusiness:
    def test_vat_is_a_line_of_its_own(self):
        """HT-P03 at the rate of the month."""
        house, contract = make.house(heating_mode=HeatingMode.EVEN), make.contract()
        shop = make.account(
            house=house,
            premises=make.premises(house=house, kind=PremisesKind.NON_RESIDENTIAL, total_area_m2=D("85")),
        )  # fmt: skip
        flat = make.account(house=house, total_area_m2=D("85"))
        make.norm(5, "0.0195", NormBasis.M2_MONTH, months=7)
        make.provision(house, 5, contract, ProvisionMethod.HEATING_NORM)
        make.tariff(contract, 5, "2756.00", category=BUSINESS)
        make.tariff(contract, 5, "2371.72")
        operations.run_billing(month=JUNE)
        assert line(shop, 5, JUNE).amount == D("2664.71")
        vat = line(shop, 5, JUNE, Kind.VAT)
        assert (vat.amount, vat.tariff) == (D("586.24"), D("22"))
        assert [row.kind for row in queries.charges_of_account(account_id=flat.pk, month=JUNE)] == [Kind.CHARGE]
        told = {one.kind: one.text for one in queries.explain(account_id=shop.pk, month=JUNE)}
        assert told[Kind.VAT] == "НДС 22 % с 2664,71 ₽: 586,24 ₽."

    def test_average_of_non_residential_premises_lasts_two_periods(self):
        house, contract = make.house(), make.contract()
        shop = make.account(
            house=house, persons=1, premises=make.premises(house=house, kind=PremisesKind.NON_RESIDENTIAL)
        )
        meter = make.meter(premises=shop.premises, resource=Resource.COLD_WATER)
        for back, value in ((6, "10"), (5, "13"), (4, "16"), (3, "19")):
            make.reading(meter, (JUNE + -back).first, value)
        make.provision(house, 2, contract)
        make.tariff(contract, 2, "10")
        make.norm(2, "4")
        months = [JUNE + -2, JUNE + -1, JUNE]
        methods = []
        for month in months:
            operations.run_billing(month=month)
            methods.append(line(shop, 2, month).method)
        assert methods == [By.AVERAGE, By.AVERAGE, By.NORM]


def test_hot_water_made_in_the_house():
    """HW-P09: 12.9 Gcal for 31.424 m³."""
    house, contract = make.house(), make.contract()
    first, second = flats(house, "50", "50", persons=1)
    metered(first.premises, Resource.HOT_WATER, "1", JUNE)
    metered(second.premises, Resource.HOT_WATER, "30.424", JUNE)
    make.house_volume(house, 3, JUNE.first, "12.9")
    make.provision(house, 3, contract, ProvisionMethod.HOT_WATER_IN_HOUSE, components=2)
    make.tariff(contract, 3, "17.73", component=1)
    make.tariff(contract, 3, "1056.37", component=2)
    operations.run_billing(month=JUNE)
    rows = queries.charges_of_account(account_id=first.pk, month=JUNE)
    assert [row.amount for row in rows] == [D("17.73"), D("433.65")]
    told = queries.explain(account_id=first.pk, month=JUNE)
    assert told[1].formula == "прил. 2 к Правилам № 354, формула 20"


def test_removed_waste_is_shared_by_residents_or_area():
    house, contract = make.house(), make.contract()
    first, second = flats(house, "30", "60", persons=1)
    make.residency(premises=second.premises, persons=3)
    make.house_volume(house, 7, JUNE.first, "5")
    make.provision(house, 7, contract, ProvisionMethod.CONTAINERS_PERSON)
    make.tariff(contract, 7, "600")
    operations.run_billing(month=JUNE)
    assert [line(account, 7, JUNE).amount for account in (first, second)] == [D("600.00"), D("2400.00")]
    assert "5 м³" in queries.explain(account_id=first.pk, month=JUNE)[0].text
    house.provisions.update(method=ProvisionMethod.CONTAINERS_AREA)
    operations.run_billing(month=JUNE)
    assert [line(account, 7, JUNE).amount for account in (first, second)] == [D("1000.00"), D("2000.00")]


def test_a_first_meter_counts_from_the_next_month_or_by_a_switch_from_the_next_day():
    account, contract = make.account(persons=2), make.contract()
    make.provision(account.house, 2, contract)
    make.tariff(contract, 2, "34.56")
    make.norm(2, "4.85")
    meter = make.meter(premises=account.premises, commissioned_on=date(2026, 6, 12), installed_on=date(2026, 6, 12))
    make.reading(meter, date(2026, 6, 12), "0.015", source=ReadingSource.ACT)
    make.reading(meter, date(2026, 6, 25), "4.215", counts=False)

    def lines() -> list[tuple[Any, ...]]:
        rows = queries.charges_of_account(account_id=account.pk, month=JUNE)
        return [(row.kind, row.method, row.volume, row.amount) for row in rows]

    operations.run_billing(month=JUNE)
    assert lines() == [
        (Kind.CHARGE, By.NORM, D("9.7"), D("335.23")), (Kind.UPLIFT, By.NORM, D("19.4"), D("670.46")),
    ]  # fmt: skip
    make.law_value("meter_start", "1")
    operations.run_billing(month=JUNE)
    # twelve days by the norm: 9.7 × 12 / 30 = 3.88 m³ and twice that above it; then what the meter shows
    assert lines() == [
        (Kind.CHARGE, By.METER, D("4.2"), D("145.15")), (Kind.CHARGE, By.NORM, D("3.88"), D("134.09")),
        (Kind.UPLIFT, By.NORM, D("7.76"), D("268.19")),
    ]  # fmt: skip
    by_meter, by_norm, uplift = queries.explain(account_id=account.pk, month=JUNE)
    assert by_meter.text == (
        f"4,2 м³ = 4,215 − 0,015 по счётчику № {meter.serial}. На эту строку приходится 18 из 30 дней."
        " 4,2 м³ × 34,56 ₽ = 145,15 ₽."
    )
    assert by_norm.text == "По нормативу: 3,88 м³ = 2 чел. × 4,85 м³ × 12 / 30 дней. 3,88 м³ × 34,56 ₽ = 134,09 ₽."
    assert "2 чел. × 4,85 м³ × 12 / 30 дней × (3 − 1) × 34,56 ₽ = 268,19 ₽" in uplift.text


def test_heat_by_the_norm_is_paid_for_days_of_the_period_where_the_region_says_so():
    house, contract = make.house(), make.contract()
    account = make.account(house=house, total_area_m2=D("50"))
    make.provision(house, 5, contract, ProvisionMethod.HEATING_NORM)
    make.tariff(contract, 5, "2000")
    make.norm(5, "0.02", NormBasis.M2_MONTH)
    october = JUNE + 4
    LawValue.objects.filter(code="heating_season").delete()
    make.law_value("heating_season", "1", valid_from=date(2026, 10, 12), valid_to=date(2027, 4, 25))
    operations.run_billing(month=october)
    assert line(account, 5, october).amount == D("2000.00")
    make.law_value("norm_partial_month", "1")
    operations.run_billing(month=october)
    assert line(account, 5, october).amount == D("1290.32")  # 50 × 0.02 × 2000 × 20 / 31
    (told,) = queries.explain(account_id=account.pk, month=october)
    assert "= 50 м² × 0,02 Гкал × 20 / 31 дней" in told.text
