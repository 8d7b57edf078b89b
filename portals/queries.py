"""What the cabinets show: rows of the lower apps put together for one page. Only reads; roubles, plus means owes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from django.db.models import QuerySet

import accounts.queries
import billing.queries
import debt.queries
import payments.online_queries
import payments.queries
from accounts.calendar import ONE_DAY, Month
from accounts.money import ZERO, total
from accounts.queries import MeterRow, PersonalAccount, ReadingWindow, User
from billing.queries import ChargeKind, ChargeRow, DifferenceRow
from epd.queries import DocumentKind, PaymentDocument
from payments.online_queries import AutopaymentRow, Moving
from payments.queries import PaymentRow
from portals.models import AccountLink, PrincipalUser

MONTHS_SHOWN = 36
NOTHING_MOVES = Moving(ZERO, None, "")


# --- what to pay -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bill:
    """What is asked of the resident today, payments in transit already taken off. total = current + debt.

    current: what is unpaid of the last document's month; debt: of the months before; due_on: until when current is due.
    failed: the last payment on line, if that one failed.
    """

    total: Decimal
    current: Decimal
    debt: Decimal
    in_transit: Decimal
    month: Month | None
    due_on: date | None
    is_late: bool
    document_id: int | None
    failed: Decimal | None = None
    failed_because: str = ""

    @property
    def overpaid(self) -> Decimal:
        return -self.total


def bills(account_ids: Sequence[int], *, on: date) -> dict[int, Bill]:
    """The bill of each account on a day: four statements, however many accounts and whatever their history."""
    balances = payments.queries.balances(account_ids=account_ids, on=on + ONE_DAY)
    documents = last_documents(account_ids)
    charged = charged_in({pk: Month.of(document.month) for pk, document in documents.items()})
    moving = payments.online_queries.moving(account_ids)
    found = {}
    for pk in account_ids:
        document = documents.get(pk)
        paid = moving.get(pk, NOTHING_MOVES)
        owed = balances[pk] - paid.in_transit
        current = min(owed, max(charged.get(pk, ZERO), ZERO)) if owed > 0 else ZERO
        found[pk] = Bill(
            total=owed,
            current=current,
            debt=owed - current if owed > 0 else ZERO,
            in_transit=paid.in_transit,
            month=Month.of(document.month) if document else None,
            due_on=document.due_on if document else None,
            is_late=bool(document and owed > 0 and document.due_on < on),
            document_id=document.pk if document else None,
            failed=paid.failed,
            failed_because=paid.failed_because,
        )
    return found


def bill(account_id: int, *, on: date) -> Bill:
    """`bills` of one account."""
    return bills([account_id], on=on)[account_id]


def last_documents(account_ids: Sequence[int]) -> dict[int, PaymentDocument]:
    """Account → its last current document that was not withdrawn, without the payload. One statement."""
    rows = PaymentDocument.objects.filter(
        account_id__in=account_ids, kind=DocumentKind.CURRENT, withdrawn_at=None
    ).defer("payload")
    last = rows.order_by("account_id", "-month", "-issue").distinct("account_id")
    return {document.account_id: document for document in last}


def charged_in(months: dict[int, Month]) -> dict[int, Decimal]:
    """Account → posted charges of the month named beside it, roubles. One statement."""
    return billing.queries.posted_in(months) if months else {}


@dataclass(frozen=True, slots=True)
class AccountCard:
    """An account on the first screen."""

    number: str
    address: str
    bill: Bill
    payment: PaymentRow | None
    window: ReadingWindow


def account_cards(own: Sequence[PersonalAccount], *, on: date) -> list[AccountCard]:
    """The first screen: every account with its bill, last payment and readings window."""
    pks = [row.pk for row in own]
    asked = bills(pks, on=on)
    last = payments.queries.Payment.objects.filter(account_id__in=pks).select_related("channel", "account")
    last = last.order_by("account_id", "-paid_on", "-id").distinct("account_id")
    paid = {row.account_id: row for row in payments.queries.payment_rows(list(last))}
    windows = accounts.queries.reading_windows(pks, on)
    return [
        AccountCard(
            number=row.number,
            address=accounts.queries.address_of(row.house, row.premises),
            bill=asked[row.pk],
            payment=paid.get(row.pk),
            window=windows[row.pk],
        )
        for row in own
    ]


# --- autopayment -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueAutopayment:
    """A consent and the document to be charged: the roubles that the account still owes today."""

    autopayment_id: int
    document: str
    amount: Decimal


def due_autopayments(*, on: date) -> Iterator[DueAutopayment]:
    """What is to be charged: accounts whose last document is younger than the consent and was not charged yet.

    The sum is what the bill says today, not what the document said: who has paid meanwhile is charged the rest.
    """
    after = 0
    while standing := payments.online_queries.active_autopayments(after=after):
        after = standing[-1].autopayment_id
        pks = [row.account_id for row in standing]
        documents = last_documents(pks)
        charged = payments.online_queries.charged_documents([row.autopayment_id for row in standing])
        asked = bills(pks, on=on)
        for row in standing:
            document = documents.get(row.account_id)
            if document is None or document.issued_at <= row.consented_at:
                continue
            owed = asked[row.account_id].total
            if owed > 0 and (row.autopayment_id, document.number) not in charged:
                yield DueAutopayment(row.autopayment_id, document.number, owed)


def strangers_autopayments() -> list[AutopaymentRow]:
    """Autopayments of users who no longer have the account in their cabinet."""
    found: list[AutopaymentRow] = []
    after = 0
    while standing := payments.online_queries.active_autopayments(after=after):
        after = standing[-1].autopayment_id
        links = AccountLink.objects.filter(account__in=[row.account_id for row in standing], withdrawn_at=None)
        linked = set(links.values_list("user_id", "account_id"))
        found += [row for row in standing if (row.user_id, row.account_id) not in linked]
    return found


# --- charges of a month ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A line of the bill on the page; `key` names it in the address of «Почему столько»."""

    key: str
    title: str
    volume: Decimal | None
    unit_name: str
    tariff: Decimal | None
    method_name: str
    for_month: date
    is_other_month: bool
    amount: Decimal
    is_ink: bool


