"""The turnover sheet of every account: its page, and its Excel file beside a bare write-only loop over the same cells.

Every account has a closed month and, after it, a posted one with its payments, ten lines each; the last day of the
books is open, the others are summed by house as the hourly job does it. The page: fifty accounts and the totals of all,
the median of three; `preview_from_ink_seconds` is the same without any sums. `debt_by_age_seconds`: «Долг по возрасту»
of everybody, each debt late from its contract's due day, read from ink as it stands. The file: a line for each account
and service, 300 000 at most, written by a process of its own; the floor writes the same cells with openpyxl, which has
them in memory already.
"""

from __future__ import annotations

import io
import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from openpyxl import Workbook

from accounts.calendar import Month
from config import hands
from config.benches.database import checkpoint, own_database

CLOSED, MONTH = Month.parse("2026-09"), Month.parse("2026-10")
TODAY = date(2026, 11, 10)
MOST_LINES = 300_000
LINES = 10  # charges of an account in a month

# Ten services of an account's house; houses that have fewer get another contract's beside them.
SERVED = """
    CREATE TEMP TABLE served ON COMMIT DROP AS
    SELECT a.id AS account_id, a.house_id, 1 + n %% (SELECT max(id) FROM accounts_agencycontract) AS contract_id,
        (SELECT min(id) + n %% count(*) FROM accounts_service) AS service_id, n
    FROM accounts_personalaccount AS a, generate_series(0, %(lines)s - 1) AS n
"""
CHARGES = """
    INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method,
        volume, unit, days, amount)
    SELECT account_id, contract_id, service_id, CASE n WHEN 9 THEN 6 WHEN 8 THEN 4 ELSE 1 END, n, %(month)s, house_id,
        %(month)s, 1, 5, 1, 31, (100 + (account_id * 7919 + n * 1047) %% 200000 / 100.0)::numeric(14, 2)
    FROM served ORDER BY account_id
"""
BALANCES = """
    INSERT INTO payments_balance (account_id, contract_id, service_id, month, house_id, opening, charged, paid, closing,
        penalty_opening, penalty_charged, penalty_paid, penalty_closing)
    SELECT account_id, contract_id, service_id, %(closed)s, min(house_id), 0, sum(500 + account_id %% 700), 0,
        sum(500 + account_id %% 700), 0, 0, 0, 0
    FROM served GROUP BY account_id, contract_id, service_id ORDER BY account_id
"""
PAYMENTS = """
    INSERT INTO payments_payment (id, channel_id, external_id, number_as_received, payer, purpose, amount, directed_to,
        paid_on, day, accepted_at, state, account_id)
    OVERRIDING SYSTEM VALUE
    SELECT id, 'bank', id::text, '', '', '', 1, '{}', %(month)s::date + (id %% 28)::int,
        %(month)s::date + (id %% 28)::int, now(), 'allocated', id
    FROM accounts_personalaccount
"""
PARTS = """
    INSERT INTO payments_allocation (account_id, payment_id, line, day, house_id, contract_id, service_id, for_month,
        part, rule, amount)
    SELECT account_id, account_id, n, %(month)s::date + (account_id %% 28)::int, house_id, contract_id, service_id,
        %(closed)s, 1, 1, 300 + account_id %% 500
    FROM served WHERE n < 8 ORDER BY account_id
"""
DAYS = """
    INSERT INTO payments_operatingday (day, state, closed_at, sheet)
    SELECT d::date, CASE WHEN d < %(month)s::date + 27 THEN 'closed' ELSE 'open' END,
        CASE WHEN d < %(month)s::date + 27 THEN now() END, '{}'
    FROM generate_series(%(closed)s::date, %(month)s::date + 27, interval '1 day') AS d
"""
STATES = """
    INSERT INTO billing_contractmonth (contract_id, month, state)
    SELECT id, %(closed)s, 'closed' FROM accounts_agencycontract
    UNION ALL SELECT id, %(month)s, 'posted' FROM accounts_agencycontract
"""


