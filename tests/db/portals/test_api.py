"""The API of residents and suppliers: by key, fenced, once."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import schemathesis
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

import payments.operations
from accounts.models import Reading
from portals import tasks
from portals.api import docs
from portals.models import (
    AccessKey,
    AccountLink,
    Dispute,
    KeyAnswer,
    KeyFace,
    PrincipalRole,
    PrincipalUser,
    ReportSchedule,
)
from portals.operations import tokens
from tests import make

from . import town as towns
from .town import NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


@dataclass
class Program:
    """A program with a key."""

    key: str

    def __post_init__(self) -> None:
        self.client = Client(headers={"authorization": f"Bearer {self.key}"}, raise_request_exception=False)

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(f"api:{name}", args=args), query)

    def send(self, number: str, body: Any, *, name: str = "") -> Any:
        headers = {"Idempotency-Key": name or uuid.uuid4().hex}
        return self.client.post(
            reverse("api:readings", args=[number]), body, content_type="application/json", headers=headers
        )


def program(user: Any, face: KeyFace = KeyFace.RESIDENT, *, may_write: bool = True) -> Program:
    return Program(
        tokens.make_key(
            user=user, name="Умный дом", face=face, may_write=may_write, asked=uuid.uuid4(), at=timezone.now()
        )
    )


def test_a_resident_reads_what_the_cabinet_shows(town: Town):
    town.pay("100.00", date(2026, 11, 5))
    home = program(town.resident)
    number = town.account.number
    told = home.get("account", number).json()
    assert (told["number"], told["readings_window"]["is_open"]) == (number, True)
    assert Decimal(told["bill"]["total"]) == Decimal(told["bill"]["current"]) + Decimal(told["bill"]["debt"])
    assert home.get("accounts").json() == [told]
    charges = home.get("charges", number, month=str(OCTOBER)).json()
    assert charges["month"] == "2026-10" and not charges["is_draft"]
    assert Decimal(charges["total"]) == sum(Decimal(group["total"]) for group in charges["groups"])
    [payment] = home.get("payments", number).json()
    assert payment["amount"] == "100.00"
    assert sum(Decimal(part["amount"]) for part in payment["parts"]) == 100
    assert [(one["serial"], one["last"][0]["value"]) for one in home.get("meters", number).json()] == [
        ("СВ-100", "105"), ("ЭЛ-200", "1100"),
    ]  # fmt: skip
    assert home.get("documents", number).json() == []
    assert len(home.get("readings", number).json()) == 4


def test_a_reading_sent_twice_is_one_reading(town: Town):
    home, number = program(town.resident), town.account.number
    body = {"meter": town.cold.pk, "values": {"1": "111"}}
    first, again = home.send(number, body, name="k-1"), home.send(number, body, name="k-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and first.json()["usage"] == {"1": "6"}
    assert Reading.objects.filter(meter=town.cold, month="2026-11-01").count() == 1
    other = home.send(number, {**body, "values": {"1": "112"}}, name="k-1")
    assert other.status_code == 409 and "Idempotency-Key" in other.json()["detail"]
    assert Reading.objects.get(meter=town.cold, month="2026-11-01").value == 111


def test_a_refused_reading_leaves_nothing_and_may_be_sent_again(town: Town):
    home, number = program(town.resident), town.account.number
    refused = home.send(number, {"meter": town.cold.pk, "values": {"1": "100"}}, name="k-2")
    assert refused.status_code == 409 and "меньше" in refused.json()["detail"]
    assert KeyAnswer.objects.count() == 0
    assert home.send(number, {"meter": town.cold.pk, "values": {"1": "110"}}, name="k-2").status_code == 201


@pytest.mark.parametrize(
    "body", [{}, {"meter": "х", "values": {"1": "1"}}, {"meter": 1, "values": {}}, {"meter": 1, "values": {"9": "1"}},
             {"meter": 1, "values": {"1": "NaN"}}, {"meter": 1, "values": {"1": "-5"}}, [], "строка"],
)  # fmt: skip
def test_a_body_that_is_no_reading_is_told_so(town: Town, body: Any):
    answer = program(town.resident).send(town.account.number, body)
    assert answer.status_code == 400 and KeyAnswer.objects.count() == 0


def test_without_an_idempotency_key_nothing_is_written(town: Town):
    home = program(town.resident)
    address = reverse("api:readings", args=[town.account.number])
    answer = home.client.post(address, {"meter": town.cold.pk, "values": {"1": "111"}}, content_type="application/json")
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()
    assert not Reading.objects.filter(meter=town.cold, month="2026-11-01").exists()


def test_a_key_opens_what_it_was_made_for(town: Town):
    number = town.account.number
    looker = program(town.resident, may_write=False)
    assert looker.get("account", number).status_code == 200
    refused = looker.send(number, {"meter": town.cold.pk, "values": {"1": "111"}})
    assert refused.status_code == 403 and "только смотреть" in refused.json()["detail"]
    assert looker.get("account", town.neighbour.number).status_code == 404
    assert looker.get("contracts").status_code == 404  # another face
    assert program(town.accountant, KeyFace.SUPPLIER).get("account", number).status_code == 404
    assert program(town.resident, KeyFace.SUPPLIER).get("contracts").status_code == 404  # nobody's clerk
    assert Program("bc_wrong").get("accounts").status_code == 401
    assert Client().get(reverse("api:accounts")).status_code == 401


def test_a_withdrawn_key_or_user_enters_no_more(town: Town):
    home = program(town.resident)
    row = AccessKey.objects.get()
    assert row.digest not in home.key and home.key.startswith(row.beginning)
    stranger = Client()
    stranger.force_login(make.user())
    assert stranger.post(reverse("key-withdraw", args=[row.pk])).status_code == 404
    assert home.get("accounts").status_code == 200
    town.resident.is_active = False
    town.resident.save()
    assert home.get("accounts").status_code == 401
    town.resident.is_active = True
    town.resident.save()
    tokens.withdraw_key(user=town.resident, key_id=row.pk, at=timezone.now())
    assert home.get("accounts").status_code == 401


def test_a_key_is_shown_once_and_made_once(town: Town):
    visitor = Client()
    visitor.force_login(town.resident)
    page = reverse("keys")
    form = {"name": "<script>alert(1)</script>", "face": 1, "may_write": "on", "asked": str(uuid.uuid4())}
    first = visitor.post(page, form)
    key = first.context["made"]
    assert key in first.content.decode() and "<script>alert" not in first.content.decode()
    again = visitor.post(page, form)
    assert again.status_code == 422 and "уже создан" in again.content.decode()
    assert AccessKey.objects.count() == 1
    assert key not in visitor.get(page).content.decode()
    assert visitor.post(page, {**form, "face": 2, "asked": str(uuid.uuid4())}).status_code == 422  # no supplier
    assert Program(key).get("accounts").status_code == 200


def test_too_many_requests_of_one_key_wait(town: Town, monkeypatch: Any):
    from portals.api.entry import PerKey

    monkeypatch.setattr(PerKey, "THROTTLE_RATES", {"key": "3/min"})
    home, other = program(town.resident), program(town.resident)
    assert [home.get("accounts").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("accounts").status_code == 200


def test_a_supplier_sees_its_contracts_only(town: Town):
    town.pay("100.00", date(2026, 11, 5))
    payments.operations.close_days(until=date(2026, 11, 19), by="test")
    payments.operations.remit_day(day=date(2026, 11, 19), by="test")
    book = program(town.accountant, KeyFace.SUPPLIER)
    assert [one["id"] for one in book.get("contracts").json()] == [town.water.pk]
    month = {"month": str(OCTOBER)}
    rows = book.get("supplier-charges", **month).json()
    assert {row["service_name"] for row in rows} and all(row["house_id"] == town.house.pk for row in rows)
    by_account = book.get("house-charges", town.house.pk, **month).json()
    assert sum(Decimal(row["amount"]) for row in rows) == sum(Decimal(row["amount"]) for row in by_account)
    turnover = book.get("turnover", **month).json()
    assert {row["contract_id"] for row in turnover} == {town.water.pk}
    accounts = book.get("supplied-accounts").json()
    assert [one["number"] for one in accounts] == sorted([town.account.number, town.neighbour.number])
    sheet = book.get("supplied-account", town.account.number, **month).json()
    assert {row["contract_id"] for row in sheet["statement"]} == {town.water.pk}
    page = book.get("supplier-payments", since="2026-11-01").json()
    assert page["count"] == len(page["rows"]) and {row["contract_id"] for row in page["rows"]} == {town.water.pk}
    [remittance] = book.get("remittances").json()
    whole = book.get("remittance", remittance["remittance_id"]).json()
    assert sum(Decimal(row["amount"]) for row in whole["registry"]) == Decimal(remittance["gross"])
    report = book.get("report", "turnover", first="2026-10").json()
    assert report["count"] == len(report["rows"]) and len(report["columns"]) == len(report["rows"][0])
    assert book.get("house-turnover", town.house.pk, **month).status_code == 200
    assert len(book.get("supplied-meters").json()) == 2
    stranger = make.user()
    PrincipalUser.objects.create(user=stranger, principal=make.contract().principal)
    other = program(stranger, KeyFace.SUPPLIER)
    for name, args in (
        ("supplied-account", [town.account.number]), ("house-charges", [town.house.pk]),
        ("house-turnover", [town.house.pk]), ("remittance", [remittance["remittance_id"]]),
    ):  # fmt: skip
        assert other.get(name, *args).status_code == 404
    assert other.get("turnover", **month).json() == []


def test_what_an_address_cannot_mean_is_refused(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    for name, query in (
        ("turnover", {"month": "0001-01"}), ("turnover", {"month": "х"}), ("supplied-accounts", {"page": "-1"}),
        ("supplier-payments", {"since": "вчера"}), ("supplied-accounts", {"house": "9" * 40}),
    ):  # fmt: skip
        assert book.get(name, **query).status_code == 400
    assert book.get("report", "no-such").status_code == 404


def sent_by(book: Program, way: str, at: str, /, *args: Any, once: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": once or uuid.uuid4().hex}
    ask = getattr(book.client, way)
    return ask(reverse(f"api:{at}", args=args), body, content_type="application/json", headers=headers)


@pytest.fixture
def manager(town: Town) -> Program:
    user = make.user(email="boss@test.example")
    PrincipalUser.objects.create(user=user, principal=town.water.principal, role=PrincipalRole.MANAGER)
    return program(user, KeyFace.SUPPLIER)


def test_a_program_disputes_a_figure_once(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    sums = book.get("turnover", month=str(OCTOBER)).json()[0]
    key = f"{OCTOBER}:{sums['house_id']}:{sums['service_id']}:{sums['contract_id']}"
    figure = {"kind": "turnover", "key": key, "name": "closing", "text": "По акту меньше."}
    other = sent_by(book, "post", "disputes", amount="1.00", **figure)
    assert other.status_code == 409 and Dispute.objects.count() == 0
    made = sent_by(book, "post", "disputes", once="d-1", amount=sums["closing"], **figure)
    again = sent_by(book, "post", "disputes", once="d-1", amount=sums["closing"], **figure)
    assert (made.status_code, again.status_code, Dispute.objects.count()) == (201, 200, 1)
    assert made.json() == again.json() == book.get("dispute", made.json()["id"]).json()
    assert [one["due_on"] for one in book.get("disputes", state="open").json()] == [made.json()["due_on"]]
    assert book.get("disputes", state="refused").json() == []


def test_a_program_changes_an_account_after_it_saw_the_effect(town: Town, manager: Program):
    number = town.neighbour.number
    stay = {"settle": {"persons": 1, "kind": 1, "since": "2026-11-01", "ground": "заявление № 1"}}
    tried = sent_by(manager, "post", "account-facts", number, dry_run=True, **stay).json()
    assert Decimal(tried["effect"]["after"]) > Decimal(tried["effect"]["before"])
    assert [one["persons"] for one in manager.get("account-facts", number).json()["residents"]] == [1]
    done = sent_by(manager, "post", "account-facts", number, **stay)
    assert done.status_code == 201 and "записано" in done.json()["detail"]
    assert sorted(one["persons"] for one in manager.get("account-facts", number).json()["residents"]) == [1, 1]
    two = sent_by(manager, "post", "account-facts", number, **stay, place={"number": "1", "ground": "акт"})
    assert two.status_code == 400
    clerk = program(town.accountant, KeyFace.SUPPLIER)
    assert sent_by(clerk, "post", "account-facts", number, **stay).status_code == 404


def test_a_program_of_the_manager_lets_people_in_and_sends_them_away(
    town: Town, manager: Program, django_capture_on_commit_callbacks: Any
):
    own = {"principal": town.water.principal_id}
    with django_capture_on_commit_callbacks(execute=True):
        asked = sent_by(manager, "post", "people", email="new@test.example", role=2, **own)
    assert asked.status_code == 201 and [letter.to for letter in mail.outbox] == [["new@test.example"]]
    clerk = next(one for one in manager.get("people").json() if one["email"] == "water@test.example")
    assert sent_by(manager, "put", "person", clerk["id"], role=3, **own).status_code == 201
    assert PrincipalUser.objects.get(pk=clerk["id"]).role == PrincipalRole.OPERATOR
    book = program(town.accountant, KeyFace.SUPPLIER)
    refused = sent_by(book, "post", "people", email="b@test.example", role=1, **own)
    assert refused.status_code == 404 and book.get("people").status_code == 200
    address = reverse("api:person", args=[clerk["id"]]) + f"?principal={town.water.principal_id}"
    gone = manager.client.delete(address, headers={"Idempotency-Key": "gone"})
    assert gone.status_code == 201 and book.get("people").status_code == 404


def test_a_program_fills_the_file_sends_it_and_takes_it_back(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    content = book.get("readings-to-fill", contract=town.water.pk).content
    sheet = openpyxl.load_workbook(io.BytesIO(content))
    sheet.active.cell(2, 9).value = "111"
    out = io.BytesIO()
    sheet.save(out)
    file = SimpleUploadedFile("показания.xlsx", out.getvalue())
    address = reverse("api:sent-readings")
    taken = book.client.post(address, {"contract": town.water.pk, "file": file}, headers={"Idempotency-Key": "f"})
    assert taken.status_code == 201, taken.json()
    [row] = book.get("reading-files").json()
    assert (row["good"], row["bad"]) == (1, 0)
    assert sent_by(book, "post", "reading-file-undo", row["id"]).status_code == 201
    assert sent_by(book, "post", "reading-file-undo", row["id"]).status_code == 409
    assert book.get("receipt-files").json() == [] and book.get("appeals").json() == []


def test_a_resident_asks_why_where_a_payment_went_and_what_a_meter_said(town: Town):
    town.pay("100.00", date(2026, 11, 5))
    home, number = program(town.resident), town.account.number
    lines = [row for group in home.get("charges", number).json()["groups"] for row in group["rows"]]
    told = [home.get("why", number, line=line["key"]).json() for line in lines]
    for line, why in zip(lines, told, strict=True):
        assert why["amount"] == line["amount"] and why["text"]
        if why["previous"] is not None:
            moved = sum(Decimal(one["amount"]) for one in why["changes"])
            assert Decimal(why["previous"]) + moved == Decimal(why["current"])
    assert any(why["previous"] for why in told)
    assert home.get("why", number, line="0-0-0-0").status_code == 404
    assert home.get("why", number).status_code == 400
    payment = home.get("payments", number).json()[0]["payment_id"]
    path = home.get("payment", number, payment).json()
    assert sum(Decimal(step["amount"]) for step in path["steps"]) == Decimal(path["amount"]) == 100
    meter = home.get("meter", number, town.cold.pk).json()
    assert [(one["value"], one["usage"]) for one in meter["history"]] == [("105", "5"), ("100", None)]
    stranger = make.user()
    AccountLink.objects.create(user=stranger, account=town.neighbour)
    other = program(stranger)
    for name, pk in (("payment", payment), ("meter", town.cold.pk)):
        assert other.get(name, town.neighbour.number, pk).status_code == 404


def test_a_supplier_looks_into_a_day_a_line_a_payment_and_a_month(town: Town):
    town.pay("900.00", date(2026, 11, 19))
    payments.operations.close_days(until=date(2026, 11, 19), by="test")
    payments.operations.remit_day(day=date(2026, 11, 19), by="test")
    book, month = program(town.accountant, KeyFace.SUPPLIER), {"month": str(OCTOBER)}
    [sent] = book.get("remittances").json()
    day = book.get("day").json()
    assert (day["day"], day["remitted"]) == ("2026-11-19", sent["net"])
    assert [one["remittance"]["remittance_id"] for one in day["contracts"]] == [sent["remittance_id"]]
    account = book.get("supplied-account", town.account.number, **month).json()
    line = account["charges"]["groups"][0]["rows"][0]
    assert book.get("supplied-why", town.account.number, line=line["key"], **month).json()["amount"] == line["amount"]
    strange = f"{town.home.pk}-8-1-0"
    assert book.get("supplied-why", town.account.number, line=strange, **month).status_code == 404
    page = book.get("supplier-payments", account=town.account.number).json()
    own = book.get("supplied-payment", page["rows"][0]["payment_id"]).json()
    assert Decimal(own["amount"]) < 900 and {step["remittance"]["number"] for step in own["steps"]} == {sent["number"]}
    assert book.get("supplier-payments", account="1").status_code == 404
    assert book.get("supplied-meter", town.cold.pk).json()["history"][0]["usage"] == "5"
    moved = book.get("difference", month="2026-11").json()
    assert Decimal(moved["before"]) + sum(Decimal(one["amount"]) for one in moved["causes"]) == Decimal(moved["now"])
    closing = book.get("closing", contract=town.water.pk, month="2026-11").json()
    assert closing["is_clean"] and Decimal(closing["remitted"]) == Decimal(sent["net"])
    assert book.get("closing", contract=town.home.pk).status_code == 404
    assert Decimal(book.get("collection", **month).json()["this_month"]["paid"]) == 0
    assert (book.get("corrections").json()["rows"], book.get("losses").status_code) == ([], 200)
    exchange = book.get("remittance-exchange", sent["remittance_id"]).content.decode("cp1251").splitlines()
    assert exchange[-1].endswith(f";{Decimal(sent['gross']):.2f}")
    assert openpyxl.load_workbook(io.BytesIO(book.get("receipts-template").content)).active.max_row == 2


def test_a_program_keeps_a_report_runs_it_and_fetches_its_file(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    what = {"code": "own", "query": "rows=service&measures=accrued&measures=paid&first=2026-10", "title": "Мой"}
    made = sent_by(book, "post", "saved-reports", once="s", **what)
    assert made.status_code == 201, made.json()
    assert sent_by(book, "post", "saved-reports", once="s", **what).json() == made.json()
    [kept] = book.get("saved-reports").json()
    data = book.get("saved-report", kept["id"]).json()
    assert data["columns"] == ["Услуга", "Всего начислено", "Оплачено"] and data["count"] == len(data["rows"]) == 2
    same = book.get("report", "own", rows="service", measures=["accrued", "paid"], first="2026-10").json()
    assert same["rows"] == data["rows"]
    one = book.get("report", "own", rows="service", measures="accrued", first="2026-10", **{"f.service": "2"}).json()
    assert one["count"] == 1
    assert "нельзя разделить" in book.get("report", "own", rows="channel", measures="accrued").json()["detail"]
    assert {"service", "accrued", "paid"} <= {row["code"] for row in book.get("report-fields").json()}
    refused = sent_by(book, "put", "report-schedule", kept["id"], every="day", recipients=["spy@test.example"])
    assert refused.status_code == 409 and not ReportSchedule.objects.exists()
    mine = {"every": "day", "recipients": [town.accountant.email]}
    assert sent_by(book, "put", "report-schedule", kept["id"], **mine).status_code == 201
    assert book.get("saved-reports").json()[0]["schedules"][0]["every"] == "day"
    ordered = sent_by(book, "post", "report-files", saved=kept["id"], form="xlsx").json()
    assert ordered["state"] == "waiting" and book.get("report-content", ordered["key"]).status_code == 404
    tasks.make_report_file()
    assert book.get("report-file", ordered["key"]).json()["state"] == "done"
    content = b"".join(book.get("report-content", ordered["key"]).streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert str(sheet.cell(sheet.max_row, 2).value).startswith("=SUBTOTAL(109,")
    stranger = make.user()
    PrincipalUser.objects.create(user=stranger, principal=town.water.principal, role=PrincipalRole.ACCOUNTANT)
    other = program(stranger, KeyFace.SUPPLIER)
    assert other.get("saved-report", kept["id"]).status_code == 404
    assert other.get("report-file", ordered["key"]).status_code == 404
    assert sent_by(other, "delete", "saved-report", kept["id"]).status_code == 404
    gone = [sent_by(book, "delete", at, kept["id"]).status_code for at in ("report-schedule", "saved-report")]
    assert gone == [201, 201] and book.get("saved-reports").json() == []


def test_a_program_orders_a_closing_set_and_takes_an_invitation_back(
    town: Town, manager: Program, django_capture_on_commit_callbacks: Any
):
    with time_machine.travel("2027-01-12T12:00:00+05:00", tick=False):
        book = program(town.accountant, KeyFace.SUPPLIER)
        quarter = book.get("closing-sets").json()[0]
        assert (quarter["title"], quarter["first"], quarter["last"]) == ("4 квартал 2026", "2026-10", "2026-12")
        assert sent_by(book, "post", "closing-sets", first="2026-11", last="2026-12").status_code == 404
        ordered = sent_by(book, "post", "closing-sets", first="2026-10", last="2026-12").json()
        [file] = book.get("report-files").json()
        assert (file, file["form"], file["title"]) == (ordered, "zip", "Закрывающий комплект за 4 квартал 2026")
        assert sent_by(book, "delete", "report-file", file["key"]).status_code == 201
        assert book.get("report-file", file["key"]).json()["state"] == "cancelled"
    with django_capture_on_commit_callbacks(execute=True):
        sent_by(manager, "post", "people", email="new@test.example", role=2, principal=town.water.principal_id)
    [letter] = manager.get("invitations").json()
    clerk = program(town.accountant, KeyFace.SUPPLIER)
    assert clerk.get("invitations").json() == []
    assert sent_by(clerk, "delete", "invitation", letter["id"]).status_code == 404
    assert sent_by(manager, "delete", "invitation", letter["id"]).status_code == 201
    assert manager.get("invitations").json() == []


def test_a_report_speaks_of_any_period(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    assert book.get("report", "turnover", first="2010-01", last="2026-10").status_code == 200
    assert "240 месяцев" in book.get("report", "turnover", first="2000-01", last="2026-10").json()["detail"]


def test_the_description_names_every_address():
    page = Client().get(reverse("api-docs")).content.decode()
    assert "/api/v1/supplier/disputes/" in page and "/api/v1/accounts/{number}/readings/" in page
    assert page.count("<article") == len(docs.ABOUT) and all(text in page for text in docs.ABOUT.values())
    assert "Idempotency-Key" in page and '<script src="http' not in page


def test_what_cannot_be_read_is_said_in_russian(town: Town):
    book = program(town.accountant, KeyFace.SUPPLIER)
    address, headers = reverse("api:disputes"), {"Idempotency-Key": "x"}
    broken = book.client.post(address, '{"kind": ', content_type="application/json", headers=headers)
    assert broken.status_code == 400 and "не JSON: ошибка в строке 1" in broken.json()["detail"]
    plain = book.client.post(address, "x", content_type="text/plain", headers=headers)
    assert plain.status_code == 415
    said = [broken, plain, book.client.put(address, {}), Client().get(address), Program("bc_x").get("people")]
    empty = sent_by(book, "post", "disputes", kind="что", amount="много")
    for text in [answer.json()["detail"] for answer in said] + [one for told in empty.json().values() for one in told]:
        assert re.search("[а-я]", text), text


def answers(case: Any, bearer: str) -> None:
    """No fault, and what is given is of the shape promised."""
    case.headers["Authorization"] = bearer
    answer = case.call()
    assert answer.status_code < 500, (case.method, case.path, case.query, case.body)
    if answer.status_code == 200:
        case.validate_response(answer, checks=[response_schema_conformance, content_type_conformance])


def tried(operation: Any, bearer: str, known: dict[str, Any]) -> None:
    """Some good and some bad requests of the operation, its objects being the town's."""

    @settings(max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE))
    def every(good: Any, bad: Any) -> None:
        for name in good.path_parameters.keys() & known.keys():
            good.path_parameters[name] = known[name]
        answers(good, bearer)
        answers(bad, bearer)

    every()


def test_whatever_is_sent_is_answered_as_the_schema_says(town: Town, request: Any):
    """Schemathesis, as a library: some requests of every operation, good and bad, by keys of both faces."""

    request_started.disconnect(close_old_connections)  # as Django's own test client does
    request_finished.disconnect(close_old_connections)
    request.addfinalizer(lambda: request_started.connect(close_old_connections))
    request.addfinalizer(lambda: request_finished.connect(close_old_connections))
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    bearers = {
        face: f"Bearer {program(user, face).key}"
        for face, user in ((KeyFace.RESIDENT, town.resident), (KeyFace.SUPPLIER, town.accountant))
    }
    known = {"number": town.account.number, "house": town.house.pk, "code": "turnover"}
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.startswith("/api/v1/"):
            continue
        face = KeyFace.SUPPLIER if "/supplier/" in operation.path else KeyFace.RESIDENT

        cache.clear()  # it is not the throttle that is tried here
        tried(operation, bearers[face], known)
        asked.append(operation.label)
    assert len(asked) == len(docs.ABOUT)
