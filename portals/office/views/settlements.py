"""Papers of settlements, the way of money there and back, the daily sheet of every principal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import payments.operations
import payments.papers
import payments.queries
import payments.tracing
from accounts.calendar import Month
from accounts.errors import Refusal
from payments import contested_queries
from payments.queries import PaperKind, SettlementPaper
from portals import asked, papers
from portals.office import roles
from portals.office.pages import demand, desk, page, staff
from portals.office.views.money import day_asked

SEE_PAPERS = "payments.view_settlementpaper"
PER_PAGE = 50
LAST_PAGE = 1_000_000  # no remittance has so many payments; beyond it an offset is no number of PostgreSQL


@dataclass(frozen=True, slots=True)
class Wanted:
    """The paper of the address: kind, with whom, months; what cannot be meant is a 404."""

    kind: int
    contract_id: int | None
    account_id: int | None
    first: Month
    last: Month

    @property
    def query(self) -> str:
        whom = f"account={self.account_id}" if self.account_id else f"contract={self.contract_id}"
        return f"kind={self.kind}&{whom}&first={self.first}&last={self.last}"


def wanted(request: HttpRequest) -> Wanted:
    current = Month.of(timezone.localdate())
    kind = asked.number(request.GET.get("kind", "1"))
    if kind not in PaperKind.values:
        raise Http404("Нет такого документа.")
    last = asked.month(request, current.previous, name="last", last=current)
    first = asked.month(request, last, name="first", last=last)
    if kind == PaperKind.PAYER:
        number = asked.number(request.GET.get("account", ""))
        if number is None or not payments.papers.is_account(number):
            raise Http404("Нет такого счёта.")
        return Wanted(kind, None, number, first, last)
    number = asked.number(request.GET.get("contract", ""))
    if number is None or not payments.papers.is_contract(number):
        raise Http404("Нет такого договора.")
    return Wanted(kind, number, None, first, last)


@require_safe
@desk(SEE_PAPERS)
def papers_page(request: HttpRequest) -> HttpResponse:
    """What was issued, and the form that shows a new one."""
    current = Month.of(timezone.localdate())
    pages = Paginator(payments.papers.issued(), PER_PAGE)
    return page(
        request,
        "office/papers_of_settlements.html",
        title="Отчёты, акты и сверки",
        rows=pages.get_page(asked.page(request)),
        kinds=[choice for choice in PaperKind.choices if choice[0] != PaperKind.PAYER],
        contracts=payments.papers.contracts(),
        months=[current + -back for back in range(1, 25)],
    )


@require_http_methods(["GET", "POST"])
@desk(SEE_PAPERS)
def paper_preview(request: HttpRequest) -> HttpResponse:
    """The figures as they are now; issued on POST, downloaded with `form`."""
    asked_for = wanted(request)
    facts: dict[str, Any] = {
        "kind": asked_for.kind, "contract_id": asked_for.contract_id, "account_id": asked_for.account_id,
        "first": asked_for.first, "last": asked_for.last,
    }  # fmt: skip
    try:
        if request.method == "POST":
            demand(request, roles.ISSUE_PAPER)
            paper = payments.operations.issue_paper(**facts, on=timezone.localdate(), by=staff(request))
            messages.success(request, f"Документ № {paper.number} выпущен, его цифры больше не меняются.")
            return redirect("office:settlement_paper", pk=paper.pk)
        payload = payments.papers.payload(**facts)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("office:settlement_papers")
    form = request.GET.get("form", "")
    if form in ("pdf", "xlsx"):
        return papers.download(payload, form=form, name=f"predvaritelno-{asked_for.last}", number="", on=None)
    return page(
        request, "office/settlement_paper.html", title=f"{payload['title']} {payload['span']}", wanted=asked_for,
        may_issue=request.user.has_perm(roles.ISSUE_PAPER), **papers.context(payload, number="", on=None),
    )  # fmt: skip


def get_paper(pk: int) -> SettlementPaper:
    found = payments.papers.paper_of(pk)
    if found is None:
        raise Http404("Такого документа нет.")
    return found


@require_http_methods(["GET", "POST"])
@desk(SEE_PAPERS)
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """An issued paper: its figures, files and the other side's answer."""
    row = get_paper(pk)
    if request.method == "POST":
        demand(request, roles.ISSUE_PAPER)
        try:
            payments.operations.answer_paper(
                paper_id=pk, on=timezone.localdate(), by=staff(request), objection=request.POST.get("objection", "")
            )
            messages.success(request, "Ответ второй стороны записан.")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("office:settlement_paper", pk=pk)
    form = request.GET.get("form", "")
    if form in ("pdf", "xlsx"):
        name = f"{row.kind}-{row.contract_id or row.account_id}-{row.last_month:%Y-%m}"
        return papers.download(row.payload, form=form, name=name, number=row.number, on=row.issued_on)
    return page(
        request, "office/settlement_paper.html", title=f"{row.payload['title']} № {row.number}", row=row,
        may_issue=request.user.has_perm(roles.ISSUE_PAPER),
        accepted_on=row.issued_on + timedelta(days=payments.papers.OBJECTION_DAYS),
        **papers.context(row.payload, number=row.number, on=row.issued_on),
    )  # fmt: skip


# --- the way of money -------------------------------------------------------------------------------------------------


@require_safe
@desk("payments.view_payment")
def trace(request: HttpRequest, payment_id: int) -> HttpResponse:
    """One payment: how it came, its parts with the reason of each, their remittances, the bank's confirmation."""
    found = payments.tracing.payment_trace(payment_id)
    if found is None:
        raise Http404("Такого платежа нет.")
    may_contest = request.user.has_perm(roles.REVERSE_PAYMENT) and contested_queries.may_be_contested(payment_id)
    return page(
        request, "office/trace.html", title=f"Путь платежа {payment_id}", trace=found, may_contest=may_contest
    )  # fmt: skip


@require_safe
@desk("payments.view_remittance")
def remittance_trace(request: HttpRequest, remittance_id: int) -> HttpResponse:
    """One remittance and every payment inside it, each a step from its own way."""
    number = min(asked.page(request), LAST_PAGE)
    found = payments.tracing.remittance_trace(remittance_id, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    if found is None:
        raise Http404("Такого перечисления нет.")
    last = max(-(-found.count // PER_PAGE), 1)
    if number > last:
        return redirect(f"{reverse('office:remittance_trace', args=[remittance_id])}?page={last}")
    return page(
        request, "office/remittance_trace.html", title=f"Перечисление № {found.remittance.number or remittance_id}",
        trace=found, number=number, last=last, earlier=number - 1, later=number + 1 if number < last else None,
    )  # fmt: skip


@require_safe
@desk("payments.view_remittance")
def sheet(request: HttpRequest) -> HttpResponse:
    """The conservation sheet of a day, contract by contract; a red cell names the document."""
    day: date = day_asked(request)
    rows = payments.tracing.principal_sheets(day)
    return page(
        request, "office/sheet.html", title=f"Сохранность денег за {day:%d.%m.%Y}", day=day,
        earlier=day - timedelta(days=1), later=day + timedelta(days=1), rows=rows,
        totals=payments.tracing.sheet_totals(rows), problems=sum(bool(row.problems) for row in rows),
        waiting=payments.tracing.unconfirmed(before=day), day_problems=list(payments.queries.conservation_of_day(day)),
    )  # fmt: skip
