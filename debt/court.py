"""Courts and cut-offs: the fee of a claim, the term of limitation, the threshold of a restriction. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from accounts.calendar import ONE_DAY
from accounts.money import kopecks

ORDER_LIMIT: Final = Decimal(500_000)  # roubles, penalty included: above it no court order (ст. 121 ГПК РФ)
YEARS_OF_LIMITATION: Final = 3  # ст. 196 ГК РФ
MONTHS_BY_NORM: Final = 2  # п. 118 Правил № 354


@dataclass(frozen=True, slots=True)
class Step:
    """Claims above `over` roubles: `base` roubles and `percent` of what exceeds `over`."""

    over: Decimal
    base: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class FeeScale:
    """A scale of ст. 333.19 НК РФ, in force from `since`; roubles."""

    since: date
    steps: tuple[Step, ...]
    least: Decimal
    most: Decimal


def _steps(*rows: tuple[int, int, str]) -> tuple[Step, ...]:
    return tuple(Step(Decimal(over), Decimal(base), Decimal(percent)) for over, base, percent in rows)


# The elder scale stays for applications filed in its time.
SCALES: Final = (
    FeeScale(
        date(2005, 1, 1),
        _steps(
            (0, 0, "4"), (20_000, 800, "3"), (100_000, 3_200, "2"), (200_000, 5_200, "1"), (1_000_000, 13_200, "0.5")
        ),
        least=Decimal(400),
        most=Decimal(60_000),
    ),
    FeeScale(  # Закон от 08.08.2024 № 259-ФЗ
        date(2024, 9, 9),
        _steps(
            (0, 4_000, "0"), (100_000, 4_000, "3"), (300_000, 10_000, "2.5"), (500_000, 15_000, "2"),
            (1_000_000, 25_000, "1"), (3_000_000, 45_000, "0.7"), (8_000_000, 80_000, "0.35"),
            (24_000_000, 136_000, "0.3"), (50_000_000, 214_000, "0.2"), (100_000_000, 314_000, "0.15"),
        ),
        least=Decimal(4_000),
        most=Decimal(900_000),
    ),
)  # fmt: skip


def claim_fee(claim: Decimal, filed_on: date) -> Decimal:
    """State fee of a suit in a court of general jurisdiction, whole roubles (50 kopecks and more up).

    claim: roubles > 0, the price of the claim. filed_on: day of the application, which chooses the scale.
    Raises ValueError on a claim of nothing and on a day before the first scale.
    Source: ст. 333.19 НК РФ, пп. 1 п. 1 (from 09.09.2024 as of 259-ФЗ); rounding: ст. 52 НК РФ.
    """
    return _whole_roubles(_fee(claim, filed_on))


def writ_fee(claim: Decimal, filed_on: date) -> Decimal | None:
    """State fee of a court order: half of the suit's; None above 500 000 roubles, where no order is given.

    Source: ст. 333.19 НК РФ; the limit is ст. 121 ГПК РФ. Units and errors as in `claim_fee`.
    """
    if claim > ORDER_LIMIT:
        return None
    return _whole_roubles(_fee(claim, filed_on) / 2)


def _fee(claim: Decimal, filed_on: date) -> Decimal:
    if claim <= 0:
        raise ValueError(f"a claim is a positive sum, not {claim}")
    scales = [scale for scale in SCALES if scale.since <= filed_on]
    if not scales:
        raise ValueError(f"no scale of court fees on {filed_on}")
    scale = scales[-1]
    step = next(step for step in reversed(scale.steps) if claim > step.over)
    fee = step.base + (claim - step.over) * step.percent / 100
    return min(max(fee, scale.least), scale.most)


def _whole_roubles(fee: Decimal) -> Decimal:
    return kopecks(fee.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def last_day_to_sue(due_on: date) -> date:
    """The last day of the three years, which begin on the day after the due date of the monthly payment.

    Source: ст. 196, 200, 192 ГК РФ; ППВС от 27.06.2017 № 22, п. 41. A term that began on 29 February ends on the 28th.
    """
    year = due_on.year + YEARS_OF_LIMITATION
    if (due_on.month, due_on.day) == (2, 29):
        return date(year, 3, 1) - ONE_DAY
    return due_on.replace(year=year)


def is_within_limitation(due_on: date, filed_on: date) -> bool:
    """May this monthly payment still be sued for on `filed_on`? The court asks only when the debtor says so."""
    return filed_on <= last_day_to_sue(due_on)


def restriction_threshold(norm: Decimal, persons: Decimal, tariff: Decimal) -> Decimal:
    """Roubles of debt for a service above which its supply may be restricted: two months by the norm.

    norm: units per person a month; persons: residents counted; tariff: roubles per unit (of one rate, where the meter
    has zones). What the meter shows does not matter; penalties and common needs are not counted.
    Source: п. 118 Правил № 354.
    """
    return kopecks(norm * persons * tariff * MONTHS_BY_NORM)


def may_warn(debt: Decimal, threshold: Decimal, *, has_agreement: bool) -> bool:
    """May the debtor be warned of a restriction: the debt exceeds the threshold and no instalments are kept to.

    debt: roubles for that service, without penalties and common needs. Source: п. 118 Правил № 354.
    """
    return debt > threshold and not has_agreement


def within_limitation(dues: Sequence[date], filed_on: date) -> list[bool]:
    """`is_within_limitation` of every monthly payment."""
    return [is_within_limitation(due_on, filed_on) for due_on in dues]
