"""Closed accounts: their debts are paid, and no advance is taken for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from accounts.calendar import ONE_DAY
from accounts.money import ZERO, written
from accounts.queries import PersonalAccount
from payments import queries
from payments.models import Payment
from payments.operations.allocating import lock_accounts
from payments.operations.days import By
from payments.operations.intake import PaymentRefused, assign_payment, closed_doubt, doubt_about

GROUND = "долг закрытого счёта"


def above_debt(account: PersonalAccount, amount: Decimal, *, on: date) -> str:
    """Why `amount` roubles are not taken for the account on the day; empty when it is open, or owes as much."""
    closed = closed_doubt(account, on)
    if not closed:
        return ""
    debt = max(queries.balances(account_ids=[account.pk], on=on + ONE_DAY)[account.pk], ZERO)
    if not debt:
        return f"{closed} Долга по нему нет."
    if amount > debt:
        return f"{closed} Принять можно только долг, {written(debt)} ₽, а вносят {written(amount)} ₽: уменьшите сумму."
    return ""


def paid_when_closed(accounts: Collection[PersonalAccount], sums: dict[int, Decimal], *, on: date) -> set[int]:
    """Those of the accounts that are closed and owe what is paid; nobody else pays them till the transaction ends.

    sums: account → roubles. Raises PaymentRefused: one is paid above its debt, or the sum itself is not believed.
    """
    closed = [account for account in accounts if closed_doubt(account, on)]
    if not closed:
        return set()
    lock_accounts({account.pk for account in closed})
    for account in closed:
        amount = sums[account.pk]
        doubt = doubt_about(amount=amount, paid_on=on, today=on) or above_debt(account, amount, on=on)
        if doubt:
            raise PaymentRefused(f"{doubt} Платёж не принят.", field=f"amount_{account.pk}")
    return {account.pk for account in closed}


def lay_on_closed(paid: Sequence[tuple[int, Payment]], *, on: date, by: By) -> None:
    """(account, payment taken but kept aside): each is laid over the debts of its closed account."""
    for account_id, payment in paid:
        assign_payment(payment_id=payment.pk, account_id=account_id, day=on, by=by, ground=GROUND)
