"""Papers of settlements come to the kopecks of the books and stay frozen; money is traced; a sheet names its wrongs."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import InternalError, connection, transaction

from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, papers, queries, tracing
from payments.models import PaperKind, Payment, Remittance, SettlementPaper
from payments.operations import PaperRefused
from tests import make

pytestmark = pytest.mark.django_db

OCTOBER, NOVEMBER = Month.parse("2026-10"), Month.parse("2026-11")
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 6), date(2026, 11, 7), date(2026, 11, 9)
DECEMBER_FIRST = date(2026, 12, 1)


def pay(account, amount, day, channel="bank"):
    payment = operations.record_payment(
        channel=channel, external_id=f"{channel}-{Payment.objects.count()}", number=account.number,
        amount=Decimal(amount), paid_on=day, day=day, today=day,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=day)
    return payment


@pytest.fixture
def books():
    """November: 1000 and 200 by bank, 50 taken by the principal himself, 200 returned; two remittances."""
    make.agent()
    contract = make.contract(percent="2.5")
    other = make.contract()
    account = make.account()
    make.ink(account, contract, 2, OCTOBER, "2000.00")
    make.ink(account, other, 8, OCTOBER, "2000.00")
    first = pay(account, "2000.00", FRIDAY)
    second = pay(account, "400.00", FRIDAY)
    pay(account, "100.00", FRIDAY, channel="principal")
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    operations.reverse_payment(payment_id=second.pk, day=SATURDAY, reason="ошибка банка", by=None)
    operations.close_day(day=SATURDAY)
    operations.remit_day(day=SATURDAY)
    return contract, account, first


def section(payload, title):
    return next(found for found in payload["sections"] if found["title"].startswith(title))


def test_the_report_comes_to_the_kopecks_of_the_books(books):
    contract, _, _ = books
    payload = papers.payload(kind=PaperKind.REPORT, contract_id=contract.pk, first=NOVEMBER, last=NOVEMBER)
    turnover, channels = section(payload, "Задолженность")["totals"], section(payload, "Поступления")["totals"]
    assert turnover[1:] == ["2000.00", "0.00", "0.00", "0.00", "0.00", "1050.00", "950.00"]
    assert channels[2:] == ["1250.00", "200.00", "1050.00"]
    paid = section(payload, "Перечислено")["totals"]
    assert paid[2:7] == ["1200.00", "200.00", "25.00", "5.50", "1163.40"]
    assert section(payload, "Вознаграждение")["totals"] == [None, "1000.00", "25.00", None, "5.50", "30.50"]
    lines = dict(section(payload, "Расчёты")["rows"])
    assert lines["Долг агента перед принципалом на конец"] == "-193.90"
    assert sum(Decimal(value) for name, value in list(lines.items())[:-1]) == Decimal("-193.90")
    assert papers.agents_debt(contract.pk, DECEMBER_FIRST) == Decimal("-193.90")
    assert section(payload, "Приложение")["totals"][1:] == turnover[1:]


def test_the_act_says_the_fee_in_words(books):
    contract, _, _ = books
    payload = papers.payload(kind=PaperKind.ACT, contract_id=contract.pk, first=NOVEMBER, last=NOVEMBER)
    assert payload["words"][0] == (
        "Всего оказано услуг на сумму 30,50 ₽ (Тридцать рублей 50 копеек), в том числе НДС 5,50 ₽."
    )


def test_reconciliations_run_from_balance_to_balance(books):
    contract, account, _ = books
    payload = papers.payload(kind=PaperKind.PRINCIPAL, contract_id=contract.pk, first=NOVEMBER, last=NOVEMBER)
    rows = payload["sections"][0]["rows"]
    assert rows[0][1:] == ["Сальдо на начало", "0.00", "0.00"]
    assert rows[-2][1:] == ["Обороты за период", "1400.00", "1206.10"]
    assert rows[-1][1:] == ["Сальдо на конец", "193.90", "0.00"]
    payer = papers.payload(kind=PaperKind.PAYER, account_id=account.pk, first=OCTOBER, last=NOVEMBER)
    rows = payer["sections"][0]["rows"]
    assert rows[1][1:] == ["Начислено за октябрь 2026", "4000.00", "0.00"]
    closing = queries.balance(account_id=account.pk, on=DECEMBER_FIRST)
    assert rows[-1][1:] == ["Сальдо на конец", f"{closing:.2f}", "0.00"]
    assert closing == Decimal("1900.00")


def test_an_issued_paper_is_frozen_and_answered_once(books):
    contract, _, _ = books
    asked = {"kind": PaperKind.REPORT, "contract_id": contract.pk, "first": NOVEMBER, "last": NOVEMBER, "by": None}
    with pytest.raises(PaperRefused, match="ещё не закончился"):
        operations.issue_paper(**asked, on=date(2026, 11, 30))
    assert SettlementPaper.objects.count() == 0
    paper = operations.issue_paper(**asked, on=DECEMBER_FIRST)
    assert operations.issue_paper(**asked, on=date(2026, 12, 5)) == paper
    assert SettlementPaper.objects.count() == 1
    with pytest.raises(InternalError), transaction.atomic():
        SettlementPaper.objects.update(payload={})
    operations.answer_paper(paper_id=paper.pk, on=DECEMBER_FIRST, by=None, objection="нет дома 7")
    operations.answer_paper(paper_id=paper.pk, on=DECEMBER_FIRST, by=None)
    before = JournalEntry.objects.count()
    with pytest.raises(PaperRefused, match="уже подписан"):
        operations.answer_paper(paper_id=paper.pk, on=DECEMBER_FIRST, by=None)
    assert JournalEntry.objects.count() == before
    paper.refresh_from_db()
    assert (paper.signed_on, paper.objection) == (DECEMBER_FIRST, "нет дома 7")


def test_a_payment_is_traced_to_the_bank_and_back(books):
    contract, _, payment = books
    trace = tracing.payment_trace(payment.pk)
    assert trace is not None and trace.amount == Decimal("2000.00")
    (part,) = [part for part in trace.parts if part.step.part.contract_id == contract.pk]
    assert part.step.remittance is not None
    back = tracing.remittance_trace(part.step.remittance.remittance_id)
    assert back is not None
    assert payment.pk in {row.payment_id for row in back.payments}
    assert back.amount == part.step.remittance.gross - part.step.remittance.returns
    own = tracing.payment_trace(payment.pk, contract_ids=[contract.pk])
    assert own is not None
    assert {part.step.part.contract_id for part in own.parts} == {contract.pk}
    assert own.amount == Decimal("1000.00")
    assert tracing.payment_trace(payment.pk, contract_ids=[make.contract().pk]) is None


def test_the_sheet_of_a_day_adds_up_and_names_what_breaks_it(books):
    contract, _, payment = books
    friday = {row.contract_id: row for row in tracing.principal_sheets(FRIDAY)}[contract.pk]
    shown = (
        friday.opening,
        friday.received,
        friday.own,
        friday.commission,
        friday.vat,
        friday.remitted,
        friday.closing,
    )
    assert [str(amount) for amount in shown] == ["0.00", "1200.00", "50.00", "30.00", "6.60", "1163.40", "0.00"]
    for day in (FRIDAY, SATURDAY, MONDAY):
        assert [(row.difference, row.problems) for row in tracing.principal_sheets(day)] == [(0, ())] * 2
    monday = {row.contract_id: row for row in tracing.principal_sheets(MONDAY)}[contract.pk]
    assert monday.opening == monday.closing == papers.agents_debt(contract.pk, MONDAY) == Decimal("-193.90")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # a hand that the triggers do not stop
        cursor.execute(
            "UPDATE payments_remittance SET gross = gross + 1, net = net + 1 WHERE day = %s AND contract_id = %s",
            [FRIDAY, contract.pk],
        )
        cursor.execute("DELETE FROM payments_allocation WHERE payment_id = %s AND contract_id <> %s",
                       [payment.pk, contract.pk])  # fmt: skip
        cursor.execute("SET session_replication_role = DEFAULT")
    broken = {row.contract_id: row for row in tracing.principal_sheets(FRIDAY)}[contract.pk]
    assert broken.difference == Decimal("-1.00")
    number = Remittance.objects.get(contract=contract, day=FRIDAY).number
    assert any(f"перечисление № {number}: получено" in problem.text for problem in broken.problems)
    assert any(problem.payment_id == payment.pk for problem in broken.problems)
