"""The cash desk: several accounts in one receipt, change counted, one press of the button."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, queries
from payments.models import Allocation, CashReceipt, OperatingDay, Payment
from payments.operations import DayClosed, PaymentRefused
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)


def take(*lines, given=None, **facts):
    defaults = {"office_id": facts.pop("office", None) or make.office().pk, "by": facts.pop("by", None) or make.user()}
    return operations.take_cash(
        lines=[(account.pk, Decimal(amount)) for account, amount in lines],
        given=None if given is None else Decimal(given), on=TODAY, **{**defaults, **facts},
    )  # fmt: skip


def written():
    return [model.objects.count() for model in (Payment, Allocation, CashReceipt, OperatingDay, JournalEntry)]


def test_two_accounts_in_one_receipt_with_change():
    one, two, contract = make.account(), make.account(), make.contract()
    make.ink(one, contract, 2, Month.parse("2026-10"), "100.00")
    receipt = take((one, "100.00"), (two, "50.50"), given="200.00")
    assert (receipt.amount, receipt.given, receipt.change) == (Decimal("150.50"), Decimal("200.00"), Decimal("49.50"))
    row = queries.receipt(receipt.number)
    assert [(line.account_number, line.amount) for line in row.lines] == [
        (one.number, Decimal("100.00")), (two.number, Decimal("50.50")),
    ]  # fmt: skip
    assert [part.service_id for part in row.lines[0].parts] == [2]
    assert queries.balance(account_id=one.pk, on=date(2026, 11, 6)) == Decimal("0.00")


def test_receipts_of_an_office_are_numbered_in_a_row():
    office, account = make.office(code="О1"), make.account()
    numbers = [take((account, "1.00"), office=office.pk).number for _ in range(2)]
    assert numbers == ["О1-20261105-0001", "О1-20261105-0002"]


def test_a_second_press_of_the_button_gives_the_same_receipt():
    account, office, cashier = make.account(), make.office(), make.user()
    first = take((account, "10.00"), office=office.pk, by=cashier, key="форма-1")
    before = written()
    assert take((account, "10.00"), office=office.pk, by=cashier, key="форма-1") == first
    assert written() == before


def test_a_card_needs_no_change():
    receipt = take((make.account(), "10.00"), given="500.00", card=True)
    assert (receipt.given, receipt.change) == (Decimal("10.00"), Decimal("0.00"))
    assert Payment.objects.get().channel_id == "card"


@pytest.mark.parametrize(
    ("lines", "given", "words"),
    [
        (["10.00"], "9.99", "не хватает 0,01 ₽"),
        (["0.00"], None, "больше нуля"),
        (["-1.00"], None, "больше нуля"),
        (["10000000.01"], None, "больше 10.000.000,00 ₽"),
        (["1.005"], "2.00", "доли копейки"),
        ([], None, "ни одного"),
        (["5.00", "0.00"], None, "больше нуля"),
    ],
)
def test_a_refused_receipt_leaves_nothing(lines, given, words):
    office, cashier = make.office().pk, make.user()
    accounts = [make.account() for _ in lines]
    before = written()
    with pytest.raises(PaymentRefused, match=words):
        take(*zip(accounts, lines, strict=True), given=given, office=office, by=cashier)
    assert written() == before


def test_the_desk_refuses_a_closed_account_and_one_named_twice():
    office, cashier, closed, account = make.office().pk, make.user(), make.account(closed_on=TODAY), make.account()
    before = written()
    with pytest.raises(PaymentRefused, match=r"закрыт 05\.11\.2026"):
        take((account, "1.00"), (closed, "1.00"), office=office, by=cashier)
    with pytest.raises(PaymentRefused, match="дважды"):
        take((account, "1.00"), (account, "1.00"), office=office, by=cashier)
    assert written() == before


def test_the_debt_of_a_closed_account_is_paid_and_not_a_kopeck_more():
    office, cashier, closed, account = make.office().pk, make.user(), make.account(closed_on=TODAY), make.account()
    make.ink(closed, make.contract(), 2, Month.parse("2026-10"), "100.00")
    before = written()
    with pytest.raises(PaymentRefused, match=r"только долг, 100,00 ₽, а вносят 100,01 ₽: уменьшите сумму"):
        take((account, "5.00"), (closed, "100.01"), office=office, by=cashier)
    assert written() == before
    receipt = take((account, "5.00"), (closed, "60.00"), office=office, by=cashier)
    payments = Payment.objects.order_by("pk")
    assert [(row.account, row.amount, row.state) for row in payments] == [
        (account, Decimal("5.00"), "allocated"), (closed, Decimal("60.00"), "allocated"),
    ]  # fmt: skip
    assert receipt.payment_ids == tuple(row.pk for row in payments)
    take((closed, "40.00"), office=office, by=cashier)
    before = written()
    with pytest.raises(PaymentRefused, match="Долга по нему нет"):
        take((closed, "0.01"), office=office, by=cashier)
    assert written() == before


def test_a_receipt_is_taken_back_on_its_day():
    account = make.account()
    receipt = take((account, "10.00"))
    operations.cancel_receipt(number=receipt.number, reason="ошибка кассира", by=make.user(), on=TODAY)
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("0.00")
    with pytest.raises(PaymentRefused, match="уже отменена"):
        operations.cancel_receipt(number=receipt.number, reason="ещё раз", by=make.user(), on=TODAY)
    sheet = operations.close_day(day=TODAY)
    assert (sheet.received, sheet.returned, sheet.difference) == (Decimal("10.00"), Decimal("10.00"), Decimal("0.00"))
    with pytest.raises(DayClosed):
        take((account, "10.00"))
