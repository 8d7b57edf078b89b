"""Charges by month, and «почему столько» of a line."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import files
from accounts.calendar import Month
from portals import access, asked, charts, history_queries, queries, workbooks
from portals.resident.views.shell import head

HEADERS = {
    "Начисления": [
        "Месяц", "Поставщик", "Услуга", "Объём", "Ед.", "Тариф, ₽", "Как посчитано", "За месяц", "Сумма, ₽",
        "Состояние",
    ],
    "Платежи": ["Дата платежа", "Получен", "Где принят", "Сумма, ₽", "Состояние"],
    "Показания": ["День", "За месяц", "Счётчик", "Номер", "Зона", "Показание", "Ед.", "Откуда", "Замечание"],
}  # fmt: skip


@never_cache
@login_required
@require_safe
def charges(request: HttpRequest, number: str) -> HttpResponse:
    """Charges of a month, line by line; the running month is marked as a draft."""
    row = access.get_account_for(request.user, number)
    now = Month.of(localdate())
    month = asked.known_month(request, now, last=now)
    context = {
        **head(row, "charges"),
        "month": month,
        "months": queries.months_back(now, opened_on=row.opened_on),
        "bill": queries.month_bill(row.pk, month),
        "is_running": month == now,
    }
    return render(request, "resident/charges.html", context)


@never_cache
@login_required
@require_safe
def history(request: HttpRequest, number: str) -> HttpResponse:
    """Three years on one page: spending, and the usage of a service, each beside the same month a year before."""
    row = access.get_account_for(request.user, number)
    found = history_queries.history(row, last=Month.of(localdate()))
    chosen = asked.one_of(request, "service", [str(one.service_id) for one in found.used])
    usage = next((one for one in found.used if not chosen or str(one.service_id) == chosen), None)
    context = {
        **head(row, "charges"),
        "spent": found.spent[::-1],
        "spent_chart": charts.bars(found.spent),
        "used": found.used,
        "usage": usage,
        "usage_points": usage.points[::-1] if usage else [],
        "usage_chart": charts.bars(usage.points, norm=usage.norm) if usage else None,
    }
    return render(request, "resident/history.html", context)


@never_cache
@login_required
@require_safe
def history_xlsx(request: HttpRequest, number: str) -> HttpResponse:
    """Charges, payments and readings as a workbook: three sheets, typed numbers, frozen headings."""
    row = access.get_account_for(request.user, number)
    sheets = {
        "Начисления": history_queries.charge_rows(row, last=Month.of(localdate())),
        "Платежи": history_queries.payment_rows(row),
        "Показания": history_queries.reading_rows(row),
    }
    response = HttpResponse(files.xlsx(sheets, headers=HEADERS), content_type=workbooks.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{number}.xlsx"'
    return response


@never_cache
@login_required
@require_safe
def why(request: HttpRequest, number: str) -> HttpResponse:
    """«Почему столько»: the explanation of one line beside last month's; of no line, why the whole month differs."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = asked.known_month(request, Month.of(today), last=Month.of(today))
    if not request.GET.get("line"):
        told = {**head(row, "charges"), "month": month, "told": queries.month_reason(row.pk, month)}
        name = "resident/_difference.html" if request.htmx else "resident/difference.html"  # type: ignore[attr-defined]
        return render(request, name, told)
    reason = queries.reason(row.pk, month, key=request.GET.get("line", ""), today=today)
    template = "resident/_why.html" if request.htmx else "resident/why.html"  # type: ignore[attr-defined]
    return render(request, template, {**head(row, "charges"), "month": month, "reason": reason})
