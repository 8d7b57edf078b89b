"""The floor all other apps stand on: who lives where and what is measured."""

from accounts.kinds import (
    AllocationRule,
    BankAccountKind,
    BankAccountState,
    ChannelKind,
    Delivery,
    HeatingMode,
    HouseKind,
    MeterKind,
    OrganisationKind,
    PremisesKind,
    ReadingSource,
    ReadingVerdict,
    ResidencyKind,
    Resource,
    RunState,
    ServiceKind,
    Unit,
    VatMode,
)
from accounts.models.account import PersonalAccount
from accounts.models.contracts import AgencyContract, BankAccount, CommissionTerms, Office, Organisation
from accounts.models.housing import (
    Absence,
    House,
    HousePassport,
    Ownership,
    Premises,
    PremisesArea,
    Residency,
)
from accounts.models.meters import Meter, Reading
from accounts.models.people import Person, User
from accounts.models.runs import CalendarDay, ImportedFile, JournalEntry, Run, RunBlock, Touch
from accounts.models.services import Service

__all__ = [
    "Absence", "AgencyContract", "AllocationRule", "BankAccount", "BankAccountKind", "BankAccountState", "CalendarDay",
    "ChannelKind", "CommissionTerms", "Delivery", "HeatingMode", "House", "HouseKind", "HousePassport", "ImportedFile",
    "JournalEntry", "Meter", "MeterKind", "Office", "Organisation", "OrganisationKind", "Ownership", "Person",
    "PersonalAccount", "Premises", "PremisesArea", "PremisesKind", "Reading", "ReadingSource", "ReadingVerdict",
    "Residency", "ResidencyKind", "Resource", "Run", "RunBlock", "RunState", "Service", "ServiceKind", "Touch", "Unit",
    "User", "VatMode",
]  # fmt: skip
