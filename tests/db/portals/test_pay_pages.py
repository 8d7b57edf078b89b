"""Paying from the cabinet: three clicks, any sum, «в пути» at once, the QR readable, autopayment off in one click."""

import re
import subprocess
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
import zxingcpp
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate

import epd.operations
import payments.operations
from accounts.calendar import Month
from config import stand_ins
from payments.models import Autopayment, OnlinePayment, Payment, PaymentState
from payments.standins.yookassa import YooKassaStandIn
from portals import queries, tasks
from portals.models import AccountLink
from tests import make

from .test_access import client_of
from .test_resident_pages import text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(live_server, settings) -> Iterator[YooKassaStandIn]:
    stand_in = YooKassaStandIn(
        shop_id="1", secret_key="s", notify_url=f"{live_server.url}/payments/online/yookassa/", retry_seconds=0.05
    )
    stand_in.start()
    settings.YOOKASSA_SHOP_ID, settings.YOOKASSA_SECRET_KEY = "1", "s"
    settings.YOOKASSA_API_URL = f"{stand_in.address}/v3"
    settings.YOOKASSA_NETWORKS = ["127.0.0.1/32"]
    yield stand_in
    stand_in.stop()


@pytest.fixture
def flat():
    account = make.account()
    make.ink(account, make.contract(), 2, Month.of(localdate()).previous, "1000.00")
    return account


@pytest.fixture
def client(flat) -> Client:
    user = make.user()
    AccountLink.objects.create(user=user, account=flat)
    return client_of(user)


def press(client: Client, flat, page="pay", **fields):
    return client.post(
        reverse(f"resident:{page}", args=[flat.number]), {"key": str(uuid.uuid4()), "method": "card", **fields}
    )


def test_three_clicks_to_the_bank_and_in_transit_on_return(shop, client, flat):
    first = client.get(reverse("resident:account", args=[flat.number]))
    assert reverse("resident:pay", args=[flat.number]) in text(first)
    form = text(client.get(reverse("resident:pay", args=[flat.number])))
    assert 'value="1000,00"' in form
    shop.faults.lost = True
    paying = press(client, flat, amount="400,50")
    page = client.get(paying["Location"])
    row = OnlinePayment.objects.get()
    assert row.amount == Decimal("400.50") and page["Refresh"] == f"0; url={row.confirmation}"
    assert "Перейти к оплате" in text(page)
    back = shop.returns[row.provider_id]
    assert client.get(back.removeprefix("http://testserver")).status_code == 302
    assert "В пути" in text(client.get(paying["Location"]))
    bill = queries.bill(flat.pk, on=localdate())
    assert (bill.total, bill.in_transit) == (Decimal("599.50"), Decimal("400.50"))
    assert "в пути" in text(client.get(reverse("resident:account", args=[flat.number])))
    assert "Что с ним" in text(client.get(reverse("resident:payments", args=[flat.number])))
    shop.pay(row.provider_id)
    row.asked_at = None
    row.save(update_fields=["asked_at"])
    assert "Деньги уже на вашем счёте" in text(client.get(paying["Location"], headers={"HX-Request": "true"}))
    bill = queries.bill(flat.pk, on=localdate())
    assert (bill.total, bill.in_transit) == (Decimal("599.50"), Decimal("0.00"))


def test_the_qr_says_where_to_pay(shop, client, flat):
    page = text(client.get(press(client, flat, amount="1000", method="sbp")["Location"]))
    row = OnlinePayment.objects.get()
    from PIL import Image, ImageDraw

    path = re.search(r'<svg[^>]*viewBox="0 0 (\d+) \d+".*?<path[^>]*d="([^"]+)"', page, re.S)
    assert path is not None
    side = int(path[1])
    picture = Image.new("L", (side * 8, side * 8), 255)
    pen, x, y = ImageDraw.Draw(picture), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[2]):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            pen.rectangle([x * 8, (y - 0.5) * 8, (x + values[0]) * 8 - 1, (y + 0.5) * 8 - 1], fill=0)
            x += values[0]
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [row.confirmation]


@pytest.mark.parametrize("amount", ["", "0", "-5", "сто", "0,001", "99999999999999", "1e5"])
def test_a_sum_that_cannot_be_stays_in_the_form_with_a_word(shop, client, flat, amount):
    page = press(client, flat, amount=amount)
    assert page.status_code == 422 and "field__error" in text(page)
    assert OnlinePayment.objects.count() == 0 and shop.payments == {}


def test_a_silent_provider_is_told_of_and_nothing_typed_is_lost(shop, client, flat):
    shop.is_down = True
    page = press(client, flat, amount="12,34")
    assert page.status_code == 422
    assert "Деньги не списаны" in text(page) and 'value="12,34"' in text(page)


def test_a_strangers_payment_is_a_404(shop, client, flat):
    begun = press(client, flat, amount="10")["Location"]
    stranger = client_of(make.user())
    assert stranger.get(begun).status_code == 404 and stranger.get(f"{begun}back/").status_code == 404
    assert press(stranger, flat, amount="10").status_code == 404
    assert press(stranger, flat, page="autopay-off").status_code == 404


