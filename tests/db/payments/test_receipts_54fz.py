"""Receipts of 54-ФЗ over real HTTP: a line per principal, nothing lost while the register is down, nothing twice."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.timezone import localdate

from accounts.calendar import Month
from accounts.models import AgencyContract
from billing.models import ChargeKind
from payments import fiscal, lawful, operations
from payments.models import Channel, FiscalReceipt, FiscalState, Payment, Reversal
from payments.operations import NoReceipt, PaymentRefused
from payments.operations.intake import mirror_payment
from payments.standins.atol import AtolStandIn
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(settings) -> Iterator[AtolStandIn]:
    stand_in = AtolStandIn(login="demo", password="secret", group="group-1")
    stand_in.start()
    settings.ATOL_LOGIN, settings.ATOL_PASSWORD, settings.ATOL_GROUP = "demo", "secret", "group-1"
    settings.ATOL_URL = f"{stand_in.address}/v4"
    settings.ATOL_EMAIL, settings.ATOL_PLACE = "kassa@test.example", "https://billing.test"
    make.agent()
    Channel.objects.filter(pk__in=["online", "cash"]).update(receipts_from=date(2026, 1, 1))
    yield stand_in
    stand_in.stop()


def pay(account, amount, *, channel="online", external_id="1", **facts) -> Payment:
    today = localdate()
    payment = operations.record_payment(
        channel=channel, external_id=external_id, number=account.number, amount=Decimal(amount), paid_on=today,
        day=today, today=today, **facts,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=today)
    operations.make_receipts([payment.pk], at=timezone.now())
    return payment


def debtor():
    """Owes 300 to a water company with VAT in its price, and 100 of housing and 5 of penalty to another."""
    account = make.account()
    water = make.contract(principal=make.organisation(short_name="Водоканал", phone="+73532111111"))
    home = make.contract(principal=make.organisation(short_name="УК Дом", phone="+73532222222"))
    make.tariff(water, 2, "40.00", vat_percent=Decimal("22.00"))
    month = Month.of(localdate()).previous
    make.ink(account, water, 2, month, "300.00")
    make.ink(account, home, 8, month, "100.00")
    make.ink(account, home, 8, month, "5.00", kind=ChargeKind.PENALTY)
    return account, water.principal, home.principal


def send(**gap):
    return operations.send_receipts(at=timezone.now() + timedelta(**gap))


def test_one_receipt_with_a_line_for_each_principal(register):
    account, water, home = debtor()
    pay(account, "500.00")
    assert send().sent == 1 and send(minutes=1).done == 1
    (printed,) = register.receipts.values()
    told = printed.contents["receipt"]
    lines = [
        (
            item["sum"], item["payment_method"], item["payment_object"], item["vat"]["type"],
            item.get("agent_info", {}).get("type"), item.get("supplier_info", {}).get("inn"),
            item.get("supplier_info", {}).get("phones"),
        )
        for item in told["items"]
    ]  # fmt: skip
    assert lines == [
        (Decimal("300.00"), "full_payment", "service", "vat22", "another", water.inn, ["+73532111111"]),
        (Decimal("100.00"), "full_payment", "service", "none", "another", home.inn, ["+73532222222"]),
        (Decimal("5.00"), "full_payment", "payment", "none", "another", home.inn, ["+73532222222"]),
        (Decimal("95.00"), "advance", "payment", "none", None, None, None),
    ]
    assert told["total"] == Decimal("500.00") and told["payments"] == [{"type": 1, "sum": Decimal("500.00")}]
    row = FiscalReceipt.objects.get()
    assert row.state == FiscalState.DONE and row.fiscal["fiscal_document_number"] == 1001


def test_a_payment_has_one_receipt_however_often_it_is_asked_for(register):
    account, _, _ = debtor()
    payment = pay(account, "10.00")
    assert operations.make_receipts([payment.pk], at=timezone.now()) == []
    assert FiscalReceipt.objects.count() == 1


def test_a_payment_taken_in_by_any_way_gets_its_receipt_from_the_job(register):
    account, _, _ = debtor()
    today = localdate()
    payment = operations.record_payment(
        channel="online", external_id="7", number=account.number, amount=Decimal("10.00"), paid_on=today, day=today,
        today=today,
    )  # fmt: skip
    operations.allocate_payment(payment.pk, day=today)
    moved = operations.move_payment(
        payment_id=pay(account, "20.00").pk, account_id=make.account().pk, day=today, reason="не тот", by=make.user()
    )
    assert operations.make_missing_receipts(at=timezone.now() + timedelta(minutes=5)) == 1
    assert operations.make_missing_receipts(at=timezone.now() + timedelta(minutes=5)) == 0
    assert FiscalReceipt.objects.get(payment=payment).amount == Decimal("10.00")
    assert not FiscalReceipt.objects.filter(payment=moved).exists()


def test_a_channel_without_receipts_gives_none(register):
    account, _, _ = debtor()
    pay(account, "10.00", channel="bank")
    assert FiscalReceipt.objects.count() == 0


def test_cash_is_told_as_cash_taken_by_a_payment_agent(register):
    account, _, _ = debtor()
    operations.take_cash(
        lines=[(account.pk, Decimal("300.00"))], given=None, office_id=make.office().pk, by=make.user(),
        on=localdate(),
    )  # fmt: skip
    assert send().sent == 1
    (printed,) = register.receipts.values()
    told = printed.contents["receipt"]
    assert told["payments"] == [{"type": 0, "sum": Decimal("300.00")}]
    assert {item["agent_info"]["type"] for item in told["items"]} == {"paying_agent"}


def test_nothing_is_lost_while_the_cash_register_is_down(register):
    account, _, _ = debtor()
    for number in range(3):
        pay(account, "10.00", external_id=str(number))
    register.is_down = True
    assert send().is_down and send(minutes=1).is_down
    assert FiscalReceipt.objects.filter(state=FiscalState.WAITING).count() == 3
    register.is_down = False
    assert send(hours=2).sent == 3
    assert send(hours=3).done == 3
    assert len(register.receipts) == 3


def test_a_receipt_killed_before_its_answer_was_written_is_printed_once(register):
    account, _, _ = debtor()
    pay(account, "10.00")
    send()
    # as if the process had died between the answer of the service and our own commit
    row = FiscalReceipt.objects.get()
    again = fiscal.register().send(key=str(row.key), kind=row.kind, contents=row.contents, at=timezone.now())
    assert again == row.service_id and len(register.receipts) == 1


def test_a_token_that_has_run_out_is_asked_for_again(register):
    account, _, _ = debtor()
    client = fiscal.register()
    pay(account, "10.00")
    row = FiscalReceipt.objects.get()
    client.send(key="a", kind="sell", contents=row.contents, at=timezone.now())
    register.tokens.clear()
    client.send(key="b", kind="sell", contents=row.contents, at=timezone.now())
    assert set(register.receipts) == {"a", "b"}


def test_a_reversal_has_a_return_after_its_sale(register):
    account, _, _ = debtor()
    payment = pay(account, "310.00")
    operations.charge_back(
        payment_id=payment.pk, document="№ 1", claimed_on=localdate(), day=localdate(), by=make.user()
    )
    send()
    assert [receipt.operation for receipt in register.receipts.values()] == ["sell"]
    send(minutes=5)
    send(minutes=10)
    send(minutes=15)
    assert [receipt.operation for receipt in register.receipts.values()] == ["sell", "sell_refund"]
    sale, back = register.receipts.values()
    assert sale.contents["receipt"]["items"] == back.contents["receipt"]["items"]
    assert set(FiscalReceipt.objects.values_list("state", flat=True)) == {FiscalState.DONE}


def test_money_that_only_changes_its_account_is_not_returned(register):
    account, _, _ = debtor()
    payment = pay(account, "310.00")
    operations.move_payment(
        payment_id=payment.pk, account_id=make.account().pk, day=localdate(), reason="не тот счёт", by=make.user()
    )
    assert FiscalReceipt.objects.count() == 1


def test_money_that_changed_its_account_and_then_went_back_has_its_return(register):
    account, _, _ = debtor()
    payment, today = pay(account, "310.00"), localdate()
    moved = operations.move_payment(
        payment_id=payment.pk, account_id=make.account().pk, day=today, reason="не тот счёт", by=make.user()
    )
    operations.charge_back(payment_id=moved.pk, document="№ 1", claimed_on=today, day=today, by=make.user())
    sold, back = FiscalReceipt.objects.order_by("pk")
    assert (back.kind, back.payment_id, back.original) == ("sell_refund", moved.pk, sold)
    assert (sold.payment_id, back.amount) == (payment.pk, Decimal("310.00"))
    assert back.contents == sold.contents and list(lawful.receipts_astray(None)) == []


@pytest.mark.parametrize("was", ["nobody's", "another's"])
def test_an_advance_that_found_its_account_later_is_offset_by_what_it_paid_there(register, was):
    """The receipt of 500 said «аванс»; then it paid 300 + 100 + 5 of the right account, and 50 of its next month."""
    account, water, _ = debtor()
    today, month, clerk = localdate(), Month.of(localdate()), make.user()
    if was == "another's":
        payment = pay(make.account(), "500.00")
        operations.move_payment(
            payment_id=payment.pk, account_id=account.pk, day=today, reason="не тот счёт", by=clerk
        )  # fmt: skip
    else:
        payment = pay(account, "500.00", doubt="Не наш платёж?", is_received=True)
        operations.assign_payment(payment_id=payment.pk, account_id=account.pk, day=today, by=clerk)
    at = timezone.now() + timedelta(days=40)
    assert operations.make_offset_receipts(month=month, at=at) == 1
    row = FiscalReceipt.objects.get(kind="offset")
    told = sorted((line["amount"], line["method"]) for line in row.contents["lines"])
    assert (row.payment_id, row.amount) == (payment.pk, Decimal("405.00"))
    assert told == [("100.00", "full_payment"), ("300.00", "full_payment"), ("5.00", "full_payment")]
    assert operations.make_offset_receipts(month=month, at=at) == 0
    assert list(lawful.receipts_astray(None)) == []
    contract = AgencyContract.objects.get(principal=water)
    make.ink(account, contract, 2, month, "50.00")
    after = month.next.first
    operations.consume_advances(month=month, day=after)
    assert operations.make_offset_receipts(month=month.next, at=at + timedelta(days=40)) == 1
    (next_one,) = FiscalReceipt.objects.filter(kind="offset", month=month.next.first)
    assert [(line["supplier"]["inn"], line["amount"]) for line in next_one.contents["lines"]] == [(water.inn, "50.00")]


def test_a_plain_mirror_of_what_the_provider_holds_gives_no_return_receipt(register):
    account, _, _ = debtor()
    payment, today, clerk = pay(account, "310.00"), localdate(), make.user()
    with pytest.raises(PaymentRefused, match="оставит его деньги без хозяина"):
        operations.reverse_payment(payment_id=payment.pk, day=today, reason="ошибка", by=clerk)
    assert (Reversal.objects.count(), FiscalReceipt.objects.count()) == (0, 1)
    mirror_payment(payment_id=payment.pk, day=today, reason="ошибка", by=clerk)
    assert list(FiscalReceipt.objects.values_list("kind", flat=True)) == ["sell"]
    assert list(lawful.receipts_astray(None)) == []


def test_a_refused_receipt_waits_for_a_person_and_goes_again_as_another_document(register):
    account, _, _ = debtor()
    pay(account, "10.00")
    register.refusal = "Исчерпан ресурс ФН"
    send()
    assert send(minutes=5).refused == 1
    row = FiscalReceipt.objects.get()
    assert (row.state, row.trouble) == (FiscalState.REFUSED, "Исчерпан ресурс ФН")
    register.refusal = ""
    operations.send_again(receipt_id=row.pk, by=make.user(), at=timezone.now())
    send(minutes=6)
    send(minutes=9)
    row.refresh_from_db()
    assert row.state == FiscalState.DONE and set(register.receipts) == {str(row.key), f"{row.key}-1"}
    with pytest.raises(NoReceipt, match="отклонила"):
        operations.send_again(receipt_id=row.pk, by=make.user(), at=timezone.now())


def test_a_receipt_still_being_printed_does_not_hold_up_the_others(register):
    account, _, _ = debtor()
    register.waits = 1
    for number in range(2):
        pay(account, "10.00", external_id=str(number))
    send()
    told = send(minutes=1)
    assert (told.done, told.is_down) == (0, False)
    assert send(hours=1).done == 2


def test_a_used_advance_is_offset_by_a_receipt_once_its_month_is_over(register):
    """Money came as an advance; charges of a later month used it: «зачёт аванса» with the supplier's line."""
    account, contract = make.account(), make.contract(principal=make.organisation(short_name="Водоканал"))
    make.tariff(contract, 2, "40.00", vat_percent=Decimal("22.00"))
    today, month = localdate(), Month.of(localdate())
    payment = pay(account, "100.00")
    make.ink(account, contract, 2, month.previous, "70.00")
    operations.consume_advances(month=month.previous, day=today)
    later = timezone.now() + timedelta(days=40)
    with pytest.raises(NoReceipt, match="ещё идёт"):
        operations.make_offset_receipts(month=month, at=timezone.now())
    assert operations.make_offset_receipts(month=month.previous, at=later) == 0
    assert operations.make_offset_receipts(month=month, at=later) == 1
    assert operations.make_offset_receipts(month=month, at=later) == 0
    row = FiscalReceipt.objects.get(kind="offset")
    assert (row.payment_id, row.amount, row.month) == (payment.pk, Decimal("70.00"), month.first)
    for minutes in range(0, 80, 2):
        operations.send_receipts(at=later + timedelta(minutes=minutes))
    row.refresh_from_db()
    assert row.state == FiscalState.DONE
    (told,) = [printed for printed in register.receipts.values() if printed.contents["receipt"]["total"] == 70]
    assert told.operation == "sell"
    assert told.contents["receipt"]["payments"] == [{"type": 2, "sum": Decimal("70.00")}]
    (item,) = told.contents["receipt"]["items"]
    assert (item["payment_method"], item["vat"]["type"]) == ("full_payment", "vat22")
    assert item["supplier_info"]["name"] == "Водоканал"
    assert list(lawful.receipts_astray(None)) == []
    # the payment is reversed later: what the advance had paid for goes back, then the advance
    operations.charge_back(payment_id=payment.pk, document="№ 1", claimed_on=today, day=today, by=make.user())
    for minutes in range(100, 200, 2):
        operations.send_receipts(at=later + timedelta(minutes=minutes))
    back = FiscalReceipt.objects.get(kind="offset_back")
    assert (back.amount, back.month, back.contents, back.state) == (
        row.amount, row.month, row.contents, FiscalState.DONE
    )  # fmt: skip
    assert sorted(printed.operation for printed in register.receipts.values()) == [
        "sell", "sell", "sell_refund", "sell_refund"
    ]  # fmt: skip
    assert list(lawful.receipts_astray(None)) == []


