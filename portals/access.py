"""The one way from a request to an account, a contract or what hangs on them. A stranger's object is a 404."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404

import accounts.queries
import epd.queries
from accounts.queries import AgencyContract, House, Meter, PersonalAccount, User
from portals import appeal_queries, notice_queries, people_queries
from portals.models import (
    AccessKey,
    AccountLink,
    Appeal,
    Dispute,
    Invitation,
    PrincipalRole,
    PrincipalUser,
    ReadingFile,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from epd.models import PaymentDocument
    from payments.models import OnlinePayment, Payment, Remittance, SettlementPaper
    from portals.models import Certificate

Visitor = User | AnonymousUser
PROOF_SALT, PROOF_SECONDS = "portals.readings-by-code", 30 * 60


def known(user: Visitor) -> bool:
    return bool(user.is_authenticated and user.is_active)


def only(rows: QuerySet[Any], **key: Any) -> Any:
    """The one row of the key, or 404: what is a stranger's looks the same as what is not."""
    row = rows.filter(**key).first()
    if row is None:
        raise Http404("Не найдено.")
    return row


# --- residents -------------------------------------------------------------------------------------------------------


def accounts_for(user: Visitor) -> QuerySet[PersonalAccount]:
    """Accounts linked to this resident, with what their address needs."""
    rows = accounts.queries.accounts_with_address()
    if not known(user):
        return rows.none()
    links = AccountLink.objects.filter(user=user.pk, withdrawn_at=None)
    return rows.filter(pk__in=links.values("account"))


def get_account_for(user: Visitor, number: str) -> PersonalAccount:
    """The resident's account of this number, or 404."""
    return only(accounts_for(user), number=number)  # type: ignore[no-any-return]


def get_account_with_news_for(user: Visitor, number: str) -> Any:
    """`get_account_for`, with `unread`: how many notices wait for the user."""
    return only(notice_queries.with_unread(accounts_for(user), user_id=user.pk or 0), number=number)


def get_document_for(user: Visitor, number: str, pk: int) -> PaymentDocument:
    """A payment document of the resident's account, or 404."""
    account = get_account_for(user, number)
    return only(account.documents.all(), pk=pk)  # type: ignore[no-any-return]


def proof_of(account: PersonalAccount) -> str:
    """What a form carries for half an hour after the printed code has been told: the account, signed."""
    return signing.dumps(account.number, salt=PROOF_SALT)


def account_of_proof(proof: str) -> PersonalAccount | None:
    """The account of such a form; None for one that is old or not ours."""
    try:
        number = signing.loads(proof, salt=PROOF_SALT, max_age=PROOF_SECONDS)
    except signing.BadSignature:
        return None
    return accounts.queries.account_by_number(number)


def checked_document(key: str) -> epd.queries.Checked | None:
    """What the printed key lets anybody know of its document; None for a key that is not ours."""
    return epd.queries.checked(key)


def get_certificate_for(user: Visitor, number: str, pk: int) -> Certificate:
    """A certificate of the resident's account, or 404."""
    account = get_account_for(user, number)
    return only(account.certificates.all(), pk=pk)  # type: ignore[no-any-return]


def get_payment_for(user: Visitor, number: str, pk: int) -> Payment:
    """A payment to the resident's account, or 404."""
    return only(get_account_for(user, number).payments.all(), pk=pk)  # type: ignore[no-any-return]


def get_online_payment_for(user: Visitor, number: str, key: UUID) -> OnlinePayment:
    """A payment begun on line for the resident's account, or 404."""
    return only(get_account_for(user, number).online_payments.all(), key=key)  # type: ignore[no-any-return]


def has_accounts(user: Visitor) -> bool:
    """Is any account linked to the user?"""
    return known(user) and AccountLink.objects.filter(user=user.pk, withdrawn_at=None).exists()


def get_appeal_for(user: Visitor, account: PersonalAccount, pk: int) -> Appeal:
    """The user's own appeal on his account, or 404: those of his family are theirs."""
    rows = appeal_queries.own_appeals(account_id=account.pk, user_id=user.pk or 0)
    return only(rows, pk=pk)  # type: ignore[no-any-return]


def offer_of(token: str, *, at: datetime) -> people_queries.Offer | None:
    """What the link of an invitation offers to whoever has entered; None for one that is spent, old or not ours."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    rows = Invitation.objects.filter(token_digest=digest, accepted_at=None, withdrawn_at=None, expires_at__gt=at)
    found = rows.select_related("given_by", "account__house", "account__premises").first()
    return people_queries.offer_of(found) if found else None


# --- principals ------------------------------------------------------------------------------------------------------


def is_principal(user: Visitor) -> bool:
    """Does the user work for any principal?"""
    return known(user) and PrincipalUser.objects.filter(user=user.pk, withdrawn_at=None).exists()


def contracts_for(user: Visitor) -> QuerySet[AgencyContract]:
    """Agency contracts of the principals the user works for, closed ones too."""
    rows = AgencyContract.objects.select_related("principal")
    if not known(user):
        return rows.none()
    own = PrincipalUser.objects.filter(user=user.pk, withdrawn_at=None)
    return rows.filter(principal__in=own.values("principal"))


def contracts_with_roles_for(user: Visitor) -> list[AgencyContract]:
    """`contracts_for`, each with `own_role`: the user's role in its principal. One statement."""
    own = PrincipalUser.objects.filter(user=user.pk, withdrawn_at=None, principal=OuterRef("principal"))
    return list(contracts_for(user).annotate(own_role=Subquery(own.values("role")[:1])).order_by("number"))


