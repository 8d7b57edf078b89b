"""Houses, accounts and meters from a workbook in the ГИС ЖКХ template columns; or such an import taken back."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from accounts import operations
from accounts.errors import Refusal


class Command(BaseCommand):
    help = "Загружает дома, помещения, счета, жильцов и приборы из книги Excel в столбцах шаблонов ГИС ЖКХ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="книга xlsx")
        parser.add_argument(
            "--dry-run", action="store_true", help="только проверить: решение по каждой строке, без записи"
        )
        parser.add_argument(
            "--bad-rows", type=Path, metavar="OUT.xlsx", help="куда положить непринятые строки с причинами"
        )
        parser.add_argument("--since", type=_day, help="с какого дня действуют площади, жильцы и счета (ГГГГ-ММ-ДД)")
        parser.add_argument("--all-rows", action="store_true", help="показать и принятые строки")
        parser.add_argument("--undo", type=int, metavar="ID", help="отменить загрузку с этим номером")

    def handle(
        self,
        *,
        file: Path | None,
        dry_run: bool,
        bad_rows: Path | None,
        since: date | None,
        all_rows: bool,
        undo: int | None,
        **_: Any,
    ) -> None:
        if (file is None) == (undo is None):
            raise CommandError("Назовите файл для загрузки или номер загрузки после --undo, одно из двух.")
        try:
            if undo is not None:
                operations.undo_import(file_id=undo, by="import_workbook")
                self.stdout.write(f"Загрузка № {undo} отменена.")
                return
            assert file is not None
            report = operations.import_workbook(
                name=file.name, content=_bytes_of(file), by="import_workbook", today=localdate(), since=since,
                dry_run=dry_run,
            )  # fmt: skip
        except Refusal as refusal:
            raise CommandError(refusal.text) from refusal
        for verdict in report.verdicts:
            if all_rows or not verdict.is_good:
                mark = "+" if verdict.is_good else "!"
                self.stdout.write(f"{mark} «{verdict.sheet}», строка {verdict.row}: {verdict.what}. {verdict.text}")
        for sheet in report.ignored_sheets:
            self.stdout.write(f"  Лист «{sheet}» не читается.")
        if report.bad_rows is not None and bad_rows is not None:
            bad_rows.write_bytes(report.bad_rows)
            self.stdout.write(f"Непринятые строки: {bad_rows}")
        done = f"под № {report.file_id}" if report.file_id else "проверено, ничего не записано"
        self.stdout.write(f"Принято строк: {report.good}, не принято: {report.bad} ({done}).")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"«{text}» не дата: напишите ГГГГ-ММ-ДД") from None


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise CommandError(f"Файл {file} не читается: {fault.strerror}. Проверьте путь.") from fault
