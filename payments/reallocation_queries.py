"""Journals of mass re-allocation, and the payments that one may take. Only reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from accounts.calendar import Month
from payments.models import Payment, PaymentState

RULES = {
    "": "по правилам договоров",
    "open": "внутри месяца — по остатку долга",
    "charged": "внутри месяца — по начисленному",
    "oldest": "сначала давние долги, что бы ни назвал плательщик",
}
MOST = 50_000  # payments of one journal: it is one transaction


@dataclass(frozen=True, slots=True)
class Scope:
    """Allocated payments of operating days [since, until], both inside, of these alone where more is named."""

    since: date
    until: date
    channel: str = ""
    register_id: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A journal; roubles moved. undoes, undone_by: numbers of the journals, if any."""

    journal_id: int
    day: date
    made_at: datetime
    made_by: str
    reason: str
    rule: str
    payments: int
    moved: Decimal
    undoes: int | None
    undone_by: int | None


def payments_in(scope: Scope) -> list[int]:
    """Numbers of the payments, one more than MOST at the most."""
    found = Payment.objects.filter(state=PaymentState.ALLOCATED, day__gte=scope.since, day__lte=scope.until)
    if scope.channel:
        found = found.filter(channel=scope.channel)
    if scope.register_id is not None:
        found = found.filter(register=scope.register_id)
    if scope.number:
        found = found.filter(account__number=scope.number)
    return list(found.order_by("pk").values_list("pk", flat=True)[: MOST + 1])


JOURNALS = """
    SELECT j.id, j.day, j.made_at, coalesce(u.name, 'система'), j.reason, j.rule, count(DISTINCT r.payment_id),
        coalesce(sum(a.amount) FILTER (WHERE a.amount > 0), 0.00), j.undoes_id, undo.id
    FROM (SELECT * FROM payments_reallocation ORDER BY id DESC LIMIT %(limit)s) AS j
    LEFT JOIN accounts_user AS u ON u.id = j.made_by_id
    LEFT JOIN payments_reallocation AS undo ON undo.undoes_id = j.id
    LEFT JOIN payments_reallocatedpayment AS r ON r.reallocation_id = j.id
    LEFT JOIN payments_payment AS p ON p.id = r.payment_id
    LEFT JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id AND a.day = j.day
        AND a.line >= r.first_line AND a.line < r.next_line
    GROUP BY j.id, j.day, j.made_at, u.name, j.reason, j.rule, j.undoes_id, undo.id ORDER BY j.id DESC
"""


def journals(*, limit: int = 30) -> list[JournalRow]:
    """The latest journals first."""
    with connection.cursor() as cursor:
        cursor.execute(JOURNALS, {"limit": limit})
        return [
            JournalRow(pk, day, made_at, by, reason, rule_in_words(rule), count, moved, undoes, undone_by)
            for pk, day, made_at, by, reason, rule, count, moved, undoes, undone_by in cursor.fetchall()
        ]


def rule_in_words(stored: object) -> str:
    """The rule of a journal as it was kept; an undo has none."""
    facts = json.loads(stored) if isinstance(stored, str) else stored
    if not isinstance(facts, dict) or not facts:
        return "прежние части возвращены"
    words = RULES.get(str(facts.get("by_rule", "")), "")
    if facts.get("for_month"):
        words = f"сначала {Month.parse(str(facts['for_month'])).title}, {words}"
    return words
