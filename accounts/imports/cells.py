"""Cells of a workbook as people type them: text that Excel made a number, dates as text, yes and no."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

Cell = str | int | float | bool | date | datetime | time | timedelta | None
SAFE_DIGITS = 15  # Excel keeps so many digits of a number and writes zeros for the rest
YES = {"да", "есть", "1", "true", "истина", "+"}
NO = {"нет", "", "0", "false", "ложь", "-"}
LONGEST_TOLD = 40  # characters of a cell that a message quotes
SOFT = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))  # unseen and harmless: left out
BREAKS = {"\t", "\n", "\r"}
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control characters, turns of the line of writing, what is no character


class CellError(ValueError):
    """The cell cannot be read; the text is Russian and says what is expected."""


class Formula(str):
    """A formula that nobody has calculated: there is no value in the cell."""


def told(cell: Cell) -> str:
    """The cell for a message, cut to LONGEST_TOLD characters."""
    typed = text(cell)
    return typed if len(typed) <= LONGEST_TOLD else f"{typed[:LONGEST_TOLD]}…"


def text(cell: Cell) -> str:
    """The cell as text in one line; a whole number without «.0».

    Raises CellError on digits that Excel has spoilt, on a formula without a value and on characters nobody sees.
    """
    if cell is None:
        return ""
    if isinstance(cell, Formula):
        raise CellError("формула вместо значения: впишите само значение")
    if isinstance(cell, bool):
        return "да" if cell else "нет"
    if isinstance(cell, (float, int)):
        number = Decimal(repr(cell))
        if abs(number) >= Decimal(10) ** SAFE_DIGITS:
            raise CellError(
                "длинный номер записан числом, и Excel заменил последние цифры нулями: сделайте ячейку текстом"
            )
        whole = number.to_integral_value()
        return f"{whole:f}" if whole == number else f"{number.normalize():f}"
    if isinstance(cell, datetime):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}"
    typed = str(cell).translate(SOFT)
    if hidden := next((sign for sign in typed if unicodedata.category(sign) in HIDDEN and sign not in BREAKS), ""):
        raise CellError(
            f"невидимый управляющий знак U+{ord(hidden):04X}: сотрите содержимое и впишите его с клавиатуры"
        )
    return " ".join(typed.replace("\xa0", " ").split())


def name(cell: Cell) -> str:
    """A part of a person's name: a text without tabs and line breaks inside. Raises CellError."""
    if isinstance(cell, str) and BREAKS & set(cell.strip()):
        raise CellError("табуляция или перенос строки внутри имени: уберите их")
    return text(cell)


def decimal(cell: Cell) -> Decimal | None:
    """An exact number; None of an empty cell. Comma or point, spaces between thousands. Raises CellError."""
    if isinstance(cell, (float, int)) and not isinstance(cell, bool):
        number = Decimal(repr(cell))
    else:
        typed = re.sub(r"[\s\xa0]", "", text(cell)).replace(",", ".")
        if not typed:
            return None
        try:
            number = Decimal(typed)
        except InvalidOperation:
            raise CellError(f"«{told(cell)}» не число") from None
    if not number.is_finite():
        raise CellError("не число" if isinstance(cell, float) else f"«{told(cell)}» не число")
    if number and not -SAFE_DIGITS <= number.adjusted() < SAFE_DIGITS:
        raise CellError("такого числа не бывает: проверьте, нет ли лишних нулей или «e» в записи")
    integral = number.to_integral_value()
    return integral if integral == number else number  # a cell of 60 is read as 60.0


def whole(cell: Cell) -> int | None:
    """A whole number; None of an empty cell. Raises CellError."""
    number = decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise CellError(f"«{told(cell)}» не целое число")
    return int(number)


def day(cell: Cell) -> date | None:
    """A date cell, «05.10.2026» or «2026-10-05»; None of an empty cell. Raises CellError."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    typed = text(cell)
    if not typed:
        return None
    for pattern, order in ((r"(\d{1,2})\.(\d{1,2})\.(\d{4})", (3, 2, 1)), (r"(\d{4})-(\d{1,2})-(\d{1,2})", (1, 2, 3))):
        if found := re.fullmatch(pattern, typed.split(" ")[0]):
            year, month, number = (int(found[group]) for group in order)
            try:
                return date(year, month, number)
            except ValueError:
                break
    raise CellError(f"«{told(cell)}» не дата: нужна ДД.ММ.ГГГГ")


def yes(cell: Cell) -> bool:
    """«Да» or «Нет» (empty is no). Raises CellError."""
    typed = text(cell).lower()
    if typed in YES:
        return True
    if typed in NO:
        return False
    raise CellError(f"«{told(cell)}»: нужно «Да» или «Нет»")
