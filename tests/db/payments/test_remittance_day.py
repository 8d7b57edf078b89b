"""Money goes out once per contract and day, to the right account, less the commission; the bank's file holds it."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone

from accounts.calendar import Month
from accounts.models import BankAccount, BankAccountKind, BankAccountState, CommissionTerms, JournalEntry, VatMode
from payments import operations, queries, tasks
from payments.models import Payment, Remittance, RemittanceState
from payments.operations import DayClosed, RemittanceRefused
from payments.registers import client_bank
from tests import make

pytestmark = pytest.mark.django_db

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (6, 7, 8, 9))
OCTOBER = Month.parse("2026-10")


def pay(account, amount, day, channel="bank", **facts):
    payment = operations.record_payment(
        channel=channel, external_id=f"{channel}-{Payment.objects.count()}", number=account.number,
        amount=Decimal(amount), paid_on=day, day=day, today=day, **facts,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=day)
    return payment


def debtor(contract, amount="1000.00", service=2):
    account = make.account()
    make.ink(account, contract, service, OCTOBER, amount)
    return account


def remitted(contract):
    return [
        (row.day, str(row.gross), str(row.returns), str(row.commission), str(row.vat), str(row.net))
        for row in reversed(queries.remittances_of(contract_ids=[contract.pk]))
    ]


def written():
    return Remittance.objects.count(), JournalEntry.objects.count()


def test_a_day_is_remitted_less_commission_and_vat_on_top():
    contract = make.contract(percent="2.5")
    pay(debtor(contract), "1000.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    summary = operations.remit_day(day=FRIDAY)
    assert (summary.formed, summary.net) == (1, Decimal("969.50"))
    assert remitted(contract) == [(FRIDAY, "1000.00", "0.00", "25.00", "5.50", "969.50")]
    (row,) = queries.remittances_of(contract_ids=[contract.pk])
    assert row.arithmetic[0]["text"] == (
        "06.11.2026, банк: собрано 1\u202f000,00 ₽ × 2,5 % = 25,00 ₽; НДС 22 % сверху 5,50 ₽. Удержано."
    )
    assert list(queries.conservation_of_contract(contract.pk)) == []
    assert sum(line.amount for line in queries.remittance_registry(row.remittance_id)) == Decimal("1000.00")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"percent": "2.5", "vat_mode": VatMode.INCLUDED}, ("20.49", "4.51", "975.00")),
        ({"percent": "2.5", "vat_mode": VatMode.NONE}, ("25.00", "0.00", "975.00")),
        ({"percent": "2.5", "vat_mode": VatMode.NONE, "minimum": "40.00"}, ("40.00", "0.00", "960.00")),
        ({"percent": "2.5", "vat_mode": VatMode.NONE, "maximum": "10.00"}, ("10.00", "0.00", "990.00")),
        ({"percent": "2.5", "is_withheld": False}, ("0.00", "0.00", "1000.00")),
        ({"percent": "2.5", "channel_kind": 1}, ("0.00", "0.00", "1000.00")),  # for the cash desk, this is the bank
    ],
)
def test_commission_follows_its_terms(terms, expected):
    contract = make.contract()
    CommissionTerms.objects.create(contract=contract, valid_from=make.LONG_AGO, **terms)
    pay(debtor(contract), "1000.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    ((_, _, _, commission, vat, net),) = remitted(contract)
    assert (commission, vat, net) == expected


def test_running_twice_pays_once():
    contract = make.contract()
    pay(debtor(contract), "10.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    before = written()
    again = operations.remit_day(day=FRIDAY)
    assert (again.formed, again.repeated) == (0, 1)
    assert written() == before


def test_the_weekend_is_paid_on_monday_and_each_allocation_once():
    contract = make.contract()
    account = debtor(contract)
    for day, amount in ((FRIDAY, "1.00"), (SATURDAY, "2.00"), (SUNDAY, "4.00")):
        pay(account, amount, day)
        operations.close_day(day=day)
        if day == FRIDAY:
            operations.remit_day(day=FRIDAY)
    operations.remit_day(day=SUNDAY)
    assert [(day, gross) for day, gross, *_ in remitted(contract)] == [(FRIDAY, "1.00"), (SUNDAY, "6.00")]
    assert list(queries.conservation_of_contract(contract.pk)) == []
    with pytest.raises(DayClosed, match="уже перечислены"):
        operations.open_day(date(2026, 11, 5))


def test_an_open_day_holds_the_remittance():
    contract = make.contract()
    pay(debtor(contract), "10.00", FRIDAY)
    before = written()
    with pytest.raises(RemittanceRefused, match=r"06\.11\.2026 ещё открыт"):
        operations.remit_day(day=FRIDAY)
    assert written() == before


def test_a_reversal_is_withheld_from_the_next_remittance_and_carried_when_it_is_larger():
    contract = make.contract(percent="10", vat_mode=VatMode.NONE)
    one, two = debtor(contract), debtor(contract)
    payment = pay(one, "100.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    operations.reverse_payment(payment_id=payment.pk, day=SATURDAY, reason="ошибка банка", by=None)
    pay(two, "30.00", SATURDAY)
    operations.close_day(day=SATURDAY)
    operations.remit_day(day=SATURDAY)
    pay(two, "200.00", SUNDAY)
    operations.close_day(day=SUNDAY)
    operations.remit_day(day=SUNDAY)
    columns = ("gross", "returns", "commission", "carried_in", "net", "carried_out")
    rows = Remittance.objects.order_by("day").values_list(*columns)
    assert [tuple(map(str, row)) for row in rows] == [
        ("100.00", "0.00", "10.00", "0.00", "90.00", "0.00"),
        ("30.00", "100.00", "-7.00", "0.00", "0.00", "-63.00"),
        ("200.00", "0.00", "20.00", "-63.00", "117.00", "0.00"),
    ]
    assert list(queries.conservation_of_contract(contract.pk)) == []


def test_what_the_principal_took_himself_is_not_remitted():
    contract = make.contract()
    account = debtor(contract)
    pay(account, "100.00", FRIDAY, channel="principal")
    operations.close_day(day=FRIDAY)
    assert operations.remit_day(day=FRIDAY).formed == 0
    day = queries.day_summary(contract_ids=[contract.pk], day=FRIDAY)
    assert (day.received, day.own) == (Decimal("0.00"), Decimal("100.00"))


def test_an_advance_of_nobody_is_remitted_when_charges_use_it():
    contract = make.contract()
    account = make.account()
    pay(account, "50.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    assert operations.remit_day(day=FRIDAY).formed == 0
    make.ink(account, contract, 2, OCTOBER, "20.00")
    operations.close_days(until=SATURDAY)
    operations.remit_day(day=SATURDAY)
    assert remitted(contract) == [(SATURDAY, "20.00", "0.00", "0.00", "0.00", "20.00")]


def test_a_principal_without_an_account_waits_and_does_not_stop_the_others():
    without, good = make.contract(principal=make.organisation()), make.contract()
    pay(debtor(without), "10.00", FRIDAY)
    pay(debtor(good), "20.00", FRIDAY)
    make.bank_account(organisation=without.principal, state=BankAccountState.PROPOSED)
    make.bank_account(organisation=without.principal, valid_to=FRIDAY)
    operations.close_day(day=FRIDAY)
    summary = operations.remit_day(day=FRIDAY)
    assert [row.contract_id for row in summary.refused] == [without.pk]
    assert "нет утверждённого банковского счёта" in summary.refused[0].reason
    assert (remitted(without), len(remitted(good))) == ([], 1)
    make.bank_account(organisation=without.principal)
    operations.remit_day(day=FRIDAY)
    assert [row[-1] for row in remitted(without)] == ["10.00"]


def test_cash_goes_to_the_special_account_and_capital_repair_to_its_own():
    contract = make.contract()
    special = BankAccount.objects.get(organisation=contract.principal, kind=BankAccountKind.SPECIAL_AGENT)
    repair = make.bank_account(organisation=contract.principal, kind=BankAccountKind.CAPITAL_REPAIR)
    account, office = debtor(contract), make.office()
    make.ink(account, contract, 9, OCTOBER, "100.00")
    lines = [(account.pk, Decimal("10.00"))]
    operations.take_cash(lines=lines, given=None, office_id=office.pk, by=make.user(), on=FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    pay(account, "10.00", SATURDAY)
    operations.close_day(day=SATURDAY)
    operations.remit_day(day=SATURDAY)
    pay(account, "10.00", SUNDAY, directed_to=[9])
    operations.close_day(day=SUNDAY)
    operations.remit_day(day=SUNDAY)
    kinds = Remittance.objects.order_by("day").values_list("bank_account__kind", flat=True)
    assert list(kinds) == [BankAccountKind.SPECIAL_AGENT, BankAccountKind.SETTLEMENT, BankAccountKind.CAPITAL_REPAIR]
    assert special.pk != repair.pk


def test_the_bank_file_holds_the_orders_and_is_the_same_each_time():
    make.agent()
    contract = make.contract(percent="2.5", number="12/АГ")
    pay(debtor(contract), "1000.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    with pytest.raises(RemittanceRefused, match="перечислять нечего"):
        operations.remittance_file(FRIDAY)
    operations.remit_day(day=FRIDAY)
    with pytest.raises(RemittanceRefused, match="не выпущены"):
        operations.remittance_file(FRIDAY)
    make.released(FRIDAY)
    content = operations.remittance_file(FRIDAY)
    assert content == operations.remittance_file(FRIDAY)
    assert content.count(b"\n") == content.count(b"\r\n") and content.endswith("КонецФайла\r\n".encode("cp1251"))
    statement = client_bank.read(content)
    (order,) = statement.documents
    row = Remittance.objects.get()
    assert (statement.encoding, statement.version, statement.warnings) == ("cp1251", "1.03", ())
    assert (order.number, order.amount, order.payee.number) == (row.number, Decimal("969.50"), row.bank_account.number)
    assert order.purpose == (
        "Перевод платежей населения за 06.11.2026 по договору № 12/АГ от 01.01.2020, всего 1 шт. на сумму 1000.00, "
        "удержано вознаграждение 30.50. НДС не облагается"
    )


def test_an_order_is_sent_confirmed_rejected_and_sent_again():
    make.agent()
    contract = make.contract()
    pay(debtor(contract), "10.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    row = Remittance.objects.get()
    assert operations.mark_remittance_sent(day=FRIDAY) == 0  # nobody has released it
    make.released(FRIDAY)
    assert (operations.mark_remittance_sent(day=FRIDAY), operations.mark_remittance_sent(day=FRIDAY)) == (1, 0)
    operations.reject_remittance(remittance_id=row.pk, reason="счёт закрыт", by=None)
    fresh = make.bank_account(organisation=contract.principal, valid_from=MONDAY)
    operations.resend_remittance(remittance_id=row.pk, on=MONDAY, by=None)
    row.refresh_from_db()
    assert (row.state, row.released_by, row.released_at) == (RemittanceState.FORMED, None, None)
    assert [found.remittance_id for found in queries.remittance_queue(before=MONDAY)] == [row.pk]
    with pytest.raises(RemittanceRefused, match="не выпущено"):
        operations.confirm_remittance(remittance_id=row.pk, on=MONDAY)
    make.released(FRIDAY)
    assert fresh.number in operations.remittance_file(FRIDAY).decode("cp1251")
    operations.mark_remittance_sent(day=FRIDAY)
    operations.confirm_remittance(remittance_id=row.pk, on=MONDAY)
    operations.confirm_remittance(remittance_id=row.pk, on=date(2026, 11, 10))
    row.refresh_from_db()
    assert (row.state, row.bank_account, row.confirmed_on) == (RemittanceState.CONFIRMED, fresh, MONDAY)
    before = written()
    with pytest.raises(RemittanceRefused):
        operations.reject_remittance(remittance_id=row.pk, reason="поздно", by=None)
    assert written() == before


def test_the_command_writes_the_bank_file_and_a_dry_run_nothing(tmp_path):
    make.agent()
    contract = make.contract()
    pay(debtor(contract), "10.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    out = tmp_path / "orders.txt"
    call_command("remit", "2026-11-06", out=out, dry_run=True)
    assert (out.exists(), Remittance.objects.count()) == (False, 0)
    call_command("remit", "2026-11-06", out=out)
    assert (out.exists(), Remittance.objects.get().state) == (False, RemittanceState.FORMED)
    with pytest.raises(CommandError, match="нет: назовите"):
        call_command("remit", "2026-11-06", out=out, release_by="nobody@example.org")
    chief = make.user(email="chief@example.org", is_staff=True)
    with pytest.raises(CommandError, match="ещё никто не проверил"):
        call_command("remit", "2026-11-06", out=out, release_by="chief@example.org")
    first = make.user(email="first@example.org", is_staff=True)
    call_command("remit", "2026-11-06", out=out, check_by="first@example.org", release_by="chief@example.org")
    row = Remittance.objects.get()
    assert (row.checked_by, row.released_by) == (first, chief)
    assert client_bank.read(out.read_bytes()).documents[0].amount == Decimal("10.00")
    assert Remittance.objects.get().state == RemittanceState.SENT
    with pytest.raises(CommandError, match="ещё открыт"):
        operations.open_day(SATURDAY)
        call_command("remit", "2026-11-07", out=out)


@pytest.mark.django_db(transaction=True)
def test_the_morning_job_pays_the_weekend_on_a_working_day_only():
    contract = make.contract()
    pay(debtor(contract), "10.00", SATURDAY)
    with time_machine.travel("2026-11-08T04:00:00Z", tick=False):  # Sunday in Orenburg
        tasks.remit_day()
    assert Remittance.objects.count() == 0
    with time_machine.travel("2026-11-09T04:00:00Z", tick=False):
        tasks.close_day()
        tasks.remit_day()
        tasks.remit_day()
    assert [(row[0], row[-1]) for row in remitted(contract)] == [(SUNDAY, "10.00")]


def test_what_the_job_formed_leaves_by_two_people_too():
    make.agent()
    contract, one, two = make.contract(), make.user(), make.user()
    pay(debtor(contract), "10.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY)
    at = timezone.now()
    before = written()
    with pytest.raises(RemittanceRefused, match="ещё никто не проверил"):
        operations.release_remittances(day=FRIDAY, by=two, at=at)
    assert written() == before
    with pytest.raises(InternalError, match="remittance_checked_first"), transaction.atomic():
        Remittance.objects.update(released_by=two, released_at=at)
    assert [operations.check_remittances(day=FRIDAY, by=person, at=at) for person in (one, two)] == [1, 0]
    with pytest.raises(RemittanceRefused, match="проверили вы"):
        operations.release_remittances(day=FRIDAY, by=one, at=at)
    with pytest.raises(IntegrityError, match="remittance_checked_by_another"), transaction.atomic():
        Remittance.objects.update(released_by=one, released_at=at)
    with pytest.raises(InternalError, match="remittance_checked_once"), transaction.atomic():
        Remittance.objects.update(checked_by=two)
    assert operations.release_remittances(day=FRIDAY, by=two, at=at) == 1


def test_one_forms_and_another_releases_or_nothing_leaves():
    make.agent()
    contract, one, two = make.contract(), make.user(), make.user()
    pay(debtor(contract), "10.00", FRIDAY)
    operations.close_day(day=FRIDAY)
    operations.remit_day(day=FRIDAY, by=one)
    before = written()
    with pytest.raises(RemittanceRefused, match="должен другой сотрудник"):
        make.released(FRIDAY, by=one)
    assert (written(), Remittance.objects.get().released_by) == (before, None)
    with pytest.raises(IntegrityError, match="remittance_two_people"), transaction.atomic():
        Remittance.objects.update(released_by=one, released_at=timezone.now())
    with pytest.raises(InternalError, match=r"remittance_sent_once_released|Cannot update"), transaction.atomic():
        Remittance.objects.update(state=RemittanceState.SENT)
    assert (make.released(FRIDAY, by=two), make.released(FRIDAY, by=two)) == (1, 0)
    with pytest.raises(InternalError), transaction.atomic():
        Remittance.objects.update(released_by=make.user())


def test_cash_without_a_special_account_is_not_paid_and_says_why():
    contract = make.contract(principal=make.organisation())
    make.bank_account(organisation=contract.principal)
    account = debtor(contract)
    lines = [(account.pk, Decimal("10.00"))]
    operations.take_cash(lines=lines, given=None, office_id=make.office().pk, by=make.user(), on=FRIDAY)
    operations.close_day(day=FRIDAY)
    (refused,) = operations.remit_day(day=FRIDAY).refused
    assert "специального счёта 40821" in refused.reason and "103-ФЗ" in refused.reason
    assert Remittance.objects.count() == 0
    wrong = make.bank_account(organisation=contract.principal, kind=BankAccountKind.SPECIAL_AGENT)
    (refused,) = operations.remit_day(day=FRIDAY).refused
    assert f"счёт {wrong.number} назван специальным, а начинается не с 40821" in refused.reason
    assert Remittance.objects.count() == 0
