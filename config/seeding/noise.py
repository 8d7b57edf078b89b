"""Numbers that look random and are a function of (row, salt, seed): the same on every machine, in columns."""

from __future__ import annotations

from hashlib import sha256

import polars as pl

_MASK = 2**64
_GOLDEN = 0x9E3779B97F4A7C15
_MIX1 = 0xBF58476D1CE4E5B9
_MIX2 = 0x94D049BB133111EB


def _mixed(value: int) -> int:
    value = (value ^ (value >> 30)) * _MIX1 % _MASK
    value = (value ^ (value >> 27)) * _MIX2 % _MASK
    return value ^ (value >> 31)


class Noise:
    """splitmix64 in Polars: UInt64 products wrap, so no number outside this class is needed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def bits(self, key: pl.Expr, salt: str) -> pl.Expr:
        """64 mixed bits of a non-negative integer key; another `salt` gives independent ones."""
        start = _mixed((self.seed * _GOLDEN + int.from_bytes(sha256(salt.encode()).digest()[:8], "big")) % _MASK)
        value = key.cast(pl.UInt64) * pl.lit(_GOLDEN, pl.UInt64) + pl.lit(start, pl.UInt64)
        value = (value ^ (value // pl.lit(2**30, pl.UInt64))) * pl.lit(_MIX1, pl.UInt64)
        value = (value ^ (value // pl.lit(2**27, pl.UInt64))) * pl.lit(_MIX2, pl.UInt64)
        return value ^ (value // pl.lit(2**31, pl.UInt64))

    def below(self, key: pl.Expr, salt: str, limit: int) -> pl.Expr:
        """An integer of 0 … limit − 1."""
        return (self.bits(key, salt) // pl.lit(2**16, pl.UInt64) % pl.lit(limit, pl.UInt64)).cast(pl.Int64)

    def between(self, key: pl.Expr, salt: str, low: int, high: int) -> pl.Expr:
        """An integer of low … high, both included."""
        return self.below(key, salt, high - low + 1) + low

    def choice(self, key: pl.Expr, salt: str, values: list[str]) -> pl.Expr:
        """One of the texts."""
        return pl.lit(pl.Series(values)).gather(self.below(key, salt, len(values)))

    def percent(self, key: pl.Expr, salt: str, share: int) -> pl.Expr:
        """True for about `share` rows of a thousand."""
        return self.below(key, salt, 1000) < share
