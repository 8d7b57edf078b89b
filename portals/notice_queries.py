"""What there is to tell: documents, payments, meters and works that the users of accounts have not heard of yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.timezone import get_current_timezone

import billing.queries
from accounts.calendar import Month
from accounts.money import written
from portals.models import AccountLink, HouseWork, Notice, NoticeKind, NoticeWish

LOOK_BACK = timedelta(days=7)  # a source that was silent for a week is not told of any more
VERIFY_AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell one user; key names it among its kind."""

    user_id: int
    account_id: int
    kind: NoticeKind
    key: str
    title: str
    text: str = ""


def _unheard(rows: QuerySet[AccountLink], kind: NoticeKind, letter: str) -> Iterator[Any]:
    """Rows (annotated with `thing`, the number of what happened) that the user has no notice of."""
    rows = rows.annotate(told=Concat(Value(letter), Cast("thing", CharField())))
    known = Notice.objects.filter(user=OuterRef("user"), account=OuterRef("account"), kind=kind, key=OuterRef("told"))
    return rows.filter(~Exists(known)).iterator(chunk_size=2000)


def _links() -> QuerySet[AccountLink]:
    return AccountLink.objects.filter(withdrawn_at=None, user__is_active=True)


def new_documents(*, today: date) -> Iterator[News]:
    """Documents issued within a week to accounts that were linked by then."""
    rows = _links().filter(
        account__documents__issued_on__gte=today - LOOK_BACK, account__documents__withdrawn_at=None,
        account__documents__issued_at__gte=F("linked_at"),
    )  # fmt: skip
    rows = rows.annotate(
        thing=F("account__documents__pk"), month=F("account__documents__month"), total=F("account__documents__total"),
        due_on=F("account__documents__due_on"),
    )  # fmt: skip
    for row in _unheard(rows, NoticeKind.DOCUMENT, "d"):
        title = f"Квитанция за {Month.of(row.month).title.lower()}: {written(row.total)} ₽"
        yield News(
            row.user_id, row.account_id, NoticeKind.DOCUMENT, row.told, title, f"Оплатить до {row.due_on:%d.%m.%Y}."
        )


def new_payments(*, today: date) -> Iterator[News]:
    """Payments that reached the account within a week; those in transit are not there yet."""
    rows = _links().filter(
        account__payments__day__gte=today - LOOK_BACK, account__payments__state__in=["accepted", "allocated"],
        account__payments__accepted_at__gte=F("linked_at"),
    )  # fmt: skip
    rows = rows.annotate(
        thing=F("account__payments__pk"), amount=F("account__payments__amount"), paid_on=F("account__payments__paid_on")
    )
    for row in _unheard(rows, NoticeKind.PAYMENT, "p"):
        title = f"Получен платёж {written(row.amount)} ₽"
        yield News(
            row.user_id, row.account_id, NoticeKind.PAYMENT, row.told, title,
            f"Оплачен {row.paid_on:%d.%m.%Y}. Куда пошла каждая часть, видно в разделе «Платежи».",
        )  # fmt: skip


def meters_to_verify(*, today: date) -> Iterator[News]:
    """Meters of flats whose verification ends within thirty days, once for each term."""
    rows = _links().filter(
        account__closed_on=None, account__premises__meters__removed_on=None,
        account__premises__meters__verified_until__range=(today, today + VERIFY_AHEAD),
    )  # fmt: skip
    rows = rows.annotate(
        meter=F("account__premises__meters__pk"), until=F("account__premises__meters__verified_until"),
        serial=F("account__premises__meters__serial"),
        thing=Concat(Cast("meter", CharField()), Value("-"), Cast("until", CharField())),
    )  # fmt: skip
    for row in _unheard(rows, NoticeKind.VERIFICATION, "v"):
        yield News(
            row.user_id, row.account_id, NoticeKind.VERIFICATION, row.told,
            f"Поверка счётчика № {row.serial} действует до {row.until:%d.%m.%Y}"[:160],
            "После этого дня начисление пойдёт без счётчика. Закажите поверку заранее и передайте нам акт.",
        )  # fmt: skip


