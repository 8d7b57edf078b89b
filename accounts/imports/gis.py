"""Rows of the ГИС ЖКХ sheets as facts: typed, checked for themselves, each fault told in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from accounts import rules
from accounts.imports import cells
from accounts.imports.workbook import SHEETS, Row, Workbook

T = TypeVar("T")
HouseKind = Literal["apartment", "detached", "block"]
PremisesKind = Literal["flat", "non_residential", "block", "house"]
MeterKind = Literal["individual", "shared_flat", "room", "building"]
Heating = Literal["none", "season", "even"]

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RESOURCES = {
    "холодная вода": 1, "горячая вода": 2, "электрическая энергия": 3, "газ": 4, "тепловая энергия": 5,
    "сточные бытовые воды": 8,
}  # fmt: skip
UNITS = {
    1: "кубический метр",
    2: "кубический метр",
    3: "киловатт-час",
    4: "кубический метр",
    5: "гигакалория",
    8: "кубический метр",
}
METER_KINDS: dict[str, MeterKind] = {
    "индивидуальный": "individual", "коллективный (общедомовой)": "building", "общий (квартирный)": "shared_flat",
    "комнатный": "room",
}  # fmt: skip
ZONES = {"": 1, "однотарифный": 1, "двухтарифный": 2, "трехтарифный": 3}
HEATING: dict[str, Heating] = {
    "": "season", "нет": "none", "без центрального отопления": "none", "в отопительный период": "season",
    "отопительный период": "season", "равномерно": "even", "равномерно в течение года": "even",
    "равномерно в течение календарного года": "even",
}  # fmt: skip
LOOKALIKES = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")
DIGITS = {1: 5, 2: 5, 3: 6, 4: 5, 5: 5, 8: 5}  # usual whole digits of a dial


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken, and why."""

    row: Row
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """A house with its passport. Areas in m²."""

    row: Row
    key: str
    kind: HouseKind
    postcode: str
    region: str
    town: str
    street: str
    number: str
    oktmo: str
    cadastral: str
    total_area_m2: Decimal
    common_area_m2: Decimal
    heated_area_m2: Decimal | None
    storeys: int
    has_lift: bool
    heating: Heating
    norm_scope: int
    tariff_category: int
    route: int


@dataclass(frozen=True, slots=True)
class AccountFacts:
    row: Row
    record: str
    number: str
    unified_number: str
    housing_service_id: str
    is_tenant: bool
    last_name: str
    first_name: str
    middle_name: str
    snils: str
    ogrn: str
    total_area_m2: Decimal
    living_area_m2: Decimal | None
    heated_area_m2: Decimal | None
    persons: int
    opened_on: date | None
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class PremisesFacts:
    row: Row
    record: str
    house: str
    kind: PremisesKind
    number: str
    room: str
    gis_number: str
    entrance: str
    storey: int | None


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """A meter. account: number, ЕЛС or ИЖКУ; initial: zone → dial units; verified_until: that day included."""

    row: Row
    serial: str
    kind: MeterKind
    model: str
    place: str
    house: str
    number: str
    room: str
    is_residential: bool
    account: str
    is_remote: bool
    resource: int
    zones: int
    digits: int
    decimals: int
    initial: dict[int, Decimal]
    ratio: Decimal
    installed_on: date | None
    commissioned_on: date | None
    verified_on: date | None
    verified_until: date | None
    read_on: date | None
    gis_number: str


@dataclass(slots=True)
class Registers:
    """All that a workbook holds, and the rows that cannot stand by themselves."""

    houses: list[HouseFacts] = field(default_factory=list)
    accounts: list[AccountFacts] = field(default_factory=list)
    premises: list[PremisesFacts] = field(default_factory=list)
    meters: list[MeterFacts] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def parse(book: Workbook, *, today: date) -> Registers:
    """Read every row; one that cannot be read goes to `bad` with all its faults at once."""
    registers = Registers()
    for sheet in book.sheets:
        for row in sheet.rows:
            cell = _Cells(row, sheet.kind, today)
            if sheet.kind == "houses":
                _keep(registers, registers.houses, cell, _house(cell))
            elif sheet.kind == "accounts":
                _keep(registers, registers.accounts, cell, _account(cell))
            elif sheet.kind == "premises":
                _keep(registers, registers.premises, cell, _premises(cell))
            elif sheet.kind == "meters":
                _keep(registers, registers.meters, cell, _meter(cell))
            else:
                cell.faults.append(
                    "прибор нескольких ресурсов не загружается: заведите его на каждый ресурс отдельной строкой"
                )
                registers.bad.append(BadRow(row, "Прибор учёта", _sentence(cell.faults)))
    return registers


