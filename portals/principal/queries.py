"""Sums of a principal's month and day, grouped for the page. In every table the total is the sum of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, DurationField, F, Q, QuerySet, Sum

import accounts.queries
import billing.queries
import payments.queries
from accounts.calendar import Month
from accounts.money import ZERO, total
from accounts.queries import AgencyContract, House, PersonalAccount
from billing.queries import ChargeKind
from payments.queries import ContractDay, DaySummary, RemittanceRow, StatementRow, TurnoverRow
from portals.models import (
    OPEN,
    Appeal,
    Dispute,
    DisputeState,
    PrincipalInvitation,
    PrincipalUser,
    ReadingFile,
    Topic,
)

MONEY = ("opening", "charged", "recalculated", "benefits", "penalty", "paid", "closing")


def summed(rows: Sequence[Any], names: Sequence[str] = MONEY) -> dict[str, Decimal]:
    """Name → sum of that field over the rows."""
    return {name: total(getattr(row, name) for row in rows) for name in names}


# --- the home --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A contract's day: what came, what was withheld, what went out; roubles."""

    contract: AgencyContract
    came: ContractDay
    remittance: RemittanceRow | None


@dataclass(frozen=True, slots=True)
class PrincipalDay:
    """The home of a day: the sums of all contracts and each of them."""

    summary: DaySummary
    lines: list[ContractLine]


def principal_day(contracts: Sequence[AgencyContract], day: date) -> PrincipalDay:
    """Yesterday's receipts and what was remitted for them, per contract."""
    ids = [contract.pk for contract in contracts]
    summary = payments.queries.day_summary(contract_ids=ids, day=day)
    came = payments.queries.contract_days(contract_ids=ids, day=day)
    sent = {row.contract_id: row for row in summary.remittances}
    nothing = {pk: ContractDay(pk, ZERO, ZERO, ZERO) for pk in ids}
    return PrincipalDay(
        summary, [ContractLine(one, came.get(one.pk, nothing[one.pk]), sent.get(one.pk)) for one in contracts]
    )


# --- turnover --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HouseGroup:
    """The rows of one house and their sums."""

    house_id: int
    address: str
    rows: list[Any]
    sums: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table by house with its totals; is_draft where any row is not posted yet."""

    groups: list[HouseGroup]
    sums: dict[str, Decimal]
    is_draft: bool = False


def grouped(rows: Sequence[Any], names: Sequence[str], *, is_draft: bool = False) -> Sheet:
    """Rows by house, the houses in the order of their addresses."""
    houses: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        houses.setdefault((row.address, row.house_id), []).append(row)
    groups = [
        HouseGroup(house_id, address, members, summed(members, names))
        for (address, house_id), members in sorted(houses.items(), key=lambda item: natural(item[0][0]))
    ]
    return Sheet(groups, summed(rows, names), is_draft)


def natural(address: str) -> tuple[Any, ...]:
    """Sorts «д. 2» before «д. 10»."""
    head, _, tail = address.rpartition(" ")
    digits = "".join(sign for sign in tail if sign.isdecimal())
    return head, int(digits or 0), tail


def turnover(contract_ids: Sequence[int], month: Month) -> Sheet:
    """The turnover sheet by house and service: opening + … − paid = closing in every row and in total."""
    rows: list[TurnoverRow] = payments.queries.turnover(contract_ids=contract_ids, month=month)
    return grouped(rows, MONEY)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account's month under the principal's contracts."""

    number: str
    premises: str
    payer: str
    opening: Decimal
    charged: Decimal
    recalculated: Decimal
    benefits: Decimal
    penalty: Decimal
    paid: Decimal
    closing: Decimal


def balances_of(account_ids: Sequence[int], contract_ids: Sequence[int], month: Month) -> dict[int, dict[str, Decimal]]:
    """Account → its sums under these contracts only. One statement."""
    rows = payments.queries.statement_rows_of(account_ids=account_ids, month=month)
    return {pk: summed(own_rows(lines, contract_ids)) for pk, lines in rows.items()}


def own_rows(rows: Sequence[StatementRow], contract_ids: Sequence[int]) -> list[StatementRow]:
    """What concerns these contracts; the free advance is nobody's yet and is not shown."""
    return [row for row in rows if row.contract_id in contract_ids]


