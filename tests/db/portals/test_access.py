"""A stranger's account, contract, document or remittance is a 404, and looks like one that does not exist."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import epd.operations
import payments.operations
from epd.models import PaymentDocument
from payments.models import Payment, Remittance
from portals.models import AccountLink, PrincipalUser
from tests import make

from . import town as towns
from .town import NOVEMBER, NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def resident_pages(town: Town) -> list[str]:
    number = town.account.number
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    document = PaymentDocument.objects.get(account=town.account)
    town.pay("100.00", towns.TODAY)
    payment = Payment.objects.get(account=town.account)
    return [
        reverse("resident:account", args=[number]),
        reverse("resident:charges", args=[number]),
        reverse("resident:why", args=[number]),
        reverse("resident:readings", args=[number]),
        reverse("resident:payments", args=[number]),
        reverse("resident:payment", args=[number, payment.pk]),
        reverse("resident:documents", args=[number]),
        reverse("resident:document", args=[number, document.pk]),
    ]


def principal_pages(town: Town) -> list[str]:
    day = date(2026, 11, 18)
    town.pay("1000.00", day)
    payments.operations.close_days(until=day, by="test")
    payments.operations.remit_day(day=day)
    remittance = Remittance.objects.get(contract=town.water)
    key = f"{town.water.pk}-2-1-1"
    return [
        reverse("principal:home"),
        reverse("principal:accounts"),
        reverse("principal:account", args=[town.account.number]),
        reverse("principal:why", args=[town.account.number]) + f"?month=2026-10&line={key}",
        reverse("principal:charges"),
        reverse("principal:house-charges", args=[town.house.pk]),
        reverse("principal:turnover"),
        reverse("principal:turnover-workbook"),
        reverse("principal:house-turnover", args=[town.house.pk]),
        reverse("principal:payments"),
        reverse("principal:payments-workbook"),
        reverse("principal:remittances"),
        reverse("principal:remittance", args=[remittance.pk]),
        reverse("principal:remittance-workbook", args=[remittance.pk]),
    ]


def test_a_resident_sees_his_account_and_a_stranger_a_404(town: Town):
    pages = resident_pages(town)
    stranger = make.user()
    AccountLink.objects.create(user=stranger, account=town.neighbour)
    for page in pages:
        assert client_of(town.resident).get(page).status_code == 200, page
        for other in (stranger, town.accountant, town.cashier):
            assert client_of(other).get(page).status_code == 404, page
        anonymous = Client().get(page)
        assert anonymous.status_code == 302 and anonymous["Location"].startswith("/accounts/login/")


def test_a_strangers_payment_or_document_does_not_open_under_ones_own_number(town: Town):
    resident_pages(town)
    stranger = make.user()
    AccountLink.objects.create(user=stranger, account=town.neighbour)
    document = PaymentDocument.objects.get(account=town.account)
    payment = Payment.objects.get(account=town.account)
    own = client_of(stranger)
    assert own.get(reverse("resident:document", args=[town.neighbour.number, document.pk])).status_code == 404
    assert own.get(reverse("resident:payment", args=[town.neighbour.number, payment.pk])).status_code == 404


def test_withdrawn_access_is_no_access(town: Town):
    page = reverse("resident:account", args=[town.account.number])
    AccountLink.objects.filter(user=town.resident).update(withdrawn_at=timezone.now())
    assert client_of(town.resident).get(page).status_code == 404


def test_a_stranger_cannot_send_a_reading_or_remove_an_account(town: Town):
    stranger = client_of(make.user())
    number = town.account.number
    sent = stranger.post(reverse("resident:readings", args=[number]), {f"m{town.cold.pk}-zone_1": "120"})
    removed = stranger.post(reverse("resident:remove", args=[number]))
    assert sent.status_code == removed.status_code == 404
    assert not town.cold.readings.filter(day=towns.TODAY).exists()
    assert AccountLink.objects.get(user=town.resident).withdrawn_at is None


def test_a_principals_pages_are_its_own(town: Town):
    pages = principal_pages(town)
    other = make.user()
    elsewhere = make.contract()
    PrincipalUser.objects.create(user=other, principal=elsewhere.principal)
    # what exists for everybody with a contract, but with own figures
    general = {reverse(f"principal:{name}") for name in ("home", "accounts", "charges", "turnover", "payments")}
    general |= {reverse(f"principal:{name}") for name in ("remittances", "turnover-workbook", "payments-workbook")}
    for page in pages:
        assert client_of(town.accountant).get(page).status_code == 200, page
        assert client_of(other).get(page).status_code == (200 if page in general else 404), page
        assert client_of(town.resident).get(page).status_code == 404, page
        assert Client().get(page).status_code == 302, page
        if page in general and not page.endswith(".xlsx"):
            assert town.account.number not in client_of(other).get(page).content.decode()


def test_a_principal_does_not_see_anothers_services_of_a_common_account(town: Town):
    client = client_of(town.accountant)
    page = client.get(reverse("principal:account", args=[town.account.number]) + "?month=2026-10").content.decode()
    assert "Холодное водоснабжение" in page
    assert "Содержание жилого помещения" not in page
    strange = reverse("principal:why", args=[town.account.number]) + f"?month=2026-10&line={town.home.pk}-8-1-1"
    assert client.get(strange).status_code == 404


def test_the_contract_of_another_principal_cannot_be_chosen(town: Town):
    client = client_of(town.accountant)
    assert client.get(reverse("principal:turnover") + f"?contract={town.water.pk}").status_code == 200
    for wrong in (str(town.home.pk), "999999", "abc"):
        assert client.get(reverse("principal:turnover") + f"?contract={wrong}").status_code == 404


def test_a_dismissed_employee_sees_nothing(town: Town):
    PrincipalUser.objects.filter(user=town.accountant).update(withdrawn_at=timezone.now())
    assert client_of(town.accountant).get(reverse("principal:home")).status_code == 404
