"""Re-allocation of many payments: seen by principal, posted as a journal, undone; the desk sees whose money is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse

import payments.operations
from accounts.calendar import Month
from payments.models import Allocation, Payment, Reallocation
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOW, TODAY, Desk, client, text

pytestmark = pytest.mark.django_db
PAGE = "office:reallocations"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


@pytest.fixture
def debts(desk: Desk) -> Payment:
    """Another principal is owed for August; the payer named September of the first one, and paid it."""
    other = make.contract(principal=make.organisation(short_name="ООО «Тепло»"))
    make.ink(desk.account, other, 9, Month.parse("2026-08"), "300.00")
    make.ink(desk.account, desk.contract, 8, Month.parse("2026-09"), "300.00")
    return payments.operations.record_payment(
        channel="bank", external_id="1", number=desk.account.number, amount=Decimal("300.00"), paid_on=TODAY, day=TODAY,
        today=TODAY, for_month=Month.parse("2026-09"), lay=True,
    )  # fmt: skip


def paid(payment: Payment) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for contract, amount in Allocation.objects.filter(payment=payment).values_list("contract_id", "amount"):
        sums[contract] = sums.get(contract, Decimal(0)) + amount
    return {contract: amount for contract, amount in sums.items() if amount}


def asked(**facts: Any) -> dict[str, Any]:
    defaults = {
        "action": "make", "since": f"{TODAY}", "until": f"{TODAY}", "rule": "oldest", "reason": "письмо плательщика",
        "channel": "", "register": "", "number": "", "month": "",
    }  # fmt: skip
    return {**defaults, **facts}


def test_a_journal_is_seen_by_principal_posted_and_undone(desk: Desk, debts: Payment):
    accountant = client(roles.ACCOUNTANT)
    page, before = reverse(PAGE), paid(debts)
    shown = accountant.post(page, asked())
    assert shown.status_code == 200
    assert "Ничего ещё не записано" in text(shown) and "Тепло" in text(shown)
    plan = shown.context["plan"]
    assert (plan.payments, plan.moved) == (1, Decimal("300.00"))
    assert sorted(gain.net for gain in plan.gains) == [Decimal("-300.00"), Decimal("300.00")]
    assert (Reallocation.objects.count(), paid(debts)) == (0, before)
    done = accountant.post(page, asked(agreed="1"), follow=True)
    assert "сначала давние долги" in text(done)
    journal = Reallocation.objects.get()
    assert paid(debts) != before and sum(paid(debts).values()) == debts.amount
    assert accountant.post(page, {"action": "undo", "row": journal.pk, "ground": ""}).status_code == 422
    undone = accountant.post(page, {"action": "undo", "row": journal.pk, "ground": "отозвано"}, follow=True)
    assert f"отменён № {Reallocation.objects.latest('pk').pk}" in text(undone)
    assert paid(debts) == before
    assert accountant.post(page, {"action": "undo", "row": 10**6, "ground": "нет"}).status_code == 404


def test_a_scope_without_payments_and_a_rule_that_changes_nothing_are_told(desk: Desk, debts: Payment):
    accountant = client(roles.ACCOUNTANT)
    page = reverse(PAGE)
    for facts, words in (
        ({"channel": "cash"}, "нет разнесённых платежей"),
        ({"number": "1"}, "нет разнесённых платежей"),
        ({"rule": ""}, "Переразносить нечего"),
        ({"month": "ноябрь"}, "не понят"),
        ({"since": "вчера"}, "Дата не понята"),
        ({"reason": ""}, "Заполните"),
    ):
        answer = accountant.post(page, asked(agreed="1", **facts))
        assert answer.status_code == 422 and words in text(answer), facts
    assert Reallocation.objects.count() == 0
    assert client(roles.CASHIER).get(page).status_code == 403
    assert "Журналов ещё нет" in text(accountant.get(page))


def test_the_desk_sees_whose_the_money_would_be(desk: Desk, debts: Payment):
    cashier = client(roles.CASHIER)
    address = reverse("office:cash_preview")
    number = desk.account.pk
    shown = text(cashier.get(address, {"a": number, f"amount_{number}": "250,00"}))
    assert "Кому пойдут 250,00" in shown and "Тепло" in shown
    assert "Аванс плательщика" in text(cashier.get(address, {"a": number, f"amount_{number}": "90000"}))
    for typed in ("", "abc", "-1", "0"):
        assert "Кому" not in text(cashier.get(address, {"a": number, f"amount_{number}": typed}))
    assert address in cashier.get(reverse("office:cash_desk") + f"?a={number}").content.decode()
    assert Payment.objects.count() == 1
