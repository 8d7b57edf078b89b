"""A resident asks, the centre answers: appeals with a term, their conversation and files, and the chat."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Any
from uuid import UUID, uuid4

from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.timezone import get_current_timezone

import accounts.operations
import accounts.queries
from accounts.calendar import is_working_day
from accounts.errors import Refusal
from accounts.files import Attachment
from accounts.queries import PersonalAccount, User
from portals.models import OPEN, Appeal, AppealChannel, AppealFile, AppealMessage, AppealState, AppealTerm, Topic
from portals.operations import notices

logger = logging.getLogger(__name__)

FILES_AT_MOST = 5
LONGEST = 4000
OPEN_AT_MOST = 20  # appeals of one resident on one account that wait for an answer


class AppealRefused(Refusal):
    """The appeal cannot be taken in or moved on."""


def day_of(at: datetime) -> date:
    """The day it is here at that moment."""
    return at.astimezone(get_current_timezone()).date()


def due_day(first: date, *, days: int, is_working: bool) -> date:
    """The last day of a term that begins on the day after `first` (ст. 191, 193 ГК РФ)."""
    overrides = accounts.queries.calendar_overrides()
    day = first
    if is_working:
        while days:
            day += timedelta(days=1)
            days -= is_working_day(day, overrides)
        return day
    day += timedelta(days=days)
    while not is_working_day(day, overrides):  # a term of calendar days ends on a working day
        day += timedelta(days=1)
    return day


def term_of(topic: int, today: date) -> tuple[date | None, str]:
    """By when an appeal of this topic is answered, and by which paragraph; a chat has no term."""
    if topic == Topic.CHAT:
        return None, ""
    term = AppealTerm.objects.on(today).filter(topic=topic).first()
    if term is None:
        raise AppealRefused("Срок ответа по этой теме не задан. Позвоните нам, мы примем обращение по телефону.")
    return due_day(today, days=term.days, is_working=term.is_working), term.act


def check_words(text: str, files: Sequence[Attachment]) -> str:
    text = text.replace("\x00", "").strip()
    if not text and not files:
        raise AppealRefused("Напишите, что случилось, или приложите фото.", field="text")
    if len(text) > LONGEST:
        raise AppealRefused(f"Текст длиннее {LONGEST} знаков. Сократите его или приложите документом.", field="text")
    if len(files) > FILES_AT_MOST:
        raise AppealRefused(f"Можно приложить до {FILES_AT_MOST} файлов. Остальные пришлите следующим сообщением.")
    return text


@transaction.atomic
def open_appeal(
    *,
    user: User,
    account_id: int,
    topic: int,
    subject: str,
    text: str,
    key: UUID,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    files: Sequence[Attachment] = (),
) -> Appeal:
    """Take an appeal in and set its term; the same key again is the same appeal. Raises AppealRefused."""
    text = check_words(text, files)
    # The account's row is the gate: two presses of one button come one after the other.
    PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    known = Appeal.objects.filter(author=user, key=key).first()
    if known is not None:
        return known
    if Appeal.objects.filter(account=account_id, author=user, state__in=OPEN).count() >= OPEN_AT_MOST:
        raise AppealRefused(f"Ответа ждут уже {OPEN_AT_MOST} ваших обращений. Дополните одно из них.")
    due_on, act = term_of(topic, day_of(at))
    made = Appeal.objects.create(
        account_id=account_id, author=user, key=key, topic=topic, subject=subject.strip()[:160],
        facts=dict(facts or {}), created_at=at, last_at=at, due_on=due_on, act=act,
    )  # fmt: skip
    _say(made, author=user, text=text, files=files, key=key, at=at)
    accounts.operations.note(
        "portals.appeal.opened", by=user, account_id=account_id, appeal_id=made.pk, topic=topic, due_on=due_on
    )
    return made


@transaction.atomic
def register_appeal(
    *,
    by: User,
    account_id: int,
    caller: str,
    topic: int,
    text: str,
    key: UUID,
    at: datetime,
    channel: str = AppealChannel.PHONE,
    phone: str = "",
    email: str = "",
) -> Appeal:
    """Write down the appeal of somebody who called, came or wrote, for an account; the same key again is the same.

    It has the number and the term of any other, and stands in the cabinet of whoever proves the account by its code.
    Raises AppealRefused.
    """
    text = check_words(text, ())
    if not caller.strip():
        raise AppealRefused("Запишите, кто обратился.", field="caller")
    if channel not in AppealChannel.values or channel == AppealChannel.CABINET:
        raise AppealRefused("Выберите, как обратились: по телефону, в отделении или письмом.", field="channel")
    if topic not in Topic.values or topic == Topic.CHAT:
        raise AppealRefused("Выберите тему обращения.", field="topic")
    PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    known = Appeal.objects.filter(registered_by=by, key=key).first()
    if known is not None:
        return known
    due_on, act = term_of(topic, day_of(at))
    made = Appeal.objects.create(
        account_id=account_id, author=None, registered_by=by, channel=channel, caller=caller.strip()[:160],
        caller_phone=phone.strip()[:20], caller_email=email.strip().lower(), key=key, topic=topic,
        subject=" ".join(text.split())[:100], created_at=at, last_at=at, due_on=due_on, act=act,
    )  # fmt: skip
    _say(made, author=None, text=text, files=(), key=key, at=at)
    accounts.operations.note(
        "portals.appeal.opened", by=by, account_id=account_id, appeal_id=made.pk, topic=topic, due_on=due_on
    )
    return made


def _say(
    appeal: Appeal, *, author: User | None, text: str, files: Sequence[Attachment], key: UUID, at: datetime,
    is_staff: bool = False, is_internal: bool = False,
) -> AppealMessage:  # fmt: skip
    row = AppealMessage.objects.create(
        appeal=appeal, author=author, text=text, key=key, created_at=at, is_staff=is_staff, is_internal=is_internal
    )
    AppealFile.objects.bulk_create(
        AppealFile(message=row, name=one.name[:160], mime=one.mime, size=len(one.content), content=one.content)
        for one in files
    )
    return row


def _locked(appeal_id: int) -> Appeal:
    return Appeal.objects.select_for_update(of=("self",)).select_related("account", "author").get(pk=appeal_id)


@transaction.atomic
def say(
    *, user: User, appeal_id: int, text: str, key: UUID, at: datetime, files: Sequence[Attachment] = ()
) -> AppealMessage:
    """The resident adds to his appeal. To one answered or closed it opens it again, with a term of its own."""
    text = check_words(text, files)
    appeal = _locked(appeal_id)
    known = AppealMessage.objects.filter(appeal=appeal, key=key).first()
    if known is not None:
        return known
    row = _say(appeal, author=user, text=text, files=files, key=key, at=at)
    appeal.last_at = at
    if appeal.state in (AppealState.ANSWERED, AppealState.CLOSED):
        appeal.state, appeal.closed_at = AppealState.REOPENED, None
        appeal.due_on, appeal.act = term_of(appeal.topic, day_of(at))
        accounts.operations.note("portals.appeal.reopened", by=user, account_id=appeal.account_id, appeal_id=appeal.pk)
    appeal.save(update_fields=["last_at", "state", "closed_at", "due_on", "act"])
    accounts.operations.note("portals.appeal.added", by=user, account_id=appeal.account_id, appeal_id=appeal.pk)
    return row


@transaction.atomic
def start_chat(*, user: User, account_id: int, text: str, key: UUID, at: datetime,
               files: Sequence[Attachment] = ()) -> Appeal:  # fmt: skip
    """Say something to the contact centre: one thread for a user and an account, made by its first message."""
    PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    chat = Appeal.objects.filter(account=account_id, author=user, topic=Topic.CHAT).first()
    if chat is None:
        return open_appeal(
            user=user, account_id=account_id, topic=Topic.CHAT, subject="Чат", text=text, files=files, key=key, at=at
        )
    say(user=user, appeal_id=chat.pk, text=text, files=files, key=key, at=at)
    return chat


@transaction.atomic
def take_appeal(*, appeal_id: int, by: User, at: datetime) -> Appeal:
    """The appeal is this clerk's from now on. Raises AppealRefused where a colleague has it or it is over."""
    appeal = _locked(appeal_id)
    if appeal.taken_by_id == by.pk and appeal.state == AppealState.TAKEN:
        return appeal
    if appeal.state == AppealState.TAKEN:
        raise AppealRefused(f"Обращение уже в работе: {appeal.taken_by}. Обновите страницу.")
    if appeal.state == AppealState.CLOSED:
        raise AppealRefused("Обращение закрыто. Его откроет новое сообщение жителя.")
    appeal.state, appeal.taken_by = AppealState.TAKEN, by
    appeal.save(update_fields=["state", "taken_by"])
    accounts.operations.note("portals.appeal.taken", by=by, account_id=appeal.account_id, appeal_id=appeal.pk)
    return appeal


