"""Registers: looked at, taken in, undone; layouts described and tried on a sample."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

import payments.operations
from payments.models import Payment, PaymentState, Register, RegisterLayout, RegisterState
from portals.office import roles
from tests.unit.payments.test_mapped_registers import sber

from . import desk as desks
from .desk import NOW, TODAY, Desk, client, text

pytestmark = pytest.mark.django_db
LOAD = "office:register"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def send(who: Any, content: bytes, **facts: str) -> Any:
    data = {"layout": "sberbank", "channel": "bank", "day": TODAY.isoformat(), **facts}
    return who.post(reverse(LOAD), {**data, "file": SimpleUploadedFile("r.txt", content)})


def dated(content: bytes) -> bytes:
    """The sample's day moved to the day of the desk."""
    return content.replace(b"04-11-2026", (TODAY - timedelta(days=1)).strftime("%d-%m-%Y").encode())


def test_a_register_is_looked_at_taken_in_and_undone(desk: Desk):
    accountant = client(roles.ACCOUNTANT)
    page = send(accountant, dated(sber(("1", desk.account.number, "100,00"), ("2", "560000001", "5,00"))))
    assert page.status_code == 200
    assert Payment.objects.filter(register__isnull=False).count() == 0
    assert "проверка, не записано" in text(page)
    page = accountant.post(reverse(LOAD), {"token": page.context["token"]})
    register = Register.objects.get(kind="register")
    assert (register.state, register.payments.count()) == (RegisterState.PARTIAL, 2)
    card = reverse("office:register_card", args=[register.pk])
    assert "контрольная цифра" in text(accountant.get(card))
    assert accountant.post(card, {"ground": ""}).status_code == 422
    accountant.post(card, {"ground": "не тот день"})
    register.refresh_from_db()
    assert register.state == RegisterState.UNDONE
    assert set(register.payments.values_list("state", flat=True)) == {PaymentState.REVERSED}


def test_the_sample_is_taken(desk: Desk):
    accountant = client(roles.ACCOUNTANT)
    page = send(accountant, accountant.get(reverse("office:register_sample")).content)
    assert page.status_code == 200, text(page)
    assert page.context["summary"].sums["held"][0] == 1


def test_another_file_is_refused_on_the_page(desk: Desk):
    page = send(client(roles.ACCOUNTANT), b"1;2;3")
    assert page.status_code == 422
    assert "Это не реестр формата" in text(page)
    assert Register.objects.filter(kind="register").count() == 0


def test_only_who_may_load_and_undo(desk: Desk):
    assert client(roles.OPERATOR).get(reverse(LOAD)).status_code == 403


def test_a_layout_is_described_and_tried(desk: Desk):
    accountant = client(roles.ACCOUNTANT)
    add = reverse("admin:payments_registerlayout_add")
    form = accountant.get(f"{add}?known=billdirect").context["adminform"].form
    typed = {name: form[name].value() for name in form.fields if not isinstance(form[name].value(), bool | None)}
    wrong = accountant.post(add, {**typed, "amount_at": "9"})
    assert "В строке всего 5 полей" in text(wrong)
    assert accountant.post(add, typed).status_code == 302
    layout = RegisterLayout.objects.get()
    assert (layout.pk, layout.is_active) == ("billdirect-2", False)
    trial = reverse("office:layout_trial", args=[layout.pk])
    content = f"05112026;{desk.account.number};1;10.50;A1\n=;1;10.50".encode()
    bad = accountant.post(trial, {"file": SimpleUploadedFile("b.txt", content[:-9])})
    assert (bad.status_code, "оборван" in text(bad)) == (422, True)
    good = accountant.post(trial, {"file": SimpleUploadedFile("b.txt", content)})
    assert "формат действует" in text(good)
    layout.refresh_from_db()
    assert layout.is_active
    assert Payment.objects.filter(external_id="A1").count() == 0


