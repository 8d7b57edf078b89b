"""Worked cases of what was not consumed or not supplied well: absence, interruptions, bad quality."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.utils import timezone

from accounts.calendar import ONE_DAY, Month
from accounts.kinds import HeatingMode, Resource
from accounts.models import Absence, Person
from billing.formulas import absence as absences
from billing.formulas import quality as qualities
from billing.kinds import Relief
from billing.models import Breach, NormBasis, ProvisionMethod, QualityEvent, QualityRule
from config.cases import water
from config.cases.answers import Answer
from config.cases.given import Given
from config.cases.penalty import NotUnderstood
from config.cases.stage import Bill, Stage, service_id, without_meters

HEATING, COMMON = 5, 16
OFF = {
    "cold_water": Breach.COLD_WATER_OFF, "hot_water": Breach.HOT_WATER_OFF, "wastewater": Breach.WASTEWATER_OFF,
    "electricity": Breach.ELECTRICITY_OFF, "gas": Breach.GAS_OFF, "heating": Breach.HEATING_OFF,
    "waste": Breach.WASTE_LATE,
}  # fmt: skip
TEMPERATURE = {"heating": Breach.HEATING_TEMPERATURE, "hot_water": Breach.HOT_WATER_TEMPERATURE}
FULL_DAYS = ("full_days", "full_absence_days")
HOURS = ("interruption_hours_total", "interruption_hours", "hours_total", "outage_hours", "delay_hours")
TOKEN_NORM, TOKEN_PRICE = Decimal("0.02"), Decimal(100)  # of what stands beside and must not move
AWAY = ("absent_residents", "absent_persons")


# --- absence ----------------------------------------------------------------------------------------------------------


def span(given: Given, month: Month | None) -> tuple[date, date]:
    """Departure and return, both days of presence; full days alone begin on the 1st of the month."""
    if given.has(*FULL_DAYS) and month is not None:
        days = given.whole(*FULL_DAYS)
        return month.first - ONE_DAY, month.first + timedelta(days=days)
    left, back = given.day("departure", "left_on"), given.day("arrival", "returned_on", "return")
    if back <= left:
        raise NotUnderstood(f"возвращение {back} не позже отъезда {left}.")
    return left, back


def _month(given: Given, rows: list[Given]) -> Month:
    if given.has(*FULL_DAYS) or given.has("period", "month", "billing_period"):
        return given.month_of()
    left, _ = span(rows[0], None)
    return given.month_of(day=left)


def away(stage: Stage, left: date, back: date, persons: int) -> int:
    """A document of absence. Returns its full days by the engine's own count."""
    Absence.objects.create(
        premises=stage.account.premises, persons=persons, valid_from=left, valid_to=back, applied_on=back,
        document="по условию примера", person=Person.objects.create(last_name="Примеров", first_name="Пётр"),
    )  # fmt: skip
    return int(pl.select(absences.full_days(pl.lit(left), pl.lit(back))).item())


def _taken(bill: Bill, service: int, grounds: tuple[Relief, ...], component: int | None = None) -> pl.DataFrame:
    rows = bill.calculation.relief.filter(
        (pl.col("service_id") == service) & pl.col("relief").is_in([int(ground) for ground in grounds])
    )
    return rows if component is None else rows.filter(pl.col("component") == component)


def _sum(rows: pl.DataFrame, name: str = "amount") -> Decimal:
    empty = Decimal("0.00") if name == "amount" else Decimal(0)
    return sum(rows[name].drop_nulls().to_list(), empty)


