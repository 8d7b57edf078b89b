"""Readings in: judged, kept all, one counts for a month."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from accounts import queries, rules
from accounts.calendar import Month
from accounts.database import words_of
from accounts.errors import Refusal
from accounts.models import (
    JournalEntry,
    Meter,
    MeterKind,
    PersonalAccount,
    Premises,
    PremisesKind,
    Reading,
    ReadingSource,
    ReadingVerdict,
    Resource,
    User,
)
from accounts.operations.journal import note, touch, touch_premises

# What no household uses in a month, in the resource's units: above it and above ten averages a value is doubted
# (charges.md, 12.5; custom of the trade, no act prescribes it).
CEILING = {
    Resource.COLD_WATER: Decimal(60),
    Resource.HOT_WATER: Decimal(40),
    Resource.ELECTRICITY: Decimal(3000),
    Resource.GAS: Decimal(3000),
    Resource.HEAT: Decimal(20),
    Resource.WASTEWATER: Decimal(100),
}
AVERAGE_OVER = 12  # months looked back for the usual usage
AVERAGE_FROM = 3  # fewer months of history make no average (п. 59 Правил № 354)
# Those who answer for what they send may fill in a day before the last one; a resident may not.
MAY_GO_BACK = {
    ReadingSource.INSPECTION, ReadingSource.ACT, ReadingSource.REMOTE, ReadingSource.OPERATOR, ReadingSource.REGISTER,
    ReadingSource.IMPORT,
}  # fmt: skip


class ReadingRefused(Refusal):
    """The reading cannot stand; its text says why and what to do."""


class ReadingDoubtful(Refusal):
    """The reading is possible but unlikely: send it again with `confirmed=True` if the figures are right."""


@dataclass(frozen=True, slots=True)
class SubmittedReading:
    """What was taken in.

    receipt: the number to quote, that of the journal's entry. month: which it counts for. usage: zone → units of the
    resource since the reading before, ratio included. counts: False when a stronger source stands for the month.
    """

    receipt: str
    month: Month
    usage: dict[int, Decimal]
    verdict: ReadingVerdict
    counts: bool = True


@transaction.atomic
def submit_reading(
    *,
    account_id: int,
    meter_id: int,
    values: Mapping[int, Decimal],
    on: date,
    by: User | str | None,
    today: date,
    source: int = ReadingSource.RESIDENT,
    confirmed: bool = False,
    hold_doubtful: bool = False,
) -> SubmittedReading:
    """Take in the values of all dials of a meter (zone → dial units), all or nothing.

    Counts for the month of `on`, after the last day of the contract's window for the next. Of several sources in a
    month the smaller ReadingSource number counts, of one source the later day. The same values once more change
    nothing; other values under the same key (meter, day, source) replace the former, which the journal keeps, as long
    as no posted month has counted it.
    hold_doubtful: keep an unlikely value for a check by the staff instead of raising (files, where nobody is asked).
    Raises ReadingRefused, ReadingDoubtful. Source: charges.md, 2.2 and 12.
    """
    source = ReadingSource(source)
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    meter = _meter_of(account, meter_id)
    check_days(account=account, meter=meter, on=on, today=today, source=source)
    _check_zones(meter, values)
    month = month_of_reading(account_id=account.pk, meter=meter, on=on, source=source)

    former = {row.zone: row for row in Reading.objects.filter(meter=meter, day=on, source=source) if row.zone in values}
    settled = {*queries.STANDING} if confirmed else {*queries.STANDING, ReadingVerdict.DOUBTFUL}
    if len(former) == len(values) and all(
        former[zone].value == value and former[zone].verdict in settled for zone, value in values.items()
    ):
        return _receipt_again(account=account, meter=meter, former=former)
    usage: dict[int, Decimal] = {}
    doubts: list[str] = []
    for zone, value in values.items():
        judged = _judge(
            meter=meter, zone=zone, value=value, on=on, month=former[zone].month if zone in former else month.first,
            today=today, source=source, ceiling=ceiling_of(account, meter),
        )  # fmt: skip
        name = f"Т{zone}: " if meter.zones > 1 else ""
        if judged.refusal:
            raise ReadingRefused(name + judged.refusal, field=f"zone_{zone}")
        if judged.doubt:
            doubts.append(name + judged.doubt)
        usage[zone] = queries.plain(judged.usage * meter.ratio)
    if doubts and not confirmed and not hold_doubtful:
        raise ReadingDoubtful(" ".join(doubts))
    verdict = ReadingVerdict.ACCEPTED
    if doubts:
        verdict = ReadingVerdict.CONFIRMED if confirmed else ReadingVerdict.DOUBTFUL

    author = by if isinstance(by, User) else None
    months = set()
    for zone, value in values.items():
        row = former.get(zone)
        if row is None:
            Reading.objects.create(
                meter=meter, zone=zone, day=on, source=source, month=month.first, value=value, verdict=verdict,
                counts=False, author=author,
            )  # fmt: skip
            months.add(month)
        else:
            rows = Reading.objects.filter(meter=meter, zone=zone, day=on, source=source)
            _rewrite(rows, value=value, verdict=verdict, author=author, counts=False)
            months.add(Month.of(row.month))
    for one in sorted(months):
        choose_counting(meter_id=meter.pk, month=one)
    touch_meter(meter, first_month=min(months))
    event = "held" if verdict == ReadingVerdict.DOUBTFUL else "corrected" if former else "submitted"
    entry = note(
        f"accounts.reading.{event}",
        by=by,
        account_id=account.pk,
        meter=meter.pk,
        serial=meter.serial,
        day=on,
        source=source,
        month=min(months),
        values=dict(values),
        was={zone: queries.plain(row.value) for zone, row in former.items()},
        verdict=verdict,
    )
    counting = Reading.objects.filter(meter=meter, day=on, source=source, counts=True).count()
    return SubmittedReading(
        receipt=receipt_number(entry), month=min(months), usage=usage, verdict=verdict, counts=counting == meter.zones
    )


def _rewrite(rows: QuerySet[Reading], **facts: object) -> None:
    """Change readings that are chalk still: what a posted month has counted the database refuses (billing)."""
    try:
        with transaction.atomic():
            rows.update(**facts)
    except DatabaseError as fault:
        if words := words_of(fault):
            raise ReadingRefused(words, field="on") from None
        raise


def receipt_number(entry: JournalEntry) -> str:
    """The receipt's number: that of the journal's entry."""
    return f"{entry.pk:08}"


def month_of_reading(*, account_id: int, meter: Meter, on: date, source: int) -> Month:
    """The month a reading counts for; acts of commissioning and removal stand for the month they were drawn up in."""
    if source == ReadingSource.ACT:
        return Month.of(on)
    return queries.reading_window(account_id, on, resource=meter.resource).month


@transaction.atomic
def confirm_reading(*, meter_id: int, day: date, source: int, by: User, ground: str = "") -> None:
    """Let a doubtful reading stand. Raises ReadingRefused if nothing waits under this key."""
    _decide(meter_id=meter_id, day=day, source=source, verdict=ReadingVerdict.CONFIRMED, by=by, ground=ground)


@transaction.atomic
def reject_reading(*, meter_id: int, day: date, source: int, by: User, ground: str) -> None:
    """Put a reading aside: kept, but it counts no more. `ground`: why, for the resident and the auditor."""
    if not ground.strip():
        raise ReadingRefused("Напишите, почему показание отклонено: это увидит житель.", field="ground")
    _decide(meter_id=meter_id, day=day, source=source, verdict=ReadingVerdict.REJECTED, by=by, ground=ground)


def _decide(*, meter_id: int, day: date, source: int, verdict: ReadingVerdict, by: User, ground: str) -> None:
    meter = Meter.objects.select_for_update().get(pk=meter_id)
    rows = Reading.objects.filter(meter=meter, day=day, source=source).exclude(verdict=ReadingVerdict.REJECTED)
    if verdict == ReadingVerdict.CONFIRMED:
        rows = rows.filter(verdict=ReadingVerdict.DOUBTFUL)
    found = list(rows.order_by("zone"))
    if not found:
        raise ReadingRefused(
            f"Показания счётчика № {meter.serial} от {day:%d.%m.%Y}, ждущего решения, нет: "
            "возможно, его уже разобрали. Обновите список."
        )
    month = Month.of(found[0].month)
    rows.update(verdict=verdict, counts=False)
    choose_counting(meter_id=meter.pk, month=month)
    touch_meter(meter, first_month=month)
    event = "confirmed" if verdict == ReadingVerdict.CONFIRMED else "rejected"
    note(
        f"accounts.reading.{event}", by=by, account_id=_an_account(meter), ground=ground, meter=meter.pk,
        serial=meter.serial, day=day, source=source, values={row.zone: row.value for row in found},
    )  # fmt: skip


def choose_counting(*, meter_id: int, month: Month) -> None:
    """Let the best standing reading of each dial count for the month, and no other.

    The value of the commissioning act gives way to any later one of its month: the opening reading of a new meter is
    the one nearest to the 1st of the next month (charges.md, 12.1).
    """
    rows = Reading.objects.filter(meter_id=meter_id, month=month.first)
    began = Meter.objects.values_list("commissioned_on", flat=True).get(pk=meter_id)
    best: dict[int, Reading] = {}
    standing = list(rows.filter(verdict__in=queries.STANDING).order_by("zone", "source", "-day"))
    for row in sorted(standing, key=lambda row: row.source == ReadingSource.ACT and row.day <= began):
        best.setdefault(row.zone, row)
    keys = {(row.zone, row.day, row.source) for row in best.values()}
    # First none, then the chosen: two would break the index that lets only one count.
    for row in rows.filter(counts=True):
        if (row.zone, row.day, row.source) not in keys:
            rows.filter(zone=row.zone, day=row.day, source=row.source).update(counts=False)
    for row in best.values():
        if not row.counts:
            rows.filter(zone=row.zone, day=row.day, source=row.source).update(counts=True)


def touch_meter(meter: Meter, *, first_month: Month) -> None:
    """Ask for new drafts of all whom the meter concerns: the flat with its rooms, the house for heat."""
    if meter.premises_id is None or meter.resource == Resource.HEAT:
        touch(house_id=meter.house_id, first_month=first_month)
        return
    premises = Premises.objects.get(pk=meter.premises_id)
    touch_premises(premises_id=premises.parent_id or premises.pk, house_id=meter.house_id, first_month=first_month)


# --- inside -----------------------------------------------------------------------------------------------------------


def _an_account(meter: Meter) -> int | None:
    if meter.premises_id is None:
        return None
    accounts = PersonalAccount.objects.filter(premises_id=meter.premises_id, closed_on=None)
    return accounts.order_by("pk").values_list("pk", flat=True).first()


def _meter_of(account: PersonalAccount, meter_id: int) -> Meter:
    """The meter, locked, so that two hands write one after another. A stranger's is refused like one that is not."""
    meter = Meter.objects.select_for_update().filter(pk=meter_id).first()
    own = meter is not None and meter.premises_id is not None and meter.premises_id == account.premises_id
    shared = (
        meter is not None
        and meter.kind == MeterKind.SHARED_FLAT
        and meter.premises_id is not None
        and meter.premises_id == account.premises.parent_id
    )
    if meter is None or not (own or shared):
        raise ReadingRefused(
            f"По счёту {account.number} такого счётчика нет. Обновите страницу и выберите счётчик из списка."
        )
    return meter


