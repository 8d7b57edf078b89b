"""Why a line is what it is, in Russian: its inputs, its rule with numbers put in, the paragraph where it is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.calendar import Month
from accounts.money import kopecks
from billing.kinds import By, How, Kind, Mode

UNITS = {1: "м³", 2: "кВт·ч", 3: "Гкал", 4: "м²", 5: "чел.", 6: "шт."}
ZONES = {2: {1: "день", 2: "ночь"}, 3: {1: "пик", 2: "ночь", 3: "полупик"}}
COMPONENTS = {1: "компонент на воду", 2: "компонент на тепло"}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line in words. `formula`: the rule's name and paragraph, empty where no source confirms the number."""

    service_id: int
    contract_id: int
    kind: int
    line: int
    title: str
    amount: Decimal
    text: str
    formula: str


def number(value: Decimal | int | None) -> str:
    """«1 234,5»: no spare zeros, a comma, thousands apart."""
    if value is None:
        return "—"
    exact = Decimal(value)
    text = f"{exact:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, _, rest = text.partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", " ") if len(digits) > 4 else digits
    return sign + grouped + (f",{rest}" if rest else "")


def roubles(value: Decimal) -> str:
    """«414,72 ₽»"""
    whole, _, rest = f"{kopecks(value):f}".partition(".")
    return f"{number(Decimal(whole)) if whole not in {'-0'} else '−0'},{rest} ₽"


def price(value: Decimal) -> str:
    """«34,56»: never fewer than two places."""
    whole, _, rest = number(value).partition(",")
    return f"{whole},{rest.ljust(2, '0')}"


def day(value: date) -> str:
    return f"{value:%d.%m.%Y}"


def explain_line(row: Row, dials: Sequence[Row], month: Month) -> tuple[str, str]:
    """Text and formula of one computed line.

    row: columns of the traced line and of its term; dials: the dials of its premises and resource (with `serial`).
    """
    volume, formula = _volume(row, dials, month)
    cost = price(row["price"])
    amount = f"{number(row['volume'])} {UNITS[row['unit']]} × {cost} ₽ = {roubles(row['amount'])}."
    if row["by"] == By.AREA:
        amount = f"{volume} × {cost} ₽ = {roubles(row['amount'])}."
        return amount, formula
    if row["by"] == By.FLAT_RATE:
        return f"{volume}{cost} ₽ с лицевого счёта: {roubles(row['amount'])}.", formula
    if row["kind"] == Kind.UPLIFT:
        k = row["multiplier"]
        return (
            f"Счётчик установить можно, но его нет или срок его поверки истёк: применён повышающий коэффициент "
            f"{number(k)}. Превышение: {volume} × ({number(k)} − 1) × {cost} ₽ = {roubles(row['amount'])}.",
            "повышающий коэффициент, п. 60 Правил № 354" if row["is_expired"] else "повышающий коэффициент к нормативу",
        )
    if row["range"]:
        volume += f" На диапазон {row['range']} приходится {number(row['volume'])} {UNITS[row['unit']]}."
    return f"{volume} {amount}" if volume else amount, formula


def _part_of_month(row: Row, month: Month) -> str:
    return "" if row["days"] == month.days else f" × {row['days']} / {month.days} дней"


