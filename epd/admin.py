"""The reading room of `epd`: documents as they were issued."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.admin.base import EndlessInk, money_column, month_column
from epd.models import PaymentDocument


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
