"""Laying payments over debts, mirroring them, and using advances. Locks: the day, payments, accounts, in pk order."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import copy_in
from accounts.money import ZERO, total
from accounts.queries import AgencyContract
from payments import allocation, queries
from payments.allocation import OpenItem, PaidPart, Rule, Weights
from payments.models import Part, Payment, PaymentState
from payments.operations.days import hold_open

BLOCK = 2000
CHARGED = 2  # AgencyContract.allocation_rule: by what was charged
COLUMNS = (
    "account_id", "payment_id", "line", "day", "house_id", "contract_id", "service_id", "for_month", "part", "rule",
    "amount",
)  # fmt: skip
Directed = Collection[int] | Mapping[int, Decimal] | None


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many payments (or advances) were laid over debts, and for how many roubles."""

    payments: int
    amount: Decimal


def direction_as_stored(directed_to: Directed) -> dict[str, Any]:
    """The payer's instruction as Payment.directed_to keeps it: services, or service → roubles."""
    if not directed_to:
        return {}
    if isinstance(directed_to, Mapping):
        return {"amounts": {str(service): f"{amount:f}" for service, amount in sorted(directed_to.items())}}
    return {"services": sorted(directed_to)}


def direction_as_told(stored: Mapping[str, Any]) -> Directed:
    if "amounts" in stored:
        return {int(service): Decimal(amount) for service, amount in stored["amounts"].items()}
    return list(stored.get("services", ()))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the contracts say of splitting."""

    by_charge: frozenset[int]
    no_breakdown: frozenset[int]

    def weights(self, items: Iterable[OpenItem]) -> Weights:
        """By charge only where every creditor of the account agreed to it: one payment is split by one measure."""
        contracts = {item.contract_id for item in items}
        return "charged" if contracts and contracts <= self.by_charge else "open"

    def heard(self, directed_to: Directed, items: Iterable[OpenItem]) -> Directed:
        """The instruction without the services whose contracts do not take a breakdown."""
        deaf = {item.service_id for item in items if item.contract_id in self.no_breakdown}
        if not directed_to or not deaf.intersection(directed_to):
            return directed_to
        if isinstance(directed_to, Mapping):
            return {service: amount for service, amount in directed_to.items() if service not in deaf}
        return [service for service in directed_to if service not in deaf]


def _terms(items: Iterable[Iterable[OpenItem]]) -> _Terms:
    contracts = AgencyContract.objects.filter(pk__in={item.contract_id for rows in items for item in rows})
    rows = list(contracts.values_list("pk", "allocation_rule", "accepts_service_breakdown"))
    return _Terms(
        by_charge=frozenset(pk for pk, rule, _ in rows if rule == CHARGED),
        no_breakdown=frozenset(pk for pk, _, accepts in rows if not accepts),
    )


def lock_accounts(account_ids: Collection[int]) -> dict[int, int]:
    """Account → house; nobody else lays payments over these accounts' debts till the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, house_id FROM accounts_personalaccount WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(account_ids)],
        )
        return dict(cursor.fetchall())


def write(rows: Iterable[Sequence[object]]) -> None:
    """All rows in one statement: the trigger then sees every part of a payment at once."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    if buffer.tell():
        buffer.seek(0)
        copy_in("payments_allocation", COLUMNS, buffer)


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

    Others (allocated already, unidentified, reversed) are left as they are: a second call does nothing.
    """
    waiting = Payment.objects.filter(pk__in=payment_ids, state=PaymentState.ACCEPTED)
    if not waiting.exists():
        return Allocated(0, ZERO)
    hold_open(day)
    payments = list(waiting.select_for_update().order_by("pk"))
    houses = lock_accounts({payment.account_id for payment in payments if payment.account_id})
    items = queries.open_items_of(account_ids=list(houses))
    terms = _terms(items.values())
    rows: list[Sequence[object]] = []
    for payment in sorted(payments, key=lambda p: (p.paid_on, p.pk)):
        account_id = payment.account_id
        assert account_id is not None  # the database: an accepted payment has an account
        open_items = items[account_id]
        parts = allocation.allocate(
            payment.amount,
            open_items,
            for_month=payment.for_month,
            directed_to=terms.heard(direction_as_told(payment.directed_to), open_items),
            weights=terms.weights(open_items),
        )
        items[account_id] = allocation.after(open_items, parts)
        rows += _rows(account_id, payment.pk, houses[account_id], day, parts, first_line=0)
    write(rows)
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).update(state=PaymentState.ALLOCATED)
    return Allocated(len(payments), total(payment.amount for payment in payments))


