"""Money goes back: an overpayment on application, never more than the free advance; a contested card payment."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import InternalError, transaction
from django.utils import timezone

from accounts import rules
from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, queries, refund_queries
from payments.models import (
    Allocation,
    CashMovement,
    Channel,
    FiscalReceipt,
    OperatingDay,
    Payment,
    PaymentState,
    RefundApplication,
    RefundOrder,
    Reversal,
)
from payments.operations import PaymentRefused, RefundRefused, Requisites
from payments.registers import client_bank
from tests import make
from tests.db.payments.test_statements import OURS, incoming, statement

pytestmark = pytest.mark.django_db

OCTOBER = Month.parse("2026-10")
TODAY, LATER = date(2026, 11, 5), date(2026, 11, 12)
GOOD = {
    "recipient": "Иванова Мария Петровна", "inn": "", "bik": "045354601",
    "bank_account": rules.bank_account_with_key("40817810000000000001", "045354601"),
}  # fmt: skip


def payee() -> Requisites:
    return Requisites(**GOOD)


def pay(account, amount, channel="bank", day=TODAY, **facts):
    payment = operations.record_payment(
        channel=channel, external_id=f"{channel}-{Payment.objects.count()}", number=account.number,
        amount=Decimal(amount), paid_on=day, day=day, today=day, **facts,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=day)
    return payment


def refund(account, amount, **facts):
    requisites = Requisites(**{**GOOD, **{name: facts.pop(name) for name in list(facts) if name in GOOD}})
    defaults = {"number": "17", "applied_on": LATER, "day": LATER, "by": make.user()}
    return operations.refund_advance(
        account_id=account.pk, amount=Decimal(amount), requisites=requisites, **{**defaults, **facts}
    )


def written():
    models = (Payment, Allocation, Reversal, RefundApplication, OperatingDay, JournalEntry)
    return [model.objects.count() for model in models]


def balance(account):
    return queries.balance(account_id=account.pk, on=date(2026, 11, 30))


def test_an_overpayment_goes_back_and_the_debt_stays_paid_from_its_day():
    account, contract = make.account(), make.contract(percent="2.5")
    make.ink(account, contract, 2, OCTOBER, "100.00")
    payment = pay(account, "160.00")
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY)
    application = refund(account, "45.00")
    assert balance(account) == Decimal("-15.00")
    payment.refresh_from_db()
    anew = payment.reversal.replaced_by
    assert (payment.state, payment.reversal.is_refund) == (PaymentState.REVERSED, True)
    assert (anew.amount, anew.paid_on, anew.day) == (Decimal("115.00"), TODAY, LATER)
    assert queries.open_items(account_id=account.pk) == []
    assert list(application.reversals.all()) == [payment.reversal]
    sheet = operations.close_day(day=LATER)
    assert (sheet.received, sheet.returned, sheet.difference) == (
        Decimal("115.00"), Decimal("160.00"), Decimal("0.00"),
    )  # fmt: skip
    operations.remit_day(day=LATER)
    assert list(queries.conservation_of_contract(contract.pk)) == []
    assert sum(row.net for row in queries.remittances_of(contract_ids=[contract.pk])) == Decimal("96.95")


def test_the_last_payments_go_back_first_and_whole_ones_leave_nothing():
    account = make.account()
    first, second = pay(account, "30.00"), pay(account, "20.00", day=date(2026, 11, 6))
    plan = operations.refund_plan(account_id=account.pk, amount=Decimal("25.00"))
    assert [(part.payment_id, part.amount, part.rest) for part in plan] == [
        (second.pk, Decimal("20.00"), Decimal("0.00")), (first.pk, Decimal("5.00"), Decimal("25.00")),
    ]  # fmt: skip
    refund(account, "25.00")
    assert balance(account) == Decimal("-25.00")
    assert Payment.objects.filter(state=PaymentState.ALLOCATED).get().amount == Decimal("25.00")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"amount": "60.01"}, "Свободный аванс счёта 60,00 ₽"),
        ({"amount": "0.00"}, "больше нуля"),
        ({"amount": "1.005"}, "рубли и копейки"),
        ({"recipient": "  "}, "получателя"),
        ({"inn": "5610000001"}, "ИНН 5610000001 неверен"),
        ({"bik": "04535460"}, "БИК 04535460 неверен"),
        ({"bank_account": "40817810000000000002"}, "не подходит к БИК"),
        ({"number": " "}, "номер заявления"),
        ({"applied_on": date(2026, 11, 13)}, "не наступил"),
    ],
)
def test_a_refused_refund_leaves_nothing(facts, words):
    account, contract, user = make.account(), make.contract(), make.user()
    make.ink(account, contract, 2, OCTOBER, "100.00")
    pay(account, "160.00")
    before = written()
    with pytest.raises(RefundRefused, match=words):
        refund(account, **{"amount": "1.00", "by": user, **facts})
    assert written() == before


def test_an_application_is_carried_out_once_and_is_ink():
    account, user = make.account(), make.user()
    pay(account, "100.00")
    refund(account, "10.00")
    before = written()
    with pytest.raises(RefundRefused, match=r"уже возвращено 10,00 ₽"):
        refund(account, "10.00", by=user)
    assert written() == before
    with pytest.raises(InternalError), transaction.atomic():
        RefundApplication.objects.update(amount=1)


def orders():
    return (*written(), CashMovement.objects.count(), RefundOrder.objects.count(), FiscalReceipt.objects.count())


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({"refund": False}, PaymentRefused, "отмените квитанцию"),
        ({"requisites": None}, PaymentRefused, "заполните получателя, БИК и счёт"),
        ({"requisites": Requisites(**{**GOOD, "bik": "1"})}, RefundRefused, "БИК 1 неверен"),
    ],
)
def test_money_of_the_desk_is_never_mirrored_and_left_in_the_drawer(facts, error, words):
    """A plain mirror would leave cash that nobody owns, and a return receipt for money that never went out."""
    Channel.objects.filter(pk="cash").update(receipts_from=date(2026, 1, 1))
    make.agent()
    account, cashier = make.account(), make.user()
    receipt = operations.take_cash(
        lines=[(account.pk, Decimal("50.00"))], given=None, office_id=make.office().pk, by=cashier, on=TODAY
    )
    told = {
        "payment_id": receipt.payment_ids[0], "day": TODAY, "reason": "ошибка", "by": cashier, "refund": True,
        "requisites": payee(),
    }  # fmt: skip
    before = orders()
    with pytest.raises(error, match=words):
        operations.reverse_payment(**{**told, **facts})
    assert orders() == before
    operations.reverse_payment(**told)
    order = RefundOrder.objects.get()
    assert (order.application.amount, order.application.account, order.state) == (
        Decimal("50.00"), account, "formed",
    )  # fmt: skip
    assert FiscalReceipt.objects.filter(kind="sell_refund").count() == 1
    assert balance(account) == Decimal("0.00")


def test_nobodys_money_goes_back_by_an_order_to_the_payer_of_the_statement():
    agent, clerk, second = make.agent(), make.user(), make.user()
    make.own_account(OURS)
    operations.import_statement(
        name="s.txt", content=statement(incoming("за что-то", "100.00")), channel="bank", day=TODAY, today=TODAY
    )
    payment = Payment.objects.get()
    assert payment.state == PaymentState.UNIDENTIFIED
    payer = refund_queries.payer_of(payment.pk)
    assert (payer.recipient, payer.bank_account) == ("Иванова Мария Петровна", "40817810000000000001")
    operations.reverse_payment(
        payment_id=payment.pk, day=TODAY, reason="просит вернуть", by=clerk, refund=True, requisites=payee()
    )
    payment.refresh_from_db()
    order = RefundOrder.objects.get()
    assert (payment.state, order.application.amount, order.application.account) == (
        PaymentState.RETURNED, Decimal("100.00"), None,
    )  # fmt: skip
    (row,) = refund_queries.refund_orders(seen_by=second.pk)
    assert (row.document, row.account_number, row.may_be_released) == (
        f"возврат платежа № {payment.pk}", "", True,
    )  # fmt: skip
    operations.release_refunds(order_ids=[order.pk], by=second, at=timezone.now())
    (document,) = client_bank.read(operations.refund_file()).documents
    assert document.payer.inn == agent.inn and document.amount == Decimal("100.00")
    assert f"Возврат ошибочно перечисленных средств, возврат платежа № {payment.pk}" in document.purpose


def test_a_chargeback_returns_the_debt_and_claims_it_from_the_principal():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "100.00")
    payment = pay(account, "100.00", channel="card")
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY)
    operations.charge_back(
        payment_id=payment.pk, document="№ 55-ЧБ", claimed_on=date(2026, 11, 10), day=LATER, by=make.user()
    )
    assert balance(account) == Decimal("100.00")
    assert payment.reversal.reason == "Опротестован плательщиком 10.11.2026: № 55-ЧБ"
    operations.close_day(day=LATER)
    operations.remit_day(day=LATER)
    (last, _) = queries.remittances_of(contract_ids=[contract.pk])
    assert (last.returns, last.net, last.carried_out) == (Decimal("100.00"), Decimal("0.00"), Decimal("-100.00"))


@pytest.mark.parametrize(
    ("channel", "facts", "words"),
    [
        ("bank", {}, "опротестовать нельзя"),
        ("card", {"document": ""}, "документ эквайера"),
        ("card", {"claimed_on": date(2026, 11, 4)}, "не раньше платежа"),
    ],
)
def test_a_chargeback_is_refused(channel, facts, words):
    payment, user = pay(make.account(), "1.00", channel=channel), make.user()
    before = written()
    with pytest.raises(RefundRefused, match=words):
        operations.charge_back(
            **{"payment_id": payment.pk, "document": "№ 1", "claimed_on": LATER, "day": LATER, "by": user, **facts}
        )
    assert written() == before
