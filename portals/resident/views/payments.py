"""Payments and the path of each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import payments.online_queries
import payments.queries
from portals import access, queries
from portals.resident.views.shell import head


@never_cache
@login_required
@require_safe
def payments_page(request: HttpRequest, number: str) -> HttpResponse:
    """Payments, the latest first, each with its state."""
    row = access.get_account_for(request.user, number)
    can_pay = payments.online_queries.is_on()
    if row.closed_on and can_pay:  # only its debt is taken
        can_pay = queries.bill(row.pk, on=localdate()).total > 0
    context = {
        **head(row, "payments"),
        "payments": payments.queries.payments_of_account(account_id=row.pk, limit=100),
        "waiting": payments.online_queries.waiting_of(row.pk),
        "can_pay": can_pay,
    }
    return render(request, "resident/payments.html", context)


@never_cache
@login_required
@require_safe
def payment(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The path of one payment: when it was paid and received, and where each part went."""
    row = access.get_account_for(request.user, number)
    one = access.get_payment_for(request.user, number, pk)
    context = {**head(row, "payments"), "payment": one, "path": payments.queries.payment_path(one.pk)}
    template = "resident/_payment.html" if request.htmx else "resident/payment.html"  # type: ignore[attr-defined]
    return render(request, template, context)