class _Cells:
    """One row's cells, read one after another; faults gather, so that a person mends them all at once."""

    def __init__(self, row: Row, kind: str, today: date) -> None:
        self.row = row
        self.columns = SHEETS[kind].columns
        self.today = today
        self.faults: list[str] = []

    def read(self, name: str, reader: Callable[[cells.Cell], T], instead: T) -> T:
        try:
            return reader(self.row.cells.get(name))
        except cells.CellError as fault:
            self.faults.append(f"«{self.columns[name].title}»: {fault}")
            return instead

    def text(
        self, name: str, longest: int, *, required: bool = False, reader: Callable[[cells.Cell], str] = cells.text
    ) -> str:
        value = self.read(name, reader, "")
        if required and not value and not self.is_told(name):
            self.faults.append(f"не заполнен столбец «{self.columns[name].title}»")
        if len(value) > longest:
            self.faults.append(f"«{self.columns[name].title}» длиннее {longest} знаков")
            return value[:longest]
        return value

    def decimal(
        self, name: str, *, required: bool = False, positive: bool = True, most: Decimal = Decimal(10**9)
    ) -> Decimal | None:
        value = self.read(name, cells.decimal, None)
        if value is None:
            if required and not self.is_told(name):
                self.faults.append(f"не заполнен столбец «{self.columns[name].title}»")
            return None
        if value < 0 or (positive and value == 0) or value > most:
            least = "больше нуля" if positive else "не меньше нуля"
            self.faults.append(
                f"«{self.columns[name].title}»: {_told(value)}, а нужно {least} и не больше {_told(most)}"
            )
            return None
        if value != round(value, 6):
            self.faults.append(f"«{self.columns[name].title}»: больше шести знаков после запятой")
            return None
        return value

    def whole(self, name: str, instead: int, *, most: int) -> int:
        value = self.read(name, cells.whole, None)
        if value is None:
            return instead
        if not 0 <= value <= most:
            self.faults.append(f"«{self.columns[name].title}»: {value}, а нужно от 0 до {most}")
            return instead
        return value

    def day(self, name: str) -> date | None:
        value = self.read(name, cells.day, None)
        if value is not None and not date(1900, 1, 1) <= value <= self.today:
            self.faults.append(f"«{self.columns[name].title}»: {value:%d.%m.%Y}, дата не наступила или слишком давняя")
            return None
        return value

    def yes(self, name: str) -> bool:
        return self.read(name, cells.yes, False)

    def choice(self, name: str, choices: dict[str, T], instead: T) -> T:
        typed = self.read(name, cells.text, "")
        plain = typed.lower().replace("ё", "е")
        if plain in choices:
            return choices[plain]
        known = ", ".join(f"«{choice}»" for choice in choices if choice)
        told = f"«{cells.told(typed)}» не из списка ({known})" if typed else f"не заполнен; нужно одно из: {known}"
        self.faults.append(f"«{self.columns[name].title}»: {told}")
        return instead

    def is_told(self, name: str) -> bool:
        """Whether a fault of the column is named already."""
        return any(self.columns[name].title in fault for fault in self.faults)


def _told(number: Decimal) -> str:
    return f"{number:f}".replace(".", ",")


def _sentence(faults: list[str]) -> str:
    told = "; ".join(faults)
    return told[:1].upper() + told[1:] + "."


def _keep(registers: Registers, into: list[T], cell: _Cells, facts: T) -> None:
    if cell.faults:
        registers.bad.append(BadRow(cell.row, what_of(facts), _sentence(cell.faults)))
    else:
        into.append(facts)


def what_of(facts: object) -> str:
    """What a row is about, for a person."""
    if isinstance(facts, HouseFacts):
        return f"Дом {facts.street} {facts.number}".strip()
    if isinstance(facts, AccountFacts):
        return f"Счёт {facts.number}".strip() if facts.number else f"Счёт записи № {facts.record}"
    if isinstance(facts, PremisesFacts):
        return f"Помещение {facts.number}{f', комната {facts.room}' if facts.room else ''}".strip()
    if isinstance(facts, MeterFacts):
        return f"Прибор № {facts.serial}" if facts.serial else "Прибор без номера"
    return ""


