"""The page as people, scanners and programs see it."""

import io
import json
import shutil
import subprocess
import types
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from lxml import html
from PIL import Image, ImageChops, ImageStat

from accounts.calendar import Month
from epd import assemble, barcode, render
from tests.unit.epd import samples

pytestmark = pytest.mark.skipif(
    not shutil.which("pdftoppm"), reason="нет pdftoppm: apt-get install -y --no-install-recommends poppler-utils"
)


@pytest.fixture(scope="module")
def debtor(tmp_path_factory):
    content = assemble.payload(samples.debtor())
    path = tmp_path_factory.mktemp("epd") / "debtor.pdf"
    path.write_bytes(render.pdf_of(content))
    return content, path


def tool(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    assert done.stderr == ""
    return done.stdout


def text_of(path):
    return tool("pdftotext", "-layout", path, "-")


def pages(path):
    return int(next(line for line in tool("pdfinfo", path).splitlines() if line.startswith("Pages")).split()[1])


def codes(path, dpi=200):
    """Codes of the first page: the payment code, the desk's bars, and the links by their text."""
    tool("pdftoppm", "-r", dpi, "-gray", "-png", path, path.with_suffix(""))
    picture = Image.open(next(iter(sorted(path.parent.glob(f"{path.stem}-*1.png")))))
    found = zxingcpp.read_barcodes(picture)
    return {code.text if code.text.startswith("http") else str(code.format): code for code in found}


def test_the_printed_code_is_read_field_by_field(debtor):
    content, path = debtor
    found = codes(path)
    qr = barcode.read(found["QR Code"].bytes)
    assert qr.fields == {
        "Name": "АО «Оренбургский биллинговый центр»",
        "PersonalAcc": samples.AGENT.bank.number,
        "BankName": "Оренбургское отделение № 8623 ПАО Сбербанк",
        "BIC": samples.BIK,
        "CorrespAcc": samples.CORRESPONDENT,
        "PayeeINN": samples.INN,
        "KPP": "561001001",
        "Sum": "1331547",
        "Purpose": f"ЖКУ за октябрь 2026, л/с {samples.ACCOUNT}",
        "PersAcc": samples.ACCOUNT,
        "PaymPeriod": "102026",
        "LastName": "Иванова",
        "FirstName": "Мария",
        "MiddleName": "Петровна",
        "PayerAddress": "г. Оренбург, ул. Чкалова, д. 14/2, кв. 57",
        "TechCode": "02",
    }
    assert qr.problems == ()
    assert f"{qr.sum_kopecks / 100:.2f}" == content["total"]
    assert found.keys() == {"QR Code", "Code 128", *samples.LINKS.values()}
    desk = barcode.read_desk_code(found["Code 128"].text)
    assert (desk.account, str(desk.amount)) == (samples.ACCOUNT, content["total"])


def test_the_nine_groups_stand_in_the_text(debtor):
    _, path = debtor
    text = " ".join(text_of(path).split())
    for words in (
        "Долг на начало", "Оплачено", "Объём", "Тариф", "Начислено", "Перерасчёты", "Льготы, субсидии", "Пени",
        "К оплате на конец",
    ):  # fmt: skip
        assert words in text.replace("\u00a0", " "), words


def test_the_text_holds_what_the_law_asks(debtor):
    _, path = debtor
    text = " ".join(tool("pdftotext", path, "-").split())
    for words in (
        "Платёжный документ (счёт)", "за октябрь 2026", "Иванова Мария Петровна", "д. 14/2, кв. 57", "общая 54,3 м²",
        "2 чел.", "Диспетчерская", "+7 353 225-11-22", samples.ACCOUNT, "13 315,47", "до 16 ноября 2026 г.",
        "компонент на тепловую энергию", "к = 1,5", "ООО «Оренбург Водоканал»", "перерасчёт за сентябрь 2026",
        "СВК-15-3 18 445102", "11.04.2030", "Учтены платежи, поступившие по 31.10.2026", samples.AGENT.bank.number,
        "по показаниям общедомового прибора учёта", "4,5 м³ на чел.",
    ):  # fmt: skip
        assert words.replace(" ", "") in text.replace("\u00a0", " ").replace(" ", ""), words


def test_the_text_reads_from_what_to_pay_to_the_explanations(debtor):
    _, path = debtor
    text = " ".join(tool("pdftotext", path, "-").split())
    marks = ["до 16 ноября 2026", "Долг на начало", "Начислено за двенадцать", "2. Получатели", "3. За что платить",
             "4. Приборы учёта", "1. Сведения о плательщике", "4. Справочная", "6. Сведения о перерасчётах",
             "Пояснения"]  # fmt: skip
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["facts", "debtor", "advance", "communal_room", "organisation"])
def test_sixteen_services_and_eight_recipients_fit_one_sheet(name, tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(render.pdf_of(assemble.payload(getattr(samples, name)())))
    assert pages(path) == 2
    assert path.stat().st_size < 100_000


def test_only_pt_sans_is_embedded(debtor):
    _, path = debtor
    fonts = [line.split()[0] for line in tool("pdffonts", path).splitlines()[2:]]
    assert fonts
    assert all("PT-Sans" in font for font in fonts), fonts


def test_nothing_to_pay_has_no_code(tmp_path):
    path = tmp_path / "advance.pdf"
    path.write_bytes(render.pdf_of(assemble.payload(samples.advance())))
    assert codes(path).keys() == set(samples.LINKS.values())
    assert "Платить не нужно" in text_of(path)


def test_a_small_bill_of_an_old_month(tmp_path):
    facts = replace(
        samples.facts(charges=samples.CHARGES[7:8]),
        month=Month(date(2025, 12, 1)),
        due=assemble.due_date(Month(date(2025, 12, 1)), 10, act="ст. 155 ЖК РФ"),
        meters=(),
        house=(),
    )
    path = tmp_path / "small.pdf"
    path.write_bytes(render.pdf_of(assemble.payload(facts)))
    assert pages(path) <= 2
    assert "12 января 2026" in text_of(path).replace("\u00a0", " ")


# --- the template ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["facts", "debtor", "advance", "communal_room", "organisation", "large", "capital", "old_debt"]
)
def test_every_text_of_the_page_stands_in_a_slot_and_every_slot_on_the_page(name):
    content = assemble.payload(getattr(samples, name)())
    page = html.fromstring(render.html_of(content))
    placed = {node.get("data-s"): node for node in page.xpath("//*[@data-s]")}
    slots = assemble.slots(assemble.form(content))
    inside = {"pay.earlier_title", "pay.total_title", "pay.earlier", "pay.total"} if not slots["pay.earlier"] else set()
    inside |= set() if slots.get("recalculations.0.service") else {"bases_title"}
    silent = {path for path in slots if path.endswith(".height") or path in {"qr", "desk", "why", "check"}}
    if content["look"]["large"]:  # its calculation is said in sentences, and its notes stand in one column
        silent |= {path for path in slots if path.startswith("lines.")}
    unused = {path for path, text in slots.items() if path not in placed and path not in silent | inside and text}
    assert unused == set()
    assert placed.keys() <= slots.keys()
    for path, node in placed.items():
        assert (node.text or "") == slots[path], path
        assert len(node) == 0, path


