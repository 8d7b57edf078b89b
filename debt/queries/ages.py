"""Debt by age under the contracts' own terms of payment. Only reads.

Source: ст. 155 ч. 1 ЖК РФ (срок закона или договора), ст. 193 ГК РФ (перенос с выходного).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from accounts.calendar import Month
from debt import penalties
from debt.queries.items import debtors
from debt.queries.law import law
from payments import ageing

ON = ["contract_id", "service_id", "debtor", "for_month"]


def ages(*, account_ids: Collection[int], on: date) -> pl.DataFrame:
    """`payments.ageing.ages`, each debt late from the due day of its contract, service and payer: as its penalty is."""
    return ageing.ages(account_ids=account_ids, on=on, due=_under(law()))


def ages_by(
    by: Sequence[str], *, on: date, contract_id: int | None = None, account_ids: Collection[int] | None = None,
    contract_ids: Collection[int] | None = None, until: Month | None = None,
) -> pl.DataFrame:  # fmt: skip
    """`payments.ageing.ages_by` by the same due days."""
    return ageing.ages_by(
        by, on=on, contract_id=contract_id, due=_under(law()), account_ids=account_ids, contract_ids=contract_ids,
        until=until,
    )  # fmt: skip


def _under(told: penalties.Law) -> ageing.Due:
    @cache  # blocks of accounts share their contracts and months
    def day_of(contract_id: int, service_id: int, debtor: int, month: date) -> date:
        terms = told.terms_of(contract_id=contract_id, service_id=service_id, debtor=debtor, month=month)
        return told.due_on(month, terms.due_day)

    def due(debts: pl.DataFrame) -> pl.DataFrame:
        told_debts = debts.join(debtors(debts["account_id"].unique().to_list()), on="account_id")
        rows = [(*one, day_of(*one)) for one in told_debts.select(ON).unique().iter_rows()]
        schema: dict[str, Any] = {**{name: told_debts.schema[name] for name in ON}, "due_on": pl.Date}
        return told_debts.join(pl.DataFrame(rows, schema=schema, orient="row"), on=ON)

    return due
