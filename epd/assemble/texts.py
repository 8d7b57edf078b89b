"""Texts with placeholders: «Уважаемый плательщик, по счёту {счёт} за {месяц} начислено {начислено}»."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.calendar import Month, long_date
from epd.assemble import widths
from epd.assemble.numbers import money, phone

PLACEHOLDERS = {
    "счёт": "номер лицевого счёта",
    "адрес": "адрес помещения",
    "месяц": "«октябрь 2026»",
    "срок": "до какого дня оплатить",
    "сумма": "сколько к оплате, с ₽",
    "начислено": "сколько за месяц без долга, с ₽",
    "долг": "долг за прошлые месяцы, с ₽; 0,00 ₽, если его нет",
    "показания до": "последний день передачи показаний",
    "телефон": "телефон расчётного центра",
    "сайт": "сайт расчётного центра",
}
FOUND = re.compile(r"\{([^{}]*)\}")


def problems(text: str) -> str:
    """What is wrong with a text, in words; empty when it may be printed."""
    unknown = [name for name in FOUND.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"Неизвестная подстановка {{{unknown[0]}}}. Можно: {known}."
    if "{" in FOUND.sub("", text) or "}" in FOUND.sub("", text):
        return "Фигурная скобка без пары: подстановка пишется {так}, другие скобки пишите круглыми."
    foreign = sorted({sign for sign in text if sign not in widths.CHARACTERS and not sign.isspace()})
    if foreign:
        return f"Знаков {' '.join(foreign[:5])} нет в шрифте документа: замените их."
    return ""


def filled(text: str, content: Mapping[str, Any]) -> str:
    """The text with the document's own facts in place of its placeholders. content: a payload."""
    values = _values(content)
    return FOUND.sub(lambda found: values.get(found[1], found[0]), text)


def _values(content: Mapping[str, Any]) -> dict[str, str]:
    document, account, sums = content["document"], content["account"], content["sums"]
    debt = Decimal(sums["opening"]) - Decimal(sums["paid"])
    return {
        "счёт": account["number"],
        "адрес": account["street"],
        "месяц": Month(date.fromisoformat(document["month"])).title,
        "срок": long_date(date.fromisoformat(document["due_on"])),
        "сумма": f"{money(max(Decimal(content['total']), Decimal(0)))} ₽",
        "начислено": f"{money(Decimal(sums['payable']) + Decimal(sums['penalty']))} ₽",
        "долг": f"{money(max(debt, Decimal(0)))} ₽",
        "показания до": f"{content['readings_until']}-го числа",
        "телефон": phone(content["agent"]["phone"]),
        "сайт": content["agent"]["site"],
    }
