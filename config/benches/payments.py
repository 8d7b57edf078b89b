"""A register of a payment for every account, from the bank's file to posted allocations, beside its floor.

Every account has the ink of the last month; 15 % owe the two months before as well. The books are closed up to the
month before the last, so that the open items of the debtors stand beside the checkpoint. Of the payers 70 % pay all
that is open, 15 % a part, 10 % too much, and 5 % pay twice. The floor is COPY of the same payments and allocations into
empty tables of the same shape and keys. Then the provider's notifications come, 50 a second, to a few processes that
ask its stand-in over HTTP: from the moment a notification is due to arrive to its posted allocation.
"""

from __future__ import annotations

import io
import multiprocessing
import resource
import tempfile
import time
import uuid
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import override_settings
from django.utils import timezone

from accounts.calendar import Month
from accounts.queries import User
from config import hands
from config.benches.database import checkpoint, own_database

FIRST, MONTH = Month.parse("2026-08"), Month.parse("2026-10")
DAY = date(2026, 11, 10)
RATE, SECONDS = 50, 6  # payments on line a second; how long
HANDS = 2  # processes that take them

INK = """
    INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method,
        unit, days, amount)
    SELECT a.id, p.contract_id, p.service_id, 1, 0, m::date, a.house_id, m::date, 8, 6, 30,
        (300 + (a.id * 7919 + p.service_id * 1047) %% 200000 / 100.0)::numeric(14, 2)
    FROM accounts_personalaccount AS a JOIN billing_provision AS p ON p.house_id = a.house_id AND p.valid_to IS NULL,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
    WHERE a.id * 37 %% 100 < 15 OR m = %(last)s
    ORDER BY m, a.id
    ON CONFLICT DO NOTHING
"""
STATES = """
    INSERT INTO billing_contractmonth (contract_id, month, state)
    SELECT id, m::date, 'posted' FROM accounts_agencycontract,
        generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS m
"""
OWED = """
    SELECT account.id, account.number, sum(c.amount) FROM billing_charge AS c
    JOIN accounts_personalaccount AS account ON account.id = c.account_id
    WHERE account.closed_on IS NULL OR account.closed_on > %(day)s GROUP BY 1, 2 ORDER BY account.id * 7919 %% 1000003
"""
STORED = {  # in the order they were written
    "payments_payment": "SELECT * FROM payments_payment WHERE day = %(day)s ORDER BY id",
    "payments_allocation": "SELECT * FROM payments_allocation WHERE day = %(day)s ORDER BY 1, 2, 3",
}


def run(*, accounts: int) -> dict[str, Any]:
    with own_database("payments"), tempfile.TemporaryDirectory() as folder:
        call_command("seed", accounts=accounts, months=1, until=MONTH, stdout=io.StringIO(), stderr=io.StringIO())
        _owe()
        register = Path(folder) / "register.txt"
        rows = _write_register(register)
        before = _peak()
        seconds = _take_in(register)
        peak = _peak()
        allocations, floor = _floor(Path(folder))
        on_line = _on_line()
    return {
        "bench": "payments",
        "accounts": accounts,
        "items": rows,
        "seconds": round(seconds, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2),
        "peak_rss_mb": peak,
        "peak_rss_before_mb": before,
        "allocations": allocations,
        **on_line,
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _owe() -> None:
    """Posted ink, written past the triggers that guard it, and books closed up to the month before the last."""
    from payments import operations

    facts: dict[str, Any] = {"first": FIRST.first, "last": MONTH.first}
    with transaction.atomic(), connection.cursor() as cursor:
        for month in Month.range(FIRST, MONTH):
            cursor.execute("SELECT make_month_partition('billing_charge', %s)", [month.first])
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(STATES, facts)
        cursor.execute(INK, facts)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE billing_charge")
    for month in Month.range(FIRST, MONTH.previous):
        operations.close_month(month=month)
    operations.open_day(DAY)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # a region that has stood for a day is vacuumed


def _write_register(path: Path) -> int:
    """The bank's file («BillDirect»), one payment an account and one more of every twentieth; rows of it."""
    count, whole = 0, Decimal("0.00")
    with connection.cursor() as cursor, path.open("w", encoding="cp1251", newline="\r\n") as file:
        cursor.execute(OWED, {"day": DAY})
        for account_id, number, owed in cursor.fetchall():
            lot = account_id * 61 % 100
            share = Decimal("1") if lot < 70 else Decimal("0.61") if lot < 85 else Decimal("1.2")
            amounts = [(owed * share).quantize(Decimal("0.01"))]
            if lot >= 95:
                amounts.append(Decimal("100.00"))
            for place, amount in enumerate(amounts):
                file.write(f"{DAY:%d%m%Y};{number};;{amount};{account_id}-{place}\n")
                count, whole = count + 1, whole + amount
        file.write(f"=;{count};{whole}\n")
    return count


def _take_in(path: Path) -> float:
    """The file through the door that an operator uses: read, matched, recorded, allocated, posted; seconds."""
    from payments import operations
    from payments.models import Payment, PaymentState

    content = path.read_bytes()
    checkpoint()
    began = time.perf_counter()
    done = operations.import_register(
        name=path.name, content=content, layout="billdirect", channel="bank", day=DAY, today=DAY, by=None
    )
    seconds = time.perf_counter() - began
    assert done.sums["accepted"][0] == len(done.rows)
    assert not Payment.objects.exclude(state=PaymentState.ALLOCATED).exists()
    return seconds


def _floor(folder: Path) -> tuple[int, float]:
    """COPY of what was written into empty tables of the same shape; allocations, seconds."""
    seconds, counts = 0.0, []
    with connection.cursor() as cursor:
        for table, stored in STORED.items():
            path = folder / table
            with path.open("wb") as file:
                query = cursor.cursor.mogrify(stored, {"day": DAY}).decode()
                cursor.cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", file)
            cursor.execute(
                f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING INDEXES INCLUDING CONSTRAINTS INCLUDING DEFAULTS)"
            )
            checkpoint()
            began = time.perf_counter()
            with path.open("rb") as file:
                cursor.cursor.copy_expert(f"COPY bench_{table} FROM STDIN WITH (FORMAT csv)", file)
            seconds += time.perf_counter() - began
            counts.append(cursor.rowcount)
    return counts[-1], seconds