def test_a_card_and_cash_for_one_bill_are_one_document_with_both_sums(register):
    """400 ₽ by card and 5 ₽ in cash: one document, and each part goes back by its own kind."""
    account, _, _ = debtor()
    Channel.objects.filter(pk="card").update(receipts_from=date(2026, 1, 1))
    cashier, today = make.user(), localdate()
    given = operations.take_cash(
        lines=[(account.pk, Decimal("405.00"))], given=Decimal("10.00"), office_id=make.office().pk, by=cashier,
        on=today, by_card=Decimal("400.00"),
    )  # fmt: skip
    assert send().sent == 1 and send(minutes=1).done == 1
    (printed,) = register.receipts.values()
    told = printed.contents["receipt"]
    assert told["payments"] == [{"type": 1, "sum": Decimal("400.00")}, {"type": 0, "sum": Decimal("5.00")}]
    assert told["total"] == sum(item["sum"] for item in told["items"]) == Decimal("405.00")
    assert {item["agent_info"]["type"] for item in told["items"]} == {"another", "paying_agent"}
    assert list(FiscalReceipt.objects.values_list("state", flat=True)) == [FiscalState.DONE] * 2
    operations.cancel_receipt(number=given.number, reason="передумал", by=cashier, on=today)
    assert send(minutes=2).sent == 2
    back = [row.contents["receipt"]["payments"] for row in list(register.receipts.values())[1:]]
    assert sorted(rows[0]["type"] for rows in back) == [0, 1]


def test_a_refused_document_of_card_and_cash_goes_again_whole(register):
    account, _, _ = debtor()
    Channel.objects.filter(pk="card").update(receipts_from=date(2026, 1, 1))
    operations.take_cash(
        lines=[(account.pk, Decimal("405.00"))], given=None, office_id=make.office().pk, by=make.user(),
        on=localdate(), by_card=Decimal("400.00"),
    )  # fmt: skip
    register.refusal = "Исчерпан ресурс ФН"
    send()
    assert send(minutes=5).refused == 1
    beside = FiscalReceipt.objects.get(printed_with__isnull=False)
    assert beside.state == FiscalState.REFUSED
    register.refusal = ""
    operations.send_again(receipt_id=beside.pk, by=make.user(), at=timezone.now())
    send(minutes=6)
    send(minutes=9)
    assert set(FiscalReceipt.objects.values_list("state", "refusals")) == {(FiscalState.DONE, 1)}
