"""АТОЛ Онлайн, protocol 4 (ФФД 1.05): https://atol.online/library/. A receipt is handed over and asked about later."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests

from payments.fiscal import DONE, REFUSED, WAITING, ReceiptRefused, RegisterDown, ToldReceipt

CONNECT_SECONDS, READ_SECONDS = 3, 20
SILENT = "Онлайн-касса не отвечает. Чек ждёт и будет отправлен снова."
KNOWN_ALREADY = 33  # error.code: a document with this external_id is there; its uuid stands in the answer
BAD_TOKEN = (10, 11, 12, 13, 14)  # error.code: the token is missing, wrong or has run out
PAID = {"cash": 0, "cashless": 1, "prepaid": 2}  # tags 1031, 1081, 1215
# an advance is offset by a receipt «приход» that it pays itself; what was offset goes back the same way
OPERATIONS = {"offset": "sell", "offset_back": "sell_refund"}
FISCAL = (
    "fn_number", "fiscal_document_number", "fiscal_document_attribute", "fiscal_receipt_number", "shift_number",
    "receipt_datetime", "ecr_registration_number", "fns_site", "ofd_receipt_url",
)  # fmt: skip


class Atol:
    """A group of cash registers at АТОЛ Онлайн."""

    def __init__(self, *, url: str, login: str, password: str, group: str) -> None:
        self.url, self.login, self.password, self.group = url.rstrip("/"), login, password, group
        self.token = ""
        self.session = requests.Session()

    def send(self, *, key: str, kind: str, contents: dict[str, Any], at: datetime) -> str:
        told = self._ask("POST", f"/{self.group}/{OPERATIONS.get(kind, kind)}", body(key=key, contents=contents, at=at))
        error = told.get("error") or {}
        if error and error.get("code") != KNOWN_ALREADY:
            raise ReceiptRefused(f"Касса отклонила чек: {error.get('text') or error.get('code')}.")
        if not told.get("uuid"):
            raise RegisterDown(SILENT)
        return str(told["uuid"])

    def read(self, service_id: str) -> ToldReceipt:
        if not re.fullmatch(r"[0-9A-Za-z-]{1,60}", service_id):
            raise ReceiptRefused("Такого номера чека у кассы быть не может.")
        told = self._ask("GET", f"/{self.group}/report/{service_id}")
        if told.get("status") == "done":
            payload = told.get("payload") or {}
            return ToldReceipt(DONE, {name: payload[name] for name in FISCAL if name in payload})
        if told.get("status") == "fail":
            return ToldReceipt(REFUSED, trouble=str((told.get("error") or {}).get("text", "причина не названа")))
        return ToldReceipt(WAITING)

    def _ask(self, method: str, path: str, text: str | None = None) -> dict[str, Any]:
        for attempt in range(2):  # a token lives a day: when it has run out, a new one is asked for once
            if not self.token:
                self.token = self._new_token()
            told = self._exchange(method, path, text, token=self.token)
            code = (told.get("error") or {}).get("code")
            if code not in BAD_TOKEN or attempt:
                return told
            self.token = ""
        raise RegisterDown(SILENT)

    def _new_token(self) -> str:
        told = self._exchange("POST", "/getToken", json.dumps({"login": self.login, "pass": self.password}))
        if not told.get("token"):
            raise RegisterDown(
                "Онлайн-касса не приняла логин и пароль. Чек ждёт: проверьте ATOL_LOGIN и ATOL_PASSWORD."
            )
        return str(told["token"])

    def _exchange(self, method: str, path: str, text: str | None, *, token: str = "") -> dict[str, Any]:
        headers = {"Content-Type": "application/json; charset=utf-8"} | ({"Token": token} if token else {})
        try:
            answer = self.session.request(
                method, self.url + path, data=text.encode() if text else None, headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )  # fmt: skip
            told = answer.json()
        except (requests.RequestException, ValueError) as fault:
            raise RegisterDown(SILENT) from fault
        if answer.status_code >= 500 or answer.status_code == 429 or not isinstance(told, dict):
            raise RegisterDown(SILENT)
        return told


def body(*, key: str, contents: dict[str, Any], at: datetime) -> str:
    """The request of protocol 4 as text; at: local time of the place of settlement."""
    company = contents["company"]
    contact = contents["contact"] or {"email": company["email"]}
    told = contents["paid"]
    paid = told if isinstance(told, list) else [told]  # a list: by card and in cash
    items = []
    for line in contents["lines"]:
        amount = Decimal(line["amount"])
        item: dict[str, Any] = {
            "name": line["name"],
            "price": amount,
            "quantity": 1,
            "sum": amount,
            "payment_method": line["method"],
            "payment_object": line["object"],
            "vat": {"type": line["vat"]},
        }
        if "agent" in line:
            supplier = line["supplier"]
            item["agent_info"] = {"type": line["agent"]}
            phones = {"phones": [supplier["phone"]]} if supplier["phone"] else {}
            item["supplier_info"] = {**phones, "name": supplier["name"], "inn": supplier["inn"]}
            if line["agent"] == "paying_agent" and phones:
                item["agent_info"]["paying_agent"] = {"operation": "Приём платежей", **phones}
        items.append(item)
    return exact_json(
        {
            "external_id": key,
            "timestamp": f"{at:%d.%m.%Y %H:%M:%S}",
            "receipt": {
                "client": contact,
                "company": {
                    "email": company["email"], "sno": company["sno"], "inn": company["inn"],
                    "payment_address": company["place"],
                },
                "items": items,
                "payments": [{"type": PAID[row["kind"]], "sum": Decimal(row["amount"])} for row in paid],
                "total": Decimal(contents["total"]),
            },
        }
    )  # fmt: skip


def exact_json(told: Any) -> str:
    """JSON in which a decimal is a number with its own digits: 0.10 stays 0.10 and never passes through a float."""
    mark = "\ue000"  # of the private area: no text of ours holds it
    text = json.dumps(told, ensure_ascii=False, default=lambda value: f"{mark}{value:f}{mark}")
    return re.sub(f'"{mark}(-?[0-9.]+){mark}"', r"\1", text)
