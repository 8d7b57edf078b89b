"""Actions of the account page call operations; a refusal keeps what was typed and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from zeal import zeal_ignore

import billing.queries
from accounts.models import Meter, PremisesArea, Reading, ReadingSource, ReadingVerdict, Residency
from billing.models import Hold
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOVEMBER, NOW, TODAY, Desk, client, text, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def charged(desk: Desk) -> Decimal:
    return billing.queries.totals_by_month(account_id=desk.account.pk, months=[NOVEMBER])[NOVEMBER]


def reading(desk: Desk, value: str, **more: Any) -> dict[str, Any]:
    prefix = f"m{desk.meter.pk}-"
    facts = {f"{prefix}on": TODAY.isoformat(), f"{prefix}zone_1": value}
    return {"action": "reading", "meter": desk.meter.pk, **facts, **more}


def test_a_reading_is_taken_and_the_running_bill_follows(desk: Desk):
    answer = client(roles.OPERATOR).post(desk.card, reading(desk, "123,5"), follow=True)
    assert "Расход: 13,5 м³. Учтётся за ноябрь 2026" in text(answer)
    row = Reading.objects.get(meter=desk.meter, day=TODAY)
    assert (row.value, row.source) == (Decimal("123.5"), ReadingSource.OPERATOR)
    assert charged(desk) == Decimal("1540.00")


def test_a_reading_below_the_last_is_refused_in_words_and_kept_typed(desk: Desk):
    before = written()
    answer = client(roles.OPERATOR).post(desk.card, reading(desk, "90"))
    assert answer.status_code == 422
    assert "меньше предыдущего" in text(answer)
    assert 'value="90"' in answer.content.decode()
    assert written() == before


def test_an_unlikely_reading_asks_once_more(desk: Desk):
    operator = client(roles.OPERATOR)
    before = written()
    answer = operator.post(desk.card, reading(desk, "400"))
    assert "Цифры верны, внести" in text(answer)
    assert written() == before
    operator.post(desk.card, reading(desk, "400", confirmed="1"))
    assert Reading.objects.get(meter=desk.meter, day=TODAY).verdict == ReadingVerdict.CONFIRMED


def test_nonsense_in_a_reading_is_understood_as_such(desk: Desk):
    before = written()
    answer = client(roles.OPERATOR).post(desk.card, reading(desk, "сто"))
    assert "Нужно число" in text(answer)
    assert written() == before


def test_a_meter_of_another_flat_is_not_found(desk: Desk):
    stranger = make.meter(premises=make.account().premises)
    data = {**reading(desk, "1"), "meter": stranger.pk}
    assert client(roles.OPERATOR).post(desk.card, data).status_code == 404


def test_a_change_of_area_shows_its_roubles_before_it_is_saved(desk: Desk):
    operator = client(roles.OPERATOR)
    facts = {"action": "area", "since": "2026-11-01", "total_area_m2": "60", "ground": "выписка из ЕГРН"}
    before = (written(), charged(desk))
    answer = operator.post(desk.card, facts)
    assert "начислено станет 1 600,00 ₽ вместо 1 400,00 ₽: +200,00 ₽" in text(answer)
    assert 'value="выписка из ЕГРН"' in answer.content.decode()
    assert (written(), charged(desk)) == before
    assert PremisesArea.objects.count() == 1
    answer = operator.post(desk.card, {**facts, "agreed": "1"}, follow=True)
    assert "Площадь изменена с 01.11.2026" in text(answer)
    assert PremisesArea.objects.get(valid_to=None).total_area_m2 == 60


def test_a_resident_is_settled_and_moves_out(desk: Desk):
    operator, person = client(roles.OPERATOR), make.person(last_name="Новиков")
    facts = {
        "action": "settle",
        "since": "2026-11-01",
        "kind": "1",
        "persons": "1",
        "person_id": person.pk,
        "agreed": "1",
    }
    operator.post(desk.card, facts)
    row = Residency.objects.get(person=person)
    assert (row.valid_from, row.valid_to) == (date(2026, 11, 1), None)
    leave = {
        "action": "move_out",
        "residency": row.pk,
        f"o{row.pk}-residency_id": row.pk,
        f"o{row.pk}-on": "2026-11-15",
    }
    operator.post(desk.card, {**leave, "agreed": "1"})
    row.refresh_from_db()
    assert row.valid_to == date(2026, 11, 15)


def test_moving_out_before_moving_in_is_refused(desk: Desk):
    row = Residency.objects.get()
    before = written()
    prefix = f"o{row.pk}-"
    leave = {"action": "move_out", "residency": row.pk, f"{prefix}residency_id": row.pk, f"{prefix}on": "2019-01-01"}
    answer = client(roles.OPERATOR).post(desk.card, {**leave, "agreed": "1"})
    assert answer.status_code == 422
    assert "выбыть можно только позже" in text(answer)
    assert written() == before


def test_persons_are_offered_by_the_beginning_of_the_name(desk: Desk):
    answer = client(roles.OPERATOR).get(reverse("office:persons"), {"name": "клим"})
    assert "Климова Анна" in text(answer)


def test_a_meter_is_replaced_with_both_readings(desk: Desk):
    prefix = f"r{desk.meter.pk}-"
    facts = {
        "on": "2026-11-10", "serial": "НОВ-1", "digits": "5", "ground": "акт № 5", "zone_1": "115", "start_1": "0",
        "verified_until": "2032-11-10",
    }  # fmt: skip
    data = {"action": "replace", "meter": desk.meter.pk, **{prefix + name: value for name, value in facts.items()}}
    with zeal_ignore():  # two readings of two meters, each under its lock
        answer = client(roles.OPERATOR).post(desk.card, data, follow=True)
    assert "заменён на № НОВ-1" in text(answer)
    desk.meter.refresh_from_db()
    assert desk.meter.removed_on == date(2026, 11, 10)
    assert Meter.objects.get(serial="НОВ-1").replaces_id == desk.meter.pk


def test_an_account_is_held_by_the_engineer_and_released(desk: Desk):
    engineer = client(roles.ENGINEER)
    engineer.post(desk.card, {"action": "hold", "ground": "нулевой расход"})
    row = Hold.objects.get()
    assert (row.account_id, row.month, row.cause, row.released_at) == (
        desk.account.pk, NOVEMBER.first, "нулевой расход", None,
    )  # fmt: skip
    assert "Удержан за ноябрь 2026: нулевой расход" in text(engineer.get(desk.card))
    engineer.post(desk.card, {"action": "release", "hold_id": row.pk})
    row.refresh_from_db()
    assert row.released_at is not None


@pytest.mark.parametrize(
    ("role", "action"),
    [
        (roles.CASHIER, "area"), (roles.CASHIER, "settle"), (roles.ACCOUNTANT, "reading"), (roles.OPERATOR, "hold"),
        (roles.CASHIER, "redraft"), (roles.ACCOUNTANT, "close"),
    ],
)  # fmt: skip
def test_an_action_without_the_right_is_forbidden(desk: Desk, role: str, action: str):
    before = written()
    assert client(role).post(desk.card, {"action": action}).status_code == 403
    assert written() == before


def test_an_unknown_action_is_404(desk: Desk):
    assert client(roles.ADMINISTRATOR).post(desk.card, {"action": "drop"}).status_code == 404


def test_redraft_tells_the_new_sum(desk: Desk):
    answer = client(roles.OPERATOR).post(desk.card, {"action": "redraft"}, follow=True)
    assert "Рассчитано за ноябрь 2026: 1 400,00 ₽" in text(answer)


def test_doubtful_readings_wait_in_a_queue(desk: Desk):
    row = make.reading(desk.meter, TODAY, "400", verdict=ReadingVerdict.DOUBTFUL, counts=False)
    operator, queue = client(roles.OPERATOR), reverse("office:readings")
    assert "400" in text(operator.get(queue))
    key = f"{desk.meter.pk}|{TODAY.isoformat()}|{row.source}"
    refused = operator.post(queue, {"key": key, "verdict": "reject", "ground": ""}, follow=True)
    assert "почему показание отклонено" in text(refused)
    operator.post(queue, {"key": key, "verdict": "confirm"})
    assert Reading.objects.get(meter=desk.meter, day=TODAY).verdict == ReadingVerdict.CONFIRMED
