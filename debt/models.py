"""What the law and the contracts say of penalties, dated, by hand or by act; and what accrues in the open month."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.fields import (
    Dated,
    DateRange,
    Int8Range,
    MonthField,
    among,
    is_month,
    no_overlap,
    not_empty,
    row_history,
)


def _point(key: Combinable) -> Int8Range:
    return Int8Range(key, key, Value("[]"))


class PenaltyScale(models.IntegerChoices):
    """Which fractions of the key rate a debt runs through (debt.penalties.Scale)."""

    NONE = 0, "пени не начисляются"
    HOUSING = 1, "жильё и коммунальные услуги (ч. 14 ст. 155 ЖК РФ)"
    CAPITAL_REPAIR = 2, "взнос на капремонт (ч. 14.1 ст. 155 ЖК РФ)"
    ASSOCIATION = 3, "ТСЖ и ЖСК, покупающие ресурс"
    MANAGING = 4, "управляющая организация, покупающая ресурс"
    ENERGY = 5, "юридические лица и ИП по прямым договорам"
    CONTRACT = 6, "по договору, 1/300 с первого дня"


class DebtorKind(models.IntegerChoices):
    """Who pays the account (debt.penalties.Debtor)."""

    ANY = 0, "любой плательщик"
    PERSON = 1, "гражданин"
    ORGANISATION = 2, "организация"
    MANAGING = 3, "управляющая организация"
    ASSOCIATION = 4, "ТСЖ, ЖСК"


@pghistory.track(*row_history())
class PenaltyBand(Dated):
    """From this day of delay 1 / divisor of the rate accrues for a day (empty: nothing). Before the first: nothing."""

    scale = models.SmallIntegerField("шкала", choices=PenaltyScale)
    first_day = models.SmallIntegerField("с какого дня просрочки")
    divisor = models.SmallIntegerField("доля ставки: 1 /", null=True, blank=True)
    act = models.CharField("акт", max_length=255)

    class Meta:
        verbose_name = "ступень пени"
        verbose_name_plural = "ступени пени"
        constraints = [
            *no_overlap(
                "penaltyband", "scale", "first_day", message="На эти дни ступень уже задана. Закройте прежнюю датой."
            ),
            among("penaltyband", "scale", PenaltyScale),
            models.CheckConstraint(
                name="penaltyband_sane",
                condition=Q(first_day__gte=1) & (Q(divisor=None) | Q(divisor__gte=1)),
                violation_error_message="День просрочки считается с первого, доля ставки: целое число.",
            ),
            models.CheckConstraint(
                name="penaltyband_has_act",
                violation_error_message="Укажите закон или договор, из которого ступень пени.",
                condition=~Q(act=""),
            ),
        ]

    def __str__(self) -> str:
        return f"с {self.first_day} дня: " + (f"1/{self.divisor}" if self.divisor else "нет")


@pghistory.track(*row_history())
class PenaltyTerms(Dated):
    """The scale of a contract's, a service's, a kind of debtor's debts; the closest win. Dated by month of debt."""

    contract = models.ForeignKey(
        "accounts.AgencyContract", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="договор"
    )
    service = models.ForeignKey(
        "accounts.Service", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="услуга"
    )
    debtor = models.SmallIntegerField("плательщик", choices=DebtorKind, default=DebtorKind.ANY)
    scale = models.SmallIntegerField("шкала", choices=PenaltyScale)
    due_day = models.SmallIntegerField("срок оплаты: число следующего месяца", null=True, blank=True)
    act = models.CharField("основание", max_length=255)

    class Meta:
        verbose_name = "условия пени"
        verbose_name_plural = "условия пени"
        constraints = [
            not_empty("penaltyterms"),
            ExclusionConstraint(
                name="penaltyterms_no_overlap",
                expressions=[
                    (_point(Coalesce(F("contract"), Value(0))), RangeOperators.OVERLAPS),
                    (_point(Coalesce(F("service"), Value(0))), RangeOperators.OVERLAPS),
                    (_point(F("debtor")), RangeOperators.OVERLAPS),
                    (DateRange(F("valid_from"), F("valid_to"), Value("[)")), RangeOperators.OVERLAPS),
                ],
                violation_error_message="На эти дни условия уже заданы. Закройте прежние датой.",
            ),
            among("penaltyterms", "scale", PenaltyScale),
            among("penaltyterms", "debtor", DebtorKind),
            models.CheckConstraint(
                name="penaltyterms_due_day",
                condition=Q(due_day=None) | Q(due_day__gte=1, due_day__lte=28),
                violation_error_message="Число месяца от 1 до 28.",
            ),
            models.CheckConstraint(
                name="penaltyterms_has_act",
                violation_error_message="Укажите закон или договор, из которого условия пени.",
                condition=~Q(act=""),
            ),
        ]

    def __str__(self) -> str:
        return self.get_scale_display()


