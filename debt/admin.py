"""The reading room of `debt`: the law of penalties, and where they stand still."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.admin.base import Book, InForceFilter, Ink, validity_column
from debt.models import Moratorium, PenaltyBand, PenaltyTerms


@admin.register(PenaltyBand)
class PenaltyBandAdmin(Ink):
    list_display = ("scale", "first_day", "divisor", validity_column, "act")
    list_filter = (("scale", ChoicesDropdownFilter), InForceFilter)
    ordering = ("scale", "first_day", "valid_from")


@admin.register(PenaltyTerms)
class PenaltyTermsAdmin(Book):
    list_display = ("scale", "service", "contract", "debtor", "due_day", validity_column, "act")
    list_filter = (("scale", ChoicesDropdownFilter), ("debtor", ChoicesDropdownFilter), InForceFilter)
    list_select_related = ("service", "contract")
    autocomplete_fields = ("contract",)
    ordering = ("scale", "pk")


@admin.register(Moratorium)
class MoratoriumAdmin(Book):
    list_display = ("act", "scale", "contract", "account", validity_column, "arose_before")
    list_filter = (("scale", ChoicesDropdownFilter), InForceFilter)
    list_select_related = ("contract", "account")
    autocomplete_fields = ("contract", "account")
    search_fields = ("account__number", "act")
    ordering = ("-valid_from", "-pk")
