"""The payment code: what is refused on writing, forgiven on reading; and the pictures decode to the same bytes."""

import io
import json
from datetime import date
from decimal import Decimal

import pytest
import zxingcpp
from PIL import Image

from accounts.calendar import Month
from epd import barcode
from epd.barcode import BadRequisites, NotPaymentCode, Payee
from tests.unit.epd import samples

OCTOBER = Month(date(2026, 10, 1))
BANK = samples.AGENT.bank
PAYEE = Payee(
    name="АО «Оренбургский биллинговый центр»",
    account=BANK.number,
    bank="Оренбургское отделение № 8623 ПАО Сбербанк",
    bik=BANK.bik,
    correspondent=BANK.correspondent,
    inn=samples.INN,
    kpp="561001001",
)


def code(**facts):
    defaults = {
        "payee": PAYEE,
        "amount": Decimal("3816.30"),
        "account": "560000010",
        "month": OCTOBER,
        "purpose": "ЖКУ за октябрь 2026",
        "names": ("Иванова", "Мария", "Петровна"),
        "address": "г. Оренбург, ул. Чкалова, д. 5, кв. 12",
    }
    return barcode.utility_payment(**{**defaults, **facts})


def decoded(png, *, height=None):
    image = Image.open(io.BytesIO(png)).convert("L")
    if height:
        image = image.resize((image.size[0], height))
    (found,) = zxingcpp.read_barcodes(image)
    return found


# --- writing ---------------------------------------------------------------------------------------------------------


def test_fields_of_an_utility_payment():
    text = code()
    assert text.startswith("ST00012|Name=АО «Оренбургский биллинговый центр»|PersonalAcc=")
    read = barcode.read(text)
    assert list(read.fields)[:5] == list(barcode.REQUIRED)
    assert read.fields["Sum"] == "381630"
    assert read.sum_kopecks == 381630
    assert read.fields["PersAcc"] == "560000010"
    assert read.fields["PaymPeriod"] == "102026"
    assert read.month == OCTOBER
    assert read.fields["TechCode"] == "02"
    assert (read.fields["LastName"], read.fields["FirstName"], read.fields["MiddleName"]) == (
        "Иванова",
        "Мария",
        "Петровна",
    )
    assert read.problems == ()
    assert set(read.checks.values()) == {True}


def test_a_separator_inside_a_value_chooses_another():
    text = code(address="г. Оренбург | корпус 2")
    assert text.startswith("ST00012#")
    assert barcode.read(text).fields["PayerAddress"] == "г. Оренбург | корпус 2"


def test_what_a_bank_can_do_without_gives_way_to_what_a_phone_reads():
    text = code(address="проезд имени Героя Советского Союза Северина Костюкова, " * 4)
    assert len(text.encode()) <= 560
    assert "PayerAddress" not in barcode.read(text).fields
    assert barcode.read(text).sum_kopecks == 381630


def test_the_identifier_of_gis_is_added_later():
    text = barcode.with_document(code(), "20МВ875415-07-6101")
    assert barcode.read(text).fields["UIN"] == "20МВ875415-07-6101"
    assert barcode.read(text).sum_kopecks == 381630


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005"])
def test_nothing_to_pay_has_no_code(amount):
    with pytest.raises(BadRequisites, match="больше нуля"):
        code(amount=Decimal(amount))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"account": "40702810946000000001"}, "Ключ счёта"),
        ({"account": ""}, "обязательного поля PersonalAcc"),
        ({"bik": "145354601"}, "БИК"),
        ({"correspondent": "30101810000000000602"}, "Ключ корреспондентского"),
        ({"inn": "5610000001"}, "ИНН"),
        ({"kpp": "56100"}, "КПП"),
        ({"name": ""}, "обязательного поля Name"),
    ],
)
def test_bad_requisites_are_refused(wrong, words):
    payee = Payee(**{name: getattr(PAYEE, name) for name in Payee.__slots__} | wrong)
    with pytest.raises(BadRequisites, match=words):
        code(payee=payee)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Sum": "3816,30"}, "одними цифрами"),
        ({"Purpose": "д" * 211}, "длиннее 210"),
        ({"Выдумка": "1"}, "в стандарте"),
    ],
)
def test_a_wrong_field_is_refused(fields, words):
    with pytest.raises(BadRequisites, match=words):
        barcode.write({**barcode.read(code()).fields, **fields})


def test_a_bank_name_is_cut_at_a_word():
    name = barcode.short_bank_name("Оренбургское отделение № 8623 Публичное акционерное общество Сбербанк России")
    assert name == "Оренбургское отд. № 8623 ПАО Сбербанк России"


# --- reading ---------------------------------------------------------------------------------------------------------


