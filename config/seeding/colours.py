"""What a believable district has beside its plain months: heat of every kind, absences, breaks, benefits, containers,
gardens, acts. A handful of rows, the same for every size of region, written before its first month is charged."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounts.calendar import Month
from accounts.models import (
    Absence,
    AgencyContract,
    AllocationRule,
    House,
    HousePassport,
    Meter,
    MeterKind,
    OrganisationKind,
    PersonalAccount,
    PremisesArea,
    PremisesKind,
    Reading,
    ReadingSource,
    Resource,
)
from billing import operations as billing_operations
from billing.models import (
    AllocatorShare,
    BenefitEntitlement,
    BenefitWay,
    Breach,
    HouseVolume,
    MassCorrection,
    MassRule,
    MeterFault,
    MeterFaultKind,
    Norm,
    NormBasis,
    PlotUse,
    Provision,
    ProvisionMethod,
    QualityEvent,
    Tariff,
    UnauthorisedKind,
    UnauthorisedUse,
)
from config.seeding.reference import DETACHED, EXAMPLE_ACT, LONG_AGO
from config.seeding.region import HOUSES
from epd.models import DocumentLook

FIVE, NINE, EVEN, SIXTEEN, PRIVATE = range(5)  # houses of a cycle, in the order of region.TYPES
GARDEN, COW = 201, 202  # kinds of plots and livestock: scopes of their norms
BUSINESS = 99  # Tariff.category of organisations: a price without VAT
SHOWN = 400  # accounts of a house at most


def house(cycle: int, place: int) -> House | None:
    """A house of the region by its cycle and place; None where the region is too small to have it."""
    return House.objects.filter(pk=cycle * HOUSES + place + 1).first()


def flats(of: House, *, count: int, kind: int = PremisesKind.FLAT) -> list[PersonalAccount]:
    rows = PersonalAccount.objects.filter(house=of, premises__kind=kind, closed_on=None).select_related("premises")
    return list(rows.order_by("pk")[:count])


@transaction.atomic
def colour(*, first: Month, until: Month) -> None:
    """Write the handful of facts for months `first` … `until`; once."""
    if BenefitEntitlement.objects.exists():
        return
    for write in (
        capital_repair,
        heat,
        own_heating,
        even_heat,
        allocators,
        communal,
        containers,
        gardens,
        gas,
        offices,
        relief,
        faults,
    ):
        write(first, until)


def capital_repair(_first: Month, _until: Month) -> None:
    """The contribution has a document of its own and is paid by a payment of its own: ст. 155, 171 ЖК РФ."""
    AgencyContract.objects.filter(principal__kind=OrganisationKind.CAPITAL_REPAIR_FUND).update(
        allocation_rule=AllocationRule.APART
    )
    DocumentLook.objects.create(capital_apart=True, valid_from=LONG_AGO)


# --- heat -------------------------------------------------------------------------------------------------------------


def heat(first: Month, until: Month) -> None:
    """Six flats of a nine-storey house have heat meters of their own; its building meter was silent for a month."""
    home = house(1, NINE) or house(0, NINE)
    if home is None:
        return
    silent = HouseVolume.objects.filter(house=home, month__gt=first.next.first).order_by("-month").first()
    if silent is not None:
        silent.delete()
    for number, account in enumerate(flats(home, count=6), 1):
        area = PremisesArea.objects.get(premises=account.premises).total_area_m2
        meter = Meter.objects.create(
            kind=MeterKind.INDIVIDUAL, resource=Resource.HEAT, house=home, premises=account.premises,
            serial=f"ТС-{70_000 + number}", model="Пульсар", installed_on=LONG_AGO, commissioned_on=LONG_AGO,
            verified_until=date(2031, 6, 1), digits=5, decimals=3,
        )  # fmt: skip
        value = Decimal(10 * number)
        rows = []
        for month in Month.range(first.previous, until):
            if month.first.month in (10, 11, 12, 1, 2, 3, 4):
                value += round(area * (14 + number) / 1000, 3)
            rows.append(reading(meter, month, value))
        Reading.objects.bulk_create(rows)


def reading(meter: Meter, month: Month, value: Decimal) -> Reading:
    return Reading(
        meter=meter, zone=1, day=month.first.replace(day=22), month=month.first, value=value,
        source=ReadingSource.RESIDENT,
    )  # fmt: skip


def communal(first: Month, until: Month) -> None:
    """The flat of rooms has common meters of water and electricity; one of its rooms has a meter of its own."""
    home = house(0, FIVE)
    rooms = [] if home is None else flats(home, count=50, kind=PremisesKind.ROOM)
    if home is None or not rooms:
        return
    flat_id, own_id = rooms[0].premises.parent_id, rooms[0].premises_id
    stand = {"installed_on": LONG_AGO, "commissioned_on": LONG_AGO, "verified_until": date(2031, 6, 1), "house": home}
    meters = [
        # place, kind, resource, monthly use by the months' turn
        (flat_id, MeterKind.SHARED_FLAT, Resource.COLD_WATER, (21, 23, 20)),
        (flat_id, MeterKind.SHARED_FLAT, Resource.HOT_WATER, (14, 13, 15)),
        (flat_id, MeterKind.SHARED_FLAT, Resource.ELECTRICITY, (610, 655, 590)),
        (own_id, MeterKind.ROOM, Resource.ELECTRICITY, (96, 104, 88)),
    ]
    rows = []
    for number, (place, kind, resource, uses) in enumerate(meters, 1):
        meter = Meter.objects.create(
            kind=kind, resource=resource, premises_id=place, serial=f"КК-{60_000 + number}", digits=6, **stand
        )
        value = Decimal(1000 * number)
        for turn, month in enumerate(Month.range(first.previous, until)):
            value += uses[turn % len(uses)]
            rows.append(reading(meter, month, value))
    Reading.objects.bulk_create(rows)


def own_heating(first: Month, until: Month) -> None:
    """Two flats of a sixteen-storey house heat themselves, lawfully; its staircases have no radiators."""
    home = house(1, SIXTEEN) or house(0, SIXTEEN)
    if home is None:
        return
    places = [account.premises_id for account in flats(home, count=2)]
    PremisesArea.objects.filter(premises__in=places).update(own_heating=True)
    HousePassport.objects.filter(house=home).update(common_area_heated=False)


def even_heat(first: Month, until: Month) -> None:
    """A house that pays evenly by its building meter: twelfths of the year before."""
    home = house(2, EVEN) or house(0, EVEN)
    if home is None:
        return
    Provision.objects.filter(house=home, service_id=5).update(method=ProvisionMethod.HEATING_BUILDING)
    area = HousePassport.objects.get(house=home).total_area_m2
    per_m2 = {1: 31, 2: 28, 3: 21, 4: 8, 10: 9, 11: 19, 12: 26}  # thousandths of a Gcal
    rows = [
        HouseVolume(
            house=home, service_id=5, month=date(year, month, 1), volume=round(area * per_m2[month] / 1000, 3),
            document=f"акт ОДПУ за {year}-{month:02}",
        )
        for year in range(first.first.year - 1, until.first.year + 1) for month in sorted(per_m2)
        if date(year, month, 1) <= until.first
    ]  # fmt: skip
    HouseVolume.objects.bulk_create(rows, ignore_conflicts=True)


def allocators(first: Month, until: Month) -> None:
    """A house whose radiators carry allocators: what they counted over the last whole year."""
    home = house(3, NINE)
    if home is None:
        return
    AllocatorShare.objects.bulk_create(
        AllocatorShare(
            premises=account.premises, year=until.first.year - 1, units=Decimal(400 + account.pk * 37 % 300),
            coefficient=Decimal(100 + account.pk % 5) / 100, document="ведомость распределителей № 1",
        )
        for account in flats(home, count=SHOWN)
    )  # fmt: skip


# --- other services ---------------------------------------------------------------------------------------------------


def containers(first: Month, until: Month) -> None:
    """A house that pays for the containers taken away from its yard, by residents."""
    home = house(1, FIVE)
    if home is None:
        return
    Provision.objects.filter(house=home, service_id=7).update(method=ProvisionMethod.CONTAINERS_PERSON)
    HouseVolume.objects.bulk_create(
        HouseVolume(
            house=home, service_id=7, month=month.first, volume=Decimal(22 + month.first.month % 4) + Decimal("0.55"),
            document=f"журнал вывоза за {month}",
        )
        for month in Month.range(first, until.next)
    )  # fmt: skip


def gardens(first: Month, until: Month) -> None:
    """Private houses without a water meter: gardens in summer, a cow all year."""
    for kind, value, months in ((GARDEN, "0.06", range(5, 9)), (COW, "1.8", None)):
        for year in range(first.first.year, until.first.year + 1):
            since = LONG_AGO if months is None else date(year, months[0], 1)
            ends = None if months is None else date(year, months[-1] + 1, 1)
            if months is not None or year == first.first.year:
                Norm.objects.create(
                    service_id=2, scope=kind, basis=NormBasis.UNIT_MONTH, value=Decimal(value), valid_from=since,
                    valid_to=ends, act="условный норматив для показа",
                )  # fmt: skip
    dry = PersonalAccount.objects.filter(premises__kind=PremisesKind.HOUSE, closed_on=None).exclude(
        premises__meters__resource=Resource.COLD_WATER
    )
    for number, account in enumerate(dry.order_by("pk")[:4]):
        area = Decimal(60 + 40 * number)
        PlotUse.objects.create(premises=account.premises, kind=GARDEN, units=area, valid_from=LONG_AGO)
        if number % 2:
            PlotUse.objects.create(premises=account.premises, kind=COW, units=Decimal(number), valid_from=LONG_AGO)


def gas(first: Month, until: Month) -> None:
    """Two private houses without a gas meter: the norm per person, and per m² in the heating months."""
    for start in range(first.first.year - 1, until.first.year + 1):
        Norm.objects.create(
            service_id=6, scope=DETACHED, basis=NormBasis.M2_MONTH, value=Decimal("7.5"),
            valid_from=date(start, 10, 1), valid_to=date(start + 1, 5, 1), act="условный норматив для показа",
        )  # fmt: skip
    street = house(0, PRIVATE)
    for home in House.objects.filter(pk__in=[street.pk, street.pk + 1]) if street else ():
        meters = Meter.objects.filter(house=home, resource=Resource.GAS)
        Reading.objects.filter(meter__in=meters).delete()
        meters.delete()


def offices(first: Month, until: Month) -> None:
    """Organisations pay for cold water and heating at a price without VAT, which stands in a line of its own."""
    for row in Tariff.objects.filter(service_id__in=(2, 5), category=0, component=0):
        Tariff.objects.create(
            contract_id=row.contract_id, service_id=row.service_id, category=BUSINESS,
            price=round(row.price / Decimal("1.2"), 2),
            valid_from=row.valid_from, valid_to=row.valid_to, act=EXAMPLE_ACT,
        )  # fmt: skip


# --- what comes off ---------------------------------------------------------------------------------------------------


def relief(first: Month, until: Month) -> None:
    """Benefits in the bill and by social protection, people who were away, breaks and cold rooms with their acts."""
    home = house(0, FIVE)
    if home is None:
        return
    people = flats(home, count=59)
    for number, account in enumerate(people[:6]):
        BenefitEntitlement.objects.create(
            account=account, person=account.payer_person, category=("ветеран труда", "инвалид II группы")[number % 2],
            percent=Decimal(50), persons=1, area_m2=Decimal(22), document=f"удостоверение № {5600 + number}",
            way=BenefitWay.COMPENSATION if number == 5 else BenefitWay.IN_BILL, valid_from=LONG_AGO,
        )  # fmt: skip
    month = max(until.previous, first)
    unmetered = [account for account in people if account.premises.meter_impossible]
    lived = [account for account in unmetered if account.premises.residencies.filter(valid_to=None).exists()]
    for number, account in enumerate(lived[:4]):
        Absence.objects.create(
            premises=account.premises, persons=1, document=f"справка о временной регистрации № {number + 1}",
            valid_from=month.first + timedelta(days=3), valid_to=month.first + timedelta(days=19 + number),
            applied_on=month.first + timedelta(days=25),
        )  # fmt: skip
    events = [
        (home, None, 3, Breach.HOT_WATER_OFF, 4, 8, 52, {}, "акт № 14 об отключении горячей воды"),
        (home, None, 2, Breach.COLD_WATER_OFF, 11, 9, 21, {}, "журнал аварийной службы, запись 118"),
        (home, people[7].premises, 5, Breach.HEATING_TEMPERATURE, 14, 6, 60,
         {"normative_c": Decimal(18), "actual_c": Decimal(15)}, "акт № 15 о температуре в квартире"),
    ]  # fmt: skip
    other = house(0, NINE)
    if other is not None:
        events.append((other, None, 7, Breach.WASTE_LATE_WARM, 6, 0, 96, {}, "акт № 3 о вывозе отходов"))
    for where, place, service, breach, day, hour, lasted, degrees, act in events:
        on = until if service == 5 else month  # it must be a month with heating
        start = datetime(on.first.year, on.first.month, day, hour, tzinfo=ZoneInfo(settings.TIME_ZONE))
        QualityEvent.objects.create(
            house=where, premises=place, service_id=service, breach=breach, started_at=start,
            ended_at=start + timedelta(hours=lasted), act=act, **degrees,
        )  # fmt: skip


def faults(first: Month, until: Month) -> None:
    """Meters that broke or could not be checked."""
    rows = Meter.objects.filter(resource=Resource.COLD_WATER, removed_on=None, premises__kind=PremisesKind.FLAT)
    acts = ((MeterFaultKind.FAILED, "акт № 21, счётчик неисправен"), (MeterFaultKind.REFUSED, "акт № 22 о недопуске"))
    for meter, (kind, act) in zip(rows.order_by("pk")[40:42], acts, strict=False):
        MeterFault.objects.create(
            meter=meter, kind=kind, document=act, valid_from=max(until + -2, first).first + timedelta(days=4)
        )


# --- papers of the running month --------------------------------------------------------------------------------------


@transaction.atomic
def papers(*, running: Month, today: date) -> None:
    """A house recalculated by a document, and an act of unauthorised connection, in the running month; once."""
    if MassCorrection.objects.exists() or UnauthorisedUse.objects.exists():
        return
    home, act_on = house(0, NINE), min(today, running.first + timedelta(days=9))
    if home is None:
        return
    billing_operations.correct_houses(
        billing_operations.MassOrder(
            number="1-М", service_id=8, house_ids=(home.pk,), first_month=running.previous,
            last_month=running.previous, rule=int(MassRule.PERCENT), value=Decimal("-5"),
            basis="предписание ГЖИ № 56-114", reason="лифт не работал четыре дня",
        )
    )  # fmt: skip
    for account in flats(home, count=SHOWN)[-1:]:  # a line before the meter was found in the last flat
        billing_operations.charge_unauthorised(
            billing_operations.UnauthorisedAct(
                account_id=account.pk, service_id=1, kind=int(UnauthorisedKind.CONNECTION),
                act="№ 31-Э, инспектор Серова", act_on=act_on, started_on=act_on - timedelta(days=12),
                capacity=Decimal("1.5"),
            )
        )  # fmt: skip
