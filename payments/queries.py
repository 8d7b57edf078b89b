"""What was paid, what is owed, where a kopeck went. Plus means the resident owes. Only reads.

A balance is a query over ink: posted charges less allocations. The last closed month's `Balance` rows bound how far
back a query has to look; `verify` proves that they say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection

from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month
from accounts.kinds import AllocationRule
from accounts.money import ZERO, total, written
from payments import allocation
from payments.models import (
    BankStatementLine,
    CashReceipt,
    Channel,
    ClosedMonth,
    OperatingDay,
    OperatingDayState,
    PaperKind,
    Part,
    Payment,
    PaymentState,
    Register,
    RegisterState,
    Remittance,
    RemittanceState,
    Reversal,
    SettlementPaper,
)
from payments.open_items import accounts_with_advance, debts, open_items, open_items_of

__all__ = [
    "BankStatementLine", "CashReceipt", "Channel", "OperatingDay", "OperatingDayState", "PaperKind", "Part", "Payment",
    "PaymentState", "Register", "RegisterState", "Remittance", "RemittanceState", "Reversal", "SettlementPaper",
    "accounts_with_advance", "debts", "open_items", "open_items_of",
]  # fmt: skip

ADVANCE_NAME = "Аванс"

# A posted line: its contract's month is past OPEN, and the account is not held in it. c: billing_charge.
INK = """
    billing_charge AS c
    JOIN billing_contractmonth AS posted
        ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
"""
NOT_HELD = """
    NOT EXISTS (
        SELECT FROM billing_hold AS h
        WHERE h.account_id = c.account_id AND h.month = c.month AND h.released_at IS NULL)
"""
# The month before which the books are closed, as an initial plan: partitions older than it are not read.
MARK = "(SELECT coalesce(max(month), DATE '1900-01-01') FROM payments_closedmonth WHERE month < %(month)s)"
AFTER_MARK = f"({MARK} + INTERVAL '1 month')::date"
LONG_AGO = date(1900, 1, 1)

Row = TypeVar("Row")


def rows_of(kind: type[Row], sql: str, params: dict[str, Any]) -> list[Row]:
    """Rows of a statement as frozen rows whose fields stand in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [kind(*row) for row in cursor.fetchall()]


