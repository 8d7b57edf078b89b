"""The personal account (лицевой счёт)."""

import pghistory
from django.db import models
from django.db.models import F, Q
from phonenumber_field.modelfields import PhoneNumberField

from accounts.fields import IsAccountNumber, among, row_history, validate_account_number
from accounts.kinds import Delivery


@pghistory.track(*row_history())
class PersonalAccount(models.Model):
    """Personal account of a payer for premises. The number is never reused, also after closing."""

    number = models.CharField("номер", max_length=20, unique=True, validators=[validate_account_number])
    unified_number = models.CharField("ЕЛС", max_length=10, null=True, blank=True)
    housing_service_id = models.CharField("идентификатор ЖКУ", max_length=13, null=True, blank=True)
    house = models.ForeignKey("accounts.House", models.PROTECT, related_name="accounts", verbose_name="дом")
    premises = models.ForeignKey("accounts.Premises", models.PROTECT, related_name="accounts", verbose_name="помещение")
    payer_person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name="плательщик"
    )
    payer_organisation = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="accounts",
        verbose_name="плательщик-организация",
    )  # fmt: skip
    is_tenant = models.BooleanField("наниматель", default=False)
    opened_on = models.DateField("открыт")
    closed_on = models.DateField("закрыт (первый день без начислений)", null=True, blank=True)
    delivery = models.SmallIntegerField("доставка документа", choices=Delivery, default=Delivery.PAPER)
    email = models.EmailField("эл. почта для документа", blank=True)
    phone = PhoneNumberField("телефон", null=True, blank=True)
    document_code = models.CharField("код с документа", max_length=12, blank=True)

    class Meta:
        verbose_name = "лицевой счёт"
        verbose_name_plural = "лицевые счета"
        indexes = [
            models.Index(
                fields=["unified_number"], name="account_by_unified", condition=Q(unified_number__isnull=False)
            ),
            models.Index(
                fields=["housing_service_id"], name="account_by_izku", condition=Q(housing_service_id__isnull=False)
            ),
        ]
        constraints = [
            among("personalaccount", "delivery", Delivery),
            models.CheckConstraint(
                name="personalaccount_number_valid",
                condition=Q(IsAccountNumber(F("number"))),
                violation_error_message="Номер лицевого счёта неверен: контрольная цифра не сходится.",
            ),
            models.CheckConstraint(
                name="personalaccount_one_payer",
                condition=Q(payer_person__isnull=True) | Q(payer_organisation__isnull=True),
                violation_error_message="Плательщик: гражданин или организация, одно из двух.",
            ),
            models.CheckConstraint(
                name="personalaccount_closed_after_opened",
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
                violation_error_message="Счёт нельзя закрыть раньше, чем он открыт.",
            ),
            models.CheckConstraint(
                name="personalaccount_els_shape",
                condition=Q(unified_number=None) | Q(unified_number__regex=r"^[0-9]{2}[А-ЯЁ]{2}[0-9]{6}$"),
                violation_error_message="ЕЛС: две цифры, две русские буквы, шесть цифр.",
            ),
        ]

    def __str__(self) -> str:
        return self.number
