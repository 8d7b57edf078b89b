"""Penalties of a month: `penalties 2026-10 [--day 2026-10-20] [--account N] [--whole] [--dry-run] [--sheet FILE]`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from debt import operations


class Command(BaseCommand):
    help = "Начислить пени открытого месяца; для одного счёта ещё и напечатать расчёт пени."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="месяц начисления, например 2026-10")
        parser.add_argument("--account", help="номер лицевого счёта")
        parser.add_argument("--day", type=date.fromisoformat, help="по какой день включительно (по умолчанию вчера)")
        parser.add_argument("--sheet", type=Path, help="расчёт пени счёта в этот файл (PDF), ничего не начисляя")
        parser.add_argument("--whole", action="store_true", help="пересчитать всех, а не только счета с новыми фактами")
        parser.add_argument("--workers", type=int, default=1, help="сколько процессов считают (не для --dry-run)")
        parser.add_argument("--dry-run", action="store_true", help="посчитать и ничего не записать")

    def handle(
        self,
        *,
        month: str,
        account: str | None,
        day: date | None,
        sheet: Path | None,
        whole: bool,
        workers: int,
        dry_run: bool,
        **_: Any,
    ) -> None:
        try:
            period = Month.parse(month)
            until = day or min(localdate() - ONE_DAY, period.last)
            account_id = self._account(account)
            if sheet is not None:
                if account_id is None:
                    raise CommandError("Расчёт пени печатают для одного счёта: назовите --account.")
                sheet.write_bytes(operations.print_sheet(account_id=account_id, on=until))
                self.stdout.write(f"Расчёт пени на {until:%d.%m.%Y}: {sheet}")
                return
            with rolled_back(if_=dry_run):
                scope = None if account_id is None else [account_id]
                summary = operations.charge_penalties(
                    month=period, day=until, account_ids=scope, whole=whole, workers=1 if dry_run else workers
                )
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        self.stdout.write(f"{summary}{' Ничего не записано: пробный расчёт.' if dry_run else ''}")

    def _account(self, number: str | None) -> int | None:
        if number is None:
            return None
        found = accounts_queries.account_by_number(number)
        if found is None:
            raise CommandError(f"Лицевого счёта {number} нет. Проверьте номер.")
        return int(found.pk)
