"""Forms of the pages about documents: plain ones, they understand what was typed and never save."""

from __future__ import annotations

from typing import Any

from django import forms

import epd.queries
from portals.office.forms import Choice, Line, OfficeForm


class HandOverForm(OfficeForm):
    """Papers of the month are given to who carries them."""

    carrier = Choice(label="Кому", choices=[(1, "курьерам"), (2, "почте")], coerce=int)
    note = Line(label="Список, накладная", max_length=200)


class DebtsForm(OfficeForm):
    """Accounts whose debts go on a paper of their own."""

    numbers = Line(label="Лицевые счета", max_length=4000, help_text="Через пробел или запятую.")


class AnewForm(OfficeForm):
    """Why a document is taken back, and whether another comes instead."""

    action = Choice(label="Действие", choices=[("withdraw", "отозвать"), ("reissue", "выпустить заново")])
    ground = Line(label="Причина", max_length=200)


class TextForm(OfficeForm):
    """A text to be looked at on a document."""

    number = Line(label="Лицевой счёт", max_length=20, help_text="На чьём документе показать.")
    title = Line(label="Заголовок", max_length=80)
    text = Line(
        label="Текст",
        max_length=600,
        widget=forms.Textarea(attrs={"class": "of-input", "rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        for name in ("title", "text"):
            if wrong := epd.queries.text_problems(str(told.get(name, ""))):
                self.add_error(name, wrong)
        return told