def run(*, accounts: int) -> dict[str, Any]:
    from portals.reports import ready, running, sums
    from portals.reports.compiler import Scope

    with own_database("reports"), tempfile.TemporaryDirectory() as folder:
        call_command("seed", accounts=accounts, months=1, until=MONTH, stdout=io.StringIO(), stderr=io.StringIO())
        fill()
        everybody = Scope.everything()
        by_account = ready.READY["turnover-accounts"].definition(TODAY)
        by_house = ready.READY["turnover"].definition(TODAY)
        checkpoint()
        from_ink = _median(lambda: running.sheet(by_account, everybody))
        began = time.perf_counter()
        sums.refresh()
        summing = time.perf_counter() - began
        page = _median(lambda: running.sheet(by_account, everybody))
        pages = running.sheet(by_account, everybody).count // running.PER_PAGE
        last_page = _median(lambda: running.sheet(by_account, everybody, page=pages))
        houses = _median(lambda: running.sheet(by_house, everybody))
        ages = ready.READY["debt-age"].definition(TODAY)
        debts = _median(lambda: running.sheet(ages, everybody, patience=None))
        told = _written(Path(folder) / "report.xlsx")
        floor = _floor(list(lines(MOST_LINES).rows), Path(folder) / "floor.xlsx")
    return {
        "bench": "reports",
        "accounts": accounts,
        "items": told["lines"],
        "seconds": round(told["seconds"], 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(told["seconds"] / floor, 2),
        "peak_rss_mb": told["peak_rss_mb"],
        "size_mb": told["size_mb"],
        "preview_seconds": round(page, 3),
        "preview_last_page_seconds": round(last_page, 3),
        "preview_by_house_and_service_seconds": round(houses, 3),
        "preview_from_ink_seconds": round(from_ink, 3),
        "debt_by_age_seconds": round(debts, 3),
        "summing_seconds": round(summing, 2),
    }


def lines(most: int) -> Any:
    """The turnover sheet by account and service as a table, its first lines."""
    from portals.reports import definitions, ready, tables
    from portals.reports.compiler import Scope

    by_account = ready.READY["turnover-accounts"].definition(TODAY)
    long = definitions.checked(replace(by_account, rows=("account", "service")))
    table = tables.table(tables.What("Обороты", long), Scope.everything(), owner="Все", made_on=TODAY)
    return replace(table, rows=itertools.islice(table.rows, most))


def _written(path: Path) -> dict[str, Any]:
    """The file, made by a process that has done nothing else; lines, seconds, its peak memory."""
    context = multiprocessing.get_context("spawn")
    told: Any = context.SimpleQueue()
    name = str(connection.settings_dict["NAME"])
    child = context.Process(
        target=hands.write_report, args=(str(settings.SETTINGS_MODULE), name, str(path), MOST_LINES, told)
    )
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError("the process that writes the file failed")
    return dict(told.get())


@transaction.atomic
def fill() -> None:
    """A closed month and a posted one, written past the triggers that guard them."""
    facts: dict[str, Any] = {"closed": CLOSED.first, "month": MONTH.first, "lines": LINES}
    with connection.cursor() as cursor:
        for month in (CLOSED, MONTH):
            for table in ("billing_charge", "payments_allocation", "payments_balance"):
                cursor.execute("SELECT make_month_partition(%s, %s)", [table, month.first])
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (SERVED, CHARGES, BALANCES, PAYMENTS, PARTS, DAYS, STATES):
            cursor.execute(statement, facts)
        cursor.execute(
            "INSERT INTO payments_closedmonth (month, closed_at, totals) VALUES (%(closed)s, now(), '{}')", facts
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    transaction.on_commit(_vacuum)


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # a region that has stood for a day is vacuumed


def _median(ask: Callable[[], Any]) -> float:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _floor(rows: list[Any], path: Path) -> float:
    """Seconds of a bare loop over the same cells."""
    began = time.perf_counter()
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)
    return time.perf_counter() - began
