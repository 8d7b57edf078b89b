"""Temporary absence (п. 86–97 Правил № 354; charges.md 13): full days away, and what comes off the norm."""

from __future__ import annotations

import polars as pl

MORE_THAN = 5  # full calendar days in a row, п. 86


def full_days(left_on: pl.Expr, back_on: pl.Expr) -> pl.Expr:
    """Days between departure and return, both excluded. left_on, back_on: dates."""
    return (back_on - left_on).dt.total_days() - 1


def is_long_enough(days: pl.Expr) -> pl.Expr:
    """More than five full days in a row: exactly five give nothing."""
    return days > MORE_THAN


def united(absences: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Absences of one person each: a row for every time away, left_on, back_on and the `document`s joined.

    Whoever is named is one person. A document that only counts its `persons` speaks of the household's first, second,
    third … absent one; another such document of the same `key` speaks of the same ones, in that order. So nobody is
    away twice on a day: on each day as many are away without names as the largest of that day's documents says,
    neither their sum nor the most of all of them on all of their days. Documents of a person that overlap are one
    absence, and how long it is, is asked of each person (п. 86: «потребитель»). A document that begins on the day
    another ends is an absence of its own: on that day the person was at home.
    """
    key = [*key, "place"]
    ordered = absences.with_columns(place=pl.int_ranges(pl.col("persons"))).explode("place").drop_nulls("place")
    ordered = ordered.sort(*key, "left_on", "back_on")
    reach = pl.col("back_on").cum_max().shift(1).over(key)
    number = ((pl.col("left_on") >= reach) | reach.is_null()).cast(pl.Int32).cum_sum().over(key)
    return ordered.with_columns(number=number).group_by(*key, "number", maintain_order=True).agg(
        pl.min("left_on"), pl.max("back_on"),
        pl.col("document").unique(maintain_order=True).str.join("; "),
    ).drop("number", "place")  # fmt: skip


def reduced(numer: pl.Expr, absent_person_days: pl.Expr) -> pl.Expr:
    """Volume that comes off, over (over × person_days): the norm of the persons away on the days they were away.

    numer: volume of the line, n · N summed over the days. Two components: both. Source: п. 86, 90.
    """
    return numer * absent_person_days
