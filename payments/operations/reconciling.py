"""A register and the bank's one order for its money: the order is not a second payment, and waits for nobody.

Source: domain/payments.md, 2.2 (row sum − commission = bank order). The order came with a statement as money without an
owner; matched to its register it is mirrored, since the register's rows are its money already. Undone, it waits again.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.errors import Refusal
from accounts.money import written
from accounts.queries import User
from payments import register_queries
from payments.models import Payment, PaymentState, Register, RegisterTransfer
from payments.operations.days import By, hold_open
from payments.operations.intake import mirror_payment, record_payment


class NotReconciled(Refusal):
    """This order is not the money of this register, or the match cannot be undone."""


@transaction.atomic
def reconcile_register(
    *, register_id: int, payment_id: int, day: date, at: datetime, by: By, ground: str = ""
) -> RegisterTransfer:
    """The unidentified payment is the bank's order for the register's money: mirror it on the open day `day`.

    ground: why the sums differ, where they do: without it a difference is refused. Raises NotReconciled, DayClosed.
    """
    hold_open(day)
    payment = Payment.objects.select_for_update(of=("self",)).filter(pk=payment_id).first()
    if payment is None or payment.state != PaymentState.UNIDENTIFIED:
        raise NotReconciled("Сверить с реестром можно только невыясненный платёж.")
    register = (
        Register.objects.select_for_update(of=("self",)).select_related("channel").defer("verdicts")
        .filter(pk=register_id).first()
    )  # fmt: skip
    if register is None:
        raise NotReconciled(f"Реестр № {register_id} не найден.")
    if payment.register_id == register.pk:
        raise NotReconciled("Этот платёж — строка того же файла: сверить его с самим собой нельзя.")
    why_not = register_queries.why_not_reconciled(register)
    if why_not:
        raise NotReconciled(why_not)
    sums = register_queries.sums_of(register, payment.amount)
    if sums.difference and not ground.strip():
        raise NotReconciled(f"{sums.words} Объясните расхождение: без этого сверка не проводится.", field="ground")
    reason = f"Поручение банка по реестру № {register.pk}"
    mirror_payment(payment_id=payment.pk, day=day, reason=reason, by=by)
    words = f"{sums.words} {ground.strip()}".strip()
    row = RegisterTransfer.objects.create(
        register=register, payment=payment, transferred=payment.amount, fee=sums.fee, expected=sums.expected,
        difference=sums.difference, words=words[:500], day=day, matched_at=at,
        matched_by=by if isinstance(by, User) else None,
    )  # fmt: skip
    accounts_operations.note(
        "payments.register.reconciled", by=by, ground=ground, register_id=register.pk, payment_id=payment.pk,
        amount=payment.amount, fee=sums.fee, difference=sums.difference, day=day,
    )  # fmt: skip
    return row


@transaction.atomic
def undo_reconciliation(*, register_id: int, day: date, at: datetime, reason: str, by: By) -> Payment:
    """The order was of another register: its money waits for its owner again, with its own value date."""
    hold_open(day)
    row = (
        RegisterTransfer.objects.select_for_update(of=("self",))
        .select_related("payment__register")
        .defer("payment__register__verdicts")
        .filter(register=register_id, undone_at=None)
        .first()
    )
    if row is None:
        raise NotReconciled(f"Реестр № {register_id} ни с каким поручением не сверен.")
    if not reason.strip():
        raise NotReconciled("Назовите причину отмены.", field="ground")
    payment = row.payment
    restored = record_payment(
        channel=payment.channel_id, external_id=f"сверка отменена {row.pk}", number=payment.number_as_received,
        amount=payment.amount, paid_on=payment.paid_on, day=day, today=day, payer=payment.payer,
        purpose=payment.purpose, by=by, register=payment.register,
        doubt=f"Сверка с реестром № {register_id} отменена: {reason.strip()}",
    )  # fmt: skip
    row.undone_at, row.undone_because, row.restored = at, reason.strip()[:255], restored
    row.save(update_fields=["undone_at", "undone_because", "restored"])
    accounts_operations.note(
        "payments.register.unreconciled", by=by, ground=reason, register_id=register_id, payment_id=restored.pk,
        amount=payment.amount, day=day,
    )  # fmt: skip
    return restored


def reconcile_orders(*, statement: Register, day: date, at: datetime, by: By) -> dict[int, RegisterTransfer]:
    """Orders of the statement whose register is beyond doubt, to the kopeck; payment → its match. Others wait."""
    return {
        payment_id: reconcile_register(register_id=register_id, payment_id=payment_id, day=day, at=at, by=by)
        for payment_id, register_id in register_queries.certain_transfers(statement.pk)
    }


def say(row: RegisterTransfer) -> str:
    """The verdict of a statement's line that is a register's order."""
    return f"Деньги реестра № {row.register_id}: {written(row.transferred)} ₽. {row.words}"
