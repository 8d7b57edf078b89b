"""Worked cases of what was not consumed or not supplied well: absence, interruptions, bad quality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.cases.answers import Answer
from config.cases.given import Given
from config.cases.penalty import NotUnderstood


def absence(given: Given, case: Any) -> Answer:
    raise NotUnderstood("перерасчёт за временное отсутствие: не умею.")


def quality(given: Given, case: Any) -> Answer:
    raise NotUnderstood("снижение платы за качество и перерывы: не умею.")


KINDS: dict[str, Callable[[Given, Any], Answer]] = {"absence": absence, "quality": quality}
