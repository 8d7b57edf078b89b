"""Which report is meant: one of the catalogue, one that the person keeps, or a grouping of his own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import Http404, QueryDict

from accounts.calendar import Month
from accounts.queries import User
from portals import access
from portals.models import SavedReport
from portals.reports import definitions, jobs, ready, tables
from portals.reports.definitions import Definition
from portals.reports.tables import What

OWN = "own"
OWN_TITLE = "Свой отчёт"
START = Definition(("house",), ("opening", "accrued", "paid", "closing"), Month(date(2000, 1, 1)),
                   Month(date(2000, 1, 1)), period=definitions.LAST_MONTH)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Base:
    """What an address adds to: the definition of the report it names; listed: the list it is, if it is one."""

    title: str
    about: str
    definition: Definition
    listed: str = ""
    saved: SavedReport | None = None


def base_of(user: User, face: str, code: str, pk: int | None, *, today: date) -> Base:
    """The report kept under `pk`, else that of the code; else 404. Raises ReportRefused where it is kept no more."""
    if pk is not None:
        saved = access.only(jobs.reports_of(user, face), pk=pk)
        found = tables.of_stored(saved.title, saved.definition, today=today)
        return Base(saved.title, "", found.definition, found.listed, saved)
    if code == OWN:
        return Base(OWN_TITLE, "Выберите группировки и показатели", START.over(today))
    one = ready.READY.get(code)
    if one is None:
        raise Http404("Нет такого отчёта.")
    return Base(one.title, one.about, one.definition(today), one.listed)


def what_of(base: Base, query: QueryDict, *, today: date) -> What:
    """The report as the query asks for it; a ready one with other groupings is one's own. Raises ReportRefused."""
    definition = definitions.asked(query, base.definition, today=today)
    own = (base.definition.rows, base.definition.measures)
    is_own = base.saved is None and not base.listed and own != (definition.rows, definition.measures)
    return What(OWN_TITLE if is_own else base.title, definition, base.listed)
