"""Worked cases of heating: norm and building meter, own heating, even payment and its yearly correction, VAT."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from django.db import connection

from accounts.calendar import ONE_DAY, Month
from accounts.kinds import HeatingMode, MeterKind, PremisesKind, Resource
from accounts.models import PersonalAccount, Service
from billing import operations as billing_operations
from billing.formulas import heating
from billing.kinds import Kind
from billing.models import LawValue, NormBasis, ProvisionMethod
from config.cases import area, breaks, power, shared, water
from config.cases.answers import Answer
from config.cases.given import Given, one_of
from config.cases.penalty import NotUnderstood
from config.cases.stage import LONG_AGO, Stage, columns, organisation, posted, service_id

WINTER = "2026-01"  # a month of the heating period, where the case names none
EVEN = {"uniform_year", "even", "even_1_12", "uniform", "1/12"}
MODES = EVEN | {"season", "heating_season", "seasonal"}
MONTHLY = ("norm_gcal_m2", "norm_gcal_m2_month", "norm")
STARTS = ("heating_starts_on", "heating_start", "heating_from")
ENDS = ("heating_ends_on", "heating_stop", "heating_to")  # the last day with heat
YEARLY = ("norm_annual", "norm_gcal_m2_year", "norm_year")
OWN_METER = ("ipu_gcal", "meter_gcal", "metered_gcal", "individual_gcal")
READ_GCAL = (
    "ipu_sum_gcal", "sum_individual_gcal", "metered_total_gcal", "ipu_total_gcal", "sum_metered_gcal",
    "metered_gcal_total", "sum_ipu_gcal",
)  # fmt: skip
READ_AREA = ("metered_area", "metered_total_area", "ipu_area", "area_metered")
LAST_YEAR = ("prev_year_odpu_gcal", "previous_year_odpu_gcal", "odpu_gcal_prev_year")
HOUSE_AREA = ("total_area", "house_area")
SOLD = ("volume_m3", "consumption_kwh", "volume_kwh", "volume_gcal", "volume", "consumption_m3")


def heat(given: Given, case: Any) -> Answer:
    if given.has("actual_monthly_gcal"):
        return correction(given, case)
    if given.has("odpu_gcal", *LAST_YEAR):
        return by_building_meter(given, case)
    return by_norm(given, case)


def months_of_payment(given: Given) -> int | None:
    """K = months of the heating period / 12: the exact fraction, or the decimals it was printed with."""
    exact = given.fraction("k_exact", default=None)
    printed = given.number("k", "k_printed", default=None)
    months = given.whole("heating_months", "months_of_heating", default=None)
    if exact is None and printed is not None:
        exact = Fraction(printed).limit_denominator(12)
        if abs(exact - Fraction(printed)) > Fraction(1, 10_000):
            raise NotUnderstood(f"k: {printed} — не двенадцатые доли года.")
    if exact is None:
        return None if months is None else int(months)
    if 12 % exact.denominator or not 0 <= exact <= 1 or (months is not None and exact * 12 != months):
        raise NotUnderstood(f"k_exact: {exact} — не двенадцатые доли года.")
    return int(exact * 12)


def by_norm(given: Given, case: Any) -> Answer:
    """S · N · T in the season, S · N · K · T evenly (ф. 2 and 2(1))."""
    service = service_id(str(case["service"]))
    months = months_of_payment(given)
    mode = given.raw("mode", "payment_mode", default=None)
    is_even = months is not None
    if mode is not None:
        is_even = one_of("mode", mode, MODES) in EVEN
    stage = Stage(
        given.month_of(default=WINTER, day=given.day(*STARTS, *ENDS, default=None)),
        area=given.number("area", default=Decimal(1)),
        heating=HeatingMode.EVEN if is_even else HeatingMode.SEASON, vat=given.vat(),
    )  # fmt: skip
    is_yearly = given.has(*YEARLY)
    norm: Decimal = given.number(*YEARLY) if is_yearly else given.number(*MONTHLY)
    basis = NormBasis.M2_YEAR if is_yearly else NormBasis.M2_MONTH
    # K = 0: no month is paid for, which to the engine is a norm of nothing
    stage.norm(service, Decimal(0) if months == 0 else norm, basis, months=months or 12)
    stage.serve(service, ProvisionMethod.HEATING_NORM)
    stage.price(service, given.number("tariff", default=Decimal(1)))
    _heating_period(given, stage)
    bill = stage.bill()
    found = water.amounts(bill, service)
    if not given.has("area"):
        line = next(bill.calculation.traced.iter_rows(named=True))
        found["volume"] = Fraction(line["numer"]) / Fraction(line["over"])
        # the norm of one square metre, as the run derives it; printed with so many digits as the case likes
        found |= {"norm_month_exact": found["volume"], "norm_month": found["volume"]}
        found |= {f"norm_month_half_up_{digits}": found["volume"] for digits in range(1, 7)}
    return found


def _heating_period(given: Given, stage: Stage) -> None:
    """The period that starts or ends inside the month, and whether the norm is paid for its days (7.2)."""
    told = given.raw("norm_partial_month", default=None)
    if told is not None and one_of("norm_partial_month", told, {"full", "by_days"}) == "by_days":
        stage.law("norm_partial_month", Decimal(1))
    first, end = given.day(*STARTS, default=None), given.day(*ENDS, default=None)
    days = given.whole("heating_days", "days_of_heating", default=None)
    if days is not None and first is None and end is None:
        first = stage.month.next.first - ONE_DAY * days
    if first is None and end is None:
        return
    if (first or end) not in stage.month.span:
        raise NotUnderstood("отопительный период начинается и кончается не в этом месяце.")
    since, until = first or LONG_AGO, None if end is None else end + ONE_DAY
    if days is not None and ((until or stage.month.next.first) - max(since, stage.month.first)).days != days:
        raise NotUnderstood(f"heating_days: в месяце не {days} дней отопления.")
    LawValue.objects.filter(code="heating_season").delete()
    LawValue.objects.create(
        code="heating_season", value=1, valid_from=since, valid_to=until, act="по условию примера"
    )  # fmt: skip


def legal_entity(given: Given, case: Any) -> Answer:
    """A price without VAT, and VAT on top as a line of its own."""
    service = service_id(str(case["service"]))
    if given.vat() is None:
        raise NotUnderstood("нет входных данных «tariff_ex_vat»: цена без НДС.")
    if service == breaks.HEATING:
        return heat(given, case)
    if given.has(*SOLD) and given.has("tariff"):
        stage = Stage(given.month_of(), vat=given.vat())
        stage.serve(service)
        stage.price(service, given.number("tariff"))
        stage.used(water.resource_of(service), [given.number(*SOLD)])
        return water.amounts(stage.bill(), service)
    # any other service is charged as in its own cases, at a price without VAT
    code = Service.objects.get(pk=service).code
    readers = {**dict.fromkeys(("cold_water", "hot_water"), water.hot_water), "wastewater": water.wastewater,
               "electricity": power.electricity, "waste": area.waste, "gas": area.gas}  # fmt: skip
    reader = shared.odn if code.startswith("common_") else readers.get(code, area.housing)
    return reader(given, case)


def by_building_meter(given: Given, case: Any) -> Answer:
    """ф. 3, 3(1), 3(3): V_i + S_i · (V_Д − ΣV) / S_об; in the even mode by the average month of the year before."""
    service = service_id(str(case["service"]))
    is_even = given.has(*LAST_YEAR)
    mode = given.raw("mode", "payment_mode", default=None)
    if mode is not None and (one_of("mode", mode, MODES) in EVEN) != is_even:
        raise NotUnderstood(f"mode: «{mode}» не подходит к данным по дому.")
    flats = given.rows("premises", default=[])
    alone = Given({key: value for key, value in given.values.items() if key in {"area", *OWN_METER}}, "")
    month = given.month_of(default=WINTER)
    house_area, common = given.number(*HOUSE_AREA), given.number("common_area", default=Decimal(0))
    without = given.number("area_individual_heating", "area_own_heating", default=Decimal(0))
    rows = flats or [alone]
    if not flats:
        given.asked.update({"area", *OWN_METER})
    first = rows[0]
    stage = Stage(
        month, area=first.number("area"), house_area=house_area, common_area=common,
        heating=HeatingMode.EVEN if is_even else HeatingMode.SEASON, own_heating=not _central(first), vat=given.vat(),
    )  # fmt: skip
    accounts = [stage.account]
    for row in rows[1:]:
        kind = PremisesKind.NON_RESIDENTIAL if stage.vat else PremisesKind.FLAT
        accounts.append(stage.flat(area=row.number("area"), own_heating=not _central(row), kind=kind))
    rest = without - sum((row.number("area") for row in rows if not _central(row)), Decimal(0))
    if rest < 0:
        raise NotUnderstood("area_individual_heating меньше площадей помещений с собственным отоплением.")
    if rest:
        stage.flat(area=rest, own_heating=True)
    _meters(given, stage, rows, accounts)
    _volumes(given, stage, service, is_even)
    stage.serve(service, ProvisionMethod.HEATING_BUILDING)
    stage.price(service, given.number("tariff"))
    bill = stage.bill()
    found: Answer = {}
    metered = any(row.has(*OWN_METER) for row in rows) or given.has(*READ_GCAL)
    total: Decimal = given.number("odpu_gcal", default=None) or given.number(*LAST_YEAR) / 12
    for number, (row, account) in enumerate(zip(rows, accounts, strict=True), 1):
        volume, amount, vat = bill.volume(account), bill.amount(account), bill.amount(account, kinds=[Kind.VAT])
        answer = {"volume_gcal": volume, "volume": volume, "total_gcal": volume, "amount": amount, "total": amount}
        answer |= {"net_amount": amount - vat, "net": amount - vat, "vat_amount": vat, "vat": vat}
        if not metered:
            common_part = _share(Decimal(0), row.number("area"), total, house_area, common, without)
            heated = row.number("area") if _central(row) else Decimal(0)
            whole = _share(heated, row.number("area") - heated, total, house_area, common, without)
            answer |= {"own_gcal": whole - common_part, "common_gcal": common_part}
        if flats:
            found[str(row.raw("id", default=number))] = answer
        else:
            found |= answer
    if not flats:
        found |= {"monthly_gcal": found["volume"], "gcal": found["volume"]}
    if not metered:
        metre = Decimal(1)
        own = _share(metre, Decimal(0), total, house_area, common, without)
        found["gcal_per_m2_heated"] = own - _share(Decimal(0), metre, total, house_area, common, without)
        found["gcal_per_m2"] = own
        if flats or "common_gcal" not in found:
            found["common_gcal"] = _share(Decimal(0), house_area, total, house_area, common, without)
    return found


def _share(heated: Decimal, own: Decimal, gcal: Decimal, house: Decimal, common: Decimal, without: Decimal) -> Decimal:
    """ф. 3 of one premises by the engine's formula: what is heated in it, and what pays for the common property."""
    names = [pl.col(name) for name in ("heated", "own", "gcal", "house", "common", "without")]
    numer = heating.by_building_meter(*names[:5])
    over = heating.building_over(names[3], names[4], names[5])
    return columns(numer / over, heated=heated, own=own, gcal=gcal, house=house, common=common, without=without)


