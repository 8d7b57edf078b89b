"""The samples pass the imports they are samples of, and asking for one writes nothing."""

from __future__ import annotations

import io
from uuid import UUID

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

import accounts.operations
import payments.operations
from accounts.models import House
from payments.models import Payment
from portals.office import roles, samples
from tests import make

from .desk import NOW, TODAY, client, text

pytestmark = pytest.mark.django_db
ONE, OTHER = UUID(int=7), UUID(int=8)


def test_the_sample_book_is_taken_whole_and_twice():
    for fias_id in (ONE, OTHER):
        report = accounts.operations.import_workbook(
            name="obrazec.xlsx", content=samples.workbook(fias_id), by=None, today=TODAY,
            since=TODAY.replace(day=1), dry_run=fias_id == ONE,
        )  # fmt: skip
        assert (report.good, report.bad) == (7, 0), [row for row in report.verdicts if not row.is_good]
        assert report.counts["PersonalAccount"] == 3
    assert House.objects.count() == 1


def test_the_sample_statement_finds_its_accounts_and_keeps_one_payment_waiting():
    make.agent()
    for _ in range(4):
        make.account()
    summary = payments.operations.import_statement(
        name="obrazec.txt", content=samples.statement(TODAY), channel="bank", day=TODAY, today=TODAY, dry_run=True
    )
    assert {kind: count for kind, (count, _) in summary.sums.items() if count} == {"accepted": 3, "held": 1}
    assert summary.warnings == [] or summary.warnings == ()
    assert not Payment.objects.exists()


def test_the_pages_give_the_samples_and_take_them():
    with time_machine.travel(NOW, tick=False):
        make.agent()
        make.account()
        staff = client(roles.ADMINISTRATOR)
        for page, field in (
            ("workbook", {"since": "2026-11-01"}),
            ("statement", {"channel": "bank", "day": str(TODAY)}),
        ):
            assert "скачать образец" in text(staff.get(reverse(f"office:{page}")))
            sample = staff.get(reverse(f"office:{page}_sample"))
            name = sample["Content-Disposition"].split('"')[1]
            answer = staff.post(
                reverse(f"office:{page}"), field | {"file": SimpleUploadedFile(name, io.BytesIO(sample.content).read())}
            )
            assert answer.status_code == 200 and "проверка, не записано" in text(answer)
