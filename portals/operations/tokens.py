"""Keys of programs: made, withdrawn; and one answer to a request that comes twice."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

import accounts.operations
from accounts.errors import Refusal
from accounts.queries import User
from portals.models import AccessKey, KeyAnswer, KeyFace

SIGN = "bc_"  # so that a key that leaked into a text is recognised as one
MOST_KEYS = 20
KEPT = timedelta(days=30)  # how long an answer is remembered
NAME_AT_MOST = 80


class KeyRefused(Refusal):
    """The key is not made; the text says why."""


class AnotherRequest(Refusal):
    """The Idempotency-Key has come before with another request."""


def digest_of(key: str) -> str:
    """What is kept of a key: who reads the database cannot enter with it."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def make_key(*, user: User, name: str, face: int, may_write: bool, asked: UUID, at: datetime) -> str:
    """The new key, which nobody can show again. Raises KeyRefused: too many keys, or the form was sent twice."""
    User.objects.select_for_update().get(pk=user.pk)
    if AccessKey.objects.filter(asked=asked).exists():
        raise KeyRefused("Ключ по этой форме уже создан. Если он не сохранился, отзовите его и создайте новый.")
    if AccessKey.objects.filter(user=user, withdrawn_at=None).count() >= MOST_KEYS:
        raise KeyRefused(f"Действующих ключей уже {MOST_KEYS}. Отзовите ненужные и повторите.")
    key = SIGN + secrets.token_urlsafe(32)
    row = AccessKey.objects.create(
        user=user, name=name, face=KeyFace(face), may_write=may_write, digest=digest_of(key), beginning=key[:8],
        asked=asked, made_at=at,
    )  # fmt: skip
    accounts.operations.note("portals.key.made", by=user, key=row.pk, face=int(face), may_write=may_write)
    return key


@transaction.atomic
def withdraw_key(*, user: User, key_id: int, at: datetime) -> None:
    """The user's key opens nothing any more. Twice is once."""
    if AccessKey.objects.filter(user=user, pk=key_id, withdrawn_at=None).update(withdrawn_at=at):
        accounts.operations.note("portals.key.withdrawn", by=user, key=key_id)


def opened_by(key: str, *, on: date) -> AccessKey | None:
    """The standing key with its user, or None; the day of use is written once a day."""
    row = AccessKey.objects.select_related("user").filter(digest=digest_of(key), withdrawn_at=None).first()
    if row is None or not row.user.is_active:
        return None
    if row.used_on != on:
        AccessKey.objects.filter(pk=row.pk).update(used_on=on)
    return row


@transaction.atomic
def once(
    *, key: AccessKey, name: str, sent: Any, at: datetime, do: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """(answer, is it a repeated one): `do` once for this name, then the same answer for the same request.

    sent: the address and the facts of the request, as JSON. A refusal of `do` writes nothing and is not remembered. Of
    two that come at the same time the second waits. Raises AnotherRequest for other facts under the same name.
    """
    told = hashlib.sha256(json.dumps(sent, sort_keys=True, default=str).encode()).hexdigest()
    KeyAnswer.objects.filter(key=key, answered_at__lt=at - KEPT).delete()
    row, is_new = KeyAnswer.objects.get_or_create(
        key=key, name=name, defaults={"digest": told, "answer": {}, "answered_at": at}
    )
    if not is_new:
        if row.digest != told:
            raise AnotherRequest("Этот Idempotency-Key уже был с другим запросом. Для нового запроса возьмите новый.")
        return row.answer, True
    row.answer = do()
    row.save(update_fields=["answer"])
    return row.answer, False
