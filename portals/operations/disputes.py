"""Disagreements of principals: a figure as it was shown, a deadline, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

import accounts.operations
import accounts.queries
from accounts.calendar import ONE_DAY, is_working_day
from accounts.errors import Refusal
from accounts.queries import AgencyContract, User
from portals.models import Dispute, DisputeState
from portals.operations import notices

# No act names a term for the agent's answer: two working weeks, as principals' contracts usually have it.
ANSWERED_WITHIN = 10  # working days
LONGEST = 2000


class DisputeRefused(Refusal):
    """The disagreement is not taken, or not answered; nothing was written."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is disputed: where it stood, whose it is, and the roubles that were shown."""

    kind: str
    key: str
    name: str
    title: str
    amount: Decimal
    contract_id: int
    account_id: int | None = None


def deadline(on: date) -> date:
    """The last day of the answer to what was opened on the day."""
    overrides, left = accounts.queries.calendar_overrides(), ANSWERED_WITHIN
    while left:
        on += ONE_DAY
        left -= is_working_day(on, overrides)
    return on


@transaction.atomic
def open_dispute(*, figure: Figure, text: str, by: User, at: datetime, on: date) -> Dispute:
    """Record that the principal does not agree with the figure. Said twice, it is the one that stands.

    Raises DisputeRefused without a reason in words.
    """
    text = text.strip()
    if not text:
        raise DisputeRefused("Напишите, с чем вы не согласны и какая сумма, по-вашему, верна.", field="text")
    if len(text) > LONGEST:
        raise DisputeRefused(f"Текст длиннее {LONGEST} знаков. Сократите его.", field="text")
    contract = AgencyContract.objects.select_for_update().get(pk=figure.contract_id)
    row, is_new = Dispute.objects.get_or_create(
        principal_id=contract.principal_id, kind=figure.kind, key=figure.key, name=figure.name, state=DisputeState.OPEN,
        defaults={
            "contract": contract, "account_id": figure.account_id, "title": figure.title[:255],
            "amount": figure.amount, "text": text, "opened_by": by, "opened_at": at, "due_on": deadline(on),
        },
    )  # fmt: skip
    if is_new:
        accounts.operations.note(
            "portals.dispute.opened", by=by, account_id=figure.account_id, dispute=row.number, title=row.title,
            amount=row.amount, contract_id=contract.pk, due_on=row.due_on,
        )  # fmt: skip
        notices.tell_of_dispute(dispute=row, at=at)
    return row


@transaction.atomic
def answer_dispute(
    *, dispute_id: int, is_upheld: bool, answer: str, document: str = "", by: User, at: datetime
) -> Dispute:
    """Answer a disagreement, once: upheld by a correcting document, or refused. Raises DisputeRefused."""
    row = Dispute.objects.select_for_update().filter(pk=dispute_id).first()
    if row is None:
        raise DisputeRefused(f"Разногласия № {dispute_id} нет. Обновите список.")
    if row.state != DisputeState.OPEN:
        raise DisputeRefused(f"На разногласие {row.number} уже ответили: {row.get_state_display()}.")
    answer, document = answer.strip(), document.strip()
    if not answer:
        raise DisputeRefused(f"Напишите ответ на разногласие {row.number}: его прочтёт поставщик.", field="answer")
    if is_upheld and not document:
        raise DisputeRefused(
            "Назовите документ, которым цифра исправлена: номер перерасчёта, сторно или перечисления.",
            field="document",
        )
    row.state = DisputeState.UPHELD if is_upheld else DisputeState.REFUSED
    row.answer, row.document, row.answered_by, row.answered_at = answer[:LONGEST], document[:160], by, at
    row.save(update_fields=["state", "answer", "document", "answered_by", "answered_at"])
    accounts.operations.note(
        "portals.dispute.answered", by=by, account_id=row.account_id, ground=document, dispute=row.number,
        title=row.title, answer=row.get_state_display(),
    )  # fmt: skip
    notices.tell_of_dispute(dispute=row, at=at)
    return row