def _volume(row: Row, dials: Sequence[Row], month: Month) -> tuple[str, str]:
    unit, by = UNITS[row["unit"]], row["by"]
    result = f"{number(row['volume'])} {unit}"
    if row["component"] == 2:
        water = row["water_volume"]
        text = f"{result} = {number(water)} м³ × {number(row['heat_per_m3'])} Гкал на подогрев 1 м³."
        if row["kind"] == Kind.COMMON_USE:
            return text, "прил. 2 к Правилам № 354, формула 24"
        return text, "прил. 2 к Правилам № 354, формула 23" if by in {By.METER, By.AVERAGE} else "норматив подогрева"
    if row["kind"] == Kind.COMMON_USE:
        return (
            f"{result} = {number(row['norm'])} × {number(row['common_area'])} м² общего имущества"
            f" × {number(row['area'])} / {number(row['house_area'])} м²{_part_of_month(row, month)}.",
            "норматив на общее имущество, ч. 9.2 ст. 156 ЖК РФ",
        )
    if by in {By.METER, By.AVERAGE} and dials:
        return _metered(row, dials, month, result, unit)
    if row["method"] in {How.HEATING_BUILDING, How.HEATING_NORM}:
        return _heating(row, month, result)
    if by == By.FOLLOWS_WATER:
        return f"{result}: сумма объёмов холодной и горячей воды, без повышающего коэффициента.", "п. 42 Правил № 354"
    if by == By.AREA:
        return f"{number(row['area'])} м²{_part_of_month(row, month)}", "площадь × ставка"
    if by == By.FLAT_RATE:
        part = _part_of_month(row, month)
        return (f"{row['days']} дней из {month.days}: " if part else ""), "плата с лицевого счёта"
    if row["shows_area"]:
        yearly = " в год / 12" if row["m2_over"] == 12 else ""
        shown = number(row["volume"] if row["kind"] != Kind.UPLIFT else None)
        return (
            f"{shown} {unit} = {number(row['area'])} м² × {number(row['norm'])}{yearly}{_part_of_month(row, month)}.",
            "прил. 2 к Правилам № 354, формула 9(2)" if row["code"] == "waste" else "площадь × норматив",
        )
    return _normed(row, month, unit)


def _normed(row: Row, month: Month, unit: str) -> tuple[str, str]:
    yearly = " в год / 12" if row["person_over"] == 12 else ""
    product = f"{number(row['persons'])} чел. × {number(row['norm'])} {unit}{yearly}{_part_of_month(row, month)}"
    if row["kind"] == Kind.UPLIFT:
        return product, ""
    why = f" {row['why']}" if row["why"] else ""
    formula = "прил. 2 к Правилам № 354, формула 4"
    if row["code"] == "waste":
        formula = "прил. 2 к Правилам № 354, формула 9(1)" if yearly else "норматив × число проживающих"
    if row["by_owners"]:
        why += " Никто не проживает: взято число собственников (п. 56(2) Правил № 354)."
    return f"По нормативу: {number(row['volume'])} {unit} = {product}.{why}", formula


def _heating(row: Row, month: Month, result: str) -> tuple[str, str]:
    part = _part_of_month(row, month)
    if row["by"] in {By.BUILDING_METER, By.AVERAGE}:
        house = number(row["heat_sum"])
        whose = f"{house} Гкал по общедомовому прибору"
        if row["heat_over"] != 1:
            whose = f"{house} Гкал за прошлые месяцы / {number(row['heat_over'])}"
        if row["without_area"]:
            return (
                f"{result}: доля в {whose}; {number(row['without_area'])} м² дома отапливаются сами и платят только"
                " за общее имущество.",
                "прил. 2 к Правилам № 354, формула 3",
            )
        return (
            f"{result} = {whose} × {number(row['area'])} / {number(row['house_area'])} м²{part}.",
            "прил. 2 к Правилам № 354, формула 3",
        )
    if row["heating_mode"] == Mode.EVEN:
        return (
            f"{result} = {number(row['area'])} м² × {number(row['norm'])} Гкал × {row['season_months']} / 12{part}.",
            "прил. 2 к Правилам № 354, формула 2(1)",
        )
    return (
        f"{result} = {number(row['area'])} м² × {number(row['norm'])} Гкал{part}.",
        "прил. 2 к Правилам № 354, формула 2",
    )


