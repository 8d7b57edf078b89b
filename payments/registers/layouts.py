"""Layouts of registers that are known from the field. A row of the admin begins as one of them or from nothing.

Source: formats/bank-exchange.md, part 2.
"""

from __future__ import annotations

from payments.registers.mapped import Layout

KNOWN = {
    layout.code: layout
    for layout in (
        Layout(
            code="sberbank", name="Сбербанк, платежи населения", fields=12, date_format="ДД-ММ-ГГГГ",
            places={
                "paid_on": "1", "operation": "5", "account": "6", "payer": "7", "address": "8", "period": "9",
                "amount": "10", "transferred": "11", "commission": "12",
            },
            control_prefix="=", control_count=1, control_amount=2, control_transferred=3, control_commission=4,
            control_order=5,
        ),
        Layout(
            code="sberbank-tagged", name="Сбербанк, поля с метками", date_format="ДД/ММ/ГГГГ",
            places={"amount": "5", "paid_on": "7", "account": "CLIENTNO", "document": "CLIENTDOCNO"},
        ),
        Layout(
            code="billdirect", name="BillDirect", fields=5, date_format="ДДММГГГГ",
            places={"paid_on": "1", "account": "2", "amount": "4", "operation": "5"},
            control_prefix="=", control_count=2, control_amount=3,
        ),
        Layout(
            code="kp50", name="Барс КП50, 17 полей", fields=17, date_format="ДДММГГ",
            places={"account": "1", "amount": "2", "operation": "3", "paid_on": "3[1:6]"},
        ),
        Layout(
            code="kp50-mari-el", name="Барс КП50, 27 полей", fields=27,
            places={"operation": "1", "paid_on": "3", "account": "5", "address": "6", "amount": "7"},
        ),
        Layout(
            code="gorod", name="«Город» (ВСТКБ)", skip_prefix="#", date_format="ДД/ММ/ГГГГ",
            places={
                "payer": "1", "address": "2", "account": "3", "amount": "4", "paid_on": "9", "operation": "11",
            },
        ),
        Layout(
            code="bars-packs", name="Барс, универсальный текстовый !1.00", delimiter="|", skip_prefix="***",
            line_prefix="@@@",
            places={"operation": "2", "account": "6", "paid_on": "7", "amount": "11"},
            control_prefix="###", control_count=7, control_amount=9, control_leads=True,
        ),
        Layout(
            code="gubkin", name="Через «|» (Губкин)", delimiter="|",
            places={"paid_on": "3", "operation": "6", "amount": "7", "account": "8"},
        ),
        Layout(
            code="lanbilling", name="CSV биллинга провайдеров", skip_lines=1, fields=8, date_format="ГГГГ-ММ-ДД",
            places={"account": "1", "operation": "2", "paid_on": "3", "amount": "4"},
        ),
        Layout(
            code="dbf-tagil", name="DBF, Тагил", is_dbf=True, encoding="cp866", date_format="ГГГГММДД",
            places={"paid_on": "DATA", "account": "LS", "amount": "SUMMA", "operation": "IDEN"},
        ),
        Layout(
            code="dbf-bars", name="DBF, Барс по умолчанию", is_dbf=True, encoding="cp866", date_format="ГГГГММДД",
            places={
                "operation": "PAYUNID", "account": "PAYBULL", "paid_on": "PAYDATE", "amount": "PAYSUMM",
                "payer": "PAYNAME1",
            },
        ),
        Layout(
            code="dbf-bars-2", name="DBF, Барс 2", is_dbf=True, encoding="cp866", date_format="ГГГГММДД",
            places={"paid_on": "DT_PAY", "amount": "SUM_PL", "account": "LS", "payer": "FIO", "document": "EPD"},
        ),
    )
}  # fmt: skip
