"""How registers are written and where they are fetched from: rows that the accountant sets."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import PROTECT, F, Q
from django.utils import timezone

from accounts.fields import MoneyField, row_history
from accounts.money import written
from payments.models.money import Channel, Payment, Register, never_emptied, of_open_days

ENCODINGS = [("cp1251", "Windows (1251)"), ("cp866", "DOS (866)"), ("utf-8", "UTF-8"), ("koi8-r", "KOI8-R")]
DATE_FORMATS = [
    (form, form)
    for form in (
        "ДД.ММ.ГГГГ", "ДД-ММ-ГГГГ", "ДД/ММ/ГГГГ", "ГГГГ-ММ-ДД", "ДДММГГГГ", "ГГГГММДД", "ДДММГГ", "ДД.ММ.ГГ",
    )
]  # fmt: skip
PERIOD_FORMATS = [(form, form) for form in ("ММГГ", "ММГГГГ", "ММ.ГГГГ", "ГГГГММ", "ГГГГ-ММ")]
PLACE = "Номер поля с единицы («6»), его знаки («3[1:6]»), имя поля DBF или метки («CLIENTNO»)"
DESCRIBING = [
    "is_dbf", "encoding", "delimiter", "fields", "skip_lines", "skip_prefix", "line_prefix", "date_format",
    "period_format", "in_kopecks", "account_at", "amount_at", "paid_on_at", "operation_at", "payer_at", "address_at",
    "period_at", "transferred_at", "commission_at", "document_at", "control_prefix", "control_count",
    "control_amount", "control_transferred", "control_commission", "control_order", "control_leads",
]  # fmt: skip


def place(name: str, *, needed: bool = False) -> models.CharField[str, str]:
    return models.CharField(name, max_length=40, blank=not needed, default="", help_text=PLACE)


def figure(name: str) -> models.PositiveSmallIntegerField[int, int]:
    return models.PositiveSmallIntegerField(name, default=0, help_text="Номер поля с единицы; 0 — нет")


@pghistory.track(*row_history())
class RegisterLayout(models.Model):
    """How one bank or agent writes its registers. Used only after a trial on a sample; a change asks for a new one."""

    code = models.SlugField("код", max_length=40, primary_key=True)
    name = models.CharField("название", max_length=120)
    is_dbf = models.BooleanField("таблица DBF", default=False)
    encoding = models.CharField("кодировка", max_length=10, choices=ENCODINGS, default="cp1251")
    delimiter = models.CharField("разделитель", max_length=1, default=";", blank=True)
    fields = models.PositiveSmallIntegerField("полей в строке", default=0, help_text="0 — бывает по-разному")
    skip_lines = models.PositiveSmallIntegerField("пропустить строк сверху", default=0)
    skip_prefix = models.CharField("пропустить строки, что начинаются с", max_length=10, blank=True, default="")
    line_prefix = models.CharField("платёж начинается с", max_length=10, blank=True, default="")
    date_format = models.CharField("вид даты", max_length=10, choices=DATE_FORMATS, default="ДД.ММ.ГГГГ")
    period_format = models.CharField("вид периода", max_length=10, choices=PERIOD_FORMATS, default="ММГГ")
    in_kopecks = models.BooleanField("суммы в копейках", default=False)
    account_at = place("лицевой счёт", needed=True)
    amount_at = place("сумма", needed=True)
    paid_on_at = place("дата платежа", needed=True)
    operation_at = place("номер операции")
    payer_at = place("плательщик")
    address_at = place("адрес")
    period_at = place("период")
    transferred_at = place("перечислено")
    commission_at = place("комиссия")
    document_at = place("идентификатор документа")
    control_prefix = models.CharField("строка итогов начинается с", max_length=10, blank=True, default="")
    control_count = figure("в ней число строк")
    control_amount = figure("в ней сумма")
    control_transferred = figure("в ней перечислено")
    control_commission = figure("в ней комиссия")
    control_order = figure("в ней номер платёжного поручения")
    control_leads = models.BooleanField("строка итогов стоит перед платежами", default=False)
    sample = models.TextField("строка для примера", blank=True, default="")
    tried_at = models.DateTimeField("проба", null=True, blank=True, editable=False)
    tried_on = models.CharField("файл пробы", max_length=255, blank=True, default="", editable=False)
    is_active = models.BooleanField("действует", default=False, editable=False)

    class Meta:
        verbose_name = "формат реестра"
        verbose_name_plural = "форматы реестров"
        constraints = [
            models.CheckConstraint(
                name="registerlayout_used_after_trial",
                condition=Q(is_active=False) | Q(tried_at__isnull=False),
                violation_error_message="Формат действует только после пробы на образце файла.",
            ),
            models.CheckConstraint(
                name="registerlayout_columns_given",
                condition=~Q(account_at="") & ~Q(amount_at="") & ~Q(paid_on_at=""),
                violation_error_message="Без счёта, суммы и даты реестр не прочитать.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="register_layout_kept", operation=pgtrigger.Delete),
            # What was tried was another description: it is tried anew.
            pgtrigger.Trigger(
                name="register_layout_tried_anew",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in DESCRIBING)
                ),
                func="NEW.tried_at = NULL; NEW.tried_on = ''; NEW.is_active = false; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceKind(models.TextChoices):
    FOLDER = "folder", "папка"
    MAILBOX = "mailbox", "почтовый ящик (IMAP)"
    SFTP = "sftp", "сервер банка (SFTP)"


@pghistory.track(*row_history())
class RegisterSource(models.Model):
    """Where files of one bank wait: a folder under REGISTERS_DIR, of the mailbox REGISTERS_IMAP_URL, of a server.

    host: of SFTP alone, «user@host» or «user@host:port»; whom to believe there and by which key we come in is in the
    settings REGISTERS_SFTP_KNOWN_HOSTS and REGISTERS_SFTP_KEY.
    """

    name = models.CharField("название", max_length=120)
    kind = models.CharField("откуда", max_length=10, choices=SourceKind, default=SourceKind.FOLDER)
    place = models.CharField("папка", max_length=120, help_text="Имя папки внутри общей, например sberbank")
    host = models.CharField(
        "сервер", max_length=200, blank=True, default="", db_default="",
        help_text="Только для SFTP: пользователь@сервер или пользователь@сервер:порт",
    )  # fmt: skip
    pattern = models.CharField("имена файлов", max_length=60, default="*", help_text="Например *.txt")
    layout = models.CharField("формат", max_length=40, help_text="Код формата реестра; statement — выписка 1С")
    channel = models.ForeignKey(Channel, PROTECT, related_name="sources", verbose_name="канал")
    is_active = models.BooleanField("действует", default=True)
    asked_at = models.DateTimeField("проверен", null=True, blank=True, editable=False)
    trouble = models.CharField("что не так", max_length=500, blank=True, default="", editable=False)

    class Meta:
        verbose_name = "источник реестров"
        verbose_name_plural = "источники реестров"
        constraints = [
            models.CheckConstraint(
                name="registersource_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(kind__in=SourceKind.values),
            ),
            models.CheckConstraint(
                name="registersource_host_of_sftp",
                violation_error_message="Сервер указывают у источника SFTP, и только у него.",
                condition=Q(kind="sftp") & ~Q(host="") | ~Q(kind="sftp") & Q(host=""),
            ),
            models.UniqueConstraint(
                fields=["kind", "host", "place"],
                name="registersource_once",
                violation_error_message="Такой источник реестров уже есть.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HeldFile(models.Model):
    """A register's file that waits for a person (its totals differ, or it is cut); gone once he has decided."""

    register = models.OneToOneField(
        Register, PROTECT, primary_key=True, related_name="held_file", verbose_name="реестр"
    )  # fmt: skip
    layout = models.CharField("формат", max_length=40)
    content = models.BinaryField("файл", editable=False)

    class Meta:
        verbose_name = "файл, который ждёт решения"
        verbose_name_plural = "файлы, которые ждут решения"

    def __str__(self) -> str:
        return f"файл реестра № {self.register_id}"


