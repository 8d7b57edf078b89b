"""Why a line is what it is, in Russian: its inputs, its rule with numbers put in, the paragraph where it is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.calendar import Month
from accounts.money import kopecks
from billing.formulas import metered
from billing.kinds import COLD_WATER, By, How, Kind, Mode, Relief

UNITS = {1: "м³", 2: "кВт·ч", 3: "Гкал", 4: "м²", 5: "чел.", 6: "шт."}
ZONES = {2: {1: "день", 2: "ночь"}, 3: {1: "пик", 2: "ночь", 3: "полупик"}}
COMPONENTS = {1: "компонент на воду", 2: "компонент на тепло"}
EVENTS = {
    "failed": "{} неисправен", "refused": "к проверке не допустили: {}", "removed": "{} снят без замены",
}  # fmt: skip
FURTHER, OF_GAS_HEATING = 50, 60  # numbers of segments from which on a line is a further one of its item
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
    if row["kind"] == Kind.VAT:
        return f"НДС {number(row['price'])} % с {roubles(row['net'])}: {roubles(row['amount'])}.", "НДС сверх цены"
    if row["by"] == By.AREA:
        amount = f"{volume} × {cost} ₽ = {roubles(row['amount'])}."
        return amount, formula
    if row["by"] == By.FLAT_RATE:
        return f"{volume}{cost} ₽ с лицевого счёта: {roubles(row['amount'])}.", formula
    if row["kind"] == Kind.UPLIFT:
        k = row["multiplier"]
        return (
            f"Счётчик установить можно, но его нет или он дольше трёх периодов не принимается к расчёту: применён "
            f"повышающий коэффициент "
            f"{number(k)}. Превышение: {volume} × ({number(k)} − 1) × {cost} ₽ = {roubles(row['amount'])}.",
            "повышающий коэффициент, п. 60 Правил № 354" if row["is_expired"] else "повышающий коэффициент к нормативу",
        )
    if row["lowered"]:
        volume += (
            f" Объём уменьшен на {number(round(row['lowered'], 6))} {UNITS[row['unit']]}: общедомовой прибор показал"
            " меньше, чем израсходовали все помещения дома."
        )
    if row["range"]:
        if row["per_person"]:
            volume += f" Социальная норма {number(row['range_up_to'])} {UNITS[row['unit']]} на человека."
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
        if row["method"] == How.HOT_WATER_IN_HOUSE:
            whole = f" На воду дома израсходовано {number(row['house_volume'])} Гкал."
            return text + whole, "прил. 2 к Правилам № 354, формула 20"
        return text, "прил. 2 к Правилам № 354, формула 23" if by in {By.METER, By.AVERAGE} else "норматив подогрева"
    if row["by"] == By.HOUSE_BALANCE:
        return _balance(row, month, result, unit)
    if row["by"] == By.HOUSE_SHARE:
        key = f"{number(row['area'])} м²" if row["shows_area"] else f"{number(row['persons'])} чел."
        return (
            f"{result}: из дома за месяц вывезено {number(row['house_volume'])} {unit}, доля на {key} среди всех"
            f" помещений дома{_part_of_month(row, month)}.",
            "прил. 2 к Правилам № 354, формулы 9(3), 9(4)",
        )
    if row["kind"] == Kind.COMMON_USE:
        return (
            f"{result} = {number(row['norm'])} × {number(row['common_area'])} м² общего имущества"
            f" × {number(row['area'])} / {number(row['house_area'])} м²{_part_of_month(row, month)}.",
            "норматив на общее имущество, ч. 9.2 ст. 156 ЖК РФ",
        )
    if row["method"] in {How.HEATING_BUILDING, How.HEATING_NORM, How.HEATING_IN_HOUSE}:
        return _heating(row, dials, month, result)
    if by in {By.METER, By.AVERAGE} and dials:
        if row["room"]:
            return _room(row, dials, month, result, unit)
        return _metered(row, dials, month, result, unit)
    if row["segment"] >= FURTHER and row["norm"] is None and not row["shows_area"]:
        return f"{result} по нормативам на участок и скот, без счётчика, в сезон.", "норматив × количество"
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


def _balance(row: Row, month: Month, result: str, unit: str) -> tuple[str, str]:
    """Common needs by the balance of the house."""
    common = row["common"]
    if row["method"] == How.COMMON_AVERAGE:
        house = f"{number(common['net'])} {unit} за прошлый год / {number(common['net_over'])}"
        why = ""
    else:
        house = f"{number(common['net'])} {unit}"
        why = (
            f" На общие нужды дома: {number(common['building'])} {unit} по общедомовому прибору −"
            f" {number(round(common['premises'] or 0, 6))} {unit} по всем помещениям"
        )
        if common["method"] == How.COMMON_ACTUAL and common["before"]:
            why += f" − {number(abs(common['before']))} {unit}, перешедшие с прошлых месяцев"
        why += "." if common["volume"] >= 0 else "; объём меньше нуля не начисляется."
    formula = "ч. 9.2 и 9.3 ст. 156 ЖК РФ"
    if row["method"] == How.COMMON_BALANCE:
        formula = f"прил. 2 к Правилам № 354, формула {'11' if row['resource'] == COLD_WATER else '12'}"
    share = f"{number(row['area'])} / {number(row['house_area'])} м²{_part_of_month(row, month)}"
    return f"{result} = {house} × {share}.{why}", formula


def _room(row: Row, dials: Sequence[Row], month: Month, result: str, unit: str) -> tuple[str, str]:
    """A room of a communal flat: its part of the flat's meter."""
    room = row["room"]
    of_flat = [dial for dial in dials if dial["premises_id"] == room["parent_id"] and dial["price_zone"] == row["zone"]]
    if not of_flat:
        return _metered(row, dials, month, result, unit)
    near = [dial for dial in dials if dial["premises_id"] != room["parent_id"]]
    neighbours = [dial for dial in room["others"] if dial["resource"] == of_flat[0]["resource"]]
    own, others = (
        [dial for dial in _in_force(some, month) if dial["price_zone"] == row["zone"]] for some in (near, neighbours)
    )
    whole = ", ".join(_counted(dial, month, unit, "общему счётчику") for dial in of_flat)
    people = f"{number(room['persons'])} из {number(room['flat_persons'])} проживающих квартиры"
    less = [(word, _sum(some, month)) for word, some in (
        ("своего счётчика комнаты", own), ("счётчиков других комнат", others),
    ) if some]  # fmt: skip
    if row["charged_before"] and any(dial["covered"] > 1 for dial in of_flat):
        less.append(("начисленного комнатам в месяцы без показаний", row["charged_before"]))
    if not less:
        return f"{result}: доля комнаты в {whole}: {people}.", "п. 50 Правил № 354"
    terms = [_sum(of_flat, month), *(volume for _, volume in less)]
    rest = f"{' − '.join(number(term) for term in terms)} = {number(terms[0] - sum(terms[1:]))} {unit}"
    share = f"квартиры ({whole}; за вычетом {' и '.join(word for word, _ in less)}: {rest}): {people}"
    if own:
        mine = ", ".join(_counted(dial, month, unit, "счётчику") for dial in own)
        return f"{result}: {mine} и доля остатка {share}.", "комната с собственным счётчиком"
    return f"{result}: доля комнаты в остатке {share}.", "п. 50 Правил № 354"


