"""A supplier's own receipts: uploaded by the template, looked at row by row, taken in, undone."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

import payments.operations
from accounts.queries import AgencyContract
from payments import register_queries
from payments.operations import StatementSummary
from portals import workbooks
from portals.office import drafts
from portals.principal.views import uploads
from portals.principal.views.books import Scope, excel
from portals.principal.views.rooms import action, contract_of, page, tell, worker
from portals.templatetags.cabinet import amount

SHOWN = 300  # rows on a page: those that need a person stand first
SLOT = "own_receipts"
WORDS = {"accepted": "принят", "repeated": "уже был", "rejected": "отклонён", "held": "ждёт"}
FILE_FORM = partial(
    uploads.UploadForm, label="Файл по шаблону, xlsx или csv", accept=".xlsx,.csv,.txt",
    too_large="Разделите его по дням.",
)  # fmt: skip


def address(contract: AgencyContract) -> str:
    return f"{reverse('principal:own-receipts')}?contract={contract.pk}"


@page
def own_receipts(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Verdicts first (a dry run), then the same file is taken in."""
    contract = contract_of(scope)
    upload = uploads.uploaded(
        request, contract, FILE_FORM, slot=SLOT,
        load=lambda kept, is_dry: load(request, contract, kept, dry_run=is_dry), said=lambda summary: summary.message,
    )  # fmt: skip
    if upload is None:
        return redirect(address(contract))
    summary = upload.found
    rows = sorted(summary.rows, key=lambda row: (row.verdict == "accepted", row.line))[:SHOWN] if summary else []
    context = {
        "tab": "own", "scope": Scope(scope.all, contract), "contract": contract, "form": upload.form,
        "summary": summary, "token": upload.token,
        "may_take": bool(upload.token and summary and summary.state not in ("repeated", "rejected")),
        "rows": [(row, WORDS[row.verdict]) for row in rows],
        "sums": [(WORDS[kind], *pair) for kind, pair in summary.sums.items() if pair[0]] if summary else [],
        "registers": register_queries.own_registers(contract_ids=[contract.pk]), "action": address(contract),
    }  # fmt: skip
    return render(request, "principal/own_receipts.html", context, status=upload.status)


def load(
    request: HttpRequest, contract: AgencyContract, kept: drafts.Kept, *, dry_run: bool
) -> StatementSummary:  # fmt: skip
    today = timezone.localdate()
    return payments.operations.import_own_receipts(
        name=kept.name, content=kept.content, contract_id=contract.pk, day=today, today=today, by=worker(request),
        dry_run=dry_run,
    )  # fmt: skip


@action
def undo(request: HttpRequest, scope: Scope, register: int) -> HttpResponse:
    """All payments of an own file are answered by mirror rows today."""
    contract = contract_of(scope)
    own = {card.register_id for card in register_queries.own_registers(contract_ids=[contract.pk], limit=1000)}
    if register not in own:
        raise Http404("Нет такого файла.")

    def done() -> str:
        undone = payments.operations.undo_register(
            register_id=register, day=timezone.localdate(), reason=request.POST.get("reason", ""), at=timezone.now(),
            by=worker(request),
        )  # fmt: skip
        return f"Файл отменён: платежей {undone.payments} на {amount(undone.amount)} ₽."

    tell(request, done)
    return redirect(address(contract))


@page
def template(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The template of own receipts with its headings and a line of an example."""
    return excel("shablon-postuplenij", workbooks.own_receipts_template(timezone.localdate()))
