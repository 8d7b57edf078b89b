"""Numbers, dates and addresses as they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from accounts.money import total

SPACE = "\u00a0"  # PT Sans has no thin spaces; the no-break one keeps a number in one piece
MINUS = "−"
RUSSIAN = str.maketrans(",.", SPACE + ",")


@lru_cache(maxsize=32_768)  # tariffs, norms and round sums are those of the next document, too
def money(amount: str | Decimal, *, signed: bool = False) -> str:
    """«12 345,67», with a minus for what is less than nothing; signed: a plus, too."""
    value = Decimal(amount)
    text = f"{abs(value):,.2f}".translate(RUSSIAN)
    if value < 0:
        return MINUS + text
    return "+" + text if signed and value > 0 else text


def blank(amount: str | Decimal, *, signed: bool = False) -> str:
    """Money, but nothing for zero."""
    return money(amount, signed=signed) if Decimal(amount) else ""


@lru_cache(maxsize=32_768)
def quantity(number: str | Decimal) -> str:
    """«0,9264»: as many decimals as there are; empty for an empty text."""
    if number == "":
        return ""
    text = f"{Decimal(number):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS, 1)[:1] + _grouped(text[1:]) if text.startswith("-") else _grouped(text)


def price(number: str) -> str:
    """«2 345,6789»: two decimals at least."""
    if not number:
        return ""
    text = quantity(number)
    decimals = len(text.partition(",")[2])
    return text + ("," if not decimals else "") + "0" * (2 - decimals) if decimals < 2 else text


def phone(text: str) -> str:
    """«+7 353 200-00-00» of +73532000000; anything else as it is."""
    match = re.fullmatch(r"\+7(\d{3})(\d{3})(\d{2})(\d{2})", text)
    return f"+7{SPACE}{match[1]}{SPACE}{match[2]}-{match[3]}-{match[4]}" if match else text


def tied(address: str) -> str:
    """An address whose «д.», «кв.» and their kin stay on the line of their number."""
    return re.sub(r"\b(г|ул|д|корп|к|стр|кв|ком|пом|м/м|пер|пл|пос|с)\. ", rf"\1.{SPACE}", address)


def _grouped(text: str) -> str:
    whole, _, decimals = text.partition(".")
    groups = spaced(whole[::-1], 3)[::-1]
    return f"{groups},{decimals}" if decimals else groups


def spaced(text: str, size: int) -> str:
    """The text in groups of `size`."""
    return SPACE.join(text[i : i + size] for i in range(0, len(text), size))


@lru_cache(maxsize=4_096)
def short(day: str) -> str:
    """«03.11.2026» of an ISO date; nothing of nothing."""
    return f"{date.fromisoformat(day):%d.%m.%Y}" if day else ""


def sum_of(rows: Iterable[Mapping[str, Any]], *names: str) -> Decimal:
    """Sum of what stands under the names in all rows; roubles."""
    return total(Decimal(row[name]) for row in rows for name in names)
