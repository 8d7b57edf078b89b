"""Papers in the back office: shown first, then carried out, refused in words; documents of houses; the gate's holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

import billing.operations
import billing.queries
from accounts.models import Absence, JournalEntry, Ownership, PersonalAccount
from accounts.operations import AbsenceRefused, record_absence
from billing.models import Correction, Hold, MassCorrection, QualityEvent, UnauthorisedUse
from portals.office import roles
from tests import make
from tests.db.portals import desk
from tests.db.portals.desk import NOVEMBER, OCTOBER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(desk.NOW, tick=False):
        yield


def papers(office: desk.Desk) -> str:
    return reverse("office:papers", args=[office.account.pk])


def send(client: Client, url: str, agreed: bool = False, **facts: Any) -> Any:
    return client.post(url, {**facts, **({"agreed": "1"} if agreed else {})})


def flat_without_meters(office: desk.Desk) -> PersonalAccount:
    """Beside the desk's flat: two people, no meter and none possible; 2 × 5 m³ × 40 ₽ = 400.00 of water a month."""
    place = make.premises(house=office.account.house, meter_impossible=[1, 2, 3, 4])
    return make.account(premises=place, persons=2)


def draft(office: desk.Desk) -> None:
    billing.operations.run_billing(month=NOVEMBER)


def test_an_absence_is_shown_then_recorded() -> None:
    office = desk.build()
    account = flat_without_meters(office)
    draft(office)
    url = reverse("office:papers", args=[account.pk])
    client = desk.client(roles.OPERATOR)
    facts = {"action": "absence", "left_on": "2026-11-01", "back_on": "2026-11-17", "persons": "1",
             "applied_on": "2026-11-18", "document": "справка № 4"}  # fmt: skip
    shown = send(client, url, **facts)
    # one of two away for 15 full days of 30: 5 m³ × 15 / 30 × 40 ₽
    assert "−100,00 ₽" in desk.text(shown)
    assert not Absence.objects.exists()
    assert send(client, url, agreed=True, **facts).status_code == 302
    assert Absence.objects.get().document == "справка № 4"
    rows = billing.queries.charges_of_account(account_id=account.pk, month=NOVEMBER)
    assert [row.amount for row in rows if row.kind == 4] == [Decimal("-100.00")]
    assert JournalEntry.objects.filter(event="accounts.absence.recorded", account=account).exists()
    row = Absence.objects.get().pk
    assert send(client, url, agreed=True, action="withdraw", row=row, ground="справка поддельна").status_code == 302
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"back_on": "2026-11-07"}, "Полных дней отсутствия 5"),
        ({"back_on": "2026-10-01"}, "позже дня отъезда"),
        ({"applied_on": "2026-12-20"}, "позже 30 дней"),
        ({"persons": "3"}, "учтено 2 чел."),
        ({"document": ""}, "Заполните"),
        ({"left_on": "2099-11-01", "back_on": "2099-11-17", "applied_on": "2099-10-30"}, "по уже поданному заявлению"),
    ],
)
def test_an_absence_the_law_gives_nothing_for_is_refused(facts: dict[str, str], words: str) -> None:
    office = desk.build()
    usual = {"action": "absence", "left_on": "2026-11-01", "back_on": "2026-11-17", "persons": "1",
             "applied_on": "2026-11-18", "document": "справка № 4"}  # fmt: skip
    before = desk.written()
    answer = send(desk.client(roles.OPERATOR), papers(office), agreed=True, **{**usual, **facts})
    assert answer.status_code == 422
    assert words in desk.text(answer)
    assert desk.written() == before
    assert not Absence.objects.exists()


def test_an_absence_to_come_is_recorded_by_an_application_that_has_come() -> None:
    """п. 91: an application is taken before the departure, too."""
    office = desk.build()
    facts = {"account_id": office.account.pk, "left_on": date(2026, 12, 1), "back_on": date(2026, 12, 20),
             "document": "билеты", "by": None}  # fmt: skip
    before = desk.written()
    with pytest.raises(AbsenceRefused, match=r"датировано 02\.12\.2026, а сегодня 23\.11\.2026"):
        record_absence(applied_on=date(2026, 12, 2), today=date(2026, 11, 23), **facts)
    with pytest.raises(AbsenceRefused, match="хотя бы один человек"):
        record_absence(applied_on=date(2026, 11, 20), today=date(2026, 11, 23), persons=0, **facts)
    assert desk.written() == before
    record_absence(applied_on=date(2026, 11, 20), today=date(2026, 11, 23), **facts)
    assert Absence.objects.get().valid_from == date(2026, 12, 1)


