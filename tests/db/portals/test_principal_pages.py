"""The supplier's pages: totals are the sum of their rows, Excel says what the page says, cost does not grow."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

import payments.operations
import payments.queries
from payments.models import Remittance
from portals.principal import queries
from tests import make

from . import town as towns
from .test_access import client_of
from .test_resident_pages import text
from .town import NOVEMBER, NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db
PAID_ON = date(2026, 11, 18)


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


@pytest.fixture
def client(town: Town) -> Client:
    return client_of(town.accountant)


def remitted(town: Town) -> Remittance:
    """2200 paid: 700 of it are the water principal's; the day is closed and remitted."""
    make.law_value("vat", "20") if not has_vat() else None
    town.pay("2200.00", PAID_ON)
    payments.operations.close_days(until=PAID_ON, by="test")
    payments.operations.remit_day(day=PAID_ON)
    return Remittance.objects.get(contract=town.water)


def has_vat() -> bool:
    from billing.models import LawValue

    return LawValue.objects.filter(code="vat").exists()


def sheet_of(response: Any) -> list[tuple[Any, ...]]:
    assert response["Content-Type"].startswith("application/vnd.openxmlformats")
    book = openpyxl.load_workbook(io.BytesIO(response.content), data_only=True)
    return list(book.active.iter_rows(values_only=True))


def column_total(rows: list[tuple[Any, ...]], number: int) -> Decimal:
    """Sum of a column between the two heading rows and the total."""
    return sum((Decimal(str(row[number])).quantize(Decimal("0.01")) for row in rows[2:-1]), Decimal(0))


def test_the_home_says_what_came_and_what_was_remitted(town: Town, client: Client):
    remittance = remitted(town)
    page = text(client.get(reverse("principal:home"), {"day": PAID_ON.isoformat()}))
    day = queries.principal_day([town.water], PAID_ON)
    assert day.summary.received == remittance.gross == Decimal("700.00")
    assert remittance.commission == Decimal("14.00")
    assert remittance.net == Decimal("700.00") - remittance.commission - remittance.vat
    shown = f"{remittance.net:.2f}".replace(".", ",")
    assert "700,00 ₽" in page and f"{shown} ₽" in page
    assert "день закрыт" in page


def test_the_home_leads_to_the_closing_at_once(town: Town, client: Client):
    """An act is three clicks away, the set of a quarter one."""
    with time_machine.travel("2027-01-12T12:00:00+05:00", tick=False):
        client.force_login(town.accountant)
        page = client.get(reverse("principal:home")).content.decode()
    assert "Сверка за декабрь 2026" in page and f"{reverse('principal:closing')}?month=2026-12" in page
    assert page.count(reverse("principal:set-order")) == 2 and "4 квартал 2026" in page and "2026 год" in page


def test_the_home_opens_on_yesterday(town: Town, client: Client):
    page = text(client.get(reverse("principal:home")))
    assert "Вчера, 19 ноября 2026 г." in page
    assert "За этот день поступлений нет" in page


def test_turnover_adds_up_in_rows_houses_and_total(town: Town):
    remitted(town)
    for month in (OCTOBER, NOVEMBER):
        sheet = queries.turnover([town.water.pk], month)
        rows = [row for group in sheet.groups for row in group.rows]
        for row in rows:
            assert row.opening + row.charged + row.recalculated + row.benefits + row.penalty - row.paid == row.closing
        for name in queries.MONEY:
            assert (
                sheet.sums[name] == sum(getattr(row, name) for row in rows) == sum(g.sums[name] for g in sheet.groups)
            )
    assert queries.turnover([town.water.pk], NOVEMBER).sums["paid"] == Decimal("700.00")


def test_a_house_is_made_of_its_accounts(town: Town):
    remitted(town)
    from portals import access

    sheet = queries.turnover([town.water.pk], NOVEMBER)
    rows, sums = queries.house_accounts(
        access.supplied_accounts_for(town.accountant), town.house, [town.water.pk], NOVEMBER
    )
    assert {row.number for row in rows} == {town.account.number, town.neighbour.number}
    assert sums == sheet.groups[0].sums
    charged = queries.charges([town.water.pk], OCTOBER)
    lines, totals = queries.house_charges(
        access.supplied_accounts_for(town.accountant), town.house, [town.water.pk], OCTOBER
    )
    assert totals == charged.groups[0].sums == charged.sums
    assert totals["amount"] == sum(line.amount for line in lines)


