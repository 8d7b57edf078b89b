"""Three years on one page, and the same in Excel: equal to the lines they are made of."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from portals import history_queries

from .test_resident_pages import client, text, town  # noqa: F401
from .town import NOVEMBER, OCTOBER, Town

pytestmark = pytest.mark.django_db


def test_spending_and_usage_are_those_of_the_lines(town: Town):  # noqa: F811
    found = history_queries.history(town.account, last=NOVEMBER)
    october = next(point for point in found.spent if point.month == OCTOBER)
    assert october.value == Decimal("2200.00") and found.spent[-1].is_draft
    water = next(one for one in found.used if one.service_id == 2)
    assert next(point.value for point in water.points if point.month == OCTOBER) == Decimal(5)


def test_the_page_has_a_picture_and_its_table(client: Client, town: Town, django_assert_max_num_queries):  # noqa: F811
    with django_assert_max_num_queries(12):
        page = text(client.get(reverse("resident:history", args=[town.account.number])))
    assert page.count('<svg class="chart"') == 2 and "2 200,00" in page


def test_everything_goes_to_excel_as_numbers(client: Client, town: Town):  # noqa: F811
    answer = client.get(reverse("resident:history-xlsx", args=[town.account.number]))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Начисления", "Платежи", "Показания"]
    charges = list(book["Начисления"].iter_rows(min_row=2, values_only=True))
    posted = [row[8] for row in charges if row[9] == "начислено"]
    assert sum(Decimal(str(one)) for one in posted) == Decimal("2200.00")
    assert book["Начисления"].freeze_panes == "A2"
    assert len(list(book["Показания"].iter_rows(min_row=2))) == 4