# --- houses -----------------------------------------------------------------------------------------------------------


def house_key(typed: str) -> str:
    """ФИАС id in lower case, or the house's code in ГИС ЖКХ (UNOM) as it stands."""
    plain = typed.strip().strip("{}").lower()
    return plain if GUID.fullmatch(plain) else typed.strip()


def split_address(address: str) -> dict[str, str]:
    """Parts of «460000, Оренбургская обл, г Оренбург, ул Чкалова, д. 5, к. 2»; what is not understood is missing."""
    parts: dict[str, str] = {}
    for piece in (piece.strip() for piece in address.split(",")):
        plain = piece.lower().replace("ё", "е")
        if re.fullmatch(r"\d{6}", piece):
            parts["postcode"] = piece
        elif re.search(r"(^|\s)(обл|область|край|респ|республика|ао|аобл)\.?($|\s)", plain):
            parts["region"] = piece
        elif re.match(r"(г|город|с|село|п|пос|поселок|пгт|рп|х|хутор|д|деревня|ст-ца)(\.\s*|\s+)[а-я]", plain):
            parts["town"] = piece
        elif re.match(r"(д|дом|влд|двлд)\.?\s*№?\s*\d", plain) or re.fullmatch(r"\d+[а-я]?(/\d+)?", plain):
            parts["number"] = re.sub(r"^(?i:дом|двлд|влд|д)\.?\s*№?\s*", "", piece)
        elif "number" in parts and re.match(r"(к|корп|корпус|стр|строение|лит|литера)\.?\s*\w", plain):
            parts["number"] += f" {piece}"
        elif (
            "town" in parts
            or "region" in parts
            or re.match(r"(ул|улица|пр-кт|пер|пр|проезд|ш|б-р|наб|пл|мкр)\b", plain)
        ):
            parts.setdefault("street", piece)
    if "region" not in parts and "town" in parts:
        parts["region"] = parts["town"]  # a city that is a region of its own
    return parts


def _house(cell: _Cells) -> HouseFacts:
    is_apartment = "мкд" in cell.row.sheet.lower()
    kind: HouseKind = "apartment" if is_apartment else "block" if cell.yes("is_block") else "detached"
    address = cell.text("address", 500)
    parsed = split_address(address)
    parts = {
        name: cell.text(name, longest) or parsed.get(name, "")
        for name, longest in (("postcode", 6), ("region", 80), ("town", 120), ("street", 120), ("number", 20))
    }
    for name, asked in (("postcode", "индекс"), ("town", "населённый пункт"), ("number", "номер дома")):
        if not parts[name]:
            cell.faults.append(
                f"из адреса «{address}» не понятен {asked}: впишите его в столбец «{cell.columns[name].title}»"
            )
    if parts["postcode"] and not re.fullmatch(r"\d{6}", parts["postcode"]):
        cell.faults.append(f"индекс «{parts['postcode']}»: нужно шесть цифр")
    oktmo = cell.text("oktmo", 11, required=True)
    if oktmo and not re.fullmatch(r"\d{8}|\d{11}", oktmo):
        cell.faults.append(f"ОКТМО «{oktmo}»: нужно 8 или 11 цифр (ячейка должна быть текстом)")
    building = cell.decimal("building_area", required=True)
    common = cell.decimal("common_area", positive=False) or Decimal(0)
    total = cell.decimal("premises_area")
    if total is None and building is not None:
        total = building - common
        if total <= 0:
            cell.faults.append("площадь общего имущества не меньше площади здания")
    heated = cell.decimal("heated_area")
    return HouseFacts(
        row=cell.row,
        key=house_key(cell.text("house", 40, required=True)),
        kind=kind,
        postcode=parts["postcode"],
        region=parts["region"][:80],
        town=parts["town"][:120],
        street=parts["street"][:120],
        number=parts["number"][:20],
        oktmo=oktmo,
        cadastral=cell.text("cadastral", 60),
        total_area_m2=total or Decimal(0),
        common_area_m2=common,
        heated_area_m2=heated,
        storeys=cell.whole("storeys", 1, most=200),
        has_lift=cell.yes("has_lift"),
        heating=cell.choice("heating", HEATING, "season"),
        norm_scope=cell.whole("norm_scope", 0, most=32_000),
        tariff_category=cell.whole("tariff_category", 0, most=32_000),
        route=cell.whole("route", 0, most=10**9),
    )


