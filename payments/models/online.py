"""Payments made from the cabinet, before their money comes; consents to autopayment; receipts of 54-ФЗ."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, Q
from django.utils import timezone

from accounts.fields import MoneyField, MonthField
from accounts.money import written
from payments.models.money import Payment, never_emptied


class OnlineMethod(models.TextChoices):
    CARD = "card", "банковская карта"
    SBP = "sbp", "СБП"
    SAVED = "saved", "автоплатёж"


class OnlineState(models.TextChoices):
    BEGUN = "begun", "создаётся"
    WAITING = "waiting", "ждёт оплаты"
    IN_TRANSIT = "in_transit", "в пути"
    SUCCEEDED = "succeeded", "получен"
    CANCELLED = "cancelled", "не состоялся"


UNDECIDED = [OnlineState.BEGUN, OnlineState.WAITING, OnlineState.IN_TRANSIT]


class AutopaymentState(models.TextChoices):
    PROPOSED = "proposed", "ждёт первого платежа"
    ACTIVE = "active", "включён"
    STOPPED = "stopped", "выключен"


class Autopayment(models.Model):
    """A resident's consent: what a new document asks is charged to the saved method, up to `limit` roubles a time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="житель")
    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, related_name="autopayments", verbose_name="лицевой счёт"
    )
    limit = MoneyField("не больше, руб.")
    consented_at = models.DateTimeField("согласие дано", default=timezone.now)
    state = models.CharField("состояние", max_length=10, choices=AutopaymentState, default=AutopaymentState.PROPOSED)
    method_id = models.CharField("сохранённый способ оплаты", max_length=60, blank=True)
    method_title = models.CharField("чем платит", max_length=120, blank=True)
    stopped_at = models.DateTimeField("выключен", null=True, blank=True)
    stopped_because = models.CharField("почему выключен", max_length=255, blank=True)
    last_words = models.CharField("последнее событие", max_length=255, blank=True)

    class Meta:
        verbose_name = "автоплатёж"
        verbose_name_plural = "автоплатежи"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="autopayment_one_alive", condition=~Q(state="stopped"),
                violation_error_message="Автоплатёж этого счёта уже включён.",
            ),
            models.CheckConstraint(
                name="autopayment_limit_positive", condition=Q(limit__gt=0),
                violation_error_message="Предел должен быть больше нуля.",
            ),
            models.CheckConstraint(
                name="autopayment_state_true",
                violation_error_message="Действующему автоплатежу нужна карта, остановленному — дата остановки.",
                condition=Q(state="proposed", method_id="", stopped_at=None)
                | (Q(state="active", stopped_at=None) & ~Q(method_id=""))
                | Q(state="stopped", stopped_at__isnull=False),
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="autopayment_kept", operation=pgtrigger.Delete),
            never_emptied("autopayment"),
            pgtrigger.ReadOnly(name="autopayment_is_ink", fields=["id", "user", "account", "limit", "consented_at"]),
            pgtrigger.FSM(
                name="autopayment_state",
                field="state",
                transitions=[("proposed", "active"), ("proposed", "stopped"), ("active", "stopped")],
            ),
        ]

    def __str__(self) -> str:
        return f"{AutopaymentState(self.state).label}, до {written(self.limit)} ₽"


