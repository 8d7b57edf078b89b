"""Paying on line, over real HTTP: our client against the provider's stand-in, its notifications against our server."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from django.db import connection
from django.utils import timezone
from django.utils.timezone import localdate

from accounts.calendar import Month
from payments import lawful, online, operations, queries, refund_queries
from payments.models import (
    Allocation,
    Autopayment,
    Channel,
    FiscalKind,
    FiscalReceipt,
    OnlinePayment,
    OnlineRefund,
    OnlineState,
    Payment,
    PaymentState,
    Reversal,
)
from payments.operations import AutopaymentRefused, PaymentConflict, PaymentRefused
from payments.operations import online as in_line
from payments.standins.yookassa import YooKassaStandIn
from tests import make
from tests.db.payments.test_returns import payee

pytestmark = pytest.mark.django_db(transaction=True)

SUM = Decimal("750.00")


@pytest.fixture
def shop(live_server, settings) -> Iterator[YooKassaStandIn]:
    stand_in = YooKassaStandIn(
        shop_id="100500", secret_key="test_secret", notify_url=f"{live_server.url}/payments/online/yookassa/",
        retry_seconds=0.05,
    )  # fmt: skip
    stand_in.start()
    settings.YOOKASSA_SHOP_ID, settings.YOOKASSA_SECRET_KEY = "100500", "test_secret"
    settings.YOOKASSA_API_URL = f"{stand_in.address}/v3"
    settings.YOOKASSA_NETWORKS = ["127.0.0.1/32"]
    yield stand_in
    stand_in.stop()


@pytest.fixture
def flat():
    account = make.account()
    contract = make.contract()
    make.ink(account, contract, 2, Month.of(localdate()).previous, "1000.00")
    return account


@pytest.fixture
def user():
    return make.user()


def begin(account, user, *, amount=SUM, method="card", key=None, limit=None) -> OnlinePayment:
    return operations.begin_payment(
        key=key or uuid.uuid4(), account_id=account.pk, user=user, amount=amount, method=method,
        return_url="http://testserver/back", at=timezone.now(), autopay_limit=limit,
    )  # fmt: skip


def delivered(shop: YooKassaStandIn) -> list[tuple[str, int]]:
    shop.waiting.join()
    return shop.sent


def owed(account) -> Decimal:
    return queries.balance(account_id=account.pk, on=localdate() + timedelta(days=1))


def written():
    return (
        Payment.objects.count(), Allocation.objects.count(), Reversal.objects.count(), FiscalReceipt.objects.count(),
        list(OnlinePayment.objects.order_by("pk").values_list("state", flat=True)),
    )  # fmt: skip


def later(**gap):
    return timezone.now() + timedelta(**gap)


# --- the usual way ---------------------------------------------------------------------------------------------------


def test_a_payment_by_card_is_allocated_by_its_notification(shop, flat, user):
    row = begin(flat, user)
    assert row.state == OnlineState.WAITING and row.confirmation == f"{shop.address}/pay/{row.provider_id}"
    assert Payment.objects.count() == 0 and owed(flat) == Decimal("1000.00")
    answer = requests.post(f"{row.confirmation}/yes", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://testserver/back")
    assert delivered(shop) == [("payment.succeeded", 200)]
    payment = Payment.objects.get()
    assert (payment.channel_id, payment.external_id) == ("online", row.provider_id)
    assert (payment.amount, payment.state, payment.paid_on) == (SUM, PaymentState.ALLOCATED, localdate())
    row.refresh_from_db()
    assert (row.state, row.payment) == (OnlineState.SUCCEEDED, payment)
    assert owed(flat) == Decimal("250.00")


def test_a_qr_of_sbp_is_paid_from_the_phone(shop, flat, user):
    row = begin(flat, user, method="sbp")
    assert row.confirmation.startswith("http")
    requests.post(f"{row.confirmation}/yes", timeout=10)
    delivered(shop)
    assert owed(flat) == Decimal("250.00")


def test_the_second_press_of_the_button_begins_nothing_new(shop, flat, user):
    key = uuid.uuid4()
    first, again = begin(flat, user, key=key), begin(flat, user, key=key)
    assert first.pk == again.pk and len(shop.payments) == 1
    with pytest.raises(PaymentConflict, match="уже начат платёж на 750,00 ₽"):
        begin(flat, user, key=key, amount=Decimal("800.00"))
    assert len(shop.payments) == 1 and OnlinePayment.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0.50", "от 1,00 ₽"), ("10000000.01", "заплатить до 10"), ("10.001", "рубли и копейки"), ("NaN", "рубли")],
)
def test_an_impossible_sum_is_refused_before_the_provider_is_asked(shop, flat, user, amount, words):
    with pytest.raises(PaymentRefused, match=words):
        begin(flat, user, amount=Decimal(amount))
    assert shop.payments == {} and OnlinePayment.objects.count() == 0


def test_money_on_hold_is_in_transit_and_is_taken(shop, flat, user):
    shop.faults.held = True
    row = begin(flat, user)
    shop.pay(row.provider_id)
    assert ("payment.waiting_for_capture", 200) in delivered(shop)
    assert shop.payments[row.provider_id]["status"] == "succeeded"
    assert owed(flat) == Decimal("250.00") and Payment.objects.count() == 1


def test_who_comes_back_is_in_transit_until_the_bank_answers(shop, flat, user):
    row = operations.payer_returned(online_id=begin(flat, user).pk, at=timezone.now())
    assert row.state == OnlineState.IN_TRANSIT
    shop.decline(row.provider_id, "insufficient_funds")
    delivered(shop)
    row.refresh_from_db()
    assert (row.state, row.ended_because) == (OnlineState.CANCELLED, "на карте не хватило денег")
    assert Payment.objects.count() == 0


# --- notifications that misbehave ------------------------------------------------------------------------------------


def test_a_lost_notification_is_made_good_by_the_return_of_the_payer(shop, flat, user):
    shop.faults.lost = True
    row = begin(flat, user)
    shop.pay(row.provider_id)
    assert operations.payer_returned(online_id=row.pk, at=timezone.now()).state == OnlineState.SUCCEEDED
    assert owed(flat) == Decimal("250.00")


def test_a_lost_notification_is_made_good_by_the_job(shop, flat, user):
    shop.faults.lost = True
    row = begin(flat, user)
    shop.pay(row.provider_id)
    asked = operations.ask_undecided(at=later(minutes=1))
    assert (asked.asked, asked.undecided, asked.is_down) == (1, 0, False)
    assert operations.ask_undecided(at=later(minutes=2)).asked == 0
    row.refresh_from_db()
    assert row.state == OnlineState.SUCCEEDED and owed(flat) == Decimal("250.00")


def test_a_repeated_notification_brings_the_money_once(shop, flat, user):
    shop.faults.repeated = True
    shop.pay(begin(flat, user).provider_id)
    assert delivered(shop) == [("payment.succeeded", 200)] * 3
    assert Payment.objects.count() == 1 and owed(flat) == Decimal("250.00")


def test_two_notifications_at_the_same_moment_bring_the_money_once(shop, flat, user):
    from concurrent.futures import ThreadPoolExecutor

    shop.faults.lost = True
    row = begin(flat, user)
    shop.pay(row.provider_id)
    told = shop.payments[row.provider_id]
    with ThreadPoolExecutor(8) as crew:
        codes = list(crew.map(lambda _: shop.post("payment.succeeded", told), range(8)))
    assert codes == [200] * 8
    assert Payment.objects.count() == 1 and owed(flat) == Decimal("250.00")


def test_an_old_notification_after_a_new_one_changes_nothing(shop, flat, user):
    shop.faults.out_of_order = True
    row = begin(flat, user)
    shop.pay(row.provider_id)
    assert [event for event, _ in delivered(shop)] == [
        "payment.succeeded", "payment.waiting_for_capture", "payment.canceled"
    ]  # fmt: skip
    row.refresh_from_db()
    assert row.state == OnlineState.SUCCEEDED and owed(flat) == Decimal("250.00")


def test_a_forged_notification_from_the_right_network_is_not_believed(shop, flat, user):
    shop.faults.forged = True
    row = begin(flat, user)
    before = written()
    shop.pay(row.provider_id)
    assert delivered(shop) == [("payment.succeeded", 200)]  # theirs, perhaps: they were asked, and nothing was paid
    assert written() == before and owed(flat) == Decimal("1000.00")


def test_a_notification_from_elsewhere_is_refused_without_asking_anybody(shop, flat, user, settings):
    row = begin(flat, user)
    shop.faults.lost = True
    shop.pay(row.provider_id)
    settings.YOOKASSA_NETWORKS = []  # those of the provider: a loopback address is none of them
    before = written()
    assert shop.post("payment.succeeded", shop.payments[row.provider_id]) == 403
    assert written() == before


SENSELESS = [
    b"", b"{}", b"[]", b"null", b'"x"', b"{" * 20_000, b"\xff\xfe", b'{"event":"payment.succeeded","object":{}}',
    b'{"event":"payment.succeeded","object":{"id":"../../v3/refunds"}}',
    b'{"event":"deal.closed","object":{"id":"2f3b588d-000f-5000-8000-1d6e87c7fbde"}}',
    b'{"event":"payment.succeeded","object":{"id":"2f3b588d-000f-5000-8000-1d6e87c7fbde"}}',
    b'{"event":"refund.succeeded","object":{"id":"2f3b588d-000f-5000-8000-1d6e87c7fbde"}}',
]  # fmt: skip


def test_a_senseless_notification_is_refused(shop, client):
    for body in SENSELESS:
        answer = client.post("/payments/online/yookassa/", body, content_type="application/json")
        assert answer.status_code == 403, body[:80]
    assert written() == (0, 0, 0, 0, [])


def test_a_notification_may_come_before_the_provider_answered_us(shop, flat, user):
    consent = switched_on(shop, flat, user)
    shop.faults.early = True
    row = operations.charge_autopayment(
        autopayment_id=consent.pk, document="Д-1", amount=Decimal("200.00"), at=timezone.now()
    )
    assert shop.sent[-1] == ("payment.succeeded", 200)
    row.refresh_from_db()
    assert row.state == OnlineState.SUCCEEDED
    assert Payment.objects.filter(external_id=row.provider_id).count() == 1
    assert owed(flat) == Decimal("50.00")


def test_the_database_gone_for_a_moment_loses_nothing(shop, flat, user, monkeypatch):
    failures = iter([True, True])
    real = in_line.make_receipts

    def gone(payment_ids, *, at):  # the money is recorded and allocated by now, nothing of it is committed
        if next(failures, False):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(payment_ids, at=at)

    monkeypatch.setattr(in_line, "make_receipts", gone)
    row = begin(flat, user)
    shop.pay(row.provider_id)
    assert [code for _, code in delivered(shop)] == [500, 500, 200]
    assert Payment.objects.count() == 1 and owed(flat) == Decimal("250.00")


def test_a_silent_provider_leaves_the_payment_in_transit(shop, flat, user):
    row = operations.payer_returned(online_id=begin(flat, user).pk, at=timezone.now())
    shop.is_down = True
    shop.pay(row.provider_id)  # our question fails: they are told to repeat, until their service is up
    assert operations.ask_undecided(at=later(minutes=1)).is_down
    row.refresh_from_db()
    assert row.state == OnlineState.IN_TRANSIT and Payment.objects.count() == 0
    shop.is_down = False
    delivered(shop)
    operations.ask_undecided(at=later(minutes=2))
    assert owed(flat) == Decimal("250.00")


def test_a_payment_the_provider_never_heard_of_is_given_up(shop, flat, user):
    shop.is_down = True
    with pytest.raises(online.ProviderDown, match="Деньги не списаны"):
        begin(flat, user)
    shop.is_down = False
    operations.ask_undecided(at=later(minutes=5))
    assert OnlinePayment.objects.get().state == OnlineState.BEGUN
    operations.ask_undecided(at=later(minutes=61))
    assert OnlinePayment.objects.get().state == OnlineState.CANCELLED


def test_another_sum_than_was_begun_waits_for_a_person(shop, flat, user):
    row = begin(flat, user)
    shop.payments[row.provider_id]["amount"]["value"] = "7.50"
    shop.pay(row.provider_id)
    delivered(shop)
    payment = Payment.objects.get()
    assert (payment.state, payment.amount) == (PaymentState.UNIDENTIFIED, Decimal("7.50"))
    assert "получил 7,50 ₽, а на сайте начат платёж на 750,00 ₽" in payment.held_because


def test_money_of_another_shop_is_not_ours(shop, flat, user):
    row = begin(flat, user)
    shop.payments[row.provider_id]["recipient"]["account_id"] = "999"
    before = written()
    shop.pay(row.provider_id)
    shop.faults.lost = True
    assert shop.post("payment.succeeded", shop.payments[row.provider_id]) == 403
    assert written() == before


def test_money_that_was_not_begun_here_waits_for_its_owner(shop, flat, user):
    row = begin(flat, user)
    strange = str(uuid.uuid4())
    shop.payments[strange] = {**shop.payments[row.provider_id], "id": strange, "metadata": {}}
    shop.pay(strange)
    delivered(shop)
    payment = Payment.objects.get()
    assert payment.state == PaymentState.UNIDENTIFIED and "начатый не на сайте" in payment.held_because


@pytest.fixture
def closed(flat):
    flat.closed_on = localdate() - timedelta(days=1)
    flat.save(update_fields=["closed_on"])
    return flat


def test_the_debt_of_a_closed_account_is_paid_by_its_notification_with_a_receipt(shop, closed, user):
    Channel.objects.filter(pk="online").update(receipts_from=localdate())
    shop.pay(begin(closed, user).provider_id)
    assert delivered(shop) == [("payment.succeeded", 200)]
    payment = Payment.objects.get()
    assert (payment.state, payment.account_id, payment.amount) == (PaymentState.ALLOCATED, closed.pk, SUM)
    assert list(Allocation.objects.values_list("account_id", "part", "amount")) == [(closed.pk, 1, SUM)]
    assert FiscalReceipt.objects.filter(payment=payment, kind=FiscalKind.SELL, amount=SUM).count() == 1
    assert owed(closed) == Decimal("250.00")


def test_a_closed_account_takes_no_more_than_its_debt_and_no_autopayment(shop, closed, user):
    with pytest.raises(PaymentRefused, match=r"Принять можно только долг, 1\s000,00 ₽, а вносят 1\s000,01 ₽"):
        begin(closed, user, amount=Decimal("1000.01"))
    with pytest.raises(AutopaymentRefused, match="Счёт закрыт"):
        begin(closed, user, limit=Decimal("300.00"))
    assert (shop.payments, OnlinePayment.objects.count()) == ({}, 0)


def test_what_came_for_a_closed_account_when_its_debt_was_paid_already_waits_for_a_person(shop, closed, user):
    first, second = begin(closed, user), begin(closed, user)
    shop.pay(first.provider_id)
    delivered(shop)
    shop.pay(second.provider_id)
    delivered(shop)
    states = Payment.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [PaymentState.ALLOCATED, PaymentState.UNIDENTIFIED]
    assert owed(closed) == Decimal("250.00")


# --- money back ------------------------------------------------------------------------------------------------------


def paid(shop, flat, user) -> Payment:
    shop.pay(begin(flat, user).provider_id)
    delivered(shop)
    return Payment.objects.get()


def refunded_by_hand(shop, payment, amount):
    """In the provider's own cabinet."""
    answer = requests.post(
        f"{shop.address}/v3/refunds", auth=("100500", "test_secret"), headers={"Idempotence-Key": "by-hand"},
        json={"payment_id": payment.external_id, "amount": {"value": amount, "currency": "RUB"}}, timeout=10,
    )  # fmt: skip
    assert answer.status_code == 200
    delivered(shop)


