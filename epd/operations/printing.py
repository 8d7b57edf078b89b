"""Documents of a month on paper: batches in the order of delivery, each a file that is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

import accounts.operations
from accounts.calendar import Month
from accounts.database import Busy, advisory_lock
from accounts.errors import Refusal
from accounts.files import xlsx
from accounts.money import ZERO
from accounts.queries import Run, RunState, User
from epd import assemble, marks, quick
from epd.models import PrintBatch, PrintState
from epd.queries import printing as queries
from epd.stencil import StencilRefused

KIND = "epd.print"
BATCH = 5_000  # documents in a file at most
LAID_OUT = 300  # documents whose shapes are laid out after an issue: nearly all shapes of a region
CHUNK = 100  # documents read at once
MANIFEST, SHEET = "manifest.json", "manifest.xlsx"


class PrintRefused(Refusal):
    """Nothing was printed, and why."""


class _Cancelled(Exception):
    """Somebody stopped the printing."""


def start_print(
    *,
    month: Month,
    folder: Path,
    house_ids: Collection[int] | None = None,
    account_ids: Collection[int] | None = None,
    batch: int = BATCH,
    by: User | None = None,
) -> int:
    """Cut the month's paper documents into batches of at most `batch`, houses whole; returns the run's id.

    A printing of the same month into the same folder that was broken off is taken up where it stopped: its finished
    batches stay. Raises PrintRefused when there is nothing to print, Busy while a process of the same printing lives.
    """
    told = _plain_scope(folder, house_ids, account_ids)
    broken = queries.unfinished_print(month=month, scope=told)
    if broken is not None:
        _take_up(broken)
        return broken
    waiting = queries.documents_to_print(month=month, house_ids=house_ids, account_ids=account_ids)
    if not waiting:
        raise PrintRefused(f"За {month.title} нет документов для печати на бумаге. Выпустите их: issue {month}.")
    batches = _batches(waiting, batch)
    with transaction.atomic():
        run = accounts.operations.start_run(KIND, month=month, by=by, scope=told, total=len(waiting))
        PrintBatch.objects.bulk_create(
            PrintBatch(
                run=run, number=number, month=month.first, route_first=rows[0].route, route_last=rows[-1].route,
                document_ids=[row.document_id for row in rows], documents=len(rows),
                total=sum((row.total for row in rows), ZERO),
            )
            for number, rows in enumerate(batches, 1)
        )  # fmt: skip
        accounts.operations.note(
            "epd.print.started", by=by, month=month, documents=len(waiting), batches=len(batches), folder=str(folder)
        )
    return run.pk


def _plain_scope(
    folder: Path, house_ids: Collection[int] | None, account_ids: Collection[int] | None
) -> dict[str, Any]:
    told: dict[str, Any] = {"folder": str(folder.absolute())}
    if house_ids is not None:
        told["houses"] = sorted(house_ids)
    if account_ids is not None:
        told["accounts"] = sorted(account_ids)
    return told


def _take_up(run_id: int) -> None:
    """Count what is ready, and go on from there."""
    done = sum(PrintBatch.objects.filter(run_id=run_id, state=PrintState.DONE).values_list("documents", flat=True))
    Run.objects.filter(pk=run_id).update(
        state=RunState.RUNNING, done=done, finished_at=None, message="", started_at=Now(), counts={"before": done}
    )


def _batches(rows: Sequence[queries.ToPrint], most: int) -> list[list[queries.ToPrint]]:
    """In the order of delivery; a house begins a new batch rather than be torn, unless it is larger than one."""
    batches: list[list[queries.ToPrint]] = []
    house: list[queries.ToPrint] = []

    def put() -> None:
        for start in range(0, len(house), most):
            part = house[start : start + most]
            if not batches or len(batches[-1]) + len(part) > most:
                batches.append([])
            batches[-1].extend(part)

    for row in rows:
        if house and house[-1].house_id != row.house_id:
            put()
            house = []
        house.append(row)
    put()
    return batches


def print_next(run_id: int) -> bool:
    """Print the next waiting batch of the run; False when none waits or it was stopped. Several processes may call it.

    The batch is held by a lock of the session, so that a killed process leaves it waiting.
    """
    for batch in PrintBatch.objects.filter(run_id=run_id, state=PrintState.WAITING).order_by("number"):
        try:
            with advisory_lock(f"{KIND} {batch.pk}", refusal=""):
                batch.refresh_from_db(fields=["state"])
                if batch.state != PrintState.WAITING:
                    continue
                try:
                    _print(batch)
                except _Cancelled:
                    return False
                return True
        except Busy:
            continue
    return False


def finish_print(run_id: int) -> bool:
    """Write the manifest and end the run once every batch stands; False: some are not ready yet, or it was stopped."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        if run.state != RunState.RUNNING or PrintBatch.objects.filter(run=run, state=PrintState.WAITING).exists():
            return False
        batches = queries.print_batches(run_id)
        assert run.month is not None
        counts: dict[str, Any] = {
            "documents": sum(row.documents for row in batches),
            "total": str(sum((row.total for row in batches), ZERO)),
            "batches": len(batches),
            "sheets": sum(row.sheets for row in batches),
            "fallbacks": sum(row.fallbacks for row in batches),
        }
        accounts.operations.finish_run(run_id, counts=counts)
        accounts.operations.note("epd.print.finished", by=run.started_by, month=Month(run.month), **counts)
    _write_manifest(Path(run.scope["folder"]), Month(run.month), run_id, batches)
    return True


