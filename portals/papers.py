"""A paper of settlements before a reader: on a page, as PDF and as Excel. The figures come ready in its payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse

from accounts import files
from portals import workbooks
from portals.templatetags.cabinet import amount

TEMPLATE = "papers/settlement.html"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell of the page, and whether it keeps to the right."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A section ready for a template."""

    title: str
    note: str
    columns: list[Cell]
    rows: list[list[Cell]]
    totals: list[Cell]
    is_two_sided: bool


def _cell(value: Any, kind: str) -> Cell:
    if kind == "money":
        return Cell("" if value is None else amount(Decimal(value)), True)
    if kind == "day":
        return Cell("" if not value else f"{date.fromisoformat(value):%d.%m.%Y}", False)
    return Cell("" if value is None else str(value), False)


def tables(payload: Mapping[str, Any]) -> list[Table]:
    """The sections of a stored payload as text."""
    made = []
    for section in payload["sections"]:
        kinds = [kind for _, kind in section["columns"]]
        totals = section["totals"]
        made.append(
            Table(
                title=section["title"],
                note=section["note"],
                columns=[Cell(title, kind == "money") for title, kind in section["columns"]],
                rows=[[_cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in section["rows"]],
                totals=[_cell(value, kind) for value, kind in zip(totals, kinds, strict=True)] if totals else [],
                is_two_sided=bool(payload.get("is_two_sided")),
            )
        )
    return made


def context(payload: Mapping[str, Any], *, number: str, on: date | None) -> dict[str, Any]:
    """What the template of the paper sees; without a number it is a preview and says so."""
    return {"paper": payload, "tables": tables(payload), "number": number, "on": on}


def pdf(payload: Mapping[str, Any], *, number: str, on: date | None) -> bytes:
    """The paper as PDF, A4."""
    return files.pdf(TEMPLATE, context(payload, number=number, on=on))


def workbook(payload: Mapping[str, Any], *, number: str, on: date | None) -> bytes:
    """The paper as Excel: the first sheet says whose it is, each table has its own; sums are numbers."""
    head = f"{payload['title']}{f' № {number}' if number else ' (предварительно)'} {payload['span']}"
    sheets: dict[str, list[list[Any]]] = {
        "Документ": [
            [head],
            *([[f"от {on:%d.%m.%Y}"]] if on else []),
            *payload["parties"],
            *([w] for w in payload["words"]),
        ]
    }
    headers: dict[str, list[str]] = {}
    for place, section in enumerate(payload["sections"], 1):
        kinds = [kind for _, kind in section["columns"]]
        rows = [*section["rows"], *([["Итого", *section["totals"][1:]]] if section["totals"] else [])]
        title = f"{place}. {section['title']}"[:31]
        headers[title] = [name for name, _ in section["columns"]]
        sheets[title] = [[_value(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    return files.xlsx(sheets, headers=headers)


def _value(value: Any, kind: str) -> Any:
    if value is None or value == "Итого":
        return value
    if kind == "money":
        return Decimal(value)
    return date.fromisoformat(value) if kind == "day" else value


def download(payload: Mapping[str, Any], *, form: str, name: str, number: str, on: date | None) -> HttpResponse:
    """The paper as a file; form: «pdf» or «xlsx»."""
    if form == "pdf":
        response = HttpResponse(pdf(payload, number=number, on=on), content_type="application/pdf")
    else:
        response = HttpResponse(workbook(payload, number=number, on=on), content_type=workbooks.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response
