"""Sheets of the reference books: how a column of the file is called, and which row of the table a row means."""

from __future__ import annotations

from typing import Any

from import_export import fields, resources, widgets

from billing.models import LawValue, Norm, NormBasis, Tariff


class DayWidget(widgets.DateWidget):
    """«01.07.2026»; an Excel date as it is."""

    def __init__(self) -> None:
        super().__init__(format="%d.%m.%Y")


class CommaDecimal(widgets.DecimalWidget):
    """«7,125» as people write it, «7.125» as machines do."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = value.replace("\u00a0", "").replace(" ", "").replace(",", ".")
        return super().clean(value, row, **kwargs)


class ServiceWidget(widgets.ForeignKeyWidget):
    """A service by its code, or by its short name."""

    def __init__(self) -> None:
        super().__init__(Tariff._meta.get_field("service").related_model, "code")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        rows = self.model._default_manager.filter(code=str(value).strip())
        service = rows.first() or self.model._default_manager.filter(short_name__iexact=str(value).strip()).first()
        if service is None:
            raise ValueError(f"Услуга «{value}» не найдена. Укажите её код, например cold_water.")
        return service


class ContractWidget(widgets.ForeignKeyWidget):
    """A contract by its number and the principal's ИНН in the column beside."""

    def __init__(self) -> None:
        super().__init__(Tariff._meta.get_field("contract").related_model, "number")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        found = self.model._default_manager.filter(number=str(value).strip())
        inn = str((row or {}).get("ИНН принципала") or "").strip()
        if inn:
            found = found.filter(principal__inn=inn)
        contracts = list(found[:2])
        if len(contracts) != 1:
            wrong = (
                "не найден" if not contracts else "есть у нескольких принципалов: заполните столбец «ИНН принципала»"
            )
            raise ValueError(f"Договор «{value}» {wrong}.")
        return contracts[0]


class BasisWidget(widgets.Widget):
    """«на человека в месяц»"""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        for basis in NormBasis:
            if str(value).strip().lower() in (basis.label.lower(), str(basis.value)):
                return basis.value
        known = "; ".join(basis.label for basis in NormBasis)
        raise ValueError(f"На что норматив, «{value}»: не понято. Бывает: {known}.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(NormBasis(value).label)


def dated() -> dict[str, fields.Field]:
    return {
        "valid_from": fields.Field("valid_from", "действует с", widget=DayWidget()),
        "valid_to": fields.Field("valid_to", "действует по (не включая)", widget=DayWidget()),
        "act": fields.Field("act", "акт"),
    }


def number(attribute: str, column: str, default: int = 0) -> fields.Field:
    return fields.Field(attribute, column, widget=widgets.IntegerWidget(), default=default, saves_null_values=False)


class BookResource(resources.ModelResource):
    """full_clean says in Russian what the database would refuse."""

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = False


class TariffResource(BookResource):
    contract = fields.Field("contract", "договор", widget=ContractWidget())
    inn = fields.Field("contract__principal__inn", "ИНН принципала", readonly=True)
    service = fields.Field("service", "услуга", widget=ServiceWidget())
    category = number("category", "категория")
    component = number("component", "компонент")
    zone = number("zone", "зона")
    tariff_range = number("tariff_range", "диапазон")
    range_up_to = fields.Field("range_up_to", "диапазон до", widget=CommaDecimal())
    price = fields.Field("price", "цена", widget=CommaDecimal())
    vat_percent = fields.Field("vat_percent", "НДС, %", widget=CommaDecimal())
    valid_from, valid_to, act = dated().values()

    class Meta(BookResource.Meta):
        model = Tariff
        fields = (
            "contract", "inn", "service", "category", "component", "zone", "tariff_range", "range_up_to", "price",
            "vat_percent", "valid_from", "valid_to", "act",
        )  # fmt: skip
        import_id_fields = ("contract", "service", "category", "component", "zone", "tariff_range", "valid_from")

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("contract__principal", "service")


class NormResource(BookResource):
    service = fields.Field("service", "услуга", widget=ServiceWidget())
    scope = number("scope", "группа домов")
    basis = fields.Field("basis", "на что", widget=BasisWidget())
    value = fields.Field("value", "значение", widget=CommaDecimal())
    months = number("months", "месяцев", 12)
    valid_from, valid_to, act = dated().values()

    class Meta(BookResource.Meta):
        model = Norm
        fields = ("service", "scope", "basis", "value", "months", "valid_from", "valid_to", "act")
        import_id_fields = ("service", "scope", "basis", "valid_from")

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("service")


class LawValueResource(BookResource):
    code = fields.Field("code", "код")
    value = fields.Field("value", "значение", widget=CommaDecimal())
    valid_from, valid_to, act = dated().values()

    class Meta(BookResource.Meta):
        model = LawValue
        fields = ("code", "value", "valid_from", "valid_to", "act")
        import_id_fields = ("code", "valid_from")
