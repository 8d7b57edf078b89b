"""Benches: each takes a number of accounts and gives one JSON object, the floor measured in the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.benches import calculation, documents, payments, penalties, remittance, reports, scale, web

Bench = Callable[..., dict[str, Any]]

BENCHES: dict[str, Bench] = {
    "calculation": calculation.run,
    "documents": documents.run,
    "payments": payments.run,
    "penalties": penalties.run,
    "remittance": remittance.run,
    "reports": reports.run,
    "scale": scale.run,
    "web": web.run,
}
