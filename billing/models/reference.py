"""Dated reference facts: what a house gets and from whom, prices, norms, values set by law, building volumes."""

from __future__ import annotations

import pghistory
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.calendar import Span
from accounts.fields import Dated, HashText, MonthField, QuantityField, among, is_month, no_overlap, row_history

LAW_VALUE_TWICE = "На эти дни значение уже задано. Закройте прежнее датой."


class ProvisionMethod(models.IntegerChoices):
    """How a service is charged in a house."""

    METERED = 1, "по счётчику, без него по нормативу"
    HEATING_NORM = 2, "отопление по нормативу"
    HEATING_BUILDING = 3, "отопление по общедомовому прибору"
    WASTEWATER = 4, "водоотведение по объёму воды"
    COMMON_NORM = 5, "ресурс на общее имущество по нормативу"
    NORM_PERSON = 6, "по нормативу на человека"
    NORM_AREA = 7, "по нормативу на м²"
    PER_M2 = 8, "ставка за м²"
    PER_ACCOUNT = 9, "сумма с лицевого счёта"
    COMMON_BALANCE = 10, "ресурс на общие нужды по балансу дома (непосредственное управление)"
    COMMON_ACTUAL = 11, "ресурс на общее имущество по фактическому объёму (управляющая организация)"
    COMMON_AVERAGE = 12, "ресурс на общее имущество по среднему за прошлый год"
    HOT_WATER_IN_HOUSE = 13, "горячая вода, приготовленная в доме"
    HEATING_IN_HOUSE = 14, "тепло для отопления, произведённое в доме"
    CONTAINERS_PERSON = 15, "вывезенный объём дома на проживающих"
    CONTAINERS_AREA = 16, "вывезенный объём дома на м²"


