"""What should have been, minus what was posted: a late fact about an inked month becomes a line of the open one."""

from __future__ import annotations

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.columns import MONEY, QUANTITY
from billing.kinds import DRAFTED, RELIEVED, By, Kind

LINE = 100  # line = kind of the posted line × 100 + months back: one for each month that is recalculated
MONTHS_BACK = 36


def months_back(line: int) -> int:
    return line % LINE


def recalculated(lines: pl.DataFrame, posted: pl.DataFrame, month: Month, into: Month) -> pl.DataFrame:
    """Lines of kind RECALCULATION to draft `into` the open month for `month`.

    lines: what the month comes to with today's knowledge of its facts. posted: its ink, and the ink of earlier
    recalculations for it (kind RECALCULATION, any month). One line for each account, contract, service and kind of
    posted line; volumes are differences too. What differs by nothing makes no line.
    """
    key = ["account_id", "contract_id", "service_id", "of_kind"]
    # A recalculation says in its number which kind of line it mends.
    was_kind = pl.when(pl.col("kind") == Kind.RECALCULATION).then(pl.col("line") // LINE).otherwise(pl.col("kind"))
    of_kind = was_kind.cast(pl.Int16).alias("of_kind")
    heat = pl.col("line") >= 20_000  # the second component is counted in Gcal: its volume stands apart
    volume = pl.when(heat).then(None).otherwise(pl.col("volume")).alias("volume")
    after = lines.with_columns(of_kind, volume)
    before = posted.with_columns(of_kind, volume).filter(
        pl.col("of_kind").is_in([*map(int, DRAFTED), *map(int, RELIEVED)])
    )

    def summed(rows: pl.DataFrame, name: str) -> pl.DataFrame:
        return rows.group_by(key).agg(
            pl.sum("amount").alias(f"{name}_amount"), pl.sum("volume").alias(f"{name}_volume"),
            pl.first("house_id").alias(f"{name}_house"), pl.first("unit").alias(f"{name}_unit"),
        )  # fmt: skip

    both = summed(after, "new").join(summed(before, "old"), on=key, how="full", coalesce=True)
    amount = pl.col("new_amount").fill_null(0) - pl.col("old_amount").fill_null(0)
    both = both.with_columns(amount=amount.cast(MONEY)).filter(pl.col("amount") != 0)
    used = pl.col("new_volume").fill_null(0) - pl.col("old_volume").fill_null(0)
    rows = both.select(
        "account_id", "contract_id", "service_id",
        pl.lit(int(Kind.RECALCULATION)).alias("kind"),
        (pl.col("of_kind") * LINE + (into - month)).alias("line"),
        pl.lit(into.first).alias("month"),
        pl.coalesce("new_house", "old_house").alias("house_id"),
        pl.lit(month.first).alias("for_month"),
        pl.lit(int(By.MANUAL)).alias("method"),
        used.alias("volume"),
        pl.coalesce("new_unit", "old_unit").alias("unit"),
        *(pl.lit(None, QUANTITY).alias(name) for name in ("tariff", "norm", "multiplier", "persons", "area")),
        pl.lit(month.days).alias("days"),
        "amount",
    )  # fmt: skip
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items())
