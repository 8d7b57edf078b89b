"""What a principal disagrees with, and the files of readings it has sent."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import MonthField, among


class FigureKind(models.TextChoices):
    """Where the figure stood."""

    CHARGE = "charge", "строка начисления"
    CHARGES = "charges", "начисления дома"
    TURNOVER = "turnover", "оборотная ведомость"
    PAYMENT = "payment", "платёж"
    REMITTANCE = "remittance", "перечисление"


class DisputeState(models.TextChoices):
    OPEN = "open", "на рассмотрении"
    UPHELD = "upheld", "исправлено"
    REFUSED = "refused", "отказано"


class Dispute(models.Model):
    """A figure that a principal does not agree with: as it was shown, why, and what was answered (разногласие).

    key: what the figure is of (see portals.principal.figures), name: its column; amount: roubles as shown.
    """

    principal = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, related_name="disputes", verbose_name="принципал"
    )
    contract = models.ForeignKey(
        "accounts.AgencyContract", models.PROTECT, related_name="disputes", verbose_name="договор"
    )
    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="лицевой счёт",
    )  # fmt: skip
    kind = models.CharField("где стояла цифра", max_length=10, choices=FigureKind)
    key = models.CharField("ключ", max_length=80)
    name = models.CharField("графа", max_length=20)
    title = models.CharField("что оспорено", max_length=255)
    amount = models.DecimalField("сумма, как показана", max_digits=16, decimal_places=2)
    text = models.CharField("в чём несогласие", max_length=2000)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="автор")
    opened_at = models.DateTimeField("подано", default=timezone.now)
    due_on = models.DateField("ответить до")
    state = models.CharField("состояние", max_length=8, choices=DisputeState, default=DisputeState.OPEN)
    answer = models.CharField("ответ", max_length=2000, blank=True)
    document = models.CharField("исправляющий документ", max_length=160, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="ответил"
    )
    answered_at = models.DateTimeField("отвечено", null=True, blank=True)

    class Meta:
        verbose_name = "разногласие"
        verbose_name_plural = "разногласия"
        indexes = [
            models.Index(fields=["due_on"], name="dispute_waiting", condition=Q(state="open")),
            models.Index(fields=["principal", "-id"], name="dispute_of_principal"),
        ]
        constraints = [
            among("dispute", "kind", FigureKind),
            among("dispute", "state", DisputeState),
            models.CheckConstraint(
                name="dispute_has_text", condition=~Q(text="") & ~Q(title=""),
                violation_error_message="Напишите, с чем вы не согласны.",
            ),
            models.CheckConstraint(
                name="dispute_answered",
                condition=Q(state="open", answer="", answered_at=None)
                | Q(~Q(state="open"), ~Q(answer=""), answered_at__isnull=False, answered_by__isnull=False),
                violation_error_message="Ответ пишут словами, с решением и его днём.",
            ),
            models.CheckConstraint(
                name="dispute_upheld_by_document", condition=~Q(state="upheld", document=""),
                violation_error_message="Назовите документ, которым цифра исправлена.",
            ),
            models.UniqueConstraint(
                fields=["principal", "kind", "key", "name"], name="dispute_once", condition=Q(state="open"),
                violation_error_message="Эта цифра уже оспорена, ответа ещё нет.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="dispute_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="dispute_is_ink",
                fields=[
                    "principal", "contract", "account", "kind", "key", "name", "title", "amount", "text", "opened_by",
                    "opened_at", "due_on",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"

    @property
    def number(self) -> str:
        """«Р-000012»"""
        return f"Р-{self.pk:06}"


class ReadingFile(models.Model):
    """A file of readings that a principal sent: what was taken from it, so that it can be taken back.

    taken: [{"meter", "day", "was": {zone: value}}], `was` the values that stood under the same key before.
    """

    principal = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, related_name="reading_files", verbose_name="принципал"
    )
    contract = models.ForeignKey(
        "accounts.AgencyContract", models.PROTECT, related_name="reading_files", verbose_name="договор"
    )
    name = models.CharField("файл", max_length=255)
    digest = models.CharField("sha-256", max_length=64)
    month = MonthField("за месяц")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="загрузил")
    sent_at = models.DateTimeField("загружен", default=timezone.now)
    good = models.IntegerField("принято строк", default=0)
    bad = models.IntegerField("отклонено строк", default=0)
    taken = models.JSONField("что записано", default=list)
    undone_at = models.DateTimeField("отменён", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="отменил"
    )

    class Meta:
        verbose_name = "файл показаний"
        verbose_name_plural = "файлы показаний"
        indexes = [models.Index(fields=["principal", "-id"], name="readingfile_of_principal")]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "digest"], name="readingfile_once", condition=Q(undone_at=None),
                violation_error_message="Этот файл уже загружен.",
            ),
            models.CheckConstraint(
                name="readingfile_rows", condition=Q(good__gte=0, bad__gte=0),
                violation_error_message="Строк не бывает меньше нуля.",
            ),
            models.CheckConstraint(
                name="readingfile_undone_later",
                condition=Q(undone_at=None) | Q(undone_at__gte=F("sent_at"), undone_by__isnull=False),
                violation_error_message="Отменяют после загрузки, и известно кто.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="reading_file_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name
