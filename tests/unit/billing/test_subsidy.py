"""The subsidy against exact fractions."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from billing.columns import EXACT
from billing.formulas import subsidy

CASES = [  # standard, people, share, income, minimum
    ("4661.00", "1", "22", "12500.00", None),
    ("3441.35", "2", "22", "20000.00", "14500.00"),
    ("2999.99", "3", "16", "43500.00", "14500.00"),  # income per head is the minimum: no correction
    ("2999.99", "3", "16", "43499.99", "14500.00"),
    ("100.00", "1", "22", "50000.00", "14500.00"),  # the share of income is more than the standard
    ("5000.01", "4", "22", "0.00", "14500.00"),
]


@pytest.mark.parametrize("case", CASES)
def test_subsidy(case):
    names = ("standard", "people", "share", "income", "minimum")
    values = {name: None if value is None else Decimal(value) for name, value in zip(names, case, strict=True)}
    frame = pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(names, EXACT))
    columns = [pl.col(name) for name in names]
    found = frame.select(amount=subsidy.subsidy(*columns), k=subsidy.correction(*columns[3:4], columns[1], columns[4]))
    standard, people, share, income, minimum = (None if v is None else Fraction(v) for v in values.values())
    k = Fraction(1) if minimum is None or income / people >= minimum else income / people / minimum
    exact = max(standard * people - share / 100 * income * k, Fraction(0))
    kopecks = (exact * 200 + 1) // 2
    assert Fraction(found["amount"][0]) == Fraction(kopecks, 100)
    assert abs(Fraction(found["k"][0]) - k) < Fraction(1, 10**11)
