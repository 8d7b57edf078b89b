"""Drafts of a month: `bill 2026-10 [--account NUMBER | --house ID] [--dry-run]`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import localdate

from accounts import commands
from accounts.calendar import Month
from accounts.database import rolled_back
from billing import operations


class Command(commands.Command):
    help = "Рассчитать черновики начислений за месяц."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--account", help="номер лицевого счёта")
        scope.add_argument("--house", type=commands.whole, help="номер дома в системе")
        parser.add_argument("--workers", type=commands.whole, default=1, help="процессов (для всех домов)")
        parser.add_argument("--dry-run", action="store_true", help="посчитать и ничего не записать")

    def handle(
        self, *, month: Month, account: str | None, house: int | None, workers: int, dry_run: bool, **_: Any
    ) -> None:
        operations.refuse_not_begun(month=month, today=localdate())
        scope: dict[str, Any] = {}
        if account:
            scope["account_ids"] = [commands.account_of(account).pk]
        if house:
            scope["house_ids"] = [commands.house_of(house)]
        # A dry run is one transaction, and a transaction has one connection; a real run commits block by block.
        with rolled_back() if dry_run else nullcontext():
            summary = operations.run_billing(month=month, workers=1 if dry_run else workers, **scope)
        self.stdout.write(f"{summary}{' Ничего не записано: пробный расчёт.' if dry_run else ''}")
