"""Money that goes back: whose it was, the orders for it, what went back too much. Frozen rows, roubles. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from payments.models import BankStatementLine, Payment, PaymentState, RefundOrder, RemittanceState, Reversal


def origin_of(payment: Payment) -> Payment:
    """The payment this money came in as: back over transfers to other accounts and over rests of refunds."""
    while (
        link := Reversal.objects.filter(replaced_by=payment.pk).select_related("payment__channel").first()
    ) is not None:
        payment = link.payment
    return payment


def is_held_by_provider(payment: Payment) -> bool:
    """The money came by the provider's notification, so it is there until the provider itself gives it back."""
    came = origin_of(payment)
    return came.channel_id == "online" and came.register_id is None


def stands_for(payment: Payment) -> Payment:
    """What stands of this money today: on over transfers and rests; itself when nothing took its place."""
    while payment.state == PaymentState.REVERSED:
        link = Reversal.objects.filter(payment=payment.pk).select_related("replaced_by").first()
        if link is None or link.replaced_by is None:
            break
        payment = link.replaced_by
    return payment


@dataclass(frozen=True, slots=True)
class Payer:
    """Who sent the money by the bank's statement; the line does not tell his bank's БИК."""

    recipient: str
    inn: str
    bank_account: str


def payer_of(payment_id: int) -> Payer | None:
    """None: the money did not come by a line of a statement."""
    row = BankStatementLine.objects.filter(payment=payment_id, is_incoming=True).first()
    return Payer(row.other_name[:160], row.other_inn, row.other_account[:20]) if row else None


@dataclass(frozen=True, slots=True)
class RefundClaim:
    """Roubles that the provider gave back above what stood of a payment: the payer owes them to the agent.

    refunded: all that the provider gave back; mirrored: what of it the books answered.
    """

    online_id: int
    refund_id: int
    payment_id: int | None
    account_id: int
    account_number: str
    begun_at: datetime
    refunded: Decimal
    mirrored: Decimal
    amount: Decimal


# What went by the provider is answered by mirrors of the payment or of what took its place; a mirror behind an
# application was paid by the bank and answers nothing here.
CLAIMS = """
    WITH RECURSIVE refunded AS (
        SELECT f.online_id, sum(f.amount) AS amount, max(f.id) AS last_id, max(f.begun_at) AS begun_at
        FROM payments_onlinerefund AS f WHERE f.state = 'succeeded' GROUP BY f.online_id
    ), chain AS (
        SELECT o.id AS online_id, o.payment_id FROM refunded
        JOIN payments_onlinepayment AS o ON o.id = refunded.online_id
        UNION ALL
        SELECT chain.online_id, r.replaced_by_id FROM chain
        JOIN payments_reversal AS r ON r.payment_id = chain.payment_id AND r.replaced_by_id IS NOT NULL
    ), mirrored AS (
        SELECT chain.online_id, sum(p.amount - coalesce(rest.amount, 0)) AS amount FROM chain
        JOIN payments_reversal AS r ON r.payment_id = chain.payment_id
        JOIN payments_payment AS p ON p.id = r.payment_id
        LEFT JOIN payments_payment AS rest ON rest.id = r.replaced_by_id
        WHERE NOT EXISTS (SELECT FROM payments_refundapplication_reversals AS m WHERE m.reversal_id = r.id)
        GROUP BY chain.online_id
    ), above AS (
        SELECT refunded.*, coalesce(mirrored.amount, 0.00) AS answered FROM refunded
        LEFT JOIN mirrored ON mirrored.online_id = refunded.online_id
        WHERE refunded.amount > coalesce(mirrored.amount, 0)
    )
    SELECT o.id, above.last_id, o.payment_id, o.account_id, account.number, above.begun_at, above.amount,
        above.answered, above.amount - above.answered - settled.amount
    FROM above
    JOIN payments_onlinepayment AS o ON o.id = above.online_id
    JOIN accounts_personalaccount AS account ON account.id = o.account_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum((j.facts ->> 'amount')::numeric), 0.00) AS amount FROM accounts_journalentry AS j
        WHERE j.event = 'payments.refund.claim_settled' AND (j.facts ->> 'online_id')::bigint = o.id
    ) AS settled
    WHERE above.amount - above.answered > settled.amount
    ORDER BY above.last_id
"""


def refund_claims() -> list[RefundClaim]:
    """What the provider gave back too much and nobody has returned, the oldest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS)
        return [RefundClaim(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with the application behind it. is_own: whoever looks has formed it, and another has to release it."""

    order_id: int
    number: str
    account_id: int | None
    account_number: str
    document: str
    applied_on: date
    amount: Decimal
    recipient: str
    inn: str
    bik: str
    bank_account: str
    state: str
    state_name: str
    formed_by: str
    released_by: str
    released_at: datetime | None
    confirmed_on: date | None
    trouble: str
    is_own: bool

    @property
    def may_be_released(self) -> bool:
        return self.state == "formed" and not self.released_by and not self.is_own


def refund_orders(*, seen_by: int, limit: int = 100) -> list[OrderRow]:
    """Those that wait first, then the latest."""
    waiting = [RemittanceState.FORMED, RemittanceState.SENT, RemittanceState.REJECTED]
    rows = RefundOrder.objects.select_related("application__account", "formed_by", "released_by").order_by("-pk")
    found = [*rows.filter(state__in=waiting)[:limit], *rows.exclude(state__in=waiting)[:limit]][:limit]
    return [
        OrderRow(
            row.pk, row.number, row.application.account_id,
            row.application.account.number if row.application.account else "", row.application.document,
            row.application.applied_on, row.application.amount, row.recipient, row.inn, row.bik, row.bank_account,
            row.state, RemittanceState(row.state).label, str(row.formed_by), str(row.released_by or ""),
            row.released_at, row.confirmed_on, row.trouble, row.formed_by_id == seen_by,
        )
        for row in found
    ]  # fmt: skip
