"""Papers that change what an account is charged: applications, ownership, acts; shown first, then carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

import accounts.operations
import accounts.queries
import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.operations import Owner
from accounts.queries import PersonalAccount
from portals import appeal_queries, asked
from portals.office import papers, queries, roles
from portals.office.effects import Effect, effect_of
from portals.office.forms import OfficeForm
from portals.office.pages import asked_action, desk, page, staff
from portals.office.views.card import get_account
from portals.templatetags.cabinet import amount, quantity


@dataclass
class Desk:
    """One visit to the page of papers of an account."""

    request: HttpRequest
    account: PersonalAccount
    today: date
    forms: dict[str, OfficeForm] = field(default_factory=dict)
    effect: Effect | None = None
    told: str = ""  # what an act comes to, before it is carried out
    asks: str = ""
    opened: str = ""
    done: str = ""

    def perform(self, name: str, form: OfficeForm, change: Callable[[], str], since: Callable[[], Month]) -> None:
        """Validate, show the effect with the posted months it reaches, then change; a refusal goes to its field."""
        self.forms[name], self.opened = form, name
        if not form.is_valid():
            return
        try:
            if "agreed" not in self.request.POST:
                self.effect = effect_of(change, account_id=self.account.pk, since=since())
                self.asks = name
                return
            self.done = change()
            billing.operations.redraft_account(self.account.pk)
        except Refusal as refusal:
            form.refuse(refusal)


@require_http_methods(["GET", "POST"])
@desk("accounts.view_personalaccount")
def papers_of(request: HttpRequest, account_id: int) -> HttpResponse:
    visit = Desk(request, get_account(account_id), timezone.localdate())
    if request.method == "POST":
        act = asked_action(request, ACTIONS)
        act(visit)
        if visit.done:
            messages.success(request, visit.done)
            return redirect("office:papers", account_id=account_id)
    return show(visit)


def show(visit: Desk) -> HttpResponse:
    request, account, today = visit.request, visit.account, visit.today
    for form in visit.forms.values():
        form.mark_errors()
    chosen = [int(text) for text in request.POST.getlist("person_id") if text.isdecimal()]
    return page(
        request,
        "office/papers.html",
        title=f"Заявления и акты, счёт {account.number}",
        status=422 if visit.forms and not visit.asks else 200,
        account=account,
        card=accounts.queries.account_card(account.pk, today),
        absences=queries.absences_of(account.premises_id),
        acts=queries.acts_of(account.pk),
        absence=visit.forms.get("absence") or papers.AbsenceForm(initial=told_of_absence(request, account, today)),
        withdraw=visit.forms.get("withdraw") or papers.WithdrawForm(),
        owners=visit.forms.get("owners") or papers.OwnersForm(initial={"since": today}),
        payer=visit.forms.get("payer") or papers.PayerForm(),
        act=visit.forms.get("act") or papers.ActForm(services=services(account, today), initial={"act_on": today}),
        undo=visit.forms.get("undo") or papers.WithdrawForm(auto_id="undo_%s"),
        opening=visit.forms.get("open") or papers.OpenAccountForm(initial={"opened_on": today}),
        chosen=queries.persons_of(chosen),
        effect=visit.effect,
        told=visit.told,
        asks=visit.asks,
        opened=visit.opened or ("absence" if "appeal" in request.GET else ""),
        asked_id=request.POST.get("row", ""),
        may={name: request.user.has_perm(right) for name, (right, _) in ACTIONS.items()},
    )


def told_of_absence(request: HttpRequest, account: PersonalAccount, today: date) -> dict[str, object]:
    """What the appeal named in the address tells of an absence; without one, the day of today alone."""
    pk = asked.number(request.GET.get("appeal", ""))
    facts = appeal_queries.absence_of(pk, account_id=account.pk) if pk is not None else {}
    return {"applied_on": today, **facts}


def services(account: PersonalAccount, on: date) -> list[tuple[int, str]]:
    return queries.metered_services(account.house_id, on)


def absence(visit: Desk) -> None:
    form = papers.AbsenceForm(visit.request.POST)

    def change() -> str:
        facts = dict(form.cleaned_data)
        accounts.operations.record_absence(
            account_id=visit.account.pk, by=staff(visit.request), today=timezone.localdate(), **facts
        )
        return f"Отсутствие с {facts['left_on']:%d.%m.%Y} по {facts['back_on']:%d.%m.%Y} записано."

    visit.perform("absence", form, change, lambda: Month.of(form.cleaned_data["left_on"]))


def withdraw(visit: Desk) -> None:
    form = papers.WithdrawForm(visit.request.POST)
    row = next(
        (one for one in queries.absences_of(visit.account.premises_id) if str(one.id) == visit.request.POST.get("row")),
        None,
    )
    if row is None:
        raise Http404("Такого отсутствия по счёту нет.")

    def change() -> str:
        accounts.operations.withdraw_absence(
            account_id=visit.account.pk, absence_id=row.id, by=staff(visit.request), ground=form.cleaned_data["ground"]
        )
        return "Отсутствие отменено."

    visit.perform("withdraw", form, change, lambda: Month.of(row.left_on))


def persons(request: HttpRequest) -> list[int]:
    return list(dict.fromkeys(int(text) for text in request.POST.getlist("person_id") if text.isdecimal()))


def owners(visit: Desk) -> None:
    form = papers.OwnersForm(visit.request.POST)
    found = persons(visit.request)

    def change() -> str:
        facts = form.cleaned_data
        accounts.operations.register_ownership(
            account_id=visit.account.pk, since=facts["since"], owners=shares(found, facts["shares"]),
            by=staff(visit.request), ground=facts["ground"],
        )  # fmt: skip
        return f"Собственники записаны с {facts['since']:%d.%m.%Y}."

    visit.perform("owners", form, change, lambda: Month.of(form.cleaned_data["since"]))


def shares(person_ids: list[int], text: str) -> list[Owner]:
    """Equal parts, or those that were typed: «1/2, 1/4, 1/4». Raises Refusal where they are no fractions."""
    if not text.strip():
        return [Owner(person_id=pk, numerator=1, denominator=len(person_ids)) for pk in person_ids]
    try:
        parts = [Fraction(part.strip()) for part in text.split(",")]
    except (ValueError, ZeroDivisionError) as odd:
        raise Refusal("Доли пишутся через запятую: 1/2, 1/4, 1/4.", field="shares") from odd
    if len(parts) != len(person_ids):
        raise Refusal(f"Долей {len(parts)}, а собственников {len(person_ids)}. Сверьте их.", field="shares")
    return [Owner(pk, None, part.numerator, part.denominator) for pk, part in zip(person_ids, parts, strict=True)]


def payer(visit: Desk) -> None:
    form = papers.PayerForm(visit.request.POST)
    found = persons(visit.request)

    def change() -> str:
        accounts.operations.change_payer(
            account_id=visit.account.pk, by=staff(visit.request), ground=form.cleaned_data["ground"],
            person_id=found[0] if found else None,
        )  # fmt: skip
        return "Плательщик изменён."

    visit.perform("payer", form, change, lambda: Month.of(visit.today))


def open_account(visit: Desk) -> None:
    """One more account of the same premises: shared accounts, or after the former one is closed."""
    form = papers.OpenAccountForm(visit.request.POST)
    found = persons(visit.request)

    def change() -> str:
        facts = dict(form.cleaned_data)
        made = accounts.operations.open_account(
            premises_id=visit.account.premises_id, by=staff(visit.request),
            payer_person_id=found[0] if found else None, **facts,
        )  # fmt: skip
        return f"Открыт счёт {made.number} с {facts['opened_on']:%d.%m.%Y}."

    visit.perform("open", form, change, lambda: Month.of(form.cleaned_data["opened_on"]))


def act(visit: Desk) -> None:
    """An act of unauthorised use: what it comes to, then its lines."""
    form = papers.ActForm(visit.request.POST, services=services(visit.account, visit.today))
    visit.forms["act"], visit.opened = form, "act"
    if not form.is_valid():
        return
    paper = billing.operations.UnauthorisedAct(account_id=visit.account.pk, **form.cleaned_data)
    try:
        if "agreed" not in visit.request.POST:
            rows = billing.operations.plan_unauthorised(paper)
            whole = sum((row.amount for row in rows), start=queries.ZERO)
            # days that another act has are left out: there may be several spans of them
            spans = [row for row in rows if row.component == rows[0].component]
            days = ", ".join(f"{row.charged_from:%d.%m.%Y} – {row.charged_to:%d.%m.%Y}" for row in spans)
            volume = sum((row.volume for row in spans), start=queries.ZERO)
            visit.told = (
                f"За {days} будет начислено {amount(whole)} ₽,"
                f" {Month(rows[0].month).title}: объём {quantity(volume)}, тариф {amount(rows[0].tariff)} ₽."
            )
            visit.asks = "act"
            return
        rows = billing.operations.charge_unauthorised(paper, by=staff(visit.request))
        visit.done = f"По акту начислено {amount(sum((row.amount for row in rows), start=queries.ZERO))} ₽."
    except Refusal as refusal:
        form.refuse(refusal)


def undo(visit: Desk) -> None:
    """A counting error in an act: its lines are taken back."""
    form = papers.WithdrawForm(visit.request.POST, auto_id="undo_%s")
    visit.forms["undo"], visit.opened = form, "undo"
    wanted = visit.request.POST.get("row", "")
    if wanted not in {str(row.id) for row in queries.acts_of(visit.account.pk)}:
        raise Http404("Такого акта по счёту нет.")
    if not form.is_valid():
        return
    try:
        billing.operations.reverse_unauthorised(
            use_id=int(wanted), reason=form.cleaned_data["ground"], by=staff(visit.request)
        )
        visit.done = "Начисление по акту снято: ошибка счёта."
    except Refusal as refusal:
        form.refuse(refusal)


ACTIONS: dict[str, tuple[str, Callable[[Desk], None]]] = {
    "absence": (roles.CHANGE_PEOPLE, absence),
    "withdraw": (roles.CHANGE_PEOPLE, withdraw),
    "owners": (roles.CHANGE_PEOPLE, owners),
    "payer": ("accounts.change_personalaccount", payer),
    "open": ("accounts.change_personalaccount", open_account),
    "act": (roles.CORRECT, act),
    "undo": (roles.CORRECT, undo),
}
