"""Worked cases of resources for common needs: norm, balance of the house, its negative, the yearly true-up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl

from accounts.calendar import Month
from accounts.kinds import PremisesKind
from accounts.models import PersonalAccount
from accounts.money import kopecks
from billing.formulas import common_use, distribution, legal_entity
from billing.formulas.exact import exact, roubles
from billing.kinds import Kind
from billing.models import LawValue, NormBasis, ProvisionMethod
from config.cases import water
from config.cases.answers import Answer
from config.cases.given import Given
from config.cases.penalty import NotUnderstood
from config.cases.stage import Bill, Stage, columns, service_id

# resource of the flats → resource for the common property, by the unit in the names of a case
PAIRS = {"kwh": ("electricity", "common_electricity"), "m3": ("cold_water", "common_cold_water")}
CODES = {
    "electricity": PAIRS["kwh"], "common_electricity": PAIRS["kwh"], "cold_water": PAIRS["m3"],
    "common_cold_water": PAIRS["m3"], "hot_water": ("hot_water", "common_hot_water"),
    "common_hot_water": ("hot_water", "common_hot_water"), "wastewater": ("wastewater", "common_wastewater"),
    "common_wastewater": ("wastewater", "common_wastewater"),
}  # fmt: skip
NORMS = (
    "norm_kwh_m2_month", "norm_m3_m2_month", "norm_kwh_m2", "norm_m3_m2", "norm", "norm_common", "norm_kwh_per_m2",
    "norm_m3_per_m2",
)  # fmt: skip
BUILDING = ("odpu_m3", "odpu_kwh", "house", "house_m3", "house_kwh", "odpu")
FLATS = (
    "metered_flats_m3", "metered_flats_kwh", "apartments", "apartments_m3", "apartments_kwh", "flats_m3", "flats_kwh",
)  # fmt: skip
NORMED = ("normative_flats_m3", "normative_flats_kwh")
BUSINESSES = ("commercial_m3", "commercial_kwh", "commercial", "non_residential_m3", "non_residential_kwh")
MADE = ("house_hot_water_made_m3", "house_heating_made_m3", "house_hot_water_made_kwh", "house_heating_made_kwh")
BALANCE = ("house_odn_kwh", "house_odn_m3", "house_odn")
OWN = ("own_kwh", "own_m3", "own")
PEOPLE = ("residents", "flat_residents")
YEAR = ("actual_year_kwh", "actual_year_m3")


def odn(given: Given, case: Any) -> Answer:
    if given.has("components"):
        norm = common_use.house_norm(given.numbers("components"))
        found: Answer = dict.fromkeys(("norm_kwh_m2", "norm_m3_m2", "norm"), norm)
        return found | by_norm(given, case, norm) if given.has("area") else found
    if given.has(*YEAR):
        return of_year(given)
    if given.has(*BALANCE) and given.number(*BALANCE) < 0:
        return negative(given, case)
    if given.has(*NORMS):
        return by_norm(given, case, given.number(*NORMS))
    return by_balance(given, case)


def _services(given: Given, case: Any) -> tuple[int, int]:
    """The flats' resource and the common one: by the case's service, else by the unit in its names."""
    code = str(given.raw("resource", default=case.get("service") or ""))
    pair = CODES.get(code) or (PAIRS["m3"] if any(name.endswith("_m3") for name in given.values) else PAIRS["kwh"])
    return service_id(pair[0]), service_id(pair[1])


def by_norm(given: Given, case: Any, norm: Decimal) -> Answer:
    """N · S_ои · S_i / S_об."""
    _, common = _services(given, case)
    house = given.number("total_area", "house_area")
    stage = Stage(
        given.month_of(), area=given.number("area"), house_area=house, common_area=given.number("common_area"),
        vat=given.vat(),
    )  # fmt: skip
    stage.norm(common, norm, NormBasis.COMMON_M2_MONTH)
    stage.serve(common, ProvisionMethod.COMMON_NORM)
    stage.price(common, given.number("tariff", default=Decimal(1)))
    found = _answer(stage.bill(), common, stage.account)
    names = [pl.col(name) for name in ("norm", "common", "one")]
    whole = columns(
        common_use.by_norm(names[2], names[0], names[1]),
        norm=norm, common=given.number("common_area"), one=Decimal(1),
    )  # fmt: skip
    # of the whole house the share by area is one
    return {**found, **dict.fromkeys(("house_volume", "house_kwh", "house_m3", "house_odn_kwh", "house_odn_m3"), whole)}


def _answer(bill: Bill, service: int, account: PersonalAccount) -> Answer:
    found = {
        name: bill.volume(account, service=service)
        for name in ("volume", "volume_m3", "volume_kwh", "flat_volume", "flat_kwh", "flat_m3")
    }
    amount, vat = (bill.amount(account, service=service, kinds=kinds) for kinds in (None, [Kind.VAT]))
    net = {"net_amount": amount - vat, "net": amount - vat, "vat_amount": vat, "vat": vat}
    return {**found, **net, "amount": amount, "total": amount}


def by_balance(given: Given, case: Any) -> Answer:
    """V_Д less all premises, by area; a negative month of a managed house is nothing and is carried over."""
    base, common = _services(given, case)
    direct = given.flag("direct_management", default=None)
    area, house = given.number("area"), given.number("total_area", "house_area")
    if area > house:
        raise NotUnderstood("area больше total_area.")
    stage = Stage(
        given.month_of(), area=area, house_area=house, common_area=given.number("common_area", default=Decimal(0)),
        vat=given.vat(),
    )  # fmt: skip
    resource = water.resource_of(base)
    stage.used(resource, [Decimal(0)])
    stage.serve(base)
    stage.price(base, Decimal(1))
    if given.has(*BALANCE):
        building, others = given.number(*BALANCE), []
    else:
        building = given.number(*BUILDING)
        others = [(name, given.number(*names)) for name, names in (
            ("flats", FLATS), ("norm", NORMED), ("business", BUSINESSES), ("made", MADE),
        ) if given.has(*names)]  # fmt: skip
    for name, volume in others:
        if volume:
            _consumer(stage, base, resource, name, volume)
    stage.house_volume(common, stage.month, building)
    method = ProvisionMethod.COMMON_BALANCE if direct else ProvisionMethod.COMMON_ACTUAL
    stage.serve(common, method)
    stage.price(common, given.number("tariff", default=Decimal(1)))
    bill = stage.bill()
    found = _answer(bill, common, stage.account)
    (balance,) = bill.calculation.balances.filter(pl.col("house_id") == stage.house.pk).to_dicts()
    for unit in ("", "_m3", "_kwh"):
        found[f"house_odn{unit}"] = found[f"house_volume{unit}"] = balance["volume"]
        found[f"carried{unit}"] = balance["carried"]
    return found


def _consumer(stage: Stage, base: int, resource: int, name: str, volume: Decimal) -> None:
    """Somebody else in the house who used this."""
    if name == "norm":
        stage.flat(area=Decimal(1), persons=1, impossible=[resource])
        stage.norm(base, volume)
        return
    kind = PremisesKind.FLAT if name == "flats" else PremisesKind.NON_RESIDENTIAL
    other = stage.flat(area=Decimal(1), kind=kind)
    stage.used(resource, [volume], premises=other.premises)


def negative(given: Given, case: Any) -> Answer:
    """Direct management: |V| lowers what the dwellings used, by residents, never below zero (п. 47)."""
    base, common = _services(given, case)
    resource = water.resource_of(base)
    rows = given.rows("premises", default=None)
    flats = rows if rows is not None else [given]
    people = [row.whole(*PEOPLE) for row in flats]
    used = [row.number(*OWN) for row in flats]
    rest = given.whole("house_residents") - sum(people)
    if rest < 0:
        raise NotUnderstood("house_residents меньше, чем живёт в названных помещениях.")
    # house_residents counts everybody: nobody's flat adds no owner to them
    stage = Stage(given.month_of(), persons=people[0], owners=min(people[0], 1))
    places = [stage.flat(area=Decimal(50), persons=count, owners=min(count, 1)) for count in people[1:]]
    accounts = [stage.account, *places]
    for account, volume in zip(accounts, used, strict=True):
        stage.used(resource, [volume], premises=account.premises)
    excess = -given.number(*BALANCE)
    neighbours = excess * 10  # the others used enough to be lowered, too
    if rest:
        other = stage.flat(area=Decimal(50), persons=rest)
        stage.used(resource, [neighbours], premises=other.premises)
    whole = sum(used, neighbours if rest else Decimal(0))
    if whole < excess:
        raise NotUnderstood("отрицательный объём больше всего потребления дома.")
    stage.house_volume(common, stage.month, whole - excess)
    for service, method in ((base, ProvisionMethod.METERED), (common, ProvisionMethod.COMMON_BALANCE)):
        stage.serve(service, method)
        stage.price(service, given.number("tariff"))
    bill = stage.bill()
    found: Answer = {}
    for number, (row, account, volume) in enumerate(zip(flats, accounts, used, strict=True), 1):
        left = bill.volume(account, service=base, kinds=[Kind.CHARGE])
        answer: Answer = {"amount": bill.amount(account, service=base)}
        for unit in ("kwh", "m3"):
            answer |= {f"reduction_{unit}": volume - left, f"billable_{unit}": left}
        if rows is None:
            found |= answer
        else:
            found[str(row.raw("id", default=number))] = answer
    return found


def of_year(given: Given) -> Answer:
    """The norm of the year against the building meter: the difference by area, priced at the year's tariff."""
    months, vat = given.whole("months", default=12), given.vat()
    house, area = given.number("total_area", "house_area"), given.number("area")
    if given.has("tariffs") and months != 12:
        raise NotUnderstood("months: тарифы по месяцам даны на весь год.")
    # the difference stands in equal months, each at its own price
    year = water.prices_of_year(given, list(Month.range(Month.parse("2025-01"), Month.parse("2025-12"))))
    price = sum((value for _, value in year), Decimal(0))
    facts = {
        "norm": given.number(*NORMS), "common": given.number("common_area"), "months": Decimal(months), "house": house,
        "area": area, "price": price, "actual": given.number(*YEAR),
    }  # fmt: skip
    names = {name: pl.col(name) for name in facts}
    # of the whole house the norm's share by area is one
    charged = common_use.by_norm(names["months"], names["norm"], names["common"])
    difference = distribution.balance(names["actual"], charged)
    flat = distribution.by_area(difference, names["area"])
    net = kopecks(columns(roubles(flat, names["house"] * 12, names["price"]), **facts))
    found: Answer = {"correction": net, "net_amount": net, "net": net}
    if vat:
        percent = vat.percent if vat.percent is not None else _percent_of_vat(given.month_of())
        taxed = kopecks(columns(legal_entity.vat(pl.col("net"), pl.col("percent")), net=net, percent=percent))
        found |= {"vat_amount": taxed, "vat": taxed, "amount": net + taxed}
    for unit in ("kwh", "m3"):
        found[f"charged_house_{unit}"] = columns(charged, **facts)
        found[f"difference_house_{unit}"] = columns(difference, **facts)
        found[f"flat_difference_{unit}"] = columns(flat / exact(names["house"]), **facts)
    return found


def _percent_of_vat(month: Month) -> Decimal:
    return Decimal(LawValue.objects.on(month.first).get(code="vat").value)


KINDS: dict[str, Callable[[Given, Any], Answer]] = {"odn": odn}
