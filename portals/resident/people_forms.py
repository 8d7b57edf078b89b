"""What a resident types about people: whom to give access, who he is himself."""

from __future__ import annotations

from django import forms

from portals.resident.forms import LinkForm


class InviteForm(forms.Form):
    """An e-mail or a phone of a relative."""

    address = forms.CharField(
        label="Почта или телефон",
        max_length=254,
        help_text="Пришлём ссылку. Она откроется один раз и живёт семь дней.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Напишите почту или телефон того, кому даёте доступ."},
    )


class EntryForm(LinkForm):
    """Entry without a password: the account's number and the code of its document."""
