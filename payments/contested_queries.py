"""Payments contested at the payer's bank: which may be, what each has paid, whom it is claimed from. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from accounts.kinds import ChannelKind
from accounts.money import ZERO
from payments.models import ChargeBack, ChargeBackState, Payment, PaymentState
from payments.queries import PaymentPath

STANDING = (PaymentState.ACCEPTED, PaymentState.ALLOCATED, PaymentState.UNIDENTIFIED)
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Unpaid:
    """What a payment has paid of one service in one month, roubles; principal is empty for an advance."""

    principal: str
    service: str
    for_month: date
    part: int
    part_name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Claim:
    """What of a payment a principal has got by a remittance, roubles."""

    principal: str
    remittance_id: int
    number: str
    day: date
    amount: Decimal


def unpaid(path: PaymentPath) -> tuple[Unpaid, ...]:
    """What becomes unpaid when the payment comes off; Σ = what of it was laid."""
    sums: dict[tuple[str, str, date, int, str], Decimal] = {}
    for step in path.steps:
        part = step.part
        key = (part.principal, part.service_name, part.for_month, part.part, part.part_name)
        sums[key] = sums.get(key, ZERO) + part.amount
    return tuple(Unpaid(*key, amount) for key, amount in sums.items() if amount)


def claims(path: PaymentPath) -> tuple[Claim, ...]:
    """What of the payment was remitted, by remittance; nothing where the principal himself took it."""
    if not path.is_remitted_by_agent:
        return ()
    sums: dict[tuple[str, int, str, date], Decimal] = {}
    for step in path.steps:
        if step.remittance is not None:
            row = step.remittance
            key = (step.part.principal, row.remittance_id, row.number, row.day)
            sums[key] = sums.get(key, ZERO) + step.part.amount
    return tuple(Claim(*key, amount) for key, amount in sums.items() if amount > 0)


@dataclass(frozen=True, slots=True)
class Contestable:
    """A payment by card or on line that stands, roubles."""

    payment_id: int
    channel: str
    external_id: str
    account_number: str
    amount: Decimal
    paid_on: date


def contestable(text: str, *, limit: int = 20) -> list[Contestable]:
    """Payments by card or on line that stand, the latest first: by their number, the operation's, an account, a sum."""
    told = "".join(text.split())
    if not told:
        return []
    asked = Q(external_id=text.strip()) | Q(account__number=told) | Q(receipts__number=told)
    asked |= Q(online__provider_id=text.strip())
    if told.isascii() and told.isdecimal() and int(told) <= LARGEST_ID:
        asked |= Q(pk=int(told))
    sum_ = told.replace(",", ".", 1).removesuffix("₽")
    whole, _, kopecks = sum_.partition(".")
    digits = whole + kopecks
    if whole and digits.isascii() and digits.isdecimal() and len(whole) < 12 and len(kopecks) <= 2:
        asked |= Q(amount=Decimal(f"{whole}.{kopecks or '0'}"))
    found = Payment.objects.filter(
        Q(channel__kind=ChannelKind.ONLINE) | Q(channel__kind=ChannelKind.CASH_DESK, channel__is_cash=False),
        asked, state__in=STANDING,
    )  # fmt: skip
    rows = found.select_related("channel", "account").order_by("-pk")[:limit]
    return [
        Contestable(
            row.pk, row.channel.name, row.external_id, row.account.number if row.account else "", row.amount,
            row.paid_on,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChargeBackRow:
    """A protest as people see it, roubles. is_own: who looks has asked for it himself."""

    charge_back_id: int
    payment_id: int
    account_id: int | None
    account_number: str
    amount: Decimal
    remitted: Decimal
    reason: str
    document: str
    claimed_on: date
    state: str
    state_name: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    ground: str
    is_own: bool


def charge_backs(*, seen_by: int, payment_id: int | None = None, limit: int = 50) -> list[ChargeBackRow]:
    """Those that wait first, then the latest; of one payment alone."""
    rows = ChargeBack.objects.select_related("payment__account", "asked_by", "decided_by").order_by("-pk")
    if payment_id is not None:
        rows = rows.filter(payment=payment_id)
    waiting = rows.filter(state=ChargeBackState.ASKED)
    found = [*waiting[:limit], *rows.exclude(state=ChargeBackState.ASKED)[:limit]][:limit]
    return [
        ChargeBackRow(
            row.pk, row.payment_id, row.payment.account_id, row.payment.account.number if row.payment.account else "",
            row.payment.amount, row.remitted, row.reason, row.document, row.claimed_on, row.state,
            ChargeBackState(row.state).label, str(row.asked_by), row.asked_at, str(row.decided_by or ""), row.ground,
            row.asked_by_id == seen_by,
        )
        for row in found
    ]  # fmt: skip


def waiting_charge_backs() -> int:
    """How many wait for a second person."""
    return ChargeBack.objects.filter(state=ChargeBackState.ASKED).count()


def may_be_contested(payment_id: int) -> bool:
    """A payment by card or on line that stands."""
    found = Payment.objects.filter(pk=payment_id, state__in=STANDING)
    return found.filter(
        Q(channel__kind=ChannelKind.ONLINE) | Q(channel__kind=ChannelKind.CASH_DESK, channel__is_cash=False)
    ).exists()
