"""Worked cases of what flats consume: cold and hot water, wastewater, gas, by meters, averages and norms of persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from accounts.calendar import ONE_DAY, Month
from accounts.kinds import ReadingSource, ResidencyKind, Resource
from accounts.models import Service
from accounts.money import kopecks, split
from billing.formulas import water as water_formulas
from billing.kinds import By, Kind
from billing.models import NormBasis, ProvisionMethod
from config.cases.answers import Answer, Shown
from config.cases.given import Given, one_of
from config.cases.penalty import NotUnderstood
from config.cases.stage import Bill, Stage, columns, service_id, without_meters

COLD, HOT = 2, 3
# One word for the norm of a person, whatever unit its name carries.
PERSON_NORMS = (
    "norm", "norm_m3_per_person", "norm_m3_person", "norm_per_person", "norm_gcal_person", "norm_kwh_per_person",
    "norm_kwh_person", "norm_m3",
)  # fmt: skip
YEARLY_NORMS = ("norm_m3_year", "norm_year", "norm_annual_per_person")
TARIFFS = ("tariff", "tariff_m3", "tariff_hot", "tariff_cold", "price_per_unit")
USED = (
    "volume_m3", "metered_m3", "metered_volume_m3", "meter_volume_m3", "consumption_m3", "usage_m3", "volume",
    "metered_volume", "metered", "consumption", "own_m3",
)  # fmt: skip
OPENING = ("prev", "previous", "reading_prev", "prev_reading", "previous_reading", "meter_prev", "start_reading")
CLOSING = (
    "curr", "current", "reading_curr", "curr_reading", "current_reading", "meter_curr", "end_reading", "reading",
    "new_reading",
)  # fmt: skip
COMMISSIONED = ("commissioned_on", "meter_commissioned_on", "new_commissioned_on")
# A coefficient of temperature stands in the ratio of the meter (charges.md 8).
RATIOS = ("ratio", "transformer_ratio", "temperature_coefficient", "k_t")
MULTIPLIERS = ("multiplier", "multiplier_hot", "multiplier_cold", "uplift_multiplier", "k_uplift")


def resource_of(service: int) -> int:
    """What a meter of this service counts (accounts.kinds.Resource)."""
    return int(Service.objects.values_list("resource", flat=True).get(pk=service))


class Household:
    """A flat that gets one service by meter or norm: every name these cases use, put in its place."""

    def __init__(
        self, given: Given, service: str, *, default_month: str = "2026-06", meter_possible: bool = False
    ) -> None:
        self.given = given
        self.meter_possible = meter_possible  # where the case does not say
        self.service = service_id(service)
        self.resource = resource_of(self.service)
        self.occupancy = given.rows("occupancy", default=[])
        self.guests = given.rows("temporary", "temporary_residents", default=[]) if self._lists_guests() else []
        self.silent = given.whole("periods_without_readings", default=0)
        self.expired = given.whole(
            "period_index_after_expiry", "periods_after_expiry", "period_index_after_failure", default=0
        )
        self.history = self._history()
        self.month = self._month(default_month)
        self.stage = self._stage()
        self.components = terms(given, self.stage, self.service)
        self._meter()

    # --- inputs by their names

    def _lists_guests(self) -> bool:
        return isinstance(self.given.raw("temporary", "temporary_residents", default=None), (list, dict))

    def _history(self) -> list[Decimal] | None:
        monthly = ("average_m3", "average_monthly_m3", "average_monthly", "average_kwh", "average_monthly_kwh")
        if (self.expired or self.silent) and self.given.has(*monthly):
            return [self.given.number(*monthly)] * 6
        names = self.given.like("history")
        if len(names) > 1:
            raise NotUnderstood(f"история дана дважды: {', '.join(names)}.")
        return self.given.numbers(names[0]) if names else None

    def _month(self, default: str) -> Month:
        """The month named; else the first that the rows touch and that has as many days as the case says."""
        if self.given.has(*COMMISSIONED) and not self.given.has("old_final"):
            return self.given.month_of(day=self.given.day(*COMMISSIONED))
        rows = [dates(row) for row in [*self.occupancy, *self.guests]]
        if not rows or self.given.has("period", "month", "billing_period"):
            return self.given.month_of(default=default)
        touched = [month for since, until in rows for month in Month.range(Month.of(since), Month.of(until - ONE_DAY))]
        days = self.given.whole("month_days", "days_in_month", default=None)
        fitting = [month for month in touched if days in {None, month.days}]
        return self.given.month_of(default=default, day=(fitting or touched)[0].first)

    def _stage(self) -> Stage:
        given = self.given
        raises = given.has(*MULTIPLIERS) and given.number(*MULTIPLIERS) != 1
        impossible = without_meters(given, possible=raises or self.meter_possible)
        late = self.expired > 3
        stage = Stage(
            self.month,
            persons=0 if self.occupancy else given.whole("residents", "permanent", "persons", "people", default=0),
            owners=given.whole("owners", default=1), vat=given.vat(), impossible=[] if late else impossible,
        )  # fmt: skip
        if given.has(*MULTIPLIERS):
            stage.law(f"uplift.{Service.objects.get(pk=self.service).code}", given.number(*MULTIPLIERS))
        for row in self.occupancy:
            stage.people(row.whole("count", "residents", "persons"), *dates(row))
        for row in self.guests:
            count = row.whole("count", "persons", "residents", default=1)
            stage.people(count, *dates(row), kind=ResidencyKind.TEMPORARY)
        if not self._lists_guests() and given.has("temporary", "temporary_residents"):
            raise NotUnderstood("temporary: нужен список с датами from и to.")
        return stage

    def _meter(self) -> None:
        given, stage = self.given, self.stage
        meter = given.raw("meter", default=None)
        facts: dict[str, Any] = {}
        if given.has("digits", "meter_digits"):
            facts["digits"] = given.whole("digits", "meter_digits")
        if given.has(*RATIOS):
            facts["ratio"] = given.number(*RATIOS)
        source = given
        if given.has(*COMMISSIONED):
            self._first_meter(facts)
            return
        if isinstance(meter, dict):
            (source,) = given.rows("meter")
        elif meter is not None:
            raise NotUnderstood(f"meter: {meter!r} не понято: нужен null или показания.")
        pair = source.numbers("readings", "meter_readings", default=None)
        if pair is not None:
            if len(pair) != 2:
                raise NotUnderstood("readings: нужны два показания, прежнее и новое.")
            facts.setdefault("digits", 9)
            dial = stage.meter(self.resource, **facts)
            stage.read(dial, self.month.previous.first.replace(day=21), pair[0])
            stage.read(dial, self.month.first.replace(day=21), pair[1])
        elif source.has(*USED):
            more = {name: fact for name, fact in facts.items() if name != "digits"}  # a volume goes round no dial
            stage.used(self.resource, [source.number(*USED)], **more)
        elif source.has(*CLOSING) and not given.has("old_final"):
            facts.setdefault("digits", 9)
            dial = stage.meter(self.resource, **facts)
            stage.read(dial, self.month.previous.first.replace(day=21), source.number(*OPENING))
            stage.read(dial, self.month.first.replace(day=21), source.number(*CLOSING))
        elif self.expired:
            first = self.month + -(self.expired - 1)
            history = self.history or []
            dial = stage.meter(self.resource, digits=9, verified_until=first.first - ONE_DAY)
            readings(stage, dial, history, until=first)
        elif self.history is not None:
            stage.counted(self.resource, self.history)

    def _first_meter(self, facts: dict[str, Any]) -> None:
        """A meter where there was none, commissioned inside the month; from which day it counts (12.1)."""
        given, stage = self.given, self.stage
        start = given.raw("meter_start", default="next_month_first")
        if one_of("meter_start", start, {"next_month_first", "next_day"}) == "next_day":
            stage.law("meter_start", Decimal(1))
        day = given.day(*COMMISSIONED)
        facts.setdefault("digits", 9)
        dial = stage.meter(self.resource, commissioned_on=day, installed_on=day, **facts)
        initial = given.number("initial", "new_initial", "meter_initial", "initial_reading", default=Decimal(0))
        stage.read(dial, day, initial, source=ReadingSource.ACT)
        closed = min(day + timedelta(days=9), self.month.last)
        reading = initial + given.number(*USED) if given.has(*USED) else given.number(*CLOSING)
        stage.read(dial, closed, reading, counts=False)

    # --- outputs by their names

    def answer(self) -> Answer:
        bill = self.stage.bill(self.month)
        found = amounts(bill, self.service, self._weights())
        mine = bill.of(service=self.service)
        if self.components == 2:
            found |= by_components(bill, self.service, self._weights())
        if mine and mine[0].persons is not None:
            found["effective_residents"] = found["residents"] = found["owners_counted"] = mine[0].persons
        uplifts = [line.multiplier for line in mine if line.kind == Kind.UPLIFT]
        found["multiplier"] = uplifts[0] if uplifts else Decimal(1)
        for name, by in METHODS.items():
            of_method = [line for line in mine if line.by == by and line.kind == Kind.CHARGE]
            found[f"{name}_volume"] = sum((line.volume for line in of_method), Decimal(0))
            found[f"{name}_amount"] = sum((line.amount for line in of_method), Decimal("0.00"))
            found[f"{name}_days"] = sum(line.days for line in of_method)
        found |= {f"method_{name}": by in {line.by for line in mine} for name, by in METHODS.items()}
        if self.history is not None:
            found |= self._periods()
        return found

    def _weights(self) -> list[Decimal] | None:
        if not self.occupancy:
            return None
        rows = [(row.whole("count", "residents", "persons"), *dates(row)) for row in self.occupancy]
        edge = self.month.next.first
        within = [(count, max(since, self.month.first), min(until, edge)) for count, since, until in rows]
        return [Decimal(count * max((until - since).days, 0)) for count, since, until in within]

    def _periods(self) -> Answer:
        """Periods one after another since the readings stopped (or the verification expired)."""
        # the rule of the average speaks of three periods (charges.md 2.1), whichever of them the case is about
        count = max(self.silent or self.expired, 3)
        first = self.month if self.silent else self.month + -(max(self.expired, 1) - 1)
        found: Answer = {}
        amounts_of: list[Decimal] = []
        for number in range(1, count + 1):
            bill = self.stage.bill(first + (number - 1))
            lines = bill.of(service=self.service)
            uplifts = [line.multiplier for line in lines if line.kind == Kind.UPLIFT and line.multiplier]
            amount = bill.amount(service=self.service)
            found[f"period_{number}_amount"] = amount
            found[f"period_{number}_base"] = bill.amount(service=self.service, kinds=[Kind.CHARGE])
            found[f"period_{number}_uplift"] = bill.amount(service=self.service, kinds=[Kind.UPLIFT])
            found[f"period_{number}_volume"] = bill.volume(service=self.service)
            found[f"period_{number}_multiplier"] = uplifts[0] if uplifts else Decimal(1)
            if number == 1:
                found |= averages(bill)
            amounts_of.append(amount)
            if len(set(amounts_of)) == 1:
                found[f"periods_1_to_{number}_each"] = amount
        return found


def terms(given: Given, stage: Stage, service: int) -> int:
    """The service, its price (or the two of its components) and its norm. Returns how many components it has."""
    two = given.has("tariff_cold_component", "tariff_heat_component")
    stage.serve(service, components=2 if two else 1)
    if two:
        stage.price(service, given.number("tariff_cold_component"), component=1)
        stage.price(service, given.number("tariff_heat_component"), component=2)
        stage.norm(service, given.number("heat_norm_gcal_per_m3"), NormBasis.PER_M3)
    else:
        stage.price(service, given.number(*TARIFFS))
    if given.has(*PERSON_NORMS):
        stage.norm(service, given.number(*PERSON_NORMS))
    elif given.has(*YEARLY_NORMS):
        stage.norm(service, given.number(*YEARLY_NORMS), NormBasis.PERSON_YEAR)
    return 2 if two else 1


def by_components(bill: Bill, service: int, weights: list[Decimal] | None = None) -> Answer:
    """Water and the heat in it: m³ and Gcal, each with its roubles."""
    found: Answer = {}
    for component, name in ((1, "cold_component"), (2, "heat_component")):
        charge = bill.amount(service=service, kinds=[Kind.CHARGE], component=component)
        found[name] = shown(charge, weights)
        found[f"{name}_volume"] = bill.volume(service=service, component=component)
    found["uplift_cold_component"] = bill.amount(service=service, kinds=[Kind.UPLIFT])
    first, gcal = bill.volume(service=service, component=1), found["heat_component_volume"]
    return {**found, "volume": first, "volume_m3": first, **dict.fromkeys(("gcal", "volume_gcal", "heat_gcal"), gcal)}


METHODS = {"meter": By.METER, "norm": By.NORM, "average": By.AVERAGE}


def dates(row: Given) -> tuple[date, date]:
    """First day, and the first day away: the ranges of cases are inclusive."""
    since, last = row.day("from", "since"), row.day("to", "until")
    if last < since:
        raise NotUnderstood(f"{row.where}: конец {last} раньше начала {since}.")
    return since, last + ONE_DAY


def readings(stage: Stage, dial: Any, history: list[Decimal], until: Month) -> None:
    """Readings that give these usages in the months before `until`."""
    value, month = Decimal(100), until + -(len(history) + 1)
    stage.read(dial, month.first.replace(day=21), value)
    for volume in history:
        month, value = month.next, value + volume
        stage.read(dial, month.first.replace(day=21), value)


def shown(amount: Decimal, weights: list[Decimal] | None) -> Any:
    """The amount, and its segments where the case lists them: parts of it (charges.md 1.4)."""
    return Shown(amount, split(amount, weights)) if weights and any(weights) else amount


def amounts(bill: Bill, service: int, weights: list[Decimal] | None = None) -> Answer:
    base = bill.amount(service=service, kinds=[Kind.CHARGE, Kind.COMMON_USE])
    uplift = bill.amount(service=service, kinds=[Kind.UPLIFT])
    volume = bill.volume(service=service)
    vat = bill.amount(service=service, kinds=[Kind.VAT])
    amount = bill.amount(service=service)
    return {
        "amount": shown(amount, weights), "total": amount,
        "net_amount": amount - vat, "net": amount - vat, "vat_amount": vat, "vat": vat,
        "base_amount": base, "base": base, "uplift_amount": uplift, "uplift": uplift,
        "volume": volume, "volume_m3": volume, "volume_kwh": volume, "volume_gcal": volume,
    }  # fmt: skip


def averages(bill: Bill) -> Answer:
    dials = bill.calculation.dials
    sixtieths = dials["average"].drop_nulls().to_list()
    if not sixtieths:
        return {}
    average = sixtieths[-1] / 60
    return dict.fromkeys(("average_m3", "average", "average_kwh", "average_monthly_m3"), average)


# --- kinds ------------------------------------------------------------------------------------------------------------


def consumption(given: Given, case: Any) -> Answer:
    """Cold water, hot water, gas: by meter, average, norm, with the multiplier where it applies."""
    if given.has("old_final"):
        return replacement(given, case)
    return Household(given, str(case["service"])).answer()


def multiplier(given: Given, case: Any) -> Answer:
    """The norm raised: by the multiplier that the case fixes, without one by the law's of its month."""
    return Household(given, str(case["service"]), meter_possible=not given.has(*MULTIPLIERS)).answer()


