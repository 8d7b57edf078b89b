"""What the payer names at the desk: one service, the newest month, or nothing; capital repair is never mixed in."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AgencyContract, AllocationRule, Organisation
from billing.models import ChargeKind
from payments.models import Allocation, CashReceipt
from portals.office import roles
from tests import make
from tests.db.portals import desk as desks
from tests.db.portals.desk import NOW, OCTOBER, Desk, client

pytestmark = pytest.mark.django_db
REPAIR = 9


@pytest.fixture
def desk() -> Iterator[Desk]:
    """1 400 ₽ to the managing company and 650 ₽ to the fund, whose contract stands apart; penalties of 30 and 7 ₽."""
    with time_machine.travel(NOW, tick=False):
        desk = desks.build()
        fund = make.contract()
        AgencyContract.objects.filter(pk=fund.pk).update(allocation_rule=AllocationRule.APART)
        make.ink(desk.account, fund, REPAIR, OCTOBER, "650.00")
        make.ink(desk.account, desk.contract, 8, OCTOBER, "30.00", kind=ChargeKind.PENALTY)
        make.ink(desk.account, fund, REPAIR, OCTOBER, "7.00", kind=ChargeKind.PENALTY)
        yield desk


def taken(desk: Desk, amount: str, **typed: str) -> Any:
    cashier = client(roles.CASHIER)
    address = f"{reverse('office:cash_desk')}?a={desk.account.pk}"
    form = cashier.get(address).context["form"]
    facts = {"key": form["key"].value(), "office": str(desk.office.pk), f"amount_{desk.account.pk}": amount, **typed}
    return cashier.post(address, facts)


def services() -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for service_id, amount in Allocation.objects.values_list("service_id", "amount"):
        found[service_id] = found.get(service_id, Decimal(0)) + amount
    return found


@pytest.mark.parametrize(
    ("amount", "purpose", "paid"),
    [
        ("500", "s9", {9: "500.00"}),
        ("400", "s2", {2: "400.00"}),
        ("1400", "m2026-10", {2: "400.00", 8: "1000.00"}),
        ("2087", "", {2: "400.00", 8: "1030.00", 9: "657.00"}),  # everything shown: the fund's document, too
        ("30", "p", {8: "30.00"}),
        ("40", "p", {8: "30.00", 0: "10.00"}),  # what was not named is not paid
        ("7", "p9", {9: "7.00"}),
        ("1400", "", {2: "400.00", 8: "1000.00"}),
    ],
)
def test_money_pays_what_the_payer_names(desk: Desk, amount: str, purpose: str, paid: dict[int, str]):
    assert taken(desk, amount, purpose=purpose, given="3000").status_code == 302
    assert services() == {service_id: Decimal(part) for service_id, part in paid.items()}
    receipt = CashReceipt.objects.get()
    assert receipt.given - receipt.amount == Decimal("3000.00") - Decimal(amount)


def test_the_preview_follows_the_choice_and_an_unknown_one_is_refused(desk: Desk):
    page = client(roles.CASHIER).get(
        reverse("office:cash_preview"),
        {"a": desk.account.pk, f"amount_{desk.account.pk}": "500", "purpose": "s9"},
    )
    assert page.context["rows"][0].principals == [
        (Organisation.objects.get(contracts__allocation_rule=3).short_name, Decimal(500), Decimal(500))
    ]
    assert taken(desk, "500", purpose="s77").status_code == 422
    assert not CashReceipt.objects.exists()


def test_a_card_and_cash_are_typed_together_and_the_receipt_says_both(desk: Desk):
    assert taken(desk, "1400", by_card="1000", given="500").status_code == 302
    receipt = CashReceipt.objects.get()
    assert (receipt.card_amount, receipt.given - receipt.amount) == (Decimal("1000.00"), Decimal("100.00"))
    said = desks.text(client(roles.CASHIER).get(reverse("office:receipt", args=[receipt.number])))
    assert "Картой 1 000,00 ₽ Получено наличными 500,00 ₽ Сдача 100,00 ₽" in said
    assert taken(desk, "10", by_card="11").status_code == 422
    assert CashReceipt.objects.count() == 1
