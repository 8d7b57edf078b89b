"""Readings in: who may, for which month, which counts, and what is refused with nothing written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import portals.queries
from accounts import operations, queries
from accounts.calendar import Month
from accounts.models import (
    JournalEntry,
    MeterKind,
    Premises,
    PremisesKind,
    Reading,
    ReadingSource,
    ReadingVerdict,
    Resource,
    Touch,
)
from accounts.operations import ReadingDoubtful, ReadingRefused, submit_reading
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2026, 10, 20)
OCTOBER = Month(date(2026, 10, 1))


@pytest.fixture
def account():
    return make.account(persons=2)


@pytest.fixture
def meter(account):
    """A cold water meter read every month of the year up to September: five cubic metres a month, 145 at last."""
    row = make.meter(premises=account.premises)
    for month in range(1, 10):
        make.reading(row, date(2026, month, 20), D(100 + 5 * month))
    return row


def submit(account, meter, value, **facts):
    values = value if isinstance(value, dict) else {1: D(value)}
    known = {"on": TODAY, "today": TODAY, "by": None}
    return submit_reading(account_id=account.pk, meter_id=meter.pk, values=values, **{**known, **facts})


def written():
    return Reading.objects.count(), Touch.objects.count(), JournalEntry.objects.count()


def counting(meter, month=OCTOBER):
    return {
        row.zone: (row.value, row.day, row.source)
        for row in Reading.objects.filter(meter=meter, month=month.first, counts=True)
    }


def test_a_reading_is_kept_counted_touched_and_noted(account, meter):
    by = make.user()
    taken = submit(account, meter, "151.5", by=by)
    entry = JournalEntry.objects.get()
    assert taken.month == OCTOBER
    assert taken.usage == {1: D("6.5")}
    assert taken.verdict == ReadingVerdict.ACCEPTED
    assert taken.counts
    assert taken.receipt == f"{entry.pk:08}"
    assert counting(meter) == {1: (D("151.5"), TODAY, ReadingSource.RESIDENT)}
    assert (entry.event, entry.user, entry.account_id) == ("accounts.reading.submitted", by, account.pk)
    assert entry.facts["values"] == {"1": "151.5"}
    touch = Touch.objects.get()
    assert (touch.account_id, touch.house_id, touch.first_month) == (account.pk, account.house_id, OCTOBER.first)


def test_the_same_once_more_is_harmless(account, meter):
    first = submit(account, meter, "150")
    before = written()
    assert submit(account, meter, "150") == first
    assert written() == before


def test_another_value_under_the_same_key_corrects_and_the_journal_keeps_the_old(account, meter):
    submit(account, meter, "150")
    taken = submit(account, meter, "151")
    assert taken.usage == {1: D("6")}
    assert counting(meter) == {1: (D("151"), TODAY, ReadingSource.RESIDENT)}
    entry = JournalEntry.objects.get(event="accounts.reading.corrected")
    assert entry.facts["was"] == {"1": "150"}
    assert entry.facts["values"] == {"1": "151"}
    assert Touch.objects.count() == 2


def test_the_usage_of_a_meter_behind_a_transformer_is_multiplied(account):
    meter = make.meter(premises=account.premises, resource=Resource.ELECTRICITY, ratio=20, decimals=2)
    make.reading(meter, date(2026, 9, 20), "100")
    assert submit(account, meter, "107.5").usage == {1: D("150")}


# --- the month it counts for -----------------------------------------------------------------------------------------


def test_after_the_25th_a_reading_counts_for_the_next_month(account, meter):
    assert submit(account, meter, "150", on=date(2026, 10, 25), today=date(2026, 10, 25)).month == OCTOBER
    assert submit(account, meter, "151", on=date(2026, 10, 26), today=date(2026, 10, 26)).month == OCTOBER.next


def test_the_window_is_that_of_the_contract_which_supplies_the_resource(account, meter):
    water, power = make.contract(readings_to_day=20), make.contract(readings_to_day=22)
    make.provision(account.house, 2, water)
    make.provision(account.house, 1, power)
    assert submit(account, meter, "150", on=date(2026, 10, 21), today=date(2026, 10, 21)).month == OCTOBER.next
    dial = make.meter(premises=account.premises, resource=Resource.ELECTRICITY)
    assert submit(account, dial, "10", on=date(2026, 10, 21), today=date(2026, 10, 21)).month == OCTOBER
    window = queries.reading_window(account.pk, date(2026, 10, 21))
    assert (window.from_day, window.to_day, window.month, window.is_open) == (15, 20, OCTOBER.next, False)


def test_without_contracts_the_window_is_the_usual_one(account):
    window = queries.reading_window(account.pk, TODAY)
    assert (window.from_day, window.to_day, window.month, window.is_open) == (15, 25, OCTOBER, True)


def test_a_contract_that_has_ended_does_not_set_the_window(account):
    make.provision(account.house, 2, make.contract(readings_to_day=18), valid_to=date(2026, 10, 1))
    assert queries.reading_window(account.pk, date(2026, 10, 19)).month == OCTOBER


# --- several dials, several sources ----------------------------------------------------------------------------------


def test_all_dials_or_none(account):
    meter = make.meter(premises=account.premises, resource=Resource.ELECTRICITY, zones=2)
    make.reading(meter, date(2026, 9, 20), "100")
    make.reading(meter, date(2026, 9, 20), "50", zone=2)
    before = written()
    with pytest.raises(ReadingRefused, match="Т1, Т2 вместе"):
        submit(account, meter, {1: D(110)})
    with pytest.raises(ReadingRefused, match="Т2: Показание 49 кВт·ч меньше предыдущего"):
        submit(account, meter, {1: D(110), 2: D(49)})
    with pytest.raises(ReadingRefused, match="вместе"):
        submit(account, meter, {1: D(110), 2: D(55), 3: D(1)})
    assert written() == before
    assert submit(account, meter, {1: D(110), 2: D(55)}).usage == {1: D(10), 2: D(5)}
    assert set(counting(meter)) == {1, 2}


def test_the_stronger_source_counts_and_all_are_kept(account, meter):
    submit(account, meter, "150")
    inspected = submit(account, meter, "149", on=date(2026, 10, 18), source=ReadingSource.INSPECTION)
    assert inspected.counts
    assert counting(meter) == {1: (D("149"), date(2026, 10, 18), ReadingSource.INSPECTION)}
    weaker = submit(account, meter, "151", on=date(2026, 10, 22), today=date(2026, 10, 22))
    assert not weaker.counts
    assert counting(meter) == {1: (D("149"), date(2026, 10, 18), ReadingSource.INSPECTION)}
    assert Reading.objects.filter(meter=meter, month=OCTOBER.first).count() == 3


def test_of_one_source_the_later_day_counts(account, meter):
    submit(account, meter, "1500", confirmed=True, on=date(2026, 10, 16))
    taken = submit(account, meter, "150")  # a slip of the finger, mended in the same month
    assert taken.usage == {1: D("5")}
    assert counting(meter) == {1: (D("150"), TODAY, ReadingSource.RESIDENT)}


def test_the_word_of_an_inspector_binds_the_resident(account, meter):
    submit(account, meter, "150", on=date(2026, 10, 16), source=ReadingSource.INSPECTION)
    with pytest.raises(ReadingRefused, match="меньше предыдущего"):
        submit(account, meter, "149")


def test_an_operator_may_go_back_between_neighbours_and_a_resident_may_not(account, meter):
    submit(account, meter, "160", on=date(2026, 10, 27), today=date(2026, 10, 27))  # counts for November
    facts = {"on": date(2026, 10, 24), "today": date(2026, 10, 28)}
    with pytest.raises(ReadingRefused, match=r"Уже принято более позднее показание: 160 м³ от 27.10.2026"):
        submit(account, meter, "152", **facts)
    with pytest.raises(ReadingRefused, match="больше следующего"):
        submit(account, meter, "161", source=ReadingSource.OPERATOR, **facts)
    assert submit(account, meter, "152", source=ReadingSource.OPERATOR, **facts).month == OCTOBER
    assert Touch.objects.filter(first_month=OCTOBER.first).exists()


# --- doubts ----------------------------------------------------------------------------------------------------------


def test_an_unlikely_value_asks_for_a_confirmation(account, meter):
    before = written()
    with pytest.raises(ReadingDoubtful, match="Расход 205 м³ намного больше обычного"):
        submit(account, meter, "350")
    assert written() == before
    taken = submit(account, meter, "350", confirmed=True)
    assert taken.verdict == ReadingVerdict.CONFIRMED
    assert taken.usage == {1: D(205)}


def test_months_of_silence_raise_what_is_usual(account, meter):
    day = date(2027, 9, 20)
    assert submit(account, meter, "250", on=day, today=day).usage == {1: D(105)}  # a year of ten averages


def test_a_doubtful_value_of_a_file_waits_for_the_staff(account, meter):
    taken = submit(account, meter, "350", source=ReadingSource.REGISTER, hold_doubtful=True)
    assert (taken.verdict, taken.counts) == (ReadingVerdict.DOUBTFUL, False)
    assert counting(meter) == {}
    key = {"meter_id": meter.pk, "day": TODAY, "source": ReadingSource.REGISTER}
    operations.confirm_reading(**key, by=make.user())
    assert counting(meter) == {1: (D(350), TODAY, ReadingSource.REGISTER)}
    with pytest.raises(ReadingRefused, match="ждущего решения, нет"):
        operations.confirm_reading(**key, by=make.user())


def test_a_rejected_reading_counts_no_more_and_says_why(account, meter):
    submit(account, meter, "150")
    key = {"meter_id": meter.pk, "day": TODAY, "source": ReadingSource.RESIDENT}
    with pytest.raises(ReadingRefused, match="почему"):
        operations.reject_reading(**key, by=make.user(), ground=" ")
    assert counting(meter) != {}
    operations.reject_reading(**key, by=make.user(), ground="фото другого счётчика")
    assert counting(meter) == {}
    assert Reading.objects.get(meter=meter, day=TODAY).verdict == ReadingVerdict.REJECTED
    assert JournalEntry.objects.get(event="accounts.reading.rejected").ground == "фото другого счётчика"


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "facts", "words"),
    [
        ("144", {}, "меньше предыдущего"),
        ("150", {"on": date(2026, 10, 21)}, "ещё не наступила"),
        ("-1", {}, "отрицательным"),
        ("100000", {}, "5 знаков"),
        ("150.1234", {}, "знаков после запятой только 3"),
        ("NaN", {}, "не число"),
        ("Infinity", {}, "не число"),
        ("150", {"on": date(2019, 12, 31)}, "принять нельзя"),
    ],
)
def test_the_impossible_is_refused_and_nothing_is_written(account, meter, value, facts, words):
    before = written()
    with pytest.raises(ReadingRefused, match=words):
        submit(account, meter, value, **facts)
    assert written() == before


def test_a_strangers_meter_is_refused_like_one_that_is_not(account, meter):
    stranger = make.account()
    before = written()
    texts = set()
    for meter_id in (meter.pk, 10**9):
        with pytest.raises(ReadingRefused) as refusal:
            submit_reading(account_id=stranger.pk, meter_id=meter_id, values={1: D(1)}, on=TODAY, today=TODAY, by=None)
        texts.add(refusal.value.text)
    assert texts == {f"По счёту {stranger.number} такого счётчика нет. Обновите страницу и выберите счётчик из списка."}
    assert written() == before


def test_a_building_meter_is_not_the_residents(account):
    meter = make.meter(house=account.house, kind=MeterKind.BUILDING)
    with pytest.raises(ReadingRefused, match="такого счётчика нет"):
        submit(account, meter, "1")


def test_a_closed_account_is_refused(account, meter):
    operations.close_account(account_id=account.pk, closed_on=date(2026, 10, 10), by=None, ground="заявление")
    before = written()
    with pytest.raises(ReadingRefused, match=r"закрыт 10.10.2026"):
        submit(account, meter, "150")
    with pytest.raises(ReadingRefused, match="закрыт"):
        submit(account, meter, "150", source=ReadingSource.OPERATOR)
    assert written() == before
    last = submit(account, meter, "148", on=date(2026, 10, 9), source=ReadingSource.OPERATOR)
    assert last.usage == {1: D(3)}  # the reading of the handing over, entered afterwards


def test_a_removed_meter_is_refused(account, meter):
    meter.removed_on = date(2026, 10, 10)
    meter.save()
    before = written()
    with pytest.raises(ReadingRefused, match=r"снят 10.10.2026"):
        submit(account, meter, "150")
    assert written() == before


def test_a_meter_of_the_flat_is_read_by_its_rooms_and_touches_them_all():
    flat = make.premises()
    rooms = [
        Premises.objects.create(house=flat.house, parent=flat, kind=PremisesKind.ROOM, number=str(n)) for n in (1, 2)
    ]
    one, two = (make.account(premises=room) for room in rooms)
    meter = make.meter(premises=flat, kind=MeterKind.SHARED_FLAT)
    submit(one, meter, "10")
    assert set(Touch.objects.values_list("account_id", flat=True)) == {one.pk, two.pk}
    assert [row.id for row in queries.last_readings(two.pk)] == [meter.pk]


def test_heat_of_one_flat_touches_the_house(account):
    meter = make.meter(premises=account.premises, resource=Resource.HEAT)
    submit(account, meter, "1.5")
    assert list(Touch.objects.values_list("house_id", "account_id")) == [(account.house_id, None)]


def test_the_page_of_meters_asks_once_whatever_the_history(account, meter, django_assert_num_queries):
    for resource in (Resource.HOT_WATER, Resource.ELECTRICITY):
        make.reading(make.meter(premises=account.premises, resource=resource), date(2026, 9, 20), "7")
    with django_assert_num_queries(1):
        rows = queries.last_readings(account.pk)
    assert [(row.resource, row.last[1].value) for row in rows] == [(1, D(145)), (2, D(7)), (3, D(7))]


def test_every_value_sent_on_one_day_stays_in_the_history(account, meter):
    for value in ("150", "152.1", "151"):
        submit(account, meter, value)
    rows = [row for row in queries.readings_of_account(account.pk) if row.day == TODAY]
    assert [(row.value, row.counts) for row in rows] == [(D(151), True), (D("152.1"), False), (D(150), False)]
    assert [row.verdict_name for row in rows[1:]] == [
        "заменено показанием 151, оно меньше", "заменено показанием 152,1"
    ]  # fmt: skip
    assert {row.source_name for row in rows} == {rows[0].source_name}
    assert {row.month for row in rows} == {OCTOBER}
    assert portals.queries.readings_history(account.pk)[1].remark == "заменено показанием 151, оно меньше"


def test_a_refusal_writes_numbers_with_a_comma_and_the_unit(account, meter):
    before = written()
    with pytest.raises(
        ReadingRefused, match=r"Показание 151,1234567 м³: на счётчике № \S+ знаков после запятой только"
    ):
        submit(account, meter, "151.1234567")
    assert written() == before
