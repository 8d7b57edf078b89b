"""Organisations, agency contracts, offices, services, the calendar."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.admin.base import Book, InForceFilter, Ink, InkRows, Rows, money_column, validity_column
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


@admin.register(BankAccount)
class BankAccountAdmin(Ink):
    list_display = ("organisation", "number", "bank_name", "kind", "state", validity_column)
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), InForceFilter)
    list_select_related = ("organisation",)
    search_fields = ("number", "bik", "organisation__short_name__icontains", "organisation__inn")
    search_help_text = "Номер счёта, БИК, организация, ИНН"
    ordering = ("-id",)


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
