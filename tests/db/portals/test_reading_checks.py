"""Large files of readings: judged by the queue, shown on a page, taken in by a second press, or cancelled."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Reading
from portals import tasks
from portals.models import PrincipalRole, PrincipalUser, ReadingFile, ReportJob
from portals.models.reports import JobState
from portals.operations import reading_files
from portals.reports import jobs, reading_checks
from tests import make

from . import town as towns
from .test_access import client_of
from .test_principal_cabinet import READINGS, filled, sent
from .test_resident_pages import text
from .town import NOW, Town

pytestmark = pytest.mark.django_db(transaction=True)  # progress is told in a connection of its own


@pytest.fixture
def town(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(reading_checks, "AT_ONCE", 100)
    monkeypatch.setattr(tasks.make_report_file, "delay_on_commit", lambda **_: None)
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


@pytest.fixture
def clerk(town: Town) -> Client:
    return client_of(town.accountant)


def ordered(town: Town, clerk: Client) -> ReportJob:
    """A file with a good row and a bad one, waiting for its check."""
    foreign = make.meter(premises=town.account.premises, resource=2, serial="ГВ-1")
    bad = [str(foreign.pk), "", "", "", "ГВ-1", "", "", None, "15", None, ""]
    page = text(sent(clerk, file=filled(clerk, {"СВ-100": 111}, bad)))
    assert "ждёт очереди" in page and "Отменить" in page
    return ReportJob.objects.latest("pk")


def page_of(clerk: Client, job: ReportJob, **headers: str) -> str:
    return text(clerk.get(reverse("principal:readings-check", args=[job.key]), headers=headers))


def test_a_large_file_is_judged_in_the_background_and_taken_in_by_a_second_press(town: Town, clerk: Client):
    job = ordered(town, clerk)
    tasks.make_report_file(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 2), job.message
    assert not Reading.objects.filter(meter=town.cold, day=towns.TODAY).exists() and not ReadingFile.objects.exists()
    page = page_of(clerk, job)
    assert "Годных строк: 1 , отклонённых: 1" in page.replace("<strong>", "").replace("</strong>", " ")
    assert "Такого прибора среди ваших нет" in page and "Принять годные" in page
    assert "hx-get" not in page_of(clerk, job, hx_request="true")
    answer = clerk.get(reverse("supplier-reports:fetch", args=[job.key]))
    back = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    assert back.max_row == 2 and "среди ваших нет" in str(back.cell(2, 12).value)
    assert "Проверка показаний" in text(clerk.get(reverse(READINGS)))

    for _ in range(2):  # pressed twice, queued once
        clerk.post(reverse("principal:readings-check", args=[job.key]))
    second = ReportJob.objects.latest("pk")
    assert ReportJob.objects.count() == 2
    tasks.make_report_file()
    second.refresh_from_db()
    assert second.state == JobState.DONE, second.message
    assert Reading.objects.get(meter=town.cold, day=towns.TODAY).value == 111
    assert (ReadingFile.objects.get().good, ReadingFile.objects.get().bad) == (1, 1)
    assert "записано" in page_of(clerk, second)
    clerk.post(reverse("principal:readings-check", args=[job.key]))  # once more: the file is there already
    tasks.make_report_file()
    again = ReportJob.objects.latest("pk")
    assert again.state == JobState.FAILED and "уже загружен 20.11.2026" in again.message
    assert ReadingFile.objects.count() == 1


def test_a_file_cancelled_in_the_middle_leaves_nothing(town: Town, clerk: Client, monkeypatch: pytest.MonkeyPatch):
    job = ordered(town, clerk)
    tasks.make_report_file(job_id=job.pk)
    clerk.post(reverse("principal:readings-check", args=[job.key]))
    second = ReportJob.objects.latest("pk")
    real = reading_files.load_readings

    def pressed(**facts: Any) -> Any:
        told = facts["progress"]

        def progress(done: int) -> None:
            told(done)
            with jobs.apart() as write:  # another process: the page and its button
                seen = ReportJob.objects.filter(pk=second.pk, state=JobState.RUNNING, total=1, done=1)
                assert write(seen.count) == 1
                write(lambda: jobs.cancel(user=town.accountant, key=second.key) or 0)
            told(done)

        return real(**{**facts, "progress": progress})

    with monkeypatch.context() as patched:
        patched.setattr(reading_files, "load_readings", pressed)
        jobs.make_file(job=jobs.take(at=timezone.now(), job_id=second.pk), clock=timezone.localtime)  # type: ignore[arg-type]
    second.refresh_from_db()
    assert not Reading.objects.filter(meter=town.cold, day=towns.TODAY).exists() and not ReadingFile.objects.exists()
    assert not jobs.path_of(second).exists()


def test_who_lost_the_contract_takes_nothing_in_and_a_stranger_sees_nothing(town: Town, clerk: Client):
    job = ordered(town, clerk)
    other = make.user()
    PrincipalUser.objects.create(user=other, principal=town.water.principal, role=PrincipalRole.OPERATOR)
    assert client_of(other).get(reverse("principal:readings-check", args=[job.key])).status_code == 404
    clerk.post(reverse("principal:readings-check", args=[job.key]), {"action": "cancel"})
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    left = ordered(town, clerk)
    PrincipalUser.objects.filter(user=town.accountant).update(withdrawn_at=timezone.now())
    tasks.make_report_file()
    left.refresh_from_db()
    assert left.state == JobState.FAILED and "Доступа" in left.message and not ReadingFile.objects.exists()


def test_a_file_that_is_none_says_so_and_old_ones_are_removed(town: Town, clerk: Client):
    told = {"user": town.accountant, "contract_id": town.water.pk, "at": timezone.now(), "on": towns.TODAY}
    job = jobs.order_check(name="x.xlsx", content=b"PK broken", **told)  # type: ignore[arg-type]
    tasks.make_report_file()
    job.refresh_from_db()
    assert job.state == JobState.FAILED and job.message
    assert "Файл не принят" in page_of(clerk, job)
    assert list(jobs.folder().glob("sent-*"))
    jobs.purge(today=timezone.localdate() + timedelta(days=3660))
    assert not list(jobs.folder().glob("sent-*"))
