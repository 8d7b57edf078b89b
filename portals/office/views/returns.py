"""Money that goes back or to another account: seen first, then done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.queries
import payments.operations
import payments.queries
import payments.refund_queries
from accounts.errors import Refusal
from accounts.money import total
from accounts.queries import PersonalAccount
from payments import contested_queries
from portals import asked
from portals.office import forms, roles
from portals.office.pages import desk, page, staff
from portals.office.views.money import FILES
from portals.templatetags.cabinet import amount


def path_of(payment_id: int) -> payments.queries.PaymentPath:
    path = payments.queries.payment_path(payment_id)
    if path is None or path.payment.account_id is None:
        raise Http404("Такого платежа нет, или его счёт не выяснен.")
    return path


def status_of(form: forms.OfficeForm) -> int:
    form.mark_errors()
    return 422 if form.errors else 200


@require_http_methods(["GET", "POST"])
@desk(roles.REFUND)
def refund_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """An overpayment on application: the first press shows which payments change, the second gives the money back."""
    account = accounts.queries.accounts_with_address().filter(pk=account_id).first()
    if account is None:
        raise Http404("Такого счёта нет.")
    today = timezone.localdate()
    free = total(row.amount for row in payments.queries.free_advances(account_ids=[account_id]))
    initial = {"applied_on": today, "amount": free or None, "recipient": accounts.queries.payer_of(account)}
    form = forms.RefundForm(request.POST or None, initial=initial)
    plan: list[payments.operations.RefundPart] = []
    if request.method == "POST" and form.is_valid():
        facts: dict[str, Any] = form.cleaned_data
        told = payments.operations.Requisites(*(facts[name] for name in ("recipient", "inn", "bik", "bank_account")))
        try:
            if "agreed" in request.POST:
                payments.operations.refund_advance(
                    account_id=account_id, amount=facts["amount"], number=facts["number"],
                    applied_on=facts["applied_on"], requisites=told, day=today, by=staff(request),
                )  # fmt: skip
                messages.success(
                    request, f"Возврат {amount(facts['amount'])} ₽ по заявлению {facts['number']} проведён."
                )
                return redirect("office:card", account_id=account_id)
            payments.operations.check_requisites(told)
            plan = payments.operations.refund_plan(account_id=account_id, amount=facts["amount"])
        except Refusal as refusal:
            form.refuse(refusal)
    return page(
        request, "office/refund.html", title="Возврат по заявлению", status=status_of(form), form=form, plan=plan,
        free=free, account=account, address=accounts.queries.address_of(account.house, account.premises),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@desk(roles.REFUND)
def refund_orders(request: HttpRequest) -> HttpResponse:
    """Orders for refunds: released by the second person, sent, sent back, sent again to other requisites."""
    form, wanted = forms.RequisitesForm(auto_id="requisites_%s"), ""
    if request.method == "POST":
        action, wanted = request.POST.get("action", ""), request.POST.get("row", "")
        order_id = asked.number(wanted) or 0
        if action == "resend":
            form = forms.RequisitesForm(request.POST, auto_id="requisites_%s")
        try:
            if text := acted(request, action, order_id, form):
                messages.success(request, text)
                return redirect("office:refund_orders")
        except Refusal as refusal:
            if action != "resend":
                messages.error(request, str(refusal))
                return redirect("office:refund_orders")
            form.refuse(refusal)
    return page(
        request, "office/refund_orders.html", title="Поручения на возврат", status=status_of(form), form=form,
        wanted=wanted, rows=payments.refund_queries.refund_orders(seen_by=staff(request).pk),
        claims=payments.refund_queries.refund_claims(),
    )  # fmt: skip


def acted(request: HttpRequest, action: str, order_id: int, form: forms.RequisitesForm) -> str:
    """What was done, in Russian; nothing when the form has to be mended."""
    by = staff(request)
    if action == "release":
        count = payments.operations.release_refunds(order_ids=[order_id], by=by, at=timezone.now())
        return "Поручение выпущено." if count else "Это поручение уже выпущено."
    if action == "sent":
        count = payments.operations.mark_refunds_sent(by=by)
        return f"Отправлено в банк поручений: {count}."
    if action == "reject":
        payments.operations.reject_refund(order_id=order_id, reason=request.POST.get("ground", ""), by=by)
        return "Отказ банка записан. Исправьте реквизиты и отправьте снова."
    if action == "settled":
        claim = payments.operations.settle_claim(online_id=order_id, ground=request.POST.get("ground", ""), by=by)
        return f"Лишнее возвращено: {amount(claim)} ₽."
    if action != "resend":
        raise Http404("Нет такого действия.")
    if not form.is_valid():
        return ""
    told = form.cleaned_data
    payments.operations.check_requisites(payments.operations.Requisites(**told))
    payments.operations.resend_refund(order_id=order_id, by=by, **told)
    return "Поручение снова в очереди. Выпустить его должен другой сотрудник."


@require_safe
@desk(roles.REFUND)
def refund_file(request: HttpRequest) -> HttpResponse:
    """Released orders for the bank: 1CClientBankExchange, or ISO 20022 on `form=pain001`."""
    form = "pain001" if request.GET.get("form") == "pain001" else "1c"
    try:
        content = payments.operations.refund_file(form=form)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("office:refund_orders")
    media, ending = FILES[form]
    response = HttpResponse(content, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="refunds-{timezone.localdate().isoformat()}.{ending}"'
    return response


@require_http_methods(["GET", "POST"])
@desk(roles.REVERSE_PAYMENT)
def move_page(request: HttpRequest, payment_id: int) -> HttpResponse:
    """A payment goes to another account with its value date: both balances are seen before it is done."""
    path = path_of(payment_id)
    today = timezone.localdate()
    form = forms.MoveForm(request.POST or None)
    preview = None
    target: PersonalAccount | None = None
    if request.method == "POST" and form.is_valid():
        target = accounts.queries.account_by_number(form.cleaned_data["number"])
        try:
            if target is None:
                form.add_error("number", "Такого лицевого счёта нет. Сверьте номер с документом.")
            elif "agreed" in request.POST:
                payments.operations.move_payment(
                    payment_id=payment_id, account_id=target.pk, day=today, reason=form.cleaned_data["ground"],
                    by=staff(request),
                )  # fmt: skip
                messages.success(request, f"Платёж {amount(path.payment.amount)} ₽ перенесён на счёт {target.number}.")
                return redirect("office:card", account_id=target.pk)
            else:
                preview = payments.operations.preview_move(
                    payment_id=payment_id, account_id=target.pk, day=today, by=staff(request)
                )
        except Refusal as refusal:
            form.refuse(refusal)
    return page(
        request, "office/move.html", title="Перенос на другой счёт", status=status_of(form), form=form, path=path,
        preview=preview, target=target,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@desk(roles.REVERSE_PAYMENT)
def charge_backs(request: HttpRequest) -> HttpResponse:
    """Contested payments: those that wait for a second person, a payment found by anything, what was decided."""
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in ("agree", "decline"):
            raise Http404("Нет такого действия.")
        number = asked.number(request.POST.get("row", "")) or 0
        facts: dict[str, Any] = {"charge_back_id": number, "by": staff(request), "at": timezone.now()}
        try:
            if action == "agree":
                done = payments.operations.agree_charge_back(**facts, day=timezone.localdate())
                text = f"Платёж № {done.payment_id} снят. Из перечислений удержится {amount(done.remitted)} ₽."
            else:
                done = payments.operations.decline_charge_back(**facts, ground=request.POST.get("ground", "")[:255])
                text = f"Протест отклонён: платёж № {done.payment_id} остаётся."
            messages.success(request, text)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("office:charge_backs")
    text = asked.text(request)
    return page(
        request, "office/charge_backs.html", title="Опротестованные платежи", q=text,
        found=contested_queries.contestable(text), rows=contested_queries.charge_backs(seen_by=staff(request).pk),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@desk(roles.REVERSE_PAYMENT)
def charge_back_page(request: HttpRequest, payment_id: int) -> HttpResponse:
    """A payment that its payer contested: seen what becomes unpaid, then taken off or asked for."""
    path = payments.queries.payment_path(payment_id)
    if path is None:
        raise Http404("Такого платежа нет.")
    today = timezone.localdate()
    form = forms.ChargeBackForm(request.POST or None, initial={"claimed_on": today})
    preview = None
    if request.method == "POST" and form.is_valid():
        told: dict[str, Any] = form.cleaned_data
        facts: dict[str, Any] = {
            "payment_id": payment_id, "document": told["document"], "claimed_on": told["claimed_on"], "day": today,
            "by": staff(request),
        }  # fmt: skip
        try:
            if "agreed" in request.POST:
                row = payments.operations.ask_charge_back(**facts, reason=told["reason"], at=timezone.now())
                messages.success(request, asked_for(row))
                return redirect("office:charge_backs")
            preview = payments.operations.preview_charge_back(**facts)
        except Refusal as refusal:
            form.refuse(refusal)
    rows = contested_queries.charge_backs(seen_by=staff(request).pk, payment_id=payment_id)
    return page(
        request, "office/charge_back.html", title="Опротестованный платёж", status=status_of(form), form=form,
        path=path, preview=preview, rows=rows,
    )  # fmt: skip


def asked_for(row: contested_queries.ChargeBack) -> str:
    sum_ = amount(row.payment.amount)
    if row.remitted:
        return (
            f"Протест на {sum_} ₽ заявлен. Поставщикам уже перечислено {amount(row.remitted)} ₽, поэтому снять платёж "
            "должен другой сотрудник."
        )
    return f"Платёж {sum_} ₽ снят: банк вернул его плательщику."
