"""Who may see what from outside: residents their accounts, principals' people their contracts."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class AccountLink(models.Model):
    """User ↔ personal account, proved by the code printed on the document, or given by a family member."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="account_links", verbose_name="пользователь"
    )
    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, related_name="links", verbose_name="лицевой счёт"
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="дал доступ"
    )
    linked_at = models.DateTimeField("привязан", default=timezone.now)
    withdrawn_at = models.DateTimeField("отозван", null=True, blank=True)

    class Meta:
        verbose_name = "доступ жителя"
        verbose_name_plural = "доступ жителей"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "account"], name="accountlink_once", condition=Q(withdrawn_at=None),
                violation_error_message="Этот счёт уже привязан.",
            )
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="account_link_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.user} → {self.account}"


class Invitation(models.Model):
    """A link sent to a relative: whoever opens it and enters sees the account. Works once, and not for long."""

    account = models.ForeignKey(
        "accounts.PersonalAccount", models.PROTECT, related_name="invitations", verbose_name="лицевой счёт"
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="кто пригласил"
    )
    email = models.EmailField("эл. почта", blank=True)
    phone = models.CharField("телефон", max_length=16, blank=True)
    token_digest = models.CharField("отпечаток ссылки", max_length=64, unique=True)
    created_at = models.DateTimeField("отправлено", default=timezone.now)
    expires_at = models.DateTimeField("действует до")
    accepted_at = models.DateTimeField("принято", null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="кто принял"
    )
    withdrawn_at = models.DateTimeField("отозвано", null=True, blank=True)

    class Meta:
        verbose_name = "приглашение"
        verbose_name_plural = "приглашения"
        indexes = [
            models.Index(
                fields=["account"], name="invitation_waiting", condition=Q(accepted_at=None, withdrawn_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="invitation_one_address", condition=Q(email="") ^ Q(phone=""),
                violation_error_message="Приглашение уходит на почту или на телефон, на что-то одно.",
            ),
            models.CheckConstraint(
                name="invitation_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                violation_error_message="У принятого приглашения есть тот, кто его принял.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.email or self.phone


class PrincipalRole(models.IntegerChoices):
    MANAGER = 1, "руководитель"
    ACCOUNTANT = 2, "бухгалтер"
    OPERATOR = 3, "оператор"


class PrincipalUser(models.Model):
    """An employee of a principal and his role: sees all contracts of that organisation."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="principals", verbose_name="пользователь"
    )
    principal = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, related_name="users", verbose_name="принципал"
    )
    role = models.SmallIntegerField("роль", choices=PrincipalRole, default=PrincipalRole.ACCOUNTANT)
    given_at = models.DateTimeField("доступ дан", default=timezone.now)
    withdrawn_at = models.DateTimeField("доступ отозван", null=True, blank=True)

    class Meta:
        verbose_name = "сотрудник принципала"
        verbose_name_plural = "сотрудники принципалов"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "principal"],
                name="principaluser_once",
                violation_error_message="У этого пользователя уже есть такой доступ. Измените его.",
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="principaluser_role_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
                condition=Q(role__in=PrincipalRole.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.principal}"
