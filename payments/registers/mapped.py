"""Payment registers by a described layout: where each column stands, how sums and days are written, what controls it.

Bytes in, rows out; no table, no clock. Source: formats/bank-exchange.md, part 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, kopecks, total, written
from payments.registers import dbf

LARGEST_FILE = 60 * 1024 * 1024  # bytes: 200 000 lines of the longest layout are two thirds of it
ENCODINGS = {"cp1251": "Windows (1251)", "cp866": "DOS (866)", "utf-8": "UTF-8", "koi8-r": "KOI8-R"}
DATE_FORMATS = (
    "ДД.ММ.ГГГГ", "ДД-ММ-ГГГГ", "ДД/ММ/ГГГГ", "ГГГГ-ММ-ДД", "ДДММГГГГ", "ГГГГММДД", "ДДММГГ", "ДД.ММ.ГГ",
)  # fmt: skip
PERIOD_FORMATS = ("ММГГ", "ММГГГГ", "ММ.ГГГГ", "ГГГГММ", "ГГГГ-ММ")
COLUMNS = {
    "account": "лицевой счёт", "amount": "сумма", "paid_on": "дата платежа", "operation": "номер операции",
    "payer": "плательщик", "address": "адрес", "period": "период", "transferred": "перечислено",
    "commission": "комиссия", "document": "идентификатор документа",
}  # fmt: skip
REQUIRED = ("account", "amount", "paid_on")
PLACE = re.compile(r"(?P<number>[1-9]\d{0,2})(?:\[(?P<first>\d{1,3}):(?P<last>\d{1,3})\])?")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
SUM = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{0,12})?")
RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
# More unreadable lines than this share, and the file is not of this layout at all.
STRANGE_SHARE = 2


class RegisterRefused(Refusal):
    """This file is not a whole register of the layout; nothing of it can be taken in."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a register is written.

    places: column (COLUMNS) → its number from 1, «3[1:6]» for characters of it, the name of a field of DBF or of
    «NAME:value». fields: how many a line has, 0 when they vary. line_prefix: only such lines are payments, when given.
    control_*: the line of totals begins with the prefix; numbers of its fields from 1, 0 when it has none. It leads
    its lines or closes them; several control several packs.
    """

    code: str
    name: str
    places: Mapping[str, str]
    is_dbf: bool = False
    encoding: str = "cp1251"
    delimiter: str = ";"
    fields: int = 0
    skip_lines: int = 0
    skip_prefix: str = ""
    line_prefix: str = ""
    date_format: str = "ДД.ММ.ГГГГ"
    period_format: str = "ММГГ"
    in_kopecks: bool = False
    control_prefix: str = ""
    control_count: int = 0
    control_amount: int = 0
    control_transferred: int = 0
    control_commission: int = 0
    control_order: int = 0
    control_leads: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A payment of the register; roubles. problem: why it cannot be read, in Russian; doubt: why a person must look.

    told: the sum as the file writes it.
    """

    line: int
    account: str
    amount: Decimal
    paid_on: date | None
    operation: str = ""
    payer: str = ""
    address: str = ""
    period: Month | None = None
    transferred: Decimal | None = None
    commission: Decimal | None = None
    document: str = ""
    problem: str = ""
    doubt: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A register read. order: the bank's payment order. doubts: where it is cut, where its totals differ, in Russian:
    money has come all the same, and a person decides (formats/bank-exchange.md, 2).
    """

    rows: tuple[Row, ...]
    encoding: str
    amount: Decimal
    transferred: Decimal | None
    commission: Decimal | None
    is_controlled: bool
    order: str = ""
    warnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


# --- the layout itself ------------------------------------------------------------------------------------------------


def faults(layout: Layout) -> dict[str, str]:
    """What of the layout cannot work: its attribute («places.amount» for a column) → why, in Russian."""
    found: dict[str, str] = {}
    for column, place in layout.places.items():
        if column not in COLUMNS:
            found[f"places.{column}"] = "Такой колонки реестр не знает."
        elif layout.is_dbf and not NAME.fullmatch(place):
            found[f"places.{column}"] = "В DBF колонку называют именем поля, например LS."
        elif not layout.is_dbf and not PLACE.fullmatch(place) and not NAME.fullmatch(place):
            found[f"places.{column}"] = (
                "Укажите номер поля с единицы («6»), знаки поля («3[1:6]») или имя метки («CLIENTNO»)."
            )
        elif not layout.is_dbf and layout.fields and _number(place) > layout.fields:
            found[f"places.{column}"] = f"В строке всего {layout.fields} полей."
    for column in REQUIRED:
        if not layout.places.get(column):
            found[f"places.{column}"] = f"Без колонки «{COLUMNS[column]}» реестр не прочитать."
    if layout.encoding not in ENCODINGS:
        found["encoding"] = f"Кодировка бывает: {', '.join(ENCODINGS)}."
    if layout.date_format not in DATE_FORMATS:
        found["date_format"] = f"Дата бывает: {', '.join(DATE_FORMATS)}."
    if layout.period_format not in PERIOD_FORMATS:
        found["period_format"] = f"Период бывает: {', '.join(PERIOD_FORMATS)}."
    if not layout.is_dbf and len(layout.delimiter) != 1:
        found["delimiter"] = "Разделитель — один знак."
    if layout.is_dbf and layout.control_prefix:
        found["control_prefix"] = "В DBF строки итогов нет: число записей стоит в заголовке."
    if layout.control_prefix and not (layout.control_count or layout.control_amount):
        found["control_amount"] = "Укажите, в каком поле строки итогов число строк или сумма."
    return found


def _number(place: str) -> int:
    told = PLACE.fullmatch(place)
    return int(told["number"]) if told else 0


# --- text -------------------------------------------------------------------------------------------------------------


def decoded(content: bytes, encoding: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8 when it is that, else the layout's. Raises RegisterRefused: spoilt letters."""
    if not content.strip():
        raise RegisterRefused("Файл пуст. Выгрузите реестр заново.")
    if b"\x00" in content:
        raise RegisterRefused("Это не текстовый реестр: в файле есть нулевые байты. Выберите реестр в текстовом виде.")
    body = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a")  # the end of a file as DOS marked it
    try:
        text, found = body.decode("utf-8"), encoding if body.isascii() else "utf-8"
    except UnicodeDecodeError:
        if encoding == "utf-8":
            raise RegisterRefused(
                "Файл не в кодировке UTF-8, как описано в формате. Поправьте формат или выгрузите файл заново."
            ) from None
        text, found = body.decode(encoding, errors="replace"), encoding
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise RegisterRefused("В файле есть испорченные буквы: его пересохранили. Выгрузите реестр из банка заново.")
    foreign = [letter for letter in text[:200_000] if letter > "\x7f" and letter not in "№«»–—\u00a0"]
    if sum(letter in RUSSIAN for letter in foreign) * 4 < len(foreign) * 3:
        raise RegisterRefused(
            f"Русских букв в файле не видно: он не в кодировке {ENCODINGS[encoding]}, как описано в формате. "
            "Проверьте, тот ли это файл и тот ли формат."
        )
    return text, found