def average(given: Given, case: Any) -> Answer:
    """Periods without readings: they run on from the month after the last reading, in one price and one norm."""
    return Household(given, str(case["service"]), default_month="2026-01").answer()


def wastewater(given: Given, case: Any) -> Answer:
    """V = V cold + V hot of the same premises (п. 42)."""
    month = given.month_of()
    service = service_id(str(case["service"]))
    metered = {
        Resource.COLD_WATER: ("cold_metered_m3", "cold_m3", "metered_cold_m3"),
        Resource.HOT_WATER: ("hot_metered_m3", "hot_m3", "metered_hot_m3"),
    }
    stage = Stage(
        month, persons=given.whole("residents", default=0), owners=given.whole("owners", default=1), vat=given.vat(),
        impossible=without_meters(given, possible=given.has(*MULTIPLIERS)),
    )  # fmt: skip
    for code, word in (("cold_water", "multiplier_cold"), ("hot_water", "multiplier_hot")):
        if given.has("multiplier", word):  # of the waters: wastewater has none (charges.md 2.3)
            stage.law(f"uplift.{code}", given.number(word, "multiplier"))
    waters = ((COLD, Resource.COLD_WATER, "cold"), (HOT, Resource.HOT_WATER, "hot"))
    for number, resource, word in waters:
        averages_of, norms = (f"{word}_average_m3", f"average_{word}_m3"), (f"norm_{word}", f"norm_{word}_m3")
        served = given.has(*metered[resource], *averages_of, *norms)
        if not served:
            continue
        stage.serve(number)
        stage.price(number, Decimal(1))
        if given.has(*metered[resource]):
            stage.used(resource, [given.number(*metered[resource])])
            given.has(*norms)
        elif given.has(*averages_of):
            stage.counted(resource, [given.number(*averages_of)] * 6)
        if given.has(*norms):
            stage.norm(number, given.number(*norms))
    own = ("norm_wastewater", "norm_ww", "norm")
    if given.has(*own):
        stage.norm(service, given.number(*own))
    stage.serve(service, ProvisionMethod.WASTEWATER)
    stage.price(service, given.number("tariff", "tariff_wastewater"))
    return amounts(stage.bill(), service)


