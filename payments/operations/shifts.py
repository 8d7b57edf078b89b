"""The cashier's shift: opened by its first receipt, emptied by collections, closed with what was counted."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.money import ZERO, kopecks, written
from accounts.queries import Office, User
from payments import desk_queries
from payments.models import CashMovement, CashReceipt, CashShift, MovementKind
from payments.operations.intake import PaymentRefused


class ShiftRefused(PaymentRefused):
    """The shift does not allow this."""


@transaction.atomic
def open_shift(*, office_id: int, by: User, on: date, float_amount: Decimal = ZERO) -> CashShift:
    """Open the cashier's shift; float_amount: roubles for change that stood in the drawer. Raises ShiftRefused."""
    if not Office.objects.filter(pk=office_id).exists():
        raise ShiftRefused("Отделение не найдено.", field="office")
    if not float_amount.is_finite() or float_amount < 0 or float_amount != kopecks(float_amount):
        raise ShiftRefused("Разменные деньги: рубли и копейки, не меньше нуля.", field="float_amount")
    shift, is_new = CashShift.objects.get_or_create(
        cashier=by, closed_at=None, defaults={"office_id": office_id, "day": on, "float_amount": float_amount}
    )
    if not is_new:
        raise ShiftRefused(f"Смена от {shift.day:%d.%m.%Y} ещё открыта. Закройте её, потом открывайте новую.")
    _note_opened(shift, by)
    return shift


def hold_shift(*, office_id: int, by: User, on: date) -> CashShift:
    """The cashier's open shift of this desk and day, locked till the end of the transaction; opened if there is none.

    A shift lasts a day (54-ФЗ, ст. 4.3, п. 2: не более 24 часов). Raises ShiftRefused.
    """
    shift, is_new = CashShift.objects.get_or_create(
        cashier=by, closed_at=None, defaults={"office_id": office_id, "day": on}
    )
    if is_new:
        _note_opened(shift, by)
    shift = CashShift.objects.select_for_update(of=("self",)).select_related("office").get(pk=shift.pk)
    if shift.closed_at is not None:
        raise ShiftRefused("Смену только что закрыли. Откройте кассу заново.")
    if shift.day != on:
        raise ShiftRefused(
            f"Смена от {shift.day:%d.%m.%Y} не закрыта, а сегодня {on:%d.%m.%Y}. Закройте её и принимайте платёж снова."
        )
    if shift.office_id != office_id:
        raise ShiftRefused(
            f"Ваша смена открыта в отделении «{shift.office.name}». Выберите его или закройте смену.", field="office"
        )
    return shift


def _note_opened(shift: CashShift, by: User) -> None:
    accounts_operations.note(
        "payments.shift.opened", by=by, shift_id=shift.pk, day=shift.day, office_id=shift.office_id,
        float_amount=shift.float_amount,
    )  # fmt: skip


def write_receipt(receipt: CashReceipt, shift: CashShift, *, kind: MovementKind, by: User) -> None:
    """The receipt's money goes into the drawer of the shift, or out of it again; what a card paid stands beside it."""
    sums = {False: receipt.amount - receipt.by_card, True: receipt.by_card}
    CashMovement.objects.bulk_create(
        CashMovement(shift=shift, kind=kind, receipt=receipt, amount=amount, is_card=is_card, made_by=by)
        for is_card, amount in sums.items()
        if amount
    )


def shift_of_receipt(receipt: CashReceipt) -> CashShift | None:
    """The shift that took the receipt, locked; None: it was given before shifts were kept. Raises ShiftRefused."""
    taken = receipt.movements.filter(kind=MovementKind.RECEIPT).first()
    if taken is None:
        return None
    shift = CashShift.objects.select_for_update().get(pk=taken.shift_id)
    if shift.closed_at is not None:
        raise ShiftRefused(
            f"Квитанция {receipt.number} выдана в смену, которая закрыта. Деньги возвращает бухгалтерия по заявлению."
        )
    return shift


def _open(shift_id: int) -> CashShift:
    shift = CashShift.objects.select_for_update().filter(pk=shift_id).first()
    if shift is None:
        raise ShiftRefused(f"Смена № {shift_id} не найдена.")
    if shift.closed_at is not None:
        raise ShiftRefused(f"Смена № {shift_id} уже закрыта.")
    return shift


@transaction.atomic
def collect_cash(*, shift_id: int, amount: Decimal, document: str, by: User) -> CashMovement:
    """Инкассация: cash of the drawer is handed over by a document (its number). Raises ShiftRefused."""
    shift = _open(shift_id)
    if not amount.is_finite() or amount <= 0 or amount != kopecks(amount):
        raise ShiftRefused("Сумма инкассации: рубли и копейки, больше нуля.", field="amount")
    if not document.strip():
        raise ShiftRefused("Назовите документ инкассации: номер сумки или ордера.", field="document")
    left = desk_queries.sums_of_shift(shift).left
    if amount > left:
        raise ShiftRefused(
            f"В ящике {written(left)} ₽, а сдают {written(amount)} ₽: столько в нём нет.", field="amount"
        )
    row = CashMovement.objects.create(
        shift=shift, kind=MovementKind.COLLECTED, amount=amount, document=document.strip()[:120], made_by=by
    )
    accounts_operations.note(
        "payments.shift.collected", by=by, ground=document, shift_id=shift.pk, amount=amount, left=left - amount
    )
    return row


@transaction.atomic
def close_shift(*, shift_id: int, counted: Decimal, by: User, at: datetime) -> CashShift:
    """Close the shift with what was counted in the drawer (roubles). Its sums become ink, a difference is noted.

    A shortage or a surplus does not keep the shift open: it is a fact, and stands in the report. Raises ShiftRefused.
    """
    shift = _open(shift_id)
    if not counted.is_finite() or counted < 0 or counted != kopecks(counted):
        raise ShiftRefused("Пересчитанная сумма: рубли и копейки, не меньше нуля.", field="counted")
    sums = desk_queries.sums_of_shift(shift)
    shift.closed_at = at
    shift.receipts = sums.receipts
    shift.cash, shift.card = sums.cash, sums.card
    shift.returned_cash, shift.returned_card = sums.returned_cash, sums.returned_card
    shift.collected, shift.counted = sums.collected, counted
    shift.save()
    accounts_operations.note(
        "payments.shift.closed", by=by, shift_id=shift.pk, day=shift.day, cash=sums.cash, card=sums.card,
        returned=sums.returned_cash + sums.returned_card, collected=sums.collected, left=sums.left, counted=counted,
        difference=counted - sums.left,
    )  # fmt: skip
    return shift
