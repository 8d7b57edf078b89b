"""The reading room of `epd`: documents as they were issued."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.admin.base import (
    Book,
    Endless,
    EndlessInk,
    InForceFilter,
    Ink,
    money_column,
    month_column,
    validity_column,
)
from epd.models import (
    Delivery,
    DeliveryRate,
    DeliveryRoute,
    DocumentLook,
    DocumentText,
    DocumentWish,
    IssueRefusal,
    PaymentDocument,
    PrintBatch,
    Subscription,
)


@admin.register(PaymentDocument)
class PaymentDocumentAdmin(EndlessInk):
    list_display = (
        "number", "account", month_column("month", "за месяц"), money_column("total", "к оплате, руб."), "kind",
        "issue", "issued_on", "due_on", "withdrawn_at",
    )  # fmt: skip
    list_filter = (("kind", ChoicesDropdownFilter), ("month", RangeDateFilter))
    list_select_related = ("account",)
    search_fields = ("number", "account__number", "gis_id")
    search_help_text = "Номер документа, лицевой счёт, идентификатор в ГИС ЖКХ"
    ordering = ("-id",)
    exclude = ("payload",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentDocument]:
        return super().get_queryset(request).defer("payload")


@admin.register(DocumentText)
class DocumentTextAdmin(Book):
    list_display = ("title", "place", "principal", "region", "order", validity_column)
    list_filter = (("place", ChoicesDropdownFilter), InForceFilter)
    list_select_related = ("principal",)
    search_fields = ("title", "text")
    search_help_text = "Заголовок или слова текста"
    autocomplete_fields = ("principal",)
    ordering = ("place", "order", "-valid_from")


@admin.register(DocumentLook)
class DocumentLookAdmin(Book):
    list_display = ("principal", "region", "window_left_mm", "window_top_mm", "capital_apart", validity_column)
    list_filter = (InForceFilter,)
    list_select_related = ("principal",)
    autocomplete_fields = ("principal",)
    ordering = ("-valid_from",)


@admin.register(DocumentWish)
class DocumentWishAdmin(Book, Endless):
    list_display = ("account", "large", "capital_apart", "ground")
    list_select_related = ("account",)
    search_fields = ("account__number",)
    search_help_text = "Лицевой счёт"
    autocomplete_fields = ("account",)
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(EndlessInk):
    list_display = (
        "document", "way", "state", "address", "made_at", "sent_at", "attempts",
        money_column("cost", "стоимость, руб."), "note",
    )  # fmt: skip
    list_filter = (("way", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    list_select_related = ("document",)
    search_fields = ("document__number", "document__account__number")
    search_help_text = "Номер документа, лицевой счёт"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("document__payload")


@admin.register(Subscription)
class SubscriptionAdmin(EndlessInk):
    list_display = ("account", "email", "keeps_paper", "asked_at", "confirmed_at", "ended_at", "reason")
    list_select_related = ("account",)
    search_fields = ("account__number", "email")
    search_help_text = "Лицевой счёт, адрес почты"
    exclude = ("token",)
    ordering = ("-id",)


@admin.register(DeliveryRoute)
class DeliveryRouteAdmin(Book):
    list_display = ("route", "name", "carrier", "office")
    list_filter = (("carrier", ChoicesDropdownFilter),)
    list_select_related = ("office",)
    search_fields = ("name",)
    search_help_text = "Название маршрута"
    ordering = ("route",)


@admin.register(DeliveryRate)
class DeliveryRateAdmin(Book):
    list_display = (
        "way", money_column("printing", "печать, руб."), money_column("carriage", "доставка, руб."), validity_column
    )  # fmt: skip
    list_filter = (("way", ChoicesDropdownFilter), InForceFilter)
    ordering = ("way", "-valid_from")


@admin.register(IssueRefusal)
class IssueRefusalAdmin(Ink):
    list_display = ("account", month_column("month", "за месяц"), "why", "refused_at")
    list_filter = (("month", RangeDateFilter),)
    list_select_related = ("account",)
    search_fields = ("account__number",)
    search_help_text = "Лицевой счёт"
    ordering = ("-month", "account__number")


@admin.register(PrintBatch)
class PrintBatchAdmin(Ink):
    list_display = (
        "run", "number", month_column("month", "за месяц"), "documents", money_column("total", "к оплате, руб."),
        "state", "file", "finished_at",
    )  # fmt: skip
    list_filter = (("state", ChoicesDropdownFilter), ("month", RangeDateFilter))
    list_select_related = ("run",)
    ordering = ("-run", "number")
    exclude = ("document_ids",)
