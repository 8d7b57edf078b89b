"""The resident's pages: each asks `access` for the account, the queries for rows, and one operation to act."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import accounts.operations
import accounts.queries
import billing.operations
import billing.queries
import epd.operations
import epd.queries
import epd.render
import payments.online_queries
import payments.operations
import payments.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import access, asked, limits, operations, queries
from portals.resident.forms import AutopaymentForm, DeliveryForm, LinkForm, MeterForm, PayForm

TRIES_OF_USER = 5
TRIES_OF_NUMBER = 10
WAIT_SECONDS = 15 * 60
READINGS_SHOWN = 24
PAYMENTS_BEGUN = 20  # by one payer in WAIT_SECONDS
PAY_LATER = "Слишком много начатых платежей подряд. Подождите 15 минут и попробуйте снова."
ASKED_AGAIN = timedelta(seconds=3)  # how often a page may make us ask the provider


# --- accounts --------------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def accounts_page(request: HttpRequest) -> HttpResponse:
    """All accounts of the resident with what each asks for; an only one opens at once."""
    own = list(access.accounts_for(request.user).order_by("number"))
    if len(own) == 1 and "all" not in request.GET:
        return redirect("resident:account", own[0].number)
    today = localdate()
    return render(request, "resident/accounts.html", {"cards": queries.account_cards(own, on=today), "today": today})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_account(request: HttpRequest) -> HttpResponse:
    """Link an account by its number and the code of the document; whether it exists is never told."""
    form = LinkForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        number, code = form.cleaned_data["number"], form.cleaned_data["code"]
        wait = "Слишком много попыток подряд. Подождите 15 минут и попробуйте снова или позвоните нам."
        try:
            limits.count("link", f"user {request.user.pk}", limit=TRIES_OF_USER, seconds=WAIT_SECONDS, text=wait)
            limits.count("link", f"number {number}", limit=TRIES_OF_NUMBER, seconds=24 * 3600, text=wait)
            account = operations.link_account(user=request.user, number=number, code=code)  # type: ignore[arg-type]
        except limits.TooOften as refusal:
            form.add_error(None, str(refusal))
            status = 429
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Лицевой счёт добавлен.")
            return redirect("resident:account", account.number)
    return render(request, "resident/add.html", {"form": form}, status=status)


@login_required
@require_POST
def remove_account(request: HttpRequest, number: str) -> HttpResponse:
    """Take the account out of this cabinet; nothing else changes."""
    account = access.get_account_for(request.user, number)
    operations.unlink_account(user=request.user, account_id=account.pk, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, f"Счёт {account.number} убран из кабинета. Вернуть его можно по коду с квитанции.")
    return redirect("resident:accounts")


@never_cache
@login_required
@require_safe
def account(request: HttpRequest, number: str) -> HttpResponse:
    """The first screen: what to pay and until when, the running bill, readings, the last payment."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = Month.of(today)
    return render(
        request,
        "resident/account.html",
        {
            **head(row, "account"),
            "bill": queries.bill(row.pk, on=today),
            "running": queries.month_bill(row.pk, month),
            **readings_context(row, forms=None),
            "payments": payments.queries.payments_of_account(account_id=row.pk, limit=3),
            "can_pay": payments.online_queries.is_on(),
        },
    )


def head(row: Any, tab: str) -> dict[str, Any]:
    """What every page of an account shows above its contents."""
    return {
        "account": row,
        "address": accounts.queries.address_of(row.house, row.premises),
        "payer": accounts.queries.payer_of(row),
        "tab": tab,
    }


# --- charges ---------------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def charges(request: HttpRequest, number: str) -> HttpResponse:
    """Charges of a month, line by line; the running month is marked as a draft."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = asked.month(request, Month.of(today), last=Month.of(today))
    context = {
        **head(row, "charges"),
        "month": month,
        "months": queries.months_back(Month.of(today), opened_on=row.opened_on),
        "bill": queries.month_bill(row.pk, month),
        "is_running": month == Month.of(today),
    }
    return render(request, "resident/charges.html", context)


@never_cache
@login_required
@require_safe
def why(request: HttpRequest, number: str) -> HttpResponse:
    """«Почему столько»: the explanation of one line, beside last month's."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    month = asked.month(request, Month.of(today), last=Month.of(today))
    reason = queries.reason(row.pk, month, key=request.GET.get("line", ""), today=today)
    template = "resident/_why.html" if request.htmx else "resident/why.html"  # type: ignore[attr-defined]
    return render(request, template, {**head(row, "charges"), "month": month, "reason": reason})


# --- readings --------------------------------------------------------------------------------------------------------


