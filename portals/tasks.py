"""Jobs of the cabinets; who runs when is in config/schedule.py."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone
from django.utils.timezone import localdate

import payments.online_queries
import payments.operations
from portals import operations, queries
from portals.reports import jobs, sums


@shared_task(queue="portals", acks_late=True)
def charge_autopayments(**_: object) -> None:
    """Charge what new documents ask to those who consented; a document is charged once, whenever this runs."""
    if not payments.online_queries.is_on():
        return
    operations.withdraw_autopayments(at=timezone.now())
    for due in queries.due_autopayments(on=localdate()):
        payments.operations.charge_autopayment(
            autopayment_id=due.autopayment_id, document=due.document, amount=due.amount, at=timezone.now()
        )


@shared_task(queue="portals", acks_late=True)
def make_report_file(*, job_id: int | None = None, **_: object) -> None:
    """Make the file that was ordered, or whatever waits; one that a killed worker left is begun anew."""
    while job := jobs.take(at=timezone.now(), job_id=job_id):
        jobs.make_file(job=job, clock=timezone.localtime)
        if job_id is not None:
            return


@shared_task(queue="portals", acks_late=True)
def send_reports(**_: object) -> None:
    """Make what waits, mail what is ready. Every minute: a file ordered while the queue was down is made, too."""
    make_report_file()
    for job in jobs.unsent():
        jobs.send(job=job, at=timezone.now())


@shared_task(queue="portals", acks_late=True)
def order_reports(**_: object) -> None:
    """Order the files of schedules that fell due, remove those whose days are over; each once, whenever this runs."""
    jobs.order_due(at=timezone.now(), today=localdate())
    jobs.purge(today=localdate())


@shared_task(queue="portals", acks_late=True)
def make_notices(**_: object) -> None:
    """Tell the users of accounts what is new; each thing once, whenever this runs."""
    operations.make_notices(today=localdate(), at=timezone.now())


@shared_task(queue="portals", acks_late=True)
def send_notices(**_: object) -> None:
    """Mail the notices that wait for it; a mail server that is down is asked again, three times."""
    operations.send_letters(at=timezone.now())


@shared_task(queue="portals", acks_late=True)
def refresh_sums(**_: object) -> None:
    """Sum by house what was posted, paid and closed since; what is summed already is left alone."""
    sums.refresh()


@shared_task(queue="portals", acks_late=True, autoretry_for=(OSError,), retry_backoff=60, max_retries=5)
def forward_document(*, document_id: int, address: str, **_: object) -> None:
    """Mail a document to the address that a resident has named."""
    operations.forward_document(document_id=document_id, address=address)
