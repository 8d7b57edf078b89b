"""What every page of the staff reading room shares: ink that cannot be edited, books that can, quiet search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import DropdownFilter
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import operations
from accounts.admin.history import changes_of
from accounts.calendar import EARLIEST, LATEST
from accounts.fields import InForce
from accounts.models import User

EMPTY = "—"


class CommaDecimal(forms.DecimalField):
    """A decimal as people write it: «1 012,5». A comma or a point, spaces between the thousands, no idle zeros."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal"}


class CommaInForms:
    """Number fields of the admin's forms understand a comma."""

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DecimalField):
            kwargs |= {"form_class": CommaDecimal, "widget": UnfoldAdminTextInputWidget()}
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(field, forms.DateField):
            field.validators = [*field.validators, known_time]
        return field


def known_time(day: date) -> None:
    """A year that people write; a slip of the pen is none."""
    if not EARLIEST <= day.year <= LATEST:
        raise ValidationError(f"Год должен быть от {EARLIEST} до {LATEST}. Проверьте дату.")


class ReadingRoom(CommaInForms, ModelAdmin):
    """A list and a card of one model."""

    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True
    compressed_fields = False
    show_full_result_count = False
    empty_value_display = EMPTY
    object_history_template = "office/object_history.html"
    # Prefixes of these count; they hold upper case without Ё, and the term is brought to that shape.
    shaped_search: tuple[str, ...] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = " ".join(search_term.split())
        if not self.shaped_search or not term:
            return super().get_search_results(request, queryset, search_term)
        wanted = Q()
        for field in self.shaped_search:
            wanted |= Q(**{f"{field}__startswith": shape(term)})
        for field in self.search_fields:
            wanted |= Q(**{field if "__" in field else f"{field}__startswith": term})
        return queryset.filter(wanted), False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        changes = changes_of(row) if row is not None and self.has_view_permission(request, row) else []
        return super().history_view(request, object_id, {**(extra_context or {}), "changes": changes})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Of two hands that write the same row at once, the second reads why its own was not taken."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as fault:
            name = getattr(getattr(fault.__cause__, "diag", None), "constraint_name", None)
            told = {row.name: str(row.violation_error_message) for row in self.model._meta.constraints}
            if name not in told:
                raise
            messages.error(request, f"Не записано: {told[name]} Пока вы правили, это сделали в другом окне.")
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The journal names who changed which fields; what they said before is in the history tied to its line."""
        event = f"{obj._meta.app_label}.{obj._meta.model_name}.{'changed' if change else 'added'}"
        fields = [name for name in form.changed_data if not name.startswith("password")]
        with transaction.atomic(), operations.noted(event, by=author(request), row=str(obj), fields=fields):
            super().save_model(request, obj, form, change)
            self.tell(obj)

    def tell(self, obj: Any) -> None:
        """Leave word of what has to be drafted anew."""


class Endless(ReadingRoom):
    """A table of millions: its pages are turned without counting the rows."""

    paginator = InfinitePaginator


class NoHands:
    """Rows that only operations write: staff may look."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Pairs:
    """A card that is only read shows its fields two in a row."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if self.fieldsets or (obj is None and self.add_fieldsets):  # type: ignore[attr-defined]
            return found
        names = found[0][1]["fields"]
        return [(None, {"fields": [tuple(names[at : at + 2]) for at in range(0, len(names), 2)]})]


class Ink(NoHands, Pairs, ReadingRoom):
    """A small table of ink."""


class EndlessInk(NoHands, Pairs, Endless):
    """A large table of ink."""


class Book(ReadingRoom):
    """A reference book: edited by those who may; what has counted is closed by a date, never removed."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Rows(CommaInForms, TabularInline):
    """Rows shown under their owner; closed by a date, never removed."""

    extra = 0
    tab = True
    per_page = 25
    can_delete = False
    show_change_link = True
    ordering: tuple[str, ...] = ("-id",)


class InkRows(NoHands, Rows):
    """Rows under their owner that only operations write."""


class InForceFilter(DropdownFilter):
    """Rows with a validity: in force today, to come, past."""

    title = "действует"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "сейчас"), ("future", "будет"), ("past", "прошло")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        match self.value():
            case "now" if isinstance(queryset, InForce):
                return queryset.on(today)
            case "future":
                return queryset.filter(valid_from__gt=today)
            case "past":
                return queryset.filter(valid_to__lte=today)
        return queryset


def author(request: HttpRequest) -> User:
    """Who acts: the admin lets in nobody who is not one of the staff."""
    user = request.user
    assert isinstance(user, User)
    return user


def shape(text: str) -> str:
    """As the generated search columns hold it: upper case, Ё as Е."""
    return text.upper().replace("Ё", "Е")


def roubles(amount: Decimal | None) -> str:
    """«1 234,50»"""
    return EMPTY if amount is None else f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")


def quantity(value: Decimal | None) -> str:
    """«1 012,5»: no zeros that say nothing."""
    if value is None:
        return EMPTY
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(",", "\u00a0").replace(".", ",")


def month_text(month: date | None) -> str:
    return EMPTY if month is None else f"{month:%m.%Y}"


def column(name: str, description: str, render: Callable[[Any], str]) -> Callable[[Any], str]:
    """A list column that shows one field in words."""

    @admin.display(description=description, ordering=name)
    def cell(obj: models.Model) -> str:
        return render(getattr(obj, name))

    cell.__name__ = f"{name}_text"
    return cell


def quantity_column(name: str, description: str) -> Callable[[Any], str]:
    return column(name, description, quantity)


def money_column(name: str, description: str) -> Callable[[Any], str]:
    return column(name, description, roubles)


def month_column(name: str = "month", description: str = "месяц") -> Callable[[Any], str]:
    return column(name, description, month_text)


@admin.display(description="действует", ordering="valid_from")
def validity_column(obj: Any) -> str:
    """«с 01.01.2026», «01.01.2026 – 30.06.2026»: the first day after it is stored, the last day in force is shown."""
    if obj.valid_to is None:
        return f"с {obj.valid_from:%d.%m.%Y}"
    return f"{obj.valid_from:%d.%m.%Y} – {obj.valid_to - date.resolution:%d.%m.%Y}"