def _value(sql: str, params: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


# --- the balance of an account --------------------------------------------------------------------------------------


def balance(*, account_id: int, on: date) -> Decimal:
    """Roubles owed at the start of `on`: ink of the months before that of `on`, less payments received before `on`.

    A payment taken in and not yet allocated counts, too: the payer owes it no more.
    """
    return balances(account_ids=[account_id], on=on)[account_id]


def balances(*, account_ids: Collection[int], on: date) -> dict[int, Decimal]:
    """`balance` of many accounts, in one statement."""
    found: dict[int, Decimal] = dict.fromkeys(account_ids, ZERO)
    params: dict[str, Any] = {"accounts": list(account_ids), "month": Month.of(on).first, "on": on}
    sql = f"""
        SELECT account_id, sum(amount) FROM (
            SELECT account_id, closing + penalty_closing AS amount FROM payments_balance
            WHERE account_id = ANY(%(accounts)s) AND month = {MARK}
            UNION ALL
            SELECT c.account_id, c.amount FROM {INK}
            WHERE c.account_id = ANY(%(accounts)s) AND c.month > {MARK} AND c.month < %(month)s AND {NOT_HELD}
            UNION ALL
            SELECT account_id, -amount FROM payments_allocation
            WHERE account_id = ANY(%(accounts)s) AND day >= {AFTER_MARK} AND day < %(on)s
            UNION ALL
            SELECT account_id, -amount FROM payments_payment
            WHERE account_id = ANY(%(accounts)s) AND state = 'accepted' AND day < %(on)s
        ) AS moved GROUP BY account_id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found.update(cursor.fetchall())
    return found


# What moved a (account, house, contract, service): closed books, then ink, allocations, unallocated payments.
# {scope}: a condition on c.account_id or c.contract_id, by the alias c.
MOVEMENTS = f"""
    SELECT c.account_id, c.house_id, c.contract_id, c.service_id,
        c.closing AS opening, c.penalty_closing AS penalty_opening,
        0.00 AS charged, 0.00 AS recalculated, 0.00 AS benefits, 0.00 AS penalty, 0.00 AS paid, 0.00 AS penalty_paid
    FROM payments_balance AS c WHERE {{scope}} AND c.month = {MARK}
    UNION ALL
    SELECT c.account_id, c.house_id, c.contract_id, c.service_id,
        CASE WHEN c.month < %(month)s AND c.kind <> 6 THEN c.amount ELSE 0 END,
        CASE WHEN c.month < %(month)s AND c.kind = 6 THEN c.amount ELSE 0 END,
        CASE WHEN c.month = %(month)s AND c.kind NOT IN (4, 5, 6) THEN c.amount ELSE 0 END,
        CASE WHEN c.month = %(month)s AND c.kind = 4 THEN c.amount ELSE 0 END,
        CASE WHEN c.month = %(month)s AND c.kind = 5 THEN c.amount ELSE 0 END,
        CASE WHEN c.month = %(month)s AND c.kind = 6 THEN c.amount ELSE 0 END,
        0, 0
    FROM {INK} WHERE {{scope}} AND c.month > {MARK} AND c.month <= %(month)s AND {NOT_HELD}
    UNION ALL
    SELECT c.account_id, c.house_id, c.contract_id, c.service_id,
        CASE WHEN c.day < %(month)s AND c.part <> 2 THEN -c.amount ELSE 0 END,
        CASE WHEN c.day < %(month)s AND c.part = 2 THEN -c.amount ELSE 0 END,
        0, 0, 0, 0,
        CASE WHEN c.day >= %(month)s AND c.part <> 2 THEN c.amount ELSE 0 END,
        CASE WHEN c.day >= %(month)s AND c.part = 2 THEN c.amount ELSE 0 END
    FROM payments_allocation AS c WHERE {{scope}} AND c.day >= {AFTER_MARK} AND c.day < %(next)s
"""
UNALLOCATED = """
    UNION ALL
    SELECT c.account_id, 0, 0, 0,
        CASE WHEN c.day < %(month)s THEN -c.amount ELSE 0 END, 0, 0, 0, 0, 0,
        CASE WHEN c.day >= %(month)s THEN c.amount ELSE 0 END, 0
    FROM payments_payment AS c WHERE {scope} AND c.state = 'accepted' AND c.day < %(next)s
"""
SUMMED = ("opening", "penalty_opening", "charged", "recalculated", "benefits", "penalty", "paid", "penalty_paid")
SUMS = ", ".join(f"sum({name})::numeric(14, 2)" for name in SUMMED)


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A month of one contract × service of an account; roubles. Totals with the penalty inside, the penalty also apart.

    opening + charged + recalculated + benefits + penalty − paid = closing; benefits are negative.
    contract_id = service_id = 0 is the advance that no principal owns yet (its opening and closing are negative).
    """

    account_id: int
    contract_id: int
    service_id: int
    service_name: str
    principal: str
    opening: Decimal
    charged: Decimal
    recalculated: Decimal
    benefits: Decimal
    penalty: Decimal
    paid: Decimal
    closing: Decimal
    penalty_opening: Decimal
    penalty_paid: Decimal
    penalty_closing: Decimal


def statement_rows(*, account_id: int, month: Month) -> list[StatementRow]:
    """The account's month per contract × service, in the order of the document; the advance last. One statement.

    Σ closing = balance(on = first day of the next month); closing(M) = opening(M+1).
    """
    return statement_rows_of(account_ids=[account_id], month=month)[account_id]


def statement_rows_of(*, account_ids: Collection[int], month: Month) -> dict[int, list[StatementRow]]:
    """`statement_rows` of many accounts, in one statement."""
    found: dict[int, list[StatementRow]] = {account_id: [] for account_id in account_ids}
    scope = "c.account_id = ANY(%(accounts)s)"
    sql = f"""
        SELECT account_id, contract_id, service_id, coalesce(service.name, ''), coalesce(principal.short_name, ''),
            {SUMS}
        FROM ({(MOVEMENTS + UNALLOCATED).format(scope=scope)}) AS moved
        LEFT JOIN accounts_service AS service ON service.id = service_id
        LEFT JOIN accounts_agencycontract AS contract ON contract.id = contract_id
        LEFT JOIN accounts_organisation AS principal ON principal.id = contract.principal_id
        GROUP BY account_id, contract_id, service_id, service.name, service.priority, principal.short_name
        HAVING sum(opening) <> 0 OR sum(penalty_opening) <> 0 OR bool_or(charged <> 0 OR recalculated <> 0
            OR benefits <> 0 OR penalty <> 0 OR paid <> 0 OR penalty_paid <> 0)
        ORDER BY account_id, service.priority NULLS LAST, service_id, contract_id
    """
    params: dict[str, Any] = {"accounts": list(account_ids), "month": month.first, "next": month.next.first}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    for account_id, contract_id, service_id, service_name, principal, *sums in rows:
        opening, penalty_opening, charged, recalculated, benefits, penalty, paid, penalty_paid = sums
        whole = opening + penalty_opening
        found[account_id].append(
            StatementRow(
                account_id=account_id,
                contract_id=contract_id,
                service_id=service_id,
                service_name=service_name or ADVANCE_NAME,
                principal=principal,
                opening=whole,
                charged=charged,
                recalculated=recalculated,
                benefits=benefits,
                penalty=penalty,
                paid=paid + penalty_paid,
                closing=whole + charged + recalculated + benefits + penalty - paid - penalty_paid,
                penalty_opening=penalty_opening,
                penalty_paid=penalty_paid,
                penalty_closing=penalty_opening + penalty - penalty_paid,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class TurnoverRow:
    """A month of a contract by house and service; roubles, the penalty inside opening, paid and closing."""

    contract_id: int
    principal: str
    house_id: int
    address: str
    service_id: int
    service_name: str
    opening: Decimal
    charged: Decimal
    recalculated: Decimal
    benefits: Decimal
    penalty: Decimal
    paid: Decimal
    closing: Decimal


def turnover(*, contract_ids: Collection[int], month: Month, by_house: bool = True) -> list[TurnoverRow]:
    """Turnover sheet of the contracts; house_id 0 and no address when not `by_house`. One statement.

    opening + charged + recalculated + benefits + penalty − paid = closing in every row and in total.
    """
    house = "moved.house_id" if by_house else "0"
    sql = f"""
        SELECT contract_id, principal, house_id, address, service_id, service_name,
            opening, charged, recalculated, benefits, penalty, paid,
            opening + charged + recalculated + benefits + penalty - paid
        FROM (
            SELECT moved.contract_id, principal.short_name AS principal, {house} AS house_id,
                coalesce(house.town || ', ' || house.street || ', д. ' || house.number, '') AS address,
                moved.service_id, service.name AS service_name, service.priority,
                sum(moved.opening + moved.penalty_opening)::numeric(16, 2) AS opening,
                sum(moved.charged)::numeric(16, 2) AS charged,
                sum(moved.recalculated)::numeric(16, 2) AS recalculated,
                sum(moved.benefits)::numeric(16, 2) AS benefits,
                sum(moved.penalty)::numeric(16, 2) AS penalty,
                sum(moved.paid + moved.penalty_paid)::numeric(16, 2) AS paid
            FROM ({MOVEMENTS.format(scope="c.contract_id = ANY(%(contracts)s)")}) AS moved
            JOIN accounts_service AS service ON service.id = moved.service_id
            JOIN accounts_agencycontract AS contract ON contract.id = moved.contract_id
            JOIN accounts_organisation AS principal ON principal.id = contract.principal_id
            LEFT JOIN accounts_house AS house ON house.id = {house}
            GROUP BY 1, 2, 3, 4, 5, 6, 7
        ) AS summed
        WHERE opening <> 0 OR charged <> 0 OR recalculated <> 0 OR benefits <> 0 OR penalty <> 0 OR paid <> 0
        ORDER BY principal, contract_id, address, priority, service_id
    """
    params = {"contracts": list(contract_ids), "month": month.first, "next": month.next.first}
    return rows_of(TurnoverRow, sql, params)


# --- open items -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FreeAdvance:
    """What is left of a payment's advance that no principal owns; roubles > 0."""

    account_id: int
    payment_id: int
    for_month: date
    amount: Decimal


def free_advances(*, account_ids: Collection[int], on: date | None = None) -> list[FreeAdvance]:
    """Advances of the accounts that wait for charges, in the order of the payments' dates.

    on: an operating day that closes late may use only what it had, less what later days have used since.
    """
    sql = """
        SELECT a.account_id, a.payment_id, min(a.for_month), least(sum(a.amount), {there})
        FROM payments_allocation AS a JOIN payments_payment AS payment ON payment.id = a.payment_id
        WHERE a.contract_id = 0 AND a.account_id = ANY(%(accounts)s)
        GROUP BY a.account_id, a.payment_id, payment.paid_on HAVING least(sum(a.amount), {there}) > 0
        ORDER BY a.account_id, payment.paid_on, a.payment_id
    """.format(there="sum(a.amount)" if on is None else "coalesce(sum(a.amount) FILTER (WHERE a.day <= %(on)s), 0)")
    return rows_of(FreeAdvance, sql, {"accounts": list(account_ids), "on": on})


# --- payments -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """Where a part of a payment went: roubles, negative in a mirror row; `reason` in words."""

    payment_id: int
    contract_id: int
    principal: str
    service_id: int
    service_name: str
    for_month: date
    part: int
    part_name: str
    day: date
    rule: int
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as people see it. paid_on is the payer's day, day the centre's; parts: how it was split."""

    payment_id: int
    external_id: str
    channel: str
    account_id: int | None
    account_number: str
    amount: Decimal
    for_month: date | None
    paid_on: date
    day: date
    accepted_at: datetime
    state: str
    state_name: str
    payer: str
    purpose: str
    parts: tuple[PaymentPart, ...] = ()


def payments_of_account(*, account_id: int, limit: int = 36) -> list[PaymentRow]:
    """The account's last payments with their parts, newest first. Two statements."""
    found = Payment.objects.filter(account_id=account_id).order_by("-paid_on", "-id")[:limit]
    return payment_rows(list(found.select_related("channel", "account")))


def payment_rows(payments: Sequence[Payment]) -> list[PaymentRow]:
    """Rows of payments that were read with their channel and account. One statement."""
    parts: dict[int, list[PaymentPart]] = defaultdict(list)
    for part in parts_of([payment.pk for payment in payments]):
        parts[part.payment_id].append(part)
    return [
        PaymentRow(
            payment_id=payment.pk,
            external_id=payment.external_id,
            channel=payment.channel.name,
            account_id=payment.account_id,
            account_number=payment.account.number if payment.account else "",
            amount=payment.amount,
            for_month=payment.for_month,
            paid_on=payment.paid_on,
            day=payment.day,
            accepted_at=payment.accepted_at,
            state=payment.state,
            state_name=PaymentState(payment.state).label,
            payer=payment.payer,
            purpose=payment.purpose,
            parts=tuple(parts[payment.pk]),
        )
        for payment in payments
    ]


def parts_of(payment_ids: Collection[int]) -> list[PaymentPart]:
    """Allocations of payments, in the order they were made."""
    if not payment_ids:
        return []
    sql = """
        SELECT a.payment_id, a.contract_id, coalesce(principal.short_name, ''), a.service_id,
            coalesce(service.name, ''), a.for_month, a.part, a.day, a.rule, a.amount
        FROM payments_allocation AS a
        LEFT JOIN accounts_service AS service ON service.id = a.service_id
        LEFT JOIN accounts_agencycontract AS contract ON contract.id = a.contract_id
        LEFT JOIN accounts_organisation AS principal ON principal.id = contract.principal_id
        WHERE a.payment_id = ANY(%(payments)s) ORDER BY a.payment_id, a.line
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"payments": list(payment_ids)})
        return [
            PaymentPart(
                payment_id=payment_id,
                contract_id=contract_id,
                principal=principal,
                service_id=service_id,
                service_name=service_name or ADVANCE_NAME,
                for_month=for_month,
                part=part,
                part_name=Part(part).label,
                day=day,
                rule=rule,
                reason=allocation.reason(rule, for_month),
                amount=amount,
            )
            for payment_id, contract_id, principal, service_id, service_name, for_month, part, day, rule, amount
            in cursor.fetchall()
        ]  # fmt: skip


def payment_row(payment_id: int) -> PaymentRow | None:
    """One payment, or None."""
    rows = payment_rows(list(Payment.objects.filter(pk=payment_id).select_related("channel", "account")))
    return rows[0] if rows else None


@dataclass(frozen=True, slots=True)
class RemittanceRow:
    """A contract's money of a day: gross − returns − commission − vat + carried_in − carried_out = net (roubles)."""

    remittance_id: int
    contract_id: int
    contract_number: str
    principal_id: int
    principal: str
    day: date
    previous_day: date | None
    number: str
    gross: Decimal
    returns: Decimal
    commission: Decimal
    vat: Decimal
    carried_in: Decimal
    net: Decimal
    carried_out: Decimal
    state: str
    state_name: str
    formed_at: datetime
    confirmed_on: date | None
    bank_account: str
    arithmetic: tuple[dict[str, Any], ...]
    formed_by: str
    released_by: str
    released_at: datetime | None
    formed_by_id: int | None
    checked_by: str = ""
    checked_by_id: int | None = None
    is_cash: bool | None = None

    @property
    def money(self) -> str:
        """The kind of money; «» where all of it is together."""
        return {True: "наличные", False: "безналичные", None: ""}[self.is_cash]

    @property
    def awaits(self) -> str:
        """Whose turn it is, before the bank's: «check» one person's, «release» another's; «» where nobody's is."""
        if self.state != RemittanceState.FORMED or not self.is_order or self.is_released:
            return ""
        return "release" if self.formed_by_id or self.checked_by_id else "check"

    @property
    def is_order(self) -> bool:
        """The bank has something to do: nothing to pay, or the agent's own money on its own account, needs no order."""
        return bool(self.bank_account)

    @property
    def is_released(self) -> bool:
        return self.released_at is not None


@dataclass(frozen=True, slots=True)
class PathStep:
    """A part of a payment and the remittance that paid it on, once there is one."""

    part: PaymentPart
    remittance: RemittanceRow | None


@dataclass(frozen=True, slots=True)
class PaymentPath:
    """Payment → its parts → the remittance of each → the bank's confirmation (remittance.confirmed_on)."""

    payment: PaymentRow
    is_remitted_by_agent: bool
    steps: tuple[PathStep, ...]


def payment_path(payment_id: int) -> PaymentPath | None:
    """Where one payment went. Four statements."""
    found = Payment.objects.filter(pk=payment_id).select_related("channel", "account").first()
    if found is None:
        return None
    (row,) = payment_rows([found])
    through_agent = found.channel.is_received_by_agent
    paid_on_by: dict[tuple[int, date], RemittanceRow] = {}
    kinds = (None, found.channel.is_cash)
    if through_agent and row.parts:
        wanted = {(part.contract_id, part.day) for part in row.parts if part.contract_id}
        remittances = remittance_rows(
            Remittance.objects.filter(
                contract_id__in={contract_id for contract_id, _ in wanted}, day__gte=min(part.day for part in row.parts)
            ).order_by("day")
        )
        for contract_id, day in wanted:
            for remittance in remittances:
                if (
                    remittance.contract_id == contract_id
                    and remittance.is_cash in kinds
                    and day <= remittance.day
                    and (remittance.previous_day is None or remittance.previous_day < day)
                ):
                    paid_on_by[contract_id, day] = remittance
    steps = tuple(PathStep(part, paid_on_by.get((part.contract_id, part.day))) for part in row.parts)
    return PaymentPath(row, through_agent, steps)


@dataclass(frozen=True, slots=True)
class UnidentifiedRow:
    """Money without an owner: roubles; age_days counts from the operating day."""

    payment_id: int
    channel: str
    number_as_received: str
    payer: str
    purpose: str
    amount: Decimal
    paid_on: date
    day: date
    age_days: int
    reason: str


def unidentified(
    *, today: date, limit: int | None = None, register_id: int | None = None, but_registers: Collection[int] = ()
) -> list[UnidentifiedRow]:  # fmt: skip
    """The queue of money without an owner, oldest first, then the largest; of one register, or but some of them."""
    found = Payment.objects.filter(state=PaymentState.UNIDENTIFIED).select_related("channel")
    if register_id is not None:
        found = found.filter(register=register_id)
    elif but_registers:
        found = found.exclude(register__in=but_registers, register__isnull=False)
    return [
        UnidentifiedRow(
            payment_id=payment.pk,
            channel=payment.channel.name,
            number_as_received=payment.number_as_received,
            payer=payment.payer,
            purpose=payment.purpose,
            amount=payment.amount,
            paid_on=payment.paid_on,
            day=payment.day,
            age_days=(today - payment.day).days,
            reason=payment.held_because,
        )
        for payment in found.order_by("day", "-amount", "id")[:limit]
    ]


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    account_number: str
    address: str
    amount: Decimal
    parts: tuple[PaymentPart, ...]


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A cash desk receipt; change = given − amount (roubles). card_amount: by card, where the rest is cash."""

    receipt_id: int
    number: str
    office: str
    cashier: str
    made_at: datetime
    amount: Decimal
    given: Decimal
    change: Decimal
    is_card: bool
    card_amount: Decimal
    lines: tuple[ReceiptLine, ...]

    @property
    def cash_given(self) -> Decimal:
        return self.given - self.card_amount


def receipt(number: str) -> ReceiptRow | None:
    """A receipt by its number, with the split of each payment. Three statements."""
    found = CashReceipt.objects.filter(number=number).select_related("office", "cashier").first()
    if found is None:
        return None
    payments = list(
        found.payments.select_related("channel", "account__house", "account__premises__parent").order_by("id")
    )
    lines: dict[str, ReceiptLine] = {}  # an account that a card and cash paid has two payments and one line
    for row, payment in zip(payment_rows(payments), payments, strict=True):
        account = payment.account
        address = accounts_queries.address_of(account.house, account.premises) if account else ""
        before = lines.get(row.account_number)
        lines[row.account_number] = ReceiptLine(
            row.account_number, address, row.amount + (before.amount if before else ZERO),
            _as_one([*(before.parts if before else ()), *row.parts]),
        )  # fmt: skip
    return ReceiptRow(
        receipt_id=found.pk,
        number=found.number,
        office=found.office.name,
        cashier=str(found.cashier),
        made_at=found.made_at,
        amount=found.amount,
        given=found.given,
        change=found.given - found.amount,
        is_card=found.is_card,
        card_amount=found.card_amount,
        lines=tuple(lines.values()),
    )


def _as_one(parts: Iterable[PaymentPart]) -> tuple[PaymentPart, ...]:
    """Parts of one service, month and kind as one row, in the order they came."""
    found: dict[tuple[object, ...], PaymentPart] = {}
    for part in parts:
        key = (part.contract_id, part.service_id, part.for_month, part.part, part.rule)
        found[key] = replace(part, amount=part.amount + found[key].amount) if key in found else part
    return tuple(found.values())


def is_receipt_key(key: str) -> bool:
    """The form with this key has given its receipt already."""
    return CashReceipt.objects.filter(key=key).exists()


def within_whole_debt(*, account_id: int, amount: Decimal, on: date) -> dict[int, Decimal] | None:
    """Service → roubles for what stands apart, when `amount` pays all the account owes on `on`; else None.

    Who pays everything shown pays the capital repair, too, though no undirected money reaches it.
    Source: domain/payments.md, 3 п. 2 and 3.1.
    """
    if not accounts_queries.AgencyContract.objects.filter(allocation_rule=AllocationRule.APART).exists():
        return None
    owed: dict[int, Decimal] = {}
    for item in open_items_of(account_ids=[account_id], on=on)[account_id]:
        if item.is_apart:
            owed[item.service_id] = owed.get(item.service_id, ZERO) + item.amount
    owed = {service_id: part for service_id, part in owed.items() if part > 0}
    if not owed:
        return None
    whole = balances(account_ids=[account_id], on=on + ONE_DAY)[account_id]
    return owed if amount >= max(whole, sum(owed.values(), ZERO)) else None


# --- remittances ----------------------------------------------------------------------------------------------------


def remittance_rows(found: Iterable[Remittance]) -> list[RemittanceRow]:
    """Remittances as rows for a page; a set of them is read in one statement."""
    if hasattr(found, "select_related"):
        found = found.select_related("contract__principal", "bank_account", "formed_by", "checked_by", "released_by")
    return [
        RemittanceRow(
            remittance_id=row.pk,
            contract_id=row.contract_id,
            contract_number=row.contract.number,
            principal_id=row.contract.principal_id,
            principal=row.contract.principal.short_name,
            day=row.day,
            previous_day=row.previous_day,
            number=row.number,
            gross=row.gross,
            returns=row.returns,
            commission=row.commission,
            vat=row.vat,
            carried_in=row.carried_in,
            net=row.net,
            carried_out=row.carried_out,
            state=row.state,
            state_name=(
                RemittanceState(row.state).label if row.bank_account_id or not row.net else "без поручения: у агента"
            ),
            formed_at=row.formed_at,
            confirmed_on=row.confirmed_on,
            bank_account=row.bank_account.number if row.bank_account else "",
            arithmetic=tuple(row.arithmetic),
            formed_by=str(row.formed_by or "задание"),
            released_by=str(row.released_by or ""),
            released_at=row.released_at,
            formed_by_id=row.formed_by_id,
            checked_by=str(row.checked_by or ""),
            checked_by_id=row.checked_by_id,
            is_cash=row.is_cash,
        )
        for row in found
    ]


def by_day(rows: Iterable[RemittanceRow]) -> list[RemittanceRow]:
    """One row per contract and day: cash and other money of it together, in the order of the first of them.

    number: of both orders; carried_in, carried_out: of the day. The state is that of the order that is behind.
    """
    groups: dict[tuple[int, date], list[RemittanceRow]] = {}
    for row in rows:
        groups.setdefault((row.contract_id, row.day), []).append(row)
    return [_together(sorted(group, key=lambda row: row.remittance_id)) for group in groups.values()]


def _together(group: Sequence[RemittanceRow]) -> RemittanceRow:
    if len(group) == 1:
        return group[0]
    order = [RemittanceState.REJECTED, RemittanceState.FORMED, RemittanceState.SENT, RemittanceState.CONFIRMED]
    behind = min(group, key=lambda row: (not row.is_order, order.index(RemittanceState(row.state))))
    return replace(
        behind,
        gross=total(row.gross for row in group),
        returns=total(row.returns for row in group),
        commission=total(row.commission for row in group),
        vat=total(row.vat for row in group),
        net=total(row.net for row in group),
        number=", ".join(row.number for row in group if row.number),
        carried_in=group[0].carried_in,
        carried_out=group[-1].carried_out,
        arithmetic=tuple(line for row in group for line in row.arithmetic),
        is_cash=None,
    )


def remittances_of(
    *, contract_ids: Collection[int], since: date | None = None, until: date | None = None, limit: int = 100
) -> list[RemittanceRow]:
    """Remittances of the contracts with day in [since, until], newest first. One statement."""
    found = Remittance.objects.filter(contract_id__in=contract_ids)
    if since is not None:
        found = found.filter(day__gte=since)
    if until is not None:
        found = found.filter(day__lte=until)
    return remittance_rows(found.order_by("-day", "contract_id", "-pk")[:limit])


def remittance_queue(*, before: date) -> list[RemittanceRow]:
    """Orders of earlier days that have not left for the bank: returned to the queue, or forgotten."""
    waiting = Remittance.objects.filter(
        day__lt=before, bank_account__isnull=False, state__in=[RemittanceState.FORMED, RemittanceState.REJECTED]
    )
    return remittance_rows(waiting.order_by("day", "contract_id", "pk"))


def remittances_on(day: date) -> list[RemittanceRow]:
    """All remittances of a day, by principal."""
    found = Remittance.objects.filter(day=day)
    return remittance_rows(found.order_by("contract__principal__short_name", "contract_id", "pk"))


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A line of the registry behind a remittance: what was allocated to the contract out of one payment on one day."""

    account_id: int
    account_number: str
    payment_id: int
    channel: str
    paid_on: date
    day: date
    service_id: int
    service_name: str
    for_month: date
    part_name: str
    amount: Decimal


def remittance_registry(remittance_id: int) -> list[RegistryRow]:
    """The payments inside a remittance: Σ amount = gross − returns."""
    sql = """
        SELECT a.account_id, account.number, a.payment_id, channel.name, payment.paid_on, a.day, a.service_id,
            service.name, a.for_month, CASE a.part WHEN 1 THEN 'долг' WHEN 2 THEN 'пени' ELSE 'аванс' END, a.amount
        FROM payments_remittance AS r
        JOIN payments_allocation AS a ON a.contract_id = r.contract_id AND a.day <= r.day
            AND (r.previous_day IS NULL OR a.day > r.previous_day)
        JOIN payments_payment AS payment ON payment.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = payment.channel_id AND channel.kind <> 5
            AND coalesce(r.is_cash, channel.is_cash) = channel.is_cash
        JOIN accounts_personalaccount AS account ON account.id = a.account_id
        JOIN accounts_service AS service ON service.id = a.service_id
        WHERE r.id = %(remittance)s ORDER BY a.day, account.number, a.payment_id, a.line
    """
    return rows_of(RegistryRow, sql, {"remittance": remittance_id})


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What one operating day brought the contracts and what was remitted for it; roubles.

    received: allocated out of what the centre received; own: out of what the principal received himself.
    remitted, commission, vat, carried_out: of the remittances made for this day, one a contract.
    """

    day: date
    is_closed: bool
    received: Decimal
    returns: Decimal
    own: Decimal
    by_channel: tuple[tuple[str, Decimal], ...]
    remitted: Decimal
    commission: Decimal
    vat: Decimal
    carried_out: Decimal
    remittances: tuple[RemittanceRow, ...]


def day_summary(*, contract_ids: Collection[int], day: date) -> DaySummary:
    """The principal's home: yesterday's receipts and what was remitted. Three statements."""
    sql = """
        SELECT channel.name, channel.kind, sum(a.amount) FILTER (WHERE a.amount > 0),
            -sum(a.amount) FILTER (WHERE a.amount < 0)
        FROM payments_allocation AS a
        JOIN payments_payment AS payment ON payment.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = payment.channel_id
        WHERE a.day = %(day)s AND a.contract_id = ANY(%(contracts)s) GROUP BY 1, 2 ORDER BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day, "contracts": list(contract_ids)})
        sums = [(name, kind, plus or ZERO, minus or ZERO) for name, kind, plus, minus in cursor.fetchall()]
    sent = remittances_of(contract_ids=contract_ids, since=day, until=day, limit=2 * len(contract_ids) or 1)
    remittances = by_day(sent)
    state = OperatingDay.objects.filter(day=day).values_list("state", flat=True).first()
    return DaySummary(
        day=day,
        is_closed=state == OperatingDayState.CLOSED,
        received=sum((plus for _, kind, plus, _ in sums if kind != 5), ZERO),
        returns=sum((minus for _, kind, _, minus in sums if kind != 5), ZERO),
        own=sum((plus - minus for _, kind, plus, minus in sums if kind == 5), ZERO),
        by_channel=tuple((name, plus - minus) for name, _, plus, minus in sums),
        remitted=sum((row.net for row in remittances), ZERO),
        commission=sum((row.commission for row in remittances), ZERO),
        vat=sum((row.vat for row in remittances), ZERO),
        carried_out=sum((row.carried_out for row in remittances), ZERO),
        remittances=tuple(remittances),
    )


@dataclass(frozen=True, slots=True)
class ContractDay:
    """What one operating day brought one contract, roubles; own: received by the principal himself, never remitted."""

    contract_id: int
    received: Decimal
    returns: Decimal
    own: Decimal


def contract_days(*, contract_ids: Collection[int], day: date) -> dict[int, ContractDay]:
    """The day's receipts of each contract that had any. One statement."""
    sql = """
        SELECT a.contract_id,
            coalesce(sum(a.amount) FILTER (WHERE a.amount > 0 AND channel.kind <> 5), 0.00),
            coalesce(-sum(a.amount) FILTER (WHERE a.amount < 0 AND channel.kind <> 5), 0.00),
            coalesce(sum(a.amount) FILTER (WHERE channel.kind = 5), 0.00)
        FROM payments_allocation AS a
        JOIN payments_payment AS payment ON payment.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = payment.channel_id
        WHERE a.day = %(day)s AND a.contract_id = ANY(%(contracts)s) GROUP BY 1
    """
    return {row.contract_id: row for row in rows_of(ContractDay, sql, {"day": day, "contracts": list(contract_ids)})}


@dataclass(frozen=True, slots=True)
class ContractReceipt:
    """What one payment brought one contract on one operating day, roubles; negative where it was reversed."""

    contract_id: int
    contract_number: str
    account_id: int
    account_number: str
    payment_id: int
    channel: str
    is_own: bool
    paid_on: date
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ContractReceipts:
    """One page of receipts, and what all of them come to."""

    rows: list[ContractReceipt]
    count: int
    amount: Decimal


def contract_receipts(
    *,
    contract_ids: Collection[int],
    since: date,
    until: date,
    account_id: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> ContractReceipts:
    """Receipts of the contracts with operating day in [since, until], newest first. One statement, of a part two."""
    grouped = f"""
        SELECT a.contract_id, contract.number AS contract_number, a.account_id, account.number, a.payment_id,
            channel.name, channel.kind = 5 AS is_own, payment.paid_on, a.day, sum(a.amount) AS amount
        FROM payments_allocation AS a
        JOIN payments_payment AS payment ON payment.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = payment.channel_id
        JOIN accounts_personalaccount AS account ON account.id = a.account_id
        JOIN accounts_agencycontract AS contract ON contract.id = a.contract_id
        WHERE a.contract_id = ANY(%(contracts)s) AND a.day >= %(since)s AND a.day <= %(until)s
            {"AND a.account_id = %(account)s" if account_id is not None else ""}
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(a.amount) <> 0
    """
    params: dict[str, Any] = {
        "contracts": list(contract_ids), "since": since, "until": until, "account": account_id, "limit": limit,
        "offset": offset,
    }  # fmt: skip
    order = "ORDER BY a.day DESC, account.number, a.payment_id, a.contract_id LIMIT %(limit)s OFFSET %(offset)s"
    rows = rows_of(ContractReceipt, f"{grouped} {order}", params)
    if limit is None and not offset:
        return ContractReceipts(rows, len(rows), total(row.amount for row in rows))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(amount), 0.00) FROM ({grouped}) AS found", params)
        count, amount = cursor.fetchone()
    return ContractReceipts(rows, count, amount)


# --- the laws, as `verify` asks them --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DaySheet:
    """Ведомость сохранности of a day, roubles: received + released = allocated + returned + suspended.

    released: money of earlier days that left the suspense today; suspended: money of today that found no owner today;
    allocated: parts less their mirror rows; returned: payments reversed or given back today.
    """

    day: date
    received: Decimal
    released: Decimal
    allocated: Decimal
    returned: Decimal
    suspended: Decimal

    @property
    def difference(self) -> Decimal:
        return self.received + self.released - self.allocated - self.returned - self.suspended


def day_sheet(day: date) -> DaySheet:
    """The day's conservation sheet, from rows alone. One statement."""
    sql = """
        WITH moved AS (
            SELECT payment_id, sum(amount) AS amount FROM payments_allocation WHERE day = %(day)s GROUP BY payment_id
        ), reversed AS (
            SELECT r.payment_id, p.amount, p.day AS received_on FROM payments_reversal AS r
            JOIN payments_payment AS p ON p.id = r.payment_id WHERE r.day = %(day)s
        ), came AS (
            SELECT p.id, p.amount FROM payments_payment AS p WHERE p.day = %(day)s AND p.state <> 'in_transit'
        ), earlier AS (
            SELECT p.id, p.amount FROM payments_payment AS p
            WHERE p.day < %(day)s AND p.id IN (SELECT payment_id FROM moved UNION SELECT payment_id FROM reversed)
                AND NOT EXISTS (SELECT FROM payments_allocation AS a WHERE a.payment_id = p.id AND a.day < %(day)s)
        )
        SELECT (SELECT coalesce(sum(amount), 0.00) FROM came),
            (SELECT coalesce(sum(amount), 0.00) FROM earlier),
            (SELECT coalesce(sum(amount), 0.00) FROM moved),
            (SELECT coalesce(sum(amount), 0.00) FROM reversed),
            (SELECT coalesce(sum(amount), 0.00) FROM came
             WHERE NOT EXISTS (SELECT FROM moved WHERE moved.payment_id = came.id)
                 AND NOT EXISTS (SELECT FROM reversed WHERE reversed.payment_id = came.id))
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day})
        return DaySheet(day, *cursor.fetchone())


def conservation_of_day(day: date) -> Iterator[str]:
    """Law 5 for a day: received = allocated + unidentified + returned. Yields what offends, with its key."""
    sheet = day_sheet(day)
    if sheet.difference:
        yield f"день {day}: получено и не разнесено расходится на {written(sheet.difference)} ₽"
    row = OperatingDay.objects.filter(day=day).first()
    if row is None:
        if sheet.received or sheet.allocated or sheet.returned:
            yield f"день {day}: движения есть, а операционного дня нет"
    elif row.state == OperatingDayState.CLOSED and row.sheet:
        for name in ("received", "released", "allocated", "returned", "suspended"):
            if row.sheet.get(name) != str(getattr(sheet, name)):
                yield f"день {day}: в ведомости {name} = {row.sheet.get(name)}, по строкам {getattr(sheet, name)}"
    sql = """
        SELECT p.id, p.amount, p.state, coalesce(parts.amount, 0.00), r.id IS NOT NULL
        FROM payments_payment AS p
        LEFT JOIN (
            SELECT payment_id, sum(amount) AS amount FROM payments_allocation
            WHERE payment_id IN (SELECT id FROM payments_payment WHERE day = %(day)s) GROUP BY payment_id
        ) AS parts ON parts.payment_id = p.id
        LEFT JOIN payments_reversal AS r ON r.payment_id = p.id
        WHERE p.day = %(day)s AND (
            (p.state = 'allocated' AND (parts.amount IS DISTINCT FROM p.amount OR r.id IS NOT NULL))
            OR (p.state IN ('unidentified', 'accepted', 'in_transit')
                AND (parts.amount IS NOT NULL OR r.id IS NOT NULL))
            OR (p.state IN ('reversed', 'returned') AND (coalesce(parts.amount, 0) <> 0 OR r.id IS NULL))
            OR (p.state = 'unidentified' AND p.account_id IS NOT NULL)
            OR (p.state = 'accepted' AND p.account_id IS NULL))
        ORDER BY p.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day})
        for payment_id, amount, state, allocated, is_reversed in cursor.fetchall():
            yield (
                f"платёж {payment_id}: {written(amount)} ₽, состояние «{PaymentState(state).label}», "
                f"разнесено {written(allocated)} ₽" + (", есть сторно" if is_reversed else "")
            )