def _in_force(dials: Sequence[Row], month: Month) -> list[Row]:
    """Dials of rooms that are metered or averaged: a room with one that fell to the norm is a room without meters."""
    fallen = {
        dial["premises_id"]
        for dial in dials
        if dial["gap_days"] == month.days
        and dial["cause"] != "replaced"
        and (dial["average"] is None or dial["periods"] > metered.AVERAGE_PERIODS)
    }
    return [dial for dial in dials if dial["premises_id"] not in fallen]


def _by_dial(dial: Row, month: Month) -> Decimal:
    """What a dial adds to the month: its readings, and its average (in sixtieths) for the days they do not cover."""
    by_average = (dial["average"] or Decimal(0)) * dial["gap_days"] / (60 * month.days)
    return Decimal(dial["usage"]) + by_average


def _sum(dials: Sequence[Row], month: Month) -> Decimal:
    return round(sum((_by_dial(dial, month) for dial in dials), Decimal(0)), 6)


def _counted(dial: Row, month: Month, unit: str, whose: str) -> str:
    """The volume of a dial of a communal flat, and where its average stands in for readings, that average."""
    name = f"{whose} № {dial['serial']}"
    volume = f"{number(round(_by_dial(dial, month), 6))} {unit}"
    if not dial["gap_days"] or dial["average"] is None:
        return f"{volume} по {name}"
    average = f"{number(dial['history'])} / {dial['history_months']}"
    if dial["gap_days"] == month.days:
        why = _silence(dial, name)
    else:
        average = f"{average} × {dial['gap_days']} / {month.days}"
        why = f"{dial['gap_days']} дн. без показаний по {name}"
        if dial["usage"]:
            average = f"{number(dial['usage'])} + {average}"
    return f"{volume} = {average} по среднему за {dial['history_months']} мес. ({why})"


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


