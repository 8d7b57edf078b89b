"""What an organisation's accountant needs of a document: invoice, act and УПД with VAT, one set for each supplier.

The forms: УПД of the letter of ФНС 21.10.2013 № ММВ-20-3/96@ (счёт-фактура by ПП РФ 26.12.2011 № 1137). Sums are those
of the frozen payload: what was charged in the month, recalculations with it; debts and penalties stay on the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string

from accounts.calendar import Month
from accounts.money import ZERO, kopecks, total
from epd import quick
from epd.assemble import money, price, quantity
from payments.papers import in_words

VAT_LINE = "НДС"
OKEI = {"м³": "113", "кВт·ч": "245", "Гкал": "233", "м²": "055", "шт.": "796", "чел.": "792"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the forms; money is written."""

    number: int
    name: str
    unit: str
    okei: str
    volume: str
    price: str
    net: str
    rate: str
    vat: str
    gross: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One supplier's set."""

    number: str
    issued_on: str
    month: str
    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    lines: list[Line]
    net: str
    vat: str
    gross: str
    words: str


def is_business(document: Any) -> bool:
    """Is the payer an organisation, and the document one that has VAT in it?"""
    content = document.payload
    return bool(content["account"]["is_organisation"]) and content["version"] >= 2


def papers(content: Mapping[str, Any]) -> list[Paper]:
    """A set for each supplier that charged something in the month."""
    found = []
    document, account = content["document"], content["account"]
    buyer = {"name": account["payer"], "inn": account["payer_inn"], "address": account["address"]}
    for place, principal in enumerate(content["principals"], 1):
        rows = [row for row in content["rows"] if row["contract_id"] == principal["contract_id"]]
        charged = [(row, Decimal(row["payable"]), Decimal(row["vat"])) for row in rows]
        charged = [(row, gross, vat) for row, gross, vat in charged if gross or vat]
        if not charged:
            continue
        lines = [_line(number, row, gross, vat) for number, (row, gross, vat) in enumerate(charged, 1)]
        gross, vat = total(gross for _, gross, _ in charged), total(vat for *_, vat in charged)
        found.append(
            Paper(
                number=f"{document['number']}/{place}",
                issued_on=f"{date.fromisoformat(document['issued_on']):%d.%m.%Y}",
                month=Month(date.fromisoformat(document["month"])).title,
                seller=principal,
                buyer=buyer,
                lines=lines,
                net=money(gross - vat),
                vat=money(vat) if vat else "без НДС",
                gross=money(gross),
                words=in_words(gross),
            )
        )
    return found


def _line(number: int, row: Mapping[str, Any], gross: Decimal, vat: Decimal) -> Line:
    """The price of one unit is what is left of the sum without VAT: several tariffs of a month make one line."""
    net = gross - vat
    parts = [part for part in row["lines"] if part["name"] != VAT_LINE and part["volume"]]
    if not row["volume"] and len(parts) == 1:  # the line of VAT stands beside the one of the service
        row = {**row, **{name: parts[0][name] for name in ("volume", "unit", "tariff")}}
    volume = Decimal(row["volume"]) if row["volume"] else ZERO
    unit_price = row["tariff"] or (str(kopecks(net / volume)) if volume else "")
    return Line(
        number=number,
        name=row["name"],
        unit=row["unit"],
        okei=OKEI.get(row["unit"], "—") if row["unit"] else "—",
        volume=quantity(row["volume"]) or "—",
        price=price(unit_price) or "—",
        net=money(net),
        rate=f"{quantity(row['vat_percent'])}%" if vat and row["vat_percent"] else "без НДС",
        vat=money(vat) if vat else "без НДС",
        gross=money(gross),
    )


@cache
def _css() -> weasyprint.CSS:

    look = quick.look("43-2")
    folder = settings.BASE_DIR / "templates" / "epd" / "business"
    fonts = (settings.BASE_DIR / quick.FONTS).as_uri() + "/"
    return weasyprint.CSS(
        string=(folder / "forms.css").read_text(encoding="utf-8"), base_url=fonts, font_config=look.fonts
    )


def pdf(document: Any) -> bytes:
    """Invoice, act and УПД of the document, supplier by supplier."""
    page = weasyprint.HTML(
        string=render_to_string(
            "epd/business/forms.html", {"papers": papers(document.payload), "content": document.payload}
        )
    )
    made: bytes = page.write_pdf(stylesheets=[_css()], font_config=quick.look("43-2").fonts)
    return made
