"""Changes of an account by its principal: the office's operations, roubles shown before what moves money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

import accounts.queries
from accounts.errors import Refusal
from accounts.queries import PersonalAccount, ResidencyKind, User
from portals import access
from portals.office import queries as office_queries
from portals.office.effects import Effect
from portals.principal import changes
from portals.principal.views.books import Scope
from portals.principal.views.rooms import Day, Line, page, refuse, worker


class EditForm(forms.Form):
    use_required_attribute = False
    ground = Line(label="Документ-основание", max_length=160, help_text="Например: заявление № 12 от 20.11.2026.")


class NameForm(EditForm):
    last_name = Line(label="Фамилия", max_length=60)
    first_name = Line(label="Имя", max_length=60, required=False)
    middle_name = Line(label="Отчество", max_length=60, required=False)
    field_order = ["last_name", "first_name", "middle_name", "ground"]


class PlaceForm(EditForm):
    number = Line(label="Номер помещения", max_length=20, required=False)
    entrance = Line(label="Подъезд", max_length=8, required=False)
    storey = forms.IntegerField(label="Этаж", min_value=-5, max_value=99, required=False)
    field_order = ["number", "entrance", "storey", "ground"]


class SettleForm(EditForm):
    persons = forms.IntegerField(label="Сколько человек вселилось", min_value=1, max_value=99, initial=1)
    kind = forms.TypedChoiceField(label="Как проживают", choices=ResidencyKind.choices, coerce=int)
    since = Day(label="С какого дня")
    until = Day(label="По какой день (для временных, не включая)", required=False)
    field_order = ["persons", "kind", "since", "until", "ground"]


class LeaveForm(EditForm):
    residency_id = forms.TypedChoiceField(
        label="Кто выбыл", coerce=int, error_messages={"required": "Выберите запись."}
    )
    persons = forms.IntegerField(label="Сколько человек", min_value=1, max_value=99, required=False)
    on = Day(label="Первый день без него")
    field_order = ["residency_id", "persons", "on", "ground"]


@dataclass
class Sheet:
    """One visit: the account, the forms, and what the change would cost."""

    request: HttpRequest
    account: PersonalAccount
    forms: dict[str, forms.Form] = field(default_factory=dict)
    asks: str = ""
    effect: Effect | None = None
    done: str = ""

    def perform(self, name: str, *, by: User) -> None:
        """Validate, show the effect first where money moves, then change; a refusal goes to its field."""
        form = self.forms[name]
        if not form.is_valid():
            return
        facts = form.cleaned_data
        try:
            if changes.CHANGES[name].moves_money and "agreed" not in self.request.POST:
                self.effect = changes.preview(self.account, name, facts, by=by)
                self.asks = name
                return
            self.done = changes.perform(self.account, name, facts, by=by)
        except Refusal as refusal:
            refuse(form, refusal)


@page
def edit(request: HttpRequest, scope: Scope, number: str) -> HttpResponse:
    """Name, address, household of an account of the own houses; only the manager and the operator come here."""
    account = access.get_edited_account_for(request.user, number)
    today, by = timezone.localdate(), worker(request)
    stays = [row for row in office_queries.residencies_of(account.premises_id, today) if not row.until]
    sheet = Sheet(request, account)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    person = account.payer_person
    initial: dict[str, dict[str, Any]] = {
        "name": {"last_name": person.last_name, "first_name": person.first_name, "middle_name": person.middle_name}
        if person else {},
        "place": {"number": account.premises.number, "entrance": account.premises.entrance,
                  "storey": account.premises.storey},
        "settle": {"since": today}, "leave": {"on": today},
    }  # fmt: skip
    kinds = {"name": NameForm, "place": PlaceForm, "settle": SettleForm, "leave": LeaveForm}
    if action and action not in kinds:
        raise Http404("Нет такого действия.")
    for name, kind in kinds.items():
        told = request.POST if name == action else None
        sheet.forms[name] = kind(told, initial=initial[name], prefix=name, auto_id=f"{name}_%s")
    choices = sheet.forms["leave"].fields["residency_id"]
    assert isinstance(choices, forms.ChoiceField)
    choices.choices = [
        (row.id, f"{row.name or 'без имени'}, {row.persons} чел., с {row.since:%d.%m.%Y}") for row in stays
    ]

    if action:
        sheet.perform(action, by=by)
        if sheet.done:
            messages.success(request, sheet.done)
            return redirect("principal:account", number=account.number)
    context = {
        "tab": "accounts", "scope": scope, "account": account, "sheet": sheet, "stays": stays, "opened": action,
        "address": accounts.queries.address_of(account.house, account.premises),
        "payer": accounts.queries.payer_of(account), "is_person": person is not None,
    }  # fmt: skip
    status = 422 if action and sheet.forms[action].errors else 200
    return render(request, "principal/edit.html", context, status=status)
