"""What came out of a case beside what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any

from accounts.money import KOPECK, PRECISION, ZERO
from config.cases.penalty import NotUnderstood

Answer = dict[str, Any]


class Table(dict[str, Decimal]):
    """Roubles by a key of the case's own: what is not expected must be nothing."""


class Rows(list[dict[str, Any]]):
    """Rows by periods: the order in which they are told says nothing."""


class Steps(list[Decimal]):
    """Volumes or roubles by ranges: those that nothing reached may be printed as zeros or left out."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An amount and its parts (by segments of days): a case may expect the one or the others."""

    whole: Decimal
    parts: list[Decimal]


@dataclass(frozen=True, slots=True)
class Finding:
    """One expected value. `fits`: they agree; `within`: they agree to a kopeck, and the note of the case allows it."""

    name: str
    expected: Any
    came_out: Any
    fits: bool
    within: bool = False


def compared(expected: Mapping[str, Any], answer: Mapping[str, Any], note: str = "") -> list[Finding]:
    """Every expected name beside what came out. Raises NotUnderstood for a name that the reader does not answer."""
    strange = [name for name in expected if name not in answer]
    if strange:
        raise NotUnderstood(f"не понятно, что ожидается: {', '.join(strange)}. Известны: {', '.join(answer)}.")
    found: list[Finding] = []
    lenient = re.search(r"round|print|half.?up|truncat|округл|0[.,]01", note, re.IGNORECASE) is not None
    for name, value in expected.items():
        _compare(name, value, answer[name], lenient, found)
    return found


def _compare(name: str, expected: Any, came_out: Any, lenient: bool, found: list[Finding]) -> None:
    if isinstance(came_out, Shown):
        came_out = came_out.parts if isinstance(expected, list) else came_out.whole
    if isinstance(expected, Mapping) and isinstance(came_out, Table):
        for key in dict.fromkeys([*expected, *came_out]):
            _compare(f"{name}.{key}", expected.get(key, "0.00"), came_out.get(key, ZERO), lenient, found)
    elif isinstance(expected, Mapping) and isinstance(came_out, Mapping):
        unknown = [f"{name}.{key}" for key in expected if key not in came_out]
        if unknown:
            raise NotUnderstood(f"не понятно, что ожидается: {', '.join(unknown)}.")
        for key, value in expected.items():
            _compare(f"{name}.{key}", value, came_out[key], lenient, found)
    elif isinstance(expected, list) and isinstance(came_out, Rows) and all(isinstance(row, dict) for row in expected):
        sides = [sorted(rows, key=lambda row: str(row.get("period", ""))) for rows in (expected, came_out)]
        _compare(name, sides[0], sides[1], lenient, found)
    elif isinstance(expected, list) and isinstance(came_out, Steps):
        size = max(len(expected), len(came_out))
        for number in range(size):
            value = expected[number] if number < len(expected) else "0"
            _compare(f"{name}[{number + 1}]", value, [*came_out, *[Decimal(0)] * size][number], lenient, found)
    elif isinstance(expected, list) and isinstance(came_out, Sequence) and not isinstance(came_out, str):
        if len(expected) != len(came_out):
            found.append(Finding(name, expected, told(came_out), False))
            return
        for number, (one, other) in enumerate(zip(expected, came_out, strict=True), 1):
            _compare(f"{name}[{number}]", one, other, lenient, found)
    else:
        fits = same(expected, came_out)
        within = not fits and lenient and _is_near(expected, came_out)
        found.append(Finding(name, expected, told(came_out), fits or within, within))


def same(expected: Any, came_out: Any) -> bool:
    """Equal by value; a quantity with more digits than expected is rounded, half up, to the digits that are shown."""
    if expected is None or came_out is None or isinstance(expected, bool) or isinstance(came_out, bool):
        return expected is came_out
    wanted, found = _number(expected), _number(came_out)
    if wanted is None or found is None:
        return str(expected) == str(came_out)
    if Fraction(wanted) == found:
        return True
    places = _places(wanted)
    if isinstance(came_out, Decimal) and _places(came_out) <= 2:
        return False  # money is never rounded once more
    return Fraction(wanted) == _rounded(Fraction(found), places)


def _places(number: Decimal) -> int:
    return max(-int(number.as_tuple().exponent), 0)


def _rounded(number: Fraction, places: int) -> Fraction:
    scaled = abs(number) * 10**places
    whole = (scaled * 2 + 1) // 2
    return Fraction(whole if number >= 0 else -whole, 10**places)


def _number(value: Any) -> Any:
    if isinstance(value, (Fraction, Decimal)):
        return Fraction(value) if isinstance(value, Fraction) else value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _is_near(expected: Any, came_out: Any) -> bool:
    wanted, found = _number(expected), _number(came_out)
    if wanted is None or found is None or _places(wanted) != 2:
        return False
    return abs(Fraction(wanted) - Fraction(found)) <= Fraction(KOPECK)


def told(value: Any) -> Any:
    """The value as it is printed."""
    if isinstance(value, Fraction):
        with localcontext(prec=PRECISION):
            exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(
                Decimal("1e-9"), rounding=ROUND_HALF_UP
            )
        return told(exact)
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") or "0") if _places(value) > 2 else text
    if isinstance(value, Shown):
        return told(value.whole)
    if isinstance(value, Mapping):
        return {key: told(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(one) for one in value]
    return value
