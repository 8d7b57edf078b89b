"""ЮKassa by its own library: https://yookassa.ru/developers/api. Payments by card and СБП, saved methods, refunds.

The library's models of answers read sums as binary fractions, so its client is used (addresses, authorisation, errors,
networks of the senders) and the JSON is read here: a sum stays decimal. The library keeps one configuration for the
whole process and waits without end; here every request has a limit.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from yookassa import Configuration
from yookassa.client import ApiClient
from yookassa.domain.common.security_helper import SecurityHelper

from accounts.money import kopecks
from payments.online import (
    CANCELLED,
    HELD,
    PENDING,
    SBP,
    SUCCEEDED,
    Asked,
    Notice,
    NotificationForged,
    ProviderDown,
    ProviderRefused,
    Told,
    ToldRefund,
)

CONNECT_SECONDS, READ_SECONDS = 3, 15
STATES = {"pending": PENDING, "waiting_for_capture": HELD, "succeeded": SUCCEEDED, "canceled": CANCELLED}
NUMBER = re.compile(r"[0-9A-Za-z-]{8,60}")
DOWN = "Платёжный сервис сейчас не отвечает. Деньги не списаны. Повторите через несколько минут."
REASONS = {  # cancellation_details.reason, in a payer's words
    "expired_on_confirmation": "время на оплату вышло",
    "expired_on_capture": "время на подтверждение вышло",
    "canceled_by_merchant": "отменён расчётным центром",
    "insufficient_funds": "на карте не хватило денег",
    "card_expired": "срок карты истёк",
    "3d_secure_failed": "код из СМС не подошёл",
    "call_issuer": "банк отклонил платёж: спросите его",
    "fraud_suspected": "банк счёл платёж подозрительным",
    "general_decline": "банк отклонил платёж",
    "payment_method_limit_exceeded": "превышен лимит карты",
    "payment_method_restricted": "банк запретил операции по этой карте",
    "permission_revoked": "согласие на автоплатёж отозвано в банке",
    "country_forbidden": "карты этой страны не принимаются",
    "internal_timeout": "платёжный сервис не успел обработать платёж",
}


class _Client(ApiClient):  # type: ignore[misc]  # the library has no types
    """The library's client with limits of time, its faults told apart: no answer, not now, no."""

    session: requests.Session

    def ask(self, method: str, path: str, *, key: UUID | None = None, body: dict[str, Any] | None = None) -> Any:
        headers = self.prepare_request_headers({"Idempotence-Key": str(key)} if key else None)
        try:
            answer = self.session.request(
                method, self.endpoint + path, headers=headers, json=body, timeout=(CONNECT_SECONDS, READ_SECONDS)
            )
            told = answer.json()
        except (requests.RequestException, ValueError) as fault:
            raise ProviderDown(DOWN) from fault
        # 202: it is still at work on this key; 401, 403: our own setting is wrong, which is mended and then asked again
        if answer.status_code in (202, 401, 403, 429) or answer.status_code >= 500:
            raise ProviderDown(DOWN)
        if answer.status_code != 200:
            words = str(told.get("description", "")) if isinstance(told, dict) else ""
            raise ProviderRefused(f"Платёжный сервис отклонил запрос: {words or answer.status_code}.")
        return told


