"""Keys by which programs enter in a user's name, and what was answered to what they sent."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class KeyFace(models.IntegerChoices):
    RESIDENT = 1, "мои счета"
    SUPPLIER = 2, "кабинет поставщика"


class AccessKey(models.Model):
    """A personal key of the API: sees what its user sees, changes nothing unless `may_write`.

    The key itself is shown once; `digest` is its sha-256, for 256 random bits need no salt. `asked`: the number of the
    form, so that a form sent twice makes one key.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_keys", verbose_name="пользователь"
    )
    name = models.CharField("название", max_length=80)
    face = models.SmallIntegerField("что открывает", choices=KeyFace)
    may_write = models.BooleanField("может передавать", default=False)
    digest = models.CharField("отпечаток", max_length=64, unique=True)
    beginning = models.CharField("начало ключа", max_length=12)
    asked = models.UUIDField("номер запроса", unique=True)
    made_at = models.DateTimeField("создан", default=timezone.now)
    used_on = models.DateField("последнее обращение", null=True, blank=True)
    withdrawn_at = models.DateTimeField("отозван", null=True, blank=True)

    class Meta:
        verbose_name = "ключ доступа"
        verbose_name_plural = "ключи доступа"
        constraints = [
            models.CheckConstraint(
                name="accesskey_face_known",
                condition=Q(face__in=KeyFace.values),
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
            models.CheckConstraint(
                name="accesskey_named", condition=~Q(name=""), violation_error_message="Назовите ключ."
            ),
        ]
        triggers = [pgtrigger.Protect(name="access_key_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name


class KeyAnswer(models.Model):
    """What was answered to a request with this Idempotency-Key; `digest`: sha-256 of the address and what was sent."""

    key = models.ForeignKey(AccessKey, models.CASCADE, related_name="answers", verbose_name="ключ доступа")
    name = models.CharField("ключ повтора", max_length=80)
    digest = models.CharField("отпечаток запроса", max_length=64)
    answer = models.JSONField("ответ")
    answered_at = models.DateTimeField("когда", default=timezone.now)

    class Meta:
        verbose_name = "ответ программе"
        verbose_name_plural = "ответы программам"
        constraints = [
            models.UniqueConstraint(
                fields=["key", "name"], name="keyanswer_once", violation_error_message="На этот запрос уже отвечено."
            )
        ]

    def __str__(self) -> str:
        return self.name
