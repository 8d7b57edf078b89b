"""What meters and plots of premises, and balances of houses, say: facts behind the volumes."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

import accounts.operations
from accounts.admin.base import Book, Endless, EndlessInk, InForceFilter, month_column, quantity_column, validity_column
from accounts.calendar import Month
from billing.models import HouseBalance, MeterFault, PlotUse


@admin.register(MeterFault)
class MeterFaultAdmin(Endless, Book):
    list_display = ("meter", "kind", validity_column, "document")
    list_filter = (InForceFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("meter",)
    search_fields = ("meter__serial", "document")
    search_help_text = "Заводской номер, акт"
    autocomplete_fields = ("meter",)
    ordering = ("-valid_from",)

    def tell(self, obj: MeterFault) -> None:
        accounts.operations.touch(house_id=obj.meter.house_id, first_month=Month.of(obj.valid_from))


@admin.register(PlotUse)
class PlotUseAdmin(Endless, Book):
    list_display = ("premises", "kind", quantity_column("units", "единиц"), validity_column)
    list_filter = (InForceFilter,)
    list_select_related = ("premises",)
    search_fields = ("premises__house__search_address",)
    search_help_text = "Улица и дом"
    autocomplete_fields = ("premises",)
    ordering = ("-valid_from",)

    def tell(self, obj: PlotUse) -> None:
        accounts.operations.touch(house_id=obj.premises.house_id, first_month=Month.of(obj.valid_from))


@admin.register(HouseBalance)
class HouseBalanceAdmin(EndlessInk):
    list_display = (
        "house", "service", month_column(), quantity_column("volume", "баланс"), quantity_column("carried", "перенос"),
    )  # fmt: skip
    list_filter = (("service", RelatedDropdownFilter), ("month", RangeDateFilter))
    list_select_related = ("house", "service")
    search_fields = ("house__search_address",)
    search_help_text = "Улица и дом"
    ordering = ("-month", "house__search_address")
