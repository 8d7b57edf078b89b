"""The closing set of a quarter or a year: every table and paper a principal's accountant files away, in one archive."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import payments.papers
from accounts.calendar import Month
from accounts.errors import Refusal
from payments.queries import PaperKind
from portals import papers
from portals.reports import ready, sheets, tables
from portals.reports.compiler import Scope
from portals.reports.definitions import Definition
from portals.reports.tables import What

KEY = "closing_set"
MONTHS = (3, 12)
PAPERS = ((PaperKind.REPORT, "Отчёт агента"), (PaperKind.ACT, "Акт"), (PaperKind.PRINCIPAL, "Акт сверки"))
CHARGED = ("charged", "uplift", "common", "recalculated", "benefits", "penalty", "accrued")


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter or a year: its months, both inside."""

    title: str
    first: Month
    last: Month

    @property
    def is_year(self) -> bool:
        return self.first + 11 == self.last

    @property
    def set_title(self) -> str:
        return f"Закрывающий комплект за {self.title}"

    def stored(self, contract_ids: list[int]) -> dict[str, Any]:
        return {KEY: {"title": self.title, "first": str(self.first), "last": str(self.last), "contracts": contract_ids}}


def periods(last: Month, *, since: Month) -> list[Period]:
    """Whole quarters and years up to the month `last`, from that of `since` on; the latest first."""
    found = []
    for size in MONTHS:
        first = Month(since.first.replace(month=(since.first.month - 1) // size * size + 1))
        while first + (size - 1) <= last:
            year = first.first.year
            title = f"{(first.first.month - 1) // 3 + 1} квартал {year}" if size == 3 else f"{year} год"
            found.append(Period(title, first, first + (size - 1)))
            first = first + size
    return sorted(found, key=lambda one: (one.last, one.first), reverse=True)[:12]


def latest(found: list[Period]) -> list[Period]:
    """The last quarter and the last year of `periods`."""
    return list({one.is_year: one for one in reversed(found)}.values())


def contents(first: Month, last: Month) -> list[tuple[str, What]]:
    """Names of files and what stands in them."""

    def grouped(title: str, rows: tuple[str, ...], measures: tuple[str, ...]) -> tuple[str, What]:
        return title, What(title, Definition(rows, measures, first, last))

    def listed(title: str, code: str) -> tuple[str, What]:
        return title, What(title, Definition((), (), first, last), code)

    return [
        grouped("Оборотная ведомость по домам и услугам", ("house", "service"), ready.TURNOVER),
        grouped("Оборотная ведомость по лицевым счетам", ("account",), ready.TURNOVER),
        grouped("Начисления по домам и услугам", ("house", "service"), CHARGED),
        grouped("Оплата по каналам и дням", ("day", "channel"), ("paid", "receipts")),
        grouped("Перечисления", ("day", "contract", "state"),
                ("gross", "returns", "commission", "commission_vat", "remitted")),
        listed("Перерасчёты и исправления", "corrections"),
    ]  # fmt: skip


def within(scope: Scope, stored: dict[str, Any]) -> Scope:
    """The contracts of the set that its owner may still see."""
    wanted = stored[KEY]["contracts"]
    return Scope.of(wanted if scope.contracts is None else scope.contracts & set(wanted))


def write(
    path: Path, stored: dict[str, Any], scope: Scope, *, owner: str, today: date, progress: Callable[[int], None]
) -> int:
    """Write the archive; how many files are in it. `progress` is told after each of them, and may raise."""
    told = stored[KEY]
    first, last = Month.parse(told["first"]), Month.parse(told["last"])
    made = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # what is inside is packed already
        for title, what in contents(first, last):
            with archive.open(f"{title}.xlsx", "w", force_zip64=True) as file:
                rows = tables.table(what, scope, owner=owner, made_on=today)
                sheets.write_xlsx(file, rows)  # type: ignore[arg-type]
            made += 1
            progress(made)
        for contract_id in sorted(scope.contracts or ()):
            for kind, title in PAPERS:
                try:
                    payload = payments.papers.payload(kind=kind, contract_id=contract_id, first=first, last=last)
                except Refusal:  # nothing of that kind to write
                    continue
                name = f"{title}, договор {contract_id}"
                number = f"{contract_id}-{first}…{last}"
                archive.writestr(f"{name}.pdf", papers.pdf(payload, number=number, on=today))
                made += 1
                progress(made)
    return made


def count(stored: dict[str, Any]) -> int:
    """How many files the archive will have at most."""
    told = stored[KEY]
    return len(contents(Month.parse(told["first"]), Month.parse(told["last"]))) + len(PAPERS) * len(told["contracts"])
