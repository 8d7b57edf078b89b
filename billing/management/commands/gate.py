"""What looks wrong before posting, most money first: `gate 2026-10 [--limit 50] [--above 30000]`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from accounts import commands
from accounts.calendar import Month
from billing import queries
from billing.explanation import roubles


class Command(commands.Command):
    help = "Показать, что похоже на ошибку в начислениях месяца: сначала самое дорогое."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument("--limit", type=commands.whole, default=50, help="сколько строк показать")
        parser.add_argument(
            "--above", type=commands.roubles, default=queries.ABOVE, help="сумма счёта, о которой спросить, руб."
        )

    def handle(self, *, month: Month, limit: int, above: Decimal, **_: Any) -> None:
        rows = queries.anomalies(month, limit=limit, above=above)
        if not rows:
            self.stdout.write(f"{month.title.capitalize()}: подозрительного нет.")
        for row in rows:
            where = f"счёт {row.account_number}, {row.address}" if row.account_number else row.address
            self.stdout.write(f"{roubles(row.stake)} · {row.name} · {where} · {row.text} {row.fix}")
