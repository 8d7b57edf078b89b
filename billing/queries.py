"""The columns of a month, read by COPY; charges as rows and sets for the floors above; why an amount is what it is."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Sum

import accounts.queries
from accounts.calendar import Month
from accounts.database import copy_out
from accounts.kinds import HeatingMode, Resource, Unit
from accounts.money import total
from accounts.queries import House, Meter, PersonalAccount, Service
from billing import columns, explanation, gate, pipeline, what_ifs
from billing import differences as causes
from billing.columns import Schema
from billing.explanation import Explanation
from billing.formulas import quality
from billing.gate import Anomaly, Oddity
from billing.kinds import DRAFTED
from billing.models import (
    Breach,
    Charge,
    ChargeKind,
    ContractMonth,
    ContractMonthState,
    Correction,
    Hold,
    HouseVolume,
    LawValue,
    LineProblem,
    MassCorrection,
    MassRule,
    Method,
    NormBasis,
    ProvisionException,
    ProvisionMethod,
    QualityEvent,
    UnauthorisedKind,
    UnauthorisedUse,
)
from billing.what_ifs import AccountOutcome, DraftNorm, DraftTariff, Outcome, ServiceOutcome

__all__ = [
    "Anomaly", "Breach", "Charge", "ChargeKind", "ChargeRow", "ContractMonth", "ContractMonthState", "DifferenceRow",
    "DraftNorm", "DraftTariff", "Explanation", "Hold", "HouseVolume", "MassCorrection", "MassRule", "Method",
    "NormBasis", "Oddity", "Outcome", "ProvisionException", "ProvisionMethod", "QualityEvent", "Side",
    "UnauthorisedKind", "UnauthorisedUse", "anomalies", "charges_of_account", "compare", "current_month",
    "differences", "explain", "ink", "law_value", "law_values", "open_months", "replay", "totals_by_month", "what_if",
]  # fmt: skip

MONTHS_OF_HISTORY = 13  # enough for the last six metered months of a meter that was silent for three
MONTHS_ON_LINE = 36

# --- the columns of a month ------------------------------------------------------------------------------------------


def frame(sql: str, schema: Schema, params: Mapping[str, Any] | Sequence[Any] = ()) -> pl.DataFrame:
    """The rows of a query as columns of `schema`, by COPY. `params` are quoted by the driver."""
    source = copy_out(sql, params)
    source.readline()  # the header: columns go by their order
    if not source.read(1):
        return columns.empty(schema)
    source.seek(-1, io.SEEK_CUR)
    return pl.read_csv(source, schema=schema, has_header=False)


MANY = 20  # ids from which the planner would rather read a table through


@contextmanager
def by_key(ids: Sized) -> Iterator[None]:
    """Rows of these ids are found by the key, not by reading the table through.

    A table that grows by night has no statistics yet, and thousands of ids look like a good part of any table: every
    block would read the region through, with processes that share the cores with the other blocks.
    """
    if len(ids) < MANY:
        yield
        return
    wanted = {"enable_seqscan": "off", "max_parallel_workers_per_gather": "0", "jit": "off"}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in wanted))
        before = dict(zip(wanted, cursor.fetchone(), strict=True))
        cursor.execute(_settings(wanted))
        yield
        cursor.execute(_settings(before))


def _settings(values: Mapping[str, str]) -> str:
    return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())


def array(ids: Iterable[int] | pl.Series) -> str:
    """Numbers of ours as an SQL array: COPY takes no parameters."""
    numbers = ids.cast(pl.String).to_list() if isinstance(ids, pl.Series) else [str(int(number)) for number in ids]
    return "'{" + ",".join(numbers) + "}'::bigint[]"


def day(moment: date) -> str:
    return f"DATE '{moment.isoformat()}'"


def in_force(month: Month, alias: str = "") -> str:
    """SQL: the row holds on some day of the month."""
    name = f"{alias}." if alias else ""
    start, end = day(month.first), day(month.next.first)
    return f"{name}valid_from < {end} AND ({name}valid_to IS NULL OR {name}valid_to > {start})"


def reference(month: Month) -> pipeline.Reference:
    """Services, tariffs, norms and laws of a month (laws of the year before too: the heating periods)."""
    laws_since = day((month + -13).first)
    return pipeline.Reference(
        services=frame("SELECT id, code, unit, resource FROM accounts_service", columns.SERVICES),
        tariffs=frame(
            "SELECT contract_id, service_id, category, component, zone, tariff_range, range_up_to, price, valid_from,"
            f" valid_to FROM billing_tariff WHERE {in_force(month)}",
            columns.TARIFFS,
        ),
        norms=frame(
            "SELECT service_id, scope, basis, value, months, valid_from, valid_to FROM billing_norm"
            f" WHERE {in_force(month)}",
            columns.NORMS,
        ),
        laws=frame(
            "SELECT code, value, valid_from, valid_to FROM billing_lawvalue"
            f" WHERE valid_from < {day(month.next.first)} AND (valid_to IS NULL OR valid_to > {laws_since})",
            columns.LAWS,
        ),
    )


def facts(
    month: Month,
    known: pipeline.Reference,
    *,
    house_ids: Sequence[int] | None = None,
    account_ids: Sequence[int] | None = None,
    redrafted: Redrafted | None = None,
) -> pipeline.Facts:
    """Everything the lines of these houses (or accounts) depend on in the month.

    Of accounts whose house shares something by what all its premises used, the whole house is loaded.
    """
    with by_key(house_ids or account_ids or ()):
        return _facts(month, known, house_ids, account_ids, redrafted)


def _facts(
    month: Month,
    known: pipeline.Reference,
    house_ids: Sequence[int] | None,
    account_ids: Sequence[int] | None,
    redrafted: Redrafted | None,
) -> pipeline.Facts:
    wanted: tuple[int, ...] | None = None
    if house_ids is None and (shared := _sharing(month, account_ids or [])):
        mine = list(PersonalAccount.objects.filter(pk__in=list(account_ids or [])).values_list("pk", "house_id"))
        wanted = tuple(pk for pk, _ in mine)
        near = PersonalAccount.objects.filter(house_id__in=shared).values_list("pk", flat=True)
        account_ids = sorted({*wanted, *near})
    scope = (
        f"a.house_id = ANY({array(house_ids)})" if house_ids is not None else f"a.id = ANY({array(account_ids or [])})"
    )
    first, following = day(month.first), day(month.next.first)
    # premises are named by house too: else a block of the night reads all premises of the region
    there = f" AND p.house_id = ANY({array(house_ids)})" if house_ids is not None else ""
    payers = frame(
        "SELECT a.id, a.house_id, a.premises_id, a.opened_on, a.closed_on,"
        " CASE p.meter_impossible WHEN '{}' THEN 0 ELSE (SELECT sum(1 << r) FROM unnest(p.meter_impossible) AS r) END,"
        " (p.kind IN (3, 5))::int, (a.payer_organisation_id IS NOT NULL OR p.kind IN (3, 5))::int,"
        " (p.parent_id IS NOT NULL)::int"
        " FROM accounts_personalaccount a JOIN accounts_premises p ON p.id = a.premises_id"
        f" WHERE {scope}{there} AND a.opened_on < {following} AND (a.closed_on IS NULL OR a.closed_on > {first})",
        {**columns.ACCOUNTS, "non_residential": pl.Int8, "is_business": pl.Int8, "is_room": pl.Int8},
    ).sort("account_id")
    accounts = payers.select(list(columns.ACCOUNTS))
    homes = array(accounts["premises_id"].unique().sort())
    houses = array(accounts["house_id"].unique().sort())
    alive = in_force(month)
    residents = frame(
        "SELECT premises_id, valid_from, valid_to, persons FROM accounts_residency"
        f" WHERE premises_id = ANY({homes}) AND {alive}",
        columns.RESIDENTS,
    )
    rooms = _rooms(payers.filter(pl.col("is_room") == 1)["premises_id"].unique().sort(), first)
    metered_homes = homes
    if rooms.height:
        metered_homes = array(pl.concat([accounts["premises_id"], rooms["parent_id"]]).unique().sort())
    # п. 56(2) speaks of dwellings in which nobody lives
    all_month = (pl.col("valid_from") <= month.first) & ~(pl.col("valid_to") < month.next.first).fill_null(False)
    lived_in = residents.filter(all_month).select("premises_id").unique()
    dwellings = payers.filter(pl.col("non_residential") == 0).select(pl.col("premises_id").unique().sort())
    empty = array(dwellings.join(lived_in, on="premises_id", how="anti")["premises_id"])
    meters = frame(
        "SELECT m.id, m.premises_id, m.resource, m.zones, m.digits, m.ratio, m.commissioned_on, m.removed_on,"
        f" m.verified_until, m.replaces_id FROM accounts_meter m WHERE m.premises_id = ANY({metered_homes})"
        f" AND m.commissioned_on < {following} AND (m.removed_on IS NULL OR m.removed_on >= {first}"
        # taken away and not replaced: up to three periods go by its average
        f" OR m.removed_on >= {day((month + -2).first)} AND NOT EXISTS (SELECT FROM accounts_meter n"
        "  WHERE n.premises_id = m.premises_id AND n.resource = m.resource AND n.id <> m.id"
        "  AND n.commissioned_on >= m.removed_on))",
        columns.METERS,
    )
    faults = frame(
        "SELECT f.meter_id, f.kind, f.valid_from, f.valid_to FROM billing_meterfault f JOIN accounts_meter m"
        f" ON m.id = f.meter_id WHERE m.premises_id = ANY({metered_homes}) AND {in_force(month, 'f')}",
        columns.FAULTS,
    )
    meters, readings = _readings(meters, month, faults["meter_id"].to_list())
    provisions = frame(
        # nobody is charged for a day on which the principal's contract does not hold
        "SELECT p.house_id, p.service_id, p.contract_id, p.method, p.components, greatest(p.valid_from, k.valid_from),"
        " least(p.valid_to, k.valid_to) FROM billing_provision p JOIN accounts_agencycontract k ON k.id = p.contract_id"
        f" WHERE p.house_id = ANY({houses}) AND {in_force(month, 'p')} AND {in_force(month, 'k')}"
        " AND greatest(p.valid_from, k.valid_from) < coalesce(least(p.valid_to, k.valid_to), 'infinity')",
        columns.PROVISIONS,
    )
    by_heat = [int(ProvisionMethod.HEATING_BUILDING), int(ProvisionMethod.HEATING_IN_HOUSE)]
    heated = provisions.filter(pl.col("method").is_in(by_heat))["house_id"].unique().sort()
    yearly = provisions.filter(pl.col("method") == int(ProvisionMethod.COMMON_AVERAGE))["house_id"].unique().sort()
    year_before = day(date(month.first.year - 1, 1, 1))
    return pipeline.Facts(
        month=month,
        reference=known,
        accounts=accounts,
        areas=frame(
            "SELECT premises_id, valid_from, valid_to, total_area_m2, own_heating::int FROM accounts_premisesarea"
            f" WHERE premises_id = ANY({homes}) AND {alive}",
            columns.AREAS,
        ),
        residents=residents,
        owners=frame(
            "SELECT premises_id, valid_from, valid_to, 1 FROM accounts_ownership"
            f" WHERE premises_id = ANY({empty}) AND {alive}",
            columns.OWNERS,
        ),
        provisions=provisions,
        exceptions=frame(
            "SELECT e.account_id, e.service_id, e.method, e.valid_from, e.valid_to FROM billing_provisionexception e"
            f" WHERE e.account_id = ANY({array(accounts['account_id'])}) AND {in_force(month, 'e')}",
            columns.EXCEPTIONS,
        ),
        passports=frame(
            "SELECT house_id, valid_from, valid_to, total_area_m2, common_area_m2, heating_mode, norm_scope,"
            f" tariff_category FROM accounts_housepassport WHERE house_id = ANY({houses}) AND {alive}",
            columns.PASSPORTS,
        ),
        own_heating=frame(
            "SELECT p.house_id, s.valid_from, s.valid_to, s.total_area_m2 FROM accounts_premisesarea s"
            f" JOIN accounts_premises p ON p.id = s.premises_id WHERE p.house_id = ANY({array(heated)})"
            f" AND s.own_heating AND {in_force(month, 's')}",
            columns.OWN_HEATING,
        ),
        house_volumes=frame(
            f"SELECT house_id, service_id, month, volume FROM billing_housevolume WHERE house_id = ANY({houses})"
            f" AND (month = {first} OR house_id = ANY({array(heated)}) AND month >= {year_before} AND month < {first})",
            columns.HOUSE_VOLUMES,
        ),
        cold_halls=frame(
            f"SELECT house_id, valid_from, valid_to FROM accounts_housepassport WHERE house_id = ANY({houses})"
            f" AND NOT common_area_heated AND {alive}",
            columns.COLD_HALLS,
        ),
        joint_heat=frame(
            f"SELECT house_id, service_id FROM billing_housevolume WHERE house_id = ANY({array(heated)})"
            f" AND month = {first} AND with_hot_water",
            columns.JOINT_HEAT,
        ),
        joint_year=_joint_year(heated, month),
        meters=meters,
        readings=readings,
        charged=_charged(accounts, rooms, meters, readings, month, redrafted),
        rooms=rooms,
        businesses=payers.filter(pl.col("is_business") == 1).select(list(columns.BUSINESSES)),
        year_heat=_year_heat(meters, month),
        **_relief(month, accounts, homes, houses),
        faults=faults,
        balances=frame(
            "SELECT house_id, service_id, month, volume, carried FROM billing_housebalance"
            f" WHERE house_id = ANY({houses}) AND (month = {day(month.previous.first)} AND carried < 0"
            f" OR house_id = ANY({array(yearly)}) AND month >= {year_before}"
            f" AND month < {day(date(month.first.year, 1, 1))})",
            columns.BALANCES,
        ),
        plots=frame(
            "SELECT premises_id, kind, units, valid_from, valid_to FROM billing_plotuse"
            f" WHERE premises_id = ANY({homes}) AND {alive}",
            columns.PLOTS,
        ),
        wanted=wanted,
    )


def _rooms(room_ids: pl.Series, first: str) -> pl.DataFrame:
    """Rooms of communal flats with their flats, as they are on the month's first day (SQL)."""
    if room_ids.is_empty():
        return columns.empty(columns.ROOMS)
    return frame(
        "SELECT p.id, p.parent_id, s.living_area_m2, f.total_area_m2, (SELECT sum(o.living_area_m2)"
        " FROM accounts_premises q JOIN accounts_premisesarea o ON o.premises_id = q.id WHERE q.parent_id = p.parent_id"
        f" AND o.valid_from <= {first} AND (o.valid_to IS NULL OR o.valid_to > {first}))"
        " FROM accounts_premises p"
        f" LEFT JOIN accounts_premisesarea s ON s.premises_id = p.id AND s.valid_from <= {first}"
        f" AND (s.valid_to IS NULL OR s.valid_to > {first})"
        f" LEFT JOIN accounts_premisesarea f ON f.premises_id = p.parent_id AND f.valid_from <= {first}"
        f" AND (f.valid_to IS NULL OR f.valid_to > {first})"
        f" WHERE p.id = ANY({array(room_ids)})",
        columns.ROOMS,
    )


