"""The rules of splitting one payment, line by line: the oracle of the columnar room `payments.allocation`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from accounts.money import ZERO, kopecks, split, total
from payments.allocation import ADVANCE, DEBT, PENALTY, Key, OnlyPenalty, OpenItem, PaidPart, Rule, Weights, merged


def _order(item):
    return (item.priority, item.service_id, item.contract_id, item.for_month, item.is_penalty)


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
        self,
        amount: Decimal,
        services: Collection[int] | None,
        but: Collection[int],
        given: Rule | None,
        kinds: Sequence[bool] = (False, True),
    ) -> Decimal:
        """Lay `amount` over the debts (of `services` alone, if given; never those of `but`); give back what is left."""
        for is_penalty in kinds:
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
    directed_to: Collection[int] | Mapping[int, Decimal] | OnlyPenalty | None = None,
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
    elif isinstance(directed_to, OnlyPenalty):
        named_ones = directed_to.services or None
        but = () if named_ones else apart
        rest = debts.pay(amount, named_ones, but, Rule.DIRECTED_PENALTY, (True,))
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
