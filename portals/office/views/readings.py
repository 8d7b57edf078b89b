"""Readings that wait for a decision: possible, but unlikely."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

import accounts.operations
from accounts.errors import Refusal
from portals.office import queries, roles
from portals.office.pages import desk, page, staff


@require_http_methods(["GET", "POST"])
@desk(roles.JUDGE_READING)
def queue(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        judge(request)
        return redirect("office:readings")
    return page(request, "office/readings.html", title="Показания на проверке", rows=queries.doubtful_readings())


def judge(request: HttpRequest) -> None:
    key, ground = request.POST.get("key", ""), request.POST.get("ground", "")
    try:
        meter, day, source = key.split("|")
        facts: dict[str, Any] = {"meter_id": int(meter), "day": date.fromisoformat(day), "source": int(source)}
    except ValueError:
        messages.error(request, "Показание не найдено. Обновите страницу.")
        return
    try:
        if request.POST.get("verdict") == "reject":
            accounts.operations.reject_reading(**facts, by=staff(request), ground=ground)
            messages.success(request, "Показание отклонено: причина видна жителю.")
        else:
            accounts.operations.confirm_reading(**facts, by=staff(request), ground=ground)
            messages.success(request, "Показание принято.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