def check_days(
    *, account: PersonalAccount, meter: Meter, on: date, today: date, source: ReadingSource
) -> None:  # fmt: skip
    """May the account send a reading of this meter for this day at all? Raises ReadingRefused."""
    if account.opened_on > on:
        raise ReadingRefused(
            f"Счёт {account.number} открыт {account.opened_on:%d.%m.%Y}, показание от {on:%d.%m.%Y} принять нельзя.",
            field="on",
        )
    if account.closed_on is not None and (
        on >= account.closed_on or source in (ReadingSource.RESIDENT, ReadingSource.PAYMENT)
    ):
        raise ReadingRefused(
            f"Счёт {account.number} закрыт {account.closed_on:%d.%m.%Y}. Показания по нему больше не принимаются; "
            "передайте их по новому счёту."
        )
    if meter.removed_on is not None and (
        on > meter.removed_on or source in (ReadingSource.RESIDENT, ReadingSource.PAYMENT)
    ):
        raise ReadingRefused(
            f"Счётчик № {meter.serial} снят {meter.removed_on:%d.%m.%Y}. Передайте показание нового счётчика; "
            "если его нет в списке, позвоните в контакт-центр."
        )
    if on < meter.commissioned_on:
        raise ReadingRefused(
            f"Счётчик № {meter.serial} введён {meter.commissioned_on:%d.%m.%Y}, показание от {on:%d.%m.%Y} "
            "принять нельзя. Проверьте дату.",
            field="on",
        )
    if on > today:
        raise ReadingRefused(f"Дата показания {on:%d.%m.%Y} ещё не наступила. Укажите сегодняшнюю дату.", field="on")


