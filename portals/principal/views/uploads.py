"""A file of many rows: first the verdict on each, then the same file is taken in. It waits on the server meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from accounts import files
from accounts.errors import Refusal
from accounts.queries import AgencyContract
from portals.office import drafts

T = TypeVar("T")


class UploadForm(forms.Form):
    """One file; `too_large` says how it may be made smaller."""

    use_required_attribute = False
    file = forms.FileField(error_messages={"required": "Выберите файл.", "empty": "Файл пустой: в нём 0 байт."})

    def __init__(self, *args: Any, label: str, accept: str, too_large: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["file"]
        field.label, self.too_large = label, too_large
        field.widget.attrs |= {"accept": accept, "class": "form-control"}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > files.UPLOAD_LIMIT:
            raise forms.ValidationError(f"Файл слишком большой. {self.too_large}")
        return file


@dataclass(frozen=True, slots=True)
class Uploaded(Generic[T]):
    """Where a page of uploads stands: the form, the verdicts once there are any, the token of the file that waits."""

    form: UploadForm
    found: T | None
    token: str
    status: int


def uploaded(
    request: HttpRequest, contract: AgencyContract, form_of: Callable[..., UploadForm], *, slot: str,
    load: Callable[[drafts.Kept, bool], T], said: Callable[[T], str],
) -> Uploaded[T] | None:  # fmt: skip
    """The file looked at, or the one that waited taken in; None: nothing of it is left, the page begins anew.

    load: the file, and whether it is only looked at. said: what was taken, in words.
    """
    if request.method == "POST" and "token" in request.POST:
        kept = drafts.take(request.session, request.POST["token"], slot=slot)
        if kept is None or kept.facts["contract"] != str(contract.pk):
            messages.error(request, "Файл уже принят или ждал слишком долго. Загрузите его снова.")
            return None
        try:
            found = load(kept, False)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return None
        messages.success(request, said(found))
        return Uploaded(form_of(), found, "", 200)
    if request.method != "POST":
        return Uploaded(form_of(), None, "", 200)
    form = form_of(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        kept = drafts.Kept(file.name, file.read(), {"contract": str(contract.pk)})
        try:
            return Uploaded(form, load(kept, True), drafts.keep(request.session, kept, slot=slot), 200)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
    return Uploaded(form, None, "", 422)
