"""Money as rows: channels, registers, days, payments, allocations, remittances, the desk."""

from __future__ import annotations

from decimal import Decimal

import pghistory
import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import PROTECT, F, Q
from django.utils import timezone

from accounts.fields import MoneyField, MonthField, is_month, row_history
from accounts.kinds import ChannelKind
from accounts.money import written

NO_CONTRACT = 0  # an advance that belongs to no principal yet stays with the agent until charges consume it


def never_emptied(name: str) -> pgtrigger.Trigger:
    """TRUNCATE is refused; where it comes by CASCADE, too: every table it reaches fires its own statement trigger."""
    return pgtrigger.Trigger(
        name=f"{name}_never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
    )


def of_open_days(name: str) -> pgtrigger.Trigger:
    """A row of the books is written on an open day. Who closes the day takes FOR UPDATE and waits for its writers."""
    return pgtrigger.Trigger(
        name=f"{name}_of_open_day",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="written"),
        declare=[("spot", "date")],
        func="""
            PERFORM 1 FROM payments_operatingday
                WHERE day IN (SELECT DISTINCT day FROM written) ORDER BY day FOR SHARE;
            SELECT w.day INTO spot FROM written AS w WHERE NOT EXISTS (
                SELECT FROM payments_operatingday AS o WHERE o.day = w.day AND o.state = 'open') LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',
                    to_char(spot, 'DD.MM.YYYY');
            END IF;
            RETURN NULL;
        """,
    )


CHANNEL_STAYS = (
    "По каналу уже есть платежи: вид и признак наличных не меняют, иначе сформированные поручения станут неверны. "
    "Заведите новый канал, а этот отключите."
)


