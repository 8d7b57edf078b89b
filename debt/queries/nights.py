"""What a night of penalties needs to know: which debts only grow by a day, and which must be computed anew. Reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import connection

from accounts.calendar import Month
from billing import queries as billing_queries
from billing.columns import Schema
from debt.models import PenaltyBook
from debt.penalties import PAIR, Law
from debt.queries.items import ENGINE, LONG_AGO, Earlier, penalties_due
from debt.queries.law import law
from payments import queries as payments_queries

_POSTED = "SELECT contract_id, month FROM billing_contractmonth WHERE state <> 'open' AND month < %s ORDER BY 1, 2"
_SERVICES = "SELECT id, priority FROM accounts_service ORDER BY id"
_PAYERS = """
    SELECT account.id, payer.kind FROM accounts_personalaccount AS account
    JOIN accounts_organisation AS payer ON payer.id = account.payer_organisation_id
"""
_HELD = "SELECT account_id, month FROM billing_hold WHERE released_at IS NULL AND month < %s ORDER BY 1, 2"
# A payment takes off what is owed: it changes nothing where nothing accrues to the end of the month anyway, unless it
# is for months long settled or is taken back.
_PAID = """
    SELECT DISTINCT part.account_id FROM payments_allocation AS part
    WHERE part.day >= %(since)s AND part.day <> ALL(%(seen)s::date[]) AND part.contract_id <> 0 AND part.part <> 2
        AND (part.amount < 0 OR part.for_month < %(since)s - interval '1 month'
            OR EXISTS (SELECT FROM debt_accrual AS r WHERE r.account_id = part.account_id AND r.month = %(month)s))
"""
_ROWS: Schema = {"account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16}
_LISTS: Schema = {
    **_ROWS, "posted": pl.Int64, "accrued": pl.String, "open_from": pl.Date, "settled": pl.Int64,
}  # fmt: skip
_ASTRAY: Schema = {**_ROWS, "stands": pl.Decimal(38, 2), "due": pl.Decimal(38, 2)}


@dataclass(frozen=True, slots=True)
class Ground:
    """What all accounts' penalties stand on, in digests: any change of them makes more than a day's growth.

    contracts: law and posted months, by contract. accounts: what is theirs alone (an agreement, who pays, a hold).
    closed_days: operating days from `since`, the day after the last checkpoint, that took their last payment.
    held: accounts whose earlier months are still chalk.
    """

    contracts: dict[str, str]
    accounts: dict[str, str]
    since: date
    closed_days: list[str]
    held: frozenset[int]


def ground(*, month: Month, rules: Law) -> Ground:
    """What the penalties of the open month stand on now."""
    base = (
        ENGINE, rules.bands, rules.key_rates, rules.policies, sorted(rules.calendar.items()), rules.due_days,
        [row for row in rules.moratoria if row.contract_id is None and row.account_id is None],
        [row for row in rules.terms if row.contract_id is None], _rows(_SERVICES),
    )  # fmt: skip
    contracts: dict[int, list[Any]] = {0: []}
    for contract_id, posted in _rows(_POSTED, [month.first]):
        contracts.setdefault(contract_id, []).append(posted)
    its_own = [(row.contract_id, row) for row in rules.moratoria] + [(row.contract_id, row) for row in rules.terms]
    for contract, row in its_own:
        if contract is not None:
            contracts.setdefault(contract, []).append(row)
    accounts: dict[int, list[Any]] = {}
    for account_id, kind in _rows(_PAYERS):
        accounts.setdefault(account_id, []).append(kind)
    for agreement in rules.moratoria:
        if agreement.account_id is not None:
            accounts.setdefault(agreement.account_id, []).append(agreement)
    held = _rows(_HELD, [month.first])
    for account_id, since in held:
        accounts.setdefault(account_id, []).append(since)
    of_all = _digest(base)
    return Ground(
        contracts={str(contract_id): _digest(of_all, rows) for contract_id, rows in contracts.items()},
        accounts={str(account_id): _digest(rows) for account_id, rows in accounts.items()},
        since=max((mark.next.first for mark in payments_queries.closed_months()), default=LONG_AGO),
        closed_days=[day.isoformat() for day in payments_queries.closed_days()],
        held=frozenset(account_id for account_id, _ in held),
    )


def _rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _digest(*facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def book_of(month: Month) -> PenaltyBook | None:
    """What the last whole night of the month stood on; None before the first."""
    return PenaltyBook.objects.filter(month=month.first).first()


def earlier(*, month: Month, now: Ground) -> Earlier | None:
    """The last night that a computation may build upon: one of this month, or of the month before its first."""
    book = PenaltyBook.objects.filter(month__lte=month.first).order_by("-month").first()
    if book is None:
        return None
    return Earlier([month.first, book.month], book.since, book.closed_days, frozenset(_of_their_own(book, now)))


def _of_their_own(book: PenaltyBook, now: Ground) -> set[int]:
    """Accounts whose own terms are others than in the book."""
    return {
        int(account_id)
        for account_id in book.accounts.keys() | now.accounts.keys()
        if book.accounts.get(account_id) != now.accounts.get(account_id)
    }


def with_news(*, month: Month, book: PenaltyBook, now: Ground) -> frozenset[int]:
    """Accounts that must be computed anew: paid since, taken back, an agreement, another payer, a hold."""
    differ = _of_their_own(book, now)
    params = {"since": book.since, "seen": book.closed_days, "month": month.first}
    with connection.cursor() as cursor:
        cursor.execute(_PAID, params)
        paid = {account_id for (account_id,) in cursor.fetchall()}
    return frozenset(differ | paid | now.held)


def unforeseen(*, month: Month, until: date) -> frozenset[int]:
    """Accounts of a stored pair that does not know the day: it lies before, or no rate was known so far ahead."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT account_id FROM {accruals_of(month)}"
            " WHERE since > %(until)s OR %(until)s - since >= cardinality(accrued_kopecks)",
            {"until": until},
        )
        return frozenset(account_id for (account_id,) in cursor.fetchall())