def depends_on_neighbours(account_id: int, first: Month, into: Month) -> bool:
    """Does what this account used move the lines of its house in some month from `first` to the one before `into`?"""
    earliest = max(first, into + -MONTHS_ON_LINE)
    return any(_sharing(month, [account_id]) for month in Month.range(earliest, into.previous))


def _sharing(month: Month, account_ids: Sequence[int]) -> list[int]:
    """Houses of these accounts in which a line of one premises depends on what the others used."""
    house = "SELECT house_id FROM accounts_personalaccount WHERE id = ANY(%s)"
    by_all = [
        int(method)
        for method in (
            ProvisionMethod.COMMON_BALANCE, ProvisionMethod.COMMON_ACTUAL, ProvisionMethod.HOT_WATER_IN_HOUSE,
            ProvisionMethod.CONTAINERS_PERSON, ProvisionMethod.CONTAINERS_AREA,
        )
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.house_id FROM billing_provision p WHERE p.house_id IN ({house}) AND {in_force(month, 'p')}"
            " AND (p.method = ANY(%s)"
            "  OR p.method = 3 AND EXISTS (SELECT FROM billing_housevolume v WHERE v.house_id = p.house_id"
            f"   AND v.month = {day(month.first)} AND v.with_hot_water)"
            "  OR p.method = 3 AND EXISTS (SELECT FROM accounts_meter m WHERE m.house_id = p.house_id"
            "   AND m.resource = 5 AND m.premises_id IS NOT NULL)"
            "  OR p.method IN (5, 12) AND EXISTS (SELECT FROM billing_housevolume v JOIN accounts_service s"
            "   ON s.id = v.service_id JOIN accounts_service c ON c.id = p.service_id AND c.resource = s.resource"
            f"   WHERE v.house_id = p.house_id AND v.month = {day(month.first)}))"
            " UNION SELECT r.house_id FROM accounts_premises r JOIN accounts_personalaccount a ON a.premises_id = r.id"
            " WHERE a.id = ANY(%s) AND r.parent_id IS NOT NULL",
            [list(account_ids), by_all, list(account_ids)],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def _year_heat(meters: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Heat of premises over the previous year, by the readings of its two Decembers; not of premises without both."""
    of_heat = meters.filter((pl.col("resource") == 5) & pl.col("removed_on").is_null())
    if not of_heat.height:
        return columns.empty(columns.YEAR_HEAT)
    start, end = day(date(month.first.year - 2, 12, 1)), day(date(month.first.year - 1, 12, 1))
    rows = frame(
        "SELECT m.premises_id, sum((b.value - a.value) * m.ratio) FROM accounts_meter m"
        f" JOIN accounts_reading a ON a.meter_id = m.id AND a.counts AND a.month = {start}"
        f" JOIN accounts_reading b ON b.meter_id = m.id AND b.zone = a.zone AND b.counts AND b.month = {end}"
        f" WHERE m.id = ANY({array(of_heat['meter_id'])}) AND b.value >= a.value GROUP BY m.premises_id",
        columns.YEAR_HEAT,
    )
    several = of_heat.group_by("premises_id").len().filter(pl.col("len") > 1).select("premises_id")
    return rows.join(several, on="premises_id", how="anti")  # of several meters one may have said nothing


def _relief(month: Month, accounts: pl.DataFrame, homes: str, houses: str) -> dict[str, pl.DataFrame]:
    """Absences and breaches of quality that touch the month: one question where there are none."""
    first, following = day(month.first), day(month.next.first)
    zone = f"AT TIME ZONE '{settings.TIME_ZONE}'"
    away = f"premises_id = ANY({homes}) AND valid_from < {following} AND valid_to > {first}"
    broken = f"e.house_id = ANY({houses}) AND e.started_at {zone} < {following} AND e.ended_at {zone} > {first}"
    entitled = f"b.account_id = ANY({array(accounts['account_id'])}) AND b.way = 1 AND {in_force(month, 'b')}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM accounts_absence WHERE {away}),"
            f" EXISTS (SELECT FROM billing_qualityevent e WHERE {broken}),"
            f" EXISTS (SELECT FROM billing_benefitentitlement b WHERE {entitled})"
        )
        is_away, is_broken, is_entitled = cursor.fetchone()
    found: dict[str, pl.DataFrame] = {}
    if is_entitled:
        # no service named: every communal and housing one
        found["benefits"] = frame(
            "SELECT b.account_id, s.id, b.valid_from, b.valid_to, b.percent, b.persons, b.within_norm::int, b.area_m2,"
            " b.category || ', ' || b.document FROM billing_benefitentitlement b JOIN accounts_service s"
            " ON s.id = b.service_id OR (b.service_id IS NULL AND s.kind IN (1, 2))"
            f" WHERE {entitled} ORDER BY b.id",
            columns.BENEFITS,
        )
    if is_away:
        # all documents of these premises: one that ends before the month may be the beginning of an absence in it
        for name, forced in (("absences", "NOT force_majeure"), ("force_majeure", "force_majeure")):
            found[name] = frame(
                "SELECT premises_id, coalesce(person_id, 0), valid_from, valid_to, persons, document"
                f" FROM accounts_absence WHERE valid_to IS NOT NULL AND {forced}"
                f" AND premises_id IN (SELECT premises_id FROM accounts_absence WHERE {away})",
                columns.ABSENCES,
            )
    if is_broken:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT e.house_id, e.premises_id, e.service_id, r.breach, greatest(e.started_at {zone}, {first}),"
                f" least(e.ended_at {zone}, {following}), e.hours, {_NORMATIVE_C}, e.actual_c, r.percent, r.per_hours,"
                " r.allowed_hours, r.allowed_at_once, r.step_c, r.tolerance_day_c, r.tolerance_night_c,"
                " r.tolerance_above_c, r.highest_c, r.whole_days, r.not_supplied, r.cold_price, e.act"
                f" FROM billing_qualityevent e JOIN billing_qualityrule r ON r.breach = {_BREACH}"
                f" AND r.valid_from <= (e.started_at {zone})::date"
                f" AND (r.valid_to IS NULL OR r.valid_to > (e.started_at {zone})::date)"
                f" WHERE {broken} ORDER BY e.started_at, e.id"
            )
            rows = [_breach(*row) for row in cursor.fetchall()]
        found["breaches"] = pl.DataFrame(rows, schema=columns.BREACHES, orient="row")
    return found


# The breach as its degrees say, whichever of the two the act calls it (formulas.quality.by_degrees).
_OF_DEGREES = f"({quality.BY_DEGREES}, {quality.COLD_AS_HOT})"
_BREACH = (
    f"CASE WHEN e.breach IN {_OF_DEGREES} AND e.actual_c < {quality.TEPID_C} THEN {quality.COLD_AS_HOT}"
    f" WHEN e.breach IN {_OF_DEGREES} AND e.actual_c IS NOT NULL THEN {quality.BY_DEGREES} ELSE e.breach END"
)
_NORMATIVE_C = f"coalesce(e.normative_c, CASE WHEN e.breach IN {_OF_DEGREES} THEN {quality.HOT_C} END)"


def _breach(
    house: int, premises: int | None, service: int, breach: int, start: datetime, end: datetime,
    said: Decimal | None, *rest: Any,
) -> tuple[Any, ...]:  # fmt: skip
    """A breach as columns.BREACHES: its hours in the month; where the act says how many, never more than that."""
    hours, nights = quality.hours_between(start, end)
    if said is not None:
        hours, nights = min(hours, int(said)), 0
    days = (
        -(-hours // 24) if said is not None else (end - timedelta(microseconds=1)).toordinal() - start.toordinal() + 1
    )
    first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    span = [(moment - first) // timedelta(seconds=1) for moment in (start, end)]
    return (house, premises, service, breach, hours, nights, days, said is None, *span, *rest)


_READING = "meter_id, zone, day, month, value, (source = 2)::int, counts::int FROM accounts_reading"


def _readings(meters: pl.DataFrame, month: Month, faulty: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two months for every meter; a year for those that need an average; the last one of those silent for longer."""
    if not meters.height:
        return meters, columns.empty(columns.READINGS)
    two = f"month IN ({day(month.previous.first)}, {day(month.first)})"
    recent = frame(
        f"SELECT {_READING} WHERE meter_id = ANY({array(meters['meter_id'])}) AND {two} AND counts", columns.READINGS
    )
    wanting = pipeline.unread(meters, recent, month, faulty)
    if not wanting:
        return meters, recent
    elders = sorted(set(wanting) - set(meters["meter_id"].to_list()))
    if elders:
        # Removed on or before the first day: they only lend their history to the meters that replaced them.
        rows = frame(
            "SELECT id, premises_id, resource, zones, digits, ratio, commissioned_on, removed_on, verified_until,"
            f" replaces_id FROM accounts_meter WHERE id = ANY({array(elders)}) AND removed_on < {day(month.first)}",
            columns.METERS,
        )
        meters = pl.concat([meters, rows])
    since = (month + -MONTHS_OF_HISTORY).first
    past = frame(
        f"SELECT {_READING} WHERE meter_id = ANY({array(wanting)}) AND verdict IN (1, 2)"
        f" AND month <= {day(month.first)} AND (month >= {day(since)} OR source = 2)",
        columns.READINGS,
    )
    lost = sorted(
        set(wanting) - set(past.filter((pl.col("counts") == 1) & (pl.col("month") < month.first))["meter_id"])
    )
    parts = [recent.filter(~pl.col("meter_id").is_in(wanting)), past]
    if lost:
        parts.append(
            frame(
                f"SELECT DISTINCT ON (meter_id, zone) {_READING} WHERE meter_id = ANY({array(lost)}) AND counts"
                f" AND month < {day(since)} ORDER BY meter_id, zone, month DESC",
                columns.READINGS,
            )
        )
    return meters, pl.concat(parts).unique(maintain_order=True)


def _charged(
    accounts: pl.DataFrame, rooms: pl.DataFrame, meters: pl.DataFrame, readings: pl.DataFrame, month: Month,
    redrafted: Redrafted | None,
) -> pl.DataFrame:  # fmt: skip
    """What was charged by average or norm to premises whose meter spoke again this month, recalculations included.

    Of a communal flat: to its rooms.
    """
    counting = readings.filter(pl.col("counts") == 1)
    now = counting.filter(pl.col("month") == month.first).select("meter_id").unique()
    before = counting.filter(pl.col("month") == month.previous.first).select("meter_id").unique()
    again = meters.join(now, on="meter_id").join(before, on="meter_id", how="anti")
    near = rooms.join(again.select("premises_id").unique(), left_on="parent_id", right_on="premises_id", how="semi")
    spoke = pl.concat([again["premises_id"], near["premises_id"]]).unique()
    homes = accounts.filter(pl.col("premises_id").is_in(spoke.implode()))
    if not homes.height:
        return columns.empty(columns.CHARGED)
    since, this = day((month + -MONTHS_ON_LINE).first), day(month.first)
    # recalculations of the open month that are being drafted anew are taken from memory, not from the table
    settled = f" AND month < {day(redrafted.into.first)}" if redrafted else ""
    with by_key(homes):
        rows = frame(
            "SELECT account_id, service_id, for_month, line / 1000 % 10, volume FROM billing_charge"
            f" WHERE account_id = ANY({array(homes['account_id'])}) AND month >= {since} AND for_month < {this}"
            " AND volume IS NOT NULL AND ("
            f"(kind = 1 AND method IN (2, 3) AND line < 20000 AND month < {this})"
            f" OR (kind = 4 AND line / 100 = 1{settled}))",
            columns.CHARGED,
        )
    if redrafted is None:
        return rows
    fresh = redrafted.lines.filter((pl.col("line") // 100 == 1) & (pl.col("for_month") < month.first))
    zone = pl.lit(0, pl.Int16).alias("zone")
    fresh = fresh.select("account_id", "service_id", "for_month", zone, pl.col("volume").cast(columns.EXACT))
    return pl.concat([rows, fresh])


def draft_digests(month: Month, account_ids: pl.Series) -> pl.DataFrame:
    """account_id, digest, lines, amount: what the last drafts of these accounts were computed from and came to."""
    with by_key(account_ids):
        return frame(
            "SELECT account_id, digest, lines, amount FROM billing_draftdigest"
            f" WHERE month = {day(month.first)} AND account_id = ANY({array(account_ids)})",
            {"account_id": pl.Int64, "digest": pl.Int64, "lines": pl.Int64, "amount": columns.MONEY},
        )


def problem_counts(month: Month, account_ids: pl.Series) -> dict[str, int]:
    """How many lines of these accounts the last draft could not charge, by cause."""
    with by_key(account_ids):
        rows = frame(
            f"SELECT text, count(*) FROM billing_lineproblem WHERE month = {day(month.first)}"
            f" AND account_id = ANY({array(account_ids)}) GROUP BY text ORDER BY text",
            {"problem": pl.String, "lines": pl.Int64},
        )
    return dict(rows.iter_rows())


def standing(
    month: Month, account_ids: Sequence[int], kinds: Sequence[int] | None = None, lines: str = "true"
) -> pl.DataFrame:
    """Lines of the month that are stored for these accounts.

    kinds: by default what the run makes, with what it takes off the same month. `lines`: SQL of ours about the number.
    """
    names = ", ".join(columns.CHARGES)
    wanted = f"kind IN ({', '.join(str(int(kind)) for kind in kinds)})" if kinds else of_the_run()
    of_accounts = f"account_id = ANY({array(account_ids)})"
    with by_key(account_ids):
        return frame(
            f"SELECT {names} FROM {partition(month)} WHERE {of_accounts} AND {wanted} AND {lines}", columns.CHARGES
        )


def of_the_run() -> str:
    """SQL of the lines that the run makes; the others stand whatever it computes: penalties, documents, past months."""
    return f"(kind IN ({', '.join(str(int(kind)) for kind in DRAFTED)}) OR (kind IN (4, 5) AND {OF_ITSELF}))"


def posted(month: Month, account_ids: Sequence[int]) -> pl.DataFrame:
    """Ink of the month by the run, and the ink of automatic recalculations for it in later months."""
    names = ", ".join(f"c.{name}" for name in columns.CHARGES)
    return frame(
        f"SELECT {names} FROM billing_charge c JOIN billing_contractmonth s"
        " ON s.contract_id = c.contract_id AND s.month = c.month AND s.state <> 'open'"
        f" WHERE c.account_id = ANY({array(account_ids)}) AND c.for_month = {day(month.first)}"
        f" AND c.month >= {day(month.first)} AND (c.kind IN (1, 2, 3, 7) OR (c.kind IN (4, 5) AND c.{AUTOMATIC}))"
        " AND NOT EXISTS (SELECT FROM billing_hold h WHERE h.account_id = c.account_id AND h.month = c.month"
        " AND h.released_at IS NULL)",
        columns.CHARGES,
    )


def _joint_year(houses: pl.Series, month: Month) -> pl.DataFrame:
    """Heat that hot water took in the year before, by its own lines; of houses that pay for heat evenly (п. 42(1)).

    Only months whose building meter counted both. Of two components the line of heat says its Gcal; of one the norm
    of heating water does, and a month of it without the norm leaves the year unknown.
    """
    year = month.first.year - 1
    return frame(
        "SELECT v.house_id, v.service_id, sum(h.gcal) FROM billing_housevolume v"
        f" JOIN accounts_housepassport p ON p.house_id = v.house_id AND {in_force(month, 'p')}"
        f" AND p.heating_mode = {HeatingMode.EVEN.value}"
        " LEFT JOIN LATERAL (SELECT CASE WHEN bool_and(q.gcal IS NOT NULL) THEN sum(q.gcal) END AS gcal"
        "  FROM (SELECT CASE WHEN c.line >= 20000 THEN c.volume ELSE c.volume * ("
        "    SELECT n.value FROM billing_norm n WHERE n.service_id = c.service_id"
        f"    AND n.basis = {NormBasis.PER_M3.value} AND n.scope IN (0, p.norm_scope) AND n.valid_from <= v.month"
        "     AND (n.valid_to IS NULL OR n.valid_to > v.month) ORDER BY n.scope DESC LIMIT 1) END AS gcal"
        "   FROM accounts_personalaccount a JOIN billing_charge c ON c.account_id = a.id AND c.month = v.month"
        "    AND c.for_month = v.month JOIN accounts_service s ON s.id = c.service_id"
        f"   WHERE a.house_id = v.house_id AND s.resource = {Resource.HOT_WATER.value}"
        "    AND NOT starts_with(s.code, 'common_') AND c.kind = 1 AND c.line / 10000 <> 1) q) h ON true"
        f" WHERE v.house_id = ANY({array(houses)}) AND v.with_hot_water"
        f" AND v.month >= {day(date(year, 1, 1))} AND v.month < {day(date(year + 1, 1, 1))}"
        " GROUP BY v.house_id, v.service_id",
        columns.JOINT_YEAR,
    )


def posted_contracts(month: Month) -> list[int]:
    rows = ContractMonth.objects.filter(month=month.first).exclude(state=ContractMonthState.OPEN)
    return sorted(rows.values_list("contract_id", flat=True))


OF_POSTED = "line < 1000 AND line % 100 > 0"  # recalculations of posted months
OF_ITSELF = "line < 1000 AND line % 100 = 0"  # what the run takes off its own month: benefits, absence, bad quality
AUTOMATIC = "line < 1000"  # recalculations by the run; those of a document have higher numbers
FIRST_BY_DOCUMENT = 1_000
FIRST_YEARLY = 30_000
ALLOCATED = 100  # + the last two digits of the year: corrections of heating by allocators
BY_DOCUMENT = f"line >= 1000 AND line < {FIRST_YEARLY}"
YEARLY_WASTE = 31_000
YEARLY = f"line >= {FIRST_YEARLY} AND line < {YEARLY_WASTE}"  # a part of the true-up of a whole year
OF_YEARLY_WASTE = f"line >= {YEARLY_WASTE}"  # waste of a year by what was removed


@dataclass(frozen=True)
class Redrafted:
    """Recalculations into an open month that are being computed anew, and not yet stored."""

    into: Month
    lines: pl.DataFrame


def partition(month: Month) -> str:
    return f"billing_charge_{month.first:%Y%m}"


def has_partition(month: Month) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [partition(month)])
        return bool(cursor.fetchone()[0])


# --- charges for the floors above ------------------------------------------------------------------------------------


def ink() -> QuerySet[Charge]:
    """Posted lines: the contract's month is not open, and the account is not held in it."""
    posted = ContractMonth.objects.filter(
        ~Q(state=ContractMonthState.OPEN), contract_id=OuterRef("contract_id"), month=OuterRef("month")
    )
    held = Hold.objects.filter(account_id=OuterRef("account_id"), month=OuterRef("month"), released_at=None)
    return Charge.objects.filter(Exists(posted), ~Exists(held))


def posted_in(months: Mapping[int, Month]) -> dict[int, Decimal]:
    """Account → posted charges of the month named beside it, roubles; accounts without any are left out. One statement.

    The same lines as `ink`, written out: the first screen of the cabinet asks.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.account_id, sum(c.amount)
            FROM unnest(%(accounts)s::bigint[], %(months)s::date[]) AS asked (account_id, month)
            JOIN billing_charge AS c ON c.account_id = asked.account_id AND c.month = asked.month
            WHERE EXISTS (SELECT FROM billing_contractmonth AS m
                    WHERE m.contract_id = c.contract_id AND m.month = c.month AND m.state <> 'open')
                AND NOT EXISTS (SELECT FROM billing_hold AS h
                    WHERE h.account_id = c.account_id AND h.month = c.month AND h.released_at IS NULL)
                AND c.month = ANY(%(months)s::date[])
            GROUP BY c.account_id
            """,
            {"accounts": list(months), "months": [month.first for month in months.values()]},
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One line of a bill, with words. Quantities are in `unit_name`, amounts in roubles."""

    account_id: int
    contract_id: int
    service_id: int
    service_name: str
    principal: str
    kind: int
    kind_name: str
    line: int
    for_month: date
    method: int
    method_name: str
    volume: Decimal | None
    unit_name: str
    tariff: Decimal | None
    norm: Decimal | None
    multiplier: Decimal | None
    persons: Decimal | None
    area: Decimal | None
    days: int
    amount: Decimal
    is_ink: bool


def problems_of_account(*, account_id: int, month: Month) -> list[str]:
    """What the last run could not charge the account, in words."""
    rows = LineProblem.objects.filter(account_id=account_id, month=month.first).select_related("service")
    return [f"{row.service.name}: {row.text}." for row in rows.order_by("service__priority", "pk")]


def charges() -> QuerySet[Charge]:
    """Lines chalk and ink."""
    return Charge.objects.all()


def charges_of_account(*, account_id: int, month: Month) -> list[ChargeRow]:
    """Lines of the account in the month, chalk and ink, in the order of the document."""
    return [row for _, row in charges_of_months(account_id=account_id, first=month, last=month)]


def charges_of_months(*, account_id: int, first: Month, last: Month) -> list[tuple[Month, ChargeRow]]:
    """`charges_of_account` of each month from `first` to `last`, the latest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.account_id, c.contract_id, c.service_id, s.name, o.short_name, c.kind, '', c.line, c.for_month,"
            " c.method, '', c.volume, c.unit::text, c.tariff, c.norm, c.multiplier, c.persons, c.area, c.days,"
            " c.amount, coalesce(m.state <> 'open', false) AND NOT EXISTS (SELECT FROM billing_hold h"
            "   WHERE h.account_id = c.account_id AND h.month = c.month AND h.released_at IS NULL), c.month"
            " FROM billing_charge c JOIN accounts_service s ON s.id = c.service_id"
            " JOIN accounts_agencycontract a ON a.id = c.contract_id"
            " JOIN accounts_organisation o ON o.id = a.principal_id"
            " LEFT JOIN billing_contractmonth m ON m.contract_id = c.contract_id AND m.month = c.month"
            " WHERE c.account_id = %s AND c.month BETWEEN %s AND %s"
            " ORDER BY c.month DESC, s.priority, s.id, c.contract_id, c.kind, c.line",
            [account_id, first.first, last.first],
        )
        rows = [(Month(row[-1]), ChargeRow(*row[:-1])) for row in cursor.fetchall()]
    kinds, methods, units = (dict(choices.choices) for choices in (ChargeKind, Method, Unit))
    return [
        (month, replace(
            row, kind_name=str(kinds[row.kind]), method_name=str(methods[row.method]),
            unit_name=str(units[int(row.unit_name)]),
        ))
        for month, row in rows
    ]  # fmt: skip


def totals_by_month(*, account_id: int, months: Sequence[Month]) -> dict[Month, Decimal]:
    """Roubles charged in each of the months, chalk and ink; 0.00 where nothing is."""
    rows = (
        Charge.objects.filter(account_id=account_id, month__in=[month.first for month in months])
        .values("month")
        .annotate(total=Sum("amount"))
        .values_list("month", "total")
    )
    found = dict(rows)
    return {month: found.get(month.first, Decimal("0.00")) for month in months}


def person_norms(house_id: int, on: date) -> dict[int, Decimal]:
    """Service → its norm a person a month in this house's group on the day, in the service's unit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (n.service_id) n.service_id, n.value FROM accounts_housepassport p"
            " JOIN billing_norm n ON n.scope IN (0, p.norm_scope) AND n.basis = %(basis)s"
            " WHERE p.house_id = %(house)s AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s)"
            " AND n.valid_from <= %(on)s AND (n.valid_to IS NULL OR n.valid_to > %(on)s)"
            " ORDER BY n.service_id, n.scope DESC",
            {"house": house_id, "on": on, "basis": NormBasis.PERSON_MONTH.value},
        )
        return dict(cursor.fetchall())


def law_value(code: str, on: date) -> Decimal | None:
    """A value set by law on a day (due day, VAT, multiplier …); None where nothing is set."""
    return LawValue.objects.on(on).filter(code=code).values_list("value", flat=True).first()


def waste_month(month: Month) -> int:
    """In which month of the year waste of the year before is recalculated, where the region does it."""
    return int(law_value("tko_recalc_month", month.first) or 3)


def law_values(codes: Sequence[str]) -> list[tuple[str, Decimal, date, date | None, str]]:
    """(code, value, from, to exclusive, act) of these codes and of those below them («penalty_cap.energy»), by date."""
    wanted = Q()
    for code in codes:
        wanted |= Q(code=code) | Q(code__startswith=f"{code}.")
    rows = LawValue.objects.filter(wanted).order_by("code", "valid_from")
    return list(rows.values_list("code", "value", "valid_from", "valid_to", "act"))


def open_months() -> list[Month]:
    """Months in which some contract is open, the eldest first."""
    rows = ContractMonth.objects.filter(state=ContractMonthState.OPEN).values_list("month", flat=True).distinct()
    return [Month(first) for first in sorted(rows)]


def first_month(contract_ids: Collection[int]) -> Month | None:
    """The first month of the books of these contracts."""
    first = ContractMonth.objects.filter(contract_id__in=contract_ids).aggregate(first=Min("month"))["first"]
    return Month(first) if first else None


def recalculation_month() -> Month | None:
    """The month that takes differences of posted ones: the eldest that is open for every contract."""
    begun = set(ContractMonth.objects.exclude(state=ContractMonthState.OPEN).values_list("month", flat=True))
    return next((month for month in open_months() if month.first not in begun), None)


def current_month() -> Month | None:
    """The month that is being drafted: the eldest that is open for some contract."""
    months = open_months()
    return months[0] if months else None


def explain(*, account_id: int, month: Month) -> list[Explanation]:
    """Every line of the account in the month with its inputs, its rule and its paragraph.

    The month is computed again by the same pipeline from what is known today. Where the stored line is ink and says
    otherwise, the text names both amounts.
    """
    found = facts(month, reference(month), account_ids=[account_id])
    made = pipeline.calculate(found)
    rows = _explained_rows(found, made)
    names = dict(Service.objects.values_list("pk", "name"))
    stored = charges_of_account(account_id=account_id, month=month)
    told: list[Explanation] = []
    papers, sums = _papers(account_id, month, stored), _before_and_after(account_id, month, stored)
    for charge in stored:
        row = rows.pop((charge.contract_id, charge.service_id, charge.kind, charge.line), None)
        if row is None:
            text, formula = papers.get(_key(charge), ("", ""))
            text = text or _taken_off(charge, made, found) or _unexplained(charge, month)
            if both := sums.get(_key(charge)):
                text += f" {explanation.was_and_is(Month(charge.for_month), *both)}"
            name = f"{charge.service_name}, {charge.kind_name.lower()}"
        else:
            text, formula = explanation.explain_line(row, row["dials"], month)
            name = explanation.title(charge.service_name, row)
            if row["amount"] != charge.amount:
                text += f" Записано {explanation.roubles(charge.amount)}: с тех пор исходные данные изменились" + (
                    ", разница войдёт в перерасчёт." if charge.is_ink else "."
                )
        told.append(
            Explanation(
                charge.service_id, charge.contract_id, charge.kind, charge.line, name, charge.amount, text, formula
            )
        )
    if not stored:
        for (contract_id, service_id, kind, line), row in rows.items():
            text, formula = explanation.explain_line(row, row["dials"], month)
            name = explanation.title(names[service_id], row)
            told.append(Explanation(service_id, contract_id, kind, line, name, row["amount"], text, formula))
    return told


def _key(charge: ChargeRow) -> tuple[int, int, int, int]:
    return charge.contract_id, charge.service_id, charge.kind, charge.line


def _papers(
    account_id: int, month: Month, stored: Sequence[ChargeRow]
) -> dict[tuple[int, int, int, int], tuple[str, str]]:
    """Text and formula of the lines that a document or an act made, by their key.

    A line's number is the place of its document among those of the account, contract, service and month.
    """
    told: dict[tuple[int, int, int, int], tuple[str, str]] = {}
    kind = int(ChargeKind.RECALCULATION)
    if any(row.kind == kind and FIRST_BY_DOCUMENT <= row.line < FIRST_YEARLY for row in stored):
        papers: Counter[tuple[int, int]] = Counter()
        known = Correction.objects.filter(account_id=account_id, month=month.first).exclude(document=None)
        for row in known.order_by("pk"):
            key = (row.contract_id, row.service_id, kind, FIRST_BY_DOCUMENT + papers[row.contract_id, row.service_id])
            papers[row.contract_id, row.service_id] += 1
            for_month = Month(row.for_month)
            told[key] = explanation.by_document(
                row.number, row.basis, for_month, row.before, row.after, row.amount
            ), ""  # fmt: skip
    units = {
        row.service_id: row.unit_name for row in stored if row.kind == ChargeKind.UNAUTHORISED and row.line < 20_000
    }
    if units:
        acts: Counter[tuple[int, int, int]] = Counter()
        for use in UnauthorisedUse.objects.filter(account_id=account_id, month=month.first).order_by("pk"):
            place = (use.contract_id, use.service_id, use.component)
            acts[place] += 1
            line = use.component * 10_000 + acts[place]
            words = {**use.__dict__, "what": use.get_kind_display(), "reverses": use.reverses_id}
            unit = str(Unit(Unit.GCAL).label) if use.component == 2 else units.get(use.service_id, "")
            key = (use.contract_id, use.service_id, int(ChargeKind.UNAUTHORISED), line)
            told[key] = explanation.by_act(words, unit)
    return told


def _before_and_after(
    account_id: int, month: Month, stored: Sequence[ChargeRow]
) -> dict[tuple[int, int, int, int], tuple[Decimal, Decimal]]:
    """What past months came to before this month's automatic recalculations of them, and with all of these."""
    kind = ChargeKind.RECALCULATION
    mended = [row for row in stored if row.kind == kind and row.for_month < month.first and row.line < FIRST_YEARLY]
    if not mended:
        return {}
    rows = (
        ink().filter(account_id=account_id, for_month__in={row.for_month for row in mended}, month__lt=month.first)
        .exclude(kind__in=[ChargeKind.PENALTY, ChargeKind.HEATING_CORRECTION, ChargeKind.UNAUTHORISED])
        .exclude(kind=kind, line__gte=FIRST_YEARLY)
        .values_list("contract_id", "service_id", "for_month").annotate(total=Sum("amount"))
    )  # fmt: skip
    before = {(contract, service, first): amount for contract, service, first, amount in rows}
    added: dict[tuple[int, int, date], Decimal] = {}
    for row in mended:
        place = (row.contract_id, row.service_id, row.for_month)
        added[place] = added.get(place, Decimal(0)) + row.amount
    found = {}
    for row in mended:
        if row.line < FIRST_BY_DOCUMENT:
            place = (row.contract_id, row.service_id, row.for_month)
            was = before.get(place, Decimal("0.00"))
            found[_key(row)] = (was, was + added[place])
    return found


def _taken_off(charge: ChargeRow, made: pipeline.Calculation, found: pipeline.Facts) -> str:
    """Why a line of recalculation takes off what it does: its ground, its period and its document."""
    if charge.kind not in (ChargeKind.RECALCULATION, ChargeKind.BENEFIT) or charge.line >= 1000:
        return ""
    ground = charge.line // 100
    if charge.for_month != found.month.first:  # of a posted month: its own facts say why
        month = Month(charge.for_month)
        found = facts(month, reference(month), account_ids=[charge.account_id])
        made = pipeline.calculate(found) if ground in explanation.GROUNDS else made
    rows = made.relief.filter((pl.col("account_id") == charge.account_id) & (pl.col("service_id") == charge.service_id))
    return explanation.taken_off(ground, rows.rows(named=True), charge.amount, Month(charge.for_month))


def _unexplained(charge: ChargeRow, month: Month) -> str:
    if charge.kind == ChargeKind.RECALCULATION and charge.volume is not None and charge.line < 1000:
        return explanation.recalculated(
            charge.volume, charge.unit_name, charge.amount, Month(charge.for_month), _learned(charge, month)
        )
    if charge.kind == ChargeKind.RECALCULATION and charge.line >= FIRST_YEARLY:
        told = explanation.trued_up if charge.line < YEARLY_WASTE else explanation.waste_of_year
        return told(charge.for_month.year, charge.amount)
    if charge.kind == ChargeKind.HEATING_CORRECTION and charge.line >= ALLOCATED:
        return explanation.by_allocators(charge.for_month.year, charge.amount)
    if charge.kind in explanation.FROM_ABOVE:
        return explanation.from_above(charge.kind, Month(charge.for_month))
    return "По сегодняшним данным этой строки не было бы: исходные данные изменились."


def _learned(charge: ChargeRow, month: Month) -> list[str]:
    """What became known of the account after the line's month was posted and before the line itself was."""
    states = ContractMonth.objects.filter(contract=charge.contract_id, month__in=[charge.for_month, month.first])
    posted = dict(states.values_list("month", "posted_at"))
    since = posted.get(charge.for_month)
    if since is None:
        return []
    return accounts.queries.late_facts(
        charge.account_id, about=Month(charge.for_month), since=since, until=posted.get(month.first)
    )


def _explained_rows(
    found: pipeline.Facts, made: pipeline.Calculation
) -> dict[tuple[int, int, int, int], dict[str, Any]]:
    """Traced lines by their key, each with its terms and the dials it rests on."""
    serials = dict(Meter.objects.filter(pk__in=made.dials["meter_id"].to_list()).values_list("pk", "serial"))
    dials = [{**dial, "serial": serials[dial["meter_id"]]} for dial in made.dials.iter_rows(named=True)]
    agreed = {row["term"]: row for row in made.terms.iter_rows(named=True)}
    owners = set(found.owners["premises_id"].to_list()) - set(found.residents["premises_id"].to_list())
    shared = _of_houses(found, made)
    away = set(found.areas.filter(pl.col("own_heating") == 1)["premises_id"].to_list())
    cold = set(found.cold_halls["house_id"].to_list())
    flat_of = dict(zip(found.rooms["premises_id"].to_list(), found.rooms["parent_id"].to_list(), strict=True))
    net: dict[tuple[int, int, int], Decimal] = {}
    rows: dict[tuple[int, int, int, int], dict[str, Any]] = {}
    water: dict[tuple[int, int, int], Decimal] = {}
    computed = made.lines.head(made.traced.height)  # after them: what comes off
    for traced, line in zip(made.traced.iter_rows(named=True), computed.iter_rows(named=True), strict=True):
        term = agreed[traced["term"]]
        place = traced["premises_id"]
        near = [
            dial
            for dial in dials
            if dial["premises_id"] in {place, flat_of.get(place)} and dial["resource"] == term["resource"]
        ]
        key = (line["contract_id"], line["service_id"], line["line"])
        if line["kind"] != ChargeKind.VAT:
            net[key] = net.get(key, Decimal(0)) + line["amount"]
        if line["kind"] != ChargeKind.UPLIFT and traced["component"] == 1:
            water[line["service_id"], traced["segment"], traced["zone"]] = line["volume"]
        rows[line["contract_id"], line["service_id"], line["kind"], line["line"]] = {
            **term, **traced, "volume": line["volume"], "persons": line["persons"], "area": line["area"],
            "amount": line["amount"], "dials": near,
            "water_volume": water.get((line["service_id"], traced["segment"], traced["zone"])),
            "is_expired": any(dial["cause"] == "expired" for dial in near),
            "why": explanation.why_norm(near) if traced["by"] == Method.NORM else "",
            "by_owners": traced["premises_id"] in owners,
            "charged_before": _charged_before(found, near, traced["zone"]),
            "zones": max((dial["zones"] for dial in near), default=1),
            **shared.get((traced["house_id"], traced["service_id"]), NOTHING_SHARED),
            "room": _room(found, made, place) if place in flat_of else None,
            "net": net.get(key),
            "own_heating": place in away,
            "cold_halls": traced["house_id"] in cold,
        }  # fmt: skip
    return rows


NOTHING_SHARED: dict[str, Any] = {"read_gcal": None, "read_area": None, "common": None, "house_volume": None,
                                  "hot_gcal": None}  # fmt: skip


def _of_houses(found: pipeline.Facts, made: pipeline.Calculation) -> dict[tuple[int, int], dict[str, Any]]:
    """By house and service: heat of premises with meters and their m², the balance, the building meter's volume."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    size = found.month.days
    for row in made.houses.read.iter_rows(named=True):
        known = rows.setdefault((row["house_id"], row["service_id"]), {**NOTHING_SHARED})
        known.update(read_gcal=row["read_gcal"], read_area=row["read_area_days"] / size)
    for row in made.houses.hot.iter_rows(named=True):
        rows.setdefault((row["house_id"], row["service_id"]), {**NOTHING_SHARED})["hot_gcal"] = row["hot_gcal"]
    for row in made.houses.common.iter_rows(named=True):
        rows.setdefault((row["house_id"], row["service_id"]), {**NOTHING_SHARED})["common"] = row
    for row in found.house_volumes.filter(pl.col("month") == found.month.first).iter_rows(named=True):
        known = rows.setdefault((row["house_id"], row["service_id"]), {**NOTHING_SHARED})
        known["house_volume"] = row["volume"]
    return rows


def _room(found: pipeline.Facts, made: pipeline.Calculation, place: int) -> dict[str, Any]:
    """The room's part of its flat: average persons of both, living areas of both, meters of the other rooms."""
    own = found.rooms.row(by_predicate=pl.col("premises_id") == place, named=True)
    rooms = found.rooms.filter(pl.col("parent_id") == own["parent_id"])["premises_id"].to_list()
    size = found.month.days
    days = made.days.with_columns(used=pl.col("persons") * (pl.col("stop") - pl.col("start")).cast(pl.Int64))
    return {
        **own,
        "persons": round(Decimal(days.filter(pl.col("premises_id") == place)["used"].sum()) / size, 6),
        "flat_persons": round(Decimal(days.filter(pl.col("premises_id").is_in(rooms))["used"].sum()) / size, 6),
        "others": made.dials.filter(pl.col("premises_id").is_in(rooms) & (pl.col("premises_id") != place)).to_dicts(),
    }


def _charged_before(found: pipeline.Facts, dials: list[dict[str, Any]], zone: int) -> Decimal | None:
    if not any(dial["covered"] > 1 for dial in dials) or not found.charged.height:
        return None
    since = min(dial["opening_index"] for dial in dials if dial["covered"] > 1)
    resources = found.reference.services.filter(pl.col("resource") == dials[0]["resource"])["service_id"].to_list()
    months = pl.col("for_month").dt.year().cast(pl.Int32) * 12 + pl.col("for_month").dt.month() - 1
    rows = found.charged.filter(pl.col("service_id").is_in(resources) & (months > since))
    zones = {dial["price_zone"] for dial in dials}
    if zone == min(zones):
        rows = rows.filter((pl.col("zone") == zone) | ~pl.col("zone").is_in(list(zones)))
    else:
        rows = rows.filter(pl.col("zone") == zone)
    volumes: list[Decimal] = rows["volume"].to_list()
    return sum(volumes, Decimal(0)) or None


# --- one set of lines beside another ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """Lines of a month: as they are stored, or (`fresh`) as they come out of today's facts, written nowhere."""

    month: Month
    fresh: bool = False

    @property
    def title(self) -> str:
        return f"{self.month.title}{', посчитанный заново' if self.fresh else ''}"


def blocks(house_ids: Sequence[int] | None, size: int) -> Iterable[list[int]]:
    """Houses in groups of about `size` accounts, neighbours together."""
    some = "" if house_ids is None else f"WHERE house_id = ANY({array(house_ids)})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT house_id, count(*) FROM accounts_personalaccount {some} GROUP BY house_id ORDER BY house_id"
        )
        rows = cursor.fetchall()
    block: list[int] = []
    held = 0
    for house_id, count in rows:
        if block and held + count > size:
            yield block
            block, held = [], 0
        block.append(house_id)
        held += count
    if block:
        yield block


BLOCK = 6_000  # accounts compared at a time


def compare(
    before: Side, now: Side, *, house_ids: Sequence[int] | None = None, contract_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """Differences by cause: house_id, service_id, cause, accounts, amount. Σ amount = Σ now − Σ before.

    contract_ids: lines of these contracts only.
    """
    known = {side: reference(side.month) for side in (before, now) if side.fresh}
    sums = []
    for houses in blocks(house_ids, BLOCK):
        lines = [_lines(side, known[side] if side.fresh else None, houses) for side in (before, now)]
        if contract_ids is not None:
            lines = [one.filter(pl.col("contract_id").is_in(list(contract_ids))) for one in lines]
        rows = causes.by_cause(*lines)
        sums.append(
            rows.group_by("house_id", "service_id", "cause").agg(
                pl.col("account_id").n_unique().alias("accounts"), pl.sum("amount")
            )
        )
    if not sums:
        return causes.by_cause(columns.empty(columns.CHARGES), columns.empty(columns.CHARGES)).select(
            "house_id", "service_id", "cause", pl.col("account_id").cast(pl.UInt32).alias("accounts"), "amount"
        )
    return pl.concat(sums)


def _lines(side: Side, known: pipeline.Reference | None, house_ids: Sequence[int]) -> pl.DataFrame:
    """Lines of one side. Beside what is computed anew stand the stored lines that no run makes: like with like."""
    made = pipeline.calculate(facts(side.month, known, house_ids=house_ids)).lines if known is not None else None
    if not has_partition(side.month):
        return columns.empty(columns.CHARGES) if made is None else made
    stored = frame(
        f"SELECT {', '.join(columns.CHARGES)} FROM {partition(side.month)} WHERE account_id IN ("
        f"SELECT id FROM accounts_personalaccount WHERE house_id = ANY({array(house_ids)}))"
        + ("" if made is None else f" AND NOT {of_the_run()}"),
        columns.CHARGES,
    )
    return stored if made is None else pl.concat([made.select(stored.columns), stored])


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """What one cause added to a service of an account, roubles, with words."""

    service_id: int
    service_name: str
    kind: int
    cause: int
    words: str
    amount: Decimal


def differences(*, account_id: int, month: Month, before: Month | None = None) -> list[DifferenceRow]:
    """Why the account's month differs from `before` (the month before it), by cause.

    Σ amount = the month's total less the other month's; nothing where nothing differs.
    """
    both = []
    names = ", ".join(columns.CHARGES)
    for one in (before or month.previous, month):
        sql = f"SELECT {names} FROM billing_charge WHERE account_id = {int(account_id)} AND month = {day(one.first)}"
        both.append(frame(sql, columns.CHARGES))
    found = causes.by_cause(*both).group_by("service_id", "kind", "cause").agg(pl.sum("amount"))
    services = {pk: (order, name) for pk, order, name in Service.objects.values_list("pk", "priority", "name")}
    rows = [
        DifferenceRow(service_id, services[service_id][1], kind, cause, causes.WORDS[causes.Cause(cause)], amount)
        for service_id, kind, cause, amount in found.iter_rows()
        if amount
    ]
    return sorted(rows, key=lambda row: (services[row.service_id][0], row.service_id, row.kind, row.cause))


def replay(month: Month, house_ids: Sequence[int]) -> pipeline.Difference:
    """The posted lines of these houses beside the month computed again in memory: nothing differs, or a fact changed.

    Only contracts whose month is posted; accounts that are held there are still chalk and are left out.
    """
    contracts = posted_contracts(month)
    found = facts(month, reference(month), house_ids=house_ids)
    held = list(Hold.objects.filter(month=month.first, released_at=None).values_list("account_id", flat=True))
    ids = sorted(set(found.accounts["account_id"].to_list()) - set(held))
    is_ink = pl.col("contract_id").is_in(contracts) & ~pl.col("account_id").is_in(held)
    lines = pipeline.calculate(found).lines.filter(is_ink)
    return pipeline.difference(lines, standing(month, ids).filter(is_ink))


# --- the gate --------------------------------------------------------------------------------------------------------

ABOVE = Decimal("30000")  # roubles a month on one account: worth a look
LEAST = Decimal("100")  # roubles: what is at stake below it is not worth a look


def anomalies(month: Month, *, limit: int = 500, above: Decimal = ABOVE, least: Decimal = LEAST) -> list[Anomaly]:
    """What looks wrong in the drafts of the month, most money at stake first; accounts already held are left out.

    above: roubles of one account in the month that call for a look. least: roubles at stake worth one (what could
    not be charged at all is listed whatever it is worth).
    """
    words = {
        "month": day(month.first), "previous": day(month.previous.first), "following": day(month.next.first),
        "in_season": str(pipeline.in_season(reference(month).laws, month)).upper(), "above": above, "least": least,
        "year_before": day(date(month.first.year - 1, 1, 1)),
        "settles_waste": str(month.first.month == waste_month(month)).upper(),
    }  # fmt: skip
    held = Hold.objects.filter(month=month.first, released_at=None).values_list("account_id", flat=True)
    found = pl.concat([frame(question.format(**words), gate.ROWS) for question in gate.QUESTIONS])
    found = found.filter(~pl.col("account_id").is_in(list(held)).fill_null(False))
    found = found.sort("stake", "kind", "account_id", "house_id", "service_id", descending=[True] + [False] * 4)
    rows = found.head(limit).rows(named=True)
    services = {service.pk: service for service in Service.objects.all()}
    numbers = dict(
        PersonalAccount.objects.filter(pk__in=[row["account_id"] for row in rows if row["account_id"]])
        .values_list("pk", "number")
    )  # fmt: skip
    addresses = {
        house.pk: str(house)
        for house in House.objects.filter(pk__in=[row["house_id"] for row in rows if row["house_id"]])
    }
    told = []
    for row in rows:
        kind = Oddity(row["kind"])
        service = services.get(row["service_id"])
        unit = f" {service.get_unit_display()}" if service else ""  # type: ignore[attr-defined]
        if kind in {Oddity.LARGE, Oddity.NO_ACT}:
            unit = ""
        name = service.name if service else ""
        before, now = (f"{explanation.number(row[side])}{unit}" for side in ("before", "now"))
        told.append(
            Anomaly(
                kind=kind, name=gate.NAMES[kind], account_id=row["account_id"],
                account_number=numbers.get(row["account_id"], ""), house_id=row["house_id"],
                address=addresses.get(row["house_id"], ""), contract_id=row["contract_id"],
                service_id=row["service_id"], service_name=name, stake=row["stake"],
                text=gate.words(kind, name, before, now, row["said"] or ""), fix=gate.fix(kind, row["said"] or ""),
            )
        )  # fmt: skip
    return told


def problems(month: Month, account_ids: Sequence[int]) -> pl.DataFrame:
    """What the last run could not charge to these accounts: account_id, service_id, problem."""
    with by_key(account_ids):
        return frame(
            "SELECT account_id, service_id, text FROM billing_lineproblem"
            f" WHERE account_id = ANY({array(account_ids)}) AND month = {day(month.first)}",
            {"account_id": pl.Int64, "service_id": pl.Int16, "problem": pl.String},
        )


# --- what if ---------------------------------------------------------------------------------------------------------


def what_if(
    month: Month,
    *,
    tariffs: Sequence[DraftTariff] = (),
    norms: Sequence[DraftNorm] = (),
    house_ids: Sequence[int] | None = None,
    account_ids: Sequence[int] | None = None,
    extremes: int = 10,
) -> Outcome:
    """The month with these prices and norms beside the month with those in force: one engine, nothing written."""
    known = reference(month)
    drafted = what_ifs.with_drafts(known, month, tariffs, norms)
    sums = []
    scopes: Iterable[dict[str, Any]] = (
        [{"account_ids": account_ids}] if account_ids is not None
        else ({"house_ids": houses} for houses in blocks(house_ids, BLOCK))
    )  # fmt: skip
    for scope in scopes:
        found = facts(month, known, **scope)
        both = pipeline.calculate(found).lines, pipeline.calculate(replace(found, reference=drafted)).lines
        sums.append(what_ifs.by_account(*both))
    empty = columns.empty(columns.CHARGES)
    rows = pl.concat([what_ifs.by_account(empty, empty), *sums])
    money = [pl.sum("before"), pl.sum("after")]
    names = dict(Service.objects.values_list("pk", "name"))
    services = [
        ServiceOutcome(pk, names[pk], before, after)
        for pk, before, after in rows.group_by("service_id").agg(money).sort("service_id").iter_rows()
    ]
    change = (pl.col("after") - pl.col("before")).alias("change")
    bills = rows.group_by("account_id").agg(money).with_columns(change)
    less, more = bills.filter(pl.col("change") < 0), bills.filter(pl.col("change") > 0)
    largest = bills.filter(pl.col("change") != 0).sort(pl.col("change").abs(), "account_id", descending=[True, False])
    top = largest.head(extremes).select("account_id", "before", "after").rows()
    numbers = dict(PersonalAccount.objects.filter(pk__in=[row[0] for row in top]).values_list("pk", "number"))

    def summed(column: pl.Series) -> Decimal:
        return total(column.to_list())

    return Outcome(
        month=month, accounts=bills.height,
        before=summed(bills["before"]), after=summed(bills["after"]),
        winners=less.height, saved=-summed(less["change"]),
        losers=more.height, paid_more=summed(more["change"]),
        services=services, extremes=[AccountOutcome(pk, numbers[pk], before, after) for pk, before, after in top],
    )  # fmt: skip
