"""No address is answered by a fault: whatever stands in its query or in its path, the answer is a page or a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.test import Client
from django.urls import reverse

from portals.models import AccountLink, PrincipalRole, PrincipalUser
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOW, TODAY, Desk, client, pay

pytestmark = pytest.mark.django_db

NASTY = [
    "", "abc", "0", "-1", "99999999", "9" * 40, "0001-01", "9999-12", "0001-01-01", "9999-12-31", "1899-12-31",
    "2026-02-30", "２０２６-１０", "²", "🙂 %_'<b>", "1-1-1-1", "а" * 3000, "\x00",
]  # fmt: skip
SANE = {200, 302, 400, 404}

RESIDENT = {
    "resident:accounts": ["all"], "resident:add": [], "resident:account": ["month"], "resident:charges": ["month"],
    "resident:why": ["month", "line"], "resident:readings": ["page"], "resident:payments": ["page"],
    "resident:payment": ["month"], "resident:documents": ["page"],
}  # fmt: skip
PRINCIPAL = {
    "principal:home": ["day", "contract"],
    "principal:accounts": ["page", "per_page", "sort", "text", "house", "state", "contract"],
    "principal:account": ["month", "contract"], "principal:why": ["month", "line"],
    "principal:charges": ["month", "contract", "page"], "principal:house-charges": ["month", "page"],
    "principal:payments": ["since", "until", "page"], "principal:payments-workbook": ["since", "until"],
    "principal:turnover": ["month", "contract", "page"], "principal:turnover-workbook": ["month"],
    "principal:house-turnover": ["month", "page"], "principal:remittances": ["contract", "page"],
    "principal:papers": ["contract"],
}  # fmt: skip
OFFICE = {
    "office:search": ["q", "s"], "office:card": ["month"],
    "office:why": ["month", "contract_id", "service_id", "kind", "line"], "office:readings_of": ["page"],
    "office:persons": ["name"], "office:readings": ["page"], "office:workbook": ["page"], "office:month": ["month"],
    "office:month_runs": ["month"], "office:differences": ["month", "way", "house_id"],
    "office:what_if": ["month", "service_id", "house_id"], "office:cash_desk": ["a"], "office:cash_find": ["q", "a"],
    "office:unidentified": ["page", "q"], "office:candidates": ["q"], "office:statement": ["day"],
    "office:remittances": ["day"], "office:remittance_file": ["day", "form"],
    "office:sheet": ["day"], "office:settlement_papers": ["page"],
    "office:penalties": ["on", "file"],
    "office:settlement_preview": ["kind", "contract", "account", "first", "last", "form"],
}  # fmt: skip
HARD_PATHS = ["abc", "0", "9" * 19, "9" * 40, "²", "٣", "%00", "а" * 500]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def visitor(user: Any) -> Client:
    found = Client(raise_request_exception=False)
    found.force_login(user)
    return found


def resident_of(desk: Desk) -> Client:
    user = make.user()
    AccountLink.objects.create(user=user, account=desk.account)
    return visitor(user)


def supplier_of(desk: Desk) -> Client:
    user = make.user()
    PrincipalUser.objects.create(user=user, principal=desk.contract.principal, role=PrincipalRole.ACCOUNTANT)
    return visitor(user)


def where(name: str, desk: Desk) -> dict[str, Any]:
    """What the address of the page needs."""
    account = desk.account
    if name.startswith("office:"):
        if name in ("office:card", "office:why", "office:readings_of", "office:penalties"):
            return {"account_id": account.pk}
        return {"payment_id": pay(desk, "5.00", number="000").pk} if name == "office:candidates" else {}
    if name == "resident:payment":
        return {"number": account.number, "pk": pay(desk, "5.00").pk}
    if name.startswith("resident:") and name not in ("resident:accounts", "resident:add"):
        return {"number": account.number}
    if name in ("principal:account", "principal:why"):
        return {"number": account.number}
    return {"house": account.house_id} if name.startswith("principal:house") else {}


def faults(client: Client, pages: dict[str, list[str]], desk: Desk) -> list[tuple[str, str, str, int]]:
    """Where the answer is not a sane one: each nasty value under each name, page by page."""
    found = []
    for page, names in pages.items():
        address = reverse(page, kwargs=where(page, desk))
        for value in NASTY:
            for name in names or ["unheard_of"]:
                status = client.get(address, {name: value}).status_code
                if status not in ({400} if "\x00" in value else SANE):
                    found.append((page, name, value[:30], status))
    return found


def test_a_residents_pages_answer_every_query(desk: Desk):
    assert faults(resident_of(desk), RESIDENT, desk) == []


def test_a_suppliers_pages_answer_every_query(desk: Desk):
    assert faults(supplier_of(desk), PRINCIPAL, desk) == []


def test_office_pages_answer_every_query(desk: Desk):
    staff = client(roles.ADMINISTRATOR)
    staff.raise_request_exception = False
    assert faults(staff, OFFICE, desk) == []


PATHS = {
    "resident": ["/cabinet/{}/", "/cabinet/{}/charges/", "/cabinet/{}/documents/{}.pdf", "/cabinet/@/payments/{}/"],
    "supplier": ["/supplier/accounts/{}/", "/supplier/charges/{}/", "/supplier/turnover/{}/",
                 "/supplier/remittances/{}/", "/supplier/remittances/{}.xlsx", "/supplier/payments/{}/",
                 "/supplier/papers/{}.pdf"],
    "staff": ["/admin/accounts/personalaccount/{}/card/", "/admin/payments/payment/{}/reverse/",
              "/admin/payments/unidentified/{}/find/", "/admin/accounts/house/{}/change/",
              "/admin/payments/cash-desk/receipt/{}/", "/admin/accounts/workbook/bad-rows/{}/",
              "/admin/payments/trace/{}/", "/admin/payments/remittances/{}/trace/",
              "/admin/payments/settlements/{}/"],
    "anybody": ["/{}", "/accounts/{}/", "/api/{}/"],
}  # fmt: skip


def test_a_path_that_names_nothing_is_not_found(desk: Desk):
    staff = client(roles.ADMINISTRATOR)
    visitors = {"resident": resident_of(desk), "supplier": supplier_of(desk), "staff": staff, "anybody": Client()}
    found = []
    for who, addresses in PATHS.items():
        visitors[who].raise_request_exception = False
        for address in addresses:
            for tail in HARD_PATHS:
                status = visitors[who].get(address.replace("@", desk.account.number).replace("{}", tail)).status_code
                if status not in ({400} if "%00" in tail else {200, 302, 404}):
                    found.append((address, tail[:30], status))
    assert found == []


LISTS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label)
def test_a_list_of_the_admin_answers_every_query(admin_user: Any, rf: Any, model: Any):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    staff = visitor(admin_user)
    request = rf.get(address)
    request.user = admin_user
    listed: ChangeList = admin.site._registry[model].get_changelist_instance(request)
    names = {"q", "p", "o", f"{model._meta.pk.name}__in"}
    for spec in listed.filter_specs:
        names |= set(spec.expected_parameters() or [])
    if listed.date_hierarchy:
        names |= {f"{listed.date_hierarchy}__{part}" for part in ("year", "month", "day")}
    found = [
        (name, value[:30], status)
        for value in ("abc", "9" * 30)
        for name in sorted(names)
        if (status := staff.get(address, {name: value}).status_code) not in SANE
    ]
    assert found == []


def test_a_nul_in_a_form_is_told_so_in_russian(desk: Desk):
    answer = Client().post(reverse("account_login"), "login=a%00&password=b", "application/x-www-form-urlencoded")
    assert answer.status_code == 400 and "Адрес не понят" in answer.content.decode()


def test_a_day_out_of_time_shows_the_usual_one(desk: Desk):
    supplier = supplier_of(desk)
    usual = supplier.get(reverse("principal:home")).context["day"]
    for day in ("0001-01-01", "1999-12-31", "9999-12-31", "2100-01-01"):
        assert supplier.get(reverse("principal:home"), {"day": day}).context["day"] == usual
    assert supplier.get(reverse("principal:home"), {"day": "2026-12-31"}).context["day"] == TODAY
