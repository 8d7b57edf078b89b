"""The month of the books: its checkpoint, checked against ink, and the end of its contract months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import written
from accounts.queries import User
from billing import operations as billing_operations
from payments import queries
from payments.models import ClosedMonth, OperatingDay, OperatingDayState
from payments.operations.days import lock_books, make_partitions


class MonthDoesNotClose(Refusal):
    """Something of the month is not ready."""


@dataclass(frozen=True, slots=True)
class ClosingSummary:
    """A closed month in roubles: opening + charged − paid = closing."""

    month: Month
    rows: int
    opening: Decimal
    charged: Decimal
    paid: Decimal
    closing: Decimal

    def __str__(self) -> str:
        return (
            f"Месяц {self.month.title} закрыт: строк сальдо {self.rows}, входящее {written(self.opening)} ₽, "
            f"начислено {written(self.charged)} ₽, оплачено {written(self.paid)} ₽, исходящее "
            f"{written(self.closing)} ₽."
        )


BEGINNING = Month(date(1900, 1, 1))  # before the first checkpoint everything is new
# Lines before the month are of the time before the first checkpoint: they are its opening.
CHECKPOINT = """
    INSERT INTO payments_balance (
        account_id, contract_id, service_id, month, house_id, opening, charged, paid, closing,
        penalty_opening, penalty_charged, penalty_paid, penalty_closing)
    SELECT account_id, contract_id, service_id, %(month)s, max(house_id),
        sum(opening), sum(charged), sum(paid), sum(opening + charged - paid),
        sum(penalty_opening), sum(penalty_charged), sum(penalty_paid),
        sum(penalty_opening + penalty_charged - penalty_paid)
    FROM (
        SELECT account_id, contract_id, service_id, house_id, closing AS opening, 0.00 AS charged, 0.00 AS paid,
            penalty_closing AS penalty_opening, 0.00 AS penalty_charged, 0.00 AS penalty_paid
        FROM payments_balance WHERE month = %(mark)s
        UNION ALL
        SELECT c.account_id, c.contract_id, c.service_id, c.house_id,
            CASE WHEN c.kind <> 6 AND c.month < %(month)s THEN c.amount ELSE 0 END,
            CASE WHEN c.kind <> 6 AND c.month = %(month)s THEN c.amount ELSE 0 END, 0,
            CASE WHEN c.kind = 6 AND c.month < %(month)s THEN c.amount ELSE 0 END,
            CASE WHEN c.kind = 6 AND c.month = %(month)s THEN c.amount ELSE 0 END, 0
        FROM billing_charge AS c
        JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.month > %(mark)s AND c.month <= %(month)s
        UNION ALL
        SELECT account_id, contract_id, service_id, house_id,
            CASE WHEN part <> 2 AND day < %(month)s THEN -amount ELSE 0 END, 0,
            CASE WHEN part <> 2 AND day >= %(month)s THEN amount ELSE 0 END,
            CASE WHEN part = 2 AND day < %(month)s THEN -amount ELSE 0 END, 0,
            CASE WHEN part = 2 AND day >= %(month)s THEN amount ELSE 0 END
        FROM payments_allocation WHERE day >= %(after_mark)s AND day < %(next)s
    ) AS moved
    GROUP BY account_id, contract_id, service_id
    HAVING sum(opening) <> 0 OR sum(penalty_opening) <> 0 OR bool_or(charged <> 0) OR bool_or(paid <> 0)
        OR bool_or(penalty_charged <> 0) OR bool_or(penalty_paid <> 0)
"""
# What is open of the months before this one, from the checkpoint before and what moved since (payments.open_items reads
# it back). A pair that owes nothing of them keeps its credit as one row: netting would meet its debts first anyway.
OPEN_ITEMS = """
    INSERT INTO payments_openitem (account_id, contract_id, service_id, for_month, is_penalty, month, amount, charged)
    WITH moved AS (
        SELECT account_id, contract_id, service_id, for_month, is_penalty, sum(amount) AS amount,
            sum(charged) AS charged, sum(sum(amount)) OVER pair AS owed,
            row_number() OVER (PARTITION BY account_id, contract_id, service_id, is_penalty ORDER BY for_month DESC)
                AS place
        FROM (
            SELECT account_id, contract_id, service_id, for_month, is_penalty, amount, charged
            FROM payments_openitem WHERE month = %(mark)s
            UNION ALL
            SELECT c.account_id, c.contract_id, c.service_id, c.month, c.kind = 6, c.amount, c.amount
            FROM billing_charge AS c
            JOIN billing_contractmonth AS posted
                ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
            WHERE c.month >= %(mark)s AND c.month < %(month)s
            UNION ALL
            SELECT account_id, contract_id, service_id, for_month, part = 2, -amount, 0.00
            FROM payments_allocation
            WHERE day >= %(mark)s AND (day >= %(after_mark)s OR for_month >= %(mark)s) AND day < %(next)s
                AND for_month < %(month)s AND contract_id <> 0
        ) AS lines
        GROUP BY account_id, contract_id, service_id, for_month, is_penalty
        WINDOW pair AS (PARTITION BY account_id, contract_id, service_id, is_penalty)
    )
    SELECT account_id, contract_id, service_id, for_month, is_penalty, %(month)s,
        CASE WHEN owed > 0 THEN amount ELSE owed END, CASE WHEN owed > 0 THEN charged ELSE 0.00 END
    FROM moved WHERE (owed > 0 AND amount <> 0) OR (owed < 0 AND place = 1)
