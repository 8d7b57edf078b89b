"""Reference books: overlaps are refused in Russian, sheets are previewed and taken in as a whole or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import JournalEntry, Touch
from billing.models import Norm, Tariff
from tests import make

pytestmark = pytest.mark.django_db


def tariff(contract: Any, **facts: Any) -> dict[str, Any]:
    defaults = {
        "contract": contract.pk, "service": 2, "price": "50,12", "valid_from": "01.07.2026", "valid_to": "",
        "act": "приказ № 5", "category": 0, "component": 0, "zone": 0, "tariff_range": 0,
    }  # fmt: skip
    return {**defaults, **facts}


def test_a_tariff_is_entered_with_its_act(admin_client: Client):
    contract = make.contract()
    admin_client.post(reverse("admin:billing_tariff_add"), tariff(contract))
    row = Tariff.objects.get()
    assert (row.price, row.valid_from, row.act) == (Decimal("50.12"), date(2026, 7, 1), "приказ № 5")
    assert JournalEntry.objects.filter(event="billing.tariff.added").count() == 1


def test_a_tariff_of_another_contract_or_service_does_not_overlap_and_an_old_one_is_edited(admin_client: Client):
    one, other = make.contract(), make.contract()
    make.tariff(other, 2, "42.30")
    for facts in (tariff(one), tariff(one, service=3), tariff(other, service=3)):
        assert admin_client.post(reverse("admin:billing_tariff_add"), facts).status_code == 302
    kept = Tariff.objects.get(contract=other, service=3)
    change = reverse("admin:billing_tariff_change", args=[kept.pk])
    assert admin_client.post(change, tariff(other, service=3, price="51,00")).status_code == 302
    assert [
        (row.contract_id, row.service_id, row.price) for row in Tariff.objects.order_by("contract_id", "service_id")
    ] == sorted(
        [
            (one.pk, 2, Decimal("50.12")), (one.pk, 3, Decimal("50.12")),
            (other.pk, 2, Decimal("42.30")), (other.pk, 3, Decimal("51.00")),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"valid_from": "01.01.2026"}, "На эти дни тариф уже задан. Закройте прежний датой."),
        ({"service": 3, "act": ""}, "Обязательное поле"),
        ({"service": 3, "price": "-1"}, "Цена не может быть отрицательной"),
        ({"service": 3, "valid_to": "01.07.2026"}, "Дата окончания должна быть позже даты начала"),
    ],
)
def test_a_wrong_tariff_is_refused_in_russian(admin_client: Client, facts: dict[str, Any], words: str):
    contract = make.contract()
    make.tariff(contract, 2, "42.30")
    answer = admin_client.post(reverse("admin:billing_tariff_add"), tariff(contract, **facts))
    assert words in answer.content.decode()
    assert Tariff.objects.count() == 1


def test_a_volume_of_a_house_asks_for_new_drafts(admin_client: Client):
    house = make.house()
    facts = {"house": house.pk, "service": 5, "month": "01.11.2026", "volume": "120,5", "document": "ведомость"}
    admin_client.post(reverse("admin:billing_housevolume_add"), facts)
    mark = Touch.objects.get()
    assert (mark.house_id, mark.first_month) == (house.pk, date(2026, 11, 1))


def sheet(text: str) -> dict[str, Any]:
    return {"format": "0", "import_file": SimpleUploadedFile("нормативы.csv", text.encode()), "resource": ""}


HEADER = "услуга,группа домов,на что,значение,месяцев,действует с,действует по (не включая),акт\n"


def test_a_sheet_of_norms_is_previewed_then_taken_in(admin_client: Client):
    address = reverse("admin:billing_norm_import")
    rows = HEADER + 'cold_water,1,на человека в месяц,"7,125",12,01.01.2026,,пост. 1\n'
    preview = admin_client.post(address, sheet(rows))
    assert preview.status_code == 200
    assert Norm.objects.count() == 0
    confirm = preview.context["confirm_form"].initial
    admin_client.post(reverse("admin:billing_norm_process_import"), {**confirm, "resource": ""})
    row = Norm.objects.get()
    assert (row.service_id, row.scope, row.value, row.months) == (2, 1, Decimal("7.125"), 12)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("нефть,0,на человека в месяц,7,12,01.01.2026,,акт", "Услуга «нефть» не найдена"),
        ("cold_water,0,на ведро,7,12,01.01.2026,,акт", "на ведро"),
        ("cold_water,0,на человека в месяц,7,12,01.06.2026,,акт", "На эти дни норматив уже задан"),
    ],
)
def test_a_bad_row_of_a_sheet_says_what_is_wrong(admin_client: Client, row: str, words: str):
    make.norm(2, "5")
    preview = admin_client.post(reverse("admin:billing_norm_import"), sheet(HEADER + row + "\n"))
    assert words in preview.content.decode()
    assert Norm.objects.count() == 1


def test_tariffs_are_exported_with_the_names_that_are_read_back(admin_client: Client):
    contract = make.contract()
    make.tariff(contract, 2, "42.30")
    answer = admin_client.post(reverse("admin:billing_tariff_export"), {"format": "0", "resource": ""})
    head, row = answer.content.decode().splitlines()[:2]
    assert head.startswith("договор,ИНН принципала,услуга")
    assert row.startswith(f"{contract.number},{contract.principal.inn},cold_water")
