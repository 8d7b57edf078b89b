"""The lines of one flat against an oracle in exact fractions, which counts day by day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.calendar import ONE_DAY, Month
from billing import columns, pipeline
from billing.formulas.exact import exact, roubles
from billing.kinds import Basis, How, Kind
from tests.unit.billing import facts as build

D = Decimal
KEEP = settings(deadline=None, max_examples=60)


def kopecks(value: Fraction) -> Decimal:
    """Half away from zero."""
    sign = -1 if value < 0 else 1
    return sign * D(int(abs(value) * 100 + Fraction(1, 2))) / 100


def days_of(month: Month) -> list[date]:
    return [month.first + timedelta(days=shift) for shift in range(month.days)]


def holds(row: tuple[Any, ...], day: date) -> bool:
    since, until = row[-2:]
    return since <= day and (until is None or day < until)


months = st.dates(date(2024, 1, 1), date(2026, 12, 1)).map(lambda day: Month(day.replace(day=1)))
prices = st.decimals("0.01", "9999.99", places=2).map(str)
fine = st.decimals("0.00001", "30", places=5).map(str)
areas = st.decimals("8", "250", places=2).map(str)


@st.composite
def spans(draw: st.DrawFn, month: Month) -> tuple[date, date | None]:
    """A span that may begin or end inside the month."""
    start = draw(st.integers(-3, month.days - 1))
    end = draw(st.none() | st.integers(start + 1, month.days + 3))
    return month.first + timedelta(days=start), None if end is None else month.first + timedelta(days=end)


@st.composite
def versions(draw: st.DrawFn, month: Month, values: st.SearchStrategy[str]) -> list[tuple[str, date, date | None]]:
    """One value for the month, or two with a change inside it."""
    if not draw(st.booleans()):
        return [(draw(values), build.LONG_AGO, None)]
    change = month.first + timedelta(days=draw(st.integers(1, month.days - 1)))
    return [(draw(values), build.LONG_AGO, change), (draw(values), change, None)]


@st.composite
def flats(draw: st.DrawFn) -> dict[str, Any]:
    month = draw(months)
    residents = [(draw(st.integers(1, 4)), *draw(spans(month))) for _ in range(draw(st.integers(0, 3)))]
    return {
        "month": month,
        "residents": residents,
        "owners": [(1, build.LONG_AGO, None)] * draw(st.integers(0, 3)),
        "areas": [(area, 0, since, until) for area, since, until in draw(versions(month, areas))],
        "opened_on": draw(
            st.just(build.LONG_AGO) | st.integers(0, month.days - 1).map(lambda n: month.first + n * ONE_DAY)
        ),
        "price": draw(versions(month, prices)),
        "norm": draw(versions(month, fine)),
    }


def measured(flat: dict[str, Any]) -> dict[date, tuple[int, Fraction]]:
    """Persons and area on each day the account is open."""
    found = {}
    for day in days_of(flat["month"]):
        if day < flat["opened_on"]:
            continue
        living = sum(row[0] for row in flat["residents"] if holds(row, day))
        owners = sum(row[0] for row in flat["owners"] if holds(row, day))
        area = next(Fraction(row[0]) for row in flat["areas"] if holds(row, day))
        found[day] = (living or owners, area)
    return found


def run(flat: dict[str, Any], service: int, how: How, basis: Basis | None, **more: Any) -> list[dict[str, Any]]:
    norms = [(service, basis, value, 12, since, until) for value, since, until in flat["norm"]] if basis else []
    tariffs = [(service, 0, 0, value, since, until) for value, since, until in flat["price"]]
    known = build.reference(tariffs, norms, more.pop("laws", []))
    made = pipeline.calculate(
        build.flat(
            flat["month"], known, [(service, how, 1, build.LONG_AGO, None)], residents=flat["residents"],
            owners=flat["owners"], areas=flat["areas"], opened_on=flat["opened_on"], **more,
        )
    )  # fmt: skip
    return list(made.lines.iter_rows(named=True))


def oracle(flat: dict[str, Any], daily: Any, *, by_norm: bool = True) -> list[Decimal]:
    """Σ over days of a day's volume, × price, rounded once for each (price, norm) in force; in order of days."""
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    size = flat["month"].days
    for day, (persons, area) in measured(flat).items():
        price = next(row[0] for row in flat["price"] if holds(row, day))
        norm = next(row[0] for row in flat["norm"] if holds(row, day)) if by_norm else ""
        sums[price, norm] += daily(persons, area, Fraction(norm) if norm else None) / size
    return [kopecks(volume * Fraction(price)) for (price, _), volume in sums.items()]


@KEEP
@given(flats())
def test_norm_of_persons(flat: dict[str, Any]) -> None:
    expected = oracle(flat, lambda persons, area, norm: persons * norm)
    lines = run(flat, 7, How.NORM_PERSON, Basis.PERSON_MONTH)
    assert [row["amount"] for row in lines if row["amount"]] == [amount for amount in expected if amount]


