"""A late fact about an inked month is answered by a line of the open one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import accounts.operations
from accounts.calendar import Month
from accounts.models import JournalEntry, PersonalAccount, Touch
from billing import operations, queries
from billing.kinds import Kind
from billing.models import ContractMonth, NormBasis, ProvisionMethod
from tests import make

pytestmark = pytest.mark.django_db
APRIL = Month(date(2026, 4, 1))
MAY, JUNE = APRIL + 1, APRIL + 2
D = Decimal


def a_flat() -> PersonalAccount:
    """Two persons pay 100 each for waste and 10 ₽ a m³ of water; April and May are ink, June is open."""
    contract = make.contract()
    account = make.account(persons=2)
    make.provision(account.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "100")
    make.norm(7, "1", NormBasis.PERSON_MONTH)
    make.provision(account.house, 2, contract)
    make.tariff(contract, 2, "10")
    make.norm(2, "4.85")
    return account


def ink(*months: Month) -> None:
    for month in months:
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)


def touch(account: PersonalAccount, first: Month) -> None:
    accounts.operations.touch(house_id=account.house_id, account_id=account.pk, first_month=first)


def recalculations(account: PersonalAccount, month: Month = JUNE) -> dict[tuple[int, date, int], Decimal]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return {(row.service_id, row.for_month, row.line): row.amount for row in rows if row.kind == Kind.RECALCULATION}


def a_metered_flat(*readings: tuple[Month, str]) -> tuple[PersonalAccount, object]:
    account = a_flat()
    meter = make.meter(premises=account.premises)
    for back, value in ((5, "100"), (4, "103"), (3, "106"), (2, "109")):
        make.reading(meter, (APRIL + 1 + -back).first, value)
    for month, value in readings:
        make.reading(meter, month.first, value)
    return account, meter


def test_a_resident_who_left_in_april_is_paid_back_in_june() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL, MAY)
    operations.run_billing(month=JUNE)
    account.premises.residencies.update(valid_to=date(2026, 4, 16))
    make.residency(premises=account.premises, persons=1, valid_from=date(2026, 4, 16))
    touch(account, APRIL)

    assert operations.redraft_touched() == 1

    assert recalculations(account) == {(7, APRIL.first, 102): D("-50.00"), (7, MAY.first, 101): D("-100.00")}
    june = {row.service_id: row.amount for row in queries.charges_of_account(account_id=account.pk, month=JUNE)
            if row.kind == Kind.CHARGE}  # fmt: skip
    assert june[7] == D("100.00")
    assert not Touch.objects.exists()
    assert JournalEntry.objects.filter(event="billing.account.recalculated").count() == 1


def test_repeating_changes_nothing_and_a_fact_taken_back_takes_its_line_back() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL, MAY)
    operations.run_billing(month=JUNE)
    guest = make.residency(premises=account.premises, persons=1, kind=2, valid_from=MAY.first, valid_to=JUNE.first)
    for _ in range(2):
        touch(account, MAY)
        operations.redraft_touched()
        assert recalculations(account) == {(7, MAY.first, 101): D("100.00")}
    guest.delete()
    touch(account, MAY)
    operations.redraft_touched()
    assert recalculations(account) == {}


def test_what_was_recalculated_in_ink_is_not_recalculated_again() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL)
    operations.run_billing(month=MAY)
    make.residency(premises=account.premises, persons=1, kind=2, valid_from=APRIL.first, valid_to=MAY.first)
    touch(account, APRIL)
    operations.redraft_touched()
    assert recalculations(account, MAY) == {(7, APRIL.first, 101): D("100.00")}
    operations.post_month(month=MAY, today=MAY.next.first)
    operations.run_billing(month=JUNE)
    touch(account, APRIL)
    operations.redraft_touched()
    assert recalculations(account, JUNE) == {}


def test_a_reading_that_comes_late_moves_the_volume_to_its_month() -> None:
    """May was silent (3 m³ by the average), its reading of 8 m³ comes in June: May owes 5 more, June is as read."""
    account, meter = a_metered_flat((APRIL, "112"))
    ink(APRIL, MAY)
    make.reading(meter, date(2026, 6, 20), "122")
    operations.run_billing(month=JUNE)
    water = [row for row in queries.charges_of_account(account_id=account.pk, month=JUNE) if row.service_id == 2]
    assert [row.volume for row in water] == [D("7")]  # 10 since April less the 3 of May

    make.reading(meter, date(2026, 5, 20), "120")
    touch(account, MAY)
    operations.redraft_touched()

    water = [row for row in queries.charges_of_account(account_id=account.pk, month=JUNE) if row.service_id == 2]
    assert [(row.kind, row.volume, row.amount) for row in water] == [
        (Kind.CHARGE, D("2"), D("20.00")),
        (Kind.RECALCULATION, D("5"), D("50.00")),
    ]
    told = queries.explain(account_id=account.pk, month=JUNE)
    assert (
        "Перерасчёт за май 2026: по уточнённым данным объём на 5 м³ больше, доначислено 50,00 ₽. За май 2026 было"
        " 30,00 ₽, стало 80,00 ₽."
    ) in [row.text for row in told]


def test_a_recalculation_names_what_became_known_and_by_what_paper() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL, MAY)
    operations.run_billing(month=JUNE)
    for since, paper in ((date(2026, 5, 17), "заявление № 7"), (date(2026, 6, 2), "заявление № 8")):
        accounts.operations.settle_resident(account_id=account.pk, since=since, by="паспортный стол", ground=paper)
    operations.redraft_touched()
    (told,) = [row.text for row in queries.explain(account_id=account.pk, month=JUNE)
               if row.text.startswith("Перерасчёт")]  # fmt: skip
    assert told == (
        "Перерасчёт за май 2026: по уточнённым данным объём на 0,483871 м³ больше, доначислено 48,39 ₽."
        " Стало известно: учтено проживание с 17.05.2026 (заявление № 7). За май 2026 было 200,00 ₽, стало 248,39 ₽."
    )


def test_a_month_never_billed_is_not_billed_behind_the_back() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL)
    newcomer = make.account(premises=make.premises(house=account.house), opened_on=date(2026, 4, 10), persons=1)
    operations.run_billing(month=MAY)
    touch(newcomer, APRIL)
    operations.redraft_touched()
    assert recalculations(newcomer, MAY) == {}


def test_marks_wait_while_the_month_is_half_posted() -> None:
    account, _ = a_metered_flat((APRIL, "112"), (MAY, "115"))
    ink(APRIL, MAY)
    operations.run_billing(month=JUNE)
    make.contract_month(make.contract(), JUNE.first)
    touch(account, MAY)
    one = ContractMonth.objects.filter(month=JUNE.first).first().contract_id
    operations.post_month(month=JUNE, today=JUNE.next.first, contract_id=one)
    assert operations.redraft_touched() == 0
    assert Touch.objects.count() == 1


def test_a_late_fact_of_one_flat_moves_the_shares_of_its_house() -> None:
    contract = make.contract()
    house = make.house()
    one, other = (make.account(premises=make.premises(house=house), persons=2) for _ in range(2))
    make.provision(house, 7, contract, ProvisionMethod.CONTAINERS_PERSON)
    make.tariff(contract, 7, "100")
    make.house_volume(house, 7, APRIL.first, "10")
    make.house_volume(house, 7, MAY.first, "0")
    ink(APRIL, MAY)
    operations.run_billing(month=JUNE)
    make.residency(premises=one.premises, persons=1, valid_from=APRIL.first)
    touch(one, APRIL)
    operations.redraft_touched()
    # 10 m³ of April: 5 and 5 by two and two, 6 and 4 by three and two
    assert recalculations(one) == {(7, APRIL.first, 102): D("100.00")}
    assert recalculations(other) == {(7, APRIL.first, 102): D("-100.00")}
    assert not Touch.objects.exists()
