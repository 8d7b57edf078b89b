"""The resident's pages under load: fifty requests a second, open loop, beside a bare Django view with one query.

A region with two posted months, payments, documents and the running bill; many residents, each with one account and a
session made in bulk. The site's own server (gunicorn, two workers of four threads, production settings) answers on
loopback; one page after another is asked fifty times a second, each time by another resident, whether or not the one
before was answered. `p50_ms`, `p95_ms`: time in our code; `waited_p95_ms`: from the moment the request was due to its
last byte, queues and the asker's own share of the two cores included. `seconds` is the worst page's p95, the floor the
bare view's, in the same run.
"""

from __future__ import annotations

import gzip
import http.client
import io
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django.utils.timezone import localdate

from accounts.calendar import Month
from config import demo
from config.benches.database import checkpoint, own_database

RATE = 50  # requests a second
PAGE_SECONDS = 20
RESIDENTS = 2000
ASKERS = 24  # threads that ask; a request that finds none free is late, and says so
PAGES = {
    "first": "/cabinet/{}/",
    "readings": "/cabinet/{}/readings/",
    "charges": "/cabinet/{}/charges/",
    "payments": "/cabinet/{}/payments/",
}
WARMING = 16


@dataclass
class Told:
    """What the answers of one page said."""

    ms: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)
    rss: int = 0
    refused: int = 0

    def row(self) -> dict[str, Any]:
        return {
            "requests": len(self.ms),
            "p50_ms": round(statistics.median(self.ms), 1),
            "p95_ms": round(p95(self.ms), 1),
            "waited_p95_ms": round(p95(self.waited), 1),
            "cpu_ms": round(statistics.fmean(self.cpu), 1),
            "queries": max(self.queries),
            "kb_compressed": round(max(self.packed) / 1000, 1),
            "refused": self.refused,
        }


def run(*, accounts: int) -> dict[str, Any]:
    """Every page for PAGE_SECONDS."""
    with own_database("web"), tempfile.TemporaryDirectory() as folder:
        live(accounts, localdate())
        residents = sessions(min(RESIDENTS, accounts))
        checkpoint()
        with served(Path(folder)) as port:
            floor = asked(port, "/bench-bare/", residents)
            pages = {name: asked(port, address, residents) for name, address in PAGES.items()}
    worst = max(p95(told.ms) for told in pages.values())
    least = p95(floor.ms)
    return {
        "bench": "web",
        "accounts": accounts,
        "items": sum(len(told.ms) for told in pages.values()),
        "seconds": round(worst / 1000, 4),
        "floor_seconds": round(least / 1000, 4),
        "ratio": round(worst / least, 1),
        "peak_rss_mb": max(told.rss for told in pages.values()),
        "per_second": RATE,
        "bare": floor.row(),
        **{name: told.row() for name, told in pages.items()},
    }


def live(accounts: int, today: date) -> None:
    """Two months posted, paid, issued; the running month drafted."""
    from billing import operations as billing_operations
    from epd import operations as epd_operations
    from payments import operations as payments_operations

    running = Month.of(today)
    last = running.previous
    call_command("seed", accounts=accounts, months=2, until=last, stdout=io.StringIO(), stderr=io.StringIO())
    for month in (last.previous, last):
        demo.charge_month(month, today, lambda _: None)
        demo.pay_day(min(month.next.first + timedelta(days=9), today - timedelta(days=1)), today=today)
    payments_operations.close_days(until=today - timedelta(days=1), by="bench")
    epd_operations.issue_documents(month=last, day=running.first)
    billing_operations.open_month(month=running)
    billing_operations.run_billing(month=running)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # a region that has stood for a day is vacuumed


def sessions(count: int) -> list[tuple[str, str]]:
    """(account number, session key) of so many new residents, each with an account of his own."""
    from accounts.models import PersonalAccount, User
    from portals.models import AccountLink

    with connection.cursor() as cursor:  # spread over the whole region
        cursor.execute(
            "SELECT id FROM accounts_personalaccount WHERE closed_on IS NULL ORDER BY md5(id::text) LIMIT %s", [count]
        )
        chosen = [pk for (pk,) in cursor.fetchall()]
    numbers = dict(PersonalAccount.objects.filter(pk__in=chosen).values_list("pk", "number"))
    users = User.objects.bulk_create(
        [User(email=f"bench{pk}@bench.example", name="Житель", password="!") for pk in chosen]
    )
    AccountLink.objects.bulk_create(
        [AccountLink(user=user, account_id=pk) for user, pk in zip(users, chosen, strict=True)]
    )
    store, until = SessionStore(), timezone.now() + timedelta(days=1)
    rows, keys = [], []
    for user, pk in zip(users, chosen, strict=True):
        kept = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        key = f"bench{pk:027d}"
        rows.append(Session(session_key=key, session_data=store.encode(kept), expire_date=until))
        keys.append((numbers[pk], key))
    Session.objects.bulk_create(rows, batch_size=1000)
    return keys


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The port on which the site's own server answers, as production starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    database = connection.settings_dict
    who = quote(str(database["USER"] or "")) + (f":{quote(str(database['PASSWORD']))}" if database["PASSWORD"] else "")
    address = f"postgres://{who}@{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": address, "DEBUG": "false", "SECRET_KEY": settings.SECRET_KEY, "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "false", "STATIC_ROOT": str(folder / "static"), "PYTHONPATH": str(settings.BASE_DIR),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic", "--noinput"]
        subprocess.run(manage, env=environment, stdout=log, stderr=log, check=True)
        command = [
            sys.executable, "-m", "gunicorn", "config.served", "--bind", f"127.0.0.1:{port}", "--workers", "2",
            "--threads", "4", "--access-logfile", "-", "--chdir", str(settings.BASE_DIR),
        ]  # fmt: skip
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError("the server stopped before it answered")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def asked(port: int, address: str, residents: Sequence[tuple[str, str]]) -> Told:
    """One page asked RATE times a second for PAGE_SECONDS, each time by the next resident."""
    told = Told()
    order = random.Random(address).sample(list(residents), len(residents))

    def ask(number: int, due: float | None) -> None:
        account, key = order[number % len(order)]
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            link.request("GET", address.format(account), headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
            answer = link.getresponse()
            body = answer.read()
        except OSError:  # not answered within a minute, or turned away at the door
            told.refused += due is not None
            return
        finally:
            link.close()
        if due is None:
            return
        told.waited.append((time.perf_counter() - due) * 1000)
        if answer.status != 200:
            told.refused += 1
        told.ms.append(float(answer.headers["X-Bench-Ms"]))
        told.cpu.append(float(answer.headers["X-Bench-Cpu"]))
        told.queries.append(int(answer.headers["X-Bench-Queries"]))
        told.rss = max(told.rss, int(answer.headers["X-Bench-Rss"]))
        if number % RATE == 0:
            told.packed.append(len(gzip.compress(body, 6)))

    with ThreadPoolExecutor(ASKERS) as pool:
        list(pool.map(ask, range(WARMING), [None] * WARMING))
        began = time.perf_counter()
        waiting = []
        for number in range(RATE * PAGE_SECONDS):
            due = began + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(pool.submit(ask, number, due))
        for one in waiting:
            one.result()
    return told


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
