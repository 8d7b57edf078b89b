"""One search box, the account's page, the journal, jobs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts import operations, queries
from accounts.calendar import Month
from accounts.database import Busy, advisory_lock
from accounts.models import Premises, PremisesKind, Run, RunState
from tests import make

D = Decimal
DAY = date(2026, 10, 12)


@pytest.fixture
def account(db):
    house = make.house(street="пр-кт Победы", number="12А")
    premises = make.premises(house=house, number="45")
    payer = make.person(last_name="Ёлкина", first_name="Анна", middle_name="Сергеевна", phone="+79225550101")
    row = make.account(
        premises=premises, payer_person=payer, number=make.account_number(), unified_number="20МВ875415",
        housing_service_id="20МВ875415-07",
    )  # fmt: skip
    make.meter(premises=premises, serial="04512-ХВ")
    for number in ("4", "46"):
        make.account(premises=make.premises(house=house, number=number))
    return row


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("20МВ875415", "ЕЛС"),
        ("20mb875415", "ЕЛС"),  # Latin letters that look alike
        ("20МВ875415-07", "ЕЛС"),
        ("8 (922) 555-01-01", "телефон"),
        ("+79225550101", "телефон"),
        ("04512-ХВ", "номер счётчика"),
        ("04512", "номер счётчика"),
        ("елкина анна", "плательщик"),
        ("Ёлкина А С", "плательщик"),
        ("Анна Ёлкина", "плательщик"),
        ("`krbyf", "плательщик"),  # the keyboard was left in English
        ("проспект Победы, д. 12а, кв. 45", "адрес"),
        ("победы 12А 45", "адрес"),
        ("победы 12А-45", "адрес"),
        ("gj,tls 12f rd 45", "адрес"),
    ],
)
def test_an_account_is_found_by_what_people_type(account, text, why):
    found = queries.find_accounts(text)
    assert (found[0].number, found[0].why) == (account.number, why)
    assert found[0].name == "Ёлкина Анна Сергеевна"
    assert found[0].address == "г. Оренбург, пр-кт Победы, д. 12А, кв. 45"
    assert found[0].phone == "+79225550101"
    assert found[0].serial == "04512-ХВ"


def test_a_number_is_found_with_spaces_dashes_and_without_leading_zeros(account):
    row = make.account(number="0012344")
    for text in ("0012344", "12344", "00-12344", " 0012 344 "):
        assert queries.find_accounts(text)[0].id == row.pk
        assert queries.account_by_number(text) == row
    assert queries.find_accounts(account.number[:6])[0].why == "начало номера счёта"
    assert queries.account_by_number("0012345") is None
    assert queries.account_by_number("Иванова") is None


def test_a_house_lists_its_accounts_and_the_list_has_an_end(account):
    assert len(queries.find_accounts("победы 12")) == 3
    assert len(queries.find_accounts("победы 12", limit=2)) == 2


@pytest.mark.parametrize("text", ["", "   ", "а", "%", "_", "'; DROP TABLE", "\\", "Несуществующая 99", "12345"])
def test_nothing_is_found_by_nonsense(account, text):
    assert queries.find_accounts(text) == []


def test_a_closed_account_is_found_and_says_so(account):
    operations.close_account(account_id=account.pk, closed_on=DAY, by=None, ground="заявление")
    assert queries.find_accounts(account.number)[0].is_closed


def test_the_search_asks_a_few_times(account, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        queries.find_accounts("победы 12А 45")


def test_the_page_of_an_account_asks_seven_times(account, django_assert_max_num_queries):
    for n in range(3):
        make.residency(premises=account.premises, person=make.person())
        make.reading(make.meter(premises=account.premises), date(2026, 9, 20 + n), "5")
    with django_assert_max_num_queries(7):
        card = queries.account_card(account.pk, DAY)
    assert (card.number, card.persons, len(card.residents), len(card.meters)) == (account.number, 3, 3, 4)
    assert (card.total_area_m2, card.rooms, card.payer, card.unified_number) == (
        D(50), 1, "Ёлкина Анна Сергеевна", "20МВ875415",
    )  # fmt: skip
    assert card.postal_address.startswith("460000, Оренбургская обл., г. Оренбург, пр-кт Победы")


def test_a_room_is_addressed_after_its_flat(account):
    room = Premises.objects.create(house=account.house, parent=account.premises, kind=PremisesKind.ROOM, number="2")
    row = make.account(premises=room)
    assert queries.find_accounts("победы 12А 45 2")[0].id == row.pk
    assert queries.account_card(row.pk, DAY).address == "г. Оренбург, пр-кт Победы, д. 12А, кв. 45, ком. 2"


def test_the_journal_speaks_for_itself(account):
    by = make.user(name="Оператор Петрова")
    operations.note(
        "payments.payment.recorded",
        by="sber",
        account_id=account.pk,
        amount=D("10.50"),
        on=DAY,
        month=Month(DAY.replace(day=1)),
    )
    operations.close_account(account_id=account.pk, closed_on=DAY, by=by, ground="заявление № 5")
    closed, paid = queries.journal_of_account(account.pk)
    assert (closed.title, closed.who, closed.ground) == ("Счёт закрыт", "Оператор Петрова", "заявление № 5")
    assert (paid.title, paid.who) == ("Принят платёж", "sber")
    assert paid.facts == {"amount": "10.50", "on": "2026-10-12", "month": "2026-10"}


# --- jobs ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_job_is_recorded_from_start_to_end():
    with operations.running("accounts.test", month=Month(date(2026, 10, 1)), total=2) as run:
        assert Run.objects.get().state == RunState.RUNNING
        operations.advance_run(run.pk, done=1)
        run.counts = {"amount": D("1.50")}
    run = Run.objects.get()
    assert (run.state, run.counts, run.done, run.month) == (RunState.DONE, {"amount": "1.50"}, 1, date(2026, 10, 1))
    assert run.started_at <= run.finished_at


@pytest.mark.django_db(transaction=True)
def test_a_job_that_breaks_says_why_and_lets_the_fault_fly():
    with pytest.raises(ZeroDivisionError), operations.running("accounts.test"):
        _ = 1 // 0
    run = Run.objects.get()
    assert (run.state, run.message) == (RunState.FAILED, "integer division or modulo by zero")


@pytest.mark.django_db(transaction=True)
def test_a_job_refuses_to_overlap_with_itself():
    from django.db import connections

    other = connections.create_connection("default")
    other.set_autocommit(True)
    try:
        from accounts.database import lock_number

        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock_number("accounts.test")])
            with pytest.raises(Busy, match="уже идёт"), operations.running("accounts.test"):
                pass
            # the server lets go of a closed connection's locks in its own time: give it back by name
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number("accounts.test")])
    finally:
        other.close()
    assert Run.objects.count() == 0
    with advisory_lock("accounts.test", refusal=""):
        pass


@pytest.mark.django_db
def test_a_job_is_cancelled_once():
    run = operations.start_run("accounts.test", scope={"day": DAY})
    assert run.scope == {"day": "2026-10-12"}
    assert operations.cancel_run(run.pk)
    assert not operations.cancel_run(run.pk)
    operations.fail_run(run.pk, message="x")