def test_a_refund_goes_back_once_and_the_payment_is_mirrored(shop, flat, user):
    payment = paid(shop, flat, user)
    shop.faults.repeated = True
    refund = operations.refund_payment(payment_id=payment.pk, reason="ошибка", by=make.user(), at=timezone.now())
    assert [code for _, code in delivered(shop)] == [200, 200, 200, 200]
    refund.refresh_from_db()
    payment.refresh_from_db()
    assert refund.state == "succeeded" and payment.state == PaymentState.REVERSED and payment.reversal.is_refund
    assert owed(flat) == Decimal("1000.00") and len(shop.refunds) == 1
    with pytest.raises(PaymentRefused, match="возвращать нечего"):
        operations.refund_payment(payment_id=payment.pk, reason="ещё раз", by=make.user(), at=timezone.now())


def test_a_refund_is_sent_again_when_the_provider_was_silent(shop, flat, user):
    payment = paid(shop, flat, user)
    shop.is_down = True
    with pytest.raises(online.ProviderDown):
        operations.refund_payment(payment_id=payment.pk, reason="ошибка", by=make.user(), at=timezone.now())
    shop.is_down = False
    operations.ask_undecided(at=later(minutes=1))
    delivered(shop)
    assert OnlineRefund.objects.get().state == "succeeded" and len(shop.refunds) == 1
    assert owed(flat) == Decimal("1000.00")


