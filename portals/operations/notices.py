"""Notices to users: each made once for its key, mailed where it is wanted, read in the cabinet."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from accounts.queries import User
from portals import notice_queries
from portals.models import (
    OF_ACCOUNT,
    AccountLink,
    Appeal,
    AppealMessage,
    Dispute,
    Notice,
    NoticeKind,
    NoticeWish,
    PrincipalRole,
    PrincipalUser,
)

logger = logging.getLogger(__name__)

TRIES = 3
WAITS, SENT, FAILED = 1, 2, 3
ANSWERS_DISPUTES = "portals.change_dispute"  # the right of the staff that hears of new ones


def tell(*, rows: Iterable[Notice]) -> None:
    """Write notices that are not there yet. Who has an e-mail and wants letters of the kind gets one, too."""
    wanted = list(rows)
    users = {row.user_id for row in wanted}
    silent = set(NoticeWish.objects.filter(user__in=users).values_list("user_id", "kind"))
    with_mail = set(User.objects.filter(pk__in=users, email__isnull=False).values_list("pk", flat=True))
    for row in wanted:
        row.mail_state = WAITS if row.user_id in with_mail and (row.user_id, row.kind) not in silent else 0
    Notice.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=1000)


def make_notices(*, today: date, at: datetime) -> None:
    """Tell of documents, payments, verifications and breaks not told of yet; safe to repeat, by their keys."""
    for source in (
        notice_queries.new_documents, notice_queries.new_payments, notice_queries.meters_to_verify,
        notice_queries.breaks,
    ):  # fmt: skip
        for news in batched(source(today=today), 1000):
            with transaction.atomic():
                tell(
                    rows=[
                        Notice(
                            user_id=one.user_id, account_id=one.account_id, kind=one.kind, key=one.key, title=one.title,
                            text=one.text[:500], made_at=at,
                        )
                        for one in news
                    ]
                )  # fmt: skip


def batched(rows: Iterable[notice_queries.News], size: int) -> Iterator[list[notice_queries.News]]:
    """Lists of at most `size` of the rows."""
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part


def tell_of_answer(*, appeal: Appeal, message: AppealMessage, at: datetime) -> None:
    """The author of the appeal learns of the answer, while he still sees the account; of a caller's, its holders."""
    links = AccountLink.objects.filter(account=appeal.account_id, withdrawn_at=None)
    links = links.filter(user=appeal.author_id) if appeal.author_id else links.filter(given_by=None)
    title = "Новое сообщение в чате" if appeal.due_on is None else f"Ответ на обращение № {appeal.pk}"
    tell(
        rows=[
            Notice(
                user_id=user_id, account_id=appeal.account_id, kind=NoticeKind.ANSWER, key=f"m{message.pk}",
                title=title, text=appeal.subject if appeal.due_on else "", made_at=at,
            )
            for user_id in links.values_list("user_id", flat=True)
        ]
    )  # fmt: skip


def tell_of_dispute(*, dispute: Dispute, at: datetime) -> None:
    """Who disputed learns that it is taken in or answered: of the answer his managers, too, of a new one the staff."""
    is_new = dispute.answered_at is None
    users = {dispute.opened_by_id}
    if is_new:
        right = Permission.objects.filter(content_type__app_label="portals", codename="change_dispute")
        staff = User.objects.filter(Q(user_permissions__in=right) | Q(groups__permissions__in=right))
        users |= set(staff.filter(is_staff=True, is_active=True).values_list("pk", flat=True))
    else:
        people = PrincipalUser.objects.filter(principal=dispute.principal_id, withdrawn_at=None)
        users |= set(people.filter(role=PrincipalRole.MANAGER).values_list("user_id", flat=True))
    title = f"Разногласие {dispute.number} " + ("принято" if is_new else f"рассмотрено: {dispute.get_state_display()}")
    tell(
        rows=[
            Notice(
                user_id=user_id, dispute=dispute, kind=NoticeKind.DISPUTE, key="opened" if is_new else "answered",
                title=title, made_at=at, read_at=at,
            )
            for user_id in sorted(users)
        ]
    )  # fmt: skip


