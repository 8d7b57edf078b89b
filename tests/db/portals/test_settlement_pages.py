"""Papers, the way of money and the daily sheet before a clerk and before a supplier, who sees his own part only."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.urls import reverse

import payments.operations
from accounts.calendar import Month
from payments.models import PaperKind, Payment, Remittance, SettlementPaper
from portals.office import roles
from tests import make

from . import town as towns
from .desk import client as staff_client
from .test_access import client_of
from .test_resident_pages import text
from .town import NOVEMBER, Town

pytestmark = pytest.mark.django_db
PAID_ON = date(2026, 11, 18)
NOW = "2026-12-02T12:00:00+05:00"


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        made = towns.build()
        made.pay("2200.00", PAID_ON)
        payments.operations.close_days(until=PAID_ON, by="test")
        payments.operations.remit_day(day=PAID_ON)
        yield made


def issue(town: Town, contract: Any = None, kind: int = PaperKind.REPORT) -> SettlementPaper:
    return payments.operations.issue_paper(
        kind=kind, contract_id=(contract or town.water).pk, first=NOVEMBER, last=NOVEMBER, on=date(2026, 12, 1)
    )


def test_a_clerk_looks_issues_and_downloads(town: Town):
    clerk = staff_client(roles.ACCOUNTANT)
    asked = {"kind": 1, "contract": town.water.pk, "first": "2026-11", "last": "2026-11"}
    preview = reverse("office:settlement_preview")
    page = text(clerk.get(preview, asked))
    assert "предварительно" in page and "Отчёт агента" in page
    assert clerk.get(preview, {**asked, "form": "pdf"}).content.startswith(b"%PDF")
    assert SettlementPaper.objects.count() == 0
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    done = text(clerk.post(f"{preview}?{query}", follow=True))
    assert "больше не меняются" in done
    paper = SettlementPaper.objects.get()
    assert paper.number in text(clerk.get(reverse("office:settlement_papers")))
    address = reverse("office:settlement_paper", args=[paper.pk])
    assert clerk.get(address, {"form": "pdf"}).content.startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(clerk.get(address, {"form": "xlsx"}).content))
    rows = list(book["3. Перечислено принципалу"].iter_rows(values_only=True))
    net = Remittance.objects.get(contract=town.water).net
    assert Decimal(str(rows[-1][6])).quantize(Decimal("0.01")) == net
    clerk.post(address, {"objection": "сумма не та"})
    assert "сумма не та" in text(clerk.get(address))
    payer = {"kind": 4, "account": town.account.pk, "first": "2026-11", "last": "2026-11"}
    assert "Акт сверки расчётов с плательщиком" in text(clerk.get(preview, payer))
    for bad in ({"kind": 9}, {"kind": 1, "contract": 10**9}, {"kind": 4, "account": "x"}):
        assert clerk.get(preview, bad).status_code == 404


def test_the_way_of_a_payment_is_two_clicks_there_and_back(town: Town):
    clerk = staff_client(roles.ACCOUNTANT)
    payment, remittance = Payment.objects.get(), Remittance.objects.get(contract=town.water)
    way, back = reverse("office:trace", args=[payment.pk]), reverse("office:remittance_trace", args=[remittance.pk])
    assert back in text(clerk.get(way))
    assert way in text(clerk.get(back))
    assert clerk.get(reverse("office:remittance_trace", args=[remittance.pk]), {"page": 99}).status_code == 302
    sheet = text(clerk.get(reverse("office:sheet"), {"day": PAID_ON.isoformat()}))
    assert "Сходится у всех принципалов" in sheet and back in sheet
    assert clerk.get(reverse("office:trace", args=[10**9])).status_code == 404
    cashier = staff_client(roles.CASHIER)
    assert cashier.get(reverse("office:sheet")).status_code == 403


def test_a_supplier_sees_his_own_part_and_his_own_papers(town: Town):
    supplier = client_of(town.accountant)
    payment, remittance = Payment.objects.get(), Remittance.objects.get(contract=town.water)
    page = text(supplier.get(reverse("principal:trace", args=[payment.pk])))
    assert reverse("principal:remittance", args=[remittance.pk]) in page
    assert "700,00" in page
    assert "2 200,00" not in page and "1 500,00" not in page  # what the others got is not his
    assert reverse("principal:trace", args=[payment.pk]) in text(
        supplier.get(reverse("principal:remittance", args=[remittance.pk]))
    )
    own, strange = issue(town), issue(town, town.home)
    listed = text(supplier.get(reverse("principal:papers")))
    assert own.number in listed and strange.number not in listed
    assert supplier.get(reverse("principal:paper-pdf", args=[own.pk])).content.startswith(b"%PDF")
    assert supplier.get(reverse("principal:paper-workbook", args=[own.pk])).status_code == 200
    for name in ("paper-pdf", "paper-workbook"):
        assert supplier.get(reverse(f"principal:{name}", args=[strange.pk])).status_code == 404
    other = make.account()
    make.ink(other, town.home, 8, Month.parse("2026-10"), "10.00")
    later = date(2026, 11, 19)
    latest = payments.operations.record_payment(
        channel="bank", external_id="1", number=other.number, amount=Decimal("10.00"), paid_on=later, day=later,
        today=later,
    )  # fmt: skip
    payments.operations.allocate_payment(latest.pk, day=later)
    assert supplier.get(reverse("principal:trace", args=[latest.pk])).status_code == 404
