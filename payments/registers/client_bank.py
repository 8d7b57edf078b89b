"""Bank statements as 1CClientBankExchange («kl_to_1c.txt»), versions 1.01–1.03. Bytes in, rows out; no table, no clock.

Source: v8.1c.ru, «Формат обмена с системами Клиент банка»; formats/bank-exchange.md, part 1, where the oddities of real
files are listed.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum

from accounts.errors import Refusal
from accounts.money import ZERO, total, written

SIGNATURE = "1CClientBankExchange"
LARGEST_FILE = 25 * 1024 * 1024  # bytes, 20 000 documents: a year of a large bank is a fourth of it
DESTROYED = "\N{REPLACEMENT CHARACTER}"
MOST_STRAY_LINES = 100  # lines without «=» that a purpose broken in two may leave; more of them are no statement
MOST_UNKNOWN_KEYS = 50  # different fields that no edition of the format has
# Code pages in which a statement may come, the declared one apart: how to know its words, and what to call it.
FOREIGN = {"koi8-r": "KOI8-R", "cp866": "DOS (866)", "mac-cyrillic": "Mac OS", "iso8859-5": "ISO 8859-5"}
TELLING = re.compile(r"(?m)^\s*(?:СекцияДокумент|СекцияРасчСчет|ВерсияФормата|Кодировка|КонецФайла|РасчСчет)\b")
DECLARED = re.compile(r"(?m)^\s*Кодировка=(.{0,30}?)\s*$")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")

SECTION_KEYS = {
    "ДатаНачала", "ДатаКонца", "РасчСчет", "НачальныйОстаток", "ВсегоПоступило", "ВсегоСписано", "КонечныйОстаток",
}  # fmt: skip
HEADER_KEYS = {
    "ВерсияФормата", "Кодировка", "Отправитель", "Получатель", "ДатаСоздания", "ВремяСоздания", "ДатаНачала",
    "ДатаКонца", "РасчСчет", "Документ",
}  # fmt: skip
SIDE_KEYS = ("", "1", "2", "3", "4", "ИНН", "КПП", "Счет", "РасчСчет", "Банк1", "Банк2", "БИК", "Корсчет")
DOCUMENT_KEYS = {
    "Номер", "Дата", "Сумма", "КвитанцияДата", "КвитанцияВремя", "КвитанцияСодержание", "ДатаСписано", "ДатаПоступило",
    "ВидПлатежа", "ВидОплаты", "КодНазПлатежа", "Код", "Очередность", "НазначениеПлатежа", "СтатусСоставителя",
    "ПоказательКБК", "ОКАТО", "ПоказательОснования", "ПоказательПериода", "ПоказательНомера", "ПоказательДаты",
    "ПоказательТипа", "СрокАкцепта", "ВидАккредитива", "СрокПлатежа", "ПлатежПоПредст", "ДополнУсловия",
    "НомерСчетаПоставщика", "ДатаОтсылкиДок", *(f"НазначениеПлатежа{i}" for i in range(1, 7)),
    *(f"УсловиеОплаты{i}" for i in range(1, 4)),
    *(side + key for side in ("Плательщик", "Получатель") for key in SIDE_KEYS),
}  # fmt: skip


class StatementRefused(Refusal):
    """This is not a whole statement; nothing of it can be taken in."""


class Direction(IntEnum):
    """Which way the money went, seen from us."""

    UNKNOWN = 0
    IN = 1
    OUT = 2
    OWN = 3  # between our own accounts


@dataclass(frozen=True, slots=True)
class AccountSection:
    """СекцияРасчСчет: an account's turnover of a period; roubles, None where the bank left a value out."""

    account: str
    since: date | None
    until: date | None
    opening: Decimal | None
    incoming: Decimal | None
    outgoing: Decimal | None
    closing: Decimal | None
    line: int

    @property
    def is_balanced(self) -> bool | None:
        """opening + in − out = closing; None when a value is missing."""
        if self.opening is None or self.incoming is None or self.outgoing is None or self.closing is None:
            return None
        return self.opening + self.incoming - self.outgoing == self.closing


