"""Access that a principal's manager offers to a colleague by letter."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import among
from portals.models.links import PrincipalRole


class PrincipalInvitation(models.Model):
    """A letter to an employee-to-be: whoever opens its link and says yes gets the role. Only its digest is kept."""

    principal = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, related_name="invitations", verbose_name="принципал"
    )
    email = models.EmailField("эл. почта")
    role = models.SmallIntegerField("роль", choices=PrincipalRole)
    digest = models.CharField("sha-256 ссылки", max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="пригласил")
    invited_at = models.DateTimeField("приглашён", default=timezone.now)
    expires_on = models.DateField("действует по")
    accepted_at = models.DateTimeField("принято", null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто принял"
    )
    withdrawn_at = models.DateTimeField("отозвано", null=True, blank=True)

    class Meta:
        verbose_name = "приглашение сотрудника"
        verbose_name_plural = "приглашения сотрудников"
        constraints = [
            among("principalinvitation", "role", PrincipalRole),
            models.UniqueConstraint(
                fields=["principal", "email"], name="principalinvitation_once",
                condition=Q(accepted_at=None, withdrawn_at=None),
                violation_error_message="На этот адрес приглашение уже отправлено.",
            ),
            models.CheckConstraint(
                name="principalinvitation_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                violation_error_message="У принятого приглашения известно, кто его принял.",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="principal_invitation_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.email} → {self.principal}"
