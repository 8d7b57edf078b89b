"""Organisations, agency contracts, offices, services, the calendar."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import operations
from accounts.admin.base import Book, InForceFilter, Ink, InkRows, Rows, author, money_column, validity_column
from accounts.database import rolled_back
from accounts.errors import Refusal
from accounts.models import AgencyContract, BankAccount, CalendarDay, CommissionTerms, Office, Organisation, Service


class BankAccountRows(InkRows):
    model = BankAccount
    fields = ("kind", "number", "bik", "bank_name", "state", "valid_from", "valid_to")
    verbose_name_plural = "банковские счета"


class ContractRows(InkRows):
    model = AgencyContract
    fk_name = "principal"
    fields = ("number", "signed_on", "valid_from", "valid_to")


@admin.register(Organisation)
class OrganisationAdmin(Book):
    list_display = ("short_name", "kind", "inn", "kpp", "phone")
    list_filter = (("kind", ChoicesDropdownFilter),)
    search_fields = ("short_name__icontains", "name__icontains", "inn", "ogrn")
    search_help_text = "Наименование, ИНН, ОГРН"
    ordering = ("short_name",)
    inlines = (BankAccountRows, ContractRows)
    fieldsets = (
        (None, {"fields": (("short_name", "kind"), "name", ("inn", "kpp", "ogrn"))}),
        ("Связь", {"fields": ("address", ("phone", "dispatcher_phone"), ("email", "site"))}),
    )


class ProposalForm(forms.ModelForm):
    """New requisites: tried by the operation that takes them, so that its refusal stands beside its field."""

    ground = forms.CharField(label="основание", max_length=255, widget=UnfoldAdminTextInputWidget())
    proposed_by: Any = None

    class Meta:
        model = BankAccount
        fields = ("organisation", "kind", "number", "bik", "bank_name", "bank_town", "correspondent", "valid_from")

    def proposal(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        facts["organisation_id"] = facts.pop("organisation").pk
        return facts

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                with rolled_back():
                    operations.propose_bank_account(**self.proposal(), by=self.proposed_by)
            except Refusal as refusal:
                self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
        return facts


@admin.register(BankAccount)
class BankAccountAdmin(Ink):
    list_display = ("organisation", "number", "bank_name", "kind", "state", validity_column)
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), InForceFilter)
    list_select_related = ("organisation",)
    search_fields = ("number", "bik", "organisation__short_name__icontains", "organisation__inn")
    search_help_text = "Номер счёта, БИК, организация, ИНН"
    autocomplete_fields = ("organisation",)
    ordering = ("-id",)
    actions = ("approve", "reject")
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("organisation", "kind"), ("number", "bik"), ("bank_name", "bank_town"),
                    ("correspondent", "valid_from"), "ground",
                ),
                "description": "Предложенные реквизиты начнут действовать, когда их утвердит другой сотрудник.",
            },
        ),
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("accounts.add_bankaccount")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_bankaccount")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, form=ProposalForm, **kwargs)
        form.proposed_by = request.user
        return form

    def save_model(self, request: HttpRequest, obj: BankAccount, form: Any, change: bool) -> None:
        proposed = operations.propose_bank_account(**form.proposal(), by=author(request))
        obj.pk = proposed.pk

    @admin.action(description="Утвердить реквизиты", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[BankAccount]) -> None:
        for row in queryset.order_by("pk"):
            try:
                operations.approve_bank_account(bank_account_id=row.pk, by=author(request))
                self.message_user(request, f"Счёт {row.number} утверждён.", messages.SUCCESS)
            except Refusal as refusal:
                self.message_user(request, f"Счёт {row.number}: {refusal}", messages.ERROR)

    @admin.action(description="Отклонить реквизиты", permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[BankAccount]) -> None:
        for row in queryset.order_by("pk"):
            try:
                operations.reject_bank_account(bank_account_id=row.pk, by=author(request), ground="отклонено из списка")
                self.message_user(request, f"Счёт {row.number} отклонён.", messages.SUCCESS)
            except Refusal as refusal:
                self.message_user(request, f"Счёт {row.number}: {refusal}", messages.ERROR)


class CommissionRows(Rows):
    model = CommissionTerms
    show_change_link = False


@admin.register(AgencyContract)
class AgencyContractAdmin(Book):
    list_display = ("number", "principal", "signed_on", "allocation_rule", "readings_window", validity_column)
    list_filter = (InForceFilter, ("allocation_rule", ChoicesDropdownFilter))
    list_select_related = ("principal",)
    search_fields = ("number", "principal__short_name__icontains", "principal__inn")
    search_help_text = "Номер договора, принципал, ИНН"
    autocomplete_fields = ("principal",)
    ordering = ("principal__short_name", "number")
    inlines = (CommissionRows,)
    fieldsets = (
        (None, {"fields": ("principal", ("number", "signed_on"), ("valid_from", "valid_to"))}),
        ("Показания и разнесение", {"fields": (("readings_from_day", "readings_to_day"), "allocation_rule")}),
        ("Прочее", {"fields": ("accepts_service_breakdown", "penalty_vat")}),
    )

    @admin.display(description="приём показаний")
    def readings_window(self, contract: AgencyContract) -> str:
        return f"{contract.readings_from_day}–{contract.readings_to_day} числа"


@admin.register(CommissionTerms)
class CommissionTermsAdmin(Book):
    list_display = (
        "contract", "principal", "channel_kind", "percent", money_column("minimum", "не менее, руб."), "vat_mode",
        "is_withheld", validity_column,
    )  # fmt: skip
    list_filter = (InForceFilter, ("channel_kind", ChoicesDropdownFilter))
    list_select_related = ("contract__principal",)
    search_fields = ("contract__number", "contract__principal__short_name__icontains")
    autocomplete_fields = ("contract",)
    ordering = ("contract__principal__short_name", "channel_kind", "-valid_from")

    @admin.display(description="принципал", ordering="contract__principal__short_name")
    def principal(self, terms: CommissionTerms) -> str:
        return terms.contract.principal.short_name


@admin.register(Office)
class OfficeAdmin(Book):
    list_display = ("code", "name", "address", "phone", "hours")
    search_fields = ("code", "name__icontains", "address__icontains")
    ordering = ("code",)


@admin.register(Service)
class ServiceAdmin(Book):
    """Numbers of services are written into charges: a service is renamed, never added or removed by hand."""

    list_display = ("id", "name", "short_name", "kind", "unit", "resource", "priority")
    list_display_links = ("id", "name")
    list_filter = ("kind",)
    search_fields = ("name__icontains", "short_name__icontains", "code")
    ordering = ("priority",)
    readonly_fields = ("id", "code", "unit", "resource")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Service]:
        return super().get_queryset(request).filter(id__gt=0)


@admin.register(CalendarDay)
class CalendarDayAdmin(Book):
    list_display = ("day", "is_working", "act")
    date_hierarchy = "day"
    ordering = ("-day",)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("accounts.delete_calendarday")
