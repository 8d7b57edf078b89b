"""Why a line differs from last month's: the difference by cause, which adds up to the whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from accounts.money import ZERO, kopecks


@dataclass(frozen=True, slots=True)
class Change:
    """A cause in words and what it added, roubles."""

    cause: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of a bill rests on; `volume` in units, `tariff` and `amount` in roubles."""

    amount: Decimal
    volume: Decimal | None
    tariff: Decimal | None
    method: int
    method_name: str


def changes(before: Line, now: Line) -> list[Change]:
    """The difference between two months of a line, by cause. Σ amounts = now.amount − before.amount; empty if none.

    The tariff's part is what last month's volume would have cost more at today's tariff; the volume has the rest.
    """
    difference = now.amount - before.amount
    if difference == 0:
        return []
    parts: list[Change] = []
    if None not in (before.volume, before.tariff, now.volume, now.tariff):
        by_tariff = kopecks(before.volume * (now.tariff - before.tariff))  # type: ignore[operator]
        if now.tariff != before.tariff and by_tariff:
            parts.append(Change("Изменился тариф", by_tariff))
        rest = difference - sum((part.amount for part in parts), ZERO)
        if rest:
            parts.append(Change(volume_cause(before, now), rest))
        return parts
    return [Change("Изменился расчёт", difference)]


def volume_cause(before: Line, now: Line) -> str:
    """What to call the part of the volume."""
    if before.method != now.method:
        return f"Другой способ расчёта: {now.method_name}"
    return "Объём стал больше" if (now.volume or 0) > (before.volume or 0) else "Объём стал меньше"