def replacement(given: Given, case: Any) -> Answer:
    """A meter replaced inside the month: old, gap by the average, new (п. 59, 81)."""
    removed = given.day("removed_on", "old_removed_on")
    commissioned = given.day("new_commissioned_on", "commissioned_on")
    month = given.month_of(day=removed)
    if Month.of(commissioned) != month:
        raise NotUnderstood("замена счётчика: снятие и ввод должны быть в одном месяце.")
    service = service_id(str(case["service"]))
    resource = resource_of(service)
    stage = Stage(month, persons=given.whole("residents", default=2), vat=given.vat())
    monthly = given.number("average_monthly_m3", "average_monthly", "average_monthly_kwh", "average_m3", default=None)
    old = stage.meter(resource, digits=9, removed_on=removed)
    before = given.number("old_prev", "old_previous")
    for back in range(7 if monthly is not None else 1, 0, -1):
        stage.read(old, (month + -back).first, before - (monthly or 0) * (back - 1) + SHIFT)
    stage.read(old, removed, given.number("old_final") + SHIFT, source=ReadingSource.ACT)
    new = stage.meter(resource, digits=9, commissioned_on=commissioned, installed_on=commissioned, replaces=old)
    stage.read(new, commissioned, given.number("new_initial"), source=ReadingSource.ACT)
    closed = min(commissioned + timedelta(days=9), month.last)  # on the month's last day: that day's own reading
    stage.read(new, closed, given.number("new_reading", "new_curr"), counts=False)
    components = terms(given, stage, service)
    bill = stage.bill()
    dials = {row["meter_id"]: row for row in bill.calculation.dials.to_dicts()}
    gap = dials[new.pk]["gap_days"]
    told = given.whole("gap_days", default=gap)
    if told != gap:
        raise NotUnderstood(f"gap_days: дней без счётчика {gap}, а не {told}.")
    found = amounts(bill, service)
    if components == 2:
        found |= by_components(bill, service)
    old_volume, new_volume = dials[old.pk]["usage"], dials[new.pk]["usage"]
    found |= {"old_volume": old_volume, "new_volume": new_volume, "gap_days": gap}
    found["gap_volume"] = found["volume"] - old_volume - new_volume
    return found


