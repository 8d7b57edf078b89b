"""The workbook of houses, accounts and meters: verdicts first, then the same file is taken in; undone as a whole."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.operations
import billing.operations
from accounts.errors import Refusal
from portals import asked
from portals.office import drafts, forms, queries, roles, samples
from portals.office.pages import desk, page, staff

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200  # rows of verdicts on the page; all bad ones are in the file


@require_http_methods(["GET", "POST"])
@desk(roles.IMPORT_BOOK)
def workbook(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    form = forms.WorkbookForm(initial={"since": today.replace(day=1)})
    report: Any = None
    token, status = "", 200
    if request.method == "POST" and "undo" in request.POST:
        undo(request)
        return redirect("office:workbook")
    if request.method == "POST" and "token" in request.POST:
        kept = drafts.take(request.session, request.POST["token"])
        if kept is None:
            messages.error(request, "Файл уже принят или ждал слишком долго. Загрузите его снова.")
            return redirect("office:workbook")
        try:
            report = accounts.operations.import_workbook(
                name=kept.name, content=kept.content, by=staff(request), today=today, since=kept.day("since")
            )
            messages.success(request, f"Файл «{kept.name}» принят: строк {report.good}, отклонено {report.bad}.")
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("office:workbook")
    elif request.method == "POST":
        form = forms.WorkbookForm(request.POST, request.FILES)
        status = 422
        if form.is_valid():
            facts = form.cleaned_data
            kept = drafts.Kept(facts["file"].name, facts["file"].read(), {"since": facts["since"].isoformat()})
            try:
                report = accounts.operations.import_workbook(
                    name=kept.name, content=kept.content, by=staff(request), today=today, since=kept.day("since"),
                    dry_run=True,
                )  # fmt: skip
                token, status = drafts.keep(request.session, kept), 200
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else "file", str(refusal))
    form.mark_errors()
    verdicts = sorted(report.verdicts, key=lambda row: row.is_good) if report else []
    return page(
        request,
        "office/workbook.html",
        title="Загрузить книгу ГИС ЖКХ",
        status=status,
        form=form,
        sample_url=reverse("office:workbook_sample"),
        report=report,
        verdicts=verdicts[:SHOWN],
        more=max(0, len(verdicts) - SHOWN),
        counts=[(name, report.counts.get(key, 0)) for key, name in COUNT_NAMES.items()] if report else [],
        token=token,
        bad_rows=keep_bad_rows(request, report),
        files=queries.imported_files(),
    )


COUNT_NAMES = {
    "House": "Домов", "Premises": "Помещений", "PersonalAccount": "Счетов", "Person": "Граждан",
    "Organisation": "Организаций", "Ownership": "Прав собственности", "Residency": "Записей о жильцах",
    "Meter": "Приборов", "Reading": "Показаний",
}  # fmt: skip


def keep_bad_rows(request: HttpRequest, report: Any) -> str:
    if report is None or not report.bad_rows:
        return ""
    return drafts.keep(request.session, drafts.Kept("bad-rows.xlsx", report.bad_rows), slot="bad_rows")


@require_safe
@desk(roles.IMPORT_BOOK)
def workbook_sample(request: HttpRequest) -> HttpResponse:
    """A small book to try the import with; each time another house."""
    response = HttpResponse(samples.workbook(uuid.uuid4()), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="obrazec-gis.xlsx"'
    return response


@require_safe
@desk(roles.IMPORT_BOOK)
def bad_rows(request: HttpRequest, token: str) -> HttpResponse:
    """Rows that were not taken, with the reason in the last column."""
    kept = drafts.look(request.session, token, slot="bad_rows")
    if kept is None:
        messages.error(request, "Файл ждал слишком долго. Загрузите книгу снова: отклонённые строки повторятся.")
        return redirect("office:workbook")
    response = HttpResponse(kept.content, content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="bad-rows.xlsx"'
    return response


def undo(request: HttpRequest) -> None:
    number = request.POST["undo"]
    if asked.number(number) is None:
        messages.error(request, "Загрузка не найдена. Обновите страницу.")
        return
    try:
        billing.operations.undo_import(file_id=int(number), by=staff(request))
        messages.success(request, f"Загрузка № {number} отменена целиком.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
