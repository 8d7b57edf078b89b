"""The demonstration pays on line with stand-ins of the provider and of the cash register, in the server's process."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from django.utils.timezone import localdate

from payments import operations
from payments.models import Channel
from payments.standins.atol import AtolStandIn
from payments.standins.yookassa import YooKassaStandIn

SECONDS = 5  # between two rounds of what a worker does in an installation


def serve(*, site_port: int) -> list[str]:
    """Start both stand-ins, tell the settings of this process where they are, and give what to print about them."""
    shop = YooKassaStandIn(
        shop_id="demo", secret_key="demo", notify_url=f"http://127.0.0.1:{site_port}/payments/online/yookassa/",
        retry_seconds=2,
    )  # fmt: skip
    register = AtolStandIn(login="demo", password="demo", group="demo")
    shop.start()
    register.start()
    settings.YOOKASSA_SHOP_ID = settings.YOOKASSA_SECRET_KEY = "demo"
    settings.YOOKASSA_API_URL = f"{shop.address}/v3"
    settings.YOOKASSA_NETWORKS = ["127.0.0.1/32"]
    settings.ATOL_LOGIN = settings.ATOL_PASSWORD = settings.ATOL_GROUP = "demo"
    settings.ATOL_URL = f"{register.address}/v4"
    Channel.objects.filter(pk__in=["online", "cash", "card"], receipts_from=None).update(receipts_from=localdate())
    threading.Thread(target=_rounds, name="demo-rounds", daemon=True).start()
    return [
        f"Двойник ЮKassa (неполадки, платежи): {shop.address}/",
        f"Двойник онлайн-кассы (лента чеков): {register.address}/",
    ]


def _rounds() -> None:
    """Ask about undecided payments, send receipts: the demo has no worker beside it."""
    while True:
        time.sleep(SECONDS)
        close_old_connections()
        operations.ask_undecided(at=timezone.now())
        operations.send_receipts(at=timezone.now())
