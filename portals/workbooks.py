"""Rows as an Excel workbook: typed cells, frozen header, totals that any viewer reads. Written row by row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from accounts import files
from accounts.money import ZERO
from payments.registers import own_receipts

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONEY = "#,##0.00"
DAY = "DD.MM.YYYY"
HEAD = PatternFill("solid", fgColor="E3F1EF")

Value = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, width in characters, whether its numbers are money and summed below."""

    title: str
    width: int = 16
    is_money: bool = False


def plain(text: str) -> str:
    """Text that Excel will not take for a formula, whoever wrote it."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def workbook(title: str, heading: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of one sheet: the heading in row 1, columns in row 2, rows from 3 on, totals of money below.

    A total is a number: a formula that was never calculated is an empty cell on a phone and in a mail's preview.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "2:2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width

    def cell(value: Value, *, bold: bool = False, form: str = "", fill: bool = False) -> Any:
        made: Any = WriteOnlyCell(sheet)
        made.value = plain(value) if isinstance(value, str) and not form else value
        if bold:
            made.font = Font(bold=True)
        if form:
            made.number_format = form
        if fill:
            made.fill = HEAD
            made.alignment = Alignment(wrap_text=True, vertical="top")
        return made

    sheet.append([cell(heading, bold=True)])
    sheet.append([cell(column.title, bold=True, fill=True) for column in columns])
    sums = [ZERO for _ in columns]
    is_empty = True
    for row in rows:
        cells: list[Any] = []
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if column.is_money:
                sums[place] += value or ZERO
                cells.append(cell(value, form=MONEY))
            elif isinstance(value, date):
                cells.append(cell(value, form=DAY))
            else:
                cells.append(plain(value) if isinstance(value, str) else value)
        sheet.append(cells)
        is_empty = False
    if not is_empty:
        total: list[Any] = []
        for place, column in enumerate(columns):
            if column.is_money:
                total.append(cell(sums[place], bold=True, form=MONEY, fill=True))
            else:
                total.append(cell(None if place else "Итого", bold=True, fill=True))
        sheet.append(total)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def own_receipts_template(today: date) -> bytes:
    """The file that a supplier's own receipts are written into: its headings and a line of an example."""
    example = [["560000012", today, Decimal("1250.40"), "ПКО-15", "Иванова М. П."]]
    return files.xlsx({"Поступления": example}, headers={"Поступления": own_receipts.COLUMNS})