def absence(given: Given, case: Any) -> Answer:
    """п. 86–90: the norm of those away more than five full days, where a meter cannot be installed."""
    rows = given.rows("absent", "absences", default=None) or [given]
    month = _month(given, rows)
    persons = given.whole(*AWAY, default=1)
    code = str(case["service"])
    service = service_id(code)
    stage = Stage(
        month, persons=max(given.whole("residents", default=0), persons, len(rows)), heating=HeatingMode.EVEN,
        impossible=without_meters(given),
    )  # fmt: skip
    days = sum(away(stage, *span(row, month), persons) for row in rows)
    _charged_by_persons(given, stage, code, service)
    bill = stage.bill()
    grounds = (Relief.ABSENCE,)
    off = _taken(bill, service, grounds)
    found: Answer = {
        "full_days": days, "full_absence_days": days, "reduction": _sum(off), "reduction_volume": _sum(off, "volume"),
        "reduction_m3": _sum(off, "volume"), "amount": bill.amount(service=service),
        "reduction_cold": _sum(_taken(bill, service, grounds, 1)),
        "reduction_heat": _sum(_taken(bill, service, grounds, 2)),
        "heating_reduction": _sum(_taken(bill, HEATING, grounds)),
        "common_needs_reduction": _sum(_taken(bill, COMMON, grounds)),
    }  # fmt: skip
    return found | {"recalculation": -found["reduction"], "base_amount": found["amount"] + found["reduction"]}


def _charged_by_persons(given: Given, stage: Stage, code: str, service: int) -> None:
    """What the flat is charged for by heads; heat and common needs beside it, which no absence touches (п. 88)."""
    for other, method, norm in (
        (HEATING, ProvisionMethod.HEATING_NORM, NormBasis.M2_MONTH),
        (COMMON, ProvisionMethod.COMMON_NORM, NormBasis.COMMON_M2_MONTH),
    ):
        mine = other == service
        stage.serve(other, method)
        stage.norm(other, given.number("norm_gcal_m2", "norm", default=Decimal("0.02")) if mine else TOKEN_NORM, norm)
        stage.price(other, given.number("tariff", default=TOKEN_PRICE) if mine else TOKEN_PRICE)
    if service in {HEATING, COMMON}:
        return
    if code == "waste":
        yearly = given.name_of("norm_m3_year", "norm_m3_month")
        if yearly is None:
            raise NotUnderstood("нет норматива: norm_m3_year или norm_m3_month.")
        basis = NormBasis.PERSON_YEAR if yearly == "norm_m3_year" else NormBasis.PERSON_MONTH
        stage.norm(service, given.number(yearly), basis)
        stage.serve(service, ProvisionMethod.NORM_PERSON)
    elif code == "wastewater":
        for number, name in ((water.COLD, "norm_cold"), (water.HOT, "norm_hot")):
            if given.has(name):
                stage.serve(number)
                stage.price(number, Decimal(1))
                stage.norm(number, given.number(name))
        stage.serve(service, ProvisionMethod.WASTEWATER)
    else:
        _two_or_one(given, stage, service)
        return
    stage.price(service, given.number("tariff_m3", "tariff", "tariff_wastewater"))


def _two_or_one(given: Given, stage: Stage, service: int) -> None:
    two = given.has("tariff_cold_component", "tariff_heat_component")
    stage.serve(service, components=2 if two else 1)
    stage.norm(service, given.number(*water.PERSON_NORMS))
    if two:
        stage.norm(service, given.number("heat_norm_gcal_per_m3"), NormBasis.PER_M3)
        stage.price(service, given.number("tariff_cold_component"), component=1)
        stage.price(service, given.number("tariff_heat_component"), component=2)
    else:
        stage.price(service, given.number(*water.TARIFFS))


# --- quality ----------------------------------------------------------------------------------------------------------


def quality(given: Given, case: Any) -> Answer:
    """прил. 1: percent of the month's charge, water colder than 40 °C, volume that did not come."""
    code = str(case["service"])
    if given.has("hours_below_40"):
        return _below_40(given)
    if given.has("shutdown_days", "shutdown_hours"):
        return _not_supplied(given, code)
    return _percent(given, code)


def _event(stage: Stage, service: int, breach: Breach, hours: Decimal, **facts: Any) -> None:
    """An act that counts so many hours of the month."""
    if hours <= 0 or hours != int(hours) or hours > stage.month.days * 24:
        raise NotUnderstood(f"часов нарушения {hours}: нужно целое число в пределах месяца.")
    start = timezone.make_aware(datetime.combine(stage.month.first, time()))
    QualityEvent.objects.create(
        house=stage.house, service_id=service, breach=breach, started_at=start, hours=hours,
        ended_at=start + timedelta(days=stage.month.days), act="по условию примера", **facts,
    )  # fmt: skip


