"""What every page of the cabinet that also writes stands on: who comes, whose contracts, how a form is shown again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from accounts.queries import AgencyContract, User
from portals.principal.views.books import Scope, scope_of

View = Callable[..., HttpResponse]


def page(view: View, *, methods: tuple[str, ...] = ("GET", "HEAD", "POST")) -> View:
    """A page for a principal's people that may also write; others are told that there is none."""

    @wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return view(request, scope_of(request), **kwargs)

    return never_cache(login_required(require_http_methods(list(methods))(inner)))  # type: ignore[no-any-return]


def action(view: View) -> View:
    """A press of a button: it writes and leads back."""
    return page(view, methods=("POST",))


def worker(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def contract_of(scope: Scope) -> AgencyContract:
    """The contract that a file belongs to: the chosen one, else the first."""
    return scope.chosen or scope.all[0]


def tell(request: HttpRequest, do: Callable[[], str]) -> bool:
    """Do it and say what was done, or why not; was it done?"""
    try:
        messages.success(request, do())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def refuse(form: forms.Form, refusal: Refusal) -> None:
    """The refusal at its field, what was typed stays."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def status_of(form: forms.Form) -> int:
    return 422 if form.errors else 200


class Line(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": "Заполните это поле."})
        super().__init__(**kwargs)


class Day(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "Дата не понята.", "required": "Укажите дату."})
        super().__init__(input_formats=["%Y-%m-%d", "%d.%m.%Y"], **kwargs)
