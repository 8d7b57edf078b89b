"""An import of houses and accounts taken back with its drafts: the floor below cannot see them."""

from __future__ import annotations

from django.db import connection, transaction

import accounts.operations
import accounts.queries
from accounts.queries import Run, RunState, User

CALCULATION = "billing.calculation"
# Chalk of accounts that are to go: what is ink stays, and the floor below then refuses because of it.
CHALK = [
    """
    DELETE FROM billing_charge AS c USING billing_contractmonth AS state
    WHERE c.account_id = ANY(%(accounts)s)
        AND state.contract_id = c.contract_id AND state.month = c.month AND state.state = 'open'
    """,
    "DELETE FROM billing_draftdigest WHERE account_id = ANY(%(accounts)s)",
    "DELETE FROM billing_lineproblem WHERE account_id = ANY(%(accounts)s)",
    "DELETE FROM billing_housebalance WHERE house_id = ANY(%(houses)s)",
]


@transaction.atomic
def undo_import(*, file_id: int, by: User | str | None) -> dict[str, int]:
    """Take back all that an import made, drafts of its accounts included; houses that stay are drafted anew.

    Raises accounts.operations.ImportRefused, with names and counts, where ink, payments, readings of others or
    anything else stands on it; then nothing is removed.
    """
    made = accounts.queries.made_by_import(file_id)
    if made.account_ids:
        # A run that has read the accounts already would write their lines after they are gone.
        if Run.objects.filter(kind=CALCULATION, state=RunState.RUNNING).exists():
            raise accounts.operations.ImportRefused(
                f"Идёт расчёт начислений, он уже взял счета загрузки № {file_id}. Дождитесь его конца и повторите."
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM billing_contractmonth WHERE state = 'open' ORDER BY id FOR UPDATE")
            for sql in CHALK:
                cursor.execute(sql, {"accounts": made.account_ids, "houses": made.house_ids})
    return accounts.operations.undo_import(file_id=file_id, by=by)
