"""Check digits and the rules of readings and meters. Functions of their arguments alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stdnum.ru import inn as stdnum_inn
from stdnum.ru import ogrn as stdnum_ogrn

ACCOUNT_WEIGHTS = (7, 1, 3)
CORRESPONDENT = re.compile(r"301\d{17}|40102\d{15}")


# --- numbers with a check digit -------------------------------------------------------------------------------------


def account_check_digit(base: str) -> str:
    """The last digit of a personal account number: Luhn over `base`, so that one wrong or two swapped digits show."""
    digits = [int(digit) for digit in base]
    doubled = [digit * 2 if i % 2 == 0 else digit for i, digit in enumerate(reversed(digits))]
    return str(-sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10)


def is_account_number(number: str) -> bool:
    """4 to 20 digits of which the last checks the others."""
    return bool(re.fullmatch(r"\d{4,20}", number)) and account_check_digit(number[:-1]) == number[-1]


def is_inn(number: str) -> bool:
    """ИНН of 10 digits (organisation) or 12 (person), check digits right."""
    return number.isdecimal() and number.isascii() and bool(stdnum_inn.is_valid(number))


def is_ogrn(number: str) -> bool:
    """ОГРН of 13 digits or ОГРНИП of 15, check digit right."""
    if not re.fullmatch(r"\d{13}|\d{15}", number):
        return False
    return bool(stdnum_ogrn.is_valid(number))


def is_kpp(number: str) -> bool:
    """КПП: nine characters, no check digit."""
    return bool(re.fullmatch(r"\d{4}[0-9A-Z]{2}\d{3}", number))


def is_bik(number: str) -> bool:
    """БИК: nine digits; banks begin with 04, the treasury and branches with 00, 01, 02."""
    return bool(re.fullmatch(r"0[0124]\d{7}", number))


def is_bank_account(number: str, bik: str) -> bool:
    """Is the key of a 20-digit account right for this БИК? Treasury accounts («0…») have no key."""
    if not re.fullmatch(r"\d{20}", number) or not re.fullmatch(r"\d{9}", bik):
        return False
    if number.startswith("0"):
        return True
    central = bik[6:8] == "00" or bool(CORRESPONDENT.fullmatch(number))
    prefix = "0" + bik[4:6] if central else bik[-3:]
    digits = [int(digit) for digit in prefix + number]
    return sum(digit * ACCOUNT_WEIGHTS[i % 3] for i, digit in enumerate(digits)) % 10 == 0


def bank_account_with_key(number: str, bik: str) -> str:
    """The same account with the right key in its ninth place (for demo data)."""
    for key in "0123456789":
        candidate = number[:8] + key + number[9:]
        if is_bank_account(candidate, bik):
            return candidate
    raise ValueError(f"no key fits {number} at {bik}")


def is_snils(number: str) -> bool:
    """СНИЛС, eleven digits. Numbers up to 001-001-998 are not checked."""
    if not re.fullmatch(r"\d{11}", number):
        return False
    if number[:9] <= "001001998":
        return True
    rest = sum(int(digit) * weight for digit, weight in zip(number[:9], range(9, 0, -1), strict=True)) % 101
    return f"{rest % 100:02}" == number[9:]


# --- readings -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadingVerdict:
    """May the reading stand? `refusal` says why not; `doubt` asks to confirm; `usage` is in the dial's units."""

    refusal: str = ""
    doubt: str = ""
    usage: Decimal = Decimal(0)


def usage_between(previous: Decimal, value: Decimal, digits: int) -> Decimal | None:
    """Units used between two values of one dial; None when the fall is no rollover (переход через ноль).

    A rollover is believed when the old value is above 0.9 and the new one below 0.1 of the dial's range.
    Source: charges.md, 12.3–12.4 (custom of the trade).
    """
    if value >= previous:
        return value - previous
    limit = Decimal(10) ** digits
    if previous > limit * 9 / 10 and value < limit / 10:
        return value - previous + limit
    return None


def judge_reading(
    *,
    value: Decimal,
    day: date,
    today: date,
    previous: Decimal | None,
    previous_day: date | None,
    digits: int,
    average: Decimal | None = None,
    ceiling: Decimal | None = None,
    unit: str = "",
) -> ReadingVerdict:
    """May this reading stand?

    value, previous: dial units, called `unit` in the words. digits: whole digits of the dial. average: usual usage a
    month; ceiling: what no household uses in a month. Refuses the impossible, doubts the unlikely (over ten averages
    and over the ceiling).
    """
    limit = Decimal(10) ** digits

    def told(number: Decimal) -> str:
        return f"{number:f} {unit}".replace(".", ",").rstrip()

    if value < 0:
        return ReadingVerdict(refusal="Показание не может быть отрицательным. Перепишите цифры со счётчика.")
    if value >= limit:
        return ReadingVerdict(
            refusal=f"На этом счётчике {digits} знаков до запятой, показание {told(value)} на нём невозможно. "
            "Не переписывайте красные цифры после запятой."
        )
    if day > today:
        return ReadingVerdict(refusal=f"Дата показания {day:%d.%m.%Y} ещё не наступила. Укажите сегодняшнюю дату.")
    if previous is None or previous_day is None:
        return ReadingVerdict()
    if day < previous_day:
        return ReadingVerdict(
            refusal=f"Уже принято более позднее показание: {told(previous)} от {previous_day:%d.%m.%Y}. "
            "Проверьте дату; если ошибка в прежнем показании, позвоните в контакт-центр."
        )
    usage = usage_between(previous, value, digits)
    if usage is None:
        return ReadingVerdict(
            refusal=f"Показание {told(value)} меньше предыдущего ({told(previous)} от {previous_day:%d.%m.%Y}). "
            "Проверьте цифры; если счётчик заменён или прежнее показание ошибочно, позвоните в контакт-центр."
        )
    likely = max(
        [limit_ for limit_ in (average * 10 if average else None, ceiling) if limit_ is not None], default=None
    )
    if likely is not None and usage > likely:
        return ReadingVerdict(
            usage=usage,
            doubt=f"Расход {told(usage)} намного больше обычного. Если цифры верны, подтвердите их.",
        )
    return ReadingVerdict(usage=usage)
