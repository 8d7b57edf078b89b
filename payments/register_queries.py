"""Registers as pages show them. Only reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.kinds import ChannelKind
from accounts.money import ZERO, kopecks, written
from payments.models import (
    BankStatementLine,
    HeldFile,
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
    """A register with what became of its money, roubles; verdicts: of rows that are no accepted payment.

    doubts: why its file waits for a person; is_kept: it stands with us until he decides.
    """

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
    doubts: tuple[str, ...] = ()
    is_kept: bool = False

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
    living = Payment.objects.filter(register=register).exclude(state__in=GONE).aggregate(sum=Sum("amount"))["sum"]
    return _beside(living or ZERO, _fee(living or ZERO, register), came)


GONE = (PaymentState.REVERSED, PaymentState.RETURNED)


def _fee(living: Decimal, register: Register) -> Decimal:
    told = register.totals.get("commission")
    return Decimal(told) if told is not None else kopecks(living * register.channel.fee_percent / 100)


def _beside(living: Decimal, fee: Decimal, came: Decimal) -> TransferSums:
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


@dataclass(frozen=True, slots=True)
class _Awaiting:
    """A register without its order: roubles of its living payments, the bank's fee, the operating days it is of."""

    register: Register
    living: Decimal
    fee: Decimal
    days: tuple[date, ...]

    @property
    def expected(self) -> Decimal:
        return self.living - self.fee

    def is_near(self, order: _Order) -> bool:
        return any(abs(day - order.paid_on) <= NEAR for day in self.days)

    def is_named_by(self, order: _Order) -> bool:
        number = str(self.register.totals.get("order") or "")
        return (number != "" and number == order.number) or "реестр" in order.purpose.casefold()


@dataclass(frozen=True, slots=True)
class _Order:
    """Unidentified money that may be a bank's order; number: of its line in the statement."""

    payment_id: int
    amount: Decimal
    paid_on: date
    purpose: str
    number: str


def _orders(payments: QuerySet[Payment]) -> list[_Order]:
    """The unidentified of these payments, but the rows of registers: a row of a register is no order for another."""
    line = BankStatementLine.objects.filter(payment=OuterRef("pk"), is_incoming=True).order_by("pk").values("number")
    found = payments.filter(Q(register=None) | Q(register__kind="statement"), state=PaymentState.UNIDENTIFIED)
    rows = found.order_by("pk").annotate(line=Subquery(line[:1]))
    return [_Order(*row[:4], row[4] or "") for row in rows.values_list("pk", "amount", "paid_on", "purpose", "line")]


def _awaiting(first: date, last: date) -> list[_Awaiting]:
    """Registers that have no order yet, of operating days near the span; two statements for all of them.

    Their verdicts stay in the table: a register of a hundred thousand rows has tens of megabytes of them.
    """
    near = Payment.objects.filter(register=OuterRef("pk"), day__gte=first - NEAR, day__lte=last + NEAR)
    matched = RegisterTransfer.objects.filter(register=OuterRef("pk"), undone_at=None)
    found = (
        Register.objects.filter(Exists(near), ~Exists(matched), kind="register")
        .filter(state__in=[RegisterState.ACCEPTED, RegisterState.PARTIAL])
        .exclude(channel__kind=ChannelKind.PRINCIPAL)
        .select_related("channel")
        .defer("verdicts")
    )
    registers = {register.pk: register for register in found.order_by("pk")}
    living = dict.fromkeys(registers, ZERO)
    days = defaultdict[int, list[date]](list)
    sums = Payment.objects.filter(register__in=registers).values("register_id", "day")
    for register_id, day, amount in sums.annotate(
        living=Sum("amount", filter=~Q(state__in=GONE))
    ).values_list("register_id", "day", "living"):  # fmt: skip
        living[register_id] += amount or ZERO
        days[register_id].append(day)
    return [
        _Awaiting(register, living[pk], _fee(living[pk], register), tuple(days[pk]))
        for pk, register in registers.items()
        if living[pk]
    ]


