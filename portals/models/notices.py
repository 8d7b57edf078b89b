"""What a user should know: notices in the cabinet, which of them go by e-mail, how far their sources were read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NoticeKind(models.IntegerChoices):
    DOCUMENT = 1, "Новая квитанция"
    PAYMENT = 2, "Платёж получен"
    ANSWER = 3, "Ответ на обращение"
    VERIFICATION = 4, "Скоро поверка счётчика"
    OUTAGE = 5, "Отключение или перебой в доме"
    ACCESS = 6, "Доступ к счёту"
    DISPUTE = 7, "Разногласие поставщика"


# What is told of an account: its users choose which of these go by e-mail. A dispute is told by letter only.
OF_ACCOUNT = tuple(kind for kind in NoticeKind if kind != NoticeKind.DISPUTE)


class Notice(models.Model):
    """Something a user should know; made once for its key, read when he has seen it, mailed when he wants that.

    It is of an account, or of a dispute: that one stands on its own page, and only the letter about it is kept here.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="кому")
    account = models.ForeignKey(
        "accounts.PersonalAccount", models.CASCADE, null=True, blank=True, related_name="notices",
        verbose_name="лицевой счёт",
    )  # fmt: skip
    dispute = models.ForeignKey(
        "portals.Dispute", models.CASCADE, null=True, blank=True, related_name="letters", verbose_name="разногласие"
    )
    kind = models.SmallIntegerField("о чём", choices=NoticeKind)
    key = models.CharField("ключ", max_length=60)
    title = models.CharField("заголовок", max_length=160)
    text = models.CharField("текст", max_length=500, blank=True)
    made_at = models.DateTimeField("когда", default=timezone.now)
    read_at = models.DateTimeField("прочитано", null=True, blank=True)
    mail_state = models.SmallIntegerField(
        "письмо", choices=[(0, "не нужно"), (1, "ждёт отправки"), (2, "отправлено"), (3, "не принято")], default=0
    )
    mail_tries = models.SmallIntegerField("попыток письма", default=0)

    class Meta:
        verbose_name = "уведомление"
        verbose_name_plural = "уведомления"
        indexes = [
            models.Index(fields=["user", "-made_at"], name="notice_of_user"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["id"], name="notice_to_mail", condition=Q(mail_state=1)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "account", "kind", "key"], name="notice_once",
                violation_error_message="Об этом уже сообщено.",
            ),
            models.UniqueConstraint(
                fields=["user", "dispute", "key"], name="notice_of_dispute_once", condition=Q(dispute__isnull=False),
                violation_error_message="Об этом уже сообщено.",
            ),
            models.CheckConstraint(
                name="notice_of_one_thing",
                condition=Q(kind=7, account=None, dispute__isnull=False)
                | Q(~Q(kind=7), account__isnull=False, dispute=None),
                violation_error_message="Уведомление бывает о счёте либо о разногласии.",
            ),
            models.CheckConstraint(
                name="notice_kind_known", condition=Q(kind__in=NoticeKind.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="notice_mail_known", condition=Q(mail_state__in=[0, 1, 2, 3]),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class NoticeWish(models.Model):
    """A kind of notice that the user does not want by e-mail; in the cabinet all of them stand."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="кто")
    kind = models.SmallIntegerField("о чём", choices=NoticeKind)

    class Meta:
        verbose_name = "отказ от писем"
        verbose_name_plural = "отказы от писем"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], name="noticewish_once", violation_error_message="Уже отмечено."
            ),
            models.CheckConstraint(
                name="noticewish_kind_known", condition=Q(kind__in=NoticeKind.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class HouseWork(models.Model):
    """Works planned in a house: a service will be cut off. Told to its residents beforehand."""

    house = models.ForeignKey("accounts.House", models.PROTECT, related_name="works", verbose_name="дом")
    service = models.ForeignKey("accounts.Service", models.PROTECT, related_name="+", verbose_name="услуга")
    starts_at = models.DateTimeField("начало")
    ends_at = models.DateTimeField("окончание")
    reason = models.CharField("причина, кто проводит", max_length=255)
    cancelled_at = models.DateTimeField("отменены", null=True, blank=True)

    class Meta:
        verbose_name = "плановые работы"
        verbose_name_plural = "плановые работы"
        indexes = [models.Index(fields=["house", "ends_at"], name="housework_by_house")]
        constraints = [
            models.CheckConstraint(
                name="housework_lasts", condition=Q(ends_at__gt=models.F("starts_at")),
                violation_error_message="Окончание должно быть позже начала.",
            ),
            models.CheckConstraint(
                name="housework_has_reason", condition=~Q(reason=""), violation_error_message="Назовите причину."
            ),
            models.UniqueConstraint(
                fields=["house", "service", "starts_at"], name="housework_once", condition=Q(cancelled_at=None),
                violation_error_message="Такие работы уже записаны.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.service}, {self.house}"
