"""Registers as pages show them. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from accounts.kinds import ChannelKind
from accounts.money import ZERO, kopecks, written
from payments.models import (
    BankStatementLine,
    Payment,
    PaymentState,
    Register,
    RegisterLayout,
    RegisterState,
    RegisterTransfer,
)
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


# --- the bank's order for a register ---------------------------------------------------------------------------------

NEAR = timedelta(days=14)  # the bank sends its order within days of the register
FAR_OFF = Decimal("0.10")  # a fee above a tenth of the register is no fee


@dataclass(frozen=True, slots=True)
class TransferSums:
    """Roubles: what the register's living payments come to, the bank's fee, what is to come, what came over that."""

    living: Decimal
    fee: Decimal
    expected: Decimal
    difference: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class TransferHint:
    """A register whose money the order may be. is_certain: its number or its words say so, and the sum agrees."""

    register_id: int
    name: str
    channel: str
    taken_at: datetime
    living: Decimal
    fee: Decimal
    expected: Decimal
    difference: Decimal
    words: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """The order that a register is matched to."""

    payment_id: int
    transferred: Decimal
    words: str
    matched_at: datetime
    matched_by: str
    undone_because: str


def why_not_reconciled(register: Register) -> str:
    """Why no order can be matched to this register, in Russian; empty when one can."""
    if register.kind != "register" or register.channel.kind == ChannelKind.PRINCIPAL:
        return "С поручением банка сверяют реестры платежей, принятых банком или почтой."
    if register.state not in (RegisterState.ACCEPTED, RegisterState.PARTIAL):
        return f"Реестр № {register.pk} — «{RegisterState(register.state).label}»: сверять его не с чем."
    if RegisterTransfer.objects.filter(register=register, undone_at=None).exists():
        return f"Реестр № {register.pk} уже сверен с другим поручением. Сначала отмените ту сверку."
    return ""


def sums_of(register: Register, came: Decimal) -> TransferSums:
    """The register beside the order of `came` roubles, and the difference in words.

    The fee is what the register's own control line tells, else the channel's per cent of its living payments.
    """
    gone = [PaymentState.REVERSED, PaymentState.RETURNED]
    living = Payment.objects.filter(register=register).exclude(state__in=gone).aggregate(sum=Sum("amount"))["sum"]
    living = living or ZERO
    told = register.totals.get("commission")
    fee = Decimal(told) if told is not None else kopecks(living * register.channel.fee_percent / 100)
    expected = living - fee
    difference = came - expected
    words = (
        f"По реестру {written(living)} ₽, комиссия банка {written(fee)} ₽, к перечислению {written(expected)} ₽, "
        f"поступило {written(came)} ₽"
    )
    if not difference:
        words += ": расхождения нет."
    else:
        words += f": {'больше' if difference > 0 else 'меньше'} на {written(abs(difference))} ₽."
    return TransferSums(living, fee, expected, difference, words)


def transfer_hints(payment_id: int) -> list[TransferHint]:
    """Registers of the fortnight whose money the unidentified payment may be: the nearest sum first."""
    payment = Payment.objects.filter(pk=payment_id, state=PaymentState.UNIDENTIFIED).first()
    line = BankStatementLine.objects.filter(payment=payment_id, is_incoming=True).first()
    if payment is None:
        return []
    words = payment.purpose.casefold()
    found = (
        Register.objects.filter(
            kind="register", state__in=[RegisterState.ACCEPTED, RegisterState.PARTIAL],
            payments__day__gte=payment.paid_on - NEAR, payments__day__lte=payment.paid_on + NEAR,
        )
        .exclude(channel__kind=ChannelKind.PRINCIPAL)
        .exclude(transfers__undone_at=None, transfers__isnull=False)
        .select_related("channel")
        .distinct()
    )  # fmt: skip
    hints = []
    for register in found.order_by("pk"):
        sums = sums_of(register, payment.amount)
        if not sums.living or abs(sums.difference) > sums.living * FAR_OFF:
            continue
        order = str(register.totals.get("order") or "")
        is_named = (line is not None and order != "" and order == line.number) or "реестр" in words
        hints.append(
            TransferHint(
                register.pk, register.name, register.channel.name, register.taken_at, sums.living, sums.fee,
                sums.expected, sums.difference, sums.words, is_named and not sums.difference,
            )
        )  # fmt: skip
    return sorted(hints, key=lambda hint: (abs(hint.difference), -hint.register_id))


def transfers_of(register_id: int) -> list[Transfer]:
    """Orders that the register was matched to, the latest first; those with a reason of the undo stand no more."""
    rows = RegisterTransfer.objects.filter(register=register_id).select_related("matched_by").order_by("-pk")
    return [
        Transfer(row.payment_id, row.transferred, row.words, row.matched_at, str(row.matched_by or "система"),
                 row.undone_because)
        for row in rows
    ]  # fmt: skip


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
