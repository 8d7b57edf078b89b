"""Worked splits: the cases of the reference folder, credits, directions, weights, reasons."""

import json
from datetime import date
from decimal import Decimal

import pytest

from accounts import money
from accounts.calendar import Month
from payments.allocation import ADVANCE, DEBT, PENALTY, OpenItem, Rule, after, allocate, reason

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)


def item(service, month, amount, contract=1, **facts):
    return OpenItem(contract, service, month, Decimal(amount), **facts)


def split(parts):
    return [(part.contract_id, part.service_id, part.for_month, part.part, str(part.amount)) for part in parts]


@pytest.fixture
def cases(reference_dir):
    text = (reference_dir / "domain" / "cases.json").read_text(encoding="utf-8")
    return {case["id"]: case for case in json.loads(text)["cases"]}


def test_pay_d01_pro_rata_inside_a_month(cases):
    inputs, expected = cases["PAY-D01"]["inputs"], cases["PAY-D01"]["expected"]["allocation"]
    names = sorted(inputs["document_lines"])
    debts = [item(place, OCTOBER, inputs["document_lines"][name]) for place, name in enumerate(names, 1)]
    parts = allocate(Decimal(inputs["payment"]), debts)
    assert {names[part.service_id - 1]: str(part.amount) for part in parts} == expected


def test_pay_d02_ties_go_to_the_earlier_line(cases):
    inputs, expected = cases["PAY-D02"]["inputs"], cases["PAY-D02"]["expected"]["allocation"]
    names = sorted(inputs["document_lines"])
    parts = money.split(Decimal(inputs["payment"]), [Decimal(inputs["document_lines"][name]) for name in names])
    assert dict(zip(names, map(str, parts), strict=True)) == expected
    # The kopeck above the lines is nobody's debt: as a payment it is an advance.
    debts = [item(place, OCTOBER, inputs["document_lines"][name]) for place, name in enumerate(names, 1)]
    assert [str(part.amount) for part in allocate(Decimal(inputs["payment"]), debts)] == ["33.33"] * 3 + ["0.01"]


def test_pay_d04_the_named_month_wins(cases):
    inputs, expected = cases["PAY-D04"]["inputs"], cases["PAY-D04"]["expected"]
    debts = [item(2, Month.parse(debt["period"]).first, debt["amount"]) for debt in inputs["debts"]]
    parts = allocate(Decimal(inputs["payment"]), debts, for_month=Month.parse(inputs["period_given"]).first)
    assert [{"period": f"{p.for_month:%Y-%m}", "amount": str(p.amount)} for p in parts] == expected["allocation"]
    left = [{"period": f"{i.for_month:%Y-%m}", "amount": str(i.amount)} for i in after(debts, parts) if i.amount]
    assert left == expected["remaining"]


def test_pay_p02_the_oldest_month_first(cases):
    inputs, expected = cases["PAY-P02"]["inputs"], cases["PAY-P02"]["expected"]
    debts = [item(2, Month.parse(month).first, amount) for month, amount in inputs["debts"].items()]
    parts = allocate(Decimal(inputs["payment"]), debts)
    left = {f"{i.for_month:%Y-%m}": str(i.amount) for i in after(debts, parts) if i.amount}
    assert left == expected["debts_after"]
    assert sum((p.amount for p in parts if p.part == ADVANCE), Decimal("0.00")) == Decimal(expected["leftover"])


def test_penalty_waits_for_all_principal():
    debts = [item(2, AUGUST, "5.00", is_penalty=True), item(2, AUGUST, "10.00"), item(2, OCTOBER, "10.00")]
    assert split(allocate(Decimal("22.00"), debts)) == [
        (1, 2, AUGUST, DEBT, "10.00"), (1, 2, OCTOBER, DEBT, "10.00"), (1, 2, AUGUST, PENALTY, "2.00"),
    ]  # fmt: skip


def test_a_credit_pays_its_service_then_its_contract_and_never_another_principal():
    debts = [
        item(2, AUGUST, "-30.00"), item(2, SEPTEMBER, "10.00"), item(4, AUGUST, "15.00"), item(4, OCTOBER, "15.00"),
        item(5, AUGUST, "40.00", contract=2),
    ]  # fmt: skip
    assert split(allocate(Decimal("100.00"), debts)) == [
        (2, 5, AUGUST, DEBT, "40.00"), (1, 4, OCTOBER, DEBT, "10.00"), (0, 0, None, ADVANCE, "50.00"),
    ]  # fmt: skip


def test_sums_named_by_service_are_posted_as_given():
    debts = [item(2, AUGUST, "10.00"), item(9, OCTOBER, "30.00"), item(9, AUGUST, "5.00", is_penalty=True)]
    parts = allocate(Decimal("50.00"), debts, directed_to={9: Decimal("20.00")})
    assert [(part.service_id, part.rule, str(part.amount)) for part in parts] == [
        (2, Rule.OLDEST_DEBT, "10.00"),
        (9, Rule.OLDEST_DEBT, "10.00"),
        (9, Rule.AMOUNT_AS_GIVEN, "20.00"),
        (9, Rule.PENALTY_LAST, "5.00"),
        (0, Rule.NO_DEBT, "5.00"),
    ]


def test_services_put_apart_are_paid_only_when_named():
    debts = [item(9, AUGUST, "30.00"), item(2, OCTOBER, "10.00")]
    assert split(allocate(Decimal("50.00"), debts, apart=[9])) == [
        (1, 2, OCTOBER, DEBT, "10.00"), (0, 0, None, ADVANCE, "40.00"),
    ]  # fmt: skip
    assert split(allocate(Decimal("50.00"), debts, apart=[9], directed_to=[9])) == [
        (1, 9, AUGUST, DEBT, "30.00"), (0, 0, None, ADVANCE, "20.00"),
    ]  # fmt: skip


def test_weights_by_charge_never_pay_above_what_is_open():
    debts = [
        item(2, OCTOBER, "10.00", charged=Decimal("90.00")), item(5, OCTOBER, "90.00", charged=Decimal("10.00")),
    ]  # fmt: skip
    assert split(allocate(Decimal("50.00"), debts, weights="charged")) == [
        (1, 2, OCTOBER, DEBT, "10.00"), (1, 5, OCTOBER, DEBT, "40.00"),
    ]  # fmt: skip


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005"])
def test_what_is_not_a_payment_is_a_fault(amount):
    with pytest.raises(ValueError, match="whole kopecks"):
        allocate(Decimal(amount), [])


def test_every_rule_has_its_words():
    for rule in Rule:
        assert reason(rule, OCTOBER)
    words = "Плательщик назвал октябрь 2026: этот месяц первым (ст. 319.1 п. 1 ГК РФ)"
    assert reason(Rule.NAMED_MONTH, OCTOBER) == words