def _by_heat_meters(row: Row, dials: Sequence[Row], month: Month, result: str, whose: str) -> tuple[str, str]:
    """A house where some or all premises have heat meters of their own."""
    read = f"{number(round(row['read_gcal'], 6))} Гкал по счётчикам помещений ({number(round(row['read_area'], 2))} м²)"
    rest = f"остаток дома ({whose}; {read}) делится по площади: {number(row['area'])} / {number(row['house_area'])} м²"
    rest += _part_of_month(row, month)
    is_all = row["read_area"] + row["without_area"] >= row["house_area"]
    formula = f"прил. 2 к Правилам № 354, формула {'3(3)' if is_all and not row['without_area'] else '3(1)'}"
    if row["own_heating"]:
        return f"{result}: своё отопление, только доля общего имущества; {rest}.", formula
    if row["by"] in {By.METER, By.AVERAGE} and dials:
        mine = "; ".join(
            f"{number(dial['usage'])} Гкал по счётчику № {dial['serial']}" if dial["gap_days"] < month.days
            else f"{_silence(dial, 'счётчику № ' + dial['serial'])}, среднее" for dial in dials
        )  # fmt: skip
        if row["heating_mode"] == Mode.EVEN:
            mine = "двенадцатая часть прошлого года по своему счётчику"
        return f"{result}: {mine}; {rest}.", formula
    return f"{result}: счётчика тепла нет, объём по площади как у помещений со счётчиками; {rest}.", formula


def _heating(row: Row, dials: Sequence[Row], month: Month, result: str) -> tuple[str, str]:
    part = _part_of_month(row, month)
    if row["read_gcal"] is not None and row["heat_sum"] is not None:
        whose = f"{number(row['heat_sum'])} Гкал по общедомовому прибору"
        if row["heat_over"] != 1:
            whose += f" за прошлые месяцы / {number(row['heat_over'])}"
        return _by_heat_meters(row, dials, month, result, whose)
    if row["method"] == How.HEATING_IN_HOUSE and row["by"] != By.NORM:
        return (
            f"{result} = {number(row['heat_sum'])} израсходовано в доме на отопление"
            f" × {number(row['area'])} / {number(row['house_area'])} м²{part}.",
            "прил. 2 к Правилам № 354, формула 18",
        )
    if row["by"] in {By.BUILDING_METER, By.AVERAGE}:
        house = number(row["heat_sum"])
        whose = f"{house} Гкал по общедомовому прибору"
        if row["heat_over"] != 1:
            whose = f"{house} Гкал за прошлые месяцы / {number(row['heat_over'])}"
        elif row["hot_gcal"]:
            whose = f"({house} − {number(round(row['hot_gcal'], 6))} на горячую воду) Гкал по общедомовому прибору"
        if row["without_area"] and row["cold_halls"]:
            shared = number(row["house_area"] - row["without_area"])
            return (
                f"{result} = {whose} × {number(row['area'])} / {shared} м²{part}. В местах общего пользования отопления"
                " нет: помещения со своим отоплением не платят.",
                "отопление без тепла на общее имущество",
            )
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
        elif dial["gap_days"] < month.days and dial["closing"] is not None:
            pieces.append(f"0 {unit} по {name}: {number(dial['closing'])} − {number(dial['opening'])}")
        elif dial["gap_days"] < month.days:  # put in this month and not read yet
            since = "" if dial["opening"] is None else f" с начального {number(dial['opening'])}"
            pieces.append(f"0 {unit} по {name}: показаний{since} ещё не было")
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
    if dial["cause"] in EVENTS:
        named = name.replace("счётчику", "счётчик").replace("общему", "общий")
        return f"{EVENTS[dial['cause']].format(named)}, период {dial['periods']}"
    if dial["cause"] == "expired":
        return f"по {name} истёк срок поверки {day(dial['verified_until'])}, период {dial['periods']}"
    return f"нет показаний по {name}, период {dial['periods']}"


