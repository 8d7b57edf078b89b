"""Pages of the manager: why the month differs from the last, and where the houses lose."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.money import total
from portals import access, asked
from portals.principal import manager, queries
from portals.principal.views.books import Scope, months_context
from portals.principal.views.rooms import page


@page
def difference(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This month against the last, by cause; of all houses or of one."""
    context = months_context(request, scope)
    house = asked.number(request.GET.get("house", ""))
    if house is not None:
        access.get_supplied_house_for(request.user, house)
    found, trouble = None, ""
    try:
        found = manager.difference(scope.ids, context["month"], house=house)
    except manager.TooMany as refusal:
        trouble = str(refusal)
    context |= {
        "tab": "home", "scope": scope, "found": found, "trouble": trouble, "house": house,
        "houses": [] if found and not house else list(queries.houses_of(scope.ids)),
        "sum": total(one.amount for one in found.causes) if found else None,
    }  # fmt: skip
    return render(request, "principal/difference.html", context)


@page
def losses(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Building meters beside the premises' own, the largest unexplained share first."""
    context = months_context(request, scope)
    if "month" not in request.GET and len(context["months"]) > 1:
        context["month"] = context["months"][1]
        context["is_last"], context["is_first"] = False, len(context["months"]) == 2
    context |= {"tab": "home", "scope": scope, "rows": manager.losses(scope.ids, context["month"])}
    return render(request, "principal/losses.html", context)
