"""The cash desk: found by anything, debt and readings on one screen, a receipt for several accounts, change counted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import accounts.operations
import accounts.queries
import billing.operations
import epd.barcode
import payments.desk_queries
import payments.operations
import payments.queries
from accounts.calendar import ONE_DAY, Month
from accounts.errors import Refusal
from accounts.money import ZERO, total, written
from accounts.operations import ReadingDoubtful
from accounts.queries import ChannelKind, MeterRow, PersonalAccount, ReadingSource
from payments.allocation import OnlyPenalty
from payments.operations.allocating import Directed
from payments.operations.reallocating import ByRule
from portals import asked
from portals.office import forms, queries, roles
from portals.office.pages import desk, fragment, page, staff
from portals.office.views.card import by_month, reading_form
from portals.templatetags.cabinet import quantity

MOST = 20  # accounts in one receipt
ALL_PENALTIES = "p"  # a purpose: penalties of all that does not stand apart
RECENT, LONGEST = timedelta(minutes=10), timedelta(days=1)  # what was taken meanwhile: at least, at most so long ago
LARGE, LARGER_TIMES = Decimal("100000.00"), 10  # a sum above both, ten times the debt, is asked about first


@dataclass(frozen=True)
class Client:
    """One account of the receipt: what it owes, and what its meters last said."""

    account: PersonalAccount
    address: str
    payer: str
    balance: Decimal
    debts: list[tuple[Month, Decimal]]
    services: list[tuple[str, Decimal]]
    penalties: Decimal
    meters: list[tuple[MeterRow, Any]]
    field: Any
    without: str

    @property
    def overpaid(self) -> Decimal:
        return -self.balance


def chosen(request: HttpRequest) -> list[int]:
    """Accounts of the receipt, as the address of the page names them."""
    return asked.numbers(request, "a")[:MOST]


def address_of_desk(ids: list[int]) -> str:
    query = "&".join(f"a={number}" for number in ids)
    return reverse("office:cash_desk") + (f"?{query}" if query else "")


@require_http_methods(["GET", "POST"])
@desk(roles.TAKE_CASH)
def desk_page(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    ids = chosen(request)
    found = {row.pk: row for row in accounts.queries.accounts_with_address().filter(pk__in=ids)}
    ids = [number for number in ids if number in found]
    owed = payments.queries.balances(account_ids=ids, on=today + ONE_DAY)
    offices = queries.offices()
    items = payments.queries.open_items_of(account_ids=ids) if ids else {}
    purposes = purposes_of(items)
    doubtful: list[Doubtful] = []
    confirm = ""
    if request.method == "POST":
        form = forms.DeskForm(request.POST, account_ids=ids, offices=offices, purposes=purposes)
        if form.is_valid():
            with payments.operations.held_at_desk(ids):
                owed = payments.queries.balances(account_ids=ids, on=today + ONE_DAY)
                doubtful = doubtful_sums(form, owed, at=timezone.now())
                wanted = confirmation(form, doubtful)
                if doubtful and request.POST.get("confirmed") != wanted:
                    confirm = wanted
                elif answer := take(request, form, today):
                    return answer
        form.mark_errors()
    else:
        initial: dict[str, Any] = {f"amount_{number}": max(owed[number], ZERO) or None for number in ids}
        initial |= {"office": request.session.get("office"), "key": uuid.uuid4().hex}
        initial["shown"] = timezone.now().isoformat()
        form = forms.DeskForm(initial=initial, account_ids=ids, offices=offices, purposes=purposes)
    clients = [
        Client(
            account=found[number],
            address=accounts.queries.address_of(found[number].house, found[number].premises),
            payer=accounts.queries.payer_of(found[number]),
            balance=owed[number],
            debts=by_month(items[number]),
            services=by_service([item for item in items[number] if not item.is_penalty]),
            penalties=total(item.amount for item in items[number] if item.is_penalty),
            meters=[(row, reading_form(row, today)) for row in accounts.queries.last_readings(number)],
            field=form[f"amount_{number}"],
            without=address_of_desk([other for other in ids if other != number]),
        )
        for number in ids
    ]
    return page(
        request,
        "office/cash_desk.html",
        title="Касса",
        status=422 if request.method == "POST" else 200,
        clients=clients,
        form=form,
        has_offices=bool(offices),
        doubtful=[(found[doubt.account_id].number, doubt) for doubt in doubtful] if confirm else [],
        confirm=confirm,
        desk_url=address_of_desk(ids),
        preview_url=reverse("office:cash_preview") + "?" + "&".join(f"a={number}" for number in ids),
        find_url=reverse("office:cash_find") + "?" + "&".join(f"a={number}" for number in ids),
        shift=queries.shift_of(staff(request).pk, today),
        open_shift=payments.desk_queries.open_shift_of(staff(request).pk),
        today=today,
    )


@dataclass(frozen=True)
class Foreseen:
    """Whose the money of an account would be: principal, roubles by the contracts, roubles by another rule."""

    number: str
    amount: Decimal
    typed: str
    principals: list[tuple[str, Decimal, Decimal]]
    refusal: str = ""


@require_safe
@desk(roles.TAKE_CASH)
def preview(request: HttpRequest) -> HttpResponse:
    """Before money is taken: what each principal would get of the sums as they stand in the form. Writes nothing."""
    ids = chosen(request)
    numbers = queries.account_numbers(ids)
    named = Named.of(request.GET.get("purpose", ""))
    rows = []
    for account_id in ids:
        typed = request.GET.get(f"amount_{account_id}", "")
        try:
            amount = forms.roubles("сумма").clean(typed)
        except ValidationError:
            continue  # not typed to its end yet
        if account_id in numbers and amount:
            rows.append(foreseen(account_id, numbers[account_id], amount, typed, named))
    return fragment(request, "office/_cash_preview.html", rows=rows)


def foreseen(account_id: int, number: str, amount: Decimal, typed: str, named: Named) -> Foreseen:
    today = timezone.localdate()
    whole = payments.queries.within_whole_debt(account_id=account_id, amount=amount, on=today)
    sums: dict[str, list[Decimal]] = {}
    rules: tuple[ByRule, ByRule] = ("", "charged")
    try:
        for place, rule in enumerate(rules):
            told = payments.operations.preview(
                account_id=account_id, amount=amount, on=today, channel_kind=ChannelKind.CASH_DESK, by_rule=rule,
                directed_to=named.direction or whole, for_month=named.month,
            )  # fmt: skip
            for part in told:
                name = part.principal or "Аванс плательщика"
                sums.setdefault(name, [ZERO, ZERO])[place] += part.amount
    except Refusal as refusal:
        return Foreseen(number, amount, typed, [], str(refusal))
    found = [(name, usual, other) for name, (usual, other) in sums.items()]
    return Foreseen(number, amount, typed, sorted(found, key=lambda row: (-row[1], row[0])))


@dataclass(frozen=True)
class Doubtful:
    """A sum that is asked about before it is taken, roubles. taken: what the account has just brought."""

    account_id: int
    amount: Decimal
    debt: Decimal
    is_far_above: bool
    taken: list[payments.desk_queries.JustTaken]


def doubtful_sums(form: forms.DeskForm, owed: dict[int, Decimal], *, at: datetime) -> list[Doubtful]:
    """Sums that look like a slip: far above the debt, without any debt, or of an account that was paid just now.

    Just now is since the form was shown, and the last minutes in any case. None once the form gave its receipt.
    """
    if payments.queries.is_receipt_key(form.cleaned_data["key"]):
        return []
    debts = {number: max(owed[number], ZERO) for number, _ in form.lines}
    taken = payments.desk_queries.just_taken(list(debts), since=shown(form, at=at))
    doubts = [
        Doubtful(
            number, amount, debts[number], taken=taken.get(number, []),
            is_far_above=amount > LARGE and amount > LARGER_TIMES * debts[number],
        )
        for number, amount in form.lines
    ]  # fmt: skip
    return [doubt for doubt in doubts if doubt.is_far_above or doubt.taken or not doubt.debt]


def shown(form: forms.DeskForm, *, at: datetime) -> datetime:
    """From when what was taken is asked about; what a browser says counts within a day."""
    try:
        told = parse_datetime(form.cleaned_data["shown"])
    except ValueError:
        told = None
    if told is None or timezone.is_naive(told):
        return at - RECENT
    return min(max(told, at - LONGEST), at - RECENT)


def confirmation(form: forms.DeskForm, doubtful: list[Doubtful]) -> str:
    """What is confirmed: this sum and no other, after these payments and no later ones."""
    seen = [str(row.payment_id) for doubt in doubtful for row in doubt.taken]
    return "/".join([str(total(amount for _, amount in form.lines)), *seen])


def by_service(items: list[Any]) -> list[tuple[str, Decimal]]:
    names = queries.service_names()
    found: dict[int, Decimal] = {}
    for item in items:
        found[item.service_id] = found.get(item.service_id, ZERO) + item.amount
    return [(names.get(service_id, "Аванс"), amount) for service_id, amount in found.items() if amount]


def purposes_of(items: dict[int, list[Any]]) -> list[tuple[str, str]]:
    """What a payer may name: one service of his debts, penalties, the newest month first. Values as `Named.of` reads.

    Penalties of what stands apart are named by their service: they go to a bank account of their own.
    """
    every = [item for rows in items.values() for item in rows]
    found = [(f"s{number}", f"только {name}: {written(sum_)} ₽") for number, name, sum_ in owed_services(every)]
    fines = [item for item in every if item.is_penalty]
    usual = total(item.amount for item in fines if not item.is_apart)
    if usual > 0:
        found.append((ALL_PENALTIES, f"только пени: {written(usual)} ₽"))
    found += [
        (f"p{number}", f"только пени, {name}: {written(sum_)} ₽")
        for number, name, sum_ in owed_services([item for item in fines if item.is_apart])
    ]
    months = [item.for_month for item in every if item.amount > 0]
    if months:
        month = Month.of(max(months))
        found.append((f"m{month}", f"сначала текущий месяц: {month.title}"))
    return found


def owed_services(items: list[Any]) -> list[tuple[int, str, Decimal]]:
    """Services with something to pay and how much, roubles; what stands apart first."""
    names = queries.service_names()
    owed: dict[tuple[bool, int], Decimal] = {}
    for item in items:
        if item.service_id in names:
            key = (not item.is_apart, item.service_id)
            owed[key] = owed.get(key, ZERO) + item.amount
    return [(number, names[number], amount) for (_, number), amount in sorted(owed.items()) if amount > 0]


@dataclass(frozen=True)
class Named:
    """What the payer named at the desk: services, penalties alone, a month, or nothing."""

    services: tuple[int, ...] = ()
    month: Month | None = None
    is_penalty: bool = False

    @property
    def direction(self) -> Directed:
        return OnlyPenalty(self.services) if self.is_penalty else self.services

    @classmethod
    def of(cls, purpose: str) -> Named:
        """By the value of the form's choice; what is not one names nothing."""
        kind, told = purpose[:1], purpose[1:]
        if kind in ("s", "p") and told.isdecimal():
            return cls(services=(int(told),), is_penalty=kind == "p")
        if purpose == ALL_PENALTIES:
            return cls(is_penalty=True)
        try:
            return cls(month=Month.parse(told)) if kind == "m" else cls()
        except Refusal:
            return cls()