"""
TOTALS = """
    SELECT count(*), coalesce(sum(opening + penalty_opening), 0.00), coalesce(sum(charged + penalty_charged), 0.00),
        coalesce(sum(paid + penalty_paid), 0.00), coalesce(sum(closing + penalty_closing), 0.00)
    FROM payments_balance WHERE month = %(month)s
"""
# The balance as ink tells it, without any checkpoint.
FROM_INK = """
    SELECT coalesce((
        SELECT sum(c.amount) FROM billing_charge AS c JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.month <= %(month)s), 0.00)
    - coalesce((SELECT sum(amount) FROM payments_allocation WHERE day < %(next)s), 0.00)
"""


@transaction.atomic
def close_month(*, month: Month, by: User | None = None) -> ClosingSummary:
    """Write the month's `Balance` checkpoint, check it against ink, and close the contract months. All or nothing.

    Raises MonthDoesNotClose (an earlier month or a day of the month is open, the sums disagree) and what billing
    raises while contracts are not posted or accounts are held.
    """
    title = month.title.capitalize()
    lock_books(shared=False)
    if ClosedMonth.objects.filter(month__gte=month.first).exists():
        raise MonthDoesNotClose(f"{title} уже закрыт.")
    last = ClosedMonth.objects.order_by("-month").values_list("month", flat=True).first()
    if last is not None and Month(last).next != month:
        raise MonthDoesNotClose(f"Сначала закройте {Month(last).next.title}: месяцы закрываются по порядку.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(month) FROM billing_contractmonth WHERE state <> 'closed' AND month < %s", [month.first]
        )
        (earlier,) = cursor.fetchone()
    if earlier is not None:
        raise MonthDoesNotClose(f"Сначала закройте {Month(earlier).title}: месяцы закрываются по порядку.")
    days = OperatingDay.objects.select_for_update().filter(day__lt=month.next.first, state=OperatingDayState.OPEN)
    first_open = next(iter(days.order_by("day")), None)
    if first_open is not None:
        raise MonthDoesNotClose(f"{title} не закрывается: операционный день {first_open} открыт. Закройте его.")
    if not billing_operations.close_contract_months(month=month, by=by):
        raise MonthDoesNotClose(f"{title} не открывался: закрывать нечего.")
    make_partitions(month, table="payments_balance")
    make_partitions(month, table="payments_openitem")
    mark = Month(last) if last is not None else BEGINNING
    params = {"month": month.first, "mark": mark.first, "after_mark": mark.next.first, "next": month.next.first}
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINT, params)
        cursor.execute(OPEN_ITEMS, params)
        for table in ("payments_balance", "payments_openitem"):
            cursor.execute(f"ANALYZE {table}_{month.first:%Y%m}")  # the next night's plans know how large it is
        cursor.execute(TOTALS, params)
        summary = ClosingSummary(month, *cursor.fetchone())
        cursor.execute(FROM_INK, params)
        (closing,) = cursor.fetchone()
    if summary.opening + summary.charged - summary.paid != summary.closing or summary.closing != closing:
        raise MonthDoesNotClose(
            f"{title} не закрыт: сальдо по срезу {written(summary.closing)} ₽, по проводкам {written(closing)} ₽. "
            "Запустите verify."
        )
    offending = next(chain(queries.balance_chain(month), queries.open_items_chain(month)), None)
    if offending is not None:
        raise MonthDoesNotClose(f"{title} не закрыт: {offending}. Запустите verify.")
    names = ("rows", "opening", "charged", "paid", "closing")
    totals: dict[str, Any] = {name: str(getattr(summary, name)) for name in names}
    ClosedMonth.objects.create(month=month.first, totals=totals)
    accounts_operations.note("payments.month.closed", by=by, month=month, **totals)
    return summary
