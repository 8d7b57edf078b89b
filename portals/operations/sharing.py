"""An account is shared with a family: an invitation with a link that works once, and its withdrawal in one step."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import phonenumbers
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string

import accounts.operations
from accounts.errors import Refusal
from accounts.queries import PersonalAccount, User
from portals import sms
from portals.models import AccountLink, Invitation, Notice, NoticeKind
from portals.operations import notices
from portals.operations.links import LinkRefused, link_account, prove_account

TERM = timedelta(days=7)
WAITING_AT_MOST = 10  # invitations of one account that nobody has answered yet


class InvitationRefused(Refusal):
    """The invitation cannot be sent, or the link no longer opens anything."""


STALE = "Приглашение уже не действует: ссылка открывается один раз и живёт семь дней. Попросите прислать новое."


def digest_of(token: str) -> str:
    """What is kept of a token: who reads the database cannot open the link."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_of(told: str) -> tuple[str, str]:
    """(e-mail, '') or ('', phone in E.164) of what was typed. Raises InvitationRefused for what is neither."""
    told = told.strip()
    if "@" in told:
        try:
            validate_email(told)
        except ValidationError as fault:
            raise InvitationRefused(
                f"«{told}» не похоже на адрес почты. Проверьте его: нужен вид имя@сайт.рф.", field="address"
            ) from fault
        return told.lower(), ""
    try:
        number = phonenumbers.parse(told, "RU")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise InvitationRefused(
            "Нужна электронная почта или телефон того, кому даёте доступ: имя@сайт.рф или +7 912 345-67-89.",
            field="address",
        )
    return "", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@transaction.atomic
def invite(*, user: User, account_id: int, address: str, at: datetime) -> Invitation:
    """Invite whoever holds the e-mail or phone to see the account; the link goes out when this is committed.

    Only who proved the account may share it. An earlier invitation to the same address gives way. Whether the address
    belongs to any user is neither asked nor told. Raises InvitationRefused.
    """
    email, phone = address_of(address)
    account = PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    if not AccountLink.objects.filter(user=user, account=account, withdrawn_at=None, given_by=None).exists():
        raise InvitationRefused("Делиться доступом может тот, кто добавил счёт по коду с квитанции. Попросите его.")
    open_ones = Invitation.objects.filter(account=account, accepted_at=None, withdrawn_at=None)
    open_ones.filter(email=email, phone=phone).update(withdrawn_at=at)
    if open_ones.filter(expires_at__gt=at).count() >= WAITING_AT_MOST:
        raise InvitationRefused(
            f"Ответа ждут уже {WAITING_AT_MOST} приглашений. Отзовите ненужные и повторите.", field="address"
        )
    token = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        account=account, given_by=user, email=email, phone=phone, token_digest=digest_of(token), created_at=at,
        expires_at=at + TERM,
    )  # fmt: skip
    accounts.operations.note("portals.access.invited", by=user, account_id=account_id, invitation_id=made.pk)
    link = f"{settings.PUBLIC_URL}/invite/{token}/"
    transaction.on_commit(lambda: send(made, link=link, who=user.name))
    return made


def send(made: Invitation, *, link: str, who: str) -> None:
    """The link by letter or text message. The address of the flat is told only to who has opened it and entered."""
    context = {"link": link, "who": who, "until": made.expires_at}
    if made.phone:
        sms.send(made.phone, f"Вам дают доступ к лицевому счёту в кабинете расчётного центра: {link} (7 дней)")
        return
    text = render_to_string("resident/mail/invitation.txt", context)
    send_mail("Вам дают доступ к лицевому счёту", text, None, [made.email], fail_silently=True)


@transaction.atomic
def accept_invitation(*, user: User, token: str, at: datetime) -> PersonalAccount:
    """Let the user see the account of the invitation; the link is spent. Raises InvitationRefused."""
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("account")
    found = rows.filter(token_digest=digest_of(token), accepted_at=None, withdrawn_at=None, expires_at__gt=at).first()
    giver = found and AccountLink.objects.filter(
        user=found.given_by_id, account=found.account_id, withdrawn_at=None, given_by=None
    )
    if found is None or not giver:
        raise InvitationRefused(STALE)
    if AccountLink.objects.filter(user=user, account=found.account_id, withdrawn_at=None).exists():
        raise InvitationRefused("У вас уже есть доступ к этому счёту. Приглашение ждёт того, кому его послали.")
    made = AccountLink.objects.create(user=user, account=found.account, given_by=found.given_by, linked_at=at)
    found.accepted_at, found.accepted_by = at, user
    found.save(update_fields=["accepted_at", "accepted_by"])
    accounts.operations.note(
        "portals.access.given", by=user, account_id=found.account_id, invitation_id=found.pk, given_by=found.given_by_id
    )
    told = Notice(
        user=found.given_by, account=found.account, kind=NoticeKind.ACCESS, key=f"l{made.pk}", made_at=at,
        title=f"Приглашение принято: {found.email or found.phone}",
        text="Теперь этот человек видит счёт. Отозвать доступ можно в разделе «Доступ для семьи».",
    )  # fmt: skip
    notices.tell(rows=[told])
    return found.account


@transaction.atomic
def withdraw_access(*, user: User, account_id: int, link_id: int, at: datetime) -> bool:
    """Take back an access that the user gave: in force at once. False where he gave none such."""
    rows = AccountLink.objects.select_for_update().filter(
        pk=link_id, account_id=account_id, given_by=user, withdrawn_at=None
    )
    link = rows.first()
    if link is None:
        return False
    link.withdrawn_at = at
    link.save(update_fields=["withdrawn_at"])
    accounts.operations.note("portals.access.withdrawn", by=user, account_id=account_id, user_id=link.user_id)
    return True


@transaction.atomic
def take_back_invitation(*, user: User, account_id: int, invitation_id: int, at: datetime) -> bool:
    """Spend an invitation that was not answered: its link opens nothing any more. False where there is none such."""
    rows = Invitation.objects.filter(
        pk=invitation_id, account_id=account_id, given_by=user, accepted_at=None, withdrawn_at=None
    )
    is_done = bool(rows.update(withdrawn_at=at))
    if is_done:
        accounts.operations.note(
            "portals.access.invitation_withdrawn", by=user, account_id=account_id, invitation_id=invitation_id
        )
    return is_done


@transaction.atomic
def enter_by_code(*, number: str, code: str) -> User:
    """The user without a password who enters by the account's number and the printed code; made at first entry.

    Raises LinkRefused with one text for every pair that does not fit. Such a user sees this one account; whoever has
    an e-mail and a password adds the account to his own cabinet by the same code.
    """
    account = prove_account(number=number, code=code)
    user, _ = User.objects.get_or_create(entry=account.number, defaults={"password": make_password(None)})
    if not user.is_active:
        raise LinkRefused("Вход по номеру и коду для этого счёта закрыт. Позвоните нам: сотрудник проверит и откроет.")
    link_account(user=user, number=number, code=code)
    return user
