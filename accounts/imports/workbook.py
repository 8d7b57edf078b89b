"""A workbook in the ГИС ЖКХ template columns: its sheets and headers found, its rows handed on with their numbers.

Source: formats/gis/templates.md, sections 1, 3 and 6. Headers are matched without regard to case, spaces and line
breaks, by their beginning, so that the tails («Обязательно для заполнения, если…») and the federal, regional and
peers' variants are all the same column.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import python_calamine

from accounts.errors import Refusal
from accounts.imports import cells
from accounts.imports.cells import Cell

STATUS = "Статус обработки"
MAX_ROWS = 100_000
HEADER_WITHIN = 6  # the header stands in the first rows


class WorkbookRefused(Refusal):
    """The file as a whole cannot be taken; nothing of it was."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column we read: how it is called in a message, and how its header may begin («$»: the whole header)."""

    title: str
    beginnings: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class SheetKind:
    """A sheet we read: how it may be called, and its columns."""

    names: tuple[str, ...]
    columns: Mapping[str, Column]


def _columns(**columns: tuple[str, ...]) -> dict[str, Column]:
    """name=("!Title", beginning, …); «!» marks a column the sheet cannot do without."""
    return {
        name: Column(title.lstrip("!"), tuple(other or title.lower() for other in others), title.startswith("!"))
        for name, (title, *others) in columns.items()
    }


_HOUSE_KEY = ("глобальный уникальный идентификатор дома", "уникальный номер дома", "unom", "идентификационный код дома")

