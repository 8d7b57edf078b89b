"""The reading room of `billing`: reference books are edited here, drafts and ink are shown on the office pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.contrib.import_export.forms import ExportForm, ImportForm

import accounts.operations
from accounts.admin.base import (
    Book,
    Endless,
    EndlessInk,
    InForceFilter,
    Ink,
    money_column,
    month_column,
    quantity_column,
    validity_column,
)
from accounts.calendar import Month
from billing.admin import acts, house, relief  # noqa: F401  # register their models
from billing.admin.sheets import LawValueResource, NormResource, TariffResource
from billing.models import (
    ContractMonth,
    Correction,
    Hold,
    HouseVolume,
    LawValue,
    Norm,
    Provision,
    ProvisionException,
    Tariff,
)


class ImportedBook(ImportExportModelAdmin, Book):
    """A reference book that is also filled from a sheet: the preview shows every row before anything is written."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    skip_admin_log = False
    show_change_form_export = False

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)


@admin.register(Tariff)
class TariffAdmin(ImportedBook):
    resource_classes = (TariffResource,)
    list_display = (
        "service", quantity_column("price", "цена, руб."), "principal", "contract", "category", "component", "zone",
        "tariff_range", validity_column, "act",
    )  # fmt: skip
    list_filter = (
        InForceFilter, ("service", RelatedDropdownFilter), ("contract__principal", RelatedDropdownFilter),
    )  # fmt: skip
    list_select_related = ("service", "contract__principal")
    search_fields = ("service__name", "contract__number", "contract__principal__short_name", "act")
    search_help_text = "Услуга, договор, принципал, акт"
    autocomplete_fields = ("contract", "service")
    ordering = ("service__priority", "contract", "category", "component", "zone", "tariff_range", "-valid_from")
    fieldsets = (
        (None, {"fields": (("contract", "service"), ("price", "vat_percent"), ("valid_from", "valid_to"), "act")}),
        ("К чему относится", {
            "fields": (("category", "component"), ("zone", "tariff_range", "range_up_to")),
            "description": "Категория 0: любой потребитель. Компонент: 0 вся цена, 1 холодная вода или теплоноситель, "
            "2 тепло. Зона: 0 один тариф, 1 день или пик, 2 ночь, 3 полупик. Диапазон: 0 нет, 1–3 с границей «до».",
        }),
    )  # fmt: skip

    @admin.display(description="принципал", ordering="contract__principal__short_name")
    def principal(self, tariff: Tariff) -> str:
        return tariff.contract.principal.short_name


@admin.register(Norm)
class NormAdmin(ImportedBook):
    resource_classes = (NormResource,)
    list_display = ("service", quantity_column("value", "значение"), "basis", "scope", "months", validity_column, "act")
    list_filter = (InForceFilter, ("service", RelatedDropdownFilter), ("basis", ChoicesDropdownFilter))
    list_select_related = ("service",)
    search_fields = ("service__name", "act")
    autocomplete_fields = ("service",)
    ordering = ("service__priority", "scope", "basis", "-valid_from")
    fieldsets = (
        (None, {"fields": (("service", "scope"), ("value", "basis", "months"), ("valid_from", "valid_to"), "act")}),
    )


@admin.register(LawValue)
class LawValueAdmin(ImportedBook):
    resource_classes = (LawValueResource,)
    list_display = ("code", quantity_column("value", "значение"), validity_column, "act")
    list_filter = (InForceFilter, "code")
    search_fields = ("code", "act")
    ordering = ("code", "-valid_from")
    exclude = ("number",)
    fieldsets = ((None, {"fields": (("code", "value"), ("valid_from", "valid_to"), "act")}),)


