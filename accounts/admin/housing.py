"""Houses, premises, who lives there and owns them, personal accounts, meters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultiple

from accounts.admin.base import (
    EMPTY,
    Endless,
    EndlessInk,
    InForceFilter,
    InkRows,
    ReadingRoom,
    Rows,
    quantity_column,
    shape,
    validity_column,
)
from accounts.calendar import Month
from accounts.models import (
    Absence,
    House,
    HousePassport,
    Meter,
    Ownership,
    PersonalAccount,
    Premises,
    PremisesArea,
    Residency,
    Resource,
)
from accounts.operations import touch
from accounts.operations.readings import touch_meter
from accounts.queries import address_of, find_accounts

LINK = "font-semibold text-primary-600 dark:text-primary-500"


class PassportRows(Rows):
    model = HousePassport
    show_change_link = False


class HouseMeterRows(InkRows):
    model = Meter
    verbose_name_plural = "общедомовые приборы"
    fields = ("resource", "serial", "model", "commissioned_on", "removed_on", "verified_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meter]:
        return super().get_queryset(request).filter(premises=None).select_related("house")


@admin.register(House)
class HouseAdmin(ReadingRoom):
    list_display = ("street", "number", "town", "kind", "postcode", "route")
    list_display_links = ("street", "number")
    list_filter = (("kind", ChoicesDropdownFilter),)
    search_fields = ("postcode", "gis_code")
    shaped_search = ("search_address",)
    search_help_text = "Улица и номер дома: «ул. Чкалова 12»"
    ordering = ("town", "street", "number")
    exclude = ("search_address",)
    inlines = (PassportRows, HouseMeterRows)
    actions_detail = ("open_home",)
    fieldsets = (
        (None, {"fields": (("kind", "route"), ("region", "town"), ("street", "number", "postcode"))}),
        ("Коды", {"fields": (("fias_guid", "oktmo"), ("gis_code", "cadastral_number"))}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @action(description="Открыть счёт в этом доме", icon="person_add", permissions=["open_home"])
    def open_home(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(f"../../../open/?house_id={object_id}")

    def has_open_home_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("accounts.change_personalaccount")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = shape(search_term).split()
        wanted = Q()
        for word in words:
            wanted &= Q(search_address__contains=word)
        return queryset.filter(wanted), False


class AreaRows(InkRows):
    model = PremisesArea
    show_change_link = False


class OwnershipRows(InkRows):
    model = Ownership
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ownership]:
        return super().get_queryset(request).select_related("person", "organisation")


class ResidencyRows(InkRows):
    model = Residency
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Residency]:
        return super().get_queryset(request).select_related("person")


class AbsenceRows(InkRows):
    model = Absence
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        return super().get_queryset(request).select_related("person")


class MeterRows(InkRows):
    model = Meter
    fields = ("resource", "serial", "model", "place", "zones", "commissioned_on", "removed_on", "verified_until")


class AccountRows(InkRows):
    model = PersonalAccount
    fields = ("number", "payer_person", "payer_organisation", "opened_on", "closed_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalAccount]:
        return super().get_queryset(request).select_related("payer_person", "payer_organisation")


@admin.register(Premises)
class PremisesAdmin(Endless):
    list_display = ("__str__", "house", "kind", "entrance", "storey", "parent")
    list_filter = (("kind", ChoicesDropdownFilter),)
    list_select_related = ("house", "parent")
    search_fields = ("cadastral_number", "gis_number")
    search_help_text = "Улица, дом и номер помещения: «Чкалова 12 5»; кадастровый номер"
    autocomplete_fields = ("house", "parent")
    ordering = ("-id",)
    inlines = (AccountRows, AreaRows, ResidencyRows, OwnershipRows, MeterRows, AbsenceRows)
    fieldsets = (
        (None, {"fields": (("house", "parent"), ("kind", "number"), ("entrance", "storey"))}),
        ("Коды", {"fields": (("gis_number", "cadastral_number"), "meter_impossible")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "meter_impossible":
            return forms.TypedMultipleChoiceField(
                label="счётчик поставить нельзя", help_text=db_field.help_text, required=False, coerce=int,
                choices=[(resource.value, resource.label) for resource in Resource if resource],
                widget=UnfoldAdminCheckboxSelectMultiple(),
            )  # fmt: skip
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = shape(search_term).replace("КВ.", " ").replace(",", " ").split()
        if not words:
            return queryset, False
        wanted = Q(cadastral_number=search_term.strip()) | Q(gis_number=search_term.strip())
        address = Q()
        for word in words:
            address &= Q(house__search_address__contains=word)
        wanted |= address
        if len(words) > 1:
            flat = Q(number__iexact=words[-1])
            for word in words[:-1]:
                flat &= Q(house__search_address__contains=word)
            wanted |= flat
        return queryset.filter(wanted), False


class FactInk(EndlessInk):
    """A dated fact about premises; it is changed on the account page, where the recalculation is shown."""

    list_filter: tuple[Any, ...] = (InForceFilter,)
    list_select_related: tuple[str, ...] = ("premises__house", "premises__parent")
    search_fields: tuple[str, ...] = ("premises__accounts__number",)
    search_help_text = "Номер лицевого счёта"
    ordering: tuple[str, ...] = ("-id",)

    @admin.display(description="адрес")
    def address(self, fact: Any) -> str:
        return address_of(fact.premises.house, fact.premises)


@admin.register(PremisesArea)
class PremisesAreaAdmin(FactInk):
    list_display = (
        "address", quantity_column("total_area_m2", "общая, м²"), quantity_column("living_area_m2", "жилая, м²"),
        "rooms", "own_heating", validity_column,
    )  # fmt: skip


@admin.register(Residency)
class ResidencyAdmin(FactInk):
    list_display = ("address", "person", "persons", "kind", "ground", validity_column)
    list_filter = (InForceFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("premises__house", "premises__parent", "person")
    search_fields = ("premises__accounts__number", "person__last_name__istartswith")
    search_help_text = "Номер лицевого счёта, фамилия"


@admin.register(Ownership)
class OwnershipAdmin(FactInk):
    list_display = ("address", "person", "organisation", "share", validity_column)
    list_select_related = ("premises__house", "premises__parent", "person", "organisation")
    search_fields = ("premises__accounts__number", "person__last_name__istartswith", "organisation__short_name")
    search_help_text = "Номер лицевого счёта, фамилия, организация"

    @admin.display(description="доля")
    def share(self, ownership: Ownership) -> str:
        return f"{ownership.share_numerator}/{ownership.share_denominator}"


@admin.register(Absence)
class AbsenceAdmin(FactInk):
    list_display = ("address", "person", "persons", "document", "applied_on", validity_column)
    list_select_related = ("premises__house", "premises__parent", "person")


@admin.register(HousePassport)
class HousePassportAdmin(ReadingRoom):
    list_display = (
        "house", quantity_column("total_area_m2", "помещения, м²"), quantity_column("common_area_m2", "общая, м²"),
        "storeys", "has_lift", "heating_mode", "norm_scope", validity_column,
    )  # fmt: skip
    list_filter = (InForceFilter, ("heating_mode", ChoicesDropdownFilter), "has_lift")
    list_select_related = ("house",)
    shaped_search = ("house__search_address",)
    search_help_text = "Улица и номер дома"
    autocomplete_fields = ("house",)
    ordering = ("house__street", "house__number", "-valid_from")

    def tell(self, obj: HousePassport) -> None:
        touch(house_id=obj.house_id, first_month=Month.of(obj.valid_from))

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(PersonalAccount)
class PersonalAccountAdmin(Endless):
    """What the account is called and where its document goes; everything else is on its page."""

    list_display = ("card", "address", "payer", "phone", "opened_on", "closed_on")
    list_display_links = None
    list_filter = (("delivery", ChoicesDropdownFilter), ("opened_on", RangeDateFilter), ("closed_on", RangeDateFilter))
    list_select_related = ("house", "premises__parent", "payer_person", "payer_organisation")
    search_fields = ("number",)  # what is typed is understood by accounts.queries.find_accounts
    search_help_text = "Номер счёта, ЕЛС, фамилия, адрес, телефон, номер прибора"
    ordering = ("-id",)
    readonly_fields = (
        "number", "house", "premises", "payer_person", "payer_organisation", "opened_on", "closed_on", "document_code",
    )  # fmt: skip
    actions_detail = ("open_card",)
    fieldsets = (
        (None, {"fields": (("number", "unified_number", "housing_service_id"), ("house", "premises"))}),
        ("Плательщик", {"fields": (("payer_person", "payer_organisation"), "is_tenant")}),
        ("Документ", {"fields": (("delivery", "document_code"), ("email", "phone"))}),
        ("Срок", {"fields": (("opened_on", "closed_on"),)}),
    )

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # opened by an operation: it needs a number, premises and a day

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @admin.display(description="адрес", ordering="house__search_address")
    def address(self, account: PersonalAccount) -> str:
        return address_of(account.house, account.premises)

    @admin.display(description="плательщик", ordering="payer_person__search_name")
    def payer(self, account: PersonalAccount) -> str:
        return str(account.payer_person or account.payer_organisation or EMPTY)

    @admin.display(description="номер", ordering="number")
    def card(self, account: PersonalAccount) -> str:
        return format_html('<a href="{}/card/" class="{}">{}</a>', account.pk, LINK, account.number)

    @action(description="Карточка счёта", icon="account_box")
    def open_card(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect("../card/")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=[row.id for row in find_accounts(search_term, limit=200)]), False


@admin.register(Meter)
class MeterAdmin(Endless):
    list_display = (
        "serial", "resource", "address", "kind", "zones", "commissioned_on", "removed_on", "verified_until",
    )  # fmt: skip
    list_filter = (
        ("resource", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("verified_until", RangeDateFilter),
    )  # fmt: skip
    list_select_related = ("house", "premises__parent")
    search_fields = ("serial", "premises__accounts__number")
    shaped_search = ("house__search_address",)
    search_help_text = "Заводской номер, номер лицевого счёта, улица и дом"
    ordering = ("-id",)
    autocomplete_fields = ("house", "premises", "replaces")
    fieldsets = (
        (None, {"fields": (("serial", "resource", "kind"), ("house", "premises", "place"), ("model", "replaces"))}),
        ("Шкала", {"fields": (("zones", "digits", "decimals"), "ratio", "is_remote")}),
        ("Сроки", {"fields": (("installed_on", "commissioned_on", "removed_on"), ("verified_on", "verified_until"))}),
        ("ГИС ЖКХ", {"fields": ("gis_number",)}),
    )
    # What past charges stand on is not edited: a wrong meter is replaced.
    fixed_once_made = (
        "resource",
        "kind",
        "house",
        "premises",
        "zones",
        "ratio",
        "commissioned_on",
        "removed_on",
        "replaces",
    )

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fixed_once_made if obj else ("removed_on", "replaces")

    def tell(self, obj: Meter) -> None:
        touch_meter(obj, first_month=Month.of(timezone.localdate()))

    @admin.display(description="адрес", ordering="house__search_address")
    def address(self, meter: Meter) -> str:
        return address_of(meter.house, meter.premises)
