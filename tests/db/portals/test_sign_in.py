"""Sign-in by e-mail or phone, in Russian; each lands in his own cabinet."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portals.adapters import AccountAdapter, as_e164
from portals.models import AccountLink, PrincipalUser
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "пароль-жителя"


def sign_in(login: str, password: str = PASSWORD, **extra: str) -> tuple[Client, object]:
    client = Client()
    return client, client.post(reverse("account_login"), {"login": login, "password": password, **extra})


@pytest.mark.parametrize(
    "login",
    ["Anna@Test.example", "anna@test.example ", "+79123456789", "8 (912) 345-67-89", "8-912-345-67-89", "9123456789"],
)
def test_one_signs_in_by_email_or_phone_as_people_write_them(login: str):
    user = make.user(email="anna@test.example", phone="+79123456789", password=PASSWORD)
    client, answer = sign_in(login)
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert int(client.session["_auth_user_id"]) == user.pk


def test_one_with_a_phone_only_signs_in_too():
    make.user(email=None, phone="+79123456789", password=PASSWORD)
    assert sign_in("8 912 345 67 89")[1].status_code == 302


@pytest.mark.parametrize("login", ["anna@test.example", "+79123456789", "nobody@test.example", "+79990000000", "анна"])
def test_a_wrong_password_and_an_unknown_login_get_the_same_words(login: str):
    make.user(email="anna@test.example", phone="+79123456789", password=PASSWORD)
    client, answer = sign_in(login, "не тот")
    page = answer.content.decode()
    assert answer.status_code == 200 and "_auth_user_id" not in client.session
    assert "Не подошли логин или пароль." in page
    assert f'value="{login}"' in page  # what was typed stays


def test_guessing_a_password_is_stopped():
    make.user(email="anna@test.example", password=PASSWORD)
    for _ in range(5):
        sign_in("anna@test.example", "не тот")
    assert "Слишком много неудачных попыток" in sign_in("anna@test.example")[1].content.decode()


def test_each_lands_where_he_belongs():
    contract = make.contract()
    resident, accountant, operator, newcomer = (make.user(password=PASSWORD) for _ in range(4))
    account = make.account()
    AccountLink.objects.create(user=resident, account=account)
    PrincipalUser.objects.create(user=accountant, principal=contract.principal)
    operator.is_staff = True
    operator.save()
    homes = {resident: "/cabinet/", accountant: "/supplier/", operator: "/admin/", newcomer: "/cabinet/"}
    for user, place in homes.items():
        client, _ = sign_in(user.email)
        assert client.get("/")["Location"] == place
    AccountLink.objects.create(user=accountant, account=account)
    client, _ = sign_in(accountant.email)
    both = client.get("/").content.decode()  # two doors: he chooses
    assert 'href="/cabinet/"' in both and 'href="/supplier/"' in both


def test_the_page_asked_for_opens_after_sign_in():
    user = make.user(password=PASSWORD)
    client = Client()
    asked = client.get("/cabinet/add/")["Location"]
    answer = client.post(asked, {"login": user.email, "password": PASSWORD, "next": "/cabinet/add/"})
    assert answer["Location"] == "/cabinet/add/"


def test_a_newcomer_registers_and_is_told_what_to_do():
    client = Client()
    form = {"email": "new@test.example", "password1": "длинный-пароль-7", "password2": "длинный-пароль-7"}
    page = client.post(reverse("account_signup"), form, follow=True)
    assert "Добавьте лицевой счёт" in page.content.decode()


@pytest.mark.parametrize("taken", [{"email": "anna@test.example"}, {"phone": "8 912 345 67 89"}])
def test_registering_what_is_taken_makes_nobody_and_tells_nothing(taken: dict[str, str]):
    make.user(email="anna@test.example", phone="+79123456789")
    form = {"email": "new@test.example", "phone": "", "password1": "длинный-пароль-7", "password2": "длинный-пароль-7"}
    client = Client()
    answer = client.post(reverse("account_signup"), {**form, **taken}, follow=True)
    assert answer.status_code == 200 and "_auth_user_id" not in client.session
    assert User.objects.count() == 1


def test_a_phone_is_confirmed_by_a_code_and_then_opens_the_cabinet(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    user = make.user(password=PASSWORD)
    client, _ = sign_in(user.email)
    client.post(reverse("account_change_phone"), {"phone": "8 (912) 345-67-89", "action_add": ""})
    (message,) = (tmp_path / "sms").iterdir()
    phone, text = message.read_text("utf-8").splitlines()
    assert phone == "+79123456789"
    client.post(reverse("account_verify_phone"), {"code": text.split(" ")[0]})
    user.refresh_from_db()
    assert user.phone == "+79123456789" and user.phone_verified
    assert sign_in("89123456789")[1].status_code == 302


def test_a_phone_is_understood_or_refused_in_russian():
    assert as_e164("8 (912) 345-67-89") == "+79123456789"
    for wrong in ("123", "телефон", "+7912345678901234", ""):
        with pytest.raises(ValidationError, match="номер телефона"):
            as_e164(wrong)


def test_the_adapter_keeps_phones_in_the_user(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    adapter, user = AccountAdapter(), make.user(phone=None)
    assert adapter.get_phone(user) is None
    adapter.set_phone(user, "8 912 345 67 89", False)
    assert adapter.get_phone(user) == ("+79123456789", False)
    adapter.set_phone_verified(user, "+79123456789")
    user.refresh_from_db()
    assert user.phone_verified and adapter.get_user_by_phone("89123456789") == user
    assert adapter.get_user_by_phone("не номер") is None
    adapter.send_verification_code_sms(user, "+79123456789", "482917")
    (message,) = (tmp_path / "sms").iterdir()
    assert "482917" in message.read_text("utf-8")


@pytest.mark.django_db
def test_a_fragment_after_the_session_ended_sends_the_whole_page_to_the_door():
    """Else the log-in page would stand inside the card of readings, and what was typed would be gone."""
    stood = "/cabinet/560000010/readings/"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{stood}"}
    answer = Client().post(stood, {"m1-z1": "551"}, headers=headers)
    assert answer.status_code == 200 and not answer.content
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fcabinet%2F560000010%2Freadings%2F"
    assert Client().post(stood, {"m1-z1": "551"}).status_code == 302
