"""Notices of the resident, and which of them go by e-mail."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portals import asked, notice_queries, operations
from portals.models import OF_ACCOUNT, NoticeKind
from portals.resident.views.shell import resident

PLACES = {
    NoticeKind.DOCUMENT: "documents", NoticeKind.PAYMENT: "payments", NoticeKind.ANSWER: "appeals",
    NoticeKind.VERIFICATION: "readings", NoticeKind.OUTAGE: "account", NoticeKind.ACCESS: "sharing",
}  # fmt: skip


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices_page(request: HttpRequest) -> HttpResponse:
    """What is new; all of it is marked as read by a button, which also works without a script."""
    user = resident(request)
    if request.method == "POST":
        operations.mark_read(user_id=user.pk, at=timezone.now())
        return redirect("resident:notices")
    leaf = notice_queries.leaf_of(asked.leaf(request, notice_queries.pages_of(user.pk)))
    refused = notice_queries.refused_letters(user.pk)
    context = {
        "tab": "notices",
        "leaf": leaf,
        "rows": [(row, f"resident:{PLACES[NoticeKind(row.kind)]}") for row in leaf.rows],
        "kinds": [(kind.value, kind.label, kind.value not in refused) for kind in OF_ACCOUNT],
        "email": user.email,
    }
    return render(request, "resident/notices.html", context)


@login_required
@require_POST
def letters(request: HttpRequest) -> HttpResponse:
    """Which kinds of notices go by e-mail."""
    chosen = [asked.number(text) for text in request.POST.getlist("kind")]
    operations.choose_letters(user=resident(request), kinds=[one for one in chosen if one is not None])
    messages.success(request, "Сохранено.")
    return redirect("resident:notices")
