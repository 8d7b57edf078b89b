"""The payment code of ГОСТ Р 56042-2014 and the СБП link: strings written and read; QR and Code 128 as pictures.

Rules and their source: formats/payment-qr.md. Reading forgives what receipts in use do wrong and says so; writing
refuses it. Pictures are made by zxing-cpp.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

import zxingcpp

from accounts import rules
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import kopecks

REQUIRED = ("Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc")
LONGEST = {
    "Name": 160, "PersonalAcc": 20, "BankName": 45, "BIC": 9, "CorrespAcc": 20,
    "Sum": 18, "Purpose": 210, "PayeeINN": 12, "PayerINN": 12, "DrawerStatus": 2, "KPP": 9, "CBC": 20, "OKTMO": 11,
    "PaytReason": 2, "TaxPeriod": 10, "DocNo": 15, "DocDate": 10, "TaxPaytKind": 2,
}  # fmt: skip
OTHERS = (
    "LastName", "FirstName", "MiddleName", "PayerAddress", "PersonalAccount", "DocIdx", "PensAcc", "Contract",
    "PersAcc", "Flat", "Phone", "PayerIdType", "PayerIdNum", "ChildFio", "BirthDate", "PaymTerm", "PaymPeriod",
    "Category", "ServiceName", "CounterId", "CounterVal", "QuittId", "QuittDate", "InstNum", "ClassNum", "SpecFio",
    "AddAmount", "RuleId", "ExecId", "RegType", "UIN", "TechCode",
)  # fmt: skip
SPELLING = {key.lower(): key for key in (*LONGEST, *OTHERS)}
ENCODINGS = {"1": "cp1251", "2": "utf-8", "3": "koi8-r"}
SEPARATORS = "|#;~^_{}!$%&*@"
HOUSING_AND_UTILITIES = "02"  # TechCode
READABLE_BYTES = 560  # version 18: on 46 mm a module is 0.47 mm, and a phone reads it from paper


class NotPaymentCode(Refusal):
    """The text is no payment code of ГОСТ Р 56042."""


class BadRequisites(Refusal):
    """A payment code with these requisites would not be paid, or would be paid to somebody else."""


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """A payment code as read.

    fields: known keys in the standard's case, values untouched; extra: unknown keys, kept. problems: `missing:Key`,
    `format:Sum`, `duplicate:Key`, `too_long:Key`, `space:Key`, `pair` (a piece without `=`). checks: do the check
    digits hold (None: the number has none). sum_kopecks: None when absent or not to be trusted; 0: the payer types it.
    """

    encoding: str
    separator: str
    fields: dict[str, str]
    extra: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    checks: dict[str, bool | None] = field(default_factory=dict)
    sum_kopecks: int | None = None

    @property
    def errors(self) -> tuple[str, ...]:
        """Problems for which nothing may be paid without a person's look."""
        return tuple(p for p in self.problems if p.startswith(("duplicate:", "format:")))

    @property
    def warnings(self) -> tuple[str, ...]:
        wrong = tuple(f"check:{name}" for name, holds in self.checks.items() if holds is False)
        return tuple(p for p in self.problems if p not in self.errors) + wrong

    @property
    def month(self) -> Month | None:
        """The month of PaymPeriod; None when absent or not understood."""
        return read_period(self.fields.get("PaymPeriod", ""))


def read(content: str | bytes) -> PaymentCode:
    """Read a payment code. Raises NotPaymentCode unless it begins with ST0001 and a known encoding.

    bytes are decoded by the encoding they name; a text which a scanner decoded as Latin-1 instead of windows-1251
    («ÎÎÎ» for «ООО») is put right.
    """
    head = content[:7].decode("ascii", "replace") if isinstance(content, bytes) else content[:7]
    encoding = ENCODINGS.get(head[6:7])
    if not head.startswith("ST0001") or encoding is None or len(content) < 8:
        raise NotPaymentCode("Это не платёжный код ГОСТ Р 56042: нет начала ST0001 и кода кодировки 1, 2 или 3.")
    text = _decoded(content, encoding)
    separator = text[7]
    fields: dict[str, str] = {}
    extra: dict[str, str] = {}
    problems: list[str] = []
    duplicates: set[str] = set()
    for pair in text[8:].split(separator):
        if not pair.strip():
            continue  # a separator after the last pair
        key, equals, value = pair.partition("=")
        if not equals:
            problems.append("pair")
            continue
        name = SPELLING.get(key.strip().lower(), key.strip())
        if key != key.strip():
            problems.append(f"space:{name}")
        if not value.strip():
            continue  # an empty value is an absent one
        kept = fields if name in SPELLING.values() else extra
        if name in kept:
            duplicates.add(name)
        else:
            kept[name] = value
    problems += [f"missing:{name}" for name in REQUIRED if name not in fields]
    problems += [f"too_long:{name}" for name, value in fields.items() if len(value.strip()) > LONGEST.get(name, 10**6)]
    problems += [f"duplicate:{name}" for name in sorted(duplicates)]
    amount = fields.get("Sum")
    readable = amount is not None and bool(re.fullmatch(r"[0-9]{1,18}", amount.strip()))
    if amount is not None and not readable:
        problems.append("format:Sum")
    return PaymentCode(
        encoding=encoding,
        separator=separator,
        fields=fields,
        extra=extra,
        problems=tuple(problems),
        checks=_checks(fields),
        sum_kopecks=int(amount) if amount is not None and readable and not duplicates else None,
    )


