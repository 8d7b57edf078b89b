"""The morning's remittance: 139 contracts over a day of payments, each split into five parts, beside its floor.

`accounts` is the number of payments of the day (200 000 for the mark). Measured: forming the remittances, releasing
them, and writing the bank's file. The floor is the bare aggregate of the same allocations by contract and by kind of
channel, in SQL.
"""

from __future__ import annotations

import io
import resource
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from accounts.calendar import Month
from accounts.queries import OrganisationKind, User, VatMode
from config.benches.database import checkpoint, own_database
from config.seeding import reference
from payments import operations
from payments.queries import remittances_on

CONTRACTS = 139
PARTS = 5
DAY, NEXT = date(2026, 11, 5), datetime(2026, 11, 6, 4, tzinfo=UTC)

PAYMENTS = """
    INSERT INTO payments_payment (channel_id, external_id, number_as_received, payer, purpose, account_id, amount,
        directed_to, paid_on, day, accepted_at, state, held_because)
    SELECT (ARRAY['bank', 'post', 'online', 'cash'])[1 + n %% 4], n::text, '', '', '', account.id,
        ((1000 + n * 7919 %% 500000) * %(parts)s / 100.0)::numeric(14, 2), '{}', %(day)s, %(day)s, now(), 'allocated',
        ''
    FROM generate_series(1, %(payments)s) AS n
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS of
          FROM accounts_personalaccount) AS account ON account.place = n %% account.of
"""
ALLOCATIONS = """
    INSERT INTO payments_allocation (account_id, payment_id, line, day, house_id, contract_id, service_id, for_month,
        part, rule, amount)
    SELECT p.account_id, p.id, line, p.day, account.house_id, (%(contracts)s)[1 + (p.id * 31 + line * 17) %% %(count)s],
        2 + line, DATE '2026-10-01', 1, 1, p.amount / %(parts)s
    FROM payments_payment AS p JOIN accounts_personalaccount AS account ON account.id = p.account_id,
        generate_series(0, %(parts)s - 1) AS line
    ORDER BY p.account_id, p.id
"""
BARE = """
    SELECT a.contract_id, payment.channel_id, sum(a.amount) FROM payments_allocation AS a
    JOIN payments_payment AS payment ON payment.id = a.payment_id
    WHERE a.day = %(day)s GROUP BY 1, 2
"""


def run(*, accounts: int) -> dict[str, Any]:
    with own_database("remittance"):
        call_command(
            "seed", accounts=300, months=1, until=Month.parse("2026-10"), stdout=io.StringIO(), stderr=io.StringIO()
        )
        contracts = _contracts()
        person, first = (User.objects.create_user(f"{name}@demo.example", "bench", is_staff=True) for name in "ab")
        allocations = _day(accounts, contracts)
        checkpoint()
        floor = _floor()
        checkpoint()
        began = time.perf_counter()
        summary = operations.remit_day(day=DAY)
        formed = time.perf_counter() - began
        operations.check_remittances(day=DAY, by=first, at=NEXT)
        operations.release_remittances(day=DAY, by=person, at=NEXT)
        content = operations.remittance_file(DAY)
        seconds = time.perf_counter() - began
        rows = remittances_on(DAY)
        contracts_paid = len({row.contract_id for row in rows})
        assert not summary.refused and summary.formed == len(rows), str(summary)
        assert contracts_paid == CONTRACTS, str(summary)
    return {
        "bench": "remittance",
        "accounts": accounts,
        "items": allocations,
        "contracts": contracts_paid,
        "orders": len(rows),
        "seconds": round(seconds, 2),
        "formed_seconds": round(formed, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "net": f"{summary.net}",
        "file_bytes": len(content),
    }


def _contracts() -> list[int]:
    """Contracts of principals with both bank accounts, under every kind of VAT."""
    made = []
    for place in range(CONTRACTS):
        principal = reference.make_organisation(
            700 + place, OrganisationKind.MANAGING, f"УК «{place + 1}»", f"Управляющая компания «{place + 1}»"
        )
        vat = (VatMode.NONE, VatMode.INCLUDED, VatMode.ON_TOP)[place % 3]
        made.append(reference.make_contract(principal, f"Б-{place + 1}", str(Decimal("1.5") + place % 4), vat).pk)
    return made


def _day(payments: int, contracts: list[int]) -> int:
    """The day's payments and their parts, written past the triggers that guard them; the day is closed."""
    operations.open_day(DAY)
    facts: dict[str, Any] = {
        "payments": payments, "parts": PARTS, "day": DAY, "contracts": contracts, "count": len(contracts)
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(PAYMENTS, facts)
        cursor.execute(ALLOCATIONS, facts)
        allocations = cursor.rowcount
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    operations.close_day(day=DAY)
    return allocations


def _floor() -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(BARE, {"day": DAY})
        cursor.fetchall()
    return time.perf_counter() - began
