"""Month, Span and the working days of Russia. Spans are half-open: [start, end)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

from accounts.errors import Refusal

ONE_DAY = timedelta(days=1)
EARLIEST, LATEST = 1900, 2200  # years that a person may mean
NAMES = (
    "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
GENITIVE = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` to `end`, the end excluded; `end` None is open."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"span ends before it starts: {self.start} … {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def __and__(self, other: Span) -> Span:
        """Common days; an empty span (start = end) if there are none."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends) if ends else None
        return Span(start, start if end is not None and end < start else end)

    @property
    def days(self) -> int:
        """Number of days. An open span has none to count: ValueError."""
        if self.end is None:
            raise ValueError("an open span has no number of days")
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A billing month (расчётный период, п. 37 Правил № 354: the calendar month), named by its first day."""

    first: date

    def __post_init__(self) -> None:
        if self.first.day != 1:
            raise ValueError(f"a month is named by its first day, not {self.first}")

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read «2026-10» or «10.2026». Raises Refusal otherwise."""
        parts = text.strip().replace(".", "-").split("-")
        try:
            numbers = [int(part) for part in parts]
            year, month = numbers if len(parts[0]) == 4 else reversed(numbers)
            return cls(date(year, month, 1))
        except (ValueError, TypeError):
            raise Refusal(f"Месяц «{text}» не понят. Напишите его так: 2026-10.") from None

    @property
    def days(self) -> int:
        return (self.next.first - self.first).days

    @property
    def last(self) -> date:
        return self.next.first - ONE_DAY

    @property
    def span(self) -> Span:
        return Span(self.first, self.next.first)

    @property
    def next(self) -> Month:
        return self + 1

    @property
    def previous(self) -> Month:
        return self + -1

    def __add__(self, months: int) -> Month:
        index = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(index // 12, index % 12 + 1, 1))

    def __sub__(self, other: Month) -> int:
        """Whole months from `other` to this one."""
        return (self.first.year - other.first.year) * 12 + self.first.month - other.first.month

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def title(self) -> str:
        """«октябрь 2026»"""
        return f"{NAMES[self.first.month - 1]} {self.first.year}"

    @staticmethod
    def range(first: Month, last: Month) -> Iterator[Month]:
        """Months from `first` to `last`, both included."""
        while first <= last:
            yield first
            first = first.next


@cache
def _russia(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("RU", years=year)


def is_working_day(day: date, overrides: dict[date, bool] | None = None) -> bool:
    """Is the day a working one in Russia, the Government's transfers included?

    overrides: day → working, from the table of days not yet decreed or decreed by a region.
    """
    if overrides and day in overrides:
        return overrides[day]
    return _russia(day.year).is_working_day(day)


def working_day_on_or_after(day: date, overrides: dict[date, bool] | None = None) -> date:
    """The day itself, or the next working one. Source: ст. 193 ГК РФ."""
    while not is_working_day(day, overrides):
        day += ONE_DAY
    return day


def long_date(day: date) -> str:
    """«5 октября 2026 г.»"""
    return f"{day.day} {GENITIVE[day.month - 1]} {day.year} г."
