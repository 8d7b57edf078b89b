"""What one document says, as it is read from ink; and the lists of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from accounts import calendar
from accounts.calendar import Month
from accounts.errors import Refusal


class Group:
    """Groups of services (numbers of accounts.ServiceKind)."""

    COMMUNAL, HOUSING, OTHER = 1, 2, 3


GROUPS = ((Group.HOUSING, "Жилищные услуги"), (Group.COMMUNAL, "Коммунальные услуги"), (Group.OTHER, "Прочие услуги"))
COMMON_NAMES = {  # resources for common property: printed under «содержание», in words that fit a line
    14: "Холодная вода на общее имущество",
    15: "Горячая вода на общее имущество",
    16: "Электроэнергия на общее имущество",
    17: "Сточные воды на общее имущество",
}
MAINTENANCE = 8
CAPITAL_REPAIR = 9


class DocumentKind:
    """Kinds of documents (numbers of epd.models.DocumentKind)."""

    CURRENT, DEBT, CAPITAL = 1, 2, 3


ADVANCE = 0  # the number of no service: money paid ahead that no charge has consumed yet

# Marks of the volume (the form's footnote); what the form does not know continues its row.
MARKS = {2: 1, 1: 2, 3: 3, 4: 4, 7: 6, 8: 7, 10: 4}  # billing.Method → mark
FOOTNOTES = {
    1: "по нормативу потребления",
    2: "по показаниям индивидуального прибора учёта",
    3: "по среднемесячному потреблению",
    4: "по показаниям общедомового прибора учёта",
    5: "расчётным способом (нежилое помещение)",
    6: "по объёму холодной и горячей воды",
    7: "по документу",
}

MONEY = ("opening", "charged", "uplift", "recalculated", "benefits", "payable", "penalty", "paid", "closing")


@dataclass(frozen=True, slots=True)
class Bank:
    number: str
    bik: str
    name: str
    correspondent: str = ""
    town: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation with its bank account in force on the day of issue."""

    name: str
    short_name: str
    inn: str
    kpp: str = ""
    ogrn: str = ""
    address: str = ""
    phone: str = ""
    dispatcher_phone: str = ""
    email: str = ""
    site: str = ""
    bank: Bank | None = None


@dataclass(frozen=True, slots=True)
class Service:
    id: int
    name: str
    group: int
    order: int
    unit: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A posted line; line = component × 10000 + zone × 1000 + range × 100 + segment. Volume in `unit`, roubles."""

    contract_id: int
    service_id: int
    kind: int
    line: int
    for_month: date
    method: int
    amount: Decimal
    unit: str = ""
    volume: Decimal | None = None
    tariff: Decimal | None = None
    norm: Decimal | None = None
    multiplier: Decimal | None = None
    days: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """State of one contract × service: roubles, plus is owed; paid is what lessened the debt in the month."""

    contract_id: int
    service_id: int
    opening: Decimal
    paid: Decimal
    closing: Decimal


@dataclass(frozen=True, slots=True)
class Dial:
    """One zone of a meter: the last two readings that count."""

    resource: str
    unit: str
    serial: str
    digits: int
    place: str = ""
    zone: int = 1
    zones: int = 1
    previous: Decimal | None = None
    previous_on: date | None = None
    current: Decimal | None = None
    current_on: date | None = None
    usage: Decimal | None = None
    verified_until: date | None = None
    is_shared: bool = False  # of a communal flat


@dataclass(frozen=True, slots=True)
class HouseFact:
    """Reference line of a service in the house; volumes in the service's unit."""

    service_id: int
    norm: str = ""
    common_norm: str = ""
    building_volume: Decimal | None = None
    building_meter: str = ""
    premises_volume: Decimal | None = None
    common_volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """A recalculation with its ground; roubles, plus is charged in addition."""

    service_id: int
    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payer:
    name: str
    names: tuple[str, ...] = ()  # last, first, middle name of a natural person
    inn: str = ""
    is_organisation: bool = False
    is_tenant: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Until when to pay: the day of the law, and where the calendar moved it."""

    on: date
    legal: date
    act: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one document says, read from ink."""

    number: str
    month: Month
    issue: int
    issued_on: date
    due: Due
    account: str
    unified_number: str
    housing_service_id: str
    document_code: str
    payer: Payer
    postcode: str
    town: str  # «г. Оренбург, Оренбургская обл.»
    street: str  # «ул. Чкалова, д. 5, кв. 12»
    address: str
    agent: Party
    principals: Mapping[int, Party]
    services: Mapping[int, Service]
    charges: Sequence[Charge]
    balances: Sequence[Balance]
    paid_through: date
    owners: Sequence[str] = ()
    last_paid_on: date | None = None
    last_paid: Decimal | None = None
    persons: int = 0
    temporary: int = 0
    total_area: Decimal | None = None
    living_area: Decimal | None = None
    heated_area: Decimal | None = None
    executor_contract_id: int | None = None
    meters: Sequence[Dial] = ()
    house: Sequence[HouseFact] = ()
    bases: Sequence[Basis] = ()
    instalments: Sequence[Mapping[str, str]] = ()
    readings_until: int = 25
    replaces: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[tuple[Month, Decimal]] = ()  # what each of the last twelve months came to, this one with them
    before: Mapping[int, Decimal] = field(default_factory=dict)  # service → what the last month came to
    messages: Sequence[Mapping[str, str]] = ()  # title, text
    window: tuple[int, ...] = ()  # left and top of the address, mm
    large: bool = False
    kind: int = DocumentKind.CURRENT
    payee: Party | None = None  # whom the code pays; None: the centre
    why: str = ""  # address of the explanation
    check: str = ""  # address of the page that tells whether the document is ours


def apart(facts: Facts, *, capital: bool, number: str = "") -> Facts:
    """The document of capital repair alone, or the one without it. A fund's own code pays the fund (п. 2 of the code).

    number: of the document of capital repair. Raises KeyError when the contract of a capital line is unknown.
    """

    def stays(service_id: int) -> bool:
        return (service_id == CAPITAL_REPAIR) is capital

    kept = replace(
        facts,
        charges=[charge for charge in facts.charges if stays(charge.service_id)],
        balances=[balance for balance in facts.balances if stays(balance.service_id)],
        bases=[basis for basis in facts.bases if stays(basis.service_id)],
    )
    if not capital:
        return kept
    contracts = {*(row.contract_id for row in kept.charges), *(row.contract_id for row in kept.balances)}
    payee = facts.principals[min(contracts)] if len(contracts) == 1 else None
    return replace(
        kept, number=number, kind=DocumentKind.CAPITAL, meters=(), house=(), history=(), messages=(), before={},
        executor_contract_id=min(contracts, default=None),
        payee=payee if payee is not None and payee.bank is not None else None,
    )  # fmt: skip


def replacing(facts: Facts, *, number: str, issued_on: date, reason: str) -> Facts:
    """The same, naming the document it is issued instead of."""
    return replace(facts, replaces={"number": number, "issued_on": issued_on.isoformat(), "reason": reason})


class DocumentRefused(Refusal):
    """A check before issue failed: nothing is issued for the account."""


def due_date(month: Month, day: int, *, act: str = "", overrides: dict[date, bool] | None = None) -> Due:
    """Until when the month is to be paid: `day` of the next month, moved to the next working day (ст. 193 ГК РФ)."""
    legal = month.next.first.replace(day=day)
    return Due(on=calendar.working_day_on_or_after(legal, overrides), legal=legal, act=act)