def test_a_refund_in_part_from_the_providers_cabinet_leaves_the_rest_with_its_value_date(shop, flat, user):
    payment = paid(shop, flat, user)
    refunded_by_hand(shop, payment, "250.00")
    payment.refresh_from_db()
    rest = payment.reversal.replaced_by
    assert (payment.state, rest.amount, rest.paid_on) == (PaymentState.REVERSED, Decimal("500.00"), payment.paid_on)
    assert owed(flat) == Decimal("500.00") and OnlineRefund.objects.get().amount == Decimal("250.00")


def test_what_the_provider_gave_back_above_the_rest_is_a_claim_until_it_is_returned(shop, flat, user):
    """150 went back on application, then the provider gave back the whole: 150 of it stand nowhere in the books."""
    shop.pay(begin(flat, user, amount=Decimal("1150.00")).provider_id)
    delivered(shop)
    payment, today, clerk = Payment.objects.get(), localdate(), make.user()
    operations.refund_advance(
        account_id=flat.pk, amount=Decimal("150.00"), number="17", applied_on=today, requisites=payee(),
        day=today, by=clerk,
    )  # fmt: skip
    assert refund_queries.refund_claims() == []
    refunded_by_hand(shop, payment, "1150.00")
    assert shop.sent[-1] == ("refund.succeeded", 200)
    assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.REVERSED}
    assert owed(flat) == Decimal("1000.00")
    (claim,) = refund_queries.refund_claims()
    assert (claim.refunded, claim.mirrored, claim.amount) == (Decimal("1150.00"), Decimal("1000.00"), Decimal("150.00"))
    (told,) = lawful.online_astray(None)
    assert "вернули больше, чем получили. Требование к плательщику 150,00 ₽ открыто" in told
    with pytest.raises(PaymentRefused, match="Назовите документ"):
        operations.settle_claim(online_id=claim.online_id, ground=" ", by=clerk)
    assert operations.settle_claim(online_id=claim.online_id, ground="п/п 5", by=clerk) == Decimal("150.00")
    assert refund_queries.refund_claims() == [] and list(lawful.online_astray(None)) == []
    with pytest.raises(PaymentRefused, match="уже погашено"):
        operations.settle_claim(online_id=claim.online_id, ground="п/п 5", by=clerk)


