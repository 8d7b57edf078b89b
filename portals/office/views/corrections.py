"""Houses as a whole: documents of mass recalculation, breaks and bad quality; each shown before it is carried out."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import asked
from portals.office import papers, queries, roles
from portals.office.effects import HouseEffect, effect_on_house
from portals.office.pages import demand, desk, fragment, page, staff
from portals.templatetags.cabinet import amount

SHOWN = 50  # accounts of a preview; the totals are of all


def houses_of(request: HttpRequest) -> list[int]:
    found = [
        asked.number(text) for text in (request.POST if request.method == "POST" else request.GET).getlist("house_id")
    ]
    return list(dict.fromkeys(one for one in found if one is not None))


@require_safe
@desk("accounts.view_house")
def houses(request: HttpRequest) -> HttpResponse:
    """Houses to choose from, by words of the address."""
    text = asked.text(request)
    one = request.GET.get("one") == "1"
    return fragment(request, "office/_houses.html", rows=queries.houses_named(text), text=text, one=one)


@require_http_methods(["GET", "POST"])
@desk("billing.view_correction")
def mass(request: HttpRequest) -> HttpResponse:
    """Documents of recalculation: the list, a new one in two steps, and its undoing."""
    form = papers.MassForm()
    reversal = papers.ReversalForm(auto_id="reversal_%s")
    plan, wanted = None, ""
    if request.method == "POST":
        demand(request, roles.CORRECT)
        if request.POST.get("action") == "reverse":
            reversal, wanted = papers.ReversalForm(request.POST, auto_id="reversal_%s"), request.POST.get("row", "")
            if undo(request, reversal, wanted):
                return redirect("office:mass_corrections")
        else:
            form = papers.MassForm(request.POST)
            plan, is_done = carry_out(request, form)
            if is_done:
                return redirect("office:mass_corrections")
    for one in (form, reversal):
        if one.is_bound:
            one.mark_errors()
    numbers = queries.account_numbers([row[0] for row in plan.by_account()[:SHOWN]]) if plan else {}
    failed = (form.is_bound and not plan) or reversal.is_bound
    return page(
        request,
        "office/mass_corrections.html",
        title="Перерасчёты домов по документу",
        status=422 if failed else 200,
        form=form,
        reversal=reversal,
        wanted=wanted,
        plan=plan,
        rows=[(numbers[row[0]], *row) for row in plan.by_account()[:SHOWN]] if plan else [],
        hidden=max(plan.accounts - SHOWN, 0) if plan else 0,
        before=sum((row.before for row in plan.rows), start=queries.ZERO) if plan else None,
        chosen=queries.houses_by_id(houses_of(request)),
        documents=queries.mass_corrections(),
        may_correct=request.user.has_perm(roles.CORRECT),
    )


def carry_out(request: HttpRequest, form: papers.MassForm) -> tuple[billing.operations.MassPlan | None, bool]:
    """The plan to be agreed to, or (None, True) when the document is carried out."""
    if not form.is_valid():
        return None, False
    order = billing.operations.MassOrder(house_ids=tuple(houses_of(request)), **form.cleaned_data)
    try:
        if "agreed" not in request.POST:
            return billing.operations.plan_correction(order), False
        made = billing.operations.correct_houses(order, by=staff(request))
    except Refusal as refusal:
        form.refuse(refusal)
        return None, False
    messages.success(request, f"Документ № {made.number} проведён: счетов {made.accounts}, {amount(made.amount)} ₽.")
    return None, True


def undo(request: HttpRequest, form: papers.ReversalForm, wanted: str) -> bool:
    if wanted not in {str(row.id) for row in queries.mass_corrections()}:
        raise Http404("Такого документа нет.")
    if not form.is_valid():
        return False
    try:
        made = billing.operations.reverse_correction(document_id=int(wanted), by=staff(request), **form.cleaned_data)
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    messages.success(request, f"Сторно № {made.number} проведено: счетов {made.accounts}, {amount(made.amount)} ₽.")
    return True


@require_http_methods(["GET", "POST"])
@desk("billing.view_qualityevent")
def quality(request: HttpRequest) -> HttpResponse:
    """Breaks and bad quality by an act: what it takes off is shown, then it is recorded."""
    form = papers.QualityForm()
    effects = None
    if request.method == "POST":
        demand(request, roles.RECORD_QUALITY)
        form = papers.QualityForm(request.POST)
        effects, is_done = record(request, form)
        if is_done:
            return redirect("office:quality")
        form.mark_errors()
    return page(
        request,
        "office/quality.html",
        title="Перерывы и качество",
        status=422 if form.is_bound and effects is None else 200,
        form=form,
        effects=effects,
        chosen=queries.houses_by_id(houses_of(request)),
        events=queries.quality_events(),
        may_record=request.user.has_perm(roles.RECORD_QUALITY),
    )


def record(request: HttpRequest, form: papers.QualityForm) -> tuple[HouseEffect | None, bool]:
    """What the act takes off the house, or (None, True) when it is recorded."""
    chosen = houses_of(request)
    if not chosen:
        form.add_error(None, "Выберите дом.")
    if not form.is_valid():
        return None, False
    facts = dict(form.cleaned_data)
    flat = facts.pop("flat")
    try:
        facts["premises_id"] = queries.premises_numbered(chosen[0], flat) if flat else None

        def change() -> None:
            billing.operations.record_quality_event(house_id=chosen[0], by=staff(request), **facts)

        if "agreed" not in request.POST:
            return effect_on_house(change, house_id=chosen[0], since=Month.of(facts["started_at"].date())), False
        change()
    except Refusal as refusal:
        form.refuse(refusal)
        return None, False
    messages.success(request, "Акт записан: начисления дома пересчитываются.")
    return None, True
