"""Bank statements come in once, row by row; broken files leave nothing behind."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from accounts.calendar import Month
from accounts.models import BankAccount, BankAccountState, JournalEntry
from payments import operations, queries, register_queries
from payments.models import (
    Allocation,
    BankStatementLine,
    HeldFile,
    OperatingDay,
    Payment,
    PaymentState,
    Register,
    RegisterState,
    RemittanceState,
)
from payments.operations import PaymentRefused, StatementRefused
from payments.registers import client_bank
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
OURS = "40702810000000000007"


def incoming(purpose, amount="100.00", number="1", **facts):
    values = {
        "Номер": number, "Дата": "04.11.2026", "Сумма": amount, "Плательщик1": "Иванова Мария Петровна",
        "ПлательщикРасчСчет": "40817810000000000001", "ПолучательРасчСчет": OURS, "ДатаПоступило": "05.11.2026",
        "НазначениеПлатежа": purpose, **facts,
    }  # fmt: skip
    return "\n".join(["СекцияДокумент=Платежное поручение", *(f"{k}={v}" for k, v in values.items()), "КонецДокумента"])


def outgoing(number, amount, account):
    return incoming(
        "Перевод платежей населения", amount, number, ПлательщикРасчСчет=OURS, ПолучательРасчСчет=account,
        ДатаПоступило="", ДатаСписано="05.11.2026", Дата="05.11.2026",
    )  # fmt: skip


def statement(*documents, totals=None, end="КонецФайла", encoding="cp1251"):
    section = ""
    if totals is not None:
        opening, came, went, closing = totals
        section = (
            f"СекцияРасчСчет\nДатаНачала=05.11.2026\nРасчСчет={OURS}\nНачальныйОстаток={opening}\n"
            f"ВсегоПоступило={came}\nВсегоСписано={went}\nКонечныйОстаток={closing}\nКонецРасчСчет"
        )
    head = f"1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nРасчСчет={OURS}"
    return "\n".join(part for part in (head, section, *documents, end) if part).encode(encoding)


@pytest.fixture(autouse=True)
def agent():
    return make.own_account(OURS).organisation


def load(content, **facts):
    defaults = {"name": "kl_to_1c.txt", "channel": "bank", "day": TODAY, "today": TODAY}
    return operations.import_statement(content=content, **{**defaults, **facts})


def counts(summary):
    return {kind: (rows, str(amount)) for kind, (rows, amount) in summary.sums.items() if rows}


def written():
    models = (Register, BankStatementLine, Payment, Allocation, OperatingDay, JournalEntry)
    return [model.objects.count() for model in models]


def test_money_finds_its_account_and_pays_the_debt():
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, Month.parse("2026-10"), "60.00")
    summary = load(statement(incoming(f"ЛС: {account.number}; за октябрь. НДС не облагается")))
    payment = Payment.objects.get()
    assert counts(summary) == {"accepted": (1, "100.00")}
    assert (payment.account, payment.paid_on, payment.day) == (account, date(2026, 11, 5), TODAY)
    assert payment.state == PaymentState.ALLOCATED
    assert payment.payer == "Иванова Мария Петровна"
    assert queries.balance(account_id=account.pk, on=date(2026, 11, 6)) == Decimal("-40.00")
    assert Register.objects.get().state == RegisterState.ACCEPTED
    assert BankStatementLine.objects.get().payment == payment


def test_the_same_file_twice_adds_nothing_and_says_so():
    account = make.account()
    content = statement(incoming(f"л/с {account.number}"))
    load(content)
    before = written()
    again = load(content, name="другое имя.txt")
    assert written() == before
    assert again.state == "repeated"
    assert "уже загружен" in again.message and "ничего не добавлено" in again.message
    assert counts(again) == {"repeated": (1, "100.00")}


def test_an_overlapping_file_adds_only_what_is_new():
    account = make.account()
    first, second = incoming(f"ЛС {account.number}"), incoming(f"ЛС {account.number}", number="2")
    load(statement(first))
    assert counts(load(statement(first, second))) == {"repeated": (1, "100.00"), "accepted": (1, "100.00")}
    assert Payment.objects.count() == 2


def test_a_known_document_with_another_sum_waits_for_a_person_and_says_why():
    account = make.account()
    load(statement(incoming(f"ЛС {account.number}", "100.00", "7")))
    again = load(statement(incoming(f"ЛС {account.number}", "900.00", "7")), name="mended.txt")
    assert counts(again) == {"held": (1, "900.00")}
    assert "Документ № 7 от 04.11.2026 этого плательщика уже загружен с другой суммой, 100,00 ₽" in again.rows[0].text
    held = Payment.objects.get(amount=Decimal("900.00"))
    assert (held.state, held.account) == (PaymentState.UNIDENTIFIED, None)
    assert held.held_because == again.rows[0].text
    other = load(statement(incoming(f"ЛС {account.number}", "900.00", "7", Дата="05.11.2026")), name="next.txt")
    assert counts(other) == {"accepted": (1, "900.00")}


def test_two_equal_lines_of_one_file_are_two_payments():
    account = make.account()
    line = incoming(f"ЛС {account.number}", number="777")
    assert counts(load(statement(line, line))) == {"accepted": (2, "200.00")}
    assert counts(load(statement(line, line, end=""))) == {"repeated": (2, "200.00")}
    assert counts(load(statement(line, line, line))) == {"repeated": (2, "200.00"), "accepted": (1, "100.00")}


@pytest.mark.parametrize(
    ("purpose", "why"),
    [
        ("Оплата по договору", "нет лицевого счёта"),
        ("ЛС 560000001", "контрольная цифра"),
        ("по реестру № 5 от 04.11.2026", "нет лицевого счёта"),
    ],
)
def test_money_without_an_owner_is_kept_aside(purpose, why):
    make.account()
    summary = load(statement(incoming(purpose)))
    assert counts(summary) == {"held": (1, "100.00")}
    assert why in summary.rows[0].text
    assert [row.reason for row in queries.unidentified(today=TODAY)] == [summary.rows[0].text]
    assert Register.objects.get().state == RegisterState.PARTIAL


@pytest.mark.parametrize(
    "purpose",
    [
        "ЛС {one}, ЛС {two}",
        "ЛС {one}, {two}",
        "ЛС {one} и {two} за октябрь",
        "ЛС {one} Орлова {two}",
        "ЛС {one}, {nobody}",
    ],
)
def test_two_accounts_in_one_purpose_are_nobodys(purpose):
    one, two = make.account(), make.account()
    told = purpose.format(one=one.number, two=two.number, nobody=make.account_number())
    summary = load(statement(incoming(told)))
    assert counts(summary) == {"held": (1, "100.00")}
    assert "несколько лицевых счетов" in summary.rows[0].text
    assert Payment.objects.get().account is None


def test_a_house_a_day_and_a_bank_beside_the_account_are_no_accounts():
    account = make.account()
    purpose = f"ЛС {account.number}, дом 1234, от 04112026, БИК 045354601, ЛС {account.number}"
    assert counts(load(statement(incoming(purpose)))) == {"accepted": (1, "100.00")}


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_statement_of_anothers_account_is_refused_by_name(confirmed):
    account, strange = make.account(), "40702810000000000099"
    foreign = statement(incoming(f"ЛС {account.number}")).replace(OURS.encode(), strange.encode())
    both = statement(incoming(f"ЛС {account.number}"), totals=("0.00", "100.00", "0.00", "100.00")).replace(
        f"РасчСчет={OURS}\nНачальный".encode("cp1251"), f"РасчСчет={strange}\nНачальный".encode("cp1251")
    )
    nameless = foreign.replace(f"Windows\nРасчСчет={strange}".encode("cp1251"), b"Windows")
    before = written()
    for content, words in ((foreign, strange), (both, strange), (nameless, "не указан счёт")):
        with pytest.raises(StatementRefused, match=words):
            load(content, confirmed=confirmed)
    assert written() == before


def test_a_centre_without_accounts_is_told_to_enter_them():
    BankAccount.objects.all().delete()
    content = statement(incoming(f"ЛС {make.account().number}"))
    before = written()
    with pytest.raises(StatementRefused, match=f"счёта {OURS} не принята.*ни одного утверждённого.*Занесите счета"):
        load(content)
    assert written() == before
    proposed = make.own_account(OURS, state=BankAccountState.PROPOSED)
    with pytest.raises(StatementRefused, match="ни одного утверждённого"):
        load(content)
    proposed.state = BankAccountState.APPROVED
    proposed.save(update_fields=["state"])
    assert counts(load(content)) == {"accepted": (1, "100.00")}


def test_the_identifiers_of_gis_name_the_account_in_any_letters():
    account = make.account(unified_number="20МВ875415", housing_service_id="20МВ875415-07")
    for purpose in ("ЖКУ20МВ875415-07-1051", "за 20mb875415-07", "ЕЛС 20MB875415"):  # Latin letters, lower case
        assert counts(load(statement(incoming(purpose, number=purpose[-4:])))) == {"accepted": (1, "100.00")}
    assert set(Payment.objects.values_list("account_id", flat=True)) == {account.pk}


def test_absurd_sums_and_dates_are_kept_for_a_person_and_bad_rows_are_rejected():
    account = make.account()
    purpose = f"ЛС {account.number}"
    summary = load(
        statement(
            incoming(purpose, "10000000.01", "1"),
            incoming(purpose, number="2", ДатаПоступило="06.11.2026"),
            incoming(purpose, "-5.00", "3"),
            incoming(purpose, "пять", "4"),
            incoming(purpose, "0.00", "5"),
            incoming(purpose, "7.5", "6"),
        )
    )
    assert [row.verdict for row in summary.rows] == ["held", "held", "rejected", "rejected", "rejected", "accepted"]
    assert Payment.objects.filter(account=account).count() == 1
    assert "должна быть больше нуля" in summary.rows[2].text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (incoming("x", "99999999999.00"), "99.999.999.999,00 ₽ больше 1.000.000.000,00 ₽"),
        (incoming("x", "999999999999999.00"), "так не бывает"),
        (outgoing("1", "999999999999999.00", "40702810000000000099"), "больше 100.000.000.000,00 ₽"),
        (incoming("x", ДатаПоступило="01.01.1990"), "01.01.1990 раньше 01.03.2005"),
        (outgoing("1", "5.00", "40702810000000000099").replace("05.11.2026", "01.01.2099"), "01.01.2099 позже"),
    ],
)
def test_an_impossible_row_is_rejected_and_stays_out_of_the_day(row, words):
    account = make.account()
    summary = load(statement(row, incoming(f"ЛС {account.number}", number="2")))
    assert [line.verdict for line in summary.rows] == ["rejected", "accepted"]
    assert re.search(words, summary.rows[0].text)
    assert (Payment.objects.count(), BankStatementLine.objects.count()) == (1, 1)
    assert queries.day_sheet(TODAY).received == Decimal("100.00")
    assert Register.objects.get().state == RegisterState.PARTIAL


@pytest.mark.parametrize("facts", [{"ДатаПоступило": "01.01.2099"}, {"Дата": "06.11.2026"}])
def test_money_of_a_day_ahead_waits_for_a_person(facts):
    account = make.account()
    (row,) = load(statement(incoming(f"ЛС {account.number}", **facts))).rows
    payment = Payment.objects.get(pk=row.payment_id)
    assert (row.verdict, payment.state, payment.account_id) == ("held", "unidentified", None)
    assert "позже операционного дня" in row.text or "ещё не наступила" in row.text
    assert queries.day_sheet(TODAY).received == Decimal("100.00")


def test_a_file_is_the_same_of_the_day_it_came_here():
    with time_machine.travel("2026-11-23T22:30:00Z", tick=False):
        load(statement(incoming("y", number="2")))
        again = load(statement(incoming("y", number="2")))
    assert "24.11.2026" in again.message  # half past one at night in Moscow


def test_a_rejected_row_comes_in_once_the_bank_has_mended_it():
    purpose = f"ЛС {make.account().number}"
    load(statement(incoming(purpose, ДатаПоступило="01.01.1990")))
    assert counts(load(statement(incoming(purpose)))) == {"accepted": (1, "100.00")}


@pytest.mark.parametrize("day", [date(2099, 1, 1), date(2026, 11, 6)])
def test_a_day_that_has_not_come_takes_no_statement(day):
    before = written()
    with pytest.raises(PaymentRefused, match=r"ещё не наступил, сегодня 05\.11\.2026"):
        load(statement(incoming("x")), day=day)
    assert written() == before


def test_a_file_whose_rows_are_all_known_makes_no_second_register():
    account = make.account()
    rows = [incoming(f"ЛС {account.number}", number=number) for number in ("1", "2", "3")]
    broken = incoming("x", "пять", "4")
    registers = [load(statement(*part)).register_id for part in (rows[:2], [rows[2], broken])]
    before = written()
    blank = statement(rows[0], "\n", rows[1])
    for again in (load(blank), load(blank, dry_run=True), load(blank, confirmed=True)):
        assert (again.state, again.register_id, counts(again)) == ("repeated", None, {"repeated": (2, "200.00")})
        day = timezone.localdate()
        assert (
            again.message
            == f"Все строки уже загружены реестром № {registers[0]} от {day:%d.%m.%Y}: ничего не добавлено."
        )
    both = load(statement(*rows, broken))
    assert both.message.startswith(f"Новых строк нет: 3 уже загружены реестрами № {registers[0]} от")
    assert f"№ {registers[1]} от" in both.message and "не принято 1" in both.message
    unequal = load(statement(*rows, totals=("0.00", "900.00", "0.00", "900.00")))  # known lines need no decision
    assert (unequal.state, unequal.register_id) == ("repeated", None)
    assert written() == before
    assert f"реестр № {registers[1]} от" in both.rows[2].text


def test_an_empty_statement_with_another_blank_line_is_the_same_one():
    first = load(statement())
    again = load(statement("\n"))
    assert (again.state, again.register_id) == ("repeated", None)
    assert f"№ {first.register_id} от" in again.message
    assert Register.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (statement(incoming("ЛС 5"), encoding="koi8-r"), "кодировке KOI8-R, в заголовке заявлена «Windows»"),
        (statement(incoming("ЛС 5"), encoding="cp866"), r"кодировке DOS \(866\), в заголовке заявлена «Windows»"),
        (statement(incoming("ЛС 5"), encoding="mac-cyrillic"), "кодировке Mac OS, в заголовке заявлена «Windows»"),
        (statement(incoming("ЛС 5"), encoding="utf-16"), "кодировке UTF-16"),
        (statement(incoming("ЛС 5")) + b" " * client_bank.LARGEST_FILE, "Файл больше 25 МБ"),
        (b"1CClientBankExchange\n" + b"junk\n" * 200, "не понято больше 100 строк"),
        (b"1CClientBankExchange\n" + b"".join(b"k%d=1\n" % i for i in range(60)), "больше 50 полей"),
        (b"1CClientBankExchange\nk=1\n", "ни одного поля"),
        (statement(incoming("ЛС\x07 5")), "Строка 13: в файле знак с кодом 7"),
        (statement(incoming("x" * 9000 + "\0")), "не текстовая выписка"),
    ],
)
def test_what_is_not_a_statement_is_refused_by_name(content, words):
    before = written()
    with pytest.raises(StatementRefused, match=words):
        load(content)
    assert written() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Файл пуст"),
        (b"  \r\n", "Файл пуст"),
        (b"PK\x03\x04\x00\x00", "не текстовая выписка"),
        ("счёт;сумма\n1;2\n".encode("cp1251"), "Это не выписка 1CClientBankExchange"),
        (statement(incoming("x"), end="").replace("КонецДокумента".encode("cp1251"), b""), "Файл оборван"),
        (statement(incoming("x"), incoming("y")).replace("КонецДокумента".encode("cp1251"), b"", 1), "Файл испорчен"),
        (statement(incoming("x"))[:200], "Файл оборван"),
        (statement(incoming("испорчено \ufffd"), encoding="utf-8"), "испорченные буквы"),
        (statement(incoming("x"), totals=("0.00", "100.00", "0.00", "200.00")), "Остатки в выписке не сходятся"),
        (statement(incoming("x"), totals=("0.00", "сто", "0.00", "200.00")), "не сумма"),
    ],
)
def test_a_broken_file_is_refused_and_nothing_is_written(content, words):
    before = written()
    with pytest.raises(StatementRefused, match=words):
        load(content)
    assert written() == before


@pytest.mark.parametrize("channel", ["cash", "pigeon"])
def test_a_statement_needs_a_channel_of_a_bank(channel):
    before = written()
    with pytest.raises(PaymentRefused):
        load(statement(incoming("x")), channel=channel)
    assert written() == before


def test_a_file_that_lacks_documents_waits_for_a_person():
    account = make.account()
    content = statement(incoming(f"ЛС {account.number}"), totals=("0.00", "300.00", "0.00", "300.00"))
    summary = load(content)
    assert summary.state == RegisterState.HELD
    assert counts(summary) == {"held": (1, "100.00")}
    assert "поступило 300,00 ₽, а документов на 100,00 ₽" in summary.message
    assert not Payment.objects.exists() and not BankStatementLine.objects.exists()
    assert counts(load(content)) == {"held": (1, "100.00")}
    register = Register.objects.get()
    assert "поступило 300,00 ₽" in register.totals["doubts"][0]
    assert register_queries.held_files() == [(register.pk, register.name)]
    done = operations.accept_held(register_id=register.pk, day=TODAY, today=TODAY, by=None)  # nobody sends it again
    assert counts(done) == {"accepted": (1, "100.00")} and not HeldFile.objects.exists()
    assert Register.objects.get().verdicts[0]["verdict"] == "accepted"
    assert counts(load(content, confirmed=True)) == {"repeated": (1, "100.00")}
    assert Payment.objects.count() == 1


def test_a_doubtful_statement_is_turned_down_and_the_whole_one_comes_in():
    account = make.account()
    totals = ("0.00", "300.00", "0.00", "300.00")
    held = load(statement(incoming(f"ЛС {account.number}"), totals=totals))
    operations.discard_held(register_id=held.register_id, reason="банк пришлёт целую", by=None)
    assert Register.objects.get().state == RegisterState.UNDONE and not register_queries.held_files()
    again = load(
        statement(incoming(f"ЛС {account.number}"), incoming("нет счёта", "200.00", number="8"), totals=totals)
    )
    assert counts(again) == {"accepted": (1, "100.00"), "held": (1, "200.00")}


def test_a_doubtful_statement_is_taken_when_it_is_sent_again_confirmed():
    account = make.account()
    content = statement(incoming(f"ЛС {account.number}"), totals=("0.00", "300.00", "0.00", "300.00"))
    load(content)
    assert counts(load(content, confirmed=True)) == {"accepted": (1, "100.00")}
    assert Register.objects.get().verdicts[0]["verdict"] == "accepted"
    assert counts(load(content, confirmed=True)) == {"repeated": (1, "100.00")}
    assert Payment.objects.count() == 1


def test_a_file_without_its_last_line_is_taken_with_a_warning():
    account = make.account()
    summary = load(statement(incoming(f"ЛС {account.number}"), end=""))
    assert counts(summary) == {"accepted": (1, "100.00")}
    assert any("КонецФайла" in warning for warning in summary.warnings)
    assert Register.objects.get().state == RegisterState.PARTIAL


def test_an_order_of_another_date_or_not_released_is_not_confirmed_but_told(agent):
    make.bank_accounts(agent)
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, Month.parse("2026-10"), "60.00")
    load(statement(incoming(f"ЛС {account.number}", "60.00")))
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY)
    (row,) = queries.remittances_of(contract_ids=[contract.pk])
    line = outgoing(row.number, "60.00", row.bank_account)
    friday = date(2026, 11, 6)
    assert "не выпущено" in load(statement(line), day=friday, today=friday, dry_run=True).rows[0].text
    make.released(TODAY, on=friday)
    assert "дата документа не его" in load(statement(line), day=friday, today=friday, dry_run=True).rows[0].text
    (row,) = queries.remittances_of(contract_ids=[contract.pk])
    assert (row.state, row.confirmed_on) == (RemittanceState.FORMED, None)


def test_a_dry_run_shows_all_and_writes_nothing():
    account = make.account()
    before = written()
    summary = load(statement(incoming(f"ЛС {account.number}"), incoming("?", number="2")), dry_run=True)
    assert counts(summary) == {"accepted": (1, "100.00"), "held": (1, "100.00")}
    assert written() == before


def test_an_outgoing_line_confirms_our_order(agent):
    make.bank_accounts(agent)
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, Month.parse("2026-10"), "60.00")
    load(statement(incoming(f"ЛС {account.number}", "60.00")))
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY)
    make.released(TODAY, on=TODAY)
    (row,) = queries.remittances_of(contract_ids=[contract.pk])
    friday = date(2026, 11, 6)
    summary = load(
        statement(outgoing(row.number, "60.00", row.bank_account), outgoing("9", "5.00", "40702810000000000099")),
        day=friday, today=friday,
    )  # fmt: skip
    assert counts(summary) == {"outgoing": (2, "65.00")}
    assert [line.text for line in summary.rows] == [
        f"Исполнено перечисление № {row.number} за 05.11.2026.",
        "Списание, не наше перечисление.",
    ]
    (paid,) = queries.remittances_of(contract_ids=[contract.pk])
    assert (paid.state, paid.confirmed_on) == (RemittanceState.CONFIRMED, TODAY)
    path = queries.payment_path(Payment.objects.get(account=account).pk)
    assert [step.remittance.confirmed_on for step in path.steps] == [TODAY]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("01_condo_statement_utf8.txt", {"held": (2, "2219.96"), "outgoing": (2, "14700.00")}),
        ("02_bank_order_v102_cp1251.txt", {"held": (1, "1000.00")}),
        ("03_no_documents.txt", {}),
        ("04_section_per_day_v103.txt", {"held": (1, "158654.52"), "outgoing": (1, "140000.00")}),
        ("05_foreign_payment_alnum_number.txt", {"held": (1, "207459.00"), "outgoing": (1, "4900.00")}),
        ("06_orders_to_bank.txt", {"held": (2, "175375.25")}),
        ("07_one_day_v102_cp1251.txt", {"held": (3, "40000.00"), "outgoing": (10, "41184.00")}),
        ("08_every_field_v103_utf8.txt", {"outgoing": (2, "20.20")}),
        ("09_no_end_of_file.txt", {"held": (1, "1000.00")}),
        ("10_order_to_tszh_utf8.txt", {"outgoing": (1, "0.01")}),
    ],
)
def test_real_files_are_taken_in_once(reference_dir, name, expected):
    content = (reference_dir / "formats" / "samples" / name).read_bytes()
    for number in client_bank.read(content).own_accounts:
        make.own_account(number)
    first = load(content, name=name, confirmed=True)
    assert counts(first) == expected
    before = written()
    again = "repeated" if Register.objects.exists() else "rejected"  # orders to a bank bring nothing to remember
    assert load(content, name=name, confirmed=True).state == again
    assert written() == before
    operations.close_day(day=TODAY)
    assert list(queries.conservation_of_day(TODAY)) == []


def test_a_file_with_nothing_to_write_is_neither_taken_nor_remembered():
    account = make.account()
    content = statement(*(incoming(f"ЛС {account.number}", number=n, Дата="25.12.1990") for n in ("1", "2")))
    before = written()
    tried = load(content, dry_run=True)
    first, again = load(content), load(content)
    assert written() == before
    for summary in (tried, first, again):
        assert summary.state == "rejected" and summary.register_id is None
        assert "ничего не записано" in summary.message
        assert counts(summary) == {"rejected": (2, "200.00")}
    good = statement(incoming(f"ЛС {account.number}"))
    assert counts(load(good)) == {"accepted": (1, "100.00")}


def test_a_file_that_the_payments_refuse_is_not_remembered_either():
    account = make.account()
    content = statement(incoming(f"ЛС {account.number}", amount="0.00"))
    before = written()
    assert load(content).state == load(content).state == "rejected"
    assert written() == before
