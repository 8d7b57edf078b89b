"""Receipts of 54-ФЗ: made in the transaction that lays the money over debts, sent by a job that never loses one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.timezone import get_default_timezone

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import lock_number
from accounts.errors import Refusal
from accounts.money import ZERO, split, total
from accounts.queries import AgencyContract, Organisation, OrganisationKind, User
from payments import fiscal, queries
from payments.allocation import Rule
from payments.fiscal import CashRegister
from payments.fiscal.receipt import (
    ADVANCE,
    PaidLine,
    Supplier,
    advance_of,
    contents,
    joined,
    left_of,
    part_of,
    returned,
    sum_of,
    told_as,
)
from payments.models import FiscalKind, FiscalReceipt, FiscalState, Payment, PaymentState, Reversal

LEASE = timedelta(minutes=2)  # who took a receipt to send it has so long before another may
LONGEST_PAUSE = timedelta(hours=1)
LOOK_BACK = timedelta(days=5)  # how far back the job looks for payments without a receipt


class NoReceipt(Refusal):
    """The receipt is not to be sent again."""


LAID = (PaymentState.ALLOCATED, PaymentState.UNIDENTIFIED)


def make_receipts(
    payment_ids: Collection[int], *, at: datetime, states: Collection[PaymentState] = LAID, together: bool = False
) -> list[FiscalReceipt]:
    """Receipts of these payments, where their channel gives any: once per payment, in the caller's transaction.

    Money that nobody owns yet has its receipt too: an advance. together: cash and a card paid one bill, so that all of
    them are printed as one document. Source: domain/payments.md, 7.
    """
    if not _channels_give_any(payment_ids):
        return []
    due = _due(states).filter(pk__in=payment_ids).select_related("channel", "account", "online__user")
    found = list(due.order_by("pk"))
    if not found:
        return []
    parts = queries.parts_of([payment.pk for payment in found])
    suppliers = _suppliers({part.contract_id for part in parts if part.contract_id})
    company = _company()
    made = []
    for payment in found:
        own = [
            PaidLine(part.contract_id, part.service_id, part.service_name, part.part, part.amount)
            for part in parts
            if part.payment_id == payment.pk
        ] or [PaidLine(0, 0, "", 3, payment.amount)]
        told = contents(
            own,
            suppliers=suppliers,
            vat_percents=_vat_percents({line.contract_id for line in own}, payment.day),
            is_cash=payment.channel.is_cash,
            contact=_contact(payment),
            company=company,
            account=payment.account.number if payment.account else payment.number_as_received,
        )
        made.append(
            FiscalReceipt(
                payment=payment, kind=FiscalKind.SELL, amount=payment.amount, contents=told, made_at=at, next_at=at
            )
        )
    if together:
        first, *others = made
        first.save()
        for row in others:
            row.printed_with = first
        return [first, *FiscalReceipt.objects.bulk_create(others)]
    return FiscalReceipt.objects.bulk_create(made)


# What the advances of receipts went to in a month; a payment that was reversed since is not offset any more. Money
# that was nobody's, or another account's, when its receipt was printed is found by MOVED_OFFSETS.
OFFSETS = """
    SELECT a.payment_id, a.contract_id, a.service_id, service.name, a.part, sum(a.amount)
    FROM payments_fiscalreceipt AS sold
    JOIN payments_payment AS p ON p.id = sold.payment_id AND p.state = 'allocated'
    JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id
        AND a.day >= %(first)s AND a.day < %(after)s AND a.rule = %(rule)s AND a.amount > 0
    JOIN accounts_service AS service ON service.id = a.service_id
    WHERE sold.kind = 'sell' AND p.held_because = '' AND NOT EXISTS (
        SELECT FROM payments_fiscalreceipt AS o
        WHERE o.payment_id = sold.payment_id AND o.kind = 'offset' AND o.month = %(first)s)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1
