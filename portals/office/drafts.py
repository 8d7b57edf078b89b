"""A file between its dry run and its acceptance: kept on the server for half an hour, for the one who sent it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date

from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache

HALF_AN_HOUR = 30 * 60


@dataclass(frozen=True, slots=True)
class Kept:
    name: str
    content: bytes
    facts: dict[str, str] = field(default_factory=dict)

    def day(self, name: str) -> date:
        return date.fromisoformat(self.facts[name])


def keep(session: SessionBase, file: Kept, *, slot: str = "file") -> str:
    """Put the file aside; the token gives it back to the same session only. One file a slot."""
    token = uuid.uuid4().hex
    session[f"kept_{slot}"] = token
    cache.set(f"office.{slot}.{token}", (file.name, file.content, file.facts), HALF_AN_HOUR)
    return token


def look(session: SessionBase, token: str, *, slot: str = "file") -> Kept | None:
    """The file put aside under the token; None when it is a stranger's, taken already, or too old."""
    if not token or session.get(f"kept_{slot}") != token:
        return None
    found = cache.get(f"office.{slot}.{token}")
    return Kept(*found) if found else None


def take(session: SessionBase, token: str, *, slot: str = "file") -> Kept | None:
    """`look`, once."""
    found = look(session, token, slot=slot)
    if found is not None:
        del session[f"kept_{slot}"]
        cache.delete(f"office.{slot}.{token}")
    return found
