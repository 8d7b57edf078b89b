"""Laying payments over debts, mirroring them, and using advances. Locks: the day, payments, accounts, in pk order."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import copy_in
from accounts.money import ZERO, total
from payments import allocation, open_items, queries
from payments.allocation import OnlyPenalty, Rule
from payments.models import Part, Payment, PaymentState
from payments.operations.days import hold_open

BLOCK = 20_000  # payments of one transaction
COLUMNS = (
    "account_id", "payment_id", "line", "day", "house_id", "contract_id", "service_id", "for_month", "part", "rule",
    "amount",
)  # fmt: skip
Directed = Collection[int] | Mapping[int, Decimal] | OnlyPenalty | None


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many payments (or advances) were laid over debts, and for how many roubles."""

    payments: int
    amount: Decimal


def direction_as_stored(directed_to: Directed) -> dict[str, Any]:
    """The payer's instruction as Payment.directed_to keeps it: services, service → roubles, or penalties alone."""
    if not directed_to:
        return {}
    if isinstance(directed_to, OnlyPenalty):
        return {"penalty": True} | ({"services": sorted(directed_to.services)} if directed_to.services else {})
    if isinstance(directed_to, Mapping):
        return {"amounts": {str(service): f"{amount:f}" for service, amount in sorted(directed_to.items())}}
    return {"services": sorted(directed_to)}


def direction_as_told(stored: Mapping[str, Any]) -> Directed:
    if "penalty" in stored:
        return OnlyPenalty(tuple(stored.get("services", ())))
    if "amounts" in stored:
        return {int(service): Decimal(amount) for service, amount in stored["amounts"].items()}
    return list(stored.get("services", ()))


def lock_accounts(account_ids: Collection[int]) -> dict[int, int]:
    """Account → house; nobody else lays payments over these accounts' debts till the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, house_id FROM accounts_personalaccount WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(account_ids)],
        )
        return dict(cursor.fetchall())


def partition(day: date) -> str:
    """The table of the day's allocations: made when the day was opened."""
    return f"payments_allocation_{day:%Y%m}"


def write(rows: Iterable[Sequence[object]], *, day: date) -> None:
    """All rows, of the day `day`, in one statement: the trigger then sees every part of a payment at once."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    if buffer.tell():
        buffer.seek(0)
        copy_in(partition(day), COLUMNS, buffer)


def next_lines(payment_ids: Collection[int]) -> dict[int, int]:
    """Payment → the number of its next allocation line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payment_id, max(line) + 1 FROM payments_allocation WHERE payment_id = ANY(%s) GROUP BY payment_id",
            [list(payment_ids)],
        )
        return dict(cursor.fetchall())


@transaction.atomic
def allocate_payments(payment_ids: Collection[int], *, day: date) -> Allocated:
    """Lay the accepted ones of these payments over their accounts' debts, on the operating day `day`.

    Others (allocated already, unidentified, reversed, of a later day) are left as they are: a second call does nothing.
    The number of statements does not grow with the payments.
    """
    if not Payment.objects.filter(pk__in=payment_ids, state=PaymentState.ACCEPTED, day__lte=day).exists():
        return Allocated(0, ZERO)
    hold_open(day)
    payments = locked_payments(payment_ids, upto=day)
    if not payments:
        return Allocated(0, ZERO)
    lay_and_write(payments, day=day)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_payment SET state = 'allocated' WHERE id = ANY(%s)", [[row.payment_id for row in payments]]
        )
    return Allocated(len(payments), total(payment.amount for payment in payments))


@dataclass(frozen=True, slots=True)
class ToLay:
    """What of a payment decides where it goes. by_charge: None where the contracts decide."""

    payment_id: int
    account_id: int
    paid_on: date
    amount: Decimal
    for_month: date | None
    directed_to: Mapping[str, Any]
    channel_kind: int
    purpose: str
    by_charge: bool | None = None


def lay_and_write(
    payments: Sequence[ToLay],
    *,
    day: date,
    houses: Mapping[int, int] | None = None,
    ground: open_items.Ground | None = None,
    items: pl.DataFrame | None = None,
) -> None:
    """Lock the accounts, lay the payments over their debts, write the parts; the payments' state is the caller's.

    houses: account → house, when the caller has locked the accounts already; ground, items: when he has read them.
    """
    if houses is None:
        houses = lock_accounts({payment.account_id for payment in payments})
    ground = ground or open_items.ground_of(houses)
    if len(payments) == 1:
        _lay_one(payments[0], house_id=houses[payments[0].account_id], day=day, ground=ground)
        return
    if items is None:
        items = open_items.of_accounts(houses, on=day, ground=ground)
    write_parts(lay(payments, items, on=day, ground=ground), houses=houses, day=day)


