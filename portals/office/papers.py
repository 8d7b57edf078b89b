"""Forms of papers that change what is charged: applications, acts, documents of recalculation. They never save."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings

import billing.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import AgencyContract, Delivery, Service
from billing.queries import Breach, MassRule, NormBasis, UnauthorisedKind
from portals.office.forms import Choice, Day, Line, Number, OfficeForm

MONTH = {"type": "month", "class": "of-input"}


class MonthBox(forms.CharField):
    """A month as the browser sends it: 2026-10."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs=MONTH))
        kwargs.setdefault("error_messages", {"required": "Укажите месяц."})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return Month.parse(text)
        except Refusal as refusal:
            raise forms.ValidationError("Месяц не понят, нужен вид 2026-10.") from refusal


class Moment(forms.DateTimeField):
    def __init__(self, **kwargs: Any) -> None:
        attrs = {"type": "datetime-local", "class": "of-input"}
        kwargs.setdefault("widget", forms.DateTimeInput(attrs=attrs, format="%Y-%m-%dT%H:%M"))
        kwargs.setdefault("error_messages", {"invalid": "Время не понято.", "required": "Укажите день и час."})
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"], **kwargs)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        zone = ZoneInfo(settings.TIME_ZONE)
        return found.replace(tzinfo=zone) if isinstance(found, datetime) and found.tzinfo is None else found


class AbsenceForm(OfficeForm):
    left_on = Day(label="день отъезда")
    back_on = Day(label="день возвращения")
    persons = forms.IntegerField(
        label="человек", initial=1, min_value=1, max_value=99,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    applied_on = Day(label="заявление подано")
    document = Line(label="документ об отсутствии", max_length=255)
    force_majeure = forms.BooleanField(label="непреодолимая сила: отсутствовали все", required=False)


class WithdrawForm(OfficeForm):
    ground = Line(label="почему отменяется", max_length=255)


class OwnersForm(OfficeForm):
    """Up to four owners by name; a share is written as 1/2, empty: all of it or equal parts."""

    since = Day(label="с какого дня (запись в ЕГРН)")
    shares = Line(label="доли через запятую, если не равные: 1/2, 1/4, 1/4", required=False, max_length=60)
    ground = Line(label="документ", max_length=160)


class PayerForm(OfficeForm):
    ground = Line(label="документ", max_length=160)


class OpenAccountForm(OfficeForm):
    opened_on = Day(label="первый день начислений")
    delivery = Choice(label="платёжный документ", choices=Delivery.choices, coerce=int, initial=Delivery.PAPER)
    is_tenant = forms.BooleanField(label="наниматель", required=False)
    is_separate = forms.BooleanField(label="лицевые счета разделены: у помещения уже есть счёт", required=False)
    ground = Line(label="документ", max_length=160)


class ActForm(OfficeForm):
    service_id = Choice(label="услуга", coerce=int)
    kind = Choice(label="нарушение", choices=UnauthorisedKind.choices, coerce=int)
    started_on = Day(label="подключение или последняя проверка")
    act_on = Day(label="дата акта")
    capacity = Number(
        label="мощность, кВт, или пропускная способность, м³/ч (пусто: норматив × 10)", max_digits=18,
        decimal_places=6, required=False,
    )  # fmt: skip
    act = Line(label="номер акта, кто составил", max_length=255)

    def __init__(self, *args: Any, services: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = services


class QualityForm(OfficeForm):
    breach = Choice(
        label="нарушение", coerce=int,
        choices=[(kind.value, kind.label) for kind in Breach if kind in billing.operations.SERVICE_OF],
    )  # fmt: skip
    started_at = Moment(label="начало")
    ended_at = Moment(label="окончание")
    hours = Number(label="часов по акту, если меньше", max_digits=8, decimal_places=2, required=False)
    normative_c = Number(label="должно быть, °C", max_digits=6, decimal_places=2, required=False)
    actual_c = Number(label="было, °C", max_digits=6, decimal_places=2, required=False)
    flat = Line(label="только помещение №", required=False, max_length=20)
    act = Line(label="акт", max_length=255)


class MassForm(OfficeForm):
    number = Line(label="номер документа", max_length=60)
    service_id = Choice(label="услуга", coerce=int)
    first_month = MonthBox(label="за месяцы с")
    last_month = MonthBox(label="по")
    rule = Choice(label="правило", choices=MassRule.choices, coerce=int)
    value = Number(label="значение (со знаком минус снимается)", max_digits=18, decimal_places=6)
    component = Choice(
        label="часть тарифа", coerce=int, choices=[(0, "один тариф"), (1, "на воду"), (2, "на тепло")], required=False,
        empty_value=0,
    )  # fmt: skip
    basis = Line(label="документ-основание", max_length=255)
    reason = Line(label="причина", max_length=255)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.pk, row.name) for row in Service.objects.order_by("priority", "pk")]


TARIFF, NORM = 1, 2


class WhatIfForm(OfficeForm):
    """A price or a norm to be tried on a month."""

    month = MonthBox(label="месяц")
    what = Choice(label="что меняется", choices=[(TARIFF, "тариф"), (NORM, "норматив")], coerce=int)
    service_id = Choice(label="услуга", coerce=int)
    value = Number(label="новое значение", max_digits=18, decimal_places=6, min_value=0)
    component = Choice(
        label="часть тарифа", coerce=int, choices=[(0, "один тариф"), (1, "на воду"), (2, "на тепло")], required=False,
        empty_value=0,
    )  # fmt: skip
    contract_id = Choice(label="договор (для тарифа)", coerce=int, required=False, empty_value=None)
    basis = Choice(
        label="норматив", choices=NormBasis.choices, coerce=int, required=False, empty_value=NormBasis.PERSON_MONTH
    )

    def __init__(self, *args: Any, known: Sequence[Month], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        service, contract = self.fields["service_id"], self.fields["contract_id"]
        assert isinstance(service, forms.ChoiceField)
        assert isinstance(contract, forms.ChoiceField)
        service.choices = [(row.pk, row.name) for row in Service.objects.order_by("priority", "pk")]
        of_contracts = AgencyContract.objects.select_related("principal").order_by("number")
        contract.choices = [("", "всех принципалов"), *((row.pk, str(row)) for row in of_contracts)]

    def clean_month(self) -> Month:
        """Facts of a month that nobody opened are a guess: a sum of them would look like an answer."""
        month: Month = self.cleaned_data["month"]
        if month not in self.known:
            span = f"с {min(self.known)} по {max(self.known)}" if self.known else "пока ни одного"
            raise forms.ValidationError(f"За {month.title} начисления не ведутся. Выберите месяц из открытых: {span}.")
        return month


class ReversalForm(OfficeForm):
    number = Line(label="номер документа сторно", max_length=60)
    basis = Line(label="документ-основание", max_length=255)
    reason = Line(label="причина", max_length=255)
