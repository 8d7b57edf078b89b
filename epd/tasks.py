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


@shared_task(acks_late=True)
def send_letters(**_: object) -> None:
    """Send the letters that wait; the next minute takes the rest."""
    operations.send_letters()
