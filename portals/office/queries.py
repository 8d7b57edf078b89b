"""What the office pages read beyond the queries of one app."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

import accounts.rules
import billing.queries
import payments.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, total, written
from accounts.queries import (
    ChannelKind,
    FoundAccount,
    House,
    ImportedFile,
    Office,
    Organisation,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    Reading,
    ReadingVerdict,
    Residency,
    Run,
    RunState,
    Service,
    address_of,
    find_accounts,
)
from billing.differences import WORDS, Cause
from payments.registers import client_bank
from payments.registers import clues as register_clues
from payments.registers.client_bank import Names
from portals.models import Dispute, DisputeState

STREET = r"(?:ул\.?|улица|пр-кт|пер\.?)\s*[А-ЯЁа-яё\- ]+"
ADDRESS = re.compile(STREET + r"[ ,.]*(?:д\.?\s*)?\d+\w?(?:[ ,.]*(?:кв\.?\s*)?\d+)?")
NAME = re.compile(r"[А-ЯЁ][а-яё\-]+ [А-ЯЁ][а-яё]*\.? ?[А-ЯЁ]?[а-яё]*")


def unidentified_badge() -> str:
    """How many payments wait for an owner, as a sidebar shows it; empty when none."""
    waiting = payments.queries.Payment.objects.filter(state=payments.queries.PaymentState.UNIDENTIFIED).count()
    return str(waiting) if waiting else ""


# --- the account page -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service of the house, from whom and charged how; `exception`: what differs for this account."""

    service: str
    principal: str
    contract: str
    method: str
    since: date
    exception: str


def services_of(house_id: int, account_id: int, on: date) -> list[ServiceRow]:
    """Services of the account's house in force on the day, in the order of the document. One query."""
    rows = House(pk=house_id).provisions.on(on).select_related("service", "contract__principal")
    own = billing.queries.ProvisionException.objects.on(on).filter(account=account_id, service=OuterRef("service"))
    rows = rows.annotate(own_method=Subquery(own.values("method")[:1]), own_ground=Subquery(own.values("ground")[:1]))
    return [
        ServiceRow(
            service=row.service.name,
            principal=row.contract.principal.short_name,
            contract=row.contract.number,
            method=row.get_method_display(),
            since=row.valid_from,
            exception="" if row.own_ground is None else _exception(row.own_method, row.own_ground),
        )
        for row in rows.order_by("service__priority", "service_id")
    ]


def _exception(method: int | None, ground: str) -> str:
    how = billing.queries.ProvisionMethod(method).label if method else "не предоставляется"
    return f"{how} ({ground})"


@dataclass(frozen=True, slots=True)
class ResidencyRow:
    """A stay: who, how many, since when and up to which day (not included)."""

    id: int
    name: str
    persons: int
    kind: str
    since: date
    until: date | None
    ground: str
    is_now: bool


def residencies_of(premises_id: int, on: date) -> list[ResidencyRow]:
    """All stays in the premises, those of today first."""
    rows = Premises(pk=premises_id).residencies.select_related("person").order_by("-valid_from", "-pk")
    return stays_told(rows, on)