@lru_cache(maxsize=4096)
def day(text: str, form: str) -> date | None:
    """A day by its form, e.g. «ДД-ММ-ГГГГ»; a time after it is left out. None when it is no day."""
    if len(text) < len(form) or (len(text) > len(form) and text[len(form)].isdigit()):
        return None
    parts = {"Д": "", "М": "", "Г": ""}
    for letter, sign in zip(form, text, strict=False):
        if letter in parts:
            parts[letter] += sign
        elif letter != sign:
            return None
    try:
        year = int(parts["Г"]) + (2000 if len(parts["Г"]) == 2 else 0)
        return date(year, int(parts["М"]), int(parts["Д"] or 1))
    except ValueError:
        return None


@lru_cache(maxsize=4096)  # a line tells its sum twice, and most commissions are alike
def sum_of(text: str, *, in_kopecks: bool = False) -> Decimal | None:
    """Roubles by text: point or comma, spaces allowed; parts of a kopeck stay, so that the totals agree."""
    plain = text.replace(",", ".")
    if not SUM.fullmatch(plain):
        plain = plain.replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
        if not SUM.fullmatch(plain):
            return None
    return Decimal(plain) / 100 if in_kopecks else Decimal(plain)


# --- the file ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Pack:
    """Lines between control lines; told: the control line's own figures."""

    line: int = 0
    count: int | None = None
    amount: Decimal | None = None
    transferred: Decimal | None = None
    commission: Decimal | None = None
    order: str = ""
    rows: list[Row] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read(content: bytes, layout: Layout) -> RegisterFile:
    """The register in the bytes of a file, and what of it is doubtful. Raises RegisterRefused: not a register."""
    wrong = faults(layout)
    if wrong:
        raise RegisterRefused(f"Формат «{layout.name}» описан не до конца. {next(iter(wrong.values()))}")
    if len(content) > LARGEST_FILE:
        raise RegisterRefused(
            f"Файл больше {LARGEST_FILE // 2**20} МБ: таких реестров не бывает. Проверьте, тот ли это файл."
        )
    encoding = layout.encoding
    if layout.is_dbf:
        packs, closed = [_Pack(rows=_dbf_rows(content, layout))], True
    else:
        text, encoding = decoded(content, layout.encoding)
        packs, closed = _packs(text, layout)
    rows = [row for pack in packs for row in pack.rows]
    strange = [row for row in rows if row.problem]
    if rows and len(strange) * STRANGE_SHARE > len(rows):
        raise RegisterRefused(
            f"Это не реестр формата «{layout.name}»: не прочитано {len(strange)} строк из {len(rows)}. "
            f"Строка {strange[0].line}: {strange[0].problem} Выберите формат того банка, чей это файл."
        )
    doubts: list[str] = []
    if not closed:
        doubts.append(
            f"Файл оборван: в нём нет строки итогов, которая начинается с «{layout.control_prefix}» "
            f"(прочитано строк: {len(rows)}). Если это реестр другого банка, выберите его формат; если нет, выгрузите "
            "файл заново."
        )
    if not layout.is_dbf and layout.fields and rows and rows[-1].problem.startswith("Полей в строке"):
        doubts.append(f"Файл оборван: строка {rows[-1].line} неполная. Выгрузите реестр заново.")
    if not rows and not (layout.control_prefix and packs):
        raise RegisterRefused("В файле нет ни одной строки с платежом. Проверьте, тот ли это файл и тот ли формат.")
    for pack in packs:
        doubts += _differences(pack)
    given = [row.transferred for row in rows if row.transferred is not None]
    withheld = [row.commission for row in rows if row.commission is not None]
    return RegisterFile(
        rows=tuple(rows),
        encoding=encoding,
        amount=total(row.amount for row in rows),
        transferred=total(given) if given and len(given) == len(rows) else None,
        commission=total(withheld) if withheld and len(withheld) == len(rows) else None,
        is_controlled=layout.is_dbf or bool(layout.control_prefix),
        order=next((pack.order for pack in packs if pack.order), ""),
        warnings=tuple(f"Строка {row.line} не принята: {row.problem}" for row in strange[:20]),
        doubts=tuple(doubts),
    )


