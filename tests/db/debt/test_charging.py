"""Penalties are drafted from ink and value dates, once; what changes behind them changes the open month alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from accounts import rules
from accounts.calendar import Month
from accounts.models import JournalEntry, OrganisationKind
from billing import operations as billing_operations
from billing import queries as billing_queries
from billing.models import Charge, ChargeKind, ContractMonth, ContractMonthState
from debt import operations, queries
from debt.models import Moratorium, PenaltyTerms
from payments import operations as payments_operations
from payments import queries as payments_queries
from tests import make

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH, APRIL, MAY, JUNE = (Month.parse(f"2026-0{number}") for number in (2, 3, 4, 5, 6))
COLD_WATER, ELECTRICITY, CAPITAL_REPAIR, ANTENNA = 2, 1, 9, 12
D = Decimal


@pytest.fixture
def contract():
    return make.contract()


@pytest.fixture
def account():
    return make.account()


def owe(account, contract, amount="3000.00", month=FEBRUARY, service_id=COLD_WATER, **facts):
    make.ink(account, contract, service_id, month, amount, **facts)


def charge(month=MAY, day=date(2026, 5, 10), **scope):
    billing_operations.open_month(month=month)
    return operations.charge_penalties(month=month, day=day, **scope)


def lines(account, month=MAY):
    rows = Charge.objects.filter(account=account, month=month.first, kind=ChargeKind.PENALTY)
    assert all((row.line, row.for_month) == (0, month.first) for row in rows)
    return {(row.contract_id, row.service_id): row.amount for row in rows}


def pay(account, amount, paid_on, day=None, external_id="1"):
    payment = payments_operations.record_payment(
        channel="bank", external_id=external_id, number=account.number, amount=D(amount), paid_on=paid_on,
        day=day or paid_on, today=day or paid_on,
    )  # fmt: skip
    payments_operations.allocate_payment(payment.pk, day=day or paid_on)
    return payment


def test_a_debt_of_february_on_the_tenth_of_may(account, contract):
    owe(account, contract)
    summary = charge()
    # The 15th of March 2026 is a Sunday: due on the 16th, 55 days late, 25 of them at 1/300 of 9.5 %.
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}
    assert (summary.accounts, summary.lines, summary.amount, summary.inserted) == (1, 1, D("23.75"), 1)


def test_the_first_thirty_days_are_free(account, contract):
    owe(account, contract)
    charge(month=APRIL, day=date(2026, 4, 15))
    assert lines(account, APRIL) == {}
    charge(month=APRIL, day=date(2026, 4, 16))
    assert lines(account, APRIL) == {(contract.pk, COLD_WATER): D("0.95")}


def test_a_second_run_writes_nothing(account, contract):
    owe(account, contract)
    charge()
    entries = JournalEntry.objects.count()
    again = charge()
    assert (again.inserted, again.changed, again.removed) == (0, 0, 0)
    assert (again.lines, again.amount) == (1, D("23.75"))
    assert JournalEntry.objects.count() == entries


def test_every_night_the_line_grows_in_its_place(account, contract):
    owe(account, contract)
    charge()
    summary = charge(day=date(2026, 5, 11))
    assert (summary.inserted, summary.changed, summary.removed) == (0, 1, 0)
    assert lines(account) == {(contract.pk, COLD_WATER): D("24.70")}


def test_the_run_leaves_the_penalty_alone(account, contract):
    owe(account, contract)
    charge()
    billing_operations.run_billing(month=MAY, account_ids=[account.pk])
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}


def test_nothing_accrues_past_the_month_of_the_line(account, contract):
    owe(account, contract)
    charge(day=date(2026, 6, 20))
    assert lines(account) == {(contract.pk, COLD_WATER): D("43.70")}  # 46 days to 31 May


def test_posted_penalties_are_ink_and_the_next_month_charges_the_difference(account, contract):
    owe(account, contract)
    charge(day=MAY.last)
    billing_operations.post_month(month=MAY, today=MAY.next.first)
    charge(month=JUNE, day=date(2026, 6, 14))
    assert lines(account) == {(contract.pk, COLD_WATER): D("43.70")}
    # 60 days at 1/300 are 57.00 by 14 June.
    assert lines(account, JUNE) == {(contract.pk, COLD_WATER): D("13.30")}


def test_a_payment_counts_by_its_value_date(account, contract):
    owe(account, contract)
    payments_operations.open_day(date(2026, 5, 8))
    pay(account, "1000.00", date(2026, 4, 30), day=date(2026, 5, 8))
    charge()
    # 3 000 for 15 days (to 30 April, the day of payment too), then 2 000 for 10 days.
    assert lines(account) == {(contract.pk, COLD_WATER): D("14.25") + D("6.33")}


def test_a_register_that_comes_late_takes_the_phantom_days_back(account, contract):
    owe(account, contract)
    charge(day=MAY.last)
    billing_operations.post_month(month=MAY, today=MAY.next.first)
    payments_operations.open_day(date(2026, 6, 3))
    pay(account, "3000.00", date(2026, 5, 28), day=date(2026, 6, 3))
    charge(month=JUNE, day=date(2026, 6, 10))
    # Paid on 28 May: 43 days are 40.85, and 43.70 was charged.
    assert lines(account, JUNE) == {(contract.pk, COLD_WATER): D("-2.85")}


def test_a_reversal_is_as_if_never_paid(account, contract):
    owe(account, contract)
    for day in (date(2026, 4, 10), date(2026, 5, 12)):
        payments_operations.open_day(day)
    payment = pay(account, "3000.00", date(2026, 4, 10))
    charge()
    assert lines(account) == {}
    payments_operations.reverse_payment(
        payment_id=payment.pk, day=date(2026, 5, 12), reason="возврат банка", by=make.user()
    )
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}


def test_a_transfer_carries_the_day_of_the_payment_to_the_penalties_of_both(account, contract):
    right = make.account()
    for one in (account, right):
        owe(one, contract)
    for day in (date(2026, 4, 10), date(2026, 5, 12)):
        payments_operations.open_day(day)
    payment = pay(account, "3000.00", date(2026, 4, 10))
    charge()
    assert (lines(account), lines(right)) == ({}, {(contract.pk, COLD_WATER): D("23.75")})
    payments_operations.move_payment(
        payment_id=payment.pk, account_id=right.pk, day=date(2026, 5, 12), reason="не тот счёт", by=make.user()
    )
    charge()
    assert (lines(account), lines(right)) == ({(contract.pk, COLD_WATER): D("23.75")}, {})


def test_a_contested_payment_leaves_the_penalties_of_an_unpaid_debt(account, contract):
    owe(account, contract)
    for day in (date(2026, 4, 10), date(2026, 5, 12)):
        payments_operations.open_day(day)
    payment = payments_operations.record_payment(
        channel="card", external_id="1", number=account.number, amount=D("3000.00"), paid_on=date(2026, 4, 10),
        day=date(2026, 4, 10), today=date(2026, 4, 10),
    )  # fmt: skip
    payments_operations.allocate_payment(payment.pk, day=date(2026, 4, 10))
    charge()
    assert lines(account) == {}
    payments_operations.charge_back(
        payment_id=payment.pk, document="№ 1", claimed_on=date(2026, 5, 11), day=date(2026, 5, 12), by=make.user()
    )
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}


def test_a_refund_of_the_overpayment_leaves_the_debt_paid_in_time(account, contract):
    owe(account, contract)
    for day in (date(2026, 4, 10), date(2026, 5, 12)):
        payments_operations.open_day(day)
    pay(account, "3100.00", date(2026, 4, 10))
    payee = payments_operations.Requisites(
        "Иванова Мария Петровна", "", "045354601",
        rules.bank_account_with_key("40817810000000000001", "045354601"),
    )  # fmt: skip
    payments_operations.refund_advance(
        account_id=account.pk, amount=D("100.00"), number="1", applied_on=date(2026, 5, 12), requisites=payee,
        day=date(2026, 5, 12), by=make.user(),
    )  # fmt: skip
    charge()
    assert lines(account) == {}


def test_a_penalty_that_was_paid_stays_charged(account, contract):
    owe(account, contract)
    charge(day=MAY.last)
    billing_operations.post_month(month=MAY, today=MAY.next.first)
    payments_operations.open_day(date(2026, 6, 1))
    pay(account, "3043.70", date(2026, 6, 1))
    assert payments_queries.open_items(account_id=account.pk) == []
    charge(month=JUNE, day=date(2026, 6, 20))
    # 1 June itself accrued once more (0.95); the 43.70 that was posted and paid is not touched.
    assert lines(account, JUNE) == {(contract.pk, COLD_WATER): D("0.95")}


def test_a_line_that_lost_its_cause_vanishes_from_the_draft(account, contract):
    owe(account, contract)
    charge()
    payments_operations.open_day(date(2026, 5, 11))
    pay(account, "3000.00", date(2026, 4, 1), day=date(2026, 5, 11))
    assert charge().removed == 1
    assert lines(account) == {}


def test_chalk_is_no_debt(account, contract):
    billing_operations.open_month(month=FEBRUARY)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month,"
            " method, unit, days, amount) VALUES (%s, %s, %s, 1, 0, %s, %s, %s, 8, 6, 30, 3000)",
            [account.pk, contract.pk, COLD_WATER, FEBRUARY.first, account.house_id, FEBRUARY.first],
        )
    charge()
    assert lines(account) == {}
    billing_operations.post_month(month=FEBRUARY, today=MARCH.first)
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}


def test_debts_stand_apart_by_contract_service_and_month(account, contract):
    other = make.contract()
    owe(account, contract)
    owe(account, contract, "1000.00", service_id=ELECTRICITY)
    owe(account, other, "1500.00", month=MARCH, service_id=CAPITAL_REPAIR)
    charge(day=date(2026, 5, 20))
    assert lines(account) == {
        (contract.pk, COLD_WATER): D("33.25"),
        (contract.pk, ELECTRICITY): D("11.08"),
        (other.pk, CAPITAL_REPAIR): D("2.38"),  # due on 15 April: day 31 is 16 May, five days
    }


def test_a_credit_that_comes_later_counts_from_the_due_date(account, contract):
    owe(account, contract)
    charge(month=APRIL, day=APRIL.last)
    assert lines(account, APRIL) == {(contract.pk, COLD_WATER): D("14.25")}
    billing_operations.post_month(month=APRIL, today=APRIL.next.first)
    make.ink(account, contract, COLD_WATER, APRIL, "-1200.00", kind=ChargeKind.RECALCULATION, for_month=FEBRUARY)
    charge()
    # 1 800 for 25 days is 14.25: the excess of April pays for the ten days of May.
    assert lines(account) == {}
    charge(day=date(2026, 5, 11))
    assert lines(account) == {(contract.pk, COLD_WATER): D("0.57")}


def test_a_correction_that_adds_is_a_debt_of_its_document(account, contract):
    owe(account, contract)
    make.ink(account, contract, COLD_WATER, APRIL, "1200.00", kind=ChargeKind.RECALCULATION, for_month=FEBRUARY)
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("23.75")}


def test_overpaid_service_pays_the_older_debt_of_its_own_principal_only(account, contract):
    other = make.contract()
    owe(account, contract, "-3000.00", service_id=ELECTRICITY)
    owe(account, contract)
    owe(account, other, service_id=CAPITAL_REPAIR)
    charge()
    assert lines(account) == {(other.pk, CAPITAL_REPAIR): D("23.75")}


def test_services_outside_the_housing_code_bear_none(account, contract):
    owe(account, contract, service_id=ANTENNA)
    charge()
    assert lines(account) == {}
    PenaltyTerms.objects.create(
        contract=contract, service_id=ANTENNA, scale=6, due_day=20, act="договор, п. 5.2", valid_from=date(2026, 1, 1)
    )
    charge()
    # By contract: due on 20 March, 51 days at 1/300 of the key rate on the day of the calculation (14.5 %).
    assert lines(account) == {(contract.pk, ANTENNA): D("73.95")}


def test_an_organisation_pays_the_scale_of_the_industry_laws(contract):
    firm = make.organisation(kind=OrganisationKind.OTHER)
    account = make.account(payer_person=None, payer_organisation=firm)
    owe(account, contract)
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("184.04")}  # 3 000 × 55 × 14.5 % / 130


def test_an_agreement_stops_the_days_it_covers(account, contract):
    owe(account, contract)
    Moratorium.objects.create(
        account=account, valid_from=date(2026, 4, 21), valid_to=date(2026, 5, 1), act="соглашение о рассрочке № 7"
    )
    charge()
    assert lines(account) == {(contract.pk, COLD_WATER): D("4.75") + D("9.50")}


def test_only_open_months_take_penalties(account, contract):
    owe(account, contract)
    with pytest.raises(operations.PenaltiesRefused, match="не открыт"):
        operations.charge_penalties(month=MAY, day=date(2026, 5, 10))
    assert Charge.objects.filter(kind=ChargeKind.PENALTY).count() == 0


def test_one_account_alone(account, contract):
    neighbour = make.account()
    owe(account, contract)
    owe(neighbour, contract)
    charge(account_ids=[account.pk])
    assert lines(account) != {} and lines(neighbour) == {}
    charge(house_ids=[neighbour.house_id])
    assert lines(neighbour) == {(contract.pk, COLD_WATER): D("23.75")}


JANUARY = Month.parse("2026-01")


def close(month):
    ContractMonth.objects.filter(month=month.first).update(state=ContractMonthState.ISSUED)
    for day in payments_queries.operating_days(month=month):
        payments_operations.close_day(day=day)
    payments_operations.close_month(month=month)


@pytest.fixture
def closed_books(account, contract):
    """A debtor and a neighbour who paid January and February in time and March not yet; February is closed."""
    punctual = make.account()
    for month in (JANUARY, FEBRUARY, MARCH):
        owe(account, contract, month=month)
        owe(punctual, contract, month=month)
    for number, day in enumerate((date(2026, 2, 9), date(2026, 3, 11))):
        payments_operations.open_day(day)
        pay(punctual, "3000.00", day, external_id=f"p{number}")
    close(JANUARY)
    close(FEBRUARY)
    charge(month=APRIL, day=APRIL.last)
    billing_operations.post_month(month=APRIL, today=APRIL.next.first)
    billing_operations.open_month(month=MAY)
    return account, punctual


def same_from_the_whole(accounts, month=MAY):
    """What the bounded reading finds on several days, equal to what the whole history says: day → account → sum."""
    law, found = queries.law(), {}
    for day in (month.first, date(2026, month.first.month, 20), month.last):
        made = [
            queries.penalties_due(account_ids=accounts, month=month, law=law, until=day, whole=whole).sort("account_id")
            for whole in (False, True)
        ]
        assert made[0].equals(made[1])
        found[day.day] = {row[0]: row[3] for row in made[0].iter_rows()}
    return found


def test_settled_months_before_the_checkpoint_are_not_read(closed_books):
    debtor, punctual = closed_books
    law = queries.law()

    def items(account, *, whole):
        found = queries.open_debts(account_ids=[account.pk], month=MAY, law=law, whole=whole)
        return sorted(str(Month(month)) for month in found.items["month"].to_list())

    assert items(punctual, whole=False) == ["2026-02", "2026-03"]
    assert items(punctual, whole=True) == items(debtor, whole=False) == ["2026-01", "2026-02", "2026-03"]
    assert lines(punctual, APRIL) == {}
    found = same_from_the_whole([debtor.pk, punctual.pk])
    assert found[1] == {debtor.pk: D("1.90")}  # a day of January's debt and a day of February's
    assert found[20][punctual.pk] == D("4.75")


def test_news_about_a_settled_month_open_it_again(closed_books, contract):
    """A reversal of a payment of the closed books, and a correction of a month that was paid long ago."""
    debtor, punctual = closed_books
    january = payments_queries.payments_of_account(account_id=punctual.pk)[-1]
    payments_operations.open_day(date(2026, 5, 5))
    payments_operations.reverse_payment(
        payment_id=january.payment_id, day=date(2026, 5, 5), reason="возврат банка", by=make.user()
    )
    make.ink(debtor, contract, COLD_WATER, APRIL, "-500.00", kind=ChargeKind.RECALCULATION, for_month=JANUARY)
    found = same_from_the_whole([debtor.pk, punctual.pk])
    # January: 2 500 for 50 days is 39.58, and 46.55 was charged; February grew by a day, 0.95. The neighbour owes all
    # fifty days of 3 000.
    assert found[1] == {debtor.pk: D("-6.97") + D("0.95"), punctual.pk: D("47.50")}


def test_explained_in_words(account, contract):
    owe(account, contract)
    charge()
    (line,) = queries.explain_penalties(account_id=account.pk, month=MAY, on=date(2026, 5, 10))
    assert line.title == "Холодное водоснабжение, пени"
    assert line.text == (
        "Плата за февраль 2026 должна была поступить до 16.03.2026 включительно. "
        "С 16.04.2026 по 10.05.2026: 3 000,00 ₽ × 25 дн. × 9,5 % / 300 = 23,75 ₽."
    )
    assert line.formula == "ч. 14 ст. 155 ЖК РФ, ПП РФ от 18.03.2025 № 329"
    assert line.amount == D("23.75")


def test_explained_with_what_was_charged_before(account, contract):
    owe(account, contract)
    charge(day=MAY.last)
    billing_operations.post_month(month=MAY, today=MAY.next.first)
    charge(month=JUNE, day=date(2026, 6, 14))
    (line,) = queries.explain_penalties(account_id=account.pk, month=JUNE, on=date(2026, 6, 14))
    assert line.text.endswith("Раньше начислено 43,70 ₽, в этом месяце 13,30 ₽.")


def test_the_sheet_adds_up_and_prints(account, contract):
    owe(account, contract)
    owe(account, contract, "1000.00", month=MARCH)
    payments_operations.open_day(date(2026, 4, 30))
    pay(account, "1000.00", date(2026, 4, 30))
    sheet = queries.penalty_sheet(account_id=account.pk, on=date(2026, 5, 20))
    assert [(debt.month, debt.amount, len(debt.rows)) for debt in sheet.debts] == [
        (FEBRUARY.first, D("26.92"), 2),
        (MARCH.first, D("1.58"), 1),
    ]
    assert sheet.debts[0].payments == ((date(2026, 4, 30), D("1000.00")),)
    assert sheet.debts[0].rows[0].text == (
        "3 000,00 ₽ × 15 дн. × 9,5 % / 300 = 14,25 ₽; ч. 14 ст. 155 ЖК РФ, ПП РФ от 18.03.2025 № 329"
    )
    assert sheet.amount == sum(row.amount for debt in sheet.debts for row in debt.rows) == D("28.50")
    assert operations.print_sheet(account_id=account.pk, on=date(2026, 5, 20)).startswith(b"%PDF")


def test_the_cap_that_ends_is_told_in_december():
    law = queries.law()
    assert queries.warning_of_cap(law, date(2026, 11, 23)) == ""
    assert "31.12.2026" in queries.warning_of_cap(law, date(2026, 12, 1))


def test_penalty_lines_have_their_kind_and_one_number(account, contract):
    owe(account, contract)
    charge()
    (row,) = billing_queries.charges_of_account(account_id=account.pk, month=MAY)
    assert (row.kind_name, row.method_name, row.line, row.days) == ("Пени", "расчёт пени", 0, 0)