def why_norm(dials: Sequence[Row]) -> str:
    """Why premises with a meter go by the norm all the same."""
    for dial in dials:
        if dial["cause"] == "expired":
            until = day(dial["verified_until"])
            return f"Срок поверки счётчика № {dial['serial']} истёк {until}, период {dial['periods']}."
        if dial["cause"] in EVENTS:
            event = EVENTS[dial["cause"]].format(f"счётчик № {dial['serial']}")
            return f"{event[0].upper()}{event[1:]}, период {dial['periods']}."
        if dial["cause"] == "silent" and dial["average"] is None:
            return f"Нет показаний счётчика № {dial['serial']} и трёх месяцев для среднего."
        if dial["cause"] == "silent":
            return (
                f"Нет показаний счётчика № {dial['serial']}, период {dial['periods']}: среднее берётся не дольше трёх."
            )
    return ""


GROUNDS = {int(Relief.ABSENCE), int(Relief.BENEFIT), int(Relief.QUALITY)}


def taken_off(ground: int, rows: Sequence[Row], amount: Decimal, month: Month) -> str:
    """Words for what absence or bad quality took off a month: reason, numbers, document. rows: relief.OFF of the line.

    Empty where the ground is another one.
    """
    if ground not in GROUNDS:
        return ""
    parts = []
    for row in rows:
        count = number(row["quantity"])
        volume = f"{number(row['volume'])} {UNITS[row['unit']]}" if row["volume"] is not None else ""
        cost = f"{volume} × {price(row['price'])} ₽ = {roubles(row['amount'])}" if volume else roubles(row["amount"])
        if row["relief"] == Relief.ABSENCE and ground == Relief.ABSENCE:
            parts.append(f"отсутствие {count} чел.-дн. (день отъезда и день возвращения не считаются): {cost}")
        elif row["relief"] == Relief.BENEFIT and ground == Relief.BENEFIT:
            # Back from the sum, so to a kopeck or two: the sum is rounded once, of the exact share.
            base = roubles(round(row["amount"] * 100 / row["quantity"], 2))
            parts.append(
                f"{count} % платы льготников и их семьи в пределах нормы, без повышающего коэффициента: {cost}"
                f" (сама плата около {base})"
            )
        elif row["relief"] == Relief.NOT_SUPPLIED and ground == Relief.QUALITY:
            parts.append(f"{count} ч без услуги или не того качества: {cost}")
        elif row["relief"] == Relief.NOT_RAISED and ground == Relief.QUALITY:
            parts.append(f"повышающий коэффициент на этот объём: {cost}")
        elif row["relief"] == Relief.QUALITY and ground == Relief.QUALITY:
            parts.append(f"нарушение качества, {count} % платы за месяц: {cost}")
    verb = "снято" if amount < 0 else "возвращено к оплате"
    name = "Льгота" if ground == Relief.BENEFIT else "Перерасчёт"
    whole = f"{name} за {month.title}: {verb} {roubles(abs(amount))}."
    if not parts:
        return f"{whole} Основание отменено."
    known = list(dict.fromkeys(row["basis"] for row in rows if row["basis"]))
    text = "; ".join(parts)
    return f"{whole} {text[0].upper()}{text[1:]}. Основание: {'; '.join(known)}."


FROM_ABOVE = {
    Kind.RECALCULATION: "Перерасчёт за {month}.",
    Kind.BENEFIT: "Льгота за {month}.",
    Kind.PENALTY: "Пени за просрочку платы; месяцы долга и дни смотрите в расчёте пени.",
    Kind.VAT: "НДС.",
    Kind.HEATING_CORRECTION: "Корректировка платы за отопление за год: начисленное заменено платой по фактическому"
    " теплу и тарифам каждого месяца (прил. 2 к Правилам № 354, формула 3(4)). Последний месяц года: {month}.",
    Kind.UNAUTHORISED: "Плата по акту о самовольном подключении или вмешательстве в прибор учёта, {month}.",
}


def recalculated(
    volume: Decimal, unit: str, amount: Decimal, for_month: Month, learned: Sequence[str] = ()
) -> str:  # fmt: skip
    """Words for a difference the run itself found in a posted month. learned: facts that came late, in words."""
    more = "больше" if volume > 0 else "меньше"
    change = f" объём на {number(abs(volume))} {unit} {more}," if volume else ""
    verb = "доначислено" if amount > 0 else "снято"
    because = f" Стало известно: {'; '.join(learned)}." if learned else ""
    return f"Перерасчёт за {for_month.title}: по уточнённым данным{change} {verb} {roubles(abs(amount))}.{because}"


