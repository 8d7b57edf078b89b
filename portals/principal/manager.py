"""What a principal's manager asks for: how much is collected, why a month differs, where houses lose. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.cache import cache
from django.db import connection

import billing.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, total
from accounts.queries import UNITS, PersonalAccount, Resource, Service
from billing.differences import WORDS, Cause
from billing.queries import Side
from portals.principal.queries import houses_of, natural
from portals.reports import running
from portals.reports.compiler import Scope
from portals.reports.definitions import Definition

MOST_ACCOUNTS = 60_000  # that are compared while the person waits
KEPT = 30 * 60


@dataclass(frozen=True, slots=True)
class Collected:
    """Charged and paid over some months, roubles; rate: per cent, None where nothing was charged."""

    accrued: Decimal
    paid: Decimal

    @property
    def rate(self) -> Decimal | None:
        return running.per_cent(self.paid, self.accrued)


@dataclass(frozen=True, slots=True)
class Collection:
    """A month and the year up to it, last year's beside."""

    month: Month
    this_month: Collected
    month_before: Collected
    year: Collected
    year_before: Collected


def collection(contract_ids: Sequence[int], month: Month) -> Collection:
    """The collection rate of the month and of the year to date. Three statements."""
    january = Month(month.first.replace(month=1))
    definition = Definition(rows=("month",), measures=("accrued", "paid"), first=january + -12, last=month)
    made = running.report(definition, Scope.of(list(contract_ids)))
    statement = made.page(limit=30, offset=0)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, dict(statement.params))
        rows = cursor.fetchall()
    sheet = running.laid(made, [row[1:-1] for row in rows if not row[0]], [row[1:] for row in rows if row[0]])
    found = {
        line.keys[0].value: Collected(line.cells[0] or ZERO, line.cells[1] or ZERO) for line in sheet.lines
    }  # fmt: skip

    def over(first: Month, last: Month) -> Collected:
        own = [found[str(one)] for one in Month.range(first, last) if str(one) in found]
        return Collected(total(one.accrued for one in own), total(one.paid for one in own))

    return Collection(
        month, over(month, month), over(month + -12, month + -12), over(january, month),
        over(january + -12, month + -12),
    )  # fmt: skip


# --- why a month differs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause: how many accounts, roubles; services: the same cause by service, the largest first."""

    title: str
    accounts: int
    amount: Decimal
    services: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """before + Σ causes = now, kopeck for kopeck; houses: whose sum changed most."""

    before: Decimal
    now: Decimal
    causes: tuple[CauseRow, ...]
    houses: tuple[tuple[int, str, Decimal], ...]


class TooMany(Refusal):
    """The fund is too large to compare while the person waits."""


def difference(contract_ids: Sequence[int], month: Month, *, house: int | None = None) -> Difference:
    """Why the month's charges under the contracts differ from the last one's. Raises TooMany.

    Remembered for half an hour: a draft moves once a night.
    """
    key = f"supplier.difference.{'-'.join(map(str, sorted(contract_ids)))}.{month}.{house or ''}"
    kept = cache.get(key)
    if isinstance(kept, Difference):
        return kept
    houses = {one.pk: str(one) for one in houses_of(contract_ids) if house in (None, one.pk)}
    if PersonalAccount.objects.filter(house__in=houses).count() > MOST_ACCOUNTS:
        raise TooMany(f"В ваших домах больше {MOST_ACCOUNTS} счетов: выберите дом, или постройте отчёт по месяцам.")
    rows = billing.queries.compare(
        Side(month.previous), Side(month), house_ids=sorted(houses), contract_ids=list(contract_ids)
    ).to_dicts()
    names = dict(Service.objects.values_list("pk", "name"))
    causes = []
    for cause in Cause:
        own = [row for row in rows if row["cause"] == cause]
        if not own:
            continue
        by_service: dict[str, Decimal] = {}
        for row in own:
            name = names[row["service_id"]]
            by_service[name] = by_service.get(name, ZERO) + row["amount"]
        causes.append(
            CauseRow(
                WORDS[cause],
                sum(row["accounts"] for row in own),
                total(row["amount"] for row in own),
                tuple(sorted(by_service.items(), key=lambda item: -abs(item[1]))),
            )
        )
    causes.sort(key=lambda one: -abs(one.amount))
    moved: dict[int, Decimal] = {}
    for row in rows:
        moved[row["house_id"]] = moved.get(row["house_id"], ZERO) + row["amount"]
    largest = sorted(moved.items(), key=lambda item: -abs(item[1]))[:10]
    before, now = (_charged(contract_ids, one, list(houses)) for one in (month.previous, month))
    found = Difference(
        before, now, tuple(causes), tuple((pk, houses[pk], amount) for pk, amount in largest if amount)
    )  # fmt: skip
    cache.set(key, found, KEPT)
    return found


