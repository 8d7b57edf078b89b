"""Formulas of what a house shares, by the worked examples of the reference folder."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from billing.columns import EXACT
from billing.formulas import common_use, communal, distribution, legal_entity, water

D = Decimal


def of(value: str) -> pl.Expr:
    return pl.lit(D(value)).cast(EXACT)


def number(expression: pl.Expr) -> Decimal:
    return pl.select(expression).item()


def test_one_component_price_of_hot_water():
    """HW-P11, HW-P12."""
    heat = of("712.38") + of("56.53")
    assert number(water.one_component_price(of("7.76"), of("0.06"), heat)) == D("53.89")
    assert number(water.one_component_price(of("7.76"), of("0.05156"), heat)) == D("47.40")


def test_norm_of_a_house_is_the_sum_of_its_parts():
    """ODN-P04."""
    parts = ["0.728", "0.151", "0.054", "0.000", "0.029", "0.009", "0.810"]
    assert common_use.house_norm(D(part) for part in parts) == D("1.781")


def test_balance_of_a_house():
    """ODN-D07."""
    balance = distribution.balance(of("950"), of("60") + of("640") + of("180"))
    assert number(balance) == D("70")
    assert number(distribution.by_area(balance, of("54")) / of("3000")) == D("1.26")


def test_negative_balance_takes_no_more_than_was_used():
    """ODN-D03: 300 kWh for 100 residents; ODN-D04: 12 m³ for 120."""

    def lowered(used: str, excess: str, persons: str, everybody: str) -> tuple[Decimal, Decimal]:
        numer, over, off = distribution.lowered(of(used), of("1"), of(used), of(excess), of(persons), of(everybody))
        return number(numer / over), number(off)

    assert lowered("120", "300", "3", "100") == (D("111"), D("9"))
    assert lowered("5", "300", "2", "100") == (D("0"), D("5"))
    assert lowered("9.5", "12", "3", "120") == (D("9.2"), D("0.3"))


def test_zones_lose_in_proportion():
    numer, over, off = distribution.lowered(of("60"), of("1"), of("100"), of("100"), of("1"), of("10"))
    assert (number(numer / over), number(off)) == (D("54"), D("6"))


def test_share_of_a_room():
    numer, over = communal.share_of_flat(of("100"), of("1"), of("60"), of("20"), of("30"), of("120"))
    assert number(numer / over) == D("30")


def test_vat_on_top():
    """HT-P03 at 20 and at 22 percent."""
    assert number(legal_entity.vat(of("2664.71"), of("20"))) == D("532.94")
    assert number(legal_entity.vat(of("2664.71"), of("22"))) == D("586.24")
