"""Payment documents and how they come."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

import accounts.operations
import epd.operations
import epd.queries
import epd.render
from accounts.errors import Refusal
from portals import access, limits
from portals.resident.forms import DeliveryForm
from portals.resident.views.shell import head

LETTERS = 10  # of one account in WAIT_SECONDS
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
