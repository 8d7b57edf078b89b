"""The law read aloud, day by day, in exact fractions: the oracle that the engine is compared with.

Written from domain/charges.md (ПП РФ № 354 and its neighbours), not from the engine: no columns, no segments, one
premises and one day at a time. A line is a run of days of one contract, method, tariff, norm and multiplier
(charges.md 1.4); its amount here is a fraction that nobody has rounded yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from accounts.calendar import Month
from billing.kinds import BUSINESS, Basis, How, Kind, Mode
from tests.property.billing.houses import (
    CODE,
    COLD,
    GAS_SERVICE,
    HEATING,
    HOT,
    RESOURCE,
    Flat,
    Gauge,
    World,
    holds,
)

F = Fraction
Key = tuple[int, int, int, int, int, int, int]  # account, contract, service, kind, component, zone, range
ONE = F(1)
SEASON = (10, 11, 12, 1, 2, 3, 4)


@dataclass(frozen=True)
class Told:
    """What the meters of a resource told of a place: volumes by zone of price, the rest as the law names it."""

    by: str  # meter, average, norm
    volumes: dict[int, Fraction]
    gap_by_norm: int = 0  # days of a replacement that no average covers
    is_raised: bool = False  # the multiplier applies whatever could be installed
    is_begun: bool = False  # a first meter that counts from the day after commissioning; the days before by the norm


def kopecks(value: Fraction) -> Decimal:
    """Half away from zero."""
    sign = -1 if value < 0 else 1
    return sign * Decimal(int(abs(value) * 100 + F(1, 2))) / 100


def agree(exact: Fraction, found: Decimal) -> bool:
    """Equal to the kopeck. Twelve-place quotients may tell a tie from one side only: there both kopecks are right."""
    if kopecks(exact) == found:
        return True
    is_tie = abs(abs(exact * 100) % 1 - F(1, 2)) < F(1, 10**6)
    return is_tie and abs(exact - F(found)) < F(50001, 10**7)


@dataclass
class Item:
    """Days of one contract, method, tariff, norm and multiplier, with the volumes of the account by zone."""

    flat: Flat
    account: int
    service: int
    contract: int
    run: list[date]
    volumes: dict[int, Fraction]
    components: int
    kind: Kind
    multiplier: Fraction
    heat: Fraction  # Gcal in a cubic metre
    days: int  # of the run that the line is of


class Law:
    """All lines of a world's month: `lines()` gives fractions of roubles by their keys."""

    def __init__(self, world: World) -> None:
        self.world, self.month, self.days = world, world.month, world.days
        self.size = F(len(self.days))
        self.found: dict[Key, list[Fraction]] = defaultdict(list)
        self.items: list[Item] = []
        self.volumes: dict[tuple[int, int], Fraction] = defaultdict(F)  # account, resource: base volume, no multiplier

    # --- facts of a day

    def people(self, flat: Flat, day: date) -> int:
        """п. 56, 56(2): residents; owners where nobody lives."""
        living = sum(row[0] for row in flat.residents if holds(row, day))
        return living or sum(row[0] for row in flat.owners if holds(row, day))

    def area(self, flat: Flat, day: date) -> Fraction:
        return F(next(row[0] for row in flat.areas if holds(row, day)))

    def shared_area(self, flat: Flat, day: date) -> Fraction:
        """Heat and common needs of a room: the flat's area by living area (charges.md 7.7, 16.2)."""
        if flat.parent is None:
            return self.area(flat, day)
        assert flat.living is not None and self.world.flat_area is not None
        living = sum((F(other.living) for other in self.rooms() if other.living is not None), F(0))
        return F(self.world.flat_area) * F(flat.living) / living

    def rooms(self) -> list[Flat]:
        return [flat for flat in self.world.flats if flat.parent is not None]

    def passport(self, day: date) -> tuple[Fraction, Fraction]:
        row = next(row for row in self.world.passports if holds(row, day))
        return F(row[0]), F(row[1])

    def norm(self, service: int, day: date, *bases: Basis) -> Fraction | None:
        for basis in bases:
            for row in self.world.norms:
                if row[0] == service and row[1] == basis and holds(row, day):
                    yearly = basis in (Basis.PERSON_YEAR, Basis.M2_YEAR)
                    return F(row[2]) / (12 if yearly else 1)
        return None

    def law(self, code: str, day: date) -> Fraction | None:
        return next((F(row[1]) for row in self.world.laws if row[0] == code and holds(row, day)), None)

    def multiplier(self, service: int, day: date) -> Fraction:
        """By the version of the 1st, unless days are switched on (charges.md 2.3)."""
        by_days = self.law("uplift_by_days", self.month.first) == 1
        return self.law(f"uplift.{CODE[service]}", day if by_days else self.month.first) or F(1)

    def served(self, account: int, service: int, day: date) -> tuple[int, How, int] | None:
        row = next((row for row in self.world.provisions if row[0] == service and holds(row, day)), None)
        if row is None:
            return None
        for mine in self.world.exceptions:
            if mine[:2] == (account, service) and holds(mine, day):
                return None if mine[2] is None else (row[1], How(mine[2]), row[3])
        return row[1], How(row[2]), row[3]

    def prices(self, contract: int, service: int, day: date, business: bool) -> dict[tuple[int, int], list[Any]]:
        """(component, zone) → rows by ranges: number, end, price. Those of organisations before the general ones."""
        rows = [row for row in self.world.prices if row.key[:2] == (contract, service) and holds(row.span, day)]
        mine = [row for row in rows if row.key[2] == BUSINESS] if business else []
        chosen = mine or [row for row in rows if row.key[2] == 0]
        found: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for row in chosen:
            up_to = None if row.up_to is None else F(row.up_to)
            found[row.key[3], row.key[4]].append((row.key[5], up_to, F(row.price)))
        return {key: sorted(rows, key=lambda row: row[0]) for key, rows in found.items()}

    # --- lines

    def lines(self) -> dict[Key, list[Fraction]]:
        everybody = [(flat, *account) for flat in self.world.flats for account in flat.accounts]
        for flat, account, since, until in everybody:
            days = [day for day in self.days if since <= day and (until is None or day < until)]
            for service in sorted({row[0] for row in self.world.provisions}):
                self.of_service(flat, account, service, days)
        self.of_common_needs(everybody)
        for item in self.items:
            self.priced(item)
        self.vat()
        return self.found

    def runs(
        self, account: int, service: int, days: Iterable[date], key: Callable[[date, int, How, int], Any]
    ) -> Iterator[tuple[list[date], int, How, int, Any]]:
        """Runs of neighbouring days of one contract, method, tariff and whatever `key` adds (charges.md 1.4)."""
        run: list[date] = []
        before: Any = None
        for day in days:
            terms = self.served(account, service, day)
            now = None if terms is None else (*terms, self.sheet(terms[0], service, day), key(day, *terms))
            if run and (now != before or (day - run[-1]).days > 1):
                yield run, before[0], before[1], before[2], before[4]
                run = []
            if now is not None:
                run.append(day)
            before = now
        if run:
            yield run, before[0], before[1], before[2], before[4]

    def sheet(self, contract: int, service: int, day: date) -> Any:
        return tuple(
            sorted((row.key, str(row.up_to), row.price) for row in self.world.prices
                   if row.key[:2] == (contract, service) and holds(row.span, day))
        )  # fmt: skip

    def charge(
        self, flat: Flat, account: int, service: int, contract: int, run: list[date],
        volumes: dict[int, Fraction], components: int, *, kind: Kind = Kind.CHARGE, multiplier: Fraction = ONE,
        heat: Fraction | None = None, days: int | None = None,
    ) -> None:  # fmt: skip
        """A run with its volumes by zone; it is priced when the house's balance has had its say."""
        self.items.append(
            Item(
                flat, account, service, contract, run, dict(volumes), components, kind, multiplier, heat or F(0),
                len(run) if days is None else days,
            )
        )  # fmt: skip
        if kind == Kind.CHARGE:
            self.volumes[account, RESOURCE[service]] += sum(volumes.values(), F(0))

    def priced(self, item: Item) -> None:
        """Lines of one run: zones, components, ranges, and the uplift as a line of its own (п. 69)."""
        prices = self.prices(item.contract, item.service, item.run[0], item.flat.is_shop)
        part = F(item.days) / self.size
        whole = sum(item.volumes.values(), F(0))
        for zone, volume in item.volumes.items():
            for component in (1, 2) if item.components == 2 else (0,):
                of_part = volume * item.heat if component == 2 else volume
                lower = F(0)
                for number, up_to, price in prices.get((component, zone), []):
                    within = of_part
                    if number:  # 3.3: marginal, zones in proportion; a credit stays in range one
                        upper = whole if up_to is None else up_to * part
                        inside = max(min(whole, upper) - lower, F(0))
                        within, lower = (of_part * inside / whole if whole else F(0)), upper
                        if whole <= 0:
                            within = of_part if number == 1 else F(0)
                    where = (component, zone, number)
                    key = (item.account, item.contract, item.service)
                    self.found[*key, int(item.kind), *where].append(within * price)
                    if component != 2 and item.multiplier != 1:
                        self.found[*key, int(Kind.UPLIFT), *where].append(within * (item.multiplier - 1) * price)

    def of_service(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        terms = [self.served(account, service, day) for day in days]
        methods = {row[1] for row in terms if row is not None}
        for how in methods:
            rule = {
                How.METERED: self.metered, How.WASTEWATER: self.wastewater, How.NORM_PERSON: self.by_persons,
                How.NORM_AREA: self.by_area, How.PER_M2: self.per_metre, How.PER_ACCOUNT: self.per_account,
                How.HEATING_NORM: self.heating, How.HEATING_BUILDING: self.heating,
            }.get(how)  # fmt: skip
            if rule is not None:
                rule(flat, account, service, days)

    def heat_of_metre(self, service: int) -> Callable[[date, int, How, int], Any]:
        """The norm of heat in a cubic metre is a norm of the line with two components."""
        return lambda day, contract, how, parts: self.norm(service, day, Basis.PER_M3) if parts == 2 else None

    # 10. Housing: area × rate, or a sum from the flat.

    def per_metre(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        for run, contract, _, parts, _ in self.runs(account, service, days, lambda *_: None):
            volume = sum((self.area(flat, day) for day in run), F(0)) / self.size
            self.charge(flat, account, service, contract, run, {0: volume}, parts)

    def per_account(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        for run, contract, _, parts, _ in self.runs(account, service, days, lambda *_: None):
            self.charge(flat, account, service, contract, run, {0: len(run) / self.size}, parts)

    # 2.5, 9. By the norm of a person or of a square metre.

    def by_persons(self, flat: Flat, account: int, service: int, days: list[date], raised: bool = False) -> None:
        """A new norm of the service makes a new line, were it that of its other line."""

        def key(day: date, *_: Any) -> Any:
            return self.norms_of(service, day, *_)

        for run, contract, _, parts, (norm, multiplier, heat, _of_metre) in self.runs(account, service, days, key):
            persons = sum(self.people(flat, day) for day in run) / self.size
            if norm is not None and persons:
                self.charge(
                    flat, account, service, contract, run, {0: persons * norm}, parts,
                    multiplier=multiplier if raised else F(1), heat=heat,
                )  # fmt: skip

    def by_area(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        bases = Basis.M2_MONTH, Basis.M2_YEAR
        for run, contract, _, parts, norm in self.runs(
            account, service, days, lambda day, *_: self.norm(service, day, *bases)
        ):
            if norm is not None:
                metres = sum((self.area(flat, day) for day in run), F(0)) / self.size
                self.charge(flat, account, service, contract, run, {0: metres * norm}, parts)

    # 2. The decision tree of a metered service.

    def metered(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        told = self.told(flat, RESOURCE[service])
        if told is None or told.by == "norm":
            possible = RESOURCE[service] not in flat.impossible
            self.by_persons(flat, account, service, days, raised=possible if told is None else told.is_raised)
            self.beside_the_norm(flat, account, service, days)
            return

        if told.is_begun:
            self.begun(flat, account, service, days, told)
            return

        def key(day: date, *more: Any) -> Any:
            norm = self.norm(service, day, Basis.PERSON_MONTH, Basis.PERSON_YEAR) if told.gap_by_norm else None
            return self.heat_of_metre(service)(day, *more), norm

        for run, contract, _, parts, (heat, _norm) in self.runs(account, service, days, key):
            share = len(run) / self.size
            volumes = {zone: volume * share for zone, volume in told.volumes.items()}
            if told.gap_by_norm:
                normed = F(0)
                for day in run:
                    norm = self.norm(service, day, Basis.PERSON_MONTH, Basis.PERSON_YEAR)
                    normed += self.people(flat, day) * (norm or F(0)) / self.size
                volumes[min(volumes)] += normed * told.gap_by_norm / self.size
            self.charge(flat, account, service, contract, run, volumes, parts, heat=heat)

    def begun(self, flat: Flat, account: int, service: int, days: list[date], told: Told) -> None:
        """12.1, next_day: the norm (raised, if a meter could be) up to commissioning, then what the meter shows.

        Where the month is cut, each part has its days' share of both, as of a replacement.
        """

        def key(day: date, *more: Any) -> Any:
            norm = self.norm(service, day, Basis.PERSON_MONTH, Basis.PERSON_YEAR)
            return self.heat_of_metre(service)(day, *more), norm, self.multiplier(service, day)

        for run, contract, _, parts, (heat, norm, multiplier) in self.runs(account, service, days, key):
            before = int(len(run) * told.gap_by_norm / self.size + F(1, 2))
            volumes = {zone: volume * len(run) / self.size for zone, volume in told.volumes.items()}
            self.charge(
                flat, account, service, contract, run, volumes, parts, heat=heat, days=max(len(run) - before, 1)
            )
            persons = sum(self.people(flat, day) for day in run) * told.gap_by_norm / self.size / self.size
            if norm is not None and persons:
                self.charge(
                    flat, account, service, contract, run, {0: persons * norm}, parts, heat=heat, days=max(before, 1),
                    multiplier=multiplier if RESOURCE[service] not in flat.impossible else F(1),
                )  # fmt: skip

    def norms_of(self, service: int, day: date, *terms: Any) -> tuple[Fraction | None, ...]:
        """Of a person, the multiplier, the heat of a cubic metre, of a square metre."""
        norm = self.norm(service, day, Basis.PERSON_MONTH, Basis.PERSON_YEAR)
        heat = self.heat_of_metre(service)(day, *terms)
        return norm, self.multiplier(service, day), heat, self.of_metre(service, day)

    def of_metre(self, service: int, day: date) -> Fraction | None:
        return self.norm(service, day, Basis.M2_MONTH, Basis.M2_YEAR) if service == GAS_SERVICE else None

    def beside_the_norm(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        """8: gas for heating by m²; 4: watering and livestock of a plot, both only without a meter."""

        def key(day: date, *more: Any) -> Any:
            return self.norms_of(service, day, *more)

        unit = self.norm(service, self.month.first, Basis.UNIT_MONTH) if service == COLD else None
        watered = sum((F(row[1]) * sum(holds(row, day) for day in self.days) for row in flat.plots), F(0)) / self.size
        for run, contract, _, parts, (*_, of_metre) in self.runs(account, service, days, key):
            if of_metre is not None:
                metres = sum((self.area(flat, day) for day in run), F(0)) / self.size
                self.charge(flat, account, service, contract, run, {0: metres * of_metre}, parts)
            if unit is not None and watered:
                share = len(run) / self.size
                self.charge(flat, account, service, contract, run, {0: watered * unit * share}, parts)

    def told(self, flat: Flat, resource: int) -> Told | None:
        if flat.parent is not None:
            return self.told_room(flat, resource)
        starts = self.law("meter_start", self.month.first) == 1
        gauges = [gauge for gauge in flat.gauges.get(resource, []) if starts or gauge.story != "begun"]
        return self.together(gauges, flat.is_shop) if gauges else None

    def told_room(self, room: Flat, resource: int) -> Told | None:
        """п. 50: own + (V_flat − Σ own) · n_room / n_flat."""
        gauges = self.world.common_meter.get(resource)
        own = self.together(room.gauges[resource], False) if resource in room.gauges else None
        if not gauges:
            return own
        common = self.together(gauges, False)
        if common.by == "norm":
            return common
        people = {other.premises: sum(self.people(other, day) for day in self.days) for other in self.rooms()}
        if not sum(people.values()):
            return own
        meters = {
            other.premises: told
            for other in self.rooms() if resource in other.gauges
            for told in [self.together(other.gauges[resource], False)] if told.by != "norm"
        }  # fmt: skip
        spent = sum((told.volumes[0] for told in meters.values()), F(0))
        mine = meters[room.premises].volumes[0] if room.premises in meters else F(0)
        share = F(people[room.premises], sum(people.values()))
        return Told(common.by, {0: mine + (common.volumes[0] - spent) * share}, common.gap_by_norm)

    def together(self, gauges: list[Gauge], is_shop: bool) -> Told:
        """12.8: the place is metered if all its inlets are; one that fell to the norm takes the service with it."""
        told = [self.one(gauge, is_shop) for gauge in gauges]
        if any(row.by == "norm" for row in told):
            return Told("norm", {}, is_raised=any(row.is_raised for row in told))
        volumes: dict[int, Fraction] = defaultdict(F)
        for row in told:
            for zone, volume in row.volumes.items():
                volumes[zone] += volume
        by = "average" if any(row.by == "average" for row in told) else "meter"
        if all(row.is_begun for row in told):
            return Told(by, dict(volumes), min(row.gap_by_norm for row in told), is_begun=True)
        return Told(by, dict(volumes), max(row.gap_by_norm for row in told if not row.is_begun))

    def one(self, gauge: Gauge, is_shop: bool) -> Told:
        zones = [0] if gauge.zones == 1 else list(range(1, gauge.zones + 1))
        if gauge.story in ("read", "rolled", "begun"):
            if gauge.story == "begun":
                used = {zone: F(value) for zone, value in zip(zones, gauge.used, strict=True)}
                return Told("meter", used, gap_by_norm=gauge.commissioned, is_begun=True)
            return Told("meter", {zone: F(used) for zone, used in zip(zones, gauge.used, strict=True)})
        if gauge.story == "late":  # 2.1: what was charged meanwhile comes off, in the first zone
            volumes = {zone: F(used) for zone, used in zip(zones, gauge.used, strict=True)}
            volumes[zones[0]] -= sum((F(volume) for volume in gauge.charged), F(0))
            return Told("meter", volumes)
        last = gauge.history[-6:]
        average = (
            [sum((F(month[zone]) for month in last), F(0)) / len(last) for zone in range(gauge.zones)]
            if len(last) >= 3 else None
        )  # fmt: skip
        if gauge.story == "replaced":  # 12.2
            size = len(self.days)
            gap = gauge.commissioned - gauge.removed + (0 if gauge.is_read else size - gauge.commissioned)
            used = {zone: F(value) for zone, value in zip(zones, gauge.used, strict=True)}
            if average is None:
                return Told("meter", used, gap_by_norm=gap)
            return Told("meter", {
                zone: used[zone] + value * gap / size for zone, value in zip(zones, average, strict=True)
            })  # fmt: skip
        longest = 2 if is_shop else 3  # п. 59; 16.1
        if average is not None and gauge.periods <= longest:
            return Told("average", dict(zip(zones, average, strict=True)))
        # п. 60: the multiplier after failure, expiry, refusal; never for readings that were not submitted
        raised = gauge.story != "silent" and gauge.periods > longest
        return Told("norm", {}, is_raised=raised)

    # 5. Wastewater follows both waters, never with the multiplier.

    def wastewater(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        waters = {water: self.told(flat, RESOURCE[water]) for water in (COLD, HOT)}

        def normed(water: int, day: date) -> bool:
            told = waters[water]
            served = any(row[0] == water and holds(row, day) for row in self.world.provisions)
            return (told is None and served) or (told is not None and (told.by == "norm" or told.gap_by_norm > 0))

        def person_norm(water: int, day: date) -> Fraction | None:
            return self.norm(water, day, Basis.PERSON_MONTH, Basis.PERSON_YEAR)

        def key(day: date, *_: Any) -> Any:
            return tuple(person_norm(water, day) if normed(water, day) else None for water in (COLD, HOT))

        for run, contract, _, parts, _ in self.runs(account, service, days, key):
            if not any(told is not None or normed(water, run[0]) for water, told in waters.items()):
                continue
            volume = F(0)
            for water, told in waters.items():
                for day in run:
                    norm = person_norm(water, day) or F(0)
                    if told is not None and told.by != "norm":
                        volume += sum(told.volumes.values(), F(0)) / self.size
                        volume += self.people(flat, day) * norm * told.gap_by_norm / self.size / self.size
                    elif normed(water, day):
                        volume += self.people(flat, day) * norm / self.size
            self.charge(flat, account, service, contract, run, {0: volume}, parts)

    # 7. Heating.

    def in_season(self, month: Month) -> bool:
        return month.first.month in SEASON

    def house_heat(self) -> Fraction | None:
        """V_Д of the month; its average for three periods of the heating period (7.5); the even twelfth (7.4)."""
        told = {month: F(volume) for (service, month), volume in self.world.volumes.items() if service == HEATING}
        if self.world.mode == Mode.EVEN:
            year = [volume for month, volume in told.items() if month.first.year == self.month.first.year - 1]
            return sum(year, F(0)) / 12 if len(year) >= len(SEASON) else None
        if self.month in told:
            return told[self.month]
        heated = [self.month + -step for step in range(1, 13) if self.in_season(self.month + -step)]
        known = [month for month in heated if month in told]
        if not self.in_season(self.month) or len(known) < 3:
            return None
        silent = 1 + len([month for month in heated if month > known[0]])
        return sum((told[month] for month in known), F(0)) / len(known) if silent <= 3 else None

    def heating(self, flat: Flat, account: int, service: int, days: list[date]) -> None:
        gcal, mode = self.house_heat(), self.world.mode
        methods = {row[1] for row in (self.served(account, service, day) for day in days) if row is not None}
        by_building = How.HEATING_BUILDING in methods and gcal is not None
        if mode == Mode.SEASON and not self.in_season(self.month) and not by_building:
            return
        months = next((row[3] for row in self.world.norms if row[0] == service), 12)
        bases = Basis.M2_MONTH, Basis.M2_YEAR

        # 7.2: the month is charged in full, or (a switch) for its days of the heating period
        is_partial = self.law("norm_partial_month", self.month.first) == 1 and mode != Mode.EVEN and not by_building

        def is_heated(day: date) -> bool:
            season = [row for row in self.world.laws if row[0] == "heating_season"]
            return not is_partial or not season or any(holds(row, day) for row in season)

        def key(day: date, *_: Any) -> Any:
            shared = (self.passport(day), self.without(day)) if by_building else None
            return shared, self.norm(service, day, *bases), is_heated(day)

        for run, contract, _, parts, (_, norm, heated) in self.runs(account, service, days, key):
            if not heated:
                continue
            volume = F(0)
            for day in run:
                area = self.shared_area(flat, day)
                own = next(row[1] for row in flat.areas if holds(row, day))
                if by_building:
                    assert gcal is not None
                    volume += self.share_of_heat(area, own, gcal, day) / self.size
                elif norm is not None and not own:
                    evenly = F(months, 12) if mode == Mode.EVEN else F(1)
                    volume += area * norm * evenly / self.size
            self.charge(flat, account, service, contract, run, {0: volume}, parts)

    def without(self, day: date) -> Fraction:
        """S_инд of the day: premises with lawful own heating."""
        areas = [row for flat in self.world.flats for row in flat.areas if row[1] and holds(row, day)]
        return sum((F(row[0]) for row in areas), F(0))

    def share_of_heat(self, area: Fraction, own: bool, gcal: Fraction, day: date) -> Fraction:
        """ф. 3 with 3(6): V_i + S_i · (V_Д − ΣV_i) / S_об."""
        house, common = self.passport(day)
        without = self.without(day)
        each = gcal / (house - without + common)  # Gcal on a m² of premises that are heated
        of_flats = each * (house - without)
        return (F(0) if own else area * each) + area * (gcal - of_flats) / house

    # 11. Common needs.

    def of_common_needs(self, everybody: list[Any]) -> None:
        services = {row[0] for row in self.world.provisions if CODE[row[0]].startswith("common_")}
        for service in sorted(services):
            how = How(next(row[2] for row in self.world.provisions if row[0] == service))
            house = self.common_volume(service, how)
            if how == How.COMMON_BALANCE and house is not None and house < 0:
                self.lower(service, -house)
            for flat, account, since, until in everybody:
                days = [day for day in self.days if since <= day and (until is None or day < until)]
                self.common_line(flat, account, service, days, None if house is None else max(house, F(0)))

    def common_volume(self, service: int, how: How) -> Fraction | None:
        """What is shared: by the balance of the month, or the average balance of the year before (11.2, 11.3, 11.5)."""
        if how == How.COMMON_NORM:
            return None
        rows = {month: (F(volume), F(carried)) for one, month, volume, carried in self.world.balances if one == service}
        if how == How.COMMON_AVERAGE:
            year = [row[0] for month, row in rows.items() if month.first.year == self.month.first.year - 1]
            return sum(year, F(0)) / len(year) if year else None
        building = self.world.volumes.get((service, self.month))
        if building is None:
            return None
        used = sum((v for (_, resource), v in self.volumes.items() if resource == RESOURCE[service]), F(0))
        carried = rows.get(self.month.previous, (F(0), F(0)))[1] if how == How.COMMON_ACTUAL else F(0)
        return F(building) - used + carried

    def common_line(self, flat: Flat, account: int, service: int, days: list[date], house: Fraction | None) -> None:
        def key(day: date, *_: Any) -> Any:
            return self.passport(day), self.norm(service, day, Basis.COMMON_M2_MONTH)

        for run, contract, _, parts, (_, norm) in self.runs(account, service, days, key):
            volume = F(0)
            for day in run:
                whole, common = self.passport(day)
                of_house = norm * common if house is None and norm is not None else house
                volume += (of_house or F(0)) * self.shared_area(flat, day) / whole / self.size
            self.charge(flat, account, service, contract, run, {0: volume}, parts, kind=Kind.COMMON_USE)

    def lower(self, service: int, excess: Fraction) -> None:
        """п. 47: |V| off the dwellings' own volumes by residents, never below zero; every line in proportion."""
        base = next(pk for pk, resource in RESOURCE.items() if resource == RESOURCE[service])
        keys: dict[int, int] = {}
        for flat in self.world.flats:
            for account, since, until in flat.accounts:
                if flat.is_shop:
                    continue
                days = [
                    day for day in self.days
                    if since <= day and (until is None or day < until) and self.served(account, base, day)
                ]  # fmt: skip
                keys[account] = sum(self.people(flat, day) for day in days)
        whole = sum(keys.values())
        for account, key in keys.items():
            used = self.volumes[account, RESOURCE[base]]
            if not whole or used <= 0:
                continue
            left = 1 - min(F(1), excess * key / (whole * used))
            for item in self.items:
                if (item.account, item.service) == (account, base):
                    item.volumes = {zone: volume * left for zone, volume in item.volumes.items()}

    # 1.2. VAT on prices without it, a line of its own, rounded over the rounded lines of its number.

    def vat(self) -> None:
        percent = self.law("vat", self.month.first) or F(0)
        shops = {account for flat in self.world.flats if flat.is_shop for account, *_ in flat.accounts}
        for key in [key for key in self.found if key[0] in shops and self.has_net(key)]:
            line = (*key[:3], int(Kind.VAT), *key[4:])
            for amount in self.found[key]:
                self.found[line].append(F(kopecks(amount)) * percent / 100)

    def has_net(self, key: Key) -> bool:
        return any(row.key[:3] == (key[1], key[2], BUSINESS) for row in self.world.prices)
