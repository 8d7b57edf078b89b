"""Why this amount: `explain ACCOUNT 2026-10`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import queries as accounts_queries
from accounts.calendar import Month
from accounts.errors import Refusal
from billing import queries
from billing.explanation import roubles


class Command(BaseCommand):
    help = "Объяснить начисления лицевого счёта за месяц: каждую строку, с формулой и числами."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="номер лицевого счёта")
        parser.add_argument("month", help="месяц, например 2026-10")

    def handle(self, *, account: str, month: str, **_: Any) -> None:
        try:
            period = Month.parse(month)
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        found = accounts_queries.account_by_number(account)
        if found is None:
            raise CommandError(f"Лицевого счёта {account} нет. Проверьте номер.")
        rows = queries.explain(account_id=found.pk, month=period)
        if not rows:
            self.stdout.write(f"За {period.title} начислений нет.")
        for row in rows:
            self.stdout.write(f"{row.title}: {roubles(row.amount)}")
            self.stdout.write(f"    {row.text}" + (f" ({row.formula})" if row.formula else ""))