@admin.register(Provision)
class ProvisionAdmin(Endless, Book):
    list_display = ("house", "service", "method", "principal", "contract", "components", validity_column)
    list_filter = (
        InForceFilter, ("service", RelatedDropdownFilter), ("method", ChoicesDropdownFilter),
        ("contract__principal", RelatedDropdownFilter),
    )  # fmt: skip
    list_select_related = ("house", "service", "contract__principal")
    search_fields = ("contract__number", "service__name__istartswith")
    shaped_search = ("house__search_address",)
    search_help_text = "Улица и дом, услуга, номер договора"
    autocomplete_fields = ("house", "service", "contract")
    ordering = ("house__search_address", "service__priority", "-valid_from")
    fieldsets = (
        (None, {"fields": ("house", ("service", "contract"), ("method", "components"), ("valid_from", "valid_to"))}),
    )

    def tell(self, obj: Provision) -> None:
        accounts.operations.touch(house_id=obj.house_id, first_month=Month.of(obj.valid_from))

    @admin.display(description="поставщик", ordering="contract__principal__short_name")
    def principal(self, provision: Provision) -> str:
        return provision.contract.principal.short_name


@admin.register(ProvisionException)
class ProvisionExceptionAdmin(Book):
    list_display = ("account", "service", "method", "ground", validity_column)
    list_filter = (InForceFilter, ("service", RelatedDropdownFilter))
    list_select_related = ("account", "service")
    search_fields = ("account__number", "ground")
    autocomplete_fields = ("account", "service")
    ordering = ("-id",)

    def tell(self, obj: ProvisionException) -> None:
        house_id, first_month = obj.account.house_id, Month.of(obj.valid_from)
        accounts.operations.touch(house_id=house_id, account_id=obj.account_id, first_month=first_month)


@admin.register(HouseVolume)
class HouseVolumeAdmin(Endless, Book):
    list_display = ("house", "service", month_column(), quantity_column("volume", "объём"), "unit", "document")
    list_filter = (("service", RelatedDropdownFilter), ("month", RangeDateFilter))
    list_select_related = ("house", "service")
    search_fields = ("document",)
    shaped_search = ("house__search_address",)
    search_help_text = "Улица и дом"
    autocomplete_fields = ("house", "service")
    ordering = ("-month", "house__search_address", "service__priority")

    def tell(self, obj: HouseVolume) -> None:
        accounts.operations.touch(house_id=obj.house_id, first_month=Month(obj.month))

    @admin.display(description="единица")
    def unit(self, volume: HouseVolume) -> str:
        return volume.service.get_unit_display()


@admin.register(ContractMonth)
class ContractMonthAdmin(Ink):
    list_display = ("contract", "principal", month_column(), "state", "posted_at", "closed_at")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("month", RangeDateFilter),
        ("contract__principal", RelatedDropdownFilter),
    )
    list_select_related = ("contract__principal",)
    search_fields = ("contract__number", "contract__principal__short_name")
    ordering = ("-month", "contract__principal__short_name")

    @admin.display(description="принципал", ordering="contract__principal__short_name")
    def principal(self, row: ContractMonth) -> str:
        return row.contract.principal.short_name


class HeldFilter(InForceFilter):
    title = "состояние"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "удержан"), ("no", "отпущен")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.filter(released_at=None)
            case "no":
                return queryset.filter(released_at__isnull=False)
        return queryset


@admin.register(Hold)
class HoldAdmin(EndlessInk):
    list_display = ("account", month_column(), "cause", "held_by", "held_at", "released_at")
    list_filter = (HeldFilter, ("month", RangeDateFilter))
    list_select_related = ("account", "held_by")
    search_fields = ("account__number", "cause__icontains")
    ordering = ("-held_at",)


@admin.register(Correction)
class CorrectionAdmin(EndlessInk):
    list_display = (
        "number", "account", "service", "contract", month_column("month", "проведён в"),
        month_column("for_month", "за месяц"), money_column("amount", "сумма, руб."), "basis", "made_by",
    )  # fmt: skip
    list_filter = (("service", RelatedDropdownFilter), ("month", RangeDateFilter))
    list_select_related = ("account", "service", "contract", "made_by")
    search_fields = ("account__number", "number", "basis__icontains")
    ordering = ("-made_at",)