def test_new_owners_are_written_with_equal_shares() -> None:
    office = desk.build()
    people = [make.person(last_name=name).pk for name in ("Ветрова", "Гайко")]
    client = desk.client(roles.OPERATOR)
    facts = {"action": "owners", "since": "2026-11-10", "person_id": people, "ground": "выписка ЕГРН"}
    assert "Записать" in desk.text(send(client, papers(office), **facts))
    assert send(client, papers(office), agreed=True, **facts).status_code == 302
    now = Ownership.objects.on(date(2026, 11, 10)).filter(premises=office.account.premises_id)
    assert sorted(now.values_list("person_id", "share_denominator")) == [(people[0], 2), (people[1], 2)]
    wrong = send(client, papers(office), agreed=True, **{**facts, "since": "2026-11-11", "shares": "1/2, 1/3"})
    assert "вместе составляют 5/6" in desk.text(wrong)


def test_another_payer_and_a_second_account() -> None:
    office = desk.build()
    client = desk.client(roles.OPERATOR)
    heir = make.person(last_name="Наследникова").pk
    facts = {"action": "payer", "person_id": heir, "ground": "свидетельство о наследстве"}
    assert send(client, papers(office), agreed=True, **facts).status_code == 302
    office.account.refresh_from_db()
    assert office.account.payer_person_id == heir
    opening = {"action": "open", "opened_on": "2026-11-15", "delivery": "1", "person_id": heir, "ground": "решение"}
    refused = send(client, papers(office), agreed=True, **opening)
    assert "уже есть открытый счёт" in desk.text(refused)
    assert PersonalAccount.objects.count() == 1
    assert send(client, papers(office), agreed=True, is_separate="on", **opening).status_code == 302
    assert PersonalAccount.objects.count() == 2


def test_an_act_is_shown_then_charged_then_a_counting_error_undone() -> None:
    office = desk.build()
    client = desk.client(roles.ENGINEER)
    facts = {"action": "act", "service_id": "2", "kind": "1", "started_on": "2026-11-01", "act_on": "2026-11-11",
             "capacity": "0,5", "act": "№ 7"}  # fmt: skip
    shown = desk.text(send(client, papers(office), **facts))
    assert "будет начислено 4 800,00 ₽" in shown  # 0.5 m³/h × 24 × 10 days × 40 ₽
    assert not UnauthorisedUse.objects.exists()
    assert send(client, papers(office), agreed=True, **facts).status_code == 302
    row = UnauthorisedUse.objects.get()
    assert row.amount == Decimal("4800.00")
    assert "№ 7, Холодное водоснабжение" in desk.text(client.get(papers(office)))
    assert send(client, papers(office), action="undo", row=row.pk, ground="труба вдвое уже").status_code == 302
    assert sum(UnauthorisedUse.objects.values_list("amount", flat=True)) == 0
    assert desk.client(roles.OPERATOR).post(papers(office), facts).status_code == 403


def test_a_document_of_a_house_is_shown_made_and_undone() -> None:
    office = desk.build()
    client = desk.client(roles.ENGINEER)
    url = reverse("office:mass_corrections")
    facts = {"action": "make", "house_id": office.account.house_id, "number": "5-М", "service_id": "8",
             "first_month": "2026-10", "last_month": "2026-10", "rule": "1", "value": "-25", "component": "0",
             "basis": "предписание № 3", "reason": "не убирали"}  # fmt: skip
    shown = desk.text(send(client, url, **facts))
    assert "Счетов 1: было 1 000,00 ₽, документ −250,00 ₽" in shown
    assert not Correction.objects.exists()
    assert send(client, url, agreed=True, **facts).status_code == 302
    document = MassCorrection.objects.get()
    rows = billing.queries.charges_of_account(account_id=office.account.pk, month=NOVEMBER)
    assert [(row.for_month, row.amount) for row in rows if row.kind == 4] == [(OCTOBER.first, Decimal("-250.00"))]
    assert "уже проведён" in desk.text(send(client, url, agreed=True, **facts))
    undo = {"action": "reverse", "row": document.pk, "number": "5-М/с", "basis": "решение суда", "reason": "отменено"}
    assert send(client, url, **undo).status_code == 302
    rows = billing.queries.charges_of_account(account_id=office.account.pk, month=NOVEMBER)
    assert [row for row in rows if row.kind == 4] == []
    assert "сторнирован № 5-М/с" in desk.text(client.get(url))


