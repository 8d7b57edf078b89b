"""The first account of premises: house, payer, areas, residents and meters on one page, shown before it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.operations
import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from accounts.operations import FirstMeter, Home
from accounts.queries import PersonalAccount
from portals import asked
from portals.office import queries, roles
from portals.office.forms import FirstMeterForm, HomeForm
from portals.office.pages import desk, fragment, page, staff

METERS = 4


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The first bill, were the account opened: None of a month where no month is open."""

    month: Month | None
    charges: Sequence[Any]
    amount: Decimal
    problems: Sequence[str]


@require_safe
@desk("accounts.view_organisation")
def organisations(request: HttpRequest) -> HttpResponse:
    """Organisations to choose a payer from."""
    text = asked.text(request, "organisation_q")
    return fragment(request, "office/_organisations.html", rows=queries.organisations_named(text), text=text)


@require_http_methods(["GET", "POST"])
@desk(roles.OPEN_ACCOUNT)
def opening(request: HttpRequest) -> HttpResponse:
    """The form; its first sending shows the first bill, the second opens the account."""
    today = timezone.localdate()
    sent = request.POST if request.method == "POST" else None
    form = HomeForm(sent, initial={"opened_on": today})
    meters = [
        FirstMeterForm(sent, prefix=f"m{number}", initial={"on": today}, empty_permitted=True)
        for number in range(1, METERS + 1)
    ]
    foreseen = None
    if sent is not None:
        foreseen, made = answer(request, form, meters)
        if made is not None:
            messages.success(request, f"Открыт счёт {made.number} с {made.opened_on:%d.%m.%Y}.")
            return redirect("office:card", account_id=made.pk)
    for one in (form, *meters):
        if one.is_bound:
            one.mark_errors()
    houses = chosen(request, "house_id") if sent is not None else asked.numbers(request, "house_id")
    return page(
        request,
        "office/open_home.html",
        title="Открыть лицевой счёт",
        status=422 if sent is not None and foreseen is None else 200,
        form=form,
        meters=[(one, one.is_bound and (one.has_changed() or bool(one.errors))) for one in meters],
        foreseen=foreseen,
        houses=queries.houses_by_id(houses[:1]),
        persons=queries.persons_of(chosen(request, "person_id")),
        organisations=queries.organisations_of(chosen(request, "organisation_id")),
        taken=[name for name in form.fields if name not in SHOWN_APART],
    )


SHOWN_APART = {"is_tenant"}


def chosen(request: HttpRequest, name: str) -> list[int]:
    found = [asked.number(text) for text in request.POST.getlist(name)]
    return list(dict.fromkeys(one for one in found if one is not None))


def answer(
    request: HttpRequest, form: HomeForm, meters: Sequence[FirstMeterForm]
) -> tuple[Foreseen | None, PersonalAccount | None]:
    """What is foreseen, or the account that was opened; neither where something is wrong: the forms say what."""
    filled = [one for one in meters if one.has_changed()]
    if not all([form.is_valid(), *(one.is_valid() for one in filled)]):
        return None, None
    try:
        if "agreed" not in request.POST:
            return foresee(request, form, filled), None
        return None, open_home(request, form, filled)
    except Refusal as refusal:
        mark(refusal, form, filled)
        return None, None


def open_home(request: HttpRequest, form: HomeForm, meters: Sequence[FirstMeterForm]) -> PersonalAccount:
    houses, organisations_chosen = chosen(request, "house_id"), chosen(request, "organisation_id")
    home = Home(
        house_id=houses[0] if houses else 0, person_ids=chosen(request, "person_id"),
        organisation_id=organisations_chosen[0] if organisations_chosen else None,
        meters=[FirstMeter(resource=row["resource"], meter=one.meter, on=row["on"]) for one, row in facts(meters)],
        **form.cleaned_data,
    )  # fmt: skip
    return accounts.operations.open_home(home, by=staff(request), today=timezone.localdate())


def facts(meters: Sequence[FirstMeterForm]) -> list[tuple[FirstMeterForm, dict[str, Any]]]:
    return [(one, one.cleaned_data) for one in meters]


def foresee(request: HttpRequest, form: HomeForm, meters: Sequence[FirstMeterForm]) -> Foreseen:
    """The account is opened, its first bill drafted and read, and everything undone."""
    month = billing.queries.current_month()
    with rolled_back():
        account = open_home(request, form, meters)
        if month is None:
            return Foreseen(None, [], queries.ZERO, [])
        billing.operations.run_billing(month=month, account_ids=[account.pk])
        charges = billing.queries.charges_of_account(account_id=account.pk, month=month)
        problems = billing.queries.problems_of_account(account_id=account.pk, month=month)
    return Foreseen(month, charges, sum((row.amount for row in charges), start=queries.ZERO), problems)


def mark(refusal: Refusal, form: HomeForm, meters: Sequence[FirstMeterForm]) -> None:
    """A refusal about a meter stands at the meter that it is about, if there is but one."""
    about_meter = isinstance(refusal, accounts.operations.MeterRefused)
    (meters[0] if about_meter and len(meters) == 1 else form).refuse(refusal)
