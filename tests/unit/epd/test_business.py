"""What an organisation's accountant gets: VAT apart, one set for each supplier."""

import io
import types
from dataclasses import replace
from decimal import Decimal

import pikepdf

from billing.kinds import Kind
from epd import assemble, business
from tests.unit.epd import samples


def content():
    facts = samples.organisation()
    vat = samples.charge(4, 1, "274628.37", kind=Kind.VAT, tariff="22", line=1)
    charges = (*facts.charges, vat)
    return assemble.payload(replace(facts, charges=charges, balances=samples.balances(charges, {}, {})))


def test_each_supplier_has_a_set_and_the_sums_are_those_of_the_document():
    told = content()
    papers = business.papers(told)
    assert [paper.seller["short_name"] for paper in papers] == [
        "ООО «УК «Степной квартал»", "АО «Энергосбыт Волга»", "ПАО «Т Плюс»",
    ]  # fmt: skip
    power = papers[1]
    assert [(line.name, line.okei, line.volume, line.price, line.rate) for line in power.lines] == [
        ("Электроснабжение", "245", "178\u00a0330,1", "7,00", "22%")
    ]
    assert (power.net, power.vat, power.gross) == (
        "1\u00a0248\u00a0310,77", "274\u00a0628,37", "1\u00a0522\u00a0939,14",
    )  # fmt: skip
    assert power.words.startswith("Один миллион пятьсот двадцать две тысячи")
    assert (papers[0].vat, papers[0].lines[0].rate) == ("без НДС", "без НДС")
    sums = [Decimal(paper.gross.replace("\u00a0", "").replace(",", ".")) for paper in papers]
    assert sum(sums) == Decimal(told["sums"]["payable"])


def test_the_set_is_an_upright_and_a_wide_page_a_supplier():
    document = types.SimpleNamespace(payload=content())
    assert business.is_business(document)
    with pikepdf.open(io.BytesIO(business.pdf(document))) as book:
        shapes = [page.mediabox[2] > page.mediabox[3] for page in book.pages]
    assert shapes == [False, True] * 3


def test_a_person_has_none():
    assert not business.is_business(types.SimpleNamespace(payload=assemble.payload(samples.facts())))
