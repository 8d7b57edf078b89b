"""What a cashier may take back, what he is asked about, and how his shift counts it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from payments.models import CashReceipt, Payment, Reversal
from portals.office import roles
from tests.db.portals import desk as desks
from tests.db.portals.desk import NOW, TODAY, Desk, client, text, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def till(desk: Desk) -> str:
    return f"{reverse('office:cash_desk')}?a={desk.account.pk}"


def hand_over(cashier: Client, desk: Desk, amount: str, **typed: str) -> Any:
    form = cashier.get(till(desk)).context["form"]
    data = {"key": form["key"].value(), "office": str(desk.office.pk), f"amount_{desk.account.pk}": amount, **typed}
    return cashier.post(till(desk), data)


def test_a_cashier_reverses_no_payment_of_the_bank_nor_of_another_day(desk: Desk):
    payment, cashier = desks.pay(desk, "150.00"), client(roles.CASHIER)
    before = written()
    data = {"ground": "деньги возвращены", "refund": "on"}
    answer = cashier.post(reverse("office:reverse", args=[payment.pk]), data)
    assert (answer.status_code, written()) == (403, before)
    assert "нет права на эту страницу или это действие" in text(answer)
    assert "устарела" not in text(answer)
    assert "сторно" not in text(cashier.get(desk.card))


def test_a_cashier_cancels_his_own_receipt_and_nobody_elses(desk: Desk):
    mine, other = client(roles.CASHIER), client(roles.CASHIER)
    hand_over(mine, desk, "100")
    receipt = CashReceipt.objects.get()
    before = written()
    data = {"number": receipt.number, "ground": "ошибся счётом"}
    refused = other.post(reverse("office:cash_cancel"), data, follow=True)
    assert "выдал другой кассир" in text(refused)
    assert written() == before
    mine.post(reverse("office:cash_cancel"), data)
    assert Reversal.objects.get().payment == Payment.objects.get()


def test_the_shift_counts_no_cancelled_receipt_and_shows_what_was_returned(desk: Desk):
    cashier = client(roles.CASHIER)
    hand_over(cashier, desk, "100")
    asked = hand_over(cashier, desk, "250,50")
    hand_over(cashier, desk, "250,50", confirmed=asked.context["confirm"])
    number = CashReceipt.objects.order_by("-pk").first().number
    assert "Возвращено" not in text(cashier.get(till(desk)))
    cashier.post(reverse("office:cash_cancel"), {"number": number, "ground": "ошибся счётом"})
    page = text(cashier.get(till(desk)))
    assert "Наличными 100,00 ₽" in page
    assert "Квитанций 1 Возвращено 250,50 ₽, отменено квитанций: 1" in page


def test_a_sum_far_above_the_debt_is_asked_about_and_taken_when_confirmed(desk: Desk):
    cashier = client(roles.CASHIER)
    before = written()
    asked = hand_over(cashier, desk, "5000000", given="5100000")
    assert (asked.status_code, written()) == (422, before)
    assert "принимают 5 000 000,00 ₽, а долг 1 400,00 ₽" in text(asked)
    form = asked.context["form"]
    assert (form[f"amount_{desk.account.pk}"].value(), form["given"].value()) == ("5000000", "5100000")
    key = form["key"].value()
    changed = hand_over(cashier, desk, "6000000", key=key, confirmed=asked.context["confirm"])
    assert (changed.status_code, written()) == (422, before)  # another sum is asked about again
    hand_over(cashier, desk, "5000000", key=key, given="5100000", confirmed=asked.context["confirm"])
    assert CashReceipt.objects.get().amount == Decimal("5000000.00")


@pytest.mark.parametrize("amount", ["14000", "100000"])
def test_an_ordinary_advance_is_not_asked_about(desk: Desk, amount: str):
    hand_over(client(roles.CASHIER), desk, amount)
    assert CashReceipt.objects.get().amount == Decimal(amount)


def test_what_was_just_paid_is_asked_about_before_more_is_taken(desk: Desk):
    """Two cashiers have one account open: the second is told of the first's receipt, also an hour after his page."""
    one, two = client(roles.CASHIER), client(roles.CASHIER)
    shown = two.get(till(desk)).context["form"]
    hand_over(one, desk, "1000")
    first, before = CashReceipt.objects.get(), written()
    for minutes in (1, 70):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            asked = hand_over(two, desk, "1000", key=shown["key"].value(), shown=shown["shown"].value())
        assert (asked.status_code, written()) == (422, before)
        words = f"по этому счёту только что, в 10:00, принято 1 000,00 ₽, чек {first.number}. Принять ещё 1 000,00 ₽?"
        assert words in text(asked)
    hand_over(one, desk, "1", confirmed=asked.context["confirm"].replace("1000", "1"))
    data = {"key": shown["key"].value(), "shown": shown["shown"].value(), "confirmed": asked.context["confirm"]}
    assert hand_over(two, desk, "1000", **data).status_code == 422  # one more has come since he was asked
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert hand_over(two, desk, "1000").status_code == 302  # another payer, a new page: nothing to ask
    assert CashReceipt.objects.count() == 3


def test_money_without_a_debt_is_asked_about_once(desk: Desk):
    desks.pay(desk, "1400.00")
    cashier, before = client(roles.CASHIER), written()
    asked = hand_over(cashier, desk, "300")
    assert (asked.status_code, written()) == (422, before)
    assert "долга нет, все 300,00 ₽ уйдут в аванс" in text(asked)
    key = asked.context["form"]["key"].value()
    assert hand_over(cashier, desk, "300", key=key, confirmed=asked.context["confirm"]).status_code == 302
    again = text(cashier.get(till(desk)))
    assert "переплата 300,00 ₽" in again.replace("\u202f", " ") and "−300" not in again


def test_a_reading_of_a_future_day_is_refused_at_the_desk_in_words(desk: Desk):
    name, on = f"m{desk.meter.pk}", TODAY + timedelta(days=3)
    data = {"account": desk.account.pk, "meter": desk.meter.pk, f"{name}-on": on.isoformat(), f"{name}-zone_1": "118"}
    before = written()
    answer = client(roles.CASHIER).post(reverse("office:cash_reading"), data)
    assert written() == before
    errors = answer.context["form"].errors
    assert errors and all(error in text(answer) for found in errors.values() for error in found)
    assert f'name="{name}-on"' in answer.content.decode() and 'type="date"' in answer.content.decode()