def test_money_on_another_account_goes_back_by_the_provider_alone(shop, flat, user):
    payment, clerk = paid(shop, flat, user), make.user()
    moved = operations.move_payment(
        payment_id=payment.pk, account_id=make.account().pk, day=localdate(), reason="не тот счёт", by=clerk
    )
    before = written()
    with pytest.raises(PaymentRefused, match="Вернуть деньги плательщику"):
        operations.reverse_payment(
            payment_id=moved.pk, day=localdate(), reason="ошибка", by=clerk, refund=True, requisites=payee()
        )
    assert written() == before and shop.refunds == {}
    operations.refund_payment(payment_id=payment.pk, reason="ошибка", by=clerk, at=timezone.now())
    moved.refresh_from_db()
    assert moved.state == PaymentState.REVERSED and moved.reversal.is_refund and len(shop.refunds) == 1
    assert list(lawful.online_astray(None)) == []


def test_verify_is_green_again_when_more_than_was_paid_has_come_back(shop, flat, user):
    """Told of once more than the payment held: red with the claim's name while it is open, green when it is settled."""
    payment, clerk = paid(shop, flat, user), make.user()
    refunded_by_hand(shop, payment, "750.00")
    row = OnlinePayment.objects.get()
    OnlineRefund.objects.create(
        online=row, provider_id="лишний", amount=Decimal("50.00"), begun_at=timezone.now(), state="succeeded",
        reason="Возврат оформлен в кабинете платёжного сервиса",
    )  # fmt: skip
    (told,) = lawful.online_astray(None)
    assert f"счёт {flat.number} · сервис вернул 800,00 ₽, сторнировано 750,00 ₽" in told
    assert operations.settle_claim(online_id=row.pk, ground="п/п 6", by=clerk) == Decimal("50.00")
    assert list(lawful.online_astray(None)) == []


