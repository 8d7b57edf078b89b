"""Accounts of the resident and the first screen of one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import payments.online_queries
import payments.queries
from accounts.calendar import Month
from portals import access, limits, notice_queries, operations, queries
from portals.resident.forms import LinkForm
from portals.resident.views.readings import readings_context
from portals.resident.views.shell import head, resident


@never_cache
@login_required
@require_safe
def accounts_page(request: HttpRequest) -> HttpResponse:
    """All accounts of the resident with what each asks for; an only one opens at once."""
    own = list(access.accounts_for(request.user).order_by("number"))
    if len(own) == 1 and "all" not in request.GET:
        return redirect("resident:account", own[0].number)
    today = localdate()
    return render(request, "resident/accounts.html", {"cards": queries.account_cards(own, on=today), "today": today})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_account(request: HttpRequest) -> HttpResponse:
    """Link an account by its number and the code of the document; whether it exists is never told."""
    form = LinkForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        number, code = form.cleaned_data["number"], form.cleaned_data["code"]
        user = resident(request)
        account, status = form.tried(request, lambda: operations.link_account(user=user, number=number, code=code))
        if account is not None:
            messages.success(request, "Лицевой счёт добавлен.")
            return limits.remember(redirect("resident:account", account.number), number)
    return render(request, "resident/add.html", {"form": form}, status=status)


@login_required
@require_POST
def remove_account(request: HttpRequest, number: str) -> HttpResponse:
    """Take the account out of this cabinet; nothing else changes."""
    account = access.get_account_for(request.user, number)
    operations.unlink_account(user=request.user, account_id=account.pk, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, f"Счёт {account.number} убран из кабинета. Вернуть его можно по коду с квитанции.")
    return redirect("resident:accounts")


@never_cache
@login_required
@require_safe
def account(request: HttpRequest, number: str) -> HttpResponse:
    """The first screen: what to pay and until when, the running bill, readings, the last payment."""
    row = access.get_account_with_news_for(request.user, number)
    today, now = localdate(), timezone.now()
    bill = queries.bill(row.pk, on=today)
    # the same for a whole house, and it changes seldom: asked once a minute
    works = cache.get_or_set(
        f"works:{row.house_id}", lambda: notice_queries.works_of_house(row.house_id, at=now), timeout=60
    )
    running = queries.month_bill(row.pk, Month.of(today))
    return render(
        request,
        "resident/account.html",
        {
            **head(row, "account"),
            "bill": bill,
            "running": running,
            **readings_context(row, forms=None, prices=running.prices),
            "payments": payments.queries.payments_of_account(account_id=row.pk, limit=3),
            "works": works,
            "unread_notices": row.unread,
            "now": now,
            "can_pay": payments.online_queries.is_on() and (not row.closed_on or bill.total > 0),
        },
    )
