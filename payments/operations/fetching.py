"""Registers and statements fetched from where banks leave them: each file once, its refusal told beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from accounts import operations as accounts_operations
from accounts.errors import Refusal
from payments import fetching
from payments.fetching import Unreachable, Waiting
from payments.models import RegisterSource, SourceKind
from payments.operations.days import DayClosed
from payments.operations.registers import import_register
from payments.operations.statements import HELD, REJECTED, REPEATED, import_statement

STATEMENT = "statement"
BY = "registers"  # who acts in the journal


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files of all sources: taken, come before, refused; trouble: sources that could not be read."""

    taken: int = 0
    repeated: int = 0
    refused: int = 0
    troubles: tuple[str, ...] = ()


def fetch_registers(*, today: date, at: datetime) -> Fetched:
    """Take in every file that waits in the active sources, on the operating day `today`.

    A file is put away after it was taken: killed in between, the worker meets it again, and the digest says that it
    has come. A refused file lies apart with the reason; a source that cannot be read does not stop the others.
    """
    counts = {"taken": 0, "repeated": 0, "refused": 0}
    troubles: list[str] = []
    for source in RegisterSource.objects.filter(is_active=True).order_by("pk"):
        trouble = ""
        try:
            for file in _waiting(source, at=at):
                outcome, why = _take(source, file, today=today)
                file.done(why)
                counts[outcome] += 1
                trouble = f"«{file.name}»: {why}" if why else trouble
        except (Unreachable, DayClosed) as refusal:  # a closed day is opened by nobody: tomorrow takes the file
            trouble = str(refusal)
            troubles.append(f"{source.name}: {trouble}")
        RegisterSource.objects.filter(pk=source.pk).update(asked_at=at, trouble=trouble[:500])
    return Fetched(**counts, troubles=tuple(troubles))


def _waiting(source: RegisterSource, *, at: datetime) -> Iterator[Waiting]:
    if source.kind == SourceKind.MAILBOX:
        return fetching.in_mailbox(settings.REGISTERS_IMAP_URL, source.place, source.pattern)
    if source.kind == SourceKind.SFTP:
        server = fetching.Server(
            source.host, source.place, settings.REGISTERS_SFTP_KEY, settings.REGISTERS_SFTP_KNOWN_HOSTS
        )
        return fetching.on_server(server, source.pattern, at=at)
    return fetching.in_folder(settings.REGISTERS_DIR, source.place, source.pattern, at=at)


def _take(source: RegisterSource, file: Waiting, *, today: date) -> tuple[str, str]:
    """What became of the file, and why it was refused."""
    facts: dict[str, Any] = {
        "name": file.name, "content": file.content, "channel": source.channel_id, "day": today, "today": today,
    }  # fmt: skip
    try:
        if source.layout == STATEMENT:
            summary = import_statement(**facts, by=BY)
        else:
            summary = import_register(**facts, layout=source.layout, by=BY)
    except DayClosed:
        raise
    except Refusal as refusal:
        accounts_operations.note("payments.file.refused", by=BY, ground=str(refusal)[:255], name=file.name)
        return "refused", str(refusal)
    if summary.state == HELD and source.layout != STATEMENT:
        return "taken", summary.message  # the file is kept in its register, and the source shows what it waits for
    if summary.state in (HELD, REJECTED):
        return "refused", summary.message
    return ("repeated" if summary.state == REPEATED else "taken"), ""
