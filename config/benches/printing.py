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
    settings.STENCILS_DIR = ""  # the first printing is to meet every shape
    from epd import quick

    cold, _, _ = _print(Path(folder) / "cold", Month(first))
    layouts = quick.press(quick.assemble.TEMPLATE_VERSION).made
    seconds, cpu, run_id = _print(Path(folder) / "warm", Month(first))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"cold": cold, "layouts": layouts, "seconds": seconds, "cpu": cpu, "run_id": run_id, "peak": peak}


def _print(folder: Path, month: Month) -> tuple[float, float, int]:
    """Seconds by the clock and by the processor, and the run, of one printing."""
    from epd import operations

    began, spent = time.perf_counter(), time.process_time()
    run_id = operations.start_print(month=month, folder=folder)
    while operations.print_next(run_id):
        pass
    assert operations.finish_print(run_id)
    return time.perf_counter() - began, time.process_time() - spent, run_id