@dataclass(frozen=True, slots=True)
class ChargeGroup:
    """The lines of one principal."""

    title: str
    rows: list[ChargeLine]
    total: Decimal


@dataclass(frozen=True, slots=True)
class MonthBill:
    """Charges of a month, grouped by principal; is_draft while any line is chalk. total = Σ rows."""

    month: Month
    previous: Month
    next: Month
    rows: list[ChargeLine]
    groups: list[ChargeGroup]
    total: Decimal
    is_draft: bool
    prices: dict[tuple[int, int], Decimal] = field(default_factory=dict)


def key_of(row: ChargeRow) -> str:
    """A line's name within its month."""
    return f"{row.contract_id}-{row.service_id}-{row.kind}-{row.line}"


def title_of(row: ChargeRow) -> str:
    """«Горячее водоснабжение», «Электроснабжение, ночь (Т2)», «Отопление: перерасчёт»."""
    title = row.service_name
    zone = row.line // 1000 % 10
    if zone and row.service_id == ELECTRICITY:
        title += {1: ", день (Т1)", 2: ", ночь (Т2)", 3: ", полупик (Т3)"}.get(zone, "")
    component = row.line // 10000
    if component in COMPONENTS and row.service_id == HOT_WATER:
        title += COMPONENTS[component]
    if row.kind not in (ChargeKind.CHARGE, ChargeKind.COMMON_USE):
        title += f": {row.kind_name[0].lower()}{row.kind_name[1:]}"
    return title


ELECTRICITY, HOT_WATER = 1, 3
HEATING_OF_WATER = 2
COMPONENTS = {1: ", вода", HEATING_OF_WATER: ", нагрев"}


def month_bill(account_id: int, month: Month, *, contract_ids: Sequence[int] | None = None) -> MonthBill:
    """The account's charges of a month, chalk and ink. One statement. `contract_ids`: only these contracts'."""
    found = billing.queries.charges_of_account(account_id=account_id, month=month)
    if contract_ids is not None:
        found = [row for row in found if row.contract_id in contract_ids]
    pairs = [
        (
            row.principal,
            ChargeLine(
                key=key_of(row),
                title=title_of(row),
                volume=row.volume,
                unit_name=row.unit_name,
                tariff=row.tariff,
                method_name=row.method_name,
                for_month=row.for_month,
                is_other_month=row.for_month != month.first,
                amount=row.amount,
                is_ink=row.is_ink,
            ),
        )
        for row in found
    ]
    order = list(dict.fromkeys(principal for principal, _ in pairs))
    pairs.sort(key=lambda pair: order.index(pair[0]))
    groups = []
    for principal, members in groupby(pairs, key=lambda pair: pair[0]):
        rows = [line for _, line in members]
        groups.append(ChargeGroup(title=principal, rows=rows, total=total(line.amount for line in rows)))
    lines = [line for _, line in pairs]
    return MonthBill(
        month=month,
        previous=month.previous,
        next=month.next,
        rows=lines,
        groups=groups,
        total=total(line.amount for line in lines),
        is_draft=not all(line.is_ink for line in lines),
        prices=prices_of(found),
    )


