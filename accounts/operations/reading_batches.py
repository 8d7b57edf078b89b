"""Readings of many meters at once: judged as `submit_reading` judges one, read and written in whole portions."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connection, transaction

from accounts import queries
from accounts.calendar import Month
from accounts.database import words_of
from accounts.models import (
    JournalEntry,
    Meter,
    MeterKind,
    PersonalAccount,
    Reading,
    ReadingSource,
    ReadingVerdict,
    Resource,
    ServiceKind,
    User,
)
from accounts.operations import readings
from accounts.operations.journal import entry_of
from accounts.operations.readings import ReadingRefused, SubmittedReading, submit_reading

PORTION = 5_000  # meters judged and written together: some twenty statements each, some tens of megabytes


@dataclass(frozen=True, slots=True)
class ReadingItem:
    """The values of all dials of a meter (zone → dial units) on a day; a meter stands in a batch once."""

    account_id: int
    meter_id: int
    values: Mapping[int, Decimal]
    on: date
    confirmed: bool = False


Outcome = SubmittedReading | ReadingRefused


@transaction.atomic
def submit_readings(
    *,
    items: Sequence[ReadingItem],
    by: User | str | None,
    today: date,
    source: ReadingSource,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Take in many readings, each all or nothing, doubtful ones held for a check; the outcomes in the items' order.

    What becomes of each is what `submit_reading(hold_doubtful=True)` makes of it; the receipts are left empty. Some
    twenty statements for every PORTION of meters. progress: how many are done; it may raise, and nothing is written.
    """
    told: list[Outcome] = []
    for first in range(0, len(items), PORTION):
        told += _portion(items[first : first + PORTION], by=by, today=today, source=source)
        progress(len(told))
    return told


@dataclass(slots=True)
class _Judged:
    """An item that may be written."""

    item: ReadingItem
    meter: Meter
    account: PersonalAccount
    month: Month
    former: dict[int, Reading]
    usage: dict[int, Decimal]
    verdict: ReadingVerdict
    is_repeated: bool = False


