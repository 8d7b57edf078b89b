"""Two hands at once: one payment, no debt paid twice, a closing day waits for the writer in flight."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections, transaction

from accounts.calendar import Month
from payments import operations, queries
from payments.models import Payment, Remittance
from payments.operations import DayClosed
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2026, 11, 5)


def record(account, number="1", amount="100.00"):
    return operations.record_payment(
        channel="bank", external_id=number, number=account.number, amount=Decimal(amount), paid_on=TODAY, day=TODAY,
        today=TODAY,
    )  # fmt: skip


def at_once(*calls):
    """The calls on connections of their own, started together; their results or refusals."""
    start = threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait(10)
            return call()
        except DayClosed as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_same_payment_from_four_sides_is_one():
    account = make.account()
    found = at_once(*[lambda: record(account)] * 4)
    assert len({payment.pk for payment in found}) == Payment.objects.count() == 1


def test_two_payments_never_pay_one_debt_twice():
    account, contract = make.account(), make.contract()
    with transaction.atomic():
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    first, second = record(account, "1"), record(account, "2")
    at_once(
        lambda: operations.allocate_payment(first.pk, day=TODAY),
        lambda: operations.allocate_payment(second.pk, day=TODAY),
    )
    assert queries.open_items(account_id=account.pk) == []
    (advance,) = queries.free_advances(account_ids=[account.pk])
    assert advance.amount == Decimal("100.00")


def test_a_day_closes_over_payments_that_are_coming_in():
    account = make.account()
    operations.open_day(TODAY)
    found = at_once(
        lambda: operations.close_days(until=TODAY), *[lambda n=n: record(account, str(n)) for n in range(3)]
    )  # fmt: skip
    taken = [payment for payment in found[1:] if isinstance(payment, Payment)]
    if isinstance(found[0], list):
        assert found[0][-1].received == sum((payment.amount for payment in taken), Decimal("0.00"))
    assert list(queries.conservation_of_day(TODAY)) == []


def test_two_remittances_of_a_day_are_one():
    account, contract = make.account(), make.contract()
    with transaction.atomic():
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    record(account)
    operations.close_day(day=TODAY)
    found = at_once(*[lambda: operations.remit_day(day=TODAY)] * 3)
    assert sorted(summary.formed for summary in found) == [0, 0, 1]
    assert Remittance.objects.count() == 1