# --- accounts and premises --------------------------------------------------------------------------------------------


def unified(typed: str) -> str:
    """ЕЛС or ИЖКУ in capitals and Cyrillic letters."""
    return re.sub(r"\s", "", typed).upper().translate(LOOKALIKES)


def _account(cell: _Cells) -> AccountFacts:
    number = re.sub(r"[\s\-]", "", cell.text("number", 30))
    if number and not rules.is_account_number(number):
        cell.faults.append(
            f"номер счёта «{number}»: контрольная цифра не сходится; исправьте номер или оставьте ячейку пустой, "
            "и он будет выдан"
        )
    els = unified(cell.text("unified_number", 20))
    izku = unified(cell.text("housing_service_id", 20))
    if not els and re.fullmatch(r"\d{2}[А-ЯЁ]{2}\d{6}-\d{2}", izku):
        els = izku[:10]
    if els and not re.fullmatch(r"\d{2}[А-ЯЁ]{2}\d{6}", els):
        cell.faults.append(f"ЕЛС «{els}»: нужны две цифры, две русские буквы и шесть цифр")
    if len(izku) > 13:
        cell.faults.append(f"идентификатор ЖКУ «{izku}» длиннее 13 знаков")
    last_name, first_name = (
        cell.text("last_name", 60, reader=cells.name),
        cell.text("first_name", 60, reader=cells.name),
    )
    ogrn = cell.text("ogrn", 15)
    if ogrn and not rules.is_ogrn(ogrn):
        cell.faults.append(f"ОГРН «{ogrn}»: контрольная цифра не сходится")
    if ogrn and last_name:
        cell.faults.append("указаны и гражданин, и ОГРН: плательщик один")
    if first_name and not last_name and not cell.is_told("last_name"):
        cell.faults.append("имя без фамилии")
    snils = re.sub(r"[\s\-]", "", cell.text("snils", 20))
    if snils and not rules.is_snils(snils):
        cell.faults.append(f"СНИЛС «{snils}»: контрольное число не сходится")
    if cell.yes("is_divided"):
        cell.faults.append("счета на помещение разделены: такие счета открывает оператор, с долей каждого")
    total = cell.decimal("total_area", required=True, most=Decimal(100_000))
    living = cell.decimal("living_area", positive=False, most=Decimal(100_000))
    if total is not None and living is not None and living > total:
        cell.faults.append(f"жилая площадь {_told(living)} м² больше общей {_told(total)} м²")
    phone = cell.text("phone", 30)
    digits = re.sub(r"\D", "", phone)
    if phone and len(digits) not in (10, 11):
        cell.faults.append(f"телефон «{phone}»: нужно 10 или 11 цифр")
    email = cell.text("email", 254)
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        cell.faults.append(f"электронная почта «{email}» написана неверно")
    return AccountFacts(
        row=cell.row,
        record=cell.text("record", 30, required=True),
        number=number,
        unified_number=els,
        housing_service_id=izku,
        is_tenant=cell.yes("is_tenant"),
        last_name=last_name,
        first_name=first_name,
        middle_name=cell.text("middle_name", 60, reader=cells.name),
        snils=snils,
        ogrn=ogrn,
        total_area_m2=total or Decimal(0),
        living_area_m2=living or None,
        heated_area_m2=cell.decimal("heated_area", positive=False, most=Decimal(100_000)) or None,
        persons=cell.whole("persons", 0, most=99),
        opened_on=cell.day("opened_on"),
        phone=f"+7{digits[-10:]}" if digits else "",
        email=email,
    )


def _premises(cell: _Cells) -> PremisesFacts:
    kinds: dict[str, PremisesKind] = {
        "жилое помещение": "flat", "жилое": "flat", "квартира": "flat", "нежилое помещение": "non_residential",
        "нежилое": "non_residential", "блок в доме блокированной застройки": "block", "жилой дом": "house",
    }  # fmt: skip
    kind = cell.choice("kind", kinds, "flat")
    number, room = cell.text("number", 20), cell.text("room", 20)
    if not number and kind == "flat":
        kind = "house"  # a dwelling without a number is the whole house
    if room and kind != "flat":
        cell.faults.append("комната бывает только в квартире с номером")
    share = cell.decimal("share", most=Decimal(100))
    if share is not None and share < 100:
        cell.faults.append(
            f"доля внесения платы {_told(share)} %: разделённые счета открывает оператор, с долей каждого"
        )
    return PremisesFacts(
        row=cell.row,
        record=cell.text("record", 30, required=True),
        house=house_key(cell.text("house", 40, required=True)),
        kind=kind,
        number=number,
        room=room,
        gis_number=cell.text("gis_number", 40),
        entrance=cell.text("entrance", 8),
        storey=cell.whole("storey", -1, most=200) if cell.read("storey", cells.text, "") else None,
    )


