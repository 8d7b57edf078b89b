"""Users and their roles; natural persons."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.admin.base import Endless, NoHands, ReadingRoom
from accounts.admin.rights import assignable
from accounts.models import Person, User


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "phone", "name")


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(ReadingRoom, DjangoUserAdmin):  # type: ignore[misc]
    """Residents, principals' people and staff. Staff get their rights from groups."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("__str__", "email", "phone", "roles", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "phone", "name")
    ordering = ("-id",)
    readonly_fields = ("last_login", "joined_at")
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("email", "phone", "phone_verified", "name", "password")}),
        ("Права", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Когда", {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "phone", "name", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "user_permissions":
            field.queryset = assignable()  # type: ignore[attr-defined]
        return field

    @admin.display(description="роли")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "—"

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # what he did stays his: he is switched off

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Only a superuser makes superusers: otherwise the right to edit users would be the right to everything.
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser", "user_permissions")


@admin.register(Person)
class PersonAdmin(NoHands, Endless):
    list_display = ("__str__", "born_on", "phone", "email")
    search_fields = ("search_name", "snils", "phone")
    search_help_text = "Фамилия, имя, отчество; телефон; СНИЛС"
    ordering = ("-id",)
    exclude = ("search_name",)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("accounts.change_person")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("accounts.add_person")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        digits = "".join(character for character in search_term if character.isdigit())
        wanted = Q(search_name__startswith=" ".join(search_term.upper().replace("Ё", "Е").split()))
        if len(digits) == 11:
            wanted |= Q(snils=digits) | Q(phone=f"+7{digits[1:]}")
        elif len(digits) == 10:
            wanted |= Q(phone=f"+7{digits}")
        return (queryset.filter(wanted) if search_term.strip() else queryset), False
