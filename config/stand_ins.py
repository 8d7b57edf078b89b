"""The demonstration pays on line with stand-ins of the provider and of the cash register, in the server's process."""

from __future__ import annotations

import os
import shlex
import threading
import time
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from django.utils.timezone import localdate

from payments import operations
from payments.models import Channel
from payments.standins.atol import AtolStandIn
from payments.standins.yookassa import YooKassaStandIn
from portals import tasks

SECONDS = 5  # between two rounds of what a worker does in an installation, so that nobody waits for its minute


def serve(*, site_port: int) -> list[str]:
    """Start both stand-ins, tell the settings of this process where they are, and give what to print about them."""
    shop = YooKassaStandIn(
        shop_id="demo", secret_key="demo", notify_url=f"http://127.0.0.1:{site_port}/payments/online/yookassa/",
        retry_seconds=2,
    )  # fmt: skip
    register = AtolStandIn(login="demo", password="demo", group="demo")
    shop.start()
    register.start()
    told = {
        "YOOKASSA_SHOP_ID": "demo", "YOOKASSA_SECRET_KEY": "demo", "YOOKASSA_API_URL": f"{shop.address}/v3",
        "ATOL_LOGIN": "demo", "ATOL_PASSWORD": "demo", "ATOL_GROUP": "demo", "ATOL_URL": f"{register.address}/v4",
    }  # fmt: skip
    for name, value in told.items():
        setattr(settings, name, value)
    settings.YOOKASSA_NETWORKS = ["127.0.0.1/32"]
    tell_worker(told | {"YOOKASSA_NETWORKS": "127.0.0.1/32"})
    Channel.objects.filter(pk__in=["online", "cash", "card"], receipts_from=None).update(receipts_from=localdate())
    threading.Thread(target=_rounds, name="demo-rounds", daemon=True).start()
    return [
        f"Двойник ЮKassa (неполадки, платежи): {shop.address}/",
        f"Двойник онлайн-кассы (лента чеков): {register.address}/",
    ]


def tell_worker(told: dict[str, str]) -> None:
    """Leave the settings where `./dev start` reads them before it brings up worker and beat: they pay there, too."""
    mark = os.environ.get("DEV_SERVING")
    if mark:
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in told.items()]
        Path(f"{mark}.env").write_text("".join(lines), encoding="utf-8")


def _rounds() -> None:
    while True:
        time.sleep(SECONDS)
        close_old_connections()
        rounds()


def rounds() -> None:
    """Ask about undecided payments, send receipts, charge new documents to those who consented. Each once."""
    operations.ask_undecided(at=timezone.now())
    operations.send_receipts(at=timezone.now())
    tasks.charge_autopayments()