"""


# Money whose receipt said «аванс» because nobody knew its account, that was moved to another one or gave back a part of
# itself: what it pays now is an offset of that advance. The receipt is its root's, and what its returns gave back is
# neither sold nor an advance any more; `due`: what the debts it pays exceed what was told by then.
MOVED_OFFSETS = """
    WITH RECURSIVE moved AS (
        SELECT p.id AS root_id, p.id AS payment_id FROM payments_payment AS p
        WHERE p.held_because <> '' AND p.state IN ('allocated', 'reversed')
        UNION
        SELECT r.payment_id, r.replaced_by_id FROM payments_reversal AS r WHERE r.replaced_by_id IS NOT NULL
        UNION
        SELECT moved.root_id, r.replaced_by_id FROM moved
        JOIN payments_reversal AS r ON r.payment_id = moved.payment_id AND r.replaced_by_id IS NOT NULL
        WHERE NOT EXISTS (SELECT FROM payments_fiscalreceipt AS anew  -- rests were sold anew once
            WHERE anew.payment_id = r.replaced_by_id AND anew.kind = 'sell')
    ), told AS (
        SELECT moved.payment_id, moved.root_id, p.account_id, sold.id AS sold_id,
            (SELECT coalesce(sum((line ->> 'amount')::numeric
                    * CASE f.kind WHEN 'sell' THEN 1 ELSE -1 END), 0)
                FROM payments_fiscalreceipt AS f, jsonb_array_elements(f.contents -> 'lines') AS line
                WHERE (f.id = sold.id OR f.original_id = sold.id) AND line ->> 'method' = 'advance') AS advance,
            sold.amount - (SELECT coalesce(sum(f.amount), 0) FROM payments_fiscalreceipt AS f
                WHERE f.original_id = sold.id) AS sold,
            (SELECT coalesce(sum(o.amount - (SELECT coalesce(sum(f.amount), 0) FROM payments_fiscalreceipt AS f
                    WHERE f.original_id = o.id)), 0)
                FROM payments_fiscalreceipt AS o
                WHERE o.payment_id = moved.root_id AND o.kind = 'offset') AS offset_before
        FROM moved
        JOIN payments_fiscalreceipt AS sold ON sold.payment_id = moved.root_id AND sold.kind = 'sell'
        JOIN payments_payment AS p ON p.id = moved.payment_id AND p.state = 'allocated'
        WHERE NOT EXISTS (SELECT FROM payments_fiscalreceipt AS o
            WHERE o.payment_id = moved.root_id AND o.kind = 'offset' AND o.month = %(first)s)
    )
    SELECT told.root_id, a.contract_id, a.service_id, service.name, a.part, sum(a.amount),
        least(told.advance - told.offset_before, sum(sum(a.amount)) OVER (PARTITION BY told.root_id)
            - (told.sold - told.advance) - told.offset_before)
    FROM told
    JOIN payments_allocation AS a ON a.account_id = told.account_id AND a.payment_id = told.payment_id
        AND a.day < %(after)s AND a.part <> %(advance)s
    JOIN accounts_service AS service ON service.id = a.service_id
    WHERE told.advance > told.offset_before
    GROUP BY 1, 2, 3, 4, 5, told.advance, told.offset_before, told.sold ORDER BY 1, 2, 3, 5
