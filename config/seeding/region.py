"""Houses, premises, people, meters and readings in columns, written by COPY cycle by cycle of 400 accounts.

A cycle is a believable block of a town: a five-storey house with a communal flat and two offices (heating by norm in
season), a nine-storey one with a lift and a building heat meter, a five-storey one that pays for heat evenly, a
sixteen-storey one with a meter, and a street of sixteen private houses.
"""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection, transaction

from accounts import database
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.models import HeatingMode, House, HouseKind, Meter, MeterKind, PremisesKind, ReadingSource, Resource
from config.seeding import words
from config.seeding.noise import Noise
from config.seeding.reference import APARTMENTS, DETACHED, LONG_AGO, Reference, make_reference

logger = logging.getLogger(__name__)

CYCLE = 400  # accounts
CYCLES_AT_ONCE = 50
MANY = 20_000  # accounts from which exclusion constraints are added after the rows
SLOW_CONSTRAINTS = (
    "premisesarea_no_overlap",
    "residency_no_overlap",
    "provision_no_overlap",
    "housepassport_no_overlap",
)


@dataclass(frozen=True, slots=True)
class HouseType:
    """One house of the cycle: which flats and offices it has, how it is heated, what it gets."""

    flats: int
    offices: int
    rooms: int  # of one communal flat
    storeys: int
    mode: HeatingMode
    metered_heat: bool
    services: tuple[tuple[str, int, int, int], ...]  # contract, service, method, components

    @property
    def accounts(self) -> int:
        return self.flats + self.offices + self.rooms


_WATER = (("water", 2, 1, 1), ("heat", 3, 1, 2), ("water", 4, 4, 1))
_COMMON = (("power", 1, 1, 1), ("waste", 7, 6, 1), ("manager", 8, 8, 1), ("manager", 14, 5, 1), ("manager", 16, 5, 1))
_FLAT_HOUSE = (*_WATER, *_COMMON, ("repair", 9, 8, 1), ("antenna", 13, 9, 1))
PRIVATE = (("water", 2, 1, 1), ("power", 1, 1, 1), ("gas", 6, 1, 1), ("waste", 7, 6, 1))
TYPES = (
    HouseType(59, 2, 4, 5, HeatingMode.SEASON, False, (*_FLAT_HOUSE, ("heat", 5, 2, 1))),
    HouseType(108, 3, 0, 9, HeatingMode.SEASON, True, (*_FLAT_HOUSE, ("manager", 11, 8, 1), ("heat", 5, 3, 1))),
    HouseType(80, 0, 0, 5, HeatingMode.EVEN, False, (*_FLAT_HOUSE, ("heat", 5, 2, 1))),
    HouseType(
        128, 0, 0, 16, HeatingMode.SEASON, True,
        (*_FLAT_HOUSE, ("manager", 11, 8, 1), ("antenna", 12, 9, 1), ("heat", 5, 3, 1)),
    ),
)  # fmt: skip
PRIVATE_HOUSES = CYCLE - sum(kind.accounts for kind in TYPES)
HOUSES = len(TYPES) + PRIVATE_HOUSES
MUNICIPAL_TYPE = 2  # in every fifth cycle the even-heated house is municipal: tenants pay rent, not capital repair


