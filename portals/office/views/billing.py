"""The page of the month: states per contract, what is doubtful, and the steps from draft to closing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import billing.operations
import billing.queries
import billing.tasks
import epd.tasks
import payments.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import asked
from portals.office import queries, roles
from portals.office.pages import asked_action, desk, fragment, page, staff

KINDS = ("billing.", "epd.", "payments.")


@require_http_methods(["GET", "POST"])
@desk("billing.view_contractmonth")
def month(request: HttpRequest) -> HttpResponse:
    current = billing.queries.current_month()
    chosen = asked.month(request, current or Month.of(timezone.localdate()))
    if request.method == "POST":
        return act(request, chosen)
    if unread := asked.unread_month(request):
        messages.warning(
            request, f"Месяца «{unread}» нет: показан {chosen.title}. В адресе пишут год и номер месяца, как 2026-10."
        )
    rows = queries.contract_months(chosen)
    states = {row.state for row in rows}
    held = queries.held_accounts(chosen)
    jobs = queries.runs(kinds=KINDS, limit=8)
    return page(
        request,
        "office/month.html",
        title=f"Расчётный месяц: {chosen.title}",
        month=chosen,
        months=queries.months_known(),
        rows=rows,
        total_amount=sum((row.amount for row in rows), start=queries.ZERO),
        total_lines=sum(row.lines for row in rows),
        held=held,
        runs=jobs,
        alive=any(job.is_alive for job in jobs),
        is_open="open" in states or not rows,
        is_posted=bool(states & {"posted"}) and "open" not in states,
        is_issued=bool(states) and not states & {"open"},
        is_closed=states == {"closed"},
        may={name: request.user.has_perm(right) for name, (right, _) in ACTIONS.items()},
    )


def act(request: HttpRequest, chosen: Month) -> HttpResponse:
    step = asked_action(request, ACTIONS)
    try:
        messages.success(request, step(request, chosen))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('office:month')}?month={chosen}")


def draft(request: HttpRequest, chosen: Month) -> str:
    """Blocks are written down here; workers take them one by one."""
    billing.operations.refuse_not_begun(month=chosen, today=timezone.localdate())
    run_id = billing.operations.start_billing_run(chosen, by=staff(request))
    for _hand in range(billing.tasks.CREW):
        transaction.on_commit(partial(billing.tasks.bill_next_block.delay, run_id=run_id))
    return f"Расчёт за {chosen.title} поставлен в очередь, задание № {run_id}. Ход виден ниже."


def post(request: HttpRequest, chosen: Month) -> str:
    contract_id = request.POST.get("contract", "")
    only = asked.number(contract_id)
    if contract_id and only is None:  # a word that is no number must not mean «all of them»
        raise Http404("Такого договора нет.")
    today = timezone.localdate()
    return str(billing.operations.post_month(month=chosen, today=today, contract_id=only, by=staff(request)))


def issue(request: HttpRequest, chosen: Month) -> str:
    """A worker writes the documents: a region takes minutes."""
    transaction.on_commit(partial(epd.tasks.issue_month.delay, month=str(chosen)))
    return f"Выпуск документов за {chosen.title} поставлен в очередь. Ход виден ниже."


def close(request: HttpRequest, chosen: Month) -> str:
    return str(payments.operations.close_month(month=chosen, by=staff(request)))


def release(request: HttpRequest, chosen: Month) -> str:
    hold_id = request.POST.get("hold_id", "")
    if hold_id not in {str(row.hold_id) for row in queries.held_accounts(chosen)}:
        raise Http404("Такого удержания в этом месяце нет.")
    billing.operations.release_hold(hold_id=int(hold_id), by=staff(request))
    return "Удержание снято."


def hold(request: HttpRequest, asked: Month) -> str:
    """One click from the gate: the account of an anomaly is held, its words become the cause."""
    wanted = {name: request.POST.get(name, "") for name in ("kind", "account_id", "service_id")}
    for anomaly in billing.queries.anomalies(asked):
        if all(str(getattr(anomaly, name) or "") == value for name, value in wanted.items()):
            held = billing.operations.hold_anomaly(anomaly=anomaly, month=asked, by=staff(request))
            return f"Счёт {anomaly.account_number} удержан: {held.cause}"
    raise Refusal("Этого замечания уже нет: обновите страницу.")


ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, Month], str]]] = {
    "draft": (roles.DRAFT, draft),
    "post": (roles.POST_MONTH, post),
    "issue": (roles.ISSUE, issue),
    "close": (roles.CLOSE_BOOKS, close),
    "release": (roles.RELEASE, release),
    "hold": (roles.HOLD, hold),
}


@require_safe
@desk("billing.view_contractmonth")
def runs(request: HttpRequest) -> HttpResponse:
    """Progress of the last jobs; the page asks again while one of them is alive."""
    jobs = queries.runs(kinds=KINDS, limit=8)
    return fragment(request, "office/_runs.html", runs=jobs, alive=any(job.is_alive for job in jobs))


ODDITIES, MOST = 40, 500  # shown, and counted; the command `gate` prints them all


@require_safe
@desk("billing.view_contractmonth")
def oddities(request: HttpRequest) -> HttpResponse:
    """What looks wrong in the drafts, most money first: asked for after the page has come, since it reads the month."""
    current = billing.queries.current_month() or Month.of(timezone.localdate())
    month = asked.month(request, current)
    found = billing.queries.anomalies(month, limit=MOST)
    return fragment(
        request,
        "office/_oddities.html",
        month=month,
        rows=found[:ODDITIES],
        total=len(found),
        is_cut=len(found) == MOST,
        stake=sum((row.stake for row in found), start=queries.ZERO),
        may_hold=request.user.has_perm(roles.HOLD),
    )
