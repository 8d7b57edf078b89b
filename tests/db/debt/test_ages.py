"""Debt by age: each debt is late from the due day of its own contract, service and payer."""

from datetime import date

import pytest

from accounts.calendar import Month
from accounts.models import OrganisationKind
from debt import queries
from debt.models import PenaltyTerms
from payments import ageing
from tests import make

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 23)


def test_each_contract_has_its_own_due_day_and_a_day_off_moves_it():
    """October: the law says 15.11, a Sunday, so 16.11; one contract says the 20th, another the 25th for firms alone."""
    account = make.account()
    firm = make.account(payer_organisation=make.organisation(kind=OrganisationKind.OTHER))
    law, own, firms = make.contract(), make.contract(), make.contract()
    since = date(2026, 1, 1)
    PenaltyTerms.objects.create(contract=own, scale=1, due_day=20, act="договор, п. 5", valid_from=since)
    PenaltyTerms.objects.create(contract=firms, scale=1, debtor=2, due_day=25, act="договор, п. 6", valid_from=since)
    for contract in (law, own, firms):
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    make.ink(firm, firms, 2, Month.parse("2026-10"), "7.00")
    rows = queries.ages(account_ids=[account.pk, firm.pk], on=DAY)
    found = {
        (row["account_id"], row["contract_id"]): (row["due_on"], row["days"], row["bucket"]) for row in rows.to_dicts()
    }
    assert found == {
        (account.pk, law.pk): (date(2026, 11, 16), 7, 1),
        (account.pk, own.pk): (date(2026, 11, 20), 3, 1),
        (account.pk, firms.pk): (date(2026, 11, 16), 7, 1),
        (firm.pk, firms.pk): (date(2026, 11, 25), 0, ageing.NOT_DUE),
    }
    summed = queries.ages_by(["contract_id"], on=DAY, contract_id=firms.pk)
    assert [(row["bucket"], row["accounts"], f"{row['amount']:.2f}") for row in summed.to_dicts()] == [
        (0, 1, "7.00"), (1, 1, "100.00"),
    ]  # fmt: skip
    assert queries.ages(account_ids=[], on=DAY).is_empty()
