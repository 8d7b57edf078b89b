"""Every address × every role: own rows, or the answer that there is nothing. Never a 403 that confirms, never a fault.

TABLE names every address outside the admin, the log-in and the machines' own; one without a row fails the test, which
says what to add. Each address is asked by GET and by POST, each request undone afterwards.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

import epd.operations
import payments.operations
from accounts.models import User
from epd.models import PaymentDocument
from payments.models import OnlinePayment, PaperKind, Register, Remittance, SettlementPaper
from payments.registers.own_receipts import COLUMNS
from portals.models import (
    AccessKey,
    AccountLink,
    AppealFile,
    Dispute,
    Invitation,
    KeyFace,
    PrincipalRole,
    PrincipalUser,
    ReadingFile,
    Topic,
)
from portals.models.certificates import Certificate, CertificateKind
from portals.models.reports import Face
from portals.operations import open_appeal, tokens
from portals.reports import jobs, ready
from portals.reports.tables import What
from tests import make

from . import town as towns
from .town import NOVEMBER, NOW, OCTOBER, TODAY, Town

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Yekaterinburg"))
PAID_ON = date(2026, 11, 18)

# Who may enter, and whose row the address names.
PUBLIC = "public"  # anybody; nothing of anybody's is shown without a secret in the address
ENTERED = "entered"  # whoever has logged in, to what is his own
RESIDENT = "resident"  # an account of the resident
SUPPLIER = "supplier"  # a list of one's own: another supplier sees his, without the rows of this one
OBJECT = "object"  # a row of this supplier: another one is told that there is none
API_RESIDENT, API_SUPPLIER, API_OBJECT = "api resident", "api supplier", "api object"

Args = Callable[["World"], list[Any]]


@dataclass(frozen=True)
class Row:
    """An address: who enters, what stands in it, what the owner is answered beyond SANE."""

    who: str
    args: Args = lambda world: []
    query: str = ""
    also: frozenset[int] = frozenset()


@dataclass
class World:
    """The town with a row of everything, and everybody who might ask for it."""

    town: Town
    people: dict[str, User]
    number: str
    payment: int
    document: int
    begun: Any
    appeal: int
    certificate: int
    attached: int
    link: int
    invitation: int
    dispute: int
    reading_file: int
    register: int
    remittance: int
    paper: int
    job: Any
    check: Any
    saved: int
    key: int


def account(*rest: str) -> Args:
    """The account's number, then rows of it by the names of World."""
    return lambda world: [world.number, *(getattr(world, name) for name in rest)]


def row(name: str) -> Args:
    return lambda world: [getattr(world, name)]


def house(world: World) -> list[Any]:
    return [world.town.house.pk]


