"""Nights of penalties: what grows by a day is to the kopeck what computing everybody from ink gives, and the sheet."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.calendar import Month
from accounts.models import OrganisationKind, PersonalAccount, Run, RunBlock, RunState
from billing import operations as billing_operations
from billing import queries as billing_queries
from billing.models import Charge, ChargeKind, LawValue
from debt import operations, queries
from debt.models import Accrual, Moratorium, PenaltyBook, PenaltyTerms
from payments import operations as payments_operations
from tests import make

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH, APRIL, MAY = (Month.parse(f"2026-0{number}") for number in range(1, 6))
HEAT, COLD_WATER, CAPITAL_REPAIR = 5, 2, 9
D = Decimal


class World:
    """Four accounts, two contracts, three services; facts come at random, nights go on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.contracts = [make.contract(), make.contract()]
        firm = make.organisation(kind=OrganisationKind.OTHER)
        self.firm = firm
        self.accounts = [make.account() for _ in range(3)]
        self.accounts.append(make.account(payer_person=None, payer_organisation=firm))
        self.payments: list[int] = []
        self.numbers = itertools.count()
        self.april_is_open = True
        self.holds: list[int] = []
        for account in self.accounts:
            for month in (JANUARY, FEBRUARY, MARCH):
                for contract, service in self.pairs():
                    if self.random.random() < 0.7:
                        make.ink(account, contract, service, month, self.amount(5000))
        for contract in self.contracts:
            for month in (JANUARY, FEBRUARY, MARCH):
                state = make.contract_month(contract, month.first)
                type(state).objects.filter(pk=state.pk, state="open").update(state="posted")
        billing_operations.open_month(month=APRIL)
        billing_operations.open_month(month=MAY)
        for account in self.accounts:
            for contract, service in self.pairs():
                self.chalk(account, contract, service, self.amount(5000))
            if self.random.random() < 0.5:
                contract, service = self.random.choice(self.pairs())
                self.chalk(account, contract, service, -self.amount(900), kind=4, for_month=FEBRUARY)

    def pairs(self):
        first, second = self.contracts
        return [(first, HEAT), (first, COLD_WATER), (second, CAPITAL_REPAIR)]

    def amount(self, most):
        return D(self.random.randint(1, most * 100)) / 100

    def chalk(self, account, contract, service, amount, kind=1, for_month=APRIL):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id,"
                " for_month, method, unit, days, amount) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 8, 6, 30, %s)",
                [
                    account.pk, contract.pk, service, kind, 1000 if kind == 4 else 0, APRIL.first, account.house_id,
                    for_month.first, amount,
                ],
            )  # fmt: skip

    def pay(self, day):
        """A payment of some earlier value date, or of today, booked on the day."""
        account = self.random.choice(self.accounts)
        payments_operations.open_day(day)
        payment = payments_operations.record_payment(
            channel="bank", external_id=str(next(self.numbers)), number=account.number, amount=self.amount(4000),
            paid_on=day - timedelta(days=self.random.choice([0, 0, 1, 3, 20, 45])), day=day, today=day,
        )  # fmt: skip
        payments_operations.allocate_payment(payment.pk, day=day)
        self.payments.append(payment.pk)

    def reverse(self, day):
        if self.payments:
            payments_operations.open_day(day)
            payment = self.payments.pop(self.random.randrange(len(self.payments)))
            payments_operations.reverse_payment(payment_id=payment, day=day, reason="возврат банка", by=make.user())

    def close_days(self, day):
        for one in payments_operations_days(before=day):
            payments_operations.close_day(day=one)

    def post(self, day):
        if self.april_is_open:
            operations.charge_penalties(month=APRIL, day=APRIL.last)
            billing_operations.post_month(month=APRIL, today=day)
            self.april_is_open = False

    def agree(self, day):
        account = self.random.choice([*self.accounts, None])
        contract = self.random.choice(self.contracts) if account is None else None
        start = day - timedelta(days=self.random.randint(-5, 40))
        Moratorium.objects.create(
            account=account, contract=contract, valid_from=start, valid_to=start + timedelta(days=9), act="соглашение"
        )

    def change_terms(self, day):
        contract, service = self.random.choice(self.pairs())
        if not PenaltyTerms.objects.filter(contract=contract, service_id=service).exists():
            PenaltyTerms.objects.create(
                contract=contract, service_id=service, scale=self.random.choice([4, 5, 6]), act="договор",
                valid_from=date(2026, 1, 1),
            )  # fmt: skip

    def change_rate(self, day):
        """The Bank of Russia: known a few days before, or learnt of some days after."""
        start = day + timedelta(days=self.random.randint(-3, 4))
        last = LawValue.objects.filter(code="key_rate", valid_from__lte=start).latest("valid_from")
        if last.valid_from < start:
            until = last.valid_to
            LawValue.objects.filter(pk=last.pk).update(valid_to=start)
            make.law_value(
                "key_rate", self.random.choice(["7.25", "12.5", "21"]), valid_from=start, valid_to=until
            )  # fmt: skip

    def change_payer(self, day):
        account = self.random.choice(self.accounts)
        firm = None if account.payer_organisation_id else self.firm.pk
        person = None if firm else make.person().pk
        PersonalAccount.objects.filter(pk=account.pk).update(payer_organisation_id=firm, payer_person_id=person)
        account.refresh_from_db()

    def hold(self, day):
        if self.april_is_open and not self.holds:
            account = self.random.choice(self.accounts)
            billing_operations.hold_account(account_id=account.pk, month=APRIL, cause="проверка", by=make.user())
            self.holds.append(account.pk)


def payments_operations_days(*, before):
    from payments.models import OperatingDay

    return list(OperatingDay.objects.filter(day__lt=before, state="open").order_by("day").values_list("day", flat=True))


