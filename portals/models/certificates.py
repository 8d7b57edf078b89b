"""Certificates a resident has asked for: what each said, as long as anybody may ask whether it is ours."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import among


class CertificateKind(models.TextChoices):
    NO_DEBT = "no_debt", "Справка об отсутствии задолженности"
    SETTLEMENTS = "settlements", "Справка о состоянии расчётов"
    PAYMENTS = "payments", "Справка о платежах"
    CHARGES = "charges", "Справка о начислениях"


class Certificate(models.Model):
    """A certificate as it was given out (справка). key: what the code on it says, known to its holder alone.

    payload: what is printed, roubles and dates as strings; never changed, a new certificate is another row.
    """

    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, related_name="certificates", verbose_name="лицевой счёт"
    )
    kind = models.CharField("вид", max_length=12, choices=CertificateKind)
    key = models.CharField("ключ проверки", max_length=40, unique=True)
    since = models.DateField("с")
    until = models.DateField("по")
    amount = models.DecimalField("сумма, руб.", max_digits=16, decimal_places=2)
    payload = models.JSONField("содержание")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто запросил"
    )
    made_on = models.DateField("дата")
    made_at = models.DateTimeField("выдана", default=timezone.now)

    class Meta:
        verbose_name = "справка"
        verbose_name_plural = "справки"
        indexes = [models.Index(fields=["account", "-id"], name="certificate_of_account")]
        constraints = [
            among("certificate", "kind", CertificateKind),
            models.CheckConstraint(
                name="certificate_span", condition=Q(until__gte=F("since")),
                violation_error_message="Начало периода должно быть не позже конца.",
            ),
            models.CheckConstraint(
                name="certificate_no_debt_is_nought", condition=~Q(kind="no_debt") | Q(amount=0),
                violation_error_message="Справка об отсутствии задолженности выдаётся, когда долга нет.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="certificate_kept", operation=pgtrigger.Delete | pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} № {self.number}"

    @property
    def number(self) -> str:
        """«2026-000123»: the year and the row."""
        return f"{self.made_on.year}-{self.pk:06d}"
