"""Worked cases of the reference folder through the real engine, one test each; `config.cases` reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.cases import book
from config.cases.answers import told

pytestmark = pytest.mark.django_db
CASES_FILE = Path(settings.REFERENCE_DIR) / "domain" / "cases.json"
ELSEWHERE = {"payment", "penalty", "court_fee", "debt", "subsidy"}


def cases() -> list[Any]:
    """The cases of charging."""
    if not CASES_FILE.is_file():
        return [pytest.param(None, marks=pytest.mark.skip("нет справочных файлов: задайте REFERENCE_DIR"))]
    read = json.loads(CASES_FILE.read_text(encoding="utf-8"))["cases"]
    charged = [case for case in read if case["kind"] not in ELSEWHERE]
    return [pytest.param(case, id=case["id"]) for case in charged]


@pytest.mark.parametrize("case", cases())
def test_worked_case(case: dict[str, Any]) -> None:
    outcome = book.outcome(case)
    assert outcome.refusal == ""
    assert {finding.name: told(finding.came_out) for finding in outcome.findings if not finding.fits} == {}
