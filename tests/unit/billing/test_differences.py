"""A difference falls into causes that add up to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from billing import columns
from billing.differences import Cause, by_cause

D = Decimal
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    usual: dict[str, Any] = {
        "account_id": 1, "contract_id": 1, "service_id": 2, "kind": 1, "line": 1, "month": OCTOBER, "house_id": 7,
        "for_month": OCTOBER, "method": 2, "volume": None, "unit": 1, "tariff": None, "norm": None,
        "multiplier": None, "persons": None, "area": None, "days": 31, "amount": D("0.00"),
    }  # fmt: skip
    return pl.DataFrame([{**usual, **row} for row in rows], schema=columns.CHARGES, orient="row")


def september(*rows: dict[str, Any]) -> pl.DataFrame:
    return lines(*({"month": SEPTEMBER, "for_month": SEPTEMBER, "days": 30, **row} for row in rows))


def causes(before: pl.DataFrame, now: pl.DataFrame) -> dict[Cause, Decimal]:
    rows = by_cause(before, now)
    assert (rows["amount"].sum() or D(0)) == (now["amount"].sum() or D(0)) - (before["amount"].sum() or D(0))
    return {Cause(cause): amount for cause, amount in rows.group_by("cause").agg(pl.sum("amount")).iter_rows()}


def norm_line(persons: str, volume: str, tariff: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "persons": D(persons),
        "norm": D("4.85"),
        "volume": D(volume),
        "tariff": D(tariff),
        "amount": D(amount),
        **more,
    }


def test_price_then_persons() -> None:
    before = september(norm_line("2", "9.70", "34.56", "335.23"))
    now = lines(norm_line("3", "14.55", "35.15", "511.43"))
    # 9.70 × 35.15 = 340.955 → 340.96; then 14.55 × 35.15 = 511.4325 → 511.43
    assert causes(before, now) == {Cause.TARIFF: D("5.73"), Cause.PERSONS: D("170.47")}


def test_same_facts_in_a_longer_month_differ_by_nothing() -> None:
    assert (
        causes(september(norm_line("2", "9.70", "34.56", "335.23")), lines(norm_line("2", "9.70", "34.56", "335.23")))
        == {}
    )


def test_a_reading_is_the_rest() -> None:
    before = september({"method": 1, "volume": D("12"), "tariff": D("34.56"), "amount": D("414.72")})
    now = lines({"method": 1, "volume": D("10"), "tariff": D("35.15"), "amount": D("351.50")})
    assert causes(before, now) == {Cause.TARIFF: D("7.08"), Cause.VOLUME: D("-70.30")}


def test_from_meter_to_norm_is_another_rule_and_so_is_its_uplift() -> None:
    before = september({"method": 1, "volume": D("3"), "tariff": D("34.56"), "amount": D("103.68")})
    now = lines(
        norm_line("2", "9.70", "34.56", "335.23"),
        {"kind": 2, "method": 2, "volume": D("19.4"), "tariff": D("34.56"), "multiplier": D("3"),
         "amount": D("670.46")},
    )  # fmt: skip
    assert causes(before, now) == {Cause.RULE: D("902.01")}


def test_a_tariff_in_the_middle_of_the_month_is_still_the_tariff() -> None:
    before = september({"method": 5, "volume": D("50"), "area": D("50"), "tariff": D("20"), "amount": D("1000.00")})
    half = {"method": 5, "area": D("50")}
    now = lines(
        {**half, "line": 1, "days": 15, "volume": D("24.193548"), "tariff": D("20"), "amount": D("483.87")},
        {**half, "line": 2, "days": 16, "volume": D("25.806452"), "tariff": D("22"), "amount": D("567.74")},
    )
    assert causes(before, now) == {Cause.TARIFF: D("51.61")}


def test_new_gone_manual_benefit_penalty() -> None:
    before = september({"service_id": 7, "amount": D("100.00")}, {"kind": 6, "amount": D("1.00")})
    now = lines(
        {"service_id": 9, "amount": D("80.00")},
        {"kind": 4, "amount": D("-7.00")},
        {"kind": 5, "amount": D("-2.00")},
    )
    assert causes(before, now) == {
        Cause.GONE: D("-100.00"), Cause.NEW: D("80.00"), Cause.MANUAL: D("-7.00"), Cause.BENEFIT: D("-2.00"),
        Cause.PENALTY: D("-1.00"),
    }  # fmt: skip


def test_two_zones_instead_of_one_are_compared_together() -> None:
    before = september({"service_id": 1, "method": 1, "volume": D("200"), "tariff": D("5"), "amount": D("1000.00")})
    now = lines(
        {"service_id": 1, "method": 1, "line": 1001, "volume": D("150"), "tariff": D("6"), "amount": D("900.00")},
        {"service_id": 1, "method": 1, "line": 2001, "volume": D("50"), "tariff": D("3"), "amount": D("150.00")},
    )
    assert causes(before, now) == {Cause.TARIFF: D("50.00")}


def test_the_days_of_an_account_opened_in_the_month() -> None:
    before = september(
        {"method": 5, "volume": D("25"), "area": D("50"), "tariff": D("20"), "days": 15, "amount": D("500.00")}
    )
    now = lines({"method": 5, "volume": D("50"), "area": D("50"), "tariff": D("20"), "amount": D("1000.00")})
    assert causes(before, now) == {Cause.DAYS: D("500.00")}
