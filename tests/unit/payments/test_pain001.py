"""ISO 20022: the message of payment orders has the order of elements, the sums and the identifiers of the standard."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from lxml import etree

from payments import pain001
from payments.bank_orders import Order, OrderRefused, Party

AGENT = Party(
    "АО «Центр»", "7707083893", "561001001", "40702810900000002851", "Банк", "г. Оренбург", "044030827",
    "30101810400000000225",
)  # fmt: skip
HOUSE = Party("ТСЖ «Дом & сад»", "5001007322", "", "40702810000000000001", "Банк 2", "", "045354601", "")
CREATED = datetime(2026, 11, 6, 9, 0, tzinfo=timezone(timedelta(hours=5)))
ORDER = Order("17", date(2026, 11, 6), Decimal("969.50"), AGENT, HOUSE, "Перевод платежей населения " + "х" * 150)
SPACE = {"p": pain001.NAMESPACE}


def message(*orders):
    return etree.fromstring(pain001.write(orders, sender="АО «Центр»", recipient="Банк", created=CREATED))


def texts(root, path):
    return root.xpath(f"{path}/text()", namespaces=SPACE)


def names(root, path):
    (found,) = root.xpath(path, namespaces=SPACE)
    return [etree.QName(child).localname for child in found]


def test_elements_stand_in_the_order_of_the_schema():
    root = message(ORDER)
    assert etree.QName(root).namespace == pain001.NAMESPACE
    assert names(root, "//p:GrpHdr") == ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]
    assert names(root, "//p:PmtInf") == [
        "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt",
        "DbtrAgtAcct", "ChrgBr", "CdtTrfTxInf",
    ]  # fmt: skip
    assert names(root, "//p:CdtTrfTxInf") == ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]


def test_the_facts_of_an_order_are_the_message_s():
    root = message(ORDER)
    assert texts(root, "//p:EndToEndId") == ["17"]
    assert texts(root, "//p:InstdAmt") == ["969.50"]
    assert root.xpath("//p:InstdAmt/@Ccy", namespaces=SPACE) == ["RUB"]
    assert texts(root, "//p:ReqdExctnDt") == ["2026-11-06"]
    assert texts(root, "//p:Cdtr/p:Nm") == ["ТСЖ «Дом & сад»"]
    assert texts(root, "//p:CdtrAcct//p:Othr/p:Id") == [HOUSE.account]
    assert texts(root, "//p:DbtrAgt//p:MmbId") == ["044030827"]
    assert texts(root, "//p:Dbtr//p:Othr/p:Id") == ["7707083893", "561001001"]
    lines = texts(root, "//p:Ustrd")
    assert [len(line) for line in lines] == [140, 37]
    assert "".join(lines) == ORDER.purpose
    assert all(len(text) <= 35 for text in texts(root, "//p:MsgId") + texts(root, "//p:PmtInfId"))


def test_sums_and_counts_are_of_the_orders_and_batches_of_the_payer_s_accounts():
    special = replace(AGENT, account="40821810900000002851")
    other = replace(ORDER, number="18", amount=Decimal("0.51"), payer=special)
    root = message(ORDER, other, replace(ORDER, number="19"))
    assert texts(root, "//p:GrpHdr/p:NbOfTxs") == ["3"]
    assert texts(root, "//p:GrpHdr/p:CtrlSum") == ["1939.51"]
    assert texts(root, "//p:PmtInf/p:CtrlSum") == ["1939.00", "0.51"]


def test_an_impossible_order_is_refused_with_its_number():
    for wrong, words in (
        (replace(ORDER, amount=Decimal("0.00")), "больше нуля"),
        (replace(ORDER, number="1000"), "последние три не 000"),
        (replace(ORDER, payee=replace(HOUSE, bik="")), "не заполнено: БИК"),
        (replace(ORDER, purpose="х" * 211), "длиннее 210"),
    ):
        with pytest.raises(OrderRefused, match=words):
            message(wrong)
    with pytest.raises(OrderRefused, match="Поручений нет"):
        message()
