"""What a document of mass recalculation gives each account: columns in, roubles of every account and month out."""

from __future__ import annotations

import polars as pl

from billing import columns
from billing.columns import MONEY
from billing.formulas.exact import exact, rounded

KEY = ["account_id", "contract_id", "service_id"]
CHARGED: columns.Schema = {
    "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "before": MONEY, "days": pl.Int32,
}  # fmt: skip
PLANNED: columns.Schema = {
    "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "before": MONEY, "amount": MONEY,
}  # fmt: skip


def by_percent(charged: pl.DataFrame, percent: pl.Expr) -> pl.DataFrame:
    """`percent` of what each account owes for the month, rounded once. charged: CHARGED; percent: signed."""
    return _planned(charged, rounded(exact(pl.col("before")) * percent, exact(pl.lit(100)), 2))


def by_quantity(charged: pl.DataFrame, days: pl.DataFrame, name: str, price: pl.Expr, size: int) -> pl.DataFrame:
    """Roubles for each unit of `name` (persons, or m² of area) held all month: Σ of its days over those of the month.

    days: pipeline segments of the accounts (start, stop, persons, area). price: roubles a month for one. Two contracts
    of one month share it by their days.
    """
    held = exact(pl.col(name)) * exact(pl.col("stop") - pl.col("start"))
    mine = charged.join(days.group_by("account_id").agg(held=held.sum()), on="account_id")
    mine = mine.with_columns(all_days=exact(pl.sum("days").over("account_id")))
    part = pl.col("held") * exact(pl.col("days")) * price
    return _planned(mine.filter(pl.col("all_days") > 0), rounded(part, pl.col("all_days") * size, 2))


def as_if(charged: pl.DataFrame, now: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The month under other prices or norms less the same month under those in force. now, other: stored lines."""
    sums = [rows.group_by(KEY).agg(amount=pl.sum("amount")) for rows in (now, other)]
    both = sums[1].join(sums[0], on=KEY, how="full", coalesce=True, suffix="_now")
    both = both.select(*KEY, change=pl.col("amount").fill_null(0) - pl.col("amount_now").fill_null(0))
    return _planned(charged.join(both, on=KEY), pl.col("change"))


def _planned(rows: pl.DataFrame, amount: pl.Expr) -> pl.DataFrame:
    made = rows.with_columns(amount=amount.cast(MONEY)).filter(pl.col("amount") != 0)
    return made.select(pl.col(name).cast(dtype) for name, dtype in PLANNED.items()).sort(KEY)
