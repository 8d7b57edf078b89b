"""Pages of reports, the same in the office and in the supplier's cabinet: what differs is the frame and the scope."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import AgencyContract, User
from portals import access, asked, tasks
from portals.models import SavedReport
from portals.models.reports import Every, Face, FileForm, JobState
from portals.principal.views import books
from portals.reports import choosing, definitions, faces, jobs, ready, running, sheets, tables
from portals.reports.choosing import OWN
from portals.reports.compiler import Scope
from portals.reports.definitions import Definition
from portals.reports.faces import Place
from portals.reports.running import Head, Key, Line, Sheet
from portals.reports.tables import What
from portals.reports.vocabulary import (
    COUNT,
    DIMENSIONS,
    MEASURES,
    MONEY,
    PERCENT,
    Dimension,
    Measure,
    ReportRefused,
    TooLarge,
)
from portals.templatetags.cabinet import amount, counted, day, written

MONTHS_SHOWN = 37
IN_BAR = ("supplier", "contract", "street", "house", "service", "channel", "premises_kind")
MOST_IN_BAR = 300  # values of a list that a person reads through; more of them are narrowed by another one first
# Where a click leads: the first of these that the row does not tell yet.
DEEPER = ("house", "account", "service", "day", "kind", "method")
QUICK = (definitions.LAST_MONTH, definitions.THIS_MONTH, definitions.THIS_YEAR)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at reports, where, and whose rows he may see."""

    request: HttpRequest
    user: User
    place: Place
    scope: Scope
    contracts: Sequence[AgencyContract] = ()  # of the supplier's own people

    @property
    def owner(self) -> str:
        return faces.owner_of(self.user, self.place.face)

    def show(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """A page in the frame of the face."""
        if self.place.face == Face.OFFICE:
            frame = admin.site.each_context(self.request)
        else:
            frame = {"scope": books.Scope(list(self.contracts), None), "tab": "reports"}
        return render(self.request, template, {**frame, "place": self.place, **context}, status=status)


Page = Callable[..., HttpResponseBase]


def desk(place: Place, view: Page) -> Page:
    """The view for visitors of the face: strangers to the cabinet are told that there is none, staff needs a right."""

    @wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        assert isinstance(user, User)
        if place.face == Face.OFFICE:
            scope = faces.scope_of(user, place.face)
            if scope is None:
                raise PermissionDenied
            return view(Visit(request, user, place, scope), **kwargs)
        own = list(access.contracts_for(user).order_by("number"))
        if not own:
            raise Http404("Нет договоров.")
        return view(Visit(request, user, place, Scope.of([one.pk for one in own]), own), **kwargs)

    guarded: Any = admin.site.admin_view(inner) if place.face == Face.OFFICE else login_required(inner)
    return never_cache(wraps(view)(guarded))  # type: ignore[no-any-return]


# --- which report is meant -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """The report of an address: its code, and what it is."""

    code: str
    what: What
    saved: SavedReport | None = None


def address(visit: Visit, found: Asked, definition: Definition) -> str:
    """The page of this definition: of the ready report while it is still one, else of one's own."""
    query = urlencode(definition.pairs())
    if found.what.listed or _is_same(found, definition):
        if found.saved:
            return f"{visit.place.url('saved', found.saved.pk)}?{query}"
        return f"{visit.place.url('show', found.code)}?{query}"
    return f"{visit.place.url('show', OWN)}?{query}"


def _is_same(found: Asked, definition: Definition) -> bool:
    mine = found.what.definition
    return (mine.rows, mine.measures, mine.columns) == (definition.rows, definition.measures, definition.columns)


# --- the page of a report --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the page: what is written, and where a click leads."""

    text: str
    url: str = ""
    note: str = ""
    is_nil: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a select."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A filter of the page; `hint` where the values are too many to choose from."""

    code: str
    title: str
    choices: list[Choice]
    hint: str = ""


def figure(value: Any, kind: str) -> Cell:
    """A number as it is read: money with kopecks, quantities to the thousandth; nothing is a faint zero."""
    if value is None:
        return Cell("—", is_nil=True)
    if kind == MONEY:
        return Cell(amount(value), is_nil=not value)
    if kind == COUNT:
        return Cell(written(Decimal(value), 0), is_nil=not value)
    if kind == PERCENT:
        return Cell(written(Decimal(value), 1, least=1), is_nil=False)
    return Cell(written(Decimal(value), 3, least=3), is_nil=not value)


def deeper(definition: Definition, keys: Sequence[Key], place: int) -> Definition | None:
    """What is behind a row up to its key at `place`: the same measures, one level down; None at the bottom."""
    told = {code: (key.value,) for code, key in zip(definition.rows[: place + 1], keys, strict=False) if key.value}
    if len(told) <= place:
        return None
    filters = {**definition.filters, **told}
    for code in DEEPER:
        if code in filters:
            continue
        measures = tuple(
            one for one in definition.measures
            if not definitions.refuses(MEASURES[one], (code, *filters))
            and (not MEASURES[one].needs or MEASURES[one].needs in (code, *filters))
        )  # fmt: skip
        if measures:
            return replace(definition, rows=(code,), columns="", filters=filters, measures=measures, sort="")
    return None


def lines_of(visit: Visit, found: Asked, sheet: Sheet) -> list[tuple[list[Cell], list[Cell]]]:
    """Rows of the page: names with where they lead, and figures."""
    asked_for = found.what.definition
    rows: list[tuple[list[Cell], list[Cell]]] = []
    numbers = [line.keys[place].value for line in sheet.lines for place, one in enumerate(sheet.dimensions)
               if one.code == "account"]  # fmt: skip
    places = running.addresses(numbers)
    before: tuple[Key, ...] = ()
    for line in sheet.lines:
        names = [_name(visit, found, asked_for, sheet.dimensions, line, place, places)
                 for place in range(len(sheet.dimensions))]  # fmt: skip
        if before and len(names) > 1:  # what repeats the row above is said faintly
            for place in range(len(names) - 1):
                if line.keys[: place + 1] == before[: place + 1]:
                    names[place] = replace(names[place], is_nil=True)
        before = line.keys
        rows.append(
            (names, [figure(value, head.measure.kind) for value, head in zip(line.cells, sheet.heads, strict=True)])
        )
    return rows


def _name(
    visit: Visit, found: Asked, definition: Definition, dimensions: Sequence[Dimension], line: Line, place: int,
    places: dict[str, str],
) -> Cell:  # fmt: skip
    key, dimension = line.keys[place], dimensions[place]
    if dimension.code == "account":
        return Cell(key.label, visit.place.account_url(key.value, key.id), places.get(key.value, ""))
    goes = deeper(definition, line.keys, place)
    return Cell(key.label, address(visit, found, goes) if goes else "")


def bars(visit: Visit, what: What) -> list[Bar]:
    """Filters offered above the table: those that every measure knows; long lists wait for a narrower choice."""
    definition = what.definition
    if what.list:
        codes = [code for code in IN_BAR if code in what.list.filters]
    else:
        codes = [
            code for code in IN_BAR
            if not any(definitions.refuses(MEASURES[one], (code,)) for one in definition.measures)
        ]  # fmt: skip
    if "supplier" in codes and "contract" in codes:
        codes.remove("supplier" if visit.place.face == Face.SUPPLIER else "contract")
    found = []
    for code in codes:
        dimension, chosen = DIMENSIONS[code], definition.filters.get(code, ())
        if code in ("supplier", "contract") and len(visit.contracts) == 1 and not chosen:
            continue  # there is nothing to choose from
        street = definition.filters.get("street", ()) if code == "house" else ()
        values = running.options(dimension, visit.scope, streets=street)
        if len(values) < 2 and not chosen:
            continue
        if len(values) > MOST_IN_BAR:
            values = [one for one in values if one.value in chosen]
            hint = "сначала выберите улицу" if code == "house" else ""
        else:
            hint = ""
        choices = [Choice(one.value, one.label, one.value in chosen) for one in values]
        found.append(Bar(code, dimension.title, choices, hint))
    return found


def months() -> list[Month]:
    this = Month.of(localdate())
    return [this + -back for back in range(MONTHS_SHOWN)]


@dataclass(frozen=True, slots=True)
class Builder:
    """The constructor: what may be chosen and what is chosen."""

    rows: list[list[Choice]]
    columns: list[Choice]
    measures: list[tuple[Measure, bool]]


def builder(query: QueryDict, definition: Definition) -> Builder:
    """Choices of the constructor: what was typed if it was refused, else what is shown."""
    rows = query.getlist("rows") or list(definition.rows)
    chosen = set(query.getlist("measures") or definition.measures)
    columns = query.get("columns", definition.columns if not query.getlist("rows") else "")
    everything = list(DIMENSIONS.values())
    lists = []
    for place in range(definitions.MOST_ROWS):
        value = rows[place] if place < len(rows) else ""
        lists.append([Choice(one.code, one.title, one.code == value) for one in everything])
    spread = [Choice(one.code, one.title, one.code == columns) for one in everything if one.may_spread]
    return Builder(lists, spread, [(one, one.code in chosen) for one in MEASURES.values()])


def show(visit: Visit, code: str = "", pk: int | None = None) -> HttpResponse:
    """A report on the page: totals, rows that lead deeper, filters, the constructor, ways to keep and to download."""
    request, today = visit.request, localdate()
    trouble, status = "", 200
    try:
        base = choosing.base_of(visit.user, visit.place.face, code, pk, today=today)
    except ReportRefused as refusal:  # a kept report that is none any more
        messages.error(request, str(refusal))
        return redirect(visit.place.url("catalogue"))
    definition, listed = base.definition, base.listed
    try:
        definition = definitions.asked(request.GET, base.definition, today=today)
    except ReportRefused as refusal:
        trouble, status = str(refusal), 422
    found = Asked(code, What(base.title, definition, listed), base.saved)
    context: dict[str, Any] = {}
    if not trouble:
        try:
            context = figures(visit, found)
        except ReportRefused as refusal:
            trouble, status = str(refusal), 422
            context = {"is_too_large": isinstance(refusal, TooLarge)}
    context |= {
        "title": base.title, "about": base.about, "found": found, "trouble": trouble, "definition": definition,
        "span": tables.span(definition), "bars": bars(visit, found.what), "chips": chips(visit, found),
        "months": months() + [one for one in (definition.first, definition.last) if one not in months()],
        "quick": [
            (definitions.PERIODS[one], address(visit, found, replace(definition, period=one).over(today)),
             definition.period == one) for one in QUICK
        ],
        "kept": [pair for pair in definition.pairs() if pair[0] in ("rows", "measures", "columns", "sort")],
        "filters": [pair for pair in definition.pairs() if pair[0].startswith("f.")],
        "query": urlencode(definition.pairs()), "listed": listed, "saved": base.saved,
        "builder": None if listed else builder(request.GET, definition),
        "is_building": code == OWN and not request.GET, "own_url": visit.place.url("show", OWN),
        "action": request.path, "code": code,
    }  # fmt: skip
    return visit.show("reports/show.html", status=status, **context)


def chips(visit: Visit, found: Asked) -> list[tuple[str, str]]:
    """Filters in words, each with the address without it."""
    definition = found.what.definition
    names = running.names_of(definition, visit.scope)
    made = []
    for code, values in names.items():
        rest = {name: kept for name, kept in definition.filters.items() if name != code}
        told = ", ".join(values[:3]) + (f" и ещё {len(values) - 3}" if len(values) > 3 else "")
        made.append((f"{DIMENSIONS[code].title}: {told}", address(visit, found, replace(definition, filters=rest))))
    return made


def figures(visit: Visit, found: Asked) -> dict[str, Any]:
    """Heads, totals and rows of the page asked for."""
    page = asked.page(visit.request)
    if found.what.list:
        return listing(visit, found, page)
    definition = found.what.definition
    sheet = running.sheet(definition, visit.scope, page=page)
    pages = Paginator(range(sheet.count), running.PER_PAGE)
    if page > pages.num_pages:
        page = pages.num_pages
        sheet = running.sheet(definition, visit.scope, page=page)
    mixed = [tables.is_mixed(definition, head) for head in sheet.heads]
    return {
        "count": counted(sheet.count, "строка,строки,строк"), "has_rows": bool(sheet.lines),
        "dimensions": sheet.dimensions, "heads": _heads(visit, found, sheet.heads),
        "above": _above(sheet.heads) if len(definition.measures) > 1 else [],
        "totals": [
            figure(None if is_mixed else value, head.measure.kind)
            for value, head, is_mixed in zip(sheet.totals, sheet.heads, mixed, strict=False)
        ],
        "rows": lines_of(visit, found, sheet), "page": pages.get_page(page),
        "elided": list(pages.get_elided_page_range(page)),
    }  # fmt: skip


def _heads(visit: Visit, found: Asked, heads: Sequence[Head]) -> list[dict[str, Any]]:
    """Headings; each sorts, the largest first, then the smallest."""
    definition, made = found.what.definition, []
    for head in heads:
        code = head.measure.code
        way = "descending" if definition.sort == f"-{code}" else "ascending" if definition.sort == code else ""
        url = address(visit, found, replace(definition, sort=code if way == "descending" else f"-{code}"))
        spread = head.above is not None and bool(head.above.value)
        title = head.above.label if head.above and len(definition.measures) == 1 else head.measure.title
        made.append({"title": title, "hint": head.measure.hint, "way": way, "url": "" if spread else url})
    return made


def _above(heads: Sequence[Head]) -> list[tuple[str, int]]:
    """Headings over several columns: the value and how many columns it spans."""
    spans: list[tuple[str, int]] = []
    for head in heads:
        label = head.above.label if head.above else ""
        if spans and spans[-1][0] == label:
            spans[-1] = (label, spans[-1][1] + 1)
        else:
            spans.append((label, 1))
    return spans if any(label for label, _ in spans) else []


def listing(visit: Visit, found: Asked, page: int) -> dict[str, Any]:
    """A list report on the page."""
    report = found.what.list
    assert report is not None
    width = len(report.columns)

    def read(number: int) -> list[tuple[Any, ...]]:
        return running.fetched(
            report.statement(
                found.what.definition, visit.scope, limit=running.PER_PAGE, offset=(number - 1) * running.PER_PAGE
            )
        )

    rows = read(page)
    if not rows and page > 1:
        page, rows = 1, read(1)
    count = rows[0][width] if rows else 0
    sums = rows[0][width + 1 :] if rows else ()
    pages = Paginator(range(count), running.PER_PAGE)
    shown = [place for place, column in enumerate(report.columns) if not column.in_file_only]
    cells = [[_listed(report.columns[place].kind, row[place]) for place in shown] for row in rows]
    return {
        "count": counted(count, "строка,строки,строк"), "has_rows": bool(rows),
        "list_columns": [report.columns[place] for place in shown], "list_rows": cells, "page": pages.get_page(page),
        "elided": list(pages.get_elided_page_range(page)), "in_file": width - len(shown),
        "list_totals": [
            figure(sums[place], report.columns[place].kind) if report.columns[place].is_summed else Cell("")
            for place in shown
        ] if rows and any(column.is_summed for column in report.columns) else [],
    }  # fmt: skip


def _listed(kind: str, value: Any) -> Cell:
    if isinstance(value, date):
        return Cell(Month.of(value).title if kind == "month" else day(value))
    if kind in (MONEY, COUNT, PERCENT, "quantity"):
        return figure(value, kind)
    return Cell("" if value is None else str(value))


# --- catalogue, kept reports -----------------------------------------------------------------------------------------


def catalogue(visit: Visit) -> HttpResponse:
    """All reports: one's own first, then the ready ones by their headings."""
    saved = [(one, next(iter(one.schedules.all()), None)) for one in jobs.reports_of(visit.user, visit.place.face)]
    return visit.show(
        "reports/catalogue.html", title="Отчёты", groups=ready.groups(), saved=saved,
        files=jobs.has_files(visit.user, visit.place.face),
    )  # fmt: skip


def posted(visit: Visit) -> tuple[Asked, QueryDict]:
    """The report that a form of its page speaks of."""
    data = visit.request.POST
    code, pk = data.get("code", ""), asked.number(data.get("saved", ""))
    base = choosing.base_of(visit.user, visit.place.face, code, pk, today=localdate())
    found = Asked(code, choosing.what_of(base, QueryDict(data.get("query", "")), today=localdate()), base.saved)
    return found, data


def back(visit: Visit) -> HttpResponse:
    """The page that the form stood on, as far as it is one of ours."""
    data = visit.request.POST
    pk, code = asked.number(data.get("saved", "")), data.get("code", "")
    known = code in ready.READY or code == OWN
    page = visit.place.url("saved", pk) if pk is not None else visit.place.url("show", code if known else OWN)
    return redirect(f"{page}?{QueryDict(data.get('query', '')).urlencode()}")


def save(visit: Visit) -> HttpResponse:
    """Keep the report of the page under a title."""
    try:
        found, data = posted(visit)
        kept = jobs.save_report(user=visit.user, face=visit.place.face, title=data.get("title", ""), what=found.what)
    except Refusal as refusal:
        messages.error(visit.request, str(refusal))
        return back(visit)
    messages.success(visit.request, f"Отчёт «{kept.title}» сохранён: он стоит первым в списке отчётов.")
    return redirect(visit.place.url("saved", kept.pk))


def delete(visit: Visit, pk: int) -> HttpResponse:
    """Forget a kept report."""
    report = access.only(jobs.reports_of(visit.user, visit.place.face), pk=pk)
    title = report.title
    jobs.delete_report(user=visit.user, report=report)
    messages.success(visit.request, f"Отчёт «{title}» удалён.")
    return redirect(visit.place.url("catalogue"))


def schedule(visit: Visit, pk: int) -> HttpResponse:
    """When and to whom a kept report is sent."""
    report = access.only(jobs.reports_of(visit.user, visit.place.face), pk=pk)
    current = next(iter(report.schedules.all()), None)
    data, trouble, status = visit.request.POST, "", 200
    if visit.request.method == "POST":
        try:
            if data.get("action") == "stop":
                jobs.stop_schedule(user=visit.user, report=report)
                messages.success(visit.request, f"Отчёт «{report.title}» больше не отправляется.")
            else:
                made = jobs.schedule_report(
                    user=visit.user, report=report, every=data.get("every", ""),
                    on_day=asked.number(data.get("on_day", "") or "3") or 0, form=data.get("form", ""),
                    recipients=jobs.addresses(data.get("recipients", "")), today=localdate(),
                )  # fmt: skip
                messages.success(
                    visit.request, f"Отчёт «{report.title}» будет отправляться: {made.get_every_display()}."
                )
            return redirect(visit.place.url("catalogue"))
        except Refusal as refusal:
            trouble, status = str(refusal), 422
    every = data.get("every") or (current.every if current else Every.MONTH)
    form = data.get("form") or (current.form if current else FileForm.XLSX)
    told = data.get("recipients") or (", ".join(current.recipients) if current else visit.user.email or "")
    return visit.show(
        "reports/schedule.html", status=status, title="Рассылка отчёта", report=report, current=current,
        trouble=trouble, recipients=told, on_day=data.get("on_day") or (current.on_day if current else 3),
        everies=[Choice(value, str(label), value == every) for value, label in Every.choices],
        forms=[Choice(value, str(label), value == form) for value, label in FileForm.choices],
        period=definitions.PERIODS.get(report.definition.get("period", ""), ""),
        is_fixed=report.definition.get("period") == definitions.FIXED,
    )  # fmt: skip


# --- files -----------------------------------------------------------------------------------------------------------


def order(visit: Visit) -> HttpResponseBase:
    """The report as a file: a short one at once, a long one is made in the background."""
    form = visit.request.POST.get("form", "")
    if form not in sheets.WRITERS:
        raise Http404("Нет такого файла.")
    try:
        found, _ = posted(visit)
        what = found.what
        try:
            is_short = tables.count(what, visit.scope, patience="5s") <= jobs.AT_ONCE
        except ReportRefused:
            is_short = False
        if not is_short:
            job = jobs.order_file(user=visit.user, face=visit.place.face, what=what, form=form, at=timezone.now())
            tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's Django task
            messages.success(visit.request, "Файл большой: собираем его в фоне. Страницу можно закрыть.")
            return redirect(visit.place.url("files"))
        return at_once(visit, what, form)
    except Refusal as refusal:
        messages.error(visit.request, str(refusal))
        return back(visit)


def at_once(visit: Visit, what: What, form: str) -> HttpResponseBase:
    """A short file, made while the person waits."""
    file = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115  # the response closes it
    table = tables.table(what, visit.scope, owner=visit.owner, made_on=localdate())
    rows = sheets.WRITERS[form](file, table)  # type: ignore[arg-type]
    file.seek(0)
    jobs.note_export(user=visit.user, title=what.title, rows=rows, form=form)
    name = jobs.file_name(what.title, localdate(), form)
    return FileResponse(file, as_attachment=True, filename=name, content_type=sheets.MEDIA[form])


def files(visit: Visit) -> HttpResponse:
    """Files of this person: in the making with progress, ready ones until their day."""
    rows = jobs.files_of(visit.user, visit.place.face)
    is_busy = any(row.state in jobs.UNFINISHED for row in rows)
    patience = timezone.now() - jobs.SLOW
    context: dict[str, Any] = {
        "rows": rows, "is_busy": is_busy, "today": localdate(),
        "is_stuck": any(row.state == JobState.WAITING and row.created_at < patience for row in rows),
    }  # fmt: skip
    if visit.request.htmx:  # type: ignore[attr-defined]
        return visit.show("reports/_files.html", **context)
    return visit.show("reports/files.html", title="Файлы отчётов", **context)


def fetch(visit: Visit, key: UUID) -> HttpResponseBase:
    """A ready file, to its owner alone."""
    job = access.only(jobs.ready_files(visit.user, visit.place.face), key=key)
    path = jobs.path_of(job)
    if not path.exists():
        raise Http404("Срок хранения файла прошёл.")
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=jobs.name_of(job), content_type=sheets.MEDIA[job.form]
    )  # fmt: skip


def cancel(visit: Visit, key: UUID) -> HttpResponse:
    """Stop making a file, one's own."""
    jobs.cancel(user=visit.user, key=access.only(jobs.own_files(visit.user, visit.place.face), key=key).key)
    return redirect(visit.place.url("files"))


def guarded(place: Place, view: Page, kind: str) -> Page:
    """The view in its face with the methods it answers to."""
    wrap = {"read": require_safe, "write": require_POST, "both": require_http_methods(["GET", "HEAD", "POST"])}[kind]
    return wrap(desk(place, view))
