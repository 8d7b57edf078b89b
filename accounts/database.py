"""What every app needs of PostgreSQL and Django does not offer: COPY, advisory locks, a dry run."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import psycopg2.errors
from django.db import DatabaseError, connection, transaction

from accounts.errors import Refusal


class Busy(Refusal):
    """The same job is running already."""


def copy_out(sql: str, params: Mapping[str, Any] | Sequence[Any] = ()) -> io.BytesIO:
    """The rows of a query as CSV with a header, in memory. `params` are quoted by the driver."""
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        query = cursor.cursor.mogrify(sql, params).decode() if params else sql
        cursor.cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER true)", buffer)
    buffer.seek(0)
    return buffer


def copy_in(table: str, columns: Sequence[str], source: IO[Any]) -> None:
    """CSV without a header into `table` (a quoted or plain name of ours, never input). An empty field is NULL."""
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)", source)


def words_of(fault: DatabaseError) -> str:
    """What a trigger of ours said, in its own words; empty if the fault is of another kind."""
    cause = fault.__cause__
    if isinstance(cause, psycopg2.errors.RaiseException):
        return str(cause.diag.message_primary or "")
    return ""


def lock_number(name: str) -> int:
    """The advisory lock's number of a job's name."""
    return zlib.crc32(name.encode())


@contextmanager
def advisory_lock(name: str, *, refusal: str) -> Iterator[None]:
    """Hold the session lock of `name`; raise Busy with `refusal` if somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(name)])
        (held,) = cursor.fetchone()
    if not held:
        raise Busy(refusal)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(name)])


class _Undo(Exception):
    pass


@contextmanager
def rolled_back(*, if_: bool = True) -> Iterator[None]:
    """A dry run: does all the work inside, then undoes it when `if_`."""
    try:
        with transaction.atomic():
            yield
            if if_:
                raise _Undo
    except _Undo:
        return
