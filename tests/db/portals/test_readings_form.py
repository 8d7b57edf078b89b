"""Readings in: a receipt, the month, the usage; a refusal keeps what was typed; the running bill changes at once."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from zeal import zeal_ignore

from accounts.models import JournalEntry, Reading
from portals import queries
from tests import make

from . import town as towns
from .test_access import client_of
from .test_resident_pages import text
from .town import NOVEMBER, NOW, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build(months=4)


@pytest.fixture
def client(town: Town) -> Client:
    return client_of(town.resident)


def send(client: Client, town: Town, *, htmx: bool = True, **values: str) -> str:
    """values: cold, light, cold_confirmed."""
    data = {}
    for name, value in values.items():
        meter, _, what = name.partition("_")
        data[f"m{getattr(town, meter).pk}-{what or 'zone_1'}"] = value
    headers = {"HX-Request": "true"} if htmx else {}
    with zeal_ignore([{"model": "accounts.*"}]):  # each meter is a transaction of its own, by design
        return text(client.post(reverse("resident:readings", args=[town.account.number]), data, headers=headers))


def taken(town: Town) -> list[tuple[int, Decimal]]:
    return list(Reading.objects.filter(day=towns.TODAY).order_by("meter").values_list("meter", "value"))


def test_a_reading_gives_a_receipt_and_changes_the_running_bill(town: Town, client: Client):
    before = queries.month_bill(town.account.pk, NOVEMBER).total
    page = send(client, town, cold="128,5")
    number = f"{JournalEntry.objects.get(event='accounts.reading.submitted').pk:08}"
    assert f"Номер приёма <strong>{number}</strong>" in page
    assert "Учтём за <strong>ноябрь 2026</strong>" in page
    assert "8,5 м³" in page  # last was 120
    assert taken(town) == [(town.cold.pk, Decimal("128.5"))]
    after = queries.month_bill(town.account.pk, NOVEMBER)
    water = next(row for row in after.rows if row.title == "Холодное водоснабжение")
    assert (water.volume, water.amount) == (Decimal("8.5"), Decimal("340.00"))
    assert after.total != before
    assert 'id="running"' in page and 'hx-swap-oob="true"' in page


def test_both_meters_go_in_one_press_and_the_empty_one_is_left_alone(town: Town, client: Client):
    page = send(client, town, cold="125", light="1450")
    assert page.count("Номер приёма") == 2
    assert {value for _, value in taken(town)} == {Decimal("125"), Decimal("1450")}
    again = send(client, town, cold="126", light="")
    assert again.count("Номер приёма") == 1


def test_a_smaller_reading_is_refused_with_the_reason_and_kept_in_the_field(town: Town, client: Client):
    page = send(client, town, cold="99", light="1450")
    assert "меньше предыдущего" in page
    assert 'value="99"' in page
    assert page.count("Номер приёма") == 1  # the other meter stands by itself
    assert taken(town) == [(town.light.pk, Decimal("1450"))]


@pytest.mark.parametrize("typed", ["сто", "1.2.3", "--5", "1e3", "NaN"])
def test_what_is_no_number_is_refused_and_kept(town: Town, client: Client, typed: str):
    page = send(client, town, cold=typed)
    assert "Здесь нужно число" in page and f'value="{typed}"' in page
    assert taken(town) == []


def test_a_negative_or_impossible_value_is_refused(town: Town, client: Client):
    assert "не может быть отрицательным" in send(client, town, cold="-5")
    assert "знаков" in send(client, town, cold="1234567")
    assert taken(town) == []


def test_a_doubtful_value_asks_and_is_taken_once_confirmed(town: Town, client: Client):
    page = send(client, town, cold="900")
    assert "намного больше обычного" in page and 'value="900"' in page
    assert f'name="m{town.cold.pk}-confirmed"' in page
    assert taken(town) == []
    page = send(client, town, cold="900", cold_confirmed="on")
    assert "Номер приёма" in page
    assert taken(town) == [(town.cold.pk, Decimal("900"))]


def test_an_empty_form_says_what_to_do(town: Town, client: Client):
    assert "Введите показание хотя бы одного счётчика" in send(client, town, cold="", light=" ")
    assert taken(town) == []


def test_script_in_a_field_comes_back_as_text(town: Town, client: Client):
    page = send(client, town, cold='"><script>alert(1)</script>')
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_without_a_script_the_whole_page_answers(town: Town, client: Client):
    page = send(client, town, htmx=False, cold="125")
    assert "<html" in page and "Номер приёма" in page and "История" in page


def test_after_the_window_a_reading_counts_for_the_next_month(client: Client, town: Town):
    with time_machine.travel("2026-11-27T12:00:00+05:00", tick=False):
        client = client_of(town.resident)
        assert "Учтём за <strong>декабрь 2026</strong>" in send(client, town, cold="125")


def test_a_meter_of_another_flat_is_not_in_the_form(town: Town, client: Client):
    stranger = make.meter(premises=town.neighbour.premises, resource=1)
    send_raw = {f"m{stranger.pk}-zone_1": "500"}
    page = text(client.post(reverse("resident:readings", args=[town.account.number]), send_raw))
    assert "Введите показание хотя бы одного счётчика" in page
    assert not Reading.objects.filter(meter=stranger).exists()
