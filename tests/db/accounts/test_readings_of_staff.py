"""What staff type in is judged like anybody's: no day to come, no more digits than the dial, no fifty-fold month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts import operations
from accounts.models import JournalEntry, Reading, ReadingSource
from accounts.operations import ReadingDoubtful, ReadingRefused
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 20)


@pytest.fixture
def entered() -> Any:
    """A cold water meter with three months of 5 m³ behind it; the call that a clerk's page makes."""
    account = make.account()
    meter = make.meter(premises=account.premises, digits=5)
    for month, value in ((7, 100), (8, 105), (9, 110)):
        make.reading(meter, date(2026, month, 20), Decimal(value))

    def enter(value: str, *, source: int, on: date = TODAY, **facts: Any) -> None:
        operations.submit_reading(
            account_id=account.pk, meter_id=meter.pk, values={1: Decimal(value)}, on=on, by=None, today=TODAY,
            source=source, **facts,
        )  # fmt: skip

    return enter


@pytest.mark.parametrize("source", [ReadingSource.OPERATOR, ReadingSource.INSPECTION, ReadingSource.PAYMENT])
@pytest.mark.parametrize(
    ("value", "facts", "refusal", "words"),
    [
        ("115", {"on": date(2026, 10, 21)}, ReadingRefused, "ещё не наступила"),
        ("115", {"on": date(2027, 10, 20)}, ReadingRefused, "ещё не наступила"),
        ("115000", {}, ReadingRefused, "знаков до запятой"),
        ("115000", {"confirmed": True}, ReadingRefused, "знаков до запятой"),
        ("109", {"confirmed": True}, ReadingRefused, "меньше предыдущего"),
        ("360", {}, ReadingDoubtful, "намного больше"),
        ("NaN", {}, ReadingRefused, "не число"),
    ],
)
def test_the_impossible_is_refused_and_the_unlikely_asked(entered, source, value, facts, refusal, words):
    before = Reading.objects.count(), JournalEntry.objects.count()
    with pytest.raises(refusal, match=words):
        entered(value, source=source, **facts)
    assert (Reading.objects.count(), JournalEntry.objects.count()) == before


def test_the_unlikely_stands_once_it_is_confirmed(entered):
    entered("360", source=ReadingSource.OPERATOR, confirmed=True)
    assert Reading.objects.get(day=TODAY).value == 360
