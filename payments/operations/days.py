"""The operating day: opened by its first operation, closed once with its conservation sheet."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import User
from payments import queries
from payments.models import ClosedMonth, OperatingDay, OperatingDayState, Payment, PaymentState, Remittance
from payments.queries import DaySheet

By = User | str | None


class DayClosed(Refusal):
    """The operating day takes no more operations."""


class DayDoesNotClose(Refusal):
    """Something of the day has no place yet."""


def make_partitions(month: Month, *, table: str) -> None:
    """The table's partition of the month, if it is not there yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition(%s, %s)", [table, month.first])


@transaction.atomic
def open_day(day: date, *, by: By = None) -> OperatingDay:
    """Open an operating day, or find it open. Raises DayClosed when the books have gone past it.

    A day before the last remittance would never be remitted, and a month with a checkpoint is closed for good.
    """
    found = OperatingDay.objects.filter(day=day).first()
    if found is not None:
        if found.state == OperatingDayState.CLOSED:
            raise DayClosed(f"Операционный день {day:%d.%m.%Y} закрыт: проведите операцию открытым днём.")
        return found
    if ClosedMonth.objects.filter(month__gte=day.replace(day=1)).exists():
        raise DayClosed(f"Месяц {Month.of(day).title} закрыт: день {day:%d.%m.%Y} открыть нельзя.")
    last = Remittance.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None and last >= day:
        raise DayClosed(
            f"Деньги по {last:%d.%m.%Y} уже перечислены: день {day:%d.%m.%Y} открыть нельзя. "
            "Проведите операцию более поздним днём."
        )
    for month in (Month.of(day), Month.of(day).next):
        make_partitions(month, table="payments_allocation")
    row, is_new = OperatingDay.objects.get_or_create(day=day)
    if is_new:
        accounts_operations.note("payments.day.opened", by=by, day=day)
    return row


def hold_open(day: date) -> None:
    """Keep the day open till the end of this transaction: who closes it waits. Opens it if it is new."""
    for attempt in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM payments_operatingday WHERE day = %s FOR SHARE", [day])
            row = cursor.fetchone()
        if row is not None and row[0] == OperatingDayState.OPEN:
            return
        if row is not None or attempt:
            raise DayClosed(f"Операционный день {day:%d.%m.%Y} закрыт: проведите операцию открытым днём.")
        open_day(day)


def close_day(*, day: date, by: By = None) -> DaySheet:
    """Allocate what is left, then close the day with its sheet. A day closed already answers with the same sheet.

    Raises DayDoesNotClose when money of the day is neither allocated, nor unidentified, nor returned.
    """
    from payments.operations.allocating import allocate_day

    found = OperatingDay.objects.filter(day=day).first()
    if found is not None and found.state == OperatingDayState.CLOSED:
        return queries.day_sheet(day)
    if found is None:
        open_day(day, by=by)
    allocate_day(day=day)
    with transaction.atomic():
        row = OperatingDay.objects.select_for_update().get(day=day)
        if row.state == OperatingDayState.CLOSED:
            return queries.day_sheet(day)
        left = Payment.objects.filter(state=PaymentState.ACCEPTED, day__lte=day).count()
        if left:
            raise DayDoesNotClose(
                f"День {day:%d.%m.%Y} не закрыт: не разнесено платежей: {left}. Повторите закрытие через минуту."
            )
        sheet = queries.day_sheet(day)
        if sheet.difference:
            raise DayDoesNotClose(
                f"День {day:%d.%m.%Y} не закрыт: получено и разнесённое расходится на {sheet.difference} руб. "
                "Откройте проверку сохранности: она назовёт платежи."
            )
        row.state = OperatingDayState.CLOSED
        row.closed_at = Now()
        row.sheet = {name: str(value) for name, value in asdict(sheet).items()}
        row.save(update_fields=["state", "closed_at", "sheet"])
        accounts_operations.note("payments.day.closed", by=by, **asdict(sheet))
    return sheet


def close_days(*, until: date, by: By = None) -> list[DaySheet]:
    """Close every open day up to `until`, the oldest first, and `until` itself."""
    open_days = OperatingDay.objects.filter(state=OperatingDayState.OPEN, day__lt=until).order_by("day")
    return [close_day(day=day, by=by) for day in [*open_days.values_list("day", flat=True), until]]
