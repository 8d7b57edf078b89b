"""Fields, checks and the queryset that dated facts share. Migrations may import this module and no other of ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Self

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value

from accounts import calendar, rules


class MoneyField(models.DecimalField):
    """Roubles with kopecks: numeric(14, 2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=14, decimal_places=2)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class QuantityField(models.DecimalField):
    """Volumes, areas, norms, prices: numeric(18, 6); tariffs and norms as published."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=18, decimal_places=6)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class MonthField(models.DateField):
    """A billing month as its first day. The check «day is 1» is stated by `is_month` in Meta.constraints."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, calendar.Month):
            return value.first
        return super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, calendar.Month):
            return value.first
        return super().get_prep_value(value)


def is_month(table: str, field: str = "month") -> models.CheckConstraint:
    """The database knows that the field's day is 1."""
    return models.CheckConstraint(
        name=f"{table}_{field}_is_month",
        condition=Q(**{f"{field}__day": 1}),
        violation_error_message="Месяц хранится как первое число.",
    )


def among(table: str, field: str, choices: type[models.Choices]) -> models.CheckConstraint:
    """`choices` without a constraint are only a suggestion."""
    return models.CheckConstraint(
        name=f"{table}_{field}_known",
        condition=Q(**{f"{field}__in": choices.values}),
        violation_error_message="Такого значения нет в списке. Выберите другое.",
    )


class InForce(models.QuerySet[Any]):
    """Filters that chain for rows with `valid_from`, `valid_to` (exclusive, NULL is open)."""

    def on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)

    def during(self, span: calendar.Span) -> Self:
        """In force on any day of the span."""
        rows = self.filter(Q(valid_to=None) | Q(valid_to__gt=span.start))
        return rows if span.end is None else rows.filter(valid_from__lt=span.end)


class Dated(models.Model):
    """What holds over time."""

    valid_from = models.DateField("действует с")
    valid_to = models.DateField("действует по (не включая)", null=True, blank=True)

    objects = InForce.as_manager()

    class Meta:
        abstract = True

    def clean(self) -> None:
        """A field's own error keeps the database from being asked about overlaps of a range that has no days."""
        super().clean()
        if self.valid_from is not None and self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValidationError(
                {"valid_to": "Дата окончания должна быть позже даты начала: сам этот день не входит."}
            )


def row_history() -> tuple[pghistory.Tracker, ...]:
    """What a changed or removed row said before. A tracker belongs to one model: fresh ones for each."""
    return (pghistory.UpdateEvent("before", row=pghistory.Old), pghistory.DeleteEvent("removed", row=pghistory.Old))


class Int8Range(Func):
    """One number as a range: stands in for btree_gist, which the embedded server lacks."""

    function = "int8range"
    output_field = BigIntegerRangeField()


class DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


def no_overlap(table: str, *keys: str, condition: Q | None = None, message: str) -> list[models.BaseConstraint]:
    """Validity is not empty, and two rows of one key never hold on the same day. Keys are NOT NULL integers.

    A relation is named by its field, not its column: what a form validates is looked up by the field's name, and a
    column would be compared with itself, so that every row of the table overlapped.
    """
    points = [(Int8Range(F(key), F(key), Value("[]")), RangeOperators.OVERLAPS) for key in keys]
    return [
        models.CheckConstraint(
            name=f"{table}_validity_not_empty",
            condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
            violation_error_message="Дата окончания должна быть позже даты начала.",
        ),
        ExclusionConstraint(
            name=f"{table}_no_overlap",
            expressions=[*points, (DateRange(F("valid_from"), F("valid_to"), Value("[)")), RangeOperators.OVERLAPS)],
            condition=condition,
            violation_error_message=message,
        ),
    ]


def not_empty(table: str) -> models.CheckConstraint:
    """Validity holds at least one day."""
    return models.CheckConstraint(
        name=f"{table}_validity_not_empty",
        condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
        violation_error_message="Дата окончания должна быть позже даты начала.",
    )


# --- validators: Python says first, and kindly; the functions in SQL of the first migration stand behind -------------


def validate_inn(value: str) -> None:
    if not rules.is_inn(value):
        raise ValidationError("ИНН неверен: контрольные цифры не сходятся. Сверьте с выпиской из ЕГРЮЛ.")


def validate_kpp(value: str) -> None:
    if not rules.is_kpp(value):
        raise ValidationError("КПП неверен: нужно девять знаков.")


def validate_ogrn(value: str) -> None:
    if not rules.is_ogrn(value):
        raise ValidationError("ОГРН неверен: контрольная цифра не сходится.")


def validate_bik(value: str) -> None:
    if not rules.is_bik(value):
        raise ValidationError("БИК неверен: нужно девять цифр, первая 0.")


