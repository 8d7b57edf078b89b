"""Several processes over the blocks of one run, each with its own connection. Blocks wait in PostgreSQL."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
from typing import Any


def work_together(run_id: int, workers: int, room: str = "billing.operations.drafts") -> list[dict[str, int]]:
    """Let `workers` processes, this one among them, take the run's blocks until none waits.

    room: the module that has `reference_of(run_id)`, what a worker loads once, and `bill_next_block(run_id, known)`.
    Returns what each says of itself. A process that dies leaves its block waiting; the run then counts as broken.
    """
    from django.conf import settings
    from django.db import connection

    context = multiprocessing.get_context("spawn")  # a fork would share the connection and Polars' threads
    reports: Any = context.SimpleQueue()
    name = str(connection.settings_dict["NAME"])
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"  # a child inherits it: one block, one core
    try:
        crew = [
            context.Process(target=_work, args=(run_id, room, str(settings.SETTINGS_MODULE), name, reports))
            for _ in range(workers - 1)
        ]
        for member in crew:
            member.start()
    finally:
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before
    said = [_take_blocks(run_id, room)]
    for member in crew:
        member.join()
    while not reports.empty():
        said.append(reports.get())
    return said


def _work(run_id: int, room: str, settings_module: str, database: str, reports: Any) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database  # a test's or a bench's own
    django.setup()
    reports.put(_take_blocks(run_id, room))


def _take_blocks(run_id: int, room: str) -> dict[str, int]:
    drafts = importlib.import_module(room)  # models: only once Django stands
    known = drafts.reference_of(run_id)
    blocks = 0
    while drafts.bill_next_block(run_id, known):
        blocks += 1
    return {"blocks": blocks, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
