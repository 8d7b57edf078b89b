"""Volume by individual meters (ИПУ), and by the average when they are silent."""

from __future__ import annotations

import polars as pl

from billing.columns import EXACT

SIXTY = 60  # a multiple of 3, 4, 5 and 6: the sum of so many months over 60 is an exact average
SHORTEST_HISTORY = 3  # months, п. 59
LONGEST_HISTORY = 6
AVERAGE_PERIODS = 3  # п. 59: not longer than three billing periods in a row
AVERAGE_PERIODS_NON_RESIDENTIAL = 2


def usage(opening: pl.Expr, closing: pl.Expr, digits: pl.Expr, ratio: pl.Expr) -> pl.Expr:
    """Units used between two values of one dial; null when the fall is no rollover (переход через ноль).

    opening, closing: dial units; digits: whole digits of the dial; ratio: transformer ratio (коэффициент
    трансформации). A rollover is believed when the old value is above 0.9 and the new one below 0.1 of the range.
    Source: прил. 2 to ПП РФ № 354 for the difference; charges.md 12.3–12.4 for the rollover (custom of the trade).
    """
    whole = digits.replace_strict({count: 10**count for count in range(1, 13)}, return_dtype=pl.Int64).cast(EXACT)
    rolled = (opening * 10 > whole * 9) & (closing * 10 < whole)
    return pl.when(closing >= opening).then(closing - opening).when(rolled).then(closing - opening + whole) * ratio


def average_numer(total: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The average month, in sixtieths of the unit: Σ over the fully metered months × 60 / their number.

    total: units over `months` fully metered months, 3 to 6 of them. Source: п. 59 Правил № 354.
    """
    return total * pl.when(months == 3).then(20).when(months == 4).then(15).when(months == 5).then(12).when(
        months == 6
    ).then(10)


def gap_numer(average: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Volume of days without a meter while it is replaced: a month's average × days, over 60 × days of the month.

    Source: п. 59 «а» Правил № 354: the average runs until commissioning.
    """
    return average * days


def two_zone_price(zones: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """The zone under which the tariff stands: 0 for a meter of one rate, else the dial's own (charges.md 3.2)."""
    return pl.when(zones == 1).then(0).otherwise(zone)
