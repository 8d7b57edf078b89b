"""What a clerk writes into an appeal."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from portals.office.forms import Choice, OfficeForm
from portals.resident.appeal_forms import ManyFiles, ManyFilesInput


class AnswerForm(OfficeForm):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    text = forms.CharField(
        label="ответ жителю",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "of-input"}),
    )
    files = ManyFiles(label="файлы", help_text="", widget=ManyFilesInput(attrs={"class": "of-input"}))  # type: ignore[assignment]


class HandForm(OfficeForm):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    to = Choice(label="кому", coerce=int)
    text = forms.CharField(
        label="что сделать (житель не увидит)",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "of-input"}),
        error_messages={"required": "Напишите коллеге, что сделать."},
    )

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = people
