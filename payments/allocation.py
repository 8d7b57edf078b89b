"""One payment over many debts: pure arithmetic, no table, no clock.

Source: domain/payments.md, 3–4: ст. 319, 319.1 ГК РФ; п. 118 Правил № 354; письмо Минстроя 09.08.2025 № 46954-АЕ/04.
The order, which a later columnar version must keep:
  0. credits (negative items) are netted inside their own (contract, service), then against the oldest debts of the same
     contract; never against another principal's;
  1. what the payer directed: a sum for a service, or services alone;
  2. the month he named, then the oldest month; inside a month pro rata by the largest remainder;
  3. penalties after all principal, in the same order;
  4. the rest is an advance of the account that no principal owns yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from accounts.calendar import NAMES
from accounts.money import ZERO, kopecks, split, total

Weights = Literal["open", "charged"]

DEBT, PENALTY, ADVANCE = 1, 2, 3  # as in payments.models.Part


class Rule(IntEnum):
    """Why this part went where it went; the number is stored with the allocation."""

    OLDEST_DEBT = 1
    NAMED_MONTH = 2
    DIRECTED_SERVICE = 3
    AMOUNT_AS_GIVEN = 4
    PENALTY_LAST = 5
    NO_DEBT = 6
    ADVANCE_USED = 7
    REVERSAL = 8


REASONS = {
    Rule.OLDEST_DEBT: "Долг за {month}: сначала более ранний срок, внутри месяца поровну рублю долга "
    "(ст. 319.1 п. 3 ГК РФ, п. 118 Правил № 354)",
    Rule.NAMED_MONTH: "Плательщик назвал {month}: этот месяц первым (ст. 319.1 п. 1 ГК РФ)",
    Rule.DIRECTED_SERVICE: "Плательщик назвал услугу: оплачена за {month} (ст. 319.1 п. 1 ГК РФ)",
    Rule.AMOUNT_AS_GIVEN: "Сумма по услуге за {month} указана плательщиком (ст. 319.1 п. 1 ГК РФ)",
    Rule.PENALTY_LAST: "Пени за {month}: после всего основного долга (ст. 319 ГК РФ)",
    Rule.NO_DEBT: "Долгов больше нет: аванс до следующих начислений",
    Rule.ADVANCE_USED: "Аванс зачтён в счёт начислений при проведении месяца",
    Rule.REVERSAL: "Сторно: прежнее разнесение отменено зеркальной строкой",
}


def reason(rule: int, for_month: date) -> str:
    """The rule in words, with the month it names."""
    return REASONS[Rule(rule)].format(month=f"{NAMES[for_month.month - 1]} {for_month.year}")


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is left unpaid of one service in one document's month: roubles; a negative amount is the payer's credit.

    for_month: first day of the month of the document. priority: the service's order in the document.
    """

    contract_id: int
    service_id: int
    for_month: date
    amount: Decimal
    is_penalty: bool = False
    charged: Decimal = ZERO
    priority: int = 100


@dataclass(frozen=True, slots=True)
class PaidPart:
    """A part of the payment, positive roubles. contract_id = service_id = 0, no for_month: an advance of nobody's."""

    contract_id: int
    service_id: int
    for_month: date | None
    part: int
    rule: Rule
    amount: Decimal


Key = tuple[int, int, date, bool]


def _order(item: OpenItem) -> tuple[int, int, int, date, bool]:
    return (item.priority, item.service_id, item.contract_id, item.for_month, item.is_penalty)


def merged(items: Iterable[OpenItem]) -> list[OpenItem]:
    """One item per (contract, service, month, penalty or not), in the order that settles ties."""
    found: dict[Key, OpenItem] = {}
    for item in items:
        if item.amount != kopecks(item.amount):
            raise ValueError(f"{item.amount} is not a whole number of kopecks")
        key = (item.contract_id, item.service_id, item.for_month, item.is_penalty)
        other = found.get(key)
        found[key] = item if other is None else replace(
            other, amount=other.amount + item.amount, charged=other.charged + item.charged,
            priority=min(other.priority, item.priority),
        )  # fmt: skip
    return sorted(found.values(), key=_order)


