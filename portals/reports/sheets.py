"""A report as a file: Excel (typed cells, frozen head, totals that are formulas with their values) or CSV.

Written row by row straight into the archive: openpyxl's write-only sheet cannot hold a formula together with its value,
and a total without a value is an empty cell on a phone and in a mail's preview.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from accounts.files import ILLEGAL
from portals.reports.vocabulary import DAY, MONTH, TEXT, ReportRefused
from portals.reports.workbook_parts import (
    BOLD,
    BOOK,
    BOOK_RELATIONS,
    FORMS,
    HEAD,
    HEAD_NUMBER,
    NOTE,
    PLAIN,
    RELATIONS,
    SHEET,
    STYLES,
    TITLE,
    TOTAL_TEXT,
    TYPES,
)

MOST_LINES = 1_048_000  # of a sheet of Excel
EVERY = 2000  # lines between two words about progress
EPOCH = date(1899, 12, 30)
PACKED = 3  # nearly as small as 6, in half the time
SUM, RATIO, NONE = "sum", "ratio", ""

Value = str | int | Decimal | date | None
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. total: how its last cell is made, «ratio» of the columns at the places `of`.

    above: a second heading over several columns.
    """

    title: str
    kind: str = TEXT
    width: int = 16
    total: str = NONE
    of: tuple[int, int] | None = None
    above: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds; `frozen` columns stay in sight. totals: cells of the last row that are no sum."""

    name: str
    title: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Iterator[Sequence[Value]]
    frozen: int = 1
    totals: tuple[Value, ...] = ()


# --- Excel -----------------------------------------------------------------------------------------------------------


def serial(day: date) -> int:
    return (day - EPOCH).days


def text(value: str) -> str:
    """A text as XML: what XML cannot hold is left out, and a text is never a formula."""
    return escape(ILLEGAL.sub("", value)[:32_767])


def words(place: str, value: str, style: int = PLAIN) -> str:
    shown = f' s="{style}"' if style else ""
    return f'<c r="{place}"{shown} t="inlineStr"><is><t xml:space="preserve">{text(value)}</t></is></c>'


def number(place: str, value: Any, style: int) -> str:
    return f'<c r="{place}" s="{style}"><v>{serial(value) if isinstance(value, date) else value}</v></c>'


def write_xlsx(file: IO[bytes], table: Table, progress: Progress = lambda done: None) -> int:
    """Write the table as a workbook of one sheet; how many rows. Raises ReportRefused when they do not fit."""
    letters = [get_column_letter(place + 1) for place in range(len(table.columns))]
    has_above = any(column.above for column in table.columns)
    head = 1 + len(table.notes) + 1 + (1 if has_above else 0)
    first = head + 1
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_top(table, letters, head, has_above).encode())
            count, sums = _body(sheet, table, letters, first, progress)
            last = first + count - 1
            sheet.write(_bottom(table, letters, head, first, last, sums).encode())
        name = "".join(sign for sign in table.name if sign not in "[]:*?/\\'")[:31] or "Отчёт"
        area = f"'{name}'!$A${head}:${letters[-1]}${max(head, last)}"
        rows = f"${head - (1 if has_above else 0)}:${head}"
        told = {"name": escape(name, {'"': "&quot;"}), "area": escape(area), "titles": f"'{escape(name)}'!{rows}"}
        archive.writestr("xl/workbook.xml", BOOK.format(**told))
        archive.writestr("xl/_rels/workbook.xml.rels", BOOK_RELATIONS)
        archive.writestr("xl/styles.xml", STYLES)
        archive.writestr("_rels/.rels", RELATIONS)
        archive.writestr("[Content_Types].xml", TYPES)
    return count


def _top(table: Table, letters: Sequence[str], head: int, has_above: bool) -> str:
    cols = "".join(
        f'<col min="{n}" max="{n}" width="{column.width}" customWidth="1"/>'
        for n, column in enumerate(table.columns, 1)
    )
    corner = f"{get_column_letter(table.frozen + 1)}{head + 1}"
    parts = [SHEET.format(frozen=table.frozen, head=head, corner=corner, cols=cols)]
    parts.append(f'<row r="1" ht="20" customHeight="1">{words("A1", table.title, TITLE)}</row>')
    for row, note in enumerate(table.notes, 2):
        parts.append(f'<row r="{row}">{words(f"A{row}", note, NOTE)}</row>')
    if has_above:
        above = "".join(
            words(f"{letter}{head - 1}", column.above, HEAD)
            for letter, column, before in zip(letters, table.columns, [None, *table.columns], strict=False)
            if not (before and column.above and before.above == column.above)
        )
        parts.append(f'<row r="{head - 1}">{above}</row>')
    heads = (
        words(f"{letter}{head}", column.title, HEAD if column.kind in (TEXT, DAY, MONTH) else HEAD_NUMBER)
        for letter, column in zip(letters, table.columns, strict=True)
    )
    parts.append(f'<row r="{head}" ht="30" customHeight="1">{"".join(heads)}</row>')
    return "".join(parts)


def _body(
    sheet: IO[bytes], table: Table, letters: Sequence[str], first: int, progress: Progress
) -> tuple[int, list[Decimal]]:
    """Rows of the table; how many, and the sums of their columns."""
    sums = [Decimal(0)] * len(letters)
    summed = [place for place, column in enumerate(table.columns) if column.total == SUM]
    is_text = [column.kind == TEXT for column in table.columns]
    # the parts of a cell that its row does not change
    opened = [
        f'<c r="{letter}%d" t="inlineStr"><is><t>%s</t></is></c>' if plain
        else f'<c r="{letter}%d" s="{FORMS[column.kind]}"><v>%s</v></c>'
        for letter, column, plain in zip(letters, table.columns, is_text, strict=True)
    ]  # fmt: skip
    known: dict[str, str] = {}
    lines: list[str] = []
    row, count = first, 0
    for values in table.rows:
        cells = [f'<row r="{row}">']
        for place, value in enumerate(values):
            if value is None or value == "":
                continue
            if is_text[place]:
                shown = known.get(value)  # type: ignore[arg-type]
                if shown is None:
                    shown = text(str(value))
                    if len(known) < 50_000:
                        known[value] = shown  # type: ignore[index]
                cells.append(opened[place] % (row, shown))
            elif isinstance(value, date):
                cells.append(opened[place] % (row, serial(value)))
            else:
                cells.append(opened[place] % (row, value))
        for place in summed:
            sums[place] += values[place] or 0  # type: ignore[operator]
        cells.append("</row>")
        lines.append("".join(cells))
        row, count = row + 1, count + 1
        if count % EVERY == 0:
            if count > MOST_LINES:
                raise ReportRefused(f"Строк больше {MOST_LINES}: на лист Excel не помещаются. Выгрузите CSV.")
            sheet.write("".join(lines).encode())
            lines.clear()
            progress(count)
    sheet.write("".join(lines).encode())
    return count, sums


def _bottom(
    table: Table, letters: Sequence[str], head: int, first: int, last: int, sums: Sequence[Decimal]
) -> str:  # fmt: skip
    parts: list[str] = []
    if last >= first:
        row = last + 1
        parts.append(f'<row r="{row}">')
        for place, (letter, column) in enumerate(zip(letters, table.columns, strict=True)):
            spot, style = f"{letter}{row}", FORMS[column.kind] + BOLD if column.kind != TEXT else TOTAL_TEXT
            given = table.totals[place] if place < len(table.totals) else None
            if place == 0:
                parts.append(words(spot, "Итого", TOTAL_TEXT))
            elif given is not None:
                parts.append(number(spot, given, style))
            elif column.total == SUM:
                # 109: rows that a filter hides are left out, as whoever filters expects
                formula = f"SUBTOTAL(109,{letter}{first}:{letter}{last})"
                parts.append(f'<c r="{spot}" s="{style}"><f>{formula}</f><v>{sums[place]}</v></c>')
            elif column.total == RATIO and column.of:
                part, whole = column.of
                formula = f"IF({letters[whole]}{row}=0,0,ROUND({letters[part]}{row}/{letters[whole]}{row}*100,1))"
                value = round(sums[part] * 100 / sums[whole], 1) if sums[whole] else 0
                parts.append(f'<c r="{spot}" s="{style}"><f>{formula}</f><v>{value}</v></c>')
            else:
                parts.append(f'<c r="{spot}" s="{TOTAL_TEXT}"/>')
        parts.append("</row>")
    merged = _merged(table, letters, head)
    parts.append(
        f'</sheetData><autoFilter ref="A{head}:{letters[-1]}{max(head, last)}"/>{merged}'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
        f"<headerFooter><oddFooter>&amp;L&amp;8{text(table.title).replace('&amp;', '&amp;&amp;')}"
        "&amp;R&amp;8Страница &amp;P из &amp;N</oddFooter></headerFooter></worksheet>"
    )
    return "".join(parts)


def _merged(table: Table, letters: Sequence[str], head: int) -> str:
    """Headings over several columns are one cell."""
    spans: list[list[int]] = []
    for place, column in enumerate(table.columns):
        if not column.above:
            continue
        if spans and spans[-1][1] == place - 1 and table.columns[place - 1].above == column.above:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    cells = [f'<mergeCell ref="{letters[a]}{head - 1}:{letters[b]}{head - 1}"/>' for a, b in spans if b > a]
    return f'<mergeCells count="{len(cells)}">{"".join(cells)}</mergeCells>' if cells else ""


# --- CSV -------------------------------------------------------------------------------------------------------------


def plain(value: Value) -> str:
    """A cell of CSV as Russian Excel reads it: decimal comma, day first; a text never begins a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return str(value)


def write_csv(file: IO[bytes], table: Table, progress: Progress = lambda done: None) -> int:
    """UTF-8 with its mark, semicolons: opens in Russian Excel by a double click. No totals: it is for programs."""
    out = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([f"{column.above}: {column.title}" if column.above else column.title for column in table.columns])
    count = 0
    for values in table.rows:
        writer.writerow([plain(value) for value in values])
        count += 1
        if count % EVERY == 0:
            progress(count)
    out.flush()
    out.detach()
    return count


WRITERS = {"xlsx": write_xlsx, "csv": write_csv}
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}  # fmt: skip


def write(path: Path, form: str, table: Table, progress: Progress = lambda done: None) -> int:
    """Write the table to a file of the form «xlsx» or «csv»; rows written."""
    with path.open("wb") as file:
        return WRITERS[form](file, table, progress)
