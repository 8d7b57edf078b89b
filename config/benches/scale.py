"""Is the night linear? The first full night of three regions, the largest of `accounts`: lines per second of each.

The largest is the bench of the calculation itself, so `largest` is all that it tells. Workers stand in all three.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

from accounts.calendar import Month
from billing import crew, operations
from config.benches import calculation
from config.benches.database import checkpoint, own_database
from config.seeding.region import Region

MONTH = Month.parse("2026-10")
PARTS = (10, 30)  # percent of the largest, as 100 000 and 300 000 are of 1 000 000


def run(*, accounts: int, workers: int = 2) -> dict[str, Any]:
    nights = [_night(max(1, accounts * part // 100), workers) for part in PARTS]
    largest = calculation.run(accounts=accounts, workers=workers)
    nights.append({name: largest[name] for name in nights[0]})
    rates = [night["lines_per_second"] for night in nights]
    return {
        "bench": "scale",
        "accounts": accounts,
        "items": sum(night["items"] for night in nights),
        "seconds": round(sum(night["seconds"] for night in nights), 2),
        "nights": nights,
        "spread_percent": round(100 * (max(rates) - min(rates)) / max(rates), 1),
        "workers": workers,
        "largest": largest,
    }


def _night(accounts: int, workers: int) -> dict[str, Any]:
    with own_database("scale"):
        Region(accounts=accounts, months=2, until=MONTH, seed=1).write(lambda _done: None)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        operations.open_month(month=MONTH)
        with crew.standing(workers):
            checkpoint()
            began = time.perf_counter()
            summary = operations.run_billing(month=MONTH, workers=workers)
            seconds = time.perf_counter() - began
    return {
        "accounts": summary.accounts,
        "items": summary.lines,
        "seconds": round(seconds, 2),
        "lines_per_second": int(summary.lines / seconds),
    }
