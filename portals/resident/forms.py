"""What a resident may type. Plain forms: they validate, they never save."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.queries import MeterRow


class LinkForm(forms.Form):
    """A personal account and the code printed beside its number."""

    number = forms.CharField(
        label="Номер лицевого счёта",
        max_length=30,
        help_text="Вверху квитанции, только цифры. Пробелы можно не ставить.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Введите номер лицевого счёта с квитанции."},
    )
    code = forms.CharField(
        label="Код для кабинета",
        max_length=20,
        help_text="Напечатан на квитанции рядом с номером счёта.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Введите код с квитанции."},
    )


class DialField(forms.CharField):
    """A value of a dial as people copy it: comma or point, spaces between groups."""

    def to_python(self, value: Any) -> Any:
        text = re.sub(r"[\s\u00a0\u202f]", "", super().to_python(value) or "").replace(",", ".")
        if not text:
            return None
        if not re.fullmatch(r"-?\d{1,15}(\.\d{0,9})?", text):
            raise ValidationError("Здесь нужно число: перепишите цифры со счётчика.")
        return Decimal(text)


class MeterForm(forms.Form):
    """One field per dial of a meter, and a tick that a surprising value is right."""

    confirmed = forms.BooleanField(required=False, label="Показание верное, я проверил цифры")

    def __init__(self, meter: MeterRow, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix=f"m{meter.id}")
        self.meter = meter
        self.doubt = ""
        for zone in range(1, meter.zones + 1):
            self.fields[f"zone_{zone}"] = DialField(
                label=zone_name(meter.zones, zone),
                required=False,
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "autocomplete": "off",
                        "maxlength": "20",
                    }
                ),
            )

    @property
    def dials(self) -> Iterable[tuple[forms.BoundField, Any]]:
        """Each dial's field with its last reading, or None."""
        return [(self[f"zone_{zone}"], self.meter.last.get(zone)) for zone in range(1, self.meter.zones + 1)]

    @property
    def is_blank(self) -> bool:
        """Nothing typed into any dial."""
        return not any(str(field.data or "").strip() for field, _ in self.dials)

    @property
    def values(self) -> dict[int, Decimal]:
        """Zone → value of what was typed; after is_valid()."""
        typed = {zone: self.cleaned_data.get(f"zone_{zone}") for zone in range(1, self.meter.zones + 1)}
        return {zone: value for zone, value in typed.items() if value is not None}


def zone_name(zones: int, zone: int) -> str:
    """What a dial is called: «Показание», or «День (Т1)», «Ночь (Т2)», «Полупик (Т3)»."""
    if zones == 1:
        return "Новое показание"
    names = {1: "Пик" if zones == 3 else "День", 2: "Ночь", 3: "Полупик"}
    return f"{names[zone]} (Т{zone})"
