"""Numbers, money and dates as a reader sees them."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from portals.templatetags import cabinet


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "written"),
    [("0", "0,00"), ("1234.5", "1 234,50"), ("-0.004", "0,00"), ("-3.50", "−3,50"), ("1234567.89", "1 234 567,89"),
     ("999.995", "1 000,00"), ("100", "100,00")],
)  # fmt: skip
def test_money(value: str, written: str):
    assert plain(cabinet.amount(Decimal(value))) == written


def test_money_with_its_sign():
    assert plain(cabinet.roubles(Decimal("1234.5"))) == "1 234,50 ₽"
    assert cabinet.roubles(None) == "—"
    assert cabinet.signed(Decimal("3.5")) == "+3,50"
    assert cabinet.signed(Decimal("-3.5")) == "−3,50"
    assert cabinet.signed(Decimal("0")) == "0,00"
    assert cabinet.taken_off(Decimal("12")) == "−12,00"
    assert cabinet.taken_off(Decimal("-12")) == "+12,00"
    assert cabinet.taken_off(Decimal("0")) == "0,00"


@pytest.mark.parametrize(
    ("value", "written"), [("7.125000", "7,125"), ("1000", "1 000"), ("0.000000", "0"), ("-0.5", "−0,5")]
)
def test_quantity(value: str, written: str):
    assert plain(cabinet.quantity(Decimal(value))) == written


def test_tariff_and_dial():
    assert cabinet.price(Decimal("5.270000")) == "5,27"
    assert cabinet.price(Decimal("13")) == "13,00"
    assert cabinet.dial(Decimal("148.359"), 3) == "148,359"
    assert cabinet.dial(Decimal("10148"), 0) == "10148"


def test_dates():
    assert cabinet.day(date(2026, 10, 5)) == "05.10.2026"
    assert plain(cabinet.long_day(date(2026, 10, 5))) == "5 октября 2026 г."
    assert plain(cabinet.day_month(date(2026, 10, 5))) == "5 октября"
    assert cabinet.month_title(date(2026, 10, 1)) == cabinet.month_title(Month(date(2026, 10, 1))) == "октябрь 2026"


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 счёт"), (2, "2 счёта"), (5, "5 счетов"), (11, "11 счетов"), (121, "121 счёт"), (0, "0 счетов")],
)
def test_counted(number: int, words: str):
    assert plain(cabinet.counted(number, "счёт,счёта,счетов")) == words


def test_serial_numbers_have_one_sign():
    assert plain(cabinet.serial("№10007919")) == plain(cabinet.serial("10007919")) == "№ 10007919"
