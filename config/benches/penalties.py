"""A night of penalties beside its floor: COPY of ten charge lines an account into a bare table with the same key.

15 % of the accounts owe every service of their house for 36 months, and pay half a month late now and then; the others
owe the last document alone; the books are closed up to the month before. The night reads all of that, accrues to the
last day of the month and writes the drafts; the next night finds them as they are.
"""

from __future__ import annotations

import io
import resource
import time
from typing import Any

import polars as pl
from django.core.management import call_command
from django.db import connection, transaction

from accounts.calendar import Month
from billing import columns
from billing import operations as billing_operations
from config.benches.database import checkpoint, floor_of, own_database
from debt import operations

MONTH = Month.parse("2026-10")
MONTHS = 36
LINES = 10  # of an account, in the floor
BLOCK = 6_000  # accounts in one COPY of the floor

# A debtor: 15 of every hundred accounts, spread over the houses.
DEBTOR = "a.id * 37 %% 100 < 15"
INK = f"""
    INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method,
        unit, days, amount)
    SELECT a.id, p.contract_id, p.service_id, 1, 0, m::date, a.house_id, m::date, 8, 6, 30,
        (300 + (a.id * 7919 + p.service_id * 1047) %% 200000 / 100.0)::numeric(14, 2)
    FROM accounts_personalaccount AS a JOIN billing_provision AS p ON p.house_id = a.house_id AND p.valid_to IS NULL,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
    WHERE {DEBTOR} OR m = %(last)s
"""
PAID = f"""
    INSERT INTO payments_payment (id, channel_id, external_id, number_as_received, payer, purpose, amount, directed_to,
        paid_on, day, accepted_at, state, account_id)
    OVERRIDING SYSTEM VALUE
    SELECT a.id * 100 + extract(month FROM m), 'bank', a.id || '-' || m::date, '', '', '', 1, '{{}}',
        m::date + 110, m::date + 110, now(), 'allocated', a.id
    FROM accounts_personalaccount AS a,
        generate_series(%(last)s::date - interval '12 months', %(last)s::date - interval '6 months', '3 months') AS m
    WHERE {DEBTOR}
"""
PARTS = """
    INSERT INTO payments_allocation (account_id, payment_id, line, day, house_id, contract_id, service_id, for_month,
        part, rule, amount)
    SELECT c.account_id, p.id, row_number() OVER (PARTITION BY p.id), p.day, c.house_id, c.contract_id, c.service_id,
        c.month, 1, 1, round(c.amount / 2, 2)
    FROM payments_payment AS p JOIN billing_charge AS c ON c.account_id = p.account_id
        AND c.month = date_trunc('month', p.paid_on - 110)
"""
BALANCES = """
    INSERT INTO payments_balance (account_id, contract_id, service_id, month, house_id, opening, charged, paid, closing,
        penalty_opening, penalty_charged, penalty_paid, penalty_closing)
    SELECT a.id, p.contract_id, p.service_id, %(last)s, a.house_id, c.owed - c.charged, c.charged, 0, c.owed, 0, 0, 0, 0
    FROM accounts_personalaccount AS a JOIN billing_provision AS p ON p.house_id = a.house_id AND p.valid_to IS NULL
    JOIN (
        SELECT account_id, contract_id, service_id, sum(amount) AS owed,
            coalesce(sum(amount) FILTER (WHERE month = %(last)s), 0) AS charged
        FROM billing_charge GROUP BY 1, 2, 3
    ) AS c ON c.account_id = a.id AND c.contract_id = p.contract_id AND c.service_id = p.service_id
"""
STATES = """
    INSERT INTO billing_contractmonth (contract_id, month, state)
    SELECT id, m::date, 'closed' FROM accounts_agencycontract,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
"""


def run(*, accounts: int) -> dict[str, Any]:
    with own_database("penalties"):
        call_command("seed", accounts=accounts, months=1, until=str(MONTH), stdout=io.StringIO(), stderr=io.StringIO())
        owe()
        billing_operations.open_month(month=MONTH)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            cursor.execute("SELECT count(*) FROM billing_charge")
            items = cursor.fetchone()[0]
        checkpoint()
        began = time.perf_counter()
        summary = operations.charge_penalties(month=MONTH, day=MONTH.last)
        seconds = time.perf_counter() - began
        checkpoint()
        began = time.perf_counter()
        operations.charge_penalties(month=MONTH, day=MONTH.last)
        again = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        floor = floor_of(list(_lines(accounts)), 1)
    return {
        "bench": "penalties",
        "accounts": accounts,
        "items": items,
        "seconds": round(seconds, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2),
        "peak_rss_mb": peak,
        "debtors": summary.accounts,
        "lines": summary.lines,
        "unchanged_night_seconds": round(again, 2),
        "items_per_second": int(items / seconds),
    }


@transaction.atomic
def owe() -> None:
    """Ink, late payments and checkpoints of the months before, written past the triggers that guard them."""
    first, last = MONTH + -MONTHS, MONTH.previous
    days = {"first": first.first, "last": last.first}
    with connection.cursor() as cursor:
        for month in Month.range(first, MONTH):
            for table in ("billing_charge", "payments_allocation", "payments_balance"):
                cursor.execute("SELECT make_month_partition(%s, %s)", [table, month.first])
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (INK, PAID, PARTS, BALANCES, STATES):
            cursor.execute(statement, days)
        cursor.execute(
            "INSERT INTO payments_closedmonth (month, closed_at, totals) VALUES (%(last)s, now(), '{}')", days
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def _lines(accounts: int) -> list[bytes]:
    """Charge lines as CSV in the order of their key, BLOCK accounts at a time."""
    blocks = []
    for start in range(0, accounts, BLOCK):
        ids = pl.DataFrame({"account_id": range(start + 1, min(start + BLOCK, accounts) + 1)})
        rows = ids.join(pl.DataFrame({"service_id": range(1, LINES + 1)}), how="cross")
        filled = {
            "contract_id": pl.col("service_id"), "kind": 1, "line": 0, "month": MONTH.first,
            "house_id": pl.col("account_id") // 80, "for_month": MONTH.first, "method": 1, "volume": 12, "unit": 1,
            "tariff": 34, "norm": None, "multiplier": None, "persons": 2, "area": 50, "days": 31, "amount": 414,
        }  # fmt: skip
        rows = rows.with_columns(
            **{name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in filled.items()}
        )
        typed = rows.select(pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items())
        blocks.append(typed.write_csv(include_header=False).encode())
    return blocks
