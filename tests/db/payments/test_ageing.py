"""Debt by age: every rouble in one bucket, by the day it fell due."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from payments import ageing, operations, queries
from tests import make

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 5)
OWED = {  # month of the document → its bucket on DAY; August is due on 10.09 or 15.09, whatever the law says
    "2026-10": 0, "2026-09": 1, "2026-08": 2, "2026-07": 3, "2026-06": 4, "2026-03": 5, "2025-06": 6, "2023-01": 7,
}  # fmt: skip


def test_every_month_stands_in_its_bucket_and_the_sum_is_the_debt():
    account, contract, other = make.account(), make.contract(), make.account()
    for place, month in enumerate(OWED):
        make.ink(account, contract, 2, Month.parse(month), f"{100 + place}.00")
    make.ink(other, contract, 2, Month.parse("2026-09"), "50.00")
    rows = ageing.ages(account_ids=[account.pk], on=DAY)
    assert {f"{row['for_month']:%Y-%m}": row["bucket"] for row in rows.to_dicts()} == OWED
    assert rows["amount"].sum() == queries.balance(account_id=account.pk, on=DAY)
    assert rows["house_id"].unique().to_list() == [account.house_id]
    (nearest,) = rows.filter(bucket=1).to_dicts()
    assert nearest["days"] == (DAY - nearest["due_on"]).days > 0
    summed = ageing.ages_by(["contract_id"], on=DAY)
    first = {row["bucket"]: (row["accounts"], row["amount"]) for row in summed.to_dicts()}
    assert first[1] == (2, Decimal("151.00"))
    assert summed["amount"].sum() == rows["amount"].sum() + Decimal("50.00")
    assert ageing.ages_by(["service_id"], on=DAY, contract_id=contract.pk + 1).is_empty()


@pytest.mark.parametrize(("days", "bucket"), [(0, 0), (1, 1), (30, 1), (31, 2), (90, 3), (91, 4), (365, 5), (366, 6)])
def test_a_bucket_ends_on_its_last_day(days, bucket):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, Month.parse("2026-01"), "10.00")
    (due,) = ageing.due_days([date(2026, 1, 1)]).values()
    (row,) = ageing.ages(account_ids=[account.pk], on=date.fromordinal(due.toordinal() + days)).to_dicts()
    assert (row["days"], row["bucket"]) == (days, bucket)


def test_money_makes_the_oldest_debt_young_again():
    account, contract = make.account(), make.contract()
    for month in ("2026-06", "2026-09"):
        make.ink(account, contract, 2, Month.parse(month), "100.00")
    operations.record_payment(
        channel="bank", external_id="1", number=account.number, amount=Decimal("150.00"), paid_on=DAY, day=DAY,
        today=DAY, lay=True,
    )  # fmt: skip
    (row,) = ageing.ages(account_ids=[account.pk], on=DAY).to_dicts()
    assert (f"{row['for_month']:%Y-%m}", row["bucket"], row["amount"]) == ("2026-09", 1, Decimal("50.00"))
    assert ageing.ages(account_ids=[], on=DAY).is_empty()
