"""What absence and bad quality take off: the worked cases of the law, in the open month and in posted ones."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

import accounts.operations
from accounts.calendar import Month
from accounts.models import Absence, House, PersonalAccount
from billing import operations, pipeline, queries
from billing.kinds import Kind
from billing.models import (
    BenefitEntitlement,
    BenefitWay,
    Breach,
    MeterFault,
    MeterFaultKind,
    NormBasis,
    ProvisionMethod,
    QualityEvent,
)
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
APRIL = Month(date(2026, 4, 1))
MAY, JULY = APRIL + 1, APRIL + 3
IMPOSSIBLE = [1, 2, 3, 4]


def a_flat(persons: int = 1, **facts: object) -> PersonalAccount:
    return make.account(persons=persons, **{"meter_impossible": IMPOSSIBLE, **facts})


def serve(account: PersonalAccount, service: int, method: int, price: str | None = None, **facts: int) -> None:
    contract = make.contract()
    make.provision(account.house, service, contract, method, **facts)
    if price:
        make.tariff(contract, service, price)
    else:
        make.tariff(contract, service, "49.19", component=1)
        make.tariff(contract, service, "2371.72", component=2)
        make.norm(service, "0.0611", NormBasis.PER_M3)


def away(account: PersonalAccount, left: date, back: date, persons: int = 1, **facts: object) -> Absence:
    return Absence.objects.create(
        premises=account.premises, valid_from=left, valid_to=back, persons=persons, applied_on=back,
        **{"document": "справка № 7", **facts},
    )  # fmt: skip


def at(day: int, hour: int = 0, month: int = 4) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(settings.TIME_ZONE))


def broken(house: House, service: int, breach: int, start: datetime, end: datetime, **facts: object) -> QualityEvent:
    return QualityEvent.objects.create(
        house=house, service_id=service, breach=breach, started_at=start, ended_at=end, act="акт № 3", **facts
    )


def taken(account: PersonalAccount, month: Month) -> dict[tuple[int, int], Decimal]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return {(row.service_id, row.line): row.amount for row in rows if row.kind == Kind.RECALCULATION}


def off(account: PersonalAccount, month: Month) -> list[tuple[int, int, Decimal]]:
    """service, component, roubles: before they are added up into lines."""
    found = queries.facts(month, queries.reference(month), account_ids=[account.pk])
    return (
        pipeline.calculate(found)
        .relief.select("service_id", "component", "amount")
        .sort("service_id", "component")
        .rows()
    )


def test_waste_of_one_of_two_away_for_sixteen_days() -> None:  # TKO-D01
    account = a_flat(2)
    serve(account, 7, ProvisionMethod.NORM_PERSON, "641")
    make.norm(7, "2.196", NormBasis.PERSON_YEAR)
    away(account, date(2026, 7, 5), date(2026, 7, 22))
    operations.run_billing(month=JULY)
    assert taken(account, JULY) == {(7, 400): D("-60.54")}
    assert sum(row.amount for row in queries.charges_of_account(account_id=account.pk, month=JULY)) == D("174.07")
    (told,) = [row for row in queries.explain(account_id=account.pk, month=JULY) if row.kind == Kind.RECALCULATION]
    assert told.text == (
        "Перерасчёт за июль 2026: снято 60,54 ₽. Отсутствие 16 чел.-дн. (день отъезда и день возвращения не"
        " считаются): 0,094452 м³ × 641,00 ₽ = 60,54 ₽. Основание: справка № 7."
    )


def test_exactly_five_full_days_give_nothing() -> None:  # ABS-D02
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    make.norm(2, "4.85")
    away(account, date(2026, 4, 1), date(2026, 4, 7))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {}


def test_wastewater_follows_the_waters_and_heat_does_not() -> None:  # ABS-D04
    account = a_flat(total_area_m2=D("50"))
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    serve(account, 3, ProvisionMethod.METERED, "195")
    serve(account, 4, ProvisionMethod.WASTEWATER, "27.40")
    serve(account, 5, ProvisionMethod.HEATING_NORM, "2000")
    serve(account, 16, ProvisionMethod.COMMON_NORM, "5")
    make.norm(2, "4.85")
    make.norm(3, "3.19")
    make.norm(5, "0.02", NormBasis.M2_MONTH)
    make.norm(16, "1", NormBasis.COMMON_M2_MONTH)
    away(account, date(2026, 4, 5), date(2026, 4, 20))
    operations.run_billing(month=APRIL)
    lines = taken(account, APRIL)
    # 4.85 × 14 / 30 × 34.56 = 78.22; 3.19 × 14 / 30 × 195 = 290.29; (4.85 + 3.19) × 14 / 30 × 27.40 = 102.80
    assert lines == {(2, 400): D("-78.22"), (3, 400): D("-290.29"), (4, 400): D("-102.80")}


def test_both_components_of_hot_water() -> None:  # ABS-D05
    account = a_flat()
    serve(account, 3, ProvisionMethod.METERED, components=2)
    make.norm(3, "3.19")
    away(account, date(2026, 4, 5), date(2026, 4, 20))
    assert off(account, APRIL) == [(3, 1, D("73.23")), (3, 2, D("215.73"))]
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(3, 400): D("-288.96")}


def test_where_a_meter_could_be_nothing_comes_off() -> None:
    account = a_flat(meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    make.norm(2, "4.85")
    away(account, date(2026, 4, 5), date(2026, 4, 20))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {}


def test_documents_that_overlap_are_one_absence_split_by_months() -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "3")
    person = make.person()
    away(account, date(2026, 4, 20), date(2026, 4, 29), person=person)
    away(account, date(2026, 4, 25), date(2026, 5, 12), person=person, document="билеты")
    for month in (APRIL, MAY):
        operations.run_billing(month=month)
    # 21–30 April: 10 days of 30; 1–11 May: 11 days of 31
    assert taken(account, APRIL) == {(2, 400): D("-30.00")}
    assert taken(account, MAY) == {(2, 400): D("-31.94")}


def test_overlapping_documents_count_each_person_once_a_day() -> None:
    account = a_flat(5)
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "3")
    # full days 2–22 April: 21. One of five on 2–7, five of five on 8–22: 6 + 75 person-days, not 21 × 5
    away(account, date(2026, 4, 1), date(2026, 4, 12), document="билеты")
    away(account, date(2026, 4, 7), date(2026, 4, 23), persons=5)
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(2, 400): D("-243.00")}  # 81 × 3 / 30 × 30 ₽
    (told,) = [row for row in queries.explain(account_id=account.pk, month=APRIL) if row.kind == Kind.RECALCULATION]
    assert "Отсутствие 81 чел.-дн." in told.text


def test_no_more_are_away_on_a_day_than_live_there_that_day() -> None:
    account = a_flat(1)
    make.residency(premises=account.premises, persons=2, valid_from=date(2026, 4, 16))
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "3")
    away(account, date(2026, 4, 5), date(2026, 4, 26), persons=3)
    operations.run_billing(month=APRIL)
    # one on 6–15, three on 16–25 April: 10 + 30 person-days × 3 / 30 × 30 ₽
    assert taken(account, APRIL) == {(2, 400): D("-120.00")}


def test_a_document_about_a_posted_month_is_paid_back_in_the_open_one_and_taken_back_with_it() -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "3")
    operations.run_billing(month=APRIL)
    operations.post_month(month=APRIL, today=APRIL.next.first)
    operations.run_billing(month=MAY)
    document = away(account, date(2026, 4, 20), date(2026, 5, 12))
    for _ in range(2):
        accounts.operations.touch(house_id=account.house_id, account_id=account.pk, first_month=APRIL)
        operations.redraft_touched()
        assert taken(account, MAY) == {(2, 400): D("-31.94"), (2, 401): D("-30.00")}
    (april,) = [row for row in queries.explain(account_id=account.pk, month=MAY) if row.line == 401]
    assert "Перерасчёт за апрель 2026: снято 30,00 ₽. Отсутствие 10 чел.-дн." in april.text
    document.delete()
    accounts.operations.touch(house_id=account.house_id, account_id=account.pk, first_month=APRIL)
    operations.redraft_touched()
    assert taken(account, MAY) == {}


def test_a_hot_water_shutdown_of_fourteen_days() -> None:  # QL-D07
    account = a_flat(2)
    serve(account, 3, ProvisionMethod.METERED, components=2)
    make.norm(3, "3.19")
    broken(account.house, 3, Breach.HOT_WATER_REPAIR, at(6, month=5), at(20, month=5))
    assert off(account, MAY) == [(3, 1, D("141.73")), (3, 2, D("417.53"))]
    operations.run_billing(month=MAY)
    (line,) = [r for r in queries.charges_of_account(account_id=account.pk, month=MAY) if r.kind == Kind.RECALCULATION]
    assert (line.line, line.volume, line.amount) == (600, D("-2.881290"), D("-559.26"))


def heated(charge: str) -> PersonalAccount:
    account = a_flat(total_area_m2=D("100"))
    serve(account, 5, ProvisionMethod.HEATING_NORM, charge)
    make.norm(5, "0.01", NormBasis.M2_MONTH)
    return account


def test_thirty_hours_without_heat() -> None:  # QL-D01
    account = heated("3500")
    broken(account.house, 5, Breach.HEATING_OFF, at(3), at(3, 15))
    broken(account.house, 5, Breach.HEATING_OFF, at(9), at(9, 15))
    operations.run_billing(month=APRIL)
    # six hours beyond 24: 0.9 %, 31.50; and the heat of 30 hours of 720, which the norm has in it: 145.83
    assert off(account, APRIL) == [(5, 0, D("31.50")), (5, 0, D("145.83"))]
    assert taken(account, APRIL) == {(5, 600): D("-177.33")}


def test_hours_that_several_acts_tell_come_off_once() -> None:
    """The desk refuses such acts; rows that came by another way are one break all the same (п. 14)."""
    account = heated("1000")
    other = make.account(premises=make.premises(house=account.house, total_area_m2=D("100")))
    broken(account.house, 5, Breach.HEATING_OFF, at(3, 6), at(4, 12))
    broken(account.house, 5, Breach.HEATING_OFF_COOL, at(3, 20), at(4, 22), premises=account.premises)
    broken(account.house, 5, Breach.HEATING_OFF, at(3), at(5), hours=D("10"))
    operations.run_billing(month=APRIL)
    # of the house 30 hours, 14 beyond 16 at once; of the flat 40, 16 beyond the month's 24, but 18 beyond its own 8
    # and 30 and 40 hours of 720 without heat
    assert taken(other, APRIL) == {(5, 600): D("-21.00") - D("41.67")}
    assert taken(account, APRIL) == {(5, 600): D("-27.00") - D("55.56")}


def test_sixteen_degrees_for_seventy_two_hours_in_one_flat() -> None:  # QL-D02
    account = heated("3000")
    other = make.account(premises=make.premises(house=account.house, total_area_m2=D("100")))
    broken(
        account.house, 5, Breach.HEATING_TEMPERATURE, at(3), at(9), hours=D("72"), normative_c=D("18"),
        actual_c=D("16"), premises=account.premises,
    )  # fmt: skip
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(5, 600): D("-648.00")}
    assert taken(other, APRIL) == {}


def test_hot_water_colder_than_forty_is_paid_as_cold() -> None:  # QL-D04
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    serve(account, 3, ProvisionMethod.METERED, "195.00")
    make.norm(2, "4.85")
    make.norm(3, "6")
    broken(account.house, 3, Breach.HOT_WATER_BELOW_40, at(3), at(5))
    operations.run_billing(month=APRIL)
    rows = [row for row in queries.charges_of_account(account_id=account.pk, month=APRIL) if row.service_id == 3]
    assert [(row.volume, row.amount) for row in rows] == [(D("6"), D("1170.00")), (D("-0.4"), D("-64.18"))]


@pytest.mark.parametrize("breach", [Breach.HOT_WATER_TEMPERATURE, Breach.HOT_WATER_BELOW_40])
def test_degrees_decide_what_cold_hot_water_costs(breach: Breach) -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    serve(account, 3, ProvisionMethod.METERED, "195.00")
    make.norm(2, "4.85")
    make.norm(3, "6")
    broken(account.house, 3, breach, at(3), at(5), normative_c=D("60"), actual_c=D("38"))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(3, 600): D("-64.18")}  # 6 × 48 / 720 m³ × (195.00 − 34.56), no percent


@pytest.mark.parametrize("breach", [Breach.HOT_WATER_TEMPERATURE, Breach.HOT_WATER_BELOW_40])
def test_water_of_forty_five_degrees_costs_its_percent(breach: Breach) -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    serve(account, 3, ProvisionMethod.METERED, "195.00")
    make.norm(2, "4.85")
    make.norm(3, "6")
    broken(account.house, 3, breach, at(3, 8), at(3, 18), normative_c=D("60"), actual_c=D("45"))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(3, 600): D("-46.80")}  # 1170.00 × 10 h × 0.1 % × 4 steps of 3 ° beyond 3


def test_an_hour_below_forty_is_no_hour_of_degrees() -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "34.56")
    serve(account, 3, ProvisionMethod.METERED, "195.00")
    make.norm(2, "4.85")
    make.norm(3, "6")
    broken(account.house, 3, Breach.HOT_WATER_TEMPERATURE, at(3, 8), at(3, 18), normative_c=D("60"), actual_c=D("45"))
    broken(account.house, 3, Breach.HOT_WATER_BELOW_40, at(3, 12), at(3, 18))
    operations.run_billing(month=APRIL)
    # 4 h × 0.4 % of 1170.00 = 18.72, and 6 × 6 / 720 m³ × 160.44 = 8.022
    assert taken(account, APRIL) == {(3, 600): D("-26.74")}


def test_heat_that_did_not_come_comes_off_where_no_meter_shows_it() -> None:
    account = heated("3500")
    broken(account.house, 5, Breach.HEATING_OFF_COLD, at(3), at(4, 6))
    operations.run_billing(month=APRIL)
    # 30 h of 720 of 3500.00 = 145.83; 26 h beyond the 4 at once × 0.15 % = 3.9 %, 136.50
    assert off(account, APRIL) == [(5, 0, D("136.50")), (5, 0, D("145.83"))]
    metered = make.account(total_area_m2=D("100"), meter_impossible=IMPOSSIBLE)
    serve(metered, 5, ProvisionMethod.HEATING_BUILDING, "3500")
    make.house_volume(metered.house, 5, APRIL.first, "30")
    broken(metered.house, 5, Breach.HEATING_OFF_COLD, at(3), at(4, 6))
    assert len(off(metered, APRIL)) == 1


def test_the_uplift_follows_the_volume_that_did_not_come() -> None:
    account = a_flat(2, meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "4")
    broken(account.house, 2, Breach.COLD_WATER_OFF, at(3), at(3, 18))
    entitle(account)
    operations.run_billing(month=APRIL)
    rows = [row for row in queries.charges_of_account(account_id=account.pk, month=APRIL) if row.kind < Kind.BENEFIT]
    # 2 × 4 × 30 = 240.00 and K = 3: 480.00. 18 h of 720: 0.2 m³, 6.00 and 12.00 of uplift; 14 h beyond 4 at once: 2.1 %
    assert [(row.kind, row.volume, row.amount) for row in rows] == [
        (Kind.CHARGE, D("8"), D("240.00")), (Kind.UPLIFT, D("16"), D("480.00")),
        (Kind.RECALCULATION, D("-0.2"), D("-23.04")),
    ]  # fmt: skip
    assert discounts(account) == {(2, 500): D("-57.24")}  # half of one's half of 240.00 − 6.00 − 5.04
    told = [row.text for row in queries.explain(account_id=account.pk, month=APRIL) if row.kind == Kind.RECALCULATION]
    assert "повышающий коэффициент на этот объём: 12,00 ₽" in told[0]


def test_never_more_than_the_charge_comes_off() -> None:
    account = heated("3000")
    broken(account.house, 5, Breach.HEATING_TEMPERATURE, at(1), at(30), normative_c=D("18"), actual_c=D("5"))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(5, 600): D("-3000.00")}


def entitle(account: PersonalAccount, percent: str = "50", **facts: object) -> BenefitEntitlement:
    return BenefitEntitlement.objects.create(
        account=account, percent=D(percent),
        **{"category": "ветеран труда", "document": "удостоверение № 5", "valid_from": make.LONG_AGO, **facts},
    )  # fmt: skip


def discounts(account: PersonalAccount, month: Month = APRIL) -> dict[tuple[int, int], Decimal]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return {(row.service_id, row.line): row.amount for row in rows if row.kind == Kind.BENEFIT}


def test_half_of_the_veterans_share_and_never_of_the_uplift() -> None:
    account = a_flat(2, meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "4")
    entitle(account)
    operations.run_billing(month=APRIL)
    # 2 × 4 × 30 = 240.00 and the uplift of 480.00 (K = 3); one of two persons, 50 % of 120.00
    assert discounts(account) == {(2, 500): D("-60.00")}
    (told,) = [row for row in queries.explain(account_id=account.pk, month=APRIL) if row.kind == Kind.BENEFIT]
    assert told.text.startswith("Льгота за апрель 2026: снято 60,00 ₽.")
    assert told.text.endswith("Основание: ветеран труда, удостоверение № 5.")


def test_metered_water_counts_within_the_norm() -> None:
    account = a_flat(2)
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "4")
    meter = make.meter(premises=account.premises)
    make.reading(meter, date(2026, 3, 20), "100")
    make.reading(meter, date(2026, 4, 20), "120")
    right = entitle(account)
    operations.run_billing(month=APRIL)
    assert discounts(account) == {(2, 500): D("-60.00")}  # 20 m³: ten are the veteran's, four of them within the norm
    right.within_norm = False
    right.save()
    operations.run_billing(month=APRIL)
    assert discounts(account) == {(2, 500): D("-150.00")}


def test_wastewater_counts_within_the_norms_of_its_waters() -> None:
    account = a_flat(2)
    for service, price, norm in ((2, "30", "4"), (3, "100", "3")):
        serve(account, service, ProvisionMethod.METERED, price)
        make.norm(service, norm)
    serve(account, 4, ProvisionMethod.WASTEWATER, "20")
    for resource, used in ((1, "112"), (2, "108")):
        meter = make.meter(premises=account.premises, resource=resource)
        make.reading(meter, date(2026, 3, 20), "100")
        make.reading(meter, date(2026, 4, 20), used)
    right = entitle(account, service_id=4)
    operations.run_billing(month=APRIL)
    assert discounts(account) == {(4, 500): D("-70.00")}  # 20 m³: ten are the veteran's, 4 + 3 of them within the norm
    make.norm(4, "6")
    operations.run_billing(month=APRIL)
    assert discounts(account) == {(4, 500): D("-60.00")}  # the norm of wastewater itself, where there is one
    right.within_norm = False
    right.save()
    operations.run_billing(month=APRIL)
    assert discounts(account) == {(4, 500): D("-100.00")}


def test_area_services_within_the_social_norm_by_days_of_the_right() -> None:
    account = a_flat(1, total_area_m2=D("60"))
    serve(account, 8, ProvisionMethod.PER_M2, "20")
    entitle(account, area_m2=D("33"), valid_from=date(2026, 4, 16))
    operations.run_billing(month=APRIL)
    # 33 of 60 m²: 660.00; half of it for 15 days of 30
    assert discounts(account) == {(8, 500): D("-165.00")}


def test_a_person_pays_less_on_one_ground_at_a_time_the_larger_one() -> None:
    alone, pair = a_flat(1), a_flat(2)
    make.norm(7, "1")
    for account in (alone, pair):
        serve(account, 7, ProvisionMethod.NORM_PERSON, "90")
        entitle(account)
        entitle(account, "100", document="справка № 7", valid_from=date(2026, 4, 11), valid_to=date(2026, 4, 21))
    operations.run_billing(month=APRIL)
    assert discounts(alone) == {(7, 500): D("-60.00")}  # 20 days by half and ten days by the whole of 90.00
    assert discounts(pair) == {(7, 500): D("-75.00")}  # 45.00 for one of the two and 30.00 for the other


def test_compensation_is_paid_by_the_social_protection_and_makes_no_line() -> None:
    account = a_flat()
    serve(account, 7, ProvisionMethod.NORM_PERSON, "100")
    make.norm(7, "1")
    entitle(account, way=BenefitWay.COMPENSATION)
    operations.run_billing(month=APRIL)
    assert discounts(account) == {}


def test_a_benefit_is_of_what_bad_quality_has_left() -> None:
    account = heated("3000")
    entitle(account, service_id=5)
    broken(account.house, 5, Breach.HEATING_TEMPERATURE, at(3), at(9), hours=D("72"), normative_c=D("18"),
           actual_c=D("16"))  # fmt: skip
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(5, 600): D("-648.00")}
    assert discounts(account) == {(5, 500): D("-1176.00")}  # half of 2352.00


def test_a_benefit_learned_of_late_is_recalculated() -> None:
    account = a_flat()
    serve(account, 7, ProvisionMethod.NORM_PERSON, "100")
    make.norm(7, "1")
    operations.run_billing(month=APRIL)
    operations.post_month(month=APRIL, today=APRIL.next.first)
    operations.run_billing(month=MAY)
    entitle(account)
    accounts.operations.touch(house_id=account.house_id, account_id=account.pk, first_month=APRIL)
    operations.redraft_touched()
    assert discounts(account, MAY) == {(7, 500): D("-50.00")}
    assert taken(account, MAY) == {(7, 501): D("-50.00")}


def test_wastewater_follows_the_water_that_did_not_come() -> None:
    account = a_flat()
    serve(account, 2, ProvisionMethod.METERED, "30")
    serve(account, 4, ProvisionMethod.WASTEWATER, "20")
    make.norm(2, "6")
    make.provision(account.house, 3, make.contract())
    make.norm(3, "3")
    broken(account.house, 2, Breach.COLD_WATER_OFF, at(3), at(6))
    operations.run_billing(month=APRIL)
    # 6 m³ × 72 / 720 h = 0.6 m³; × 30 = 18.00, and 20 ₽ of wastewater: 12.00. The break itself: 72 − 4 h beyond what
    # is allowed at once × 0.15 % = 10.2 % of 180.00, 18.36
    assert taken(account, APRIL) == {(2, 600): D("-36.36"), (4, 600): D("-12.00")}


def test_a_metered_flat_discharges_what_its_meters_show() -> None:
    account = a_flat(meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    serve(account, 4, ProvisionMethod.WASTEWATER, "20")
    meter = make.meter(premises=account.premises)
    make.reading(meter, date(2026, 3, 20), "10")
    make.reading(meter, date(2026, 4, 20), "16")
    broken(account.house, 2, Breach.COLD_WATER_OFF, at(3), at(6))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {(2, 600): D("-18.36")}


def test_force_majeure_counts_where_a_meter_could_be() -> None:
    account = a_flat(2, meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    make.norm(2, "3")
    away(account, date(2026, 4, 5), date(2026, 4, 20), persons=2, force_majeure=True)
    operations.run_billing(month=APRIL)
    # the plain norm of two for 14 of 30 days: 2 × 3 × 14 / 30 × 30 ₽
    assert taken(account, APRIL) == {(2, 400): D("-84.00")}


def test_a_meter_out_of_order_is_as_good_as_none() -> None:
    account = a_flat(2, meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    meter = make.meter(premises=account.premises)
    for back in range(4, 0, -1):
        month = APRIL + -back
        make.reading(meter, month.first, D(100 - 6 * back))
    MeterFault.objects.create(meter=meter, kind=MeterFaultKind.FAILED, document="акт № 4", valid_from=date(2026, 4, 2))
    away(account, date(2026, 4, 5), date(2026, 4, 20))
    operations.run_billing(month=APRIL)
    # 6 m³ by the average of three months; one of two away for 14 of 30 days: 6 × 14 / 60 × 30 ₽
    assert taken(account, APRIL) == {(2, 400): D("-42.00")}


def test_a_silent_meter_is_no_meter_out_of_order() -> None:
    account = a_flat(2, meter_impossible=[])
    serve(account, 2, ProvisionMethod.METERED, "30")
    meter = make.meter(premises=account.premises)
    for back in range(4, 0, -1):
        make.reading(meter, (APRIL + -back).first, D(100 - 6 * back))
    away(account, date(2026, 4, 5), date(2026, 4, 20))
    operations.run_billing(month=APRIL)
    assert taken(account, APRIL) == {}


def test_the_night_has_a_tolerance_of_its_own_by_hours() -> None:
    account = a_flat(total_area_m2=D("50"))
    serve(account, 5, ProvisionMethod.HEATING_NORM, "2000")
    serve(account, 3, ProvisionMethod.METERED, "100")
    make.norm(5, "0.02", NormBasis.M2_MONTH)
    make.norm(3, "3")
    evening, morning = at(7, 20), at(8, 8)
    broken(account.house, 5, Breach.HEATING_TEMPERATURE, evening, morning, normative_c=D("18"), actual_c=D("14"))
    broken(account.house, 3, Breach.HOT_WATER_TEMPERATURE, evening, morning, normative_c=D("60"), actual_c=D("54"))
    operations.run_billing(month=APRIL)
    # heating 2000.00: 7 h of day × 4 ° + 5 h of night × (4 − 3) ° at 0.15 % = 4.95 %
    # hot water 300.00: 6 ° off is one step of 3 ° beyond the 3 of day, none beyond the 5 of night: 7 h × 0.1 %
    assert taken(account, APRIL) == {(5, 600): D("-99.00"), (3, 600): D("-2.10")}


def test_water_too_hot_is_as_bad_as_water_too_cold() -> None:
    account = a_flat(total_area_m2=D("50"))
    serve(account, 3, ProvisionMethod.METERED, "100")
    make.norm(3, "3")
    told = {"normative_c": D("60"), "actual_c": D("82")}
    broken(account.house, 3, Breach.HOT_WATER_TEMPERATURE, at(7, 20), at(8, 8), **told)
    operations.run_billing(month=APRIL)
    # 300.00: 82 − 75 is one step of 3 ° beyond the 3 of day, none beyond the 5 of night: 7 h × 0.1 %
    assert taken(account, APRIL) == {(3, 600): D("-2.10")}
