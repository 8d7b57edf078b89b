"""Drafts become ink: `post 2026-10 [--contract ID] [--dry-run]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import localdate

from accounts import commands
from accounts.calendar import Month
from accounts.database import rolled_back
from billing import operations


class Command(commands.Command):
    help = "Провести начисления месяца: после этого они не меняются."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument("--contract", type=commands.whole, help="номер договора в системе")
        parser.add_argument("--dry-run", action="store_true", help="показать итог и ничего не провести")

    def handle(self, *, month: Month, contract: int | None, dry_run: bool, **_: Any) -> None:
        with rolled_back(if_=dry_run):
            summary = operations.post_month(month=month, today=localdate(), contract_id=contract)
        self.stdout.write(f"{summary}{' Ничего не записано: пробный прогон.' if dry_run else ''}")
