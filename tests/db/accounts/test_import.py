"""A workbook in: a verdict for every row, good ones written, bad ones back, the whole undone."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

import billing.operations
from accounts import operations, queries, rules
from accounts.calendar import Month
from accounts.imports.workbook import WorkbookRefused
from accounts.models import (
    HeatingMode,
    House,
    HouseKind,
    HousePassport,
    ImportedFile,
    JournalEntry,
    Meter,
    MeterKind,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    Reading,
    ReadingSource,
    Residency,
    Touch,
)
from accounts.operations import ImportRefused, import_workbook, undo_import
from billing.models import Charge, ProvisionMethod
from tests import make
from tests.db.accounts import books

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2026, 10, 20)
SINCE = date(2026, 10, 1)
NUMBER = make.account_number(777_001)
OTHER = make.account_number(777_002)
TABLES = (
    House, HousePassport, Premises, PremisesArea, Person, PersonalAccount, Ownership, Residency, Meter, Reading, Touch,
    ImportedFile, JournalEntry,
)  # fmt: skip


def written():
    return {model.__name__: model.objects.count() for model in TABLES}


def take(content, **facts):
    return import_workbook(**{"name": "дом.xlsx", "content": content, "by": None, "today": TODAY, **facts})


def verdict(report, sheet, row):
    return next(one for one in report.verdicts if (one.sheet, one.row) == (sheet, row))


def whole():
    """A house, a flat with a numbered account, a communal flat's room, a shop without a number, three meters."""
    shop = make.organisation()
    return books.book(
        houses=[books.house()],
        accounts=[
            books.account(1, NUMBER, els="20MB875415", snils="112-233-445 95"),
            books.account(
                2, "", tenant="Да", last="Петров", first="Иван", middle="", total="18,4", living="", persons=3
            ),
            books.account(3, "", last="", first="", middle="", ogrn=shop.ogrn, total=120, living="", persons=""),
        ],
        premises=[
            books.premises(1, "12"),
            books.premises(2, "13", room="2"),
            books.premises(3, "1", kind="Нежилое помещение"),
        ],
        meters=[
            books.meter("СВ-1", NUMBER),
            books.meter(
                "ЭЛ-1", "20мв875415", resource="Электрическая энергия", zones="Двухтарифный", t1=100, t2="50,25"
            ),
            books.meter(
                "ОДПУ-1", "", kind="Коллективный (общедомовой)", house=books.GUID.upper(), resource="Тепловая энергия"
            ),
        ],
    )


# --- good rows -------------------------------------------------------------------------------------------------------


def test_a_workbook_becomes_houses_accounts_people_and_meters():
    report = take(whole())
    assert [(one.what, one.text) for one in report.verdicts if not one.is_good] == []
    assert report.bad_rows is None
    house = House.objects.get()
    assert (house.kind, str(house.fias_guid), house.oktmo, house.postcode) == (
        HouseKind.APARTMENT, books.GUID, "53701000", "460000",
    )  # fmt: skip
    assert (house.region, house.town, house.street, house.number) == (
        "Оренбургская обл", "г Оренбург", "ул Чкалова", "5",
    )  # fmt: skip
    passport = HousePassport.objects.get()
    assert (passport.total_area_m2, passport.common_area_m2) == (D(2700), D(300))
    assert (passport.storeys, passport.heating_mode, passport.valid_from) == (5, HeatingMode.SEASON, SINCE)
    account = PersonalAccount.objects.get(number=NUMBER)
    card = queries.account_card(account.pk, SINCE)
    assert card.address == "г Оренбург, ул Чкалова, д. 5, кв. 12"
    assert (card.payer, card.total_area_m2, card.living_area_m2, card.persons) == (
        "Иванова Мария Петровна",
        D("48.5"),
        D("30.2"),
        2,
    )
    assert card.unified_number == "20МВ875415"
    assert [owner.name for owner in card.owners] == ["Иванова Мария Петровна"]
    assert account.payer_person.snils == "11223344595"
    assert [(row.name, row.persons) for row in card.residents] == [("", 2)]
    assert {
        (row.serial, zone): (last.value, last.month.first) for row in card.meters for zone, last in row.last.items()
    } == {
        ("СВ-1", 1): (D("120.5"), date(2026, 9, 1)),
        ("ЭЛ-1", 1): (D(100), date(2026, 9, 1)),
        ("ЭЛ-1", 2): (D("50.25"), date(2026, 9, 1)),
    }
    water = Meter.objects.get(serial="СВ-1")
    assert (water.commissioned_on, water.verified_until, water.model) == (
        date(2022, 3, 15),
        date(2028, 3, 14),
        "СВК 15-3",
    )
    building = Meter.objects.get(serial="ОДПУ-1")
    assert (building.kind, building.premises, building.house) == (MeterKind.BUILDING, None, house)


