"""A principal's accountant on the 10th: the remittance to the kopeck, receipts with two bad rows, the turnover."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import payments.operations
from accounts.money import written
from payments.models import Payment, Remittance
from payments.registers.own_receipts import COLUMNS
from tests.db.portals import town as towns
from tests.db.portals.town import Town

NINTH, TENTH = "2026-12-09", "2026-12-10"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    travel = time_machine.travel(f"{NINTH}T12:00:00+05:00")
    yield travel.start()
    travel.stop()


@pytest.fixture
def town(clock: Any, transactional_db: None) -> Town:
    made = towns.build()
    made.accountant.set_password("пароль-бухгалтера")
    made.accountant.save()
    return made


@pytest.fixture
def page(browser: Browser, browser_context_args: dict[str, Any], live_server: Any, town: Town) -> Iterator[Page]:
    context = browser.new_context(**browser_context_args, base_url=live_server.url)
    yield context.new_page()
    context.close()


def clean(page: Page) -> None:
    """No violation of accessibility on the page."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_walk_of_an_accountant(town: Town, page: Page, clock: Any):
    town.pay("2200.00", date.fromisoformat(NINTH))
    clock.move_to(f"{TENTH}T10:00:00+05:00")
    day = date.fromisoformat(NINTH)
    payments.operations.close_days(until=day, by="test")
    payments.operations.remit_day(day=day)
    remittance = Remittance.objects.get(contract=town.water)

    page.goto("/accounts/login/")
    page.get_by_label("Электронная почта или телефон").fill(town.accountant.email)
    page.get_by_label("Пароль").fill("пароль-бухгалтера")
    page.locator("main").get_by_role("button", name="Войти", exact=True).click()

    # yesterday, nothing clicked: the figure is that of the bank order, and the registry comes to it
    sent = page.locator(".figure-x", has_text="Перечислено").locator("dd")
    expect(sent).to_have_text(f"{written(remittance.net)} ₽".replace(" ", "\u00a0"))
    clean(page)
    page.get_by_role("row", name=re.compile(town.water.number)).get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("09.12.2026")
    with page.expect_download() as download:
        page.get_by_role("link", name="Реестр для 1С").click()
    last = download.value.path().read_text(encoding="cp1251").splitlines()[-1]
    assert Decimal(last.rsplit(";", 1)[1]) == remittance.gross - remittance.returns
    clean(page)

    # two bad rows of three: seen before anything is written, the good one is taken
    rows = [(town.account.number, NINTH, 50, "К-1"), ("1", NINTH, 60, "К-2"), (town.account.number, NINTH, -5, "К-3")]
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for number, on, sum_, name in rows:
        book.active.append([number, date.fromisoformat(on), sum_, name])
    content = io.BytesIO()
    book.save(content)
    page.get_by_role("link", name="Платежи", exact=True).click()
    page.get_by_role("link", name="Свои поступления").click()
    page.get_by_label("Файл по шаблону").set_input_files(
        {"name": "касса.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
    )
    page.get_by_role("button", name="Проверить").click()
    expect(page.get_by_text("отклонён: 2")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("К-2"))).to_contain_text("не найден среди счетов")
    assert not Payment.objects.filter(channel="principal").exists()
    clean(page)
    page.get_by_role("button", name="Принять").click()
    expect(page.get_by_text("записано", exact=True)).to_be_visible()
    assert [row.amount for row in Payment.objects.filter(channel="principal")] == [Decimal("50.00")]

    # the turnover sheet of the month, as it stands on the page
    page.get_by_role("link", name="Начисление", exact=True).click()
    page.get_by_role("link", name="Обороты").click()
    clean(page)
    shown = page.locator("tfoot td.num").last.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    sheet = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()), data_only=True).active
    total = Decimal(str(list(sheet.iter_rows(values_only=True))[-1][-1])).quantize(Decimal("0.01"))
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", written(total))

    report_of_his_own(page)


def report_of_his_own(page: Page) -> None:
    """Chosen, looked into, kept, downloaded: the file's totals are formulas that come to what the page shows."""
    page.get_by_role("link", name="Отчёты", exact=True).first.click()
    page.get_by_role("link", name="Собрать свой отчёт").click()
    page.get_by_label("Группировка 1").select_option("service")
    page.get_by_role("button", name="Показать").last.click()
    page.get_by_label("Месяцы с").select_option("2026-10")
    expect(page.get_by_role("row", name=re.compile("Холодное водоснабжение"))).to_be_visible()
    clean(page)
    shown = [cell.inner_text() for cell in page.locator("tr.rp-total td").all()]

    page.locator("summary", has_text="Сохранить отчёт").click()
    page.get_by_label("Название").fill("Вода и стоки")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Вода и стоки")
    with page.expect_download() as download:
        page.get_by_role("button", name="Скачать Excel").click()
    content = download.value.path().read_bytes()
    formulas, values = (
        list(openpyxl.load_workbook(io.BytesIO(content), data_only=data_only).active.iter_rows(values_only=True))[-1][
            1:
        ]
        for data_only in (False, True)
    )
    assert all(str(one).startswith("=SUBTOTAL(109,") for one in formulas)
    figures = [written(Decimal(str(one)).quantize(Decimal("0.01"))) for one in values]
    assert [re.sub(r"\s", "", one) for one in shown] == [re.sub(r"\s", "", one) for one in figures]

    page.get_by_role("link", name="Холодное водоснабжение").click()
    expect(page.get_by_role("columnheader", name="Дом")).to_be_visible()
    page.get_by_role("link", name=re.compile("Чкалова, д. 7")).click()
    expect(page.get_by_role("columnheader", name="Лицевой счёт")).to_be_visible()
    clean(page)
