"""Charges by month, and «почему столько» of a line."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.calendar import Month
from portals import access, asked, queries
from portals.resident.views.shell import head


@never_cache
@login_required
@require_safe
def charges(request: HttpRequest, number: str) -> HttpResponse:
    """Charges of a month, line by line; the running month is marked as a draft."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = asked.month(request, Month.of(today), last=Month.of(today))
    context = {
        **head(row, "charges"),
        "month": month,
        "months": queries.months_back(Month.of(today), opened_on=row.opened_on),
        "bill": queries.month_bill(row.pk, month),
        "is_running": month == Month.of(today),
    }
    return render(request, "resident/charges.html", context)


@never_cache
@login_required
@require_safe
def why(request: HttpRequest, number: str) -> HttpResponse:
    """«Почему столько»: the explanation of one line, beside last month's."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = asked.month(request, Month.of(today), last=Month.of(today))
    reason = queries.reason(row.pk, month, key=request.GET.get("line", ""), today=today)
    template = "resident/_why.html" if request.htmx else "resident/why.html"  # type: ignore[attr-defined]
    return render(request, template, {**head(row, "charges"), "month": month, "reason": reason})
