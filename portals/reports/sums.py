"""Sums of ink by house: what a report of the whole region reads instead of every line of it.

A sum is used only while the books say what they said when it was made: a closed month never changes; a posted one
changes when a contract is posted or a held account is released, and both are seen in its words (`BOOKS`); the days of
payments are summed as they close. Whatever is not summed, or no more, is read from ink itself: a report tells the same
with sums and without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

import payments.queries
from accounts.calendar import ONE_DAY, Month
from portals.models import HouseSum, SumSource, SumState
from portals.reports.compiler import Sums

# What decides which lines of a month are ink: the contracts that are posted, and the accounts held in it.
BOOKS = """
    SELECT wanted.month, coalesce((
        SELECT md5(string_agg(m.contract_id || ' ' || coalesce(m.posted_at::text, ''), ',' ORDER BY m.contract_id))
        FROM billing_contractmonth AS m WHERE m.month = wanted.month AND m.state <> 'open'), '')
        || ' ' || (
        SELECT count(*) || ' ' || count(h.released_at) || ' ' || coalesce(max(h.released_at)::text, '')
        FROM billing_hold AS h WHERE h.month = wanted.month)
    FROM unnest(%(months)s::date[]) AS wanted (month)
"""
MAKE = {
    SumSource.BALANCE: """
        INSERT INTO portals_housesum (month, source, house_id, contract_id, service_id, kind, amount)
        SELECT %(month)s, 1, house_id, contract_id, service_id, kind, sum(amount) FROM (
            SELECT house_id, contract_id, service_id, 0 AS kind, sum(closing) AS amount
            FROM payments_balance WHERE month = %(month)s GROUP BY 1, 2, 3
            UNION ALL
            SELECT house_id, contract_id, service_id, 6, sum(penalty_closing)
            FROM payments_balance WHERE month = %(month)s GROUP BY 1, 2, 3
        ) AS closed GROUP BY 3, 4, 5, 6 HAVING sum(amount) <> 0
    """,
    SumSource.CHARGE: f"""
        INSERT INTO portals_housesum (month, source, house_id, contract_id, service_id, kind, amount)
        SELECT c.month, 2, c.house_id, c.contract_id, c.service_id, c.kind, sum(c.amount)
        FROM {payments.queries.INK} WHERE c.month = %(month)s AND {payments.queries.NOT_HELD}
        GROUP BY 1, 3, 4, 5, 6 HAVING sum(c.amount) <> 0
    """,
    SumSource.ALLOCATION: """
        INSERT INTO portals_housesum (month, source, house_id, contract_id, service_id, kind, amount)
        SELECT %(month)s, 3, house_id, contract_id, service_id, part, sum(amount) FROM payments_allocation
        WHERE day >= %(month)s AND day <= %(through)s GROUP BY 3, 4, 5, 6 HAVING sum(amount) <> 0
    """,
}  # fmt: skip


def books_of(months: Sequence[Month]) -> dict[Month, str]:
    """What decides which lines of each month are ink, in a few words."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKS, {"months": [month.first for month in months]})
        return {Month(first): told for first, told in cursor.fetchall()}


def usable(*, since: Month, last: Month, balance_of: Month) -> Sums:
    """Sums of the months from `since` to `last` that still say what the books say. Two statements."""
    if since.first.year < 2000:  # books that were never closed begin nowhere
        return Sums()
    months = list(Month.range(since, last))
    states = {(row.source, row.month): row for row in SumState.objects.filter(month__gte=min(since, balance_of).first)}
    if not states:
        return Sums()
    told = books_of(months)
    balance = states.get((SumSource.BALANCE, balance_of.first))
    charges: date | None = None
    for month in months:
        state = states.get((SumSource.CHARGE, month.first))
        if state is None or state.books != told[month]:
            break
        charges = month.first
    allocations: date | None = None
    for month in months:
        state = states.get((SumSource.ALLOCATION, month.first))
        if state is None:
            break
        allocations = state.through
        if state.through < month.last:
            break
    return Sums(frozenset([balance.month] if balance else []), charges, allocations)


def closed_through(month: Month) -> date:
    """The last day of the month up to which the books take no more payments; the day before it, if there is none.

    A day without a row counts as closed once a later one is closed: the books have gone past it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(day) FILTER (WHERE state = 'open' AND day >= %(first)s),"
            " max(day) FILTER (WHERE state = 'closed') FROM payments_operatingday",
            {"first": month.first},
        )
        first_open, last_closed = cursor.fetchone()
    if last_closed is None or last_closed < month.first:
        return month.first - ONE_DAY
    through = min(last_closed, month.last)
    return min(through, first_open - ONE_DAY) if first_open is not None else through


def refresh(*, months: Sequence[Month] = ()) -> int:
    """Make the sums that are missing or say no more what the books say; how many. Each month is a transaction.

    By default all months of the books. A sum of a closed month is made once.
    """
    made = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT month FROM billing_contractmonth ORDER BY month")
        known = [Month(first) for (first,) in cursor.fetchall()]
    closed = set(payments.queries.closed_months())
    for month in months or known:
        if month in closed:
            made += _make(SumSource.BALANCE, month, books="closed", through=month.last)
        made += _make(SumSource.CHARGE, month, books=books_of([month])[month], through=month.last)
        through = month.last if month in closed else closed_through(month)
        if through >= month.first:
            made += _make(SumSource.ALLOCATION, month, books="", through=through)
    return made


@transaction.atomic
def _make(source: SumSource, month: Month, *, books: str, through: date) -> int:
    """The sums of a month, if they are not what they are to be. The words of the books are read before the rows."""
    key: dict[str, Any] = {"month": month.first, "source": source}
    state = SumState.objects.select_for_update().filter(**key).first()
    if state is not None and (state.books, state.through) == (books, through):
        return 0
    HouseSum.objects.filter(**key).delete()
    with connection.cursor() as cursor:
        cursor.execute(MAKE[source], {"month": month.first, "through": through})
    SumState.objects.update_or_create(**key, defaults={"books": books, "through": through})
    return 1