def _rows(
    account_id: int, payment_id: int, house_id: int, day: date, parts: Iterable[PaidPart], *, first_line: int,
    rule: Rule | None = None,
) -> list[Sequence[object]]:  # fmt: skip
    month = Month.of(day).first
    return [
        (
            account_id, payment_id, line, day, house_id, part.contract_id, part.service_id, part.for_month or month,
            part.part, int(rule or part.rule), part.amount,
        )
        for line, part in enumerate(parts, first_line)
    ]  # fmt: skip


def allocate_payment(payment_id: int, *, day: date) -> Allocated:
    """Lay one payment over the debts of its account."""
    return allocate_payments([payment_id], day=day)


def allocate_day(*, day: date) -> Allocated:
    """Lay every accepted payment up to `day` over its debts, block by block; what is done stays done after a kill."""
    done = Allocated(0, ZERO)
    after = 0
    while True:
        waiting = Payment.objects.filter(state=PaymentState.ACCEPTED, day__lte=day, pk__gt=after).order_by("pk")
        block = list(waiting.values_list("pk", flat=True)[:BLOCK])
        if not block:
            break
        after = block[-1]
        part = allocate_payments(block, day=day)
        done = Allocated(done.payments + part.payments, done.amount + part.amount)
    if done.payments:
        accounts_operations.note("payments.day.allocated", day=day, payments=done.payments, amount=done.amount)
    return done


def mirror(payment: Payment, *, day: date) -> Decimal:
    """Answer every part of the payment by an equal negative one; roubles answered. Its Reversal must stand already."""
    parts = defaultdict[tuple[int, int, date, int], Decimal](lambda: ZERO)
    for part in queries.parts_of([payment.pk]):
        parts[part.contract_id, part.service_id, part.for_month, part.part] += part.amount
    if not parts or payment.account_id is None:
        return ZERO
    houses = lock_accounts([payment.account_id])
    first = next_lines([payment.pk])[payment.pk]
    write(
        (
            payment.account_id, payment.pk, line, day, houses[payment.account_id], contract_id, service_id, for_month,
            part, int(Rule.REVERSAL), -amount,
        )
        for line, ((contract_id, service_id, for_month, part), amount) in enumerate(
            sorted((key, amount) for key, amount in parts.items() if amount), first
        )
    )  # fmt: skip
    return total(parts.values())


def consume_advances(*, month: Month, day: date) -> Allocated:
    """Use the advances that no principal owns for what is charged by now: after a month was posted.

    Rows −x of the advance and +x of the debt of the same payment stand in one statement on the day: Σ of a payment
    stays. An instruction of the payer (service, month) still holds for his advance. Safe to repeat.
    Source: domain/payments.md, 4: the advance is consumed on posting, no penalty accrues.
    """
    done = Allocated(0, ZERO)
    accounts = queries.accounts_with_advance()
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
    items = queries.open_items_of(account_ids=account_ids)
    advances = queries.free_advances(account_ids=account_ids)
    lines = next_lines([advance.payment_id for advance in advances])
    payments = Payment.objects.in_bulk([advance.payment_id for advance in advances])
    terms = _terms(items.values())
    rows: list[Sequence[object]] = []
    used, count = ZERO, 0
    for advance in advances:
        payment = payments[advance.payment_id]
        open_items = items[advance.account_id]
        directed_to = terms.heard(direction_as_told(payment.directed_to), open_items)
        if isinstance(directed_to, Mapping):
            directed_to = list(directed_to)  # the sums were met; what was left over stays with the named services
        parts = [
            part
            for part in allocation.allocate(
                advance.amount, open_items, for_month=payment.for_month, directed_to=directed_to,
                weights=terms.weights(open_items),
            )
            if part.part != Part.ADVANCE
        ]  # fmt: skip
        if not parts:
            continue
        met = total(part.amount for part in parts)
        first = lines[advance.payment_id]
        place = (advance.account_id, advance.payment_id, houses[advance.account_id])
        back = PaidPart(0, 0, advance.for_month, Part.ADVANCE, Rule.ADVANCE_USED, -met)
        rows += _rows(*place, day, [back, *parts], first_line=first, rule=Rule.ADVANCE_USED)
        items[advance.account_id] = allocation.after(open_items, parts)
        used, count = used + met, count + 1
    write(rows)
    return Allocated(count, used)
