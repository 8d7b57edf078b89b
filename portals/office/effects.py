"""What a change would do to the running bill: it is made, drafted, looked at, and undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.money import ZERO, total


@dataclass(frozen=True, slots=True)
class Effect:
    """Charges of the open month before and after, roubles; `since`: posted months from it on are recalculated in it."""

    month: Month
    before: Decimal
    after: Decimal
    since: Month | None = None

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


def effect_of(
    change: Callable[[], object], *, account_id: int, since: Month | None = None,
    contract_ids: Sequence[int] | None = None,
) -> Effect | None:  # fmt: skip
    """The effect of `change` on the account's running bill; None where no month is open. Refusals of `change` fly on.

    Nothing stays: the work is rolled back. since: posted months from it on are recalculated too; without it past
    months are left to the recalculation that follows the change. contract_ids: lines of these contracts only.
    """
    month = billing.queries.current_month()
    found = None
    with rolled_back():
        if month is None:
            change()
        else:
            before = _drafted(account_id, month, contract_ids)
            change()
            into = billing.queries.recalculation_month()
            if since is not None and since < month and into is not None:
                billing.operations.recalculate(account_ids=[account_id], first_month=since, into=into)
            else:
                since = None
            found = Effect(month, before, _drafted(account_id, month, contract_ids), since)
    return found


def _drafted(account_id: int, month: Month, contract_ids: Sequence[int] | None) -> Decimal:
    billing.operations.run_billing(month=month, account_ids=[account_id])
    if contract_ids is not None:
        rows = billing.queries.charges_of_account(account_id=account_id, month=month)
        return total(row.amount for row in rows if row.contract_id in contract_ids)
    return billing.queries.totals_by_month(account_id=account_id, months=[month]).get(month, ZERO)


@dataclass(frozen=True, slots=True)
class HouseEffect:
    """What a change does to the charges of a house in the open month, posted months recalculated in it; roubles."""

    month: Month
    accounts: int
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


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
            found = HouseEffect(month, len(changed), sum(before.values(), ZERO), sum(after.values(), ZERO))
    return found


def _drafted_house(house_id: int, month: Month) -> dict[int, Decimal]:
    billing.operations.run_billing(month=month, house_ids=[house_id])
    rows = billing.queries.Charge.objects.filter(house_id=house_id, month=month.first)
    return {row["account_id"]: row["total"] for row in rows.values("account_id").annotate(total=Sum("amount"))}
