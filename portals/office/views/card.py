"""The account page: everything about one account on one screen, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.operations
import accounts.queries
import billing.operations
import billing.queries
import debt.queries
import epd.queries
import epd.render
import payments.queries
import portals.queries
from accounts.calendar import ONE_DAY, Month
from accounts.errors import Refusal
from accounts.operations import ReadingDoubtful
from accounts.queries import MeterRow, PersonalAccount, ReadingSource
from portals import asked, notice_queries
from portals.office import forms, queries, roles
from portals.office.effects import Effect, effect_of
from portals.office.forms import OfficeForm
from portals.office.pages import asked_action, desk, fragment, page, staff
from portals.templatetags.cabinet import amount, quantity


@dataclass
class Sheet:
    """One visit to the page: the account, the forms on it, and what a change would cost."""

    request: HttpRequest
    account: PersonalAccount
    today: date
    meters: list[MeterRow]
    forms: dict[str, OfficeForm] = field(default_factory=dict)
    effects: dict[str, Effect | None] = field(default_factory=dict)
    asks: str = ""  # the form that waits for a second yes
    opened: str = ""  # the form to show open
    done: str = ""

    def perform(self, name: str, form: OfficeForm, change: Callable[[], str], *, preview: bool) -> None:
        """Validate, show the effect first where `preview`, then change; a refusal goes to its field."""
        self.forms[name], self.opened = form, name
        if not form.is_valid():
            return
        try:
            if preview and "agreed" not in self.request.POST:
                self.effects[name] = effect_of(change, account_id=self.account.pk)
                self.asks = name
                return
            self.done = change()
        except Refusal as refusal:
            form.refuse(refusal)


def get_account(account_id: int) -> PersonalAccount:
    account = accounts.queries.accounts_with_address().filter(pk=account_id).first()
    if account is None:
        raise Http404("Лицевой счёт не найден.")
    return account


@require_http_methods(["GET", "POST"])
@desk("accounts.view_personalaccount")
def card(request: HttpRequest, account_id: int) -> HttpResponse:
    account = get_account(account_id)
    today = timezone.localdate()
    sheet = Sheet(request, account, today, accounts.queries.last_readings(account_id))
    if request.method == "POST":
        act = asked_action(request, ACTIONS)
        act(sheet)
        if sheet.done:
            messages.success(request, sheet.done)
            return HttpResponseRedirect(request.get_full_path())
    return show(sheet)


def show(sheet: Sheet) -> HttpResponse:
    request, account, today = sheet.request, sheet.account, sheet.today
    current = billing.queries.current_month() or Month.of(today)
    month = asked.month(request, current)
    months = list(reversed(list(Month.range(month + -11, month))))
    totals = billing.queries.totals_by_month(account_id=account.pk, months=months)
    charges = billing.queries.charges_of_account(account_id=account.pk, month=month)
    statement = payments.queries.statement_rows(account_id=account.pk, month=month)
    for form in sheet.forms.values():
        form.mark_errors()
    person_id = request.POST.get("person_id", "")
    told = accounts.queries.account_card(account.pk, today, account=account, meters=sheet.meters)
    return page(
        request,
        "office/card.html",
        title=f"Счёт {account.number}",
        status=422 if sheet.forms and not sheet.asks else 200,
        card=told,
        today=today,
        month=month,
        previous=month.previous,
        following=month.next if month < current else None,
        charges=charges,
        charged=sum((row.amount for row in charges), start=payments.queries.ZERO),
        is_chalk=any(not row.is_ink for row in charges),
        is_mixed=len({row.is_ink for row in charges}) > 1,
        statement=statement,
        statement_total=totals_of(statement),
        has_other=any(row.recalculated or row.benefits for row in statement),
        balance=payments.queries.balance(account_id=account.pk, on=today + ONE_DAY),  # today's payments count
        debts=by_month(payments.queries.debts(account_id=account.pk)),
        totals=[(known, totals[known]) for known in months],
        payments=payments.queries.payments_of_account(account_id=account.pk, limit=12),
        documents=epd.queries.documents_of_account(account_id=account.pk)[:12],
        services=queries.services_of(account.house_id, account.pk, today),
        stays=[stay_panel(sheet, row) for row in queries.stays_told(told.stays, today)],
        areas=queries.areas_told(told.areas),
        holds=queries.holds_of(account.pk),
        journal=[
            (row.title, row)
            for row in accounts.queries.journal_of_account(account.pk, limit=15)
        ],
        meters=[meter_panel(sheet, row) for row in sheet.meters],
        settle=sheet.forms.get("settle") or forms.SettleForm(initial={"since": today}),
        settle_person=next((row for row in persons_by_id(person_id)), None),
        area=sheet.forms.get("area") or forms.AreaForm(initial={"since": today}),
        hold=sheet.forms.get("hold") or forms.ReasonForm(),
        close=sheet.forms.get("close") or forms.CloseAccountForm(initial={"closed_on": today}),
        effect=sheet.effects.get(sheet.asks),
        asks=sheet.asks,
        works=notice_queries.works_of_house(account.house_id, at=timezone.now()),
        opened=sheet.opened,
        may={name: request.user.has_perm(right) for name, right in RIGHTS.items()},
    )  # fmt: skip


@dataclass(frozen=True)
class MeterPanel:
    meter: MeterRow
    reading: OfficeForm
    replacement: OfficeForm
    verification: OfficeForm
    is_doubtful: bool


def meter_panel(sheet: Sheet, row: MeterRow) -> MeterPanel:
    name = f"reading{row.id}"
    return MeterPanel(
        meter=row,
        reading=sheet.forms.get(name) or reading_form(row, sheet.today),
        replacement=sheet.forms.get(f"replace{row.id}") or replace_form(row, sheet.today),
        verification=sheet.forms.get(f"verify{row.id}") or verify_form(row, sheet.today),
        is_doubtful=sheet.asks == name,
    )


@dataclass(frozen=True)
class StayPanel:
    stay: queries.ResidencyRow
    leaving: OfficeForm


def stay_panel(sheet: Sheet, row: queries.ResidencyRow) -> StayPanel:
    return StayPanel(row, sheet.forms.get(f"move_out{row.id}") or leave_form(row.id, sheet.today))


def persons_by_id(text: str) -> list[queries.PersonRow]:
    number = asked.number(text)
    return queries.persons_of([number]) if number is not None else []


def totals_of(rows: list[payments.queries.StatementRow]) -> dict[str, Any]:
    names = ("opening", "charged", "recalculated", "benefits", "penalty", "paid", "closing")
    return {name: sum((getattr(row, name) for row in rows), start=payments.queries.ZERO) for name in names}


def by_month(items: list[Any]) -> list[tuple[Month, Any]]:
    """What is unpaid, month by month, the oldest first."""
    found: dict[date, Any] = {}
    for item in items:
        found[item.for_month] = found.get(item.for_month, payments.queries.ZERO) + item.amount
    return [(Month.of(first), owed) for first, owed in sorted(found.items())]


# --- what may be done -------------------------------------------------------------------------------------------------


def reading_form(row: MeterRow, today: date, data: Any = None) -> forms.ReadingForm:
    return forms.ReadingForm(data, meter=row, prefix=f"m{row.id}", initial={"on": today})


def replace_form(row: MeterRow, today: date, data: Any = None) -> forms.ReplaceMeterForm:
    return forms.ReplaceMeterForm(data, meter=row, prefix=f"r{row.id}", initial={"on": today, "digits": row.digits})


def verify_form(row: MeterRow, today: date, data: Any = None) -> forms.VerifyMeterForm:
    return forms.VerifyMeterForm(data, prefix=f"v{row.id}", initial={"verified_on": today})


def leave_form(residency_id: int, today: date, data: Any = None) -> forms.MoveOutForm:
    prefix = f"o{residency_id}"
    return forms.MoveOutForm(data, prefix=prefix, initial={"residency_id": residency_id, "on": today})


def meter_of(sheet: Sheet) -> MeterRow:
    wanted = sheet.request.POST.get("meter", "")
    meter = next((row for row in sheet.meters if str(row.id) == wanted), None)
    if meter is None:
        raise Http404("Такого прибора по счёту нет.")
    return meter


def enter_reading(sheet: Sheet) -> None:
    meter = meter_of(sheet)
    form = reading_form(meter, sheet.today, sheet.request.POST)

    def change() -> str:
        taken = accounts.operations.submit_reading(
            account_id=sheet.account.pk, meter_id=meter.id, values=form.values, on=form.cleaned_data["on"],
            by=staff(sheet.request), today=sheet.today, source=ReadingSource.OPERATOR,
            confirmed="confirmed" in sheet.request.POST,
        )  # fmt: skip
        billing.operations.redraft_account(sheet.account.pk)
        used = ", ".join(f"{quantity(value)} {meter.unit}" for value in taken.usage.values())
        return f"Показание принято, квитанция {taken.receipt}. Расход: {used}. Учтётся за {taken.month.title}."

    name = f"reading{meter.id}"
    try:
        sheet.forms[name] = form
        if form.is_valid():
            sheet.done = change()
    except ReadingDoubtful as doubt:
        form.add_error(None, str(doubt))
        sheet.asks = name
    except Refusal as refusal:
        form.refuse(refusal)


def settle(sheet: Sheet) -> None:
    form = forms.SettleForm(sheet.request.POST)

    def change() -> str:
        facts = dict(form.cleaned_data)
        accounts.operations.settle_resident(account_id=sheet.account.pk, by=staff(sheet.request), **facts)
        return f"Учтено проживание с {facts['since']:%d.%m.%Y}."

    sheet.perform("settle", form, change, preview=True)


def move_out(sheet: Sheet) -> None:
    residency_id = sheet.request.POST.get("residency", "")
    if asked.number(residency_id) is None:
        raise Http404("Нет такой записи о проживании.")
    form = leave_form(int(residency_id), sheet.today, sheet.request.POST)

    def change() -> str:
        accounts.operations.move_out(account_id=sheet.account.pk, by=staff(sheet.request), **form.cleaned_data)
        return f"Снят с учёта с {form.cleaned_data['on']:%d.%m.%Y}."

    sheet.perform(f"move_out{residency_id}", form, change, preview=True)


def change_area(sheet: Sheet) -> None:
    form = forms.AreaForm(sheet.request.POST)

    def change() -> str:
        accounts.operations.change_area(account_id=sheet.account.pk, by=staff(sheet.request), **form.cleaned_data)
        return f"Площадь изменена с {form.cleaned_data['since']:%d.%m.%Y}."

    sheet.perform("area", form, change, preview=True)


def verify_meter(sheet: Sheet) -> None:
    meter = meter_of(sheet)
    form = verify_form(meter, sheet.today, sheet.request.POST)

    def change() -> str:
        accounts.operations.verify_meter(
            account_id=sheet.account.pk, meter_id=meter.id, by=staff(sheet.request), today=sheet.today,
            **form.cleaned_data,
        )  # fmt: skip
        return f"Поверка счётчика № {meter.serial} записана."

    sheet.perform(f"verify{meter.id}", form, change, preview=False)


def replace_meter(sheet: Sheet) -> None:
    meter = meter_of(sheet)
    form = replace_form(meter, sheet.today, sheet.request.POST)

    def change() -> str:
        facts = form.cleaned_data
        new = accounts.operations.NewMeter(
            serial=facts["serial"], model=facts["model"], initial=form.dials("start"), zones=meter.zones,
            digits=facts["digits"], decimals=meter.decimals, ratio=meter.ratio, place=meter.place,
            verified_until=facts["verified_until"],
        )  # fmt: skip
        accounts.operations.replace_meter(
            account_id=sheet.account.pk, meter_id=meter.id, final=form.dials("zone"), meter=new, on=facts["on"],
            by=staff(sheet.request), today=sheet.today, ground=facts["ground"],
            confirmed="agreed" in sheet.request.POST,
        )  # fmt: skip
        return f"Счётчик № {meter.serial} заменён на № {facts['serial']}."

    sheet.perform(f"replace{meter.id}", form, change, preview=False)


def hold(sheet: Sheet) -> None:
    form = forms.ReasonForm(sheet.request.POST)

    def change() -> str:
        month = billing.queries.current_month()
        if month is None:
            raise Refusal("Открытого месяца нет: удерживать нечего.")
        billing.operations.hold_account(
            account_id=sheet.account.pk, month=month, cause=form.cleaned_data["ground"], by=staff(sheet.request)
        )
        return f"Счёт удержан: начисления за {month.title} не проводятся, пока удержание не снято."

    sheet.perform("hold", form, change, preview=False)


def release(sheet: Sheet) -> None:
    hold_id = sheet.request.POST.get("hold_id", "")
    known = {str(row.id) for row in queries.holds_of(sheet.account.pk)}
    if hold_id not in known:
        raise Http404("Такого удержания по счёту нет.")
    try:
        billing.operations.release_hold(hold_id=int(hold_id), by=staff(sheet.request))
        sheet.done = "Удержание снято."
    except Refusal as refusal:
        messages.error(sheet.request, str(refusal))


def redraft(sheet: Sheet) -> None:
    month = billing.queries.current_month()
    if month is None:
        messages.error(sheet.request, "Открытого месяца нет: рассчитывать нечего.")
        return
    try:
        made = billing.operations.run_billing(month=month, account_ids=[sheet.account.pk], by=staff(sheet.request))
        now = billing.queries.totals_by_month(account_id=sheet.account.pk, months=[month])[month]
        sheet.done = f"Рассчитано за {month.title}: {amount(now)} ₽, строк {made.lines}."
    except Refusal as refusal:
        messages.error(sheet.request, str(refusal))


def close(sheet: Sheet) -> None:
    form = forms.CloseAccountForm(sheet.request.POST)

    def change() -> str:
        accounts.operations.close_account(account_id=sheet.account.pk, by=staff(sheet.request), **form.cleaned_data)
        return f"Счёт закрыт с {form.cleaned_data['closed_on']:%d.%m.%Y}."

    sheet.perform("close", form, change, preview=True)


ACTIONS: dict[str, tuple[str, Callable[[Sheet], None]]] = {
    "reading": (roles.ENTER_READING, enter_reading),
    "settle": (roles.CHANGE_PEOPLE, settle),
    "move_out": (roles.CHANGE_PEOPLE, move_out),
    "area": (roles.CHANGE_AREA, change_area),
    "verify": ("accounts.change_meter", verify_meter),
    "replace": ("accounts.change_meter", replace_meter),
    "hold": (roles.HOLD, hold),
    "release": (roles.RELEASE, release),
    "redraft": (roles.DRAFT, redraft),
    "close": ("accounts.change_personalaccount", close),
}
RIGHTS = {name: right for name, (right, _) in ACTIONS.items()} | {
    "edit": "accounts.change_personalaccount", "cash": roles.TAKE_CASH, "reverse": roles.REVERSE_PAYMENT,
    "journal": "accounts.view_journalentry", "issue": roles.ISSUE,
}  # fmt: skip


# --- fragments --------------------------------------------------------------------------------------------------------


@require_safe
@desk("accounts.view_personalaccount")
def why(request: HttpRequest, account_id: int) -> HttpResponse:
    """Why the lines of a service are what they are: inputs, formula with numbers, paragraph; of one line, the month
    before beside it and the difference by cause, as the resident's cabinet tells them."""
    account = get_account(account_id)
    current = billing.queries.current_month() or Month.of(timezone.localdate())
    month = asked.month(request, current)
    wanted = {name: request.GET.get(name, "") for name in ("contract_id", "service_id", "kind", "line")}
    today = timezone.localdate()
    if all(wanted.values()):
        reason = portals.queries.reason(account.pk, month, key="-".join(wanted.values()), today=today)
        return fragment(request, "office/_why.html", rows=[reason] if reason else [], reason=reason)
    rows = [
        row
        for row in debt.queries.explain(account_id=account.pk, month=month, today=today)
        if all(str(getattr(row, name)) == value for name, value in wanted.items() if value)
    ]
    return fragment(request, "office/_why.html", rows=rows)


