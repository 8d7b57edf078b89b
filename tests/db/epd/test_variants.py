"""Capital repair on a paper of its own, documents of debts, large type, texts and looks as data."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.calendar import Month
from epd import assemble, barcode, operations, queries, render
from epd.models import (
    DocumentKind,
    DocumentLook,
    DocumentText,
    DocumentWish,
    IssueRefusal,
    PaymentDocument,
)
from epd.operations import DocumentRefused
from payments import operations as payments_operations
from payments import queries as payments_queries
from tests import make

pytestmark = pytest.mark.django_db

OCTOBER = Month(date(2026, 10, 1))
DAY = date(2026, 11, 3)


@pytest.fixture
def flat():
    """A flat with maintenance and capital repair by two principals; August is not paid."""
    make.agent()
    account = make.account(house=make.house())
    home, fund = make.contract(), make.contract()
    for back in (2, 1, 0):
        make.ink(account, home, 8, OCTOBER + -back, "500.00")
        make.ink(account, fund, 9, OCTOBER + -back, "100.00")
    return account


def issue(account):
    for day in payments_queries.operating_days(month=OCTOBER):
        payments_operations.close_day(day=day)
    return operations.issue_documents(month=OCTOBER, day=DAY, account_ids=[account.pk])


def documents(account):
    return {row.kind: row for row in PaymentDocument.objects.filter(account=account, withdrawn_at=None)}


def services(document):
    return [row["service_id"] for row in document.payload["rows"]]


def test_capital_repair_stands_with_the_rest_unless_asked(flat):
    issue(flat)
    assert [services(row) for row in documents(flat).values()] == [[8, 9]]


def test_capital_repair_on_its_own_paper_pays_the_fund(flat):
    DocumentWish.objects.create(account=flat, capital_apart=True, ground="заявление")
    summary = issue(flat)
    found = documents(flat)
    assert (summary.documents, summary.total) == (2, Decimal("1800.00"))
    current, capital = found[DocumentKind.CURRENT], found[DocumentKind.CAPITAL_REPAIR]
    assert (services(current), services(capital)) == ([8], [9])
    assert capital.number == f"{current.number}-9"
    fund = next(party for party in capital.payload["principals"])
    paid = barcode.read(capital.payload["qr"])
    assert paid.fields["PersonalAcc"] == (fund["bank"] or capital.payload["agent"]["bank"])["number"]
    assert paid.sum_kopecks == 30000
    assert sum(row.total for row in found.values()) == payments_queries.balance(
        account_id=flat.pk, on=OCTOBER.next.first
    )
    assert list(queries.documents_astray(month=OCTOBER, account_ids=[flat.pk])) == []
    again = operations.reissue(
        account_id=flat.pk, month=OCTOBER, day=DAY, reason="ошибка", kind=DocumentKind.CAPITAL_REPAIR
    )
    assert (services(again), again.replaces) == ([9], capital)


def test_the_manager_may_want_it_for_all_his_houses(flat):
    DocumentLook.objects.create(capital_apart=True, window_left_mm=22, window_top_mm=55, valid_from=date(2026, 1, 1))
    issue(flat)
    assert documents(flat)[DocumentKind.CURRENT].payload["look"]["window"] == [22, 55]
    assert DocumentKind.CAPITAL_REPAIR in documents(flat)


def test_a_document_of_debts_tells_what_is_overdue(flat):
    issue(flat)
    (made,) = operations.issue_debts(account_ids=[flat.pk], day=DAY)
    assert made.number == f"{flat.number}-202611-D1"
    assert made.total == Decimal("1200.00")  # October is due on 16 November
    assert made.due_on == date(2026, 11, 13)
    assert [line["text"] for line in made.payload["recalculations"]] == [
        "не оплачено за август 2026 – сентябрь 2026, месяцев 2"
    ] * 2
    assert barcode.read(made.payload["qr"]).sum_kopecks == 120000
    assert assemble.form(made.payload).pay["headline"] == "Долг к оплате"
    (second,) = operations.issue_debts(account_ids=[flat.pk], day=date(2026, 11, 20))
    made.refresh_from_db()
    assert (second.replaces, second.total) == (made, Decimal("1800.00"))
    assert made.withdrawn_at is not None
    assert DocumentKind.CURRENT in documents(flat)


def test_who_owes_nothing_has_no_document_of_debts(flat):
    assert operations.issue_debts(account_ids=[flat.pk], day=date(2026, 9, 3)) == []


def test_large_type_is_asked_for_and_frozen(flat):
    wish = DocumentWish.objects.create(account=flat, large=True)
    issue(flat)
    document = documents(flat)[DocumentKind.CURRENT]
    wish.delete()
    form = assemble.form(document.payload)
    assert (form.order, form.big[1].name) == ("large", "Содержание жилого помещения")
    assert render.pdf(document)[:5] == b"%PDF-"


def test_messages_are_those_of_the_suppliers_and_the_place(flat):
    other = make.contract().principal
    facts = {"valid_from": date(2026, 1, 1), "title": "Сообщение"}
    DocumentText.objects.create(text="Счёт {счёт}, к оплате {сумма} за {месяц}", **facts)
    DocumentText.objects.create(text="чужой", principal=other, **facts)
    DocumentText.objects.create(text="не здесь", region=99, **facts)
    DocumentText.objects.create(text="давно", **{**facts, "valid_to": date(2026, 2, 1)})
    issue(flat)
    (message,) = documents(flat)[DocumentKind.CURRENT].payload["messages"]
    assert message["text"].replace("\u00a0", " ") == f"Счёт {flat.number}, к оплате 1 800,00 ₽ за октябрь 2026"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("к оплате {суммма}", "Неизвестная подстановка {суммма}"),
        ("скобка { без пары", "без пары"),
        ("радуйтесь 😀", "нет в шрифте"),
    ],
)
def test_a_text_is_checked_before_it_is_saved(text, words):
    with pytest.raises(ValidationError, match=words):
        DocumentText(title="Сообщение", text=text, valid_from=date(2026, 1, 1)).full_clean()


def test_who_is_refused_stands_on_the_list_until_he_has_a_document(flat):
    bad = make.account(house=flat.house)
    make.ink(bad, make.contract(), 8, OCTOBER, "9999999999.99")
    issue(flat)
    with pytest.raises(DocumentRefused, match=bad.number):
        issue(bad)
    assert not IssueRefusal.objects.exists()  # asked for by name: the answer is on the screen
    operations.issue_documents(month=OCTOBER, day=DAY)
    (row,) = queries.refusals_of_month(OCTOBER)
    assert row.account == bad
    assert bad.number in row.why
