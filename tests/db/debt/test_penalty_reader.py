"""The reader of worked cases: inputs under their other names, and a clear no to what it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from config.cases import penalty

pytestmark = pytest.mark.django_db


def run(rule="ст. 155 ч. 14 ЖК РФ", **inputs: Any):
    return penalty.run({"id": "PEN-X", "rule": rule, "inputs": inputs})


def segments(answer):
    return [(row["from"], row["to"], row["balance"], row["fraction"], row["amount"]) for row in answer["segments"]]


@pytest.mark.parametrize(
    "payments",
    [
        [{"date": "2026-05-20", "amount": "2000.00"}],
        [["2026-05-20", "2000.00"]],
        {"2026-05-20": "2000.00"},
        [{"paid_on": "2026-05-20", "sum": "2000.00"}],
    ],
)
def test_a_list_of_payments(payments):
    answer = run(
        principal="3000.00", due_date="2026-04-15", payments=payments, calc_until_inclusive="2026-05-25",
        rate_percent_fixed="9.5",
    )  # fmt: skip
    assert segments(answer) == [
        ("2026-05-16", "2026-05-20", "3000.00", "1/300", "4.75"),
        ("2026-05-21", "2026-05-25", "1000.00", "1/300", "1.58"),
    ]
    assert (answer["amount"], answer["overdue_days"], answer["days_1_300"]) == ("6.33", 40, 10)


def test_each_part_at_the_rate_of_its_day():
    answer = run(
        principal="10000.00", due_date="2021-02-10", payments=[["2021-03-31", "4000.00"], ["2021-05-05", "6000.00"]],
        key_rates=[["2020-07-27", "4.25"], ["2021-03-22", "4.50"], ["2021-04-26", "5.00"]],
    )  # fmt: skip
    assert segments(answer) == [
        ("2021-03-13", "2021-03-31", "4000.00", "1/300", "11.40"),
        ("2021-03-13", "2021-05-05", "6000.00", "1/300", "54.00"),
    ]
    assert answer["rate_used"] == ["4.5", "5"]


def test_the_law_of_the_database_where_the_case_states_none():
    answer = run(principal="1000.00", billing_period="2026-02", calc_until_inclusive="2026-04-16")
    assert (answer["due_date"], answer["rate_used"], answer["amount"]) == ("2026-03-16", "9.5", "0.32")
    assert run(principal="1000.00", billing_period="2026-02", calc_until_inclusive="2026-04-16", weekend_shift=False)[
        "due_date"
    ] == "2026-03-15"  # fmt: skip


def test_capital_repair_never_reaches_one_hundred_and_thirtieth():
    answer = run(
        "ст. 155 ч. 14.1 ЖК РФ", principal="5000.00", due_date="2026-03-16", days=100, rate_percent_fixed="9.5"
    )
    assert (answer["days_1_300"], answer["days_1_130"], answer["amount"]) == (70, 0, "110.83")


def test_two_debts_and_a_payment_that_reaches_into_the_second():
    answer = run(
        debts=[
            {"billing_period": "2026-02", "principal": "1000.00"},
            {"billing_period": "2026-03", "principal": "1000.00"},
        ],
        payments=[["2026-05-20", "1500.00"]], calc_until_inclusive="2026-05-25", rate_percent_fixed="9.5",
    )  # fmt: skip
    first, second = answer["debts"]
    assert segments(first) == [("2026-04-16", "2026-05-20", "1000.00", "1/300", "11.08")]
    assert segments(second) == [
        ("2026-05-16", "2026-05-20", "1000.00", "1/300", "1.58"),
        ("2026-05-21", "2026-05-25", "500.00", "1/300", "0.79"),
    ]
    assert answer["amount"] == "13.45"


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"principal": "1.00", "due_date": "2026-03-16", "days": 40, "phase": "moon"},
            "не понятны входные данные: phase",
        ),
        ({"due_date": "2026-03-16", "days": 40}, "нет суммы долга"),
        ({"principal": "1.00", "days": 40, "overdue_days": 41}, "названо дважды"),
        ({"principal": "1.00", "due_date": "16.03.2026", "days": 40}, "не дата"),
        ({"principal": "1.00", "due_date": "2026-03-16"}, "Нет дня расчёта"),
        ({"principal": "1.005", "due_date": "2026-03-16", "days": 40}, "доли копейки"),
    ],
)
def test_what_is_not_understood_is_refused(inputs, words):
    with pytest.raises(penalty.NotUnderstood, match=words):
        run(**inputs)


def test_a_rule_without_a_scale_is_refused():
    with pytest.raises(penalty.NotUnderstood, match="по какой шкале"):
        run("правило неизвестного закона", principal="1.00", due_date="2026-03-16", days=40)
