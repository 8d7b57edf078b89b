"""Worked cases of the reference folder through the real engine: inputs become facts, the charges are compared.

Nothing is computed here but sums of stored lines: the reader only names each input's place in the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.calendar import ONE_DAY, Month
from accounts.models import HeatingMode, Resource
from accounts.money import split
from billing import operations, queries
from billing.kinds import By, Kind
from billing.models import NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
CASES_FILE = Path(settings.REFERENCE_DIR) / "domain" / "cases.json"
D = Decimal
JUNE = Month(date(2026, 6, 1))
JANUARY = Month(date(2026, 1, 1))
SERVICES = {
    "electricity": 1, "cold_water": 2, "hot_water": 3, "wastewater": 4, "heating": 5, "gas": 6, "waste": 7,
    "housing_maintenance": 8, "capital_repair": 9,
}  # fmt: skip


def cases() -> dict[str, dict[str, Any]]:
    if not CASES_FILE.is_file():
        return {}
    return {case["id"]: case for case in json.loads(CASES_FILE.read_text(encoding="utf-8"))["cases"]}


class Stage:
    """One flat in one house under one contract, and the month the case is about."""

    def __init__(self, case: dict[str, Any], month: Month = JUNE, **flat: Any) -> None:
        self.case, self.inputs, self.expected = case, case["inputs"], case["expected"]
        self.month = Month.parse(self.inputs["period"]) if "period" in self.inputs else month
        self.service = SERVICES.get(case["service"], 16)
        house = {
            name: flat.pop(name) for name in list(flat) if name in {"total_area_m2", "common_area_m2", "heating_mode"}
        }
        self.house = make.house(**house)
        self.contract = make.contract()
        if "area" in flat:
            flat["total_area_m2"] = D(flat.pop("area"))
        flat.setdefault("persons", self.inputs.get("residents", 0))
        flat.setdefault("owners", self.inputs.get("owners", 1))
        self.account = make.account(house=self.house, **flat)

    def serve(self, method: int, price: str | None = None, **facts: Any) -> None:
        service = facts.pop("service", self.service)
        make.provision(self.house, service, self.contract, method, **facts)
        if price is not None:
            make.tariff(self.contract, service, price)

    def hot_water_of_two(self) -> None:
        given = self.inputs
        self.serve(ProvisionMethod.METERED, components=2)
        make.tariff(self.contract, 3, given["tariff_cold_component"], component=1)
        make.tariff(self.contract, 3, given["tariff_heat_component"], component=2)
        make.norm(3, given["heat_norm_gcal_per_m3"], NormBasis.PER_M3)
        make.norm(3, given["norm_m3_per_person"])

    def lines(self, month: Month | None = None, account: Any = None) -> dict[tuple[int, int], queries.ChargeRow]:
        """Stored lines of the case's service by (kind, line)."""
        month = month or self.month
        operations.run_billing(month=month)
        rows = queries.charges_of_account(account_id=(account or self.account).pk, month=month)
        return {(row.kind, row.line): row for row in rows if row.service_id == self.service}

    def only(self, month: Month | None = None) -> queries.ChargeRow:
        (row,) = self.lines(month).values()
        return row

    def meter(self, resource: int, history: list[str], **facts: Any) -> Any:
        """A meter whose readings give the usages of `history` in the months up to the one before the case's."""
        meter = make.meter(premises=self.account.premises, resource=resource, **facts)
        value = D("100")
        month = self.month + -(len(history) + 1)
        make.reading(meter, month.first + timedelta(days=20), value)
        for used in history:
            month, value = month.next, value + D(used)
            make.reading(meter, month.first + timedelta(days=20), value)
        return meter


def hot_water(stage: Stage) -> None:
    stage.hot_water_of_two()
    rows = stage.lines()
    cold, uplift, heat = rows[Kind.CHARGE, 10001], rows[Kind.UPLIFT, 10001], rows[Kind.CHARGE, 20001]
    assert cold.volume == D(stage.expected["volume_m3"])
    assert cold.amount == D(stage.expected["cold_component"])
    assert uplift.amount == D(stage.expected["uplift_cold_component"])
    assert heat.amount == D(stage.expected["heat_component"])
    if "amount" in stage.expected:
        assert sum(row.amount for row in rows.values()) == D(stage.expected["amount"])
    assert uplift.multiplier == D(stage.inputs.get("multiplier") or stage.inputs["multiplier_hot"])