SHIFT = Decimal(1_000_000)  # a dial far from zero, so that the months before the case have readings, too


def prorata(given: Given, case: Any) -> Answer:
    """Something changes inside the month: the residents, or the owner."""
    if given.like("owner_change"):
        return owner_change(given, case)
    return Household(given, str(case["service"])).answer()


def owner_change(given: Given, case: Any) -> Answer:
    """The account of the seller ends on the day before the buyer's first day."""
    first = given.day("owner_change_first_day_of_buyer")
    month = given.month_of(day=first)
    service = service_id(str(case["service"]))
    stage = Stage(
        month, area=given.number("area", default=None), persons=given.whole("residents", default=0), closed_on=first,
        owners=given.whole("owners", default=1), vat=given.vat(),
    )  # fmt: skip
    buyer = stage.open(stage.account.premises, opened_on=first)
    stage.serve(service, _by_days(given, stage, service))
    stage.price(service, given.number("rate", "tariff", "tariff_m3"))
    bill = stage.bill()
    seller_lines, buyer_lines = bill.of(stage.account), bill.of(buyer)
    return {
        "month_amount": bill.amount(), "amount": bill.amount(),
        "seller": bill.amount(stage.account), "buyer": bill.amount(buyer),
        "seller_days": sum(line.days for line in seller_lines), "buyer_days": sum(line.days for line in buyer_lines),
    }  # fmt: skip


