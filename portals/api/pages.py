"""«Ключи доступа»: keys are made, shown once, withdrawn."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from portals import access, key_queries
from portals.operations import tokens


class KeyForm(forms.Form):
    """What the key is for."""

    use_required_attribute = False
    name = forms.CharField(
        label="Название",
        max_length=80,
        help_text="Чтобы узнать его потом: «Умный дом», «1С бухгалтерии».",
        error_messages={"required": "Назовите ключ."},
    )
    face = forms.TypedChoiceField(label="Что открывает", coerce=int)
    may_write = forms.BooleanField(label="Может и передавать (показания, файлы), а не только смотреть", required=False)
    asked = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, faces: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["face"].choices = faces  # type: ignore[attr-defined]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """Standing keys and the form of a new one; the new key stands on the answer and nowhere else."""
    faces = key_queries.faces_of(
        has_accounts=access.has_accounts(request.user), is_principal=access.is_principal(request.user)
    )
    fresh = {"asked": uuid.uuid4(), "face": faces[0][0]}
    form, made = KeyForm(faces, request.POST or None, initial=fresh), ""
    if request.method == "POST" and form.is_valid():
        try:
            made = tokens.make_key(user=request.user, at=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
            form = KeyForm(faces, initial=fresh)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "made": made, "keys": key_queries.keys_of(request.user)}  # type: ignore[arg-type]
    return render(request, "public/keys.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A key opens nothing any more. Another's is nobody's."""
    row = access.only(access.keys_for(request.user), pk=pk)
    tokens.withdraw_key(user=request.user, key_id=row.pk, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, f"Ключ «{row.name}» отозван: программа больше не войдёт.")
    return redirect("keys")
