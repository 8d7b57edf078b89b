"""Any job's record: begun, getting on, ended. The database's clock dates it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models.functions import Now

from accounts.calendar import Month
from accounts.database import advisory_lock
from accounts.labels import run_title
from accounts.models import Run, RunState, User
from accounts.operations.journal import _plain


def start_run(
    kind: str,
    *,
    month: Month | None = None,
    by: User | None = None,
    scope: dict[str, Any] | None = None,
    total: int = 0,
    engine_version: str = "",
) -> Run:
    """Record that a job began. kind: dotted («billing.calculation»)."""
    run = Run.objects.create(
        kind=kind,
        month=month.first if month else None,
        scope=_plain(scope or {}),
        engine_version=engine_version,
        total=total,
        state=RunState.RUNNING,
        started_by=by,
        started_at=Now(),
    )
    run.refresh_from_db(fields=["started_at"])
    return run


def living_run(run_id: int) -> Run | None:
    """The job while it waits or runs; None once it has ended, or where there is none."""
    alive = Run.objects.filter(pk=run_id, state__in=[RunState.WAITING, RunState.RUNNING])
    return alive.select_related("started_by").first()


def advance_run(run_id: int, *, done: int, total: int | None = None) -> None:
    """Show progress: `done` of `total` pieces are ready."""
    Run.objects.filter(pk=run_id).update(done=done, **({} if total is None else {"total": total}))


def finish_run(run_id: int, *, counts: dict[str, Any] | None = None, message: str = "") -> None:
    """Record a good end; `counts` are the job's totals."""
    Run.objects.filter(pk=run_id).update(
        state=RunState.DONE, finished_at=Now(), counts=_plain(counts or {}), message=message
    )


def fail_run(run_id: int, *, message: str) -> None:
    """Record that the job broke, and why."""
    Run.objects.filter(pk=run_id).update(state=RunState.FAILED, finished_at=Now(), message=message[:2000])


def cancel_run(run_id: int, *, by: User | None = None) -> bool:
    """Ask a waiting or running job to stop; False if it has ended already."""
    rows = Run.objects.filter(pk=run_id, state__in=[RunState.WAITING, RunState.RUNNING])
    return rows.update(state=RunState.CANCELLED, finished_at=Now(), message=f"Отменил: {by}" if by else "") == 1


@contextmanager
def running(
    kind: str,
    *,
    month: Month | None = None,
    by: User | None = None,
    scope: dict[str, Any] | None = None,
    total: int = 0,
) -> Iterator[Run]:
    """A job from start to end: refuses to overlap with itself (Busy), records the outcome, lets a fault fly on.

    Enter it outside any transaction: the record must outlive a rollback. Put totals into `run.counts`.
    """
    name = f"{kind} {month}" if month else kind
    told = f"{run_title(kind)} за {month.title}" if month else run_title(kind)
    with advisory_lock(name, refusal=f"Задание «{told}» уже идёт. Дождитесь его окончания."):
        run = start_run(kind, month=month, by=by, scope=scope, total=total)
        try:
            yield run
        except BaseException as fault:
            fail_run(run.pk, message=str(fault) or type(fault).__name__)
            raise
        finish_run(run.pk, counts=run.counts, message=run.message)
