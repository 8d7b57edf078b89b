"""The supplier's cabinet: meters, readings by file, edits, disagreements, people, the month reconciled."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from zeal import zeal_ignore

from accounts.models import JournalEntry, Meter, Reading, ReadingVerdict, Residency, User
from portals import tasks
from portals.models import Dispute, PrincipalInvitation, PrincipalRole, PrincipalUser, ReadingFile
from portals.operations import disputes
from tests import make

from . import town as towns
from .test_access import client_of
from .test_principal_pages import remitted
from .test_resident_pages import text
from .town import NOW, Town

pytestmark = pytest.mark.django_db
READINGS = "principal:readings"


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


@pytest.fixture
def manager(town: Town) -> Client:
    user = make.user(email="boss@test.example", name="Директор")
    PrincipalUser.objects.create(user=user, principal=town.water.principal, role=PrincipalRole.MANAGER)
    return client_of(user)


@pytest.fixture
def accountant(town: Town) -> Client:
    return client_of(town.accountant)


@pytest.fixture
def stranger(town: Town) -> Client:
    user = make.user(email="home@test.example")
    PrincipalUser.objects.create(user=user, principal=town.home.principal, role=PrincipalRole.MANAGER)
    return client_of(user)


def sent(client: Client, **told: Any) -> Any:
    with zeal_ignore():  # each meter is judged under its own lock
        return client.post(reverse(READINGS), told, follow=True)


def filled(client: Client, values: dict[str, Any], *extra: list[Any]) -> SimpleUploadedFile:
    """The file that the cabinet gives, with values put beside the serial numbers and rows added."""
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("principal:readings-to-fill")).content))
    sheet = book.active
    for row in sheet.iter_rows(min_row=2):
        row[8].value = values.get(row[4].value)
    for line in extra:
        sheet.append(line)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile("показания.xlsx", content.getvalue())


# --- meters and readings ---------------------------------------------------------------------------------------------


def test_meters_are_those_that_measure_what_is_supplied(town: Town, accountant: Client, stranger: Client):
    other = make.meter(premises=town.account.premises, resource=2, serial="ГВ-1")
    page = text(accountant.get(reverse("principal:meters")))
    assert "СВ-100" in page and "ЭЛ-200" in page and "ГВ-1" not in page
    assert "Нет показания за месяц: 2" in page
    card = text(accountant.get(reverse("principal:meter", args=[town.cold.pk])))
    assert "20.10.2026" in card and "105" in card
    for pk in (other.pk, 10**9):
        assert accountant.get(reverse("principal:meter", args=[pk])).status_code == 404
    assert stranger.get(reverse("principal:meter", args=[town.cold.pk])).status_code == 404
    Meter.objects.filter(pk=town.cold.pk).update(verified_until="2026-11-01")
    assert "СВ-100" in text(accountant.get(reverse("principal:meters"), {"state": "overdue"}))
    assert "СВ-100" not in text(accountant.get(reverse("principal:meters"), {"state": "soon"}))


def test_a_file_of_readings_is_judged_taken_in_part_and_undone(town: Town, accountant: Client, stranger: Client):
    foreign = make.meter(premises=town.account.premises, resource=2, serial="ГВ-1")
    bad = [str(foreign.pk), "", "", "", "ГВ-1", "", "", None, "15", None, ""]
    page = sent(accountant, file=filled(accountant, {"СВ-100": 111}, bad))
    assert page.status_code == 200, text(page)
    assert "Такого прибора среди ваших нет" in text(page) and "расход 6" in text(page)
    assert not Reading.objects.filter(meter=town.cold, day=towns.TODAY).exists()
    assert not ReadingFile.objects.exists()
    back = openpyxl.load_workbook(io.BytesIO(accountant.get(reverse("principal:readings-rejected")).content)).active
    assert back.max_row == 2 and "среди ваших нет" in str(back.cell(2, 12).value)
    done = sent(accountant, token=page.context["token"])
    assert "Принято строк: 1" in text(done)
    row = Reading.objects.get(meter=town.cold, day=towns.TODAY)
    assert (row.value, row.counts) == (Decimal(111), True)
    file = ReadingFile.objects.get()
    assert (file.good, file.bad) == (1, 1)
    undo = reverse("principal:readings-undo", args=[file.pk])
    assert stranger.post(undo).status_code == 404
    accountant.post(undo)
    row.refresh_from_db()
    assert (row.verdict, row.counts) == (ReadingVerdict.REJECTED, False)
    assert "уже отменён" in text(accountant.post(undo, follow=True))


def test_undo_of_a_file_brings_the_value_before_it_back(town: Town, accountant: Client):
    for value in (110, 112):
        page = sent(accountant, file=filled(accountant, {"СВ-100": value}))
        sent(accountant, token=page.context["token"])
    row = Reading.objects.get(meter=town.cold, day=towns.TODAY)
    assert row.value == Decimal(112)
    accountant.post(reverse("principal:readings-undo", args=[ReadingFile.objects.latest("pk").pk]))
    row.refresh_from_db()
    assert (row.value, row.counts) == (Decimal(110), True)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("x.csv", b"1;2", "не xlsx"), ("x.xlsx", b"PK\x03\x04broken", ""), ("x.xlsx", b"", "пустой")],
)
def test_another_file_is_refused(town: Town, accountant: Client, name: str, content: bytes, said: str):
    page = accountant.post(reverse(READINGS), {"file": SimpleUploadedFile(name, content)})
    assert page.status_code == 422
    assert said in text(page)
    assert not ReadingFile.objects.exists()


def test_a_posted_month_keeps_the_readings_of_a_file(town: Town, accountant: Client):
    page = sent(accountant, file=filled(accountant, {"СВ-100": 111}))
    sent(accountant, token=page.context["token"])
    town.charge(towns.NOVEMBER)
    said = text(accountant.post(reverse("principal:readings-undo", args=[ReadingFile.objects.get().pk]), follow=True))
    assert "отменить нельзя" in said
    assert Reading.objects.get(meter=town.cold, day=towns.TODAY).counts
    assert ReadingFile.objects.get().undone_at is None


# --- edits -----------------------------------------------------------------------------------------------------------


def test_the_household_changes_after_its_effect_was_seen(town: Town, manager: Client, accountant: Client):
    number = town.neighbour.number
    page = reverse("principal:edit", args=[number])
    assert accountant.get(page).status_code == 404  # an accountant reads
    told = {"action": "settle", "settle-persons": "1", "settle-kind": "1", "settle-since": "2026-11-01",
            "settle-ground": "заявление № 5"}  # fmt: skip
    before = Residency.objects.count()
    shown = manager.post(page, told)
    assert "По вашим договорам" in text(shown).replace("по вашим", "По вашим")
    effect = shown.context["sheet"].effect
    assert effect.difference == effect.before  # twice as many people in a flat without meters
    assert Residency.objects.count() == before
    manager.post(page, {**told, "agreed": "1"})
    assert Residency.objects.count() == before + 1
    assert JournalEntry.objects.filter(event="accounts.resident.settled", user__email="boss@test.example").exists()


def test_a_name_is_corrected_with_a_document_and_comes_back_as_text(town: Town, manager: Client, stranger: Client):
    page = reverse("principal:edit", args=[town.account.number])
    told = {"action": "name", "name-last_name": "<script>Ли", "name-first_name": "Анна", "name-ground": ""}
    refused = manager.post(page, told)
    assert refused.status_code == 422
    assert b"<script>\xd0\x9b" not in refused.content and "&lt;script&gt;Ли" in refused.content.decode()
    manager.post(page, {**told, "name-last_name": "Петрова", "name-ground": "паспорт"})
    town.account.payer_person.refresh_from_db()
    assert str(town.account.payer_person) == "Петрова Анна"
    entry = JournalEntry.objects.get(event="portals.account.edited")
    assert (entry.ground, entry.facts["name"]) == ("паспорт", "Петрова Анна")
    place = {"action": "place", "place-number": "13", "place-ground": "акт"}
    assert "уже есть" in text(manager.post(page, place))
    town.account.premises.refresh_from_db()
    assert town.account.premises.number == "12"
    assert manager.get(reverse("principal:edit", args=["560000000"])).status_code == 404


# --- disagreements ---------------------------------------------------------------------------------------------------


def links(client: Client, address: str) -> list[str]:
    import html
    import re

    return [
        html.unescape(one)
        for one in re.findall(r'href="([^"]*disputes/new[^"]*)"', client.get(address).content.decode())
    ]


def test_any_figure_is_disputed_in_two_clicks(town: Town, accountant: Client, stranger: Client):
    remittance = remitted(town)
    pages = {
        "charge": reverse("principal:account", args=[town.account.number]),
        "charges": reverse("principal:charges"),
        "turnover": reverse("principal:turnover"),
        "remittance": reverse("principal:remittance", args=[remittance.pk]),
    }
    for kind, address in pages.items():
        found = links(accountant, address)
        assert found, kind
        form = accountant.get(found[0]).context["form"]
        told = {"name": form.initial["name"], "shown": form.initial["shown"], "text": f"не сходится: {kind}"}
        done = accountant.post(found[0], told, follow=True)
        assert "Ответить до" in text(done), kind
        assert stranger.get(found[0]).status_code == 404, kind
    assert Dispute.objects.count() == len(pages)
    row = Dispute.objects.get(kind="remittance")
    assert (row.amount, row.contract, f"{row.due_on}") == (remittance.net, town.water, "2026-12-04")
    assert stranger.get(reverse("principal:dispute", args=[row.pk])).status_code == 404
    again = accountant.post(links(accountant, pages["remittance"])[0], {**told, "name": "net", "shown": "старое"})
    assert again.status_code == 422 and "цифры изменились" in text(again)
    assert Dispute.objects.count() == len(pages)


def test_a_figure_that_is_not_there_is_not_disputed(town: Town, accountant: Client):
    for kind, key in [
        ("charge", "1"), ("charge", f"{town.account.number}:2026-10:x"), ("turnover", "2026-10:1:2"), ("payment", "x"),
        ("remittance", "999999"), ("nothing", "1"), ("charges", "2026-99:1:2:3"), ("turnover", "2026-10:²:2:3"),
    ]:  # fmt: skip
        address = reverse("principal:dispute-new", args=[kind])
        assert accountant.get(address, {"key": key}).status_code == 404, (kind, key)


# --- people ----------------------------------------------------------------------------------------------------------


def test_a_colleague_is_invited_comes_in_and_is_sent_away(
    town: Town, manager: Client, accountant: Client, django_capture_on_commit_callbacks: Any
):
    page = reverse("principal:people")
    told = {"action": "invite", "email": "new@test.example", "role": str(int(PrincipalRole.OPERATOR))}
    assert accountant.post(page, told).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        manager.post(page, told)
    (letter,) = mail.outbox
    link = next(word for word in letter.body.split() if "/join/" in word)
    path = "/" + link.split("/", 3)[3]
    new = make.user(email="other@test.example")
    client = client_of(new)
    assert client.get(reverse("principal:home")).status_code == 404
    client.post(path)
    access = PrincipalUser.objects.get(user=new)
    assert (access.principal, access.role) == (town.water.principal, PrincipalRole.OPERATOR)
    assert client.get(reverse("principal:home")).status_code == 200
    assert client_of(make.user(email="late@test.example")).post(path).status_code == 404  # once
    manager.post(page, {"action": "withdraw", "row": str(access.pk)})
    assert client.get(reverse("principal:home")).status_code == 404
    assert PrincipalInvitation.objects.get().accepted_by == new


def test_somebody_always_manages(town: Town, manager: Client):
    page, own = reverse("principal:people"), PrincipalUser.objects.get(role=PrincipalRole.MANAGER)
    for told in ({"action": "withdraw"}, {"action": "role", "role": str(int(PrincipalRole.OPERATOR))}):
        said = text(manager.post(page, {**told, "row": str(own.pk)}, follow=True))
        assert "единственный руководитель" in said
    own.refresh_from_db()
    assert (own.withdrawn_at, own.role) == (None, PrincipalRole.MANAGER)
    other = PrincipalUser.objects.get(user=town.accountant)
    manager.post(page, {"action": "role", "row": str(other.pk), "role": str(int(PrincipalRole.MANAGER))})
    manager.post(page, {"action": "withdraw", "row": str(own.pk)})
    own.refresh_from_db()
    assert own.withdrawn_at is not None


# --- the month -------------------------------------------------------------------------------------------------------


def test_a_month_is_reconciled_and_its_act_signed(town: Town, accountant: Client, stranger: Client):
    remitted(town)
    town.pay("100.00", towns.TODAY, by=make.user(is_staff=True))
    with time_machine.travel("2026-12-02T12:00:00+05:00", tick=False):
        address = f"{reverse('principal:closing')}?contract={town.water.pk}&month=2026-11"
        found = accountant.get(address).context["found"]
        money = found.money
        left = money.opening + money.received - money.returned - money.commission - money.vat - money.remitted
        assert left == money.closing
        assert found.is_clean
        assert any(cause.amount for one in found.differences for cause in one.causes)
        act = f"{reverse('principal:act-issue')}?contract={town.water.pk}&month=2026-11"
        assert stranger.post(act).status_code == 404
        accountant.post(act)
        paper = accountant.get(address).context["act"]
        accountant.post(reverse("principal:paper-answer", args=[paper.pk]))
        paper.refresh_from_db()
        assert f"{paper.signed_on}" == "2026-12-02"
        assert stranger.post(reverse("principal:paper-answer", args=[paper.pk])).status_code == 404


def test_the_exchange_file_of_a_remittance_adds_up(town: Town, accountant: Client, stranger: Client):
    remittance = remitted(town)
    address = reverse("principal:remittance-registry", args=[remittance.pk])
    lines = accountant.get(address).content.decode("cp1251").splitlines()
    amounts = [Decimal(line.rsplit(";", 1)[1]) for line in lines[1:-1]]
    assert lines[-1] == f"=;{len(amounts)};{sum(amounts):.2f}"
    assert sum(amounts) == remittance.gross - remittance.returns
    assert len({line.split(";")[0] for line in lines[1:-1]}) == len(amounts)
    assert stranger.get(address).status_code == 404


def test_why_a_month_differs_adds_up_and_recalculations_are_listed(town: Town, manager: Client):
    from portals.principal import manager as queries

    found = queries.difference([town.water.pk], towns.NOVEMBER)
    assert found.causes
    assert found.before + sum(one.amount for one in found.causes) == found.now
    for one in found.causes:
        assert sum(amount for _, amount in one.services) == one.amount
    collected = queries.collection([town.water.pk], towns.OCTOBER)
    assert collected.this_month.accrued == found.before and collected.this_month.paid == Decimal(0)
    assert "Перерасчётов нет" in text(manager.get(reverse("principal:corrections")))
    assert manager.get(reverse("principal:losses")).status_code == 200


PAGES = ["home", "accounts", "charges", "turnover", "payments", "remittances", "own-receipts", "meters", "readings",
         "disputes", "people", "corrections", "closing", "losses", "papers"]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_pages_cost_at_most_twelve_queries_and_are_for_own_people(
    town: Town, manager: Client, name: str, django_assert_max_num_queries: Any
):
    address = reverse(f"principal:{name}")
    with django_assert_max_num_queries(12), CaptureQueriesContext(connection):
        assert manager.get(address).status_code == 200
    assert client_of(town.resident).get(address).status_code == 404
    assert client_of(town.cashier).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_an_account_and_a_report_cost_at_most_twelve_queries(
    town: Town, manager: Client, settings: Any, django_assert_max_num_queries: Any
):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    manager.force_login(User.objects.get(email="boss@test.example"))
    remitted(town)
    for address in (
        reverse("principal:account", args=[town.account.number]),
        reverse("supplier-reports:show", args=["turnover-houses"]),
    ):
        with django_assert_max_num_queries(12):
            assert manager.get(address).status_code == 200, address


# --- the office answers ----------------------------------------------------------------------------------------------


def test_the_office_answers_a_disagreement_once_with_a_document(town: Town, accountant: Client):
    remittance = remitted(town)
    address = links(accountant, reverse("principal:remittance", args=[remittance.pk]))[0]
    form = accountant.get(address).context["form"]
    accountant.post(address, {"name": "net", "shown": form.initial["shown"], "text": "<b>не та</b>"})
    row = Dispute.objects.get()
    office = client_of(make.user(email="acc@test.example", is_staff=True, is_superuser=True))
    page = reverse("office:disputes")
    assert "&lt;b&gt;не та&lt;/b&gt;" in office.get(page).content.decode()
    told = {"row": str(row.pk), "verdict": "uphold", "answer": "Вы правы."}
    assert "Назовите документ" in text(office.post(page, told))
    row.refresh_from_db()
    assert (row.state, row.answer) == ("open", "")
    office.post(page, {**told, "document": "сторно № 8"})
    row.refresh_from_db()
    assert (row.state, row.document) == ("upheld", "сторно № 8")
    assert "уже ответили" in text(office.post(page, {**told, "document": "ещё"}))
    assert "сторно № 8" in text(accountant.get(reverse("principal:dispute", args=[row.pk])))
    assert accountant.get(page).status_code == 302  # to the log-in of the staff


def test_a_disagreement_and_its_answer_come_by_letter_to_whom_they_concern(town: Town, accountant: Client):
    manager = make.user(email="boss@test.example")
    PrincipalUser.objects.create(user=manager, principal=town.water.principal, role=PrincipalRole.MANAGER)
    clerk = make.user(email="clerk@test.example", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="change_dispute"))
    address = links(accountant, reverse("principal:remittance", args=[remitted(town).pk]))[0]
    form = accountant.get(address).context["form"]
    for _ in range(2):  # pressed twice, told once
        accountant.post(address, {"name": "net", "shown": form.initial["shown"], "text": "не та <b>сумма</b>"})
    row = Dispute.objects.get()
    for _ in range(2):
        tasks.send_notices()
    assert {one.to[0] for one in mail.outbox} == {"water@test.example", "clerk@test.example"}
    assert all(row.number in one.subject and "не та <b>сумма</b>" in one.body for one in mail.outbox)
    assert "/admin/disputes/" in next(one.body for one in mail.outbox if one.to == ["clerk@test.example"])
    assert f"/supplier/disputes/{row.pk}/" in next(one.body for one in mail.outbox if one.to == ["water@test.example"])
    mail.outbox.clear()
    disputes.answer_dispute(dispute_id=row.pk, is_upheld=False, answer="Сумма верна.", by=clerk, at=timezone.now())
    PrincipalUser.objects.filter(user=town.accountant).update(withdrawn_at=timezone.now())
    tasks.send_notices()
    assert [one.to for one in mail.outbox] == [["boss@test.example"]]  # who left the company is told no more
    assert "Сумма верна." in mail.outbox[0].body and "отказано" in mail.outbox[0].subject
    assert "Разногласие" not in text(client_of(manager).get(reverse("resident:notices")))


def test_the_set_of_a_quarter_is_one_archive_of_own_rows(town: Town, settings: Any, tmp_path: Any):
    import zipfile

    from portals.models import ReportJob
    from portals.reports import jobs

    remitted(town)
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel("2027-01-11T12:00:00+05:00", tick=False):
        accountant = client_of(town.accountant)
        page = accountant.get(reverse("principal:closing"))
        assert [one.title for one in page.context["periods"]][:2] == ["4 квартал 2026", "2026 год"]
        accountant.post(reverse("principal:set-order"), {"first": "2026-10", "last": "2026-12"})
        assert (
            accountant.post(reverse("principal:set-order"), {"first": "2026-01", "last": "2026-02"}).status_code == 404
        )
        (order,) = ReportJob.objects.all()
        jobs.make_file(job=jobs.take(at=timezone.now(), job_id=order.pk), clock=timezone.localtime)
        order.refresh_from_db()
        assert (order.state, order.message) == ("done", "")
        fetch = reverse("supplier-reports:fetch", args=[order.key])
        content = b"".join(accountant.get(fetch).streaming_content)
        assert client_of(town.resident).get(fetch).status_code == 404
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert len(archive.namelist()) == order.done == 9
    sheet = openpyxl.load_workbook(archive.open("Оборотная ведомость по домам и услугам.xlsx"), data_only=True).active
    assert "Вывоз" not in " ".join(str(row) for row in sheet.iter_rows(values_only=True))  # another principal's service
