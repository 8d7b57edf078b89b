"""The supplier's pages. Contracts come from `access`; every sum is shown with what it is made of."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.paginator import EmptyPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import accounts.queries
import billing.queries
import payments.papers
import payments.queries
import payments.tracing
from accounts.calendar import ONE_DAY, Month
from accounts.money import total
from accounts.queries import AgencyContract
from portals import access, asked, papers, workbooks
from portals import queries as portal_queries
from portals.models import PrincipalRole
from portals.principal import manager, queries
from portals.principal.tables import AccountFilter, AccountTable
from portals.reports import closing_set, ready, sheets, tables
from portals.reports import compiler as reports
from portals.reports.definitions import Definition
from portals.reports.sheets import Column
from portals.reports.vocabulary import DAY, MONEY, MONTH, TEXT

PER_PAGE = 25  # rows a page: a phone scrolls through them in a few strokes
DAYS_SHOWN = 7
LONGEST = 366  # days in one list of payments


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures are shown: all contracts of the user, or the one he chose."""

    all: list[AgencyContract]
    chosen: AgencyContract | None

    @property
    def contracts(self) -> list[AgencyContract]:
        return [self.chosen] if self.chosen else self.all

    @property
    def title(self) -> str:
        """«ООО «Поставщик», договоры № 1, № 2»"""
        principals = ", ".join(dict.fromkeys(contract.principal.short_name for contract in self.contracts))
        word = "договор" if len(self.contracts) == 1 else "договоры"
        return f"{principals}, {word} № " + ", № ".join(contract.number for contract in self.contracts)

    @property
    def query(self) -> str:
        return f"?contract={self.chosen.pk}" if self.chosen else ""

    @property
    def and_query(self) -> str:
        return f"&contract={self.chosen.pk}" if self.chosen else ""

    @property
    def ids(self) -> list[int]:
        return [contract.pk for contract in self.contracts]

    def is_any(self, *roles: int) -> bool:
        """Has the user one of these roles under any contract shown?"""
        return any(getattr(contract, "own_role", None) in roles for contract in self.contracts)


def scope_of(request: HttpRequest) -> Scope:
    """The contracts of the visitor, and the one of the address; whoever has none is told that there is no page."""
    own = access.contracts_with_roles_for(request.user)
    if not own:
        raise Http404("Нет договоров.")
    chosen = None
    if wanted := request.GET.get("contract", ""):
        chosen = next((one for one in own if str(one.pk) == wanted), None)
        if chosen is None:
            raise Http404("Нет такого договора.")
    return Scope(own, chosen)


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for a principal's people only; others are told that there is none."""

    @wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return view(request, scope_of(request), **kwargs)

    return never_cache(login_required(require_safe(inner)))  # type: ignore[no-any-return]


def asked_month(request: HttpRequest) -> Month:
    """The month of the address, by default the one that is running; never one that has not begun."""
    today = Month.of(localdate())
    return asked.month(request, today, last=today)


def first_month(scope: Scope) -> Month | None:
    """The first month of the books of the contracts; once it is there it never changes."""
    key = f"supplier.first_month.{'-'.join(map(str, scope.ids))}"
    found: Month | None = cache.get_or_set(key, lambda: billing.queries.first_month(scope.ids), 600)
    return found


def periods(scope: Scope) -> list[closing_set.Period]:
    """Quarters and years that have ended, from the first month of the books on."""
    last = Month.of(localdate()).previous
    return closing_set.periods(last, since=first_month(scope) or last)


