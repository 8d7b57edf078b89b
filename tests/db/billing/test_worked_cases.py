"""Worked cases of the reference folder, and those once refused, through the real engine; `config.cases` reads them."""

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
ONCE_REFUSED = Path(__file__).parents[2] / "tables" / "worked_cases.json"
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


def test_cases_that_were_once_refused() -> None:
    outcomes = list(book.outcomes(book.read(ONCE_REFUSED)))
    wrong = {
        outcome.name: outcome.refusal or [(one.name, told(one.came_out)) for one in outcome.findings if not one.fits]
        for outcome in outcomes if not outcome.fits
    }  # fmt: skip
    assert wrong == {}
