"""Meters of a principal's houses: the list with its filters, the file to fill in, one meter's history. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

import accounts.queries
from accounts import files
from accounts.calendar import Month
from accounts.queries import UNITS, House, Meter, MeterKind, PersonalAccount, Reading, Resource, decimal_text, plain
from portals import reading_sheets

SOON = timedelta(days=90)
STATES = {
    "overdue": "поверка просрочена", "soon": "истекает за 90 дней", "unknown": "срок не указан",
    "silent": "нет показания за месяц", "given": "показание есть",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeterLine:
    """A meter in the list; `last`: its last counting values, one a dial."""

    pk: int
    resource: int
    resource_name: str
    kind_name: str
    serial: str
    address: str
    numbers: tuple[str, ...]
    verified_until: date | None
    verification: str
    last: tuple[tuple[str, Decimal, date], ...]
    unit: str
    has_reading: bool


@dataclass(frozen=True, slots=True)
class MeterSums:
    """What the list is made of, before its filters."""

    total: int
    overdue: int
    soon: int
    silent: int


def of_month(month: Month) -> Exists:
    return Exists(Reading.objects.filter(meter=OuterRef("pk"), month=month.first, counts=True))


def standing(meters: QuerySet[Meter]) -> QuerySet[Meter]:
    """Meters that are not taken off."""
    return meters.filter(removed_on=None)


def sums(meters: QuerySet[Meter], *, today: date) -> MeterSums:
    """How many stand, and how many of them need something. One statement."""
    found = (
        standing(meters)
        .annotate(read=of_month(Month.of(today)))
        .aggregate(
            total=Count("pk"),
            overdue=Count("pk", filter=Q(verified_until__lt=today)),
            soon=Count("pk", filter=Q(verified_until__gte=today, verified_until__lt=today + SOON)),
            silent=Count("pk", filter=Q(read=False) & ~Q(kind=MeterKind.BUILDING)),
        )
    )
    return MeterSums(**found)


def chosen(
    meters: QuerySet[Meter], *, today: date, house: int | None = None, resource: int | None = None, state: str = "",
    text: str = "",
) -> QuerySet[Meter]:  # fmt: skip
    """The meters that the filters leave, in the order of their addresses."""
    rows = standing(meters).select_related("house", "premises__parent")
    if house is not None:
        rows = rows.filter(house=house)
    if resource is not None:
        rows = rows.filter(resource=resource)
    if state == "overdue":
        rows = rows.filter(verified_until__lt=today)
    elif state == "soon":
        rows = rows.filter(verified_until__gte=today, verified_until__lt=today + SOON)
    elif state == "unknown":
        rows = rows.filter(verified_until=None)
    elif state in ("silent", "given"):
        rows = rows.filter(of_month(Month.of(today)) if state == "given" else ~of_month(Month.of(today)))
        rows = rows.exclude(kind=MeterKind.BUILDING)
    if text:
        own = PersonalAccount.objects.filter(number__startswith="".join(filter(str.isdigit, text)) or "-")
        rows = rows.filter(
            Q(serial__istartswith=text) | Q(premises__number__iexact=text) | Q(premises__in=own.values("premises"))
        )
    house_number, number = "house__number", "premises__number"  # flat 2 before flat 10
    return rows.order_by("house__street", Length(house_number), house_number, Length(number), number, "resource", "pk")


def resources(meters: QuerySet[Meter]) -> list[tuple[int, str]]:
    found = standing(meters).order_by("resource").values_list("resource", flat=True).distinct()
    return [(one, Resource(one).label) for one in found]


def lines(found: Sequence[Meter], *, today: date) -> list[MeterLine]:
    """The meters of one page with numbers of accounts and last values. Two statements."""
    numbers = numbers_of(found)
    last = last_of(found)
    month = Month.of(today)
    return [
        MeterLine(
            pk=meter.pk,
            resource=meter.resource,
            resource_name=meter.get_resource_display(),
            kind_name=meter.get_kind_display(),
            serial=meter.serial,
            address=accounts.queries.address_of(meter.house, meter.premises),
            numbers=numbers.get(meter.premises_id or 0, ()),
            verified_until=meter.verified_until,
            verification=verification(meter.verified_until, today),
            last=tuple(
                (f"Т{row.zone}" if meter.zones > 1 else "", plain(row.value), row.day) for row in last.get(meter.pk, ())
            ),
            unit=UNITS.get(Resource(meter.resource), ""),
            has_reading=any(row.month == month.first for row in last.get(meter.pk, ())),
        )
        for meter in found
    ]


def verification(until: date | None, today: date) -> str:
    """ "overdue", "soon", "unknown" or "" where it is in force."""
    if until is None:
        return "unknown"
    if until < today:
        return "overdue"
    return "soon" if until < today + SOON else ""


def numbers_of(found: Sequence[Meter]) -> dict[int, tuple[str, ...]]:
    """Premises → numbers of the open accounts there, those of rooms for their flat, too. One statement."""
    places = [meter.premises_id for meter in found if meter.premises_id]
    rows = PersonalAccount.objects.filter(
        Q(premises__in=places) | Q(premises__parent__in=places), closed_on=None
    ).order_by("number")
    numbers: dict[int, list[str]] = {}
    for number, premises, parent in rows.values_list("number", "premises", "premises__parent"):
        numbers.setdefault(premises, []).append(number)
        if parent:
            numbers.setdefault(parent, []).append(number)
    return {place: tuple(own) for place, own in numbers.items()}


def last_of(found: Sequence[Meter]) -> dict[int, list[Reading]]:
    """Meter → its last counting reading of each dial. One statement."""
    rows = Reading.objects.filter(meter__in=[meter.pk for meter in found], counts=True)
    last: dict[int, list[Reading]] = {}
    for row in rows.order_by("meter", "zone", "-month", "-day").distinct("meter", "zone"):
        last.setdefault(row.meter_id, []).append(row)
    return last


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A reading of the meter with what was used since the one before, in dial units."""

    day: date
    month: Month
    zone: str
    value: Decimal
    usage: Decimal | None
    source: str
    verdict: str
    counts: bool