def test_the_turnover_workbook_says_what_the_page_says(town: Town, client: Client):
    remitted(town)
    rows = sheet_of(client.get(reverse("principal:turnover-workbook"), {"month": "2026-11"}))
    assert "ноябрь 2026" in rows[0][0]
    assert rows[1][0] == "Дом" and rows[-1][0] == "Итого"
    sums = queries.turnover([town.water.pk], NOVEMBER).sums
    for number, name in enumerate(queries.MONEY, 3):  # with their values: a viewer on a phone computes nothing
        assert column_total(rows, number) == Decimal(str(rows[-1][number])) == sums[name]
    shown = f"{sums['closing']:,.2f}".replace(",", " ").replace(".", ",")
    assert shown in text(client.get(reverse("principal:turnover"), {"month": "2026-11"}))


def test_the_payments_workbook_holds_the_whole_period(town: Town, client: Client):
    remitted(town)
    period = {"since": "2026-11-01", "until": "2026-11-20"}
    page = text(client.get(reverse("principal:payments"), period))
    rows = sheet_of(client.get(reverse("principal:payments-workbook"), period))
    assert "700,00 ₽" in page and "1 поступление" in page
    assert column_total(rows, 5) == Decimal("700.00")
    assert rows[2][0].date() == PAID_ON and rows[2][2] == town.account.number


def test_the_registry_behind_a_remittance_comes_to_its_gross(town: Town, client: Client):
    remittance = remitted(town)
    page = text(client.get(reverse("principal:remittance", args=[remittance.pk])))
    rows = sheet_of(client.get(reverse("principal:remittance-workbook", args=[remittance.pk])))
    assert column_total(rows, 7) == remittance.gross - remittance.returns == Decimal("700.00")
    assert "Всего: получено − возвраты" in page and "700,00" in page
    assert remittance.arithmetic and "2" in remittance.arithmetic[0]["percent"]


def test_text_that_excel_would_run_comes_as_text():
    from portals.workbooks import Column, workbook

    content = workbook("Лист", "Заголовок", [Column("Имя"), Column("Сумма", 10, True)], [["=cmd()", Decimal("1.10")]])
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    assert rows[2] == ("'=cmd()", 1.1)


@pytest.mark.parametrize("name", ["accounts", "charges", "turnover", "payments", "remittances", "home"])
def test_a_page_costs_the_same_for_one_house_and_for_three(
    town: Town, client: Client, name: str, django_assert_num_queries: Any
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    remitted(town)
    page = reverse(f"principal:{name}")
    client.get(page)  # what is remembered for minutes (the first month of the books) is remembered now
    with CaptureQueriesContext(connection) as few:
        assert client.get(page).status_code == 200
    for number in ("8", "9"):
        house = make.house(number=number)
        make.provision(house, 2, town.water)
        for flat in range(4):
            make.account(premises=make.premises(house=house, number=str(flat + 1)), persons=1)
    town.charge(NOVEMBER, post=False)
    with django_assert_num_queries(len(few.captured_queries)):
        assert client.get(page).status_code == 200
    assert len(few.captured_queries) <= 12


def test_accounts_are_found_by_number_flat_and_surname(town: Town, client: Client):
    for typed in (town.account.number, town.account.number[:7], "12", "иванова", "ИВАНОВА Мария"):
        assert town.account.number in client.get(
            reverse("principal:accounts"), {"text": typed}
        ).content.decode().replace("\u00a0", ""), typed
    nothing = text(client.get(reverse("principal:accounts"), {"text": "Несуществующий"}))
    assert "Ничего не найдено" in nothing
    closed = text(client.get(reverse("principal:accounts"), {"state": "closed"}))
    assert "Ничего не найдено" in closed


@pytest.mark.parametrize(
    "query",
    ["?page=абв", "?page=0", "?page=99999999999", "?since=x&until=y", "?since=2026-12-01&until=2020-01-01", "?day=31",
     "?month=zzz", "?sort=-closing", "?sort=password", "?house=777", "?per_page=100000"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["home", "accounts", "payments", "turnover", "remittances"])
def test_a_crooked_address_is_not_a_fault(town: Town, client: Client, name: str, query: str):
    assert client.get(reverse(f"principal:{name}") + query).status_code in (200, 404)


def test_months_to_choose_from_are_those_of_the_books(town: Town, client: Client):
    page = text(client.get(reverse("principal:turnover"))).casefold()
    assert page.count("<option") == 2
    assert "октябрь 2026" in page and "ноябрь 2026" in page
    first = text(client.get(reverse("principal:turnover"), {"month": "2026-10"}))
    assert "Предыдущий месяц" not in first and "Следующий месяц" in first
