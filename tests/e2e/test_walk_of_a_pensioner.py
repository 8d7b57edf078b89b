"""A pensioner on a phone: reading, why so much, pay, where it went; axe-core finds no fault on the way."""

import re
import uuid
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import time_machine
from django.test import Client
from playwright.sync_api import Browser, Page, expect

import epd.operations
from payments.standins.yookassa import YooKassaStandIn
from tests.db.portals import town as towns
from tests.db.portals.town import NOVEMBER, OCTOBER, Town

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = files("axe_playwright_python").joinpath("axe.min.js")
RUN_AXE = """async () => (await axe.run()).violations.map(
    one => one.id + ": " + one.nodes.map(node => node.target.join(" ")).join("; "))"""


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with time_machine.travel("2026-11-18T12:00:00+05:00"):
        made = towns.build()
        epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
        made.pay("100.00", date(2026, 11, 17))
        yield made


@pytest.fixture
def bank(live_server: Any, settings: Any) -> Iterator[YooKassaStandIn]:
    stand_in = YooKassaStandIn(
        shop_id="1", secret_key="s", notify_url=f"{live_server.url}/payments/online/yookassa/", retry_seconds=0.05
    )
    stand_in.start()
    settings.YOOKASSA_SHOP_ID, settings.YOOKASSA_SECRET_KEY = "1", "s"
    settings.YOOKASSA_API_URL = f"{stand_in.address}/v3"
    settings.YOOKASSA_NETWORKS = ["127.0.0.1/32"]
    yield stand_in
    stand_in.stop()


@pytest.fixture
def phone(browser: Browser, browser_context_args: dict[str, Any], live_server: Any, town: Town) -> Iterator[Page]:
    """390 px, already signed in: how one enters is tested elsewhere."""
    visitor = Client()
    visitor.force_login(town.resident, backend="django.contrib.auth.backends.ModelBackend")
    size = {"width": 390, "height": 844}
    context = browser.new_context(**{**browser_context_args, "viewport": size}, base_url=live_server.url)
    session = {"name": "sessionid", "value": visitor.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([session])  # type: ignore[list-item]
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe-core finds, in the light and in the dark."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{page.url} {scheme}: {one}" for one in page.evaluate(RUN_AXE)]
    page.emulate_media(color_scheme="light")
    return found


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
    sections = ["", line, "history/", "readings/", "payments/", "documents/", "certificates/", "appeals/", "access/"]
    others = ["/cabinet/?all", "/cabinet/add/", f"/readings/{town.account.number}/", f"/c/{uuid.uuid4()}"]
    for page in (*(own + section for section in sections), *others):
        phone.goto(page)
        if page.endswith(line):
            phone.get_by_role("link", name=re.compile("Почему столько")).first.click()
            expect(phone.locator(".why__box")).to_be_visible()
        found += faults(phone)
    assert found == []
