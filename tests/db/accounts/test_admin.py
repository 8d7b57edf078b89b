"""Requisites pass two pairs of eyes in the admin; edits of the registry are journalled; search understands people."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from zeal import zeal_ignore

from accounts import rules
from accounts.models import BankAccount, BankAccountState, JournalEntry, Organisation, Run, RunState, Touch, User
from tests import make

pytestmark = pytest.mark.django_db
BIK = "045354601"
NUMBER = rules.bank_account_with_key("40702810000000000777", BIK)
LIST = "admin:accounts_bankaccount_changelist"


def staff(*rights: str) -> tuple[User, Client]:
    user = make.user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return user, client


def proposal(organisation: Organisation, **facts: Any) -> dict[str, Any]:
    defaults = {
        "organisation": organisation.pk, "kind": 1, "number": NUMBER, "bik": BIK, "bank_name": "ПАО Сбербанк",
        "bank_town": "г. Оренбург", "correspondent": "", "valid_from": "01.12.2026", "ground": "письмо № 3",
    }  # fmt: skip
    return {**defaults, **facts}


def test_requisites_are_proposed_by_one_and_approved_by_another():
    organisation = make.organisation()
    rights = ("view_bankaccount", "add_bankaccount", "change_bankaccount")
    (author, first), (other, second) = staff(*rights), staff(*rights)
    with zeal_ignore():  # tried first, then done
        first.post(reverse("admin:accounts_bankaccount_add"), proposal(organisation))
    row = BankAccount.objects.get()
    assert (row.number, row.state, row.proposed_by) == (NUMBER, BankAccountState.PROPOSED, author)
    approve = {"action": "approve", "_selected_action": [row.pk]}
    refused = first.post(reverse(LIST), approve, follow=True)
    assert "другой сотрудник" in refused.content.decode()
    second.post(reverse(LIST), approve)
    row.refresh_from_db()
    assert (row.state, row.approved_by) == (BankAccountState.APPROVED, other)


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"number": NUMBER[:8] + str((int(NUMBER[8]) + 1) % 10) + NUMBER[9:]}, "number", "Ключ счёта не сходится"),
        ({"bik": "145354601"}, "bik", "БИК неверен"),
        ({"ground": ""}, "ground", "Обязательное поле"),
    ],
)
def test_wrong_requisites_are_refused_beside_their_field(facts: dict[str, Any], field: str, words: str):
    _, client = staff("view_bankaccount", "add_bankaccount")
    before = JournalEntry.objects.count()
    answer = client.post(reverse("admin:accounts_bankaccount_add"), proposal(make.organisation(), **facts))
    assert words in str(answer.context["adminform"].form.errors[field])
    assert (BankAccount.objects.count(), JournalEntry.objects.count()) == (0, before)


def test_requisites_cannot_be_edited(admin_client: Client):
    row = make.bank_account()
    address = reverse("admin:accounts_bankaccount_change", args=[row.pk])
    assert admin_client.post(address, {"number": NUMBER}).status_code == 403


def test_a_wrong_inn_is_refused_in_russian(admin_client: Client):
    row = make.organisation()
    facts = {"kind": 4, "short_name": "ООО", "name": "ООО", "inn": "1234567890", "ogrn": row.ogrn, "kpp": ""}
    address = reverse("admin:accounts_organisation_change", args=[row.pk])
    answer = admin_client.post(address, facts)
    assert "ИНН неверен: контрольные цифры не сходятся" in answer.content.decode()
    row.refresh_from_db()
    assert row.inn != "1234567890"


def test_an_edit_is_journalled_and_leaves_word_for_the_drafts(admin_client: Client):
    house = make.house()
    passport = house.passports.get()
    facts = {
        "house": house.pk, "total_area_m2": "3100", "common_area_m2": "300", "heated_area_m2": "", "storeys": 5,
        "common_area_heated": "on",
        "heating_mode": 1, "norm_scope": 0, "tariff_category": 0, "valid_from": "01.01.2020", "valid_to": "",
    }  # fmt: skip
    admin_client.post(reverse("admin:accounts_housepassport_change", args=[passport.pk]), facts)
    passport.refresh_from_db()
    assert passport.total_area_m2 == 3100
    entry = JournalEntry.objects.get(event="accounts.housepassport.changed")
    assert entry.facts["fields"] == ["total_area_m2", "storeys"]
    assert Touch.objects.get().house_id == house.pk


def test_history_tells_what_was_said_before_and_by_whom(admin_client: Client):
    row = make.organisation(kind=4, phone="+73532111111")
    facts = {"kind": 2, "short_name": "ООО «УК»", "name": row.name, "inn": row.inn, "ogrn": row.ogrn, "kpp": row.kpp}
    rows = {f"{name}-{part}_FORMS": 0 for name in ("bank_accounts", "contracts") for part in ("TOTAL", "INITIAL")}
    admin_client.post(reverse("admin:accounts_organisation_change", args=[row.pk]), {**facts, **rows})
    page = admin_client.get(reverse("admin:accounts_organisation_history", args=[row.pk]))
    (change,) = page.context["changes"]
    said = {difference.field: (difference.before, difference.after) for difference in change.differences}
    assert said["вид"] == ("ресурсоснабжающая организация", "управляющая организация")
    assert said["краткое наименование"] == (row.short_name, "ООО «УК»")
    assert change.who == "admin@example.com"


def test_a_running_job_is_cancelled_and_an_ended_one_is_not(admin_client: Client):
    alive = Run.objects.create(kind="billing.calculation", state=RunState.RUNNING)
    ended = Run.objects.create(kind="billing.calculation", state=RunState.DONE)
    data = {"action": "cancel", "_selected_action": [alive.pk, ended.pk]}
    page = admin_client.post(reverse("admin:accounts_run_changelist"), data, follow=True)
    assert f"Задание № {ended.pk} уже окончено" in page.content.decode()
    assert dict(Run.objects.values_list("pk", "state")) == {alive.pk: RunState.CANCELLED, ended.pk: RunState.DONE}


def test_a_user_who_is_not_super_cannot_make_himself_super():
    user, client = staff("view_user", "change_user")
    address = reverse("admin:accounts_user_change", args=[user.pk])
    facts = {"email": user.email, "name": "Я", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    with zeal_ignore():  # who asks and who is edited
        client.post(address, facts)
    user.refresh_from_db()
    assert user.is_superuser is False


@pytest.mark.parametrize("typed", ["Семёнова Дарья", "семенова", "+7 912 111-22-33", "9121112233"])
def test_a_person_is_found_as_people_write(admin_client: Client, typed: str):
    make.person(last_name="Семёнова", first_name="Дарья", phone="+79121112233")
    make.person(last_name="Другая")
    page = admin_client.get(reverse("admin:accounts_person_changelist"), {"q": typed})
    assert [row.last_name for row in page.context["cl"].result_list] == ["Семёнова"]


@pytest.mark.parametrize("typed", ["чкалова", "ЧКАЛОВА {number}", "ул. Чкалова {number}"])
def test_a_house_is_found_by_street_and_number(admin_client: Client, typed: str):
    house = make.house(street="ул. Чкалова")
    make.house(street="пр-кт Победы", number="9999")
    asked = {"q": typed.format(number=house.number)}
    page = admin_client.get(reverse("admin:accounts_house_changelist"), asked)
    assert [row.pk for row in page.context["cl"].result_list] == [house.pk]


def test_a_colleague_is_added_by_mail_and_gets_rights_from_a_role(admin_client: Client):
    facts = {"email": "new@demo.example", "name": "Новый", "phone": "", "usable_password": "true"}
    facts |= {"password1": "долгий-пароль", "password2": "долгий-пароль"}
    admin_client.post(reverse("admin:accounts_user_add"), facts)
    user = User.objects.get(email="new@demo.example")
    assert user.check_password("долгий-пароль")
    assert (user.is_staff, user.is_superuser) == (False, False)