def _packs(text: str, layout: Layout) -> tuple[list[_Pack], bool]:
    """Packs, and whether the control lines stand where they must."""
    packs: list[_Pack] = []
    current = _Pack()
    closed = not layout.control_prefix
    places = _places(layout)
    for number, line in enumerate(text.splitlines(), 1):
        if number <= layout.skip_lines or not line.strip():
            continue
        if layout.control_prefix and line.startswith(layout.control_prefix):
            if layout.control_leads:
                current = _Pack()
            elif closed and not current.rows and packs:
                raise RegisterRefused(f"Файл испорчен: вторая строка итогов, строка {number}. Выгрузите его заново.")
            _told(current, line, number, layout)
            packs.append(current)
            closed = True
            if not layout.control_leads:
                current = _Pack()
            continue
        if layout.skip_prefix and line.startswith(layout.skip_prefix):
            continue
        if layout.line_prefix and not line.startswith(layout.line_prefix):
            continue
        cells = [cell.strip() for cell in line.split(layout.delimiter)]
        if layout.control_leads and not packs:
            raise RegisterRefused(
                f"Файл испорчен: строка {number} с платежом стоит раньше строки итогов «{layout.control_prefix}». "
                "Выгрузите его заново."
            )
        current.rows.append(_row(number, cells, places, layout))
        if not layout.control_leads:
            closed = not layout.control_prefix
    if not layout.control_prefix or (current.rows and not layout.control_leads):
        packs.append(current)  # lines after which no control line came: the file is cut
    return packs, closed


