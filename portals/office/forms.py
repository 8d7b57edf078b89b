"""Forms of the back office: plain ones, they understand what was typed and never save."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

import payments.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.operations import NewMeter
from accounts.queries import Delivery, PremisesKind, ResidencyKind, Resource
from payments.reallocation_queries import RULES
from payments.registers import mapped
from payments.registers.client_bank import LARGEST_FILE

IDLE = str.maketrans("", "", " \u00a0\u202f\u2009₽")
NUMBER = "Нужно число, например 1234,50."
SUM = "Нужна сумма цифрами, например 1234,50: рубли и не больше двух знаков копеек."


class Number(forms.DecimalField):
    """A decimal as people write it: with a comma, spaces between the thousands."""

    shape = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "of-input of-input--num", "inputmode": "decimal", "autocomplete": "off"}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        kwargs.setdefault("error_messages", {"invalid": NUMBER, "required": "Введите число."})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.translate(IDLE).replace(",", ".")
            # Decimal would also take «1e5», «1_000», «NaN» and digits of other scripts: nobody means them.
            if value and not re.fullmatch(self.shape, value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else value


class Roubles(Number):
    """Roubles and kopecks: digits, spaces between them, one comma or point, no sign."""

    shape = r"[0-9]+(?:\.[0-9]{0,2})?"

    def __init__(self, **kwargs: Any) -> None:
        kwargs["error_messages"] = {"required": "Введите сумму.", "invalid": SUM} | kwargs.get("error_messages", {})
        super().__init__(max_digits=14, decimal_places=2, **kwargs)


def roubles(label: str, **kwargs: Any) -> Roubles:
    """A field of roubles; what cannot be is refused by the operation in its own words."""
    return Roubles(label=label, **kwargs)


class Day(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date", "class": "of-input"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "Дата не понята.", "required": "Укажите дату."})
        super().__init__(input_formats=["%Y-%m-%d", "%d.%m.%Y"], **kwargs)


class Line(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "of-input", "autocomplete": "off"}))
        kwargs.setdefault("error_messages", {"required": "Заполните."})
        super().__init__(**kwargs)


class Choice(forms.TypedChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Select(attrs={"class": "of-input"}))
        super().__init__(**kwargs)


class OfficeForm(forms.Form):
    """Says which field a refusal is about."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Several forms stand on one page: their fields must not share an id.
        kwargs.setdefault("auto_id", f"{type(self).__name__.removesuffix('Form').lower()}_%s")
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: Refusal) -> None:
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, str(refusal))

    def mark_errors(self) -> None:
        """Tells the reader of the screen which fields are wrong."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"


class ReadingForm(OfficeForm):
    """Values of all dials of one meter, on a day."""

    on = Day(label="дата снятия")

    def __init__(self, *args: Any, meter: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zones = range(1, meter.zones + 1)
        for zone in self.zones:
            field = Number(label=f"Т{zone}" if meter.zones > 1 else "показание", max_digits=18, decimal_places=6)
            field.widget.attrs["placeholder"] = "новое"
            self.fields[f"zone_{zone}"] = field

    @property
    def values(self) -> dict[int, Decimal]:
        return {zone: self.cleaned_data[f"zone_{zone}"] for zone in self.zones}


class SettleForm(OfficeForm):
    since = Day(label="с какого дня")
    until = Day(label="по какой день (не включая)", required=False)
    kind = Choice(label="как", choices=ResidencyKind.choices, coerce=int, initial=ResidencyKind.PERMANENT)
    persons = forms.IntegerField(
        label="человек", initial=1, min_value=1, max_value=99,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    person_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    ground = Line(label="документ", required=False, max_length=160)


class MoveOutForm(OfficeForm):
    residency_id = forms.IntegerField(widget=forms.HiddenInput)
    on = Day(label="выбыл (первый день без него)")
    persons = forms.IntegerField(
        label="человек", required=False, min_value=1,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    ground = Line(label="документ", required=False, max_length=160)


class AreaForm(OfficeForm):
    since = Day(label="с какого дня")
    total_area_m2 = Number(label="общая, м²", max_digits=18, decimal_places=6)
    living_area_m2 = Number(label="жилая, м²", max_digits=18, decimal_places=6, required=False)
    heated_area_m2 = Number(label="отапливаемая, м²", max_digits=18, decimal_places=6, required=False)
    rooms = forms.IntegerField(
        label="комнат", required=False, min_value=0, widget=forms.NumberInput(attrs={"class": "of-input of-input--num"})
    )
    ground = Line(label="документ", max_length=160)


class HomeForm(OfficeForm):
    """Premises without an account: what is told of them. The house and the payer are chosen beside it."""

    kind = Choice(label="вид", choices=PremisesKind.choices, coerce=int, initial=PremisesKind.FLAT)
    number = Line(label="номер помещения", max_length=20, required=False)
    flat = Line(label="для комнаты: номер квартиры", max_length=20, required=False)
    opened_on = Day(label="первый день начислений")
    total_area_m2 = Number(label="общая площадь, м²", max_digits=18, decimal_places=6, required=False)
    living_area_m2 = Number(label="жилая, м²", max_digits=18, decimal_places=6, required=False)
    heated_area_m2 = Number(label="отапливаемая, м²", max_digits=18, decimal_places=6, required=False)
    rooms = forms.IntegerField(
        label="комнат", required=False, min_value=0, max_value=99,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    entrance = Line(label="подъезд", max_length=8, required=False)
    storey = forms.IntegerField(
        label="этаж", required=False, min_value=-5, max_value=99,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    residents = forms.IntegerField(
        label="проживает человек", initial=0, min_value=0, max_value=99,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    delivery = Choice(label="платёжный документ", choices=Delivery.choices, coerce=int, initial=Delivery.PAPER)
    ground = Line(label="документ", max_length=160)
    is_tenant = forms.BooleanField(label="плательщик — наниматель, не собственник", required=False)


class FirstMeterForm(OfficeForm):
    """A meter that stands in the premises; a row left empty is no meter."""

    resource = Choice(label="ресурс", coerce=int, choices=[("", "—"), *Resource.choices[1:]])
    serial = Line(label="заводской номер", max_length=50)
    on = Day(label="дата акта")
    verified_until = Day(label="поверка по", required=False)
    digits = forms.IntegerField(
        label="знаков до запятой", initial=5, min_value=1, max_value=12,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    zone_1 = Number(label="показание (Т1)", max_digits=18, decimal_places=6)
    zone_2 = Number(label="Т2, если есть", max_digits=18, decimal_places=6, required=False)
    zone_3 = Number(label="Т3, если есть", max_digits=18, decimal_places=6, required=False)

    def __init__(self, *args: Any, prefix: str, **kwargs: Any) -> None:
        super().__init__(*args, prefix=prefix, auto_id="meter_%s", **kwargs)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("zone_3") is not None and found.get("zone_2") is None:
            self.add_error("zone_2", "Указано Т3, а Т2 нет.")
        return found

    @property
    def meter(self) -> NewMeter:
        told = self.cleaned_data
        values = [told[f"zone_{zone}"] for zone in (1, 2, 3)]
        initial = {zone: value for zone, value in enumerate(values, 1) if value is not None}
        return NewMeter(
            serial=told["serial"], initial=initial, zones=len(initial), digits=told["digits"],
            verified_until=told["verified_until"],
        )  # fmt: skip


class VerifyMeterForm(OfficeForm):
    verified_on = Day(label="дата поверки")
    verified_until = Day(label="действует по")
    ground = Line(label="свидетельство", max_length=160)


class ReplaceMeterForm(OfficeForm):
    """Closing and opening readings together, eight fields."""

    on = Day(label="дата замены")
    serial = Line(label="заводской номер нового", max_length=50)
    model = Line(label="марка, модель", max_length=100, required=False)
    verified_until = Day(label="поверка по", required=False)
    digits = forms.IntegerField(
        label="знаков до запятой", initial=5, min_value=1, max_value=12,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    ground = Line(label="акт", max_length=160)

    def __init__(self, *args: Any, meter: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zones = range(1, meter.zones + 1)
        for zone in self.zones:
            tail = f" Т{zone}" if meter.zones > 1 else ""
            self.fields[f"zone_{zone}"] = Number(label=f"снят на{tail}", max_digits=18, decimal_places=6)
            self.fields[f"start_{zone}"] = Number(
                label=f"новый с{tail}", max_digits=18, decimal_places=6, initial=Decimal(0)
            )

    def dials(self, prefix: str) -> dict[int, Decimal]:
        return {zone: self.cleaned_data[f"{prefix}_{zone}"] for zone in self.zones}


class ReasonForm(OfficeForm):
    ground = Line(label="причина", max_length=255)


class CloseAccountForm(OfficeForm):
    closed_on = Day(label="первый день без начислений")
    ground = Line(label="документ", max_length=160)


class DeskForm(OfficeForm):
    """What the cashier types: a sum for each account, what was handed over, and how."""

    office = Choice(label="отделение", coerce=int)
    given = roubles("получено наличными, ₽", required=False)
    card = forms.BooleanField(label="всё картой", required=False, widget=forms.CheckboxInput(attrs={"data-card": ""}))
    by_card = roubles("или из них картой, ₽", required=False)
    purpose = Choice(
        label="что оплачивают", coerce=str, required=False,
        widget=forms.Select(attrs={"class": "of-input", "data-aside": ""}),
    )  # fmt: skip
    key = forms.CharField(widget=forms.HiddenInput, max_length=payments.operations.KEY_LENGTH)
    shown = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, account_ids: Iterable[int], offices: Any, purposes: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        office, purpose = self.fields["office"], self.fields["purpose"]
        assert isinstance(office, forms.ChoiceField) and isinstance(purpose, forms.ChoiceField)
        office.choices = offices
        purpose.choices = [("", "всё: по порядку долга"), *purposes]
        given = self.fields["given"].widget.attrs
        given.update({"class": "of-input of-input--num of-input--sum", "data-given": "", "data-step": ""})
        by_card = self.fields["by_card"].widget.attrs
        by_card.update({"class": "of-input of-input--num", "data-by-card": "", "data-aside": ""})
        self.account_ids = list(account_ids)
        for account_id in self.account_ids:
            field = roubles("сумма, ₽")
            marks = {"class": "of-input of-input--num of-input--sum", "data-amount": "", "data-step": ""}
            field.widget.attrs.update(marks | ({} if self.account_ids.index(account_id) else {"data-focus": ""}))
            self.fields[f"amount_{account_id}"] = field

    @property
    def lines(self) -> list[tuple[int, Decimal]]:
        return [(account_id, self.cleaned_data[f"amount_{account_id}"]) for account_id in self.account_ids]


class CancelForm(OfficeForm):
    number = forms.CharField(widget=forms.HiddenInput)
    ground = Line(label="причина", max_length=255)


class ReverseForm(OfficeForm):
    """A mirror; with `refund`, an order to the bank that pays the money back to these requisites."""

    ground = Line(label="причина", max_length=255)
    refund = forms.BooleanField(label="вернуть деньги плательщику поручением банку", required=False)
    recipient = Line(label="получатель", max_length=160, required=False)
    inn = Line(label="ИНН, если есть", max_length=12, required=False)
    bik = Line(label="БИК банка", max_length=9, required=False)
    bank_account = Line(label="счёт получателя", max_length=20, required=False)


class CollectForm(OfficeForm):
    amount = roubles("сдано, ₽")
    document = Line(label="номер сумки или ордера", max_length=120)


class CloseShiftForm(OfficeForm):
    counted = roubles("пересчитано в ящике, ₽")


class RefundForm(OfficeForm):
    """An application for an overpayment: the document, the sum, whom and where to."""

    number = Line(label="номер заявления", max_length=40)
    applied_on = Day(label="дата заявления")
    amount = roubles("сумма, ₽")
    recipient = Line(label="получатель", max_length=160)
    inn = Line(label="ИНН, если есть", max_length=12, required=False)
    bik = Line(label="БИК банка", max_length=9)
    bank_account = Line(label="счёт получателя", max_length=20)


class RequisitesForm(OfficeForm):
    """Where a refund that the bank sent back goes now."""

    recipient = Line(label="получатель", max_length=160)
    inn = Line(label="ИНН, если есть", max_length=12, required=False)
    bik = Line(label="БИК банка", max_length=9)
    bank_account = Line(label="счёт получателя", max_length=20)


class MoveForm(OfficeForm):
    number = Line(label="на лицевой счёт", max_length=40)
    ground = Line(label="причина", max_length=255)


class ChargeBackForm(OfficeForm):
    reason = Line(label="причина спора, как её назвал банк", max_length=200)
    document = Line(label="документ эквайера", max_length=120)
    claimed_on = Day(label="дата списания банком")


class AssignForm(OfficeForm):
    payment_id = forms.IntegerField(widget=forms.HiddenInput)
    account_id = forms.IntegerField(widget=forms.HiddenInput)
    ground = Line(label="основание", required=False, max_length=255)


class StatementForm(OfficeForm):
    channel = Choice(label="канал")
    day = Day(label="операционный день")
    file = forms.FileField(
        label="файл выписки", widget=forms.ClearableFileInput(attrs={"class": "of-input"}),
        error_messages={"required": "Выберите файл.", "empty": "Файл пустой: в нём 0 байт. Выгрузите его заново."},
    )  # fmt: skip

    def __init__(self, *args: Any, channels: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = channels

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"Файл больше {LARGEST_FILE // 2**20} МБ: таких выписок не бывает. Проверьте, тот ли это файл, или "
                "выгрузите выписку по дням."
            )
        return file


def register_file(label: str) -> forms.FileField:
    return forms.FileField(
        label=label, widget=forms.ClearableFileInput(attrs={"class": "of-input"}),
        error_messages={"required": "Выберите файл.", "empty": "Файл пустой: в нём 0 байт. Выгрузите его заново."},
    )  # fmt: skip


def of_register_size(file: Any) -> Any:
    if file.size > mapped.LARGEST_FILE:
        raise forms.ValidationError(
            f"Файл больше {mapped.LARGEST_FILE // 2**20} МБ: таких реестров не бывает. Проверьте, тот ли это файл."
        )
    return file


class RegisterForm(OfficeForm):
    layout = Choice(label="формат")
    channel = Choice(label="канал")
    day = Day(label="операционный день")
    file = register_file("файл реестра")

    def __init__(self, *args: Any, channels: Any, layouts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("channel", channels), ("layout", layouts)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean_file(self) -> Any:
        return of_register_size(self.cleaned_data["file"])


class TrialForm(OfficeForm):
    file = register_file("файл")

    def clean_file(self) -> Any:
        return of_register_size(self.cleaned_data["file"])


class UndoForm(OfficeForm):
    ground = Line(label="причина", max_length=255)
    withhold = forms.BooleanField(label="удержать перечисленное из следующего перечисления", required=False)


class ReallocationForm(OfficeForm):
    """Which payments are laid anew, and how."""

    since = Day(label="операционные дни с")
    until = Day(label="по (включая)")
    channel = Choice(label="канал", required=False, empty_value="")
    register = forms.IntegerField(
        label="реестр №", required=False, min_value=1, max_value=2**31 - 1,
        widget=forms.NumberInput(attrs={"class": "of-input of-input--num"}),
    )  # fmt: skip
    number = Line(label="лицевой счёт", required=False, max_length=20)
    rule = Choice(label="разнести", choices=list(RULES.items()), required=False, empty_value="")
    month = Line(label="месяц, названный плательщиком (2026-10)", required=False, max_length=7)
    reason = Line(label="причина", max_length=255)

    def __init__(self, *args: Any, channels: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"] = Choice(label="канал", choices=channels, required=False, empty_value="")

    def clean_month(self) -> str:
        told = str(self.cleaned_data["month"])
        try:
            return str(Month.parse(told)) if told else ""
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from None


class ReconcileForm(OfficeForm):
    """The register whose money the bank's order is."""

    register_id = forms.IntegerField(label="реестр", min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    ground = Line(label="чем объясняется расхождение", required=False, max_length=255)


class WorkbookForm(OfficeForm):
    since = Day(label="счета открыть, площади и жильцов учесть с")
    file = forms.FileField(
        label="книга Excel", widget=forms.ClearableFileInput(attrs={"class": "of-input", "accept": ".xlsx"}),
        error_messages={"required": "Выберите файл.", "empty": "Файл пустой: в нём 0 байт. Выгрузите его заново."},
    )  # fmt: skip