TABLE: dict[str, Row] = {
    # --- anybody
    "home": Row(PUBLIC),
    "favicon": Row(PUBLIC),
    "look": Row(PUBLIC),
    "document-check": Row(PUBLIC, lambda world: ["1.no-such"]),
    "mail-confirm": Row(PUBLIC, lambda world: ["no-such"]),
    "certificate-check": Row(PUBLIC, lambda world: ["no-such"]),
    "document-why": Row(PUBLIC, account()),
    "invitation": Row(PUBLIC, lambda world: ["no-such"]),
    "enter": Row(PUBLIC),
    "readings-by-code": Row(PUBLIC, account()),
    "schema": Row(PUBLIC),
    "api-docs": Row(PUBLIC),
    "demo": Row(PUBLIC),
    # --- whoever has entered
    "keys": Row(ENTERED),
    "resident:accounts": Row(ENTERED),
    "resident:add": Row(ENTERED),
    "resident:notices": Row(ENTERED),
    "resident:letters": Row(ENTERED),
    # --- the resident
    "key-withdraw": Row(RESIDENT, row("key")),
    "resident:account": Row(RESIDENT, account()),
    "resident:charges": Row(RESIDENT, account()),
    "resident:why": Row(RESIDENT, account()),
    "resident:readings": Row(RESIDENT, account()),
    "resident:payments": Row(RESIDENT, account()),
    "resident:payment": Row(RESIDENT, account("payment")),
    "resident:pay": Row(RESIDENT, account()),
    "resident:paying": Row(RESIDENT, account("begun")),
    "resident:paid-back": Row(RESIDENT, account("begun")),
    "resident:autopay": Row(RESIDENT, account()),
    "resident:autopay-off": Row(RESIDENT, account()),
    "resident:documents": Row(RESIDENT, account()),
    "resident:delivery": Row(RESIDENT, account()),
    "resident:document": Row(RESIDENT, account("document")),
    "resident:sharing": Row(RESIDENT, account()),
    "resident:access-withdraw": Row(RESIDENT, account("link")),
    "resident:invitation-withdraw": Row(RESIDENT, account("invitation")),
    "resident:appeals": Row(RESIDENT, account()),
    "resident:appeal-new": Row(RESIDENT, lambda world: [world.number, int(Topic.QUESTION)]),
    "resident:appeal": Row(RESIDENT, account("appeal")),
    "resident:said": Row(RESIDENT, account("appeal")),
    "resident:appeal-close": Row(RESIDENT, account("appeal")),
    "resident:appeal-file": Row(RESIDENT, account("appeal", "attached")),
    "resident:certificates": Row(RESIDENT, account()),
    "resident:certificate": Row(RESIDENT, account("certificate")),
    "resident:forward": Row(RESIDENT, account("document")),
    "resident:history": Row(RESIDENT, account()),
    "resident:history-xlsx": Row(RESIDENT, account()),
    "resident:chat": Row(RESIDENT, account()),
    "resident:remove": Row(RESIDENT, account()),
    "api-documents": Row(RESIDENT, account(), also=frozenset({403})),
    "api-document": Row(RESIDENT, account("document"), also=frozenset({403})),
    # --- the supplier
    "principal:home": Row(SUPPLIER),
    "principal:accounts": Row(SUPPLIER),
    "principal:account": Row(OBJECT, account()),
    "principal:why": Row(OBJECT, account(), query="line=@-1-1-1"),
    "principal:edit": Row(OBJECT, account()),
    "principal:meters": Row(SUPPLIER),
    "principal:meter": Row(OBJECT, lambda world: [world.town.cold.pk]),
    "principal:readings": Row(SUPPLIER),
    "principal:readings-to-fill": Row(SUPPLIER),
    "principal:readings-rejected": Row(SUPPLIER, also=frozenset({404})),
    "principal:readings-undo": Row(OBJECT, row("reading_file")),
    "principal:disputes": Row(SUPPLIER),
    "principal:dispute": Row(OBJECT, row("dispute")),
    "principal:dispute-new": Row(OBJECT, lambda world: ["remittance"], query="key=%&name=net"),
    "principal:corrections": Row(SUPPLIER),
    "principal:difference": Row(SUPPLIER),
    "principal:losses": Row(SUPPLIER),
    "principal:closing": Row(SUPPLIER),
    "principal:act-issue": Row(SUPPLIER, also=frozenset({404})),
    "principal:paper-answer": Row(OBJECT, row("paper")),
    "principal:set-order": Row(SUPPLIER, also=frozenset({404})),
    "principal:people": Row(SUPPLIER, also=frozenset({404})),
    "principal:join": Row(ENTERED, lambda world: ["no-such"], also=frozenset({404})),
    "principal:charges": Row(SUPPLIER),
    "principal:house-charges": Row(OBJECT, house),
    "principal:payments": Row(SUPPLIER),
    "principal:own-receipts": Row(SUPPLIER),
    "principal:own-receipts-template": Row(SUPPLIER),
    "principal:own-receipts-undo": Row(OBJECT, row("register")),
    "principal:payments-workbook": Row(SUPPLIER),
    "principal:turnover": Row(SUPPLIER),
    "principal:turnover-workbook": Row(SUPPLIER),
    "principal:house-turnover": Row(OBJECT, house),
    "principal:remittances": Row(SUPPLIER),
    "principal:remittance": Row(OBJECT, row("remittance")),
    "principal:remittance-registry": Row(OBJECT, row("remittance")),
    "principal:remittance-workbook": Row(OBJECT, row("remittance")),
    "principal:trace": Row(OBJECT, row("payment")),
    "principal:papers": Row(SUPPLIER),
    "principal:paper-pdf": Row(OBJECT, row("paper")),
    "principal:paper-workbook": Row(OBJECT, row("paper")),
    "supplier-reports:catalogue": Row(SUPPLIER),
    "supplier-reports:files": Row(SUPPLIER),
    "supplier-reports:order": Row(SUPPLIER, query="report=turnover", also=frozenset({404})),
    "principal:readings-check": Row(OBJECT, row("check")),
    "supplier-reports:fetch": Row(OBJECT, row("job"), also=frozenset({404})),  # not made yet
    "supplier-reports:cancel": Row(OBJECT, row("job")),
    "supplier-reports:save": Row(SUPPLIER, also=frozenset({404})),
    "supplier-reports:saved": Row(OBJECT, row("saved")),
    "supplier-reports:delete": Row(OBJECT, row("saved")),
    "supplier-reports:schedule": Row(OBJECT, row("saved")),
    "supplier-reports:show": Row(SUPPLIER, lambda world: ["turnover-accounts"]),
    # --- programs, by their keys
    "api:accounts": Row("api own"),
    "api:account": Row(API_RESIDENT, account()),
    "api:charges": Row(API_RESIDENT, account()),
    "api:why": Row(API_RESIDENT, account(), query="line=1-1-1-1", also=frozenset({404})),
    "api:documents": Row(API_RESIDENT, account()),
    "api:document": Row(API_RESIDENT, account("document")),
    "api:document-pdf": Row(API_RESIDENT, account("document")),
    "api:payments": Row(API_RESIDENT, account()),
    "api:payment": Row(API_RESIDENT, account("payment")),
    "api:meters": Row(API_RESIDENT, account()),
    "api:meter": Row(API_RESIDENT, lambda world: [world.number, world.town.cold.pk]),
    "api:readings": Row(API_RESIDENT, account()),
    "api:contracts": Row(API_SUPPLIER),
    "api:supplied-accounts": Row(API_SUPPLIER),
    "api:supplied-account": Row(API_OBJECT, account()),
    "api:supplier-charges": Row(API_SUPPLIER),
    "api:house-charges": Row(API_OBJECT, house),
    "api:turnover": Row(API_SUPPLIER),
    "api:house-turnover": Row(API_OBJECT, house),
    "api:supplier-payments": Row(API_SUPPLIER),
    "api:remittances": Row(API_SUPPLIER),
    "api:remittance": Row(API_OBJECT, row("remittance")),
    "api:papers": Row(API_SUPPLIER),
    "api:paper-pdf": Row(API_OBJECT, row("paper")),
    "api:supplied-meters": Row(API_SUPPLIER),
    "api:reports": Row(API_SUPPLIER),
    "api:report": Row(API_SUPPLIER, lambda world: ["turnover-accounts"]),
    "api:report-fields": Row(API_SUPPLIER),
    "api:saved-reports": Row(API_SUPPLIER),
    "api:saved-report": Row(API_OBJECT, row("saved")),
    "api:report-schedule": Row(API_OBJECT, row("saved")),
    "api:report-files": Row(API_SUPPLIER),
    "api:report-file": Row(API_OBJECT, row("job")),
    "api:report-content": Row(API_OBJECT, row("job"), also=frozenset({404})),  # not made yet
    "api:day": Row(API_SUPPLIER),
    "api:supplied-why": Row(API_OBJECT, account(), query="line=@-1-1-1", also=frozenset({404})),
    "api:supplied-payment": Row(API_OBJECT, row("payment")),
    "api:supplied-meter": Row(API_OBJECT, lambda world: [world.town.cold.pk]),
    "api:collection": Row(API_SUPPLIER),
    "api:difference": Row(API_SUPPLIER),
    "api:losses": Row(API_SUPPLIER),
    "api:corrections": Row(API_SUPPLIER),
    "api:closing": Row(API_OBJECT, query="contract=@"),
    "api:closing-sets": Row(API_SUPPLIER),
    "api:remittance-exchange": Row(API_OBJECT, row("remittance")),
    "api:paper-workbook": Row(API_OBJECT, row("paper")),
    "api:receipts-template": Row(API_SUPPLIER),
    "api:invitations": Row(API_SUPPLIER),
    "api:invitation": Row(API_SUPPLIER, row("link"), also=frozenset({404})),
    "api:receipts": Row(API_SUPPLIER),
    "api:sent-readings": Row(API_SUPPLIER),
    "api:account-facts": Row(API_OBJECT, account()),
    "api:disputes": Row(API_SUPPLIER),
    "api:dispute": Row(API_OBJECT, row("dispute")),
    "api:appeals": Row(API_SUPPLIER),
    "api:people": Row(API_SUPPLIER),
    "api:person": Row(API_SUPPLIER, row("link"), also=frozenset({404})),
    "api:acts": Row(API_SUPPLIER),
    "api:paper-answer": Row(API_OBJECT, row("paper")),
    "api:reading-files": Row(API_SUPPLIER),
    "api:reading-file-undo": Row(API_OBJECT, row("reading_file")),
    "api:readings-to-fill": Row(API_SUPPLIER),
    "api:receipt-files": Row(API_SUPPLIER),
    "api:receipt-file-undo": Row(API_OBJECT, row("register")),
}
# Rooms with tables of their own: the back office, the log-in, providers' notifications, probes.
ELSEWHERE = ("admin/", "accounts/", "payments/online/", "healthz", "readyz", "metrics")

