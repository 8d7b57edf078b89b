"""What takes roubles off a line (bad quality, benefits), and what the run could not charge."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from accounts.fields import Dated, MonthField, QuantityField, among, is_month, no_overlap, not_empty, row_history


class LineProblem(models.Model):
    """A service that the last run could not charge to an account, and why. Written and taken away by the run."""

    month = MonthField("месяц")
    account = models.ForeignKey("accounts.PersonalAccount", models.CASCADE, related_name="+", verbose_name="счёт")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    text = models.CharField("причина", max_length=120)

    class Meta:
        verbose_name = "не начислено"
        verbose_name_plural = "не начислено"
        constraints = [
            is_month("lineproblem"),
            models.UniqueConstraint(
                fields=["account", "month", "service", "text"],
                name="lineproblem_once",
                violation_error_message="Такая запись по счёту уже есть.",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Breach(models.IntegerChoices):
    """Rows of прил. 1 to the Правила № 354, by what was broken."""

    COLD_WATER_OFF = 1, "перерыв подачи холодной воды"
    COLD_WATER_COMPOSITION = 2, "состав и свойства холодной воды"
    COLD_WATER_PRESSURE = 3, "давление холодной воды отличается до 25 %"
    COLD_WATER_NO_PRESSURE = 4, "давление холодной воды отличается более чем на 25 %"
    HOT_WATER_OFF = 5, "перерыв подачи горячей воды"
    HOT_WATER_OFF_DEAD_END = 6, "перерыв подачи горячей воды, авария на тупиковой магистрали"
    HOT_WATER_REPAIR = 7, "плановое отключение горячей воды"
    HOT_WATER_TEMPERATURE = 8, "температура горячей воды"
    HOT_WATER_BELOW_40 = 9, "горячая вода холоднее 40 °C"
    HOT_WATER_COMPOSITION = 10, "состав и свойства горячей воды"
    HOT_WATER_PRESSURE = 11, "давление горячей воды отличается до 25 %"
    HOT_WATER_NO_PRESSURE = 12, "давление горячей воды отличается более чем на 25 %"
    WASTEWATER_OFF = 13, "перерыв водоотведения"
    ELECTRICITY_OFF = 14, "перерыв электроснабжения, один источник питания"
    ELECTRICITY_OFF_TWO = 15, "перерыв электроснабжения, два источника питания"
    ELECTRICITY_QUALITY = 16, "напряжение и частота"
    GAS_OFF = 17, "перерыв подачи газа"
    GAS_COMPOSITION = 18, "свойства газа"
    GAS_PRESSURE = 19, "давление газа отличается до 25 %"
    HEATING_OFF = 20, "перерыв отопления, в комнатах не холоднее 12 °C"
    HEATING_OFF_COOL = 21, "перерыв отопления, в комнатах от 10 до 12 °C"
    HEATING_OFF_COLD = 22, "перерыв отопления, в комнатах от 8 до 10 °C"
    HEATING_TEMPERATURE = 23, "температура в жилом помещении"
    WASTE_LATE = 24, "просрочка вывоза отходов при температуре до 4 °C"
    WASTE_LATE_WARM = 25, "просрочка вывоза отходов при температуре от 5 °C"


@pghistory.track(*row_history())
class QualityRule(Dated):
    """What a breach costs the provider (прил. 1 к Правилам № 354): a row of the table, in force from to."""

    breach = models.SmallIntegerField("нарушение", choices=Breach)
    percent = QuantityField("снижение, % от платы")
    per_hours = models.SmallIntegerField("за каждые часов", default=1)
    allowed_hours = models.SmallIntegerField("допустимо часов за месяц", default=0)
    allowed_at_once = models.SmallIntegerField("допустимо часов единовременно", null=True, blank=True)
    step_c = models.SmallIntegerField("за каждые градусов (0: не зависит)", default=0)
    tolerance_day_c = models.SmallIntegerField("допуск днём вниз, °C", default=0)
    tolerance_night_c = models.SmallIntegerField("допуск ночью вниз, °C", default=0)
    tolerance_above_c = models.SmallIntegerField("допуск вверх, °C", null=True, blank=True)
    highest_c = models.SmallIntegerField(
        "верхняя граница, °C", null=True, blank=True,
        help_text="Где норма — промежуток (горячая вода 60–75 °C): выше неё действует тот же допуск, что и вниз.",
    )  # fmt: skip
    whole_days = models.BooleanField("плата не вносится за каждый такой день", default=False)
    not_supplied = models.BooleanField("объём не подавался", default=False)
    cold_price = models.BooleanField("оплата по тарифу холодной воды", default=False)
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "норма качества"
        verbose_name_plural = "нормы качества"
        constraints = [
            *no_overlap("qualityrule", "breach", message="На эти дни норма уже задана. Закройте прежнюю датой."),
            among("qualityrule", "breach", Breach),
            models.CheckConstraint(
                name="qualityrule_sane",
                condition=Q(percent__gte=0, percent__lte=100, per_hours__gte=1, allowed_hours__gte=0, step_c__gte=0),
                violation_error_message="Процент от 0 до 100, часы и градусы не отрицательны.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_breach_display()}: {self.percent.normalize():f} %"


@pghistory.track(*row_history())
class QualityEvent(models.Model):
    """A break in a service or its bad quality in a house, or in one of its premises, by an act."""

    house = models.ForeignKey("accounts.House", models.CASCADE, related_name="+", verbose_name="дом")
    premises = models.ForeignKey(
        "accounts.Premises", models.CASCADE, null=True, blank=True, related_name="+", verbose_name="только помещение"
    )
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    breach = models.SmallIntegerField("нарушение", choices=Breach)
    started_at = models.DateTimeField("начало")
    ended_at = models.DateTimeField("окончание")
    hours = QuantityField("часов по акту, если меньше промежутка", null=True, blank=True)
    normative_c = QuantityField("должно быть, °C", null=True, blank=True)
    actual_c = QuantityField("было, °C", null=True, blank=True)
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "перерыв или нарушение качества"
        verbose_name_plural = "перерывы и нарушения качества"
        indexes = [models.Index(fields=["house", "started_at"], name="qualityevent_by_house")]
        constraints = [
            among("qualityevent", "breach", Breach),
            models.CheckConstraint(
                name="qualityevent_lasts", condition=Q(ended_at__gt=models.F("started_at")),
                violation_error_message="Окончание должно быть позже начала.",
            ),
            models.CheckConstraint(
                name="qualityevent_hours", condition=Q(hours=None) | Q(hours__gt=0),
                violation_error_message="Часов должно быть больше нуля.",
            ),
            models.CheckConstraint(
                name="qualityevent_has_act", condition=~Q(act=""), violation_error_message="Назовите акт."
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_breach_display()}, {self.house}"


class BenefitWay(models.IntegerChoices):
    IN_BILL = 1, "скидка в квитанции"
    COMPENSATION = 2, "компенсация соцзащиты"


@pghistory.track(*row_history())
class BenefitEntitlement(Dated):
    """A resident's right to pay less (domain/benefits.md): category, share, whom and what it covers, by a document."""

    account = models.ForeignKey("accounts.PersonalAccount", models.CASCADE, related_name="+", verbose_name="счёт")
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="льготник"
    )
    service = models.ForeignKey(
        "accounts.Service", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="услуга (пусто: все коммунальные и жилищные)",
    )  # fmt: skip
    category = models.CharField("категория", max_length=120)
    percent = models.DecimalField("скидка, %", max_digits=5, decimal_places=2)
    persons = models.SmallIntegerField("распространяется на человек (с семьёй)", default=1)
    within_norm = models.BooleanField("в пределах норматива потребления", default=True)
    area_m2 = QuantityField("социальная норма площади на человека, м² (пусто: вся площадь)", null=True, blank=True)
    way = models.SmallIntegerField("порядок", choices=BenefitWay, default=BenefitWay.IN_BILL)
    document = models.CharField("документ", max_length=255)

    class Meta:
        verbose_name = "льгота"
        verbose_name_plural = "льготы"
        indexes = [models.Index(fields=["account"], name="benefit_by_account")]
        constraints = [
            not_empty("benefitentitlement"),
            among("benefitentitlement", "way", BenefitWay),
            models.CheckConstraint(
                name="benefitentitlement_sane",
                condition=Q(percent__gt=0, percent__lte=100, persons__gte=1) & (Q(area_m2=None) | Q(area_m2__gt=0)),
                violation_error_message="Скидка от 0 до 100 %, хотя бы на одного человека, площадь больше нуля.",
            ),
            models.CheckConstraint(
                name="benefitentitlement_has_document", condition=~Q(document="") & ~Q(category=""),
                violation_error_message="Назовите категорию и документ.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.category}, {self.percent.normalize():f} %"
