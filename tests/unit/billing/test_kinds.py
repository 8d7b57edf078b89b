"""The pure rooms' numbers are those of the models."""

import pytest

from accounts import kinds as accounts_kinds
from billing import kinds, models


@pytest.mark.parametrize(
    ("pure", "stored"),
    [
        (kinds.How, models.ProvisionMethod),
        (kinds.Kind, models.ChargeKind),
        (kinds.By, models.Method),
        (kinds.Basis, models.NormBasis),
        (kinds.Mode, accounts_kinds.HeatingMode),
    ],
)
def test_numbers_agree(pure, stored):
    assert {one.name: one.value for one in pure} == {one.name: one.value for one in stored}


def test_single_numbers_agree():
    assert kinds.GCAL == accounts_kinds.Unit.GCAL
    assert (kinds.COLD_WATER, kinds.HOT_WATER) == (
        accounts_kinds.Resource.COLD_WATER,
        accounts_kinds.Resource.HOT_WATER,
    )
