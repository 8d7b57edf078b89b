"""Facts of a worked case in the database, and the bill that the engine makes of them.

Everything here is written inside a transaction that the caller rolls back. Nothing is computed: a builder gives a fact
its place, `Stage.bill` calls the pipeline that bills a million accounts at night.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection

from accounts import rules
from accounts.calendar import Month
from accounts.kinds import HeatingMode, OrganisationKind, PremisesKind, ReadingSource, Resource
from accounts.models import (
    AgencyContract,
    House,
    HousePassport,
    Meter,
    Organisation,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    Reading,
    Residency,
    Service,
)
from accounts.money import total
from billing import pipeline
from billing import queries as billing_queries
from billing.kinds import BUSINESS, Kind
from billing.models import (
    ContractMonth,
    ContractMonthState,
    HouseVolume,
    LawValue,
    Norm,
    NormBasis,
    Provision,
    ProvisionMethod,
    Tariff,
)
from billing.operations import writing
from config.cases.given import Given, Vat
from config.cases.penalty import NotUnderstood

LONG_AGO = date(2015, 1, 1)
SCOPE = 32_000  # norms of a case are those of a class of houses that no region has
_numbers = itertools.count(1)


def service_id(code: str) -> int:
    """The service under the case's word for it. Raises NotUnderstood."""
    known = {
        "housing_maintenance": "maintenance",
        "housing": "maintenance",
        "solid_waste": "waste",
        "tko": "waste",
        "common_needs": "common_electricity",
    }
    found = Service.objects.filter(code=known.get(code, code)).values_list("pk", flat=True).first()
    if found is None:
        raise NotUnderstood(f"service: услуга «{code}» не понята.")
    return int(found)


def without_meters(given: Given, *, possible: bool = False) -> list[Resource]:
    """Resources that no meter can count, by the case's own word. possible: where it does not say."""
    told = given.flag("meter_technically_possible", "meter_possible", default=possible)
    if given.flag("meter_impossible", "installation_impossible", default=False):
        told = False
    return [] if told else [Resource.COLD_WATER, Resource.HOT_WATER, Resource.ELECTRICITY, Resource.GAS]


@dataclass(frozen=True, slots=True)
class Line:
    account_id: int
    service_id: int
    kind: int
    line: int
    by: int
    volume: Decimal
    multiplier: Decimal | None
    persons: Decimal | None
    days: int
    amount: Decimal

    @property
    def component(self) -> int:
        return self.line // 10_000

    @property
    def zone(self) -> int:
        return self.line // 1_000 % 10

    @property
    def range(self) -> int:
        return self.line // 100 % 10


@dataclass(frozen=True)
class Bill:
    """Lines of the case's house in one month, and the columns they came from."""

    lines: list[Line]
    calculation: pipeline.Calculation

    def of(
        self,
        account: PersonalAccount | None = None,
        *,
        service: int | None = None,
        kinds: Iterable[int] | None = None,
        component: int | None = None,
        zone: int | None = None,
        number: int | None = None,
    ) -> list[Line]:
        return [
            line
            for line in self.lines
            if (account is None or line.account_id == account.pk)
            and (service is None or line.service_id == service)
            and (kinds is None or line.kind in set(kinds))
            and (component is None or line.component == component)
            and (zone is None or line.zone == zone)
            and (number is None or line.range == number)
        ]

    def amount(self, *args: Any, **what: Any) -> Decimal:
        return total(line.amount for line in self.of(*args, **what))

    def volume(self, *args: Any, **what: Any) -> Decimal:
        """Σ volumes of the charges (never of uplifts)."""
        what.setdefault("kinds", (Kind.CHARGE, Kind.COMMON_USE))
        return sum((line.volume for line in self.of(*args, **what)), Decimal(0))


