"""The way of money there and back: payment → parts → remittance → bank, and the daily sheet that proves it. Only reads.

Source: DESIGN, law 5 (сохранность); domain/payments.md, 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.money import ZERO, total, written
from payments import queries
from payments.models import BankStatementLine, PaymentState, Remittance, RemittanceState
from payments.queries import PathStep, PaymentRow, RemittanceRow, rows_of


@dataclass(frozen=True, slots=True)
class BankLine:
    """A document of a bank statement and the file that brought it."""

    day: date
    number: str
    amount: Decimal
    other_name: str
    register_id: int
    register: str


@dataclass(frozen=True, slots=True)
class TracedPart:
    """A part of a payment, the remittance that paid it on, and the statement's line that says so."""

    step: PathStep
    confirmed_by: BankLine | None


@dataclass(frozen=True, slots=True)
class PaymentTrace:
    """The whole way of a payment; with `contract_ids`, only their parts of it. amount: Σ of the parts shown."""

    payment: PaymentRow
    is_remitted_by_agent: bool
    came_by: BankLine | None
    parts: tuple[TracedPart, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaidOn:
    """What a remittance took out of one payment; roubles, negative where it was returned."""

    payment_id: int
    account_id: int
    account_number: str
    channel: str
    paid_on: date
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RemittanceTrace:
    """A remittance, the line of the bank that confirmed it, and a page of its payments (`count` of all).

    others: the other kind of money of the same days, if there was any.
    """

    remittance: RemittanceRow
    confirmed_by: BankLine | None
    payments: list[PaidOn]
    count: int
    amount: Decimal
    others: tuple[RemittanceRow, ...] = ()


def _bank_lines(field: str, ids: Collection[int]) -> dict[int, BankLine]:
    found = BankStatementLine.objects.filter(**{f"{field}__in": list(ids)}).select_related("register")
    return {
        getattr(row, f"{field}_id"): BankLine(
            row.day, row.number, row.amount, row.other_name, row.register_id, row.register.name
        )
        for row in found
    }


def payment_trace(payment_id: int, *, contract_ids: Collection[int] | None = None) -> PaymentTrace | None:
    """Where a payment went. None: no such payment, or nothing of it is of these contracts. Six statements."""
    path = queries.payment_path(payment_id)
    if path is None:
        return None
    steps = [step for step in path.steps if contract_ids is None or step.part.contract_id in contract_ids]
    if contract_ids is not None and not steps:
        return None
    confirmed = _bank_lines("remittance", {step.remittance.remittance_id for step in steps if step.remittance})
    return PaymentTrace(
        payment=path.payment,
        is_remitted_by_agent=path.is_remitted_by_agent,
        came_by=_bank_lines("payment", [payment_id]).get(payment_id) if contract_ids is None else None,
        parts=tuple(
            TracedPart(step, confirmed.get(step.remittance.remittance_id) if step.remittance else None)
            for step in steps
        ),
        amount=total(step.part.amount for step in steps),
    )


INSIDE = """
    FROM payments_remittance AS r
    JOIN payments_allocation AS a ON a.contract_id = r.contract_id AND a.day <= r.day
        AND (r.previous_day IS NULL OR a.day > r.previous_day)
    JOIN payments_payment AS payment ON payment.id = a.payment_id
    JOIN payments_channel AS channel ON channel.code = payment.channel_id AND channel.kind <> 5
        AND coalesce(r.is_cash, channel.is_cash) = channel.is_cash
"""


def remittance_trace(remittance_id: int, *, limit: int = 50, offset: int = 0) -> RemittanceTrace | None:
    """What a remittance is made of: Σ amount of all its payments = gross − returns. Five statements."""
    asked = Remittance.objects.filter(pk=remittance_id)
    rows = queries.remittance_rows(asked)
    if not rows:
        return None
    others = queries.remittance_rows(
        Remittance.objects.filter(contract=rows[0].contract_id, day=rows[0].day).exclude(pk=remittance_id)
    )
    grouped = f"""
        SELECT a.payment_id, a.account_id, account.number, channel.name, payment.paid_on, a.day, sum(a.amount) AS amount
        {INSIDE} JOIN accounts_personalaccount AS account ON account.id = a.account_id
        WHERE r.id = %(remittance)s GROUP BY 1, 2, 3, 4, 5, 6
    """
    params = {"remittance": remittance_id, "limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(amount), 0.00) FROM ({grouped}) AS found", params)
        count, amount = cursor.fetchone()
    page = rows_of(PaidOn, f"{grouped} ORDER BY a.day, account.number, a.payment_id LIMIT %(limit)s OFFSET %(offset)s",
                   params)  # fmt: skip
    confirmed = _bank_lines("remittance", [remittance_id]).get(remittance_id)
    return RemittanceTrace(rows[0], confirmed, page, count, amount, tuple(others))


# --- the sheet of a day -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """What breaks the sheet: a document by its name, with the key of its page."""

    text: str
    remittance_id: int | None = None
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class PrincipalSheet:
    """A contract's day, roubles: opening + received − returned − commission − vat − remitted = closing.

    opening, closing: what the agent holds for the principal (minus: the principal owes). closing is what the remittance
    says it carried over, or, in a day without one, what waits for the next. own: received by the principal himself.
    """

    contract_id: int
    contract_number: str
    principal: str
    opening: Decimal
    received: Decimal
    returned: Decimal
    own: Decimal
    commission: Decimal
    vat: Decimal
    remitted: Decimal
    closing: Decimal
    remittance_id: int | None
    problems: tuple[Problem, ...] = ()

    @property
    def difference(self) -> Decimal:
        return self.opening + self.received - self.returned - self.commission - self.vat - self.remitted - self.closing


SHEET = """
    WITH last AS (
        SELECT DISTINCT ON (contract_id) contract_id, day, carried_out FROM payments_remittance
        WHERE day < %(day)s ORDER BY contract_id, day DESC, id DESC
    ), paid AS (
        SELECT contract_id, min(id) AS id, sum(commission) AS commission, sum(vat) AS vat, sum(net) AS net,
            (array_agg(carried_out ORDER BY id DESC))[1] AS carried_out
        FROM payments_remittance WHERE day = %(day)s GROUP BY contract_id
    ), moved AS (
        SELECT a.contract_id,
            coalesce(sum(a.amount) FILTER (WHERE a.day < %(day)s AND a.day > coalesce(last.day, '-infinity')
                AND channel.kind <> 5), 0.00) AS waiting,
            coalesce(sum(a.amount) FILTER (WHERE a.day = %(day)s AND a.amount > 0 AND channel.kind <> 5), 0.00) AS plus,
            coalesce(-sum(a.amount) FILTER (WHERE a.day = %(day)s AND a.amount < 0 AND channel.kind <> 5), 0.00)
                AS minus,
            coalesce(sum(a.amount) FILTER (WHERE a.day = %(day)s AND channel.kind = 5), 0.00) AS own
        FROM payments_allocation AS a
        JOIN payments_payment AS payment ON payment.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = payment.channel_id
        LEFT JOIN last ON last.contract_id = a.contract_id
        WHERE a.contract_id <> 0 AND a.day <= %(day)s AND a.day >= %(since)s
        GROUP BY a.contract_id
    )
    SELECT contract.id, contract.number, principal.short_name,
        coalesce(last.carried_out, 0.00) + coalesce(moved.waiting, 0.00),
        coalesce(moved.plus, 0.00), coalesce(moved.minus, 0.00), coalesce(moved.own, 0.00),
        coalesce(r.commission, 0.00), coalesce(r.vat, 0.00), coalesce(r.net, 0.00),
        coalesce(r.carried_out, coalesce(last.carried_out, 0.00) + coalesce(moved.waiting, 0.00)
            + coalesce(moved.plus, 0.00) - coalesce(moved.minus, 0.00)),
        r.id
    FROM accounts_agencycontract AS contract
    JOIN accounts_organisation AS principal ON principal.id = contract.principal_id
    LEFT JOIN last ON last.contract_id = contract.id
    LEFT JOIN moved ON moved.contract_id = contract.id
    LEFT JOIN paid AS r ON r.contract_id = contract.id
    WHERE moved.contract_id IS NOT NULL OR r.id IS NOT NULL OR coalesce(last.carried_out, 0) <> 0
    ORDER BY principal.short_name, contract.number
"""
EARLIEST_UNPAID = """
    SELECT coalesce(min(day), %(day)s) FROM (
        SELECT max(r.day) AS day FROM payments_remittance AS r WHERE r.day < %(day)s GROUP BY r.contract_id
        UNION ALL
        SELECT min(a.day) FROM payments_allocation AS a WHERE a.contract_id <> 0 AND NOT EXISTS (
            SELECT FROM payments_remittance AS r WHERE r.contract_id = a.contract_id AND r.day < %(day)s)
    ) AS days
"""
BROKEN_PAYMENTS = """
    SELECT p.id, p.amount, p.state, parts.amount, parts.contracts FROM payments_payment AS p
    JOIN (
        SELECT payment_id, sum(amount) AS amount, array_agg(DISTINCT contract_id) AS contracts FROM payments_allocation
        WHERE payment_id IN (SELECT payment_id FROM payments_allocation WHERE day = %(day)s) GROUP BY payment_id
    ) AS parts ON parts.payment_id = p.id
    WHERE parts.amount <> CASE WHEN EXISTS (SELECT FROM payments_reversal AS r WHERE r.payment_id = p.id)
        THEN 0 ELSE p.amount END
    ORDER BY p.id
"""
LOST_PAYMENTS = """
    SELECT a.payment_id, a.contract_id, sum(a.amount) FROM payments_allocation AS a
    WHERE a.day = %(day)s AND NOT EXISTS (SELECT FROM payments_payment AS p WHERE p.id = a.payment_id)
    GROUP BY 1, 2 ORDER BY 1
"""


def principal_sheets(day: date) -> list[PrincipalSheet]:
    """The conservation sheet of a day by contract; a difference and every broken document is named."""
    problems: dict[int, list[Problem]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(EARLIEST_UNPAID, {"day": day})
        (since,) = cursor.fetchone()
        cursor.execute(BROKEN_PAYMENTS, {"day": day})
        for payment_id, amount, state, parts, contracts in cursor.fetchall():
            text = (
                f"платёж {payment_id} на {written(amount)} ₽ («{PaymentState(state).label}»), а его части дают "
                f"{written(parts)} ₽"
            )
            for contract_id in contracts:
                problems[contract_id].append(Problem(text, payment_id=payment_id))
        cursor.execute(LOST_PAYMENTS, {"day": day})
        for payment_id, contract_id, amount in cursor.fetchall():
            text = f"разнесено {written(amount)} ₽ платежа {payment_id}, которого нет"
            problems[contract_id].append(Problem(text))
    for contract_id, problem in _broken_remittances(day):
        problems[contract_id].append(problem)
    rows = rows_of(PrincipalSheet, SHEET, {"day": day, "since": since})
    return [_with(row, tuple(problems.get(row.contract_id, ()))) for row in rows]


def _with(row: PrincipalSheet, problems: tuple[Problem, ...]) -> PrincipalSheet:
    if row.difference and not problems:
        text = f"день не сходится на {written(row.difference)} ₽: проверьте перечисления и разнесения дня"
        problems = (Problem(text, remittance_id=row.remittance_id),)
    facts: dict[str, Any] = {name: getattr(row, name) for name in PrincipalSheet.__dataclass_fields__}
    return PrincipalSheet(**{**facts, "problems": problems})


def _broken_remittances(day: date) -> list[tuple[int, Problem]]:
    """Remittances of the day that do not say what their allocations say, or do not follow the one before."""
    sql = """
        SELECT r.id, r.contract_id, r.number, r.gross - r.returns, coalesce(inside.amount, 0.00),
            r.previous_day, last.day, r.carried_in, coalesce(last.carried_out, 0.00)
        FROM payments_remittance AS r
        LEFT JOIN LATERAL (
            SELECT sum(a.amount) AS amount FROM payments_allocation AS a
            JOIN payments_payment AS payment ON payment.id = a.payment_id
            JOIN payments_channel AS channel ON channel.code = payment.channel_id AND channel.kind <> 5
            WHERE a.contract_id = r.contract_id AND a.day <= r.day
                AND a.day > coalesce(r.previous_day, DATE '1900-01-01')
                AND coalesce(r.is_cash, channel.is_cash) = channel.is_cash
        ) AS inside ON true
        LEFT JOIN LATERAL (
            SELECT max(before.day) FILTER (WHERE before.day < r.day) AS day,
                (array_agg(before.carried_out ORDER BY before.day DESC, before.id DESC))[1] AS carried_out
            FROM payments_remittance AS before
            WHERE before.contract_id = r.contract_id AND (before.day, before.id) < (r.day, r.id)
        ) AS last ON true
        WHERE r.day = %(day)s ORDER BY r.id
    """
    found: list[tuple[int, Problem]] = []
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day})
        for pk, contract_id, number, told, inside, previous, before, carried, left in cursor.fetchall():
            name = f"перечисление № {number}" if number else f"перечисление {pk} без поручения"
            if told != inside:
                text = f"{name}: получено за вычетом возвратов {written(told)} ₽, а разнесено {written(inside)} ₽"
                found.append((contract_id, Problem(text, remittance_id=pk)))
            if previous != before:
                shown = [f"{one:%d.%m.%Y}" if one else "начала" for one in (previous, before)]
                text = f"{name}: считает дни после {shown[0]}, а прошлое было за {shown[1]}"
                found.append((contract_id, Problem(text, remittance_id=pk)))
            if carried != left:
                text = f"{name}: перенесено {written(carried)} ₽, а прошлое оставило {written(left)} ₽"
                found.append((contract_id, Problem(text, remittance_id=pk)))
    return found


def unconfirmed(*, before: date) -> int:
    """How many orders sent for days before `before` the bank has not answered."""
    return Remittance.objects.filter(state=RemittanceState.SENT, day__lt=before).count()


def sheet_totals(rows: Collection[PrincipalSheet]) -> dict[str, Decimal]:
    """Column → its sum."""
    names = ("opening", "received", "returned", "own", "commission", "vat", "remitted", "closing", "difference")
    return {name: total(getattr(row, name) for row in rows) if rows else ZERO for name in names}
