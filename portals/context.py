"""What every page knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portals import notice_queries

LOOK_COOKIE = "look"
DARK_MEDIA = {"auto": "screen and (prefers-color-scheme: dark)", "light": "not all", "dark": "screen"}
TYPES = ("usual", "large")


@dataclass(frozen=True, slots=True)
class Look:
    """How the visitor wants the pages: theme auto, light or dark; type usual or large. Kept in a cookie, no more."""

    theme: str = "auto"
    type: str = "usual"

    @property
    def dark_media(self) -> str:
        """When the dark colours are in force: the `media` of their stylesheet."""
        return DARK_MEDIA[self.theme]

    def changed(self, *, theme: str | None, type_: str | None) -> Look:
        """The same look with what is known among the wishes taken in."""
        return Look(theme if theme in DARK_MEDIA else self.theme, type_ if type_ in TYPES else self.type)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.theme}.{self.type}"


def look_of(request: HttpRequest) -> Look:
    """The look named in the visitor's cookie; what is not understood is passed by."""
    theme, _, type_ = request.COOKIES.get(LOOK_COOKIE, "").partition(".")
    return Look().changed(theme=theme, type_=type_)


def contacts(request: HttpRequest) -> dict[str, Any]:
    """Where to call, empty where the installation names no telephone; and how the page is to look."""
    return {
        "contact_phone": settings.CONTACT_PHONE,
        "look": look_of(request),
        # asked by the pages that show the bell, and by no other
        "unread_notices": SimpleLazyObject(lambda: unread_of(request)),
    }


def unread_of(request: HttpRequest) -> int:
    """Notices that the visitor has not read. One statement."""
    user = getattr(request, "user", None)
    return notice_queries.unread(user.pk) if user is not None and user.is_authenticated else 0
