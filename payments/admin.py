"""The reading room of `payments`. Money moves through operations alone; these pages show where it went."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

from accounts.admin.base import Book, EndlessInk, Ink, InkRows, money_column, month_column
from accounts.errors import Refusal
from payments import operations
from payments.models import (
    Autopayment,
    BankStatementLine,
    CashReceipt,
    CashShift,
    Channel,
    ChargeBack,
    ClosedMonth,
    FiscalReceipt,
    OnlinePayment,
    OnlineRefund,
    OperatingDay,
    Payment,
    RefundApplication,
    Register,
    RegisterLayout,
    RegisterSource,
    Remittance,
    Reversal,
)
from payments.operations.registers import as_row, described
from payments.register_queries import layouts_in_use
from payments.registers import mapped
from payments.registers.layouts import KNOWN


@admin.register(Channel)
class ChannelAdmin(Book):
    list_display = ("name", "code", "kind", "fee_percent", "receipts_from", "is_active")
    list_filter = ("is_active", ("kind", ChoicesDropdownFilter))
    search_fields = ("code", "name__icontains")
    ordering = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return ("code", "kind") if obj else ()


class ReversalRow(InkRows):
    model = Reversal
    fk_name = "payment"
    fields = ("day", "reason", "is_refund", "made_by", "made_at")
    show_change_link = False


@admin.register(Payment)
class PaymentAdmin(EndlessInk):
    list_display = (
        "paid_on", money_column("amount", "сумма, руб."), "account", "payer", "channel", "day", "state",
    )  # fmt: skip
    list_display_links = ("paid_on", "amount_text")
    list_filter = (
        ("state", ChoicesDropdownFilter), ("channel", RelatedDropdownFilter), ("day", RangeDateFilter),
        ("paid_on", RangeDateFilter),
    )  # fmt: skip
    list_select_related = ("account", "channel")
    search_fields = ("account__number", "external_id", "number_as_received", "payer__istartswith")
    search_help_text = "Лицевой счёт, номер операции, счёт как указан, плательщик"
    ordering = ("-id",)
    inlines = (ReversalRow,)


@admin.register(Register)
class RegisterAdmin(Ink):
    list_display = ("name", "kind", "channel", "taken_at", "taken_by", "state", "totals_text")
    list_filter = (("state", ChoicesDropdownFilter), ("channel", RelatedDropdownFilter), "kind")
    list_select_related = ("channel", "taken_by")
    search_fields = ("name__icontains", "sha256")
    search_help_text = "Имя файла, отпечаток"
    ordering = ("-taken_at",)
    readonly_fields = ("page",)

    @admin.display(description="что стало с платежами")
    def page(self, register: Register) -> str:
        return format_html('<a href="{}">открыть</a>', reverse("office:register_card", args=[register.pk]))

    @admin.display(description="итоги")
    def totals_text(self, register: Register) -> str:
        return "; ".join(f"{name}: {value}" for name, value in register.totals.items()) or "—"


class LayoutForm(forms.ModelForm):
    def clean(self) -> dict[str, Any] | None:
        found = super().clean()
        if self.errors:
            return found
        for name, why in mapped.faults(described(self.instance_as_typed())).items():
            column = name.removeprefix("places.")
            field = f"{column}_at" if column != name else name
            self.add_error(field if field in self.fields else None, why)
        code = self.cleaned_data.get("code", "")
        if "code" in self.changed_data and code in KNOWN:
            self.add_error("code", f"Код «{code}» занят известным форматом. Возьмите другой, например {code}-2.")
        return found

    def instance_as_typed(self) -> RegisterLayout:
        return RegisterLayout(**{name: value for name, value in self.cleaned_data.items() if name in TYPED})


TYPED = {field.name for field in RegisterLayout._meta.fields}


LINK = "text-primary-600 dark:text-primary-500"  # a link among a form's read-only words


@admin.register(RegisterLayout)
class RegisterLayoutAdmin(Book):
    form = LayoutForm
    list_display = ("name", "code", "is_active", "tried_at", "tried_on")
    search_fields = ("code", "name__icontains")
    ordering = ("name",)
    readonly_fields = ("trial", "is_active", "tried_at", "tried_on")
    fieldsets = (
        (None, {"fields": ("code", "name", "trial", "is_active", "tried_at", "tried_on")}),
        ("Файл", {"fields": (
            "is_dbf", "encoding", "delimiter", "fields", "skip_lines", "skip_prefix", "line_prefix", "date_format",
            "period_format", "in_kopecks", "sample",
        )}),
        ("Колонки", {"fields": tuple(f"{column}_at" for column in mapped.COLUMNS)}),
        ("Строка итогов", {"fields": (
            "control_prefix", "control_count", "control_amount", "control_transferred", "control_commission",
            "control_order", "control_leads",
        )}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return ("code", *self.readonly_fields) if obj else self.readonly_fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?known=sberbank`: a new row begins as a known layout."""
        known = KNOWN.get(request.GET.get("known", ""))
        return as_row(known) if known else {}

    @admin.display(description="как включить")
    def trial(self, row: RegisterLayout) -> str:
        if row.pk:
            address = reverse("office:layout_trial", kwargs={"code": row.pk})
            return format_html('<a class="{}" href="{}">попробовать на образце файла</a>', LINK, address)
        links = ((LINK, "?known=" + code, layout.name) for code, layout in KNOWN.items())
        return format_html(
            "Сохраните описание, затем попробуйте его на образце файла: без пробы формат не действует. "
            "Взять за основу: {}.",
            format_html_join(", ", '<a class="{}" href="{}">{}</a>', links),
        )