class Stage:
    """One flat in one house under one contract."""

    def __init__(
        self,
        month: Month,
        *,
        area: Decimal | None = None,
        house_area: Decimal | None = None,
        common_area: Decimal | None = None,
        heating: HeatingMode = HeatingMode.SEASON,
        persons: int = 0,
        owners: int = 1,
        impossible: Sequence[int] = (),
        vat: Vat | None = None,
        **flat: Any,
    ) -> None:
        self.month = month
        self.vat = vat
        if vat is not None:
            flat.setdefault("kind", PremisesKind.NON_RESIDENTIAL)
            if vat.percent is not None:
                self.law("vat", vat.percent)
        Norm.objects.filter(scope=0).delete()  # the case states its norms; rolled back with the rest
        number = next(_numbers)
        self.house = House.objects.create(
            oktmo="53701000", postcode="460000", region="Оренбургская обл.", town="г. Оренбург",
            street="ул. Примерная", number=f"п{number}",
        )  # fmt: skip
        own = area if area is not None else Decimal(50)
        HousePassport.objects.create(
            house=self.house, valid_from=LONG_AGO, norm_scope=SCOPE, heating_mode=heating,
            total_area_m2=house_area if house_area is not None else max(own, Decimal(3000)),
            common_area_m2=common_area if common_area is not None else Decimal(0),
        )  # fmt: skip
        self.contract = AgencyContract.objects.create(
            principal=organisation(), number=f"ПР-{number}", signed_on=LONG_AGO, valid_from=LONG_AGO
        )
        self.account = self.flat(area=own, persons=persons, owners=owners, impossible=impossible, **flat)

    # --- who and where

    def flat(
        self, *, area: Decimal, persons: int = 0, owners: int = 1, impossible: Sequence[int] = (), **facts: Any
    ) -> PersonalAccount:
        """An account of premises of its own."""
        place_facts = {name: facts.pop(name) for name in ("kind", "parent") if name in facts}
        area_facts = {
            name: facts.pop(name) for name in ("own_heating", "living_area_m2", "heated_area_m2") if name in facts
        }
        place = Premises.objects.create(
            house=self.house, number=str(next(_numbers)), meter_impossible=list(impossible), **place_facts
        )
        PremisesArea.objects.create(premises=place, total_area_m2=area, valid_from=LONG_AGO, **area_facts)
        if persons:
            self.people(persons, premises=place)
        payer = None if "payer_organisation" in facts else _person()
        for _ in range(owners):
            Ownership.objects.create(premises=place, person=_person(), share_denominator=owners, valid_from=LONG_AGO)
        if payer is not None:
            facts["payer_person"] = payer
        return self.open(place, **facts)

    def open(self, place: Premises, **facts: Any) -> PersonalAccount:
        facts = {"opened_on": LONG_AGO, "document_code": "000000", **facts}
        if "payer_person" not in facts and "payer_organisation" not in facts:
            facts["payer_person"] = _person()
        return PersonalAccount.objects.create(number=_account_number(), house=self.house, premises=place, **facts)

    def people(self, persons: int, since: date = LONG_AGO, until: date | None = None, **facts: Any) -> None:
        """So many nameless residents; `until` is the first day away."""
        place = facts.pop("premises", None) or self.account.premises
        if persons:
            Residency.objects.create(premises=place, persons=persons, valid_from=since, valid_to=until, **facts)

    # --- what, how and at what price

    def serve(self, service: int, method: int = ProvisionMethod.METERED, components: int = 1, **facts: Any) -> None:
        Provision.objects.create(
            house=self.house, service_id=service, contract=self.contract, method=method, components=components,
            **{"valid_from": LONG_AGO, **facts},
        )  # fmt: skip

    def price(self, service: int, value: Decimal, **facts: Any) -> None:
        # A price without VAT is one of non-residential premises; the flats of the house have theirs beside it.
        for category in (0, BUSINESS) if self.vat else (0,):
            Tariff.objects.create(
                contract=self.contract, service_id=service, price=value,
                **{"act": "по условию примера", "valid_from": LONG_AGO, "category": category, **facts},
            )  # fmt: skip

    def ranges(self, service: int, limits: Sequence[Decimal], prices: Sequence[Decimal], zone: int = 0) -> None:
        for number, price in enumerate(prices, 1):
            upper = limits[number - 1] if number <= len(limits) and number < len(prices) else None
            self.price(service, price, zone=zone, tariff_range=number, range_up_to=upper)

    def norm(self, service: int, value: Decimal, basis: int = NormBasis.PERSON_MONTH, **facts: Any) -> None:
        Norm.objects.create(
            service_id=service, scope=SCOPE, basis=basis, value=value,
            **{"act": "по условию примера", "valid_from": LONG_AGO, **facts},
        )  # fmt: skip

    def law(self, code: str, value: Decimal) -> None:
        """The case fixes a value of the law; other days' values of it are out of its way."""
        LawValue.objects.filter(code=code).delete()
        LawValue.objects.create(code=code, value=value, valid_from=LONG_AGO, act="по условию примера")

    def house_volume(self, service: int, month: Month, volume: Decimal) -> None:
        HouseVolume.objects.create(house=self.house, service_id=service, month=month.first, volume=volume)

    # --- meters

    def meter(self, resource: int, **facts: Any) -> Meter:
        place = facts.pop("premises", None) or self.account.premises
        facts = {"commissioned_on": LONG_AGO, "installed_on": LONG_AGO, "verified_until": date(2040, 1, 1), **facts}
        return Meter.objects.create(
            house=self.house, premises=place, resource=resource, serial=f"П-{next(_numbers):06}", **facts
        )

    def read(self, meter: Meter, day: date, value: Decimal, **facts: Any) -> None:
        """A reading that counts for the month of its day."""
        facts = {"source": ReadingSource.RESIDENT, "month": day.replace(day=1), "zone": 1, **facts}
        Reading.objects.create(meter=meter, day=day, value=value, **facts)

    def used(self, resource: int, volumes: Sequence[Decimal], **facts: Any) -> Meter:
        """A meter that counted `volumes` (by its zones) in the month of the case."""
        meter = self.meter(resource, zones=len(volumes), digits=9, **facts)
        for zone, volume in enumerate(volumes, 1):
            self.read(meter, self.month.previous.first, Decimal(100), zone=zone)
            self.read(meter, self.month.first, 100 + volume, zone=zone)
        return meter

    def counted(self, resource: int, history: Sequence[Decimal], **facts: Any) -> Meter:
        """A meter whose readings give the usages of `history` in the months before the case's, and then fall silent."""
        meter = self.meter(resource, digits=9, **facts)
        value, month = Decimal(100), self.month + -(len(history) + 1)
        self.read(meter, month.first.replace(day=21), value)
        for volume in history:
            month, value = month.next, value + volume
            self.read(meter, month.first.replace(day=21), value)
        return meter

    # --- the bill

    def bill(self, month: Month | None = None) -> Bill:
        """The run's own steps over the facts of this house. Raises NotUnderstood where something cannot be charged."""
        month = month or self.month
        facts = billing_queries.facts(month, billing_queries.reference(month), house_ids=[self.house.pk])
        made = pipeline.calculate(facts)
        if made.problems.height:
            told = sorted(set(made.problems["problem"].to_list()))
            raise NotUnderstood(f"не рассчитано: {'; '.join(told)}. Каких-то данных в примере нет.")
        names = ["account_id", "service_id", "kind", "line", "method", "volume", "multiplier", "persons", "days"]
        rows = made.lines.select(*names, "amount").iter_rows()
        return Bill([Line(*row) for row in rows], made)