def months_context(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """The months to choose from, the latest first: those of the books of the principal's contracts, and this one."""
    month, last = asked_month(request), Month.of(localdate())
    if unread := asked.unread_month(request):
        messages.warning(request, f"Месяц «{unread[:40]}» не понят: показан {month.title}. Нужен вида 2026-10.")
    begun = first_month(scope) or last
    months = [last + -back for back in range(portal_queries.MONTHS_SHOWN) if last + -back >= begun] or [last]
    is_first = month <= months[-1]
    if month not in months:  # an older one came by a link
        months.append(month)
    return {"month": month, "months": months, "is_first": is_first, "is_last": month == last}


# --- home ------------------------------------------------------------------------------------------------------------


@page
def home(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Yesterday: received, commission, remitted, carried over, for each contract."""
    today = localdate()
    day = asked.day(request, "day", today - ONE_DAY, last=today)
    found = queries.principal_day(scope.contracts, day)
    context = {
        "tab": "home",
        "scope": scope,
        "day": day,
        "previous": day - ONE_DAY,
        "next": day + ONE_DAY if day < today else None,
        "is_yesterday": day == today - ONE_DAY,
        "principal_day": found,
        "withheld": found.summary.commission + found.summary.vat,
        "behind": total(line.remittance.gross for line in found.lines if line.remittance),
        "remittances": payments.queries.remittances_of(contract_ids=scope.ids, limit=5),
        "collection": manager.collection(scope.ids, Month.of(today).previous),
        "is_manager": scope.is_any(PrincipalRole.MANAGER),
        "ended": Month.of(today).previous,
        "periods": closing_set.latest(periods(scope)),
    }
    return render(request, "principal/home.html", context)


# --- accounts --------------------------------------------------------------------------------------------------------


@page
def accounts_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Accounts of the houses served, with this month's balance under the own contracts."""
    month = Month.of(localdate())
    found = AccountFilter(
        request.GET,
        queryset=access.supplied_accounts_for(request.user),
        houses=queries.houses_of(scope.ids),
        today=localdate(),
    )
    table = AccountTable(found.qs)
    table.request = request
    table.order_by = request.GET.getlist("sort") or table.order_by
    try:
        table.paginate(page=asked.page(request), per_page=PER_PAGE)
    except EmptyPage:  # beyond the end: the last one
        table.paginate(page=table.paginator.num_pages, per_page=PER_PAGE)
    on_page = [row.record.pk for row in table.paginated_rows]
    table.balances = queries.balances_of(on_page, scope.ids, month) if on_page else {}
    return render(
        request,
        "principal/accounts.html",
        {"tab": "accounts", "scope": scope, "table": table, "filter": found, "month": month},
    )


@page
def account(request: HttpRequest, scope: Scope, number: str) -> HttpResponse:
    """One account as this principal may see it: own charges, own payments, own balance."""
    row = access.get_supplied_account_for(request.user, number)
    context = months_context(request, scope)
    month = context["month"]
    statement = queries.own_rows(payments.queries.statement_rows(account_id=row.pk, month=month), scope.ids)
    receipts = payments.queries.contract_receipts(
        contract_ids=scope.ids, since=month.first, until=month.last, account_id=row.pk
    )
    context |= {
        "tab": "accounts",
        "scope": scope,
        "account": row,
        "card": accounts.queries.account_card(row.pk, min(month.last, localdate()), account=row),
        "statement": statement,
        "sums": queries.summed(statement),
        "bill": portal_queries.month_bill(row.pk, month, contract_ids=scope.ids),
        "receipts": receipts,
        "columns": TURNOVER.columns,
        "may_edit": scope.is_any(PrincipalRole.MANAGER, PrincipalRole.OPERATOR),
    }
    return render(request, "principal/account.html", context)


@page
def why(request: HttpRequest, scope: Scope, number: str) -> HttpResponse:
    """«Почему столько» of a line of the own contracts: the same words that the resident reads."""
    row = access.get_supplied_account_for(request.user, number)
    key = request.GET.get("line", "")
    if key.partition("-")[0] not in {str(pk) for pk in scope.ids}:
        raise Http404("Нет такой строки.")
    month = asked_month(request)
    reason = portal_queries.reason(row.pk, month, key=key, today=localdate())
    template = "resident/_why.html" if request.htmx else "principal/why.html"  # type: ignore[attr-defined]
    return render(
        request, template, {"tab": "accounts", "scope": scope, "account": row, "month": month, "reason": reason}
    )


# --- charges and turnover --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """A table of sums of a month, by house and by account; columns: field and heading, the last is the outcome."""

    tab: str
    title: str
    note: str
    page: str
    house_page: str
    columns: tuple[tuple[str, str], ...]


TURNOVER = Paper(
    "turnover", "Обороты", "На начало + начислено + перерасчёты + льготы + пени − оплачено = на конец.",
    "principal:turnover", "principal:house-turnover",
    (("opening", "На начало"), ("charged", "Начислено"), ("recalculated", "Перерасчёты"), ("benefits", "Льготы"),
     ("penalty", "Пени"), ("paid", "Оплачено"), ("closing", "На конец")),
)  # fmt: skip
CHARGES = Paper(
    "charges", "Начисления", "Суммы в рублях.", "principal:charges", "principal:house-charges",
    (("charged", "Начислено"), ("uplift", "Повыш. коэф."), ("common", "На общее имущество"),
     ("recalculated", "Перерасчёты"), ("benefits", "Льготы"), ("penalty", "Пени"), ("amount", "Всего")),
)  # fmt: skip


def show_sheet(request: HttpRequest, scope: Scope, paper: Paper, sheet: queries.Sheet, **context: Any) -> HttpResponse:
    context |= {"tab": paper.tab, "scope": scope, "paper": paper, "columns": paper.columns, "sheet": sheet}
    return render(request, "principal/sheet.html", {**months_context(request, scope), **context})


def show_house(
    request: HttpRequest, scope: Scope, paper: Paper, house: int, rows_of: Callable[..., tuple[list[Any], Any]]
) -> HttpResponse:
    """The accounts of one house: `rows_of` gives them and their sums."""
    row = access.get_supplied_house_for(request.user, house)
    accounts_of = access.supplied_accounts_for(request.user)
    rows, sums = rows_of(accounts_of, row, scope.ids, asked_month(request))
    context = {"tab": paper.tab, "scope": scope, "paper": paper, "columns": paper.columns, "house": row}
    return render(
        request, "principal/house_sheet.html", {**months_context(request, scope), **context, "rows": rows, "sums": sums}
    )


@page
def charges(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Charges of a month by house and service."""
    return show_sheet(request, scope, CHARGES, queries.charges(scope.ids, asked_month(request)))


@page
def house_charges(request: HttpRequest, scope: Scope, house: int) -> HttpResponse:
    """Charges of a house by account."""
    return show_house(request, scope, CHARGES, house, queries.house_charges)


@page
def turnover(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The turnover sheet by house and service."""
    sheet = queries.turnover(scope.ids, asked_month(request))
    return show_sheet(request, scope, TURNOVER, sheet, workbook_url=reverse("principal:turnover-workbook"))


@page
def house_turnover(request: HttpRequest, scope: Scope, house: int) -> HttpResponse:
    """The accounts behind a house's line of the turnover sheet."""
    return show_house(request, scope, TURNOVER, house, queries.house_accounts)


@page
def turnover_workbook(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The turnover sheet as Excel."""
    month = asked_month(request)
    what = tables.What(f"Обороты {month}", Definition(("house", "service", "contract"), ready.TURNOVER, month, month))
    found = tables.table(what, reports.Scope.of(scope.ids), owner=scope.title, made_on=localdate())
    heading = f"Оборотная ведомость за {month.title} г. {scope.title}"
    return layered(found, f"oborot-{month}", heading)


def layered(found: sheets.Table, name: str, heading: str) -> HttpResponse:
    """A report of the layer as the page's own Excel, under its heading."""
    file = io.BytesIO()
    sheets.write_xlsx(file, replace(found, title=heading, notes=()))
    return excel(name, file.getvalue())


def excel(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=workbooks.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


# --- payments and remittances ----------------------------------------------------------------------------------------


def period(request: HttpRequest) -> tuple[date, date]:
    """The days asked for: a week to today by default, a year at most, the earlier first."""
    today = localdate()
    for name in ("since", "until"):
        if unread := asked.unread_day(request, name):
            messages.warning(request, f"День «{unread[:40]}» не понят, взят обычный. Нужен вида 2026-10-31.")
    until = asked.day(request, "until", today, last=today)
    since = asked.day(request, "since", until - timedelta(days=DAYS_SHOWN - 1), last=until)
    return max(since, until - timedelta(days=LONGEST)), until


@page
def payments_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Payments of a period as they were allocated to the own contracts."""
    since, until = period(request)
    number = asked.page(request)
    found = payments.queries.contract_receipts(
        contract_ids=scope.ids, since=since, until=until, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    pages = Paginator(range(found.count), PER_PAGE)
    if number > pages.num_pages:  # beyond the end: the last one
        number = pages.num_pages
        found = payments.queries.contract_receipts(
            contract_ids=scope.ids, since=since, until=until, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
        )
    context = {
        "tab": "payments",
        "scope": scope,
        "since": since,
        "until": until,
        "found": found,
        "page": pages.get_page(number),
        "elided": list(pages.get_elided_page_range(number)),
        "page_amount": queries.summed(found.rows, ("amount",))["amount"],
    }
    return render(request, "principal/payments.html", context)


@page
def payments_workbook(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The payments of the period as Excel, all of them."""
    since, until = period(request)
    days = tuple((since + n * ONE_DAY).isoformat() for n in range((until - since).days + 1))
    definition = Definition((), (), Month.of(since), Month.of(until), filters={"day": days})
    heading = f"Платежи с {since:%d.%m.%Y} по {until:%d.%m.%Y}. {scope.title}"
    what = tables.What(f"Платежи {since} {until}", definition, "receipts")
    found = tables.table(what, reports.Scope.of(scope.ids), owner=scope.title, made_on=localdate())
    return layered(found, f"platezhi-{since}-{until}", heading)


@page
def remittances(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Remittances, the latest first."""
    rows = payments.queries.remittances_of(contract_ids=scope.ids, limit=120)
    sums = queries.summed(rows, ("gross", "returns", "commission", "vat", "net"))
    return render(
        request, "principal/remittances.html", {"tab": "remittances", "scope": scope, "rows": rows, "sums": sums}
    )


@page
def remittance(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """One remittance: its arithmetic and the payments behind it."""
    row = access.get_remittance_for(request.user, pk)
    registry = payments.queries.remittance_registry(row.pk)
    pages = Paginator(registry, 2 * PER_PAGE)
    shown = pages.get_page(asked.page(request))
    context = {
        "tab": "remittances",
        "scope": scope,
        "remittance": row,
        "came_through": queries.summed(registry, ("amount",))["amount"],
        "registry": shown,
        "count": len(registry),
        "page": shown,
        "elided": list(pages.get_elided_page_range(shown.number)),
    }
    return render(request, "principal/remittance.html", context)


@page
def remittance_workbook(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """The registry of payments behind a remittance as Excel."""
    row = access.get_remittance_for(request.user, pk)
    columns = (
        Column("Операционный день", DAY, 14), Column("Дата платежа", DAY, 14), Column("Лицевой счёт", TEXT, 16),
        Column("Канал", TEXT, 26), Column("Услуга", TEXT, 34), Column("За месяц", MONTH, 14), Column("Часть", TEXT, 10),
        Column("Сумма", MONEY, 15, sheets.SUM),
    )  # fmt: skip
    rows = (
        (line.day, line.paid_on, line.account_number, line.channel, line.service_name, line.for_month, line.part_name,
         line.amount)
        for line in payments.queries.remittance_registry(row.pk)
    )  # fmt: skip
    heading = (
        f"Реестр платежей к перечислению № {row.number} за день {row.day:%d.%m.%Y}, договор № {row.contract.number}, "
        f"{row.contract.principal.short_name}"
    )
    table = sheets.Table("Реестр", heading, (), columns, rows, frozen=3)
    return layered(table, f"reestr-{row.day}-{row.number}", heading)


# --- the way of a payment, papers ------------------------------------------------------------------------------------


@page
def trace(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """The own parts of a payment: how they were allocated, remitted and confirmed by the bank."""
    own = list(access.contracts_for(request.user).values_list("pk", flat=True))
    found = payments.tracing.payment_trace(pk, contract_ids=own)
    if found is None:
        raise Http404("Такого платежа нет.")
    return render(request, "principal/trace.html", {"tab": "payments", "scope": scope, "trace": found})


@page
def papers_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The agent's reports, acts and reconciliation statements that were issued."""
    rows = payments.papers.papers_of(contract_ids=scope.ids)
    return render(request, "principal/papers.html", {"tab": "papers", "scope": scope, "rows": rows})


@page
def paper_pdf(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    return paper_file(request, pk, "pdf")


@page
def paper_workbook(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    return paper_file(request, pk, "xlsx")


def paper_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """An issued paper as it was frozen."""
    row = access.get_paper_for(request.user, pk)
    name = f"{row.kind}-{row.contract_id}-{row.last_month:%Y-%m}"
    return papers.download(row.payload, form=form, name=name, number=row.number, on=row.issued_on)
