"""Other prices and norms through the same engine: winners, losers, totals, and not a row written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.calendar import Month
from accounts.models import PersonalAccount
from billing import operations, queries
from billing.models import Charge, NormBasis, ProvisionMethod, Tariff
from billing.queries import DraftNorm, DraftTariff
from tests import make

pytestmark = pytest.mark.django_db
MAY = Month(date(2026, 5, 1))
D = Decimal


def two_flats() -> tuple[PersonalAccount, PersonalAccount]:
    """Waste by persons (100 ₽, norm 1) and maintenance by area (20 ₽/m²): 3 people on 30 m², 1 on 80 m²."""
    contract = make.contract()
    full = make.account(persons=3, total_area_m2=D("30"))
    wide = make.account(premises=make.premises(house=full.house, total_area_m2=D("80")), persons=1)
    make.provision(full.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "100")
    make.norm(7, "1", NormBasis.PERSON_MONTH)
    make.provision(full.house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "20")
    return full, wide


def test_dearer_waste_and_cheaper_maintenance() -> None:
    full, wide = two_flats()
    told = queries.what_if(MAY, tariffs=[DraftTariff(7, D("130")), DraftTariff(8, D("19"))])
    assert (told.accounts, told.before, told.after) == (2, D("2600.00"), D("2610.00"))
    assert (told.winners, told.saved, told.losers, told.paid_more) == (1, D("50.00"), 1, D("60.00"))
    assert [(row.service_id, row.before, row.after) for row in told.services] == [
        (7, D("400.00"), D("520.00")), (8, D("2200.00"), D("2090.00")),
    ]  # fmt: skip
    assert [(row.account_id, row.before, row.after) for row in told.extremes] == [
        (full.pk, D("900.00"), D("960.00")), (wide.pk, D("1700.00"), D("1650.00")),
    ]  # fmt: skip


def test_another_norm_for_one_house_writes_nothing() -> None:
    full, _ = two_flats()
    operations.run_billing(month=MAY)
    before = sorted(Charge.objects.values_list("account_id", "service_id", "amount"))
    told = queries.what_if(MAY, norms=[DraftNorm(7, D("0.5"), NormBasis.PERSON_MONTH)], house_ids=[full.house_id])
    assert (told.before, told.after) == (D("2600.00"), D("2400.00"))
    assert sorted(Charge.objects.values_list("account_id", "service_id", "amount")) == before
    assert sorted(Tariff.objects.values_list("price", flat=True)) == [D("20"), D("100")]


def test_the_command_speaks_of_winners_and_losers() -> None:
    full, _ = two_flats()
    out = StringIO()
    call_command("what_if", "2026-05", "--tariff", "7=130,00", "--account", full.number, stdout=out)
    assert "счетов 1, было 900,00 ₽, стало 990,00 ₽." in out.getvalue()
    assert "Платят меньше: 0, на 0,00 ₽. Больше: 1, на 90,00 ₽." in out.getvalue()


@pytest.mark.parametrize("text", ["7", "waste=3", "7=-1", "7:0:0:0:0=3", "7=NaN"])
def test_a_draft_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="не понято"):
        call_command("what_if", "2026-05", "--tariff", text)
