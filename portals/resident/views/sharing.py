"""An account shared with a family, and entry by the code of the document."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from portals import access, limits, operations, people_queries
from portals.resident.people_forms import EntryForm, InviteForm
from portals.resident.views.shell import head, resident

DAY = 24 * 3600
INVITATIONS_A_DAY = 20


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: HttpRequest, number: str) -> HttpResponse:
    """Who sees the account; a relative is invited by e-mail or phone."""
    row = access.get_account_for(request.user, number)
    form = InviteForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            many = f"За день можно послать {INVITATIONS_A_DAY} приглашений. Продолжите завтра."
            try:
                limits.count("invite", f"user {request.user.pk}", limit=INVITATIONS_A_DAY, seconds=DAY, text=many)
                operations.invite(
                    user=resident(request),
                    account_id=row.pk,
                    address=form.cleaned_data["address"],
                    at=timezone.now(),
                )
            except Refusal as refusal:
                form.add_error(refusal.field, str(refusal))
                status = 429 if isinstance(refusal, limits.TooOften) else 422
            else:
                messages.success(request, "Приглашение отправлено. Доступ появится, когда ссылку откроют.")
                return redirect("resident:sharing", row.number)
    shared = people_queries.sharing(account_id=row.pk, user=resident(request), at=timezone.now())
    context = {**head(row, "sharing"), "form": form, "shared": shared}
    return render(request, "resident/sharing.html", context, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take back an access: in force with the next click of the one who had it."""
    row = access.get_account_for(request.user, number)
    if not operations.withdraw_access(user=resident(request), account_id=row.pk, link_id=pk, at=timezone.now()):
        raise Http404("Не найдено.")
    messages.success(request, "Доступ отозван.")
    return redirect("resident:sharing", row.number)


@login_required
@require_POST
def take_back(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take back an invitation that nobody has answered."""
    row = access.get_account_for(request.user, number)
    if not operations.take_back_invitation(
        user=resident(request),
        account_id=row.pk,
        invitation_id=pk,
        at=timezone.now(),
    ):
        raise Http404("Не найдено.")
    messages.success(request, "Приглашение отозвано: ссылка больше не открывается.")
    return redirect("resident:sharing", row.number)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation: accepted by a button, for robots open links, too. A spent one tells nothing."""
    status, wrong = 200, ""
    if request.method == "POST":
        try:
            account = operations.accept_invitation(user=resident(request), token=token, at=timezone.now())
        except Refusal as refusal:
            status, wrong = 409, str(refusal)
        else:
            messages.success(request, "Счёт добавлен в ваш кабинет.")
            return redirect("resident:account", account.number)
    offer = access.offer_of(token, at=timezone.now())
    if offer is None and not wrong:
        status, wrong = 404, operations.STALE
    response = render(request, "resident/invitation.html", {"offer": offer, "wrong": wrong}, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Entry by the number of the account and the code of its document. Every pair that does not fit looks alike."""
    if request.user.is_authenticated:
        return redirect("resident:add")
    form = EntryForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        number, code = form.cleaned_data["number"], form.cleaned_data["code"]
        user, status = form.tried(request, lambda: operations.enter_by_code(number=number, code=code))
        if user is not None:
            request.session.set_expiry(0)  # a printed code is not a password: the entry ends with the browser
            # allauth asks for the second step, where such a user has chosen to have one
            entered = perform_login(request, user, email_verification="none", redirect_url=reverse("resident:accounts"))
            return limits.remember(entered, number)
    return render(request, "account/enter.html", {"form": form}, status=status)
