"""Inputs of a worked case, taken by name: whatever nobody asked for is told, never ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from accounts.calendar import Month
from accounts.errors import Refusal
from config.cases.penalty import NotUnderstood

REQUIRED = object()
YES, NO = {"true", "yes", "да", "1"}, {"false", "no", "нет", "0"}
# The months that stand for «a month of so many days» where the case names none.
OF_DAYS = {30: "2026-06", 31: "2026-07", 28: "2026-02", 29: "2024-02"}


EX_VAT = ("_ex_vat", "_without_vat")  # of any price


@dataclass(frozen=True, slots=True)
class Vat:
    """The price is one without VAT. percent: the rate that the case fixes; None: the law's of the month."""

    percent: Decimal | None = None


class Given:
    """The named inputs of a case (or of one row inside it). A null counts as not given."""

    def __init__(self, values: Any, where: str = "") -> None:
        if not isinstance(values, Mapping):
            raise NotUnderstood(f"{where or 'inputs'}: ожидались пары «имя: значение», а стоит {values!r}.")
        self.values = dict(values)
        self.where = where
        self.asked: set[str] = set()
        self.inside: list[Given] = []
        self.is_net = False

    def __contains__(self, name: str) -> bool:
        self.asked.add(name)
        return self.values.get(name) is not None

    def has(self, *names: str) -> bool:
        """Is one of these given? To ask is to know the name."""
        self.asked.update(names)
        return any(self.values.get(name) is not None for name in names)

    def name_of(self, *names: str) -> str | None:
        """The one of `names` that is given; two of them are refused, since nobody could say which holds."""
        found = [name for name in names if name in self]
        if len(found) > 1:
            raise NotUnderstood(f"одно и то же дано дважды: {', '.join(self.path(name) for name in found)}.")
        return found[0] if found else None

    def path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def like(self, start: str) -> list[str]:
        """Names given that begin so."""
        found = sorted(name for name in self.values if name.startswith(start))
        self.asked.update(found)
        return [name for name in found if self.values[name] is not None]

    def raw(self, *names: str, default: Any = REQUIRED) -> Any:
        name = self.name_of(*names)
        if name is not None:
            return self.values[name]
        if default is REQUIRED:
            raise NotUnderstood(f"нет входных данных «{self.path(names[0])}».")
        return default

    def number(self, *names: str, default: Any = REQUIRED) -> Any:
        """Decimal of the first name that is given."""
        value = self.raw(*names, default=default)
        return value if value is default and value is not REQUIRED else decimal(value, self.path(names[0]))

    def whole(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.number(*names, default=default)
        if value is default:
            return value
        if value != int(value) or value < 0:
            raise NotUnderstood(f"{self.path(names[0])}: {value} — нужно целое число от нуля.")
        return int(value)

    def fraction(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.raw(*names, default=default)
        if value is default:
            return value
        try:
            return Fraction(str(value).replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            raise NotUnderstood(f"{self.path(names[0])}: «{value}» не дробь.") from None

    def day(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.raw(*names, default=default)
        return value if value is default else a_day(value, self.path(names[0]))

    def month(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.raw(*names, default=default)
        return value if value is default else a_month(value, self.path(names[0]))

    def flag(self, *names: str, default: bool | None = None) -> bool | None:
        value = self.raw(*names, default=default)
        if value is default or isinstance(value, bool):
            return value
        text = str(value).lower()
        if text not in YES | NO:
            raise NotUnderstood(f"{self.path(names[0])}: «{value}» не понято, нужно true или false.")
        return text in YES

    def numbers(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.raw(*names, default=default)
        if value is default:
            return value
        if not isinstance(value, list):
            raise NotUnderstood(f"{self.path(names[0])}: нужен список чисел, а стоит {value!r}.")
        return [decimal(one, self.path(names[0])) for one in value]

    def rows(self, *names: str, default: Any = REQUIRED) -> Any:
        value = self.raw(*names, default=default)
        if value is default:
            return value
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list):
            raise NotUnderstood(f"{self.path(names[0])}: нужен список строк, а стоит {value!r}.")
        found = [Given(row, f"{self.path(names[0])}[{number}]") for number, row in enumerate(value, 1)]
        self.inside += found
        return found

    def vat(self) -> Vat | None:
        """The rate of VAT, where the prices of the case are without it; from here on they answer to their plain names.

        A rate alone says so, too: the prices of the population have VAT in them, and no line of it.
        """
        prices = [name for name in self.values if name.endswith(EX_VAT)]
        for name in prices:
            plain = next(name.removesuffix(end) for end in EX_VAT if name.endswith(end))
            if self.values.get(plain) is not None:
                raise NotUnderstood(f"одно и то же дано дважды: {self.path(plain)}, {self.path(name)}.")
            self.values[plain] = self.values.pop(name)
        if self.is_net or prices or self.has("vat_percent"):
            self.is_net = True
            return Vat(self.number("vat_percent", default=None))
        return None

    def month_of(self, *, default: str = "2026-06", day: date | None = None) -> Month:
        """The month the case is about: named, or that of a `day` it names, or any of so many days."""
        named = self.month("period", "month", "billing_period", default=None)
        if day is not None:
            if named is not None and Month.of(day) != named:
                raise NotUnderstood(f"день {day} не из месяца {named}.")
            named = Month.of(day)
        days = self.whole("month_days", "days_in_month", default=None)
        hours = self.whole("month_hours", "hours_in_month", default=None)
        if hours is not None:
            if hours % 24 or (days is not None and days * 24 != hours):
                raise NotUnderstood(f"month_hours: {hours} часов не складываются в сутки месяца.")
            days = hours // 24
        if named is None and days is None:
            return Month.parse(default)
        if named is None:
            if days not in OF_DAYS:
                raise NotUnderstood(f"month_days: месяца в {days} дней не бывает.")
            return Month.parse(OF_DAYS[days])
        if days is not None and named.days != days:
            raise NotUnderstood(f"month_days: в месяце {named} дней {named.days}, а не {days}.")
        return named

    def strange(self) -> list[str]:
        """Names that no reader asked for."""
        own = [self.path(name) for name in self.values if name not in self.asked]
        return [*own, *(name for row in self.inside for name in row.strange())]


def decimal(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value).strip().replace(" ", "").replace(",", "."))
    except InvalidOperation:
        raise NotUnderstood(f"{name}: «{value}» не число.") from None
    if not number.is_finite():
        raise NotUnderstood(f"{name}: «{value}» не число.")
    return number


def a_day(value: Any, name: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotUnderstood(f"{name}: «{value}» не дата. Нужна дата вида 2026-10-05.") from None


def a_month(value: Any, name: str) -> Month:
    try:
        return Month.parse(str(value)[:7])
    except Refusal as refusal:
        raise NotUnderstood(f"{name}: {refusal}") from None


def one_of(name: str, value: Any, known: Iterable[str]) -> str:
    if str(value) not in set(known):
        raise NotUnderstood(f"{name}: «{value}» не понято. Известны: {', '.join(sorted(known))}.")
    return str(value)
