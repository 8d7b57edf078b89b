"""Jobs of debt: parse, one call, return nothing."""

from __future__ import annotations

from datetime import date
from functools import partial

from celery import shared_task
from django.utils.timezone import localdate

from accounts import operations as accounts_operations
from accounts.calendar import ONE_DAY
from billing import queries as billing_queries
from debt import operations


@shared_task(queue="debt", acks_late=True)
def accrue_penalties(*, day: str | None = None, **_: object) -> None:
    """Draft the penalties of every open month, accrued to yesterday (or `day`), the eldest month first."""
    until = date.fromisoformat(day) if day else localdate() - ONE_DAY
    for month in billing_queries.open_months():
        if month.first > until:
            continue
        with accounts_operations.running("debt.penalties", month=month, scope={"day": until}) as run:
            summary = operations.charge_penalties(month=month, day=until, progress=partial(_tell, run.pk))
            run.counts = {"accounts": summary.accounts, "lines": summary.lines, "amount": str(summary.amount)}
            run.message = summary.warning


def _tell(run_id: int, done: int, total: int) -> None:
    accounts_operations.advance_run(run_id, done=done, total=total)
