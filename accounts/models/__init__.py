"""The floor all other apps stand on: who lives where and what is measured."""

from accounts.models.account import Delivery, PersonalAccount
from accounts.models.contracts import (
    AgencyContract,
    AllocationRule,
    BankAccount,
    BankAccountKind,
    BankAccountState,
    ChannelKind,
    CommissionTerms,
    Office,
    Organisation,
    OrganisationKind,
    VatMode,
)
from accounts.models.housing import (
    Absence,
    HeatingMode,
    House,
    HouseKind,
    HousePassport,
    Ownership,
    Premises,
    PremisesArea,
    PremisesKind,
    Residency,
    ResidencyKind,
)
from accounts.models.meters import Meter, MeterKind, Reading, ReadingSource, ReadingVerdict
from accounts.models.people import Person, User
from accounts.models.runs import CalendarDay, ImportedFile, JournalEntry, Run, RunBlock, RunState, Touch
from accounts.models.services import Resource, Service, ServiceKind, Unit

__all__ = [
    "Absence", "AgencyContract", "AllocationRule", "BankAccount", "BankAccountKind", "BankAccountState", "CalendarDay",
    "ChannelKind", "CommissionTerms", "Delivery", "HeatingMode", "House", "HouseKind", "HousePassport", "ImportedFile",
    "JournalEntry", "Meter", "MeterKind", "Office", "Organisation", "OrganisationKind", "Ownership", "Person",
    "PersonalAccount", "Premises", "PremisesArea", "PremisesKind", "Reading", "ReadingSource", "ReadingVerdict",
    "Residency", "ResidencyKind", "Resource", "Run", "RunBlock", "RunState", "Service", "ServiceKind", "Touch", "Unit",
    "User", "VatMode",
]  # fmt: skip
