"""A database of the bench's own: made, migrated, dropped."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
from django.core.management import call_command
from django.db import connection

from billing.columns import CHARGES


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """Everything inside works in a fresh database, which is dropped at the end, whatever happens."""
    settings = connection.settings_dict
    before = str(settings["NAME"])
    mine = f"bench_{name}_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{mine}" WITH (FORCE)')
        cursor.execute(
            f'CREATE DATABASE "{mine}" TEMPLATE template0 LOCALE_PROVIDER builtin'
            " BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'"
        )
    connection.close()
    settings["NAME"] = mine
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        settings["NAME"] = before
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{mine}" WITH (FORCE)')


def checkpoint() -> None:
    """What was written before is not paid for by what is measured next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("CHECKPOINT")


def floor_of(blocks: list[bytes], connections: int) -> float:
    """Seconds to COPY the blocks into an empty table of the same shape and key, without triggers."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_floor")
        cursor.execute("CREATE TABLE bench_floor (LIKE billing_charge INCLUDING INDEXES INCLUDING CONSTRAINTS)")
    checkpoint()
    # with its own connections, as the workers have theirs
    settings = connection.get_connection_params()
    del settings["cursor_factory"]
    links = [psycopg2.connect(**settings) for _ in range(connections)]
    copy = f"COPY bench_floor ({', '.join(CHARGES)}) FROM STDIN WITH (FORMAT csv)"

    def write(number: int) -> None:
        for block in blocks[number::connections]:
            with links[number], links[number].cursor() as cursor:
                cursor.copy_expert(copy, io.BytesIO(block))

    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(write, range(connections)))
    seconds = time.perf_counter() - began
    for link in links:
        link.close()
    return seconds
