"""The operating day: opened by its first operation; who works in it keeps it open till the end of the transaction."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import lock_number
from accounts.errors import Refusal
from accounts.queries import User
from payments.models import ClosedMonth, OperatingDay, OperatingDayState, Remittance

By = User | str | None


class DayClosed(Refusal):
    """The operating day takes no more operations."""


def lock_books(*, shared: bool) -> None:
    """Till the end of the transaction: days open (shared) only while nobody remits or closes a month (alone)."""
    call = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}(%s)", [lock_number("payments.books")])


def make_partitions(month: Month, *, table: str) -> None:
    """The table's partition of the month, if it is not there yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{table}_{month.first:%Y%m}"])
        if cursor.fetchone()[0] is not None:
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("partitions")])  # two first comers
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
    lock_books(shared=True)
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
    """Keep the day open till the end of this transaction: who closes it waits. Opens it if it is new.

    The day is locked before any payment, and payments before accounts: so nobody waits in a circle.
    """
    for attempt in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM payments_operatingday WHERE day = %s FOR SHARE", [day])
            row = cursor.fetchone()
        if row is not None and row[0] == OperatingDayState.OPEN:
            return
        if row is not None or attempt:
            raise DayClosed(f"Операционный день {day:%d.%m.%Y} закрыт: проведите операцию открытым днём.")
        open_day(day)
