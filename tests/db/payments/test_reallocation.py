"""Instructions of the debt floor, the preview, and parts laid anew by a journal that is undone to the kopeck."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import JournalEntry
from payments import operations, queries
from payments.allocation import Rule
from payments.models import (
    Allocation,
    Part,
    PaymentInstruction,
    ReallocatedPayment,
    Reallocation,
    Remittance,
)
from payments.operations import ActLine, InstructionRefused, ReallocationRefused
from tests import make

pytestmark = pytest.mark.django_db

TODAY, TOMORROW = date(2026, 11, 5), date(2026, 11, 6)
AUGUST, SEPTEMBER, OCTOBER = (Month.parse(f"2026-{n:02}") for n in (8, 9, 10))


def paid(account, amount, *, external_id="1", channel="bank", purpose="", **told):
    payment = operations.record_payment(
        channel=channel, external_id=external_id, number=account.number, amount=Decimal(amount), paid_on=TODAY,
        day=TODAY, today=TODAY, purpose=purpose, **told,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=TODAY)
    return payment


def net(payment):
    found = Counter()
    for part in queries.parts_of([payment.pk]):
        month = str(Month(part.for_month)) if part.part != Part.ADVANCE else ""
        found[part.contract_id, part.service_id, month, part.part] += part.amount
    return {key: str(amount) for key, amount in found.items() if amount}


def rules(payment):
    return [part.rule for part in queries.parts_of([payment.pk])]


def written():
    return (
        Allocation.objects.count(), Reallocation.objects.count(), ReallocatedPayment.objects.count(),
        PaymentInstruction.objects.count(), JournalEntry.objects.count(),
    )  # fmt: skip


@pytest.fixture
def owing():
    """100 ₽ of August and 100 ₽ of September to one principal, 300 ₽ of September to another."""
    account, water, heat = make.account(), make.contract(), make.contract()
    make.ink(account, water, 2, AUGUST, "100.00")
    make.ink(account, water, 2, SEPTEMBER, "100.00")
    make.ink(account, heat, 5, SEPTEMBER, "300.00")
    return account, water, heat


def test_a_contract_apart_is_paid_by_a_payment_directed_to_it_alone(owing):
    account, *_ = owing
    repair = make.contract(allocation_rule=3)
    make.ink(account, repair, 9, AUGUST, "70.00")
    usual = paid(account, "600.00")
    assert (repair.pk, 9, "2026-08", Part.DEBT) not in net(usual)
    assert net(usual)[0, 0, "", Part.ADVANCE] == "100.00"
    named = paid(account, "80.00", external_id="2", directed_to=[9])
    assert net(named) == {(repair.pk, 9, "2026-08", Part.DEBT): "70.00", (0, 0, "", Part.ADVANCE): "10.00"}


def test_money_of_the_bailiffs_goes_by_the_court_act(owing):
    account, water, heat = owing
    lines = [ActLine(heat.pk, 5, SEPTEMBER, Decimal("50.00"))]
    operations.direct_by_act(account_id=account.pk, document="2-345/2026", lines=lines, valid_from=TODAY)
    operations.direct_by_act(account_id=account.pk, document="2-345/2026", lines=lines, valid_from=TODAY)
    assert PaymentInstruction.objects.count() == 1
    first = paid(account, "30.00", channel="fssp")
    assert net(first) == {(heat.pk, 5, "2026-09", Part.DEBT): "30.00"}
    assert rules(first) == [Rule.COURT_ACT]
    # 20 ₽ of the act are left; the rest goes by the general order
    second = paid(account, "60.00", external_id="2", purpose="По судебному приказу 2-345/2026, Иванов")
    assert net(second) == {
        (heat.pk, 5, "2026-09", Part.DEBT): "20.00", (water.pk, 2, "2026-08", Part.DEBT): "40.00",
    }  # fmt: skip
    third = paid(account, "10.00", external_id="3", purpose="По приказу 2-345/20261")
    assert rules(third) == [Rule.OLDEST_DEBT]


def test_a_deferred_month_is_paid_after_the_others_till_the_plan_ends(owing):
    account, water, heat = owing
    operations.let_months_wait(
        account_id=account.pk, document="Соглашение 7", months=[AUGUST], valid_from=date(2026, 11, 1)
    )
    usual = paid(account, "450.00")
    assert net(usual) == {
        (water.pk, 2, "2026-09", Part.DEBT): "100.00", (heat.pk, 5, "2026-09", Part.DEBT): "300.00",
        (water.pk, 2, "2026-08", Part.DEBT): "50.00",
    }  # fmt: skip
    assert rules(usual)[0] == Rule.WAITED
    assert operations.end_instructions(account_id=account.pk, document="Соглашение 7", on=TODAY) == 1
    with pytest.raises(InstructionRefused, match="нет указаний"):
        operations.end_instructions(account_id=account.pk, document="Соглашение 7", on=TODAY)


@pytest.mark.parametrize("sum_, document", [("0.00", "1"), ("10.00", " ")])
def test_an_act_without_number_or_sum_is_refused(owing, sum_, document):
    account, water, _ = owing
    before = written()
    with pytest.raises(InstructionRefused):
        operations.direct_by_act(
            account_id=account.pk, document=document, valid_from=TODAY,
            lines=[ActLine(water.pk, 2, AUGUST, Decimal(sum_))],
        )  # fmt: skip
    assert written() == before


def test_a_preview_is_what_then_happens_and_writes_nothing(owing):
    account, water, heat = owing
    before = written()
    told = operations.preview(account_id=account.pk, amount=Decimal("300.00"), on=TODAY)
    other = operations.preview(
        account_id=account.pk, amount=Decimal("300.00"), on=TODAY, for_month=SEPTEMBER, by_rule="oldest"
    )
    assert written() == before
    assert told == other
    assert [(part.contract_id, str(part.amount)) for part in told] == [
        (water.pk, "100.00"), (water.pk, "50.00"), (heat.pk, "150.00"),
    ]  # fmt: skip
    assert "август 2026" in told[0].reason
    payment = paid(account, "300.00")
    assert [part.amount for part in queries.parts_of([payment.pk])] == [part.amount for part in told]
    with pytest.raises(ReallocationRefused, match="больше нуля"):
        operations.preview(account_id=account.pk, amount=Decimal("-1.00"), on=TODAY)


def test_parts_are_laid_anew_and_back_and_the_principals_settle_by_remittance(owing):
    account, water, heat = owing
    payment = paid(account, "100.00")
    before = net(payment)
    assert before == {(water.pk, 2, "2026-08", Part.DEBT): "100.00"}
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY, by="test")
    journal = operations.reallocate(
        payment_ids=[payment.pk], day=TOMORROW, reason="плательщик уточнил услугу", by="test", directed_to=[5]
    )
    assert net(payment) == {(heat.pk, 5, "2026-09", Part.DEBT): "100.00"}
    assert [str(part.amount) for part in queries.parts_of([payment.pk])] == ["100.00", "-100.00", "100.00"]
    assert {item.contract_id: item.amount for item in queries.debts(account_id=account.pk) if item.service_id == 5} == {
        heat.pk: Decimal("200.00")
    }
    back = operations.undo_reallocation(reallocation_id=journal.pk, day=TOMORROW, reason="ошибка оператора", by="test")
    assert back.undoes_id == journal.pk
    assert net(payment) == before
    again = written()
    with pytest.raises(ReallocationRefused, match="уже отменён"):
        operations.undo_reallocation(reallocation_id=journal.pk, day=TOMORROW, reason="ещё раз", by="test")
    with pytest.raises(ReallocationRefused, match="нечего"):
        operations.reallocate(payment_ids=[payment.pk], day=TOMORROW, reason="то же правило", by="test")
    with pytest.raises(ReallocationRefused, match="причину"):
        operations.reallocate(payment_ids=[payment.pk], day=TOMORROW, reason=" ", by="test", directed_to=[5])
    assert written() == again
    operations.close_day(day=TOMORROW)
    operations.remit_day(day=TOMORROW, by="test")
    for contract in (water, heat):
        assert list(queries.conservation_of_contract(contract.pk)) == []
    for day in (TODAY, TOMORROW):
        assert list(queries.conservation_of_day(day)) == []
    remitted = sum((row.gross - row.returns for row in Remittance.objects.all()), Decimal(0))
    assert remitted == Decimal("100.00")


def test_an_undo_is_refused_when_a_payment_has_moved_since(owing):
    account, *_ = owing
    payment = paid(account, "100.00")
    journal = operations.reallocate(
        payment_ids=[payment.pk], day=TODAY, reason="уточнение", by="test", directed_to=[5]
    )  # fmt: skip
    operations.reverse_payment(payment_id=payment.pk, day=TODAY, reason="возврат", by="test")
    before = written()
    with pytest.raises(ReallocationRefused, match="не отменить целиком"):
        operations.undo_reallocation(reallocation_id=journal.pk, day=TODAY, reason="отмена", by="test")
    assert written() == before


def test_mass_reallocation_keeps_every_sum_and_is_undone_to_the_kopeck():
    payments, before = [], {}
    for number in range(4):
        account, water, heat = make.account(), make.contract(), make.contract()
        make.ink(account, water, 2, AUGUST, "100.00")
        make.ink(account, heat, 5, SEPTEMBER, "33.33")
        payments += [paid(account, "70.00", external_id=f"{number}a"), paid(account, "90.00", external_id=f"{number}b")]
    before = {payment.pk: net(payment) for payment in payments}
    ids = list(before)
    journal = operations.reallocate(
        payment_ids=ids, day=TOMORROW, reason="письмо принципала", by="test", for_month=SEPTEMBER
    )
    for payment in payments:
        assert sum(part.amount for part in queries.parts_of([payment.pk])) == payment.amount
    assert {payment.pk: net(payment) for payment in payments} != before
    assert journal.payments.count() == len({row.payment_id for row in journal.payments.all()})
    operations.undo_reallocation(reallocation_id=journal.pk, day=TOMORROW, reason="отозвано", by="test")
    assert {payment.pk: net(payment) for payment in payments} == before
    sheet = operations.close_day(day=TOMORROW)
    assert sheet.difference == 0


def test_open_items_are_the_same_with_a_checkpoint_and_without():
    account, water, heat = make.account(), make.contract(), make.contract()
    other = make.account()
    for month, amount in ((AUGUST, "100.00"), (SEPTEMBER, "-30.00"), (OCTOBER, "40.00")):
        make.ink(account, water, 2, month, amount)
        make.ink(other, heat, 5, month, "12.34")
    make.ink(account, heat, 5, AUGUST, "-15.00")
    operations.open_day(date(2026, 9, 10))
    first = operations.record_payment(
        channel="bank", external_id="s", number=other.number, amount=Decimal("20.00"), paid_on=date(2026, 9, 10),
        day=date(2026, 9, 10), today=TODAY,
    )  # fmt: skip
    operations.allocate_payment(first.pk, day=date(2026, 9, 10))
    operations.close_day(day=date(2026, 9, 10))
    ids = [account.pk, other.pk]

    def debts():
        return {pk: [(i.service_id, i.for_month, i.amount) for i in queries.debts(account_id=pk)] for pk in ids}

    before = debts()
    for month in (AUGUST, SEPTEMBER):
        operations.close_month(month=month)
        assert debts() == before
        assert list(queries.open_items_chain(month)) == []
