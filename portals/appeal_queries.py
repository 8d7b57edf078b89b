"""Appeals as pages show them: the resident's own, the queue of the office, a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.timezone import get_current_timezone

import accounts.queries
from accounts.queries import User
from portals.models import OPEN, AccountLink, Appeal, AppealFile, AppealMessage, AppealState, AppealTerm, Topic

TAGS = {
    AppealState.NEW: "warn", AppealState.TAKEN: "accent", AppealState.ANSWERED: "good", AppealState.CLOSED: "",
    AppealState.REOPENED: "warn",
}  # fmt: skip
# What the facts of a form are called; the order of the page.
WORDS = {
    "line": "Строка квитанции", "month": "За месяц", "amount": "Сумма", "service": "Услуга", "left_on": "День отъезда",
    "back_on": "День возвращения", "persons": "Человек", "document": "Документ", "started": "Началось",
    "ended": "Закончилось", "what": "Что изменить", "value": "Новое значение", "since": "С какого дня",
    "change": "Что произошло", "certificate": "Справка", "months": "За период",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal in a list; late: its day is over and it still waits for us."""

    id: int
    topic: int
    topic_name: str
    subject: str
    state: str
    state_name: str
    tag: str
    created_at: datetime
    last_at: datetime
    due_on: date | None
    is_late: bool
    is_open: bool
    account_id: int = 0
    number: str = ""
    address: str = ""
    author: str = ""
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    id: int
    name: str
    size: int
    is_picture: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message; mine: said by the side that reads the page."""

    id: int
    author: str
    is_staff: bool
    is_internal: bool
    text: str
    at: datetime
    files: list[FileRow]


@dataclass(frozen=True, slots=True)
class Term:
    days: int
    is_working: bool


def row_of(appeal: Appeal, *, today: date, is_office: bool = False) -> AppealRow:
    account = appeal.account if is_office else None
    return AppealRow(
        id=appeal.pk,
        topic=appeal.topic,
        topic_name=appeal.get_topic_display(),
        subject=appeal.subject,
        state=appeal.state,
        state_name=appeal.get_state_display(),
        tag=TAGS[AppealState(appeal.state)],
        created_at=appeal.created_at,
        last_at=appeal.last_at,
        due_on=appeal.due_on,
        is_late=appeal.state in OPEN and appeal.due_on is not None and appeal.due_on < today,
        is_open=appeal.state in OPEN,
        account_id=appeal.account_id,
        number=account.number if account else "",
        address=accounts.queries.address_of(account.house, account.premises) if account else "",
        author=str(appeal.author or appeal.caller) if is_office else "",
        taken_by=str(appeal.taken_by) if is_office and appeal.taken_by else "",
    )


def appeals_of(*, account_id: int, user_id: int, today: date, limit: int = 100) -> list[AppealRow]:
    """The user's own appeals on the account, the latest first; the chat is not among them. One statement."""
    rows = own_appeals(account_id=account_id, user_id=user_id).exclude(topic=Topic.CHAT)
    return [row_of(row, today=today) for row in rows.order_by("-last_at", "-pk")[:limit]]


def own_appeals(*, account_id: int, user_id: int) -> QuerySet[Appeal]:
    """The user's appeals on the account, the chat too.

    And those written down by the office, for who has proved the account by its code: whoever was let in by a relative
    sees neither his appeals nor these.
    """
    proved = AccountLink.objects.filter(user=user_id, account=OuterRef("account"), withdrawn_at=None, given_by=None)
    return Appeal.objects.filter(Q(author=user_id) | Q(Exists(proved), author=None), account=account_id)


def chat_of(*, account_id: int, user_id: int) -> Appeal | None:
    return own_appeals(account_id=account_id, user_id=user_id).filter(topic=Topic.CHAT).first()


def conversation(appeal_id: int, *, for_staff: bool = False) -> list[Said]:
    """What was said, the earliest first; a resident sees no names of clerks and no inner remarks. Two statements."""
    rows = AppealMessage.objects.filter(appeal=appeal_id).select_related("author", "appeal")
    rows = rows.order_by("created_at", "pk")
    if not for_staff:
        rows = rows.filter(is_internal=False)
    found = list(rows)
    files: dict[int, list[FileRow]] = {}
    attached = AppealFile.objects.filter(message__appeal=appeal_id).order_by("pk")
    for pk, message_id, name, size, mime in attached.values_list("pk", "message_id", "name", "size", "mime"):
        files.setdefault(message_id, []).append(FileRow(pk, name, size, mime == "image/jpeg"))
    return [
        Said(
            id=row.pk,
            author=_speaker(row, for_staff=for_staff),
            is_staff=row.is_staff,
            is_internal=row.is_internal,
            text=row.text,
            at=row.created_at,
            files=files.get(row.pk, []),
        )
        for row in found
    ]


