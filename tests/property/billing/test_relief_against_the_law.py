"""What absence, interruptions and benefits take off, against the law in fractions (charges.md 13, 14; benefits)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.calendar import Month
from billing import columns, pipeline
from billing.kinds import Basis, How, Kind, Mode
from tests.property.billing.houses import (
    COLD,
    FIRST,
    HOT,
    HOUSE,
    LONG_AGO,
    WASTEWATER,
    Flat,
    Gauge,
    Price,
    World,
    columns_of,
    fine,
    kopecks,
    litres,
)
from tests.property.billing.law import agree
from tests.property.billing.law import kopecks as rounded
from tests.unit.billing.facts import frame

F, D = Fraction, Decimal
KEEP = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
ABSENCE, BENEFIT, QUALITY = 400, 500, 600  # numbers of the lines
months = st.dates(date(2024, 1, 1), date(2026, 12, 1)).map(Month.of)


def a_flat(month: Month, people: int, norm: Decimal, price: Decimal, used: Decimal | None = None) -> World:
    """Cold water of one flat in which no meter can be, unless it says what was `used`."""
    gauges = {} if used is None else {1: [Gauge("read", 1, (used,))]}
    flat = Flat(
        1, [(100, LONG_AGO, None)], [(D(50), False, LONG_AGO, None)], [(people, LONG_AGO, None)], [],
        frozenset({1}), gauges=gauges,
    )  # fmt: skip
    return World(
        month, [flat], [(D(3000), D(300), LONG_AGO, None)], Mode.SEASON,
        [(COLD, FIRST, How.METERED, 1, LONG_AGO, None)],
        [Price((FIRST, COLD, 0, 0, 0, 0), None, price, (LONG_AGO, None))],
        [(COLD, Basis.PERSON_MONTH, norm, 12, LONG_AGO, None)], [],
    )  # fmt: skip


def taken_off(world: World, **more: Any) -> dict[int, Decimal]:
    lines = pipeline.calculate(columns_of(world, **more)).lines
    return {row["line"]: row["amount"] for row in lines.iter_rows(named=True) if row["kind"] in (4, 5)}


def united(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """Documents of one person that share days are one absence; a return on the day of a departure keeps two apart."""
    found: list[tuple[date, date]] = []
    for left, back in sorted(spans):
        if found and left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], back))
        else:
            found.append((left, back))
    return found


@KEEP
@given(
    months, st.integers(1, 4), fine, kopecks,
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(-40, 30), st.integers(1, 45), st.integers(1, 4)),
        min_size=1, max_size=6,
    ),
)  # fmt: skip
def test_absence(
    month: Month, people: int, norm: Decimal, price: Decimal, rows: list[tuple[int, int, int, int]]
) -> None:  # fmt: skip
    """п. 86, 90: the norm of those away more than five full days, day by day; departure and return are days at home.

    Person 0: a paper that only counts people. They are the first, the second … of the nameless, in every such paper.
    """
    spans: dict[Any, list[tuple[date, date]]] = {}
    absences = []
    for person, start, length, count in rows:
        left = month.first + timedelta(days=start)
        back = left + timedelta(days=length)
        who = min(person, people)
        for one in [who] if who else [("nameless", number) for number in range(min(count, people))]:
            spans.setdefault(one, []).append((left, back))
        absences.append((1, who, left, back, 1 if who else min(count, people), "справка"))
    away = 0
    for day in (month.first + timedelta(days=number) for number in range(month.days)):
        gone = [
            any(left < day < back and (back - left).days - 1 > 5 for left, back in united(documents))
            for documents in spans.values()
        ]
        away += min(sum(gone), people)
    found = taken_off(a_flat(month, people, norm, price), absences=frame(columns.ABSENCES, absences))
    charge = rounded(people * F(norm) * F(price))
    due = min(away * F(norm) * F(price) / month.days, F(charge))
    assert agree(-due, found.get(ABSENCE, D(0)))


def breach(
    hours: int, since: int = 0, *, kind: int = 1, at_once: int = 4, place: int | None = None, idle: bool = False
) -> tuple[Any, ...]:
    """A service off for so many hours in a row from the hour `since` of the month (прил. 1): cold water, п. 1."""
    return (
        HOUSE, place, COLD, kind, hours, 0, 1, True, since * 3600, (since + hours) * 3600, None, None, D("0.15"), 1,
        8, at_once, 0, 0, 0, None, None, False, idle, False, "акт",
    )  # fmt: skip


@KEEP
@given(months, st.integers(1, 4), fine, kopecks, st.integers(1, 672), st.sampled_from([None, D("1.5"), D(3)]))
def test_volume_not_supplied(
    month: Month, people: int, norm: Decimal, price: Decimal, hours: int, multiplier: Decimal | None
) -> None:
    """п. 98: ΔV = n · N · hours / hours of the month, beside the percent; V · T · (K − 1) is of it, too."""
    world = a_flat(month, people, norm, price)
    if multiplier is not None:
        world.laws.append(("uplift.cold_water", multiplier, LONG_AGO, None))
        world.flats[0] = replace(world.flats[0], impossible=frozenset())
    found = taken_off(world, breaches=frame(columns.BREACHES, [breach(hours, idle=True)]))
    whole = people * F(norm) * F(price)
    charge, part = F(rounded(whole)), F(hours, month.days * 24)
    percent = min(F(15, 100) * max(hours - 8, hours - 4, 0), F(100))
    of_charge = min(F(rounded(charge * percent / 100)) + F(rounded(whole * part)), charge)
    raised = F(0) if multiplier is None else F(rounded(whole * (F(multiplier) - 1) * part))
    assert abs(F(found.get(QUALITY, D(0))) + of_charge + raised) <= F(1, 100)


@KEEP
@given(months, st.integers(1, 4), fine, kopecks, st.lists(st.integers(1, 120), min_size=1, max_size=5))
def test_interruptions(month: Month, people: int, norm: Decimal, price: Decimal, hours: list[int]) -> None:
    """0.15 % of the month's charge an hour beyond 8 in the month or beyond 4 at once; never more than the charge."""
    found = taken_off(
        a_flat(month, people, norm, price),
        breaches=frame(columns.BREACHES, [breach(count, 130 * number) for number, count in enumerate(hours)]),
    )
    charge = F(rounded(people * F(norm) * F(price)))
    excess = max(sum(hours) - 8, sum(max(count - 4, 0) for count in hours), 0)
    due = charge * min(F(15, 100) * excess, F(100)) / 100
    assert agree(-due, found.get(QUALITY, D(0)))


