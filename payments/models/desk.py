"""The cashier's shift: who stood at which desk, what was in the drawer when it closed; refunds, contested payments."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, Q
from django.utils import timezone

from accounts.fields import MoneyField
from accounts.money import written
from payments.models.money import CashReceipt, Payment, RemittanceState, Reversal, never_emptied

SUMS = ("cash", "card", "returned_cash", "returned_card", "collected", "counted")


class CashShift(models.Model):
    """One cashier at one desk, from opening to closing. Its sums are written once, when it closes; roubles.

    In the drawer: float_amount + cash − returned_cash − collected; `counted` is what the cashier found in it.
    """

    cashier = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="кассир")
    office = models.ForeignKey("accounts.Office", PROTECT, related_name="+", verbose_name="отделение")
    day = models.DateField("операционный день")
    opened_at = models.DateTimeField("открыта", default=timezone.now)
    closed_at = models.DateTimeField("закрыта", null=True, blank=True)
    float_amount = MoneyField("разменных в ящике, руб.", default=0)
    receipts = models.IntegerField("квитанций", null=True, blank=True)
    cash = MoneyField("принято наличными, руб.", null=True, blank=True)
    card = MoneyField("принято картами, руб.", null=True, blank=True)
    returned_cash = MoneyField("возвращено наличными, руб.", null=True, blank=True)
    returned_card = MoneyField("возвращено на карты, руб.", null=True, blank=True)
    collected = MoneyField("инкассировано, руб.", null=True, blank=True)
    counted = MoneyField("пересчитано в ящике, руб.", null=True, blank=True)

    class Meta:
        verbose_name = "кассовая смена"
        verbose_name_plural = "кассовые смены"
        constraints = [
            models.UniqueConstraint(
                fields=["cashier"], name="cashshift_one_open", condition=Q(closed_at=None),
                violation_error_message="У кассира уже есть открытая смена.",
            ),
            models.CheckConstraint(
                name="cashshift_float_not_negative", condition=Q(float_amount__gte=0),
                violation_error_message="Остаток в кассе не бывает отрицательным.",
            ),
            models.CheckConstraint(
                name="cashshift_closed_with_sums", violation_error_message="У закрытой смены указывают время и суммы.",
                condition=Q(closed_at=None, receipts=None, **dict.fromkeys(SUMS))
                | Q(closed_at__isnull=False, receipts__gte=0, **{f"{name}__gte": 0 for name in SUMS}),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["-opened_at"], name="cashshift_by_time")]
        triggers = [
            pgtrigger.Protect(name="cash_shift_kept", operation=pgtrigger.Delete),
            never_emptied("cash_shift"),
            pgtrigger.ReadOnly(
                name="cash_shift_is_itself", fields=["id", "cashier", "office", "day", "opened_at", "float_amount"]
            ),
            pgtrigger.Protect(
                name="cash_shift_closed_is_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.closed_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*"),
            ),
        ]

    def __str__(self) -> str:
        return f"смена {self.pk} от {self.day:%d.%m.%Y}"


class MovementKind(models.IntegerChoices):
    RECEIPT = 1, "квитанция"
    CANCELLED = 2, "отмена квитанции"
    COLLECTED = 3, "инкассация"


class CashMovement(models.Model):
    """Money into the drawer or out of it within an open shift: a receipt, its cancellation, a collection. Ink.

    A receipt paid by card and in cash makes two: what lies in the drawer, and what does not.
    """

    shift = models.ForeignKey(CashShift, PROTECT, related_name="movements", verbose_name="смена")
    kind = models.SmallIntegerField("вид", choices=MovementKind)
    receipt = models.ForeignKey(
        CashReceipt, PROTECT, null=True, blank=True, related_name="movements", verbose_name="квитанция"
    )
    amount = MoneyField("сумма, руб.")
    is_card = models.BooleanField("картой", default=False)
    document = models.CharField("документ", max_length=120, blank=True)
    made_at = models.DateTimeField("когда", default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="кто")

    class Meta:
        verbose_name = "движение кассы"
        verbose_name_plural = "движения кассы"
        constraints = [
            models.CheckConstraint(
                name="cashmovement_amount_positive",
                violation_error_message="Сумма должна быть больше нуля.",
                condition=Q(amount__gt=0),
            ),
            models.CheckConstraint(
                name="cashmovement_kind_true",
                violation_error_message="Такого движения кассы не бывает. Проверьте вид и квитанцию.",
                condition=Q(kind__in=[1, 2], receipt__isnull=False)
                | (Q(kind=3, receipt=None, is_card=False) & ~Q(document="")),
            ),
            models.UniqueConstraint(
                fields=["receipt", "kind", "is_card"],
                name="cashmovement_once",
                violation_error_message="Это движение по квитанции уже записано.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="cash_movement_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("cash_movement"),
            # Who closes the shift takes FOR UPDATE and waits for its writers.
            pgtrigger.Trigger(
                name="cash_movement_of_open_shift",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM payments_cashshift WHERE id = NEW.shift_id AND closed_at IS NULL FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'Кассовая смена % закрыта.', NEW.shift_id;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {written(self.amount)} ₽"


RETURN_OF = "возврат платежа"  # stands for the application's number where a whole payment goes back


class RefundApplication(models.Model):
    """Money that goes back by the bank: whom to, by which requisites, and the payments it undid.

    A payer's application for his overpayment, or a whole payment returned (of no account: nobody owned it).
    """

    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, null=True, blank=True, related_name="+", verbose_name="лицевой счёт"
    )
    number = models.CharField("номер заявления", max_length=40)
    applied_on = models.DateField("дата заявления")
    amount = MoneyField("сумма, руб.")
    recipient = models.CharField("получатель", max_length=160)
    inn = models.CharField("ИНН", max_length=12, blank=True)
    bik = models.CharField("БИК", max_length=9)
    bank_account = models.CharField("счёт получателя", max_length=20)
    day = models.DateField("операционный день")
    made_at = models.DateTimeField("проведён", default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="кто провёл")
    reversals = models.ManyToManyField(Reversal, related_name="+", verbose_name="сторно")

    class Meta:
        verbose_name = "возврат по заявлению"
        verbose_name_plural = "возвраты по заявлениям"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number", "applied_on"], name="refundapplication_once",
                violation_error_message="Возврат по этому заявлению уже проведён.",
            ),
            models.CheckConstraint(
                name="refundapplication_amount_positive", condition=Q(amount__gt=0),
                violation_error_message="Сумма возврата должна быть больше нуля.",
            ),
            models.CheckConstraint(
                name="refundapplication_named",
                violation_error_message="Укажите получателя возврата и его реквизиты.",
                condition=~Q(number="") & ~Q(recipient="") & ~Q(bank_account="")
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="refund_application_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("refund_application"),
        ]

    def __str__(self) -> str:
        return f"{self.document} от {self.applied_on:%d.%m.%Y}, {written(self.amount)} ₽"

    @property
    def document(self) -> str:
        return self.number if self.number.startswith(RETURN_OF) else f"заявление {self.number}"


class RefundOrder(models.Model):
    """The bank's order for a refund on application: one carries the refund out, another releases its order.

    Requisites are the order's own: what the bank sent back goes out again to corrected ones, with a release of its own.
    """

    application = models.OneToOneField(
        RefundApplication, PROTECT, related_name="order", verbose_name="возврат по заявлению"
    )
    number = models.CharField("номер поручения", max_length=6)
    recipient = models.CharField("получатель", max_length=160)
    inn = models.CharField("ИНН", max_length=12, blank=True)
    bik = models.CharField("БИК", max_length=9)
    bank_account = models.CharField("счёт получателя", max_length=20)
    state = models.CharField("состояние", max_length=10, choices=RemittanceState, default=RemittanceState.FORMED)
    formed_at = models.DateTimeField("сформировано", default=timezone.now)
    formed_by = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="сформировал")
    released_at = models.DateTimeField("выпущено", null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="выпустил"
    )
    confirmed_on = models.DateField("исполнено", null=True, blank=True)
    trouble = models.CharField("почему вернул банк", max_length=255, blank=True)

    class Meta:
        verbose_name = "поручение на возврат"
        verbose_name_plural = "поручения на возврат"
        constraints = [
            models.CheckConstraint(
                name="refundorder_state_known",
                condition=Q(state__in=RemittanceState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="refundorder_two_people",
                condition=Q(released_by=None) | ~Q(released_by=models.F("formed_by")),
                violation_error_message="Выпустить возврат должен другой сотрудник.",
            ),
            models.CheckConstraint(
                name="refundorder_released_at_a_moment",
                violation_error_message="У выпущенного поручения есть сотрудник и время выпуска.",
                condition=Q(released_by=None, released_at=None)
                | Q(released_by__isnull=False, released_at__isnull=False),
            ),
            models.CheckConstraint(
                name="refundorder_goes_out_released",
                condition=Q(state="formed") | Q(released_by__isnull=False),
                violation_error_message="В банк идёт только выпущенное поручение.",
            ),
            models.CheckConstraint(
                name="refundorder_confirmed_on_a_day",
                violation_error_message="День исполнения указывают у исполненного поручения, и только у него.",
                condition=Q(state="confirmed", confirmed_on__isnull=False)
                | (~Q(state="confirmed") & Q(confirmed_on=None)),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="refund_order_kept", operation=pgtrigger.Delete),
            never_emptied("refund_order"),
            pgtrigger.ReadOnly(name="refund_order_is_itself", fields=["id", "application", "number", "formed_at"]),
            pgtrigger.Protect(
                name="refund_order_requisites_are_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "ROW(OLD.recipient, OLD.inn, OLD.bik, OLD.bank_account, OLD.formed_by_id)"
                    " IS DISTINCT FROM ROW(NEW.recipient, NEW.inn, NEW.bik, NEW.bank_account, NEW.formed_by_id)"
                    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.released_by_id IS NULL)"
                ),
            ),
            pgtrigger.Protect(
                name="refund_order_released_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.released_by_id IS NOT NULL"
                    " AND ROW(OLD.released_by_id, OLD.released_at)"
                    " IS DISTINCT FROM ROW(NEW.released_by_id, NEW.released_at)"
                    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.released_by_id IS NULL)"
                ),
            ),
            pgtrigger.Protect(
                name="refund_order_begins_formed",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.state <> 'formed' OR NEW.released_by_id IS NOT NULL"),
            ),
            pgtrigger.FSM(
                name="refund_order_state",
                field="state",
                transitions=[
                    ("formed", "sent"), ("sent", "confirmed"), ("sent", "rejected"), ("rejected", "formed"),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"поручение № {self.number} на возврат {written(self.application.amount)} ₽"


class ChargeBackState(models.TextChoices):
    ASKED = "asked", "ждёт второго сотрудника"
    DONE = "done", "снят"
    DECLINED = "declined", "не снят"


class ChargeBack(models.Model):
    """A payment contested at the payer's bank: what the acquirer says, who asked to take it off and who agreed.

    remitted: roubles of it that principals had got by then. They turn into claims on them, so a second person decides;
    money that is still with the agent comes off at once.
    """

    payment = models.ForeignKey(Payment, PROTECT, related_name="charge_backs", verbose_name="платёж")
    reason = models.CharField("причина спора", max_length=200)
    document = models.CharField("документ эквайера", max_length=120)
    claimed_on = models.DateField("дата списания банком")
    remitted = MoneyField("из него перечислено, руб.")
    state = models.CharField("состояние", max_length=8, choices=ChargeBackState)
    asked_at = models.DateTimeField("заявлен", default=timezone.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="кто заявил")
    decided_at = models.DateTimeField("решён", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="кто решил"
    )
    ground = models.CharField("почему не снят", max_length=255, blank=True)

    class Meta:
        verbose_name = "опротестованный платёж"
        verbose_name_plural = "опротестованные платежи"
        constraints = [
            models.CheckConstraint(
                name="chargeback_state_known", condition=Q(state__in=ChargeBackState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="chargeback_named", condition=~Q(reason="") & ~Q(document=""),
                violation_error_message="Назовите причину спора и документ эквайера.",
            ),
            models.CheckConstraint(
                name="chargeback_remitted_not_negative", condition=Q(remitted__gte=0),
                violation_error_message="Перечисленное не бывает меньше нуля.",
            ),
            models.CheckConstraint(
                name="chargeback_decided_whole",
                condition=Q(decided_by=None, decided_at=None) & ~Q(state="declined")
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state="asked"),
                violation_error_message="У решённого протеста есть сотрудник и время решения.",
            ),
            models.CheckConstraint(
                name="chargeback_two_people",
                condition=(Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")) | Q(state="declined"))
                & (~Q(state="done") | Q(remitted=0) | Q(decided_by__isnull=False)),
                violation_error_message="Перечисленные деньги снимает другой сотрудник, а не тот, кто заявил протест.",
            ),
            models.CheckConstraint(
                name="chargeback_declined_because", condition=~Q(state="declined") | ~Q(ground=""),
                violation_error_message="Назовите, почему платёж не снят.",
            ),
            models.UniqueConstraint(
                fields=["payment"], name="chargeback_once", condition=~Q(state="declined"),
                violation_error_message="По этому платежу протест уже заявлен.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="charge_back_kept", operation=pgtrigger.Delete),
            never_emptied("charge_back"),
            pgtrigger.ReadOnly(
                name="charge_back_is_itself",
                fields=["id", "payment", "reason", "document", "claimed_on", "asked_at", "asked_by"],
            ),
            pgtrigger.Protect(
                name="charge_back_decided_is_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state <> 'asked' AND OLD.* IS DISTINCT FROM NEW.*"),
            ),
        ]

    def __str__(self) -> str:
        return f"протест по платежу № {self.payment_id}, {ChargeBackState(self.state).label}"
