"""The reading room of `portals`: who from outside may see what."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.admin.base import Book, Endless, Ink, NoHands
from portals.models import AccountLink, AppealTerm, HouseWork, PrincipalUser


@admin.register(AccountLink)
class AccountLinkAdmin(NoHands, Endless):
    list_display = ("user", "account", "given_by", "linked_at", "withdrawn_at")
    list_select_related = ("user", "account", "given_by")
    search_fields = ("account__number", "user__email", "user__phone")
    search_help_text = "Лицевой счёт, эл. почта, телефон"
    ordering = ("-id",)


@admin.register(PrincipalUser)
class PrincipalUserAdmin(Ink):
    """Access is given here and withdrawn by its date: the row stays."""

    list_display = ("user", "principal", "role", "given_at", "withdrawn_at")
    list_filter = (("role", ChoicesDropdownFilter),)
    list_select_related = ("user", "principal")
    search_fields = ("user__email", "user__name", "principal__short_name__icontains")
    autocomplete_fields = ("user", "principal")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("portals.add_principaluser")

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("portals.change_principaluser")


@admin.register(AppealTerm)
class AppealTermAdmin(Book):
    """How soon appeals are answered: a changed term is another row from its day on."""

    list_display = ("topic", "days", "is_working", "act", "valid_from", "valid_to")
    list_filter = (("topic", ChoicesDropdownFilter),)
    ordering = ("topic", "-valid_from")


@admin.register(HouseWork)
class HouseWorkAdmin(Book):
    """Planned works: the residents of the house hear of them at once. A work called off keeps its row."""

    list_display = ("house", "service", "starts_at", "ends_at", "reason", "cancelled_at")
    list_select_related = ("house", "service")
    search_fields = ("house__street__icontains", "reason__icontains")
    search_help_text = "Улица, причина"
    autocomplete_fields = ("house", "service")
    ordering = ("-starts_at",)
