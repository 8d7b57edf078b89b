"""The letter that brings a document: what to pay, until when, and what changed most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts import calendar
from accounts.calendar import Month
from accounts.money import ZERO
from epd.assemble import texts as placeholders
from epd.assemble.numbers import money

CHANGES = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """Strings of a letter. changes: «Отопление: на 1 200,00 ₽ больше»."""

    subject: str
    month: str
    account: str
    headline: str
    amount: str
    until: str
    debt: str
    changes: list[str]
    texts: list[str]
    check: str


def letter(content: Mapping[str, Any], *, texts: Sequence[str] = ()) -> Letter:
    """The letter of a payload. texts: lines of ours with placeholders, put after the sum."""
    month = Month(date.fromisoformat(content["document"]["month"]))
    due = Decimal(content["total"])
    sums = content["sums"]
    debt = Decimal(sums["opening"]) - Decimal(sums["paid"])
    until = calendar.long_date(date.fromisoformat(content["document"]["due_on"]))
    amount = f"{money(abs(due))} ₽"
    if due > 0:
        subject, headline = f"Квитанция за {month.title}: {amount} до {until}", "К оплате"
    elif due < 0:
        subject, headline = f"Квитанция за {month.title}: платить не нужно", "Платить не нужно, у вас аванс"
    else:
        subject, headline = f"Квитанция за {month.title}: всё оплачено", "Всё оплачено"
    return Letter(
        subject=subject,
        month=month.title,
        account=content["account"]["number"],
        headline=headline,
        amount=amount if due else "",
        until=f"до {until} включительно" if due > 0 else "",
        debt=f"в том числе долг за прошлые месяцы {money(debt)} ₽" if debt > 0 and due > 0 else "",
        changes=_changes(content),
        texts=[placeholders.filled(text, content) for text in texts],
        check=content.get("links", {}).get("check", ""),
    )


def _changes(content: Mapping[str, Any]) -> list[str]:
    """The services whose payment changed most against the last month, the biggest first."""
    before = {int(service): Decimal(amount) for service, amount in content.get("before", {}).items()}
    if not before:
        return []
    names: dict[int, str] = {}
    now: dict[int, Decimal] = {}
    for row in content["rows"]:
        if row["group"]:
            names[row["service_id"]] = row["name"]
            now[row["service_id"]] = now.get(row["service_id"], ZERO) + Decimal(row["payable"])
    changed = [(now[service] - before.get(service, ZERO), service) for service in names]
    changed = [(change, service) for change, service in changed if change]
    changed.sort(key=lambda pair: (-abs(pair[0]), pair[1]))
    return [
        f"{names[service]}: на {money(abs(change))} ₽ {'больше' if change > 0 else 'меньше'}"
        for change, service in changed[:CHANGES]
    ]
