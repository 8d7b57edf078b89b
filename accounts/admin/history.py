"""What a row said before: its kept history, as changes from one state to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from accounts.models import JournalEntry, User


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changed, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the row: when, by whom, on what ground (the journal's line), and which fields."""

    at: datetime
    who: str
    ground: str
    differences: list[Difference]


def changes_of(row: models.Model, limit: int = 100) -> list[Change]:
    """The row's changes, the latest first; empty for a model whose history is not kept. A few queries in all."""
    relation = next((rel for rel in row._meta.related_objects if rel.field.name == "pgh_obj"), None)
    if relation is None:
        return []
    events = relation.related_model._default_manager.filter(pgh_obj=row.pk).select_related("pgh_context")
    kept: list[Any] = list(events.order_by("-pgh_id")[:limit])
    if not kept:
        return []
    fields = [field for field in row._meta.concrete_fields if hasattr(kept[0], field.attname) and not field.primary_key]
    states: list[Any] = [*reversed(kept), row]
    facts = [(event.pgh_context.metadata if event.pgh_context else {}) for event in reversed(kept)]
    users = User.objects.in_bulk({fact["user"] for fact in facts if fact.get("user")})
    entries = JournalEntry.objects.select_related("user").in_bulk(
        {fact["entry"] for fact in facts if fact.get("entry")}
    )
    names = _names(fields, states)
    changes = []
    for before, after, fact in zip(states, states[1:], facts, strict=False):
        entry = entries.get(fact.get("entry"))
        who = (entry.user or entry.by) if entry else None
        differences = [
            Difference(
                str(field.verbose_name),
                _words(field, getattr(before, field.attname), names),
                _words(field, getattr(after, field.attname), names),
            )
            for field in fields
            if getattr(before, field.attname) != getattr(after, field.attname)
        ]
        if differences:
            who = str(who or users.get(fact.get("user")) or "система")
            changes.append(Change(before.pgh_created_at, who, entry.ground if entry else "", differences))
    return changes[::-1]


def _names(fields: list[Any], states: list[Any]) -> dict[tuple[str, Any], str]:
    """Rows that foreign keys name, by (field, key): one query a field."""
    names = {}
    for field in fields:
        if field.is_relation:
            keys = {getattr(state, field.attname) for state in states} - {None}
            for key, related in field.related_model._default_manager.in_bulk(keys).items():
                names[field.name, key] = str(related)
    return names


def _words(field: Any, value: Any, names: dict[tuple[str, Any], str]) -> str:
    if value is None or value == "":
        return "нет"
    if field.is_relation:
        return names.get((field.name, value), str(value))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return str(value)