FLAT = 1  # the premises of `a_flat`


@KEEP
@given(
    months, st.integers(1, 4), fine, kopecks,
    st.lists(
        st.tuples(
            st.integers(0, 100), st.integers(1, 60), st.sampled_from([20, 21, 22]), st.sampled_from([None, FLAT])
        ),
        min_size=1, max_size=5,
    ),
)  # fmt: skip
def test_an_hour_is_taken_off_once(
    month: Month, people: int, norm: Decimal, price: Decimal, acts: list[tuple[int, int, int, int | None]]
) -> None:
    """Acts of the house and of the flat that share hours: Σ is of hours, at once is of hours in a row (п. 14)."""
    limits = {20: 16, 21: 8, 22: 4}
    rows = [breach(count, since, kind=kind, at_once=limits[kind], place=place) for since, count, kind, place in acts]
    found = taken_off(a_flat(month, people, norm, price), breaches=frame(columns.BREACHES, rows))

    def in_a_row(hours: set[int]) -> list[list[int]]:
        runs: list[list[int]] = []
        for hour in sorted(hours):
            if runs and runs[-1][-1] == hour - 1:
                runs[-1].append(hour)
            else:
                runs.append([hour])
        return runs

    told = {kind: {hour for since, count, one, _ in acts if one == kind for hour in range(since, since + count)}
            for kind in limits}  # fmt: skip
    off = set().union(*told.values())
    at_once = 0
    for run in in_a_row(off):
        over = [len(part) - limits[kind] for kind, hours in told.items() for part in in_a_row(hours & set(run))]
        at_once += max(0, *over)
    percent = min(F(15, 100) * max(len(off) - 8, at_once, 0), F(100))
    assert agree(-F(rounded(people * F(norm) * F(price))) * percent / 100, found.get(QUALITY, D(0)))


def of_degrees(number: int, hours: int, nights: int, actual: Decimal, highest: int | None) -> tuple[Any, ...]:
    """Water that should have 60 °C, or from 60 to `highest`: 3 ° of tolerance by day, 5 at night, steps of 3.

    The act says how many hours of its days; days of other acts are other days.
    """
    span = (number * 864_000, (number + 1) * 864_000)
    return (
        HOUSE, None, COLD, 8, hours, nights, 1, False, *span, D(60), actual, D("0.1"), 1, 0, None, 3, 3, 5, None,
        highest, False, False, False, "акт",
    )  # fmt: skip


degrees = st.integers(300, 999).map(lambda tenths: D(tenths) / 10)