"""


def _moved_offsets(facts: Mapping[str, Any]) -> dict[int, list[PaidLine]]:
    """Payment with the receipt → what its advance paid on the account it was given to, by MOVED_OFFSETS."""
    rows: dict[int, list[tuple[PaidLine, Decimal]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(MOVED_OFFSETS, {**facts, "advance": ADVANCE})
        for payment_id, *line, due in cursor.fetchall():
            paid = PaidLine(*line)
            if paid.amount > 0 < due:
                rows.setdefault(payment_id, []).append((paid, due))
    if not rows:
        return {}
    told = _told_in_full(rows)
    suppliers = _suppliers({line.contract_id for paid in rows.values() for line, _ in paid})
    found = {}
    for payment_id, paid_lines in rows.items():
        before = told.get(payment_id, {})
        left = []
        for line, _ in paid_lines:  # a debt that a receipt has named is not told again
            key = told_as(line, suppliers=suppliers)
            known = min(line.amount, before.get(key, ZERO))
            before[key] = before.get(key, ZERO) - known
            left.append(line.amount - known)
        due = min(paid_lines[0][1], total(left))
        if due > 0:
            parts = zip(paid_lines, split(due, left), strict=True)
            found[payment_id] = [replace(line, amount=part) for (line, _), part in parts if part]
    return found


def _told_in_full(payment_ids: Collection[int]) -> dict[int, dict[tuple[str, str], Decimal]]:
    """Payment → (name, supplier's ИНН) → roubles that its receipts told as paid in full, less their returns."""
    rows = FiscalReceipt.objects.filter(
        Q(payment__in=payment_ids, kind__in=[FiscalKind.SELL, FiscalKind.OFFSET])
        | Q(original__payment__in=payment_ids)
    )  # fmt: skip
    found: dict[int, dict[tuple[str, str], Decimal]] = {}
    for row in rows.select_related("original"):
        told = found.setdefault(row.original.payment_id if row.original else row.payment_id, {})
        for line in row.contents["lines"]:
            if line["method"] != "advance":
                key = (line["name"], line["supplier"]["inn"] if "supplier" in line else "")
                amount = Decimal(line["amount"])
                told[key] = told.get(key, ZERO) + (-amount if row.original else amount)
    return found


@transaction.atomic
def make_offset_receipts(*, month: Month, at: datetime) -> int:
    """Receipts «зачёт аванса» of the month: one a payment, a line for each principal and service; how many.

    Money that was nobody's when its receipt was printed, or that was moved to another account, is offset there.
    Once the month is over; a second call adds nothing. Source: 54-ФЗ, ст. 1.2 п. 2.1 (domain/payments.md, 7).
    """
    today = at.astimezone(get_default_timezone()).date()
    if month.last >= today:
        raise NoReceipt(f"Месяц {month.title} ещё идёт: авансы зачитывают чеком после его конца.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("payments.receipts.offset")])
        facts: dict[str, Any] = {"first": month.first, "after": month.next.first, "rule": int(Rule.ADVANCE_USED)}
        cursor.execute(OFFSETS, facts)
        used: dict[int, list[PaidLine]] = {}
        for payment_id, *line in cursor.fetchall():
            used.setdefault(payment_id, []).append(PaidLine(*line))
    used |= _moved_offsets(facts)
    if not used:
        return 0
    found = Payment.objects.filter(pk__in=used).select_related("channel", "account", "online__user").order_by("pk")
    contracts = {line.contract_id for lines in used.values() for line in lines}
    suppliers, percents, company = _suppliers(contracts), _vat_percents(contracts, month.last), _company()
    made = []
    for payment in found:
        told = contents(
            used[payment.pk], suppliers=suppliers, vat_percents=percents, is_cash=payment.channel.is_cash,
            contact=_contact(payment), company=company, is_offset=True,
            account=payment.account.number if payment.account else payment.number_as_received,
        )  # fmt: skip
        made.append(
            FiscalReceipt(
                payment=payment, kind=FiscalKind.OFFSET, month=month.first, amount=Decimal(told["total"]),
                contents=told, made_at=at, next_at=at,
            )
        )  # fmt: skip
    return len(FiscalReceipt.objects.bulk_create(made, batch_size=1000))


def _channels_give_any(payment_ids: Collection[int]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM payments_payment AS p JOIN payments_channel AS c ON c.code = p.channel_id"
            " WHERE p.id = ANY(%s) AND c.receipts_from <= p.day)",
            [list(payment_ids)],
        )
        return bool(cursor.fetchone()[0])


def _due(states: Collection[PaymentState] = LAID) -> QuerySet[Payment]:
    """Payments that ought to have a receipt and have none. What took another's place had its receipt there."""
    due = Payment.objects.filter(replaces=None, channel__receipts_from__lte=F("day"), state__in=states)
    sold = FiscalReceipt.objects.filter(payment=OuterRef("pk"), kind=FiscalKind.SELL)
    return due.filter(~Exists(sold))


@transaction.atomic
def make_missing_receipts(*, at: datetime) -> int:
    """Receipts of the last days' payments that got none, whatever took them in; how many."""
    since = at.astimezone(get_default_timezone()).date() - LOOK_BACK
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("payments.receipts.missing")])
    late = list(_due().filter(day__gte=since, accepted_at__lte=at - LEASE).values_list("pk", flat=True)[:1000])
    return len(make_receipts(late, at=at)) if late else 0


def make_refund_receipt(
    payment_id: int, *, amount: Decimal, at: datetime, by_order: bool = False
) -> FiscalReceipt | None:
    """«Возврат прихода» of `amount` roubles that the mirrored payment gave back. None: its money had no receipt.

    The receipt it answers is of the payment this money came as, over transfers and refunds in part; it says what of it
    goes back, and the rest stays sold. A part is the advance's; what the advance had paid for goes back before it.
    by_order: a bank's order pays it. Source: 54-ФЗ, ст. 1.1, 4.7; domain/payments.md, 2.4, 7.
    """
    sold = sold_receipt(payment_id)
    if sold is None:
        return None
    earlier = sold.returns.exclude(payment=payment_id)
    left = left_of(sold.contents["lines"], [line for row in earlier for line in row.contents["lines"]])
    is_whole = amount >= sum_of(left)
    lines = left if is_whole else part_of(left, amount)
    if not lines:
        return None
    given = advance_of(lines)
    offsets = _offsets_left(sold.payment_id, but_of=payment_id)
    used = total(sum_of(of_month) for _, of_month in offsets)
    excess = used if is_whole else min(given, max(ZERO, used - (advance_of(left) - given)))
    for offset, of_month in offsets:
        part = min(excess, sum_of(of_month))
        if part > 0:
            _returned(offset, payment_id, part_of(of_month, part), FiscalKind.OFFSET_BACK, at=at)
            excess -= part
    return _returned(sold, payment_id, lines, FiscalKind.SELL_REFUND, at=at, by_order=by_order)