def _decoded(content: str | bytes, encoding: str) -> str:
    if isinstance(content, bytes):
        return content.decode(encoding, "replace")
    if encoding == "cp1251" and re.search("[À-ÿ]", content) and not re.search("[А-яЁё]", content):
        return content.encode("latin-1", "replace").decode(encoding, "replace")
    return content


def _checks(fields: Mapping[str, str]) -> dict[str, bool | None]:
    """Check digits of the numbers that are there. None: a treasury account has no key."""
    found: dict[str, bool | None] = {}
    bik = fields.get("BIC", "").strip()
    if account := fields.get("PersonalAcc", "").strip():
        found["personal_acc_key"] = None if _is_treasury(account) else rules.is_bank_account(account, bik)
    if (correspondent := fields.get("CorrespAcc", "").strip()) not in ("", "0"):
        found["corresp_acc_key"] = rules.is_bank_account(correspondent, bik)
    if inn := fields.get("PayeeINN", "").strip():
        found["payee_inn"] = rules.is_inn(inn)
    return found


def _is_treasury(account: str) -> bool:
    return bool(re.fullmatch(r"0[0-9]{19}", account))


def read_period(text: str) -> Month | None:
    """The month of `102026`, `0521`, `62015`, `07.2023`; None for anything else: never guessed."""
    match = re.fullmatch(r"([0-9]{1,2})[.]?([0-9]{4}|[0-9]{2})", text.strip())
    if not match:
        return None
    number, year = int(match[1]), int(match[2])
    if not 1 <= number <= 12:
        return None
    return Month(date(year if year > 99 else 2000 + year, number, 1))


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payee:
    """Requisites of the recipient."""

    name: str
    account: str
    bank: str
    bik: str
    correspondent: str
    inn: str
    kpp: str = ""


def utility_payment(
    *,
    payee: Payee,
    amount: Decimal,
    account: str,
    month: Month,
    purpose: str,
    names: Iterable[str] = (),
    address: str = "",
    document: str = "",
) -> str:
    """The code of a document for housing and utilities. Raises BadRequisites.

    amount: roubles, above zero, whole kopecks. account: the personal account's number. names: last, first, middle
    name of a natural person. document: the 18-character identifier of ГИС ЖКХ, once it is known.
    """
    if amount <= 0 or amount != kopecks(amount):
        raise BadRequisites(f"Платёжный код на сумму {amount} не делается: нужны целые копейки больше нуля.")
    facts = {
        "Name": payee.name[: LONGEST["Name"]],
        "PersonalAcc": payee.account,
        "BankName": short_bank_name(payee.bank),
        "BIC": payee.bik,
        "CorrespAcc": payee.correspondent or "0",
        "PayeeINN": payee.inn,
        "KPP": payee.kpp,
        "Sum": str(int(amount * 100)),
        "Purpose": purpose[: LONGEST["Purpose"]],
        "PersAcc": account,
        "PaymPeriod": f"{month.first:%m%Y}",
        **dict(zip(("LastName", "FirstName", "MiddleName"), names, strict=False)),
        "PayerAddress": address,
        "TechCode": HOUSING_AND_UTILITIES,
        "UIN": document,
    }
    while len(text := write(facts)) and len(text.encode()) > READABLE_BYTES:
        # What a bank can do without goes first: a phone must read the code from paper.
        spare = next((key for key in ("PayerAddress", "MiddleName", "FirstName", "LastName") if facts.get(key)), None)
        if spare is None:
            break
        facts[spare] = ""
    return text


