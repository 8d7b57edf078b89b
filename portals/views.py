"""The front door: who are you, and where do you go. And the demonstration log-ins of a stand under DEBUG."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import epd.operations
import portals.queries
from accounts.errors import Refusal
from portals import access, context


@dataclass(frozen=True, slots=True)
class Home:
    """A door of the landing page for one who has entered."""

    title: str
    text: str
    icon: str
    url: str


def homes_of(request: HttpRequest) -> list[Home]:
    """The cabinets that are this visitor's. A resident without an account yet is a resident all the same."""
    homes = []
    if access.is_principal(request.user):
        homes.append(
            Home("Кабинет поставщика", "Начисления, поступления, перечисления", "building", reverse("principal:home"))
        )
    if request.user.is_staff:  # type: ignore[union-attr]
        homes.append(Home("Рабочее место", "Счета, касса, расчёты", "staff", reverse("admin:index")))
    if not homes or access.has_accounts(request.user):
        homes.insert(0, Home("Мои счета", "Квитанции, показания, платежи", "home", reverse("resident:accounts")))
    return homes


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The mark of the site, where a page names none."""
    return redirect(static("cabinet/mark.svg"))


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The landing page; one who has entered goes on to his cabinet, or chooses if there are several."""
    homes = homes_of(request) if request.user.is_authenticated else []
    if len(homes) == 1:
        return redirect(homes[0].url)
    return render(request, "public/landing.html", {"homes": homes, "debug": settings.DEBUG})


@never_cache
@require_safe
def document_check(request: HttpRequest, key: str) -> HttpResponse:
    """Is the paper in the hand ours, and does it stand? Open to whoever holds it; tells nothing about the payer."""
    found = access.checked_document(key)
    response = render(request, "public/document_check.html", {"found": found}, status=200 if found else 404)
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def mail_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a letter: documents by e-mail begin when its button is pressed, for robots open links, too."""
    done, wrong = False, ""
    if request.method == "POST":
        try:
            epd.operations.confirm_subscription(token=token)
            done = True
        except Refusal as refusal:
            wrong = str(refusal)
    told = {"done": done, "wrong": wrong}
    return render(request, "public/mail_confirm.html", told, status=409 if wrong else 200)


@never_cache
@require_safe
def document_why(request: HttpRequest, number: str) -> HttpResponse:
    """From the code on paper to the explanation in the cabinet; who has not entered may send readings at once, too."""
    account, _, rest = number.partition("-")
    month = rest.partition("-")[0]
    page = reverse("resident:charges", args=[account])
    is_month = len(month) == 6 and month.isdecimal()
    page = f"{page}?month={month[:4]}-{month[4:]}" if is_month else page
    if request.user.is_authenticated:
        return redirect(page)
    return render(request, "public/paper.html", {"why": page, "number": account})


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Light or dark, usual or large type: remembered in a cookie, and back to the page."""
    wanted = context.look_of(request).changed(theme=request.POST.get("theme"), type_=request.POST.get("type"))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("home")
    response = redirect(back)
    response.set_cookie(
        context.LOOK_COOKIE, str(wanted), max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure()
    )
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def demo(request: HttpRequest) -> HttpResponse:
    """One-click log-ins of the demonstration. Exists only under DEBUG."""
    if not settings.DEBUG:
        raise Http404
    groups = portals.queries.demo_logins()
    if request.method == "POST":
        person = portals.queries.demo_user(request.POST.get("user", ""))
        if person is None:
            raise Http404
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("home")
    return render(request, "public/demo.html", {"groups": groups})
