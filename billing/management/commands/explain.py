"""Why this amount: `explain ACCOUNT 2026-10`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import commands
from accounts.calendar import Month
from billing import queries
from billing.explanation import roubles


class Command(commands.Command):
    help = "Объяснить начисления лицевого счёта за месяц: каждую строку, с формулой и числами."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="номер лицевого счёта")
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")

    def handle(self, *, account: str, month: Month, **_: Any) -> None:
        found = commands.account_of(account)
        rows = queries.explain(account_id=found.pk, month=month)
        if not rows:
            self.stdout.write(f"За {month.title} начислений нет.")
        for row in rows:
            self.stdout.write(f"{row.title}: {roubles(row.amount)}")
            self.stdout.write(f"    {row.text}" + (f" ({row.formula})" if row.formula else ""))
