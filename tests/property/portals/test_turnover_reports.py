"""Whatever was charged, paid, left waiting and closed: every row of a turnover sheet adds up, and to the balance.

By account it is `payments.queries.balance`; by anything else, with the sums by house and without them, the same total.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import payments.operations
import payments.queries
from accounts.calendar import Month
from accounts.database import rolled_back
from portals.reports import definitions, ready, running, sums
from portals.reports.compiler import Scope
from portals.reports.definitions import Definition
from tests import make

pytestmark = pytest.mark.django_db

FIRST = Month.parse("2026-08")
MONTHS = [FIRST, FIRST.next, FIRST.next.next]
ROWS = [("account",), ("house", "service"), ("contract",), ("month",), ("street", "premises_kind")]

amounts = st.integers(-20_000, 50_000).filter(bool).map(lambda units: Decimal(units) / 100)
charges = st.tuples(
    st.integers(0, 1), st.integers(0, 1), st.sampled_from([2, 8]), st.sampled_from([1, 2, 3, 4, 5, 6]),
    st.integers(0, 2), amounts,
)  # fmt: skip
receipts = st.tuples(
    st.integers(0, 1), st.integers(0, 2), st.integers(2, 27),
    st.integers(1, 60_000).map(lambda units: Decimal(units) / 100),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(charges, min_size=1, max_size=8), paid=st.lists(receipts, max_size=4), closed=st.booleans())
def test_every_row_adds_up_and_to_the_balance(lines, paid, closed):
    with rolled_back():
        house = make.house()
        accounts = [make.account(premises=make.premises(house=house, number=str(place))) for place in (1, 2)]
        contracts = [make.contract(), make.contract()]
        for account, contract, service, kind, month, amount in lines:
            make.ink(accounts[account], contracts[contract], service, MONTHS[month], amount, kind)
        for contract in contracts:
            for month in MONTHS:
                make.contract_month(contract, month.first)
        days = sorted((date(2026, 8 + month, day), account, amount, laid) for account, month, day, amount, laid in paid)
        for place, (day, account, amount, laid) in enumerate(days):
            payments.operations.record_payment(
                channel="bank", external_id=str(place), number=accounts[account].number, amount=amount, paid_on=day,
                day=day, today=day,
            )  # fmt: skip
            if laid:
                payments.operations.allocate_day(day=day)
        if closed:
            close(contracts)
        told = {month: figures(accounts, month) for month in MONTHS}
        sums.refresh()
        assert {month: figures(accounts, month) for month in MONTHS} == told


def close(contracts):
    """The first month's books, whatever waits in them is laid first."""
    from billing.models import ContractMonth

    for contract in contracts:
        ContractMonth.objects.filter(contract=contract, month=FIRST.first, state="open").update(state="posted")
    payments.operations.close_days(until=FIRST.last, by="test")
    payments.operations.close_month(month=FIRST)


def figures(accounts, month):
    """What the reports of the month say, once each was found to add up."""
    found = []
    for rows in ROWS:
        definition = definitions.checked(Definition(rows, ready.TURNOVER, month, month))
        sheet = running.sheet(definition, Scope.everything(), per_page=100)
        for opening, charged, again, benefits, penalty, paid, closing in [
            *(one.cells for one in sheet.lines),
            sheet.totals,
        ]:
            assert opening + charged + again + benefits + penalty - paid == closing
        owed = [payments.queries.balance(account_id=account.pk, on=month.next.first) for account in accounts]
        assert sheet.totals[-1] == sum(owed)
        if rows == ("account",):
            mine = {line.keys[0].value: line.cells for line in sheet.lines}
            for account, closing in zip(accounts, owed, strict=True):
                cells = mine.get(account.number, [Decimal(0)] * 7)
                assert cells[-1] == closing
                assert cells[0] == payments.queries.balance(account_id=account.pk, on=month.first)
        found.append((sheet.lines, sheet.totals))
    return found