def _check_zones(meter: Meter, values: Mapping[int, Decimal]) -> None:
    zones = set(range(1, meter.zones + 1))
    if set(values) != zones:
        names = ", ".join(f"Т{zone}" for zone in sorted(zones))
        missing = sorted(zones - set(values))
        raise ReadingRefused(
            f"У счётчика № {meter.serial} тарифов: {meter.zones}. Введите показания {names} вместе.",
            field=f"zone_{missing[0]}" if missing else None,
        )
    unit = queries.UNITS.get(Resource(meter.resource), "")
    for zone, value in values.items():
        field = f"zone_{zone}"
        if not value.is_finite():
            raise ReadingRefused("Показание не число. Перепишите цифры со счётчика.", field=field)
        places = -int(value.normalize().as_tuple().exponent)
        if places > meter.decimals:
            only = f"только целые {unit}" if meter.decimals == 0 else f"знаков после запятой только {meter.decimals}"
            ask = "Введите целое число" if meter.decimals == 0 else "Лишние знаки уберите"
            raise ReadingRefused(
                f"Показание {value:f}".replace(".", ",") + f" {unit}: на счётчике № {meter.serial} {only}. {ask}.",
                field=field,
            )


def ceiling_of(account: PersonalAccount, meter: Meter) -> Decimal | None:
    if account.premises.kind in (PremisesKind.NON_RESIDENTIAL, PremisesKind.PARKING):
        return None
    ceiling = CEILING.get(Resource(meter.resource))
    return ceiling / meter.ratio if ceiling is not None else None


