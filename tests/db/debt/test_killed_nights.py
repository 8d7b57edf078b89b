"""A night of two workers killed with -9 at any moment, and begun anew: what stands is what an undisturbed one leaves.

Real processes and a real PostgreSQL.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction

from accounts.calendar import Month
from accounts.models import Run, RunState
from billing import operations as billing_operations
from debt import operations
from tests import make

JANUARY, FEBRUARY, MAY = (Month.parse(f"2026-0{number}") for number in (1, 2, 5))
ROUNDS = 12

# Django and Polars are loaded once; a night is a fork of that, with a connection and threads of its own, and its second
# worker another; they are one group of processes.
NURSERY = """
import os, signal, sys
from datetime import date
os.environ["POLARS_MAX_THREADS"] = "1"
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from accounts.calendar import Month
from debt.operations import nights
from django.db import connection
nights.BLOCK = nights.QUIET_BLOCK = 3
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def hand(run_id):
    if not os.fork():
        others, connection.connection = connection.connection, None  # the night's own: neither used nor closed here
        nights.take_blocks(run_id)
        os._exit(0)

print("ready", flush=True)
for line in sys.stdin:
    day, whole = line.split()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        nights.charge_penalties(
            month=Month.parse("2026-05"), day=date.fromisoformat(day), whole=whole == "whole", more_hands=hand
        )
        os._exit(0)
    try:
        os.setpgid(child, child)  # by whichever of the two comes first
    except OSError:
        pass
    print(child, flush=True)
"""


class Nursery:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(connection.settings_dict["NAME"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )  # fmt: skip
        assert self.told() == "ready"

    def told(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def night(self, day: date, how: str) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{day} {how}\n")
        self.process.stdin.flush()
        return int(self.told())


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.process.kill()
    found.process.wait()


def is_alive(night: int) -> bool:
    try:
        os.kill(night, 0)
    except ProcessLookupError:
        return False
    return True


def is_connected() -> bool:
    """Does another process, the night or its second worker, still hold a connection to this database?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return cursor.fetchone() != (0,)


def left_behind() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, contract_id, service_id, amount FROM billing_charge WHERE kind = 6 ORDER BY 1, 2, 3"
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT account_id, contract_id, posted_kopecks, accrued_kopecks[31 - extract(day FROM since)::int + 1]"
            " FROM debt_accrual ORDER BY 1, 2"
        )
        return [*rows, *cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_a_night_killed_at_any_moment_changes_nothing(nursery: Nursery) -> None:
    with transaction.atomic():
        contract = make.contract()
        for number in range(40):
            account = make.account()
            for month in (JANUARY, FEBRUARY):
                make.ink(account, contract, 2, month, f"{1000 + 77 * number}.13")
    billing_operations.open_month(month=MAY)
    chance = random.Random(20261123)
    killed = 0
    began = time.monotonic()
    operations.charge_penalties(month=MAY, day=date(2026, 5, 1))
    usual = time.monotonic() - began
    for number in range(ROUNDS):
        day = date(2026, 5, 2 + 2 * number)
        how = chance.choice(["whole", "quiet"])
        worker = nursery.night(day, how)
        time.sleep(chance.uniform(0, usual))
        if is_alive(worker):
            killed += 1
            os.killpg(worker, signal.SIGKILL)
        while is_alive(worker) or is_connected():  # PostgreSQL notices a moment later, and lets the night's lock go
            time.sleep(0.01)
        operations.charge_penalties(month=MAY, day=day)
        restarted = left_behind()
        with connection.cursor() as cursor:  # an undisturbed month from its first night
            cursor.execute("DELETE FROM billing_charge WHERE kind = 6")
            cursor.execute("DELETE FROM debt_accrual")
            cursor.execute("DELETE FROM debt_penaltybook")
        operations.charge_penalties(month=MAY, day=day)
        assert left_behind() == restarted
    assert killed >= ROUNDS // 3
    assert not Run.objects.filter(state=RunState.RUNNING).exists()
