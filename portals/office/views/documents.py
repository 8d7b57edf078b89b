"""Documents after the issue: how they went, who has none and why, lists for carriers, debts, texts on trial."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.queries
import billing.queries
import epd.business
import epd.operations
import epd.queries
import epd.render
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.files import PDF, XLSX, xlsx
from accounts.money import ZERO
from portals import asked
from portals.office import roles
from portals.office.document_forms import AnewForm, DebtsForm, HandOverForm, TextForm
from portals.office.pages import demand, desk, page, staff

CARRIED = ("№ п/п", "Маршрут", "Отделение", "Индекс", "Адрес", "Получатель", "Лицевой счёт", "Документ", "Отметка")
POSTED = ("№ п/п", "Адресат", "Индекс", "Адрес", "Вид отправления", "Вес, г", "Документ", "Отметка почты")
REGISTER = (
    "Документ", "Лицевой счёт", "Способ", "Куда", "Состояние", "Отправлен", "Не дошёл", "Стоимость, ₽", "Примечание",
)  # fmt: skip
LETTER_GRAMS = 20


@require_http_methods(["GET", "POST"])
@desk("epd.view_delivery")
def delivery(request: HttpRequest) -> HttpResponse:
    """The month's documents on their ways: costs by office, papers by route, who is refused."""
    month = asked.month(request, billing.queries.current_month() or Month.of(timezone.localdate()))
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        demand(request, roles.HAND_OVER)
        papers = epd.queries.papers_of_month(month=month, carrier=form.cleaned_data["carrier"], only_waiting=True)
        handed = epd.operations.hand_over(
            delivery_ids=[row.delivery_id for row in papers], by=staff(request), carrier=form.cleaned_data["note"]
        )
        messages.success(request, f"Передано документов: {handed}.")
        return redirect(f"{reverse('office:delivery')}?month={month}")
    papers = epd.queries.papers_of_month(month=month)
    costs = epd.queries.delivery_costs(month=month)
    return page(
        request,
        "office/delivery.html",
        title=f"Доставка документов: {month.title}",
        month=month,
        costs=costs,
        cost=sum((row.cost for row in costs), start=ZERO),
        saved=sum((row.saved for row in costs), start=ZERO),
        papers=len(papers),
        waiting=sum(not row.is_sent for row in papers),
        letters=epd.queries.waiting_letters(),
        refusals=epd.queries.refusals_of_month(month)[:200],
        form=form,
        may_hand_over=request.user.has_perm(roles.HAND_OVER),
        may_issue=request.user.has_perm(roles.ISSUE),
        debts=DebtsForm(),
    )


@require_safe
@desk("epd.view_delivery")
def delivery_file(request: HttpRequest, name: str) -> HttpResponse:
    """Lists of the month as Excel: routes of couriers, the register of the post, the register of all deliveries."""
    month = asked.month(request, Month.of(timezone.localdate()))
    if name == "couriers":
        sheets: dict[str, list[tuple[Any, ...]]] = {}
        headers: dict[str, tuple[str, ...]] = {}
        for row in epd.queries.papers_of_month(month=month, carrier=epd.queries.Carrier.COURIER):
            title = f"Маршрут {row.route} {row.route_name}".strip() if row.route else "Без маршрута"
            rows = sheets.setdefault(title, [])
            place = (row.route, row.office, row.postcode, row.address)
            rows.append((len(rows) + 1, *place, row.payer, row.account, row.number, ""))
            headers[title] = CARRIED
        content = xlsx(sheets, headers=headers)
    elif name == "post":
        rows = [
            (number, row.payer, row.postcode, row.address, "письмо простое", LETTER_GRAMS, row.number, "")
            for number, row in enumerate(
                epd.queries.papers_of_month(month=month, carrier=epd.queries.Carrier.POST), 1
            )
        ]  # fmt: skip
        content = xlsx({"Список почтовых отправлений": rows}, headers={"Список почтовых отправлений": POSTED})
    elif name == "register":
        content = xlsx({"Доставка": epd.queries.register_of_month(month)}, headers={"Доставка": REGISTER})
    else:
        raise Http404("Нет такого списка.")
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}-{month}.xlsx"'
    return response


