"""An act of unauthorised connection or tampering: capacity round the clock or ten norms, three months at most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from accounts.models import JournalEntry, PersonalAccount
from billing import operations, queries
from billing.kinds import Kind
from billing.models import BenefitEntitlement, NormBasis, UnauthorisedKind, UnauthorisedUse
from billing.operations import ActRefused, UnauthorisedAct
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
MAY = Month(date(2026, 5, 1))
JUNE = MAY + 1


def a_flat(persons: int = 2) -> PersonalAccount:
    contract = make.contract()
    account = make.account(persons=persons)
    make.provision(account.house, 1, contract)
    make.tariff(contract, 1, "4.50", valid_to=date(2026, 5, 10))
    make.tariff(contract, 1, "5.00", valid_from=date(2026, 5, 10))
    make.norm(1, "90")
    operations.run_billing(month=MAY)
    return account


def act(account: PersonalAccount, **facts: object) -> UnauthorisedAct:
    usual: dict[str, object] = {
        "account_id": account.pk, "service_id": 1, "kind": int(UnauthorisedKind.CONNECTION), "act": "№ 12-б",
        "act_on": date(2026, 5, 21), "started_on": date(2026, 5, 11), "capacity": D("2.5"),
    }  # fmt: skip
    return UnauthorisedAct(**{**usual, **facts})  # type: ignore[arg-type]


def lines(account: PersonalAccount, month: Month = MAY) -> list[tuple[int, date, Decimal | None, Decimal]]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return [(row.line, row.for_month, row.volume, row.amount) for row in rows if row.kind == Kind.UNAUTHORISED]


def test_capacity_runs_round_the_clock_at_the_tariff_of_the_act() -> None:
    account = a_flat()
    operations.charge_unauthorised(act(account))
    # 2.5 kW × 24 h × 10 days = 600 kWh; × 5.00
    assert lines(account) == [(1, MAY.first, D("600"), D("3000.00"))]
    (told,) = [row for row in queries.explain(account_id=account.pk, month=MAY) if row.kind == Kind.UNAUTHORISED]
    assert told.text == (
        "Самовольное подключение, акт «№ 12-б» от 21.05.2026: с 11.05.2026 до 21.05.2026, 10 дн., не дольше трёх"
        " месяцев. 600 кВт·ч = 2,5 кВт·ч в час × 24 ч × 10 дн.; 600 кВт·ч × 5,00 ₽ = 3000,00 ₽. Тариф дня акта, без"
        " льгот."
    )
    assert JournalEntry.objects.get(event="billing.act.charged").account_id == account.pk
    operations.run_billing(month=MAY)  # the night leaves it alone
    assert lines(account) == [(1, MAY.first, D("600"), D("3000.00"))]


def test_ten_norms_where_the_capacity_cannot_be_found() -> None:
    account = a_flat()
    operations.charge_unauthorised(act(account, capacity=None, started_on=date(2026, 4, 21)))
    # 2 × 90 × 10 / 30 × 10 days of April + / 31 × 20 of May = 600 + 1161.290323 kWh; × 5.00 = 8806.4516…
    assert lines(account) == [(1, MAY.first, D("1761.290323"), D("8806.45"))]
    row = UnauthorisedUse.objects.get()
    assert (row.persons, row.norm, row.multiplier) == (D("2"), D("90"), D("10"))


def test_three_months_back_at_most() -> None:
    account = a_flat()
    (row,) = operations.plan_unauthorised(act(account, started_on=date(2025, 1, 1), capacity=D("1")))
    # 21 Feb … 21 May: 89 days × 24 h
    assert (row.charged_from, row.volume) == (date(2026, 2, 21), D("2136"))
    assert not UnauthorisedUse.objects.exists()


def test_hot_water_of_two_components_makes_two_lines() -> None:
    contract = make.contract()
    account = make.account(persons=1)
    make.provision(account.house, 3, contract, components=2)
    make.tariff(contract, 3, "50", component=1)
    make.tariff(contract, 3, "2000", component=2)
    make.norm(3, "3.19")
    make.norm(3, "0.06", NormBasis.PER_M3)
    operations.run_billing(month=MAY)
    tampered = act(account, service_id=3, kind=int(UnauthorisedKind.TAMPERING), capacity=None,
                   started_on=date(2026, 5, 1), act_on=date(2026, 5, 31))  # fmt: skip
    operations.charge_unauthorised(tampered)
    # 31.9 m³ × 30 / 31 days = 30.870968; × 50 = 1543.55; × 0.06 Gcal × 2000 = 3704.52
    assert lines(account) == [
        (10_001, MAY.first, D("30.870968"), D("1543.55")), (20_001, MAY.first, D("1.852258"), D("3704.52")),
    ]  # fmt: skip


def test_no_benefit_is_given_of_it() -> None:
    account = a_flat()
    BenefitEntitlement.objects.create(
        account=account, service_id=1, category="ветеран", percent=D(50), within_norm=False,
        valid_from=make.LONG_AGO, document="удостоверение",
    )  # fmt: skip
    operations.run_billing(month=MAY)
    before = queries.totals_by_month(account_id=account.pk, months=[MAY])[MAY]
    operations.charge_unauthorised(act(account))
    operations.run_billing(month=MAY)
    assert queries.totals_by_month(account_id=account.pk, months=[MAY])[MAY] == before + D("3000.00")


def test_a_counting_error_is_taken_back() -> None:
    account = a_flat()
    (row,) = operations.charge_unauthorised(act(account))
    operations.reverse_unauthorised(use_id=row.pk, reason="мощность 0,25 кВт, а не 2,5")
    assert lines(account) == []  # in one month nothing is left of it
    operations.charge_unauthorised(act(account, capacity=D("0.25")))
    assert [line[1:] for line in lines(account)] == [(MAY.first, D("60"), D("300.00"))]
    operations.post_month(month=MAY, today=JUNE.first)
    operations.run_billing(month=JUNE)
    again = UnauthorisedUse.objects.get(reverses=None, reversed_by=None)
    operations.reverse_unauthorised(use_id=again.pk, reason="дни сосчитаны дважды")
    assert lines(account, JUNE) == [(1, MAY.first, D("-60"), D("-300.00"))]
    (told,) = [row for row in queries.explain(account_id=account.pk, month=JUNE) if row.kind == Kind.UNAUTHORISED]
    assert told.text == "Ошибка счёта в плате по акту «№ 12-б»: дни сосчитаны дважды. Снято 300,00 ₽."
    with pytest.raises(ActRefused, match="уже исправлен"):
        operations.reverse_unauthorised(use_id=again.pk, reason="ещё раз")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"act": " "}, "Назовите акт"),
        ({"started_on": date(2026, 5, 21)}, "Проверьте даты"),
        ({"capacity": D("0")}, "больше нуля"),
        ({"capacity": D("2500")}, "2500 кВт·ч в час не даёт ни одно такое подключение"),
        ({"act_on": date(2026, 7, 1)}, "Акт из будущего"),
        ({"service_id": 6}, "услуга «Газоснабжение» дому не назначена"),
    ],
)
def test_what_is_refused_writes_nothing(facts: dict[str, object], words: str) -> None:
    account = a_flat()
    with pytest.raises(ActRefused, match=words):
        operations.charge_unauthorised(act(account, **facts))
    assert not UnauthorisedUse.objects.exists()
    assert lines(account) == []


def test_a_day_is_charged_by_one_act() -> None:
    account = a_flat()
    operations.charge_unauthorised(act(account))
    around = act(account, act="№ 13", started_on=date(2026, 5, 8), act_on=date(2026, 5, 25), capacity=D("1"))
    operations.charge_unauthorised(around)
    # 1 kW × 24 h × 3 days before the first act's ten, and × 4 after them, at 5.00
    assert lines(account) == [
        (1, MAY.first, D("600"), D("3000.00")), (2, MAY.first, D("72"), D("360.00")),
        (3, MAY.first, D("96"), D("480.00")),
    ]  # fmt: skip
    with pytest.raises(ActRefused, match=r"с 12\.05\.2026 до 20\.05\.2026 уже начислены по акту «№ 12-б»"):
        operations.charge_unauthorised(act(account, act="№ 14", started_on=date(2026, 5, 12), act_on=date(2026, 5, 20)))
    assert UnauthorisedUse.objects.count() == 3
    first = UnauthorisedUse.objects.get(act="№ 12-б")
    operations.reverse_unauthorised(use_id=first.pk, reason="акт отменён")
    (row,) = operations.plan_unauthorised(act(account, act="№ 15"))
    assert (row.charged_from, row.charged_to) == (date(2026, 5, 11), date(2026, 5, 21))


def test_a_large_capacity_is_told_in_the_gate() -> None:
    account = a_flat()
    operations.charge_unauthorised(act(account, capacity=D("15")))
    assert [row for row in queries.anomalies(MAY) if row.kind == queries.Oddity.CAPACITY] == []
    operations.charge_unauthorised(act(account, act="№ 13", started_on=date(2026, 5, 1), capacity=D("60")))
    (row,) = [row for row in queries.anomalies(MAY) if row.kind == queries.Oddity.CAPACITY]
    assert (row.account_id, row.stake) == (account.pk, D("72000.00"))
    assert row.text == "Электроснабжение: акт «№ 13» о самовольном подключении, 60 кВт·ч в час круглые сутки."


def test_an_act_is_charged_once() -> None:
    account = a_flat()
    operations.charge_unauthorised(act(account))
    with pytest.raises(ActRefused, match="уже проведён"):
        operations.charge_unauthorised(replace(act(account), capacity=D("3")))
    assert UnauthorisedUse.objects.count() == 1
