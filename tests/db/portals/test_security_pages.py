"""Passkeys and codes of an app: a choice, in Russian; whoever made it is asked for it at every door."""

import re
from html import unescape

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portals.models import AccountLink
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "пароль-жителя"
LATIN = re.compile(r"\b(?!QR\b|JavaScript\b|SMS\b|Google\b|Microsoft\b|PDF\b)[A-Za-z]{3,}\b")


def signed_in(**facts: str) -> Client:
    user = make.user(email="anna@test.example", password=PASSWORD, **facts)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})  # what guards the entry asks once more
    return client


def words(response: object) -> str:
    body = re.sub(r"(?s)<(script|style|svg).*?</\1>|<textarea.*?</textarea>", " ", response.content.decode())  # type: ignore[attr-defined]
    return unescape(re.sub(r"<[^>]+>", " ", body)).replace("anna@test.example", "")


@pytest.mark.parametrize(
    "name",
    [
        "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate",
        "usersessions_list", "account_email", "account_change_password", "account_change_phone",
    ],
)  # fmt: skip
def test_pages_of_safety_are_russian(name: str):
    page = signed_in().get(reverse(name))
    assert page.status_code == 200 and LATIN.findall(words(page)) == []


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_code_of_an_app_is_asked_after_the_password_once_it_is_switched_on():
    client = signed_in()
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 1
    again = Client()
    answer = again.post(reverse("account_login"), {"login": "anna@test.example", "password": PASSWORD})
    assert answer["Location"] == reverse("mfa_authenticate") and "_auth_user_id" not in again.session
    asked = again.get(reverse("mfa_authenticate"))
    assert LATIN.findall(words(asked)) == []


def test_nobody_is_forced():
    client = signed_in()
    assert client.get("/cabinet/").status_code == 200
    assert "Ключей пока нет" in client.get(reverse("mfa_index")).content.decode()


def test_the_door_of_the_printed_code_asks_for_the_second_step_too():
    account = make.account(document_code="482917")
    Client().post(reverse("enter"), {"number": account.number, "code": "482917"})
    user = User.objects.get(entry=account.number)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client = Client()
    answer = client.post(reverse("enter"), {"number": account.number, "code": "482917"})
    assert answer["Location"] == reverse("mfa_authenticate") and "_auth_user_id" not in client.session
    assert AccountLink.objects.filter(user=user).count() == 1


def test_a_passkey_may_open_the_door():
    page = Client().get(reverse("account_login")).content.decode()
    assert settings.MFA_PASSKEY_LOGIN_ENABLED and "Войти по ключу устройства" in page
    options = Client().get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert options.status_code == 200 and "challenge" in options.content.decode()


def test_a_passwordless_resident_sets_a_password():
    account = make.account(document_code="482917")
    client = Client()
    client.post(reverse("enter"), {"number": account.number, "code": "482917"})
    page = client.get(reverse("mfa_index"))
    assert page.status_code == 200 and reverse("account_set_password") in page.content.decode()
    set_page = client.get(reverse("account_set_password"))
    assert set_page.status_code == 200 and LATIN.findall(words(set_page)) == []
