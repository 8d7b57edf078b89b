"""From facts to the frozen payload: decimals and dates as text, nothing rounded, nothing formatted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from accounts import rules
from accounts.money import ZERO, kopecks, total
from billing.kinds import Kind
from epd import barcode
from epd.assemble import numbers, texts
from epd.assemble.facts import (
    COMMON_NAMES,
    FOOTNOTES,
    GROUPS,
    MARKS,
    MONEY,
    Balance,
    Charge,
    Dial,
    DocumentKind,
    DocumentRefused,
    Facts,
    HouseFact,
    Party,
    Service,
)
from epd.assemble.numbers import sum_of

PURPOSES = {
    DocumentKind.CURRENT: "ЖКУ за", DocumentKind.DEBT: "Долг за ЖКУ по",
    DocumentKind.CAPITAL: "Взнос на капитальный ремонт за",
}  # fmt: skip
CHARGED = (Kind.CHARGE, Kind.COMMON_USE, Kind.VAT, Kind.UNAUTHORISED)


def payload(facts: Facts) -> dict[str, Any]:
    """The document's content as it is stored. Raises DocumentRefused when a check before issue fails."""
    rows = _rows(facts)
    sums = {name: total(Decimal(row[name]) for row in rows) for name in MONEY}
    due = kopecks(sums["closing"])
    content: dict[str, Any] = {
        "version": 2,
        "document": {
            "number": facts.number,
            "month": facts.month.first.isoformat(),
            "issue": facts.issue,
            "kind": facts.kind,
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
        "payee": _party(facts.payee or facts.agent),
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
        "history": [{"month": month.first.isoformat(), "amount": str(amount)} for month, amount in facts.history],
        "before": {str(service_id): str(amount) for service_id, amount in facts.before.items()},
        "look": {"window": list(facts.window), "large": facts.large},
        "links": {"why": facts.why, "check": facts.check},
        "total": str(due),
        "qr": "",
        "desk": "",
    }
    content["messages"] = [{name: texts.filled(text, content) for name, text in m.items()} for m in facts.messages]
    _refuse_incomplete(facts, rows, sums)
    if due > 0:
        try:
            content["qr"] = _payment_code(facts, due)
            if due < DESK_LIMIT:
                content["desk"] = barcode.desk_code(account=facts.account, month=facts.month, amount=due)
        except barcode.BadRequisites as refusal:
            raise DocumentRefused(f"Счёт {facts.account}: {refusal}") from refusal
        if barcode.read(content["qr"]).sum_kopecks != int(due * 100):
            raise DocumentRefused(f"Счёт {facts.account}: сумма платёжного кода расходится с суммой документа.")
    return content


COPY_FORMAT = "epd-1"


def copy_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content for programs: all that the page says. The code that links an account to a cabinet stays on paper."""
    told = {name: part for name, part in content.items() if name not in ("version", "look", "before")}
    told["account"] = {name: fact for name, fact in content["account"].items() if name != "code"}
    return {"format": COPY_FORMAT, **told}


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
        "charged": of(*CHARGED),
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
    lines = _lines([c for c in charges if c.kind in CHARGED])
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
        "vat": str(of(Kind.VAT)),
        "vat_percent": next((_text(c.tariff) for c in charges if c.kind == Kind.VAT), ""),
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
        if charge.kind == Kind.UNAUTHORISED:
            words.append("по акту о самовольном подключении")
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
    found = []
    for contract_id in _recipients(facts, rows):
        own = [row for row in rows if row["contract_id"] == contract_id]
        found.append(
            {
                **_party(facts.principals[contract_id]),
                "contract_id": contract_id,
                "is_executor": contract_id == facts.executor_contract_id,
                "services": list(dict.fromkeys(row["name"] for row in own if not row["under"])) or [own[0]["name"]],
                **{name: str(sum_of(own, name)) for name in ("opening", "payable", "penalty", "paid", "closing")},
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
    for party in (facts.agent, *(facts.principals[key] for key in _recipients(facts, rows))):
        _refuse_bad_bank(facts, party)
    for name, amount in sums.items():
        if abs(amount) >= LARGEST:
            raise DocumentRefused(
                f"Счёт {facts.account}: сумма {numbers.money(amount)} ₽ не помещается в документ (строка {name}). "
                "Проверьте начисления и показания."
            )
    for row in rows:
        if any(abs(Decimal(row[name])) >= LARGEST for name in MONEY):
            raise DocumentRefused(
                f"Счёт {facts.account}, {row['name']}: сумма в миллиард рублей и больше не помещается в документ. "
                "Проверьте начисления и показания."
            )
        if row["contract_id"] and row["contract_id"] not in facts.principals:
            raise DocumentRefused(f"Счёт {facts.account}, {row['name']}: неизвестен исполнитель услуги.")
        if not row["contract_id"] and Decimal(row["payable"]):
            raise DocumentRefused(f"Счёт {facts.account}: начисление без договора.")
    if sums["opening"] + sums["payable"] + sums["penalty"] - sums["paid"] != sums["closing"]:
        raise DocumentRefused(f"Счёт {facts.account}: итоги документа не сходятся.")


DESK_LIMIT = Decimal(10**7)  # roubles: more is not brought to a cash desk, and its code has no place for the digits
LARGEST = Decimal(10**9)  # roubles: a greater sum on one account is a slip of a meter


def _refuse_bad_bank(facts: Facts, party: Party) -> None:
    """Money sent by a slip of one digit goes to a stranger or nowhere: nothing is printed with it."""
    bank = party.bank
    if bank is None:  # the centre takes the money all the same
        return
    if not rules.is_bik(bank.bik) or not rules.is_bank_account(bank.number, bank.bik):
        raise DocumentRefused(
            f"Счёт {facts.account}: у получателя {party.short_name} ключ счёта {bank.number} не сходится с БИК "
            f"{bank.bik}. Исправьте банковские реквизиты и повторите выпуск."
        )


def _recipients(facts: Facts, rows: list[dict[str, Any]]) -> list[int]:
    return list(dict.fromkeys(row["contract_id"] for row in rows if row["contract_id"] in facts.principals))


def _payment_code(facts: Facts, due: Decimal) -> str:
    """The code pays the centre: it splits the money among the recipients (payment-qr.md, «Several recipients», 1)."""
    payee = facts.payee or facts.agent
    bank = payee.bank
    assert bank is not None  # refused before
    return barcode.utility_payment(
        payee=barcode.Payee(
            name=payee.short_name,
            account=bank.number,
            bank=bank.name,
            bik=bank.bik,
            correspondent=bank.correspondent,
            inn=payee.inn,
            kpp=payee.kpp,
        ),
        amount=due,
        account=facts.account,
        month=facts.month,
        purpose=f"{PURPOSES[facts.kind]} {facts.month.title}, л/с {facts.account}",
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
