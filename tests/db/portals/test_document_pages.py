"""The codes on paper open pages: is the document ours, and why so much. Programs get the same document as JSON."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import openpyxl
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
    place_of_why = f"/cabinet/{town.account.number}/charges/?month=2026-10"
    assert place_of_why in text(Client().get(place(document, "why")))  # beside the way to readings without entering
    page = client_of(town.resident).get(place(document, "why"))
    assert page["Location"] == place_of_why
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


# --- delivery --------------------------------------------------------------------------------------------------------


def test_a_resident_asks_for_letters_and_confirms_them(town, document, mailoutbox, django_capture_on_commit_callbacks):
    client = client_of(town.resident)
    url = reverse("resident:delivery", args=[town.account.number])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url, {"way": 2, "email": "ya@test.example"}).status_code == 302
    assert "Ждём ответа на письмо" in text(client.get(reverse("resident:documents", args=[town.account.number])))
    link = next(line for line in mailoutbox[0].body.splitlines() if "/mail/" in line).partition(":8000")[2]
    assert "Присылать квитанции сюда" in text(Client().get(link))
    town.account.refresh_from_db()
    assert town.account.email == ""
    assert "Готово" in text(Client().post(link))
    town.account.refresh_from_db()
    assert (town.account.delivery, town.account.email) == (2, "ya@test.example")
    assert Client().post("/mail/нет").status_code == 409
    assert client.post(url, {"way": 3}).status_code == 302
    town.account.refresh_from_db()
    assert town.account.delivery == 3


def test_letters_need_an_address_and_an_own_account(town, document, mailoutbox):
    client = client_of(town.resident)
    page = client.post(reverse("resident:delivery", args=[town.account.number]), {"way": 2, "email": ""})
    assert "нужен адрес" in text(page)
    assert client.post(reverse("resident:delivery", args=[town.neighbour.number]), {"way": 3}).status_code == 404
    assert mailoutbox == []


# --- the office ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(town):
    return client_of(make.user(is_staff=True, is_superuser=True))


def test_the_page_of_delivery_counts_and_hands_over(town, desk):
    page = desk.get(reverse("office:delivery") + "?month=2026-10")
    assert "Бумаг 2, не передано 2" in text(page)
    answer = desk.post(reverse("office:delivery") + "?month=2026-10", {"carrier": 1, "note": "лист 1"})
    assert answer.status_code == 302
    assert "Бумаг 2, не передано 0" in text(desk.get(reverse("office:delivery") + "?month=2026-10"))
    stranger = client_of(town.resident)
    assert stranger.get(reverse("office:delivery")).status_code in (302, 403)


@pytest.mark.parametrize("name", ["couriers", "post", "register"])
def test_lists_for_carriers_are_workbooks(town, desk, name):
    answer = desk.get(reverse("office:delivery_file", args=[name]) + "?month=2026-10")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    assert rows[0][0] in ("№ п/п", "Документ")
    assert len(rows) == (1 if name == "post" else 3)


def test_a_text_is_tried_on_a_document(town, desk):
    form = {"number": town.account.number, "title": "Новость", "text": "Счёт {счёт}"}
    answer = desk.post(reverse("office:try_text"), form)
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert "Неизвестная подстановка" in text(desk.post(reverse("office:try_text"), {**form, "text": "{нет}"}))
    assert "ещё нет документа" in text(desk.post(reverse("office:try_text"), {**form, "number": "1"}))


def test_debts_are_issued_from_the_page(town, desk):
    answer = desk.post(reverse("office:issue_debts"), {"numbers": f"{town.account.number}, 1"}, follow=True)
    assert "Счетов нет: 1" in text(answer)
    answer = desk.post(reverse("office:issue_debts"), {"numbers": town.account.number}, follow=True)
    assert "Выпущено долговых документов: 1 из 1" in text(answer)


def test_only_an_organisation_has_an_invoice(town, desk, document):
    assert desk.get(reverse("office:business", args=[document.pk])).status_code == 404


def test_a_document_is_issued_anew_and_taken_back_from_its_page(town, desk, document):
    page = reverse("office:document_anew", args=[document.pk])
    assert page in text(desk.get(reverse("office:card", args=[town.account.pk])))
    refused = desk.post(page, {"action": "reissue", "ground": ""})
    assert refused.status_code == 422
    assert PaymentDocument.objects.filter(account=town.account).count() == 1
    said = text(desk.post(page, {"action": "reissue", "ground": "ошибка в площади"}, follow=True))
    made = PaymentDocument.objects.get(account=town.account, withdrawn_at=None)
    assert f"Вместо № {document.number} выпущен № {made.number}" in said
    assert f"Вместо него действует № {made.number}" in text(desk.get(page))
    own = reverse("office:document_anew", args=[made.pk])
    assert "отозван" in text(desk.post(own, {"action": "withdraw", "ground": "выпущен по ошибке"}, follow=True))
    assert "уже отозван" in text(desk.post(own, {"action": "withdraw", "ground": "ещё раз"}))


def test_a_paper_of_debts_is_issued_anew_of_its_own_kind(town, desk, document):
    desk.post(reverse("office:issue_debts"), {"numbers": town.account.number})
    debts = PaymentDocument.objects.get(kind=2)
    page = reverse("office:document_anew", args=[debts.pk])
    desk.post(page, {"action": "reissue", "ground": "долг уточнён"})
    made = PaymentDocument.objects.get(kind=2, withdrawn_at=None)
    assert (made.replaces_id, made.payload["document"]["replaces"]["reason"]) == (debts.pk, "долг уточнён")
    document.refresh_from_db()
    assert document.withdrawn_at is None  # the month's own document stands
