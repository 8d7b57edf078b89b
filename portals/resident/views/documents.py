"""Payment documents and how they come."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import accounts.operations
import epd.operations
import epd.queries
import epd.render
from accounts.errors import Refusal
from portals import access, limits, operations, tasks
from portals.resident.forms import DeliveryForm, ForwardForm
from portals.resident.views.shell import head, resident

LETTERS = 10  # of one account in WAIT_SECONDS
FORWARDED_A_DAY = 20  # by one user
WAIT_SECONDS = 15 * 60


@never_cache
@login_required
@require_safe
def documents(request: HttpRequest, number: str) -> HttpResponse:
    """Payment documents, the latest first."""
    row = access.get_account_for(request.user, number)
    return render(
        request,
        "resident/documents.html",
        {**documents_context(row), "form": DeliveryForm(initial={"way": row.delivery, "email": row.email})},
    )


def documents_context(row: Any) -> dict[str, Any]:
    """Documents of the account, and an address that waits for its letter to be answered."""
    return {
        **head(row, "documents"),
        "documents": epd.queries.documents_of_account(row.pk),
        "asked": epd.queries.asked_subscription(row.pk),
    }


@never_cache
@login_required
@require_POST
def delivery(request: HttpRequest, number: str) -> HttpResponse:
    """How documents are to come: an address is taken only after its letter is answered."""
    row = access.get_account_for(request.user, number)
    form = DeliveryForm(request.POST)
    by: Any = request.user  # login_required has let in nobody unknown
    if form.is_valid():
        way, email = form.cleaned_data["way"], form.cleaned_data["email"]
        try:
            limits.count(
                "delivery", str(row.pk), limit=LETTERS, seconds=WAIT_SECONDS,
                text="Слишком много писем за четверть часа. Подождите и повторите.",
            )  # fmt: skip
            if form.by_email and email != row.email:
                epd.operations.subscribe(account_id=row.pk, email=email, keeps_paper=form.keeps_paper, by=by)
                messages.success(request, f"Письмо отправлено на {email}. Откройте его и подтвердите адрес.")
            elif form.by_email:
                accounts.operations.change_delivery(account_id=row.pk, delivery=way, by=by, ground="кабинет")
                messages.success(request, "Способ доставки изменён.")
            else:
                epd.operations.end_subscription(account_id=row.pk, delivery=way, by=by, reason="кабинет")
                messages.success(request, "Способ доставки изменён.")
            return redirect("resident:documents", number=number)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(request, "resident/documents.html", {**documents_context(row), "form": form})


@never_cache
@login_required
@require_safe
def document_pdf(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A document as PDF, made on request from what was frozen when it was issued."""
    document = access.get_document_for(request.user, number, pk)
    response = HttpResponse(epd.render.pdf(document), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}-{document.month:%Y-%m}.pdf"'
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Send a document to an address by e-mail: one's own stands in the field already."""
    row = access.get_account_for(request.user, number)
    document = access.get_document_for(request.user, number, pk)
    form = ForwardForm(request.POST or None, initial={"email": resident(request).email or ""})
    status = 200
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        try:
            limits.count(
                "forward", f"user {request.user.pk}", limit=FORWARDED_A_DAY, seconds=24 * 3600,
                text=f"Сегодня отправлено уже {FORWARDED_A_DAY} писем. Продолжите завтра или скачайте квитанцию.",
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = 429
        else:
            operations.ask_to_forward(account_id=row.pk, document_id=pk, address=address, by=resident(request))
            tasks.forward_document.delay(document_id=pk, address=address)
            messages.success(request, f"Квитанция отправлена на {address}.")
            return redirect("resident:documents", number=number)
    context = {**head(row, "documents"), "document": document, "form": form}
    return render(request, "resident/forward.html", context, status=status)