SHEETS: dict[str, SheetKind] = {
    "houses": SheetKind(
        ("характеристики жд", "характеристики мкд", "характеристики дома", "характеристики домов"),
        _columns(
            address=("!Адрес", "адрес$", "адрес дома", "адрес мкд", "адрес жд"),
            house=("!Глобальный уникальный идентификатор дома по ФИАС", *_HOUSE_KEY),
            is_block=("Жилой дом блокированной застройки", "жилой дом блокированной застройки"),
            oktmo=("!ОКТМО", "октмо"),
            building_area=("!Общая площадь здания", "общая площадь здания", "общая площадь дома"),
            storeys=("Количество этажей", "количество этажей"),
            cadastral=("Кадастровый номер", "кадастровый номер"),
            # What a house needs besides to be billed and delivered to; the template has no such columns.
            postcode=("Индекс", "индекс", "почтовый индекс"),
            region=("Регион", "регион", "субъект"),
            town=("Населенный пункт", "населенный пункт"),
            street=("Улица", "улица"),
            number=("Дом", "дом$", "номер дома"),
            premises_area=("Площадь помещений, кв. м", "площадь помещений", "площадь всех помещений"),
            common_area=(
                "Площадь общего имущества, кв. м", "площадь общего имущества", "площадь мест общего пользования",
            ),
            heated_area=("Отапливаемая площадь, кв. м", "отапливаемая площадь"),
            has_lift=("Наличие лифта", "наличие лифта", "лифт"),
            heating=("Оплата отопления", "оплата отопления", "способ оплаты отопления"),
            norm_scope=("Группа нормативов", "группа нормативов"),
            tariff_category=("Тарифная категория", "тарифная категория"),
            route=("Маршрут доставки", "маршрут доставки"),
        ),
    ),
    "accounts": SheetKind(
        ("основные сведения",),
        _columns(
            record=("!№ записи", "№ записи"),
            number=("!Номер ЛС (иной идентификатор потребителя)", "номер лс", "номер лицевого счета"),
            housing_service_id=("Идентификатор ЖКУ", "идентификатор жку"),
            is_tenant=("Является нанимателем?", "является нанимателем"),
            is_divided=("Лицевые счета на помещение(я) разделены?", "лицевые счета на помещение"),
            last_name=("!Фамилия", "фамилия"),
            first_name=("Имя потребителя", "имя"),
            middle_name=("Отчество (при наличии)", "отчество"),
            snils=("СНИЛС потребителя", "снилс"),
            ogrn=("ОГРН/ОГРНИП потребителя (для ЮЛ/ИП)", "огрн"),
            total_area=("!Общая площадь, кв. м", "общая площадь"),
            living_area=("Жилая площадь", "жилая площадь"),
            heated_area=("Отапливаемая площадь", "отапливаемая площадь"),
            persons=("!Количество проживающих, чел.", "количество проживающих"),
            unified_number=("Единый лицевой счет", "единый лицевой счет", "елс"),
            opened_on=("Дата открытия", "дата открытия"),
            phone=("Телефон", "телефон"),
            email=("Электронная почта", "электронная почта", "эл. почта", "e-mail", "email"),
        ),
    ),
    "premises": SheetKind(
        ("помещения",),
        _columns(
            record=("!№ записи лицевого счета", "№ записи"),
            address=("Адрес помещения", "адрес"),
            house=("!Глобальный уникальный идентификатор дома по ФИАС", *_HOUSE_KEY),
            kind=("!Тип помещения/блок", "тип помещения"),
            number=("!Номер помещения/блока", "номер помещения", "номер блока"),
            room=("Номер комнаты", "номер комнаты"),
            gis_number=("Идентификатор дома, помещения, комнаты, присвоенный ГИС ЖКХ", "идентификатор дома, помещения"),
            share=("Доля внесения платы, размер доли в %", "доля внесения платы"),
            entrance=("Подъезд", "подъезд"),
            storey=("Этаж", "этаж"),
        ),
    ),
    "meters": SheetKind(
        ("сведения о пу",),
        _columns(
            reference=("Ссылочный номер ПУ", "ссылочный номер пу"),
            serial=(
                "!Заводской (серийный) номер ПУ", "заводской (серийный) номер", "заводской номер", "серийный номер",
            ),
            kind=("!Вид ПУ", "вид пу$", "вид прибора учета$"),
            brand=("Марка ПУ", "марка"),
            model=("Модель ПУ", "модель"),
            house=("Глобальный уникальный идентификатор дома по ФИАС", *_HOUSE_KEY),
            premises_kind=("Тип помещения", "тип помещения"),
            number=("Номер помещения", "номер помещения", "номер квартиры"),
            room=("Номер комнаты", "номер комнаты"),
            account=(
                "!Номер лицевого счета/Единый лицевой счет/Идентификатор ЖКУ", "номер лицевого счета",
                "номер лс/елс", "номер лс", "номер л/с",
            ),
            is_remote=("Наличие возможности дистанционного снятия показаний", "наличие возможности дистанционного"),
            resource=("!Вид коммунального ресурса", "вид коммунального ресурса", "коммунальный ресурс"),
            unit=("Единица измерения", "единица измерения"),
            zones=("Вид ПУ по количеству тарифов", "вид пу по количеству тарифов"),
            t1=("Последнее полученное показание (Т1)", "последнее полученное показание (т1)"),
            t2=("Последнее полученное показание (Т2)", "последнее полученное показание (т2)"),
            t3=("Последнее полученное показание (Т3)", "последнее полученное показание (т3)"),
            ratio=("Коэффициент трансформации", "коэффициент трансформации"),
            installed_on=("Дата установки", "дата установки"),
            commissioned_on=("Дата ввода в эксплуатацию", "дата ввода в эксплуатацию"),
            verified_on=("Дата последней поверки", "дата последней поверки"),
            sealed_on=("Дата опломбирования ПУ заводом-изготовителем", "дата опломбирования"),
            interval=("Межповерочный интервал", "межповерочный интервал"),
            gis_number=("Номер прибора учета в ГИС ЖКХ", "номер прибора учета в"),
            digits=("Знаков до запятой", "знаков до запятой"),
            decimals=("Знаков после запятой", "знаков после запятой"),
            read_on=("Дата последнего показания", "дата последнего показания", "дата снятия показания"),
            place=("Место установки", "место установки прибора", "место установки$"),
        ),
    ),
    # Meters of several resources: read only to say that they are not taken.
    "more_resources": SheetKind(
        ("доп. комм. ресурсы",), _columns(reference=("Ссылочный номер ПУ", "ссылочный номер пу"))
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it: the sheet's name, the row's number as Excel shows it, its cells by column."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet we read. top: its header rows as they stand; raw: row number → cells as they stand."""

    name: str
    kind: str
    top: Sequence[Sequence[Cell]]
    status_column: int
    rows: Sequence[Row]
    raw: Mapping[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Workbook:
    sheets: Sequence[Sheet]
    ignored: Sequence[str] = ()
    conf: Sequence[Sequence[Cell]] = field(default_factory=list)

    def rows(self, kind: str) -> list[Row]:
        """Rows of all sheets of the kind, in their order."""
        return [row for sheet in self.sheets if sheet.kind == kind for row in sheet.rows]


def read(content: bytes) -> Workbook:
    """Find our sheets and columns in an xlsx. Raises WorkbookRefused with the sheet and the column that lacks."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        tables = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names if _kind_of(name)
        }
        _mark_formulas(tables, content)
        conf = book.get_sheet_by_name("conf").to_python(skip_empty_area=False) if "conf" in names else []
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as fault:
        raise WorkbookRefused(
            "Книга Excel повреждена и не читается. Откройте её в Excel, сохраните заново как xlsx и повторите."
        ) from fault
    sheets = [_sheet(name, _kind_of(name), table) for name, table in tables.items()]
    if not any(sheet.kind != "more_resources" for sheet in sheets):
        raise WorkbookRefused(
            f"В книге нет листов для загрузки. Есть: {', '.join(f'«{name}»' for name in names[:10])}; нужны «Основные "
            "сведения», «Помещения», «Сведения о ПУ» или «Характеристики ЖД» из шаблонов ГИС ЖКХ."
        )
    kinds = {sheet.kind for sheet in sheets}
    for one, other, title in (("accounts", "premises", "Помещения"), ("premises", "accounts", "Основные сведения")):
        if one in kinds and other not in kinds:
            raise WorkbookRefused(f"В книге нет листа «{title}»: без него счёт не связать с помещением. Добавьте лист.")
    known = {sheet.name for sheet in sheets}
    visible = {
        sheet.name for sheet in book.sheets_metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible
    }
    ignored = [name for name in names if name not in known and name in visible]
    return Workbook(sheets=sheets, ignored=ignored, conf=conf)


def _table(book: python_calamine.CalamineWorkbook, name: str) -> list[list[Cell]]:
    return [list(line) for line in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]


# --- inside -----------------------------------------------------------------------------------------------------------

SHEET_TAG = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
LINK_TAG = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
BARE_FORMULA = re.compile(
    rb'<c\s[^>]*?\br="([A-Z]+)([0-9]+)"[^>]*>\s*<f(?:/>|\s[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def _mark_formulas(tables: Mapping[str, list[list[Any]]], content: bytes) -> None:
    """Put a cells.Formula where a formula has no value: the reader takes such a cell for an empty one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= members:
            return
        links = {
            _attribute(tag, "Id"): _attribute(tag, "Target")
            for tag in LINK_TAG.findall(archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace"))
        }
        for tag in SHEET_TAG.findall(archive.read("xl/workbook.xml").decode("utf-8", "replace")):
            table, target = tables.get(_attribute(tag, "name")), links.get(_attribute(tag, r"\w+:id"), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if table is None or path not in members:
                continue
            for letters, number in BARE_FORMULA.findall(archive.read(path)):
                row, column = int(number) - 1, 0
                for letter in letters:
                    column = column * 26 + letter - 64
                if row < len(table):
                    line = table[row]
                    line += [""] * (column - len(line))
                    line[column - 1] = cells.Formula()


def _plain(cell: Cell) -> str:
    """A header or a sheet's name for comparison."""
    try:
        typed = cells.text(cell)
    except cells.CellError:
        return ""
    return re.sub(r"\s*([/:*])\s*", r"\1", typed.lower().replace("ё", "е")).strip(" *:")


def _kind_of(name: str) -> str:
    plain = _plain(name)
    return next((kind for kind, sheet in SHEETS.items() if plain in sheet.names), "")


def _score(header: str, beginning: str) -> int:
    """How well a header fits; 0: not at all. The whole header is better than its beginning, a long one than a short."""
    if beginning.endswith("$"):
        return 1000 if header == beginning[:-1] else 0
    if header == beginning:
        return 1000
    if header.startswith(beginning):
        return len(beginning)
    cut = re.sub(r"(…|\.\.\.)$", "", header).strip()
    return len(cut) if cut != header and len(cut) > 3 and beginning.startswith(cut) else 0


def _match(headers: Sequence[str], kind: SheetKind) -> dict[str, int]:
    """Column name → its place; of two headers that fit one column, the better and then the left one."""
    found: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        if not header:
            continue
        scores = {
            name: max(_score(header, beginning) for beginning in column.beginnings)
            for name, column in kind.columns.items()
        }
        name = max(scores, key=lambda name: scores[name])
        if scores[name] and (name not in found or scores[name] > found[name][0]):
            found[name] = (scores[name], place)
    return {name: place for name, (_, place) in found.items()}


def _sheet(name: str, kind: str, table: Sequence[Sequence[Cell]]) -> Sheet:
    spec = SHEETS[kind]
    best: dict[str, int] = {}
    headers: list[str] = []
    last = 0
    for first in range(min(HEADER_WITHIN, len(table))):
        for depth in (1, 2):  # a header of two rows has its groups in the upper one
            rows = table[first : first + depth]
            if len(rows) < depth:
                continue
            lines = [[_plain(cell) for cell in row] for row in rows]
            joined = [lower or upper for upper, lower in zip(lines[0], lines[-1], strict=True)]
            places = _match(joined, spec)
            if len(places) > len(best):
                best, headers, last = places, joined, first + depth
    missing = [column.title for name_, column in spec.columns.items() if column.required and name_ not in best]
    if missing:
        raise WorkbookRefused(
            f"На листе «{name}» нет столбцов: {', '.join(f'«{title}»' for title in missing)}. Возьмите лист из шаблона "
            "ГИС ЖКХ и не переименовывайте столбцы."
        )
    if len(table) - last > MAX_ROWS:
        raise WorkbookRefused(f"На листе «{name}» больше {MAX_ROWS} строк. Разделите книгу на части.")
    status = next((place for place, header in enumerate(headers) if header == STATUS.lower()), len(headers))
    rows_: list[Row] = []
    raw: dict[int, Sequence[Cell]] = {}
    for number, line in enumerate(table[last:], last + 1):
        values = [
            cell
            for place, cell in enumerate(line)
            if place != status and (isinstance(cell, cells.Formula) or cell not in (None, ""))
        ]
        if not values or _is_numbering(values):
            continue
        rows_.append(Row(name, number, {column: line[place] for column, place in best.items()}))
        raw[number] = line
    return Sheet(name=name, kind=kind, top=table[:last], status_column=status, rows=rows_, raw=raw)


def _is_numbering(values: Sequence[Cell]) -> bool:
    """The line «1 2 3 4 …» under a header."""
    try:
        return len(values) > 4 and [cells.text(cell) for cell in values] == [str(n + 1) for n in range(len(values))]
    except cells.CellError:
        return False
