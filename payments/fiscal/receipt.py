"""What a receipt says: its lines, from the parts of a payment. Pure: computes from its arguments alone.

A line per principal, service and kind of money; the agent's sign, the supplier's ИНН, name and phone stand in each
line of somebody else's service (54-ФЗ, ст. 4.7; tags 1222, 1224–1226, 1171 of приказ ФНС ЕД-7-20/662@).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.money import ZERO, split

DEBT, PENALTY, ADVANCE = 1, 2, 3
AGENT, PAYING_AGENT = "another", "paying_agent"  # 103-ФЗ covers cash taken from the payer, an agency contract the rest
VATS = {"0": "vat0", "5": "vat5", "7": "vat7", "10": "vat10", "20": "vat20", "22": "vat22"}


@dataclass(frozen=True, slots=True)
class Supplier:
    """The principal of a line; is_agent: the centre itself, which is nobody's agent there. vat: per cent or None."""

    inn: str
    name: str
    phone: str
    is_agent: bool


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A part of a payment: roubles of a contract's service; 0 and 0 for an advance that has no principal yet."""

    contract_id: int
    service_id: int
    service: str
    part: int
    amount: Decimal


def contents(
    lines: Iterable[PaidLine],
    *,
    suppliers: Mapping[int, Supplier],
    vat_percents: Mapping[tuple[int, int], Decimal | None],
    is_cash: bool,
    contact: Mapping[str, str],
    company: Mapping[str, str],
    account: str,
    is_offset: bool = False,
) -> dict[str, Any]:
    """The receipt as it is frozen: sums as text with a point, Σ lines = total; lines that come to nothing are left out.

    is_offset: the advance pays (зачёт аванса, tag 1215), no money changes hands now.
    contact: the payer's «email» or «phone», or nothing. company: «email», «inn», «sno», «place» of who gives it.
    Raises ValueError when a sum is negative: parts of a payment never are.
    """
    sums = defaultdict[tuple[int, int, int, str], Decimal](lambda: ZERO)
    for line in lines:
        sums[line.part, line.contract_id, line.service_id, line.service] += line.amount
    told = []
    for (part, contract_id, service_id, service), amount in sorted(sums.items()):
        if amount < 0:
            raise ValueError(f"строка чека с отрицательной суммой {amount}: договор {contract_id}, услуга {service_id}")
        if not amount:
            continue
        supplier = suppliers.get(contract_id)
        row: dict[str, Any] = {
            "name": _name(part, service, account)[:128],
            "amount": f"{amount:.2f}",
            "method": "advance" if part == ADVANCE else "full_payment",
            # «платёж»: about an advance, a penalty; «услуга»: what was consumed and is paid for
            "object": "service" if part == DEBT else "payment",
            "vat": _vat(vat_percents.get((contract_id, service_id))) if part == DEBT else "none",
        }
        if supplier is not None and not supplier.is_agent:
            row["agent"] = PAYING_AGENT if is_cash else AGENT
            row["supplier"] = {"inn": supplier.inn, "name": supplier.name, "phone": supplier.phone}
        told.append(row)
    total = sum((Decimal(row["amount"]) for row in told), ZERO)
    kind = "prepaid" if is_offset else "cash" if is_cash else "cashless"
    paid = {"kind": kind, "amount": f"{total:.2f}"}
    return {"contact": dict(contact), "company": dict(company), "lines": told, "paid": paid, "total": f"{total:.2f}"}


def advance_of(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    """Roubles of the lines that say «аванс»."""
    return sum((Decimal(line["amount"]) for line in lines if line["method"] == "advance"), ZERO)


def sum_of(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), ZERO)


