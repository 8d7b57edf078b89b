"""A house with a building meter owes no heat in summer, whatever its winter average was."""

from datetime import date
from decimal import Decimal

from accounts.calendar import Month
from billing import operations, queries
from billing.models import ProvisionMethod
from tests import make


def district(*, summer: str | None) -> tuple[int, Month]:
    contract = make.contract()
    account = make.account(house=make.house(total_area_m2=Decimal("1000")), total_area_m2=Decimal("50"))
    make.provision(account.house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000.00")
    make.norm(5, "0.03", 3)
    for month in (1, 2, 3, 4):
        make.house_volume(account.house, 5, date(2026, month, 1), "20")
    if summer:
        make.house_volume(account.house, 5, date(2026, 7, 1), summer)
    july = Month.parse("2026-07")
    operations.open_month(month=july)
    operations.run_billing(month=july)
    return account.pk, july


def test_no_volume_in_summer_is_no_line(db: None) -> None:
    account_id, july = district(summer=None)
    assert queries.charges_of_account(account_id=account_id, month=july) == []


def test_volume_counted_in_summer_is_charged(db: None) -> None:
    account_id, july = district(summer="2")
    (line,) = queries.charges_of_account(account_id=account_id, month=july)
    assert (line.volume, line.amount) == (Decimal("0.100000"), Decimal("200.00"))
