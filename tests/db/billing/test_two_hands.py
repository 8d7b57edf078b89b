"""Two hands at once over the same month: one does the work, the other reads that it is done."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections

from accounts.calendar import Month
from accounts.models import JournalEntry
from billing import operations
from billing.models import Charge, ContractMonth, ProvisionMethod
from tests import make

JUNE = Month(date(2026, 6, 1))


@pytest.mark.django_db(transaction=True)
def test_a_month_is_posted_once_by_two():
    contract = make.contract()
    account = make.account()
    make.provision(account.house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "32.50")
    operations.run_billing(month=JUNE)
    ready, said = threading.Barrier(2), []

    def post() -> None:
        try:
            ready.wait()
            said.append(operations.post_month(month=JUNE, today=JUNE.next.first).amount)
        except operations.PostingRefused as refusal:
            said.append(refusal.text)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=post) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(map(str, said)) == ["1625.00", "Июнь 2026 уже проведён: исправления проводятся в открытом месяце."]
    assert Charge.objects.get().amount == Decimal("1625.00")
    assert JournalEntry.objects.filter(event="billing.month.posted").count() == 1
    assert ContractMonth.objects.get().state == "posted"
