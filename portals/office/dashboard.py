"""The first page of the back office: what waits for each role, one click from its work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

import accounts.calendar
import accounts.queries
import billing.queries
import payments.contested_queries
import payments.queries
import payments.refund_queries
from accounts.money import ZERO
from portals.office import queries, roles
from portals.office.pages import staff
from portals.templatetags.cabinet import counted, roubles


@dataclass(frozen=True)
class Tile:
    """A figure that is a link to its work; `tone`: of-bad where it must not stay so."""

    label: str
    figure: str
    note: str
    url: str
    tone: str = ""


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Context of the index page."""
    may = request.user.has_perm
    return {
        **context,
        "office_search": True,
        "tiles": tiles(request),
        "runs": queries.runs(limit=6) if may("accounts.view_run") else [],
        "shows_runs": may("accounts.view_run"),
        "may_search": may("accounts.view_personalaccount"),
    }


def tiles(request: HttpRequest) -> list[Tile]:
    may = request.user.has_perm
    today = timezone.localdate()
    found = []
    if may(roles.TAKE_CASH):
        shift = queries.shift_of(staff(request).pk, today)
        note = f"{counted(len(shift.receipts), 'квитанция,квитанции,квитанций')} за сегодня"
        found.append(Tile("Касса, моя смена", roubles(shift.cash + shift.card), note, reverse("office:cash_desk")))
    if may(roles.ASSIGN_PAYMENT):
        waiting = queries.unidentified_totals()
        note = counted(waiting.count, "платёж,платежа,платежей")
        tone = "of-bad" if waiting.count else ""
        found.append(Tile("Не выяснено", roubles(waiting.amount), note, reverse("office:unidentified"), tone))
    if may(roles.REFUND) and (claims := payments.refund_queries.refund_claims()):
        owed = sum((row.amount for row in claims), start=ZERO)
        note = f"платёжным сервисом: {counted(len(claims), 'платёж,платежа,платежей')}"
        found.append(Tile("Возвращено лишнего", roubles(owed), note, reverse("office:refund_orders"), "of-bad"))
    if may(roles.REVERSE_PAYMENT) and (contested := payments.contested_queries.waiting_charge_backs()):
        note = "ждут второго сотрудника"
        found.append(Tile("Опротестовано", str(contested), note, reverse("office:charge_backs"), "of-bad"))
    if may(roles.JUDGE_READING):
        doubtful = queries.count_doubtful()
        tone = "of-bad" if doubtful else ""
        found.append(Tile("Показания на проверке", str(doubtful), "ждут решения", reverse("office:readings"), tone))
    if may("billing.view_contractmonth"):
        month = billing.queries.current_month()
        held = len(queries.held_accounts(month)) if month else 0
        title = month.title if month else "нет открытого"
        note = f"удержано счетов: {held}" if held else "открыт, черновики" if month else "рассчитайте следующий"
        found.append(Tile("Расчётный месяц", title, note, reverse("office:month"), "of-bad" if held else ""))
    if may("payments.view_remittance"):
        overrides = accounts.queries.calendar_overrides()
        rows = payments.queries.remittances_on(today - timedelta(days=1))
        unsent = sum(row.state == "formed" and row.is_order for row in rows)
        net = sum((row.net for row in rows), start=ZERO)
        if rows:
            note = f"не отправлено поручений: {unsent}" if unsent else "отправлены в банк"
        else:
            working = accounts.calendar.is_working_day(today, overrides)
            note = "ещё не сформированы" if working else "сегодня выходной"
        found.append(
            Tile("Перечисления за вчера", roubles(net), note, reverse("office:remittances"), "of-bad" if unsent else "")
        )
    return found
