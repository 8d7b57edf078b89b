"""One account on line, explained: what a resident waits for when he asks why his bill is what it is."""

from __future__ import annotations

import statistics
import time

from accounts.calendar import Month
from billing import queries

ACCOUNTS = 50
WARM_UP = 5  # the first ones pay for plans and caches that a running server has


def measure(month: Month, accounts: int = ACCOUNTS) -> dict[str, float]:
    """Milliseconds of computing and explaining every line of one account, warm: the median and the 95th percentile.

    Accounts are spread evenly over those that have lines in the month. Writes nothing. Raises ValueError where nobody
    has a line.
    """
    everybody = queries.Charge.objects.filter(month=month.first).order_by("account_id")
    ids = list(everybody.values_list("account_id", flat=True).distinct())
    if not ids:
        raise ValueError(f"Нет начислений за {month.title}.")
    chosen = ids[:: max(1, len(ids) // accounts)][:accounts]
    for account_id in chosen[:WARM_UP]:
        queries.explain(account_id=account_id, month=month)
    took = []
    for account_id in chosen:
        began = time.perf_counter()
        queries.explain(account_id=account_id, month=month)
        took.append((time.perf_counter() - began) * 1000)
    ordered = sorted(took)
    return {
        "one_account_ms": round(statistics.median(ordered), 1),
        "one_account_p95_ms": round(ordered[-1 - len(ordered) // 20], 1),
    }
