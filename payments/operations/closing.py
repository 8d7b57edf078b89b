"""The end of an operating day: nothing left unallocated, the conservation sheet, the state."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.db.models.functions import Now

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import written
from payments import queries
from payments.models import OperatingDay, OperatingDayState, Payment, PaymentState
from payments.operations.allocating import allocate_day, consume_advances
from payments.operations.days import By, open_day
from payments.queries import DaySheet


class DayDoesNotClose(Refusal):
    """Something of the day has no place yet."""


def close_day(*, day: date, today: date | None = None, by: By = None) -> DaySheet:
    """Allocate what is left, then close the day with its sheet. A day closed already answers with the same sheet.

    today: a day after it does not close (None: history, whose days have all come). Raises DayDoesNotClose when the
    day has not come, or money of it is neither allocated, nor unidentified, nor returned.
    """
    if today is not None and day > today:
        raise DayDoesNotClose(
            f"Операционный день {day:%d.%m.%Y} ещё не наступил, сегодня {today:%d.%m.%Y}: закрывать нечего."
        )
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
        allocate_day(day=day)  # what came in since; nobody can bring more now
        left = Payment.objects.filter(state=PaymentState.ACCEPTED, day__lte=day).count()
        if left:
            raise DayDoesNotClose(
                f"День {day:%d.%m.%Y} не закрыт: не разнесено платежей: {left}. Повторите закрытие через минуту."
            )
        sheet = queries.day_sheet(day)
        if sheet.difference:
            raise DayDoesNotClose(
                f"День {day:%d.%m.%Y} не закрыт: получено и разнесённое расходится на {written(sheet.difference)} ₽. "
                "Откройте проверку сохранности: она назовёт платежи."
            )
        row.state = OperatingDayState.CLOSED
        row.closed_at = Now()
        row.sheet = {name: str(value) for name, value in asdict(sheet).items()}
        row.save(update_fields=["state", "closed_at", "sheet"])
        accounts_operations.note("payments.day.closed", by=by, **asdict(sheet))
    return sheet


def close_days(*, until: date, today: date | None = None, by: By = None) -> list[DaySheet]:
    """The night's work: use advances for what was posted, then close every open day up to `until`, the oldest first."""
    if today is not None and until > today:
        raise DayDoesNotClose(
            f"День {until:%d.%m.%Y} ещё не наступил, сегодня {today:%d.%m.%Y}. Укажите день не позже сегодняшнего."
        )
    open_days = OperatingDay.objects.filter(state=OperatingDayState.OPEN, day__lt=until).order_by("day")
    sheets = [close_day(day=day, by=by) for day in open_days.values_list("day", flat=True)]
    if not OperatingDay.objects.filter(day=until, state=OperatingDayState.CLOSED).exists():
        consume_advances(month=Month.of(until), day=until)
    return [*sheets, close_day(day=until, by=by)]
