"""What every page knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def contacts(request: HttpRequest) -> dict[str, str]:
    """Where to call; empty where the installation names no telephone."""
    return {"contact_phone": settings.CONTACT_PHONE}
