"""Facts become the payload, the payload the printed strings."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from accounts.calendar import Month
from accounts.kinds import ServiceKind
from billing.models import Method
from epd import assemble, barcode
from epd.assemble import DocumentRefused, blank, fit, money, page, phone, price, quantity, tied, widths
from tests.unit.epd import samples

MONTH = samples.MONTH
NBSP = assemble.SPACE


def row(content, service_id, contract_id=None):
    return next(
        row for row in content["rows"]
        if row["service_id"] == service_id and contract_id in (None, row["contract_id"])
    )  # fmt: skip


def line(form, name):
    return next(line for line in form.lines if line.name == name)


# --- the payload -----------------------------------------------------------------------------------------------------


def test_rows_stand_in_the_order_of_the_form():
    names = [row["name"] for row in assemble.payload(samples.facts())["rows"]]
    assert names[:3] == [
        "Содержание жилого помещения",
        "Холодная вода на содержание общего имущества",
        "Горячая вода на содержание общего имущества",
    ]
    assert names[-2:] == ["Антенна", "Домофон"]


def test_money_of_a_row_and_of_the_whole():
    content = assemble.payload(samples.debtor())
    heating = row(content, 5)
    assert {name: heating[name] for name in assemble.MONEY} == {
        "opening": "4723.14",
        "charged": "2361.57",
        "uplift": "0.00",
        "recalculated": "-312.40",
        "benefits": "0.00",
        "payable": "2049.17",
        "penalty": "24.91",
        "paid": "0.00",
        "closing": "6797.22",
    }
    assert content["total"] == content["sums"]["closing"] == "13315.47"
    assert sum(Decimal(r["closing"]) for r in content["rows"]) == Decimal("13315.47")
    assert sum(Decimal(p["closing"]) for p in content["principals"]) == Decimal("13315.47")


def test_a_payload_is_json_without_floats():
    content = assemble.payload(samples.debtor())
    assert json.loads(json.dumps(content), parse_float=pytest.fail) == content


def test_hot_water_has_two_components_and_its_uplift_apart():
    hot = row(assemble.payload(samples.facts()), 3)
    assert [(part["name"], part["volume"], part["unit"], part["charged"]) for part in hot["lines"]] == [
        ("компонент на воду", "5", "м³", "231.85"),
        ("компонент на тепловую энергию", "0.29275", "Гкал", "746.21"),
    ]
    assert (hot["charged"], hot["uplift"], hot["multiplier"]) == ("978.06", "489.03", "1.5")
    assert (hot["volume"], hot["tariff"]) == ("", "")


def test_zones_add_up_to_one_volume():
    power = row(assemble.payload(samples.facts()), 1)
    assert (power["volume"], power["unit"], power["mark"], power["tariff"]) == ("155", "кВт·ч", 2, "")
    assert [part["name"] for part in power["lines"]] == ["день (пик)", "ночь"]


def test_a_tariff_that_changed_inside_the_month_makes_lines_by_days():
    charges = (
        samples.charge(2, 2, "100.00", line=0, volume="2", tariff="50", days=15),
        samples.charge(2, 2, "165.00", line=1, volume="3", tariff="55", days=16),
    )
    water = row(assemble.payload(samples.facts(charges=charges)), 2)
    assert [part["name"] for part in water["lines"]] == ["15 дн.", "16 дн."]
    assert water["volume"] == "5"


def test_an_advance_nobody_owns_yet_is_a_row_of_its_own():
    content = assemble.payload(samples.advance())
    assert row(content, 0)["name"] == "Аванс, не распределённый по услугам"
    assert content["total"] == "-3829.44"
    assert (content["qr"], content["desk"]) == ("", "")


def test_the_code_pays_the_centre_the_printed_total():
    content = assemble.payload(samples.debtor())
    read = barcode.read(content["qr"])
    assert read.sum_kopecks == 1331547
    assert read.fields["PersonalAcc"] == samples.AGENT.bank.number
    assert read.fields["PersAcc"] == samples.ACCOUNT
    assert barcode.read_desk_code(content["desk"]).amount == Decimal("13315.47")


def test_rows_of_nothing_are_left_out():
    content = assemble.payload(samples.facts(opening={(2, 2): "0.00", (5, 6): "0.00"}, charges=samples.CHARGES[:1]))
    assert [row["service_id"] for row in content["rows"]] == [8]


def test_a_row_that_does_not_add_up_is_refused():
    facts = samples.facts()
    wrong = replace(facts.balances[0], closing=facts.balances[0].closing + Decimal("0.01"))
    with pytest.raises(DocumentRefused, match="не дают конечного сальдо"):
        assemble.payload(replace(facts, balances=(wrong, *facts.balances[1:])))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"address": ""}, "нет адреса"),
        ({"agent": replace(samples.AGENT, bank=None)}, "нет утверждённого банковского счёта"),
        ({"principals": {}}, "неизвестен исполнитель"),
    ],
)
def test_what_a_document_cannot_go_without(facts, words):
    with pytest.raises(DocumentRefused, match=words):
        assemble.payload(samples.facts(**facts))


def wrong_key(party):
    """The same organisation with a slip of one digit in its account."""
    number = party.bank.number
    return replace(party, bank=replace(party.bank, number=f"{number[:-1]}{(int(number[-1]) + 1) % 10}"))


@pytest.mark.parametrize(
    "facts",
    [
        {"agent": wrong_key(samples.AGENT)},
        {"principals": {**samples.PRINCIPALS, 2: wrong_key(samples.PRINCIPALS[2])}},
        {"agent": replace(samples.AGENT, inn="5610000001" if samples.INN != "5610000001" else "5610000002")},
        {"charges": (samples.charge(2, 2, "1000000000.00"),)},
    ],
)
def test_a_refusal_names_the_account(facts):
    with pytest.raises(DocumentRefused, match=samples.ACCOUNT):
        assemble.payload(samples.facts(**facts))


def test_a_supplier_without_a_bank_account_is_paid_through_the_centre():
    principals = {**samples.PRINCIPALS, 2: replace(samples.PRINCIPALS[2], bank=None)}
    form = printed(samples.facts(principals=principals))
    (told,) = [said(r["requisites"]) for r in form.recipients if said(r["name"]) == "ООО «Оренбург Водоканал»"]
    assert "платежи принимает расчётный центр" in told
    assert form.qr


@pytest.mark.parametrize(
    ("opening", "headline", "amount"),
    [
        ({(2, 2): "-324.59"}, "Платить не нужно", "0,00 ₽"),
        ({(2, 2): "-400.00"}, "Платить не нужно: у вас аванс", "75,41 ₽"),
        ({(2, 2): "100.00"}, "К оплате вместе с долгом", "424,59 ₽"),
    ],
)
def test_sums_of_nothing_and_less(opening, headline, amount):
    form = printed(samples.facts(charges=samples.CHARGES[7:8], opening=opening))
    assert (form.pay["headline"], form.pay["sum"]) == (headline, amount)
    assert bool(form.qr) is bool(form.desk) is (headline == "К оплате вместе с долгом")


def test_an_account_without_charges_prints_its_debt():
    form = printed(samples.facts(charges=(), opening={(2, 2): "100.00"}, history=()))
    assert [line.look for line in form.lines] == ["group", "service", "total"]
    assert form.pay["current"] == "0,00 ₽"
    assert form.pay["total"] == "100,00 ₽"


def test_millions_go_without_the_code_of_a_cash_desk():
    form = printed(samples.facts(charges=(samples.charge(2, 2, "10000000.00"),)))
    assert (bool(form.qr), form.desk) == (True, "")


# --- due day ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "day", "legal", "due"),
    [
        ("2026-10", 15, date(2026, 11, 15), date(2026, 11, 16)),  # a Sunday
        ("2026-09", 15, date(2026, 10, 15), date(2026, 10, 15)),
        ("2025-12", 10, date(2026, 1, 10), date(2026, 1, 12)),  # a Saturday after the holidays
        ("2026-04", 10, date(2026, 5, 10), date(2026, 5, 12)),  # the 11th is a transferred holiday
    ],
)
def test_a_day_off_moves_the_due_day(month, day, legal, due):
    found = assemble.due_date(Month.parse(month), day, act="акт")
    assert (found.legal, found.on, found.act) == (legal, due, "акт")


def test_a_table_overrides_the_calendar():
    found = assemble.due_date(samples.MONTH, 15, overrides={date(2026, 11, 16): False})
    assert found.on == date(2026, 11, 17)


# --- the printed strings ---------------------------------------------------------------------------------------------


def printed(facts, **others):
    return assemble.form(assemble.payload(facts), **others)


def said(lines):
    """Lines of a paragraph as they are read."""
    return " ".join(getattr(line, "text", line) for line in lines).replace(NBSP, " ")


def facts_of(rows):
    return {fact.title: said(fact.lines) for fact in rows}


def test_what_to_pay_with_and_without_debt():
    form = printed(samples.debtor())
    assert form.pay["sum"] == f"13{NBSP}315,47 ₽"
    assert form.pay["until"] == "до 16 ноября 2026 г. включительно"
    assert (form.pay["current_title"], form.pay["current"]) == ("За октябрь 2026, без долга", f"8{NBSP}135,73 ₽")
    assert (form.pay["earlier_title"], form.pay["earlier"]) == ("Долг за прошлые месяцы", f"5{NBSP}179,74 ₽")
    assert (form.pay["total_title"], form.pay["total"]) == ("Вместе с долгом", f"13{NBSP}315,47 ₽")


def test_an_overpaid_account_is_told_not_to_pay():
    form = printed(samples.advance())
    assert form.pay["headline"] == "Платить не нужно: у вас аванс"
    assert form.pay["sum"] == f"3{NBSP}829,44 ₽"
    assert (form.qr, form.desk, form.slip["until"]) == ("", "", "")
    assert form.advance == f"{assemble.MINUS}12{NBSP}000,00"


def test_steps_of_nothing_are_not_printed():
    titles = [step.title for step in printed(samples.facts()).steps]
    assert titles == ["Долг на начало", "Начислено", "Повыш. коэфф.", "Оплачено", "К оплате на конец"]
    assert "Перерасчёты" in [step.title for step in printed(samples.debtor()).steps]


def test_columns_of_nothing_are_not_printed():
    assert printed(samples.facts()).columns == {
        "uplift": True, "recalculated": False, "benefits": False, "penalty": False,
    }  # fmt: skip
    assert all(printed(samples.debtor()).columns.values())


def test_a_row_says_how_its_volume_was_measured_and_nothing_of_zeros():
    water = line(printed(samples.facts()), "Холодное водоснабжение")
    assert (water.recalculated, water.benefits, water.penalty, water.uplift) == ("", "", "", "")
    assert (water.volume, water.unit, water.tariff) == ("7", f"м³{NBSP}(2)", "46,37")
    assert (water.supplier, water.charged, water.closing) == ("ООО «Оренбург Водоканал»", "324,59", "324,59")


def test_a_recalculation_has_its_sign_and_basis():
    form = printed(samples.debtor())
    assert line(form, "Отопление").recalculated == f"{assemble.MINUS}312,40"
    (basis,) = form.recalculations
    assert basis["service"] == "Отопление"
    assert "акт № 14" in said(basis["lines"])
    assert basis["amount"] == f"{assemble.MINUS}312,40"


def test_footnotes_explain_the_marks_that_stand():
    told = said(printed(samples.facts()).footnotes)
    assert [mark for mark in range(1, 8) if f"({mark})" in told] == [1, 2, 4, 6]


def test_the_due_day_is_explained():
    form = printed(samples.facts())
    told = said([*form.notes, *form.notes_right])
    assert "Срок оплаты за октябрь 2026: 15 ноября 2026" in told
    assert "перенесён на 16 ноября 2026" in told
    assert "193" in told


def test_an_organisation_has_no_residents_and_its_inn():
    titles = facts_of(printed(samples.organisation()).payer)
    assert "Проживают" not in titles
    assert titles["ИНН плательщика"] == samples.INN


def test_a_tenant_and_his_landlord():
    titles = facts_of(printed(samples.communal_room()).payer)
    assert titles["Наниматель"].startswith("Константинопольская")
    assert titles["Собственники"] == "Муниципальное образование «город Оренбург»"
    assert titles["Проживают"] == "1 чел., временно 2 чел."


def test_a_replaced_document_is_named():
    elder = {"number": "56-202610-1", "issued_on": "2026-11-03", "reason": "ошибка в показании"}
    form = printed(samples.facts(replaces=elder, issue=2))
    assert form.head["instead"].replace(NBSP, " ") == (
        "Взамен документа № 56-202610-1 от 03.11.2026: ошибка в показании"
    )


def test_the_identifier_of_gis_gets_into_head_and_code():
    form = printed(samples.facts(), gis_id="20МВ875415-07-6101")
    assert facts_of(form.ids)["Идентификатор документа"] == "20МВ875415-07-6101"
    assert barcode.read(form.qr).fields["UIN"] == "20МВ875415-07-6101"


def test_the_chart_shows_twelve_months_the_highest_to_the_top():
    form = printed(samples.facts())
    assert [bar.month for bar in form.chart] == [
        "ноя", "дек", "янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт",
    ]  # fmt: skip
    assert max(Decimal(bar.height) for bar in form.chart) == Decimal("15.00") == Decimal(form.chart[2].height)
    assert (form.chart[-1].amount, form.chart[-1].look) == (f"8{NBSP}136", "now")
    assert form.chart_note == f"За октябрь 2026 начислено на 2{NBSP}120,07 ₽ больше, чем в прошлом месяце."


def test_months_without_charges_are_empty_places_and_a_refund_has_no_bar():
    history = ((MONTH.previous, Decimal("-10.00")), (MONTH, Decimal("50.00")))
    form = printed(samples.facts(history=history))
    assert [(bar.amount, bar.height) for bar in form.chart[-3:]] == [("", "0.00"), ("−10", "0.00"), ("50", "15.00")]


def test_slots_are_named_by_their_path():
    form = printed(samples.debtor())
    slots = assemble.slots(form)
    assert slots["pay.sum"] == f"13{NBSP}315,47 ₽"
    assert slots["lines.1.name"] == "Содержание жилого помещения"
    assert slots["payer.0.lines.0"] == "Иванова Мария Петровна"
    assert slots["chart.11.height"] == "12.07"
    assert all(isinstance(text, str) for text in slots.values())


def test_documents_that_differ_in_numbers_have_one_shape():
    others = tuple(replace(c, amount=c.amount + Decimal("1.11")) for c in samples.CHARGES)
    assert printed(samples.facts()).shape == printed(samples.facts(charges=others)).shape
    assert printed(samples.facts()).shape != printed(samples.debtor()).shape
    assert hash(printed(samples.facts()).shape)


# --- measured text ---------------------------------------------------------------------------------------------------


def test_widths_are_those_of_the_font_files():
    names = {"SANS": "PTSans-Regular", "BOLD": "PTSans-Bold", "NARROW": "PTSansNarrow-Regular",
             "NARROW_BOLD": "PTSansNarrow-Bold"}  # fmt: skip
    for face, name in names.items():
        font = TTFont(settings.BASE_DIR / "static" / "vendor" / "ptsans" / f"{name}.ttf")
        glyphs, advances = font.getBestCmap(), font["hmtx"]
        assert font["head"].unitsPerEm == 1000
        assert getattr(widths, face) == tuple(advances[glyphs[ord(sign)]][0] for sign in widths.CHARACTERS)


@given(st.text(alphabet="абвгд ежз-12,.№  ", max_size=200), st.integers(min_value=8, max_value=90))
def test_lines_fit_and_lose_nothing(text, room):
    lines = fit.wrap(text, "sans", 8, room)
    assert all(fit.width_mm(line, "sans", 8) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_break_at_spaces_and_long_words_after_a_hyphen():
    assert fit.wrap("", "sans", 8, 30) == []
    assert fit.wrap("ул. Чкалова, дом 5", "sans", 8, 20) == ["ул. Чкалова,", "дом 5"]
    assert fit.wrap("Константинопольская-Преображенская", "sans", 8, 40) == ["Константинопольская-", "Преображенская"]


def test_heights_of_rows_are_those_of_the_stylesheet():
    css = (settings.BASE_DIR / "templates" / "epd" / assemble.TEMPLATE_VERSION / "document.css").read_text("utf-8")
    rules = re.findall(r"^((?:\.close )?\.calc tr\.[^{]*?) \{ height: ([\d.]+)mm", css, re.MULTILINE)
    for heights, close in ((page.ROW_MM, False), (page.CLOSE_MM, True)):
        found = {
            look: height for looks, height in rules if looks.startswith(".close") is close
            for look in re.findall(r"tr\.(\w+)", looks)
        }  # fmt: skip
        assert found == {look: str(height) for look, height in heights.items()}


@pytest.mark.parametrize(
    ("amount", "signed", "text"),
    [
        ("0", False, "0,00"), ("1234567.8", False, f"1{NBSP}234{NBSP}567,80"), ("-5", False, "−5,00"),
        ("5", True, "+5,00"), ("-5", True, "−5,00"), ("999.99", False, "999,99"),
    ],
)  # fmt: skip
def test_money_is_written_the_russian_way(amount, signed, text):
    assert money(amount, signed=signed) == text


def test_quantities_prices_and_phones():
    assert [quantity(q) for q in ("", "7.000000", "0.926488", "1350", "-2.50")] == [
        "", "7", "0,926488", f"1{NBSP}350", "−2,5",
    ]  # fmt: skip
    assert [price(p) for p in ("", "7.000000", "4.6678", "3.5", "2548.964")] == [
        "", "7,00", "4,6678", "3,50", f"2{NBSP}548,964",
    ]  # fmt: skip
    assert blank("0.00") == ""
    assert phone("+73532000000") == f"+7{NBSP}353{NBSP}200-00-00"
    assert phone("8-800") == "8-800"
    assert tied("г. Оренбург, ул. Чкалова, д. 5, кв. 7") == f"г.{NBSP}Оренбург, ул.{NBSP}Чкалова, д.{NBSP}5, кв.{NBSP}7"


def test_numbers_of_the_form_are_those_of_the_models():
    assert {group for group, _ in assemble.GROUPS} == {int(kind) for kind in ServiceKind}
    assert assemble.MARKS.keys() <= {int(method) for method in Method}
    assert set(assemble.MARKS.values()) <= assemble.FOOTNOTES.keys()
