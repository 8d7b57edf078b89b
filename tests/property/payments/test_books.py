"""The books under everything at once: payments, reversals, corrections, closings, remittances and kills in any order.

After every step laws 2, 4 and 5 hold over all rows (the checks of `verify`), and the balances are what a list of sums
in the test says they are.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts import rules
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO
from config import verification
from config.verification import Scope
from payments import desk_queries, operations, queries
from payments.models import (
    CashMovement,
    CashReceipt,
    CashShift,
    Channel,
    MovementKind,
    OperatingDay,
    OperatingDayState,
    Payment,
    PaymentState,
    Remittance,
    RemittanceState,
)
from payments.operations import Incoming
from tests import make

pytestmark = pytest.mark.django_db

BEGIN = date(2026, 9, 28)  # a month ends within a few steps
LAWS = [check for check in verification.CHECKS if check.law in (2, 4, 5)]
LAWS += [check for check in verification.CHECKS if check.name == "части платежа равны платежу"]
WALKS = [walk for walk in verification.WALKS if walk.law == 5]
INK = [  # rows that stay as they are once they are there
    ("payments_allocation", "true"), ("payments_balance", "true"), ("payments_reversal", "true"),
    ("payments_cashmovement", "true"), ("payments_cashshift", "closed_at IS NOT NULL"),
    ("payments_operatingday", "state = 'closed'"), ("payments_closedmonth", "true"),
]  # fmt: skip
PAYEE = operations.Requisites(
    recipient="Иванова Мария Петровна", inn="", bik="045354601",
    bank_account=rules.bank_account_with_key("40817810000000000001", "045354601"),
)  # fmt: skip
LIVE = (PaymentState.ACCEPTED, PaymentState.ALLOCATED)

sums = st.integers(1, 30_000).map(lambda units: Decimal(units) / 100)
places = st.integers(0, 2)
some = st.integers(0, 10_000)  # which of the rows that are there, by its place among them


class Killed(BaseException):
    """The worker is gone: not an Exception, so that nothing may catch it and go on."""


def killed_after(statements):
    """What a connection does when its worker is killed after so many statements."""
    left = [statements]

    def execute(run, sql, params, many, context):
        if "SAVEPOINT" in sql:  # what stands for BEGIN, COMMIT and the server's own ROLLBACK here
            return run(sql, params, many, context)
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return run(sql, params, many, context)

    return execute


class Books(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.today = BEGIN
        self.water, self.heat = make.contract(percent="2.5"), make.contract(percent="1.3")
        house = make.house()
        self.accounts = [make.account(house=house) for _ in range(3)]
        self.office, self.cashier, self.second = make.office(), make.user(), make.user()
        make.agent()
        Channel.objects.filter(pk__in=["cash", "card"]).update(receipts_from=BEGIN)
        self.charged = {account.pk: ZERO for account in self.accounts}
        self.number = 0
        self.seen = set()
        self.charge(0, True, Decimal("150.00"), False)

    def teardown(self):
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    # --- helpers

    def name(self):
        self.number += 1
        return f"№{self.number}"

    def one_of(self, rows, place):
        found = list(rows.order_by("pk"))
        return found[place % len(found)] if found else None

    def payment(self, place, *states):
        return self.one_of(Payment.objects.filter(state__in=states), place)

    # --- debts

    @rule(place=places, water=st.booleans(), amount=sums, is_penalty=st.booleans())
    def charge(self, place, water, amount, is_penalty):
        self.ink(place, water, amount, 6 if is_penalty else 1)

    @rule(place=places, water=st.booleans(), amount=sums)
    def correct(self, place, water, amount):
        self.ink(place, water, -amount, 3)

    def ink(self, place, water, amount, kind):
        account, contract = self.accounts[place], self.water if water else self.heat
        make.ink(account, contract, 2 if water else 5, Month.of(self.today), amount, kind=kind)
        self.charged[account.pk] += amount

    # --- money in

    @rule(chosen=st.sets(places, min_size=1), amount=sums, over=sums, card=st.booleans())
    def at_the_desk(self, chosen, amount, over, card):
        facts = {
            "lines": [(self.accounts[place].pk, amount) for place in sorted(chosen)],
            "given": amount * len(chosen) + over, "office_id": self.office.pk, "by": self.cashier, "on": self.today,
            "card": card, "key": self.name(),
        }  # fmt: skip
        with suppress(Refusal):
            first = operations.take_cash(**facts)
            assert operations.take_cash(**facts) == first
            assert first.change == (0 if card else over)

    @rule(place=st.integers(0, 4), amount=sums, late=st.integers(0, 40))
    def by_bank(self, place, amount, late):
        number = self.accounts[place].number if place < 3 else "нет такого"
        facts = {
            "channel": "bank", "external_id": self.name(), "number": number, "amount": amount,
            "paid_on": self.today - timedelta(days=late), "day": self.today, "today": self.today,
        }  # fmt: skip
        with suppress(Refusal):
            first = operations.record_payment(**facts)
            assert operations.record_payment(**facts).pk == first.pk

    @rule(rows=st.lists(st.tuples(st.integers(0, 4), sums), min_size=1, max_size=5))
    def by_register(self, rows):
        incoming = [
            Incoming(self.name(), self.accounts[place].number if place < 3 else "56000", amount, self.today)
            for place, amount in rows
        ]
        with suppress(Refusal):
            for _ in range(2):
                judged = operations.record_payments(channel="post", rows=incoming, day=self.today, today=self.today)
            assert {row.verdict for row in judged} == {"уже был принят"}

    # --- money moved and given back

    @rule(place=some, refund=st.booleans())
    def reverse(self, place, refund):
        if payment := self.payment(place, *LIVE, PaymentState.UNIDENTIFIED):
            with suppress(Refusal):
                operations.reverse_payment(
                    payment_id=payment.pk, day=self.today, reason="ошибка", by=self.cashier, refund=refund,
                    requisites=PAYEE if refund else None,
                )  # fmt: skip

    @rule(place=some, to=places)
    def move(self, place, to):
        if payment := self.payment(place, *LIVE):
            with suppress(Refusal):
                operations.move_payment(
                    payment_id=payment.pk, account_id=self.accounts[to].pk, day=self.today, reason="не тот счёт",
                    by=self.cashier,
                )  # fmt: skip

    @rule(place=places, amount=sums)
    def refund(self, place, amount):
        account = self.accounts[place]
        free = sum((row.amount for row in queries.free_advances(account_ids=[account.pk])), ZERO)
        if free:
            with suppress(Refusal):
                operations.refund_advance(
                    account_id=account.pk, amount=min(free, amount), number=self.name(), applied_on=self.today,
                    requisites=PAYEE, day=self.today, by=self.cashier,
                )  # fmt: skip

    @rule(place=some)
    def charge_back(self, place):
        if payment := self.one_of(Payment.objects.filter(state__in=LIVE, channel="card"), place):
            with suppress(Refusal):
                operations.charge_back(
                    payment_id=payment.pk, document="сообщение банка", claimed_on=self.today, day=self.today,
                    by=self.cashier,
                )  # fmt: skip

    @rule(place=some, to=places)
    def assign(self, place, to):
        if payment := self.payment(place, PaymentState.UNIDENTIFIED):
            with suppress(Refusal):
                operations.assign_payment(
                    payment_id=payment.pk, account_id=self.accounts[to].pk, day=self.today, by=self.cashier
                )

    @rule(place=some)
    def cancel_receipt(self, place):
        if receipt := self.one_of(CashReceipt.objects.all(), place):
            with suppress(Refusal):
                operations.cancel_receipt(number=receipt.number, reason="ошибка", by=self.cashier, on=self.today)

    @rule(amount=sums)
    def collect(self, amount):
        shift = CashShift.objects.filter(closed_at=None).first()
        with suppress(Refusal):
            operations.collect_cash(shift_id=shift.pk if shift else 0, amount=amount, document="сумка", by=self.cashier)

    @rule()
    def close_shift(self):
        for shift in CashShift.objects.filter(closed_at=None):
            counted = desk_queries.sums_of_shift(shift).left
            operations.close_shift(shift_id=shift.pk, counted=counted, by=self.cashier, at=timezone.now())

    # --- the books

    @rule()
    def allocate(self):
        with suppress(Refusal):
            operations.allocate_day(day=self.today)

    @rule()
    def use_advances(self):
        with suppress(Refusal):
            operations.consume_advances(month=Month.of(self.today), day=self.today)

    @rule()
    def offset_advances(self):
        at = datetime.combine(self.today, time(12), tzinfo=timezone.get_default_timezone())
        operations.make_offset_receipts(month=Month.of(self.today).previous, at=at)

    @rule(days=st.integers(1, 3))
    def night(self, days):
        with suppress(Refusal):
            operations.close_days(until=self.today, today=self.today)
        self.today += timedelta(days=days)
        self.close_shift()  # tomorrow's receipts need a shift of their own

    @rule()
    def close_month(self):
        with suppress(Refusal):
            operations.close_days(until=Month.of(self.today).first - timedelta(days=1), today=self.today)
            operations.close_month(month=Month.of(self.today).previous)

    @rule()
    def remit(self):
        last = OperatingDay.objects.filter(state=OperatingDayState.CLOSED).order_by("-day").first()
        if last is not None:
            with suppress(Refusal):
                operations.remit_day(day=last.day, by=self.cashier)
                before = Remittance.objects.count()
                operations.remit_day(day=last.day, by=self.cashier)
                assert Remittance.objects.count() == before

    @rule(place=some)
    def send(self, place):
        if row := self.one_of(Remittance.objects.filter(state=RemittanceState.FORMED), place):
            with suppress(Refusal):
                make.released(row.day, self.second, self.today)
                operations.mark_remittance_sent(day=row.day, by=self.second)

    @rule(place=some, is_rejected=st.booleans())
    def bank_answers(self, place, is_rejected):
        if row := self.one_of(Remittance.objects.filter(state=RemittanceState.SENT), place):
            with suppress(Refusal):
                if is_rejected:
                    operations.reject_remittance(remittance_id=row.pk, reason="счёт закрыт", by=self.cashier)
                    operations.resend_remittance(remittance_id=row.pk, on=self.today, by=self.cashier)
                else:
                    operations.confirm_remittance(remittance_id=row.pk, on=self.today, by=self.cashier)

    # --- the worker is killed between two statements; what it did not finish is done by the next one

    @precondition(lambda self: Payment.objects.exists())
    @rule(
        what=st.sampled_from(
            ["reverse", "move", "refund", "assign", "allocate", "night", "close_month", "remit", "cancel"]
        ),
        place=some, statements=st.integers(1, 25),
    )  # fmt: skip
    def killed(self, what, place, statements):
        work = {
            "reverse": lambda: self.reverse(place, False), "move": lambda: self.move(place, place % 3),
            "refund": lambda: self.refund(place % 3, Decimal("1.00")),

            "assign": lambda: self.assign(place, place % 3), "allocate": self.allocate,
            "night": lambda: self.night(1), "close_month": self.close_month, "remit": self.remit,
            "cancel": lambda: self.cancel_receipt(place),
        }[what]  # fmt: skip
        with suppress(Killed), connection.execute_wrapper(killed_after(statements)):
            work()
        assert not transaction.get_rollback()

    # --- the laws

    @invariant()
    def laws_hold(self):
        broken = [finding for law in (*LAWS, *WALKS) if (finding := verification.found(law, Scope())).keys]
        assert not broken

    @invariant()
    def ink_stays(self):
        now = set()
        for table, condition in INK:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT '{table}', stands::text FROM {table} AS stands WHERE {condition}")
                now |= set(cursor.fetchall())
        assert self.seen <= now
        self.seen = now

    @invariant()
    def drawers_add_up(self):
        taken = CashMovement.objects.filter(kind=MovementKind.RECEIPT).values_list("receipt_id", flat=True)
        assert set(taken) == set(CashReceipt.objects.values_list("pk", flat=True))
        assert all(desk_queries.sums_of_shift(shift).left >= 0 for shift in CashShift.objects.all())

    @invariant()
    def balances_are_the_plain_sums(self):
        owed = dict(self.charged)
        live = Payment.objects.filter(state__in=LIVE)
        for account_id, amount in live.values_list("account_id", "amount"):
            owed[account_id] -= amount
        assert queries.balances(account_ids=list(owed), on=self.today + timedelta(days=400)) == owed


def test_the_books_hold_under_everything_at_once():
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