def _by_days(given: Given, stage: Stage, service: int) -> ProvisionMethod:
    """How a service that the days split is charged: by area or by heads, at a rate or by a norm."""
    given.raw("unit", default=None)
    by_area = given.has("area") and not given.has("residents")
    yearly = given.has(*YEARLY_NORMS)
    norm = given.number(*(YEARLY_NORMS if yearly else (*PERSON_NORMS, "norm_m3_month", "norm_gcal_m2")), default=None)
    if norm is None:
        if not given.has("area"):
            raise NotUnderstood("нет ни площади, ни норматива.")
        return ProvisionMethod.PER_M2
    if by_area:
        stage.norm(service, norm, NormBasis.M2_YEAR if yearly else NormBasis.M2_MONTH)
        return ProvisionMethod.HEATING_NORM if resource_of(service) == Resource.HEAT else ProvisionMethod.NORM_AREA
    stage.norm(service, norm, NormBasis.PERSON_YEAR if yearly else NormBasis.PERSON_MONTH)
    return ProvisionMethod.NORM_PERSON


def prices_of_year(given: Given, months: list[Month]) -> list[tuple[Month, Decimal]]:
    """Prices by months: one for the year, or rows of «01-06»."""
    if given.has("tariff"):
        return [(month, given.number("tariff")) for month in months]
    found: dict[Month, Decimal] = {}
    for row in given.rows("tariffs"):
        first, _, last = str(row.raw("months")).partition("-")
        try:
            span = range(int(first), int(last or first) + 1)
        except ValueError:
            raise NotUnderstood(f"tariffs: месяцы «{row.raw('months')}» не поняты, нужны вида 01-06.") from None
        for number in span:
            if not 1 <= number <= 12 or months[number - 1] in found:
                raise NotUnderstood(f"tariffs: месяц {number} назван дважды или не бывает.")
            found[months[number - 1]] = row.number("value", "tariff")
    if len(found) < 12:
        raise NotUnderstood("tariffs: тариф задан не на все двенадцать месяцев.")
    return sorted(found.items())


