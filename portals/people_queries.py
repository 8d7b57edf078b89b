"""Who sees an account of the resident, and who was asked to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import accounts.queries
from accounts.queries import User
from portals.models import AccountLink, Invitation


@dataclass(frozen=True, slots=True)
class Viewer:
    """One who sees the account; may_end where the reader of the page gave him that access."""

    link_id: int
    name: str
    how: str
    since: datetime
    is_self: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that nobody has answered; its term may be over."""

    id: int
    address: str
    sent_at: datetime
    expires_at: datetime
    is_over: bool


@dataclass(frozen=True, slots=True)
class Sharing:
    """Everybody who sees the account, the reader first; may_share: the reader proved it by the code."""

    viewers: list[Viewer]
    invited: list[Invited]
    may_share: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation offers to one who has opened its link."""

    who: str
    address: str
    number: str
    expires_at: datetime


def masked(user: User) -> str:
    """Enough of a name, e-mail or phone to know one's own by: «Анна», «an***@mail.ru», «+7 *** *** 67-89»."""
    if user.name:
        return user.name
    if user.email:
        name, _, site = user.email.partition("@")
        return f"{name[:2]}***@{site}"
    if user.phone:
        digits = str(user.phone)[-4:]
        return f"+7 *** ***-{digits[:2]}-{digits[2:]}"
    return "Вход по номеру счёта и коду"


def sharing(*, account_id: int, user: User, at: datetime) -> Sharing:
    """Who sees the account and whom this user has asked. Two statements."""
    links = AccountLink.objects.filter(account=account_id, withdrawn_at=None).select_related("user", "given_by")
    viewers, may_share = [], False
    for link in sorted(links, key=lambda one: (one.user_id != user.pk, one.linked_at)):
        is_self = link.user_id == user.pk
        may_share = may_share or (is_self and link.given_by_id is None)
        how = "по коду с квитанции"
        if link.given_by is not None:
            how = "доступ дали вы" if link.given_by_id == user.pk else f"доступ дал(а) {masked(link.given_by)}"
        viewers.append(Viewer(link.pk, masked(link.user), how, link.linked_at, is_self, link.given_by_id == user.pk))
    waiting = Invitation.objects.filter(account=account_id, given_by=user, accepted_at=None, withdrawn_at=None)
    invited = [
        Invited(row.pk, row.email or row.phone, row.created_at, row.expires_at, row.expires_at <= at)
        for row in waiting.order_by("-created_at")[:20]
    ]
    return Sharing(viewers, invited, may_share)


def offer_of(found: Invitation) -> Offer:
    """The words of an invitation that stands."""
    account = found.account
    return Offer(
        who=masked(found.given_by),
        address=accounts.queries.address_of(account.house, account.premises),
        number=account.number,
        expires_at=found.expires_at,
    )
