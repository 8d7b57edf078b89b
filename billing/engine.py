"""Which rules computed a line: the version of the engine, for runs and fingerprints."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import polars as pl

RULES = ("columns.py", "kinds.py", "queries.py", "formulas", "pipeline")


@lru_cache(maxsize=1)
def version() -> str:
    """Twelve characters that change with any rule, and with the library that computes."""
    digest = hashlib.sha256(pl.__version__.encode())
    home = Path(__file__).parent
    for name in RULES:
        place = home / name
        for source in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
