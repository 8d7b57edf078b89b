"""Money out: `remit 2026-11-05 [--check-by E-MAIL] [--release-by E-MAIL] [--out FILE] [--form 1c|pain001] [--dry-run]`.

Forms the remittances; in the name of one person marks them checked, of another releases them and writes the bank's
file.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

import accounts.queries
from accounts import commands, errors
from accounts.database import rolled_back
from accounts.errors import Refusal
from payments import operations, queries


class Command(commands.Command):
    help = (
        "Перечислить принципалам деньги закрытых дней; с --release-by (или после выпуска в кабинете) записать файл "
        "поручений для банка."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", type=commands.day, help="по какой день включительно, например 2026-11-05")
        parser.add_argument("--check-by", help="эл. почта сотрудника, который сверил суммы и счета")
        parser.add_argument("--release-by", help="эл. почта другого сотрудника, который выпускает поручения")
        parser.add_argument(
            "--form", choices=sorted(operations.FORMS), default="1c", help="формат файла для банка (1c)"
        )
        parser.add_argument("--out", type=Path, help="куда записать поручения (remit-ДЕНЬ.txt, .xml)")
        parser.add_argument("--dry-run", action="store_true", help="показать итог и ничего не записать")

    def handle(
        self,
        *,
        day: date,
        out: Path | None,
        dry_run: bool,
        check_by: str | None,
        release_by: str | None,
        form: str,
        **_: Any,
    ) -> None:
        path = out or Path(f"remit-{day}.{'txt' if form == '1c' else 'xml'}")
        first, person = _person(check_by), _person(release_by)
        try:
            with rolled_back(if_=dry_run):
                summary = operations.remit_day(day=day, by="remit")
                if first is not None:
                    operations.check_remittances(day=day, by=first, at=timezone.now())
                if person is not None:
                    operations.release_remittances(day=day, by=person, at=timezone.now())
                waiting = [row for row in queries.remittances_on(day) if row.is_order and row.state == "formed"]
                is_due = any(row.is_released for row in waiting)
                orders = operations.remittance_file(day, form=form) if is_due else b""
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
                    f"Перечисления сформированы, а файл {path} не записан: {errors.reason_of(fault)}. "
                    "Повторите команду с --out."
                ) from None
            operations.mark_remittance_sent(day=day, by="remit")
            self.stdout.write(f"Поручения для банка: {path}")
        if not dry_run and (left := sum(not row.is_released for row in waiting)):
            self.stdout.write(
                f"Ждут выпуска другим сотрудником: {left}. Проверьте и выпустите их в кабинете или с "
                "--check-by и --release-by."
            )
        if summary.refused:
            raise CommandError(f"Не перечислено по договорам: {len(summary.refused)}. Причины названы выше.")


def _person(email: str | None) -> accounts.queries.User | None:
    person = accounts.queries.staff_by_email(email) if email else None
    if email and person is None:
        raise CommandError(f"Сотрудника с почтой «{email}» нет: назовите того, кто проверил или выпускает поручения.")
    return person
