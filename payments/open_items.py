"""What is unpaid, as columns: read by COPY, one statement for a block of accounts. Only reads.

The last closed month M bounds how far back ink is read. Beside its checkpoint stand the items of the months before M
(`payments_openitem`); what M and later months charged, and what was allocated since, is added to them. So a statement
touches the partitions of M and later, however long the books are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection

from accounts.calendar import Month
from accounts.database import copy_out
from accounts.kinds import AllocationRule, ChannelKind
from payments import allocation
from payments.allocation import ACTS, DIRECTIONS, ITEMS, PAYMENTS, OpenItem, Rule

BEGINNING = date(1900, 1, 1)  # before the first checkpoint everything is new
ALWAYS = date(9999, 1, 1)
LAST_CLOSED = "SELECT coalesce(max(month), %(beginning)s) FROM payments_closedmonth WHERE month < %(until)s"
# {scope}: a condition on `account_id`. Bounds are literals, so that the planner leaves the other partitions alone.
# A line each of what was charged and paid: summed in columns, since sorting them in SQL takes longer than reading them.
LINES_SQL = """
    SELECT line.account_id, line.contract_id, line.service_id, line.for_month, line.is_penalty, line.amount,
        line.charged, service.priority, contract.allocation_rule = 3 AS is_apart, waiting.for_month IS NOT NULL AS waits
    FROM (
        SELECT account_id, contract_id, service_id, for_month, is_penalty, amount, charged
        FROM payments_openitem WHERE {scope} AND month = %(mark)s
        UNION ALL
        SELECT c.account_id, c.contract_id, c.service_id, c.month, c.kind = 6, c.amount, c.amount
        FROM billing_charge AS c JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE {scope} AND c.month >= %(mark)s AND c.month < %(until)s AND NOT EXISTS (
            SELECT FROM billing_hold AS h
            WHERE h.account_id = c.account_id AND h.month = c.month AND h.released_at IS NULL)
        UNION ALL
        SELECT account_id, contract_id, service_id, for_month, part = 2, -amount, 0.00
        FROM payments_allocation
        WHERE {scope} AND day >= %(mark)s AND day < %(until)s AND (day >= %(after)s OR for_month >= %(mark)s)
            AND contract_id <> 0
    ) AS line
    JOIN accounts_service AS service ON service.id = line.service_id
    JOIN accounts_agencycontract AS contract ON contract.id = line.contract_id
    LEFT JOIN (
        SELECT DISTINCT account_id, for_month FROM payments_paymentinstruction
        WHERE {scope} AND kind IN (2, 3) AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
    ) AS waiting ON waiting.account_id = line.account_id AND waiting.for_month = line.for_month
"""
ADVANCES = """
    SELECT DISTINCT account_id FROM payments_allocation WHERE day >= %(after)s AND contract_id = 0
    UNION
    SELECT account_id FROM payments_balance WHERE month = %(mark)s AND contract_id = 0 AND closing < 0
    ORDER BY account_id
"""


def mark(*, until: date = ALWAYS) -> dict[str, date]:
    """The last month closed before `until` (mark), the first day after it (after), and that day itself."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_CLOSED, {"beginning": BEGINNING, "until": until})
        (found,) = cursor.fetchone()
    return {"mark": found, "after": Month(found).next.first, "until": until}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contracts say of splitting: by charge, no breakdown by services, apart from the rest."""

    by_charge: frozenset[int]
    no_breakdown: frozenset[int]
    apart: frozenset[int]


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands under every allocation. mark: the last closed month; has_acts: courts direct some of the accounts."""

    mark: date
    terms: Terms
    has_acts: bool


GROUND = """
    SELECT coalesce((SELECT max(month) FROM payments_closedmonth), %(beginning)s::date),
        array_agg(id) FILTER (WHERE allocation_rule = %(charged)s),
        array_agg(id) FILTER (WHERE NOT accepts_service_breakdown),
        array_agg(id) FILTER (WHERE allocation_rule = %(apart)s),
        EXISTS (SELECT FROM payments_paymentinstruction WHERE kind = 1 AND account_id = ANY(%(accounts)s::bigint[]))
    FROM accounts_agencycontract
"""


def ground_of(account_ids: Collection[int]) -> Ground:
    """The ground under these accounts: one statement over a few hundred contracts."""
    facts: dict[str, Any] = {
        "beginning": BEGINNING, "charged": AllocationRule.CHARGED.value, "apart": AllocationRule.APART.value,
        "accounts": list(account_ids),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GROUND, facts)
        found, *terms, has_acts = cursor.fetchone()
    return Ground(found, Terms(*(frozenset(numbers or ()) for numbers in terms)), has_acts)


def scope_of(account_ids: Collection[int], name: str = "account_id") -> str:
    """A block whose numbers lie close together is read as a range; the strangers inside are left out afterwards."""
    least, most = min(account_ids), max(account_ids)
    if len(account_ids) > 100 and most - least < 2 * len(account_ids):
        return f"{name} BETWEEN {int(least)} AND {int(most)}"
    return f"{name} = ANY(%(accounts)s::bigint[])"


