"""What is charged, at what price, and the charges themselves."""

from billing.models.acts import AllocatorShare, MassCorrection, MassRule, UnauthorisedKind, UnauthorisedUse
from billing.models.charges import (
    Charge,
    ChargeKind,
    ContractMonth,
    ContractMonthState,
    Correction,
    DraftDigest,
    Hold,
    Method,
)
from billing.models.reference import (
    HouseBalance,
    HouseVolume,
    LawValue,
    MeterFault,
    MeterFaultKind,
    Norm,
    NormBasis,
    PlotUse,
    Provision,
    ProvisionException,
    ProvisionMethod,
    Tariff,
)
from billing.models.relief import (
    BenefitEntitlement,
    BenefitWay,
    Breach,
    LineProblem,
    QualityEvent,
    QualityRule,
)

__all__ = [
    "AllocatorShare", "BenefitEntitlement", "BenefitWay", "Breach", "Charge", "ChargeKind", "ContractMonth",
    "ContractMonthState", "Correction", "DraftDigest", "Hold", "HouseBalance", "HouseVolume", "LawValue", "LineProblem",
    "MassCorrection", "MassRule", "MeterFault", "MeterFaultKind", "Method", "Norm", "NormBasis", "PlotUse",
    "Provision", "ProvisionException", "ProvisionMethod", "QualityEvent", "QualityRule", "Tariff", "UnauthorisedKind",
    "UnauthorisedUse",
]  # fmt: skip