OWNER = {
    RESIDENT: {"resident"}, API_RESIDENT: {"resident"}, "api own": set(), OBJECT: {"clerk"}, API_OBJECT: {"clerk"},
    SUPPLIER: {"clerk", "other clerk"}, API_SUPPLIER: {"clerk", "other clerk"}, PUBLIC: set(), ENTERED: set(),
}  # fmt: skip
SANE = {200, 201, 302, 400, 405, 409, 415, 422, 429}  # what an owner may be answered to an empty form
NOTHING = {404, 405}  # 405 comes before any look-up


def addresses() -> Iterator[tuple[str, str]]:
    """(name, route) of every address of the site."""

    def walk(patterns: Any, route: str, space: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            whole = route + str(one.pattern)
            if not isinstance(one, URLPattern):
                yield from walk(one.url_patterns, whole, one.namespace or space)
            elif not whole.startswith(ELSEWHERE):
                name = one.name or whole.partition(".")[0]
                yield f"{space}:{name}" if space else name, whole

    yield from walk(get_resolver().url_patterns, "", "")


def test_every_address_has_a_row():
    new = {name: route for name, route in addresses() if name not in TABLE}
    told = "\n".join(
        f'    "{name}": Row(RESIDENT or SUPPLIER or OBJECT or …, args),  # {route}' for name, route in new.items()
    )
    assert not new, (
        f"Addresses without a row. Add to TABLE in {__name__} who may enter and what stands in them:\n{told}"
    )
    gone = TABLE.keys() - {name for name, _ in addresses()} - {"demo"}
    assert not gone, f"Rows of addresses that are no more: {sorted(gone)}. Take them out of TABLE."


@pytest.fixture
def world() -> Iterator[World]:
    cache.clear()
    logging.disable(logging.CRITICAL)  # a thousand refusals are told of otherwise
    with time_machine.travel(NOW, tick=False):
        yield build()
    logging.disable(logging.NOTSET)


def build() -> World:
    town = towns.build()
    resident = town.resident
    stranger, family, other = (make.user() for _ in range(3))
    AccountLink.objects.create(user=stranger, account=town.neighbour)
    AccountLink.objects.create(user=family, account=town.account, given_by=resident, withdrawn_at=AT)
    PrincipalUser.objects.create(user=other, principal=make.contract().principal, role=PrincipalRole.MANAGER)
    PrincipalUser.objects.filter(user=town.accountant).update(role=PrincipalRole.MANAGER)
    link = AccountLink.objects.create(user=make.user(), account=town.account, given_by=resident)
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    town.pay("900.00", PAID_ON)
    payments.operations.close_days(until=PAID_ON, by="test")
    payments.operations.remit_day(day=PAID_ON)
    appeal = open_appeal(
        user=resident, account_id=town.account.pk, topic=Topic.QUESTION, subject="Вода", text="Почему?",
        key=uuid.uuid4(), at=AT,
    )  # fmt: skip
    attached = AppealFile.objects.create(
        message=appeal.messages.get(), name="фото.jpg", mime="image/jpeg", size=3, content=b"abc"
    )
    paper = payments.operations.issue_paper(
        kind=PaperKind.REPORT, contract_id=town.water.pk, first=OCTOBER, last=OCTOBER, on=TODAY, by=town.cashier
    )
    what = What("Обороты", ready.READY["turnover"].definition(TODAY))
    clerk = town.accountant
    receipts = "\n".join([";".join(COLUMNS), f"{town.account.number};18.11.2026;10;К-1"]).encode("cp1251")
    taken = payments.operations.import_own_receipts(
        name="own.csv", content=receipts, contract_id=town.water.pk, day=TODAY, today=TODAY, by=clerk
    )
    tokens.make_key(user=resident, name="Дом", face=KeyFace.RESIDENT, may_write=True, asked=uuid.uuid4(), at=AT)
    return World(
        town=town,
        people={
            "resident": resident, "stranger": stranger, "withdrawn family": family, "clerk": clerk,
            "other clerk": other, "cashier": town.cashier,
        },
        number=town.account.number,
        payment=town.account.payments.order_by("pk").first().pk,
        document=PaymentDocument.objects.get(account=town.account).pk,
        begun=OnlinePayment.objects.create(
            provider="yookassa", account=town.account, user=resident, amount=Decimal("5.00"), method="card",
            state="cancelled", ended_because="отменён",
        ).key,
        appeal=appeal.pk,
        certificate=Certificate.objects.create(
            account=town.account, kind=CertificateKind.values[0], key="k-1", since=OCTOBER.first, until=TODAY,
            amount=Decimal(0), payload={}, asked_by=resident, made_on=TODAY,
        ).pk,
        attached=attached.pk,
        link=link.pk,
        invitation=Invitation.objects.create(
            account=town.account, given_by=resident, email="x@test.example", token_digest="0" * 64,
            expires_at=AT + timedelta(days=7),
        ).pk,
        dispute=Dispute.objects.create(
            principal=town.water.principal, contract=town.water, kind="remittance", key="1", name="net", title="Сумма",
            amount=Decimal(1), text="не сходится", opened_by=clerk, due_on=TODAY,
        ).pk,
        reading_file=ReadingFile.objects.create(
            principal=town.water.principal, contract=town.water, name="п.xlsx", digest="1" * 64, month=NOVEMBER.first,
            sent_by=clerk,
        ).pk,
        register=Register.objects.get(pk=taken.register_id).pk,
        remittance=Remittance.objects.get(contract=town.water).pk,
        paper=SettlementPaper.objects.get(pk=getattr(paper, "pk", paper)).pk,
        job=jobs.order_file(user=clerk, face=Face.SUPPLIER, what=what, form="xlsx", at=AT).key,
        check=jobs.order_check(
            user=clerk, contract_id=town.water.pk, name="п.xlsx", content=b"PK", at=AT, on=TODAY
        ).key,
        saved=jobs.save_report(user=clerk, face=Face.SUPPLIER, title="Мой", what=what).pk,
        key=AccessKey.objects.get().pk,
    )  # fmt: skip


def clients(world: World) -> dict[str, tuple[Client, Client]]:
    """Role → (a browser that has entered, a program with the keys of both faces in `by face`)."""
    found = {}
    for role, user in world.people.items():
        browser = Client(raise_request_exception=False)
        browser.force_login(user)
        keys = {
            face: tokens.make_key(user=user, name="к", face=face, may_write=True, asked=uuid.uuid4(), at=AT)
            for face in KeyFace
        }
        found[role] = (browser, keys)
    return {**found, "anonymous": (Client(raise_request_exception=False), {})}


def expected(one: Row, role: str, status: int, location: str, body: str, world: World) -> bool:
    """Is the answer what the role may get?"""
    if status >= 500:
        return False
    is_api = one.who.startswith("api")
    if one.who == PUBLIC:
        return status != 403
    if role == "anonymous":
        if is_api:
            return status == 401
        return (status == 302 and location.startswith("/accounts/login/")) or status in (one.also | {405})
    if one.who in (ENTERED, "api own"):
        return status in SANE | one.also | ({404} if is_api else set())
    if role in OWNER[one.who]:
        fits = status in SANE | one.also
        return fits and (role != "other clerk" or world.number not in body)
    return status in NOTHING


def asked(client: Client, method: str, address: str, key: str = "") -> tuple[int, str, str]:
    """Status, where it leads, what it says; whatever was written is undone."""
    headers = {"authorization": f"Bearer {key}", "idempotency-key": uuid.uuid4().hex} if key else {}
    with transaction.atomic():
        answer = getattr(client, method)(address, headers=headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, answer.get("Location", ""), body.decode("utf-8", "ignore")


def test_every_address_answers_every_role_as_it_may(world: World, settings: Any):
    everybody = clients(world)
    wrong = []
    for name, one in TABLE.items():
        if name == "demo":
            continue  # exists under DEBUG only
        address = "/favicon.ico" if name == "favicon" else reverse(name, args=one.args(world))
        query = one.query.replace("@", str(world.town.water.pk)).replace("%", str(world.remittance))
        cache.clear()
        for role, (browser, keys) in everybody.items():
            key = ""
            if one.who.startswith("api") and keys:
                key = keys[KeyFace.RESIDENT if one.who in (API_RESIDENT, "api own") else KeyFace.SUPPLIER]
            writes = role in OWNER[one.who] | {"stranger", "other clerk", "anonymous"}  # the rest look the same to it
            for method in ("get", "post") if writes else ("get",):
                status, location, body = asked(
                    Client(raise_request_exception=False) if key else browser, method, f"{address}?{query}", key
                )
                if not expected(one, role, status, location, body, world):
                    wrong.append((name, role, method, status, location))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_row_of_another_account_is_not_under_ones_own(world: World):
    """The neighbour has an account of his own: under its number there are none of this one's rows."""
    browser = Client(raise_request_exception=False)
    browser.force_login(world.people["stranger"])
    wrong = []
    for name, one in TABLE.items():
        args = one.args(world) if one.who == RESIDENT else []
        if len(args) < 2 or name == "resident:appeal-new":
            continue
        address = reverse(name, args=[world.town.neighbour.number, *args[1:]])
        for method in ("get", "post"):
            status, _, _ = asked(browser, method, address)
            if status not in NOTHING | one.also:
                wrong.append((name, method, status))
    assert wrong == []
