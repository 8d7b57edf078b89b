"""A family shares an account: invited by a letter, accepted, used, withdrawn; an appeal outlives an expired session."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from portals.models import Appeal
from tests import make
from tests.db.portals import town as towns
from tests.db.portals.town import Town
from tests.e2e.walking import faults, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with time_machine.travel("2026-11-18T12:00:00+05:00"):
        yield towns.build()


@pytest.fixture
def visit(
    browser: Browser, browser_context_args: dict[str, Any], live_server: Any
) -> Iterator[Callable[[User | None], Page]]:
    """A phone of somebody who has entered, or of a passer-by."""
    contexts = []

    def opened(user: User | None) -> Page:
        args = {**browser_context_args, "bypass_csp": True}
        contexts.append(phone_of(browser, user, url=live_server.url, **args))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def test_a_family_shares_an_account(visit: Callable[[User | None], Page], town: Town):
    number, found = town.account.number, []
    mother, son = visit(town.resident), make.user(email="son@test.example", name="Пётр")
    mother.goto(f"/cabinet/{number}/")
    mother.get_by_role("link", name="Доступ для семьи").click()
    mother.get_by_label("Почта или телефон").fill("son@test.example")
    mother.get_by_role("button", name="Послать приглашение").click()
    expect(mother.get_by_text("Приглашение отправлено")).to_be_visible()
    found += faults(mother)
    link = re.search(r"/invite/[\w-]+/", str(mail.outbox[-1].body))
    assert link is not None

    theirs = visit(son)
    theirs.goto(link[0])
    found += faults(theirs)
    theirs.get_by_role("button", name="Принять").click()
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("ул. Чкалова")

    # What the son typed waits for him when the session is over: he enters again, and it is there.
    theirs.get_by_role("link", name="Обращения").click()
    found += faults(theirs)
    theirs.get_by_role("link", name=re.compile("^Вопрос")).click()
    theirs.get_by_label("Что случилось").fill("Когда <b>поверка</b>?")
    found += faults(theirs)
    session = theirs.context.cookies()
    theirs.context.clear_cookies(name="sessionid")
    theirs.get_by_role("button", name="Отправить").click()
    expect(theirs).to_have_url(re.compile(r"/accounts/login/\?next=/cabinet/"))
    theirs.context.add_cookies([one for one in session if one["name"] == "sessionid"])  # type: ignore[misc]
    theirs.goto(f"/cabinet/{number}/appeals/new/1/")
    expect(theirs.get_by_label("Что случилось")).to_have_value("Когда <b>поверка</b>?")
    theirs.get_by_role("button", name="Отправить").dblclick()
    expect(theirs.get_by_text("ждёт оператора")).to_be_visible()
    expect(theirs.locator(".talk__text")).to_have_text("Когда <b>поверка</b>?")
    assert Appeal.objects.count() == 1
    found += faults(theirs)

    mother.goto("/cabinet/notices/")
    expect(mother.get_by_text("Приглашение принято: son@test.example")).to_be_visible()
    found += faults(mother)
    mother.goto(f"/cabinet/{number}/access/")
    mother.get_by_role("button", name="Отозвать доступ: Пётр").click()
    expect(mother.get_by_text("Доступ отозван.")).to_be_visible()
    answer = theirs.goto(f"/cabinet/{number}/")
    assert answer is not None and answer.status == 404

    for address in ("/", "/enter/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/readings/"):
        passer_by = visit(None)
        passer_by.goto(address)
        found += faults(passer_by)
    for address in ("2fa/", "sessions/", "email/", "password/change/"):
        mother.goto(f"/accounts/{address}")
        found += faults(mother)
    assert not found, "\n".join(found)