def validate_snils(value: str) -> None:
    if not rules.is_snils(value):
        raise ValidationError("СНИЛС неверен: контрольное число не сходится.")


def validate_account_number(value: str) -> None:
    if not rules.is_account_number(value):
        raise ValidationError("Номер лицевого счёта неверен: контрольная цифра не сходится.")


def positive(amount: Decimal) -> None:
    if amount <= 0:
        raise ValidationError("Нужно число больше нуля.")


class Translate(Func):
    function = "translate"
    output_field = models.TextField()


class HashText(Func):
    """A text's number, for exclusion constraints."""

    function = "hashtext"
    output_field = models.IntegerField()


class _Checks(Func):
    """A check written as an SQL function of the first migration; the database asks it on every row."""

    output_field = models.BooleanField()
    arity = None


class IsInn(_Checks):
    function = "is_inn"


class IsOgrn(_Checks):
    function = "is_ogrn"


class IsBankAccount(_Checks):
    function = "is_bank_account"


class IsSnils(_Checks):
    function = "is_snils"


class IsAccountNumber(_Checks):
    function = "is_account_number"


CHECK_FUNCTIONS = r"""
CREATE FUNCTION digit_sum(number text, weights int[]) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT sum(substr(number, i, 1)::int * weights[i])::int FROM generate_subscripts(weights, 1) AS i
$$;

CREATE FUNCTION is_inn(number text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN number ~ '^[0-9]{10}$' THEN
            digit_sum(number, ARRAY[2,4,10,3,5,9,4,6,8]) % 11 % 10 = substr(number, 10, 1)::int
        WHEN number ~ '^[0-9]{12}$' THEN
            digit_sum(number, ARRAY[7,2,4,10,3,5,9,4,6,8]) % 11 % 10 = substr(number, 11, 1)::int
            AND digit_sum(number, ARRAY[3,7,2,4,10,3,5,9,4,6,8]) % 11 % 10 = substr(number, 12, 1)::int
        ELSE false END
$$;

CREATE FUNCTION is_ogrn(number text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN number ~ '^[0-9]{13}$' THEN left(number, 12)::bigint % 11 % 10 = right(number, 1)::int
        WHEN number ~ '^[0-9]{15}$' THEN left(number, 14)::bigint % 13 % 10 = right(number, 1)::int
        ELSE false END
$$;

CREATE FUNCTION is_snils(number text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN number !~ '^[0-9]{11}$' THEN false
        WHEN left(number, 9) <= '001001998' THEN true
        ELSE digit_sum(number, ARRAY[9,8,7,6,5,4,3,2,1]) % 101 % 100 = right(number, 2)::int END
$$;

CREATE FUNCTION is_account_number(number text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN number !~ '^[0-9]{4,20}$' THEN false ELSE (
        SELECT sum(CASE WHEN i % 2 = 1 AND d * 2 > 9 THEN d * 2 - 9 WHEN i % 2 = 1 THEN d * 2 ELSE d END) % 10 = 0
        FROM (SELECT i, substr(reverse(number), i + 1, 1)::int AS d
            FROM generate_series(0, length(number) - 1) AS i) AS digits
    ) END
$$;

CREATE FUNCTION is_bank_account(number text, bik text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN number !~ '^[0-9]{20}$' OR bik !~ '^0[0124][0-9]{7}$' THEN false
        WHEN number LIKE '0%' THEN true
        ELSE digit_sum(
            CASE WHEN substr(bik, 7, 2) = '00' OR number ~ '^(301|40102)' THEN '0' || substr(bik, 5, 2)
                 ELSE right(bik, 3) END || number,
            ARRAY[7,1,3,7,1,3,7,1,3,7,1,3,7,1,3,7,1,3,7,1,3,7,1]) % 10 = 0 END
$$;
"""
DROP_CHECK_FUNCTIONS = """
DROP FUNCTION is_bank_account(text, text), is_account_number(text), is_snils(text), is_ogrn(text), is_inn(text),
    digit_sum(text, int[]);
"""

# A statement that names a partition fires only the partition's own triggers: they are made with the partition.
PARTITION_FUNCTIONS = """
CREATE FUNCTION make_month_partition(parent regclass, month date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := parent::text || '_' || to_char(month, 'YYYYMM');
    trigger record;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN name;
    END IF;
    EXECUTE format(
        'CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
        name, parent, date_trunc('month', month)::date, (date_trunc('month', month) + interval '1 month')::date);
    FOR trigger IN
        SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger
        WHERE tgrelid = parent AND NOT tgisinternal AND (tgtype & 1) = 0
    LOOP
        EXECUTE regexp_replace(trigger.definition, ' ON [^ ]+ ', ' ON ' || name || ' ');
    END LOOP;
    RETURN name;
END $$;
"""
DROP_PARTITION_FUNCTIONS = "DROP FUNCTION make_month_partition(regclass, date);"