@KEEP
@given(
    months, st.integers(1, 4), fine, kopecks, st.sampled_from([None, 75]),
    st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200), degrees), min_size=1, max_size=4),
)  # fmt: skip
def test_temperatures(
    month: Month, people: int, norm: Decimal, price: Decimal, highest: int | None, rows: list[tuple[int, int, Decimal]]
) -> None:
    """0.1 % an hour for each 3 ° colder than 60 or hotter than 75 beyond the tolerance of the hour (прил. 1, п. 5)."""
    acts = [(hours, min(nights, hours), actual) for hours, nights, actual in rows]
    found = taken_off(
        a_flat(month, people, norm, price),
        breaches=frame(columns.BREACHES, [of_degrees(place, *act, highest) for place, act in enumerate(acts)]),
    )

    def steps(actual: Decimal, tolerance: int) -> int:
        too_hot = actual - highest - tolerance if highest else D(0)
        return int(max(D(0), 60 - tolerance - actual, too_hot) // 3)

    percent = F(0)
    for hours, nights, actual in acts:
        percent += F(1, 10) * (steps(actual, 3) * (hours - nights) + steps(actual, 5) * nights)
    charge = F(rounded(people * F(norm) * F(price)))
    assert agree(-charge * min(percent, F(100)) / 100, found.get(QUALITY, D(0)))


@KEEP
@given(
    months, st.integers(1, 5), fine, kopecks, litres, st.integers(1, 5), st.integers(1, 100), st.booleans(),
    st.integers(0, 60),
)  # fmt: skip
def test_benefit_within_the_norm(
    month: Month, people: int, norm: Decimal, price: Decimal, used: Decimal, covered: int, percent: int,
    within: bool, idle: int,
) -> None:  # fmt: skip
    """The share of the covered, not above their norm, of what bad quality has left (domain/benefits.md 2)."""
    right = (100, COLD, LONG_AGO, None, D(percent), D(covered), int(within), None, "удостоверение")
    found = taken_off(
        a_flat(month, people, norm, price, used),
        benefits=frame(columns.BENEFITS, [right]),
        breaches=frame(columns.BREACHES, [breach(idle)] if idle else []),
    )
    charge = F(rounded(F(used) * F(price)))
    off = F(-found.get(QUALITY, D(0)))
    left = (charge - off) / charge if charge else F(0)
    mine = charge * min(covered, people) / people * percent / 100 * left
    limit = F(norm) * covered * F(price) * percent / 100 * left
    due = min(mine, limit) if within and used else mine
    due = min(due, charge - off)
    assert agree(-due, found.get(BENEFIT, D(0)))


@KEEP
@given(
    months, st.integers(1, 5), fine, fine, kopecks, st.tuples(litres, litres), st.integers(1, 5), st.integers(1, 100),
)  # fmt: skip
def test_benefit_on_wastewater(
    month: Month, people: int, cold: Decimal, hot: Decimal, price: Decimal, used: tuple[Decimal, Decimal], covered: int,
    percent: int,
) -> None:  # fmt: skip
    """Its norm is that of the waters it follows (п. 42), each of the persons covered."""
    world = a_flat(month, people, cold, price, used[0])
    world.flats[0].gauges[2] = [Gauge("read", 1, (used[1],))]
    world.provisions.extend(
        (service, FIRST, int(how), 1, LONG_AGO, None)
        for service, how in ((HOT, How.METERED), (WASTEWATER, How.WASTEWATER))
    )
    world.prices.extend(
        Price((FIRST, service, 0, 0, 0, 0), None, price, (LONG_AGO, None)) for service in (HOT, WASTEWATER)
    )
    world.norms.append((HOT, int(Basis.PERSON_MONTH), hot, 12, LONG_AGO, None))
    right = (100, WASTEWATER, LONG_AGO, None, D(percent), D(covered), 1, None, "удостоверение")
    found = taken_off(world, benefits=frame(columns.BENEFITS, [right]))
    volume = F(used[0]) + F(used[1])
    mine = F(rounded(volume * F(price))) * min(covered, people) / people * percent / 100
    limit = (F(cold) + F(hot)) * covered * F(price) * percent / 100
    assert agree(-(min(mine, limit) if volume else F(0)), found.get(BENEFIT, D(0)))


def test_lines_that_take_off_are_of_their_kinds() -> None:
    right = (100, COLD, LONG_AGO, None, D(50), D(1), 0, None, "удостоверение")
    world = a_flat(Month.parse("2026-06"), 2, D(4), D("30"))
    lines = pipeline.calculate(columns_of(world, benefits=frame(columns.BENEFITS, [right]))).lines
    assert lines.filter(lines["kind"] == Kind.BENEFIT)["amount"].to_list() == [D("-60.00")]
