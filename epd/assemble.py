"""Charges, balances and readings become the document: first its frozen facts, then the strings of the form.

`payload` makes the JSON that is stored at issue: decimals and dates as text, nothing rounded, nothing formatted.
`form` makes every string that is printed out of that JSON alone, so that the page is the same in five years.
Source of the form: приказ Минстроя № 43/пр; of the data: п. 69 Правил № 354 (formats/epd-form.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from accounts import calendar
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, kopecks, total
from billing.kinds import Kind
from epd import barcode

TEMPLATE_VERSION = "43-1"  # приказ № 43/пр, our first drawing of it
SPACE = "\u00a0"  # PT Sans has no thin spaces; the no-break one keeps a number in one piece
MINUS = "−"
COMPACT_FROM = 22  # printed rows and meters above which the second page is set closer
WIDE_FROM = 10  # characters of an amount above which the columns of money are set in smaller type

# --- facts -----------------------------------------------------------------------------------------------------------


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
ADVANCE = 0  # the number of no service: money paid ahead that no charge has consumed yet

# Marks of the volume (the form's footnote); what the form does not know continues its row.
MARKS = {2: 1, 1: 2, 3: 3, 4: 4, 7: 6, 8: 7}  # billing.Method → mark
FOOTNOTES = {
    1: "по нормативу потребления",
    2: "по показаниям индивидуального прибора учёта",
    3: "по среднемесячному потреблению",
    4: "по показаниям общедомового прибора учёта",
    5: "расчётным способом (нежилое помещение)",
    6: "по объёму холодной и горячей воды",
    7: "по документу",
}


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


class DocumentRefused(Refusal):
    """A check before issue failed: nothing is issued for the account."""


# --- from facts to the frozen payload --------------------------------------------------------------------------------

MONEY = ("opening", "charged", "uplift", "recalculated", "benefits", "payable", "penalty", "paid", "closing")


def payload(facts: Facts) -> dict[str, Any]:
    """The document's content as it is stored. Raises DocumentRefused when a check before issue fails."""
    rows = _rows(facts)
    sums = {name: total(Decimal(row[name]) for row in rows) for name in MONEY}
    due = kopecks(sums["closing"])
    content: dict[str, Any] = {
        "version": 1,
        "document": {
            "number": facts.number,
            "month": facts.month.first.isoformat(),
            "issue": facts.issue,
            "issued_on": facts.issued_on.isoformat(),
            "due_on": facts.due.on.isoformat(),
            "due_legal": facts.due.legal.isoformat(),
            "due_act": facts.due.act,
            "replaces": dict(facts.replaces),
        },
        "account": {
            "number": facts.account,
            "unified_number": facts.unified_number,
            "housing_service_id": facts.housing_service_id,
            "code": facts.document_code,
            "payer": facts.payer.name,
            "names": list(facts.payer.names),
            "payer_inn": facts.payer.inn,
            "is_organisation": facts.payer.is_organisation,
            "is_tenant": facts.payer.is_tenant,
            "owners": list(facts.owners),
            "postcode": facts.postcode,
            "town": facts.town,
            "street": facts.street,
            "address": facts.address,
            "total_area": _text(facts.total_area),
            "living_area": _text(facts.living_area),
            "heated_area": _text(facts.heated_area),
            "persons": facts.persons,
            "temporary": facts.temporary,
        },
        "agent": _party(facts.agent),
        "principals": _principals(facts, rows),
        "rows": rows,
        "sums": {name: str(amount) for name, amount in sums.items()},
        "payments": {
            "through": facts.paid_through.isoformat(),
            "last_on": _day(facts.last_paid_on),
            "last": "" if facts.last_paid is None else str(facts.last_paid),
        },
        "meters": [_dial(dial) for dial in facts.meters],
        "readings_until": facts.readings_until,
        "house": [_house(line, facts.services) for line in facts.house],
        "recalculations": [
            {"service": _name(facts, basis.service_id), "text": basis.text, "amount": str(basis.amount)}
            for basis in facts.bases
        ],
        "instalments": [dict(line) for line in facts.instalments],
        "total": str(due),
        "qr": "",
        "desk": "",
    }
    _refuse_incomplete(facts, rows, sums)
    if due > 0:
        content["qr"] = _payment_code(facts, due)
        content["desk"] = barcode.desk_code(account=facts.account, month=facts.month, amount=due)
        if barcode.read(content["qr"]).sum_kopecks != int(due * 100):
            raise DocumentRefused(f"Счёт {facts.account}: сумма платёжного кода расходится с суммой документа.")
    return content


