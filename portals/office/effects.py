"""What a change would do to the running bill: it is made, drafted, looked at, and undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

import accounts.queries
import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.money import ZERO, total


@dataclass(frozen=True, slots=True)
class Effect:
    """Charges of the open month before and after, roubles, with the posted months recalculated in it.

    since: the first posted month that the change reaches; past: what it adds to each posted month, the eldest first,
    months without a difference left out.
    """

    month: Month
    before: Decimal
    after: Decimal
    since: Month | None = None
    past: tuple[tuple[Month, Decimal], ...] = ()

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def past_difference(self) -> Decimal:
        """Of all posted months together; a part of `difference`."""
        return total(amount for _, amount in self.past)


def effect_of(
    change: Callable[[], object], *, account_id: int, since: Month | None = None,
    contract_ids: Sequence[int] | None = None,
) -> Effect | None:  # fmt: skip
    """The effect of `change` on the account's running bill; None where no month is open. Refusals of `change` fly on.

    Nothing stays: the work is rolled back. Posted months are recalculated from the one that the change touches on, or
    from `since`, as the next minute would do of itself. contract_ids: lines of these contracts only.
    """
    month = billing.queries.current_month()
    found = None
    with rolled_back():
        if month is None:
            change()
        else:
            into = billing.queries.recalculation_month()
            last = max(month, into) if into is not None else month
            before = _drafted(account_id, month, last, contract_ids)
            mark = accounts.queries.last_touch()
            change()
            reached = [one for one in (since, accounts.queries.touched_from(account_id, after=mark)) if one is not None]
            first = min(reached, default=month)
            if first < month and into is not None:
                billing.operations.recalculate(account_ids=[account_id], first_month=first, into=into)
            after = _drafted(account_id, month, last, contract_ids)
            past = tuple(
                (one, after.past.get(one, ZERO) - before.past.get(one, ZERO))
                for one in sorted({*before.past, *after.past})
                if after.past.get(one, ZERO) != before.past.get(one, ZERO)
            )
            reaches = first if first < month and into is not None else None
            found = Effect(month, before.amount, after.amount, reaches, past)
    return found


@dataclass(frozen=True, slots=True)
class _Drafted:
    """Roubles of the open month with what it corrects, and of these the corrections by the month they are for."""

    amount: Decimal
    past: dict[Month, Decimal]


def _drafted(account_id: int, month: Month, last: Month, contract_ids: Sequence[int] | None) -> _Drafted:
    billing.operations.run_billing(month=month, account_ids=[account_id])
    amount, past = ZERO, dict[Month, Decimal]()
    for of, row in billing.queries.charges_of_months(account_id=account_id, first=month, last=last):
        if contract_ids is not None and row.contract_id not in contract_ids:
            continue
        corrects = row.kind == billing.queries.ChargeKind.RECALCULATION and row.for_month < month.first
        if of == month or corrects:
            amount += row.amount
        if corrects:
            past[Month(row.for_month)] = past.get(Month(row.for_month), ZERO) + row.amount
    return _Drafted(amount, past)


@dataclass(frozen=True, slots=True)
class HouseEffect:
    """What a change does to the charges of a house in the open month, posted months recalculated in it; roubles.

    since: the month in which the change begins, posted, open or still to come.
    """

    month: Month
    accounts: int
    before: Decimal
    after: Decimal
    since: Month

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def is_past(self) -> bool:
        return self.since < self.month

    @property
    def is_ahead(self) -> bool:
        return self.since > self.month


def effect_on_house(change: Callable[[], object], *, house_id: int, since: Month) -> HouseEffect | None:
    """The effect of `change` on every account of the house; None where no month is open. Nothing stays of it."""
    month = billing.queries.current_month()
    found = None
    with rolled_back():
        if month is None:
            change()
        else:
            before = _drafted_house(house_id, month)
            change()
            into = billing.queries.recalculation_month()
            if since < month and into is not None:
                billing.operations.recalculate(account_ids=sorted(before), first_month=since, into=into)
            after = _drafted_house(house_id, month)
            changed = [pk for pk in {*before, *after} if before.get(pk, ZERO) != after.get(pk, ZERO)]
            found = HouseEffect(month, len(changed), sum(before.values(), ZERO), sum(after.values(), ZERO), since)
    return found


def _drafted_house(house_id: int, month: Month) -> dict[int, Decimal]:
    billing.operations.run_billing(month=month, house_ids=[house_id])
    rows = billing.queries.Charge.objects.filter(house_id=house_id, month=month.first)
    return {row["account_id"]: row["total"] for row in rows.values("account_id").annotate(total=Sum("amount"))}