def test_a_tenant_lives_in_his_room_and_a_shop_belongs_to_its_owner():
    take(whole())
    room = Premises.objects.get(kind=PremisesKind.ROOM)
    assert (room.number, room.parent.number, room.parent.kind) == ("2", "13", PremisesKind.FLAT)
    tenant = PersonalAccount.objects.get(premises=room)
    assert rules.is_account_number(tenant.number)
    assert Ownership.objects.filter(premises=room).count() == 0
    lived = Residency.objects.filter(premises=room).order_by("persons").values_list("person__last_name", "persons")
    assert list(lived) == [("Петров", 1), (None, 2)]
    shop = PersonalAccount.objects.get(premises__kind=PremisesKind.NON_RESIDENTIAL)
    assert shop.payer_organisation == Ownership.objects.get(premises=shop.premises).organisation
    assert Residency.objects.filter(premises=shop.premises).count() == 0


def test_an_import_is_noted_and_touches_the_house():
    by = make.user()
    report = take(whole(), by=by)
    file = ImportedFile.objects.get()
    assert (report.file_id, file.imported_by, file.counts["good"], file.counts["rows"]) == (file.pk, by, 10, 10)
    entry = JournalEntry.objects.get()
    assert (entry.event, entry.user, entry.facts["file"]) == ("accounts.workbook.imported", by, file.pk)
    assert list(Touch.objects.values_list("house", "account", "first_month")) == [(House.objects.get().pk, None, SINCE)]


def test_a_dry_run_says_the_same_and_writes_nothing():
    content = whole()
    before = written()
    tried = take(content, dry_run=True)
    assert written() == before
    assert tried.file_id is None
    done = take(content)
    assert done.counts == tried.counts
    assert [(one.sheet, one.row, one.is_good) for one in done.verdicts] == [
        (one.sheet, one.row, one.is_good) for one in tried.verdicts
    ]


def test_a_dry_run_spends_and_promises_no_numbers():
    (before,) = operations.allocate_numbers(1)
    tried = take(whole(), dry_run=True)
    told = " ".join(one.text for one in tried.verdicts)
    assert "номер будет выдан при загрузке" in told and "выдан номер" not in told
    (after,) = operations.allocate_numbers(1)
    assert int(after[:-1]) - int(before[:-1]) == 1


@pytest.mark.parametrize("since", [date(1, 1, 1), date(1899, 12, 31), date(2030, 1, 1)])
def test_a_day_that_cannot_be_is_refused(since):
    before = written()
    with pytest.raises(ImportRefused, match=f"{since:%d.%m.%Y}") as refused:
        take(whole(), since=since)
    assert refused.value.field == "since"
    assert written() == before


def test_accounts_are_added_to_a_house_that_stands():
    house = make.house(fias_guid=books.GUID)
    report = take(books.book(houses=[books.house()], accounts=[books.account(1)], premises=[books.premises(1)]))
    assert verdict(report, "Характеристики МКД", 3).text == "Дом уже есть, оставлен без изменений."
    assert PersonalAccount.objects.get().house == house
    assert HousePassport.objects.count() == 1


def test_since_and_the_day_of_opening_may_be_named():
    take(whole(), since=date(2026, 7, 1))
    assert set(PersonalAccount.objects.values_list("opened_on", flat=True)) == {date(2026, 7, 1)}
    assert set(Reading.objects.values_list("day", flat=True)) == {date(2026, 6, 30)}