def posted(bill: Bill, stage: Stage, month: Month) -> None:
    """The bill of the month turned into ink, as posting does: corrections of a year ask for what was posted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('billing_charge', %s)", [month.first])
    state, _ = ContractMonth.objects.get_or_create(contract=stage.contract, month=month.first)
    writing.replace(bill.calculation.lines, month, [line.account_id for line in bill.lines])
    ContractMonth.objects.filter(pk=state.pk).update(state=ContractMonthState.POSTED)


def columns(formula: pl.Expr, **values: Decimal) -> Decimal:
    """One value of a formula of columns: the columns have one row."""
    exact = pl.Decimal(38, 12)
    frame = pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(values, exact))
    return Decimal(frame.select(formula.alias("value"))["value"][0])


def organisation() -> Organisation:
    base = f"{569900000 + next(_numbers)}"
    inn = next(base + digit for digit in "0123456789" if rules.is_inn(base + digit))
    ogrn = f"{102569900000 + next(_numbers)}"
    return Organisation.objects.create(
        kind=OrganisationKind.RESOURCE_SUPPLIER, name="Поставщик примера", short_name="Поставщик примера", inn=inn,
        kpp="561001001", ogrn=ogrn + str(int(ogrn) % 11 % 10), address="г. Оренбург", phone="+73532000000",
    )  # fmt: skip


def _person() -> Person:
    return Person.objects.create(last_name="Примерова", first_name="Анна", middle_name=f"{next(_numbers)}")


def _account_number() -> str:
    base = f"{5699000000 + next(_numbers)}"
    return base + rules.account_check_digit(base)