def conservation_of_contract(contract_id: int) -> Iterator[str]:
    """`conservation_of_contracts` of one principal's contract, over all its days."""
    yield from conservation_of_contracts(contract_id=contract_id)


def conservation_of_contracts(*, month: Month | None = None, contract_id: int | None = None) -> Iterator[str]:
    """Law 5 for a principal: allocated out of what the centre received − returned = remitted + withheld + carried over.

    Also the chain: each remittance begins where the one before ended, and carries in what that one carried out.
    month: its remittances alone, from what the last one before them left. One pass over the allocations.
    """
    found = Remittance.objects.order_by("contract_id", "day", "pk")
    if contract_id is not None:
        found = found.filter(contract_id=contract_id)
    if month is not None:
        found = found.filter(day__lt=month.next.first)
    paid: dict[int, Decimal] = {}
    after: dict[int, date] = {}
    last: dict[int, Remittance] = {}
    for row in found:
        before, is_asked = last.get(row.contract_id), month is None or row.day >= month.first
        last[row.contract_id] = row
        if not is_asked:
            continue
        where = f"договор {row.contract_id}, перечисление за {row.day}"
        ended = before.day if before else None
        if before is not None and before.day == row.day:  # the other kind of the same days' money
            ended = before.previous_day
        if row.previous_day != ended:
            yield f"{where}: начинается после {row.previous_day}, а прошлое было за {ended}"
        left = before.carried_out if before else ZERO
        if row.carried_in != left:
            yield f"{where}: перенесено {written(row.carried_in)} ₽, а прошлое оставило {written(left)} ₽"
        if row.contract_id not in paid:
            paid[row.contract_id] = -left
            after[row.contract_id] = before.day if before else date.min
        paid[row.contract_id] += row.net + row.commission + row.vat
    if not paid:
        return
    contracts = sorted(paid)
    sql = """
        SELECT a.contract_id, sum(a.amount) FROM payments_allocation AS a
        JOIN unnest(%(contracts)s::bigint[], %(after)s::date[], %(upto)s::date[]) AS spot (contract_id, after, upto)
            ON spot.contract_id = a.contract_id AND a.day > spot.after AND a.day <= spot.upto
        JOIN payments_payment AS p ON p.id = a.payment_id
        JOIN payments_channel AS channel ON channel.code = p.channel_id AND channel.kind <> 5
        WHERE a.day > %(first)s AND a.day <= %(last)s GROUP BY a.contract_id
    """
    params: dict[str, Any] = {
        "contracts": contracts, "after": [after[one] for one in contracts],
        "upto": [last[one].day for one in contracts],
        "first": min(after.values()), "last": max(last[one].day for one in contracts),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        allocated = dict(cursor.fetchall())
    for one in contracts:
        came, went = allocated.get(one, ZERO), paid[one] + last[one].carried_out
        if came != went:
            yield (
                f"договор {one}: разнесено за вычетом возвратов {written(came)} ₽, "
                f"а перечислено, удержано и перенесено {written(went)} ₽"
            )


def operating_days(*, month: Month | None = None) -> list[date]:
    """Days of the books, all or of a month."""
    found = OperatingDay.objects.order_by("day")
    if month is not None:
        found = found.filter(day__gte=month.first, day__lt=month.next.first)
    return list(found.values_list("day", flat=True))


def closed_days() -> list[date]:
    """Days of the books that took their last payment, since the last checkpoint; a day before it is closed anyway."""
    last = ClosedMonth.objects.order_by("-month").values_list("month", flat=True).first()
    found = OperatingDay.objects.filter(state=OperatingDayState.CLOSED).order_by("day")
    if last is not None:
        found = found.filter(day__gte=Month(last).next.first)
    return list(found.values_list("day", flat=True))


def closed_months() -> list[Month]:
    """Months with a checkpoint, oldest first."""
    return [Month(first) for first in ClosedMonth.objects.order_by("month").values_list("month", flat=True)]


# The checkpoint of a month against ink and allocations since the checkpoint before it; what differs, by key. All that
# should stand is added, all that stands taken off, in one aggregate; `mark` is a number, so that only its partitions
# are read and planned for.
CHAIN = f"""
    SELECT account_id, contract_id, service_id FROM (
        SELECT account_id, contract_id, service_id, closing AS opening, 0.00 AS charged, 0.00 AS paid,
            penalty_closing AS penalty_opening, 0.00 AS penalty_charged, 0.00 AS penalty_paid
        FROM payments_balance WHERE month = %(mark)s
        UNION ALL
        SELECT c.account_id, c.contract_id, c.service_id,
            CASE WHEN c.kind <> 6 AND c.month < %(month)s THEN c.amount ELSE 0 END,
            CASE WHEN c.kind <> 6 AND c.month = %(month)s THEN c.amount ELSE 0 END, 0.00,
            CASE WHEN c.kind = 6 AND c.month < %(month)s THEN c.amount ELSE 0 END,
            CASE WHEN c.kind = 6 AND c.month = %(month)s THEN c.amount ELSE 0 END, 0.00
        FROM {INK} WHERE c.month > %(mark)s AND c.month <= %(month)s AND {NOT_HELD}
        UNION ALL
        SELECT account_id, contract_id, service_id,
            CASE WHEN part <> 2 AND day < %(month)s THEN -amount ELSE 0 END, 0.00,
            CASE WHEN part <> 2 AND day >= %(month)s THEN amount ELSE 0 END,
            CASE WHEN part = 2 AND day < %(month)s THEN -amount ELSE 0 END, 0.00,
            CASE WHEN part = 2 AND day >= %(month)s THEN amount ELSE 0 END
        FROM payments_allocation WHERE day >= %(after_mark)s AND day < %(next)s
        UNION ALL
        SELECT account_id, contract_id, service_id, -opening, -charged, -paid, -penalty_opening, -penalty_charged,
            -penalty_paid
        FROM payments_balance WHERE month = %(month)s
    ) AS lines GROUP BY account_id, contract_id, service_id
    HAVING sum(opening) <> 0 OR sum(charged) <> 0 OR sum(paid) <> 0
        OR sum(penalty_opening) <> 0 OR sum(penalty_charged) <> 0 OR sum(penalty_paid) <> 0
    UNION
    SELECT account_id, contract_id, service_id FROM payments_balance
    WHERE month = %(month)s AND (opening + charged - paid <> closing
        OR penalty_opening + penalty_charged - penalty_paid <> penalty_closing)
    ORDER BY 1, 2, 3 LIMIT 1000
"""


# The items beside a checkpoint, with what the month itself left open, against its closing balance.
ITEMS_CHAIN = """
    SELECT account_id, contract_id, service_id FROM (
        SELECT account_id, contract_id, service_id, CASE WHEN is_penalty THEN 0 ELSE amount END AS debt,
            CASE WHEN is_penalty THEN amount ELSE 0 END AS penalty
        FROM payments_openitem WHERE month = %(month)s
        UNION ALL
        SELECT c.account_id, c.contract_id, c.service_id, CASE WHEN c.kind = 6 THEN 0 ELSE c.amount END,
            CASE WHEN c.kind = 6 THEN c.amount ELSE 0 END
        FROM billing_charge AS c JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.month = %(month)s
        UNION ALL
        SELECT account_id, contract_id, service_id, CASE WHEN part = 2 THEN 0 ELSE -amount END,
            CASE WHEN part = 2 THEN -amount ELSE 0 END
        FROM payments_allocation
        WHERE day >= %(month)s AND day < %(next)s AND for_month >= %(month)s AND contract_id <> 0
        UNION ALL
        SELECT account_id, contract_id, service_id, -closing, -penalty_closing
        FROM payments_balance WHERE month = %(month)s AND contract_id <> 0
    ) AS lines GROUP BY account_id, contract_id, service_id HAVING sum(debt) <> 0 OR sum(penalty) <> 0
    ORDER BY 1, 2, 3 LIMIT 1000
"""


def open_items_chain(month: Month) -> Iterator[str]:
    """Do the open items beside the last closed month's checkpoint sum to its closing balances? Yields the keys."""
    with connection.cursor() as cursor:
        cursor.execute(ITEMS_CHAIN, {"month": month.first, "next": month.next.first})
        for account_id, contract_id, service_id in cursor.fetchall():
            yield f"остатки {month}: счёт {account_id}, договор {contract_id}, услуга {service_id}: не равны сальдо"


def balance_chain(month: Month) -> Iterator[str]:
    """Law 5 for a closed month: opening + charged − paid = closing, opening = the closing before, all from ink."""
    last = ClosedMonth.objects.filter(month__lt=month.first).order_by("-month").values_list("month", flat=True).first()
    mark = Month(last) if last is not None else None
    after = {"mark": mark.first if mark else LONG_AGO, "after_mark": mark.next.first if mark else LONG_AGO}
    with connection.cursor() as cursor:
        cursor.execute(CHAIN, {"month": month.first, "next": month.next.first, **after})
        for account_id, contract_id, service_id in cursor.fetchall():
            yield f"сальдо {month}: счёт {account_id}, договор {contract_id}, услуга {service_id}: не по проводкам"