# --- bad rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "cells", "words"),
    [
        ("houses", {"oktmo": "5370"}, "ОКТМО «5370»: нужно 8 или 11 цифр"),
        ("houses", {"oktmo": ""}, "не заполнен столбец «ОКТМО»"),
        ("houses", {"area": 0}, "больше нуля"),
        ("houses", {"area": "много"}, "«много» не число"),
        ("houses", {"address": "где-то"}, "не понятен индекс"),
        ("houses", {"common": 3000}, "площадь общего имущества не меньше площади здания"),
        ("houses", {"heating": "иногда"}, "«иногда» не из списка"),
        ("accounts", {"number": "123456789"}, "контрольная цифра не сходится"),
        ("accounts", {"number": 12345678901234567890}, "Excel заменил последние цифры нулями"),
        ("accounts", {"total": ""}, "не заполнен столбец «Общая площадь, кв. м»"),
        ("accounts", {"total": -5}, "больше нуля"),
        ("accounts", {"living": 60}, "жилая площадь 60 м² больше общей 48,5 м²"),
        ("accounts", {"persons": "два"}, "«два» не число"),
        ("accounts", {"persons": 2.5}, "не целое число"),
        ("accounts", {"persons": 100}, "от 0 до 99"),
        ("accounts", {"snils": "112-233-445 96"}, "контрольное число не сходится"),
        ("accounts", {"last": "", "first": "", "ogrn": "1027700132196"}, "контрольная цифра не сходится"),
        ("accounts", {"last": "", "first": "", "ogrn": "1027700132195"}, "Организации с ОГРН 1027700132195 нет"),
        ("accounts", {"divided": "Да"}, "разделены"),
        ("accounts", {"tenant": "может быть"}, "нужно «Да» или «Нет»"),
        ("accounts", {"els": "20ZZ875415"}, "две русские буквы"),
        ("accounts", {"last": "Ф" * 61}, "длиннее 60 знаков"),
        ("accounts", {"last": "Ива\tнова"}, "табуляция или перенос строки внутри имени"),
        ("accounts", {"last": "Ива\u202eнова"}, "невидимый управляющий знак U+202E"),
        ("accounts", {"last": "=A1"}, "«Фамилия»: формула вместо значения"),
        ("accounts", {"total": "1e400"}, "такого числа не бывает"),
        ("premises", {"kind": "Гараж"}, "«Гараж» не из списка"),
        ("premises", {"house": "99999999-2222-3333-4444-555555555555"}, "нет ни в базе, ни в книге"),
        ("premises", {"share": 50}, "доля внесения платы 50 %"),
        ("meters", {"serial": ""}, "не заполнен столбец «Заводской (серийный) номер ПУ»"),
        ("meters", {"resource": "Сжатый воздух"}, "«Сжатый воздух» не из списка"),
        ("meters", {"account": "000"}, "не найден в базе"),
        ("meters", {"commissioned": "31.02.2022"}, "не дата"),
        ("meters", {"commissioned": "01.01.2030"}, "не наступила"),
        ("meters", {"t1": -1}, "не меньше нуля"),
        ("meters", {"zones": "Двухтарифный", "t2": 5}, "только у счётчика электричества"),
        ("meters", {"t2": 5}, "показание Т2 у прибора, где тарифов: 1"),
        ("meters", {"interval": "долго"}, "Межповерочный"),
        ("meters", {"kind": "Комнатный"}, "на целую квартиру"),
        ("meters", {"number": "99"}, "на помещение 1, а в строке 99"),
    ],
)
def test_a_bad_row_is_told_in_words_and_returned(sheet, cells, words):
    def part(name, **facts):
        return {**facts, **cells} if name == sheet else facts

    content = books.book(
        houses=[books.house(), books.house(**part("houses", guid="99999999-2222-3333-4444-000000000000"))],
        accounts=[books.account(1, NUMBER), books.account(2, **part("accounts"))],
        premises=[books.premises(1, "1"), books.premises(2, **part("premises", number="2"))],
        meters=[books.meter("А-1", NUMBER), books.meter(**part("meters", serial="А-2", account=NUMBER))],
    )
    title = {
        "houses": "Характеристики МКД", "accounts": "Основные сведения", "premises": "Помещения",
        "meters": "Сведения о ПУ",
    }[sheet]  # fmt: skip
    report = take(content)
    last = max(one.row for one in report.verdicts if one.sheet == title)
    bad = verdict(report, title, last)
    assert not bad.is_good
    assert words.lower() in bad.text.lower()
    assert bad.text.endswith(".")
    assert PersonalAccount.objects.filter(number=NUMBER).count() == 1  # the good rows stand
    assert Meter.objects.filter(serial="А-1").count() == 1
    returned = openpyxl.load_workbook(io.BytesIO(report.bad_rows))
    rows = list(returned[title].iter_rows(values_only=True))
    assert rows[-1][-1] == bad.text
    assert [cell for cell in rows if "Статус обработки" in cell]


