"""Appeals of residents (обращения), the conversation in each and what was attached to it. A chat is one of them."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import Dated, no_overlap


class Topic(models.IntegerChoices):
    QUESTION = 1, "Вопрос"
    CHARGE = 2, "Ошибка в начислении"
    ABSENCE = 3, "Перерасчёт: нас не было дома"
    QUALITY = 4, "Перерасчёт: плохая услуга"
    PERSONAL = 5, "Изменить мои данные"
    HOUSEHOLD = 6, "Изменился состав жильцов"
    CERTIFICATE = 7, "Заказать справку"
    CHAT = 8, "Чат с контакт-центром"


class AppealState(models.TextChoices):
    NEW = "new", "ждёт оператора"
    TAKEN = "taken", "в работе"
    ANSWERED = "answered", "есть ответ"
    CLOSED = "closed", "закрыто"
    REOPENED = "reopened", "открыто снова"


class AppealChannel(models.TextChoices):
    CABINET = "cabinet", "из кабинета"
    PHONE = "phone", "по телефону"
    DESK = "desk", "в отделении"
    LETTER = "letter", "письмом"


OPEN = (AppealState.NEW, AppealState.TAKEN, AppealState.REOPENED)  # the answer is due from us

# A chat is a conversation without an end: who wrote last decides whether it waits.
MOVES = [
    ("new", "taken"), ("new", "answered"), ("new", "closed"),
    ("taken", "answered"), ("taken", "closed"), ("taken", "new"),
    ("answered", "closed"), ("answered", "reopened"), ("answered", "taken"),
    ("closed", "reopened"),
    ("reopened", "taken"), ("reopened", "answered"), ("reopened", "closed"),
]  # fmt: skip


class AppealTerm(Dated):
    """How soon an appeal of a topic must be answered, and by which paragraph."""

    topic = models.SmallIntegerField("тема", choices=Topic)
    days = models.SmallIntegerField("дней")
    is_working = models.BooleanField("рабочих дней", default=True)
    act = models.CharField("основание", max_length=255)

    class Meta:
        verbose_name = "срок ответа"
        verbose_name_plural = "сроки ответа"
        constraints = [
            models.CheckConstraint(
                name="appealterm_topic_known", condition=Q(topic__in=Topic.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="appealterm_days", condition=Q(days__gte=1, days__lte=365),
                violation_error_message="Срок от 1 до 365 дней.",
            ),
            *no_overlap("appealterm", "topic", message="На эти дни срок по этой теме уже задан."),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_topic_display()}: {self.days} дн."


class Appeal(models.Model):
    """What a resident asks, until it is answered. Seen by its author and by the staff; its number is its key.

    One that a clerk wrote down has no author but a caller; whoever proves the account by its code sees it, too.
    """

    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, related_name="appeals", verbose_name="лицевой счёт"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="appeals",
        verbose_name="кто обратился",
    )  # fmt: skip
    channel = models.CharField(
        "как обратился", max_length=8, choices=AppealChannel, default=AppealChannel.CABINET, db_default="cabinet"
    )
    caller = models.CharField("имя обратившегося", max_length=160, blank=True, db_default="")
    caller_phone = models.CharField("телефон для ответа", max_length=20, blank=True, db_default="")
    caller_email = models.EmailField("почта для ответа", blank=True, db_default="")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто записал"
    )
    key = models.UUIDField("ключ отправки", default=uuid4)
    topic = models.SmallIntegerField("тема", choices=Topic)
    subject = models.CharField("о чём", max_length=160)
    facts = models.JSONField("сведения", default=dict, blank=True)
    state = models.CharField("состояние", max_length=8, choices=AppealState, default=AppealState.NEW)
    created_at = models.DateTimeField("подано", default=timezone.now)
    due_on = models.DateField("ответить до", null=True, blank=True)
    act = models.CharField("основание срока", max_length=255, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="у кого"
    )
    last_at = models.DateTimeField("последнее сообщение", default=timezone.now)
    answered_at = models.DateTimeField("отвечено", null=True, blank=True)
    closed_at = models.DateTimeField("закрыто", null=True, blank=True)

    class Meta:
        verbose_name = "обращение"
        verbose_name_plural = "обращения"
        indexes = [
            models.Index(fields=["account", "author", "-last_at"], name="appeal_of_account"),
            models.Index(
                fields=["due_on", "last_at"], name="appeal_waiting", condition=Q(state__in=["new", "taken", "reopened"])
            ),
            models.Index(fields=["-last_at"], name="appeal_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "key"], name="appeal_once", violation_error_message="Это обращение уже отправлено."
            ),
            models.UniqueConstraint(
                fields=["registered_by", "key"], name="appeal_written_once",
                violation_error_message="Это обращение уже записано.",
            ),
            models.CheckConstraint(
                name="appeal_of_somebody",
                condition=Q(author__isnull=False, channel="cabinet", registered_by=None)
                | (Q(author=None, registered_by__isnull=False) & ~Q(channel="cabinet") & ~Q(caller="")),
                violation_error_message="У обращения есть либо автор из кабинета, либо имя того, чьи слова записаны.",
            ),
            models.CheckConstraint(
                name="appeal_channel_known", condition=Q(channel__in=AppealChannel.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.UniqueConstraint(
                fields=["account", "author"], name="appeal_one_chat", condition=Q(topic=Topic.CHAT.value),
                violation_error_message="Чат по этому счёту уже есть.",
            ),
            models.CheckConstraint(
                name="appeal_topic_known", condition=Q(topic__in=Topic.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="appeal_state_known", condition=Q(state__in=AppealState.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="appeal_has_term", condition=Q(topic=Topic.CHAT.value) | Q(due_on__isnull=False),
                violation_error_message="У обращения должен быть срок ответа.",
            ),
            models.CheckConstraint(
                name="appeal_closed_when",
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                violation_error_message="У закрытого обращения есть день закрытия.",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.FSM(name="appeal_state", field="state", transitions=MOVES),
            pgtrigger.ReadOnly(
                name="appeal_asked",
                fields=["account", "author", "key", "topic", "created_at", "channel", "caller", "registered_by"],
            ),
            pgtrigger.Protect(name="appeal_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Обращение № {self.pk}"


class AppealMessage(models.Model):
    """One message of a conversation; what was said stays as it was said."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="messages", verbose_name="обращение")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто"
    )  # nobody: the words of a caller, written down by the clerk of the appeal
    is_staff = models.BooleanField("от центра", default=False)
    is_internal = models.BooleanField("только для сотрудников", default=False)
    text = models.TextField("текст", max_length=4000)
    key = models.UUIDField("ключ отправки", default=uuid4)
    created_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "сообщение"
        verbose_name_plural = "сообщения"
        constraints = [
            models.UniqueConstraint(
                fields=["appeal", "key"], name="appealmessage_once",
                violation_error_message="Это сообщение уже отправлено.",
            ),
            models.CheckConstraint(
                name="appealmessage_internal_is_staff", condition=Q(is_internal=False) | Q(is_staff=True),
                violation_error_message="Служебную пометку пишет сотрудник.",
            ),
            models.CheckConstraint(
                name="appealmessage_staff_is_known", condition=Q(is_staff=False) | Q(author__isnull=False),
                violation_error_message="Ответ центра пишет сотрудник, его имя должно быть известно.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.text[:60]


class AppealFile(models.Model):
    """A picture or a PDF of a message, opened and rewritten by us. In the database: one transaction with its words."""

    message = models.ForeignKey(AppealMessage, models.PROTECT, related_name="files", verbose_name="сообщение")
    name = models.CharField("имя", max_length=160)
    mime = models.CharField("вид", max_length=40)
    size = models.IntegerField("размер, байт")
    content = models.BinaryField("содержимое")

    class Meta:
        verbose_name = "файл обращения"
        verbose_name_plural = "файлы обращений"
        constraints = [
            models.CheckConstraint(
                name="appealfile_kind", condition=Q(mime__in=["image/jpeg", "application/pdf"]),
                violation_error_message="Можно приложить фото или PDF.",
            ),
            models.CheckConstraint(
                name="appealfile_not_empty", condition=Q(size__gt=0), violation_error_message="Файл пустой."
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name
