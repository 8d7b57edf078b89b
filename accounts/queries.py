"""Accounts in force on a day, meters and readings, the journal: reading only."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Prefetch, Q, QuerySet, Sum

from accounts.calendar import Month, Span
from accounts.labels import event_title
from accounts.models import (
    AgencyContract,
    BankAccount,
    BankAccountState,
    CalendarDay,
    ChannelKind,
    Delivery,
    HeatingMode,
    House,
    HouseKind,
    ImportedFile,
    JournalEntry,
    Meter,
    MeterKind,
    Office,
    Organisation,
    OrganisationKind,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    Reading,
    ReadingSource,
    ReadingVerdict,
    Residency,
    ResidencyKind,
    Resource,
    Run,
    RunBlock,
    RunState,
    Service,
    ServiceKind,
    Touch,
    Unit,
    User,
    VatMode,
)

# The words other apps need to speak of our rows: they do not see models.
__all__ = [
    "AgencyContract", "BankAccount", "BankAccountState", "ChannelKind", "Delivery", "HeatingMode", "House", "HouseKind",
    "ImportedFile", "Meter", "MeterKind", "Office", "Organisation", "OrganisationKind", "Person", "PersonalAccount",
    "Premises", "PremisesKind", "Reading", "ReadingSource", "ReadingVerdict", "ResidencyKind", "Resource", "Run",
    "RunBlock", "RunState", "Service", "ServiceKind", "Touch", "Unit", "User", "VatMode",
]  # fmt: skip

READINGS_TO_DAY = 25  # the usual end of the window (charges.md 2.2); a contract may say otherwise
READINGS_FROM_DAY = 15
UNITS = {
    Resource.COLD_WATER: "м³",
    Resource.HOT_WATER: "м³",
    Resource.ELECTRICITY: "кВт·ч",
    Resource.GAS: "м³",
    Resource.HEAT: "Гкал",
    Resource.WASTEWATER: "м³",
}
STANDING = (ReadingVerdict.ACCEPTED, ReadingVerdict.CONFIRMED)


# --- accounts and addresses -------------------------------------------------------------------------------------------


def address_of(house: House, premises: Premises | None = None, *, with_postcode: bool = False) -> str:
    """The printed address: «г. Оренбург, ул. Чкалова, д. 5, кв. 12», the flat before its room."""
    parts = [house.town, house.street, f"д. {house.number}" if house.number else ""]
    if with_postcode:
        parts = [house.postcode, house.region, *parts]
    if premises is not None:
        parts += [str(premises.parent) if premises.parent is not None else "", str(premises)]
    return ", ".join(part for part in parts if part)


def accounts_with_address() -> QuerySet[PersonalAccount]:
    """Accounts with all that their address and payer need, in one query."""
    return PersonalAccount.objects.select_related("house", "premises__parent", "payer_person", "payer_organisation")


def payer_of(account: PersonalAccount) -> str:
    """The payer's name, or an empty string."""
    return str(account.payer_organisation or account.payer_person or "")


def phone_of(account: PersonalAccount) -> str:
    """The account's phone, else its payer's, else an empty string."""
    return str(account.phone or (account.payer_person.phone if account.payer_person else "") or "")


def number_candidates(text: str) -> list[str]:
    """What number may be meant: as typed, and with the leading zeros that were lost."""
    digits = re.sub(r"[\s\-–—./]", "", text)
    if not re.fullmatch(r"[0-9]{1,20}", digits):
        return []
    return list(dict.fromkeys([digits, *(digits.zfill(width) for width in range(len(digits) + 1, 13))]))


def account_by_number(number: str) -> PersonalAccount | None:
    """The account of this number, closed ones too. Spaces, dashes and lost leading zeros do not matter."""
    candidates = number_candidates(number)
    found = {row.number: row for row in accounts_with_address().filter(number__in=candidates)} if candidates else {}
    return next((found[candidate] for candidate in candidates if candidate in found), None)