def by_document(
    number_: str, basis: str, for_month: Month, before: Decimal | None, after: Decimal | None, amount: Decimal
) -> str:
    """Words for a line that a document of recalculation made."""
    verb = "доначислено" if amount > 0 else "снято"
    text = (
        f"Перерасчёт за {for_month.title} по документу № {number_}: {verb} {roubles(abs(amount))}. Основание: {basis}."
    )
    return text + (
        f" Было {roubles(before)}, стало {roubles(after)}." if before is not None and after is not None else ""
    )


def by_act(row: Row, unit: str) -> tuple[str, str]:
    """Text and formula of a line by an act of unauthorised use. row: fields of the act, `what` its words."""
    if row["reverses"]:
        text = f"Ошибка счёта в плате по акту «{row['act']}»: {row['reason']}. Снято {roubles(abs(row['amount']))}."
        return text, "исправление ошибки счёта"
    days = (row["charged_to"] - row["charged_from"]).days
    span = f"с {day(row['charged_from'])} до {day(row['charged_to'])}, {days} дн."
    volume = f"{number(row['volume'])} {unit}"
    if row["component"] == 2:
        how, formula = f"{volume} на подогрев этой воды", "тепло в горячей воде"
    elif row["capacity"] is not None:
        how = f"{volume} = {number(row['capacity'])} {unit} в час × 24 ч × {days} дн."
        formula = "мощность × 24 часа × число дней"
    else:
        norms = f"{number(row['norm'])} {unit} × {number(row['multiplier'])}"
        how = f"{volume} = {number(row['persons'])} чел. × норматив {norms}, по дням"
        formula = f"норматив × число проживающих × {number(row['multiplier'])}"
    return (
        f"{row['what'].capitalize()}, акт «{row['act']}» от {day(row['act_on'])}: {span}, не дольше трёх месяцев."
        f" {how}; {volume} × {price(row['tariff'])} ₽ = {roubles(row['amount'])}. Тариф дня акта, без льгот.",
        formula,
    )  # fmt: skip


def was_and_is(for_month: Month, before: Decimal, after: Decimal) -> str:
    """What a month came to before the recalculations of another, and with them."""
    return f"За {for_month.title} было {roubles(before)}, стало {roubles(after)}."


def trued_up(year: int, amount: Decimal) -> str:
    """Words for a month's part of the true-up of common needs of a year."""
    verb = "доначислено" if amount > 0 else "возвращено"
    return (
        f"Перерасчёт платы за ресурс на общее имущество за {year} год по общедомовому прибору, равными частями в"
        f" течение следующего года (ч. 9.2 ст. 156 ЖК РФ): в этом месяце {verb} {roubles(abs(amount))}."
    )


def waste_of_year(year: int, amount: Decimal) -> str:
    """Words for the yearly recalculation of waste."""
    verb = "доначислено" if amount > 0 else "возвращено"
    return (
        f"Перерасчёт платы за обращение с ТКО за {year} год: начисленное по нормативу заменено платой по объёму,"
        " вывезенному из дома, и тарифам каждого месяца, с учётом временного отсутствия (п. 148(30) Правил № 354,"
        f" прил. 2, формулы 9(3), 9(4)): {verb} {roubles(abs(amount))}."
    )


def by_allocators(year: int, amount: Decimal) -> str:
    """Words for the yearly re-split of heat by allocators."""
    verb = "доначислено" if amount > 0 else "возвращено"
    return (
        f"Перерасчёт платы за отопление за {year} год по распределителям: плата помещений с распределителями поделена"
        f" заново по их показаниям с коэффициентами радиаторов: {verb} {roubles(abs(amount))}."
    )


def from_above(kind: int, for_month: Month) -> str:
    """Words for lines that another part of the system drafted."""
    return FROM_ABOVE[Kind(kind)].format(month=for_month.title)


def title(service: str, row: Row) -> str:
    parts = [service]
    if row["kind"] == Kind.VAT:
        parts.append("НДС")
    if row["segment"] >= FURTHER:
        parts.append("на отопление" if row["segment"] >= OF_GAS_HEATING else "участок и скот")
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