def readings_context(row: Any, forms: list[MeterForm] | None) -> dict[str, Any]:
    """The form of readings: meters, window, and what was typed, if anything was."""
    today = localdate()
    window = accounts.queries.reading_window(row.pk, today)
    if forms is None:
        forms = [MeterForm(meter) for meter in accounts.queries.last_readings(row.pk)]
    return {"forms": forms, "window": window, "today": today, "is_closed": row.closed_on is not None}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def readings(request: HttpRequest, number: str) -> HttpResponse:
    """Readings in: every meter stands or falls by itself; what was typed stays until it is accepted."""
    row = access.get_account_for(request.user, number)
    if request.method != "POST":
        context = {
            **head(row, "readings"),
            **readings_context(row, forms=None),
            **history_context(request, row),
        }
        return render(request, "resident/readings.html", context)

    today = localdate()
    forms, receipts, is_any = [], [], False
    for meter in accounts.queries.last_readings(row.pk):
        form = MeterForm(meter, request.POST)
        if form.is_blank:
            forms.append(MeterForm(meter))
            continue
        is_any = True
        if form.is_valid():
            try:
                taken = accounts.operations.submit_reading(
                    account_id=row.pk,
                    meter_id=meter.id,
                    values=form.values,
                    on=today,
                    by=request.user,  # type: ignore[arg-type]
                    today=today,
                    confirmed=form.cleaned_data["confirmed"],
                )
            except accounts.operations.ReadingDoubtful as doubt:
                form.doubt = str(doubt)
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                receipts.append(queries.receipt_of(meter, taken))
                form = MeterForm(meter)
        forms.append(form)
    if receipts:
        billing.operations.redraft_account(account_id=row.pk)
        fresh = {meter.id: meter for meter in accounts.queries.last_readings(row.pk)}
        for form in forms:
            form.meter = fresh.get(form.meter.id, form.meter)
    context = {
        **head(row, "readings"),
        **readings_context(row, forms=forms),
        "receipts": receipts,
        "nothing_typed": not is_any,
    }
    if request.htmx:  # type: ignore[attr-defined]
        context["running"] = queries.month_bill(row.pk, Month.of(today)) if receipts else None
        return render(request, "resident/_readings_answer.html", context)
    context |= history_context(request, row)
    return render(request, "resident/readings.html", context)


def history_context(request: HttpRequest, row: Any) -> dict[str, Any]:
    """The last readings, and whether there are older ones: a phone is spared them until it asks."""
    history = queries.readings_history(row.pk)
    shown = history if "all" in request.GET else history[:READINGS_SHOWN]
    return {"history": shown, "has_older": len(history) > len(shown)}


