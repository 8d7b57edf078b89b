"""Random households on the page: nothing overlaps, nothing leaves its cell or the sheet, every sum is whole.

The boxes are those of WeasyPrint's own layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import weasyprint
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.money import ZERO
from billing.kinds import Kind
from epd import assemble, quick, render
from epd.assemble import Basis, Charge, Party, Payer, Service
from tests.unit.epd import samples

WORDS = ("вода", "Электроснабжение", "обращение с твёрдыми коммунальными отходами", "содержание", "№ 14/2-бис", "кв. 5",
         "Константинопольская-Преображенская", "общество с ограниченной ответственностью", "«Т Плюс»", "ул. 8 Марта",
         "проезд имени Героя Советского Союза Северина Костюкова", "филиал")  # fmt: skip
KINDS = (Kind.CHARGE, Kind.CHARGE, Kind.UPLIFT, Kind.COMMON_USE, Kind.RECALCULATION, Kind.BENEFIT, Kind.PENALTY)


def phrases(longest: int) -> st.SearchStrategy[str]:
    words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)
    return words.map(lambda parts: " ".join(parts)[:longest].strip())


def sums(most: int = 99_999_999) -> st.SearchStrategy[Decimal]:
    small = st.integers(min_value=-500_000, max_value=2_000_000)
    return st.one_of(small, small, st.integers(-most, most * 10)).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def households(draw: Any) -> assemble.Facts:
    """A household with up to forty services of up to twelve suppliers, meters, debts, names of 200 characters."""
    services = {
        n: Service(
            n, draw(phrases(70)), draw(st.sampled_from([1, 2, 3])), n, draw(st.sampled_from(["м³", "кВт·ч", "м²"]))
        )
        for n in range(1, draw(st.integers(1, 40)) + 1)
    }
    principals = {
        n: Party(name=draw(phrases(120)), short_name=draw(phrases(90)), inn=samples.INN, address=draw(phrases(120)),
                 bank=draw(st.sampled_from([samples.AGENT.bank, None])), email="buh@postavshik.example")
        for n in range(1, draw(st.integers(1, 12)) + 1)
    }  # fmt: skip
    charges: list[Charge] = []
    for n in services:
        contract = draw(st.sampled_from(sorted(principals)))
        for line, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=3))):
            charges.append(
                Charge(
                    contract, n, kind, line, samples.MONTH.first, draw(st.integers(1, 8)), draw(sums()), "м³",
                    volume=Decimal(draw(st.integers(0, 10**10))).scaleb(-6),
                    tariff=Decimal(draw(st.integers(1, 10**8))).scaleb(-4), days=31,
                    multiplier=Decimal("1.5") if kind == Kind.UPLIFT else None,
                )
            )  # fmt: skip
    keys = sorted({(c.contract_id, c.service_id) for c in charges})
    opening = {key: str(draw(sums())) for key in draw(st.lists(st.sampled_from(keys), max_size=5))} if keys else {}
    dials = draw(st.lists(st.sampled_from(samples.DIALS), max_size=9))
    return replace(
        samples.facts(
            charges=tuple(charges),
            opening=opening,
            services=services,
            principals=principals,
            executor_contract_id=1,
            house=(),
        ),
        payer=Payer(draw(phrases(200))),
        street=draw(phrases(150)),
        address=f"460000, {draw(phrases(150))}",
        owners=draw(st.lists(phrases(80), max_size=3)),
        meters=[replace(dial, resource=draw(phrases(60)), serial=draw(phrases(30))) for dial in dials],
        bases=[
            Basis(n, draw(phrases(200)), ZERO) for n in draw(st.lists(st.sampled_from(sorted(services)), max_size=3))
        ],
        history=[(month, draw(sums())) for month, _ in samples.HISTORY] if draw(st.booleans()) else (),
        large=draw(st.sampled_from([False, False, True])),
        messages=[{"title": draw(phrases(80)), "text": draw(phrases(300))} for _ in range(draw(st.integers(0, 2)))],
    )


# --- boxes -----------------------------------------------------------------------------------------------------------

SLACK = 0.6  # px: a quarter of a millimetre's half; borders and rounding


def own(box: Any) -> Any:
    return box.__dict__.get("_box", box)  # an absolutely placed box stands behind a placeholder


def texts_of(page: Any) -> Iterator[tuple[str, tuple[float, float, float, float], Any]]:
    """Text, its ink's rectangle (x, top, right, bottom; px) and the cell it stands in, if any."""

    def walk(box: Any, cell: Any) -> Iterator[tuple[str, tuple[float, float, float, float], Any]]:
        box = own(box)
        if type(box).__name__ == "TableCellBox":
            cell = box
        if type(box).__name__ == "TextBox" and box.text.strip():
            size, base = box.style["font_size"], box.position_y + box.baseline
            width = box.width
            yield box.text, (box.position_x, base - 0.66 * size, box.position_x + width, base + 0.14 * size), cell
        for child in getattr(box, "children", ()):
            yield from walk(child, cell)

    yield from walk(page._page_box, None)


