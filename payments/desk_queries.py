"""The desk as it stands: a shift's sums and its movements. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from accounts.kinds import ChannelKind
from accounts.money import ZERO
from payments.models import CashMovement, CashShift, MovementKind, Payment, PaymentState


@dataclass(frozen=True, slots=True)
class ShiftSums:
    """Roubles of a shift. left = float_amount + cash − returned_cash − collected: what has to be in the drawer.

    receipts, cash, card: all that were printed; cancelled, returned_*: those of them that were taken back in the shift.
    """

    receipts: int
    cancelled: int
    float_amount: Decimal
    cash: Decimal
    card: Decimal
    returned_cash: Decimal
    returned_card: Decimal
    collected: Decimal

    @property
    def kept(self) -> int:
        """Receipts that stand."""
        return self.receipts - self.cancelled

    @property
    def kept_cash(self) -> Decimal:
        return self.cash - self.returned_cash

    @property
    def kept_card(self) -> Decimal:
        return self.card - self.returned_card

    @property
    def left(self) -> Decimal:
        return self.float_amount + self.cash - self.returned_cash - self.collected


def sums_of_shift(shift: CashShift) -> ShiftSums:
    """The sums by movements alone; one statement."""
    beside_cash = Count("pk", filter=Q(is_card=True, receipt__card_amount__gt=0))  # its receipt is counted there
    rows = CashMovement.objects.filter(shift=shift).values("kind", "is_card")
    rows = rows.annotate(Sum("amount"), count=Count("pk") - beside_cash)
    found = {(row["kind"], row["is_card"]): (row["amount__sum"], row["count"]) for row in rows}

    def amount(kind: MovementKind, is_card: bool) -> Decimal:
        return found.get((kind, is_card), (ZERO, 0))[0]

    def count(kind: MovementKind) -> int:
        return sum(found.get((kind, is_card), (ZERO, 0))[1] for is_card in (False, True))

    return ShiftSums(
        receipts=count(MovementKind.RECEIPT),
        cancelled=count(MovementKind.CANCELLED),
        float_amount=shift.float_amount,
        cash=amount(MovementKind.RECEIPT, False),
        card=amount(MovementKind.RECEIPT, True),
        returned_cash=amount(MovementKind.CANCELLED, False),
        returned_card=amount(MovementKind.CANCELLED, True),
        collected=amount(MovementKind.COLLECTED, False),
    )


@dataclass(frozen=True, slots=True)
class MovementRow:
    made_at: datetime
    kind: str
    document: str
    amount: Decimal
    is_card: bool
    is_out: bool
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """A shift to be printed. counted, difference: None while it is open."""

    shift: CashShift
    sums: ShiftSums
    rows: tuple[MovementRow, ...]
    counted: Decimal | None
    difference: Decimal | None

    @property
    def gap(self) -> Decimal | None:
        """How much is missing or over, whichever it is."""
        return None if self.difference is None else abs(self.difference)


def shift_report(shift_id: int) -> ShiftReport | None:
    """The report of a shift, open or closed. Three statements."""
    shift = CashShift.objects.select_related("cashier", "office").filter(pk=shift_id).first()
    if shift is None:
        return None
    sums = sums_of_shift(shift)
    movements = list(shift.movements.select_related("receipt").order_by("pk"))
    cancelled = {row.receipt_id for row in movements if row.kind == MovementKind.CANCELLED}
    rows = tuple(
        MovementRow(
            made_at=row.made_at, kind=MovementKind(row.kind).label,
            document=row.receipt.number if row.receipt else row.document, amount=row.amount, is_card=row.is_card,
            is_out=row.kind != MovementKind.RECEIPT,
            is_cancelled=row.kind == MovementKind.RECEIPT and row.receipt_id in cancelled,
        )
        for row in movements
    )  # fmt: skip
    difference = None if shift.counted is None else shift.counted - sums.left
    return ShiftReport(shift, sums, rows, shift.counted, difference)


def open_shift_of(cashier_id: int) -> CashShift | None:
    """The cashier's open shift, whatever its day."""
    return CashShift.objects.select_related("office").filter(cashier_id=cashier_id, closed_at=None).first()


@dataclass(frozen=True, slots=True)
class JustTaken:
    """Money that an account has just brought, at a desk or on line; roubles. receipt: the desk's number, or empty."""

    payment_id: int
    amount: Decimal
    at: datetime
    receipt: str


def just_taken(account_ids: Collection[int], *, since: datetime) -> dict[int, list[JustTaken]]:
    """Account → its payments by the payer's own hand that came at or after `since` and stand. One statement."""
    rows = (
        Payment.objects.filter(account_id__in=account_ids, accepted_at__gte=since)
        .filter(channel__kind__in=[ChannelKind.CASH_DESK, ChannelKind.ONLINE])
        .exclude(state__in=[PaymentState.REVERSED, PaymentState.RETURNED])
        .order_by("pk")
    )
    found = defaultdict[int, list[JustTaken]](list)
    columns = ("account_id", "pk", "amount", "accepted_at", "receipts__number")
    for account_id, payment_id, amount, at, receipt in rows.values_list(*columns):
        found[account_id].append(JustTaken(payment_id, amount, at, receipt or ""))
    return dict(found)
