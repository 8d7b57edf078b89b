"""What a clerk writes into an appeal."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from portals.adapters import as_e164
from portals.models import AppealChannel, Topic
from portals.office.forms import Choice, Line, OfficeForm
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


class CallForm(OfficeForm):
    """What somebody without a cabinet asks: by telephone, at the desk, on paper."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    topic = Choice(label="о чём", coerce=int, initial=Topic.QUESTION.value)
    text = forms.CharField(
        label="что случилось, словами обратившегося",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "of-input", "autofocus": True}),
        error_messages={"required": "Запишите, о чём спрашивают."},
    )
    caller = Line(label="кто обратился", max_length=160, error_messages={"required": "Запишите, кто обратился."})
    phone = Line(label="телефон для ответа", max_length=20, required=False)
    email = forms.EmailField(
        label="почта для ответа (если есть)",
        required=False,
        widget=forms.EmailInput(attrs={"class": "of-input", "autocomplete": "off"}),
        error_messages={"invalid": "Нужен адрес вида имя@сайт.рф."},
    )
    channel = Choice(
        label="как обратились",
        choices=[(one.value, one.label) for one in AppealChannel if one != AppealChannel.CABINET],
        initial=AppealChannel.PHONE.value,
    )

    def __init__(self, *args: Any, topics: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["topic"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = topics

    def clean_phone(self) -> str:
        told = str(self.cleaned_data["phone"])
        try:
            return as_e164(told) if told else ""
        except ValidationError:  # an inner number, two numbers: what the caller said is worth more than its shape
            return told
