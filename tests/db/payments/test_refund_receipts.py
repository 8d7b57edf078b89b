"""Receipts of money that goes back: whole, in part, by another road than it came; what is left stays sold."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone
from django.utils.timezone import localdate

from accounts.calendar import Month
from billing.models import ChargeKind
from payments import lawful, operations
from payments.models import Channel, FiscalReceipt, FiscalState, OnlinePayment, Payment, Register, Reversal
from payments.online import SUCCEEDED, Told, ToldRefund
from payments.operations import online
from tests import make
from tests.db.payments.test_receipts_54fz import debtor, pay, register, send
from tests.db.payments.test_returns import payee

pytestmark = pytest.mark.django_db
__all__ = ["register"]


def receipts(kind, **facts):
    return list(FiscalReceipt.objects.filter(kind=kind, **facts).order_by("pk"))


def sums(row):
    """What a receipt says, line by line: the method of the payment and roubles."""
    return [(line["method"], line["amount"]) for line in row.contents["lines"]]


def sound():
    return list(lawful.receipts_astray(None)) == []


def refund(account, amount, number):
    today = localdate()
    return operations.refund_advance(
        account_id=account.pk, amount=Decimal(amount), number=number, applied_on=today, requisites=payee(), day=today,
        by=make.user(),
    )  # fmt: skip


def charge_back(payment):
    today = localdate()
    operations.charge_back(payment_id=payment.pk, document="№ 1", claimed_on=today, day=today, by=make.user())


def standing():
    return Payment.objects.get(state="allocated")


ALL = [("full_payment", "300.00"), ("full_payment", "100.00"), ("full_payment", "5.00"), ("advance", "95.00")]


def test_two_parts_of_an_advance_and_then_the_rest(register):
    account, _, _ = debtor()
    payment = pay(account, "500.00")
    refund(account, "45.00", "17")
    refund(account, "20.00", "18")
    assert sound()
    last = standing()
    charge_back(last)
    (sold,) = receipts("sell")
    assert (sold.payment, sums(sold)) == (payment, ALL)
    first, second, whole = receipts("sell_refund")
    assert {row.original for row in (first, second, whole)} == {sold}
    assert [row.payment_id for row in (first, second, whole)] == list(
        Reversal.objects.order_by("pk").values_list("payment_id", flat=True)
    )
    assert (sums(first), sums(second)) == ([("advance", "45.00")], [("advance", "20.00")])
    assert (whole.payment, sums(whole)) == (last, [*ALL[:3], ("advance", "30.00")])
    assert first.amount + second.amount + whole.amount == sold.amount and sound()
    assert operations.make_missing_receipts(at=timezone.now() + timedelta(minutes=5)) == 0


def test_a_return_waits_for_the_sale_of_the_payment_it_came_as(register):
    account, _, _ = debtor()
    pay(account, "500.00")
    refund(account, "95.00", "17")
    send()
    assert [row.operation for row in register.receipts.values()] == ["sell"]
    for minutes in (5, 10, 15):
        send(minutes=minutes)
    sale, back = register.receipts.values()
    assert (sale.operation, back.operation) == ("sell", "sell_refund")
    assert sale.contents["receipt"]["total"] == Decimal("500.00")
    told = back.contents["receipt"]
    assert [(item["sum"], item["payment_method"]) for item in told["items"]] == [(Decimal("95.00"), "advance")]
    assert told["payments"] == [{"type": 1, "sum": Decimal("95.00")}]
    assert set(FiscalReceipt.objects.values_list("state", flat=True)) == {FiscalState.DONE}


def at_the_desk(account, amount):
    return operations.take_cash(
        lines=[(account.pk, Decimal(amount))], given=None, office_id=make.office().pk, by=make.user(), on=localdate()
    )


def test_cash_that_is_paid_back_by_an_order_is_told_as_cashless(register):
    account, _, _ = debtor()
    taken, today = at_the_desk(account, "500.00"), localdate()
    refund(account, "45.00", "17")
    operations.reverse_payment(
        payment_id=standing().pk, day=today, reason="ошибка", by=make.user(), refund=True, requisites=payee()
    )
    (sold,) = receipts("sell")
    assert (sold.payment_id, sold.contents["paid"]) == (
        taken.payment_ids[0], {"kind": "cash", "amount": "500.00"},
    )  # fmt: skip
    part, rest = receipts("sell_refund")
    assert part.contents["paid"] == {"kind": "cashless", "amount": "45.00"}
    assert rest.contents["paid"] == {"kind": "cashless", "amount": "455.00"}
    # who took the money of the lines is told as it was: a payment agent
    assert {line.get("agent") for line in rest.contents["lines"]} == {"paying_agent", None}
    assert sums(rest) == [*ALL[:3], ("advance", "50.00")] and sound()


def test_a_receipt_taken_back_in_its_shift_gives_cash_back(register):
    account, _, _ = debtor()
    taken = at_the_desk(account, "500.00")
    operations.cancel_receipt(number=taken.number, reason="ошибка", by=make.user(), on=localdate())
    (sold,), (back,) = receipts("sell"), receipts("sell_refund")
    assert (back.payment_id, back.original, back.contents) == (sold.payment_id, sold, sold.contents)
    assert back.contents["paid"] == {"kind": "cash", "amount": "500.00"} and sound()


def test_money_on_another_account_goes_back_in_part_and_then_whole(register):
    account, other, today = debtor()[0], make.account(), localdate()
    payment = pay(account, "500.00")
    operations.move_payment(payment_id=payment.pk, account_id=other.pk, day=today, reason="не тот счёт", by=make.user())
    refund(other, "200.00", "17")  # all of it is free there: above the advance of the receipt its debts go back
    charge_back(standing())
    (sold,) = receipts("sell")
    part, rest = receipts("sell_refund")
    assert part.original == rest.original == sold and sold.payment == payment
    assert sums(part) == [
        ("full_payment", "77.78"), ("full_payment", "25.92"), ("full_payment", "1.30"), ("advance", "95.00"),
    ]  # fmt: skip
    assert sums(rest) == [("full_payment", "222.22"), ("full_payment", "74.08"), ("full_payment", "3.70")]
    assert (part.amount, rest.amount) == (Decimal("200.00"), Decimal("300.00")) and sound()


def test_the_provider_gives_back_a_part_and_then_the_rest(register):
    account, _, _ = debtor()
    at = timezone.now()
    row = OnlinePayment.objects.create(
        provider="yookassa", account=account, user=make.user(), amount=Decimal("500.00"), method="card", begun_at=at
    )
    told = Told(provider_id="2f-1", state=SUCCEEDED, amount=row.amount, is_ours=True, key=row.key, paid_at=at)
    online.settle(told, provider="yookassa", at=at)
    for number, amount in (("r-1", "95.00"), ("r-2", "405.00")):
        for _ in range(2):  # told twice
            online.settle_refund(
                ToldRefund(refund_id=number, provider_id="2f-1", state=SUCCEEDED, amount=Decimal(amount), key=None),
                provider="yookassa", at=at,
            )  # fmt: skip
    (sold,) = receipts("sell")
    part, rest = receipts("sell_refund")
    assert (sums(part), sums(rest)) == ([("advance", "95.00")], ALL[:3])
    assert part.original == rest.original == sold and sound() and list(lawful.online_astray(None)) == []


def test_what_the_advance_used_before_a_refund_is_offset_after_it(register):
    """500 came: 405 of debts, an advance of 95. 30 of it were used, 15 went back: an offset of 30, then 50 are left."""
    account, water, _ = debtor()
    contract, today, month = water.contracts.get(), localdate(), Month.of(localdate())
    payment = pay(account, "500.00")
    make.ink(account, contract, 2, month, "30.00")
    operations.consume_advances(month=month, day=today)
    refund(account, "15.00", "17")
    at = timezone.now() + timedelta(days=40)
    assert operations.make_offset_receipts(month=month, at=at) == 1
    assert operations.make_offset_receipts(month=month, at=at) == 0
    (offset,) = receipts("offset")
    assert (offset.payment, sums(offset)) == (payment, [("full_payment", "30.00")])
    (line,) = offset.contents["lines"]
    assert line["supplier"]["inn"] == water.inn  # not the debts that the sale has told of
    refund(account, "50.00", "18")
    assert receipts("offset_back") == [] and sound()
    # the charge was wrong: its 30 are free again and go back, too, and before them what the receipt had offset
    make.ink(account, contract, 2, month, "-30.00", kind=ChargeKind.RECALCULATION)
    operations.reallocate(payment_ids=[standing().pk], day=today, reason="снято", by=make.user())
    refund(account, "20.00", "19")
    (back,) = receipts("offset_back")
    assert (back.original, sums(back)) == (offset, [("full_payment", "20.00")])
    assert sums(receipts("sell_refund")[-1]) == [("advance", "20.00")] and sound()
    charge_back(standing())
    assert [sums(row) for row in receipts("offset_back")] == [
        [("full_payment", "20.00")], [("full_payment", "10.00")],
    ]  # fmt: skip
    assert sums(receipts("sell_refund")[-1]) == [*ALL[:3], ("advance", "10.00")] and sound()


def test_a_payment_that_changes_before_its_receipt_was_made_gets_it_then(register):
    account, today = debtor()[0], localdate()
    payment = operations.record_payment(
        channel="online", external_id="7", number=account.number, amount=Decimal("500.00"), paid_on=today, day=today,
        today=today, lay=True,
    )  # fmt: skip
    refund(account, "95.00", "17")
    (sold,), (back,) = receipts("sell"), receipts("sell_refund")
    assert (sold.payment, sums(sold), sums(back)) == (payment, ALL, [("advance", "95.00")])
    assert operations.make_missing_receipts(at=timezone.now() + timedelta(minutes=5)) == 0 and sound()


def test_an_undone_register_answers_the_sale_of_what_was_moved(register):
    Channel.objects.filter(pk="bank").update(receipts_from=make.LONG_AGO)
    account, today, clerk = debtor()[0], localdate(), make.user()
    file = Register.objects.create(channel_id="bank", kind="sber", name="1.txt", sha256="1")
    moved, plain = (pay(account, "10.00", channel="bank", external_id=str(n), register=file) for n in range(2))
    operations.move_payment(
        payment_id=moved.pk, account_id=make.account().pk, day=today, reason="не тот счёт", by=clerk
    )
    operations.undo_register(register_id=file.pk, day=today, reason="не тот банк", at=timezone.now(), by=clerk)
    assert {(row.original.payment_id, row.amount) for row in receipts("sell_refund")} == {
        (moved.pk, Decimal("10.00")), (plain.pk, Decimal("10.00")),
    }  # fmt: skip
    assert sound()


def by_a_side_door(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_verify_names_returns_that_do_not_stand_on_their_money(register):
    account, _, _ = debtor()
    pay(account, "500.00")
    refund(account, "45.00", "17")
    (sold,), (back,) = receipts("sell"), receipts("sell_refund")
    key = f"чек · {sold.pk} · {localdate()} · "
    by_a_side_door("UPDATE payments_fiscalreceipt SET amount = amount - 1 WHERE id = %s", back.pk)
    assert list(lawful.receipts_astray(None)) == [
        f"чек · {back.pk} · {localdate()} · строки не складываются в итог", f"{key}нет чека возврата",
    ]  # fmt: skip
    by_a_side_door("UPDATE payments_fiscalreceipt SET amount = amount + 500 WHERE id = %s", back.pk)
    told = list(lawful.receipts_astray(None))
    assert f"{key}чек возврата без сторно" in told and f"{key}чеками возвращено больше, чем в нём есть" in told
    by_a_side_door("DELETE FROM payments_fiscalreceipt WHERE id = %s", back.pk)
    assert list(lawful.receipts_astray(None)) == [f"{key}нет чека возврата"]


def test_a_return_is_of_a_receipt_and_stays_so(register):
    account, _, _ = debtor()
    pay(account, "500.00")
    refund(account, "45.00", "17")
    with pytest.raises(InternalError, match="fiscal_receipt_is_ink"), transaction.atomic():
        FiscalReceipt.objects.filter(kind="sell_refund").update(original=None)
    with pytest.raises(IntegrityError, match="fiscalreceipt_return_has_original"), transaction.atomic():
        FiscalReceipt.objects.create(payment=standing(), kind="sell_refund", amount=1, contents={"lines": []})