def hot_water(given: Given, case: Any) -> Answer:
    if given.has("cold_water_price"):
        return one_component(given)
    if given.has("hot_water_house_m3"):
        return made_in_house(given)
    return consumption(given, case)


def one_component(given: Given) -> Answer:
    """A price of hot water out of the prices of its two components."""
    price = columns(
        water_formulas.one_component_price(pl.col("cold"), pl.col("norm"), pl.col("heat")),
        cold=given.number("cold_water_price"), norm=given.number("heat_norm_gcal_per_m3"),
        heat=given.number("heat_tariff") + given.number("heat_surcharge", default=Decimal(0)),
    )  # fmt: skip
    found: Answer = {"price_per_m3": kopecks(price)}
    if given.has("volume_m3") or given.has(*PERSON_NORMS):
        stage = Stage(
            given.month_of(), persons=given.whole("residents", default=0), owners=given.whole("owners", default=1),
            vat=given.vat(), impossible=without_meters(given),
        )  # fmt: skip
        stage.serve(HOT)
        stage.price(HOT, found["price_per_m3"])
        if given.has("volume_m3"):
            stage.used(Resource.HOT_WATER, [given.number("volume_m3")])
        else:
            stage.norm(HOT, given.number(*PERSON_NORMS))
        found |= amounts(stage.bill(), HOT)
    return found


def made_in_house(given: Given) -> Answer:
    """Hot water made in the house (ф. 20): the flat's water, and its share of the heat spent on all of it."""
    mine = given.number("flat_hot_water_m3", "flat_m3", "volume_m3", default=None)
    whole = given.number("hot_water_house_m3")
    if mine is not None and not 0 < mine <= whole:
        raise NotUnderstood("flat_hot_water_m3 больше hot_water_house_m3 или не положительна.")
    vat = given.vat()
    found: Answer = {}
    asked = [(mine, ("amount", "cold_component", "heat_component"))] if mine is not None else []
    for volume, names in [(Decimal(1), ("price_per_m3",)), *asked]:
        stage = Stage(given.month_of(), owners=1, vat=vat)
        stage.used(Resource.HOT_WATER, [volume])
        other = stage.flat(area=Decimal(50))
        if whole > volume:
            stage.used(Resource.HOT_WATER, [whole - volume], premises=other.premises)
        stage.serve(HOT, ProvisionMethod.HOT_WATER_IN_HOUSE, components=2)
        stage.house_volume(HOT, stage.month, given.number("heat_gcal_for_heating_water"))
        stage.price(HOT, given.number("tariff_cold_water"), component=1)
        stage.price(HOT, given.number("tariff_heat"), component=2)
        bill = stage.bill()
        parts = [bill.amount(stage.account, component=number, kinds=[Kind.CHARGE]) for number in (1, 2)]
        taxed = bill.amount(stage.account, kinds=[Kind.VAT])
        net = sum(parts, Decimal(0))
        # a price of a cubic metre is what the others of its kind are: without VAT where they are
        found |= dict(zip(names, [net if len(names) == 1 else net + taxed, *parts], strict=False))
        found |= {"net_amount": net, "net": net, "vat_amount": taxed, "vat": taxed}
    return found


KINDS: dict[str, Callable[[Given, Any], Answer]] = {
    "cold_water": consumption, "hot_water": hot_water, "multiplier": multiplier, "wastewater": wastewater,
    "average": average, "meter": consumption, "prorata": prorata,
}  # fmt: skip
