"""What is charged, at what price, and the charges themselves."""

from billing.models.charges import Charge, ChargeKind, ContractMonth, ContractMonthState, Correction, Hold, Method
from billing.models.reference import (
    HouseVolume,
    LawValue,
    Norm,
    NormBasis,
    Provision,
    ProvisionException,
    ProvisionMethod,
    Tariff,
)

__all__ = [
    "Charge", "ChargeKind", "ContractMonth", "ContractMonthState", "Correction", "Hold", "HouseVolume", "LawValue",
    "Method", "Norm", "NormBasis", "Provision", "ProvisionException", "ProvisionMethod", "Tariff",
]  # fmt: skip