def _central(row: Given) -> bool:
    """Heated from the centre, unless the case says otherwise under one of its names."""
    own = row.flag("own_heating", "individual_heating", default=None)
    central = row.flag("central_heating", default=None)
    return bool(central) if central is not None else not own


def _meters(given: Given, stage: Stage, rows: list[Given], accounts: list[PersonalAccount]) -> None:
    for row, account in zip(rows, accounts, strict=True):
        if row.has(*OWN_METER):
            stage.used(Resource.HEAT, [row.number(*OWN_METER)], premises=account.premises)
    if given.has(*READ_GCAL):
        # Where only the sum of the meters is told, every premises without own heating has one.
        house = given.number(*HOUSE_AREA) - sum((row.number("area") for row in rows if not _central(row)), Decimal(0))
        heat_sum, area = given.number(*READ_GCAL), given.number(*READ_AREA, default=house)
        for row in rows:
            if row.has(*OWN_METER):
                heat_sum, area = heat_sum - row.number(*OWN_METER), area - row.number("area")
        if area < 0 or heat_sum < 0:
            raise NotUnderstood("площадь или тепло помещений со счётчиками меньше названных в premises.")
        if area:
            other = stage.flat(area=area)
            stage.used(Resource.HEAT, [heat_sum], premises=other.premises)


