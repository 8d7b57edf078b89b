"""Registers of payments come in once, row by row, and go out whole; another file leaves nothing behind."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.calendar import Month
from accounts.models import AgencyContract, AllocationRule, JournalEntry, Run
from payments import operations, queries
from payments.models import (
    Allocation,
    Channel,
    FiscalReceipt,
    HeldFile,
    OperatingDay,
    Payment,
    PaymentState,
    Register,
    RegisterLayout,
    RegisterState,
    Reversal,
)
from payments.operations import PaymentRefused, RegisterKept, RegisterRefused, registers
from tests import make
from tests.unit.payments.test_mapped_registers import sber

pytestmark = pytest.mark.django_db

TODAY, TOMORROW = date(2026, 11, 5), date(2026, 11, 6)
OCTOBER = Month.parse("2026-10")


def load(content, **facts):
    defaults = {"name": "r.txt", "layout": "sberbank", "channel": "bank", "day": TODAY, "today": TODAY}
    return operations.import_register(content=content, **{**defaults, **facts})


def undo(register_id, **facts):
    defaults = {"day": TODAY, "reason": "не тот банк", "at": timezone.now(), "by": None}
    return operations.undo_register(register_id=register_id, **{**defaults, **facts})


def counts(summary):
    return {kind: (rows, str(amount)) for kind, (rows, amount) in summary.sums.items() if rows}


def written():
    models = (Register, Payment, Allocation, Reversal, OperatingDay, JournalEntry)
    return [model.objects.count() for model in models]


def simple(*lines):
    return "\n".join(lines).encode()


def own_layout(**facts):
    defaults = {
        "code": "agent", "name": "Агент", "account_at": "1", "amount_at": "2", "paid_on_at": "3", "fields": 3,
    }  # fmt: skip
    return RegisterLayout.objects.create(**{**defaults, **facts})


def in_use(**facts):
    account = make.account()
    row = own_layout(**facts)
    operations.try_layout(
        code=row.code, name="o.txt", content=simple(f"{account.number};1,00;04.11.2026"), at=timezone.now(), by=None
    )
    return account


def test_rows_pay_their_debts_and_what_has_no_owner_waits():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "60.00")
    summary = load(sber(("1", account.number, "100,00"), ("2", "560000001", "5,00"), ("3", account.number, "0,00")))
    assert counts(summary) == {"accepted": (1, "100.00"), "held": (1, "5.00"), "rejected": (1, "0.00")}
    payment = Payment.objects.get(external_id="1")
    assert (payment.account, payment.paid_on, payment.state) == (account, date(2026, 11, 4), PaymentState.ALLOCATED)
    assert payment.for_month == OCTOBER.first
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("-40.00")
    register = Register.objects.get()
    assert (register.state, register.kind, register.totals["order"]) == (RegisterState.PARTIAL, "register", "1234")
    assert [row["verdict"] for row in register.verdicts] == ["held", "rejected"]
    assert "контрольная цифра" in summary.rows[1].text


def test_the_same_file_and_the_same_operations_add_nothing():
    account = make.account()
    content = sber(("1", account.number, "100,00"))
    load(content)
    before = written()
    again = load(content, name="другое имя.txt")
    assert (again.state, written()) == ("repeated", before)
    assert "уже загружен" in again.message
    more = load(sber(("1", account.number, "100,00"), ("2", account.number, "7,00")))
    assert counts(more) == {"repeated": (1, "100.00"), "accepted": (1, "7.00")}


def test_an_operation_with_other_facts_is_told():
    account = make.account()
    load(sber(("1", account.number, "100,00")))
    summary = load(sber(("1", account.number, "90,00"), ("2", account.number, "1,00")))
    assert counts(summary) == {"rejected": (1, "90.00"), "accepted": (1, "1.00")}
    assert "уже занят" in summary.rows[0].text


def test_a_hundred_thousand_equal_rows_are_one_payment():
    account = make.account()
    summary = load(sber(*[("1", account.number, "1,00")] * 100_000))
    assert counts(summary) == {"accepted": (1, "1.00"), "repeated": (99_999, "99999.00")}
    assert Payment.objects.count() == 1


def test_equal_rows_without_a_number_wait_for_a_person():
    account = in_use()
    line = f"{account.number};10,00;04.11.2026"
    summary = load(simple(line, line), layout="agent")
    assert counts(summary) == {"accepted": (1, "10.00"), "held": (1, "10.00")}
    assert "в строке 1" in summary.rows[1].text
    again = load(simple(line, f"{account.number};11,00;04.11.2026"), layout="agent")
    assert counts(again) == {"held": (1, "10.00"), "accepted": (1, "11.00")}
    assert re.search(r"в реестре № \d+", again.rows[0].text)


def test_an_account_written_otherwise_is_the_same_account():
    one, two = in_use(), make.account()
    dashed = f"{one.number[:4]}-{one.number[4:]}"
    assert counts(load(simple(f"{one.number};5,00;04.11.2026"), layout="agent")) == {"accepted": (1, "5.00")}
    again = load(simple(f"{dashed};5,00;04.11.2026", f"{two.number};5,00;04.11.2026"), layout="agent")
    assert [row.verdict for row in again.rows] == ["held", "accepted"]
    assert re.search(r"Такой же платёж \(счёт, сумма, дата\) уже есть в реестре № \d+", again.rows[0].text)
    within = load(simple(f"{one.number};6,00;04.11.2026", f"{dashed};6,00;04.11.2026"), layout="agent")
    assert [row.verdict for row in within.rows] == ["accepted", "held"]


def test_the_identifiers_of_gis_name_the_account():
    account = in_use()
    account = make.account(unified_number="20МВ875415", housing_service_id="20МВ875415-07")
    for number, told in enumerate(("20МВ875415", "20МВ875415-07", "20MB875415-07-1051"), 1):
        summary = load(simple(f"{told};{number},00;04.11.2026"), layout="agent")
        assert counts(summary) == {"accepted": (1, f"{number}.00")}
    assert set(Payment.objects.values_list("account_id", flat=True)) == {account.pk}


def test_a_number_and_a_document_of_two_accounts_wait():
    one = make.account()
    make.account(unified_number="20МВ875415", housing_service_id="20МВ875415-07")
    row = own_layout(fields=0, document_at="4")
    content = simple(f"{one.number};1,00;04.11.2026;", f"{one.number};2,00;04.11.2026;20МВ875415-07-1051")
    _, verdicts = operations.try_layout(code=row.pk, name="o.txt", content=content, at=timezone.now(), by=None)
    assert [verdict.verdict for verdict in verdicts] == ["accepted", "held"]
    assert "разные счета" in load(content, layout="agent").rows[1].text


@pytest.mark.parametrize(
    ("content", "facts", "refusal"),
    [
        (sber(("1", "560000012", "1,00")), {"layout": "billdirect"}, RegisterRefused),
        (sber(("1", "560000012", "1,00")), {"layout": "unknown"}, RegisterRefused),
        (sber(("1", "560000012", "1,00")), {"channel": "cash"}, PaymentRefused),
        (sber(("1", "560000012", "1,00")), {"channel": "none"}, PaymentRefused),
        (sber(("1", "560000012", "1,00")), {"day": date(2026, 11, 6)}, PaymentRefused),
    ],
)
def test_what_is_refused_writes_nothing(content, facts, refusal):
    before = written()
    with pytest.raises(refusal) as told:
        load(content, **facts)
    assert re.search("[А-я]", str(told.value))
    assert written() == before


def test_a_dry_run_shows_all_and_writes_nothing():
    account = make.account()
    before = written()
    summary = load(sber(("1", account.number, "100,00")), dry_run=True)
    assert (counts(summary), summary.is_dry_run) == ({"accepted": (1, "100.00")}, True)
    assert written() == before


# --- layouts ----------------------------------------------------------------------------------------------------------


def test_a_layout_is_used_only_after_its_trial_and_anew_after_a_change():
    account = make.account()
    row = own_layout()
    content = simple(f"{account.number};10,00;04.11.2026")
    with pytest.raises(RegisterRefused, match="Сделайте пробу"):
        load(content, layout="agent")
    operations.try_layout(code="agent", name="o.txt", content=content, at=timezone.now(), by=None)
    assert Payment.objects.count() == 0
    assert counts(load(content, layout="agent")) == {"accepted": (1, "10.00")}
    row.refresh_from_db()
    row.amount_at = "1"
    row.save()
    row.refresh_from_db()
    assert (row.is_active, row.tried_at) == (False, None)
    with pytest.raises(RegisterRefused, match="Сделайте пробу"):
        load(content, layout="agent", name="2")


def test_a_trial_with_nobodys_numbers_leaves_the_layout_unused():
    own_layout(account_at="3", paid_on_at="3", fields=0)
    with pytest.raises(RegisterRefused, match="ни одна строка не нашла лицевого счёта"):
        operations.try_layout(
            code="agent", name="o.txt", content=simple("56;1,00;04.11.2026"), at=timezone.now(), by=None
        )
    assert RegisterLayout.objects.get().tried_at is None


# --- out again --------------------------------------------------------------------------------------------------------


def test_a_register_goes_out_whole_and_may_come_again():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "60.00")
    content = sber(("1", account.number, "100,00"), ("2", "560000001", "5,00"))
    register_id = load(content).register_id
    undone = undo(register_id)
    assert (undone.payments, undone.amount, undone.withheld) == (2, Decimal("105.00"), Decimal(0))
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("60.00")
    assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.REVERSED}
    assert Register.objects.get(pk=register_id).state == RegisterState.UNDONE
    assert queries.day_sheet(TODAY).difference == 0
    before = written()
    with pytest.raises(RegisterKept, match="отменять нечего"):
        undo(register_id)
    assert written() == before
    for _ in range(2):
        again = load(content)
        assert counts(again) == {"accepted": (1, "100.00"), "held": (1, "5.00")}
        assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("-40.00")
        undo(again.register_id)


def test_remitted_money_is_withheld_only_when_that_is_meant():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "100.00")
    register_id = load(sber(("1", account.number, "100,00"))).register_id
    operations.close_day(day=TODAY, today=date(2026, 11, 6))
    operations.remit_day(day=TODAY)
    next_day = date(2026, 11, 6)
    before = written()
    with pytest.raises(RegisterKept, match=r"уже перечислено 100,00 ₽"):
        undo(register_id, day=next_day)
    assert written() == before
    assert undo(register_id, day=next_day, withhold=True).withheld == Decimal("100.00")
    operations.close_day(day=next_day, today=date(2026, 11, 7))
    operations.remit_day(day=next_day)
    last = queries.remittances_of(contract_ids=[contract.pk], limit=1)[0]
    assert (last.returns, last.net) == (Decimal("100.00"), Decimal(0))
    assert abs(last.carried_out) > 0  # the next remittance is less by it


def test_a_statement_is_not_undone_as_a_whole():
    register = Register.objects.create(channel_id="bank", name="s", sha256="0" * 64)
    with pytest.raises(RegisterKept, match="Выписку целиком не отменяют"):
        undo(register.pk)
    with pytest.raises(RegisterKept, match="причину"):
        undo(register.pk, reason=" ")


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_takes_a_register_in(tmp_path, capsys):
    account = make.account()
    path = tmp_path / "r.txt"
    path.write_bytes(sber(("1", account.number, "10,00")))
    call_command("import_register", str(path), channel="bank", layout="sberbank", day=TODAY)
    assert "принято 1 на 10,00 ₽" in capsys.readouterr().out
    path.write_bytes(b"1;2;3")
    before = written()
    with pytest.raises(CommandError, match="не реестр формата"):
        call_command("import_register", str(path), channel="bank", layout="sberbank", day=TODAY)
    assert written() == before


def test_a_long_register_is_undone_by_a_job_once(monkeypatch):
    account = make.account()
    register_id = load(sber(("1", account.number, "100,00"), ("2", account.number, "5,00"))).register_id
    facts = {"register_id": register_id, "day": TODAY, "reason": "не тот банк", "by": None}
    assert operations.start_undo(**facts) is None  # a short one is undone at once
    monkeypatch.setattr(registers, "UNDO_AT_ONCE", 1)
    with pytest.raises(RegisterKept, match="Назовите причину"):
        operations.start_undo(**{**facts, "reason": " "})
    run_id = operations.start_undo(**facts)
    for _again in range(2):
        operations.finish_undo(run_id=run_id, at=timezone.now())
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.done, run.total) == ("done", 2, 2)
    assert run.message == f"Отменён реестр № {register_id}: платежей 2 на 105,00 ₽."
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("0.00")


def test_an_undo_answers_the_receipts_of_its_payments():
    Channel.objects.filter(pk="bank").update(receipts_from=date(2026, 1, 1))
    account = make.account()
    register_id = load(sber(("1", account.number, "100,00"))).register_id
    payment = Payment.objects.get(external_id="1")
    FiscalReceipt.objects.create(payment=payment, kind="sell", amount=payment.amount, contents={"lines": []})
    undo(register_id)
    rows = FiscalReceipt.objects.filter(payment=payment).order_by("pk")
    assert [(row.kind, row.amount, row.state) for row in rows] == [
        ("sell", Decimal("100.00"), "waiting"), ("sell_refund", Decimal("100.00"), "waiting"),
    ]  # fmt: skip


def test_the_same_operation_by_another_channel_waits():
    account, other = make.account(), make.account()
    first = load(sber(("1", account.number, "100,00"), ("2", account.number, "5,00")))
    content = sber(("1", account.number, "100,00"), ("2", other.number, "5,00"), ("3", account.number, "7,00"))
    again = load(content, channel="post")
    assert [row.verdict for row in again.rows] == ["held", "accepted", "accepted"]
    assert f"в реестре № {first.register_id}: не пришла ли она дважды?" in again.rows[0].text
    undo(first.register_id)
    assert counts(load(sber(("1", account.number, "100,00")), channel="social")) == {
        "held": (1, "100.00")
    }  # the post's
    undo(again.register_id)
    third = load(sber(("1", account.number, "100,00"), ("9", account.number, "1,00")), channel="fssp")
    assert [row.verdict for row in third.rows] == ["held", "accepted"]  # what waits is alike, too


def test_a_rejected_sum_stands_as_the_file_writes_it():
    account = make.account()
    content = sber(
        ("1", account.number, "100,00"), ("2", account.number, "0,001"), ("3", account.number, "-3,00"),
        ("4", "", "2000000000,00"), ("5", account.number, "10.005"), ("6", account.number, "1,00"),
        amount="2000000108,006",
    )  # fmt: skip
    summary = load(content)
    told = {row.line: row.told for row in summary.rows if row.verdict == "rejected"}
    assert told == {2: "0,001", 3: "-3,00", 4: "2000000000,00", 5: "10.005"}
    assert str(summary.sums["rejected"][1]) == "2000000000.00"
    assert "вошли 1; не вошли 3" in summary.warnings[-1]
    assert [row["told"] for row in Register.objects.get().verdicts if row["verdict"] == "rejected"] == [*told.values()]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"count": 3}, "объявлено строк 3, а в файле 2"),
        ({"amount": "90,00"}, "— 90,00 ₽, а по строкам файла 105,00 ₽"),
    ],
)
def test_a_register_that_fails_its_totals_is_kept_until_a_person_decides(spoil, words):
    account = make.account()
    content = sber(("1", account.number, "100,00"), ("2", account.number, "5,00"), **spoil)
    held = load(content)
    register = Register.objects.get()
    assert (held.state, register.state, Payment.objects.count()) == ("held", RegisterState.HELD, 0)
    assert words in held.message and words in " ".join(register.totals["doubts"])
    before = written()
    assert load(content).message.startswith("Этот файл уже ждёт решения")
    assert written() == before
    done = operations.accept_held(register_id=register.pk, day=TODAY, today=TODAY, by=None)
    assert counts(done) == {"accepted": (2, "105.00")}
    assert done.register_id == register.pk and not HeldFile.objects.exists()
    with pytest.raises(RegisterKept, match="не ждёт решения"):
        operations.accept_held(register_id=register.pk, day=TODAY, today=TODAY, by=None)


def test_a_cut_register_is_turned_down_and_the_whole_one_comes_in():
    account = make.account()
    whole = sber(("1", account.number, "100,00"), ("2", account.number, "5,00"))
    held = load(whole[: whole.rindex(b"=")])
    assert (held.state, "Файл оборван" in held.message) == ("held", True)
    with pytest.raises(RegisterKept, match="причину"):
        operations.discard_held(register_id=held.register_id, reason="", by=None)
    operations.discard_held(register_id=held.register_id, reason="придёт целый", by=None)
    assert Register.objects.get().state == RegisterState.UNDONE
    assert counts(load(whole)) == {"accepted": (2, "105.00")}


def test_who_pays_everything_shown_by_a_register_pays_what_stands_apart():
    """1 000 ₽ to a principal, 600 ₽ to the fund: paid whole, in two parts, in part, with an advance beside."""
    usual, fund = make.contract(), make.contract()
    AgencyContract.objects.filter(pk=fund.pk).update(allocation_rule=AllocationRule.APART)
    whole, twice, less, ahead = owing = [make.account() for _ in range(4)]
    for account in owing:
        make.ink(account, usual, 2, OCTOBER, "1000.00")
        make.ink(account, fund, 9, OCTOBER, "600.00")
    make.ink(ahead, usual, 2, OCTOBER.previous, "50.00")
    load(sber(("0", ahead.number, "1050,00")))  # the fund alone is left
    load(
        sber(
            ("1", whole.number, "1600,00"), ("2", twice.number, "1000,00"), ("3", twice.number, "600,00"),
            ("4", less.number, "1599,99"), ("5", ahead.number, "600,00"),
        )
    )  # fmt: skip
    balances = queries.balances(account_ids=[account.pk for account in owing], on=TOMORROW)
    assert [balances[account.pk] for account in owing] == [0, 0, Decimal("0.01"), 0]
    paid = dict(Allocation.objects.filter(contract_id=fund.pk).values_list("account_id", "amount"))
    assert paid == dict.fromkeys([whole.pk, twice.pk, ahead.pk], Decimal("600.00"))
    advance = Allocation.objects.filter(contract_id=0).values_list("account_id", "amount")
    assert list(advance) == [(less.pk, Decimal("599.99"))]
    assert Payment.objects.get(external_id__endswith="1", account=whole).directed_to == {"amounts": {"9": "600.00"}}