@transaction.atomic
def mark_read(*, user_id: int, at: datetime, ids: Collection[int] | None = None) -> int:
    """The user has seen his notices, or these of them."""
    rows = Notice.objects.filter(user=user_id, read_at=None)
    return (rows if ids is None else rows.filter(pk__in=ids)).update(read_at=at)


@transaction.atomic
def mark_answers_read(*, user_id: int, appeal_id: int, at: datetime) -> None:
    """Who reads a conversation has seen what the notices of it tell."""
    rows = Notice.objects.filter(user=user_id, read_at=None, kind=NoticeKind.ANSWER)
    keys = list(rows.values_list("key", flat=True)[:200])
    if keys:
        said = AppealMessage.objects.filter(appeal=appeal_id, pk__in=[int(key[1:]) for key in keys])
        rows.filter(key__in=[f"m{pk}" for pk in said.values_list("pk", flat=True)]).update(read_at=at)


@transaction.atomic
def choose_letters(*, user: User, kinds: Collection[int]) -> None:
    """Which kinds of notices the user wants by e-mail; the others stay in the cabinet only."""
    NoticeWish.objects.filter(user=user).delete()
    NoticeWish.objects.bulk_create(NoticeWish(user=user, kind=kind) for kind in OF_ACCOUNT if kind not in set(kinds))


def send_letters(*, at: datetime, limit: int = 200) -> int:
    """Mail what waits; a letter that the server did not take is tried three times. How many went out.

    A notice is marked before its letter is sent: a worker that dies between the two loses a letter, never sends two.
    """
    sent = 0
    for pk in list(Notice.objects.filter(mail_state=WAITS).order_by("pk").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            row = (
                Notice.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("user", "account", "dispute__contract", "dispute__principal", "dispute__opened_by")
                .filter(pk=pk, mail_state=WAITS).first()
            )  # fmt: skip
            if row is None:
                continue
            row.mail_state, row.mail_tries = SENT if _is_seen(row) and row.user.email else 0, row.mail_tries + 1
            row.save(update_fields=["mail_state", "mail_tries"])
            if row.mail_state != SENT:
                continue
        try:
            EmailMessage(row.title, _letter(row), to=[row.user.email or ""]).send()
        except (SMTPException, OSError) as fault:
            state = WAITS if row.mail_tries < TRIES else FAILED
            Notice.objects.filter(pk=pk).update(mail_state=state)
            logger.warning("portals.notice.not_sent", extra={"notice_id": pk, "reason": type(fault).__name__})
        else:
            sent += 1
    return sent


def _is_seen(row: Notice) -> bool:
    """May the user still see what the letter is about?"""
    if row.dispute is None:
        return AccountLink.objects.filter(user=row.user_id, account=row.account_id, withdrawn_at=None).exists()
    own = PrincipalUser.objects.filter(user=row.user_id, principal=row.dispute.principal_id, withdrawn_at=None)
    return row.user.is_active and (own.exists() or (row.user.is_staff and row.user.has_perm(ANSWERS_DISPUTES)))


def _letter(row: Notice) -> str:
    """The words of the letter."""
    if row.dispute is not None:
        page = "/admin/disputes/" if row.user.is_staff else f"/supplier/disputes/{row.dispute.pk}/"
        context = {"title": row.title, "row": row.dispute, "key": row.key, "link": f"{settings.PUBLIC_URL}{page}"}
        return render_to_string("principal/mail/dispute.txt", context)
    assert row.account is not None
    number = row.account.number
    context = {
        "title": row.title, "text": row.text, "number": number, "link": f"{settings.PUBLIC_URL}/cabinet/{number}/",
        "all": f"{settings.PUBLIC_URL}/cabinet/notices/",
    }  # fmt: skip
    return render_to_string("resident/mail/notice.txt", context)