def _charged(contract_ids: Sequence[int], month: Month, houses: list[int]) -> Decimal:
    rows = billing.queries.Charge.objects.filter(
        month=month.first, contract_id__in=list(contract_ids), house_id__in=houses
    )
    return total(rows.values_list("amount", flat=True).iterator(chunk_size=20_000))


# --- losses ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LossRow:
    """A house's building meter beside its premises in a month, units of the service; amount: charged for the rest.

    share: balance in per cent of the house's volume; suspects: in words what may be behind it.
    """

    house_id: int
    address: str
    service: str
    unit: str
    house_volume: Decimal | None
    balance: Decimal
    share: Decimal | None
    amount: Decimal
    suspects: tuple[str, ...]


# Below zero the premises have used more than the house: readings of other days, or fewer people than live there.
LOSSES = """
    SELECT b.house_id, h.town || ', ' || h.street || ', д. ' || h.number, s.name, s.resource,
        (SELECT sum(v.volume) FROM billing_housevolume AS v
            WHERE v.house_id = b.house_id AND v.service_id = b.service_id AND v.month = b.month),
        b.volume,
        (SELECT coalesce(sum(c.amount), 0.00) FROM billing_charge AS c WHERE c.month = b.month
            AND c.house_id = b.house_id AND c.service_id = b.service_id AND c.kind = 3
            AND c.contract_id = ANY(%(contracts)s)),
        m.standing, m.silent, m.overdue,
        (SELECT count(*) FROM accounts_premises AS p WHERE p.house_id = b.house_id AND p.kind = 1)
    FROM billing_housebalance AS b JOIN accounts_house AS h ON h.id = b.house_id
    JOIN accounts_service AS s ON s.id = b.service_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT m.premises_id) AS standing,
            count(*) FILTER (WHERE NOT EXISTS (SELECT FROM accounts_reading AS r
                WHERE r.meter_id = m.id AND r.counts AND r.month = b.month)) AS silent,
            count(*) FILTER (WHERE m.verified_until < b.month + interval '1 month') AS overdue
        FROM accounts_meter AS m WHERE m.house_id = b.house_id AND m.resource = s.resource AND m.kind <> 4
            AND m.removed_on IS NULL
    ) AS m
    WHERE b.month = %(month)s AND EXISTS (SELECT FROM billing_provision AS p WHERE p.house_id = b.house_id
        AND p.service_id = b.service_id AND p.contract_id = ANY(%(contracts)s))
    ORDER BY abs(b.volume) DESC LIMIT %(limit)s
"""


def losses(contract_ids: Sequence[int], month: Month, *, limit: int = 200) -> list[LossRow]:
    """Houses with a building meter, the largest share that nobody's meter explains first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(LOSSES, {"contracts": list(contract_ids), "month": month.first, "limit": limit})
        rows = cursor.fetchall()
    found = []
    for house, address, service, resource, volume, balance, amount, standing, silent, overdue, flats in rows:
        suspects = []
        if balance < 0:
            suspects.append("помещения показали больше дома: показания сняты в разные дни")
        if silent:
            suspects.append(f"приборов без показания: {silent}")
        if overdue:
            suspects.append(f"с истёкшей поверкой: {overdue}")
        if flats > standing:
            suspects.append(f"квартир без прибора: {flats - standing}")
        if balance > 0 and not suspects:
            suspects.append("проверьте сам общедомовой прибор и подключения до счётчиков")
        found.append(
            LossRow(
                house,
                address,
                service,
                UNITS.get(Resource(resource), ""),
                volume,
                balance,
                running.per_cent(balance, volume),
                amount,
                tuple(suspects),
            )
        )
    return sorted(found, key=lambda row: (-(row.share or ZERO), natural(row.address)))
