"""What providers of payments send us. The API for people lives in `portals`, behind `access`."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.errors import Refusal
from accounts.senders import sender_of
from payments import operations
from payments.online import NotificationForged

logger = logging.getLogger(__name__)

LONGEST_BODY = 100_000  # bytes; a notification is two thousand


@csrf_exempt
@require_POST
def yookassa(request: HttpRequest) -> HttpResponse:
    """A notification of ЮKassa: 200 it is settled, 403 it is not theirs, 503 or a fault: let them send it again."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return HttpResponse(status=413)
    try:
        operations.take_notification(body=request.body, sender=sender_of(request), at=timezone.now())
    except NotificationForged as refusal:
        logger.warning("payments.notification.forged", extra={"sender": sender_of(request), "reason": str(refusal)})
        return HttpResponse(status=403)
    except Refusal as refusal:  # the provider is silent, the day is closed: the money is not lost, they repeat
        logger.warning("payments.notification.later", extra={"reason": type(refusal).__name__})
        return HttpResponse(status=503)
    return HttpResponse(status=200)
