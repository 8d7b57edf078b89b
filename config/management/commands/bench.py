"""Speed beside its floor: `bench calculation --accounts 200000`, one JSON object."""

from __future__ import annotations

import inspect
import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import commands
from config.benches import BENCHES


class Command(commands.Command):
    help = "Измерить скорость в собственной базе (она создаётся и удаляется): одна строка JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(BENCHES), help="что измерить")
        parser.add_argument("--accounts", type=commands.whole, default=20_000, help="сколько лицевых счетов (20 000)")
        parser.add_argument("--workers", type=commands.whole, help="сколько процессов, где их может быть несколько")

        parser.add_argument(
            "--decode", type=commands.whole, help="коды скольких документов прочитать с листа (documents)"
        )

    def handle(self, *, name: str, accounts: int, workers: int | None, decode: int | None, **_: Any) -> None:
        bench = BENCHES[name]
        options: dict[str, Any] = {"accounts": accounts}
        if workers is not None:
            if "workers" not in inspect.signature(bench).parameters:
                raise CommandError(f"Измерение «{name}» идёт в одном процессе: уберите --workers.")
            options["workers"] = workers
        if decode is not None:
            if "decode" not in inspect.signature(bench).parameters:
                raise CommandError(f"Измерение «{name}» не читает кодов: уберите --decode.")
            options["decode"] = decode
        self.stdout.write(json.dumps(bench(**options), ensure_ascii=False))
