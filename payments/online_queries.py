"""What the cabinet shows of payments made on line: frozen rows, roubles. Only reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from payments import online
from payments.models import Autopayment, AutopaymentState, OnlineMethod, OnlinePayment, OnlineState

SHOWN = 10  # how many payments on line a page of an account looks at


def is_on() -> bool:
    """Can residents pay on line here?"""
    return online.is_on()


@dataclass(frozen=True, slots=True)
class Moving:
    """Roubles that the payers of an account have paid and the centre does not have yet; how the last one failed."""

    in_transit: Decimal
    failed: Decimal | None
    failed_because: str


def moving(account_ids: Collection[int]) -> dict[int, Moving]:
    """Account → its money in transit, and its last payment on line when that one failed. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, coalesce(sum(amount) FILTER (WHERE state = 'in_transit'), 0.00),"
            " (array_agg(CASE WHEN state = 'cancelled' THEN amount END ORDER BY begun_at DESC))[1],"
            " (array_agg(ended_because ORDER BY begun_at DESC))[1] FROM ("
            " SELECT account_id, amount, state, '' AS ended_because, '-infinity'::timestamptz AS begun_at"
            "  FROM payments_payment WHERE state = 'in_transit' AND account_id = ANY(%(accounts)s)"
            " UNION ALL SELECT account_id, amount, state, ended_because, begun_at FROM payments_onlinepayment"
            "  WHERE state NOT IN ('begun', 'waiting') AND account_id = ANY(%(accounts)s)"
            "  AND (state = 'in_transit' OR begun_at > now() - interval '3 days')"
            ") AS payment GROUP BY account_id",
            {"accounts": list(account_ids)},
        )
        return {account_id: Moving(*rest) for account_id, *rest in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class OnlineRow:
    """A payment begun on line, as its payer sees it. confirmation: where he pays, or what the QR says."""

    online_id: int
    key: UUID
    amount: Decimal
    method: str
    method_name: str
    state: str
    state_name: str
    begun_at: datetime
    confirmation: str
    reason: str
    payment_id: int | None
    is_autopayment: bool

    @property
    def is_undecided(self) -> bool:
        return self.state in (OnlineState.BEGUN, OnlineState.WAITING, OnlineState.IN_TRANSIT)

    @property
    def is_qr(self) -> bool:
        return self.method == OnlineMethod.SBP


def online_row(row: OnlinePayment) -> OnlineRow:
    """A payment that was read already."""
    return OnlineRow(
        online_id=row.pk,
        key=row.key,
        amount=row.amount,
        method=row.method,
        method_name=OnlineMethod(row.method).label,
        state=row.state,
        state_name=OnlineState(row.state).label,
        begun_at=row.begun_at,
        confirmation=row.confirmation,
        reason=row.ended_because,
        payment_id=row.payment_id,
        is_autopayment=row.autopayment_id is not None,
    )


def waiting_of(account_id: int) -> list[OnlineRow]:
    """Payments in transit, the latest first: what the list of payments shows above those that came."""
    rows = OnlinePayment.objects.filter(account=account_id, state=OnlineState.IN_TRANSIT).order_by("-begun_at", "-pk")
    return [online_row(row) for row in rows[:SHOWN]]


@dataclass(frozen=True, slots=True)
class AutopaymentRow:
    """The consent that is alive on an account. last_words: what became of the last charge."""

    autopayment_id: int
    user_id: int
    account_id: int
    limit: Decimal
    state: str
    state_name: str
    method: str
    consented_at: datetime
    last_words: str

    @property
    def is_active(self) -> bool:
        return self.state == AutopaymentState.ACTIVE


def autopayment_of(account_id: int) -> AutopaymentRow | None:
    """The account's autopayment that is on, or waits for its first payment."""
    row = Autopayment.objects.filter(account=account_id).exclude(state=AutopaymentState.STOPPED).first()
    return _autopayment_row(row) if row else None


def active_autopayments(*, after: int = 0, limit: int = 500) -> list[AutopaymentRow]:
    """Autopayments that are on, in pk order from `after` on: a job takes them block by block."""
    rows = Autopayment.objects.filter(state=AutopaymentState.ACTIVE, pk__gt=after).order_by("pk")[:limit]
    return [_autopayment_row(row) for row in rows]


def charged_documents(autopayment_ids: Collection[int]) -> set[tuple[int, str]]:
    """(autopayment, document's number) of the charges that were begun, whatever became of them."""
    rows = OnlinePayment.objects.filter(autopayment__in=autopayment_ids).exclude(document="")
    return set(rows.values_list("autopayment_id", "document"))


def _autopayment_row(row: Autopayment) -> AutopaymentRow:
    return AutopaymentRow(
        autopayment_id=row.pk,
        user_id=row.user_id,
        account_id=row.account_id,
        limit=row.limit,
        state=row.state,
        state_name=AutopaymentState(row.state).label,
        method=row.method_title,
        consented_at=row.consented_at,
        last_words=row.last_words,
    )
