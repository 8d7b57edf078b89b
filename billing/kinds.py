"""The numbers that the pure rooms speak in; the models' choices say the same (a test compares them)."""

from __future__ import annotations

from enum import IntEnum


class How(IntEnum):
    """ProvisionMethod: how a service is charged in a house."""

    METERED = 1
    HEATING_NORM = 2
    HEATING_BUILDING = 3
    WASTEWATER = 4
    COMMON_NORM = 5
    NORM_PERSON = 6
    NORM_AREA = 7
    PER_M2 = 8
    PER_ACCOUNT = 9
    COMMON_BALANCE = 10
    COMMON_ACTUAL = 11
    COMMON_AVERAGE = 12
    HOT_WATER_IN_HOUSE = 13
    HEATING_IN_HOUSE = 14
    CONTAINERS_PERSON = 15
    CONTAINERS_AREA = 16


class Kind(IntEnum):
    """ChargeKind."""

    CHARGE = 1
    UPLIFT = 2
    COMMON_USE = 3
    RECALCULATION = 4
    BENEFIT = 5
    PENALTY = 6
    VAT = 7
    HEATING_CORRECTION = 8
    UNAUTHORISED = 9


class By(IntEnum):
    """Method: which formula made the line."""

    METER = 1
    NORM = 2
    AVERAGE = 3
    BUILDING_METER = 4
    AREA = 5
    FLAT_RATE = 6
    FOLLOWS_WATER = 7
    MANUAL = 8
    PENALTY = 9
    HOUSE_BALANCE = 10
    HOUSE_SHARE = 11


class Basis(IntEnum):
    """NormBasis."""

    PERSON_MONTH = 1
    PERSON_YEAR = 2
    M2_MONTH = 3
    M2_YEAR = 4
    COMMON_M2_MONTH = 5
    PER_M3 = 6
    SOCIAL_PERSON = 7
    UNIT_MONTH = 8


class Relief(IntEnum):
    """Ground of a line that takes something off; its hundreds in the number of a line of recalculation."""

    ABSENCE = 4
    BENEFIT = 5  # lines of kind BENEFIT
    QUALITY = 6
    NOT_SUPPLIED = 16  # part of QUALITY: the volume that did not come
    NOT_RAISED = 26  # part of QUALITY: the uplift of that volume


class Mode(IntEnum):
    """HeatingMode."""

    NONE = 0
    SEASON = 1
    EVEN = 2


GCAL = 3  # Unit.GCAL
COLD_WATER, HOT_WATER = 1, 2  # Resource
GAS, HEAT = 4, 5
ROOM, NON_RESIDENTIAL, PARKING = 2, 3, 5  # PremisesKind
BUSINESS = 99  # Tariff.category of non-residential premises and organisations: a price without VAT
DRAFTED = (Kind.CHARGE, Kind.UPLIFT, Kind.COMMON_USE, Kind.VAT)  # kinds that the run owns; the others it leaves alone
RELIEVED = (
    Relief.ABSENCE,
    Relief.BENEFIT,
    Relief.QUALITY,
)  # what the run takes off of its own month, by lines of recalculation and benefit
