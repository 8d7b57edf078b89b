"""An account is shared with a family and taken back in one step; nothing tells who or what exists."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import JournalEntry, PersonalAccount, User
from portals.models import AccountLink, Invitation, Notice
from tests import make

from .test_access import client_of

pytestmark = pytest.mark.django_db
NOW = "2026-11-20T12:00:00+05:00"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account() -> PersonalAccount:
    return make.account(document_code="482917")


@pytest.fixture
def owner(account: PersonalAccount) -> User:
    user = make.user(name="Анна")
    AccountLink.objects.create(user=user, account=account)
    return user


def page_of(account: PersonalAccount) -> str:
    return reverse("resident:sharing", args=[account.number])


def invite(owner: User, account: PersonalAccount, address: str, capture) -> str:
    """Sends an invitation and returns the path of its link."""
    with capture(execute=True):
        answer = client_of(owner).post(page_of(account), {"address": address})
    assert answer.status_code == 302
    return re.search(r"/invite/[\w-]+/", mail.outbox[-1].body)[0]


@pytest.fixture
def shared(owner, account, django_capture_on_commit_callbacks) -> User:
    """A son who has accepted."""
    son = make.user(email="son@test.example", name="Пётр")
    link = invite(owner, account, "son@test.example", django_capture_on_commit_callbacks)
    client_of(son).post(link)
    return son


def test_a_relative_accepts_once_after_entering(owner, account, django_capture_on_commit_callbacks):
    link = invite(owner, account, "Son@Test.example ", django_capture_on_commit_callbacks)
    assert mail.outbox[-1].to == ["son@test.example"]
    assert account.number not in mail.outbox[-1].body  # a letter may go astray
    asked = Client().get(link)
    assert asked.status_code == 302 and asked["Location"].startswith("/accounts/login/")
    son = make.user(email="son@test.example")
    offer = client_of(son).get(link).content.decode()
    assert "Анна" in offer and not AccountLink.objects.filter(user=son).exists()  # a robot's GET accepts nothing
    assert client_of(son).post(link)["Location"] == reverse("resident:account", args=[account.number])
    assert client_of(son).get(reverse("resident:account", args=[account.number])).status_code == 200
    assert Notice.objects.get(user=owner).title == "Приглашение принято: son@test.example"
    stranger = make.user()
    assert client_of(stranger).post(link).status_code == 409
    assert client_of(stranger).get(link).status_code == 404
    assert not AccountLink.objects.filter(user=stranger).exists()
    assert {"portals.access.invited", "portals.access.given"} <= set(
        JournalEntry.objects.filter(account=account).values_list("event", flat=True)
    )


def test_the_token_is_kept_as_a_digest_only(owner, account, django_capture_on_commit_callbacks):
    link = invite(owner, account, "son@test.example", django_capture_on_commit_callbacks)
    assert Invitation.objects.get().token_digest not in link and len(Invitation.objects.get().token_digest) == 64


def test_access_is_withdrawn_in_one_step_and_the_account_is_a_404(owner, account, shared):
    page = client_of(owner).get(page_of(account)).content.decode()
    assert "Пётр" in page and "доступ дали вы" in page
    theirs = client_of(shared)
    link = AccountLink.objects.get(user=shared)
    client_of(owner).post(reverse("resident:access-withdraw", args=[account.number, link.pk]))
    for name in ("account", "charges", "readings", "payments", "documents", "sharing"):
        assert theirs.get(reverse(f"resident:{name}", args=[account.number])).status_code == 404
    assert JournalEntry.objects.filter(event="portals.access.withdrawn", account=account).count() == 1


def test_only_who_gave_takes_back_and_only_who_proved_gives(owner, account, shared):
    own_link = AccountLink.objects.get(user=owner)
    answer = client_of(shared).post(reverse("resident:access-withdraw", args=[account.number, own_link.pk]))
    assert answer.status_code == 404
    refused = client_of(shared).post(page_of(account), {"address": "third@test.example"})
    assert refused.status_code == 422 and Invitation.objects.count() == 1
    assert AccountLink.objects.filter(withdrawn_at=None).count() == 2


def test_who_leaves_takes_his_guests_and_letters_along(owner, account, shared, django_capture_on_commit_callbacks):
    link = invite(owner, account, "daughter@test.example", django_capture_on_commit_callbacks)
    client_of(owner).post(reverse("resident:remove", args=[account.number]))
    assert not AccountLink.objects.filter(withdrawn_at=None).exists()
    assert client_of(make.user()).post(link).status_code == 409
    assert not AccountLink.objects.filter(withdrawn_at=None).exists()


@pytest.mark.parametrize("how", ["withdrawn", "old", "replaced"])
def test_a_link_that_is_over_opens_nothing(how, owner, account, django_capture_on_commit_callbacks):
    link = invite(owner, account, "son@test.example", django_capture_on_commit_callbacks)
    row = Invitation.objects.get()
    if how == "withdrawn":
        client_of(owner).post(reverse("resident:invitation-withdraw", args=[account.number, row.pk]))
    elif how == "old":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        invite(owner, account, "son@test.example", django_capture_on_commit_callbacks)
    assert client_of(make.user()).post(link).status_code == 409
    assert AccountLink.objects.count() == 1


def test_inviting_tells_nothing_of_users(owner, account, django_capture_on_commit_callbacks):
    make.user(email="known@test.example")
    client = client_of(owner)
    answers = []
    for address in ("known@test.example", "unknown@test.example"):
        with django_capture_on_commit_callbacks(execute=True):
            page = client.post(page_of(account), {"address": address}, follow=True).content.decode()
        text = re.sub(r'csrfmiddlewaretoken" value="\w+"|<[^>]+>', "", page).replace(address, "")
        answers.append(text.split("Ждут ответа")[0])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("address", ["", "сын", "son@", "123", "<script>alert(1)</script>"])
def test_what_is_no_address_is_refused_and_stays_typed(address, owner, account):
    answer = client_of(owner).post(page_of(account), {"address": address})
    assert answer.status_code == 422 and "<script>alert" not in answer.content.decode()
    assert not Invitation.objects.exists() and not mail.outbox


def test_a_phone_gets_a_text_message(owner, account, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path / "media"
    with django_capture_on_commit_callbacks(execute=True):
        client_of(owner).post(page_of(account), {"address": "8 912 345-67-89"})
    (message,) = (tmp_path / "sms").iterdir()
    phone, text = message.read_text("utf-8").splitlines()
    assert phone == "+79123456789" and "/invite/" in text and not mail.outbox


# --- entry by the printed code ---------------------------------------------------------------------------------------


def enter(number: str, code: str, client: Client | None = None, **extra: str) -> object:
    return (client or Client()).post(reverse("enter"), {"number": number, "code": code}, **extra)


def test_the_printed_code_opens_the_account_without_a_password(account):
    client = Client()
    assert enter(f"{account.number[:4]} {account.number[4:]}", "482-917", client)["Location"] == "/cabinet/"
    assert client.get(reverse("resident:account", args=[account.number])).status_code == 200
    assert client.session.get_expire_at_browser_close()
    user = User.objects.get(entry=account.number)
    assert not user.has_usable_password() and AccountLink.objects.filter(user=user).count() == 1
    enter(account.number, "482917")  # again: the same user
    assert User.objects.count() == 1 and AccountLink.objects.count() == 1


def test_every_wrong_pair_gets_the_same_page_and_leaves_no_trace(account):
    silent = make.account(document_code="")
    pages = set()
    for number, code in (
        (account.number, "000000"),
        (make.account_number(), "482917"),
        (silent.number, "-"),
        ("я", "1"),
    ):
        client = Client()
        answer = enter(number, code, client)
        assert answer.status_code == 200 and "_auth_user_id" not in client.session
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        pages.add(text)
    assert len(pages) == 1
    assert not User.objects.exists() and not AccountLink.objects.exists() and not JournalEntry.objects.exists()


def test_guessing_a_code_stops_however_the_number_is_written(account):
    for guess in range(10):
        enter(" ".join(account.number[: guess % 5]) + account.number[guess % 5 :], f"{guess:06}")
    stopped = enter(account.number, "482917")
    assert stopped.status_code == 429 and not User.objects.exists()


def test_guessing_stops_for_one_sender_over_many_accounts():
    for guess in range(20):
        enter(make.account_number(), f"{guess:06}")
    assert enter(make.account(document_code="482917").number, "482917").status_code == 429
    other = enter(make.account(document_code="482917").number, "482917", REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 302


def test_a_closed_entry_stays_closed(account):
    enter(account.number, "482917")
    User.objects.update(is_active=False)
    client = Client()
    assert enter(account.number, "482917", client).status_code == 200
    assert "_auth_user_id" not in client.session


def test_who_had_it_by_leave_and_proves_it_himself_stands_on_his_own(owner, account, shared):
    client_of(shared).post(reverse("resident:add"), {"number": account.number, "code": "482917"})
    client_of(owner).post(reverse("resident:remove", args=[account.number]))
    assert client_of(shared).get(reverse("resident:account", args=[account.number])).status_code == 200


def test_the_page_costs_few_queries_whatever_the_family(owner, account, django_assert_max_num_queries):
    for _ in range(8):
        AccountLink.objects.create(user=make.user(), account=account, given_by=owner)
    client = client_of(owner)
    with django_assert_max_num_queries(8):
        client.get(page_of(account))