def prices_of(rows: Sequence[ChargeRow]) -> dict[tuple[int, int], Decimal]:
    """(Service, zone) → roubles for a unit of its meter, by the lines of a month; zone 0: any.

    Of hot water: the cold water in it and its heating by the norm. A price to show beforehand, not to charge by.
    """
    parts: dict[tuple[int, int, int], Decimal] = {}
    for row in rows:
        if row.kind == ChargeKind.CHARGE and row.tariff is not None:
            component = row.line // 10000
            price = row.tariff * row.norm if component == HEATING_OF_WATER and row.norm else row.tariff
            parts.setdefault((row.service_id, row.line // 1000 % 10, component), price)
    prices: dict[tuple[int, int], Decimal] = {}
    for (service_id, zone, _), price in parts.items():
        prices[service_id, zone] = prices.get((service_id, zone), ZERO) + price
    return prices


def unit_prices(account_id: int, month: Month) -> dict[tuple[int, int], Decimal]:
    """`prices_of` the month, or of the one before where the draft is not there yet. One statement."""
    found = billing.queries.charges_of_months(account_id=account_id, first=month.previous, last=month)
    last = found[0][0] if found else month
    return prices_of([row for of_month, row in found if of_month == last])


def months_back(last: Month, *, opened_on: date) -> list[Month]:
    """Months that can be chosen, the latest first: from the account's opening, 36 at most."""
    first = max(Month.of(opened_on), last + (1 - MONTHS_SHOWN))
    return list(Month.range(first, last))[::-1]


@dataclass(frozen=True, slots=True)
class Reason:
    """«Почему столько»: the engine's words, and last month beside this one: previous + Σ changes = current.

    previous, current: all lines of the same service and kind (of an electricity meter with two zones, both); previous
    is None where there was none or it was another contract's.
    """

    title: str
    text: str
    formula: str
    amount: Decimal
    previous: Decimal | None
    current: Decimal
    changes: list[DifferenceRow]

    @property
    def is_part(self) -> bool:
        """Is the line one of several that are compared together?"""
        return self.current != self.amount


def reason(account_id: int, month: Month, *, key: str, today: date) -> Reason | None:
    """Why a line of the month is what it is; None when there is no such line (any more)."""
    rows = billing.queries.charges_of_account(account_id=account_id, month=month)
    row = next((one for one in rows if key_of(one) == key), None)
    if row is None:
        return None
    told = next(
        (
            one
            for one in debt.queries.explain(account_id=account_id, month=month, today=today)
            if (one.contract_id, one.service_id, one.kind, one.line)
            == (row.contract_id, row.service_id, row.kind, row.line)
        ),
        None,
    )
    kin = [one for one in rows if is_kin(one, row)]
    before = [
        one
        for one in billing.queries.charges_of_account(account_id=account_id, month=month.previous)
        if is_kin(one, row)
    ]
    comparable = bool(before) and {one.contract_id for one in (*kin, *before)} == {row.contract_id}
    differences = billing.queries.differences(account_id=account_id, month=month) if comparable else []
    return Reason(
        title=title_of(row),
        text=told.text if told else f"{row.kind_name}: {row.method_name}.",
        formula=told.formula if told else "",
        amount=row.amount,
        previous=total(one.amount for one in before) if comparable else None,
        current=total(one.amount for one in kin),
        changes=[one for one in differences if (one.service_id, one.kind) == (row.service_id, row.kind)],
    )


@dataclass(frozen=True, slots=True)
class MonthReason:
    """Why a month's sum differs from the month before, roubles: before + Σ changes = now, the largest change first."""

    month: Month
    before: Decimal
    now: Decimal
    changes: list[DifferenceRow]

    @property
    def difference(self) -> Decimal:
        return self.now - self.before


def month_reason(account_id: int, month: Month) -> MonthReason | None:
    """The month beside the one before it, by service and cause; None where either has no charges."""
    months = [month.previous, month]
    totals = billing.queries.totals_by_month(account_id=account_id, months=months)
    if not all(totals[one] for one in months):
        return None
    changes = billing.queries.differences(account_id=account_id, month=month)
    changes.sort(key=lambda row: -abs(row.amount))
    return MonthReason(month, totals[month.previous], totals[month], changes)


def is_kin(one: ChargeRow, row: ChargeRow) -> bool:
    """Do both lines charge the same service in the same way?"""
    return (one.service_id, one.kind) == (row.service_id, row.kind)


# --- readings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ZoneUsage:
    """Usage by one dial since the reading before; `name` is empty for a meter with one dial."""

    name: str
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a reading: its number, month and what was used."""

    meter_name: str
    serial: str
    number: str
    month: Month
    usage: list[ZoneUsage]
    unit: str
    counts: bool


def receipt_of(meter: MeterRow, taken: Any) -> Receipt:
    """The words of a SubmittedReading."""
    return Receipt(
        meter_name=meter.resource_name.capitalize(),
        serial=meter.serial,
        number=taken.receipt,
        month=taken.month,
        usage=[
            ZoneUsage(f"Т{zone} " if meter.zones > 1 else "", volume)
            for zone, volume in sorted(taken.usage.items())
            if meter.last.get(zone)
        ],
        unit=meter.unit,
        counts=taken.counts,
    )


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A reading with the usage since the one before it, in the units of the dial; None for the first.

    remark: why it does not count, for one that does not. places: digits after the comma that all rows of the list are
    shown with.
    """

    month: Month
    day: date
    meter_id: int
    resource_name: str
    serial: str
    zone_name: str
    source_name: str
    counts: bool
    value: Decimal
    usage: Decimal | None
    unit: str
    places: int
    remark: str = ""


def readings_history(account_id: int, *, limit: int = 120) -> list[HistoryRow]:
    """Readings of the account's meters, the latest first, replaced values too."""
    rows = accounts.queries.readings_of_account(account_id, limit=limit)
    dials: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        if row.counts:
            dials.setdefault((row.meter_id, row.zone), []).append(row)
    before = {
        (newer.meter_id, newer.zone, newer.day): older.value
        for dial in dials.values()
        for newer, older in pairwise(dial)
    }
    zoned = {row.meter_id for row in rows if row.zone > 1}
    # One number of digits after the comma in the whole column, so that commas stand under each other.
    places = max((-int(row.value.normalize().as_tuple().exponent) for row in rows), default=0)
    return [
        HistoryRow(
            month=row.month,
            day=row.day,
            meter_id=row.meter_id,
            resource_name=row.resource_name,
            serial=row.serial,
            zone_name=f"Т{row.zone}" if row.meter_id in zoned else "",
            source_name=row.source_name,
            counts=row.counts,
            value=row.value,
            usage=usage_of(row, before) if row.counts else None,
            unit=row.unit,
            places=min(max(places, 0), 6),
            remark="" if row.counts else row.verdict_name,
        )
        for row in rows
    ]


def usage_of(row: Any, before: dict[tuple[int, int, date], Decimal]) -> Decimal | None:
    """Usage since the reading before; unknown for the first one and after a rollover, which the engine counts."""
    previous = before.get((row.meter_id, row.zone, row.day))
    return row.value - previous if previous is not None and row.value >= previous else None


# --- demonstration ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A demonstration user; `what` says what he sees."""

    id: int
    name: str
    email: str
    phone: Any
    what: str


@dataclass(frozen=True, slots=True)
class DemoGroup:
    title: str
    people: list[DemoPerson]


DEMO_DOMAIN = "@demo.example"


def demo_users() -> QuerySet[User]:
    return User.objects.filter(email__endswith=DEMO_DOMAIN, is_active=True).order_by("pk")


def demo_user(pk: str) -> User | None:
    """The demonstration user of this number, or None."""
    return demo_users().filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None


def demo_logins() -> list[DemoGroup]:
    """Demonstration users by role. Five statements."""
    people = list(demo_users().prefetch_related("groups"))
    links: dict[int, list[str]] = {}
    for user_id, number in AccountLink.objects.filter(user__in=people, withdrawn_at=None).values_list(
        "user_id", "account__number"
    ):
        links.setdefault(user_id, []).append(number)
    principals: dict[int, list[str]] = {}
    for link in PrincipalUser.objects.filter(user__in=people, withdrawn_at=None).select_related("principal"):
        principals.setdefault(link.user_id, []).append(f"{link.principal.short_name}, {link.get_role_display()}")
    groups: dict[str, list[DemoPerson]] = {"Жители": [], "Поставщики": [], "Сотрудники": []}
    for user in people:
        if user.is_staff:
            title, what = "Сотрудники", ", ".join(group.name for group in user.groups.all())
        elif user.pk in principals:
            title, what = "Поставщики", "; ".join(principals[user.pk])
        else:
            title, what = "Жители", "Лицевой счёт " + ", ".join(links[user.pk]) if user.pk in links else "Без счетов"
        groups[title].append(DemoPerson(user.pk, str(user), user.email or "", user.phone, what))
    return [DemoGroup(title, members) for title, members in groups.items() if members]
