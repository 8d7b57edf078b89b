"""Reports that people keep: saved definitions, what is sent regularly, and the files that are being made."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import MonthField, among


class Face(models.TextChoices):
    """Where a report was made: it shows what that face may see, for as long as its owner may enter it."""

    OFFICE = "office", "бэк-офис"
    SUPPLIER = "supplier", "кабинет поставщика"


class FileForm(models.TextChoices):
    XLSX = "xlsx", "Excel"
    CSV = "csv", "CSV"


class JobForm(models.TextChoices):
    """A file of a report, or a set of them in one archive."""

    XLSX = "xlsx", "Excel"
    CSV = "csv", "CSV"
    ZIP = "zip", "архив"


class SavedReport(models.Model):
    """A definition under a name of one's own. It holds no rows: whose are shown is decided each time it is opened."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports", verbose_name="чей")
    face = models.CharField("где", max_length=8, choices=Face)
    title = models.CharField("название", max_length=120)
    definition = models.JSONField("определение")
    saved_at = models.DateTimeField("сохранён", default=timezone.now)

    class Meta:
        verbose_name = "сохранённый отчёт"
        verbose_name_plural = "сохранённые отчёты"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "face", "title"], name="savedreport_once",
                violation_error_message="Отчёт с таким названием у вас уже есть.",
            ),
            models.CheckConstraint(
                name="savedreport_face_known", condition=Q(face__in=Face.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="savedreport_has_title", condition=~Q(title=""),
                violation_error_message="Назовите отчёт.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class Every(models.TextChoices):
    DAY = "day", "каждый день"
    WEEK = "week", "каждый понедельник"
    MONTH = "month", "раз в месяц"


class ReportSchedule(models.Model):
    """A saved report that is sent by itself: on the days it falls due, to the addresses named."""

    report = models.ForeignKey(SavedReport, models.CASCADE, related_name="schedules", verbose_name="отчёт")
    every = models.CharField("как часто", max_length=5, choices=Every)
    on_day = models.SmallIntegerField("числа месяца", default=3)
    form = models.CharField("файл", max_length=4, choices=FileForm, default=FileForm.XLSX)
    recipients = ArrayField(models.EmailField(), verbose_name="кому")
    is_active = models.BooleanField("действует", default=True)
    last_due_on = models.DateField("последний раз за день", null=True, blank=True)
    trouble = models.CharField("почему не отправлен", max_length=255, blank=True)
    made_at = models.DateTimeField("заведена", default=timezone.now)

    class Meta:
        verbose_name = "рассылка отчёта"
        verbose_name_plural = "рассылки отчётов"
        constraints = [
            models.CheckConstraint(
                name="reportschedule_every_known", condition=Q(every__in=Every.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="reportschedule_form_known", condition=Q(form__in=FileForm.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="reportschedule_day", condition=Q(on_day__gte=1, on_day__lte=28),
                violation_error_message="Число месяца от 1 до 28.",
            ),
            models.CheckConstraint(
                name="reportschedule_has_recipients", condition=Q(recipients__len__gte=1),
                violation_error_message="Укажите хотя бы один адрес.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.report}: {self.get_every_display()}"


class JobState(models.TextChoices):
    WAITING = "waiting", "ждёт"
    RUNNING = "running", "собирается"
    DONE = "done", "готов"
    FAILED = "failed", "не собран"
    CANCELLED = "cancelled", "отменён"


class ReportJob(models.Model):
    """A file of a report being made in the background. The file is kept until `expires_on`; the row remembers it."""

    key = models.UUIDField("ключ", unique=True, default=uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="report_jobs", verbose_name="чей")
    face = models.CharField("где", max_length=8, choices=Face)
    title = models.CharField("название", max_length=160)
    definition = models.JSONField("определение")
    form = models.CharField("файл", max_length=4, choices=JobForm, default=JobForm.XLSX)
    schedule = models.ForeignKey(
        ReportSchedule, models.SET_NULL, null=True, blank=True, related_name="jobs", verbose_name="рассылка"
    )
    due_on = models.DateField("за день", null=True, blank=True)
    state = models.CharField("состояние", max_length=10, choices=JobState, default=JobState.WAITING)
    total = models.IntegerField("всего строк", default=0)
    done = models.IntegerField("готово строк", default=0)
    size = models.BigIntegerField("размер, байт", default=0)
    message = models.CharField("сообщение", max_length=500, blank=True)
    created_at = models.DateTimeField("поставлен", default=timezone.now)
    started_at = models.DateTimeField("начат", null=True, blank=True)
    alive_at = models.DateTimeField("последний признак жизни", null=True, blank=True)
    finished_at = models.DateTimeField("окончен", null=True, blank=True)
    sent_at = models.DateTimeField("отправлен", null=True, blank=True)
    expires_on = models.DateField("хранится до", null=True, blank=True)

    class Meta:
        verbose_name = "файл отчёта"
        verbose_name_plural = "файлы отчётов"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="reportjob_by_user"),
            models.Index(
                fields=["created_at"], name="reportjob_waiting", condition=Q(state__in=["waiting", "running"])
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "due_on"],
                name="reportjob_once_a_day",
                violation_error_message="Этот отчёт по расписанию в этот день уже заказан.",
                condition=Q(schedule__isnull=False),
            ),
            models.CheckConstraint(
                name="reportjob_face_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(face__in=Face.values),
            ),
            models.CheckConstraint(
                name="reportjob_form_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(form__in=JobForm.values),
            ),
            models.CheckConstraint(
                name="reportjob_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=JobState.values),
            ),
            models.CheckConstraint(
                name="reportjob_progress",
                condition=Q(done__gte=0, total__gte=0),
                violation_error_message="Доля готового — от 0 до 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}.{self.form}"


class SumSource(models.IntegerChoices):
    """What was summed: the closing balances of a month, its ink, its allocations."""

    BALANCE = 1, "сальдо"
    CHARGE = 2, "начисления"
    ALLOCATION = 3, "разнесение"


class HouseSum(models.Model):
    """Ink of a month summed by house, contract and service, so that totals of a region are read and not added up.

    kind: of the charge (ChargeKind), of the allocation (Part); of a balance 6 is its penalty, 0 the rest. Never a
    source of figures of its own: `SumState` says of which rows it is the sum, and where they changed it is not read.
    """

    pk = models.CompositePrimaryKey("month", "source", "house_id", "contract_id", "service_id", "kind")
    month = MonthField()
    source = models.SmallIntegerField(choices=SumSource)
    house_id = models.BigIntegerField()
    contract_id = models.BigIntegerField()  # 0: an advance that no principal owns
    service_id = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = "сумма дома"
        verbose_name_plural = "суммы домов"
        constraints = [among("housesum", "source", SumSource)]


class SumState(models.Model):
    """Which rows the sums of a month were made of: what the books looked like then, and up to which day."""

    pk = models.CompositePrimaryKey("month", "source")
    month = MonthField()
    source = models.SmallIntegerField(choices=SumSource)
    books = models.CharField(max_length=80)
    through = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "состояние сумм"
        verbose_name_plural = "состояния сумм"
        constraints = [among("sumstate", "source", SumSource)]
