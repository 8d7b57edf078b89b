"""The public pages: Russian, light, without inline scripts or styles; demonstration log-ins only under DEBUG."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse

from portals import views
from tests import make

from .test_access import client_of

pytestmark = pytest.mark.django_db
PAGES = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
SIGNED_IN = ["/cabinet/", "/cabinet/add/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/"]


def pages() -> list[tuple[str, str]]:
    found = [(page, Client().get(page)) for page in PAGES]
    user = client_of(make.user())
    found += [(page, user.get(page)) for page in SIGNED_IN]
    found += [("/нет-такой/", user.get("/нет-такой/"))]
    return [(page, answer.content.decode()) for page, answer in found]


def test_every_page_is_russian_and_obeys_the_content_policy():
    for page, html in pages():
        assert '<html lang="ru">' in html, page
        assert "<h1" in html and 'class="skip"' in html and 'id="main"' in html, page
        assert not re.search(r'\sstyle="|\son[a-z]+="|<style', html), page
        for script in re.findall(r"<script\b[^>]*>", html):
            assert "src=" in script or "application/json" in script, (page, script)
        shown = re.sub(r"(?s)<(script|head)\b.*?</\1>", "", html)
        words = re.sub(r"<[^>]+>|&\w+;|[\w.+-]+@[\w.-]+|[Ee]-mail", " ", shown)
        assert not re.findall(r"\b[A-Za-z]{4,}\b", words), page


def test_a_missing_page_says_so_in_russian():
    answer = Client().get("/нет-такой-страницы/")
    assert answer.status_code == 404 and "Такой страницы нет" in answer.content.decode()


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "429.html", "500.html"])
def test_error_pages_stand_by_themselves(name: str):
    from django.template.loader import render_to_string

    html = render_to_string(name)
    assert '<html lang="ru">' in html and "На главную" in html


def test_a_stale_form_is_told_so_in_russian():
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("account_login"), {"login": "a", "password": "b"})
    assert answer.status_code == 403 and "Страница устарела" in answer.content.decode()


def test_the_first_screen_is_light():
    html = client_of(make.user()).get("/cabinet/add/").content.decode()
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', html)
    assert len(files) == 6
    weights = [len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in files]
    assert sum(weights) <= 100 * 1024


def test_demonstration_log_ins_are_not_there_without_debug(settings):
    assert Client().get("/demo/").status_code == 404
    settings.DEBUG = False
    with pytest.raises(Http404):
        views.demo(RequestFactory().get("/demo/"))


def test_a_demonstration_user_enters_by_one_press(settings, rf):
    settings.DEBUG = True
    resident = make.user(email="resident@demo.example", name="Житель")
    real = make.user(email="director@real.example")
    from django.contrib.sessions.middleware import SessionMiddleware

    def press(pk: object) -> object:
        request = rf.post("/demo/", {"user": str(pk)})
        request.user = None
        SessionMiddleware(lambda r: None).process_request(request)
        request._dont_enforce_csrf_checks = True
        return views.demo(request), request

    answer, request = press(resident.pk)
    assert answer.status_code == 302 and request.session["_auth_user_id"] == str(resident.pk)
    for nobody in (real.pk, 999999, "x", ""):
        with pytest.raises(Http404):
            press(nobody)
