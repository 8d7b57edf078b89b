"""Certificates: three clicks, true to the kopeck, confirmed to whoever holds one, a debtor's debt stated by rule."""

import re
import time
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from portals.models import Certificate
from tests import make

from .test_access import client_of
from .test_resident_pages import client, text, town  # noqa: F401
from .town import TODAY, Town

pytestmark = pytest.mark.django_db


def ask(client: Client, town: Town, **fields: str) -> str:  # noqa: F811
    page = reverse("resident:certificates", args=[town.account.number])
    return client.post(page, fields)["Location"]  # type: ignore[no-any-return]


def test_a_debtor_gets_the_state_of_settlements_and_whoever_paid_gets_no_debt(client: Client, town: Town):  # noqa: F811
    # October came to 2 200,00 and was due on 15 November
    ask(client, town, kind="no_debt")
    made = Certificate.objects.get()
    assert (made.kind, made.amount) == ("settlements", Decimal("2200.00"))
    ask(client, town, kind="no_debt")
    assert Certificate.objects.count() == 1
    town.pay("2200.00", TODAY)
    began = time.monotonic()
    pdf = client.get(ask(client, town, kind="no_debt"))
    assert time.monotonic() - began < 5
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert Certificate.objects.latest("pk").kind == "no_debt"


def test_what_is_not_due_yet_is_no_debt(client: Client, town: Town):  # noqa: F811
    from portals import certificate_queries

    assert certificate_queries.overdue(town.account.pk, on=date(2026, 11, 10)) == Decimal("0.00")
    assert certificate_queries.overdue(town.account.pk, on=date(2026, 11, 20)) == Decimal("2200.00")


def test_payments_and_charges_of_a_period_add_up(client: Client, town: Town):  # noqa: F811
    town.pay("300.00", date(2026, 11, 18))
    town.pay("50.50", date(2026, 11, 19), by=make.user(is_staff=True))
    ask(client, town, kind="payments", first="2026-11", last="2026-11")
    ask(client, town, kind="charges", first="2026-01", last="2026-10")
    paid, charged = Certificate.objects.order_by("pk")
    assert paid.amount == Decimal("350.50") and len(paid.payload["rows"]) == 2
    assert charged.amount == Decimal("2200.00")
    assert sum(Decimal(row[1]) for row in charged.payload["services"]) == charged.amount
    ask(client, town, kind="payments", first="2026-12", last="2026-02")
    assert Certificate.objects.count() == 2


def test_anybody_who_holds_it_may_check_it_and_learns_no_name(client: Client, town: Town):  # noqa: F811
    ask(client, town, kind="no_debt")
    made = Certificate.objects.get()
    page = text(Client().get(reverse("certificate-check", args=[made.key])))
    assert "Справка выдана нами" in page and "2 200,00" in page and made.number in page
    assert "Чкалова" not in page and town.account.number not in page
    answer = Client().get(reverse("certificate-check", args=["x" * 20]))
    assert answer.status_code == 404 and "не выдавали" in text(answer)


def test_a_stranger_sees_no_certificate(client: Client, town: Town):  # noqa: F811
    link = ask(client, town, kind="no_debt")
    stranger = client_of(make.user())
    assert stranger.get(link).status_code == 404
    assert stranger.post(reverse("resident:certificates", args=[town.account.number])).status_code == 404
    assert Certificate.objects.count() == 1 and re.search(r"/certificates/\d+\.pdf$", link)