def take(request: HttpRequest, form: forms.DeskForm, today: date) -> HttpResponse | None:
    facts = form.cleaned_data
    named = Named.of(facts["purpose"])
    try:
        receipt = payments.operations.take_cash(
            lines=form.lines, given=facts["given"], office_id=facts["office"], by=staff(request), on=today,
            card=facts["card"], by_card=facts["by_card"] or ZERO, key=facts["key"], directed_to=named.direction,
            for_month=named.month,
        )  # fmt: skip
    except Refusal as refusal:
        form.refuse(refusal)
        return None
    request.session["office"] = facts["office"]
    if receipt.is_repeated:
        text = f"Эта форма уже принята: деньги взяты один раз, показана выданная квитанция {receipt.number}."
        messages.warning(request, text)
    return redirect("office:receipt", number=receipt.number)


@require_safe
@desk(roles.TAKE_CASH)
def find(request: HttpRequest) -> HttpResponse:
    """A scanned code, or anything typed: one sure account goes straight into the receipt."""
    text = request.GET.get("q", "").strip()
    number = scanned(text)
    found = accounts.queries.find_accounts(number or text, limit=8) if text else []
    ids = chosen(request)
    hits = [(row, address_of_desk([*ids, row.id])) for row in found]
    is_typing = request.headers.get("HX-Trigger-Name") == "q"
    sure = bool(found) and (len(found) == 1 or found[0].number == (number or text.replace(" ", "")))
    if sure and not is_typing:
        response = HttpResponse()
        response["HX-Redirect"] = hits[0][1]
        return response if request.headers.get("HX-Request") else redirect(hits[0][1])
    return fragment(request, "office/_hits.html", hits=hits, q=text)


