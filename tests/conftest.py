"""What every test may rely on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations

# The browser's loop runs in the thread of the test; Django would take that for a view of its own.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NO_CHROMIUM = "нет chromium: apt-get install -y --no-install-recommends chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one browser for all of them


# --- outside files ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """The folder of reference files beside the repository (REFERENCE_DIR)."""
    folder = Path(settings.REFERENCE_DIR)
    if not folder.is_dir():
        pytest.skip(f"нет справочных файлов {folder.name}: задайте REFERENCE_DIR")
    return folder


# --- the browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_CHROMIUM)
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", *quiet]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": args}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ru-RU", "timezone_id": settings.TIME_ZONE}


# --- the database ----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Remembers the rows that migrations made, and puts a kept database back to them."""
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('pristine') IS NULL")
        if cursor.fetchone()[0]:
            cursor.execute("CREATE SCHEMA pristine")
            for table in tables(cursor):
                cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
                if cursor.fetchone()[0]:
                    cursor.execute(f'CREATE TABLE pristine."{table}" AS TABLE "{table}"')
        else:
            back_to_pristine(cursor)


def tables(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'django_migrations' ORDER BY relname"
    )
    return [name for (name,) in cursor.fetchall()]


def back_to_pristine(cursor: Any) -> None:
    """Empties every table, the unmanaged ones and those with ink triggers too, and gives back what migrations made."""
    cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key check
    cursor.execute("TRUNCATE " + ", ".join(f'"{t}"' for t in tables(cursor)))
    cursor.execute(
        "SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = to_regclass('public.' || quote_ident(c.relname))"
        " WHERE c.relnamespace = 'pristine'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        " AND a.attgenerated = '' GROUP BY c.relname"
    )
    for table, columns in cursor.fetchall():
        rows = f'SELECT {columns} FROM pristine."{table}"'
        cursor.execute(f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE {rows}')
    cursor.execute("SET LOCAL session_replication_role = origin")


def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
    """What Django does after a test with real transactions: its own way knows neither ink nor unmanaged tables."""
    with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
        back_to_pristine(cursor)


DatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign]
