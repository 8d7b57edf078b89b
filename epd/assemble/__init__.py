"""Charges, balances and readings become the document: first its frozen facts, then the strings of the form.

`payload` makes the JSON that is stored at issue: decimals and dates as text, nothing rounded, nothing formatted.
`form` makes every string that is printed out of that JSON alone, so that the page is the same in five years.
Source of the form: приказ Минстроя № 43/пр; of the data: п. 69 Правил № 354 (formats/epd-form.md).
"""

from collections.abc import Mapping
from typing import Any

from epd.assemble import page_43_1
from epd.assemble.content import copy_of, payload
from epd.assemble.facts import (
    ADVANCE,
    CAPITAL_REPAIR,
    COMMON_NAMES,
    FOOTNOTES,
    GROUPS,
    MAINTENANCE,
    MARKS,
    MONEY,
    Balance,
    Bank,
    Basis,
    Charge,
    Dial,
    DocumentKind,
    DocumentRefused,
    Due,
    Facts,
    Group,
    HouseFact,
    Party,
    Payer,
    Service,
    apart,
    due_date,
    replacing,
)
from epd.assemble.letter import Letter, letter
from epd.assemble.numbers import MINUS, SPACE, blank, money, phone, price, quantity, tied
from epd.assemble.page import Form, Line, Step, form, slots
from epd.assemble.texts import filled

TEMPLATE_VERSION = "43-2"  # приказ № 43/пр, our second drawing of it


def form_of(payload: Mapping[str, Any], *, version: str = TEMPLATE_VERSION, gis_id: str = "") -> Any:
    """The strings of the page that `version` of the template prints. An unknown version is a fault of the code."""
    return {"43-1": page_43_1.form, TEMPLATE_VERSION: form}[version](payload, gis_id=gis_id)


DEBT = DocumentKind.DEBT

__all__ = [
    "ADVANCE",
    "CAPITAL_REPAIR",
    "COMMON_NAMES",
    "DEBT",
    "FOOTNOTES",
    "GROUPS",
    "MAINTENANCE",
    "MARKS",
    "MINUS",
    "MONEY",
    "SPACE",
    "TEMPLATE_VERSION",
    "Balance",
    "Bank",
    "Basis",
    "Charge",
    "Dial",
    "DocumentRefused",
    "Due",
    "Facts",
    "Form",
    "Group",
    "HouseFact",
    "Letter",
    "Line",
    "Party",
    "Payer",
    "Service",
    "Step",
    "apart",
    "blank",
    "copy_of",
    "due_date",
    "filled",
    "form",
    "form_of",
    "letter",
    "money",
    "payload",
    "phone",
    "price",
    "quantity",
    "replacing",
    "slots",
    "tied",
]