def hw_p01(case: dict[str, Any]) -> None:
    hot_water(Stage(case))


def hw_p06(case: dict[str, Any]) -> None:
    hot_water(Stage(case))


def hw_d01(case: dict[str, Any]) -> None:
    stage = Stage(case)
    expired = stage.month + -(case["inputs"]["period_index_after_expiry"] - 1)
    stage.meter(Resource.HOT_WATER, ["3", "3", "3", "3"], verified_until=expired.first - ONE_DAY)
    hot_water(stage)


def hw_p07(case: dict[str, Any]) -> None:
    stage = Stage(case, Month(date(2026, 7, 1)), persons=0, meter_impossible=[Resource.HOT_WATER])
    weights = []
    for part in case["inputs"]["occupancy"]:
        first, last = date.fromisoformat(part["from"]), date.fromisoformat(part["to"])
        place = stage.account.premises
        make.residency(premises=place, persons=part["count"], valid_from=first, valid_to=last + ONE_DAY)
        weights.append(D(part["count"] * ((last - first).days + 1)))
    stage.hot_water_of_two()
    rows = stage.lines()
    # one rounding of the exact sum over the days; the segments, where shown, are parts of it (charges.md 1.4)
    for line, name in ((10001, "cold_component"), (20001, "heat_component")):
        assert split(rows[Kind.CHARGE, line].amount, weights) == [D(part) for part in case["expected"][name]]


def cw_d02(case: dict[str, Any]) -> None:
    stage = Stage(case, meter_impossible=[Resource.COLD_WATER])
    make.norm(2, case["inputs"]["norm"])
    stage.serve(ProvisionMethod.METERED, case["inputs"]["tariff"])
    row = stage.only()
    assert (row.volume, row.amount) == (D(case["expected"]["volume_m3"]), D(case["expected"]["amount"]))


def cw_d04(case: dict[str, Any]) -> None:
    stage = Stage(case)
    make.norm(2, case["inputs"]["norm"])
    stage.serve(ProvisionMethod.METERED, case["inputs"]["tariff"])
    rows = stage.lines()
    assert rows[Kind.CHARGE, 1].amount == D(case["expected"]["base_amount"])
    assert rows[Kind.UPLIFT, 1].amount == D(case["expected"]["uplift_amount"])
    assert rows[Kind.UPLIFT, 1].multiplier == D(case["inputs"]["multiplier"])


def cw_d05(case: dict[str, Any]) -> None:
    given = case["inputs"]
    stage = Stage(case, persons=given["permanent"], meter_impossible=[Resource.COLD_WATER])
    for guest in given["temporary"]:
        first, last = date.fromisoformat(guest["from"]), date.fromisoformat(guest["to"])
        make.residency(premises=stage.account.premises, persons=1, kind=2, valid_from=first, valid_to=last + ONE_DAY)
    make.norm(2, given["norm"])
    stage.serve(ProvisionMethod.METERED, given["tariff"])
    row = stage.only()
    assert row.persons == D(case["expected"]["effective_residents"])
    assert row.volume == D(case["expected"]["volume_m3"])
    assert row.amount == D(case["expected"]["amount"])


def ww_d02(case: dict[str, Any]) -> None:
    given = case["inputs"]
    stage = Stage(case)
    stage.serve(ProvisionMethod.METERED, "34.56", service=2)
    stage.serve(ProvisionMethod.METERED, "195", service=3)
    stage.serve(ProvisionMethod.WASTEWATER, given["tariff"])
    make.norm(3, given["norm_hot"])
    meter = make.meter(premises=stage.account.premises, resource=Resource.COLD_WATER)
    make.reading(meter, stage.month.previous.first, "10")
    make.reading(meter, stage.month.first, D("10") + D(given["cold_metered_m3"]))
    row = stage.only()
    assert (row.volume, row.amount) == (D(case["expected"]["volume_m3"]), D(case["expected"]["amount"]))