def stays_told(rows: Iterable[Residency], on: date) -> list[ResidencyRow]:
    """The stays with their persons, the latest first; those of the day before the others."""
    found = [
        ResidencyRow(
            id=row.pk,
            name=str(row.person) if row.person else "без имени",
            persons=row.persons,
            kind=row.get_kind_display(),
            since=row.valid_from,
            until=row.valid_to,
            ground=row.ground,
            is_now=row.valid_from <= on and (row.valid_to is None or on < row.valid_to),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: not row.is_now)


@dataclass(frozen=True, slots=True)
class AreaRow:
    total_m2: Decimal
    living_m2: Decimal | None
    heated_m2: Decimal | None
    since: date
    until: date | None


def areas_told(rows: Iterable[PremisesArea]) -> list[AreaRow]:
    """Areas of premises in the order given."""
    return [
        AreaRow(row.total_area_m2, row.living_area_m2, row.heated_area_m2, row.valid_from, row.valid_to) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class HoldRow:
    id: int
    month: Month
    cause: str
    held_by: str
    held_at: datetime
    released_at: datetime | None


def holds_of(account_id: int) -> list[HoldRow]:
    """Holds of the account, those that stand first."""
    rows = billing.queries.Hold.objects.filter(account_id=account_id).select_related("held_by").order_by("-held_at")
    found = [
        HoldRow(row.pk, Month(row.month), row.cause, str(row.held_by or "система"), row.held_at, row.released_at)
        for row in rows[:20]
    ]
    return sorted(found, key=lambda row: row.released_at is not None)


@dataclass(frozen=True, slots=True)
class PersonRow:
    id: int
    name: str
    born_on: date | None


def persons_named(text: str, limit: int = 8) -> list[PersonRow]:
    """Persons whose name begins with the text: case and Ё do not matter."""
    shaped = " ".join(text.upper().replace("Ё", "Е").split())
    if len(shaped) < 3:
        return []
    rows = Person.objects.filter(search_name__startswith=shaped).order_by("search_name", "pk")[:limit]
    return [PersonRow(row.pk, str(row), row.born_on) for row in rows]


def persons_of(ids: list[int]) -> list[PersonRow]:
    return [PersonRow(row.pk, str(row), row.born_on) for row in Person.objects.filter(pk__in=ids)]


# --- the month --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContractMonthRow:
    """A contract's month: its state, how many lines it has and for how much (roubles)."""

    contract_id: int
    contract: str
    principal: str
    state: str
    state_name: str
    posted_at: datetime | None
    closed_at: datetime | None
    accounts: int
    lines: int
    amount: Decimal


def contract_months(month: Month) -> list[ContractMonthRow]:
    """States of the month per contract, with its sums. Two queries."""
    states = billing.queries.ContractMonth.objects.filter(month=month.first).select_related("contract__principal")
    sums = {
        row["contract_id"]: row
        for row in billing.queries.Charge.objects.filter(month=month.first)
        .values("contract_id")
        .annotate(lines=Count("amount"), accounts=Count("account_id", distinct=True), amount=Sum("amount"))
    }
    nothing: dict[str, Any] = {"lines": 0, "accounts": 0, "amount": ZERO}
    return [
        ContractMonthRow(
            contract_id=row.contract_id,
            contract=row.contract.number,
            principal=row.contract.principal.short_name,
            state=row.state,
            state_name=row.get_state_display(),
            posted_at=row.posted_at,
            closed_at=row.closed_at,
            accounts=sums.get(row.contract_id, nothing)["accounts"],
            lines=sums.get(row.contract_id, nothing)["lines"],
            amount=sums.get(row.contract_id, nothing)["amount"],
        )
        for row in states.order_by("contract__principal__short_name", "contract_id")
    ]


def months_known() -> list[Month]:
    """Months that were opened, the latest first."""
    rows = billing.queries.ContractMonth.objects.values_list("month", flat=True).distinct()
    return [Month(first) for first in sorted(rows, reverse=True)]


def accounts_in(house_ids: list[int]) -> int:
    """How many accounts the houses have; all of the region where none is named."""
    rows = PersonalAccount.objects.all()
    return (rows.filter(house__in=house_ids) if house_ids else rows).count()


@dataclass(frozen=True, slots=True)
class Told:
    """Roubles of a difference by cause, by service and cause, and by house; each the largest first."""

    total: Decimal
    causes: list[tuple[str, int, Decimal]]  # words, accounts × services, roubles
    services: list[tuple[str, str, int, Decimal]]  # service, words, accounts, roubles
    houses: list[tuple[int, str, Decimal]]  # house, address, roubles


def differences_told(before: billing.queries.Side, now: billing.queries.Side, house_ids: list[int]) -> Told:
    """Why the lines of `now` differ from those of `before`, with words. Each list adds up to the total."""
    rows = billing.queries.compare(before, now, house_ids=house_ids or None)
    names = dict(Service.objects.values_list("pk", "name"))
    largest = pl.col("amount").abs()

    def sums(*key: str) -> list[tuple[Any, ...]]:
        found = rows.group_by(*key).agg(pl.sum("accounts"), pl.sum("amount"))
        return found.sort(largest, *key, descending=[True] + [False] * len(key)).rows()

    by_house = [row for row in sums("house_id") if row[2]]
    addresses = dict(houses_by_id([row[0] for row in by_house]))
    return Told(
        total=total(rows["amount"].to_list()),
        causes=[(WORDS[Cause(cause)], count, amount) for cause, count, amount in sums("cause")],
        services=[
            (names[pk], WORDS[Cause(cause)], count, amount) for pk, cause, count, amount in sums("service_id", "cause")
        ],
        houses=[(pk, addresses[pk], amount) for pk, _count, amount in by_house],
    )


RUN_NAMES = {
    "payments.undo_register": "Отмена реестра",
    "billing.calculation": "Расчёт начислений",
    "epd.issue": "Выпуск документов",
    "epd.print": "Печать документов",
    "payments.remit_day": "Перечисления",
    "payments.close_day": "Закрытие дня",
    "payments.close_month": "Закрытие месяца",
    "verify": "Проверка законов",
}


COUNT_NAMES = {
    "documents": "документов", "total": "на сумму, ₽", "refused": "отказано", "days": "дней", "received": "получено, ₽",
    "allocated": "разнесено, ₽", "formed": "сформировано", "net": "к перечислению, ₽",
}  # fmt: skip


def _told(title: str, count: object) -> str:
    """«документов 2000», «на сумму 12 345,67 ₽»"""
    if title.endswith(", ₽"):
        return f"{title.removesuffix(', ₽')} {written(Decimal(str(count)))} ₽"
    return f"{title} {count}"


@dataclass(frozen=True, slots=True)
class RunRow:
    id: int
    kind: str
    title: str
    month: date | None
    state: str
    state_name: str
    done: int
    total: int
    percent: int
    message: str
    outcome: str
    who: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_alive(self) -> bool:
        return self.state in (RunState.WAITING, RunState.RUNNING)


def runs(
    *, kinds: tuple[str, ...] = (), month: Month | None = None, register_id: int | None = None, limit: int = 10
) -> list[RunRow]:
    """The last jobs, of some kinds (prefixes), of a month, of a register where asked."""
    rows = Run.objects.select_related("started_by")
    if kinds:
        wanted = Q()
        for kind in kinds:
            wanted |= Q(kind__startswith=kind)
        rows = rows.filter(wanted)
    if month is not None:
        rows = rows.filter(month=month.first)
    if register_id is not None:
        rows = rows.filter(scope__register=register_id)
    return [
        RunRow(
            id=row.pk,
            kind=row.kind,
            title=RUN_NAMES.get(row.kind, row.kind),
            month=row.month,
            state=row.state,
            state_name=row.get_state_display(),
            done=row.done,
            total=row.total,
            percent=100 if row.state == RunState.DONE else 100 * row.done // row.total if row.total else 0,
            message=row.message,
            outcome="; ".join(_told(title, row.counts[key]) for key, title in COUNT_NAMES.items() if key in row.counts),
            who=str(row.started_by or "по расписанию"),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in rows.order_by("-created_at")[:limit]
    ]


@dataclass(frozen=True, slots=True)
class HeldAccount:
    hold_id: int
    account_id: int
    number: str
    cause: str
    held_by: str
    held_at: datetime


def held_accounts(month: Month, limit: int = 200) -> list[HeldAccount]:
    """Accounts that are held back from posting in the month."""
    rows = billing.queries.Hold.objects.filter(month=month.first, released_at=None).select_related("account", "held_by")
    return [
        HeldAccount(row.pk, row.account_id, row.account.number, row.cause, str(row.held_by or "система"), row.held_at)
        for row in rows.order_by("held_at")[:limit]
    ]


# --- readings that wait -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoubtfulReading:
    meter_id: int
    serial: str
    resource: str
    address: str
    account_id: int | None
    number: str
    day: date
    source: int
    source_name: str
    values: str


def doubtful_readings(limit: int = 100) -> list[DoubtfulReading]:
    """Readings that wait for a decision, the oldest first; the dials of one meter together. Two queries."""
    waiting = Reading.objects.filter(verdict=ReadingVerdict.DOUBTFUL)
    rows = waiting.select_related("meter__house", "meter__premises__parent")
    grouped: dict[tuple[int, date, int], list[Reading]] = {}
    for row in rows.order_by("day", "meter_id", "source", "zone")[: limit * 3]:
        grouped.setdefault((row.meter_id, row.day, row.source), []).append(row)
    places = {row.meter.premises_id for group in grouped.values() for row in group}
    open_now = PersonalAccount.objects.filter(premises__in=places, closed_on=None).order_by("-pk")
    owners = {row.premises_id: row for row in open_now}
    found = []
    for (meter_id, day, source), group in list(grouped.items())[:limit]:
        meter = group[0].meter
        owner = owners.get(meter.premises_id or 0)
        values = [f"{row.value:f}".rstrip("0").rstrip(".").replace(".", ",") for row in group]
        found.append(
            DoubtfulReading(
                meter_id=meter_id,
                serial=meter.serial,
                resource=meter.get_resource_display(),
                address=address_of(meter.house, meter.premises),
                account_id=owner.pk if owner else None,
                number=owner.number if owner else "",
                day=day,
                source=source,
                source_name=group[0].get_source_display(),
                values=" / ".join(values),
            )
        )
    return found


def count_doubtful() -> int:
    waiting = Reading.objects.filter(verdict=ReadingVerdict.DOUBTFUL)
    return waiting.values("meter_id", "day", "source").distinct().count()


# --- the desk ---------------------------------------------------------------------------------------------------------


def offices() -> list[tuple[int, str]]:
    return [(row.pk, row.name) for row in Office.objects.order_by("code")]


@dataclass(frozen=True, slots=True)
class DayReceipt:
    number: str
    made_at: datetime
    accounts: str
    amount: Decimal
    is_card: bool
    by_card: Decimal
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """What one cashier took on a day, roubles; cancelled receipts are shown, counted as returned and not as taken."""

    receipts: list[DayReceipt]
    cash: Decimal
    card: Decimal
    returned: Decimal

    @property
    def count(self) -> int:
        return sum(not row.is_cancelled for row in self.receipts)

    @property
    def cancelled(self) -> int:
        return len(self.receipts) - self.count


def shift_of(user_id: int, on: date) -> Shift:
    """Receipts of the cashier on the operating day, the last first. Two queries."""
    rows = payments.queries.CashReceipt.objects.filter(cashier_id=user_id, payments__day=on).distinct()
    receipts = []
    cash = card = returned = ZERO
    for row in rows.prefetch_related("payments__account").order_by("-made_at", "-pk"):
        taken = list(row.payments.all())
        cancelled = all(payment.state == payments.queries.PaymentState.REVERSED for payment in taken)
        numbers = ", ".join(dict.fromkeys(payment.account.number for payment in taken if payment.account))
        receipts.append(DayReceipt(row.number, row.made_at, numbers, row.amount, row.is_card, row.by_card, cancelled))
        if cancelled:
            returned += row.amount
        else:
            cash, card = cash + row.amount - row.by_card, card + row.by_card
    return Shift(receipts, cash, card, returned)


def service_names() -> dict[int, str]:
    return dict(Service.objects.values_list("id", "short_name"))


@dataclass(frozen=True, slots=True)
class FileRow:
    id: int
    name: str
    who: str
    imported_at: datetime
    undone_at: datetime | None


def imported_files(limit: int = 10) -> list[FileRow]:
    """The workbooks that were taken in, the latest first."""
    rows = ImportedFile.objects.select_related("imported_by").order_by("-imported_at")[:limit]
    return [
        FileRow(row.pk, row.name, str(row.imported_by or "система"), row.imported_at, row.undone_at) for row in rows
    ]


# --- money ------------------------------------------------------------------------------------------------------------


def statement_channels() -> list[tuple[str, str]]:
    """Channels whose money comes by a bank statement."""
    rows = payments.queries.Channel.objects.filter(is_active=True)
    rows = rows.exclude(kind__in=[ChannelKind.CASH_DESK, ChannelKind.ONLINE]).order_by("kind", "name")
    return list(rows.values_list("code", "name"))


def is_day_closed(day: date) -> bool:
    closed = payments.queries.OperatingDayState.CLOSED
    return payments.queries.OperatingDay.objects.filter(day=day, state=closed).exists()


@dataclass(frozen=True, slots=True)
class Waiting:
    """All the money without an owner, roubles."""

    count: int
    amount: Decimal


def unidentified_totals() -> Waiting:
    rows = payments.queries.Payment.objects.filter(state=payments.queries.PaymentState.UNIDENTIFIED)
    found = rows.aggregate(count=Count("id"), amount=Sum("amount"))
    return Waiting(found["count"], found["amount"] or ZERO)


# How much each kind of a clue weighs; what agrees with several is the sum of them.
WEIGHTS = {
    "номер счёта": 100, "ЕЛС": 100, "идентификатор ЖКУ": 100, "номер с одной опиской": 60, "телефон": 50, "адрес": 40,
    "плательщик": 30, "собственник": 25,
}  # fmt: skip
SLIGHT = 20


def candidates(payment_id: int, limit: int = 5) -> list[FoundAccount]:
    """Accounts whose money an unidentified payment may be, the likeliest first; `why` names all that speaks for each.

    Numbers and identifiers weigh most, then a number with one slip of the hand, then an address, then a name; what
    agrees with several of them stands first. Nothing is assigned by a guess: a person chooses.
    """
    waiting = payments.queries.PaymentState.UNIDENTIFIED
    payment = payments.queries.Payment.objects.filter(pk=payment_id, state=waiting).first()
    if payment is None:
        return []
    told = register_clues.qr_fields(payment.purpose)
    number = told.get("PersAcc") or told.get("PersonalAccount") or payment.number_as_received
    name = " ".join(told[field] for field in ("LastName", "FirstName", "MiddleName") if field in told)
    purpose = f"{payment.purpose} {told.get('PayerAddress', '')}"
    found: dict[int, FoundAccount] = {}
    weights: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}

    def add(row: FoundAccount, why: str) -> None:
        found.setdefault(row.id, row)
        if why not in reasons.setdefault(row.id, []):
            reasons[row.id].append(why)
            weights[row.id] = weights.get(row.id, 0) + WEIGHTS.get(why, SLIGHT)

    marks = [mention.value for mention in client_bank.mentions(purpose) if mention.names <= Names.UNIFIED]
    clued = [*(mark[:13] for mark in marks), *clues(number, purpose, name or payment.payer)]
    for clue in dict.fromkeys(clued):
        for row in find_accounts(clue, limit=limit):
            add(row, row.why)
    for typed in {re.sub(r"\D", "", text) for text in (number, *re.findall(r"\d{6,20}", purpose))}:
        meant = PersonalAccount.objects.filter(number__in=register_clues.slips(typed)).order_by("number")
        for one in meant.values_list("number", flat=True)[:limit]:
            for row in find_accounts(one, limit=1):
                add(row, "номер с одной опиской")
    likely = sorted(found.values(), key=lambda row: (-weights[row.id], row.number))
    return [replace(row, why=", ".join(reasons[row.id])) for row in likely[:limit]]


def clues(number: str, purpose: str, payer: str) -> list[str]:
    """What to search by, the surest first: the number, numbers in the purpose, an address there, the payer's name.

    A number with a wrong last digit is tried without it: the mistake is most often there.
    """
    numbers = [number.strip(), *re.findall(r"\d{6,20}", purpose)]
    numbers = [text for text in numbers if text]
    cut = [text[:-1] for text in numbers if len(text) > 6 and not accounts.rules.is_account_number(text)]
    address = ADDRESS.findall(purpose)
    name = NAME.findall(f"{payer}; {purpose}")
    if not name and re.fullmatch(r"[А-ЯЁ\- ]{5,}", payer.strip()):
        name = [payer.strip()]
    return list(dict.fromkeys([*numbers, *cut, *address, *name]))[:6]


# --- papers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    id: int
    left_on: date
    back_on: date | None
    persons: int
    document: str


def absences_of(premises_id: int) -> list[AbsenceRow]:
    """Absences of the premises' residents, the latest first."""
    rows = Premises(pk=premises_id).absences.order_by("-valid_from", "-pk")[:20]
    return [AbsenceRow(row.pk, row.valid_from, row.valid_to, row.persons, row.document) for row in rows]


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act of unauthorised use, or the row that takes one back; roubles."""

    id: int
    act: str
    service: str
    month: Month
    volume: Decimal
    amount: Decimal
    reason: str
    is_undone: bool


def acts_of(account_id: int) -> list[ActRow]:
    rows = billing.queries.UnauthorisedUse.objects.filter(account_id=account_id).select_related("service")
    known = list(rows.order_by("-pk")[:20])
    undone = {row.reverses_id for row in known}
    return [
        ActRow(
            row.pk, row.act, row.service.name, Month(row.month), row.volume, row.amount, row.reason,
            row.pk in undone or row.reverses_id is not None,
        )
        for row in known
    ]  # fmt: skip


def metered_services(house_id: int, on: date) -> list[tuple[int, str]]:
    """Communal services of the house that an act of unauthorised use may be about."""
    rows = House(pk=house_id).provisions.on(on).filter(service_id__in=(1, 2, 3, 4, 6)).select_related("service")
    found = {row.service_id: row.service.name for row in rows.order_by("service__priority", "service_id")}
    return list(found.items())


def houses_named(text: str, limit: int = 12) -> list[tuple[int, str]]:
    """Houses whose address holds all the words: case and Ё do not matter."""
    words = text.upper().replace("Ё", "Е").replace(",", " ").split()
    if not words or len(text.strip()) < 2:
        return []
    rows = House.objects.all()
    for word in words:
        rows = rows.filter(search_address__contains=word)
    return [(row.pk, address_of(row)) for row in rows.order_by("search_address", "pk")[:limit]]


def houses_by_id(ids: list[int]) -> list[tuple[int, str]]:
    return [(row.pk, address_of(row)) for row in House.objects.filter(pk__in=ids).order_by("search_address", "pk")]


def organisations_named(text: str, limit: int = 8) -> list[tuple[int, str]]:
    """Organisations by the beginning of the ИНН or by words of the name."""
    text = " ".join(text.split())
    if len(text) < 3:
        return []
    rows = Organisation.objects.filter(inn__startswith=text) if text.isdecimal() else Organisation.objects.all()
    for word in [] if text.isdecimal() else text.split():
        rows = rows.filter(Q(name__icontains=word) | Q(short_name__icontains=word))
    return [(row.pk, f"{row.short_name or row.name}, ИНН {row.inn}") for row in rows.order_by("name", "pk")[:limit]]


def organisations_of(ids: list[int]) -> list[tuple[int, str]]:
    rows = Organisation.objects.filter(pk__in=ids).order_by("name", "pk")
    return [(row.pk, f"{row.short_name or row.name}, ИНН {row.inn}") for row in rows]


def account_numbers(ids: list[int]) -> dict[int, str]:
    return dict(PersonalAccount.objects.filter(pk__in=ids).values_list("pk", "number"))


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of mass recalculation, with words; roubles."""

    id: int
    number: str
    month: Month
    service: str
    first_month: Month
    last_month: Month
    rule: str
    value: Decimal
    houses: int
    basis: str
    reason: str
    accounts: int
    amount: Decimal
    made_by: str
    reverses: str
    reversed_by: str


def mass_corrections(limit: int = 50) -> list[DocumentRow]:
    """The last documents, the latest first."""
    rows = billing.queries.MassCorrection.objects.select_related("service", "made_by", "reverses", "reversed_by")
    return [
        DocumentRow(
            id=row.pk, number=row.number, month=Month(row.month), service=row.service.name,
            first_month=Month(row.first_month), last_month=Month(row.last_month), rule=row.get_rule_display(),
            value=row.value, houses=len(row.houses), basis=row.basis, reason=row.reason, accounts=row.accounts,
            amount=row.amount, made_by=str(row.made_by or "система"),
            reverses=row.reverses.number if row.reverses else "",
            reversed_by=row.reversed_by.number if hasattr(row, "reversed_by") else "",
        )
        for row in rows.order_by("-pk")[:limit]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class QualityRow:
    address: str
    service: str
    breach: str
    started_at: datetime
    ended_at: datetime
    act: str


def quality_events(limit: int = 30) -> list[QualityRow]:
    rows = billing.queries.QualityEvent.objects.select_related("house", "premises", "service").order_by("-started_at")
    return [
        QualityRow(
            address_of(row.house, row.premises), row.service.name, row.get_breach_display(), row.started_at,
            row.ended_at, row.act,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def premises_numbered(house_id: int, number: str) -> int:
    """The premises of the house by its number. Raises Refusal."""
    found = Premises.objects.filter(house_id=house_id, number__iexact=number.strip()).order_by("pk").first()
    if found is None:
        raise Refusal(f"Помещения № {number} в этом доме нет. Проверьте номер.", field="flat")
    return found.pk


# --- disagreements of principals -------------------------------------------------------------------------------------


def disputes(*, is_open: bool) -> QuerySet[Dispute]:
    """What waits for an answer, the nearest deadline first; or what was answered, the latest first."""
    rows = Dispute.objects.select_related("principal", "contract", "account", "opened_by", "answered_by")
    if is_open:
        return rows.filter(state=DisputeState.OPEN).order_by("due_on", "pk")
    return rows.exclude(state=DisputeState.OPEN).order_by("-answered_at", "-pk")
