"""Months beside each other, a month beside its replay: causes add up, nothing is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.calendar import Month
from accounts.models import PersonalAccount
from billing import operations, queries
from billing.differences import Cause
from billing.kinds import Kind
from billing.models import Charge, NormBasis, ProvisionMethod, Tariff
from tests import make

pytestmark = pytest.mark.django_db
APRIL = Month(date(2026, 4, 1))
MAY = APRIL + 1
D = Decimal


def a_flat() -> PersonalAccount:
    """Waste at 100 ₽ a person, in May at 120; from May three people instead of two."""
    contract = make.contract()
    account = make.account(persons=2)
    make.residency(premises=account.premises, persons=1, valid_from=MAY.first)
    make.provision(account.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "100", valid_to=MAY.first)
    make.tariff(contract, 7, "120", valid_from=MAY.first)
    make.norm(7, "1", NormBasis.PERSON_MONTH)
    for month in (APRIL, MAY):
        operations.run_billing(month=month)
        if month == APRIL:
            operations.post_month(month=month, today=month.next.first)
    return account


def test_why_may_is_dearer_than_april() -> None:
    account = a_flat()
    rows = queries.differences(account_id=account.pk, month=MAY)
    assert [(row.service_id, row.cause, row.words, row.amount) for row in rows] == [
        (7, Cause.TARIFF, "Изменился тариф", D("40.00")),
        (7, Cause.PERSONS, "Изменилось число проживающих", D("120.00")),
    ]


def test_the_command_tells_sums_by_cause() -> None:
    a_flat()
    out = StringIO()
    call_command("diff_runs", "2026-04", "2026-05", stdout=out)
    assert "Изменился тариф: 40,00 ₽" in out.getvalue()
    assert "Изменилось число проживающих: 120,00 ₽" in out.getvalue()
    assert "Всего: 160,00 ₽" in out.getvalue()


def test_drafts_beside_a_fresh_run_name_the_fact_that_changed() -> None:
    account = a_flat()
    Tariff.objects.filter(valid_from=MAY.first).update(price=D("130"))
    rows = queries.compare(queries.Side(MAY), queries.Side(MAY, fresh=True))
    assert rows.select("house_id", "service_id", "cause", "accounts", "amount").rows() == [
        (account.house_id, 7, Cause.TARIFF, 1, D("30.00"))
    ]
    assert Charge.objects.get(month=MAY.first).amount == D("360.00")


def test_a_penalty_is_no_difference_of_a_fresh_run() -> None:
    account = a_flat()
    kept = Charge.objects.get(month=MAY.first)
    line = operations.DraftLine(account.pk, kept.contract_id, 7, 0, APRIL.first, D("5.40"))
    operations.draft_charges(month=MAY, kind=Kind.PENALTY, lines=[line])
    assert queries.compare(queries.Side(MAY), queries.Side(MAY, fresh=True)).is_empty()
    against_april = queries.compare(queries.Side(APRIL), queries.Side(MAY, fresh=True))
    assert against_april["amount"].sum() == D("165.40")


def test_the_same_lines_are_not_compared() -> None:
    a_flat()
    with pytest.raises(CommandError, match="Сравнивать нечего"):
        call_command("diff_runs", "2026-04", "2026-04")


def test_a_posted_month_replayed_differs_by_nothing_until_a_fact_changes() -> None:
    account = a_flat()
    assert queries.replay(APRIL, [account.house_id]).is_empty
    Tariff.objects.filter(valid_to=MAY.first).update(price=D("101"))
    found = queries.replay(APRIL, [account.house_id])
    assert found.changed.select("account_id", "amount").rows() == [(account.pk, D("202.00"))]
    assert Charge.objects.get(month=APRIL.first).amount == D("200.00")
