"""What the back office says about itself."""

from django.conf import settings
from django.http import HttpRequest


def environment(request: HttpRequest) -> list[str] | None:
    """A label in the header, so that a demo is never taken for the real thing."""
    return ["Демо", "warning"] if settings.DEBUG else None
