"""Cells of a workbook as people type them: text that Excel made a number, dates as text, yes and no."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

Cell = str | int | float | bool | date | datetime | time | timedelta | None
SAFE_DIGITS = 15  # Excel keeps so many digits of a number and writes zeros for the rest
YES = {"да", "есть", "1", "true", "истина", "+"}
NO = {"нет", "", "0", "false", "ложь", "-"}


class CellError(ValueError):
    """The cell cannot be read; the text is Russian and says what is expected."""


def text(cell: Cell) -> str:
    """The cell as text in one line; a whole number without «.0». Raises CellError on digits that Excel has spoilt."""
    if cell is None:
        return ""
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
    return " ".join(str(cell).replace("\xa0", " ").split())


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
            raise CellError(f"«{text(cell)}» не число") from None
    if not number.is_finite():
        raise CellError(f"«{text(cell)}» не число")
    integral = number.to_integral_value()
    return integral if integral == number else number  # a cell of 60 is read as 60.0


def whole(cell: Cell) -> int | None:
    """A whole number; None of an empty cell. Raises CellError."""
    number = decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise CellError(f"«{text(cell)}» не целое число")
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
    raise CellError(f"«{typed}» не дата: нужна ДД.ММ.ГГГГ")


def yes(cell: Cell) -> bool:
    """«Да» or «Нет» (empty is no). Raises CellError."""
    typed = text(cell).lower()
    if typed in YES:
        return True
    if typed in NO:
        return False
    raise CellError(f"«{text(cell)}»: нужно «Да» или «Нет»")
