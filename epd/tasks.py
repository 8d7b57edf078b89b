"""Jobs of the queue: documents of a month."""

from __future__ import annotations

from celery import shared_task
from django.utils.timezone import localdate

from accounts.calendar import Month
from epd import operations


@shared_task(acks_late=True)
def issue_month(*, month: str | None = None, **_: object) -> None:
    """Issue the documents of the month (default: the one before today's)."""
    today = localdate()
    of = Month.parse(month) if month else Month.of(today).previous
    operations.issue_month(month=of, day=today)
    operations.lay_out(month=of)


@shared_task(acks_late=True)
def send_letters(**_: object) -> None:
    """Send the letters that wait; the next minute takes the rest."""
    operations.send_letters()


@shared_task(acks_late=True)
def fetch_answers(**_: object) -> None:
    """Read what mail servers answered; letters that did not arrive turn paper on again."""
    operations.fetch_answers()


@shared_task(acks_late=True)
def print_next_batch(*, run_id: int, **_: object) -> None:
    """Print the next waiting batch of the run, and ask for another hand if more wait; the last one ends the run."""
    if operations.print_next(run_id):
        print_next_batch.delay_on_commit(run_id=run_id)  # type: ignore[attr-defined]  # Celery's Django task
    else:
        operations.finish_print(run_id)
