"""Many payments of one channel and one operating day at once: the same rules as `record_payment`, few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.money import total
from accounts.queries import PersonalAccount, User
from payments.models import Channel, Payment, PaymentState, Register
from payments.operations.days import By, hold_open
from payments.operations.intake import (
    FACE_TO_FACE,
    Match,
    PaymentRefused,
    check_day,
    check_possible,
    closed_doubt,
    doubt_about,
    match_account,
)


class Verdict(StrEnum):
    ACCEPTED = "принят"
    HELD = "не выяснен"
    REPEATED = "уже был принят"
    CONFLICT = "номер операции уже занят другим платежом"
    REFUSED = "отклонён"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One payment as the channel tells it. doubt: why the caller is not sure whose it is."""

    external_id: str
    number: str
    amount: Decimal
    paid_on: date
    account_id: int | None = None
    payer: str = ""
    purpose: str = ""
    for_month: Month | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row; the payment when it is a new one."""

    row: Incoming
    verdict: Verdict
    reason: str = ""
    payment: Payment | None = None


@transaction.atomic
def record_payments(
    rows: Sequence[Incoming], *, channel: str, day: date, today: date, by: By = None, register: Register | None = None
) -> list[Judged]:
    """Take the rows in exactly once each; a verdict for every row, in their order.

    A row that is impossible or repeats a number with other facts does not stop the others: money of theirs has come.
    The number of statements does not grow with the rows (unknown accounts apart). Raises DayClosed, PaymentRefused
    when the channel is unknown or out of use.
    """
    found = Channel.objects.filter(pk=channel).first()
    if found is None or not found.is_active:
        raise PaymentRefused(f"Канал приёма «{channel}» не найден или не действует.")
    check_day(day, today=today)
    hold_open(day)
    ids = {row.account_id for row in rows if row.account_id}
    numbers = {row.number for row in rows if not row.account_id}
    by_id = PersonalAccount.objects.in_bulk(ids)
    by_number = {account.number: account for account in PersonalAccount.objects.filter(number__in=numbers)}
    known = {
        payment.external_id: payment
        for payment in Payment.objects.filter(channel_id=channel, external_id__in=[row.external_id for row in rows])
    }
    judged: list[Judged] = []
    fresh: dict[str, Payment] = {}
    for row in rows:
        try:
            check_possible(row.amount, None, row.external_id, row.paid_on)
        except PaymentRefused as refusal:
            judged.append(Judged(row, Verdict.REFUSED, str(refusal)))
            continue
        earlier = known.get(row.external_id) or fresh.get(row.external_id)
        if earlier is not None:
            same = (earlier.number_as_received, earlier.amount, earlier.paid_on) == (
                row.number[:60],
                row.amount,
                row.paid_on,
            )
            judged.append(Judged(row, Verdict.REPEATED if same else Verdict.CONFLICT))
            continue
        account = by_id.get(row.account_id) if row.account_id else by_number.get(row.number)
        if row.doubt:
            match = Match(None, row.doubt)
        elif account:
            match = Match(account, closed_doubt(account, row.paid_on))
        else:
            match = match_account(number=row.number, account_id=row.account_id, paid_on=row.paid_on)
        doubt = doubt_about(amount=row.amount, paid_on=row.paid_on, today=today) or match.doubt
        if doubt and found.kind in FACE_TO_FACE:
            judged.append(Judged(row, Verdict.REFUSED, doubt))
            continue
        fresh[row.external_id] = Payment(
            channel_id=channel,
            external_id=row.external_id,
            number_as_received=row.number[:60],
            amount=row.amount,
            paid_on=row.paid_on,
            register=register,
            payer=row.payer[:255],
            purpose=row.purpose[:500],
            account=None if doubt else match.account,
            for_month=row.for_month.first if row.for_month else None,
            day=day,
            accepted_by=by if isinstance(by, User) else None,
            state=PaymentState.UNIDENTIFIED if doubt else PaymentState.ACCEPTED,
            held_because=doubt[:255],
        )
        verdict = Verdict.HELD if doubt else Verdict.ACCEPTED
        judged.append(Judged(row, verdict, doubt, fresh[row.external_id]))
    if fresh:
        Payment.objects.bulk_create(fresh.values(), batch_size=2000)
        accounts_operations.note(
            "payments.batch.recorded",
            by=by or channel,
            day=day,
            payments=len(fresh),
            amount=total(payment.amount for payment in fresh.values()),
        )
    return judged
