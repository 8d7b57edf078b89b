"""Documents of mass recalculation, acts of unauthorised use, heat allocators."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

from accounts.admin.base import Book, Endless, EndlessInk, money_column, month_column, quantity_column
from billing.models import AllocatorShare, MassCorrection, UnauthorisedUse


@admin.register(MassCorrection)
class MassCorrectionAdmin(EndlessInk):
    list_display = (
        "number", month_column("month", "проведён в"), "service", "rule", quantity_column("value", "значение"),
        "accounts", money_column("amount", "сумма, руб."), "reason", "reverses", "made_by",
    )  # fmt: skip
    list_filter = (("service", RelatedDropdownFilter), ("month", RangeDateFilter), ("rule", ChoicesDropdownFilter))
    list_select_related = ("service", "reverses", "made_by")
    search_fields = ("number", "basis__icontains", "reason__icontains")
    ordering = ("-made_at",)


@admin.register(UnauthorisedUse)
class UnauthorisedUseAdmin(EndlessInk):
    list_display = (
        "act", "account", "service", "kind", "act_on", quantity_column("volume", "объём"),
        money_column("amount", "сумма, руб."), month_column("month", "проведён в"), "reverses", "made_by",
    )  # fmt: skip
    list_filter = (("service", RelatedDropdownFilter), ("month", RangeDateFilter), ("kind", ChoicesDropdownFilter))
    list_select_related = ("account", "service", "reverses", "made_by")
    search_fields = ("account__number", "act__icontains")
    ordering = ("-made_at",)


@admin.register(AllocatorShare)
class AllocatorShareAdmin(Endless, Book):
    list_display = (
        "premises", "year", quantity_column("units", "единиц"), quantity_column("coefficient", "коэффициент"),
        "document",
    )  # fmt: skip
    list_filter = ("year",)
    list_select_related = ("premises__house", "premises__parent")
    search_fields = ("document",)
    shaped_search = ("premises__house__search_address",)
    search_help_text = "Улица и дом, документ"
    autocomplete_fields = ("premises",)
    ordering = ("-year", "-id")
