"""A stand-in of ЮKassa: API v3 as the real client speaks it, the payer's page, notifications that misbehave on demand.

The protocol: https://yookassa.ru/developers/api and …/using-api/webhooks. Repeated until it is answered with 200.
"""

from __future__ import annotations

import base64
import copy
import queue
import re
import threading
import time
import uuid
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

import requests

from accounts.money import written
from payments.standins import Answer, Request, StandIn, html

WORDS = {
    "lost": "уведомления теряются",
    "repeated": "каждое уведомление приходит трижды",
    "forged": "приходит поддельное уведомление, деньги не списаны",
    "out_of_order": "после нового уведомления приходит старое",
    "early": "уведомление приходит раньше ответа на создание платежа",
    "poor": "на сохранённой карте нет денег",
    "held": "деньги сначала замораживаются",
}


@dataclass
class Faults:
    """Switches of trouble."""

    lost: bool = False
    repeated: bool = False
    forged: bool = False
    out_of_order: bool = False
    early: bool = False
    poor: bool = False
    held: bool = False


class YooKassaStandIn(StandIn):
    """shop_id, secret_key: what the client must show. notify_url: where notifications go; empty: nowhere."""

    def __init__(
        self, *, shop_id: str, secret_key: str, notify_url: str = "", port: int = 0, retry_seconds: float = 0.2
    ) -> None:
        super().__init__(port)
        self.shop_id, self.secret_key, self.notify_url = shop_id, secret_key, notify_url
        self.retry_seconds = retry_seconds
        self.faults = Faults()
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, str] = {}  # payment → where the payer goes back to
        self.methods: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, tuple[Any, Answer]] = {}
        self.sent: list[tuple[str, int]] = []  # event, status of the answer (0: none)
        self.waiting: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        number = r"(?P<number>[0-9a-f-]+)"
        self.page("POST", "/v3/payments", self.create)
        self.page("GET", f"/v3/payments/{number}", self.read)
        self.page("POST", f"/v3/payments/{number}/capture", self.capture)
        self.page("POST", f"/v3/payments/{number}/cancel", self.cancel)
        self.page("POST", "/v3/refunds", self.refund)
        self.page("GET", f"/v3/refunds/{number}", self.read_refund)
        self.page("GET", f"/pay/{number}", self.payer_page)
        self.page("POST", f"/pay/{number}/(?P<choice>yes|no)", self.payer_chooses)
        self.page("GET", "/", self.switches_page)
        self.page("POST", "/", self.switch)
        threading.Thread(target=self.deliver, name="notifications", daemon=True).start()

    # --- the API ----------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        if not request.path.startswith("/v3/"):
            return super().answer(request)
        if self.is_down:
            return error(500, "internal_server_error", "Сервис недоступен")
        shown = request.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64encode(f"{self.shop_id}:{self.secret_key}".encode()).decode() != shown:
            return error(401, "invalid_credentials", "Неверный идентификатор магазина или ключ")
        if request.method == "GET":
            return super().answer(request)
        key = request.headers.get("Idempotence-Key", "")
        if not 0 < len(key) <= 64:
            return error(400, "invalid_request", "Нет ключа идемпотентности")
        with self.lock:
            asked = (request.path, request.body)
            if key in self.by_key:
                before, told = self.by_key[key]
                same = before == asked
                return told if same else error(400, "invalid_request", "Ключ идемпотентности уже занят")
            told = super().answer(request)
            if told.status == 200:
                self.by_key[key] = (asked, copy.deepcopy(told))
        if self.faults.early:
            self.waiting.join()
        return told

    def create(self, request: Request) -> Answer:
        asked = request.json
        if not re.fullmatch(r"\d{1,7}\.\d\d", asked["amount"]["value"]) or Decimal(asked["amount"]["value"]) < 1:
            return error(400, "invalid_request", "Сумма не от 1 рубля")
        number = str(uuid.uuid4())
        payment: dict[str, Any] = {
            "id": number,
            "status": "pending",
            "paid": False,
            "amount": asked["amount"],
            "description": asked.get("description", ""),
            "recipient": {"account_id": self.shop_id, "gateway_id": "1"},
            "created_at": now(),
            "metadata": asked.get("metadata", {}),
            "test": True,
            "refundable": False,
            "refunded_amount": {"value": "0.00", "currency": "RUB"},
        }
        saved = asked.get("payment_method_id")
        if saved is not None:
            if saved not in self.methods:
                return error(400, "invalid_request", "Сохранённого способа оплаты нет")
            payment["payment_method"] = self.methods[saved]
            self.payments[number] = payment
            if self.faults.poor:
                self.end(payment, "canceled", reason="insufficient_funds")
            else:
                self.end(payment, "succeeded")
            return Answer(copy.deepcopy(payment))
        kind = asked["payment_method_data"]["type"]
        payment["payment_method"] = {"type": kind, "id": number, "saved": False}
        payment["_saves"] = bool(asked.get("save_payment_method"))
        self.returns[number] = asked["confirmation"].get("return_url", "")
        page = f"{self.address}/pay/{number}"
        if asked["confirmation"]["type"] == "qr":
            payment["confirmation"] = {"type": "qr", "confirmation_data": page}
        else:
            payment["confirmation"] = {"type": "redirect", "confirmation_url": page}
        self.payments[number] = payment
        return Answer(shown(payment))

    def read(self, request: Request, number: str) -> Answer:
        with self.lock:
            payment = self.payments.get(number)
            return Answer(shown(payment)) if payment else error(404, "not_found", "Платежа нет")

    def capture(self, request: Request, number: str) -> Answer:
        payment = self.payments.get(number)
        if payment is None or payment["status"] != "waiting_for_capture":
            return error(400, "invalid_request", "Платёж не ждёт подтверждения")
        self.end(payment, "succeeded")
        return Answer(shown(payment))

    def cancel(self, request: Request, number: str) -> Answer:
        payment = self.payments.get(number)
        if payment is None or payment["status"] != "waiting_for_capture":
            return error(400, "invalid_request", "Платёж не ждёт подтверждения")
        self.end(payment, "canceled", reason="canceled_by_merchant")
        return Answer(shown(payment))

    def refund(self, request: Request) -> Answer:
        asked = request.json
        payment = self.payments.get(asked["payment_id"])
        amount = Decimal(asked["amount"]["value"])
        if payment is None or payment["status"] != "succeeded":
            return error(400, "invalid_request", "Платёж не получен")
        gone = Decimal(payment["refunded_amount"]["value"])
        if amount <= 0 or amount + gone > Decimal(payment["amount"]["value"]):
            return error(400, "invalid_request", "Сумма возврата больше остатка")
        payment["refunded_amount"]["value"] = f"{amount + gone:.2f}"
        told = {
            "id": str(uuid.uuid4()), "payment_id": payment["id"], "status": "succeeded", "amount": asked["amount"],
            "created_at": now(), "description": asked.get("description", ""), "metadata": asked.get("metadata", {}),
        }  # fmt: skip
        self.refunds[told["id"]] = told
        self.notify("refund.succeeded", told)
        return Answer(told)

    def read_refund(self, request: Request, number: str) -> Answer:
        told = self.refunds.get(number)
        return Answer(told) if told else error(404, "not_found", "Возврата нет")

    # --- what the payer does ----------------------------------------------------------------------------------------

    def pay(self, number: str) -> None:
        """The payer presses «Оплатить»."""
        with self.lock:
            payment = self.payments[number]
            if payment["status"] != "pending":
                return
            if self.faults.forged:
                lie = {**shown(payment), "status": "succeeded", "paid": True, "captured_at": now()}
                self.waiting.put(("payment.succeeded", lie))
                return
            if payment["_saves"]:
                title = "Bank card *4444" if payment["payment_method"]["type"] == "bank_card" else "СБП, учебный банк"
                payment["payment_method"] |= {"saved": True, "title": title}
                self.methods[number] = payment["payment_method"]
            if self.faults.held:
                payment["status"] = "waiting_for_capture"
                self.notify("payment.waiting_for_capture", shown(payment))
            else:
                self.end(payment, "succeeded")

    def decline(self, number: str, reason: str = "general_decline") -> None:
        """The payer, his bank or the clock says no."""
        with self.lock:
            if self.payments[number]["status"] == "pending":
                self.end(self.payments[number], "canceled", reason=reason)

    def end(self, payment: dict[str, Any], status: str, *, reason: str = "") -> None:
        before = shown(payment)
        payment["status"] = status
        payment.pop("confirmation", None)
        if status == "succeeded":
            payment |= {"paid": True, "captured_at": now(), "refundable": True}
        else:
            payment["cancellation_details"] = {"party": "payment_network", "reason": reason}
        self.notify(f"payment.{status}", shown(payment))
        if self.faults.out_of_order:
            self.notify("payment.waiting_for_capture", {**before, "status": "waiting_for_capture", "paid": True})
            self.notify("payment.canceled", {**before, "status": "canceled"})

    def payer_page(self, request: Request, number: str) -> Answer:
        payment = self.payments.get(number)
        if payment is None:
            return Answer(html("Платёж не найден", ""), 404)
        done = {"succeeded": "Оплачено", "canceled": "Платёж отменён", "waiting_for_capture": "Деньги заморожены"}
        if payment["status"] in done:
            return Answer(html(done[payment["status"]], "<p>Вернитесь на сайт расчётного центра.</p>"))
        buttons = "".join(
            f'<form method="post" action="/pay/{number}/{choice}"><button class="{look}">{words}</button></form>'
            for choice, look, words in (("yes", "main", "Оплатить"), ("no", "", "Отказаться"))
        )
        amount = written(Decimal(payment["amount"]["value"]))
        return Answer(html("Платёжный сервис", f"<p>{escape(payment['description'])}</p><h2>{amount} ₽</h2>{buttons}"))

    def payer_chooses(self, request: Request, number: str, choice: str) -> Answer:
        if number not in self.payments:
            return Answer(html("Платёж не найден", ""), 404)
        if choice == "yes":
            self.pay(number)
        else:
            self.decline(number)
        is_qr = self.payments[number]["payment_method"]["type"] == "sbp"
        back = "" if is_qr else self.returns.get(number, "")
        return Answer(html("Готово", ""), 303, back or f"/pay/{number}")

    # --- notifications ----------------------------------------------------------------------------------------------

    def notify(self, event: str, told: dict[str, Any]) -> None:
        if self.notify_url and not self.faults.lost:
            for _ in range(3 if self.faults.repeated else 1):
                self.waiting.put((event, copy.deepcopy(told)))

    def deliver(self) -> None:
        while True:
            event, told = self.waiting.get()
            try:
                for _ in range(20):
                    if self.post(event, told) == 200:
                        break
                    time.sleep(self.retry_seconds)
            finally:
                self.waiting.task_done()

    def post(self, event: str, told: dict[str, Any]) -> int:
        """Send a notification once; the status of the answer, 0 when there was none."""
        try:
            body = {"type": "notification", "event": event, "object": told}
            status = requests.post(self.notify_url, json=body, timeout=30).status_code
        except requests.RequestException:
            status = 0
        self.sent.append((event, status))
        return status

    # --- switches ---------------------------------------------------------------------------------------------------

    def switches_page(self, request: Request) -> Answer:
        boxes = "".join(
            f'<label><input type="checkbox" name="{name}"{" checked" if getattr(self.faults, name) else ""}>'
            f" {words}</label>"
            for name, words in WORDS.items()
        )
        down = (
            f'<label><input type="checkbox" name="down"{" checked" if self.is_down else ""}> сервис не отвечает</label>'
        )
        rows = "".join(
            f"<tr><td>{escape(p['description'])}<td>{written(Decimal(p['amount']['value']))} ₽<td>{p['status']}"
            f'<td><a href="/pay/{n}">открыть</a>'
            for n, p in reversed(list(self.payments.items()))
        )
        form = f'<form method="post">{boxes}{down}<p><button class="main">Запомнить</button></form>'
        return Answer(html("Двойник ЮKassa: неполадки", f"{form}<h2>Платежи</h2><table>{rows}</table>"))

    def switch(self, request: Request) -> Answer:
        chosen = request.form
        self.faults = Faults(**{field.name: field.name in chosen for field in fields(Faults)})
        self.is_down = "down" in chosen
        return Answer(html("Готово", ""), 303, "/")


def shown(payment: dict[str, Any]) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in payment.items() if not name.startswith("_")}


def error(status: int, code: str, words: str) -> Answer:
    return Answer({"type": "error", "id": str(uuid.uuid4()), "code": code, "description": words}, status)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
