"""Late facts about posted months: the difference goes into the open month, ink stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
from django.db import transaction

import accounts.operations
from accounts.calendar import Month
from accounts.money import total
from accounts.queries import PersonalAccount, User
from billing import pipeline, queries, recalculation
from billing.kinds import DRAFTED, Kind
from billing.models import ContractMonth
from billing.operations import writing


@transaction.atomic
def recalculate(*, account_ids: Sequence[int], first_month: Month, into: Month, by: User | None = None) -> Decimal:
    """Compute the posted months from `first_month` on with today's facts, and draft the differences `into` an open one.

    Only months in which the account has ink: what was never billed is not billed behind anybody's back. Months go in
    order, so that a true-up sees the volumes of the months before it as recalculated. Repeating it changes nothing;
    a fact that is taken back takes its recalculation back while that is chalk. Returns the roubles drafted.
    """
    first = max(first_month, into + -recalculation.MONTHS_BACK)
    places = PersonalAccount.objects.filter(pk__in=list(account_ids))
    writing.lock_houses(sorted(set(places.values_list("house_id", flat=True))))
    standing = queries.standing(into, account_ids, [Kind.RECALCULATION], queries.OF_POSTED)
    drafted = standing.filter(pl.col("for_month") < first.first)  # of months that nothing touched: as they are
    for month in Month.range(first, into.previous):
        posted = queries.posted(month, account_ids)
        billed = posted.filter(pl.col("kind").is_in([int(kind) for kind in DRAFTED]))["account_id"].unique().to_list()
        if not billed:
            continue
        facts = queries.facts(
            month, queries.reference(month), account_ids=sorted(billed), redrafted=queries.Redrafted(into, drafted)
        )
        lines = pipeline.calculate(facts).lines
        lines = lines.filter(pl.col("contract_id").is_in(queries.posted_contracts(month)))
        drafted = pl.concat([drafted, recalculation.recalculated(lines, posted, month, into)])
    # A contract that has ended still takes its corrections.
    contracts = drafted["contract_id"].unique().to_list()
    ContractMonth.objects.bulk_create(
        [ContractMonth(contract_id=pk, month=into.first) for pk in sorted(contracts)], ignore_conflicts=True
    )
    made = writing.replace(drafted, into, list(account_ids), [Kind.RECALCULATION], queries.OF_POSTED)
    changed = pl.concat([made.inserted, made.changed, made.vanished])["account_id"].unique().to_list()
    for account_id in sorted(changed):
        mine = drafted.filter(pl.col("account_id") == account_id)["amount"].to_list()
        accounts.operations.note(
            "billing.account.recalculated", by=by, account_id=account_id, month=into, first_month=first,
            amount=total(mine),
        )  # fmt: skip
    return total(drafted["amount"].to_list())
