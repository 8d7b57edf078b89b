"""Closing a month: reconcile it, sign its act, read its recalculations, order the set of a quarter or a year."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

import payments.operations
import payments.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from billing.queries import ChargeKind
from payments.queries import PaperKind
from portals import access, asked, tasks
from portals.models import PrincipalRole
from portals.models.reports import Face
from portals.principal import months
from portals.principal.views.books import Scope, months_context, periods
from portals.principal.views.rooms import action, contract_of, page, tell, worker
from portals.reports import jobs

PER_PAGE = 50
SIGN = (PrincipalRole.MANAGER, PrincipalRole.ACCOUNTANT)


def last_whole(request: HttpRequest) -> Month:
    """The month asked for, by default the one that has ended."""
    today = Month.of(timezone.localdate())
    return asked.month(request, today.previous, last=today)


@page
def closing(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A month reconciled to the kopeck, its act to sign, and the sets of quarters and years."""
    contract, month = contract_of(scope), last_whole(request)
    context = months_context(request, scope)
    if "month" not in request.GET:
        context |= {"month": month, "is_last": False, "is_first": month == context["months"][-1]}
    papers = months.acts(contract.pk, month)
    today = timezone.localdate()
    context |= {
        "tab": "closing", "scope": scope, "contract": contract, "found": months.reconciled(contract, month),
        "papers": papers, "act": next((row for row in papers if row.kind == PaperKind.PRINCIPAL), None),
        "has_ended": today > month.last,
        "periods": periods(scope), "may_sign": getattr(contract, "own_role", None) in SIGN,
        "address": f"{reverse('principal:closing')}?contract={contract.pk}&month={month}",
    }  # fmt: skip
    return render(request, "principal/closing.html", context)


def may_sign(request: HttpRequest, principal_id: int) -> bool:
    return principal_id in access.principal_ids(request.user, *SIGN)


@action
def issue_act(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The act of reconciliation of the month, its figures frozen."""
    contract, month = contract_of(scope), last_whole(request)
    signer(request, contract.principal_id)

    def done() -> str:
        paper = payments.operations.issue_paper(
            kind=PaperKind.PRINCIPAL, contract_id=contract.pk, first=month, last=month, on=timezone.localdate(),
            by=worker(request),
        )  # fmt: skip
        return f"Акт сверки № {paper.number} составлен. Посмотрите его и подпишите."

    tell(request, done)
    return redirect(f"{reverse('principal:closing')}?contract={contract.pk}&month={month}")


def signer(request: HttpRequest, principal_id: int) -> None:
    if not may_sign(request, principal_id):
        raise Http404("Нет такой страницы.")


@action
def answer(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Sign a paper, or object to it in words; said once."""
    paper = access.get_paper_for(request.user, pk)
    contract = access.get_contract_for(request.user, paper.contract_id or 0)
    signer(request, contract.principal_id)
    objection = " ".join(request.POST.get("objection", "").split())

    def done() -> str:
        if request.POST.get("action") == "object" and not objection:
            raise Refusal("Напишите возражения словами.")
        payments.operations.answer_paper(
            paper_id=paper.pk, on=timezone.localdate(), by=worker(request), objection=objection
        )
        return "Возражения записаны." if objection else f"Документ № {paper.number} подписан."

    tell(request, done)
    return redirect(f"{reverse('principal:closing')}?contract={contract.pk}&month={Month.of(paper.last_month)}")


@action
def order_set(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The whole set of a quarter or a year, made in the background; it waits among the files of reports."""
    wanted = (request.POST.get("first", ""), request.POST.get("last", ""))
    period = next((one for one in periods(scope) if (str(one.first), str(one.last)) == wanted), None)
    if period is None:
        raise Http404("Такого периода нет.")

    def done() -> str:
        job = jobs.order_file(
            user=worker(request), face=Face.SUPPLIER, what=period.stored(scope.ids), form="zip", at=timezone.now(),
            title=period.set_title,
        )  # fmt: skip
        tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's Django task
        return "Комплект собирается: страницу можно закрыть, файл появится здесь же."

    return redirect("supplier-reports:files" if tell(request, done) else "principal:closing")


@page
def corrections(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Recalculations of the month: basis, author, sum with its sign; chosen by reason."""
    context = months_context(request, scope)
    reason, number = asked.text(request, "reason"), asked.page(request)
    kinds = [int(ChargeKind.RECALCULATION), int(ChargeKind.HEATING_CORRECTION)]
    found = months.corrections(
        scope.ids, context["month"], kinds=kinds, reason=reason, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    pages = Paginator(range(found.count), PER_PAGE)
    shown = pages.get_page(number)
    context |= {
        "tab": "corrections", "scope": scope, "found": found, "reason": reason, "page": shown,
        "elided": list(pages.get_elided_page_range(shown.number)),
    }  # fmt: skip
    return render(request, "principal/corrections.html", context)


@page
def registry(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """The registry behind a remittance as the exchange file: a stable key in each line, control totals at the end."""
    row = access.get_remittance_for(request.user, pk)
    content = months.exchange_file(row, payments.queries.remittance_registry(row.pk))
    response = HttpResponse(content, content_type=months.EXCHANGE)
    response["Content-Disposition"] = f'attachment; filename="reestr-{row.day}-{row.number or row.pk}.txt"'
    return response