def _judge(
    *,
    meter: Meter,
    zone: int,
    value: Decimal,
    on: date,
    month: date,
    today: date,
    source: ReadingSource,
    ceiling: Decimal | None,
) -> rules.ReadingVerdict:
    """The verdict on one dial against its neighbours in time."""
    dial = Reading.objects.filter(meter=meter, zone=zone, verdict__in=queries.STANDING)
    others = dial.exclude(day=on, source=source)
    counted = others.filter(counts=True)
    return judged(
        meter=meter, value=value, on=on, today=today, source=source, ceiling=ceiling,
        later=counted.filter(month__gt=month).order_by("month", "day").first(),
        history=list(counted.filter(month__lt=month, day__lte=on).order_by("-month", "-day")[:AVERAGE_OVER]),
        # A stronger word of the same month binds, too; an equal or weaker one is what this reading replaces.
        stronger=others.filter(month=month, day__lte=on, source__lt=source).order_by("-day", "source").first(),
    )  # fmt: skip


def judged(
    *, meter: Meter, value: Decimal, on: date, today: date, source: ReadingSource, ceiling: Decimal | None,
    later: Reading | None, history: list[Reading], stronger: Reading | None,
) -> rules.ReadingVerdict:  # fmt: skip
    """The verdict on one dial against its neighbours in time, as `_judge` finds them; history: the latest first."""
    unit = queries.UNITS.get(Resource(meter.resource), "")
    if later is not None and source not in MAY_GO_BACK:
        return rules.ReadingVerdict(
            refusal=f"Уже принято более позднее показание: {queries.decimal_text(later.value)} {unit} "
            f"от {later.day:%d.%m.%Y}. Проверьте дату; если ошибка в прежнем показании, позвоните в контакт-центр."
        )
    previous = history[0] if history else None
    if stronger is not None and (previous is None or stronger.day >= previous.day):
        previous = stronger
    months = 1
    if previous is not None:
        months = max(1, Month.of(on) - Month.of(previous.day))
    average = _average(history, meter.digits)
    found = rules.judge_reading(
        value=queries.plain(value),
        day=on,
        today=today,
        previous=queries.plain(previous.value) if previous else None,
        previous_day=previous.day if previous else None,
        digits=meter.digits,
        average=average * months if average is not None else None,
        ceiling=ceiling * months if ceiling is not None else None,
        unit=unit,
    )
    if found.refusal or later is None:
        return found
    if rules.usage_between(value, later.value, meter.digits) is None:
        return rules.ReadingVerdict(
            refusal=f"Показание {queries.decimal_text(value)} {unit} больше следующего "
            f"({queries.decimal_text(later.value)} {unit} от {later.day:%d.%m.%Y}). Проверьте цифры или исправьте "
            "сначала следующее показание."
        )
    return found


def _average(history: list[Reading], digits: int) -> Decimal | None:
    """Usual usage a month in dial units over the readings (latest first); None of too short a history."""
    if len(history) < 2:
        return None
    months = Month.of(history[0].month) - Month.of(history[-1].month)
    if months < AVERAGE_FROM:
        return None
    used = Decimal(0)
    for newer, older in itertools.pairwise(history):
        used += rules.usage_between(older.value, newer.value, digits) or Decimal(0)
    return used / months


def _receipt_again(*, account: PersonalAccount, meter: Meter, former: dict[int, Reading]) -> SubmittedReading:
    """The answer to a reading that came before: that of then, and nothing is written."""
    first = min(former.values(), key=lambda row: row.zone)
    entries = JournalEntry.objects.filter(
        account=account,
        event__in=["accounts.reading.submitted", "accounts.reading.corrected", "accounts.reading.held"],
        facts__contains={"meter": meter.pk, "day": first.day.isoformat(), "source": first.source},
    )
    entry = entries.order_by("-at", "-pk").first()
    usage = {}
    for zone, row in former.items():
        before = (
            Reading.objects.filter(meter=meter, zone=zone, counts=True, month__lt=row.month)
            .order_by("-month", "-day")
            .first()
        )
        used = rules.usage_between(before.value, row.value, meter.digits) if before else None
        usage[zone] = queries.plain((used or Decimal(0)) * meter.ratio)
    return SubmittedReading(
        receipt=receipt_number(entry) if entry else "",
        month=Month.of(first.month),
        usage=usage,
        verdict=ReadingVerdict(first.verdict),
        counts=all(row.counts for row in former.values()),
    )
