"""What premises share of one house by formulas of its own: heat meters, hot water made there, containers of waste."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from accounts.calendar import Month
from billing import pipeline
from billing.kinds import How, Kind, Mode
from tests.property.billing.houses import (
    FIRST,
    HEATING,
    HOT,
    LONG_AGO,
    WASTE,
    Flat,
    Gauge,
    Price,
    World,
    columns_of,
    kopecks,
    litres,
)
from tests.property.billing.law import agree

F, D = Fraction, Decimal
KEEP = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
HEAT_METER, HOT_METER = 5, 2  # Resource
JANUARY = Month.parse("2026-01")
areas = st.integers(100, 30_000).map(lambda hundredths: D(hundredths) / 100)
gcal = st.integers(0, 5_000_000).map(lambda millionths: D(millionths) / 1_000_000)


def a_flat(number: int, area: Decimal, *, people: int = 1, own: bool = False, **facts: Any) -> Flat:
    return Flat(
        number, [(100 + number, LONG_AGO, None)], [(area, own, LONG_AGO, None)],
        [(people, LONG_AGO, None)] if people else [], [(1, LONG_AGO, None)], **facts,
    )  # fmt: skip


def house(service: int, how: How, flats: list[Flat], volume: Decimal, prices: list[Decimal]) -> World:
    """One service by the house's volume of January; two prices are the two components."""
    whole = sum((flat.areas[0][0] for flat in flats), D(0))
    parts = range(1, 3) if len(prices) == 2 else range(1)
    return World(
        JANUARY, flats, [(whole, D(0), LONG_AGO, None)], Mode.SEASON,
        [(service, FIRST, how, len(prices), LONG_AGO, None)],
        [Price((FIRST, service, 0, part, 0, 0), None, price, (LONG_AGO, None))
         for part, price in zip(parts, prices, strict=True)],
        [], [], volumes={(service, JANUARY): volume},
    )  # fmt: skip


def charged(world: World) -> dict[tuple[int, int], Decimal]:
    """Roubles by premises and component."""
    lines = pipeline.calculate(columns_of(world)).lines.filter(kind=int(Kind.CHARGE))
    return {(row["account_id"] - 100, row["line"] // 10_000): row["amount"] for row in lines.iter_rows(named=True)}


@KEEP
@given(
    st.lists(st.tuples(areas, st.none() | gcal, st.booleans()), min_size=1, max_size=6),
    st.integers(0, 60_000_000).map(lambda millionths: D(millionths) / 1_000_000), kopecks,
)  # fmt: skip
def test_heat_meters_of_premises(
    rows: list[tuple[Decimal, Decimal | None, bool]], building: Decimal, price: Decimal
) -> None:
    """(V_i + S_i · (V_Д − ΣV) / S_об) · T; without a meter V_i goes by the metered metres, with own heating it is 0."""
    read = {number: F(used) for number, (_, used, _) in enumerate(rows, 1) if used is not None}
    assume(read)
    flats = [
        a_flat(
            number, area, own=own and used is None,
            gauges={} if used is None else {HEAT_METER: [Gauge("read", 1, (used,))]},
        )
        for number, (area, used, own) in enumerate(rows, 1)
    ]  # fmt: skip
    size = {number: F(area) for number, (area, _, _) in enumerate(rows, 1)}
    of_metre = sum(read.values()) / sum(size[number] for number in read)
    volumes = {
        number: read[number] if number in read else F(0) if own else size[number] * of_metre
        for number, (_, _, own) in enumerate(rows, 1)
    }
    rest = F(building) - sum(volumes.values())
    found = charged(house(HEATING, How.HEATING_BUILDING, flats, building, [price]))
    for number in size:
        due = (volumes[number] + size[number] * rest / sum(size.values())) * F(price)
        assert agree(due, found.get((number, 0), D(0))), (number, found)


@KEEP
@given(st.lists(litres, min_size=1, max_size=6), gcal, kopecks, kopecks)
def test_hot_water_made_in_the_house(used: list[Decimal], heat: Decimal, cold: Decimal, price: Decimal) -> None:
    """V_i · T_хв, and of the heat spent on all of the water V_i / ΣV (ф. 20)."""
    assume(sum(used) > 0)
    flats = [
        a_flat(number, D(50), gauges={HOT_METER: [Gauge("read", 1, (volume,))]})
        for number, volume in enumerate(used, 1)
    ]
    found = charged(house(HOT, How.HOT_WATER_IN_HOUSE, flats, heat, [cold, price]))
    for number, volume in enumerate(used, 1):
        assert agree(F(volume) * F(cold), found.get((number, 1), D(0)))
        share = F(volume) / sum(map(F, used)) * F(heat)
        assert agree(share * F(price), found.get((number, 2), D(0)))


@KEEP
@given(
    st.lists(st.tuples(areas, st.integers(0, 5)), min_size=1, max_size=6), litres, kopecks,
    st.sampled_from([How.CONTAINERS_PERSON, How.CONTAINERS_AREA]),
)  # fmt: skip
def test_waste_by_containers(rows: list[tuple[Decimal, int]], removed: Decimal, price: Decimal, how: How) -> None:
    """What was removed from the house, on residents (nobody: the owner) or on metres (ф. 9(3), 9(4))."""
    flats = [a_flat(number, area, people=people) for number, (area, people) in enumerate(rows, 1)]
    keys = [F(area) if how == How.CONTAINERS_AREA else F(max(people, 1)) for area, people in rows]
    found = charged(house(WASTE, how, flats, removed, [price]))
    for number, key in enumerate(keys, 1):
        assert agree(F(removed) * key / sum(keys) * F(price), found.get((number, 0), D(0)))
