"""A region of any size, by COPY, reproducible: the same seed gives the same kopecks."""

import json
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import commands
from accounts.calendar import Month
from config.seeding.region import Region


class Command(commands.Command):
    help = "Создать в пустой базе район для показа: дома, лицевые счета, жители, счётчики с историей показаний."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--accounts", type=commands.whole, default=2000, help="сколько лицевых счетов (2000)")
        parser.add_argument("--months", type=commands.whole, default=12, help="сколько месяцев показаний (12)")
        parser.add_argument("--seed", type=int, default=1, help="зерно: то же зерно даёт те же копейки (1)")
        parser.add_argument("--until", type=commands.month, help="последний месяц истории, 2026-10 (прошлый месяц)")

    def handle(self, *, accounts: int, months: int, seed: int, until: Month | None, **_: Any) -> None:
        if not 1 <= accounts <= 9_000_000 or not 1 <= months <= 60:
            raise CommandError("Счетов нужно от 1 до 9 000 000, месяцев от 1 до 60.")
        began = time.monotonic()

        def progress(done: int) -> None:
            seconds = time.monotonic() - began
            left = seconds / done * (accounts - done)
            self.stderr.write(f"{done:>9} из {accounts} счетов, осталось около {left:.0f} с")

        month = until or Month.of(localdate()).previous
        counts = Region(accounts=accounts, months=months, until=month, seed=seed).write(progress)
        self.stdout.write(json.dumps({**counts, "until": str(month), "seconds": round(time.monotonic() - began, 1)}))