def _speaker(row: AppealMessage, *, for_staff: bool) -> str:
    if row.author is None:  # the words of a caller, written down
        return f"{row.appeal.caller}, {row.appeal.get_channel_display()}"
    return str(row.author) if for_staff else ("Расчётный центр" if row.is_staff else "Вы")


def files_of(appeal_id: int, *, for_staff: bool = False) -> QuerySet[AppealFile]:
    """Files of the conversation, those of inner remarks for the staff alone."""
    rows = AppealFile.objects.filter(message__appeal=appeal_id)
    return rows if for_staff else rows.filter(message__is_internal=False)


def told_facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts of a form as words: (name, value)."""
    return [(WORDS[name], _value(facts[name])) for name in WORDS if facts.get(name) not in (None, "")]


def _value(told: Any) -> str:
    text = str(told)
    try:
        return f"{date.fromisoformat(text):%d.%m.%Y}" if len(text) == 10 and text[4] == "-" else text
    except ValueError:
        return text


def terms(today: date) -> dict[int, Term]:
    """Topic → how soon it is answered."""
    return {row.topic: Term(row.days, row.is_working) for row in AppealTerm.objects.on(today)}


# --- the office ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int
    late: int
    mine: int
    chats: int


def counts(*, user_id: int, today: date) -> Counts:
    """How many wait, are late, are this clerk's, are chats. One statement."""
    found = Appeal.objects.filter(state__in=OPEN).aggregate(
        waiting=Count("pk", filter=~Q(topic=Topic.CHAT)),
        late=Count("pk", filter=Q(due_on__lt=today)),
        mine=Count("pk", filter=Q(taken_by=user_id)),
        chats=Count("pk", filter=Q(topic=Topic.CHAT)),
    )
    return Counts(**found)


def queue(*, which: str, topic: int | None, number: str, user_id: int, today: date) -> QuerySet[Appeal]:
    """Appeals of the queue, what is due soonest first; a chat waits since its last message."""
    rows = Appeal.objects.select_related("account__house", "account__premises", "author", "taken_by")
    if which == "mine":
        rows = rows.filter(taken_by=user_id, state__in=OPEN)
    elif which == "late":
        rows = rows.filter(due_on__lt=today, state__in=OPEN)
    elif which == "chats":
        rows = rows.filter(topic=Topic.CHAT, state__in=OPEN)
    elif which == "free":
        rows = rows.filter(taken_by=None, state__in=OPEN)
    elif which == "done":
        rows = rows.exclude(state__in=OPEN)
    elif which != "all":
        rows = rows.filter(state__in=OPEN)
    if topic is not None:
        rows = rows.filter(topic=topic)
    if number:
        candidates = accounts.queries.number_candidates(number)
        own = Q(pk=int(number)) if number.isdecimal() and len(number) < 10 else Q(pk=None)
        rows = rows.filter(own | Q(account__number__in=candidates))
    if which in ("done", "all"):
        return rows.order_by("-last_at", "-pk")
    return rows.order_by(F("due_on").asc(nulls_first=True), "last_at", "pk")


def appeal_for_office(pk: int) -> Appeal | None:
    return Appeal.objects.select_related(
        "account__house", "account__premises", "account__payer_person", "account__payer_organisation", "author",
        "taken_by", "registered_by",
    ).filter(pk=pk).first()  # fmt: skip


def colleagues(*, right: str, but: int) -> list[tuple[int, str]]:
    """Staff to whom an appeal may be handed over: (id, name)."""
    app, _, codename = right.partition(".")
    by_group = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app)
    rows = User.objects.filter(by_group | Q(is_superuser=True), is_staff=True, is_active=True).exclude(pk=but)
    return [(row.pk, str(row)) for row in rows.distinct().order_by("name", "pk")[:200]]


def next_in_queue(*, today: date) -> int | None:
    """The appeal that nobody has and that is due soonest."""
    rows = queue(which="free", topic=None, number="", user_id=0, today=today)
    return rows.values_list("pk", flat=True).first()


def absence_of(pk: int, *, account_id: int) -> dict[str, Any]:
    """What an application tells of an absence, for the form that records it; nothing for any other appeal."""
    found = Appeal.objects.filter(pk=pk, account=account_id, topic=Topic.ABSENCE).first()
    if found is None:
        return {}
    days = {name: date.fromisoformat(found.facts[name]) for name in ("left_on", "back_on") if name in found.facts}
    document = f"{found.facts.get('document', '')}, обращение № {pk}".strip(", ")
    return {
        **days, "persons": found.facts.get("persons", 1), "document": document,
        "applied_on": found.created_at.astimezone(get_current_timezone()).date(),
    }  # fmt: skip
