"""How a payment would be laid, before it is posted: by the contracts' rules and by another rule beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

import accounts.queries
import payments.operations
import payments.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from payments.operations import PreviewPart
from payments.operations.reallocating import ByRule
from portals import asked
from portals.office import forms as office_forms
from portals.office import roles
from portals.office.pages import desk, page

OTHER_RULES: dict[ByRule, str] = {
    "charged": "внутри месяца — по начисленному",
    "open": "внутри месяца — по остатку долга",
    "oldest": "сначала давние долги, что бы ни назвал плательщик",
}


class PreviewForm(forms.Form):
    """A payment as the payer tells it."""

    account = office_forms.Line(label="лицевой счёт", max_length=40)
    amount = office_forms.roubles("сумма, ₽")
    month = office_forms.Line(label="за месяц (2026-10), если назван", max_length=7, required=False)
    rule = office_forms.Choice(label="рядом — по другому правилу", choices=OTHER_RULES.items(), required=False)


@require_safe
@desk(roles.ASSIGN_PAYMENT)
def preview(request: HttpRequest) -> HttpResponse:
    """?payment= a payment that waits, or ?amount=; ?account= the account's number; ?month= named; ?rule= another one.

    Nothing is written. What cannot be understood is told on the page.
    """
    waiting = payments.queries.payment_row(asked.number(request.GET.get("payment", "")) or 0)
    told = request.GET.copy()
    if waiting:
        told["amount"] = f"{waiting.amount:f}"
        told.setdefault("month", str(Month(waiting.for_month)) if waiting.for_month else "")
    form = PreviewForm(told if "account" in told else None, initial={"amount": told.get("amount")})
    columns: list[tuple[str, list[PreviewPart]]] = []
    if form.is_valid():
        try:
            columns = laid(form.cleaned_data, on=waiting.paid_on if waiting else timezone.localdate(),
                           purpose=waiting.purpose if waiting else "")  # fmt: skip
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return page(request, "office/preview.html", title="Как ляжет платёж", form=form, waiting=waiting, columns=columns)


def laid(told: dict[str, Any], *, on: date, purpose: str) -> list[tuple[str, list[PreviewPart]]]:
    """The payment by the contracts' rules, and by another one beside it."""
    account = accounts.queries.account_by_number(told["account"])
    if account is None:
        raise Refusal(f"Лицевой счёт {told['account']} не найден. Проверьте номер.", field="account")
    other: ByRule = told["rule"] or "charged"
    facts: dict[str, Any] = {
        "account_id": account.pk, "amount": told["amount"], "on": on, "purpose": purpose,
        "for_month": Month.parse(told["month"]) if told["month"] else None,
    }  # fmt: skip
    return [
        ("По правилам договоров", payments.operations.preview(**facts)),
        (f"Иначе: {OTHER_RULES[other]}", payments.operations.preview(**facts, by_rule=other)),
    ]
