"""Обращения: figures the principal does not agree with, opened beside the figure and answered by the centre."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.errors import Refusal
from portals import access, asked
from portals.models import DisputeState
from portals.operations import disputes
from portals.principal import figures, queries
from portals.principal.views.books import PER_PAGE, Scope
from portals.principal.views.rooms import page, refuse, status_of, worker
from portals.templatetags.cabinet import amount


class DisputeForm(forms.Form):
    """Which figure of the row, and why it is wrong; `shown` is what stood there when the form was opened."""

    use_required_attribute = False
    name = forms.ChoiceField(label="Какая цифра", widget=forms.RadioSelect, error_messages={"required": "Выберите."})
    text = forms.CharField(
        label="В чём несогласие", max_length=disputes.LONGEST, strip=True,
        widget=forms.Textarea(attrs={"rows": 5}), help_text="Например: по нашим данным за дом 12 345,00 ₽, акт № 7.",
        error_messages={"required": "Напишите, с чем вы не согласны и какая сумма, по-вашему, верна."},
    )  # fmt: skip
    shown = forms.CharField(widget=forms.HiddenInput, max_length=255, required=False)

    def __init__(self, *args: object, row: figures.Row, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["name"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, f"{heading}: {amount(sum_)} ₽") for name, heading, sum_ in row.cells]


def as_shown(row: figures.Row) -> str:
    return ";".join(f"{name}={sum_}" for name, _, sum_ in row.cells)


@page
def new(request: HttpRequest, scope: Scope, kind: str) -> HttpResponse:
    """Two clicks from the figure: this page, and its button."""
    row = figures.row_of(worker(request), kind, request.GET.get("key", ""))
    form = DisputeForm(request.POST or None, row=row, initial={"name": row.main, "shown": as_shown(row)})
    changed = False
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["shown"] != as_shown(row):
            changed = True
            form.data = {**form.data.dict(), "shown": as_shown(row)}  # type: ignore[attr-defined]
            form.add_error(None, "Пока вы писали, цифры изменились. Отправьте, если не согласны и с новыми.")
        else:
            try:
                made = disputes.open_dispute(
                    figure=row.figure(form.cleaned_data["name"]), text=form.cleaned_data["text"], by=worker(request),
                    at=timezone.now(), on=timezone.localdate(),
                )  # fmt: skip
                messages.success(request, f"Разногласие {made.number} принято. Ответим до {made.due_on:%d.%m.%Y}.")
                return redirect("principal:dispute", pk=made.pk)
            except Refusal as refusal:
                refuse(form, refusal)
    context = {"tab": "disputes", "scope": scope, "row": row, "form": form, "changed": changed}
    return render(request, "principal/dispute_new.html", context, status=status_of(form))


@page
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """All disagreements of the own principals with their deadlines."""
    state = request.GET.get("state", "")
    own = list(dict.fromkeys(contract.principal_id for contract in scope.all))
    pages = Paginator(queries.disputes(own, state=state), PER_PAGE)
    shown = pages.get_page(asked.page(request))
    context = {
        "tab": "disputes", "scope": scope, "rows": list(shown.object_list), "page": shown,
        "today": timezone.localdate(),
        "topics": queries.appeals_by_topic(
            access.supplied_accounts_for(request.user), today=timezone.localdate()
        ),
        "elided": list(pages.get_elided_page_range(shown.number)), "state": state, "states": DisputeState.choices,
    }  # fmt: skip
    return render(request, "principal/disputes.html", context)


@page
def one(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """A disagreement: the figure as it was shown, the words, the answer."""
    row = access.get_dispute_for(request.user, pk)
    context = {"tab": "disputes", "scope": scope, "row": row, "today": timezone.localdate()}
    return render(request, "principal/dispute.html", context)