def document(content, version=assemble.TEMPLATE_VERSION):
    return types.SimpleNamespace(payload=content, template_version=version, gis_id=None)


def test_the_copy_for_programs_is_inside():
    content = assemble.payload(samples.facts())
    made = render.pdf(document(content))
    with pikepdf.open(io.BytesIO(made)) as book:
        ((name, file),) = book.attachments.items()
        copy = json.loads(file.get_file().read_bytes())
    assert name == f"{content['document']['number']}.json"
    assert (copy["format"], copy["total"], copy["rows"]) == ("epd-1", content["total"], content["rows"])
    assert "code" not in copy["account"]
    assert len(made) <= 60 * 1024


def test_printed_again_it_is_the_same_file():
    content = assemble.payload(samples.facts())
    assert render.pdf(document(content)) == render.pdf(document(json.loads(json.dumps(content))))


# --- documents of the first drawing ----------------------------------------------------------------------------------

ELDER = Path(__file__).parent / "payload_43_1.json"


def test_a_document_of_the_first_drawing_is_printed_as_it_was(tmp_path):
    path = tmp_path / "elder.pdf"
    path.write_bytes(render.pdf_of(json.loads(ELDER.read_text("utf-8")), version="43-1"))
    assert text_of(path).split() == ELDER.with_suffix(".txt").read_text("utf-8").split()
    tool("pdftoppm", "-r", 40, "-gray", "-png", path, path.with_suffix(""))
    for number in (1, 2):
        now = Image.open(tmp_path / f"elder-{number}.png")
        then = Image.open(ELDER.with_name(f"payload_43_1-{number}.png"))
        assert ImageStat.Stat(ImageChops.difference(now, then)).mean[0] < 0.2


def test_an_unknown_drawing_is_a_fault():
    with pytest.raises(KeyError):
        render.html_of(json.loads(ELDER.read_text("utf-8")), version="12-1")


@pytest.mark.parametrize("how", [[], ["-raw"]], ids=["plain", "raw"])
def test_the_wide_table_is_read_row_by_row(debtor, how):
    """A program that reads the page aloud does not mix the columns."""
    content, path = debtor
    told = " ".join(tool("pdftotext", *how, path, "-").split())
    lines = [
        " ".join(" ".join(filter(None, (getattr(line, name) for name in ROW))).split())
        for line in assemble.form(content).lines
    ]
    places = [told.find(line) for line in lines]
    assert -1 not in places
    assert places == sorted(places)
    assert told.index("Собственник Иванова Мария Петровна") > places[-1]


ROW = ("name", "supplier", "volume", "unit", "tariff", "charged", "uplift", "multiplier", "recalculated", "benefits",
       "payable", "opening", "paid", "penalty", "closing")  # fmt: skip
