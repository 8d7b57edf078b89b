"""A process of its own that takes payments on line: what `bench payments` measures. Imported before Django stands."""

from __future__ import annotations

import logging
import os
import resource
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def be_the_shop(shop_id: str, secret_key: str, link: Any) -> None:
    """The provider's stand-in in a process of its own: what it takes of the processor is not the payment's.

    link: sends the address, then answers a payment's number by its being paid, and "busy" by the CPU seconds so far.
    """
    from payments.standins.yookassa import YooKassaStandIn

    stand_in = YooKassaStandIn(shop_id=shop_id, secret_key=secret_key)
    stand_in.start()
    link.send(stand_in.address)
    while (asked := link.recv()) is not None:
        if asked == "busy":
            link.send(time.process_time())
        else:
            stand_in.pay(asked)
            link.send(None)
    stand_in.stop()


def take_notifications(
    settings_module: str,
    database: str,
    shop: Mapping[str, Any],
    notices: Sequence[tuple[int, str]],
    rate: int,
    ready: Any,
    begins: Any,
    told: Any,
) -> None:
    """Take the provider's notification of each (place, number) when it arrives: `rate` a second, from `begins` on.

    A notification goes the whole way of the web server: through the middleware to the address, where the provider is
    asked over HTTP (shop: its settings), and the payment is recorded and laid. The first three only warm the worker up.
    Puts into `told` the seconds from each arrival to its posted allocation, the CPU seconds of all, and of those the
    CPU seconds of making the requests; and the CPU seconds of PostgreSQL for this worker, None where it is elsewhere.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    for name, value in shop.items():
        setattr(settings, name, value)
    settings.ALLOWED_HOSTS = ["testserver"]
    django.setup()
    logging.disable(logging.INFO)  # a line of a log a request is the server's, not the payment's
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection
    from django.test import RequestFactory

    server = WSGIHandler()
    factory = RequestFactory()
    generating = 0.0

    def take(number: str) -> None:
        nonlocal generating
        began = time.process_time()
        body = {"type": "notification", "event": "payment.succeeded", "object": {"id": number}}
        asked = factory.post("/payments/online/yookassa/", body, content_type="application/json", secure=True)
        environ = asked.environ
        answered: list[str] = []
        start: Any = lambda status, headers, fault=None: answered.append(status)  # noqa: E731
        generating += time.process_time() - began
        answer = server(environ, start)
        b"".join(answer)
        answer.close()
        assert answered[0].startswith("200"), answered

    for _, number in notices[:3]:
        take(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr()")
        backend, is_here = cursor.fetchone()
    ready.wait(60)
    ready.wait(60)
    busy, served, generating = time.process_time(), _busy(backend) if is_here else None, 0.0
    waits = []
    for place, number in notices[3:]:
        due = begins.value + place / rate
        time.sleep(max(0.0, due - time.time()))
        take(number)
        waits.append(time.time() - due)
    after = _busy(backend) if is_here else None
    in_database = None if served is None or after is None else after - served
    told.put((waits, time.process_time() - busy, generating, in_database))


def _busy(pid: int) -> float | None:
    """CPU seconds of a process so far, where the system tells them."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return None
    fields = status.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_report(settings_module: str, database: str, path: str, most: int, told: Any) -> None:
    """Write the turnover sheet by account and service as Excel: what `bench reports` measures.

    Puts into `told` how many lines it had, the seconds from the question to the closed file, and the peak memory.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    logging.disable(logging.INFO)
    from config.benches import reports
    from portals.reports import sheets

    began = time.perf_counter()
    lines = sheets.write(Path(path), "xlsx", reports.lines(most))
    seconds = time.perf_counter() - began
    size = Path(path).stat().st_size / 1024 / 1024
    told.put({"lines": lines, "seconds": seconds, "peak_rss_mb": _peak_mb(), "size_mb": round(size, 1)})


def _peak_mb() -> int:
    """Peak memory of this program. `ru_maxrss` would also tell of the one that started it: it survives an exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
