"""A refund goes to the bank as an order of two people, comes back confirmed or is sent again elsewhere."""

from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from accounts import rules
from payments import operations, refund_queries
from payments.models import RefundOrder, RemittanceState
from payments.operations import RefundOrderRefused, Requisites
from payments.registers import client_bank
from tests import make
from tests.db.payments.test_statements import OURS, outgoing, statement

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
BIK = "045354601"
HIS = rules.bank_account_with_key("40817810000000000001", BIK)
OTHER = rules.bank_account_with_key("40817810000000000002", BIK)


@pytest.fixture
def people():
    make.agent()
    return make.user(), make.user()


@pytest.fixture
def order(people):
    """100 ₽ of an overpayment, given back by the first of the two."""
    account = make.account()
    operations.record_payment(
        channel="bank", external_id="1", number=account.number, amount=Decimal("100.00"), paid_on=TODAY, day=TODAY,
        today=TODAY, lay=True,
    )  # fmt: skip
    operations.refund_advance(
        account_id=account.pk, amount=Decimal("100.00"), number="17", applied_on=TODAY,
        requisites=Requisites("Климова Анна", "", BIK, HIS), day=TODAY, by=people[0],
    )  # fmt: skip
    return RefundOrder.objects.get()


def release(order, by, at=None):
    return operations.release_refunds(order_ids=[order.pk], by=by, at=at or timezone.now())


def test_one_forms_another_releases_and_the_bank_gets_both_formats(order, people):
    for call in (operations.refund_file, lambda: release(order, people[0])):
        with pytest.raises(RefundOrderRefused, match=r"второй сотрудник|другой сотрудник"):
            call()
    assert not RefundOrder.objects.exclude(released_by=None).exists()
    assert release(order, people[1]) == 1
    assert release(order, people[1]) == 0
    content = operations.refund_file()
    assert content == operations.refund_file()
    (document,) = client_bank.read(content).documents
    assert (document.number, document.amount) == (order.number, Decimal("100.00"))
    assert document.payee.number == HIS and document.payee.name == "Климова Анна"
    assert "по заявлению № 17 от 05.11.2026" in document.purpose
    tree = ET.fromstring(operations.refund_file(form="pain001"))
    told = "".join(tree.itertext())
    assert HIS in told and BIK in told and "100.00" in told
    assert operations.mark_refunds_sent(by=people[1]) == 1
    assert operations.mark_refunds_sent(by=people[1]) == 0
    assert operations.refund_file() == content


def test_the_statement_confirms_it_once(order, people):
    release(order, people[1], at=timezone.make_aware(timezone.datetime(2026, 11, 5, 10)))
    make.own_account(OURS)
    content = statement(outgoing(order.number, "100.00", HIS))
    (row,) = operations.import_statement(
        name="s.txt", content=content, channel="bank", day=TODAY, today=TODAY
    ).rows  # fmt: skip
    assert row.text == f"Исполнен возврат № {order.number}: Климова Анна."
    order.refresh_from_db()
    assert (order.state, order.confirmed_on) == (RemittanceState.CONFIRMED, TODAY)
    operations.confirm_refund(order_id=order.pk, on=TODAY)
    with pytest.raises(RefundOrderRefused, match="отклонять нечего"):
        operations.reject_refund(order_id=order.pk, reason="поздно", by=people[0])


def test_what_the_bank_sent_back_goes_elsewhere_after_another_release(order, people):
    release(order, people[1])
    operations.mark_refunds_sent(by=people[1])
    with pytest.raises(RefundOrderRefused, match="Назовите причину"):
        operations.reject_refund(order_id=order.pk, reason=" ", by=people[1])
    operations.reject_refund(order_id=order.pk, reason="счёт закрыт", by=people[1])
    with pytest.raises(RefundOrderRefused):
        operations.refund_file()
    operations.resend_refund(
        order_id=order.pk, recipient="Климова  Анна", inn="", bik=BIK, bank_account=OTHER, by=people[1]
    )
    (row,) = refund_queries.refund_orders(seen_by=people[1].pk)
    assert (row.state, row.bank_account, row.trouble, row.may_be_released) == ("formed", OTHER, "счёт закрыт", False)
    with pytest.raises(RefundOrderRefused, match="другой сотрудник"):
        release(order, people[1])
    assert release(order, people[0]) == 1
    assert OTHER.encode() in operations.refund_file()


def test_numbers_of_refunds_and_remittances_are_one_row(order):
    from payments.operations.refund_orders import last_number

    assert last_number(TODAY) == int(order.number)
    assert last_number(date(2027, 1, 1)) == 0


@pytest.mark.parametrize(
    "spell",
    [
        "DELETE FROM payments_refundorder",
        "UPDATE payments_refundorder SET bank_account = '1'",
        "UPDATE payments_refundorder SET state = 'sent'",
        "UPDATE payments_refundorder SET state = 'confirmed', confirmed_on = now()",
        "UPDATE payments_refundorder SET number = '9'",
        "UPDATE payments_refundorder SET released_by_id = formed_by_id, released_at = now()",
        "TRUNCATE payments_refundorder CASCADE",
    ],
)
def test_an_order_is_ink_until_the_bank_sends_it_back(order, spell):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(spell)
