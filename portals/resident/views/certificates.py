"""Certificates: asked for by one press, printed on request, confirmed to whoever holds one."""

from __future__ import annotations

from decimal import Decimal

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import files
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import access, asked, certificate_queries, limits, operations, queries
from portals.models import Certificate
from portals.resident.views.shell import head, resident

A_DAY, DAY_SECONDS = 30, 24 * 3600
MANY = "Сегодня справок уже достаточно. Выданные лежат ниже, новые можно получить завтра."


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def certificates(request: HttpRequest, number: str) -> HttpResponse:
    """Three certificates to choose from, and those given out before."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    now = Month.of(today)
    if request.method == "POST":
        try:
            limits.count("certificate", str(row.pk), limit=A_DAY, seconds=DAY_SECONDS, text=MANY)
            made = operations.issue_certificate(
                account=row,
                kind=request.POST.get("kind", ""),
                by=resident(request),
                on=today,
                first=asked.month(request, now + -11, last=now, name="first"),
                last=asked.month(request, now, last=now, name="last"),
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("resident:certificates", number)
        return redirect("resident:certificate", number, made.pk)
    months = queries.months_back(now, opened_on=row.opened_on)
    context = {
        **head(row, "documents"),
        "certificates": certificate_queries.certificates_of(row.pk),
        "months": months,
        "first": max(now + -11, months[-1]),
        "last": now,
    }
    return render(request, "resident/certificates.html", context)


@never_cache
@login_required
@require_safe
def certificate_pdf(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The certificate as PDF, made from what was frozen."""
    made = access.get_certificate_for(request.user, number, pk)
    response = HttpResponse(pdf_of(made), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="spravka-{made.number}.pdf"'
    return response


def pdf_of(made: Certificate) -> bytes:
    """The paper with the code that leads to its confirmation."""
    link = settings.PUBLIC_URL + reverse("certificate-check", args=[made.key])
    rows = [
        [localday(one[0]) if made.kind == "payments" else one[0], *one[1:-1], Decimal(one[-1])]
        for one in made.payload.get("rows", [])
    ]
    services = [[name, Decimal(amount)] for name, amount in made.payload.get("services", [])]
    context = {
        "made": made,
        "rows": rows,
        "services": services,
        "link": link,
        "qr": segno.make(link, error="m", micro=False).svg_data_uri(border=1),
    }
    return files.pdf("papers/certificate.html", context)


def localday(text: str) -> str:
    """«2026-11-20» → «20.11.2026»"""
    year, month, day = text.split("-")
    return f"{day}.{month}.{year}"


@never_cache
@require_safe
def certificate_check(request: HttpRequest, key: str) -> HttpResponse:
    """Is the certificate in the hand ours? Open to whoever holds it; tells nothing about the person."""
    found = certificate_queries.checked_certificate(key)
    context = {"found": found}
    response = render(request, "public/certificate_check.html", context, status=200 if found else 404)
    response["X-Robots-Tag"] = "noindex"
    return response