def house_accounts(
    rows: QuerySet[PersonalAccount], house: House, contract_ids: Sequence[int], month: Month
) -> tuple[list[AccountRow], dict[str, Decimal]]:
    """The accounts of a house with their sums: what the house's line of the turnover is made of."""
    found = list(rows.filter(house=house))
    balances = balances_of([row.pk for row in found], contract_ids, month)
    lines = [
        AccountRow(
            number=row.number,
            premises=", ".join(filter(None, [str(row.premises.parent or ""), str(row.premises)])) or "дом",
            payer=accounts.queries.payer_of(row),
            **balances[row.pk],
        )
        for row in found
        if any(balances[row.pk].values()) or row.closed_on is None
    ]
    lines.sort(key=lambda line: natural(line.premises))
    return lines, summed(lines)


# --- charges ---------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[int, ...]] = {
    "charged": (ChargeKind.CHARGE, ChargeKind.VAT, ChargeKind.UNAUTHORISED),
    "uplift": (ChargeKind.UPLIFT,),
    "common": (ChargeKind.COMMON_USE,),
    "recalculated": (ChargeKind.RECALCULATION, ChargeKind.HEATING_CORRECTION),
    "benefits": (ChargeKind.BENEFIT,),
    "penalty": (ChargeKind.PENALTY,),
}
CHARGES = (*PARTS, "amount")


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """Charges of a house, service and contract in a month, roubles; amount = Σ of the parts."""

    house_id: int
    address: str
    service_id: int
    service_name: str
    contract_id: int
    charged: Decimal
    uplift: Decimal
    common: Decimal
    recalculated: Decimal
    benefits: Decimal
    penalty: Decimal
    amount: Decimal


def parts_of(by_kind: Callable[[tuple[int, ...]], Decimal]) -> dict[str, Decimal]:
    """The columns of the table from a function that sums kinds."""
    parts = {name: by_kind(kinds) for name, kinds in PARTS.items()}
    return {**parts, "amount": total(parts.values())}


def lines_of(contract_ids: Sequence[int], month: Month) -> QuerySet[billing.queries.Charge]:
    """Lines of the month under the contracts, chalk and ink."""
    return billing.queries.Charge.objects.filter(month=month.first, contract_id__in=contract_ids)


def is_open(contract_ids: Sequence[int], month: Month) -> bool:
    """Is any of the contracts' months still being drafted?"""
    rows = billing.queries.ContractMonth.objects.filter(contract_id__in=contract_ids, month=month.first)
    return rows.filter(state=billing.queries.ContractMonthState.OPEN).exists()


def charges(contract_ids: Sequence[int], month: Month) -> Sheet:
    """Charges by house and service. Three statements."""
    sums: dict[tuple[int, int, int], dict[int, Decimal]] = {}
    keys = ("house_id", "service_id", "contract_id")
    for row in lines_of(contract_ids, month).values(*keys, "kind").annotate(total=Sum("amount")):
        sums.setdefault((row["house_id"], row["service_id"], row["contract_id"]), {})[row["kind"]] = row["total"]
    houses = House.objects.in_bulk({house for house, _, _ in sums})
    services = {service.pk: service for service in accounts.queries.Service.objects.all()}
    rows = [
        ChargeSum(
            house_id=house,
            address=str(houses[house]),
            service_id=service,
            service_name=services[service].name,
            contract_id=contract,
            **parts_of(lambda kinds, kept=kept: total(kept.get(kind, ZERO) for kind in kinds)),  # type: ignore[misc]
        )
        for (house, service, contract), kept in sorted(sums.items(), key=lambda item: services[item[0][1]].priority)
    ]
    return grouped(rows, CHARGES, is_draft=is_open(contract_ids, month))


@dataclass(frozen=True, slots=True)
class AccountCharge:
    """Charges of one account in a house, roubles."""

    number: str
    premises: str
    charged: Decimal
    uplift: Decimal
    common: Decimal
    recalculated: Decimal
    benefits: Decimal
    penalty: Decimal
    amount: Decimal


