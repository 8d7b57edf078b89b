"""From the payload alone to every string of the page, each in its slot.

A slot is named by its path in `Form` (`lines.3.charged`); the template writes the path beside the value. What changes
the geometry of the page (rows and their looks, blocks that are there or not) is in `Form.shape`, and the template
asks nothing else: two documents of one shape differ in the texts of their slots only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from accounts import calendar
from accounts.calendar import Month
from accounts.money import ZERO
from epd import barcode
from epd.assemble import fit
from epd.assemble.facts import COMMON_NAMES, FOOTNOTES, GROUPS, MONEY, DocumentKind
from epd.assemble.numbers import SPACE, blank, money, phone, price, quantity, short, spaced, sum_of, tied

# Heights of the printed rows, mm: the stylesheet gives them the same (a test compares).
ROW_MM = {"group": 4.8, "service": 6.6, "tall": 9.2, "under": 3.9, "part": 3.6, "advance": 6.6, "total": 6.2}
CLOSE_MM = {"group": 4.2, "service": 5.7, "tall": 8.2, "under": 3.4, "part": 3.2, "advance": 5.7, "total": 5.4}
FRONT_MM = 93  # room for the rows of section 3 on the first page
OPTIONAL = ("uplift", "recalculated", "benefits", "penalty")  # columns that stand only where something is in them
PLAIN = {"volume": 15, "unit": 14, "tariff": 17, "charged": 18, "payable": 18.5, "opening": 19, "paid": 17.5,
         "closing": 19}  # fmt: skip
RICH = {"volume": 13, "unit": 11.5, "tariff": 13.5, "charged": 14, "uplift": 11.5, "recalculated": 12.5,
        "benefits": 12, "payable": 14, "opening": 14, "paid": 13, "penalty": 10, "closing": 14.5}  # fmt: skip
BROAD = {"volume": 12.5, "unit": 10.5, "tariff": 12.5} | dict.fromkeys((*RICH,)[3:], 13.6)  # every sum has as much
WIDTH_MM = 194
CELL_MM = 1.3  # paddings of a cell of section 3
# look, points of the total row (the largest), widths: a sum too long for its column first takes room of the others
AMOUNT_LOOKS = (("", 8.2, RICH), ("wide", 6.4, RICH), ("wide broad", 6.4, BROAD), ("widest", 5, RICH),
                ("widest broad", 5, BROAD))  # fmt: skip
BIG_SIZES, BIG_MM = (("", 12.5), ("wide", 10), ("widest", 8)), 30.7  # section 3 in large type
# Columns of sums in the tables: look, points; room in mm. Large type has its own.
RECIPIENT_SIZES, RECIPIENT_SUM_MM = (("", 7.6), ("s2", 6.4), ("s3", 5)), 14.7
LARGE_RECIPIENT_SIZES, LARGE_RECIPIENT_SUM_MM = (("", 11.5), ("s2", 8.5), ("s3", 6.8)), 21.7
BASE_SIZES, BASE_SUM_MM = (("", 11.5), ("s2", 8.5)), 24.7
PART_SIZES, PART_MM = (("", 8.2), ("p2", 6.4)), 29.5
LARGE_PART_SIZES = (("", 11), ("p2", 8.2), ("p3", 6.4))
TITLES = {
    DocumentKind.CURRENT: "Платёжный документ (счёт)",
    DocumentKind.DEBT: "Долговой платёжный документ",
    DocumentKind.CAPITAL: "Счёт на капитальный ремонт",
}
STEP_SIZES = (("", 10.5), ("s2", 8.5), ("s3", 7), ("s4", 5.4))
SUM_SIZES = (("", 29), ("s2", 21), ("s3", 16))
CENTRE_SIZES = (("", 11, 2), ("s2", 8, 3), ("s3", 6, 5))  # look, points, lines that fit
MONTHS = ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
BAR_MM = 15  # the highest bar of the chart
CHART_CELL_MM = 9
SLIP_DIALS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A printed row of section 3; `look` is a key of ROW_MM."""

    look: str
    name: str
    supplier: str = ""
    volume: str = ""
    unit: str = ""
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
class Big:
    """A row of section 3 in large type: the calculation in sentences."""

    look: str
    name: str
    told: list[str]
    payable: str
    closing: str


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of «how the sum came about»; look: plus, minus, result or nothing."""

    title: str
    note: str
    amount: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A month of the chart: height in mm as CSS writes it, the sum in whole roubles, the month's short name."""

    height: str
    amount: str
    month: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of a paragraph, already broken; look is `p` where the paragraph begins."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A title and its lines."""

    title: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Form:
    """Every string of the page. The template puts them in their places and computes nothing."""

    look: str
    order: str  # front: the calculation stands on the first page; back: on the second
    columns: dict[str, bool]
    head: dict[str, str]
    window: dict[str, Any]
    pay: dict[str, str]
    ids: list[Fact]
    steps: list[Step]
    steps_look: dict[str, str]
    lines: list[Line]
    big: list[Big]
    footnotes: list[Text]
    chart: list[Bar]
    chart_title: str
    chart_note: str
    messages: list[Text]
    payer: list[Fact]
    executor: list[Fact]
    recipients: list[dict[str, Any]]
    recipients_look: dict[str, str]
    recipients_total: dict[str, str]
    advance: str
    dials: list[dict[str, str]]
    house: list[dict[str, str]]
    recalculations: list[dict[str, Any]]
    recalculations_total: str
    bases_look: dict[str, str]
    bases_title: str
    instalments: list[dict[str, str]]
    notes: list[Text]
    notes_right: list[Text]
    slip: dict[str, Any]
    qr: str
    desk: str
    why: str
    check: str

    @property
    def shape(self) -> tuple[Any, ...]:
        """What changes the geometry: equal shapes are laid out once."""
        return tuple(_shape(self, ""))