def _portion(
    items: Sequence[ReadingItem], *, by: User | str | None, today: date, source: ReadingSource
) -> list[Outcome]:  # fmt: skip
    wanted = [item.meter_id for item in items]
    meters = {row.pk: row for row in Meter.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    places = PersonalAccount.objects.select_related("premises")
    accounts = places.in_bulk([item.account_id for item in items])
    windows = _windows({(accounts[item.account_id].house_id, meters[item.meter_id].resource, item.on)
                        for item in items if item.account_id in accounts and item.meter_id in meters})  # fmt: skip
    former: dict[int, dict[int, Reading]] = defaultdict(dict)
    days = {item.meter_id: item.on for item in items}
    for row in Reading.objects.filter(meter__in=wanted, source=source, day__in=set(days.values())):
        if row.day == days[row.meter_id]:
            former[row.meter_id][row.zone] = row
    around = _neighbours(items, meters, windows, accounts, former, source=source)
    told: dict[int, Outcome] = {}
    good: list[_Judged] = []
    for item in items:
        try:
            judged = _judge(item, meters, accounts, windows, former, around, today=today, source=source)
        except ReadingRefused as refusal:
            told[item.meter_id] = refusal
        else:
            good.append(judged)
    fresh = [one for one in good if not one.is_repeated]
    again = [one for one in fresh if any(zone in one.former for zone in one.item.values)]
    alone = {id(one) for one in again} if not _rewritten(again, by=by, source=source) else set()
    for one in fresh:
        if id(one) in alone:  # a posted month has counted some of them: which, is asked one by one
            told[one.item.meter_id] = _alone(one, by=by, today=today, source=source)
    fresh = [one for one in fresh if id(one) not in alone]
    _write(fresh, by=by, source=source)
    counting = _counting(wanted, source=source, days=days)
    for one in good:
        if one.item.meter_id not in told:
            told[one.item.meter_id] = SubmittedReading(
                receipt="", month=one.month, usage=one.usage, verdict=one.verdict,
                counts=counting.get(one.item.meter_id, 0) == one.meter.zones,
            )  # fmt: skip
    return [told[item.meter_id] for item in items]


def _alone(one: _Judged, *, by: User | str | None, today: date, source: ReadingSource) -> Outcome:
    item = one.item
    try:
        return submit_reading(
            account_id=item.account_id, meter_id=item.meter_id, values=item.values, on=item.on, by=by, today=today,
            source=source, confirmed=item.confirmed, hold_doubtful=True,
        )  # fmt: skip
    except ReadingRefused as refusal:
        return refusal


def _judge(
    item: ReadingItem,
    meters: Mapping[int, Meter],
    accounts: Mapping[int, PersonalAccount],
    windows: Mapping[tuple[int, int, date], Month],
    former: Mapping[int, dict[int, Reading]],
    around: Mapping[tuple[int, int], _Around],
    *,
    today: date,
    source: ReadingSource,
) -> _Judged:
    """The item with its verdict, or ReadingRefused: the steps of `submit_reading` in their order."""
    account, meter = accounts[item.account_id], meters.get(item.meter_id)
    if meter is None or not _is_of(account, meter):
        raise ReadingRefused(
            f"По счёту {account.number} такого счётчика нет. Обновите страницу и выберите счётчик из списка."
        )
    readings.check_days(account=account, meter=meter, on=item.on, today=today, source=source)
    readings._check_zones(meter, item.values)
    month = windows[account.house_id, meter.resource, item.on]
    before = {zone: row for zone, row in former.get(meter.pk, {}).items() if zone in item.values}
    usage: dict[int, Decimal] = {}
    doubts = False
    for zone, value in item.values.items():
        near = around.get((meter.pk, zone), NOTHING)
        found = readings.judged(
            meter=meter, value=value, on=item.on, today=today, source=source, later=near.later,
            ceiling=readings.ceiling_of(account, meter), history=near.history, stronger=near.stronger,
        )  # fmt: skip
        if found.refusal:
            name = f"Т{zone}: " if meter.zones > 1 else ""
            raise ReadingRefused(name + found.refusal, field=f"zone_{zone}")
        doubts |= bool(found.doubt)
        usage[zone] = queries.plain(found.usage * meter.ratio)
    verdict = ReadingVerdict.ACCEPTED
    if doubts:
        verdict = ReadingVerdict.CONFIRMED if item.confirmed else ReadingVerdict.DOUBTFUL
    settled = {*queries.STANDING} if item.confirmed else {*queries.STANDING, ReadingVerdict.DOUBTFUL}
    made = _Judged(item, meter, account, month, before, usage, verdict)
    if before:
        made.month = min(
            Month.of(before[zone].month) if zone in before else month for zone in item.values
        )  # what stands under the key keeps its month
    if len(before) == len(item.values) and all(
        before[zone].value == value and before[zone].verdict in settled for zone, value in item.values.items()
    ):
        made.is_repeated, made.verdict = True, ReadingVerdict(next(iter(before.values())).verdict)
    return made


def _is_of(account: PersonalAccount, meter: Meter) -> bool:
    if meter.premises_id is None:
        return False
    shared = meter.kind == MeterKind.SHARED_FLAT and meter.premises_id == account.premises.parent_id
    return meter.premises_id == account.premises_id or shared


# --- what is read ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Around:
    """The neighbours of a dial in time: of later months, of former ones (the latest first), the stronger of its own."""

    later: Reading | None = None
    history: list[Reading] = dataclasses.field(default_factory=list)
    stronger: Reading | None = None


NOTHING = _Around()

WINDOWS = """
    SELECT told.house, told.resource, told.day, min(contract.readings_to_day)
    FROM unnest(%(houses)s::bigint[], %(resources)s::int[], %(days)s::date[]) AS told(house, resource, day)
    JOIN billing_provision AS provision ON provision.house_id = told.house
        AND provision.valid_from <= told.day AND (provision.valid_to IS NULL OR provision.valid_to > told.day)
    JOIN accounts_service AS service ON service.id = provision.service_id AND service.kind = %(communal)s
        AND service.resource <> %(nothing)s AND service.resource = told.resource
    JOIN accounts_agencycontract AS contract ON contract.id = provision.contract_id
    GROUP BY 1, 2, 3
"""


def _windows(asked: set[tuple[int, int, date]]) -> dict[tuple[int, int, date], Month]:
    """(house, resource, day) → the month a reading of the day counts for, as `queries.reading_window` says."""
    told = sorted(asked)
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS, {
            "houses": [one[0] for one in told], "resources": [one[1] for one in told], "days": [one[2] for one in told],
            "communal": ServiceKind.COMMUNAL, "nothing": Resource.NONE,
        })  # fmt: skip
        last = {(house, resource, day): to_day for house, resource, day, to_day in cursor.fetchall()}
    found = {}
    for key in told:
        to_day = last.get(key)
        month = Month.of(key[2])
        found[key] = month.next if key[2].day > (queries.READINGS_TO_DAY if to_day is None else to_day) else month
    return found


