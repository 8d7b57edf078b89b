"""Drafts of a month: `bill 2026-10 [--account NUMBER | --house ID] [--dry-run]`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import queries as accounts_queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from billing import operations


class Command(BaseCommand):
    help = "Рассчитать черновики начислений за месяц."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="месяц, например 2026-10")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--account", help="номер лицевого счёта")
        scope.add_argument("--house", type=int, help="номер дома в системе")
        parser.add_argument("--workers", type=int, default=1, help="процессов (для всех домов)")
        parser.add_argument("--dry-run", action="store_true", help="посчитать и ничего не записать")

    def handle(
        self, *, month: str, account: str | None, house: int | None, workers: int, dry_run: bool, **_: Any
    ) -> None:
        scope: dict[str, Any] = {}
        try:
            if account:
                found = accounts_queries.account_by_number(account)
                if found is None:
                    raise CommandError(f"Лицевого счёта {account} нет. Проверьте номер.")
                scope["account_ids"] = [found.pk]
            if house:
                scope["house_ids"] = [house]
            # A dry run is one transaction, and a transaction has one connection; a real run commits block by block.
            with rolled_back() if dry_run else nullcontext():
                summary = operations.run_billing(month=Month.parse(month), workers=1 if dry_run else workers, **scope)
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        self.stdout.write(f"{summary}{' Ничего не записано: пробный расчёт.' if dry_run else ''}")
