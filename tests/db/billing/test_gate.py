"""The gate: what looks wrong in the drafts, most money first; a hold from it; problems come and go with the run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.calendar import Month
from accounts.models import PersonalAccount
from billing import operations, queries
from billing.models import Hold, LineProblem, Provision, ProvisionMethod, Tariff
from billing.queries import Oddity
from tests import make

pytestmark = pytest.mark.django_db
APRIL = Month(date(2026, 4, 1))
MAY = APRIL + 1
D = Decimal


def a_metered_flat(april: str, may: str, price: str = "50") -> PersonalAccount:
    contract = make.contract()
    account = make.account(persons=2)
    make.provision(account.house, 2, contract)
    make.tariff(contract, 2, price)
    meter = make.meter(premises=account.premises)
    for day, value in ((date(2026, 3, 20), "100"), (date(2026, 4, 20), april), (date(2026, 5, 20), may)):
        make.reading(meter, day, value)
    return account


def run() -> None:
    operations.run_billing(month=APRIL)
    operations.post_month(month=APRIL, today=APRIL.next.first)
    operations.run_billing(month=MAY)


def found() -> list[tuple[Oddity, int | None, Decimal]]:
    return [(row.kind, row.account_id, row.stake) for row in queries.anomalies(MAY)]


def test_a_burst_and_a_zero_are_ranked_by_what_is_at_stake() -> None:
    zero = a_metered_flat("110", "110")
    burst = a_metered_flat("110", "160")
    a_metered_flat("110", "125")
    run()
    # 50 m³ against 10 m³: 2500.00 − 500.00; 0 against 10 m³: the 500.00 that are not there
    assert found() == [(Oddity.BURST, burst.pk, D("2000.00")), (Oddity.ZERO, zero.pk, D("500.00"))]
    assert queries.anomalies(MAY)[0].text == "Холодное водоснабжение: расход 50 м³, месяцем раньше 10 м³."


def test_a_line_that_vanished_and_why() -> None:
    account = a_metered_flat("110", "120")
    other = make.account(premises=make.premises(house=account.house), persons=1)
    make.norm(2, "4", valid_to=MAY.first)
    run()
    # 4 m³ × 50 ₽ × K: April's line and its uplift of 3 (2025-12-06): 200.00 + 400.00
    assert found() == [(Oddity.NOT_CHARGED, other.pk, D("600.00")), (Oddity.VANISHED, other.pk, D("600.00"))]
    assert queries.anomalies(MAY)[0].text == "Холодное водоснабжение: нет норматива."
    make.norm(2, "4", valid_from=MAY.first)
    operations.run_billing(month=MAY)
    assert found() == []
    assert not LineProblem.objects.exists()


def test_large_sums_and_a_tariff_without_an_act() -> None:
    account = a_metered_flat("110", "120", price="4000")
    Tariff.objects.update(act="проект")
    run()
    assert found() == [(Oddity.LARGE, account.pk, D("40000.00")), (Oddity.NO_ACT, None, D("40000.00"))]


def test_a_house_whose_building_meter_is_silent() -> None:
    contract = make.contract()
    account = make.account(total_area_m2=D("50"))
    make.provision(account.house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000")
    make.house_volume(account.house, 5, date(2026, 3, 1), "60")
    operations.run_billing(month=APRIL)
    rows = [row for row in queries.anomalies(APRIL) if row.kind == Oddity.NO_HOUSE_VOLUME]
    assert [(row.house_id, row.text) for row in rows] == [
        (account.house_id, "Отопление: объём дома за месяц не введён.")
    ]
    make.house_volume(account.house, 5, APRIL.first, "60")
    assert [row for row in queries.anomalies(APRIL) if row.kind == Oddity.NO_HOUSE_VOLUME] == []


def test_a_hold_from_an_anomaly_takes_it_off_the_list() -> None:
    burst = a_metered_flat("110", "160")
    run()
    (anomaly,) = queries.anomalies(MAY)
    operations.hold_anomaly(anomaly=anomaly, month=MAY)
    assert Hold.objects.get().cause == (
        "Расход вырос впятеро. Холодное водоснабжение: расход 50 м³, месяцем раньше 10 м³."
    )
    assert Hold.objects.get().account_id == burst.pk
    assert found() == []


def test_what_belongs_to_no_account_cannot_be_held() -> None:
    a_metered_flat("110", "120")
    Tariff.objects.update(act="нет")
    run()
    (anomaly,) = queries.anomalies(MAY)
    with pytest.raises(operations.HoldRefused, match="удерживают отдельный счёт"):
        operations.hold_anomaly(anomaly=anomaly, month=MAY)
    assert not Hold.objects.exists()


def test_a_calm_month_says_so() -> None:
    a_metered_flat("110", "120")
    run()
    out = StringIO()
    call_command("gate", "2026-05", stdout=out)
    assert out.getvalue() == "Май 2026: подозрительного нет.\n"
    Provision.objects.all().delete()
    operations.run_billing(month=MAY)
    out = StringIO()
    call_command("gate", "2026-05", stdout=out)
    assert "500,00 ₽ · Строка исчезла · счёт" in out.getvalue()
