"""A pensioner on a phone: reading, why so much, pay, where it went; axe-core finds no fault on the way."""

import re
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

import epd.operations
from payments.standins.yookassa import YooKassaStandIn
from tests.db.portals import town as towns
from tests.db.portals.town import NOVEMBER, OCTOBER, Town
from tests.e2e.walking import bank_of, faults, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with time_machine.travel("2026-11-18T12:00:00+05:00"):
        made = towns.build()
        epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
        made.pay("100.00", date(2026, 11, 17))
        yield made


@pytest.fixture
def bank(live_server: Any, settings: Any) -> Iterator[YooKassaStandIn]:
    with bank_of(settings, site=live_server.url) as found:
        yield found


@pytest.fixture
def phone(browser: Browser, browser_context_args: dict[str, Any], live_server: Any, town: Town) -> Iterator[Page]:
    """390 px, already signed in: how one enters is tested elsewhere."""
    context = phone_of(browser, town.resident, url=live_server.url, **browser_context_args)
    yield context.new_page()
    context.close()


def test_reading_why_so_much_pay_and_where_it_went(phone: Page, town: Town, bank: YooKassaStandIn):
    phone.goto("/cabinet/")
    water = phone.get_by_role("group", name=re.compile("Холодная вода"))
    water.get_by_label("Новое показание").fill("128,5")
    expect(water.locator("output")).to_have_text(re.compile("Расход 23,5 м³, примерно 940,00 ₽"))
    phone.get_by_role("button", name="Передать показания").click()
    expect(phone.get_by_role("status")).to_contain_text("Номер приёма")

    phone.get_by_role("link", name="По услугам").click()
    phone.get_by_role("link", name=re.compile("Почему столько.*Холодное")).click()
    expect(phone.locator(".why__box")).to_contain_text("8,5")

    phone.get_by_role("navigation", name="Разделы счёта").get_by_role("link", name="К оплате").click()
    phone.get_by_role("link", name="Оплатить", exact=True).click()
    phone.get_by_label("Сумма").fill("500")
    phone.get_by_role("button", name="Картой").click()
    phone.wait_for_url(re.compile(re.escape(bank.address)))
    phone.get_by_role("button").first.click()
    phone.wait_for_url(re.compile("/pay/"))
    expect(phone.locator("#paying")).to_contain_text("Получен", timeout=15_000)
    phone.get_by_role("link", name="Куда пошёл платёж").click()
    expect(phone.locator(".why__box")).to_contain_text("500,00")


def test_pages_have_no_fault_of_accessibility(phone: Page, town: Town, live_server: Any):
    found = []
    own = f"/cabinet/{town.account.number}/"
    line = "charges/?month=2026-10"
    sections = [
        "",
        line,
        "history/",
        "readings/",
        "payments/",
        "documents/",
        "certificates/",
        "appeals/",
        "appeals/new/3/",
        "chat/",
        "access/",
        "pay/",
        "autopay/",
    ]
    others = [
        "/cabinet/?all",
        "/cabinet/add/",
        "/cabinet/notices/",
        "/keys/",
        f"/readings/{town.account.number}/",
        f"/c/{uuid.uuid4()}",
        f"/d/{uuid.uuid4()}",
    ]
    for page in (*(own + section for section in sections), *others):
        phone.goto(page)
        if page.endswith(line):
            phone.get_by_role("link", name=re.compile("Почему столько")).first.click()
            expect(phone.locator(".why__box")).to_be_visible()
        found += faults(phone)
    assert not found, "\n".join(found)
