"""What a receipt says: its lines, from the parts of a payment. Pure: computes from its arguments alone.

A line per principal, service and kind of money; the agent's sign, the supplier's ИНН, name and phone stand in each
line of somebody else's service (54-ФЗ, ст. 4.7; tags 1222, 1224–1226, 1171 of приказ ФНС ЕД-7-20/662@).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.money import ZERO

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


def _name(part: int, service: str, account: str) -> str:
    if part == ADVANCE:
        return f"Аванс, лицевой счёт {account}"
    return f"Пени: {service}" if part == PENALTY else service


def _vat(percent: Decimal | None) -> str:
    """Tag 1199. A rate the format does not know is told as «без НДС» by nobody: it is a fault."""
    if percent is None:
        return "none"
    return VATS[f"{percent.normalize():f}"]
