"""What a change would do to the running bill: it is made, drafted, looked at, and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import billing.operations
import billing.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.money import ZERO


@dataclass(frozen=True, slots=True)
class Effect:
    """Charges of the open month before and after, roubles."""

    month: Month
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


def effect_of(change: Callable[[], object], *, account_id: int) -> Effect | None:
    """The effect of `change` on the account's running bill; None where no month is open. Refusals of `change` fly on.

    Nothing stays: the work is rolled back. Past months are recalculated later, from the day the change holds.
    """
    month = billing.queries.current_month()
    found = None
    with rolled_back():
        if month is None:
            change()
        else:
            before = _drafted(account_id, month)
            change()
            found = Effect(month, before, _drafted(account_id, month))
    return found


def _drafted(account_id: int, month: Month) -> Decimal:
    billing.operations.run_billing(month=month, account_ids=[account_id])
    return billing.queries.totals_by_month(account_id=account_id, months=[month]).get(month, ZERO)
