"""Charges: drafts are chalk, posted lines are ink. The state of a contract's month says which."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, Q
from django.utils import timezone

from accounts.fields import MoneyField, MonthField, QuantityField, is_month
from accounts.kinds import Unit


class ContractMonthState(models.TextChoices):
    OPEN = "open", "открыт"
    POSTED = "posted", "проведён"
    ISSUED = "issued", "документы выпущены"
    CLOSED = "closed", "закрыт"


class ContractMonth(models.Model):
    """State of a billing month per agency contract. While OPEN its charges are chalk; then they are ink."""

    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, related_name="months", verbose_name="договор")
    month = MonthField("месяц")
    state = models.CharField("состояние", max_length=8, choices=ContractMonthState, default=ContractMonthState.OPEN)
    posted_at = models.DateTimeField("проведён", null=True, blank=True)
    closed_at = models.DateTimeField("закрыт", null=True, blank=True)

    class Meta:
        verbose_name = "месяц договора"
        verbose_name_plural = "месяцы договоров"
        constraints = [
            is_month("contractmonth"),
            models.UniqueConstraint(
                fields=["contract", "month"],
                name="contractmonth_once",
                violation_error_message="Этот месяц договора уже открыт.",
            ),
            models.CheckConstraint(
                name="contractmonth_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=ContractMonthState.values),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="contract_month_key", fields=["contract", "month"]),
            pgtrigger.FSM(
                name="contract_month_state",
                field="state",
                transitions=[("open", "posted"), ("posted", "issued"), ("issued", "closed"), ("posted", "closed")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.get_state_display()}"


class Hold(models.Model):
    """An account held back from posting: its lines stay chalk until released, and the month does not close."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="holds", verbose_name="счёт")
    month = MonthField("месяц")
    cause = models.CharField("причина", max_length=255)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="удержал"
    )
    held_at = models.DateTimeField("удержан", default=timezone.now)
    released_at = models.DateTimeField("отпущен", null=True, blank=True)

    class Meta:
        verbose_name = "удержание"
        verbose_name_plural = "удержания"
        constraints = [
            is_month("hold"),
            models.UniqueConstraint(
                fields=["account", "month"],
                name="hold_once",
                violation_error_message="Счёт в этом месяце уже удержан.",
                condition=Q(released_at=None),
            ),
            models.CheckConstraint(
                name="hold_has_cause", violation_error_message="Укажите причину удержания.", condition=~Q(cause="")
            ),
        ]

    def __str__(self) -> str:
        return self.cause


class ChargeKind(models.IntegerChoices):
    CHARGE = 1, "Начислено"
    UPLIFT = 2, "Повышающий коэффициент"
    COMMON_USE = 3, "На общее имущество"
    RECALCULATION = 4, "Перерасчёт"
    BENEFIT = 5, "Льгота"
    PENALTY = 6, "Пени"
    VAT = 7, "НДС"
    HEATING_CORRECTION = 8, "Корректировка отопления"
    UNAUTHORISED = 9, "Самовольное подключение"


class Method(models.IntegerChoices):
    """Which formula made the line; the footnote of the document's volume."""

    METER = 1, "по показаниям счётчика"
    NORM = 2, "по нормативу"
    AVERAGE = 3, "по среднемесячному расходу"
    BUILDING_METER = 4, "по общедомовому прибору"
    AREA = 5, "по площади"
    FLAT_RATE = 6, "с лицевого счёта"
    FOLLOWS_WATER = 7, "по объёму воды"
    MANUAL = 8, "по документу"
    PENALTY = 9, "расчёт пени"
    HOUSE_BALANCE = 10, "по балансу дома"
    HOUSE_SHARE = 11, "доля в объёме дома"


class Charge(models.Model):
    """One line of debt. Ink once its ContractMonth is posted: triggers refuse; a correction is another row.

    `line` = component × 10000 + zone × 1000 + range × 100 + number of the segment: the same every night for the same
    facts. `month` is the month it is posted in, `for_month` the month it is about. Volumes are in `unit`.
    """

    pk = models.CompositePrimaryKey("account", "contract", "service", "kind", "line", "month")
    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, db_constraint=False, related_name="+")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, db_constraint=False, related_name="+")
    service = models.ForeignKey("accounts.Service", PROTECT, db_constraint=False, related_name="+")
    kind = models.SmallIntegerField(choices=ChargeKind)
    line = models.SmallIntegerField()
    month = MonthField()
    house = models.ForeignKey("accounts.House", PROTECT, db_constraint=False, related_name="+")
    for_month = MonthField()
    method = models.SmallIntegerField(choices=Method)
    volume = QuantityField(null=True)
    unit = models.SmallIntegerField(choices=Unit)
    tariff = QuantityField(null=True)
    norm = QuantityField(null=True)
    multiplier = QuantityField(null=True)
    persons = QuantityField(null=True)
    area = QuantityField(null=True)
    days = models.SmallIntegerField()
    amount = MoneyField()

    class Meta:
        managed = False  # partitioned: table, checks and ink triggers are SQL in a migration
        db_table = "billing_charge"
        verbose_name = "начисление"
        verbose_name_plural = "начисления"


class Correction(models.Model):
    """The document behind a recalculation: its number, basis and period."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="corrections", verbose_name="счёт")
    service = models.ForeignKey("accounts.Service", PROTECT, related_name="+", verbose_name="услуга")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, related_name="+", verbose_name="договор")
    number = models.CharField("номер документа", max_length=60)
    month = MonthField("проводится в месяце")
    for_month = MonthField("за месяц")
    basis = models.CharField("основание", max_length=500)
    amount = MoneyField("сумма, руб.")
    document = models.ForeignKey(
        "billing.MassCorrection", PROTECT, null=True, blank=True, related_name="corrections",
        verbose_name="массовый перерасчёт",
    )  # fmt: skip
    before = MoneyField("было, руб.", null=True, blank=True)
    after = MoneyField("стало, руб.", null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="оформил"
    )
    made_at = models.DateTimeField("оформлен", default=timezone.now)

    class Meta:
        verbose_name = "документ перерасчёта"
        verbose_name_plural = "документы перерасчёта"
        constraints = [
            is_month("correction"),
            is_month("correction", "for_month"),
            models.CheckConstraint(
                name="correction_has_basis", condition=~Q(basis=""), violation_error_message="Назовите основание."
            ),
            models.UniqueConstraint(
                fields=["account", "number", "service", "contract", "for_month"], name="correction_once",
                violation_error_message="Документ с этим номером по этой услуге уже проведён.",
            ),
            models.CheckConstraint(
                name="correction_adds_up",
                condition=Q(before=None, after=None) | Q(after=models.F("before") + models.F("amount")),
                violation_error_message="Стало должно быть равно было и сумме документа.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="correction_is_ink", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number


class DraftDigest(models.Model):
    """What an account's drafts of an open month were computed from (`pipeline.fingerprints`), and what they came to.

    Unlogged: after a crash it is empty, and the next night computes everybody.
    """

    pk = models.CompositePrimaryKey("account_id", "month")
    account_id = models.BigIntegerField("счёт")
    month = MonthField("месяц")
    digest = models.BigIntegerField("отпечаток")
    lines = models.IntegerField("строк")
    amount = MoneyField("сумма, руб.")

    class Meta:
        verbose_name = "отпечаток черновика"
        verbose_name_plural = "отпечатки черновиков"
