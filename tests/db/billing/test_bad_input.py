"""Facts that are missing or contradict each other: no line is guessed, the gate says why, the others go on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.calendar import Month
from accounts.models import HousePassport, PersonalAccount, PremisesArea
from billing import operations, queries
from billing.models import ProvisionMethod, Tariff
from billing.queries import Oddity
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
APRIL = Month(date(2026, 4, 1))
MAY = APRIL + 1


def lines(account: PersonalAccount, month: Month = MAY) -> dict[int, Decimal]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return {row.service_id: row.amount for row in rows}


def gate(month: Month = MAY) -> list[tuple[Oddity, int | None, str, str]]:
    return [(row.kind, row.account_id or row.house_id, row.text, row.fix) for row in queries.anomalies(month)]


def two_flats() -> tuple[PersonalAccount, PersonalAccount]:
    """Of one house, 50 m² each, maintained at 20 ₽ a square metre."""
    contract = make.contract()
    house = make.house(total_area_m2=D("100"))
    both = [make.account(premises=make.premises(house=house, total_area_m2=D("50")), persons=1) for _ in range(2)]
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "20")
    return both[0], both[1]


def test_a_house_without_area() -> None:
    one, other = two_flats()
    contract = make.contract()
    make.provision(one.house, 5, contract, ProvisionMethod.HEATING_BUILDING)
    make.tariff(contract, 5, "2000")
    make.house_volume(one.house, 5, APRIL.first, "10")
    HousePassport.objects.filter(house=one.house).update(valid_from=MAY.first)
    operations.run_billing(month=APRIL)
    assert lines(one, APRIL) == lines(other, APRIL) == {8: D("1000.00")}  # what needs no house goes on
    told = [row for row in gate(APRIL) if row[0] == Oddity.NOT_CHARGED]
    assert told == [
        (
            Oddity.NOT_CHARGED,
            pk,
            "Отопление: нет паспорта дома.",
            "Внесите площади дома в его паспорт на этот месяц и рассчитайте дом снова.",
        )
        for pk in (one.pk, other.pk)
    ]


def test_a_meter_without_readings() -> None:
    one, other = two_flats()
    contract = make.contract()
    make.provision(one.house, 2, contract)
    make.tariff(contract, 2, "40")
    make.meter(premises=one.premises)
    meter = make.meter(premises=other.premises)
    make.reading(meter, date(2026, 4, 20), "10")
    make.reading(meter, date(2026, 5, 20), "15")
    operations.run_billing(month=MAY)
    # no reading and no history: the norm (п. 59(2)), and there is none
    assert lines(one) == {8: D("1000.00")}
    assert lines(other) == {8: D("1000.00"), 2: D("200.00")}
    assert gate() == [
        (Oddity.NOT_CHARGED, one.pk, "Холодное водоснабжение: нет норматива.",
         "Заведите норматив для домов этого вида и рассчитайте дом снова."),
    ]  # fmt: skip
    make.norm(2, "5")
    operations.run_billing(month=MAY)
    assert (lines(one)[2], gate()) == (D("200.00"), [])  # 1 × 5 m³ × 40 ₽, the meter stands: no multiplier


def test_no_tariff_on_a_day() -> None:
    one, other = two_flats()
    Tariff.objects.update(valid_to=date(2026, 5, 11))
    operations.run_billing(month=MAY)
    # ten days have a price, the rest is not guessed
    assert lines(one) == lines(other) == {8: D("322.58")}
    assert gate() == [
        (Oddity.NOT_CHARGED, pk, "Содержание жилого помещения: нет тарифа.",
         "Заведите тариф на все дни месяца и рассчитайте дом снова.") for pk in (one.pk, other.pk)
    ]  # fmt: skip


def test_two_tariffs_of_one_day_cannot_be_written() -> None:
    one, _ = two_flats()
    contract = one.house.provisions.get().contract
    with pytest.raises(IntegrityError), transaction.atomic():
        make.tariff(contract, 8, "21", valid_from=date(2026, 5, 10))
    operations.run_billing(month=MAY)
    assert lines(one) == {8: D("1000.00")}


def test_no_norm() -> None:
    one, other = two_flats()
    contract = make.contract()
    make.provision(one.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "600")
    operations.run_billing(month=MAY)
    assert lines(one) == lines(other) == {8: D("1000.00")}
    assert {row[2] for row in gate()} == {"Обращение с ТКО: нет норматива."}


def test_a_building_meter_below_the_sum_of_flats() -> None:
    one, other = two_flats()
    contract = make.contract()
    make.provision(one.house, 2, contract)
    make.tariff(contract, 2, "40")
    make.provision(one.house, 14, contract, ProvisionMethod.COMMON_ACTUAL)
    make.tariff(contract, 14, "40")
    for account, value in ((one, "30"), (other, "20")):
        meter = make.meter(premises=account.premises)
        make.reading(meter, date(2026, 4, 20), "0")
        make.reading(meter, date(2026, 5, 20), value)
    make.house_volume(one.house, 2, MAY.first, "45")
    operations.run_billing(month=MAY)
    assert lines(one) == {8: D("1000.00"), 2: D("1200.00"), 14: D("0.00")}
    assert gate() == [
        (Oddity.BELOW_PREMISES, one.house_id,
         "Холодная вода на содержание общего имущества: общедомовой прибор 45 м³, а все помещения 50 м³.",
         "Сверьте показание общедомового прибора и квартир: день снятия, пропуски, порядок цифр."),
    ]  # fmt: skip


def test_a_service_without_a_contract_in_force() -> None:
    one, other = two_flats()
    contract = make.contract(valid_to=date(2026, 5, 1))
    make.provision(one.house, 13, contract, ProvisionMethod.PER_ACCOUNT)
    make.tariff(contract, 13, "50")
    operations.run_billing(month=MAY)
    assert lines(one) == lines(other) == {8: D("1000.00")}
    (row,) = gate()
    assert (row[0], row[1]) == (Oddity.NO_CONTRACT, one.house_id)
    assert row[2] == "Домофон: договор с поставщиком действует не все дни месяца, за остальные услуга не начислена."


def test_a_contract_that_ends_within_the_month_is_charged_for_its_days() -> None:
    one, other = two_flats()
    contract = make.contract(valid_to=date(2026, 5, 16))
    make.provision(one.house, 13, contract, ProvisionMethod.PER_ACCOUNT)
    make.tariff(contract, 13, "50")
    operations.run_billing(month=MAY)
    assert lines(one) == lines(other) == {8: D("1000.00"), 13: D("24.19")}  # 50 × 15 / 31
    (row,) = gate()
    assert (row[0], row[1]) == (Oddity.NO_CONTRACT, one.house_id)


def test_premises_without_area() -> None:
    one, other = two_flats()
    PremisesArea.objects.filter(premises_id=one.premises_id).delete()
    operations.run_billing(month=MAY)
    assert lines(one) == {}
    assert lines(other) == {8: D("1000.00")}
    (row,) = gate()
    assert (row[0], row[1], row[3]) == (
        Oddity.NOT_CHARGED, one.pk, "Внесите площадь помещения на этот месяц и рассчитайте дом снова.",
    )  # fmt: skip
    assert row[2].endswith(": нет площади.")


def test_fifty_times_the_usual() -> None:
    one, _ = two_flats()
    contract = make.contract()
    make.provision(one.house, 2, contract)
    make.tariff(contract, 2, "40")
    make.norm(2, "5")
    meter = make.meter(premises=one.premises)
    for day, value in ((date(2026, 3, 20), "100"), (date(2026, 4, 20), "104"), (date(2026, 5, 20), "304")):
        make.reading(meter, day, value)
    operations.run_billing(month=APRIL)
    operations.run_billing(month=MAY)
    (row,) = [row for row in gate() if row[0] == Oddity.BURST]
    assert row == (
        Oddity.BURST, one.pk, "Холодное водоснабжение: расход 200 м³, месяцем раньше 4 м³.",
        "Проверьте показание; удержите счёт, пока его не подтвердят.",
    )  # fmt: skip
