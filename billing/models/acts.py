"""Documents that move money of many accounts or by an act: mass recalculations, unauthorised use, heat allocators."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, F, Q
from django.utils import timezone

from accounts.fields import MoneyField, MonthField, QuantityField, among, is_month, row_history


class MassRule(models.IntegerChoices):
    """How a document says what each account gets."""

    PERCENT = 1, "процент от платы за месяц"
    PER_M2 = 2, "рублей на м² площади за месяц"
    PER_PERSON = 3, "рублей на проживающего за месяц"
    AS_IF_TARIFF = 4, "как если бы действовал тариф"
    AS_IF_NORM = 5, "как если бы действовал норматив"


class MassCorrection(models.Model):
    """A recalculation of houses by one document; its lines are the `Correction`s that name it. Undone by another."""

    number = models.CharField("номер документа", max_length=60, unique=True)
    month = MonthField("проводится в месяце")
    service = models.ForeignKey("accounts.Service", PROTECT, related_name="+", verbose_name="услуга")
    first_month = MonthField("за месяцы с")
    last_month = MonthField("по")
    rule = models.SmallIntegerField("правило", choices=MassRule)
    value = QuantityField("значение")
    component = models.SmallIntegerField("компонент тарифа", default=0)
    houses = models.JSONField("дома")
    basis = models.CharField("документ-основание", max_length=255)
    reason = models.CharField("причина", max_length=255)
    accounts = models.IntegerField("счетов")
    amount = MoneyField("сумма, руб.")
    reverses = models.OneToOneField(
        "self", PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name="сторнирует"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="оформил"
    )
    made_at = models.DateTimeField("оформлен", default=timezone.now)

    class Meta:
        verbose_name = "массовый перерасчёт"
        verbose_name_plural = "массовые перерасчёты"
        constraints = [
            is_month("masscorrection"),
            is_month("masscorrection", "first_month"),
            is_month("masscorrection", "last_month"),
            among("masscorrection", "rule", MassRule),
            models.CheckConstraint(
                name="masscorrection_in_order",
                condition=Q(first_month__lte=F("last_month"), last_month__lt=F("month")),
                violation_error_message="Пересчитываются прошедшие месяцы, с первого по последний.",
            ),
            models.CheckConstraint(
                name="masscorrection_has_basis", condition=~Q(basis="") & ~Q(reason=""),
                violation_error_message="Назовите документ и причину.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="mass_correction_is_ink", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number


class UnauthorisedKind(models.IntegerChoices):
    CONNECTION = 1, "самовольное подключение"
    TAMPERING = 2, "вмешательство в прибор учёта"


class UnauthorisedUse(models.Model):
    """What an act of unauthorised connection or tampering comes to (п. 62, 81(11) Правил № 354). Ink.

    By the capacity of what was connected, running round the clock, or by the norm × `multiplier`. A counting error is
    undone by a row that refers to the first and takes its volume and amount back.
    """

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="+", verbose_name="счёт")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, related_name="+", verbose_name="договор")
    service = models.ForeignKey("accounts.Service", PROTECT, related_name="+", verbose_name="услуга")
    kind = models.SmallIntegerField("нарушение", choices=UnauthorisedKind)
    act = models.CharField("акт", max_length=255)
    act_on = models.DateField("дата акта")
    started_on = models.DateField("начало: подключение или последняя проверка")
    charged_from = models.DateField("начислено с")
    charged_to = models.DateField("начислено по (не включая)")
    capacity = QuantityField("мощность или пропускная способность в час", null=True, blank=True)
    persons = QuantityField("проживающих", null=True, blank=True)
    norm = QuantityField("норматив", null=True, blank=True)
    multiplier = QuantityField("множитель", null=True, blank=True)
    component = models.SmallIntegerField("компонент тарифа", default=0)
    volume = QuantityField("объём")
    tariff = QuantityField("тариф месяца акта")
    amount = MoneyField("сумма, руб.")
    month = MonthField("проводится в месяце")
    reason = models.CharField("причина исправления", max_length=255, blank=True)
    reverses = models.OneToOneField(
        "self", PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name="исправляет"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="оформил"
    )
    made_at = models.DateTimeField("оформлен", default=timezone.now)

    class Meta:
        verbose_name = "акт о самовольном подключении"
        verbose_name_plural = "акты о самовольном подключении"
        indexes = [models.Index(fields=["account", "month"], name="unauthorised_by_account")]
        constraints = [
            is_month("unauthoriseduse"),
            among("unauthoriseduse", "kind", UnauthorisedKind),
            models.CheckConstraint(
                name="unauthoriseduse_sane",
                condition=Q(started_on__lte=F("charged_from"), charged_from__lt=F("charged_to"))
                & (Q(capacity__gt=0, norm=None) | Q(capacity=None, norm__gt=0, multiplier__gte=1))
                & ~Q(act=""),
                violation_error_message="Назовите акт, дни и мощность либо норматив.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="unauthorised_use_is_ink", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.act


@pghistory.track(*row_history())
class AllocatorShare(models.Model):
    """What the heat allocators of premises counted over a year (распределители; прил. 2, ф. 6)."""

    premises = models.ForeignKey("accounts.Premises", models.CASCADE, related_name="+", verbose_name="помещение")
    year = models.SmallIntegerField("год")
    units = QuantityField("показания за год, единиц")
    coefficient = QuantityField("коэффициент радиаторов", default=1)
    document = models.CharField("документ", max_length=255)

    class Meta:
        verbose_name = "распределители тепла"
        verbose_name_plural = "распределители тепла"
        constraints = [
            models.UniqueConstraint(
                fields=["premises", "year"], name="allocatorshare_once",
                violation_error_message="Показания распределителей за этот год уже введены.",
            ),
            models.CheckConstraint(
                name="allocatorshare_sane", condition=Q(units__gte=0, coefficient__gt=0, year__gte=2000),
                violation_error_message="Показания не отрицательны, коэффициент больше нуля.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.units.normalize():f} за {self.year}"
