"""The run's columns: name, type, unit. Inside everything is Decimal(38, 12); at rest numeric(18, 6) and (14, 2)."""

from __future__ import annotations

from typing import Final

import polars as pl

EXACT: Final = pl.Decimal(38, 12)
QUANTITY: Final = pl.Decimal(18, 6)
MONEY: Final = pl.Decimal(14, 2)

Schema = dict[str, pl.DataType | type[pl.DataType]]

# --- what is loaded --------------------------------------------------------------------------------------------------

DATED: Final[Schema] = {"valid_from": pl.Date, "valid_to": pl.Date}

ACCOUNTS: Final[Schema] = {
    "account_id": pl.Int64,
    "house_id": pl.Int64,
    "premises_id": pl.Int64,
    "opened_on": pl.Date,
    "closed_on": pl.Date,
    "meter_impossible": pl.Int32,  # bit r: no meter of resource r can be installed
}
AREAS: Final[Schema] = {"premises_id": pl.Int64, **DATED, "area": EXACT, "own_heating": pl.Int8}  # m²
RESIDENTS: Final[Schema] = {"premises_id": pl.Int64, **DATED, "persons": pl.Int32}
OWNERS: Final[Schema] = {"premises_id": pl.Int64, **DATED, "persons": pl.Int32}
PROVISIONS: Final[Schema] = {
    "house_id": pl.Int64,
    "service_id": pl.Int16,
    "contract_id": pl.Int64,
    "method": pl.Int16,
    "components": pl.Int16,
    **DATED,
}
EXCEPTIONS: Final[Schema] = {
    "account_id": pl.Int64,
    "service_id": pl.Int16,
    "method": pl.Int16,  # null: the account does not get the service
    **DATED,
}
PASSPORTS: Final[Schema] = {
    "house_id": pl.Int64,
    **DATED,
    "house_area": EXACT,  # m², all premises
    "common_area": EXACT,  # m², common property
    "heating_mode": pl.Int16,
    "norm_scope": pl.Int16,
    "tariff_category": pl.Int16,
}
OWN_HEATING: Final[Schema] = {"house_id": pl.Int64, **DATED, "area": EXACT}  # m² of premises with own heating
HOUSE_VOLUMES: Final[Schema] = {"house_id": pl.Int64, "service_id": pl.Int16, "month": pl.Date, "volume": EXACT}
COLD_HALLS: Final[Schema] = {"house_id": pl.Int64, **DATED}  # houses whose common areas have no heating
# Houses whose heat meter of this very month counted the heating of hot water too.
JOINT_HEAT: Final[Schema] = {"house_id": pl.Int64, "service_id": pl.Int16}
# The same of the year before, where heat is paid for evenly: Gcal that went into hot water, by ink. Null: no ink.
JOINT_YEAR: Final[Schema] = {**JOINT_HEAT, "year_gcal": EXACT}
# Rooms of communal flats; m² on the first day of the month.
ROOMS: Final[Schema] = {
    "premises_id": pl.Int64,
    "parent_id": pl.Int64,  # the flat
    "living": EXACT,
    "flat_area": EXACT,
    "flat_living": EXACT,  # Σ of all its rooms
}
# Accounts that pay as organisations: a price without VAT where there is one; non-residential premises among them.
BUSINESSES: Final[Schema] = {"account_id": pl.Int64, "premises_id": pl.Int64, "non_residential": pl.Int8}
# Heat by the meters of premises over the previous year, houses of the even mode.
YEAR_HEAT: Final[Schema] = {"premises_id": pl.Int64, "volume": EXACT}
FAULTS: Final[Schema] = {"meter_id": pl.Int64, "kind": pl.Int16, **DATED}  # days on which a meter does not count
BALANCES: Final[Schema] = {
    "house_id": pl.Int64,
    "service_id": pl.Int16,
    "month": pl.Date,
    "volume": EXACT,  # what the building meter showed beyond the premises, may be negative
    "carried": EXACT,  # ≤ 0: goes to the next month
}
PLOTS: Final[Schema] = {"premises_id": pl.Int64, "kind": pl.Int16, "units": EXACT, **DATED}
METERS: Final[Schema] = {
    "meter_id": pl.Int64,
    "premises_id": pl.Int64,
    "resource": pl.Int16,
    "zones": pl.Int16,
    "digits": pl.Int16,
    "ratio": EXACT,
    "commissioned_on": pl.Date,
    "removed_on": pl.Date,
    "verified_until": pl.Date,
    "replaces_id": pl.Int64,
}
READINGS: Final[Schema] = {
    "meter_id": pl.Int64,
    "zone": pl.Int16,
    "day": pl.Date,
    "month": pl.Date,
    "value": EXACT,
    "is_act": pl.Int8,  # 1: the value stands in the act of commissioning or removal
    "counts": pl.Int8,
}
# Volumes charged by average or norm since a meter was last read: what a true-up takes off.
CHARGED: Final[Schema] = {
    "account_id": pl.Int64,
    "service_id": pl.Int16,
    "for_month": pl.Date,
    "zone": pl.Int16,
    "volume": EXACT,
}
ABSENCES: Final[Schema] = {
    "premises_id": pl.Int64,
    "person_id": pl.Int64,  # 0: nameless
    "left_on": pl.Date,
    "back_on": pl.Date,
    "persons": pl.Int32,
    "document": pl.String,
}
BREACHES: Final[Schema] = {
    "house_id": pl.Int64,
    "premises_id": pl.Int64,  # null: the whole house
    "service_id": pl.Int16,
    "breach": pl.Int16,
    "hours": pl.Int64,  # in the month, whole
    "night_hours": pl.Int64,
    "days": pl.Int64,  # of the month that it touched
    "is_timed": pl.Boolean,  # from a moment to a moment, not a number of hours out of it
    "since": pl.Int64,  # seconds of the month, local time
    "until": pl.Int64,
    "normative_c": EXACT,
    "actual_c": EXACT,
    "percent": EXACT,
    "per_hours": pl.Int64,
    "allowed_hours": pl.Int64,
    "allowed_at_once": pl.Int64,
    "step_c": pl.Int64,
    "tolerance_day_c": pl.Int64,
    "tolerance_night_c": pl.Int64,
    "tolerance_above_c": pl.Int64,
    "highest_c": pl.Int64,
    "whole_days": pl.Boolean,
    "not_supplied": pl.Boolean,
    "cold_price": pl.Boolean,
    "act": pl.String,
}
BENEFITS: Final[Schema] = {
    "account_id": pl.Int64,
    "service_id": pl.Int16,
    **DATED,
    "percent": EXACT,
    "covered": EXACT,  # persons
    "within_norm": pl.Int8,
    "social_m2": EXACT,  # m² a person; null: the whole area
    "document": pl.String,
}
SERVICES: Final[Schema] = {"service_id": pl.Int16, "code": pl.String, "unit": pl.Int16, "resource": pl.Int16}
TARIFFS: Final[Schema] = {
    "contract_id": pl.Int64,
    "service_id": pl.Int16,
    "category": pl.Int16,
    "component": pl.Int16,
    "zone": pl.Int16,
    "range": pl.Int16,
    "range_up_to": EXACT,
    "price": EXACT,  # roubles per unit
    **DATED,
}
NORMS: Final[Schema] = {
    "service_id": pl.Int16,
    "scope": pl.Int16,
    "basis": pl.Int16,
    "value": EXACT,
    "months": pl.Int16,
    **DATED,
}
LAWS: Final[Schema] = {"code": pl.String, "value": EXACT, **DATED}

# --- what is written -------------------------------------------------------------------------------------------------

KEY: Final = ("account_id", "contract_id", "service_id", "kind", "line", "month")
CHARGES: Final[Schema] = {
    "account_id": pl.Int64,
    "contract_id": pl.Int64,
    "service_id": pl.Int16,
    "kind": pl.Int16,
    "line": pl.Int16,
    "month": pl.Date,
    "house_id": pl.Int64,
    "for_month": pl.Date,
    "method": pl.Int16,
    "volume": QUANTITY,
    "unit": pl.Int16,
    "tariff": QUANTITY,
    "norm": QUANTITY,
    "multiplier": QUANTITY,
    "persons": QUANTITY,
    "area": QUANTITY,
    "days": pl.Int16,
    "amount": MONEY,
}


def empty(schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)
