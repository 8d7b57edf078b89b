"""What a bill would be under other prices or norms: the same engine, drafts in place of what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from accounts.calendar import Month
from billing import columns
from billing.pipeline import Reference


@dataclass(frozen=True, slots=True)
class DraftTariff:
    """A price that is not in force: roubles per unit, for the whole month. contract_id None: of every contract."""

    service_id: int
    price: Decimal
    contract_id: int | None = None
    category: int = 0
    component: int = 0
    zone: int = 0
    range: int = 0
    range_up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DraftNorm:
    """A norm that is not in force, on its basis (NormBasis), for the whole month."""

    service_id: int
    value: Decimal
    basis: int
    scope: int = 0
    months: int = 12


@dataclass(frozen=True, slots=True)
class ServiceOutcome:
    service_id: int
    service_name: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    account_id: int
    account_number: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Roubles of the month before and after; winners pay less, losers more."""

    month: Month
    accounts: int
    before: Decimal
    after: Decimal
    winners: int
    saved: Decimal
    losers: int
    paid_more: Decimal
    services: list[ServiceOutcome]
    extremes: list[AccountOutcome]  # the largest differences, either way


KEY = ["contract_id", "service_id", "category", "component", "zone", "range"]


def with_drafts(
    known: Reference, month: Month, tariffs: Sequence[DraftTariff], norms: Sequence[DraftNorm]
) -> Reference:
    """The reference books of a month as if the drafts were in force on all of its days."""
    prices, values = known.tariffs, known.norms
    for draft in tariffs:
        its_service = prices.filter(pl.col("service_id") == draft.service_id)
        contracts = [draft.contract_id] if draft.contract_id else its_service["contract_id"].unique().sort().to_list()
        rows = pl.DataFrame(
            [
                (contract, draft.service_id, draft.category, draft.component, draft.zone, draft.range,
                 draft.range_up_to, draft.price, month.first, None)
                for contract in contracts
            ],
            schema=columns.TARIFFS, orient="row",
        )  # fmt: skip
        prices = pl.concat([prices.join(rows, on=KEY, how="anti"), rows])
    for norm in norms:
        rows = pl.DataFrame(
            [(norm.service_id, norm.scope, norm.basis, norm.value, norm.months, month.first, None)],
            schema=columns.NORMS, orient="row",
        )  # fmt: skip
        values = pl.concat([values.join(rows, on=["service_id", "scope", "basis"], how="anti"), rows])
    return replace(known, tariffs=prices, norms=values)


def by_account(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """account_id, service_id, before, after: roubles of each set of lines (columns.CHARGES)."""
    key = ["account_id", "service_id"]
    sums = [
        rows.group_by(key).agg(pl.sum("amount").alias(name)) for rows, name in ((before, "before"), (after, "after"))
    ]
    return sums[0].join(sums[1], on=key, how="full", coalesce=True).with_columns(
        pl.col("before", "after").fill_null(0).cast(columns.MONEY)
    )  # fmt: skip
