"""Drafts follow the facts: only what differs is written, line numbers stay, what is gone vanishes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

import accounts.operations
from accounts.calendar import Month
from accounts.models import PersonalAccount, Run, RunBlock, RunState, Touch
from billing import operations, queries, tasks
from billing.models import Charge, ContractMonth, ProvisionException, ProvisionMethod, Tariff
from tests import make

JUNE = Month(date(2026, 6, 1))
D = Decimal


def a_house(flats: int = 1) -> tuple[list[PersonalAccount], Tariff]:
    contract = make.contract()
    house = make.house()
    found = [make.account(house=house, persons=1) for _ in range(flats)]
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.provision(house, 13, contract, ProvisionMethod.PER_ACCOUNT)
    make.tariff(contract, 13, "48")
    return found, make.tariff(contract, 8, "32.50")


def amounts(account: PersonalAccount, month: Month = JUNE) -> dict[tuple[int, int], Decimal]:
    rows = queries.charges_of_account(account_id=account.pk, month=month)
    return {(row.service_id, row.line): row.amount for row in rows}


@pytest.mark.django_db
def test_only_what_differs_is_written() -> None:
    (account,), tariff = a_house()
    operations.run_billing(month=JUNE)
    places = dict(Charge.objects.values_list("service_id", "amount"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT service_id, xmin::text FROM billing_charge")
        before = dict(cursor.fetchall())
    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    summary = operations.run_billing(month=JUNE)
    assert (summary.inserted, summary.changed, summary.removed) == (0, 1, 0)
    assert amounts(account) == {(8, 1): D("2000.00"), (13, 1): D("48.00")}
    assert places == {8: D("1625.00"), 13: D("48.00")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_charge WHERE service_id = 13 AND xmin::text = %s", [before[13]])
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_vanished_lines_are_removed_and_return() -> None:
    (account,), _ = a_house()
    operations.run_billing(month=JUNE)
    exception = ProvisionException.objects.create(
        account=account, service_id=13, method=None, ground="домофон отключён", valid_from=JUNE.first
    )
    assert operations.run_billing(month=JUNE).removed == 1
    assert amounts(account) == {(8, 1): D("1625.00")}
    exception.delete()
    assert operations.run_billing(month=JUNE).inserted == 1
    assert amounts(account) == {(8, 1): D("1625.00"), (13, 1): D("48.00")}


@pytest.mark.django_db
def test_an_exception_is_for_its_account_and_its_days() -> None:
    (account, neighbour), _ = a_house(2)
    ProvisionException.objects.create(
        account=account, service_id=13, method=None, ground="отключён на десять дней",
        valid_from=date(2026, 6, 11), valid_to=date(2026, 6, 21),
    )  # fmt: skip
    operations.run_billing(month=JUNE)
    assert amounts(account) == {(8, 1): D("1625.00"), (13, 1): D("16.00"), (13, 2): D("16.00")}
    assert amounts(neighbour) == {(8, 1): D("1625.00"), (13, 1): D("48.00")}


@pytest.mark.django_db
def test_a_new_tariff_inside_the_month_is_a_new_line() -> None:
    (account,), tariff = a_house()
    Tariff.objects.filter(pk=tariff.pk).update(valid_to=date(2026, 6, 11))
    make.tariff(tariff.contract, 8, "40", valid_from=date(2026, 6, 11))
    operations.run_billing(month=JUNE)
    # 50 m² × 32.50 × 10/30 and 50 m² × 40 × 20/30
    assert amounts(account) == {(8, 1): D("541.67"), (8, 2): D("1333.33"), (13, 1): D("48.00")}


@pytest.mark.django_db
def test_a_service_that_passes_to_another_contract_is_charged_by_days() -> None:
    (account,), tariff = a_house()
    newcomer = make.contract()
    provision = account.house.provisions.get(service_id=8)
    provision.valid_to = date(2026, 6, 16)
    provision.save()
    make.provision(account.house, 8, newcomer, ProvisionMethod.PER_M2, valid_from=date(2026, 6, 16))
    make.tariff(newcomer, 8, "32.50")
    operations.run_billing(month=JUNE)
    rows = queries.charges_of_account(account_id=account.pk, month=JUNE)
    assert [(row.contract_id, row.days, row.amount) for row in rows if row.service_id == 8] == [
        (tariff.contract_id, 15, D("812.50")),
        (newcomer.pk, 15, D("812.50")),
    ]


@pytest.mark.django_db
def test_a_closed_account_keeps_no_drafts() -> None:
    (account,), _ = a_house()
    operations.run_billing(month=JUNE)
    PersonalAccount.objects.filter(pk=account.pk).update(closed_on=JUNE.first)
    assert operations.run_billing(month=JUNE).removed == 2
    assert amounts(account) == {}


@pytest.mark.django_db
def test_one_account_and_one_house_can_be_drafted_alone() -> None:
    (account, neighbour), _ = a_house(2)
    operations.run_billing(month=JUNE, account_ids=[account.pk])
    assert len(amounts(account)) == 2
    assert amounts(neighbour) == {}
    operations.run_billing(month=JUNE, house_ids=[account.house_id])
    assert amounts(neighbour) == amounts(account)
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_a_month_far_away_is_refused_and_nothing_is_made() -> None:
    a_house()
    operations.run_billing(month=JUNE)
    with pytest.raises(operations.MonthNotOpen, match="ещё далеко"):
        operations.run_billing(month=JUNE + 5)
    with pytest.raises(operations.MonthNotOpen, match="не вёлся"):
        operations.run_billing(month=JUNE + -5)
    assert set(ContractMonth.objects.values_list("month", flat=True)) == {JUNE.first}


@pytest.mark.django_db
def test_touched_accounts_are_redrafted_and_the_marks_go() -> None:
    (account, neighbour), tariff = a_house(2)
    operations.run_billing(month=JUNE)
    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    accounts.operations.touch(house_id=account.house_id, account_id=account.pk, first_month=JUNE)
    assert operations.redraft_touched() == 1
    assert amounts(account)[8, 1] == D("2000.00")
    assert amounts(neighbour)[8, 1] == D("1625.00")
    assert not Touch.objects.exists()


@pytest.mark.django_db
def test_a_cabinet_redrafts_its_own_account_only_when_touched() -> None:
    (account,), tariff = a_house()
    operations.run_billing(month=JUNE)
    assert operations.redraft_account(account.pk) is None
    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    accounts.operations.touch(house_id=account.house_id, first_month=JUNE)
    summary = operations.redraft_account(account.pk)
    assert summary is not None and summary.changed == 1
    assert Touch.objects.exists()  # the house's other accounts still wait for the task


@pytest.mark.django_db
def test_a_run_is_recorded_with_its_blocks() -> None:
    a_house(2)
    operations.run_billing(month=JUNE)
    run = Run.objects.get()
    assert (run.state, run.total, run.done, run.counts["lines"]) == (RunState.DONE, 1, 1, 4)
    assert list(RunBlock.objects.values_list("state", flat=True)) == [RunState.DONE]


@pytest.mark.django_db(transaction=True)
def test_two_processes_share_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = a_house(2)
    second, _ = a_house(2)
    monkeypatch.setattr("billing.operations.drafts.BLOCK", 2)
    summary = operations.run_billing(month=JUNE, workers=2)
    assert (summary.accounts, summary.lines, summary.inserted) == (4, 8, 8)
    assert Run.objects.get().total == 2
    assert amounts(first[0]) == amounts(second[1])


@pytest.mark.django_db(transaction=True)
def test_a_block_that_fails_leaves_nothing_and_the_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    a_house()

    def broken(*_: object, **__: object) -> None:
        raise ValueError("так не бывает")

    monkeypatch.setattr("billing.pipeline.calculate", broken)
    with pytest.raises(operations.RunBroken, match="так не бывает"):
        operations.run_billing(month=JUNE)
    run = Run.objects.get()
    assert (run.state, Charge.objects.count()) == (RunState.FAILED, 0)
    assert RunBlock.objects.get().attempts == 3


@pytest.mark.django_db(transaction=True)
def test_the_night_drafts_every_open_month() -> None:
    (account,), _ = a_house()
    operations.open_month(month=JUNE)
    tasks.calculate_night()
    assert len(amounts(account)) == 2
    assert Run.objects.get().state == RunState.DONE
    tasks.redraft_touched()


@pytest.mark.django_db
def test_a_dry_run_computes_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    (account,), _ = a_house()
    operations.open_month(month=JUNE)
    call_command("bill", "2026-06", dry_run=True)
    assert "начислено 1\u202f673,00 ₽" in capsys.readouterr().out
    assert amounts(account) == {}
    call_command("bill", "2026-06", account=account.number)
    call_command("post", "2026-06", dry_run=True)
    assert not queries.ink().exists()
    call_command("explain", account.number, "2026-06")
    assert "50 м² × 32,50 ₽ = 1625,00 ₽." in capsys.readouterr().out


@pytest.mark.django_db
def test_commands_refuse_in_words() -> None:
    for command, arguments in (("bill", ["июнь"]), ("post", ["2026-06"]), ("explain", ["123", "2026-06"])):
        with pytest.raises(CommandError, match=r"Месяц|не открыт|нет"):
            call_command(command, *arguments)
    assert not ContractMonth.objects.exists()


@pytest.mark.django_db
def test_a_true_up_takes_off_what_was_charged_in_ink() -> None:
    contract = make.contract()
    account = make.account(persons=2)
    make.provision(account.house, 2, contract)
    make.tariff(contract, 2, "10")
    make.norm(2, "4.85")
    meter = make.meter(premises=account.premises)
    for back, value in ((6, "100"), (5, "103"), (4, "106"), (3, "109")):
        make.reading(meter, (JUNE + -back).first, value)
    for month in (JUNE + -2, JUNE + -1):
        operations.run_billing(month=month)
        operations.post_month(month=month, today=month.next.first)
    make.reading(meter, JUNE.first, "120")
    operations.run_billing(month=JUNE)
    rows = [queries.charges_of_account(account_id=account.pk, month=JUNE + -back)[0] for back in (2, 1, 0)]
    assert [row.volume for row in rows] == [D("3"), D("3"), D("5")]
    assert sum(row.amount for row in rows) == D("110.00")  # 11 m³ since the last reading, whatever stood between
    (told,) = queries.explain(account_id=account.pk, month=JUNE)
    assert told.text == (
        f"5 м³: 11 м³ = 120 − 109 по счётчику № {meter.serial}."
        " Из них 6 м³ уже начислены в месяцы без показаний и вычтены. 5 м³ × 10,00 ₽ = 50,00 ₽."
    )


@pytest.mark.django_db
def test_ink_that_today_would_be_otherwise_says_so() -> None:
    (account,), tariff = a_house()
    operations.run_billing(month=JUNE)
    operations.post_month(month=JUNE, today=JUNE.next.first)
    Tariff.objects.filter(pk=tariff.pk).update(price=D("40"))
    told = {row.service_id: row for row in queries.explain(account_id=account.pk, month=JUNE)}
    assert told[8].amount == D("1625.00")
    assert told[8].text.endswith(
        "Записано 1625,00 ₽: с тех пор исходные данные изменились, разница войдёт в перерасчёт."
    )
