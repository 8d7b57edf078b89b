"""Rooms of a communal flat (коммунальная квартира)."""

from __future__ import annotations

import polars as pl


def share_of_flat(
    numer: pl.Expr, over: pl.Expr, rooms: pl.Expr, own: pl.Expr, persons: pl.Expr, all_persons: pl.Expr
) -> tuple[pl.Expr, pl.Expr]:
    """Volume of a room as a fraction: own + (V_flat − Σ own) · n_room / n_flat.

    numer / over: units by the flat's common meter; rooms: Σ units by the rooms' own meters; own: of this room;
    persons, all_persons: person-days of the room and of the flat, > 0.
    Source: Правила № 354, п. 50, прил. 2, ф. 7 and 8; charges.md 16.2 for rooms with meters of their own.
    """
    return (numer - rooms * over) * persons + own * over * all_persons, over * all_persons


def share_of_area(flat_area: pl.Expr, living: pl.Expr, flat_living: pl.Expr) -> pl.Expr:
    """m² of the flat that a room answers for: S_flat · S_living_room / Σ S_living; all m², Σ > 0.

    Source: charges.md 7.7: heat of the flat × living area of the room / living area of all rooms.
    """
    return flat_area * living / flat_living
