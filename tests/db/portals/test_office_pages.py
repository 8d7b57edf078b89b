"""Who may open which page of the office, what it finds, and that its cost does not grow with history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import debt.queries
from accounts.models import User
from billing.models import Charge
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOW, Desk, client, text

pytestmark = pytest.mark.django_db
EVERYONE = [roles.OPERATOR, roles.CASHIER, roles.ENGINEER, roles.ACCOUNTANT, roles.ADMINISTRATOR]
PAGES = {
    "search": EVERYONE,
    "month": EVERYONE,
    "cash_desk": [roles.CASHIER, roles.ADMINISTRATOR],
    "unidentified": [roles.OPERATOR, roles.ACCOUNTANT, roles.ADMINISTRATOR],
    "statement": [roles.ACCOUNTANT, roles.ADMINISTRATOR],
    "remittances": [roles.ACCOUNTANT, roles.ADMINISTRATOR],
    "sheet": [roles.ACCOUNTANT, roles.ADMINISTRATOR],
    "settlement_papers": [roles.ACCOUNTANT, roles.ADMINISTRATOR],
    "readings": [roles.OPERATOR, roles.ENGINEER, roles.ADMINISTRATOR],
    "workbook": [roles.OPERATOR, roles.ENGINEER, roles.ADMINISTRATOR],
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def test_roles_are_made_once_and_know_their_rights():
    roles.ensure_roles()
    roles.ensure_roles()
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(EVERYONE)
    cashier = Group.objects.get(name=roles.CASHIER)
    assert cashier.permissions.filter(codename="add_cashreceipt").exists()
    assert not cashier.permissions.filter(codename__in=["add_remittance", "change_contractmonth"]).exists()


def test_a_right_taken_by_hand_is_taken_away_again():
    roles.ensure_roles()
    cashier, operator = (Group.objects.get(name=name) for name in (roles.CASHIER, roles.OPERATOR))
    cashier.permissions.add(*operator.permissions.filter(codename="change_residency"))
    roles.ensure_roles()
    assert not cashier.permissions.filter(codename="change_residency").exists()


@pytest.mark.parametrize("typed", ["2026-13", "abc", "1066-10"])
def test_a_month_there_is_not_is_told_so(desk: Desk, typed: str):
    address = reverse("office:month")
    accountant = client(roles.ACCOUNTANT)
    usual = accountant.get(address)
    told = accountant.get(address, {"month": typed})
    words = f"Месяца «{typed}» нет: показан {usual.context['month'].title}."
    assert words in text(told)
    assert told.context["month"] == usual.context["month"]
    assert "нет: показан" not in text(accountant.get(address, {"month": "2026-10"}))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_its_roles_and_for_no_others(desk: Desk, name: str):
    address = reverse(f"office:{name}")
    answers = {role: client(role).get(address).status_code for role in EVERYONE}
    assert answers == {role: 200 if role in PAGES[name] else 403 for role in EVERYONE}


@pytest.mark.parametrize("name", PAGES)
def test_a_resident_is_sent_to_the_door(desk: Desk, name: str):
    visitor = Client()
    visitor.force_login(make.user())
    answer = visitor.get(reverse(f"office:{name}"))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("admin:login"))


@pytest.mark.parametrize(
    "typed", ["Климова", "климова а", "rkbvjdf", "СВ-777001", "св-777001", "Чкалова {house} {flat}", "{number}"]
)
def test_one_box_finds_the_account_by_anything(desk: Desk, typed: str):
    account = desk.account
    asked = typed.format(house=account.house.number, flat=account.premises.number, number=account.number)
    answer = client(roles.OPERATOR).get(reverse("office:search"), {"q": asked}, headers={"HX-Request": "true"})
    assert f'href="{desk.card}"' in answer.content.decode()


def test_enter_opens_the_only_account_found(desk: Desk):
    answer = client(roles.OPERATOR).get(reverse("office:search"), {"q": desk.account.number})
    assert (answer.status_code, answer["Location"]) == (302, desk.card)


def test_nothing_found_says_what_may_be_asked(desk: Desk):
    answer = client(roles.OPERATOR).get(reverse("office:search"), {"q": "Несуществующая"})
    assert "По запросу «Несуществующая» ничего не нашлось" in text(answer)


def test_the_account_page_shows_everything(desk: Desk):
    desks.pay(desk, "100.00")
    page = text(client(roles.ADMINISTRATOR).get(desk.card))
    for words in (
        "Климова Анна", "Долг на сегодня 1 300,00 ₽", "Начислено за ноябрь 2026, черновик 1 400,00 ₽",
        "Оплачено за ноябрь 2026 100,00 ₽", "2 чел. · 50 м²", "СВ-777001", "110,000 м³ 20.10.2026",
        "по счётчику, без него", "ООО «Поставщик", "октябрь 2026: 1 300,00 ₽", "Принять платёж",
        "Снять с учёта", "Удержать от проведения",
    ):  # fmt: skip
        assert words in page


def test_the_account_page_costs_the_same_whatever_the_history(desk: Desk):
    staff = client(roles.ADMINISTRATOR)
    desks.pay(desk, "100.00")
    staff.get(desk.card)
    with CaptureQueriesContext(connection) as few:
        assert staff.get(desk.card).status_code == 200
    for number in range(5):
        desks.pay(desk, "10.00", external_id=f"ещё {number}")
        make.residency(premises=desk.account.premises, person=make.person())
        make.reading(desk.meter, desks.TODAY.replace(day=number + 1), f"11{number}", counts=False)
        make.meter(premises=desk.account.premises)
    with CaptureQueriesContext(connection) as many:
        assert staff.get(desk.card).status_code == 200
    assert len(many) <= len(few) <= 23  # two of them: the rights of who is no superuser


def test_why_tells_the_numbers_and_the_rule(desk: Desk):
    address = reverse("office:why", args=[desk.account.pk])
    asked = {"month": "2026-10", "service_id": "8"}
    page = text(client(roles.OPERATOR).get(address, asked))
    assert "1 000,00 ₽" in page
    assert "50" in page
    assert "20" in page


def test_why_of_one_line_tells_the_month_before_as_the_cabinet_does(desk: Desk):
    row = Charge.objects.get(account=desk.account, month=desks.NOVEMBER.first, service_id=8)
    asked = {"month": "2026-11", "service_id": 8, "contract_id": row.contract_id, "kind": row.kind, "line": row.line}
    page = text(client(roles.OPERATOR).get(reverse("office:why", args=[desk.account.pk]), asked))
    assert "1 000,00 ₽" in page
    assert "В прошлом месяце столько же." in page


def test_the_sheet_of_penalties_is_shown_and_printed(desk: Desk):
    address = reverse("office:penalties", args=[desk.account.pk])
    operator = client(roles.OPERATOR)
    assert address in operator.get(reverse("office:card", args=[desk.account.pk])).content.decode()
    page = text(operator.get(address))
    assert "Расчёт пени" in page
    assert "На этот день пеней нет" in page
    paper = operator.get(address, {"file": "pdf"})
    assert (paper.headers["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert "«31.31.31» — не день" in text(operator.get(address, {"on": "31.31.31"}))


def test_the_sheet_of_a_debt_adds_up_on_the_page(desk: Desk):
    make.ink(desk.account, desk.contract, 8, desks.OCTOBER + -8, "10000.00")
    address = reverse("office:penalties", args=[desk.account.pk])
    told = client(roles.OPERATOR).get(address, {"on": "2026-08-31"})
    sheet = debt.queries.penalty_sheet(account_id=desk.account.pk, on=date(2026, 8, 31))
    assert len(sheet.debts) == 1
    assert sheet.amount == sum(row.amount for row in sheet.debts[0].rows) > 0
    page = text(told)
    assert f"Пени на 31 августа 2026 г.: {debt.queries.roubles(sheet.amount)}" in page.replace("\xa0", " ")
    assert "10 000,00 ₽" in page.replace("\xa0", " ")


def test_the_path_of_a_payment_is_told_part_by_part(desk: Desk):
    payment = desks.pay(desk, "1400.00")
    page = text(client(roles.CASHIER).get(reverse("office:path", args=[desk.account.pk, payment.pk])))
    assert "1 000,00" in page
    assert "400,00" in page
    assert "октябрь 2026" in page


def test_a_payment_of_another_account_is_not_found_on_this_one(desk: Desk):
    payment = desks.pay(desk, "10.00")
    other = make.account()
    address = reverse("office:path", args=[other.pk, payment.pk])
    assert client(roles.OPERATOR).get(address).status_code == 404


def test_an_unknown_account_is_404(desk: Desk):
    assert client(roles.OPERATOR).get(reverse("office:card", args=[10**9])).status_code == 404


def test_money_is_decimal_all_the_way(desk: Desk):
    answer = client(roles.OPERATOR).get(desk.card)
    assert answer.context["charged"] == Decimal("1400.00")


@pytest.mark.parametrize("role", EVERYONE)
def test_no_two_fields_of_a_page_share_an_id(desk: Desk, role: str):
    make.meter(premises=desk.account.premises, zones=2)
    for address in (desk.card, reverse("office:cash_desk") + f"?a={desk.account.pk}"):
        page = client(role).get(address).content.decode()
        content = page[page.find('id="content"') :]
        ids = re.findall(r'<(?:input|select|textarea)[^>]*\bid="([^"]+)"', content)
        assert sorted(ids) == sorted(set(ids))


LINKS = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')


@pytest.mark.parametrize("role", EVERYONE)
def test_every_link_of_the_first_pages_opens_for_whom_it_is_shown(desk: Desk, role: str):
    """Dashboard with its tiles and sidebar, month, card: what they lead to is asked once a role."""
    staff = client(role)
    pages = [staff.get(address) for address in (reverse("admin:index"), reverse("office:month"), desk.card)]
    assert [page.status_code for page in pages] == [200, 200, 200]
    found = {unescape(link) for page in pages for link in LINKS.findall(page.content.decode())}
    found |= {item["link"] for group in pages[0].context["sidebar_navigation"] for item in group["items"]}
    found |= {tile.url for tile in pages[0].context["tiles"]}
    asked = sorted(link for link in found if not link.startswith(("/static/", "/accounts/", "/admin/logout/")))
    answers = {link: staff.get(link).status_code for link in asked}
    assert {link: status for link, status in answers.items() if status not in (200, 302)} == {}


def test_rights_are_named_in_russian_and_only_those_over_pages_are_offered(admin_user: User):
    roles.ensure_roles()
    assert not Permission.objects.filter(name__regex="^Can ").exists()
    cashier = Group.objects.get(name=roles.CASHIER)
    visitor = Client()
    visitor.force_login(admin_user)
    for address in (
        reverse("admin:auth_group_change", args=[cashier.pk]),
        reverse("admin:accounts_user_change", args=[admin_user.pk]),
    ):
        page = visitor.get(address).content.decode()
        offered = re.findall(r"<option[^>]*>([^<]*\|[^<]*)</option>", page)
        assert any("принимать деньги в кассе" in one for one in offered)
        assert [one for one in offered if re.search("[A-Za-z]{3,}", one.replace("crontab", ""))] == []
