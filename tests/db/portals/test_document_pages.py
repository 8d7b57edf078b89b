"""The codes on paper open pages: is the document ours, and why so much. Programs get the same document as JSON."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

import epd.operations
import epd.queries
import payments.operations
import payments.queries
from epd.models import PaymentDocument
from epd.queries.documents import masked_address
from tests import make

from . import town as towns
from .test_access import client_of
from .town import NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        town = towns.build()
        for day in payments.queries.operating_days(month=OCTOBER):
            payments.operations.close_day(day=day)
        epd.operations.issue_month(month=OCTOBER, day=date(2026, 11, 2))
        yield town


@pytest.fixture
def document(town: Town) -> PaymentDocument:
    return PaymentDocument.objects.get(account=town.account)


def place(document: PaymentDocument, which: str = "check") -> str:
    """The path of the link that is printed."""
    return document.payload["links"][which].removeprefix("http://127.0.0.1:8000")


def text(response: object) -> str:
    return response.content.decode().replace("\u00a0", " ")  # type: ignore[attr-defined]


def test_the_printed_key_proves_the_document_to_anybody(document):
    page = Client().get(place(document))
    assert page.status_code == 200
    assert "Документ выпущен нами и действует" in text(page)
    assert f"{document.total:.2f}".replace(".", ",") in text(page).replace(" ", "")
    assert "октябрь 2026" in text(page)
    assert "ул. Чка…, д. 7•, кв. 1•" in text(page)
    assert "noindex" in page["X-Robots-Tag"]


def test_the_page_tells_nothing_about_the_payer(town, document):
    said = text(Client().get(place(document)))
    account = town.account
    assert str(account.payer_person) not in said
    assert "Чкалова" not in said
    assert document.payload["account"]["code"] not in said


@pytest.mark.parametrize("wrong", ["{number}.", "{number}", "{number}.AAAAAAAAAAAAAAAA", "1.1", "нет"])
def test_a_key_that_is_not_ours_proves_nothing(document, wrong):
    page = Client().get(reverse("document-check", args=[wrong.format(number=document.number)]))
    assert page.status_code == 404
    assert "Такого документа у нас нет" in text(page)
    assert f"{document.total:.2f}".replace(".", ",") not in text(page)


def test_a_withdrawn_document_names_the_one_that_replaced_it(town, document):
    again = epd.operations.reissue(
        account_id=town.account.pk, month=OCTOBER, day=date(2026, 11, 3), reason="ошибка в площади"
    )
    said = text(Client().get(place(document)))
    assert "Документ отозван" in said
    assert f"Вместо него действует № {again.number}" in said
    assert f"взамен № {document.number}" in text(Client().get(place(again)))


def test_the_code_why_leads_to_the_month_in_the_cabinet(town, document):
    page = Client().get(place(document, "why"))
    assert page["Location"] == f"/cabinet/{town.account.number}/charges/?month=2026-10"
    assert client_of(town.resident).get(page["Location"]).status_code == 200
    assert client_of(make.user()).get(page["Location"]).status_code == 404


def test_the_copy_for_programs_says_what_the_page_says(town, document):
    client = client_of(town.resident)
    (row,) = client.get(reverse("api-documents", args=[town.account.number])).json()
    assert (row["number"], row["month"], row["total"]) == (document.number, "2026-10", str(document.total))
    copy = client.get(reverse("api-document", args=[town.account.number, row["id"]])).json()
    assert copy["format"] == "epd-1"
    assert copy["total"] == str(document.total)
    assert sum(Decimal(line["closing"]) for line in copy["rows"]) == document.total
    assert copy["withdrawn_on"] is None
    assert "482917" not in str(copy)


def test_a_stranger_gets_no_copy(town, document):
    for client in (client_of(make.user()), client_of(town.accountant)):
        assert client.get(reverse("api-document", args=[town.account.number, document.pk])).status_code == 404
    assert Client().get(reverse("api-documents", args=[town.account.number])).status_code == 403
    other = PaymentDocument.objects.exclude(pk=document.pk).get()
    assert client_of(town.resident).get(
        reverse("api-document", args=[town.account.number, other.pk])
    ).status_code == 404  # fmt: skip


def test_addresses_are_masked():
    assert masked_address("ул. Чкалова, д. 14/2, кв. 57") == "ул. Чка…, д. 1•, кв. 5•"
    assert masked_address("пер. 2-й Южный, д. 3А") == "пер. 2•-й Южн…, д. 3•"


def test_the_document_carries_its_months_and_messages(town):
    content = PaymentDocument.objects.get(account=town.account).payload
    assert [line["month"] for line in content["history"]][-1] == "2026-10-01"
    assert Decimal(content["history"][-1]["amount"]) == sum(
        Decimal(row["payable"]) + Decimal(row["penalty"]) for row in content["rows"]
    )
    assert content["messages"] == []


def test_documents_of_a_replaced_one_refer_to_each_other(town, document):
    again = epd.operations.reissue(account_id=town.account.pk, month=OCTOBER, day=date(2026, 11, 3), reason="ошибка")
    first, second = (epd.queries.machine_copy(epd.queries.document(pk)) for pk in (document.pk, again.pk))
    assert (first["replaced_by"], first["replaces"]) == (again.number, None)
    assert (second["replaced_by"], second["replaces"]) == (None, document.number)
