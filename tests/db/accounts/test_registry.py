"""Accounts and people: each change holds from a day, overlaps are closed, refusals leave nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pghistory
import pytest
from django.apps import apps

from accounts import operations, queries, rules
from accounts.models import (
    JournalEntry,
    Ownership,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    Residency,
    Touch,
)
from accounts.operations import AccountRefused, Owner
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2026, 10, 12)


@pytest.fixture
def account():
    return make.account(persons=2)


def written():
    return [
        list(model.objects.order_by("pk").values()) for model in (PersonalAccount, Residency, Ownership, PremisesArea)
    ] + [Touch.objects.count(), JournalEntry.objects.count()]


def spans(model, account):
    return list(
        model.objects.filter(premises=account.premises)
        .order_by("valid_from", "pk")
        .values_list("valid_from", "valid_to")
    )


# --- open and close --------------------------------------------------------------------------------------------------


def test_an_account_is_opened_with_a_number_of_its_own():
    premises, payer = make.premises(), make.person()
    row = operations.open_account(premises_id=premises.pk, opened_on=DAY, payer_person_id=payer.pk, by="тест")
    assert rules.is_account_number(row.number)
    assert row.number.startswith("56")
    assert len(row.number) == 9
    assert (row.house, row.payer_person, row.opened_on, row.closed_on) == (premises.house, payer, DAY, None)
    assert row.document_code.isdecimal() and len(row.document_code) == 6
    entry = JournalEntry.objects.get()
    assert (entry.event, entry.by, entry.account_id) == ("accounts.account.opened", "тест", row.pk)
    assert list(Touch.objects.values_list("account_id", "first_month")) == [(row.pk, date(2026, 10, 1))]


def test_numbers_that_came_from_elsewhere_are_leapt_over():
    (first,) = operations.allocate_numbers(1)
    following = f"{int(first[:-1]) + 1}"
    taken = make.account(number=following + rules.account_check_digit(following))
    fresh = operations.allocate_numbers(3)
    assert len({first, taken.number, *fresh}) == 5
    assert all(rules.is_account_number(number) for number in fresh)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"payer_person_id": None}, "Укажите плательщика"),
        ({"number": "560000012"}, "контрольная цифра не сходится"),
        ({"opened_on": date(2019, 12, 31)}, "не задана площадь"),
    ],
)
def test_an_account_is_not_opened(facts, words):
    known = {"premises_id": make.premises().pk, "opened_on": DAY, "payer_person_id": make.person().pk, "by": None}
    before = written()
    with pytest.raises(AccountRefused, match=words):
        operations.open_account(**{**known, **facts})
    assert written() == before


def test_two_open_accounts_of_one_flat_must_be_meant(account):
    facts = {"premises_id": account.premises_id, "opened_on": DAY, "payer_person_id": make.person().pk, "by": None}
    before = written()
    with pytest.raises(AccountRefused, match=f"уже есть открытый счёт {account.number}"):
        operations.open_account(**facts)
    with pytest.raises(AccountRefused, match="уже есть"):
        operations.open_account(**facts, number=account.number, is_separate=True)
    assert written() == before
    assert operations.open_account(**facts, is_separate=True).premises_id == account.premises_id


def test_a_sellers_account_closes_and_the_buyers_opens_the_same_day(account):
    closed = operations.close_account(account_id=account.pk, closed_on=DAY, by=None, ground="выписка из ЕГРН")
    assert closed.closed_on == DAY
    opened = operations.open_account(
        premises_id=account.premises_id, opened_on=DAY, payer_person_id=make.person().pk, by=None
    )
    assert opened.number != account.number
    assert list(queries.accounts_open_on(DAY)) == [opened]
    assert Touch.objects.filter(account=account, first_month=date(2026, 10, 1)).exists()


def test_an_account_is_not_closed(account):
    close = operations.close_account
    before = written()
    with pytest.raises(AccountRefused, match="закрыть его раньше нельзя"):
        close(account_id=account.pk, closed_on=date(2019, 12, 31), by=None, ground="заявление")
    with pytest.raises(AccountRefused, match="Укажите основание"):
        close(account_id=account.pk, closed_on=DAY, by=None, ground=" ")
    assert written() == before
    close(account_id=account.pk, closed_on=DAY, by=None, ground="заявление")
    with pytest.raises(AccountRefused, match=r"уже закрыт 12.10.2026"):
        close(account_id=account.pk, closed_on=DAY, by=None, ground="заявление")


# --- people ----------------------------------------------------------------------------------------------------------


def test_a_resident_is_settled_from_a_day_and_moves_out_on_a_day(account):
    person = make.person()
    row = operations.settle_resident(account_id=account.pk, since=DAY, person_id=person.pk, by=None, ground="паспорт")
    assert queries.persons_on(account.premises_id, date(2026, 10, 11)) == 2
    assert queries.persons_on(account.premises_id, DAY) == 3
    operations.move_out(account_id=account.pk, residency_id=row.pk, on=date(2026, 10, 20), by=None)
    assert queries.persons_on(account.premises_id, date(2026, 10, 19)) == 3
    assert queries.persons_on(account.premises_id, date(2026, 10, 20)) == 2
    assert list(JournalEntry.objects.order_by("pk").values_list("event", flat=True)) == [
        "accounts.resident.settled", "accounts.resident.moved_out",
    ]  # fmt: skip


def test_one_of_a_nameless_two_moves_out(account):
    group = Residency.objects.get(premises=account.premises)
    operations.move_out(account_id=account.pk, residency_id=group.pk, on=DAY, persons=1, by=None)
    assert spans(Residency, account) == [(make.LONG_AGO, DAY), (DAY, None)]
    assert queries.persons_on(account.premises_id, date(2026, 10, 11)) == 2
    assert queries.persons_on(account.premises_id, DAY) == 1


def test_people_who_cannot_be_settled(account):
    person = make.person()
    settle = operations.settle_resident
    settle(account_id=account.pk, since=DAY, person_id=person.pk, by=None)
    before = written()
    with pytest.raises(AccountRefused, match=r"уже учтён здесь с 12.10.2026"):
        settle(account_id=account.pk, since=date(2026, 11, 1), person_id=person.pk, by=None)
    with pytest.raises(AccountRefused, match="позже даты вселения"):
        settle(account_id=account.pk, since=DAY, until=DAY, by=None)
    with pytest.raises(AccountRefused, match="от 1 до 99"):
        settle(account_id=account.pk, since=DAY, persons=0, by=None)
    with pytest.raises(AccountRefused, match="гражданин один"):
        settle(account_id=account.pk, since=DAY, person_id=make.person().pk, persons=2, by=None)
    assert written() == before


def test_people_who_cannot_move_out(account):
    row = operations.settle_resident(account_id=account.pk, since=DAY, by=None, persons=2)
    out = operations.move_out
    before = written()
    with pytest.raises(AccountRefused, match="такой записи о проживании нет"):
        out(account_id=make.account(owners=0).pk, residency_id=row.pk, on=date(2026, 10, 20), by=None)
    PersonalAccount.objects.latest("pk").delete()
    PremisesArea.objects.latest("pk").delete()
    with pytest.raises(AccountRefused, match="выбыть можно только позже"):
        out(account_id=account.pk, residency_id=row.pk, on=DAY, by=None)
    with pytest.raises(AccountRefused, match="от 1 до 2"):
        out(account_id=account.pk, residency_id=row.pk, on=date(2026, 10, 20), persons=3, by=None)
    assert written() == before


def test_nobody_is_settled_on_a_closed_account(account):
    operations.close_account(account_id=account.pk, closed_on=DAY, by=None, ground="заявление")
    before = written()
    with pytest.raises(AccountRefused, match="закрыт"):
        operations.settle_resident(account_id=account.pk, since=DAY, by=None)
    assert written() == before


def test_new_owners_end_the_rights_of_the_former(account):
    one, two = make.person(), make.person()
    operations.register_ownership(
        account_id=account.pk, since=DAY, by=None, ground="выписка из ЕГРН",
        owners=[
            Owner(person_id=one.pk, numerator=1, denominator=3), Owner(person_id=two.pk, numerator=2, denominator=3),
        ],
    )  # fmt: skip
    assert spans(Ownership, account) == [(make.LONG_AGO, DAY), (DAY, None), (DAY, None)]
    assert {row.name: row.share for row in queries.account_card(account.pk, DAY).owners} == {
        str(one): "1/3", str(two): "2/3",
    }  # fmt: skip
    operations.register_ownership(  # the same day again is a correction
        account_id=account.pk, since=DAY, by=None, ground="исправление", owners=[Owner(person_id=one.pk)]
    )
    assert spans(Ownership, account) == [(make.LONG_AGO, DAY), (DAY, None)]


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([], "хотя бы одного"),
        ([(1, 2), (1, 3)], "составляют 5/6"),
        ([(2, 3), (2, 3)], "составляют 4/3"),
        ([(3, 2)], "числитель"),
        ([(0, 1)], "числитель"),
    ],
)
def test_shares_that_make_no_whole(account, shares, words):
    owners = [Owner(person_id=make.person().pk, numerator=n, denominator=d) for n, d in shares]
    before = written()
    with pytest.raises(AccountRefused, match=words):
        operations.register_ownership(account_id=account.pk, since=DAY, owners=owners, by=None, ground="выписка")
    assert written() == before


def test_owners_are_not_registered_behind_later_ones(account):
    owners = [Owner(person_id=make.person().pk)]
    register = operations.register_ownership
    register(account_id=account.pk, since=DAY, owners=owners, by=None, ground="выписка")
    before = written()
    with pytest.raises(AccountRefused, match=r"С 12.10.2026 собственники уже записаны"):
        register(account_id=account.pk, since=date(2026, 5, 1), owners=owners, by=None, ground="выписка")
    assert written() == before


def test_an_heir_pays_the_same_account(account):
    heir = make.person()
    operations.change_payer(account_id=account.pk, person_id=heir.pk, by=None, ground="свидетельство о наследстве")
    assert queries.account_card(account.pk, DAY).payer == str(heir)
    with pytest.raises(AccountRefused, match="одно из двух"):
        operations.change_payer(account_id=account.pk, by=None, ground="свидетельство")


# --- area ------------------------------------------------------------------------------------------------------------


def test_an_area_changes_from_a_day(account):
    operations.change_area(account_id=account.pk, since=DAY, total_area_m2=D("52.4"), by=None, ground="техпаспорт")
    assert spans(PremisesArea, account) == [(make.LONG_AGO, DAY), (DAY, None)]
    assert queries.account_card(account.pk, date(2026, 10, 11)).total_area_m2 == D(50)
    assert queries.account_card(account.pk, DAY).total_area_m2 == D("52.4")


def test_the_same_day_again_corrects_the_area(account):
    change = operations.change_area
    change(account_id=account.pk, since=DAY, total_area_m2=D(52), living_area_m2=D(30), by=None, ground="техпаспорт")
    change(account_id=account.pk, since=DAY, total_area_m2=D(53), by=None, ground="опечатка")
    assert spans(PremisesArea, account) == [(make.LONG_AGO, DAY), (DAY, None)]
    card = queries.account_card(account.pk, DAY)
    assert (card.total_area_m2, card.living_area_m2) == (D(53), D(30))


def test_an_earlier_change_ends_where_the_later_begins(account):
    change = operations.change_area
    change(account_id=account.pk, since=DAY, total_area_m2=D(52), by=None, ground="техпаспорт")
    change(account_id=account.pk, since=date(2026, 3, 1), total_area_m2=D(51), by=None, ground="перепланировка")
    assert spans(PremisesArea, account) == [(make.LONG_AGO, date(2026, 3, 1)), (date(2026, 3, 1), DAY), (DAY, None)]
    assert Touch.objects.filter(first_month=date(2026, 3, 1)).exists()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"total_area_m2": D(0)}, "больше нуля"),
        ({"total_area_m2": D("NaN")}, "больше нуля"),
        ({"total_area_m2": D(50), "living_area_m2": D(51)}, r"Жилая площадь \(51 м²\) больше общей \(50 м²\)"),
        ({"total_area_m2": D(50), "ground": ""}, "Укажите основание"),
    ],
)
def test_an_area_that_cannot_be(account, facts, words):
    before = written()
    with pytest.raises(AccountRefused, match=words):
        operations.change_area(**{"account_id": account.pk, "since": DAY, "by": None, "ground": "техпаспорт", **facts})
    assert written() == before


def test_a_room_touches_the_whole_flat():
    flat = make.premises()
    rooms = [
        Premises.objects.create(house=flat.house, parent=flat, kind=PremisesKind.ROOM, number=str(n)) for n in (1, 2)
    ]
    one, two = (make.account(premises=room) for room in rooms)
    operations.settle_resident(account_id=one.pk, since=DAY, by=None)
    assert set(Touch.objects.values_list("account_id", flat=True)) == {one.pk, two.pk}


# --- the journal -----------------------------------------------------------------------------------------------------


def test_the_row_history_names_the_journals_entry(account):
    operations.change_area(account_id=account.pk, since=DAY, total_area_m2=D("52.4"), by=None, ground="техпаспорт")
    entry = JournalEntry.objects.get()
    (before,) = apps.get_model("accounts", "PremisesAreaEvent").objects.all()
    assert before.valid_to is None
    assert pghistory.models.Context.objects.get(pk=before.pgh_context_id).metadata["entry"] == entry.pk
    row = queries.journal_of_account(account.pk)[0]
    assert (row.title, row.ground, row.who) == ("Изменена площадь", "техпаспорт", "система")
    assert row.facts["was"] == "50.000000"
