"""Uploads opened safely, workbooks and prints written."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from weasyprint.urls import FatalURLFetchingError

from accounts import files
from accounts.files import FileRefused, check_size, open_workbook, xlsx

BOOK = xlsx({"Лист": [["привет", 1]]})


def zipped(members: dict[str, bytes], **facts) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **facts) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_cell(reference: str, *, empty: bool = False) -> bytes:
    """A workbook of ours with one more cell somewhere."""
    members = unzipped(BOOK)
    sheet = members["xl/worksheets/sheet1.xml"]
    cell = f'<c r="{reference}" s="0"/>' if empty else f'<c r="{reference}"><v>1</v></c>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", f"<row>{cell}</row></sheetData>".encode())
    return zipped(members)


def damaged() -> bytes:
    """The directory stands, and a member is not what its checksum says."""
    members = unzipped(BOOK)
    members["xl/worksheets/sheet1.xml"] += b" " * 5000
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    content = buffer.getvalue()
    return content.replace(b" " * 50, b"x" * 50, 1)


def locked() -> bytes:
    """An archive whose members say that they are encrypted."""
    content = bytearray(BOOK)
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def cells(count):
    return b"".join(b"<c><v>%d</v></c>" % number for number in range(count))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "пустой"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "старом формате xls или с паролем"),
        ("Номер;Сумма\n1;2".encode("cp1251"), "не книга Excel"),
        ("№ записи\tФамилия".encode("utf-16"), "не книга Excel"),
        (b"%PDF-1.7", "не книга Excel"),
        (BOOK[: len(BOOK) // 2], "повреждён или загружен не до конца"),
        (BOOK[:-5], "повреждён или загружен не до конца"),
        (b"PK\x03\x04" + b"\0" * 100, "повреждён"),
        (damaged(), "повреждён"),
        (locked(), "с паролем"),
        (zipped({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<t/>"}), "не книга Excel"),
        (zipped({**unzipped(BOOK), "xl/vbaProject.bin": b"Sub AutoOpen()"}), "макросы"),
        (zipped({**unzipped(BOOK), "xl/media/big.bin": b"\0" * (files.UNPACKED_LIMIT + 1)}), "после распаковки больше"),
        (zipped({**unzipped(BOOK), "xl/worksheets/sheet1.xml": b"<c/>" * 20_000_000}), "больше чем в 200 раз"),
        (
            zipped({**unzipped(BOOK), "xl/worksheets/sheet1.xml": b"<row>" + cells(files.CELLS_LIMIT + 999)}),
            "млн ячеек",
        ),
        (zipped({**unzipped(BOOK), **{f"xl/x{n}.xml": b"" for n in range(2001)}}), "после распаковки больше"),
        (with_cell("XFD1048576"), "дальше столбца CZ"),
        (with_cell("A100000"), "строки 99 999"),
    ],
    ids=[
        "empty", "xls", "csv", "utf-16", "pdf", "half", "no end", "garbage", "checksum", "password", "docx", "macros",
        "bomb", "hollow", "many cells", "many members", "far corner", "far row",
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_in_words(content, words):
    with pytest.raises(FileRefused, match=words):
        open_workbook(content, name="дом.xlsx")


def test_a_bomb_that_lies_about_its_size_is_found_by_what_it_unpacks():
    bomb = bytearray(zipped({**unzipped(BOOK), "xl/media/big.bin": b"\0" * (8 * files.MEGABYTE)}))
    place = bomb.index(b"PK\x01\x02", bomb.index(b"xl/media/big.bin", bomb.index(b"PK\x01\x02")) - 60)
    bomb[place + 24 : place + 28] = (10).to_bytes(4, "little")  # the size in the directory
    with pytest.raises(FileRefused, match="повреждён"):
        open_workbook(bytes(bomb), name="дом.xlsx")


def test_a_large_file_is_refused_before_it_is_read():
    with pytest.raises(FileRefused, match=r"слишком большой: 2.0 МБ, а можно до 1 МБ"):
        check_size(b"x" * 2 * files.MEGABYTE, name="дом.xlsx", limit=files.MEGABYTE)


def test_a_good_workbook_passes_and_so_do_empty_cells_far_away():
    assert open_workbook(BOOK, name="дом.xlsx") == BOOK
    formatted = with_cell("XFD5", empty=True)
    assert open_workbook(formatted, name="дом.xlsx") == formatted


def test_a_workbook_keeps_numbers_exact_and_texts_texts():
    content = xlsx(
        {
            "Обороты: дом 1/2": [
                [
                    "=1+1", Decimal("301.39"), Decimal("7.125"), date(2026, 10, 5),
                    datetime(2026, 10, 5, 7, 30, tzinfo=UTC), True, None, "а\x00б", 12,
                ]
            ]
        },
        headers={"Обороты: дом 1/2": ["Текст", "Сумма"]},
    )  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet.title == "Обороты  дом 1 2"
    assert [cell.value for cell in sheet[1]][:2] == ["Текст", "Сумма"]
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    row = [cell.value for cell in sheet[2]]
    assert row == [
        "=1+1", 301.39, 7.125, datetime(2026, 10, 5), datetime(2026, 10, 5, 12, 30), "да", None, "аб", 12,  # noqa: DTZ001
    ]  # fmt: skip
    assert sheet["A2"].data_type == "s"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<v>301.39</v>" in archive.read("xl/worksheets/sheet1.xml")


def test_a_workbook_of_nothing_still_opens():
    assert openpyxl.load_workbook(io.BytesIO(xlsx({}))).sheetnames == ["Лист 1"]


def test_a_page_becomes_a_pdf_without_asking_the_network():
    assert files.pdf_of_html("<p>Справка о задолженности</p>").startswith(b"%PDF-")
    for source in ("http://example.org/a.png", "file:///etc/hostname", "static:нет.png"):
        with pytest.raises(FatalURLFetchingError):
            files.pdf_of_html(f'<img src="{source}">')