# --- paying on line --------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Pay any sum by card or by the QR of СБП: the second of the three clicks."""
    row = access.get_account_for(request.user, number)
    bill = queries.bill(row.pk, on=localdate())
    form = PayForm(request.POST or None, initial={"amount": asked_sum(request, bill), "key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        begun = begin(request, row, form, limit=None)
        if begun is not None:
            return begun
    context = {**head(row, "account"), "bill": bill, "form": form, "is_on": payments.online_queries.is_on()}
    return render(request, "resident/pay.html", context, status=422 if form.errors else 200)


def asked_sum(request: HttpRequest, bill: queries.Bill) -> str:
    """What stands in the field: the chosen part of the bill, else all of it."""
    amount = bill.current if request.GET.get("part") == "current" else bill.total
    return f"{amount:.2f}".replace(".", ",") if amount > 0 else ""


def begin(request: HttpRequest, row: Any, form: PayForm, *, limit: Decimal | None) -> HttpResponse | None:
    """One operation: begin the payment and go on to it; a refusal stays in the form."""
    try:
        limits.count("pay", f"user {request.user.pk}", limit=PAYMENTS_BEGUN, seconds=WAIT_SECONDS, text=PAY_LATER)
        back = reverse("resident:paid-back", args=[row.number, form.cleaned_data["key"]])
        begun = payments.operations.begin_payment(
            key=form.cleaned_data["key"],
            account_id=row.pk,
            user=request.user,  # type: ignore[arg-type]
            amount=form.cleaned_data["amount"],
            method=form.cleaned_data["method"],
            return_url=request.build_absolute_uri(back),
            at=timezone.now(),
            autopay_limit=limit,
        )
    except Refusal as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None
    return redirect("resident:paying", row.number, begun.key)


@never_cache
@login_required
@require_safe
def paying(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """A payment on its way: to the bank's page, the QR, or what became of it. The page asks again by itself."""
    row = access.get_account_for(request.user, number)
    begun = access.get_online_payment_for(request.user, number, key)
    if request.htmx or begun.state == "in_transit":  # type: ignore[attr-defined]
        begun = payments.operations.look_again(online_id=begun.pk, at=timezone.now(), not_sooner=ASKED_AGAIN)
    told = payments.online_queries.online_row(begun)
    qr = segno.make(told.confirmation, error="m", micro=False) if told.is_qr and told.state == "waiting" else None
    context = {
        **head(row, "account"),
        "told": told,
        "qr": mark_safe(qr.svg_inline(border=2, svgclass="qr", lineclass=None, omitsize=True)) if qr else "",
    }
    template = "resident/_paying.html" if request.htmx else "resident/paying.html"  # type: ignore[attr-defined]
    response = render(request, template, context)
    if told.state == "waiting" and not told.is_qr and not request.htmx:  # type: ignore[attr-defined]
        response["Refresh"] = f"0; url={told.confirmation}"  # our policy lets no form end on another site
    return response


@never_cache
@login_required
@require_safe
def paid_back(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """The payer comes back from the bank's page: his payment is «в пути» at once, and the provider is asked."""
    begun = access.get_online_payment_for(request.user, number, key)
    payments.operations.payer_returned(online_id=begun.pk, at=timezone.now())
    return redirect("resident:paying", number, key)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def autopay(request: HttpRequest, number: str) -> HttpResponse:
    """Autopayment of an account: consent and its limit, or what is on and how to switch it off."""
    row = access.get_account_for(request.user, number)
    bill = queries.bill(row.pk, on=localdate())
    initial = {"amount": asked_sum(request, bill) or "1,00", "key": uuid.uuid4()}
    form = AutopaymentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        begun = begin(request, row, form, limit=form.cleaned_data["limit"])
        if begun is not None:
            return begun
    context = {
        **head(row, "account"),
        "form": form,
        "standing": payments.online_queries.autopayment_of(row.pk),
        "is_on": payments.online_queries.is_on(),
    }
    return render(request, "resident/autopay.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def autopay_off(request: HttpRequest, number: str) -> HttpResponse:
    """Off in one click, by whoever pays for the account."""
    row = access.get_account_for(request.user, number)
    standing = payments.online_queries.autopayment_of(row.pk)
    if standing is not None:
        payments.operations.stop_autopayment(
            autopayment_id=standing.autopayment_id,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        messages.success(request, "Автоплатёж выключен. Больше ничего не спишется.")
    return redirect("resident:autopay", row.number)


# --- payments and documents ------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def payments_page(request: HttpRequest, number: str) -> HttpResponse:
    """Payments, the latest first, each with its state."""
    row = access.get_account_for(request.user, number)
    context = {
        **head(row, "payments"),
        "payments": payments.queries.payments_of_account(account_id=row.pk, limit=100),
        "waiting": payments.online_queries.waiting_of(row.pk),
        "can_pay": payments.online_queries.is_on(),
    }
    return render(request, "resident/payments.html", context)


@never_cache
@login_required
@require_safe
def payment(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The path of one payment: when it was paid and received, and where each part went."""
    row = access.get_account_for(request.user, number)
    one = access.get_payment_for(request.user, number, pk)
    context = {**head(row, "payments"), "payment": one, "path": payments.queries.payment_path(one.pk)}
    template = "resident/_payment.html" if request.htmx else "resident/payment.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@never_cache
@login_required
@require_safe
def documents(request: HttpRequest, number: str) -> HttpResponse:
    """Payment documents, the latest first."""
    row = access.get_account_for(request.user, number)
    return render(
        request,
        "resident/documents.html",
        {**documents_context(row), "form": DeliveryForm(initial={"way": row.delivery, "email": row.email})},
    )


def documents_context(row: Any) -> dict[str, Any]:
    """Documents of the account, and an address that waits for its letter to be answered."""
    return {
        **head(row, "documents"),
        "documents": epd.queries.documents_of_account(row.pk),
        "asked": epd.queries.asked_subscription(row.pk),
    }


@never_cache
@login_required
@require_POST
def delivery(request: HttpRequest, number: str) -> HttpResponse:
    """How documents are to come: an address is taken only after its letter is answered."""
    row = access.get_account_for(request.user, number)
    form = DeliveryForm(request.POST)
    by: Any = request.user  # login_required has let in nobody unknown
    if form.is_valid():
        way, email = form.cleaned_data["way"], form.cleaned_data["email"]
        try:
            limits.count(
                "delivery", str(row.pk), limit=TRIES_OF_NUMBER, seconds=WAIT_SECONDS,
                text="Слишком много писем за четверть часа. Подождите и повторите.",
            )  # fmt: skip
            if form.by_email and email != row.email:
                epd.operations.subscribe(account_id=row.pk, email=email, keeps_paper=form.keeps_paper, by=by)
                messages.success(request, f"Письмо отправлено на {email}. Откройте его и подтвердите адрес.")
            elif form.by_email:
                accounts.operations.change_delivery(account_id=row.pk, delivery=way, by=by, ground="кабинет")
                messages.success(request, "Способ доставки изменён.")
            else:
                epd.operations.end_subscription(account_id=row.pk, delivery=way, by=by, reason="кабинет")
                messages.success(request, "Способ доставки изменён.")
            return redirect("resident:documents", number=number)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(request, "resident/documents.html", {**documents_context(row), "form": form})


@never_cache
@login_required
@require_safe
def document_pdf(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A document as PDF, made on request from what was frozen when it was issued."""
    document = access.get_document_for(request.user, number, pk)
    response = HttpResponse(epd.render.pdf(document), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}-{document.month:%Y-%m}.pdf"'
    return response
