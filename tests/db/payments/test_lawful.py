"""verify names on-line payments and receipts that do not stand on their money."""

from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.calendar import Month
from payments import lawful, operations
from payments.models import Channel, FiscalReceipt, OnlinePayment, OnlineRefund
from payments.online import SUCCEEDED, Told
from payments.operations import online, receipts
from tests import make

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 5)
AT = datetime(2026, 11, 5, 12, tzinfo=ZoneInfo("Asia/Yekaterinburg"))
NOVEMBER = date(2026, 11, 1)


def by_a_side_door(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def paid() -> OnlinePayment:
    """An on-line payment that came, with its receipt."""
    make.agent()
    Channel.objects.filter(pk="online").update(receipts_from=date(2026, 1, 1))
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, Month.parse("2026-10"), "1000.00")
    row = OnlinePayment.objects.create(
        provider="yookassa", account=account, user=make.user(), amount=Decimal("750.00"), method="card", begun_at=AT
    )
    told = Told(
        provider_id="2f-1", state=SUCCEEDED, amount=row.amount, is_ours=True, key=row.key, paid_at=AT,
    )  # fmt: skip
    online.settle(told, provider="yookassa", at=AT)
    row.refresh_from_db()
    return row


def told() -> tuple[list[str], list[str]]:
    return list(lawful.online_astray(None)), list(lawful.receipts_astray(None))


def test_sound_rows_are_not_named(paid: OnlinePayment) -> None:
    assert told() == ([], [])
    operations.charge_back(payment_id=paid.payment_id, document="№ 1", claimed_on=DAY, day=DAY, by="desk")
    assert told() == ([], [])


def test_an_online_payment_on_another_account_is_named(paid: OnlinePayment) -> None:
    by_a_side_door("UPDATE payments_onlinepayment SET account_id = %s WHERE id = %s", make.account().pk, paid.pk)
    assert told()[0] == [f"онлайн-платёж · {paid.pk} · {paid.payment_id} · номер или счёт не его"]
    assert list(lawful.online_astray(NOVEMBER)) == told()[0]
    assert list(lawful.online_astray(date(2026, 10, 1))) == []


def test_money_that_its_online_payment_does_not_know_is_named(paid: OnlinePayment) -> None:
    by_a_side_door("UPDATE payments_onlinepayment SET payment_id = NULL, state = 'waiting' WHERE id = %s", paid.pk)
    assert told()[0] == [f"платёж · {paid.payment_id} · {paid.pk} · деньги приняты, а онлайн-платёж о них не знает"]


def test_a_refund_without_a_mirror_is_named(paid: OnlinePayment) -> None:
    OnlineRefund.objects.create(
        online=paid, provider_id="r-1", key=uuid4(), amount=paid.amount, reason="возврат", begun_at=AT
    )
    by_a_side_door("UPDATE payments_onlinerefund SET state = 'succeeded'")
    (key,) = told()[0]
    assert "вернули больше, чем получили. Требование" in key


def test_a_lost_receipt_and_a_wrong_sum_are_named(paid: OnlinePayment) -> None:
    receipt = FiscalReceipt.objects.get(payment_id=paid.payment_id)
    by_a_side_door("UPDATE payments_fiscalreceipt SET amount = amount - 1 WHERE id = %s", receipt.pk)
    assert told()[1] == [
        f"чек · {receipt.pk} · 2026-11-05 · сумма не равна платежу",
        f"чек · {receipt.pk} · 2026-11-05 · строки не складываются в итог",
    ]
    by_a_side_door("DELETE FROM payments_fiscalreceipt WHERE id = %s", receipt.pk)
    assert told()[1] == []  # the job of the next days makes it
    operations.open_day(date(2026, 11, 11))
    assert told()[1] == [f"платёж · {paid.payment_id} · 2026-11-05 · нет чека"]
    receipts.make_receipts([paid.payment_id], at=AT)
    assert told()[1] == []
