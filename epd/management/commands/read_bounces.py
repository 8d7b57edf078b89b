"""Answers of mail servers from a mailbox or a folder: letters that did not arrive turn paper on again."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from accounts import commands
from epd import operations

LIMIT = 2_000_000  # bytes of one answer


class Command(commands.Command):
    help = (
        "Читает ответы почтовых серверов (ящик, файлы .eml или папка Maildir): квитанции, которые не дошли, снова "
        "идут на бумаге. Повтор ничего не меняет."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, nargs="?", help="папка с файлами писем; без неё читается ящик BOUNCES_IMAP_URL"
        )

    def handle(self, *, folder: Path | None, **_: Any) -> None:
        if folder is None:
            if not settings.BOUNCES_IMAP_URL:
                raise CommandError("Ящик не задан. Назовите папку с письмами или задайте BOUNCES_IMAP_URL.")
            told = operations.fetch_answers()
        else:
            told = dict.fromkeys(operations.ANSWERS, 0)
            with commands.files_at(folder):
                files = sorted(path for path in folder.rglob("*") if path.is_file())
            for path in files:
                with commands.files_at(path):
                    told[operations.take_answer(path.read_bytes()[:LIMIT])] += 1
        self.stdout.write(", ".join(f"{name}: {count}" for name, count in told.items()))
