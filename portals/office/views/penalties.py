"""Расчёт пени of an account: on a page, and as the paper that goes to a court."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

import debt.operations
import debt.queries
from accounts.calendar import ONE_DAY
from accounts.errors import Refusal
from accounts.files import PDF
from portals import asked
from portals.office.pages import desk, page
from portals.office.views.card import get_account


@require_safe
@desk("accounts.view_personalaccount")
def sheet(request: HttpRequest, account_id: int) -> HttpResponse:
    """?on= the day up to which penalties are counted, yesterday by default; ?file=pdf the same as a paper."""
    account = get_account(account_id)
    today = timezone.localdate()
    on = asked.day(request, "on", today - ONE_DAY, last=today)
    told, refusal = None, ""
    try:
        if request.GET.get("file") == "pdf":
            response = HttpResponse(debt.operations.print_sheet(account_id=account.pk, on=on), content_type=PDF)
            response["Content-Disposition"] = f'inline; filename="peni-{account.number}-{on}.pdf"'
            return response
        told = debt.queries.printed_sheet(debt.queries.penalty_sheet(account_id=account.pk, on=on))
    except Refusal as fault:  # a rate that nobody entered
        refusal = str(fault)
    return page(
        request,
        "office/penalties.html",
        title=f"Расчёт пени, счёт {account.number}",
        status=422 if refusal else 200,
        account=account,
        sheet=told,
        refusal=refusal,
        on=on,
        today=today,
        unread=asked.unread_day(request, "on"),
    )