@pghistory.track(*row_history())
class Provision(Dated):
    """What a house gets, from whom, charged how (house × service × contract × method, dated)."""

    house = models.ForeignKey("accounts.House", models.CASCADE, related_name="provisions", verbose_name="дом")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    contract = models.ForeignKey("accounts.AgencyContract", models.PROTECT, related_name="+", verbose_name="договор")
    method = models.SmallIntegerField("способ расчёта", choices=ProvisionMethod)
    components = models.SmallIntegerField("компонентов тарифа", default=1)

    class Meta:
        verbose_name = "услуга дома"
        verbose_name_plural = "услуги домов"
        constraints = [
            *no_overlap(
                "provision", "house", "service",
                message="Эта услуга в доме на эти дни уже предоставляется. Закройте прежнюю строку датой.",
            ),
            among("provision", "method", ProvisionMethod),
            models.CheckConstraint(
                name="provision_components", condition=Q(components__in=[1, 2]),
                violation_error_message="Частей тарифа одна или две.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.service}, {self.house}"


@pghistory.track(*row_history())
class ProvisionException(Dated):
    """A single account that gets a service otherwise than its house: not at all (no method), or by another one."""

    account = models.ForeignKey("accounts.PersonalAccount", models.CASCADE, related_name="+", verbose_name="счёт")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    method = models.SmallIntegerField("способ расчёта", choices=ProvisionMethod, null=True, blank=True)
    ground = models.CharField("основание", max_length=255)

    class Meta:
        verbose_name = "исключение по счёту"
        verbose_name_plural = "исключения по счетам"
        constraints = [
            *no_overlap("provisionexception", "account", "service", message="Исключение на эти дни уже есть."),
            models.CheckConstraint(
                name="provisionexception_has_ground",
                violation_error_message="Укажите основание исключения.",
                condition=~Q(ground=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}, счёт {self.account}"


@pghistory.track(*row_history())
class Tariff(Dated):
    """A price per unit, VAT included for the population.

    category 0: any consumer; 99: non-residential premises and organisations, a price without VAT, which is then charged
    on top as a line of its own; else HousePassport.tariff_category. component 0: whole price; 1: cold water or heat
    carrier; 2: heat. zone 0: one rate; 1 day or peak, 2 night, 3 half-peak. tariff_range 0: none; 1, 2, 3 with
    `range_up_to` (units a month, NULL: no end; the first one ends at the social norm where the house has one).
    """

    contract = models.ForeignKey("accounts.AgencyContract", models.PROTECT, related_name="+", verbose_name="договор")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    category = models.SmallIntegerField("категория", default=0)
    component = models.SmallIntegerField("компонент", default=0)
    zone = models.SmallIntegerField("зона суток", default=0)
    tariff_range = models.SmallIntegerField("диапазон", default=0)
    range_up_to = QuantityField("диапазон до", null=True, blank=True)
    price = QuantityField("цена, руб. за единицу")
    vat_percent = models.DecimalField("НДС в цене, %", max_digits=5, decimal_places=2, null=True, blank=True)
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "тариф"
        verbose_name_plural = "тарифы"
        constraints = [
            *no_overlap(
                "tariff", "contract", "service", "category", "component", "zone", "tariff_range",
                message="На эти дни тариф уже задан. Закройте прежний датой.",
            ),
            models.CheckConstraint(
                name="tariff_price_sane", condition=Q(price__gte=0),
                violation_error_message="Цена не может быть отрицательной.",
            ),
            models.CheckConstraint(
                name="tariff_key_sane",
                violation_error_message="Часть тарифа — 0, 1 или 2; зона и диапазон — от 0 до 3.",
                condition=Q(component__in=[0, 1, 2], zone__in=[0, 1, 2, 3], tariff_range__in=[0, 1, 2, 3]),
            ),
            models.CheckConstraint(
                name="tariff_has_act", condition=~Q(act=""),
                violation_error_message="Назовите акт, которым тариф установлен.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.price.normalize():f} руб. с {self.valid_from:%d.%m.%Y}"


class NormBasis(models.IntegerChoices):
    PERSON_MONTH = 1, "на человека в месяц"
    PERSON_YEAR = 2, "на человека в год"
    M2_MONTH = 3, "на м² в месяц"
    M2_YEAR = 4, "на м² в год"
    COMMON_M2_MONTH = 5, "на м² общего имущества в месяц"
    PER_M3 = 6, "Гкал на м³ (подогрев)"
    SOCIAL_PERSON = 7, "социальная норма на человека в месяц"
    UNIT_MONTH = 8, "на единицу в месяц (полив, скот)"


@pghistory.track(*row_history())
class Norm(Dated):
    """A consumption norm as published. scope 0: any house, else HousePassport.norm_scope (of plots: PlotUse.kind)."""

    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    scope = models.SmallIntegerField("группа домов", default=0)
    basis = models.SmallIntegerField("на что", choices=NormBasis)
    value = QuantityField("значение")
    months = models.SmallIntegerField("месяцев оплаты в году", default=12)
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "норматив"
        verbose_name_plural = "нормативы"
        constraints = [
            *no_overlap(
                "norm", "service", "scope", "basis", message="На эти дни норматив уже задан. Закройте прежний датой."
            ),
            among("norm", "basis", NormBasis),
            models.CheckConstraint(
                name="norm_sane", condition=Q(value__gte=0, months__gte=1, months__lte=12),
                violation_error_message="Норматив не бывает отрицательным; месяцев от 1 до 12.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.value.normalize():f} {self.get_basis_display()}"


@pghistory.track(*row_history(), exclude=["number"])
class LawValue(Dated):
    """A value set by law for the whole installation: multiplier, VAT, key rate, due day, heating months.

    Codes in use: `uplift.<service code>` (п. 60), `vat`, `key_rate`, `due_day`, `heating_season` (1 in season),
    `uplift_by_days`, `common_cap` (1: common needs by the balance never above the norm), `negative_key.<service code>`
    (0 residents, 1 area), `heating_correction_month` (1–3; 1 by default), `norm_partial_month` (1: heat by the norm for
    the days of the heating period), `meter_start` (1: a first meter counts from the day after commissioning),
    `tko_year_recalc` (1: waste of the year by what was removed), `tko_recalc_month` (1–3; 3 by default),
    `penalty_cap` and `penalty_cap.<scale>` (percent; see debt.queries.law).
    `number` stands for the code inside the exclusion constraint: a text cannot be a one-point range.
    """

    code = models.SlugField("код", max_length=60)
    number = models.GeneratedField(
        expression=HashText("code"), output_field=models.IntegerField(), db_persist=True, verbose_name="номер кода"
    )
    value = QuantityField("значение")
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "значение по закону"
        verbose_name_plural = "значения по закону"
        constraints = [
            *no_overlap("lawvalue", "number", message=LAW_VALUE_TWICE),
        ]

    def clean(self) -> None:
        """The constraint stands on a generated column, which a form does not know: it is asked here."""
        super().clean()
        if self.code and self.valid_from and not (self.valid_to and self.valid_to <= self.valid_from):
            others = LawValue.objects.during(Span(self.valid_from, self.valid_to)).filter(code=self.code)
            if others.exclude(pk=self.pk).exists():
                raise ValidationError(LAW_VALUE_TWICE)

    def __str__(self) -> str:
        return f"{self.code} = {self.value.normalize():f} с {self.valid_from:%d.%m.%Y}"


@pghistory.track(*row_history())
class HouseVolume(models.Model):
    """Volume by the building meter (ОДПУ) for a month, in the service's unit."""

    house = models.ForeignKey("accounts.House", models.CASCADE, related_name="volumes", verbose_name="дом")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    month = MonthField("месяц")
    volume = QuantityField("объём")
    with_hot_water = models.BooleanField("в объём тепла вошёл подогрев горячей воды", default=False, db_default=False)
    document = models.CharField("документ", max_length=255, blank=True)

    class Meta:
        verbose_name = "объём по дому"
        verbose_name_plural = "объёмы по домам"
        constraints = [
            is_month("housevolume"),
            models.UniqueConstraint(
                fields=["house", "service", "month"], name="housevolume_once",
                violation_error_message="Объём за этот месяц уже введён.",
            ),
            models.CheckConstraint(
                name="housevolume_sane", condition=Q(volume__gte=0),
                violation_error_message="Объём не бывает отрицательным.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.volume.normalize():f} за {self.month:%m.%Y}"


class MeterFaultKind(models.IntegerChoices):
    """Events of п. 59 Правил № 354 that are acts on paper (the end of verification stands in the meter itself)."""

    FAILED = 1, "неисправен или утрачен"
    REFUSED = 2, "не допустили к проверке"


@pghistory.track(*row_history())
class MeterFault(Dated):
    """Days on which a meter of premises does not count: from the event to the day metering is resumed."""

    meter = models.ForeignKey("accounts.Meter", models.CASCADE, related_name="+", verbose_name="прибор учёта")
    kind = models.SmallIntegerField("событие", choices=MeterFaultKind)
    document = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "неучёт по прибору"
        verbose_name_plural = "неучёт по приборам"
        constraints = [
            *no_overlap("meterfault", "meter", message="На эти дни событие по прибору уже записано."),
            among("meterfault", "kind", MeterFaultKind),
            models.CheckConstraint(
                name="meterfault_has_document", condition=~Q(document=""),
                violation_error_message="Назовите акт.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} с {self.valid_from:%d.%m.%Y}"


@pghistory.track(*row_history())
class PlotUse(Dated):
    """What a private house waters or keeps: `units` of a `kind`, the scope of its norm (п. 49 Правил № 354)."""

    premises = models.ForeignKey("accounts.Premises", models.CASCADE, related_name="+", verbose_name="помещение")
    kind = models.SmallIntegerField("вид (группа норматива)")
    units = QuantityField("единиц (м², голов)")

    class Meta:
        verbose_name = "участок и скот"
        verbose_name_plural = "участки и скот"
        constraints = [
            *no_overlap("plotuse", "premises", "kind", message="На эти дни это уже записано."),
            models.CheckConstraint(
                name="plotuse_positive", condition=Q(units__gt=0, kind__gte=1),
                violation_error_message="Количество больше нуля, вид от 1.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.units.normalize():f} с {self.valid_from:%d.%m.%Y}"


class HouseBalance(models.Model):
    """What the building meter shows beyond the premises in a month: written by the run beside the drafts of the house.

    `volume` is the balance of the month itself, below zero where the premises used more; `carried` is what is left of
    negative months (≤ 0) for the months to come, in a managed house (charges.md 11.5).
    """

    house = models.ForeignKey("accounts.House", models.CASCADE, related_name="+", verbose_name="дом")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    month = MonthField("месяц")
    volume = QuantityField("баланс месяца")
    carried = QuantityField("переходит на следующий месяц", default=0)

    class Meta:
        verbose_name = "баланс дома"
        verbose_name_plural = "балансы домов"
        constraints = [
            is_month("housebalance"),
            models.UniqueConstraint(
                fields=["house", "service", "month"],
                name="housebalance_once",
                violation_error_message="Баланс дома по этой услуге за месяц уже есть.",
            ),
            models.CheckConstraint(
                name="housebalance_carried",
                violation_error_message="На следующий месяц переносится только отрицательный остаток.",
                condition=Q(carried__lte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volume.normalize():f} за {self.month:%m.%Y}"
