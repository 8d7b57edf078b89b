"""Payment orders for the bank as 1CClientBankExchange 1.03: cp1251, CRLF. Pure.

Source: formats/bank-exchange.md, «Writing payment orders» and part 3; Правила 762-П (fields and their lengths).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.errors import Refusal
from accounts.money import written

LONGEST_NAME = 160
LONGEST_PURPOSE = 210


class OrderRefused(Refusal):
    """The bank would not take this order."""


@dataclass(frozen=True, slots=True)
class Party:
    """Payer or payee with his account."""

    name: str
    inn: str
    kpp: str
    account: str
    bank: str
    town: str
    bik: str
    correspondent: str


@dataclass(frozen=True, slots=True)
class Order:
    """One payment order; amount in roubles > 0; code: УИН or «0»."""

    number: str
    on: date
    amount: Decimal
    payer: Party
    payee: Party
    purpose: str
    code: str = "0"


def purpose(
    *, days: tuple[date, date], contract: str, signed_on: date, payments: int, amount: Decimal, withheld: Decimal
) -> str:
    """What the principal reconciles by: days, contract, count, sum and what was withheld; at most 210 characters."""
    first, last = days
    span = f"{last:%d.%m.%Y}" if first == last else f"{first:%d.%m.%Y}-{last:%d.%m.%Y}"
    text = (
        f"Перевод платежей населения за {span} по договору № {{contract}} от {signed_on:%d.%m.%Y}, "
        f"всего {payments} шт. на сумму {amount:.2f}, удержано вознаграждение {withheld:.2f}. НДС не облагается"
    )
    room = LONGEST_PURPOSE - len(text) + len("{contract}")
    return text.format(contract=contract[:room])


def write(orders: Sequence[Order], *, sender: str, recipient: str, created: datetime) -> bytes:
    """The file of the orders. The same orders give the same bytes. Raises OrderRefused with the order's number."""
    if not orders:
        raise OrderRefused("Поручений нет: файл для банка не нужен.")
    days = [order.on for order in orders]
    lines = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        "Кодировка=Windows",
        f"Отправитель={_line(sender)}",
        f"Получатель={_line(recipient)}",
        f"ДатаСоздания={created:%d.%m.%Y}",
        f"ВремяСоздания={created:%H:%M:%S}",
        f"ДатаНачала={min(days):%d.%m.%Y}",
        f"ДатаКонца={max(days):%d.%m.%Y}",
        *(f"РасчСчет={account}" for account in sorted({order.payer.account for order in orders})),
        "Документ=Платежное поручение",
    ]
    for order in orders:
        lines += _order(order)
    lines.append("КонецФайла")
    text = "\r\n".join(lines) + "\r\n"
    try:
        return text.encode("cp1251")
    except UnicodeEncodeError as fault:
        around = text[max(fault.start - 20, 0) : fault.end + 10].replace("\r\n", " ")
        raise OrderRefused(
            f"Знак «{text[fault.start]}» не пишется в кодировке банка (…{around}…). "
            "Исправьте наименование или номер договора."
        ) from None


def check(order: Order) -> None:
    """Would a bank take the order? Raises OrderRefused with its number and what is wrong."""
    if order.amount <= 0:
        raise OrderRefused(f"Поручение {order.number}: сумма {written(order.amount)} ₽, а должна быть больше нуля.")
    if not order.number.isdecimal() or len(order.number) > 6 or int(order.number) % 1000 == 0:
        raise OrderRefused(f"Номер поручения «{order.number}»: нужно до шести цифр, последние три не 000.")
    if len(order.purpose) > LONGEST_PURPOSE:
        raise OrderRefused(f"Поручение {order.number}: назначение длиннее {LONGEST_PURPOSE} знаков.")
    for side, party in (("плательщик", order.payer), ("получатель", order.payee)):
        facts = (("наименование", party.name), ("ИНН", party.inn), ("счёт", party.account), ("БИК", party.bik))
        for words, value in facts:
            if not value:
                raise OrderRefused(f"Поручение {order.number}: {side} — не заполнено: {words}.")


def _order(order: Order) -> list[str]:
    check(order)
    text = _line(order.purpose)
    return [
        "СекцияДокумент=Платежное поручение",
        f"Номер={order.number}",
        f"Дата={order.on:%d.%m.%Y}",
        f"Сумма={order.amount:.2f}",
        *_party("Плательщик", order.payer),
        *_party("Получатель", order.payee),
        "ВидПлатежа=",
        "ВидОплаты=01",
        "Очередность=5",
        f"Код={order.code}",
        f"НазначениеПлатежа={text}",
        f"НазначениеПлатежа1={text}",
        "КонецДокумента",
    ]


def _party(side: str, party: Party) -> list[str]:
    return [
        f"{side}Счет={party.account}",
        f"{side}=ИНН {party.inn} {_line(party.name)[:LONGEST_NAME]}",
        f"{side}ИНН={party.inn}",
        f"{side}КПП={party.kpp}",
        f"{side}1={_line(party.name)[:LONGEST_NAME]}",
        f"{side}РасчСчет={party.account}",
        f"{side}Банк1={_line(party.bank)}",
        f"{side}Банк2={_line(party.town)}",
        f"{side}БИК={party.bik}",
        f"{side}Корсчет={party.correspondent}",
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
