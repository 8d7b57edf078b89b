"""Documents of a month: issued, and written as PDF files."""

from __future__ import annotations

import multiprocessing
import os
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.utils.timezone import localdate

from accounts import commands
from accounts.calendar import Month
from accounts.database import rolled_back
from epd import operations, queries, render

ALONE = 20  # so many documents are not worth a second process
EVERY_SECONDS, PACE_SECONDS = 5, 60
DOCUMENTS_PER_PROCESS = 300  # the layout engine grows by 0.1 MB a document

Job = tuple[str, dict[str, Any], str, str]


class Progress:
    """A line every few seconds: how many are ready, and how long the rest takes at the pace of the last minute."""

    def __init__(self, what: str, say: Callable[[str], object]) -> None:
        self.what, self.say = what, say
        self.seen = deque([(time.monotonic(), 0)])

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.seen[-1][0] < EVERY_SECONDS:
            return
        while len(self.seen) > 1 and self.seen[0][0] < now - PACE_SECONDS:
            self.seen.popleft()
        then, before = self.seen[0]
        self.seen.append((now, done))
        if done < total and done > before:
            left = (now - then) / (done - before) * (total - done)
            self.say(f"  {self.what}: {done} из {total}, осталось около {_time_in_words(left)}")


def _time_in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} с"
    return f"{round(seconds / 60)} мин" if seconds < 5400 else f"{seconds / 3600:.1f} ч".replace(".", ",")


class Command(commands.Command):
    help = (
        "Выпускает платёжные документы месяца, проведённого по всем договорам счёта, и пишет их файлами PDF. "
        "Выпущенное не меняется: повтор команды только напишет файлы снова."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument(
            "--out", metavar="DIR", type=Path, help="папка для файлов PDF; без неё документы только выпускаются"
        )
        parser.add_argument("--account", metavar="N", help="только этот лицевой счёт")
        parser.add_argument("--house", metavar="ID", type=commands.whole, help="только этот дом")
        parser.add_argument(
            "--day", metavar="ДАТА", type=commands.day, help="дата выпуска, например 2026-11-03; по умолчанию сегодня"
        )
        parser.add_argument("--dry-run", action="store_true", help="проверить и посчитать, ничего не записав")

    def handle(self, *, month: Month, out: Path | None, account: str | None, house: int | None, day: date | None,
               dry_run: bool, **_: Any) -> None:  # fmt: skip
        today = localdate()
        if day is not None and day > today:
            raise CommandError(f"Дата выпуска {day:%d.%m.%Y} ещё не наступила: сегодня {today:%d.%m.%Y}.")
        house_ids = [commands.house_of(house)] if house else None
        account_ids = [commands.account_of(account).pk] if account else None
        if out is not None and not dry_run:  # a wrong folder is told before anything is issued
            with commands.files_at(out):
                out.mkdir(parents=True, exist_ok=True)
        with rolled_back(if_=dry_run):
            summary = operations.issue_documents(
                month=month, day=day or today, house_ids=house_ids, account_ids=account_ids,
                progress=Progress("выпуск", self.stderr.write),
            )  # fmt: skip
        self.stdout.write(f"{month.title}: {summary}" + (" (проверка, ничего не записано)" if dry_run else ""))
        for text in summary.refused[1 : operations.SHOWN]:
            self.stderr.write(text)
        if out and not dry_run:
            with commands.files_at(out):
                self._write(out, month, account_ids, house)

    def _write(self, folder: Path, month: Month, account_ids: list[int] | None, house: int | None) -> None:
        rows = queries.documents_of_month(month=month, account_ids=account_ids)
        if house:
            rows = rows.filter(account__house_id=house)
        count, progress = rows.count(), Progress("файлы PDF", self.stderr.write)
        jobs = (
            (str(folder / f"{row.number}.pdf"), row.payload, row.template_version, row.gis_id or "")
            for row in rows.iterator(chunk_size=200)
        )
        for done in _written(jobs, count):
            progress(done, count)
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
