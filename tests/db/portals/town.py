"""A flat with two meters, served by two principals: enough for every page of the cabinets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import billing.operations
import payments.operations
from accounts.calendar import Month
from accounts.models import AgencyContract, House, Meter, Office, PersonalAccount, User
from billing.models import NormBasis, ProvisionMethod
from portals.models import AccountLink, PrincipalRole, PrincipalUser
from tests import make

TODAY = date(2026, 11, 20)
NOW = "2026-11-20T12:00:00+05:00"
OCTOBER = Month(date(2026, 10, 1))
NOVEMBER = OCTOBER.next


@dataclass
class Town:
    """water supplies cold water and wastewater; home maintains the house and sends the waste away."""

    house: House
    account: PersonalAccount
    neighbour: PersonalAccount
    cold: Meter
    light: Meter
    water: AgencyContract
    home: AgencyContract
    office: Office
    resident: User
    accountant: User  # of the water principal
    cashier: User

    def charge(self, month: Month, *, post: bool = True) -> None:
        billing.operations.open_month(month=month)
        billing.operations.run_billing(month=month)
        if post:
            billing.operations.post_month(month=month, today=month.next.first)

    def pay(self, amount: str, on: date, account: PersonalAccount | None = None, by: User | None = None) -> Any:
        """Cash at the desk, allocated at once."""
        return payments.operations.take_cash(
            lines=[((account or self.account).pk, Decimal(amount))], given=None, office_id=self.office.pk,
            by=by or self.cashier, on=on,
        )  # fmt: skip


def build(*, months: int = 1, **user: Any) -> Town:
    """The town with `months` posted months up to October 2026 and a draft of November."""
    make.agent()
    house = make.house(street="ул. Чкалова", number="7")
    water, home = make.contract(percent="2"), make.contract()
    make.tariff(water, 2, "40.00")
    make.tariff(water, 1, "5.00")
    make.tariff(home, 8, "30.00")
    make.norm(2, "6.93")
    make.norm(1, "90")
    make.provision(house, 2, water)
    make.provision(house, 1, water)
    make.provision(house, 8, home, ProvisionMethod.PER_M2)
    make.norm(7, "2.196", NormBasis.PERSON_YEAR)
    account = make.account(premises=make.premises(house=house, number="12"), persons=2, document_code="482917")
    neighbour = make.account(premises=make.premises(house=house, number="13"), persons=1, document_code="111222")
    cold = make.meter(premises=account.premises, resource=1, serial="СВ-100", digits=5, decimals=3)
    light = make.meter(premises=account.premises, resource=3, serial="ЭЛ-200", zones=1, digits=6, decimals=1)
    first = OCTOBER + (1 - months)
    for back, month in enumerate(Month.range(first.previous, OCTOBER)):
        make.reading(cold, month.first.replace(day=20), Decimal(100 + 5 * back))
        make.reading(light, month.first.replace(day=20), Decimal(1000 + 100 * back))
    resident = make.user(email="resident@test.example", phone="+79123456789", password="пароль-жителя", **user)
    AccountLink.objects.create(user=resident, account=account)
    accountant = make.user(email="water@test.example")
    PrincipalUser.objects.create(user=accountant, principal=water.principal, role=PrincipalRole.ACCOUNTANT)
    town = Town(
        house=house, account=account, neighbour=neighbour, cold=cold, light=light, water=water, home=home,
        office=make.office(), resident=resident, accountant=accountant, cashier=make.user(is_staff=True),
    )  # fmt: skip
    for month in Month.range(first, OCTOBER):
        town.charge(month)
    town.charge(NOVEMBER, post=False)
    return town
