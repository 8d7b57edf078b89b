"""What the address of a page asks for. Whatever cannot be meant (page «abc», a day of the year 1) is the default."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest

from accounts.calendar import Month
from accounts.errors import Refusal

# Nothing was charged before the first edition of the Housing Code's rules, and nothing is planned a century ahead.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
MOST_DIGITS = 18  # what fits into a bigint
MOST_LETTERS = 200


def is_known(day: date) -> bool:
    """Can a page speak of this day and of its neighbours?"""
    return FIRST_DAY <= day <= LAST_DAY


def day(request: HttpRequest, name: str, default: date, *, last: date = LAST_DAY) -> date:
    """A day of the address or its form (2026-10-31), `last` at most; an unreadable or impossible one is the default."""
    try:
        found = date.fromisoformat(request.GET.get(name) or request.POST.get(name) or "")
    except ValueError:
        return default
    return min(found, last) if is_known(found) else default


def month(request: HttpRequest, default: Month, *, last: Month | None = None, name: str = "month") -> Month:
    """The month of the address or its form (2026-10), `last` at most; what cannot be read is the default."""
    try:
        found = Month.parse(request.GET.get(name) or request.POST.get(name) or "")
    except Refusal:
        return default
    if not is_known(found.first):
        return default
    return min(found, last) if last else found


def known_month(request: HttpRequest, default: Month, *, last: Month, name: str = "month") -> Month:
    """The month of the address, which a page shows or nothing: Http404 for what is no month, or one after `last`."""
    told = request.GET.get(name, "").strip()
    if not told:
        return default
    try:
        found = Month.parse(told)
    except Refusal as refusal:
        raise Http404("Такого месяца нет.") from refusal
    if not is_known(found.first) or found > last:
        raise Http404("За этот месяц ещё ничего нет.")
    return found


def leaf(request: HttpRequest, pages: Paginator[Any]) -> Page[Any]:
    """The page of a list that the address names, the first where it names none; Http404 for one that is not there."""
    told = request.GET.get("page", "1") or "1"
    wanted = number(told)
    if wanted is None or not 1 <= wanted <= pages.num_pages:
        raise Http404("Такой страницы списка нет.")
    return pages.page(wanted)


def one_of(request: HttpRequest, name: str, known: Collection[str]) -> str:
    """What the address chooses among `known`, empty where nothing; Http404 for what there is not."""
    told = request.GET.get(name, "")
    if told and told not in known:
        raise Http404("Такого выбора нет.")
    return told


def unread_month(request: HttpRequest, name: str = "month") -> str:
    """What the address says for a month where `month` could make nothing of it; empty where it could."""
    told = request.GET.get(name, "").strip()[:MOST_LETTERS]
    try:
        is_read = not told or is_known(Month.parse(told).first)
    except Refusal:
        is_read = False
    return "" if is_read else told


def unread_day(request: HttpRequest, name: str) -> str:
    """What the address says for a day where `day` could make nothing of it; empty where it could."""
    told = request.GET.get(name, "").strip()[:MOST_LETTERS]
    try:
        is_read = not told or is_known(date.fromisoformat(told))
    except ValueError:
        is_read = False
    return "" if is_read else told


def number(text: str) -> int | None:
    """A whole number a row may have; None where the text is no such number."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def numbers(request: HttpRequest, name: str) -> list[int]:
    """All whole numbers under the name, each once, in their order."""
    found = [number(text) for text in request.GET.getlist(name)]
    return list(dict.fromkeys(one for one in found if one is not None))


def page(request: HttpRequest) -> int:
    """The number of a page, from 1; the paginator brings one beyond the end back to the last."""
    return max(number(request.GET.get("page", "")) or 1, 1)


def text(request: HttpRequest, name: str = "q") -> str:
    """What was typed into a search box: spaces single, no longer than anybody types."""
    return " ".join(request.GET.get(name, "").split())[:MOST_LETTERS]
