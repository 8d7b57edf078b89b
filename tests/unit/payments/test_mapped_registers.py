"""A described layout reads its files and no others."""

import struct
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Month
from payments.registers import dbf, mapped
from payments.registers.layouts import KNOWN
from payments.registers.mapped import RegisterRefused

SBER = KNOWN["sberbank"]
LINE = (
    "04-11-2026;10-15-00;8623/0001;СБОЛ;{op};{account};Иванова М. П.;Оренбург, ул. Чкалова, 5;1026;"
    "{amount};{amount};0,00"
)
TOTALS = "={count};{amount};{amount};0,00;1234;05-11-2026"


def sber(*rows, count=None, amount=None, encoding="cp1251"):
    lines = [LINE.format(op=op, account=account, amount=sum_) for op, account, sum_ in rows]
    told = sum(Decimal(sum_.replace(",", ".")) for *_, sum_ in rows)
    figures = {"count": count if count is not None else len(rows), "amount": amount or f"{told:.2f}".replace(".", ",")}
    return "\r\n".join([*lines, TOTALS.format(**figures)]).encode(encoding)


def table(fields, *records):
    head = b"".join(
        name.encode().ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([size, 0]) + bytes(14)
        for name, kind, size in fields
    )
    length = 1 + sum(size for *_, size in fields)
    start = 32 + len(head) + 1
    body = b"".join(
        b" " + b"".join(cell.encode("cp866").rjust(size) for cell, (*_, size) in zip(record, fields, strict=True))
        for record in records
    )
    first = struct.pack("<BBBBIHH", 3, 126, 11, 5, len(records), start, length) + bytes(20)
    return first + head + b"\r" + body + b"\x1a"


def test_every_known_layout_is_whole():
    assert {code: mapped.faults(layout) for code, layout in KNOWN.items() if mapped.faults(layout)} == {}


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig"])
def test_sberbank(encoding):
    file = mapped.read(sber(("77", "560000012", "1234,56"), ("78", "560000013", "0,44"), encoding=encoding), SBER)
    row = file.rows[0]
    assert (row.operation, row.account, row.amount, row.paid_on) == (
        "77", "560000012", Decimal("1234.56"), date(2026, 11, 4)
    )  # fmt: skip
    assert (row.payer, row.period) == ("Иванова М. П.", Month.parse("2026-10"))
    assert (file.amount, file.transferred, file.commission, file.order) == (
        Decimal("1235.00"), Decimal("1235.00"), Decimal(0), "1234"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Файл пуст"),
        (b"1;2;3\n=1;3;3;0", "не реестр формата"),
        ("1CClientBankExchange\nВерсияФормата=1.03\nКонецФайла".encode("cp1251"), "не реестр формата"),
        (sber(("1", "56", "1,00"), encoding="cp866"), "Русских букв"),
        (b"PK\x03\x04\x00\x00", "нулевые байты"),
    ],
)
def test_another_file_is_refused_in_words(content, why):
    with pytest.raises(RegisterRefused, match=why):
        mapped.read(content, SBER)


def test_a_row_with_parts_of_a_kopeck_is_not_taken_and_the_others_are():
    file = mapped.read(sber(("1", "56", "0,001"), ("2", "57", "1,00"), ("3", "57", "1,00"), amount="2,001"), SBER)
    assert [row.problem for row in file.rows] == ["Сумма 0,001 ₽ содержит доли копейки.", "", ""]


def test_a_commission_that_does_not_explain_the_transfer_is_looked_at():
    content = sber(("1", "56", "100,00")).replace(
        b";100,00;0,00\r\n=1;100,00;100,00", b";90,00;5,00\r\n=1;100,00;90,00"
    )
    content = content.replace(b";90,00;0,00;1234", b";90,00;5,00;1234")
    assert "сверьте с банком" in mapped.read(content, SBER).rows[0].doubt


def test_tagged_fields_stand_in_any_order():
    line = "8623;0001;x;y;150,00;0;05/11/2026;;CLIENTDOCNO:20МВ875415-07-1051;CLIENTNO:560000012;CounterVal_1:5"
    row = mapped.read(line.encode("cp1251"), KNOWN["sberbank-tagged"]).rows[0]
    assert (row.account, row.document, row.amount) == ("560000012", "20МВ875415-07-1051", Decimal("150.00"))


