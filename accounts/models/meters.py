"""Meters and their readings. All readings are kept; one counts."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import MonthField, QuantityField, among, is_month, row_history
from accounts.kinds import MeterKind, ReadingSource, ReadingVerdict, Resource


@pghistory.track(*row_history())
class Meter(models.Model):
    """A meter (прибор учёта) of premises (ИПУ) or of a house (ОДПУ)."""

    kind = models.SmallIntegerField("вид", choices=MeterKind, default=MeterKind.INDIVIDUAL)
    resource = models.SmallIntegerField("ресурс", choices=Resource)
    house = models.ForeignKey("accounts.House", models.PROTECT, related_name="meters", verbose_name="дом")
    premises = models.ForeignKey(
        "accounts.Premises", models.PROTECT, null=True, blank=True, related_name="meters", verbose_name="помещение"
    )
    serial = models.CharField("заводской номер", max_length=50)
    model = models.CharField("марка, модель", max_length=100, blank=True)
    place = models.CharField("место установки", max_length=60, blank=True)
    zones = models.SmallIntegerField("тарифов", default=1)
    digits = models.SmallIntegerField("знаков до запятой", default=5)
    decimals = models.SmallIntegerField("знаков после запятой", default=3)
    ratio = QuantityField("коэффициент трансформации", default=1)
    installed_on = models.DateField("установлен", null=True, blank=True)
    commissioned_on = models.DateField("введён в эксплуатацию")
    removed_on = models.DateField("снят", null=True, blank=True)
    verified_on = models.DateField("поверен", null=True, blank=True)
    verified_until = models.DateField("поверка действует по", null=True, blank=True)
    is_remote = models.BooleanField("передаёт показания сам", default=False)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="взамен прибора"
    )
    gis_number = models.CharField("номер в ГИС ЖКХ", max_length=40, blank=True)

    class Meta:
        verbose_name = "прибор учёта"
        verbose_name_plural = "приборы учёта"
        indexes = [models.Index(fields=["serial"], name="meter_by_serial", opclasses=["text_pattern_ops"])]
        constraints = [
            among("meter", "kind", MeterKind),
            among("meter", "resource", Resource),
            models.CheckConstraint(
                name="meter_place", condition=Q(kind=4, premises=None) | Q(~Q(kind=4), premises__isnull=False),
                violation_error_message="Общедомовой прибор стоит в доме, остальные в помещении.",
            ),
            models.CheckConstraint(
                name="meter_dial",
                condition=Q(
                    zones__gte=1, zones__lte=3, digits__gte=1, digits__lte=12,
                    decimals__gte=0, decimals__lte=6, ratio__gt=0,
                ),
                violation_error_message="Тарифов 1–3, знаков 1–12, коэффициент больше нуля.",
            ),
            models.CheckConstraint(
                name="meter_removed_after", condition=Q(removed_on=None) | Q(removed_on__gte=F("commissioned_on")),
                violation_error_message="Прибор нельзя снять раньше, чем он введён.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_resource_display()}, № {self.serial}"


class Reading(models.Model):
    """A value of a dial. Key: meter, zone, day, source. No foreign key constraint: `verify` looks for orphans."""

    pk = models.CompositePrimaryKey("meter", "zone", "day", "source")
    meter = models.ForeignKey(  # the key and `reading_one_counts` begin with it: no index of its own
        Meter, models.PROTECT, db_constraint=False, db_index=False, related_name="readings", verbose_name="прибор"
    )
    zone = models.SmallIntegerField("тариф", default=1)
    day = models.DateField("дата снятия")
    source = models.SmallIntegerField("источник", choices=ReadingSource)
    month = MonthField("за месяц")
    value = QuantityField("показание")
    verdict = models.SmallIntegerField("решение", choices=ReadingVerdict, default=ReadingVerdict.ACCEPTED)
    counts = models.BooleanField("учитывается", default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_constraint=False, related_name="+",
        verbose_name="внёс",
    )  # fmt: skip
    received_at = models.DateTimeField("получено", default=timezone.now)

    class Meta:
        verbose_name = "показание"
        verbose_name_plural = "показания"
        constraints = [
            is_month("reading"),
            among("reading", "source", ReadingSource),
            among("reading", "verdict", ReadingVerdict),
            models.CheckConstraint(
                name="reading_sane", condition=Q(zone__gte=1, zone__lte=3, value__gte=0),
                violation_error_message="Показание не бывает отрицательным, а тарифная зона — от 1 до 3.",
            ),
            models.UniqueConstraint(
                fields=["meter", "month", "zone"], name="reading_one_counts", condition=Q(counts=True),
                violation_error_message="За этот месяц показание уже учтено.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.value} от {self.day:%d.%m.%Y}"
