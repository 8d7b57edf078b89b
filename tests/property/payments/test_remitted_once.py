"""Random days in a real database: every allocation is inside exactly one remittance, every principal's law 5 holds."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.calendar import Month
from accounts.models import CommissionTerms, VatMode
from payments import operations, papers, queries, settlement_queries, tracing
from payments.models import Channel, Payment, Remittance
from tests import make

pytestmark = pytest.mark.django_db
OCTOBER = Month.parse("2026-10")
FIRST = date(2026, 11, 2)
INSIDE = """
    SELECT a.payment_id, a.line, count(r.id) FROM payments_allocation AS a
    JOIN payments_payment AS p ON p.id = a.payment_id
    JOIN payments_channel AS c ON c.code = p.channel_id AND c.kind <> 5
    LEFT JOIN payments_remittance AS r ON r.contract_id = a.contract_id AND a.day <= r.day
        AND (r.previous_day IS NULL OR a.day > r.previous_day) AND r.is_cash = c.is_cash
    WHERE a.contract_id <> 0 GROUP BY 1, 2 HAVING count(r.id) <> 1
"""

payment = st.tuples(st.integers(0, 2), st.integers(1, 90_000), st.sampled_from(["bank", "post", "principal"]))
day = st.tuples(st.lists(payment, max_size=3), st.lists(st.integers(0, 20), max_size=2), st.booleans())
terms = st.tuples(
    st.integers(0, 100),
    st.integers(0, 5_000),
    st.sampled_from(list(VatMode)),
    st.booleans(),
    st.sampled_from([0, 3, 4]),
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(day, min_size=2, max_size=6), st.lists(terms, min_size=2, max_size=2))
def test_every_allocation_is_remitted_exactly_once(days, schemes):
    """Each day: payments, reversals of any earlier payment, and perhaps no remittance (a weekend)."""
    with transaction.atomic():
        Channel.objects.filter(pk="post").update(is_cash=True)
        contracts = [make.contract(), make.contract()]
        for contract, (percent, minimum, vat_mode, is_withheld, kind) in zip(contracts, schemes, strict=True):
            CommissionTerms.objects.create(
                contract=contract, percent=Decimal(percent) / 10, minimum=Decimal(minimum) / 100, vat_mode=vat_mode,
                is_withheld=is_withheld, channel_kind=kind, valid_from=make.LONG_AGO,
            )  # fmt: skip
        accounts = [make.account() for _ in range(3)]
        for place, account in enumerate(accounts):
            make.ink(account, contracts[0], 2, OCTOBER, f"{400 + place * 77}.13")
            make.ink(account, contracts[1], 8, OCTOBER, "250.50")
        taken: list[int] = []
        for place, (payments, reversals, is_remitted) in enumerate(days):
            today = FIRST + timedelta(days=place)
            operations.open_day(today)
            for number, (who, units, channel) in enumerate(payments):
                made = operations.record_payment(
                    channel=channel, external_id=f"{place}-{number}", number=accounts[who].number,
                    amount=Decimal(units) / 100, paid_on=today, day=today, today=today,
                )  # fmt: skip
                operations.allocate_payment(made.pk, day=today)
                taken.append(made.pk)
            for which in reversals:
                if which < len(taken) and Payment.objects.get(pk=taken[which]).state == "allocated":
                    operations.reverse_payment(payment_id=taken[which], day=today, reason="проба", by=None)
            operations.close_day(day=today, today=today)
            if is_remitted or place == len(days) - 1:
                assert operations.remit_day(day=today).refused == ()
        with connection.cursor() as cursor:
            cursor.execute(INSIDE)
            assert cursor.fetchall() == []
        end = FIRST + timedelta(days=len(days))
        assert list(settlement_queries.remittances_astray()) == []
        for contract in contracts:
            assert list(queries.conservation_of_contract(contract.pk)) == []
            money = papers.settled(contract.pk, FIRST, end)
            last = Remittance.objects.filter(contract=contract).order_by("day", "pk").last()
            assert money.closing == papers.agents_debt(contract.pk, end) == (last.carried_out if last else 0)
        for place in range(len(days)):
            for row in tracing.principal_sheets(FIRST + timedelta(days=place)):
                assert (row.difference, row.problems) == (0, ())
        transaction.set_rollback(True)