@pghistory.track(*row_history())
class Channel(models.Model):
    """Where payments come from: a cash desk, the provider on line, a bank, the post, a principal's own desk."""

    code = models.SlugField("код", max_length=40, primary_key=True)
    name = models.CharField("название", max_length=120)
    kind = models.SmallIntegerField("вид", choices=ChannelKind)
    is_cash = models.BooleanField(
        "наличные", default=False, db_default=False
    )  # 103-ФЗ: принятое наличными идёт на счёт 40821
    fee_percent = models.DecimalField("комиссия канала, %", max_digits=7, decimal_places=4, default=0)
    is_active = models.BooleanField("действует", default=True)
    receipts_from = models.DateField("чеки 54-ФЗ с", null=True, blank=True)

    class Meta:
        verbose_name = "канал приёма"
        verbose_name_plural = "каналы приёма"
        constraints = [
            models.CheckConstraint(
                name="channel_kind_known",
                violation_error_message="Выберите вид канала приёма.",
                condition=Q(kind__in=ChannelKind.values) & ~Q(kind=0),
            )
        ]
        triggers = [
            # Commission, orders and the account 40821 of money that came already were told by these two.
            pgtrigger.Trigger(
                name="channel_of_payments_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("is_cash", "kind"),
                condition=pgtrigger.Q(old__is_cash__df=pgtrigger.F("new__is_cash"))
                | pgtrigger.Q(old__kind__df=pgtrigger.F("new__kind")),
                func=f"""
                    IF EXISTS (SELECT FROM payments_payment WHERE channel_id = OLD.code) THEN
                        RAISE EXCEPTION '{CHANNEL_STAYS}' USING ERRCODE = 'raise_exception';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A form says what the trigger would."""
        super().clean()
        was = Channel.objects.filter(pk=self.pk).first()
        if was and (was.is_cash, was.kind) != (self.is_cash, self.kind) and self.payments.exists():
            raise ValidationError(CHANNEL_STAYS)

    @property
    def is_received_by_agent(self) -> bool:
        """Does the money pass through the centre? The principal's own receipts do not, and are not remitted."""
        return self.kind != ChannelKind.PRINCIPAL


class RegisterState(models.TextChoices):
    ACCEPTED = "accepted", "принят"
    PARTIAL = "partial", "принят частично"
    HELD = "held", "ждёт проверки"
    UNDONE = "undone", "отменён"


class Register(models.Model):
    """A bank's file of payments or a statement: digest, control totals, a verdict for each row."""

    channel = models.ForeignKey(Channel, PROTECT, related_name="registers", verbose_name="канал")
    kind = models.CharField("вид", max_length=20, default="statement")
    name = models.CharField("имя файла", max_length=255)
    sha256 = models.CharField("отпечаток", max_length=64)
    taken_at = models.DateTimeField("принят", default=timezone.now)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="загрузил"
    )
    state = models.CharField("состояние", max_length=10, choices=RegisterState, default=RegisterState.ACCEPTED)
    totals = models.JSONField("контрольные суммы", default=dict)
    verdicts = models.JSONField("решения по строкам", default=list)

    class Meta:
        verbose_name = "реестр"
        verbose_name_plural = "реестры"
        constraints = [
            models.CheckConstraint(
                name="register_state_known", condition=Q(state__in=RegisterState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            # What was undone may come again: the file was right, its channel or layout was not.
            models.UniqueConstraint(
                fields=["sha256"], name="register_file_once", condition=~Q(state="undone"),
                violation_error_message="Этот файл уже загружен.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="register_kept", operation=pgtrigger.Delete),
            never_emptied("register"),
            pgtrigger.ReadOnly(
                name="register_is_ink",
                fields=["id", "channel", "kind", "name", "sha256", "taken_at", "taken_by"],
            ),
            pgtrigger.FSM(
                name="register_state",
                field="state",
                transitions=[
                    ("held", "accepted"), ("held", "partial"), ("held", "undone"), ("accepted", "undone"),
                    ("partial", "undone"),
                ],
            ),
            # A held file waits for a person: what he decides fills in its verdicts, once.
            pgtrigger.Protect(
                name="register_verdicts_are_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'held'"
                    " AND (OLD.totals IS DISTINCT FROM NEW.totals OR OLD.verdicts IS DISTINCT FROM NEW.verdicts)"
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class OperatingDayState(models.TextChoices):
    OPEN = "open", "открыт"
    CLOSED = "closed", "закрыт"


class OperatingDay(models.Model):
    """A day of the centre's books. A closed day takes no more payments, allocations or reversals."""

    day = models.DateField("день", primary_key=True)
    state = models.CharField("состояние", max_length=6, choices=OperatingDayState, default=OperatingDayState.OPEN)
    closed_at = models.DateTimeField("закрыт", null=True, blank=True)
    sheet = models.JSONField("ведомость сохранности", default=dict)

    class Meta:
        verbose_name = "операционный день"
        verbose_name_plural = "операционные дни"
        constraints = [
            models.CheckConstraint(
                name="operatingday_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=OperatingDayState.values),
            ),
            models.CheckConstraint(
                name="operatingday_closed_at_a_moment",
                violation_error_message="У закрытого дня указывают время закрытия, у открытого — нет.",
                condition=Q(state="open", closed_at=None) | Q(state="closed", closed_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="operating_day_kept", operation=pgtrigger.Delete),
            never_emptied("operating_day"),
            pgtrigger.ReadOnly(name="operating_day_is_itself", fields=["day"]),
            pgtrigger.Protect(
                name="operating_day_closed_is_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'closed' AND OLD.* IS DISTINCT FROM NEW.*"),
            ),
            pgtrigger.FSM(name="operating_day_state", field="state", transitions=[("open", "closed")]),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}"


class PaymentState(models.TextChoices):
    IN_TRANSIT = "in_transit", "в пути"
    UNIDENTIFIED = "unidentified", "не выяснен"
    ACCEPTED = "accepted", "принят"
    ALLOCATED = "allocated", "разнесён"
    REVERSED = "reversed", "сторнирован"
    RETURNED = "returned", "возвращён плательщику"


WAITING_STATES = [PaymentState.ACCEPTED, PaymentState.UNIDENTIFIED, PaymentState.IN_TRANSIT]


class Payment(models.Model):
    """Money that came in, once per (channel, external id). paid_on: value date; day: the operating one."""

    channel = models.ForeignKey(Channel, PROTECT, related_name="payments", verbose_name="канал")
    external_id = models.CharField("номер операции в канале", max_length=120)
    register = models.ForeignKey(
        Register, PROTECT, null=True, blank=True, related_name="payments", verbose_name="реестр"
    )
    number_as_received = models.CharField("счёт, как указан", max_length=60, blank=True)
    payer = models.CharField("плательщик", max_length=255, blank=True)
    purpose = models.CharField("назначение", max_length=500, blank=True)
    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, null=True, blank=True, related_name="payments", verbose_name="лицевой счёт"
    )
    amount = MoneyField("сумма, руб.")
    for_month = MonthField("за месяц (указание плательщика)", null=True, blank=True)
    directed_to = models.JSONField("указание по услугам", default=dict, blank=True)
    paid_on = models.DateField("дата платежа")
    day = models.DateField("операционный день")
    accepted_at = models.DateTimeField("принят", default=timezone.now)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="принял"
    )
    office = models.ForeignKey(
        "accounts.Office", PROTECT, null=True, blank=True, related_name="+", verbose_name="отделение"
    )
    state = models.CharField("состояние", max_length=12, choices=PaymentState, default=PaymentState.ACCEPTED)
    held_because = models.CharField("почему не выяснен", max_length=255, blank=True, db_default="")

    class Meta:
        verbose_name = "платёж"
        verbose_name_plural = "платежи"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="payment_once",
                violation_error_message="Платёж с этим номером операции уже принят.",
            ),
            models.CheckConstraint(
                name="payment_amount_positive", condition=Q(amount__gt=0),
                violation_error_message="Сумма платежа должна быть больше нуля.",
            ),
            models.CheckConstraint(
                name="payment_state_known", condition=Q(state__in=PaymentState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="payment_account_follows_state",
                violation_error_message="У принятого платежа есть лицевой счёт, у невыясненного — нет.",
                condition=Q(state__in=["accepted", "allocated"], account__isnull=False)
                | Q(state="unidentified", account=None)
                | Q(state__in=["in_transit", "reversed", "returned"]),
            ),
            models.CheckConstraint(
                name="payment_external_id_given", condition=~Q(external_id=""),
                violation_error_message="Укажите номер операции у банка.",
            ),
            models.CheckConstraint(
                name="payment_for_month_is_month",
                violation_error_message="Месяц хранится как первое число.",
                condition=Q(for_month=None) | Q(for_month__day=1)
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["account", "-paid_on"], name="payment_by_account"),
            models.Index(fields=["day"], name="payment_by_day"),
            models.Index(fields=["state"], name="payment_waiting", condition=Q(state__in=WAITING_STATES)),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="payment_kept", operation=pgtrigger.Delete),
            never_emptied("payment"),
            of_open_days("payment"),
            pgtrigger.ReadOnly(
                name="payment_is_ink",
                fields=[
                    "id", "channel", "external_id", "register", "number_as_received", "payer", "purpose", "amount",
                    "for_month", "directed_to", "paid_on", "day", "accepted_at", "accepted_by", "office",
                    "held_because",
                ],
            ),
            # Money that nobody owned gets its account once, when it is identified.
            pgtrigger.Protect(
                name="payment_account_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.account_id IS DISTINCT FROM NEW.account_id AND NOT (OLD.account_id IS NULL"
                    " AND OLD.state IN ('unidentified', 'in_transit') AND NEW.state = 'accepted')"
                ),
            ),
            pgtrigger.FSM(
                name="payment_state",
                field="state",
                transitions=[
                    ("in_transit", "accepted"), ("in_transit", "returned"),
                    ("unidentified", "accepted"), ("unidentified", "returned"), ("unidentified", "reversed"),
                    ("accepted", "allocated"), ("accepted", "reversed"), ("allocated", "reversed"),
                ],
            ),
            # A state tells the truth: what is allocated has its parts (their sum is their own trigger's care), what is
            # reversed or returned has its mirror and nothing left.
            pgtrigger.Trigger(
                name="payment_state_is_true",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="before", new="moved"),
                declare=[("wrong", "record")],
                func="""
                    IF (SELECT count(*) FROM moved) > 200 THEN
                        -- Many at once are summed as a set, planned for their number: a probe for each of them goes
                        -- through all the months, a millisecond a row.
                        EXECUTE $set$
                            SELECT m.id, m.state FROM moved AS m JOIN before AS b ON b.id = m.id
                            LEFT JOIN (
                                SELECT a.payment_id, sum(a.amount) AS amount
                                FROM payments_allocation AS a JOIN moved AS p
                                    ON p.account_id = a.account_id AND p.id = a.payment_id AND a.day >= p.day
                                WHERE a.day >= (SELECT min(day) FROM moved)
                                GROUP BY a.payment_id
                            ) AS laid ON laid.payment_id = m.id
                            WHERE m.state <> b.state AND CASE
                                WHEN m.state = 'allocated' THEN laid.amount IS NULL
                                WHEN m.state IN ('reversed', 'returned') THEN coalesce(laid.amount, 0) <> 0
                                    OR NOT EXISTS (SELECT FROM payments_reversal AS r WHERE r.payment_id = m.id)
                                ELSE false END
                            LIMIT 1
                        $set$ INTO wrong;
                    ELSE
                        SELECT m.id, m.state INTO wrong FROM moved AS m JOIN before AS b ON b.id = m.id
                        WHERE m.state <> b.state AND CASE
                            WHEN m.state = 'allocated' THEN
                                (SELECT sum(a.amount) FROM payments_allocation AS a WHERE a.account_id = m.account_id
                                    AND a.payment_id = m.id AND a.day >= m.day) IS NULL
                            WHEN m.state IN ('reversed', 'returned') THEN
                                NOT EXISTS (SELECT FROM payments_reversal AS r WHERE r.payment_id = m.id)
                                OR (SELECT coalesce(sum(a.amount), 0) FROM payments_allocation AS a
                                    WHERE a.account_id = m.account_id AND a.payment_id = m.id AND a.day >= m.day) <> 0
                            ELSE false END
                        LIMIT 1;
                    END IF;
                    IF wrong.id IS NOT NULL THEN
                        RAISE EXCEPTION 'Платёж %: состояние % не подтверждено разнесением или сторно.',
                            wrong.id, wrong.state;
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Protect(
                name="payment_begins_waiting",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.state IN ('reversed', 'returned')"),
            ),
            # What comes in allocated shows its parts at the end of the transaction: one promise a statement, not a row.
            pgtrigger.Trigger(
                name="payment_promises_parts",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="written"),
                func="""
                    INSERT INTO payments_promise (first_id, last_id)
                    SELECT min(id), max(id) FROM written WHERE state = 'allocated' HAVING count(*) > 0;
                    RETURN NULL;
                """,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{written(self.amount)} ₽ от {self.paid_on:%d.%m.%Y}"


class Reversal(models.Model):
    """Mirror of a payment (сторно): its allocations are answered by equal negative ones, on the day of the reversal."""

    payment = models.OneToOneField(Payment, PROTECT, related_name="reversal", verbose_name="платёж")
    day = models.DateField("операционный день")
    reason = models.CharField("причина", max_length=255)
    is_refund = models.BooleanField("деньги возвращены плательщику", default=False)
    replaced_by = models.OneToOneField(
        Payment, PROTECT, null=True, blank=True, related_name="replaces", verbose_name="вместо него принят"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="сторнировал"
    )
    made_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "сторно"
        verbose_name_plural = "сторно"
        constraints = [
            models.CheckConstraint(
                name="reversal_has_reason", condition=~Q(reason=""), violation_error_message="Назовите причину."
            )
        ]
        triggers = [
            pgtrigger.Protect(name="reversal_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("reversal"),
            of_open_days("reversal"),
        ]

    def __str__(self) -> str:
        return self.reason


class Part(models.IntegerChoices):
    DEBT = 1, "долг"
    PENALTY = 2, "пени"
    ADVANCE = 3, "аванс"


class Allocation(models.Model):
    """A part of a payment against a debt. Never updated or deleted; Σ of a payment = its amount, or 0 once reversed.

    contract and service are 0 for an advance that no principal owns yet. for_month is the month of the document whose
    debt is paid (the month of the advance's day for an advance). Partitioned by the month of `day`.
    """

    pk = models.CompositePrimaryKey("account", "payment", "line", "day")
    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, db_constraint=False, related_name="+")
    payment = models.ForeignKey(Payment, PROTECT, db_constraint=False, related_name="+")
    line = models.SmallIntegerField()
    day = models.DateField()
    house = models.ForeignKey("accounts.House", PROTECT, db_constraint=False, related_name="+")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, db_constraint=False, related_name="+")
    service = models.ForeignKey("accounts.Service", PROTECT, db_constraint=False, related_name="+")
    for_month = MonthField()
    part = models.SmallIntegerField(choices=Part)
    rule = models.SmallIntegerField()
    amount = MoneyField()

    class Meta:
        managed = False  # partitioned: table, checks and ink triggers are SQL in a migration
        db_table = "payments_allocation"
        verbose_name = "разнесение"
        verbose_name_plural = "разнесения"


class Balance(models.Model):
    """Checkpoint of a closed month per account × contract × service, debt and penalty apart (roubles, plus: owes)."""

    pk = models.CompositePrimaryKey("account", "contract", "service", "month")
    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, db_constraint=False, related_name="+")
    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, db_constraint=False, related_name="+")
    service = models.ForeignKey("accounts.Service", PROTECT, db_constraint=False, related_name="+")
    month = MonthField()
    house = models.ForeignKey("accounts.House", PROTECT, db_constraint=False, related_name="+")
    opening = MoneyField()
    charged = MoneyField()
    paid = MoneyField()
    closing = MoneyField()
    penalty_opening = MoneyField()
    penalty_charged = MoneyField()
    penalty_paid = MoneyField()
    penalty_closing = MoneyField()

    class Meta:
        managed = False
        db_table = "payments_balance"
        verbose_name = "сальдо"
        verbose_name_plural = "сальдо"


class ClosedMonth(models.Model):
    """A month of the books with its checkpoint in `Balance`: no ink and no allocation of it can appear any more."""

    month = MonthField("месяц", primary_key=True)
    closed_at = models.DateTimeField("закрыт", default=timezone.now)
    totals = models.JSONField("контрольные суммы", default=dict)

    class Meta:
        verbose_name = "закрытый месяц"
        verbose_name_plural = "закрытые месяцы"
        constraints = [is_month("closedmonth")]
        triggers = [
            pgtrigger.Protect(name="closed_month_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("closed_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class RemittanceState(models.TextChoices):
    FORMED = "formed", "сформировано"
    SENT = "sent", "отправлено в банк"
    CONFIRMED = "confirmed", "исполнено банком"
    REJECTED = "rejected", "отклонено банком"


class Remittance(models.Model):
    """A contract's money of the closed days after the previous remittance's day up to its own: each exactly once.

    Cash and other money of the same days are two remittances, in the order of their keys: the second carries in what
    the first one carries out. Together they stand on all money of the days, and Σ of their commission is one.
    """

    contract = models.ForeignKey("accounts.AgencyContract", PROTECT, related_name="remittances", verbose_name="договор")
    day = models.DateField("за дни по")
    previous_day = models.DateField("после дня", null=True, blank=True)
    is_cash = models.BooleanField(
        "принято наличными", null=True, blank=True
    )  # empty: all money together, as it was before the kinds were parted
    number = models.CharField("номер поручения", max_length=6)
    gross = MoneyField("получено, руб.")
    returns = MoneyField("возвраты, руб.")
    commission = MoneyField("вознаграждение, руб.")
    vat = MoneyField("НДС, руб.")
    carried_in = MoneyField("перенесено с прошлого дня, руб.", default=0)
    net = MoneyField("к перечислению, руб.")
    carried_out = MoneyField("перенесено на следующий день, руб.", default=0)
    bank_account = models.ForeignKey(
        "accounts.BankAccount", PROTECT, null=True, blank=True, related_name="+", verbose_name="счёт получателя"
    )
    arithmetic = models.JSONField("расчёт вознаграждения", default=list)
    state = models.CharField("состояние", max_length=10, choices=RemittanceState, default=RemittanceState.FORMED)
    formed_at = models.DateTimeField("сформировано", default=timezone.now)
    formed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="сформировал"
    )  # empty: the morning job
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="проверил"
    )  # the first of the two people where the job formed it
    checked_at = models.DateTimeField("проверено", null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="выпустил"
    )
    released_at = models.DateTimeField("выпущено", null=True, blank=True)
    confirmed_on = models.DateField("исполнено", null=True, blank=True)

    class Meta:
        verbose_name = "перечисление"
        verbose_name_plural = "перечисления"
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "day", "is_cash"],
                name="remittance_once",
                nulls_distinct=False,
                violation_error_message="Перечисление по договору за этот день уже сформировано.",
            ),
            models.CheckConstraint(
                name="remittance_adds_up",
                violation_error_message="Суммы перечисления не сходятся: проверьте возвраты, вознаграждение, НДС.",
                condition=Q(
                    net=F("gross") - F("returns") - F("commission") - F("vat") + F("carried_in") - F("carried_out")
                ),
            ),
            models.CheckConstraint(
                name="remittance_net_not_negative",
                violation_error_message="К перечислению не бывает меньше нуля.",
                condition=Q(net__gte=0),
            ),
            models.CheckConstraint(
                name="remittance_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(state__in=RemittanceState.values),
            ),
            models.CheckConstraint(
                name="remittance_confirmed_on_a_day",
                violation_error_message="У подтверждённого перечисления указывают день подтверждения.",
                condition=Q(state="confirmed", confirmed_on__isnull=False)
                | (~Q(state="confirmed") & Q(confirmed_on=None)),
            ),
            models.CheckConstraint(
                name="remittance_two_people",
                condition=Q(formed_by=None) | Q(released_by=None) | ~Q(released_by=F("formed_by")),
                violation_error_message="Выпустить перечисление должен другой сотрудник.",
            ),
            models.CheckConstraint(
                name="remittance_checked_by_another",
                condition=Q(checked_by=None) | Q(released_by=None) | ~Q(released_by=F("checked_by")),
                violation_error_message="Перечисление проверил тот же сотрудник: выпустить должен другой.",
            ),
            models.CheckConstraint(
                name="remittance_checked_at_a_moment",
                violation_error_message="Кто проверил перечисление и когда, указывают вместе.",
                condition=Q(checked_by=None, checked_at=None) | Q(checked_by__isnull=False, checked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="remittance_released_at_a_moment",
                violation_error_message="Кто отпустил перечисление и когда, указывают вместе.",
                condition=Q(released_by=None, released_at=None)
                | Q(released_by__isnull=False, released_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="remittance_kept", operation=pgtrigger.Delete),
            never_emptied("remittance"),
            pgtrigger.ReadOnly(
                name="remittance_is_ink",
                fields=[
                    "id", "contract", "day", "previous_day", "is_cash", "number", "gross", "returns", "commission",
                    "vat", "carried_in", "net", "carried_out", "arithmetic", "formed_at",
                ],
            ),
            pgtrigger.Protect(
                name="remittance_confirmed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = 'confirmed' AND OLD.confirmed_on IS DISTINCT FROM NEW.confirmed_on"
                ),
            ),
            # What the bank sent back returns to the queue: to the account that is right by then, without its release.
            pgtrigger.Protect(
                name="remittance_account_is_ink",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "ROW(OLD.bank_account_id, OLD.formed_by_id)"
                    " IS DISTINCT FROM ROW(NEW.bank_account_id, NEW.formed_by_id)"
                    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed')"
                ),
            ),
            # One forms, another releases, and only what is released goes to the bank. What the job formed has one who
            # checked it instead: a trigger, for orders released before that was asked stay as they are.
            pgtrigger.Protect(
                name="remittance_checked_first",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.released_by_id IS NULL AND NEW.released_by_id IS NOT NULL"
                    " AND NEW.formed_by_id IS NULL AND NEW.checked_by_id IS NULL"
                ),
            ),
            pgtrigger.Protect(
                name="remittance_checked_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.checked_by_id IS NOT NULL"
                    " AND ROW(OLD.checked_by_id, OLD.checked_at)"
                    " IS DISTINCT FROM ROW(NEW.checked_by_id, NEW.checked_at)"
                    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.checked_by_id IS NULL)"
                ),
            ),
            pgtrigger.Protect(
                name="remittance_released_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.released_by_id IS NOT NULL"
                    " AND ROW(OLD.released_by_id, OLD.released_at)"
                    " IS DISTINCT FROM ROW(NEW.released_by_id, NEW.released_at)"
                    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.released_by_id IS NULL)"
                ),
            ),
            pgtrigger.Protect(
                name="remittance_sent_once_released",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = 'formed' AND NEW.state <> 'formed' AND NEW.released_by_id IS NULL"
                ),
            ),
            pgtrigger.Protect(
                name="remittance_begins_formed",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.state <> 'formed' OR NEW.released_by_id IS NOT NULL"),
            ),
            pgtrigger.FSM(
                name="remittance_state",
                field="state",
                transitions=[
                    ("formed", "sent"), ("sent", "confirmed"), ("sent", "rejected"), ("rejected", "formed"),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{written(self.net)} ₽ за {self.day:%d.%m.%Y}"


class BankStatementLine(models.Model):
    """A document of a bank statement: taken in once, whatever period the next file repeats."""

    register = models.ForeignKey(Register, PROTECT, related_name="lines", verbose_name="выписка")
    own_account = models.CharField("наш счёт", max_length=20)
    day = models.DateField("дата по счёту")
    document_on = models.DateField("дата документа")
    number = models.CharField("номер", max_length=40)
    amount = MoneyField("сумма, руб.")
    is_incoming = models.BooleanField("приход")
    other_account = models.CharField("счёт другой стороны", max_length=40, blank=True)
    other_name = models.CharField("другая сторона", max_length=255, blank=True)
    other_inn = models.CharField("ИНН другой стороны", max_length=12, blank=True)
    purpose = models.CharField("назначение", max_length=500, blank=True)
    repeat = models.SmallIntegerField("повтор в файле", default=0)
    payment = models.OneToOneField(
        Payment, PROTECT, null=True, blank=True, related_name="statement_line", verbose_name="платёж"
    )
    remittance = models.OneToOneField(
        Remittance, PROTECT, null=True, blank=True, related_name="statement_line", verbose_name="перечисление"
    )

    class Meta:
        verbose_name = "строка выписки"
        verbose_name_plural = "строки выписок"
        constraints = [
            models.UniqueConstraint(
                fields=["own_account", "document_on", "number", "amount", "other_account", "is_incoming", "repeat"],
                name="bankstatementline_once",
                violation_error_message="Такая строка выписки уже загружена.",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="statement_line_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("statement_line"),
        ]

    def __str__(self) -> str:
        return f"{self.number} от {self.day:%d.%m.%Y}"


class CashReceipt(models.Model):
    """A cash desk receipt: its payments share it; the change is counted."""

    office = models.ForeignKey("accounts.Office", PROTECT, related_name="+", verbose_name="отделение")
    cashier = models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+", verbose_name="кассир")
    number = models.CharField("номер", max_length=40, unique=True)
    made_at = models.DateTimeField("выдан", default=timezone.now)
    amount = MoneyField("сумма, руб.")
    given = MoneyField("получено, руб.")
    is_card = models.BooleanField("картой", default=False)
    card_amount = MoneyField("из неё картой, руб.", default=0, db_default=0)  # where the rest is cash
    key = models.CharField("ключ формы", max_length=100, null=True, blank=True, unique=True, editable=False)
    payments = models.ManyToManyField(
        Payment, through="ReceiptPayment", related_name="receipts", verbose_name="платежи"
    )

    class Meta:
        verbose_name = "квитанция кассы"
        verbose_name_plural = "квитанции кассы"
        constraints = [
            models.CheckConstraint(
                name="cashreceipt_enough_given", condition=Q(given__gte=F("amount")),
                violation_error_message="Получено меньше суммы платежа.",
            ),
            models.CheckConstraint(
                name="cashreceipt_card_is_a_part",
                condition=Q(card_amount=0) | Q(is_card=False, card_amount__gt=0, card_amount__lt=F("amount")),
                violation_error_message="Картой платят часть суммы или всю её.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="cash_receipt_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("cash_receipt"),
            # At the end of the transaction, when its payments stand beside it.
            pgtrigger.Trigger(
                name="cash_receipt_adds_up",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("paid", "numeric")],
                func="""
                    SELECT coalesce(sum(p.amount), 0) INTO paid FROM payments_cashreceipt_payments AS line
                    JOIN payments_payment AS p ON p.id = line.payment_id WHERE line.cashreceipt_id = NEW.id;
                    IF paid <> NEW.amount THEN
                        RAISE EXCEPTION 'Квитанция % на %, а её платежи на %.', NEW.number, NEW.amount, paid;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def by_card(self) -> Decimal:
        """Roubles of it that were paid by card."""
        return self.amount if self.is_card else self.card_amount


class ReceiptPayment(models.Model):
    """A payment stands in one receipt at most."""

    cashreceipt = models.ForeignKey(CashReceipt, PROTECT, related_name="+", verbose_name="квитанция")
    payment = models.OneToOneField(Payment, PROTECT, related_name="receipt_line", verbose_name="платёж")

    class Meta:
        db_table = "payments_cashreceipt_payments"
        verbose_name = "платёж квитанции"
        verbose_name_plural = "платежи квитанций"
        triggers = [
            pgtrigger.Protect(name="receipt_payment_is_ink", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("receipt_payment"),
            # A receipt that was handed out takes no more payments.
            pgtrigger.Trigger(
                name="receipt_payment_adds_up",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="written"),
                declare=[("wrong", "record")],
                func="""
                    SELECT r.number, r.amount, sum(p.amount) AS paid INTO wrong
                    FROM payments_cashreceipt AS r
                    JOIN payments_cashreceipt_payments AS line ON line.cashreceipt_id = r.id
                    JOIN payments_payment AS p ON p.id = line.payment_id
                    WHERE r.id IN (SELECT cashreceipt_id FROM written)
                    GROUP BY r.id HAVING sum(p.amount) <> r.amount LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'Квитанция % на %, а её платежи на %.', wrong.number, wrong.amount, wrong.paid;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cashreceipt_id}: {self.payment_id}"


class PaperKind(models.IntegerChoices):
    REPORT = 1, "отчёт агента"
    ACT = 2, "акт об оказании услуг"
    PRINCIPAL = 3, "акт сверки с принципалом"
    PAYER = 4, "акт сверки с плательщиком"


class SettlementPaper(models.Model):
    """A paper of settlements as it was issued: its figures are frozen, later corrections stand in the next one.

    Months [first_month, last_month], both inside. With a principal: the contract; with a payer: the account.
    """

    kind = models.SmallIntegerField("вид", choices=PaperKind)
    contract = models.ForeignKey(
        "accounts.AgencyContract", PROTECT, null=True, blank=True, related_name="papers", verbose_name="договор"
    )
    account = models.ForeignKey(
        "accounts.PersonalAccount", PROTECT, null=True, blank=True, related_name="+", verbose_name="лицевой счёт"
    )
    first_month = MonthField("с месяца")
    last_month = MonthField("по месяц")
    number = models.CharField("номер", max_length=60)
    issued_on = models.DateField("дата")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="выпустил"
    )
    payload = models.JSONField("содержание")
    signed_on = models.DateField("подписан второй стороной", null=True, blank=True)
    objection = models.CharField("возражения", max_length=500, blank=True, db_default="")

    class Meta:
        verbose_name = "документ расчётов"
        verbose_name_plural = "документы расчётов"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "contract", "account", "first_month", "last_month"],
                name="settlementpaper_once",
                nulls_distinct=False,
                violation_error_message="Такой документ за эти месяцы уже выпущен.",
            ),
            models.CheckConstraint(
                name="settlementpaper_months",
                violation_error_message="Месяцы — первые числа, и последний не раньше первого.",
                condition=Q(first_month__day=1, last_month__day=1, first_month__lte=F("last_month")),
            ),
            models.CheckConstraint(
                name="settlementpaper_with_somebody",
                violation_error_message="У отчёта и акта указывают договор, у сверки с жителем — лицевой счёт.",
                condition=Q(kind__in=[1, 2, 3], contract__isnull=False, account=None)
                | Q(kind=4, contract=None, account__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["-issued_on"], name="settlementpaper_by_day")]
        triggers = [
            pgtrigger.Protect(name="settlement_paper_kept", operation=pgtrigger.Delete),
            never_emptied("settlement_paper"),
            pgtrigger.ReadOnly(
                name="settlement_paper_is_ink",
                fields=[
                    "id", "kind", "contract", "account", "first_month", "last_month", "number", "issued_on",
                    "issued_by", "payload",
                ],
            ),
            # Ст. 1008 ГК: accepted by signature or by silence; an objection is written once.
            pgtrigger.Protect(
                name="settlement_paper_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.signed_on IS NOT NULL AND OLD.signed_on IS DISTINCT FROM NEW.signed_on"
                    " OR OLD.objection <> '' AND OLD.objection <> NEW.objection"
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} № {self.number}"
