"""Drafts are chalk, postings are ink: the database refuses, whoever asks."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

import accounts.operations
import payments.operations
from accounts.calendar import Month
from accounts.database import copy_in
from accounts.models import JournalEntry, PersonalAccount, Reading, ReadingSource
from billing import operations, queries
from billing.columns import CHARGES
from billing.kinds import Kind
from billing.models import Charge, ContractMonth, ContractMonthState, Hold, ProvisionMethod, Tariff
from tests import make

pytestmark = pytest.mark.django_db
JUNE = Month(date(2026, 6, 1))
D = Decimal


def a_month(**flat: object) -> tuple[PersonalAccount, Tariff]:
    """One flat of 50 m² that pays 32.50 a metre, drafted for June."""
    contract = make.contract()
    account = make.account(**flat)
    make.provision(account.house, 8, contract, ProvisionMethod.PER_M2)
    tariff = make.tariff(contract, 8, "32.50")
    operations.run_billing(month=JUNE)
    return account, tariff


def amounts(account: PersonalAccount) -> list[Decimal]:
    return [row.amount for row in queries.charges_of_account(account_id=account.pk, month=JUNE)]


STATEMENTS = {
    "update": "UPDATE {table} SET amount = amount + 1",
    "update that moves a line": "UPDATE {table} SET line = line + 1",
    "delete": "DELETE FROM {table}",
    "insert": "INSERT INTO {table} SELECT account_id, contract_id, service_id, kind, 77, month, house_id, for_month,"
    " method, volume, unit, tariff, norm, multiplier, persons, area, days, amount FROM billing_charge",
    "truncate": "TRUNCATE {table}",
}


@pytest.mark.parametrize("table", ["billing_charge", "billing_charge_202606"])
@pytest.mark.parametrize("name", STATEMENTS)
def test_ink_is_refused(name: str, table: str) -> None:
    account, _ = a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    refused = pytest.raises(DatabaseError, match=r"проведён или не открыт|не очищают")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name].format(table=table))
    assert amounts(account) == [D("1625.00")]


def test_copy_into_ink_is_refused() -> None:
    account, _ = a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    row = Charge.objects.values_list(*CHARGES).get()
    fields = dict(zip(CHARGES, row, strict=True)) | {"line": 77}
    text = ",".join("" if value is None else str(value) for value in fields.values())
    with pytest.raises(psycopg2.DatabaseError, match="проведён"), transaction.atomic():
        copy_in("billing_charge_202606", list(CHARGES), io.BytesIO(text.encode()))
    assert amounts(account) == [D("1625.00")]


def test_charges_of_a_month_nobody_opened_are_refused() -> None:
    a_month()
    with connection.cursor() as cursor:  # a hand that switches the triggers off
        cursor.execute("SET LOCAL session_replication_role = replica")
        ContractMonth.objects.all().delete()
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(DatabaseError, match="не открыт"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_charge SET amount = 0")


def test_posting_moves_the_state_and_leaves_the_rows() -> None:
    account, _ = a_month()
    assert not queries.ink().exists()
    summary = operations.post_month(month=JUNE, today=JUNE.next.first)
    assert (summary.contracts, summary.lines, summary.amount) == (1, 1, D("1625.00"))
    assert list(queries.ink().values_list("amount", flat=True)) == [D("1625.00")]
    assert queries.charges_of_account(account_id=account.pk, month=JUNE)[0].is_ink
    assert ContractMonth.objects.get().posted_at is not None
    assert JournalEntry.objects.filter(event="billing.month.posted").count() == 1


def test_a_month_is_posted_once() -> None:
    a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    with pytest.raises(operations.PostingRefused, match="уже проведён"):
        operations.post_month(month=JUNE, today=JUNE.next.first)


def test_months_are_posted_in_turn() -> None:
    a_month()
    operations.run_billing(month=JUNE.next)
    with pytest.raises(operations.PostingRefused, match="июнь 2026"):
        operations.post_month(month=JUNE.next, today=JUNE.next.next.first)
    assert not queries.ink().exists()


def test_a_run_leaves_ink_alone() -> None:
    account, tariff = a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    summary = operations.run_billing(month=JUNE)
    assert (summary.inserted, summary.changed, summary.removed) == (0, 0, 0)
    assert amounts(account) == [D("1625.00")]


def test_a_held_account_stays_chalk_until_released() -> None:
    account, tariff = a_month()
    other = make.account(house=account.house)
    operations.run_billing(month=JUNE)
    hold = operations.hold_account(account_id=account.pk, month=JUNE, cause="Сомнительное показание")
    operations.post_month(month=JUNE, today=JUNE.next.first)
    assert list(queries.ink().values_list("account_id", flat=True)) == [other.pk]

    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    operations.run_billing(month=JUNE)
    assert amounts(account) == [D("2000.00")]  # its own chalk follows the facts
    assert amounts(other) == [D("1625.00")]  # its neighbour's ink does not

    with pytest.raises(operations.PostingRefused, match="удержано счетов 1"):
        operations.close_contract_months(month=JUNE)
    operations.release_hold(hold_id=hold.pk)
    assert queries.ink().count() == 2
    payments.operations.close_month(month=JUNE)
    assert ContractMonth.objects.get().state == ContractMonthState.CLOSED


def test_ink_cannot_be_held() -> None:
    account, _ = a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    with pytest.raises(operations.HoldRefused, match="уже проведены"):
        operations.hold_account(account_id=account.pk, month=JUNE, cause="поздно")
    assert not Hold.objects.exists()
    with pytest.raises(DatabaseError, match="уже проведены"), transaction.atomic():
        Hold.objects.create(account=account, month=JUNE.first, cause="мимо операции")
    assert not Hold.objects.exists()


def test_a_closed_month_is_not_calculated() -> None:
    a_month()
    operations.post_month(month=JUNE, today=JUNE.next.first)
    payments.operations.close_month(month=JUNE)
    with pytest.raises(operations.MonthNotOpen, match="закрыт"):
        operations.run_billing(month=JUNE)


def test_penalties_come_through_their_door_and_survive_the_run() -> None:
    account, _ = a_month()
    contract = ContractMonth.objects.get().contract_id
    line = operations.DraftLine(account.pk, contract, 8, 1, date(2026, 4, 1), D("12.34"))
    made = operations.draft_charges(month=JUNE, kind=Kind.PENALTY, lines=[line])
    assert made.inserted.height == 1
    operations.run_billing(month=JUNE)
    assert amounts(account) == [D("1625.00"), D("12.34")]
    again = operations.draft_charges(month=JUNE, kind=Kind.PENALTY, lines=[line])
    assert again.is_empty
    operations.draft_charges(month=JUNE, kind=Kind.PENALTY, lines=[], account_ids=[account.pk])
    assert amounts(account) == [D("1625.00")]


def test_kinds_of_the_run_are_not_drafted_from_above() -> None:
    account, _ = a_month()
    contract = ContractMonth.objects.get().contract_id
    line = operations.DraftLine(account.pk, contract, 8, 2, JUNE.first, D("1.00"))
    with pytest.raises(operations.DraftRefused):
        operations.draft_charges(month=JUNE, kind=Kind.CHARGE, lines=[line])
    with pytest.raises(operations.DraftRefused, match="доли копейки"):
        operations.draft_charges(
            month=JUNE, kind=Kind.PENALTY,
            lines=[operations.DraftLine(account.pk, contract, 8, 2, JUNE.first, D("1.005"))],
        )  # fmt: skip
    assert amounts(account) == [D("1625.00")]


def test_a_month_that_goes_on_is_not_posted() -> None:
    a_month()
    with pytest.raises(operations.PostingRefused, match="ещё не кончился"):
        operations.post_month(month=JUNE, today=JUNE.last)
    assert set(ContractMonth.objects.filter(month=JUNE.first).values_list("state", flat=True)) == {"open"}
    operations.post_month(month=JUNE, today=JUNE.next.first)


def test_a_month_to_come_is_not_drafted() -> None:
    with pytest.raises(CommandError, match="ещё не начался"):
        call_command("bill", "2031-01")
    assert not ContractMonth.objects.filter(month=date(2031, 1, 1)).exists()


def told(sql: str, *params: object) -> str:
    """What the database answers to a hand in the tables; empty if it obeys (and is undone)."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
            transaction.set_rollback(True)
    except DatabaseError as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize(
    "table",
    [
        "billing_contractmonth", "billing_hold", "billing_correction", "accounts_journalentry", "accounts_reading",
        "accounts_personalaccount", "accounts_agencycontract", "accounts_house", "accounts_user", "accounts_service",
        "epd_paymentdocument", "billing_tariffevent", "billing_tariff", "billing_norm", "billing_lawvalue",
        "billing_provision", "accounts_residency", "accounts_premisesarea", "accounts_commissionterms",
    ],
)  # fmt: skip
def test_what_lasts_is_never_emptied(table: str) -> None:
    assert "не очищают" in told(f"TRUNCATE {table} CASCADE")


