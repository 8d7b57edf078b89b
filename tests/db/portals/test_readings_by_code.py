"""Readings from the paper in the hand: its code opens the meters, nothing else does, and nothing tells what exists."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Reading

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
