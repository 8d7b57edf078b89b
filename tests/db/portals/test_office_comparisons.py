"""Before posting: the difference of two months by cause, and a price or a norm that is not in force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.models import Charge
from portals.office import roles
from portals.office.views import comparisons
from tests import make

from . import desk as desks
from .desk import NOW, Desk, client, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def test_what_was_not_charged_a_year_ago_is_charged_for_the_first_time(desk: Desk) -> None:
    answer = client(roles.ENGINEER).get(reverse("office:differences"), {"month": "2026-11", "way": "year"})
    told = answer.context["told"]
    assert [(words, amount) for words, _count, amount in told.causes] == [("Начислено впервые", 1400)]
    assert (told.total, sum(row[3] for row in told.services), told.houses[0][2]) == (1400, 1400, 1400)
    assert "Разница всего" in text(answer)


def test_a_month_that_nobody_touched_differs_by_nothing_from_today(desk: Desk) -> None:
    page = text(client(roles.ENGINEER).get(reverse("office:differences"), {"month": "2026-11", "way": "now"}))
    assert "Разницы нет: все строки совпали до копейки." in page


def test_a_dearer_service_is_shown_with_its_losers_and_writes_nothing(desk: Desk) -> None:
    before = list(Charge.objects.order_by("pk").values_list("pk", "amount"))
    asked = {"month": "2026-11", "what": "1", "service_id": "8", "value": "21", "contract_id": ""}
    answer = client(roles.ENGINEER).get(reverse("office:what_if"), asked)
    outcome = answer.context["outcome"]
    assert (outcome.losers, outcome.winners) == (1, 0)
    assert outcome.after - outcome.before == 50  # one rouble more for each of the 50 m²
    assert "Платят больше: 1 счёт 50,00 ₽" in text(answer)
    assert list(Charge.objects.order_by("pk").values_list("pk", "amount")) == before


def test_a_value_that_is_no_number_is_told_beside_its_field(desk: Desk) -> None:
    asked = {"month": "2026-13", "what": "1", "service_id": "8", "value": "дорого"}
    answer = client(roles.ENGINEER).get(reverse("office:what_if"), asked)
    assert answer.status_code == 400
    assert {"month", "value"} == set(answer.context["form"].errors)
    assert 'value="дорого"' in answer.content.decode()


def test_a_region_is_left_to_the_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 0)
    page = text(client(roles.ENGINEER).get(reverse("office:differences"), {"month": "2026-11"}))
    assert "выполните команду «diff_runs 2026-10 2026-11», она считает весь регион" in page


def test_only_those_who_see_the_month_compare_it(desk: Desk) -> None:
    visitor = Client()
    visitor.force_login(make.user(is_staff=True))
    for name in ("differences", "what_if"):
        assert visitor.get(reverse(f"office:{name}")).status_code == 403


def test_a_month_that_nobody_opened_is_refused_with_the_months_there_are(desk: Desk) -> None:
    asked = {"month": "2030-11", "what": 1, "service_id": 2, "value": "10"}
    answer = client(roles.ENGINEER).get(reverse("office:what_if"), asked)
    assert answer.status_code == 400
    assert "За ноябрь 2030 начисления не ведутся. Выберите месяц из открытых" in answer.content.decode()
    assert answer.context["outcome"] is None
