"""The cashier's shift: its drawer adds up, collections leave it, a receipt is taken back only inside it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import InternalError, transaction
from django.utils import timezone

from accounts.models import JournalEntry
from payments import desk_queries, operations
from payments.models import CashMovement, CashReceipt, CashShift, MovementKind, Payment
from payments.operations import PaymentRefused, ShiftRefused
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
TOMORROW = TODAY + timedelta(days=1)
EVENING = datetime(2026, 11, 5, 19, 0, tzinfo=timezone.get_default_timezone())


def take(cashier, office, amount, on=TODAY, **facts):
    return operations.take_cash(
        lines=[(make.account().pk, Decimal(amount))], given=None, office_id=office.pk, by=cashier, on=on, **facts
    )


def written():
    rows = [model.objects.count() for model in (Payment, CashReceipt, CashShift, CashMovement, JournalEntry)]
    return rows, list(CashShift.objects.values())


def test_the_drawer_of_a_shift_adds_up_and_its_sums_become_ink():
    cashier, office = make.user(), make.office()
    shift = operations.open_shift(office_id=office.pk, by=cashier, on=TODAY, float_amount=Decimal("500.00"))
    take(cashier, office, "100.00")
    take(cashier, office, "30.50", card=True)
    mistaken = take(cashier, office, "7.00")
    operations.cancel_receipt(number=mistaken.number, reason="не тот счёт", by=cashier, on=TODAY)
    operations.collect_cash(shift_id=shift.pk, amount=Decimal("550.00"), document="сумка 12", by=cashier)
    sums = desk_queries.sums_of_shift(shift)
    assert sums == desk_queries.ShiftSums(
        receipts=3, cancelled=1, float_amount=Decimal("500.00"), cash=Decimal("107.00"), card=Decimal("30.50"),
        returned_cash=Decimal("7.00"), returned_card=Decimal("0.00"), collected=Decimal("550.00"),
    )  # fmt: skip
    assert sums.left == Decimal("50.00")
    assert (sums.kept, sums.kept_cash, sums.kept_card) == (2, Decimal("100.00"), Decimal("30.50"))
    operations.close_shift(shift_id=shift.pk, counted=Decimal("49.90"), by=cashier, at=EVENING)
    report = desk_queries.shift_report(shift.pk)
    assert (report.counted, report.difference) == (Decimal("49.90"), Decimal("-0.10"))
    assert [(row.kind, row.amount, row.is_out) for row in report.rows] == [
        ("квитанция", Decimal("100.00"), False), ("квитанция", Decimal("30.50"), False),
        ("квитанция", Decimal("7.00"), False), ("отмена квитанции", Decimal("7.00"), True),
        ("инкассация", Decimal("550.00"), True),
    ]  # fmt: skip
    assert [row.is_cancelled for row in report.rows] == [False, False, True, False, False]
    with pytest.raises(InternalError), transaction.atomic():
        CashShift.objects.update(counted=Decimal("50.00"))
    with pytest.raises(InternalError, match="закрыта"), transaction.atomic():
        CashMovement.objects.create(
            shift=shift, kind=MovementKind.COLLECTED, amount=Decimal(1), document="сумка", made_by=cashier
        )


def test_the_first_receipt_opens_the_shift_and_the_next_stands_in_it():
    cashier, office = make.user(), make.office()
    take(cashier, office, "1.00")
    take(cashier, office, "2.00")
    assert CashShift.objects.get().movements.count() == 2


def test_a_receipt_comes_back_only_inside_its_shift():
    cashier, office = make.user(), make.office()
    receipt = take(cashier, office, "10.00")
    shift = CashShift.objects.get()
    operations.close_shift(shift_id=shift.pk, counted=Decimal("10.00"), by=cashier, at=EVENING)
    before = written()
    with pytest.raises(ShiftRefused, match="по заявлению"):
        operations.cancel_receipt(number=receipt.number, reason="ошибка", by=cashier, on=TODAY)
    assert written() == before


def test_a_receipt_whose_money_went_elsewhere_does_not_come_back_whole():
    cashier, office, other = make.user(), make.office(), make.account()
    one, two = make.account(), make.account()
    receipt = operations.take_cash(
        lines=[(one.pk, Decimal("5.00")), (two.pk, Decimal("6.00"))], given=None, office_id=office.pk, by=cashier,
        on=TODAY,
    )  # fmt: skip
    operations.move_payment(
        payment_id=receipt.payment_ids[0], account_id=other.pk, day=TODAY, reason="не тот счёт", by=cashier
    )
    before = written()
    with pytest.raises(PaymentRefused, match="перенесено платежей: 1"):
        operations.cancel_receipt(number=receipt.number, reason="ошибка", by=cashier, on=TODAY)
    assert written() == before


def test_yesterdays_shift_and_another_desk_refuse_money():
    cashier, office, other = make.user(), make.office(), make.office()
    take(cashier, office, "1.00")
    before = written()
    with pytest.raises(ShiftRefused, match=r"Смена от 05\.11\.2026 не закрыта"):
        take(cashier, office, "1.00", on=TOMORROW)
    with pytest.raises(ShiftRefused, match=office.name):
        take(cashier, other, "1.00")
    with pytest.raises(ShiftRefused, match="ещё открыта"):
        operations.open_shift(office_id=office.pk, by=cashier, on=TODAY)
    assert written() == before


@pytest.mark.parametrize(
    ("amount", "document", "words"),
    [("10.01", "сумка 1", "столько в нём нет"), ("0.00", "сумка 1", "больше нуля"), ("1.00", " ", "документ"),
     ("0.001", "сумка 1", "рубли и копейки")],
)  # fmt: skip
def test_a_collection_is_refused_and_nothing_is_written(amount, document, words):
    cashier = make.user()
    take(cashier, make.office(), "10.00")
    before = written()
    with pytest.raises(ShiftRefused, match=words):
        operations.collect_cash(
            shift_id=CashShift.objects.get().pk, amount=Decimal(amount), document=document, by=cashier
        )
    assert written() == before


def test_a_shift_closes_once():
    cashier = make.user()
    shift = operations.open_shift(office_id=make.office().pk, by=cashier, on=TODAY)
    with pytest.raises(ShiftRefused, match="не меньше нуля"):
        operations.close_shift(shift_id=shift.pk, counted=Decimal("-1.00"), by=cashier, at=EVENING)
    operations.close_shift(shift_id=shift.pk, counted=Decimal("0.00"), by=cashier, at=EVENING)
    with pytest.raises(ShiftRefused, match="уже закрыта"):
        operations.close_shift(shift_id=shift.pk, counted=Decimal("0.00"), by=cashier, at=EVENING)
