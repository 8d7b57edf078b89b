"""The shift's page, refunds, transfers and contested payments: seen first, then done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

import payments.operations
import payments.queries
from accounts import rules
from payments import online
from payments.models import (
    CashMovement,
    CashShift,
    ChargeBack,
    OnlinePayment,
    Payment,
    RefundApplication,
    RefundOrder,
    Reversal,
)
from payments.operations import online as settling
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOW, TODAY, Desk, client, text

pytestmark = pytest.mark.django_db
BANK = {"bik": "045354601", "bank_account": rules.bank_account_with_key("40817810000000000001", "045354601")}
APPLICATION = {
    "number": "17", "applied_on": f"{TODAY}", "amount": "100,00", "recipient": "Климова Анна", "inn": "", **BANK,
}  # fmt: skip


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def pay(desk: Desk, amount: str, channel: str = "card") -> Payment:
    payment = payments.operations.record_payment(
        channel=channel, external_id=f"{channel}-{amount}", number=desk.account.number, amount=Decimal(amount),
        paid_on=TODAY, day=TODAY, today=TODAY,
    )  # fmt: skip
    payments.operations.allocate_payments([payment.pk], day=TODAY)
    return payment


def written() -> list[int]:
    return [model.objects.count() for model in (Payment, Reversal, RefundApplication, CashMovement)]


def test_a_cashier_hands_cash_over_and_closes_the_shift(desk: Desk):
    cashier = client(roles.CASHIER)
    till = reverse("office:cash_desk") + f"?a={desk.account.pk}"
    typed = {f"amount_{desk.account.pk}": "1000,00", "given": "", "office": str(desk.office.pk), "key": "ключ"}
    assert cashier.post(till, typed).status_code == 302
    shift = CashShift.objects.get()
    address = reverse("office:shift", args=[shift.pk])
    assert address in text(cashier.get(till)) or address in cashier.get(till).content.decode()
    assert cashier.post(address, {"action": "collect", "amount": "1000,01", "document": "сумка 1"}).status_code == 422
    assert cashier.post(address, {"action": "collect", "amount": "900,00", "document": "сумка 1"}).status_code == 302
    assert cashier.post(address, {"action": "close", "counted": "99,00"}).status_code == 302
    page = cashier.get(address)
    assert page.context["report"].difference == Decimal("-1.00")
    assert "Недостача" in text(page)


def test_a_shift_is_closed_by_its_cashier_alone(desk: Desk):
    shift = payments.operations.open_shift(office_id=desk.office.pk, by=make.user(), on=TODAY)
    other = client(roles.CASHIER)
    assert other.post(reverse("office:shift", args=[shift.pk]), {"action": "close", "counted": "0"}).status_code == 403
    assert CashShift.objects.get().closed_at is None


def test_a_refund_is_seen_before_it_is_done(desk: Desk):
    payment = pay(desk, "1550.00")
    accountant = client(roles.ACCOUNTANT)
    address = reverse("office:refund", args=[desk.account.pk])
    assert accountant.get(address).context["free"] == Decimal("150.00")
    before = written()
    preview = accountant.post(address, APPLICATION)
    assert [(part.payment_id, part.amount) for part in preview.context["plan"]] == [(payment.pk, Decimal("100.00"))]
    assert written() == before
    assert accountant.post(address, {**APPLICATION, "bank_account": "4" * 20}).status_code == 422
    assert written() == before
    assert accountant.post(address, {**APPLICATION, "agreed": "1"}).status_code == 302
    assert RefundApplication.objects.get().amount == Decimal("100.00")
    assert client(roles.CASHIER).get(address).status_code == 403


def test_a_transfer_shows_both_balances_first(desk: Desk):
    payment, other = pay(desk, "1400.00"), make.account()
    accountant = client(roles.ACCOUNTANT)
    address = reverse("office:move", args=[payment.pk])
    typed = {"number": other.number, "ground": "ошибка в номере"}
    before = written()
    preview = accountant.post(address, typed).context["preview"]
    assert (preview.from_before, preview.from_after) == (Decimal("0.00"), Decimal("1400.00"))
    assert (preview.to_before, preview.to_after) == (Decimal("0.00"), Decimal("-1400.00"))
    assert written() == before
    assert accountant.post(address, {**typed, "number": "56"}).status_code == 422
    assert accountant.post(address, {**typed, "agreed": "1"}).status_code == 302
    assert Payment.objects.get(account=other).paid_on == TODAY


CONTESTED = {"reason": "клиент отрицает операцию", "document": "№ 5", "claimed_on": f"{TODAY}"}


def test_a_contested_payment_is_found_seen_and_comes_off_at_once_while_nobody_has_its_money(desk: Desk):
    payment = pay(desk, "1400.00")
    accountant, queue = client(roles.ACCOUNTANT), reverse("office:charge_backs")
    for typed in (payment.pk, desk.account.number, "1 400,00"):
        assert [row.payment_id for row in accountant.get(queue, {"q": typed}).context["found"]] == [payment.pk]
    assert not accountant.get(queue, {"q": "9" * 30}).context["found"]
    address = reverse("office:charge_back", args=[payment.pk])
    assert address in accountant.get(reverse("office:trace", args=[payment.pk])).content.decode()
    before = written()
    preview = accountant.post(address, CONTESTED).context["preview"]
    assert (preview.before, preview.after, preview.claims) == (Decimal("0.00"), Decimal("1400.00"), ())
    assert sorted(row.amount for row in preview.parts) == [Decimal("400.00"), Decimal("1000.00")]
    assert accountant.post(address, {**CONTESTED, "reason": " "}).status_code == 422
    assert written() == before and not ChargeBack.objects.exists()
    assert accountant.post(address, {**CONTESTED, "agreed": "1"}).status_code == 302
    assert Reversal.objects.get().is_refund and ChargeBack.objects.get().state == "done"
    assert accountant.post(address, {**CONTESTED, "agreed": "1"}).status_code == 422
    assert not accountant.get(queue, {"q": payment.pk}).context["found"]


def test_a_contested_payment_that_was_remitted_is_taken_off_by_two_and_claimed(desk: Desk):
    make.agent()
    payment = pay(desk, "1400.00")
    payments.operations.close_day(day=TODAY)
    payments.operations.remit_day(day=TODAY)
    address, queue = reverse("office:charge_back", args=[payment.pk]), reverse("office:charge_backs")
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        first, second = client(roles.ACCOUNTANT), client(roles.ACCOUNTANT)
        preview = first.post(address, CONTESTED).context["preview"]
        assert [claim.amount for claim in preview.claims] == [preview.claimed] == [Decimal("1400.00")]
        assert "другой сотрудник" in text(first.post(address, {**CONTESTED, "agreed": "1"}, follow=True))
        row = ChargeBack.objects.get()
        assert (row.state, row.remitted, Reversal.objects.count()) == ("asked", Decimal("1400.00"), 0)
        told = {"row": row.pk, "action": "agree"}
        assert "заявили вы" in text(first.post(queue, told, follow=True))
        assert "Назовите, почему" in text(second.post(queue, {**told, "action": "decline"}, follow=True))
        assert Reversal.objects.count() == 0
        assert queue in second.get(reverse("admin:index")).content.decode()
        assert "удержится 1 400,00" in text(second.post(queue, told, follow=True))
        assert (ChargeBack.objects.get().state, Reversal.objects.get().is_refund) == ("done", True)
        assert "уже решён" in text(second.post(queue, told, follow=True))
        assert first.post(queue, {"row": row.pk, "action": "burn"}).status_code == 404


def test_nobodys_money_goes_back_by_an_order_with_requisites(desk: Desk):
    payment = desks.pay(desk, "150.00", number="")
    accountant, address = client(roles.ACCOUNTANT), reverse("office:reverse", args=[payment.pk])
    told = {"ground": "просит вернуть", "refund": "on", "recipient": "Климова Анна", "inn": "", **BANK}
    before = written()
    assert "checked" in str(accountant.get(address).context["form"]["refund"])
    for typed, words in (({"recipient": ""}, "заполните получателя"), ({"bik": "1"}, "БИК 1 неверен")):
        answer = accountant.post(address, {**told, **typed})
        assert answer.status_code == 422 and words in text(answer)
    assert written() == before
    assert "Поручение на возврат сформировано" in text(accountant.post(address, told, follow=True))
    assert RefundOrder.objects.get().application.account is None
    assert f"возврат платежа № {payment.pk}" in text(accountant.get(reverse("office:refund_orders")))


def test_what_the_provider_gave_back_too_much_stands_red_until_it_is_returned(desk: Desk):
    begun = OnlinePayment.objects.create(
        provider="yookassa", account=desk.account, user=make.user(), amount=Decimal("100.00"), method="card",
        begun_at=NOW,
    )  # fmt: skip
    told = {"state": online.SUCCEEDED, "is_ours": True, "key": begun.key, "paid_at": NOW}
    came = online.Told(provider_id="p-1", amount=begun.amount, **told)
    settling.settle(came, provider="yookassa", at=NOW)
    back = online.ToldRefund("r-1", "p-1", online.SUCCEEDED, Decimal("150.00"), None)
    settling.settle_refund(back, provider="yookassa", at=NOW)
    accountant, page = client(roles.ACCOUNTANT), reverse("office:refund_orders")
    assert "Возвращено лишнего" in text(accountant.get(reverse("admin:index")))
    assert [claim.amount for claim in accountant.get(page).context["claims"]] == [Decimal("50.00")]
    done = {"row": begun.pk, "action": "settled"}
    assert "Назовите документ" in text(accountant.post(page, {**done, "ground": " "}, follow=True))
    assert "Лишнее возвращено: 50,00 ₽" in text(accountant.post(page, {**done, "ground": "п/п 5"}, follow=True))
    assert accountant.get(page).context["claims"] == []


def test_the_order_of_a_refund_is_released_by_another_and_goes_to_the_bank(desk: Desk):
    make.agent()
    pay(desk, "100000.00", "bank")
    first, second = client(roles.ACCOUNTANT), client(roles.ACCOUNTANT)
    first.post(reverse("office:refund", args=[desk.account.pk]), {**APPLICATION, "agreed": "1"})
    order, page = RefundOrder.objects.get(), reverse("office:refund_orders")
    row = {"row": order.pk, "action": "release"}
    assert "ждёт второго сотрудника" in text(first.get(page))
    assert "другой сотрудник" in text(first.post(page, row, follow=True))
    assert "Выпущенных поручений на возврат нет" in text(first.get(reverse("office:refund_file"), follow=True))
    assert "Поручение выпущено" in text(second.post(page, row, follow=True))
    answer = second.get(reverse("office:refund_file"))
    assert answer["Content-Disposition"].endswith('.txt"') and BANK["bank_account"].encode() in answer.content
    assert second.get(reverse("office:refund_file") + "?form=pain001")["Content-Type"].startswith("application/xml")
    assert "поручений: 1" in text(second.post(page, {"action": "sent"}, follow=True))
    second.post(page, {"row": order.pk, "action": "reject", "ground": "счёт закрыт"})
    wrong = {"row": order.pk, "action": "resend", "recipient": "Климова Анна", "inn": "", **BANK}
    answer = second.post(page, {**wrong, "bik": "1"})
    assert answer.status_code == 422 and "БИК 1 неверен" in text(answer)
    assert "снова в очереди" in text(second.post(page, wrong, follow=True))
    assert second.post(page, {"action": "steal"}).status_code == 404
    assert client(roles.CASHIER).get(page).status_code == 403
