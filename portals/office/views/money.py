"""Money that has no owner yet, statements, reversals, and what goes on to the principals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.queries
import payments.operations
import payments.queries
import payments.refund_queries
from accounts.errors import Refusal
from accounts.money import ZERO
from payments import register_queries
from payments.operations import RowVerdict
from portals import asked
from portals.office import drafts, forms, queries, roles, samples
from portals.office.pages import asked_action, desk, fragment, page, staff
from portals.office.views.card import reasons_of
from portals.templatetags.cabinet import amount

# --- money without an owner -------------------------------------------------------------------------------------------


AT_ONCE = 15  # payments on a page of the queue: a day's work of one clerk is two of them


@require_http_methods(["GET", "POST"])
@desk(roles.ASSIGN_PAYMENT)
def unidentified(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    if request.method == "POST":
        if "group" in request.POST:
            assign_group(request, today)
        else:
            assign(request, today)
        return redirect("office:unidentified")
    groups = register_queries.waiting_groups()
    group = next((one for one in groups if str(one.register_id) == request.GET.get("register")), None)
    totals = queries.unidentified_totals()
    left = totals.count - sum(one.count for one in groups) if group is None else group.count
    last = max(-(-left // AT_ONCE), 1)
    number = min(asked.page(request), last)
    rows = payments.queries.unidentified(
        today=today, limit=number * AT_ONCE, register_id=group.register_id if group else None,
        but_registers=[one.register_id for one in groups],
    )[(number - 1) * AT_ONCE :]  # fmt: skip
    hints = register_queries.transfer_hints([row.payment_id for row in rows])
    return page(
        request,
        "office/unidentified.html",
        title="Невыясненные платежи",
        rows=[(row, hints.get(row.payment_id, [])[:3]) for row in rows],
        groups=[group] if group else groups,
        group=group,
        held_files=register_queries.held_files(),
        totals=totals,
        number=number,
        last=last,
        earlier=number - 1,
        later=number + 1 if number < last else None,
    )


def assign_group(request: HttpRequest, today: date) -> None:
    """All that waits of a register and names one account goes to the account that is typed."""
    asked_for, typed = request.POST["group"], request.POST.get("account", "").strip()
    group = next((one for one in register_queries.waiting_groups() if str(one.register_id) == asked_for), None)
    found = [row for row in accounts.queries.find_accounts(typed, limit=2) if row.number == typed] if typed else []
    if group is None or not group.number or not found:
        messages.error(request, "Укажите номер лицевого счёта целиком; платежи группы должны называть один счёт.")
        return
    try:
        done = payments.operations.assign_group(
            register_id=group.register_id, number=group.number, account_id=found[0].id, day=today, by=staff(request),
            ground=request.POST.get("ground", "")[:255],
        )  # fmt: skip
        messages.success(request, f"Зачислено на счёт {typed}: платежей {done.payments} на {amount(done.amount)} ₽.")
    except Refusal as refusal:
        messages.error(request, str(refusal))


def assign(request: HttpRequest, today: date) -> None:
    form = forms.AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Выберите счёт из найденных.")
        return
    facts = form.cleaned_data
    try:
        payment = payments.operations.assign_payment(
            payment_id=facts["payment_id"], account_id=facts["account_id"], day=today, by=staff(request),
            ground=facts["ground"],
        )  # fmt: skip
        text = f"Платёж {amount(payment.amount)} ₽ от {payment.paid_on:%d.%m.%Y} зачислен на счёт {payment.account}."
        messages.success(request, text)
    except Refusal as refusal:
        messages.error(request, str(refusal))


@require_safe
@desk(roles.ASSIGN_PAYMENT)
def candidates(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Accounts to give a payment to: those its own words hint at, or by anything typed."""
    text = asked.text(request)
    found = accounts.queries.find_accounts(text, limit=6) if text else queries.candidates(payment_id)
    return fragment(request, "office/_candidates.html", payment_id=payment_id, candidates=found, q=text)


