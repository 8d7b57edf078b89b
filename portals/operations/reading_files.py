"""Files of readings from principals: every row judged, the good ones kept, the whole file taken back while chalk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

import accounts.operations
from accounts.calendar import Month
from accounts.database import rolled_back, words_of
from accounts.errors import Refusal
from accounts.operations import ReadingItem, SubmittedReading
from accounts.queries import (
    AgencyContract,
    Meter,
    MeterKind,
    PersonalAccount,
    Reading,
    ReadingSource,
    ReadingVerdict,
    User,
    decimal_text,
)
from portals import reading_sheets
from portals.models import ReadingFile
from portals.reading_sheets import SentRow

SOURCE = ReadingSource.REGISTER
Progress = Callable[[int], None]


class ReadingFileRefused(Refusal):
    """The file is not taken, or not taken back; nothing was written."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of a row of the file, in words."""

    line: int
    account: str
    serial: str
    value: Decimal | None
    is_good: bool
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of a file. bad_rows: xlsx of the refused rows with reasons, or None. file_id: None of a dry run."""

    name: str
    is_dry_run: bool
    verdicts: list[RowVerdict]
    bad_rows: bytes | None
    file_id: int | None = None

    @property
    def good(self) -> int:
        return sum(row.is_good for row in self.verdicts)

    @property
    def bad(self) -> int:
        return len(self.verdicts) - self.good


def load_readings(
    *,
    name: str,
    content: bytes,
    contract: AgencyContract,
    meters: QuerySet[Meter],
    by: User,
    today: date,
    at: datetime,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
    counted: Progress = lambda _: None,
) -> Taken:
    """Judge every row and keep the good ones; with `dry_run` nothing is kept.

    meters: those the sender may write to (portals.access); another's meter is refused like one that is not. All dials
    of a meter stand or fall together. Unlikely values are kept for a check by the staff, unless the row says that they
    were checked. counted: how many meters there are; progress: how many of them are judged. Either may raise, and
    nothing is kept.
    Raises FileRefused, SheetRefused, ReadingFileRefused (the file came before).
    """
    rows = reading_sheets.read(content, name=name)
    digest = hashlib.sha256(content).hexdigest()
    with rolled_back(if_=dry_run):
        AgencyContract.objects.select_for_update().get(pk=contract.pk)
        if before := ReadingFile.objects.filter(contract=contract, digest=digest, undone_at=None).first():
            raise ReadingFileRefused(
                f"Файл «{name}» уже загружен {localdate(before.sent_at):%d.%m.%Y}, принято строк: {before.good}. "
                "Ничего не сделано."
            )
        verdicts, taken = _take(rows, meters=meters, by=by, today=today, progress=progress, counted=counted)
        file = ReadingFile.objects.create(
            principal_id=contract.principal_id, contract=contract, name=name[:255], digest=digest,
            month=Month.of(today).first, sent_by=by, sent_at=at, good=sum(one.is_good for one in verdicts),
            bad=sum(not one.is_good for one in verdicts), taken=taken,
        )  # fmt: skip
        if not taken and not dry_run:
            raise ReadingFileRefused(f"В файле «{name}» нет ни одной годной строки. Исправьте её и загрузите снова.")
        accounts.operations.note(
            "portals.readings.loaded", by=by, file=file.pk, name=name[:80], contract_id=contract.pk, good=file.good,
            bad=file.bad,
        )  # fmt: skip
    refused = {one.line: one.text for one in verdicts if not one.is_good}
    back = [(row, refused[row.line]) for row in rows if row.line in refused]
    return Taken(name, dry_run, verdicts, reading_sheets.bad_rows(back) if back else None, None if dry_run else file.pk)


def _take(
    rows: Sequence[SentRow], *, meters: QuerySet[Meter], by: User, today: date, progress: Progress, counted: Progress
) -> tuple[list[RowVerdict], list[dict[str, Any]]]:
    """The verdict on each row, in the order of the file, and what was written. Statements do not grow with rows."""
    groups: dict[tuple[int | None, date | None], list[SentRow]] = {}
    for row in rows:
        groups.setdefault((row.meter_id, row.day), []).append(row)
    own = _own_of({row.meter_id for row in rows if row.meter_id is not None}, meters)
    accounts_of = _accounts_of(own.values())
    told: dict[int, tuple[bool, str]] = {}
    days: dict[int, date] = {}
    kept: list[tuple[ReadingItem, list[SentRow]]] = []
    for (meter_id, day), group in groups.items():
        meter = own.get(meter_id or 0)
        account_id = accounts_of.get(meter.pk) if meter else None
        problem = _problem(group, meter, account_id, is_again=meter_id in days)
        if problem or meter is None or account_id is None:
            told |= {row.line: (False, problem) for row in group}
            continue
        days[meter.pk] = day or today
        values = {row.zone: row.value for row in group if row.value is not None}
        is_sure = all(row.is_sure for row in group)
        kept.append((ReadingItem(account_id, meter.pk, values, days[meter.pk], is_sure), group))
    counted(len(kept))
    before = _before(days)
    outcomes = accounts.operations.submit_readings(
        items=[item for item, _ in kept], by=by, today=today, source=SOURCE, progress=progress
    )
    taken: list[dict[str, Any]] = []
    for (item, group), outcome in zip(kept, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            told |= {row.line: (False, str(outcome)) for row in group}
            continue
        taken.append({"meter": item.meter_id, "day": item.on.isoformat(), "was": before.get(item.meter_id, {})})
        told |= {row.line: (True, _words(outcome)) for row in group}
    return [
        RowVerdict(row.line, row.account, row.serial, row.value, *told[row.line]) for row in rows
    ], taken  # fmt: skip


def _problem(group: Sequence[SentRow], meter: Meter | None, account_id: int | None, *, is_again: bool) -> str:
    """Why these rows of a meter cannot be judged at all; empty where they can."""
    if problem := next((row.problem for row in group if row.problem), ""):
        return problem
    if meter is None:
        return "Такого прибора среди ваших нет. Не меняйте столбец «Код прибора»: скачайте файл заново."
    if group[0].serial and group[0].serial != meter.serial:
        return f"Под этим кодом прибор № {meter.serial}, а в строке № {group[0].serial}. Строки перепутаны."
    if len({row.zone for row in group}) < len(group):
        return "Тот же прибор и тариф в файле дважды. Оставьте одну строку."
    if is_again:
        return "Прибор встречается в файле с разными датами. Оставьте одну."
    return "" if account_id is not None else "У помещения этого прибора нет открытого лицевого счёта."


def _words(done: SubmittedReading) -> str:
    if done.verdict == ReadingVerdict.DOUBTFUL:
        return "Принято, но необычно: ждёт проверки. Если верно, поставьте «да» в «Показание проверено»."
    usage = ", ".join(decimal_text(used) for _, used in sorted(done.usage.items()))
    text = f"Принято за {done.month.title}, расход {usage}."
    return text if done.counts else f"{text} Учтётся более сильный источник этого месяца."


def _own_of(wanted: set[int], meters: QuerySet[Meter]) -> dict[int, Meter]:
    """Those of the meters that the sender may write to. One statement."""
    rows = meters.filter(pk__in=wanted).exclude(kind=MeterKind.BUILDING)
    return {row.pk: row for row in rows.only("pk", "serial", "premises_id")}


def _before(days: dict[int, date]) -> dict[int, dict[str, str]]:
    """Meter → what stands under the same key now: zone → value. One statement."""
    found: dict[int, dict[str, str]] = {}
    rows = Reading.objects.filter(meter__in=list(days), source=SOURCE, day__in=set(days.values()))
    rows = rows.exclude(verdict=ReadingVerdict.REJECTED)
    for meter_id, zone, day, value in rows.values_list("meter", "zone", "day", "value"):
        if day == days[meter_id]:
            found.setdefault(meter_id, {})[str(zone)] = f"{value:f}"
    return found


def _accounts_of(meters: Any) -> dict[int, int]:
    """Meter → an open account of its premises, or of a room inside. Two statements."""
    places = {meter.premises_id: meter.pk for meter in meters}
    open_ones = PersonalAccount.objects.filter(closed_on=None).order_by("-pk")
    found = {}
    for pk, premises in open_ones.filter(premises__in=places).values_list("pk", "premises"):
        found[premises] = pk
    for pk, flat in open_ones.filter(premises__parent__in=places).values_list("pk", "premises__parent"):
        found.setdefault(flat or 0, pk)
    return {meter.pk: found[meter.premises_id] for meter in meters if meter.premises_id in found}


@transaction.atomic
def undo_readings(*, file_id: int, by: User, at: datetime, today: date) -> int:
    """Take the whole file back: its readings count no more, values that stood before them stand again; how many meters.

    All or nothing. Raises ReadingFileRefused when a posted month has counted any of them, or it was undone already.
    """
    file = ReadingFile.objects.select_for_update().get(pk=file_id)
    if file.undone_at is not None:
        raise ReadingFileRefused(
            f"Файл «{file.name}» уже отменён {localdate(file.undone_at):%d.%m.%Y}. Ничего не сделано."
        )
    if day := _in_ink(file.taken):
        raise ReadingFileRefused(
            f"Файл «{file.name}» отменить нельзя: показание от {day:%d.%m.%Y} вошло в проведённый месяц. Передайте "
            "верные показания новым файлом: разница станет перерасчётом."
        )
    homes = Meter.objects.in_bulk([one["meter"] for one in file.taken])
    accounts_of = _accounts_of(homes.values())
    ground = f"отменён файл «{file.name}»"[:255]
    try:
        with transaction.atomic():
            _take_back(file.taken, accounts_of, by=by, today=today, ground=ground)
    except DatabaseError as fault:
        if words := words_of(fault):
            raise ReadingFileRefused(f"Файл «{file.name}» отменить нельзя: {words}") from None
        raise
    except Refusal as refusal:
        raise ReadingFileRefused(f"Файл «{file.name}» отменить нельзя: {refusal}") from None
    file.undone_at, file.undone_by = at, by
    file.save(update_fields=["undone_at", "undone_by"])
    accounts.operations.note("portals.readings.undone", by=by, file=file.pk, name=file.name[:80], good=file.good)
    return len(file.taken)


# A reading counts in ink when a posted month of its meter's accounts stands at its month or later.
IN_INK = """
    SELECT min(r.day) FROM jsonb_to_recordset(%s::jsonb) AS told(meter bigint, day date)
    JOIN accounts_reading AS r ON r.meter_id = told.meter AND r.day = told.day AND r.source = %s AND r.counts
    WHERE billing_meter_is_in_ink(r.meter_id, r.month)
