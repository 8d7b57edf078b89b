"""An appeal has a number and a term at once, its conversation is kept, and only its author and the staff see it."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.utils import DatabaseError
from django.test import TestCase
from django.urls import reverse
from PIL import Image

from accounts.models import JournalEntry, PersonalAccount, User
from portals import operations
from portals.models import AccountLink, Appeal, AppealFile, AppealMessage, HouseWork, Notice, Topic
from portals.office import roles
from tests import make

from . import desk
from .test_access import client_of

pytestmark = pytest.mark.django_db
NOW = "2026-11-20T12:00:00+05:00"  # a Friday
SCRIPT = "<script>alert('1')</script>"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account() -> PersonalAccount:
    return make.account(persons=2)


@pytest.fixture
def user(account: PersonalAccount) -> User:
    found = make.user(name="Анна")
    AccountLink.objects.create(user=found, account=account)
    return found


def picture(kind: str = "PNG", **extra: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, kind, **extra)
    return buffer.getvalue()


def paper() -> bytes:
    buffer = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    document.save(buffer)
    return buffer.getvalue()


def new(user: User, account: PersonalAccount, topic: int = Topic.QUESTION, **form: Any) -> Any:
    told = {"key": str(uuid4()), "text": "Почему выросла вода?", **form}
    return client_of(user).post(reverse("resident:appeal-new", args=[account.number, topic]), told)


def opened(user: User, account: PersonalAccount, **facts: Any) -> Appeal:
    from django.utils import timezone

    told = {"topic": Topic.QUESTION, "subject": "Вода", "text": "Почему выросла вода?", "key": uuid4(), **facts}
    return operations.open_appeal(user=user, account_id=account.pk, at=timezone.now(), **told)


def written() -> list[int]:
    return [model.objects.count() for model in (Appeal, AppealMessage, AppealFile, JournalEntry)]


FORMS: dict[int, tuple[dict[str, Any], date, str]] = {
    1: ({}, date(2026, 12, 4), "Почему выросла вода?"),
    2: ({"line": ""}, date(2026, 12, 4), "Почему выросла вода?"),
    3: (
        {"left_on": "2026-10-01", "back_on": "2026-10-20", "persons": "2", "document": "билеты"},
        date(2026, 11, 27),
        "Нас не было дома 01.10.2026 – 20.10.2026, человек: 2",
    ),
    4: ({"service": "Другая", "started": "2026-11-18"}, date(2026, 11, 25), "Другая: с 18.11.2026"),
    5: ({"what": "phone", "value": "+7 912 000-00-00"}, date(2026, 12, 4), "Телефон: +7 912 000-00-00"),
    7: ({"certificate": "О составе семьи"}, date(2026, 11, 25), "О составе семьи"),
}


@pytest.mark.parametrize("topic", FORMS)
def test_every_topic_gets_a_number_and_the_term_of_its_law(topic: int, user: User, account: PersonalAccount):
    form, due_on, subject = FORMS[topic]
    answer = new(user, account, topic, **form)
    made = Appeal.objects.get()
    assert answer["Location"] == reverse("resident:appeal", args=[account.number, made.pk])
    assert (made.due_on, made.subject, made.state) == (due_on, subject, "new") and "Правил №" in made.act
    page = client_of(user).get(answer["Location"]).content.decode()
    assert f"Обращение № {made.pk}" in page and f"{due_on:%d.%m.%Y}" in page and "ждёт оператора" in page
    assert JournalEntry.objects.filter(event="portals.appeal.opened", account=account).count() == 1


def test_a_changed_household_needs_its_document(user: User, account: PersonalAccount):
    form = {"change": "in", "since": "2026-11-01", "persons": "1"}
    before = written()
    assert new(user, account, Topic.HOUSEHOLD, **form).status_code == 422 and written() == before
    answer = new(user, account, Topic.HOUSEHOLD, **form, files=SimpleUploadedFile("св.pdf", paper()))
    assert answer.status_code == 302 and AppealFile.objects.get().mime == "application/pdf"


def test_a_day_off_is_no_day_of_the_term(user: User, account: PersonalAccount):
    with time_machine.travel("2026-12-30T12:00:00+05:00", tick=False):
        made = opened(user, account, topic=Topic.QUALITY)
    assert made.due_on == date(2027, 1, 13)  # 31.12 and 1–10.01 are days off


@pytest.mark.parametrize(
    "broken",
    [
        {"text": " "},
        {"text": "я" * 4001},
        {"files": SimpleUploadedFile("virus.jpg", b"MZ\x90 not a picture")},
        {"files": SimpleUploadedFile("empty.pdf", b"")},
        {"files": SimpleUploadedFile("broken.pdf", b"%PDF-1.7 broken")},
        {"files": SimpleUploadedFile("cut.png", picture()[:40])},
        {"files": [SimpleUploadedFile(f"{n}.png", picture()) for n in range(6)]},
        {"key": "not-a-key"},
    ],
)
def test_a_refusal_writes_nothing_and_keeps_what_was_typed(
    broken: dict[str, Any], user: User, account: PersonalAccount
):
    before = written()
    answer = new(user, account, **{"text": f"Вода {SCRIPT}", **broken})
    page = answer.content.decode()
    assert answer.status_code == 422 and written() == before
    assert SCRIPT not in page and ("Вода &lt;script&gt;" in page or "text" in broken)


def test_a_double_press_is_one_appeal_and_one_message(user: User, account: PersonalAccount):
    key = str(uuid4())
    assert new(user, account, key=key)["Location"] == new(user, account, key=key)["Location"]
    made = Appeal.objects.get()
    for _ in range(2):
        page = reverse("resident:appeal", args=[account.number, made.pk])
        client_of(user).post(page, {"key": key[:-1] + ("0" if key[-1] != "0" else "1"), "text": "Ещё вопрос"})
    assert AppealMessage.objects.count() == 2


def test_scripts_come_back_as_text_everywhere(user: User, account: PersonalAccount):
    new(
        user,
        account,
        Topic.ABSENCE,
        left_on="2026-10-01",
        back_on="2026-10-20",
        persons="1",
        document=SCRIPT,
        text=SCRIPT,
    )
    made = Appeal.objects.get()
    operator = desk.client(roles.OPERATOR)
    for client, page in (
        (client_of(user), reverse("resident:appeal", args=[account.number, made.pk])),
        (client_of(user), reverse("resident:appeals", args=[account.number])),
        (operator, reverse("office:appeal", args=[made.pk])),
        (operator, reverse("office:appeals")),
    ):
        answer = client.get(page)
        assert answer.status_code == 200 and SCRIPT not in answer.content.decode()


def test_files_are_written_anew_and_served_without_powers(user: User, account: PersonalAccount):
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    new(
        user, account,
        files=[SimpleUploadedFile("../../дом.png", picture("JPEG", exif=exif)), SimpleUploadedFile("a.pdf", paper())],
    )  # fmt: skip
    shot, sheet = AppealFile.objects.order_by("pk")
    assert (shot.name, sheet.name) == ("дом.jpg", "a.pdf")
    assert b"where I live" not in bytes(shot.content) and b"JavaScript" not in bytes(sheet.content)
    made = Appeal.objects.get()
    for file, way in ((shot, "inline"), (sheet, "attachment")):
        answer = client_of(user).get(reverse("resident:appeal-file", args=[account.number, made.pk, file.pk]))
        assert answer["Content-Type"] == file.mime and answer["Content-Disposition"].startswith(way)
        assert "sandbox" in answer["Content-Security-Policy"]


def test_strangers_family_and_the_withdrawn_see_nothing(user: User, account: PersonalAccount):
    made = opened(user, account)
    wife, stranger = make.user(), make.user()
    AccountLink.objects.create(user=wife, account=account, given_by=user)
    pages = [reverse(f"resident:{name}", args=[account.number, made.pk]) for name in ("appeal", "said")]
    for somebody in (wife, stranger):
        assert {client_of(somebody).get(page).status_code for page in pages} == {404}
    assert client_of(wife).post(reverse("resident:appeal-close", args=[account.number, made.pk])).status_code == 404
    AccountLink.objects.filter(user=user).update(withdrawn_at=made.created_at)
    assert {client_of(user).get(page).status_code for page in pages} == {404}


def test_the_conversation_goes_its_way(user: User, account: PersonalAccount):
    made = opened(user, account)
    clerk = desk.staff(roles.OPERATOR, name="Иванова")
    office = client_of(clerk)
    card = reverse("office:appeal", args=[made.pk])
    assert "Почему выросла вода?" in office.get(card).content.decode()
    office.post(card, {"action": "take"})
    office.post(card, {"action": "answer", "key": str(uuid4()), "text": "Новый тариф с июля."})
    made.refresh_from_db()
    assert (made.state, made.taken_by) == ("answered", clerk)
    assert Notice.objects.get(user=user).title == f"Ответ на обращение № {made.pk}"
    page = client_of(user).get(reverse("resident:appeal", args=[account.number, made.pk])).content.decode()
    assert "Новый тариф с июля." in page and "Иванова" not in page
    assert Notice.objects.get(user=user).read_at is not None  # who reads the answer has seen the notice
    with time_machine.travel("2026-12-10T12:00:00+05:00", tick=False):
        say = {"key": str(uuid4()), "text": "А с августа?"}
        client_of(user).post(reverse("resident:appeal", args=[account.number, made.pk]), say)
    made.refresh_from_db()
    assert made.state == "reopened" and made.due_on == date(2026, 12, 24)
    client_of(user).post(reverse("resident:appeal-close", args=[account.number, made.pk]))
    made.refresh_from_db()
    assert made.state == "closed"
    assert office.post(card, {"action": "answer", "key": str(uuid4()), "text": "Поздно"}).status_code == 422
    assert list(JournalEntry.objects.filter(account=account).order_by("pk").values_list("event", flat=True)) == [
        "portals.appeal.opened", "portals.appeal.taken", "portals.appeal.answered", "portals.appeal.reopened",
        "portals.appeal.added", "portals.appeal.closed",
    ]  # fmt: skip


def test_an_inner_remark_stays_inside(user: User, account: PersonalAccount):
    made = opened(user, account)
    colleague = desk.staff(roles.OPERATOR, name="Петрова")
    office = desk.client(roles.OPERATOR, name="Иванова")
    card = reverse("office:appeal", args=[made.pk])
    office.post(card, {"action": "hand", "key": str(uuid4()), "text": "сверьте акт", "to": colleague.pk})
    made.refresh_from_db()
    assert made.taken_by == colleague and "сверьте акт" in office.get(card).content.decode()
    page = client_of(user).get(reverse("resident:appeal", args=[account.number, made.pk])).content.decode()
    assert "сверьте акт" not in page and "Петрова" not in page
    resident = make.user()
    refused = office.post(card, {"action": "hand", "key": str(uuid4()), "text": "вам", "to": resident.pk})
    assert refused.status_code == 422
    made.refresh_from_db()
    assert made.taken_by == colleague


def test_what_is_taken_is_not_taken_twice_and_rights_are_asked(user: User, account: PersonalAccount):
    made = opened(user, account)
    card = reverse("office:appeal", args=[made.pk])
    desk.client(roles.OPERATOR, name="Первая").post(card, {"action": "take"})
    second = desk.client(roles.OPERATOR).post(card, {"action": "take"})
    assert second.status_code == 422 and "уже в работе: Первая" in second.content.decode()
    assert desk.client(roles.CASHIER).get(card).status_code == 403
    assert client_of(user).get(card).status_code == 302


def test_an_absence_is_recorded_from_the_appeal(user: User, account: PersonalAccount):
    new(user, account, Topic.ABSENCE, left_on="2026-10-01", back_on="2026-10-20", persons="2", document="билеты")
    made = Appeal.objects.get()
    office = desk.client(roles.OPERATOR)
    page = office.get(reverse("office:appeal", args=[made.pk])).content.decode()
    link = reverse("office:papers", args=[account.pk]) + f"?appeal={made.pk}"
    assert link in page
    form = office.get(link).content.decode()
    for value in ("2026-10-01", "2026-10-20", "билеты", "2026-11-20"):
        assert value in form


def test_the_queue_is_by_term_and_costs_the_same_whatever_its_length(
    user: User, account: PersonalAccount, django_assert_max_num_queries
):
    late = opened(user, account, topic=Topic.QUALITY)
    for number in range(8):
        opened(user, account, topic=Topic.QUESTION, subject=f"Тема {number}")
    office = desk.client(roles.OPERATOR)
    with time_machine.travel("2026-11-26T12:00:00+05:00", tick=False):
        office.get(reverse("office:appeals"))  # warm
        with django_assert_max_num_queries(12):
            page = office.get(reverse("office:appeals")).content.decode()
        assert page.index(f"№ {late.pk}") < page.index("Тема 0") and "просрочено" in page
        only_late = office.get(reverse("office:appeals") + "?which=late").content.decode()
        assert "Тема 0" not in only_late
        assert office.get(reverse("office:appeals") + "?next=1")["Location"] == reverse("office:appeal", args=[late.pk])


def test_the_chat_is_one_thread_that_grows_by_itself(user: User, account: PersonalAccount):
    client = client_of(user)
    page = reverse("resident:chat", args=[account.number])
    client.post(page, {"key": str(uuid4()), "text": "Здравствуйте"})
    client.post(page, {"key": str(uuid4()), "text": "Вы где?"})
    chat = Appeal.objects.get()
    assert chat.topic == Topic.CHAT and chat.due_on is None and AppealMessage.objects.count() == 2
    last = AppealMessage.objects.latest("pk")
    said = reverse("resident:said", args=[account.number, chat.pk])
    assert client.get(said, {"after": last.pk}).status_code == 204
    card = reverse("office:appeal", args=[chat.pk])
    desk.client(roles.OPERATOR).post(card, {"action": "answer", "key": str(uuid4()), "text": "Слушаем вас"})
    fresh = client.get(said, {"after": last.pk})
    assert (
        fresh.status_code == 200 and "Слушаем вас" in fresh.content.decode() and "<html" not in fresh.content.decode()
    )
    assert (
        "Чат"
        not in client.get(reverse("resident:appeals", args=[account.number])).content.decode().split("Мои обращения")[1]
    )


@pytest.mark.parametrize("name", ["appeals", "chat", "appeal"])
def test_pages_cost_at_most_twelve_queries(
    name: str, user: User, account: PersonalAccount, django_assert_max_num_queries
):
    made = opened(user, account)
    for _ in range(6):
        opened(user, account)
    client = client_of(user)
    args = [account.number, made.pk] if name == "appeal" else [account.number]
    with django_assert_max_num_queries(12):
        assert client.get(reverse(f"resident:{name}", args=args)).status_code == 200


def test_what_was_said_is_ink(user: User, account: PersonalAccount):
    made = opened(user, account)
    for statement in (
        lambda: AppealMessage.objects.update(text="иначе"),
        lambda: AppealMessage.objects.all().delete(),
        lambda: Appeal.objects.filter(pk=made.pk).update(topic=Topic.CHARGE),
        lambda: Appeal.objects.filter(pk=made.pk).update(state="reopened"),  # new → reopened: no such move
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            statement()


def test_a_resident_cannot_drown_the_office(user: User, account: PersonalAccount):
    for _ in range(20):
        opened(user, account)
    answer = new(user, account)
    assert answer.status_code == 422 and "Ответа ждут уже 20" in answer.content.decode()
    assert Appeal.objects.count() == 20


def call(client: Any, account: PersonalAccount, **told: Any) -> Any:
    page = reverse("office:appeal_new", args=[account.pk])
    form = {"key": str(uuid4()), "topic": Topic.QUESTION, "text": "Вода?", "caller": "Иванова А. П.", **told}
    return client.post(page, {"channel": "phone", "phone": "8 912 345-67-89", **form})


def test_a_caller_without_a_cabinet_is_written_down_and_answered(account: PersonalAccount, mailoutbox: list[Any]):
    operator = desk.client(roles.OPERATOR)
    page = operator.get(reverse("office:card", args=[account.pk])).content.decode()
    assert reverse("office:appeal_new", args=[account.pk]) in page
    assert "ответ за 10 рабочих дней" in operator.get(reverse("office:appeal_new", args=[account.pk])).content.decode()
    key = str(uuid4())
    answers = [call(operator, account, key=key, email="anna@test.example", text=f"Вода? {SCRIPT}") for _ in range(2)]
    made = Appeal.objects.get()
    assert {answer["Location"] for answer in answers} == {reverse("office:appeal", args=[made.pk])}
    assert (made.author, made.caller_phone, made.due_on) == (None, "+79123456789", date(2026, 12, 4))
    page = operator.get(answers[0]["Location"]).content.decode()
    assert "Иванова А. П." in page and "по телефону" in page and SCRIPT not in page

    with TestCase.captureOnCommitCallbacks(execute=True):
        operator.post(answers[0]["Location"], {"action": "answer", "key": str(uuid4()), "text": "По счётчику."})
    assert mailoutbox[-1].to == ["anna@test.example"] and "По счётчику." in mailoutbox[-1].body
    printed = operator.get(reverse("office:appeal_letter", args=[made.pk]))
    assert printed["Content-Type"] == "application/pdf"

    # whoever proves the account later finds it in his cabinet; whom he lets in does not
    owner, guest = make.user(), make.user()
    AccountLink.objects.create(user=owner, account=account)
    AccountLink.objects.create(user=guest, account=account, given_by=owner)
    own = reverse("resident:appeal", args=[account.number, made.pk])
    page = client_of(owner).get(own).content.decode()
    assert "По счётчику." in page and "Иванова А. П., по телефону" in page
    assert own in client_of(owner).get(reverse("resident:appeals", args=[account.number])).content.decode()
    assert client_of(guest).get(own).status_code == 404 and client_of(make.user()).get(own).status_code == 404
    assert client_of(owner).post(reverse("resident:appeal-close", args=[account.number, made.pk])).status_code == 302


@pytest.mark.parametrize("broken", [{"caller": " "}, {"text": ""}, {"topic": "8"}, {"channel": "cabinet"}])
def test_a_call_that_says_too_little_is_not_written_down(broken: dict[str, Any], account: PersonalAccount):
    before = written()
    answer = call(desk.client(roles.OPERATOR), account, **broken)
    assert answer.status_code == 422 and written() == before


def test_works_of_the_house_stand_on_the_first_screen_and_on_the_card(user: User, account: PersonalAccount):
    at = datetime.fromisoformat(NOW)
    for hours, reason in ((-48, "давно"), (2, "замена крана")):
        HouseWork.objects.create(
            house=account.house, service_id=2, starts_at=at + timedelta(hours=hours),
            ends_at=at + timedelta(hours=hours + 3), reason=reason,
        )  # fmt: skip
    for client, page in (
        (client_of(user), reverse("resident:account", args=[account.number])),
        (desk.client(roles.OPERATOR), reverse("office:card", args=[account.pk])),
    ):
        shown = client.get(page).content.decode()
        assert "амена крана" in shown and "давно" not in shown