# --- statements -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@desk(roles.LOAD_STATEMENT)
def statement(request: HttpRequest) -> HttpResponse:
    """Verdicts first (a dry run), then the same file is taken in: it waits on the server, not in the browser."""
    today = timezone.localdate()
    channels = queries.statement_channels()
    form = forms.StatementForm(channels=channels, initial={"day": today})
    summary, token, status = None, "", 200
    if request.method == "POST" and "token" in request.POST:
        kept = drafts.take(request.session, request.POST["token"])
        if kept is None:
            messages.error(request, "Файл уже принят или ждал слишком долго. Загрузите его снова.")
            return redirect("office:statement")
        try:
            summary = load(request, kept, today, dry_run=False, confirmed="confirmed" in request.POST)
            tell = messages.error if summary.state == "rejected" else messages.success
            tell(request, summary.message)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("office:statement")
    elif request.method == "POST":
        form = forms.StatementForm(request.POST, request.FILES, channels=channels)
        status = 422
        if form.is_valid():
            facts = form.cleaned_data
            how = {"channel": facts["channel"], "day": facts["day"].isoformat()}
            kept = drafts.Kept(facts["file"].name, facts["file"].read(), how)
            try:
                summary = load(request, kept, today, dry_run=True, confirmed=False)
                token, status = drafts.keep(request.session, kept), 200
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else "file", str(refusal))
    form.mark_errors()
    return page(
        request, "office/statement.html", title="Загрузить выписку", status=status, form=form, summary=summary,
        token=token, sample_url=reverse("office:statement_sample"),
        sums=[(KIND_NAMES[kind], *pair) for kind, pair in summary.sums.items() if pair[0]] if summary else [],
        rows=first_to_see(summary.rows) if summary else [], kind_names=KIND_NAMES,
    )  # fmt: skip


@require_safe
@desk(roles.LOAD_STATEMENT)
def statement_sample(request: HttpRequest) -> HttpResponse:
    """A small statement of today to try the import with."""
    response = HttpResponse(samples.statement(timezone.localdate()), content_type="text/plain; charset=windows-1251")
    response["Content-Disposition"] = 'attachment; filename="kl_to_1c-obrazec.txt"'
    return response


KIND_NAMES = {
    "accepted": "приняты", "held": "ждут выяснения", "repeated": "уже были", "rejected": "отклонены",
    "outgoing": "списания",
}  # fmt: skip


SHOWN = 300  # rows of a file on a page: those that need a person stand first


def first_to_see(rows: Iterable[RowVerdict]) -> list[RowVerdict]:
    """As many rows as a page holds, those that are not simply accepted first."""
    return sorted(rows, key=lambda row: (row.verdict == "accepted", row.line))[:SHOWN]


def load(
    request: HttpRequest, kept: drafts.Kept, today: date, *, dry_run: bool, confirmed: bool
) -> payments.operations.StatementSummary:
    return payments.operations.import_statement(
        name=kept.name, content=kept.content, channel=kept.facts["channel"], day=kept.day("day"),
        today=today, by=staff(request), dry_run=dry_run, confirmed=confirmed,
    )  # fmt: skip


