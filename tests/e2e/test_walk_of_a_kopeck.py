"""A kopeck walks in real browsers: reading → running bill → cash desk → principal's receipts → remittance."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, expect

import epd.operations
import payments.operations
from payments.standins.yookassa import YooKassaStandIn
from portals.office.roles import CASHIER, ensure_roles
from tests.db.portals import town as towns
from tests.db.portals.town import NOVEMBER, OCTOBER, Town
from tests.e2e.walking import bank_of

WEDNESDAY, THURSDAY = date(2026, 11, 18), date(2026, 11, 19)
NBSP = "\u00a0"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    travel = time_machine.travel(f"{WEDNESDAY}T12:00:00+05:00")
    yield travel.start()
    travel.stop()


@pytest.fixture
def town(clock: Any, transactional_db: None) -> Town:
    made = towns.build(months=4)
    for user, password in ((made.accountant, "пароль-бухгалтера"), (made.cashier, "пароль-кассира")):
        user.set_password(password)
        user.save()
    ensure_roles()
    made.cashier.groups.add(Group.objects.get(name=CASHIER))
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    return made


@pytest.fixture
def enter(browser: Browser, browser_context_args: dict[str, Any], live_server: Any) -> Iterator[Callable[..., Page]]:
    """Opens a browser of one's own and signs in; every fault of the page fails the test."""
    contexts, faults = [], []

    def sign_in(login: str, password: str, *, width: int = 1280) -> Page:
        context = browser.new_context(
            **{**browser_context_args, "viewport": {"width": width, "height": 900}}, base_url=live_server.url
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto("/accounts/login/")
        page.get_by_label("Электронная почта или телефон").fill(login)
        page.get_by_label("Пароль").fill(password)
        page.locator("main").get_by_role("button", name="Войти", exact=True).click()
        page.wait_for_load_state()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert faults == []


def roubles(text: str) -> str:
    return text.replace(" ", NBSP)


@pytest.fixture
def shop(live_server: Any, settings: Any) -> Iterator[YooKassaStandIn]:
    with bank_of(settings, site=live_server.url) as found:
        yield found


def test_the_walk_of_a_kopeck(town: Town, enter: Callable[..., Page], clock: Any, shop: YooKassaStandIn):
    # the resident, on a phone: what to pay is the first thing he sees
    phone = enter("8 (912) 345-67-89", "пароль-жителя", width=390)
    expect(phone.get_by_role("heading", name="кв. 12")).to_be_visible()
    expect(phone.get_by_label("Сколько платить").locator(".sum")).to_contain_text("8" + NBSP + "800")
    before = phone.locator("#running-total").inner_text()

    # a reading that is too small keeps what was typed; the right one gives a receipt and moves the running bill
    water = phone.get_by_role("group", name=re.compile("Холодная вода"))
    water.get_by_label("Новое показание").fill("90")
    phone.get_by_role("button", name="Передать показания").click()
    expect(water.get_by_role("alert")).to_contain_text("меньше предыдущего")
    expect(water.get_by_label("Новое показание")).to_have_value("90")
    water.get_by_label("Новое показание").fill("128,5")
    phone.get_by_role("button", name="Передать показания").click()
    expect(phone.get_by_role("status")).to_contain_text("Номер приёма")
    expect(phone.get_by_role("status")).to_contain_text("ноябрь 2026")
    expect(phone.locator("#running-total")).not_to_have_text(before)

    # why so much
    phone.get_by_role("link", name="По услугам").click()
    phone.get_by_role("link", name=re.compile("Почему столько.*Холодное")).click()
    expect(phone.locator(".why__box")).to_contain_text("8,5")
    phone.get_by_role("link", name=re.compile("Почему столько.*Холодное")).click()
    expect(phone.locator(".why__box")).to_have_count(0)

    # he pays at the desk: the cashier's hands stay on the keyboard, and the queue does not wait
    desk = enter(town.cashier.email, "пароль-кассира")
    desk.goto("/admin/payments/cash-desk/")
    keys, began = desk.keyboard, time.perf_counter()
    keys.type(town.account.number)
    expect(desk.locator("#hits [data-stop]")).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("Enter")
    desk.wait_for_url(re.compile(r"a=\d+"))
    expect(desk.get_by_role("textbox", name=re.compile(town.account.number))).to_be_focused()
    keys.type("8000")
    keys.press("Enter")
    keys.type("8500")
    expect(desk.locator("[data-change]")).to_have_text("500,00")
    keys.press("Enter")
    desk.wait_for_url(re.compile("receipt"))
    assert time.perf_counter() - began < 15

    # the rest by card, at the provider's own page; he is back, and the bill is paid
    phone.get_by_role("link", name="К оплате").click()
    expect(phone.get_by_label("Сколько платить").locator(".sum")).to_contain_text("800")
    phone.goto(f"/cabinet/{town.account.number}/pay/")
    phone.get_by_role("button", name="Картой").click()
    phone.get_by_role("button", name="Оплатить", exact=True).click()
    phone.get_by_role("link", name=re.compile("К оплате")).first.click()
    expect(phone.get_by_label("Сколько платить")).to_contain_text("Всё оплачено")

    # with the path of its parts
    phone.get_by_role("link", name="Куда пошёл").first.click()
    expect(phone.locator(".why__box")).to_contain_text("Содержание жилого помещения")

    # next day the principal sees yesterday's money and, once the bank order is formed, the remittance
    clock.move_to(f"{THURSDAY}T10:00:00+05:00")
    payments.operations.close_days(until=WEDNESDAY, by="test")
    supplier = enter(town.accountant.email, "пароль-бухгалтера")
    expect(supplier.get_by_role("heading", level=1)).to_contain_text("Вчера")
    came = supplier.locator(".figure-x", has_text="Поступило").locator("dd")
    expect(came).to_have_text(roubles("2 800,00 ₽"))
    payments.operations.remit_day(day=WEDNESDAY)
    supplier.reload()
    expect(supplier.locator(".figure-x", has_text="Перечислено").locator("dd")).not_to_have_text(roubles("0,00 ₽"))
    # cash and money of banks leave by orders of their own: both kinds come to the day's money
    home, sums = supplier.url, []
    expect(supplier.get_by_role("link", name=re.compile("поручение"))).to_have_count(2)
    for place in (0, 1):
        supplier.goto(home)
        supplier.get_by_role("link", name=re.compile("поручение")).nth(place).click()
        expect(supplier.get_by_role("heading", level=1)).to_contain_text("Перечисление за 18.11.2026")
        sums.append(supplier.locator("tfoot td").last.inner_text().replace(NBSP, " "))
    assert sums == ["2 545,45", "254,55"]  # 2 800,00
    with supplier.expect_download() as download:
        supplier.get_by_role("link", name="Реестр в Excel").click()
    assert download.value.suggested_filename.startswith("reestr-2026-11-18")


def test_a_wrong_password_says_so_and_keeps_the_login(town: Town, enter: Callable[..., Page]):
    page = enter("resident@test.example", "не тот")
    expect(page.get_by_role("alert")).to_contain_text("Не подошли логин или пароль")
    expect(page.get_by_label("Электронная почта или телефон")).to_have_value("resident@test.example")


def test_the_cabinet_works_without_a_mouse(town: Town, enter: Callable[..., Page]):
    page = enter("resident@test.example", "пароль-жителя")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="К содержанию")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || ''").endswith("zone_1"):
            break
    page.keyboard.type("128")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Номер приёма")


def test_no_page_is_wider_than_a_phone_even_at_double_size(town: Town, enter: Callable[..., Page]):
    page = enter("resident@test.example", "пароль-жителя", width=390)
    for section in ("", "charges/", "readings/", "payments/", "documents/"):
        page.goto(f"/cabinet/{town.account.number}/{section}")
        for size in ("100%", "200%"):
            page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (section, size)