def test_without_a_provider_the_cabinet_does_not_offer_to_pay(client, flat):
    assert "resident:pay" not in text(client.get(reverse("resident:account", args=[flat.number])))
    assert "пока не подключена" in text(client.get(reverse("resident:pay", args=[flat.number])))
    assert press(client, flat, amount="10").status_code == 422


def test_what_failed_is_told_and_is_no_money(shop, client, flat):
    begun = press(client, flat, amount="10")["Location"]
    row = OnlinePayment.objects.get()
    requests.post(f"{row.confirmation}/no", timeout=10, allow_redirects=False)
    shop.waiting.join()
    assert "Не состоялся" in text(client.get(begun))
    page = text(client.get(reverse("resident:account", args=[flat.number])))
    assert "Платёж 10,00 ₽ не состоялся" in page
    assert queries.bill(flat.pk, on=localdate()).total == Decimal("1000.00")


def test_autopayment_from_consent_to_off(shop, client, flat, monkeypatch):
    page = press(client, flat, page="autopay", amount="100", limit="2000")
    assert page.status_code == 422 and "Без согласия" in text(page)
    press(client, flat, page="autopay", amount="100", limit="2000", consent="on")
    shop.pay(OnlinePayment.objects.get().provider_id)
    shop.waiting.join()
    told = text(client.get(reverse("resident:autopay", args=[flat.number])))
    assert "Включён" in told and "2 000,00 ₽ за раз" in told

    class Document:
        number, issued_at = "ПД-1", timezone.now()

    monkeypatch.setattr(queries, "last_documents", lambda pks: {})
    tasks.charge_autopayments()
    assert Payment.objects.count() == 1
    due = queries.DueAutopayment(Autopayment.objects.get().pk, Document.number, Decimal("900.00"))
    monkeypatch.setattr(queries, "due_autopayments", lambda on: iter([due]))
    tasks.charge_autopayments()
    tasks.charge_autopayments()
    shop.waiting.join()
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [Decimal("100.00"), Decimal("900.00")]
    press(client, flat, page="autopay-off")
    assert Autopayment.objects.get().state == "stopped"
    assert "Выключен" in text(client.get(reverse("resident:autopay", args=[flat.number])))


def test_a_new_document_is_charged_by_itself_once(shop, client, flat):
    """The demonstration's own rounds, over a document issued as every other one is."""
    make.agent()
    press(client, flat, page="autopay", amount="100", limit="2000", consent="on")
    shop.pay(OnlinePayment.objects.get().provider_id)
    shop.waiting.join()
    stand_ins.rounds()
    assert Payment.objects.count() == 1  # no document is younger than the consent
    month = Month.of(localdate()).previous
    assert epd.operations.issue_month(month=month, day=localdate(), account_ids=[flat.pk]) == 1
    document = queries.last_documents([flat.pk])[flat.pk]
    for _ in range(2):
        stand_ins.rounds()
        shop.waiting.join()
        assert [(row.amount, row.state) for row in Payment.objects.order_by("pk")] == [
            (Decimal("100.00"), PaymentState.ALLOCATED), (Decimal("900.00"), PaymentState.ALLOCATED),
        ]  # fmt: skip
        assert queries.bill(flat.pk, on=localdate()).total == Decimal("0.00")
    assert OnlinePayment.objects.filter(document=document.number).count() == 1
    assert len(shop.payments) == 2


def test_the_worker_of_a_demonstration_is_told_where_the_stand_ins_are(tmp_path, monkeypatch):
    monkeypatch.setenv("DEV_SERVING", str(tmp_path / "serving"))
    stand_ins.tell_worker({"YOOKASSA_API_URL": "http://127.0.0.1:1/v3", "ATOL_LOGIN": "с пробелом"})
    script = f'set -a; . "{tmp_path}/serving.env"; printenv YOOKASSA_API_URL ATOL_LOGIN'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == "http://127.0.0.1:1/v3\nс пробелом\n"


def test_who_removes_the_account_is_charged_no_more(shop, client, flat):
    press(client, flat, page="autopay", amount="100", limit="2000", consent="on")
    shop.pay(OnlinePayment.objects.get().provider_id)
    shop.waiting.join()
    client.post(reverse("resident:remove", args=[flat.number]))
    tasks.charge_autopayments()
    assert Autopayment.objects.get().stopped_because == "счёт убран из кабинета"
    assert payments.operations.charge_autopayment(
        autopayment_id=Autopayment.objects.get().pk, document="1", amount=Decimal("5.00"), at=timezone.now()
    ) is None  # fmt: skip


def test_the_cabinet_offers_to_pay_what_a_closed_account_owes_and_nothing_when_it_owes_nothing(shop, flat, client):
    flat.closed_on = localdate()
    flat.save(update_fields=["closed_on"])
    pay = reverse("resident:pay", args=[flat.number])
    pages = [reverse(f"resident:{name}", args=[flat.number]) for name in ("account", "payments")]
    for page in pages:
        assert pay in client.get(page).content.decode()
    assert reverse("resident:autopay", args=[flat.number]) not in client.get(pages[0]).content.decode()
    press(client, flat, amount="1000,00", method="card")
    shop.pay(OnlinePayment.objects.get().provider_id)
    shop.waiting.join()
    assert Payment.objects.get().state == PaymentState.ALLOCATED
    for page in pages:
        assert pay not in client.get(page).content.decode()
