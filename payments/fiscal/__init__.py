"""Receipts of 54-ФЗ: what an on-line cash register is asked for, and what it answers. One client per service.

Only this folder speaks with a cash register; it neither reads nor writes the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings

from accounts.errors import Refusal

WAITING, DONE, REFUSED = "waiting", "done", "refused"


class RegisterDown(Refusal):
    """The cash register does not answer, or not now: the receipt waits and is sent again."""


class ReceiptRefused(Refusal):
    """The cash register declined this receipt: a person has to look."""


@dataclass(frozen=True, slots=True)
class ToldReceipt:
    """What became of a receipt. state: WAITING, DONE, REFUSED; fiscal: its numbers once it is printed."""

    state: str
    fiscal: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""


class CashRegister(Protocol):
    """Both ask over HTTP: never inside a transaction. Raises RegisterDown, ReceiptRefused."""

    def send(self, *, key: str, kind: str, contents: dict[str, Any], at: datetime) -> str:
        """Hand a receipt over; the service's number of it. The same key again gives the same receipt."""

    def read(self, service_id: str) -> ToldReceipt: ...


def is_on() -> bool:
    """Is a cash register configured?"""
    return bool(settings.ATOL_LOGIN and settings.ATOL_GROUP)


def register() -> CashRegister:
    """The cash register of this installation. Raises RegisterDown when there is none: receipts wait."""
    if not is_on():
        raise RegisterDown("Онлайн-касса не подключена: чеки ждут. Заполните ATOL_LOGIN, ATOL_PASSWORD и ATOL_GROUP.")
    from payments.fiscal.atol import Atol

    return Atol(
        url=settings.ATOL_URL,
        login=settings.ATOL_LOGIN,
        password=settings.ATOL_PASSWORD,
        group=settings.ATOL_GROUP,
    )
