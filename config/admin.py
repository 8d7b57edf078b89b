"""The back office of what is nobody's app: the jobs, the groups of staff."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin

from accounts.admin.rights import assignable
from accounts.labels import JOBS, cron_in_words
from config.celery import app

# Schedules are written in config/schedule.py. Addresses, factors and sessions are their owners' affair, in the cabinet.
FOREIGN: list[type[Model]] = [ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule, PeriodicTask, Group]
for model in [*FOREIGN, *(m for m in admin.site._registry if m._meta.app_label in {"account", "mfa", "usersessions"})]:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, ModelAdmin):
    """What a role may do."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "permissions":
            field.queryset = assignable()  # type: ignore[attr-defined]
        return field


@admin.register(PeriodicTask)
class JobAdmin(ModelAdmin):
    """A job may be paused or started by hand; when it runs is said in config/schedule.py."""

    list_display = ("title", "when", "enabled", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    search_fields = ("name", "task")
    list_select_related = ("crontab", "interval")
    fields = ("title", "name", "task", "when", "kwargs", "enabled", "last_run_at", "total_run_count")
    readonly_fields = ("title", "name", "task", "when", "kwargs", "last_run_at", "total_run_count")
    actions = ("run_now",)

    @admin.display(description="Задание", ordering="name")
    def title(self, job: PeriodicTask) -> str:
        return JOBS.get(job.name, job.name)

    @admin.display(description="Расписание")
    def when(self, job: PeriodicTask) -> str:
        at = job.crontab
        if not at:
            return str(job.interval or "")
        return cron_in_words(at.minute, at.hour, at.day_of_month, at.day_of_week)

    @admin.action(description="Запустить сейчас", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        app.loader.import_default_modules()
        for job in queryset:
            app.tasks[job.task].delay(*json.loads(job.args or "[]"), **json.loads(job.kwargs or "{}"))
            self.message_user(
                request, f"Задание «{JOBS.get(job.name, job.name)}» поставлено в очередь.", messages.SUCCESS
            )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