def _begun() -> list[str]:
    """The provider's numbers of payments that were begun in the cabinet and paid at the provider."""
    from payments import operations

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_personalaccount WHERE closed_on IS NULL AND id %% 3 = 1 ORDER BY id LIMIT %s",
            [RATE * SECONDS + 3 * HANDS],
        )
        accounts = [account_id for (account_id,) in cursor.fetchall()]
    user = User.objects.create_user(email="bench@example.org", name="Плательщик")
    rows = [
        operations.begin_payment(
            key=uuid.uuid4(), account_id=account_id, user=user, amount=Decimal("500.00"), method="card",
            return_url="http://testserver/", at=timezone.now(),
        )
        for account_id in accounts
    ]  # fmt: skip
    return [row.provider_id or "" for row in rows]


def _on_line() -> dict[str, Any]:
    """50 notifications a second for some seconds, to HANDS processes; milliseconds from arrival to allocation.

    The processor's milliseconds of a payment are told apart: ours, of the database, and of what only the bench needs.
    """
    context = multiprocessing.get_context("spawn")
    link, theirs = context.Pipe()
    provider = context.Process(target=hands.be_the_shop, args=("1", "bench", theirs))
    provider.start()
    shop = {
        "YOOKASSA_SHOP_ID": "1", "YOOKASSA_SECRET_KEY": "bench", "YOOKASSA_API_URL": f"{link.recv()}/v3",
        "YOOKASSA_NETWORKS": ["127.0.0.1/32"],
    }  # fmt: skip
    try:
        with override_settings(**shop):
            numbers = _begun()
        for number in numbers:
            link.send(number)
            link.recv()
        link.send("busy")
        before = link.recv()
        waits, busy, generating, in_database = _taken(shop, numbers)
        link.send("busy")
        provided = link.recv() - before
    finally:
        link.send(None)
        provider.join()

    def each(seconds: float) -> float:
        return round(seconds / len(waits) * 1000, 1)

    return {
        "online_payments": len(waits),
        "online_rate": RATE,
        "online_median_ms": round(waits[len(waits) // 2] * 1000, 1),
        "online_p95_ms": round(waits[int(len(waits) * 0.95)] * 1000, 1),
        "online_max_ms": round(waits[-1] * 1000, 1),
        "online_cpu_ms": each(busy - generating),
        "online_database_cpu_ms": None if in_database is None else each(in_database),
        "online_generator_cpu_ms": each(generating),
        "online_stand_in_cpu_ms": each(provided),
    }


def _taken(shop: dict[str, Any], numbers: list[str]) -> tuple[list[float], float, float, float | None]:
    """Seconds each notification waited, sorted; CPU seconds of who took them, of making them, of the database."""
    name = str(connection.settings_dict["NAME"])
    context = multiprocessing.get_context("spawn")
    told: Any = context.SimpleQueue()
    ready = context.Barrier(HANDS + 1)
    begins = context.Value("d", 0.0)
    crew = []
    for hand in range(HANDS):
        warm = [(0, number) for number in numbers[hand * 3 : hand * 3 + 3]]
        mine = list(enumerate(numbers[HANDS * 3 :]))[hand::HANDS]
        args = (str(settings.SETTINGS_MODULE), name, shop, warm + mine, RATE, ready, begins, told)
        crew.append(context.Process(target=hands.take_notifications, args=args))
    for one in crew:
        one.start()
    ready.wait(60)
    begins.value = time.time() + 0.5
    ready.wait(60)
    found = [told.get() for _ in crew]
    for one in crew:
        one.join()
    served = [one[3] for one in found]
    return (
        sorted(wait for waits, *_ in found for wait in waits),
        sum(one[1] for one in found),
        sum(one[2] for one in found),
        None if None in served else sum(served),
    )