def _volumes(given: Given, stage: Stage, service: int, is_even: bool) -> None:
    if not is_even:
        stage.house_volume(service, stage.month, given.number("odpu_gcal"))
        return
    year = stage.month.first.year - 1
    whole: Decimal = given.number(*LAST_YEAR)
    part = (whole / 12).quantize(Decimal("0.000001"))
    for number in range(1, 13):
        volume = part if number < 12 else whole - part * 11
        stage.house_volume(service, Month.parse(f"{year}-{number:02}"), volume)


def correction(given: Given, case: Any) -> Answer:
    """The yearly correction: twelve months by the building meter's own volumes less what was charged evenly (ф. 3(4)).

    The flat is the whole house here, so that the house's volume is its own.
    """
    service = service_id(str(case["service"]))
    year = given.whole("year", default=None) or given.month_of(default="2025-01").first.year
    vat = given.vat()
    actual = given.numbers("actual_monthly_gcal")
    charged = given.number("monthly_charged_gcal")
    if len(actual) != 12:
        raise NotUnderstood("actual_monthly_gcal: нужно двенадцать месяцев.")
    months = [Month.parse(f"{year}-{number:02}") for number in range(1, 13)]
    stages = [
        Stage(months[0], area=Decimal(50), house_area=Decimal(50), heating=mode, vat=vat)
        for mode in (HeatingMode.EVEN, HeatingMode.SEASON)
    ]
    for stage in stages:
        stage.serve(service, ProvisionMethod.HEATING_BUILDING)
        for month, value in water.prices_of_year(given, months):
            stage.price(service, value, valid_from=month.first, valid_to=month.next.first)
        for month, volume in zip(months, actual, strict=True):
            stage.house_volume(service, month + -12, charged)
            stage.house_volume(service, month, volume)
    evenly, as_used = stages
    totals = [Decimal(0), Decimal(0)]
    for month in months:
        bill = evenly.bill(month)
        posted(bill, evenly, month)
        totals[0] += bill.amount()
        totals[1] += as_used.bill(month).amount()
    # the year is over: the operation of the first quarter says what the ink lacks
    into = months[-1].next
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('billing_charge', %s)", [into.first])
    difference = billing_operations.correct_heating(year=year, into=into, house_ids=[evenly.house.pk])
    return {"charged_total": totals[0], "actual_total": totals[1], "correction": difference}


