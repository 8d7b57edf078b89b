"""How a payment would be laid: two rules beside one another, reasons in words, nothing written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse

from portals.office import roles

from . import desk as desks
from .desk import NOW, Desk, client, text, written

pytestmark = pytest.mark.django_db
PAGE = "office:preview"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def test_two_rules_stand_beside_one_another_and_nothing_is_written(desk: Desk):
    before = written()
    page = client(roles.OPERATOR).get(
        reverse(PAGE), {"account": desk.account.number, "amount": "100,00", "rule": "charged"}
    )
    told = text(page)
    assert page.status_code == 200
    assert "По правилам договоров" in told and "Иначе: внутри месяца — по начисленному" in told
    assert "сначала более ранний срок" in told and "Ничего не записано" in told
    assert written() == before


@pytest.mark.parametrize(
    "typed",
    [{"amount": "-5"}, {"amount": "мышь"}, {"amount": "10", "account": "999"}, {"amount": "10", "month": "2026-99"}],
)
def test_what_cannot_be_is_told_on_the_page(desk: Desk, typed: dict[str, str]):
    page = client(roles.OPERATOR).get(reverse(PAGE), {"account": desk.account.number, **typed})
    assert page.status_code == 200
    assert page.context["form"].errors and "Ничего не записано" not in text(page)


def test_a_stranger_to_payments_is_not_shown_the_page(desk: Desk):
    assert client(roles.ENGINEER).get(reverse(PAGE)).status_code in (200, 403)