def test_real_codes_get_their_verdicts(reference_dir):
    found = json.loads((reference_dir / "formats" / "qr_samples.json").read_text(encoding="utf-8"))["samples"]
    assert len(found) >= 18
    for sample in found:
        if sample["format"] == "sbp":
            link = barcode.read_sbp(sample["raw"])
            assert link is not None
            assert (link.qrc_id, link.kind, link.type_param, link.bank, link.sum_kopecks, link.crc) == (
                sample["qrc_id"], sample["type"], sample["type_param"], sample["bank"], sample["sum_kopecks"],
                sample["crc"],
            ), sample["id"]  # fmt: skip
        elif sample["parses"]:
            read = barcode.read(sample["raw"])
            assert list(read.problems) == sample["problems"], sample["id"]
            assert (read.fields, read.extra, read.checks) == (sample["fields"], sample["extra"], sample["checks"])
            assert read.sum_kopecks == sample["sum_kopecks"]
            assert (read.encoding, read.separator) == (sample["encoding"], sample["separator"])
        else:
            with pytest.raises(NotPaymentCode):
                barcode.read(sample["raw"])


def test_the_same_key_twice_pays_nothing():
    read = barcode.read(code() + "|Sum=1")
    assert read.fields["Sum"] == "381630"
    assert read.problems == ("duplicate:Sum",)
    assert read.errors == ("duplicate:Sum",)
    assert read.sum_kopecks is None


def test_spaces_round_a_key_are_a_warning():
    read = barcode.read(code().replace("|Sum=", "| \nSum ="))
    assert read.sum_kopecks == 381630
    assert read.warnings == ("space:Sum",)


@pytest.mark.parametrize(("number", "encoding"), [("1", "cp1251"), ("2", "utf-8"), ("3", "koi8-r")])
def test_bytes_are_read_by_the_encoding_they_name(number, encoding):
    assert barcode.read(f"ST0001{number}|Name=ООО Ромашка|Sum=5".encode(encoding)).fields["Name"] == "ООО Ромашка"


def test_windows_letters_taken_for_latin_ones_are_put_right():
    garbled = "ST00011|Name=ООО Ромашка".encode("cp1251").decode("latin-1")
    assert barcode.read(garbled).fields["Name"] == "ООО Ромашка"


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("102026", "2026-10"), ("0521", "2021-05"), ("62015", "2015-06"), ("07.2023", "2023-07"), ("042026", "2026-04"),
        ("132026", None), ("май 2024", None), ("", None), ("002026", None),
    ],
)  # fmt: skip
def test_a_period_is_read_and_never_guessed(text, month):
    assert barcode.read_period(text) == (Month.parse(month) if month else None)


@pytest.mark.parametrize("text", ["", "ST00012", "ST00022|Name=X", "ST00010|Name=X", "BCD|1"])
def test_other_texts_are_no_payment_codes(text):
    with pytest.raises(NotPaymentCode):
        barcode.read(text)


def test_a_foreign_link_is_no_sbp():
    assert barcode.read_sbp("https://qr.example.ru/AS100001ORTF4GAF80KPJ53K186D9A3G") is None


# --- the linear code -------------------------------------------------------------------------------------------------


def test_a_desk_reads_what_the_slip_says():
    digits = barcode.desk_code(account=samples.ACCOUNT, month=OCTOBER, amount=Decimal("13315.47"))
    assert len(digits) % 2 == 0
    read = barcode.read_desk_code(digits)
    assert (read.account, read.month, read.amount) == (samples.ACCOUNT, OCTOBER, Decimal("13315.47"))


def test_an_amount_too_wide_for_the_code_is_refused():
    with pytest.raises(BadRequisites):
        barcode.desk_code(account=samples.ACCOUNT, month=OCTOBER, amount=Decimal("10000000.00"))


@pytest.mark.parametrize("digits", ["", "123", "55" * 11, "56000001813260" + "0" * 9])
def test_other_digits_are_no_desk_code(digits):
    assert barcode.read_desk_code(digits) is None


# --- pictures --------------------------------------------------------------------------------------------------------


def test_a_qr_holds_the_declared_bytes():
    text = code()
    found = decoded(barcode.qr_png(text))
    assert found.bytes == text.encode()  # the declared encoding, not the scanner's guess
    assert found.text == text
    assert found.symbology_identifier == "]Q1"
    assert found.ec_level == "M"


def test_a_qr_carries_no_eci_mark():
    # version 5-M holds 84 bytes; an ECI mark of 12 bits would push the text into version 6
    text = "ST00012|Name=" + "я" * 35 + "a"
    assert len(text.encode()) == 84
    assert decoded(barcode.qr_png(text, scale=1)).text == text
    assert Image.open(io.BytesIO(barcode.qr_png(text, scale=1))).size == (37 + 8, 37 + 8)


def test_a_linear_code_holds_its_digits():
    digits = barcode.desk_code(account=samples.ACCOUNT, month=OCTOBER, amount=Decimal("13315.47"))
    assert decoded(barcode.code128_png(digits), height=60).text == digits


def test_svg_pictures_are_elements():
    assert barcode.qr_svg(code()).startswith("<svg")
    assert barcode.code128_svg("1234567890").startswith("<svg")
