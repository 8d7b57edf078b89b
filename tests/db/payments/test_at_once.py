"""Two hands at once: one payment, no debt paid twice, a closing day waits for the writer in flight."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, connections, transaction

from accounts.calendar import Month
from accounts.errors import Refusal
from payments import operations, queries
from payments.models import CashReceipt, OperatingDay, Payment, Register, RegisterSource, Remittance, Reversal
from payments.operations import PaymentConflict
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2026, 11, 5)


def record(account, number="1", amount="100.00"):
    return operations.record_payment(
        channel="bank", external_id=number, number=account.number, amount=Decimal(amount), paid_on=TODAY, day=TODAY,
        today=TODAY,
    )  # fmt: skip


def at_once(*calls):
    """The calls on connections of their own, started together; their results or refusals."""
    start = threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait(10)
            return call()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_same_payment_from_four_sides_is_one():
    account = make.account()
    found = at_once(*[lambda: record(account)] * 4)
    assert len({payment.pk for payment in found}) == Payment.objects.count() == 1


def test_two_payments_never_pay_one_debt_twice():
    account, contract = make.account(), make.contract()
    with transaction.atomic():
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    first, second = record(account, "1"), record(account, "2")
    at_once(
        lambda: operations.allocate_payment(first.pk, day=TODAY),
        lambda: operations.allocate_payment(second.pk, day=TODAY),
    )
    assert queries.open_items(account_id=account.pk) == []
    (advance,) = queries.free_advances(account_ids=[account.pk])
    assert advance.amount == Decimal("100.00")


def test_a_day_closes_over_payments_that_are_coming_in():
    account = make.account()
    operations.open_day(TODAY)
    found = at_once(
        lambda: operations.close_days(until=TODAY), *[lambda n=n: record(account, str(n)) for n in range(3)]
    )  # fmt: skip
    taken = [payment for payment in found[1:] if isinstance(payment, Payment)]
    if isinstance(found[0], list):
        assert found[0][-1].received == sum((payment.amount for payment in taken), Decimal("0.00"))
    assert list(queries.conservation_of_day(TODAY)) == []


def test_two_remittances_of_a_day_are_one():
    account, contract = make.account(), make.contract()
    with transaction.atomic():
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    record(account)
    operations.close_day(day=TODAY)
    found = at_once(*[lambda: operations.remit_day(day=TODAY)] * 3)
    assert sorted(summary.formed for summary in found) == [0, 0, 1]
    assert Remittance.objects.count() == 1


def take(account, office, cashier, key, amount="10.00", **facts):
    return operations.take_cash(
        lines=[(account.pk, Decimal(amount))], given=None, office_id=office.pk, by=cashier, on=TODAY, key=key, **facts
    )


def test_four_presses_at_once_are_one_receipt():
    account, office, cashier = make.account(), make.office(), make.user()
    found = at_once(*[lambda: take(account, office, cashier, "форма-1")] * 4)
    assert len({receipt.receipt_id for receipt in found}) == 1
    assert sorted(receipt.is_repeated for receipt in found) == [False, True, True, True]
    assert (CashReceipt.objects.count(), Payment.objects.count()) == (1, 1)
    assert queries.day_sheet(TODAY).received == Decimal("10.00")


def test_two_sums_under_one_key_are_one_receipt_and_a_warning():
    account, office, cashier = make.account(), make.office(), make.user()
    found = at_once(
        lambda: take(account, office, cashier, "форма-1", "10.00"),
        lambda: take(account, office, cashier, "форма-1", "20.00"),
    )
    (refusal,) = [one for one in found if isinstance(one, PaymentConflict)]
    receipt = CashReceipt.objects.get()
    assert receipt.number in refusal.text and "не записаны" in refusal.text
    assert Payment.objects.get().amount == receipt.amount


def test_two_cashiers_of_an_office_never_share_a_number():
    accounts, office = [make.account() for _ in range(4)], make.office(code="О1")
    cashiers = [make.user() for _ in accounts]
    found = at_once(
        *[
            lambda pair=pair: take(*(pair[0], office, pair[1]), key=f"форма-{pair[0].pk}")
            for pair in zip(accounts, cashiers, strict=True)
        ]
    )
    assert sorted(receipt.number[-4:] for receipt in found) == ["0001", "0002", "0003", "0004"]


def test_a_receipt_cancelled_twice_gives_the_money_back_once():
    account, office, cashier = make.account(), make.office(), make.user()
    receipt = take(account, office, cashier, "форма-1")
    call = lambda: operations.cancel_receipt(number=receipt.number, reason="ошибка", by=cashier, on=TODAY)  # noqa: E731
    found = at_once(call, call, call)
    assert sum(isinstance(one, Refusal) for one in found) == 2
    assert Reversal.objects.count() == 1
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("0.00")


def test_reversed_and_moved_at_once_is_one_of_them():
    account, other, by = make.account(), make.account(), make.user()
    payment = record(account)
    operations.allocate_payment(payment.pk, day=TODAY)
    found = at_once(
        lambda: operations.reverse_payment(payment_id=payment.pk, day=TODAY, reason="двойной", by=by),
        lambda: operations.move_payment(payment_id=payment.pk, account_id=other.pk, day=TODAY, reason="не тот", by=by),
        lambda: operations.move_payment(payment_id=payment.pk, account_id=other.pk, day=TODAY, reason="не тот", by=by),
    )
    assert sum(isinstance(one, Refusal) for one in found) == 2
    assert Reversal.objects.count() == 1
    operations.close_day(day=TODAY)
    assert list(queries.conservation_of_day(TODAY)) == []


def test_two_clerks_identify_one_payment_and_one_of_them_is_told():
    one, two = make.account(), make.account()
    payment = operations.record_payment(
        channel="bank", external_id="1", number="", amount=Decimal("10.00"), paid_on=TODAY, day=TODAY, today=TODAY
    )
    found = at_once(
        *[
            lambda account=account: operations.assign_payment(
                payment_id=payment.pk, account_id=account.pk, day=TODAY, by=None
            )
            for account in (one, two)
        ]
    )
    (given,) = [row for row in found if isinstance(row, Payment)]
    assert sum(isinstance(row, Refusal) for row in found) == 1
    balances = queries.balances(account_ids=[one.pk, two.pk], on=date(2026, 11, 6))
    assert sorted(balances.values()) == [Decimal("-10.00"), Decimal("0.00")]
    assert balances[given.account_id] == Decimal("-10.00")


def test_one_statement_from_two_tabs_and_with_a_blank_line_is_one_register():
    make.own_account("40702810000000000007")
    account = make.account()
    rows = "".join(
        f"СекцияДокумент=Платежное поручение\nНомер={number}\nДата=05.11.2026\nСумма=10.00\n"
        f"ПолучательРасчСчет=40702810000000000007\nДатаПоступило=05.11.2026\nНазначениеПлатежа=ЛС {account.number}\n"
        "КонецДокумента\n"
        for number in range(3)
    )
    text = f"1CClientBankExchange\nРасчСчет=40702810000000000007\n{rows}КонецФайла\n"

    def load(content):
        return operations.import_statement(
            name="1.txt", content=content.encode("cp1251"), channel="bank", day=TODAY, today=TODAY
        )

    found = at_once(lambda: load(text), lambda: load(text), lambda: load(text + "\n"))
    assert sorted(summary.state for summary in found) == ["accepted", "repeated", "repeated"]
    assert (Register.objects.count(), Payment.objects.count()) == (1, 3)


def test_a_day_closes_between_receipts_and_none_is_lost():
    accounts, office, cashier = [make.account() for _ in range(3)], make.office(), make.user()
    operations.open_day(TODAY)
    found = at_once(
        lambda: operations.close_day(day=TODAY), lambda: operations.close_day(day=TODAY),
        *[lambda account=account: take(account, office, cashier, f"форма-{account.pk}") for account in accounts],
    )  # fmt: skip
    taken = [one for one in found[2:] if not isinstance(one, Refusal)]
    assert queries.day_sheet(TODAY).received == Decimal("10.00") * len(taken)
    assert OperatingDay.objects.get(day=TODAY).state == "closed"
    assert list(queries.conservation_of_day(TODAY)) == []


def test_the_database_gone_in_the_middle_of_a_register_leaves_the_file_for_the_next_hour(tmp_path, settings):
    """Its connection is cut between the payments and their parts: nothing stands, and the job takes all of it later."""
    account, contract = make.account(), make.contract()
    with transaction.atomic():
        make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    RegisterSource.objects.create(name="Банк", place="bank", layout="billdirect", channel_id="bank")
    settings.REGISTERS_DIR = str(tmp_path)
    rows = "".join(f"05112026;{account.number};;10.00;{number}\r\n" for number in range(30))
    at = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    file = tmp_path / "bank" / "a.txt"
    file.parent.mkdir()
    file.write_text(f"{rows}=;30;300.00\r\n")
    os.utime(file, (at.timestamp() - 60,) * 2)

    def cut(execute, sql, params, many, context):
        if "payments_openitem" in sql or "FOR NO KEY UPDATE" in sql:
            execute("SELECT pg_terminate_backend(pg_backend_pid())", None, False, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut), pytest.raises(OperationalError):
        operations.fetch_registers(today=TODAY, at=at)
    connection.close()
    assert (Payment.objects.count(), Register.objects.count(), OperatingDay.objects.count()) == (0, 0, 0)
    assert file.exists()
    assert operations.fetch_registers(today=TODAY, at=at).taken == 1
    assert Payment.objects.filter(state="allocated").count() == 30 and not file.exists()
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("-200.00")
