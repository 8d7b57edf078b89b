"""What every page of an account shows around its contents."""

from __future__ import annotations

from typing import Any

import accounts.queries


def head(row: Any, tab: str) -> dict[str, Any]:
    """What every page of an account shows above its contents."""
    return {
        "account": row,
        "address": accounts.queries.address_of(row.house, row.premises),
        "payer": accounts.queries.payer_of(row),
        "tab": tab,
    }
