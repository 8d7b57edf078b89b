"""A stand-in of АТОЛ Онлайн, protocol 4: tokens, receipts by external_id, reports; it is down or refuses on demand."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any

from accounts.money import written
from payments.standins import Answer, Request, StandIn, html

OPERATIONS = "sell|sell_refund"


@dataclass
class Printed:
    """A receipt as it was handed over; asked: how often it was asked about."""

    number: str
    operation: str
    contents: dict[str, Any]
    asked: int = 0


class AtolStandIn(StandIn):
    """login, password, group: what the client must show. refusal: the text that every receipt fails with."""

    def __init__(self, *, login: str, password: str, group: str, port: int = 0) -> None:
        super().__init__(port)
        self.login, self.password, self.group = login, password, group
        self.tokens: set[str] = set()
        self.refusal = ""
        self.waits = 0  # how many questions are answered with «wait»
        self.receipts: dict[str, Printed] = {}  # by external_id
        self.page("POST", "/v4/getToken", self.get_token)
        self.page("POST", f"/v4/(?P<group>[^/]+)/(?P<operation>{OPERATIONS})", self.sell)
        self.page("GET", "/v4/(?P<group>[^/]+)/report/(?P<number>[0-9a-f-]+)", self.report)
        self.page("GET", "/", self.tape)

    def answer(self, request: Request) -> Answer:
        if self.is_down and request.path.startswith("/v4/"):
            return Answer({"error": {"code": 1, "text": "Сервис недоступен", "type": "system"}}, 500)
        with self.lock:
            return super().answer(request)

    def get_token(self, request: Request) -> Answer:
        asked = request.json
        if (asked.get("login"), asked.get("pass")) != (self.login, self.password):
            return error(12, "Неверный логин или пароль", 401)
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return Answer({"error": None, "token": token, "timestamp": stamp()})

    def sell(self, request: Request, group: str, operation: str) -> Answer:
        wrong = self.stranger(request, group)
        if wrong:
            return wrong
        asked = json.loads(request.body, parse_float=Decimal)
        known = self.receipts.get(asked["external_id"])
        if known is not None:
            told = error(33, "Документ с таким external_id уже существует", 400)
            return Answer({**told.body, "uuid": known.number, "status": "fail"}, 400)
        trouble = check(asked)
        if trouble:
            return error(32, f"Ошибка валидации входного чека: {trouble}", 400)
        number = str(uuid.uuid4())
        self.receipts[asked["external_id"]] = Printed(number, operation, asked)
        return Answer({"uuid": number, "status": "wait", "error": None, "timestamp": stamp()})

    def report(self, request: Request, group: str, number: str) -> Answer:
        wrong = self.stranger(request, group)
        if wrong:
            return wrong
        printed = next((receipt for receipt in self.receipts.values() if receipt.number == number), None)
        if printed is None:
            return error(34, "Документ не найден", 400)
        printed.asked += 1
        if printed.asked <= self.waits:
            return Answer({"uuid": number, "status": "wait", "error": {"code": 34, "text": "Нет информации"}})
        if self.refusal:
            told = {"code": 3806, "text": self.refusal, "type": "driver"}
            return Answer({"uuid": number, "status": "fail", "error": told, "payload": None})
        place = list(self.receipts.values()).index(printed) + 1
        payload = {
            "total": str(printed.contents["receipt"]["total"]),
            "fns_site": "www.nalog.gov.ru",
            "fn_number": "9999078900005430",
            "shift_number": 1,
            "receipt_datetime": stamp(),
            "fiscal_receipt_number": place,
            "fiscal_document_number": 1000 + place,
            "ecr_registration_number": "0000000005054531",
            "fiscal_document_attribute": int(uuid.UUID(number)) % 10**10,
            "ofd_receipt_url": f"{self.address}/",
        }
        return Answer({"uuid": number, "status": "done", "error": None, "payload": payload, "timestamp": stamp()})

    def stranger(self, request: Request, group: str) -> Answer | None:
        if request.headers.get("Token", "") not in self.tokens:
            return error(11, "Срок действия токена истёк", 401)
        return error(20, "Группа касс не найдена", 400) if group != self.group else None

    def tape(self, request: Request) -> Answer:
        rows = "".join(
            f"<tr><td>{escape(receipt.operation)}<td>{written(receipt.contents['receipt']['total'])} ₽<td>"
            + "<br>".join(
                f"{escape(item['name'])}: {written(item['sum'])} ₽"
                + (f", {escape(item['supplier_info']['name'])}" if "supplier_info" in item else "")
                for item in receipt.contents["receipt"]["items"]
            )
            for receipt in reversed(list(self.receipts.values()))
        )
        return Answer(html("Двойник АТОЛ Онлайн: лента", f"<table>{rows}</table>"))


def check(asked: dict[str, Any]) -> str:
    """What the service would find wrong: sums that do not add up, a line of an agent without its supplier."""
    receipt = asked["receipt"]
    items, total = receipt["items"], receipt["total"]
    if not items or sum(item["sum"] for item in items) != total:
        return "сумма позиций не равна итогу"
    if sum(paid["sum"] for paid in receipt["payments"]) != total:
        return "сумма оплат не равна итогу"
    if any(item["price"] * item["quantity"] != item["sum"] for item in items):
        return "цена × количество не равно сумме"
    if any("agent_info" in item and not item.get("supplier_info", {}).get("inn") for item in items):
        return "нет ИНН поставщика"
    if not (receipt["client"].get("email") or receipt["client"].get("phone")):
        return "нет адреса покупателя"
    return "" if receipt["company"].get("inn") else "нет ИНН организации"


def error(code: int, words: str, status: int) -> Answer:
    told = {"error_id": str(uuid.uuid4()), "code": code, "text": words, "type": "system"}
    return Answer({"uuid": None, "status": "fail", "error": told, "timestamp": stamp()}, status)


def stamp() -> str:
    return f"{datetime.now():%d.%m.%Y %H:%M:%S}"  # noqa: DTZ005  # local time of the cash register
