"""The journal of who did what, and the marks that ask for a new draft."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pghistory

from accounts.calendar import Month
from accounts.models import JournalEntry, PersonalAccount, Touch, User


def _plain(fact: Any) -> Any:
    """A fact as JSON knows it: decimals, dates and months become text and never floats."""
    if fact is None or isinstance(fact, (bool, str)):
        return fact
    if isinstance(fact, int):
        return int(fact)
    if isinstance(fact, dict):
        return {str(name): _plain(value) for name, value in fact.items()}
    if isinstance(fact, (list, tuple, set, frozenset)):
        return [_plain(value) for value in fact]
    if isinstance(fact, Decimal):
        return f"{fact:f}"
    if isinstance(fact, date):
        return fact.isoformat()
    return str(fact)


def note(
    event: str, *, by: User | str | None = None, account_id: int | None = None, ground: str = "", **facts: Any
) -> JournalEntry:
    """Write one line of the journal inside the caller's transaction.

    event: dotted, past tense («payments.payment.recorded»). by: a user, the name of a channel or job, or None for
    the system itself. Decimals, dates and months among the facts become strings.
    """
    entry = entry_of(event, by=by, account_id=account_id, ground=ground, **facts)
    entry.save()
    return entry


def entry_of(
    event: str, *, by: User | str | None = None, account_id: int | None = None, ground: str = "", **facts: Any
) -> JournalEntry:
    """The line that `note` writes, not written yet: many of them go in one statement."""
    return JournalEntry(
        event=event,
        user=by if isinstance(by, User) else None,
        by=by[:80] if isinstance(by, str) else "",
        account_id=account_id,
        ground=ground[:255],
        facts=_plain(facts),
    )


@contextmanager
def noted(
    event: str, *, by: User | str | None = None, account_id: int | None = None, ground: str = "", **facts: Any
) -> Iterator[JournalEntry]:
    """The journal's line, and inside it the changes it stands for: their row history names the entry."""
    entry = note(event, by=by, account_id=account_id, ground=ground, **facts)
    with pghistory.context(entry=entry.pk):
        yield entry


def touch(*, house_id: int, account_id: int | None = None, first_month: Month) -> None:
    """Leave word for billing, in this transaction: draft the account (None: the whole house) anew from the month on."""
    Touch.objects.create(house_id=house_id, account_id=account_id, first_month=first_month.first)


def touch_premises(*, premises_id: int, house_id: int, first_month: Month) -> None:
    """Touch every account that hangs on the premises or on the rooms inside."""
    family = PersonalAccount.objects.filter(premises_id=premises_id).values_list("pk", flat=True)
    rooms = PersonalAccount.objects.filter(premises__parent_id=premises_id).values_list("pk", flat=True)
    Touch.objects.bulk_create(
        Touch(house_id=house_id, account_id=account_id, first_month=first_month.first)
        for account_id in sorted({*family, *rooms})
    )
