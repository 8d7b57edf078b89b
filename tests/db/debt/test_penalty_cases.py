"""Worked cases of penalties of the reference folder through the real code, with the law that the migrations bring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.cases import penalty

pytestmark = pytest.mark.django_db
CASES_FILE = Path(settings.REFERENCE_DIR) / "domain" / "cases.json"


def cases() -> list[dict[str, Any]]:
    if not CASES_FILE.is_file():
        return []
    return [case for case in json.loads(CASES_FILE.read_text(encoding="utf-8"))["cases"] if case["kind"] == "penalty"]


@pytest.mark.parametrize("case", cases() or [None], ids=lambda case: case["id"] if case else "none")
def test_case(case):
    if case is None:
        pytest.skip("нет справочных примеров: задайте REFERENCE_DIR")
    came_out = penalty.run(case)
    assert penalty.agrees(case["expected"], {name: came_out.get(name) for name in case["expected"]}), came_out