def _offsets_left(payment_id: int, *, but_of: int) -> list[tuple[FiscalReceipt, list[dict[str, Any]]]]:
    """Offsets of the payment's advance with the lines that did not go back, the last month first."""
    found = FiscalReceipt.objects.filter(payment=payment_id, kind=FiscalKind.OFFSET).order_by("-month")
    return [
        (
            row,
            left_of(
                row.contents["lines"],
                [line for back in row.returns.exclude(payment=but_of) for line in back.contents["lines"]],
            ),
        )
        for row in found.prefetch_related("returns")
    ]


def sold_receipt(payment_id: int) -> FiscalReceipt | None:
    """The receipt «приход» of this money: the payment's own, or of the payment whose place it took."""
    came: int | None = payment_id
    while came is not None:
        sold = FiscalReceipt.objects.filter(payment=came, kind=FiscalKind.SELL).first()
        if sold is not None:
            return sold
        came = Reversal.objects.filter(replaced_by=came).values_list("payment_id", flat=True).first()
    return None


def _returned(
    row: FiscalReceipt, payment_id: int, lines: list[dict[str, Any]], kind: FiscalKind, *, at: datetime,
    by_order: bool = False,
) -> FiscalReceipt:  # fmt: skip
    told = returned(row.contents, lines, by_order=by_order)
    facts = {"amount": Decimal(told["total"]), "contents": told, "original": row, "made_at": at, "next_at": at}
    key = {"payment_id": payment_id, "kind": kind, "month": row.month}
    return FiscalReceipt.objects.get_or_create(**key, defaults=facts)[0]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many receipts were handed over, printed, refused, and whether the cash register is silent."""

    sent: int
    done: int
    refused: int
    is_down: bool


def send_receipts(*, at: datetime, limit: int = 500) -> Sent:
    """Hand waiting receipts over and ask about those that were; the oldest first, a return after its own sale.

    A receipt is taken in one transaction, asked about outside any, answered in another: killed in between, it is sent
    again with its key, and the cash register knows it by that. Safe to run beside itself.
    """
    counts = {"sent": 0, "done": 0, "refused": 0, "waiting": 0}
    if not fiscal.is_on():
        return Sent(0, 0, 0, True)
    register = fiscal.register()
    for _ in range(limit):
        row = _taken(at)
        if row is None:
            break
        try:
            counts[_told(row, register, at=at)] += 1
        except fiscal.RegisterDown as refusal:
            FiscalReceipt.objects.filter(pk=row.pk).update(next_at=at + _pause(row), trouble=str(refusal)[:500])
            return Sent(counts["sent"], counts["done"], counts["refused"], True)
    return Sent(counts["sent"], counts["done"], counts["refused"], False)


def _pause(row: FiscalReceipt) -> timedelta:
    return min(timedelta(seconds=30 * 2 ** min(row.attempts, 8)), LONGEST_PAUSE)


@transaction.atomic
def _taken(at: datetime) -> FiscalReceipt | None:
    """The next receipt whose time has come, leased: nobody else takes it for a while."""
    done = FiscalReceipt.objects.filter(state=FiscalState.DONE)
    is_sold = Exists(done.filter(payment=OuterRef("payment"), kind=FiscalKind.SELL))
    is_answer = Exists(done.filter(pk=OuterRef("original")))
    ready = Q(kind=FiscalKind.SELL) | Q(is_sold, kind=FiscalKind.OFFSET) | Q(is_answer)
    row = (
        FiscalReceipt.objects.select_for_update(skip_locked=True)
        .filter(ready, printed_with=None, state__in=[FiscalState.WAITING, FiscalState.SENT], next_at__lte=at)
        .order_by("next_at", "pk")
        .first()
    )
    if row is not None:
        row.attempts = min(row.attempts + 1, 30_000)
        row.next_at = at + LEASE
        row.save(update_fields=["attempts", "next_at"])
    return row


def _document(row: FiscalReceipt) -> QuerySet[FiscalReceipt]:
    """The receipts that are printed as this one's document: mostly itself alone."""
    return FiscalReceipt.objects.filter(Q(pk=row.pk) | Q(printed_with=row.pk)).order_by("pk")


