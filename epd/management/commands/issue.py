"""Documents of a month: issued, and written as PDF files."""

from __future__ import annotations

import multiprocessing
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.timezone import localdate

import accounts.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from epd import operations, queries, render

ALONE = 20  # so many documents are not worth a second process
DOCUMENTS_PER_PROCESS = 300  # the layout engine grows by 0.1 MB a document

Job = tuple[str, dict[str, Any], str, str]


class Command(BaseCommand):
    help = (
        "Выпускает платёжные документы месяца, проведённого по всем договорам счёта, и пишет их файлами PDF. "
        "Выпущенное не меняется: повтор команды только напишет файлы снова."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="месяц, например 2026-10")
        parser.add_argument("--out", metavar="DIR", help="папка для файлов PDF; без неё документы только выпускаются")
        parser.add_argument("--account", metavar="N", help="только этот лицевой счёт")
        parser.add_argument("--house", metavar="ID", type=int, help="только этот дом")
        parser.add_argument("--day", metavar="ДАТА", help="дата выпуска, например 2026-11-03; по умолчанию сегодня")
        parser.add_argument("--dry-run", action="store_true", help="проверить и посчитать, ничего не записав")

    def handle(self, *, month: str, out: str | None, account: str | None, house: int | None, day: str | None,
               dry_run: bool, **_: Any) -> None:  # fmt: skip
        try:
            wanted = Month.parse(month)
            issued_on = date.fromisoformat(day) if day else localdate()
            account_ids = [self._account(account)] if account else None
            with rolled_back(if_=dry_run):
                summary = operations.issue_documents(
                    month=wanted, day=issued_on, house_ids=[house] if house else None, account_ids=account_ids
                )
        except ValueError:
            raise CommandError(f"Дата «{day}» не понята. Напишите её так: 2026-11-03.") from None
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{wanted.title}: {summary}" + (" (проверка, ничего не записано)" if dry_run else ""))
        for text in summary.refused[1 : operations.SHOWN]:
            self.stderr.write(text)
        if out and not dry_run:
            self._write(Path(out), wanted, account_ids, house)

    def _account(self, number: str) -> int:
        found = accounts.queries.account_by_number(number)
        if found is None:
            raise CommandError(f"Лицевой счёт {number} не найден. Проверьте номер.")
        return found.pk

    def _write(self, folder: Path, month: Month, account_ids: list[int] | None, house: int | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        rows = queries.documents_of_month(month=month, account_ids=account_ids)
        if house:
            rows = rows.filter(account__house_id=house)
        count, began = rows.count(), time.monotonic()
        jobs = (
            (str(folder / f"{row.number}.pdf"), row.payload, row.template_version, row.gis_id or "")
            for row in rows.iterator(chunk_size=200)
        )
        for done in _written(jobs, count):
            if done % 50 == 0 or done == count:
                left = (time.monotonic() - began) / done * (count - done)
                self.stdout.write(f"  {done} из {count}, осталось около {left / 60:.0f} мин")
        self.stdout.write(f"Файлы: {folder} ({count})")


def _written(jobs: Iterable[Job], count: int) -> Iterator[int]:
    """Writes the files, in several processes when there are many; yields how many are ready."""
    workers = min(os.cpu_count() or 1, 8)
    if count <= ALONE or workers == 1:
        for done, job in enumerate(jobs, 1):
            _write_one(job)
            yield done
        return
    payloads = list(jobs)
    connections.close_all()  # a forked process must not share a connection
    with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=DOCUMENTS_PER_PROCESS) as pool:
        yield from (done for done, _ in enumerate(pool.imap_unordered(_write_one, payloads, chunksize=4), 1))


def _write_one(job: Job) -> None:
    """One file, whole or not at all."""
    path, payload, version, gis_id = job
    part = Path(path + ".part")
    part.write_bytes(render.pdf_of(payload, version=version, gis_id=gis_id))
    part.replace(path)
