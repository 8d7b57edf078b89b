"""Orders for refunds as pages show them: frozen rows, roubles. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from payments.models import RefundOrder, RemittanceState


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with the application behind it. is_own: whoever looks has formed it, and another has to release it."""

    order_id: int
    number: str
    account_id: int
    account_number: str
    application: str
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
            row.pk, row.number, row.application.account_id, row.application.account.number, row.application.number,
            row.application.applied_on, row.application.amount, row.recipient, row.inn, row.bik, row.bank_account,
            row.state, RemittanceState(row.state).label, str(row.formed_by), str(row.released_by or ""),
            row.released_at, row.confirmed_on, row.trouble, row.formed_by_id == seen_by,
        )
        for row in found
    ]  # fmt: skip