def test_a_document_without_a_house_is_refused() -> None:
    desk.build()
    client = desk.client(roles.ENGINEER)
    facts = {"number": "5-М", "service_id": "8", "first_month": "2026-10", "last_month": "2026-10", "rule": "1",
             "value": "-25", "component": "0", "basis": "а", "reason": "б"}  # fmt: skip
    answer = send(client, reverse("office:mass_corrections"), agreed=True, **facts)
    assert answer.status_code == 422
    assert "Выберите хотя бы один дом" in desk.text(answer)
    assert desk.client(roles.CASHIER).post(reverse("office:mass_corrections"), facts).status_code == 403


def test_an_act_of_quality_is_shown_then_recorded() -> None:
    office = desk.build()
    client = desk.client(roles.ENGINEER)
    url = reverse("office:quality")
    # the desk's flat has a meter that is silent in November: 10 m³ × 40 ₽ by its average
    facts = {"house_id": office.account.house_id, "breach": "1", "started_at": "2026-10-10T08:00",
             "ended_at": "2026-10-11T08:00", "act": "акт № 9"}  # fmt: skip
    shown = desk.text(send(client, url, **facts))
    # October 400.00: 24 − 8 hours beyond the allowed, or 20 at once: 20 × 0.15 % = 3 %
    assert "−12,00 ₽" in shown
    assert not QualityEvent.objects.exists()
    assert send(client, url, agreed=True, **facts).status_code == 302
    assert QualityEvent.objects.get().act == "акт № 9"
    again = send(client, url, agreed=True, **facts)
    assert "уже покрыто актом «акт № 9»" in desk.text(again)
    inside = send(client, url, **facts | {"flat": office.account.premises.number, "started_at": "2026-10-10T20:00"})
    assert "уже покрыто актом «акт № 9» по дому" in desk.text(inside)
    assert "Выберите дом." in desk.text(send(client, url, **facts | {"house_id": "99999"}))
    assert "длиннее года" in desk.text(send(client, url, **facts | {"ended_at": "2036-10-11T08:00"}))
    assert "Часов больше" in desk.text(send(client, url, **facts | {"hours": "999"}))
    assert QualityEvent.objects.count() == 1


def test_houses_are_found_by_words() -> None:
    office = desk.build()
    client = desk.client(roles.ENGINEER)
    found = client.get(reverse("office:houses"), {"q": "чкалова"})
    assert office.account.house.number in desk.text(found)
    assert "Не найдено" in desk.text(client.get(reverse("office:houses"), {"q": "неведомая"}))


def test_the_gate_is_on_the_page_of_the_month_and_holds_with_one_click() -> None:
    office = desk.build()
    make.reading(office.meter, date(2026, 11, 18), "300")
    draft(office)
    client = desk.client(roles.ENGINEER)
    url = reverse("office:oddities")
    told = desk.text(client.get(url, {"month": "2026-11"}))
    # 190 m³ against 10 m³: 7600.00 − 400.00
    assert "Замечаний 1, на кону 7 200,00 ₽" in told
    assert "расход 190 м³, месяцем раньше 10 м³" in told
    month = reverse("office:month") + "?month=2026-11"
    facts = {"action": "hold", "kind": "burst", "account_id": office.account.pk, "service_id": "2"}
    assert client.post(month, facts).status_code == 302
    assert Hold.objects.get().cause.startswith("Расход вырос впятеро")
    assert "Необычного в черновиках нет" in desk.text(client.get(url, {"month": "2026-11"}))
    client.post(month, facts)  # a second click finds nothing to hold
    assert Hold.objects.count() == 1