def plan() -> pl.DataFrame:
    """The 400 places of a cycle: house of the cycle, premises kind, number, storey, is it a room."""
    rows: list[tuple[int, int, int, str, int, int, bool]] = []
    place = 0
    for house, kind in enumerate(TYPES):
        for i in range(kind.accounts):
            if i < kind.flats:
                rows.append(
                    (place, house, house, str(i + 1), PremisesKind.FLAT, i * kind.storeys // kind.flats + 1, False)
                )
            elif i < kind.flats + kind.rooms:
                rows.append((place, house, house, str(i - kind.flats + 1), PremisesKind.ROOM, kind.storeys, True))
            else:
                number = f"Н-{i - kind.flats - kind.rooms + 1}"
                rows.append((place, house, house, number, PremisesKind.NON_RESIDENTIAL, 1, False))
            place += 1
    for i in range(PRIVATE_HOUSES):
        rows.append((place, len(TYPES), len(TYPES) + i, "", PremisesKind.HOUSE, 1, False))
        place += 1
    schema = {
        "place": pl.Int64, "type": pl.Int64, "house_place": pl.Int64, "flat": pl.String, "kind": pl.Int64,
        "storey": pl.Int64, "is_room": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _thousandths(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Decimal(18, 3)) / pl.lit(1000)


def _hundredths(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Decimal(18, 2)) / pl.lit(100)


def _with_check_digit(base: pl.Expr) -> pl.Expr:
    """accounts.rules.account_check_digit in columns, for bases of eight digits."""
    total = pl.lit(0)
    for place in range(8):
        digit = base // 10**place % 10
        if place % 2 == 0:
            doubled = digit * 2
            digit = pl.when(doubled > 9).then(doubled - 9).otherwise(doubled)
        total = total + digit
    return (base * 10 + (10 - total % 10) % 10).cast(pl.String)


def copy_rows(model: type, frame: pl.DataFrame) -> None:
    """A frame whose columns are named as the table's goes in by COPY."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    buffer.seek(0)
    table: str = model._meta.db_table  # type: ignore[attr-defined]
    database.copy_in(table, frame.columns, buffer)


def copy_tuples(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    buffer = io.StringIO()
    for row in rows:
        buffer.write(
            ",".join("" if value is None else f'"{str(value).replace(chr(34), chr(34) * 2)}"' for value in row)
        )
        buffer.write("\n")
    buffer.seek(0)
    database.copy_in(table, columns, buffer)


class Region:
    """Writes one region. `accounts` in all, readings of `months` months up to and including `until`."""

    def __init__(self, *, accounts: int, months: int, until: Month, seed: int) -> None:
        self.accounts, self.months, self.until = accounts, months, until
        self.noise = Noise(seed)
        self.first = until + (1 - months)
        self.cycles = -(-accounts // CYCLE)
        self.plan = plan()
        self.reference = Reference()
        self.meters = 0
        self.readings = 0

    # --- what a cycle holds ---------------------------------------------------------------------------------------

    def places(self, first_cycle: int, last_cycle: int) -> pl.DataFrame:
        """One row an account of the cycles, with everything that noise decides about it."""
        noise = self.noise
        cycles = pl.DataFrame({"cycle": range(first_cycle, last_cycle)}, schema={"cycle": pl.Int64})
        i = pl.col("i")
        frame = cycles.join(self.plan, how="cross").with_columns(
            i=pl.col("cycle") * CYCLE + pl.col("place"),
            house=pl.col("cycle") * HOUSES + pl.col("house_place") + 1,
        )
        frame = frame.filter(i < self.accounts)
        office = pl.col("kind") == PremisesKind.NON_RESIDENTIAL
        share = noise.below(i, "persons", 1000)
        persons = (
            pl.when(office).then(0)
            .when(share < 50).then(0).when(share < 310).then(1).when(share < 610).then(2)
            .when(share < 830).then(3).when(share < 950).then(4).otherwise(5)
        )  # fmt: skip
        area = (
            pl.when(pl.col("is_room")).then(noise.between(i, "area", 1200, 2100))
            .when(office).then(noise.between(i, "area", 4500, 16000))
            .when(pl.col("type") == len(TYPES)).then(noise.between(i, "area", 4200, 14000))
            .otherwise(noise.between(i, "area", 300, 860) * 10)
        )  # fmt: skip
        return frame.with_columns(
            persons=persons.cast(pl.Int64),
            area=area,
            is_office=office,
            is_private=pl.col("type") == len(TYPES),
            municipal=(pl.col("type") == MUNICIPAL_TYPE) & (pl.col("cycle") % 5 == 1),
            closes=noise.percent(i, "closes", 3) & ~office,
            guest=noise.percent(i, "guest", 30) & ~office,
            leaver=noise.percent(i, "leaver", 12) & ~office,
            impossible=noise.percent(i, "impossible", 450),
        )

    def write_places(self, frame: pl.DataFrame) -> None:
        """Premises, areas, people, ownership, residents, accounts."""
        from accounts import models as m

        noise, i = self.noise, pl.col("i")
        account = i + 1
        premises = i + 1
        communal = self.communal_flats(frame)
        copy_rows(
            m.Premises,
            pl.concat([
                communal,
                frame.select(
                    id=premises, house_id="house",
                    parent_id=pl.when("is_room").then(self.communal_id(pl.col("cycle"))),
                    kind="kind", number=pl.when("is_room").then(pl.lit("60/") + pl.col("flat")).otherwise("flat"),
                    entrance=pl.lit(""), storey="storey", gis_number=pl.lit(""), cadastral_number=pl.lit(""),
                    meter_impossible=pl.when("impossible").then(pl.lit("{1,2}")).otherwise(pl.lit("{}")),
                ),
            ]),
        )  # fmt: skip
        copy_rows(
            m.PremisesArea,
            frame.select(
                premises_id=premises,
                total_area_m2=_hundredths(pl.col("area")),
                living_area_m2=_hundredths(pl.col("area") * 2 // 3),
                heated_area_m2=_hundredths(pl.col("area")),
                rooms=(pl.col("area") // 2000 + 1).clip(1, 5),
                own_heating=pl.lit(False),
                valid_from=pl.lit(LONG_AGO),
            ),
        )
        people = frame.filter(~pl.col("is_office"))
        woman = noise.percent(i, "woman", 560)
        surname = noise.choice(i, "surname", list(words.SURNAMES))
        copy_rows(
            m.Person,
            people.select(
                id=account,
                last_name=pl.when(woman & ~surname.str.ends_with("ий")).then(surname + "а").otherwise(surname),
                first_name=pl.when(woman)
                .then(noise.choice(i, "woman name", list(words.FEMALE)))
                .otherwise(noise.choice(i, "man name", list(words.MALE))),
                middle_name=pl.when(woman)
                .then(noise.choice(i, "woman father", list(words.FEMALE_PATRONYMICS)))
                .otherwise(noise.choice(i, "man father", list(words.MALE_PATRONYMICS))),
                born_on=pl.date(noise.between(i, "born", 1938, 2003), noise.between(i, "born m", 1, 12), 15),
                phone=pl.when(noise.percent(i, "phone", 700)).then(
                    pl.lit("+79") + noise.between(i, "number", 120000000, 879999999).cast(pl.String)
                ),
            ),
        )
        tenants = pl.lit(pl.Series(self.reference.tenants)).gather(
            noise.below(i, "tenant", len(self.reference.tenants))
        )
        owned = frame.select(
            premises_id=premises,
            person_id=pl.when(~pl.col("is_office") & ~pl.col("municipal")).then(account),
            organisation_id=pl.when("is_office").then(tenants).when("municipal").then(self.reference.municipality),
            share_numerator=pl.lit(1),
            share_denominator=pl.lit(1),
            valid_from=pl.lit(LONG_AGO),
        )
        copy_rows(m.Ownership, owned)
        self.write_residents(people.filter(pl.col("persons") > 0))
        els = noise.percent(i, "unified", 600) & ~pl.col("is_office")
        copy_rows(
            m.PersonalAccount,
            frame.select(
                id=account,
                number=_with_check_digit(i + 56_000_001),
                unified_number=pl.when(els).then(
                    pl.lit("53") + pl.lit("М") + pl.lit(pl.Series(list("АВЕКМНОРСТ"))).gather(i // 1_000_000 % 10)
                    + (i % 1_000_000).cast(pl.String).str.zfill(6)
                ),
                house_id="house", premises_id=premises,
                payer_person_id=pl.when(~pl.col("is_office")).then(account),
                payer_organisation_id=pl.when("is_office").then(tenants),
                is_tenant="municipal", opened_on=pl.lit(LONG_AGO),
                closed_on=pl.when("closes").then(
                    pl.lit(self.until.first) - pl.duration(days=noise.between(i, "closed", 20, 200))
                ),
                delivery=pl.when(noise.percent(i, "delivery", 800)).then(1).otherwise(2), email=pl.lit(""),
                document_code=noise.between(i, "code", 100000, 999999).cast(pl.String),
            ),
        )  # fmt: skip

    def communal_id(self, cycle: pl.Expr) -> pl.Expr:
        """Communal flats are numbered after the premises that have accounts."""
        return cycle + self.accounts + 1

    def communal_flats(self, frame: pl.DataFrame) -> pl.DataFrame:
        return (
            frame.filter("is_room").unique("cycle", keep="first", maintain_order=True)
            .select(
                id=self.communal_id(pl.col("cycle")), house_id="house", parent_id=pl.lit(None, pl.Int64),
                kind=pl.lit(int(PremisesKind.FLAT), pl.Int64), number=pl.lit("60"),
                entrance=pl.lit(""), storey="storey",
                gis_number=pl.lit(""), cadastral_number=pl.lit(""), meter_impossible=pl.lit("{}"),
            )
        )  # fmt: skip

    def write_residents(self, people: pl.DataFrame) -> None:
        """The payer by name, the others as a count; guests for weeks; somebody who left for good."""
        from accounts.models import Residency

        noise, i = self.noise, pl.col("i")
        somewhere = pl.lit(self.first.first) + pl.duration(
            days=noise.between(i, "came", 5, max(6, 30 * self.months - 20))
        )
        base = {"premises_id": i + 1, "kind": pl.lit(1, pl.Int64), "ground": pl.lit("")}
        nobody, forever = pl.lit(None, pl.Int64), pl.lit(None, pl.Date)
        parts = [
            people.select(
                **base, person_id=i + 1, persons=pl.lit(1, pl.Int64), valid_from=pl.lit(LONG_AGO), valid_to=forever
            ),
            people.filter(pl.col("persons") > 1).select(
                **base, person_id=nobody, persons=pl.col("persons") - 1, valid_from=pl.lit(LONG_AGO), valid_to=forever
            ),
            people.filter("guest").select(
                **{**base, "kind": pl.lit(2, pl.Int64), "ground": pl.lit("заявление о временном проживании")},
                person_id=nobody, persons=pl.lit(1, pl.Int64), valid_from=somewhere,
                valid_to=somewhere + pl.duration(days=noise.between(i, "stayed", 12, 95)),
            ),
            people.filter("leaver").select(
                **base, person_id=nobody, persons=pl.lit(1, pl.Int64), valid_from=pl.lit(LONG_AGO), valid_to=somewhere
            ),
        ]  # fmt: skip
        copy_rows(Residency, pl.concat(parts))

    # --- houses ---------------------------------------------------------------------------------------------------

    def write_houses(self, frame: pl.DataFrame) -> None:
        """Houses with passports, services by contract, volumes of the building heat meters."""
        areas = (
            frame.group_by("house")
            .agg(pl.col("area").sum(), pl.col("cycle").first(), pl.col("type").first())
            .sort("house")
        )
        houses: list[tuple[Any, ...]] = []
        passports: list[tuple[Any, ...]] = []
        provisions: list[tuple[Any, ...]] = []
        volumes: list[tuple[Any, ...]] = []
        for number, area, cycle, type_ in areas.iter_rows():
            place = (number - 1) % HOUSES
            private = type_ == len(TYPES)
            kind = None if private else TYPES[type_]
            streets = words.VILLAGE_STREETS if private else words.STREETS
            street = streets[cycle % len(streets)]
            house_number = (cycle // len(streets)) * (PRIVATE_HOUSES if private else len(TYPES)) + (
                place - len(TYPES) if private else place
            )
            houses.append((
                number, HouseKind.DETACHED if private else HouseKind.APARTMENT,
                uuid.uuid5(uuid.NAMESPACE_OID, f"{self.noise.seed}/{number}"), "",
                "53644412" if private else "53701000", f"4600{cycle % 60:02}", "Оренбургская обл.",
                "с. Нежинка" if private else "г. Оренбург", street, str(house_number * 2 + 1), cycle, "",
            ))  # fmt: skip
            total = Decimal(area) / 100
            passports.append((
                number, total, 0 if private else total / 10, total, 1 if kind is None else kind.storeys,
                kind is not None and kind.storeys > 5,
                HeatingMode.NONE if kind is None else kind.mode, DETACHED if private else APARTMENTS, 0, LONG_AGO,
            ))  # fmt: skip
            municipal = type_ == MUNICIPAL_TYPE and cycle % 5 == 1
            for contract, service, method, components in PRIVATE if kind is None else kind.services:
                if municipal and contract == "repair":
                    contract, service = "municipality", 10
                contract_id = (
                    self.reference.managers[cycle % len(self.reference.managers)]
                    if contract == "manager"
                    else self.reference.contracts[contract]
                )
                provisions.append((number, service, contract_id, method, components, LONG_AGO))
            if kind is not None and kind.metered_heat:
                volumes += self.heat_volumes(number, total)
        copy_tuples(
            "accounts_house",
            ["id", "kind", "fias_guid", "gis_code", "oktmo", "postcode", "region", "town", "street", "number", "route",
             "cadastral_number"],
            houses,
        )  # fmt: skip
        copy_tuples(
            "accounts_housepassport",
            ["house_id", "total_area_m2", "common_area_m2", "heated_area_m2", "storeys", "has_lift", "heating_mode",
             "norm_scope", "tariff_category", "valid_from"],
            passports,
        )  # fmt: skip
        copy_tuples(
            "billing_provision",
            ["house_id", "service_id", "contract_id", "method", "components", "valid_from"],
            provisions,
        )
        copy_tuples("billing_housevolume", ["house_id", "service_id", "month", "volume", "document"], volumes)

    def heat_volumes(self, house: int, area: Decimal) -> list[tuple[Any, ...]]:
        """Gcal by the building meter in the months of the season, colder months more."""
        per_m2 = {10: 9, 11: 19, 12: 26, 1: 31, 2: 28, 3: 21, 4: 8}  # thousandths of a Gcal
        rows = []
        for month in Month.range(self.first, self.until):
            if month.first.month in per_m2:
                wobble = 95 + (house * 7 + month.first.month * 13 + month.first.year) % 11
                volume = area * per_m2[month.first.month] * wobble / 100_000
                rows.append((house, 5, month.first, volume.quantize(Decimal("0.001")), f"акт ОДПУ за {month}"))
        return rows

    # --- meters ---------------------------------------------------------------------------------------------------

    def write_meters(self, frame: pl.DataFrame) -> None:
        """Meters and their honest histories: missing months, replaced meters, expired verification, two zones."""
        noise, i = self.noise, pl.col("i")
        base = frame.filter(~pl.col("is_room")).with_columns(people=pl.max_horizontal("persons", 1))
        flat = ~pl.col("is_private")
        use = pl.col("people") * noise.between(i, "thrift", 70, 150)
        kinds = [
            # resource, who has one, monthly use in thousandths, digits
            (Resource.COLD_WATER, noise.percent(i, "cold", 850), use * 35, 5),
            (Resource.HOT_WATER, flat & noise.percent(i, "hot", 800), use * 24, 5),
            (Resource.ELECTRICITY, noise.percent(i, "power", 985), (use + 60) * 700, 6),
            (Resource.GAS, ~flat, use * 140, 5),
        ]
        parts = []
        for resource, has, monthly, digits in kinds:
            key = i * 10 + int(resource)
            replaced = noise.percent(key, "replaced", 15) & (self.months > 3) & (pl.lit(int(resource)) < 3)
            part = base.filter(has).select(
                "i", "house", "persons", resource=pl.lit(int(resource), pl.Int64), digits=pl.lit(digits, pl.Int64),
                key=key, monthly=pl.when(pl.col("persons") == 0).then(0).otherwise(monthly),
                zones=pl.when((pl.lit(int(resource)) == 3) & noise.percent(i, "night", 400)).then(2).otherwise(1),
                replaced_at=pl.when(replaced).then(noise.between(key, "when", 1, max(1, self.months - 2))),
                expires=pl.when(noise.percent(key, "expired", 20)).then(noise.below(key, "expires", self.months)),
                silent=pl.when(noise.percent(key, "silent", 20)).then(noise.below(key, "silence", self.months)),
                remote=(pl.lit(int(resource)) == 3) & noise.percent(i, "remote", 350),
                start=noise.between(key, "start", 20_000, 900_000),
            )  # fmt: skip
            parts.append(part)
        meters = pl.concat(parts).with_row_index("row").with_columns(id=pl.col("row").cast(pl.Int64) + self.meters + 1)
        old = meters
        new = meters.filter(pl.col("replaced_at").is_not_null())
        new = new.with_columns(
            old_id=pl.col("id"), id=pl.int_range(pl.len(), dtype=pl.Int64) + self.meters + meters.height + 1
        )
        self.meters += meters.height + new.height
        months = list(Month.range(self.first, self.until))
        calendar = pl.DataFrame(
            {
                "n": range(-1, len(months)),
                "month": [self.first.previous.first, *(month.first for month in months)],
            },
            schema={"n": pl.Int64, "month": pl.Date},
        )
        self.write_meter_rows(old, new, calendar)
        self.write_readings(old, new, calendar)

    def write_meter_rows(self, old: pl.DataFrame, new: pl.DataFrame, calendar: pl.DataFrame) -> None:
        noise = self.noise
        when = calendar.select(replaced_at="n", removed="month")
        expiry = calendar.select(expires="n", expired="month")
        rows = old.join(when, on="replaced_at", how="left").join(expiry, on="expires", how="left")
        common = {
            "kind": pl.lit(int(MeterKind.INDIVIDUAL)), "resource": pl.col("resource"), "house_id": pl.col("house"),
            "premises_id": pl.col("i") + 1, "model": pl.lit("СВК-15"), "place": pl.lit(""), "zones": pl.col("zones"),
            "digits": pl.col("digits"), "decimals": pl.lit(3), "ratio": pl.lit(1), "is_remote": pl.col("remote"),
            "gis_number": pl.lit(""),
        }  # fmt: skip
        serial = (pl.col("id") * 7919 % 90_000_000 + 10_000_000).cast(pl.String)
        copy_rows(
            Meter,
            rows.select(
                id="id", **common, serial=serial, installed_on=pl.lit(LONG_AGO), commissioned_on=pl.lit(LONG_AGO),
                removed_on=pl.col("removed") + pl.duration(days=11), verified_on=pl.lit(LONG_AGO),
                verified_until=pl.coalesce(
                    pl.col("expired") + pl.duration(days=14),
                    pl.date(noise.between(pl.col("key"), "verified", 2028, 2033), 6, 1),
                ),
                replaces_id=pl.lit(None, pl.Int64),
            ),
        )  # fmt: skip
        rows = new.join(when, on="replaced_at", how="left")
        commissioned = pl.col("removed") + pl.duration(days=14)
        copy_rows(
            Meter,
            rows.select(
                id="id", **common, serial=serial, installed_on=commissioned, commissioned_on=commissioned,
                removed_on=pl.lit(None, pl.Date), verified_on=commissioned,
                verified_until=commissioned.dt.offset_by("6y"), replaces_id="old_id",
            ),
        )  # fmt: skip

    def write_readings(self, old: pl.DataFrame, new: pl.DataFrame, calendar: pl.DataFrame) -> None:
        """Cumulative values in thousandths; a missing month leaves no row, the next reading carries its usage."""
        from accounts.models import Reading

        noise = self.noise
        spot = pl.col("key") * 64 + pl.col("n") + 1
        season = pl.when(pl.col("month").dt.month().is_in([12, 1, 2])).then(115).when(
            pl.col("month").dt.month().is_in([6, 7, 8])
        ).then(88).otherwise(100)  # fmt: skip
        columns = ["id", "key", "monthly", "zones", "replaced_at", "silent", "remote", "start"]
        grid = old.select(columns).join(calendar, how="cross")
        grid = grid.with_columns(
            used=pl.when(pl.col("n") < 0).then(0).otherwise(
                pl.col("monthly") * season * noise.between(spot, "use", 75, 125) // 10_000
            ),
        ).sort("id", "n")  # fmt: skip
        silent_for = pl.col("n") - pl.col("silent")
        missing = (pl.col("n") >= 0) & (
            noise.percent(spot, "missing", 50) | (silent_for.is_between(0, 4)).fill_null(value=False)
        ) & ~pl.col("remote")  # fmt: skip
        grid = grid.with_columns(
            value=pl.col("start") + pl.col("used").cum_sum().over("id"),
            missing=missing,
            day=pl.col("month") + pl.duration(days=noise.between(spot, "day", 15, 24)),
            source=pl.when("remote").then(int(ReadingSource.REMOTE)).otherwise(int(ReadingSource.RESIDENT)),
        )
        before = grid.filter(pl.col("replaced_at").is_null() | (pl.col("n") < pl.col("replaced_at"))).filter(
            ~pl.col("missing")
        )
        at = grid.filter(pl.col("n") == pl.col("replaced_at"))
        removal = at.with_columns(
            value=pl.col("value") - pl.col("used") * 6 // 10,
            day=pl.col("month") + pl.duration(days=11),
            source=pl.lit(int(ReadingSource.ACT)),
        )
        parts = [before, removal]
        if new.height:
            ids = new.select("key", new_id="id")
            later = (
                grid.filter(pl.col("n") >= pl.col("replaced_at"))
                .join(ids, on="key")
                .with_columns(
                    used=pl.when(pl.col("n") == pl.col("replaced_at")).then(pl.col("used") // 2).otherwise("used")
                )
            )
            later = later.with_columns(id="new_id", value=pl.lit(15) + pl.col("used").cum_sum().over("new_id")).drop(
                "new_id"
            )
            initial = at.join(ids, on="key").with_columns(
                id="new_id", value=pl.lit(15, pl.Int64), day=pl.col("month") + pl.duration(days=14),
                month=pl.col("month").dt.offset_by("-1mo"), source=pl.lit(int(ReadingSource.ACT)),
            ).drop("new_id")  # fmt: skip
            parts += [initial.select(grid.columns), later.filter(~pl.col("missing")).select(grid.columns)]
        rows = pl.concat(parts).sort("id", "day")
        two = pl.col("zones") == 2
        out = {
            "meter_id": pl.col("id"), "day": pl.col("day"), "source": pl.col("source"), "month": pl.col("month"),
            "verdict": pl.lit(1), "counts": pl.lit(value=True),
            "received_at": pl.col("day").cast(pl.String) + pl.lit(" 12:00:00+05"),
        }  # fmt: skip
        day_share = pl.when(two).then(pl.col("value") * 65 // 100).otherwise(pl.col("value"))
        written = pl.concat(
            [
                rows.select(**out, zone=pl.lit(1), value=_thousandths(day_share)),
                rows.filter(two).select(**out, zone=pl.lit(2), value=_thousandths(pl.col("value") - day_share)),
            ]
        )
        self.readings += written.height
        copy_rows(Reading, written)

    # --- all of it ------------------------------------------------------------------------------------------------

    def write(self, progress: Callable[[int], None] = lambda done: None) -> dict[str, int]:
        """Write the region. Refuses a database that has houses already. Returns counts."""
        if House.objects.exists():
            raise Refusal("В базе уже есть дома. Район для показа создаётся только в пустой базе.")
        with transaction.atomic():
            self.reference = make_reference(min(131, max(3, self.cycles // 19)))
        constraints = drop_constraints() if self.accounts > MANY else []
        for cycle in range(0, self.cycles, CYCLES_AT_ONCE):
            with transaction.atomic():
                frame = self.places(cycle, min(cycle + CYCLES_AT_ONCE, self.cycles))
                self.write_houses(frame)
                self.write_places(frame)
                self.write_meters(frame)
            progress(min(self.accounts, (cycle + CYCLES_AT_ONCE) * CYCLE))
        add_constraints(constraints)
        set_sequences()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return {
            "accounts": self.accounts,
            "houses": House.objects.count(),
            "meters": self.meters,
            "readings": self.readings,
        }


def drop_constraints() -> list[tuple[str, str, str]]:
    """(table, name, definition) of the exclusion constraints: adding them later takes 40 µs a row instead of 60."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conname = ANY(%s)",
            [list(SLOW_CONSTRAINTS)],
        )
        found: list[tuple[str, str, str]] = cursor.fetchall()
        for table, name, _ in found:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return found


def add_constraints(constraints: list[tuple[str, str, str]]) -> None:
    """Put them back on two connections, the bigger tables apart."""
    order = {name: i for i, name in enumerate(SLOW_CONSTRAINTS)}

    def add(share: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET maintenance_work_mem = '256MB'")
                for table, name, definition in sorted(constraints, key=lambda row: order[row[1]]):
                    if order[name] % 2 == share:
                        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as threads:
        list(threads.map(add, (0, 1)))


def set_sequences() -> None:
    """Rows came with their numbers: sequences go on after them."""
    with connection.cursor() as cursor:
        for table in ("house", "premises", "person", "personalaccount", "meter"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('accounts_{table}', 'id'), coalesce(max(id), 0) + 1, false) "
                f"FROM accounts_{table}"
            )
