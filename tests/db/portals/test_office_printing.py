"""The page of printing: who sees it, what starts, what stops."""

from datetime import date

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.calendar import Month
from accounts.models import Run
from epd import operations, tasks
from epd.models import PrintBatch
from portals.office import roles
from tests import make

pytestmark = pytest.mark.django_db
OCTOBER = Month(date(2026, 10, 1))


@pytest.fixture
def october(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make.agent()
    account = make.account()
    make.ink(account, make.contract(), 2, OCTOBER, "500.00")
    operations.issue_month(month=OCTOBER, day=date(2026, 11, 3))
    return account


@pytest.fixture
def engineer(client):
    user = clerk(roles.ENGINEER)
    client.force_login(user)
    return user


def clerk(role):
    roles.ensure_roles()
    user = make.user(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def test_a_month_is_put_in_the_queue_and_printed(client, engineer, october, tmp_path):
    page = client.post(reverse("office:printing"), {"month": "2026-10", "action": "print"}, follow=True)
    assert "поставлена в очередь" in page.content.decode()
    run = Run.objects.get(kind="epd.print")
    assert run.started_by == engineer
    while operations.print_next(run.pk):
        pass
    tasks.print_next_batch(run_id=run.pk, invented_later=True)
    assert (tmp_path / "print" / "2026-10" / "manifest.json").exists()
    said = client.get(reverse("office:printings")).content.decode()
    assert "готова" in said
    assert "500,00" in said


def test_a_month_without_documents_is_refused(client, engineer):
    page = client.post(reverse("office:printing"), {"month": "2026-10", "action": "print"}, follow=True)
    assert "нет документов для печати" in page.content.decode()
    assert not PrintBatch.objects.exists()


def test_a_printing_is_stopped(client, engineer, october, tmp_path):
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path)
    page = client.post(reverse("office:printing"), {"action": "stop", "run_id": run_id}, follow=True)
    assert "остановлена" in page.content.decode()
    assert Run.objects.get(pk=run_id).state == "cancelled"
    assert not operations.print_next(run_id)


def test_a_cashier_sees_and_does_not_print(client, october):
    client.force_login(clerk(roles.CASHIER))
    assert client.get(reverse("office:printing")).status_code == 200
    assert client.post(reverse("office:printing"), {"month": "2026-10", "action": "print"}).status_code == 403
    assert not PrintBatch.objects.exists()
