"""Readings without signing in: the paper in the hand proves the account, by its number and its code."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portals import access, limits, operations
from portals.resident.forms import LinkForm
from portals.resident.views.readings import readings_context, take_in

STALE = "Прошло больше получаса. Введите код ещё раз: показания, которые вы успели передать, приняты."
BY = "код квитанции"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def readings_by_code(request: HttpRequest, number: str = "") -> HttpResponse:
    """First the number and the code; only then what the meters showed before. Nothing is kept but a signed form."""
    if request.method == "POST" and "proof" in request.POST:
        return sheet(request)
    form = LinkForm(request.POST or None, initial={"number": number.partition("-")[0]})
    status = 200
    if request.method == "POST" and form.is_valid():
        given, code = form.cleaned_data["number"], form.cleaned_data["code"]
        account, status = form.tried(request, lambda: operations.prove_account(number=given, code=code))
        if account is not None:
            context = {**readings_context(account, forms=None), "account": account, "proof": access.proof_of(account)}
            return limits.remember(render(request, "public/readings.html", context), given)
    return render(request, "public/readings_code.html", {"form": form}, status=status)


def sheet(request: HttpRequest) -> HttpResponse:
    """What was typed under a proof that still holds."""
    row = access.account_of_proof(request.POST["proof"])
    if row is None:
        return render(request, "public/readings_code.html", {"form": LinkForm(), "stale": STALE}, status=403)
    taken = take_in(row, request.POST, by=BY, today=localdate())
    context = {
        **readings_context(row, forms=taken.forms),
        "account": row,
        "proof": request.POST["proof"],
        "receipts": taken.receipts,
        "nothing_typed": taken.nothing_typed,
    }
    return render(request, "public/readings.html", context)
