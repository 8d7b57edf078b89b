"""A night computes only accounts whose facts are not those of their last draft, and comes to what a full pass would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import PersonalAccount, PremisesArea, Reading, Residency, Run
from billing import operations, pipeline
from billing.models import Charge, ContractMonth, DraftDigest, ProvisionException, ProvisionMethod, Tariff
from billing.pipeline import digest
from tests import make

JUNE = Month(date(2026, 6, 1))
D = Decimal


def a_street() -> list[PersonalAccount]:
    """A house of flats with water meters, and one where the building meter is shared by all its flats."""
    contract = make.contract()
    make.tariff(contract, 2, "40")
    make.tariff(contract, 8, "32.50")
    make.tariff(contract, 14, "40")
    make.norm(2, "5")
    make.tariff(contract, 7, "100")
    make.norm(7, "2.5")
    found = []
    for method in (ProvisionMethod.PER_M2, ProvisionMethod.COMMON_BALANCE):
        house = make.house()
        flats = [make.account(house=house, persons=2) for _ in range(3)]
        make.provision(house, 2, contract, ProvisionMethod.METERED)
        make.provision(house, 7, contract, ProvisionMethod.NORM_PERSON)
        make.provision(house, 14 if method == ProvisionMethod.COMMON_BALANCE else 8, contract, method)
        if method == ProvisionMethod.COMMON_BALANCE:
            make.house_volume(house, 2, JUNE.first, "40")
        for flat in flats:
            meter = make.meter(premises=flat.premises, resource=1)
            make.reading(meter, date(2026, 5, 20), "100")
            make.reading(meter, date(2026, 6, 20), "103")
        found += flats
    return found


def stored() -> list[tuple[object, ...]]:
    names = "account_id", "service_id", "kind", "line", "volume", "tariff", "persons", "area", "amount"
    return list(Charge.objects.order_by("account_id", "service_id", "kind", "line").values_list(*names))


@pytest.mark.django_db
def test_a_night_without_news_computes_nobody() -> None:
    a_street()
    full = operations.run_billing(month=JUNE)
    before = stored()
    night = operations.run_billing(month=JUNE, sparing=True)
    assert (night.accounts, night.spared, night.inserted, night.changed, night.removed) == (6, 6, 0, 0, 0)
    assert (night.lines, night.amount) == (full.lines, full.amount)
    assert stored() == before
    assert Run.objects.latest("pk").scope == {"sparing": True}
    assert len(Run.objects.latest("pk").engine_version) == 12


def another_area(account: PersonalAccount) -> None:
    PremisesArea.objects.filter(premises=account.premises).update(total_area_m2=D("61.7"))


def another_reading(account: PersonalAccount) -> None:
    Reading.objects.filter(meter__premises=account.premises, month=JUNE.first).update(value=D("107"))


def one_more_person(account: PersonalAccount) -> None:
    make.residency(premises=account.premises, valid_from=date(2026, 6, 11), persons=1)


def nobody_left(account: PersonalAccount) -> None:
    Residency.objects.filter(premises=account.premises).update(valid_to=date(2026, 6, 11))


def an_exception(account: PersonalAccount) -> None:
    ProvisionException.objects.create(
        account=account, service_id=2, method=None, ground="отключено", valid_from=JUNE.first
    )


def closed(account: PersonalAccount) -> None:
    PersonalAccount.objects.filter(pk=account.pk).update(closed_on=date(2026, 6, 1))


@pytest.mark.django_db
@pytest.mark.parametrize("news", [another_area, another_reading, one_more_person, nobody_left, an_exception, closed])
@pytest.mark.parametrize("place", [0, 3])
def test_a_night_with_news_comes_to_what_a_full_pass_would(news: Callable[[PersonalAccount], None], place: int) -> None:
    accounts = a_street()
    operations.run_billing(month=JUNE)
    before = stored()
    news(accounts[place])
    night = operations.run_billing(month=JUNE, sparing=True)
    after = stored()
    assert after != before
    # the neighbours of the shared house go with it, those of the other house do not
    gone = int(news is closed)
    assert night.spared == (5 if place == 0 else 3)
    assert night.accounts == 6 - gone
    full = operations.run_billing(month=JUNE)
    assert stored() == after
    assert (full.inserted, full.changed, full.removed, full.missed) == (0, 0, 0, 0)
    assert (full.lines, full.amount) == (night.lines, night.amount)


@pytest.mark.django_db
def test_a_new_price_makes_the_night_a_full_one() -> None:
    a_street()
    operations.run_billing(month=JUNE)
    Tariff.objects.filter(service_id=8).update(price=D("40"))
    night = operations.run_billing(month=JUNE, sparing=True)
    assert (night.spared, night.changed) == (0, 3)


@pytest.mark.django_db
def test_a_full_pass_mends_and_tells_what_no_fact_explains() -> None:
    first, *_ = a_street()
    operations.run_billing(month=JUNE)
    Charge.objects.filter(account=first, service_id=8).update(amount=D("1.00"))
    assert operations.run_billing(month=JUNE, sparing=True).changed == 0
    full = operations.run_billing(month=JUNE)
    assert (full.changed, full.missed) == (1, 1)
    assert "Исправлено без причины: 1" in str(full)


@pytest.mark.django_db
def test_one_account_drafted_by_day_is_spared_at_night() -> None:
    first, *_ = a_street()
    operations.run_billing(month=JUNE)
    another_area(first)
    operations.run_billing(month=JUNE, account_ids=[first.pk])
    assert operations.run_billing(month=JUNE, sparing=True).spared == 6


@pytest.mark.django_db
def test_what_could_not_be_charged_is_still_told_of_the_spared() -> None:
    first, *_ = a_street()
    make.provision(first.premises.house, 6, make.contract(), ProvisionMethod.NORM_AREA)
    full = operations.run_billing(month=JUNE)
    assert full.problems == {"нет норматива": 3}
    night = operations.run_billing(month=JUNE, sparing=True)
    assert (night.spared, night.problems) == (6, full.problems)


@pytest.mark.django_db
def test_nothing_is_remembered_of_a_month_in_ink() -> None:
    a_street()
    operations.run_billing(month=JUNE)
    assert DraftDigest.objects.count() == 6
    ContractMonth.objects.filter(month=JUNE.first).update(state="posted")
    operations.run_billing(month=JUNE + 1)
    assert not DraftDigest.objects.filter(month=JUNE.first).exists()


def test_every_frame_of_facts_tells_whose_it_is() -> None:
    names = {item.name for item in fields(pipeline.Facts) if "Frame" in str(item.type)}
    assert names >= digest.PLAIN
