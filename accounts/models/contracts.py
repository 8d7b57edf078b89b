"""Organisations, their bank accounts, and the agency contracts (агентские договоры) we bill under."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from phonenumber_field.modelfields import PhoneNumberField

from accounts.fields import (
    Dated,
    IsBankAccount,
    IsInn,
    IsOgrn,
    MoneyField,
    among,
    no_overlap,
    not_empty,
    row_history,
    validate_bik,
    validate_inn,
    validate_kpp,
    validate_ogrn,
)
from accounts.kinds import AllocationRule, BankAccountKind, BankAccountState, ChannelKind, OrganisationKind, VatMode


@pghistory.track(*row_history())
class Organisation(models.Model):
    """A legal entity or sole trader: principal, agent, payer."""

    kind = models.SmallIntegerField("вид", choices=OrganisationKind, default=OrganisationKind.OTHER)
    name = models.CharField("полное наименование", max_length=255)
    short_name = models.CharField("краткое наименование", max_length=160)
    inn = models.CharField("ИНН", max_length=12, validators=[validate_inn])
    kpp = models.CharField("КПП", max_length=9, blank=True, validators=[validate_kpp])
    ogrn = models.CharField("ОГРН", max_length=15, validators=[validate_ogrn])
    address = models.CharField("адрес", max_length=255, blank=True)
    phone = PhoneNumberField("телефон", null=True, blank=True)
    dispatcher_phone = PhoneNumberField("диспетчерская", null=True, blank=True)
    email = models.EmailField("эл. почта", blank=True)
    site = models.CharField("сайт", max_length=160, blank=True)

    class Meta:
        verbose_name = "организация"
        verbose_name_plural = "организации"
        constraints = [
            among("organisation", "kind", OrganisationKind),
            models.CheckConstraint(
                name="organisation_inn_valid",
                condition=Q(IsInn(F("inn"))),
                violation_error_message="ИНН неверен: контрольные цифры не сходятся.",
            ),
            models.CheckConstraint(
                name="organisation_ogrn_valid",
                condition=Q(IsOgrn(F("ogrn"))),
                violation_error_message="ОГРН неверен: контрольная цифра не сходится.",
            ),
            models.CheckConstraint(
                name="organisation_kpp_valid",
                condition=Q(kpp="") | Q(kpp__regex=r"^[0-9]{4}[0-9A-Z]{2}[0-9]{3}$"),
                violation_error_message="КПП неверен: нужно девять знаков.",
            ),
            models.UniqueConstraint(
                fields=["inn", "kpp"],
                name="organisation_once",
                violation_error_message="Организация с таким ИНН и КПП уже есть.",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                name="organisation_one_agent",
                violation_error_message="Агент уже заведён, второго не бывает. Исправьте его карточку.",
                condition=Q(kind=1),
            ),
        ]

    def __str__(self) -> str:
        return self.short_name


@pghistory.track(*row_history())
class BankAccount(Dated):
    """A bank account of an organisation. It counts once a second person approves it."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="bank_accounts", verbose_name="организация"
    )
    kind = models.SmallIntegerField("вид счёта", choices=BankAccountKind, default=BankAccountKind.SETTLEMENT)
    number = models.CharField("номер счёта", max_length=20)
    bik = models.CharField("БИК", max_length=9, validators=[validate_bik])
    bank_name = models.CharField("банк", max_length=160)
    bank_town = models.CharField("город банка", max_length=80, blank=True)
    correspondent = models.CharField("корр. счёт", max_length=20, blank=True)
    state = models.CharField("состояние", max_length=10, choices=BankAccountState, default=BankAccountState.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="предложил"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="утвердил"
    )

    class Meta:
        verbose_name = "банковский счёт"
        verbose_name_plural = "банковские счета"
        constraints = [
            not_empty("bankaccount"),
            among("bankaccount", "kind", BankAccountKind),
            models.CheckConstraint(
                name="bankaccount_key_valid",
                condition=Q(IsBankAccount(F("number"), F("bik"))),
                violation_error_message=(
                    "Ключ счёта не сходится с БИК. Сверьте номер счёта и БИК с карточкой организации."
                ),
            ),
            models.CheckConstraint(
                name="bankaccount_correspondent_valid",
                condition=Q(correspondent="") | Q(IsBankAccount(F("correspondent"), F("bik"))),
                violation_error_message="Ключ корреспондентского счёта не сходится с БИК.",
            ),
            models.CheckConstraint(
                name="bankaccount_two_people",
                condition=Q(approved_by=None) | Q(proposed_by=None) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Утвердить реквизиты должен другой сотрудник.",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="requisites_are_ink",
                fields=["organisation", "kind", "number", "bik", "correspondent", "valid_from"],
            ),
            pgtrigger.FSM(
                name="bank_account_state",
                field="state",
                transitions=[("proposed", "approved"), ("proposed", "rejected")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.bank_name})"


@pghistory.track(*row_history())
class AgencyContract(Dated):
    """Agency contract with a principal. Its own services the centre bills as one more principal, with fee 0."""

    principal = models.ForeignKey(Organisation, models.PROTECT, related_name="contracts", verbose_name="принципал")
    number = models.CharField("номер договора", max_length=60)
    signed_on = models.DateField("дата договора")
    allocation_rule = models.SmallIntegerField("разнесение", choices=AllocationRule, default=AllocationRule.OPEN)
    readings_from_day = models.SmallIntegerField("показания принимаются с числа", default=15)
    readings_to_day = models.SmallIntegerField("показания принимаются по число", default=25)
    accepts_service_breakdown = models.BooleanField("принимать разбивку плательщика по услугам", default=True)
    penalty_vat = models.BooleanField("пени облагаются НДС", default=False)

    class Meta:
        verbose_name = "агентский договор"
        verbose_name_plural = "агентские договоры"
        constraints = [
            not_empty("agencycontract"),
            among("agencycontract", "allocation_rule", AllocationRule),
            models.UniqueConstraint(
                fields=["principal", "number"],
                name="agencycontract_once",
                violation_error_message="Договор с таким номером у этого принципала уже есть.",
            ),
            models.CheckConstraint(
                name="agencycontract_window",
                condition=Q(
                    readings_from_day__gte=1, readings_to_day__lte=31, readings_from_day__lte=F("readings_to_day")
                ),
                violation_error_message="Окно показаний: с 1 по 31 число, начало не позже конца.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} от {self.signed_on:%d.%m.%Y}"


@pghistory.track(*row_history())
class CommissionTerms(Dated):
    """What the agent earns of the money collected under a contract, by kind of channel (0: any other)."""

    contract = models.ForeignKey(AgencyContract, models.CASCADE, related_name="commission", verbose_name="договор")
    channel_kind = models.SmallIntegerField("канал", choices=ChannelKind, default=ChannelKind.ANY)
    percent = models.DecimalField("процент", max_digits=7, decimal_places=4)
    minimum = MoneyField("не менее за день, руб.", default=0)
    maximum = MoneyField("не более за день, руб.", null=True, blank=True)
    vat_mode = models.SmallIntegerField("НДС", choices=VatMode, default=VatMode.ON_TOP)
    is_withheld = models.BooleanField("удерживается из перечисления", default=True)

    class Meta:
        verbose_name = "условия вознаграждения"
        verbose_name_plural = "условия вознаграждения"
        constraints = [
            *no_overlap(
                "commissionterms", "contract", "channel_kind",
                message="На эти дни по договору и каналу условия уже заданы. Закройте прежние датой.",
            ),
            among("commissionterms", "vat_mode", VatMode),
            models.CheckConstraint(
                name="commissionterms_percent_sane",
                condition=Q(percent__gte=0, percent__lte=100),
                violation_error_message="Процент от 0 до 100.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.percent} %"


class Office(models.Model):
    """An office (отделение) with its cash desks."""

    code = models.CharField("код", max_length=12, unique=True)
    name = models.CharField("название", max_length=120)
    address = models.CharField("адрес", max_length=255)
    phone = PhoneNumberField("телефон", null=True, blank=True)
    hours = models.CharField("часы работы", max_length=160, blank=True)

    class Meta:
        verbose_name = "отделение"
        verbose_name_plural = "отделения"

    def __str__(self) -> str:
        return self.name
