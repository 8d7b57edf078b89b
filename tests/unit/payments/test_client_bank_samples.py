"""Real statements are read with the results that stand beside them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.money import total
from payments.registers.client_bank import Direction, read

SAMPLES = [
    "01_condo_statement_utf8.txt", "02_bank_order_v102_cp1251.txt", "03_no_documents.txt",
    "04_section_per_day_v103.txt",
    "05_foreign_payment_alnum_number.txt", "06_orders_to_bank.txt", "07_one_day_v102_cp1251.txt",
    "08_every_field_v103_utf8.txt", "09_no_end_of_file.txt", "10_order_to_tszh_utf8.txt",
]  # fmt: skip
WORDS = {Direction.IN: "in", Direction.OUT: "out", Direction.OWN: "internal", Direction.UNKNOWN: "unknown"}


def in_kopecks(amounts) -> int:
    return int(total(amount for amount in amounts if amount is not None) * 100)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_as_expected(reference_dir: Path, name: str):
    folder = reference_dir / "formats" / "samples"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"][name]
    expected.pop("source")
    statement = read((folder / name).read_bytes())
    own = statement.own_accounts
    ways = [WORDS[document.direction(own)] for document in statement.documents]
    balanced = [section.is_balanced for section in statement.sections]
    assert {
        "encoding": statement.encoding,
        "version": statement.version,
        "declared_encoding": statement.declared_encoding,
        "errors": list(statement.errors),
        "own_accounts": list(own),
        "account_sections": len(statement.sections),
        "documents": len(statement.documents),
        "directions": {way: ways.count(way) for way in ("in", "out", "internal", "unknown")},
        "documents_in_kopecks": in_kopecks(d.amount for d in statement.documents if d.direction(own) == Direction.IN),
        "documents_out_kopecks": in_kopecks(d.amount for d in statement.documents if d.direction(own) == Direction.OUT),
        "sections_in_kopecks": in_kopecks(section.incoming for section in statement.sections),
        "sections_out_kopecks": in_kopecks(section.outgoing for section in statement.sections),
        "sections_balanced": f"{balanced.count(True)}/{len(balanced)}",
        "first_documents": [
            [d.kind, d.number, f"{d.document_on:%d.%m.%Y}", int(d.amount * 100), way]
            for d, way in list(zip(statement.documents, ways, strict=True))[: len(expected["first_documents"])]
        ],
    } == expected
    assert all(document.problem == "" and isinstance(document.amount, Decimal) for document in statement.documents)