@transaction.atomic
def answer_appeal(
    *, appeal_id: int, by: User, text: str, key: UUID, at: datetime, files: Sequence[Attachment] = (),
    is_final: bool = True,
) -> AppealMessage:  # fmt: skip
    """Answer the resident, who is told of it. is_final: the term is kept by this answer; else it is a question to him.

    Raises AppealRefused for an empty answer and for an appeal that is closed.
    """
    text = check_words(text, files)
    appeal = _locked(appeal_id)
    known = AppealMessage.objects.filter(appeal=appeal, key=key).first()
    if known is not None:
        return known
    if appeal.state == AppealState.CLOSED:
        raise AppealRefused("Обращение закрыто. Его откроет новое сообщение жителя.")
    row = _say(appeal, author=by, text=text, files=files, key=key, at=at, is_staff=True)
    appeal.last_at = at
    if is_final:
        appeal.state, appeal.answered_at = AppealState.ANSWERED, at
    appeal.taken_by = appeal.taken_by or by
    appeal.save(update_fields=["last_at", "state", "answered_at", "taken_by"])
    accounts.operations.note(
        "portals.appeal.answered" if is_final else "portals.appeal.asked_back",
        by=by, account_id=appeal.account_id, appeal_id=appeal.pk,
    )  # fmt: skip
    notices.tell_of_answer(appeal=appeal, message=row, at=at)
    if appeal.author_id is None and appeal.caller_email:
        transaction.on_commit(lambda: _mail_answer(appeal, row, files=files, at=at))
    return row