class YooKassa:
    """A shop at ЮKassa."""

    code = "yookassa"

    def __init__(self, *, shop_id: str, secret_key: str, api_url: str, networks: Sequence[str] = ()) -> None:
        self.shop_id = shop_id
        self.networks = [ipaddress.ip_network(network) for network in networks or SecurityHelper.YOOKASSA_NETWORKS]
        Configuration.configure(shop_id, secret_key, api_url=api_url.rstrip("/"))
        self.client = _Client()
        self.client.session = requests.Session()
        self.client.session.mount("https://", HTTPAdapter(pool_maxsize=16))
        self.client.session.mount("http://", HTTPAdapter(pool_maxsize=16))
        # proxies and certificates of the environment are read once: at every request it takes half a millisecond
        told = self.client.session.merge_environment_settings(self.client.endpoint, {}, None, None, None)
        self.client.session.proxies, self.client.session.verify = told["proxies"], told["verify"]
        self.client.session.trust_env = False

    def is_sender(self, address: str) -> bool:
        """One of the networks that ЮKassa names for its notifications (or YOOKASSA_NETWORKS)."""
        try:
            sender = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(sender in network for network in self.networks)

    def notice(self, body: bytes) -> Notice:
        try:
            told = json.loads(body)
            about = str(told["event"]).partition(".")[0]
            number = str(told["object"]["id"])
        except (ValueError, KeyError, TypeError, RecursionError) as fault:
            raise NotificationForged("Уведомление не разобрано.") from fault
        if about not in ("payment", "refund") or not NUMBER.fullmatch(number):
            raise NotificationForged("Уведомление не о платеже и не о возврате.")
        return Notice(about, number)

    def create(self, asked: Asked) -> Told:
        body: dict[str, Any] = {
            "amount": _money(asked.amount),
            "capture": True,
            "description": asked.purpose[:128],
            "metadata": {"key": str(asked.key)},
        }
        if asked.saved_method:
            body["payment_method_id"] = asked.saved_method
        else:
            is_qr = asked.method == SBP
            body["payment_method_data"] = {"type": "sbp" if is_qr else "bank_card"}
            body["confirmation"] = {"type": "qr" if is_qr else "redirect", "return_url": asked.return_url}
            body["save_payment_method"] = asked.saves_method
        return self._told(self.client.ask("POST", "/payments", key=asked.key, body=body))

    def read(self, provider_id: str) -> Told:
        return self._told(self.client.ask("GET", f"/payments/{_number(provider_id)}"))

    def capture(self, told: Told) -> Told:
        path = f"/payments/{_number(told.provider_id)}/capture"
        key = UUID(int=(told.key.int if told.key else 0) ^ 1)  # the same for every attempt, another than the creation's
        return self._told(self.client.ask("POST", path, key=key, body={"amount": _money(told.amount)}))

    def refund(self, *, key: UUID, provider_id: str, amount: Decimal, reason: str) -> ToldRefund:
        body = {
            "payment_id": provider_id,
            "amount": _money(amount),
            "description": reason[:250],
            "metadata": {"key": str(key)},
        }
        return _told_refund(self.client.ask("POST", "/refunds", key=key, body=body))

    def read_refund(self, refund_id: str) -> ToldRefund:
        return _told_refund(self.client.ask("GET", f"/refunds/{_number(refund_id)}"))

    def _told(self, answer: Any) -> Told:
        try:
            confirmation = answer.get("confirmation") or {}
            method = answer.get("payment_method") or {}
            details = answer.get("cancellation_details") or {}
            paid_at = answer.get("captured_at") or answer.get("created_at")
            reason = str(details.get("reason", ""))
            return Told(
                provider_id=str(answer["id"]),
                state=STATES[answer["status"]],
                amount=_roubles(answer["amount"]),
                is_ours=str(answer["recipient"]["account_id"]) == self.shop_id,
                key=_key(answer),
                confirmation=str(confirmation.get("confirmation_url") or confirmation.get("confirmation_data") or ""),
                paid_at=datetime.fromisoformat(paid_at) if paid_at else None,
                method_id=str(method.get("id", "")) if method.get("saved") is True else "",
                method_title=str(method.get("title", "")),
                reason=REASONS.get(reason, reason),
            )
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as fault:
            raise ProviderDown("Платёжный сервис ответил непонятно. Повторите через несколько минут.") from fault


def _told_refund(answer: Any) -> ToldRefund:
    try:
        details = answer.get("cancellation_details") or {}
        return ToldRefund(
            refund_id=str(answer["id"]),
            provider_id=str(answer["payment_id"]),
            state=STATES[answer["status"]],
            amount=_roubles(answer["amount"]),
            key=_key(answer),
            reason=str(details.get("reason", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as fault:
        raise ProviderDown("Платёжный сервис ответил непонятно. Повторите через несколько минут.") from fault


def _money(amount: Decimal) -> dict[str, str]:
    return {"value": f"{amount:.2f}", "currency": "RUB"}


def _roubles(told: dict[str, Any]) -> Decimal:
    amount = Decimal(str(told["value"]))
    if told["currency"] != "RUB" or not amount.is_finite() or amount != kopecks(amount):
        raise ValueError(f"не рубли: {told}")
    return kopecks(amount)


def _key(answer: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str((answer.get("metadata") or {}).get("key")))
    except ValueError:
        return None


def _number(text: str) -> str:
    """A provider's number as a part of an address. Raises ProviderRefused for anything that is none."""
    if not NUMBER.fullmatch(text):
        raise ProviderRefused("Такого номера у платёжного сервиса быть не может.")
    return text
