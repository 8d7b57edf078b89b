"""Laws of money: no kopeck is made or lost."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.money import KOPECK, kopecks, split, total

amounts = st.integers(-(10**11), 10**11).map(lambda units: Decimal(units) * KOPECK)
weights = st.lists(
    st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False, allow_infinity=False), min_size=1, max_size=30
).filter(lambda rows: any(rows))


def oracle(amount: Decimal, shares: list[Decimal]) -> list[Decimal]:
    """Largest remainders in exact fractions."""
    sign = -1 if amount < 0 else 1
    units = abs(Fraction(amount)) * 100
    whole = sum(map(Fraction, shares), Fraction(0))
    exact = [units * Fraction(share) / whole for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: int(units) - sum(parts)]:
        parts[i] += 1
    return [sign * part * KOPECK for part in parts]


@given(amounts, weights)
def test_parts_sum_to_the_whole(amount, shares):
    assert sum(split(amount, shares)) == amount


@given(amounts, weights)
def test_parts_equal_those_of_exact_fractions(amount, shares):
    assert split(amount, shares) == oracle(amount, shares)


@given(amounts, weights)
def test_no_part_is_off_by_a_kopeck(amount, shares):
    whole = sum(map(Fraction, shares), Fraction(0))
    for part, share in zip(split(amount, shares), shares, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * Fraction(share) / whole) < Fraction(1, 100)


@given(amounts, weights)
def test_a_greater_weight_never_gets_less(amount, shares):
    parts = [abs(part) for part in split(amount, shares)]
    for one, part in zip(shares, parts, strict=True):
        for other, its in zip(shares, parts, strict=True):
            assert one <= other or part >= its


@given(amounts, weights)
def test_a_zero_weight_gets_nothing(amount, shares):
    assert all(part == 0 for part, share in zip(split(amount, shares), shares, strict=True) if share == 0)


@given(amounts, weights)
def test_a_return_is_split_like_the_payment(amount, shares):
    assert split(-amount, shares) == [-part for part in split(amount, shares)]


@given(st.integers(1, 10**6), st.integers(1, 30))
def test_of_equals_the_earlier_gets_the_odd_kopeck(units, count):
    parts = split(units * KOPECK, [Decimal(1)] * count)
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize("shares", [[], [Decimal(0), Decimal(0)], [Decimal(1), Decimal(-1)]])
def test_what_cannot_share_is_a_fault(shares):
    with pytest.raises(ValueError, match="weights"):
        split(Decimal("1.00"), shares)


def test_a_fraction_of_a_kopeck_is_not_split():
    with pytest.raises(ValueError, match="whole number of kopecks"):
        split(Decimal("1.005"), [Decimal(1)])


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=9, allow_nan=False, allow_infinity=False))
def test_kopecks_are_rounded_half_away_from_zero(amount):
    exact = abs(Fraction(amount)) * 100
    up = int(exact + Fraction(1, 2))
    assert kopecks(amount) == (-1 if amount < 0 else 1) * up * KOPECK
    assert kopecks(kopecks(amount)) == kopecks(amount)


def test_halves_go_away_from_zero():
    assert kopecks(Decimal("301.3875")) == Decimal("301.39")
    assert kopecks(Decimal("0.005")) == Decimal("0.01")
    assert kopecks(Decimal("-0.005")) == Decimal("-0.01")
    assert total([]) == Decimal("0.00")
