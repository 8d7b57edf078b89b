"""Jobs of payments; who runs when is in config/schedule.py."""

from __future__ import annotations

from datetime import date

from celery import shared_task
from django.utils import timezone
from django.utils.timezone import localdate

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month, is_working_day
from payments import operations


@shared_task(queue="payments", acks_late=True)
def close_day(*, day: str | None = None, **_: object) -> None:
    """Allocate what is left of yesterday (or `day`) and close it, and every open day before it.

    Then the receipts of advances that the last month used: there are ten days for them, and each night asks again.
    """
    today = localdate()
    until = date.fromisoformat(day) if day else today - ONE_DAY
    with accounts_operations.running("payments.close_day", scope={"day": until}) as run:
        sheets = operations.close_days(until=until, today=today)
        operations.make_offset_receipts(month=Month.of(today).previous, at=timezone.now())
        run.counts = {"days": len(sheets), "received": str(sheets[-1].received), "allocated": str(sheets[-1].allocated)}


@shared_task(queue="payments", acks_late=True)
def remit_day(*, day: str | None = None, **_: object) -> None:
    """On a working day: remit what was allocated up to yesterday (or `day`), weekends too. ПП № 253, п. 6."""
    today = localdate()
    if day is None and not is_working_day(today, accounts_queries.calendar_overrides()):
        return
    until = date.fromisoformat(day) if day else today - ONE_DAY
    with accounts_operations.running("payments.remit_day", scope={"day": until}) as run:
        operations.close_days(until=until, today=today)  # a night without its job must not hold the principals' money
        summary = operations.remit_day(day=until)
        run.counts = {"formed": summary.formed, "refused": len(summary.refused), "net": str(summary.net)}
        run.message = str(summary) if summary.refused else ""


@shared_task(queue="payments", acks_late=True)
def ask_undecided(**_: object) -> None:
    """Ask the provider what became of payments on line whose notification was lost."""
    operations.ask_undecided(at=timezone.now())


@shared_task(queue="payments", acks_late=True)
def send_receipts(**_: object) -> None:
    """Hand waiting receipts of 54-ФЗ to the cash register, ask about those it has."""
    operations.make_missing_receipts(at=timezone.now())
    operations.send_receipts(at=timezone.now())


@shared_task(queue="payments", acks_late=True)
def fetch_registers(**_: object) -> None:
    """Take in registers and statements that wait in the sources' folders and mailbox."""
    found = operations.fetch_registers(today=localdate(), at=timezone.now())
    if found.taken or found.refused or found.troubles:
        with accounts_operations.running("payments.fetch_registers", scope={"day": localdate()}) as run:
            run.counts = {"taken": found.taken, "repeated": found.repeated, "refused": found.refused}
            run.message = "\n".join(found.troubles)


@shared_task(queue="payments", acks_late=True)
def undo_register(*, run_id: int, **_: object) -> None:
    """Undo the long register of the job; once, whenever this runs."""
    operations.finish_undo(run_id=run_id, at=timezone.now())
