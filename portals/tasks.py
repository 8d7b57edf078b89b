"""Jobs of the cabinets; who runs when is in config/schedule.py."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone
from django.utils.timezone import localdate

import payments.online_queries
import payments.operations
from portals import operations, queries


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
