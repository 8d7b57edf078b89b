"""A supplier's own receipts by the template of its cabinet: Excel or CSV. Bytes in, rows out; no table, no clock."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import python_calamine

from accounts.imports import cells
from accounts.money import ZERO, kopecks
from payments.registers.mapped import RegisterRefused, Row, decoded

COLUMNS = ("Лицевой счёт", "Дата платежа", "Сумма, руб.", "Номер документа", "Плательщик")
NEEDED = 3  # the first three of them
MOST_ROWS = 20_000  # a year of a large supplier's own desk


def read(content: bytes, *, name: str) -> list[Row]:
    """Rows of the file, roubles; a row that cannot be read has its problem. Raises RegisterRefused: not the template.

    The caller has made sure that an xlsx may be opened.
    """
    table = _sheet(content) if content.startswith(b"PK") else _lines(content)
    head, places = _head(table, name=name)
    rows = [
        _row(number, [line[place] if place is not None and place < len(line) else None for place in places])
        for number, line in enumerate(table[head + 1 :], head + 2)
        if any(cell not in (None, "") for cell in line)
    ]
    if not rows:
        raise RegisterRefused(f"В файле «{name}» нет ни одного платежа. Заполните строки шаблона.")
    if len(rows) > MOST_ROWS:
        raise RegisterRefused(f"В файле {len(rows)} строк, а можно до {MOST_ROWS}. Разделите его по дням.")
    return rows


def _sheet(content: bytes) -> list[list[cells.Cell]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [list(line) for line in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as fault:
        raise RegisterRefused(
            "Книга Excel повреждена и не читается. Сохраните её заново как xlsx и повторите."
        ) from fault


def _lines(content: bytes) -> list[list[cells.Cell]]:
    text, _ = decoded(content, "cp1251")
    return [[cell.strip().strip('"') for cell in line.split(";")] for line in text.splitlines()]


def _plain(cell: cells.Cell) -> str:
    return str(cell or "").lower().replace("ё", "е").strip(" *:.")


def _head(table: Sequence[Sequence[cells.Cell]], *, name: str) -> tuple[int, list[int | None]]:
    """The row of headings and the place of every column of the template."""
    for number, line in enumerate(table[:20]):
        told = [_plain(cell) for cell in line]
        places = [told.index(_plain(column)) if _plain(column) in told else None for column in COLUMNS]
        if all(place is not None for place in places[:NEEDED]):
            return number, places
    raise RegisterRefused(
        f"Файл «{name}» не по шаблону: нет строки с заголовками «{'», «'.join(COLUMNS[:NEEDED])}». Скачайте шаблон и "
        "заполните его."
    )


def _row(line: int, told: Sequence[cells.Cell]) -> Row:
    account, paid_on, amount, operation, payer = told
    number, day, roubles, problem = "", None, None, ""
    try:
        number = cells.text(account)
        day = cells.day(paid_on)
        roubles = cells.decimal(amount)
    except cells.CellError as fault:
        problem = f"{str(fault)[:1].upper()}{str(fault)[1:]}."
    if not problem:
        problem = _lacks(number, day, roubles)
    try:
        document, who = cells.text(operation), cells.text(payer)
    except cells.CellError as fault:
        document, who, problem = "", "", problem or f"Номер документа: {fault}."
    return Row(line, number[:60], roubles or ZERO, day, document[:80], who[:255], problem=problem)


def _lacks(number: str, day: date | None, amount: Decimal | None) -> str:
    if not number:
        return "Лицевой счёт не указан."
    if day is None:
        return "Дата платежа не указана."
    if amount is None or amount <= 0:
        return "Сумма должна быть больше нуля."
    if amount != kopecks(amount):
        return f"Сумма {f'{amount:f}'.replace('.', ',')} ₽ содержит доли копейки."
    return ""