def _lay_one(payment: ToLay, *, house_id: int, day: date, ground: open_items.Ground) -> None:
    """One payment: without columns where nothing but the debts decides, since building them costs more than laying."""
    items = open_items.of_account(payment.account_id, on=day, ground=ground)
    is_directed = payment.directed_to or ground.has_acts or payment.by_charge
    by_charge = payment.by_charge is None and any(item.contract_id in ground.terms.by_charge for item in items)
    parts = None
    if not is_directed and not by_charge:
        parts = allocation.lay_plain(payment.amount, items, for_month=payment.for_month)
    if parts is None:
        columns = allocation.items_frame((item for item in items if item.amount), payment.account_id)
        write_parts(lay([payment], columns, on=day, ground=ground), houses={payment.account_id: house_id}, day=day)
        return
    first = Month.of(day).first
    write(
        (
            (payment.account_id, payment.payment_id, line, day, house_id, part.contract_id, part.service_id,
             part.for_month or first, part.part, int(part.rule), part.amount)
            for line, part in enumerate(parts)
        ),
        day=day,
    )  # fmt: skip


FACTS = """
    SELECT p.id, p.account_id, p.paid_on, p.amount, p.for_month, p.directed_to, channel.kind, p.purpose
    FROM payments_payment AS p JOIN payments_channel AS channel ON channel.code = p.channel_id
    WHERE p.id = ANY(%s) AND p.state = '{state}' AND p.day <= %s ORDER BY p.id FOR NO KEY UPDATE OF p
"""


