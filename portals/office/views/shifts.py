"""The cashier's shift on one page: its report to print, the collection, the closing."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

import payments.desk_queries
import payments.operations
from accounts.errors import Refusal
from portals.office import forms, roles
from portals.office.pages import desk, page, staff
from portals.templatetags.cabinet import amount


@require_http_methods(["GET", "POST"])
@desk("payments.view_cashreceipt")
def shift_page(request: HttpRequest, shift_id: int) -> HttpResponse:
    report = payments.desk_queries.shift_report(shift_id)
    if report is None:
        raise Http404("Такой смены нет.")
    is_own = report.shift.cashier_id == staff(request).pk and request.user.has_perm(roles.TAKE_CASH)
    may_act = report.shift.closed_at is None and (is_own or request.user.has_perm(roles.CLOSE_DAY))
    collect, close = forms.CollectForm(), forms.CloseShiftForm()
    if request.method == "POST":
        if not is_own and not request.user.has_perm(roles.CLOSE_DAY):
            raise PermissionDenied
        if request.POST.get("action") == "collect":
            collect = forms.CollectForm(request.POST)
            is_done = act(request, collect, shift_id)
        else:
            close = forms.CloseShiftForm(request.POST)
            is_done = act(request, close, shift_id)
        if is_done:
            return redirect("office:shift", shift_id=shift_id)
    return page(
        request, "office/shift.html", title=f"Кассовая смена {report.shift.day:%d.%m.%Y}",
        status=422 if request.method == "POST" else 200, report=report, collect=collect, close=close, may_act=may_act,
    )  # fmt: skip


def act(request: HttpRequest, form: forms.CollectForm | forms.CloseShiftForm, shift_id: int) -> bool:
    """One action of the page; what is wrong with it stays in the form."""
    if form.is_valid():
        facts = form.cleaned_data
        try:
            if isinstance(form, forms.CollectForm):
                payments.operations.collect_cash(
                    shift_id=shift_id, amount=facts["amount"], document=facts["document"], by=staff(request)
                )
                messages.success(request, f"Сдано {amount(facts['amount'])} ₽, {facts['document']}.")
            else:
                payments.operations.close_shift(
                    shift_id=shift_id, counted=facts["counted"], by=staff(request), at=timezone.now()
                )
                messages.success(request, "Смена закрыта, отчёт можно напечатать.")
            return True
        except Refusal as refusal:
            form.refuse(refusal)
    form.mark_errors()
    return False