def accounts_open_on(day: date) -> QuerySet[PersonalAccount]:
    """Accounts that are charged for the day."""
    return PersonalAccount.objects.filter(Q(closed_on=None) | Q(closed_on__gt=day), opened_on__lte=day)


def calendar_overrides() -> dict[date, bool]:
    """Day → working, where the table differs from the library's calendar."""
    return dict(CalendarDay.objects.values_list("day", "is_working"))


def staff_by_email(email: str) -> User | None:
    """The working member of the staff with this e-mail."""
    found: User | None = User.objects.filter(email__iexact=email, is_staff=True, is_active=True).first()
    return found


def bank_account_on(organisation_id: int, day: date, *, kind: int | None = None) -> BankAccount | None:
    """The approved bank account in force on the day, the latest of several; `kind`: only of that kind."""
    rows = BankAccount.objects.on(day).filter(organisation_id=organisation_id, state=BankAccountState.APPROVED)
    if kind is not None:
        rows = rows.filter(kind=kind)
    found: BankAccount | None = rows.order_by("-valid_from", "-pk").first()
    return found


def bank_accounts_on(organisation_ids: Collection[int], day: date) -> dict[tuple[int, int], BankAccount]:
    """(organisation, kind) → its approved account in force on the day, the latest of several. One statement."""
    rows = BankAccount.objects.on(day).filter(organisation_id__in=organisation_ids, state=BankAccountState.APPROVED)
    return {(row.organisation_id, row.kind): row for row in rows.order_by("valid_from", "pk")}


