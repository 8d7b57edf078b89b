"""Cash leaves from the special account 40821 by orders of its own (103-ФЗ), other money from the settlement one."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts.calendar import Month
from accounts.models import BankAccount, BankAccountKind, CommissionTerms, VatMode
from config import verification
from payments import operations, papers, queries, settlement_queries, tracing
from payments.models import Payment, Remittance
from payments.operations.intake import mirror_payment
from payments.registers import client_bank
from tests import make
from tests.db.payments.test_remittance_day import FRIDAY, MONDAY, SATURDAY, SUNDAY, debtor, pay

pytestmark = pytest.mark.django_db
NOVEMBER = Month.parse("2026-11")
COLUMNS = ("is_cash", "gross", "returns", "commission", "vat", "carried_in", "net", "carried_out")


def in_cash(account, amount, day=FRIDAY):
    operations.take_cash(
        lines=[(account.pk, Decimal(amount))], given=None, office_id=make.office().pk, by=make.user(), on=day
    )
    return Payment.objects.latest("pk")


def remit(day=FRIDAY):
    operations.close_day(day=day)
    summary = operations.remit_day(day=day)
    assert summary.refused == ()
    return summary


def rows(day=FRIDAY):
    found = Remittance.objects.filter(day=day).order_by("pk").values_list(*COLUMNS)
    return [(row[0], *map(str, row[1:])) for row in found]


def sound(contract):
    assert list(queries.conservation_of_contract(contract.pk)) == []
    assert list(settlement_queries.remittances_astray()) == []
    for law in verification.CHECKS:
        if law.law == 5:
            assert not verification.found(law, verification.Scope()).keys
    for day in queries.operating_days():
        for sheet in tracing.principal_sheets(day):
            assert (sheet.difference, sheet.problems) == (0, ())
    return True


@pytest.fixture
def contract():
    """At least 40 ₽ a day without VAT, 2 % otherwise."""
    make.agent()
    row = make.contract()
    CommissionTerms.objects.create(
        contract=row, percent="2", minimum="40.00", vat_mode=VatMode.NONE, valid_from=make.LONG_AGO
    )
    return row


def test_each_kind_has_its_order_its_accounts_and_its_share_of_one_minimum(contract):
    account = debtor(contract)
    cash, bank = in_cash(account, "100.00"), pay(account, "300.00", FRIDAY)
    assert (remit().formed, operations.remit_day(day=FRIDAY).formed) == (2, 0)
    assert rows() == [
        (False, "300.00", "0.00", "30.00", "0.00", "0.00", "270.00", "0.00"),
        (True, "100.00", "0.00", "10.00", "0.00", "0.00", "90.00", "0.00"),
    ]
    of_bank, of_cash = Remittance.objects.order_by("pk")
    kinds = [row.bank_account.kind for row in (of_bank, of_cash)]
    assert kinds == [BankAccountKind.SETTLEMENT, BankAccountKind.SPECIAL_AGENT]
    assert of_cash.arithmetic[0]["text"] == (
        "06.11.2026, касса, банк: собрано 400,00 ₽ × 2 % = 8,00 ₽, по договору минимум за день 40,00 ₽; без НДС. "
        "Удержано. Из этого наличными: собрано 100,00 ₽, вознаграждение 10,00 ₽, НДС 0,00 ₽."
    )
    assert make.released(FRIDAY) == 2
    payers = {
        (document.number, document.payer.number, document.payee.number)
        for document in client_bank.read(operations.remittance_file(FRIDAY)).documents
    }
    own = {row.kind: row.number for row in BankAccount.objects.filter(organisation__kind=1)}
    expected = {
        (of_bank.number, own[BankAccountKind.SETTLEMENT], of_bank.bank_account.number),
        (of_cash.number, own[BankAccountKind.SPECIAL_AGENT], of_cash.bank_account.number),
    }
    assert payers == expected
    tree = ET.fromstring(operations.remittance_file(FRIDAY, form="pain001"))
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"}
    assert {
        (
            batch.findtext(".//p:EndToEndId", namespaces=space),
            batch.findtext("p:DbtrAcct/p:Id/p:Othr/p:Id", namespaces=space),
            batch.findtext(".//p:CdtrAcct/p:Id/p:Othr/p:Id", namespaces=space),
        )
        for batch in tree.iter(f"{{{space['p']}}}PmtInf")
    } == expected
    # the way of each payment, and the payments of each order
    for payment, row in ((cash, of_cash), (bank, of_bank)):
        (step,) = queries.payment_path(payment.pk).steps
        assert step.remittance.remittance_id == row.pk
        trace = tracing.remittance_trace(row.pk)
        assert [one.payment_id for one in trace.payments] == [payment.pk] and trace.amount == row.gross
        assert [other.remittance_id for other in trace.others] == [of_bank.pk if row == of_cash else of_cash.pk]
        assert [line.payment_id for line in queries.remittance_registry(row.pk)] == [payment.pk]
    assert sound(contract)


def test_a_claim_on_cash_is_withheld_from_money_of_banks_and_the_rest_is_carried(contract):
    account = debtor(contract, "5000.00")
    cash = in_cash(account, "1000.00")
    remit()
    mirror_payment(payment_id=cash.pk, day=SATURDAY, reason="ошибка", by=None, refund=True)
    pay(account, "300.00", SATURDAY)
    remit(SATURDAY)
    assert rows(SATURDAY) == [  # of the day's base, −700, the fee goes back with the cash: 2 %
        (True, "0.00", "1000.00", "-14.00", "0.00", "0.00", "0.00", "-986.00"),
        (False, "300.00", "0.00", "0.00", "0.00", "-986.00", "0.00", "-686.00"),
    ]
    in_cash(account, "500.00", SUNDAY)
    pay(account, "3000.00", SUNDAY)
    remit(SUNDAY)
    assert rows(SUNDAY) == [
        (False, "3000.00", "0.00", "60.00", "0.00", "-686.00", "2254.00", "0.00"),
        (True, "500.00", "0.00", "10.00", "0.00", "0.00", "490.00", "0.00"),
    ]
    assert {row.previous_day for row in Remittance.objects.filter(day=SUNDAY)} == {SATURDAY}
    assert sound(contract)
    day = queries.day_summary(contract_ids=[contract.pk], day=SATURDAY)
    assert (day.remitted, day.carried_out, len(day.remittances)) == (Decimal("0.00"), Decimal("-686.00"), 1)
    assert papers.agents_debt(contract.pk, SUNDAY) == Decimal("-686.00")
    assert papers.settled(contract.pk, FRIDAY, MONDAY).closing == Decimal("0.00")


def test_a_principals_report_has_one_line_a_day(contract):
    account = debtor(contract)
    in_cash(account, "100.00")
    pay(account, "300.00", FRIDAY)
    remit()
    report = papers.payload(kind=1, contract_id=contract.pk, first=NOVEMBER, last=NOVEMBER)
    (section,) = [one for one in report["sections"] if one["title"] == "Перечислено принципалу"]
    (line,) = section["rows"]
    numbers = ", ".join(Remittance.objects.order_by("pk").values_list("number", flat=True))
    assert line[1] == f"№ {numbers}" and "360.00" in map(str, line)
    (home,) = queries.by_day(queries.remittances_on(FRIDAY))
    assert (home.number, home.gross, home.net, home.money) == (numbers, Decimal("400.00"), Decimal("360.00"), "")


def test_cash_without_a_special_account_keeps_the_contracts_money_waiting(contract):
    BankAccount.objects.filter(organisation=contract.principal, kind=BankAccountKind.SPECIAL_AGENT).update(
        valid_to=FRIDAY
    )
    account = debtor(contract)
    in_cash(account, "100.00")
    pay(account, "300.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    summary = operations.remit_day(day=FRIDAY)
    assert "специального счёта 40821" in summary.refused[0].reason and Remittance.objects.count() == 0


def test_what_was_paid_together_before_the_kinds_were_parted_stays_true(contract):
    account = debtor(contract)
    in_cash(account, "100.00")
    pay(account, "300.00", FRIDAY)
    remit()
    first, second = Remittance.objects.order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM payments_remittance WHERE id = %s", [second.pk])
        cursor.execute(
            "UPDATE payments_remittance SET is_cash = NULL, gross = 400, commission = 40, net = 360 WHERE id = %s",
            [first.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert sound(contract)
    trace = tracing.remittance_trace(first.pk)
    assert (trace.count, trace.amount, trace.remittance.money) == (2, Decimal("400.00"), "")
    in_cash(account, "10.00", SATURDAY)
    remit(SATURDAY)
    assert rows(SATURDAY) == [(True, "10.00", "0.00", "40.00", "0.00", "0.00", "0.00", "-30.00")]
    assert sound(contract)


def test_a_kind_is_paid_once_a_day_and_stays_what_it_is(contract):
    in_cash(debtor(contract), "100.00")
    remit()
    row = Remittance.objects.get()
    with pytest.raises(InternalError, match="remittance_is_ink"), transaction.atomic():
        Remittance.objects.update(is_cash=False)
    with pytest.raises(IntegrityError, match="remittance_once"), transaction.atomic():
        Remittance.objects.create(
            contract=contract, day=FRIDAY, is_cash=True, number="", gross=0, returns=0, commission=0, vat=0, net=0
        )
    assert row.is_cash is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE payments_remittance SET is_cash = NOT is_cash", "вместо"),
        ("DELETE FROM payments_remittance WHERE is_cash", "наличные и безналичные деньги в нём не те"),
        ("UPDATE payments_remittance SET commission = commission + 1, net = net - 1 WHERE is_cash", "наличными: возна"),
    ],
)
def test_verify_names_an_order_of_the_wrong_kind(contract, change, words):
    account = debtor(contract)
    in_cash(account, "100.00")
    pay(account, "300.00", FRIDAY)
    remit()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        if "NOT is_cash" in change:  # both at once, past the unique key
            cursor.execute("UPDATE payments_remittance SET day = day - 1 WHERE is_cash")
        cursor.execute(change)
        if "NOT is_cash" in change:
            cursor.execute("UPDATE payments_remittance SET day = %s", [FRIDAY])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert any(words in key for key in settlement_queries.remittances_astray())