# --- autopayment -----------------------------------------------------------------------------------------------------


def switched_on(shop, flat, user, limit="300.00") -> Autopayment:
    shop.pay(begin(flat, user, limit=Decimal(limit)).provider_id)
    delivered(shop)
    return Autopayment.objects.exclude(state="stopped").get()


def test_consent_and_the_first_payment_switch_autopayment_on(shop, flat, user):
    consent = switched_on(shop, flat, user)
    assert (consent.state, consent.limit, consent.method_title) == ("active", Decimal("300.00"), "Bank card *4444")
    with pytest.raises(AutopaymentRefused, match="уже включён"):
        begin(flat, user, limit=Decimal("100.00"))


def test_a_document_is_charged_once_and_never_above_the_limit(shop, flat, user):
    consent = switched_on(shop, flat, user)
    told = {"autopayment_id": consent.pk, "document": "Д-1", "at": timezone.now()}
    assert operations.charge_autopayment(amount=Decimal("300.01"), **told) is None
    consent.refresh_from_db()
    assert "больше вашего предела 300,00 ₽, не списано" in consent.last_words
    assert operations.charge_autopayment(amount=Decimal("200.00"), **told).state == OnlineState.SUCCEEDED
    assert operations.charge_autopayment(amount=Decimal("200.00"), **told) is None
    delivered(shop)
    assert owed(flat) == Decimal("50.00") and Payment.objects.count() == 2


