"""A month issued and printed: from ink to frozen payloads, from payloads in PostgreSQL to files of 5 000 documents.

Two months are charged and posted, payers pay by their habits in between, the second one is issued (`issued_per_second`)
and printed twice by a process of its own (`peak_rss_mb`): the first time stencils are laid out as their shapes are
met (`cold_seconds`, `layouts`), the second time they stand, as they do from the second batch of a region on.
`per_second_core` is of the second printing, by the processor's time of the process that reads, sets, deflates and
writes; `seconds` is by clock.
The floor writes the same bytes to the same disk. Then single documents, from the database to the bytes of the PDF, in
a process that has only warmed itself: the first one, and the others.
With `--decode 500` the codes of so many documents of the first batch are drawn at 200 dpi and read back by zxing-cpp.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from accounts.calendar import Month
from config import demo
from config.benches.database import checkpoint, own_database

FIRST, MONTH = Month.parse("2026-09"), Month.parse("2026-10")
SINGLES = 60
DRAWN = 40  # pages drawn at once


def run(*, accounts: int, decode: int = 0) -> dict[str, Any]:
    from epd import operations
    from epd.models import PaymentDocument
    from epd.queries.printing import print_batches as batches_of

    with own_database("documents"), tempfile.TemporaryDirectory() as folder:
        call_command("seed", accounts=accounts, months=2, until=MONTH, stdout=io.StringIO(), stderr=io.StringIO())
        _live()
        checkpoint()
        began, spent = time.perf_counter(), time.process_time()
        issued = operations.issue_documents(month=MONTH, day=MONTH.next.first)
        issue_seconds, issue_cpu = time.perf_counter() - began, time.process_time() - spent
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE epd_paymentdocument")
        printed = _apart(Path(folder), "told", MONTH.first.isoformat())
        seconds, cpu, run_id, peak = printed["seconds"], printed["cpu"], printed["run_id"], printed["peak"]
        batches = batches_of(run_id)
        size, floor = _floor(Path(folder))
        decoded = _decoded(Path(folder), run_id, decode) if decode else None
        some = PaymentDocument.objects.order_by("?").values_list("pk", flat=True)[: SINGLES + 1]
        clicked = _apart(Path(folder), "clicks", *map(str, some))
        singles = clicked["others"]
    documents = sum(row.documents for row in batches)
    fallbacks = sum(row.fallbacks for row in batches)
    return {
        "bench": "documents",
        "accounts": accounts,
        "items": documents,
        "seconds": round(seconds, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(seconds / floor, 2) if floor else None,
        "peak_rss_mb": peak,
        "per_second_core": round(documents / cpu, 1),
        "cpu_seconds": round(cpu, 2),
        "cold_seconds": round(printed["cold"], 2),
        "layouts": printed["layouts"],
        "kb_per_document": round(size / documents / 1000, 1),
        "pages": sum(row.pages for row in batches),
        "fallbacks": fallbacks,
        "fallback_percent": round(100 * fallbacks / documents, 3),
        "issued": issued.documents,
        "issued_per_second": round(issued.documents / issue_seconds, 1),
        "issued_per_second_core": round(issued.documents / issue_cpu, 1),
        "single_first_ms": round(clicked["first"], 1),
        "single_median_ms": round(singles[len(singles) // 2], 1),
        "single_p95_ms": round(singles[int(len(singles) * 0.95)], 1),
        "single_max_bytes": clicked["largest"],
        **({"decoded": decoded} if decoded is not None else {}),
    }


def _apart(folder: Path, hand: str, *told: str) -> dict[str, Any]:
    """A hand of config.benches.printing in a process of its own, as a worker is: seeding is no part of its memory."""
    name = str(connection.settings_dict["NAME"])
    connection.close()
    call = (
        f"import django; django.setup(); import sys; from config.benches import printing;printing.{hand}(*sys.argv[1:])"
    )
    done = subprocess.run([sys.executable, "-c", call, name, str(folder), *told], check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _decoded(folder: Path, run_id: int, most: int) -> dict[str, int]:
    """How many payment QRs and desk codes of the first documents are read on the page at 200 dpi, byte for byte."""
    import zxingcpp
    from PIL import Image

    from epd.models import PrintBatch
    from epd.queries.printing import printed

    batch = PrintBatch.objects.get(run_id=run_id, number=1)
    waiting = [document.payload for document in printed(batch.document_ids[:most])]
    qr = [payload["qr"].encode() for payload in waiting if payload["qr"]]
    desk = [payload["desk"] for payload in waiting if payload["desk"]]
    seen_qr, seen_desk, page, met = set(), set(), 1, 0
    while met < len(waiting) and page <= batch.pages:
        last = min(page + DRAWN - 1, batch.pages)
        command = ["pdftoppm", "-r", "200", "-gray", "-f", str(page), "-l", str(last)]
        subprocess.run([*command, str(folder / "warm" / batch.file), str(folder / "page")], check=True)
        for path in sorted(folder.glob("page-*.pgm")):
            with Image.open(path) as picture:
                codes = zxingcpp.read_barcodes(picture)
            for code in codes:
                if str(code.format) == "Code 128":
                    seen_desk.add(code.text)
                else:
                    seen_qr.add(code.bytes)
                    met += code.bytes.startswith(b"ST0")
            path.unlink()
        page = last + 1
        if met >= len(qr):
            break
    return {
        "documents": len(waiting), "qr": len(qr), "qr_read": sum(one in seen_qr for one in qr),
        "desk": len(desk), "desk_read": sum(one in seen_desk for one in desk),
    }  # fmt: skip


def _live() -> None:
    """Two posted months; payments of the first come in between by the payers' habits."""
    today = date(2026, 11, 20)
    demo.charge_month(FIRST, today, lambda _: None)
    demo.pay_day(FIRST.next.first + timedelta(days=9), today=today)
    demo.charge_month(MONTH, today, lambda _: None)
    from payments import operations

    operations.close_days(until=MONTH.last, by="bench")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _floor(folder: Path) -> tuple[int, float]:
    """Bytes of the files, and the seconds to write them once more."""
    contents = [path.read_bytes() for path in sorted((folder / "warm").glob("*.pdf"))]
    began = time.perf_counter()
    for number, content in enumerate(contents):
        with (folder / f"floor-{number}").open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    shutil.rmtree(folder / "cold", ignore_errors=True)
    return sum(map(len, contents)), seconds
