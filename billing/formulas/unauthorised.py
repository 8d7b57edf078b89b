"""Unauthorised connection and tampering (п. 62, 81(11) Правил № 354; charges.md 17)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import polars as pl

from billing.formulas.exact import exact

HOURS = 24
# Units an hour by resource (accounts.kinds.Resource): what an act may say at most, and what is worth a look before it
# is posted. Power: 150 kW is the most that a simplified connection gives, 15 kW what a dwelling has. Water at 1.2 m/s:
# pipes of 100 and of 32 mm. Gas: meters of G65 and of G6. Heat: a small house's worth and a flat's, Gcal.
MOST = {
    1: Decimal(34), 2: Decimal(34), 8: Decimal(34), 3: Decimal(150), 4: Decimal(100), 5: Decimal(1),
}  # fmt: skip
UNUSUAL = {
    1: Decimal("3.5"), 2: Decimal("3.5"), 8: Decimal("3.5"), 3: Decimal(15), 4: Decimal(10), 5: Decimal("0.1"),
}  # fmt: skip


def by_capacity(capacity: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Volume of what was connected, running round the clock. capacity: units an hour (kW, m³/h of the pipe)."""
    return capacity * exact(days) * HOURS


def by_norm(person_days: pl.Expr, norm: pl.Expr, times: pl.Expr) -> pl.Expr:
    """n · N · `times` over days of the month (and 12, where the norm is of a year): the capacity cannot be found."""
    return person_days * norm * times


def uncharged(since: date, until: date, charged: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Days from `since` to `until` (exclusive) that no span of `charged` has: a day is paid for by one act."""
    left: list[tuple[date, date]] = []
    for start, stop in sorted(charged):
        if since < min(start, until):
            left.append((since, min(start, until)))
        since = max(since, stop)
    return [*left, (since, until)] if since < until else left