class RegisterTransfer(models.Model):
    """The bank's one order for the money of a register, less its fee: its payment is the register's, not a second one.

    expected: what the register's living payments come to less the fee; difference = transferred − expected.
    An undo is written once: the order's money then waits again, as the payment `restored`.
    """

    register = models.ForeignKey(Register, PROTECT, related_name="transfers", verbose_name="реестр")
    payment = models.OneToOneField(Payment, PROTECT, related_name="register_transfer", verbose_name="поручение банка")
    transferred = MoneyField("поступило, руб.")
    fee = MoneyField("комиссия банка, руб.")
    expected = MoneyField("к перечислению, руб.")
    difference = MoneyField("расхождение, руб.")
    words = models.CharField("расхождение словами", max_length=500)
    day = models.DateField("операционный день")
    matched_at = models.DateTimeField("сверено", default=timezone.now)
    matched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, PROTECT, null=True, blank=True, related_name="+", verbose_name="сверил"
    )
    undone_at = models.DateTimeField("сверка отменена", null=True, blank=True)
    undone_because = models.CharField("почему отменена", max_length=255, blank=True)
    restored = models.OneToOneField(
        Payment, PROTECT, null=True, blank=True, related_name="+", verbose_name="снова ждёт как платёж"
    )

    class Meta:
        verbose_name = "поручение по реестру"
        verbose_name_plural = "поручения по реестрам"
        constraints = [
            models.UniqueConstraint(
                fields=["register"], name="registertransfer_one_alive", condition=Q(undone_at=None),
                violation_error_message="Этот реестр уже сверен с поручением банка.",
            ),
            models.CheckConstraint(
                name="registertransfer_adds_up", condition=Q(difference=F("transferred") - F("expected")),
                violation_error_message="Расхождение — это поступившее без ожидаемого.",
            ),
            models.CheckConstraint(
                name="registertransfer_fee_not_negative", condition=Q(fee__gte=0),
                violation_error_message="Комиссия банка не бывает меньше нуля.",
            ),
            models.CheckConstraint(
                name="registertransfer_has_words", condition=~Q(words=""),
                violation_error_message="Опишите сверку словами.",
            ),
            models.CheckConstraint(
                name="registertransfer_undone_whole",
                violation_error_message="У отменённой сверки есть день, причина и платёж, который снова ждёт.",
                condition=Q(undone_at=None, undone_because="", restored=None)
                | (Q(undone_at__isnull=False, restored__isnull=False) & ~Q(undone_because="")),
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="register_transfer_kept", operation=pgtrigger.Delete),
            never_emptied("register_transfer"),
            of_open_days("register_transfer"),
            pgtrigger.ReadOnly(
                name="register_transfer_is_ink",
                fields=[
                    "id",
                    "register",
                    "payment",
                    "transferred",
                    "fee",
                    "expected",
                    "difference",
                    "words",
                    "day",
                    "matched_at",
                    "matched_by",
                ],
            ),
            pgtrigger.Protect(
                name="register_transfer_undone_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.undone_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*"),
            ),
        ]

    def __str__(self) -> str:
        return f"поручение на {written(self.transferred)} ₽ по реестру № {self.register_id}"
