"""A night twice adds nothing; the size of its blocks and their order change nothing."""

from __future__ import annotations

import pytest

from accounts.calendar import Month
from billing import operations
from billing.models import Charge
from config.seeding.region import Region
from tests.db.billing.test_killed_workers import left_behind

MONTH = Month.parse("2026-10")


@pytest.mark.django_db
def test_size_and_order_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    Region(accounts=800, months=3, until=MONTH, seed=5).write(lambda _done: None)
    first = operations.run_billing(month=MONTH)
    assert first.inserted == Charge.objects.count() > 5_000
    written = left_behind()
    again = operations.run_billing(month=MONTH)
    assert (again.inserted, again.changed, again.removed) == (0, 0, 0)
    houses = sorted(set(Charge.objects.values_list("house_id", flat=True)))
    for size in (1, 170):
        Charge.objects.all().delete()
        monkeypatch.setattr("billing.operations.drafts.BLOCK", size)
        for house_ids in (houses[len(houses) // 2 :], houses[: len(houses) // 2]):  # the last ones before the first
            operations.run_billing(month=MONTH, house_ids=house_ids)
        assert left_behind()["billing_charge"] == written["billing_charge"], size
    everybody = sorted(set(Charge.objects.values_list("account_id", flat=True)))
    alone = operations.run_billing(month=MONTH, account_ids=everybody[::13])
    assert (alone.inserted, alone.changed, alone.removed) == (0, 0, 0)