@KEEP
@given(flats())
def test_yearly_norm_of_persons(flat: dict[str, Any]) -> None:
    expected = oracle(flat, lambda persons, area, norm: persons * norm / 12)
    assert sum(row["amount"] for row in run(flat, 7, How.NORM_PERSON, Basis.PERSON_YEAR)) == sum(expected)


@KEEP
@given(flats())
def test_rate_per_square_metre(flat: dict[str, Any]) -> None:
    expected = oracle(flat, lambda persons, area, norm: area, by_norm=False)
    assert [row["amount"] for row in run(flat, 8, How.PER_M2, None)] == expected


@KEEP
@given(flats())
def test_norm_per_square_metre(flat: dict[str, Any]) -> None:
    expected = oracle(flat, lambda persons, area, norm: area * norm)
    assert [row["amount"] for row in run(flat, 7, How.NORM_AREA, Basis.M2_MONTH)] == expected


@KEEP
@given(flats())
def test_common_property(flat: dict[str, Any]) -> None:
    expected = oracle(flat, lambda persons, area, norm: norm * Fraction("417.35") * area / Fraction("3127.9"))
    lines = run(flat, 16, How.COMMON_NORM, Basis.COMMON_M2_MONTH, house_area="3127.9", common_area="417.35")
    assert [row["amount"] for row in lines] == expected
    assert {row["kind"] for row in lines} <= {Kind.COMMON_USE}


@KEEP
@given(flats(), st.sampled_from(["1.5", "3", "1.4"]))
def test_multiplier_is_a_line_of_its_own(flat: dict[str, Any], k: str) -> None:
    laws = [("uplift.cold_water", k, build.LONG_AGO, None)]
    lines = run(flat, 2, How.METERED, Basis.PERSON_MONTH, laws=laws)
    base = oracle(flat, lambda persons, area, norm: persons * norm)
    more = oracle(flat, lambda persons, area, norm: persons * norm * (Fraction(k) - 1))
    assert sum(row["amount"] for row in lines if row["kind"] == Kind.CHARGE) == sum(base)
    assert sum(row["amount"] for row in lines if row["kind"] == Kind.UPLIFT) == sum(more)


@KEEP
@given(flats(), st.decimals("0", "999", places=3), st.decimals("0", "99", places=3))
def test_meter_with_a_price_that_changes(flat: dict[str, Any], start: Decimal, used: Decimal) -> None:
    month = flat["month"]
    lines = run(
        flat, 2, How.METERED, Basis.PERSON_MONTH, meters=build.meters({}),
        readings=build.readings((1, 1, month.previous.first, start), (1, 1, month.first, start + used)),
    )  # fmt: skip
    # a new norm makes no new line where a meter counts: one line for each price
    assert [row["amount"] for row in lines] == oracle(flat, lambda persons, area, norm: Fraction(used), by_norm=False)


@KEEP
@given(flats(), st.decimals("0", "400", places=4), st.decimals("0", "200", places=2))
def test_building_meter_with_own_heating(flat: dict[str, Any], gcal: Decimal, own: Decimal) -> None:
    month = flat["month"]
    size, common, without = Fraction("3127.9"), Fraction("417.35"), Fraction(own)
    if own == 0:
        without = Fraction(0)
    share = (size + common) / (size * (size - without + common))
    heating = build.frame(columns.OWN_HEATING, [(build.HOUSE, build.LONG_AGO, None, own)] if own else [])
    lines = run(
        flat, 5, How.HEATING_BUILDING, None, house_area="3127.9", common_area="417.35", own_heating=heating,
        house_volumes=build.frame(columns.HOUSE_VOLUMES, [(build.HOUSE, 5, month.first, gcal)]),
    )  # fmt: skip
    expected = oracle(flat, lambda persons, area, norm: Fraction(gcal) * area * share, by_norm=False)
    assert [row["amount"] for row in lines] == expected


@KEEP
@given(st.decimals("-99999", "99999", places=6), st.integers(1, 1922), st.decimals("0", "9999", places=6))
def test_one_rounding_half_away_from_zero(numer: Decimal, over: int, price: Decimal) -> None:
    schema = {"n": columns.EXACT, "o": pl.Int64, "p": columns.EXACT}
    row = pl.DataFrame({"n": [numer], "o": [over], "p": [price]}, schema=schema)
    got = row.select(roubles(pl.col("n"), exact(pl.col("o")), pl.col("p"))).item()
    assert got == kopecks(Fraction(numer) * Fraction(price) / over)
    if over in (1, 2, 4, 5, 8):
        exactly = (numer * price / over).quantize(D("0.01"), rounding=ROUND_HALF_UP)
        assert got == exactly