def transfer_hints(payment_ids: Collection[int]) -> dict[int, list[TransferHint]]:
    """Unidentified payment → registers of its fortnight whose money it may be, the nearest sum first.

    The registers are read once for all the payments; payments without a hint are not in the answer.
    """
    orders = _orders(Payment.objects.filter(pk__in=payment_ids))
    if not orders:
        return {}
    waiting = _awaiting(min(one.paid_on for one in orders), max(one.paid_on for one in orders))
    hints = defaultdict[int, list[TransferHint]](list)
    for order in orders:
        for one in waiting:
            if abs(order.amount - one.expected) > one.living * FAR_OFF or not one.is_near(order):
                continue
            register, sums = one.register, _beside(one.living, one.fee, order.amount)
            hints[order.payment_id].append(
                TransferHint(
                    register.pk, register.name, register.channel.name, register.taken_at, sums.living, sums.fee,
                    sums.expected, sums.difference, sums.words, one.is_named_by(order) and not sums.difference,
                )
            )  # fmt: skip
    return {
        payment_id: sorted(found, key=lambda hint: (abs(hint.difference), -hint.register_id))
        for payment_id, found in hints.items()
    }


def certain_transfers(statement_id: int) -> list[tuple[int, int]]:
    """Payment → register, of the statement's orders that are beyond doubt: named, to the kopeck, and the only one.

    Only lines of a sum that some register expects are looked at, so a statement of any length asks four times.
    """
    lines = Payment.objects.filter(register=statement_id, state=PaymentState.UNIDENTIFIED)
    span = lines.aggregate(first=Min("paid_on"), last=Max("paid_on"))
    if span["first"] is None:
        return []
    expected = defaultdict[Decimal, list[_Awaiting]](list)
    for one in _awaiting(span["first"], span["last"]):
        expected[one.expected].append(one)
    found: list[tuple[int, int]] = []
    taken = set[int]()
    for order in _orders(lines.filter(amount__in=list(expected))) if expected else []:
        fitting = [
            one.register.pk
            for one in expected[order.amount]
            if one.register.pk not in taken and one.is_near(order) and one.is_named_by(order)
        ]
        if len(fitting) == 1:
            taken.add(fitting[0])
            found.append((order.payment_id, fitting[0]))
    return found


def transfers_of(register_id: int) -> list[Transfer]:
    """Orders that the register was matched to, the latest first; those with a reason of the undo stand no more."""
    rows = RegisterTransfer.objects.filter(register=register_id).select_related("matched_by").order_by("-pk")
    return [
        Transfer(row.payment_id, row.transferred, row.words, row.matched_at, str(row.matched_by or "система"),
                 row.undone_because)
        for row in rows
    ]  # fmt: skip


FIRST_VERDICTS = """
    SELECT told.one::text
    FROM payments_register AS r, jsonb_array_elements(r.verdicts) WITH ORDINALITY AS told(one, place)
    WHERE r.id = %(register)s AND told.place <= %(shown)s ORDER BY told.place
"""


def register_card(register_id: int, *, shown: int = 300) -> RegisterCard | None:
    """The register, its payments by state and its first verdicts; None when there is none."""
    row = Register.objects.select_related("channel", "taken_by").defer("verdicts").filter(pk=register_id).first()
    if row is None:
        return None
    with connection.cursor() as cursor:  # the first of them only: all are tens of megabytes
        cursor.execute(FIRST_VERDICTS, {"register": register_id, "shown": shown})
        first = [json.loads(told) for (told,) in cursor.fetchall()]
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
            for one in first
        ),
        doubts=tuple(row.totals.get("doubts", ())),
        is_kept=HeldFile.objects.filter(register=row).exists(),
    )  # fmt: skip


def held_files() -> list[tuple[int, str]]:
    """Numbers and names of registers and statements whose files wait for a person, the oldest first."""
    found = Register.objects.filter(kind__in=["register", "statement"], state=RegisterState.HELD).order_by("pk")
    return list(found.values_list("pk", "name")[:20])


GROUP_FROM = 15  # payments of one register that wait: a page of the queue


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Payments of one register that wait for their owner, roubles. number: the account they all name, else empty."""

    register_id: int
    name: str
    channel: str
    count: int
    amount: Decimal
    number: str


def waiting_groups() -> list[WaitingGroup]:
    """Registers with a page or more of payments without an owner, the longest first."""
    rows = (
        Payment.objects.filter(state=PaymentState.UNIDENTIFIED, register__kind="register")
        .values("register_id", "register__name", "channel__name")
        .annotate(
            count=Count("id"), sum=Sum("amount"), first=Min("number_as_received"), last=Max("number_as_received")
        )
        .filter(count__gte=GROUP_FROM)
        .order_by("-count", "register_id")
    )  # fmt: skip
    return [
        WaitingGroup(
            row["register_id"], row["register__name"], row["channel__name"], row["count"], row["sum"],
            row["first"] if row["first"] == row["last"] else "",
        )
        for row in rows
    ]  # fmt: skip


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
