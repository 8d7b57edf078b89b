"""What a document of debts says: everything overdue on a day, by service, with its months and penalties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import accounts.queries
import payments.open_items
from accounts import calendar
from accounts.calendar import Month
from accounts.money import ZERO, total
from billing.kinds import Kind
from epd import assemble
from epd.models import DocumentKind, DocumentText, PaymentDocument, TextPlace
from epd.queries.facts import due_of, in_region, read_block

DAYS_TO_PAY = 10


def debt_documents(*, account_ids: Collection[int], day: date) -> dict[int, assemble.Facts]:
    """Account → facts of its document of debts dated `day`; an account that owes nothing overdue is left out.

    Overdue: the due day of the month is past. Credits lessen the oldest debts first.
    """
    month = Month.of(day)
    block = read_block(month=month.previous, day=day, account_ids=list(account_ids))
    texts = list(DocumentText.objects.on(day).filter(place=TextPlace.DEBT).order_by("order", "pk"))
    legal = day + timedelta(days=DAYS_TO_PAY)
    due = assemble.Due(on=calendar.working_day_on_or_after(legal, accounts.queries.calendar_overrides()), legal=legal)
    issues = _issues(account_ids, month)
    due_on = cache(lambda first: due_of(Month(first)).on)
    found = {}
    for account_id in account_ids:
        owed: dict[tuple[int, int], list[payments.open_items.OpenItem]] = defaultdict(list)
        for item in payments.open_items.debts(account_id=account_id):
            if item.amount > 0 and due_on(item.for_month) < day:
                owed[item.contract_id, item.service_id].append(item)
        if not owed:
            continue
        account = block.accounts[account_id]
        issue = issues.get(account_id, 0) + 1
        number = f"{account.number}-{month.first:%Y%m}-D{issue}"
        base = block.facts(account_id, issue=issue)
        why, check = block.links_of(number)
        charges, balances, bases = [], [], []
        for (contract_id, service_id), items in owed.items():
            debt = total(item.amount for item in items if not item.is_penalty)
            penalty = total(item.amount for item in items if item.is_penalty)
            if penalty:
                charges.append(
                    assemble.Charge(contract_id, service_id, Kind.PENALTY, 0, month.first, 9, penalty)
                )  # fmt: skip
            balances.append(assemble.Balance(contract_id, service_id, debt, ZERO, debt + penalty))
            bases += _months_owed(service_id, items)
        found[account_id] = replace(
            base,
            number=number,
            month=month,
            kind=assemble.DEBT,
            due=due,
            charges=charges,
            balances=balances,
            bases=sorted(bases, key=lambda basis: block.services[basis.service_id].order),
            meters=(),
            house=(),
            history=(),
            before={},
            messages=[
                {"title": text.title, "text": text.text}
                for text in texts
                if text.principal_id in (None, *(block.organisations[contract] for contract, _ in owed))
                and in_region(account.house.oktmo, text.region)
            ],
            why=why,
            check=check,
        )
    return found


def _months_owed(service_id: int, items: list[payments.open_items.OpenItem]) -> list[assemble.Basis]:
    """The service's debt by month of the document; a long row of months is one line."""
    by_month: Mapping[date, Decimal] = defaultdict(lambda: ZERO)
    for item in items:
        by_month[item.for_month] += item.amount  # type: ignore[index]
    months = sorted(by_month)
    span = Month(months[0]).title
    if len(months) > 1:
        span += f" – {Month(months[-1]).title}, месяцев {len(months)}"
    return [assemble.Basis(service_id, f"не оплачено за {span}", total(by_month.values()))]


def _issues(account_ids: Collection[int], month: Month) -> dict[int, int]:
    rows = PaymentDocument.objects.filter(account_id__in=account_ids, month=month.first, kind=DocumentKind.DEBT)
    return dict(rows.order_by("issue").values_list("account_id", "issue"))
