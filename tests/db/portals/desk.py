"""A small office for the tests of the back office: one house, one supplier, staff of every role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

import billing.operations
import payments.operations
from accounts.calendar import Month
from accounts.models import (
    AgencyContract,
    JournalEntry,
    Meter,
    Office,
    PersonalAccount,
    Reading,
    Residency,
    Touch,
    User,
)
from payments.models import Allocation, CashReceipt, Payment, Reversal
from portals.office import roles
from tests import make

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Asia/Yekaterinburg"))
TODAY = NOW.date()
OCTOBER = Month.parse("2026-10")
NOVEMBER = Month.parse("2026-11")


@dataclass
class Desk:
    """Maintenance at 20 ₽/m² of 50 m², cold water by meter at 40 ₽/m³; October is posted, November is open."""

    account: PersonalAccount
    contract: AgencyContract
    meter: Meter
    office: Office

    @property
    def card(self) -> str:
        return reverse("office:card", args=[self.account.pk])


def build() -> Desk:
    account = make.account(payer_person=make.person(last_name="Климова", first_name="Анна"), persons=2)
    contract = make.contract(percent="2")
    make.tariff(contract, 8, "20")
    make.tariff(contract, 2, "40")
    make.norm(2, "5")
    make.provision(account.house, 8, contract, 8)
    make.provision(account.house, 2, contract, 1)
    meter = make.meter(premises=account.premises, serial="СВ-777001")
    make.reading(meter, date(2026, 9, 20), "100")
    make.reading(meter, date(2026, 10, 20), "110")
    billing.operations.run_billing(month=OCTOBER)
    billing.operations.post_month(month=OCTOBER, today=OCTOBER.next.first)
    billing.operations.run_billing(month=NOVEMBER)
    return Desk(account, contract, meter, make.office(code="Ц", name="Центральное"))


def staff(role: str, **facts: Any) -> User:
    roles.ensure_roles()
    user = make.user(is_staff=True, **facts)
    user.groups.add(Group.objects.get(name=role))
    return user


def client(role: str, **facts: Any) -> Client:
    found = Client()
    found.force_login(staff(role, **facts))
    return found


def pay(desk: Desk, amount: str, **facts: Any) -> Payment:
    """A bank payment, laid over the debts of the day."""
    payment = payments.operations.record_payment(
        channel="bank", external_id=facts.pop("external_id", "77"), number=facts.pop("number", desk.account.number),
        amount=Decimal(amount), paid_on=TODAY, day=TODAY, today=TODAY, **facts,
    )  # fmt: skip
    payments.operations.allocate_day(day=TODAY)
    payment.refresh_from_db()
    return payment


def written() -> list[int]:
    """How many rows of everything an action might write."""
    models = (Payment, Allocation, CashReceipt, Reversal, Reading, Residency, Touch, JournalEntry)
    return [model.objects.count() for model in models]


def text(response: Any) -> str:
    """What the page says, without tags, spaces single."""
    body = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())