def _rows(facts: Facts) -> list[dict[str, Any]]:
    """A row per service and contract, in the order of the form; money under the names of MONEY."""
    charges: dict[tuple[int, int], list[Charge]] = {}
    for charge in facts.charges:
        charges.setdefault((charge.contract_id, charge.service_id), []).append(charge)
    balances = {(b.contract_id, b.service_id): b for b in facts.balances}
    rows = []
    for key in sorted(charges.keys() | balances.keys(), key=lambda key: _place(facts, key)):
        row = _row(facts, key, charges.get(key, []), balances.get(key))
        if any(Decimal(row[name]) for name in MONEY) or row["volume"]:
            rows.append(row)
    return rows


def _place(facts: Facts, key: tuple[int, int]) -> tuple[int, int, int, int]:
    contract_id, service_id = key
    service = facts.services.get(service_id)
    if service is None:
        return 9, 0, service_id, contract_id
    return [group for group, _ in GROUPS].index(service.group), service.order, service_id, contract_id


def _row(facts: Facts, key: tuple[int, int], charges: list[Charge], balance: Balance | None) -> dict[str, Any]:
    contract_id, service_id = key

    def of(*kinds: int) -> Decimal:
        return total(charge.amount for charge in charges if charge.kind in kinds)

    service = facts.services.get(service_id)
    opening, paid, closing = (balance.opening, balance.paid, balance.closing) if balance else (ZERO, ZERO, ZERO)
    money = {
        "charged": of(Kind.CHARGE, Kind.COMMON_USE, Kind.VAT),
        "uplift": of(Kind.UPLIFT),
        "recalculated": of(Kind.RECALCULATION, Kind.HEATING_CORRECTION),
        "benefits": of(Kind.BENEFIT),
        "penalty": of(Kind.PENALTY),
    }
    money["payable"] = money["charged"] + money["uplift"] + money["recalculated"] + money["benefits"]
    if balance is None:
        closing = opening + money["payable"] + money["penalty"] - paid
    if opening + money["payable"] + money["penalty"] - paid != closing:
        raise DocumentRefused(
            f"Счёт {facts.account}, {_name(facts, service_id)}: начальное сальдо {opening}, к оплате "
            f"{money['payable']}, пени {money['penalty']} и оплата {paid} не дают конечного сальдо {closing}. "
            "Проверьте разнесение оплаты."
        )
    lines = _lines([c for c in charges if c.kind in (Kind.CHARGE, Kind.COMMON_USE, Kind.VAT)])
    only = lines[0] if len(lines) == 1 else None
    same_volume = _common_volume(lines)
    multipliers = {c.multiplier for c in charges if c.kind == Kind.UPLIFT and c.multiplier}
    return {
        "service_id": service_id,
        "contract_id": contract_id,
        "name": _name(facts, service_id),
        "group": service.group if service else 0,
        "under": service_id in COMMON_NAMES,
        "supplier": facts.principals[contract_id].short_name if contract_id in facts.principals else "",
        "unit": only["unit"] if only else (lines[0]["unit"] if same_volume is not None else ""),
        "volume": only["volume"] if only else _text(same_volume),
        "mark": only["mark"] if only else (lines[0]["mark"] if same_volume is not None else 0),
        "tariff": only["tariff"] if only else "",
        "multiplier": _text(min(multipliers)) if len(multipliers) == 1 else "",
        "lines": [] if only else lines,
        "opening": str(opening),
        "paid": str(paid),
        "closing": str(closing),
        **{name: str(amount) for name, amount in money.items()},
    }