def get_contract_for(user: Visitor, pk: int) -> AgencyContract:
    """The contract, or 404."""
    return only(contracts_for(user), pk=pk)  # type: ignore[no-any-return]


def supplied_accounts_for(user: Visitor) -> QuerySet[PersonalAccount]:
    """Accounts in houses that any of the user's contracts serves or served."""
    rows = accounts.queries.accounts_with_address()
    if not known(user):
        return rows.none()
    own = contracts_for(user).values("pk")
    return rows.filter(house__in=House.objects.filter(provisions__contract__in=own).values("pk"))


def get_supplied_account_for(user: Visitor, number: str) -> PersonalAccount:
    """An account served under one of the user's contracts, or 404."""
    return only(supplied_accounts_for(user), number=number)  # type: ignore[no-any-return]


def get_supplied_house_for(user: Visitor, pk: int) -> House:
    """A house served under one of the user's contracts, or 404."""
    own = contracts_for(user).values("pk")
    rows = House.objects.filter(provisions__contract__in=own).distinct()
    return only(rows, pk=pk)  # type: ignore[no-any-return]


def get_remittance_for(user: Visitor, pk: int) -> Remittance:
    """A remittance under one of the user's contracts, or 404."""
    contract = only(contracts_for(user), remittances=pk)
    return only(contract.remittances.select_related("contract__principal", "bank_account"), pk=pk)  # type: ignore[no-any-return]


def get_paper_for(user: Visitor, pk: int) -> SettlementPaper:
    """An issued paper under one of the user's contracts, or 404."""
    contract = only(contracts_for(user), papers=pk)
    return only(contract.papers.all(), pk=pk)  # type: ignore[no-any-return]


def get_dispute_for(user: Visitor, pk: int) -> Dispute:
    """A disagreement of one of the principals the user works for, or 404."""
    rows = Dispute.objects.filter(principal__in=principal_ids(user)).select_related("contract", "account", "opened_by")
    return only(rows, pk=pk)  # type: ignore[no-any-return]


def get_reading_file_for(user: Visitor, pk: int) -> ReadingFile:
    """A file of readings that one of the user's principals sent, or 404."""
    return only(ReadingFile.objects.filter(contract__in=contracts_for(user).values("pk")), pk=pk)  # type: ignore[no-any-return]


def supplied_meters_for(user: Visitor, contract_ids: Sequence[int] | None = None) -> QuerySet[Meter]:
    """Meters that measure what the user's contracts supply to their houses; `contract_ids`: of these only."""
    own = contracts_for(user)
    if contract_ids is not None:
        own = own.filter(pk__in=contract_ids)
    found = Meter.objects.filter(
        house__provisions__contract__in=own.values("pk"), house__provisions__service__resource=F("resource")
    )
    return Meter.objects.filter(pk__in=found.values("pk"))


def get_supplied_meter_for(user: Visitor, pk: int) -> Meter:
    """A meter that measures what one of the user's contracts supplies to its house, or 404."""
    return only(supplied_meters_for(user).select_related("house", "premises__parent"), pk=pk)  # type: ignore[no-any-return]


def principal_ids(user: Visitor, *roles: int) -> list[int]:
    """Principals the user works for today; with `roles`, only in one of these."""
    if not known(user):
        return []
    rows = PrincipalUser.objects.filter(user=user.pk, withdrawn_at=None)
    if roles:
        rows = rows.filter(role__in=roles)
    return list(rows.values_list("principal_id", flat=True))


def managed_principals_for(user: Visitor) -> list[int]:
    """Principals whose people the user manages: those where he is the manager."""
    return principal_ids(user, PrincipalRole.MANAGER)


def edited_contracts_for(user: Visitor) -> list[AgencyContract]:
    """Contracts under which the user may change accounts: as a manager or an operator, never as an accountant."""
    own = principal_ids(user, PrincipalRole.MANAGER, PrincipalRole.OPERATOR)
    return list(contracts_for(user).filter(principal__in=own))


def get_edited_account_for(user: Visitor, number: str) -> PersonalAccount:
    """An account of the houses that the user's contracts serve, which he may change; or 404."""
    own = [contract.pk for contract in edited_contracts_for(user)]
    rows = supplied_accounts_for(user).filter(house__in=House.objects.filter(provisions__contract__in=own).values("pk"))
    return only(rows, number=number)  # type: ignore[no-any-return]


def keys_for(user: Visitor) -> QuerySet[AccessKey]:
    """Standing keys of programs that the user made."""
    return AccessKey.objects.filter(user=user.pk, withdrawn_at=None) if known(user) else AccessKey.objects.none()
