"""The file of readings that a supplier downloads, fills and sends back. Bytes and rows; no table, no clock."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import python_calamine

from accounts import files
from accounts.errors import Refusal
from accounts.imports import cells

COLUMNS = (
    "Код прибора", "Лицевой счёт", "Адрес", "Ресурс", "Заводской номер", "Тариф", "Прошлое показание", "Прошлая дата",
    "Новое показание", "Дата снятия", "Показание проверено",
)  # fmt: skip
METER, ACCOUNT, SERIAL, ZONE, VALUE, DAY, SURE = 0, 1, 4, 5, 8, 9, 10
REASON = "Что исправить"
MOST_ROWS = 200_000  # beyond the dials of the largest supplier
YES = {"да", "+", "1", "true"}


class SheetRefused(Refusal):
    """The file is not the one that was downloaded; nothing of it was taken."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """A filled row: whose dial, what it shows. value None: left empty, passed over. problem: why it cannot be read."""

    line: int
    raw: tuple[cells.Cell, ...]
    meter_id: int | None
    account: str
    serial: str
    zone: int
    value: Decimal | None
    day: date | None
    is_sure: bool
    problem: str = ""


def read(content: bytes, *, name: str) -> list[SentRow]:
    """Rows with a new value or a problem. Raises SheetRefused, FileRefused."""
    if not content.startswith(b"PK"):
        files.check_size(content, name=name)
        raise SheetRefused(f"Файл «{name}» не xlsx. Скачайте файл приборов, заполните его и загрузите обратно.")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(files.open_workbook(content, name=name)))
        table = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as fault:
        raise SheetRefused("Книга Excel повреждена и не читается. Сохраните её заново как xlsx и повторите.") from fault
    head, places = _head(table, name=name)
    rows = []
    for number, line in enumerate(table[head + 1 :], head + 2):
        told = tuple(line[place] if place is not None and place < len(line) else None for place in places)
        if told[VALUE] not in (None, ""):
            rows.append(_row(number, told))
    if not rows:
        raise SheetRefused(f"В файле «{name}» не заполнено ни одного нового показания.")
    if len(rows) > MOST_ROWS:
        raise SheetRefused(f"В файле {len(rows)} показаний, а можно до {MOST_ROWS}. Разделите его по домам.")
    return rows


def _plain(cell: cells.Cell) -> str:
    return str(cell or "").lower().replace("ё", "е").strip(" *:.")


def _head(table: Sequence[Sequence[cells.Cell]], *, name: str) -> tuple[int, list[int | None]]:
    needed = (METER, VALUE)
    for number, line in enumerate(table[:20]):
        told = [_plain(cell) for cell in line]
        places = [told.index(_plain(column)) if _plain(column) in told else None for column in COLUMNS]
        if all(places[place] is not None for place in needed):
            return number, places
    raise SheetRefused(
        f"Файл «{name}» не тот: нет заголовков «{COLUMNS[METER]}» и «{COLUMNS[VALUE]}». Скачайте файл приборов в этом "
        "разделе, заполните «Новое показание» и загрузите обратно."
    )


def _row(line: int, told: tuple[cells.Cell, ...]) -> SentRow:
    problem, meter_id, value, day, zone, account, serial = "", None, None, None, 1, "", ""
    try:
        code = cells.text(told[METER])
        if not code.isascii() or not code.isdigit() or len(code) > 18:
            raise cells.CellError("код прибора испорчен: не меняйте первый столбец")
        meter_id = int(code)
        account, serial = cells.text(told[ACCOUNT]), cells.text(told[SERIAL])
        told_zone = cells.text(told[ZONE]).upper().lstrip("TТ") or "1"
        if told_zone not in ("1", "2", "3"):
            raise cells.CellError("тариф: Т1, Т2 или Т3")
        zone = int(told_zone)
        value = cells.decimal(told[VALUE])
        day = cells.day(told[DAY])
    except cells.CellError as fault:
        problem = f"{str(fault)[:1].upper()}{str(fault)[1:]}."
    return SentRow(
        line, told, meter_id, account, serial, zone, value, day, _plain(told[SURE]) in YES, problem
    )  # fmt: skip


def bad_rows(rows: Sequence[tuple[SentRow, str]]) -> bytes:
    """The refused rows under the same headings, the reason in the last column: mended, the file may be sent back."""
    lines = [[*row.raw, reason] for row, reason in rows]
    return files.xlsx({"Показания": lines}, headers={"Показания": (*COLUMNS, REASON)})
