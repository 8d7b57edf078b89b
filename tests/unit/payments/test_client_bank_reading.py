"""Oddities of real statements: encodings, directions, purposes, numbers that name a subscriber."""

from decimal import Decimal

import pytest

from payments.registers import client_bank
from payments.registers.client_bank import Direction, Mention, Names, StatementRefused, mentions, money, read, repeats

HEAD = "1CClientBankExchange\nВерсияФормата=1.03\nКодировка={}\n"


def document(**facts):
    values = {"Номер": "1", "Дата": "05.11.2026", "Сумма": "1", **facts}
    lines = "".join(f"{key}={value}\n" for key, value in values.items())
    return f"СекцияДокумент=Платежное поручение\n{lines}КонецДокумента\n"


def one(**facts):
    (found,) = read((HEAD.format("Windows") + document(**facts) + "КонецФайла").encode("cp1251")).documents
    return found


@pytest.mark.parametrize(
    ("encoding", "declared", "name"),
    [("utf-8-sig", "Windows", "utf-8"), ("cp1251", "windows-1251", "cp1251"), ("cp866", "DOS", "cp866")],
)
def test_encodings(encoding, declared, name):
    statement = read((HEAD.format(declared) + document(НазначениеПлатежа="Ёлка") + "КонецФайла").encode(encoding))
    assert (statement.encoding, statement.documents[0].purpose, statement.warnings) == (name, "Ёлка", ())


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1000", "1000.00"), ("22.9", "22.90"), ("1 234,56", "1234.56"), ("0.00", "0.00"), ("-5", "-5.00")],
)
def test_sums_are_read_by_text(text, amount):
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "пять", "1.234", "1e5", "1.2.3", "NaN"])
def test_what_is_no_sum(text):
    assert money(text) is None


@pytest.mark.parametrize(
    ("facts", "own", "way"),
    [
        ({"ПолучательРасчСчет": "1"}, {"1"}, Direction.IN),
        ({"ПлательщикСчет": "1", "ДатаПоступило": "05.11.2026"}, {"1"}, Direction.OUT),
        ({"ПлательщикСчет": "1", "ПолучательСчет": "2"}, {"1", "2"}, Direction.OWN),
        ({"ДатаПоступило": "05.11.2026"}, {"1"}, Direction.IN),
        ({"ДатаСписано": "05.11.2026"}, {"1"}, Direction.OUT),
        ({"ДатаСписано": "05.11.2026", "ДатаПоступило": "05.11.2026"}, {"1"}, Direction.UNKNOWN),
        ({}, {"1"}, Direction.UNKNOWN),
    ],
)
def test_direction(facts, own, way):
    assert one(**facts).direction(own) == way


def test_a_name_behind_its_inn_and_keys_of_any_case():
    assert one(Плательщик="ИНН 7707083893 ООО «Ромашка»").payer.name == "ООО «Ромашка»"
    assert one(Плательщик="7707083893, ООО «Ромашка»", плательщикБик="045354601").payer.bik == "045354601"


def test_a_purpose_split_over_numbered_keys():
    assert one(НазначениеПлатежа1="Оплата", НазначениеПлатежа2="ЛС 1").purpose == "Оплата ЛС 1"
    assert one(НазначениеПлатежа1="я" * 40, НазначениеПлатежа2="конец").purpose == "я" * 40 + "конец"


def test_unknown_keys_are_kept_out_and_told():
    text = HEAD.format("Windows") + "НеизвестноеСвойство=123\n" + document(Странное="1") + "КонецФайла\nхвост"
    statement = read(text.encode("cp1251"))
    assert len(statement.documents) == 1
    assert [warning.split("(")[0].strip() for warning in statement.warnings] == [
        "Строка 12: после «КонецФайла» есть ещё текст, он не прочитан.",
        "Неизвестное поле «НеизвестноеСвойство»",
        "Неизвестное поле «Странное»",
    ]


def test_sections_that_do_not_follow_each_other_are_told():
    text = HEAD.format("Windows") + "".join(
        f"СекцияРасчСчет\nДатаНачала={day}.11.2026\nРасчСчет=1\nНачальныйОстаток={opening}\nВсегоПоступило=0\n"
        f"ВсегоСписано=0\nКонечныйОстаток={opening}\nКонецРасчСчет\n"
        for day, opening in (("05", "1.00"), ("06", "2.00"))
    )
    statement = read((text + "КонецФайла").encode("cp1251"))
    assert client_bank.wrong_totals(statement) == []
    assert client_bank.doubts(statement, {"1"}) == ["Счёт 1: остаток 1,00 ₽ не равен следующему начальному 2,00 ₽."]


@pytest.mark.parametrize(
    ("purpose", "code", "found"),
    [
        ("ЛС: 50133547364", "", [Mention(Names.LABELLED, "50133547364"), Mention(Names.BARE, "50133547364")]),
        ("л/с 12-345-678", "", [Mention(Names.LABELLED, "12345678")]),
        ("Лицевой счёт № 1234567", "", [Mention(Names.LABELLED, "1234567"), Mention(Names.BARE, "1234567")]),
        ("лиц. счет 1234567", "", [Mention(Names.LABELLED, "1234567"), Mention(Names.BARE, "1234567")]),
        ("оплата", "50133547364", [Mention(Names.CODE, "50133547364")]),
        ("///ЖКУ20мв875415-07-1051", "", [Mention(Names.DOCUMENT, "20МВ875415-07-1051")]),
        ("за 20MB875415-07", "", [Mention(Names.HOUSING_SERVICE, "20МВ875415-07")]),
        ("ЕЛС 20МВ875415", "", [Mention(Names.UNIFIED, "20МВ875415")]),
        ("Оплата по договору", "0", []),
    ],
)
def test_numbers_that_may_name_a_subscriber(purpose, code, found):
    assert mentions(purpose, code) == found


def test_equal_rows_of_one_file_are_counted():
    assert repeats([("a", 1), ("b", 1), ("a", 1), ("a", 1)]) == [0, 0, 1, 2]


@pytest.mark.parametrize("cut", range(40, 400, 13))
def test_a_cut_file_is_read_or_refused_but_never_half_read(cut):
    content = (HEAD.format("Windows") + document(НазначениеПлатежа="ЛС 1234567") * 3 + "КонецФайла").encode("cp1251")
    try:
        statement = read(content[:cut])
    except StatementRefused:
        return
    assert statement.errors == (("no_end_of_file",) if cut < len(content) else ())
    assert all(found.problem == "" for found in statement.documents)
