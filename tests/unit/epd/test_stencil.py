"""Documents over stencils are those that WeasyPrint makes: the same pixels within the tolerance, the same words."""

import copy
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys

import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageChops

from epd import assemble, barcode, marks, quick
from epd.stencil import StencilRefused, store
from epd.stencil.shape import collapsed
from tests.unit.epd import samples

pytestmark = pytest.mark.skipif(
    not shutil.which("pdftoppm"), reason="нет pdftoppm: apt-get install -y --no-install-recommends poppler-utils"
)
DPI = 150
VERSION = assemble.TEMPLATE_VERSION
WORDS = "Иванова Ёлкина Щукин-Гора Константинопольская Мария Ян Преображенская Александра ООО «Ромашка»".split()
DOCUMENTS = 3  # random ones; each is laid out by WeasyPrint, half a second


def tool(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    assert done.stderr == ""
    return done.stdout


def pages(path, dpi=DPI):
    tool("pdftoppm", "-r", dpi, "-gray", path, path.with_suffix(""))
    return [Image.open(found) for found in sorted(path.parent.glob(f"{path.stem}-*.pgm"))]


@pytest.fixture
def kept_stencils(tmp_path_factory, settings, monkeypatch):
    """Stencils go to a folder that the tests of this module share; called, it forgets those of this process."""
    settings.STENCILS_DIR = str(tmp_path_factory.getbasetemp() / "stencils")
    quick._kept_at.cache_clear()

    def forget():
        quick.keep()
        monkeypatch.setattr(quick, "_PRESSES", {})
        return settings.STENCILS_DIR

    yield forget
    quick._kept_at.cache_clear()


def invented(number):
    """A document whose sums, names and meters are drawn by lot."""
    lot = random.Random(number)
    content = copy.deepcopy(assemble.payload(getattr(samples, lot.choice(["facts", "debtor", "organisation"]))()))
    content["account"]["payer"] = " ".join(lot.sample(WORDS, lot.randrange(1, 4)))
    content["account"]["persons"] = lot.randrange(9)
    for row in content["rows"]:
        for name in ("opening", "paid", "charged"):
            if lot.random() < 0.5:
                row[name] = f"{lot.randrange(-99999, 9999999) / 100:.2f}"
    for dial in content["meters"]:
        dial["current"] = str(lot.randrange(99999))
    return content


def assert_same(content, folder):
    quick_path, direct_path = folder / "quick.pdf", folder / "direct.pdf"
    quick_path.write_bytes(quick.single(content, version=VERSION))
    direct_path.write_bytes(quick.direct(content, version=VERSION))
    ours, theirs = pages(quick_path), pages(direct_path)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        difference = ImageChops.difference(one, other)
        counts = difference.histogram()
        assert difference.getextrema()[1] <= 128
        assert sum(counts[65:]) <= 300
        assert sum(value * count for value, count in enumerate(counts)) / sum(counts) <= 0.3
    words = [sorted(tool("pdftotext", path, "-").split()) for path in (quick_path, direct_path)]
    assert words[0] == words[1]


SHAPES = ("facts", "debtor", "advance", "communal_room", "organisation", "large", "capital", "old_debt", "nothing")


@pytest.mark.parametrize("name", SHAPES)
def test_a_sample_is_the_same_both_ways(name, tmp_path, kept_stencils):
    """Set over stencils of this process and, byte for byte the same, over those that a process before it has kept."""
    content = assemble.payload(getattr(samples, name)())
    assert_same(content, tmp_path)
    made = quick.single(content, version=VERSION)
    kept_stencils()
    assert quick.single(content, version=VERSION) == made
    assert quick.press(VERSION).made == 0


def test_a_process_that_lays_nothing_out_prints_the_same(tmp_path, kept_stencils):
    contents = [assemble.payload(getattr(samples, name)()) for name in SHAPES]
    made = [hashlib.sha256(quick.single(content, version=VERSION)).hexdigest() for content in contents]
    told = tmp_path / "contents.json"
    told.write_text(json.dumps(contents), encoding="utf-8")
    code = (
        "import django, hashlib, json, sys; django.setup(); from django.conf import settings;"
        "settings.STENCILS_DIR = sys.argv[2]; from epd import assemble, quick; from pathlib import Path;"
        "contents = json.loads(Path(sys.argv[1]).read_text());"
        "made = [quick.single(one, version=assemble.TEMPLATE_VERSION) for one in contents];"
        "print(quick.press(assemble.TEMPLATE_VERSION).made, *[hashlib.sha256(one).hexdigest() for one in made])"
    )
    folder = kept_stencils()
    done = subprocess.run(
        [sys.executable, "-c", code, told, folder], capture_output=True, check=True, text=True, env=dict(os.environ)
    )
    assert done.stdout.split() == ["0", *made]


def test_random_documents_are_the_same_both_ways(tmp_path):
    for number in range(DOCUMENTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert_same(invented(number), folder)


def test_a_second_document_of_a_shape_is_not_laid_out():
    content = assemble.payload(samples.facts())
    quick.single(content, version=VERSION)
    press = quick.press(VERSION)
    before = press.made
    content["account"]["payer"] = "Петрова Анна Ивановна"
    quick.single(content, version=VERSION)
    assert press.made == before


def test_codes_of_a_bundle_are_read_at_200_dpi(tmp_path):
    contents = [assemble.payload(samples.facts()), assemble.payload(samples.debtor())]
    path = tmp_path / "bundle.pdf"
    with path.open("wb") as file:
        bundle = quick.Bundle(file)
        starts = []
        for content in contents:
            starts.append(bundle.pages)
            bundle.add(content, version=VERSION, marks=lambda count: marks.of_envelope(count, 5))
        bundle.close()
    pictures = pages(path, 200)
    for start, content in zip(starts, contents, strict=True):
        found = {str(code.format): [] for code in zxingcpp.read_barcodes(pictures[start])}
        for code in zxingcpp.read_barcodes(pictures[start]):
            found[str(code.format)].append(code)
        assert content["qr"].encode() in [code.bytes for code in found["QR Code"]]
        assert barcode.read_desk_code(found["Code 128"][0].text).account == content["account"]["number"]


def test_the_text_of_a_bundle_reads_from_the_state_to_the_rows_in_their_order(tmp_path):
    content = assemble.payload(samples.debtor())
    path = tmp_path / "bundle.pdf"
    with path.open("wb") as file:
        bundle = quick.Bundle(file)
        bundle.add(content, version=VERSION)
        bundle.close()
    text = " ".join(tool("pdftotext", "-raw", path, "-").split())  # the order of the file, not of guessed columns
    rows = text[text.index("За что платить") :]
    places = [text.index("до 16 ноября 2026"), text.index("Долг на начало"), text.index("За что платить")]
    names = [line.name for line in assemble.form(content).lines if line.look in ("service", "tall", "total")]
    places += [places[-1] + rows.index(name) for name in names]
    assert len(names) > 3
    assert places == sorted(places)


def test_a_letter_beyond_the_faces_goes_the_direct_way_and_is_counted():
    content = assemble.payload(samples.facts())
    strange = copy.deepcopy(content)
    strange["account"]["payer"] = "Ünal 中 Анна"
    with pytest.raises(StencilRefused, match="no glyph"):
        quick.filled(strange, version=VERSION)
    buffer = io.BytesIO()
    bundle = quick.Bundle(buffer)
    for one in (content, strange, content):
        bundle.add(one, version=VERSION)
    bundle.close([("первый", 0)])
    assert sum(bundle.fallbacks.values()) == 1
    with pikepdf.open(io.BytesIO(buffer.getvalue())) as pdf:
        assert len(pdf.pages) == bundle.pages
        assert pdf.check_pdf_syntax() == []


def test_one_document_is_light():
    assert len(quick.single(assemble.payload(samples.facts()), version=VERSION)) <= 60 * 1024


def test_a_file_may_lie_inside():
    made = quick.single(
        assemble.payload(samples.facts()),
        version=VERSION,
        attached=("документ.json", b"{}", "application/json", "для программ"),
    )
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdf.attachments["документ.json"].description == "для программ"
        assert pdf.attachments["документ.json"].get_file().read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ([((), "  a \n b ")], [((), "a b")]),
        ([((), " "), (("<b>",), "x "), ((), " y"), ((), " ")], [(("<b>",), "x "), ((), "y")]),
        ([((), " ")], []),
    ],
)
def test_spaces_collapse_as_in_a_browser(runs, told):
    assert collapsed(runs) == told