def test_both_rows_of_a_refused_home_come_back_and_load_once_mended():
    content = books.book(
        houses=[books.house()],
        accounts=[books.account(1, NUMBER), books.account(2, total=-1)],
        premises=[books.premises(1, "1"), books.premises(2, "2")],
    )
    report = take(content)
    assert report.bad == 2
    assert "листе «Основные сведения»" in verdict(report, "Помещения", 4).text
    returned = openpyxl.load_workbook(io.BytesIO(report.bad_rows))
    assert returned["Основные сведения"].max_row == 3
    returned["Основные сведения"]["L3"] = 40
    buffer = io.BytesIO()
    returned.save(buffer)
    again = take(buffer.getvalue())
    assert [one.text for one in again.verdicts if not one.is_good] == []
    assert PersonalAccount.objects.count() == 2


def test_what_comes_twice_in_a_file_is_taken_once():
    report = take(
        books.book(
            houses=[books.house(), books.house()],
            accounts=[books.account(1, NUMBER), books.account(2, NUMBER), books.account(3), books.account(3)],
            premises=[books.premises(1, "1"), books.premises(2, "2"), books.premises(3, "1")],
            meters=[books.meter("А-1", NUMBER), books.meter("А-1", NUMBER)],
        )
    )
    bad = {(one.sheet, one.row): one.text for one in report.verdicts if not one.is_good}
    assert "уже стоит в строке 3" in bad["Характеристики МКД", 4]
    assert f"Номер счёта {NUMBER} уже стоит в строке 3" in bad["Основные сведения", 4]
    assert "№ записи 3 уже стоит в строке 5" in bad["Основные сведения", 6]
    assert "На это помещение уже есть счёт в строке 3" in bad["Помещения", 5]
    assert "Прибор № А-1 уже есть в строке 2" in bad["Сведения о ПУ", 3]
    assert (House.objects.count(), PersonalAccount.objects.count(), Meter.objects.count()) == (1, 1, 1)


def test_what_the_base_knows_already_is_refused():
    house = make.house(fias_guid=books.GUID)
    account = make.account(premises=make.premises(house=house, number="1"), number=NUMBER)
    make.meter(premises=account.premises, serial="А-1")
    free = make.premises(house=house, number="2", total_area_m2=D(60))
    stranger = make.person(last_name="Сидоров", snils="11223344595")
    before = written()
    report = take(
        books.book(
            accounts=[
                books.account(1, NUMBER), books.account(2), books.account(3), books.account(4, snils="112-233-445 95"),
            ],
            premises=[
                books.premises(1, "7"), books.premises(2, "1"), books.premises(3, "2"), books.premises(4, "8"),
            ],
            meters=[books.meter("А-1", NUMBER)],
        )
    )  # fmt: skip
    bad = {(one.sheet, one.row): one.text for one in report.verdicts if not one.is_good}
    assert "уже есть в базе" in bad["Основные сведения", 3]
    assert f"уже открыт счёт {NUMBER}" in bad["Помещения", 4]
    assert "В базе площадь помещения 60 м², в файле 48,5 м²" in bad["Основные сведения", 5]
    assert f"другим человеком ({stranger.last_name})" in bad["Основные сведения", 6]
    assert "здесь уже стоит" in bad["Сведения о ПУ", 3 - 1]
    assert report.good == 0
    assert report.file_id is None
    assert written() == before
    assert free.accounts.count() == 0