FACTS = (
    [World.pay] * 8 + [World.reverse] * 3 + [World.close_days] * 3 + [World.post] * 2
    + [World.agree, World.change_terms, World.change_rate, World.change_payer, World.hold]
)  # fmt: skip


def stands(month):
    rows = Charge.objects.filter(month=month.first, kind=ChargeKind.PENALTY)
    return {(row.account_id, row.contract_id, row.service_id): row.amount for row in rows}


def from_ink(world, month, day):
    due = queries.penalties_due(
        account_ids=[account.pk for account in world.accounts], month=month, law=queries.law(), until=day, whole=True
    )
    return {row[:3]: row[3] for row in due.iter_rows()}


@pytest.mark.parametrize("seed", range(6))
def test_growth_is_what_computing_everybody_gives(seed):
    world = World(seed)
    day = MAY.first
    recomputed = []
    while day <= MAY.last:
        for _ in range(world.random.choice([0, 1, 1, 2])):
            world.random.choice(FACTS)(world, day)
        if world.april_is_open:
            operations.charge_penalties(month=APRIL, day=day)
        summary = operations.charge_penalties(month=MAY, day=day)
        recomputed.append(summary.recomputed)
        assert stands(MAY) == from_ink(world, MAY, day)
        if world.april_is_open:
            assert stands(APRIL) == from_ink(world, APRIL, APRIL.last)
        assert queries.astray(month=MAY, account_ids=[account.pk for account in world.accounts]).height == 0
        if summary.recomputed == 0:  # the sheet is slow: look at it when the night was quiet
            account = world.random.choice(world.accounts)
            sheet = queries.penalty_sheet(account_id=account.pk, on=day)
            mine = sum(amount for key, amount in stands(MAY).items() if key[0] == account.pk)
            if day < MAY.last:
                assert sheet.amount - sheet.charged_before == mine
        day += timedelta(days=world.random.choice([1, 1, 1, 2, 3]))
    assert min(recomputed) < len(world.accounts)  # some nights did only grow
    operations.charge_penalties(month=MAY, day=MAY.last)
    proof = operations.charge_penalties(month=MAY, day=MAY.last, whole=True)
    assert (proof.astray, proof.inserted, proof.changed, proof.removed) == (0, 0, 0, 0)


@pytest.fixture
def debtors():
    contract = make.contract()
    accounts = [make.account() for _ in range(3)]
    for account in accounts:
        make.ink(account, contract, COLD_WATER, FEBRUARY, "3000.00")
    billing_operations.open_month(month=MAY)
    return accounts, contract


def night(day, **scope):
    return operations.charge_penalties(month=MAY, day=date(2026, 5, day), **scope)


def test_a_quiet_night_computes_nobody(debtors):
    assert night(10).recomputed == 3
    grown = night(11)
    assert (grown.recomputed, grown.changed, grown.amount) == (0, 3, 3 * D("24.70"))
    assert night(12).amount == 3 * D("25.65")


def test_only_the_account_that_paid_is_computed_anew(debtors):
    accounts, _ = debtors
    night(10)
    payments_operations.open_day(date(2026, 5, 11))
    payment = payments_operations.record_payment(
        channel="bank", external_id="1", number=accounts[0].number, amount=D("3000.00"), paid_on=date(2026, 5, 11),
        day=date(2026, 5, 11), today=date(2026, 5, 11),
    )  # fmt: skip
    payments_operations.allocate_payment(payment.pk, day=date(2026, 5, 11))
    summary = night(12)
    assert summary.recomputed == 1
    assert sorted(stands(MAY).values()) == [D("24.70"), D("25.65"), D("25.65")]


def test_a_night_backwards_is_computed_anew(debtors):
    night(20)
    assert night(10).amount == 3 * D("23.75")
    assert night(21).amount == 3 * D("34.20")


def test_a_proof_tells_of_what_went_astray(debtors, caplog):
    accounts, contract = debtors
    night(10)
    Accrual.objects.filter(account_id=accounts[1].pk).update(accrued_kopecks=[1, 2, 3, 4, 5])
    assert night(11).amount == 2 * D("24.70") + D("0.02")
    found = queries.astray(month=MAY, account_ids=[account.pk for account in accounts])
    assert found.rows() == [(accounts[1].pk, contract.pk, COLD_WATER, D("0.02"), D("24.70"))]
    proof = night(12, whole=True)
    assert (proof.astray, proof.amount) == (1, 3 * D("25.65"))
    assert "Расхождений с полным пересчётом, исправлено: 1." in str(proof)
    assert night(13).amount == 3 * D("26.60")


def test_a_run_that_was_killed_is_begun_anew(debtors):
    night(10)
    run = operations.nights._start(
        MAY, date(2026, 5, 11), whole=False, proof=False, law=queries.law(), news=frozenset()
    )
    again = night(11)
    assert (again.changed, again.amount) == (3, 3 * D("24.70"))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert operations.take_blocks(run.pk) == 0  # a hand that comes late finds nothing to do
    assert not RunBlock.objects.filter(run__state=RunState.RUNNING).exists()


def test_what_a_month_foresaw_is_forgotten_when_it_is_over(debtors):
    night(31)
    billing_operations.post_month(month=MAY, today=MAY.next.first)
    june = MAY.next
    billing_operations.open_month(month=june)
    operations.charge_penalties(month=june, day=june.first)
    assert list(PenaltyBook.objects.values_list("month", flat=True)) == [june.first]
    assert set(Accrual.objects.values_list("month", "posted_kopecks")) == {(june.first, 4370)}
    assert Run.objects.filter(kind=operations.KIND, state=RunState.DONE).count() == 2
    assert billing_queries.open_months() == [june]
