"""A process of its own that takes payments on line: what `bench payments` measures. Imported before Django stands."""

from __future__ import annotations

import logging
import os
import resource
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


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
    Puts into `told` the seconds from each arrival to its posted allocation, and the CPU seconds of all.
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
    from django.test import Client

    client = Client()

    def take(number: str) -> None:
        body = {"type": "notification", "event": "payment.succeeded", "object": {"id": number}}
        answer = client.post("/payments/online/yookassa/", body, content_type="application/json", secure=True)
        assert answer.status_code == 200, answer.status_code

    for _, number in notices[:3]:
        take(number)
    ready.wait(60)
    ready.wait(60)
    busy = time.process_time()
    waits = []
    for place, number in notices[3:]:
        due = begins.value + place / rate
        time.sleep(max(0.0, due - time.time()))
        take(number)
        waits.append(time.time() - due)
    told.put((waits, time.process_time() - busy))


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
