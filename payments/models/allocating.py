"""What is told of allocation from above, the open items of closed months, and journals of mass re-allocation."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, F, Q
from django.utils import timezone

from accounts.fields import Dated, MoneyField, MonthField
from payments.models.money import Payment, never_emptied, of_open_days


class InstructionKind(models.IntegerChoices):
    COURT_ACT = 1, "судебный акт"
    DEFERRED = 2, "отсрочен рассрочкой"
    TIME_BARRED = 3, "за сроком давности"


class PaymentInstruction(Dated):
    """What the debt floor tells beforehand, a row a line: a court act's lines, or a month that waits for the others.

    A court act names contract, service, month and roubles; a month that waits names the month alone.
    """

    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, related_name="payment_instructions", verbose_name="лицевой счёт"
    )
    kind = models.SmallIntegerField("вид", choices=InstructionKind)
    document = models.CharField("документ", max_length=120)
    for_month = MonthField("месяц долга")
    contract = models.ForeignKey(
        "accounts.AgencyContract", PROTECT, null=True, blank=True, related_name="+", verbose_name="договор"
    )
    service = models.ForeignKey(
        "accounts.Service", PROTECT, null=True, blank=True, related_name="+", verbose_name="услуга"
    )
    is_penalty = models.BooleanField("пени", default=False)
    amount = MoneyField("сумма по акту, руб.", null=True, blank=True)

    class Meta:
        verbose_name = "указание о разнесении"
        verbose_name_plural = "указания о разнесении"
        constraints = [
            models.CheckConstraint(
                name="paymentinstruction_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(kind__in=InstructionKind.values),
            ),
            models.CheckConstraint(
                name="paymentinstruction_line_of_act",
                violation_error_message="Договор, услуга и сумма — у строки судебного акта, и только у неё.",
                condition=Q(kind=1, contract__isnull=False, service__isnull=False, amount__gt=0)
                | Q(kind__in=[2, 3], contract=None, service=None, amount=None, is_penalty=False),
            ),
            models.CheckConstraint(
                name="paymentinstruction_has_document",
                violation_error_message="Укажите документ, на котором основано указание.",
                condition=~Q(document=""),
            ),
            models.CheckConstraint(
                name="paymentinstruction_month_is_month",
                violation_error_message="Месяц хранится как первое число.",
                condition=Q(for_month__day=1),
            ),
            models.CheckConstraint(
                name="paymentinstruction_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
            ),
            models.UniqueConstraint(
                name="paymentinstruction_once",
                fields=["account", "kind", "document", "for_month", "contract", "service", "is_penalty"],
                nulls_distinct=False,
                violation_error_message="Эта строка документа уже внесена.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="payment_instruction_kept", operation=pgtrigger.Delete),
            never_emptied("payment_instruction"),
            pgtrigger.ReadOnly(
                name="payment_instruction_is_ink",
                fields=[
                    "id", "account", "kind", "document", "for_month", "contract", "service", "is_penalty", "amount",
                    "valid_from",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{InstructionKind(self.kind).label}: {self.document}"


class OpenItemRow(models.Model):
    """What was open of the months before `month` when that was closed: debtors keep theirs, a credit stands as one row.

    The items of `month` itself are its ink less what was allocated to it: they are not written twice.
    """

    pk = models.CompositePrimaryKey("account", "contract", "service", "for_month", "is_penalty", "month")
    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, db_constraint=False, related_name="+")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, db_constraint=False, related_name="+")
    service = models.ForeignKey("accounts.Service", PROTECT, db_constraint=False, related_name="+")
    for_month = MonthField()
    is_penalty = models.BooleanField()
    month = MonthField()
    amount = MoneyField()
    charged = MoneyField()

    class Meta:
        managed = False  # partitioned: table and ink triggers are SQL in a migration
        db_table = "payments_openitem"
        verbose_name = "неоплаченный остаток"
        verbose_name_plural = "неоплаченные остатки"


class Reallocation(models.Model):
    """A journal of parts laid anew: its rows answer the old ones on its day; an undo is a journal of its own."""

    day = models.DateField("операционный день")
    reason = models.CharField("причина", max_length=255)
    rule = models.JSONField("правило", default=dict)
    undoes = models.OneToOneField(
        "self", PROTECT, null=True, blank=True, related_name="undone_by", verbose_name="отменяет"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="провёл"
    )
    made_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "журнал переразнесения"
        verbose_name_plural = "журналы переразнесения"
        constraints = [
            models.CheckConstraint(
                name="reallocation_has_reason", condition=~Q(reason=""), violation_error_message="Назовите причину."
            )
        ]
        triggers = [
            pgtrigger.Protect(name="reallocation_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("reallocation"),
            of_open_days("reallocation"),
        ]

    def __str__(self) -> str:
        return self.reason


class ReallocatedPayment(models.Model):
    """A payment of the journal: lines of it from `first_line` up to `next_line` were written by the journal."""

    reallocation = models.ForeignKey(Reallocation, PROTECT, related_name="payments", verbose_name="журнал")
    payment = models.ForeignKey(Payment, PROTECT, related_name="reallocations", verbose_name="платёж")
    first_line = models.SmallIntegerField("с части")
    next_line = models.SmallIntegerField("до части")

    class Meta:
        verbose_name = "переразнесённый платёж"
        verbose_name_plural = "переразнесённые платежи"
        constraints = [
            models.UniqueConstraint(
                fields=["reallocation", "payment"],
                name="reallocatedpayment_once",
                violation_error_message="Платёж в этом переразнесении уже есть.",
            ),
            models.CheckConstraint(
                name="reallocatedpayment_has_lines",
                violation_error_message="В переразнесении платежа нет ни одной строки.",
                condition=Q(next_line__gt=F("first_line"), first_line__gte=0),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="reallocated_payment_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("reallocated_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.reallocation_id}: {self.payment_id}"
