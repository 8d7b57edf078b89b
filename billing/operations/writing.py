"""Lines into the month's partition: only what differs."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl
from django.db import connection

from accounts.calendar import Month
from accounts.database import copy_in
from billing import columns, queries
from billing.models import ContractMonth, ContractMonthState, DraftDigest, HouseBalance, LineProblem
from billing.pipeline import Difference, difference

NAMES = list(columns.CHARGES)
STAGING = "billing_charge_staging"


def lock_houses(house_ids: Sequence[int]) -> None:
    """Two drafts of one house never run at once: the later waits, then sees what the earlier wrote."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM accounts_house WHERE id = ANY({queries.array(house_ids)}) ORDER BY id FOR NO KEY UPDATE"
        )


def chalk_only(lines: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Lines that may still be drafted: of contracts whose month is open, or of held accounts while it is not closed."""
    if not lines.height:
        return lines
    months = queries.frame(
        f"SELECT contract_id, (state = 'open')::int FROM billing_contractmonth WHERE month = {queries.day(month.first)}"
        " AND state <> 'closed'",
        {"contract_id": pl.Int64, "is_open": pl.Int8},
    )
    if (months["is_open"] == 1).all():
        if lines["contract_id"].unique().is_in(months["contract_id"].implode()).all():
            return lines
        return lines.filter(pl.col("contract_id").is_in(months["contract_id"].implode()))
    held = queries.frame(
        f"SELECT account_id, 1 FROM billing_hold WHERE month = {queries.day(month.first)} AND released_at IS NULL",
        {"account_id": pl.Int64, "is_held": pl.Int8},
    )
    rows = lines.join(months, on="contract_id", how="inner").join(held, on="account_id", how="left")
    return rows.filter((pl.col("is_open") == 1) | (pl.col("is_held") == 1)).select(lines.columns)


def replace(
    lines: pl.DataFrame,
    month: Month,
    account_ids: Sequence[int],
    kinds: Sequence[int] | None = None,
    numbers: str = "true",
) -> Difference:
    """Makes the stored lines of these accounts and kinds say what `lines` say. Ink is left as it is.

    kinds: by default all that the run makes. numbers: SQL of ours that narrows the scope to some line numbers.
    """
    lines = chalk_only(lines, month)
    standing = chalk_only(queries.standing(month, account_ids, kinds, numbers), month)
    made = difference(lines, standing)
    write(made, month)
    return made


def write(made: Difference, month: Month) -> None:
    partition = queries.partition(month)
    if made.changed.height or made.vanished.height:
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {STAGING} (LIKE billing_charge, gone boolean) ON COMMIT DROP"
            )
            cursor.execute(f"TRUNCATE {STAGING}")
        rows = [
            made.changed.with_columns(gone=pl.lit(False)),
            made.vanished.select(made.changed.columns).with_columns(gone=pl.lit(True)),
        ]
        copy_in(STAGING, [*NAMES, "gone"], csv(pl.concat(rows)))
        on = " AND ".join(f"kept.{name} = staged.{name}" for name in columns.KEY)
        sets = ", ".join(f"{name} = staged.{name}" for name in NAMES if name not in columns.KEY)
        with connection.cursor() as cursor:
            cursor.execute(
                f"MERGE INTO {partition} AS kept USING {STAGING} AS staged ON {on}"
                f" WHEN MATCHED AND staged.gone THEN DELETE WHEN MATCHED THEN UPDATE SET {sets}"
            )
    if made.inserted.height:
        copy_in(partition, NAMES, csv(made.inserted))


def tell_problems(problems: pl.DataFrame, month: Month, account_ids: Sequence[int]) -> None:
    """Makes the stored problems of these accounts say what the run found: the gate lists them."""
    standing = queries.problems(month, account_ids)
    key = ["account_id", "service_id", "problem"]
    found = problems.select(pl.col(name).cast(standing.schema[name]) for name in key).unique()
    gone = standing.join(found, on=key, how="anti")
    fresh = found.join(standing, on=key, how="anti").sort(key)
    if gone.height:
        mended = LineProblem.objects.filter(month=month.first, account_id__in=gone["account_id"].unique().to_list())
        by_cause = gone.group_by("service_id", "problem").agg("account_id").sort("service_id", "problem")
        for service_id, problem, ids in by_cause.iter_rows():
            mended.filter(service_id=service_id, text=problem, account_id__in=ids).delete()
    if fresh.height:
        rows = fresh.select(pl.lit(month.first).alias("month"), *key)
        copy_in("billing_lineproblem", ["month", "account_id", "service_id", "text"], csv(rows))


def csv(lines: pl.DataFrame) -> io.BytesIO:
    """Rows as COPY takes them. A column of one day is written as a text: the same day is not spelled every time."""
    buffer = io.BytesIO()
    for name in (name for name, kind in lines.schema.items() if kind == pl.Date):
        days = lines[name].unique()
        if len(days) == 1 and days[0] is not None:
            lines = lines.with_columns(pl.lit(days[0].isoformat()).alias(name))
    lines.write_csv(buffer, include_header=False)
    buffer.seek(0)
    return buffer


def keep_balances(balances: pl.DataFrame) -> None:
    """Write the houses' balances down beside their drafts; those of a month that some contract posted stay."""
    if not balances.height:
        return
    months = sorted(set(balances["month"].to_list()))
    posted = ContractMonth.objects.filter(month__in=months).exclude(state=ContractMonthState.OPEN)
    if posted.exists():
        return
    HouseBalance.objects.bulk_create(
        [
            HouseBalance(
                house_id=row["house_id"], service_id=row["service_id"], month=row["month"],
                volume=round(row["volume"], 6), carried=round(row["carried"], 6),
            )
            for row in balances.iter_rows(named=True)
        ],
        update_conflicts=True, unique_fields=["house", "service", "month"], update_fields=["volume", "carried"],
    )  # fmt: skip


def keep_digests(digests: pl.DataFrame, lines: pl.DataFrame, month: Month, scope: pl.Series) -> None:
    """Remember what the drafts of these accounts were computed from. Nothing is remembered of a month in ink."""
    if ContractMonth.objects.filter(month=month.first).exclude(state=ContractMonthState.OPEN).exists():
        return
    sums = lines.group_by("account_id").agg(lines=pl.len(), amount=pl.sum("amount"))
    rows = digests.join(sums, on="account_id", how="left", maintain_order="left").select(
        pl.lit(month.first).alias("month"), "account_id", "digest",
        pl.col("lines").fill_null(0), pl.col("amount").fill_null(0),
    )  # fmt: skip
    with queries.by_key(scope), connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM billing_draftdigest WHERE month = {queries.day(month.first)}"
            f" AND account_id = ANY({queries.array(scope)})"
        )
    copy_in("billing_draftdigest", rows.columns, csv(rows))


def forget_digests() -> None:
    """Months that are no longer drafted need none."""
    drafted = ContractMonth.objects.filter(state=ContractMonthState.OPEN).values("month")
    DraftDigest.objects.exclude(month__in=drafted).delete()