def _told(pack: _Pack, line: str, number: int, layout: Layout) -> None:
    cells = [cell.strip() for cell in line.split(layout.delimiter)]
    cells[0] = cells[0].removeprefix(layout.control_prefix).strip()

    def figure(place: int, title: str) -> Decimal | None:
        if not place:
            return None
        found = sum_of(cells[place - 1], in_kopecks=layout.in_kopecks) if place <= len(cells) else None
        if found is None:
            pack.doubts.append(
                f"Строка итогов, строка {number}: «{title}» в поле {place} не прочитать. Проверьте формат файла."
            )
        return found

    pack.line = number
    if layout.control_count:
        told = cells[layout.control_count - 1] if layout.control_count <= len(cells) else ""
        if re.fullmatch(r"[0-9]{1,9}", told):
            pack.count = int(told)
        else:
            pack.doubts.append(
                f"Строка итогов, строка {number}: число строк в поле {layout.control_count} не прочитать. Проверьте "
                "формат файла."
            )
    pack.amount = figure(layout.control_amount, "сумма")
    pack.transferred = figure(layout.control_transferred, "перечислено")
    pack.commission = figure(layout.control_commission, "комиссия")
    if layout.control_order and layout.control_order <= len(cells):
        pack.order = cells[layout.control_order - 1][:40]


def _differences(pack: _Pack) -> list[str]:
    """Where the lines of the pack are not what its control line tells, in Russian. domain/payments.md, 2.2"""
    found = list(pack.doubts)
    if pack.count is not None and pack.count != len(pack.rows):
        found.append(
            f"Итоги не сходятся: в строке {pack.line} объявлено строк {pack.count}, а в файле {len(pack.rows)}. "
            "Запросите у банка целый реестр."
        )
    pairs = (
        ("сумма", pack.amount, [row.amount for row in pack.rows]),
        ("перечислено", pack.transferred, [row.transferred or ZERO for row in pack.rows]),
        ("комиссия", pack.commission, [row.commission or ZERO for row in pack.rows]),
    )
    for title, told, parts in pairs:
        if told is not None and told != (read := sum(parts, ZERO)):
            found.append(
                f"Итоги не сходятся: «{title}» в строке {pack.line} — {written(told)} ₽, а по строкам файла "
                f"{written(read)} ₽. Запросите у банка исправленный реестр."
            )
    return found


def is_whole(amount: Decimal) -> bool:
    """Roubles and whole kopecks."""
    exponent = amount.as_tuple().exponent
    return (isinstance(exponent, int) and exponent >= -2) or amount == kopecks(amount)


