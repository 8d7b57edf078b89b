"""A supplier's own receipts: uploaded by the template, looked at row by row, taken in, undone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

import payments.operations
from accounts import files
from accounts.errors import Refusal
from accounts.queries import AgencyContract, User
from payments import register_queries
from payments.operations import StatementSummary
from payments.registers import own_receipts as own_file
from portals import access
from portals.office import drafts
from portals.principal.views.books import Scope, excel
from portals.templatetags.cabinet import amount

SHOWN = 300  # rows on a page: those that need a person stand first
SLOT = "own_receipts"
WORDS = {"accepted": "принят", "repeated": "уже был", "rejected": "отклонён", "held": "ждёт"}


class UploadForm(forms.Form):
    use_required_attribute = False
    file = forms.FileField(
        label="Файл по шаблону, xlsx или csv",
        widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": ".xlsx,.csv,.txt"}),
        error_messages={"required": "Выберите файл.", "empty": "Файл пустой: в нём 0 байт."},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > files.UPLOAD_LIMIT:
            raise forms.ValidationError("Файл слишком большой. Разделите его по дням.")
        return file


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the principal's people that also writes; the contract is chosen, or the only one."""

    @wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        own = access.contracts_with_roles_for(request.user)
        if not own:
            raise Http404("Нет договоров.")
        wanted = request.GET.get("contract", "") or str(own[0].pk)
        chosen = next((one for one in own if str(one.pk) == wanted), None)
        if chosen is None:
            raise Http404("Нет такого договора.")
        return view(request, Scope(own, chosen), chosen, **kwargs)

    return never_cache(login_required(inner))  # type: ignore[no-any-return]


def worker(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def address(contract: AgencyContract) -> str:
    return f"{reverse('principal:own-receipts')}?contract={contract.pk}"


@page
def own_receipts(request: HttpRequest, scope: Scope, contract: AgencyContract) -> HttpResponse:
    """Verdicts first (a dry run), then the same file is taken in: it waits on the server, not in the browser."""
    form, summary, token, status = UploadForm(), None, "", 200
    if request.method == "POST" and "token" in request.POST:
        kept = drafts.take(request.session, request.POST["token"], slot=SLOT)
        if kept is None or kept.facts["contract"] != str(contract.pk):
            messages.error(request, "Файл уже принят или ждал слишком долго. Загрузите его снова.")
            return redirect(address(contract))
        try:
            summary = load(request, contract, kept, dry_run=False)
            messages.success(request, summary.message)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect(address(contract))
    elif request.method == "POST":
        form, status = UploadForm(request.POST, request.FILES), 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            kept = drafts.Kept(file.name, file.read(), {"contract": str(contract.pk)})
            try:
                summary = load(request, contract, kept, dry_run=True)
                token, status = drafts.keep(request.session, kept, slot=SLOT), 200
            except Refusal as refusal:
                form.add_error("file", str(refusal))
    rows = sorted(summary.rows, key=lambda row: (row.verdict == "accepted", row.line))[:SHOWN] if summary else []
    context = {
        "tab": "own", "scope": scope, "contract": contract, "form": form, "summary": summary, "token": token,
        "may_take": bool(token and summary and summary.state not in ("repeated", "rejected")),
        "rows": [(row, WORDS[row.verdict]) for row in rows],
        "sums": [(WORDS[kind], *pair) for kind, pair in summary.sums.items() if pair[0]] if summary else [],
        "registers": register_queries.own_registers(contract_ids=[contract.pk]), "action": address(contract),
    }  # fmt: skip
    return render(request, "principal/own_receipts.html", context, status=status)


own_receipts = require_http_methods(["GET", "HEAD", "POST"])(own_receipts)


def load(
    request: HttpRequest, contract: AgencyContract, kept: drafts.Kept, *, dry_run: bool
) -> StatementSummary:  # fmt: skip
    today = timezone.localdate()
    return payments.operations.import_own_receipts(
        name=kept.name, content=kept.content, contract_id=contract.pk, day=today, today=today, by=worker(request),
        dry_run=dry_run,
    )  # fmt: skip


@require_POST
@page
def undo(request: HttpRequest, scope: Scope, contract: AgencyContract, register: int) -> HttpResponse:
    """All payments of an own file are answered by mirror rows today."""
    own = {card.register_id for card in register_queries.own_registers(contract_ids=[contract.pk], limit=1000)}
    if register not in own:
        raise Http404("Нет такого файла.")
    try:
        undone = payments.operations.undo_register(
            register_id=register, day=timezone.localdate(), reason=request.POST.get("reason", ""), at=timezone.now(),
            by=worker(request),
        )  # fmt: skip
        messages.success(request, f"Файл отменён: платежей {undone.payments} на {amount(undone.amount)} ₽.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(address(contract))


@page
def template(request: HttpRequest, scope: Scope, contract: AgencyContract) -> HttpResponse:
    """The template of own receipts with its headings and a line of an example."""
    example = [["560000012", timezone.localdate(), Decimal("1250.40"), "ПКО-15", "Иванова М. П."]]
    content = files.xlsx({"Поступления": example}, headers={"Поступления": own_file.COLUMNS})
    return excel("shablon-postuplenij", content)