def test_a_posted_month_cannot_be_opened_anew_by_removing_it() -> None:
    account, _ = a_month()
    assert "не удаляют" in told("DELETE FROM billing_contractmonth")  # it has drafts
    operations.post_month(month=JUNE, today=JUNE.next.first)
    assert "не удаляют" in told("DELETE FROM billing_contractmonth")
    assert "transition" in told("UPDATE billing_contractmonth SET state = 'open'")
    assert "записывается один раз" in told("UPDATE billing_contractmonth SET posted_at = now() + interval '1 day'")
    assert amounts(account) == [D("1625.00")]


def test_a_month_without_charges_may_go() -> None:
    make.contract()
    operations.open_month(month=JUNE)
    assert not told("DELETE FROM billing_contractmonth")


def test_a_hold_is_released_and_never_removed() -> None:
    account, _ = a_month()
    hold = operations.hold_account(account_id=account.pk, month=JUNE, cause="проверка")
    assert "не удаляют" in told("DELETE FROM billing_hold")
    assert "не удаляют" in told("UPDATE billing_hold SET cause = 'иное'")
    operations.release_hold(hold_id=hold.pk)
    assert "не удаляют" in told("UPDATE billing_hold SET released_at = now() + interval '1 day'")


def test_a_reading_that_ink_counted_keeps_its_value() -> None:
    account, _ = a_month()
    meter = make.meter(premises=account.premises)
    make.reading(meter, date(2026, 6, 20), "10", source=ReadingSource.OPERATOR)
    make.reading(meter, date(2026, 7, 20), "15")
    assert not told("UPDATE accounts_reading SET value = value + 1")
    operations.post_month(month=JUNE, today=JUNE.next.first)
    june = "WHERE month = '2026-06-01'"
    assert "вошло в проведённый" in told(f"UPDATE accounts_reading SET value = value + 1 {june}")
    assert "вошло в проведённый" in told(f"UPDATE accounts_reading SET month = '2026-07-01', counts = false {june}")
    assert "вошло в проведённый" in told(f"DELETE FROM accounts_reading {june}")
    assert not told(f"UPDATE accounts_reading SET verdict = 4, counts = false {june}")
    assert not told("DELETE FROM accounts_reading WHERE month = '2026-07-01'")
    with pytest.raises(accounts.operations.ReadingRefused, match="вошло в проведённый месяц"):
        accounts.operations.submit_reading(
            account_id=account.pk, meter_id=meter.pk, values={1: D(11)}, on=date(2026, 6, 20), by="тест",
            today=date(2026, 7, 25), source=ReadingSource.OPERATOR,
        )  # fmt: skip
    assert Reading.objects.get(month=JUNE.first).value == 10


def test_a_reading_of_a_held_account_may_be_put_right() -> None:
    account, _ = a_month()
    make.reading(make.meter(premises=account.premises), date(2026, 6, 20), "10")
    operations.hold_account(account_id=account.pk, month=JUNE, cause="показание под вопросом")
    operations.post_month(month=JUNE, today=JUNE.next.first)
    assert not told("UPDATE accounts_reading SET value = value + 1")
