"""Jobs of debt: parse, one call, return nothing."""

from __future__ import annotations

from datetime import date

from celery import shared_task
from django.utils.timezone import localdate

from accounts.calendar import ONE_DAY
from billing import queries as billing_queries
from debt import operations

SUNDAY = 6
CREW = 2  # tasks that take blocks at the same time: as many as a worker has processes


@shared_task(queue="debt", acks_late=True)
def accrue_penalties(*, day: str | None = None, **_: object) -> None:
    """Draft the penalties of every open month, accrued to yesterday (or `day`), the eldest month first.

    The night after a Sunday computes everybody anew and so proves what the week's nights grew.
    """
    until = date.fromisoformat(day) if day else localdate() - ONE_DAY
    for month in billing_queries.open_months():
        if month.first <= until:
            operations.charge_penalties(month=month, day=until, whole=until.weekday() == SUNDAY, more_hands=_call_hands)


def _call_hands(run_id: int) -> None:
    for _hand in range(CREW - 1):
        take_blocks.delay(run_id=run_id)


@shared_task(queue="debt", acks_late=True)
def take_blocks(*, run_id: int, **_: object) -> None:
    """Help a night of penalties: take its blocks until none waits."""
    operations.take_blocks(run_id)