@require_http_methods(["POST"])
@desk(roles.ISSUE)
def issue_debts(request: HttpRequest) -> HttpResponse:
    """Documents of debts to the accounts named, dated today."""
    form = DebtsForm(request.POST)
    if form.is_valid():
        numbers = re.findall(r"[0-9]+", form.cleaned_data["numbers"])
        accounts_of = {number: accounts.queries.account_by_number(number) for number in numbers}
        found = {number: account.pk for number, account in accounts_of.items() if account is not None}
        try:
            if lost := [number for number in numbers if number not in found]:
                raise epd.operations.DocumentRefused(f"Счетов нет: {', '.join(lost[:5])}. Проверьте номера.")
            made = epd.operations.issue_debts(
                account_ids=list(found.values()), day=timezone.localdate(), by=staff(request)
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Выпущено долговых документов: {len(made)} из {len(found)} счетов.")
    return redirect("office:delivery")


@require_http_methods(["GET", "POST"])
@desk("epd.view_documenttext")
def try_text(request: HttpRequest) -> HttpResponse:
    """A text of documents on a real page, before anybody gets it: nothing is written."""
    form = TextForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        content = epd.queries.with_text(
            number=form.cleaned_data["number"], title=form.cleaned_data["title"], text=form.cleaned_data["text"]
        )
        if content is not None:
            response = HttpResponse(epd.render.pdf_of(content), content_type=PDF)
            response["Content-Disposition"] = 'inline; filename="predprosmotr.pdf"'
            return response
        form.add_error("number", "По этому счёту ещё нет документа нынешнего бланка: возьмите другой счёт.")
    return page(
        request,
        "office/try_text.html",
        title="Текст на документе: предпросмотр",
        form=form,
        placeholders=epd.queries.PLACEHOLDERS,
    )


@require_safe
@desk("epd.view_paymentdocument")
def business(request: HttpRequest, document_id: int) -> HttpResponse:
    """Invoice, act and УПД of an organisation's document."""
    found = epd.queries.document(document_id)
    if found is None or not epd.business.is_business(found):
        raise Http404("У этого документа нет счёта и акта: плательщик не организация.")
    response = HttpResponse(epd.business.pdf(found), content_type=PDF)
    response["Content-Disposition"] = f'inline; filename="{found.number}-upd.pdf"'
    return response


@require_http_methods(["GET", "POST"])
@desk(roles.ISSUE)
def anew(request: HttpRequest, document_id: int) -> HttpResponse:
    """One document of any kind: taken back, or issued anew with a reason that stands on both."""
    found = epd.queries.document(document_id)
    if found is None:
        raise Http404("Такого документа нет.")
    form = AnewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["ground"]
        try:
            if form.cleaned_data["action"] == "withdraw":
                epd.operations.withdraw(document_id=found.pk, reason=reason, by=staff(request))
                messages.success(request, f"Документ № {found.number} отозван.")
                return redirect("office:document_anew", found.pk)
            made = epd.operations.reissue(
                account_id=found.account_id, month=Month(found.month), day=timezone.localdate(), reason=reason,
                by=staff(request), kind=found.kind,
            )  # fmt: skip
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"Вместо № {found.number} выпущен № {made.number}.")
            return redirect("office:document_anew", made.pk)
    form.mark_errors()
    return page(
        request,
        "office/document.html",
        title=f"Документ № {found.number}",
        status=422 if form.errors else 200,
        document=found,
        account=found.payload["account"],
        copy=epd.queries.machine_copy(found),
        is_business=epd.business.is_business(found),
        form=form,
    )