Place = tuple[int, slice | None, str]


def _places(layout: Layout) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for column, place in layout.places.items():
        told = PLACE.fullmatch(place)
        if told is None:
            found[column] = (-1, None, f"{place}:")
        else:
            piece = slice(int(told["first"]) - 1, int(told["last"])) if told["first"] else None
            found[column] = (int(told["number"]) - 1, piece, "")
    return found


def _cell(cells: Sequence[str], place: Place | None) -> str:
    if place is None:
        return ""
    number, piece, tag = place
    if tag:
        return next((cell[len(tag) :].strip() for cell in cells if cell.startswith(tag)), "")
    if number >= len(cells):
        return ""
    return cells[number][piece] if piece else cells[number]


def _row(line: int, cells: Sequence[str], places: Mapping[str, Place], layout: Layout) -> Row:
    told = {column: _cell(cells, place) for column, place in places.items()}
    count = len(cells)
    if layout.fields and count != layout.fields and not (count == layout.fields + 1 and not cells[-1]):
        problem = f"Полей в строке {count}, а в формате {layout.fields}."
        amount = sum_of(told.get("amount", ""), in_kopecks=layout.in_kopecks) if count > layout.fields else None
        return Row(
            line, told.get("account", "")[:60], amount or ZERO, None, problem=problem, told=told.get("amount", "")[:30]
        )
    return _read(line, told, layout)


def _read(line: int, told: Mapping[str, str], layout: Layout) -> Row:
    amount = sum_of(told["amount"], in_kopecks=layout.in_kopecks)
    paid_on = day(told["paid_on"], layout.date_format)
    transferred = sum_of(told.get("transferred", ""), in_kopecks=layout.in_kopecks)
    commission = sum_of(told.get("commission", ""), in_kopecks=layout.in_kopecks)
    period_on = day(told.get("period", ""), layout.period_format)
    problem = doubt = ""
    if amount is None:
        problem = f"Сумма «{told['amount'][:20]}» не прочитана."
    elif not is_whole(amount):
        problem = f"Сумма {f'{amount:f}'.replace('.', ',')} ₽ содержит доли копейки."
    elif paid_on is None:
        problem = f"Дата «{told['paid_on'][:20]}» не прочитана: в формате она {layout.date_format}."
    elif (
        commission is not None and transferred is not None and transferred != amount
        and transferred != amount - commission
    ):  # fmt: skip
        doubt = (
            f"Сумма {written(amount)} ₽ без комиссии {written(commission)} ₽ — не перечисленные "
            f"{written(transferred)} ₽: сверьте с банком."
        )
    return Row(
        line=line,
        account=told["account"][:60],
        amount=ZERO if amount is None else amount,
        paid_on=paid_on,
        operation=told.get("operation", ""),
        payer=told.get("payer", "")[:255],
        address=told.get("address", "")[:255],
        period=Month.of(period_on) if period_on else None,
        transferred=transferred,
        commission=commission,
        document=told.get("document", "")[:40],
        problem=problem,
        doubt=doubt,
        told=told["amount"][:30],
    )


def _dbf_rows(content: bytes, layout: Layout) -> list[Row]:
    try:
        table = dbf.read(content, layout.encoding)
    except dbf.NotDbf as fault:
        raise RegisterRefused(f"{fault} Выберите файл DBF того банка, чей формат «{layout.name}».") from None
    at = {name: number for number, name in enumerate(table.fields)}
    missing = sorted({place for place in layout.places.values() if place.upper() not in at})
    if missing:
        raise RegisterRefused(
            f"В таблице нет полей {', '.join(missing)}: она не формата «{layout.name}». Есть поля: "
            f"{', '.join(table.fields[:20])}."
        )
    places = {column: at[place.upper()] for column, place in layout.places.items()}
    return [
        _read(line, {column: cells[place] for column, place in places.items()}, layout) for line, cells in table.rows
    ]
