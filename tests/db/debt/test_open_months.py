"""Settled months are one sum of the pair and are not read again; whatever comes about them opens them."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.calendar import Month
from accounts.models import OrganisationKind, PersonalAccount
from billing import operations as billing_operations
from billing.models import Charge, ChargeKind, ContractMonth, ContractMonthState, LawValue
from debt import operations, queries
from debt.models import Accrual, Moratorium, PenaltyBook, PenaltyTerms
from payments import operations as payments_operations
from payments import queries as payments_queries
from payments.models import OperatingDay
from tests import make

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY = (Month.parse(f"2026-0{number}") for number in range(1, 8))
HEAT, COLD_WATER, CAPITAL_REPAIR = 5, 2, 9
D = Decimal


def pay(account, amount, day, *, paid_on=None, external_id):
    payments_operations.open_day(day)
    payment = payments_operations.record_payment(
        channel="bank", external_id=external_id, number=account.number, amount=D(amount), paid_on=paid_on or day,
        day=day, today=day,
    )  # fmt: skip
    payments_operations.allocate_payment(payment.pk, day=day)
    return payment


def chalk(account, contract, service, amount, month, *, kind=1, for_month=None):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month,"
            " method, unit, days, amount) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 8, 6, 30, %s) ON CONFLICT DO NOTHING",
            [
                account.pk, contract.pk, service, kind, 1000 if kind == 4 else 0, month.first, account.house_id,
                (for_month or month).first, amount,
            ],
        )  # fmt: skip


def close(month):
    for day in OperatingDay.objects.filter(day__lt=month.next.first, state="open").order_by("day"):
        payments_operations.close_day(day=day.day)
    ContractMonth.objects.filter(month=month.first).exclude(state="closed").update(state=ContractMonthState.ISSUED)
    payments_operations.close_month(month=month)


def turn(month):
    """The month is over: penalties to its last day, ink, the books closed, the next one open."""
    operations.charge_penalties(month=month, day=month.last)
    billing_operations.post_month(month=month, today=month.next.first)
    close(month)
    billing_operations.open_month(month=month.next)


def stands(month):
    rows = Charge.objects.filter(month=month.first, kind=ChargeKind.PENALTY)
    return {(row.account_id, row.contract_id, row.service_id): row.amount for row in rows}


def from_ink(accounts, month, day):
    due = queries.penalties_due(
        account_ids=[account.pk for account in accounts], month=month, law=queries.law(), until=day, whole=True
    )
    return {row[:3]: row[3] for row in due.iter_rows()}


def months_read(account, month):
    """Months of debt that a computation of this night would read."""
    rules = queries.law()
    found = queries.open_debts(
        account_ids=[account.pk], month=month, law=rules,
        earlier=queries.earlier(month=month, now=queries.ground(month=month, rules=rules)),
    )  # fmt: skip
    return sorted(str(Month(one)) for one in found.items["month"].to_list())


@pytest.fixture
def debtor():
    """January was paid in March, late; February and March never. The books are closed up to April."""
    contract, account = make.contract(), make.account()
    for month in (JANUARY, FEBRUARY, MARCH):
        make.ink(account, contract, COLD_WATER, month, "3000.00")
    pay(account, "3000.00", date(2026, 4, 2), external_id="january")
    close(JANUARY)
    close(FEBRUARY)
    close(MARCH)
    billing_operations.open_month(month=APRIL)
    turn(APRIL)
    return account, contract


def test_a_new_month_reads_open_months_only(debtor):
    account, _ = debtor
    operations.charge_penalties(month=MAY, day=MAY.first)
    row = Accrual.objects.get(month=MAY.first)
    # 3 000 from 13 March, the 31st day, to 2 April: 21 days × 9.5 % / 300
    assert (row.open_from, row.settled_kopecks) == (FEBRUARY.first, 1995)
    assert months_read(account, MAY) == ["2026-02", "2026-03"]
    assert stands(MAY) == from_ink([account], MAY, MAY.first)
    turn(MAY)
    assert months_read(account, JUNE) == ["2026-02", "2026-03"]
    operations.charge_penalties(month=JUNE, day=JUNE.first)
    assert stands(JUNE) == from_ink([account], JUNE, JUNE.first) != {}
    assert list(PenaltyBook.objects.values_list("month", flat=True)) == [JUNE.first]
    assert set(Accrual.objects.values_list("month", "open_from")) == {(JUNE.first, FEBRUARY.first)}


def test_a_late_reversal_opens_an_old_month_again(debtor):
    account, _ = debtor
    operations.charge_penalties(month=MAY, day=MAY.first)
    turn(MAY)
    operations.charge_penalties(month=JUNE, day=JUNE.first)
    payment = payments_queries.payments_of_account(account_id=account.pk)[-1]
    day = date(2026, 6, 3)
    payments_operations.open_day(day)
    payments_operations.reverse_payment(payment_id=payment.payment_id, day=day, reason="возврат банка", by=make.user())
    assert months_read(account, JUNE) == ["2026-01", "2026-02", "2026-03"]
    operations.charge_penalties(month=JUNE, day=day)
    assert Accrual.objects.get(month=JUNE.first).open_from == JANUARY.first
    assert stands(JUNE) == from_ink([account], JUNE, day)


def test_a_correction_of_a_settled_month_opens_it(debtor):
    account, contract = debtor
    operations.charge_penalties(month=MAY, day=MAY.first)
    chalk(account, contract, COLD_WATER, D("-500.00"), MAY, kind=4, for_month=JANUARY)
    turn(MAY)
    assert months_read(account, JUNE) == ["2026-01", "2026-02", "2026-03"]
    operations.charge_penalties(month=JUNE, day=JUNE.first)
    assert stands(JUNE) == from_ink([account], JUNE, JUNE.first) != {}


def test_a_law_of_old_days_learnt_late_reads_everything(debtor):
    account, _ = debtor
    operations.charge_penalties(month=MAY, day=MAY.first)
    turn(MAY)
    Moratorium.objects.create(valid_from=date(2026, 3, 20), valid_to=date(2026, 3, 30), act="постановление")
    assert months_read(account, JUNE) == ["2026-01", "2026-02", "2026-03"]
    operations.charge_penalties(month=JUNE, day=JUNE.first)
    assert stands(JUNE) == from_ink([account], JUNE, JUNE.first)


def test_an_agreement_of_its_own_reads_the_account_whole(debtor):
    account, _ = debtor
    operations.charge_penalties(month=MAY, day=MAY.first)
    turn(MAY)
    Moratorium.objects.create(
        account=account, valid_from=date(2026, 3, 20), valid_to=date(2026, 3, 30), act="соглашение"
    )
    assert months_read(account, JUNE) == ["2026-01", "2026-02", "2026-03"]
    operations.charge_penalties(month=JUNE, day=JUNE.first)
    assert stands(JUNE) == from_ink([account], JUNE, JUNE.first)


def test_a_line_that_nothing_accrues_behind_goes_in_the_proof(debtor):
    account, contract = debtor
    neighbour = make.account()
    operations.charge_penalties(month=MAY, day=MAY.first)
    chalk(neighbour, contract, COLD_WATER, D("77.00"), MAY, kind=6)
    assert operations.charge_penalties(month=MAY, day=MAY.first).removed == 0  # a quiet night computes nobody
    proof = operations.charge_penalties(month=MAY, day=MAY.first, whole=True)
    assert (proof.removed, proof.recomputed) == (1, 1)
    assert {key[0] for key in stands(MAY)} == {account.pk}


def test_lines_of_the_run_are_not_for_those_above(debtor):
    before = Charge.objects.count()
    with pytest.raises(billing_operations.DraftRefused):
        billing_operations.draft_nothing(month=MAY, kind=ChargeKind.CHARGE, but="SELECT 0, 0, 0")
    assert Charge.objects.count() == before


class World:
    """Four accounts, two contracts, closed books; facts come at random while the months go on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.first, self.second = make.contract(), make.contract()
        self.firm = make.organisation(kind=OrganisationKind.OTHER)
        self.accounts = [make.account() for _ in range(3)]
        self.accounts.append(make.account(payer_person=None, payer_organisation=self.firm))
        self.payments: list[int] = []
        self.numbers = itertools.count()
        for account, month in itertools.product(self.accounts, (JANUARY, FEBRUARY, MARCH)):
            for contract, service in self.pairs():
                if self.random.random() < 0.8:
                    make.ink(account, contract, service, month, self.amount(3000))
        for contract, month in itertools.product((self.first, self.second), (JANUARY, FEBRUARY, MARCH)):
            state = make.contract_month(contract, month.first)
            ContractMonth.objects.filter(pk=state.pk, state="open").update(state="posted")
        for _ in range(5):
            self.pay(date(2026, 4, 10))
        for month in (JANUARY, FEBRUARY, MARCH):
            close(month)
        self.open(APRIL)

    def pairs(self):
        return [(self.first, HEAT), (self.first, COLD_WATER), (self.second, CAPITAL_REPAIR)]

    def amount(self, most):
        return D(self.random.randint(1, most * 100)) / 100

    def open(self, month):
        billing_operations.open_month(month=month)
        self.month = month
        for account in self.accounts:
            for contract, service in self.pairs():
                if self.random.random() < 0.8:
                    chalk(account, contract, service, self.amount(3000), month)

    def correct(self, day):
        account, (contract, service) = self.random.choice(self.accounts), self.random.choice(self.pairs())
        amount = self.amount(900) * self.random.choice([-1, -1, 1])
        about = self.random.choice([JANUARY, FEBRUARY, MARCH])
        chalk(account, contract, service, amount, self.month, kind=4, for_month=about)

    def pay(self, day):
        account = self.random.choice(self.accounts)
        late = self.random.choice([0, 0, 1, 3, 20, 45])
        payment = pay(
            account, self.amount(6000), day, paid_on=day - timedelta(days=late), external_id=str(next(self.numbers))
        )
        self.payments.append(payment.pk)

    def reverse(self, day):
        if self.payments:
            payments_operations.open_day(day)
            payment = self.payments.pop(self.random.randrange(len(self.payments)))
            payments_operations.reverse_payment(payment_id=payment, day=day, reason="возврат банка", by=make.user())

    def close_days(self, day):
        for one in OperatingDay.objects.filter(day__lt=day, state="open").order_by("day"):
            payments_operations.close_day(day=one.day)

    def agree(self, day):
        account = self.random.choice([*self.accounts, None])
        start = day - timedelta(days=self.random.randint(-5, 60))
        Moratorium.objects.create(
            account=account, contract=self.first if account is None else None, valid_from=start,
            valid_to=start + timedelta(days=9), act="соглашение",
        )  # fmt: skip

    def change_terms(self, day):
        contract, service = self.random.choice(self.pairs())
        if not PenaltyTerms.objects.filter(contract=contract, service_id=service).exists():
            PenaltyTerms.objects.create(
                contract=contract, service_id=service, scale=self.random.choice([4, 5, 6]), act="договор",
                valid_from=self.random.choice([date(2026, 1, 1), day]),
            )  # fmt: skip

    def change_rate(self, day):
        start = day + timedelta(days=self.random.randint(-40, 4))
        last = LawValue.objects.filter(code="key_rate", valid_from__lte=start).latest("valid_from")
        if last.valid_from < start:
            until = last.valid_to
            LawValue.objects.filter(pk=last.pk).update(valid_to=start)
            make.law_value("key_rate", self.random.choice(["7.25", "12.5"]), valid_from=start, valid_to=until)

    def change_payer(self, day):
        account = self.random.choice(self.accounts)
        firm = None if account.payer_organisation_id else self.firm.pk
        person = None if firm else make.person().pk
        PersonalAccount.objects.filter(pk=account.pk).update(payer_organisation_id=firm, payer_person_id=person)
        account.refresh_from_db()


FACTS = (
    [World.pay] * 9 + [World.reverse] * 2 + [World.close_days] * 3 + [World.correct] * 2
    + [World.agree, World.change_terms, World.change_rate, World.change_payer]
)  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_months_go_on_over_closed_books(seed):
    world = World(seed)
    sums = 0
    for month in (APRIL, MAY, JUNE):
        day = month.first + timedelta(days=10 if month == APRIL else 0)
        while day <= month.last:
            for _ in range(world.random.choice([0, 0, 1, 2])):
                world.random.choice(FACTS)(world, day)
            operations.charge_penalties(month=month, day=day)
            assert stands(month) == from_ink(world.accounts, month, day), f"{day}"
            sums += Accrual.objects.filter(month=month.first, settled_kopecks__gt=0).count()
            day += timedelta(days=world.random.choice([2, 4, 6]))
        if world.random.random() < 0.5:  # else the month's last night is the one of `turn`
            operations.charge_penalties(month=month, day=month.last, whole=True)
        turn(month)
        world.open(month.next)
    assert sums  # some pairs did stand on a sum
