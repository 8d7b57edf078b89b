"""A night of penalties beside its floor, that of DESIGN 4: COPY of ten charge lines an account into a bare keyed table.

The mark says «at most 1 × the floor» in the list that begins with the floor of DESIGN section 4 measured in the same
run; so the floor here is of the whole region's lines, by one connection, as in the bench of the calculation.

15 % of the accounts are debtors with 36 months of ink; how many of these months they owe is the MIX, the others were
paid, some late, and every third owed month is paid by half. The rest of the accounts owe the last document alone. The
books are closed up to the month before, and the drafts of the open month stand beside the penalties, as after a night's
calculation. `ratio` is of an ordinary night: 3 % of the accounts paid, the debtors among them are computed anew while
the others grow by a day. Beside it: `first_night` of a region that nobody computed before, all from ink; `law_night`,
in which everybody is computed anew because a rule came into force, over the months that are settled; `proof_night`,
that of every week, which computes everybody from ink and so proves that the growth was right.
"""

from __future__ import annotations

import io
import time
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.core.management import call_command
from django.db import connection, transaction

from accounts.calendar import Month
from accounts.models import AgencyContract, Run
from billing import columns
from billing import operations as billing_operations
from config.benches.database import checkpoint, floor_of, own_database
from debt import operations
from debt.models import PenaltyScale, PenaltyTerms

MONTH = Month.parse("2026-10")
FIRST_NIGHT, PAYMENTS_ON = date(2026, 10, 1), date(2026, 10, 19)
MONTHS = 36
LINES = 10  # of an account, in the floor
BLOCK = 6_000  # accounts in one COPY of the floor

# Months owed by a debtor → of a hundred debtors; ten months on average.
MIX = {2: 30, 4: 20, 6: 15, 12: 15, 24: 10, 36: 10}

# A debtor: 15 of every hundred accounts, spread over the houses.
DEBTORS = """
    CREATE TEMP TABLE debtor ON COMMIT DROP AS
    SELECT a.id AS account_id,
        (%(last)s::date - make_interval(months => (%(owed)s::int[])[1 + a.id * 53 %% 100] - 1))::date AS owes_from
    FROM accounts_personalaccount AS a WHERE a.id * 37 %% 100 < 15
"""
INK = """
    INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method,
        unit, days, amount)
    SELECT a.id, p.contract_id, p.service_id, 1, 0, m::date, a.house_id, m::date, 8, 6, 30,
        (300 + (a.id * 7919 + p.service_id * 1047) %% 200000 / 100.0)::numeric(14, 2)
    FROM accounts_personalaccount AS a JOIN billing_provision AS p ON p.house_id = a.house_id AND p.valid_to IS NULL
    LEFT JOIN debtor ON debtor.account_id = a.id,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
    WHERE debtor.account_id IS NOT NULL OR m = %(last)s
    ORDER BY m, a.id
"""
# A month that is not owed was paid on the 20th after it, every fifth of them two months later; of every third owed
# month half was paid.
PAID = """
    INSERT INTO payments_payment (id, channel_id, external_id, number_as_received, payer, purpose, amount, directed_to,
        paid_on, day, accepted_at, state, account_id)
    OVERRIDING SYSTEM VALUE
    SELECT account_id * 1000 + n, 'bank', account_id || '-' || n, '', '', '', 1, '{}', paid_on, paid_on, now(),
        'allocated', account_id
    FROM (
        SELECT account_id, n, (m + make_interval(months => 1, days => CASE n %% 5 WHEN 0 THEN 80 ELSE 19 END))::date
            AS paid_on
        FROM debtor, generate_series(%(first)s::date, %(last)s::date, interval '1 month') WITH ORDINALITY AS s (m, n)
        WHERE m < owes_from OR n %% 3 = 0
    ) AS paid
    WHERE paid_on < %(now)s
"""
PARTS = """
    INSERT INTO payments_allocation (account_id, payment_id, line, day, house_id, contract_id, service_id, for_month,
        part, rule, amount)
    SELECT c.account_id, p.id, row_number() OVER (PARTITION BY p.id), p.day, c.house_id, c.contract_id, c.service_id,
        c.month, 1, 1, CASE WHEN c.month < debtor.owes_from THEN c.amount ELSE round(c.amount / 2, 2) END
    FROM payments_payment AS p JOIN debtor ON debtor.account_id = p.account_id
    JOIN billing_charge AS c ON c.account_id = p.account_id
        AND c.month = (%(first)s::date + make_interval(months => (p.id %% 1000)::int - 1))::date
"""
BALANCES = """
    INSERT INTO payments_balance (account_id, contract_id, service_id, month, house_id, opening, charged, paid, closing,
        penalty_opening, penalty_charged, penalty_paid, penalty_closing)
    SELECT c.account_id, c.contract_id, c.service_id, %(last)s, c.house_id,
        c.owed - c.charged - coalesce(paid.amount, 0), c.charged, 0, c.owed - coalesce(paid.amount, 0), 0, 0, 0, 0
    FROM (
        SELECT account_id, contract_id, service_id, min(house_id) AS house_id, sum(amount) AS owed,
            coalesce(sum(amount) FILTER (WHERE month = %(last)s), 0) AS charged
        FROM billing_charge GROUP BY 1, 2, 3
    ) AS c LEFT JOIN (
        SELECT account_id, contract_id, service_id, sum(amount) AS amount FROM payments_allocation GROUP BY 1, 2, 3
    ) AS paid USING (account_id, contract_id, service_id)
"""
# The month's own lines stand already when penalties are drafted.
DRAFTS = """
    INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method,
        unit, days, amount)
    SELECT account_id, contract_id, service_id, kind, line, %(now)s, house_id, %(now)s, method, unit, days, amount
    FROM billing_charge WHERE month = %(last)s ORDER BY account_id
"""
STATES = """
    INSERT INTO billing_contractmonth (contract_id, month, state)
    SELECT id, m::date, 'closed' FROM accounts_agencycontract,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
"""
# 3 % of the accounts pay: a debtor his oldest debt, the others the last document.
NEWS = """
    INSERT INTO payments_payment (id, channel_id, external_id, number_as_received, payer, purpose, amount, directed_to,
        paid_on, day, accepted_at, state, account_id)
    OVERRIDING SYSTEM VALUE
    SELECT a.id * 1000 + 999, 'bank', a.id || '-999', '', '', '', 1, '{}', %(day)s, %(day)s, now(), 'allocated', a.id
    FROM accounts_personalaccount AS a WHERE abs(hashint8(a.id)) %% 100 < 3
"""
NEWS_PARTS = """
    INSERT INTO payments_allocation (account_id, payment_id, line, day, house_id, contract_id, service_id, for_month,
        part, rule, amount)
    SELECT c.account_id, p.id, row_number() OVER (PARTITION BY p.id), p.day, c.house_id, c.contract_id, c.service_id,
        c.month, 1, 1, c.amount
    FROM payments_payment AS p JOIN LATERAL (
        SELECT coalesce(min(b.month), %(last)s) AS month FROM billing_charge AS b
        WHERE b.account_id = p.account_id AND NOT EXISTS (
            SELECT FROM payments_allocation AS a WHERE a.account_id = b.account_id AND a.for_month = b.month)
    ) AS owes ON true
    JOIN billing_charge AS c ON c.account_id = p.account_id AND c.month = owes.month AND c.kind = 1
    WHERE p.day = %(day)s
"""


