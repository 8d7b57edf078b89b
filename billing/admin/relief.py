"""Breaks, bad quality, benefits: facts that take roubles off; and what the run could not charge."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

import accounts.operations
from accounts.admin.base import Book, Endless, EndlessInk, InForceFilter, month_column, quantity_column, validity_column
from accounts.calendar import Month
from billing.models import BenefitEntitlement, LineProblem, QualityEvent, QualityRule


@admin.register(QualityEvent)
class QualityEventAdmin(Endless, Book):
    list_display = ("house", "premises", "service", "breach", "started_at", "ended_at", "act")
    list_filter = (
        ("service", RelatedDropdownFilter), ("breach", ChoicesDropdownFilter), ("started_at", RangeDateFilter),
    )  # fmt: skip
    list_select_related = ("house", "premises", "service")
    search_fields = ("act",)
    shaped_search = ("house__search_address",)
    search_help_text = "Улица и дом, акт"
    autocomplete_fields = ("house", "premises", "service")
    ordering = ("-started_at",)
    fieldsets = (
        (None, {"fields": (
            ("house", "premises"), ("service", "breach"), ("started_at", "ended_at", "hours"),
            ("normative_c", "actual_c"), "act",
        )}),
    )  # fmt: skip

    def tell(self, obj: QualityEvent) -> None:
        accounts.operations.touch(house_id=obj.house_id, first_month=Month.of(obj.started_at.date()))


@admin.register(QualityRule)
class QualityRuleAdmin(Book):
    list_display = (
        "breach", quantity_column("percent", "%"), "per_hours", "allowed_hours", "allowed_at_once", validity_column,
        "act",
    )  # fmt: skip
    list_filter = (InForceFilter, ("breach", ChoicesDropdownFilter))
    search_fields = ("act",)
    ordering = ("breach", "-valid_from")


@admin.register(BenefitEntitlement)
class BenefitEntitlementAdmin(Endless, Book):
    list_display = ("account", "category", "service", "percent", "persons", "way", validity_column, "document")
    list_filter = (InForceFilter, ("way", ChoicesDropdownFilter), ("service", RelatedDropdownFilter))
    list_select_related = ("account", "service")
    search_fields = ("account__number", "category", "document")
    autocomplete_fields = ("account", "person", "service")
    ordering = ("-id",)

    def tell(self, obj: BenefitEntitlement) -> None:
        house_id, first_month = obj.account.house_id, Month.of(obj.valid_from)
        accounts.operations.touch(house_id=house_id, account_id=obj.account_id, first_month=first_month)


@admin.register(LineProblem)
class LineProblemAdmin(EndlessInk):
    list_display = ("account", month_column(), "service", "text")
    list_filter = (("month", RangeDateFilter), ("service", RelatedDropdownFilter), "text")
    list_select_related = ("account", "service")
    search_fields = ("account__number", "text")
    ordering = ("-month", "account")
