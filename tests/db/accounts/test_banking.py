"""Requisites pass two pairs of eyes."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from accounts import operations, queries, rules
from accounts.models import BankAccount, BankAccountState, JournalEntry
from accounts.operations import BankAccountRefused
from tests import make

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 12)
BIK = "045354601"
NUMBER = rules.bank_account_with_key("40702810000000777001", BIK)


@pytest.fixture
def organisation():
    row = make.organisation()
    make.bank_account(organisation=row)
    return row


def propose(organisation, by, **facts):
    known = {"number": NUMBER, "bik": BIK, "bank_name": "Банк", "valid_from": DAY, "ground": "письмо № 5"}
    return operations.propose_bank_account(organisation_id=organisation.pk, by=by, **{**known, **facts})


def written():
    return list(BankAccount.objects.order_by("pk").values()), JournalEntry.objects.count()


def test_money_goes_to_a_new_account_only_when_another_approves(organisation):
    author, other = make.user(), make.user()
    former = queries.bank_account_on(organisation.pk, DAY)
    row = propose(organisation, author)
    assert queries.bank_account_on(organisation.pk, DAY) == former
    with pytest.raises(BankAccountRefused, match="другой сотрудник"):
        operations.approve_bank_account(bank_account_id=row.pk, by=author)
    assert queries.bank_account_on(organisation.pk, DAY) == former
    operations.approve_bank_account(bank_account_id=row.pk, by=other)
    assert queries.bank_account_on(organisation.pk, DAY) == row
    assert queries.bank_account_on(organisation.pk, date(2026, 10, 11)) == former
    former.refresh_from_db()
    assert former.valid_to == DAY
    assert list(JournalEntry.objects.order_by("pk").values_list("event", "user")) == [
        ("accounts.bank_account.proposed", author.pk), ("accounts.bank_account.approved", other.pk),
    ]  # fmt: skip


def test_a_decision_is_taken_once(organisation):
    row = propose(organisation, make.user())
    operations.reject_bank_account(bank_account_id=row.pk, by=make.user(), ground="не тот банк")
    before = written()
    with pytest.raises(BankAccountRefused, match="отклонён"):
        operations.approve_bank_account(bank_account_id=row.pk, by=make.user())
    assert written() == before


def test_an_approval_does_not_go_behind_a_later_one(organisation):
    other = make.user()
    operations.approve_bank_account(bank_account_id=propose(organisation, make.user()).pk, by=other)
    number = rules.bank_account_with_key("40702810000000777002", BIK)
    late = propose(organisation, make.user(), number=number, valid_from=date(2026, 5, 1))
    before = written()
    with pytest.raises(BankAccountRefused, match=r"С 12.10.2026 уже утверждён"):
        operations.approve_bank_account(bank_account_id=late.pk, by=other)
    assert written() == before


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"number": NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)}, "Ключ счёта не сходится"),
        ({"bik": "145354601"}, "БИК неверен"),
        ({"correspondent": "30101810000000000602"}, "корреспондентского"),
        ({"ground": ""}, "основание"),
    ],
)
def test_requisites_that_cannot_be(organisation, facts, words):
    before = written()
    with pytest.raises(BankAccountRefused, match=words):
        propose(organisation, make.user(), **facts)
    assert written() == before


def test_the_same_account_is_not_proposed_twice(organisation):
    propose(organisation, make.user())
    with pytest.raises(BankAccountRefused, match="уже предложен"):
        propose(organisation, make.user())


def test_the_database_lets_nobody_rewrite_requisites_or_approve_alone(organisation):
    user = make.user()
    row = propose(organisation, user)
    for change in (
        {"number": rules.bank_account_with_key("40702810000000777009", BIK)},
        {"bik": "044525225"},
        {"approved_by": user},
        {"state": "paid"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            BankAccount.objects.filter(pk=row.pk).update(**change)
    row.refresh_from_db()
    assert (row.number, row.bik, row.state) == (NUMBER, BIK, BankAccountState.PROPOSED)
