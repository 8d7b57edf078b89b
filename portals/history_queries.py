"""Three years of an account: what was charged and what was used, month by month, and the same as rows for Excel."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

import accounts.queries
import billing.queries
import payments.queries
from accounts.calendar import Month
from accounts.kinds import Unit
from accounts.queries import PersonalAccount
from billing.queries import ChargeKind
from portals.charts import Point
from portals.queries import MONTHS_SHOWN, title_of

YEAR = 12
USED = (Unit.M3, Unit.KWH, Unit.GCAL)
METERED = (1, 2, 3, 5, 6)  # electricity, cold and hot water, heating, gas: what a household can spare
ROWS = 5000


@dataclass(frozen=True, slots=True)
class Usage:
    """A service whose usage may be looked at; norm: a month's for those who live there today, None without one."""

    service_id: int
    name: str
    unit: str
    points: list[Point]
    norm: Decimal | None
    persons: int


@dataclass(frozen=True, slots=True)
class History:
    """Roubles charged by month, and the usage of each service. The last month is a draft."""

    spent: list[Point]
    used: list[Usage]


def months_of(last: Month, account: PersonalAccount) -> list[Month]:
    """The months of the charts: 36 at most, none before the account was opened."""
    return list(Month.range(max(Month.of(account.opened_on), last + (1 - MONTHS_SHOWN)), last))


def history(account: PersonalAccount, *, last: Month) -> History:
    """The charts of an account up to the running month. Three statements, whatever the history."""
    months = months_of(last, account)
    since = months[0] + -YEAR
    rows = billing.queries.charges().filter(account_id=account.pk, month__gte=since.first, month__lte=last.first)
    spent: dict[Month, Decimal] = {}
    used: dict[tuple[int, str, int], dict[Month, Decimal]] = {}
    by_service = rows.values("month", "service_id", "service__name", "kind", "unit").annotate(
        amount=Sum("amount"), volume=Sum("volume")
    )
    for row in by_service:
        month = Month(row["month"])
        spent[month] = spent.get(month, Decimal(0)) + row["amount"]
        if row["kind"] == ChargeKind.CHARGE and row["service_id"] in METERED and row["unit"] in USED:
            key = (row["service_id"], row["service__name"], row["unit"])
            of_service = used.setdefault(key, {})
            of_service[month] = of_service.get(month, Decimal(0)) + (row["volume"] or Decimal(0))
    known = [month for month in months if month in spent]  # the months before the first charge are left out
    months = [month for month in months if known and month >= known[0]] or [last]
    persons = accounts.queries.persons_on(account.premises_id, last.first)
    norms = billing.queries.person_norms(account.house_id, last.first)
    services: list[Usage] = []
    for (service_id, name, unit), volumes in sorted(used.items()):
        if services and services[-1].service_id == service_id:
            continue  # the heat in hot water: its cubic metres are enough
        norm = norms.get(service_id, Decimal(0)) * persons
        services.append(Usage(service_id, name, Unit(unit).label, points(months, volumes, last), norm or None, persons))
    return History(spent=points(months, spent, last), used=services)


def points(months: list[Month], values: dict[Month, Decimal], last: Month) -> list[Point]:
    return [Point(month, values.get(month), values.get(month + -YEAR), month == last) for month in months]


def charge_rows(account: PersonalAccount, *, last: Month) -> list[list[Any]]:
    """Lines of the account's charges of 36 months, the latest first: as on the page, for Excel."""
    months = months_of(last, account)
    found = billing.queries.charges_of_months(account_id=account.pk, first=months[0], last=last)
    return [
        [
            month.first, row.principal, title_of(row), row.volume, row.unit_name, row.tariff, row.method_name,
            row.for_month, row.amount, "начислено" if row.is_ink else "предварительно",
        ]
        for month, row in found
    ]  # fmt: skip


def payment_rows(account: PersonalAccount) -> list[list[Any]]:
    """Payments, the latest first, for Excel."""
    return [
        [row.paid_on, row.accepted_at, row.channel, row.amount, row.state_name]
        for row in payments.queries.payments_of_account(account_id=account.pk, limit=ROWS)
    ]


def reading_rows(account: PersonalAccount) -> list[list[Any]]:
    """Readings, the latest first, for Excel."""
    return [
        [
            row.day, row.month.first, row.resource_name, row.serial, f"Т{row.zone}", row.value, row.unit,
            row.source_name, "" if row.counts else row.verdict_name,
        ]
        for row in accounts.queries.readings_of_account(account.pk, limit=ROWS)
    ]  # fmt: skip