@pghistory.track(*row_history())
class Moratorium(Dated):
    """Days without penalty: for everybody by an act, or for one contract or account by an agreement or a court.

    The count of days goes on. Several that overlap are one. arose_before: only debts of earlier months.
    """

    scale = models.SmallIntegerField("шкала", choices=PenaltyScale, null=True, blank=True)
    arose_before = models.DateField("только долги, возникшие до", null=True, blank=True)
    contract = models.ForeignKey(
        "accounts.AgencyContract", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="договор"
    )
    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="счёт"
    )
    act = models.CharField("основание", max_length=255)

    class Meta:
        verbose_name = "мораторий на пени"
        verbose_name_plural = "моратории на пени"
        constraints = [
            not_empty("moratorium"),
            models.CheckConstraint(
                name="moratorium_scale_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(scale=None) | Q(scale__in=PenaltyScale.values),
            ),
            models.CheckConstraint(
                name="moratorium_has_act", condition=~Q(act=""), violation_error_message="Назовите основание."
            ),
        ]

    def __str__(self) -> str:
        return self.act


class PenaltyBook(models.Model):
    """What the last night of an open month stood on, in digests (debt.queries.Ground): the next looks for news."""

    month = MonthField("месяц", unique=True)
    until = models.DateField("начислено по день")
    proved_on = models.DateField("пересчитано целиком по день", null=True, blank=True)
    contracts = models.JSONField("закон и проведённые месяцы по договорам", default=dict)
    accounts = models.JSONField("особые условия счетов", default=dict)
    since = models.DateField("операционные дни с")
    closed_days = models.JSONField("закрытые операционные дни", default=list)

    class Meta:
        verbose_name = "ночь пени"
        verbose_name_plural = "ночи пени"
        constraints = [is_month("penaltybook")]

    def __str__(self) -> str:
        return f"{self.month:%m.%Y} по {self.until:%d.%m.%Y}"


class Accrual(models.Model):
    """Penalty of an account's contract and service accrued to each day from `since` to the end of the open month.

    Chalk: computed when a fact is new, read by the nights after it, dropped when the next month has its own.
    posted_kopecks: what posted months charged of it. Debts of months before `open_from` were paid before `since`:
    settled_kopecks is their penalty for good, known_kopecks what was posted in months up to `known_until`, so that the
    next computation reads later months alone. It may as long as the law of that time is the same (`law`, a digest) and
    nothing came about those months since.
    """

    pk = models.CompositePrimaryKey("account_id", "contract_id", "service_id", "month")
    account_id = models.BigIntegerField()
    contract_id = models.BigIntegerField()
    service_id = models.SmallIntegerField()
    month = MonthField()
    house_id = models.BigIntegerField()
    since = models.DateField()
    posted_kopecks = models.BigIntegerField()
    accrued_kopecks = ArrayField(models.BigIntegerField())
    open_from = models.DateField()
    settled_kopecks = models.BigIntegerField()
    known_until = models.DateField()
    known_kopecks = models.BigIntegerField()
    law = models.BigIntegerField()

    class Meta:
        managed = False  # partitioned: the table is SQL in a migration
        db_table = "debt_accrual"
