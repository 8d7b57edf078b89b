"""What a change does is shown before it is made: the open month and every posted month that the change reaches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import accounts.operations
from accounts.calendar import Month
from accounts.models import PersonalAccount, ResidencyKind, Touch
from billing import operations
from billing.models import Charge, NormBasis, ProvisionMethod
from portals.office.effects import effect_of, effect_on_house
from tests import make

pytestmark = pytest.mark.django_db
APRIL = Month(date(2026, 4, 1))
MAY, JUNE = APRIL + 1, APRIL + 2
D = Decimal


@pytest.fixture
def account() -> PersonalAccount:
    """Two persons pay 100 each for waste; April and May are ink, June is open."""
    contract = make.contract()
    account = make.account(persons=2)
    make.provision(account.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "100")
    make.norm(7, "1", NormBasis.PERSON_MONTH)
    for month in (APRIL, MAY):
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)
    operations.run_billing(month=JUNE)
    return account


def settled(account: PersonalAccount, since: date):
    def change() -> None:
        accounts.operations.settle_resident(
            account_id=account.pk, persons=1, kind=ResidencyKind.PERMANENT, since=since, until=None, ground="заявление",
            by=make.user(),
        )  # fmt: skip

    return change


def test_a_resident_since_april_adds_to_both_posted_months_and_to_the_open_one(account: PersonalAccount):
    effect = effect_of(settled(account, APRIL.first), account_id=account.pk)
    assert effect is not None
    assert (effect.before, effect.after) == (D("200.00"), D("500.00"))
    assert effect.past == ((APRIL, D("100.00")), (MAY, D("100.00")))
    assert (effect.past_difference, effect.since) == (D("200.00"), APRIL)
    assert not Touch.objects.exists()
    assert sum(row.amount for row in Charge.objects.filter(month=JUNE.first)) == D("200.00")


def test_what_was_shown_is_what_the_next_minute_drafts(account: PersonalAccount):
    change = settled(account, MAY.first)
    effect = effect_of(change, account_id=account.pk)
    assert effect is not None
    change()
    operations.redraft_touched()
    assert sum(row.amount for row in Charge.objects.filter(month=JUNE.first)) == effect.after == D("400.00")


def test_a_resident_of_the_open_month_touches_no_posted_one(account: PersonalAccount):
    effect = effect_of(settled(account, JUNE.first), account_id=account.pk)
    assert effect is not None
    assert (effect.difference, effect.past, effect.since) == (D("100.00"), (), None)


def test_an_act_of_a_month_to_come_says_that_it_is_ahead(account: PersonalAccount):
    ahead = effect_on_house(lambda: None, house_id=account.house_id, since=JUNE + 1)
    assert ahead is not None
    assert (ahead.is_ahead, ahead.is_past, ahead.difference) == (True, False, D("0.00"))
