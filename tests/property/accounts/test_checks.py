"""Check digits find what a hand does wrong; dials and dates keep their laws."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from accounts import rules
from accounts.calendar import Month, Span

bases = st.text("0123456789", min_size=3, max_size=19)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))


@given(bases, st.data())
def test_one_wrong_digit_of_an_account_is_found(base, data):
    number = base + rules.account_check_digit(base)
    assert rules.is_account_number(number)
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    assert not rules.is_account_number(number[:place] + other + number[place + 1 :])


@given(bases, st.data())
def test_two_swapped_neighbours_of_an_account_are_found(base, data):
    number = base + rules.account_check_digit(base)
    place = data.draw(st.integers(0, len(number) - 2))
    one, two = number[place], number[place + 1]
    assume(one != two and {one, two} != {"0", "9"})  # the one pair that Luhn does not tell apart
    assert not rules.is_account_number(number[:place] + two + one + number[place + 2 :])


@given(
    st.text("0123456789", min_size=20, max_size=20), st.sampled_from(["045354601", "044525225", "044525000"]), st.data()
)
def test_one_wrong_digit_of_a_bank_account_is_found(digits, bik, data):
    assume(digits[0] != "0" and not rules.CORRESPONDENT.fullmatch(digits))
    number = rules.bank_account_with_key(digits, bik)
    assert rules.is_bank_account(number, bik)
    place = data.draw(st.integers(0, 19))
    other = data.draw(st.sampled_from("123456789").filter(lambda digit: digit != number[place]))
    wrong = number[:place] + other + number[place + 1 :]
    assume(not rules.CORRESPONDENT.fullmatch(wrong))
    assert not rules.is_bank_account(wrong, bik)


@given(st.integers(1, 8), st.data())
def test_a_dial_never_gives_back(digits, data):
    limit = 10**digits * 1000
    values = st.integers(0, limit - 1).map(lambda units: Decimal(units) / 1000)
    before, after = data.draw(values), data.draw(values)
    used = rules.usage_between(before, after, digits)
    if after >= before:
        assert used == after - before
    elif used is not None:
        assert Decimal(0) < used < Decimal(10) ** digits / 5
        assert (before + used) % (Decimal(10) ** digits) == after


@given(days, st.integers(-500, 500))
def test_months_add_and_subtract(day, months):
    month = Month.of(day)
    assert (month + months) - month == months
    assert (month + months) + -months == month
    assert month.span.days == month.days
    assert day in month.span
    assert month.last + timedelta(days=1) == month.next.first


@given(days, st.integers(0, 400), days, st.integers(0, 400))
def test_common_days_are_counted_one_by_one(one, longer, two, other):
    first, second = Span(one, one + timedelta(longer)), Span(two, two + timedelta(other))
    common = first & second
    each = [one + timedelta(n) for n in range(longer) if one + timedelta(n) in second]
    assert common.days == len(each) == (second & first).days
    assert all(day in common for day in each)