NEIGHBOURS = """
    WITH told AS (
        SELECT * FROM unnest(%(meters)s::bigint[], %(zones)s::int[], %(months)s::date[], %(days)s::date[])
            AS told(meter, zone, month, day)
    )
    SELECT 0 AS place, told.meter, told.zone, r.day, r.month, r.value
    FROM told, LATERAL (
        SELECT day, month, value FROM accounts_reading
        WHERE meter_id = told.meter AND zone = told.zone AND counts AND month > told.month
            AND verdict = ANY(%(standing)s) AND NOT (day = told.day AND source = %(source)s)
        ORDER BY month, day LIMIT 1) AS r
    UNION ALL
    SELECT 1, told.meter, told.zone, r.day, r.month, r.value
    FROM told, LATERAL (
        SELECT day, month, value FROM accounts_reading
        WHERE meter_id = told.meter AND zone = told.zone AND counts AND month < told.month AND day <= told.day
            AND verdict = ANY(%(standing)s) AND NOT (day = told.day AND source = %(source)s)
        ORDER BY month DESC, day DESC LIMIT %(most)s) AS r
    UNION ALL
    SELECT 2, told.meter, told.zone, r.day, r.month, r.value
    FROM told, LATERAL (
        SELECT day, month, value FROM accounts_reading
        WHERE meter_id = told.meter AND zone = told.zone AND month = told.month AND day <= told.day
            AND source < %(source)s AND verdict = ANY(%(standing)s)
        ORDER BY day DESC, source LIMIT 1) AS r
"""


def _neighbours(
    items: Iterable[ReadingItem],
    meters: Mapping[int, Meter],
    windows: Mapping[tuple[int, int, date], Month],
    accounts: Mapping[int, PersonalAccount],
    former: Mapping[int, dict[int, Reading]],
    *,
    source: ReadingSource,
) -> dict[tuple[int, int], _Around]:
    """(meter, zone) → what each value is judged against. One statement."""
    told: list[tuple[int, int, date, date]] = []
    for item in items:
        meter, account = meters.get(item.meter_id), accounts.get(item.account_id)
        if meter is None or account is None:
            continue
        month = windows[account.house_id, meter.resource, item.on].first
        before = former.get(meter.pk, {})
        told += [
            (meter.pk, zone, before[zone].month if zone in before else month, item.on) for zone in item.values
        ]  # fmt: skip
    found: dict[tuple[int, int], _Around] = defaultdict(_Around)
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, {
            "meters": [one[0] for one in told], "zones": [one[1] for one in told], "months": [one[2] for one in told],
            "days": [one[3] for one in told], "standing": [int(one) for one in queries.STANDING],
            "source": int(source), "most": readings.AVERAGE_OVER,
        })  # fmt: skip
        for place, meter_id, zone, day, month, value in cursor:
            row = Reading(meter_id=meter_id, zone=zone, day=day, month=month, value=value)
            near = found[meter_id, zone]
            if place == 0:
                near.later = row
            elif place == 1:
                near.history.append(row)
            else:
                near.stronger = row
    for near in found.values():
        near.history.sort(key=lambda row: (row.month, row.day), reverse=True)
    return found


def _counting(wanted: list[int], *, source: ReadingSource, days: Mapping[int, date]) -> dict[int, int]:
    """Meter → how many of its dials count by this source and day. One statement."""
    found: dict[int, int] = defaultdict(int)
    rows = Reading.objects.filter(meter__in=wanted, source=source, counts=True, day__in=set(days.values()))
    for meter_id, day in rows.values_list("meter", "day"):
        found[meter_id] += day == days[meter_id]
    return found


