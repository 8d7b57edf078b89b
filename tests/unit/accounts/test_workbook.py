"""Sheets and columns of the ГИС ЖКХ templates found whatever they are called, cells read as people type them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.imports import cells, gis, workbook
from accounts.imports.workbook import SHEETS, WorkbookRefused, read
from tests.db.accounts import books

TODAY = date(2026, 10, 20)
REGIONAL = "mosgis-2019_import-PU_ImpMDDatav2_11.13.0.1.xlsx"


@pytest.fixture
def template(reference_dir: Path):
    def content(name: str) -> bytes:
        path = reference_dir / "formats" / "gis" / "templates" / name
        if not path.is_file():
            pytest.skip(f"нет образца {name}")
        return path.read_bytes()

    return content


# --- columns ---------------------------------------------------------------------------------------------------------


def test_the_real_template_of_meters_has_every_column(template):
    book = read(template(REGIONAL))
    sheet = next(sheet for sheet in book.sheets if sheet.kind == "meters")
    assert sheet.name == "Сведения о ПУ"
    assert len(sheet.top) == 2  # a header of two rows: data stand from the third
    assert sheet.rows == []
    assert next(iter(book.conf))[:2] == ["TYPE", "ImpMDDatav2"]


def test_a_row_under_the_real_headers_is_read(template):
    import io

    import openpyxl

    filled = openpyxl.load_workbook(io.BytesIO(template(REGIONAL)))
    sheet = filled["Сведения о ПУ"]
    cells_ = {
        "B": "04512", "C": "Индивидуальный", "D": "СВК", "E": "15-3", "G": "12345", "I": "7", "K": "0012345678",
        "L": "да", "Q": "Электрическая энергия", "R": "Киловатт-час", "S": "Двухтарифный", "T": 1500.5, "U": "700,25",
        "W": 20, "X": date(2022, 3, 1), "Y": "15.03.2022", "Z": datetime(2022, 3, 15), "AB": " 9 лет", "AH": "55-1",  # noqa: DTZ001
    }  # fmt: skip
    for column, value in cells_.items():
        sheet[f"{column}3"] = value
    buffer = io.BytesIO()
    filled.save(buffer)
    (facts,) = gis.parse(read(buffer.getvalue()), today=TODAY).meters
    assert (facts.serial, facts.kind, facts.model, facts.house) == ("04512", "individual", "СВК 15-3", "12345")
    assert (facts.number, facts.account, facts.is_remote, facts.resource, facts.zones) == (
        "7",
        "0012345678",
        True,
        3,
        2,
    )
    assert facts.initial == {1: Decimal("1500.5"), 2: Decimal("700.25")}
    assert (facts.ratio, facts.installed_on, facts.commissioned_on) == (
        Decimal(20), date(2022, 3, 1), date(2022, 3, 15),
    )  # fmt: skip
    assert (facts.verified_on, facts.verified_until, facts.gis_number) == (
        date(2022, 3, 15), date(2031, 3, 14), "55-1",
    )  # fmt: skip
    assert facts.row.number == 3


def test_the_real_template_of_houses_lacks_nothing(template):
    book = read(template("mosgis-2019_import-living-houses_GD-UOv4_12.2.0.1.xlsx"))
    assert [sheet.kind for sheet in book.sheets] == ["houses"]
    assert "Блоки" in book.ignored


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "mosgis-2019_import-payments_AQ-CONF-PAYM-DOC-IMP-EXEC-NOOFFER_11.5.0.3.xlsx",
            "«Основные сведения» нет столбцов",
        ),
        ("mosgis-2019_import-PU-readings_PU_11.0.0.1.xlsx", "нет листов для загрузки"),
        ("mosgis-2019_import-supply-contracts.xlsx", "нет листов для загрузки"),
    ],
)
def test_templates_of_other_things_are_refused(template, name, words):
    with pytest.raises(WorkbookRefused, match=words):
        read(template(name))


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Номер лицевого счета/Единый лицевой счет/Идентификатор ЖКУ. Обязательно для всех типов ПУ", "account"),
        ("НОМЕР  ЛИЦЕВОГО\nСЧЁТА / Единый лицевой счет…", "account"),
        ("Номер ЛС/ЕЛС/ИЖКУ …", "account"),
        ("UNOM\n", "house"),
        ("Уникальный номер дома", "house"),
        ("Глобальный уникальный идентификатор дома по ФИАС / уникальный номер дома", "house"),
        ("Вид ПУ", "kind"),
        ("Вид ПУ по количеству тарифов", "zones"),
        ("Последнее полученное показание (Т2). Не заполняется, если «Наличие технической…", "t2"),
        ("Номер прибора учета в Регсегменте", "gis_number"),
        ("Номер прибора учета в ГИС ЖКХ", "gis_number"),
        ("Межповерочный инт…", "interval"),
        ("Заводской (серийный) номер", "serial"),
    ],
)
def test_a_header_is_known_by_its_beginning(header, column):
    assert workbook._match([workbook._plain(header)], SHEETS["meters"]) == {column: 0}


def test_a_line_of_numbers_under_the_header_is_no_row():
    content = books.book(
        extra={"Помещения": [*books.PREMISES_TOP, ["1", "2", "3", "4", "5", "6", "7", "8"], books.premises(1)]}
    )
    with pytest.raises(WorkbookRefused, match="Основные сведения"):
        read(content)
    content = books.book(
        accounts=[books.account(1)],
        extra={"Помещения": [*books.PREMISES_TOP, [1, 2, 3, 4, 5, 6, 7, 8], [], books.premises(1)]},
    )
    assert [row.number for row in read(content).rows("premises")] == [5]


def test_damaged_xml_inside_is_refused():
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook><sheets><sheet name=")
    with pytest.raises(WorkbookRefused, match="повреждена"):
        read(buffer.getvalue())


# --- cells -----------------------------------------------------------------------------------------------------------


def test_numbers_as_people_type_them():
    assert cells.decimal("1 234,50") == Decimal("1234.50")
    assert cells.decimal(0.1) == Decimal("0.1")  # what Excel shows, not what the processor holds
    assert cells.decimal("") is None
    assert cells.whole(3.0) == 3
    assert cells.text(12.0) == "12"
    assert cells.text("  00\xa012 \n") == "00 12"
    assert cells.yes("Да") and not cells.yes("нет") and not cells.yes(None)
    for wrong in ("1.2.3", "nan", "Infinity", "12 руб."):
        with pytest.raises(cells.CellError, match="не число"):
            cells.decimal(wrong)
    with pytest.raises(cells.CellError, match="нулями"):
        cells.text(1.2345678901234567e19)


def test_dates_as_people_type_them():
    for typed in (
        "05.10.2026",
        "5.10.2026",
        "2026-10-05",
        datetime(2026, 10, 5, 12),  # noqa: DTZ001
        date(2026, 10, 5),
        "05.10.2026 0:00",
    ):
        assert cells.day(typed) == date(2026, 10, 5)
    assert cells.day("") is None
    for wrong in ("31.02.2026", "10/05/2026", "вчера", 45935.0):
        with pytest.raises(cells.CellError, match="не дата"):
            cells.day(wrong)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (
            "344038, Ростовская обл, г Ростов-на-Дону, пр-кт Ленина, д. 85, к. 3",
            ("344038", "Ростовская обл", "г Ростов-на-Дону", "пр-кт Ленина", "85 к. 3"),
        ),
        ("460000, г.Оренбург, ул.Чкалова, дом № 14", ("460000", "г.Оренбург", "г.Оренбург", "ул.Чкалова", "14")),
        (
            "461000, Оренбургская область, с. Ивановка, 12А",
            ("461000", "Оренбургская область", "с. Ивановка", "", "12А"),
        ),
        ("где-то", ("", "", "", "", "")),
    ],
)
def test_an_address_is_taken_apart(address, parts):
    found = gis.split_address(address)
    assert tuple(found.get(name, "") for name in ("postcode", "region", "town", "street", "number")) == parts


def test_a_verification_ends_the_day_before():
    assert gis.years_after(date(2022, 3, 15), 6) == date(2028, 3, 14)
    assert gis.years_after(date(2024, 2, 29), 1) == date(2025, 2, 28)
