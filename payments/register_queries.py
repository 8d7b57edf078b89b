"""Registers as pages show them. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from accounts.kinds import ChannelKind
from accounts.money import ZERO
from payments.models import Payment, PaymentState, Register, RegisterLayout, RegisterState
from payments.registers.layouts import KNOWN


@dataclass(frozen=True, slots=True)
class StateSum:
    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RegisterCard:
    """A register with what became of its money, roubles; verdicts: of rows that are no accepted payment."""

    register_id: int
    name: str
    channel: str
    kind: str
    taken_at: datetime
    taken_by: str
    state: str
    state_name: str
    may_be_undone: bool
    sums: tuple[StateSum, ...]
    verdicts: tuple[dict[str, Any], ...]

    @property
    def living(self) -> Decimal:
        gone = (PaymentState.REVERSED.label, PaymentState.RETURNED.label)
        return sum((row.amount for row in self.sums if row.name not in gone), ZERO)


def register_card(register_id: int, *, shown: int = 300) -> RegisterCard | None:
    """The register, its payments by state and its first verdicts; None when there is none."""
    row = Register.objects.select_related("channel", "taken_by").filter(pk=register_id).first()
    if row is None:
        return None
    found = Payment.objects.filter(register=row).values("state").annotate(count=Count("id"), amount=Sum("amount"))
    return RegisterCard(
        register_id=row.pk, name=row.name, channel=row.channel.name, kind=row.kind, taken_at=row.taken_at,
        taken_by=str(row.taken_by or "система"), state=row.state, state_name=RegisterState(row.state).label,
        may_be_undone=row.kind != "statement" and row.state in (RegisterState.ACCEPTED, RegisterState.PARTIAL),
        sums=tuple(
            StateSum(PaymentState(one["state"]).label, one["count"], one["amount"])
            for one in found.order_by("state")
        ),
        verdicts=tuple(
            {**one, "document_on": date.fromisoformat(one["document_on"]) if one["document_on"] else None}
            for one in row.verdicts[:shown]
        ),
    )  # fmt: skip


def own_registers(*, contract_ids: list[int], limit: int = 30) -> list[RegisterCard]:
    """Files of a principal's own receipts of these contracts, the latest first."""
    rows = Register.objects.filter(kind="own", channel__kind=ChannelKind.PRINCIPAL).order_by("-pk")
    found = rows.filter(totals__contract__in=contract_ids).values_list("pk", flat=True)[:limit]
    return [card for pk in found if (card := register_card(pk, shown=0)) is not None]


def layouts_in_use() -> list[tuple[str, str]]:
    """Codes and names of layouts that may be used: rows that were tried, then the known ones."""
    rows = list(RegisterLayout.objects.filter(is_active=True).order_by("name").values_list("code", "name"))
    own = {code for code, _ in rows} | set(RegisterLayout.objects.values_list("code", flat=True))
    return rows + [(code, layout.name) for code, layout in KNOWN.items() if code not in own]


def layout_name(code: str) -> str | None:
    """The name of the admin's layout; None when there is no such row."""
    return RegisterLayout.objects.filter(pk=code).values_list("name", flat=True).first()