# --- one search box ---------------------------------------------------------------------------------------------------

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
KEYBOARD = str.maketrans(_LATIN + _LATIN.upper(), _CYRILLIC + _CYRILLIC.upper())
LOOKALIKES = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")
_UNIFIED = re.compile(r"\d{2}[А-ЯЁ]{2}\d{6}(-\d{2})?")
_NOISE = {
    "УЛ", "УЛИЦА", "Г", "ГОР", "ГОРОД", "Д", "ДОМ", "КВ", "КВАРТИРА", "КОМ", "КОМНАТА", "ПОМ", "ПОМЕЩЕНИЕ", "ПР",
    "ПР-КТ", "ПРОСПЕКТ", "ПЕР", "ПЕРЕУЛОК", "Ш", "ШОССЕ", "Б-Р", "БУЛЬВАР", "ПЛ", "ПЛОЩАДЬ", "С", "СЕЛО", "П",
    "ПОСЕЛОК", "ПГТ", "№", "М/М", "ОФ", "ОФИС",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """A line of the search's answer; `why` says in Russian what matched."""

    id: int
    number: str
    address: str
    name: str
    phone: str
    serial: str
    unified_number: str
    is_closed: bool
    why: str


def find_accounts(text: str, limit: int = 20) -> list[FoundAccount]:
    """Accounts by number, ЕЛС or ИЖКУ, meter number, phone, name or address: the surest match first.

    Wrong keyboard layout, «кв.», dashes, spaces and lost leading zeros do not matter.
    """
    text = " ".join(text.split())[:100]
    if not text or limit < 1:
        return []
    found: dict[int, str] = {}
    for why, condition in _guesses(text):
        # One index each: asked one after another, and only as far as there is room in the answer.
        rows = PersonalAccount.objects.filter(condition).exclude(pk__in=list(found))
        for pk in rows.order_by("number").values_list("pk", flat=True)[: limit - len(found)]:
            found.setdefault(pk, why)
        if len(found) >= limit:
            break
    serials: dict[int, str] = {}
    compact = re.sub(r"[\s]", "", text).upper()
    accounts = accounts_with_address().prefetch_related(
        Prefetch("premises__meters", Meter.objects.filter(removed_on=None).order_by("resource", "pk"))
    )
    by_id = {row.pk: row for row in accounts.filter(pk__in=list(found))}
    for pk, row in by_id.items():
        meters = [meter.serial for meter in row.premises.meters.all()]
        matching = [serial for serial in meters if serial.upper().startswith(compact)]
        serials[pk] = (matching or meters or [""])[0]
    return [
        FoundAccount(
            id=pk,
            number=by_id[pk].number,
            address=address_of(by_id[pk].house, by_id[pk].premises),
            name=payer_of(by_id[pk]),
            phone=phone_of(by_id[pk]),
            serial=serials[pk],
            unified_number=by_id[pk].unified_number or "",
            is_closed=by_id[pk].closed_on is not None,
            why=why,
        )
        for pk, why in found.items()
    ]


def _guesses(text: str) -> list[tuple[str, Q]]:
    """What the text may be, the surest first: (why, condition on accounts)."""
    guesses: list[tuple[str, Q]] = []
    numbers = number_candidates(text)
    if numbers:
        guesses.append(("номер счёта", Q(number__in=numbers)))
    compact = re.sub(r"[\s.]", "", text).upper()
    unified = compact.translate(LOOKALIKES)
    if _UNIFIED.fullmatch(unified):
        guesses.append(("ЕЛС", Q(unified_number=unified[:10])))
        guesses.append(("идентификатор ЖКУ", Q(housing_service_id=unified)))
    digits = re.sub(r"\D", "", text)
    if re.fullmatch(r"[+\d\s()\-]+", text) and len(digits) in (10, 11):
        phone = "+7" + digits[-10:]
        guesses.append(("телефон", Q(phone=phone)))
        guesses.append(("телефон", Q(payer_person__phone=phone)))
    if any(sign.isdigit() for sign in text):
        serials = {text, text.replace(" ", ""), text.upper(), compact}
        for serial in sorted(serials):
            guesses.append(("номер счётчика", Q(premises__in=_premises_of_meters(serial))))
    if numbers and len(numbers[0]) >= 4:
        guesses.append(("начало номера счёта", Q(number__startswith=numbers[0])))
    variants = [text]
    if re.search("[a-zA-Z]", text) and not re.search("[а-яА-ЯёЁ]", text):
        variants = [text.translate(KEYBOARD), text]
    for variant in variants:
        guesses += _names(variant) + _addresses(variant)
    return guesses


def _premises_of_meters(serial: str) -> QuerySet[Meter, Any]:
    return Meter.objects.filter(serial__startswith=serial, premises__isnull=False).values("premises")


def _fold(text: str) -> str:
    return text.upper().replace("Ё", "Е")


def _names(text: str) -> list[tuple[str, Q]]:
    words = _fold(text).replace(".", " ").split()
    if not words or not all(re.fullmatch(r"[А-Я\-]+", word) for word in words) or len(words[0]) < 2:
        return []
    orders = [words] if len(words) == 1 else [words, [words[1], words[0], *words[2:]]]
    guesses = []
    for order in orders:
        # «Иванова М П»: each word may be cut short, so the first is an index range and the rest a pattern.
        pattern = "^" + "".join(re.escape(word) + r"[^ ]* ?" for word in order[:-1]) + re.escape(order[-1])
        persons = Person.objects.filter(search_name__startswith=order[0], search_name__regex=pattern)
        guesses.append(("плательщик", Q(payer_person__in=persons.values("pk"))))
        guesses.append(("собственник", Q(premises__in=Ownership.objects.filter(person__in=persons).values("premises"))))
    return guesses


def _addresses(text: str) -> list[tuple[str, Q]]:
    spaced = re.sub(r"([.,])", r" ", _fold(text))
    spaced = re.sub(r"\b(Д|КВ|КОМ|ПОМ)(\d)", r"\1 \2", spaced)
    tokens = [token for token in spaced.split() if token not in _NOISE]
    words = [token for token in tokens if not token[0].isdigit()]
    numbers = [token for token in tokens if token[0].isdigit()]
    if not words or max(map(len, words)) < 2:
        return []
    street = Q()
    for word in words:
        street &= Q(search_address__contains=word) | Q(town__icontains=word)
    if not numbers:
        return [("адрес", Q(house__in=House.objects.filter(street).values("pk")))]
    if len(numbers) == 1 and "-" in numbers[0]:  # «Ленина 10-15»: house and flat
        numbers = numbers[0].split("-", 1)
    houses = House.objects.filter(street, number__iexact=numbers[0]).values("pk")
    if len(numbers) == 1:
        near = House.objects.filter(street, number__istartswith=numbers[0]).values("pk")
        return [("адрес", Q(house__in=houses)), ("адрес", Q(house__in=near))]
    flat = Q(premises__number__iexact=numbers[1])
    if len(numbers) > 2:  # room of a communal flat, or house with a корпус
        room = Q(premises__parent__number__iexact=numbers[1], premises__number__iexact=numbers[2])
        wing = House.objects.filter(street, number__istartswith=numbers[0], number__endswith=numbers[1]).values("pk")
        return [
            ("адрес", Q(house__in=houses) & room),
            ("адрес", Q(house__in=wing, premises__number__iexact=numbers[2])),
        ]
    return [("адрес", Q(house__in=houses) & (flat | Q(premises__parent__number__iexact=numbers[1])))]


# --- readings ---------------------------------------------------------------------------------------------------------


def plain(value: Decimal) -> Decimal:
    """The same number without the zeros the column adds: 105 for 105.000000, 7.125 for 7.125000."""
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()


def decimal_text(value: Decimal) -> str:
    """The number as people read it in a sentence: «1027,697», without idle zeros."""
    return f"{plain(value):f}".replace(".", ",")


@dataclass(frozen=True, slots=True)
class LastReading:
    """The last standing value of one dial."""

    zone: int
    value: Decimal
    day: date
    month: Month
    source: int
    source_name: str
    verdict: int


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter that stands in the premises, with the last reading of each of its dials."""

    id: int
    resource: int
    resource_name: str
    unit: str
    serial: str
    model: str
    place: str
    kind_name: str
    zones: int
    digits: int
    decimals: int
    ratio: Decimal
    commissioned_on: date
    removed_on: date | None
    verified_until: date | None
    is_remote: bool
    last: dict[int, LastReading] = field(default_factory=dict)


def meters_of_account(account_id: int, *, removed: bool = False) -> QuerySet[Meter]:
    """Meters of the account's premises, and for a room those of its flat, too. `removed`: the former ones as well."""
    account = PersonalAccount.objects.filter(pk=account_id)
    rows = Meter.objects.filter(
        Q(premises__in=account.values("premises"))
        | Q(kind=MeterKind.SHARED_FLAT, premises__in=account.values("premises__parent"))
    )
    return rows if removed else rows.filter(removed_on=None)


# Meters of an account: those of its premises, and for a room the shared ones of its flat. Written out, for every page
# of the cabinet asks for them, and putting the statement together costs the server more than the answer.
METERS_OF_ACCOUNT = """
    SELECT m.* FROM accounts_personalaccount AS account
    JOIN accounts_premises AS own ON own.id = account.premises_id
    JOIN accounts_meter AS m
        ON m.premises_id = own.id OR (m.premises_id = own.parent_id AND m.kind = %(shared)s)
    WHERE account.id = %(account)s
"""


# The account's meters with the last counting value of each dial.
METERS_READ = f"""
    SELECT m.id, m.resource, m.serial, m.model, m.place, m.kind, m.zones, m.digits, m.decimals, m.ratio,
        m.commissioned_on, m.removed_on, m.verified_until, m.is_remote,
        last.zone, last.value, last.day, last.month, last.source, last.verdict
    FROM ({METERS_OF_ACCOUNT}) AS m
    LEFT JOIN LATERAL (
        SELECT DISTINCT ON (r.zone) r.* FROM accounts_reading AS r WHERE r.meter_id = m.id AND r.counts
        ORDER BY r.zone, r.month DESC, r.day DESC
    ) AS last ON true
    WHERE m.removed_on IS NULL OR %(removed)s
"""


def last_readings(account_id: int, *, removed: bool = False) -> list[MeterRow]:
    """The account's meters, each with its last counting values: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{METERS_READ} ORDER BY m.resource, m.place, m.id, last.zone",
            {"account": account_id, "shared": MeterKind.SHARED_FLAT, "removed": removed},
        )
        return _meters(cursor.fetchall())


def _meters(found: Sequence[tuple[Any, ...]]) -> list[MeterRow]:
    """Meters of the rows of METERS_READ, a row for each dial."""
    rows: dict[int, MeterRow] = {}
    for (
        pk, resource, serial, model, place, kind, zones, digits, decimals, ratio, commissioned_on, removed_on,
        verified_until, is_remote, zone, value, day, month, source, verdict,
    ) in found:  # fmt: skip
        meter = rows.get(pk) or rows.setdefault(
            pk,
            MeterRow(
                id=pk,
                resource=resource,
                resource_name=str(Resource(resource).label),
                unit=UNITS.get(Resource(resource), ""),
                serial=serial,
                model=model,
                place=place,
                kind_name=str(MeterKind(kind).label),
                zones=zones,
                digits=digits,
                decimals=decimals,
                ratio=plain(ratio),
                commissioned_on=commissioned_on,
                removed_on=removed_on,
                verified_until=verified_until,
                is_remote=is_remote,
            ),
        )
        if zone is not None:
            meter.last[zone] = LastReading(
                zone=zone,
                value=plain(value),
                day=day,
                month=Month.of(month),
                source=source,
                source_name=str(ReadingSource(source).label),
                verdict=verdict,
            )
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading as history shows it. verdict_name: for one that another value replaced, by which."""

    meter_id: int
    serial: str
    resource_name: str
    unit: str
    zone: int
    day: date
    month: Month
    value: Decimal
    source_name: str
    verdict_name: str
    counts: bool


def readings_of_account(account_id: int, *, limit: int = 200) -> list[ReadingRow]:
    """All readings of the account's meters, the former meters' too, the latest first.

    A value that a later one of the same day and source has replaced stands after it, as the journal keeps it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.id, m.serial, m.resource, r.zone, r.day, r.month, r.value, r.source, r.verdict, r.counts
            FROM ({METERS_OF_ACCOUNT}) AS m JOIN accounts_reading AS r ON r.meter_id = m.id
            ORDER BY r.day DESC, m.id, r.zone LIMIT %(limit)s
            """,
            {"account": account_id, "shared": MeterKind.SHARED_FLAT, "limit": limit},
        )
        rows = cursor.fetchall()
    standing = [
        ReadingRow(
            meter_id=pk,
            serial=serial,
            resource_name=str(Resource(resource).label),
            unit=UNITS.get(Resource(resource), ""),
            zone=zone,
            day=day,
            month=Month.of(month),
            value=plain(value),
            source_name=str(ReadingSource(source).label),
            verdict_name=str(ReadingVerdict(verdict).label),
            counts=counts,
        )
        for pk, serial, resource, zone, day, month, value, source, verdict, counts in rows
    ]
    found = [*standing, *_replaced_readings(account_id, limit=limit)]
    found.sort(key=lambda row: (-row.day.toordinal(), row.meter_id, row.zone))  # stable: replaced ones come after
    return found[:limit]