def _mail_answer(appeal: Appeal, row: AppealMessage, *, files: Sequence[Attachment], at: datetime) -> None:
    """The answer by e-mail to a caller without a cabinet; that it did not go out stands in the appeal."""
    text = render_to_string("resident/mail/answer.txt", {"appeal": appeal, "text": row.text})
    letter = EmailMessage(f"Ответ на обращение № {appeal.pk}", text, to=[appeal.caller_email])
    for one in files:
        letter.attach(one.name, one.content, one.mime)
    try:
        letter.send()
    except (SMTPException, OSError) as fault:
        logger.warning(
            "portals.appeal.answer_not_mailed", extra={"appeal_id": appeal.pk, "reason": type(fault).__name__}
        )
        words = f"Письмо на {appeal.caller_email} не ушло. Позвоните обратившемуся или распечатайте ответ."
        _say(appeal, author=row.author, text=words, files=(), key=uuid4(), at=at, is_staff=True, is_internal=True)


@transaction.atomic
def hand_over(*, appeal_id: int, by: User, to_id: int, text: str, key: UUID, at: datetime) -> Appeal:
    """Give the appeal to a colleague with a word that the resident does not see. The term stays."""
    appeal = _locked(appeal_id)
    if AppealMessage.objects.filter(appeal=appeal, key=key).exists():
        return appeal
    if appeal.state not in OPEN:
        raise AppealRefused("Передать можно обращение, которое ждёт ответа.")
    to = User.objects.filter(pk=to_id, is_staff=True, is_active=True).first()
    if to is None:
        raise AppealRefused("Передать можно только действующему сотруднику.", field="to")
    words = check_words(text, ())
    appeal.state, appeal.taken_by = AppealState.TAKEN, to
    appeal.save(update_fields=["state", "taken_by"])
    _say(appeal, author=by, text=f"Передано: {to}. {words}", files=(), key=key, at=at, is_staff=True, is_internal=True)
    accounts.operations.note(
        "portals.appeal.handed_over", by=by, account_id=appeal.account_id, appeal_id=appeal.pk, to=to.pk
    )
    return appeal


@transaction.atomic
def close_appeal(*, appeal_id: int, by: User, at: datetime, is_asker: bool = False) -> Appeal:
    """Nothing more to say. Who asks (is_asker) may close it; the staff closes what it has answered. Twice is once."""
    appeal = _locked(appeal_id)
    if appeal.state == AppealState.CLOSED:
        return appeal
    if not is_asker and appeal.state != AppealState.ANSWERED:
        raise AppealRefused("Сначала ответьте: без ответа обращение закрывает только сам житель.")
    appeal.state, appeal.closed_at = AppealState.CLOSED, at
    appeal.save(update_fields=["state", "closed_at"])
    accounts.operations.note("portals.appeal.closed", by=by, account_id=appeal.account_id, appeal_id=appeal.pk)
    return appeal