def slots(form: Form) -> dict[str, str]:
    """Slot → text: the path of every string that is printed. A bar of the chart is `chart.N.height`, in mm."""
    return dict(_slots(form, ""))


def _slots(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
        return
    for name, part in _parts(value):
        if name in CLASSES or isinstance(part, bool):
            continue
        yield from _slots(part, f"{path}.{name}" if path else name)


def _shape(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        yield path, len(value)
    for name, part in _parts(value):
        place = f"{path}.{name}" if path else name
        if name in CLASSES or isinstance(part, bool):
            yield place, part
        elif name in BLOCKS:
            yield place, bool(part)
        elif not isinstance(part, str):
            yield from _shape(part, place)


# Strings that the template turns into classes and styles.
CLASSES = ("look", "order", "place")
# Strings that bring a block of their own with them: the template asks whether they are empty.
BLOCKS = {
    "earlier",
    "instead",
    "advance",
    "recalculations_total",
    "qr",
    "desk",
    "why",
    "check",
    "chart_note",
    "more",
    "note",
}


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    if is_dataclass(value):
        return ((field.name, getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return value.items()
    return ((str(number), part) for number, part in enumerate(value))


def form(content: Mapping[str, Any], *, gis_id: str = "") -> Form:
    """The printed strings of a payload; gis_id: the document's identifier in ГИС ЖКХ, filled in after the issue."""
    document, account, sums = content["document"], content["account"], content["sums"]
    month = Month(date.fromisoformat(document["month"]))
    due = Decimal(content["total"])
    qr = content["qr"]
    dials = [_printed_dial(dial) for dial in content["meters"]]
    columns = {name: any(Decimal(row[name]) for row in content["rows"]) for name in OPTIONAL}
    rows = list(content["rows"])
    is_large = bool(content["look"]["large"])
    look, order, lines = _section_3(rows, sums, columns, is_large=is_large)
    notes, notes_right = _two_columns(_notes(content, month, due))
    links = content["links"]
    steps = _steps(content, month)
    known = {Month(date.fromisoformat(line["month"])): Decimal(line["amount"]) for line in content["history"]}
    recipients = [_recipient(principal) for principal in content["principals"]]
    recipients_total = {
        "name": "Итого",
        "payable": money(sum_of(content["principals"], "payable", "penalty")),
        "closing": money(due),
    }
    advance = blank(sum_of((row for row in rows if not row["contract_id"]), "closing"))
    received = [row[name] for row in (*recipients, recipients_total) for name in ("payable", "closing")]
    moved = money(sum_of(content["recalculations"], "amount"), signed=True)
    grounds = [*(money(line["amount"], signed=True) for line in content["recalculations"]), moved]
    made = Form(
        look=f"{look} large" if is_large else look,
        order="large" if is_large else order,
        columns=columns,
        head=_head(content, month),
        window=_window(account, content["look"]["window"]),
        pay=_pay(content, month, due, is_large=is_large),
        ids=_ids(content, gis_id),
        steps=steps,
        steps_look={"look": _steps_look(steps)},
        lines=lines,
        big=_big(lines) if is_large else [],
        footnotes=_paragraphs([_footnotes(rows)], "narrow", 6.8, WIDTH_MM),
        **_chart(known, month, size=7.6 if is_large else 5.8),
        chart_note=_chart_note(known, month),
        messages=_messages(content["messages"], room_mm=74 if known else WIDTH_MM - 2),
        payer=_payer(account),
        executor=_executor(content),
        recipients=recipients,
        recipients_look={
            "look": _fitting([*received, advance], LARGE_RECIPIENT_SIZES, LARGE_RECIPIENT_SUM_MM)
            if is_large
            else _fitting([*received, advance], RECIPIENT_SIZES, RECIPIENT_SUM_MM)
        },
        recipients_total=recipients_total,
        advance=advance,
        dials=dials,
        house=[_printed_house(line) for line in content["house"]],
        recalculations=[
            {
                "service": line["service"],
                "lines": fit.wrap(line["text"], "narrow", 7.6, 116),
                "amount": money(line["amount"], signed=True),
            }
            for line in content["recalculations"]
        ],
        recalculations_total=moved if len(content["recalculations"]) > 1 else "",
        bases_look={
            "look": _fitting(grounds, BASE_SIZES, BASE_SUM_MM) if is_large else "",
            "total": "Итого" if len(content["recalculations"]) > 1 else "",
        },
        bases_title="Из чего сложился долг"
        if document["kind"] == DocumentKind.DEBT
        else "6. Сведения о перерасчётах: доначисление (+), уменьшение (−)",
        instalments=[dict(line) for line in content["instalments"]],
        notes=notes,
        notes_right=notes_right,
        slip=_slip(content, month, due, dials),
        qr=barcode.with_document(qr, gis_id) if qr and gis_id else qr,
        desk=content["desk"],
        why=links["why"],
        check=links["check"],
    )
    return _flowing(made) if is_large else made


def _flowing(made: Form) -> Form:
    """The lines flow together again: large type breaks them in other places."""

    def facts(rows: list[Fact]) -> list[Fact]:
        return [Fact(row.title, [" ".join(row.lines)]) for row in rows]

    def paragraphs(lines: list[Text]) -> list[Text]:
        found: list[Text] = []
        for line in lines:
            if line.look or not found:
                found.append(line)
            else:
                found[-1] = Text(f"{found[-1].text} {line.text}", found[-1].look)
        return found

    def rows(made_of: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {name: [" ".join(value)] if isinstance(value, list) else value for name, value in row.items()}
            for row in made_of
        ]

    return replace(
        made,
        payer=facts(made.payer),
        executor=facts(made.executor),
        footnotes=paragraphs(made.footnotes),
        messages=paragraphs(made.messages),
        notes=paragraphs([*made.notes, *made.notes_right]),
        notes_right=[],
        recipients=rows(made.recipients),
        recalculations=rows(made.recalculations),
    )


# --- section 3 -------------------------------------------------------------------------------------------------------


def _section_3(
    rows: list[Mapping[str, Any]], sums: Mapping[str, str], columns: Mapping[str, bool], *, is_large: bool
) -> tuple[str, str, list[Line]]:
    """The page's look, the place of the calculation, and its rows."""
    is_rich = any(columns.values())

    def printed(widths: Mapping[str, float]) -> tuple[list[Line], dict[str, float]]:
        shown = {name: width for name, width in widths.items() if columns.get(name, True)}
        return _printed_rows(rows, sums, name_mm=WIDTH_MM - sum(shown.values()) - CELL_MM), shown

    lines, shown = printed(RICH if is_rich else PLAIN)
    amounts = _fitting(_sums_of(lines), BIG_SIZES, BIG_MM, "bold") if is_large else _amount_look(lines, shown)
    if "broad" in amounts:
        lines, _ = printed(BROAD)  # the names have less room
    looks = ["rich" if is_rich else "plain"]
    height = sum(ROW_MM[line.look] for line in lines)
    if height > FRONT_MM:
        height = sum(CLOSE_MM[line.look] for line in lines)
        looks.append("close")
    looks.append(amounts)
    return " ".join(filter(None, looks)), "front" if height <= FRONT_MM else "back", lines


SAID = (("uplift", "повышающий коэффициент"), ("recalculated", "перерасчёт"), ("benefits", "льготы и субсидии"),
        ("opening", "долг или аванс на начало"), ("paid", "оплачено"), ("penalty", "пени"))  # fmt: skip


def _big(lines: Sequence[Line]) -> list[Big]:
    """Every figure of section 3, said in sentences: thirteen columns do not go into large type."""
    found = []
    for line in lines:
        how = f"{line.volume}{SPACE}{line.unit}" if line.volume else ""
        how += f" × {line.tariff} ₽" if how and line.tariff else ""
        if line.charged:
            how += f" = {line.charged} ₽" if how else f"начислено {line.charged} ₽"
        other = [
            f"{word} {getattr(line, name)} ₽"
            + (f" ({line.multiplier})" if name == "uplift" and line.multiplier else "")
            for name, word in SAID
            if getattr(line, name)
        ]
        told = [line.supplier, how, ", ".join(other)]
        found.append(Big(line.look, line.name, [text for text in told if text], line.payable, line.closing))
    return found


def _amount_look(lines: Sequence[Line], shown: Mapping[str, float]) -> str:
    """Amounts are never cut: the longest of every column decides how all are set.

    The last look holds whatever `content` lets through.
    """
    is_rich = shown["volume"] == RICH["volume"]
    ems = {
        name: max(fit.width_mm(getattr(line, name), "narrow_bold", 1) for line in lines)
        for name in shown
        if name != "unit"
    }
    for look, size, widths in AMOUNT_LOOKS:
        room = widths if is_rich else shown
        if all(wide * size <= room[name] - CELL_MM for name, wide in ems.items()) and (is_rich or "broad" not in look):
            return look
    return AMOUNT_LOOKS[-1][0] if is_rich else "widest"


def _sums_of(lines: Sequence[Line]) -> list[str]:
    return [amount for line in lines for amount in (line.payable, line.closing)]


def _fitting(
    texts: Sequence[str], sizes: Sequence[tuple[str, float]], room_mm: float, face: str = "narrow_bold"
) -> str:
    """The look of the largest size at which every text goes into room_mm."""
    longest = max((fit.width_mm(text, face, 1) for text in texts), default=0.0)
    return _smallest(sizes, lambda size: longest * size <= room_mm)


def _smallest(sizes: Sequence[tuple[str, Any]], fits: Callable[[Any], bool]) -> str:
    """The look of the largest size that fits; the last one if none does."""
    return next((look for look, size in sizes if fits(size)), sizes[-1][0])


def _printed_rows(rows: Iterable[Mapping[str, Any]], sums: Mapping[str, str], *, name_mm: int | float) -> list[Line]:
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
            lines.append(_printed_row(row, alone=row["supplier"] != above, name_mm=name_mm))
            above = row["supplier"]
            lines += [
                Line(
                    look="part",
                    name=part["name"],
                    volume=quantity(part["volume"]),
                    unit=_unit(part),
                    tariff=price(part["tariff"]),
                    charged=money(part["charged"]),
                )
                for part in row["lines"]
            ]
    lines.append(Line(look="total", name="Итого по всем услугам", **{name: _total(name, sums[name]) for name in MONEY}))
    return lines


def _printed_row(row: Mapping[str, Any], *, alone: bool, name_mm: int | float) -> Line:
    """alone: a common-use row whose supplier is not the one named above it."""
    name = COMMON_NAMES.get(row["service_id"], row["name"])
    supplier = "" if row["under"] and not alone else row["supplier"]
    if row["under"] and not supplier:
        look = "under"
    else:
        look = "service" if row["group"] else "advance"
        if len(fit.wrap(name, "narrow", 7.8, name_mm)) + len(fit.wrap(supplier, "narrow", 6.3, name_mm)) > 2:
            look = "tall"
    return Line(
        look=look,
        name=name,
        supplier=supplier,
        volume=quantity(row["volume"]),
        unit=_unit(row),
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


def _unit(row: Mapping[str, Any]) -> str:
    """«м³ (2)»: the unit and the mark of how the volume was found."""
    if not row["volume"]:
        return ""
    return f"{row['unit']}{SPACE}({row['mark']})" if row["mark"] else str(row["unit"])


def _total(name: str, amount: str) -> str:
    """A total; sums of what did not happen stay empty, as in the rows."""
    if name in ("uplift", "recalculated", "benefits", "penalty"):
        return blank(amount, signed=name in ("recalculated", "benefits"))
    return money(amount)


def _footnotes(rows: Iterable[Mapping[str, Any]]) -> str:
    used = {line["mark"] for row in rows for line in (row, *row["lines"]) if line["mark"]}
    told = [f"({mark}){SPACE}{text}" for mark, text in FOOTNOTES.items() if mark in used]
    return f"Объём определён: {'; '.join(told)}." if told else ""


# --- the first page --------------------------------------------------------------------------------------------------


def _head(content: Mapping[str, Any], month: Month) -> dict[str, str]:
    document, agent = content["document"], content["agent"]
    replaces = document["replaces"]
    instead = ""
    if replaces:
        instead = f"Взамен документа №{SPACE}{replaces['number']} от {short(replaces['issued_on'])}"
        instead += f": {replaces['reason']}" if replaces.get("reason") else ""
    lines = fit.wrap(instead, "sans", 6.8, 92)
    number = f"№{SPACE}{document['number']} от {short(document['issued_on'])}"
    look = _smallest(
        [(look, (size, most)) for look, size, most in CENTRE_SIZES],
        lambda room: len(fit.wrap(agent["short_name"], "bold", room[0], 99)) <= room[1],
    )
    return {
        "look": look,
        "title": TITLES[document["kind"]],
        "centre": agent["short_name"],
        "address": f"Расчётный центр. {tied(agent['address'])}",
        "contacts": " · ".join(part for part in (phone(agent["phone"]), agent["email"], agent["site"]) if part),
        "month": f"на {short(document['issued_on'])}" if document["kind"] == DocumentKind.DEBT else f"за {month.title}",
        "number": number,
        "instead": lines[0] + ("…" if lines[1:] else "") if lines else "",
        "foot": f"Лицевой счёт {content['account']['number']} · платёжный документ {number} за {month.title}",
    }


NAME_SIZES = (("", 10.5, 2), ("long", 8.5, 3), ("longest", 6.8, 5))  # look, points, lines that fit
WINDOW_MM = 79


HEAD_MM, SIDE_MM = 27, 8  # the upper third begins so far from the edges of the sheet


def _window(account: Mapping[str, Any], window: Sequence[int]) -> dict[str, Any]:
    """Name and address for the window of the envelope: nothing else may show there. window: its left and top, mm."""
    left, top = window or (21, 52)
    name = account["payer"] or "Собственнику помещения"
    street, town = tied(account["street"]), tied(account["town"])
    look, names, address = "", [name], [street, town]
    for look, size, most in NAME_SIZES:  # noqa: B007  # the last one if nothing fits
        names = fit.wrap(name, "bold", size, WINDOW_MM)
        address = [*fit.wrap(street, "sans", size, WINDOW_MM), *fit.wrap(town, "sans", size, WINDOW_MM)]
        if len(names) <= most and len(address) <= most + 1:
            break
    place = f"left:{left - SIDE_MM}mm;top:{top - HEAD_MM}mm"
    return {"look": look, "place": place, "name": names, "address": address, "postcode": account["postcode"]}


def _pay(content: Mapping[str, Any], month: Month, due: Decimal, *, is_large: bool) -> dict[str, str]:
    """What to pay and until when, without debt and with it apart."""
    sums = {name: Decimal(amount) for name, amount in content["sums"].items()}
    current = sums["payable"] + sums["penalty"]
    earlier = sums["opening"] - sums["paid"]
    when = calendar.long_date(date.fromisoformat(content["document"]["due_on"]))
    found = {"current_title": f"За {month.title}, без долга", "current": f"{money(current)} ₽", "earlier_title": "",
             "earlier": "", "total_title": "", "total": ""}  # fmt: skip
    if content["document"]["kind"] == DocumentKind.DEBT:
        found |= {"current_title": "Долг за прошлые месяцы", "current": f"{money(sums['opening'])} ₽"}
        if sums["penalty"]:
            found |= {"earlier_title": "Пени", "earlier": f"{money(sums['penalty'])} ₽",
                      "total_title": "Всего", "total": f"{money(due)} ₽"}  # fmt: skip
        earlier = ZERO
    if earlier:
        found["earlier_title"] = "Долг за прошлые месяцы" if earlier > 0 else "Аванс, уже учтён"
        found["earlier"] = f"{money(earlier)} ₽"
        if due > 0:
            found["total_title"] = "Вместе с долгом" if earlier > 0 else "С учётом аванса"
            found["total"] = f"{money(due)} ₽"
        else:
            found |= {"total_title": "Остаётся авансом" if due else "Остаётся", "total": f"{money(abs(due))} ₽"}
    if due > 0:
        look = "debt" if earlier > 0 else ""
        headline, until = "К оплате", f"до {when} включительно"
        if content["document"]["kind"] == DocumentKind.DEBT:
            headline = "Долг к оплате"
        if earlier > 0:
            headline = "К оплате вместе с долгом"
    else:
        look = "advance"
        headline = "Платить не нужно" if due == 0 else "Платить не нужно: у вас аванс"
        until = "Всё оплачено" if due == 0 else "Аванс зачтётся в следующих месяцах"
    amount = f"{money(abs(due))} ₽"
    look = f"{look} {_smallest(SUM_SIZES, lambda size: fit.width_mm(amount, 'bold', size) <= 80)}"
    parts = _fitting(
        [found["current"], found["earlier"], found["total"]],
        LARGE_PART_SIZES if is_large else PART_SIZES,
        PART_MM,
        "bold",
    )
    return found | {"headline": headline, "sum": amount, "until": until, "look": f"{look} {parts}".strip()}


def _ids(content: Mapping[str, Any], gis_id: str) -> list[Fact]:
    account = content["account"]
    rows = [
        ("Лицевой счёт", account["number"]),
        ("Единый лицевой счёт", account["unified_number"] or "не присвоен"),
        ("Идентификатор ЖКУ", account["housing_service_id"] or "не присвоен"),
        ("Идентификатор документа", gis_id or "ещё не размещён в ГИС ЖКХ"),
        ("Код для кабинета", account["code"]),
    ]
    return [Fact(title, [text]) for title, text in rows if text]


def _steps(content: Mapping[str, Any], month: Month) -> list[Step]:
    """State at the start → what the month brought → state at its end. Steps of nothing are left out."""
    sums = {name: Decimal(amount) for name, amount in content["sums"].items()}
    payments = content["payments"]
    opening, closing = sums["opening"], sums["closing"]
    if content["document"]["kind"] == DocumentKind.DEBT:
        issued = short(content["document"]["issued_on"])
        return [
            Step("Долг", f"на {issued}", money(opening)),
            Step("Пени", "за просрочку", money(sums["penalty"]), "plus"),
            Step("К оплате", f"на {issued}", money(closing), "result"),
        ]
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
        steps.append(Step("Перерасчёты", "раздел 6", money(sums["recalculated"], signed=True), "change"))
    if sums["benefits"]:
        steps.append(Step("Льготы, субсидии", "скидка", money(sums["benefits"], signed=True), "change"))
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


def _steps_look(steps: Sequence[Step]) -> str:
    room = WIDTH_MM / len(steps) - 2.6
    return _smallest(STEP_SIZES, lambda size: all(fit.width_mm(step.amount, "bold", size) <= room for step in steps))


def _slip(content: Mapping[str, Any], month: Month, due: Decimal, dials: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    account, payee = content["account"], content["payee"]
    more = ""
    if len(dials) > SLIP_DIALS:
        more = f"Остальные приборы ({len(dials) - SLIP_DIALS}) передайте по телефону или в кабинете."
    when = calendar.long_date(date.fromisoformat(content["document"]["due_on"]))
    note = _reading_note(content, bool(dials))
    return {
        "title": "Оплата долга"
        if content["document"]["kind"] == DocumentKind.DEBT
        else f"Оплата за {month.title}",
        "facts": [
            {"look": "strong", "title": "Лицевой счёт", "lines": [account["number"]]},
            {"look": "", "title": "Плательщик", "lines": _few_lines(account["payer"], 2)},
            {"look": "", "title": "Адрес", "lines": _few_lines(tied(account["street"]), 2)},
        ],
        "total": f"{money(max(due, ZERO))} ₽",
        "until": f"до {when} включительно" if due > 0 else "",
        "requisites": fit.wrap(f"{payee['short_name']}, {_requisites(payee)}", "narrow", 6.4, 60)[:4],
        "digits": spaced(content["desk"], 4),
        "heads": ["Прибор учёта", "Прежнее", "Новое показание"] if dials else [],
        "readings": "Показания приборов учёта" if note else "",
        "dials": [
            {"resource": _short_resource(dial["resource"]), "serial": _one_line(f"№{SPACE}{dial['serial']}", 6.3, 28),
             "current": dial["current"], "current_on": dial["current_on"]}
            for dial in dials[:SLIP_DIALS]
        ],
        "note": note,
        "more": more,
    }  # fmt: skip


def _reading_note(content: Mapping[str, Any], has_dials: bool) -> str:
    if has_dials:
        return f"Показания передайте до {content['readings_until']}-го числа."
    is_current = content["document"]["kind"] == DocumentKind.CURRENT
    return "Индивидуальных приборов учёта в помещении нет." if is_current else ""


def _short_resource(name: str) -> str:
    """The meter's name in one line of the slip."""
    short_name = name.replace("Электрическая энергия", "Электроэнергия").replace("Тепловая энергия", "Тепло")
    return _one_line(short_name, 7.6, 28)


def _few_lines(text: str, most: int) -> list[str]:
    """A name in so many lines of the slip; what is cut here ends with an ellipsis and is whole higher on the page."""
    lines = fit.wrap(text, "narrow", 7.6, 43)
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1].rstrip(" ,-«") + "…"]


def _one_line(text: str, size: int | float, room_mm: int | float) -> str:
    """A name cut to one line of the narrow face; what is whole elsewhere on the page may be short here."""
    lines = fit.wrap(text, "narrow", size, room_mm - 1)
    return lines[0].rstrip(" ,-") + "…" if len(lines) > 1 else text


# --- the second page -------------------------------------------------------------------------------------------------


def _chart(known: Mapping[Month, Decimal], month: Month, *, size: float) -> dict[str, Any]:
    """Twelve months of what was charged; a month without charges is an empty place. Nothing known: no chart.

    size: of the sums over the bars, points.
    """
    if not known:
        return {"chart": [], "chart_title": ""}
    months = [month + back for back in range(-11, 1)]
    highest = max([*known.values(), Decimal(1)])
    title, scale = "Начислено за двенадцать месяцев, ₽", 1
    if any(fit.width_mm(money(amount)[:-3], "narrow", size) > CHART_CELL_MM for amount in known.values()):
        title, scale = "Начислено за двенадцать месяцев, тыс. ₽", 1000
    bars = [
        Bar(
            height=f"{max(known.get(each, ZERO), ZERO) / highest * BAR_MM:.2f}",
            amount=money((known[each] / scale).quantize(Decimal(1)))[:-3] if each in known else "",
            month=MONTHS[each.first.month - 1],
            look="now" if each == month else "",
        )
        for each in months
    ]
    return {"chart": bars, "chart_title": title}


def _chart_note(known: Mapping[Month, Decimal], month: Month) -> str:
    """The month against the one before it and against the same month of the last year."""
    told = []
    for than, day in (("в прошлом месяце", month.previous), (f"за {(month + -12).title}", month + -12)):
        if month in known and day in known and known[day] != known[month]:
            change = known[month] - known[day]
            told.append(f"на {money(abs(change))} ₽ {'больше' if change > 0 else 'меньше'}, чем {than}")
    return f"За {month.title} начислено {'; '.join(told)}." if told else ""


def _messages(messages: Sequence[Mapping[str, str]], *, room_mm: float) -> list[Text]:
    found = []
    for message in messages:
        title = fit.wrap(message["title"], "bold", 7.6, room_mm)
        found += [Text(line, "t") for line in title]
        found += _paragraphs([message["text"]], "sans", 7.2, room_mm)
    return found


def _paragraphs(texts: Iterable[str], face: str, size: int | float, room_mm: int | float) -> list[Text]:
    return [
        Text(line, "p" if not number else "")
        for text in texts
        for number, line in enumerate(fit.wrap(text, face, size, room_mm))
    ]


def _two_columns(texts: Sequence[str]) -> tuple[list[Text], list[Text]]:
    """Paragraphs in two columns of about one height."""
    paragraphs = [_paragraphs([text], "sans", 7, 94) for text in texts]
    whole = sum(len(lines) for lines in paragraphs)
    left: list[Text] = []
    right: list[Text] = []
    for lines in paragraphs:
        (left if not right and (len(left) + len(lines) / 2) * 2 <= whole + 1 else right).extend(lines)
    return left, right


def _payer(account: Mapping[str, Any]) -> list[Fact]:
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
    return _facts(rows)


def _executor(content: Mapping[str, Any]) -> list[Fact]:
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
    return _facts(rows)


FACT_MM = 68  # room for the text of a fact


def _facts(rows: Iterable[tuple[str, str]]) -> list[Fact]:
    return [Fact(title, fit.wrap(text, "sans", 7.6, FACT_MM)) for title, text in rows if text]


def _requisites(party: Mapping[str, Any]) -> str:
    bank = party["bank"]
    parts = [f"ИНН {party['inn']}", f"КПП {party['kpp']}" if party["kpp"] else ""]
    if bank:
        parts += [
            f"р/с {bank['number']}",
            bank["name"],
            f"БИК {bank['bik']}",
            f"к/с {bank['correspondent']}" if bank["correspondent"] else "",
        ]
    return ", ".join(part for part in parts if part)


RECIPIENT_MM, REQUISITES_MM = 55, 103  # rooms of the columns of section 2


def _recipient(principal: Mapping[str, Any]) -> dict[str, Any]:
    contacts = [tied(principal["address"]), phone(principal["phone"])]
    if principal["dispatcher_phone"]:
        contacts.append(f"диспетчерская {phone(principal['dispatcher_phone'])}")
    contacts += [principal["email"], principal["site"]]
    services = ", ".join([principal["services"][0], *map(_lower, principal["services"][1:])])
    requisites = _requisites(principal)
    if not principal["bank"]:
        requisites += ", платежи принимает расчётный центр"
    told = ", ".join([requisites, *filter(None, contacts)])
    return {
        "name": fit.wrap(principal["short_name"], "narrow_bold", 7.6, RECIPIENT_MM),
        "services": fit.wrap(services, "narrow", 6.8, RECIPIENT_MM),
        "requisites": fit.wrap(told, "narrow", 6.4, REQUISITES_MM),
        "payable": money(Decimal(principal["payable"]) + Decimal(principal["penalty"])),
        "closing": money(principal["closing"]),
    }


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _printed_dial(dial: Mapping[str, Any]) -> dict[str, str]:
    zone = {1: "день", 2: "ночь", 3: "полупик"}.get(dial["zone"], "") if dial["zones"] > 1 else ""
    return {
        "resource": ", ".join(part for part in (dial["resource"], zone, dial["place"]) if part),
        "serial": dial["serial"].lstrip("№ "),
        "previous": quantity(dial["previous"]),
        "previous_on": short(dial["previous_on"]),
        "current": quantity(dial["current"]) or "нет",
        "current_on": short(dial["current_on"]),
        "usage": f"{quantity(dial['usage'])}{SPACE}{dial['unit']}" if dial["usage"] else "",
        "verified": short(dial["verified_until"]) or "не указана",
    }


def _printed_house(line: Mapping[str, str]) -> dict[str, str]:
    return {
        "service": f"{line['service']}, {line['unit']}",
        "norm": line["norm"],
        "common_norm": line["common_norm"],
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
    if due > 0 and document["kind"] != DocumentKind.DEBT:
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
