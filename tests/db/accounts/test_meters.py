"""Meters: installed, replaced with both readings at once, verified, removed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts import operations, queries
from accounts.models import JournalEntry, Meter, Reading, ReadingSource, Resource, Touch
from accounts.operations import MeterRefused, NewMeter, ReadingDoubtful, ReadingRefused
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2026, 10, 12)
TODAY = date(2026, 10, 20)
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def account():
    return make.account()


@pytest.fixture
def meter(account):
    row = make.meter(premises=account.premises, place="кухня")
    make.reading(row, date(2026, 9, 20), "145")
    return row


def new(**facts):
    return NewMeter(**{"serial": "НОВЫЙ-1", "initial": {1: D("0.5")}, "verified_until": date(2032, 10, 1), **facts})


def replace(account, old, **facts):
    known = {
        "final": {1: D(150)}, "meter": new(), "on": DAY, "by": None, "today": TODAY, "ground": "акт № 7 от 12.10.2026",
    }  # fmt: skip
    return operations.replace_meter(account_id=account.pk, meter_id=old.pk, **{**known, **facts})


def written():
    return (
        list(Meter.objects.order_by("pk").values()),
        Reading.objects.count(),
        JournalEntry.objects.count(),
        Touch.objects.count(),
    )


def test_one_act_closes_the_old_dial_and_opens_the_new(account, meter):
    fresh = replace(account, meter)
    meter.refresh_from_db()
    assert meter.removed_on == DAY
    assert (fresh.replaces, fresh.commissioned_on, fresh.resource, fresh.place) == (meter, DAY, meter.resource, "кухня")
    acts = Reading.objects.filter(source=ReadingSource.ACT).order_by("meter")
    assert [(row.meter_id, row.value, row.month, row.counts) for row in acts] == [
        (meter.pk, D(150), OCTOBER, True), (fresh.pk, D("0.5"), OCTOBER, True),
    ]  # fmt: skip
    entry = JournalEntry.objects.get(event="accounts.meter.replaced")
    assert (entry.facts["final"], entry.facts["initial"], entry.ground) == (
        {"1": "150"}, {"1": "0.5"}, "акт № 7 от 12.10.2026",
    )  # fmt: skip
    assert set(Touch.objects.values_list("account_id", "first_month")) == {(account.pk, OCTOBER)}


def test_the_first_reading_of_a_new_meter_takes_the_place_of_its_act(account, meter):
    fresh = replace(account, meter)
    taken = operations.submit_reading(
        account_id=account.pk, meter_id=fresh.pk, values={1: D(3)}, on=TODAY, today=TODAY, by=None
    )
    assert taken.counts
    assert taken.usage == {1: D("2.5")}
    kept = Reading.objects.filter(meter=fresh).order_by("day").values_list("value", "counts")
    assert list(kept) == [(D("0.5"), False), (D(3), True)]


def test_the_closing_act_outweighs_what_the_resident_sent(account, meter):
    operations.submit_reading(
        account_id=account.pk, meter_id=meter.pk, values={1: D(151)}, on=TODAY, today=TODAY, by=None
    )
    replace(account, meter, on=TODAY, final={1: D(150)})
    counting = Reading.objects.get(meter=meter, month=OCTOBER, counts=True)
    assert (counting.value, counting.source) == (D(150), ReadingSource.ACT)


def test_a_closing_reading_is_judged_like_any(account, meter):
    before = written()
    with pytest.raises(ReadingRefused, match="меньше предыдущего"):
        replace(account, meter, final={1: D(144)})
    with pytest.raises(ReadingDoubtful, match="намного больше"):
        replace(account, meter, final={1: D(1450)})
    assert written() == before
    replace(account, meter, final={1: D(1450)}, confirmed=True)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"ground": ""}, "Укажите основание"),
        ({"on": date(2026, 10, 21)}, "ещё не наступила"),
        ({"commissioned_on": date(2026, 10, 11)}, "раньше, чем снят старый"),
        ({"meter": new(serial=" ")}, "заводской номер"),
        ({"meter": new(initial={1: D(-1)})}, "невозможно"),
        ({"meter": new(zones=2, initial={1: D(1), 2: D(1)})}, "только у счётчика электричества"),
        ({"meter": new(digits=0)}, "знаков до запятой"),
        ({"meter": new(verified_on=date(2032, 10, 1))}, "Срок поверки"),
    ],
)
def test_a_meter_is_not_replaced(account, meter, facts, words):
    before = written()
    with pytest.raises(MeterRefused, match=words):
        replace(account, meter, **facts)
    assert written() == before


def test_a_strangers_meter_is_not_replaced_nor_verified(account, meter):
    stranger = make.account()
    before = written()
    with pytest.raises(ReadingRefused, match="такого счётчика нет"):
        replace(stranger, meter)
    assert written() == before


def test_a_meter_is_replaced_once(account, meter):
    replace(account, meter)
    before = written()
    with pytest.raises(MeterRefused, match=r"уже снят 12.10.2026"):
        replace(account, meter, meter=new(serial="ДРУГОЙ"))
    assert written() == before


def test_a_meter_is_installed_with_its_first_reading(account):
    row = operations.install_meter(
        account_id=account.pk, resource=Resource.ELECTRICITY, on=DAY, by=None, today=TODAY, ground="акт № 8",
        meter=new(zones=2, digits=6, decimals=2, initial={1: D(1), 2: D(2)}),
    )  # fmt: skip
    assert [(one.serial, sorted(one.last)) for one in queries.last_readings(account.pk)] == [("НОВЫЙ-1", [1, 2])]
    before = written()
    with pytest.raises(MeterRefused, match="здесь уже стоит"):
        operations.install_meter(
            account_id=account.pk, resource=Resource.ELECTRICITY, on=DAY, by=None, today=TODAY, ground="акт № 8",
            meter=new(digits=6),
        )  # fmt: skip
    assert written() == before
    assert row.zones == 2


def test_a_meter_is_removed_with_its_last_reading(account, meter):
    operations.remove_meter(
        account_id=account.pk, meter_id=meter.pk, final={1: D(150)}, on=DAY, by=None, today=TODAY, ground="акт № 9"
    )
    assert queries.last_readings(account.pk) == []
    assert [row.removed_on for row in queries.last_readings(account.pk, removed=True)] == [DAY]


def test_a_certificate_prolongs_a_meter_and_asks_for_the_months_between(account, meter):
    meter.verified_until = date(2026, 8, 31)
    meter.save()
    operations.verify_meter(
        account_id=account.pk, meter_id=meter.pk, verified_on=DAY, verified_until=date(2032, 10, 11), by=None,
        today=TODAY, ground="свидетельство № 3",
    )  # fmt: skip
    meter.refresh_from_db()
    assert meter.verified_until == date(2032, 10, 11)
    assert list(Touch.objects.values_list("account_id", "first_month")) == [(account.pk, date(2026, 8, 1))]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"verified_on": date(2026, 10, 21)}, "ещё не наступила"),
        ({"verified_until": DAY}, "дольше одного дня"),
        ({"ground": " "}, "основание"),
    ],
)
def test_a_verification_that_cannot_be(account, meter, facts, words):
    known = {"verified_on": DAY, "verified_until": date(2032, 10, 11), "by": None, "today": TODAY, "ground": "свид."}
    before = written()
    with pytest.raises(MeterRefused, match=words):
        operations.verify_meter(account_id=account.pk, meter_id=meter.pk, **{**known, **facts})
    assert written() == before
