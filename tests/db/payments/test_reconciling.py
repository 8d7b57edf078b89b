"""The bank's one order for a register is the register's money: matched, it waits for nobody; undone, it waits again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments import lawful, operations, queries, register_queries
from payments.models import Channel, Payment, PaymentState, RegisterState, RegisterTransfer
from payments.operations import NotReconciled, RegisterKept
from tests import make
from tests.db.payments.test_registers import load, own_layout, simple, undo, written
from tests.db.payments.test_statements import OURS, incoming, statement

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)


@pytest.fixture
def register():
    """A register of two payments, 1 000 ₽; the bank keeps 2 per cent."""
    make.own_account(OURS)
    Channel.objects.filter(pk="bank").update(fee_percent=Decimal("2"))
    own_layout(is_active=True, tried_at=timezone.now(), tried_on="образец")
    rows = [f"{make.account().number};{amount};04.11.2026" for amount in ("400.00", "600.00")]
    return load(simple(*rows), layout="agent").register_id


def bank(purpose, amount, number="77"):
    content = statement(incoming(purpose, amount, number, Плательщик1="ПАО Банк"))
    return operations.import_statement(
        name=f"{number}.txt", content=content, channel="bank", day=TODAY, today=TODAY
    )  # fmt: skip


def match(register_id, payment_id, **facts):
    defaults = {"day": TODAY, "at": timezone.now(), "by": None}
    return operations.reconcile_register(
        register_id=register_id, payment_id=payment_id, **{**defaults, **facts}
    )  # fmt: skip


def sound():
    return (list(queries.conservation_of_day(TODAY)), list(lawful.transfers_astray(None))) == ([], [])


def test_an_order_that_agrees_to_the_kopeck_is_matched_by_itself(register):
    (row,) = bank("Перевод платежей по реестру за 04.11.2026", "980.00").rows
    assert row.verdict == "accepted"
    assert row.text.startswith(
        f"Деньги реестра № {register}: 980,00 ₽. По реестру 1\u202f000,00 ₽, комиссия банка 20,00 ₽"
    )
    transfer = RegisterTransfer.objects.get()
    assert (transfer.fee, transfer.expected, transfer.difference) == (Decimal("20.00"), Decimal("980.00"), Decimal(0))
    assert Payment.objects.get(pk=row.payment_id).state == PaymentState.REVERSED
    assert queries.unidentified(today=TODAY) == []
    assert sound()


def test_a_difference_waits_for_a_person_and_for_his_words(register):
    (row,) = bank("Перевод платежей по реестру", "975.00").rows
    (hint,) = register_queries.transfer_hints([row.payment_id])[row.payment_id]
    assert (hint.register_id, hint.difference, hint.is_certain) == (register, Decimal("-5.00"), False)
    assert hint.words.endswith("поступило 975,00 ₽: меньше на 5,00 ₽.")
    before = written()
    with pytest.raises(NotReconciled, match="Объясните расхождение"):
        match(register, row.payment_id)
    assert written() == before
    transfer = match(register, row.payment_id, ground="банк удержал за выписку")
    assert transfer.words.endswith("меньше на 5,00 ₽. банк удержал за выписку")
    assert queries.unidentified(today=TODAY) == []
    assert sound()
    assert register_queries.transfer_hints([row.payment_id]) == {}


def test_undone_the_money_waits_again_with_its_own_date(register):
    (row,) = bank("Перевод платежей по реестру", "980.00").rows
    with pytest.raises(RegisterKept, match="Сначала отмените сверку"):
        undo(register)
    restored = operations.undo_reconciliation(
        register_id=register, day=TODAY, at=timezone.now(), reason="не тот реестр", by=None
    )
    first = Payment.objects.get(pk=row.payment_id)
    assert (restored.state, restored.amount, restored.paid_on) == (
        PaymentState.UNIDENTIFIED, first.amount, first.paid_on,
    )  # fmt: skip
    assert [waiting.payment_id for waiting in queries.unidentified(today=TODAY)] == [restored.pk]
    assert sound()
    with pytest.raises(NotReconciled, match="ни с каким поручением"):
        operations.undo_reconciliation(register_id=register, day=TODAY, at=timezone.now(), reason="ещё раз", by=None)
    undo(register)  # now it may go
    with pytest.raises(NotReconciled, match="отменён"):
        match(register, restored.pk)


def test_what_is_no_order_of_the_register_is_refused(register):
    (row,) = bank("Оплата за обучение", "980.00", "78").rows  # the sum alone says nothing: a person decides
    assert row.verdict == "held"
    other = Payment.objects.filter(register=register).first()
    before = written()
    for register_id, payment_id, words in (
        (register, other.pk, "только невыясненный"),
        (register + 100, row.payment_id, "не найден"),
        (Payment.objects.get(pk=row.payment_id).register_id, row.payment_id, "строка того же файла"),
    ):
        with pytest.raises(NotReconciled, match=words):
            match(register_id, payment_id)
    assert written() == before
    match(register, row.payment_id)
    (second,) = bank("Перевод платежей по реестру", "980.00", "79").rows
    assert second.verdict == "held"  # its register has its order already
    with pytest.raises(NotReconciled, match="уже сверен"):
        match(register, second.payment_id)
    assert register_queries.register_card(register).state == RegisterState.ACCEPTED


def test_a_register_of_another_time_or_another_size_is_no_hint(register):
    (small,) = bank("Перевод платежей по реестру", "500.00", "80").rows
    assert register_queries.transfer_hints([small.payment_id]) == {}
    late = statement(
        incoming("Перевод платежей по реестру", "980.00", "81", Дата="28.11.2026", ДатаПоступило="28.11.2026")
    )
    day = TODAY + timedelta(days=23)
    (row,) = operations.import_statement(name="81.txt", content=late, channel="bank", day=day, today=day).rows
    assert row.verdict == "held"
    assert register_queries.transfer_hints([row.payment_id]) == {}


def test_a_statement_asks_for_registers_once_and_never_for_their_verdicts(register):
    lines = [incoming("Перевод платежей по реестру", f"{amount}.00", f"{amount}") for amount in range(970, 990)]
    with CaptureQueriesContext(connection) as asked:
        rows = operations.import_statement(
            name="82.txt", content=statement(*lines), channel="bank", day=TODAY, today=TODAY
        ).rows
    assert [row.number for row in rows if row.verdict == "accepted"] == ["980"]
    told = [query["sql"] for query in asked if "living" in query["sql"]]
    assert len(told) == 1
    held = [row.payment_id for row in rows if row.verdict == "held"]
    operations.undo_reconciliation(register_id=register, day=TODAY, at=timezone.now(), reason="не тот", by=None)
    with CaptureQueriesContext(connection) as asked:
        hints = register_queries.transfer_hints(held)
    assert set(hints) == set(held)
    assert len(asked) == 3 and not any("verdicts" in query["sql"] for query in asked)
