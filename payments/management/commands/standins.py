"""The stand-ins of outside services by hand: for a person who tries the site, never for an installation."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts import commands
from payments.standins.atol import AtolStandIn
from payments.standins.yookassa import YooKassaStandIn


class Command(commands.Command):
    help = (
        "Двойники платёжного сервиса и онлайн-кассы для проб: печатает переменные окружения сайта и работает до Ctrl+C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=commands.whole, default=8010, help="порт ЮKassa (8010); у кассы следующий")
        parser.add_argument("--site", default="http://127.0.0.1:8000", help="сайт, которому слать уведомления")

    def handle(self, *, port: int, site: str, **_: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Двойники нужны для проб: при DEBUG=false они не запускаются.")
        if not 1 <= port <= 65_534:
            raise CommandError("Порт: число от 1 до 65 534.")
        try:
            shop = YooKassaStandIn(
                shop_id="100500", secret_key="demo", port=port,
                notify_url=f"{site.rstrip('/')}/payments/online/yookassa/", retry_seconds=5,
            )  # fmt: skip
            register = AtolStandIn(login="demo", password="demo", group="demo", port=port + 1)
        except OSError as fault:
            raise CommandError(
                f"Порт {port} или {port + 1} занят другой программой. Назовите другой: --port."
            ) from fault
        shop.start()
        register.start()
        for line in (
            f"YOOKASSA_API_URL={shop.address}/v3", "YOOKASSA_SHOP_ID=100500", "YOOKASSA_SECRET_KEY=demo",
            "YOOKASSA_NETWORKS=127.0.0.1/32", f"ATOL_URL={register.address}/v4", "ATOL_LOGIN=demo",
            "ATOL_PASSWORD=demo", "ATOL_GROUP=demo",
        ):  # fmt: skip
            self.stdout.write(f"export {line}")
        self.stderr.write(f"Неполадки ЮKassa: {shop.address}/   Лента кассы: {register.address}/   Конец: Ctrl+C")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            shop.stop()
            register.stop()
