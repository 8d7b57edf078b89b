"""Worked cases of electricity: zones, ranges, the social norm."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from accounts.kinds import Resource
from billing.kinds import Kind
from billing.models import NormBasis
from config.cases import water
from config.cases.answers import Answer, Steps
from config.cases.given import Given
from config.cases.penalty import NotUnderstood
from config.cases.stage import Stage, service_id, without_meters

# A meter of three zones counts its peak first (charges.md 3.2).
ZONES = {2: ("day", "night"), 3: ("peak", "night", "half_peak")}
SPELLED = {"half_peak": ("half_peak", "halfpeak", "semi_peak")}
CONSUMED = ("consumption_kwh", "kwh", "volume_kwh", "consumption", "own_kwh")


def electricity(given: Given, case: Any) -> Answer:
    service = service_id(str(case["service"]))
    zones = _zones(given)
    if not zones and not given.has(*CONSUMED):
        return water.consumption(given, case)
    vat = given.vat()
    stage = Stage(
        given.month_of(), persons=given.whole("residents", default=0), owners=given.whole("owners", default=1),
        vat=vat, impossible=without_meters(given),
    )  # fmt: skip
    stage.serve(service)
    limits = [limit * given.number("limit_factor", default=1) for limit in given.numbers("range_limits", default=[])]
    ratio = given.number("ratio", "transformer_ratio", default=Decimal(1))
    if not zones:
        _one_rate(given, stage, service, limits)
        stage.used(Resource.ELECTRICITY, [given.number(*CONSUMED)], ratio=ratio)
    else:
        volumes = []
        for number, zone in enumerate(zones, 1):
            names = SPELLED.get(zone, (zone,))
            volumes.append(given.number(*(f"{name}_kwh" for name in names)))
            many = tuple(f"tariffs_{name}" for name in names)
            if given.has(*many):
                stage.ranges(service, limits, given.numbers(*many), zone=number)
            else:
                stage.price(service, given.number(*(f"tariff_{name}" for name in names)), zone=number)
        stage.used(Resource.ELECTRICITY, volumes, ratio=ratio)
    bill = stage.bill()
    found = water.amounts(bill, service)
    numbers = sorted({line.range for line in bill.of(service=service)})
    found["range_kwh"] = Steps(bill.volume(service=service, number=number) for number in numbers)
    found["range_amounts"] = Steps(bill.amount(service=service, number=number) for number in numbers)
    for number, (within, amount) in enumerate(zip(found["range_kwh"], found["range_amounts"], strict=True), 1):
        found[f"range_{number}_kwh"], found[f"range_{number}_amount"] = within, amount
    if given.has("tariff_within"):
        found["within_kwh"], found["above_kwh"] = bill.volume(number=1), bill.volume(number=2)
        found["within_amount"], found["above_amount"] = bill.amount(number=1), bill.amount(number=2)
    for number, zone in enumerate(zones, 1):
        for name in SPELLED.get(zone, (zone,)):
            found[name] = bill.amount(service=service, zone=number)
            found[f"{name}_amount"] = found[name]
            found[f"{name}_kwh"] = bill.volume(service=service, zone=number)
            parts = [bill.of(service=service, zone=number, number=step, kinds=[Kind.CHARGE]) for step in numbers]
            found[f"{name}_kwh_by_range"] = Steps(sum((line.volume for line in part), Decimal(0)) for part in parts)
            found[f"{name}_amounts_by_range"] = Steps(sum((line.amount for line in part), Decimal(0)) for part in parts)
    return found


def _zones(given: Given) -> tuple[str, ...]:
    if given.has("peak_kwh"):
        return ZONES[3]
    return ZONES[2] if given.has("day_kwh") else ()


def _one_rate(given: Given, stage: Stage, service: int, limits: list[Decimal]) -> None:
    if given.has("tariff_within"):  # the social norm: two blocks, by the number of residents
        if limits:
            raise NotUnderstood("даны и range_limits, и социальная норма (tariff_within).")
        social = given.number("norm_kwh_per_person", "norm_kwh_person", "social_norm_kwh_per_person")
        stage.norm(service, social, NormBasis.SOCIAL_PERSON)  # the engine multiplies it by the residents
        stage.ranges(service, [social], [given.number("tariff_within"), given.number("tariff_above")])
    elif given.has("tariffs"):
        stage.ranges(service, limits, given.numbers("tariffs"))
    else:
        stage.price(service, given.number("tariff"))


KINDS: dict[str, Callable[[Given, Any], Answer]] = {"electricity": electricity}
