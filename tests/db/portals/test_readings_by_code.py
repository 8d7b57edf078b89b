"""Readings from the paper in the hand: its code opens the meters, nothing else does, and nothing tells what exists."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Reading
from portals import limits

from .test_resident_pages import client, text, town  # noqa: F401
from .town import NOW, TODAY, Town

pytestmark = pytest.mark.django_db


def opened(visitor: Client, town: Town) -> dict[str, str]:  # noqa: F811
    asked = {"number": town.account.number, "code": "482 917"}
    page = text(visitor.post(reverse("readings-by-code"), asked))
    assert "Было <strong" in page
    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found
    return {"proof": found[1], f"m{town.cold.pk}-zone_1": "128,5"}


def test_the_paper_leads_to_readings_and_the_number_is_filled_in(town: Town):  # noqa: F811
    visitor = Client()
    number = f"{town.account.number}-202610-1"
    page = text(visitor.get(reverse("document-why", args=[number])))
    link = reverse("readings-by-code", args=[town.account.number])
    assert link in page
    page = text(visitor.get(link))
    assert f'value="{town.account.number}"' in page and "Было" not in page


def test_the_code_opens_the_meters_and_the_reading_gets_a_receipt(town: Town):  # noqa: F811
    visitor = Client()
    page = text(visitor.post(reverse("readings-by-code"), opened(visitor, town)))
    assert "Номер приёма" in page and "ноябрь 2026" in page
    taken = Reading.objects.get(meter=town.cold, day=TODAY)
    assert str(taken.value.normalize()) == "128.5"


def test_a_wrong_code_and_an_unknown_number_look_the_same(town: Town):  # noqa: F811
    answers = set()
    for number in (town.account.number, "999999999"):
        page = text(Client().post(reverse("readings-by-code"), {"number": number, "code": "000000"}))
        assert "Номер и код не подошли" in page
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
        answers.add(page.replace(number, "…"))
    assert len(answers) == 1


def test_tries_are_counted(town: Town):  # noqa: F811
    statuses = [
        Client().post(reverse("readings-by-code"), {"number": town.account.number, "code": str(n)}).status_code
        for n in range(11)
    ]
    assert statuses == [200] * 10 + [429]


def test_an_old_or_foreign_proof_opens_nothing(town: Town):  # noqa: F811
    visitor = Client()
    fields = opened(visitor, town)
    before = Reading.objects.count()
    assert visitor.post(reverse("readings-by-code"), {**fields, "proof": "x:y:z"}).status_code == 403
    with time_machine.travel(NOW, tick=False) as clock:
        clock.shift(timedelta(minutes=31))
        assert visitor.post(reverse("readings-by-code"), fields).status_code == 403
    assert Reading.objects.count() == before


def test_a_stranger_uses_up_his_own_tries_and_never_the_owners(town: Town, mailoutbox: list[Any]):  # noqa: F811
    page, number = reverse("readings-by-code"), town.account.number
    wrong = {"number": number, "code": "000000"}
    owner, afar, beside = Client(), {"REMOTE_ADDR": "203.0.113.9"}, Client()
    assert "Было" in text(owner.post(page, {**wrong, "code": "482917"}))
    for _ in range(11):
        last = Client().post(page, wrong)
    assert last.status_code == 429 and "назовите свою почту" in text(last)
    # another place has its own tries, a device that proved the number has too, at every door
    assert "Было" in text(Client().post(page, {**wrong, "code": "482917"}, **afar))
    assert owner.post(reverse("enter"), {**wrong, "code": "482917"}).status_code == 302
    # whoever shares the stranger's address goes on with a letter, to any e-mail
    asked = {"number": number, "code": "482917", "email": "anna@test.example"}
    sent = text(beside.post(page, asked))
    assert "Письмо отправлено на anna@test.example" in sent and "Было" not in sent
    digits = re.search(r"\d{6}", mailoutbox[-1].body)
    assert digits
    missed = beside.post(page, {**asked, "letter": "12" + digits[0][:4]})
    assert missed.status_code == 429 and "Цифры из письма не подошли" in text(missed)
    assert "Было" in text(beside.post(page, {**asked, "letter": digits[0]}))
    # one letter is five tries
    statuses = {beside.cookies.clear() or beside.post(page, {**asked, "letter": digits[0]}).status_code for _ in "1234"}
    assert statuses == {200, 429}


def test_a_number_that_is_not_ours_is_asked_for_a_letter_alike(town: Town, mailoutbox: list[Any]):  # noqa: F811
    answers = set()
    for number in (town.account.number, "999999999"):
        for _ in range(11):
            page = text(Client().post(reverse("readings-by-code"), {"number": number, "code": "000000"}))
        answers.add(re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page).replace(number, "…"))
        cache.delete(limits._place("code", "127.0.0.1"))
    assert len(answers) == 1


def test_tries_from_many_places_together_lead_to_a_letter(town: Town, monkeypatch: pytest.MonkeyPatch):  # noqa: F811
    monkeypatch.setattr(limits, "OF_NUMBER", 3)
    wrong = {"number": town.account.number, "code": "000000"}
    statuses = [
        Client().post(reverse("readings-by-code"), wrong, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