def test_billdirect():
    file = mapped.read(b"05112026;560000012;1;10.50;A1\n05112026;560000013;1;1.50;A2\n=;2;12.00", KNOWN["billdirect"])
    assert [(row.account, row.amount) for row in file.rows] == [
        ("560000012", Decimal("10.50")), ("560000013", Decimal("1.50")),
    ]  # fmt: skip


def test_the_day_inside_of_the_operation():
    line = "5600000120000;10.00;" + "051126" + "1" * 20 + ";1;05.11.2026;" + ";".join(["НЕТ"] * 12)
    row = mapped.read(line.encode(), KNOWN["kp50"]).rows[0]
    assert (row.paid_on, row.operation) == (date(2026, 11, 5), "051126" + "1" * 20)


def test_every_pack_agrees_with_its_own_lines():
    def pack(amount, *sums):
        lines = [f"@@@|{n}|1|1|1|560000012|05.11.2026|10.2026|0001|{s}|{s}" for n, s in enumerate(sums)]
        return "\n".join([f"###|PPP|1|1|05.11.2026|05.11.2026|{len(sums)}|{amount}|{amount}", *lines])

    layout = KNOWN["bars-packs"]
    text = "***|PPP|1\n" + pack("3.00", "1.00", "2.00") + "\n" + pack("5.00", "5.00")
    assert mapped.read(text.encode(), layout).amount == Decimal("8.00")
    wrong = mapped.read((pack("4.00", "1.00", "2.00") + "\n" + pack("4.00", "5.00")).encode(), layout)
    assert len([doubt for doubt in wrong.doubts if "Итоги не сходятся" in doubt]) >= 2  # all agree, each pack does not


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (sber(("1", "56", "1,00"), count=2), "объявлено строк 2, а в файле 1"),
        (sber(("1", "56", "1,00"), amount="2,00"), "«сумма» в строке 2 — 2,00 ₽, а по строкам файла 1,00 ₽"),
        (sber(("1", "56", "1,00")).rsplit(b"\r\n", 1)[0], "оборван: в нём нет строки итогов"),
        (sber(("1", "56", "1,00"))[:-25], "Строка итогов"),
    ],
)
def test_a_cut_or_disagreeing_file_is_read_and_doubted(content, why):
    file = mapped.read(content, SBER)
    assert [row.amount for row in file.rows] == [Decimal("1.00")]
    assert why in " ".join(file.doubts)


def test_dbf_by_names_of_fields():
    fields = [("DT_PAY", "D", 8), ("SUM_PL", "N", 12), ("LS", "C", 13), ("FIO", "C", 30), ("EPD", "C", 20)]
    content = table(fields, ("20261105", "1500.25", "560000012", "Иванова", ""))
    row = mapped.read(content, KNOWN["dbf-bars-2"]).rows[0]
    assert (row.amount, row.payer, row.paid_on) == (Decimal("1500.25"), "Иванова", date(2026, 11, 5))
    with pytest.raises(RegisterRefused, match="оборвана"):
        mapped.read(content[:-20], KNOWN["dbf-bars-2"])
    with pytest.raises(RegisterRefused, match="нет полей DATA, IDEN, SUMMA"):
        mapped.read(content, KNOWN["dbf-tagil"])
    with pytest.raises(dbf.NotDbf):
        dbf.read(b"\x03" * 40, "cp866")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"places": {"account": "1"}}, "places.amount"),
        ({"places": {**SBER.places, "account": "13"}}, "places.account"),
        ({"places": {**SBER.places, "account": "0"}}, "places.account"),
        ({"delimiter": ""}, "delimiter"),
        ({"date_format": "YYYY"}, "date_format"),
        ({"control_count": 0, "control_amount": 0}, "control_amount"),
    ],
)
def test_a_layout_that_cannot_work_is_named(change, where):
    assert where in mapped.faults(replace(SBER, **change))