def _told(row: FiscalReceipt, register: CashRegister, *, at: datetime) -> str:
    document = _document(row)
    try:
        if row.state == FiscalState.WAITING:
            local = at.astimezone(get_default_timezone())
            others = [one.contents for one in document if one.pk != row.pk]
            told_in = joined([row.contents, *others]) if others else row.contents
            number = register.send(key=_key(row), kind=row.kind, contents=told_in, at=local)
            facts: dict[str, Any] = {"state": FiscalState.SENT, "service_id": number, "trouble": "", "attempts": 0}
            document.update(**facts, next_at=at + timedelta(seconds=10))
            return "sent"
        told = register.read(row.service_id)
    except fiscal.ReceiptRefused as refusal:
        return _refused(row, str(refusal))
    if told.state == fiscal.REFUSED:
        return _refused(row, told.trouble)
    if told.state == fiscal.WAITING:
        FiscalReceipt.objects.filter(pk=row.pk).update(next_at=at + _pause(row))
        return "waiting"
    with transaction.atomic():
        done = document.filter(state=FiscalState.SENT)
        if done.update(state=FiscalState.DONE, fiscal=told.fiscal, trouble=""):
            accounts_operations.note(
                "payments.receipt.printed", receipt_id=row.pk, payment_id=row.payment_id, kind=row.kind,
                amount=row.amount,
            )  # fmt: skip
    return "done"


@transaction.atomic
def _refused(row: FiscalReceipt, trouble: str) -> str:
    _document(row).update(state=FiscalState.REFUSED, trouble=trouble[:500])
    accounts_operations.note("payments.receipt.refused", ground=trouble, receipt_id=row.pk, payment_id=row.payment_id)
    return "refused"


@transaction.atomic
def send_again(*, receipt_id: int, by: User, at: datetime) -> FiscalReceipt:
    """Put a refused receipt back into the queue, as another document of the cash register. Raises NoReceipt."""
    row = FiscalReceipt.objects.select_for_update().filter(pk=receipt_id).first()
    if row is None or row.state != FiscalState.REFUSED:
        raise NoReceipt("Снова отправляют только чек, который касса отклонила.")
    if row.printed_with_id is not None:
        return send_again(receipt_id=row.printed_with_id, by=by, at=at)
    row.state = FiscalState.WAITING
    row.refusals += 1
    row.contents = {**row.contents, "company": _company()}  # what was wrong is mostly our own requisites
    row.attempts, row.next_at, row.service_id = 0, at, ""
    row.save(update_fields=["state", "refusals", "contents", "attempts", "next_at", "service_id"])
    row.joined.update(state=FiscalState.WAITING, refusals=row.refusals, attempts=0, next_at=at, service_id="")
    accounts_operations.note("payments.receipt.again", by=by, receipt_id=row.pk, payment_id=row.payment_id)
    return row


def _key(row: FiscalReceipt) -> str:
    """A refused document keeps its number at the cash register for ever: the next attempt is another document."""
    return f"{row.key}-{row.refusals}" if row.refusals else str(row.key)


def _company() -> dict[str, str]:
    agent = Organisation.objects.filter(kind=OrganisationKind.AGENT).first()
    return {
        "inn": agent.inn if agent else "",
        "email": settings.ATOL_EMAIL,
        "sno": settings.ATOL_TAXATION,
        "place": settings.ATOL_PLACE or (agent.address if agent else ""),
    }


def _contact(payment: Payment) -> dict[str, str]:
    """The payer's address for the receipt; at the desk he gets it on paper."""
    online = getattr(payment, "online", None)
    user = online.user if online else None
    if user is None:
        return {}
    return {"email": user.email} if user.email else {"phone": str(user.phone)} if user.phone else {}


def _suppliers(contract_ids: Collection[int]) -> dict[int, Supplier]:
    if not contract_ids:
        return {}
    found = AgencyContract.objects.filter(pk__in=contract_ids).select_related("principal")
    return {
        contract.pk: Supplier(
            inn=contract.principal.inn,
            name=contract.principal.short_name,
            phone=str(contract.principal.phone or contract.principal.dispatcher_phone or ""),
            is_agent=contract.principal.kind == OrganisationKind.AGENT,
        )
        for contract in found
    }


def _vat_percents(contract_ids: Collection[int], day: date) -> dict[tuple[int, int], Decimal | None]:
    """(contract, service) → VAT in the price of the population on the day, per cent; None: без НДС."""
    if not any(contract_ids):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (contract_id, service_id) contract_id, service_id, vat_percent FROM billing_tariff"
            " WHERE contract_id = ANY(%s) AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)"
            " AND category <> 99 ORDER BY contract_id, service_id, valid_from DESC, id",
            [list(contract_ids), day, day],
        )
        return {(contract_id, service_id): percent for contract_id, service_id, percent in cursor.fetchall()}
