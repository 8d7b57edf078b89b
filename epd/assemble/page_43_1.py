"""From a payload of version 1 to every string of its page: the template 43-1, kept for reprints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from accounts import calendar
from accounts.calendar import Month
from accounts.money import ZERO
from epd import barcode
from epd.assemble.facts import COMMON_NAMES, FOOTNOTES, GROUPS, MONEY
from epd.assemble.numbers import SPACE, blank, money, phone, price, quantity, short, spaced, sum_of, tied

COMPACT_FROM = 22  # printed rows and meters above which the second page is set closer
WIDE_FROM = 10  # characters of an amount above which the columns of money are set in smaller type


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
            "payable": money(sum_of(content["principals"], "payable", "penalty")),
            "closing": money(due),
        },
        advance=blank(sum_of((row for row in content["rows"] if not row["contract_id"]), "closing")),
        lines=lines,
        footnotes=_footnotes(content["rows"]),
        dials=dials,
        house=[_printed_house(line) for line in content["house"]],
        recalculations=[
            {"service": line["service"], "text": line["text"], "amount": money(line["amount"], signed=True)}
            for line in content["recalculations"]
        ],
        recalculations_total=money(sum_of(content["recalculations"], "amount"), signed=True)
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
        desk_text=spaced(content["desk"], 4),
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
        instead = f"Взамен документа № {replaces['number']} от {short(replaces['issued_on'])}"
        instead += f": {replaces['reason']}" if replaces.get("reason") else ""
    return {
        "month": month.title,
        "number": f"№ {document['number']} от {short(document['issued_on'])}",
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
            note=f"на {short(month.first.isoformat())}",
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
    steps.append(Step("Оплачено", f"по {short(payments['through'])}", money(sums["paid"]), "minus"))
    steps.append(
        Step(
            title="Аванс на конец" if closing < 0 else "К оплате на конец",
            note=f"на {short(month.last.isoformat())}",
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
                    payable=money(sum_of(own, "payable")),
                    closing=money(sum_of(own, "closing")),
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
        "serial": dial["serial"].lstrip("№ "),
        "place": dial["place"],
        "unit": dial["unit"],
        "previous": quantity(dial["previous"]),
        "previous_on": short(dial["previous_on"]),
        "current": quantity(dial["current"]) or "нет",
        "current_on": short(dial["current_on"]),
        "usage": quantity(dial["usage"]),
        "verified": short(dial["verified_until"]) or "не указана",
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
        last = f" Последняя оплата: {short(payments['last_on'])}, {money(payments['last'])} руб."
    notes.append(f"Учтены платежи, поступившие по {short(payments['through'])} включительно.{last}")
    if not content["account"]["is_organisation"] and Decimal(content["sums"]["opening"]) > 0:
        notes.append(
            "За просрочку начисляются пени (ч. 14 ст. 155 ЖК РФ): с 31-го дня одна трёхсотая, с 91-го одна сто "
            "тридцатая ключевой ставки Банка России от долга за каждый день. Сумма пеней стоит в отдельной графе."
        )
    return [re.sub(r"\b(ст|ч|п)\. |№ ", lambda found: found[0].strip() + SPACE, text) for text in notes]