def of_accounts(
    account_ids: Collection[int], *, on: date, ground: Ground | None = None, until: Month | None = None
) -> pl.DataFrame:
    """Open items (allocation.ITEMS) of the accounts as they stand, credits negative. One statement upon the ground.

    on: instructions in force on this day make months wait. until: as the books stood when this month began.
    """
    if not account_ids:
        return allocation.frame(ITEMS)
    ids = sorted(account_ids)
    scope = scope_of(ids)
    if ground and until is None:
        bounds = {"mark": ground.mark, "after": Month(ground.mark).next.first, "until": ALWAYS}
    else:
        bounds = mark(until=until.first if until else ALWAYS)
    told = copy_out(LINES_SQL.format(scope=scope), {"accounts": ids, "on": on, **bounds})
    lines = pl.read_csv(told, schema=_as_text(ITEMS)).lazy().select(_typed(ITEMS))
    if "BETWEEN" in scope:
        asked = pl.LazyFrame({"account_id": ids}, schema={"account_id": pl.Int64})
        lines = lines.join(asked, on="account_id", how="semi")
    sums = (pl.sum("amount"), pl.sum("charged"), pl.first("priority", "is_apart"), pl.any("waits"))
    items = lines.group_by(allocation.ITEM).agg(*sums).filter(pl.col("amount") != 0)
    return items.select(pl.col(name).cast(dtype) for name, dtype in ITEMS.items()).collect(engine="in-memory")


def of_account(account_id: int, *, on: date, ground: Ground) -> list[OpenItem]:
    """`of_accounts` for one account, without columns: what a single payment meets. Items of no sum are among them."""
    bounds: dict[str, Any] = {"mark": ground.mark, "after": Month(ground.mark).next.first, "until": ALWAYS}
    with connection.cursor() as cursor:
        cursor.execute(LINES_SQL.format(scope="account_id = %(account)s"), {"account": account_id, "on": on, **bounds})
        return allocation.merged(
            OpenItem(contract_id, service_id, for_month, amount, is_penalty, charged, priority, is_apart, waits)
            for (
                _, contract_id, service_id, for_month, is_penalty, amount, charged, priority, is_apart, waits
            ) in cursor.fetchall()
        )  # fmt: skip


def _as_text(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: dtype if dtype == pl.Int64 else pl.String for name, dtype in columns.items()
    }  # fmt: skip


def _typed(columns: Mapping[str, Any]) -> list[pl.Expr]:
    """CSV of PostgreSQL under its dtypes: booleans come as t and f."""
    return [
        (pl.col(name) == "t").alias(name) if dtype == pl.Boolean
        else pl.col(name).str.to_date("%Y-%m-%d") if dtype == pl.Date
        else pl.col(name).cast(dtype)
        for name, dtype in columns.items()
    ]  # fmt: skip


def open_items(*, account_id: int, on: date | None = None) -> list[OpenItem]:
    """What is unpaid of the account's ink, by contract, service and month of the document; credits are negative."""
    return open_items_of(account_ids=[account_id], on=on)[account_id]


def open_items_of(*, account_ids: Collection[int], on: date | None = None) -> dict[int, list[OpenItem]]:
    """`open_items` of many accounts."""
    found = of_accounts(account_ids, on=on or date.max)
    order = ["account_id", "for_month", "is_penalty", "priority", "service_id", "contract_id"]
    items: dict[int, list[OpenItem]] = {account_id: [] for account_id in account_ids}
    for (account_id,), rows in found.sort(order).group_by("account_id", maintain_order=True):
        items[int(account_id)] = allocation.items_of(rows)
    return items


def debts(*, account_id: int) -> list[OpenItem]:
    """Open items with credits netted: the debts a payment would meet, oldest first."""
    return sorted(
        allocation.net_credits(open_items(account_id=account_id)),
        key=lambda item: (item.for_month, item.is_penalty, item.priority, item.service_id, item.contract_id),
    )


def accounts_with_advance() -> list[int]:
    """Accounts that may have an advance of no principal: by the last checkpoint and by what was allocated since."""
    with connection.cursor() as cursor:
        cursor.execute(ADVANCES, mark())
        return [account_id for (account_id,) in cursor.fetchall()]


# --- what decides where a payment goes -------------------------------------------------------------------------------


def terms() -> Terms:
    """The terms of all contracts."""
    return ground_of(()).terms


