"""Money goes back: an overpayment on application, never more than the free advance; a contested card payment."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import InternalError, transaction

from accounts import rules
from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, queries
from payments.models import Allocation, OperatingDay, Payment, PaymentState, RefundApplication, Reversal
from payments.operations import RefundRefused, Requisites
from tests import make

pytestmark = pytest.mark.django_db

OCTOBER = Month.parse("2026-10")
TODAY, LATER = date(2026, 11, 5), date(2026, 11, 12)
GOOD = {
    "recipient": "Иванова Мария Петровна", "inn": "", "bik": "045354601",
    "bank_account": rules.bank_account_with_key("40817810000000000001", "045354601"),
}  # fmt: skip


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
