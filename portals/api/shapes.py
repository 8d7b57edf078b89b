"""From frozen rows to JSON and its schema: sums and quantities are text, months «2026-10», days «2026-10-31»."""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.calendar import Month
from accounts.errors import Refusal

Shape = type[serializers.Serializer[Any]]


@extend_schema_field({"type": "string", "format": "decimal", "example": "1234.56"})
class NumberField(serializers.Field[Any, Any, Any, Any]):
    """An exact number: a kopeck must not pass through a JavaScript number."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}$", "example": "2026-10"})
class MonthText(serializers.Field[Any, Any, Any, Any]):
    """A month, «2026-10»; from 2000 to 2099."""

    default_error_messages = {"invalid": "Нужен месяц вида 2026-10."}

    def to_representation(self, value: Month | date) -> str:
        return str(value if isinstance(value, Month) else Month.of(value))

    def to_internal_value(self, data: Any) -> Month:
        try:
            found = Month.parse(str(data))
        except Refusal:
            self.fail("invalid")
        if not 2000 <= found.first.year <= 2099:
            self.fail("invalid")
        return found


PLAIN: dict[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    Decimal: NumberField, Month: MonthText, date: serializers.DateField, datetime: serializers.DateTimeField,
    bool: serializers.BooleanField, int: serializers.IntegerField, str: serializers.CharField,
}  # fmt: skip


def of(row: Any, *names: str, name: str = "", **more: serializers.Field[Any, Any, Any, Any]) -> Shape:
    """The serializer of a frozen row: the named fields, all of them if none is named, and `more`."""
    hints = typing.get_type_hints(row)
    fields = {one: field_of(hints[one]) for one in names or [one.name for one in dataclasses.fields(row)]}
    namespace = {**fields, **more, "__doc__": (row.__doc__ or "").partition("\n")[0]}
    return type(name or row.__name__, (serializers.Serializer,), namespace)


def field_of(hint: Any, **more: Any) -> serializers.Field[Any, Any, Any, Any]:
    """The field of an annotation: a plain one, one that may be missing, rows of another dataclass."""
    if hint in PLAIN:
        return PLAIN[hint](**more)
    inner = next(one for one in typing.get_args(hint) or (hint,) if one is not type(None))
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return field_of(inner, allow_null=True)
    if typing.get_origin(hint) in (list, tuple):
        return of(inner)(many=True) if dataclasses.is_dataclass(inner) else serializers.ListField(child=field_of(inner))
    return of(inner)(**more)


def told(shape: Shape, rows: Any, *, many: bool = True) -> Any:
    return shape(rows, many=many).data


# --- what the address asks for ---------------------------------------------------------------------------------------


class Query(serializers.Serializer[Any]):
    """Base of the parameters of an address: what cannot be meant is a 400."""

    @classmethod
    def of(cls, request: Any) -> dict[str, Any]:
        asked = cls(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


class OfMonth(Query):
    month = MonthText(required=False, help_text="По умолчанию текущий.")


class OfLine(OfMonth):
    line = serializers.CharField(max_length=60, help_text="Ключ строки, key из начислений.")


class OfPage(Query):
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=100_000)


class OfDays(OfPage):
    since = serializers.DateField(required=False, help_text="По умолчанию неделя назад.")
    until = serializers.DateField(required=False, help_text="По умолчанию сегодня. Не больше года от since.")


class OfAccountDays(OfDays):
    account = serializers.CharField(
        required=False, max_length=20, help_text="Номер лицевого счёта: только его платежи."
    )


class OfHouse(OfPage):
    house = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    text = serializers.CharField(required=False, max_length=50, help_text="Начало номера лицевого счёта.")


class OfReport(OfPage):
    rows = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="Группировки: rows=house&rows=service.",
    )
    measures = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, help_text="Показатели: measures=paid."
    )
    columns = serializers.CharField(max_length=40, required=False, help_text="Поле, разложенное по столбцам.")
    sort = serializers.CharField(max_length=40, required=False, help_text="Показатель; с минусом — по убыванию.")
    first = MonthText(required=False, help_text="С какого месяца. По умолчанию период отчёта.")
    last = MonthText(required=False, help_text="По какой месяц. По умолчанию first.")


class Detail(serializers.Serializer[Any]):
    """Why not, in Russian."""

    detail = serializers.CharField()
