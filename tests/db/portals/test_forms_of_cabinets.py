"""Every form of both cabinets: script comes back as text, and what is sent twice is done once.

The pages are those of the table of roles: a new page's forms are found by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from lxml import html

from .test_roles_table import ENTERED, OBJECT, RESIDENT, SUPPLIER, TABLE, World, world

__all__ = ["world"]
pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(7)</script>\"'><img src=x onerror=alert(7)>"
LIVE = (b"<script>alert(7)", b"<img src=x onerror")
ENTRY = {RESIDENT: "resident", ENTERED: "resident", SUPPLIER: "clerk", OBJECT: "clerk"}
AGAIN = {"principal:people"}  # a second invitation to one address takes the place of the first
COUNTED = ("portals", "accounts", "payments", "epd")


def pages(world: World) -> Iterator[tuple[str, str, str]]:
    """(name, address, role) of every page with forms."""
    for name, one in TABLE.items():
        if one.who in ENTRY and not name.startswith("api"):
            query = one.query.replace("@", str(world.town.water.pk)).replace("%", str(world.remittance))
            yield name, f"{reverse(name, args=one.args(world))}?{query}", ENTRY[one.who]


def filled(form: Any) -> dict[str, Any]:
    """What a visitor would send who types script wherever text is typed."""
    told: dict[str, Any] = {}
    for one in form.xpath(".//input[@name]|.//textarea[@name]|.//select[@name]"):
        kind, name = (one.get("type") or "text") if one.tag == "input" else one.tag, one.get("name")
        if kind in ("text", "search", "textarea", "password", "tel", "url"):
            told[name] = SCRIPT
        elif kind == "email":
            told[name] = "somebody@test.example"
        elif kind == "number":
            told[name] = one.get("min") or "1"
        elif kind in ("hidden", "date", "month"):
            told[name] = one.get("value") or ""
        elif kind == "select":
            values = [option.get("value", "") for option in one.iter("option")]
            told[name] = next(filter(None, values), "")
        elif kind in ("checkbox", "radio"):
            told.setdefault(name, one.get("value") or "on")
    return told


def written() -> dict[str, int]:
    """How many rows our tables have; the journal may tell of the same wish twice."""
    models = [model for app in COUNTED for model in apps.get_app_config(app).get_models()]
    tables = [model._meta.db_table for model in models if model.__name__ != "JournalEntry"]
    sums = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(sums)
        return dict(cursor.fetchall())


def test_script_comes_back_as_text_and_twice_is_once(world: World):
    wrong, seen, sent = [], set(), 0
    for name, address, role in pages(world):
        browser = Client(raise_request_exception=False)
        browser.force_login(world.people[role])
        page = browser.get(address)
        if page.status_code != 200 or "text/html" not in page["Content-Type"]:
            continue
        for form in html.fromstring(page.content).xpath("//form"):
            target = urljoin(address, form.get("action") or address)
            is_post = (form.get("method") or "get").lower() == "post"
            fields = filled(form)
            spot = (target.partition("?")[0], is_post, tuple(sorted(fields)))
            if spot in seen or "/logout/" in target or (is_post and not fields):
                continue
            seen.add(spot)
            sent += 1
            cache.clear()
            with transaction.atomic():
                send = browser.post if is_post else browser.get
                first = send(target, fields, follow=True)
                after = written()
                again = send(target, fields, follow=True)
                shown = browser.get(address)
                for what, answer in (("first", first), ("again", again), ("shown", shown)):
                    if answer.status_code >= 500:
                        wrong.append((name, target, what, answer.status_code))
                    elif not answer.streaming and any(live in answer.content for live in LIVE):
                        wrong.append((name, target, what, "script"))
                more = {table: count for table, count in written().items() if count != after.get(table)}
                if is_post and more and name not in AGAIN:
                    wrong.append((name, target, "written twice", more))
                transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))
    assert sent > 20
