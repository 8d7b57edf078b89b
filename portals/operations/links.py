"""Who gets to see which account: links proved by the code on the document, their withdrawal and what it ends."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

import accounts.operations
import accounts.queries
import payments.operations
from accounts.errors import Refusal
from accounts.queries import PersonalAccount, User
from portals import queries
from portals.models import AccountLink, Invitation


class LinkRefused(Refusal):
    """The number and the code do not prove anything. The same words whether or not such an account exists."""


NOT_PROVED = (
    "Номер и код не подошли друг к другу. Сверьте их с последней квитанцией: номер лицевого счёта стоит вверху, "
    "код для кабинета рядом с ним. Если не получается, позвоните нам: код сверят по паспорту."
)


def prove_account(*, number: str, code: str) -> PersonalAccount:
    """The account that the printed code belongs to.

    Raises LinkRefused, with the same text for an unknown number and for a wrong code.
    """
    account = accounts.queries.account_by_number(number)
    given = "".join(code.split()).replace("-", "").upper()
    expected = account.document_code.upper() if account else ""
    matches = secrets.compare_digest(given.encode(), expected.encode())
    if account is None or not expected or not matches:  # an account without a code cannot be proved this way
        raise LinkRefused(NOT_PROVED)
    return account


@transaction.atomic
def link_account(*, user: User, number: str, code: str) -> PersonalAccount:
    """Link the account to the user when the code is the one printed on its document. Twice is once.

    Who saw it by a relative's leave has proved it now himself, and stands on his own. Raises LinkRefused.
    """
    account = prove_account(number=number, code=code)
    link, is_new = AccountLink.objects.get_or_create(user=user, account=account, withdrawn_at=None)
    if link.given_by_id is not None:
        link.given_by, is_new = None, True
        link.save(update_fields=["given_by"])
    if is_new:
        accounts.operations.note("portals.account.linked", by=user, account_id=account.pk)
    return account


@transaction.atomic
def unlink_account(*, user: User, account_id: int, at: datetime) -> None:
    """Take the account out of the user's cabinet, and from those he gave access. The links stay as history."""
    links = AccountLink.objects.select_for_update().filter(account_id=account_id, withdrawn_at=None)
    own = links.filter(user=user)
    if not own:
        return
    links.filter(given_by=user).update(withdrawn_at=at)
    waiting = Invitation.objects.filter(account_id=account_id, given_by=user, accepted_at=None, withdrawn_at=None)
    waiting.update(withdrawn_at=at)
    own.update(withdrawn_at=at)
    accounts.operations.note("portals.account.unlinked", by=user, account_id=account_id)


def withdraw_autopayments(*, at: datetime) -> int:
    """Switch off the autopayments of those who took the account out of their cabinet; how many."""
    strangers = queries.strangers_autopayments()
    for row in strangers:
        payments.operations.stop_autopayment(
            autopayment_id=row.autopayment_id, by="portals", at=at, because="счёт убран из кабинета"
        )
    return len(strangers)
