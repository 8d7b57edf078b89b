"""Paying on line: what the centre asks of a provider of payments, and what a provider tells. One client per provider.

Only this folder speaks with a provider; it neither reads nor writes the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from django.conf import settings

from accounts.errors import Refusal

PENDING, HELD, SUCCEEDED, CANCELLED = "pending", "held", "succeeded", "cancelled"
CARD, SBP, SAVED = "card", "sbp", "saved"


class ProviderDown(Refusal):
    """The provider does not answer, or not now: what was asked may be asked again with the same key."""


class ProviderRefused(Refusal):
    """The provider understood and declined: asking again brings the same answer."""


class NotificationForged(Refusal):
    """A notification that the provider did not send, or of what it does not know."""


class OnlineOff(Refusal):
    """No provider is configured."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment to be created. key: ours, the idempotence key; roubles; method: CARD, SBP, SAVED (then saved_method).

    return_url: where the payer comes back to. saves_method: keep the method for later charges, with his consent.
    """

    key: UUID
    amount: Decimal
    method: str
    purpose: str
    return_url: str
    saves_method: bool = False
    saved_method: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A payment as the provider tells it. state: PENDING, HELD, SUCCEEDED, CANCELLED; is_ours: paid to our shop.

    key: what we gave when we created it, or None. confirmation: an address to open (a card) or to show as QR (СБП).
    """

    provider_id: str
    state: str
    amount: Decimal
    is_ours: bool
    key: UUID | None
    confirmation: str = ""
    paid_at: datetime | None = None
    method_id: str = ""
    method_title: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToldRefund:
    """A refund as the provider tells it: of which payment, roubles, PENDING, SUCCEEDED or CANCELLED."""

    refund_id: str
    provider_id: str
    state: str
    amount: Decimal
    key: UUID | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification is about: «payment» or «refund», and its number. Nothing else in it is believed."""

    about: str
    number: str


class PaymentProvider(Protocol):
    """Every call but the first two asks over HTTP: never inside a transaction. Raises ProviderDown, ProviderRefused."""

    code: str

    def is_sender(self, address: str) -> bool:
        """Does the provider send its notifications from this IP address?"""

    def notice(self, body: bytes) -> Notice:
        """What the body of a notification is about. Raises NotificationForged."""

    def create(self, asked: Asked) -> Told: ...

    def read(self, provider_id: str) -> Told: ...

    def capture(self, told: Told) -> Told:
        """Take the money that is held."""

    def refund(self, *, key: UUID, provider_id: str, amount: Decimal, reason: str) -> ToldRefund: ...

    def read_refund(self, refund_id: str) -> ToldRefund: ...


def is_on() -> bool:
    """Can one pay on line here?"""
    return bool(settings.YOOKASSA_SHOP_ID and settings.YOOKASSA_SECRET_KEY)


def provider() -> PaymentProvider:
    """The provider of this installation. Raises OnlineOff."""
    if not is_on():
        raise OnlineOff("Оплата на сайте пока не подключена. Оплатите по QR-коду квитанции или в кассе.")
    return _shop(
        settings.YOOKASSA_SHOP_ID,
        settings.YOOKASSA_SECRET_KEY,
        settings.YOOKASSA_API_URL,
        tuple(settings.YOOKASSA_NETWORKS),
    )


@lru_cache(maxsize=1)
def _shop(shop_id: str, secret_key: str, api_url: str, networks: tuple[str, ...]) -> PaymentProvider:
    """One client for the process: it keeps its connections to the provider open."""
    from payments.online.yookassa import YooKassa  # its library takes a third of a second to load

    return YooKassa(shop_id=shop_id, secret_key=secret_key, api_url=api_url, networks=networks)
