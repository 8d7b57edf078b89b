"""A database of the bench's own: made, migrated, dropped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


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
