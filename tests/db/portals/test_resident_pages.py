"""The resident's pages say what is owed, why, and what became of a payment; their cost does not grow with history."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

import epd.operations
import payments.operations
from payments.models import Payment
from portals import queries
from portals.models import AccountLink
from tests import make

from . import town as towns
from .test_access import client_of
from .town import NOVEMBER, NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db
QUERIES = 12


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


@pytest.fixture
def client(town: Town) -> Client:
    return client_of(town.resident)


def text(response: object) -> str:
    """The page with plain spaces, as a reader sees it."""
    return response.content.decode().replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u202f", " ")  # type: ignore[attr-defined]


@pytest.mark.parametrize("months", [3, 36])
@pytest.mark.parametrize("name", ["account", "charges", "readings", "payments", "documents"])
def test_a_page_costs_at_most_twelve_queries_whatever_the_history(
    months, name, settings, django_assert_max_num_queries
):  # fmt: skip
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"  # as where no Redis helps
    with time_machine.travel(NOW, tick=False):
        town = towns.build(months=months)
        for back in range(min(months, 12)):
            # every day a cashier of its own: a shift lasts one day
            town.pay("50.00", date(2026, 11, 1 + back), by=make.user(is_staff=True))
        client = client_of(town.resident)
        page = reverse(f"resident:{name}", args=[town.account.number])
        cache.clear()
        with django_assert_max_num_queries(QUERIES):
            assert client.get(page).status_code == 200


def test_many_accounts_cost_no_more_queries_than_two(town: Town, settings, django_assert_max_num_queries):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    for _ in range(4):
        AccountLink.objects.create(user=town.resident, account=make.account())
    client = client_of(town.resident)
    with django_assert_max_num_queries(QUERIES):
        page = text(client.get(reverse("resident:accounts"), {"all": ""}))
    assert page.count("Показания") >= 5


def test_an_only_account_opens_at_once(client: Client, town: Town):
    page = client.get(reverse("resident:accounts"))
    assert page.status_code == 302
    assert page["Location"] == reverse("resident:account", args=[town.account.number])


def test_the_first_screen_tells_debt_apart_and_until_when(town: Town, client: Client):
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    # water 5 m³ × 40 + light 100 × 5 + 50 m² × 30
    bill = queries.bill(town.account.pk, on=towns.TODAY)
    assert (bill.total, bill.current, bill.debt) == (Decimal("2200.00"), Decimal("2200.00"), Decimal("0.00"))
    page = text(client.get(reverse("resident:account", args=[town.account.number])))
    assert '2 200<span class="sum__kopecks">,00 ₽</span>' in page
    assert "Без долга, за октябрь 2026" in page and "Долг за прошлые месяцы" in page


def test_debt_of_earlier_months_is_shown_apart(db):
    with time_machine.travel(NOW, tick=False):
        town = towns.build(months=2)
        epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
        town.pay("700.00", towns.TODAY)
        bill = queries.bill(town.account.pk, on=towns.TODAY)
    assert (bill.total, bill.current, bill.debt) == (Decimal("3700.00"), Decimal("2200.00"), Decimal("1500.00"))


def test_an_overpayment_is_not_a_debt(town: Town, client: Client):
    town.pay("3000.00", towns.TODAY)
    bill = queries.bill(town.account.pk, on=towns.TODAY)
    assert bill.total == Decimal("-800.00") and bill.overpaid == Decimal("800.00")
    assert "Платить не нужно: переплата" in text(client.get(reverse("resident:account", args=[town.account.number])))


def test_money_in_transit_is_never_shown_as_debt(town: Town, client: Client):
    payments.operations.open_day(towns.TODAY)
    Payment.objects.create(
        channel_id="online", external_id="77", account=town.account, amount=Decimal("2200.00"), paid_on=towns.TODAY,
        day=towns.TODAY, state="in_transit",
    )  # fmt: skip
    page = text(client.get(reverse("resident:account", args=[town.account.number])))
    assert "Всё оплачено" in page
    assert "2 200,00 ₽ в пути" in page


def test_the_running_month_is_marked_as_a_draft(town: Town, client: Client):
    page = text(client.get(reverse("resident:charges", args=[town.account.number])))
    assert "Начислено за ноябрь 2026" in page and "предварительно" in page
    posted = text(client.get(reverse("resident:charges", args=[town.account.number]) + "?month=2026-10"))
    assert "предварительно" not in posted
    assert "2 200,00 ₽" in posted


def test_every_line_explains_itself(town: Town, client: Client):
    rows = queries.month_bill(town.account.pk, OCTOBER).rows
    assert {row.title for row in rows} == {"Холодное водоснабжение", "Электроснабжение", "Содержание жилого помещения"}
    for row in rows:
        address = reverse("resident:why", args=[town.account.number]) + f"?month=2026-10&line={row.key}"
        answer = text(client.get(address, headers={"HX-Request": "true"}))
        assert "<html" not in answer
        assert "why__box" in answer and " = " in answer
        assert "<html" in text(client.get(address))  # without a script it is a page of its own


def test_an_explanation_of_no_line_says_so(town: Town, client: Client):
    answer = client.get(reverse("resident:why", args=[town.account.number]) + "?month=2026-10&line=1-2-3-4")
    assert answer.status_code == 200
    assert "Этой строки в месяце больше нет" in text(answer)


def test_the_difference_from_last_month_is_told_by_cause(db):
    with time_machine.travel(NOW, tick=False):
        town = towns.build()
        make.reading(town.cold, date(2026, 11, 19), Decimal(117))  # 12 m³ after October's 5
        town.charge(NOVEMBER, post=False)
        key = f"{town.water.pk}-2-1-1"
        assert key in {row.key for row in queries.month_bill(town.account.pk, NOVEMBER).rows}
        reason = queries.reason(town.account.pk, NOVEMBER, key=key, today=towns.TODAY)
    assert reason is not None and reason.previous == Decimal("200.00")
    assert [(change.words, change.amount) for change in reason.changes] == [("Показания и объём", reason.amount - 200)]
    assert reason.current == reason.amount and not reason.is_part


def test_a_payment_shows_where_each_part_went(town: Town, client: Client):
    town.pay("2200.00", towns.TODAY)
    payment = Payment.objects.get(account=town.account)
    page = text(client.get(reverse("resident:payment", args=[town.account.number, payment.pk])))
    for part in ("200,00 ₽", "500,00 ₽", "1 500,00 ₽", "2 200,00 ₽", "Холодное водоснабжение", "зачислен"):
        assert part in page
    assert town.water.principal.short_name in page.replace("&quot;", '"')


def test_a_document_is_a_pdf(town: Town, client: Client):
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    page = text(client.get(reverse("resident:documents", args=[town.account.number])))
    assert "Октябрь 2026" in page and "2 200,00 ₽" in page
    (document,) = town.account.documents.all()
    answer = client.get(reverse("resident:document", args=[town.account.number, document.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_an_address_that_asks_for_what_there_is_not_is_a_404_and_never_another_page(town: Town, client: Client):
    def status(name: str, *args: str, **query: str) -> int:
        return client.get(reverse(f"resident:{name}", args=args), query).status_code

    number = town.account.number
    charges = {month: status("charges", number, month=month) for month in ("2031-01", "абв", "2026-13", "2026-10", "")}
    assert charges == {"2031-01": 404, "абв": 404, "2026-13": 404, "2026-10": 200, "": 200}
    pages = {page: status("notices", page=page) for page in ("-1", "0", "2", "я", "1")}
    assert pages == {"-1": 404, "0": 404, "2": 404, "я": 404, "1": 200}
    assert status("history", number, service="999") == status("pay", number, part="x") == 404


def test_an_account_can_be_removed_from_the_cabinet_and_added_again(town: Town, client: Client):
    gone = client.post(reverse("resident:remove", args=[town.account.number]), follow=True)
    assert "Добавьте лицевой счёт" in text(gone)
    assert AccountLink.objects.get(user=town.resident).withdrawn_at is not None
    form = {"number": town.account.number, "code": "482917"}
    assert client.post(reverse("resident:add"), form).status_code == 302
    assert AccountLink.objects.filter(user=town.resident, withdrawn_at=None).count() == 1


def test_one_press_tells_why_the_month_differs_to_the_kopeck(db):
    with time_machine.travel(NOW, tick=False):
        town = towns.build(months=2)
        town.charge(NOVEMBER, post=False)
        client = client_of(town.resident)
        address = reverse("resident:why", args=[town.account.number])
        page = text(client.get(reverse("resident:charges", args=[town.account.number])))
        assert f'hx-get="{address}?month=2026-11"' in page  # asked by the page itself
        told = queries.month_reason(town.account.pk, NOVEMBER)
        assert told is not None and told.changes
        assert told.before + sum(row.amount for row in told.changes) == told.now
        part = text(client.get(address, {"month": "2026-11"}, headers={"hx-request": "true"}))
        assert "Почему сумма изменилась с прошлого месяца" in part and "Октябрь 2026" in part and "<html" not in part
        assert "Холодное водоснабжение" in part
        assert "Сравнивать не с чем" in text(client.get(address, {"month": "2026-08"}))
