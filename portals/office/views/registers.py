"""Registers of payments: taken in after a look, undone whole, their layouts tried on a sample."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import payments.operations
import payments.tasks
from accounts.errors import Refusal
from payments import register_queries
from payments.operations import RowVerdict, StatementSummary
from portals.office import drafts, forms, queries, roles, samples
from portals.office.pages import demand, desk, page, staff
from portals.office.views.money import KIND_NAMES, first_to_see
from portals.templatetags.cabinet import amount


@require_http_methods(["GET", "POST"])
@desk(roles.LOAD_STATEMENT)
def register(request: HttpRequest) -> HttpResponse:
    """Verdicts first (a dry run), then the same file is taken in: it waits on the server, not in the browser."""
    today = timezone.localdate()
    choices = {"channels": queries.statement_channels(), "layouts": register_queries.layouts_in_use()}
    form = forms.RegisterForm(**choices, initial={"day": today})
    summary, token, status = None, "", 200
    if request.method == "POST" and "token" in request.POST:
        kept = drafts.take(request.session, request.POST["token"], slot="register")
        if kept is None:
            messages.error(request, "Файл уже принят или ждал слишком долго. Загрузите его снова.")
            return redirect("office:register")
        try:
            summary = load(request, kept, dry_run=False, confirmed="confirmed" in request.POST)
            tell = messages.error if summary.state == "rejected" else messages.success
            tell(request, summary.message)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("office:register")
    elif request.method == "POST":
        form = forms.RegisterForm(request.POST, request.FILES, **choices)
        status = 422
        if form.is_valid():
            facts = form.cleaned_data
            how = {"channel": facts["channel"], "layout": facts["layout"], "day": facts["day"].isoformat()}
            kept = drafts.Kept(facts["file"].name, facts["file"].read(), how)
            try:
                summary = load(request, kept, dry_run=True, confirmed=False)
                token, status = drafts.keep(request.session, kept, slot="register"), 200
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else "file", str(refusal))
    form.mark_errors()
    return page(
        request, "office/register.html", title="Загрузить реестр платежей", status=status, form=form, summary=summary,
        token=token, sample_url=reverse("office:register_sample"),
        sums=[(KIND_NAMES[kind], *pair) for kind, pair in summary.sums.items() if pair[0]] if summary else [],
        rows=first_to_see(summary.rows) if summary else [], kind_names=KIND_NAMES,
    )  # fmt: skip


def load(request: HttpRequest, kept: drafts.Kept, *, dry_run: bool, confirmed: bool) -> StatementSummary:
    return payments.operations.import_register(
        name=kept.name, content=kept.content, layout=kept.facts["layout"], channel=kept.facts["channel"],
        day=kept.day("day"), today=timezone.localdate(), by=staff(request), dry_run=dry_run,
        confirmed=confirmed,
    )  # fmt: skip


@require_safe
@desk(roles.LOAD_STATEMENT)
def register_sample(request: HttpRequest) -> HttpResponse:
    """A small register of today in the layout of Сбербанк to try the import with."""
    response = HttpResponse(samples.register(timezone.localdate()), content_type="text/plain; charset=windows-1251")
    response["Content-Disposition"] = 'attachment; filename="reestr-obrazec.txt"'
    return response


@require_http_methods(["GET", "POST"])
@desk("payments.view_register")
def card(request: HttpRequest, register_id: int) -> HttpResponse:
    """What became of a register; its undo."""
    found = register_queries.register_card(register_id)
    if found is None:
        raise Http404("Такого реестра нет.")
    if request.method == "POST" and request.POST.get("action") == "unreconcile":
        return unreconcile(request, register_id)
    if request.method == "POST" and request.POST.get("action") in ("accept", "discard"):
        return decide(request, register_id, accept=request.POST["action"] == "accept")
    form = forms.UndoForm(request.POST or None)
    if request.method == "POST":
        demand(request, roles.REVERSE_PAYMENT)
        if form.is_valid():
            facts: dict[str, Any] = {
                "register_id": register_id, "day": timezone.localdate(), "reason": form.cleaned_data["ground"],
                "by": staff(request), "withhold": form.cleaned_data["withhold"],
            }  # fmt: skip
            try:
                run_id = payments.operations.start_undo(**facts)
                if run_id is not None:
                    transaction.on_commit(partial(payments.tasks.undo_register.delay, run_id=run_id))
                    messages.success(request, f"Реестр большой: его отменит задание № {run_id}. Ход виден здесь.")
                    return redirect("office:register_card", register_id=register_id)
                undone = payments.operations.undo_register(**facts, at=timezone.now())
                text = f"Реестр отменён: платежей {undone.payments} на {amount(undone.amount)} ₽."
                if undone.withheld:
                    text += f" Из следующих перечислений удержится {amount(undone.withheld)} ₽."
                messages.success(request, text)
                return redirect("office:register_card", register_id=register_id)
            except Refusal as refusal:
                form.refuse(refusal)
    form.mark_errors()
    return page(
        request, "office/register_card.html", title=f"Реестр «{found.name}»", status=422 if form.errors else 200,
        card=found, form=form, kind_names=KIND_NAMES, may_undo=request.user.has_perm(roles.REVERSE_PAYMENT),
        transfers=register_queries.transfers_of(register_id), runs=undo_runs(register_id),
    )  # fmt: skip


def decide(request: HttpRequest, register_id: int, *, accept: bool) -> HttpResponse:
    """A held file is taken in all the same, or turned down."""
    demand(request, roles.LOAD_STATEMENT)
    today = timezone.localdate()
    try:
        if accept:
            done = payments.operations.accept_held(register_id=register_id, day=today, today=today, by=staff(request))
            tell = messages.error if done.state == "rejected" else messages.success
            tell(request, done.message)
        else:
            reason = request.POST.get("ground", "")[:255]
            payments.operations.discard_held(register_id=register_id, reason=reason, by=staff(request))
            messages.success(request, "Файл не принят. Исправленный загрузите обычным порядком.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("office:register_card", register_id=register_id)


def undo_runs(register_id: int) -> list[queries.RunRow]:
    return queries.runs(kinds=(payments.operations.UNDO_KIND,), register_id=register_id, limit=3)


@require_POST
@desk(roles.ASSIGN_PAYMENT)
def reconcile(request: HttpRequest, payment_id: int) -> HttpResponse:
    """An unidentified payment is the bank's order for a register's money."""
    form = forms.ReconcileForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Выберите реестр из подсказанных.")
        return redirect("office:unidentified")
    try:
        done = payments.operations.reconcile_register(
            register_id=form.cleaned_data["register_id"], payment_id=payment_id, day=timezone.localdate(),
            at=timezone.now(), by=staff(request), ground=form.cleaned_data["ground"],
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("office:unidentified")
    messages.success(request, f"Поручение сверено с реестром № {done.register_id}. {done.words}")
    return redirect("office:register_card", register_id=done.register_id)


def unreconcile(request: HttpRequest, register_id: int) -> HttpResponse:
    demand(request, roles.ASSIGN_PAYMENT)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Назовите причину отмены сверки.")
        return redirect("office:register_card", register_id=register_id)
    try:
        restored = payments.operations.undo_reconciliation(
            register_id=register_id, day=timezone.localdate(), at=timezone.now(), reason=form.cleaned_data["ground"],
            by=staff(request),
        )  # fmt: skip
        messages.success(request, f"Сверка отменена: {amount(restored.amount)} ₽ снова среди невыясненных.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("office:register_card", register_id=register_id)


@require_http_methods(["GET", "POST"])
@desk(roles.DESCRIBE_LAYOUT)
def trial(request: HttpRequest, code: str) -> HttpResponse:
    """A layout is tried on a sample file: rows as they are understood; a sample that is read puts it into use."""
    name = register_queries.layout_name(code)
    if name is None:
        raise Http404("Такого формата нет.")
    form = forms.TrialForm(request.POST or None, request.FILES or None)
    file, rows = None, list[RowVerdict]()
    if request.method == "POST" and form.is_valid():
        sample = form.cleaned_data["file"]
        try:
            file, rows = payments.operations.try_layout(
                code=code, name=sample.name, content=sample.read(), at=timezone.now(), by=staff(request)
            )
        except Refusal as refusal:
            form.add_error("file", str(refusal))
    form.mark_errors()
    return page(
        request, "office/layout_trial.html", title=f"Проба формата «{name}»", status=422 if form.errors else 200,
        code=code, form=form, file=file, rows=first_to_see(rows), kind_names=KIND_NAMES,
    )  # fmt: skip