def with_accruals(*, month: Month) -> set[int]:
    """Accounts of which something is stored in the open month."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT account_id FROM {accruals_of(month)}")
        return {account_id for (account_id,) in cursor.fetchall()}


def blocks_of(*, account_ids: Iterable[int], size: int) -> Iterator[tuple[list[int], list[int]]]:
    """(houses, their accounts among these) in groups of about `size` accounts, neighbours together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT house_id, array_agg(id ORDER BY id) FROM accounts_personalaccount"
            f" WHERE id = ANY({billing_queries.array(account_ids)}) GROUP BY 1 ORDER BY 1"
        )
        rows = cursor.fetchall()
    houses: list[int] = []
    held: list[int] = []
    for house_id, ids in rows:
        if houses and len(held) + len(ids) > size:
            yield houses, held
            houses, held = [], []
        houses.append(house_id)
        held += ids
    if houses:
        yield houses, held


def lines_due(*, month: Month, until: date, account_ids: Sequence[int] | None, house_ids: Sequence[int]) -> str:
    """SQL of lines on a day: account_id, contract_id, service_id, house_id, amount in roubles.

    Of the accounts, or of all accounts of the houses. Accrued to the day, less what posted months charged and what
    stands as chalk in earlier months, still open.
    """
    whose = (
        f"house_id = ANY({billing_queries.array(house_ids)})" if account_ids is None
        else f"account_id = ANY({billing_queries.array(account_ids)})"
    )  # fmt: skip
    drafted, join = "0", ""
    earlier = [billing_queries.day(one.first) for one in billing_queries.open_months() if one < month]
    if earlier:
        drafted = "coalesce(d.kopecks, 0)"
        join = (
            " LEFT JOIN (SELECT c.account_id, c.contract_id, c.service_id, (sum(c.amount) * 100)::bigint AS kopecks"
            " FROM billing_charge AS c JOIN billing_contractmonth AS m ON m.contract_id = c.contract_id"
            " AND m.month = c.month AND m.state = 'open'"
            f" WHERE c.{whose} AND c.kind = 6 AND c.month IN ({', '.join(earlier)})"
            " GROUP BY 1, 2, 3) AS d USING (account_id, contract_id, service_id)"
        )
    return (
        "SELECT account_id, contract_id, service_id, a.house_id, round((a.accrued_kopecks"
        f"[{billing_queries.day(until)} - a.since + 1] - a.posted_kopecks - {drafted}) / 100.0, 2)::numeric(14, 2)"
        f" AS amount FROM {accruals_of(month)} AS a{join} WHERE a.{whose}"
    )


def foreseen(*, account_ids: Sequence[int], month: Month, since: date) -> pl.DataFrame:
    """The stored pairs of the accounts from a day on: PAIR, posted, accrued as «{1,2,…}»."""
    return billing_queries.frame(
        f"SELECT account_id, contract_id, service_id, posted_kopecks,"
        f" accrued_kopecks[greatest({billing_queries.day(since)} - since + 1, 1):], open_from, settled_kopecks"
        f" FROM {accruals_of(month)}"
        f" WHERE account_id = ANY({billing_queries.array(account_ids)})",
        _LISTS,
    )


def accruals_of(month: Month) -> str:
    """The partition of the open month's accruals."""
    return f"debt_accrual_{month.first:%Y%m}"


def astray(*, month: Month, account_ids: Sequence[int]) -> pl.DataFrame:
    """Drafts that are not what ink says: PAIR, drafted and due in roubles, as of the last night of the month.

    Accounts with news since that night are left out: the next one sees to them. Contracts whose month is posted, too.
    """
    book = book_of(month)
    rules = law()
    found = pl.DataFrame(schema=_ASTRAY)
    if book is None:
        return found
    now = ground(month=month, rules=rules)
    if now.contracts != book.contracts:
        return found
    news = with_news(month=month, book=book, now=now)
    ids = [account_id for account_id in account_ids if account_id not in news]
    due = penalties_due(account_ids=ids, month=month, law=rules, until=book.until).rename({"amount": "due"})
    stands = billing_queries.frame(
        f"SELECT account_id, contract_id, service_id, sum(amount) FROM {billing_queries.partition(month)}"
        f" WHERE account_id = ANY({billing_queries.array(ids)}) AND kind = 6 GROUP BY 1, 2, 3",
        {name: _ASTRAY[name] for name in (*PAIR, "stands")},
    )
    is_open = billing_queries.frame(
        "SELECT contract_id FROM billing_contractmonth WHERE state = 'open' AND"
        f" month = {billing_queries.day(month.first)}",
        {"contract_id": pl.Int64},
    )
    both = due.join(stands, on=PAIR, how="full", coalesce=True).join(is_open, on="contract_id", how="semi")
    return (
        both.select(*PAIR, pl.col("stands", "due").cast(pl.Decimal(38, 2)).fill_null(0))
        .filter(pl.col("stands") != pl.col("due"))
        .sort(PAIR)
    )  # fmt: skip