class SourceForm(forms.ModelForm):
    """The layout is one that may be used: tried, or known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "layout" in self.fields:
            choices = [("statement", "Выписка 1CClientBankExchange"), *layouts_in_use()]
            self.fields["layout"] = forms.ChoiceField(label="формат", choices=choices)


@admin.register(RegisterSource)
class RegisterSourceAdmin(Book):
    form = SourceForm
    list_display = ("name", "kind", "host", "place", "layout", "channel", "is_active", "asked_at", "trouble")
    list_filter = ("is_active", ("kind", ChoicesDropdownFilter))
    list_select_related = ("channel",)
    ordering = ("name",)
    readonly_fields = ("asked_at", "trouble")


@admin.register(OperatingDay)
class OperatingDayAdmin(Ink):
    list_display = ("day", "state", "closed_at")
    list_filter = (("state", ChoicesDropdownFilter), ("day", RangeDateFilter))
    ordering = ("-day",)


@admin.register(ClosedMonth)
class ClosedMonthAdmin(Ink):
    list_display = (month_column(), "closed_at", "sums")
    ordering = ("-month",)

    @admin.display(description="контрольные суммы")
    def sums(self, row: ClosedMonth) -> str:
        return "; ".join(f"{name}: {value}" for name, value in row.totals.items()) or "—"


@admin.register(Reversal)
class ReversalAdmin(EndlessInk):
    list_display = ("made_at", "payment", "account", "day", "reason", "is_refund", "made_by")
    list_filter = (("day", RangeDateFilter), "is_refund")
    list_select_related = ("payment__account", "made_by")
    search_fields = ("payment__account__number", "payment__external_id", "reason__icontains")
    ordering = ("-made_at",)

    @admin.display(description="лицевой счёт")
    def account(self, reversal: Reversal) -> str:
        return str(reversal.payment.account or "—")


@admin.register(Remittance)
class RemittanceAdmin(EndlessInk):
    list_display = (
        "day", "principal", "number", "is_cash", money_column("gross", "получено"), money_column("returns", "возвраты"),
        money_column("commission", "вознаграждение"), money_column("vat", "НДС"),
        money_column("net", "к перечислению"), money_column("carried_out", "перенос"), "state",
    )  # fmt: skip
    list_filter = (
        ("state", ChoicesDropdownFilter), ("day", RangeDateFilter), ("contract__principal", RelatedDropdownFilter),
        "is_cash",
    )  # fmt: skip
    list_select_related = ("contract__principal",)
    search_fields = ("number", "contract__number", "contract__principal__short_name__icontains")
    search_help_text = "Номер поручения, договор, принципал"
    ordering = ("-day", "contract__principal__short_name")

    @admin.display(description="принципал", ordering="contract__principal__short_name")
    def principal(self, remittance: Remittance) -> str:
        return remittance.contract.principal.short_name


@admin.register(BankStatementLine)
class BankStatementLineAdmin(EndlessInk):
    list_display = (
        "day",
        "direction",
        money_column("amount", "сумма, руб."),
        "other_name",
        "purpose",
        "number",
        "outcome",
    )
    list_filter = ("is_incoming", ("day", RangeDateFilter))
    list_select_related = ("payment", "remittance")
    search_fields = ("number", "other_name__icontains", "other_inn", "purpose__icontains")
    search_help_text = "Номер документа, другая сторона, ИНН, назначение"
    ordering = ("-day", "-id")

    @admin.display(description="", ordering="is_incoming")
    def direction(self, line: BankStatementLine) -> str:
        return "приход" if line.is_incoming else "расход"

    @admin.display(description="чем стала")
    def outcome(self, line: BankStatementLine) -> str:
        if line.payment:
            return f"платёж {line.payment}"
        return f"перечисление {line.remittance}" if line.remittance else "—"


@admin.register(CashReceipt)
class CashReceiptAdmin(EndlessInk):
    list_display = (
        "number",
        "made_at",
        "office",
        "cashier",
        money_column("amount", "сумма, руб."),
        money_column("given", "получено, руб."),
        "is_card",
    )
    list_filter = (("office", RelatedDropdownFilter), ("made_at", RangeDateFilter), "is_card")
    list_select_related = ("office", "cashier")
    search_fields = ("number", "payments__account__number")
    search_help_text = "Номер квитанции, лицевой счёт"
    ordering = ("-made_at",)


# --- on line, receipts -----------------------------------------------------------------------------------------------


@admin.register(OnlinePayment)
class OnlinePaymentAdmin(EndlessInk):
    list_display = (
        "begun_at", money_column("amount", "сумма, руб."), "account", "method", "state", "ended_because", "provider_id",
    )  # fmt: skip
    list_filter = (("state", ChoicesDropdownFilter), ("method", ChoicesDropdownFilter), ("begun_at", RangeDateFilter))
    list_select_related = ("account",)
    search_fields = ("account__number", "provider_id")
    search_help_text = "Лицевой счёт, номер у провайдера"
    ordering = ("-id",)
    actions = ("give_back",)

    def has_reverse_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.add_reversal")

    @admin.action(description="Вернуть деньги плательщику", permissions=["reverse"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[OnlinePayment]) -> None:
        for row in queryset.order_by("pk"):
            try:
                if row.payment_id is None:
                    raise operations.PaymentRefused(f"Платёж {row}: денег по нему не было.")
                operations.refund_payment(
                    payment_id=row.payment_id, reason="Возврат по заявлению плательщика", at=timezone.now(),
                    by=request.user,  # type: ignore[arg-type]
                )  # fmt: skip
            except Refusal as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"Возврат отправлен: {row}.")


@admin.register(OnlineRefund)
class OnlineRefundAdmin(EndlessInk):
    list_display = ("begun_at", money_column("amount", "сумма, руб."), "account", "reason", "state", "ended_because")
    list_filter = (("state", ChoicesDropdownFilter), ("begun_at", RangeDateFilter))
    list_select_related = ("online__account",)
    search_fields = ("online__account__number", "provider_id", "online__provider_id")
    ordering = ("-id",)

    @admin.display(description="лицевой счёт")
    def account(self, row: OnlineRefund) -> str:
        return str(row.online.account)


@admin.register(Autopayment)
class AutopaymentAdmin(EndlessInk):
    list_display = ("consented_at", "account", money_column("limit", "не больше, руб."), "state", "last_words")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("account",)
    search_fields = ("account__number",)
    ordering = ("-id",)
    actions = ("switch_off",)

    def has_reverse_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.add_reversal")

    @admin.action(description="Выключить", permissions=["reverse"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Autopayment]) -> None:
        for row in queryset.order_by("pk"):
            operations.stop_autopayment(
                autopayment_id=row.pk,
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
                because="по просьбе жителя, сотрудником",
            )
        self.message_user(request, "Выбранные автоплатежи выключены.")


@admin.register(ChargeBack)
class ChargeBackAdmin(EndlessInk):
    list_display = (
        "asked_at", "payment", "reason", "document", money_column("remitted", "перечислено, руб."), "state", "asked_by",
        "decided_by",
    )  # fmt: skip
    list_filter = (("state", ChoicesDropdownFilter), ("asked_at", RangeDateFilter))
    list_select_related = ("payment", "asked_by", "decided_by")
    search_fields = ("payment__account__number", "document")
    search_help_text = "Лицевой счёт, документ эквайера"
    ordering = ("-id",)


@admin.register(FiscalReceipt)
class FiscalReceiptAdmin(EndlessInk):
    list_display = ("made_at", "kind", money_column("amount", "сумма, руб."), "account", "state", "numbers", "trouble")
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("made_at", RangeDateFilter))
    list_select_related = ("payment__account",)
    search_fields = ("payment__account__number", "payment__external_id", "service_id")
    search_help_text = "Лицевой счёт, номер операции, номер у кассы"
    ordering = ("-id",)
    actions = ("again",)

    @admin.display(description="лицевой счёт")
    def account(self, row: FiscalReceipt) -> str:
        return str(row.payment.account or "—")

    @admin.display(description="ФД, ФПД")
    def numbers(self, row: FiscalReceipt) -> str:
        told = (row.fiscal.get("fiscal_document_number"), row.fiscal.get("fiscal_document_attribute"))
        return ", ".join(str(number) for number in told if number) or "—"

    def has_reverse_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.add_reversal")

    @admin.action(description="Отправить на кассу снова", permissions=["reverse"])
    def again(self, request: HttpRequest, queryset: QuerySet[FiscalReceipt]) -> None:
        for row in queryset.order_by("pk"):
            try:
                operations.send_again(receipt_id=row.pk, by=request.user, at=timezone.now())  # type: ignore[arg-type]
            except Refusal as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"Чек снова в очереди: {row}.")


@admin.register(CashShift)
class CashShiftAdmin(EndlessInk):
    list_display = (
        "day",
        "cashier",
        "office",
        "opened_at",
        "closed_at",
        money_column("cash", "наличными, руб."),
        money_column("card", "картами, руб."),
        money_column("collected", "инкассировано, руб."),
        money_column("counted", "пересчитано, руб."),
        "report",
    )
    list_filter = (("office", RelatedDropdownFilter), ("day", RangeDateFilter))
    list_select_related = ("cashier", "office")
    search_fields = ("cashier__name__icontains",)
    search_help_text = "Кассир"
    ordering = ("-opened_at",)

    @admin.display(description="отчёт")
    def report(self, shift: CashShift) -> str:
        return format_html('<a href="{}">отчёт</a>', reverse("office:shift", args=[shift.pk]))


@admin.register(RefundApplication)
class RefundApplicationAdmin(EndlessInk):
    list_display = (
        "applied_on", "number", "account", money_column("amount", "сумма, руб."), "recipient", "bank_account", "day",
        "made_by",
    )  # fmt: skip
    list_filter = (("day", RangeDateFilter),)
    list_select_related = ("account", "made_by")
    search_fields = ("number", "account__number", "recipient__icontains")
    search_help_text = "Номер заявления, лицевой счёт, получатель"
    ordering = ("-made_at",)