def _replaced_readings(account_id: int, *, limit: int) -> list[ReadingRow]:
    """Values that others of the same meter, dial, day and source have replaced, the last first.

    Whoever of the flat sent them: a shared meter is read by all its rooms.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT entry.facts::text, m.id, m.serial, m.resource
            FROM accounts_personalaccount AS account
            JOIN accounts_premises AS own ON own.id = account.premises_id
            JOIN accounts_premises AS flat ON coalesce(own.parent_id, own.id) IN (flat.id, flat.parent_id)
            JOIN accounts_personalaccount AS neighbour ON neighbour.premises_id = flat.id
            JOIN accounts_journalentry AS entry ON entry.account_id = neighbour.id
                AND entry.event IN ('accounts.reading.corrected', 'accounts.reading.held')
            JOIN ({METERS_OF_ACCOUNT}) AS m ON entry.facts -> 'meter' = to_jsonb(m.id)
            WHERE account.id = %(account)s ORDER BY entry.at DESC, entry.id DESC LIMIT %(limit)s
            """,
            {"account": account_id, "shared": MeterKind.SHARED_FLAT, "limit": limit},
        )
        entries = cursor.fetchall()
    found: list[ReadingRow] = []
    for told_facts, pk, serial, resource in entries:
        facts = json.loads(told_facts)
        source = ReadingSource(facts["source"])
        for zone, text in facts.get("was", {}).items():
            value, later = Decimal(text), Decimal(facts["values"][zone])
            if value == later:
                continue
            told = f"заменено показанием {decimal_text(later)}"
            found.append(
                ReadingRow(
                    meter_id=pk,
                    serial=serial,
                    resource_name=str(Resource(resource).label),
                    unit=UNITS.get(Resource(resource), ""),
                    zone=int(zone),
                    day=date.fromisoformat(facts["day"]),
                    month=Month.parse(facts["month"]),
                    value=plain(value),
                    source_name=source.label,
                    verdict_name=f"{told}, оно меньше" if later < value else told,
                    counts=False,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class ReadingWindow:
    """When readings are taken and for which month one of today counts. Source: charges.md, 2.2."""

    from_day: int
    to_day: int
    month: Month
    is_open: bool


def reading_window(account_id: int, on: date, *, resource: int | None = None) -> ReadingWindow:
    """The window of the contracts that serve the account's house on the day: the narrowest, if they differ.

    `resource`: only of the contract that supplies it. After the last day of the window a reading counts for the
    next month.
    """
    return reading_windows([account_id], on, resource=resource)[account_id]


def reading_windows(
    account_ids: Collection[int], on: date, *, resource: int | None = None
) -> dict[int, ReadingWindow]:  # fmt: skip
    """`reading_window` of each account, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS, {**_window_params(on, resource), "accounts": list(account_ids)})
        found = {account_id: days for account_id, *days in cursor.fetchall()}
    return {pk: _window(on, *found.get(pk, (None, None))) for pk in account_ids}


def readings_sheet(account_id: int, on: date) -> tuple[ReadingWindow, list[MeterRow]]:
    """What a form of readings is made of: `reading_window` and `last_readings`, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT served.first_day, served.last_day, meter.* FROM (SELECT 1) AS always"
            f" LEFT JOIN ({WINDOWS}) AS served ON true LEFT JOIN ({METERS_READ}) AS meter ON true"
            f" ORDER BY meter.resource, meter.place, meter.id, meter.zone",
            {
                **_window_params(on, None), "accounts": [account_id], "account": account_id,
                "shared": MeterKind.SHARED_FLAT, "removed": False,
            },
        )  # fmt: skip
        found = cursor.fetchall()
    return _window(on, *found[0][:2]), _meters([row[2:] for row in found if row[2] is not None])


# The narrowest window of the contracts that serve the houses of the accounts on the day.
WINDOWS = """
    SELECT account.id, max(contract.readings_from_day) AS first_day, min(contract.readings_to_day) AS last_day
    FROM accounts_personalaccount AS account
    JOIN billing_provision AS provision ON provision.house_id = account.house_id
        AND provision.valid_from <= %(on)s AND (provision.valid_to IS NULL OR provision.valid_to > %(on)s)
    JOIN accounts_service AS service ON service.id = provision.service_id
        AND service.kind = %(communal)s AND service.resource <> %(nothing)s
        AND (%(resource)s IS NULL OR service.resource = %(resource)s)
    JOIN accounts_agencycontract AS contract ON contract.id = provision.contract_id
    WHERE account.id = ANY(%(accounts)s) GROUP BY account.id
"""


def _window_params(on: date, resource: int | None) -> dict[str, Any]:
    return {"on": on, "communal": ServiceKind.COMMUNAL, "nothing": Resource.NONE, "resource": resource}


def _window(on: date, first: int | None, last: int | None) -> ReadingWindow:
    """The window of these days of the month; where no contract names any, the usual one."""
    from_day = READINGS_FROM_DAY if first is None else first
    to_day = READINGS_TO_DAY if last is None else last
    month = Month.of(on)
    return ReadingWindow(
        from_day=min(from_day, to_day),
        to_day=to_day,
        month=month.next if on.day > to_day else month,
        is_open=min(from_day, to_day) <= on.day <= to_day,
    )


# --- the account's page -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnerRow:
    name: str
    share: str
    since: date


@dataclass(frozen=True, slots=True)
class ResidentRow:
    """Who lives there; a nameless row stands for `persons` people."""

    name: str
    persons: int
    kind_name: str
    since: date
    until: date | None
    ground: str


@dataclass(frozen=True, slots=True)
class AccountCard:
    """The account on a day: areas in m², people in force on that day, meters standing now."""

    id: int
    number: str
    unified_number: str
    housing_service_id: str
    house_id: int
    premises_id: int
    address: str
    postal_address: str
    premises_kind: int
    premises_kind_name: str
    payer: str
    payer_is_organisation: bool
    is_tenant: bool
    phone: str
    email: str
    delivery: int
    delivery_name: str
    opened_on: date
    closed_on: date | None
    total_area_m2: Decimal | None
    living_area_m2: Decimal | None
    heated_area_m2: Decimal | None
    rooms: int | None
    persons: int
    owners: list[OwnerRow]
    residents: list[ResidentRow]
    meters: list[MeterRow]
    areas: list[PremisesArea]  # of all days, the latest first
    stays: list[Residency]  # of all days, the latest first; each with its person


def persons_on(premises_id: int, day: date) -> int:
    """How many live there on the day, temporary residents too; absence does not count here."""
    found = Residency.objects.on(day).filter(premises_id=premises_id).aggregate(n=Sum("persons"))["n"]
    return int(found or 0)


def account_card(
    account_id: int, on: date, *, account: PersonalAccount | None = None, meters: list[MeterRow] | None = None
) -> AccountCard:
    """Everything about the account on one page: five queries, whatever the history. PersonalAccount.DoesNotExist.

    account (with its address), meters: where they are read already.
    """
    if account is None:
        account = accounts_with_address().get(pk=account_id)
    areas = list(PremisesArea.objects.filter(premises=account.premises_id).order_by("-valid_from"))
    area = next((row for row in areas if on in Span(row.valid_from, row.valid_to)), None)
    owners = Ownership.objects.on(on).filter(premises=account.premises_id).select_related("person", "organisation")
    stays = list(
        Residency.objects.filter(premises=account.premises_id).select_related("person").order_by("-valid_from", "-pk")
    )
    residents = [row for row in reversed(stays) if on in Span(row.valid_from, row.valid_to)]
    return AccountCard(
        id=account.pk,
        number=account.number,
        unified_number=account.unified_number or "",
        housing_service_id=account.housing_service_id or "",
        house_id=account.house_id,
        premises_id=account.premises_id,
        address=address_of(account.house, account.premises),
        postal_address=address_of(account.house, account.premises, with_postcode=True),
        premises_kind=account.premises.kind,
        premises_kind_name=account.premises.get_kind_display(),
        payer=payer_of(account),
        payer_is_organisation=account.payer_organisation_id is not None,
        is_tenant=account.is_tenant,
        phone=phone_of(account),
        email=account.email,
        delivery=account.delivery,
        delivery_name=account.get_delivery_display(),
        opened_on=account.opened_on,
        closed_on=account.closed_on,
        total_area_m2=area.total_area_m2 if area else None,
        living_area_m2=area.living_area_m2 if area else None,
        heated_area_m2=area.heated_area_m2 if area else None,
        rooms=area.rooms if area else None,
        persons=sum(row.persons for row in residents),
        owners=[
            OwnerRow(
                name=str(row.person or row.organisation),
                share=f"{row.share_numerator}/{row.share_denominator}" if row.share_denominator > 1 else "1",
                since=row.valid_from,
            )
            for row in owners.order_by("valid_from", "pk")
        ],
        residents=[
            ResidentRow(
                name=str(row.person or ""),
                persons=row.persons,
                kind_name=row.get_kind_display(),
                since=row.valid_from,
                until=row.valid_to,
                ground=row.ground,
            )
            for row in residents
        ],
        meters=last_readings(account_id) if meters is None else meters,
        areas=areas,
        stays=stays,
    )


@dataclass(frozen=True, slots=True)
class JournalRow:
    at: datetime
    who: str
    event: str
    title: str
    ground: str
    facts: dict[str, Any]


# What the journal's events are called for people; the rest are shown as they are.


def journal_of_account(account_id: int, limit: int = 50) -> list[JournalRow]:
    """What was done with the account, the latest first."""
    rows = JournalEntry.objects.filter(account_id=account_id).select_related("user").order_by("-at", "-pk")[:limit]
    return [
        JournalRow(
            at=row.at,
            who=str(row.user or row.by or "система"),
            event=row.event,
            title=event_title(row.event),
            ground=row.ground,
            facts=row.facts,
        )
        for row in rows
    ]


# Events that say something of a past month, with the name of the fact that says from when.
LATE_FACTS = {
    "accounts.absence.recorded": "left_on", "accounts.absence.withdrawn": "left_on", "accounts.area.changed": "since",
    "accounts.resident.settled": "since", "accounts.resident.moved_out": "on",
    "accounts.ownership.registered": "since", "accounts.reading.submitted": "day",
    "accounts.reading.corrected": "day", "accounts.reading.confirmed": "day", "accounts.reading.rejected": "day",
    "accounts.meter.installed": "on", "accounts.meter.replaced": "on", "accounts.meter.removed": "on",
}  # fmt: skip


def late_facts(account_id: int, *, about: Month, since: datetime, until: datetime | None) -> list[str]:
    """What was noted of the account between two moments and holds from a day of the month or before, in words."""
    rows = JournalEntry.objects.filter(account_id=account_id, event__in=LATE_FACTS, at__gte=since).order_by("at", "pk")
    told = []
    for row in rows.filter(at__lt=until) if until else rows:
        held_from = str(row.facts.get(LATE_FACTS[row.event], ""))[:10]
        if held_from > about.last.isoformat():
            continue
        title = event_title(row.event)
        day = f" с {date.fromisoformat(held_from):%d.%m.%Y}" if held_from else ""
        ground = f" ({row.ground})" if row.ground else ""
        told.append(f"{title[0].lower()}{title[1:]}{day}{ground}")
    return list(dict.fromkeys(told))


# --- imports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MadeByImport:
    """Ids of the accounts and houses that an import made and that stand; none once it was undone."""

    account_ids: list[int]
    house_ids: list[int]


def made_by_import(file_id: int) -> MadeByImport:
    file = ImportedFile.objects.filter(pk=file_id, undone_at=None).first()
    created: dict[str, list[list[int]]] = file.created if file is not None else {}
    ids = {
        name: [pk for first, last in created.get(name, []) for pk in range(first, last + 1)]
        for name in ("PersonalAccount", "House")
    }
    return MadeByImport(account_ids=ids["PersonalAccount"], house_ids=ids["House"])


def last_touch() -> int:
    """The number of the last mark «a fact changed»; what changes later gets a greater one."""
    return Touch.objects.aggregate(last=Max("pk"))["last"] or 0


def touched_from(account_id: int, *, after: int) -> Month | None:
    """The first month that facts changed since mark `after` reach, of the account or of its whole house."""
    house = PersonalAccount.objects.filter(pk=account_id).values("house_id")
    marks = Touch.objects.filter(Q(account_id=account_id) | Q(account_id=None, house_id__in=house), pk__gt=after)
    first = marks.aggregate(first=Min("first_month"))["first"]
    return Month(first) if first else None
