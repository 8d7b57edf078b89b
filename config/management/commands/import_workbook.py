"""Houses, accounts and meters from a workbook in the ГИС ЖКХ template columns; or such an import taken back."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import localdate

import billing.operations
from accounts import commands, operations


class Command(commands.Command):
    help = "Загружает дома, помещения, счета, жильцов и приборы из книги Excel в столбцах шаблонов ГИС ЖКХ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="книга xlsx")
        parser.add_argument(
            "--dry-run", action="store_true", help="только проверить: решение по каждой строке, без записи"
        )
        parser.add_argument(
            "--bad-rows", type=Path, metavar="OUT.xlsx", help="куда положить непринятые строки с причинами"
        )
        parser.add_argument(
            "--since", type=commands.day, help="с какого дня действуют площади, жильцы и счета (ГГГГ-ММ-ДД)"
        )
        parser.add_argument("--all-rows", action="store_true", help="показать и принятые строки")
        parser.add_argument("--undo", type=commands.whole, metavar="ID", help="отменить загрузку с этим номером")

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
        if undo is not None:
            billing.operations.undo_import(file_id=undo, by="import_workbook")
            self.stdout.write(f"Загрузка № {undo} отменена.")
            return
        assert file is not None
        if bad_rows is not None and (bad_rows.is_dir() or not os.access(bad_rows.parent, os.W_OK)):
            raise CommandError(f"{bad_rows}: сюда файл не записать. Назовите другой путь.")
        with commands.files_at(file):
            content = file.read_bytes()
        report = operations.import_workbook(
            name=file.name, content=content, by="import_workbook", today=localdate(), since=since, dry_run=dry_run
        )
        for verdict in report.verdicts:
            if all_rows or not verdict.is_good:
                mark = "+" if verdict.is_good else "!"
                self.stdout.write(f"{mark} «{verdict.sheet}», строка {verdict.row}: {verdict.what}. {verdict.text}")
        for sheet in report.ignored_sheets:
            self.stdout.write(f"  Лист «{sheet}» не читается.")
        if report.bad_rows is not None and bad_rows is not None:
            with commands.files_at(bad_rows):
                bad_rows.write_bytes(report.bad_rows)
            self.stdout.write(f"Непринятые строки: {bad_rows}")
        done = f"под № {report.file_id}" if report.file_id else "проверено, ничего не записано"
        self.stdout.write(f"Принято строк: {report.good}, не принято: {report.bad} ({done}).")