def with_document(code: str, document: str) -> str:
    """The same code with the identifier that ГИС ЖКХ has given to the document (18 characters) in UIN."""
    return write({**read(code).fields, "UIN": document})


def write(fields: Mapping[str, str]) -> str:
    """A payment code in UTF-8 (ST00012), the required keys first, empty values left out. Raises BadRequisites."""
    values = {key: " ".join(value.split()) for key, value in fields.items()}
    values = {key: value for key, value in values.items() if value}
    _refuse_bad(values)
    order = [*REQUIRED, *(key for key in values if key not in REQUIRED)]
    pairs = [f"{key}={values[key]}" for key in order]
    separator = next((mark for mark in SEPARATORS if not any(mark in pair for pair in pairs)), None)
    if separator is None:
        raise BadRequisites("В реквизитах платёжного кода есть все знаки-разделители сразу: уберите из них | и #.")
    return f"ST00012{separator}{separator.join(pairs)}"


def _refuse_bad(values: Mapping[str, str]) -> None:
    for key in REQUIRED:
        if key not in values:
            raise BadRequisites(f"В платёжном коде нет обязательного поля {key}: заполните реквизиты получателя.")
    for key, value in values.items():
        if key not in SPELLING.values():
            raise BadRequisites(f"Поля {key} в стандарте платёжного кода нет.")
        if len(value) > LONGEST.get(key, 10**6):
            raise BadRequisites(f"Поле {key} платёжного кода длиннее {LONGEST[key]} знаков: «{value}».")
    if "Sum" in values and not re.fullmatch(r"[0-9]{1,18}", values["Sum"]):
        raise BadRequisites(f"Сумма платёжного кода пишется в копейках одними цифрами, а не «{values['Sum']}».")
    if not rules.is_bik(values["BIC"]):
        raise BadRequisites(f"БИК «{values['BIC']}» неверен: нужно девять цифр, первая 0.")
    if not rules.is_bank_account(values["PersonalAcc"], values["BIC"]):
        raise BadRequisites(f"Ключ счёта {values['PersonalAcc']} не сходится с БИК {values['BIC']}.")
    if values["CorrespAcc"] != "0" and not rules.is_bank_account(values["CorrespAcc"], values["BIC"]):
        raise BadRequisites(f"Ключ корреспондентского счёта {values['CorrespAcc']} не сходится с БИК.")
    for key in ("PayeeINN", "PayerINN"):
        if key in values and not rules.is_inn(values[key]):
            raise BadRequisites(f"ИНН {values[key]} неверен: контрольные цифры не сходятся.")
    if "KPP" in values and not rules.is_kpp(values["KPP"]):
        raise BadRequisites(f"КПП {values['KPP']} неверен: нужно девять знаков.")


def short_bank_name(name: str) -> str:
    """The bank's name in the 45 characters the standard gives it: usual abbreviations, then whole words."""
    name = " ".join(name.split())
    for long, short in (
        ("Публичное акционерное общество", "ПАО"), ("Акционерное общество", "АО"),
        ("отделение", "отд."), ("Отделение", "Отд."), ("филиал", "ф-л"), ("Филиал", "Ф-л"),
    ):  # fmt: skip
        if len(name) > LONGEST["BankName"]:
            name = name.replace(long, short)
    if len(name) <= LONGEST["BankName"]:
        return name
    words = name.split()
    while len(" ".join(words)) > LONGEST["BankName"] and len(words) > 1:
        words.pop()
    return " ".join(words)[: LONGEST["BankName"]]


# --- the code for cash desks -----------------------------------------------------------------------------------------

SUM_DIGITS = 9


def desk_code(*, account: str, month: Month, amount: Decimal) -> str:
    """Digits of the linear code: account, ММГГ, kopecks in nine digits; an even number of them, for Code 128 set C.

    Raises BadRequisites for an amount that does not fit or an account that is not digits.
    """
    amount_kopecks = int(amount * 100)
    if not account.isdecimal() or not 0 <= amount_kopecks < 10**SUM_DIGITS:
        raise BadRequisites(f"Штрихкод для кассы не делается: счёт {account}, сумма {amount}.")
    digits = f"{account}{month.first:%m%y}{amount_kopecks:0{SUM_DIGITS}}"
    return digits if len(digits) % 2 == 0 else "0" + digits


@dataclass(frozen=True, slots=True)
class DeskCode:
    """What a cash desk reads from the linear code. `account` may have one leading zero too many."""

    account: str
    month: Month
    amount: Decimal


