"""Debts by age for a report: what the debt pages show, as columns that its statement takes in.

The age is told by `debt.queries.ages_by` alone, so a report and the page of a debtor cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

import debt.queries
from portals.reports.compiler import Report
from portals.reports.vocabulary import DEBT, TooLarge

COLUMNS = ("account_id", "house_id", "contract_id", "service_id", "for_month", "bucket", "amount")
MOST_ACCOUNTS = 50_000  # read while a person waits: some seconds


def asks(made: Report) -> bool:
    """Does the report ask for debts?"""
    return DEBT in made.facts()


def told(made: Report, *, most: int | None = None) -> dict[str, str]:
    """The columns of DEBT as arrays of PostgreSQL; those that the report does not need are empty.

    Debts of closed months stand as they stood at the end of the period, those of the running one as they stand today.
    most: accounts that may be read, None: all. Raises TooLarge when there are more.
    """
    asked = made.definition
    needed = {*made.needed(), "contract_id"}
    by = [name for name in COLUMNS if name in needed]
    scope = made.scope.contracts
    accounts = accounts_of(made)
    if most is not None and len(accounts) > most:
        raise TooLarge(
            f"Долг {len(accounts)} счетов сразу не сосчитать. Выберите дом или улицу или скачайте файл: он соберётся "
            "в фоне."
        )
    found = debt.queries.ages_by(by, on=asked.day, account_ids=accounts, contract_ids=scope, until=asked.last.next)
    return {f"debt_{name}": array(found[name] if name in found.columns else ()) for name in COLUMNS}


def accounts_of(made: Report) -> list[int]:
    """The accounts that the scope and the filters leave, closed ones too: they may owe."""
    sql = f"SELECT c.id FROM accounts_personalaccount AS c WHERE {' AND '.join(made.limits_of_accounts())}"
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(made.params))
        return [pk for (pk,) in cursor.fetchall()]


def array(values: Iterable[Any]) -> str:
    """«{1,2,3}»"""
    return "{" + ",".join(map(str, values)) + "}"