"""


def _in_ink(taken: Sequence[dict[str, Any]]) -> date | None:
    """The first day whose reading a posted month has counted; None: all of them are chalk. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(IN_INK, [json.dumps(list(taken)), int(SOURCE)])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def _take_back(
    taken: Sequence[dict[str, Any]], accounts_of: dict[int, int], *, by: User, today: date, ground: str
) -> None:  # fmt: skip
    """What stood before stands again, the rest is put aside; what the staff has put aside already is left alone."""
    days = {one["meter"]: date.fromisoformat(one["day"]) for one in taken}
    standing = _before(days)
    again = [
        ReadingItem(
            accounts_of[one["meter"]], one["meter"], {int(zone): Decimal(value) for zone, value in one["was"].items()},
            days[one["meter"]], confirmed=True,
        )
        for one in taken if one["was"] and one["meter"] in accounts_of and one["meter"] in standing
    ]  # fmt: skip
    back = {item.meter_id for item in again}
    for outcome in accounts.operations.submit_readings(items=again, by=by, today=today, source=SOURCE):
        if isinstance(outcome, Refusal):
            raise outcome
    spots = {meter: day for meter, day in days.items() if meter in standing and meter not in back}
    accounts.operations.reject_readings(spots=spots, source=SOURCE, by=by, ground=ground)
