"""Jobs of billing: parse, one call, return nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils.timezone import localdate

from billing import operations, queries

SUNDAY = 7
CREW = 2  # tasks that take blocks at the same time: as many as a worker has processes


@shared_task(queue="billing", acks_late=True)
def calculate_night(**_: object) -> None:
    """Draft every open month anew: what changed; on Sundays everybody, which proves the fingerprints right.

    Blocks wait in the database; a task takes one and sends the next.
    """
    today = localdate()
    operations.open_due_month(today)
    for month in queries.open_months():
        run_id = operations.start_billing_run(month, sparing=today.isoweekday() != SUNDAY)
        for _hand in range(CREW):
            bill_next_block.delay(run_id=run_id)


@shared_task(queue="billing", acks_late=True)
def bill_next_block(*, run_id: int, **_: object) -> None:
    """Take the next waiting block of the run, and ask for another hand if more wait; the last one ends the run."""
    if operations.bill_next_block(run_id):
        bill_next_block.delay_on_commit(run_id=run_id)  # type: ignore[attr-defined]  # Celery's Django task
    else:
        operations.finish_if_done(run_id)


@shared_task(queue="billing", acks_late=True)
def redraft_touched(**_: object) -> None:
    """Bring the drafts up to what changed since a minute ago."""
    operations.redraft_touched()


@shared_task(queue="billing", acks_late=True)
def settle_year(**_: object) -> None:
    """What the open month must say of the year before it: heat paid evenly, common needs by the norm."""
    month = queries.current_month()
    if month is not None:
        operations.settle_year(into=month)
