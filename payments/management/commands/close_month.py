"""The books of a month: `close_month 2026-10 [--dry-run]` writes the checkpoint of balances and closes the month."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import commands
from accounts.calendar import Month
from accounts.database import rolled_back
from payments import operations


class Command(commands.Command):
    help = "Закрыть месяц: срез сальдо, сверенный с проводками; дальше месяц не меняется."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument("--dry-run", action="store_true", help="показать итог и ничего не записать")

    def handle(self, *, month: Month, dry_run: bool, **_: Any) -> None:
        with rolled_back(if_=dry_run):
            summary = operations.close_month(month=month)
        self.stdout.write(f"{summary}{' Ничего не записано: пробный прогон.' if dry_run else ''}")
