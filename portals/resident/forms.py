"""What a resident may type. Plain forms: they validate, they never save."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from accounts.errors import Refusal
from accounts.kinds import Delivery, Resource
from accounts.queries import MeterRow
from portals import limits

Done = TypeVar("Done")


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
    # Asked for where the number has been tried too often: see portals.limits.count_code.
    email = forms.CharField(
        label="Ваша почта", required=False, max_length=254, widget=forms.HiddenInput(attrs={"autocomplete": "email"})
    )
    letter = forms.CharField(
        label="Шесть цифр из письма", required=False, max_length=12,
        widget=forms.HiddenInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip

    def ask_letter(self, *, is_sent: bool) -> None:
        """Show the field of the e-mail and, once the letter is under way, that of its digits."""
        self.fields["email"].widget = forms.EmailInput(attrs=self.fields["email"].widget.attrs)
        if is_sent:
            self.fields["letter"].widget = forms.TextInput(attrs=self.fields["letter"].widget.attrs)

    def tried(self, request: HttpRequest, act: Callable[[], Done]) -> tuple[Done | None, int]:
        """`act` done where the tries of the number allow; else None, the refusal on the form. And the page's status."""
        told = self.cleaned_data
        try:
            limits.count_code(request, number=told["number"], email=told["email"], letter=told["letter"])
            return act(), 200
        except limits.LetterNeeded as refusal:
            self.ask_letter(is_sent=refusal.field == "letter")
            if refusal.is_sent:
                self["letter"].help_text = str(refusal)  # the bound field has read its own already
            else:
                self.add_error(refusal.field, str(refusal))
            return None, 429
        except Refusal as refusal:
            if told["email"] and told["letter"]:
                self.ask_letter(is_sent=True)
            self.add_error(None, str(refusal))
            return None, 429 if isinstance(refusal, limits.TooOften) else 200


class RoublesField(forms.CharField):
    """A sum as people type it: «1 234,50», «1234.5 ₽»."""

    def to_python(self, value: Any) -> Any:
        text = re.sub(r"[\s\u00a0\u202f₽]", "", super().to_python(value) or "").replace(",", ".")
        if not text:
            return None
        if not re.fullmatch(r"\d{1,10}(\.\d{1,2})?", text):
            raise ValidationError("Здесь нужна сумма в рублях и копейках, например 1234,50.")
        return Decimal(text)


def sum_box() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": "16"})


class PayForm(forms.Form):
    """How much, and by what; the key makes the second press of the button harmless."""

    amount = RoublesField(
        label="Сумма, ₽",
        widget=sum_box(),
        help_text="Любая: можно заплатить часть или вперёд.",
        error_messages={"required": "Укажите, сколько заплатить."},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    method = forms.ChoiceField(choices=[("card", "карта"), ("sbp", "СБП")], required=True)


class AutopaymentForm(PayForm):
    """Consent: up to how much a month, beginning with a payment now."""

    limit = RoublesField(
        label="Списывать не больше, ₽ за раз",
        widget=sum_box(),
        help_text="Если в квитанции больше, деньги не спишутся: вы решите сами.",
        error_messages={"required": "Укажите предел."},
    )
    amount = RoublesField(
        label="Заплатить сейчас, ₽",
        widget=sum_box(),
        help_text="Этим платежом банк запомнит карту или счёт. Сумма зачтётся на ваш лицевой счёт.",
        error_messages={"required": "Укажите, сколько заплатить сейчас."},
    )
    consent = forms.BooleanField(
        label="Разрешаю списывать сумму новой квитанции с этой карты или счёта СБП в пределах указанной суммы",
        error_messages={"required": "Без согласия автоплатёж не включить."},
    )
    field_order = ("limit", "amount", "consent")


class DialField(forms.CharField):
    """A value of a dial as people copy it: comma or point, spaces between groups."""

    def to_python(self, value: Any) -> Any:
        text = re.sub(r"[\s\u00a0\u202f]", "", super().to_python(value) or "").replace(",", ".")
        if not text:
            return None
        if not re.fullmatch(r"-?\d{1,15}(\.\d{0,9})?", text):
            raise ValidationError("Здесь нужно число: перепишите цифры со счётчика.")
        return Decimal(text)


# Resource of a meter → the service that is charged by it.
SERVICES: dict[int, int] = {
    Resource.COLD_WATER: 2, Resource.HOT_WATER: 3, Resource.ELECTRICITY: 1, Resource.GAS: 6, Resource.HEAT: 5,
    Resource.WASTEWATER: 4,
}  # fmt: skip


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

    def tell_prices(self, prices: Mapping[tuple[int, int], Decimal]) -> None:
        """Give the page what it needs to show usage and cost while a value is typed: last value, ratio, price."""
        for zone, last in self.meter.last.items():
            field = self.fields.get(f"zone_{zone}")
            if field is None:
                continue
            service = SERVICES.get(self.meter.resource, 0)
            price = prices.get((service, zone), prices.get((service, 0)))
            attrs = {"data-was": f"{last.value:f}", "data-ratio": f"{self.meter.ratio:f}", "data-unit": self.meter.unit}
            field.widget.attrs.update(attrs if price is None else {**attrs, "data-price": f"{price:f}"})

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


class ForwardForm(forms.Form):
    """Where to send a document."""

    email = forms.EmailField(
        label="Кому, эл. почта",
        error_messages={
            "required": "Напишите адрес почты.",
            "invalid": "Проверьте адрес почты: нужен вид имя@сайт.рф.",
        },
    )


class DeliveryForm(forms.Form):
    """How documents are to come."""

    way = forms.TypedChoiceField(label="Как присылать квитанции", choices=Delivery.choices, coerce=int)
    email = forms.EmailField(
        label="Эл. почта",
        required=False,
        help_text="На новый адрес придёт письмо: откройте его и подтвердите.",
        error_messages={"invalid": "Проверьте адрес почты: нужен вид имя@сайт.рф."},
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if self.by_email and not told.get("email") and "email" not in self.errors:
            self.add_error("email", "Для квитанций по почте нужен адрес.")
        return told

    @property
    def by_email(self) -> bool:
        return self.cleaned_data.get("way") in (Delivery.EMAIL, Delivery.BOTH)

    @property
    def keeps_paper(self) -> bool:
        return self.cleaned_data.get("way") == Delivery.BOTH
