"""A house recalculated by one document: previewed, drafted, told of in words, undone by another document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

import epd.operations
from accounts.calendar import Month
from accounts.models import AgencyContract, JournalEntry, PersonalAccount
from accounts.money import written
from billing import operations, queries
from billing.kinds import Kind
from billing.models import Charge, Correction, MassCorrection, MassRule, NormBasis, ProvisionMethod
from billing.operations import CorrectionRefused, MassOrder
from epd.models import PaymentDocument
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
MARCH = Month(date(2026, 3, 1))
APRIL, MAY, JUNE = MARCH + 1, MARCH + 2, MARCH + 3


def a_house() -> tuple[PersonalAccount, PersonalAccount, AgencyContract]:
    """Maintenance of two flats, 50 and 30 m² at 20 ₽: 1000.00 and 600.00 a month; March and April posted."""
    contract = make.contract()
    house = make.house()
    big = make.account(premises=make.premises(house=house, total_area_m2=D("50")), persons=2)
    small = make.account(premises=make.premises(house=house, total_area_m2=D("30")), persons=1)
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "20")
    post(MARCH, APRIL)
    return big, small, contract


def post(*months: Month) -> None:
    for month in months:
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)
    operations.run_billing(month=months[-1].next)


def order(account: PersonalAccount, **facts: object) -> MassOrder:
    usual: dict[str, object] = {
        "number": "17-М", "service_id": 8, "house_ids": (account.house_id,), "first_month": APRIL, "last_month": APRIL,
        "rule": int(MassRule.PERCENT), "value": D("-10"), "basis": "предписание ГЖИ № 5 от 12.05.2026",
        "reason": "подъезд не убирали",
    }  # fmt: skip
    return MassOrder(**{**usual, **facts})  # type: ignore[arg-type]


def lines(account: PersonalAccount, month: Month) -> list[tuple[int, date, Decimal]]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return [(row.line, row.for_month, row.amount) for row in rows if row.kind == Kind.RECALCULATION]


def test_a_percent_of_a_month_for_every_account_of_the_house() -> None:
    big, small, _ = a_house()
    plan = operations.plan_correction(order(big))
    assert (plan.into, plan.accounts, plan.amount) == (MAY, 2, D("-160.00"))
    assert plan.by_account() == [
        (big.pk, D("1000.00"), D("-100.00"), D("900.00")), (small.pk, D("600.00"), D("-60.00"), D("540.00")),
    ]  # fmt: skip
    assert not Correction.objects.exists()  # a plan writes nothing
    document = operations.correct_houses(order(big))
    assert (document.accounts, document.amount, document.month) == (2, D("-160.00"), MAY.first)
    assert lines(big, MAY) == [(1000, APRIL.first, D("-100.00"))]
    assert lines(small, MAY) == [(1000, APRIL.first, D("-60.00"))]
    assert JournalEntry.objects.filter(event="billing.document.made").count() == 1
    operations.run_billing(month=MAY)  # the night leaves a document's lines alone
    assert lines(big, MAY) == [(1000, APRIL.first, D("-100.00"))]


def test_the_line_tells_its_document_and_what_was_and_is() -> None:
    big, _, _ = a_house()
    operations.correct_houses(order(big))
    (told,) = [row for row in queries.explain(account_id=big.pk, month=MAY) if row.kind == Kind.RECALCULATION]
    assert told.text == (
        "Перерасчёт за апрель 2026 по документу № 17-М: снято 100,00 ₽. Основание: подъезд не убирали; предписание ГЖИ"
        " № 5 от 12.05.2026. Было 1000,00 ₽, стало 900,00 ₽."
    )


def test_roubles_on_a_square_metre_and_on_a_person() -> None:
    big, small, _ = a_house()
    by_area = operations.plan_correction(order(big, rule=int(MassRule.PER_M2), value=D("-1.55"), first_month=MARCH))
    assert [row[1:] for row in by_area.by_account()] == [
        (D("2000.00"), D("-155.00"), D("1845.00")), (D("1200.00"), D("-93.00"), D("1107.00")),
    ]  # fmt: skip
    by_person = operations.plan_correction(order(big, rule=int(MassRule.PER_PERSON), value=D("33.33")))
    assert [(row[0], row[2]) for row in by_person.by_account()] == [(big.pk, D("66.66")), (small.pk, D("33.33"))]


def test_a_resident_of_ten_days_counts_as_ten_days() -> None:
    big, small, _ = a_house()
    make.residency(premises=small.premises, persons=1, valid_from=date(2026, 4, 21))
    plan = operations.plan_correction(order(big, rule=int(MassRule.PER_PERSON), value=D("30")))
    # 1 person all of April and one for 10 of its 30 days: 30.00 + 10.00
    assert [(row[0], row[2]) for row in plan.by_account()] == [(big.pk, D("60.00")), (small.pk, D("40.00"))]


def test_as_if_the_tariff_were_another() -> None:
    big, _small, _ = a_house()
    plan = operations.plan_correction(order(big, rule=int(MassRule.AS_IF_TARIFF), value=D("18.50")))
    assert [row[1:] for row in plan.by_account()] == [
        (D("1000.00"), D("-75.00"), D("925.00")), (D("600.00"), D("-45.00"), D("555.00")),
    ]  # fmt: skip


def test_as_if_the_norm_were_another() -> None:
    contract = make.contract()
    account = make.account(persons=3)
    make.provision(account.house, 7, contract, ProvisionMethod.NORM_PERSON)
    make.tariff(contract, 7, "600")
    make.norm(7, "2.4", NormBasis.PERSON_YEAR)
    post(APRIL)
    plan = operations.plan_correction(order(account, service_id=7, rule=int(MassRule.AS_IF_NORM), value=D("2.2")))
    # 3 × 2.4 / 12 × 600 = 360.00; 3 × 2.2 / 12 × 600 = 330.00
    assert plan.by_account() == [(account.pk, D("360.00"), D("-30.00"), D("330.00"))]


def test_undone_in_its_own_month_both_lines_vanish() -> None:
    big, _small, _ = a_house()
    document = operations.correct_houses(order(big))
    other = operations.correct_houses(order(big, number="18-М", value=D("5")))
    mirror = operations.reverse_correction(
        document_id=document.pk, number="17-М/с", basis="решение суда № 2-1", reason="предписание отменено"
    )
    assert (mirror.reverses_id, mirror.amount) == (document.pk, D("160.00"))
    # the other document keeps its number and its sum: 5 % of 900.00
    assert lines(big, MAY) == [(1001, APRIL.first, D("45.00"))]
    assert other.amount == D("72.00")


def test_undone_later_a_mirror_line_stands_in_the_open_month() -> None:
    big, _, _ = a_house()
    document = operations.correct_houses(order(big))
    post(MAY)
    operations.reverse_correction(document_id=document.pk, number="1-с", basis="решение суда", reason="отменено")
    assert lines(big, MAY) == [(1000, APRIL.first, D("-100.00"))]
    assert lines(big, JUNE) == [(1000, APRIL.first, D("100.00"))]
    (row,) = Correction.objects.filter(account=big, month=JUNE.first)
    assert (row.before, row.after) == (D("900.00"), D("1000.00"))
    with pytest.raises(CorrectionRefused, match="уже сторнирован документом № 1-с"):
        operations.reverse_correction(document_id=document.pk, number="2-с", basis="а", reason="б")


def test_a_second_document_starts_from_what_the_first_left() -> None:
    big, _, _ = a_house()
    operations.correct_houses(order(big))
    post(MAY)
    plan = operations.plan_correction(order(big, number="18-М", value=D("-10")))
    assert plan.by_account()[0] == (big.pk, D("900.00"), D("-90.00"), D("810.00"))


def test_a_late_fact_does_not_take_a_document_back() -> None:
    big, _, _ = a_house()
    operations.correct_houses(order(big))
    post(MAY)
    big.premises.areas.update(total_area_m2=D("49"))
    operations.recalculate(account_ids=[big.pk], first_month=APRIL, into=JUNE)
    # 49 × 20 − 1000.00 for April and May; the document's −100.00 stays
    assert sorted(row[2] for row in lines(big, JUNE)) == [D("-20.00"), D("-20.00")]
    told = {row.text for row in queries.explain(account_id=big.pk, month=JUNE) if row.kind == Kind.RECALCULATION}
    assert any(text.endswith("За апрель 2026 было 900,00 ₽, стало 880,00 ₽.") for text in told)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"number": " "}, "Заполните"),
        ({"basis": ""}, "Заполните"),
        ({"house_ids": ()}, "Выберите хотя бы один дом"),
        ({"last_month": MAY}, "Пересчитываются проведённые месяцы по апрель 2026"),
        ({"value": D(0)}, "Значение не может быть таким"),
        ({"value": D("-101")}, "не больше 100 %"),
        ({"service_id": 9}, "Пересчитывать нечего"),
        ({"rule": int(MassRule.PER_M2), "value": D("-30")}, "Снимается больше, чем начислено: счетов 2"),
    ],
)
def test_what_is_refused_writes_nothing(facts: dict[str, object], words: str) -> None:
    big, _, _ = a_house()
    before = Charge.objects.count()
    with pytest.raises(CorrectionRefused, match=words):
        operations.correct_houses(order(big, **facts))
    assert (MassCorrection.objects.count(), Correction.objects.count(), Charge.objects.count()) == (0, 0, before)


def test_one_number_is_one_document_and_a_document_is_ink() -> None:
    big, _, _ = a_house()
    operations.correct_houses(order(big))
    with pytest.raises(CorrectionRefused, match="Документ № 17-М уже проведён"):
        operations.correct_houses(replace(order(big), value=D("-1")))
    with pytest.raises(DatabaseError), transaction.atomic():
        MassCorrection.objects.update(amount=D("0"))


def test_the_bill_says_basis_period_before_and_after() -> None:
    make.agent()
    big, small, _ = a_house()
    operations.correct_houses(order(big))
    small.premises.areas.update(total_area_m2=D("29"))
    operations.recalculate(account_ids=[small.pk], first_month=APRIL, into=MAY)
    post(MAY)
    epd.operations.issue_month(month=MAY, day=JUNE.first)
    told = {row.account_id: row.payload["recalculations"] for row in PaymentDocument.objects.all()}
    assert [(line["text"], line["amount"]) for line in told[big.pk]] == [
        ("за апрель 2026: подъезд не убирали; предписание ГЖИ № 5 от 12.05.2026, документ № 17-М;"
         f" было {written(D('1000'))} ₽, стало 900,00 ₽", "-100.00"),
    ]  # fmt: skip
    assert [(line["text"], line["amount"]) for line in told[small.pk]] == [
        ("за апрель 2026: подъезд не убирали; предписание ГЖИ № 5 от 12.05.2026, документ № 17-М;"
         " было 600,00 ₽, стало 540,00 ₽", "-60.00"),
        ("перерасчёт за апрель 2026 по уточнённым сведениям; было 540,00 ₽, стало 520,00 ₽", "-20.00"),
    ]  # fmt: skip


def test_a_document_undone_in_its_month_is_not_on_the_bill() -> None:
    make.agent()
    big, _, _ = a_house()
    document = operations.correct_houses(order(big))
    operations.reverse_correction(document_id=document.pk, number="с", basis="решение", reason="отменено")
    post(MAY)
    epd.operations.issue_month(month=MAY, day=JUNE.first)
    assert [row.payload["recalculations"] for row in PaymentDocument.objects.all()] == [[], []]
