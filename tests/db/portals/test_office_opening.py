"""Opening the first account of premises: seen first, then all of it at once; a refusal writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import (
    JournalEntry,
    Meter,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    Reading,
    Residency,
    Touch,
)
from billing.models import Charge
from portals.office import roles
from tests import make

from .desk import NOVEMBER, NOW, Desk, build, client, text

pytestmark = pytest.mark.django_db
ROWS = (
    JournalEntry, Meter, Ownership, Person, PersonalAccount, Premises, PremisesArea, Reading, Residency, Touch, Charge,
)  # fmt: skip


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield build()


def written() -> list[int]:
    return [model.objects.count() for model in ROWS]


def sent(desk: Desk, **changes: Any) -> dict[str, Any]:
    """Flat 77 of the desk's house, two residents, a meter of cold water commissioned in October."""
    facts = {
        "house_id": desk.account.house_id, "person_id": make.person(last_name="Новоселов").pk, "kind": 1,
        "number": "77", "opened_on": "2026-11-01", "total_area_m2": "40,5", "residents": "2", "delivery": "1",
        "ground": "договор купли-продажи № 5", "m1-resource": "1", "m1-serial": "СВ-1", "m1-on": "2026-11-02",
        "m1-digits": "5", "m1-zone_1": "12,5",
    }  # fmt: skip
    for number in (2, 3, 4):
        facts |= {f"m{number}-on": "2026-11-20", f"m{number}-digits": "5"}
    facts |= changes
    return {name: value for name, value in facts.items() if value is not None}


def address() -> str:
    return reverse("office:open_home")


def test_the_first_bill_is_shown_and_nothing_is_written(desk: Desk):
    facts, operator = sent(desk), client(roles.OPERATOR)
    before = written()
    answer = operator.post(address(), facts)
    assert answer.status_code == 200
    # 40.5 m² · 20 of maintenance; the meter is charged by from December, so November is 2 · 5 m³ by the norm · 40
    assert answer.context["foreseen"].amount == Decimal("810.00") + Decimal("400.00") + uplift(answer)
    assert "Открыть счёт" in text(answer)
    assert written() == before


def uplift(answer: Any) -> Decimal:
    """Of cold water where a meter could be: twice the norm again (K = 3)."""
    return sum((row.amount for row in answer.context["foreseen"].charges if row.kind == 2), Decimal(0))


def test_an_account_is_opened_with_all_that_was_told(desk: Desk):
    operator, facts = client(roles.OPERATOR), sent(desk)
    answer = operator.post(address(), {**facts, "agreed": "1"})
    account = PersonalAccount.objects.get(premises__number="77")
    assert answer.headers["Location"] == reverse("office:card", args=[account.pk])
    assert account.payer_person_id == facts["person_id"]
    assert [(row.total_area_m2, row.rooms) for row in account.premises.areas.all()] == [(Decimal("40.5"), 1)]
    assert [(row.persons, row.valid_from) for row in Residency.objects.filter(premises=account.premises)] == [
        (2, NOVEMBER.first)
    ]
    assert Ownership.objects.get(premises=account.premises).share_denominator == 1
    meter = Meter.objects.get(premises=account.premises)
    assert [(row.value, row.day.isoformat()) for row in meter.readings.all()] == [(Decimal("12.5"), "2026-11-02")]
    told = set(JournalEntry.objects.filter(ground="договор купли-продажи № 5").values_list("event", flat=True))
    assert told == {
        "accounts.premises.added", "accounts.account.opened", "accounts.ownership.registered",
        "accounts.resident.settled", "accounts.meter.installed",
    }  # fmt: skip


def test_an_organisation_pays_for_premises_that_are_there(desk: Desk):
    office = make.premises(house=desk.account.house, number="1Н", kind=3)
    owner = make.organisation()
    facts = sent(
        desk, person_id=None, organisation_id=owner.pk, kind=3, number="1н", total_area_m2="", residents="0",
        **{"agreed": "1", "m1-resource": "", "m1-serial": "", "m1-zone_1": "", "m1-on": "2026-11-20"},
    )  # fmt: skip
    assert client(roles.OPERATOR).post(address(), facts).status_code == 302
    account = PersonalAccount.objects.get(premises=office)
    assert (account.payer_organisation_id, Meter.objects.filter(premises=office).count()) == (owner.pk, 0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"house_id": None}, "Выберите дом"),
        ({"house_id": "999999"}, "Выберите дом"),
        ({"person_id": None}, "Укажите плательщика"),
        ({"number": ""}, "Укажите номер помещения"),
        ({"total_area_m2": ""}, "Укажите его площадь"),
        ({"total_area_m2": "0"}, "больше нуля"),
        ({"total_area_m2": "сорок"}, "Нужно число"),
        ({"living_area_m2": "41"}, "Жилая площадь больше общей"),
        ({"ground": ""}, "Заполните"),
        ({"opened_on": "32.11.2026"}, "Дата не понята"),
        ({"kind": "2"}, "Укажите номер квартиры, в которой комната"),
        ({"flat": "5"}, "только для комнаты"),
        ({"m1-serial": ""}, "Заполните"),
        ({"m1-zone_1": "123456"}, "невозможно"),
        ({"m1-on": "2026-12-01"}, "ещё не наступила"),
        ({"m1-zone_2": "5"}, "только у счётчика электричества"),
        ({"m1-zone_3": "5"}, "Указано Т3, а Т2 нет"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(desk: Desk, changes: dict[str, Any], told: str):
    facts, operator = sent(desk, **changes), client(roles.OPERATOR)
    before = written()
    for agreed in ({}, {"agreed": "1"}):
        answer = operator.post(address(), {**facts, **agreed})
        assert answer.status_code == 422
        assert told in text(answer)
    assert written() == before


def test_premises_with_an_account_are_refused(desk: Desk):
    facts = sent(desk, number=desk.account.premises.number, total_area_m2="")
    operator = client(roles.OPERATOR)
    before = written()
    assert desk.account.number in text(operator.post(address(), {**facts, "agreed": "1"}))
    assert written() == before


def test_only_those_who_may_change_accounts_open_them(desk: Desk):
    assert client(roles.CASHIER).get(address()).status_code == 403
    assert client(roles.OPERATOR).get(address(), {"house_id": desk.account.house_id}).status_code == 200


def test_the_page_of_a_house_leads_here(desk: Desk):
    house = desk.account.house_id
    action = reverse("admin:accounts_house_open_home", args=[house])
    answer = client(roles.OPERATOR).get(action, follow=True)
    assert answer.redirect_chain[-1][0].endswith(f"/open/?house_id={house}")
    assert [pk for pk, _ in answer.context["houses"]] == [house]


def test_a_search_without_result_leads_here(desk: Desk):
    page = client(roles.OPERATOR).get(reverse("office:search"), {"q": "нет такого дома"})
    assert address() in page.content.decode()
