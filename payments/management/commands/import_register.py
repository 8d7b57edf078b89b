"""Payments in from a bank's file: `import_register FILE --channel CODE [--layout CODE] [--dry-run] [--json]`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import commands, errors
from accounts.errors import Refusal
from accounts.money import written
from payments import operations
from payments.registers.client_bank import LARGEST_FILE


class Command(commands.Command):
    help = (
        "Загрузить банковскую выписку (1CClientBankExchange) или, с --layout, реестр платежей. Тот же файл второй раз "
        "ничего не добавит."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="файл выписки или реестра")
        parser.add_argument("--channel", required=True, help="код канала, например bank")
        parser.add_argument("--layout", default="", help="формат реестра, например sberbank; без него — выписка")
        parser.add_argument("--day", type=commands.day, help="операционный день (по умолчанию сегодня)")
        parser.add_argument("--confirm", action="store_true", help="принять файл, итоги которого не сходятся")
        parser.add_argument("--dry-run", action="store_true", help="показать решения и ничего не записать")
        parser.add_argument("--json", action="store_true", help="итоги одной строкой JSON")

    def handle(self, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if not options["layout"] and path.stat().st_size > LARGEST_FILE:
                raise CommandError(
                    f"{path.name}: файл больше {LARGEST_FILE // 2**20} МБ, таких выписок не бывает. Проверьте, тот ли "
                    "это файл, или выгрузите выписку по дням."
                )
            content = path.read_bytes()
        except OSError as fault:
            raise CommandError(f"Файл {path} не читается: {errors.reason_of(fault)}. Назовите другой файл.") from None
        today = localdate()
        try:
            facts: dict[str, Any] = {
                "name": path.name, "content": content, "channel": options["channel"], "day": options["day"] or today,
                "today": today, "by": "import_register", "dry_run": options["dry_run"],
            }  # fmt: skip
            if options["layout"]:
                summary = operations.import_register(**facts, layout=options["layout"], confirmed=options["confirm"])
            else:
                summary = operations.import_statement(**facts, confirmed=options["confirm"])
        except Refusal as refusal:
            raise CommandError(f"{path.name}: {refusal.text}") from None
        refused = summary.state == "rejected"
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_json(), ensure_ascii=False))
            if refused:
                raise CommandError(f"{path.name}: {summary.message}")
            return
        for row in summary.rows:
            self.stdout.write(f"строка {row.line}, № {row.number}, {written(row.amount)} ₽: {row.text}")
        for warning in summary.warnings:
            self.stderr.write(f"Внимание: {warning}")
        if refused:
            raise CommandError(f"{path.name}: {summary.message}")
        self.stdout.write(summary.message)
        if summary.is_dry_run:
            self.stdout.write("Ничего не записано: пробный прогон.")
