"""The single payment document (ЕПД): number, month, total, frozen payload. The PDF is made on request, never stored."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import PROTECT, Q
from django.utils import timezone

from accounts.fields import MoneyField, MonthField, is_month


class DocumentKind(models.IntegerChoices):
    CURRENT = 1, "текущий"
    DEBT = 2, "долговой"
    CAPITAL_REPAIR = 3, "взнос на капитальный ремонт"


class PaymentDocument(models.Model):
    """A document as it was issued; a correction is the next issue, which refers to the one it replaces."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="documents", verbose_name="счёт")
    month = MonthField("за месяц")
    kind = models.SmallIntegerField("вид", choices=DocumentKind, default=DocumentKind.CURRENT)
    issue = models.SmallIntegerField("выпуск", default=1)
    number = models.CharField("номер", max_length=40, unique=True)
    gis_id = models.CharField("идентификатор в ГИС ЖКХ", max_length=18, null=True, blank=True)
    issued_on = models.DateField("дата выпуска")
    due_on = models.DateField("оплатить до")
    total = MoneyField("к оплате, руб.")
    payload = models.JSONField("содержание")
    template_version = models.CharField("версия бланка", max_length=20)
    issued_at = models.DateTimeField("выпущен", default=timezone.now)
    withdrawn_at = models.DateTimeField("отозван", null=True, blank=True)
    replaces = models.OneToOneField(
        "self", PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="взамен документа"
    )

    class Meta:
        verbose_name = "платёжный документ"
        verbose_name_plural = "платёжные документы"
        constraints = [
            is_month("paymentdocument"),
            models.UniqueConstraint(fields=["account", "month", "kind", "issue"], name="paymentdocument_once"),
            models.CheckConstraint(name="paymentdocument_kind_known", condition=Q(kind__in=DocumentKind.values)),
            models.CheckConstraint(
                name="paymentdocument_issue_has_elder",
                condition=Q(issue=1, replaces=None) | Q(issue__gt=1, replaces__isnull=False),
            ),
            models.CheckConstraint(
                name="paymentdocument_gis_id_length", condition=Q(gis_id=None) | Q(gis_id__regex=r"^.{18}$")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="document_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="document_is_ink",
                fields=[
                    "account", "month", "kind", "issue", "number", "issued_on", "due_on", "total", "payload",
                    "template_version", "issued_at", "replaces",
                ],
            ),
            # What comes later is filled in once and stays.
            pgtrigger.Protect(
                name="gis_id_filled_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__gis_id__isnull=False)
                & pgtrigger.Q(old__gis_id__df=pgtrigger.F("new__gis_id")),
            ),
            pgtrigger.Protect(
                name="withdrawn_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False)
                & pgtrigger.Q(old__withdrawn_at__df=pgtrigger.F("new__withdrawn_at")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number
