"""A receipt's lines add up to the payment, its numbers keep their digits; a sender is not taken on trust."""

import json
from decimal import Decimal

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.senders import sender_of
from payments.fiscal.atol import exact_json
from payments.fiscal.receipt import (
    ADVANCE,
    DEBT,
    PENALTY,
    PaidLine,
    Supplier,
    advance_of,
    contents,
    left_of,
    part_of,
    returned,
    sum_of,
)

SUPPLIERS = {
    7: Supplier(inn="5600000009", name="Водоканал", phone="+73532111111", is_agent=False),
    8: Supplier(inn="5600000001", name="Центр", phone="", is_agent=True),
}
lines = st.builds(
    PaidLine,
    contract_id=st.sampled_from([7, 8]),
    service_id=st.integers(1, 4),
    service=st.just("Вода"),
    part=st.sampled_from([DEBT, PENALTY]),
    amount=st.decimals(min_value=0, max_value=100_000, places=2),
)


def receipt(paid, **facts):
    given = {
        "suppliers": SUPPLIERS,
        "vat_percents": {},
        "is_cash": False,
        "contact": {},
        "company": {},
        "account": "56",
    }
    return contents(paid, **{**given, **facts})


@given(st.lists(lines, min_size=1, max_size=12))
def test_lines_add_up_to_the_payment(paid):
    told = receipt(paid)
    total = sum(line.amount for line in paid)
    assert sum(Decimal(line["amount"]) for line in told["lines"]) == Decimal(told["total"]) == total
    assert all(Decimal(line["amount"]) > 0 for line in told["lines"])


advances = st.builds(
    PaidLine,
    contract_id=st.sampled_from([0, 7]),
    service_id=st.just(0),
    service=st.just(""),
    part=st.just(ADVANCE),
    amount=st.decimals(min_value=0, max_value=100_000, places=2),
)


@given(st.lists(lines | advances, min_size=1, max_size=8), st.lists(st.integers(1, 100), max_size=4))
def test_parts_that_go_back_are_of_the_advance_first_and_together_the_whole(paid, shares):
    told = receipt(paid)
    gone = []
    for share in shares:
        left = left_of(told["lines"], gone)
        amount = (sum_of(left) * share / 100).quantize(Decimal("0.01"))
        back = part_of(left, min(amount, sum_of(left)))
        assert sum_of(back) == min(amount, sum_of(left))
        assert advance_of(back) == min(sum_of(back), advance_of(left))
        gone += back
    left = left_of(told["lines"], gone)
    assert sum_of(left) + sum_of(gone) == Decimal(told["total"])
    assert left_of(told["lines"], [*gone, *left]) == []


def test_nobodys_advance_goes_back_before_a_principals():
    told = receipt([PaidLine(7, 0, "", ADVANCE, Decimal("5.00")), PaidLine(0, 0, "", ADVANCE, Decimal("3.00"))])
    back = part_of(told["lines"], Decimal("4.00"))
    assert [("supplier" in line, line["amount"]) for line in back] == [(False, "3.00"), (True, "1.00")]


def test_cash_that_goes_back_by_the_bank_is_cashless():
    told = receipt([PaidLine(7, 2, "Вода", DEBT, Decimal("2.00"))], is_cash=True)
    assert returned(told, told["lines"]) == told
    back = returned(told, told["lines"], by_order=True)
    assert back == {**told, "paid": {"kind": "cashless", "amount": "2.00"}}


def test_an_own_service_of_the_centre_has_no_agents_sign():
    told = receipt([PaidLine(8, 1, "Свет", DEBT, Decimal("1.00")), PaidLine(7, 2, "Вода", DEBT, Decimal("2.00"))])
    assert ["agent" in line for line in told["lines"]] == [True, False]


def test_an_advance_is_told_as_an_advance():
    (line,) = receipt([PaidLine(0, 0, "", ADVANCE, Decimal("5.00"))])["lines"]
    assert (line["method"], line["object"], line["name"]) == ("advance", "payment", "Аванс, лицевой счёт 56")


def test_a_rate_of_vat_that_the_format_does_not_know_is_a_fault():
    with pytest.raises(KeyError):
        receipt([PaidLine(7, 2, "Вода", DEBT, Decimal("2.00"))], vat_percents={(7, 2): Decimal("13")})


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_sum_keeps_its_digits_in_json(amount):
    text = exact_json({"sum": amount, "name": 'строка "в кавычках"'})
    assert f'"sum": {amount:f},' in text
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal)["sum"] == amount


@pytest.mark.parametrize(
    ("connected", "forwarded", "proxies", "sender"),
    [
        ("203.0.113.9", "", [], "203.0.113.9"),
        ("203.0.113.9", "77.75.156.11", [], "203.0.113.9"),  # a stranger may write what he likes
        ("10.0.0.2", "77.75.156.11", ["10.0.0.0/8"], "77.75.156.11"),
        ("10.0.0.2", "77.75.156.11, 203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"),  # what he wrote, then who he is
        ("10.0.0.2", "203.0.113.9, 10.0.0.3", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.2", "", ["10.0.0.0/8"], "10.0.0.2"),
    ],
)
def test_the_sender_is_read_past_our_own_proxies_only(settings, connected, forwarded, proxies, sender):
    settings.TRUSTED_PROXIES = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert sender_of(RequestFactory().post("/", REMOTE_ADDR=connected, **headers)) == sender
