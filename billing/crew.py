"""Several processes over the blocks of one run, each with its own connection. Blocks wait in PostgreSQL."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

Said = list[dict[str, int]]

ROOM = "billing.operations.drafts"


class Crew:
    """Processes beside this one: each waits for a run, takes its blocks, says what it did, and waits again."""

    def __init__(self, others: int) -> None:
        from django.conf import settings
        from django.db import connection

        context = multiprocessing.get_context("spawn")  # a fork would share the connection and Polars' threads
        names = (str(settings.SETTINGS_MODULE), str(connection.settings_dict["NAME"]))
        self.members: list[tuple[Any, Connection]] = []
        before = os.environ.get("POLARS_MAX_THREADS")
        os.environ["POLARS_MAX_THREADS"] = "1"  # a child inherits it: one block, one core
        try:
            for _ in range(others):
                ours, theirs = context.Pipe()
                member = context.Process(target=_stand, args=(*names, theirs), daemon=True)
                member.start()
                theirs.close()  # so that its death ends the pipe
                self.members.append((member, ours))
        finally:
            if before is None:
                del os.environ["POLARS_MAX_THREADS"]
            else:
                os.environ["POLARS_MAX_THREADS"] = before

    def work(self, run_id: int, room: str) -> Said:
        """Let everybody take blocks of the run until none waits. A member that dies leaves its block waiting."""
        for _, pipe in self.members:
            pipe.send((run_id, room))
        said = [_take_blocks(run_id, room)]
        for _, pipe in self.members:
            try:
                said.append(pipe.recv())
            except EOFError:
                continue
        return said

    def dismiss(self) -> None:
        for member, pipe in self.members:
            pipe.close()
            member.join()


_standing: list[Crew] = []  # one at most


@contextmanager
def standing(workers: int, room: str = ROOM) -> Iterator[None]:
    """Inside, runs are taken by processes that stand already, as Celery's workers do: nobody waits for a start."""
    crew = Crew(workers - 1)
    for _, pipe in crew.members:
        pipe.send(room)
        pipe.recv()  # it has read the room
    _standing.append(crew)
    try:
        yield
    finally:
        _standing.remove(crew)
        crew.dismiss()


def work_together(run_id: int, workers: int, room: str = ROOM) -> Said:
    """Let `workers` processes, this one among them, take the run's blocks until none waits.

    room: the module that has `reference_of(run_id)`, what a worker loads once, and `bill_next_block(run_id, known)`.
    Returns what each says of itself. A process that dies leaves its block waiting; the run then counts as broken.
    """
    for crew in _standing:
        if len(crew.members) == workers - 1:
            return crew.work(run_id, room)
    crew = Crew(workers - 1)
    try:
        return crew.work(run_id, room)
    finally:
        crew.dismiss()


def _stand(settings_module: str, database: str, orders: Connection) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database  # a test's or a bench's own
    apps = settings.INSTALLED_APPS
    pages = "django.contrib.admin"  # a worker shows none, and reading them takes as long as a block
    settings.INSTALLED_APPS = [f"{pages}.apps.SimpleAdminConfig" if app == pages else app for app in apps]
    django.setup()
    while True:
        try:
            order = orders.recv()
        except EOFError:
            return
        orders.send(_take_blocks(*order) if isinstance(order, tuple) else bool(importlib.import_module(order)))


def _take_blocks(run_id: int, room: str) -> dict[str, int]:
    drafts = importlib.import_module(room)  # models: only once Django stands
    known = drafts.reference_of(run_id)
    blocks = 0
    while drafts.bill_next_block(run_id, known):
        blocks += 1
    return {"blocks": blocks, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