def net_credits(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Positive items that are left when every credit has met debts of its own contract (payments.md, 3.1).

    First the same service, then the contract's oldest debts. Principal and penalty are netted apart. A credit for
    which the contract has no debt stays that principal's advance: it is not in the result and pays nobody else's debt.
    """
    left = merged(items)
    amounts = [item.amount for item in left]
    by_age = sorted(range(len(left)), key=lambda i: (left[i].for_month, *_order(left[i])))
    for same_service in (True, False):
        for i in by_age:
            for j in by_age:
                if amounts[i] >= 0:
                    break
                credit, debt = left[i], left[j]
                if (
                    amounts[j] > 0
                    and debt.contract_id == credit.contract_id
                    and debt.is_penalty == credit.is_penalty
                    and (not same_service or debt.service_id == credit.service_id)
                ):
                    met = min(-amounts[i], amounts[j])
                    amounts[i] += met
                    amounts[j] -= met
    return [replace(item, amount=amount) for item, amount in zip(left, amounts, strict=True) if amount > 0]


def share(amount: Decimal, items: Sequence[OpenItem], weights: Weights) -> list[Decimal]:
    """`amount` (≤ Σ open) over the items pro rata, none above what is open on it. Ties: the earlier item."""
    if weights == "open" or all(item.charged <= 0 for item in items):
        return split(amount, [item.amount for item in items])
    parts = [ZERO] * len(items)
    rest = amount
    while rest > 0:
        room = [i for i, item in enumerate(items) if parts[i] < item.amount]
        by_charge = [max(items[i].charged, ZERO) for i in room]
        if not any(by_charge):
            by_charge = [items[i].amount - parts[i] for i in room]
        for i, part in zip(room, split(rest, by_charge), strict=True):
            parts[i] = min(items[i].amount, parts[i] + part)
        rest = amount - total(parts)
    return parts


class _Debts:
    """The open items while a payment is laid over them."""

    def __init__(self, items: Iterable[OpenItem], for_month: date | None, weights: Weights) -> None:
        self.items = net_credits(items)
        self.for_month = for_month
        self.weights = weights
        self.parts: dict[tuple[Key, Rule], Decimal] = defaultdict(lambda: ZERO)

    def pay(
        self, amount: Decimal, services: Collection[int] | None, but: Collection[int], given: Rule | None
    ) -> Decimal:
        """Lay `amount` over the debts (of `services` alone, if given; never those of `but`); give back what is left."""
        for is_penalty in (False, True):
            open_items = [
                item for item in self.items
                if item.is_penalty == is_penalty
                and item.amount > 0
                and (services is None or item.service_id in services)
                and item.service_id not in but
            ]  # fmt: skip
            months = sorted({item.for_month for item in open_items}, key=lambda m: (m != self.for_month, m))
            for month in months:
                if amount <= 0:
                    return ZERO
                lines = [item for item in open_items if item.for_month == month]
                paid = min(amount, total(item.amount for item in lines))
                for item, part in zip(lines, share(paid, lines, self.weights), strict=True):
                    if part:
                        self._note(item, part, self._rule(item, given))
                amount -= paid
        return amount

    def _rule(self, item: OpenItem, given: Rule | None) -> Rule:
        if given is not None:
            return given
        if item.is_penalty:
            return Rule.PENALTY_LAST
        return Rule.NAMED_MONTH if item.for_month == self.for_month else Rule.OLDEST_DEBT

    def _note(self, item: OpenItem, part: Decimal, rule: Rule) -> None:
        key = (item.contract_id, item.service_id, item.for_month, item.is_penalty)
        self.parts[key, rule] += part
        self.items = [
            replace(other, amount=other.amount - part)
            if (other.contract_id, other.service_id, other.for_month, other.is_penalty) == key
            else other
            for other in self.items
        ]


def allocate(
    amount: Decimal,
    items: Iterable[OpenItem],
    *,
    for_month: date | None = None,
    directed_to: Collection[int] | Mapping[int, Decimal] | None = None,
    weights: Weights = "open",
    apart: Collection[int] = (),
) -> list[PaidPart]:
    """Parts of one payment: Σ parts = `amount`, every part positive, nobody paid above what is open.

    amount: roubles > 0, whole kopecks. items: in any order; the result does not depend on it.
    for_month: the month the payer named: its debts first, then the oldest.
    directed_to: service numbers (only they are paid), or service → roubles (each sum to its own service, the rest of
    the payment as usual). What a directed sum leaves over is an advance: it does not pay what the payer did not name.
    weights: pro rata to what is open, or to what was charged. apart: services (capital repair, once it has an account
    of its own) which only a payment directed to them pays.
    Raises ValueError on an amount or a breakdown that cannot be.
    """
    if amount <= 0 or amount != kopecks(amount):
        raise ValueError(f"a payment is a positive number of whole kopecks, not {amount}")
    debts = _Debts(items, for_month, weights)
    if isinstance(directed_to, Mapping):
        if total(directed_to.values()) > amount or any(named <= 0 for named in directed_to.values()):
            raise ValueError("the breakdown exceeds the payment or names a sum that is not positive")
        over = total(
            debts.pay(named, {service}, (), Rule.AMOUNT_AS_GIVEN) for service, named in sorted(directed_to.items())
        )
        rest = over + debts.pay(amount - total(directed_to.values()), None, apart, None)
    elif directed_to:
        rest = debts.pay(amount, directed_to, (), Rule.DIRECTED_SERVICE)
    else:
        rest = debts.pay(amount, None, apart, None)
    parts = [
        PaidPart(contract_id, service_id, month, PENALTY if is_penalty else DEBT, rule, part)
        for ((contract_id, service_id, month, is_penalty), rule), part in sorted(
            debts.parts.items(), key=lambda entry: (entry[0][0][3], entry[0][0][2], entry[0][0], entry[0][1])
        )
    ]
    if rest > 0:
        parts.append(PaidPart(0, 0, None, ADVANCE, Rule.NO_DEBT, rest))
    return parts


def after(items: Iterable[OpenItem], parts: Iterable[PaidPart]) -> list[OpenItem]:
    """The items that stand once the parts are paid: what the next payment of the same account sees."""
    paid = [
        OpenItem(part.contract_id, part.service_id, part.for_month, -part.amount, part.part == PENALTY, priority=10_000)
        for part in parts
        if part.for_month is not None and part.part != ADVANCE
    ]
    return merged([*items, *paid])