# --- meters -----------------------------------------------------------------------------------------------------------


def _meter(cell: _Cells) -> MeterFacts:
    kind = cell.choice("kind", METER_KINDS, "individual")
    resource = cell.choice("resource", RESOURCES, 0)
    unit = cell.read("unit", cells.text, "").lower()
    if resource and unit and unit != UNITS[resource]:
        cell.faults.append(f"единица измерения «{unit}»: показания принимаются в единице «{UNITS[resource]}»")
    zones = cell.choice("zones", ZONES, 1)
    if zones > 1 and resource and resource != 3:
        cell.faults.append("несколько тарифов бывает только у счётчика электричества")
    initial: dict[int, Decimal] = {}
    for zone in (1, 2, 3):
        value = cell.decimal(f"t{zone}", positive=False, most=Decimal(10**12 - 1))
        if value is not None and zone <= zones:
            initial[zone] = value
        elif value is not None and value != 0:
            cell.faults.append(f"показание Т{zone} у прибора, где тарифов: {zones}")
    if initial and len(initial) < zones:
        cell.faults.append(f"тарифов {zones}, а показаний {len(initial)}: заполните все или ни одного")
    longest = max((len(str(int(value))) for value in initial.values()), default=1)
    digits = cell.whole("digits", max(DIGITS.get(resource, 5), longest), most=12)
    if not longest <= digits:
        cell.faults.append(f"показание не помещается на {digits} знаков до запятой")
    installed, commissioned = cell.day("installed_on"), cell.day("commissioned_on")
    if installed and commissioned and installed > commissioned:
        cell.faults.append(f"установлен {installed:%d.%m.%Y}, позже ввода {commissioned:%d.%m.%Y}")
    if kind != "building" and commissioned is None and not cell.is_told("commissioned_on"):
        cell.faults.append(f"не заполнен столбец «{cell.columns['commissioned_on'].title}»")
    if kind == "building" and commissioned is None:
        commissioned = installed or cell.day("sealed_on")
    verified = cell.day("verified_on")
    years = re.match(r"(\d{1,2})\s*(год|года|лет)?$", cell.read("interval", cells.text, "").lower())
    if cell.read("interval", cells.text, "") and not years:
        cell.faults.append("«Межповерочный интервал»: нужно «4 года», «6 лет» и так далее")
    account = cell.text("account", 40)
    house = house_key(cell.text("house", 40))
    if kind != "building" and not account:
        cell.faults.append(f"не заполнен столбец «{cell.columns['account'].title}»")
    if kind == "building" and not house:
        cell.faults.append("у общедомового прибора укажите дом (ФИАС)")
    ratio = cell.decimal("ratio", most=Decimal(100_000))
    return MeterFacts(
        row=cell.row,
        serial=cell.text("serial", 50, required=True),
        kind=kind,
        model=" ".join(part for part in (cell.text("brand", 60), cell.text("model", 60)) if part)[:100],
        place=cell.text("place", 60),
        house=house,
        number=cell.text("number", 20),
        room=cell.text("room", 20),
        is_residential=cell.read("premises_kind", cells.text, "").lower() != "нежилое",
        account=account,
        is_remote=cell.yes("is_remote"),
        resource=resource,
        zones=zones,
        digits=digits or 5,
        decimals=cell.whole("decimals", 2 if resource == 3 else 3, most=6),
        initial=initial,
        ratio=ratio if ratio is not None else Decimal(1),
        installed_on=installed,
        commissioned_on=commissioned,
        verified_on=verified,
        verified_until=years_after(verified, int(years[1])) if verified and years else None,
        read_on=cell.day("read_on"),
        gis_number=cell.text("gis_number", 40),
    )


def years_after(day: date, years: int) -> date:
    """The last day of a term of so many years that begins on `day`."""
    try:
        end = day.replace(year=day.year + years)
    except ValueError:  # 29 February
        end = date(day.year + years, 3, 1)
    return end - timedelta(days=1)
