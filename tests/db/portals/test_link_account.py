"""An account is added by its number and the code of the document; nothing tells whether it exists."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import JournalEntry
from portals.models import AccountLink
from tests import make

from .test_access import client_of

pytestmark = pytest.mark.django_db
PROOF = "Номер и код не подошли друг к другу."


@pytest.fixture
def client() -> Client:
    return client_of(make.user())


def add(client: Client, number: str, code: str) -> object:
    return client.post(reverse("resident:add"), {"number": number, "code": code})


def test_the_right_code_links_the_account_once(client: Client):
    account = make.account(document_code="482917")
    spaced = f"{account.number[:3]} {account.number[3:6]} {account.number[6:]}"
    answer = add(client, spaced, " 482-917 ")
    assert answer.status_code == 302 and answer["Location"] == reverse("resident:account", args=[account.number])
    add(client, account.number, "482917")
    assert AccountLink.objects.filter(account=account).count() == 1
    assert JournalEntry.objects.filter(event="portals.account.linked", account=account).count() == 1


def test_a_wrong_code_and_an_unknown_account_get_the_same_answer(client: Client):
    account = make.account(document_code="482917")
    wrong = add(client, account.number, "000000")
    unknown = add(client, make.account_number(), "482917")
    garbage = add(client, "абракадабра", "482917")
    for answer in (wrong, unknown, garbage):
        assert answer.status_code == 200 and PROOF in answer.content.decode()
    assert not AccountLink.objects.exists()


def test_an_account_without_a_code_cannot_be_added(client: Client):
    account = make.account(document_code="")
    for code in ("", " ", "—"):
        add(client, account.number, code)
    assert not AccountLink.objects.exists()


def test_what_was_typed_stays_after_a_refusal(client: Client):
    page = add(client, "56000001", "12345").content.decode()
    assert 'value="56000001"' in page and 'value="12345"' in page


def test_guessing_is_stopped_and_even_the_right_code_waits(client: Client):
    account = make.account(document_code="482917")
    for guess in range(5):
        assert add(client, account.number, f"{guess:06}").status_code == 200
    stopped = add(client, account.number, "482917")
    assert stopped.status_code == 429
    assert "Подождите 15 минут" in stopped.content.decode()
    assert not AccountLink.objects.exists()


def test_many_users_cannot_guess_one_account_together():
    account = make.account(document_code="482917")
    for guess in range(10):
        add(client_of(make.user()), account.number, f"{guess:06}")
    assert add(client_of(make.user()), account.number, "482917").status_code == 429
    assert not AccountLink.objects.exists()