def laid(
    payments: pl.DataFrame, items: pl.DataFrame, *, directions: pl.DataFrame, acts: pl.DataFrame, terms: Terms
) -> pl.DataFrame:
    """Parts (allocation.PARTS) by the terms of the contracts the accounts owe.

    By charge only where every creditor of the account agreed to it: one payment is split by one measure. A service
    whose contract takes no breakdown is left out of the instruction. payments: PAYMENTS, by_charge null where the
    contracts decide.
    """
    if not terms.by_charge:
        payments = payments.with_columns(pl.col("by_charge").fill_null(False))
    usual = items.lazy().filter(~pl.col("is_apart"))
    agreed = usual.group_by("account_id").agg(agreed=pl.col("contract_id").is_in(sorted(terms.by_charge)).all())
    if terms.by_charge:
        payments = (
            payments.lazy()
            .join(agreed, on="account_id", how="left")
            .with_columns(by_charge=pl.coalesce("by_charge", "agreed", pl.lit(False)))
            .drop("agreed")
            .collect(engine="in-memory")
        )
    if terms.no_breakdown and not directions.is_empty():
        deaf = items.filter(pl.col("contract_id").is_in(sorted(terms.no_breakdown))).select("account_id", "service_id")
        owners = directions.join(payments.select("payment_id", "account_id"), on="payment_id")
        directions = owners.join(deaf.unique(), on=["account_id", "service_id"], how="anti").select(*DIRECTIONS)
    return allocation.allocate_frame(payments, items, directions=directions, acts=acts)


Told = tuple[int, Mapping[str, Any]]


def directions_of(told: Collection[Told]) -> pl.DataFrame:
    """Instructions as payments keep them (`directed_to`) under DIRECTIONS."""
    rows: list[tuple[int, int | None, Decimal | None, bool]] = []
    for payment_id, stored in told:
        sums, services = stored.get("amounts", {}), list(dict.fromkeys(stored.get("services", ())))
        rows += [(payment_id, int(service), Decimal(sum_), False) for service, sum_ in sums.items()]
        if "penalty" in stored:
            rows += [(payment_id, service, None, True) for service in services or [None]]
        else:
            rows += [(payment_id, int(service), None, False) for service in services]
    return allocation.frame(DIRECTIONS, rows)


ACT_LINES = """
    SELECT i.account_id, i.document, i.contract_id, i.service_id, i.for_month, i.is_penalty, sum(i.amount)
    FROM payments_paymentinstruction AS i
    WHERE i.account_id = ANY(%(accounts)s) AND i.kind = 1 AND i.valid_from <= %(on)s
        AND (i.valid_to IS NULL OR i.valid_to > %(on)s)
    GROUP BY 1, 2, 3, 4, 5, 6
"""
PAID_BY_ACT = """
    SELECT account_id, contract_id, service_id, for_month, part = 2, sum(amount) FROM payments_allocation
    WHERE account_id = ANY(%(accounts)s) AND rule = %(rule)s GROUP BY 1, 2, 3, 4, 5
"""


def names(purpose: str, document: str) -> bool:
    """Does the purpose name the document by its whole number?"""
    pattern = rf"(?<![\w/-]){re.escape(document.casefold())}(?![\w/-])"
    return re.search(pattern, purpose.casefold()) is not None


def acts_of(payments: Collection[tuple[int, int, int, str]], *, on: date) -> pl.DataFrame:
    """Lines of court acts (allocation.ACTS) for payments (id, account, kind of channel, purpose); mostly none.

    Money is the court's when its purpose names the act; from the bailiffs also when it names none: then it is of all
    acts of the account. What an act's line has got already is subtracted. Source: domain/payments.md, 3.1.
    """
    if not payments:
        return allocation.frame(ACTS)
    accounts = sorted({account_id for _, account_id, _, _ in payments})
    with connection.cursor() as cursor:
        cursor.execute(ACT_LINES, {"accounts": accounts, "on": on})
        lines = cursor.fetchall()
        if not lines:
            return allocation.frame(ACTS)
        cursor.execute(PAID_BY_ACT, {"accounts": sorted({row[0] for row in lines}), "rule": int(Rule.COURT_ACT)})
        paid = {tuple(key): sum_ for *key, sum_ in cursor.fetchall()}
    of_account: dict[int, dict[str, list[tuple[Any, ...]]]] = {}
    for account_id, document, *line in lines:
        of_account.setdefault(account_id, {}).setdefault(document, []).append(tuple(line))
    left: dict[tuple[Any, ...], Decimal] = {}
    for payment_id, account_id, kind, purpose in payments:
        acts = of_account.get(account_id, {})
        named = [document for document in acts if names(purpose, document)]
        if not named and kind == ChannelKind.ENFORCEMENT:
            named = list(acts)
        for document in named:
            for contract_id, service_id, for_month, is_penalty, amount in acts[document]:
                key = (payment_id, contract_id, service_id, for_month, is_penalty)
                left[key] = left.get(key, Decimal(0)) + amount
        for key in [key for key in left if key[0] == payment_id]:
            left[key] -= paid.get((account_id, *key[1:]), Decimal(0))
    return allocation.frame(ACTS, ((*key, amount) for key, amount in left.items() if amount > 0))


__all__ = [
    "PAYMENTS", "Ground", "Terms", "accounts_with_advance", "acts_of", "debts", "directions_of", "ground_of", "laid",
    "mark", "of_account", "of_accounts", "open_items", "open_items_of", "terms",
]  # fmt: skip
