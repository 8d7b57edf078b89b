"""From facts to charges, the shortest way."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from billing import operations, queries
from billing.kinds import By, Kind
from billing.models import NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
JUNE = Month(date(2026, 6, 1))


def test_metered_normed_and_area_services_are_charged():
    contract = make.contract()
    house = make.house()
    account = make.account(house=house, persons=2, total_area_m2=Decimal("50"))
    make.provision(house, 2, contract)
    make.provision(house, 1, contract)
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.provision(house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 2, "34.56")
    make.tariff(contract, 1, "4.93")
    make.tariff(contract, 8, "32.50")
    make.tariff(contract, 7, "641")
    make.norm(1, "90")
    make.norm(7, "2.196", NormBasis.PERSON_YEAR)
    meter = make.meter(premises=account.premises, resource=1)
    make.reading(meter, date(2026, 5, 20), "333")
    make.reading(meter, date(2026, 6, 20), "345")

    summary = operations.run_billing(month=JUNE)

    rows = {(row.service_id, row.kind): row for row in queries.charges_of_account(account_id=account.pk, month=JUNE)}
    assert {key: row.amount for key, row in rows.items()} == {
        (1, Kind.CHARGE): Decimal("887.40"),
        (2, Kind.CHARGE): Decimal("414.72"),
        (7, Kind.CHARGE): Decimal("234.61"),
        (8, Kind.CHARGE): Decimal("1625.00"),
    }
    assert rows[2, Kind.CHARGE].volume == Decimal("12")
    assert rows[2, Kind.CHARGE].method == By.METER
    assert summary.lines == summary.inserted == 4
    again = operations.run_billing(month=JUNE)
    assert (again.inserted, again.changed, again.removed) == (0, 0, 0)
    assert again.amount == summary.amount


def test_every_line_is_explained():
    contract = make.contract()
    house = make.house()
    account = make.account(house=house, persons=2, total_area_m2=Decimal("50"))
    make.provision(house, 2, contract)
    make.provision(house, 3, contract, components=2)
    make.provision(house, 4, contract, ProvisionMethod.WASTEWATER)
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.provision(house, 12, contract, ProvisionMethod.PER_ACCOUNT)
    make.provision(house, 16, contract, ProvisionMethod.COMMON_NORM)
    make.tariff(contract, 2, "34.56")
    make.tariff(contract, 3, "49.19", component=1)
    make.tariff(contract, 3, "2371.72", component=2)
    make.tariff(contract, 4, "27.40")
    make.tariff(contract, 8, "32.50")
    make.tariff(contract, 12, "150")
    make.tariff(contract, 16, "4.93")
    make.norm(3, "3.19")
    make.norm(3, "0.0611", NormBasis.PER_M3)
    make.norm(16, "2.7", NormBasis.COMMON_M2_MONTH)
    meter = make.meter(premises=account.premises, resource=1)
    make.reading(meter, date(2026, 5, 20), "333")
    make.reading(meter, date(2026, 6, 20), "345")
    operations.run_billing(month=JUNE)

    told = {row.title: row for row in queries.explain(account_id=account.pk, month=JUNE)}

    assert told["Холодное водоснабжение"].text == (
        f"12 м³ = 345 − 333 по счётчику № {meter.serial}. 12 м³ × 34,56 ₽ = 414,72 ₽."
    )
    assert told["Горячее водоснабжение, компонент на тепло"].text == (
        "0,389818 Гкал = 6,38 м³ × 0,0611 Гкал на подогрев 1 м³. 0,389818 Гкал × 2371,72 ₽ = 924,54 ₽."
    )
    assert told["Водоотведение"].formula == "п. 42 Правил № 354"