def breaks(*, today: date) -> Iterator[News]:
    """Works planned in the house that are not over, and breaks recorded by an act within a week."""
    zone = get_current_timezone()
    rows = _links().filter(
        account__house__works__cancelled_at=None, account__house__works__ends_at__date__gte=today,
        account__closed_on=None,
    )  # fmt: skip
    rows = rows.annotate(
        thing=F("account__house__works__pk"), starts=F("account__house__works__starts_at"),
        ends=F("account__house__works__ends_at"), service=F("account__house__works__service__name"),
        reason=F("account__house__works__reason"),
    )  # fmt: skip
    for row in _unheard(rows, NoticeKind.OUTAGE, "w"):
        span = _span(row.starts.astimezone(zone), row.ends.astimezone(zone))
        yield News(
            row.user_id, row.account_id, NoticeKind.OUTAGE, row.told, f"Отключение: {row.service}, {span}"[:160],
            row.reason,
        )  # fmt: skip
    yield from _acts(today=today)


def _acts(*, today: date) -> Iterator[News]:
    zone = get_current_timezone()
    events = billing.queries.QualityEvent.objects.filter(ended_at__date__gte=today - LOOK_BACK)
    for event in events.order_by("pk"):
        place = Q(account__house=event.house_id)
        if event.premises_id is not None:
            place &= Q(account__premises=event.premises_id)
        rows = _links().filter(place, account__closed_on=None).annotate(thing=Value(event.pk))
        span = _span(event.started_at.astimezone(zone), event.ended_at.astimezone(zone))
        title = f"{event.get_breach_display().capitalize()}, {span}"[:160]
        for row in _unheard(rows, NoticeKind.OUTAGE, "q"):
            yield News(
                row.user_id, row.account_id, NoticeKind.OUTAGE, row.told, title,
                "Записано по акту. Если положен перерасчёт, он придёт в ближайшей квитанции.",
            )  # fmt: skip


def _span(first: datetime, last: datetime) -> str:
    if first.date() == last.date():
        return f"{first:%d.%m.%Y с %H:%M} до {last:%H:%M}"
    return f"с {first:%d.%m.%Y %H:%M} до {last:%d.%m.%Y %H:%M}"


# --- the pages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoticeRow:
    id: int
    kind: int
    kind_name: str
    title: str
    text: str
    at: datetime
    is_read: bool
    number: str


@dataclass(frozen=True, slots=True)
class Leaf:
    rows: list[NoticeRow]
    page: int
    last: int


def unread(user_id: int) -> int:
    """How many notices of accounts that he still sees the user has not read. One statement."""
    return _unread(user_id).count()


def _unread(user_id: int) -> QuerySet[Notice]:
    seen = AccountLink.objects.filter(user=user_id, account=OuterRef("account"), withdrawn_at=None)
    return Notice.objects.filter(Exists(seen), user=user_id, read_at=None)


def with_unread(rows: QuerySet[Any], *, user_id: int) -> QuerySet[Any]:
    """The rows, each with `unread`: how many notices the user has not read; no statement more."""
    counted = _unread(user_id).order_by().values("user").annotate(count=Count("pk")).values("count")
    return rows.annotate(unread=Coalesce(Subquery(counted), 0))


def notices_of(user_id: int) -> QuerySet[Notice]:
    """Notices of accounts that the user still sees, the latest first."""
    seen = AccountLink.objects.filter(user=user_id, account=OuterRef("account"), withdrawn_at=None)
    rows = Notice.objects.filter(Exists(seen), user=user_id).select_related("account")
    return rows.order_by("-made_at", "-pk")


def pages_of(user_id: int, *, size: int = 30) -> Paginator[Notice]:
    """The user's notices by pages."""
    return Paginator(notices_of(user_id), size)


def leaf_of(found: Page[Notice]) -> Leaf:
    """A page of the user's notices. One statement."""
    rows = [
        NoticeRow(
            row.pk, row.kind, row.get_kind_display(), row.title, row.text, row.made_at, row.read_at is not None,
            row.account.number if row.account else "",
        )
        for row in found
    ]  # fmt: skip
    return Leaf(rows, found.number, found.paginator.num_pages)


def refused_letters(user_id: int) -> set[int]:
    """Kinds of notices that the user does not want by e-mail."""
    return set(NoticeWish.objects.filter(user=user_id).values_list("kind", flat=True))


def works_of_house(house_id: int, *, at: datetime) -> list[HouseWork]:
    """Works planned in the house that are not over."""
    rows = HouseWork.objects.filter(house=house_id, cancelled_at=None, ends_at__gt=at).select_related("service")
    return list(rows.order_by("starts_at")[:20])
