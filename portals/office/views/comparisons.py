"""Asked before posting: why does the month differ, and what if a price or a norm were another."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

import billing.queries
from accounts.calendar import Month
from billing.queries import DraftNorm, DraftTariff, Side
from portals import asked
from portals.office import papers, queries
from portals.office.pages import desk, page
from portals.office.views.corrections import houses_of

MOST_ACCOUNTS = 60_000  # on a page; a region is compared by the command, or house by house
TOO_MANY = (
    "В выбранном {accounts} счетов: страница сравнивает не больше {most}. Выберите дома или выполните команду "
    "«{command}», она считает весь регион."
)
WAYS = {"previous": "с прошлым месяцем", "year": "с тем же месяцем прошлого года", "now": "с расчётом на сейчас"}
HOUSES_SHOWN = 20


def too_many(houses: list[int], command: str) -> str:
    """Why the page does not answer; empty where it does."""
    count = queries.accounts_in(houses)
    return TOO_MANY.format(accounts=count, most=MOST_ACCOUNTS, command=command) if count > MOST_ACCOUNTS else ""


@require_safe
@desk("billing.view_contractmonth")
def differences(request: HttpRequest) -> HttpResponse:
    """Differences by cause between two months, or a month and what today's facts make of it: the causes add up."""
    known = queries.months_known()
    month = asked.month(request, known[0] if known else Month.of(timezone.localdate()))
    way = request.GET.get("way", "")
    way = way if way in WAYS else "previous"
    before = {"previous": Side(month.previous), "year": Side(month + -12), "now": Side(month)}[way]
    now = Side(month, fresh=way == "now")
    houses = houses_of(request)
    refusal = too_many(houses, f"diff_runs {before.month} {now.month}{'/now' if now.fresh else ''}")
    told = None if refusal else queries.differences_told(before, now, houses)
    return page(
        request,
        "office/differences.html",
        title=f"Сравнение: {before.title} и {now.title}",
        month=month,
        months=known,
        way=way,
        ways=WAYS,
        refusal=refusal,
        told=told,
        chosen=queries.houses_by_id(houses),
        shown=told.houses[:HOUSES_SHOWN] if told else [],
        hidden=max(len(told.houses) - HOUSES_SHOWN, 0) if told else 0,
    )


@require_safe
@desk("billing.view_contractmonth")
def what_if(request: HttpRequest) -> HttpResponse:
    """A price or a norm that is not in force: who would pay less, who more. Nothing is written."""
    is_asked = "service_id" in request.GET
    known = queries.months_known()
    first = str(known[0]) if known else ""
    form = papers.WhatIfForm(request.GET if is_asked else None, initial={"month": first}, known=known)
    houses = houses_of(request)
    outcome, refusal = None, ""
    if is_asked and form.is_valid():
        facts = form.cleaned_data
        month: Month = facts["month"]
        refusal = too_many(houses, f"what_if {month} --tariff {facts['service_id']}={facts['value']:f}")
        if not refusal:
            tariffs, norms = drafts_of(facts)
            outcome = billing.queries.what_if(
                month, tariffs=tariffs, norms=norms, house_ids=houses or None, extremes=20
            )
    if form.is_bound:
        form.mark_errors()
    return page(
        request,
        "office/what_if.html",
        title="Что если: другой тариф или норматив",
        status=400 if form.errors else 200,
        form=form,
        outcome=outcome,
        refusal=refusal,
        chosen=queries.houses_by_id(houses),
    )


def drafts_of(facts: dict[str, Any]) -> tuple[list[DraftTariff], list[DraftNorm]]:
    """What the form asks for, as the engine's drafts."""
    service_id, value = facts["service_id"], facts["value"]
    if facts["what"] == papers.NORM:
        return [], [DraftNorm(service_id, value, facts["basis"])]
    return [DraftTariff(service_id, value, facts["contract_id"], component=facts["component"])], []
