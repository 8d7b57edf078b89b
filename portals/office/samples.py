"""Files to try the imports with: small, in the true formats, made of what this base holds; nothing is written."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from openpyxl import Workbook

import accounts.imports.workbook
from accounts.money import total
from accounts.queries import BankAccount, BankAccountState, OrganisationKind, PersonalAccount, payer_of
from payments.registers import client_bank

SHEETS = {
    "houses": "Характеристики ЖД",
    "accounts": "Основные сведения",
    "premises": "Помещения",
    "meters": "Сведения о ПУ",
}
TYPICAL = (Decimal("1250.40"), Decimal("3480.15"), Decimal("742.00"))  # roubles
STRANGER = "40817810000000000001"


def workbook(fias_id: UUID) -> bytes:
    """A new house with three flats and their accounts (the centre gives the numbers), as xlsx.

    fias_id: the id of the house; its number comes from it, so that two samples are two houses. Columns: the headings
    that the import reads (formats/gis/templates.md).
    """
    house = {
        "address": f"460000, Оренбургская обл, г Оренбург, ул Образцовая, д. {fias_id.int % 9000 + 1}",
        "house": str(fias_id), "oktmo": "53701000", "building_area": 1200, "storeys": 3, "common_area": 120,
    }  # fmt: skip
    people = (("Иванова", "Мария", "Петровна"), ("Смирнов", "Олег", "Ильич"), ("Ким", "Анна", ""))
    homes = [
        {"record": place, "last_name": last, "first_name": first, "middle_name": middle, "total_area": area,
         "living_area": area - 15, "persons": place}
        for place, ((last, first, middle), area) in enumerate(zip(people, (48, 62, 35), strict=True), 1)
    ]  # fmt: skip
    flats = [
        {"record": place, "house": str(fias_id), "kind": "Жилое помещение", "number": str(place), "share": 100}
        for place in (1, 2, 3)
    ]
    sheets: dict[str, list[dict[str, Any]]] = {"houses": [house], "accounts": homes, "premises": flats}
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, rows in sheets.items():
        columns = {
            name: column
            for name, column in accounts.imports.workbook.SHEETS[kind].columns.items()
            if column.required or any(name in row for row in rows)
        }
        sheet = book.create_sheet(SHEETS[kind])
        sheet.append([column.title for column in columns.values()])
        for row in rows:
            sheet.append([row.get(name) for name in columns])
        for number, column in enumerate(columns.values(), 1):
            sheet.column_dimensions[sheet.cell(1, number).column_letter].width = max(14, len(column.title) // 2)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def statement(on: date) -> bytes:
    """A bank statement of the day with four payments, windows-1251: three name accounts of this base, one names none.

    The turnover of its section is that of its documents. Source: formats/bank-exchange.md, part 1.
    """
    ours = BankAccount.objects.filter(
        organisation__kind=OrganisationKind.AGENT, state=BankAccountState.APPROVED
    ).order_by("pk")
    own = ours.values_list("number", flat=True).first() or "40821810000000000001"
    found = PersonalAccount.objects.filter(closed_on=None).select_related("payer_person", "payer_organisation")
    rows = [
        (payer_of(account), f"Оплата ЖКУ, ЛС {account.number}", amount)
        for account, amount in zip(found.order_by("number")[: len(TYPICAL)], TYPICAL, strict=False)
    ]
    rows.append(("Образцов Пётр Иванович", "Оплата за квартиру, счёт не помню", Decimal("500.00")))
    day, came = f"{on:%d.%m.%Y}", total(amount for _, _, amount in rows)
    lines = [
        client_bank.SIGNATURE, "ВерсияФормата=1.03", "Кодировка=Windows", f"ДатаНачала={day}", f"ДатаКонца={day}",
        f"РасчСчет={own}", "СекцияРасчСчет", f"ДатаНачала={day}", f"РасчСчет={own}", "НачальныйОстаток=0.00",
        f"ВсегоПоступило={came}", "ВсегоСписано=0.00", f"КонечныйОстаток={came}", "КонецРасчСчет",
    ]  # fmt: skip
    for number, (payer, purpose, amount) in enumerate(rows, 1):
        lines += [
            "СекцияДокумент=Платежное поручение", f"Номер={number}", f"Дата={day}", f"Сумма={amount}",
            f"ПлательщикСчет={STRANGER}", f"Плательщик1={payer}", f"ПлательщикРасчСчет={STRANGER}",
            f"ПолучательСчет={own}", f"ПолучательРасчСчет={own}", f"ДатаПоступило={day}",
            f"НазначениеПлатежа={purpose}", "КонецДокумента",
        ]  # fmt: skip
    return "\r\n".join([*lines, "КонецФайла", ""]).encode("cp1251", "replace")


def register(today: date) -> bytes:
    """A register of three payments in the layout of Сбербанк: two of accounts of this base, one of nobody's."""
    numbers = [*PersonalAccount.objects.filter(closed_on=None).order_by("number").values_list("number", flat=True)[:2]]
    numbers.append("100")
    amounts = [f"{amount:.2f}".replace(".", ",") for amount in TYPICAL]
    lines = [
        f"{today:%d-%m-%Y};10-0{place}-00;8623/0001;СБОЛ;{today:%y%m%d}{place:06d};{number};Иванова М. П.;;"
        f"{today:%m%y};{amount};{amount};0,00"
        for place, (number, amount) in enumerate(zip(numbers, amounts, strict=False), 1)
    ]
    told = f"{total(TYPICAL[: len(lines)]):.2f}".replace(".", ",")
    lines.append(f"={len(lines)};{told};{told};0,00;1234;{today:%d-%m-%Y}")
    return "\r\n".join([*lines, ""]).encode("cp1251")
