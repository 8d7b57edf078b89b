"""Disagreements of principals: the queue by deadline, and the answer with its correcting document."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from portals import asked
from portals.models import DisputeState
from portals.office import queries, roles
from portals.office.pages import demand, desk, page, staff
from portals.operations import disputes

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@desk(roles.SEE_DISPUTES)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, the nearest deadline first; what was answered, the latest first."""
    refused, trouble = None, ""
    if request.method == "POST":
        demand(request, roles.ANSWER_DISPUTES)
        pk = asked.number(request.POST.get("row", "")) or 0
        try:
            done = disputes.answer_dispute(
                dispute_id=pk, is_upheld=request.POST.get("verdict") == "uphold", by=staff(request), at=timezone.now(),
                answer=request.POST.get("answer", ""), document=request.POST.get("document", ""),
            )  # fmt: skip
            messages.success(request, f"Ответ на {done.number} записан: {done.get_state_display()}.")
            return redirect("office:disputes")
        except Refusal as refusal:  # what was typed stays
            refused, trouble = pk, str(refusal)
    which = request.GET.get("which", "")
    leaf = Paginator(queries.disputes(is_open=which != "done"), SHOWN).get_page(asked.page(request))
    return page(
        request, "office/disputes.html", title="Разногласия поставщиков", rows=list(leaf), leaf=leaf, which=which,
        today=timezone.localdate(), refused=refused, trouble=trouble, status=422 if refused is not None else 200,
        typed={name: request.POST.get(name, "") for name in ("answer", "document")}, states=DisputeState,
        may_answer=request.user.has_perm(roles.ANSWER_DISPUTES),
    )  # fmt: skip
