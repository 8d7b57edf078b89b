"""Debt by age: what is open, counted from the day it fell due. Only reads; columns out, for reports to sum.

Source: сроки — ст. 155 ЖК РФ (договор или закон называют день, `due_day`); сроки давности — ст. 196 ГК РФ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db import connection

import billing.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from payments import allocation, open_items

NOT_DUE = 0
BUCKETS = {
    NOT_DUE: "срок не наступил", 1: "до 30 дней", 2: "31–60 дней", 3: "61–90 дней", 4: "91–180 дней",
    5: "181–365 дней", 6: "от года до 3 лет", 7: "более 3 лет",
}  # fmt: skip
LAST_DAYS = {1: 30, 2: 60, 3: 90, 4: 180, 5: 365}  # the last day of delay of a bucket; beyond a year by the calendar
AGES: dict[str, Any] = {
    "account_id": pl.Int64, "house_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int64, "for_month": pl.Date,
    "is_penalty": pl.Boolean, "due_on": pl.Date, "days": pl.Int64, "bucket": pl.Int64, "amount": allocation.MONEY,
}  # fmt: skip
Due = Callable[[pl.DataFrame], pl.DataFrame]  # debts (ITEMS of allocation) → the same with `due_on`
BLOCK = 50_000  # accounts read at once: memory is bounded by them, not by the region


class NoDueDay(Refusal):
    """The law of a month names no day to pay by."""


def due_days(months: Collection[date]) -> dict[date, date]:
    """Month of the document → the last day to pay it by the law of that month; days off do not move it here."""
    found: dict[date, date] = {}
    for month in months:
        day = billing.queries.law_value("due_day", month)
        if day is None:
            raise NoDueDay(f"Не задан срок оплаты (due_day) за {Month(month).title}. Внесите его в значения по закону.")
        found[month] = Month(month).next.first + timedelta(days=int(day) - 1)
    return found


def by_law(debts: pl.DataFrame) -> pl.DataFrame:
    """The debts with `due_on` by the law of their month alone."""
    months = due_days(debts["for_month"].unique().to_list())
    return debts.join(allocation.frame({"for_month": pl.Date, "due_on": pl.Date}, months.items()), on="for_month")


def ages(
    *, account_ids: Collection[int], on: date, due: Due = by_law, until: Month | None = None
) -> pl.DataFrame:  # fmt: skip
    """Debts (AGES) of the accounts as they stand, credits netted inside their contract; roubles, days late on `on`.

    until: as they stood when this month began.

    due: how `due_on` is found; whoever knows the contracts' own days hands it in (`debt.queries.ages`).
    days: 0 while the debt is not due. bucket: a key of BUCKETS.
    """
    if not account_ids:
        return allocation.frame(AGES)
    debts = allocation.netted(open_items.of_accounts(account_ids, on=on, until=until))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, house_id FROM accounts_personalaccount WHERE id = ANY(%s)", [list(account_ids)])
        houses = allocation.frame({"account_id": pl.Int64, "house_id": pl.Int64}, cursor.fetchall())
    aged = (
        due(debts)
        .lazy()
        .join(houses.lazy(), on="account_id")
        .with_columns(late=(pl.lit(on) - pl.col("due_on")).dt.total_days())
    )
    bucket: Any = pl.when(pl.col("late") <= 0).then(NOT_DUE)
    for number, last in LAST_DAYS.items():
        bucket = bucket.when(pl.col("late") <= last).then(number)
    bucket = bucket.when(pl.col("due_on").dt.offset_by("3y") >= pl.lit(on)).then(6)
    return (
        aged.with_columns(days=pl.max_horizontal("late", 0), bucket=bucket.otherwise(7))
        .select(pl.col(name).cast(dtype) for name, dtype in AGES.items())
        .sort("account_id", "for_month", "is_penalty", "contract_id", "service_id")
        .collect(engine="in-memory")
    )


def ages_by(
    by: Sequence[str], *, on: date, contract_id: int | None = None, due: Due = by_law,
    account_ids: Collection[int] | None = None, contract_ids: Collection[int] | None = None, until: Month | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Debt of all accounts by the columns `by` (of AGES) and bucket: bucket, accounts (that owe there), amount.

    contract_id, contract_ids: of these contracts alone. account_ids: of these accounts alone. due, until: as in `ages`.
    Read block by block.
    """
    wanted = [contract_id] if contract_id is not None else contract_ids
    key = list(dict.fromkeys([*by, "bucket"]))
    found = [
        _summed(ages(account_ids=block, on=on, due=due, until=until), key, wanted) for block in _blocks(account_ids)
    ]
    if not found:
        return allocation.frame({**{name: AGES[name] for name in key}, "accounts": pl.Int64, "amount": AGES["amount"]})
    # blocks share no account, so their counts add up
    return pl.concat(found).group_by(key).agg(pl.sum("accounts"), pl.sum("amount")).sort(key)


def _summed(rows: pl.DataFrame, key: list[str], contract_ids: Collection[int] | None) -> pl.DataFrame:
    if contract_ids is not None:
        rows = rows.filter(pl.col("contract_id").is_in(sorted(contract_ids)))
    return rows.group_by(key).agg(accounts=pl.col("account_id").n_unique().cast(pl.Int64), amount=pl.sum("amount"))


def _blocks(account_ids: Collection[int] | None) -> Iterator[list[int]]:
    if account_ids is not None:
        every = sorted(account_ids)
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM accounts_personalaccount ORDER BY id")
            every = [account_id for (account_id,) in cursor.fetchall()]
    for start in range(0, len(every), BLOCK):
        yield every[start : start + BLOCK]