def test_a_formula_in_a_returned_row_stays_a_text():
    report = take(
        books.book(
            houses=[books.house()],
            accounts=[books.account(1, "123", last="'=cmd|' /C calc'!A0".lstrip("'"))],
            premises=[books.premises(1)],
        )
    )
    returned = openpyxl.load_workbook(io.BytesIO(report.bad_rows))
    assert all(cell.data_type != "f" for sheet in returned for row in sheet.iter_rows() for cell in row)


# --- the whole file --------------------------------------------------------------------------------------------------


def test_the_same_file_twice_is_said_and_nothing_is_done():
    content = whole()
    report = take(content)
    before = written()
    with pytest.raises(ImportRefused, match=rf"уже загружен .* под № {report.file_id} .*Ничего не сделано"):
        take(content, name="другое имя.xlsx")
    assert written() == before


@pytest.mark.parametrize(
    ("make_content", "words"),
    [
        (lambda: books.book(extra={"Лист1": [["привет"]]}), "нет листов для загрузки. Есть: «Лист1»"),
        (lambda: books.book(accounts=[books.account(1)]), "нет листа «Помещения»"),
        (lambda: books.book(premises=[books.premises(1)]), "нет листа «Основные сведения»"),
        (
            lambda: books.book(
                extra={"Основные сведения": [["№ записи", "Фамилия"], [1, "Иванова"]], "Помещения": books.PREMISES_TOP}
            ),
            "На листе «Основные сведения» нет столбцов: «Номер ЛС",
        ),
        (lambda: books.book(extra={"Сведения о ПУ": []}), "На листе «Сведения о ПУ» нет столбцов"),
    ],
)  # fmt: skip
def test_wrong_sheets_and_columns_are_refused_whole(make_content, words):
    before = written()
    with pytest.raises(WorkbookRefused, match=words):
        take(make_content())
    assert written() == before


def test_sheets_that_are_not_read_are_named():
    content = books.book(houses=[books.house()], extra={"Основания": [["№ записи"]], "Заметки": [["…"]]})
    assert take(content).ignored_sheets == ["Основания", "Заметки"]


# --- undone ----------------------------------------------------------------------------------------------------------


def test_an_import_is_undone_as_if_it_had_not_been():
    make.account()
    before = {**written(), "ImportedFile": 1, "JournalEntry": 2}
    before["Organisation"] = None
    report = take(whole())
    undo_import(file_id=report.file_id, by="тест")
    after = {**written(), "Organisation": None}
    assert after == before
    assert ImportedFile.objects.get().undone_at is not None
    with pytest.raises(ImportRefused, match="уже отменена"):
        undo_import(file_id=report.file_id, by="тест")
    with pytest.raises(ImportRefused, match="нет"):
        undo_import(file_id=10**9, by="тест")


def test_an_undone_file_may_come_again():
    content = whole()
    undo_import(file_id=take(content).file_id, by=None)
    assert take(content).bad == 0


def reading_on(account):
    meter = Meter.objects.get(serial="СВ-1")
    operations.submit_reading(
        account_id=account.pk, meter_id=meter.pk, values={1: D(125)}, on=TODAY, today=TODAY, by=None,
        source=ReadingSource.OPERATOR,
    )  # fmt: skip


def payment_on(account):
    channel = apps.get_model("payments", "Channel").objects.first()
    apps.get_model("payments", "OperatingDay").objects.get_or_create(day=TODAY)
    apps.get_model("payments", "Payment").objects.create(
        channel=channel, external_id="1", number_as_received=account.number, amount=D("10.00"), paid_on=TODAY,
        account=account, day=TODAY,
    )  # fmt: skip


def provision_on(account):
    make.provision(account.house, 2, make.contract())