def _print(batch: PrintBatch) -> None:
    run = Run.objects.only("scope").get(pk=batch.run_id)
    folder = Path(run.scope["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    month = Month(batch.month)
    name = f"{month}-{batch.number:04}.pdf"
    part = folder / f"{name}.part"
    began = time.perf_counter()
    with part.open("wb") as file, quick.undisturbed():
        made = _written(batch, month, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / name)
    size, digest = _digest(folder / name)
    PrintBatch.objects.filter(pk=batch.pk).update(
        state=PrintState.DONE, file=name, size=size, sha256=digest, pages=made.pages, sheets=-(-made.pages // 2),
        fallbacks=sum(made.fallbacks.values()), seconds=Decimal(f"{time.perf_counter() - began:.2f}"),
        finished_at=Now(),
    )  # fmt: skip


def _written(batch: PrintBatch, month: Month, file: Any) -> quick.Bundle:
    """The documents of the batch in the file: a separator before every house, both sides of every sheet counted."""
    made = quick.Bundle(file, title=f"Платёжные документы за {month.title}, пачка {batch.number}")
    faces = quick.faces()
    bold, plain = faces["PT Sans", True], faces["PT Sans", False]
    outline: list[tuple[str, int]] = []
    houses = {row.house_id: row for row in queries.houses_of_batch(batch.document_ids)}
    house = 0
    told = 0
    for document in _documents(batch.document_ids):
        if document.house_id != house:
            house = document.house_id
            about = houses[house]
            outline.append((about.address, made.pages))
            made.sheet(
                marks.separator(
                    f"Маршрут {about.route}",
                    (
                        about.address,
                        f"{month.title}, пачка {batch.number}",
                        f"документов {about.documents}, счета {about.first} … {about.last}",
                        f"к оплате {assemble.money(about.total)} ₽",
                    ),
                    bold=bold, plain=plain,
                )
            )  # fmt: skip
            made.sheet("")
        made.add(
            document.payload, version=document.version, gis_id=document.gis_id,
            marks=partial(marks.of_envelope, envelope=made.documents),
        )  # fmt: skip
        if made.pages % 2:
            made.sheet("")
        if made.documents - told >= CHUNK:
            _advance(batch.run_id, made.documents - told)
            told = made.documents
    _advance(batch.run_id, made.documents - told)
    made.close(outline)
    return made


def _documents(ids: Sequence[int]) -> Iterator[queries.Printed]:
    for start in range(0, len(ids), CHUNK):
        yield from queries.printed(ids[start : start + CHUNK])


def _advance(run_id: int, more: int) -> None:
    if not Run.objects.filter(pk=run_id, state=RunState.RUNNING).update(done=F("done") + more):
        raise _Cancelled


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(folder: Path, month: Month, run_id: int, batches: Sequence[queries.PrintedBatch]) -> None:
    """What lies in the folder: for programs (JSON) and for the one who takes the piles over (Excel)."""
    told = {
        "run": run_id,
        "month": str(month),
        "documents": sum(row.documents for row in batches),
        "sheets": sum(row.sheets for row in batches),
        "total": str(sum((row.total for row in batches), ZERO)),
        "fallbacks": sum(row.fallbacks for row in batches),
        "batches": [
            {
                "number": row.number, "file": row.file, "size": row.size, "sha256": row.sha256,
                "documents": row.documents, "pages": row.pages, "sheets": row.sheets, "total": str(row.total),
                "fallbacks": row.fallbacks, "routes": [row.route_first, row.route_last], "first": row.first,
                "last": row.last,
            }
            for row in batches
        ],
    }  # fmt: skip
    _whole(folder / MANIFEST, json.dumps(told, ensure_ascii=False, indent=1).encode())
    header = (
        "Пачка",
        "Файл",
        "Маршруты",
        "Первый документ",
        "Последний документ",
        "Документов",
        "Листов",
        "К оплате, ₽",
    )
    rows: list[tuple[Any, ...]] = [
        (
            row.number, row.file,
            str(row.route_first) if row.route_first == row.route_last else f"{row.route_first}–{row.route_last}",
            row.first, row.last, row.documents, row.sheets, row.total,
        )
        for row in batches
    ]  # fmt: skip
    rows.append(("Итого", "", "", "", "", told["documents"], told["sheets"], Decimal(str(told["total"]))))
    _whole(folder / SHEET, xlsx({"Пачки": rows}, headers={"Пачки": header}))


def _whole(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def lay_out(*, month: Month) -> int:
    """Lay out the shapes of documents of the month taken at random and keep them on disk, so that nobody's first click
    waits for a layout; returns how many documents were tried. What stencils refuse goes the direct way later, too."""
    tried = queries.some_documents(month=month, most=LAID_OUT)
    for row in tried:
        with suppress(StencilRefused):
            quick.filled(row.payload, version=row.template_version)
    quick.keep()
    return len(tried)
