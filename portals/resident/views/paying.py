"""Paying on line and the autopayment."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import payments.online_queries
import payments.operations
from accounts.errors import Refusal
from portals import access, asked, limits, queries
from portals.resident.forms import AutopaymentForm, PayForm
from portals.resident.views.shell import head

WAIT_SECONDS = 15 * 60
PAYMENTS_BEGUN = 20  # by one payer in WAIT_SECONDS
PAY_LATER = "Слишком много начатых платежей подряд. Подождите 15 минут и попробуйте снова."
ASKED_AGAIN = timedelta(seconds=3)  # how often a page may make us ask the provider


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Pay any sum by card or by the QR of СБП: the second of the three clicks."""
    row = access.get_account_for(request.user, number)
    bill = queries.bill(row.pk, on=localdate())
    form = PayForm(request.POST or None, initial={"amount": asked_sum(request, bill), "key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        begun = begin(request, row, form, limit=None)
        if begun is not None:
            return begun
    context = {**head(row, "account"), "bill": bill, "form": form, "is_on": payments.online_queries.is_on()}
    return render(request, "resident/pay.html", context, status=422 if form.errors else 200)


def asked_sum(request: HttpRequest, bill: queries.Bill) -> str:
    """What stands in the field: the chosen part of the bill, else all of it."""
    amount = bill.current if asked.one_of(request, "part", ["current", "all"]) == "current" else bill.total
    return f"{amount:.2f}".replace(".", ",") if amount > 0 else ""


def begin(request: HttpRequest, row: Any, form: PayForm, *, limit: Decimal | None) -> HttpResponse | None:
    """One operation: begin the payment and go on to it; a refusal stays in the form."""
    try:
        limits.count("pay", f"user {request.user.pk}", limit=PAYMENTS_BEGUN, seconds=WAIT_SECONDS, text=PAY_LATER)
        back = reverse("resident:paid-back", args=[row.number, form.cleaned_data["key"]])
        begun = payments.operations.begin_payment(
            key=form.cleaned_data["key"],
            account_id=row.pk,
            user=request.user,  # type: ignore[arg-type]
            amount=form.cleaned_data["amount"],
            method=form.cleaned_data["method"],
            return_url=request.build_absolute_uri(back),
            at=timezone.now(),
            autopay_limit=limit,
        )
    except Refusal as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None
    return redirect("resident:paying", row.number, begun.key)


@never_cache
@login_required
@require_safe
def paying(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """A payment on its way: to the bank's page, the QR, or what became of it. The page asks again by itself."""
    row = access.get_account_for(request.user, number)
    begun = access.get_online_payment_for(request.user, number, key)
    if request.htmx or begun.state == "in_transit":  # type: ignore[attr-defined]
        begun = payments.operations.look_again(online_id=begun.pk, at=timezone.now(), not_sooner=ASKED_AGAIN)
    told = payments.online_queries.online_row(begun)
    qr = segno.make(told.confirmation, error="m", micro=False) if told.is_qr and told.state == "waiting" else None
    context = {
        **head(row, "account"),
        "told": told,
        "qr": mark_safe(qr.svg_inline(border=2, svgclass="qr", lineclass=None, omitsize=True)) if qr else "",
    }
    template = "resident/_paying.html" if request.htmx else "resident/paying.html"  # type: ignore[attr-defined]
    response = render(request, template, context)
    if told.state == "waiting" and not told.is_qr and not request.htmx:  # type: ignore[attr-defined]
        response["Refresh"] = f"0; url={told.confirmation}"  # our policy lets no form end on another site
    return response


@never_cache
@login_required
@require_safe
def paid_back(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """The payer comes back from the bank's page: his payment is «в пути» at once, and the provider is asked."""
    begun = access.get_online_payment_for(request.user, number, key)
    payments.operations.payer_returned(online_id=begun.pk, at=timezone.now())
    return redirect("resident:paying", number, key)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def autopay(request: HttpRequest, number: str) -> HttpResponse:
    """Autopayment of an account: consent and its limit, or what is on and how to switch it off."""
    row = access.get_account_for(request.user, number)
    bill = queries.bill(row.pk, on=localdate())
    initial = {"amount": asked_sum(request, bill) or "1,00", "key": uuid.uuid4()}
    form = AutopaymentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        begun = begin(request, row, form, limit=form.cleaned_data["limit"])
        if begun is not None:
            return begun
    context = {
        **head(row, "account"),
        "form": form,
        "standing": payments.online_queries.autopayment_of(row.pk),
        "is_on": payments.online_queries.is_on(),
    }
    return render(request, "resident/autopay.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def autopay_off(request: HttpRequest, number: str) -> HttpResponse:
    """Off in one click, by whoever pays for the account."""
    row = access.get_account_for(request.user, number)
    standing = payments.online_queries.autopayment_of(row.pk)
    if standing is not None:
        payments.operations.stop_autopayment(
            autopayment_id=standing.autopayment_id,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        messages.success(request, "Автоплатёж выключен. Больше ничего не спишется.")
    return redirect("resident:autopay", row.number)
