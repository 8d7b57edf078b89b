"""The command `worked_cases`: the reference cases pass, other numbers under the same names too, strangers are refused.

Expectations of the variations are exact fractions of the rule, rounded half up here, beside each case.
"""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import House, Person, PersonalAccount
from billing.models import LawValue, Norm, Tariff
from payments.models import OperatingDay, Payment
from tests import make

pytestmark = pytest.mark.django_db
REFERENCE = Path(settings.REFERENCE_DIR) / "domain" / "cases.json"


def fixed(value: Fraction | str | int, places: int = 2) -> str:
    """Half up, away from zero, as a case prints it."""
    number = Fraction(value) * 10**places
    whole = int(abs(number) + Fraction(1, 2)) * (1 if number >= 0 else -1)
    sign, digits = "-" if whole < 0 else "", f"{abs(whole):0{places + 1}}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def case(kind: str, service: str, inputs: dict[str, Any], expected: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "X-1", "kind": kind, "service": service, "rule": "", "note": "", "inputs": inputs,
            "expected": expected, **more}  # fmt: skip


def run(tmp_path: Path, *cases: Any, **options: Any) -> str:
    """What the command prints. Raises CommandError where it would end with status 1."""
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"meta": {}, "cases": list(cases)}, ensure_ascii=False), encoding="utf-8")
    out = io.StringIO()
    try:
        call_command("worked_cases", str(path), stdout=out, **options)
    except CommandError as error:
        error.args = (f"{error}\n{out.getvalue()}",)
        raise
    return out.getvalue()


def refused(tmp_path: Path, *cases: Any) -> str:
    with pytest.raises(CommandError) as error:
        run(tmp_path, *cases)
    return str(error.value)


