"""A process of its own that takes payments on line: what `bench payments` measures. Imported before Django stands."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

DAY = date(2026, 11, 10)


def take_payments(
    settings_module: str,
    database: str,
    numbers: Sequence[tuple[int, str]],
    rate: int,
    ready: Any,
    begins: Any,
    told: Any,
) -> None:
    """Take the payment of each (place, account number) when it arrives: `rate` a second, counted from `begins`.

    Puts into `told` the seconds from each arrival to its posted allocation.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from django.db import transaction

    from payments import operations

    def take(number: str, external_id: str) -> None:
        with transaction.atomic():
            payment = operations.record_payment(
                channel="online", external_id=external_id, number=number, amount=Decimal("500.00"), paid_on=DAY,
                day=DAY, today=DAY, by="bench",
            )  # fmt: skip
            operations.allocate_payment(payment.pk, day=DAY)

    for place, number in numbers[:5]:  # a worker that has stood for a minute is warm
        take(number, f"warm-{place}")
    ready.wait(60)
    ready.wait(60)
    waits = []
    for place, number in numbers:
        due = begins.value + place / rate
        time.sleep(max(0.0, due - time.time()))
        take(number, f"on-line-{place}")
        waits.append(time.time() - due)
    told.put(waits)
