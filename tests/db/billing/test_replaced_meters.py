"""A meter taken away and replaced later in the month: its own use, then the days between, then the new one's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from accounts.calendar import Month
from accounts.models import ReadingSource
from billing import operations, queries
from billing.models import NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
APRIL = Month.parse("2026-04")
ELECTRICITY = 1


def test_the_norm_of_the_days_between_is_counted_once_for_all_zones() -> None:
    """Kept from the random oracle of houses: without an average each zone had the norm of ten days for itself."""
    account = make.account(persons=1)
    contract = make.contract()
    make.provision(account.house, ELECTRICITY, contract, ProvisionMethod.METERED)
    for zone, price in ((1, "4"), (2, "2")):
        make.tariff(contract, ELECTRICITY, price, zone=zone)
    make.norm(ELECTRICITY, "90", NormBasis.PERSON_MONTH)
    facts = {"premises": account.premises, "resource": 3, "zones": 2}
    old = make.meter(**facts, commissioned_on=date(2026, 3, 15), removed_on=date(2026, 4, 11))
    new = make.meter(**facts, commissioned_on=date(2026, 4, 21), replaces=old)
    for zone in (1, 2):
        make.reading(old, date(2026, 3, 31), "100", zone=zone)
        make.reading(old, date(2026, 4, 11), "110", zone=zone, source=ReadingSource.ACT)
        make.reading(new, date(2026, 4, 21), "0", zone=zone, source=ReadingSource.ACT, counts=False)
        make.reading(new, date(2026, 4, 28), "5", zone=zone)
    operations.run_billing(month=APRIL)
    rows = queries.charges_of_account(account_id=account.pk, month=APRIL)
    # 10 + 5 kWh in each zone; 90 kWh × 10 days of 30 stand in the first
    assert [(row.volume, row.amount) for row in rows] == [(D("45"), D("180.00")), (D("15"), D("30.00"))]