def _metered(row: Row, dials: Sequence[Row], month: Month, result: str, unit: str) -> tuple[str, str]:
    mine = [dial for dial in dials if dial["price_zone"] == row["zone"]]
    pieces = []
    for dial in mine:
        name = f"счётчику № {dial['serial']}"
        zone = ZONES.get(dial["zones"], {}).get(dial["zone"])
        if zone:
            name += f" ({zone})"
        if dial["usage"]:
            pieces.append(_difference(dial, name, unit))
        elif dial["gap_days"] < month.days:
            pieces.append(f"0 {unit} по {name}: {number(dial['closing'])} − {number(dial['opening'])}")
        if dial["gap_days"] and dial["average"] is not None:
            average = f"{number(dial['history'])} / {dial['history_months']}"
            if dial["gap_days"] == month.days:
                pieces.append(f"{_silence(dial, name)}, среднее за {dial['history_months']} мес.: {average} {unit}")
            else:
                pieces.append(
                    f"{dial['gap_days']} дн. без счётчика по среднему: {average} × {dial['gap_days']} / {month.days}"
                )
    text = pieces[0] if pieces[0].startswith(f"{result} = ") and len(pieces) == 1 else f"{result}: " + "; ".join(pieces)
    text += "."
    if row["charged_before"]:
        text += f" Из них {number(row['charged_before'])} {unit} уже начислены в месяцы без показаний и вычтены."
    if row["days"] != month.days:
        text += f" На эту строку приходится {row['days']} из {month.days} дней."
    by_average = row["by"] == By.AVERAGE
    return text, "среднемесячный объём, п. 59 Правил № 354" if by_average else "разность показаний × тариф"


def _difference(dial: Row, name: str, unit: str) -> str:
    difference = f"{number(dial['closing'])} − {number(dial['opening'])}"
    if dial["closing"] < dial["opening"]:
        difference += f" + {number(Decimal(10) ** dial['digits'])} (переход через ноль)"
    if dial["ratio"] != 1:
        difference = f"({difference}) × {number(dial['ratio'])}"
    return f"{number(dial['usage'])} {unit} = {difference} по {name}"


def _silence(dial: Row, name: str) -> str:
    if dial["cause"] == "expired":
        return f"по {name} истёк срок поверки {day(dial['verified_until'])}, период {dial['periods']}"
    return f"нет показаний по {name}, период {dial['periods']}"


def why_norm(dials: Sequence[Row]) -> str:
    """Why premises with a meter go by the norm all the same."""
    for dial in dials:
        if dial["cause"] == "expired":
            until = day(dial["verified_until"])
            return f"Срок поверки счётчика № {dial['serial']} истёк {until}, период {dial['periods']}."
        if dial["cause"] == "silent" and dial["average"] is None:
            return f"Нет показаний счётчика № {dial['serial']} и трёх месяцев для среднего."
        if dial["cause"] == "silent":
            return (
                f"Нет показаний счётчика № {dial['serial']}, период {dial['periods']}: среднее берётся не дольше трёх."
            )
    return ""


FROM_ABOVE = {
    Kind.RECALCULATION: "Перерасчёт за {month}.",
    Kind.BENEFIT: "Льгота за {month}.",
    Kind.PENALTY: "Пени за просрочку платы за {month}; расчёт по дням смотрите в расчёте пени.",
    Kind.VAT: "НДС.",
    Kind.HEATING_CORRECTION: "Корректировка платы за отопление за {month}.",
}


def recalculated(volume: Decimal, unit: str, amount: Decimal, for_month: Month) -> str:
    """Words for a difference the run itself found in a posted month."""
    more = "больше" if volume > 0 else "меньше"
    change = f" объём на {number(abs(volume))} {unit} {more}," if volume else ""
    verb = "доначислено" if amount > 0 else "снято"
    return f"Перерасчёт за {for_month.title}: по уточнённым данным{change} {verb} {roubles(abs(amount))}."


def from_above(kind: int, for_month: Month) -> str:
    """Words for lines that another part of the system drafted."""
    return FROM_ABOVE[Kind(kind)].format(month=for_month.title)


def title(service: str, row: Row) -> str:
    parts = [service]
    if row["kind"] == Kind.UPLIFT:
        parts.append("повышающий коэффициент")
    if row["component"]:
        parts.append(COMPONENTS[row["component"]])
    if row["zone"]:
        parts.append(
            ZONES[row["zones"]].get(row["zone"], str(row["zone"]))
            if row.get("zones") in ZONES
            else f"зона {row['zone']}"
        )
    if row["range"]:
        parts.append(f"диапазон {row['range']}")
    return ", ".join(parts)