@dataclass(frozen=True, slots=True)
class Side:
    """Payer or payee of a document."""

    name: str
    inn: str
    kpp: str
    account: str
    bank_account: str
    bik: str

    @property
    def number(self) -> str:
        """The client's account: of an indirect settlement «…Счет» is his bank's (bank-exchange.md, «Oddities»)."""
        return self.bank_account or self.account


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the statement; amount in roubles. `problem`: why the row cannot be read, in Russian.

    told: the sum as the file writes it.
    """

    kind: str
    number: str
    document_on: date | None
    amount: Decimal
    payer: Side
    payee: Side
    debited_on: date | None
    credited_on: date | None
    purpose: str
    code: str
    line: int
    problem: str = ""
    told: str = ""

    def direction(self, own: Collection[str]) -> Direction:
        """By our accounts; where neither side is ours (masked accounts), by the one date that is filled."""
        payer_is_ours = bool({self.payer.number, self.payer.account} & set(own))
        payee_is_ours = bool({self.payee.number, self.payee.account} & set(own))
        if payer_is_ours and payee_is_ours:
            return Direction.OWN
        if payer_is_ours or payee_is_ours:
            return Direction.IN if payee_is_ours else Direction.OUT
        if bool(self.credited_on) == bool(self.debited_on):
            return Direction.UNKNOWN
        return Direction.IN if self.credited_on else Direction.OUT


@dataclass(frozen=True, slots=True)
class Statement:
    """A file read whole. `errors`: codes of what is wrong with it as a whole; `warnings`: the same for people."""

    encoding: str
    version: str
    declared_encoding: str
    sender: str
    since: date | None
    until: date | None
    own_accounts: tuple[str, ...]
    sections: tuple[AccountSection, ...]
    documents: tuple[Document, ...]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


# --- text ------------------------------------------------------------------------------------------------------------


def decoded(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding: strict UTF-8, else cp1251, or cp866 when the header says DOS.

    Raises StatementRefused for a text in any other code page (it names the one found and the one declared), for
    spoilt letters, control characters, and a file too large to be a statement.
    """
    if not content.strip():
        raise StatementRefused("Файл пуст. Выгрузите выписку из банка заново.")
    if len(content) > LARGEST_FILE:
        raise StatementRefused(
            f"Файл больше {LARGEST_FILE // 2**20} МБ: таких выписок не бывает. Проверьте, тот ли это файл, или "
            "выгрузите выписку по дням."
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StatementRefused(_wrong_encoding("UTF-16", ""))
    if b"\x00" in content:
        raise StatementRefused("Это не текстовая выписка 1CClientBankExchange. Выгрузите её из банка в формате 1С.")
    body = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a")  # the end of a file as DOS marked it
    try:
        text, encoding = body.decode("utf-8"), "utf-8"
        if body.isascii():
            encoding = "ascii"
    except UnicodeDecodeError:
        encoding = "cp866" if re.search(rb"(?m)^\x8a\xae\xa4\xa8\xe0\xae\xa2\xaa\xa0=DOS", body) else "cp1251"
        text = body.decode(encoding, errors="replace")
        if not TELLING.search(text):
            _refuse_foreign(body)
    if DESTROYED in text:
        raise StatementRefused(
            "В файле есть испорченные буквы: его пересохранили в другой кодировке. Выгрузите выписку из банка заново."
        )
    stray = CONTROL.search(text)
    if stray:
        line = text.count("\n", 0, stray.start()) + 1
        raise StatementRefused(
            f"Строка {line}: в файле знак с кодом {ord(stray[0])}, которого в тексте не бывает. Выгрузите выписку "
            "заново."
        )
    return text, encoding


def _refuse_foreign(body: bytes) -> None:
    """Refuse a statement whose words are readable in a code page that the format does not have, or did not declare."""
    for encoding, name in FOREIGN.items():
        text = body.decode(encoding, errors="replace")
        if TELLING.search(text):
            found = DECLARED.search(text)
            raise StatementRefused(_wrong_encoding(name, found[1] if found else ""))


def _wrong_encoding(found: str, declared: str) -> str:
    told = f"в заголовке заявлена «{declared}»" if declared else "в заголовке кодировка не указана"
    return (
        f"Файл в кодировке {found}, {told}. Выписку принимаем в кодировках Windows (1251), DOS (866, если она "
        "заявлена) и UTF-8. Выгрузите её из банка заново."
    )


def money(text: str) -> Decimal | None:
    """Roubles by text: point or comma, spaces allowed, at most two decimals; None when it is not a sum."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    if not re.fullmatch(r"[-+]?\d{1,15}(\.\d{0,2})?", plain):
        return None
    return Decimal(plain).quantize(Decimal("0.01"))


def day(text: str) -> date | None:
    """«ДД.ММ.ГГГГ», or None."""
    found = re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", text.strip())
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


# --- the file --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Section:
    kind: str
    title: str
    line: int
    values: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str:
        return self.values.get(key.casefold(), "")


def read(content: bytes) -> Statement:
    """The statement in the bytes of a file. Raises StatementRefused when it is not one or is cut inside a section."""
    text, encoding = decoded(content)
    lines = text.splitlines()
    if not lines or lines[0].strip().removeprefix("\ufeff") != SIGNATURE:
        raise StatementRefused(
            f"Это не выписка 1CClientBankExchange: первая строка — «{lines[0][:40] if lines else ''}». "
            "Выгрузите выписку из банка в формате 1С."
        )
    header: dict[str, list[str]] = {}
    sections: list[_Section] = []
    current: _Section | None = None
    ended = False
    warnings: list[str] = []
    stray: list[int] = []
    unknown: Counter[str] = Counter()
    ends = {"КонецРасчСчет": "СекцияРасчСчет", "КонецДокумента": "СекцияДокумент"}
    known = {
        "": {key.casefold() for key in HEADER_KEYS},
        "СекцияРасчСчет": {key.casefold() for key in SECTION_KEYS},
        "СекцияДокумент": {key.casefold() for key in DOCUMENT_KEYS},
    }
    for number, raw in enumerate(lines[1:], 2):
        line = raw.strip()
        if not line:
            continue
        if ended:
            warnings.append(f"Строка {number}: после «КонецФайла» есть ещё текст, он не прочитан.")
            break
        key, equals, value = line.partition("=")
        key, value = key.strip(), value.strip()
        if key == "КонецФайла" and current is None:
            ended = True
        elif key in ("СекцияРасчСчет", "СекцияДокумент") or key in ends or key == "КонецФайла":
            if key in ends and current is not None and current.kind == ends[key]:
                sections.append(current)
                current = None
            elif key in ends or current is not None:
                where = f"секция «{current.kind}» со строки {current.line} не закрыта" if current else f"лишний «{key}»"
                raise StatementRefused(f"Файл испорчен, строка {number}: {where}. Выгрузите выписку из банка заново.")
            else:
                current = _Section(key, value, number)
        elif not equals:
            stray.append(number)
            warnings.append(f"Строка {number} не понята и пропущена: «{line[:40]}».")
            if len(stray) > MOST_STRAY_LINES:
                raise StatementRefused(
                    f"Это не выписка: в ней не понято больше {MOST_STRAY_LINES} строк, первая — строка {stray[0]}. "
                    "Выгрузите выписку из банка заново."
                )
        else:
            kind = current.kind if current else ""
            if key.casefold() not in known[kind]:
                unknown[key[:40]] += 1
                if len(unknown) > MOST_UNKNOWN_KEYS:
                    raise StatementRefused(
                        f"Это не выписка: в ней больше {MOST_UNKNOWN_KEYS} полей, которых нет в формате 1С, последнее "
                        f"— «{key[:40]}» в строке {number}. Выгрузите выписку из банка заново."
                    )
            if current is not None:
                current.values.setdefault(key.casefold(), value)
            else:
                header.setdefault(key.casefold(), []).append(value)
    if current is not None:
        raise StatementRefused(
            f"Файл оборван: секция «{current.kind}» со строки {current.line} не закрыта. Выгрузите выписку заново."
        )
    warnings += [f"Неизвестное поле «{key}» (раз: {count}): оставлено без внимания." for key, count in unknown.items()]
    errors: tuple[str, ...] = ()
    if not ended:
        errors = ("no_end_of_file",)
        warnings.append("В файле нет строки «КонецФайла»: он может быть неполным.")

    def first(key: str) -> str:
        return next(iter(header.get(key.casefold(), [])), "")

    if not sections and not any(key in known[""] for key in header):
        raise StatementRefused(
            "В файле нет ни одного поля выписки, кроме первой строки. Выгрузите выписку из банка в формате 1С заново."
        )
    account_sections = tuple(_account_section(s) for s in sections if s.kind == "СекцияРасчСчет")
    own = [*header.get("расчсчет", []), *(section.account for section in account_sections)]
    declared = first("Кодировка")
    return Statement(
        encoding="cp866" if encoding == "ascii" and declared == "DOS" else encoding.replace("ascii", "cp1251"),
        version=first("ВерсияФормата"),
        declared_encoding=declared,
        sender=first("Отправитель"),
        since=day(first("ДатаНачала")),
        until=day(first("ДатаКонца")),
        own_accounts=tuple(dict.fromkeys(account for account in own if account)),
        sections=account_sections,
        documents=tuple(_document(s) for s in sections if s.kind == "СекцияДокумент"),
        errors=errors,
        warnings=tuple(warnings),
    )


def _account_section(section: _Section) -> AccountSection:
    def sum_of(key: str) -> Decimal | None:
        text = section.get(key)
        amount = money(text) if text else None
        if text and amount is None:
            raise StatementRefused(f"Строка {section.line}, «{key}»: «{text[:30]}» не сумма. Выгрузите выписку заново.")
        return amount

    return AccountSection(
        account=section.get("РасчСчет"),
        since=day(section.get("ДатаНачала")),
        until=day(section.get("ДатаКонца")),
        opening=sum_of("НачальныйОстаток"),
        incoming=sum_of("ВсегоПоступило"),
        outgoing=sum_of("ВсегоСписано"),
        closing=sum_of("КонечныйОстаток"),
        line=section.line,
    )


def _document(section: _Section) -> Document:
    amount = money(section.get("Сумма"))
    document_on = day(section.get("Дата"))
    problem = ""
    if amount is None:
        problem = f"«Сумма»: «{section.get('Сумма')[:30]}» не сумма."
    elif amount <= 0:
        problem = f"«Сумма»: {written(amount)} ₽, а должна быть больше нуля."
    elif document_on is None:
        problem = f"«Дата»: «{section.get('Дата')[:30]}» не дата ДД.ММ.ГГГГ."
    elif not section.get("Номер"):
        problem = "«Номер» не указан."
    for key in ("ДатаСписано", "ДатаПоступило"):
        if not problem and section.get(key) and day(section.get(key)) is None:
            problem = f"«{key}»: «{section.get(key)[:30]}» не дата ДД.ММ.ГГГГ."
    return Document(
        kind=section.title,
        number=section.get("Номер"),
        document_on=document_on,
        amount=amount if amount is not None else ZERO,
        payer=_side(section, "Плательщик"),
        payee=_side(section, "Получатель"),
        debited_on=day(section.get("ДатаСписано")),
        credited_on=day(section.get("ДатаПоступило")),
        purpose=_purpose(section),
        code=section.get("Код"),
        line=section.line,
        problem=problem,
        told=section.get("Сумма")[:30],
    )


def _side(section: _Section, side: str) -> Side:
    # «7777777777, ООО …» or «ИНН 7777777777 ООО …»: the name stands in the next key, or after the number
    name = section.get(f"{side}1") or re.sub(r"^\s*(?:ИНН\s*)?\d{10,12}[\s,/]+", "", section.get(side))
    return Side(
        name=name.strip() or section.get(side),
        inn=section.get(f"{side}ИНН"),
        kpp=section.get(f"{side}КПП"),
        account=section.get(f"{side}Счет"),
        bank_account=section.get(f"{side}РасчСчет"),
        bik=section.get(f"{side}БИК"),
    )


FULL_LINE = 40  # characters: a numbered line of the purpose that long goes on without a space


def _purpose(section: _Section) -> str:
    whole = section.get("НазначениеПлатежа")
    if whole:
        return whole
    joined = ""
    for part in (section.get(f"НазначениеПлатежа{i}") for i in range(1, 7)):
        if part:
            last = joined.rsplit(" ", 1)[-1] if joined else ""
            joined += part if not joined or len(last) >= FULL_LINE else f" {part}"
    return joined


# --- totals ----------------------------------------------------------------------------------------------------------


def _told(amount: Decimal | None) -> str:
    return "—" if amount is None else f"{written(amount)} ₽"


def wrong_totals(statement: Statement) -> list[str]:
    """Sections where opening + in − out is not the closing, in words. Such a file is refused as a whole."""
    return [
        f"Строка {section.line}, счёт {section.account}: {_told(section.opening)} + {_told(section.incoming)} − "
        f"{_told(section.outgoing)} не равно остатку {_told(section.closing)}."
        for section in statement.sections
        if section.is_balanced is False
    ]


def doubts(statement: Statement, own: Collection[str]) -> list[str]:
    """Why the file may lack documents: turnover of its sections against its documents, gaps between sections."""
    found = []
    by_account: dict[str, list[AccountSection]] = {}
    for section in statement.sections:
        by_account.setdefault(section.account, []).append(section)
    for account, sections in by_account.items():
        ordered = sorted(sections, key=lambda s: s.since or date.min)
        for one, two in itertools.pairwise(ordered):
            if one.closing is not None and two.opening is not None and one.closing != two.opening:
                found.append(
                    f"Счёт {account}: остаток {_told(one.closing)} не равен следующему начальному {_told(two.opening)}."
                )
    for words, ways, sums in (
        ("поступило", (Direction.IN, Direction.OWN), [section.incoming for section in statement.sections]),
        ("списано", (Direction.OUT, Direction.OWN), [section.outgoing for section in statement.sections]),
    ):
        if sums and all(amount is not None for amount in sums):
            told = total(amount for amount in sums if amount is not None)
            counted = total(document.amount for document in statement.documents if document.direction(own) in ways)
            if told != counted:
                found.append(f"По разделам счетов {words} {_told(told)}, а документов на {_told(counted)}.")
    return found


# --- whose payment is it? --------------------------------------------------------------------------------------------


class Names(IntEnum):
    """What a number in the purpose names, in the order they are believed."""

    DOCUMENT = 1  # ИПД, 18 characters
    HOUSING_SERVICE = 2  # ИЖКУ, 13
    UNIFIED = 3  # ЕЛС, 10
    CODE = 4  # «Код» of the order
    LABELLED = 5  # «ЛС 123…»
    BARE = 6  # any digits


@dataclass(frozen=True, slots=True)
class Mention:
    """A number that may name an account."""

    names: Names
    value: str


_LOOKALIKES = str.maketrans("ABCEHKMOPTX", "АВСЕНКМОРТХ")
_ELS = r"\d{2}[А-ЯЁ]{2}\d{6}"
_DOCUMENT = re.compile(rf"(?<!\d){_ELS}-\d{{2}}-\d(?:0[1-9]|1[0-2])\d(?!\d)")
_HOUSING = re.compile(rf"(?<!\d){_ELS}-\d{{2}}(?!\d)")
_UNIFIED = re.compile(rf"(?<!\d){_ELS}(?!\d)")
_LABELLED = re.compile(
    r"(?:Л/?С|ЛИЦ(?:ЕВОЙ|ЕВОГО|ЕВОМУ)?\.?\s*СЧ[ЕЁ]Т[АУ]?)\D{0,3}([\d-]{4,20}(?:\s*(?:[,;/+&]|И)\s*[\d-]{4,20}(?![\d-]))*)"
)
_BARE = re.compile(r"(?<![\d-])\d{4,20}(?![\d-])")


def mentions(purpose: str, code: str = "") -> list[Mention]:
    """Numbers in the purpose (and in «Код») that may name a subscriber, the surest kind first, without repeats.

    Source: bank-exchange.md, «Finding the subscriber». Latin look-alikes are read as Cyrillic letters. Of «ЛС 123, 456»
    both are labelled when they are as long as each other.
    """
    text = f"{purpose} {code}".upper().translate(_LOOKALIKES)
    found = [Mention(Names.DOCUMENT, value) for value in _DOCUMENT.findall(text)]
    rest = _DOCUMENT.sub(" ", text)
    found += [Mention(Names.HOUSING_SERVICE, value) for value in _HOUSING.findall(rest)]
    rest = _HOUSING.sub(" ", rest)
    found += [Mention(Names.UNIFIED, value) for value in _UNIFIED.findall(rest)]
    rest = _UNIFIED.sub(" ", purpose.upper().translate(_LOOKALIKES))
    if re.fullmatch(r"\d{4,20}", code.strip()):
        found.append(Mention(Names.CODE, code.strip()))
    for listed in _LABELLED.findall(rest):
        first, *others = (value.replace("-", "") for value in re.findall(r"[\d-]+", listed))
        found += [Mention(Names.LABELLED, value) for value in [first, *(o for o in others if len(o) == len(first))]]
    found += [Mention(Names.BARE, value) for value in _BARE.findall(rest)]
    return list(dict.fromkeys(found))


def repeats(keys: Iterable[Sequence[object]]) -> list[int]:
    """For each key how many equal ones stand before it in the file: banks repeat a number within a day."""
    seen: Counter[tuple[object, ...]] = Counter()
    found = []
    for key in keys:
        found.append(seen[tuple(key)])
        seen[tuple(key)] += 1
    return found