def run(*, accounts: int, workers: int = 2) -> dict[str, Any]:
    with own_database("penalties"):
        call_command("seed", accounts=accounts, months=1, until=MONTH, stdout=io.StringIO(), stderr=io.StringIO())
        items = owe()
        billing_operations.open_month(month=MONTH)
        first = _night(FIRST_NIGHT, workers)
        first_counts = Run.objects.latest("pk").counts
        pay()
        seconds = _night(PAYMENTS_ON, workers)
        counts = Run.objects.latest("pk").counts
        again = _night(PAYMENTS_ON, workers)
        rule()
        by_law = _night(PAYMENTS_ON, workers)
        proof = _night(PAYMENTS_ON + timedelta(days=1), workers, whole=True)
        proved = Run.objects.latest("pk").counts
        floor = floor_of(list(_lines(accounts)), 1)
    return {
        "bench": "penalties",
        "accounts": accounts,
        "items": items,
        "seconds": round(seconds, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2),
        "peak_rss_mb": max(first_counts["peak_rss_mb"], counts["peak_rss_mb"], proved["peak_rss_mb"]),
        "workers": workers,
        "debtors": accounts * 15 // 100,
        "months_owed": MIX,
        "lines": counts["lines"],
        "lines_changed": counts["inserted"] + counts["changed"] + counts["removed"],
        "accounts_recomputed": counts["recomputed"],
        "first_night_seconds": round(first, 2),
        "first_night_ratio": round(first / floor, 2),
        "unchanged_night_seconds": round(again, 2),
        "law_night_seconds": round(by_law, 2),
        "law_night_ratio": round(by_law / floor, 2),
        "proof_night_seconds": round(proof, 2),
        "proof_night_ratio": round(proof / floor, 2),
        "astray": proved["astray"],
    }


def _night(day: date, workers: int, *, whole: bool = False) -> float:
    with connection.cursor() as cursor:
        # a region that has stood for a day is vacuumed: autovacuum must not share the cores with the measurement
        cursor.execute("VACUUM ANALYZE")
    checkpoint()
    began = time.perf_counter()
    operations.charge_penalties(month=MONTH, day=day, workers=workers, whole=whole)
    return time.perf_counter() - began


@transaction.atomic
def owe() -> int:
    """Ink, payments and a checkpoint of the months before, written past the triggers that guard them; lines of ink."""
    first, last = MONTH + -MONTHS, MONTH.previous
    owed = [months for months, share in MIX.items() for _ in range(share)]
    facts: dict[str, Any] = {"first": first.first, "last": last.first, "now": MONTH.first, "owed": owed}
    with connection.cursor() as cursor:
        for month in Month.range(first, MONTH):
            for table in ("billing_charge", "payments_allocation", "payments_balance"):
                cursor.execute("SELECT make_month_partition(%s, %s)", [table, month.first])
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (DEBTORS, INK, PAID):
            cursor.execute(statement, facts)
        cursor.execute("ANALYZE debtor, billing_charge, payments_payment")
        for statement in (PARTS, BALANCES, STATES, DRAFTS):
            cursor.execute(statement, facts)
        cursor.execute(
            "INSERT INTO payments_closedmonth (month, closed_at, totals) VALUES (%(last)s, now(), '{}')", facts
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT count(*) FROM billing_charge WHERE month < %(now)s", facts)
        return int(cursor.fetchone()[0])


@transaction.atomic
def pay() -> None:
    """The news of a day, written past the triggers."""
    facts: dict[str, Any] = {"day": PAYMENTS_ON, "last": MONTH.previous.first}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (NEWS, NEWS_PARTS):
            cursor.execute(statement, facts)
        cursor.execute("SET LOCAL session_replication_role = origin")


def rule() -> None:
    """A contract's terms of a service for later months: nothing accrues otherwise, and everybody is looked at."""
    contract = AgencyContract.objects.order_by("pk").first()
    PenaltyTerms.objects.create(
        contract=contract, service_id=1, scale=PenaltyScale.HOUSING, act="договор", valid_from=PAYMENTS_ON
    )


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
