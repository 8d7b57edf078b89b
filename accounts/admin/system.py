"""Jobs and their blocks, the journal, what waits for redrafting, imported files; beat's own schedule."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from accounts import labels, operations
from accounts.admin.base import EMPTY, EndlessInk, Ink, InkRows, author, month_column
from accounts.models import ImportedFile, JournalEntry, Run, RunBlock, RunState, Touch


class RunBlockRows(InkRows):
    model = RunBlock
    fields = ("number", "state", "attempts", "message", "taken_at", "finished_at")
    ordering = ("number",)
    show_change_link = False


class KindFilter(admin.SimpleListFilter):
    title = "вид"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(labels.RUN_KINDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Run)
class RunAdmin(EndlessInk):
    list_display = ("__str__", month_column(), "progress", "state", "started_by", "created_at", "duration", "message")
    list_filter = (("state", ChoicesDropdownFilter), KindFilter, ("created_at", RangeDateTimeFilter))
    list_select_related = ("started_by",)
    search_fields = ("kind", "message__icontains")
    ordering = ("-created_at",)
    inlines = (RunBlockRows,)
    actions = ("cancel",)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_run")

    @admin.action(description="Отменить задания", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        for run in queryset.order_by("pk"):
            if operations.cancel_run(run.pk, by=author(request)):
                self.message_user(request, f"Задание № {run.pk} отменено: сделанное остаётся.", messages.SUCCESS)
            else:
                self.message_user(request, f"Задание № {run.pk} уже окончено.", messages.WARNING)

    @admin.display(description="готово")
    def progress(self, run: Run) -> str:
        percent = 100 if run.state == RunState.DONE else 100 * run.done // run.total if run.total else 0
        return format_html(
            '<progress class="of-progress" max="100" value="{}"></progress> <span>{} %</span>', percent, percent
        )

    @admin.display(description="длилось")
    def duration(self, run: Run) -> str:
        if not run.started_at or not run.finished_at:
            return EMPTY
        seconds = int((run.finished_at - run.started_at).total_seconds())
        return f"{seconds // 60} мин {seconds % 60} с" if seconds >= 60 else f"{seconds} с"


@admin.register(JournalEntry)
class JournalEntryAdmin(EndlessInk):
    list_display = ("at", "title", "who", "account", "ground", "details")
    list_filter = (("at", RangeDateTimeFilter),)
    list_select_related = ("user", "account")
    search_fields = ("event__startswith", "account__number", "user__email", "by")
    search_help_text = "Событие, номер лицевого счёта, кто"
    ordering = ("-at",)

    @admin.display(description="событие", ordering="event")
    def title(self, entry: JournalEntry) -> str:
        return labels.event_title(entry.event)

    @admin.display(description="кто", ordering="user")
    def who(self, entry: JournalEntry) -> str:
        return str(entry.user or entry.by or EMPTY)

    @admin.display(description="подробности")
    def details(self, entry: JournalEntry) -> str:
        text = labels.facts_text(entry.facts)
        return text if len(text) <= 120 else f"{text[:119]}…"


@admin.register(Touch)
class TouchAdmin(EndlessInk):
    list_display = ("house", "account", month_column("first_month", "с месяца"), "touched_at")
    list_select_related = ("house", "account")
    search_fields = ("account__number",)
    ordering = ("id",)


@admin.register(ImportedFile)
class ImportedFileAdmin(Ink):
    list_display = ("name", "kind", "imported_at", "imported_by", "totals", "undone_at")
    list_filter = ("kind",)
    list_select_related = ("imported_by",)
    search_fields = ("name__icontains", "sha256")
    ordering = ("-imported_at",)
    exclude = ("created",)

    @admin.display(description="итоги")
    def totals(self, file: ImportedFile) -> str:
        return "; ".join(f"{name}: {value}" for name, value in file.counts.items()) or EMPTY
