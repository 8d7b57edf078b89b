"""What stands, and what differs from it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from billing import columns
from billing.pipeline.facts import Frame


@dataclass(frozen=True)
class Difference:
    """What must be written so that the table says what was computed."""

    inserted: Frame
    changed: Frame
    vanished: Frame

    @property
    def is_empty(self) -> bool:
        return not (self.inserted.height or self.changed.height or self.vanished.height)


def difference(lines: Frame, standing: Frame) -> Difference:
    """Compares by key, then by every other column."""
    key = list(columns.KEY)
    lines = lines.sort(_place())  # neighbours in the key are neighbours on the disk
    if not standing.height:
        return Difference(lines, lines.clear(), lines.clear())
    if lines.equals(standing.sort(_place())):
        return Difference(lines.clear(), lines.clear(), lines.clear())
    inserted = lines.join(standing, on=key, how="anti")
    vanished = standing.join(lines, on=key, how="anti")
    others = [name for name in lines.columns if name not in columns.KEY]
    both = lines.join(standing, on=key, suffix="_was")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_was")) for name in others)
    changed = both.filter(differs).select(lines.columns)
    return Difference(inserted, changed, vanished)


def _place() -> pl.Expr:
    """The order of the key inside a month as one number: to sort by it takes half the time of sorting by columns."""
    account, contract, service, kind, line = (pl.col(name).cast(pl.Int128) for name in columns.KEY[:5])
    return (((account * 2**32 + contract) * 2**16 + service) * 2**8 + kind) * 2**16 + line
