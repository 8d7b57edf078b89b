"""Dated rows in the admin: a wrong date and an overlap are told beside the form, never a fault."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.fields import Dated
from billing.models import LawValue, Tariff
from tests import make

pytestmark = pytest.mark.django_db
DATED = sorted(
    (model for model in admin.site._registry if issubclass(model, Dated)), key=lambda model: model._meta.label
)


def tariff(**facts: Any) -> dict[str, Any]:
    contract = make.contract()
    defaults = {
        "contract": contract.pk, "service": 2, "price": "10,50", "vat_percent": "", "valid_from": "01.10.2026",
        "valid_to": "", "act": "приказ", "category": 0, "component": 0, "zone": 0, "tariff_range": 0,
        "range_up_to": "",
    }  # fmt: skip
    return {**defaults, **facts}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"valid_to": "01.09.2026"}, "Дата окончания должна быть позже даты начала"),
        ({"valid_to": "01.10.2026"}, "Дата окончания должна быть позже даты начала"),
        ({"valid_from": "01.01.0001"}, "Год должен быть от 1900"),
        ({"valid_to": "31.12.9999"}, "Год должен быть от 1900 до 2200"),
    ],
)
def test_a_tariff_with_wrong_dates_is_not_taken(admin_client: Client, facts: dict[str, Any], words: str):
    answer = admin_client.post(reverse("admin:billing_tariff_add"), tariff(**facts))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Tariff.objects.exists()


def test_a_value_by_law_is_not_given_twice(admin_client: Client):
    facts = {"code": "key_rate_of_test", "value": "16", "valid_from": "01.10.2026", "valid_to": "", "act": "решение"}
    assert admin_client.post(reverse("admin:billing_lawvalue_add"), facts).status_code == 302
    answer = admin_client.post(reverse("admin:billing_lawvalue_add"), {**facts, "valid_from": "01.11.2026"})
    assert "На эти дни значение уже задано" in answer.content.decode()
    assert LawValue.objects.filter(code="key_rate_of_test").count() == 1


@pytest.mark.parametrize("model", DATED, ids=lambda model: model._meta.label)
def test_every_form_of_dated_rows_survives_dates_in_the_wrong_order(admin_client: Client, model: Any):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    if admin_client.get(address).status_code == 403:
        return
    answer = admin_client.post(address, {"valid_from": "01.10.2026", "valid_to": "01.09.2026"})
    assert answer.status_code == 200
