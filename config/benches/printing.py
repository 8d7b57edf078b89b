"""Hands of the bench of documents: what a process prints that has done nothing else."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from accounts.calendar import Month


def told(database: str, folder: str, first: str) -> None:
    """`both` as one line of JSON."""
    sys.stdout.write(json.dumps(both(database, folder, date.fromisoformat(first))) + "\n")


def both(database: str, folder: str, first: date) -> dict[str, Any]:
    """The month that begins on `first` printed twice: seconds of the first, its layouts; seconds by the clock and by
    the processor, and the run, of the second; the most memory of the process, MB."""
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["NAME"] = database
    settings.STENCILS_DIR = str(Path(folder) / "stencils")  # empty: the first printing is to meet every shape
    from epd import quick

    cold, _, _ = _print(Path(folder) / "cold", Month(first))
    layouts = quick.press(quick.assemble.TEMPLATE_VERSION).made
    seconds, cpu, run_id = _print(Path(folder) / "warm", Month(first))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"cold": cold, "layouts": layouts, "seconds": seconds, "cpu": cpu, "run_id": run_id, "peak": peak}


def clicks(database: str, folder: str, pk: str, *others: str) -> None:
    """A process that has only warmed itself, as a worker does, makes single documents: milliseconds of the first, of
    all the others, and the bytes of the largest, as one line of JSON."""
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["NAME"] = database
    settings.STENCILS_DIR = str(Path(folder) / "stencils")
    from epd import quick, render
    from epd.models import PaymentDocument

    quick.warm()
    connection.ensure_connection()
    told: list[float] = []
    largest = 0
    for number in (pk, *others):
        began = time.perf_counter()
        made = render.pdf(PaymentDocument.objects.get(pk=number))
        told.append(1000 * (time.perf_counter() - began))
        largest = max(largest, len(made))
    sys.stdout.write(json.dumps({"first": told[0], "others": sorted(told[1:]), "largest": largest}) + "\n")


def _print(folder: Path, month: Month) -> tuple[float, float, int]:
    """Seconds by the clock and by the processor, and the run, of one printing."""
    from epd import operations

    began, spent = time.perf_counter(), time.process_time()
    run_id = operations.start_print(month=month, folder=folder)
    while operations.print_next(run_id):
        pass
    assert operations.finish_print(run_id)
    return time.perf_counter() - began, time.process_time() - spent, run_id
