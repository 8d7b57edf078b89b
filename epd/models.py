"""The single payment document (ЕПД): number, month, total, frozen payload. The PDF is made on request, never stored."""

from __future__ import annotations

from typing import Any

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import PROTECT, F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.fields import (
    Dated,
    DateRange,
    Int8Range,
    MoneyField,
    MonthField,
    among,
    is_month,
    no_overlap,
    not_empty,
    row_history,
)
from epd.assemble import texts


def _whole(number: Any) -> Func:
    """A number as a range of itself, for exclusion constraints."""
    return Int8Range(number, number, Value("[]"))


class DocumentKind(models.IntegerChoices):
    CURRENT = 1, "текущий"
    DEBT = 2, "долговой"
    CAPITAL_REPAIR = 3, "взнос на капитальный ремонт"


class PaymentDocument(models.Model):
    """A document as it was issued; a correction is the next issue, which refers to the one it replaces."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="documents", verbose_name="счёт")
    month = MonthField("за месяц")
    kind = models.SmallIntegerField("вид", choices=DocumentKind, default=DocumentKind.CURRENT)
    issue = models.SmallIntegerField("выпуск", default=1)
    number = models.CharField("номер", max_length=40, unique=True)
    gis_id = models.CharField("идентификатор в ГИС ЖКХ", max_length=18, null=True, blank=True)
    issued_on = models.DateField("дата выпуска")
    due_on = models.DateField("оплатить до")
    total = MoneyField("к оплате, руб.")
    payload = models.JSONField("содержание")
    template_version = models.CharField("версия бланка", max_length=20)
    issued_at = models.DateTimeField("выпущен", default=timezone.now)
    withdrawn_at = models.DateTimeField("отозван", null=True, blank=True)
    replaces = models.OneToOneField(
        "self", PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="взамен документа"
    )

    class Meta:
        verbose_name = "платёжный документ"
        verbose_name_plural = "платёжные документы"
        constraints = [
            is_month("paymentdocument"),
            models.UniqueConstraint(
                fields=["account", "month", "kind", "issue"],
                name="paymentdocument_once",
                violation_error_message="Такой платёжный документ уже выпущен.",
            ),
            models.CheckConstraint(
                name="paymentdocument_kind_known",
                condition=Q(kind__in=DocumentKind.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="paymentdocument_issue_has_elder",
                violation_error_message="У исправленного документа указывают прежний, у первого его нет.",
                condition=Q(issue=1, replaces=None) | Q(issue__gt=1, replaces__isnull=False),
            ),
            models.CheckConstraint(
                name="paymentdocument_gis_id_length",
                condition=Q(gis_id=None) | Q(gis_id__regex=r"^.{18}$"),
                violation_error_message="Идентификатор документа в ГИС ЖКХ — 18 знаков.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="document_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="document_is_ink",
                fields=[
                    "account", "month", "kind", "issue", "number", "issued_on", "due_on", "total", "payload",
                    "template_version", "issued_at", "replaces",
                ],
            ),
            # What comes later is filled in once and stays.
            pgtrigger.Protect(
                name="gis_id_filled_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__gis_id__isnull=False)
                & pgtrigger.Q(old__gis_id__df=pgtrigger.F("new__gis_id")),
            ),
            pgtrigger.Protect(
                name="withdrawn_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False)
                & pgtrigger.Q(old__withdrawn_at__df=pgtrigger.F("new__withdrawn_at")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class IssueRefusal(models.Model):
    """Whom a document could not be issued to, and why: the list that is worked through after the issue."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="+", verbose_name="счёт")
    month = MonthField("за месяц")
    why = models.TextField("почему")
    refused_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "отказ в выпуске"
        verbose_name_plural = "отказы в выпуске"
        constraints = [
            is_month("issuerefusal"),
            models.UniqueConstraint(
                fields=["account", "month"],
                name="issuerefusal_once",
                violation_error_message="Отказ по этому счёту за месяц уже записан.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.month:%m.%Y}"


class TextPlace(models.IntegerChoices):
    MESSAGE = 1, "сообщение месяца на документе"
    LETTER = 2, "строка письма с документом"
    DEBT = 3, "текст долгового документа"


@pghistory.track(*row_history())
class DocumentText(Dated):
    """A text of documents: for a principal (none: all) and a region (the beginning of the house's ОКТМО, 0: all).

    Placeholders in braces are those of epd.assemble.texts; they are filled when a document is issued, and frozen.
    """

    place = models.SmallIntegerField("где печатается", choices=TextPlace, default=TextPlace.MESSAGE)
    principal = models.ForeignKey(
        "accounts.Organisation", PROTECT, null=True, blank=True, related_name="+", verbose_name="поставщик"
    )
    region = models.BigIntegerField("начало ОКТМО (0: везде)", default=0)
    order = models.SmallIntegerField("порядок", default=100)
    title = models.CharField("заголовок", max_length=80)
    text = models.CharField("текст", max_length=600)

    class Meta:
        verbose_name = "текст документа"
        verbose_name_plural = "тексты документов"
        constraints = [not_empty("documenttext"), among("documenttext", "place", TextPlace)]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Unknown placeholders and signs the form cannot print are told before the text is saved."""
        super().clean()
        for name in ("title", "text"):
            if wrong := texts.problems(getattr(self, name)):
                raise ValidationError({name: wrong})


@pghistory.track(*row_history())
class DocumentLook(Dated):
    """How documents of a principal's houses look: the drawing and the place of the envelope's window."""

    principal = models.ForeignKey(
        "accounts.Organisation", PROTECT, null=True, blank=True, related_name="+", verbose_name="поставщик",
        help_text="управляющая организация домов; пусто: все",
    )  # fmt: skip
    region = models.BigIntegerField("начало ОКТМО (0: везде)", default=0)
    window_left_mm = models.SmallIntegerField("окно конверта: слева, мм", default=21)
    window_top_mm = models.SmallIntegerField("окно конверта: сверху, мм", default=52)
    capital_apart = models.BooleanField("взнос на капитальный ремонт отдельным документом", default=False)

    class Meta:
        verbose_name = "вид документа"
        verbose_name_plural = "виды документов"
        constraints = [
            not_empty("documentlook"),
            ExclusionConstraint(
                name="documentlook_no_overlap",
                expressions=[
                    (_whole(Coalesce(F("principal"), Value(0))), RangeOperators.OVERLAPS),
                    (_whole(F("region")), RangeOperators.OVERLAPS),
                    (DateRange(F("valid_from"), F("valid_to"), Value("[)")), RangeOperators.OVERLAPS),
                ],
                violation_error_message="На эти дни вид уже задан. Закройте прежний датой.",
            ),
            models.CheckConstraint(
                name="documentlook_window_on_paper",
                condition=Q(window_left_mm__range=(10, 30), window_top_mm__range=(40, 66)),
                violation_error_message="Окно: 10–30 мм слева и 40–66 мм сверху, иначе адрес заденет текст.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal or 'все'}, {self.region or 'везде'}"


@pghistory.track(*row_history())
class DocumentWish(models.Model):
    """What a payer asked of his documents."""

    account = models.OneToOneField("accounts.PersonalAccount", PROTECT, related_name="+", verbose_name="счёт")
    large = models.BooleanField("крупный шрифт", default=False)
    capital_apart = models.BooleanField("взнос на капитальный ремонт отдельным документом", default=False)
    ground = models.CharField("основание", max_length=255, blank=True)

    class Meta:
        verbose_name = "пожелание к документу"
        verbose_name_plural = "пожелания к документам"

    def __str__(self) -> str:
        return str(self.account)


class Way(models.IntegerChoices):
    PAPER = 1, "на бумаге"
    EMAIL = 2, "по эл. почте"
    CABINET = 3, "в кабинете"


class DeliveryState(models.IntegerChoices):
    WAITING = 1, "ждёт отправки"
    SENT = 2, "отправлен"
    FAILED = 3, "не доставлен"
    CANCELLED = 4, "не нужен"


class Delivery(models.Model):
    """How one document went to the payer. Its state only goes forward; a second try on paper is another row."""

    document = models.ForeignKey(PaymentDocument, PROTECT, related_name="deliveries", verbose_name="документ")
    way = models.SmallIntegerField("способ", choices=Way)
    state = models.SmallIntegerField("состояние", choices=DeliveryState, default=DeliveryState.WAITING)
    address = models.CharField("куда", max_length=254, blank=True)
    made_at = models.DateTimeField("поставлен", default=timezone.now)
    sent_at = models.DateTimeField("отправлен", null=True, blank=True)
    failed_at = models.DateTimeField("не доставлен", null=True, blank=True)
    attempts = models.SmallIntegerField("попыток", default=0)
    note = models.CharField("примечание", max_length=255, blank=True)
    cost = MoneyField("стоимость, руб.", default=0)

    class Meta:
        verbose_name = "доставка документа"
        verbose_name_plural = "доставка документов"
        constraints = [
            among("delivery", "way", Way),
            among("delivery", "state", DeliveryState),
            models.UniqueConstraint(
                fields=["document", "way"],
                name="delivery_once_a_way",
                violation_error_message="Документ этим способом уже доставляется.",
            ),
            models.CheckConstraint(
                name="delivery_sent_at_its_time",
                condition=~Q(state=DeliveryState.SENT) | Q(sent_at__isnull=False),
                violation_error_message="У отправленного документа указывают время отправки.",
            ),
        ]
        indexes = [
            models.Index(fields=["way", "id"], name="delivery_waiting", condition=Q(state=DeliveryState.WAITING))
        ]
        triggers = [pgtrigger.Protect(name="delivery_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.document}, {self.get_way_display()}"


class Subscription(models.Model):
    """Documents by e-mail, asked for in the cabinet or the office and confirmed by a letter to that address."""

    account = models.ForeignKey("accounts.PersonalAccount", PROTECT, related_name="+", verbose_name="счёт")
    email = models.EmailField("эл. почта")
    keeps_paper = models.BooleanField("и на бумаге", default=False)
    token = models.CharField("код подтверждения", max_length=43, unique=True)
    asked_at = models.DateTimeField("запрошена", default=timezone.now)
    confirmed_at = models.DateTimeField("подтверждена", null=True, blank=True)
    ended_at = models.DateTimeField("закончена", null=True, blank=True)
    reason = models.CharField("почему закончена", max_length=255, blank=True)

    class Meta:
        verbose_name = "подписка на документы"
        verbose_name_plural = "подписки на документы"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="subscription_one_at_a_time", condition=Q(ended_at=None),
                violation_error_message="Подписка по этому счёту уже есть. Сначала закройте её.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.account}: {self.email}"


class Carrier(models.IntegerChoices):
    COURIER = 1, "курьер"
    POST = 2, "почта"


class DeliveryRoute(models.Model):
    """A route of houses (accounts.House.route): who carries its documents, and the office they go out from."""

    route = models.IntegerField("маршрут", unique=True)
    name = models.CharField("название", max_length=80)
    carrier = models.SmallIntegerField("кто доставляет", choices=Carrier, default=Carrier.COURIER)
    office = models.ForeignKey(
        "accounts.Office", PROTECT, null=True, blank=True, related_name="+", verbose_name="отделение"
    )

    class Meta:
        verbose_name = "маршрут доставки"
        verbose_name_plural = "маршруты доставки"
        constraints = [among("deliveryroute", "carrier", Carrier)]

    def __str__(self) -> str:
        return f"{self.route} {self.name}"


@pghistory.track(*row_history())
class DeliveryRate(Dated):
    """What one document costs on its way; roubles."""

    way = models.SmallIntegerField("способ", choices=Way)
    printing = MoneyField("печать и бумага, руб.", default=0)
    carriage = MoneyField("доставка, руб.", default=0)

    class Meta:
        verbose_name = "цена доставки"
        verbose_name_plural = "цены доставки"
        constraints = [
            *no_overlap("deliveryrate", "way", message="На эти дни цена уже задана. Закройте прежнюю датой."),
            among("deliveryrate", "way", Way),
            models.CheckConstraint(
                name="deliveryrate_not_negative",
                condition=Q(printing__gte=0, carriage__gte=0),
                violation_error_message="Цена печати и доставки не бывает отрицательной.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} с {self.valid_from:%d.%m.%Y}"


class PrintState(models.IntegerChoices):
    WAITING = 1, "ждёт печати"
    DONE = 2, "готова"


class PrintBatch(models.Model):
    """A file of documents in the order in which they are carried; the documents of a batch never change.

    A batch is waiting until its file stands whole; a process that was killed leaves it waiting, and the next takes it.
    """

    run = models.ForeignKey("accounts.Run", PROTECT, related_name="+", verbose_name="задание")
    number = models.IntegerField("номер")
    month = MonthField("за месяц")
    route_first = models.IntegerField("первый маршрут", default=0)
    route_last = models.IntegerField("последний маршрут", default=0)
    document_ids = ArrayField(models.BigIntegerField(), verbose_name="документы по порядку")
    documents = models.IntegerField("документов")
    total = MoneyField("к оплате, руб.")
    state = models.SmallIntegerField("состояние", choices=PrintState, default=PrintState.WAITING)
    file = models.CharField("файл", max_length=80, blank=True)
    size = models.BigIntegerField("байт", default=0)
    sha256 = models.CharField("контрольная сумма", max_length=64, blank=True)
    pages = models.IntegerField("страниц", default=0)
    sheets = models.IntegerField("листов", default=0)
    fallbacks = models.IntegerField("сверстано напрямую", default=0)
    seconds = models.DecimalField("секунд", max_digits=9, decimal_places=2, default=0)
    finished_at = models.DateTimeField("готова в", null=True, blank=True)

    class Meta:
        verbose_name = "пачка печати"
        verbose_name_plural = "пачки печати"
        constraints = [
            is_month("printbatch"),
            among("printbatch", "state", PrintState),
            models.UniqueConstraint(
                fields=["run", "number"],
                name="printbatch_once",
                violation_error_message="Такая партия печати уже есть.",
            ),
            models.CheckConstraint(
                name="printbatch_size",
                condition=Q(documents__range=(1, 5000)),
                violation_error_message="В партии от 1 до 5 000 документов.",
            ),
            models.CheckConstraint(
                name="printbatch_done_has_file",
                condition=Q(state=PrintState.WAITING) | ~Q(file="") & Q(size__gt=0),
                violation_error_message="У готовой партии должен быть файл.",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="batch_is_set", fields=["run", "number", "month", "document_ids", "documents", "total"]
            ),
            pgtrigger.Protect(name="batch_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"пачка {self.number} задания № {self.run_id}"
