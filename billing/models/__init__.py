"""What is charged, at what price, and the charges themselves."""

from billing.models.charges import Charge, ChargeKind, ContractMonth, ContractMonthState, Correction, Hold, Method
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

__all__ = [
    "Charge",
    "ChargeKind",
    "ContractMonth",
    "ContractMonthState",
    "Correction",
    "Hold",
    "HouseBalance",
    "HouseVolume",
    "LawValue",
    "MeterFault",
    "MeterFaultKind",
    "Method",
    "Norm",
    "NormBasis",
    "PlotUse",
    "Provision",
    "ProvisionException",
    "ProvisionMethod",
    "Tariff",
]  # fmt: skip