def left_of(lines: Iterable[Mapping[str, Any]], returned: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a receipt less the lines of its returns; what has gone back whole is left out."""
    gone = defaultdict[tuple[str, ...], Decimal](lambda: ZERO)
    for line in returned:
        gone[_same(line)] += Decimal(line["amount"])
    left = []
    for line in lines:
        amount = Decimal(line["amount"])
        taken = min(amount, gone[_same(line)])
        gone[_same(line)] -= taken
        if amount > taken:
            left.append({**line, "amount": f"{amount - taken:.2f}"})
    return left


def part_of(lines: Iterable[Mapping[str, Any]], amount: Decimal) -> list[dict[str, Any]]:
    """`amount` roubles of these lines: of the advance first (nobody's before a principal's), the rest pro rata.

    What goes back is a free advance; it is more than the receipt's own where a correction took the debt away that was
    paid by it. Lines come in their own order; amount ≤ their sum.
    """
    told = list(lines)
    taken = [ZERO] * len(told)
    advances = [place for place, line in enumerate(told) if line["method"] == "advance"]
    for place in sorted(advances, key=lambda place: "supplier" in told[place]):
        taken[place] = min(amount, Decimal(told[place]["amount"]))
        amount -= taken[place]
    others = [place for place in range(len(told)) if place not in advances]
    if amount:
        parts = split(amount, [Decimal(told[place]["amount"]) for place in others])
        for place, part in zip(others, parts, strict=True):
            taken[place] = part
    return [{**line, "amount": f"{part:.2f}"} for line, part in zip(told, taken, strict=True) if part]


def returned(told: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], *, by_order: bool = False) -> dict[str, Any]:
    """The return of a receipt, of these lines of it. by_order: cash that is paid back by the bank is told as cashless.

    The agent's sign stays as it was sold with: it tells who took the money.
    """
    paid, total = dict(told["paid"]), f"{sum_of(lines):.2f}"
    if by_order and paid["kind"] == "cash":
        paid["kind"] = "cashless"
    return {**told, "lines": [dict(line) for line in lines], "paid": {**paid, "amount": total}, "total": total}


def _same(line: Mapping[str, Any]) -> tuple[str, ...]:
    supplier = line["supplier"]["inn"] if "supplier" in line else ""
    return line["name"], line["method"], line["object"], line["vat"], supplier


def told_as(line: PaidLine, *, suppliers: Mapping[int, Supplier]) -> tuple[str, str]:
    """The name and the supplier's ИНН of a debt's or a penalty's line; «» for the centre's own service."""
    supplier = suppliers.get(line.contract_id)
    inn = supplier.inn if supplier is not None and not supplier.is_agent else ""
    return _name(line.part, line.service, "")[:128], inn


def joined(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Receipts of one bill, paid in cash and by card, as one document: equal lines as one, `paid` a row a kind.

    Σ lines = total = Σ paid. The payer and who gives it are the first one's.
    """
    lines: dict[str, dict[str, Any]] = {}
    paid: dict[str, Decimal] = {}
    for one in told:
        for line in one["lines"]:
            same = json.dumps({**line, "amount": ""}, sort_keys=True)
            before = Decimal(lines[same]["amount"]) if same in lines else ZERO
            lines[same] = {**line, "amount": f"{before + Decimal(line['amount']):.2f}"}
        kind = one["paid"]["kind"]
        paid[kind] = paid.get(kind, ZERO) + Decimal(one["paid"]["amount"])
    kinds = [{"kind": kind, "amount": f"{amount:.2f}"} for kind, amount in paid.items()]
    total = sum(paid.values(), ZERO)
    return {**told[0], "lines": list(lines.values()), "paid": kinds, "total": f"{total:.2f}"}


def _name(part: int, service: str, account: str) -> str:
    if part == ADVANCE:
        return f"Аванс, лицевой счёт {account}"
    return f"Пени: {service}" if part == PENALTY else service


def _vat(percent: Decimal | None) -> str:
    """Tag 1199. A rate the format does not know is told as «без НДС» by nobody: it is a fault."""
    if percent is None:
        return "none"
    return VATS[f"{percent.normalize():f}"]
