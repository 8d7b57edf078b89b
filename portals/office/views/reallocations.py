"""Parts of many payments laid anew: chosen, shown by principal, posted as a journal, undone by another one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

import payments.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from payments import reallocation_queries
from payments.operations import ReallocationPlan
from portals.office import forms, queries, roles
from portals.office.pages import desk, page, staff
from portals.templatetags.cabinet import amount


@require_http_methods(["GET", "POST"])
@desk(roles.REVERSE_PAYMENT)
def mass(request: HttpRequest) -> HttpResponse:
    """Journals of re-allocation: a new one in two steps, and the undoing of one."""
    today = timezone.localdate()
    rows = reallocation_queries.journals()
    channels = [("", "любой"), *queries.statement_channels(), *DESK_CHANNELS]
    form = forms.ReallocationForm(channels=channels, initial={"since": today.replace(day=1), "until": today})
    undo, wanted, plan = forms.ReasonForm(auto_id="undo_%s"), "", None
    if request.method == "POST" and request.POST.get("action") == "undo":
        undo, wanted = forms.ReasonForm(request.POST, auto_id="undo_%s"), request.POST.get("row", "")
        if wanted not in {str(row.journal_id) for row in rows}:
            raise Http404("Такого журнала нет.")
        if undone(request, undo, int(wanted)):
            return redirect("office:reallocations")
    elif request.method == "POST":
        form = forms.ReallocationForm(request.POST, channels=channels)
        plan, is_done = carry_out(request, form)
        if is_done:
            return redirect("office:reallocations")
    for one in (form, undo):
        if one.is_bound:
            one.mark_errors()
    return page(
        request, "office/reallocations.html", title="Переразнесение платежей",
        status=422 if (form.is_bound and plan is None) or undo.is_bound else 200,
        form=form, undo=undo, wanted=wanted, plan=plan, journals=rows,
    )  # fmt: skip


DESK_CHANNELS = [("cash", "Касса, наличные"), ("card", "Касса, карта"), ("online", "На сайте")]


def carry_out(request: HttpRequest, form: forms.ReallocationForm) -> tuple[ReallocationPlan | None, bool]:
    """What would move, by principal; or (None, True) when the journal is posted."""
    if not form.is_valid():
        return None, False
    told = form.cleaned_data
    scope = reallocation_queries.Scope(
        since=told["since"], until=told["until"], channel=told["channel"], register_id=told["register"],
        number=told["number"].strip(),
    )  # fmt: skip
    try:
        found = reallocation_queries.payments_in(scope)
        if not found:
            raise Refusal("В выбранном нет разнесённых платежей. Измените дни, канал, реестр или счёт.")
        if len(found) > reallocation_queries.MOST:
            raise Refusal(
                f"Платежей больше {reallocation_queries.MOST}: один журнал столько не берёт. Сузьте дни или канал."
            )
        facts: dict[str, Any] = {
            "payment_ids": found, "day": timezone.localdate(), "by": staff(request), "by_rule": told["rule"],
            "for_month": Month.parse(told["month"]) if told["month"] else None,
        }  # fmt: skip
        if "agreed" not in request.POST:
            return payments.operations.plan_reallocation(**facts), False
        made = payments.operations.reallocate(**facts, reason=told["reason"])
    except Refusal as refusal:
        form.refuse(refusal)
        return None, False
    messages.success(request, f"Журнал № {made.pk} проведён: платежей {made.payments.count()}.")
    return None, True


def undone(request: HttpRequest, form: forms.ReasonForm, journal_id: int) -> bool:
    if not form.is_valid():
        return False
    try:
        made = payments.operations.undo_reallocation(
            reallocation_id=journal_id, day=timezone.localdate(), reason=form.cleaned_data["ground"], by=staff(request)
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    moved = sum((row.moved for row in reallocation_queries.journals(limit=1)), start=queries.ZERO)
    messages.success(request, f"Журнал № {journal_id} отменён журналом № {made.pk}: {amount(moved)} ₽ вернулись.")
    return True
