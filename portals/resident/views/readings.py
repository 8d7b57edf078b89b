"""Readings in, and their history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

import accounts.operations
import accounts.queries
import billing.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import User
from portals import access, queries
from portals.resident.forms import MeterForm
from portals.resident.views.shell import head, resident

READINGS_SHOWN = 24
VERIFY_SOON = timedelta(days=60)


def readings_context(
    row: Any, forms: list[MeterForm] | None, *, prices: dict[tuple[int, int], Decimal] | None = None
) -> dict[str, Any]:
    """The form of readings: meters, window, and what was typed, if anything was. prices: if they are known already."""
    today = localdate()
    if forms is None:
        window, meters = accounts.queries.readings_sheet(row.pk, today)
        forms = [MeterForm(meter) for meter in meters]
    else:
        window = accounts.queries.reading_window(row.pk, today)
    if prices is None:
        prices = queries.unit_prices(row.pk, Month.of(today)) if forms else {}
    for form in forms:
        form.tell_prices(prices)
    return {
        "forms": forms,
        "window": window,
        "today": today,
        "verify_soon": today + VERIFY_SOON,
        "is_closed": row.closed_on is not None,
    }


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def readings(request: HttpRequest, number: str) -> HttpResponse:
    """Readings in: every meter stands or falls by itself; what was typed stays until it is accepted."""
    row = access.get_account_for(request.user, number)
    if request.method != "POST":
        context = {
            **head(row, "readings"),
            **readings_context(row, forms=None),
            **history_context(request, row),
        }
        return render(request, "resident/readings.html", context)

    today = localdate()
    taken = take_in(row, request.POST, by=resident(request), today=today)
    receipts = taken.receipts
    context = {
        **head(row, "readings"),
        **readings_context(row, forms=taken.forms),
        "receipts": receipts,
        "nothing_typed": taken.nothing_typed,
    }
    if request.htmx:  # type: ignore[attr-defined]
        context["running"] = queries.month_bill(row.pk, Month.of(today)) if receipts else None
        return render(request, "resident/_readings_answer.html", context)
    context |= history_context(request, row)
    return render(request, "resident/readings.html", context)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a sheet of readings: the forms to show again, and the receipts of those that were accepted."""

    forms: list[MeterForm]
    receipts: list[queries.Receipt]
    nothing_typed: bool


def take_in(row: Any, typed: QueryDict, *, by: User | str, today: date) -> Taken:
    """Every meter stands or falls by itself: what was accepted is receipts, the rest stays in its form."""
    forms: list[MeterForm] = []
    receipts: list[queries.Receipt] = []
    is_any = False
    for meter in accounts.queries.last_readings(row.pk):
        form = MeterForm(meter, typed)
        if form.is_blank:
            forms.append(MeterForm(meter))
            continue
        is_any = True
        if form.is_valid():
            try:
                taken = accounts.operations.submit_reading(
                    account_id=row.pk,
                    meter_id=meter.id,
                    values=form.values,
                    on=today,
                    by=by,
                    today=today,
                    confirmed=form.cleaned_data["confirmed"],
                )
            except accounts.operations.ReadingDoubtful as doubt:
                form.doubt = str(doubt)
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                receipts.append(queries.receipt_of(meter, taken))
                form = MeterForm(meter)
        forms.append(form)
    if receipts:
        billing.operations.redraft_account(account_id=row.pk)
        fresh = {meter.id: meter for meter in accounts.queries.last_readings(row.pk)}
        for form in forms:
            form.meter = fresh.get(form.meter.id, form.meter)
    return Taken(forms, receipts, nothing_typed=not is_any)


def history_context(request: HttpRequest, row: Any) -> dict[str, Any]:
    """The last readings, and whether there are older ones: a phone is spared them until it asks."""
    history = queries.readings_history(row.pk)
    shown = history if "all" in request.GET else history[:READINGS_SHOWN]
    return {"history": shown, "has_older": len(history) > len(shown)}
