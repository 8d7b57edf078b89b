"""`issue YYYY-MM --out DIR`: documents on disk."""

import io
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.calendar import Month
from epd import assemble, quick, tasks
from epd.models import PaymentDocument
from tests import make

pytestmark = pytest.mark.django_db

OCTOBER = Month(date(2026, 10, 1))


@pytest.fixture
def two_accounts():
    make.agent()
    contract = make.contract()
    found = make.account(), make.account()
    for account in found:
        make.ink(account, contract, 2, OCTOBER, "500.00")
    return found


def run(*arguments):
    out = io.StringIO()
    call_command("issue", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_documents_of_a_month_are_printed_in_batches(two_accounts, tmp_path):
    said = run("2026-10", "--out", str(tmp_path / "new"), "--day", "2026-11-03", "--batch", "1", "--workers", "1")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["2026-10-0001.pdf", "2026-10-0002.pdf", "manifest.json", "manifest.xlsx"]
    assert all(path.read_bytes().startswith(b"%PDF") for path in (tmp_path / "new").glob("*.pdf"))
    assert "выпущено документов 2" in said
    assert "1\u00a0000,00 руб." in said
    assert "файлов 2, документов 2" in said


def test_one_account_only(two_accounts, tmp_path):
    one, _ = two_accounts
    run("2026-10", "--out", str(tmp_path), "--account", one.number)
    assert [path.name for path in tmp_path.iterdir()] == [f"{one.number}-202610-1.pdf"]
    assert PaymentDocument.objects.get().account_id == one.pk


def test_the_second_time_only_files_are_written(two_accounts, tmp_path):
    run("2026-10")
    said = run("2026-10", "--out", str(tmp_path))
    assert "выпущено документов 0" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-10-0001.pdf", "manifest.json", "manifest.xlsx"]
    assert PaymentDocument.objects.count() == 2


def test_a_dry_run_leaves_nothing(two_accounts, tmp_path):
    said = run("2026-10", "--out", str(tmp_path / "none"), "--dry-run")
    assert "выпущено документов 2" in said
    assert PaymentDocument.objects.count() == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["октябрь"], "не понят"),
        (["2026-10", "--account", "123"], "Лицевого счёта 123 нет"),
        (["2026-10", "--day", "вчера"], "не понята"),
        (["2026-10", "--day", "0001-01-01"], "год должен быть от 1900"),
        (["2026-10", "--day", "31.12.2126"], "ещё не наступила"),
        (["1026-10"], "год должен быть от 1900"),
        (["2026-10", "--batch", "5001"], "от 1 до 5000"),
        (["2026-10", "--house", "дом"], "не целое число"),
        (["2026-10", "--house", "999999"], "Дома № 999999 в системе нет"),
        (["2026-10", "--out", "/proc/nowhere"], "такого файла или папки нет"),
        (["2026-10", "--out", __file__], "на этом месте уже стоит файл"),
        ([], "Не хватает аргументов: month"),
        (["2026-10", "--otu", "x"], "Лишние аргументы"),
        (["2026-09"], "не проведён"),
    ],
)
def test_a_mistake_is_told_and_nothing_written(two_accounts, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert PaymentDocument.objects.count() == 0


def test_the_task_issues_the_named_month(two_accounts):
    tasks.issue_month(month="2026-10", invented_later=True)
    assert quick.press(assemble.TEMPLATE_VERSION).skeletons  # laid out before anybody clicks
    assert PaymentDocument.objects.count() == 2
