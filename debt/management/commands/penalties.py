"""Penalties of a month: `penalties 2026-10 [--day 2026-10-20] [--account N] [--whole] [--dry-run] [--sheet FILE]`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import commands
from accounts.calendar import ONE_DAY, Month
from accounts.database import rolled_back
from debt import operations


class Command(commands.Command):
    help = "Начислить пени открытого месяца; для одного счёта ещё и напечатать расчёт пени."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц начисления, например 2026-10")
        parser.add_argument("--account", help="номер лицевого счёта")
        parser.add_argument("--day", type=commands.day, help="по какой день включительно (по умолчанию вчера)")
        parser.add_argument("--sheet", type=Path, help="расчёт пени счёта в этот файл (PDF), ничего не начисляя")
        parser.add_argument("--whole", action="store_true", help="пересчитать всех, а не только счета с новыми фактами")
        parser.add_argument("--workers", type=int, default=1, help="сколько процессов считают (не для --dry-run)")
        parser.add_argument("--dry-run", action="store_true", help="посчитать и ничего не записать")

    def handle(
        self,
        *,
        month: Month,
        account: str | None,
        day: date | None,
        sheet: Path | None,
        whole: bool,
        workers: int,
        dry_run: bool,
        **_: Any,
    ) -> None:
        until = day or min(localdate() - ONE_DAY, month.last)
        account_id = commands.account_of(account).pk if account else None
        if sheet is not None:
            if account_id is None:
                raise CommandError("Расчёт пени печатают для одного счёта: назовите --account.")
            content = operations.print_sheet(account_id=account_id, on=until)
            with commands.files_at(sheet):
                sheet.write_bytes(content)
            self.stdout.write(f"Расчёт пени на {until:%d.%m.%Y}: {sheet}")
            return
        with rolled_back(if_=dry_run):
            scope = None if account_id is None else [account_id]
            summary = operations.charge_penalties(
                month=month, day=until, account_ids=scope, whole=whole, workers=1 if dry_run else workers
            )
        self.stdout.write(f"{summary}{' Ничего не записано: пробный расчёт.' if dry_run else ''}")
