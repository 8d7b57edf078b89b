"""Random houses with dated facts that change on any day: a world as plain values, and the same world as columns.

What meters tell is drawn as a story (read, silent for three periods, replaced on the 12th …), so that the oracle in
`law.py` never reads a dial: it knows the story. Only this file turns stories into readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from accounts.calendar import ONE_DAY, Month
from billing import columns
from billing.kinds import BUSINESS, GAS, Basis, How, Mode
from billing.pipeline import Facts, Reference
from tests.unit.billing.facts import frame

D = Decimal
ONE = D(1)
LONG_AGO = date(2018, 1, 1)
HOUSE = 10
FIRST, SECOND = 40, 41  # contracts
POWER, COLD, HOT, WASTEWATER, HEATING, GAS_SERVICE, WASTE, HOUSING, ANTENNA = 1, 2, 3, 4, 5, 6, 7, 8, 13
COMMON_COLD, COMMON_POWER = 14, 16
# id, code, unit, resource
SERVICES = [
    (POWER, "electricity", 2, 3), (COLD, "cold_water", 1, 1), (HOT, "hot_water", 1, 2),
    (WASTEWATER, "wastewater", 1, 8),
    (HEATING, "heating", 3, 5), (GAS_SERVICE, "gas", 1, 4), (WASTE, "waste", 1, 0), (HOUSING, "maintenance", 4, 0),
    (ANTENNA, "antenna", 5, 0), (COMMON_COLD, "common_cold_water", 1, 1), (COMMON_POWER, "common_electricity", 2, 3),
]  # fmt: skip
RESOURCE = {pk: resource for pk, _, _, resource in SERVICES}
CODE = {pk: code for pk, code, _, _ in SERVICES}

Span = tuple[date, date | None]


@dataclass(frozen=True)
class Gauge:
    """What one meter tells of the month. Volumes are by zone, in units (the ratio included)."""

    story: str  # read, rolled, silent, expired, failed, refused, replaced, late, begun
    zones: int
    used: tuple[Decimal, ...] = ()  # read: of the month; late: since the last reading; replaced: old and new together
    history: tuple[tuple[Decimal, ...], ...] = ()  # fully metered months before the event, the eldest first
    periods: int = 0  # of the event of п. 59, this month included
    charged: tuple[Decimal, ...] = ()  # late: volumes charged in the months since (in the first zone)
    removed: int = 0  # day of the month, replaced
    commissioned: int = 0  # replaced, begun
    is_read: bool = True  # replaced: has the new meter been read?
    ratio: Decimal = ONE


@dataclass(frozen=True)
class Flat:
    """Premises with their accounts and all that holds in them over days."""

    premises: int
    accounts: list[tuple[int, date, date | None]]
    areas: list[tuple[Decimal, bool, date, date | None]]  # m², own heating
    residents: list[tuple[int, date, date | None]]
    owners: list[tuple[int, date, date | None]]
    impossible: frozenset[int] = frozenset()  # resources that no meter can be installed for
    is_shop: bool = False
    gauges: dict[int, list[Gauge]] = field(default_factory=dict)
    plots: list[tuple[int, Decimal, date, date | None]] = field(default_factory=list)
    parent: int | None = None
    living: Decimal | None = None


@dataclass(frozen=True)
class Price:
    """A row of the tariff: contract, service, category, component, zone, range."""

    key: tuple[int, int, int, int, int, int]
    up_to: Decimal | None
    price: Decimal
    span: Span


@dataclass(frozen=True)
class World:
    month: Month
    flats: list[Flat]
    passports: list[tuple[Decimal, Decimal, date, date | None]]  # m² of all premises, of the common property
    mode: Mode
    provisions: list[tuple[int, int, int, int, date, date | None]]  # service, contract, method, components
    prices: list[Price]
    norms: list[tuple[int, int, Decimal, int, date, date | None]]  # service, basis, value, months
    laws: list[tuple[str, Decimal, date, date | None]]
    exceptions: list[tuple[int, int, int | None, date, date | None]] = field(default_factory=list)
    volumes: dict[tuple[int, Month], Decimal] = field(default_factory=dict)  # by the building meter: service, month
    balances: list[tuple[int, Month, Decimal, Decimal]] = field(default_factory=list)  # volume, carried
    common_meter: dict[int, list[Gauge]] = field(default_factory=dict)  # of a communal flat
    flat_area: Decimal | None = None  # of the communal flat

    @property
    def days(self) -> list[date]:
        return [self.month.first + timedelta(days=number) for number in range(self.month.days)]


def holds(row: Any, day: date) -> bool:
    since, until = row[-2:]
    return bool(since <= day and (until is None or day < until))


COMMUNAL = 900  # the premises of the communal flat itself


# --- drawing ---------------------------------------------------------------------------------------------------------

fine = st.integers(1, 3_000_000).map(lambda n: D(n) / 100_000)  # norms: to 30, five places
kopecks = st.integers(1, 500_000).map(lambda n: D(n) / 100)  # prices to 5 000
square = st.integers(800, 15_000).map(lambda n: D(n) / 100)  # m²
litres = st.integers(0, 60_000).map(lambda n: D(n) / 1000)  # a month's usage


@st.composite
def worlds(draw: st.DrawFn, *, heated: bool = True) -> World:
    month = draw(st.dates(date(2024, 1, 1), date(2026, 12, 1)).map(Month.of))

    def chance(one_in: int) -> bool:
        return draw(st.integers(1, one_in)) == 1

    def inside() -> date:
        return month.first + timedelta(days=draw(st.integers(1, month.days - 1)))

    def versions(values: Any, one_in: int = 3) -> list[tuple[Any, date, date | None]]:
        if not chance(one_in):
            return [(draw(values), LONG_AGO, None)]
        change = inside()
        return [(draw(values), LONG_AGO, change), (draw(values), change, None)]

    def span() -> Span:
        start = draw(st.integers(-3, month.days - 1))
        end = draw(st.none() | st.integers(start + 1, month.days + 3))
        return month.first + timedelta(days=start), None if end is None else month.first + timedelta(days=end)

    two_zone = chance(2)
    flats = [
        _flat(draw, month, number, chance, inside, span, versions, two_zone=two_zone)
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    common_meter, flat_area = {}, None
    if chance(4):
        flat_area = draw(square) + 100
        common_meter = {resource: [_gauge(draw, month, 1)] for resource in (1, 2, 3) if chance(2)}
        for number in range(draw(st.integers(2, 3))):
            living = draw(square) / 10
            rows = [(draw(st.integers(1, 3)), *span()) for _ in range(draw(st.integers(0, 2)))]
            own = {3: [_gauge(draw, month, 1, simple=True)]} if 3 in common_meter and chance(3) else {}
            flats.append(
                Flat(
                    COMMUNAL + 1 + number, [(800 + number, LONG_AGO, None)], [(living, False, LONG_AGO, None)], rows,
                    [(1, LONG_AGO, None)], frozenset({1, 2, 3}), gauges=own, parent=COMMUNAL, living=living,
                )
            )  # fmt: skip
    whole = sum((flat.areas[0][0] for flat in flats if flat.parent is None), D(0)) + (flat_area or 0)
    house_area = whole + draw(st.sampled_from([D(0), D("812.3")]))
    common_area = draw(st.integers(0, 90_000).map(lambda n: D(n) / 100))
    passports = [(house_area, common_area, LONG_AGO, None)]
    if chance(5):
        day = inside()
        passports = [(house_area, common_area, LONG_AGO, day), (house_area + D("17.4"), common_area + 3, day, None)]
    made = _Served(draw, month, chance, inside, versions, two_zone)
    made.all_services()
    mode = Mode.SEASON
    volumes: dict[tuple[int, Month], Decimal] = {}
    if heated:
        mode = made.heating(volumes, flats)
    made.common(volumes)
    laws = [("vat", D(20), LONG_AGO, date(2026, 1, 1)), ("vat", D(22), date(2026, 1, 1), None)]
    for code in ("cold_water", "hot_water", "electricity"):
        if chance(2):
            laws += [(f"uplift.{code}", value, *when) for value, *when in versions(st.sampled_from([D("1.5"), D(3)]))]
    for code in ("uplift_by_days", "meter_start", "norm_partial_month"):
        if chance(3):
            laws.append((code, D(1), LONG_AGO, None))
    if month.first.month in (4, 10) and chance(2):  # the heating period ends or begins inside the month
        edge, year = inside(), month.first.year
        spring = month.first.month == 4
        laws.append(
            ("heating_season", D(1), *((date(year - 1, 10, 5), edge) if spring else (edge, date(year + 1, 4, 20))))
        )
    exceptions = []
    if chance(3):
        account = draw(st.sampled_from([row[0] for flat in flats for row in flat.accounts]))
        exceptions.append((account, draw(st.sampled_from([WASTE, ANTENNA, COLD])), None, *span()))
    return World(
        month, flats, passports, mode, made.provisions, made.prices, made.norms, laws, exceptions, volumes,
        made.balances, common_meter, flat_area,
    )  # fmt: skip


def _flat(
    draw: Any, month: Month, number: int, chance: Any, inside: Any, span: Any, versions: Any, *, two_zone: bool
) -> Flat:
    is_shop = chance(6)
    accounts: list[tuple[int, date, date | None]] = [(100 * number, LONG_AGO, None)]
    if chance(4):
        sold = inside()
        accounts = [(100 * number, LONG_AGO, sold), (100 * number + 1, sold, None)]
    elif chance(6):
        accounts = [(100 * number, inside(), None)]
    zones = draw(st.sampled_from([2, 3])) if two_zone and chance(2) else 1
    gauges = {}
    for resource in (1, 2, 3, GAS):
        if chance(2):
            gauges[resource] = [_gauge(draw, month, zones if resource == 3 else 1, begins=resource != GAS)]
            if chance(6):
                gauges[resource].append(_gauge(draw, month, zones if resource == 3 else 1, simple=True))
    plots = [(1, D(draw(st.integers(1, 60))), *span())] if chance(5) else []
    return Flat(
        number,
        accounts,
        [(area, False, since, until) for area, since, until in versions(square)],
        [] if is_shop else [(draw(st.integers(1, 4)), *span()) for _ in range(draw(st.integers(0, 3)))],
        [] if is_shop else [(1, LONG_AGO, None)] * draw(st.integers(0, 2)),
        frozenset(resource for resource in (1, 2, 3) if chance(2)),
        is_shop,
        gauges,
        plots,
    )


STORIES = ["read", "read", "read", "rolled", "silent", "expired", "failed", "refused", "replaced", "late"]


def _gauge(draw: Any, month: Month, zones: int, *, simple: bool = False, begins: bool = False) -> Gauge:
    story = draw(st.sampled_from(["read", "silent"] if simple else [*STORIES, *["begun"] * begins]))
    by_zone = st.tuples(*[litres] * zones)
    if story == "begun":
        return Gauge(story, zones, draw(by_zone), commissioned=draw(st.integers(1, month.days - 1)))
    history = tuple(draw(st.lists(by_zone, max_size=8)))
    if story in ("read", "rolled"):
        ratio = draw(st.sampled_from([D(1), D(1), D(20)])) if zones > 1 else D(1)
        return Gauge(story, zones, tuple(value * ratio for value in draw(by_zone)), ratio=ratio)
    if story == "replaced":
        removed = draw(st.integers(1, month.days - 1))
        commissioned = draw(st.integers(removed, month.days - 1))
        return Gauge(
            story, zones, draw(by_zone), history, removed=removed, commissioned=commissioned,
            is_read=draw(st.booleans()),
        )  # fmt: skip
    if story == "late":
        months = draw(st.integers(1, 3))
        return Gauge(story, zones, draw(by_zone), charged=tuple(draw(litres) for _ in range(months)))
    return Gauge(story, zones, (), history, periods=draw(st.integers(1, 5)))


class _Served:
    """Services of the house with their prices and norms."""

    def __init__(self, draw: Any, month: Month, chance: Any, inside: Any, versions: Any, two_zone: bool) -> None:
        self.draw, self.month, self.chance, self.inside, self.versions = draw, month, chance, inside, versions
        self.two_zone = two_zone
        self.provisions: list[tuple[int, int, int, int, date, date | None]] = []
        self.prices: list[Price] = []
        self.norms: list[tuple[int, int, Decimal, int, date, date | None]] = []
        self.balances: list[tuple[int, Month, Decimal, Decimal]] = []

    def serve(self, service: int, how: How, components: int = 1, *, always: bool = False) -> None:
        """One contract for the month, or two with a change; sometimes for a part of the month only."""
        days: list[Span] = [(LONG_AGO, None)]
        if not always and self.chance(4):
            change = self.inside()
            days = [(LONG_AGO, change), (change, None)]
        if not always and self.chance(6):
            days[-1] = (days[-1][0], self.month.next.first - ONE_DAY * self.draw(st.integers(1, 3)))
            if days[-1][1] is not None and days[-1][1] <= days[-1][0]:
                days.pop()
        contracts = []
        for number, when in enumerate(days):
            contract = (FIRST, SECOND)[number]
            self.provisions.append((service, contract, int(how), components, *when))
            contracts.append(contract)
        self.price(service, contracts, components)

    def price(self, service: int, contracts: list[int], components: int) -> None:
        parts = [1, 2] if components == 2 else [0]
        zones = [0, 1, 2, 3] if service == POWER and self.two_zone else [0]
        ranged = service == POWER and self.chance(3)
        categories = [0, BUSINESS] if self.chance(2) else [0]
        limits = [D(self.draw(st.integers(5, 40))), D(60)] if ranged else []
        for contract in contracts:
            for _, *when in self.versions(st.none()):
                for category in categories:
                    for part in parts:
                        for zone in zones:
                            for number, up_to in enumerate([*limits, None], 1):
                                key = (contract, service, category, part, zone, number if ranged else 0)
                                self.prices.append(Price(key, up_to, self.draw(kopecks), (when[0], when[1])))

    def norm(self, service: int, basis: Basis, values: Any = fine, months: int = 12, one_in: int = 3) -> None:
        for value, *when in self.versions(values, one_in):
            self.norms.append((service, int(basis), value, months, when[0], when[1]))

    def all_services(self) -> None:
        person = [Basis.PERSON_MONTH, Basis.PERSON_MONTH, Basis.PERSON_YEAR]
        self.serve(COLD, How.METERED)
        self.norm(COLD, self.draw(st.sampled_from(person)))
        if self.chance(2):
            self.serve(HOT, How.METERED, self.draw(st.sampled_from([1, 2])))
        self.norm(HOT, Basis.PERSON_MONTH)
        self.norm(HOT, Basis.PER_M3, st.integers(1, 1200).map(lambda n: D(n) / 10_000))
        if self.chance(2):
            self.serve(WASTEWATER, How.WASTEWATER)
        if self.chance(2):
            self.serve(POWER, How.METERED)
            self.norm(POWER, Basis.PERSON_MONTH)
        if self.chance(3):
            self.serve(GAS_SERVICE, How.METERED)
            self.norm(GAS_SERVICE, Basis.PERSON_MONTH)
            if self.chance(2):
                self.norm(GAS_SERVICE, Basis.M2_MONTH)
        if self.chance(2):
            by_area = self.chance(3)
            self.serve(WASTE, How.NORM_AREA if by_area else How.NORM_PERSON)
            if by_area:
                self.norm(WASTE, self.draw(st.sampled_from([Basis.M2_MONTH, Basis.M2_YEAR])))
            else:
                self.norm(WASTE, self.draw(st.sampled_from(person)))
        if self.chance(2):
            self.serve(HOUSING, How.PER_M2)
        if self.chance(3):
            self.serve(ANTENNA, How.PER_ACCOUNT)
        self.norms.append((COLD, int(Basis.UNIT_MONTH), D("0.15"), 12, LONG_AGO, None))

    def heating(self, volumes: dict[tuple[int, Month], Decimal], flats: list[Flat]) -> Mode:
        mode: Mode = self.draw(st.sampled_from([Mode.SEASON, Mode.EVEN]))
        how = self.draw(st.sampled_from([How.HEATING_NORM, How.HEATING_BUILDING]))
        self.serve(HEATING, how)
        self.norm(HEATING, Basis.M2_MONTH, st.integers(1, 5000).map(lambda n: D(n) / 100_000), months=7)
        if self.chance(3):  # premises with lawful own heating
            place = self.draw(st.sampled_from([n for n, flat in enumerate(flats) if flat.parent is None]))
            flat = flats[place]
            areas = [(area, True, since, until) for area, _, since, until in flat.areas]
            flats[place] = Flat(**{**vars(flat), "areas": areas})
        gcal = st.integers(0, 90_000).map(lambda n: D(n) / 1000)
        if how == How.HEATING_BUILDING:
            if mode == Mode.SEASON and self.chance(2):
                volumes[HEATING, self.month] = self.draw(gcal)
            for back in range(1, 24):
                if self.chance(2):
                    volumes[HEATING, self.month + -back] = self.draw(gcal)
        return mode

    def common(self, volumes: dict[tuple[int, Month], Decimal]) -> None:
        ways = [How.COMMON_NORM, How.COMMON_BALANCE, How.COMMON_ACTUAL, How.COMMON_AVERAGE]
        small = st.integers(1, 300).map(lambda n: D(n) / 1000)
        of_house = st.integers(0, 400_000).map(lambda n: D(n) / 1000)
        for service in (COMMON_COLD, COMMON_POWER):
            if not self.chance(2):
                continue
            how = self.draw(st.sampled_from(ways))
            # The balance is of the whole house for the whole month: one contract.
            self.serve(service, how, always=how != How.COMMON_NORM)
            self.norm(service, Basis.COMMON_M2_MONTH, small)
            if self.chance(2):
                volumes[service, self.month] = self.draw(of_house)
            if self.chance(2):
                self.balances.append((service, self.month.previous, D(-7), -self.draw(litres)))
            year = self.month.first.year - 1
            for number in range(1, 13):
                month = Month(date(year, number, 1))
                if month != self.month.previous and self.chance(3):
                    signed = st.integers(-90_000, 90_000).map(lambda n: D(n) / 1000)
                    self.balances.append((service, month, self.draw(signed), D(0)))


# --- the same world as columns ---------------------------------------------------------------------------------------


def columns_of(world: World, **instead: Any) -> Facts:
    month = world.month
    rooms = [flat for flat in world.flats if flat.parent is not None]
    all_living = sum((flat.living or D(0) for flat in rooms), D(0))
    meters, readings, faults, charged = _dials(world)
    shops = [flat for flat in world.flats if flat.is_shop]
    own = [(HOUSE, since, until, area) for flat in world.flats for area, is_own, since, until in flat.areas if is_own]
    made: dict[str, Any] = {
        "month": month,
        "reference": Reference(
            services=frame(columns.SERVICES, SERVICES),
            tariffs=frame(columns.TARIFFS, [(*row.key, row.up_to, row.price, *row.span) for row in world.prices]),
            norms=frame(columns.NORMS, [
                (service, 1 if basis == Basis.UNIT_MONTH else 0, basis, value, months, since, until)
                for service, basis, value, months, since, until in world.norms
            ]),
            laws=frame(columns.LAWS, list(world.laws)),
        ),
        "accounts": frame(columns.ACCOUNTS, [
            (pk, HOUSE, flat.premises, since, until, sum(1 << resource for resource in flat.impossible))
            for flat in world.flats for pk, since, until in flat.accounts
            if since < month.next.first and (until is None or until > month.first)
        ]),
        "areas": frame(columns.AREAS, [
            (flat.premises, since, until, area, int(is_own))
            for flat in world.flats for area, is_own, since, until in flat.areas
        ]),
        "residents": frame(columns.RESIDENTS, [
            (flat.premises, since, until, count) for flat in world.flats for count, since, until in flat.residents
        ]),
        "owners": frame(columns.OWNERS, [
            (flat.premises, since, until, count) for flat in world.flats for count, since, until in flat.owners
        ]),
        "provisions": frame(columns.PROVISIONS, [
            (HOUSE, service, contract, method, parts, since, until)
            for service, contract, method, parts, since, until in world.provisions
        ]),
        "exceptions": frame(columns.EXCEPTIONS, list(world.exceptions)),
        "passports": frame(columns.PASSPORTS, [
            (HOUSE, since, until, house, common, int(world.mode), 0, 0)
            for house, common, since, until in world.passports
        ]),
        "own_heating": frame(columns.OWN_HEATING, own),
        "house_volumes": frame(columns.HOUSE_VOLUMES, [
            (HOUSE, service, when.first, volume) for (service, when), volume in world.volumes.items()
        ]),
        "meters": meters, "readings": readings, "faults": faults, "charged": charged,
        "rooms": frame(columns.ROOMS, [
            (flat.premises, flat.parent, flat.living, world.flat_area, all_living) for flat in rooms
        ]),
        "businesses": frame(columns.BUSINESSES, [
            (pk, flat.premises, 1) for flat in shops for pk, *_ in flat.accounts
        ]),
        "balances": frame(columns.BALANCES, [
            (HOUSE, service, when.first, volume, carried) for service, when, volume, carried in world.balances
        ]),
        "plots": frame(columns.PLOTS, [
            (flat.premises, kind, units, since, until)
            for flat in world.flats for kind, units, since, until in flat.plots
        ]),
    }  # fmt: skip
    return Facts(**{**made, **instead})


def _dials(world: World) -> tuple[Any, Any, Any, Any]:
    meters: list[tuple[Any, ...]] = []
    readings: list[tuple[Any, ...]] = []
    faults: list[tuple[Any, ...]] = []
    charged: list[tuple[Any, ...]] = []
    places = [(flat.premises, flat.gauges, flat.accounts) for flat in world.flats]
    if world.common_meter:
        places.append((COMMUNAL, world.common_meter, [flat.accounts[0] for flat in world.flats if flat.parent][:1]))
    for premises, gauges, accounts in places:
        for resource, rows in gauges.items():
            for gauge in rows:
                _tell(world.month, premises, resource, gauge, accounts[0][0], meters, readings, faults, charged)
    return (
        frame(columns.METERS, meters), frame(columns.READINGS, readings), frame(columns.FAULTS, faults),
        frame(columns.CHARGED, charged),
    )  # fmt: skip


def _tell(
    month: Month, premises: int, resource: int, gauge: Gauge, account: int,
    meters: list[Any], readings: list[Any], faults: list[Any], charged: list[Any],
) -> None:  # fmt: skip
    """The story of one meter as its rows."""
    meter = 1000 + len(meters)
    facts = {
        "commissioned_on": LONG_AGO, "removed_on": None, "verified_until": None, "replaces": None, "digits": 9,
        "ratio": gauge.ratio,
    }  # fmt: skip

    def add(number: int, **more: Any) -> None:
        row = {**facts, **more}
        meters.append((
            number, premises, resource, gauge.zones, row["digits"], row["ratio"], row["commissioned_on"],
            row["removed_on"], row["verified_until"], row["replaces"],
        ))  # fmt: skip

    def read(number: int, when: Month, values: Any, day: int = 20, is_act: int = 0, counts: int = 1) -> None:
        for zone, value in enumerate(values, 1):
            readings.append((number, zone, when.first.replace(day=day), when.first, value, is_act, counts))

    def past(number: int, last: Month) -> list[Decimal]:
        """History that ends with the reading of `last`; what the dials show then."""
        values = [D(500)] * gauge.zones
        first = last + -len(gauge.history)
        read(number, first, values)
        for step, usage in enumerate(gauge.history, 1):
            values = [value + more for value, more in zip(values, usage, strict=True)]
            read(number, first + step, values)
        return values

    if gauge.story == "read":
        add(meter)
        read(meter, month.previous, [D(500)] * gauge.zones)
        read(meter, month, [500 + used / gauge.ratio for used in gauge.used])
    elif gauge.story == "rolled":
        add(meter, digits=5)
        top = [D(99_990)] * gauge.zones
        read(meter, month.previous, top)
        values = [value + used / gauge.ratio for value, used in zip(top, gauge.used, strict=True)]
        read(meter, month, [value - 100_000 if value >= 100_000 else value for value in values])
    elif gauge.story == "silent":
        add(meter)
        past(meter, month + -gauge.periods)
    elif gauge.story in ("expired", "failed", "refused"):
        event = month + -(gauge.periods - 1)
        if gauge.story == "expired":
            add(meter, verified_until=event.first - ONE_DAY)
        else:
            add(meter)
            faults.append((meter, 1 if gauge.story == "failed" else 2, event.first + ONE_DAY, None))
        values = past(meter, event.previous)
        for step in range(gauge.periods):  # readings go on, and count for nothing
            values = [value + 3 for value in values]
            read(meter, event + step, values)
    elif gauge.story == "replaced":
        removed, commissioned = (month.first.replace(day=day) for day in (gauge.removed, gauge.commissioned))
        add(meter, removed_on=removed)
        add(meter + 1, commissioned_on=commissioned, replaces=meter)
        values = past(meter, month.previous)
        halves = [(used / 2).quantize(D("0.001")) for used in gauge.used] if gauge.is_read else list(gauge.used)
        final = [value + half for value, half in zip(values, halves, strict=True)]
        read(meter, month, final, day=gauge.removed, is_act=1)
        read(meter + 1, month, [D(7)] * gauge.zones, day=gauge.commissioned, is_act=1)
        if gauge.is_read:
            rest = [7 + used - half for used, half in zip(gauge.used, halves, strict=True)]
            read(meter + 1, month, rest, day=gauge.commissioned + 1, counts=0)
    elif gauge.story == "begun":
        add(meter, commissioned_on=month.first.replace(day=gauge.commissioned))
        read(meter, month, [D(7)] * gauge.zones, day=gauge.commissioned, is_act=1)
        read(meter, month, [7 + used for used in gauge.used], day=gauge.commissioned + 1, counts=0)
    else:
        assert gauge.story == "late"
        add(meter)
        since = month + -(len(gauge.charged) + 1)
        read(meter, since, [D(500)] * gauge.zones)
        read(meter, month, [500 + used for used in gauge.used])
        service = next(pk for pk, kind in RESOURCE.items() if kind == resource)
        for step, volume in enumerate(gauge.charged, 1):
            charged.append((account, service, (since + step).first, 1 if gauge.zones > 1 else 0, volume))
