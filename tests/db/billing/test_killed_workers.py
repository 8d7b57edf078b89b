"""Two workers over the blocks of one night; one is killed with -9 at any moment, another is started in its place.

Real processes and a real PostgreSQL. What stands in the end is what an undisturbed night leaves.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from accounts.calendar import Month
from accounts.models import Run, RunBlock, RunState
from billing import operations
from config.seeding.region import Region

MONTH = Month.parse("2026-10")
ROUNDS = 12
PATIENCE = 60  # seconds that nothing here should take
WRITTEN = ("billing_charge", "billing_lineproblem", "billing_housebalance", "billing_draftdigest")

# Django and Polars are loaded once; a worker is a fork of that, with a connection and threads of its own.
NURSERY = """
import os, signal, sys
os.environ["POLARS_MAX_THREADS"] = "1"
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from billing.operations import drafts
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        known = drafts.reference_of(int(line))
        while drafts.bill_next_block(int(line), known):
            pass
        os._exit(0)
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

    def worker(self, run_id: int) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{run_id}\n")
        self.process.stdin.flush()
        return int(self.told())


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.process.kill()
    found.process.wait()


def is_alive(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(workers: list[int]) -> None:
    until = time.monotonic() + PATIENCE
    while any(is_alive(worker) for worker in workers):
        assert time.monotonic() < until, "a worker hangs"
        time.sleep(0.01)


def left_behind() -> dict[str, str]:
    """Every row that a night writes, as one digest a table; of fingerprints not the print: it names the engine."""
    found = {}
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
            names = sorted(name for (name,) in cursor.fetchall() if name not in ("id", "digest"))
            cursor.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {', '.join(names)}")
            found[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return found


def disturb(chance: random.Random) -> None:
    """The drafts that the night finds: none, or old ones of which some are wrong, some are gone."""
    with connection.cursor() as cursor:
        if chance.random() < 0.5:
            for table in WRITTEN:
                cursor.execute(f"DELETE FROM {table}")
            return
        third = chance.randrange(3)
        cursor.execute("UPDATE billing_charge SET amount = amount + 1 WHERE account_id %% 3 = %s", [third])
        cursor.execute("DELETE FROM billing_charge WHERE account_id %% 3 = %s", [(third + 1) % 3])
        cursor.execute("DELETE FROM billing_draftdigest WHERE account_id %% 3 <> %s", [(third + 2) % 3])


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_moment_changes_nothing(monkeypatch: pytest.MonkeyPatch, nursery: Nursery) -> None:
    Region(accounts=800, months=2, until=MONTH, seed=1).write(lambda _done: None)
    monkeypatch.setattr("billing.operations.drafts.BLOCK", 25)
    operations.run_billing(month=MONTH)
    undisturbed = left_behind()
    blocks = RunBlock.objects.count()
    assert blocks > 5
    chance = random.Random(20261123)
    usual = None
    half_way = 0
    for number in range(ROUNDS):
        disturb(chance)
        run_id = operations.start_billing_run(MONTH)
        started = time.monotonic()
        victim, other = nursery.worker(run_id), nursery.worker(run_id)
        if usual is not None:
            time.sleep(chance.uniform(0, usual))
            if is_alive(victim):
                os.kill(victim, signal.SIGKILL)
            half_way += RunBlock.objects.filter(run_id=run_id, state=RunState.DONE).count() < blocks
        workers = [victim, other] if usual is None else [victim, other, nursery.worker(run_id)]
        wait_for(workers)
        usual = usual or time.monotonic() - started  # the first round is left alone: how long two workers need
        # The server notices a dead client in its own time: a block it still held is taken by the next start.
        until = time.monotonic() + PATIENCE
        while not operations.finish_if_done(run_id):
            assert time.monotonic() < until, "a block is lost"
            wait_for([nursery.worker(run_id)])
        run = Run.objects.get(pk=run_id)
        assert run.state == RunState.DONE, f"round {number}: {run.message}"
        assert left_behind() == undisturbed, f"round {number}"
    assert half_way > ROUNDS // 3, f"too few were killed in the middle: {half_way} of {ROUNDS}"