def locked_payments(
    payment_ids: Collection[int], state: str = PaymentState.ACCEPTED, *, upto: date = date.max
) -> list[ToLay]:
    """The payments of that state and of days up to `upto`, locked in pk order; such a payment has an account."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS.format(state=PaymentState(state).value), [sorted(payment_ids), upto])
        return [
            ToLay(
                pk, account_id, paid_on, amount, month, json.loads(told) if isinstance(told, str) else told, kind, why
            )
            for pk, account_id, paid_on, amount, month, told, kind, why in cursor.fetchall()
        ]


def lay(
    payments: Sequence[ToLay], items: pl.DataFrame, *, on: date, ground: open_items.Ground | None = None
) -> pl.DataFrame:
    """Parts (allocation.PARTS) of the payments over the items; instructions of the debt floor as of `on`."""
    ground = ground or open_items.ground_of({payment.account_id for payment in payments})
    courts = [(p.payment_id, p.account_id, p.channel_kind, p.purpose) for p in payments] if ground.has_acts else []
    rows = [(p.payment_id, p.account_id, p.paid_on, p.amount, p.for_month, p.by_charge) for p in payments]
    return open_items.laid(
        allocation.frame(allocation.PAYMENTS, rows),
        items,
        directions=open_items.directions_of([(p.payment_id, p.directed_to) for p in payments if p.directed_to]),
        acts=open_items.acts_of(courts, on=on),
        terms=ground.terms,
    )


def write_parts(parts: pl.DataFrame, *, houses: Mapping[int, int], day: date) -> None:
    """PARTS into the day's partition by COPY: one statement, in the order of its key; an advance is of `day`'s month.

    Past the parent, whose routing of rows costs a third more; the partition carries the same triggers.
    """
    if parts.is_empty():
        return
    places = pl.DataFrame(
        {"account_id": list(houses), "house_id": list(houses.values())},
        schema={"account_id": pl.Int64, "house_id": pl.Int64},
    )
    rows = (
        parts.lazy()
        .join(places.lazy(), on="account_id")
        .with_columns(pl.col("for_month").fill_null(Month.of(day).first), day=pl.lit(day))
        .sort("account_id", "payment_id", "line")
    )
    buffer = io.BytesIO()
    rows.select(COLUMNS).collect(engine="in-memory").write_csv(buffer, include_header=False)
    buffer.seek(0)
    copy_in(partition(day), COLUMNS, buffer)


def allocate_payment(payment_id: int, *, day: date) -> Allocated:
    """Lay one payment over the debts of its account."""
    return allocate_payments([payment_id], day=day)


def allocate_day(*, day: date) -> Allocated:
    """Lay every accepted payment up to `day` over its debts, block by block; what is done stays done after a kill.

    A block is of neighbouring accounts, with all that waits on them, so that the earlier payment comes first.
    """
    waiting = Payment.objects.filter(state=PaymentState.ACCEPTED, day__lte=day).order_by("account_id", "pk")
    done = Allocated(0, ZERO)
    for block in blocks_of(waiting.values_list("account_id", "pk")):
        part = allocate_payments(block, day=day)
        done = Allocated(done.payments + part.payments, done.amount + part.amount)
    if done.payments:
        accounts_operations.note("payments.day.allocated", day=day, payments=done.payments, amount=done.amount)
    return done


def blocks_of(pairs: Iterable[tuple[Any, int]], size: int = BLOCK) -> Iterator[list[int]]:
    """Payments of (account, payment) pairs in the order of accounts, about `size` in a block; an account in one."""
    block: list[int] = []
    last: object = None
    for account_id, payment_id in pairs:
        if len(block) >= size and account_id != last:
            yield block
            block = []
        block.append(payment_id)
        last = account_id
    if block:
        yield block


def mirror(payment: Payment, *, day: date) -> Decimal:
    """Answer every part of the payment by an equal negative one; roubles answered. Its Reversal must stand already."""
    parts = defaultdict[tuple[int, int, date, int], Decimal](lambda: ZERO)
    for part in queries.parts_of([payment.pk]):
        parts[part.contract_id, part.service_id, part.for_month, part.part] += part.amount
    if not parts or payment.account_id is None:
        return ZERO
    houses = lock_accounts([payment.account_id])
    first = next_lines([payment.pk])[payment.pk]
    rows = (
        (
            payment.account_id, payment.pk, line, day, houses[payment.account_id], contract_id, service_id, for_month,
            part, int(Rule.REVERSAL), -amount,
        )
        for line, ((contract_id, service_id, for_month, part), amount) in enumerate(
            sorted((key, amount) for key, amount in parts.items() if amount), first
        )
    )  # fmt: skip
    write(rows, day=day)
    return total(parts.values())


def consume_advances(*, month: Month, day: date) -> Allocated:
    """Use the advances that no principal owns for what is charged by now: after a month was posted.

    Only what the day already had: an older day that closes late leaves the money of later days alone.

    Rows −x of the advance and +x of the debt of the same payment stand in one statement on the day: Σ of a payment
    stays. An instruction of the payer (service, month) still holds for his advance. Safe to repeat.
    Source: domain/payments.md, 4: the advance is consumed on posting, no penalty accrues.
    """
    done = Allocated(0, ZERO)
    accounts = open_items.accounts_with_advance()
    for start in range(0, len(accounts), BLOCK):
        part = _consume(accounts[start : start + BLOCK], day=day)
        done = Allocated(done.payments + part.payments, done.amount + part.amount)
    if done.payments:
        accounts_operations.note(
            "payments.advances.consumed", month=str(month), day=day, payments=done.payments, amount=done.amount
        )
    return done


@transaction.atomic
def _consume(account_ids: Sequence[int], *, day: date) -> Allocated:
    hold_open(day)
    houses = lock_accounts(account_ids)
    advances = {row.payment_id: row for row in queries.free_advances(account_ids=account_ids, on=day)}
    if not advances:
        return Allocated(0, ZERO)
    payments = [
        # the sums he named were met; what was left over stays with the named services
        replace(row, amount=advances[row.payment_id].amount, directed_to=_services_alone(row.directed_to))
        for row in locked_payments(list(advances), PaymentState.ALLOCATED)
    ]
    items = open_items.of_accounts({payment.account_id for payment in payments}, on=day)
    parts = lay(payments, items, on=day).filter(pl.col("part") != Part.ADVANCE)
    if parts.is_empty():
        return Allocated(0, ZERO)
    met = parts.group_by("payment_id", "account_id").agg(pl.sum("amount"))
    lines = next_lines(met["payment_id"].to_list())
    first = pl.DataFrame(
        [(payment_id, line, advances[payment_id].for_month) for payment_id, line in lines.items()],
        schema={"payment_id": pl.Int64, "first": pl.Int64, "advance_month": pl.Date},
        orient="row",
    )
    back = met.join(first, on="payment_id").select(
        "account_id", "payment_id", line=pl.col("first"), contract_id=pl.lit(0, pl.Int64),
        service_id=pl.lit(0, pl.Int64), for_month=pl.col("advance_month"), part=pl.lit(int(Part.ADVANCE), pl.Int64),
        rule=pl.lit(int(Rule.ADVANCE_USED), pl.Int64), amount=-pl.col("amount"),
    )  # fmt: skip
    forward = (
        parts.join(first, on="payment_id")
        .with_columns(
            line=pl.col("first") + 1 + pl.int_range(pl.len()).over("payment_id"),
            rule=pl.lit(int(Rule.ADVANCE_USED), pl.Int64),
        )
        .select(*allocation.PARTS)
    )
    write_parts(pl.concat([back.select(*allocation.PARTS), forward]), houses=houses, day=day)
    return Allocated(len(met), total(met["amount"]))


def _services_alone(stored: Mapping[str, Any]) -> dict[str, Any]:
    if "amounts" in stored:
        return {"services": [int(service) for service in stored["amounts"]]}
    return dict(stored)
