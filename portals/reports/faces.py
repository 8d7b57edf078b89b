"""Where reports are shown: the office and the supplier's cabinet. Each says whose rows its visitor may see, now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

import accounts.queries
from accounts.queries import User
from portals import access
from portals.models import PrincipalUser
from portals.models.reports import Face
from portals.office import roles
from portals.reports.compiler import Scope

SEE = roles.SEE_REPORTS
OWNERS = "Все поставщики"


@dataclass(frozen=True, slots=True)
class Place:
    """A face with its addresses and its frame."""

    face: str
    namespace: str
    base: str

    def url(self, name: str, *args: object) -> str:
        return reverse(f"{self.namespace}:{name}", args=args)

    def account_url(self, number: str, account_id: int) -> str:
        """The page of an account, to which every drill-down comes at last."""
        if self.face == Face.OFFICE:
            return reverse("office:card", args=[account_id])
        return reverse("principal:account", args=[number])


OFFICE = Place(Face.OFFICE, "office-reports", "reports/office_base.html")
SUPPLIER = Place(Face.SUPPLIER, "supplier-reports", "reports/supplier_base.html")
PLACES = {place.face: place for place in (OFFICE, SUPPLIER)}


def scope_of(user: User, face: str) -> Scope | None:
    """Whose rows the user may read there today; None where he may not enter at all."""
    if not user.is_active:
        return None
    if face == Face.OFFICE:
        return Scope.everything() if user.is_staff and user.has_perm(SEE) else None
    own = list(access.contracts_for(user).values_list("pk", flat=True))
    return Scope.of(own) if own else None


def owner_of(user: User, face: str) -> str:
    """Whose figures these are, for the head of a file."""
    if face == Face.OFFICE:
        return OWNERS
    names = access.contracts_for(user).order_by("number").values_list("principal__short_name", flat=True)
    return ", ".join(dict.fromkeys(names))


def strangers(user: User, face: str, emails: Iterable[str]) -> list[str]:
    """Of the addresses, those of nobody who may see these figures himself: nothing is sent to them."""
    wanted = {email.lower(): email for email in emails}
    if face == Face.OFFICE:
        people = accounts.queries.User.objects.filter(is_staff=True, is_active=True)
        known = {str(one.email).lower() for one in people.filter(email__in=wanted) if one.has_perm(SEE)}
    else:
        own = PrincipalUser.objects.filter(user=user, withdrawn_at=None).values("principal")
        links = PrincipalUser.objects.filter(
            principal__in=own, withdrawn_at=None, user__is_active=True, user__email__in=wanted
        )
        known = {str(email).lower() for email in links.values_list("user__email", flat=True)}
    return [email for low, email in wanted.items() if low not in known]
