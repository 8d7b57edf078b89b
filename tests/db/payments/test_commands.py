"""import_register and close_month from the command line."""

import io
import json
from datetime import date

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.calendar import Month
from payments.models import Balance, BankStatementLine, Payment, Register
from tests import make

pytestmark = pytest.mark.django_db

OURS = "40702810000000000007"


@pytest.fixture
def file(tmp_path):
    make.own_account(OURS)
    account = make.account()
    path = tmp_path / "kl_to_1c.txt"
    rows = "".join(
        f"СекцияДокумент=Платежное поручение\nНомер={number}\nДата=05.11.2026\nСумма={amount}\n"
        f"ПолучательРасчСчет={OURS}\nДатаПоступило=05.11.2026\nНазначениеПлатежа={purpose}\nКонецДокумента\n"
        for number, amount, purpose in ((1, "100.50", f"ЛС {account.number}"), (2, "7.00", "за свет"), (3, "0.00", "-"))
    )
    text = f"1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nРасчСчет={OURS}\n{rows}КонецФайла\n"
    path.write_bytes(text.encode("cp1251"))
    return path


def run(file, **options):
    out = io.StringIO()
    with time_machine.travel("2026-11-05T06:00:00Z", tick=False):
        call_command("import_register", file, channel="bank", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_the_json_counts_rows_and_sums(file):
    first, again = (json.loads(run(file, json=True)) for _ in range(2))
    assert {kind: first[kind] for kind in ("accepted", "held", "rejected", "repeated")} == {
        "accepted": {"rows": 1, "sum": "100.50"},
        "held": {"rows": 1, "sum": "7.00"},
        "rejected": {"rows": 1, "sum": "0.00"},
        "repeated": {"rows": 0, "sum": "0.00"},
    }
    assert (again["state"], again["repeated"], again["accepted"]["rows"]) == (
        "repeated", {"rows": 3, "sum": "107.50"}, 0,
    )  # fmt: skip
    assert Payment.objects.count() == 2


def test_a_dry_run_tells_and_leaves_nothing(file):
    text = run(file, dry_run=True)
    assert "принято 1 на 100,50 ₽" in text and "пробный прогон" in text
    assert (Payment.objects.count(), Register.objects.count(), BankStatementLine.objects.count()) == (0, 0, 0)


def test_a_broken_file_is_told_in_words(tmp_path):
    with pytest.raises(CommandError, match="не читается"):
        run(tmp_path / "нет такого.txt")
    empty = tmp_path / "пусто.txt"
    empty.write_bytes(b"")
    with pytest.raises(CommandError, match=r"пусто\.txt: Файл пуст"):
        run(empty)
    assert Register.objects.count() == 0


def test_close_month_on_trial_and_in_earnest():
    make.ink(make.account(), make.contract(), 2, Month(date(2026, 10, 1)), "10.00")
    out = io.StringIO()
    call_command("close_month", "2026-10", dry_run=True, stdout=out)
    assert "исходящее 10,00 ₽" in out.getvalue() and not Balance.objects.exists()
    call_command("close_month", "2026-10", stdout=out)
    assert Balance.objects.count() == 1
    with pytest.raises(CommandError, match="уже закрыт"):
        call_command("close_month", "2026-10", stdout=out)


def test_a_file_that_is_not_there_is_told_in_russian(tmp_path):
    for path, words in ((tmp_path / "нет.txt", "такого файла или папки нет"), (tmp_path, "это папка, а нужен файл")):
        with pytest.raises(CommandError, match=words):
            call_command("import_register", path, channel="bank")


def test_a_file_with_nothing_to_write_ends_the_command_with_a_reason(tmp_path):
    make.own_account(OURS)
    account = make.account()
    file = tmp_path / "kl_to_1c.txt"
    file.write_bytes(
        "1CClientBankExchange\nРасчСчет=40702810000000000007\nСекцияДокумент=Платежное поручение\nНомер=1\n"
        "Дата=25.12.1998\nСумма=10.00\nПлательщикРасчСчет=40817810000000000001\n"
        f"ПолучательРасчСчет=40702810000000000007\nДатаПоступило=25.12.1998\nНазначениеПлатежа=ЛС {account.number}\n"
        "КонецДокумента\nКонецФайла".encode("cp1251")
    )
    with pytest.raises(CommandError, match="ничего не записано"):
        call_command("import_register", file, channel="bank", stdout=io.StringIO())
    assert Register.objects.count() == 0
