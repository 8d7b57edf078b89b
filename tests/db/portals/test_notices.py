"""Users learn what is new, each thing once; letters go where they are wanted and never to who has lost the access."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

import epd.operations
from accounts.models import Meter
from billing.models import Breach, QualityEvent
from portals import operations, tasks
from portals.models import AccountLink, HouseWork, Notice, NoticeKind
from tests import make

from . import town as towns
from .test_access import client_of
from .town import NOW, OCTOBER, Town

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Yekaterinburg")


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        built = towns.build()
        AccountLink.objects.update(linked_at=timezone.now() - timedelta(days=60))
        yield built


def titles(town: Town) -> list[tuple[int, str]]:
    rows = Notice.objects.filter(user=town.resident).order_by("kind", "pk").values_list("kind", "title")
    return [(kind, title.replace("\u202f", " ")) for kind, title in rows]


def test_everything_new_is_told_once_to_whom_it_concerns(town: Town):
    day = towns.TODAY
    epd.operations.issue_month(month=OCTOBER, day=day)
    town.pay("700.00", day)
    Meter.objects.filter(pk=town.cold.pk).update(verified_until=date(2026, 12, 10))
    Meter.objects.filter(pk=town.light.pk).update(verified_until=date(2027, 12, 10))
    HouseWork.objects.create(
        house=town.house, service_id=2, reason="Ремонт ввода", starts_at=datetime(2026, 11, 25, 9, tzinfo=ZONE),
        ends_at=datetime(2026, 11, 25, 17, tzinfo=ZONE),
    )  # fmt: skip
    act = {"house": town.house, "service_id": 2, "act": "акт 1", "breach": Breach.COLD_WATER_OFF}
    hours = {"started_at": datetime(2026, 11, 18, 9, tzinfo=ZONE), "ended_at": datetime(2026, 11, 19, 9, tzinfo=ZONE)}
    QualityEvent.objects.create(**act, **hours)
    QualityEvent.objects.create(**act, **hours, premises=town.neighbour.premises)  # of the neighbour alone
    for _ in range(2):
        tasks.make_notices()
    told = titles(town)
    assert [kind for kind, _ in told] == [1, 2, 4, 5, 5]
    assert told[0][1] == "Квитанция за октябрь 2026: 2 200,00 ₽"
    assert told[1][1] == "Получен платёж 700,00 ₽"
    assert told[2][1] == "Поверка счётчика № СВ-100 действует до 10.12.2026"
    assert told[3][1] == "Отключение: Холодное водоснабжение, 25.11.2026 с 09:00 до 17:00"
    assert told[4][1] == "Перерыв подачи холодной воды, с 18.11.2026 09:00 до 19.11.2026 09:00"
    assert Notice.objects.exclude(user=town.resident).count() == 0


def test_a_newcomer_is_not_told_of_old_papers_nor_a_stranger_of_any(town: Town):
    epd.operations.issue_month(month=OCTOBER, day=towns.TODAY)
    with time_machine.travel("2026-11-21T12:00:00+05:00", tick=False):
        AccountLink.objects.create(user=make.user(), account=town.account, given_by=town.resident)
        AccountLink.objects.filter(user=town.resident).update(withdrawn_at=timezone.now())
        tasks.make_notices()
    assert not Notice.objects.exists()


def test_letters_go_once_and_only_as_wanted(town: Town):
    town.pay("700.00", towns.TODAY)
    epd.operations.issue_month(month=OCTOBER, day=towns.TODAY)
    operations.choose_letters(user=town.resident, kinds=[NoticeKind.DOCUMENT])
    tasks.make_notices()
    for _ in range(2):
        tasks.send_notices()
    (letter,) = mail.outbox
    assert letter.to == [town.resident.email] and letter.subject.startswith("Квитанция за октябрь")
    assert "/cabinet/notices/" in letter.body


def test_who_lost_the_access_gets_no_letter_and_sees_no_notice(town: Town):
    town.pay("700.00", towns.TODAY)
    tasks.make_notices()
    AccountLink.objects.update(withdrawn_at=timezone.now())
    tasks.send_notices()
    assert not mail.outbox
    page = client_of(town.resident).get(reverse("resident:notices")).content.decode()
    assert "700,00" not in page and "непрочитанных" not in page


def test_a_mail_server_that_is_down_is_asked_three_times(town: Town, monkeypatch):
    town.pay("700.00", towns.TODAY)
    tasks.make_notices()
    tried = []

    def down(self: object, messages: list[object]) -> int:
        tried.append(messages)
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
    for _ in range(5):
        tasks.send_notices()
    assert len(tried) == 3 and Notice.objects.get().mail_state == 3


def test_the_bell_counts_in_one_query_and_goes_out(town: Town, django_assert_max_num_queries):
    town.pay("700.00", towns.TODAY)
    for number in range(40):
        Notice.objects.create(
            user=town.resident, account=town.account, kind=NoticeKind.OUTAGE, key=str(number), title="<b>Отключение</b>"
        )
    tasks.make_notices()
    client = client_of(town.resident)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("resident:notices")).content.decode()
    assert "непрочитанных: 41" in page and "<b>Отключение" not in page
    assert client.post(reverse("resident:notices")).status_code == 302
    assert "непрочитанных" not in client.get(reverse("resident:notices") + "?page=99").content.decode()
    others = make.user()
    assert client_of(others).post(reverse("resident:notices")).status_code == 302


def test_letters_are_chosen_on_the_page(town: Town):
    client = client_of(town.resident)
    client.post(reverse("resident:letters"), {"kind": ["1", "5", "x", "99"]})
    page = client.get(reverse("resident:notices")).content.decode()
    assert page.count(" checked>") == 2