def read_desk_code(digits: str) -> DeskCode | None:
    """The parts of `desk_code`; None for anything else. The account's check digit says whether a zero was added."""
    if not re.fullmatch(r"[0-9]{17,34}", digits):
        return None
    account, period, amount = digits[: -SUM_DIGITS - 4], digits[-SUM_DIGITS - 4 : -SUM_DIGITS], digits[-SUM_DIGITS:]
    month = read_period(period)
    if account.startswith("0") and rules.is_account_number(account[1:]):
        account = account[1:]
    if month is None or not rules.is_account_number(account):
        return None
    return DeskCode(account, month, Decimal(int(amount)) / 100)


# --- the link of the СБП ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SbpLink:
    """A link of the СБП (НСПК). It is registered by a bank and cannot be made here."""

    qrc_id: str
    kind: str  # static, dynamic
    type_param: str | None
    bank: str | None
    sum_kopecks: int | None
    crc: str | None


def read_sbp(text: str) -> SbpLink | None:
    """Read `https://qr.nspk.ru/…`; None when it is no such link."""
    match = re.fullmatch(r"https://qr\.nspk\.ru/(A([SD])[0-9A-Z]{30})(?:\?(.*))?", text.strip())
    if not match:
        return None
    parameters = dict(pair.split("=", 1) for pair in (match[3] or "").split("&") if "=" in pair)
    amount = parameters.get("sum", "")
    return SbpLink(
        qrc_id=match[1],
        kind="static" if match[2] == "S" else "dynamic",
        type_param=parameters.get("type"),
        bank=parameters.get("bank"),
        sum_kopecks=int(amount) if re.fullmatch(r"[0-9]{1,18}", amount) else None,
        crc=parameters.get("crc"),
    )


# --- pictures --------------------------------------------------------------------------------------------------------


def qr_svg(text: str) -> str:
    """QR code of the text's UTF-8 bytes, correction M, with its quiet zone, as an SVG element."""
    return _svg(_qr(text))


def qr_png(text: str, scale: int = 4, *, level: str = "M") -> bytes:
    """The same as a one-bit PNG, `scale` pixels a module: paler ones are blurred by some viewers."""
    return _png(_qr(text, level), scale, quiet=4)


def code128_svg(digits: str) -> str:
    """Code 128 of digits, as an SVG element without the digits beneath."""
    return _svg(_code128(digits))


def code128_png(digits: str, scale: int = 4) -> bytes:
    """Code 128 of digits as a one-bit PNG, one row of pixels: the page stretches it to its height."""
    return _png(_code128(digits), scale, quiet=10, rows=1)


def _qr(text: str, level: str = "M") -> zxingcpp.Barcode:
    # The library writes a str in windows-1251, whatever the payload declares, and bytes with the mark «binary» (ECI
    # 899). Bytes with an unknown ECI are byte mode and no mark at all: what the standard means and scanners expect.
    return zxingcpp.create_barcode(text.encode(), zxingcpp.BarcodeFormat.QRCode, ec_level=level, eci="Unknown")


def _code128(digits: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(digits, zxingcpp.BarcodeFormat.Code128)


def _svg(barcode: zxingcpp.Barcode) -> str:
    svg: str = barcode.to_svg(add_quiet_zones=True)
    return svg[svg.index("<svg") :]


def _png(barcode: zxingcpp.Barcode, scale: int, *, quiet: int, rows: int | None = None) -> bytes:
    """A one-bit grey PNG: `quiet` modules of white at the sides, and above and below unless `rows` are wanted."""
    image = memoryview(cast(Any, barcode.to_image(scale=1, add_quiet_zones=False, add_hrt=False)))
    height, width = image.shape[:2] if image.shape else (0, 0)
    grey = image.tobytes()
    modules = [[grey[y * width + x] < 128 for x in range(width)] for y in range(height)]
    if rows is not None:
        modules = modules[:rows]
    side = [False] * quiet
    lines = [side + row + side for row in modules]
    if rows is None:
        blank = [False] * len(lines[0])
        lines = [blank] * quiet + lines + [blank] * quiet
    raw = b"".join((b"\0" + _packed(line, scale)) * scale for line in lines)
    size = struct.pack(">IIBBBBB", len(lines[0]) * scale, len(lines) * scale, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def _packed(line: list[bool], scale: int) -> bytes:
    bits = "".join(("0" if dark else "1") * scale for dark in line)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