def laid_out(content: dict[str, Any]) -> list[Any]:
    look = quick.look(assemble.TEMPLATE_VERSION)
    return weasyprint.HTML(string=render.html_of(content)).render(
        stylesheets=[look.css], font_config=look.fonts
    ).pages  # fmt: skip


def faults(pages: list[Any]) -> list[str]:
    """What overlaps or sticks out, in words."""
    found = []
    for number, page in enumerate(pages, 1):
        rows = [row for row in texts_of(page) if row[1][0] > 0]  # the running foot is kept left of the sheet
        for text, (_, top, right, bottom), cell in rows:
            if right > page.width - 8 or bottom > page.height - 8 or top < 8:
                found.append(f"стр. {number}: «{text}» за краем листа")
            if cell is not None and right > cell.content_box_x() + cell.width + cell.padding_right + SLACK:
                found.append(f"стр. {number}: «{text}» шире графы")
            if cell is not None and bottom > cell.position_y + cell.border_height() + SLACK:
                found.append(f"стр. {number}: «{text}» выше строки")
        rows.sort(key=lambda row: row[1][1])
        for place, (text, (x, top, right, bottom), _) in enumerate(rows):
            for other, (x2, top2, right2, bottom2), _ in rows[place + 1 :]:
                if top2 >= bottom - SLACK:
                    break
                if x < right2 - SLACK and x2 < right - SLACK and top < bottom2 - SLACK:
                    found.append(f"стр. {number}: «{text}» на «{other}»")
    return found


# A page takes a second, and shrinking some hundred pages: the fault names the words, that is enough.
@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
@given(households())
def test_nothing_overlaps_or_overflows(facts):
    content = assemble.payload(facts)
    assert "; ".join(faults(laid_out(content))) == ""
    assert Decimal(content["total"]) == sum((Decimal(row["closing"]) for row in content["rows"]), ZERO)


@pytest.mark.parametrize(
    "name", ["facts", "debtor", "advance", "communal_room", "organisation", "large", "capital", "old_debt"]
)
def test_the_samples_are_tidy(name):
    assert faults(laid_out(assemble.payload(getattr(samples, name)()))) == []


LONG = {"10 883 691,38": "10883691.38", "−1 234 567,89": "-1234567.89", "−190 000 000,99": "-190000000.99"}


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("amount", LONG.values(), ids=LONG.keys())
def test_a_long_sum_has_room_in_every_column(amount, is_large):
    """Found by the random households: 10 883 691,38 was wider than a column of the reverse."""
    facts = replace(long_sums(Decimal(amount)), large=is_large)
    content = assemble.payload(facts)
    pages = laid_out(content)
    assert faults(pages) == []
    printed = {text for page in pages for text, _, _ in texts_of(page)}
    for name in assemble.MONEY:
        told = assemble.money(content["sums"][name])
        assert is_large or {told, f"+{told}"} & printed, name
    over = quick.filled(content, version=assemble.TEMPLATE_VERSION)  # the stencil takes it, too
    assert len(over.sizes) == len(pages)


def long_sums(amount: Decimal) -> assemble.Facts:
    """A household with the sum in every column, in tables of recipients, grounds and months too."""
    kinds = (Kind.CHARGE, Kind.UPLIFT, Kind.RECALCULATION, Kind.BENEFIT, Kind.PENALTY)
    few = amount if abs(amount) < 10**8 else amount / 5  # the total holds them all
    made = tuple(
        Charge(3, 5, kind, line, samples.MONTH.first, 2, few if kind != Kind.PENALTY else -few, "Гкал",
               volume=Decimal("9999.123456"), tariff=Decimal("9999.1234"), days=31)
        for line, kind in enumerate(kinds)
    )  # fmt: skip
    return samples.facts(
        charges=(*samples.CHARGES, *(replace(one, amount=one.amount.quantize(Decimal("0.01"))) for one in made)),
        opening={(3, 5): str(amount), (0, 0): str(-amount)},
        paid={(3, 5): str(-amount)},
        bases=(Basis(5, "акт № 14", few.quantize(Decimal("0.01"))), Basis(2, "акт № 15", Decimal("1.00"))),
        history=[(month, few) for month, _ in samples.HISTORY],
    )


def test_the_window_of_the_envelope_shows_the_address_alone():
    """The sheet slides in the envelope: from 10 to 110 mm across, from 39 to 95 mm down anything may come into view."""
    millimetre = 96 / 25.4
    for facts in (samples.facts(), samples.communal_room(), samples.organisation()):
        content = assemble.payload(facts)
        form = assemble.form(content)
        allowed = {*form.window["name"], *form.window["address"], form.window["postcode"]}
        page = laid_out(content)[0]
        for text, (x, top, right, bottom), _ in texts_of(page):
            inside = right > 10 * millimetre and x < 110 * millimetre
            inside = inside and bottom > 39 * millimetre and top < 95 * millimetre
            assert not inside or text in allowed, text
            if text in allowed and inside:
                assert x >= 20 * millimetre and right <= 101 * millimetre
                assert top >= 50 * millimetre and bottom <= 84.5 * millimetre
