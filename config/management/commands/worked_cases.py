"""Worked cases of the law through the real code: what came out beside what was expected; status 1 on a difference."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import commands
from config.cases import book
from config.cases.answers import told


class Command(commands.Command):
    help = (
        "Прогнать разобранные примеры (файл вида domain/cases.json) через настоящий расчёт, разнесение и пени."
        " База не меняется. Расхождение или непонятное имя входных данных: код завершения 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="файл JSON со списком cases")
        parser.add_argument("--case", action="append", help="только этот пример (можно несколько раз)", metavar="ID")
        parser.add_argument("--short", action="store_true", help="печатать только примеры, которые не сошлись")

    def handle(self, *, file: str, case: list[str] | None, short: bool, **_: Any) -> None:
        with commands.files_at(file):
            Path(file).open("rb").close()
        cases = book.read(Path(file))
        if case:
            missing = sorted(set(case) - {one["id"] for one in cases})
            if missing:
                raise CommandError(f"В файле нет примера {', '.join(missing)}.")
            cases = [one for one in cases if one["id"] in case]
        failed = []
        for outcome in book.outcomes(cases):
            if not outcome.fits:
                failed.append(outcome)
            if not short or not outcome.fits:
                self.print(outcome)
        refused = sum(bool(outcome.refusal) for outcome in failed)
        self.stdout.write(
            f"Примеров: {len(cases)}, сошлось: {len(cases) - len(failed)}, "
            f"разошлось: {len(failed) - refused}, не понято: {refused}."
        )
        if failed:
            raise CommandError(f"Не сошлись: {', '.join(outcome.name for outcome in failed)}.")

    def print(self, outcome: book.Outcome) -> None:
        verdict = "НЕ ПОНЯТ" if outcome.refusal else "сошёлся" if outcome.fits else "РАЗОШЁЛСЯ"
        self.stdout.write(f"{outcome.name} ({outcome.kind}): {verdict}")
        if outcome.refusal:
            self.stdout.write(f"    {outcome.refusal}")
        for finding in outcome.findings:
            sign = "≈ (в пределах копейки)" if finding.within else "=" if finding.fits else "≠"
            self.stdout.write(f"    {finding.name}: {_text(finding.came_out)} {sign} {_text(finding.expected)}")


def _text(value: Any) -> str:
    value = told(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