def scanned(text: str) -> str:
    """The account number inside a bill's QR or linear code; empty when the text is neither."""
    if text.startswith("ST0001"):
        try:
            return epd.barcode.read(text).fields.get("PersAcc", "")
        except Refusal:
            return ""
    code = epd.barcode.read_desk_code(text)
    return code.account if code else ""


@require_POST
@desk(roles.ENTER_READING)
def reading(request: HttpRequest) -> HttpResponse:
    """A reading taken together with a payment; only its own panel is drawn anew."""
    today = timezone.localdate()
    account_id, meter_id = (request.POST.get(name, "") for name in ("account", "meter"))
    if asked.number(account_id) is None:
        raise Http404("Счёт не найден.")
    meter = next((row for row in accounts.queries.last_readings(int(account_id)) if str(row.id) == meter_id), None)
    if meter is None:
        raise Http404("Такого прибора по счёту нет.")
    form = reading_form(meter, today, request.POST)
    done, doubtful = "", False
    if form.is_valid():
        try:
            taken = accounts.operations.submit_reading(
                account_id=int(account_id), meter_id=meter.id, values=form.values, on=form.cleaned_data["on"],
                by=staff(request), today=today, source=ReadingSource.PAYMENT, confirmed="confirmed" in request.POST,
            )  # fmt: skip
            billing.operations.redraft_account(int(account_id))
            used = ", ".join(f"{quantity(value)} {meter.unit}" for value in taken.usage.values())
            done = f"Принято, квитанция {taken.receipt}. Расход {used}, за {taken.month.title}."
            meter = next(row for row in accounts.queries.last_readings(int(account_id)) if row.id == meter.id)
            form = reading_form(meter, today)
        except ReadingDoubtful as doubt:
            form.add_error(None, str(doubt))
            doubtful = True
        except Refusal as refusal:
            form.refuse(refusal)
    form.mark_errors()
    context = {"meter": meter, "form": form, "account_id": account_id, "done": done, "is_doubtful": doubtful}
    return fragment(request, "office/_cash_reading.html", **context)


@require_safe
@desk("payments.view_cashreceipt")
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    found = payments.queries.receipt(number)
    if found is None:
        raise Http404("Квитанции с таким номером нет.")
    return page(request, "office/receipt.html", title=f"Квитанция {number}", receipt=found)


@require_POST
@desk(roles.TAKE_CASH)
def cancel(request: HttpRequest) -> HttpResponse:
    """Take a receipt of today back, the money with it; a cashier none but his own."""
    form = forms.CancelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Назовите причину отмены квитанции.")
        return redirect("office:cash_desk")
    number = form.cleaned_data["number"]
    try:
        payments.operations.cancel_receipt(
            number=number, reason=form.cleaned_data["ground"], by=staff(request), on=timezone.localdate(),
            own_only=not request.user.has_perm(roles.REVERSE_PAYMENT),
        )  # fmt: skip
        messages.success(request, f"Квитанция {number} отменена, деньги верните плательщику.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("office:cash_desk")
