"""The look of the pages: remembered without JavaScript, and light enough for a slow line."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from .test_resident_pages import client, town  # noqa: F401
from .town import Town

pytestmark = pytest.mark.django_db
FIRST_SCREEN = 100_000  # bytes, compressed, without images


def test_a_look_is_remembered_and_a_strange_one_is_not():
    visitor = Client()
    went = visitor.post(reverse("look"), {"theme": "dark", "next": "/accounts/login/?next=/cabinet/"})
    assert went["Location"] == "/accounts/login/?next=/cabinet/"
    visitor.post(reverse("look"), {"type": "large"})
    page = visitor.get(reverse("home")).content.decode()
    assert 'id="dark" media="screen"' in page and 'data-type="large"' in page
    went = visitor.post(reverse("look"), {"theme": "<script>", "next": "https://other.example/"})
    assert went["Location"] == "/" and visitor.cookies["look"].value == "dark.large"
    assert 'media="screen"' in visitor.get(reverse("home")).content.decode()


def test_the_first_screen_is_light_and_asks_nothing_of_others(client: Client, town: Town):  # noqa: F811
    page = client.get(reverse("resident:account", args=[town.account.number])).content
    assets = set(re.findall(r'(?:href|src)="(/static/[^"#]+\.(?:css|js))"', page.decode()))
    weight = len(gzip.compress(page, 6))
    for asset in assets:
        found = finders.find(asset.removeprefix("/static/"))
        assert found, asset
        weight += len(gzip.compress(Path(found).read_bytes(), 6))
    assert len(assets) >= 5 and weight < FIRST_SCREEN
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.decode())
