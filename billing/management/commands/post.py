"""Drafts become ink: `post 2026-10 [--contract ID] [--dry-run]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from billing import operations


class Command(BaseCommand):
    help = "Провести начисления месяца: после этого они не меняются."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="месяц, например 2026-10")
        parser.add_argument("--contract", type=int, help="номер договора в системе")
        parser.add_argument("--dry-run", action="store_true", help="показать итог и ничего не провести")

    def handle(self, *, month: str, contract: int | None, dry_run: bool, **_: Any) -> None:
        try:
            with rolled_back(if_=dry_run):
                summary = operations.post_month(month=Month.parse(month), contract_id=contract)
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        self.stdout.write(f"{summary}{' Ничего не записано: пробный прогон.' if dry_run else ''}")
