"""Keys of a user, for the page that lists them."""

from __future__ import annotations

from accounts.queries import User
from portals.models import AccessKey, KeyFace


def keys_of(user: User) -> list[AccessKey]:
    """Standing keys, the latest first."""
    return list(AccessKey.objects.filter(user=user, withdrawn_at=None).order_by("-pk"))


def faces_of(*, has_accounts: bool, is_principal: bool) -> list[tuple[int, str]]:
    """What the user's keys may open: a resident without an account yet is a resident all the same."""
    found = [KeyFace.SUPPLIER] if is_principal else []
    if has_accounts or not found:
        found.insert(0, KeyFace.RESIDENT)
    return [(int(face), str(face.label)) for face in found]
