"""Money out: `remit 2026-11-05 [--out FILE] [--dry-run]` forms the remittances and writes the bank's file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import commands
from accounts.database import rolled_back
from accounts.errors import Refusal
from payments import operations, queries


class Command(commands.Command):
    help = "Перечислить принципалам деньги закрытых дней и записать файл поручений для банка."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", type=commands.day, help="по какой день включительно, например 2026-11-05")
        parser.add_argument("--out", type=Path, help="куда записать поручения (по умолчанию remit-ДЕНЬ.txt)")
        parser.add_argument("--dry-run", action="store_true", help="показать итог и ничего не записать")

    def handle(self, *, day: date, out: Path | None, dry_run: bool, **_: Any) -> None:
        path = out or Path(f"remit-{day}.txt")
        try:
            with rolled_back(if_=dry_run):
                summary = operations.remit_day(day=day, by="remit")
                is_due = any(row.net for row in queries.remittances_on(day))
                orders = operations.remittance_file(day) if is_due else b""
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        self.stdout.write(str(summary))
        if dry_run:
            self.stdout.write("Ничего не записано: пробный прогон.")
        elif orders:
            try:
                path.write_bytes(orders)
            except OSError as fault:
                raise CommandError(
                    f"Перечисления сформированы, а файл {path} не записан: {fault.strerror}. Повторите команду с --out."
                ) from None
            operations.mark_remittance_sent(day=day, by="remit")
            self.stdout.write(f"Поручения для банка: {path}")
        if summary.refused:
            raise CommandError(f"Не перечислено по договорам: {len(summary.refused)}. Причины названы выше.")
