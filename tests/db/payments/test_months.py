"""A month closes with a checkpoint that says what ink says; queries do not grow with history."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.calendar import Month
from accounts.errors import Refusal
from billing.models import ContractMonth, ContractMonthState, Hold
from payments import operations, queries
from payments.models import Balance, ClosedMonth, Payment
from payments.operations import DayClosed
from tests import make

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Month.parse(f"2026-{number:02}") for number in (8, 9, 10, 11))


def pay(account, amount, day):
    payment = operations.record_payment(
        channel="bank", external_id=f"{account.pk}-{day}-{amount}", number=account.number, amount=Decimal(amount),
        paid_on=day, day=day, today=day,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=day)
    return payment


def statement(account, month):
    return [
        (row.contract_id, row.service_id, *map(str, (row.opening, row.charged, row.penalty, row.paid, row.closing)))
        for row in queries.statement_rows(account_id=account.pk, month=month)
    ]


def a_history():
    """Water paid late, heat never, a penalty, an advance: three posted months."""
    account, water, heat = make.account(), make.contract(), make.contract()
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        make.ink(account, water, 2, month, "100.00")
        make.ink(account, heat, 5, month, "50.00")
    make.ink(account, heat, 5, OCTOBER, "3.00", kind=6)
    pay(account, "120.00", date(2026, 9, 20))
    operations.close_day(day=date(2026, 9, 20))
    pay(account, "400.00", date(2026, 10, 20))
    operations.close_day(day=date(2026, 10, 20))
    return account, water, heat


def everything(account):
    return (
        [statement(account, month) for month in (OCTOBER, NOVEMBER)],
        [queries.balance(account_id=account.pk, on=date(2026, month, day)) for month in (11, 12) for day in (1, 21)],
        sorted((i.contract_id, i.service_id, i.amount) for i in queries.open_items(account_id=account.pk)),
        queries.turnover(contract_ids=contracts(), month=NOVEMBER),
    )


def contracts():
    return sorted(ContractMonth.objects.values_list("contract_id", flat=True).distinct())


def test_closing_of_a_month_is_the_opening_of_the_next_and_the_balance_between():
    account, water, heat = a_history()
    assert statement(account, SEPTEMBER) == [
        (water.pk, 2, "100.00", "100.00", "0.00", "80.00", "120.00"),
        (heat.pk, 5, "50.00", "50.00", "0.00", "40.00", "60.00"),
    ]
    assert statement(account, OCTOBER) == [
        (water.pk, 2, "120.00", "100.00", "0.00", "220.00", "0.00"),
        (heat.pk, 5, "60.00", "50.00", "3.00", "113.00", "0.00"),
        (0, 0, "0.00", "0.00", "0.00", "67.00", "-67.00"),
    ]
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        rows = queries.statement_rows(account_id=account.pk, month=month)
        closing = sum(row.closing for row in rows)
        assert closing == queries.balance(account_id=account.pk, on=month.next.first)
        assert closing == sum(row.opening for row in queries.statement_rows(account_id=account.pk, month=month.next))


def test_the_checkpoint_changes_no_answer():
    account, *_ = a_history()
    before = everything(account)
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        summary = operations.close_month(month=month)
        assert summary.opening + summary.charged - summary.paid == summary.closing
    assert everything(account) == before
    assert [list(queries.balance_chain(month)) for month in queries.closed_months()] == [[], [], []]
    assert set(ContractMonth.objects.values_list("state", flat=True)) == {ContractMonthState.CLOSED}


def test_debts_behind_the_checkpoint_keep_their_months():
    account, contract = make.account(), make.contract()
    for month in (AUGUST, SEPTEMBER):
        make.ink(account, contract, 2, month, "100.00")
        make.ink(account, contract, 5, month, "10.00")
    pay(account, "115.00", date(2026, 9, 20))
    operations.close_day(day=date(2026, 9, 20))
    for month in (AUGUST, SEPTEMBER):
        operations.close_month(month=month)
    assert [(i.service_id, i.for_month, i.amount) for i in queries.open_items(account_id=account.pk)] == [
        (2, SEPTEMBER.first, Decimal("95.45")),
        (5, SEPTEMBER.first, Decimal("9.55")),
    ]


def closed_nothing():
    return not Balance.objects.exists() and not ClosedMonth.objects.exists()


def test_a_month_closes_only_when_it_is_ready():
    account, contract = make.account(), make.contract()
    with pytest.raises(Refusal, match="не открывался"):
        operations.close_month(month=AUGUST)
    make.ink(account, contract, 2, AUGUST, "100.00")
    make.ink(account, contract, 2, SEPTEMBER, "100.00")
    with pytest.raises(Refusal, match="Сначала закройте август 2026"):
        operations.close_month(month=SEPTEMBER)
    other = ContractMonth.objects.create(contract=make.contract(), month=AUGUST.first)
    with pytest.raises(Refusal, match="не по всем договорам"):
        operations.close_month(month=AUGUST)
    other.state = ContractMonthState.POSTED
    other.save()
    hold = Hold.objects.create(account=make.account(), month=AUGUST.first, cause="проверка")
    with pytest.raises(Refusal, match="удержано счетов 1"):
        operations.close_month(month=AUGUST)
    hold.released_at = hold.held_at
    hold.save()
    operations.open_day(date(2026, 8, 31))
    with pytest.raises(Refusal, match=r"операционный день 31\.08\.2026 открыт"):
        operations.close_month(month=AUGUST)
    assert closed_nothing()
    operations.close_day(day=date(2026, 8, 31))
    operations.close_month(month=AUGUST)
    with pytest.raises(Refusal, match="уже закрыт"):
        operations.close_month(month=AUGUST)
    with pytest.raises(DayClosed, match="закрыт"):
        operations.open_day(date(2026, 8, 30))


def test_pages_ask_as_many_questions_whatever_the_history():
    account, contract = make.account(), make.contract()

    def asked():
        with CaptureQueriesContext(connection) as seen:
            queries.balance(account_id=account.pk, on=date(2026, 11, 1))
            queries.statement_rows(account_id=account.pk, month=OCTOBER)
            queries.open_items(account_id=account.pk)
            queries.payments_of_account(account_id=account.pk)
            queries.turnover(contract_ids=[contract.pk], month=OCTOBER)
            queries.day_summary(contract_ids=[contract.pk], day=date(2026, 9, 20))
        return len(seen)

    make.ink(account, contract, 2, SEPTEMBER, "1.00")
    pay(account, "1.00", date(2026, 9, 20))
    few = asked()
    for day in range(1, 20):
        make.ink(account, contract, 2, OCTOBER, "1.00")
        pay(account, f"{day}.00", date(2026, 10, day))
    assert asked() == few
    assert few <= 10
    assert Payment.objects.count() == 20