def test_a_charge_that_failed_is_told_and_is_no_debt_paid(shop, flat, user):
    consent = switched_on(shop, flat, user)
    shop.faults.poor = True
    told = {"autopayment_id": consent.pk, "document": "Д-1", "at": timezone.now()}
    assert operations.charge_autopayment(amount=Decimal("200.00"), **told).state == OnlineState.CANCELLED
    consent.refresh_from_db()
    assert "списать 200,00 ₽ не удалось, на карте не хватило денег" in consent.last_words
    assert owed(flat) == Decimal("250.00")


def test_a_charge_killed_before_the_answer_is_finished_by_the_job_once(shop, flat, user):
    consent = switched_on(shop, flat, user)
    shop.is_down = True
    told = {"autopayment_id": consent.pk, "document": "Д-1", "at": timezone.now()}
    assert operations.charge_autopayment(amount=Decimal("200.00"), **told).state == OnlineState.BEGUN
    shop.is_down = False
    operations.ask_undecided(at=later(minutes=1))
    operations.ask_undecided(at=later(minutes=2))
    delivered(shop)
    assert owed(flat) == Decimal("50.00") and Payment.objects.count() == 2


def test_autopayment_is_off_in_one_click(shop, flat, user):
    consent = switched_on(shop, flat, user)
    operations.stop_autopayment(autopayment_id=consent.pk, by=user, at=timezone.now())
    told = {"autopayment_id": consent.pk, "document": "Д-1", "at": timezone.now()}
    assert operations.charge_autopayment(amount=Decimal("200.00"), **told) is None
    consent.refresh_from_db()
    assert consent.state == "stopped" and Payment.objects.count() == 1
