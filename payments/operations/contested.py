"""A payment contested at the payer's bank: seen first, asked for by one person and, where it claims money, taken off by
another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.calendar import ONE_DAY
from accounts.database import rolled_back
from accounts.money import ZERO, total
from accounts.queries import User
from payments import contested_queries, queries
from payments.models import ChargeBack, ChargeBackState, Payment
from payments.operations.returns import RefundRefused, charge_back


@dataclass(frozen=True, slots=True)
class ForeseenChargeBack:
    """What a chargeback would make, roubles. before, after: the account's balance, plus: owes; None: nobody's money.

    parts: what becomes unpaid; claims: what of it principals have got and give back out of their next remittance.
    """

    before: Decimal | None
    after: Decimal | None
    parts: tuple[contested_queries.Unpaid, ...]
    claims: tuple[contested_queries.Claim, ...]

    @property
    def claimed(self) -> Decimal:
        return total(claim.amount for claim in self.claims)


def preview_charge_back(*, payment_id: int, document: str, claimed_on: date, day: date, by: User) -> ForeseenChargeBack:
    """A chargeback done and undone. Raises what `charge_back` raises."""
    path = queries.payment_path(payment_id)
    if path is None:
        raise RefundRefused(f"Платёж № {payment_id} не найден.")
    account_id, tomorrow = path.payment.account_id, day + ONE_DAY
    before = after = None
    with rolled_back():
        if account_id is not None:
            before = queries.balances(account_ids=[account_id], on=tomorrow)[account_id]
        charge_back(payment_id=payment_id, document=document, claimed_on=claimed_on, day=day, by=by)
        if account_id is not None:
            after = queries.balances(account_ids=[account_id], on=tomorrow)[account_id]
    return ForeseenChargeBack(before, after, contested_queries.unpaid(path), contested_queries.claims(path))


@transaction.atomic
def ask_charge_back(
    *, payment_id: int, reason: str, document: str, claimed_on: date, day: date, by: User, at: datetime
) -> ChargeBack:
    """The acquirer took the money of a payment back. What is still with the agent comes off at once; what principals
    have got waits for another person, since it becomes a claim on them.

    Raises RefundRefused, PaymentRefused, DayClosed: nothing is written then.
    """
    if not reason.strip():
        raise RefundRefused("Назовите причину спора, как её сообщил банк.", field="reason")
    list(Payment.objects.select_for_update(of=("self",)).filter(pk=payment_id))
    known = ChargeBack.objects.filter(payment=payment_id).exclude(state=ChargeBackState.DECLINED).first()
    if known is not None:
        raise RefundRefused(
            f"По платежу № {payment_id} протест уже заявлен: «{ChargeBackState(known.state).label}», {known.document}."
        )
    seen = preview_charge_back(payment_id=payment_id, document=document, claimed_on=claimed_on, day=day, by=by)
    is_done = not seen.claimed
    row = ChargeBack.objects.create(
        payment_id=payment_id, reason=reason.strip(), document=document.strip(), claimed_on=claimed_on,
        remitted=seen.claimed, asked_by=by, asked_at=at,
        state=ChargeBackState.DONE if is_done else ChargeBackState.ASKED,
    )  # fmt: skip
    if is_done:
        charge_back(payment_id=payment_id, document=document, claimed_on=claimed_on, day=day, by=by)
    else:
        accounts_operations.note(
            "payments.chargeback.asked", by=by, account_id=row.payment.account_id, ground=f"{document}: {reason}"[:255],
            payment_id=payment_id, amount=row.payment.amount, claimed=seen.claimed,
        )  # fmt: skip
    return row


def _waiting(charge_back_id: int) -> ChargeBack:
    row = ChargeBack.objects.select_for_update(of=("self",)).filter(pk=charge_back_id).first()
    if row is None or row.state != ChargeBackState.ASKED:
        raise RefundRefused("Этот протест уже решён или его нет.")
    return row


@transaction.atomic
def agree_charge_back(*, charge_back_id: int, day: date, by: User, at: datetime) -> ChargeBack:
    """The second person takes the contested payment off on the open day `day`. Raises RefundRefused, PaymentRefused."""
    row = _waiting(charge_back_id)
    if row.asked_by_id == by.pk:
        raise RefundRefused("Протест заявили вы: снять платёж должен другой сотрудник.")
    path = queries.payment_path(row.payment_id)
    row.remitted = total(claim.amount for claim in contested_queries.claims(path)) if path else ZERO  # grew, maybe
    row.state, row.decided_by, row.decided_at = ChargeBackState.DONE, by, at
    row.save(update_fields=["remitted", "state", "decided_by", "decided_at"])
    charge_back(payment_id=row.payment_id, document=row.document, claimed_on=row.claimed_on, day=day, by=by)
    return row


@transaction.atomic
def decline_charge_back(*, charge_back_id: int, ground: str, by: User, at: datetime) -> ChargeBack:
    """The payment stays: the protest was a mistake or was won. Raises RefundRefused."""
    row = _waiting(charge_back_id)
    if not ground.strip():
        raise RefundRefused("Назовите, почему платёж не снимают.", field="ground")
    row.state, row.decided_by, row.decided_at, row.ground = ChargeBackState.DECLINED, by, at, ground.strip()[:255]
    row.save(update_fields=["state", "decided_by", "decided_at", "ground"])
    accounts_operations.note(
        "payments.chargeback.declined", by=by, account_id=row.payment.account_id, ground=row.ground,
        payment_id=row.payment_id, amount=row.payment.amount,
    )  # fmt: skip
    return row
