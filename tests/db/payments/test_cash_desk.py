"""The cash desk: several accounts in one receipt, change counted, one press of the button."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import AgencyContract, AllocationRule, JournalEntry
from payments import desk_queries, operations, queries
from payments.models import Allocation, CashReceipt, CashShift, OperatingDay, Payment
from payments.operations import DayClosed, PaymentConflict, PaymentRefused
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


def test_a_card_pays_a_part_and_cash_the_rest_with_change_of_the_cash_alone():
    """1 000 ₽ of one account and 500 ₽ of another: 1 200 ₽ by card, 400 ₽ handed over, 100 ₽ back."""
    one, two, contract, cashier = make.account(), make.account(), make.contract(), make.user()
    make.ink(one, contract, 2, Month.parse("2026-10"), "1000.00")
    make.ink(two, contract, 2, Month.parse("2026-10"), "500.00")
    facts = {"given": "400.00", "by_card": Decimal("1200.00"), "by": cashier, "office": make.office().pk, "key": "ф-7"}
    receipt = take((one, "1000.00"), (two, "500.00"), **facts)
    assert (receipt.amount, receipt.change) == (Decimal("1500.00"), Decimal("100.00"))
    paid = Payment.objects.order_by("pk").values_list("channel_id", "account_id", "amount")
    assert list(paid) == [
        ("card", one.pk, Decimal("1000.00")), ("card", two.pk, Decimal("200.00")), ("cash", two.pk, Decimal("300.00")),
    ]  # fmt: skip
    row = queries.receipt(receipt.number)
    assert (row.card_amount, row.cash_given, row.change) == (Decimal("1200.00"), Decimal("400.00"), Decimal("100.00"))
    assert [(line.account_number, line.amount, len(line.parts)) for line in row.lines] == [
        (one.number, Decimal("1000.00"), 1), (two.number, Decimal("500.00"), 1),
    ]  # fmt: skip
    sums = desk_queries.sums_of_shift(CashShift.objects.get())
    assert (sums.receipts, sums.cash, sums.card, sums.left) == (
        1, Decimal("300.00"), Decimal("1200.00"), Decimal("300.00"),
    )  # fmt: skip
    before = written()
    assert take((one, "1000.00"), (two, "500.00"), **facts) == receipt
    with pytest.raises(PaymentConflict):
        take((one, "1000.00"), (two, "500.00"), **{**facts, "by_card": Decimal("1100.00")})
    assert written() == before
    operations.cancel_receipt(number=receipt.number, reason="передумал", by=cashier, on=TODAY)
    sums = desk_queries.sums_of_shift(CashShift.objects.get())
    assert (sums.kept, sums.kept_cash, sums.kept_card, sums.left) == (0, 0, 0, 0)


@pytest.mark.parametrize(("by_card", "given", "why"), [("10.01", None, "больше суммы"), ("4.00", "5.99", "0,01")])
def test_a_card_above_the_sum_and_too_little_cash_beside_it_are_refused(by_card, given, why):
    before = written()
    with pytest.raises(PaymentRefused, match=why):
        take((make.account(), "10.00"), given=given, by_card=Decimal(by_card))
    assert written()[:4] == before[:4]


def test_everything_shown_paid_by_card_and_in_cash_pays_what_stands_apart():
    account, usual, fund = make.account(), make.contract(), make.contract()
    AgencyContract.objects.filter(pk=fund.pk).update(allocation_rule=AllocationRule.APART)
    make.ink(account, usual, 2, Month.parse("2026-10"), "1000.00")
    make.ink(account, fund, 9, Month.parse("2026-10"), "600.00")
    take((account, "1600.00"), by_card=Decimal("400.00"))
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == 0
    assert sum(row.amount for row in Allocation.objects.filter(contract_id=fund.pk)) == Decimal("600.00")
    assert not Allocation.objects.filter(contract_id=0).exists()
