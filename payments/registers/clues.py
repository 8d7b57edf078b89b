"""What the words of a payment say of its owner: a number with one slip, the fields of a QR. Texts in, texts out."""

from __future__ import annotations

import re

from accounts import rules

# ГОСТ Р 56042-2014, tables 1 and 3: the fields by which a subscriber is found.
QR_FIELDS = ("PersAcc", "ContrAcc", "PersonalAccount", "LastName", "FirstName", "MiddleName", "PayerAddress", "Flat")
_FIELD = re.compile(rf"(?i)\b({'|'.join(QR_FIELDS)})\s*[=:]\s*([^|;\r\n]+)")
_NAMES = {name.casefold(): name for name in QR_FIELDS}


def slips(number: str) -> list[str]:
    """Numbers with a right check digit that one slip of the hand turns into `number`, the commonest slips first.

    A slip: two neighbours changed places, one digit for another, one digit lost, one digit too many.
    """
    if not re.fullmatch(r"[0-9]{5,20}", number):
        return []
    swapped = [
        number[:place] + number[place + 1] + number[place] + number[place + 2 :] for place in range(len(number) - 1)
    ]
    wrong = [number[:place] + digit + number[place + 1 :] for place in range(len(number)) for digit in "0123456789"]
    extra = [number[:place] + number[place + 1 :] for place in range(len(number))]
    lost = [number[:place] + digit + number[place:] for place in range(len(number) + 1) for digit in "0123456789"]
    meant = dict.fromkeys([*swapped, *wrong, *extra, *lost])
    return [text for text in meant if text != number and rules.is_account_number(text)]


def qr_fields(purpose: str) -> dict[str, str]:
    """Fields of a payment QR that a bank has copied into the purpose, by their names in the standard."""
    return {_NAMES[name.casefold()]: value.strip() for name, value in _FIELD.findall(purpose) if value.strip()}
