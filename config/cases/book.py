"""A file of worked cases: read, run each through the real code, compared with what it expects."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError

from accounts import errors
from accounts.database import rolled_back
from accounts.errors import Refusal
from config.cases import area, breaks, heat, money, penalty, power, shared, water
from config.cases.answers import Answer, Finding, compared
from config.cases.given import Given
from config.cases.penalty import NotUnderstood

logger = logging.getLogger(__name__)
Reader = Callable[[Given, Any], Answer]
KINDS: dict[str, Reader] = {
    **water.KINDS, **area.KINDS, **power.KINDS, **money.KINDS, **heat.KINDS, **shared.KINDS, **breaks.KINDS,
}  # fmt: skip
PENALTY = "penalty"  # its reader knows its names itself
TEXTS = ("id", "kind", "service", "rule", "note", "source", "origin")
KEYS = {*TEXTS, "inputs", "expected"}


class BadBook(Refusal):
    """The file is no book of cases: what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Outcome:
    """One case: what came out beside what was expected, or why it was not understood."""

    name: str
    kind: str
    findings: list[Finding] = field(default_factory=list)
    refusal: str = ""

    @property
    def fits(self) -> bool:
        return not self.refusal and all(finding.fits for finding in self.findings)


def read(path: Path) -> list[dict[str, Any]]:
    """The cases of the file. Raises BadBook."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadBook(f"Нет файла {path}. Проверьте путь.") from None
    except OSError as fault:
        raise BadBook(f"Файл {path} не прочитан: {errors.reason_of(fault)}. Назовите другой файл.") from None
    except UnicodeDecodeError:
        raise BadBook(f"Файл {path} не прочитан: это не текст в UTF-8. Сохраните его как JSON в UTF-8.") from None
    if not text.strip():
        raise BadBook(f"Файл {path} пуст. Нужен JSON со списком «cases», как в domain/cases.json.")
    try:
        # Numbers written without quotes are decimals, too: no float comes near money.
        book = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as fault:
        raise BadBook(
            f"Файл {path} — не JSON: строка {fault.lineno}, знак {fault.colno}. Исправьте файл: нужен список "
            "«cases», как в domain/cases.json."
        ) from None
    except RecursionError:
        raise BadBook(f"Файл {path} — не JSON с примерами: слишком глубокая вложенность.") from None
    cases = book.get("cases") if isinstance(book, dict) else None
    if not isinstance(cases, list):
        raise BadBook(f'В файле {path} нет списка «cases». Нужен вид domain/cases.json: {{"cases": [ … ]}}.')
    if not cases:
        raise BadBook(f"В файле {path} список «cases» пуст: сверять нечего.")
    for number, case in enumerate(cases, 1):
        _check(path, number, case)
    names = [case["id"] for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadBook(f"В файле {path} номер примера повторяется: {', '.join(twice)}.")
    return cases


def _check(path: Path, number: int, case: Any) -> None:
    where = f"Файл {path}, пример {number}"
    if not isinstance(case, dict):
        raise BadBook(f"{where}: это не объект, а {case!r}.")
    where += f" ({case.get('id', 'без id')})"
    for name, kind, word in (("id", str, "строка"), ("kind", str, "строка"), ("inputs", dict, "объект"),
                             ("expected", dict, "объект")):  # fmt: skip
        if not isinstance(case.get(name), kind):
            raise BadBook(f"{where}: нет поля «{name}» ({word}).")
    for name in TEXTS:
        if not isinstance(case.get(name) or "", str):
            raise BadBook(f"{where}: поле «{name}» должно быть строкой.")
    if not case["expected"]:
        raise BadBook(f"{where}: ничего не ожидается (expected пуст).")
    strange = sorted(set(case) - KEYS)
    if strange:
        raise BadBook(f"{where}: лишние поля: {', '.join(strange)}. Известны: {', '.join(sorted(KEYS))}.")


def outcomes(cases: list[dict[str, Any]]) -> Iterator[Outcome]:
    """Every case in a transaction of its own, undone as soon as its lines are known."""
    for case in cases:
        yield outcome(case)


def outcome(case: Mapping[str, Any]) -> Outcome:
    name, kind = case["id"], case["kind"]
    found: list[Outcome] = []
    try:
        with rolled_back():
            answer = answer_of(case)
            found.append(Outcome(name, kind, compared(case["expected"], answer, case.get("note") or "")))
    except Refusal as refusal:
        found = [Outcome(name, kind, refusal=str(refusal))]
    except (IntegrityError, DataError, InvalidOperation) as fault:
        # A fact that the database cannot hold (a negative price, an area of nothing) is no fact.
        found = [Outcome(name, kind, refusal=f"такие данные не бывают: {str(fault).splitlines()[0]}.")]
    except Exception as fault:
        # A case of a shape nobody thought of must not hide the others: it is told, and the status is 1.
        logger.exception("config.worked_cases.failed", extra={"case": name})
        found = [Outcome(name, kind, refusal=f"сбой на этих данных: {type(fault).__name__}: {fault}")]
    return found[0]


def answer_of(case: Mapping[str, Any]) -> Answer:
    """What comes out, by the names that `expected` may use. Raises NotUnderstood for an input nobody knows."""
    if case["kind"] == PENALTY:
        return penalty.run(case)
    reader = KINDS.get(case["kind"])
    if reader is None:
        raise NotUnderstood(f"вид «{case['kind']}» не понят. Известны: {', '.join(sorted([*KINDS, PENALTY]))}.")
    given = Given(case["inputs"])
    try:
        answer = reader(given, case)
    except NotUnderstood as refusal:
        strange = given.strange()
        if strange and "нет входных данных" in str(refusal):
            raise NotUnderstood(f"{refusal} Не поняты: {', '.join(strange)}.") from None
        raise
    strange = given.strange()
    if strange:
        raise NotUnderstood(f"не понятны входные данные: {', '.join(strange)}.")
    return answer
