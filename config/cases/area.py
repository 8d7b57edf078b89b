"""Worked cases of what goes by square metres or by heads without a meter: housing, waste, gas by the norm."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.calendar import Month
from accounts.kinds import Resource
from accounts.money import total
from billing import operations
from billing.kinds import Kind
from billing.models import Charge, NormBasis, ProvisionMethod
from config.cases import breaks, water
from config.cases.answers import Answer
from config.cases.given import Given, one_of
from config.cases.penalty import NotUnderstood
from config.cases.stage import Stage, posted, service_id

COOKING = ("norm_cook", "norm_stove_m3_person", "norm_cooking_m3_person", "norm_m3_per_person_month")
HEATING_WATER = ("norm_water", "norm_water_heating", "norm_heater_m3_person", "norm_water_m3_person")
REMOVED = ("removed_monthly_m3", "containers_monthly_m3", "removed_m3_month")
# Σ of the key of the house: by residents, by m²
WHOLE = (("house_residents", "total_residents"), ("total_area", "house_area"))
PERSON, METRE = {"чел.", "чел", "person", "persons"}, {"м²", "м2", "кв. м", "m2", "m²"}


def housing(given: Given, case: Any) -> Answer:
    """Area × rate, persons × rate (a lift, by a meeting's decision), or a sum from the flat."""
    by_heads = given.has("residents") and not given.has("area")
    stage = Stage(
        given.month_of(), area=given.number("area", default=None),
        persons=given.whole("residents", default=0), owners=given.whole("owners", default=1), vat=given.vat(),
    )  # fmt: skip
    service = service_id(str(case["service"]))
    method = ProvisionMethod.PER_M2 if given.has("area") else ProvisionMethod.PER_ACCOUNT
    if by_heads:
        method = ProvisionMethod.NORM_PERSON
        stage.norm(service, Decimal(1))
    stage.serve(service, method)
    stage.price(service, given.number("rate", "tariff", "minimum_contribution", "contribution"))
    return water.amounts(stage.bill(), service)


def waste(given: Given, case: Any) -> Answer:
    """ТКО by persons (ф. 9(1)) or by area (ф. 9(2)); legacy norms are monthly."""
    if given.has("tko_year_recalc", *REMOVED):
        return waste_of_year(given, case)
    if given.has("absent"):
        return breaks.absence(given, case)
    service = service_id(str(case["service"]))
    unit = given.raw("unit", default=None)
    by_area = given.has("area") and not given.has("residents")
    if unit is not None:
        one_of("unit", unit, PERSON | METRE)
        by_area = unit in METRE
    if given.has("area") and given.has("residents") and unit is None:
        raise NotUnderstood("даны и area, и residents: нужно unit, чтобы знать, чей норматив.")
    # A norm of one head or one metre without their number is priced for one.
    area = given.number("area", default=Decimal(1)) if by_area else None
    persons = 0 if by_area else given.whole("residents", default=None if given.has("owners") else 1) or 0
    owners = given.whole("owners", default=1)
    stage = Stage(given.month_of(), area=area, persons=persons, owners=owners, vat=given.vat())
    yearly = given.name_of(
        "norm_m3_year", "norm_m3_month", "norm_m3_m2_year", "norm_m3_m2_month", "norm_m3_per_m2_year"
    )
    if yearly is None:
        raise NotUnderstood("нет норматива: norm_m3_year или norm_m3_month.")
    basis = {
        (False, True): NormBasis.PERSON_YEAR, (False, False): NormBasis.PERSON_MONTH,
        (True, True): NormBasis.M2_YEAR, (True, False): NormBasis.M2_MONTH,
    }[by_area, yearly.endswith("year")]  # fmt: skip
    stage.norm(service, given.number(yearly), basis)
    stage.serve(service, ProvisionMethod.NORM_AREA if by_area else ProvisionMethod.NORM_PERSON)
    stage.price(service, given.number("tariff_m3", "tariff"))
    return water.amounts(stage.bill(), service)


def waste_of_year(given: Given, case: Any) -> Answer:
    """A year charged by the norm and recalculated by what was removed from the house (п. 148(30), ф. 9(3), 9(4))."""
    service = service_id(str(case["service"]))
    year = given.whole("year", default=None) or given.month_of(default="2025-01").first.year
    months = [Month.parse(f"{year}-{number:02}") for number in range(1, 13)]
    by_area = given.has("area") and not given.has("residents")
    area = given.number("area", default=None)
    persons = 0 if by_area else given.whole("residents", default=0)
    stage = Stage(months[0], area=area, persons=persons, owners=given.whole("owners", default=1), vat=given.vat())
    if given.flag("tko_year_recalc", default=True):
        stage.law("tko_year_recalc", Decimal(1))
    rest = given.number(*WHOLE[by_area]) - (area if by_area and area is not None else persons or stage_owners(given))
    if rest < 0 or (not by_area and rest != int(rest)):
        raise NotUnderstood(f"{WHOLE[by_area][0]}: меньше, чем у самого помещения.")
    if rest:
        stage.flat(area=rest if by_area else Decimal(50), persons=0 if by_area else int(rest))
    yearly = given.name_of("norm_m3_year", "norm_m3_month", "norm_m3_m2_year", "norm_m3_m2_month")
    if yearly is None:
        raise NotUnderstood("нет норматива: norm_m3_year или norm_m3_month.")
    bases = (NormBasis.M2_MONTH, NormBasis.M2_YEAR) if by_area else (NormBasis.PERSON_MONTH, NormBasis.PERSON_YEAR)
    stage.norm(service, given.number(yearly), bases[yearly.endswith("year")])
    stage.serve(service, ProvisionMethod.NORM_AREA if by_area else ProvisionMethod.NORM_PERSON)
    for month, price in _prices(given, months):
        stage.price(service, price, valid_from=month.first, valid_to=month.next.first)
    for month, volume in zip(months, _removed(given), strict=True):
        stage.house_volume(service, month, volume)
    for row in given.rows("absent", "absences", default=[]):
        breaks.away(stage, *breaks.span(row, None), row.whole(*breaks.AWAY, default=1))
    charged = Decimal(0)
    for month in months:
        bill = stage.bill(month)
        posted(bill, stage, month)
        charged += bill.amount(stage.account)
    into = months[-1] + 3  # March: the last month of the first quarter
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('billing_charge', %s)", [into.first])
    operations.recalculate_waste(year=year, into=into, house_ids=[stage.house.pk])
    mine = Charge.objects.filter(account=stage.account, month=into.first, kind=Kind.RECALCULATION)
    correction = total(mine.values_list("amount", flat=True))
    volume = sum(filter(None, mine.values_list("volume", flat=True)), Decimal(0))
    return {
        "charged_total": charged, "actual_total": charged + correction, "correction": correction,
        "recalculation": correction, "correction_volume": volume, "volume_m3": volume,
    }  # fmt: skip


def stage_owners(given: Given) -> int:
    """Heads of a flat in which nobody lives: its owners."""
    return int(given.whole("owners", default=1))


def _prices(given: Given, months: list[Month]) -> list[tuple[Month, Decimal]]:
    if given.has("tariff_m3"):
        return [(month, given.number("tariff_m3")) for month in months]
    return water.prices_of_year(given, months)


def _removed(given: Given) -> list[Decimal]:
    """m³ taken out of the house by months: told one by one, or so much each month."""
    values = given.raw(*REMOVED)
    if not isinstance(values, list):
        return [given.number(*REMOVED)] * 12
    removed: list[Decimal] = given.numbers(*REMOVED)
    if len(removed) != 12:
        raise NotUnderstood(f"{REMOVED[0]}: нужно двенадцать месяцев.")
    return removed


def gas(given: Given, case: Any) -> Answer:
    """Gas by meter or norm; for heating by m², a monthly profile or the year as a whole."""
    service = service_id(str(case["service"]))
    if not given.has("heated_area", *COOKING, *HEATING_WATER):
        return water.consumption(given, case)
    january = Month.parse("2026-01")
    month = given.month_of(default=str(january))
    cooks = given.has("residents", "owners", *water.PERSON_NORMS, *COOKING, *HEATING_WATER)
    stage = Stage(
        month, area=given.number("heated_area", default=None), persons=given.whole("residents", default=0),
        owners=given.whole("owners", default=1), impossible=[Resource.GAS], vat=given.vat(),
    )  # fmt: skip
    if cooks:
        # the norm of a person in a house where gas both cooks and heats water
        norms = [given.number(*names) for names in (water.PERSON_NORMS + COOKING, HEATING_WATER) if given.has(*names)]
        stage.norm(service, sum(norms, Decimal(0)))
    if not given.has("heated_area"):
        stage.serve(service)
        stage.price(service, given.number("tariff"))
        return water.amounts(stage.bill(), service)
    yearly = ("profile_sum", "norm_m3_m2_year", "norm_annual")
    monthly = ("norm_m3_m2", "norm_m3_m2_month", "norm_heating", "norm_heating_m3_m2")
    if given.has(*yearly):
        stage.norm(service, given.number(*yearly), NormBasis.M2_YEAR)
    elif given.has("profile"):
        for number, value in enumerate(_profile(given), 1):
            first = Month.parse(f"2026-{number:02}")
            stage.norm(service, value, NormBasis.M2_MONTH, valid_from=first.first, valid_to=first.next.first)
    else:
        stage.norm(service, given.number(*monthly), NormBasis.M2_MONTH)
    stage.serve(service, ProvisionMethod.METERED if cooks else ProvisionMethod.NORM_AREA)
    stage.price(service, given.number("tariff"))
    found = water.amounts(stage.bill(), service)
    bills = [stage.bill(step) for step in Month.range(january, january + 11)]
    if given.has(*yearly) and not cooks:
        # Only the year is told, and no month of it: the check of a profile is one product, rounded once.
        whole = Stage(month, area=given.number("heated_area"), vat=given.vat())
        whole.norm(service, given.number(*yearly), NormBasis.M2_MONTH)
        whole.serve(service, ProvisionMethod.NORM_AREA)
        whole.price(service, given.number("tariff"))
        bills = [whole.bill()]
    found["year_volume_m3"] = found["year_volume"] = sum((bill.volume() for bill in bills), Decimal(0))
    found["year_amount"] = sum((bill.amount() for bill in bills), Decimal(0))
    return found


def _profile(given: Given) -> list[Decimal]:
    values: list[Decimal] = given.numbers("profile")
    if len(values) != 12:
        raise NotUnderstood("profile: нужно двенадцать месяцев.")
    return values


KINDS: dict[str, Callable[[Given, Any], Answer]] = {"housing": housing, "tko": waste, "gas": gas}
