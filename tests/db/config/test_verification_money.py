"""verify names what somebody did to the books of money past every rule of the database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

import billing.operations
import debt.operations
from accounts.calendar import Month
from config import verification
from payments import operations
from payments.models import Payment
from tests import make

pytestmark = pytest.mark.django_db
OCTOBER = Month.parse("2026-10")
NOVEMBER = OCTOBER.next
THURSDAY, FRIDAY = date(2026, 11, 5), date(2026, 11, 6)


COMPUTED = "проведённый месяц, посчитанный снова, даёт те же копейки"


def broken(month: Month | None = None) -> dict[str, list[str]]:
    """Keys by the law they break; what is computed again is left out: this ink is put there, nothing computed it."""
    found = {finding.name: finding.keys for finding in verification.findings(month) if finding.keys}
    found.pop(COMPUTED, None)
    return found


def by_a_side_door(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def books() -> dict[str, Any]:
    """Two accounts owe for October; one pays through the bank, both at the desk; the days are closed and remitted."""
    contract, office, cashier = make.contract(percent="2.5"), make.office(code="О1"), make.user()
    one, two = make.account(), make.account()
    for account in (one, two):
        make.ink(account, contract, 2, OCTOBER, "1000.00")
    payment = operations.record_payment(
        channel="bank", external_id="bank-1", number=one.number, account_id=one.pk, amount=Decimal("400.00"),
        paid_on=THURSDAY, day=THURSDAY, today=THURSDAY,
    )  # fmt: skip
    operations.close_day(day=THURSDAY)
    operations.remit_day(day=THURSDAY)
    numbers = [
        operations.take_cash(
            lines=[(account.pk, Decimal("100.00"))], given=None, office_id=office.pk, by=cashier, on=FRIDAY
        ).number
        for account in (one, two)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is asked at the end of a transaction has been asked
    return {"contract": contract, "one": one, "two": two, "payment": payment, "numbers": numbers}


def test_sound_books_keep_every_law(books: dict[str, Any]) -> None:
    assert broken() == {}
    assert broken(NOVEMBER) == {}


def test_a_payment_moved_to_another_account_is_named(books: dict[str, Any]) -> None:
    payment, one, two = books["payment"], books["one"], books["two"]
    by_a_side_door("UPDATE payments_payment SET account_id = %s WHERE id = %s", two.pk, payment.pk)
    name = "части платежа стоят на его лицевом счёте"
    assert broken(NOVEMBER)[name] == [f"{payment.pk} · {two.pk} · {one.pk} · 2026-11-05"]
    assert broken(OCTOBER) == {}


def test_a_payment_dated_after_its_day_is_named(books: dict[str, Any]) -> None:
    payment = books["payment"]
    by_a_side_door("UPDATE payments_payment SET paid_on = '2026-11-20' WHERE id = %s", payment.pk)
    assert broken(NOVEMBER) == {
        "дата платежа не позже его операционного дня": [f"{payment.pk} · 2026-11-20 · 2026-11-05"]
    }


def test_a_day_removed_from_the_books_is_named(books: dict[str, Any]) -> None:
    by_a_side_door("DELETE FROM payments_operatingday WHERE day = %s", THURSDAY)
    name = "у движений денег есть их операционный день"
    assert broken()[name] == ["журнал · 2026-11-05", "платёж · 2026-11-05", "разнесение · 2026-11-05"]
    assert name in broken(NOVEMBER)


def test_a_receipt_removed_is_named_by_its_number_and_its_money(books: dict[str, Any]) -> None:
    first = books["numbers"][0]
    by_a_side_door("DELETE FROM payments_cashreceipt_payments WHERE cashreceipt_id IN"
        " (SELECT id FROM payments_cashreceipt WHERE number = %s)", first)  # fmt: skip
    by_a_side_door("DELETE FROM payments_cashmovement WHERE receipt_id IN"
        " (SELECT id FROM payments_cashreceipt WHERE number = %s)", first)  # fmt: skip
    by_a_side_door("DELETE FROM payments_cashreceipt WHERE number = %s", first)
    paid = Payment.objects.get(external_id=f"{first}/1")
    keys = broken(NOVEMBER)["деньги кассы стоят в квитанциях, номера квитанций идут подряд"]
    assert f"платёж · {paid.pk} · 2026-11-06" in keys
    assert f"квитанция · {first} · –" in keys
    assert f"квитанция по журналу · {first} · –" in keys


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("commission = commission + 10, net = net - 10", "вознаграждение 20,00 ₽ вместо 10,00 ₽"),
        ("vat = vat + 1, net = net - 1", "НДС 3,20 ₽ вместо 2,20 ₽"),
        ("gross = gross + 5, returns = returns + 5", "получено 405,00 ₽ вместо 400,00 ₽"),
    ],
)
def test_a_remittance_rewritten_is_named(books: dict[str, Any], change: str, told: str) -> None:
    by_a_side_door(f"UPDATE payments_remittance SET {change}")
    (key,) = broken(NOVEMBER)["перечисление посчитано по разнесениям и условиям договора"]
    assert key.startswith(f"договор {books['contract'].pk}, перечисление за 05.11.2026: ")
    assert told in key


def test_terms_changed_later_leave_the_fee_of_the_day(books: dict[str, Any]) -> None:
    """Terms put right after the remittance: the fee stands by the calculation that was kept with it."""
    by_a_side_door("UPDATE payments_remittance SET formed_at = formed_at - interval '1 day'")
    books["contract"].commission.update(percent=Decimal("3"))
    assert broken(NOVEMBER) == {}
    by_a_side_door("UPDATE payments_remittance SET commission = commission + 10, net = net - 10")
    assert "перечисление посчитано по разнесениям и условиям договора" in broken(NOVEMBER)


def test_a_penalty_put_into_ink_is_named_with_its_account() -> None:
    """3 000 ₽ of February: the 15th of March 2026 is a Sunday, so the debt is late from the 17th."""
    february, may = Month.parse("2026-02"), Month.parse("2026-05")
    contract, one, two = make.contract(), make.account(), make.account()
    for account in (one, two):
        make.ink(account, contract, 2, february, "3000.00")
    billing.operations.open_month(month=may)
    debt.operations.charge_penalties(month=may, day=may.last)
    billing.operations.post_month(month=may, today=may.next.first)
    assert broken(may) == {}
    by_a_side_door("UPDATE billing_charge SET amount = amount + 5 WHERE kind = 6 AND account_id = %s", one.pk)
    (key,) = broken(may)["пени проведённого месяца те, что в расчёте"]
    assert key.startswith(f"2026-05 · счёт {one.pk} · договор {contract.pk} · услуга 2 · ")
