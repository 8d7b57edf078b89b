"""Money comes in once, is laid over debts, kept aside or mirrored; after a refusal nothing is written."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import JournalEntry
from billing.models import ContractMonth
from payments import operations, queries
from payments.models import Allocation, OperatingDay, Part, Payment, PaymentState, Reversal
from payments.operations import DayClosed, PaymentConflict, PaymentRefused
from tests import make
from tests.db.payments.test_returns import payee

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
TOMORROW = date(2026, 11, 6)
SEPTEMBER, OCTOBER = Month.parse("2026-09"), Month.parse("2026-10")


def record(account=None, **facts):
    defaults = {
        "channel": "bank", "external_id": "77", "number": account.number if account else "", "amount": Decimal("10.00"),
        "paid_on": TODAY, "day": TODAY, "today": TODAY,
    }  # fmt: skip
    return operations.record_payment(**{**defaults, **facts})


def written():
    return Payment.objects.count(), Allocation.objects.count(), Reversal.objects.count(), JournalEntry.objects.count()


def parts(payment):
    return [
        (part.contract_id, part.service_id, str(Month(part.for_month)), Part(part.part), part.amount)
        for part in queries.parts_of([payment.pk])
    ]


def test_same_payment_twice_is_one_payment():
    account = make.account()
    first, again = (record(account) for _ in range(2))
    assert first == again
    assert Payment.objects.count() == 1
    assert queries.balance(account_id=account.id, on=TOMORROW) == Decimal("-10.00")


def test_the_same_number_with_other_facts_is_a_conflict():
    account = make.account()
    record(account)
    before = written()
    with pytest.raises(PaymentConflict, match="уже принят с другими данными"):
        record(account, amount=Decimal("11.00"))
    assert written() == before


def test_oldest_month_first_then_pro_rata():
    account = make.account()
    water, heat = make.contract(), make.contract()
    make.ink(account, water, 2, SEPTEMBER, "100.00")
    make.ink(account, water, 2, OCTOBER, "100.00")
    make.ink(account, heat, 5, OCTOBER, "300.00")
    payment = record(account, amount=Decimal("200.00"))
    operations.allocate_day(day=TODAY)
    assert parts(payment) == [
        (water.pk, 2, "2026-09", Part.DEBT, Decimal("100.00")),
        (water.pk, 2, "2026-10", Part.DEBT, Decimal("25.00")),
        (heat.pk, 5, "2026-10", Part.DEBT, Decimal("75.00")),
    ]
    payment.refresh_from_db()
    assert payment.state == PaymentState.ALLOCATED
    assert queries.balance(account_id=account.pk, on=TOMORROW) == Decimal("300.00")


def test_what_is_not_posted_is_not_paid():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "50.00")
    ContractMonth.objects.create(contract=contract, month=date(2026, 11, 1))
    with_draft = record(account, amount=Decimal("80.00"))
    operations.allocate_payment(with_draft.pk, day=TODAY)
    assert parts(with_draft) == [
        (contract.pk, 2, "2026-10", Part.DEBT, Decimal("50.00")),
        (0, 0, "2026-11", Part.ADVANCE, Decimal("30.00")),
    ]


def test_allocating_twice_changes_nothing():
    account = make.account()
    payment = record(account)
    operations.allocate_day(day=TODAY)
    before = written()
    assert operations.allocate_day(day=TODAY).payments == 0
    assert operations.allocate_payment(payment.pk, day=TODAY).payments == 0
    assert written() == before


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"amount": Decimal("0.00")}, "больше нуля"),
        ({"amount": Decimal("-5.00")}, "больше нуля"),
        ({"amount": Decimal("1.005")}, "доли копейки"),
        ({"external_id": " "}, "нет номера"),
        ({"channel": "pigeon"}, "Канал приёма «pigeon» не найден"),
        ({"channel": "cash", "amount": Decimal("10000000.01")}, "больше 10.000.000,00 ₽"),
        ({"channel": "cash", "paid_on": TOMORROW}, "ещё не наступила"),
        ({"channel": "cash", "paid_on": date(2025, 11, 4)}, "старше года"),
        ({"channel": "cash", "number": "560000001"}, "контрольная цифра не сходится"),
        ({"channel": "cash", "number": "999999998"}, "не найден"),
    ],
)
def test_a_bad_payment_is_refused_in_words(facts, words):
    account = make.account()
    before = written()
    with pytest.raises(PaymentRefused, match=words):
        record(account, **facts)
    assert written() == before


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"number": "999999998"}, "не найден"),
        ({"number": "560000001"}, "контрольная цифра"),
        ({"number": ""}, "не указан"),
        ({"amount": Decimal("10000000.01")}, "проверьте"),
        ({"paid_on": TOMORROW}, "ещё не наступила"),
        ({"paid_on": date(2025, 11, 4)}, "старше года"),
    ],
)
def test_doubtful_money_of_the_bank_is_kept_aside(facts, why):
    payment = record(make.account(), **facts)
    assert (payment.state, payment.account_id) == (PaymentState.UNIDENTIFIED, None)
    assert why in payment.held_because
    operations.allocate_day(day=TODAY)
    assert Allocation.objects.count() == 0
    assert [row.payment_id for row in queries.unidentified(today=TOMORROW)] == [payment.pk]
    assert operations.close_day(day=TODAY).suspended == payment.amount


def test_a_closed_account_takes_no_money_by_itself():
    account = make.account(closed_on=date(2026, 10, 1))
    assert "закрыт 01.10.2026" in record(account).held_because
    before = written()
    with pytest.raises(PaymentRefused, match=r"закрыт 01\.10\.2026"):
        record(account, channel="cash", external_id="78")
    assert written() == before


def test_unidentified_money_finds_its_owner_and_keeps_its_value_date():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, SEPTEMBER, "30.00")
    payment = record(number="", amount=Decimal("30.00"), paid_on=date(2026, 11, 3))
    operations.close_day(day=TODAY)
    assigned = operations.assign_payment(payment_id=payment.pk, account_id=account.pk, day=TOMORROW, by=make.user())
    assert (assigned.paid_on, assigned.day, assigned.state) == (date(2026, 11, 3), TODAY, PaymentState.ALLOCATED)
    assert parts(payment) == [(contract.pk, 2, "2026-09", Part.DEBT, Decimal("30.00"))]
    sheet = operations.close_day(day=TOMORROW)
    assert (sheet.received, sheet.released, sheet.allocated) == (Decimal("0.00"), Decimal("30.00"), Decimal("30.00"))
    for day in (TODAY, TOMORROW):
        assert list(queries.conservation_of_day(day)) == []
    before = written()
    with pytest.raises(PaymentRefused, match="разнесён"):
        operations.assign_payment(payment_id=payment.pk, account_id=account.pk, day=date(2026, 11, 7), by=None)
    assert written() == before


def test_a_closed_day_takes_nothing():
    account = make.account()
    payment = record(account)
    operations.close_day(day=TODAY)
    before = written()
    with pytest.raises(DayClosed, match=r"05\.11\.2026 закрыт"):
        record(account, external_id="78")
    with pytest.raises(DayClosed):
        operations.reverse_payment(payment_id=payment.pk, day=TODAY, reason="ошибка", by=None)
    assert written() == before
    assert record(account) == payment  # what has come before is still the same payment


def test_closing_a_day_twice_gives_the_same_sheet():
    record(make.account())
    first, again = operations.close_day(day=TODAY), operations.close_day(day=TODAY)
    assert first == again
    assert (first.received, first.allocated, first.difference) == (Decimal("10.00"), Decimal("10.00"), Decimal("0.00"))
    assert OperatingDay.objects.get(day=TODAY).sheet["received"] == "10.00"


def test_reversal_leaves_balances_as_if_the_payment_never_was():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, SEPTEMBER, "30.00")
    owed = queries.balance(account_id=account.pk, on=TOMORROW)
    items = queries.open_items(account_id=account.pk)
    payment = record(account, amount=Decimal("45.00"))
    operations.close_day(day=TODAY)
    operations.reverse_payment(payment_id=payment.pk, day=TOMORROW, reason="возврат банка", by=make.user())
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 7)) == owed
    assert [(item.service_id, item.amount) for item in queries.open_items(account_id=account.pk)] == [
        (item.service_id, item.amount) for item in items
    ]
    payment.refresh_from_db()
    assert payment.state == PaymentState.REVERSED
    sheet = operations.close_day(day=TOMORROW)
    assert (sheet.allocated, sheet.returned) == (Decimal("-45.00"), Decimal("45.00"))
    for day in (TODAY, TOMORROW):
        assert list(queries.conservation_of_day(day)) == []
    before = written()
    with pytest.raises(PaymentRefused, match="сторнировать нечего"):
        operations.reverse_payment(payment_id=payment.pk, day=date(2026, 11, 7), reason="ещё раз", by=None)
    with pytest.raises(PaymentRefused, match="Назовите причину"):
        operations.reverse_payment(payment_id=payment.pk, day=date(2026, 11, 7), reason=" ", by=None)
    assert written() == before


def test_unidentified_money_goes_back_to_the_payer():
    payment = record(number="")
    operations.reverse_payment(
        payment_id=payment.pk, day=TODAY, reason="заявление банка", by=make.user(), refund=True, requisites=payee()
    )
    payment.refresh_from_db()
    assert payment.state == PaymentState.RETURNED
    assert operations.close_day(day=TODAY).returned == Decimal("10.00")


def test_pay_d07_a_mis_posted_payment_moves_with_its_value_date():
    wrong, right, contract = make.account(), make.account(), make.contract()
    for account in (wrong, right):
        make.ink(account, contract, 2, Month.parse("2026-08"), "1000.00")
    september, october = date(2026, 9, 10), date(2026, 10, 5)
    payment = record(wrong, amount=Decimal("1000.00"), paid_on=september, day=september, today=september)
    operations.close_day(day=september)
    moved = operations.move_payment(
        payment_id=payment.pk, account_id=right.pk, day=october, reason="ошибка в номере счёта", by=make.user()
    )
    assert queries.balance(account_id=wrong.pk, on=date(2026, 10, 6)) == Decimal("1000.00")
    assert queries.balance(account_id=right.pk, on=date(2026, 10, 6)) == Decimal("0.00")
    assert (moved.paid_on, moved.state) == (september, PaymentState.ALLOCATED)
    assert Reversal.objects.get(payment=payment).replaced_by == moved
    operations.close_day(day=october)
    assert list(queries.conservation_of_day(october)) == []


def test_an_advance_is_used_once_charges_are_posted():
    account, contract = make.account(), make.contract()
    payment = record(account, amount=Decimal("100.00"))
    operations.close_day(day=TODAY)
    assert queries.balance(account_id=account.pk, on=TOMORROW) == Decimal("-100.00")
    make.ink(account, contract, 2, OCTOBER, "60.00")
    used = operations.consume_advances(month=OCTOBER, day=TOMORROW)
    assert (used.payments, used.amount) == (1, Decimal("60.00"))
    assert parts(payment) == [
        (0, 0, "2026-11", Part.ADVANCE, Decimal("100.00")),
        (0, 0, "2026-11", Part.ADVANCE, Decimal("-60.00")),
        (contract.pk, 2, "2026-10", Part.DEBT, Decimal("60.00")),
    ]
    assert operations.consume_advances(month=OCTOBER, day=TOMORROW).payments == 0
    assert queries.open_items(account_id=account.pk) == []
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 7)) == Decimal("-40.00")


def test_a_day_that_closes_late_leaves_the_advances_of_later_days_alone():
    """Found by the machine over the books: yesterday is closed after midnight, when today's money is already in."""
    account, contract = make.account(), make.contract()
    early, late = (
        record(account, amount=Decimal("10.00")),
        record(account, external_id="78", day=TOMORROW, today=TOMORROW, amount=Decimal("100.00")),
    )
    operations.allocate_day(day=TODAY)
    operations.allocate_day(day=TOMORROW)
    make.ink(account, contract, 2, OCTOBER, "60.00")
    operations.close_days(until=TODAY, today=TOMORROW)
    assert [part for part in parts(early) if part[0]] == [(contract.pk, 2, "2026-10", Part.DEBT, Decimal("10.00"))]
    assert parts(late) == [(0, 0, "2026-11", Part.ADVANCE, Decimal("100.00"))]
    operations.close_days(until=TOMORROW, today=TOMORROW)
    assert [part for part in parts(late) if part[0]] == [(contract.pk, 2, "2026-10", Part.DEBT, Decimal("50.00"))]


def test_an_instruction_of_the_payer_is_kept():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 9, OCTOBER, "40.00")
    make.ink(account, contract, 2, SEPTEMBER, "40.00")
    payment = record(account, amount=Decimal("50.00"), directed_to=[9])
    operations.allocate_day(day=TODAY)
    assert parts(payment) == [
        (contract.pk, 9, "2026-10", Part.DEBT, Decimal("40.00")),
        (0, 0, "2026-11", Part.ADVANCE, Decimal("10.00")),
    ]
    assert operations.consume_advances(month=OCTOBER, day=TODAY).payments == 0  # water was not named
