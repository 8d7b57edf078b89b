"""How a page of the back office is put together: its frame is the admin's, its right is asked before anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.queries import User

Act = TypeVar("Act")

View = Callable[..., HttpResponse]


def desk(right: str) -> Callable[[View], View]:
    """A page for staff who hold the right; others are shown the log-in or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wraps(view)(admin.site.admin_view(inner))

    return decorate


def demand(request: HttpRequest, right: str) -> None:
    """An action of the page that needs a right of its own."""
    if not request.user.has_perm(right):
        raise PermissionDenied


def asked_action(request: HttpRequest, actions: Mapping[str, tuple[str, Act]]) -> Act:
    """What the form's `action` asks for, of those of the page and within the visitor's rights; else 404 or 403."""
    found = actions.get(request.POST.get("action", ""))
    if found is None:
        raise Http404("Нет такого действия.")
    right, act = found
    demand(request, right)
    return act


def staff(request: HttpRequest) -> User:
    """Who acts: the desk has let in nobody who is not one of the staff."""
    user = request.user
    assert isinstance(user, User)
    return user


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> HttpResponse:
    frame = admin.site.each_context(request)
    return TemplateResponse(request, template, {**frame, "title": title, **context}, status=status)


def fragment(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A part of a page that HTMX swaps."""
    return TemplateResponse(request, template, context)