# --- what is written -------------------------------------------------------------------------------------------------


REWRITE = """
    UPDATE accounts_reading AS r SET value = told.value, verdict = told.verdict, author_id = %(author)s, counts = false
    FROM unnest(%(meters)s::bigint[], %(zones)s::int[], %(days)s::date[], %(values)s::numeric[], %(verdicts)s::int[])
        AS told(meter, zone, day, value, verdict)
    WHERE r.meter_id = told.meter AND r.zone = told.zone AND r.day = told.day AND r.source = %(source)s
"""


def _rewritten(found: Sequence[_Judged], *, by: User | str | None, source: ReadingSource) -> bool:
    """Other values under the keys that stand already; False, and nothing written, where ink has counted any."""
    told = [(one, zone) for one in found for zone in one.item.values if zone in one.former]
    if not told:
        return True
    params = {
        "author": by.pk if isinstance(by, User) else None, "source": int(source),
        "meters": [one.meter.pk for one, _ in told], "zones": [zone for _, zone in told],
        "days": [one.item.on for one, _ in told], "values": [one.item.values[zone] for one, zone in told],
        "verdicts": [int(one.verdict) for one, _ in told],
    }  # fmt: skip
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(REWRITE, params)
    except DatabaseError as fault:
        if not words_of(fault):
            raise
        return False
    return True


def _write(found: Sequence[_Judged], *, by: User | str | None, source: ReadingSource) -> None:
    """New rows, which of them count, the marks for new drafts, the journal: a statement or two each."""
    author = by if isinstance(by, User) else None
    Reading.objects.bulk_create(
        Reading(
            meter=one.meter, zone=zone, day=one.item.on, source=source, month=one.month.first, value=value,
            verdict=one.verdict, counts=False, author=author,
        )
        for one in found for zone, value in one.item.values.items() if zone not in one.former
    )  # fmt: skip
    choose_counting_of({(one.meter.pk, one.month) for one in found})
    touch_meters({one.meter.pk: one.month for one in found})
    JournalEntry.objects.bulk_create(
        entry_of(
            f"accounts.reading.{_event(one)}", by=by, account_id=one.account.pk, meter=one.meter.pk,
            serial=one.meter.serial, day=one.item.on, source=source, month=one.month, values=dict(one.item.values),
            was={zone: queries.plain(row.value) for zone, row in one.former.items()}, verdict=one.verdict,
        )
        for one in found
    )  # fmt: skip


def _event(one: _Judged) -> str:
    if one.verdict == ReadingVerdict.DOUBTFUL:
        return "held"
    return "corrected" if one.former else "submitted"


# As `choose_counting` of one meter: first none, then the chosen; the act of commissioning gives way to a later value.
CHOSEN = """
    SELECT DISTINCT ON (r.meter_id, r.month, r.zone) r.meter_id, r.month, r.zone, r.day, r.source
    FROM unnest(%(meters)s::bigint[], %(months)s::date[]) AS told(meter, month)
    JOIN accounts_reading AS r ON r.meter_id = told.meter AND r.month = told.month
    JOIN accounts_meter AS m ON m.id = r.meter_id
    WHERE r.verdict = ANY(%(standing)s)
    ORDER BY r.meter_id, r.month, r.zone, (r.source = %(act)s AND r.day <= m.commissioned_on), r.source, r.day DESC
"""
SILENCE = f"""
    WITH chosen AS ({CHOSEN})
    UPDATE accounts_reading AS r SET counts = false
    FROM unnest(%(meters)s::bigint[], %(months)s::date[]) AS told(meter, month)
    WHERE r.meter_id = told.meter AND r.month = told.month AND r.counts AND NOT EXISTS (
        SELECT FROM chosen AS c WHERE (c.meter_id, c.zone, c.day, c.source) = (r.meter_id, r.zone, r.day, r.source))
"""
SPEAK = f"""
    WITH chosen AS ({CHOSEN})
    UPDATE accounts_reading AS r SET counts = true FROM chosen AS c
    WHERE (c.meter_id, c.zone, c.day, c.source) = (r.meter_id, r.zone, r.day, r.source) AND NOT r.counts
"""