def test_marks_of_the_inserter_are_even_and_stand_on_fronts():
    for envelope in range(9):
        for sheet in (1, 2):
            assert sum(marks.bars(sheet=sheet, sheets=2, envelope=envelope)) % 2 == 0
    assert marks.bars(sheet=1, sheets=2, envelope=5) == (True, False, True, False, True, True)
    front, back, second = marks.of_envelope(3, 1)
    assert front and not back and second


def test_stencils_outlive_their_process(tmp_path, monkeypatch, settings):
    settings.STENCILS_DIR = str(tmp_path)
    quick._kept_at.cache_clear()
    old = tmp_path / f"{VERSION}@elder.stencils"
    old.write_bytes(b"laid out by an elder version")
    content = assemble.payload(samples.facts())
    monkeypatch.setattr(quick, "_PRESSES", {})
    made = quick.single(content, version=VERSION)
    (kept,) = tmp_path.iterdir()  # the elder one is swept
    assert kept.name != old.name
    monkeypatch.setattr(quick, "_PRESSES", {})  # the next process
    assert quick.single(content, version=VERSION) == made
    assert quick.press(VERSION).made == 0
    monkeypatch.setattr(store, "MOST_BYTES", 60_000)
    quick.single(assemble.payload(samples.debtor()), version=VERSION)
    assert kept.stat().st_size <= 60_032
    kept.write_bytes(b"\0" * 32 + kept.read_bytes()[32:])  # not signed by us: not unpickled
    monkeypatch.setattr(quick, "_PRESSES", {})
    assert not quick.press(VERSION).skeletons
    assert quick.single(content, version=VERSION) == made
    quick._kept_at.cache_clear()
