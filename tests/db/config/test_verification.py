"""verify finds what came in by a side door, computes a sample again and says which."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.calendar import Month
from accounts.operations import note
from billing import operations
from billing.models import ProvisionMethod
from config import verification
from payments.operations import close_month
from tests import make

pytestmark = pytest.mark.django_db
JUNE = Month(date(2026, 6, 1))
D = Decimal


@pytest.fixture
def account() -> Any:
    """A flat of a house whose June is posted: 50 m² at 32.50."""
    contract, house = make.contract(), make.house()
    found = make.account(house=house)
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "32.50")
    operations.run_billing(month=JUNE)
    operations.post_month(month=JUNE, today=date(2026, 7, 1))
    return found


def broken(**scope: Any) -> dict[str, list[str]]:
    return {finding.name: finding.keys for finding in verification.findings(**scope) if finding.keys}


def by_a_side_door(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_posted_month_keeps_every_law(account: Any) -> None:
    assert broken() == {}
    assert broken(month=JUNE) == {}


def test_a_kopeck_put_into_ink_is_found_thrice(account: Any) -> None:
    by_a_side_door("UPDATE billing_charge SET amount = amount + 0.02")
    found = broken(month=JUNE)
    assert set(found) == {
        "сумма строки равна объёму на тариф", "чернила месяца те, что были проведены",
        "проведённый месяц, посчитанный снова, даёт те же копейки",
    }  # fmt: skip
    assert found["проведённый месяц, посчитанный снова, даёт те же копейки"] == [
        f"2026-06 · счёт {account.pk} · услуга 8 · вид 1 · строка 1 · иначе"
    ]
    assert broken(month=JUNE.next) == {}


def test_a_reading_of_a_later_month_blinds_nothing(account: Any) -> None:
    """An account is passed over for a fact of the posted month or of earlier ones, not for the next month's reading."""
    by_a_side_door("UPDATE billing_charge SET volume = 51, amount = 1657.50")
    key = f"2026-06 · счёт {account.pk} · услуга 8 · вид 1 · строка 1 · иначе"
    name = "проведённый месяц, посчитанный снова, даёт те же копейки"
    note("accounts.reading.submitted", account_id=account.pk, month=JUNE.next, day=date(2026, 7, 20))
    note("accounts.resident.settled", account_id=account.pk, since=date(2026, 7, 1))
    assert broken(month=JUNE)[name] == [key]
    note("accounts.absence.recorded", account_id=account.pk, left_on=date(2026, 6, 10), back_on=date(2026, 7, 20))
    assert name not in broken(month=JUNE)


@pytest.mark.parametrize(("kind", "more"), [(6, "5.00"), (5, "-100.00")])
def test_a_penalty_and_a_benefit_put_into_ink_are_found(account: Any, kind: int, more: str) -> None:
    by_a_side_door(
        "INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month,"
        " method, unit, days, amount) SELECT account_id, contract_id, service_id, %s, 0, month, house_id, for_month,"
        " method, unit, days, %s FROM billing_charge",
        kind, more,
    )  # fmt: skip
    (key,) = broken(month=JUNE)["чернила месяца те, что были проведены"]
    assert key.endswith(f"2026-06-01 · проведено · 1 · 1625.00 · стоит · 2 · {D('1625.00') + D(more)}")


def test_a_posting_erased_from_the_journal_is_found(account: Any) -> None:
    by_a_side_door("DELETE FROM accounts_journalentry WHERE event = 'billing.month.posted'")
    assert set(broken(month=JUNE)) == {"чернила месяца те, что были проведены"}


def test_a_held_account_that_is_let_go_is_no_forgery(account: Any) -> None:
    july = JUNE.next
    operations.run_billing(month=july)
    hold = operations.hold_account(account_id=account.pk, month=july, cause="проверка прибора")
    operations.post_month(month=july, today=date(2026, 8, 1))
    assert broken(month=july) == {}
    operations.release_hold(hold_id=hold.pk)
    by_a_side_door("UPDATE billing_hold SET released_at = released_at + interval '1 hour'")  # not one moment here
    assert broken(month=july) == {}


def test_a_balance_of_an_open_month_is_found(account: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('payments_balance', %s)", [JUNE.first])
    by_a_side_door(
        "INSERT INTO payments_balance (month, account_id, contract_id, service_id, house_id, opening, charged, paid,"
        " closing, penalty_opening, penalty_charged, penalty_paid, penalty_closing)"
        " SELECT month, account_id, contract_id, service_id, house_id, 0, amount, 0, amount, 0, 0, 0, 0"
        " FROM billing_charge"
    )
    assert broken(month=JUNE) == {"сальдо записаны только за закрытые месяцы": ["2026-06-01"]}


def test_what_is_computed_again_is_a_sample_that_is_named(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two houses in blocks of their own, one account to be computed: every second block is."""
    neighbour = make.account(house=make.house())
    make.provision(neighbour.house, 8, make.contract(), ProvisionMethod.PER_M2)
    monkeypatch.setattr("billing.queries.BLOCK", 1)
    monkeypatch.setattr(verification, "REPLAYED", 1)
    by_a_side_door("UPDATE billing_charge SET volume = 51, amount = 1657.50 WHERE account_id = %s", account.pk)
    replay = "проведённый месяц, посчитанный снова, даёт те же копейки"

    def told(**scope: Any) -> verification.Finding:
        return next(finding for finding in verification.findings(**scope) if finding.name == replay)

    assert (told().covers, len(told().keys)) == ("июнь 2026, счетов 1 из 2", 1)
    assert told(whole=True).covers == "июнь 2026, счетов 2 из 2"


def test_the_command_tells_seconds_and_ends_with_one(account: Any) -> None:
    out = io.StringIO()
    call_command("verify", month=JUNE, timing=True, stdout=out)
    assert "Все законы соблюдены." in out.getvalue()
    assert "0.0" in out.getvalue().splitlines()[0]
    by_a_side_door("UPDATE billing_charge SET amount = amount + 1")
    with pytest.raises(CommandError, match="Нарушено законов: 3"):
        call_command("verify", month=JUNE, stdout=out)


def test_a_closed_month_takes_no_more_balances(account: Any) -> None:
    close_month(month=JUNE)
    for sql in (
        "INSERT INTO payments_balance SELECT account_id + 1, contract_id, service_id, month, house_id, opening,"
        " charged, paid, closing, penalty_opening, penalty_charged, penalty_paid, penalty_closing"
        " FROM payments_balance",
        "INSERT INTO payments_balance_202606 SELECT account_id + 1, contract_id, service_id, month, house_id, opening,"
        " charged, paid, closing, penalty_opening, penalty_charged, penalty_paid, penalty_closing"
        " FROM payments_balance",
    ):
        with pytest.raises(DatabaseError, match=r"Месяц 06\.2026 закрыт"), transaction.atomic():
            connection.cursor().execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_balance")
        assert cursor.fetchone() == (1,)
    assert broken(month=JUNE) == {}


def test_a_contract_does_not_close_without_the_checkpoint(account: Any) -> None:
    refused = pytest.raises(DatabaseError, match="не закрыть отдельно")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_contractmonth SET state = 'closed'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    by_a_side_door("UPDATE billing_contractmonth SET state = 'closed'")
    assert set(broken(month=JUNE)) == {"сальдо записаны только за закрытые месяцы"}


def test_a_month_without_data_is_told_of(account: Any) -> None:
    out = io.StringIO()
    call_command("verify", month=Month.parse("2031-01"), stdout=out)
    assert out.getvalue() == "За январь 2031 данных нет: проверять нечего.\n"
