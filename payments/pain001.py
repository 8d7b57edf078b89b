"""Payment orders as ISO 20022 pain.001.001.03 (CustomerCreditTransferInitiation), UTF-8. Pure.

How Russian facts stand in it: БИК is a clearing member of RUCBC, a 20-digit account and the correspondent account are
`Othr` of scheme BBAN, ИНН is `TXID`, КПП is a proprietary identifier, УИН stands in `Strd/CdtrRefInf`, the purpose in
`Ustrd` lines of 140 characters. Source: ISO 20022, pain.001.001.03; Правила 762-П (fields and their lengths).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from xml.etree import ElementTree as ET

from accounts.money import total
from payments.bank_orders import Order, OrderRefused, Party, check

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"
LONGEST_NAME = 140
LONGEST_LINE = 140
LONGEST_ID = 35


def write(orders: Sequence[Order], *, sender: str, recipient: str, created: datetime) -> bytes:
    """The message of the orders, a `PmtInf` for each day and account of the payer. The same orders give the same bytes.

    recipient (the bank's name) is known from the payer's БИК. Raises OrderRefused with the order's number.
    """
    if not orders:
        raise OrderRefused("Поручений нет: файл для банка не нужен.")
    for order in orders:
        check(order)
    root = ET.Element("Document", {"xmlns": NAMESPACE})
    message = ET.SubElement(root, "CstmrCdtTrfInitn")
    identity = f"{created:%Y%m%d%H%M%S}-{orders[0].number}-{len(orders)}"
    header = ET.SubElement(message, "GrpHdr")
    _text(header, "MsgId", identity)
    _text(header, "CreDtTm", created.isoformat(timespec="seconds"))
    _text(header, "NbOfTxs", str(len(orders)))
    _text(header, "CtrlSum", f"{_sum(orders):.2f}")
    _text(ET.SubElement(header, "InitgPty"), "Nm", _words(sender, LONGEST_NAME))
    ordered = sorted(orders, key=lambda order: (order.on, order.payer.account))
    for place, (_, rows) in enumerate(groupby(ordered, key=lambda order: (order.on, order.payer)), 1):
        _batch(message, f"{identity}-{place}"[:LONGEST_ID], list(rows))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _batch(message: ET.Element, identity: str, orders: Sequence[Order]) -> None:
    first = orders[0]
    batch = ET.SubElement(message, "PmtInf")
    _text(batch, "PmtInfId", identity)
    _text(batch, "PmtMtd", "TRF")
    _text(batch, "BtchBookg", "false")
    _text(batch, "NbOfTxs", str(len(orders)))
    _text(batch, "CtrlSum", f"{_sum(orders):.2f}")
    _text(batch, "ReqdExctnDt", first.on.isoformat())
    _party(batch, "Dbtr", first.payer)
    _account(batch, "DbtrAcct", first.payer.account)
    _bank(batch, "DbtrAgt", first.payer)
    if first.payer.correspondent:
        _account(batch, "DbtrAgtAcct", first.payer.correspondent)
    _text(batch, "ChrgBr", "DEBT")
    for order in orders:
        row = ET.SubElement(batch, "CdtTrfTxInf")
        names = ET.SubElement(row, "PmtId")
        _text(names, "InstrId", order.number)
        _text(names, "EndToEndId", order.number)
        amount = _text(ET.SubElement(row, "Amt"), "InstdAmt", f"{order.amount:.2f}")
        amount.set("Ccy", "RUB")
        _bank(row, "CdtrAgt", order.payee)
        if order.payee.correspondent:
            _account(row, "CdtrAgtAcct", order.payee.correspondent)
        _party(row, "Cdtr", order.payee)
        _account(row, "CdtrAcct", order.payee.account)
        remittance = ET.SubElement(row, "RmtInf")
        text = " ".join(order.purpose.split())
        for start in range(0, len(text), LONGEST_LINE):
            _text(remittance, "Ustrd", text[start : start + LONGEST_LINE])
        if order.code != "0":
            reference = ET.SubElement(ET.SubElement(remittance, "Strd"), "CdtrRefInf")
            _text(reference, "Ref", order.code)


def _sum(orders: Sequence[Order]) -> Decimal:
    return total(order.amount for order in orders)


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    made = ET.SubElement(parent, name)
    made.text = text
    return made


def _words(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest].rstrip()


def _party(parent: ET.Element, name: str, party: Party) -> None:
    made = ET.SubElement(parent, name)
    _text(made, "Nm", _words(party.name, LONGEST_NAME))
    organisation = ET.SubElement(ET.SubElement(made, "Id"), "OrgId")
    tax = ET.SubElement(organisation, "Othr")
    _text(tax, "Id", party.inn)
    _text(ET.SubElement(tax, "SchmeNm"), "Cd", "TXID")
    if party.kpp:
        reason = ET.SubElement(organisation, "Othr")
        _text(reason, "Id", party.kpp)
        _text(ET.SubElement(reason, "SchmeNm"), "Prtry", "KPP")


def _account(parent: ET.Element, name: str, number: str) -> None:
    other = ET.SubElement(ET.SubElement(ET.SubElement(parent, name), "Id"), "Othr")
    _text(other, "Id", number)
    _text(ET.SubElement(other, "SchmeNm"), "Cd", "BBAN")


def _bank(parent: ET.Element, name: str, party: Party) -> None:
    institution = ET.SubElement(ET.SubElement(parent, name), "FinInstnId")
    member = ET.SubElement(institution, "ClrSysMmbId")
    _text(ET.SubElement(member, "ClrSysId"), "Cd", "RUCBC")
    _text(member, "MmbId", party.bik)
    if party.bank:
        _text(institution, "Nm", _words(party.bank, LONGEST_NAME))