def choose_counting_of(spots: Iterable[tuple[int, Month]]) -> None:
    """Let the best standing reading of each dial count for these (meter, month), and no other. Two statements."""
    told = sorted(spots)
    params: dict[str, Any] = {
        "meters": [meter for meter, _ in told], "months": [month.first for _, month in told],
        "standing": [int(one) for one in queries.STANDING], "act": int(ReadingSource.ACT),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SILENCE, params)
        cursor.execute(SPEAK, params)


# The flat with its rooms, the house for heat; as `touch_meter` does for one.
TOUCH = """
    WITH told AS (
        SELECT m.house_id AS house, coalesce(p.parent_id, p.id) AS flat, min(one.month) AS month,
            m.resource = %(heat)s OR m.premises_id IS NULL AS is_of_house
        FROM unnest(%(meters)s::bigint[], %(months)s::date[]) AS one(meter, month)
        JOIN accounts_meter AS m ON m.id = one.meter LEFT JOIN accounts_premises AS p ON p.id = m.premises_id
        GROUP BY 1, 2, 4
    ), place AS (
        SELECT house, flat AS premises, month FROM told WHERE NOT is_of_house
        UNION ALL
        SELECT told.house, room.id, told.month FROM told JOIN accounts_premises AS room ON room.parent_id = told.flat
        WHERE NOT told.is_of_house
    )
    INSERT INTO accounts_touch (house_id, account_id, first_month, touched_at)
    SELECT place.house, a.id, min(place.month), now()
    FROM place JOIN accounts_personalaccount AS a ON a.premises_id = place.premises GROUP BY 1, 2
    UNION ALL
    SELECT house, NULL, min(month), now() FROM told WHERE is_of_house GROUP BY 1
"""


def touch_meters(months: Mapping[int, Month]) -> None:
    """Ask for new drafts of all whom the meters (→ first month) concern. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCH, {
            "meters": list(months), "months": [month.first for month in months.values()], "heat": int(Resource.HEAT),
        })  # fmt: skip


# --- taken back ------------------------------------------------------------------------------------------------------


REJECT = """
    UPDATE accounts_reading AS r SET verdict = %(rejected)s, counts = false
    FROM unnest(%(meters)s::bigint[], %(days)s::date[]) AS told(meter, day)
    WHERE r.meter_id = told.meter AND r.day = told.day AND r.source = %(source)s AND r.verdict <> %(rejected)s
    RETURNING r.meter_id, r.zone, r.day, r.month, r.value
"""


@transaction.atomic
def reject_readings(*, spots: Mapping[int, date], source: ReadingSource, by: User, ground: str) -> int:
    """Put the readings of these meters (→ day) aside, all of them; those put aside already stay so. How many meters."""
    done = 0
    wanted = sorted(spots)
    for first in range(0, len(wanted), PORTION):
        done += _rejected(wanted[first : first + PORTION], spots, source=source, by=by, ground=ground)
    return done


def _rejected(
    wanted: list[int], spots: Mapping[int, date], *, source: ReadingSource, by: User, ground: str
) -> int:  # fmt: skip
    meters = {row.pk: row for row in Meter.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    with connection.cursor() as cursor:
        cursor.execute(REJECT, {
            "meters": wanted, "days": [spots[pk] for pk in wanted], "source": int(source),
            "rejected": int(ReadingVerdict.REJECTED),
        })  # fmt: skip
        rows = cursor.fetchall()
    values: dict[int, dict[int, Decimal]] = defaultdict(dict)
    months: dict[int, Month] = {}
    for meter_id, zone, _, month, value in rows:
        values[meter_id][zone] = value
        months[meter_id] = min(Month.of(month), months.get(meter_id, Month.of(month)))
    if not months:
        return 0
    choose_counting_of(months.items())
    touch_meters(months)
    places = [meters[pk].premises_id for pk in months]
    found = PersonalAccount.objects.filter(premises__in=places, closed_on=None).order_by("-pk")
    accounts = dict(found.values_list("premises", "pk"))
    JournalEntry.objects.bulk_create(
        entry_of(
            "accounts.reading.rejected", by=by, account_id=accounts.get(meters[pk].premises_id or 0), ground=ground,
            meter=pk, serial=meters[pk].serial, day=spots[pk], source=source, values=values[pk],
        )
        for pk in months
    )  # fmt: skip
    return len(months)