def history(meter: Meter, *, limit: int = 150) -> list[HistoryLine]:
    """The readings of a meter, the latest first, replaced ones too. One statement."""
    rows = list(Reading.objects.filter(meter=meter).order_by("-day", "zone", "source")[:limit])
    after: dict[int, Reading] = {}
    used: dict[tuple[int, date, int], Decimal] = {}
    for row in rows:
        if not row.counts:
            continue
        newer = after.get(row.zone)
        if newer is not None and newer.value >= row.value:
            used[newer.zone, newer.day, newer.source] = plain(newer.value - row.value)
        after[row.zone] = row
    return [
        HistoryLine(
            row.day, Month.of(row.month), f"Т{row.zone}" if meter.zones > 1 else "", plain(row.value),
            used.get((row.zone, row.day, row.source)), row.get_source_display(), row.get_verdict_display(), row.counts,
        )
        for row in rows
    ]  # fmt: skip


def to_fill(meters: QuerySet[Meter], *, house: int | None, today: date) -> Iterator[list[Any]]:
    """Rows of the file that is filled in and sent back: a dial each, with its last value. Read by thousands."""
    rows = chosen(meters, today=today, house=house).exclude(kind=MeterKind.BUILDING)
    portion: list[Meter] = []
    for meter in rows.iterator(chunk_size=2000):
        portion.append(meter)
        if len(portion) == 2000:
            yield from _to_fill(portion, today)
            portion = []
    yield from _to_fill(portion, today)


def file_to_fill(meters: QuerySet[Meter], *, house: int | None, today: date) -> bytes:
    """`to_fill` as xlsx."""
    rows = to_fill(meters, house=house, today=today)
    return files.xlsx({"Показания": rows}, headers={"Показания": reading_sheets.COLUMNS})


def _to_fill(portion: Sequence[Meter], today: date) -> Iterator[list[Any]]:
    numbers, last = numbers_of(portion), last_of(portion)
    for meter in portion:
        own = numbers.get(meter.premises_id or 0)
        if not own:
            continue  # nobody to charge
        before = {row.zone: row for row in last.get(meter.pk, ())}
        for zone in range(1, meter.zones + 1):
            row = before.get(zone)
            yield [
                str(meter.pk), ", ".join(own), accounts.queries.address_of(meter.house, meter.premises),
                meter.get_resource_display(), meter.serial, f"Т{zone}" if meter.zones > 1 else "",
                decimal_text(row.value) if row else "", row.day if row else None, None, today, "",
            ]  # fmt: skip


def houses(meters: QuerySet[Meter]) -> QuerySet[House]:
    return House.objects.filter(pk__in=standing(meters).values("house")).order_by("street", "number")