@pytest.mark.parametrize(
    ("stand", "words"), [(reading_on, "показания"), (payment_on, "платежи"), (provision_on, "услуги домов")]
)
def test_an_import_is_not_undone_under_what_stands_on_it(stand, words):
    report = take(whole())
    stand(PersonalAccount.objects.get(number=NUMBER))
    before = written()
    with pytest.raises(ImportRefused, match=rf"отменить нельзя: .*{words} \(1\)"):
        undo_import(file_id=report.file_id, by=None)
    assert written() == before
    assert ImportedFile.objects.get().undone_at is None


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_tries_takes_and_undoes(tmp_path):
    file, bad_rows, out = tmp_path / "дом.xlsx", tmp_path / "плохие.xlsx", io.StringIO()
    file.write_bytes(
        books.book(
            houses=[books.house()],
            accounts=[books.account(1), books.account(2, total="")],
            premises=[books.premises(1, "1"), books.premises(2, "2")],
        )
    )
    before = written()
    call_command("import_workbook", str(file), "--dry-run", stdout=out)
    assert "Принято строк: 3, не принято: 2 (проверено, ничего не записано)." in out.getvalue()
    assert "! «Основные сведения», строка 4: Счёт записи № 2. Не заполнен столбец" in out.getvalue()
    assert written() == before
    call_command("import_workbook", str(file), "--bad-rows", str(bad_rows), "--since", "2026-09-01", stdout=out)
    assert PersonalAccount.objects.get().opened_on == date(2026, 9, 1)
    assert openpyxl.load_workbook(bad_rows).sheetnames == ["Характеристики МКД", "Основные сведения", "Помещения"]
    call_command("import_workbook", "--undo", str(ImportedFile.objects.get().pk), stdout=out)
    assert PersonalAccount.objects.count() == 0
    with pytest.raises(CommandError, match="такого файла или папки нет"):
        call_command("import_workbook", str(tmp_path / "нет.xlsx"))
    with pytest.raises(CommandError, match="одно из двух"):
        call_command("import_workbook")


# --- drafts on the imported -------------------------------------------------------------------------------------------


def drafted(account):
    """The night charges the imported flat: a service of the house by the square metre, put there by a whole scope."""
    contract = make.contract()
    make.tariff(contract, 8, "10.00")
    row = make.provision(account.house, 8, contract, ProvisionMethod.PER_M2)
    billing.operations.run_billing(month=Month.of(TODAY))
    row.delete()  # the engineer takes his own row back; the drafts stay
    return Charge.objects.filter(account_id=account.pk)


def test_an_import_is_undone_with_its_drafts():
    report = take(whole())
    charges = drafted(PersonalAccount.objects.get(number=NUMBER))
    assert charges.count() == 1
    with pytest.raises(ImportRefused, match="начисления"):
        undo_import(file_id=report.file_id, by=None)  # the floor below cannot remove them
    billing.operations.undo_import(file_id=report.file_id, by=None)
    assert not Charge.objects.exists()
    assert not PersonalAccount.objects.exists()
    assert not House.objects.exists()


def test_an_import_is_not_undone_under_ink():
    report = take(whole())
    account = PersonalAccount.objects.get(number=NUMBER)
    charges = drafted(account)
    billing.operations.post_month(month=Month.of(TODAY), today=Month.of(TODAY).next.first)
    before, lines = written(), charges.count()
    with pytest.raises(ImportRefused, match="начисления"):
        billing.operations.undo_import(file_id=report.file_id, by=None)
    assert (written(), charges.count()) == (before, lines)


def test_an_import_is_not_undone_while_the_night_calculates():
    report = take(whole())
    operations.start_run("billing.calculation", month=Month.of(TODAY))
    with pytest.raises(ImportRefused, match="Идёт расчёт"):
        billing.operations.undo_import(file_id=report.file_id, by=None)
    assert PersonalAccount.objects.filter(number=NUMBER).exists()


def test_neighbours_of_the_undone_are_drafted_anew():
    elder = make.account(house=make.house(fias_guid=books.GUID))
    content = books.book(accounts=[books.account(1, NUMBER)], premises=[books.premises(1, "12")])
    report = take(content)
    Touch.objects.all().delete()
    billing.operations.undo_import(file_id=report.file_id, by=None)
    assert list(Touch.objects.values_list("house_id", flat=True)) == [elder.house_id]
