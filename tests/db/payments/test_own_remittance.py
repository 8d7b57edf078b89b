"""The agent's own contract: no order to itself, cash leaves the special account; what has no file is not «sent»."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import BankAccount, BankAccountKind, BankAccountState, JournalEntry, OrganisationKind
from payments import operations, queries
from payments.models import Payment, Remittance, RemittanceState
from payments.operations import RemittanceRefused
from payments.registers import client_bank
from tests import make

pytestmark = pytest.mark.django_db

FRIDAY, MONDAY = date(2026, 11, 6), date(2026, 11, 9)
OCTOBER = Month.parse("2026-10")


def debtor(contract):
    account = make.account()
    make.ink(account, contract, 2, OCTOBER, "1000.00")
    return account


def by_bank(account, amount):
    payment = operations.record_payment(
        channel="bank", external_id=f"bank-{Payment.objects.count()}", number=account.number, amount=Decimal(amount),
        paid_on=FRIDAY, day=FRIDAY, today=FRIDAY,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=FRIDAY)


def by_cash(account, amount):
    lines = [(account.pk, Decimal(amount))]
    operations.take_cash(lines=lines, given=None, office_id=make.office().pk, by=make.user(), on=FRIDAY)


def test_own_money_of_banks_needs_no_order_and_stays_in_the_books():
    agent = make.agent()
    own, other = make.contract(principal=agent), make.contract()
    by_bank(debtor(own), "10.00")
    by_bank(debtor(other), "20.00")
    operations.close_day(day=FRIDAY)
    summary = operations.remit_day(day=FRIDAY)
    assert (summary.formed, summary.net, summary.refused) == (2, Decimal("30.00"), ())
    kept = Remittance.objects.get(contract=own)
    assert (kept.net, kept.number, kept.bank_account) == (Decimal("10.00"), "", None)
    (row,) = queries.remittances_of(contract_ids=[own.pk])
    assert (row.is_order, row.state_name) == (False, "без поручения: у агента")
    assert make.released(FRIDAY) == 1
    (order,) = client_bank.read(operations.remittance_file(FRIDAY)).documents
    assert order.amount == Decimal("20.00")
    assert operations.mark_remittance_sent(day=FRIDAY) == 1
    assert queries.remittance_queue(before=MONDAY) == []
    assert list(queries.conservation_of_day(FRIDAY)) == []


def test_a_day_of_own_bank_money_alone_has_no_file():
    own = make.contract(principal=make.agent())
    by_bank(debtor(own), "10.00")
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    with pytest.raises(RemittanceRefused, match="перечислять нечего"):
        operations.remittance_file(FRIDAY)


def test_own_cash_goes_from_the_special_account_to_the_settlement_one_and_the_statement_confirms_it():
    agent = make.agent()
    by_cash(debtor(make.contract(principal=agent)), "10.00")
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    make.released(FRIDAY)
    special, usual = (
        BankAccount.objects.get(organisation=agent, kind=kind).number
        for kind in (BankAccountKind.SPECIAL_AGENT, BankAccountKind.SETTLEMENT)
    )
    (order,) = client_bank.read(operations.remittance_file(FRIDAY)).documents
    assert (order.payer.number, order.payee.number, order.amount) == (special, usual, Decimal("10.00"))
    operations.mark_remittance_sent(day=FRIDAY)
    row = Remittance.objects.get()
    on = operations.remitting.ordered_on(row)
    statement = (
        f"1CClientBankExchange\nВерсияФормата=1.03\nРасчСчет={special}\nСекцияДокумент=Платежное поручение\n"
        f"Номер={row.number}\nДата={on:%d.%m.%Y}\nСумма=10.00\nПлательщикРасчСчет={special}\n"
        f"ПолучательРасчСчет={usual}\nДатаСписано={on:%d.%m.%Y}\nНазначениеПлатежа=своё\nКонецДокумента\nКонецФайла"
    )
    operations.import_statement(
        name="own.txt", content=statement.encode("cp1251"), channel="bank", day=on, today=on, confirmed=True
    )
    row.refresh_from_db()
    assert row.state == RemittanceState.CONFIRMED


def test_a_day_without_a_file_is_not_marked_sent():
    agent = make.organisation(kind=OrganisationKind.AGENT)
    make.bank_account(organisation=agent, state=BankAccountState.PROPOSED)
    by_bank(debtor(make.contract()), "10.00")
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    make.released(FRIDAY)
    before = JournalEntry.objects.count()
    with pytest.raises(RemittanceRefused, match="нет утверждённого расчётного счёта") as of_file:
        operations.remittance_file(FRIDAY)
    with pytest.raises(RemittanceRefused) as of_mark:
        operations.mark_remittance_sent(day=FRIDAY)
    assert str(of_file.value) == str(of_mark.value)
    assert (Remittance.objects.get().state, JournalEntry.objects.count()) == (RemittanceState.FORMED, before)
