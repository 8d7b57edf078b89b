"""Fees, limitation and thresholds: values computed by hand from the scales of domain/debt.md."""

from datetime import date
from decimal import Decimal

import pytest

from debt import court

D = Decimal
OLD, NEW = date(2024, 9, 8), date(2024, 9, 9)


@pytest.mark.parametrize(
    ("claim", "filed", "fee", "writ"),
    [
        ("0.01", NEW, "4000", "2000"), ("100000", NEW, "4000", "2000"), ("100001", NEW, "4000", "2000"),
        ("100100", NEW, "4003", "2002"), ("300000", NEW, "10000", "5000"), ("500000", NEW, "15000", "7500"),
        ("500000.01", NEW, "15000", None), ("1000000", NEW, "25000", None), ("2500000", NEW, "40000", None),
        ("8000000", NEW, "80000", None), ("24000000", NEW, "136000", None), ("50000000", NEW, "214000", None),
        ("100000000", NEW, "314000", None), ("999999999", NEW, "900000", None),
        ("5000", OLD, "400", "200"), ("20000", OLD, "800", "400"), ("50000", OLD, "1700", "850"),
        ("100000", OLD, "3200", "1600"), ("200000", OLD, "5200", "2600"), ("450000", OLD, "7700", "3850"),
        ("1000000", OLD, "13200", None), ("20000000", OLD, "60000", None), ("20050", OLD, "802", "401"),
    ],
)  # fmt: skip
def test_fee_by_the_scale_of_the_day(claim, filed, fee, writ):
    assert court.claim_fee(D(claim), filed) == D(fee)
    assert court.writ_fee(D(claim), filed) == (None if writ is None else D(writ))


@pytest.mark.parametrize(("claim", "filed"), [("0", NEW), ("-5", NEW), ("10", date(2004, 12, 31))])
def test_no_fee_of_nothing_or_before_the_scales(claim, filed):
    with pytest.raises(ValueError, match=r"claim|scale"):
        court.claim_fee(D(claim), filed)


def test_the_third_year_ends_on_the_day_of_the_due_date():
    due = date(2023, 11, 10)
    assert court.last_day_to_sue(due) == date(2026, 11, 10)
    assert court.within_limitation([due, due], date(2026, 11, 10)) == [True, True]
    assert not court.is_within_limitation(due, date(2026, 11, 11))
    assert court.last_day_to_sue(date(2024, 2, 29)) == date(2027, 2, 28)


def test_debt_must_exceed_two_months_by_the_norm():
    threshold = court.restriction_threshold(D("3.19"), D(3), D("195.125"))
    assert threshold == D("3734.69")  # 2 × 3 × 3.19 × 195.125 = 3734.6925
    assert not court.may_warn(threshold, threshold, has_agreement=False)
    assert court.may_warn(threshold + D("0.01"), threshold, has_agreement=False)
    assert not court.may_warn(threshold + D("0.01"), threshold, has_agreement=True)
