"""What every page of an account shows around its contents."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

import accounts.queries
from accounts.queries import User


def head(row: Any, tab: str) -> dict[str, Any]:
    """What every page of an account shows above its contents."""
    return {
        "account": row,
        "address": accounts.queries.address_of(row.house, row.premises),
        "payer": accounts.queries.payer_of(row),
        "tab": tab,
    }


def resident(request: HttpRequest) -> User:
    """Who acts: `login_required` has let in nobody who has not entered."""
    user = request.user
    assert isinstance(user, User)
    return user
