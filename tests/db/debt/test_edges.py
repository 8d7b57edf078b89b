"""The night's job, the command and the staff pages of penalties: each is one call."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.calendar import Month
from accounts.models import Run
from billing import operations as billing_operations
from billing.models import Charge, ChargeKind
from debt import tasks
from debt.models import Moratorium
from tests import make

pytestmark = pytest.mark.django_db
FEBRUARY, MAY = Month.parse("2026-02"), Month.parse("2026-05")


@pytest.fixture
def debtor():
    account = make.account()
    make.ink(account, make.contract(), 2, FEBRUARY, "3000.00")
    billing_operations.open_month(month=MAY)
    return account


def drafted():
    return list(Charge.objects.filter(kind=ChargeKind.PENALTY).values_list("amount", flat=True))


def test_the_job_accrues_to_the_day_and_records_itself(debtor):
    tasks.accrue_penalties(day="2026-05-10")
    run = Run.objects.get(kind="debt.penalties")
    assert (run.state, run.done, run.total) == ("done", 1, 1)
    assert {name: run.counts[name] for name in ("accounts", "lines", "amount")} == {
        "accounts": 1, "lines": 1, "amount": "23.75",
    }  # fmt: skip
    tasks.accrue_penalties(day="2026-05-10")
    assert drafted() == [Decimal("23.75")]


def test_the_job_leaves_months_that_have_not_begun(debtor):
    tasks.accrue_penalties(day="2026-04-30")
    assert not Run.objects.exists() and drafted() == []


def test_the_command_and_its_dry_run(debtor):
    said = io.StringIO()
    call_command("penalties", "2026-05", day=date(2026, 5, 10), dry_run=True, stdout=said)
    assert "23,75 ₽" in said.getvalue() and "Ничего не записано" in said.getvalue()
    assert drafted() == []
    call_command("penalties", "2026-05", "--day", "2026-05-10", "--account", debtor.number, stdout=said)
    assert drafted() == [Decimal("23.75")]


def test_the_command_prints_the_sheet(debtor, tmp_path):
    sheet = tmp_path / "sheet.pdf"
    options = {"account": debtor.number, "day": date(2026, 5, 10), "sheet": sheet, "stdout": io.StringIO()}
    call_command("penalties", "2026-05", **options)
    assert sheet.read_bytes().startswith(b"%PDF")
    assert drafted() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2026-13"], "не понят"),
        (["2026-04", "--day", "2026-04-30"], "не открыт"),
        (["2026-05", "--day", "2026-04-30"], "раньше месяца"),
        (["2026-05", "--account", "1234"], "нет. Проверьте номер"),
    ],
)
def test_the_command_says_what_is_wrong(debtor, arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("penalties", *arguments, stdout=io.StringIO())
    assert drafted() == []


@pytest.mark.parametrize("name", ["penaltyband", "penaltyterms", "moratorium"])
def test_the_staff_pages_open(client, debtor, name):
    Moratorium.objects.create(account=debtor, valid_from=date(2026, 1, 1), act="соглашение № 1")
    client.force_login(make.user(is_staff=True, is_superuser=True))
    assert client.get(f"/admin/debt/{name}/").status_code == 200
    last = {"penaltyband": 1, "penaltyterms": 1, "moratorium": Moratorium.objects.latest("pk").pk}[name]
    assert client.get(f"/admin/debt/{name}/{last}/change/").status_code == 200