def test_the_banks_order_is_matched_to_its_register_and_parted_again(desk: Desk):
    accountant = client(roles.ACCOUNTANT)
    page = send(accountant, dated(sber(("1", desk.account.number, "100,00"))))
    accountant.post(reverse(LOAD), {"token": page.context["token"]})
    register = Register.objects.get(kind="register")
    order = payments.operations.record_payment(
        channel="bank", external_id="77", number="", amount=Decimal("95.00"), paid_on=TODAY, day=TODAY, today=TODAY,
        purpose="Перевод платежей по реестру",
    )  # fmt: skip
    queue = reverse("office:unidentified")
    hints = accountant.get(queue)
    assert f"№ {register.pk}" in text(hints) and "меньше на" in text(hints)
    address = reverse("office:reconcile", args=[order.pk])
    refused = accountant.post(address, {"register_id": register.pk}, follow=True)
    assert "Объясните расхождение" in text(refused)
    assert accountant.post(address, {}, follow=True).redirect_chain[0][0] == queue
    assert client(roles.CASHIER).post(address, {"register_id": register.pk}).status_code == 403
    done = accountant.post(address, {"register_id": register.pk, "ground": "банк удержал за выписку"}, follow=True)
    assert "сверено" in text(done) and "банк удержал за выписку" in text(done)
    order.refresh_from_db()
    assert order.state == PaymentState.REVERSED
    card = reverse("office:register_card", args=[register.pk])
    assert "Назовите причину" in text(accountant.post(card, {"action": "unreconcile"}, follow=True))
    parted = accountant.post(card, {"action": "unreconcile", "ground": "не тот реестр"}, follow=True)
    assert "снова среди невыясненных" in text(parted)
    assert Payment.objects.get(state=PaymentState.UNIDENTIFIED).amount == order.amount


def test_a_register_with_wrong_totals_waits_on_its_page(desk: Desk):
    accountant = client(roles.ACCOUNTANT)
    page = send(accountant, dated(sber(("1", desk.account.number, "100,00"), count=2)))
    assert "Принять, несмотря на расхождение" in text(page)
    accountant.post(reverse(LOAD), {"token": page.context["token"]})
    register = Register.objects.get(kind="register")
    card = reverse("office:register_card", args=[register.pk])
    assert "объявлено строк 2, а в файле 1" in text(accountant.get(card))
    assert "ждёт решения" in text(accountant.get(reverse("office:unidentified")))
    assert client(roles.CASHIER).post(card, {"action": "accept"}).status_code == 403
    assert "принято 1" in text(accountant.post(card, {"action": "accept"}, follow=True))
    register.refresh_from_db()
    assert (register.state, register.payments.count()) == (RegisterState.ACCEPTED, 1)


def test_what_waits_of_one_register_is_a_group_and_is_assigned_at_once(desk: Desk):
    accountant, queue = client(roles.ACCOUNTANT), reverse("office:unidentified")
    page = send(accountant, dated(sber(*((str(n), "560000001", "1,00") for n in range(1, 18)))))
    accountant.post(reverse(LOAD), {"token": page.context["token"]})
    register = Register.objects.get(kind="register")
    page = accountant.get(queue)
    assert "17\u00a0платежей реестра" in text(page) or "17 платежей реестра" in text(page)
    assert page.context["rows"] == []
    looked = accountant.get(queue, {"register": register.pk})
    assert (len(looked.context["rows"]), looked.context["last"]) == (15, 2)
    facts = {"group": register.pk, "account": desk.account.number}
    assert "Укажите основание" in text(accountant.post(queue, facts, follow=True))
    assert register.payments.filter(state=PaymentState.UNIDENTIFIED).count() == 17
    done = accountant.post(queue, {**facts, "ground": "описка банка"}, follow=True)
    assert "платежей 17 на 17,00" in text(done)
    assert set(register.payments.values_list("state", "account")) == {(PaymentState.ALLOCATED, desk.account.pk)}
