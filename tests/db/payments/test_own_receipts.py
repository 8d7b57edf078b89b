"""A supplier's own receipts pay its lines alone, are not remitted, and go out whole."""

import io
import re
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.utils import timezone

from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, queries
from payments.models import Allocation, OperatingDay, Payment, PaymentState, Register, RegisterState
from payments.operations import RegisterRefused
from payments.registers.own_receipts import COLUMNS
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
OCTOBER = Month.parse("2026-10")


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in [COLUMNS, *rows]:
        book.active.append(list(row))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def csv(*rows):
    return "\n".join(";".join(map(str, row)) for row in [COLUMNS, *rows]).encode("cp1251")


def load(content, contract, **facts):
    defaults = {"name": "own.xlsx", "day": TODAY, "today": TODAY}
    return operations.import_own_receipts(content=content, contract_id=contract.pk, **{**defaults, **facts})


def counts(summary):
    return {kind: (rows, str(amount)) for kind, (rows, amount) in summary.sums.items() if rows}


def written():
    return [model.objects.count() for model in (Register, Payment, Allocation, OperatingDay, JournalEntry)]


@pytest.fixture
def two():
    """An account that owes 60 to one supplier for water and 500, older, to another for maintenance."""
    account, own, other = make.account(), make.contract(), make.contract()
    make.provision(account.house, 2, own, 1)
    make.ink(account, own, 2, OCTOBER, "60.00")
    make.ink(account, other, 8, Month.parse("2026-09"), "500.00")
    return account, own, other


@pytest.mark.parametrize("form", [workbook, csv])
def test_only_its_own_lines_are_paid_and_nothing_is_remitted(two, form):
    account, own, other = two
    summary = load(form((account.number, "04.11.2026", "100,00", "К-1", "Иванова")), own)
    assert counts(summary) == {"accepted": (1, "100.00")}
    parts = set(Allocation.objects.values_list("contract_id", "amount"))
    assert parts == {(own.pk, Decimal("60.00")), (0, Decimal("40.00"))}  # what is over is no other supplier's
    operations.close_day(day=TODAY, today=date(2026, 11, 6))
    operations.remit_day(day=TODAY)
    assert [row.gross for row in queries.remittances_of(contract_ids=[own.pk, other.pk]) if row.gross] == []


def test_each_row_has_its_verdict_and_good_ones_are_taken(two):
    account, own, other = two
    stranger = make.account()
    make.ink(stranger, other, 8, OCTOBER, "10.00")
    content = workbook(
        (account.number, date(2026, 11, 4), 10, "К-1", ""),
        (stranger.number, "04.11.2026", "5", "К-2", ""),
        ("560000001", "04.11.2026", "5", "К-3", ""),
        (account.number, "04.11.2027", "5", "К-4", ""),
        (account.number, "4 ноября", "5", "К-5", ""),
        (account.number, "04.11.2026", "0,001", "К-6", ""),
        (account.number, "04.11.2026", 10, "К-1", ""),
        (account.number, "04.11.2026", 7, "", ""),
        (account.number, "04.11.2026", 7, "", ""),
    )
    summary = load(content, own)
    assert [row.verdict for row in summary.rows] == [
        "accepted", "rejected", "rejected", "rejected", "rejected", "rejected", "repeated", "accepted", "rejected",
    ]  # fmt: skip
    assert "не найден среди счетов вашего договора" in summary.rows[1].text
    assert "не найден среди счетов вашего договора" in summary.rows[2].text
    assert Payment.objects.filter(state=PaymentState.UNIDENTIFIED).count() == 0
    assert Register.objects.get().state == RegisterState.PARTIAL


def test_a_service_owed_to_two_suppliers_is_not_split_by_a_guess(two):
    account, own, other = two
    make.ink(account, other, 2, Month.parse("2026-09"), "30.00")
    summary = load(csv((account.number, "04.11.2026", "100", "К-1", "")), own)
    assert "перед другим поставщиком" in summary.rows[0].text
    assert Payment.objects.count() == 0


def test_the_same_file_and_the_same_documents_add_nothing_and_an_undo_lets_them_come_again(two):
    account, own, _ = two
    row = (account.number, "04.11.2026", "60", "К-1", "")
    first = load(csv(row), own)
    before = written()
    assert (load(csv(row), own).state, written()) == ("repeated", before)
    assert counts(load(workbook(row), own)) == {"repeated": (1, "60.00")}
    undone = operations.undo_register(
        register_id=first.register_id, day=TODAY, reason="ошибка", at=timezone.now(), by=None
    )
    assert (undone.payments, undone.withheld) == (1, 0)
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("560.00")
    assert counts(load(csv(row), own)) == {"accepted": (1, "60.00")}


@pytest.mark.parametrize("content", [b"", b"1;2;3", csv(), b"PK\x03\x04spoilt", "Счёт;Сумма\n1;2".encode("cp1251")])
def test_another_file_is_refused_and_nothing_is_written(two, content):
    _, own, _ = two
    before = written()
    with pytest.raises(operations.PaymentRefused.__base__) as told:
        load(content, own)
    assert re.search("[А-я]", str(told.value))
    assert written() == before


def test_a_contract_deaf_to_breakdowns_is_refused(two):
    account, own, _ = two
    own.accepts_service_breakdown = False
    own.save()
    with pytest.raises(RegisterRefused, match="разбивка платежа по услугам отключена"):
        load(csv((account.number, "04.11.2026", "60", "К-1", "")), own)
    assert Payment.objects.count() == 0


def test_a_dry_run_writes_nothing(two):
    account, own, _ = two
    before = written()
    assert counts(load(csv((account.number, "04.11.2026", "60", "", "")), own, dry_run=True)) == {
        "accepted": (1, "60.00")
    }
    assert written() == before


def test_what_is_over_pays_only_that_suppliers_later_lines_and_its_undo_claims_nothing(two):
    """60 owed, 100 paid to the supplier himself: of the later 30 of his and 70 of another's only the 30 are paid."""
    account, own, other = two
    first = load(csv((account.number, "04.11.2026", "100,00", "К-1", "Иванова")), own)
    month, second, third = Month.parse("2026-11"), date(2026, 11, 6), date(2026, 11, 7)
    make.ink(account, own, 2, month, "30.00")
    make.ink(account, other, 8, month, "70.00")
    operations.close_day(day=TODAY, today=second)
    operations.consume_advances(month=month, day=second)
    paid = {
        contract: sum(row.amount for row in Allocation.objects.filter(contract_id=contract.pk)) for contract in two[1:]
    }
    assert paid == {own: Decimal("90.00"), other: 0}
    operations.close_day(day=second, today=third)
    operations.remit_day(day=second)
    assert [row.gross for row in queries.remittances_of(contract_ids=[own.pk, other.pk]) if row.gross] == []
    undone = operations.undo_register(
        register_id=first.register_id, day=third, reason="ошибка", at=timezone.now(), by=None
    )
    assert (undone.payments, undone.withheld) == (1, 0)
    operations.close_day(day=third, today=date(2026, 11, 8))
    operations.remit_day(day=third)
    rows = queries.remittances_of(contract_ids=[own.pk, other.pk])
    assert [row for row in rows if row.returns or row.net or row.carried_out] == []
    assert queries.balance(account_id=account.pk, on=date(2026, 12, 1)) == Decimal("660.00")
    assert all(list(queries.conservation_of_contract(contract.pk)) == [] for contract in two[1:])
