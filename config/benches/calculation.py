"""A first full night of charges, beside its floor: COPY of the same lines into a bare table with the same key.

Then a night in which nothing changed and one in which 1 % of the accounts did: `one_percent_ratio` to the same floor.

The first night reads the inputs of every account, computes, compares and writes, with two workers that stand already,
as Celery's do (`start_seconds` is what their start takes). The floor writes only, by one connection, in the same blocks
and transactions; `parallel_floor_seconds` is the floor by as many connections as the night had. At the end the month is
posted and `verify` looks at all its laws: `post_seconds`, `verify_seconds`, and how many laws were broken (none).
"""

from __future__ import annotations

import io
import time
from typing import Any

from django.core.management import call_command
from django.db import connection

from accounts.calendar import Month
from accounts.database import copy_out
from accounts.models import Run
from billing import crew, operations, queries
from billing.columns import CHARGES
from billing.operations import drafts
from config import verification
from config.benches import one_account
from config.benches.database import checkpoint, floor_of, own_database

MONTH = Month.parse("2026-10")


def run(*, accounts: int, workers: int = 2) -> dict[str, Any]:
    with own_database("calculation"):
        call_command("seed", accounts=accounts, months=2, until=MONTH, stdout=io.StringIO(), stderr=io.StringIO())
        with connection.cursor() as cursor:
            # a region that has stood for a night is vacuumed: autovacuum must not share the cores with the measurement
            cursor.execute("VACUUM ANALYZE")
        operations.open_month(month=MONTH)
        called = time.perf_counter()
        with crew.standing(workers):
            start = time.perf_counter() - called
            summary, seconds = _night(workers)
            counts = Run.objects.latest("pk").counts
            _, unchanged = _night(workers, sparing=True)
            _change_one_percent()
            few, one_percent = _night(workers, sparing=True)
        checkpoint()
        blocks = _lines_by_block()
        floor = floor_of(blocks, 1)
        parallel_floor = floor_of(blocks, workers)
        on_line = one_account.measure(MONTH)
        ending = _end_of_month()
    return {
        "bench": "calculation",
        "accounts": summary.accounts,
        "items": summary.lines,
        "seconds": round(seconds, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2),
        "peak_rss_mb": counts["peak_rss_mb"],
        "workers": workers,
        "start_seconds": round(start, 2),
        "parallel_floor_seconds": round(parallel_floor, 2),
        "unchanged_night_seconds": round(unchanged, 2),
        "one_percent_night_seconds": round(one_percent, 2),
        "one_percent_ratio": round(one_percent / floor, 2),
        "one_percent_computed": few.accounts - few.spared,
        "lines_per_second": int(summary.lines / seconds),
        **on_line,
        **ending,
    }


def _night(workers: int, *, sparing: bool = False) -> tuple[operations.BillingSummary, float]:
    checkpoint()
    began = time.perf_counter()
    summary = operations.run_billing(month=MONTH, workers=workers, sparing=sparing)
    return summary, time.perf_counter() - began


def _end_of_month() -> dict[str, float | int]:
    began = time.perf_counter()
    operations.post_month(month=MONTH, today=MONTH.next.first)
    posted = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    checkpoint()
    looked = time.perf_counter()
    broken = sum(bool(found.keys) for found in verification.findings(MONTH, whole=False, hands=verification.HANDS))
    return {
        "post_seconds": round(posted - began, 2),
        "verify_seconds": round(time.perf_counter() - looked, 2),
        "laws_broken": broken,
    }


def _change_one_percent() -> None:
    """Another area for every hundredth premises, so in every large house somebody's facts changed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_premisesarea SET total_area_m2 = total_area_m2 + 1 WHERE premises_id % 100 = 7")


def _lines_by_block() -> list[bytes]:
    """The stored lines as CSV, block by block as the night wrote them, each in the order of the night."""
    names = ", ".join(CHARGES)
    texts = []
    for houses in queries.blocks(None, drafts.BLOCK):
        rows = copy_out(
            f"SELECT {names} FROM {queries.partition(MONTH)} WHERE house_id = ANY({queries.array(houses)})"
            " ORDER BY ctid"
        )
        rows.readline()
        texts.append(rows.read())
    return texts
