"""A principal's own people: invited by letter, given a role, sent away at once. Somebody always manages."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction

import accounts.operations
from accounts.errors import Refusal
from accounts.queries import Organisation, User
from portals.models import PrincipalInvitation, PrincipalRole, PrincipalUser

KEPT = timedelta(days=7)  # a letter's link


class CompanyRefused(Refusal):
    """The access is not given, changed or taken; nothing was written."""


def _known_role(role: int) -> PrincipalRole:
    try:
        return PrincipalRole(role)
    except ValueError:
        raise CompanyRefused("Выберите роль из списка.", field="role") from None


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(
    *, principal_id: int, email: str, role: int, by: User, at: datetime, today: date, link: Callable[[str], str]
) -> PrincipalInvitation:
    """Send a letter whose link gives the role to whoever opens it and agrees. A second letter replaces the first.

    link: token → address of the page. The letter goes after the commit. Raises CompanyRefused.
    """
    email, known = email.strip().lower(), _known_role(role)
    try:
        validate_email(email)
    except ValidationError:
        raise CompanyRefused("Это не похоже на адрес почты. Проверьте его.", field="email") from None
    company = Organisation.objects.select_for_update().get(pk=principal_id)
    people = PrincipalUser.objects.filter(principal=company, withdrawn_at=None)
    if people.filter(user__email__iexact=email).exists():
        raise CompanyRefused(f"{email} уже работает в кабинете. Роль меняют в списке.", field="email")
    waiting = PrincipalInvitation.objects.filter(principal=company, accepted_at=None, withdrawn_at=None)
    waiting.filter(email=email).update(withdrawn_at=at)
    token = secrets.token_urlsafe(32)
    row = PrincipalInvitation.objects.create(
        principal=company, email=email, role=known, digest=digest(token), invited_by=by, invited_at=at,
        expires_on=today + KEPT,
    )  # fmt: skip
    accounts.operations.note("portals.employee.invited", by=by, principal_id=company.pk, email=email, role=known.label)
    letter = EmailMessage(
        subject=f"Доступ в кабинет поставщика: {company.short_name}",
        body=f"{by} приглашает вас в кабинет поставщика «{company.short_name}», роль: {known.label}.\n\n"
        f"Откройте ссылку и войдите или зарегистрируйтесь: {link(token)}\n\n"
        f"Ссылка действует по {row.expires_on:%d.%m.%Y}. Если вы не ждали этого письма, ничего не делайте.",
        to=[email],
    )
    transaction.on_commit(letter.send)
    return row


def invitation(token: str, *, today: date) -> PrincipalInvitation | None:
    """The invitation that the link stands for, if it still holds."""
    rows = PrincipalInvitation.objects.filter(digest=digest(token), accepted_at=None, withdrawn_at=None)
    return rows.filter(expires_on__gte=today).select_related("principal").first()


@transaction.atomic
def accept(*, token: str, by: User, at: datetime, today: date) -> PrincipalUser:
    """Let the one who opened the letter in. Raises CompanyRefused for a link that does not hold any more."""
    found = invitation(token, today=today)
    row = found and PrincipalInvitation.objects.select_for_update().get(pk=found.pk)
    if row is None or row.accepted_at or row.withdrawn_at:
        raise CompanyRefused("Приглашение больше не действует. Попросите руководителя прислать новое.")
    row.accepted_at, row.accepted_by = at, by
    row.save(update_fields=["accepted_at", "accepted_by"])
    access, is_new = PrincipalUser.objects.get_or_create(
        user=by, principal_id=row.principal_id, withdrawn_at=None, defaults={"role": row.role, "given_at": at}
    )
    if is_new:
        accounts.operations.note(
            "portals.employee.let_in",
            by=by,
            principal_id=row.principal_id,
            email=row.email,
            role=access.get_role_display(),
        )
    return access


@transaction.atomic
def take_back(*, principal_id: int, invitation_id: int, by: User, at: datetime) -> None:
    """The letter's link lets nobody in any more. Safe to repeat."""
    rows = PrincipalInvitation.objects.filter(
        pk=invitation_id, principal=principal_id, accepted_at=None, withdrawn_at=None
    )
    for row in rows.select_for_update():
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        accounts.operations.note("portals.employee.uninvited", by=by, principal_id=principal_id, email=row.email)


def _employee(principal_id: int, access_id: int) -> tuple[PrincipalUser, bool]:
    """The access, locked with its neighbours, and whether it is the last manager's."""
    Organisation.objects.select_for_update().get(pk=principal_id)  # two managers must not send each other away
    people = {
        row.pk: row
        for row in PrincipalUser.objects.filter(principal=principal_id, withdrawn_at=None).select_related("user")
    }
    row = people.get(access_id)
    if row is None:
        raise CompanyRefused("Такого сотрудника в кабинете нет: возможно, его доступ уже отозван. Обновите страницу.")
    managers = [one for one in people.values() if one.role == PrincipalRole.MANAGER and one.user.is_active]
    return row, managers == [row]


@transaction.atomic
def change_role(*, principal_id: int, access_id: int, role: int, by: User) -> PrincipalUser:
    """Give the employee another role. Refuses to leave the company without a manager."""
    known = _known_role(role)
    row, is_last = _employee(principal_id, access_id)
    if is_last and known != PrincipalRole.MANAGER:
        raise CompanyRefused("Это единственный руководитель: сначала назначьте другого.", field="role")
    was, row.role = row.get_role_display(), known
    row.save(update_fields=["role"])
    if was != known.label:
        accounts.operations.note(
            "portals.employee.role_changed", by=by, principal_id=principal_id, employee=str(row.user), was=was,
            role=known.label,
        )  # fmt: skip
    return row


@transaction.atomic
def withdraw(*, principal_id: int, access_id: int, by: User, at: datetime) -> PrincipalUser:
    """End the employee's access; his next page is a 404. Refuses to leave the company without a manager."""
    row, is_last = _employee(principal_id, access_id)
    if is_last:
        raise CompanyRefused("Это единственный руководитель: сначала назначьте другого.")
    row.withdrawn_at = at
    row.save(update_fields=["withdrawn_at"])
    accounts.operations.note(
        "portals.employee.withdrawn", by=by, principal_id=principal_id, employee=str(row.user),
        role=row.get_role_display(),
    )  # fmt: skip
    return row
