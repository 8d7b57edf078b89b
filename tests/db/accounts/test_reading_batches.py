"""Readings of many meters at once: what becomes of each is what becomes of it alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import accounts.operations
from accounts.errors import Refusal
from accounts.models import JournalEntry, Meter, MeterKind, Reading, ReadingSource, ReadingVerdict, Touch
from accounts.operations import ReadingItem
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)
REGISTER = ReadingSource.REGISTER


def street(count: int) -> list[tuple[int, Meter]]:
    """So many flats with a meter of cold water and two readings each; account and meter."""
    house = make.house()
    found = []
    for number in range(count):
        account = make.account(premises=make.premises(house=house, number=str(number + 1)))
        meter = make.meter(premises=account.premises, resource=1, serial=f"С-{number}", digits=5, decimals=3)
        make.reading(meter, date(2026, 9, 20), Decimal(100))
        make.reading(meter, date(2026, 10, 20), Decimal(105))
        found.append((account.pk, meter))
    return found


def state() -> list[list[Any]]:
    """What readings, marks and the journal hold, without moments and numbers."""
    noted = JournalEntry.objects.filter(event__startswith="accounts.reading")
    return [
        sorted(Reading.objects.values_list("meter", "zone", "day", "source", "month", "value", "verdict", "counts")),
        sorted(set(Touch.objects.values_list("house", "account", "first_month")), key=str),
        sorted(noted.values_list("event", "account", "facts"), key=str),
    ]  # fmt: skip


def one_by_one(items: list[ReadingItem]) -> list[Any]:
    told: list[Any] = []
    for item in items:
        try:
            told.append(accounts.operations.submit_reading(
                account_id=item.account_id, meter_id=item.meter_id, values=item.values, on=item.on, by="test",
                today=TODAY, source=REGISTER, confirmed=item.confirmed, hold_doubtful=True,
            ))  # fmt: skip
        except Refusal as refusal:
            told.append(refusal)
    return told


def said(outcome: Any) -> Any:
    if isinstance(outcome, Refusal):
        return str(outcome)
    return outcome.month, outcome.usage, outcome.verdict, outcome.counts


def test_many_are_judged_and_written_as_each_alone():
    flats = street(12)
    late = make.reading(flats[8][1], date(2026, 11, 5), Decimal(120), source=ReadingSource.OPERATOR)
    shared = make.meter(premises=flats[0][1].premises, resource=1, kind=MeterKind.SHARED_FLAT, serial="О", zones=2)
    Meter.objects.filter(pk=flats[9][1].pk).update(removed_on=date(2026, 11, 1))
    make.reading(flats[10][1], TODAY, Decimal(107), source=REGISTER)
    make.reading(flats[11][1], TODAY, Decimal(107), source=REGISTER)

    def item(place: int, value: str, on: date = TODAY, *, sure: bool = False) -> ReadingItem:
        return ReadingItem(flats[place][0], flats[place][1].pk, {1: Decimal(value)}, on, sure)

    items = [
        item(0, "111.5"), item(1, "104"), item(2, "900"), item(3, "900", sure=True), item(4, "111.1234"),
        item(5, "103", date(2026, 10, 1)), item(6, "111", date(2026, 11, 26)), item(7, "111111"), item(8, "112"),
        item(9, "111"), item(10, "107"), item(11, "108"),
        ReadingItem(flats[0][0], shared.pk, {1: Decimal(5), 2: Decimal(7)}, TODAY),
    ]  # fmt: skip
    with transaction.atomic():
        spot = transaction.savepoint()
        alone = [said(one) for one in one_by_one(items)]
        after = state()
        transaction.savepoint_rollback(spot)
    together = accounts.operations.submit_readings(items=items, by="test", today=TODAY, source=REGISTER)
    assert [said(one) for one in together] == alone
    assert state() == after
    assert {type(one) for one in alone} == {str, tuple}
    assert late.value == 120


def test_another_flats_meter_is_refused_and_nothing_is_written():
    flats, before = street(2), state()
    [outcome] = accounts.operations.submit_readings(
        items=[ReadingItem(flats[0][0], flats[1][1].pk, {1: Decimal(111)}, TODAY)], by="test", today=TODAY,
        source=REGISTER,
    )  # fmt: skip
    assert isinstance(outcome, Refusal) and state() == before


def test_statements_do_not_grow_with_readings():
    def cost(flats: list[tuple[int, Meter]]) -> int:
        items = [ReadingItem(account, meter.pk, {1: Decimal(111)}, TODAY) for account, meter in flats]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            accounts.operations.submit_readings(items=items, by="test", today=TODAY, source=REGISTER)
        return len(seen)

    few, many = cost(street(2)), cost(street(15))
    assert many == few <= 15


def test_what_is_taken_back_counts_no_more_and_the_one_before_counts_again():
    flats = street(3)
    for _, meter in flats:
        make.reading(meter, date(2026, 11, 10), Decimal(109), source=ReadingSource.IMPORT)
    items = [ReadingItem(account, meter.pk, {1: Decimal(111)}, TODAY) for account, meter in flats]
    accounts.operations.submit_readings(items=items, by="test", today=TODAY, source=REGISTER)
    spots = {meter.pk: TODAY for _, meter in flats}
    by = make.user()
    assert accounts.operations.reject_readings(spots=spots, source=REGISTER, by=by, ground="файл отменён") == 3
    rows = Reading.objects.filter(month=date(2026, 11, 1))
    assert {row.verdict for row in rows.filter(source=REGISTER)} == {ReadingVerdict.REJECTED}
    assert set(rows.filter(counts=True).values_list("source", "value")) == {(ReadingSource.IMPORT, Decimal(109))}
    assert accounts.operations.reject_readings(spots=spots, source=REGISTER, by=by, ground="ещё раз") == 0