# --- reversals --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@desk(roles.REVERSE_PAYMENT)
def reverse_page(request: HttpRequest, payment_id: int) -> HttpResponse:
    path = payments.queries.payment_path(payment_id)
    if path is None:
        raise Http404("Такого платежа нет.")
    payer = payments.refund_queries.payer_of(payment_id)
    initial = {name: getattr(payer, name, "") for name in ("recipient", "inn", "bank_account")}
    form = forms.ReverseForm(
        request.POST or None, initial={**initial, "refund": path.payment.account_id is None}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        told, refund = form.cleaned_data, form.cleaned_data["refund"]
        names = ("recipient", "inn", "bik", "bank_account")
        requisites = payments.operations.Requisites(*(told[name] for name in names)) if told["recipient"] else None
        try:
            payments.operations.reverse_payment(
                payment_id=payment_id, day=timezone.localdate(), reason=told["ground"], by=staff(request),
                refund=refund, requisites=requisites,
            )  # fmt: skip
            also = " Поручение на возврат сформировано: выпустить его должен другой сотрудник." if refund else ""
            messages.success(request, f"Платёж {amount(path.payment.amount)} ₽ сторнирован.{also}")
            if path.payment.account_id:
                return redirect("office:card", account_id=path.payment.account_id)
            return redirect("office:unidentified")
        except Refusal as refusal:
            form.refuse(refusal)
    form.mark_errors()
    status = 422 if form.errors else 200
    return page(
        request,
        "office/reverse.html",
        title="Сторно платежа",
        status=status,
        path=path,
        form=form,
        reasons=reasons_of(path),
    )


# --- to the principals ------------------------------------------------------------------------------------------------


def day_asked(request: HttpRequest) -> date:
    """The day of the page: by default yesterday, whose money is due today."""
    return asked.day(request, "day", timezone.localdate() - timedelta(days=1))


@require_http_methods(["GET", "POST"])
@desk("payments.view_remittance")
def remittances(request: HttpRequest) -> HttpResponse:
    day = day_asked(request)
    if request.method == "POST":
        step = asked_action(request, ACTIONS)
        try:
            messages.success(request, step(request, day))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(f"{reverse('office:remittances')}?day={day.isoformat()}")
    rows = payments.queries.remittances_on(day)
    names = ("gross", "returns", "commission", "vat", "carried_in", "carried_out", "net")
    firsts = [(row.formed_by_id, row.checked_by_id) for row in rows if row.awaits == "release"]
    return page(
        request,
        "office/remittances.html",
        title=f"Перечисления за {day:%d.%m.%Y}",
        day=day,
        earlier=day - timedelta(days=1),
        later=day + timedelta(days=1),
        sheet=payments.queries.day_sheet(day),
        is_closed=queries.is_day_closed(day),
        rows=rows,
        totals={name: sum((getattr(row, name) for row in payments.queries.by_day(rows)), start=ZERO) for name in names},
        queue=payments.queries.remittance_queue(before=day),
        to_check=sum(row.awaits == "check" for row in rows),
        to_release=sum(staff(request).pk not in first for first in firsts),
        own=sum(staff(request).pk in first for first in firsts),
        to_send=sum(row.state == "formed" and row.is_order and row.is_released for row in rows),
        may={name: request.user.has_perm(right) for name, (right, _) in ACTIONS.items()},
    )


def close_day(request: HttpRequest, day: date) -> str:
    sheet = payments.operations.close_day(day=day, today=timezone.localdate(), by=staff(request))
    return f"День {day:%d.%m.%Y} закрыт: получено {amount(sheet.received)} ₽, разнесено {amount(sheet.allocated)} ₽."


def remit(request: HttpRequest, day: date) -> str:
    return str(payments.operations.remit_day(day=day, by=staff(request)))


def check(request: HttpRequest, day: date) -> str:
    count = payments.operations.check_remittances(day=day, by=staff(request), at=timezone.now())
    return f"Проверено поручений: {count}. Выпустить их должен другой сотрудник."


def release(request: HttpRequest, day: date) -> str:
    count = payments.operations.release_remittances(day=day, by=staff(request), at=timezone.now())
    return f"Выпущено поручений: {count}. Скачайте файл для банка."


def sent(request: HttpRequest, day: date) -> str:
    return f"Отмечено отправленными поручений: {payments.operations.mark_remittance_sent(day=day, by=staff(request))}."


def confirm(request: HttpRequest, day: date) -> str:
    number = one_of(request, day)
    payments.operations.confirm_remittance(remittance_id=number, on=timezone.localdate(), by=staff(request))
    return "Исполнение банком отмечено."


def reject(request: HttpRequest, day: date) -> str:
    number, reason = one_of(request, day), request.POST.get("ground", "")
    payments.operations.reject_remittance(remittance_id=number, reason=reason, by=staff(request))
    return "Отказ банка записан."


def resend(request: HttpRequest, day: date) -> str:
    number = one_of(request, day)
    payments.operations.resend_remittance(remittance_id=number, on=timezone.localdate(), by=staff(request))
    return "Поручение вернулось в очередь, на действующий счёт получателя. Выпустить его должен другой сотрудник."


def one_of(request: HttpRequest, day: date) -> int:
    wanted = request.POST.get("remittance", "")
    if wanted not in {str(row.remittance_id) for row in payments.queries.remittances_on(day)}:
        raise Http404("Такого перечисления за этот день нет.")
    return int(wanted)


ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, date], str]]] = {
    "close_day": (roles.CLOSE_DAY, close_day),
    "remit": (roles.FORM_REMITTANCE, remit),
    "check": (roles.SEND_REMITTANCE, check),
    "release": (roles.SEND_REMITTANCE, release),
    "sent": (roles.SEND_REMITTANCE, sent),
    "confirm": (roles.SEND_REMITTANCE, confirm),
    "reject": (roles.SEND_REMITTANCE, reject),
    "resend": (roles.SEND_REMITTANCE, resend),
}


@require_safe
@desk("payments.view_remittance")
def remittance_file(request: HttpRequest) -> HttpResponse:
    """Payment orders of the day for the bank: 1CClientBankExchange, or ISO 20022 on `form=pain001`."""
    day = day_asked(request)
    form = "pain001" if request.GET.get("form") == "pain001" else "1c"
    try:
        content = payments.operations.remittance_file(day, form=form)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('office:remittances')}?day={day.isoformat()}")
    media, ending = FILES[form]
    response = HttpResponse(content, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="remittance-{day.isoformat()}.{ending}"'
    return response


FILES = {"1c": ("text/plain; charset=windows-1251", "txt"), "pain001": ("application/xml; charset=utf-8", "xml")}
