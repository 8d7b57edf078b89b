"""The main job, end to end, on demonstration data; then the site."""

import json
import socket
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import commands, database
from config import demo, stand_ins, verification


class Command(commands.Command):
    help = "Показ: создать район, прожить его месяцы (начисления, документы, платежи, перечисления) и открыть сайт."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="не открывать сайт, а напечатать итог и закончить")
        parser.add_argument("--accounts", type=commands.whole, default=2000, help="сколько лицевых счетов (2000)")
        parser.add_argument("--months", type=commands.whole, default=12, help="сколько месяцев истории (12)")
        parser.add_argument("--seed", type=int, default=1, help="зерно (1)")
        parser.add_argument("--port", type=commands.whole, default=8000, help="порт сайта (8000)")

    def handle(self, *, once: bool, accounts: int, months: int, seed: int, port: int, **_: Any) -> None:
        if not 1 <= accounts <= 9_000_000 or not 1 <= months <= 36:
            raise CommandError("Счетов нужно от 1 до 9 000 000, месяцев от 1 до 36.")
        if not once:
            if port > 65_535:
                raise CommandError("Порт: число от 1 до 65 535.")
            self.refuse_busy(port)
        began = time.monotonic()
        with database.advisory_lock("demo", refusal="Показ уже готовится в другом окне. Дождитесь его."):
            demo.everything(accounts=accounts, months=months, seed=seed, today=localdate(), say=self.stderr.write)
        broken = [finding for finding in verification.findings() if finding.keys]
        for finding in broken:
            self.stderr.write(f"Нарушен закон {finding.law}: {finding.name}: {'; '.join(finding.keys)}")
        seconds = round(time.monotonic() - began, 1)
        result = {**demo.summary(), "seconds": seconds, "verify": "broken" if broken else "ok"}
        self.stdout.write(json.dumps(result, ensure_ascii=False))
        if broken:
            raise CommandError("Законы системы нарушены: строки выше.")
        if not once:
            self.print_logins(port)
            if settings.DEBUG and not settings.YOOKASSA_SHOP_ID:  # nobody pays with real money in a demonstration
                for line in stand_ins.serve(site_port=port):
                    self.stdout.write(line)
            call_command("runserver", f"127.0.0.1:{port}", "--noreload", "--insecure")

    def refuse_busy(self, port: int) -> None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise CommandError(
                    f"Порт {port} занят другой программой. Назовите другой: ./dev start --port {port + 1}"
                )

    def print_logins(self, port: int) -> None:
        self.stdout.write(f"\nСайт: http://127.0.0.1:{port}/   Пароль у всех: {demo.PASSWORD}\n")
        for email, who, place in demo.logins():
            self.stdout.write(f"  {email:<28} {who:<34} http://127.0.0.1:{port}{place}")
        self.stdout.write("")