def _rule(breach: Breach, **facts: Any) -> None:
    """The case states its own limit or rate of прил. 1."""
    told = {name: value for name, value in facts.items() if value is not None}
    if told:
        QualityRule.objects.filter(breach=breach).update(**told)


def _percent(given: Given, code: str) -> Answer:
    service = service_id(code)
    degrees = given.has("normative_c", "actual_c")
    breaches = TEMPERATURE if degrees else OFF
    if code not in breaches:
        raise NotUnderstood(f"service: снижение платы по услуге «{code}» не умею.")
    breach = breaches[code]
    stage = Stage(given.month_of())
    stage.serve(service, ProvisionMethod.PER_ACCOUNT)
    stage.price(service, given.number("charge", "month_charge"))
    allowed = given.whole("allowed_hours", "allowed_hours_total", default=None)
    _rule(breach, allowed_hours=allowed, percent=given.number("percent_per_hour", default=None))
    hours = given.number("hours", *HOURS)
    if degrees:
        temperatures = {"normative_c": given.number("normative_c"), "actual_c": given.number("actual_c")}
        _event(stage, service, breach, hours, **temperatures)
    else:
        _event(stage, service, breach, hours)
    bill = stage.bill()
    off = _taken(bill, service, (Relief.QUALITY,))
    found: Answer = {
        "reduction": _sum(off), "percent": _sum(off, "quantity"), "amount": bill.amount(service=service),
    }  # fmt: skip
    if not degrees:
        limit = QualityRule.objects.filter(breach=breach).values_list("allowed_hours", flat=True)[0]
        names = [pl.lit(int(number)) for number in (hours, limit, 0)]
        found["excess_hours"] = Decimal(int(pl.select(qualities.excess_hours(*names)).item()))
    return found


def _below_40(given: Given) -> Answer:
    stage = Stage(given.month_of())
    stage.used(Resource.HOT_WATER, [given.number("volume_m3")])
    stage.used(Resource.COLD_WATER, [Decimal(0)])
    for service, name in ((water.HOT, "tariff_hot"), (water.COLD, "tariff_cold")):
        stage.serve(service)
        stage.price(service, given.number(name))
    _event(stage, water.HOT, Breach.HOT_WATER_BELOW_40, given.number("hours_below_40"))
    bill = stage.bill()
    off = _taken(bill, water.HOT, (Relief.NOT_SUPPLIED,))
    return {
        "volume_at_cold_tariff": _sum(off, "volume"), "reduction": _sum(off), "amount": bill.amount(service=water.HOT),
    }  # fmt: skip


def _not_supplied(given: Given, code: str) -> Answer:
    if code not in OFF:
        raise NotUnderstood(f"service: перерыв услуги «{code}» не умею.")
    service = service_id(code)
    stage = Stage(
        given.month_of(), persons=given.whole("residents", default=0), owners=given.whole("owners", default=1),
        impossible=without_meters(given),
    )  # fmt: skip
    _two_or_one(given, stage, service)
    hours = given.number("shutdown_days") * 24 if given.has("shutdown_days") else given.number("shutdown_hours")
    _event(stage, service, Breach.HOT_WATER_REPAIR if code == "hot_water" else OFF[code], hours)
    bill = stage.bill()
    grounds = (Relief.NOT_SUPPLIED,)
    off = _taken(bill, service, grounds)
    volume = _sum(off.filter(pl.col("component") < 2), "volume")
    beyond = _taken(bill, service, (Relief.QUALITY,))
    return {
        "not_supplied_m3": volume, "not_supplied": volume, "not_supplied_kwh": volume,
        "reduction_cold": _sum(_taken(bill, service, grounds, 1)),
        "reduction_heat": _sum(_taken(bill, service, grounds, 2)),
        "reduction": _sum(off), "percent": _sum(beyond, "quantity"), "percent_reduction": _sum(beyond),
        "amount": bill.amount(service=service),
    }  # fmt: skip


KINDS: dict[str, Callable[[Given, Any], Answer]] = {"absence": absence, "quality": quality}