class OnlinePayment(models.Model):
    """A payment that a resident began on line. Its money becomes a `Payment` when the provider confirms it came.

    key: ours, told to the provider as the idempotence key and in the payment's metadata; provider_id: theirs.
    in_transit: the payer has been to the provider and back; what he owes is shown less this sum.
    """

    key = models.UUIDField("ключ", unique=True, default=uuid.uuid4, editable=False)
    provider = models.CharField("провайдер", max_length=20)
    provider_id = models.CharField("номер у провайдера", max_length=60, null=True, blank=True, unique=True)
    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, related_name="online_payments", verbose_name="лицевой счёт"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="кто платит"
    )
    amount = MoneyField("сумма, руб.")
    method = models.CharField("способ", max_length=5, choices=OnlineMethod)
    autopayment = models.ForeignKey(
        Autopayment, PROTECT, null=True, blank=True, related_name="payments", verbose_name="автоплатёж"
    )
    document = models.CharField("по документу", max_length=40, blank=True)
    state = models.CharField("состояние", max_length=10, choices=OnlineState, default=OnlineState.BEGUN)
    confirmation = models.CharField("куда идти платить", max_length=2000, blank=True)
    begun_at = models.DateTimeField("начат", default=timezone.now)
    asked_at = models.DateTimeField("провайдер спрошен", null=True, blank=True)
    ended_because = models.CharField("почему не состоялся", max_length=255, blank=True)
    payment = models.OneToOneField(
        Payment, PROTECT, null=True, blank=True, related_name="online", verbose_name="платёж"
    )

    class Meta:
        verbose_name = "онлайн-платёж"
        verbose_name_plural = "онлайн-платежи"
        constraints = [
            models.CheckConstraint(
                name="onlinepayment_amount_positive", condition=Q(amount__gt=0),
                violation_error_message="Сумма должна быть больше нуля.",
            ),
            models.CheckConstraint(
                name="onlinepayment_state_known", condition=Q(state__in=OnlineState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="onlinepayment_method_known", condition=Q(method__in=OnlineMethod.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="onlinepayment_succeeded_has_money",
                violation_error_message="Платёж в книгах есть у прошедшего онлайн-платежа, и только у него.",
                condition=Q(state="succeeded", payment__isnull=False) | (~Q(state="succeeded") & Q(payment=None)),
            ),
            models.UniqueConstraint(
                fields=["autopayment", "document"], name="onlinepayment_document_once", condition=~Q(document=""),
                violation_error_message="По этому документу автоплатёж уже был.",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["begun_at"], name="onlinepayment_undecided", condition=Q(state__in=UNDECIDED)),
            models.Index(fields=["account", "-begun_at"], name="onlinepayment_by_account"),
        ]
        triggers = [
            pgtrigger.Protect(name="online_payment_kept", operation=pgtrigger.Delete),
            never_emptied("online_payment"),
            pgtrigger.ReadOnly(
                name="online_payment_is_ink",
                fields=[
                    "id", "key", "provider", "account", "user", "amount", "method", "autopayment", "document",
                    "begun_at",
                ],
            ),
            pgtrigger.Protect(
                name="online_payment_number_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.provider_id IS NOT NULL AND OLD.provider_id IS DISTINCT FROM NEW.provider_id"
                ),
            ),
            # Money that comes after all is taken in, even for a payment that was given up.
            pgtrigger.FSM(
                name="online_payment_state",
                field="state",
                transitions=[
                    ("begun", "waiting"), ("begun", "in_transit"), ("begun", "succeeded"), ("begun", "cancelled"),
                    ("waiting", "in_transit"), ("waiting", "succeeded"), ("waiting", "cancelled"),
                    ("in_transit", "succeeded"), ("in_transit", "cancelled"), ("cancelled", "succeeded"),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{written(self.amount)} ₽, {OnlineState(self.state).label}"


class RefundState(models.TextChoices):
    BEGUN = "begun", "отправляется"
    WAITING = "waiting", "ждёт банка"
    SUCCEEDED = "succeeded", "возвращено"
    CANCELLED = "cancelled", "не состоялся"


class OnlineRefund(models.Model):
    """Money that goes back through the provider; the payment is mirrored when the provider confirms it went."""

    online = models.ForeignKey(OnlinePayment, PROTECT, related_name="refunds", verbose_name="онлайн-платёж")
    key = models.UUIDField("ключ", unique=True, default=uuid.uuid4, editable=False)
    provider_id = models.CharField("номер у провайдера", max_length=60, null=True, blank=True, unique=True)
    amount = MoneyField("сумма, руб.")
    reason = models.CharField("причина", max_length=255)
    state = models.CharField("состояние", max_length=10, choices=RefundState, default=RefundState.BEGUN)
    begun_at = models.DateTimeField("начат", default=timezone.now)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="кто оформил"
    )
    ended_because = models.CharField("почему не состоялся", max_length=255, blank=True)

    class Meta:
        verbose_name = "возврат через провайдера"
        verbose_name_plural = "возвраты через провайдера"
        constraints = [
            models.CheckConstraint(
                name="onlinerefund_amount_positive", condition=Q(amount__gt=0),
                violation_error_message="Сумма возврата должна быть больше нуля.",
            ),
            models.CheckConstraint(
                name="onlinerefund_has_reason", condition=~Q(reason=""),
                violation_error_message="Укажите причину возврата.",
            ),
            models.CheckConstraint(
                name="onlinerefund_state_known", condition=Q(state__in=RefundState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.UniqueConstraint(
                fields=["online"], name="onlinerefund_one_undecided", condition=Q(state__in=["begun", "waiting"]),
                violation_error_message="Возврат этого платежа уже отправлен.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="online_refund_kept", operation=pgtrigger.Delete),
            never_emptied("online_refund"),
            pgtrigger.ReadOnly(
                name="online_refund_is_ink", fields=["id", "online", "key", "amount", "reason", "begun_at", "begun_by"]
            ),
            pgtrigger.FSM(
                name="online_refund_state",
                field="state",
                transitions=[
                    ("begun", "waiting"), ("begun", "succeeded"), ("begun", "cancelled"),
                    ("waiting", "succeeded"), ("waiting", "cancelled"),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{written(self.amount)} ₽, {RefundState(self.state).label}"


class FiscalKind(models.TextChoices):
    SELL = "sell", "приход"
    SELL_REFUND = "sell_refund", "возврат прихода"
    OFFSET = "offset", "зачёт аванса"
    OFFSET_BACK = "offset_back", "возврат зачёта аванса"


class FiscalState(models.TextChoices):
    WAITING = "waiting", "ждёт отправки"
    SENT = "sent", "у кассы"
    DONE = "done", "пробит"
    REFUSED = "refused", "отклонён кассой"


class FiscalReceipt(models.Model):
    """A receipt of 54-ФЗ: what is to be printed is frozen when the money is laid over debts, and sent by a job.

    key: our number of the receipt at the on-line cash register, so that a second sending makes no second receipt.
    payment: of a return, the payment that gave its money back; original: the receipt that the return answers, which is
    of the payment this money came as. month: of an offset and of its return, the month whose days used the advance.
    printed_with: cash and a card paid one bill: this payment's lines stand in the document of that receipt.
    """

    payment = models.ForeignKey(Payment, PROTECT, related_name="fiscal_receipts", verbose_name="платёж")
    kind = models.CharField("признак расчёта", max_length=12, choices=FiscalKind)
    original = models.ForeignKey(
        "self", PROTECT, null=True, blank=True, related_name="returns", verbose_name="возврат по чеку"
    )
    month = MonthField("месяц зачёта", null=True, blank=True)
    key = models.UUIDField("ключ", unique=True, default=uuid.uuid4, editable=False)
    printed_with = models.ForeignKey(
        "self", PROTECT, null=True, blank=True, related_name="joined", verbose_name="пробит в чеке"
    )
    amount = MoneyField("сумма, руб.")
    contents = models.JSONField("содержание")
    state = models.CharField("состояние", max_length=8, choices=FiscalState, default=FiscalState.WAITING)
    made_at = models.DateTimeField("создан", default=timezone.now)
    service_id = models.CharField("номер у кассы", max_length=60, blank=True)
    attempts = models.SmallIntegerField("попыток", default=0)
    refusals = models.SmallIntegerField("отказов кассы", default=0, db_default=0)
    next_at = models.DateTimeField("следующая попытка", default=timezone.now)
    trouble = models.CharField("что мешает", max_length=500, blank=True)
    fiscal = models.JSONField("фискальные данные", default=dict, blank=True)

    class Meta:
        verbose_name = "чек 54-ФЗ"
        verbose_name_plural = "чеки 54-ФЗ"
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "kind", "month"], name="fiscalreceipt_once", nulls_distinct=False,
                violation_error_message="Чек этого платежа уже есть.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_offset_has_month",
                condition=Q(kind__in=["offset", "offset_back"], month__day=1)
                | (~Q(kind__in=["offset", "offset_back"]) & Q(month=None)),
                violation_error_message="Месяц указывают у зачёта аванса и его возврата, и только у них.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_return_has_original",
                condition=Q(kind__in=["sell_refund", "offset_back"], original__isnull=False)
                | (~Q(kind__in=["sell_refund", "offset_back"]) & Q(original=None)),
                violation_error_message="Чек, по которому возвращают, указывают у чека возврата, и только у него.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_kind_known", condition=Q(kind__in=FiscalKind.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_state_known", condition=Q(state__in=FiscalState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_amount_positive", condition=Q(amount__gt=0),
                violation_error_message="Сумма чека должна быть больше нуля.",
            ),
            models.CheckConstraint(
                name="fiscalreceipt_done_is_fiscal",
                violation_error_message="У пробитого чека указывают фискальные реквизиты.",
                condition=~Q(state="done") | ~Q(fiscal={})
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["next_at"], name="fiscalreceipt_waiting", condition=Q(state__in=["waiting", "sent"]))
        ]
        triggers = [
            pgtrigger.Protect(name="fiscal_receipt_kept", operation=pgtrigger.Delete),
            never_emptied("fiscal_receipt"),
            pgtrigger.ReadOnly(
                name="fiscal_receipt_is_ink",
                fields=["id", "payment", "kind", "original", "month", "key", "printed_with", "amount", "made_at"],
            ),
            # What the register refused may be corrected and sent again; what it took is ink.
            pgtrigger.Protect(
                name="fiscal_receipt_contents_are_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('sent', 'done') AND OLD.contents IS DISTINCT FROM NEW.contents"
                ),
            ),
            pgtrigger.FSM(
                name="fiscal_receipt_state",
                field="state",
                transitions=[
                    ("waiting", "sent"), ("waiting", "refused"), ("sent", "done"), ("sent", "refused"),
                    ("refused", "waiting"),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{FiscalKind(self.kind).label} {written(self.amount)} ₽, {FiscalState(self.state).label}"