def _lines(charges: list[Charge]) -> list[dict[str, Any]]:
    """The row's sub-lines: components, zones, ranges, and segments of the month with another tariff or method."""
    lines = []
    ordered = sorted(charges, key=lambda c: (c.line, c.kind))
    components = {c.line // 10000 for c in charges}
    zones = {c.line // 1000 % 10 for c in charges}
    ranges = {c.line // 100 % 10 for c in charges}
    for charge in ordered:
        component, zone, step = charge.line // 10000, charge.line // 1000 % 10, charge.line // 100 % 10
        words = []
        if charge.kind == Kind.VAT:
            words.append("НДС")
        if len(components - {0}) > 1:
            words.append({1: "компонент на воду", 2: "компонент на тепловую энергию"}.get(component, "тариф"))
        if len(zones - {0}) > 1:
            words.append({1: "день (пик)", 2: "ночь", 3: "полупик"}.get(zone, "тариф"))
        if len(ranges - {0}) > 1:
            words.append(f"{step}-й диапазон")
        same = [c for c in ordered if c.line // 100 == charge.line // 100 and c.kind == charge.kind]
        if len(same) > 1 and charge.days:
            words.append(f"{charge.days} дн.")
        lines.append(
            {
                "name": ", ".join(words) or FOOTNOTES.get(MARKS.get(charge.method, 0), "начислено"),
                "unit": charge.unit,
                "volume": _text(charge.volume),
                "mark": MARKS.get(charge.method, 0),
                "tariff": _text(charge.tariff),
                "charged": str(charge.amount),
            }
        )
    return lines


def _common_volume(lines: list[dict[str, Any]]) -> Decimal | None:
    """The volume all sub-lines make together, where adding them has a meaning: one unit, no component repeated."""
    if not lines or len({line["unit"] for line in lines}) != 1 or any(not line["volume"] for line in lines):
        return None
    if any("компонент" in line["name"] for line in lines):
        return None
    return sum((Decimal(line["volume"]) for line in lines), Decimal(0))


def _principals(facts: Facts, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Recipients in the order of their first row, each with its services and sums (section 2 of the form)."""
    order = list(dict.fromkeys(row["contract_id"] for row in rows if row["contract_id"] in facts.principals))
    found = []
    for contract_id in order:
        own = [row for row in rows if row["contract_id"] == contract_id]
        found.append(
            {
                **_party(facts.principals[contract_id]),
                "contract_id": contract_id,
                "is_executor": contract_id == facts.executor_contract_id,
                "services": list(dict.fromkeys(row["name"] for row in own if not row["under"])) or [own[0]["name"]],
                **{name: str(_sum(own, name)) for name in ("opening", "payable", "penalty", "paid", "closing")},
            }
        )
    return found


def _refuse_incomplete(facts: Facts, rows: list[dict[str, Any]], sums: dict[str, Decimal]) -> None:
    """п. 69: what a document cannot go without; and Σ by recipients = Σ by services."""
    if not facts.address:
        raise DocumentRefused(f"Счёт {facts.account}: нет адреса помещения. Заполните адрес дома.")
    if facts.agent.bank is None:
        raise DocumentRefused(
            f"У организации {facts.agent.short_name} нет утверждённого банковского счёта на "
            f"{facts.issued_on:%d.%m.%Y}. Утвердите реквизиты и повторите выпуск."
        )
    for row in rows:
        if row["contract_id"] and row["contract_id"] not in facts.principals:
            raise DocumentRefused(f"Счёт {facts.account}, {row['name']}: неизвестен исполнитель услуги.")
        if not row["contract_id"] and Decimal(row["payable"]):
            raise DocumentRefused(f"Счёт {facts.account}: начисление без договора.")
    if sums["opening"] + sums["payable"] + sums["penalty"] - sums["paid"] != sums["closing"]:
        raise DocumentRefused(f"Счёт {facts.account}: итоги документа не сходятся.")


def _payment_code(facts: Facts, due: Decimal) -> str:
    """The code pays the centre: it splits the money among the recipients (payment-qr.md, «Several recipients», 1)."""
    assert facts.agent.bank is not None  # refused before
    bank = facts.agent.bank
    return barcode.utility_payment(
        payee=barcode.Payee(
            name=facts.agent.short_name,
            account=bank.number,
            bank=bank.name,
            bik=bank.bik,
            correspondent=bank.correspondent,
            inn=facts.agent.inn,
            kpp=facts.agent.kpp,
        ),
        amount=due,
        account=facts.account,
        month=facts.month,
        purpose=f"ЖКУ за {facts.month.title}, л/с {facts.account}",
        names=facts.payer.names,
        address=f"{facts.town.partition(',')[0]}, {facts.street}",
    )


def _party(party: Party) -> dict[str, Any]:
    bank = party.bank
    return {
        "name": party.name,
        "short_name": party.short_name,
        "inn": party.inn,
        "kpp": party.kpp,
        "ogrn": party.ogrn,
        "address": party.address,
        "phone": party.phone,
        "dispatcher_phone": party.dispatcher_phone,
        "email": party.email,
        "site": party.site,
        "bank": {
            "number": bank.number, "bik": bank.bik, "name": bank.name, "correspondent": bank.correspondent,
            "town": bank.town,
        } if bank else None,
    }  # fmt: skip


def _dial(dial: Dial) -> dict[str, Any]:
    return {
        "resource": dial.resource,
        "unit": dial.unit,
        "serial": dial.serial,
        "digits": dial.digits,
        "place": dial.place,
        "zone": dial.zone,
        "zones": dial.zones,
        "previous": _text(dial.previous),
        "previous_on": _day(dial.previous_on),
        "current": _text(dial.current),
        "current_on": _day(dial.current_on),
        "usage": _text(dial.usage),
        "verified_until": _day(dial.verified_until),
    }


def _house(line: HouseFact, services: Mapping[int, Service]) -> dict[str, Any]:
    service = services[line.service_id]
    return {
        "service": service.name,
        "unit": service.unit,
        "norm": line.norm,
        "common_norm": line.common_norm,
        "building_volume": _text(line.building_volume),
        "building_meter": line.building_meter,
        "premises_volume": _text(line.premises_volume),
        "common_volume": _text(line.common_volume),
    }


def _name(facts: Facts, service_id: int) -> str:
    service = facts.services.get(service_id)
    return service.name if service else "Аванс, не распределённый по услугам"


def _text(number: Decimal | None) -> str:
    """A quantity without the zeros its column adds."""
    text = "" if number is None else f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def due_date(month: Month, day: int, *, act: str = "", overrides: dict[date, bool] | None = None) -> Due:
    """Until when the month is to be paid: `day` of the next month, moved to the next working day (ст. 193 ГК РФ)."""
    legal = month.next.first.replace(day=day)
    return Due(on=calendar.working_day_on_or_after(legal, overrides), legal=legal, act=act)


# --- from the payload to the printed strings -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A printed row of section 3; `look` is group, service, under, part, advance or total."""

    look: str
    name: str
    supplier: str = ""
    volume: str = ""
    unit: str = ""
    mark: str = ""
    tariff: str = ""
    charged: str = ""
    uplift: str = ""
    multiplier: str = ""
    recalculated: str = ""
    benefits: str = ""
    payable: str = ""
    opening: str = ""
    paid: str = ""
    penalty: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of «how the sum came about»."""

    title: str
    note: str
    amount: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Every string of the page. The template puts them in their places and computes nothing."""

    look: str
    title: dict[str, str]
    window: dict[str, str]
    pay: dict[str, str]
    steps: list[Step]
    payer: list[tuple[str, str]]
    executor: list[tuple[str, str]]
    centre: dict[str, str]
    recipients: list[dict[str, str]]
    recipients_total: dict[str, str]
    advance: str
    lines: list[Line]
    footnotes: list[str]
    dials: list[dict[str, Any]]
    house: list[dict[str, str]]
    recalculations: list[dict[str, str]]
    recalculations_total: str
    instalments: list[dict[str, str]]
    notes: list[str]
    slip: dict[str, Any]
    qr: str
    desk: str
    desk_text: str


def form(content: Mapping[str, Any], *, gis_id: str = "") -> Form:
    """The printed strings of a payload; gis_id: the document's identifier in ГИС ЖКХ, filled in after the issue."""
    document, account, sums = content["document"], content["account"], content["sums"]
    month = Month(date.fromisoformat(document["month"]))
    due = Decimal(content["total"])
    qr = content["qr"]
    dials = [_printed_dial(dial) for dial in content["meters"]]
    recipients = [_recipient(principal, account["number"]) for principal in content["principals"]]
    lines = _printed_rows(content["rows"], sums)
    return Form(
        look=_look(lines, dials),
        title=_title(content, month, gis_id),
        window={
            "name": account["payer"] or "Собственнику помещения",
            "street": tied(account["street"]),
            "town": tied(account["town"]),
            "postcode": account["postcode"],
        },
        pay=_pay(content, month, due),
        steps=_steps(content, month),
        payer=_payer(account),
        executor=_executor(content),
        centre=_centre(content["agent"]),
        recipients=recipients,
        recipients_total={
            "payable": money(_sum(content["principals"], "payable", "penalty")),
            "closing": money(due),
        },
        advance=blank(_sum((row for row in content["rows"] if not row["contract_id"]), "closing")),
        lines=lines,
        footnotes=_footnotes(content["rows"]),
        dials=dials,
        house=[_printed_house(line) for line in content["house"]],
        recalculations=[
            {"service": line["service"], "text": line["text"], "amount": money(line["amount"], signed=True)}
            for line in content["recalculations"]
        ],
        recalculations_total=money(_sum(content["recalculations"], "amount"), signed=True)
        if len(content["recalculations"]) > 1
        else "",
        instalments=[dict(line) for line in content["instalments"]],
        notes=_notes(content, month, due),
        slip={
            "account": account["number"],
            "payer": account["payer"],
            "address": tied(account["address"]),
            "month": month.title,
            "total": money(max(due, ZERO)),
            "dials": dials[:7],
            "more": f"Остальные приборы ({len(dials) - 7}) передайте по телефону или в кабинете." if dials[7:] else "",
            "until": f"Показания передайте до {content['readings_until']}-го числа",
        },
        qr=barcode.with_document(qr, gis_id) if qr and gis_id else qr,
        desk=content["desk"],
        desk_text=_spaced(content["desk"], 4),
    )


def _look(lines: Sequence[Line], dials: Sequence[Mapping[str, Any]]) -> str:
    """How close the page is set: by its number of rows, and by its longest amount."""
    looks = ["compact"] if len(lines) + len(dials) > COMPACT_FROM else []
    if any(
        len(amount) > WIDE_FROM for line in lines for amount in (line.payable, line.opening, line.paid, line.closing)
    ):
        looks.append("wide")
    return " ".join(looks)


def _title(content: Mapping[str, Any], month: Month, gis_id: str) -> dict[str, str]:
    document, account = content["document"], content["account"]
    replaces = document["replaces"]
    instead = ""
    if replaces:
        instead = f"Взамен документа № {replaces['number']} от {_short(replaces['issued_on'])}"
        instead += f": {replaces['reason']}" if replaces.get("reason") else ""
    return {
        "month": month.title,
        "number": f"№ {document['number']} от {_short(document['issued_on'])}",
        "instead": instead,
        "account": account["number"],
        "unified": account["unified_number"] or "не присвоен",
        "izku": account["housing_service_id"] or "не присвоен",
        "gis": gis_id or "ещё не размещён в ГИС ЖКХ",
        "code": account["code"],
    }


def _pay(content: Mapping[str, Any], month: Month, due: Decimal) -> dict[str, str]:
    """What to pay and until when, without debt and with it apart."""
    sums = {name: Decimal(amount) for name, amount in content["sums"].items()}
    current = sums["payable"] + sums["penalty"]
    earlier = sums["opening"] - sums["paid"]
    when = calendar.long_date(date.fromisoformat(content["document"]["due_on"]))
    found = {"month": f"за {month.title}, без долга", "current": money(current), "earlier_title": "", "earlier": ""}
    if earlier > 0:
        found |= {"earlier_title": "долг за прошлые месяцы с учётом оплаты", "earlier": money(earlier)}
    elif earlier < 0:
        found |= {"earlier_title": "аванс, учтён в сумме", "earlier": money(earlier)}
    if due > 0:
        roubles, pennies = money(due).split(",")
        return found | {
            "headline": "К оплате", "roubles": roubles, "kopecks": pennies, "until": f"до {when} включительно",
            "look": "debt" if earlier > 0 else "",
        }  # fmt: skip
    roubles, pennies = money(-due).split(",")
    return found | {
        "headline": "Платить не нужно" if due == 0 else "Платить не нужно: аванс",
        "roubles": roubles,
        "kopecks": pennies,
        "until": "Всё оплачено" if due == 0 else "зачтётся в следующих месяцах",
        "look": "advance",
    }


def _steps(content: Mapping[str, Any], month: Month) -> list[Step]:
    """State at the start → what the month brought → state at its end. Steps of nothing are left out."""
    sums = {name: Decimal(amount) for name, amount in content["sums"].items()}
    payments = content["payments"]
    opening, closing = sums["opening"], sums["closing"]
    steps = [
        Step(
            title="Аванс на начало" if opening < 0 else "Долг на начало",
            note=f"на {_short(month.first.isoformat())}",
            amount=money(abs(opening)),
        ),
        Step("Начислено", f"за {month.title}", money(sums["charged"]), "plus"),
    ]
    if sums["uplift"]:
        steps.append(Step("Повыш. коэфф.", "счётчика нет", money(sums["uplift"]), "plus"))
    if sums["recalculated"]:
        steps.append(Step("Перерасчёты", "раздел 6", money(sums["recalculated"], signed=True)))
    if sums["benefits"]:
        steps.append(Step("Льготы, субсидии", "скидка", money(sums["benefits"], signed=True)))
    if sums["penalty"]:
        steps.append(Step("Пени", "за просрочку", money(sums["penalty"]), "plus"))
    steps.append(Step("Оплачено", f"по {_short(payments['through'])}", money(sums["paid"]), "minus"))
    steps.append(
        Step(
            title="Аванс на конец" if closing < 0 else "К оплате на конец",
            note=f"на {_short(month.last.isoformat())}",
            amount=money(abs(closing)),
            look="result",
        )
    )
    return steps


def _payer(account: Mapping[str, Any]) -> list[tuple[str, str]]:
    if account["is_organisation"]:
        role = "Плательщик"
    else:
        role = "Наниматель" if account["is_tenant"] else "Собственник"
    areas = [
        f"{title} {quantity(account[name])} м²"
        for name, title in (("total_area", "общая"), ("living_area", "жилая"), ("heated_area", "отапливаемая"))
        if account[name]
    ]
    persons = f"{account['persons']} чел." + (f", временно {account['temporary']} чел." if account["temporary"] else "")
    rows = [(role, account["payer"] or "не указан")]
    if account["payer_inn"]:
        rows.append(("ИНН плательщика", account["payer_inn"]))
    others = [owner for owner in account["owners"] if owner != account["payer"]]
    if others:
        rows.append(("Собственники" if account["is_tenant"] else "Также собственники", ", ".join(others)))
    rows += [("Адрес помещения", tied(account["address"])), ("Площадь", ", ".join(areas) or "не указана")]
    if account["persons"] or account["temporary"]:
        rows.append(("Проживают", persons))
    elif not account["is_organisation"]:
        rows.append(("Проживают", "никто не зарегистрирован"))
    return rows


def _executor(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Исполнитель услуг: the principal that manages the house; the centre is named besides."""
    party = next((p for p in content["principals"] if p["is_executor"]), None)
    if party is None:
        party = next(iter(content["principals"]), content["agent"])
    rows = [
        ("Исполнитель услуг", party["name"]),
        ("ИНН, ОГРН", ", ".join(part for part in (party["inn"], party["ogrn"]) if part)),
        ("Адрес", tied(party["address"])),
        ("Телефон", phone(party["phone"])),
        ("Диспетчерская", phone(party["dispatcher_phone"])),
        ("Эл. почта, сайт", ", ".join(part for part in (party["email"], party["site"]) if part)),
    ]
    return [(title, text) for title, text in rows if text]


def _centre(agent: Mapping[str, Any]) -> dict[str, str]:
    bank = agent["bank"]
    return {
        "name": agent["short_name"],
        "full_name": agent["name"],
        "address": tied(agent["address"]),
        "contacts": " · ".join(part for part in (phone(agent["phone"]), agent["email"], agent["site"]) if part),
        "requisites": _requisites(agent),
        "bank": f"{bank['name']}, БИК {bank['bik']}" if bank else "",
    }


def _requisites(party: Mapping[str, Any]) -> str:
    bank = party["bank"]
    parts = [f"ИНН {party['inn']}", f"КПП {party['kpp']}" if party["kpp"] else ""]
    if bank:
        parts += [
            f"счёт {bank['number']}",
            bank["name"],
            f"БИК {bank['bik']}",
            f"корр. счёт {bank['correspondent']}" if bank["correspondent"] else "",
        ]
    return ", ".join(part for part in parts if part)


def _recipient(principal: Mapping[str, Any], account: str) -> dict[str, str]:
    contacts = [tied(principal["address"]), phone(principal["phone"])]
    if principal["dispatcher_phone"]:
        contacts.append(f"диспетчерская {phone(principal['dispatcher_phone'])}")
    contacts += [principal["email"], principal["site"]]
    return {
        "name": principal["short_name"],
        "requisites": _requisites(principal),
        "contacts": ", ".join(part for part in contacts if part),
        "account": account,
        "services": ", ".join([principal["services"][0], *map(_lower, principal["services"][1:])]),
        "payable": money(Decimal(principal["payable"]) + Decimal(principal["penalty"])),
        "closing": money(principal["closing"]),
    }


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _printed_rows(rows: Iterable[Mapping[str, Any]], sums: Mapping[str, str]) -> list[Line]:
    rows = list(rows)
    titles = dict(GROUPS)
    lines: list[Line] = []
    for group, members in groupby(rows, key=lambda row: row["group"]):
        own = list(members)
        if group in titles:
            lines.append(
                Line(
                    look="group",
                    name=titles[group],
                    payable=money(_sum(own, "payable")),
                    closing=money(_sum(own, "closing")),
                )
            )
        above = ""
        for row in own:
            lines.append(_printed_row(row, alone=row["supplier"] != above))
            above = row["supplier"]
            lines += [
                Line(
                    look="part",
                    name=part["name"],
                    volume=quantity(part["volume"]),
                    unit=part["unit"],
                    mark=str(part["mark"] or ""),
                    tariff=price(part["tariff"]),
                    charged=money(part["charged"]),
                )
                for part in row["lines"]
            ]
    lines.append(Line(look="total", name="Итого по всем услугам", **{name: _total(name, sums[name]) for name in MONEY}))
    return lines


def _printed_row(row: Mapping[str, Any], *, alone: bool) -> Line:
    """alone: a common-use row whose supplier is not the one named above it."""
    if row["under"]:
        look = "under"
    else:
        look = "service" if row["group"] else "advance"
    return Line(
        look=look,
        name=COMMON_NAMES.get(row["service_id"], row["name"]),
        supplier="" if row["under"] and not alone else row["supplier"],
        volume=quantity(row["volume"]),
        unit=row["unit"],
        mark=str(row["mark"] or ""),
        tariff=price(row["tariff"]),
        charged=blank(row["charged"]),
        uplift=blank(row["uplift"]),
        multiplier=f"к = {quantity(row['multiplier'])}" if row["multiplier"] else "",
        recalculated=blank(row["recalculated"], signed=True),
        benefits=blank(row["benefits"], signed=True),
        payable=money(row["payable"]) if row["group"] else "",
        opening=blank(row["opening"]),
        paid=blank(row["paid"]),
        penalty=blank(row["penalty"]),
        closing=money(row["closing"]),
    )


def _total(name: str, amount: str) -> str:
    """A total; sums of what did not happen stay empty, as in the rows."""
    if name in ("uplift", "recalculated", "benefits", "penalty"):
        return blank(amount, signed=name in ("recalculated", "benefits"))
    return money(amount)


def _footnotes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    used = {line["mark"] for row in rows for line in (row, *row["lines"]) if line["mark"]}
    return [f"({mark}) {text}" for mark, text in FOOTNOTES.items() if mark in used]


def _printed_dial(dial: Mapping[str, Any]) -> dict[str, Any]:
    zone = {1: "день", 2: "ночь", 3: "полупик"}.get(dial["zone"], "") if dial["zones"] > 1 else ""
    return {
        "resource": dial["resource"] + (f", {zone}" if zone else ""),
        "serial": dial["serial"],
        "place": dial["place"],
        "unit": dial["unit"],
        "previous": quantity(dial["previous"]),
        "previous_on": _short(dial["previous_on"]),
        "current": quantity(dial["current"]) or "нет",
        "current_on": _short(dial["current_on"]),
        "usage": quantity(dial["usage"]),
        "verified": _short(dial["verified_until"]) or "не указана",
        "boxes": range(min(dial["digits"], 8)),
    }


def _printed_house(line: Mapping[str, str]) -> dict[str, str]:
    return {
        **line,
        "building_volume": quantity(line["building_volume"]),
        "premises_volume": quantity(line["premises_volume"]),
        "common_volume": quantity(line["common_volume"]),
    }


def _notes(content: Mapping[str, Any], month: Month, due: Decimal) -> list[str]:
    document, payments = content["document"], content["payments"]
    legal, moved = date.fromisoformat(document["due_legal"]), date.fromisoformat(document["due_on"])
    notes = []
    if any(Decimal(row["uplift"]) for row in content["rows"]):
        notes.append(
            "Повыш. коэфф.: превышение платы из-за повышающего коэффициента к нормативу, потому что счётчика нет, "
            "а поставить его можно (п. 42 Правил № 354). К льготам не относится."
        )
    if due > 0:
        act = f" ({document['due_act']})" if document["due_act"] else ""
        text = f"Срок оплаты за {month.title}: {calendar.long_date(legal)} включительно{act}."
        if moved != legal:
            text += f" Этот день нерабочий, поэтому срок перенесён на {calendar.long_date(moved)} (ст. 193 ГК РФ)."
        notes.append(text)
        notes.append(
            "Достаточно одного платежа на общую сумму: расчётный центр сам перечислит деньги каждому получателю "
            "раздела 2."
        )
    last = ""
    if payments["last_on"]:
        last = f" Последняя оплата: {_short(payments['last_on'])}, {money(payments['last'])} руб."
    notes.append(f"Учтены платежи, поступившие по {_short(payments['through'])} включительно.{last}")
    if not content["account"]["is_organisation"] and Decimal(content["sums"]["opening"]) > 0:
        notes.append(
            "За просрочку начисляются пени (ч. 14 ст. 155 ЖК РФ): с 31-го дня одна трёхсотая, с 91-го одна сто "
            "тридцатая ключевой ставки Банка России от долга за каждый день. Сумма пеней стоит в отдельной графе."
        )
    return [re.sub(r"\b(ст|ч|п)\. |№ ", lambda found: found[0].strip() + SPACE, text) for text in notes]


# --- numbers as they are printed -------------------------------------------------------------------------------------


def money(amount: str | Decimal, *, signed: bool = False) -> str:
    """«12 345,67», with a minus for what is less than nothing; signed: a plus, too."""
    value = Decimal(amount)
    text = _grouped(f"{abs(value):.2f}")
    if value < 0:
        return MINUS + text
    return "+" + text if signed and value > 0 else text


def blank(amount: str | Decimal, *, signed: bool = False) -> str:
    """Money, but nothing for zero."""
    return money(amount, signed=signed) if Decimal(amount) else ""


def quantity(number: str | Decimal) -> str:
    """«0,9264»: as many decimals as there are; empty for an empty text."""
    if number == "":
        return ""
    text = f"{Decimal(number):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS, 1)[:1] + _grouped(text[1:]) if text.startswith("-") else _grouped(text)


def price(number: str) -> str:
    """«2 345,6789»: two decimals at least."""
    if not number:
        return ""
    text = quantity(number)
    decimals = len(text.partition(",")[2])
    return text + ("," if not decimals else "") + "0" * (2 - decimals) if decimals < 2 else text


def phone(text: str) -> str:
    """«+7 353 200-00-00» of +73532000000; anything else as it is."""
    match = re.fullmatch(r"\+7(\d{3})(\d{3})(\d{2})(\d{2})", text)
    return f"+7{SPACE}{match[1]}{SPACE}{match[2]}-{match[3]}-{match[4]}" if match else text


def tied(address: str) -> str:
    """An address whose «д.», «кв.» and their kin stay on the line of their number."""
    return re.sub(r"\b(г|ул|д|корп|к|стр|кв|ком|пом|м/м|пер|пл|пос|с)\. ", rf"\1.{SPACE}", address)


def _grouped(text: str) -> str:
    whole, _, decimals = text.partition(".")
    groups = _spaced(whole[::-1], 3)[::-1]
    return f"{groups},{decimals}" if decimals else groups


def _spaced(text: str, size: int) -> str:
    return SPACE.join(text[i : i + size] for i in range(0, len(text), size))


def _short(day: str) -> str:
    return f"{date.fromisoformat(day):%d.%m.%Y}" if day else ""


def _sum(rows: Iterable[Mapping[str, Any]], *names: str) -> Decimal:
    return total(Decimal(row[name]) for row in rows for name in names)
