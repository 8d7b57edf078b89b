"""One search box for account, address, surname, phone, meter number, ЕЛС."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

import accounts.queries
from portals import asked
from portals.office.pages import desk, fragment, page

FEW = 20


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`q` finds accounts; `s` is the admin's own box of models, which lives at the same address."""
    if "s" in request.GET:
        return admin.site.admin_view(admin.site.search)(request)  # type: ignore[attr-defined]
    return find(request)


@desk("accounts.view_personalaccount")
def find(request: HttpRequest) -> HttpResponse:
    text = asked.text(request)
    found = accounts.queries.find_accounts(text, limit=FEW + 1) if text else []
    context: dict[str, Any] = {"q": text, "found": found[:FEW], "more": len(found) > FEW}
    if request.headers.get("HX-Request"):
        return fragment(request, "office/_found.html", **context)
    sure = found and (len(found) == 1 or found[0].number == text.replace(" ", ""))
    if sure:
        return redirect("office:card", account_id=found[0].id)
    return page(request, "office/search.html", title="Найти счёт", office_search=True, **context)