def communal(given: Given, case: Any) -> Answer:
    """A room: the flat's heat by living area, the flat's other resources by residents (п. 50, charges.md 7.7)."""
    service = service_id(str(case["service"]))
    by_heat = given.has("flat_gcal")
    month = given.month_of(default=WINTER if by_heat else "2026-06")
    # the flat itself has no account any more: its rooms have
    vat = given.vat()
    stage = Stage(
        month, area=Decimal(100), house_area=Decimal(100), closed_on=LONG_AGO + ONE_DAY, vat=vat,
        kind=PremisesKind.FLAT,
    )  # fmt: skip
    flat = stage.account.premises
    # a price without VAT is one of an organisation that pays for the room
    payer: dict[str, Any] = {"payer_organisation": organisation()} if vat else {}
    if by_heat:
        living, whole = given.number("room_living_area"), given.number("flat_living_area")
        if living > whole:
            raise NotUnderstood("room_living_area больше flat_living_area.")
        room = _room(stage, flat, living, **payer)
        if whole > living:
            _room(stage, flat, whole - living)
        stage.house_volume(service, stage.month, given.number("flat_gcal"))
        stage.serve(service, ProvisionMethod.HEATING_BUILDING)
    else:
        mine, people = given.whole("room_residents", "residents_room"), given.whole("flat_residents", "residents_flat")
        if mine > people:
            raise NotUnderstood("room_residents больше flat_residents.")
        resource = water.resource_of(service)
        room = _room(stage, flat, Decimal(10), persons=mine, impossible=[resource], **payer)
        _room(stage, flat, Decimal(10), persons=people - mine, owners=0, impossible=[resource])
        if given.has(*water.PERSON_NORMS):  # without a common meter: everybody's norm
            stage.norm(service, given.number(*water.PERSON_NORMS))
        else:
            used = given.number("flat_m3", "flat_kwh", "flat_volume_m3", "flat_volume", "flat_volume_kwh")
            stage.used(resource, [used], premises=flat, kind=MeterKind.SHARED_FLAT)
        stage.serve(service)
    stage.price(service, given.number("tariff"))
    bill = stage.bill()
    volume = bill.volume(room)
    names = ("volume", "volume_gcal", "volume_m3", "volume_kwh")
    net, taxed = bill.amount(room, kinds=[Kind.CHARGE]), bill.amount(room, kinds=[Kind.VAT])
    answer = {"amount": net + taxed, "net_amount": net, "net": net, "vat_amount": taxed, "vat": taxed}
    return {**answer, **dict.fromkeys(names, volume)}


def _room(stage: Stage, flat: Any, living: Decimal, **facts: Any) -> PersonalAccount:
    return stage.flat(area=living, living_area_m2=living, kind=PremisesKind.ROOM, parent=flat, **facts)


KINDS: dict[str, Callable[[Given, Any], Answer]] = {
    "heating": heat, "legal_entity": legal_entity, "communal_flat": communal,
}  # fmt: skip