def house_charges(
    rows: QuerySet[PersonalAccount], house: House, contract_ids: Sequence[int], month: Month
) -> tuple[list[AccountCharge], dict[str, Decimal]]:
    """Charges of a house by account: what its subtotal is made of."""
    sums: dict[int, dict[int, Decimal]] = {}
    lines = lines_of(contract_ids, month).filter(house=house)
    for row in lines.values("account_id", "kind").annotate(total=Sum("amount")):
        sums.setdefault(row["account_id"], {})[row["kind"]] = row["total"]
    made = [
        AccountCharge(
            number=row.number,
            premises=", ".join(filter(None, [str(row.premises.parent or ""), str(row.premises)])) or "дом",
            **parts_of(lambda kinds, kept=sums[row.pk]: total(kept.get(kind, ZERO) for kind in kinds)),  # type: ignore[misc]
        )
        for row in rows.filter(pk__in=sums)
    ]
    made.sort(key=lambda line: natural(line.premises))
    return made, summed(made, CHARGES)


def houses_of(contract_ids: Sequence[int]) -> QuerySet[House]:
    """Houses that the contracts serve or served."""
    served = House.objects.filter(Q(provisions__contract__in=list(contract_ids)))
    return House.objects.filter(pk__in=served.values("pk")).order_by("street", "number")


# --- files of readings, disagreements, people ------------------------------------------------------------------------


def reading_files(contract_ids: Sequence[int], limit: int = 30) -> list[ReadingFile]:
    """Files of readings sent under the contracts, the latest first."""
    rows = ReadingFile.objects.filter(contract__in=list(contract_ids)).select_related("sent_by", "undone_by")
    return list(rows.order_by("-pk")[:limit])


def disputes(principal_ids: Sequence[int], *, state: str = "") -> QuerySet[Dispute]:
    """Disagreements of the principals, the latest first; `state`: only so answered."""
    rows = Dispute.objects.filter(principal__in=list(principal_ids)).select_related("contract", "opened_by")
    return (rows.filter(state=state) if state in DisputeState.values else rows).order_by("-pk")


def people(principal_id: int) -> list[PrincipalUser]:
    """Who works in the principal's cabinet, managers first."""
    return people_of([principal_id])


def people_of(principal_ids: Sequence[int]) -> list[PrincipalUser]:
    """Who works in the cabinets of these principals, managers first."""
    rows = PrincipalUser.objects.filter(principal__in=list(principal_ids), withdrawn_at=None).select_related("user")
    return list(rows.order_by("principal", "role", "pk"))


@dataclass(frozen=True, slots=True)
class TopicLine:
    """Appeals of a topic over a year: how many, how many wait, are late; days from the appeal to its answer."""

    topic: int
    topic_name: str
    count: int
    waiting: int
    late: int
    days: Decimal | None


def appeals_by_topic(accounts_of: QuerySet[PersonalAccount], *, today: date) -> list[TopicLine]:
    """What the residents of these accounts turned to the centre with in the last year, most of all first; no chats."""
    rows = Appeal.objects.filter(
        account__in=accounts_of.order_by().values("pk"), created_at__date__gt=today - timedelta(days=365)
    )
    found = rows.exclude(topic=Topic.CHAT).values("topic").annotate(
        count=Count("pk"), waiting=Count("pk", filter=Q(state__in=OPEN)),
        late=Count("pk", filter=Q(state__in=OPEN, due_on__lt=today)),
        took=Avg(F("answered_at") - F("created_at"), output_field=DurationField()),
    )  # fmt: skip
    return [
        TopicLine(
            row["topic"], Topic(row["topic"]).label, row["count"], row["waiting"], row["late"],
            (Decimal(row["took"] // timedelta(minutes=1)) / (24 * 60)).quantize(Decimal("0.1"))
            if row["took"] is not None else None,
        )
        for row in found.order_by("-count", "topic")
    ]  # fmt: skip


def invitations(principal_id: int) -> list[PrincipalInvitation]:
    """Letters that nobody has answered yet, the latest first."""
    rows = PrincipalInvitation.objects.filter(principal=principal_id, accepted_at=None, withdrawn_at=None)
    return list(rows.select_related("invited_by").order_by("-pk"))
