"""The workbook page: verdicts first, the same file taken in, bad rows back as a file, the whole undone."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import House, ImportedFile, PersonalAccount
from portals.office import roles
from tests.db.accounts import books

from .desk import client, text

pytestmark = pytest.mark.django_db
PAGE = "office:workbook"


def upload(content: bytes, name: str = "книга.xlsx") -> dict[str, Any]:
    return {"since": "2026-11-01", "file": SimpleUploadedFile(name, content)}


def small_book() -> bytes:
    """Two accounts, the second with an area that cannot be."""
    accounts = [books.account(1), books.account(2, total="минус")]
    premises = [books.premises(1, "1"), books.premises(2, "2")]
    return books.book(houses=[books.house()], accounts=accounts, premises=premises)


def written() -> tuple[int, int, int]:
    return House.objects.count(), PersonalAccount.objects.count(), ImportedFile.objects.count()


def test_a_workbook_is_judged_taken_in_and_undone():
    operator, address = client(roles.OPERATOR), reverse(PAGE)
    judged = operator.post(address, upload(small_book()))
    assert "проверка, не записано" in text(judged)
    assert written() == (0, 0, 0)
    report = judged.context["report"]
    assert (report.good > 0, report.bad > 0) == (True, True)
    rows = operator.get(reverse("office:bad_rows", args=[judged.context["bad_rows"]]))
    assert openpyxl.load_workbook(io.BytesIO(rows.content)).sheetnames
    operator.post(address, {"token": judged.context["token"]})
    assert written() == (1, 1, 1)
    undone = operator.post(address, {"undo": ImportedFile.objects.get().pk}, follow=True)
    assert "отменена целиком" in text(undone)
    assert (House.objects.count(), PersonalAccount.objects.count()) == (0, 0)


@pytest.mark.parametrize("content", [b"", b"abc", b"PK\x03\x04 half a file"])
def test_a_broken_workbook_is_refused_in_words(content: bytes):
    answer = client(roles.OPERATOR).post(reverse(PAGE), upload(content))
    assert answer.status_code == 422
    assert "айл" in str(answer.context["form"].errors["file"])
    assert written() == (0, 0, 0)


def test_anothers_file_is_not_taken_in():
    judged = client(roles.OPERATOR).post(reverse(PAGE), upload(small_book()))
    stranger = client(roles.OPERATOR)
    answer = stranger.post(reverse(PAGE), {"token": judged.context["token"]}, follow=True)
    assert "Загрузите его снова" in text(answer)
    assert stranger.get(reverse("office:bad_rows", args=[judged.context["bad_rows"]])).status_code == 302
    assert written() == (0, 0, 0)