def test_the_reference_cases():
    if not REFERENCE.is_file():
        pytest.skip("нет справочных файлов: задайте REFERENCE_DIR")
    out = io.StringIO()
    call_command("worked_cases", str(REFERENCE), stdout=out)
    count = len(json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"])
    assert f"Примеров: {count}, сошлось: {count}, разошлось: 0, не понято: 0." in out.getvalue()


F = Fraction
TWO = {"tariff_cold_component": "51.07", "tariff_heat_component": "2411.93", "heat_norm_gcal_per_m3": "0.0589"}
VARIATIONS = {
    "cold water by the meter": case(
        "cold_water", "cold_water", {"meter": {"prev": "345.120", "curr": "357.345"}, "tariff": "41.13"},
        {"volume_m3": "12.225", "amount": fixed(F("12.225") * F("41.13"))},
    ),
    "cold water, K = 3, nobody lives there": case(
        "cold_water", "cold_water",
        {"residents": 0, "owners": 2, "norm": "5.11", "tariff": "37.77", "multiplier": "3", "period": "2026-03"},
        {"base_amount": fixed(2 * F("5.11") * F("37.77")), "uplift_amount": fixed(4 * F("5.11") * F("37.77"))},
    ),
    "cold water, K of the law by the month": case(
        "multiplier", "cold_water",
        {"residents": 1, "norm": "5.11", "tariff": "37.77", "meter": None, "meter_technically_possible": True,
         "period": "2025-11"},
        {"multiplier": "1.5", "uplift_amount": fixed(F("5.11") * F("37.77") / 2)},
    ),
    "hot water of one component, K": case(
        "multiplier", "hot_water", {"residents": 4, "norm": "2.97", "tariff": "201.17", "multiplier": "1.4"},
        {"base_amount": fixed(4 * F("2.97") * F("201.17")),
         "uplift_amount": fixed(4 * F("2.97") * F("201.17") * F("0.4"))},
    ),
    "hot water of two components by the meter": case(
        "hot_water", "hot_water", {**TWO, "metered_m3": "7.391"},
        {"volume_m3": "7.391", "cold_component": fixed(F("7.391") * F("51.07")),
         "heat_component": fixed(F("7.391") * F("0.0589") * F("2411.93")), "uplift_cold_component": "0.00"},
    ),
    "hot water, verification expired two months ago": case(
        "hot_water", "hot_water",
        {**TWO, "norm_m3_per_person": "3.19", "residents": 2, "period_index_after_expiry": 2, "multiplier_hot": "1.5",
         "history_6_months": ["4", "5", "4.5", "4", "6", "5"]},
        {"volume_m3": "4.75", "cold_component": fixed(F("28.5") / 6 * F("51.07")), "uplift_cold_component": "0.00"},
    ),
    "residents change, one component": case(
        "prorata", "cold_water",
        {"norm": "4.85", "tariff": "34.56",
         "occupancy": [{"count": 1, "from": "2026-04-01", "to": "2026-04-12"},
                       {"count": 4, "from": "2026-04-13", "to": "2026-04-30"}], "month_days": 30},
        {"amount": fixed((12 + 72) * F("4.85") * F("34.56") / 30), "effective_residents": "2.8"},
    ),
    "two guests in April": case(
        "prorata", "cold_water",
        {"permanent": 1, "norm": "4.85", "tariff": "34.56", "month_days": 30,
         "temporary": [{"from": "2026-04-03", "to": "2026-04-09"}, {"from": "2026-04-25", "to": "2026-04-30"}]},
        {"effective_residents": fixed(F(43, 30), 6), "amount": fixed(F(43, 30) * F("4.85") * F("34.56"))},
    ),
    "owner changes, capital repair": case(
        "prorata", "capital_repair",
        {"area": "61.3", "rate": "14.91", "month_days": 31, "owner_change_first_day_of_buyer": "2026-07-18"},
        {"seller_days": 17, "buyer_days": 14, "seller": fixed(F("61.3") * F("14.91") * 17 / 31),
         "buyer": fixed(F("61.3") * F("14.91") * 14 / 31)},
    ),
    "wastewater: both by norm": case(
        "wastewater", "wastewater", {"residents": 3, "norm_cold": "4.85", "norm_hot": "3.19", "tariff": "27.40"},
        {"volume_m3": "24.12", "amount": fixed(3 * F("8.04") * F("27.40"))},
    ),
    "wastewater: both by meters": case(
        "wastewater", "wastewater",
        {"cold_metered_m3": "3.111", "hot_metered_m3": "2.222", "residents": 3, "tariff": "27.40"},
        {"volume_m3": "5.333", "amount": fixed(F("5.333") * F("27.40"))},
    ),
    "hot water silent for two periods": case(
        "average", "hot_water",
        {"history_6_months": ["3", "3.1", "2.9", "3.3", "3.2", "2.7"], "tariff": "195.00", "residents": 1,
         "norm": "3.19", "periods_without_readings": 2},
        {"average_m3": fixed(F("18.2") / 6, 6), "periods_1_to_2_each": fixed(F("18.2") / 6 * 195)},
    ),
    "history too short: the plain norm at once": case(
        "average", "cold_water",
        {"history_2_months": ["3", "3.1"], "tariff": "34.56", "residents": 2, "norm": "4.85",
         "periods_without_readings": 1},
        {"period_1_amount": fixed(F("9.7") * F("34.56")), "period_1_multiplier": "1"},
    ),
    "meter replaced in July": case(
        "meter", "hot_water",
        {"month_days": 31, "old_prev": "8.5", "old_final": "10.1", "removed_on": "2026-07-03",
         "new_commissioned_on": "2026-07-10", "new_initial": "0.002", "new_reading": "2.502", "gap_days": 7,
         "average_monthly_m3": "3.1", "tariff": "195.00"},
        {"old_volume": "1.600", "gap_volume": "0.700", "new_volume": "2.500", "amount": fixed(F("4.8") * 195)},
    ),
    "heating by norm in the season": case(
        "heating", "heating", {"area": "61.7", "norm_gcal_m2": "0.0271", "tariff": "2511.19", "period": "2026-02"},
        {"amount": fixed(F("61.7") * F("0.0271") * F("2511.19"))},
    ),
    "heating by norm evenly, K printed": case(
        "heating", "heating", {"area": "61.7", "norm_gcal_m2": "0.0271", "k": "0.666667", "tariff": "2511.19"},
        {"amount": fixed(F("61.7") * F("0.0271") * F(8, 12) * F("2511.19"))},
    ),
    "heating by the building meter": case(
        "heating", "heating", {"odpu_gcal": "71.35", "total_area": "3811.2", "area": "61.7", "tariff": "2511.19"},
        {"volume_gcal": fixed(F("71.35") * F("61.7") / F("3811.2"), 6),
         "amount": fixed(F("71.35") * F("61.7") / F("3811.2") * F("2511.19"))},
    ),
    "heating corrected upwards": case(
        "heating", "heating",
        {"monthly_charged_gcal": "0.4",
         "tariffs": [{"months": "01-03", "value": "1900"}, {"months": "04-12", "value": "2000"}],
         "actual_monthly_gcal": ["1", "0.9", "0.8", "0.3", "0", "0", "0", "0", "0", "0.5", "0.8", "1.1"]},
        {"charged_total": fixed(F("0.4") * (3 * 1900 + 9 * 2000)), "actual_total": fixed(F("2.7") * 3900),
         "correction": fixed(F("2.7") * 3900 - F("0.4") * 23700)},
    ),
    "VAT of a shop at the rate of the law": case(
        "legal_entity", "heating",
        {"area": "40", "norm_gcal_m2": "0.02", "tariff_ex_vat": "2100.50", "vat_percent": "22", "period": "2026-01"},
        {"net_amount": fixed(F("0.8") * F("2100.50")), "vat_amount": fixed(F("0.8") * F("2100.50") * F("0.22"))},
    ),
    "heat of a room by living area": case(
        "communal_flat", "heating",
        {"flat_gcal": "2.01", "room_living_area": "11.1", "flat_living_area": "50.5", "tariff": "2100.07"},
        {"amount": fixed(F("2.01") * F("11.1") / F("50.5") * F("2100.07"))},
    ),
    "three zones": case(
        "electricity", "electricity",
        {"peak_kwh": "77", "half_peak_kwh": "101", "night_kwh": "55", "tariff_peak": "5.01", "tariff_half_peak": "4.68",
         "tariff_night": "2.96"},
        {"peak": fixed(77 * F("5.01")), "half_peak": fixed(101 * F("4.68")), "night": fixed(55 * F("2.96"))},
    ),
    "below the first range": case(
        "electricity", "electricity",
        {"consumption_kwh": "1234.5", "range_limits": ["3900", "6000"], "tariffs": ["4.93", "8.27", "9.47"]},
        {"range_kwh": ["1234.5"], "range_amounts": [fixed(F("1234.5") * F("4.93"))]},
    ),
    "electricity by norm": case(
        "electricity", "electricity", {"residents": 3, "norm_kwh_per_person": "90", "tariff": "4.93"},
        {"volume_kwh": "270", "amount": fixed(270 * F("4.93"))},
    ),
    "common needs by norm": case(
        "odn", "common_needs",
        {"norm_kwh_m2": "1.781", "common_area": "411.5", "area": "54.3", "total_area": "3011.1", "tariff": "4.93"},
        {"volume": fixed(F("1.781") * F("411.5") * F("54.3") / F("3011.1"), 6),
         "amount": fixed(F("1.781") * F("411.5") * F("54.3") / F("3011.1") * F("4.93"))},
    ),
    "common needs by the balance": case(
        "odn", "common_needs", {"house": "110", "apartments": "80", "area": "50", "total_area": "200"},
        {"volume": "7.5", "house_odn": "30"},
    ),
    "waste of two owners": case(
        "tko", "waste", {"residents": 0, "owners": 2, "norm_m3_year": "2.196", "tariff_m3": "641"},
        {"amount": fixed(2 * F("2.196") / 12 * 641)},
    ),
    "waste of a flat by area": case(
        "tko", "waste", {"area": "54.3", "unit": "м²", "norm_m3_year": "0.0792", "tariff_m3": "641"},
        {"amount": fixed(F("54.3") * F("0.0792") / 12 * 641)},
    ),
    "gas of a cooker": case(
        "gas", "gas", {"residents": 3, "norm": "10.1", "tariff": "7.61"}, {"amount": fixed(F("30.3") * F("7.61"))}
    ),
    "six full days away, two persons": case(
        "absence", "cold_water",
        {"departure": "2026-04-01", "arrival": "2026-04-08", "absent_residents": 2, "residents": 3, "norm": "4.85",
         "tariff": "34.56", "month_days": 30},
        {"full_days": 6, "reduction": fixed(12 * F("4.85") * F("34.56") / 30)},
    ),
    "electricity of somebody away": case(
        "absence", "electricity",
        {"full_days": 10, "month_days": 31, "absent_residents": 1, "norm": "90", "tariff": "4.93"},
        {"reduction": fixed(10 * F(90) * F("4.93") / 31), "heating_reduction": "0.00"},
    ),
    "waste of two away at different times": case(
        "tko", "waste",
        {"residents": 3, "norm_m3_year": "2.196", "tariff_m3": "641", "month_days": 30,
         "absent": [{"departure": "2026-06-01", "arrival": "2026-06-12"},
                    {"departure": "2026-06-05", "arrival": "2026-06-10"}]},
        {"reduction": fixed(10 * F("2.196") / 12 * 641 / 30),
         "amount": fixed(F(fixed(3 * F("2.196") / 12 * 641)) - F(fixed(10 * F("2.196") / 12 * 641 / 30)))},
    ),
    "cold water off for a day": case(
        "quality", "cold_water", {"charge": "1234.56", "interruption_hours_total": "25", "allowed_hours": "8"},
        {"excess_hours": "17", "percent": "2.55", "reduction": fixed(F("1234.56") * F("0.0255"))},
    ),
    "an interruption within its limit": case(
        "quality", "heating", {"charge": "3500.00", "interruption_hours_total": "24", "allowed_hours": "24"},
        {"excess_hours": "0", "percent": "0", "reduction": "0.00"},
    ),
    "never more than the whole charge": case(
        "quality", "heating", {"charge": "3000.00", "normative_c": "20", "actual_c": "12", "hours": "100"},
        {"percent": "100", "reduction": "3000.00"},
    ),
    "water too hot": case(
        "quality", "hot_water", {"charge": "1234.56", "normative_c": "75", "actual_c": "82", "hours": "48"},
        {"percent": "4.8", "reduction": fixed(F("1234.56") * F("0.048"))},
    ),
    "tepid water": case(
        "quality", "hot_water",
        {"month_hours": 744, "hours_below_40": "31", "volume_m3": "7.2", "tariff_hot": "201.17",
         "tariff_cold": "37.77"},
        {"volume_at_cold_tariff": "0.3", "reduction": fixed(F("0.3") * F("163.4"))},
    ),
    "hot water of one component shut down": case(
        "quality", "hot_water",
        {"residents": 3, "norm_m3_person": "3.19", "month_days": 30, "shutdown_days": 10, "tariff": "195.00"},
        {"not_supplied_m3": "3.19", "reduction": fixed(F("3.19") * 195)},
    ),
    "gas to cook and to heat": case(
        "gas", "gas",
        {"residents": 2, "norm": "10.1", "heated_area": "62.5", "norm_m3_m2": "11", "tariff": "7.61",
         "period": "2026-01"},
        {"volume_m3": "707.7", "amount": "5385.60"},
    ),
    "cold water, the dial has gone round": case(
        "meter", "cold_water", {"prev": "99990.500", "curr": "4.250", "digits": 5, "tariff": "40"},
        {"volume_m3": "13.75", "amount": "550.00"},
    ),
    "heating where some have meters": case(
        "heating", "heating",
        {"odpu_gcal": "60", "total_area": "3000", "tariff": "2000.00", "ipu_sum_gcal": "10", "metered_area": "1000",
         "premises": [{"id": "A", "area": "50", "ipu_gcal": "0.4"}, {"id": "B", "area": "60"}]},
        {"A": {"volume_gcal": fixed(F("0.4") + 50 * (60 - F(10) * 3) / 3000, 6),
               "amount": fixed((F("0.4") + 50 * (60 - F(10) * 3) / 3000) * 2000)},
         "B": {"amount": fixed((60 * F(10) / 1000 + 60 * (60 - F(10) * 3) / 3000) * 2000)}},
    ),
    "water of a room by residents": case(
        "communal_flat", "cold_water",
        {"flat_m3": "17.3", "room_residents": 2, "flat_residents": 5, "tariff": "34.56"},
        {"volume_m3": "6.92", "amount": fixed(F("6.92") * F("34.56"))},
    ),
    "debt first, penalty last": case(
        "payment", "payment", {"payment": "120.00", "debts": {"2026-04": "100.00"}, "penalty": "50.00"},
        {"to_principal": "100.00", "to_penalty": "20.00", "leftover": "0.00"},
    ),
    "payment of more than one month, the oldest first": case(
        "payment", "payment", {"payment": "900.00", "debts": {"2026-05": "700.00", "2026-04": "300.00"}},
        {"debts_after": {"2026-05": "100.00"}, "leftover": "0.00"},
    ),
    "payment above the debts": case(
        "payment", "payment", {"payment": "1100.00", "debts": [{"period": "2026-04", "amount": "1000.00"}]},
        {"allocation": [{"period": "2026-04", "amount": "1000.00"}], "remaining": [], "leftover": "100.00"},
    ),
    "fee of an order": case(
        "court_fee", "court_fee", {"claim": "123456.00", "filed": "2025-02-01"},
        {"claim_fee": "4704.00", "writ_fee": "2352.00"},
    ),
    "threshold not passed": case(
        "debt", "restriction",
        {"service": "hot_water", "residents": 1, "norm_m3_person": "3.19", "tariff": "195.00", "debt": "1244.10",
         "instalment_agreement_in_force": False},
        {"threshold": fixed(2 * F("3.19") * 195), "may_notify": False},
    ),
    "K of the second half of 2016": case(
        "multiplier", "hot_water", {"residents": 2, "norm": "3.19", "tariff": "134.56", "period": "2016-12"},
        {"multiplier": "1.4", "uplift_amount": fixed(F("6.38") * F("134.56") * F("0.4"))},
    ),
    "price of hot water made in the house, no flat named": case(
        "hot_water", "hot_water",
        {"tariff_cold_water": "40.5", "hot_water_house_m3": "140", "tariff_heat": "2000",
         "heat_gcal_for_heating_water": "8.4"},
        {"price_per_m3": fixed(F("40.5") + F("8.4") / 140 * 2000)},
    ),
    "meter commissioned on the last day of the month": case(
        "meter", "cold_water",
        {"month_days": 31, "old_prev": "250.100", "old_final": "252.300", "removed_on": "2026-07-12",
         "new_commissioned_on": "2026-07-31", "new_initial": "0", "new_reading": "0", "gap_days": 19,
         "average_monthly_m3": "6.2", "tariff": "34.56"},
        {"gap_volume": "3.8", "volume_m3": "6", "amount": fixed(6 * F("34.56"))},
    ),
    "the year of a correction is named": case(
        "heating", "heating",
        {"year": 2024, "monthly_charged_gcal": "0.5", "tariff": "2000",
         "actual_monthly_gcal": ["1", "1", "1", "1", "1", "1", "0", "0", "0", "0", "0", "0"]},
        {"charged_total": "12000.00", "actual_total": "12000.00", "correction": "0.00"},
    ),
    "a shop under the building meter": case(
        "legal_entity", "heating",
        {"odpu_gcal": "60", "total_area": "3000", "area": "85", "tariff_ex_vat": "2000", "vat_percent": "22"},
        {"net_amount": "3400.00", "vat_amount": "748.00", "amount": "4148.00"},
    ),
    "gas to cook and to heat water": case(
        "gas", "gas", {"residents": 3, "norm_cook": "10", "norm_water": "8.2", "tariff": "7.61"},
        {"volume_m3": "54.6", "amount": fixed(F("54.6") * F("7.61"))},
    ),
    "gas by a meter with a coefficient of temperature": case(
        "gas", "gas", {"volume_m3": "100", "temperature_coefficient": "1.03", "tariff": "7.61"},
        {"volume_m3": "103", "amount": fixed(103 * F("7.61"))},
    ),
    "lift by heads": case("housing", "lift", {"residents": 3, "rate": "80.15"}, {"amount": "240.45"}),
    "absence changes no heating": case(
        "absence", "heating", {"full_days": 14, "month_days": 30, "absent_residents": 1}, {"reduction": "0.00"}
    ),
    "absence where a meter could be": case(
        "absence", "cold_water",
        {"departure": "2026-04-01", "arrival": "2026-04-20", "norm": "4.85", "tariff": "34.56",
         "meter_technically_possible": True},
        {"full_days": 18, "reduction": "0.00"},
    ),
    "wastewater where meters could be: no K": case(
        "wastewater", "wastewater",
        {"residents": 3, "norm_cold": "4.85", "norm_hot": "3.19", "tariff": "27.40",
         "meter_technically_possible": True},
        {"volume_m3": "24.12", "amount": fixed(3 * F("8.04") * F("27.40"))},
    ),
    "wastewater: K of the waters is not its own": case(
        "wastewater", "wastewater",
        {"cold_metered_m3": "5.731", "residents": 2, "norm_hot": "3.19", "tariff": "27.40", "multiplier_hot": "1.5"},
        {"volume_m3": "12.111", "amount": "331.84"},
    ),
    "wastewater of a shop": case(
        "wastewater", "wastewater",
        {"cold_metered_m3": "5.731", "hot_metered_m3": "1.1", "tariff_ex_vat": "27.40", "vat_percent": "22"},
        {"net_amount": fixed(F("6.831") * F("27.40")), "vat_amount": fixed(F("187.17") * F("0.22")),
         "amount": fixed(F("187.17") + F("41.18"))},
    ),
    "guests over the month's edge": case(
        "prorata", "cold_water",
        {"permanent": 2, "temporary": [{"from": "2026-06-25", "to": "2026-07-05"}], "period": "2026-07",
         "norm": "4.85", "tariff": "34.56"},
        {"effective_residents": fixed(F(67, 31), 6), "amount": fixed(F(67, 31) * F("4.85") * F("34.56"))},
    ),
    "guests over the month's edge, the month by its days": case(
        "prorata", "cold_water",
        {"permanent": 2, "temporary": [{"from": "2026-06-25", "to": "2026-07-05"}], "month_days": 31,
         "norm": "4.85", "tariff": "34.56"},
        {"amount": fixed(F(67, 31) * F("4.85") * F("34.56"))},
    ),
    "no guests at all": case(
        "prorata", "cold_water",
        {"permanent": 2, "temporary": [], "month_days": 30, "norm": "4.85", "tariff": "34.56"},
        {"effective_residents": "2", "amount": fixed(2 * F("4.85") * F("34.56"))},
    ),
    "residents by rows longer than the month": case(
        "prorata", "hot_water",
        {**TWO, "norm_m3_per_person": "3.19", "period": "2026-07",
         "occupancy": [{"count": 2, "from": "2026-05-20", "to": "2026-07-15"},
                       {"count": 3, "from": "2026-07-16", "to": "2026-08-31"}]},
        {"effective_residents": fixed(F(78, 31), 6), "cold_component": ["157.66", "252.25"]},
    ),
    "heating of a shop": case(
        "heating", "heating",
        {"area": "85", "norm_gcal_m2": "0.0195", "k": "0.583333", "tariff_ex_vat": "2756.00", "vat_percent": "20",
         "period": "2026-07"},
        {"net_amount": "2664.71", "vat_amount": "532.94", "amount": "3197.65"},
    ),
    "heating of premises by the building meter, VAT of the law": case(
        "heating", "heating",
        {"odpu_gcal": "60", "total_area": "3000", "tariff_ex_vat": "2000.00", "period": "2026-02",
         "premises": [{"id": "A", "area": "50"}, {"id": "B", "area": "70"}]},
        {"A": {"net_amount": "2000.00", "vat_amount": "440.00", "amount": "2440.00"},
         "B": {"net_amount": "2800.00", "vat_amount": "616.00", "amount": "3416.00"}},
    ),
    "electricity of a shop": case(
        "electricity", "electricity", {"consumption_kwh": "250", "tariff_ex_vat": "8.11", "vat_percent": "22"},
        {"net_amount": "2027.50", "vat_amount": "446.05", "amount": "2473.55"},
    ),
    "cold water of a shop by readings": case(
        "meter", "cold_water", {"prev": "10", "curr": "17.5", "tariff_ex_vat": "30.01", "vat_percent": "22"},
        {"net_amount": "225.08", "vat_amount": "49.52", "amount": "274.60"},
    ),
    "waste of a shop": case(
        "tko", "waste",
        {"area": "40", "unit": "м²", "norm_m3_month": "0.02", "tariff_ex_vat": "500", "vat_percent": "22"},
        {"net_amount": "400.00", "vat_amount": "88.00", "amount": "488.00"},
    ),
    "repairs of a shop": case(
        "housing", "housing_maintenance", {"area": "40", "tariff_ex_vat": "25", "vat_percent": "22"},
        {"net_amount": "1000.00", "vat_amount": "220.00", "amount": "1220.00"},
    ),
    "common needs of a shop": case(
        "odn", "common_needs",
        {"odpu_m3": "950", "metered_flats_m3": "640", "normative_flats_m3": "240", "area": "60", "total_area": "3000",
         "tariff_ex_vat": "30", "vat_percent": "22"},
        {"volume_m3": "1.4", "net_amount": "42.00", "vat_amount": "9.24", "amount": "51.24"},
    ),
    "a meter of hot water in two components": case(
        "meter", "hot_water", {**TWO, "prev": "100", "curr": "107.391"},
        {"volume_m3": "7.391", "cold_component": fixed(F("7.391") * F("51.07")),
         "heat_component": fixed(F("7.391") * F("0.0589") * F("2411.93"))},
    ),
    "a meter of hot water replaced, two components": case(
        "meter", "hot_water",
        {**TWO, "month_days": 30, "old_prev": "250.100", "old_final": "252.300", "removed_on": "2026-06-12",
         "new_commissioned_on": "2026-06-15", "new_initial": "0.015", "new_reading": "3.415", "gap_days": 3,
         "average_monthly_m3": "6.0"},
        {"old_volume": "2.200", "gap_volume": "0.600", "new_volume": "3.400", "volume_m3": "6.200",
         "cold_component": fixed(F("6.2") * F("51.07")),
         "heat_component": fixed(F("6.2") * F("0.0589") * F("2411.93"))},
    ),
    "silent for one period, and what the three come to": case(
        "average", "cold_water",
        {"history_6_months": ["5.2", "4.8", "6.1", "5.5", "4.9", "5.1"], "tariff": "34.56", "residents": 2,
         "norm": "4.85", "periods_without_readings": 1},
        {"average_m3": "5.266667", "periods_1_to_3_each": "182.02", "period_1_amount": "182.02"},
    ),
    "silent for two periods, and what the three come to": case(
        "average", "cold_water",
        {"history_6_months": ["5.2", "4.8", "6.1", "5.5", "4.9", "5.1"], "tariff": "34.56", "residents": 2,
         "norm": "4.85", "periods_without_readings": 2},
        {"periods_1_to_3_each": "182.02", "periods_1_to_2_each": "182.02"},
    ),
    "heating, no month of payment": case(
        "heating", "heating",
        {"area": "55.44", "norm_gcal_m2": "0.0195", "k": "0", "tariff": "2371.72", "period": "2026-07"},
        {"amount": "0.00", "volume_gcal": "0"},
    ),
    "one debt and its penalty": case(
        "payment", "payment", {"payment": "1700.00", "debt": "1500.00", "penalty": "300.00"},
        {"principal_paid": "1500.00", "penalty_paid": "200.00"},
    ),
    "reversed on the day of the payment": case(
        "payment", "payment",
        {"original": {"date": "2026-03-10", "amount": "77.77", "account": "1"}, "reversal_date": "2026-03-10",
         "correct_account": "2"},
        {"account_1_effect": "-77.77", "account_2_effect": "77.77", "value_date_for_2": "2026-03-10"},
    ),
    "penalty by its own reader": case(
        "penalty", "penalty", {"principal": "5000.00", "days": 10, "rate_percent_fixed": "15", "fraction": "1/300"},
        {"amount": fixed(F(5000) * 10 * F("0.15") / 300)}, rule="contract penalty",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation(tmp_path, name):
    assert "сошлось: 1" in run(tmp_path, VARIATIONS[name])


def test_nothing_is_left_in_the_database(tmp_path):
    make.norm(2, "7.77")  # a norm of the installation is in nobody's way and stays
    tables = (House, Person, PersonalAccount, Tariff, Norm, LawValue, Payment, OperatingDay)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    reversed_payment = case(
        "payment", "payment",
        {"original": {"date": "2026-09-10", "amount": "10.00", "account": "X"}, "reversal_date": "2026-09-11",
         "correct_account": "Y"},
        {"account_X_effect": "-10.00", "account_Y_effect": "10.00", "value_date_for_Y": "2026-09-10"},
    )  # fmt: skip
    run(tmp_path, {**VARIATIONS["cold water, K = 3, nobody lives there"], "id": "X-2"}, reversed_payment)
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_a_wrong_expectation_is_named(tmp_path):
    right = VARIATIONS["three zones"]
    wrong = {**right, "id": "X-2", "expected": {**right["expected"], "peak": "385.78"}}
    told = refused(tmp_path, right, wrong)
    assert told.startswith("Не сошлись: X-2.")
    assert "peak: 385.77 ≠ 385.78" in told
    assert "night: 162.80 = 162.80" in told
    assert "Примеров: 2, сошлось: 1, разошлось: 1, не понято: 0." in told


def test_a_kopeck_is_forgiven_only_where_the_note_speaks_of_rounding(tmp_path):
    right = VARIATIONS["three zones"]
    noted = {**right, "expected": {"peak": "385.78"}, "note": "Source prints 385.78; half-up gives 385.77."}
    assert "peak: 385.77 ≈ (в пределах копейки) 385.78" in run(tmp_path, noted)
    assert "X-1" in refused(tmp_path, {**noted, "expected": {"peak": "385.79"}})


@pytest.mark.parametrize("name", sorted(VARIATIONS))
def test_an_unknown_input_is_refused_by_name(tmp_path, name):
    known = VARIATIONS[name]
    told = refused(tmp_path, {**known, "inputs": {**known["inputs"], "phase_of_the_moon": "0.5"}})
    assert "phase_of_the_moon" in told
    assert "не понято: 1" in told


def test_an_unknown_input_of_a_row_is_refused_by_name(tmp_path):
    known = VARIATIONS["two guests in April"]
    guests = [{**known["inputs"]["temporary"][0], "mood": "good"}]
    assert "temporary[1].mood" in refused(tmp_path, {**known, "inputs": {**known["inputs"], "temporary": guests}})


def test_an_unknown_expectation_is_refused_by_name(tmp_path):
    known = VARIATIONS["three zones"]
    told = refused(tmp_path, {**known, "expected": {**known["expected"], "dawn": "1.00"}})
    assert "не понятно, что ожидается: dawn" in told


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"residents": 3, "tariff": "34.56"}, "нет норматива"),
        ({"residents": 3, "norm": "4.85"}, "нет входных данных «tariff»"),
        ({"residents": "трое", "norm": "4.85", "tariff": "1"}, "residents: «трое» не число"),
        ({"residents": 1.5, "norm": "4.85", "tariff": "1"}, "residents: 1.5 — нужно целое"),
        ({"residents": 1, "norm": "NaN", "tariff": "1"}, "norm: «NaN» не число"),
        ({"residents": 1, "norm": "1", "norm_m3_per_person": "1", "tariff": "1"}, "дано дважды"),
        ({"residents": 1, "norm": "1", "tariff": "1", "period": "вчера"}, "Месяц «вчера» не понят"),
        ({"residents": 1, "norm": "1", "tariff": "1", "period": "2026-06", "month_days": 31}, "дней 30, а не 31"),
        ({"residents": 1, "norm": "1", "tariff": "1", "month_days": 33}, "месяца в 33 дней не бывает"),
        ({"permanent": 1, "temporary": [{"from": "2026-06-20", "to": "2026-06-11"}], "norm": "1", "tariff": "1"},
         "раньше начала"),
    ],
)  # fmt: skip
def test_inputs_that_make_no_sense(tmp_path, inputs, told):
    assert told in refused(tmp_path, case("cold_water", "cold_water", inputs, {"amount": "1.00"}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"inputs": {"residents": 1, "norm": "1", "tariff": "-1"}}, "такие данные не бывают"),
        ({"kind": "astrology"}, "вид «astrology» не понят"),
        ({"service": "telegraph"}, "услуга «telegraph» не понята"),
    ],
)
def test_no_such_kind_or_service_or_price(tmp_path, change, told):
    assert told in refused(tmp_path, {**VARIATIONS["cold water by the meter"], **change})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "пуст"),
        ("   \n", "пуст"),
        ("{", "не JSON: строка 1"),
        ("[]", "нет списка «cases»"),
        ('{"cases": {}}', "нет списка «cases»"),
        ('{"cases": []}', "список «cases» пуст"),
        ('{"cases": [1]}', "пример 1: это не объект"),
        ('{"cases": [{"id": "A", "kind": "tko", "inputs": {}}]}', "пример 1 (A): нет поля «expected»"),
        ('{"cases": [{"id": "A", "kind": "tko", "inputs": [], "expected": {"amount": "1"}}]}', "нет поля «inputs»"),
        ('{"cases": [{"id": "A", "kind": "tko", "inputs": {}, "expected": {}}]}', "ничего не ожидается"),
        ('{"cases": [{"id": "A", "kind": "tko", "inputs": {}, "expected": {"a": 1}, "dye": 1}]}', "лишние поля: dye"),
        ('{"cases": [' + ", ".join(['{"id": "A", "kind": "tko", "inputs": {}, "expected": {"a": 1}}'] * 2) + "]}",
         "повторяется: A"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_book_of_cases(tmp_path, text, told):
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"[а-я]") as error:
        call_command("worked_cases", str(path), stdout=io.StringIO())
    assert told in str(error.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(CommandError, match=r"Нет файла|такого файла"):
        call_command("worked_cases", str(tmp_path / "none.json"), stdout=io.StringIO())
    path = tmp_path / "picture.json"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(CommandError, match="не прочитан"):
        call_command("worked_cases", str(path), stdout=io.StringIO())
    with pytest.raises(CommandError, match="это папка"):
        call_command("worked_cases", str(tmp_path), stdout=io.StringIO())


def test_one_case_alone(tmp_path):
    other = {**VARIATIONS["three zones"], "id": "X-2", "expected": {"peak": "1.00"}}
    assert "Примеров: 1, сошлось: 1" in run(tmp_path, VARIATIONS["three zones"], other, case=["X-1"])
    with pytest.raises(CommandError, match="нет примера X-9"):
        run(tmp_path, VARIATIONS["three zones"], case=["X-9"])


def test_a_shape_nobody_thought_of_does_not_hide_the_other_cases(tmp_path):
    known = VARIATIONS["penalty by its own reader"]
    odd = {**known, "id": "X-2", "inputs": {**known["inputs"], "payments": 5}}
    told = refused(tmp_path, odd, VARIATIONS["three zones"])
    assert told.startswith("Не сошлись: X-2.")
    assert "X-1 (electricity): сошёлся" in told
