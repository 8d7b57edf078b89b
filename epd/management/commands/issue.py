"""Documents of a month: issued, and written as PDF files."""

from __future__ import annotations

import multiprocessing
import os
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Callable
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

EVERY_SECONDS, PACE_SECONDS = 5, 60
LOOK_SECONDS = 0.5


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
        "Выпускает платёжные документы месяца, проведённого по всем договорам счёта, и печатает их пачками "
        "PDF в порядке доставки, с ведомостью; с --account пишет один файл. Выпущенное не меняется. "
        "Прерванную печать повтор команды с той же папкой продолжит с первой неготовой пачки."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument(
            "--out", metavar="DIR", type=Path, help="папка для файлов PDF; без неё документы только выпускаются"
        )
        parser.add_argument(
            "--batch",
            metavar="N",
            type=commands.whole,
            default=operations.BATCH,
            help="документов в пачке, не больше 5000",
        )
        parser.add_argument("--workers", metavar="N", type=commands.whole, help="сколько процессов печатает")
        parser.add_argument("--account", metavar="N", help="только этот лицевой счёт")
        parser.add_argument("--house", metavar="ID", type=commands.whole, help="только этот дом")
        parser.add_argument(
            "--day", metavar="ДАТА", type=commands.day, help="дата выпуска, например 2026-11-03; по умолчанию сегодня"
        )
        parser.add_argument("--dry-run", action="store_true", help="проверить и посчитать, ничего не записав")

    def handle(self, *, month: Month, out: Path | None, account: str | None, house: int | None, day: date | None,
               dry_run: bool, batch: int, workers: int | None, **_: Any) -> None:  # fmt: skip
        if not 1 <= batch <= operations.BATCH:
            raise CommandError(f"В пачке от 1 до {operations.BATCH} документов.")
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
                if account_ids:
                    self._write_one(out, month, account_ids)
                else:
                    self._print(out, month, house_ids, batch, workers or min(os.cpu_count() or 1, 8))

    def _write_one(self, folder: Path, month: Month, account_ids: list[int]) -> None:
        """The account's documents, a file each, whole or not at all."""
        for row in queries.documents_of_month(month=month, account_ids=account_ids):
            part = folder / f"{row.number}.pdf.part"
            part.write_bytes(render.pdf(row))
            part.replace(folder / f"{row.number}.pdf")
            self.stdout.write(f"Файл: {folder / row.number}.pdf")

    def _print(self, folder: Path, month: Month, house_ids: list[int] | None, batch: int, workers: int) -> None:
        """Batches, by several processes where there are several; what was broken off before goes on."""
        run_id = operations.start_print(month=month, folder=folder, house_ids=house_ids, batch=batch)
        batches = queries.print_batches(run_id)
        waiting = sum(not row.is_done for row in batches)
        if waiting < len(batches):
            self.stderr.write(f"Печать продолжена: готово пачек {len(batches) - waiting} из {len(batches)}.")
        progress, total = Progress("печать", self.stderr.write), sum(row.documents for row in batches)
        if waiting > 1 and workers > 1:
            self._by_hands(run_id, min(workers, waiting), progress, total)
        else:
            while operations.print_next(run_id):
                progress(queries.printed_of(run_id), total)
        if not operations.finish_print(run_id):
            raise CommandError(
                f"Печать остановлена: не все пачки готовы (задание № {run_id}). Повторите команду, она продолжит."
            )
        done = queries.print_batches(run_id)
        self.stdout.write(
            f"Пачки: {folder} (файлов {len(done)}, документов {total}, листов {sum(row.sheets for row in done)},"
            f" сверстано напрямую {sum(row.fallbacks for row in done)})"
        )

    def _by_hands(self, run_id: int, workers: int, progress: Progress, total: int) -> None:
        connections.close_all()  # a forked process must not share a connection
        context = multiprocessing.get_context("fork")
        hands = [context.Process(target=_hand, args=(run_id,)) for _ in range(workers)]
        for hand in hands:
            hand.start()
        try:
            while any(hand.is_alive() for hand in hands):
                time.sleep(LOOK_SECONDS)
                progress(queries.printed_of(run_id), total)
        finally:
            for hand in hands:
                if hand.is_alive():
                    hand.terminate()
                hand.join()


def _hand(run_id: int) -> None:
    """A process that prints batches while any wait."""
    connections.close_all()
    while operations.print_next(run_id):
        pass