@require_safe
@desk("payments.view_payment")
def path(request: HttpRequest, account_id: int, payment_id: int) -> HttpResponse:
    """Where a payment of the account went: its parts, the remittance of each, the bank's confirmation."""
    found = payments.queries.payment_path(payment_id)
    if found is None or found.payment.account_id != account_id:
        raise Http404("Такого платежа по счёту нет.")
    return fragment(request, "office/_path.html", path=found, reasons=reasons_of(found))


def reasons_of(path: payments.queries.PaymentPath) -> list[str]:
    """Why the parts went where they went, each reason once."""
    return list(dict.fromkeys(step.part.reason for step in path.steps if step.part.reason))


@require_safe
@desk("accounts.view_reading")
def readings(request: HttpRequest, account_id: int) -> HttpResponse:
    account = get_account(account_id)
    return fragment(request, "office/_readings.html", rows=accounts.queries.readings_of_account(account.pk, limit=60))


@require_safe
@desk("accounts.view_person")
def persons(request: HttpRequest) -> HttpResponse:
    """Persons to choose from, by the beginning of the name."""
    text = asked.text(request, "name")
    many = request.GET.get("many") == "1"
    return fragment(request, "office/_persons.html", rows=queries.persons_named(text), text=text, many=many)


@require_safe
@desk("epd.view_paymentdocument")
def document(request: HttpRequest, account_id: int, document_id: int) -> HttpResponse:
    """The document as it was issued, PDF."""
    account = get_account(account_id)
    found = account.documents.filter(pk=document_id).first()
    if found is None:
        raise Http404("Такого документа по счёту нет.")
    response = HttpResponse(epd.render.pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{account.number}-{found.month:%Y-%m}.pdf"'
    return response


def card_of(account_id: int) -> str:
    return reverse("office:card", args=[account_id])