def avg_d02(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    stage = Stage(case, month=JANUARY)
    stage.meter(Resource.COLD_WATER, given["history_6_months"])
    make.norm(2, given["norm"])
    stage.serve(ProvisionMethod.METERED, given["tariff"])
    for period in range(given["periods_without_readings"]):
        row = stage.only(stage.month + period)
        if period < 3:
            assert (row.method, row.volume) == (By.AVERAGE, D(expected["average_m3"]))
            assert row.amount == D(expected["periods_1_to_3_each"])
        else:
            assert (row.method, row.amount) == (By.NORM, D(expected["period_4_amount"]))  # and no uplift: one line


def met_d01(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    removed, commissioned = date.fromisoformat(given["removed_on"]), date.fromisoformat(given["new_commissioned_on"])
    stage = Stage(case, month=Month.of(removed), persons=2)
    place = stage.account.premises
    old = make.meter(premises=place, resource=Resource.COLD_WATER, removed_on=removed)
    for back in range(7, 0, -1):
        value = D(given["old_prev"]) - D(given["average_monthly_m3"]) * (back - 1)
        make.reading(old, (stage.month + -back).first, value)
    make.reading(old, removed, given["old_final"], source=2)
    new = make.meter(premises=place, resource=Resource.COLD_WATER, commissioned_on=commissioned, replaces=old)
    make.reading(new, commissioned, given["new_initial"], source=2)
    make.reading(new, commissioned + timedelta(days=9), given["new_reading"], counts=False)
    stage.serve(ProvisionMethod.METERED, given["tariff"])
    row = stage.only()
    assert (row.volume, row.amount) == (D(expected["volume_m3"]), D(expected["amount"]))


def by_area(case: dict[str, Any], method: int, norm_name: str, basis: int, price: str, **flat: Any) -> None:
    stage = Stage(case, area=case["inputs"].get("area", "1"), **flat)
    months = {"months": 7} if flat.get("heating_mode") == HeatingMode.EVEN else {}
    make.norm(stage.service, case["inputs"][norm_name], basis, **months)
    stage.serve(method, case["inputs"][price])
    assert stage.only().amount == D(case["expected"]["amount"])


def ht_p01(case: dict[str, Any]) -> None:
    assert case["inputs"]["k_exact"] == "7/12"
    by_area(
        case, ProvisionMethod.HEATING_NORM, "norm_gcal_m2", NormBasis.M2_MONTH, "tariff", heating_mode=HeatingMode.EVEN
    )


def ht_p04(case: dict[str, Any]) -> None:
    by_area(case, ProvisionMethod.HEATING_NORM, "norm_gcal_m2", NormBasis.M2_MONTH, "tariff", month=JANUARY)


def ht_p06(case: dict[str, Any]) -> None:
    stage = Stage(case, month=JANUARY, area="1")
    make.norm(5, case["inputs"]["norm_annual"], NormBasis.M2_YEAR)
    stage.serve(ProvisionMethod.HEATING_NORM, "1")
    assert stage.only().volume == D(case["expected"]["norm_month_exact"])


def ht_d02(case: dict[str, Any]) -> None:
    given = case["inputs"]
    flats = {flat["id"]: flat for flat in given["premises"]}
    stage = Stage(
        case, month=JANUARY, area=flats["A"]["area"], total_area_m2=D(given["total_area"]),
        common_area_m2=D(given["common_area"]),
    )  # fmt: skip
    own = make.premises(house=stage.house, total_area_m2=D(flats["B"]["area"]), own_heating=True)
    other = make.account(house=stage.house, premises=own)
    rest = D(given["area_individual_heating"]) - D(flats["B"]["area"])
    make.premises(house=stage.house, total_area_m2=rest, own_heating=True)
    make.house_volume(stage.house, 5, stage.month.first, given["odpu_gcal"])
    stage.serve(ProvisionMethod.HEATING_BUILDING, given["tariff"])
    assert stage.only().amount == D(case["expected"]["A"]["amount"])
    (row,) = stage.lines(account=other).values()
    assert (row.volume, row.amount) == (D(case["expected"]["B"]["common_gcal"]), D(case["expected"]["B"]["amount"]))


def ht_d05(case: dict[str, Any]) -> None:
    given = case["inputs"]
    stage = Stage(case, area=given["area"], total_area_m2=D(given["total_area"]), heating_mode=HeatingMode.EVEN)
    for number in range(1, 13):
        make.house_volume(stage.house, 5, date(2025, number, 1), D(given["prev_year_odpu_gcal"]) / 12)
    stage.serve(ProvisionMethod.HEATING_BUILDING, given["tariff"])
    row = stage.only()
    assert (row.volume, row.amount) == (D(case["expected"]["monthly_gcal"]), D(case["expected"]["amount"]))


def electricity(stage: Stage, used: dict[int, str]) -> dict[tuple[int, int], queries.ChargeRow]:
    stage.serve(ProvisionMethod.METERED)
    meter = make.meter(premises=stage.account.premises, resource=Resource.ELECTRICITY, zones=len(used))
    for zone, kwh in used.items():
        make.reading(meter, stage.month.previous.first, "100", zone=zone)
        make.reading(meter, stage.month.first, D("100") + D(kwh), zone=zone)
    return stage.lines()


def el_d01(case: dict[str, Any]) -> None:
    stage = Stage(case)
    make.tariff(stage.contract, 1, case["inputs"]["tariff_day"], zone=1)
    make.tariff(stage.contract, 1, case["inputs"]["tariff_night"], zone=2)
    rows = electricity(stage, {1: case["inputs"]["day_kwh"], 2: case["inputs"]["night_kwh"]})
    assert rows[Kind.CHARGE, 1001].amount == D(case["expected"]["day"])
    assert rows[Kind.CHARGE, 2001].amount == D(case["expected"]["night"])


def ranges(stage: Stage, limits: list[str], prices: list[str], zone: int = 0) -> None:
    for number, price in enumerate(prices, 1):
        upper = D(limits[number - 1]) if number <= len(limits) else None
        make.tariff(stage.contract, 1, price, zone=zone, tariff_range=number, range_up_to=upper)


def el_d03(case: dict[str, Any]) -> None:
    stage, expected = Stage(case), case["expected"]
    ranges(stage, case["inputs"]["range_limits"], case["inputs"]["tariffs"])
    rows = electricity(stage, {1: case["inputs"]["consumption_kwh"]})
    found = [rows[Kind.CHARGE, number * 100 + 1] for number in (1, 2, 3)]
    assert [row.volume for row in found] == [D(kwh) for kwh in expected["range_kwh"]]
    assert [row.amount for row in found] == [D(amount) for amount in expected["range_amounts"]]


def el_d04(case: dict[str, Any]) -> None:
    stage, given = Stage(case), case["inputs"]
    ranges(stage, given["range_limits"], given["tariffs_day"], zone=1)
    ranges(stage, given["range_limits"], given["tariffs_night"], zone=2)
    rows = electricity(stage, {1: given["day_kwh"], 2: given["night_kwh"]})
    for zone, name in ((1, "day_kwh_by_range"), (2, "night_kwh_by_range")):
        found = [rows[Kind.CHARGE, zone * 1000 + number * 100 + 1].volume for number in (1, 2)]
        assert found == [D(kwh) for kwh in case["expected"][name]]
    assert sum(row.amount for row in rows.values()) == D(case["expected"]["amount"])


def el_p01(case: dict[str, Any]) -> None:
    stage, given = Stage(case), case["inputs"]
    social = str(D(given["norm_kwh_per_person"]) * given["residents"])
    ranges(stage, [social], [given["tariff_within"], given["tariff_above"]])
    rows = electricity(stage, {1: given["consumption_kwh"]})
    assert rows[Kind.CHARGE, 101].volume == D(case["expected"]["within_kwh"])
    assert rows[Kind.CHARGE, 201].volume == D(case["expected"]["above_kwh"])
    assert sum(row.amount for row in rows.values()) == D(case["expected"]["amount"])


def per_person(norm_name: str, price: str, basis: int) -> Callable[[dict[str, Any]], None]:
    def run(case: dict[str, Any]) -> None:
        stage = Stage(case, persons=case["inputs"].get("residents", 1))
        make.norm(stage.service, case["inputs"][norm_name], basis)
        stage.serve(ProvisionMethod.NORM_PERSON, case["inputs"][price])
        assert stage.only().amount == D(case["expected"]["amount"])

    return run


def waste_by_area(case: dict[str, Any]) -> None:
    by_area(case, ProvisionMethod.NORM_AREA, "norm_m3_month", NormBasis.M2_MONTH, "tariff_m3")


def kr_p02(case: dict[str, Any]) -> None:
    stage = Stage(case, area=case["inputs"]["area"])
    stage.serve(ProvisionMethod.PER_M2, case["inputs"]["rate"])
    assert stage.only().amount == D(case["expected"]["amount"])


def hs_d01(case: dict[str, Any]) -> None:
    given = case["inputs"]
    changed = date.fromisoformat(given["owner_change_first_day_of_buyer"])
    stage = Stage(case, month=Month.of(changed), area=given["area"], closed_on=changed)
    buyer = make.account(premises=stage.account.premises, opened_on=changed)
    stage.serve(ProvisionMethod.PER_M2, given["rate"])
    seller_row = stage.only()
    (buyer_row,) = stage.lines(account=buyer).values()
    assert (seller_row.days, seller_row.amount) == (case["expected"]["seller_days"], D(case["expected"]["seller"]))
    assert (buyer_row.days, buyer_row.amount) == (case["expected"]["buyer_days"], D(case["expected"]["buyer"]))
    assert seller_row.amount + buyer_row.amount == D(case["expected"]["month_amount"])


def gas_d02(case: dict[str, Any]) -> None:
    given = case["inputs"]
    stage = Stage(case, month=JANUARY, area=given["heated_area"])
    make.norm(6, given["profile_sum"], NormBasis.M2_YEAR)
    stage.serve(ProvisionMethod.NORM_AREA, given["tariff"])
    rows = [stage.only(month) for month in Month.range(JANUARY, JANUARY + 11)]
    assert sum(row.volume for row in rows) == D(case["expected"]["year_volume_m3"])
    assert sum(row.amount for row in rows) == D(case["expected"]["year_amount"])


PER_PERSON_GCAL = per_person("norm_gcal_person", "tariff", NormBasis.PERSON_MONTH)
PER_PERSON_YEAR = per_person("norm_m3_year", "tariff_m3", NormBasis.PERSON_YEAR)
PER_PERSON_MONTH = per_person("norm_m3_month", "tariff_m3", NormBasis.PERSON_MONTH)
READERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "HW-P01": hw_p01, "HW-P06": hw_p06, "HW-P07": hw_p07, "HW-D01": hw_d01, "HW-P20": PER_PERSON_GCAL,
    "HW-P21": PER_PERSON_GCAL, "CW-D02": cw_d02, "CW-D04": cw_d04, "CW-D05": cw_d05, "WW-D02": ww_d02,
    "AVG-D02": avg_d02, "MET-D01": met_d01, "HT-P01": ht_p01, "HT-P04": ht_p04, "HT-P06": ht_p06, "HT-D02": ht_d02,
    "HT-D05": ht_d05, "EL-P01": el_p01, "EL-D01": el_d01, "EL-D03": el_d03, "EL-D04": el_d04,
    "TKO-P10": PER_PERSON_YEAR, "TKO-P14": PER_PERSON_YEAR, "TKO-P20": PER_PERSON_MONTH, "TKO-P21": PER_PERSON_MONTH,
    "TKO-P22": waste_by_area, "TKO-P23": waste_by_area, "TKO-P24": waste_by_area, "KR-P02": kr_p02,
    "HS-D01": hs_d01, "GAS-D02": gas_d02,
}  # fmt: skip


@pytest.mark.parametrize("number", sorted(READERS))
def test_worked_case(number: str) -> None:
    case = cases().get(number)
    if case is None:
        pytest.skip(f"нет справочных файлов {CASES_FILE.parent.parent.name}: задайте REFERENCE_DIR")
    READERS[number](case)
