"""Answers of mail servers from a folder: letters that did not arrive turn paper on again."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import commands
from epd import bounces, operations, queries

LIMIT = 2_000_000  # bytes of one answer


class Command(commands.Command):
    help = (
        "Читает ответы почтовых серверов (файлы .eml или папка Maildir): квитанции, которые не дошли, снова идут на "
        "бумаге. Повтор ничего не меняет."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="папка с файлами писем")

    def handle(self, *, folder: Path, **_: Any) -> None:
        told = {"вернулись": 0, "уже учтены": 0, "временные": 0, "не о наших письмах": 0}
        with commands.files_at(folder):
            files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in files:
            with commands.files_at(path):
                found = bounces.read(path.read_bytes()[:LIMIT])
            delivery_id = queries.delivery_by_letter(found.message_id) if found else None
            if found is None or delivery_id is None:
                told["не о наших письмах"] += 1
            elif not found.is_final:
                told["временные"] += 1
            elif operations.bounced(delivery_id=delivery_id, reason=found.reason, by="почта"):
                told["вернулись"] += 1
            else:
                told["уже учтены"] += 1
        self.stdout.write(", ".join(f"{name}: {count}" for name, count in told.items()))
