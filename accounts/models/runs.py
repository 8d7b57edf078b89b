"""Jobs, what waits for redrafting, and the journal of who did what."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import MonthField
from accounts.kinds import RunState
from accounts.labels import event_title, run_title


class Run(models.Model):
    """Any job: its kind, month, progress and outcome. Progress is shown in the admin."""

    kind = models.CharField("вид", max_length=40)
    month = MonthField("месяц", null=True, blank=True)
    scope = models.JSONField("охват", default=dict, blank=True)
    engine_version = models.CharField("версия", max_length=40, blank=True)
    state = models.CharField("состояние", max_length=10, choices=RunState, default=RunState.WAITING)
    total = models.IntegerField("всего", default=0)
    done = models.IntegerField("готово", default=0)
    counts = models.JSONField("итоги", default=dict, blank=True)
    message = models.TextField("сообщение", blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="запустил"
    )
    created_at = models.DateTimeField("создан", default=timezone.now)
    started_at = models.DateTimeField("начат", null=True, blank=True)
    finished_at = models.DateTimeField("окончен", null=True, blank=True)

    class Meta:
        verbose_name = "задание"
        verbose_name_plural = "задания"
        constraints = [
            models.CheckConstraint(
                name="run_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=RunState.values),
            ),
        ]
        indexes = [models.Index(fields=["kind", "-created_at"], name="run_by_kind")]

    def __str__(self) -> str:
        return f"{run_title(self.kind)} № {self.pk}"


class RunBlock(models.Model):
    """A block of a run's houses; workers take the next waiting one FOR UPDATE SKIP LOCKED."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="blocks", verbose_name="задание")
    number = models.IntegerField("номер")
    houses = ArrayField(models.BigIntegerField(), verbose_name="дома")
    state = models.CharField("состояние", max_length=10, choices=RunState, default=RunState.WAITING)
    attempts = models.SmallIntegerField("попыток", default=0)
    message = models.TextField("сообщение", blank=True)
    taken_at = models.DateTimeField("взят", null=True, blank=True)
    finished_at = models.DateTimeField("окончен", null=True, blank=True)

    class Meta:
        verbose_name = "блок задания"
        verbose_name_plural = "блоки заданий"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="runblock_once", violation_error_message="Такая часть задания уже есть."
            ),
            models.CheckConstraint(
                name="runblock_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=RunState.values),
            ),
        ]
        indexes = [models.Index(fields=["run", "number"], name="runblock_waiting", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"блок {self.number}"


class Touch(models.Model):
    """A fact changed: the account (or every account of the house) is to be drafted anew from `first_month` on."""

    account = models.ForeignKey(
        "accounts.PersonalAccount", models.CASCADE, null=True, blank=True, related_name="+", verbose_name="счёт"
    )
    house = models.ForeignKey("accounts.House", models.CASCADE, related_name="+", verbose_name="дом")
    first_month = MonthField("с месяца")
    touched_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "изменение к пересчёту"
        verbose_name_plural = "изменения к пересчёту"

    def __str__(self) -> str:
        return f"{self.house_id} с {self.first_month:%Y-%m}"


class JournalEntry(models.Model):
    """Who did what, when, on what ground. Append-only: the database refuses the rest."""

    at = models.DateTimeField("когда", default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто"
    )
    by = models.CharField("от имени", max_length=80, blank=True)
    event = models.CharField("событие", max_length=80)
    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, null=True, blank=True, db_constraint=False, related_name="journal",
        verbose_name="лицевой счёт",
    )  # fmt: skip
    ground = models.CharField("основание", max_length=255, blank=True)
    facts = models.JSONField("подробности", default=dict, blank=True)

    class Meta:
        verbose_name = "запись журнала"
        verbose_name_plural = "журнал"
        indexes = [
            models.Index(fields=["account", "-at"], name="journal_by_account"),
            models.Index(fields=["event", "-at"], name="journal_by_event"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return event_title(self.event)


class CalendarDay(models.Model):
    """A day whose being a working one differs from the library's calendar: not yet decreed, or decreed by a region."""

    day = models.DateField("день", primary_key=True)
    is_working = models.BooleanField("рабочий")
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "особый день календаря"
        verbose_name_plural = "особые дни календаря"

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}"


class ImportedFile(models.Model):
    """A workbook of houses, accounts and meters that was taken in; undoable as a whole while nothing stands on it."""

    kind = models.CharField("вид", max_length=40)
    name = models.CharField("имя файла", max_length=255)
    sha256 = models.CharField("отпечаток", max_length=64)
    imported_at = models.DateTimeField("загружен", default=timezone.now)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="загрузил"
    )
    undone_at = models.DateTimeField("отменён", null=True, blank=True)
    counts = models.JSONField("итоги", default=dict)
    created = models.JSONField("что создано", default=dict)

    class Meta:
        verbose_name = "загруженный файл"
        verbose_name_plural = "загруженные файлы"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "sha256"], name="importedfile_once", condition=Q(undone_at=None),
                violation_error_message="Этот файл уже загружен.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
